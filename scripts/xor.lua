-- XOR: the smallest problem that a linear model cannot solve, learned by a network of one hidden layer.
--
--   nnlua scripts/xor.lua [--seed 1]

local nnlua = require "nnlua"
local tensor, nn, F, optim = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim

local seed = 1
for i = 1, #arg do
  if arg[i] == "--seed" then seed = assert(math.tointeger(arg[i + 1]), "--seed needs a whole number") end
end
tensor.manual_seed(seed)

-- Four inputs, four answers.
local x = tensor{{0, 0}, {0, 1}, {1, 0}, {1, 1}}
local y = tensor{{0}, {1}, {1}, {0}}

-- A hidden layer of 16 units; without the tanh between them the two layers would be one linear map.
local net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
print(net)

local opt = optim.Adam(net:parameters(), {lr = 0.05})
for step = 1, 300 do
  local loss = F.binary_cross_entropy_with_logits(net(x), y)
  opt:zero_grad()
  loss:backward()
  opt:step()
  if step % 50 == 0 then print(("step %d  loss %.4f"):format(step, loss:item())) end
end

-- The network gives logits; a sigmoid makes probabilities of them.
local p = tensor.no_grad(function() return net(x):sigmoid() end)
for i = 1, 4 do
  print(("%d xor %d = %.3f"):format(x:get(i, 1), x:get(i, 2), p:get(i, 1)))
end
local right = p:gt(0.5):to("float32"):eq(y):sum():item()
print(("result: accuracy=%.2f"):format(right / 4))
