-- One tutorial as a user starts it: `nnlua tests/lua/tutorial_quick.lua NAME` runs scripts/NAME.lua --quick twice
-- with one seed, and demands an explained output, a last line `result: name=value ...`, the same lines both times, and
-- of some what holds without a long training, too.

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

-- What the result must say, however short the training was.
local expected = {
  anomaly = function(r) return r.mahalanobis > 0.9 and r.pictures > 0.9 and r.fault_window > r.fault end,
  autoencoder = function(r) return r.ae8 < 0.2 and r.pca8 < r.pca2 end,
  batchnorm = function(r) return r.eval > r.forgot_eval end,
  checkpoint = function(r) return r.gap == 0 and r.fit_gap == 0 and r.no_random > 0 and r.refused == "20/20" end,
  cnn = function(r) return r.accuracy > 0.25 and r.shifted_by_4 < r.accuracy end,
  convolution = function(r) return r.formula == "200/200" and r.loops_error < 1e-5 end,
  gan = function(r) return r.picture_gradient == 0 and r.collapsed_modes <= 2 end,
  gnn = function(r) return r.moved < 1e-5 and r.same == 0 and r.apart > 0 end,
  maml = function(r) return r.gap < 1e-7 end,
  monitoring = function(r) return r.false_alarms == 0 and r.dark > 0 and r.moved > 0 and r.wild > 0 end,
  pooling = function(r) return r.reached == 4 and r.field == 7 and r.change8 < r.change1 end,
  pruning = function(r) return r.smallest90 > r.random90 and r.changed < 1e-3 end,
  resnet = function(r) return r.plain < 0.3 and r.inner < 0.3 end,
  transfer = function(r) return r.tuned > r.scratch and r.frozen > r.scratch end,
  vae = function(r) return r.structure_changes == 0 and r.elbo > r.start end,
}

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

if expected[name] then
  check.test(name .. " shows what it is about", function()
    local values, line = {}, first:match("\nresult: ([^\n]*)\n$") or ""
    for key, value in line:gmatch("([%w_]+)=(%S+)") do values[key] = tonumber(value) or value end
    check.ok(expected[name](values), line)
  end)
end

check.test(name .. " says something on the way", function()
  local _, lines = first:gsub("\n", "")
  check.equal(lines >= 5, true, first)
  check.equal(first:find("%f[%w]nan%f[%W]"), nil, first)
  check.equal(first:find("\27"), nil, "plain text in a pipe")
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
