-- Layers of matrix products.

local core = require "nnlua.core"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

--- y = x W^T + b on the last dimension: nn.Linear(in_features, out_features, {bias = true}).
-- x [..., in_features], weight [out_features, in_features], bias [out_features], result [..., out_features]. Weight and
-- bias start uniform within 1 / sqrt(in_features).
local Linear = module.define("Linear", "in_features:amount, out_features:amount, bias:bool=true, dtype:string?")
layers.Linear = Linear

function Linear:init(...)
  local a = module.configure(self, Linear, {bias = true, dtype = true}, ...)
  self.weight = module.empty_parameter(a.dtype, a.out_features, a.in_features)
  if a.bias then self.bias = module.empty_parameter(a.dtype, a.out_features) end
  self:reset_parameters()
end

--- Draws weight and bias anew.
function Linear:reset_parameters()
  local bound = self.in_features > 0 and 1 / math.sqrt(self.in_features) or 0
  init.uniform_(self.weight, -bound, bound)
  if self.bias then init.uniform_(self.bias, -bound, bound) end
end

function Linear:forward(x) return F.linear(x, self.weight, self.bias) end

--- y_k = x1^T W_k x2 + b_k: nn.Bilinear(in1_features, in2_features, out_features, {bias = true}).
local Bilinear = module.define("Bilinear",
  "in1_features:count, in2_features:count, out_features:count, bias:bool=true, dtype:string?")
layers.Bilinear = Bilinear

function Bilinear:init(...)
  local a = module.configure(self, Bilinear, {bias = true, dtype = true}, ...)
  self.weight = module.empty_parameter(a.dtype, a.out_features, a.in1_features, a.in2_features)
  if a.bias then self.bias = module.empty_parameter(a.dtype, a.out_features) end
  local bound = 1 / math.sqrt(a.in1_features)
  init.uniform_(self.weight, -bound, bound)
  if self.bias then init.uniform_(self.bias, -bound, bound) end
end

function Bilinear:forward(x1, x2) return (F.bilinear(x1, x2, self.weight, self.bias)) end

--- Returns what it is given; arguments of the constructor are ignored, so that it can stand in for any layer.
local Identity = module.class("Identity")
layers.Identity = Identity

function Identity:forward(...) return ... end

return layers
