-- Adversarial examples: pictures changed by less than one sees, so that the network errs. How they are made, what
-- training on them gains and costs, and why noise is no defence.
--
--   nnlua scripts/adversarial.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {10000, 1200}, tests = {1000, 200}, epochs = {4, 1}, size = 0.1, steps = 7}

local set = tutorial.fashion(options.images, options.tests)
local x, y, test_x, test_y = set.x, set.y, set.test_x, set.test_y

local function network()
  return nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 64),
    nn.ReLU(), nn.Linear(64, 10))
end

tutorial.heading("Which way is wrong?")
-- Training asks how the loss changes with the weights. The same gradient with respect to the picture says how to
-- change each pixel so that the loss grows. FGSM (Goodfellow and others 2014): every pixel by the same small amount,
-- in the direction of its gradient's sign.
local function slope(net, pictures, labels)
  local p = pictures:detach():requires_grad_()
  return tensor.autograd.grad(F.cross_entropy(net(p), labels), p)
end
local function fgsm(net, pictures, labels, size)
  return (pictures + size * slope(net, pictures, labels):sign()):clamp(0, 1)
end
-- PGD (Madry and others 2017): several smaller steps from a random start, each back into the box of what is allowed.
local function pgd(net, pictures, labels, size, steps)
  local low, high = (pictures - size):clamp(0, 1), (pictures + size):clamp(0, 1)
  local p = pictures + size * (2 * tensor.rand_like(pictures) - 1)
  for _ = 1, steps do
    p = (p + 2.5 * size / steps * slope(net, p, labels):sign()):maximum(low):minimum(high)
  end
  return p
end
-- Noise of the same size: each pixel up or down by as much, at random.
local function noise(_, pictures, _, size) return (pictures + size * tensor.randn_like(pictures):sign()):clamp(0, 1) end

-- Trains a network; change(net, pictures, labels) makes of a batch what is learned from.
local function learn(change)
  tensor.manual_seed(options.seed)
  local net = network()
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  for _ = 1, options.epochs do
    for bx, by in data.DataLoader({x, y}, {batch_size = 64, shuffle = true}):iter() do
      local loss = F.cross_entropy(net(change and change(net, bx, by) or bx), by)
      opt:zero_grad()
      loss:backward()
      opt:step()
    end
  end
  return net:eval()
end
local function accuracy(net, pictures) return train.evaluate(net, {pictures, test_y}).accuracy end
local function attacked(net, size)
  return accuracy(net, test_x), accuracy(net, noise(net, test_x, test_y, size)),
    accuracy(net, fgsm(net, test_x, test_y, size)), accuracy(net, pgd(net, test_x, test_y, size, options.steps))
end

local plain = learn()
local clean, noisy, one_step, many_steps = attacked(plain, options.size)
print(("each pixel by at most %.2f of white: clean %.3f, noise %.3f, FGSM %.3f, PGD %.3f"):format(options.size, clean,
  noisy, one_step, many_steps))
local bad = pgd(plain, test_x[{{1, 4}}], test_y[{{1, 4}}], options.size, options.steps)
local shown, names = {}, {}
local before, after = plain(test_x[{{1, 4}}]):argmax(2), plain(bad):argmax(2)
for i = 1, 4 do
  shown[i], shown[i + 4] = test_x[i][1], bad[i][1]
  names[i], names[i + 4] = set.classes[before:get(i)], set.classes[after:get(i)]
end
plot.image(shown, {per_row = 4, names = names, title = "what it says: as they are, and changed"})

tutorial.heading("How little is enough")
local sizes, curves = {0, 0.02, 0.04, 0.06, 0.08, 0.1}, {noise = {}, FGSM = {}, PGD = {}}
for i, size in ipairs(sizes) do
  local _, n, f, p = attacked(plain, size)
  curves.noise[i], curves.FGSM[i], curves.PGD[i] = n, f, p
end
plot.line(sizes, curves, {rows = 14, xlabel = "largest change of a pixel", title = "accuracy"})

tutorial.heading("Training on what deceives")
-- Noise in training makes a network calm about noise. Against an adversary it has to be shown what the adversary
-- does: each batch is attacked as the network is now, then learned from.
local calm = learn(function(net, bx, by) return noise(net, bx, by, options.size) end)
local robust = learn(function(net, bx, by) return pgd(net, bx, by, options.size, 3) end)
local rows = {{"as it comes", plain}, {"with noise", calm}, {"with PGD", robust}}
print(("%-12s %8s %8s %8s %8s"):format("trained", "clean", "noise", "FGSM", "PGD"))
local results = {}
for i, row in ipairs(rows) do
  results[i] = {attacked(row[2], options.size)}
  print(("%-12s %8.3f %8.3f %8.3f %8.3f"):format(row[1], table.unpack(results[i])))
end
-- What it costs is seen in the first column.

tutorial.heading("A deception travels")
-- Made for one network, shown to another one that was trained from other weights: it needs no look into the victim.
tensor.manual_seed(options.seed + 1)
local victim = network()
train.fit(victim, data.DataLoader({x, y}, {batch_size = 64, shuffle = true}), {loss = F.cross_entropy,
  optimizer = optim.Adam(victim:parameters()), epochs = options.epochs, quiet = true})
victim:eval()
local travelled = accuracy(victim, pgd(plain, test_x, test_y, options.size, options.steps))
print(("the other network: %.3f on clean pictures, %.3f on those made for the first"):format(accuracy(victim, test_x),
  travelled))

tutorial.heading("What the robust one looks at")
-- The gradients of a network that can't be pushed by single pixels follow the shape of things.
local slopes = {}
for i, net in ipairs {plain, robust} do
  local g = slope(net, test_x[{{1, 3}}], test_y[{{1, 3}}]):abs()
  for k = 1, 3 do slopes[3 * i + k] = g[k][1] / g[k][1]:max() end
end
for k = 1, 3 do slopes[k] = test_x[k][1] end
plot.image(slopes, {per_row = 3, names = {"", "picture", "", "", "as it comes", "", "", "with PGD", ""}})

-- To try next: --size 0.05; a robust network attacked with --steps 40; FGSM instead of PGD in training, which learns
-- to deceive its teacher.
print(("result: clean=%.3f noise=%.3f fgsm=%.3f pgd=%.3f noise_trained=%.3f robust_clean=%.3f robust=%.3f "
  .. "travelled=%.3f"):format(clean, noisy, one_step, many_steps, results[2][4], results[3][1], results[3][4],
  travelled))
