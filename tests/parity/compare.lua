--- Compares arrays of numbers with what PyTorch computed: shape, dtype and |a - b| <= tol * max(|b|, scale).
-- Knows nothing about how the numbers came about.
local compare = {}

--- What the tolerances are, by class of operation and dtype that took part.
compare.TOLERANCE = {
  float32 = { exact = 0.0, elementwise = 1e-5, reduce = 1e-4 },
  float64 = { exact = 0.0, elementwise = 1e-10, reduce = 1e-10 },
}

--- All numbers of nested tables in row-major order; booleans become 1 and 0.
function compare.flatten(value, out)
  out = out or {}
  if type(value) == "table" then
    for i = 1, #value do compare.flatten(value[i], out) end
  elseif type(value) == "boolean" then
    out[#out + 1] = value and 1 or 0
  else
    out[#out + 1] = value
  end
  return out
end

--- A shape as text, "[2, 3]".
function compare.shape_text(shape)
  local parts = {}
  for d = 1, #shape do parts[d] = tostring(shape[d]) end
  return "[" .. table.concat(parts, ", ") .. "]"
end

local function same_shape(a, b)
  if #a ~= #b then return false end
  for d = 1, #a do
    if a[d] ~= b[d] then return false end
  end
  return true
end

--- nil when `values` (an array) agree with `want`, else what differs.
-- `want` has shape, count and the expected values; `scale` (or nil) the sum of the absolute terms of each.
function compare.values(values, want, tol, scale)
  if #values ~= want.count then return ("%d values instead of %d"):format(#values, want.count) end
  local worst, where, bad = -1, nil, 0
  for i = 1, want.count do
    local a, b = values[i], want[i]
    local same = a == b or (a ~= a and b ~= b)
    if not same then
      local err = math.abs(a - b)
      local bound = tol * math.max(math.abs(b), scale and scale[i] or 0.0)
      if not (err <= bound and err < math.huge) then
        bad = bad + 1
        local badness = (err ~= err or bound == 0) and math.huge or err / bound
        if badness > worst then worst, where = badness, i end
      end
    end
  end
  if bad == 0 then return nil end
  return ("%d of %d values off; element %d is %.9g, want %.9g, error %.3g, allowed %.3g"):format(
    bad, want.count, where, values[where], want[where], math.abs(values[where] - want[where]),
    tol * math.max(math.abs(want[where]), scale and scale[where] or 0.0))
end

--- nil when tensor `t` has the shape, dtype and values wanted, else what differs.
function compare.tensor(t, want, dtype, tol, scale)
  if type(t) ~= "userdata" then return "a " .. type(t) .. " instead of a tensor" end
  if not same_shape(t.shape, want.shape) then
    return ("shape %s instead of %s"):format(compare.shape_text(t.shape), compare.shape_text(want.shape))
  end
  if dtype and t.dtype ~= dtype then return ("dtype %s instead of %s"):format(tostring(t.dtype), dtype) end
  return compare.values(compare.flatten(t:detach():totable()), want, tol, scale)
end

return compare
