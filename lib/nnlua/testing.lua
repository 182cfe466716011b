-- tensor.testing: comparisons for tests, with PyTorch's tolerances.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor
local is_tensor = tensor.is_tensor

local testing = {}

-- Relative and absolute tolerance by dtype; all others compare exactly.
local tolerances = {
  float16 = {1e-3, 1e-5}, bfloat16 = {1.6e-2, 1e-5}, float32 = {1.3e-6, 1e-5}, float64 = {1e-7, 1e-7},
}
local exact = {0, 0}

local function dtype_of(v)
  if is_tensor(v) then return v.dtype end
  return math.type(v) == "float" and "float64" or "int64"
end

local function shape_text(x) return "{" .. table.concat({x:size()}, ", ") .. "}" end

-- The tolerances for two values: the given ones, else the wider of their dtypes'.
local function tolerance(options, a, b)
  if options.rtol then return options.rtol, options.atol end
  local x, y = tolerances[dtype_of(a)] or exact, tolerances[dtype_of(b)] or exact
  return math.max(x[1], y[1]), math.max(x[2], y[2])
end

-- The position of the largest of n > 0 numbers, NaN counting as larger than any, and that number.
local function largest(values, shape)
  local flat = values:reshape(-1)
  local bad = flat:isnan()
  if bad:any() then flat = tensor.where(bad, tensor.full_like(flat, math.huge), flat) end
  local at = math.tointeger(flat:argmax():item())
  local rest, index = at - 1, {}
  for d = #shape, 1, -1 do
    index[d] = rest % shape[d] + 1
    rest = rest // shape[d]
  end
  return values:reshape(-1)[at]:item(), "{" .. table.concat(index, ", ") .. "}"
end

-- How two tensors of the same shape differ, nil when they don't.
local function tensor_difference(options, actual, expected)
  local rtol, atol = tolerance(options, actual, expected)
  local near = actual:eq(expected)
  local whole = not (actual:is_floating_point() or expected:is_floating_point())
  local a, e = actual:double(), expected:double()
  local distance = (a - e):abs()
  if not whole or rtol > 0 or atol > 0 then
    near = near:logical_or(distance:isfinite():logical_and(distance:le(e:abs() * rtol + atol)))
  end
  if options.equal_nan then near = near:logical_or(a:isnan():logical_and(e:isnan())) end
  if near:all() then return nil end
  local wrong, shape = near:logical_not(), {actual:size()}
  local count, n = math.tointeger(wrong:sum():item()), actual:numel()
  local nothing = tensor.zeros_like(distance)
  local absolute, where_absolute = largest(tensor.where(wrong, distance, nothing), shape)
  local relative, where_relative = largest(tensor.where(wrong, distance / e:abs(), nothing), shape)
  local kind = rtol == 0 and atol == 0 and "equal" or "close"
  return ("Tensors are not %s!\n\nMismatched elements: %d / %d (%.1f%%)\n"
    .. "Greatest absolute difference: %.10g at %s (up to %g allowed)\n"
    .. "Greatest relative difference: %.10g at %s (up to %g allowed)"):format(kind, count, n, 100 * count / n,
    absolute, where_absolute, atol, relative, where_relative, rtol)
end

local function number_difference(options, actual, expected)
  local rtol, atol = tolerance(options, actual, expected)
  local distance = math.abs(actual - expected)
  if actual == expected or (distance <= atol + rtol * math.abs(expected) and distance < math.huge) then return nil end
  if options.equal_nan and actual ~= actual and expected ~= expected then return nil end
  return ("Numbers are not %s!\n\nExpected %s but got %s.\nAbsolute difference: %.10g (up to %g allowed)\n"
    .. "Relative difference: %.10g (up to %g allowed)"):format(rtol == 0 and atol == 0 and "equal" or "close",
    tostring(expected), tostring(actual), distance, atol, distance / math.abs(expected), rtol)
end

local difference

-- Tables entry by entry; shapes (lists with a metatable) too.
local function table_difference(options, actual, expected)
  for key in pairs(expected) do
    if actual[key] == nil then return ("The entry %s is missing."):format(fail.show(key)) end
  end
  for key, value in pairs(actual) do
    if expected[key] == nil then return ("There is an entry %s that is not expected."):format(fail.show(key)) end
    local found = difference(options, value, expected[key])
    if found then return ("%s\n\nThe failure occurred for item [%s]"):format(found, fail.show(key)) end
  end
end

-- The text of the first difference, nil when there is none.
function difference(options, actual, expected)
  if is_tensor(actual) and is_tensor(expected) then
    if tostring(actual.shape) ~= tostring(expected.shape) then
      return ("The shapes do not match: %s and %s."):format(shape_text(actual), shape_text(expected))
    elseif options.check_dtype and actual.dtype ~= expected.dtype then
      return ("The dtypes do not match: %s and %s."):format(actual.dtype, expected.dtype)
    end
    return tensor.no_grad(tensor_difference, options, actual, expected)
  elseif type(actual) == "number" and type(expected) == "number" then
    return number_difference(options, actual, expected)
  elseif type(actual) == "table" and type(expected) == "table" then
    return table_difference(options, actual, expected)
  elseif type(actual) ~= type(expected) or is_tensor(actual) or is_tensor(expected) then
    return ("The types do not match: %s and %s."):format(fail.show(actual), fail.show(expected))
  elseif actual ~= expected then
    return ("Expected %s but got %s."):format(fail.show(expected), fail.show(actual))
  end
end

local read = signature("assert_close", "actual:any, expected:any, rtol:positive?, atol:positive?, "
  .. "equal_nan:bool=false, check_dtype:bool=true, msg:string|callable?")

-- Named tables could be taken for options: they are data here when they stand first or second.
local function read_arguments(actual, expected, ...)
  if actual == nil or expected == nil then
    fail.raise("assert_close: expected two values, got %s and %s", fail.show(actual), fail.show(expected))
  end
  local options = read(0, 0, ...)
  options.actual, options.expected = actual, expected
  return options
end

--- Raises an error unless actual and expected are the same up to |actual - expected| <= atol + rtol * |expected|:
-- tensors of one shape and dtype, numbers, or tables of these. Without rtol and atol (both or none) they go by the
-- dtype: 1.3e-6 and 1e-5 for float32, 1e-7 and 1e-7 for float64, 0 for whole numbers. The text tells how many elements
-- differ and the greatest differences with their positions. msg replaces it: a text, or a function of it.
function testing.assert_close(...)
  local options = read_arguments(...)
  if (options.rtol == nil) ~= (options.atol == nil) then
    fail.raise("assert_close: give both of rtol and atol or none of them")
  end
  local text = difference(options, options.actual, options.expected)
  if not text then return end
  local msg = options.msg
  if msg then text = type(msg) == "string" and msg or msg(text) end
  fail.raise("%s", "assert_close: " .. text)
end

tensor.testing = testing

return testing
