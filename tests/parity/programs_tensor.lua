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
end
