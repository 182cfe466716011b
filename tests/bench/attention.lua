-- Attention alone, by batch, heads, length and width of a head: microseconds of a forward pass without a graph and of a
-- forward and backward pass together (best of a few). attention_torch.py does the same; compare knows nothing of them.
--   nnlua tests/bench/attention.lua [THREADS] ["BATCH HEADS LENGTH WIDTH"]...

local shapes = {}
for batch, lengths in pairs {[1] = {16, 128, 512, 2048}, [16] = {16, 64, 256}, [64] = {16, 64}} do
  for _, length in ipairs(lengths) do
    for _, width in ipairs {16, 32, 64, 128} do shapes[#shapes + 1] = {batch, 4, length, width} end
  end
end
if #arg > 1 then shapes = {} end
for i = 2, #arg do
  shapes[i - 1] = {}
  for n in arg[i]:gmatch("%d+") do table.insert(shapes[i - 1], math.tointeger(n)) end
end
table.sort(shapes, function(a, b)
  for i = 1, 4 do
    if a[i] ~= b[i] then return a[i] < b[i] end
  end
  return false
end)
nnlua.threads(math.tointeger(arg[1] or 2))

local function best(f)
  local clock, least = nnlua.clock, math.huge
  f()
  local stop, runs = clock() + 0.12, 0
  while clock() < stop or runs < 4 do
    local t = clock()
    f()
    least, runs = math.min(least, clock() - t), runs + 1
  end
  return least * 1e6
end

for _, s in ipairs(shapes) do
  local q, k, v = tensor.randn(s), tensor.randn(s), tensor.randn(s)
  local g = tensor.randn(s)
  local forward = best(function() local _ = F.scaled_dot_product_attention(q, k, v) end)
  for _, x in ipairs {q, k, v} do x:requires_grad_(true) end
  local both = best(function()
    local _ = tensor.grad(F.scaled_dot_product_attention(q, k, v), {q, k, v}, {grad_outputs = g})
  end)
  print(("%d %d %d %d\t%.1f\t%.1f"):format(s[1], s[2], s[3], s[4], forward, both))
end
