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
define("Dropout", "dropout")

--- Drops whole channels of [N, C, L].
define("Dropout1d", "dropout1d")

--- Drops whole channels of [N, C, H, W].
define("Dropout2d", "dropout2d")

--- Drops whole channels of [N, C, D, H, W].
define("Dropout3d", "dropout3d")

return layers
