"""Small programs that stand for an operation in a case ("fn:NAME"): linear algebra and distributions, whose arguments or
results need preparation. Each has its twin of the same name in programs_tensor.lua. Knows nothing about fixtures."""

import torch


def prepared(kind, x):
    """spd: symmetric positive definite; dom: far from singular; low, up: the same, triangular; sym: symmetric; anything else: as it is."""
    n = x.shape[-1]
    if kind == "spd":
        return x.matmul(x.mT) + torch.diag(torch.arange(1, x.shape[-2] + 1, dtype=x.dtype))
    if kind in ("dom", "low", "up"):
        x = x + torch.eye(x.shape[-2], n, dtype=x.dtype) * (n + 0.5)
    if kind == "sym":
        return x + x.mT
    return x.tril() if kind == "low" else x.triu() if kind == "up" else x


def finished(post, results):
    """abs: signs of vectors are free. Whole numbers are int64 here."""
    results = results if isinstance(results, (tuple, list)) else (results,)
    out = []
    for r in results:
        if r.dtype == torch.int32:
            r = r.long()
        out.append(r.abs() if post == "abs" and r.dtype.is_floating_point else r)
    return tuple(out)


def la(name, kind, post, x, *args, **kwargs):
    f = getattr(torch.linalg, name, None) or getattr(torch, name)
    return finished(post, f(prepared(kind, x), *args, **kwargs))


def la2(name, kind, x, y, *args, **kwargs):
    """The matrix is the second argument."""
    return finished("", getattr(torch, name)(x, prepared(kind, y), *args, **kwargs))


def lu_roundtrip(x, b, **kwargs):
    lu, pivots = torch.linalg.lu_factor(prepared("dom", x))
    return torch.linalg.lu_solve(lu, pivots, b, **kwargs)


MATRICES = {"covariance_matrix": "spd", "precision_matrix": "spd", "scale_tril": "low"}
SIMPLEX = ("Dirichlet", "RelaxedOneHotCategorical")


def distribution(name, params):
    params = {k: prepared(MATRICES[k], v) if k in MATRICES else v for k, v in params.items()}
    return getattr(torch.distributions, name)(**params)


def dist(name, what, value, **params):
    """A number of a distribution (what = "mean") or a function of a value ("log_prob")."""
    d = distribution(name, params)
    if what == "entropy":
        return d.entropy()
    if value is None:
        return getattr(d, what)
    if name in SIMPLEX:
        value = value / value.sum(-1, keepdim=True)
    return getattr(d, what)(value)


def mixture(what, value, logits, loc, scale):
    D = torch.distributions
    d = D.MixtureSameFamily(D.Categorical(logits=logits), D.Normal(loc, scale))
    return getattr(d, what) if value is None else getattr(d, what)(value)


def independent(what, value, n, loc, scale):
    d = torch.distributions.Independent(torch.distributions.Normal(loc, scale), n)
    if what == "entropy":
        return d.entropy()
    return getattr(d, what) if value is None else getattr(d, what)(value)


def transforms_of(kinds, loc, scale):
    """loc and scale go to the affine ones."""
    D = torch.distributions
    make = {"affine": lambda: D.AffineTransform(loc, scale), "exp": D.ExpTransform, "sigmoid": D.SigmoidTransform,
            "tanh": D.TanhTransform, "softplus": lambda: D.transforms.SoftplusTransform(),
            "power": lambda: D.PowerTransform(torch.tensor(1.5, dtype=scale.dtype)),
            "inverse": lambda: D.ExpTransform().inv, "event": lambda: D.AffineTransform(loc, scale, event_dim=1)}
    return [make[k]() for k in kinds]


def transformed(what, kinds, n, value, loc, scale):
    D = torch.distributions
    inner = D.Normal(loc, scale) if n == 0 else D.Independent(D.Normal(loc, scale), n)
    return getattr(D.TransformedDistribution(inner, transforms_of(kinds, loc, scale)), what)(value)


def jacobian_of(kinds, x, loc, scale):
    t = torch.distributions.ComposeTransform(transforms_of(kinds, loc, scale))
    y = t(x)
    return y, t.inv(y), t.log_abs_det_jacobian(x, y)


def kl(p, p_params, q, q_params):
    D = torch.distributions
    make = lambda name, a: (distribution(name, {"loc": a[0], "covariance_matrix": a[1]}) if name == "MultivariateNormal"
                            else getattr(D, name)(*a))
    return D.kl_divergence(make(p, p_params), make(q, q_params))


PROGRAMS = {f.__name__: f for f in (la, la2, lu_roundtrip, dist, mixture, independent, transformed, jacobian_of, kl)}
