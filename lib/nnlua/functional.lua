-- Functions of F that are compositions of operations. One that the engine has a row for is left to it.

local core = require "nnlua.core"
local define = require "nnlua.define"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F

local function dims_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

local function reduce(name, loss, how)
  if how == "mean" then return loss:mean() end
  if how == "sum" then return loss:sum() end
  if how ~= "none" then
    fail.raise("%s: reduction must be 'none', 'mean' or 'sum', got %s", name, fail.show(how))
  end
  return loss
end

-- ---- products -----------------------------------------------------------------------------------------------------

--- x W^T + b on the last dimension: x [..., in], weight [out, in], bias [out] or nil.
define("linear", "input weight bias?", "", function(_, x, weight, bias)
  local y = x:matmul(weight:t())
  return bias and y + bias or y
end)

--- y_k = x1^T W_k x2 + b_k: input1 [..., i], input2 [..., j], weight [k, i, j], bias [k] or nil.
define("bilinear", "input1 input2 weight bias?", "", function(_, a, b, weight, bias)
  -- [..., i] and [..., j] with [k, i, j]: sum over i and j
  local left = a:unsqueeze(-2):unsqueeze(-2):matmul(weight):squeeze(-2)
  local y = (left * b:unsqueeze(-2)):sum(-1)
  return bias and y + bias or y
end)

-- ---- activations --------------------------------------------------------------------------------------------------

define("relu6", "input", "inplace:bool=false", function(_, x) return x:clamp(0, 6) end)

define("selu", "input", "inplace:bool=false", function(_, x)
  return F.elu(x, 1.6732632423543772848170429916717) * 1.0507009873554804934193349852946
end)

--- max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0), elementwise (Barron 2017).
define("celu", "input", "alpha:number=1.0, inplace:bool=false", function(a, x)
  return x:clamp(0) + (x / a.alpha):clamp(nil, 0):expm1() * a.alpha
end)

define("softsign", "input", "", function(_, x) return x / (x:abs() + 1) end)

define("tanhshrink", "input", "", function(_, x) return x - x:tanh() end)

--- softmax(-x) along dim.
define("softmin", "input", "dim:int?", function(a, x) return F.softmax(-x, a.dim) end)

--- Moves each element by lambd towards zero, and to zero where it is nearer than that.
define("softshrink", "input", "lambd:positive=0.5", function(a, x)
  return x - x:clamp(-a.lambd, a.lambd)
end)

--- x where |x| > lambd, else 0, elementwise.
define("hardshrink", "input", "lambd:positive=0.5", function(a, x)
  return tensor.where(x:abs():gt(a.lambd), x, tensor.zeros_like(x))
end)

define("hardsigmoid", "input", "inplace:bool=false", function(_, x) return (x + 3):clamp(0, 6) / 6 end)

define("hardswish", "input", "inplace:bool=false", function(_, x) return x * ((x + 3):clamp(0, 6) / 6) end)

--- The first half of dimension dim times the sigmoid of the second half (Dauphin et al. 2017).
define("glu", "input", "dim:int=-1", function(a, x)
  if x:size(a.dim) % 2 ~= 0 then
    fail.raise("glu: dimension %d of %s has no two halves", a.dim, dims_text(x))
  end
  local left, right = x:chunk(2, a.dim)
  return left * right:sigmoid()
end)

--- x where x > 0, else weight * x; weight has one element or one for each channel (dimension 2).
define("prelu", "input weight", "", function(_, x, weight)
  local n = weight:numel()
  if n > 1 then
    if x:dim() < 2 or x:size(2) ~= n then fail.raise("prelu: %d slopes for input %s", n, dims_text(x)) end
    local shape = {}
    for d = 1, x:dim() do shape[d] = d == 2 and n or 1 end
    weight = weight:reshape(shape)
  end
  return x:clamp(0) + weight * x:clamp(nil, 0)
end)

--- Leaky relu: in training with a slope drawn from lower to upper for each element, else with their mean.
define("rrelu", "input", "lower:number=0.125, upper:number=0.3333333333333333, training:bool=false, "
  .. "inplace:bool=false", function(a, x)
  if not a.training then return F.leaky_relu(x, (a.lower + a.upper) / 2) end
  local slope = tensor.rand_like(x):mul(a.upper - a.lower):add(a.lower)
  return x:clamp(0) + slope * x:clamp(nil, 0)
end)

-- ---- normalisation ------------------------------------------------------------------------------------------------

--- x divided by its p-norm along dim, or by eps where that is larger.
define("normalize", "input", "p:number=2, dim:int=2, eps:positive=1e-12", function(a, x)
  return x / x:norm(a.p, a.dim, true):clamp(a.eps)
end)

-- ---- distances ----------------------------------------------------------------------------------------------------

--- The cosine of the angle between x1 and x2 along dim.
define("cosine_similarity", "x1 x2", "dim:int=2, eps:positive=1e-8", function(a, x, y)
  local xx, yy = x:square():sum(a.dim), y:square():sum(a.dim)
  return (x * y):sum(a.dim) / (xx:sqrt():clamp(a.eps) * yy:sqrt():clamp(a.eps))
end)

--- The p-norm of x1 - x2 + eps along the last dimension.
define("pairwise_distance", "x1 x2", "p:number=2, eps:positive=1e-6, keepdim:bool=false", function(a, x, y)
  return (x - y + a.eps):norm(a.p, -1, a.keepdim)
end)

-- ---- losses -------------------------------------------------------------------------------------------------------

define("smooth_l1_loss", "input target", "reduction:string=mean, beta:positive=1.0", function(a, x, y)
  local d = (x - y):abs()
  if a.beta == 0 then return reduce("smooth_l1_loss", d, a.reduction) end
  local small = d:clamp(nil, a.beta) -- its square below beta; above, what is left counts once
  return reduce("smooth_l1_loss", small:square() * (0.5 / a.beta) + (d - small), a.reduction)
end)

define("huber_loss", "input target", "reduction:string=mean, delta:positive=1.0", function(a, x, y)
  local d = (x - y):abs()
  local small = d:clamp(nil, a.delta)
  return reduce("huber_loss", small:square() * 0.5 + (d - small) * a.delta, a.reduction)
end)

define("kl_div", "input target", "reduction:string=mean, log_target:bool=false", function(a, x, y)
  local loss
  if a.log_target then
    loss = y:exp() * (y - x)
  else -- where the target is zero so is the loss
    local positive = y:gt(0)
    local log = tensor.where(positive, y, tensor.ones_like(y)):log()
    loss = y * log - y * x
  end
  if a.reduction == "batchmean" then return loss:sum() / x:size(1) end
  return reduce("kl_div", loss, a.reduction)
end)

--- Negative log-likelihood of counts under Poisson distributions: exp(x) - y x for log_input, else
-- x - y log(x + eps); full adds Stirling's approximation of log y!.
define("poisson_nll_loss", "input target", "log_input:bool=true, full:bool=false, eps:positive=1e-8, "
  .. "reduction:string=mean", function(a, x, y)
  local loss = a.log_input and x:exp() - y * x or x - y * (x + a.eps):log()
  if a.full then -- Stirling's approximation of log(target!) where target > 1
    local big = y:gt(1)
    local safe = tensor.where(big, y, tensor.ones_like(y))
    local stirling = safe * safe:log() - safe + (safe * (2 * math.pi)):log() * 0.5
    loss = loss + tensor.where(big, stirling, tensor.zeros_like(stirling))
  end
  return reduce("poisson_nll_loss", loss, a.reduction)
end)

--- Negative log-likelihood of target under normal distributions with mean input and variance var:
-- (log v + (x - y)^2 / v) / 2 with v = max(var, eps); full adds log(2 pi) / 2.
define("gaussian_nll_loss", "input target var", "full:bool=false, eps:positive=1e-6, reduction:string=mean",
  function(a, x, y, var)
    if var:dim() == x:dim() - 1 then var = var:unsqueeze(-1) end
    if var:lt(0):any() then fail.raise("gaussian_nll_loss: the variance has negative elements") end
    -- clamped without an effect on the gradient
    local safe = var + (var:detach():clamp(a.eps) - var:detach())
    local loss = (safe:log() + (x - y):square() / safe) * 0.5
    if a.full then loss = loss + 0.5 * math.log(2 * math.pi) end
    return reduce("gaussian_nll_loss", loss, a.reduction)
  end)

--- log(1 + exp(-y x)) for targets of -1 and 1.
define("soft_margin_loss", "input target", "reduction:string=mean", function(a, x, y)
  return reduce("soft_margin_loss", F.softplus(-y * x), a.reduction)
end)

--- x where the target is 1, max(0, margin - x) where it is -1.
define("hinge_embedding_loss", "input target", "margin:number=1.0, reduction:string=mean", function(a, x, y)
  local zero = tensor.zeros_like(x)
  local near = tensor.where(y:ne(-1), x, zero)
  local far = tensor.where(y:ne(1), (a.margin - x):clamp(0), zero)
  return reduce("hinge_embedding_loss", near + far, a.reduction)
end)

--- max(0, -y (x1 - x2) + margin) for targets of -1 and 1.
define("margin_ranking_loss", "input1 input2 target", "margin:number=0.0, reduction:string=mean", function(a, x1, x2, y)
  return reduce("margin_ranking_loss", (-y * (x1 - x2) + a.margin):clamp(0), a.reduction)
end)

--- 1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.
define("cosine_embedding_loss", "input1 input2 target", "margin:number=0.0, reduction:string=mean",
  function(a, x1, x2, y)
    local dot = (x1 * x2):sum(-1)
    local cos = dot / ((x1:square():sum(-1) + 1e-12) * (x2:square():sum(-1) + 1e-12)):sqrt()
    local zero = tensor.zeros_like(cos)
    local loss = tensor.where(y:eq(1), 1 - cos, zero) + tensor.where(y:eq(-1), (cos - a.margin):clamp(0), zero)
    return reduce("cosine_embedding_loss", loss, a.reduction)
  end)

--- max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm distance; swap takes the nearer of
-- anchor and positive to the negative.
define("triplet_margin_loss", "anchor positive negative", "margin:number=1.0, p:number=2, eps:positive=1e-6, "
  .. "swap:bool=false, reduction:string=mean", function(a, anchor, positive, negative)
  local o = {p = a.p, eps = a.eps}
  local near, far = F.pairwise_distance(anchor, positive, o), F.pairwise_distance(anchor, negative, o)
  if a.swap then far = tensor.minimum(far, F.pairwise_distance(positive, negative, o)) end
  return reduce("triplet_margin_loss", (near - far + a.margin):clamp(0), a.reduction)
end)

for _, family in ipairs {"chance", "embedding", "image", "normalization", "pooling"} do
  require("nnlua.functional." .. family)
end

return F
