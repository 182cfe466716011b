-- Watching networks and streams of numbers: statistics of weights, gradients and activations, alarms, drift,
-- thresholds.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor = core.tensor
local watching = {}

-- ---- statistics ---------------------------------------------------------------------------------------------------

-- Numbers about one tensor: mean, std, min, max, share of zeros, how many are not finite, and a histogram of the rest.
local function row_of(name, kind, t, bins)
  local x = t:detach():double():flatten()
  local finite = x:isfinite()
  local bad = x:numel() - finite:long():sum():item()
  local row = {name = name, kind = kind, shape = t.shape, nonfinite = bad, n = x:numel()}
  if bad > 0 then x = x:masked_select(finite) end
  if x:numel() == 0 then return row end
  row.mean, row.min, row.max = x:mean():item(), x:min():item(), x:max():item()
  row.std = (x - row.mean):square():mean():sqrt():item()
  row.zeros = x:eq(0):double():mean():item()
  if bins > 0 then
    row.counts = x:histc(bins, row.min, row.max):long():totable()
  end
  return row
end

local statistics_options = signature("train.statistics", "bins:amount=20")

--- Numbers about a network: for each parameter (kind "weight") and its gradient, and with an input for what each layer
-- gives, a row {name, kind, shape, mean, std, min, max, zeros (their share), nonfinite (how many), counts (a histogram
-- from min to max)}. Options: bins (20, 0 for none).
--     local rows = train.statistics(nn.Linear(3, 2), tensor.ones(1, 3))
--     #rows, rows[1].name, rows[1].kind, rows[3].kind
--     --> 3	weight	weight	activation
function watching.statistics(net, input, ...)
  if not module.is_module(net) then fail.raise("train.statistics: expected a network, got %s", fail.show(net)) end
  local o, rows = statistics_options(...), {}
  for name, p in net:named_parameters() do
    rows[#rows + 1] = row_of(name, "weight", p, o.bins)
    if p.grad then rows[#rows + 1] = row_of(name, "gradient", p.grad, o.bins) end
  end
  if input ~= nil then
    local found = tensor.no_grad(require("nnlua.inspect").activations, net, input)
    for name, t in pairs(found) do
      if tensor.is_tensor(t) then rows[#rows + 1] = row_of(name, "activation", t, o.bins) end
    end
  end
  return rows
end

-- ---- alarms -------------------------------------------------------------------------------------------------------

local Watch = {__name = "Watch"}
Watch.__index = Watch

local watch_options = signature("train.watch", "every:count=1, dead:fraction=0.5, patience:count=20, "
  .. "gradient_low:positive=1e-7, gradient_high:positive=1e3, on_alarm:callable?")

-- Raises an alarm once for a layer and kind.
local function alarm(self, kind, name, format, ...)
  local key = kind .. " " .. name
  if self.seen[key] then return end
  self.seen[key] = true
  local item = {kind = kind, layer = name, text = format:format(...), batch = self.batches}
  self.alarms[#self.alarms + 1] = item
  if self.o.on_alarm then self.o.on_alarm(item) end
end

local rectifiers = {ReLU = true, ReLU6 = true, Threshold = true, Hardswish = true}

-- Units that were zero for all samples of the last batches: for each layer how often in a row.
local function note_dead(self, name, out)
  local n = out:dim() > 1 and out:size(2) or 1
  local dims = {1}
  for d = 3, out:dim() do dims[#dims + 1] = d end
  local silent = out:detach():eq(0):all(dims[1])
  for i = #dims, 2, -1 do silent = silent:all(dims[i] - 1) end
  local entry = self.silent[name]
  silent = silent:reshape(-1):long()
  self.silent[name] = entry and entry:size(1) == silent:size(1) and (entry + 1) * silent or silent
  local dead = self.silent[name]:ge(self.o.patience):long():sum():item()
  if dead / n >= self.o.dead then
    alarm(self, "dead", name, "%d of %d units of '%s' gave nothing but 0 in %d batches", dead, n, name,
      self.o.patience)
  end
end

local function look(self, name, layer, out)
  if type(out) == "table" and not tensor.is_tensor(out) then out = out[1] end
  if not tensor.is_tensor(out) or not out:is_floating_point() or not layer.training then return end
  local sum = out:detach():sum():item() -- one number tells whether all are finite, unless it overflows itself
  if sum ~= sum or sum == math.huge or sum == -math.huge then
    local bad = out:numel() - out:detach():isfinite():long():sum():item()
    if bad > 0 then alarm(self, "nan", name, "%d of %d outputs of '%s' are not finite", bad, out:numel(), name) end
  end
  if rectifiers[layer.__name] and out:dim() >= 2 then note_dead(self, name, out) end
end

--- Watches a network while it learns: local watch = train.watch(net), then watch:step() after each backward pass.
-- Alarms stand in watch.alarms, {kind, layer, text, batch} each, once for a layer: "nan" (an output or gradient is not
-- finite), "dead" (the share `dead`, 0.5, of a rectifier's units gave only 0 for `patience`, 20, batches), "vanishing"
-- and "exploding" (the norm of a weight's gradient is below gradient_low, 1e-7, or above gradient_high, 1e3). Options:
-- these, every (looks at every n-th batch), on_alarm(alarm). watch:remove() ends it.
--     local net = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
--     local watch = train.watch(net)
--     net(tensor{{0 / 0}})
--     watch.alarms[1].kind, watch.alarms[1].layer
--     --> nan	0
function watching.watch(net, ...)
  if not module.is_module(net) then fail.raise("train.watch: expected a network, got %s", fail.show(net)) end
  local self = setmetatable({net = net, o = watch_options(...), alarms = {}, seen = {}, silent = {}, batches = 0,
    handles = {}}, Watch)
  for name, layer in net:named_modules() do
    if #layer:children() == 0 then
      self.handles[#self.handles + 1] = layer:register_forward_hook(function(m, _, out)
        if self.batches % self.o.every == 0 then look(self, name, m, out) end
      end)
    end
  end
  return self
end

--- A batch is over: looks at the gradients. Returns the alarms so far.
function Watch:step()
  if self.batches % self.o.every == 0 then
    for name, p in self.net:named_parameters() do
      local g = p.grad
      if g and p:dim() > 1 then
        local norm = g:detach():double():norm():item()
        if norm ~= norm or norm == math.huge then
          alarm(self, "nan", name, "the gradient of '%s' is not finite", name)
        elseif norm > self.o.gradient_high then
          alarm(self, "exploding", name, "the gradient of '%s' has the norm %.3g", name, norm)
        elseif norm < self.o.gradient_low then
          alarm(self, "vanishing", name, "the gradient of '%s' has the norm %.3g", name, norm)
        end
      end
    end
  end
  self.batches = self.batches + 1
  return self.alarms
end

--- Ends watching.
function Watch:remove()
  for _, handle in ipairs(self.handles) do handle:remove() end
  self.handles = {}
end

-- ---- drift --------------------------------------------------------------------------------------------------------

local function sample(who, name, v)
  if type(v) == "table" and not getmetatable(v) and #v > 0 then v = tensor(v, {dtype = "float64"}) end
  if not tensor.is_tensor(v) or v:numel() == 0 then
    fail.raise("%s: %s: expected numbers, got %s", who, name, fail.show(v))
  end
  return v:detach():double():flatten()
end

local psi_options = signature("train.psi", "bins:count=10")

-- Borders of bins that hold equally many of sorted values; equal borders once.
local function borders_of(sorted, bins)
  local list, n = {}, sorted:size(1)
  for k = 1, bins - 1 do
    local v = sorted:get(math.max(1, math.ceil(n * k / bins)))
    if v ~= list[#list] then list[#list + 1] = v end
  end
  return tensor(list, {dtype = "float64"})
end

local function shares(borders, x)
  local counts = tensor.bucketize(x, borders):bincount(nil, borders:size(1) + 1):double()
  return (counts / x:size(1)):clamp({min = 1e-4})
end

--- The population stability index of two samples of a number: how far their distributions lie apart, over bins (10)
-- with equally many of the first. Below 0.1 they are alike, above 0.25 they differ much. NaN is an error. Options:
-- bins.
--     train.psi({1, 2, 3, 4}, {1, 2, 3, 4}, {bins = 2})
--     --> 0.0
function watching.psi(expected, actual, ...)
  local o = psi_options(...)
  local a, b = sample("train.psi", "expected", expected), sample("train.psi", "actual", actual)
  if a:isnan():any() or b:isnan():any() then fail.raise("train.psi: there are NaN values") end
  local borders = borders_of((a:sort()), o.bins)
  if borders:numel() == 0 then return 0.0 end
  local p, q = shares(borders, a), shares(borders, b)
  return ((q - p) * (q / p):log()):sum():item()
end

-- The chance of a Kolmogorov distance as large as this: its limit for large samples, corrected for n (Stephens 1970).
local function kolmogorov(d, n)
  local root = math.sqrt(n)
  local l = (root + 0.12 + 0.11 / root) * d
  if l < 0.2 then return 1.0 end
  local sum = 0
  for k = 1, 100 do
    local term = math.exp(-2 * k * k * l * l)
    sum = sum + (k % 2 == 1 and term or -term)
    if term < 1e-17 then break end
  end
  return math.max(0, math.min(1, 2 * sum))
end

--- The Kolmogorov-Smirnov test of two samples of a number: the greatest distance of their cumulative distributions, and
-- about how likely so great a one is if both come from one distribution.
--     train.ks_test({1, 2, 3, 4}, {5, 6, 7, 8})
--     --> 1.0	0.011065637015804
function watching.ks_test(a, b)
  local x, y = sample("train.ks_test", "first sample", a), sample("train.ks_test", "second sample", b)
  if x:isnan():any() or y:isnan():any() then fail.raise("train.ks_test: there are NaN values") end
  local n, m = x:size(1), y:size(1)
  local all = tensor.cat({x, y}, 1)
  local function cdf(s) return (tensor.searchsorted((s:sort()), all, {right = true}) - 1):double() / s:size(1) end
  local d = (cdf(x) - cdf(y)):abs():max():item()
  return d, kolmogorov(d, n * m / (n + m))
end

local Drift = {__name = "DriftMonitor"}
Drift.__index = Drift

local drift_options = signature("train.drift_monitor", "method:string=ks, window:count=200, threshold:positive?, "
  .. "patience:count=2, bins:count=10")

--- Watches a stream of inputs or predictions for drift: local monitor = train.drift_monitor(reference), reference [N]
-- or [N, D]; monitor:update(x) takes the next ones and returns nil, or {feature, score, text} when the last `window`
-- (200) values of a feature differ from the reference for `patience` (2) updates in a row. Options: method ("ks":
-- threshold is the chance of a false alarm per look, default 1e-6 over all features; "psi": threshold, default 0.25
-- and what chance alone gives), window, threshold, patience, bins.
--     tensor.manual_seed(1)
--     local monitor = train.drift_monitor(tensor.randn(1000))
--     monitor:update(tensor.randn(300)), monitor:update(tensor.randn(300) + 1)
--     --> nil	nil
--     monitor:update(tensor.randn(300) + 1).feature
--     --> 1
function watching.drift_monitor(reference, ...)
  local o = drift_options(...)
  if not tensor.is_tensor(reference) or reference:dim() > 2 or reference:numel() == 0 then
    fail.raise("train.drift_monitor: expected a reference [N] or [N, D], got %s", fail.show(reference))
  end
  if o.method ~= "ks" and o.method ~= "psi" then
    fail.raise("train.drift_monitor: method must be \"ks\" or \"psi\", got %s", fail.show(o.method))
  end
  local x = reference:detach():double()
  if x:dim() == 1 then x = x:unsqueeze(2) end
  local d = x:size(2)
  -- by chance alone the index of two samples is about chi-squared, (bins - 1) (1 / n + 1 / m) on average
  local chance = (o.bins - 1 + 4 * math.sqrt(2 * (o.bins - 1))) * (1 / x:size(1) + 1 / o.window)
  local threshold = o.threshold or (o.method == "ks" and 1e-6 or 0.25 + chance)
  return setmetatable({reference = x, o = o, threshold = threshold, run = {}, d = d, updates = 0}, Drift)
end

-- Whether feature k of the window has drifted, with its score.
local function drifted(self, k)
  local a, b = self.reference:select(2, k), self.recent:select(2, k)
  if b:isnan():any() then return true, 0 / 0 end
  if self.o.method == "psi" then
    local score = watching.psi(a, b, {bins = self.o.bins})
    return score > self.threshold, score
  end
  local _, p = watching.ks_test(a, b)
  return p < self.threshold / self.d, p
end

--- Takes the next values [N] or [N, D]; returns nil or what has drifted.
function Drift:update(x)
  if tensor.is_tensor(x) and x:dim() > 0 and x:numel() > 0 and not (x:dim() == 2 and x:size(2) == self.d)
    and not (x:dim() == 1 and (self.d == 1 or x:size(1) == self.d)) then
    fail.raise("update: expected values of %d feature%s, as the reference has, got [%s]", self.d,
      self.d == 1 and "" or "s", table.concat({x:size()}, ", "))
  end
  x = sample("update", "values", x):reshape(-1, self.d)
  self.updates = self.updates + 1
  self.recent = self.recent and tensor.cat({self.recent, x}, 1) or x
  local n = self.recent:size(1)
  if n > self.o.window then self.recent = self.recent:narrow(1, n - self.o.window + 1, self.o.window):clone() end
  if n < self.o.window then return nil end
  local found
  for k = 1, self.d do
    local yes, score = drifted(self, k)
    self.run[k] = yes and (self.run[k] or 0) + 1 or 0
    if self.run[k] >= self.o.patience and not found then
      found = {feature = k, score = score, text = ("feature %d has drifted: %s %.3g after %d updates"):format(k,
        self.o.method == "ks" and "p" or "psi", score, self.updates)}
    end
  end
  return found
end

-- ---- thresholds ---------------------------------------------------------------------------------------------------

local Alerts = {__name = "Alerts"}
Alerts.__index = Alerts

local rule_keys = {"min", "max", "patience", "change"}

--- Watches numbers by rules: local alerts = train.alerts({loss = {max = 2}, accuracy = {min = 0.9, patience = 3}, time
-- = {change = 5}}); alerts:update({loss = 0.3, accuracy = 0.95}) returns a list of {name, value, text}, empty when all
-- is well. A rule: min, max, change (so many standard deviations from the mean of what came before, after 20 values),
-- patience (only after so many breaches in a row). NaN breaks every rule.
--     local alerts = train.alerts({loss = {max = 2}})
--     #alerts:update({loss = 1}), alerts:update({loss = 3})[1].text
--     --> 0	loss is 3, above 2
function watching.alerts(rules)
  if type(rules) ~= "table" or next(rules) == nil then
    fail.raise("train.alerts: expected rules by name, got %s", fail.show(rules))
  end
  for name, rule in pairs(rules) do
    if type(rule) ~= "table" then fail.raise("train.alerts: the rule of %s is %s", tostring(name), fail.show(rule)) end
    if next(rule) == nil then
      fail.raise("train.alerts: the rule of %s is empty (known: %s)", tostring(name), table.concat(rule_keys, ", "))
    end
    for key, v in pairs(rule) do
      local known = false
      for _, k in ipairs(rule_keys) do known = known or k == key end
      if known and type(v) ~= "number" then
        fail.raise("train.alerts: %s: %s must be a number, got %s", tostring(name), key, fail.show(v))
      elseif not known then
        fail.raise("train.alerts: %s: '%s' is no rule%s", tostring(name), tostring(key),
          fail.suggest(tostring(key), rule_keys))
      end
    end
  end
  return setmetatable({rules = rules, state = {}}, Alerts)
end

-- What is wrong with a value by a rule, nil when nothing is. s: n, mean and sum of squared distances of those before.
local function fault(rule, name, v, s)
  if v ~= v then return ("%s is NaN"):format(name) end
  if rule.max and v > rule.max then return ("%s is %.6g, above %.6g"):format(name, v, rule.max) end
  if rule.min and v < rule.min then return ("%s is %.6g, below %.6g"):format(name, v, rule.min) end
  if rule.change and s.n >= 20 then
    local std = math.sqrt(s.squares / (s.n - 1))
    if math.abs(v - s.mean) > rule.change * std + 1e-12 * math.abs(s.mean) then
      return ("%s is %.6g, usually %.6g +- %.3g"):format(name, v, s.mean, std)
    end
  end
end

--- Takes the next numbers by name; returns a list of {name, value, text}.
function Alerts:update(values)
  if type(values) ~= "table" then fail.raise("update: expected numbers by name, got %s", fail.show(values)) end
  local out, names = {}, {}
  for name in pairs(self.rules) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local v, rule = values[name], self.rules[name]
    local s = self.state[name] or {n = 0, mean = 0, squares = 0, breaches = 0}
    self.state[name] = s
    if v ~= nil and type(v) ~= "number" then
      fail.raise("update: %s must be a number, got %s", tostring(name), fail.show(v))
    elseif v then
      local text = fault(rule, name, v, s)
      s.breaches = text and s.breaches + 1 or 0
      if text and s.breaches >= (rule.patience or 1) then out[#out + 1] = {name = name, value = v, text = text} end
      if not text then -- the usual is learnt from what is well
        s.n = s.n + 1
        local distance = v - s.mean
        s.mean = s.mean + distance / s.n
        s.squares = s.squares + distance * (v - s.mean)
      end
    end
  end
  return out
end

return watching
