-- Softmax over very many classes in clusters (Grave et al. 2017).

local core = require "nnlua.core"
local container = require "nnlua.nn.container"
local fail = require "nnlua.fail"
local linear = require "nnlua.nn.linear"
local module = require "nnlua.nn.module"

local tensor, F = core.tensor, core.F
local layers = {}

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

--- An approximate softmax for many classes, the frequent ones first (Grave et al. 2017): nn.AdaptiveLogSoftmaxWithLoss(
-- in_features, n_classes, cutoffs, {div_value = 4, head_bias = false}). The classes 1 to cutoffs[1] stand in the
-- head, those up to cutoffs[2] in the first cluster, and so on; cluster i projects to in_features / div_value^i
-- features. Called with input [N, in_features] and target [N] (classes from 1) it returns the log probabilities of
-- the targets [N] and the loss, the mean of their negatives; without the N for one sample.
--     local m = nn.AdaptiveLogSoftmaxWithLoss(8, 20, {4, 10})
--     local output, loss = m(tensor.randn(3, 8), tensor{1, 7, 20})
--     print(output.shape, loss.shape, m:log_prob(tensor.randn(3, 8)).shape)
--     --> {3}	{}	{3, 20}
local AdaptiveLogSoftmaxWithLoss = module.define("AdaptiveLogSoftmaxWithLoss", "in_features:count, n_classes:count, "
  .. "cutoffs:count*, div_value:number=4.0, head_bias:bool=false, dtype:string?")
layers.AdaptiveLogSoftmaxWithLoss = AdaptiveLogSoftmaxWithLoss

local function check_cutoffs(a)
  local last = 0
  for _, c in ipairs(a.cutoffs) do
    if c <= last or c >= a.n_classes then
      fail.raise("AdaptiveLogSoftmaxWithLoss: cutoffs must rise and be below n_classes = %d, got %s", a.n_classes,
        fail.show(a.cutoffs))
    end
    last = c
  end
  if last == 0 then fail.raise("AdaptiveLogSoftmaxWithLoss: cutoffs needs at least one number") end
end

function AdaptiveLogSoftmaxWithLoss:init(...)
  local a = module.configure(self, AdaptiveLogSoftmaxWithLoss, {cutoffs = true, dtype = true}, ...)
  check_cutoffs(a)
  local cutoffs = {table.unpack(a.cutoffs)}
  cutoffs[#cutoffs + 1] = a.n_classes
  self.cutoffs, self.shortlist_size, self.n_clusters = cutoffs, cutoffs[1], #cutoffs - 1
  self.head_size = self.shortlist_size + self.n_clusters
  self.head = linear.Linear(a.in_features, self.head_size, {bias = a.head_bias, dtype = a.dtype})
  self.tail = container.ModuleList()
  for i = 1, self.n_clusters do
    local hidden = math.floor(a.in_features // a.div_value ^ i)
    self.tail:append(container.Sequential(
      linear.Linear(a.in_features, hidden, {bias = false, dtype = a.dtype}),
      linear.Linear(hidden, cutoffs[i + 1] - cutoffs[i], {bias = false, dtype = a.dtype})))
  end
end

--- Draws all weights anew.
function AdaptiveLogSoftmaxWithLoss:reset_parameters()
  self.head:reset_parameters()
  for _, cluster in ipairs(self.tail) do
    for _, layer in ipairs(cluster) do layer:reset_parameters() end
  end
end

local function check_call(self, x, target)
  local fits = tensor.is_tensor(x) and tensor.is_tensor(target) and x:dim() == target:dim() + 1 and target:dim() <= 1
    and x:size(-1) == self.in_features and (target:dim() == 0 or x:size(1) == target:size(1))
  if not fits then
    fail.raise("expected input[N, %d] and target[N], got %s and %s", self.in_features,
      tensor.is_tensor(x) and shape_text(x) or fail.show(x), tensor.is_tensor(target) and shape_text(target)
      or fail.show(target))
  end
  if target:numel() > 0 and (target:lt(1):any() or target:gt(self.n_classes):any()) then
    fail.raise("targets count from 1 to %d, got %d to %d", self.n_classes, target:min():item(), target:max():item())
  end
end

-- Log probabilities of the targets within cluster i, for the rows whose targets are there.
local function within_cluster(self, i, x, rows, target)
  local inside = F.log_softmax(self.tail[i](x:index_select(1, rows)), 2)
  local relative = target:index_select(1, rows) - self.cutoffs[i]
  return inside:gather(2, relative:unsqueeze(2)):squeeze(2)
end

function AdaptiveLogSoftmaxWithLoss:forward(x, target)
  check_call(self, x, target)
  local single = target:dim() == 0
  if single then x, target = x:unsqueeze(1), target:unsqueeze(1) end
  target = target:long()
  local place, output = target, tensor.zeros({x:size(1)}, {dtype = x.dtype})
  for i = 1, self.n_clusters do
    local rows = target:gt(self.cutoffs[i]):logical_and(target:le(self.cutoffs[i + 1])):nonzero():reshape(-1)
    if rows:numel() > 0 then
      place = place:index_fill(1, rows, self.shortlist_size + i)
      output = output:index_add(1, rows, within_cluster(self, i, x, rows, target))
    end
  end
  output = output + F.log_softmax(self.head(x), 2):gather(2, place:unsqueeze(2)):squeeze(2)
  local loss = -output:mean()
  if single then output = output:squeeze(1) end
  return output, loss
end

--- Log probabilities of all classes: input [N, in_features] to [N, n_classes].
function AdaptiveLogSoftmaxWithLoss:log_prob(x)
  local head = F.log_softmax(self.head(x), 2)
  local parts = {head:narrow(2, 1, self.shortlist_size)}
  for i = 1, self.n_clusters do
    parts[i + 1] = F.log_softmax(self.tail[i](x), 2) + head:narrow(2, self.shortlist_size + i, 1)
  end
  return tensor.cat(parts, 2)
end

--- The most probable class of each row of input [N, in_features], from 1.
function AdaptiveLogSoftmaxWithLoss:predict(x) return self:log_prob(x):argmax(2) end

return layers
