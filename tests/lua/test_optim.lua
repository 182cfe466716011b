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

-- ---- schedules, averages, clipping ----------------------------------------------------------------------------------

local function one_parameter() return {nn.Parameter(tensor{1.0})} end

check.test("schedules tell what is wrong with their arguments", function()
  local opt = optim.SGD(one_parameter(), {lr = 0.1})
  local s = optim.lr_scheduler
  check.error("expected an optimiser, got 3", s.StepLR, 3, 5)
  check.error("step_size", s.StepLR, opt)
  check.error("total_steps, or epochs and steps_per_epoch", s.OneCycleLR, opt, 0.1)
  check.error("needs an optimiser with momentum or betas", s.CyclicLR, optim.Adagrad(one_parameter()), 0.1, 0.2)
  check.error("mode must be 'min' or 'max'", s.ReduceLROnPlateau, opt, {mode = "least"})
  check.error("2 values for 1 parameter groups", s.LambdaLR, opt, {function() return 1 end, function() return 1 end})
  check.error("1 milestones, got 0", s.SequentialLR, opt, {s.StepLR(opt, 3), s.StepLR(opt, 4)})
  check.error("another optimiser", s.ChainedScheduler, {s.StepLR(opt, 3), s.StepLR(optim.SGD(one_parameter()), 3)})
  check.error("initial_lr", s.StepLR, optim.SGD(one_parameter()), 3, 0.1, 7)
  local plateau = s.ReduceLROnPlateau(opt)
  check.error("the number that is watched", plateau.step, plateau)
  check.error("of another kind", plateau.load_state_dict, plateau, s.SequentialLR(opt, {s.StepLR(opt, 3)}):state_dict())
end)

check.test("a restart can be asked for by its place", function()
  local opt = optim.SGD(one_parameter(), {lr = 1})
  local schedule = optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, 4, 2)
  schedule:step(5.0) -- the second round, of 8 steps, one step in
  check.close(opt.param_groups[1].lr, (1 + math.cos(math.pi / 8)) / 2, 1e-12)
  schedule:step(2)
  check.close(opt.param_groups[1].lr, 0.5, 1e-12)
end)

check.test("averages of weights and buffers", function()
  local net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
  local ema = optim.swa_utils.AveragedModel(net, {avg_fn = optim.swa_utils.get_ema_avg_fn(0.9)})
  local mean = optim.swa_utils.AveragedModel(net, {use_buffers = true})
  local want_ema, want_mean, want_buffer
  for step = 1, 4 do
    nn.init.constant_(net[1].weight, step)
    net[2].running_mean:fill_(10 * step)
    want_ema = want_ema and 0.9 * want_ema + 0.1 * step or step
    want_mean = want_mean and want_mean + (step - want_mean) / step or step
    want_buffer = want_mean * 10
    ema:update_parameters(net)
    mean:update_parameters(net)
  end
  check.close(ema.module[1].weight:get(1, 2), want_ema, 1e-6)
  check.close(mean.module[1].weight:get(2, 1), want_mean, 1e-6)
  check.close(mean.module[2].running_mean:get(1), want_buffer, 1e-5)
  check.equal(ema.module[2].running_mean:get(1), 40.0, "buffers follow the model")
  check.equal(ema.n_averaged:item(), 4)
  check.equal(ema(tensor.ones(3, 2)).shape, {3, 2})
  local state = ema:state_dict()
  check.ok(state["module.0.weight"] and state.n_averaged, "names as PyTorch's")
end)

check.test("clipping the norm of gradients", function()
  local a, b = nn.Parameter(tensor{3.0, 0.0}), nn.Parameter(tensor{{4.0}})
  local untouched = nn.Parameter(tensor{1.0})
  local function gradients()
    a.grad, b.grad = nil, nil
    a:mul(tensor{3, 0}):sum():add(b:mul(4):sum()):backward()
  end
  for kind, norm in pairs {[2] = 5, [1] = 7, [math.huge] = 4} do
    gradients()
    check.close(nn.utils.clip_grad_norm_({a, b, untouched}, 1, kind):item(), norm, 1e-6)
    check.close(a.grad:get(1), 3 / norm, 1e-5)
  end
  gradients()
  check.close(nn.utils.clip_grad_norm_({a, b}, 100):item(), 5, 1e-6)
  check.equal(a.grad, tensor{3, 0}, "short gradients stay")
  a.grad = tensor{0 / 0, 1}
  check.error("the total norm of order 2", nn.utils.clip_grad_norm_, {a, b}, 1, {error_if_nonfinite = true})
  check.equal(untouched.grad, nil)
end)

check.test("parameters as a vector, frozen and free", function()
  local net = nn.Linear(3, 2)
  local v = nn.utils.parameters_to_vector(net:parameters())
  check.equal(v.shape, {8})
  check.ok(v.requires_grad, "with history")
  nn.utils.vector_to_parameters(tensor.arange(8):float(), net:parameters())
  check.equal(net.bias:totable(), {6, 7})
  check.error("a vector of 8 elements, got 7", nn.utils.vector_to_parameters, tensor.zeros(7), net:parameters())
  nn.utils.freeze(net)
  check.ok(not net(tensor.ones(1, 3)).requires_grad)
  nn.utils.freeze(net, false)
  check.ok(net(tensor.ones(1, 3)).requires_grad)
end)

check.test("L-BFGS finds the valley of Rosenbrock's function and goes on from its state", function()
  local function run(opt, x, n)
    local loss
    for _ = 1, n do
      loss = opt:step(function()
        opt:zero_grad()
        local f = (1 - x[1]) ^ 2 + 100 * (x[2] - x[1] ^ 2) ^ 2
        f:backward()
        return f
      end)
    end
    return loss:item()
  end
  local x = nn.Parameter(tensor({-1.2, 1.0}, {dtype = "float64"}))
  local opt = optim.LBFGS({x}, {line_search_fn = "strong_wolfe", max_iter = 10})
  run(opt, x, 2)
  local y = nn.Parameter(x:detach():clone())
  local other = optim.LBFGS({y}, {line_search_fn = "strong_wolfe", max_iter = 10})
  other:load_state_dict(opt:state_dict())
  run(opt, x, 3)
  run(other, y, 3)
  check.equal(x:totable(), y:totable(), "resumed")
  check.close(x:totable(), {1, 1}, 1e-4)
  check.error("a function that computes the loss", opt.step, opt)
end)

check.test("Adafactor: state, wrong options, state dicts", function()
  local w = nn.Parameter(tensor.ones(3, 4))
  local opt = nnlua.optim.Adafactor({w}, {lr = 0.1})
  w:sum():backward()
  opt:step()
  check.equal({opt.state[w].row_var.shape == {3, 1}, opt.state[w].col_var.shape == {1, 4}, opt.state[w].step},
    {true, true, 1})
  local again = nnlua.optim.Adafactor({w}, {lr = 0.1})
  again:load_state_dict(opt:state_dict())
  check.equal(again.state[w].row_var, opt.state[w].row_var)
  local dict = opt:state_dict()
  dict.state[1].row_var = tensor.zeros(3, 4)
  check.error("row_var of parameter 1 has shape [3, 4], expected [3, 1]", again.load_state_dict, again, dict)
  check.ok(tostring(opt):find("Adafactor group 1", 1, true))
  check.error("Adafactor: d must be at least 1, got 0.5", nnlua.optim.Adafactor, {w}, {d = 0.5})
  check.error("Adafactor: eps must be", nnlua.optim.Adafactor, {w}, {eps = {nil, -1}})
  check.error("beta2_decay must be at most 0", nnlua.optim.Adafactor, {w}, {beta2_decay = 0.5})
end)

check.test("moments without gradients fade to zero, not to denormal numbers", function()
  for _, n in ipairs{4, 40000} do -- by one thread and by the team
    local w = nn.Parameter(tensor.ones(n))
    local fading, rolling = optim.Adam({w}), optim.SGD({w}, {lr = 1e-3, momentum = 0.5})
    w.grad = tensor.full({n}, 1e-3)
    fading:step()
    rolling:step()
    w.grad = tensor.zeros(n)
    for _ = 1, 1000 do fading:step() end
    for _ = 1, 160 do rolling:step() end
    check.equal(fading.state[w].exp_avg:abs():max():item(), 0)
    check.equal(rolling.state[w].momentum_buffer:abs():max():item(), 0)
    check.ok(fading.state[w].exp_avg_sq:min():item() > 0)
  end
  check.ok((tensor({1e-20}) * 1e-20):item() > 0, "the mode is as before")
end)

check.done()
