-- Forward propagation: what a network does with one flower, computed by hand number by number, and held against the
-- module.
--
--   nnlua scripts/forward.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {300, 100}}

-- A forward pass turns an input into an output, layer by layer, with the weights as they are. It learns nothing; it is
-- what happens when a network is used, and the first half of each training step.

tutorial.heading("A network that tells three kinds of iris apart")
local set = data.load("iris")
local x = (set.x - set.x:mean(1)) / set.x:std(1)
local net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
local opt = optim.Adam(net:parameters(), {lr = 0.05})
for _ = 1, options.steps do
  opt:zero_grad()
  F.cross_entropy(net(x), set.y):backward()
  opt:step()
end
print(net)
print(("training accuracy %.3f"):format(metrics.accuracy(net(x), set.y)))

tutorial.heading("One neuron by hand")
-- A neuron multiplies each input by its own weight, adds the products and its bias, and bends the sum.
local flower = 51
local weight, bias = net[1].weight:totable(), net[1].bias:totable()
local input = x[flower]:totable()
local sum, terms = bias[1], {}
for i, value in ipairs(input) do
  sum = sum + weight[1][i] * value
  terms[i] = ("%.3f * %.3f"):format(weight[1][i], value)
end
print(("%s + %.3f = %.4f"):format(table.concat(terms, " + "), bias[1], sum))
print(("tanh of that is %.4f; the module says %.4f"):format((math.exp(2 * sum) - 1) / (math.exp(2 * sum) + 1),
  net[2](net[1](x[flower])):get(1)))

tutorial.heading("The whole network by hand")
-- A layer is that for all of its neurons; the next layer's input is the layer's output. Loops and numbers, no tensor.
local function linear(layer, values)
  local w, b, out = layer.weight:totable(), layer.bias:totable(), {}
  for j = 1, #w do
    out[j] = b[j]
    for i, value in ipairs(values) do out[j] = out[j] + w[j][i] * value end
  end
  return out
end
local function tanh(values)
  local out = {}
  for i, v in ipairs(values) do out[i] = (math.exp(2 * v) - 1) / (math.exp(2 * v) + 1) end
  return out
end
local function forward(values) return linear(net[3], tanh(linear(net[1], values))) end

local function show(name, values)
  for i, v in ipairs(values) do values[i] = ("%7.3f"):format(v) end
  print(("%-12s %s"):format(name, table.concat(values, " ")))
end
show("input", x[flower]:totable())
show("after Linear", linear(net[1], x[flower]:totable()))
show("after Tanh", tanh(linear(net[1], x[flower]:totable())))
show("logits", forward(x[flower]:totable()))
show("chances", F.softmax(net(x[flower]), 1):totable())
print("the class is " .. set.classes[net(x[flower]):argmax():item()] .. ", the truth "
  .. set.classes[set.y[flower]:item()])

local worst, agree = 0, 0
for i = 1, #set do
  local mine, its = forward(x[i]:totable()), net(x[i]):totable()
  local best = 1
  for j = 1, 3 do
    worst = math.max(worst, math.abs(mine[j] - its[j]))
    if mine[j] > mine[best] then best = j end
  end
  if best == net(x[i]):argmax():item() then agree = agree + 1 end
end
print(("all %d flowers: largest difference %.1e, same class for %d"):format(#set, worst, agree))

tutorial.heading("A batch is the same, all at once")
-- 150 flowers as one matrix [150, 4]: one product does what 150 passes do. That is why batches are fast.
local together = net(x)
local alone = {}
for i = 1, #set do alone[i] = net(x[i]) end
local batch_gap = (together - tensor.stack(alone, 1)):abs():max():item()
print(("largest difference %.1e; one product [%d, 4] x [4, 5] in the place of %d"):format(batch_gap, #set, #set))

tutorial.heading("What it costs")
-- Each weight is used once for each sample: a Linear(4, 5) makes 20 multiplications and additions, whatever they are.
local multiplications = net[1].weight:numel() + net[3].weight:numel()
print(("%d multiply-adds a flower, %d parameters"):format(multiplications, #nn.utils.parameters_to_vector(
  net:parameters())))

tutorial.heading("Nothing is learned by looking")
local before = nn.utils.parameters_to_vector(net:parameters()):clone()
for _ = 1, 100 do net(x) end
local moved = (nn.utils.parameters_to_vector(net:parameters()) - before):abs():max():item()
print(("after 100 more passes the weights have moved by %g"):format(moved))

-- To try next: a third layer, in the module and in `forward`; ReLU instead of tanh; and which weight would have to
-- change for flower 51 to be called something else.
print(("result: worst=%.2g agree=%d/%d batch_gap=%.2g moved=%g"):format(worst, agree, #set, batch_gap, moved))
