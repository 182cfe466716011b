-- Pooling layers. A kind is there when F has its function.

local core = require "nnlua.core"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

-- Defines a layer for 1, 2 and 3 dimensions: N in the signature is the number of dimensions.
local function define(name, arguments, func, setup)
  for n = 1, 3 do
    local f = F[func:format(n)]
    if f then
      local class = module.define(name:format(n), (arguments:gsub("N", tostring(n))))
      layers[name:format(n)] = class
      function class:init(...)
        module.configure(self, class, nil, ...)
        if class.signature.by_name.stride and not self.stride then self.stride = self.kernel_size end
      end
      setup(class, f)
    end
  end
end

--- The largest element of each window: nn.MaxPool2d(kernel_size, {stride = kernel_size, padding = 0, dilation = 1,
-- return_indices = false, ceil_mode = false}). With return_indices also their places (from 1 in each plane).
define("MaxPool%dd", "kernel_size:count*N, stride:count*N?, padding:amount*N=0, dilation:count*N=1, "
  .. "return_indices:bool=false, ceil_mode:bool=false", "max_pool%dd", function(class, f)
  function class:forward(x)
    return f(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)
  end
end)

--- The mean of each window: nn.AvgPool2d(kernel_size, {stride = kernel_size, padding = 0, ceil_mode = false,
-- count_include_pad = true, divisor_override = nil}).
define("AvgPool%dd", "kernel_size:count*N, stride:count*N?, padding:amount*N=0, ceil_mode:bool=false, "
  .. "count_include_pad:bool=true, divisor_override:count?", "avg_pool%dd", function(class, f)
  function class:forward(x)
    return f(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
      self.divisor_override)
  end
end)

--- Means over windows that divide the input into output_size parts: nn.AdaptiveAvgPool2d(1) or ({2, 3}).
define("AdaptiveAvgPool%dd", "output_size:count*N", "adaptive_avg_pool%dd", function(class, f)
  function class:forward(x) return f(x, self.output_size) end
end)

--- Maxima over windows that divide the input into output_size parts.
define("AdaptiveMaxPool%dd", "output_size:count*N", "adaptive_max_pool%dd", function(class, f)
  function class:forward(x) return f(x, self.output_size) end
end)

return layers
