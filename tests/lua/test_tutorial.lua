-- What the tutorials share: options of the command line.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tutorial = require "nnlua.tutorial"
local plot = nnlua.plot

local defaults = {epochs = {8, 1}, lr = 0.5, name = "plain", loud = false}

check.test("without words the full values hold", function()
  check.equal(tutorial.options(defaults, {}), {epochs = 8, lr = 0.5, name = "plain", loud = false, seed = 1,
    quick = false})
end)

check.test("--quick takes the quick ones, and what is said counts before that", function()
  check.equal(tutorial.options(defaults, {"--quick"}).epochs, 1)
  check.equal(tutorial.options(defaults, {"--quick", "--epochs", "3"}).epochs, 3)
end)

check.test("values have their default's type", function()
  local o = tutorial.options(defaults, {"--lr", "2", "--name", "7", "--loud", "--seed", "9"})
  check.equal(o, {epochs = 8, lr = 2, name = "7", loud = true, seed = 9, quick = false})
end)

check.test("the seed seeds tensors and Lua alike", function()
  tutorial.options({}, {"--seed", "4"})
  local a, b = nnlua.tensor.rand(3), math.random()
  tutorial.options({}, {"--seed", "4"})
  check.equal(nnlua.tensor.rand(3), a)
  check.equal(math.random(), b)
end)

for _, case in ipairs {
  {{"--epochs", "3.5"}, "--epochs needs a whole number"}, {{"--lr", "much"}, "--lr needs a number"},
  {{"--name"}, "--name needs a value"}, {{"--speed", "3"}, "there is no option --speed"}, {{"fast"},
    "there is no option fast"},
} do
  check.test(table.concat(case[1], " ") .. " is an error with the usage", function()
    local ok, message = pcall(tutorial.options, defaults, case[1])
    check.equal(ok, false)
    check.equal(message:find(case[2], 1, true) ~= nil, true, message)
    check.equal(message:find("[--epochs N] [--loud] [--lr X] [--name TEXT] [--quick] [--seed N]", 1, true) ~= nil,
      true, message)
  end)
end

check.test("--pictures writes each figure that is shown, and wants a directory", function()
  local directory = os.tmpname()
  os.remove(directory)
  os.execute(("mkdir '%s'"):format(directory))
  local o = tutorial.options(defaults, {"--pictures", directory})
  check.equal(o.pictures, nil)
  plot.line({1, 3, 2}, {as = "ascii"})
  plot.image(nnlua.tensor.rand(8, 8), {as = "ascii"})
  require("nnlua.plot.output").keep(nil)
  plot.line({1, 3, 2}, {as = "ascii"})
  for k, there in ipairs {true, true, false} do
    local path = ("%s/%02d.png"):format(directory, k)
    local file = io.open(path)
    check.equal(file ~= nil, there)
    if file then
      check.equal(file:read(4), "\137PNG")
      file:close()
      os.remove(path)
    end
  end
  os.remove(directory)
  local ok, message = pcall(tutorial.options, defaults, {"--pictures", directory .. "/none"})
  check.equal(ok, false)
  check.equal(message:find("there is no directory", 1, true) ~= nil, true, message)
end)

check.test("pictures come as tensors", function()
  local set = tutorial.fashion(20, 10)
  check.equal({set.x:size()}, {20, 1, 28, 28})
  check.equal(set.test_y:numel(), 10)
  check.equal(set.y:get(1), 10)
end)

check.done()
