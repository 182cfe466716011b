--- Trains as a record says and compares losses, gradients and parameters with PyTorch's.
-- Two kinds of record: an optimiser on a small problem, a model from weights that PyTorch saved.
local compare = require "compare"
local nnlua = rawget(_G, "nnlua") or require "nnlua"
local models = require "models"(nnlua)
local runner = require "runner"

local training = { handlers = {} }
local TOLERANCE <const> = { float64 = 1e-9, float32 = 1e-4 }

local function check_losses(losses, want, scales, tol, problems)
  for step, loss in ipairs(losses) do
    local err = math.abs(loss - want[step])
    if err ~= err or err > tol * math.max(math.abs(want[step]), scales and scales[step] or 0) then
      problems[#problems + 1] = ("loss of step %d is %.9g, want %.9g"):format(step, loss, want[step])
      return
    end
  end
end

local function copy(t)
  local out = {}
  for k, v in pairs(t) do out[k] = v end
  return out
end

--- Problems found when an optimiser walks down the regression problem.
function training.handlers.optimizer(record, mode)
  local data, problems, losses, tol = {}, {}, {}, TOLERANCE[mode]
  for _, desc in ipairs(record.tensors) do data[desc.param] = runner.materialise(desc, mode, {}) end
  local params = { data.w1, data.b1, data.w2 }
  for _, p in ipairs(params) do p:requires_grad_(true) end
  local given = params
  if record.groups then
    local first, second = copy(record.groups[1]), copy(record.groups[2])
    first.params, second.params = { params[1] }, { params[2], params[3] }
    given = { first, second }
  end
  local opt = nnlua.optim[record.class](given, copy(record.hyper))
  local marks = {}
  for _, mark in ipairs(record.marks) do marks[mark[1]] = mark[2] end
  for step = 1, record.steps do
    if record.new_lr and step == 10 then opt.param_groups[1].lr = record.new_lr end
    local loss = models.regression_loss(data.x, data.y, data.w1, data.b1, data.w2)
    opt:zero_grad()
    loss:backward()
    opt:step()
    losses[step] = loss:item()
    for k, want in ipairs(marks[step] or {}) do
      local trouble = compare.tensor(params[k], want.value, mode, tol, want.scale)
      if trouble then
        problems[#problems + 1] = ("parameter %d after step %d: %s"):format(k, step, trouble)
        return problems
      end
    end
  end
  check_losses(losses, record.losses, record.loss_scales, tol, problems)
  return problems
end

--- Names and values of a state dict against expected arrays.
local function check_state(what, state, wanted, mode, tol, problems)
  local names = {}
  for name in pairs(wanted) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local want = wanted[name]
    local got = state[name]
    if got == nil then
      problems[#problems + 1] = ("%s: no %s"):format(what, name)
    else
      local dtype = got.dtype == "int64" and "int64" or mode
      local trouble = compare.tensor(got, want.value or want, dtype, tol, want.scale)
      if trouble then problems[#problems + 1] = ("%s of %s: %s"):format(what, name, trouble) end
    end
  end
end

--- Problems found when a model is loaded, trained, saved and loaded again.
function training.handlers.model(record, mode)
  local problems, losses, tol = {}, {}, TOLERANCE[mode]
  local loaded = nnlua.nn.load(training.directory .. "fixtures/" .. record.file)
  check_state("loaded", loaded, record.weights, "float32", 0.0, problems)
  local model = models[record.builder]()
  model:load_state_dict(loaded)
  model:to(mode)
  model:train()
  local x = runner.materialise(record.x, mode, {})
  local y = runner.materialise(record.y, mode, {})
  local opt = nnlua.optim[record.class](model:parameters(), copy(record.hyper))
  for step = 1, record.steps do
    local loss = nnlua.F.cross_entropy(model(x), y)
    opt:zero_grad()
    loss:backward()
    if step == 1 then
      local grads = {}
      for name, p in model:named_parameters() do grads[name] = p.grad end
      check_state("gradient", grads, record.grads, mode, tol, problems)
    end
    opt:step()
    losses[step] = loss:item()
  end
  check_losses(losses, record.losses, nil, tol, problems)
  check_state("state", model:state_dict(), record.state, mode, tol, problems)

  local path = os.tmpname() .. ".safetensors"
  nnlua.nn.save(path, model)
  local again = models[record.builder]()
  again:to(mode)
  again:load_state_dict(nnlua.nn.load(path))
  os.remove(path)
  os.remove((path:gsub("%.safetensors$", "")))
  check_state("saved state", again:state_dict(), record.state, mode, tol, problems)
  return problems
end

return training
