-- train.lr_find: a range test of the learning rate (Smith 2017). Knows data by what loaders give.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local judging = require "nnlua.train.evaluate"
local signature = require "nnlua.signature"

local finding = {}

local options_of = signature("train.lr_find", "loss:callable, optimizer:any, lr_min:positive=1e-6, lr_max:positive=10, "
  .. "steps:count=100, smooth:fraction=0.05, stop_factor:positive=4, batch_size:count=64")

-- Copies of all tensors in a state dict and of what an optimiser keeps.
local function copy(v)
  if core.tensor.is_tensor(v) then return v:detach():clone() end
  if type(v) ~= "table" then return v end
  local out = {}
  for key, item in pairs(v) do out[key] = copy(item) end
  return out
end

local WARM, AROUND = 10, 3

-- Where the smoothed loss falls most steeply over the logarithm of the rate; the first losses, which are smoothed over
-- few, don't count.
local function steepest(lrs, losses)
  local best, at = 0, nil
  for i = math.min(WARM, #losses // 4) + AROUND + 1, #losses - AROUND do
    local slope = (losses[i + AROUND] - losses[i - AROUND]) / math.log(lrs[i + AROUND] / lrs[i - AROUND])
    if slope < best then best, at = slope, i end
  end
  return at and lrs[at] or nil
end

-- Takes the steps; fills lrs and losses.
local function walk(net, loader, o, lrs, losses)
  local nexts = loader:iter()
  local mean, lowest = 0, math.huge
  for i = 1, o.steps do
    local x, y = nexts()
    if x == nil then
      nexts = loader:iter()
      x, y = nexts()
      if x == nil then fail.raise("train.lr_find: there are no samples") end
    end
    local lr = o.lr_min * (o.lr_max / o.lr_min) ^ ((i - 1) / math.max(1, o.steps - 1))
    for _, group in ipairs(o.optimizer.param_groups) do group.lr = lr end
    local loss = o.loss(net(x), y)
    local value = loss:item()
    if value ~= value or value == math.huge then return end
    local weight = o.smooth > 0 and 1 - o.smooth or 0 -- a running mean without bias towards its start
    mean = weight * mean + (1 - weight) * value
    local smoothed = mean / (1 - weight ^ i)
    lrs[#lrs + 1], losses[#losses + 1] = lr, smoothed
    lowest = math.min(lowest, smoothed)
    if i > 10 and smoothed > o.stop_factor * lowest then return end
    o.optimizer:zero_grad()
    loss:backward()
    o.optimizer:step()
  end
end

--- Tries learning rates from lr_min (1e-6) to lr_max (10), one a batch, each a bit higher, and returns {lrs, losses,
-- suggestion}: the rate at which the smoothed loss falls most steeply (nil if it never falls). Network, optimiser and
-- random numbers are afterwards as before. Options: loss, optimizer, lr_min, lr_max, steps (100), smooth (0.05: the
-- weight of a new loss), stop_factor (4: ends when the loss is so many times its lowest), batch_size.
--     tensor.manual_seed(1)
--     local x = tensor.randn(200, 3)
--     local net = nn.Linear(3, 1)
--     local found = train.lr_find(net, {x, x:sum(2, {keepdim = true})},
--       {loss = F.mse_loss, optimizer = optim.SGD(net:parameters(), {lr = 0.1})})
--     found.suggestion > 1e-3 and found.suggestion < 1
--     --> true
function finding.lr_find(net, loader, options)
  local o = options_of(options)
  if o.lr_min <= 0 or o.lr_max <= o.lr_min then fail.raise("train.lr_find: lr_min must be above 0 and below lr_max") end
  loader = judging.as_loader(loader, o.batch_size)
  local state, kept, random = copy(net:state_dict()), copy(o.optimizer:state_dict()), core.tensor.get_rng_state()
  local was, lrs, losses = net.training, {}, {}
  core.finally(function()
    net:load_state_dict(state)
    o.optimizer:load_state_dict(kept)
    o.optimizer:zero_grad()
    core.tensor.set_rng_state(random)
    net:train(was)
  end, function()
    net:train()
    walk(net, loader, o, lrs, losses)
  end)
  return {lrs = lrs, losses = losses, suggestion = steepest(lrs, losses)}
end

return finding
