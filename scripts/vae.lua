-- Variational autoencoder: a code with a spread, so that every point of the map between the codes means something and
-- new clothes can be drawn from it.
--
--   nnlua scripts/vae.lua [--seed 1] [--epochs 20] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {20, 1}, images = {20000, 1500}, tests = {2000, 300}}

local set = tutorial.fashion(options.images, options.tests)
local x, test_x = set.x:flatten(2), set.test_x:flatten(2)
local CODE = 2 -- two numbers, so that all of the map can be drawn

tutorial.heading("The network")
-- The encoder does not say "this point" but "somewhere around here": a mean and the logarithm of a variance for each
-- number of the code. The decoder gets a point drawn from there, and answers with the brightness of each pixel.
local Vae = nn.class("Vae")

function Vae:init()
  self.encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU())
  self.mean = nn.Linear(400, CODE)
  self.log_variance = nn.Linear(400, CODE)
  self.decoder = nn.Sequential(nn.Linear(CODE, 400), nn.ReLU(), nn.Linear(400, 400), nn.ReLU(), nn.Linear(400, 784))
end

function Vae:encode(pictures)
  local hidden = self.encoder(pictures)
  return self.mean(hidden), self.log_variance(hidden)
end

function Vae:forward(pictures)
  local mean, log_variance = self:encode(pictures)
  -- Drawing a random number has no gradient; mean + spread * noise has one, with the noise drawn outside.
  local code = mean + (log_variance / 2):exp() * tensor.randn_like(mean)
  return self.decoder(code), mean, log_variance
end

-- The evidence lower bound has two parts, in nats a picture: how well the picture is drawn, and how far the code's
-- distribution is from the standard normal one (the Kullback-Leibler divergence, by its formula for normals).
local function parts(net, pictures)
  local logits, mean, log_variance = net(pictures)
  local n = pictures:size(1)
  local drawn = F.binary_cross_entropy_with_logits(logits, pictures, {reduction = "sum"}) / n
  local divergence = (mean:pow(2) + log_variance:exp() - 1 - log_variance):sum() / (2 * n)
  return drawn, divergence
end

local net = Vae()
-- The trap of this chapter needs a note of the structure before training: each layer and the shape of its weights.
local function structure()
  local list = {}
  for name, p in net:named_parameters() do list[#list + 1] = name .. tostring(p.shape) end
  return table.concat(list, " ")
end
local before = structure()

tutorial.heading("Training")
local function elbo_on(pictures)
  return tensor.no_grad(function()
    local drawn, divergence = parts(net, pictures)
    return -(drawn + divergence):item()
  end)
end
local start = elbo_on(test_x)
local loader = data.DataLoader({x}, {batch_size = 64, shuffle = true, drop_last = true})
local opt = optim.Adam(net:parameters(), {lr = 1e-3})
local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, {T_max = options.epochs * #loader})
local curve = {elbo = {}, test = {}}
for epoch = 1, options.epochs do
  local drawn_sum, divergence_sum = 0, 0
  for pictures in loader:iter() do
    local drawn, divergence = parts(net, pictures)
    opt:zero_grad();
    (drawn + divergence):backward()
    opt:step()
    schedule:step()
    drawn_sum, divergence_sum = drawn_sum + drawn:item(), divergence_sum + divergence:item()
  end
  curve.elbo[epoch] = -(drawn_sum + divergence_sum) / #loader
  curve.test[epoch] = elbo_on(test_x)
  if epoch % 5 == 0 or epoch == options.epochs then
    print(("epoch %2d  drawn %.2f + divergence %.2f: ELBO %.2f   on new pictures %.2f"):format(epoch,
      drawn_sum / #loader, divergence_sum / #loader, curve.elbo[epoch], curve.test[epoch]))
  end
end
if options.epochs > 1 then plot.line(curve, {rows = 10, xlabel = "epoch", title = "evidence lower bound (nats)"}) end

tutorial.heading("The map")
-- The plane of codes in equal shares of the normal distribution, each point drawn by the decoder. Neighbours are alike,
-- and there are no holes: that is what the divergence is paid for.
local side = 9
local quantiles = {}
for i = 1, side do quantiles[i] = math.sqrt(2) * tensor(2 * (i - 0.5) / side - 1):erfinv():item() end
local points = {}
for i = side, 1, -1 do
  for j = 1, side do points[#points + 1] = {quantiles[j], quantiles[i]} end
end
local drawn = tensor.no_grad(net.decoder, tensor(points)):sigmoid():view(side * side, 1, 28, 28)
plot.image(drawn, {per_row = side, rows = 60, title = "the plane of codes"})
local codes = tensor.no_grad(function() return (net:encode(test_x[{{1, 300}}])) end)
plot.scatter(codes, {groups = set.test_y[{{1, 300}}], names = set.classes, rows = 22, title = "where new pictures lie"})

-- How normal the codes of new pictures are, all together: mean 0, spread 1 would be perfect.
local all_mean, all_log_variance = tensor.no_grad(function() return net:encode(test_x) end)
local all = all_mean + (all_log_variance / 2):exp() * tensor.randn_like(all_mean)
print(("codes of new pictures: mean %.2f, spread %.2f"):format(all:mean():item(), all:std():item()))

tutorial.heading("The trap: a VAE changes its structure while training")
-- What varies is the distribution of the code, in the sense of the calculus of variations. Layers, shapes and number of
-- parameters are the same before and after; only their values have moved.
local changes = structure() == before and 0 or 1
print(("layers and shapes changed: %d;  bound before training %.1f, after %.1f"):format(changes, start,
  curve.test[options.epochs]))

-- To try next: CODE = 16 (a much higher bound, but no map), the divergence weighted by 0.1 or 4, a walk between two
-- pictures through their codes.
print(("result: elbo=%.2f start=%.1f spread=%.2f structure_changes=%d"):format(curve.test[options.epochs], start,
  all:std():item(), changes))
