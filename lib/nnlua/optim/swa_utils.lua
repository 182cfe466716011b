-- optim.swa_utils: networks whose parameters are the average of another's over its training: stochastic weight
-- averaging (Izmailov et al. 2018) and exponential moving averages.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local lr_scheduler = require "nnlua.optim.lr_scheduler"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor = core.tensor
local swa_utils = {}

-- ---- averages -----------------------------------------------------------------------------------------------------

local read_decay = signature("get_ema_avg_fn", "decay:fraction=0.999")

--- avg_fn of an exponential moving average: decay * average + (1 - decay) * parameter.
--     local f = optim.swa_utils.get_ema_avg_fn(0.75)
--     f(tensor{4}, tensor{8}, 1)
--     --> {5}
function swa_utils.get_ema_avg_fn(...)
  local decay = read_decay(...).decay
  return function(average, parameter) return average * decay + parameter * (1 - decay) end
end

--- avg_fn of the plain mean, which AveragedModel uses unless told otherwise.
--     local f = optim.swa_utils.get_swa_avg_fn()
--     f(tensor{4}, tensor{8}, 3)
--     --> {5}
function swa_utils.get_swa_avg_fn()
  return function(average, parameter, n_averaged) return average + (parameter - average) / (n_averaged + 1) end
end

-- The same over lists of tensors, in place.
local function over_lists(avg_fn)
  return function(averages, parameters, n_averaged)
    tensor.no_grad(function()
      for i, average in ipairs(averages) do average:copy_(avg_fn(average, parameters[i], n_averaged)) end
    end)
  end
end

--- multi_avg_fn of an exponential moving average: works in place on lists of tensors.
--     local f, average = optim.swa_utils.get_ema_multi_avg_fn(0.75), tensor{4}
--     f({average}, {tensor{8}}, 1)
--     average
--     --> {5}
function swa_utils.get_ema_multi_avg_fn(...) return over_lists(swa_utils.get_ema_avg_fn(...)) end

--- multi_avg_fn of the plain mean: works in place on lists of tensors.
--     local f, average = optim.swa_utils.get_swa_multi_avg_fn(), tensor{4}
--     f({average}, {tensor{8}}, 3)
--     average
--     --> {5}
function swa_utils.get_swa_multi_avg_fn() return over_lists(swa_utils.get_swa_avg_fn()) end

--- A copy of a model that keeps the average of its parameters: after each of the optimiser's steps (or epochs) call
-- averaged:update_parameters(model); averaged(x) runs the copy, which is averaged.module. avg_fn(average, parameter,
-- n_averaged) returns a new average (multi_avg_fn works on lists, in place); default is the plain mean. With
-- use_buffers buffers are averaged too, else taken from the model as they are.
--     local net = nn.Linear(1, 1, {bias = false})
--     local averaged = optim.swa_utils.AveragedModel(net)
--     for _, value in ipairs {1, 3} do
--       nn.init.constant_(net.weight, value)
--       averaged:update_parameters(net)
--     end
--     averaged.module.weight:item()
--     --> 2.0
local AveragedModel = module.define("AveragedModel", "model:any, avg_fn:callable?, multi_avg_fn:callable?, "
  .. "use_buffers:bool=false")
swa_utils.AveragedModel = AveragedModel

function AveragedModel:init(...)
  local a = AveragedModel.signature(...)
  if not module.is_module(a.model) then
    fail.raise("AveragedModel: expected a module, got %s", fail.show(a.model))
  elseif a.avg_fn and a.multi_avg_fn then
    fail.raise("AveragedModel: give one of avg_fn and multi_avg_fn, not both")
  end
  self.module = a.model:clone()
  self:register_buffer("n_averaged", tensor(0, {dtype = "int64"}))
  self.multi_avg_fn = a.multi_avg_fn or over_lists(a.avg_fn or swa_utils.get_swa_avg_fn())
  self.use_buffers = a.use_buffers
end

function AveragedModel:forward(...) return self.module(...) end

-- The tensors that are averaged, detached.
local function averaged_tensors(model, use_buffers)
  local list = {}
  for _, p in ipairs(model:parameters()) do list[#list + 1] = p:detach() end
  for _, b in ipairs(use_buffers and model:buffers() or {}) do list[#list + 1] = b end
  return list
end

--- Takes the parameters of the model into the average; the first time they become it.
function AveragedModel:update_parameters(model)
  local mine = averaged_tensors(self.module, self.use_buffers)
  local theirs = averaged_tensors(model, self.use_buffers)
  if #mine ~= #theirs then
    fail.raise("AveragedModel: the model has %d tensors, its average %d", #theirs, #mine)
  end
  tensor.no_grad(function()
    local n = math.tointeger(self.n_averaged:item())
    if n == 0 then
      for i, t in ipairs(mine) do t:copy_(theirs[i]) end
    else
      self.multi_avg_fn(mine, theirs, n)
    end
    if not self.use_buffers then
      local buffers = model:buffers()
      for i, b in ipairs(self.module:buffers()) do b:copy_(buffers[i]) end
    end
    self.n_averaged:add_(1)
  end)
end

-- ---- batch normalisation of the average ---------------------------------------------------------------------------

-- The first tensor of what a loader gives.
local function input_of(batch)
  while type(batch) == "table" do batch = batch[1] end
  return batch
end

local function batches_of(loader)
  if type(loader.iter) == "function" then return loader:iter() end
  local i = 0
  return function()
    i = i + 1
    return loader[i]
  end
end

--- Computes the running statistics of all batch normalisations of a model anew, as plain means over the batches of a
-- loader (or a list of batches): an averaged model needs that before it is used.
--     local net = nn.Sequential(nn.BatchNorm1d(1))
--     optim.swa_utils.update_bn({tensor{{1}, {3}}, tensor{{5}, {7}}}, net)
--     net[1].running_mean
--     --> {4}
function swa_utils.update_bn(loader, model)
  if type(loader) ~= "table" then fail.raise("update_bn: expected a loader, got %s", fail.show(loader)) end
  local momenta = {}
  if not module.is(model, module.Module) then
    fail.raise("update_bn: expected a module as its second argument, got %s", fail.show(model))
  end
  for _, m in ipairs(model:modules()) do
    if type(m.reset_running_stats) == "function" and m.running_mean then
      m:reset_running_stats()
      momenta[m] = {m.momentum}
      m.momentum = false
    end
  end
  if next(momenta) == nil then return end
  local was_training = model.training
  model:train()
  tensor.no_grad(function()
    for batch in batches_of(loader) do model(input_of(batch)) end
  end)
  for m, momentum in pairs(momenta) do m.momentum = momentum[1] end
  model:train(was_training)
end

-- ---- the learning rate --------------------------------------------------------------------------------------------

--- The rate goes to swa_lr in anneal_epochs steps and stays there; anneal_strategy "cos" or "linear".
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.swa_utils.SWALR(opt, 0.5, {anneal_epochs = 2, anneal_strategy = "linear"})
--     schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.75
local SWALR = lr_scheduler.class("SWALR", "optimizer:any, swa_lr:number*, anneal_epochs:amount=10, "
  .. "anneal_strategy:string=cos, last_epoch:int=-1")
swa_utils.SWALR = SWALR

function SWALR:init(a)
  if a.anneal_strategy ~= "cos" and a.anneal_strategy ~= "linear" then
    fail.raise("SWALR: anneal_strategy must be 'cos' or 'linear', got %s", fail.show(a.anneal_strategy))
  end
  local groups = self.optimizer.param_groups
  if #a.swa_lr ~= 1 and #a.swa_lr ~= #groups then
    fail.raise("SWALR: swa_lr has %d values for %d parameter groups", #a.swa_lr, #groups)
  end
  for i, group in ipairs(groups) do group.swa_lr = a.swa_lr[#a.swa_lr == 1 and 1 or i] end
end

-- How far the rate has come after so many steps, from 0 to 1.
local function progress(self, step)
  local t = math.max(0, math.min(1, step / math.max(1, self.anneal_epochs)))
  return self.anneal_strategy == "linear" and t or (1 - math.cos(math.pi * t)) / 2
end

function SWALR:get_lr()
  local step = self._step_count - 1
  if self.anneal_epochs == 0 then step = math.max(1, step) end
  local before, now, rates = progress(self, step - 1), progress(self, step), {}
  for i, group in ipairs(self.optimizer.param_groups) do
    local start = before == 1 and group.swa_lr or (group.lr - before * group.swa_lr) / (1 - before)
    rates[i] = group.swa_lr * now + start * (1 - now)
  end
  return rates
end

return swa_utils
