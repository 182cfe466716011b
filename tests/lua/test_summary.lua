-- nn.summary against figures worked out by hand.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn = nnlua.tensor, nnlua.nn

local function summary(net, shape, options)
  options = options or {}
  options.print = false
  return nn.summary(net, shape, options)
end

check.test("a convolutional network", function()
  local net = nn.Sequential(nn.Conv2d(3, 8, 3, {padding = 1}), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 4, {3, 2}, {groups = 2, bias = false}), nn.Flatten(), nn.Linear(4 * 6 * 7, 10))
  local s = summary(net, {2, 3, 16, 16})
  local conv, norm, pool, grouped, linear = s.layers[2], s.layers[3], s.layers[5], s.layers[6], s.layers[8]
  check.equal(conv.output_shape, {2, 8, 16, 16})
  check.equal(conv.parameters, 8 * 3 * 9 + 8)
  check.equal(conv.multiply_adds, 2 * 8 * 16 * 16 * 27)
  check.equal(conv.output_bytes, 2 * 8 * 16 * 16 * 4)
  check.equal(conv.bytes, conv.output_bytes + 4 * conv.parameters)
  check.equal(norm.parameters, 16)
  check.equal(norm.param_bytes, 16 * 4 + 16 * 4 + 8, "weight, bias, two means, a count")
  check.equal(norm.multiply_adds, 0)
  check.equal(pool.output_shape, {2, 8, 8, 8})
  check.equal(grouped.output_shape, {2, 4, 6, 7})
  check.equal(grouped.multiply_adds, 2 * 4 * 6 * 7 * (4 * 3 * 2))
  check.equal(linear.multiply_adds, 2 * 168 * 10)
  check.equal(s.parameters, 224 + 16 + 4 * 4 * 6 + 168 * 10 + 10)
  check.equal(s.multiply_adds, conv.multiply_adds + grouped.multiply_adds + linear.multiply_adds)
  check.equal(s.layers[1].type, "Sequential")
  check.ok(net.training and net[2].training, "the modes are as before")
  check.equal(net[2].num_batches_tracked:item(), 0, "running statistics too")
end)

check.test("transposed convolution, recurrent and attention layers", function()
  local s = summary(nn.ConvTranspose2d(4, 6, 3, {stride = 2}), {1, 4, 5, 5})
  check.equal(s.multiply_adds, 4 * 25 * 6 * 9)
  s = summary(nn.LSTM(3, 5, {num_layers = 2, bidirectional = true}), {7, 2, 3})
  check.equal(s.multiply_adds, 7 * 2 * (2 * (20 * 3 + 20 * 5) + 2 * (20 * 10 + 20 * 5)))
  check.equal(s.layers[1].output_shape, {7, 2, 10})
  check.equal(s.output_bytes, (7 * 2 * 10 + 2 * 4 * 2 * 5) * 4, "outputs, last states h and c")
  s = summary(nn.GRUCell(3, 5), {2, 3})
  check.equal(s.multiply_adds, 2 * (15 * 3 + 15 * 5))
  s = summary(nn.Bilinear(2, 3, 4), {{5, 2}, {5, 3}})
  check.equal(s.multiply_adds, 5 * (4 * 2 * 3 + 4 * 3))
  if nn.MultiheadAttention then
    s = summary(nn.MultiheadAttention(8, 2, {batch_first = true}), {{2, 5, 8}, {2, 7, 8}, {2, 7, 8}})
    local rows, keys = 2 * 5, 2 * 7
    check.equal(s.multiply_adds, rows * 64 + 2 * keys * 64 + rows * 64 + 2 * (2 * 5 * 7 * 8))
  end
end)

check.test("a class of one's own, shared layers, frozen layers, token ids", function()
  local Net = nn.class("Net")
  function Net:init()
    self.words = nn.Embedding(10, 4)
    self.twice = nn.Linear(4, 4)
    self.head = nn.Linear(4, 3, {bias = false})
    self.head.weight.requires_grad = false
  end
  function Net:forward(ids) return self.head(self.twice(self.twice(self.words(ids)))) end
  local net = Net()
  local s = summary(net, {2, 6}, {dtype = "int64"})
  check.equal(s.parameters, 40 + 20 + 12)
  check.equal(s.trainable, 60)
  check.equal(s.multiply_adds, 2 * 12 * 16 + 12 * 12, "twice counts twice")
  check.equal(s.layers[3].calls, 2)
  local text = tostring(s)
  check.ok(text:find("twice: Linear", 1, true) and text:find("[2, 6, 4]", 1, true), text)
  check.ok(text:find("72 parameters, 60 of them trainable; 528 multiply-adds", 1, true), text)
  check.equal(nn.summary(net, {input_shape = {2, 6}, dtype = "int64", print = false}).parameters, 72)
end)

check.test("what is wrong is said, and the hooks are off again", function()
  local net = nn.Sequential(nn.Linear(3, 2))
  check.error("expected a module, got 3", nn.summary, 3, {1})
  check.error("expected input_shape", nn.summary, net)
  check.error("Linear", nn.summary, net, {1, 4}, {print = false})
  check.ok(net.training)
  check.equal(summary(net, {5, 3}).multiply_adds, 30)
  check.equal(summary(net, {tensor.ones(5, 3)}).multiply_adds, 30)
end)

check.done()
