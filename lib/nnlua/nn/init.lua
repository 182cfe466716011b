-- nn: modules, layers, containers, losses, initialisers. One file a family; this one only gathers them.

local module = require "nnlua.nn.module"
require "nnlua.functional"

local nn = {
  class = module.class,
  is = module.is,
  Module = module.Module,
  Parameter = module.Parameter,
  Buffer = module.Buffer,
  init = require "nnlua.nn.initialize",
  utils = require "nnlua.nn.utils",
}

local families = {
  "container", "linear", "conv", "pooling", "padding", "norm", "activation", "adaptive", "dropout", "embedding",
  "image", "distance", "lazy", "loss", "recurrent", "attention", "transformer",
  "position",
}
for _, family in ipairs(families) do
  for name, class in pairs(require("nnlua.nn." .. family)) do nn[name] = class end
end

nn.utils.rnn = require "nnlua.nn.utils.rnn"
nn.utils.parametrize = require "nnlua.nn.utils.parametrize"
nn.utils.parametrizations = require "nnlua.nn.utils.parametrizations"
for name, f in pairs(require "nnlua.nn.utils.reparametrize") do nn.utils[name] = f end

local saving = require "nnlua.save"
nn.save, nn.load = saving.save, saving.load
nn.summary = require("nnlua.nn.summary").summary

return nn
