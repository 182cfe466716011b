-- The example of every public row of the registry, run (example.lua).

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local run = require "example"

local only = arg[1]
for _, row in ipairs(core.ops()) do
  if not row.flags.private and (not only or row.name == only) then
    check.test(row.name .. "'s example", function() run(row.name, row.example) end)
  end
end

check.done()
