-- Layers that drop elements or channels while training.

local core = require "nnlua.core"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

local function define(name, func)
  local class = module.define(name, "p:fraction=0.5, inplace:bool=false")
  function class:init(...) module.configure(self, class, nil, ...) end
  function class:forward(x)
    local y = F[func](x, self.p, self.training)
    return self.inplace and y ~= x and x:copy_(y) or y
  end
  layers[name] = class
end

--- Sets elements to zero with probability p while training and scales the rest by 1 / (1 - p); passes its input on in
-- evaluation mode: nn.Dropout(p).
--     nn.Dropout(0.5):eval()(tensor{1, 2})
--     --> {1, 2}
define("Dropout", "dropout")

--- Drops whole channels of [N, C, L] or [C, L]: nn.Dropout1d(p).
--     nn.Dropout1d(1)(tensor.ones(1, 2, 3)):sum():item()
--     --> 0.0
define("Dropout1d", "dropout1d")

--- Drops whole channels of [N, C, H, W] or [C, H, W]: nn.Dropout2d(p).
--     nn.Dropout2d(0.5):eval()(tensor.ones(1, 2, 2, 2)):sum():item()
--     --> 8.0
define("Dropout2d", "dropout2d")

--- Drops whole channels of [N, C, D, H, W] or [C, D, H, W]: nn.Dropout3d(p).
--     nn.Dropout3d(0.5):eval()(tensor.ones(1, 2, 2, 2, 2)):sum():item()
--     --> 16.0
define("Dropout3d", "dropout3d")

--- Dropout for networks of SELU, which keeps mean 0 and variance 1: nn.AlphaDropout(p).
--     nn.AlphaDropout(0.5):eval()(tensor{1, 2})
--     --> {1, 2}
define("AlphaDropout", "alpha_dropout")

--- AlphaDropout of whole channels of [N, C, ...]: nn.FeatureAlphaDropout(p).
--     nn.FeatureAlphaDropout(0.5):eval()(tensor{{1, 2}})
--     --> {{1, 2}}
define("FeatureAlphaDropout", "feature_alpha_dropout")

return layers
