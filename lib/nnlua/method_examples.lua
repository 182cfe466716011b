-- Examples of the methods of the library's classes, by full name: Lua lines; a line "--> text" holds what the line
-- before prints. Data only; a test runs all of them.

local NET = "local net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))\n"
local OPTIMIZER = "local w = tensor.ones(2, {requires_grad = true})\nlocal opt = optim.SGD({w}, {lr = 0.1})\n"
local SCHEDULE = OPTIMIZER .. "local schedule = optim.lr_scheduler.StepLR(opt, 1, 0.5)\n"
local TABLE = [[
data.write_text("/tmp/nnlua-example.csv", "name,size\nant,2\nbee,\ncat,4\n")
local t = data.read_csv("/tmp/nnlua-example.csv")
]]
local VOCAB = 'local text = require "nnlua.text"\nlocal vocab = text.Vocab{"<unk>", "to", "be"}\n'
local GRAPH = [[
local graph = require "nnlua.graph"
local Degree = nn.class("Degree", graph.MessagePassing)
]]

return {
  ["nn.Module:add_module"] = [[
local net = nn.Sequential(nn.Linear(2, 3))
net:add_module("last", nn.ReLU())
print(#net)
--> 2]],
  ["nn.Module:apply"] = NET .. [[
local function zero(m) if nn.is(m, nn.Linear) then nn.init.zeros_(m.bias) end end
net:apply(zero)
net[1].bias:detach()
--> {0, 0, 0}]],
  ["nn.Module:buffers"] = [[
-- running mean, running variance, number of batches
#nn.BatchNorm1d(3):buffers()
--> 3]],
  ["nn.Module:children"] = NET .. [[
#net:children()
--> 3]],
  ["nn.Module:clone"] = [[
local a = nn.Linear(1, 1)
local b = a:clone()
print(b.weight == a.weight, b.weight:equal(a.weight))
--> false	true]],
  ["nn.Module:double"] = [[
nn.Linear(1, 1):double().weight.dtype
--> float64]],
  ["nn.Module:eval"] = [[
local drop = nn.Dropout(0.5)
drop:eval()(tensor{1, 2, 3})
--> {1, 2, 3}]],
  ["nn.Module:extra_repr"] = [[
nn.Conv2d(1, 8, 3, {padding = 1}):extra_repr()
--> 1, 8, 3, {padding = 1}]],
  ["nn.Module:float"] = [[
nn.Linear(1, 1):double():float().weight.dtype
--> float32]],
  ["nn.Module:get_buffer"] = [[
nn.Sequential(nn.BatchNorm1d(2)):get_buffer("0.running_mean")
--> {0, 0}]],
  ["nn.Module:get_parameter"] = NET .. [[
net:get_parameter("0.weight").shape
--> {3, 2}]],
  ["nn.Module:get_submodule"] = NET .. [[
net:get_submodule("1")
--> ReLU()]],
  ["nn.Module:load_state_dict"] = [[
local a, b = nn.Linear(2, 2), nn.Linear(2, 2)
b:load_state_dict(a:state_dict())
b.weight:equal(a.weight)
--> true]],
  ["nn.Module:modules"] = NET .. [[
-- the Sequential and its three layers
#net:modules()
--> 4]],
  ["nn.Module:named_buffers"] = [[
local names = {}
for name, buffer in nn.BatchNorm1d(2):named_buffers() do names[#names + 1] = name end
print(table.concat(names, " "))
--> running_mean running_var num_batches_tracked]],
  ["nn.Module:named_children"] = NET .. [[
local names = {}
for name, child in net:named_children() do names[#names + 1] = name end
print(table.concat(names, " "))
--> 0 1 2]],
  ["nn.Module:named_modules"] = [[
local net = nn.Sequential{{"body", nn.Sequential(nn.ReLU())}}
local names = {}
for name in net:named_modules() do names[#names + 1] = "'" .. name .. "'" end
print(table.concat(names, " "))
--> '' 'body' 'body.0']],
  ["nn.Module:named_parameters"] = [[
local names = {}
for name, p in nn.Linear(2, 3):named_parameters() do names[#names + 1] = name .. " " .. tostring(p.shape) end
print(table.concat(names, ", "))
--> weight {3, 2}, bias {3}]],
  ["nn.Module:parameters"] = NET .. [[
local n = 0
for _, p in ipairs(net:parameters()) do n = n + p:numel() end
print(n)
--> 13]],
  ["nn.Module:register_buffer"] = [[
local net = nn.Module()
net:register_buffer("mean", tensor{1, 2})
net:state_dict().mean
--> {1, 2}]],
  ["nn.Module:register_forward_hook"] = [[
local net = nn.ReLU()
local hook = net:register_forward_hook(function(module, inputs, output) return output * 10 end)
net(tensor{-1, 2})
--> {0, 20}]],
  ["nn.Module:register_forward_pre_hook"] = [[
local net = nn.ReLU()
net:register_forward_pre_hook(function(module, inputs) return inputs[1] + 1 end)
net(tensor{-3, 2})
--> {0, 3}]],
  ["nn.Module:register_full_backward_hook"] = [[
local net = nn.Linear(1, 1)
net:register_full_backward_hook(function(module, grad_inputs, grad_outputs) print(grad_outputs[1]) end)
net(tensor({{3}}, {requires_grad = true})):backward()
--> {{1}}]],
  ["nn.Module:register_full_backward_pre_hook"] = [[
local net = nn.ReLU()
net:register_full_backward_pre_hook(function(module, grad_outputs) return {grad_outputs[1] * 10} end)
local x = tensor({1}, {requires_grad = true})
net(x):sum():backward()
print(x.grad)
--> {10}]],
  ["nn.Module:register_module"] = [[
local net = nn.Module()
net:register_module("act", nn.ReLU())
#net:children()
--> 1]],
  ["nn.Module:register_parameter"] = [[
local net = nn.Module()
net:register_parameter("scale", nn.Parameter(tensor{2}))
#net:parameters()
--> 1]],
  ["nn.Module:requires_grad_"] = NET .. [[
net[1]:requires_grad_(false) -- freezes the first layer
print(net[1].weight.requires_grad, net[3].weight.requires_grad)
--> false	true]],
  ["nn.Module:state_dict"] = NET .. [[
local names = {}
for name in pairs(net:state_dict()) do names[#names + 1] = name end
print(table.concat(names, " "))
--> 0.weight 0.bias 2.weight 2.bias]],
  ["nn.Module:to"] = [[
nn.Linear(1, 1):to("float64").weight.dtype
--> float64]],
  ["nn.Module:train"] = [[
local drop = nn.Dropout(0.5):eval()
print(drop.training, drop:train().training)
--> false	true]],
  ["nn.Module:zero_grad"] = [[
local net = nn.Linear(1, 1)
net(tensor{{1}}):backward()
net:zero_grad()
print(net.weight.grad)
--> nil]],
  ["nn.ModuleDict:clear"] = [[
local parts = nn.ModuleDict{{"a", nn.ReLU()}}
parts:clear()
print(#parts)
--> 0]],
  ["nn.ModuleDict:contains"] = [[
local parts = nn.ModuleDict{{"a", nn.ReLU()}}
print(parts:contains("a"), parts:contains("b"))
--> true	false]],
  ["nn.ParameterDict:contains"] = [[
local parts = nn.ParameterDict{{"a", nn.Parameter(tensor{1})}}
print(parts:contains("a"), parts:contains("b"))
--> true	false]],
  ["nn.ParameterList:append"] = [[
local list = nn.ParameterList{nn.Parameter(tensor{1})}
#list:append(nn.Parameter(tensor{2}))
--> 2]],
  ["nn.ParameterList:extend"] = [[
local list = nn.ParameterList{}
#list:extend{nn.Parameter(tensor{1}), nn.Parameter(tensor{2})}
--> 2]],
  ["nn.AdaptiveLogSoftmaxWithLoss:log_prob"] = [[
nn.AdaptiveLogSoftmaxWithLoss(4, 10, {2, 5}):log_prob(tensor.randn(3, 4)).shape
--> {3, 10}]],
  ["nn.AdaptiveLogSoftmaxWithLoss:predict"] = [[
nn.AdaptiveLogSoftmaxWithLoss(4, 10, {2, 5}):predict(tensor.randn(3, 4)).shape
--> {3}]],
  ["nn.Embedding.from_pretrained"] = [[
nn.Embedding.from_pretrained(tensor{{1, 2}, {3, 4}})(tensor{2})
--> {{3, 4}}]],
  ["nn.EmbeddingBag.from_pretrained"] = [[
nn.EmbeddingBag.from_pretrained(tensor{{1, 2}, {3, 4}})(tensor{{1, 2}})
--> {{2, 3}}]],
  ["nn.Transformer.generate_square_subsequent_mask"] = [[
nn.Transformer.generate_square_subsequent_mask(2)
--> {{0, -inf}, {0, 0}}]],
  ["nn.utils.parametrize.ParametrizationList:right_inverse"] = [[
local Double = nn.class("Double")
function Double:forward(x) return 2 * x end
function Double:right_inverse(x) return x / 2 end
local layer = nn.Linear(1, 1)
nn.utils.parametrize.register_parametrization(layer, "weight", Double())
layer.parametrizations.weight:right_inverse(tensor{{6}})
layer.weight:detach()
--> {{6}}]],
  ["optim.LBFGS:step"] = [[
local x = tensor({3}, {requires_grad = true})
local opt = optim.LBFGS({x})
opt:step(function() opt:zero_grad(); local loss = x:square():sum(); loss:backward(); return loss end)
print(x:abs():max():item() < 1e-3)
--> true]],
  ["optim.Optimizer:add_param_group"] = OPTIMIZER .. [[
opt:add_param_group({params = {tensor.zeros(1, {requires_grad = true})}, lr = 1})
print(opt.param_groups[1].lr, opt.param_groups[2].lr)
--> 0.1	1]],
  ["optim.Optimizer:load_state_dict"] = OPTIMIZER .. [[
local other = optim.SGD({w}, {lr = 5})
other:load_state_dict(opt:state_dict())
print(other.param_groups[1].lr)
--> 0.1]],
  ["optim.Optimizer:state_dict"] = OPTIMIZER .. [[
print(opt:state_dict().param_groups[1].lr)
--> 0.1]],
  ["optim.Optimizer:step"] = OPTIMIZER .. [[
w:sum():backward()
opt:step()
w:detach()
--> {0.9, 0.9}]],
  ["optim.Optimizer:zero_grad"] = OPTIMIZER .. [[
w:sum():backward()
opt:zero_grad()
print(w.grad)
--> nil]],
  ["optim.lr_scheduler.LRScheduler"] = SCHEDULE .. [[
opt:step()
schedule:step()
print(schedule.last_epoch, opt.param_groups[1].lr)
--> 1	0.05]],
  ["optim.lr_scheduler.LRScheduler:step"] = SCHEDULE .. [[
opt:step()
schedule:step()
print(opt.param_groups[1].lr)
--> 0.05]],
  ["optim.lr_scheduler.LRScheduler:get_last_lr"] = SCHEDULE .. [[
print(schedule:get_last_lr()[1])
--> 0.1]],
  ["optim.lr_scheduler.LRScheduler:get_lr"] = [[
local Halving = optim.lr_scheduler.class("Halving", "optimizer:any, last_epoch:int=-1")
function Halving:get_lr()
  local rates = {}
  for i, base in ipairs(self.base_lrs) do rates[i] = base / 2 ^ self.last_epoch end
  return rates
end
local opt = optim.SGD({tensor.zeros(1, {requires_grad = true})}, {lr = 8})
local schedule = Halving(opt)
opt:step()
schedule:step()
print(opt.param_groups[1].lr)
--> 4.0]],
  ["optim.lr_scheduler.LRScheduler:state_dict"] = SCHEDULE .. [[
print(schedule:state_dict().last_epoch)
--> 0]],
  ["optim.lr_scheduler.LRScheduler:load_state_dict"] = SCHEDULE .. [[
local state = schedule:state_dict()
state.last_epoch = 7
schedule:load_state_dict(state)
print(schedule.last_epoch)
--> 7]],
  ["optim.swa_utils.AveragedModel:update_parameters"] = [[
local net = nn.Linear(1, 1)
local average = optim.swa_utils.AveragedModel(net)
average:update_parameters(net)
average.module.weight:equal(net.weight)
--> true]],
  ["data.DataLoader:iter"] = [[
local loader = data.DataLoader({tensor.arange(1, 6), tensor{1, 2, 1, 2, 1}}, {batch_size = 2})
local sizes = {}
for x, y in loader:iter() do sizes[#sizes + 1] = #x end
print(table.concat(sizes, " "))
--> 2 2 1]],
  ["data.TensorDataset:batch"] = [[
local set = data.TensorDataset(tensor{10, 20, 30}, tensor{1, 2, 3})
print(set:batch(tensor({3, 1, 2}, {dtype = "int64"}), 1, 2))
--> {30, 10}	{3, 1}]],
  ["data.Table:column"] = TABLE .. [[
print(t:column("name")[3])
--> cat]],
  ["data.Table:fill"] = TABLE .. [[
t:fill("size", "mean")
t.size
--> {2, 3, 4}]],
  ["data.Table:labels"] = TABLE .. [[
local y, names = t:labels("name")
print(y, names[2])
--> {1, 2, 3}	bee]],
  ["data.Table:missing"] = TABLE .. [[
print(t:missing("size")[1])
--> 2]],
  ["data.Table:names"] = TABLE .. [[
print(table.concat(t:names(), " "))
--> name size]],
  ["data.Table:tensor"] = TABLE .. [[
t:tensor({"size"}).shape
--> {3, 1}]],
  ["data.transforms.MinMax:fit"] = [[
local scale = data.transforms.MinMax():fit(tensor{{0, 10}, {4, 20}})
scale(tensor{{2, 10}})
--> {{0.5, 0}}]],
  ["data.transforms.Standardize:fit"] = [[
local scale = data.transforms.Standardize():fit(tensor{{1}, {3}})
scale(tensor{{2}})
--> {{0}}]],
  ["data.transforms.Standardize:inverse"] = [[
local scale = data.transforms.Standardize():fit(tensor{{1}, {3}})
scale:inverse(tensor{{0}})
--> {{2}}]],
  ["text.Vocab:contains"] = VOCAB .. [[
print(vocab:contains("be"), vocab:contains("bee"))
--> true	false]],
  ["text.Vocab:get_itos"] = VOCAB .. [[
print(vocab:get_itos()[2])
--> be]],
  ["text.Vocab:get_stoi"] = VOCAB .. [[
print(vocab:get_stoi().be)
--> 2]],
  ["text.Vocab:lookup_indices"] = VOCAB .. [[
print(table.concat(vocab:lookup_indices{"to", "or", "be"}, " "))
--> 3 1 2]],
  ["text.Vocab:lookup_token"] = VOCAB .. [[
print(vocab:lookup_token(2))
--> be]],
  ["text.Vocab:lookup_tokens"] = VOCAB .. [[
print(table.concat(vocab:lookup_tokens(tensor{3, 2}), " "))
--> to be]],
  ["graph.MessagePassing:message"] = GRAPH .. [[
function Degree:message(edge) return 2 * edge.x_j end
Degree():propagate(tensor{{1, 2}, {2, 2}}, {x = tensor{{1}, {10}}})
--> {{0}, {22}}]],
  ["graph.MessagePassing:propagate"] = [[
local graph = require "nnlua.graph"
graph.MessagePassing():propagate(tensor{{1, 2}, {2, 2}}, {x = tensor{{1}, {10}}})
--> {{0}, {11}}]],
  ["graph.MessagePassing:update"] = GRAPH .. [[
function Degree:update(out) return -out end
Degree():propagate(tensor{{1, 2}, {2, 2}}, {x = tensor{{1}, {10}}})
--> {{0}, {-11}}]],
  ["tensor.distributions.Distribution:cdf"] = [[
tensor.distributions.Normal(0, 1):cdf(tensor{0, 100})
--> {0.5, 1}]],
  ["tensor.distributions.Distribution:icdf"] = [[
tensor.distributions.Uniform(0, 4):icdf(tensor{0.25})
--> {1}]],
  ["tensor.distributions.Distribution:entropy"] = [[
tensor.distributions.Bernoulli(0.5):entropy()
--> 0.6931472]],
  ["tensor.distributions.Distribution:enumerate_support"] = [[
tensor.distributions.Bernoulli(tensor{0.5}):enumerate_support()
--> {{0}, {1}}]],
  ["tensor.distributions.Distribution:expand"] = [[
tensor.distributions.Normal(0, 1):expand({2, 3}):sample().shape
--> {2, 3}]],
  ["tensor.distributions.Distribution:log_prob"] = [[
tensor.distributions.Normal(0, 1):log_prob(tensor{0})
--> {-0.9189}]],
  ["tensor.distributions.Distribution:perplexity"] = [[
tensor.distributions.Categorical(tensor{0.25, 0.25, 0.25, 0.25}):perplexity()
--> 4]],
  ["tensor.distributions.Distribution:rsample"] = [[
local mean = tensor({5}, {requires_grad = true})
tensor.distributions.Normal(mean, 1):rsample():sum():backward()
print(mean.grad)
--> {1}]],
  ["tensor.distributions.Distribution:sample"] = [[
tensor.distributions.Normal(tensor{0, 10}, 1):sample(3).shape
--> {3, 2}]],
}
