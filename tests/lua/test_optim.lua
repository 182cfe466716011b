-- Optimisers against their formulas in plain Lua numbers, groups, state dicts, misuse.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, optim = nnlua.tensor, nnlua.nn, nnlua.optim

-- ---- the formulas, for one number ---------------------------------------------------------------------------------

local reference = {}

function reference.SGD(o)
  local buffer
  return function(p, g)
    if o.maximize then g = -g end
    g = g + (o.weight_decay or 0) * p
    if (o.momentum or 0) ~= 0 then
      buffer = buffer and o.momentum * buffer + (1 - (o.dampening or 0)) * g or g
      g = o.nesterov and g + o.momentum * buffer or buffer
    end
    return p - (o.lr or 1e-3) * g
  end
end

local function adam(decoupled, default_decay)
  return function(o)
    local m, v, most, t = 0, 0, 0, 0
    local b1, b2 = table.unpack(o.betas or {0.9, 0.999})
    local lr, decay = o.lr or 1e-3, o.weight_decay or default_decay
    return function(p, g)
      t = t + 1
      if o.maximize then g = -g end
      if decoupled then p = p * (1 - lr * decay) else g = g + decay * p end
      m = b1 * m + (1 - b1) * g
      v = b2 * v + (1 - b2) * g * g
      most = math.max(most, v)
      local second = math.sqrt(o.amsgrad and most or v) / math.sqrt(1 - b2 ^ t) + (o.eps or 1e-8)
      return p - lr / (1 - b1 ^ t) * m / second
    end
  end
end
reference.Adam = adam(false, 0)
reference.AdamW = adam(true, 1e-2)

function reference.RMSprop(o)
  local square, average, buffer = 0, 0, 0
  local alpha = o.alpha or 0.99
  return function(p, g)
    if o.maximize then g = -g end
    g = g + (o.weight_decay or 0) * p
    square = alpha * square + (1 - alpha) * g * g
    local under = square
    if o.centered then
      average = alpha * average + (1 - alpha) * g
      under = square - average * average
    end
    local step = g / (math.sqrt(under) + (o.eps or 1e-8))
    if (o.momentum or 0) > 0 then
      buffer = o.momentum * buffer + step
      step = buffer
    end
    return p - (o.lr or 1e-2) * step
  end
end

function reference.Adagrad(o)
  local sum, t = o.initial_accumulator_value or 0, 0
  return function(p, g)
    t = t + 1
    if o.maximize then g = -g end
    g = g + (o.weight_decay or 0) * p
    sum = sum + g * g
    return p - (o.lr or 1e-2) / (1 + (t - 1) * (o.lr_decay or 0)) * g / (math.sqrt(sum) + (o.eps or 1e-10))
  end
end

local cases = {
  {"SGD", {lr = 0.1}},
  {"SGD", {lr = 0.1, momentum = 0.9}},
  {"SGD", {lr = 0.1, momentum = 0.9, dampening = 0.3, weight_decay = 0.05}},
  {"SGD", {lr = 0.1, momentum = 0.8, nesterov = true}},
  {"SGD", {lr = 0.01, momentum = 0.8, maximize = true}},
  {"Adam", {lr = 0.05}},
  {"Adam", {lr = 0.05, betas = {0.8, 0.95}, eps = 1e-4, weight_decay = 0.1}},
  {"Adam", {lr = 0.05, amsgrad = true}},
  {"Adam", {lr = 0.05, maximize = true}},
  {"AdamW", {lr = 0.05}},
  {"AdamW", {lr = 0.05, weight_decay = 0.3, amsgrad = true}},
  {"RMSprop", {lr = 0.02}},
  {"RMSprop", {lr = 0.02, momentum = 0.9, centered = true, weight_decay = 0.1}},
  {"Adagrad", {lr = 0.1}},
  {"Adagrad", {lr = 0.1, lr_decay = 0.1, weight_decay = 0.1, initial_accumulator_value = 0.5}},
}

-- A loss with different gradients in each element and step: sum of (p - target)^2 * scale.
for _, case in ipairs(cases) do
  local name, o = case[1], case[2]
  local parts = {}
  for key, v in pairs(o) do parts[#parts + 1] = key .. "=" .. tostring(type(v) == "table" and "..." or v) end
  table.sort(parts)
  check.test(name .. " " .. table.concat(parts, " "), function()
    local start = {0.5, -1.25, 2, 3.5, -0.75}
    local a = nn.Parameter(tensor({0.5, -1.25}, {dtype = "float64"}))
    local b = nn.Parameter(tensor({{2, 3.5, -0.75}}, {dtype = "float64"}))
    local opt = optim[name]({a, b}, o)
    local rules = {}
    for i = 1, 5 do rules[i] = reference[name](o) end
    for step = 1, 30 do
      local loss = ((a - 0.3 * step / 30) ^ 2):sum() + ((b + 1) ^ 2 * 0.7):sum()
      opt:zero_grad()
      loss:backward()
      opt:step()
      for i = 1, 5 do
        local p = start[i]
        local g = i <= 2 and 2 * (p - 0.3 * step / 30) or 1.4 * (p + 1)
        start[i] = rules[i](p, g)
      end
    end
    check.close(a:totable(), {start[1], start[2]}, 1e-9)
    check.close(b:totable(), {{start[3], start[4], start[5]}}, 1e-9)
  end)
end

-- ---- what holds for all -------------------------------------------------------------------------------------------

check.test("float32, many parameters, non-contiguous ones", function()
  local list, want = {}, {}
  for i = 1, 50 do
    list[i] = nn.Parameter(tensor.full({i * 37}, i + 0.0))
    want[i] = i - 0.5
  end
  list[51] = nn.Parameter(tensor.ones(3, 4):t())
  local opt = optim.SGD(list, {lr = 0.5})
  for _, p in ipairs(list) do p.grad = tensor.ones_like(p) end
  opt:step()
  for i = 1, 50 do check.equal(list[i]:min():item(), want[i]) end
  check.equal(list[51]:sum():item(), 6.0)
end)

check.test("an expanded gradient", function()
  local p = nn.Parameter(tensor.zeros(4))
  p:sum():backward()
  optim.SGD({p}, {lr = 1}):step()
  check.equal(p:totable(), {-1.0, -1.0, -1.0, -1.0})
end)

check.test("parameters without a gradient stay", function()
  local p, q = nn.Parameter(tensor.ones(2)), nn.Parameter(tensor.ones(2))
  local opt = optim.Adam({p, q}, {lr = 0.1})
  p.grad = tensor.ones(2)
  opt:step()
  check.equal(q:totable(), {1.0, 1.0})
  check.equal(opt:get_state(q).step, nil)
  check.equal(opt.state[p].step, 1)
  check.ok(opt.state[p].exp_avg)
end)

check.test("groups", function()
  local p, q = nn.Parameter(tensor.ones(1)), nn.Parameter(tensor.ones(1))
  local opt = optim.SGD({{params = {p}}, {params = q, lr = 0.5}}, {lr = 0.1})
  check.equal(#opt.param_groups, 2)
  p.grad, q.grad = tensor.ones(1), tensor.ones(1)
  opt:step()
  check.close({p:item(), q:item()}, {0.9, 0.5})
  opt.param_groups[1].lr = 0.3
  opt:step()
  check.close({p:item(), q:item()}, {0.6, 0.0})
  opt:zero_grad({set_to_none = false})
  check.equal(p.grad:item(), 0.0)
  opt:zero_grad()
  check.equal(p.grad, nil)
  local r = nn.Parameter(tensor.ones(1))
  opt:add_param_group({params = {r}, momentum = 0.9})
  check.equal(opt.param_groups[3].lr, 0.1)
  check.error("is there already", opt.add_param_group, opt, {params = {p}})
end)

check.test("a closure", function()
  local p = nn.Parameter(tensor{3})
  local opt = optim.SGD({p}, {lr = 0.25})
  local loss = opt:step(function()
    opt:zero_grad()
    local l = (p ^ 2):sum()
    l:backward()
    return l
  end)
  check.equal(loss:item(), 9.0)
  check.equal(p:item(), 1.5)
end)

check.test("state dicts continue where they were", function()
  local function setup()
    tensor.manual_seed(5)
    local net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    return net, optim.Adam(net:parameters(), {lr = 0.01, amsgrad = true})
  end
  local x, y = tensor.randn(8, 3), tensor.randn(8, 1)
  local function run(net, opt, steps)
    for _ = 1, steps do
      opt:zero_grad()
      local loss = ((net(x) - y) ^ 2):mean()
      loss:backward()
      opt:step()
    end
  end
  local net, opt = setup()
  run(net, opt, 5)
  local path = os.tmpname()
  nn.save(path, {net = net, opt = opt})
  run(net, opt, 5)
  local net2, opt2 = setup()
  local saved = nn.load(path)
  os.remove(path)
  net2:load_state_dict(saved.net)
  opt2:load_state_dict(saved.opt)
  check.equal(opt2.param_groups[1].lr, 0.01)
  run(net2, opt2, 5)
  for i, p in ipairs(net:parameters()) do check.equal(net2:parameters()[i]:detach(), p:detach()) end
  check.error("parameter groups", opt2.load_state_dict, opt2, {state = {}, param_groups = {}})
  check.error("expected what an optimiser's state_dict gave", opt2.load_state_dict, opt2, {})
end)

check.test("the step is seen by graphs", function()
  local p = nn.Parameter(tensor.ones(2))
  local opt = optim.SGD({p}, {lr = 0.1})
  local y = (p * p):sum()
  p.grad = tensor.ones(2)
  opt:step()
  check.error("in place", y.backward, y)
end)

check.test("misuse", function()
  local p = nn.Parameter(tensor.ones(2))
  check.error("empty list", optim.SGD, {}, {lr = 0.1})
  check.error("unknown option 'learning_rate'", optim.SGD, {p}, {learning_rate = 0.1})
  check.error("write net:parameters()", optim.Adam, nn.Linear(1, 1))
  check.error("parameter 1 is", optim.Adam, {3})
  check.error("not a leaf", optim.Adam, {p * 2})
  check.error("nesterov needs a momentum", optim.SGD, {p}, {nesterov = true})
  check.error("betas[1]", optim.Adam, {p}, {betas = {1.5, 0.9}})
  check.error("lr must be a number >= 0", optim.Adam, {p}, {lr = -1})
  check.error("is there already", optim.Adam, {p, p})
  check.error("expected a list", optim.Adam, {w = p})
  check.ok(tostring(optim.Adam({p})):find("Adam group 1: 1 parameter tensor, lr = 0.001", 1, true))
end)

check.test("the flat memory of a training loop", function()
  local net = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
  local opt = optim.Adam(net:parameters(), {lr = 1e-3})
  local x = tensor.randn(32, 16)
  local function run(steps)
    for _ = 1, steps do
      opt:zero_grad()
      net(x):pow(2):mean():backward()
      opt:step()
    end
  end
  run(200)
  collectgarbage()
  local before = collectgarbage("count")
  run(3000)
  local _, peak = nnlua.memory()
  check.ok(peak < 32 * 2 ^ 20, peak)
  collectgarbage()
  check.ok(collectgarbage("count") - before < 200, collectgarbage("count") - before)
end)

check.done()
