-- Range test of the learning rate, cross-validation, search, ensembles.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F, optim, data, train = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim, nnlua.data, nnlua.train

local iris = data.load("iris")
local scale = data.transforms.Standardize():fit(iris.train)
local scaled = data.TensorDataset(scale(iris.x), iris.y)

-- A linear classifier learnt on a data set.
local function learner(set, epochs)
  local net = nn.Linear(4, 3)
  train.fit(net, data.DataLoader(set, {batch_size = 16, shuffle = true}), {loss = F.cross_entropy,
    optimizer = optim.Adam(net:parameters(), {lr = 0.05}), epochs = epochs or 5, quiet = true})
  return net
end

check.test("lr_find leaves everything as it was", function()
  tensor.manual_seed(1)
  local net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
  local opt = optim.Adam(net:parameters(), {lr = 0.123})
  local before = {}
  for name, t in pairs(net:state_dict()) do before[name] = t:clone() end
  local random = tensor.get_rng_state()
  local found = train.lr_find(net, data.DataLoader(scaled, {batch_size = 32, shuffle = true}),
    {loss = F.cross_entropy, optimizer = opt, steps = 60})
  for name, t in pairs(net:state_dict()) do check.ok(t:equal(before[name]), name) end
  check.equal(tensor.get_rng_state(), random)
  check.equal({opt.param_groups[1].lr, opt.state[net[1].weight].step, net.training}, {0.123, nil, true})
  check.ok(#found.lrs > 20 and #found.lrs == #found.losses)
  check.close({found.lrs[1], found.lrs[2] / found.lrs[1]}, {1e-6, 10 ^ (7 / 59)}, 1e-9)
  check.ok(found.suggestion > 1e-4 and found.suggestion < 3, found.suggestion)
  check.error("lr_min must be above 0", train.lr_find, net, scaled, {loss = F.cross_entropy, optimizer = opt,
    lr_min = 0})
end)

check.test("cross-validation", function()
  tensor.manual_seed(2)
  local result = train.cross_validate(scaled, function(fit, val)
    return train.evaluate(learner(fit), val).accuracy
  end, {k = 4, stratify = true, seed = 1})
  check.equal(#result.scores, 4)
  check.ok(result.mean > 0.8 and result.mean <= 1, result.mean)
  check.ok(result.std >= 0 and result.std < 0.2)
  local tables = train.cross_validate(scaled, function(_, val, fold) return {n = #val, fold = fold} end, {k = 3})
  check.equal({tables.mean.n, tables.mean.fold, tables.std.fold}, {50.0, 2.0, 1.0})
  check.error("fold 1 gave \"x\"", train.cross_validate, scaled, function() return "x" end)
end)

check.test("search: grid, random", function()
  local function score(p) return -(p.x - 2) ^ 2 - (p.y or 0) end
  local found = train.search({x = {0, 1, 2, 3}, y = {0, 1}}, score, {method = "grid"})
  check.equal({#found.trials, found.best.x, found.best.y, found.score}, {8, 2, 0, 0.0})
  found = train.search({x = train.uniform(0, 4)}, score, {n = 200, seed = 1})
  check.close(found.best.x, 2, 0.05)
  check.equal(train.search({x = train.uniform(0, 4)}, score, {n = 200, seed = 1}).best.x, found.best.x)
  local rates, counts = {}, {}
  train.search({lr = train.log_uniform(1e-4, 1), n = train.int_uniform(1, 3)}, function(p)
    rates[#rates + 1] = math.log(p.lr, 10)
    counts[p.n] = (counts[p.n] or 0) + 1
    return 0
  end, {n = 300, seed = 2})
  table.sort(rates)
  check.close(rates[150], -2, 0.3)
  check.ok(rates[1] >= -4 and rates[300] <= 0 and counts[1] > 70 and counts[2] > 70 and counts[3] > 70)
  local function with_nan(p) return p.x == 2 and 0 / 0 or -p.x end
  check.equal(train.search({x = {1, 2, 3}}, with_nan, {method = "grid"}).best.x, 1)
  local n = 0
  train.search({x = {1, 2, 3}}, score, {method = "grid", callback = function(_, i)
    n = i
    return i < 2
  end})
  check.equal(n, 2)
end)

check.test("search: successive halving", function()
  local budgets = {}
  local found = train.search({x = train.uniform(0, 1)}, function(p, budget)
    budgets[budget] = (budgets[budget] or 0) + 1
    return p.x
  end, {method = "halving", n = 18, budget = 2, factor = 3, seed = 4})
  check.equal(budgets, {[2] = 18, [6.0] = 6, [18.0] = 2, [54.0] = 1})
  local most = 0
  for _, trial in ipairs(found.trials) do most = math.max(most, trial.params.x) end
  check.equal(found.best.x, most)
  local capped = train.search({x = {1, 2}}, function() return 1 end, {method = "halving", n = 9, max_budget = 3})
  check.equal(#capped.trials, 12)
end)

check.test("search misuse", function()
  local function f() return 1 end
  check.error("x must be a list of values or a range", train.search, {x = 3}, f)
  check.error("the space is empty", train.search, {}, f)
  check.error("x is a range", train.search, {x = train.uniform(0, 1)}, f, {method = "grid"})
  check.error("method must be", train.search, {x = {1}}, f, {method = "best"})
  check.error("the function gave nil", train.search, {x = {1}}, function() end)
  check.error("must be above 0", train.log_uniform, 0, 1)
  check.error("expected the least and the greatest value", train.uniform, 2, 1)
end)

check.test("ensembles", function()
  tensor.manual_seed(5)
  local a, b, c = nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(4, 3)
  local x = tensor.randn(20, 4)
  local average = train.ensemble({a, b})
  check.close(average(x), (a(x):softmax(2) + b(x):softmax(2)) / 2, 1e-6)
  check.close(train.ensemble({a, b}, {weights = {3, 1}})(x), a(x):softmax(2) * 0.75 + b(x):softmax(2) * 0.25, 1e-6)
  check.close(train.ensemble({a, b}, {how = "mean"})(x), (a(x) + b(x)) / 2, 1e-6)
  local votes = train.ensemble({a, b, c}, {how = "vote"})(x)
  check.close(votes:sum(2), tensor.ones(20), 1e-6)
  for i = 1, 20 do
    local n = 0
    for _, net in ipairs {a, b, c} do n = n + (net(x)[i]:argmax():item() == votes[i]:argmax():item() and 1 or 0) end
    check.close(votes[i]:max():item(), n / 3, 1e-6)
  end
  check.equal(#average:parameters(), 4)
  check.equal(average:state_dict()["members.1.weight"]:equal(b.weight), true)
  check.error("how must be", train.ensemble, {a}, {how = "sum"})
  check.error("expected a list of networks", train.ensemble, {})
  check.error("member 2 is 3", train.ensemble, {a, 3})
end)

check.test("bagging and stacking", function()
  tensor.manual_seed(6)
  local fit, test = data.train_test_split(scaled, {test_size = 0.3, stratify = true, seed = 1})
  local sizes, different = {}, false
  local bag = train.bagging(fit, function(set, i)
    sizes[i] = #set
    different = different or not set.indices:equal(tensor.arange(1, #set + 1))
    return learner(set)
  end, {n = 3, seed = 1})
  check.equal({sizes, different}, {{105, 105, 105}, true})
  check.ok(train.evaluate(bag, test).accuracy > 0.8)
  local stack = train.stacking(fit, {learner, function(set) return learner(set, 2) end}, function(set)
    check.equal({#set, set[1][1]:size(1)}, {105, 6})
    local net = nn.Linear(6, 3)
    train.fit(net, set, {loss = F.cross_entropy, optimizer = optim.Adam(net:parameters(), {lr = 0.1}), epochs = 20,
      quiet = true})
    return net
  end, {k = 3, stratify = true, seed = 1})
  check.ok(train.evaluate(stack, test).accuracy > 0.8)
  check.error("member 1 is 3", train.bagging, fit, function() return 3 end)
end)

check.test("ensembles misused", function()
  local set = data.TensorDataset(tensor.rand(6, 2), tensor.ones(6):long())
  local function net() return nn.Linear(2, 2) end
  check.error("train.bagging: expected a function, got nil", train.bagging, set)
  check.error("train.bagging: member 1 is nil, expected a network", train.bagging, set,
    function() end)
  local calls = 0
  check.error("train.bagging: how must be", train.bagging, set, function()
    calls = calls + 1
    return net()
  end, {how = "best"})
  check.equal(calls, 0, "nothing is learnt before that")
  check.error("train.bagging: expected a data set", train.bagging, 3, net)
  check.error("train.stacking: expected a list of functions and a function", train.stacking, set, {net, 3}, net)
  check.error("train.stacking: expected a list of functions and a function", train.stacking, set, net, net)
  check.error("train.stacking: k must be from 2 to 6", train.stacking, set, {net}, net, {k = 7})
  check.error("train.stacking: member 1 is 1", train.stacking, set, {function() return 1 end}, net)
  check.error("all weights are 0", train.ensemble, {net(), net()}, {weights = {0, 0}})
  check.error("max_budget is 2, below the budget of 4", train.search, {a = {1, 2}}, function() return 1 end,
    {method = "halving", budget = 4, max_budget = 2})
end)

check.done()
