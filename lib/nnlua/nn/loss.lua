-- Loss functions as layers: nn.CrossEntropyLoss(options)(input, target). A layer is there when F has its function.

local core = require "nnlua.core"
local linear = require "nnlua.nn.linear"
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
    for key in pairs(tensors) do
      if type(a[key]) == "number" then self[key] = a[key] else self:register_buffer(key, a[key]) end
    end
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

--- Squares below beta, absolute values above: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, d = input - target.
define("SmoothL1Loss", "reduction:string=mean, beta:positive=1.0", "smooth_l1_loss")

--- As SmoothL1Loss, times delta: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2), d = input - target.
define("HuberLoss", "reduction:string=mean, delta:positive=1.0", "huber_loss")

--- Log-softmax and negative log-likelihood in one: -log(exp(x_t) / sum(exp(x))), averaged. input: logits [N, C, ...],
-- target: classes 1..C [N, ...] or probabilities [N, C, ...]. nn.CrossEntropyLoss({weight = nil, ignore_index = -100,
-- reduction = "mean", label_smoothing = 0}).
define("CrossEntropyLoss", "weight:any?, ignore_index:int=-100, reduction:string=mean, label_smoothing:fraction=0",
  "cross_entropy")

--- Negative log-likelihood of log-probabilities [N, C, ...] under classes 1..C: -x_t, averaged.
define("NLLLoss", "weight:any?, ignore_index:int=-100, reduction:string=mean", "nll_loss")

--- Binary cross-entropy of probabilities: -(t log p + (1 - t) log(1 - p)), averaged.
define("BCELoss", "weight:any?, reduction:string=mean", "binary_cross_entropy")

--- Sigmoid and binary cross-entropy in one, max(x, 0) - x t + log(1 + exp(-|x|)): input are logits.
define("BCEWithLogitsLoss", "weight:any?, reduction:string=mean, pos_weight:any?",
  "binary_cross_entropy_with_logits")

--- Kullback-Leibler divergence of log-probabilities x (input) from probabilities t (target): t (log t - x).
define("KLDivLoss", "reduction:string=mean, log_target:bool=false", "kl_div")

--- Negative log-likelihood of counts t (target) under a Poisson distribution: exp(x) - t x, or x - t log(x + eps) with
-- log_input = false.
define("PoissonNLLLoss", "log_input:bool=true, full:bool=false, eps:positive=1e-8, reduction:string=mean",
  "poisson_nll_loss")

--- Negative log-likelihood under a normal distribution, (log v + (x - t)^2 / v) / 2: loss(mean, target, variance).
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

--- TripletMarginLoss with a distance of one's own: loss(anchor, positive, negative).
define("TripletMarginWithDistanceLoss", "distance_function:callable?, margin:number=1.0, swap:bool=false, "
  .. "reduction:string=mean", "triplet_margin_with_distance_loss")

--- Hinges between the target class y and each other, sum of max(0, margin - x_y + x_i)^p over i, divided by C: input
-- [N, C], target classes 1..C.
define("MultiMarginLoss", "p:count=1, margin:number=1.0, weight:any?, reduction:string=mean", "multi_margin_loss")

--- Hinges between each of several target classes (a list that -1 ends) and each other class: input and target [N, C].
define("MultiLabelMarginLoss", "reduction:string=mean", "multilabel_margin_loss")

--- Binary cross-entropy of logits [N, C], the mean over the classes.
define("MultiLabelSoftMarginLoss", "weight:any?, reduction:string=mean", "multilabel_soft_margin_loss")

--- Connectionist temporal classification: loss(log_probs, targets, input_lengths, target_lengths), with log_probs
-- [T, N, C], targets [N, S] classes from 1 without the blank.
define("CTCLoss", "blank:count=1, reduction:string=mean, zero_infinity:bool=false", "ctc_loss")

--- Cross-entropy in which easy examples count less, (1 - p_t)^gamma * -log p_t: input are logits [N, C, ...], target
-- classes 1..C or 0 and 1 of input's shape.
define("FocalLoss", "alpha:any?, gamma:positive=2, reduction:string=mean", "focal_loss")

--- One minus the Dice coefficient, for segmentation: input are logits [N, C, ...], target classes 1..C or 0 and 1 of
-- input's shape.
define("DiceLoss", "smooth:positive=0, eps:positive=1e-7, from_logits:bool=true", "dice_loss")

--- The old name of nn.NLLLoss for images.
layers.NLLLoss2d = module.class("NLLLoss2d", layers.NLLLoss)

--- A linear layer and the cross-entropy of what it gives: loss(input, target). The layer is loss.linear; with
-- out_features it gives logits [N, C, out_features...].
local LinearCrossEntropyLoss = module.define("LinearCrossEntropyLoss", "in_features:count, num_classes:count, "
  .. "out_features:count*?, bias:bool=false, reduction:string=mean, weight:any?, ignore_index:int?, "
  .. "label_smoothing:fraction=0")
layers.LinearCrossEntropyLoss = LinearCrossEntropyLoss

function LinearCrossEntropyLoss:init(...)
  local a = module.configure(self, LinearCrossEntropyLoss, {weight = true, bias = true}, ...)
  self:register_buffer("weight", a.weight)
  local n = a.num_classes
  for _, size in ipairs(a.out_features or {}) do n = n * size end
  self.linear = linear.Linear(a.in_features, n, {bias = a.bias})
end

function LinearCrossEntropyLoss:forward(input, target)
  local w, b, shape = self.linear.weight, self.linear.bias, {self.num_classes}
  table.move(self.out_features or {}, 1, #(self.out_features or {}), 2, shape)
  if b then b = b:reshape(shape) end
  shape[#shape + 1] = self.in_features
  return F.linear_cross_entropy(input, w:reshape(shape), target, {linear_bias = b, weight = self.weight,
    reduction = self.reduction, ignore_index = self.ignore_index, label_smoothing = self.label_smoothing})
end

return layers
