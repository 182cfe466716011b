-- train.evaluate and train.predict: a network run over a data set in evaluation mode. Knows nothing of training.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local loaders = require "nnlua.data.loader"
local metrics = require "nnlua.metrics"
local signature = require "nnlua.signature"

local tensor = core.tensor
local judging = {}

--- A loader for a data set; what can be walked over already (it has :iter()) is taken as it is.
function judging.as_loader(set, batch_size)
  if type(set) == "table" and getmetatable(set) and type(set.iter) == "function" then return set end
  return loaders.DataLoader(set, {batch_size = batch_size})
end

--- How many samples a batch has.
function judging.rows(x)
  if tensor.is_tensor(x) then return x:dim() > 0 and x:size(1) or 1 end
  if type(x) == "table" and tensor.is_tensor(x[1]) and x[1]:dim() > 0 then return x[1]:size(1) end
  return 1
end

--- f() with the network in evaluation mode and without gradients; the mode is as before afterwards, also after an error
-- or an interrupt.
function judging.quietly(net, f)
  local was = net.training
  core.finally(function() net:train(was) end, function()
    net:eval()
    tensor.no_grad(f)
  end)
end

-- Whether labels are classes of the outputs [N, C, ...].
local function are_classes(out, y)
  if not tensor.is_tensor(out) or not tensor.is_tensor(y) or y:is_floating_point() then return false end
  if out:dim() ~= y:dim() + 1 or out:dim() < 2 then return false end
  local a, b = {out:size()}, {y:size()}
  table.remove(a, 2)
  return table.concat(a, ",") == table.concat(b, ",")
end

--- A list of {name, function(outputs, targets)} from the option metrics: names, or functions by name.
function judging.metric_list(who, given)
  local list = {}
  for key, f in pairs(given or {}) do
    local name = type(key) == "string" and key or f
    if type(f) == "string" then
      if type(metrics[f]) ~= "function" then
        local names = {}
        for known in pairs(metrics) do names[#names + 1] = known end
        fail.raise("%s: there is no metric %s%s", who, fail.show(f), fail.suggest(f, names))
      end
      f = metrics[f]
    end
    if type(name) ~= "string" or type(f) ~= "function" then
      fail.raise("%s: metrics must be a list of names or functions by name", who)
    end
    list[#list + 1] = {name, f}
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

local evaluate_options = signature("train.evaluate", "loss:callable?, metrics:table?, batch_size:count=256")

-- What the batches give, summed up.
local function walk(net, loader, o, list, state)
  for x, y in loader:iter() do
    local out, n = net(x), judging.rows(x)
    if are_classes(out, y) then
      state.right = (state.right or 0) + metrics.accuracy(out, y) * n
      state.judged = (state.judged or 0) + n
    end
    if o.loss then state.loss = state.loss + o.loss(out, y):item() * n end
    if #list > 0 then
      state.outputs[#state.outputs + 1], state.targets[#state.targets + 1] = out, y
    end
    state.n = state.n + n
  end
end

--- Runs a network over a data set or loader in evaluation mode, without gradients: returns a table with accuracy (where
-- targets are classes), loss when a loss function is given, and the metrics asked for. Options: loss, metrics (names as
-- in `metrics`, or functions by name; they get all outputs and targets), batch_size.
--     local net = nn.Lambda(function(x) return tensor.cat({x, -x}, 2) end)
--     local r = train.evaluate(net, {tensor{{1}, {-2}, {3}}, tensor{1, 2, 2}:long()}, {metrics = {"f1"}})
--     r.accuracy, r.f1
--     --> 0.66666666666667	0.66666666666667
function judging.evaluate(net, set, options)
  local o = evaluate_options(options)
  local list = judging.metric_list("train.evaluate", o.metrics)
  local state = {loss = 0, n = 0, outputs = {}, targets = {}}
  judging.quietly(net, function() walk(net, judging.as_loader(set, o.batch_size), o, list, state) end)
  local result = {accuracy = state.right and state.right / state.judged or nil,
    loss = o.loss and state.loss / state.n or nil}
  if #list > 0 and state.n > 0 then
    local outputs, targets = tensor.cat(state.outputs, 1), tensor.cat(state.targets, 1)
    for _, item in ipairs(list) do
      local v = item[2](outputs, targets)
      result[item[1]] = tensor.is_tensor(v) and v:numel() == 1 and v:item() or v
    end
  end
  return result
end

local predict_options = signature("train.predict", "batch_size:count=256")

--- The outputs of a network for all samples of a data set, loader or tensor, as one tensor, in evaluation mode.
--     train.predict(nn.Lambda(function(x) return x * 2 end), tensor{{1}, {2}})
--     --> {{2}, {4}}
function judging.predict(net, set, options)
  local o = predict_options(options)
  local outputs = {}
  judging.quietly(net, function()
    for x in judging.as_loader(set, o.batch_size):iter() do outputs[#outputs + 1] = net(x) end
  end)
  if #outputs == 0 then fail.raise("train.predict: there are no samples") end
  return tensor.cat(outputs, 1)
end

return judging
