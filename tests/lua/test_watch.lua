-- Watching: statistics, alarms, drift, thresholds; reports.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F, optim, data, train = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim, nnlua.data, nnlua.train

check.test("statistics", function()
  local net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
  tensor.no_grad(function() net[1].weight:copy_(tensor{{1, -1}, {0, 2}}) end)
  net(tensor.ones(1, 2)):sum():backward()
  local rows = train.statistics(net, tensor{{1, 0}}, {bins = 3})
  check.equal(#rows, 6)
  local w = rows[1]
  check.equal({w.name, w.kind, w.mean, w.min, w.max, w.zeros, w.nonfinite},
    {"0.weight", "weight", 0.5, -1.0, 2.0, 0.25, 0})
  check.equal({w.counts[1], w.counts[2], w.counts[3]}, {1, 1, 2})
  check.close(w.std, math.sqrt(1.25))
  check.equal({rows[2].kind, rows[5].kind, rows[6].name}, {"gradient", "activation", "1"})
  net[1].bias.data[1] = 0 / 0
  rows = train.statistics(net, nil, {bins = 0})
  for _, row in ipairs(rows) do
    if row.name == "0.bias" and row.kind == "weight" then check.equal(row.nonfinite, 1) end
  end
end)

check.test("alarms", function()
  tensor.manual_seed(1)
  local net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
  local told = {}
  local watch = train.watch(net, {patience = 3, on_alarm = function(a) told[#told + 1] = a.kind end})
  local function step(x)
    net:zero_grad()
    net(x):sum():backward()
    return watch:step()
  end
  for _ = 1, 5 do check.equal(#step(tensor.randn(64, 3)), 0) end
  net[1].bias.data:fill_(-100) -- all units die
  for i = 1, 3 do
    local n = #step(tensor.randn(64, 3))
    check.ok(i < 3 or n >= 2, n)
  end
  local kinds = {}
  for _, a in ipairs(watch.alarms) do kinds[a.kind .. " " .. a.layer] = a.text end
  check.ok(kinds["dead 1"] and kinds["dead 1"]:find("8 of 8 units"), kinds["dead 1"])
  check.ok(kinds["vanishing 0.weight"])
  check.equal(#told, #watch.alarms)
  net[1].bias.data:fill_(0)
  net[3].weight.data:fill_(1e6)
  step(tensor.randn(64, 3) * 1e3)
  step(tensor.full({2, 3}, 0 / 0))
  kinds = {}
  for _, a in ipairs(watch.alarms) do kinds[a.kind .. " " .. a.layer] = true end
  check.ok(kinds["exploding 0.weight"] and kinds["nan 0"] and kinds["nan 0.weight"])
  local n = #watch.alarms
  step(tensor.full({2, 3}, 0 / 0))
  check.equal(#watch.alarms, n, "each alarm once")
  watch:remove()
  local quiet = train.watch(net)
  net:eval()
  net(tensor.full({2, 3}, 0 / 0))
  check.equal(#quiet.alarms, 0, "evaluation is not watched")
end)

check.test("distances of distributions", function()
  local function normal(n, shift, seed)
    return tensor.randn(n, {generator = tensor.Generator():manual_seed(seed), dtype = "float64"}) + shift
  end
  local d, p = train.ks_test({1, 2, 3, 4, 5}, {3.5, 6, 7})
  check.close(d, 1 - 1 / 3)
  check.ok(p > 0.2 and p < 0.5, p)
  d, p = train.ks_test(normal(500, 0, 1), normal(400, 0, 2))
  check.ok(d < 0.1 and p > 0.05, p)
  d, p = train.ks_test(normal(500, 0, 1), normal(400, 0.5, 2))
  check.ok(d > 0.15 and p < 1e-6, p)
  check.equal({train.ks_test({1, 1, 1}, {1, 1})}, {0.0, 1.0})
  check.ok(train.psi(normal(1000, 0, 1), normal(1000, 0, 2)) < 0.05)
  check.ok(train.psi(normal(1000, 0, 1), normal(1000, 1, 2)) > 0.5)
  -- two bins at the median of 1..4: shares (1/2, 1/2) and (1/4, 3/4)
  check.close(train.psi({1, 2, 3, 4}, {1, 3, 4, 4}, {bins = 2}),
    (0.25 - 0.5) * math.log(0.5) + (0.75 - 0.5) * math.log(1.5))
  check.error("there are NaN values", train.psi, {1, 0 / 0}, {1})
  check.error("expected numbers", train.ks_test, {}, {1})
end)

check.test("drift is found soon, and not where there is none", function()
  for _, method in ipairs {"ks", "psi"} do
    local g = tensor.Generator():manual_seed(9)
    local reference = tensor.randn(2000, 4, {generator = g})
    local monitor = train.drift_monitor(reference, {method = method, window = 300})
    for _ = 1, 1000 do check.equal(monitor:update(tensor.randn(32, 4, {generator = g})), nil, method) end
    local found
    for batch = 1, 20 do
      local x = tensor.randn(32, 4, {generator = g})
      x[{{}, 3}] = x[{{}, 3}] + 1
      found = found or monitor:update(x)
      if found then
        check.equal(found.feature, 3)
        check.ok(batch <= 12, batch)
        break
      end
    end
    check.ok(found and found.text:find("feature 3 has drifted"), method)
  end
  check.error("method must be", train.drift_monitor, tensor.zeros(3), {method = "x"})
  local nan = train.drift_monitor(tensor.randn(100), {window = 10, patience = 1})
  check.ok(nan:update(tensor.full({10}, 0 / 0)))
end)

check.test("thresholds", function()
  local alerts = train.alerts({loss = {max = 2}, accuracy = {min = 0.9, patience = 2}, time = {change = 4}})
  check.equal(alerts:update({loss = 1, accuracy = 0.5}), {})
  check.equal(alerts:update({accuracy = 0.5})[1].name, "accuracy")
  check.equal(alerts:update({accuracy = 0.95}), {})
  check.equal(#alerts:update({loss = 0 / 0}), 1)
  for i = 1, 30 do check.equal(#alerts:update({time = 10 + i % 3}), 0) end
  check.ok(alerts:update({time = 30})[1].text:find("time is 30, usually 11"))
  check.equal(#alerts:update({time = 11}), 0)
  check.error("'maximum' is no rule", train.alerts, {loss = {maximum = 3}})
  check.error("expected rules", train.alerts, {})
end)

check.test("report", function()
  tensor.manual_seed(1)
  local x = tensor.randn(60, 2)
  local y = x[{{}, 1}]:gt(0):long() + 1
  local net = nn.Linear(2, 2)
  local history = train.fit(net, {x, y}, {loss = F.cross_entropy, optimizer = optim.SGD(net:parameters(), {lr = 0.1}),
    epochs = 3, val = {x, y}, quiet = true})
  local path = os.tmpname()
  train.report(path, {title = "A <run>", history = history, net = net, values = {accuracy = 0.5, n = 60},
    confusion = {net(x), y, names = {"left", "right"}}, images = {{"noise & more", tensor.rand(3, 8, 8)}},
    text = "First.\n\nSecond."})
  local html = data.read_text(path)
  os.remove(path)
  for _, part in ipairs {"<h1>A &lt;run&gt;</h1>", "<p>First.</p><p>Second.</p>", "<th>val_accuracy</th>",
    "noise &amp; more", "Linear(", "<td>0.5</td>", "data:image/svg+xml;base64,", "data:image/png;base64,iVBORw0KGgo"} do
    check.ok(html:find(part, 1, true), part)
  end
  local _, n = html:gsub("data:image/svg", "")
  check.ok(n >= 5, n)
  check.ok(not html:find("src=\"http"), "nothing from outside")
  check.error("expected {caption, tensor}", train.report, path, {images = {{"x"}}})
  os.remove(path)
end)

check.test("watching misused", function()
  check.error("loss: min must be a number, got", train.alerts, {loss = {min = "a"}})
  check.error("the rule of loss is empty", train.alerts, {loss = {}})
  local alerts = train.alerts({loss = {max = 2}})
  check.error("loss must be a number, got", alerts.update, alerts, {loss = "a"})
  check.equal(#alerts:update({other = 1}), 0)
  local monitor = train.drift_monitor(tensor.randn(50, 4))
  check.error("expected values of 4 features, as the reference has, got [5, 3]", monitor.update, monitor,
    tensor.zeros(5, 3))
  check.error("expected values of 4 features", monitor.update, monitor, tensor.zeros(2, 2, 2))
  check.equal(monitor:update(tensor.zeros(4)), nil, "one sample")
  local path = os.tmpname()
  check.error("history: row 1 is 3", train.report, path, {history = {3}})
  check.error("net must be a network, got 5", train.report, path, {net = 5})
  check.error("confusion must be {predictions, labels}", train.report, path, {confusion = {tensor{1}}})
  os.remove(path)
end)

check.done()
