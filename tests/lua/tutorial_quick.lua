-- One tutorial as a user starts it: `nnlua tests/lua/tutorial_quick.lua NAME` runs scripts/NAME.lua --quick twice
-- with one seed, and demands an explained output, a last line `result: name=value ...` and the same lines both times.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"

local program = os.getenv("NNLUA") or "nnlua"
local name = assert(arg[1], "which tutorial?")

local function run(arguments)
  local script = ("%s/../../scripts/%s.lua"):format(here, name)
  local pipe = assert(io.popen(("'%s' --no-color '%s' %s 2>&1"):format(program, script, arguments)))
  local output = pipe:read("a")
  return pipe:close(), output
end

-- Times and rates differ from run to run; everything else must not.
local function without_times(output)
  return (output:gsub("[^\n]*%d/s[^\n]*\n", ""):gsub("[^\n]*%f[%a]seconds[^\n]*\n", ""))
end

local ok, first = run("--quick --seed 3")

check.test(name .. " --quick runs", function()
  check.equal(ok, true, first)
end)

check.test(name .. " ends in its result", function()
  local result = first:match("\nresult: ([^\n]*)\n$")
  check.equal(result ~= nil, true, first)
  for word in result:gmatch("%S+") do
    check.equal(word:match("^[%a_][%w_]*=%-?[%d./]+[%a%%]*%-?%d*$") ~= nil, true, "name=value: " .. word)
  end
end)

check.test(name .. " says something on the way", function()
  local _, lines = first:gsub("\n", "")
  check.equal(lines >= 5, true, first)
  check.equal(first:find("%f[%w]nan%f[%W]"), nil, first)
end)

check.test(name .. " gives the same lines for the same seed", function()
  local _, second = run("--quick --seed 3")
  check.equal(without_times(second), without_times(first))
end)

check.test(name .. " names its options", function()
  local status, output = run("--no-such-option")
  check.equal(status, nil)
  check.equal(output:find("usage: " .. name .. ".lua", 1, true) ~= nil, true, output)
end)

check.done()
