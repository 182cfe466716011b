-- Modules: classes, registration, walks, state dicts, hooks, error paths, printing, layers and initialisers.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F = nnlua.tensor, nnlua.nn, nnlua.F

local function names_of(iterator)
  local names = {}
  for name in iterator do names[#names + 1] = name end
  return names
end

local function keys_of(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  return keys
end

-- ---- classes ------------------------------------------------------------------------------------------------------

local Net = nn.class("Net")

function Net:init(hidden)
  self.conv = nn.Conv2d(1, hidden, 3, {padding = 1})
  self.head = nn.Linear(hidden * 4 * 4, 10)
end

function Net:forward(x)
  x = F.max_pool2d(F.relu(self.conv(x)), 2)
  return self.head(x:flatten(2))
end

check.test("a class of one's own", function()
  local net = Net(2)
  check.equal({net(tensor.zeros(3, 1, 8, 8)):size()}, {3, 10})
  check.equal(names_of(net:named_parameters()), {"conv.weight", "conv.bias", "head.weight", "head.bias"})
  check.equal(#net:parameters(), 4)
  check.equal(net.nothing, nil)
  check.ok(nn.is(net, Net) and nn.is(net, nn.Module) and not nn.is(net, nn.Linear))
  check.ok(nn.is(net.conv, nn.Conv2d))
  check.ok(not nn.is(3, nn.Linear) and not nn.is({}, nn.Linear) and not nn.is(nil, nn.Linear))
end)

check.test("inheritance", function()
  local Child = nn.class("Child", Net)
  function Child:forward(x) return Net.forward(self, x) * 2 end
  local child = Child(2) -- init is inherited
  check.equal(#child:parameters(), 4)
  local x = tensor.randn(2, 1, 8, 8)
  check.close(child(x):totable(), (Net.forward(child, x) * 2):totable())
  local Wide = nn.class("Wide", Child)
  function Wide:init(n)
    Child.init(self, n)
    self.extra = nn.Parameter(tensor.zeros(1))
  end
  check.equal(names_of(Wide(1):named_parameters()),
    {"extra", "conv.weight", "conv.bias", "head.weight", "head.bias"}, "own parameters come first")
end)

check.test("layers as parents", function()
  local Scaled = nn.class("Scaled", nn.Linear)
  function Scaled:init(n) nn.Linear.init(self, n, n, {bias = false}) end
  function Scaled:forward(x) return nn.Linear.forward(self, x) * 3 end
  local m = Scaled(4)
  check.equal(names_of(m:named_parameters()), {"weight"})
  check.equal({m(tensor.ones(2, 4)):size()}, {2, 4})
  local Stack = nn.class("Stack", nn.Sequential)
  function Stack:init() nn.Sequential.init(self, nn.Linear(2, 3), nn.ReLU()) end
  local s = Stack()
  check.equal(#s, 2)
  check.equal({s(tensor.ones(5, 2)):size()}, {5, 3})
  check.ok(nn.is(s, nn.Sequential))
end)

check.test("bad classes", function()
  check.error("expected a name", nn.class)
  check.error("parent of X must be a class", nn.class, "X", {})
  check.error("has no forward", nn.class("Empty")())
  check.error("Parameter: expected a tensor", nn.Parameter, 3)
end)

-- ---- registration -------------------------------------------------------------------------------------------------

check.test("what registers", function()
  local m = nn.Module()
  m.number, m.text, m.plain = 3, "x", tensor.zeros(2)
  m.p = nn.Parameter(tensor.zeros(2))
  m.layers = {nn.Linear(1, 1), nn.Linear(1, 2)}
  m.late = {}
  m.late[1] = nn.Linear(2, 2, {bias = false})
  m.nested = {{nn.Parameter(tensor.zeros(1))}, {nn.Parameter(tensor.zeros(1))}}
  check.equal(names_of(m:named_parameters()), {"p", "layers.0.weight", "layers.0.bias", "layers.1.weight",
    "layers.1.bias", "late.0.weight", "nested.0.0", "nested.1.0"})
  check.equal(names_of(m:named_children()), {"layers.0", "layers.1", "late.0"})
  check.equal(#m:modules(), 4)
  m.p = nil
  check.equal(names_of(m:named_parameters())[1], "layers.0.weight")
  m.p = nn.Parameter(tensor.ones(2))
  check.equal(names_of(m:named_parameters())[1], "p", "the place stays")
  check.equal(m.number, 3)
end)

check.test("sharing and cycles", function()
  local m = nn.Module()
  m.a = nn.Linear(2, 2)
  m.b = m.a
  m.me = m
  m.a.up = m
  check.equal(names_of(m:named_parameters()), {"a.weight", "a.bias"})
  check.equal(#m:modules(), 2)
  m:eval()
  check.equal(m.a.training, false)
  check.equal(keys_of(m:state_dict()), {"a.weight", "a.bias", "b.weight", "b.bias"})
  check.ok(tostring(m):find("shown above", 1, true))
  local tied = nn.Module()
  tied.inner = nn.Linear(2, 2, {bias = false})
  tied.outer = nn.Linear(2, 2, {bias = false})
  tied.outer.weight = tied.inner.weight
  check.equal(#tied:parameters(), 1)
  check.equal(keys_of(tied:state_dict()), {"inner.weight", "outer.weight"})
  tied:load_state_dict({["inner.weight"] = tensor.ones(2, 2)}) -- the tied name is served too
  check.equal(tied.outer.weight:sum():item(), 4.0)
end)

check.test("buffers", function()
  local m = nn.Module()
  m:register_buffer("mean", tensor.zeros(3))
  m:register_buffer("scratch", tensor.zeros(3), {persistent = false})
  m:register_parameter("w", nn.Parameter(tensor.zeros(1)))
  check.equal(names_of(m:named_buffers()), {"mean", "scratch"})
  check.equal(keys_of(m:state_dict()), {"mean", "w"})
  m.mean = tensor.ones(3) -- still a buffer
  check.equal(m:buffers()[1]:sum():item(), 3.0)
  check.error("expected a tensor", m.register_buffer, m, "x", 3)
  check.error("without dots", m.register_buffer, m, "a.b", tensor.zeros(1))
  check.error("already a method", m.register_buffer, m, "forward", tensor.zeros(1))
  check.error("expected a nn.Parameter", m.register_parameter, m, "v", tensor.zeros(1))
  m.w = tensor.zeros(1)
  check.error("was a parameter", m.parameters, m)
end)

check.test("paths", function()
  local m = nn.Sequential(nn.Linear(1, 2), nn.Sequential(nn.Linear(2, 3)))
  check.equal(m:get_submodule("1.0").out_features, 3)
  check.equal({m:get_parameter("1.0.weight"):size()}, {3, 2})
  check.error("there is no '7'", m.get_submodule, m, "1.7")
  check.error("is not a module", m.get_submodule, m, "0.weight")
  check.equal(names_of(m:named_modules()), {"", "0", "1", "1.0"})
end)

check.test("modes and gradients", function()
  local net = Net(1)
  check.ok(net:eval() == net and net.training == false and net.conv.training == false)
  check.ok(net:train() == net and net.conv.training == true)
  check.error("expected true or false", net.train, net, 1)
  net:requires_grad_(false)
  check.equal(net.conv.weight.requires_grad, false)
  net:requires_grad_()
  net(tensor.ones(1, 1, 8, 8)):sum():backward()
  check.ok(net.conv.weight.grad)
  net:zero_grad({set_to_none = false})
  check.equal(net.conv.weight.grad:abs():sum():item(), 0.0)
  net:zero_grad()
  check.equal(net.conv.weight.grad, nil)
  local seen = {}
  net:apply(function(m) seen[#seen + 1] = m end)
  check.ok(seen[#seen] == net and #seen == 3)
end)

check.test("dtypes in place", function()
  local net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
  local w = net[1].weight
  net(tensor.randn(4, 3)):sum():backward()
  check.ok(net:to("float64") == net)
  check.ok(net[1].weight == w and w.dtype == "float64" and w.requires_grad and w.grad.dtype == "float64")
  check.equal(net[2].running_mean.dtype, "float64")
  check.equal(net[2].num_batches_tracked.dtype, "int64")
  check.equal(net(tensor.randn(4, 3, {dtype = "float64"})).dtype, "float64")
  check.equal(net:float()[1].bias.dtype, "float32")
  check.equal(net:double()[1].bias.dtype, "float64")
  check.error("to: expected", net.to, net, "int64")
end)

check.test("a graph notices that a parameter changed its dtype", function()
  local m = nn.Linear(2, 2)
  local y = (m(tensor.ones(1, 2)) * m.weight):sum()
  m:double()
  check.ok(not pcall(y.backward, y))
end)

check.test("deep copies", function()
  local net = Net(1)
  local copy = net:clone()
  check.ok(copy ~= net and copy.conv ~= net.conv and copy.conv.weight ~= net.conv.weight)
  check.equal(copy.conv.weight, net.conv.weight)
  tensor.no_grad(function() copy.conv.weight:fill_(0) end)
  check.ok(net.conv.weight:abs():sum():item() > 0)
  check.equal(names_of(copy:named_parameters()), names_of(net:named_parameters()))
  check.ok(copy.conv.weight.requires_grad)
end)

-- ---- state dicts --------------------------------------------------------------------------------------------------

check.test("state dicts", function()
  local a, b = Net(2), Net(2)
  local state = a:state_dict()
  check.equal(keys_of(state), {"conv.weight", "conv.bias", "head.weight", "head.bias"})
  check.ok(not state["conv.weight"].requires_grad)
  local missing, unexpected = b:load_state_dict(state)
  check.equal({missing, unexpected}, {{}, {}})
  check.equal(b.head.weight, a.head.weight)
  state["head.bias"] = nil
  state["head.bais"] = tensor.zeros(10)
  local message = check.error("load_state_dict: Net: missing: 'head.bias'", b.load_state_dict, b, state)
  check.ok(message:find("unexpected: 'head.bais'", 1, true))
  missing, unexpected = b:load_state_dict(state, {strict = false})
  check.equal({missing, unexpected}, {{"head.bias"}, {"head.bais"}})
  check.error("'conv.weight' is float32 [2, 1, 3, 3] there and float32 [3, 1, 3, 3] here", Net(3).load_state_dict,
    Net(3), a:state_dict())
  check.error("expected a table", b.load_state_dict, b, 3)
  local wrong = a:state_dict()
  wrong["conv.bias"] = tensor.zeros(5)
  local before = b.conv.weight:clone()
  tensor.no_grad(function() a.conv.weight:fill_(7) end)
  check.error("wrong", b.load_state_dict, b, wrong)
  check.equal(b.conv.weight:detach(), before:detach(), "nothing changes when something is wrong")
end)

-- ---- hooks --------------------------------------------------------------------------------------------------------

check.test("forward hooks", function()
  local m = nn.Linear(2, 2)
  local seen = {}
  local pre = m:register_forward_pre_hook(function(module, inputs)
    seen[#seen + 1] = module == m and inputs.n or false
    return inputs[1] * 0
  end)
  local post = m:register_forward_hook(function(_, inputs, output)
    seen[#seen + 1] = inputs[1]:sum():item()
    return output + 1
  end)
  local y = m(tensor.ones(1, 2))
  check.close(y, (m.bias + 1):detach():unsqueeze(1) + tensor.zeros(1, 2))
  check.equal(seen, {1, 0.0})
  pre:remove()
  post:remove()
  check.close(m(tensor.zeros(1, 2)), m.bias:unsqueeze(1) + tensor.zeros(1, 2))
  check.equal(#seen, 2)
end)

check.test("backward hooks", function()
  local m = nn.Linear(2, 3)
  local got
  local handle = m:register_full_backward_hook(function(module, grad_inputs, grad_outputs)
    got = {module == m, grad_inputs[1]:clone(), grad_outputs[1]:clone()}
    return {grad_inputs[1] * 2}
  end)
  local x = tensor.ones(1, 2, {requires_grad = true})
  m(x):sum():backward()
  check.ok(got[1])
  check.close(got[2], m.weight:detach():sum(1, true))
  check.equal(got[3]:totable(), {{1.0, 1.0, 1.0}})
  check.close(x.grad, m.weight:detach():sum(1, true) * 2, 1e-6)
  handle:remove()
  got = nil
  m(x):sum():backward()
  check.equal(got, nil)
  local order = {}
  m:register_full_backward_pre_hook(function() order[#order + 1] = "before" end)
  m:register_full_backward_hook(function() order[#order + 1] = "after" end)
  m(tensor.ones(1, 2)):sum():backward() -- the input needs no gradient
  check.equal(order, {"before", "after"})
end)

-- ---- errors name the path -----------------------------------------------------------------------------------------

check.test("the path to a module stands in its errors", function()
  local net = Net(2)
  local message = check.error("Net.conv (Conv2d): ", net, tensor.zeros(64, 3, 28, 28))
  check.ok(message:find("[64, 3, 28, 28]", 1, true), message)
  -- the head is called as a tail call
  check.error("Net.head (Linear): ", net, tensor.zeros(1, 1, 10, 10))
  local deep = nn.class("Deep")
  function deep:init() self.body = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 3))) end
  function deep:forward(x) return self.body(x) end
  check.error("Deep.body[2][2] (Linear): ", deep(), tensor.zeros(1, 2))
  local many = nn.class("Many")
  function many:init() self.layers = {nn.Linear(2, 2)} end
  function many:forward(x)
    for _, layer in ipairs(self.layers) do x = layer(x) end
    return x
  end
  check.error("Many.layers[1] (Linear): ", many(), tensor.zeros(1, 3))
  check.error("Linear: ", nn.Linear(2, 2), tensor.zeros(1, 3))
end)

check.test("a user's own error passes unchanged", function()
  local m = nn.class("Own")
  function m:forward() error("mine", 0) end
  local ok, message = pcall(m(), 1)
  check.ok(not ok and message == "mine")
  local thing = {}
  function m:forward() error(thing) end
  ok, message = pcall(m(), 1)
  check.ok(not ok and message == thing)
end)

check.test("errors name the user's line", function()
  local message = check.error("Linear: in_features is missing", function()
    local m = nn.Linear()
    return m
  end)
  check.ok(message:find("test_nn.lua:", 1, true), message)
end)

-- ---- printing -----------------------------------------------------------------------------------------------------

check.test("the tree", function()
  local text = tostring(Net(16))
  check.ok(text:find("^Net: 2,730 parameters\n"), text)
  check.ok(text:find("  conv: Conv2d(1, 16, 3, {padding = 1})", 1, true), text)
  check.ok(text:find("weight [16, 1, 3, 3], bias [16]", 1, true), text)
  check.ok(text:find("  head: Linear(256, 10)", 1, true), text)
  check.equal(tostring(nn.ReLU()), "ReLU()")
  check.equal(tostring(nn.Linear(2, 3, {bias = false})), "Linear(2, 3, {bias = false})  weight [3, 2]: 6 parameters")
  check.equal(tostring(nn.Linear), "class Linear")
end)

-- ---- containers ---------------------------------------------------------------------------------------------------

check.test("Sequential", function()
  local s = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
  check.equal(#s, 3)
  check.ok(nn.is(s[1], nn.Linear) and nn.is(s[-1], nn.Linear) and s[4] == nil and s[0] == nil)
  check.equal(names_of(s:named_parameters()), {"0.weight", "0.bias", "2.weight", "2.bias"})
  check.equal({s(tensor.ones(4, 2)):size()}, {4, 1})
  local count = 0
  for i, m in ipairs(s) do count = count + i; check.ok(nn.is(m, nn.Module)) end
  check.equal(count, 6)
  s:append(nn.Sigmoid())
  check.ok(nn.is(s[4], nn.Sigmoid))
  s:insert(1, nn.Identity())
  check.ok(nn.is(s[1], nn.Identity) and #s == 5)
  check.ok(nn.is(s:pop(1), nn.Identity) and #s == 4)
  s[2] = nn.Tanh()
  check.ok(nn.is(s[2], nn.Tanh))
  check.equal(#s[{2, 3}], 2)
  check.equal(#nn.Sequential({nn.ReLU(), nn.Tanh()}), 2)
  check.equal(#nn.Sequential(), 0)
  local x = tensor.ones(2)
  check.ok(nn.Sequential()(x) == x)
  check.ok(nn.is(nn.Sequential(s)[1], nn.Sequential), "a Sequential in a Sequential")
end)

check.test("named items", function()
  local s = nn.Sequential({{"first", nn.Linear(2, 3)}, {"second", nn.ReLU()}})
  check.equal(names_of(s:named_parameters()), {"first.weight", "first.bias"})
  check.ok(s.first == s[1] and nn.is(s.second, nn.ReLU))
  s.second = nn.Tanh()
  check.ok(nn.is(s[2], nn.Tanh))
  check.error("has no order", nn.Sequential, {a = nn.ReLU()})
  check.error("expected a module, got a function (nn.Lambda", nn.Sequential, print)
  check.error("call it to make an instance", nn.Sequential, nn.ReLU)
  local list = {}
  for name, m in s:items() do list[#list + 1] = name .. ":" .. tostring(nn.is(m, nn.Module)) end
  check.equal(list, {"first:true", "second:true"})
end)

check.test("ModuleList, ModuleDict, ParameterList", function()
  local l = nn.ModuleList({nn.Linear(1, 1), nn.Linear(1, 1)})
  l:extend({nn.ReLU()})
  check.equal(#l, 3)
  check.error("has no forward", l, tensor.zeros(1))
  local d = nn.ModuleDict({{"b", nn.Linear(1, 2)}, {"a", nn.ReLU()}})
  check.ok(nn.is(d.b, nn.Linear) and nn.is(d["a"], nn.ReLU) and d:contains("a") and not d:contains("c"))
  d.c = nn.Tanh()
  check.equal(d:keys(), {"b", "a", "c"})
  check.equal(#d, 3)
  check.equal(keys_of(d), {"b", "a", "c"})
  check.equal(keys_of(d:state_dict()), {"b.weight", "b.bias"})
  check.ok(nn.is(d:pop("a"), nn.ReLU))
  check.equal(d:keys(), {"b", "c"})
  check.error("has no order", nn.ModuleDict, {x = nn.ReLU()})
  local p = nn.ParameterList({tensor.zeros(2), nn.Parameter(tensor.ones(3))})
  p:append(tensor.ones(1))
  check.equal(names_of(p:named_parameters()), {"0", "1", "2"})
  local holder = nn.Module()
  holder.ps = p
  check.equal(names_of(holder:named_parameters()), {"ps.0", "ps.1", "ps.2"})
end)

check.test("small layers", function()
  check.equal({nn.Flatten()(tensor.zeros(2, 3, 4)):size()}, {2, 12})
  check.equal({nn.Unflatten(2, {3, 4})(tensor.zeros(2, 12)):size()}, {2, 3, 4})
  check.equal(nn.Lambda(function(x) return x * 2 end)(tensor{1, 2}):totable(), {2.0, 4.0})
  check.error("Lambda: expected a function", nn.Lambda, 3)
  check.equal({nn.Identity(1, 2)(3, 4)}, {3, 4})
end)

-- ---- layers -------------------------------------------------------------------------------------------------------

check.test("Linear", function()
  local m = nn.Linear(3, 2)
  local x = tensor.randn(4, 3)
  check.close(m(x), x:matmul(m.weight:t()) + m.bias, 1e-6)
  check.equal(m.in_features, 3)
  check.equal(nn.Linear(3, 2, {bias = false}).bias, nil)
  check.equal(nn.Linear(3, 2, false).bias, nil)
  check.equal(nn.Linear({in_features = 3, out_features = 2}).out_features, 2)
  check.equal(nn.Linear(3, 2, {dtype = "float64"}).weight.dtype, "float64")
  check.error("unknown option 'biass' (did you mean 'bias'?)", nn.Linear, 3, 2, {biass = true})
  check.error("must be a whole number", nn.Linear, 3, "2")
  check.error("too many arguments", nn.Linear, 1, 2, true, "float32", 5)
  check.equal({nn.Bilinear(2, 3, 4)(tensor.ones(5, 2), tensor.ones(5, 3)):size()}, {5, 4})
end)

check.test("Conv2d", function()
  local m = nn.Conv2d(4, 6, 3, {stride = 2, padding = 1, groups = 2})
  check.equal({m.weight:size()}, {6, 2, 3, 3})
  check.equal({m(tensor.zeros(1, 4, 8, 8)):size()}, {1, 6, 4, 4})
  check.equal(m.stride, {2, 2})
  check.equal({nn.Conv2d(1, 1, {3, 5}, {padding = "same"})(tensor.zeros(1, 1, 7, 7)):size()}, {1, 1, 7, 7})
  check.error("not divisible by groups", nn.Conv2d, 3, 4, 3, {groups = 2})
  check.error("unknown option 'paddin' (did you mean 'padding'?)", nn.Conv2d, 1, 1, 3, {paddin = 1})
  check.error("unknown padding_mode", nn.Conv2d, 1, 1, 3, {padding_mode = "mirror"})
  check.equal({nn.Conv1d(2, 3, 3, {padding = 1})(tensor.zeros(4, 2, 9)):size()}, {4, 3, 9})
  local line = nn.Conv1d(1, 1, 2, {bias = false})
  tensor.no_grad(function() line.weight:copy_(tensor{{{1, 10}}}) end)
  check.equal(line(tensor{{{1, 2, 3}}}):totable(), {{{21.0, 32.0}}})
end)

check.test("pooling", function()
  local x = tensor.arange(16, {dtype = "float32"}):reshape(1, 1, 4, 4)
  check.equal(nn.MaxPool2d(2)(x):flatten():totable(), {5.0, 7.0, 13.0, 15.0})
  check.equal(nn.AvgPool2d(2)(x):flatten():totable(), {2.5, 4.5, 10.5, 12.5})
  check.equal(nn.AdaptiveAvgPool2d(1)(x):item(), 7.5)
  check.equal({nn.AdaptiveAvgPool2d({2, 3})(x):size()}, {1, 1, 2, 3})
  check.equal(nn.AdaptiveMaxPool2d(2)(x):flatten():totable(), {5.0, 7.0, 13.0, 15.0})
  local y = tensor{{{1, 4, 2, 3}}}
  check.equal(nn.MaxPool1d(2)(y):flatten():totable(), {4.0, 3.0})
  check.equal(nn.AvgPool1d(2)(y):flatten():totable(), {2.5, 2.5})
end)

check.test("BatchNorm", function()
  local m = nn.BatchNorm2d(3)
  check.equal(keys_of(m:state_dict()), {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
  local x = tensor.randn(8, 3, 5, 5) * 2 + 1
  local y = m(x):detach()
  check.close(y:mean({1, 3, 4}):totable(), {0.0, 0.0, 0.0}, 1e-5)
  check.close(y:var({1, 3, 4}, {correction = 0}):totable(), {1.0, 1.0, 1.0}, 1e-3)
  check.equal(m.num_batches_tracked:item(), 1)
  check.close(m.running_mean, x:mean({1, 3, 4}) * 0.1, 1e-5)
  check.close(m.running_var, x:var({1, 3, 4}) * 0.1 + 0.9, 1e-5)
  m:eval()
  local z = m(x):detach()
  local shape = {1, 3, 1, 1}
  check.close(z, (x - m.running_mean:reshape(shape)) / (m.running_var:reshape(shape) + 1e-5):sqrt(), 1e-4)
  check.equal(m.num_batches_tracked:item(), 1)
  check.error("expected input [N, 3, H, W], got [8, 3]", m, tensor.zeros(8, 3))
  check.equal({nn.BatchNorm1d(3)(tensor.randn(4, 3)):size()}, {4, 3})
  check.equal({nn.BatchNorm1d(3)(tensor.randn(4, 3, 2)):size()}, {4, 3, 2})
  local average = nn.BatchNorm1d(1, {momentum = false})
  average(tensor{{1}, {3}})
  average(tensor{{5}, {7}})
  check.close(average.running_mean:item(), 4.0)
end)

check.test("other norms", function()
  local x = tensor.randn(2, 4, 3)
  local ln = nn.LayerNorm({4, 3})(x):detach()
  check.close(ln:mean({2, 3}):totable(), {0.0, 0.0}, 1e-5)
  local gn = nn.GroupNorm(2, 4)(x):detach():reshape(2, 2, 6)
  check.close(gn:mean(3):flatten():totable(), {0.0, 0.0, 0.0, 0.0}, 1e-5)
  check.close(gn:var(3, {correction = 0}):flatten():totable(), {1.0, 1.0, 1.0, 1.0}, 1e-2)
  local inorm = nn.InstanceNorm1d(4)(x):detach()
  check.close(inorm:mean(3):flatten():totable(), tensor.zeros(8):totable(), 1e-5)
  local rms = nn.RMSNorm(3)(x):detach()
  check.close(rms:square():mean(3):flatten():totable(), tensor.ones(8):totable(), 1e-3)
  check.error("not divisible", nn.GroupNorm, 3, 4)
end)

check.test("Dropout", function()
  tensor.manual_seed(1)
  local m = nn.Dropout(0.4)
  local y = m(tensor.ones(10000))
  local zeros = y:eq(0):sum():item()
  check.ok(zeros > 3700 and zeros < 4300, zeros)
  check.close(y:max():item(), 1 / 0.6, 1e-6)
  m:eval()
  check.equal(m(tensor.ones(3)):totable(), {1.0, 1.0, 1.0})
  local channels = nn.Dropout2d(0.5)(tensor.ones(20, 10, 3, 3)):mean({3, 4})
  check.equal(channels:eq(0):sum():item() + channels:eq(2):sum():item(), 200)
  check.error("p must be a number from 0 to 1", nn.Dropout, 2)
end)

check.test("Embedding", function()
  local m = nn.Embedding(5, 3, {padding_idx = 1})
  check.equal(m.weight[1]:abs():sum():item(), 0.0)
  local y = m(tensor({{1, 2}, {5, 1}}, {dtype = "int64"}))
  check.equal({y:size()}, {2, 2, 3})
  check.equal(y[{1, 2}]:detach(), m.weight[2]:detach())
  y:sum():backward()
  check.equal(m.weight.grad[1]:totable(), {0.0, 0.0, 0.0})
  check.equal(m.weight.grad[5]:totable(), {1.0, 1.0, 1.0})
  check.error("Embedding", m, tensor({0}, {dtype = "int64"}))
  check.error("padding_idx 9 is not in 1..5", nn.Embedding, 5, 3, {padding_idx = 9})
  local table_ = tensor.randn(4, 2)
  check.equal(nn.Embedding.from_pretrained(table_).weight.requires_grad, false)
  local limited = nn.Embedding(3, 2, {max_norm = 1})
  tensor.no_grad(function() limited.weight:fill_(5) end)
  check.close(limited(tensor({2}, {dtype = "int64"})):detach():norm():item(), 1.0, 1e-4)
  check.close(limited.weight[1]:detach():norm():item(), math.sqrt(50), 1e-4, "unused rows stay")
end)

check.test("activations", function()
  local x = tensor{-2, -0.5, 0, 0.5, 2}
  local expected = {
    ReLU = {0, 0, 0, 0.5, 2}, LeakyReLU = {-0.02, -0.005, 0, 0.5, 2}, ReLU6 = {0, 0, 0, 0.5, 2},
    ELU = {math.exp(-2) - 1, math.exp(-0.5) - 1, 0, 0.5, 2}, Hardtanh = {-1, -0.5, 0, 0.5, 1},
    Softsign = {-2 / 3, -1 / 3, 0, 1 / 3, 2 / 3}, Softshrink = {-1.5, 0, 0, 0, 1.5},
    Hardshrink = {-2, 0, 0, 0, 2}, Hardsigmoid = {1 / 6, 2.5 / 6, 0.5, 3.5 / 6, 5 / 6},
    Hardswish = {-2 / 6, -1.25 / 6, 0, 1.75 / 6, 10 / 6},
  }
  for name, want in pairs(expected) do check.close(nn[name]()(x):totable(), want, 1e-6, name) end
  for _, name in ipairs {"Sigmoid", "Tanh", "GELU", "SiLU", "Mish", "Softplus", "SELU", "CELU", "LogSigmoid",
    "Tanhshrink", "PReLU"} do
    check.equal({nn[name]()(x):size()}, {5}, name)
  end
  check.close(nn.Sigmoid()(x):totable()[5], 1 / (1 + math.exp(-2)))
  check.close(nn.CELU(2)(x):totable()[1], 2 * (math.exp(-1) - 1))
  check.close(nn.Threshold(0.1, 20)(x):totable(), {20.0, 20.0, 20.0, 0.5, 2.0})
  check.close(nn.Softmax(1)(x):sum():item(), 1.0)
  check.close(nn.LogSoftmax(1)(x):exp():sum():item(), 1.0)
  check.close(nn.Softmin(1)(x), nn.Softmax(1)(-x))
  check.equal({nn.GLU()(tensor.ones(2, 6)):size()}, {2, 3})
  check.close(nn.PReLU()(x):totable(), {-0.5, -0.125, 0.0, 0.5, 2.0})
  check.equal({nn.PReLU(3)(tensor.ones(2, 3, 4)):size()}, {2, 3, 4})
  local inplace = tensor{-1, 1}
  check.ok(nn.ReLU({inplace = true})(inplace) ~= nil)
  check.equal(inplace:totable(), {0.0, 1.0})
end)

check.test("losses", function()
  local x, y = tensor{1, 2, 3}, tensor{1, 0, 6}
  check.close(nn.MSELoss()(x, y):item(), 13 / 3)
  check.close(nn.MSELoss({reduction = "sum"})(x, y):item(), 13.0)
  check.close(nn.L1Loss({reduction = "none"})(x, y):totable(), {0.0, 2.0, 3.0})
  check.close(nn.SmoothL1Loss({reduction = "none"})(x, y):totable(), {0.0, 1.5, 2.5})
  check.close(nn.HuberLoss({reduction = "none", delta = 2})(x, y):totable(), {0.0, 2.0, 4.0})
  local logits = tensor.randn(4, 3)
  local labels = tensor({1, 3, 2, 1}, {dtype = "int64"})
  local log_p = logits:log_softmax(2)
  local want = -(log_p:get(1, 1) + log_p:get(2, 3) + log_p:get(3, 2) + log_p:get(4, 1)) / 4
  check.close(nn.CrossEntropyLoss()(logits, labels):item(), want)
  check.close(nn.NLLLoss()(log_p, labels):item(), want)
  local weights = tensor{1, 2, 0}
  local weighted = nn.CrossEntropyLoss({weight = weights})
  check.close(weighted(logits, labels):item(),
    -(log_p:get(1, 1) + 2 * log_p:get(3, 2) + log_p:get(4, 1)) / 4)
  check.equal(keys_of(weighted:state_dict()), {"weight"})
  local p, t = tensor{0.2, 0.9}, tensor{0, 1}
  check.close(nn.BCELoss()(p, t):item(), -(math.log(0.8) + math.log(0.9)) / 2)
  check.close(nn.BCEWithLogitsLoss()((p / (1 - p)):log(), t):item(), nn.BCELoss()(p, t):item())
  check.close(nn.KLDivLoss({reduction = "sum"})(tensor{0.5, 0.5}:log(), tensor{1, 0}):item(), math.log(2))
  check.close(nn.HingeEmbeddingLoss()(tensor{0.3, 0.3}, tensor{1, -1}):item(), 0.5)
  check.close(nn.MarginRankingLoss()(tensor{1}, tensor{3}, tensor{1}):item(), 2.0)
  check.close(nn.TripletMarginLoss({margin = 2})(tensor{{0, 0}}, tensor{{1, 0}}, tensor{{2, 0}}):item(), 1.0, 1e-4)
  check.close(nn.PoissonNLLLoss()(tensor{0}, tensor{3}):item(), 1.0)
  check.close(nn.GaussianNLLLoss()(tensor{1}, tensor{3}, tensor{4}):item(), 0.5 * (math.log(4) + 1))
  check.close(nn.SoftMarginLoss()(tensor{0}, tensor{1}):item(), math.log(2))
  check.close(nn.CosineEmbeddingLoss()(tensor{{1, 0}}, tensor{{0, 1}}, tensor{1}):item(), 1.0)
  check.error("reduction", nn.SmoothL1Loss({reduction = "avg"}), x, y)
end)

-- ---- initialisers -------------------------------------------------------------------------------------------------

check.test("defaults of layers", function()
  tensor.manual_seed(3)
  local m = nn.Linear(400, 300)
  local bound = 1 / 20
  check.ok(m.weight:max():item() <= bound and m.weight:min():item() >= -bound)
  check.close(m.weight:detach():std():item(), bound / math.sqrt(3), 1e-3)
  local c = nn.Conv2d(8, 64, 5)
  bound = 1 / math.sqrt(200)
  check.ok(c.weight:abs():max():item() <= bound and c.bias:abs():max():item() <= bound)
  check.close(c.weight:detach():std():item(), bound / math.sqrt(3), 1e-3)
end)

check.test("nn.init", function()
  tensor.manual_seed(4)
  local init = nn.init
  local w = tensor.empty(200, 100)
  check.ok(init.constant_(w, 3) == w)
  check.equal(w:sum():item(), 60000.0)
  init.uniform_(w, 2, 3)
  check.ok(w:min():item() >= 2 and w:max():item() < 3)
  init.normal_(w, 1, 2)
  check.close(w:mean():item(), 1, 0.1)
  check.close(w:std():item(), 2, 0.1)
  init.xavier_uniform_(w)
  check.close(w:std():item(), math.sqrt(2 / 300), 5e-3)
  init.xavier_normal_(w, 2)
  check.close(w:std():item(), 2 * math.sqrt(2 / 300), 5e-3)
  init.kaiming_normal_(w, {nonlinearity = "relu"})
  check.close(w:std():item(), math.sqrt(2 / 100), 5e-3)
  init.kaiming_uniform_(w, {mode = "fan_out", nonlinearity = "relu"})
  check.close(w:std():item(), math.sqrt(2 / 200), 5e-3)
  init.trunc_normal_(w, {std = 2, a = -1, b = 1})
  check.ok(w:min():item() >= -1 and w:max():item() <= 1)
  check.close(w:mean():item(), 0, 0.05)
  init.orthogonal_(w, 2)
  check.close(w:t():matmul(w), tensor.eye(100) * 4, 1e-4)
  local wide = init.orthogonal_(tensor.empty(10, 4, 5))
  check.close(wide:reshape(10, 20):matmul(wide:reshape(10, 20):t()), tensor.eye(10), 1e-5)
  init.eye_(w)
  check.equal(w:sum():item(), 100.0)
  local conv = nn.Conv1d(3, 3, 3, {padding = 1, bias = false})
  init.dirac_(conv.weight)
  local x = tensor.randn(1, 3, 7)
  check.close(conv(x):detach(), x, 1e-6)
  init.sparse_(w, 0.3)
  check.equal(w:eq(0):sum(1):totable(), tensor.full({100}, 60, {dtype = "int64"}):totable())
  check.equal({init.calculate_fan_in_and_fan_out(tensor.empty(8, 4, 3, 3))}, {36, 72})
  check.close(init.calculate_gain("leaky_relu", 0.2), math.sqrt(2 / 1.04))
  check.error("unknown nonlinearity", init.calculate_gain, "rleu")
  check.error("at least 2 dimensions", init.xavier_uniform_, tensor.empty(3))
  local p = nn.Parameter(tensor.zeros(3))
  init.normal_(p)
  check.ok(p.requires_grad and p.is_leaf)
end)

check.test("composed functions of F take options after tensors that were left out, and tensors by name", function()
  local x, w = tensor.ones(1, 1, 5), tensor.ones(1, 1, 3)
  check.equal(F.conv1d(x, w, {padding = 1}):totable(), {{{2, 3, 3, 3, 2}}})
  check.equal(F.conv1d(x, w, {bias = tensor{10}, stride = 2}):totable(), {{{13, 13}}})
  check.error("weight must be a tensor", F.conv1d, x, 3)
  check.error("did you mean 'padding'", F.conv1d, x, w, {paddin = 1})
end)

check.test("losses of segmentation and of rare classes", function()
  local logits = tensor({{2, -1, 0.5}, {0, 1, -2}}, {dtype = "float64"})
  local target = tensor{1, 3}
  -- focal: with gamma 0 the cross-entropy, with class weights its weighted terms
  check.close(F.focal_loss(logits, target, {gamma = 0}), F.cross_entropy(logits, target), 1e-12)
  local p = logits:softmax(2)
  local by_hand = {-(1 - p:get(1, 1)) ^ 1.5 * math.log(p:get(1, 1)) * 0.2,
    -(1 - p:get(2, 3)) ^ 1.5 * math.log(p:get(2, 3)) * 0.7}
  check.close(F.focal_loss(logits, target, {alpha = tensor({0.2, 0.1, 0.7}, {dtype = "float64"}), gamma = 1.5,
    reduction = "none"}):totable(), by_hand, 1e-12)
  local yes = tensor({{1, 0, 0}, {0, 0, 1}}, {dtype = "float64"})
  check.close(nn.FocalLoss({alpha = 0.25})(logits, yes), F.sigmoid_focal_loss(logits, yes, {reduction = "mean"}), 1e-12)
  -- dice: classes [N, H, W] of logits [N, C, H, W] and the same as 0 and 1
  local x = tensor.randn(2, 3, 2, 2, {dtype = "float64"})
  local classes = tensor.randint(1, 4, {2, 2, 2})
  local loss, q = F.dice_loss(x, classes), x:softmax(2)
  local sum = 0
  for c = 1, 3 do
    local t = classes:eq(c):double()
    local both = (q:select(2, c) * t):sum():item()
    sum = sum + 1 - 2 * both / (q:select(2, c):sum():item() + t:sum():item())
  end
  check.close(loss:item(), sum / 3, 1e-12)
  check.close(F.dice_loss(x, F.one_hot(classes, 3):movedim(-1, 2):double(), {from_logits = true, smooth = 1}):item(),
    nn.DiceLoss({smooth = 1})(x, F.one_hot(classes, 3):movedim(-1, 2):double()):item(), 1e-12)
  check.ok(tensor.gradcheck(function(z) return F.dice_loss(z, classes) end, x:requires_grad_()))
  check.ok(tensor.gradgradcheck(function(z) return F.focal_loss(z, target) end, logits:requires_grad_()))
end)

check.test("losses tell what is wrong with their targets", function()
  check.error("classes from 1 to 3", F.multi_margin_loss, tensor.zeros(2, 3), tensor{1, 4})
  check.error("2 targets for input [3, 4]", F.multi_margin_loss, tensor.zeros(3, 4), tensor{1, 2})
  check.error("-1 ends a list", F.multilabel_margin_loss, tensor.zeros(1, 3), tensor{{2, 0, 1}})
  check.error("input's shape [2, 3], got [2]", F.multilabel_margin_loss, tensor.zeros(2, 3), tensor{1, 2})
  local x = tensor.zeros(5, 2, 3)
  check.error("classes count from 1 to 3", F.ctc_loss, x, tensor{{2, 4}, {2, 2}}, {5, 5}, {2, 2})
  check.error("blank 0 is no class", F.ctc_loss, x, tensor{{2, 3}, {2, 2}}, {5, 5}, {2, 2}, 0)
  check.error("expected 2 input_lengths", F.ctc_loss, x, tensor{{2, 3}, {2, 2}}, {5}, {2, 2})
  check.error("do not fit targets", F.ctc_loss, x, tensor{{2, 3}, {2, 2}}, {5, 5}, {3, 2})
  check.error("weight of input's shape", F.mse_loss, tensor.zeros(2), tensor.zeros(2), {weight = tensor.ones(3)})
end)

check.test("an impossible sequence costs infinity, or nothing if that is asked for", function()
  local x = tensor.zeros(2, 1, 3):log_softmax(3):requires_grad_()
  local target = tensor{{2, 2, 2}}
  check.equal(F.ctc_loss(x, target, {2}, {3}):item(), math.huge)
  local loss = F.ctc_loss(x, target, {2}, {3}, {zero_infinity = true})
  loss:backward()
  check.equal(loss:item(), 0.0)
  check.equal(x.grad:abs():sum():item(), 0.0)
end)

check.done()
