-- The first program, as a user starts it: for several seeds it learns all four answers, and says so.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. package.path
local check = require "check"

local program = os.getenv("NNLUA") or "nnlua"
local script = here .. "/../../scripts/xor.lua"

local function run(arguments)
  local pipe = assert(io.popen(("'%s' '%s' %s 2>&1"):format(program, script, arguments)))
  local output = pipe:read("a")
  return pipe:close(), output
end

for seed = 1, 5 do
  check.test("seed " .. seed, function()
    local ok, output = run("--seed " .. seed)
    check.equal(ok, true, output)
    check.equal(output:match("result: accuracy=([%d.]+)\n$"), "1.00", output)
    local losses = {}
    for loss in output:gmatch("loss ([%d.]+)") do losses[#losses + 1] = tonumber(loss) end
    check.equal(#losses, 6, "lines with a loss")
    for i = 2, #losses do check.equal(losses[i] <= losses[i - 1], true, "the loss falls: " .. output) end
    check.equal(losses[6] < 0.01, true, "the last loss is small: " .. output)
  end)
end

check.test("the same seed gives the same lines", function()
  local _, one = run("--seed 7")
  local _, two = run("--seed 7")
  local _, other = run("--seed 8")
  check.equal(one, two)
  check.equal(one ~= other, true, "another seed gives other lines")
end)

check.test("a seed that is none is an error", function()
  local ok, output = run("--seed many")
  check.equal(ok, nil)
  check.equal(output:find("--seed needs a whole number", 1, true) ~= nil, true, output)
end)

check.done()
