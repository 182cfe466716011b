-- Optimisers. What they compute is in the engine, one call a step for all parameters of a group; here are groups,
-- options, state dicts. Knows no schedule: whoever changes group.lr changes the next step.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor, steps = core.tensor, core.optim

local optim = {}

-- State of a group's parameters, one array a kind: group[STATE].exp_avg[i] belongs to group.params[i].
local STATE = setmetatable({}, {__name = "state"})

--- What all optimisers have in common. One has param_groups, defaults (the options) and state (opt.state[p] is
-- get_state(p)).
local Optimizer = {}
optim.Optimizer = Optimizer

-- ---- groups -------------------------------------------------------------------------------------------------------

-- A list of parameters from what the user gives: a list, one tensor, or a module.
local function parameter_list(name, params)
  if tensor.is_tensor(params) then params = {params} end
  if module.is_module(params) then
    fail.raise("%s: expected parameters, got a module: write net:parameters()", name)
  end
  if type(params) ~= "table" then fail.raise("%s: expected a list of parameters, got %s", name, fail.show(params)) end
  if #params == 0 and next(params) ~= nil then
    fail.raise("%s: expected a list of parameters, got a table with names", name)
  end
  for i, p in ipairs(params) do
    if not tensor.is_tensor(p) then fail.raise("%s: parameter %d is %s", name, i, fail.show(p)) end
    if not p.is_leaf then fail.raise("%s: parameter %d is a result of operations, not a leaf", name, i) end
  end
  return table.move(params, 1, #params, 1, {})
end

--- Adds a group of parameters with options of its own: opt:add_param_group({params = head:parameters(), lr = 1e-2}).
function Optimizer:add_param_group(group)
  local name = self.class_name
  if type(group) ~= "table" or not group.params then
    fail.raise("%s: a parameter group needs params", name)
  end
  local options = {}
  for key, v in pairs(self.defaults) do options[key] = v end
  for key, v in pairs(group) do
    if key ~= "params" then options[key] = v end
  end
  local new = self.read(options)
  self.check(name, new)
  new.params = parameter_list(name, group.params)
  if #new.params == 0 then fail.raise("%s: got an empty list of parameters", name) end
  for i, p in ipairs(new.params) do
    if self.known[p] then fail.raise("%s: parameter %d is there already", name, i) end
    self.known[p] = true
  end
  new[STATE] = {step = {}, number = {}}
  for _, key in ipairs(self.state_names) do new[STATE][key] = {} end
  self.param_groups[#self.param_groups + 1] = new
end

local function construct(class, params, ...)
  local self = setmetatable({param_groups = {}, known = {}, class_name = class.class_name}, class)
  local options = class.read(...)
  class.check(class.class_name, options)
  self.defaults = options
  if class.whole_state then self.whole = {func_evals = 0, n_iter = 0} end
  self.state = setmetatable({}, {__index = function(_, p) return self.known[p] and self:get_state(p) end})
  local groups = type(params) == "table" and not module.is_module(params) and type(params[1]) == "table"
    and params[1].params and params or nil
  if type(params) == "table" and params.params then groups = {params} end
  if groups then
    for _, group in ipairs(groups) do self:add_param_group(group) end
  else
    self:add_param_group({params = params})
  end
  return self
end

-- ---- what all of them do ------------------------------------------------------------------------------------------

--- One step with the gradients that the parameters have; parameters without one stay. With a closure (which computes
-- the loss anew) its result is returned.
function Optimizer:step(closure)
  local loss
  if closure then loss = tensor.enable_grad(closure) end
  local groups = self.param_groups
  for i = 1, #groups do self:update(groups[i]) end
  return loss
end

--- Drops the gradients of all parameters (with {set_to_none = false}: makes them zero).
function Optimizer:zero_grad(set_to_none)
  if set_to_none and type(set_to_none) == "table" then set_to_none = set_to_none.set_to_none end
  local groups = self.param_groups
  for i = 1, #groups do
    if set_to_none == false then
      for _, p in ipairs(groups[i].params) do
        if p.grad then p.grad = p.grad:detach():zero_() end
      end
    else
      steps.zero_grad(groups[i].params)
    end
  end
end

-- The state of one parameter: a table with step and the method's tensors (empty before its first step).
function Optimizer:get_state(parameter)
  for _, group in ipairs(self.param_groups) do
    for i, p in ipairs(group.params) do
      if p == parameter then
        if self.whole then return i == 1 and self.whole or {} end
        local out = {step = group[STATE].step[i]}
        if self.number_name then out[self.number_name] = group[STATE].number[i] end
        for _, key in ipairs(self.state_names) do out[key] = group[STATE][key][i] end
        return out
      end
    end
  end
  return fail.raise("%s: this is none of its parameters", self.class_name)
end

--- Options, step counts and tensors as one table that nn.save takes: {state = {...}, param_groups = {...}}; parameters
-- are numbered from 1 across the groups.
function Optimizer:state_dict()
  local out, n = {state = {}, param_groups = {}}, 0
  for g, group in ipairs(self.param_groups) do
    local saved = {params = {}}
    for _, p in ipairs(self.read) do saved[p.name] = group[p.name] end
    for key, v in pairs(group) do
      if type(key) == "string" and key ~= "params" and saved[key] == nil then saved[key] = v end
    end
    for i in ipairs(group.params) do
      n = n + 1
      saved.params[i] = n
      out.state[n] = self:get_state(group.params[i])
    end
    out.param_groups[g] = saved
  end
  return out
end

-- Puts one parameter's saved state in its place.
local function load_parameter(self, group, i, state)
  if self.whole then
    if i == 1 then
      for key in pairs(self.whole) do self.whole[key] = nil end
      for key, v in pairs(state) do
        self.whole[key] = type(v) == "table" and table.move(v, 1, #v, 1, {}) or v
      end
      self.whole.func_evals, self.whole.n_iter = state.func_evals or 0, state.n_iter or 0
    end
    return
  end
  local p = group.params[i]
  for _, key in ipairs(self.state_names) do
    local t, want = state[key], {p:size()}
    if self.state_sizes then want = self.state_sizes(key, want) end
    if t ~= nil and not tensor.is_tensor(t) then
      fail.raise("load_state_dict: %s of parameter %d is %s", key, i, fail.show(t))
    elseif t ~= nil and table.concat({t:size()}, " ") ~= table.concat(want, " ") then
      fail.raise("load_state_dict: %s of parameter %d has shape [%s], expected [%s]", key, i,
        table.concat({t:size()}, ", "), table.concat(want, ", "))
    end
    group[STATE][key][i] = t and t:detach():to(p.dtype):clone():contiguous() or nil
  end
  local number = state[self.number_name]
  group[STATE].number[i] = tensor.is_tensor(number) and number:item() or number
  group[STATE].step[i] = state.step and math.tointeger(tensor.is_tensor(state.step) and state.step:item() or state.step)
    or nil
end

--- Takes over what state_dict gave, for the same groups of parameters.
function Optimizer:load_state_dict(dict)
  if type(dict) ~= "table" or type(dict.state) ~= "table" or type(dict.param_groups) ~= "table" then
    fail.raise("load_state_dict: expected what an optimiser's state_dict gave, got %s", fail.show(dict))
  end
  if #dict.param_groups ~= #self.param_groups then
    fail.raise("load_state_dict: %d parameter groups there, %d here", #dict.param_groups, #self.param_groups)
  end
  for g, saved in ipairs(dict.param_groups) do
    if #saved.params ~= #self.param_groups[g].params then
      fail.raise("load_state_dict: group %d has %d parameters there, %d here", g, #saved.params,
        #self.param_groups[g].params)
    end
  end
  for g, saved in ipairs(dict.param_groups) do
    local group = self.param_groups[g]
    for key, v in pairs(saved) do
      if key ~= "params" then group[key] = v end
    end
    for i, number in ipairs(saved.params) do load_parameter(self, group, i, dict.state[number] or {}) end
  end
end

--- The class and the options of every group.
function Optimizer:__tostring()
  local lines = {}
  for g, group in ipairs(self.param_groups) do
    local parts = {}
    for _, p in ipairs(self.read) do
      local v = group[p.name]
      if type(v) == "table" then v = "{" .. table.concat(v, ", ") .. "}" end
      if v ~= nil then parts[#parts + 1] = p.name .. " = " .. tostring(v) end
    end
    lines[g] = ("%s group %d: %d parameter tensor%s, %s"):format(self.class_name, g, #group.params,
      #group.params == 1 and "" or "s", table.concat(parts, ", "))
  end
  return table.concat(lines, "\n")
end

-- ---- the methods --------------------------------------------------------------------------------------------------

-- A class: signature of its options, names of the state it keeps, check(name, options).
local function define(name, options, state_names, check)
  local class = {__name = name, class_name = name, read = signature(name, options), state_names = state_names,
    check = check, __tostring = Optimizer.__tostring}
  class.__index = class
  setmetatable(class, {__index = Optimizer, __call = construct, __tostring = function() return "class " .. name end})
  optim[name] = class
  return class
end

local function check_betas(name, o)
  for i, beta in ipairs(o.betas) do
    if beta < 0 or beta >= 1 then fail.raise("%s: betas[%d] must be in 0 <= beta < 1, got %s", name, i, beta) end
  end
end

--- Stochastic gradient descent: p = p - lr g; with momentum v = momentum v + (1 - dampening) g (v = g at first) and p =
-- p - lr v, with nesterov p = p - lr (g + momentum v); weight_decay adds weight_decay p to g: optim.SGD(parameters,
-- {lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0, nesterov = false, maximize = false}).
local SGD = define("SGD", "lr:positive=1e-3, momentum:positive=0, dampening:number=0, weight_decay:positive=0, "
  .. "nesterov:bool=false, maximize:bool=false", {"momentum_buffer"}, function(name, o)
  if o.nesterov and (o.momentum <= 0 or o.dampening ~= 0) then
    fail.raise("%s: nesterov needs a momentum and no dampening", name)
  end
end)

function SGD:update(group)
  local state = group[STATE]
  steps.sgd(group.params, group.momentum ~= 0 and state.momentum_buffer or nil, state.step, group.lr, group.momentum,
    group.dampening, group.weight_decay, group.nesterov, group.maximize)
end

local function adam_update(decoupled)
  return function(_, group)
    local state, betas = group[STATE], group.betas
    steps.adam(group.params, state.exp_avg, state.exp_avg_sq, group.amsgrad and state.max_exp_avg_sq or nil, state.step,
      group.lr, betas[1], betas[2], group.eps, group.weight_decay, decoupled, group.maximize)
  end
end

local adam_options = "lr:positive=1e-3, betas:number*2=0.9, eps:positive=1e-8, weight_decay:positive=%s, "
  .. "amsgrad:bool=false, maximize:bool=false"

--- Adam (Kingma and Ba 2015): m = b1 m + (1 - b1) g and v = b2 v + (1 - b2) g^2, both divided by 1 - b^t, then p = p -
-- lr m / (sqrt(v) + eps): optim.Adam(parameters, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0,
-- amsgrad = false, maximize = false}); the weight decay is added to the gradient.
local Adam = define("Adam", adam_options:format("0"), {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}, check_betas)
Adam.read.by_name.betas.default = {0.9, 0.999}
Adam.update = adam_update(false)

--- Adam whose weight decay works on the weights themselves, p = p - lr weight_decay p before Adam's step, and so is not
-- divided by its root as an L2 penalty would be (Loshchilov and Hutter 2019): optim.AdamW(parameters, {lr = 1e-3,
-- betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 1e-2, amsgrad = false, maximize = false}).
local AdamW = define("AdamW", adam_options:format("1e-2"), {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}, check_betas)
AdamW.read.by_name.betas.default = {0.9, 0.999}
AdamW.update = adam_update(true)

--- Steps divided by a running root mean square of the gradient (Tieleman and Hinton 2012): v = alpha v + (1 - alpha)
-- g^2, p = p - lr g / (sqrt(v) + eps); centered takes the variance in place of v: optim.RMSprop(parameters, {lr =
-- 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0, centered = false, maximize = false}).
local RMSprop = define("RMSprop", "lr:positive=1e-2, alpha:positive=0.99, eps:positive=1e-8, weight_decay:positive=0, "
  .. "momentum:positive=0, centered:bool=false, maximize:bool=false", {"square_avg", "grad_avg", "momentum_buffer"},
  function() end)

function RMSprop:update(group)
  local state = group[STATE]
  steps.rmsprop(group.params, state.square_avg, group.centered and state.grad_avg or nil,
    group.momentum ~= 0 and state.momentum_buffer or nil, state.step, group.lr, group.alpha, group.eps,
    group.weight_decay, group.momentum, group.centered, group.maximize)
end

--- Steps divided by the root of the sum of all squared gradients (Duchi et al. 2011): s = s + g^2, p = p - lr g /
-- (sqrt(s) + eps), lr divided by 1 + t lr_decay: optim.Adagrad(parameters, {lr = 1e-2, lr_decay = 0, weight_decay = 0,
-- initial_accumulator_value = 0, eps = 1e-10, maximize = false}).
local Adagrad = define("Adagrad", "lr:positive=1e-2, lr_decay:positive=0, weight_decay:positive=0, "
  .. "initial_accumulator_value:positive=0, eps:positive=1e-10, maximize:bool=false", {"sum"}, function() end)

function Adagrad:update(group)
  local state = group[STATE]
  if group.initial_accumulator_value ~= 0 then
    for i, p in ipairs(group.params) do
      state.sum[i] = state.sum[i] or tensor.full_like(p, group.initial_accumulator_value):detach()
    end
  end
  steps.adagrad(group.params, state.sum, state.step, group.lr, group.lr_decay, group.weight_decay, group.eps,
    group.maximize)
end

-- ---- methods that differ in few coefficients ----------------------------------------------------------------------

-- update of a class whose rule the engine knows by name; coefficients(group) gives what it is called with.
local function by_rule(class, rule, coefficients)
  function class.update(_, group)
    local state = group[STATE]
    steps.rule(group.params, state[class.state_names[1]], state[class.state_names[2]], state.step, rule,
      coefficients(group), state.number)
  end
end

-- Coefficients of the methods with two betas.
local function two_betas(group)
  return {lr = group.lr, beta1 = group.betas[1], beta2 = group.betas[2], eps = group.eps,
    weight_decay = group.weight_decay, decoupled = group.decoupled_weight_decay, maximize = group.maximize,
    extra1 = group.momentum_decay}
end

local function with_betas(name, options, state_names)
  local class = define(name, options, state_names, check_betas)
  class.read.by_name.betas.default = {0.9, 0.999}
  by_rule(class, name:lower(), two_betas)
  return class
end

--- Adam with the largest gradient so far, fading, in place of the root mean square (Kingma and Ba 2015): u = max(b2 u,
-- |g| + eps), p = p - lr / (1 - b1^t) m / u: optim.Adamax(parameters, {lr = 2e-3, betas = {0.9, 0.999}, eps = 1e-8,
-- weight_decay = 0, maximize = false}).
--     local w = nn.Parameter(tensor{1, 2})
--     local opt = optim.Adamax({w}, {lr = 0.5})
--     w:square():sum():backward(); opt:step()
--     w:detach()
--     --> {0.5, 1.5}
with_betas("Adamax", "lr:positive=2e-3, betas:number*2=0.9, eps:positive=1e-8, weight_decay:positive=0, "
  .. "maximize:bool=false", {"exp_avg", "exp_inf"})

--- Adam with Nesterov's momentum (Dozat 2016): optim.NAdam(parameters, {lr = 2e-3, betas = {0.9, 0.999}, eps = 1e-8,
-- weight_decay = 0, momentum_decay = 4e-3, decoupled_weight_decay = false, maximize = false}).
with_betas("NAdam", "lr:positive=2e-3, betas:number*2=0.9, eps:positive=1e-8, weight_decay:positive=0, "
  .. "momentum_decay:positive=4e-3, decoupled_weight_decay:bool=false, maximize:bool=false",
  {"exp_avg", "exp_avg_sq"}).number_name = "mu_product"

--- Adam that waits with adaptive steps until the variance is known well enough (Liu et al. 2020):
-- optim.RAdam(parameters, {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0,
-- decoupled_weight_decay = false, maximize = false}).
with_betas("RAdam", "lr:positive=1e-3, betas:number*2=0.9, eps:positive=1e-8, weight_decay:positive=0, "
  .. "decoupled_weight_decay:bool=false, maximize:bool=false", {"exp_avg", "exp_avg_sq"})

--- Steps in the ratio of the root mean squares of past steps and gradients (Zeiler 2012): v = rho v + (1 - rho) g^2, d
-- = g sqrt(u + eps) / sqrt(v + eps), u = rho u + (1 - rho) d^2, p = p - lr d: optim.Adadelta(parameters, {lr = 1, rho
-- = 0.9, eps = 1e-6, weight_decay = 0, maximize = false}).
local Adadelta = define("Adadelta", "lr:positive=1.0, rho:fraction=0.9, eps:positive=1e-6, weight_decay:positive=0, "
  .. "maximize:bool=false", {"square_avg", "acc_delta"}, function() end)
by_rule(Adadelta, "adadelta", function(group)
  return {lr = group.lr, beta1 = group.rho, eps = group.eps, weight_decay = group.weight_decay,
    maximize = group.maximize}
end)

--- Steps by the sign of the gradient, longer while it stays and shorter after it changed (Riedmiller and Braun 1993);
-- for whole batches: optim.Rprop(parameters, {lr = 1e-2, etas = {0.5, 1.2}, step_sizes = {1e-6, 50},
-- maximize = false}).
local Rprop = define("Rprop", "lr:positive=1e-2, etas:number*2=0.5, step_sizes:number*2=1e-6, maximize:bool=false",
  {"prev", "step_size"}, function(name, o)
  local down, up = o.etas[1], o.etas[2]
  if not (down > 0 and down < 1 and up > 1) then
    fail.raise("%s: etas must be {less than 1, greater than 1}, got {%g, %g}", name, down, up)
  end
end)
Rprop.read.by_name.etas.default, Rprop.read.by_name.step_sizes.default = {0.5, 1.2}, {1e-6, 50}
by_rule(Rprop, "rprop", function(group)
  return {lr = group.lr, beta1 = group.etas[1], beta2 = group.etas[2], scale1 = group.step_sizes[1],
    scale2 = group.step_sizes[2], maximize = group.maximize}
end)

--- Averaged stochastic gradient descent (Polyak and Juditsky 1992): optim.ASGD(parameters, {lr = 1e-2, lambd = 1e-4,
-- alpha = 0.75, t0 = 1e6, weight_decay = 0, maximize = false}). The mean of the parameters since step t0 is
-- opt.state[p].ax.
local ASGD = define("ASGD", "lr:positive=1e-2, lambd:number=1e-4, alpha:number=0.75, t0:number=1e6, "
  .. "weight_decay:positive=0, maximize:bool=false", {"ax"}, function() end)
ASGD.number_name = "eta"
by_rule(ASGD, "asgd", function(group)
  return {lr = group.lr, beta1 = group.lambd, weight_decay = group.weight_decay, maximize = group.maximize,
    extra1 = group.alpha, extra2 = group.t0}
end)

require("nnlua.optim.lbfgs")(define)
require("nnlua.optim.adafactor")(define, STATE)

optim.lr_scheduler = require "nnlua.optim.lr_scheduler"
optim.swa_utils = require "nnlua.optim.swa_utils"

return optim
