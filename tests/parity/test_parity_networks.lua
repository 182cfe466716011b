--- Parity with PyTorch over one training step of well known networks: fixtures/networks.bin.gz, cases_networks.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local formula = require "formula"
local nnlua = rawget(_G, "nnlua") or require "nnlua"
local runner = require "runner"
local networks = require "networks"(nnlua)

local FIRST <const> = 6 -- elements that are stored
local LOSS <const> = { float64 = 1e-10, float32 = 1e-5 }
local GRADIENT <const> = { float64 = 1e-8, float32 = 1e-4 }

--- Norm, sum with signs and first elements, as cases_networks.py has them.
local function summary(name, t)
  local flat = t:detach():to("float64"):reshape(-1):tolist()
  if type(flat) ~= "table" then flat = { flat } end
  local with = formula.values("any", formula.seed_of("sum/" .. name), #flat)
  local norm, sum, values = 0.0, 0.0, {}
  for i, v in ipairs(flat) do norm, sum = norm + v * v, sum + v * with[i] end
  values[1], values[2] = math.sqrt(norm), sum
  for i = 1, math.min(FIRST, #flat) do values[2 + i] = flat[i] end
  return values
end

local function check(what, name, t, want, tol, problems)
  if not t then
    problems[#problems + 1] = ("%s of %s is nil"):format(what, name)
    return
  end
  local got = summary(name, t)
  if #got ~= #want then
    problems[#problems + 1] = ("%s of %s has another size"):format(what, name)
    return
  end
  for i, v in ipairs(got) do
    local err = math.abs(v - want[i])
    if err ~= err or err > tol * math.max(want[1], 1e-12) then
      problems[#problems + 1] = ("%s of %s: number %d is %.9g, want %.9g"):format(what, name, i, v, want[i])
      return
    end
  end
end

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

local function step(record, mode)
  local network, problems, state, inputs = networks[record.op], {}, {}, {}
  local model = network.build()
  model:to(mode)
  for _, desc in ipairs(record.weights) do state[desc.param] = runner.materialise(desc, mode, {}) end
  for i, desc in ipairs(record.inputs) do inputs[i] = runner.materialise(desc, mode, {}) end
  model:load_state_dict(state)
  local losses = { network.step(model, table.unpack(inputs)) }
  for i, want in ipairs(record.losses) do
    local loss = losses[i]:item()
    if loss ~= loss or math.abs(loss - want) > LOSS[mode] * math.abs(want) then
      problems[#problems + 1] = ("loss %d is %.9g, want %.9g"):format(i, loss, want)
    end
  end
  local seen = 0
  for name, p in model:named_parameters() do
    seen = seen + 1
    check("the gradient", name, p.grad, record.gradients[name], GRADIENT[mode], problems)
  end
  if seen ~= count(record.gradients) then problems[#problems + 1] = "another number of parameters" end
  for name, v in pairs(model:state_dict()) do check("what", name, v, record.state[name], GRADIENT[mode], problems) end
  return problems
end

runner.directory = directory
runner.run("networks", { network = step })
