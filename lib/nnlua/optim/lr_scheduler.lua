-- optim.lr_scheduler: learning rates that change while a network learns. A schedule writes group.lr (and the momentum,
-- for some) of its optimiser; `step` is called after the optimiser's. Steps are counted as taken so far, from 0.

local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local lr_scheduler = {}

local cos, pi = math.cos, math.pi

-- ---- what all of them do ------------------------------------------------------------------------------------------

--- What all schedules have in common: optimizer, base_lrs, last_epoch (steps taken so far), step, get_last_lr,
-- state_dict, load_state_dict. A schedule of one's own is a table with get_lr(self) and
-- `optim.lr_scheduler.LRScheduler` as its parent:
-- local Halving = optim.lr_scheduler.class("Halving", "optimizer:any, last_epoch:int=-1").
local LRScheduler = {__name = "LRScheduler"}
LRScheduler.__index = LRScheduler
lr_scheduler.LRScheduler = LRScheduler

local function is_scheduler(v)
  local meta = type(v) == "table" and getmetatable(v)
  return type(meta) == "table" and meta.is_scheduler == true
end
LRScheduler.is_scheduler = true

local function check_optimizer(name, v)
  if type(v) ~= "table" or type(v.param_groups) ~= "table" then
    fail.raise("%s: expected an optimiser, got %s", name, fail.show(v))
  end
end

-- The values of a key in all groups.
local function values_of(optimizer, key)
  local list = {}
  for i, group in ipairs(optimizer.param_groups) do list[i] = group[key] end
  return list
end

-- One value a group from a list of one or of that many.
local function one_each(name, key, optimizer, list)
  local n, out = #optimizer.param_groups, {}
  if #list ~= 1 and #list ~= n then
    fail.raise("%s: %s has %d values for %d parameter groups", name, key, #list, n)
  end
  for i = 1, n do out[i] = list[#list == 1 and 1 or i] end
  return out
end

-- Calls the schedule for the first time, which sets the rates to start with.
function LRScheduler:initial_step()
  self._step_count = 0
  self.is_initial = true
  self:step()
  self.is_initial = nil
end

-- The common part of every constructor.
function LRScheduler:begin(optimizer, last_epoch)
  local name = self.__name
  check_optimizer(name, optimizer)
  self.optimizer = optimizer
  for i, group in ipairs(optimizer.param_groups) do
    if last_epoch == -1 then
      group.initial_lr = group.initial_lr or group.lr
    elseif not group.initial_lr then
      fail.raise("%s: parameter group %d has no initial_lr to go on from with last_epoch = %d", name, i, last_epoch)
    end
  end
  self.base_lrs = values_of(optimizer, "initial_lr")
  self.last_epoch = last_epoch
  self:initial_step()
end

--- Sets the rates for the next step. epoch (a number of steps taken) goes there directly.
function LRScheduler:step(epoch)
  self._step_count = (self._step_count or 0) + 1
  self:update_lr(epoch)
end

function LRScheduler:update_lr(epoch)
  local rates
  if epoch == nil then
    self.last_epoch = self.last_epoch + 1
    rates = self:get_lr()
  else
    self.last_epoch = epoch
    rates = self.closed_form and self:closed_form() or self:get_lr()
  end
  self:set(rates)
end

function LRScheduler:set(rates)
  for i, group in ipairs(self.optimizer.param_groups) do group.lr = rates[i] end
  self._last_lr = values_of(self.optimizer, "lr")
end

--- The rates that were set last, one a parameter group.
function LRScheduler:get_last_lr() return table.move(self._last_lr, 1, #self._last_lr, 1, {}) end

--- The rates to be set; every class has its own.
function LRScheduler:get_lr() fail.raise("%s has no get_lr", self.__name) end

-- The rates of all groups times a factor.
local function scaled(self, factor)
  local rates = {}
  for i, group in ipairs(self.optimizer.param_groups) do rates[i] = group.lr * factor end
  return rates
end

-- f(base rate, number of the group) for every group.
local function from_base(self, f)
  local rates = {}
  for i, base in ipairs(self.base_lrs) do rates[i] = f(base, i) end
  return rates
end

-- A copy of what is data in a value: functions and objects are left out.
local function copied(v)
  if type(v) == "function" then return nil end
  if type(v) ~= "table" then return v end
  if getmetatable(v) then return nil end
  local out = {}
  for key, item in pairs(v) do out[key] = copied(item) end
  return out
end

--- Where the schedule stands, as a table that nn.save takes; functions are not in it.
function LRScheduler:state_dict()
  local out = {}
  for key, v in pairs(self) do
    if key ~= "optimizer" and key ~= "_schedulers" and key ~= "lr_lambdas" then out[key] = copied(v) end
  end
  if self._schedulers then
    out._schedulers = {}
    for i, s in ipairs(self._schedulers) do out._schedulers[i] = s:state_dict() end
  end
  return out
end

--- Goes on from what state_dict gave. The rates of the optimiser are its own state.
function LRScheduler:load_state_dict(state)
  if type(state) ~= "table" then
    fail.raise("load_state_dict: expected what a schedule's state_dict gave, got %s", fail.show(state))
  end
  local inner = state._schedulers
  if (inner ~= nil) ~= (self._schedulers ~= nil) or (inner and #inner ~= #self._schedulers) then
    fail.raise("load_state_dict: the state is that of a schedule of another kind than %s", self.__name)
  end
  for key, v in pairs(state) do
    if key ~= "_schedulers" then self[key] = copied(v) end
  end
  for i, one in ipairs(inner or {}) do self._schedulers[i]:load_state_dict(one) end
end

function LRScheduler:__tostring()
  local rates = {}
  for i, rate in ipairs(self._last_lr or {}) do rates[i] = ("%g"):format(rate) end
  return ("%s: step %d, lr %s"):format(self.__name, self.last_epoch or 0, table.concat(rates, ", "))
end

--- Makes a class of schedules from its name and the signature of its constructor, whose first argument is the
-- optimiser. The class needs get_lr(self), which returns a list of rates; init(self, arguments) may come before the
-- first step.
function lr_scheduler.class(name, arguments)
  local class = {__name = name, signature = signature(name, arguments), __tostring = LRScheduler.__tostring}
  class.__index = class
  return setmetatable(class, {
    __index = LRScheduler,
    __tostring = function() return "class " .. name end,
    __call = function(_, ...)
      local self, a = setmetatable({}, class), class.signature(...)
      if class.construct then return class.construct(self, a) or self end
      check_optimizer(name, a.optimizer)
      for key, v in pairs(a) do
        if key ~= "optimizer" and key ~= "last_epoch" then self[key] = v end
      end
      self.optimizer = a.optimizer
      if class.init then self:init(a) end
      self:begin(a.optimizer, a.last_epoch)
      return self
    end,
  })
end

local function define(name, arguments)
  local class = lr_scheduler.class(name, arguments)
  lr_scheduler[name] = class
  return class
end

-- ---- by a function ------------------------------------------------------------------------------------------------

-- One function a group, in the field lr_lambdas (which state dicts leave out).
local function read_lambdas(self, a)
  local list = type(a.lr_lambda) == "table" and not getmetatable(a.lr_lambda) and a.lr_lambda or {a.lr_lambda}
  self.lr_lambda, self.lr_lambdas = nil, one_each(self.__name, "lr_lambda", a.optimizer, list)
end

--- The initial rate times lr_lambda(steps taken so far): a function, or a list with one for each parameter group.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.LambdaLR(opt, function(step) return 0.5 ^ step end)
--     schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.5
local LambdaLR = define("LambdaLR", "optimizer:any, lr_lambda:callable|table, last_epoch:int=-1")
LambdaLR.init = read_lambdas

function LambdaLR:get_lr()
  return from_base(self, function(base, i) return base * self.lr_lambdas[i](self.last_epoch) end)
end

--- The rate so far times lr_lambda(steps taken so far).
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.MultiplicativeLR(opt, function() return 0.5 end)
--     schedule:step(); schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.25
local MultiplicativeLR = define("MultiplicativeLR", "optimizer:any, lr_lambda:callable|table, last_epoch:int=-1")
MultiplicativeLR.init = read_lambdas

function MultiplicativeLR:get_lr()
  if self.is_initial then return scaled(self, 1) end
  local rates = {}
  for i, group in ipairs(self.optimizer.param_groups) do rates[i] = group.lr * self.lr_lambdas[i](self.last_epoch) end
  return rates
end

-- ---- in steps -----------------------------------------------------------------------------------------------------

--- The rate times gamma every step_size steps.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.StepLR(opt, 2, {gamma = 0.5})
--     for _ = 1, 5 do schedule:step() end
--     schedule:get_last_lr()[1]
--     --> 0.25
local StepLR = define("StepLR", "optimizer:any, step_size:count, gamma:number=0.1, last_epoch:int=-1")

function StepLR:get_lr()
  return scaled(self, (self.last_epoch == 0 or self.last_epoch % self.step_size ~= 0) and 1 or self.gamma)
end

function StepLR:closed_form()
  return from_base(self, function(base) return base * self.gamma ^ (self.last_epoch // self.step_size) end)
end

--- The rate times gamma after each of these numbers of steps.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.MultiStepLR(opt, {2, 3}, {gamma = 0.5})
--     for _ = 1, 3 do schedule:step() end
--     schedule:get_last_lr()[1]
--     --> 0.25
local MultiStepLR = define("MultiStepLR", "optimizer:any, milestones:amount*, gamma:number=0.1, last_epoch:int=-1")

-- How many of the milestones fulfil f.
local function count(milestones, f)
  local n = 0
  for _, m in ipairs(milestones) do n = n + (f(m) and 1 or 0) end
  return n
end

function MultiStepLR:get_lr()
  local n = count(self.milestones, function(m) return m == self.last_epoch end)
  return scaled(self, self.gamma ^ n)
end

function MultiStepLR:closed_form()
  local n = count(self.milestones, function(m) return m <= self.last_epoch end)
  return from_base(self, function(base) return base * self.gamma ^ n end)
end

--- The rate times factor for the first total_iters steps.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.ConstantLR(opt, {factor = 0.5, total_iters = 2})
--     schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.5
local ConstantLR = define("ConstantLR", "optimizer:any, factor:fraction=0.3333333333333333, total_iters:amount=5, "
  .. "last_epoch:int=-1")

function ConstantLR:get_lr()
  if self.last_epoch == 0 then return scaled(self, self.factor) end
  return scaled(self, self.last_epoch == self.total_iters and 1 / self.factor or 1)
end

function ConstantLR:closed_form()
  local factor = self.last_epoch >= self.total_iters and 1 or self.factor
  return from_base(self, function(base) return base * factor end)
end

-- ---- smooth -------------------------------------------------------------------------------------------------------

--- The rate times a factor that goes from start_factor to end_factor in a straight line over total_iters steps:
-- a warm-up, for instance.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.LinearLR(opt, {start_factor = 0.5, total_iters = 2})
--     schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.75
local LinearLR = define("LinearLR", "optimizer:any, start_factor:fraction=0.3333333333333333, end_factor:fraction=1.0, "
  .. "total_iters:count=5, last_epoch:int=-1")

function LinearLR:init()
  if self.start_factor == 0 then fail.raise("LinearLR: start_factor must be greater than 0") end
end

function LinearLR:get_lr()
  if self.last_epoch == 0 then return scaled(self, self.start_factor) end
  if self.is_initial or self.last_epoch > self.total_iters then return scaled(self, 1) end
  local span = self.end_factor - self.start_factor
  return scaled(self, 1 + span / (self.total_iters * self.start_factor + (self.last_epoch - 1) * span))
end

function LinearLR:closed_form()
  local span = self.end_factor - self.start_factor
  local factor = self.start_factor + span * math.min(self.total_iters, self.last_epoch) / self.total_iters
  return from_base(self, function(base) return base * factor end)
end

--- The rate times gamma with every step.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.ExponentialLR(opt, 0.5)
--     schedule:step(); schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.25
local ExponentialLR = define("ExponentialLR", "optimizer:any, gamma:number, last_epoch:int=-1")

function ExponentialLR:get_lr() return scaled(self, self.is_initial and 1 or self.gamma) end

function ExponentialLR:closed_form()
  return from_base(self, function(base) return base * self.gamma ^ self.last_epoch end)
end

--- The initial rate times (1 - steps / total_iters) ^ power, 0 from there on.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.PolynomialLR(opt, {total_iters = 4})
--     schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.75
local PolynomialLR = define("PolynomialLR", "optimizer:any, total_iters:count=5, power:number=1.0, last_epoch:int=-1")

function PolynomialLR:get_lr()
  if self.is_initial or self.last_epoch > self.total_iters then return scaled(self, 1) end
  local n = self.total_iters
  return scaled(self, ((1 - self.last_epoch / n) / (1 - (self.last_epoch - 1) / n)) ^ self.power)
end

function PolynomialLR:closed_form()
  local left = 1 - math.min(self.total_iters, self.last_epoch) / self.total_iters
  return from_base(self, function(base) return base * left ^ self.power end)
end

--- Half a cosine wave from the initial rate to eta_min over T_max steps, and back if it goes on (Loshchilov and Hutter
-- 2017, without the restarts).
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, 2)
--     schedule:step()
--     ("%.3f"):format(schedule:get_last_lr()[1])
--     --> 0.500
local CosineAnnealingLR = define("CosineAnnealingLR", "optimizer:any, T_max:count, eta_min:number=0.0, "
  .. "last_epoch:int=-1")

function CosineAnnealingLR:closed_form()
  return from_base(self, function(base)
    return self.eta_min + (base - self.eta_min) * (1 + cos(pi * self.last_epoch / self.T_max)) / 2
  end)
end

function CosineAnnealingLR:get_lr()
  local n, low, at = self.T_max, self.eta_min, self.last_epoch
  if self.is_initial then return scaled(self, 1) end
  if self._step_count == 1 and at > 0 then return self:closed_form() end
  local rates = {}
  for i, group in ipairs(self.optimizer.param_groups) do
    if (at - 1 - n) % (2 * n) == 0 then -- turning up from the bottom, where the quotient below is 0 / 0
      rates[i] = group.lr + (self.base_lrs[i] - low) * (1 - cos(pi / n)) / 2
    else
      rates[i] = (1 + cos(pi * at / n)) / (1 + cos(pi * (at - 1) / n)) * (group.lr - low) + low
    end
  end
  return rates
end

--- Half a cosine wave from the initial rate to eta_min over T_0 steps, then from the top again, each round T_mult times
-- as long (Loshchilov and Hutter 2017). step(epoch) goes to a place, fractions allowed.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, 2)
--     schedule:step(); schedule:step()
--     schedule:get_last_lr()[1]
--     --> 1.0
local WarmRestarts = define("CosineAnnealingWarmRestarts", "optimizer:any, T_0:count, T_mult:count=1, "
  .. "eta_min:number=0.0, last_epoch:int=-1")

function WarmRestarts:init(a) self.T_i, self.T_cur = self.T_0, a.last_epoch end

function WarmRestarts:get_lr()
  return from_base(self, function(base)
    return self.eta_min + (base - self.eta_min) * (1 + cos(pi * self.T_cur / self.T_i)) / 2
  end)
end

-- Round and place in it after `epoch` steps.
local function find_round(self, epoch)
  if epoch < 0 then fail.raise("CosineAnnealingWarmRestarts: epoch must not be negative, got %g", epoch) end
  if epoch < self.T_0 then
    self.T_i, self.T_cur = self.T_0, epoch
  elseif self.T_mult == 1 then
    self.T_cur = epoch % self.T_0
  else
    local n, start, length = 0, 0, self.T_0
    while epoch >= start + length do n, start, length = n + 1, start + length, length * self.T_mult end
    self.T_cur, self.T_i = epoch - start, length
  end
end

function WarmRestarts:step(epoch)
  if epoch == nil and self.last_epoch < 0 then epoch = 0 end
  if epoch == nil then
    epoch, self.T_cur = self.last_epoch + 1, self.T_cur + 1
    if self.T_cur >= self.T_i then self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult end
  else
    find_round(self, epoch)
  end
  self.last_epoch = math.floor(epoch)
  self:set(self:get_lr())
end

-- ---- cycles -------------------------------------------------------------------------------------------------------

-- Which option of the optimiser the momentum is: "momentum", or the first of "betas".
local function momentum_key(self)
  local defaults = self.optimizer.defaults
  if defaults.betas then return "betas" end
  if defaults.momentum then return "momentum" end
  return fail.raise("%s: cycle_momentum needs an optimiser with momentum or betas", self.__name)
end

local function set_momentum(self, group, momentum)
  if self.momentum_name == "betas" then
    group.betas = {momentum, table.unpack(group.betas, 2)}
  else
    group.momentum = momentum
  end
end

-- The limits of the momentum go into the groups, and the greater one to work at once.
local function begin_momentum(self, a)
  if not self.cycle_momentum then return end
  self.momentum_name = momentum_key(self)
  local highs = one_each(self.__name, "max_momentum", self.optimizer, a.max_momentum)
  local lows = one_each(self.__name, "base_momentum", self.optimizer, a.base_momentum)
  if a.last_epoch ~= -1 then return end
  for i, group in ipairs(self.optimizer.param_groups) do
    set_momentum(self, group, highs[i])
    group.max_momentum, group.base_momentum = highs[i], lows[i]
  end
end

--- Up from base_lr to max_lr in step_size_up steps and down in step_size_down, again and again (Smith 2017), the
-- momentum the other way round. mode "triangular", "triangular2" (half as high each time), "exp_range" (times gamma ^
-- steps), or scale_fn(x), where x is the cycle, or with scale_mode "iterations" the steps taken.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1, momentum = 0.9})
--     local schedule = optim.lr_scheduler.CyclicLR(opt, 1, 3, {step_size_up = 2})
--     schedule:step()
--     schedule:get_last_lr()[1]
--     --> 2.0
local CyclicLR = define("CyclicLR", "optimizer:any, base_lr:number*, max_lr:number*, step_size_up:count=2000, "
  .. "step_size_down:count?, mode:string=triangular, gamma:number=1.0, scale_fn:callable?, scale_mode:string=cycle, "
  .. "cycle_momentum:bool=true, base_momentum:number*=0.8, max_momentum:number*=0.9, last_epoch:int=-1")

local cyclic_modes = {triangular = "cycle", triangular2 = "cycle", exp_range = "iterations"}

function CyclicLR:init(a)
  if not cyclic_modes[self.mode] and not self.scale_fn then
    fail.raise("CyclicLR: mode must be 'triangular', 'triangular2' or 'exp_range', got %s", fail.show(self.mode))
  end
  if not self.scale_fn then self.scale_mode = cyclic_modes[self.mode] end
  local groups = self.optimizer.param_groups
  self.lows = one_each("CyclicLR", "base_lr", self.optimizer, a.base_lr)
  self.max_lrs = one_each("CyclicLR", "max_lr", self.optimizer, a.max_lr)
  if a.last_epoch == -1 then
    for i, group in ipairs(groups) do group.lr = self.lows[i] end
  end
  self.total_size = self.step_size_up + (self.step_size_down or self.step_size_up)
  self.step_ratio = self.step_size_up / self.total_size
  begin_momentum(self, a)
end

local function cyclic_scale(self, cycle)
  local x = self.scale_mode == "cycle" and cycle or self.last_epoch
  if self.scale_fn then return self.scale_fn(x) end
  if self.mode == "triangular2" then return 1 / 2 ^ (x - 1) end
  return self.mode == "exp_range" and self.gamma ^ x or 1
end

function CyclicLR:get_lr()
  local cycle = math.floor(1 + self.last_epoch / self.total_size)
  local x = 1 + self.last_epoch / self.total_size - cycle
  local height = x <= self.step_ratio and x / self.step_ratio or (x - 1) / (self.step_ratio - 1)
  local scale, rates = cyclic_scale(self, cycle), {}
  for i, group in ipairs(self.optimizer.param_groups) do
    rates[i] = self.lows[i] + (self.max_lrs[i] - self.lows[i]) * height * scale
    if self.cycle_momentum then
      local span = (group.max_momentum - group.base_momentum) * height
      set_momentum(self, group, group.max_momentum - span * scale)
    end
  end
  return rates
end

--- One cycle over the whole training (Smith and Topin 2018): from max_lr / div_factor up to max_lr in the share
-- pct_start of the steps, then down to the initial rate / final_div_factor; the momentum the other way round. The
-- number of steps is total_steps, or epochs * steps_per_epoch. anneal_strategy "cos" or "linear"; three_phase comes
-- down as it went up before it goes to the end.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1, momentum = 0.9})
--     local schedule = optim.lr_scheduler.OneCycleLR(opt, 1, {total_steps = 10, pct_start = 0.2})
--     schedule:step()
--     schedule:get_last_lr()[1]
--     --> 1.0
local OneCycleLR = define("OneCycleLR", "optimizer:any, max_lr:number*, total_steps:count?, epochs:count?, "
  .. "steps_per_epoch:count?, pct_start:fraction=0.3, anneal_strategy:string=cos, cycle_momentum:bool=true, "
  .. "base_momentum:number*=0.85, max_momentum:number*=0.95, div_factor:number=25.0, final_div_factor:number=1e4, "
  .. "three_phase:bool=false, last_epoch:int=-1")

-- The parts of the cycle: {last step, rate from, rate to, momentum from, momentum to}, all but the first by key.
local function one_cycle_phases(self)
  local n, share = self.total_steps, self.pct_start
  local up = {share * n - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum"}
  if not self.three_phase then return {up, {n - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"}} end
  return {up, {2 * share * n - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"},
    {n - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"}}
end

function OneCycleLR:init(a)
  if self.anneal_strategy ~= "cos" and self.anneal_strategy ~= "linear" then
    fail.raise("OneCycleLR: anneal_strategy must be 'cos' or 'linear', got %s", fail.show(self.anneal_strategy))
  end
  if not self.total_steps then
    if not (a.epochs and a.steps_per_epoch) then
      fail.raise("OneCycleLR: expected total_steps, or epochs and steps_per_epoch")
    end
    self.total_steps = a.epochs * a.steps_per_epoch
  end
  self.phases = one_cycle_phases(self)
  local highest = one_each("OneCycleLR", "max_lr", self.optimizer, a.max_lr)
  if a.last_epoch == -1 then
    for i, group in ipairs(self.optimizer.param_groups) do
      group.initial_lr, group.max_lr = highest[i] / self.div_factor, highest[i]
      group.min_lr = group.initial_lr / self.final_div_factor
    end
  end
  begin_momentum(self, a)
end

local function anneal(strategy, from, to, share)
  if strategy == "linear" then return (to - from) * share + from end
  return to + (from - to) / 2 * (cos(pi * share) + 1)
end

function OneCycleLR:get_lr()
  local at, rates = self.last_epoch, {}
  if at > self.total_steps then
    fail.raise("OneCycleLR: step %d, but the cycle has %d steps (total_steps)", at, self.total_steps)
  end
  local start, phase = 0, nil
  for i, one in ipairs(self.phases) do
    phase = one
    if at <= one[1] or i == #self.phases then break end
    start = one[1]
  end
  local share = (at - start) / (phase[1] - start)
  for i, group in ipairs(self.optimizer.param_groups) do
    rates[i] = anneal(self.anneal_strategy, group[phase[2]], group[phase[3]], share)
    if self.cycle_momentum then
      set_momentum(self, group, anneal(self.anneal_strategy, group[phase[4]], group[phase[5]], share))
    end
  end
  return rates
end

-- ---- by what is measured ------------------------------------------------------------------------------------------

--- The rate times factor when schedule:step(metric) has seen no improvement for more than `patience` steps. mode "min"
-- or "max"; an improvement is one by more than threshold, relative ("rel") or absolute ("abs"); then `cooldown` steps
-- don't count; no rate falls below min_lr.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local schedule = optim.lr_scheduler.ReduceLROnPlateau(opt, {patience = 1, factor = 0.5})
--     for _, loss in ipairs {3, 2, 2, 2} do schedule:step(loss) end
--     schedule:get_last_lr()[1]
--     --> 0.5
local Plateau = define("ReduceLROnPlateau", "optimizer:any, mode:string=min, factor:number=0.1, patience:amount=10, "
  .. "threshold:number=1e-4, threshold_mode:string=rel, cooldown:amount=0, min_lr:number*=0, eps:positive=1e-8")

function Plateau:construct(a)
  check_optimizer("ReduceLROnPlateau", a.optimizer)
  for key, v in pairs(a) do self[key] = v end
  if a.factor >= 1 then fail.raise("ReduceLROnPlateau: factor must be less than 1, got %g", a.factor) end
  if a.mode ~= "min" and a.mode ~= "max" then
    fail.raise("ReduceLROnPlateau: mode must be 'min' or 'max', got %s", fail.show(a.mode))
  elseif a.threshold_mode ~= "rel" and a.threshold_mode ~= "abs" then
    fail.raise("ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got %s", fail.show(a.threshold_mode))
  end
  self.min_lr, self.min_lrs = nil, one_each("ReduceLROnPlateau", "min_lr", a.optimizer, a.min_lr)
  self.last_epoch, self._last_lr = 0, values_of(a.optimizer, "lr")
  self.best = a.mode == "min" and math.huge or -math.huge
  self.cooldown_counter, self.num_bad_epochs = 0, 0
end

local function is_better(self, now)
  local sign = self.mode == "min" and -1 or 1
  if self.threshold_mode == "abs" then return sign * now > sign * (self.best + sign * self.threshold) end
  return sign * now > sign * (self.best * (1 + sign * self.threshold))
end

function Plateau:step(metrics, epoch)
  local now = type(metrics) == "userdata" and metrics:item() or metrics
  if type(now) ~= "number" then
    fail.raise("ReduceLROnPlateau: step expects the number that is watched, got %s", fail.show(metrics))
  end
  self.last_epoch = epoch or self.last_epoch + 1
  if is_better(self, now) then
    self.best, self.num_bad_epochs = now, 0
  else
    self.num_bad_epochs = self.num_bad_epochs + 1
  end
  if self.cooldown_counter > 0 then self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0 end
  if self.num_bad_epochs > self.patience then
    for i, group in ipairs(self.optimizer.param_groups) do
      local rate = math.max(group.lr * self.factor, self.min_lrs[i] or self.min_lrs[1])
      if group.lr - rate > self.eps then group.lr = rate end
    end
    self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
  end
  self._last_lr = values_of(self.optimizer, "lr")
end

-- ---- of schedules -------------------------------------------------------------------------------------------------

local function check_schedules(name, optimizer, schedulers)
  if type(schedulers) ~= "table" or #schedulers == 0 then
    fail.raise("%s: expected a list of schedules, got %s", name, fail.show(schedulers))
  end
  for i, s in ipairs(schedulers) do
    if not is_scheduler(s) then fail.raise("%s: entry %d is %s, no schedule", name, i, fail.show(s)) end
    if getmetatable(s) == Plateau then
      fail.raise("%s: entry %d is a ReduceLROnPlateau, which needs a metric for each step", name, i)
    elseif s.optimizer ~= optimizer then
      fail.raise("%s: schedule %d (%s) belongs to another optimiser", name, i, s.__name)
    end
  end
end

--- One schedule after the other: schedulers[i + 1] takes over, from its beginning, after milestones[i] steps.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local warm = optim.lr_scheduler.ConstantLR(opt, {factor = 0.5, total_iters = 9})
--     local down = optim.lr_scheduler.ExponentialLR(opt, 0.5)
--     local schedule = optim.lr_scheduler.SequentialLR(opt, {warm, down}, {2})
--     for _ = 1, 3 do schedule:step() end
--     schedule:get_last_lr()[1]
--     --> 0.5
local SequentialLR = define("SequentialLR", "optimizer:any, schedulers:table, milestones:amount*?, last_epoch:int=-1")

-- Takes back the steps that the constructors of the schedules made.
local function undo(s)
  for _, inner in ipairs(s._schedulers or {}) do undo(inner) end
  if not s._schedulers then s.last_epoch = s.last_epoch - 1 end
end

function SequentialLR:construct(a)
  local milestones = a.milestones or {}
  check_optimizer("SequentialLR", a.optimizer)
  check_schedules("SequentialLR", a.optimizer, a.schedulers)
  if #milestones ~= #a.schedulers - 1 then
    fail.raise("SequentialLR: %d schedules need %d milestones, got %d", #a.schedulers, #a.schedulers - 1, #milestones)
  end
  self.optimizer, self._schedulers, self._milestones = a.optimizer, a.schedulers, milestones
  self.last_epoch = a.last_epoch + 1
  for _, group in ipairs(a.optimizer.param_groups) do group.lr = group.initial_lr end
  undo(self)
  local first = a.schedulers[1 + count(milestones, function(m) return m <= 0 end)]
  first:initial_step()
  self._last_lr = first:get_last_lr()
end

function SequentialLR:step()
  self.last_epoch = self.last_epoch + 1
  local passed = count(self._milestones, function(m) return m <= self.last_epoch end)
  local schedule = self._schedulers[passed + 1]
  if passed > 0 and self._milestones[passed] == self.last_epoch then
    schedule:update_lr(0)
  else
    schedule:step()
  end
  self._last_lr = schedule:get_last_lr()
end

--- Several schedules at once, each working on the rate that the one before has left.
--     local opt = optim.SGD({nn.Parameter(tensor.zeros(1))}, {lr = 1})
--     local down = optim.lr_scheduler.ExponentialLR(opt, 0.5)
--     local steps = optim.lr_scheduler.StepLR(opt, 2, {gamma = 0.5})
--     local schedule = optim.lr_scheduler.ChainedScheduler({down, steps})
--     schedule:step(); schedule:step()
--     schedule:get_last_lr()[1]
--     --> 0.125
local ChainedScheduler = define("ChainedScheduler", "schedulers:table, optimizer:any?")

function ChainedScheduler:construct(a)
  local optimizer = a.optimizer or (type(a.schedulers[1]) == "table" and a.schedulers[1].optimizer) or nil
  check_schedules("ChainedScheduler", optimizer, a.schedulers)
  self.optimizer, self._schedulers = optimizer, a.schedulers
  self._last_lr = values_of(optimizer, "lr")
end

function ChainedScheduler:step()
  for _, schedule in ipairs(self._schedulers) do schedule:step() end
  self._last_lr = values_of(self.optimizer, "lr")
end

return lr_scheduler
