-- Convolution: one small kernel slides over a picture. Edges by hand, the size of the output, why the number of
-- parameters does not depend on the picture, and a kernel that is learned from examples.
--
--   nnlua scripts/convolution.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {300, 60}, cases = 200}

local clothes = tutorial.fashion(512, 10)

tutorial.heading("What a kernel does")
-- At each place the kernel's numbers are multiplied with the pixels below and summed up. This is all there is to it
-- (networks do not flip the kernel, mathematicians do):
local function by_hand(x, kernel, stride, padding)
  local k, out = #kernel, {}
  local rows, columns = #x, #x[1]
  for i = 1, rows + 2 * padding - k + 1, stride do
    local line = {}
    for j = 1, columns + 2 * padding - k + 1, stride do
      local sum = 0
      for a = 1, k do
        for b = 1, k do
          local row = x[i + a - 1 - padding]
          sum = sum + kernel[a][b] * (row and row[j + b - 1 - padding] or 0) -- beyond the border are zeros
        end
      end
      line[#line + 1] = sum
    end
    out[#out + 1] = line
  end
  return out
end

local sobel = {{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}} -- right minus left: vertical edges
local shirt = clothes.x[6]
local loops = tensor(by_hand(shirt[1]:totable(), sobel, 1, 1))
local engine = F.conv2d(shirt:unsqueeze(1), tensor{{sobel}}, {padding = 1})
local difference = (loops - engine[1][1]):abs():max():item()
print(("largest difference between the loops above and F.conv2d: %.1e"):format(difference))

tutorial.heading("Four kernels made by hand")
local kernels = tensor{
  {{{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}}},     -- vertical edges
  {{{-1, -2, -1}, {0, 0, 0}, {1, 2, 1}}},     -- horizontal edges
  {{{0, -1, 0}, {-1, 4, -1}, {0, -1, 0}}},    -- any edge: the centre against its neighbours
  tensor.full({1, 3, 3}, 1 / 9),              -- the mean: blurs
}
local maps = F.conv2d(clothes.x[9]:unsqueeze(1), kernels, {padding = 1})[1]
local shown = {clothes.x[9][1]}
for i = 1, 4 do shown[i + 1] = maps[i]:abs():clamp(0, 1) end
plot.image(shown, {names = {"picture", "vertical", "horizontal", "any edge", "mean"}, per_row = 3})
-- Look at the sides of the picture: each edge kernel is blind to edges of the other direction.

tutorial.heading("The size of the output")
-- out = floor((in + 2 padding - dilation (kernel - 1) - 1) / stride) + 1
local function size(n, kernel, stride, padding, dilation)
  return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
end
local right = 0
for _ = 1, options.cases do
  local n, kernel, stride = math.random(5, 40), math.random(1, 5), math.random(1, 4)
  local padding, dilation = math.random(0, 3), math.random(1, 3)
  local expected = size(n, kernel, stride, padding, dilation)
  if expected >= 1 then
    local layer = nn.Conv2d(1, 1, kernel, {stride = stride, padding = padding, dilation = dilation})
    local got = layer(tensor.zeros(1, 1, n, n)):size(3)
    right = right + (got == expected and 1 or 0)
  else
    right = right + (pcall(F.conv2d, tensor.zeros(1, 1, n, n), tensor.zeros(1, 1, kernel, kernel),
      {stride = stride, padding = padding, dilation = dilation}) and 0 or 1) -- too small: must be an error
  end
end
print(("the formula holds in %d of %d random cases"):format(right, options.cases))

tutorial.heading("The trap: the parameters depend on the size of the picture")
-- They are the kernel's numbers, the same at every place: outputs x inputs x height x width, and a bias for each
-- output. A linear layer from all pixels to as many outputs needs a number for each pair.
print(("%9s  %22s  %28s"):format("picture", "Conv2d(1, 8, 3)", "Linear to as many outputs"))
local conv = nn.Conv2d(1, 8, 3, {padding = 1})
local conv_parameters = conv.weight:numel() + conv.bias:numel()
for _, n in ipairs {28, 56, 224} do
  local out = conv(tensor.zeros(1, 1, n, n)) -- the same layer takes each of them
  print(("%4d x %-4d  %21d  %28d"):format(n, n, conv_parameters, n * n * out:numel() + out:numel()))
end

tutorial.heading("Shifted in, shifted out")
-- Because the kernel is the same everywhere, a shift of the picture shifts the result and changes nothing else.
local x = clothes.x[6]:unsqueeze(1)
local first_shifted = conv(x:roll({2, 3}, {3, 4}))
local then_shifted = conv(x):roll({2, 3}, {3, 4})
local inside = {{}, {}, {5, -3}, {6, -3}} -- away from the border, where the zeros are
print(("largest difference: %.1e"):format((first_shifted[inside] - then_shifted[inside]):abs():max():item()))

tutorial.heading("A kernel learned from examples")
-- Nobody has to invent kernels: given pictures and what should come out, gradient descent finds the numbers.
local learner = nn.Conv2d(1, 1, 3, {padding = 1, bias = false})
local target = F.conv2d(clothes.x, tensor{{sobel}}, {padding = 1})
local opt = optim.Adam(learner:parameters(), {lr = 0.1})
local losses = {}
for step = 1, options.steps do
  local from = (step - 1) % 8 * 64 + 1
  local batch = {{from, from + 63}}
  local loss = F.mse_loss(learner(clothes.x[batch]), target[batch])
  opt:zero_grad()
  loss:backward()
  opt:step()
  losses[step] = loss:item()
end
plot.line(losses, {logy = true, xlabel = "step", title = "loss while the kernel is learned", rows = 10})
print(learner.weight[1][1]:detach())
local error_left = (learner.weight[1][1]:detach() - tensor(sobel)):abs():max():item()

-- To try next: a 5 x 5 kernel that blurs more; stride 2 instead of pooling; learn a kernel from noisy targets.
print(("result: formula=%d/%d loops_error=%.0e kernel_error=%.4f"):format(right, options.cases, difference, error_left))
