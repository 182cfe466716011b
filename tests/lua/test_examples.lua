-- Everything public has help with an example that runs and shows what it says: the library's functions and classes, the
-- functions and fields of the bindings. Examples of the registry's operations are run by registry_examples.lua.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local reference = require "nnlua.reference"
local run = require "example"

local only = arg[1]
local record = os.tmpname()
os.remove(record)
require("nnlua.lesson.progress").path = record -- not the developer's own

local function test(item)
  if only and not item.name:find(only, 1, true) then return end
  check.test(item.name .. "'s example", function()
    check.ok(item.text and #item.text > 3, "a text")
    check.ok(item.example, "an example")
    run(item.name, item.example, item.name:find("^plot%.") ~= nil)
    if item.name == "tensor" then return end -- help("tensor") is about the part
    check.ok(help.text(item.name, 200):find(item.example:match("[^\n]+"), 1, true), "help shows it")
  end)
end

for _, item in ipairs(reference.builtins()) do test(item) end
for _, part in ipairs(reference.parts()) do
  for _, item in ipairs(part.items) do test(item) end
end

os.remove(record)
check.done()
