-- Autoencoders: a network that has to describe a picture in a few numbers and draw it again from them. Its error by the
-- size of the code, against the best that a linear method can do (PCA), and one that takes noise away.
--
--   nnlua scripts/autoencoder.lua [--seed 1] [--epochs 12] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {12, 1}, images = {20000, 1500}, tests = {2000, 300}}

local set = tutorial.fashion(options.images, options.tests)
local x, test_x = set.x:flatten(2), set.test_x:flatten(2) -- 784 numbers a picture

tutorial.heading("The linear answer: PCA")
-- The k directions in which pictures differ most are the eigenvectors of their covariance with the largest eigenvalues.
-- No linear code of k numbers has a smaller squared error (on the pictures that it was made from).
local mean = x:mean(1, {keepdim = true})
local centred = x - mean
local covariance = centred.T:matmul(centred) / x:size(1)
local _, vectors = tensor.linalg.eigh(covariance) -- eigenvalues rise, so the last columns count most

local function pca(k, pictures)
  local directions = vectors[{{}, {-k, -1}}]
  local code = (pictures - mean):matmul(directions)
  return code:matmul(directions.T) + mean, code
end

local function error_of(a, b) return F.mse_loss(a, b):item() end

tutorial.heading("The autoencoder")
-- An hourglass: 784 - 256 - k - 256 - 784. Nothing but the k numbers in the middle gets from the left half to the
-- right one, whose answer is compared with the left one's input: no labels.
local function make(k)
  tensor.manual_seed(options.seed)
  local encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, k))
  local decoder = nn.Sequential(nn.Linear(k, 256), nn.ReLU(), nn.Linear(256, 784), nn.Sigmoid())
  return nn.Sequential{{"encoder", encoder}, {"decoder", decoder}}
end

-- damage(pictures): what the network gets to see; it is to draw the pictures as they were.
local function learn(net, damage)
  local loader = data.DataLoader({x}, {batch_size = 64, shuffle = true, drop_last = true, seed = options.seed})
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, {T_max = options.epochs * #loader})
  local losses = {}
  for epoch = 1, options.epochs do
    local sum = 0
    for pictures in loader:iter() do
      local loss = F.mse_loss(net(damage and damage(pictures) or pictures), pictures)
      opt:zero_grad()
      loss:backward()
      opt:step()
      schedule:step()
      sum = sum + loss:item()
    end
    losses[epoch] = sum / #loader
  end
  return losses
end

local sizes = options.quick and {2, 8} or {2, 4, 8, 16, 32}
local ae_errors, pca_errors, nets = {}, {}, {}
for i, k in ipairs(sizes) do
  nets[k] = make(k)
  learn(nets[k])
  ae_errors[i] = error_of(tensor.no_grad(nets[k], test_x), test_x)
  pca_errors[i] = error_of(pca(k, test_x), test_x)
  print(("code of %2d numbers: autoencoder %.5f   PCA %.5f   ratio %.2f"):format(k, ae_errors[i], pca_errors[i],
    ae_errors[i] / pca_errors[i]))
end
plot.line(sizes, {autoencoder = ae_errors, PCA = pca_errors}, {logx = true, rows = 12, xlabel = "numbers in the code",
  title = "squared error a pixel, new pictures"})
-- At 8 numbers a picture of 784 bytes is described by 32.

local k = 8
local some = test_x[{{1, 6}}]
local shown = tensor.cat({some, tensor.no_grad(nets[k], some), (pca(k, some))}, 1)
plot.image(shown:view(18, 1, 28, 28), {per_row = 6,
  title = ("pictures; drawn again from %d numbers: autoencoder; PCA"):format(k)})

tutorial.heading("Two numbers: a map of clothes")
local code = tensor.no_grad(nets[2].encoder, test_x[{{1, 300}}])
plot.scatter(code, {groups = set.test_y[{{1, 300}}], names = set.classes, title = "the code of 2 numbers", rows = 22})

tutorial.heading("The trap: a large code is a better autoencoder")
-- As wide as the picture it could copy, and learn nothing about clothes. What it is good for shows when it must not
-- just copy: given noisy pictures it has to know what clothes look like. The baseline leaves the noise as it is.
local function add_noise(pictures) return (pictures + 0.3 * tensor.randn_like(pictures)):clamp(0, 1) end
local denoiser = make(32)
learn(denoiser, add_noise)
local noisy = add_noise(test_x)
local noise_error = error_of(noisy, test_x)
local copy_error = error_of(tensor.no_grad(nets[sizes[#sizes]], noisy), test_x) -- learned on clean pictures only
local clean_error = error_of(tensor.no_grad(denoiser, noisy), test_x)
print(("error: noisy %.4f, through an autoencoder that never saw noise %.4f, through the denoiser %.4f"):format(
  noise_error, copy_error, clean_error))
plot.image(tensor.cat({noisy[{{1, 6}}], tensor.no_grad(denoiser, noisy[{{1, 6}}])}, 1):view(12, 1, 28, 28),
  {per_row = 6, title = "noisy; without noise again"})

-- To try next: no ReLU (then it finds PCA's plane, at best); convolutions; walk from one code to another and draw what
-- lies between.
local at = options.quick and 2 or 3 -- k = 8
print(("result: ae8=%.5f pca8=%.5f ae2=%.5f pca2=%.5f denoised=%.4f noisy=%.4f"):format(ae_errors[at], pca_errors[at],
  ae_errors[1], pca_errors[1], clean_error, noise_error))
