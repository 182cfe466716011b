-- Pooling layers, the way back from a maximum, and pools with windows by chance.

local core = require "nnlua.core"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

-- What it is given; `return pass(f(x))` is no tail call of f, so that f's errors find the layer on the stack.
local function pass(...) return ... end

-- Defines a layer for the numbers of dimensions first to last: N in the signature stands for it.
local function define(name, arguments, func, forward, first, last)
  for n = first or 1, last or 3 do
    local f, class_name = F[func:format(n)], name:format(n)
    local class = module.define(class_name, (arguments:gsub("N", tostring(n))))
    layers[class_name] = class
    function class:init(...)
      module.configure(self, class, nil, ...)
      if class.signature.by_name.stride and not self.stride then self.stride = self.kernel_size end
    end
    class.forward = forward(f, n)
  end
end

--- The largest element of each window: nn.MaxPool2d(kernel_size, {stride = kernel_size, padding = 0, dilation = 1,
-- return_indices = false, ceil_mode = false}) for [N, C, H, W] or [C, H, W]; MaxPool1d and MaxPool3d likewise. With
-- return_indices also their places, from 1 within each plane.
--     nn.MaxPool2d(2)(tensor.arange(4):view(1, 1, 2, 2):float())
--     --> {{{{3}}}}
define("MaxPool%dd", "kernel_size:count*N, stride:count*N?, padding:amount*N=0, dilation:count*N=1, "
  .. "return_indices:bool=false, ceil_mode:bool=false", "max_pool%dd", function(f)
  return function(self, x)
    return f(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)
  end
end)

--- The mean of each window of [N, C, L] or [C, L]: nn.AvgPool1d(kernel_size, {stride = kernel_size, padding = 0,
-- ceil_mode = false, count_include_pad = true}).
--     nn.AvgPool1d(2)(tensor{{{1, 3, 2, 4}}})
--     --> {{{2, 3}}}
define("AvgPool1d", "kernel_size:count*N, stride:count*N?, padding:amount*N=0, ceil_mode:bool=false, "
  .. "count_include_pad:bool=true", "avg_pool%dd", function(f)
  return function(self, x)
    return f(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
  end
end, 1, 1)

--- The mean of each window: nn.AvgPool2d(kernel_size, {stride = kernel_size, padding = 0, ceil_mode = false,
-- count_include_pad = true, divisor_override = nil}); nn.AvgPool3d likewise.
--     nn.AvgPool2d(2)(tensor.arange(4):view(1, 1, 2, 2):float())
--     --> {{{{1.5}}}}
define("AvgPool%dd", "kernel_size:count*N, stride:count*N?, padding:amount*N=0, ceil_mode:bool=false, "
  .. "count_include_pad:bool=true, divisor_override:int?", "avg_pool%dd", function(f)
  return function(self, x)
    return f(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
      self.divisor_override)
  end
end, 2, 3)

--- Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}); -1 keeps a
-- size. nn.AdaptiveAvgPool1d and nn.AdaptiveAvgPool3d likewise.
--     nn.AdaptiveAvgPool2d(1)(tensor.ones(2, 3, 8, 6)).shape
--     --> {2, 3, 1, 1}
define("AdaptiveAvgPool%dd", "output_size:int*N", "adaptive_avg_pool%dd", function(f)
  return function(self, x) return f(x, self.output_size) end
end)

--- Maxima over windows that divide the input into output_size parts: nn.AdaptiveMaxPool2d(output_size,
-- {return_indices = false}); -1 keeps a size. nn.AdaptiveMaxPool1d and nn.AdaptiveMaxPool3d likewise.
--     nn.AdaptiveMaxPool1d(2)(tensor{{{1, 3, 2, 4}}})
--     --> {{{3, 4}}}
define("AdaptiveMaxPool%dd", "output_size:int*N, return_indices:bool=false", "adaptive_max_pool%dd", function(f)
  return function(self, x) return f(x, self.output_size, self.return_indices) end
end)

--- The norm_type-norm of each window: nn.LPPool2d(norm_type, kernel_size, {stride = kernel_size, ceil_mode = false});
-- nn.LPPool1d and nn.LPPool3d likewise.
--     nn.LPPool1d(2, 2)(tensor{{{3, 4, 0, 2}}})
--     --> {{{5, 2}}}
define("LPPool%dd", "norm_type:number, kernel_size:count*N, stride:count*N?, ceil_mode:bool=false", "lp_pool%dd",
  function(f)
    return function(self, x) return (f(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)) end
  end)

--- Maxima of windows whose places are drawn by chance: nn.FractionalMaxPool2d(kernel_size, {output_size = nil,
-- output_ratio = nil, return_indices = false}); nn.FractionalMaxPool3d likewise.
--     nn.FractionalMaxPool2d(2, {output_ratio = 0.5})(tensor.rand(1, 1, 8, 8)).shape
--     --> {1, 1, 4, 4}
define("FractionalMaxPool%dd", "kernel_size:count*N, output_size:count*N?, output_ratio:number*N?, "
  .. "return_indices:bool=false, _random_samples:any?", "fractional_max_pool%dd", function(f)
  return function(self, x)
    return pass(f(x, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples))
  end
end, 2, 3)

--- Puts the values of a max pool back to their places and zeros elsewhere: nn.MaxUnpool2d(kernel_size, {stride =
-- kernel_size, padding = 0}), called with values, indices and perhaps output_size. nn.MaxUnpool1d and nn.MaxUnpool3d
-- likewise.
--     local y, i = nn.MaxPool1d(2, {return_indices = true})(tensor{{{1, 3, 2, 4}}})
--     nn.MaxUnpool1d(2)(y, i)
--     --> {{{0, 3, 0, 4}}}
define("MaxUnpool%dd", "kernel_size:count*N, stride:count*N?, padding:amount*N=0", "max_unpool%dd", function(f)
  return function(self, x, indices, output_size)
    if type(output_size) == "table" and output_size.output_size then output_size = output_size.output_size end
    return (f(x, indices, self.kernel_size, self.stride, self.padding, output_size))
  end
end)

return layers
