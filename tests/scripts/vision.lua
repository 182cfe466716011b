-- The tutorials on pictures, in their quick form: each runs, ends in its result, and what does not take a long training
-- comes out as the text says.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. package.path
local check = require "check"

local program = os.getenv("NNLUA") or arg[-1]

local function run(name, arguments)
  local pipe = assert(io.popen(("'%s' '%s/../../scripts/%s.lua' %s 2>&1"):format(program, here, name, arguments)))
  local output = pipe:read("a")
  return pipe:close(), output
end

-- The names and values of the last line.
local function result_of(output)
  local line, values = output:match("result: ([^\n]*)\n$"), {}
  for key, value in (line or ""):gmatch("([%w_]+)=(%S+)") do values[key] = tonumber(value) or value end
  return values, line
end

-- What each tutorial must show, quick or not.
local expected = {
  convolution = function(r) return r.formula == "200/200" and r.loops_error < 1e-5 end,
  cnn = function(r) return r.accuracy > 0.25 and r.shifted_by_4 < r.accuracy end,
  resnet = function(r) return r.plain < 0.3 and r.inner < 0.3 and r.residual ~= nil end,
  transfer = function(r) return r.tuned > r.scratch and r.frozen > r.scratch end,
  batchnorm = function(r) return r.eval > r.forgot_eval end,
  augmentation = function(r) return r.flip ~= nil and r.off_shift ~= nil end,
  autoencoder = function(r) return r.ae8 < 0.2 and r.pca8 < r.pca2 end,
  vae = function(r) return r.structure_changes == 0 and r.elbo > r.start end,
  gan = function(r) return r.picture_gradient == 0 and r.collapsed_modes <= 2 end,
}

local names = {}
for name in pairs(expected) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do
  check.test(name, function()
    local ok, output = run(name, "--quick --seed 1")
    check.equal(ok, true, output)
    local values, line = result_of(output)
    check.ok(line and expected[name](values), line or output)
    check.ok(select(2, output:gsub("\n== ", "")) >= 3, "chapters have parts")
    check.ok(not output:find("[\27\128-\255]"), "plain text in a pipe")
    for text in output:gmatch("[^\n]+") do check.ok(#text <= 120, "a line of " .. #text) end
  end)
end

check.test("the same seed gives the same text", function()
  local _, one = run("vae", "--quick --seed 3")
  local _, two = run("vae", "--quick --seed 3")
  check.equal(one, two)
  local _, other = run("vae", "--quick --seed 4")
  check.ok(one ~= other, "another seed gives another text")
end)

check.test("an option that it doesn't know ends in its usage", function()
  local ok, output = run("cnn", "--fast")
  check.equal(ok, nil)
  check.ok(output:find("usage: cnn.lua", 1, true), output)
end)

check.done()
