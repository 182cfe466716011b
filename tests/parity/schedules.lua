--- Runs learning rate schedules and optimisers that call a closure, as a record says, and compares the rates, momenta,
-- losses and counts with PyTorch's. Knows nothing about fixtures' files.
local compare = require "compare"
local nnlua = rawget(_G, "nnlua") or require "nnlua"
local models = require "models"(nnlua)
local runner = require "runner"

local optim = nnlua.optim
local schedules = { handlers = {} }

local functions = {
  half = function(n) return 0.5 ^ n end,
  shrink = function() return 0.97 end,
  inverse = function(n) return 1 / (1 + 0.2 * n) end,
  flat = function() return 1 end,
  saw = function(x) return 1 / (1 + x) end,
}

local make

local function made(value, opt)
  if type(value) ~= "table" then return value end
  if value.fn then return functions[value.fn] end
  if value.schedule then return make(value.schedule, opt) end
  local out = {}
  for k, v in pairs(value) do out[k] = made(v, opt) end
  return out
end

--- A schedule from {name, arguments, options}.
function make(description, opt)
  local name, args = description[1], made(description[2], opt)
  local class = optim.lr_scheduler[name] or optim.swa_utils[name]
  if name ~= "ChainedScheduler" then table.insert(args, 1, opt) end
  if next(description[3]) then args[#args + 1] = made(description[3], opt) end
  return class(table.unpack(args))
end

local function optimizer(record)
  local tensor, nn = nnlua.tensor, nnlua.nn
  local function one() return { nn.Parameter(tensor.zeros(1)) } end
  local hyper = {}
  for k, v in pairs(record.hyper) do hyper[k] = v end
  return optim[record.class]({ { params = one() }, { params = one(), lr = 0.02 } }, hyper)
end

--- Rates and momenta of the groups against those after `step` steps.
local function compare_groups(opt, schedule, record, step, problems)
  local last = schedule:get_last_lr()
  for g, group in ipairs(opt.param_groups) do
    local momentum = group.betas and group.betas[1] or group.momentum
    for what, pair in pairs { lr = { group.lr, record.rates }, ["last lr"] = { last[g], record.rates },
      momentum = { momentum, record.momenta } } do
      local want = pair[2][step + 1][g]
      local err = math.abs(pair[1] - want)
      if err ~= err or err > 1e-12 * math.max(math.abs(want), 1e-3) then
        problems[#problems + 1] = ("%s of group %d after step %d is %.15g, want %.15g"):format(what, g, step, pair[1],
          want)
      end
    end
  end
end

local RESUMED <const> = 20 -- after this step a fresh optimiser and schedule go on from the state dicts

--- Problems of a schedule, which is saved and resumed on its way.
function schedules.handlers.schedule(record)
  local problems = {}
  local opt = optimizer(record)
  local schedule = make(record.schedule, opt)
  compare_groups(opt, schedule, record, 0, problems)
  for step = 1, #record.rates - 1 do
    opt:step()
    schedule:step(record.metrics[step])
    compare_groups(opt, schedule, record, step, problems)
    if #problems > 0 then return problems end
    if step == RESUMED then
      local path = os.tmpname()
      nnlua.nn.save(path, { opt = opt, schedule = schedule:state_dict() })
      local saved = nnlua.nn.load(path)
      os.remove(path)
      opt = optimizer(record)
      schedule = make(record.schedule, opt)
      opt:load_state_dict(saved.opt)
      schedule:load_state_dict(saved.schedule)
    end
  end
  return problems
end

--- Problems of an optimiser that evaluates the loss itself. Its way hangs on comparisons of losses, so that single
-- precision may branch off: the loss must come down as far there, in double precision every step must agree.
function schedules.handlers.closure(record, mode)
  local data, problems = {}, {}
  for _, desc in ipairs(record.tensors) do data[desc.param] = runner.materialise(desc, mode, {}) end
  local params = { data.w1, data.b1, data.w2 }
  for _, p in ipairs(params) do p:requires_grad_(true) end
  local hyper = {}
  for k, v in pairs(record.hyper) do hyper[k] = v end
  local opt = optim[record.class](params, hyper)
  local loss
  for step = 1, record.steps do
    loss = opt:step(function()
      opt:zero_grad()
      local l = models.regression_loss(data.x, data.y, data.w1, data.b1, data.w2)
      l:backward()
      return l
    end):item()
    if mode == "float64" then
      local state = opt.state[params[1]]
      local want = record.losses[step]
      local err = math.abs(loss - want)
      if err ~= err or err > 1e-7 * math.max(want, 1e-3) then
        problems[#problems + 1] = ("loss of step %d is %.12g, want %.12g"):format(step, loss, want)
      end
      if state.func_evals ~= record.states[step][1] or state.n_iter ~= record.states[step][2] then
        problems[#problems + 1] = ("step %d made %d evaluations and %d iterations, want %d and %d"):format(step,
          state.func_evals, state.n_iter, record.states[step][1], record.states[step][2])
      end
      if #problems > 0 then return problems end
    end
  end
  if mode == "float64" then
    for k, want in ipairs(record.params) do
      local trouble = compare.tensor(params[k], want.value, mode, 1e-6, want.scale)
      if trouble then problems[#problems + 1] = ("parameter %d: %s"):format(k, trouble) end
    end
  elseif record.losses[1] - loss < 0.95 * (record.losses[1] - record.losses[record.steps]) then
    problems[#problems + 1] = ("the last loss is %.9g, want %.9g"):format(loss, record.losses[record.steps])
  end
  return problems
end

return schedules
