-- tensor.gradcheck and tensor.gradgradcheck: gradients against differences of the function's values, in float64.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor
local is_tensor = tensor.is_tensor

-- ---- what is checked ----------------------------------------------------------------------------------------------

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

local function as_list(v)
  if type(v) == "table" and getmetatable(v) == nil then return v end
  return {v}
end

-- The inputs that get gradients, as {{number, tensor}, ...}.
local function wanted(who, inputs)
  local list = {}
  for i, x in ipairs(inputs) do
    if is_tensor(x) and x.requires_grad then
      local strides = {x:stride()}
      for d = 1, x:dim() do
        if strides[d] == 0 and x:size(d) > 1 then
          fail.raise("%s: input %d is expanded: several of its elements are one in memory; pass a copy (x:clone())",
            who, i)
        end
      end
      list[#list + 1] = {i, x}
    end
  end
  if #list == 0 then
    fail.raise("%s: at least one input must be a tensor with requires_grad = true, none is", who)
  end
  return list
end

-- The tensors that func returns, alone or in a table, which could have gradients.
local function outputs_of(func, inputs)
  local results, list = table.pack(func(table.unpack(inputs))), {}
  if results.n == 1 and type(results[1]) == "table" then results = results[1] end
  for i = 1, results.n or #results do
    local y = results[i]
    if is_tensor(y) and y:is_floating_point() then list[#list + 1] = y end
  end
  return list
end

-- "[2, 3]" for element i of x.
local function position(x, i)
  local index, rest = {}, i - 1
  for d = x:dim(), 1, -1 do
    index[d] = rest % x:size(d) + 1
    rest = rest // x:size(d)
  end
  return #index > 0 and "[" .. table.concat(index, ", ") .. "]" or ""
end

-- ---- two ways to a Jacobian ---------------------------------------------------------------------------------------

-- Calls visit(i, get, set) for every element of x.
local function each_element(x, visit)
  local view, sizes, index = x.data, {x:size()}, {}
  for d = 1, #sizes do index[d] = 1 end
  for i = 1, x:numel() do
    local at = {table.unpack(index)}
    local value = view:get(table.unpack(at))
    visit(i, value, function(v)
      at[#sizes + 1] = v
      view:set(table.unpack(at))
    end)
    local d = #sizes
    while d > 0 and index[d] == sizes[d] do
      index[d] = 1
      d = d - 1
    end
    if d > 0 then index[d] = index[d] + 1 end
  end
end

local function values_of(func, inputs)
  local list = outputs_of(func, inputs)
  for k, y in ipairs(list) do list[k] = y:detach():clone():reshape(-1) end
  return list
end

-- For each output k and input j: rows[k][j][i] is the derivative of the flattened output by element i of the input.
local function numeric(func, inputs, xs, n_outputs, eps)
  local rows = {}
  for k = 1, n_outputs do
    rows[k] = {}
    for j = 1, #xs do rows[k][j] = {} end
  end
  for j, entry in ipairs(xs) do
    each_element(entry[2], function(i, value, set)
      local _ <close> = setmetatable({}, {__close = function() set(value) end}) -- also after an error in func
      set(value + eps)
      local above = values_of(func, inputs)
      set(value - eps)
      local below = values_of(func, inputs)
      for k = 1, n_outputs do rows[k][j][i] = (above[k] - below[k]) / (2 * eps) end
    end)
  end
  return rows
end

-- Gradients of output k with this cotangent; the other outputs get none, or zeros.
local function gradients(ys, k, cotangent, xs, with_zeros)
  local outputs, cotangents = {ys[k]}, {cotangent}
  for i, y in ipairs(ys) do
    if with_zeros and i ~= k and y.requires_grad then
      outputs[#outputs + 1], cotangents[#cotangents + 1] = y, tensor.zeros_like(y:detach())
    end
  end
  return {tensor.grad(outputs, xs, {grad_outputs = cotangents, retain_graph = true, allow_unused = true})}
end

-- rows[j][i] is the derivative of element i of output k by the flattened input j.
local function analytic(ys, k, xs, options)
  local y, tensors, rows = ys[k], {}, {}
  for j, entry in ipairs(xs) do tensors[j], rows[j] = entry[2], {} end
  for i = 1, y:numel() do
    local one = tensor.zeros(y:numel(), {dtype = y.dtype})
    one:set(i, 1)
    local found = {}
    if y.requires_grad then
      found = gradients(ys, k, one:reshape({y:size()}), tensors, not options.check_undefined_grad)
    end
    for j, x in ipairs(tensors) do
      rows[j][i] = found[j] and found[j]:detach():reshape(-1) or tensor.zeros(x:numel(), {dtype = x.dtype})
    end
  end
  return rows
end

-- ---- comparing ----------------------------------------------------------------------------------------------------

-- The first that is wrong in what the rows say about output y and input x, as text.
local function mismatch(who, k, y, entry, numbers, slopes, options)
  local x, n_in, n_out = entry[2], entry[2]:numel(), y:numel()
  if n_in == 0 or n_out == 0 then return nil end
  local n = tensor.stack(numbers, 1):double() -- [n_in, n_out]
  local a = tensor.stack(slopes, 2):double()
  local far = a:isclose(n, options.rtol, options.atol):logical_not()
  local count = math.tointeger(far:sum():item())
  if count == 0 then return nil end
  local distance = (a - n):abs()
  distance = tensor.where(distance:isfinite(), distance, tensor.full_like(distance, math.huge))
  local worst = tensor.where(far, distance, tensor.full_like(distance, -1)):reshape(-1):argmax():item()
  local i, o = math.tointeger((worst - 1) // n_out) + 1, math.tointeger((worst - 1) % n_out) + 1
  local single = ""
  for _, t in ipairs{x, y} do
    if t.dtype ~= "float64" then single = ("; %s is not precise enough: use float64"):format(t.dtype) end
  end
  return ("%s: the gradient of output %d (shape %s) by input %d (shape %s) is wrong: d output%s / d input%s is %.10g "
    .. "numerically, but %.10g analytically; %d of %d derivatives differ (atol = %g, rtol = %g)%s"):format(who, k,
    shape_text(y), entry[1], shape_text(x), position(y, o), position(x, i), n[i][o]:item(), a[i][o]:item(), count,
    n_in * n_out, options.atol, options.rtol, single)
end

-- Backward twice must give the same.
local function reentrant(who, k, entry, first, second, options)
  for i = 1, #first do
    local distance = (first[i] - second[i]):abs()
    if distance:numel() > 0 and not distance:le(options.nondet_tol):all() and not first[i]:isnan():any() then
      return ("%s: backward is not reentrant: two runs of it for output %d and input %d differ by %g (nondet_tol = %g)")
        :format(who, k, entry[1], distance:max():item(), options.nondet_tol)
    end
  end
end

-- A cotangent of zeros gives a gradient of zeros, in the input's shape and, if that is asked for, dtype.
local function linear(who, ys, k, xs, options)
  local tensors = {}
  for j, entry in ipairs(xs) do tensors[j] = entry[2] end
  local found = gradients(ys, k, tensor.zeros_like(ys[k]:detach()), tensors, false)
  for j, entry in ipairs(xs) do
    local g = found[j]
    if g and not g:eq(0):all() then
      return ("%s: the gradient of output %d by input %d is not zero for a cotangent of zeros: backward does not "
        .. "multiply by it"):format(who, k, entry[1])
    elseif g and options.check_grad_dtypes and g.dtype ~= entry[2].dtype then
      return ("%s: the gradient of output %d by input %d is %s, the input is %s"):format(who, k, entry[1], g.dtype,
        entry[2].dtype)
    end
  end
end

-- The text of the first failure, nil when all is well.
local function failure(who, func, inputs, options)
  local xs = wanted(who, inputs)
  local n_outputs = #outputs_of(func, inputs)
  local numbers = numeric(func, inputs, xs, n_outputs, options.eps)
  local ys = outputs_of(func, inputs)
  for k, y in ipairs(ys) do
    local slopes = analytic(ys, k, xs, options)
    for j, entry in ipairs(xs) do
      local text = mismatch(who, k, y, entry, numbers[k][j], slopes[j], options)
      if text then return text end
    end
    local again = analytic(ys, k, xs, options)
    for j, entry in ipairs(xs) do
      local text = reentrant(who, k, entry, slopes[j], again[j], options)
      if text then return text end
    end
    local text = y.requires_grad and linear(who, ys, k, xs, options)
    if text then return text end
  end
end

local function verdict(text, options)
  if not text then return true end
  if not options.raise_exception then return false end
  return fail.raise("%s", text)
end

local common = "eps:positive=1e-6, atol:positive=1e-5, rtol:positive=1e-3, raise_exception:bool=true, "
  .. "nondet_tol:positive=0.0, check_undefined_grad:bool=true, check_grad_dtypes:bool=false"

local read = signature("gradcheck", "func:callable, inputs:any, " .. common)

--- Checks the gradients of func against differences of its values at x + eps and x - eps: for every element of every
-- input with requires_grad, and of every tensor that func returns. inputs is a tensor or a list of arguments; float64
-- is needed. Returns true; a gradient off by more than atol + rtol * |difference quotient| is an error that names
-- output, input, element and both values, or, with raise_exception = false, gives false. Also wrong: a backward that
-- gives other values when run again (beyond nondet_tol), or that does not multiply by the gradient it gets.
function tensor.gradcheck(...)
  local options = read(...)
  return tensor.enable_grad(function()
    return verdict(failure("gradcheck", options.func, as_list(options.inputs), options), options)
  end)
end

local read_second = signature("gradgradcheck", "func:callable, inputs:any, grad_outputs:any?, " .. common)

-- Random cotangents for the outputs, from a stream of their own.
local function random_cotangents(ys)
  local list, generator = {}, tensor.Generator()
  generator:manual_seed(1)
  for k, y in ipairs(ys) do
    list[k] = tensor.randn({y:size()}, {dtype = y.dtype, generator = generator}):requires_grad_()
  end
  return list
end

--- Checks the gradients of gradients of func in the same way: those of tensor.grad(func(...), inputs, grad_outputs) by
-- the inputs and by grad_outputs (a tensor or a list; random ones unless given). Options as for tensor.gradcheck.
function tensor.gradgradcheck(...)
  local options = read_second(...)
  local inputs = as_list(options.inputs)
  return tensor.enable_grad(function()
    local cotangents = options.grad_outputs and {table.unpack(as_list(options.grad_outputs))}
    if not cotangents then
      local ys = {}
      for _, y in ipairs(outputs_of(options.func, inputs)) do
        if y.requires_grad then ys[#ys + 1] = y end
      end
      if #ys == 0 then fail.raise("gradgradcheck: nothing that the function returns requires a gradient") end
      cotangents = random_cotangents(ys)
    end
    for k, v in ipairs(cotangents) do
      expect.tensor("gradgradcheck", "grad_outputs", v)
      if not v.requires_grad then cotangents[k] = v:detach():requires_grad_() end
    end
    local all, n = {table.unpack(inputs)}, #inputs
    table.move(cotangents, 1, #cotangents, n + 1, all)
    local function first(...)
      local arguments, given, ys, xs = {...}, {...}, {}, {}
      for i = #given, n + 1, -1 do given[i] = nil end
      for _, y in ipairs(outputs_of(options.func, given)) do
        if y.requires_grad then ys[#ys + 1] = y end
      end
      for _, entry in ipairs(wanted("gradgradcheck", given)) do xs[#xs + 1] = entry[2] end
      return tensor.grad(ys, xs, {grad_outputs = {table.unpack(arguments, n + 1)}, create_graph = true,
        materialize_grads = true})
    end
    return verdict(failure("gradgradcheck", first, all, options), options)
  end)
end

--- PyTorch's torch.autograd: the same functions under their other path.
tensor.autograd = {
  grad = tensor.grad, Function = tensor.Function, gradcheck = tensor.gradcheck, gradgradcheck = tensor.gradgradcheck,
  no_grad = tensor.no_grad, enable_grad = tensor.enable_grad, set_grad_enabled = tensor.set_grad_enabled,
  inference_mode = tensor.inference_mode, detect_anomaly = tensor.detect_anomaly,
  set_detect_anomaly = tensor.set_detect_anomaly,
  functional = {jacobian = tensor.jacobian, hessian = tensor.hessian, vjp = tensor.vjp, jvp = tensor.jvp},
}
