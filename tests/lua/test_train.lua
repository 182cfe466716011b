-- train.fit and what belongs to it: options, early ends, files, interrupts. Resuming after a kill is in
-- test_resume.lua.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F, optim, data, train = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim, nnlua.data, nnlua.train

local scratch = os.tmpname()

local function read_bytes(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

-- A small problem: two classes of points, network and optimiser made with a seed.
local function problem(options)
  tensor.manual_seed(3)
  local x = tensor.randn(60, 2)
  local y = x[{{}, 1}]:gt(0):long() + 1
  local net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
  local o = {loss = F.cross_entropy, optimizer = optim.SGD(net:parameters(), {lr = 0.1}), quiet = true, batch_size = 10}
  for key, v in pairs(options or {}) do o[key] = v end
  return net, {x, y}, o
end

check.test("history", function()
  local net, set, o = problem {epochs = 4, metrics = {"f1", half = function() return 0.5 end}}
  o.val = set
  local history = train.fit(net, set, o)
  check.equal(#history, 4)
  local row = history[4]
  check.equal({row.epoch, row.lr, row.val_half, history.interrupted}, {4, 0.1, 0.5, false})
  local judged = train.evaluate(net, set, {loss = F.cross_entropy, metrics = {"f1"}})
  check.close({row.val_loss, row.val_accuracy, row.val_f1}, {judged.loss, judged.accuracy, judged.f1}, 1e-6)
  check.ok(row.loss < history[1].loss and row.seconds > 0)
  check.equal(history.best_epoch, 4)
end)

check.test("the same steps as a loop by hand", function()
  local net, set, o = problem {epochs = 3, clip_grad_norm = 0.1, accumulate = 4}
  train.fit(net, set, o)
  local hand = problem()
  local opt = optim.SGD(hand:parameters(), {lr = 0.1})
  for _ = 1, 3 do
    local pending = 0
    for x, y in data.DataLoader(set, {batch_size = 10}):iter() do
      if pending == 0 then opt:zero_grad() end
      (F.cross_entropy(hand(x), y) / 4):backward()
      pending = pending + 1
      if pending == 4 then
        nn.utils.clip_grad_norm_(hand:parameters(), 0.1)
        opt:step()
        pending = 0
      end
    end
    nn.utils.clip_grad_norm_(hand:parameters(), 0.1)
    opt:step()
  end
  for name, p in pairs(net:state_dict()) do check.ok(p:equal(hand:state_dict()[name]), name) end
end)

check.test("early stopping brings the best weights back", function()
  local net, set, o = problem {epochs = 50, patience = 2, val = {tensor.zeros(1, 2), tensor.ones(1):long()}}
  local values, at = {0.9, 0.5, 0.6, 0.7, 0.55, 0.1}, 0
  local kept
  o.metrics = {score = function() at = at + 1; return values[at] end}
  o.monitor, o.mode = "val_score", "min"
  o.callback = function(row)
    if row.epoch == 2 then kept = net[1].weight:detach():clone() end
  end
  local history = train.fit(net, set, o)
  check.equal({#history, history.best_epoch, history.best}, {5, 2, 0.5})
  check.ok(history.stopped:find("no better val_score"), history.stopped)
  check.ok(net[1].weight:equal(kept), "the best epoch's weights")
  check.error("there is no \"val_scor\" to monitor", function()
    local n, s, p = problem {monitor = "val_scor", val = set}
    train.fit(n, s, p)
  end)
end)

check.test("schedules", function()
  local net, set, o = problem {epochs = 3}
  o.scheduler = optim.lr_scheduler.StepLR(o.optimizer, 1, {gamma = 0.1})
  local history = train.fit(net, set, o)
  check.close({history[1].lr, history[2].lr, history[3].lr}, {0.1, 0.01, 0.001})
  net, set, o = problem {epochs = 2}
  o.scheduler = optim.lr_scheduler.OneCycleLR(o.optimizer, 0.5, {total_steps = 12})
  train.fit(net, set, o)
  check.equal(o.scheduler.last_epoch, 12)
  net, set, o = problem {epochs = 3}
  o.val = set
  o.scheduler = optim.lr_scheduler.ReduceLROnPlateau(o.optimizer, {patience = 0, threshold = 10,
    threshold_mode = "abs"})
  check.ok(train.fit(net, set, o)[3].lr < 0.1)
  check.error("scheduler_every must be", function()
    local n, s, p = problem {scheduler = o.scheduler, scheduler_every = "step"}
    train.fit(n, s, p)
  end)
end)

check.test("a loss that is not finite ends the training before it does harm", function()
  local net, set, o = problem {epochs = 3}
  local calls, before = 0, nil
  o.loss = function(out, y)
    calls = calls + 1
    if calls == 4 then
      before = net[1].weight:detach():clone()
      return F.cross_entropy(out, y) * (0 / 0)
    end
    return F.cross_entropy(out, y)
  end
  local history = train.fit(net, set, o)
  check.equal(#history, 1)
  check.ok(history.stopped:find("the loss of batch 4 is"), history.stopped)
  check.ok(net[1].weight:equal(before), "weights as before")
end)

check.test("callbacks, steps of one's own", function()
  local net, set, o = problem {epochs = 3}
  local batches = 0
  o.on_batch = function(s)
    batches = batches + 1
    check.equal({s.net == net, type(s.loss)}, {true, "number"})
    return batches < 8
  end
  local history = train.fit(net, set, o)
  check.equal({#history, batches, history.stopped}, {2, 8, "on_batch returned false"})
  net, set, o = problem {epochs = 1}
  o.loss = nil
  o.step = function(model, x, y)
    check.equal(x:size(1), 10)
    return F.cross_entropy(model(x), y) + 0 * x:sum()
  end
  check.ok(train.fit(net, set, o)[1].loss > 0)
  o.step = function() return tensor.zeros(2) end
  check.error("the loss must be one number as a tensor, got shape [2]", train.fit, net, set, o)
end)

check.test("anything that can be walked over", function()
  local net, set, o = problem {epochs = 2}
  local loader = setmetatable({}, {__index = {iter = function()
    local i = 0
    return function()
      i = i + 1
      if i <= 3 then return set[1], set[2] end
    end
  end}})
  check.equal(#train.fit(net, loader, o), 2)
  check.close(train.evaluate(net, loader).accuracy, train.evaluate(net, set).accuracy)
  check.equal({train.predict(net, set):size()}, {60, 2})
  check.equal({train.predict(net, set[1]):size()}, {60, 2})
  check.equal(net.training, true)
end)

check.test("evaluation leaves the mode as it was", function()
  local net, set = problem()
  net:eval()
  train.evaluate(net, set)
  check.equal(net.training, false)
  net:train()
  check.error("boom", train.evaluate, net, set, {loss = function() error("boom") end})
  check.equal({net.training, tensor.is_grad_enabled()}, {true, true})
  check.equal(train.evaluate(nn.Linear(2, 1), {set[1], set[1]}).accuracy, nil)
  check.error("there is no metric \"f2\"", train.evaluate, net, set, {metrics = {"f2"}})
end)

check.test("log files", function()
  for _, suffix in ipairs {".csv", ".jsonl"} do
    local net, set, o = problem {epochs = 2, log = scratch .. suffix}
    local history = train.fit(net, set, o)
    local lines = {}
    for line in read_bytes(scratch .. suffix):gmatch("[^\n]+") do lines[#lines + 1] = line end
    if suffix == ".csv" then
      check.equal({#lines, lines[1]}, {3, "epoch,loss,lr,seconds"})
      check.close(data.read_csv(scratch .. suffix).loss:get(2), history[2].loss, 1e-8)
    else
      check.equal(#lines, 2)
      check.ok(lines[2]:find('^{"epoch":2,"loss":0%.%d+,"lr":0%.1,"seconds":'), lines[2])
    end
    os.remove(scratch .. suffix)
  end
  local log = train.log(scratch)
  log:write({step = 1, note = 'a "b", c', bad = 0 / 0})
  log:close()
  log = train.log(scratch, {append = true})
  log:write({step = 2, note = "d", new = 3})
  log:close()
  check.equal(read_bytes(scratch), 'step,bad,note\n1,,"a ""b"", c"\n2,,d\n')
  check.error("cannot write", train.log, "/nowhere/x.csv")
end)

check.test("a checkpoint of a finished training, others' files", function()
  os.remove(scratch)
  local net, set, o = problem {epochs = 3, checkpoint = scratch, resume = true}
  local history = train.fit(net, set, o)
  local again, _, p = problem {epochs = 3, checkpoint = scratch, resume = true}
  local later = train.fit(again, set, p)
  check.equal({#later, later.resumed}, {3, true})
  check.close(later[2].loss, history[2].loss, 1e-9)
  check.ok(again[1].weight:equal(net[1].weight))
  p.epochs = 4
  check.equal(#train.fit(again, set, p), 4)
  nn.save(scratch, {a = 1})
  check.error("is no checkpoint of a training", train.fit, net, set, o)
  check.error("resume needs the option checkpoint", function()
    local n, s, q = problem {resume = true}
    train.fit(n, s, q)
  end)
end)

check.test("an interrupt ends the epoch, keeps the network and writes a checkpoint", function()
  os.remove(scratch)
  local net, set, o = problem {epochs = 1000, checkpoint = scratch}
  local pid = io.open("/proc/self/stat"):read("n")
  o.on_batch = function(s)
    if s.epoch == 3 and s.batch == 2 then io.popen("kill -INT " .. pid):close() end
  end
  local history = train.fit(net, set, o)
  check.equal({history.interrupted, #history, history[3] and history[3].interrupted}, {true, 3, true})
  check.equal({net.training, tensor.is_grad_enabled()}, {true, true})
  check.ok(net[1].weight:isfinite():all())
  local saved = nn.load(scratch)
  check.equal({saved.epoch, saved.batch >= 1}, {3, true})
end)

-- A training with everything that has a state; `at` says where its process gets an interrupt, and the how-manieth time.
local function interruptible(at, times, resume)
  local pid, count = io.open("/proc/self/stat"):read("n"), 0
  local function passes(place)
    if place ~= at then return end
    count = count + 1
    if count == times then io.popen("kill -INT " .. pid):close() end
  end
  tensor.manual_seed(3)
  local x = tensor.randn(60, 1, 4, 4)
  local y = x:sum({2, 3, 4}):gt(0):long() + 1
  local net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Lambda(function(h)
    passes("forward")
    return h
  end), nn.Flatten(), nn.Dropout(0.3), nn.Linear(12, 2))
  local opt = optim.Adam(net:parameters(), {lr = 0.02})
  local adam = opt.step
  opt.step = function(self)
    passes("before the step")
    adam(self)
    passes("after the step")
  end
  local schedule = optim.lr_scheduler.StepLR(opt, 1, 0.7)
  local scheduled = schedule.step
  schedule.step = function(self)
    passes("schedule")
    return scheduled(self)
  end
  local T = data.transforms
  local loader = data.DataLoader({x, y}, {batch_size = 10, shuffle = true, transform = T.Compose {
    T.RandomHorizontalFlip({generator = tensor.Generator():manual_seed(4)}), T.RandomCrop(4, {padding = 1}),
    T.Lambda(function(a, b)
      passes("data")
      return a, b
    end)}})
  local history = train.fit(net, loader, {loss = function(out, labels)
    passes("loss")
    return F.cross_entropy(out, labels)
  end, optimizer = opt, scheduler = schedule, epochs = 3, accumulate = 2, val = {x, y}, metrics = {judged = function()
    passes("validation")
    return 0
  end}, checkpoint = scratch, checkpoint_every = 2, resume = resume, quiet = true,
    callback = function() passes("callback") end, on_batch = function() passes("on_batch") end})
  return history, {net = net:state_dict(), optimizer = opt:state_dict(), lr = opt.param_groups[1].lr,
    rows = #history, last = history[#history] and {history[#history].loss, history[#history].val_loss},
    random = tensor.rand(3)}
end

local function same_bits(a, b, path)
  if tensor.is_tensor(a) then
    check.ok(tensor.is_tensor(b) and a:equal(b), path .. " has the same bits")
  elseif type(a) == "table" then
    for key, v in pairs(a) do same_bits(v, b[key], path .. "." .. tostring(key)) end
  else
    check.ok(a == b or (a ~= a and b ~= b), ("%s: %s and %s"):format(path, tostring(a), tostring(b)))
  end
end

check.test("interrupted anywhere and resumed, a training ends in the same bits", function()
  os.remove(scratch)
  local _, whole = interruptible("nowhere", 0, false)
  for _, place in ipairs {"forward", "loss", "before the step", "after the step", "data", "schedule", "validation",
    "callback", "on_batch"} do
    for times = 1, 3 do
      os.remove(scratch)
      local history = interruptible(place, times, false)
      check.ok(history.interrupted, ("%s %d: it was interrupted"):format(place, times))
      local resumed, parts = interruptible("nowhere", 0, true)
      check.ok(not resumed.interrupted, "and then was not")
      same_bits(whole, parts, ("%s %d"):format(place, times))
    end
  end
end)

check.test("a step that takes for ever ends with the second interrupt", function()
  local net, set, o = problem()
  local pid = io.open("/proc/self/stat"):read("n")
  o.optimizer.step = function()
    io.popen("kill -INT " .. pid):close()
    io.popen("(sleep 0.1; kill -INT " .. pid .. ") & true"):close()
    while true do end -- luacheck: ignore
  end
  check.ok(train.fit(net, set, o).interrupted)
end)

check.test("misuse", function()
  local net, set, o = problem()
  check.error("unknown option 'epoch' (did you mean 'epochs'?)", train.fit, net, set, {loss = o.loss,
    optimizer = o.optimizer, epoch = 3})
  check.error("optimizer must be an optimiser", train.fit, net, set, {loss = o.loss, optimizer = {}})
  check.error("optimizer is missing", train.fit, net, set, {loss = o.loss})
  check.error("patience and monitor need val", function()
    local n, s, p = problem {patience = 2}
    train.fit(n, s, p)
  end)
  check.error("there is no metric", function()
    local n, s, p = problem {metrics = {"acuracy"}}
    train.fit(n, s, p)
  end)
end)

os.remove(scratch)
check.done()
