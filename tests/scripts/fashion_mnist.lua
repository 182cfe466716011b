-- The main job in small: 2,000 pictures for one epoch must already teach the network far more than chance, and the
-- whole of the data must be there.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"

local program = os.getenv("NNLUA") or "nnlua"
local script = here .. "/../../scripts/fashion_mnist.lua"

check.test("the data are all there", function()
  local set = nnlua.data.load("fashion-mnist")
  check.equal({#set.train, #set.test, #set.classes}, {60000, 10000, 10})
  local picture, label = table.unpack(set.train[1])
  check.equal(label, 10) -- the first training picture shows an ankle boot
  check.equal(set.classes[10], "Ankle boot")
  check.equal(picture:numel(), 28 * 28)
end)

local function run(arguments)
  local pipe = assert(io.popen(("'%s' '%s' %s 2>&1"):format(program, script, arguments)))
  local output = pipe:read("a")
  return pipe:close(), output
end

check.test("a quick training learns", function()
  local ok, output = run("--quick --seed 1")
  check.equal(ok, true, output)
  local accuracy = tonumber(output:match("result: accuracy=([%d.]+)\n$"))
  check.equal(accuracy ~= nil and accuracy > 0.6 and accuracy <= 1, true, output)
end)

check.test("an option that it doesn't know ends in its usage", function()
  local ok, output = run("--fast")
  check.equal(ok, nil)
  check.equal(output:find("usage: fashion_mnist.lua", 1, true) ~= nil, true, output)
end)

check.done()
