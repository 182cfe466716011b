-- docs/reference.md and the editor annotations are what docs/make.lua makes of the registry and the sources.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local reference = require "nnlua.reference"

local docs = (arg[0]:match("^(.*)/") or ".") .. "/../../docs/"
local texts = assert(loadfile(docs .. "make.lua"))("texts")

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

for name, text in pairs(texts) do
  check.test("docs/" .. name .. " is up to date", function()
    local file = assert(io.open(docs .. name))
    local written = file:read("a")
    file:close()
    local old, new = lines_of(written), lines_of(text)
    for i = 1, math.max(#old, #new) do
      if old[i] ~= new[i] then
        error(("line %d is %q, should be %q: run `nnlua docs/make.lua`"):format(i, old[i] or "", new[i] or ""), 0)
      end
    end
    check.equal(#written, #text, "length")
  end)
end

check.test("the reference names every public operation and part", function()
  local text = texts["reference.md"]
  for _, entry in ipairs(reference.operations()) do
    for _, call in ipairs(entry.calls) do check.ok(text:find("`" .. call .. "`", 1, true), call) end
    for _, row in ipairs(entry.rows) do check.ok(text:find(row.example, 1, true), row.name .. "'s example") end
  end
  for _, part in ipairs(reference.parts()) do
    for _, item in ipairs(part.items) do check.ok(text:find(item.call, 1, true), item.name) end
  end
end)

check.test("the annotations are Lua and define every operation", function()
  local env = {}
  assert(load(texts["luacats/nnlua.lua"] .. "\nreturn Tensor", "=annotations", "t", env))
  local Tensor = load(texts["luacats/nnlua.lua"] .. "\nreturn Tensor", "=annotations", "t", env)()
  for _, entry in ipairs(reference.operations()) do
    for _, call in ipairs(entry.calls) do
      local place, name = call:match("^(.*)[.:]([%w_]+)$")
      local owner = place == "x" and Tensor or place == "tensor.linalg" and env.tensor.linalg
        or place == "tensor.special" and env.tensor.special or env[place]
      check.ok(type(owner[name]) == "function", call)
    end
  end
end)

check.test("docs/adding-an-operation.md shows the code that there is", function()
  local function read(name)
    local file = assert(io.open(docs .. name))
    local text = file:read("a")
    file:close()
    return text
  end
  local source, blocks = read("../src/engine/ops/ternary.c") .. read("../src/engine/kernels/vmath_loops.h"), 0
  source = source:gsub("%s*\\?\n%s*", " ")
  for block in read("adding-an-operation.md"):gmatch("```c\n(.-)\n```") do
    blocks = blocks + 1
    check.ok(source:find(block:gsub("%s*\n%s*", " "), 1, true), block)
  end
  check.ok(blocks > 3, "blocks of code")
end)

check.done()
