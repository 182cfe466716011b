-- Hyperparameters: what training does not learn. Grid, random search and successive halving at the same budget.
--
--   nnlua scripts/hyperparameters.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {2000, 400}, epochs = {6, 2}, trials = {16, 4}, repeats = {3, 1}}

-- Weights are learned by gradients. The learning rate, the width, the dropout are not: they are chosen by trying, on
-- pictures that are not learned from.

local set = tutorial.fashion(options.images, 3000)
local val = {set.test_x[{{1, 1500}}], set.test_y[{{1, 1500}}]}
local fresh = {set.test_x[{{1501, 3000}}], set.test_y[{{1501, 3000}}]}

local function learn(p, epochs)
  tensor.manual_seed(options.seed)
  local net = nn.Sequential(nn.Flatten(), nn.Linear(784, p.hidden), nn.ReLU(), nn.Dropout(p.dropout),
    nn.Linear(p.hidden, 10))
  local opt = optim.SGD(net:parameters(), {lr = p.lr, momentum = p.momentum})
  for _ = 1, epochs or options.epochs do
    for x, y in data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true}):iter() do
      opt:zero_grad()
      F.cross_entropy(net(x), y):backward()
      opt:step()
    end
  end
  return net
end
local function score(p, epochs) return train.evaluate(learn(p, epochs), val).accuracy end

tutorial.heading("Which of them matter?")
-- One is changed, the others stay. Usually one or two decide; the learning rate is the first of them.
local base = {lr = 0.03, hidden = 64, dropout = 0.1, momentum = 0.9}
local effect = {}
for _, case in ipairs {{"lr", {0.0003, 0.003, 0.03, 0.3}}, {"hidden", {8, 32, 128}}, {"dropout", {0, 0.2, 0.5}},
  {"momentum", {0, 0.5, 0.9}}} do
  local name, low, high, words = case[1], 1, 0, {}
  for i, value in ipairs(case[2]) do
    local p = {}
    for k, v in pairs(base) do p[k] = v end
    p[name] = value
    local s = score(p)
    low, high, words[i] = math.min(low, s), math.max(high, s), ("%g: %.3f"):format(value, s)
  end
  effect[name] = high - low
  print(("%-9s %s"):format(name, table.concat(words, "   ")))
end
plot.bar(effect, {title = "best minus worst accuracy"})

tutorial.heading("Grid against random, at the same budget")
-- A grid of 4 x 4 tries four learning rates; sixteen random draws try sixteen (Bergstra and Bengio 2012). The second
-- axis here hardly matters, so the grid's other twelve trials say little.
local per_axis = math.floor(math.sqrt(options.trials))
local function evenly(low, high, log)
  local list = {}
  for i = 1, per_axis do
    local t = (i - 0.5) / per_axis
    list[i] = log and math.exp(math.log(low) + t * math.log(high / low)) or low + t * (high - low)
  end
  return list
end
local function with(p) return {lr = p.lr, hidden = 64, dropout = p.dropout, momentum = 0.9} end
local grid = train.search({lr = evenly(1e-4, 1, true), dropout = evenly(0, 0.6)},
  function(p) return score(with(p)) end, {method = "grid"})
local random_scores, rates, best_random = {}, {}, nil
for r = 1, options.repeats do
  local found = train.search({lr = train.log_uniform(1e-4, 1), dropout = train.uniform(0, 0.6)},
    function(p) return score(with(p)) end, {n = per_axis * per_axis, seed = options.seed + r})
  random_scores[r] = found.score
  for _, trial in ipairs(found.trials) do rates[#rates + 1] = {trial.params.lr, trial.score} end
  if not best_random or found.score > best_random.score then best_random = found end
end
table.sort(random_scores)
print(("grid of %d: best %.3f at rate %.4f; %d different rates"):format(#grid.trials, grid.score, grid.best.lr,
  per_axis))
print(("random, %d: best %.3f, %.3f in the median of %d searches; %d different rates each"):format(per_axis * per_axis,
  best_random.score, random_scores[(#random_scores + 1) // 2], options.repeats, per_axis * per_axis))
local lr, accuracy = {}, {}
for i, point in ipairs(rates) do lr[i], accuracy[i] = math.log(point[1], 10), point[2] end
plot.scatter(lr, accuracy, {title = "accuracy by log10 of the learning rate"})

tutorial.heading("Successive halving")
-- Many begin, a third goes on with three times the epochs, until few are left: bad ones cost little.
local spent = 0
local halved = train.search({lr = train.log_uniform(1e-4, 1), dropout = train.uniform(0, 0.6)}, function(p, epochs)
  spent = spent + epochs
  return score(with(p), epochs)
end, {method = "halving", n = options.quick and 4 or 27, budget = 1, max_budget = options.quick and 3 or 9,
  seed = options.seed})
print(("%d epochs in all (the grid: %d): best %.3f at rate %.4f"):format(spent, #grid.trials * options.epochs,
  halved.score, halved.best.lr))
print("(of the same epochs the good ones got more each, which is the point of it)")

tutorial.heading("The last word")
-- The best of many trials is partly luck: on fresh pictures it is a little worse than the score that made it the best.
local chosen = train.evaluate(learn(with(best_random.best)), fresh).accuracy
print(("best of all random trials: %.3f where it was chosen, %.3f on fresh pictures"):format(best_random.score, chosen))

-- To try next: a third axis that matters (the width, 4 to 512), and a search by train.lr_find alone.
print(("result: grid=%.3f random=%.3f halving=%.3f fresh=%.3f lr_effect=%.3f dropout_effect=%.3f"):format(grid.score,
  random_scores[(#random_scores + 1) // 2], halved.score, chosen, effect.lr, effect.dropout))
