--- Small programs that stand for an operation in a case ("fn:NAME"), twins of those in programs_tensor.py.
-- Adds them to a table of programs; knows nothing about fixtures.
return function(nnlua, programs)
  local tensor = nnlua.tensor

  local function prepared(kind, x)
    local n, options = x:size(-1), { dtype = x.dtype }
    if kind == "spd" then
      return x:matmul(x.mT) + tensor.diag(tensor.arange(1, x:size(-2) + 1, options))
    elseif kind == "dom" or kind == "low" or kind == "up" then
      x = x + tensor.eye(x:size(-2), n, options) * (n + 0.5)
    elseif kind == "sym" then
      return x + x.mT
    end
    if kind == "low" then return x:tril() end
    if kind == "up" then return x:triu() end
    return x
  end

  local function finished(post, ...)
    local results = table.pack(...)
    for i = 1, results.n do
      local r = results[i]
      if post == "abs" and r:is_floating_point() then results[i] = r:abs() end
    end
    return table.unpack(results, 1, results.n)
  end

  function programs.la(name, kind, post, x, ...)
    local f = tensor.linalg[name] or tensor[name]
    return finished(post, f(prepared(kind, x), ...))
  end

  function programs.la2(name, kind, x, y, ...) return tensor[name](x, prepared(kind, y), ...) end

  function programs.lu_roundtrip(x, b, options)
    local lu, pivots = tensor.linalg.lu_factor(prepared("dom", x))
    return tensor.linalg.lu_solve(lu, pivots, b, options or {})
  end

  local D <const> = tensor.distributions
  local MATRICES <const> = { covariance_matrix = "spd", precision_matrix = "spd", scale_tril = "low" }
  local SIMPLEX <const> = { Dirichlet = true, RelaxedOneHotCategorical = true }

  local function distribution(name, params)
    local made = {}
    for k, v in pairs(params) do made[k] = MATRICES[k] and prepared(MATRICES[k], v) or v end
    return D[name](made)
  end

  function programs.dist(name, what, value, params)
    local d = distribution(name, params)
    if what == "entropy" then return d:entropy() end
    if value == nil then return d[what] end
    if SIMPLEX[name] then value = value / value:sum(-1, true) end
    return d[what](d, value)
  end

  function programs.mixture(what, value, logits, loc, scale)
    local d = D.MixtureSameFamily(D.Categorical({ logits = logits }), D.Normal(loc, scale))
    if value == nil then return d[what] end
    return d[what](d, value)
  end

  function programs.independent(what, value, n, loc, scale)
    local d = D.Independent(D.Normal(loc, scale), n)
    if what == "entropy" then return d:entropy() end
    if value == nil then return d[what] end
    return d[what](d, value)
  end

  -- loc and scale go to the affine ones.
  local function transforms_of(kinds, loc, scale)
    local make = {
      affine = function() return D.AffineTransform(loc, scale) end, exp = D.ExpTransform, sigmoid = D.SigmoidTransform,
      tanh = D.TanhTransform, softplus = D.SoftplusTransform,
      power = function() return D.PowerTransform(tensor(1.5, { dtype = scale.dtype })) end,
      inverse = function() return D.ExpTransform().inv end,
      event = function() return D.AffineTransform(loc, scale, { event_dim = 1 }) end,
    }
    local list = {}
    for i, kind in ipairs(kinds) do list[i] = make[kind]() end
    return list
  end

  function programs.transformed(what, kinds, n, value, loc, scale)
    local inner = D.Normal(loc, scale)
    if n > 0 then inner = D.Independent(inner, n) end
    local d = D.TransformedDistribution(inner, transforms_of(kinds, loc, scale))
    return d[what](d, value)
  end

  function programs.jacobian_of(kinds, x, loc, scale)
    local t = D.ComposeTransform(transforms_of(kinds, loc, scale))
    local y = t(x)
    return y, t.inv(y), t:log_abs_det_jacobian(x, y)
  end

  function programs.kl(p, p_params, q, q_params)
    local function make(name, a)
      if name ~= "MultivariateNormal" then return D[name](table.unpack(a)) end
      return distribution(name, { loc = a[1], covariance_matrix = a[2] })
    end
    return D.kl_divergence(make(p, p_params), make(q, q_params))
  end
end
