-- Loss functions as layers: nn.CrossEntropyLoss(options)(input, target). A layer is there when F has its function.

local core = require "nnlua.core"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

-- Defines a loss whose hyperparameters go to the function of F by name; tensors among them are buffers.
local function define(name, arguments, func)
  local f = F[func]
  if not f then return end
  local class = module.define(name, arguments)
  layers[name] = class
  local names, tensors = {}, {}
  for i, p in ipairs(class.signature) do
    names[i] = p.name
    tensors[p.name] = p.alternatives[1].kind.text == "a value" or nil
  end

  function class:init(...)
    local a = module.configure(self, class, tensors, ...)
    for key in pairs(tensors) do self:register_buffer(key, a[key]) end
  end

  function class:forward(...)
    local options = {}
    for _, key in ipairs(names) do options[key] = self[key] end
    local n = select("#", ...)
    if n == 2 then
      local input, target = ...
      return f(input, target, options)
    end
    local all = {...}
    all[n + 1] = options
    return f(table.unpack(all, 1, n + 1))
  end
end

--- Mean of (input - target)^2: nn.MSELoss({reduction = "mean"}); "sum" or "none" instead of "mean".
define("MSELoss", "reduction:string=mean", "mse_loss")

--- Mean of |input - target|.
define("L1Loss", "reduction:string=mean", "l1_loss")

--- Squares below beta, absolute values above.
define("SmoothL1Loss", "reduction:string=mean, beta:positive=1.0", "smooth_l1_loss")

--- As SmoothL1Loss, times delta.
define("HuberLoss", "reduction:string=mean, delta:positive=1.0", "huber_loss")

--- Log-softmax and negative log-likelihood in one. input: logits [N, C, ...], target: classes 1..C [N, ...] or
-- probabilities [N, C, ...]. nn.CrossEntropyLoss({weight = nil, ignore_index = -100, reduction = "mean",
-- label_smoothing = 0}).
define("CrossEntropyLoss", "weight:any?, ignore_index:int=-100, reduction:string=mean, label_smoothing:fraction=0",
  "cross_entropy")

--- Negative log-likelihood of log-probabilities [N, C, ...] under classes 1..C.
define("NLLLoss", "weight:any?, ignore_index:int=-100, reduction:string=mean", "nll_loss")

--- Binary cross-entropy of probabilities.
define("BCELoss", "weight:any?, reduction:string=mean", "binary_cross_entropy")

--- Sigmoid and binary cross-entropy in one: input are logits.
define("BCEWithLogitsLoss", "weight:any?, reduction:string=mean, pos_weight:any?",
  "binary_cross_entropy_with_logits")

--- Kullback-Leibler divergence of log-probabilities (input) from probabilities (target).
define("KLDivLoss", "reduction:string=mean, log_target:bool=false", "kl_div")

--- Negative log-likelihood of counts (target) under a Poisson distribution.
define("PoissonNLLLoss", "log_input:bool=true, full:bool=false, eps:positive=1e-8, reduction:string=mean",
  "poisson_nll_loss")

--- Negative log-likelihood under a normal distribution: loss(mean, target, variance).
define("GaussianNLLLoss", "full:bool=false, eps:positive=1e-6, reduction:string=mean", "gaussian_nll_loss")

--- log(1 + exp(-target * input)) for targets of -1 and 1.
define("SoftMarginLoss", "reduction:string=mean", "soft_margin_loss")

--- input where target is 1, max(0, margin - input) where it is -1.
define("HingeEmbeddingLoss", "margin:number=1.0, reduction:string=mean", "hinge_embedding_loss")

--- max(0, -target * (x1 - x2) + margin): loss(x1, x2, target).
define("MarginRankingLoss", "margin:number=0.0, reduction:string=mean", "margin_ranking_loss")

--- 1 - cos(x1, x2) where target is 1, max(0, cos(x1, x2) - margin) where it is -1: loss(x1, x2, target).
define("CosineEmbeddingLoss", "margin:number=0.0, reduction:string=mean", "cosine_embedding_loss")

--- max(0, d(anchor, positive) - d(anchor, negative) + margin): loss(anchor, positive, negative).
define("TripletMarginLoss", "margin:number=1.0, p:number=2, eps:positive=1e-6, swap:bool=false, "
  .. "reduction:string=mean", "triplet_margin_loss")

return layers
