-- Monitoring: a model in use meets a world that changes. Noticing drift before anybody complains, without crying wolf.
--
--   nnlua scripts/monitoring.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {8000, 1500}, epochs = {3, 1}, calm = {1000, 100}, batch = 50}

local set = tutorial.fashion(options.images, 10000)
local net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
train.fit(net, data.DataLoader({set.x, set.y}, {batch_size = 64, shuffle = true}), {loss = F.cross_entropy,
  optimizer = optim.Adam(net:parameters()), epochs = options.epochs, quiet = true})
net:eval()

tutorial.heading("What can be seen without labels")
-- In use nobody says what was right. Seen are the inputs and what the network makes of them: the mean of a picture,
-- how sure the network is, and how its answers are spread over the classes.
local function seen(x)
  local p = F.softmax(tensor.no_grad(net, x), 2)
  local entropy = -(p * (p + 1e-9):log()):sum(2)
  return tensor.stack({x:mean({2, 3, 4}), p:amax(2), entropy}, 2)
end
local features = {"brightness", "sureness", "entropy"}
-- The test pictures in two halves: one is what is known of normal days, the other is what comes in.
local known, coming, labels = set.test_x[{{1, 5000}}], set.test_x[{{5001, 10000}}], set.test_y[{{5001, 10000}}]
local reference = seen(known)
local function batch()
  local rows = tensor.randint(1, coming:size(1) + 1, {options.batch})
  return coming[rows], labels[rows]
end
plot.hist(reference[{{}, 2}], {title = "how sure the network is on normal days", rows = 10})

tutorial.heading("Quiet days")
-- The monitor holds the last 200 values of each feature against the reference: the Kolmogorov-Smirnov test, with a
-- chance of a false alarm of one in a million a look. A careless one says "anything beyond 5 per cent".
local function false_alarms(threshold, days)
  local monitor, alarms = train.drift_monitor(reference, {threshold = threshold}), 0
  for _ = 1, days do
    if monitor:update(seen((batch()))) then
      alarms = alarms + 1
      monitor = train.drift_monitor(reference, {threshold = threshold})
    end
  end
  return alarms
end
local careful, careless = false_alarms(nil, options.calm), false_alarms(0.05, options.calm)
print(("%d batches of normal pictures: %d alarms; with a threshold of 5 per cent %d"):format(options.calm, careful,
  careless))

tutorial.heading("Four ways in which a world changes")
local changes = {
  {"darker by a third", function(x) return x * 0.67 end},
  {"noise", function(x) return (x + 0.25 * tensor.randn_like(x)):clamp(0, 1) end},
  {"moved by 3 pixels", function(x) return x:roll(3, 4) end},
  {"mirrored", function(x) return x:flip(4) end},
}
local function accuracy(change)
  local x, y = coming[{{1, 2000}}], labels[{{1, 2000}}]
  return train.evaluate(net, {change and change(x) or x, y}).accuracy
end
local normal = accuracy()
print(("%-18s accuracy %.3f"):format("as it was", normal))
local delays, drops = {}, {}
for i, change in ipairs(changes) do
  local monitor, found, batches = train.drift_monitor(reference), nil, 0
  for _ = 1, 10 do monitor:update(seen((batch()))) end
  while not found and batches < 200 do
    batches = batches + 1
    found = monitor:update(seen(change[2]((batch()))))
  end
  delays[i], drops[i] = found and batches or 0, normal - accuracy(change[2])
  print(("%-18s accuracy %.3f, %s"):format(change[1], normal - drops[i],
    found and ("noticed after %d batches, by the %s"):format(batches, features[found.feature]) or "not noticed"))
end
-- An alarm says that something is different, not that it is bad.

tutorial.heading("The change that inputs don't show")
-- Labels that come to mean something else (what counts as a shirt) leave every input as it was. Only answers that are
-- checked by somebody show it: a few a day are enough, with a rule and some patience.
local renamed = tensor{1, 2, 3, 4, 7, 6, 5, 8, 9, 10} -- coats are called shirts, shirts coats
local alerts = train.alerts{accuracy = {min = normal - 0.1, patience = 3}}
local blind, checked, quiet_alerts = train.drift_monitor(reference), nil, 0
local by_input
for day = 1, 60 do
  local x, y = batch()
  if day > 30 then y = renamed[y] end
  local right = metrics.accuracy(tensor.no_grad(net, x), y)
  by_input = by_input or (blind:update(seen(x)) and day)
  local list = alerts:update{accuracy = right}
  if #list > 0 and day <= 30 then quiet_alerts = quiet_alerts + 1 end
  if #list > 0 and day > 30 and not checked then
    checked = day - 30
    print(("day %d: %s"):format(day, list[1].text))
  end
end
print(("by its inputs: %s; by checked answers: %s"):format(by_input and "noticed" or "nothing to notice",
  checked and ("after %d days"):format(checked) or "not noticed"))

tutorial.heading("Before it went into use: watching the training")
-- A learning rate that is too high, seen by its gradients and weights instead of by its result.
local function watched(lr)
  tensor.manual_seed(options.seed)
  local student = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
  local opt, watch = optim.SGD(student:parameters(), {lr = lr}), train.watch(student)
  local alarms
  for step = 1, 60 do
    local rows = tensor.randint(1, set.y:numel() + 1, {32})
    local loss = F.cross_entropy(student(set.x[rows]), set.y[rows])
    opt:zero_grad()
    loss:backward()
    alarms = watch:step()
    if #alarms > 0 then return #alarms, step, alarms[1].text or tostring(alarms[1]) end
    opt:step()
  end
  return 0
end
local calm_alarms = watched(0.05)
local wild_alarms, wild_step, wild_text = watched(500)
print(("rate 0.05: %d alarms; rate 500: %s"):format(calm_alarms, wild_alarms > 0
  and ("step %d: %s"):format(wild_step, wild_text) or "none"))

-- To try next: --batch 10; the psi method; a reference made of the training pictures (does it fit what comes in?).
print(("result: false_alarms=%d careless=%d dark=%g noise=%g moved=%g mirrored=%g checked=%d by_input=%d wild=%d")
  :format(careful, careless, delays[1], delays[2], delays[3], delays[4], checked or 0, by_input or 0,
  wild_alarms)) -- 0: not noticed
