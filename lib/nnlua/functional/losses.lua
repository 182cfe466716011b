-- Losses of F that are compositions of operations: margins, distances, focal and Dice losses.

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

--- triplet_margin_loss with a distance of one's own: distance_function(a, b) returns one number a row; without it
-- F.pairwise_distance.
--     local function city(a, b) return (a - b):abs():sum(-1) end
--     F.triplet_margin_with_distance_loss(tensor{{0, 0}}, tensor{{1, 1}}, tensor{{2, 0}}, {distance_function = city})
--     --> 1
define("triplet_margin_with_distance_loss", "anchor positive negative", "distance_function:callable?, "
  .. "margin:number=1.0, swap:bool=false, reduction:string=mean", function(a, anchor, positive, negative)
  local distance = a.distance_function or F.pairwise_distance
  if a.margin <= 0 then
    fail.raise("triplet_margin_with_distance_loss: margin must be greater than 0, got %g", a.margin)
  end
  local near, far = distance(anchor, positive), distance(anchor, negative)
  if a.swap then far = tensor.minimum(far, distance(positive, negative)) end
  return reduce("triplet_margin_with_distance_loss", (near - far + a.margin):clamp(0), a.reduction)
end)

-- Input [N, C] or [C] as rows, and whether it was one.
local function class_rows(name, x)
  if x:dim() ~= 1 and x:dim() ~= 2 then fail.raise("%s: expected input [N, C] or [C], got %s", name, dims_text(x)) end
  return x:dim() == 1 and x:unsqueeze(1) or x, x:dim() == 1
end

-- Class numbers as int64, checked.
local function class_numbers(name, target, classes, least)
  local t = target:long()
  if t:numel() > 0 and (t:min():item() < least or t:max():item() > classes) then
    fail.raise("%s: targets must be classes from 1 to %d", name, classes)
  end
  return t
end

--- Sum over the classes i but the target y of max(0, margin - x_y + x_i) ^ p, divided by their number C; weight [C]
-- weighs the targets. input [N, C] or [C], target classes 1..C.
--     F.multi_margin_loss(tensor{{0.1, 0.2, 0.7}}, tensor{3})
--     --> 0.3
define("multi_margin_loss", "input target", "p:count=1, margin:number=1.0, weight:any?, reduction:string=mean",
  function(a, input, target)
    local x, single = class_rows("multi_margin_loss", input)
    if a.p > 2 then fail.raise("multi_margin_loss: p must be 1 or 2, got %d", a.p) end
    local t = class_numbers("multi_margin_loss", target, x:size(2), 1):reshape(-1, 1)
    if t:size(1) ~= x:size(1) then
      fail.raise("multi_margin_loss: %d targets for input %s", t:size(1), dims_text(input))
    end
    local terms = (x - x:gather(2, t) + a.margin):clamp(0)
    if a.p == 2 then terms = terms:square() end
    if a.weight then terms = terms * a.weight:index_select(1, t:reshape(-1)):unsqueeze(2) end
    local others = tensor.ones_like(x:detach()):scatter(2, t, 0)
    local loss = (terms * others):sum(2) / x:size(2)
    return reduce("multi_margin_loss", single and loss:reshape{} or loss, a.reduction)
  end)

--- Sum of max(0, 1 - x_y + x_i) over the target classes y and the other classes i, divided by C. input [N, C] or [C];
-- target of that shape lists classes from 1, the first -1 ends the list.
--     F.multilabel_margin_loss(tensor{{0.1, 0.2, 0.4, 0.8}}, tensor{{4, 1, -1, 2}})
--     --> 0.85
define("multilabel_margin_loss", "input target", "reduction:string=mean", function(a, input, target)
  local x, single = class_rows("multilabel_margin_loss", input)
  if dims_text(input) ~= dims_text(target) then
    fail.raise("multilabel_margin_loss: expected a target of input's shape %s, got %s", dims_text(input),
      dims_text(target))
  end
  local t = class_numbers("multilabel_margin_loss", target, x:size(2), -1):reshape(x.shape)
  local listed = t:eq(-1):long():cumsum(2):eq(0)
  if listed:logical_and(t:eq(0)):any() then
    fail.raise("multilabel_margin_loss: target has a 0: classes count from 1, -1 ends a list")
  end
  local at = tensor.where(listed, t, tensor.ones_like(t))
  local is_target = tensor.zeros_like(x:detach()):scatter_add(2, at, listed:to(x.dtype)):gt(0)
  local terms = (x:unsqueeze(2) - x:gather(2, at):unsqueeze(3) + 1):clamp(0)
  local counts = listed:unsqueeze(3):logical_and(is_target:logical_not():unsqueeze(2)):to(x.dtype)
  local loss = (terms * counts):sum({2, 3}) / x:size(2)
  return reduce("multilabel_margin_loss", single and loss:reshape{} or loss, a.reduction)
end)

--- Binary cross-entropy of logits [..., C] and targets of 0 and 1, the mean over the classes: weight weighs these.
--     F.multilabel_soft_margin_loss(tensor{{0, 0}}, tensor{{1, 0}})
--     --> 0.6931472
define("multilabel_soft_margin_loss", "input target", "weight:any?, reduction:string=mean", function(a, x, y)
  local loss = -(y * F.logsigmoid(x) + (1 - y) * F.logsigmoid(-x))
  if a.weight then loss = loss * a.weight end
  return reduce("multilabel_soft_margin_loss", loss:mean(-1), a.reduction)
end)

--- cross_entropy of linear(input, linear_weight, linear_bias) in one: the options are those of cross_entropy.
--     F.linear_cross_entropy(tensor{{1, 2}}, tensor{{1, 0}, {0, 1}}, tensor{2})
--     --> 0.31326166
define("linear_cross_entropy", "input linear_weight target", "linear_bias:any?, weight:any?, reduction:string=mean, "
  .. "ignore_index:int?, label_smoothing:fraction=0", function(a, x, linear_weight, target)
  local shape = {linear_weight:size()}
  local wide = #shape > 2 -- [C, d1, ..., in]: a loss for each of the places
  local w = wide and linear_weight:reshape(-1, shape[#shape]) or linear_weight
  if a.linear_bias ~= nil and not core.tensor.is_tensor(a.linear_bias) then
    fail.raise("linear_cross_entropy: linear_bias must be a tensor, got %s", fail.show(a.linear_bias))
  end
  local logits = F.linear(x, w, wide and a.linear_bias and a.linear_bias:reshape(-1) or a.linear_bias)
  if wide then logits = logits:reshape({x:size(1), table.unpack(shape, 1, #shape - 1)}) end
  return F.cross_entropy(logits, target, a.weight, {reduction = a.reduction, label_smoothing = a.label_smoothing,
    ignore_index = a.ignore_index or -100})
end)

--- Binary cross-entropy of logits in which examples that are easy count less (Lin et al. 2017), as in torchvision:
-- alpha_t (1 - p_t) ^ gamma * bce, p_t the probability given to the target. alpha weighs the ones (1 - alpha the
-- zeros), a negative one weighs nothing.
--     F.sigmoid_focal_loss(tensor{0, 4}, tensor{1, 1})
--     --> {0.0433, 1.47e-06}
define("sigmoid_focal_loss", "input target", "alpha:number=0.25, gamma:positive=2, reduction:string=none",
  function(a, x, y)
    local p = x:sigmoid()
    local off = 1 - (p * y + (1 - p) * (1 - y))
    local loss = F.binary_cross_entropy_with_logits(x, y, {reduction = "none"}) * off ^ a.gamma
    if a.alpha >= 0 then loss = loss * (y * a.alpha + (1 - y) * (1 - a.alpha)) end
    return reduce("sigmoid_focal_loss", loss, a.reduction)
  end)

--- Cross-entropy in which examples that are easy count less (Lin et al. 2017): (1 - p_t) ^ gamma * -log p_t. input are
-- logits [N, C, ...]; target classes 1..C [N, ...], or of input's shape with 0 and 1 for every class by itself, which
-- is sigmoid_focal_loss. alpha is a number for the latter, a tensor of class weights [C] for the former.
--     F.focal_loss(tensor{{0, 0}, {4, 0}}, tensor{1, 1}, {reduction = "none"})
--     --> {0.1733, 5.87e-06}
define("focal_loss", "input target", "alpha:any?, gamma:positive=2, reduction:string=mean", function(a, x, y)
  if dims_text(x) == dims_text(y) then
    return F.sigmoid_focal_loss(x, y, a.alpha or -1, a.gamma, a.reduction)
  end
  local log_p = -F.cross_entropy(x, y, {reduction = "none"})
  local loss = -(1 - log_p:exp()):clamp(0) ^ a.gamma * log_p
  if a.alpha then
    local weight = tensor.is_tensor(a.alpha) and a.alpha or tensor(a.alpha)
    loss = loss * weight:index_select(1, y:long():reshape(-1)):reshape(y.shape)
  end
  return reduce("focal_loss", loss, a.reduction)
end)

--- One minus the Dice coefficient (Milletari et al. 2016), for segmentation: 1 - (2 sum(p t) + smooth) / (sum(p) +
-- sum(t) + smooth), the sums over the batch and all places of each class, the mean over the classes. input are logits
-- [N, C, ...]; target classes 1..C [N, ...] (softmax) or of input's shape with 0 and 1 (sigmoid). With
-- from_logits = false input are probabilities.
--     F.dice_loss(tensor{{{1, 1, 0, 0}}}, tensor{{{1, 0, 0, 0}}}, {from_logits = false})
--     --> 0.3333333
define("dice_loss", "input target", "smooth:positive=0, eps:positive=1e-7, from_logits:bool=true", function(a, x, y)
  if x:dim() < 2 then fail.raise("dice_loss: expected input [N, C, ...], got %s", dims_text(x)) end
  local dims, same = {1}, dims_text(x) == dims_text(y)
  for d = 3, x:dim() do dims[#dims + 1] = d end
  local p = x
  if a.from_logits then p = same and x:sigmoid() or x:softmax(2) end
  if not same then y = F.one_hot(y:long(), x:size(2)):movedim(-1, 2):to(x.dtype) end
  local both, all = (p * y):sum(dims), (p + y):sum(dims)
  return (1 - (both * 2 + a.smooth) / (all + a.smooth):clamp(a.eps)):mean()
end)

-- Lengths may be tensors, as in PyTorch.
local ctc_loss = F.ctc_loss
local function lengths(v)
  if not tensor.is_tensor(v) then return type(v) == "number" and {v} or v end
  local list = v:reshape(-1):totable()
  for i, n in ipairs(list) do list[i] = math.tointeger(n) or n end
  return list
end

function F.ctc_loss(log_probs, targets, input_lengths, target_lengths, ...)
  return ctc_loss(log_probs, targets, lengths(input_lengths), lengths(target_lengths), ...)
end
