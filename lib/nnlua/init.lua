-- nnlua: everything in one table. `local nnlua = require "nnlua"` writes no globals; the program makes globals of the
-- parts (nnlua.globals).

local core = require "nnlua.core"
local lazy = require "nnlua.lazy"
require "nnlua.fail" -- tells the bindings where the library is

local nnlua = {}

-- What the bindings give to users; the rest of core is for the library alone.
local public = {
  "tensor", "F", "version", "threads", "memory", "memory_limit", "clock", "machine", "catch_interrupt",
}
for _, name in ipairs(public) do nnlua[name] = core[name] end

-- What the library adds to tensor, F and the methods of tensors: loaded with the first name that the engine has not.
local tensor, F = core.tensor, core.F
local additions = {
  "functional", "autograd", "gradcheck", "testing", "vmap", "tensor.pieces", "tensor.slices", "distributions", "func",
}
local ctc_loss = F.ctc_loss
F.ctc_loss = nil -- an addition wraps it
lazy.fields({tensor, F, core.methods}, function()
  F.ctc_loss = ctc_loss
  for _, name in ipairs(additions) do require("nnlua." .. name) end
end)

-- Explained in builtins.lua.
function nnlua.vmap_loops() return require("nnlua.vmap").vmap_loops() end

--- Names that the program makes global.
nnlua.globals = {"tensor", "nn", "F", "optim", "data", "train", "metrics"}

-- The other parts are tables of their own. Those that come with other packages are there when those are.
for _, name in ipairs {"nn", "optim", "data", "train", "metrics"} do nnlua[name] = lazy.part("nnlua." .. name) end
for _, name in ipairs {"plot", "help", "lesson"} do
  if package.searchpath("nnlua." .. name, package.path) then
    nnlua[name] = lazy.part("nnlua." .. name)
    table.insert(nnlua.globals, name)
  end
end

-- Explained in builtins.lua; loaded when it is used.
function nnlua.profile(f, ...) return require("nnlua.profile").run(f, ...) end

--- Helpers of the prompt: fields that are loaded when they are asked for.
nnlua.helpers = {}
for name in ("who time bench profile run reload edit save_session up down locals exit quit"):gmatch("%S+") do
  nnlua.helpers[name] = true
end

return setmetatable(nnlua, {__index = function(t, name)
  return rawget(t, "helpers")[name] and require("nnlua.repl.helpers")[name] or nil
end})
