-- Layers that add elements at the borders.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

local layouts = {"[N, C, L] or [C, L]", "[N, C, H, W] or [C, H, W]", "[N, C, D, H, W] or [C, D, H, W]"}

-- Layers of a family for 1, 2 and 3 dimensions; padding is one number or a pair for each dimension, the last one
-- first.
local function define(family, arguments, mode)
  for n = 1, 3 do
    local name = ("%s%dd"):format(family, n)
    local class = module.define(name, (arguments:gsub("N", tostring(2 * n))))
    layers[name] = class
    function class:init(...) module.configure(self, class, nil, ...) end
    function class:forward(x)
      if mode ~= "constant" and x:dim() ~= n + 1 and x:dim() ~= n + 2 then
        fail.raise("%s: expected input %s, got [%s]", name, layouts[n], table.concat({x:size()}, ", "))
      end
      if mode ~= "constant" then return F.pad(x, self.padding, mode) end
      return F.pad(x, self.padding, mode, self.value or 0)
    end
  end
end

--- Mirrors what lies inside: nn.ReflectionPad2d(padding), padding a number or {left, right, top, bottom} (the last
-- dimension first). nn.ReflectionPad1d and nn.ReflectionPad3d likewise.
--     nn.ReflectionPad1d(2)(tensor{{{1, 2, 3}}})
--     --> {{{3, 2, 1, 2, 3, 2, 1}}}
define("ReflectionPad", "padding:int*N", "reflect")

--- Repeats the border: nn.ReplicationPad2d(padding), see nn.ReflectionPad2d. nn.ReplicationPad1d, nn.ReplicationPad3d.
--     nn.ReplicationPad1d({1, 2})(tensor{{{1, 2, 3}}})
--     --> {{{1, 1, 2, 3, 3, 3}}}
define("ReplicationPad", "padding:int*N", "replicate")

--- Goes on from the other side: nn.CircularPad2d(padding), see nn.ReflectionPad2d. nn.CircularPad1d, nn.CircularPad3d.
--     nn.CircularPad1d(1)(tensor{{{1, 2, 3}}})
--     --> {{{3, 1, 2, 3, 1}}}
define("CircularPad", "padding:int*N", "circular")

--- Adds elements of one value: nn.ConstantPad2d(padding, value), padding a number or {left, right, top, bottom} (the
-- last dimension first; negative numbers take elements away). nn.ConstantPad1d and nn.ConstantPad3d likewise.
--     nn.ConstantPad1d({1, 0}, 7)(tensor{{{1, 2}}})
--     --> {{{7, 1, 2}}}
define("ConstantPad", "padding:int*N, value:number", "constant")

--- Adds zeros: nn.ZeroPad2d(padding), see nn.ConstantPad2d. nn.ZeroPad1d, nn.ZeroPad3d.
--     nn.ZeroPad1d(1)(tensor{{{1, 2}}})
--     --> {{{0, 1, 2, 0}}}
define("ZeroPad", "padding:int*N", "constant")

return layers
