-- Anomaly detection: knowing only what is normal. Statistics, distances and reconstruction, on cells and on pictures,
-- and where each of them is blind.
--
--   nnlua scripts/anomaly.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local inspect = require "nnlua.inspect"
local options = tutorial.options{images = {12000, 3000}, tests = {4000, 1000}, steps = {1500, 150}}

-- A score is higher the stranger something is; AUC is how often a strange one scores higher than a normal one.
local function auc(scores, strange) return metrics.roc_auc(scores, strange:long() + 1) end

tutorial.heading("Cells: what normal means, feature by feature")
-- Thirty measures of cell nuclei, benign or malignant. All that is learned from are three quarters of the benign ones.
local cells = data.load("breast-cancer")
local benign = cells.y:eq(2)
local calm, odd = cells.x[benign], cells.x[~benign]
local order = tensor.randperm(calm:size(1))
local n = calm:size(1) * 3 // 4
local known = calm[order[{{1, n}}]]
local test = tensor.cat({calm[order[{{n + 1, -1}}]], odd}, 1)
local strange = tensor.arange(1, test:size(1) + 1):gt(calm:size(1) - n)
local mean, spread = known:mean(1), known:std(1)
local z, test_z = (known - mean) / spread, (test - mean) / spread
print(("learned from %d benign ones; judged on %d benign and %d malignant ones"):format(n, calm:size(1) - n,
  odd:size(1)))

local scores, names = {}, {}
local function add(name, score)
  names[#names + 1], scores[name] = name, auc(score, strange)
  print(("%-34s AUC %.3f"):format(name, scores[name]))
end
-- Statistics: the number of standard deviations of the worst feature; of all of them together.
add("worst feature", test_z:abs():amax(2))
add("all features", test_z:square():sum(2))
-- Features that go together are one measure, not two: Mahalanobis' distance takes the directions in which the normal
-- ones vary little for what they are.
local covariance = z:t():matmul(z) / (n - 1) + 1e-3 * tensor.eye(30)
add("Mahalanobis", (test_z:matmul(tensor.linalg.inv(covariance)) * test_z):sum(2))
-- Distance to the normal ones themselves: no form of the cloud is taken for granted.
add("fifth neighbour", tensor.cdist(test_z, z):kthvalue(5, 2))
-- Reconstruction: what can't be made of the main directions.
local _, directions = inspect.pca(z, 5)
directions = directions:float()
add("reconstruction from 5 directions", (test_z - test_z:matmul(directions:t()):matmul(directions)):square():sum(2))

tutorial.heading("Pictures: what an autoencoder can't rebuild")
-- Shoes are normal: sandals, sneakers, boots. Everything else is strange, and none of it was ever shown.
local set = tutorial.fashion(options.images, options.tests)
local function is_shoe(y) return y:eq(6) | y:eq(8) | y:eq(10) end
local shoes = set.x[is_shoe(set.y)]:flatten(2)
local pictures, other = set.test_x:flatten(2), ~is_shoe(set.test_y)
local net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 16), nn.Linear(16, 128), nn.ReLU(),
  nn.Linear(128, 784), nn.Sigmoid())
local opt = optim.Adam(net:parameters())
for _ = 1, options.steps do
  local batch = shoes[tensor.randint(1, shoes:size(1) + 1, {64})]
  local loss = F.mse_loss(net(batch), batch)
  opt:zero_grad()
  loss:backward()
  opt:step()
end
local rebuilt = tensor.no_grad(net, pictures)
local function compare(x, label, list)
  local here = tensor.no_grad(net, x)
  local centre = shoes:mean(1)
  local row = {(x - centre):square():mean(2), tensor.cdist(x, shoes[{{1, 1000}}]):kthvalue(5, 2),
    (x - here):square():mean(2)}
  for i = 1, 3 do list[i] = auc(row[i], label) end
  return row
end
local by_class, kinds = {}, {"distance to the mean", "fifth neighbour", "reconstruction"}
local rows = compare(pictures, other, by_class)
for i, kind in ipairs(kinds) do print(("%-34s AUC %.3f"):format(kind, by_class[i])) end
local shown, words = {}, {}
for k, i in ipairs {other:logical_not():nonzero():get(1, 1), other:nonzero():get(1, 1), other:nonzero():get(2, 1)} do
  i = math.tointeger(i)
  shown[2 * k - 1], shown[2 * k] = pictures[i]:view(28, 28), rebuilt[i]:view(28, 28)
  words[2 * k - 1], words[2 * k] = set.classes[set.test_y:get(i)], ("error %.3f"):format(rows[3]:get(i))
end
plot.image(shown, {per_row = 6, names = words})

tutorial.heading("Faults: strange in a small place")
-- The same shoes, every second one with a cut: a dark stripe of two pixels. It hardly changes the distance to other
-- shoes; an autoencoder draws the shoe whole, and the stripe remains as the difference.
local good = set.test_x[is_shoe(set.test_y)]
local cut = good:clone()
local faulty = tensor.arange(1, good:size(1) + 1):remainder(2):eq(0)
for i = 2, good:size(1), 2 do
  local column = math.random(8, 19)
  cut[{i, 1, {}, {column, column + 1}}] = 0
end
local flat = cut:flatten(2)
local by_fault = {}
local judged = compare(flat, faulty, by_fault)
-- A mean over 784 pixels drowns the few that matter: the largest error of a small window finds them.
local window = F.avg_pool2d((flat - tensor.no_grad(net, flat)):square():view(-1, 1, 28, 28), {9, 2}, {stride = 1})
local local_auc = auc(window:flatten(2):amax(2), faulty)
for i, kind in ipairs(kinds) do print(("%-34s AUC %.3f"):format(kind, by_fault[i])) end
print(("%-34s AUC %.3f"):format("reconstruction, worst window", local_auc))

tutorial.heading("Where to draw the line")
-- There are no strange ones to choose a threshold with. What one may choose is how many false alarms to live with: the
-- quantile of the normal scores.
local normal = judged[3][~faulty]
for _, share in ipairs {0.01, 0.05, 0.1} do
  local limit = normal:quantile(1 - share):item()
  print(("%4.0f %% false alarms: finds %.0f %% of the cut ones, %.0f %% of what isn't a shoe"):format(100 * share,
    100 * judged[3][faulty]:gt(limit):float():mean():item(), 100 * rows[3][other]:gt(limit):float():mean():item()))
end

-- To try next: a code of 2 or of 64 numbers (one that is too good rebuilds anything); bags as normal ones; a few
-- malignant cells among those that it learns from.
print(("result: worst=%.3f all=%.3f mahalanobis=%.3f neighbour=%.3f pca=%.3f pictures=%.3f fault_mean=%.3f fault=%.3f "
  .. "fault_window=%.3f"):format(scores[names[1]], scores[names[2]], scores[names[3]], scores[names[4]],
  scores[names[5]], by_class[3], by_fault[1], by_fault[3], local_auc))
