-- Generative adversarial network: one network draws clothes from noise, the other tells them from photographs, and each
-- learns from the other. How good and how varied the drawings are is judged by a third; and a generator that has found
-- one good trick and repeats it.
--
--   nnlua scripts/gan.lua [--seed 1] [--epochs 9] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {9, 1}, images = {40000, 1280}, tests = {2000, 300}, ring = {3000, 60}}

local NOISE = 32
local set = tutorial.fashion(options.images, options.tests)

tutorial.heading("The judge")
-- A classifier that learns from photographs and never meets the two players.
local judge = nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
  nn.Conv2d(16, 32, 3, {padding = 1}), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
  nn.Linear(1568, 10))
local photographs = data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true, drop_last = true})
local opt = optim.Adam(judge:parameters(), {lr = 1e-3})
for _ = 1, options.quick and 1 or 2 do
  for x, y in photographs:iter() do
    local loss = F.cross_entropy(judge(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
end
judge:eval()

-- exp of the mean divergence between what the judge says of one picture and of all: 1 when it cannot tell or all are
-- alike, 10 when it is sure each time and sees all ten classes equally often.
local function score(pictures)
  local p = tensor.no_grad(judge, pictures):softmax(2)
  local all = p:mean(1, {keepdim = true})
  return (p * ((p + 1e-9):log() - (all + 1e-9):log())):sum(2):mean():exp():item(), all:flatten()
end
local real_score = score(set.test_x)
print(("accuracy %.4f; score of new photographs %.2f of 10"):format(
  metrics.accuracy(tensor.no_grad(judge, set.test_x), set.test_y), real_score))

tutorial.heading("Two players")
local function generator_net()
  return nn.Sequential(
    nn.Linear(NOISE, 64 * 49), nn.Unflatten(2, {64, 7, 7}), nn.BatchNorm2d(64), nn.ReLU(),
    nn.ConvTranspose2d(64, 32, 4, {stride = 2, padding = 1}), nn.BatchNorm2d(32), nn.ReLU(), -- 14 x 14
    nn.ConvTranspose2d(32, 1, 4, {stride = 2, padding = 1}), nn.Sigmoid())                  -- 28 x 28
end
local function critic_net()
  return nn.Sequential(
    nn.Conv2d(1, 32, 4, {stride = 2, padding = 1}), nn.LeakyReLU(0.2),
    nn.Conv2d(32, 64, 4, {stride = 2, padding = 1}), nn.BatchNorm2d(64), nn.LeakyReLU(0.2),
    nn.Flatten(), nn.Linear(64 * 49, 1))
end
local generator, critic = generator_net(), critic_net()

-- One round. The critic learns to say 1 (0.9, so that it is never too sure) to photographs and 0 to drawings; then the
-- generator learns to make it say 1.
local function round_of(g, d, opt_g, opt_d, real, noise_size)
  local n = real:size(1)
  local ones, zeros = tensor.ones(n, 1), tensor.zeros(n, 1)
  local drawn = g(tensor.randn(n, noise_size))
  local loss_d = F.binary_cross_entropy_with_logits(d(real), 0.9 * ones)
    + F.binary_cross_entropy_with_logits(d(drawn:detach()), zeros)
  opt_d:zero_grad()
  loss_d:backward()
  opt_d:step()
  local loss_g = F.binary_cross_entropy_with_logits(d(drawn), ones)
  opt_g:zero_grad()
  loss_g:backward()
  opt_g:step()
  return loss_d:item(), loss_g:item()
end

-- The players run round each other and no single moment is the best one: what draws in the end is the moving average of
-- the generators of all rounds (Yazici et al., 2019).
local averaged = optim.swa_utils.AveragedModel(generator,
  {multi_avg_fn = optim.swa_utils.get_ema_multi_avg_fn(options.quick and 0.5 or 0.998), use_buffers = true})
local adam = {lr = 6e-4, betas = {0.5, 0.999}}
local opt_g, opt_d = optim.Adam(generator:parameters(), adam), optim.Adam(critic:parameters(), adam)
local fixed = tensor.randn(24, NOISE)
local curve = {critic = {}, generator = {}}
for epoch = 1, options.epochs do
  local sum_d, sum_g = 0, 0
  for real in photographs:iter() do
    local d, g = round_of(generator, critic, opt_g, opt_d, real, NOISE)
    averaged:update_parameters(generator)
    sum_d, sum_g = sum_d + d, sum_g + g
  end
  curve.critic[epoch], curve.generator[epoch] = sum_d / #photographs, sum_g / #photographs
  print(("epoch %d  critic %.3f  generator %.3f"):format(epoch, curve.critic[epoch], curve.generator[epoch]))
end
averaged:eval()
local drawings = tensor.no_grad(averaged, tensor.randn(1000, NOISE))
local found, shares = score(drawings)
plot.image(tensor.no_grad(averaged, fixed), {per_row = 8, rows = 24, title = "clothes that nobody has ever worn"})
plot.bar(shares, {names = set.classes, title = "what the judge sees in 1,000 drawings"})
print(("score of the drawings %.2f, of photographs %.2f, of noise %.2f"):format(found, real_score,
  score(tensor.rand(500, 1, 28, 28))))
-- Look at the losses: they do not fall. Neither player gets better against the other if both get better.

tutorial.heading("Mode collapse")
-- The data: eight heaps on a ring. The generator is only asked to please; one heap is enough for that, until the critic
-- notices and it jumps to the next. A critic that learns too slowly to follow makes it plain.
local function heaps(n)
  local angle = tensor.randint(0, 8, {n}):to("float32") * (math.pi / 4)
  return tensor.stack({angle:cos(), angle:sin()}, 2) * 2 + 0.05 * tensor.randn(n, 2)
end
local function covered(points)
  local hit, n = {}, 0
  for _, p in ipairs(points:totable()) do
    for k = 0, 7 do
      local dx, dy = p[1] - 2 * math.cos(k * math.pi / 4), p[2] - 2 * math.sin(k * math.pi / 4)
      if dx * dx + dy * dy < 0.09 and not hit[k] then hit[k], n = true, n + 1 end
    end
  end
  return n
end
local function on_ring(lr_g, lr_d)
  tensor.manual_seed(options.seed)
  local g = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
  local d = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
  local og = optim.Adam(g:parameters(), {lr = lr_g, betas = {0.5, 0.999}})
  local od = optim.Adam(d:parameters(), {lr = lr_d, betas = {0.5, 0.999}})
  for _ = 1, options.ring do round_of(g, d, og, od, heaps(128), 8) end
  return tensor.no_grad(g, tensor.randn(300, 8))
end
local balanced, greedy = on_ring(1e-3, 2e-3), on_ring(1e-3, 1e-4)
plot.scatter({data = heaps(200), balanced = balanced, greedy = greedy}, {rows = 22, xlim = {-3, 3}, ylim = {-3, 3},
  title = "eight heaps, two generators"})
local balanced_modes, greedy_modes = covered(balanced), covered(greedy)
print(("heaps found of 8: balanced %d, greedy %d"):format(balanced_modes, greedy_modes))

tutorial.heading("The trap: a GAN is an autoencoder")
-- An autoencoder's loss compares each picture with its copy. The generator never sees a picture: its gradient comes
-- through the critic alone, and is the same whatever photographs lie on the table.
local function gradient(photos)
  generator:eval():zero_grad()
  tensor.manual_seed(options.seed)
  local drawn = generator(tensor.randn(16, NOISE))
  local loss = F.binary_cross_entropy_with_logits(critic:eval()(drawn), tensor.ones(16, 1)) + 0 * photos:sum()
  loss:backward()
  return generator[1].weight.grad:clone()
end
local difference = (gradient(set.x[{{1, 16}}]) - gradient(set.x[{{17, 32}}])):abs():max():item()
print(("largest difference of its gradient between two sets of photographs: %g"):format(difference))

-- To try next: betas = {0.9, 0.999}; without the 0.9; two steps of the critic for each of the generator; wgan.lua.
print(("result: score=%.2f real_score=%.2f modes=%d collapsed_modes=%d picture_gradient=%g"):format(found, real_score,
  balanced_modes, greedy_modes, difference))
