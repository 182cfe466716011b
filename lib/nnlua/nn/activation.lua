-- Activation functions as layers. A layer is there when F has its function.

local core = require "nnlua.core"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

-- Defines a layer: its class name, its signature, the function of F and how it is called (default: with the input).
local function define(name, arguments, func, forward)
  local f = F[func]
  if not f then return end
  local class = module.define(name, arguments)
  layers[name] = class
  local inplace = class.signature.by_name.inplace and F[func .. "_"]
  function class:init(...) module.configure(self, class, nil, ...) end
  if not forward then
    function class.forward(_, x) return (f(x)) end -- no tail call: errors find the layer on the stack
  elseif not inplace then
    function class:forward(x) return (forward(f, x, self)) end
  else
    function class:forward(x)
      return (forward(self.inplace and inplace or f, x, self))
    end
  end
end

local function plain(f, x) return f(x) end

--- max(x, 0): nn.ReLU({inplace = false}).
define("ReLU", "inplace:bool=false", "relu", plain)

--- min(max(x, 0), 6).
define("ReLU6", "inplace:bool=false", "relu6", plain)

--- x for x > 0, else negative_slope * x: nn.LeakyReLU(0.01).
define("LeakyReLU", "negative_slope:number=0.01, inplace:bool=false", "leaky_relu",
  function(f, x, m) return f(x, m.negative_slope) end)

--- x for x > 0, else alpha (exp(x) - 1): nn.ELU(1.0).
define("ELU", "alpha:number=1.0, inplace:bool=false", "elu", function(f, x, m) return f(x, m.alpha) end)

--- ELU whose constants keep mean 0 and variance 1: 1.0507 (max(0, x) + min(0, 1.6733 (exp(x) - 1))) (Klambauer et al.
-- 2017).
define("SELU", "inplace:bool=false", "selu", plain)

--- max(0, x) + min(0, alpha (exp(x / alpha) - 1)).
define("CELU", "alpha:number=1.0, inplace:bool=false", "celu", function(f, x, m) return f(x, m.alpha) end)

--- 1 / (1 + exp(-x)).
define("Sigmoid", "", "sigmoid")

--- Hyperbolic tangent: (exp(x) - exp(-x)) / (exp(x) + exp(-x)).
define("Tanh", "", "tanh")

--- x times the normal distribution function of x, x / 2 (1 + erf(x / sqrt(2))); approximate = "tanh" is x / 2 (1 +
-- tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016).
define("GELU", "approximate:string=none", "gelu", function(f, x, m) return f(x, {approximate = m.approximate}) end)

--- x * sigmoid(x), also known as swish.
define("SiLU", "inplace:bool=false", "silu", plain)

--- x * tanh(softplus(x)).
define("Mish", "inplace:bool=false", "mish", plain)

--- log(1 + exp(beta x)) / beta.
define("Softplus", "beta:number=1, threshold:number=20", "softplus",
  function(f, x, m) return f(x, m.beta, m.threshold) end)

--- x / (1 + |x|).
define("Softsign", "", "softsign")

--- x - tanh(x).
define("Tanhshrink", "", "tanhshrink")

--- Moves x by lambd towards zero.
define("Softshrink", "lambd:positive=0.5", "softshrink", function(f, x, m) return f(x, m.lambd) end)

--- x where |x| > lambd, else 0.
define("Hardshrink", "lambd:positive=0.5", "hardshrink", function(f, x, m) return f(x, m.lambd) end)

--- min(max(x, min_val), max_val).
define("Hardtanh", "min_val:number=-1, max_val:number=1, inplace:bool=false", "hardtanh",
  function(f, x, m) return f(x, m.min_val, m.max_val) end)

--- relu6(x + 3) / 6.
define("Hardsigmoid", "inplace:bool=false", "hardsigmoid", plain)

--- x * relu6(x + 3) / 6.
define("Hardswish", "inplace:bool=false", "hardswish", plain)

--- log(sigmoid(x)).
define("LogSigmoid", "", "logsigmoid")

--- x where x > threshold, else value.
define("Threshold", "threshold:number, value:number, inplace:bool=false", "threshold",
  function(f, x, m) return f(x, m.threshold, m.value) end)

--- Half of the channels times the sigmoid of the other half, along dim (default the last).
define("GLU", "dim:int=-1", "glu", function(f, x, m) return f(x, m.dim) end)

--- Leaky ReLU whose slope is drawn from lower..upper while training and their mean in evaluation mode.
define("RReLU", "lower:number=0.125, upper:number=0.3333333333333333, inplace:bool=false", "rrelu",
  function(f, x, m) return f(x, m.lower, m.upper, m.training) end)

-- PyTorch's choice when no dim is given: the first for 0, 1 and 3 dimensions, else the second.
local function class_dim(x, dim)
  if dim then return dim end
  local n = x:dim()
  return (n == 0 or n == 1 or n == 3) and 1 or 2
end

--- exp(x) / sum(exp(x)) along dim. For cross_entropy leave it out: that takes the logits.
define("Softmax", "dim:int?", "softmax", function(f, x, m) return f(x, class_dim(x, m.dim)) end)

--- log(softmax(x)) along dim.
define("LogSoftmax", "dim:int?", "log_softmax", function(f, x, m) return f(x, class_dim(x, m.dim)) end)

--- softmax(-x) along dim.
define("Softmin", "dim:int?", "softmin", function(f, x, m) return f(x, class_dim(x, m.dim)) end)

--- Softmax over the channels of [N, C, H, W].
define("Softmax2d", "", "softmax", function(f, x) return f(x, -3) end)

--- Leaky ReLU with a slope that is learned, one or one a channel: nn.PReLU(num_parameters, {init = 0.25}).
if F.prelu then
  local PReLU = module.define("PReLU", "num_parameters:count=1, init:number=0.25, dtype:string?")
  layers.PReLU = PReLU

  function PReLU:init(...)
    local a = module.configure(self, PReLU, {init = true, dtype = true}, ...)
    self.weight = module.empty_parameter(a.dtype, a.num_parameters)
    core.tensor.no_grad(function() self.weight:fill_(a.init) end)
  end

  function PReLU:forward(x) return (F.prelu(x, self.weight)) end
end

return layers
