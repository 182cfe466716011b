-- Cross-validation: one split of the data is luck, five say how much.
--
--   nnlua scripts/cross-validation.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {150, 40}, splits = {30, 5}}

-- 569 biopsies, 30 numbers each, benign or malignant. How good is a small network on the next patient? It has to be
-- judged on patients that it has not seen, and there are few. So each takes its turn.

local set = data.load("breast-cancer")

-- Learns from one part and is judged on the other. Mean and deviation come from the part that is learned from, for the
-- other one stands for patients of tomorrow.
local function learn(part, hidden)
  local mean, spread = part.x:mean(1), part.x:std(1)
  local net = nn.Sequential(nn.Linear(30, hidden), nn.ReLU(), nn.Linear(hidden, 2))
  local opt = optim.Adam(net:parameters(), {lr = 0.01})
  local x = (part.x - mean) / spread
  for _ = 1, options.steps do
    opt:zero_grad()
    F.cross_entropy(net(x), part.y):backward()
    opt:step()
  end
  return function(other)
    return tensor.no_grad(function() return metrics.accuracy(net((other.x - mean) / spread), other.y) end)
  end
end
local function rows_of(rows) return {x = set.x[rows], y = set.y[rows]} end
local function spread_of(list)
  local t = tensor(list, {dtype = "float64"})
  return t:mean():item(), t:std():item()
end

tutorial.heading("One split is luck")
-- The same network, the same patients, parted at random again and again.
local single = {}
for i = 1, options.splits do
  local order = tensor.randperm(#set)
  local judge = learn(rows_of(order[{{115, -1}}]), 8)
  single[i] = judge(rows_of(order[{{1, 114}}]))
end
table.sort(single)
local mean, spread = spread_of(single)
print(("%d splits: the worst says %.3f, the best %.3f; mean %.3f, spread %.3f"):format(options.splits, single[1],
  single[#single], mean, spread))
plot.hist(single, {title = "accuracy by split", bins = 10})

tutorial.heading("Five folds")
-- Each patient is in one of five parts; each part is held out once. Five networks, and every patient judged once by a
-- network that never saw him. `stratify` gives each part the same share of malignant ones.
local function rows_in(subset)
  local rows = {}
  for i = 1, #subset do rows[i] = subset.indices[i] end
  return rows_of(tensor(rows, {dtype = "int64"}))
end
local function folds(hidden, k)
  local scores, sizes = {}, {}
  for learned, held, fold in data.kfold(set, {k = k, stratify = true, seed = options.seed}) do
    scores[fold] = learn(rows_in(learned), hidden)(rows_in(held))
    sizes[fold] = #held
  end
  return scores, sizes
end
local scores, sizes = folds(8, 5)
local total = 0
for fold, score in ipairs(scores) do
  total = total + sizes[fold]
  print(("fold %d: %d patients held out, accuracy %.3f"):format(fold, sizes[fold], score))
end
local five, five_spread = spread_of(scores)
print(("mean %.3f, spread %.3f; every one of %d patients judged once"):format(five, five_spread, total))

tutorial.heading("Choosing by folds")
-- Which size of network? The difference has to be larger than the spread of the mean, or it is none.
for _, hidden in ipairs {1, 4, 16, 64} do
  local m, s = spread_of((folds(hidden, 5)))
  print(("%2d hidden units: %.3f +- %.3f"):format(hidden, m, s / math.sqrt(5)))
end

tutorial.heading("The trap: it makes the model better")
-- Cross-validation measures. The network that is delivered is then trained once more on all patients; the five are
-- thrown away. And whoever chooses by its score needs patients beyond all folds for the last word.
-- What happens otherwise, on labels that are pure chance: the best of 30 columns, chosen on all patients and then
-- cross-validated, looks as if it knew something.
local n = 60
local noise, coin = tensor.randn(n, 2000), tensor.randint(0, 2, {n})
local function best_column(rows)
  local x, y = noise[rows], coin[rows]:float()
  local score = ((x - x:mean(1)) * (y - y:mean()):unsqueeze(2)):mean(1)
  local column = score:abs():argmax():item()
  return column, score:get(column) > 0 and 1 or -1
end
local function right(column, sign, rows)
  return (noise[rows][{{}, column}] * sign):gt(0):eq(coin[rows]:eq(1)):float():mean():item()
end
local everybody = tensor.arange(1, n + 1, {dtype = "int64"})
local chosen, chosen_sign = best_column(everybody)
local leaked, honest = {}, {}
for part = 0, 4 do
  local held = everybody:remainder(5):eq(part)
  leaked[#leaked + 1] = right(chosen, chosen_sign, everybody[held])
  local column, sign = best_column(everybody[held:logical_not()])
  honest[#honest + 1] = right(column, sign, everybody[held])
end
local leak, fair = spread_of(leaked), spread_of(honest)
print(("column chosen on everybody: %.2f;  chosen within each fold: %.2f;  the truth: 0.50"):format(leak, fair))

-- To try next: train.cross_validate, which does these loops; k = 10; and leave-one-out (k = #set, some patience).
print(("result: mean=%.3f spread=%.3f single_worst=%.3f single_best=%.3f leaked=%.2f honest=%.2f"):format(five,
  five_spread, single[1], single[#single], leak, fair))
