-- The Fashion-MNIST network of the benchmarks, written as a module of one's own: names as in the peer's Sequential.

local Cnn = nn.class("Cnn")
function Cnn:init()
  self.conv1 = nn.Conv2d(1, 32, 3, {padding = 1})
  self.conv2 = nn.Conv2d(32, 64, 3, {padding = 1})
  self.fc1 = nn.Linear(64 * 49, 128)
  self.fc2 = nn.Linear(128, 10)
end
function Cnn:forward(x)
  x = F.max_pool2d(F.relu(self.conv1(x)), 2)
  x = F.max_pool2d(F.relu(self.conv2(x)), 2)
  return self.fc2(F.relu(self.fc1(x:flatten(2))))
end

return Cnn
