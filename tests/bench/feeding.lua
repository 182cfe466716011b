-- What share of a training is spent on feeding: the Fashion-MNIST network of cnn_step with augmentation, the time that
-- the loop waits for its next batch against the whole.
--
--   nnlua tests/bench/feeding.lua [--batches N] [--workers N] [--threads N]

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local Cnn = require "clothes"

local options = {batches = 300, workers = 0, threads = 2}
for i = 1, #arg, 2 do
  local name = arg[i]:match("^%-%-(%a+)$")
  if name then options[name] = tonumber(arg[i + 1]) end
end
nnlua.threads(options.threads)

local T = data.transforms
local set = data.load("fashion-mnist")
for _, case in ipairs {
  {"no augmentation"},
  {"flip, crop", {T.RandomHorizontalFlip(), T.RandomCrop(28, {padding = 2})}},
  {"flip, crop, normalise", {T.RandomHorizontalFlip(), T.RandomCrop(28, {padding = 2}), T.Normalize(0.286, 0.353)}},
  {"flip, affine, erasing",
    {T.RandomHorizontalFlip(), T.RandomAffine(10, {translate = {0.1, 0.1}}), T.RandomErasing()}},
} do
  local net = Cnn()
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  local loader = data.DataLoader(set.train, {batch_size = 64, shuffle = true, seed = 1, num_workers = options.workers,
    transform = case[2] and T.Compose(case[2])})
  local next_batch, waited, begun, n = loader:iter(), 0, nil, 0
  while n < options.batches + 10 do
    local before = nnlua.clock()
    local x, y = next_batch()
    if not x then break end
    n = n + 1
    if n == 10 then begun, waited = before, 0 end -- the first batches warm everything up
    waited = waited + nnlua.clock() - before
    local loss = F.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
  local whole = nnlua.clock() - begun
  print(("%-22s %5.2f %% of %.2f s"):format(case[1], 100 * waited / whole, whole))
end
