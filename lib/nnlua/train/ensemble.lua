-- Ensembles: several networks that answer together. How each learns is the user's affair.

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local judging = require "nnlua.train.evaluate"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"
local splits = require "nnlua.data.splits"

local tensor, F = core.tensor, core.F
local ensembles = {}

local function check_members(who, members)
  if type(members) ~= "table" or #members == 0 then
    fail.raise("%s: expected a list of networks, got %s", who, fail.show(members))
  end
  for i, net in ipairs(members) do
    if not module.is_module(net) then fail.raise("%s: member %d is %s", who, i, fail.show(net)) end
  end
end

local ways = {
  average = function(outputs, weights)
    local sum
    for i, out in ipairs(outputs) do
      local part = out:softmax(2) * weights[i]
      sum = sum and sum + part or part
    end
    return sum
  end,
  vote = function(outputs, weights)
    local sum
    for i, out in ipairs(outputs) do
      local part = F.one_hot(out:argmax(2), out:size(2)):to(out.dtype) * weights[i]
      sum = sum and sum + part or part
    end
    return sum
  end,
  mean = function(outputs, weights)
    local sum
    for i, out in ipairs(outputs) do sum = sum and sum + out * weights[i] or out * weights[i] end
    return sum
  end,
}

local function check_how(who, how)
  if not ways[how] then
    fail.raise("%s: how must be \"average\", \"vote\" or \"mean\", got %s", who, fail.show(how))
  end
end

-- A data set from what the user gave: one, or tensors.
local function set_of(who, set)
  if tensor.is_tensor(set) or (type(set) == "table" and not getmetatable(set) and tensor.is_tensor(set[1])) then
    return dataset.TensorDataset(set)
  end
  return expect.dataset(who, set)
end

-- The network that a user's function gave.
local function learnt(who, i, net)
  if not module.is_module(net) then
    fail.raise("%s: member %d is %s, expected a network", who, i, fail.show(net))
  end
  return net
end

local ensemble_options = signature("train.ensemble", "how:string=average, weights:table?")

--- Several networks as one: train.ensemble({a, b, c}). Options: how ("average" of the class probabilities, "vote": the
-- share of members for each class, "mean" of the outputs, for regression), weights (one a member).
--     local a = nn.Lambda(function(x) return tensor{{2, 0}, {0, 2}} end)
--     local b = nn.Lambda(function(x) return tensor{{3, 0}, {1, 0}} end)
--     train.ensemble({a, b}, {how = "vote"})(tensor.zeros(2, 2))
--     --> {{1.0, 0.0}, {0.5, 0.5}}
local Ensemble = module.class("Ensemble")

function Ensemble:init(members, options)
  local o = ensemble_options(options)
  check_members("train.ensemble", members)
  check_how("train.ensemble", o.how)
  local sum, weights = 0, {}
  for i = 1, #members do
    weights[i] = o.weights and o.weights[i] or not o.weights and 1
    if type(weights[i]) ~= "number" or weights[i] < 0 then fail.raise("train.ensemble: expected a weight a member") end
    sum = sum + weights[i]
  end
  if sum == 0 then fail.raise("train.ensemble: all weights are 0") end
  for i = 1, #members do weights[i] = weights[i] / sum end
  self.how, self.weights, self.members = o.how, weights, members
end

function Ensemble:forward(...)
  local outputs = {}
  for i, net in ipairs(self.members) do outputs[i] = net(...) end
  return ways[self.how](outputs, self.weights)
end

ensembles.ensemble = Ensemble

local bagging_options = signature("train.bagging", "n:count=10, how:string=average, generator:any?, seed:int?")

--- Bagging (Breiman 1996): n networks, each learnt on as many samples as there are, drawn with replacement; f(train, i)
-- learns on a data set and returns the network. Returns their ensemble. Options: n, how (as in train.ensemble), seed or
-- generator.
--     local bag = train.bagging(data.load("iris"), function(set, i) return nn.Linear(4, 3) end, {n = 3, seed = 1})
--     #bag.members, bag(tensor.zeros(2, 4)).shape
--     --> 3	{2, 3}
function ensembles.bagging(set, f, options)
  local o = bagging_options(options)
  set = set_of("train.bagging", set)
  if type(f) ~= "function" then fail.raise("train.bagging: expected a function, got %s", fail.show(f)) end
  check_how("train.bagging", o.how)
  local generator, members, n = dataset.generator(o), {}, #set
  for i = 1, o.n do
    local drawn = dataset.Subset(set, tensor.randint(1, n + 1, {n}, {generator = generator}))
    members[i] = learnt("train.bagging", i, f(drawn, i))
  end
  return Ensemble(members, {how = o.how})
end

-- What members say about the samples of a set, side by side: probabilities of classes, or plain numbers.
local function features_of(members, set, probabilities)
  local columns = {}
  for i, net in ipairs(members) do
    local out = judging.predict(net, set)
    columns[i] = probabilities and out:softmax(2) or out
  end
  return tensor.cat(columns, 2)
end

local Stacked = module.class("Stacked")

function Stacked:init(members, meta, probabilities)
  self.members, self.meta, self.probabilities = members, meta, probabilities
end

function Stacked:forward(x)
  local columns = {}
  for i, net in ipairs(self.members) do
    local out = net(x)
    columns[i] = self.probabilities and out:softmax(2) or out
  end
  return self.meta(tensor.cat(columns, 2))
end

local stacking_options = signature("train.stacking", "k:count=5, stratify:any?, probabilities:bool=true, "
  .. "generator:any?, seed:int?")

--- Stacking (Wolpert 1992): a last network learns from what others say about samples that they have not seen. learners
-- is a list of functions f(train) that return a network; meta(set) learns on the set of {what the members say, target}
-- and returns the last network. Returns one network of all. Options: k (parts of the cross-validation), stratify,
-- probabilities (members' outputs go through softmax; false for regression), seed or generator.
--     local function learner() return nn.Linear(4, 3) end
--     local stack = train.stacking(data.load("iris"), {learner, learner}, function(set)
--       return nn.Linear(set[1][1]:size(1), 3)
--     end, {k = 3, seed = 1})
--     stack(tensor.zeros(5, 4)).shape
--     --> {5, 3}
function ensembles.stacking(set, learners, meta, options)
  local o = stacking_options(options)
  local functions = type(learners) == "table" and #learners > 0 and type(meta) == "function"
  for _, f in ipairs(functions and learners or {}) do functions = functions and type(f) == "function" end
  if not functions then
    fail.raise("train.stacking: expected a list of functions and a function, got %s and %s", fail.show(learners),
      fail.show(meta))
  end
  set = set_of("train.stacking", set)
  if o.k < 2 or o.k > #set then
    fail.raise("train.stacking: k must be from 2 to %d, the number of samples, got %d", #set, o.k)
  end
  local function learn(part)
    local members = {}
    for i, f in ipairs(learners) do members[i] = learnt("train.stacking", i, f(part)) end
    return members
  end
  local features, targets = {}, {}
  for fit, val in splits.kfold(set, {k = o.k, stratify = o.stratify, seed = o.seed, generator = o.generator}) do
    features[#features + 1] = features_of(learn(fit), val, o.probabilities)
    local _, y = judging.as_loader(val, #val):iter()()
    targets[#targets + 1] = y
  end
  local last = meta(dataset.TensorDataset(tensor.cat(features, 1), tensor.cat(targets, 1)))
  if not module.is_module(last) then fail.raise("train.stacking: meta gave %s, expected a network", fail.show(last)) end
  return Stacked(learn(set), last, o.probabilities)
end

return ensembles
