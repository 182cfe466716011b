-- nnlua: everything in one table. `local nnlua = require "nnlua"` writes no globals; the program makes globals of the
-- parts (nnlua.globals).

local core = require "nnlua.core"

local nnlua = {}

-- What the engine's bindings give to users: tensor, F, threads, memory, ...; the rest is for the library alone.
local internal = {optim = true, files = true, set_path_finder = true, set_library = true}
for name, value in pairs(core) do
  if not internal[name] then nnlua[name] = value end
end

local parts = {"nn", "optim", "data", "train", "metrics"}
for _, name in ipairs(parts) do nnlua[name] = require("nnlua." .. name) end

--- Names that the program makes global.
nnlua.globals = {"tensor", "nn", "F", "optim", "data", "train", "metrics"}

-- Parts that come with other packages are there when those are.
for _, name in ipairs {"plot", "help", "lesson"} do
  if package.searchpath("nnlua." .. name, package.path) then
    nnlua[name] = require("nnlua." .. name)
    table.insert(nnlua.globals, name)
  end
end

return nnlua
