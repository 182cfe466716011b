-- tensor.vmap over every operation of the registry: what it makes of a batch against one call for each sample, with all
-- tensors mapped, with the first one alone and with the others alone.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local samples = require "samples"

local SIZE = 3

-- Three versions of a tensor: numbers differ a little, whole numbers and booleans are turned round.
local function versions(x)
  local list = {}
  for i = 1, SIZE do
    local y = x:detach()
    if y:is_floating_point() then
      y = y * (1 + 0.05 * (i - 1))
    elseif i > 1 and y:dim() > 0 then
      y = y:flip{-1}
    end
    list[i] = y
  end
  return list
end

local function is_tensor(v) return type(v) == "userdata" and tensor.is_tensor(v) end

-- The tensors in arguments: {holder, key}.
local function places(args)
  local list = {}
  for k = 1, args.n do
    local v = args[k]
    if is_tensor(v) then
      list[#list + 1] = {args, k}
    elseif type(v) == "table" and not getmetatable(v) then
      for key, item in pairs(v) do
        if is_tensor(item) then list[#list + 1] = {v, key} end
      end
    end
  end
  return list
end

local function copied(args)
  local out = {n = args.n}
  for k = 1, args.n do
    local v = args[k]
    if type(v) == "table" and not getmetatable(v) then
      out[k] = {}
      for key, item in pairs(v) do out[k][key] = item end
    else
      out[k] = v
    end
  end
  return out
end

local function same(got, want, what)
  check.equal({got:size()}, {want:size()}, what .. " shape")
  check.equal(got.dtype, want.dtype, what .. " dtype")
  if got:numel() == 0 then return end
  if not got:is_floating_point() then return check.equal(got, want, what) end
  local a, b = got:detach(), want:detach()
  if a:equal(b) then return end
  local nothing = tensor.zeros_like(a)
  local far = tensor.where(a:isnan():logical_and(b:isnan()):logical_or(a:eq(b)), nothing, (a - b):abs())
  local size = tensor.where(b:isfinite(), b:abs(), nothing):max():item()
  check.ok(far:max():item() <= 1e-9 * math.max(1, size), what .. " values")
end

local function compare(row, args, mapped)
  local all = places(args)
  local flags = row.flags
  local f = flags.tensor and tensor[row.base] or flags.functional and F[row.base]
    or flags.linalg and core.linalg[row.base] or flags.method and function(x, ...) return x[row.base](x, ...) end
    or core.op(row.name)
  local batches = {}
  for _, k in ipairs(mapped) do batches[#batches + 1] = versions(all[k][1][all[k][2]]) end
  local function with(tensors)
    local mine = copied(args)
    local here = places(mine)
    for j, k in ipairs(mapped) do
      for _, place in ipairs(here) do -- pairs has no order: found by the tensor itself
        if rawequal(place[1][place[2]], all[k][1][all[k][2]]) and not place.done then
          place[1][place[2]], place.done = tensors[j], true
          break
        end
      end
    end
    return f(table.unpack(mine, 1, mine.n))
  end
  local want = {}
  for i = 1, SIZE do
    local one = {}
    for j in ipairs(batches) do one[j] = batches[j][i] end
    local ok, out = pcall(function() return table.pack(with(one)) end)
    if not ok then return end -- the sample's numbers do not allow the change
    for k = 1, out.n do
      if not tensor.is_tensor(out[k]) then return end
      want[k] = want[k] or {}
      want[k][i] = out[k]
      if i > 1 and not want[k][1].shape == out[k].shape then return end
    end
  end
  local stacks = {}
  for j in ipairs(batches) do stacks[j] = tensor.stack(batches[j], 1) end
  for k in ipairs(want) do
    for i = 2, SIZE do
      if tostring(want[k][i].shape) ~= tostring(want[k][1].shape) then return end
    end
  end
  local got = table.pack(tensor.vmap(function(...) return with({...}) end)(table.unpack(stacks)))
  for k in ipairs(want) do same(got[k], tensor.stack(want[k], 1), "result " .. k) end
end

-- Decompositions are unique up to signs only, the same for a batch of the same matrices.
local only = arg[1]
samples.each(function(row)
  return not row.flags.private and not row.flags.random and not row.flags.special and (not only or row.name == only)
end, function(row, text)
  local args = samples.new(row, text):arguments()
  local n = #places(args)
  if n == 0 then return end
  check.test("vmap of " .. row.name .. "(" .. text .. ")", function()
    local all, others = {}, {}
    for k = 1, n do
      all[k] = k
      if k > 1 then others[#others + 1] = k end
    end
    compare(row, args, all)
    if n > 1 then
      compare(row, args, {1})
      compare(row, args, others)
    end
  end)
end)

check.test("at most a tenth of the operations run in a loop", function()
  local names, n = nnlua.vmap_loops()
  check.ok(#names <= n / 10, ("%d of %d: %s"):format(#names, n, table.concat(names, " ")))
end)

check.done()
