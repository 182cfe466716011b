"""Distributions: densities, distribution functions, moments, entropies, divergences. Classes count from 0 here and from 1 in
Lua."""

from spec import Op, T

FAMILY = "distributions"
# PyTorch's trigamma, which is in these gradients, is good to about 1e-9 only.
GAMMAS = ("StudentT", "Gamma", "Chi2", "InverseGamma", "Beta", "Dirichlet")
TRIGAMMA = []
BATCHES = [((), ()), ((3,), (3,)), ((2, 1), (3,)), ((2, 3), (2, 3))]


def family(name, parameters, value=None, fields=("mean", "variance", "stddev", "mode"), functions=("log_prob", "cdf", "icdf"),
           entropy=True, grad=True, batches=BATCHES):
    """Each field and function for several batch shapes. parameters: {name: domain}, value: domain."""
    op = Op(FAMILY, name, forms="fn:dist", tol="reduce", scale="cond", grad=grad)
    for first, rest in batches:
        def params():
            return {k: T(first if i == 0 else rest, dom) for i, (k, dom) in enumerate(parameters.items())}
        for what in fields:
            op(name, what, None, **params())
        for what in functions:
            dom = "prob" if what == "icdf" else value
            op(name, what, T((2, 3), dom), **params())
            op(name, what, T((4, 2, 3), dom), **params())
        if entropy:
            (TRIGAMMA[0] if name in GAMMAS else op)(name, "entropy", None, **params())
    return op


def continuous():
    family("Normal", {"loc": "small", "scale": "variance"}, "any")
    family("LogNormal", {"loc": "small", "scale": "variance"}, "above1")
    family("HalfNormal", {"scale": "positive"}, "positive")
    family("Laplace", {"loc": "any", "scale": "variance"}, "any")
    family("Cauchy", {"loc": "any", "scale": "variance"}, "any", fields=("mode",))
    family("HalfCauchy", {"scale": "variance"}, "positive", fields=("mode",))
    family("Gumbel", {"loc": "small", "scale": "variance"}, "unit")
    family("StudentT", {"df": "above1", "loc": "any", "scale": "variance"}, "any", fields=("mean", "mode"), functions=("log_prob",))
    op = family("Uniform", {"low": "prob", "high": "above1"}, "one", fields=("mean", "variance", "stddev"))
    op("Uniform", "log_prob", T((2, 3), "prob"), low=T((), "zero"), high=T((), "above1"))
    op("Uniform", "cdf", T((2, 3), "prob"), low=T((), "zero"), high=T((), "above1"))
    family("Exponential", {"rate": "positive"}, "positive")
    family("Weibull", {"scale": "variance", "concentration": "above1"}, "prob", functions=("log_prob", "cdf"))
    family("Pareto", {"scale": "prob", "alpha": "above1"}, "above1", fields=("mean", "mode"), functions=("log_prob", "cdf"))
    op = family("Gamma", {"concentration": "positive", "rate": "positive"}, "positive", functions=("log_prob",))
    for shape in ((), (3,), (2, 3)):
        op("Gamma", "cdf", T((2, 3), "positive"), concentration=T(shape, "positive", grad=False), rate=T(shape, "positive"))
    op = family("Chi2", {"df": "above1"}, "positive", functions=("log_prob",))
    family("InverseGamma", {"concentration": "above1", "rate": "positive"}, "positive", fields=("mean", "mode"),
           functions=("log_prob",))
    family("Beta", {"concentration1": "positive", "concentration0": "positive"}, "prob", fields=("mean", "variance"),
           functions=("log_prob",))
    op = Op(FAMILY, "Beta.mode", forms="fn:dist", tol="reduce", scale="cond")
    for _ in range(10):
        op("Beta", "mode", None, concentration1=T((3,), "above1"), concentration0=T((3,), "above1"))


def vectors():
    op = Op(FAMILY, "Dirichlet", forms="fn:dist", tol="reduce", scale="cond")
    for shape, value in (((3,), (3,)), ((2, 3), (3,)), ((4,), (2, 4)), ((2, 2), (5, 2, 2))):
        TRIGAMMA[0]("Dirichlet", "entropy", None, concentration=T(shape, "positive"))
        for what in ("mean", "variance"):
            op("Dirichlet", what, None, concentration=T(shape, "positive"))
        op("Dirichlet", "mode", None, concentration=T(shape, "above1"))
        op("Dirichlet", "log_prob", T(value, "positive"), concentration=T(shape, "positive"))
    op("Dirichlet", "mode", None, concentration=T((2, 3), "prob", grad=False))
    op = Op(FAMILY, "MultivariateNormal", forms="fn:dist", tol="reduce", scale="cond")
    for loc, matrix, value in (((3,), (3, 3), (3,)), ((2, 3), (3, 3), (3,)), ((3,), (2, 3, 3), (4, 2, 3)), ((1,), (1, 1), (2, 1))):
        for key in ("covariance_matrix", "scale_tril", "precision_matrix"):
            op("MultivariateNormal", "log_prob", T(value), loc=T(loc), **{key: T(matrix, "unit")})
            op("MultivariateNormal", "entropy", None, loc=T(loc), **{key: T(matrix, "unit")})
            for what in ("mean", "mode", "variance", "covariance_matrix", "precision_matrix"):
                if what != key:
                    op("MultivariateNormal", what, None, loc=T(loc), **{key: T(matrix, "unit")})
    op = Op(FAMILY, "mixture", forms="fn:mixture", tol="reduce", scale="cond")
    for shape in ((3,), (2, 3), (1, 2), (4,), (2, 2, 2)):
        for what in ("mean", "variance"):
            op(what, None, T(shape), T(shape), T(shape, "variance"))
        op("log_prob", T((5,) + shape[:-1]), T(shape), T(shape), T(shape, "variance"))
        op("cdf", T((5,) + shape[:-1]), T(shape), T(shape), T(shape, "variance"))
    op = Op(FAMILY, "independent", forms="fn:independent", tol="reduce", scale="cond")
    for n in (0, 1, 2):
        for what in ("log_prob", "entropy", "mean", "variance"):
            op(what, T((4, 2, 3)) if what == "log_prob" else None, n, T((2, 3)), T((2, 3), "variance"))


def discrete():
    for key, dom in (("probs", "prob"), ("logits", "any")):
        family("Bernoulli" if key == "probs" else "Geometric", {key: dom}, "bool", functions=("log_prob",))
    for name, dom in (("Bernoulli", "bool"), ("Geometric", "posint")):
        op = Op(FAMILY, name + ".more", forms="fn:dist", tol="reduce", scale="cond")
        for key, of in (("probs", "prob"), ("logits", "any")):
            for what in ("mean", "variance", "entropy", "probs", "logits"):
                op(name, what, None, **{key: T((2, 3), of)})
            op(name, "log_prob", T((4, 3), dom), **{key: T((3,), of)})
    op = Op(FAMILY, "Binomial", forms="fn:dist", tol="reduce", scale="cond")
    for key, of in (("probs", "prob"), ("logits", "any")):
        for shape in ((), (3,), (2, 3)):
            for what in ("mean", "variance", "entropy"):
                op("Binomial", what, None, total_count=10, **{key: T(shape, of)})
            op("Binomial", "log_prob", T((2, 3), "posint"), total_count=10, **{key: T(shape, of)})
            op("Binomial", "mode", None, total_count=10, **{key: T(shape, of, grad=False)})
            op("Binomial", "log_prob", T((2, 3), "zero", grad=False), total_count=T((3,), "posint", grad=False), **{key: T(shape, of)})
    op = Op(FAMILY, "NegativeBinomial", forms="fn:dist", tol="reduce", scale="cond")
    for key, of in (("probs", "prob"), ("logits", "any")):
        for shape in ((), (3,), (2, 3)):
            for what in ("mean", "variance"):
                op("NegativeBinomial", what, None, total_count=T((3,), "positive"), **{key: T(shape, of)})
            op("NegativeBinomial", "log_prob", T((2, 3), "posint"), total_count=T((3,), "positive"), **{key: T(shape, of)})
    family("Poisson", {"rate": "positive"}, "posint", functions=("log_prob",), entropy=False)
    op = Op(FAMILY, "Categorical", forms="fn:dist", tol="reduce", scale="cond")
    for key, of in (("probs", "positive"), ("logits", "any")):
        for shape, value in (((3,), ()), ((3,), (5,)), ((2, 4), (2,)), ((2, 4), (3, 2)), ((2, 1, 3), (2, 2))):
            op("Categorical", "log_prob", T(value, "index", "int64", n=shape[-1]), **{key: T(shape, of)})
            for what in ("entropy", "probs", "logits"):
                op("Categorical", what, None, **{key: T(shape, of)})
    op = Op(FAMILY, "Categorical.mode", forms="fn:dist", tol="exact", index_out=(0,), grad=False)
    for key, of in (("probs", "positive"), ("logits", "distinct")):
        for shape in ((3,), (2, 3), (5,), (1, 4), (2, 2, 3)):
            op("Categorical", "mode", None, **{key: T(shape, of)})
    op = Op(FAMILY, "OneHotCategorical", forms="fn:dist", tol="reduce", scale="cond")
    for key, of in (("probs", "positive"), ("logits", "any")):
        for shape in ((3,), (2, 3), (2, 1, 4)):
            for what in ("mean", "variance", "entropy"):
                op("OneHotCategorical", what, None, **{key: T(shape, of)})
    op = Op(FAMILY, "Multinomial", forms="fn:dist", tol="reduce", scale="cond")
    for key, of in (("probs", "positive"), ("logits", "any")):
        for shape, value in (((3,), (3,)), ((2, 3), (4, 2, 3)), ((4,), (2, 4))):
            for what in ("mean", "variance", "entropy"):
                op("Multinomial", what, None, total_count=4, **{key: T(shape, of)})
            op("Multinomial", "log_prob", T(value, "posint"), total_count=36, **{key: T(shape, of)})
    op = Op(FAMILY, "RelaxedBernoulli", forms="fn:dist", tol="reduce", scale="cond")
    for key, of in (("probs", "prob"), ("logits", "any")):
        for shape in ((), (3,), (2, 3), (2, 1), (1,)):
            op("RelaxedBernoulli", "log_prob", T((2, 3), "prob"), temperature=T((), "positive"), **{key: T(shape, of)})
    op = Op(FAMILY, "RelaxedOneHotCategorical", forms="fn:dist", tol="reduce", scale="cond")
    for key, of in (("probs", "positive"), ("logits", "any")):
        for shape, value in (((3,), (3,)), ((2, 3), (2, 3)), ((3,), (4, 3)), ((1, 2), (3, 2)), ((5,), (5,))):
            op("RelaxedOneHotCategorical", "log_prob", T(value, "positive"), temperature=T((), "positive"), **{key: T(shape, of)})


def p(*domains):
    return lambda shape: [T(shape, d) for d in domains]


PAIRS = {
    "Normal": p("any", "variance"), "Exponential": p("positive"), "Gamma": p("above1", "variance"), "Beta": p("above1", "above1"),
    "Uniform": p("prob", "above1"), "Gumbel": p("any", "variance"), "Laplace": p("any", "variance"), "HalfNormal": p("positive"),
    "Bernoulli": p("prob"), "Geometric": p("prob"), "Poisson": p("positive"), "Cauchy": p("any", "variance"),
    "Categorical": lambda s: [T(s + (3,), "positive")], "OneHotCategorical": lambda s: [T(s + (3,), "positive")],
    "Dirichlet": lambda s: [T(s + (3,), "positive")], "LogNormal": p("any", "variance"), "Pareto": p("prob", "above1"),
    "Binomial": lambda s: [7, T(s, "prob")],
    "MultivariateNormal": lambda s: [T(s + (3,)), T(s + (3, 3), "unit")],
}
CROSS = [("Bernoulli", "Poisson"), ("Beta", "Exponential"), ("Beta", "Gamma"), ("Beta", "Normal"), ("Beta", "Uniform"),
         ("Exponential", "Gamma"), ("Exponential", "Gumbel"), ("Exponential", "Normal"), ("Exponential", "Beta"),
         ("Exponential", "Uniform"), ("Gamma", "Exponential"), ("Gamma", "Gumbel"), ("Gamma", "Normal"), ("Gamma", "Beta"),
         ("Gamma", "Uniform"), ("Gumbel", "Normal"), ("Gumbel", "Beta"), ("Gumbel", "Exponential"), ("Gumbel", "Gamma"),
         ("Gumbel", "Uniform"), ("Laplace", "Normal"), ("Laplace", "Beta"), ("Laplace", "Exponential"), ("Laplace", "Gamma"),
         ("Laplace", "Uniform"), ("Normal", "Gumbel"), ("Normal", "Laplace"), ("Normal", "Beta"), ("Normal", "Exponential"),
         ("Normal", "Gamma"), ("Normal", "Uniform"), ("Poisson", "Bernoulli"), ("Poisson", "Binomial"), ("Uniform", "Exponential"),
         ("Uniform", "Gamma"), ("Uniform", "Gumbel"), ("Uniform", "Normal"), ("Uniform", "Beta")]


def transforms():
    op = Op(FAMILY, "TransformedDistribution", forms="fn:transformed", tol="reduce", scale="cond")
    lists = ((["affine"], "any"), (["exp"], "positive"), (["sigmoid"], "prob"), (["tanh"], "unit"), (["softplus"], "positive"),
             (["affine", "exp"], "positive"), (["exp", "affine"], "above1"), (["exp", "power"], "positive"), (["exp", "inverse"], "any"),
             (["affine", "tanh"], "unit"))
    for kinds, dom in lists:
        for shape in ((), (3,)):
            loc = lambda: T(shape, "prob" if kinds[0] == "exp" else "small")
            op("log_prob", kinds, 0, T((2, 3), dom), loc(), T(shape, "variance"))
            if kinds != ["affine", "exp"] or shape == ():  # the logarithm of a small number, less precise in float32
                op("cdf", kinds, 0, T((2, 3), dom), loc(), T(shape, "variance"))
            op("icdf", kinds, 0, T((2, 3), "prob"), loc(), T(shape, "variance"))
        op("log_prob", kinds, 1, T((4, 2, 3), dom), T((2, 3), "prob" if kinds[0] == "exp" else "small"), T((3,), "variance"))
    op("log_prob", ["event", "exp"], 0, T((2, 3), "positive"), T((3,)), T((3,), "variance"))
    op("log_prob", ["exp", "event"], 0, T((4, 2, 3), "above1"), T((2, 3), "prob"), T((3,), "variance"))
    op = Op(FAMILY, "ComposeTransform", forms="fn:jacobian_of", tol="reduce", scale="cond")
    for kinds in (["affine"], ["exp"], ["sigmoid"], ["tanh"], ["softplus"], ["power"], ["affine", "sigmoid"], ["exp", "power"],
                  ["tanh", "affine"], ["softplus", "power", "affine"], ["affine", "event", "exp"]):
        op(kinds, T((2, 3), "positive" if kinds[0] == "power" else "unit"), T((3,), "small"), T((3,), "variance"))


def divergences():
    # PyTorch's own divergence of Bernoulli distributions fails where batches broadcast.
    plain = Op(FAMILY, "kl_divergence", forms="fn:kl", tol="reduce", scale="cond")
    rough = Op(FAMILY, "kl_divergence.gamma", forms="fn:kl", tol="reduce", scale="cond", reference=4e-9)
    for name, make in PAIRS.items():
        if name == "Uniform":
            continue
        op = rough if name in GAMMAS else plain
        for a, b in (((), ()), ((3,), (3,)), ((2, 1), (3,)))[:{"Binomial": 1, "Bernoulli": 2}.get(name, 3)]:
            op(name, make(a), name, make(b))
    for a, b in (((), ()), ((3,), (3,)), ((2, 1), (3,))):
        plain("Uniform", [T(a, "prob"), T(a, "above1")], "Uniform", [T(b, "zero"), T(b, "above1")])
    for name, other in CROSS:
        for a, b in (((), ()), ((3,), (3,))):
            q = PAIRS[other](b)
            if other == "Uniform" and name == "Beta":
                q = [T(b, "zero"), T(b, "above1")]
            first = PAIRS[name](a)
            if name == "Uniform" and other == "Beta":
                first = [T(a, "zero"), T(a, "prob")]
            (rough if name in GAMMAS else plain)(name, first, other, q)


def declare():
    TRIGAMMA.append(Op(FAMILY, "entropy", forms="fn:dist", tol="reduce", scale="cond", reference=4e-9))
    continuous()
    vectors()
    discrete()
    transforms()
    divergences()
