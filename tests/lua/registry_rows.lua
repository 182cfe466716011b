-- Every row of the registry: complete, float32 like float64, in-place form like the plain one, the invalid case's
-- error.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local samples = require "samples"

for _, row in ipairs(core.ops()) do
  if not row.flags.private then
    check.test(row.name .. " is complete", function()
      check.ok(row.doc and #row.doc > 10, "doc")
      check.ok(row.example and row.example:find("-->", 1, true), "example")
      check.ok(#row.samples > 0, "samples")
      check.ok(row.invalid and row.complaint, "invalid case")
      check.ok(row.flags.tensor or row.flags.method or row.flags.functional or row.flags.inplace or row.flags.linalg
        or row.flags.special,
        "a name for users")
    end)

    check.test(row.name .. "(" .. tostring(row.invalid) .. ") complains", function()
      local sample = samples.new(row, row.invalid)
      local message = check.error(row.complaint, function() sample:run() end)
      check.ok(message:find(row.base, 1, true), "the error names the operation: " .. message)
    end)
  end
end

-- Results in float32 against float64, relative to the largest magnitude.
local function near(a, b, path, text)
  if type(a) == "table" then
    for i in ipairs(b) do near(a[i], b[i], path .. i, text) end
  elseif tensor.is_tensor(a) then
    check.equal({a:size()}, {b:size()}, path .. " shape")
    if b.dtype ~= "float64" then
      check.equal(a:to("int64"), b:to("int64"), path)
      return
    end
    if not text:find("float64", 1, true) then check.equal(a.dtype, "float32", path .. " dtype") end
    if a:numel() == 0 then return end
    local x, y = a:detach():to("float64"), b:detach()
    local scale = math.max(1, y:abs():max():item())
    local off = (x - y):abs():max():item()
    check.ok(off <= 2e-5 * scale, ("%s: off by %g of %g"):format(path, off, scale))
  else
    check.equal(a, b, path)
  end
end

samples.each(function(row)
  return (not row.flags.private or #row.samples > 0) and not row.flags.random
end, function(row, text)
  check.test(row.name .. "(" .. text .. ") in float32", function()
    local single, double = samples.new(row, text, "float32"), samples.new(row, text)
    local a, b = single:run(), double:run()
    check.equal(a.n, b.n, "results")
    for i = 1, a.n do near(a[i], b[i], "result " .. i, text) end
  end)
end)

-- x:name_(...) on a copy: the same numbers, and the same gradient for what the copy was made of.
samples.each(function(row) return row.flags.inplace and not row.flags.private end, function(row, text)
  check.test(row.base .. "_(" .. text .. ")", function()
    local sample = samples.new(row, text)
    local args = sample:arguments()
    local first = args[1]
    if not tensor.is_tensor(first) then return end
    local plain = sample:run()[1]
    local same = {plain:size()}
    local mine = {first:size()}
    local fits = #same == #mine
    for i = 1, #same do fits = fits and same[i] == mine[i] end
    if not fits then return end
    local copy = first:clone()
    if row.flags.random then tensor.manual_seed(11) end
    local result = copy[row.base .. "_"](copy, table.unpack(args, 2, args.n))
    check.ok(rawequal(result, copy), "returns its tensor")
    check.equal(copy:detach():to(plain.dtype), plain:detach(), "elements")
    if plain.requires_grad and #sample.leaves > 0 then
      local want = {tensor.grad(plain:sum(), sample.leaves, {allow_unused = true})}
      local got = {tensor.grad(copy:sum(), sample.leaves, {allow_unused = true})}
      for i = 1, #sample.leaves do
        if want[i] then check.close(got[i], want[i], 1e-12, "gradient " .. i) end
      end
    end
  end)
end)

check.done()
