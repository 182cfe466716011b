-- Every allocation that an operation and its gradient make fails in turn: each time an error says that memory is out,
-- nothing is lost or left behind, and the next try succeeds with the same result.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local samples = require "samples"

-- Both the result and the gradients of its sum.
local function work(sample)
  local results = sample:run()
  local list = {}
  for i = 1, results.n do
    local t = results[i]
    if tensor.is_tensor(t) then
      list[#list + 1] = t:detach()
      if t.requires_grad and t.is_leaf == false then
        for _, g in ipairs {tensor.grad(t:sum(), sample.leaves, {allow_unused = true, retain_graph = true})} do
          list[#list + 1] = g
        end
      end
    end
  end
  return list
end

local function settled_bytes()
  collectgarbage()
  collectgarbage()
  return (nnlua.memory())
end

-- Allocation n fails; true when the work got by with fewer.
local function survives(sample, n)
  core.fail_allocation(n)
  local ok, message = pcall(work, sample)
  local left = core.fail_allocation(0)
  if ok then
    if left <= 0 then error(("allocation %d failed and nobody noticed"):format(n), 0) end
    return true
  end
  if not tostring(message):find("out of memory", 1, true) then error(("allocation %d: %s"):format(n, message), 0) end
  return false
end

local MOST = 4000

samples.each(function(row) return not row.flags.private or #row.samples > 0 end, function(row, text)
  if text ~= row.samples[1] then return end
  check.test(row.name .. "(" .. text .. ")", function()
    local sample = samples.new(row, text)
    local want = work(sample)
    local before = settled_bytes()
    local n = 1
    while not survives(sample, n) do
      n = n + 1
      if n > MOST then error("it never succeeds", 0) end
    end
    check.equal(settled_bytes(), before, "bytes in use")
    local again = work(sample)
    check.equal(#again, #want, "results")
    for i = 1, #want do check.equal(again[i], want[i], "result " .. i) end
  end)
end)

check.done()
