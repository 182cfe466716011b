-- Our side of the comparison of single operations: operations_torch.py starts this, asks for one operation at a time
-- ("name side seconds") and gets the best and the median microseconds of a call. A side of 1024 means about a million
-- elements. The same names stand in operations_torch.py.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local timing = require "timing"

nnlua.threads(arg[1] and math.tointeger(arg[1]) or 2)
tensor.manual_seed(0)

local cases = {}

-- One operand: normal numbers, or those that `from` makes of them.
local function unary(name, f, from)
  cases[name] = function(n)
    local x = tensor.randn(n, n)
    if from then x = from(x) end
    return function() return f(x) end
  end
end

local function positive(x) return x:abs() + 0.1 end

for name in ([[exp relu tanh sigmoid erf sin abs neg argmax sum mean max var std norm expm1 square floor sign prod
  atan all]]):gmatch("%S+") do
  unary(name, tensor[name])
end
unary("gelu", F.gelu)
unary("silu", F.silu)
unary("softplus", F.softplus)
unary("leaky_relu", F.leaky_relu)
unary("elu", F.elu)
for _, name in ipairs{"log", "sqrt", "rsqrt", "reciprocal", "log1p"} do unary(name, tensor[name], positive) end
unary("pow2", function(x) return x ^ 2 end)
unary("pow3", function(x) return x ^ 3 end)
unary("pow_f", function(x) return x ^ 1.7 end, positive)
unary("clamp", function(x) return x:clamp(-1, 1) end)
unary("add_number", function(x) return x + 1 end)
unary("softmax", function(x) return x:softmax(2) end)
unary("softmax_cols", function(x) return x:softmax(1) end)
unary("log_softmax", function(x) return x:log_softmax(2) end)
unary("logsumexp", function(x) return x:logsumexp(2) end)
for _, name in ipairs{"sum", "mean", "max", "var", "argmax", "norm", "std", "amax"} do
  for d, way in ipairs{"cols", "rows"} do
    if name == "norm" then
      unary(name .. "_" .. way, function(x) return x:norm(2, d) end)
    else
      unary(name .. "_" .. way, function(x) return x[name](x, d) end)
    end
  end
end
unary("cumsum_rows", function(x) return x:cumsum(2) end)
unary("cumsum_cols", function(x) return x:cumsum(1) end)
unary("sort_rows", function(x) return x:sort(2) end)
unary("topk_rows", function(x) return x:topk(5, 2) end)
unary("argsort_all", function(x) return x:argsort() end, tensor.flatten)
unary("transpose_copy", function(x) return x:t():contiguous() end)
unary("clone", tensor.clone)
unary("flip", function(x) return x:flip(1) end)
unary("roll", function(x) return x:roll(7, 2) end)
unary("cat", function(x) return tensor.cat({x, x}, 2) end)
unary("stack", function(x) return tensor.stack{x, x} end)
unary("tril", tensor.tril)
unary("masked_select", function(x) return x[x:gt(0)] end)
unary("layer_norm", function(x) return F.layer_norm(x, {x:size(2)}) end)
unary("dropout", function(x) return F.dropout(x, 0.5, true) end)
unary("to_float64", function(x) return x:to("float64") end)
unary("to_int64", function(x) return x:to("int64") end)
unary("from_uint8", function(x) return x:to("float32") end, function(x) return (x * 50):abs():to("uint8") end)
unary("from_bool", function(x) return x:to("float32") end, function(x) return x:gt(0) end)
unary("glu", function(x) return F.glu(x, 2) end)
unary("pad", function(x) return F.pad(x, {1, 1, 1, 1}) end)
unary("diff", function(x) return x:diff() end)
unary("histc", function(x) return x:histc(50, -3, 3) end)
unary("unfold_view", function(x) return x:unfold(2, 3, 1):sum(3) end)

local function binary(name, f, from)
  cases[name] = function(n)
    local x, y = tensor.randn(n, n), tensor.randn(n, n)
    if from then x, y = from(x, y) end
    return function() return f(x, y) end
  end
end
binary("add", tensor.add)
binary("mul", tensor.mul)
binary("div", tensor.div)
binary("pow", tensor.pow, function(x, y) return positive(x), y end)
binary("maximum", tensor.maximum)
binary("lt", tensor.lt)
binary("add_row", tensor.add, function(x, y) return x, y[1] end)
binary("add_col", tensor.add, function(x, y) return x, y[{{}, {1, 1}}] end)
binary("add_transposed", tensor.add, function(x, y) return x, y:t() end)
binary("where", function(m, y) return tensor.where(m, y, 0) end, function(x, y) return x:gt(0), y end)
binary("masked_fill", function(m, y) return y:masked_fill(m, 0) end, function(x, y) return x:gt(0), y end)
binary("mse_loss", F.mse_loss)
binary("bce_logits", F.binary_cross_entropy_with_logits, function(x, y) return x, y:sigmoid() end)
binary("lerp", function(x, y) return x:lerp(y, 0.3) end)
binary("addcmul", function(x, y) return x:addcmul(x, y) end)
binary("dot", tensor.dot, function(x, y) return x:flatten(), y:flatten() end)
binary("add_", tensor.add_)
binary("index_select", function(x, i) return x:index_select(1, i) end,
  function(x) return x, tensor.randint(1, x:size(1) + 1, {x:size(1)}) end)
binary("index_cols", function(x, i) return x:index_select(2, i) end,
  function(x) return x, tensor.randint(1, x:size(1) + 1, {x:size(1)}) end)
binary("index_rows", function(x, i) return x[i] end,
  function(x) return x, tensor.randint(1, x:size(1) + 1, {x:size(1)}) end)
binary("gather", function(x, i) return x:gather(2, i) end,
  function(x) return x, tensor.randint(1, x:size(1) + 1, {x:size(1), x:size(1)}) end)
binary("scatter_add", function(x, i) return x:scatter_add(2, i, x) end,
  function(x) return x, tensor.randint(1, x:size(1) + 1, {x:size(1), x:size(1)}) end)
binary("cross_entropy", F.cross_entropy, function(x) return x, tensor.randint(1, x:size(2) + 1, {x:size(1)}) end)
binary("embedding", function(w, i) return F.embedding(i, w) end,
  function(x) return x[{{}, {1, 64}}]:contiguous(), tensor.randint(1, x:size(1) + 1, {x:size(1), x:size(1) // 64}) end)
binary("embedding_bag", function(w, i) return F.embedding_bag(i, w) end,
  function(x) return x[{{}, {1, 64}}]:contiguous(), tensor.randint(1, x:size(1) + 1, {x:size(1), x:size(1) // 64}) end)
binary("one_hot", function(i, k) return F.one_hot(i, k) end,
  function(x) return tensor.randint(1, x:size(1) + 1, {x:size(1)}), x:size(1) end)
binary("bincount", tensor.bincount, function(x) return tensor.randint(1, 1001, {x:numel()}) end)
binary("unique", tensor.unique, function(x) return tensor.randint(1, 1001, {x:numel()}) end)
binary("add_int64", tensor.add, function(x, y) return (x * 100):to("int64"), (y * 100):to("int64") end)
binary("sum_int64", tensor.sum, function(x) return (x * 100):to("int64") end)
binary("sum_bool", tensor.sum, function(x) return x:gt(0) end)
binary("eq_int64", tensor.eq, function(x, y) return (x * 2):to("int64"), (y * 2):to("int64") end)
binary("exp_float64", tensor.exp, function(x) return x:to("float64") end)
binary("add_float64", tensor.add, function(x, y) return x:to("float64"), y:to("float64") end)
binary("cdist", tensor.cdist, function(x, y) return x[{{}, {1, 32}}], y[{{}, {1, 32}}] end)

-- Images of side / 8: [n / 16, 16, 8, 8] ... about n * n elements in all.
local function image(name, f)
  cases[name] = function(n)
    local x = tensor.randn(n * n // 16384 > 0 and n * n // 16384 or 1, 16, 32, 32)
    return function() return f(x) end
  end
end
local function ones(n) return tensor.ones(n) end
image("batch_norm_eval", function(x) return F.batch_norm(x, ones(16), ones(16), ones(16), ones(16)) end)
image("group_norm", function(x) return F.group_norm(x, 4) end)
image("instance_norm", function(x) return F.instance_norm(x) end)
image("avg_pool3d", function(x) return F.avg_pool3d(x, 2) end)
image("max_pool3d", function(x) return F.max_pool3d(x, 2) end)
image("upsample", function(x) return F.interpolate(x, {scale_factor = 2, mode = "bilinear"}) end)
image("upsample_nearest", function(x) return F.interpolate(x, {scale_factor = 2}) end)
image("unfold", function(x) return F.unfold(x, 3) end)
image("permute_copy", function(x) return x:permute(1, 3, 4, 2):contiguous() end)
cases.grid_sample = function(n)
  local x = tensor.randn(n * n // 16384 > 0 and n * n // 16384 or 1, 16, 32, 32)
  local grid = tensor.rand(x:size(1), 32, 32, 2) * 2 - 1
  return function() return F.grid_sample(x, grid, {align_corners = false}) end
end

for _, name in ipairs{"rand", "randn", "zeros", "ones"} do
  cases[name] = function(n) return function() return tensor[name](n, n) end end
end
cases.full = function(n) return function() return tensor.full({n, n}, 3.5) end end
cases.arange = function(n) return function() return tensor.arange(n * n) end end
cases.randperm = function(n) return function() return tensor.randperm(n * n) end end
cases.randint = function(n) return function() return tensor.randint(1, 100, {n, n}) end end
cases.bernoulli = function(n)
  local p = tensor.rand(n, n)
  return function() return p:bernoulli() end
end
cases.multinomial = function(n)
  local p = tensor.rand(n)
  return function() return p:multinomial(n, {replacement = true}) end
end
cases.normal_ = function(n)
  local x = tensor.empty(n, n)
  return function() return x:normal_(1, 2) end
end
cases.uniform_ = function(n)
  local x = tensor.empty(n, n)
  return function() return x:uniform_(-1, 1) end
end

-- A step forward and back.
local function both(name, f)
  cases[name] = function(n)
    local x, g = tensor.randn(n, n, {requires_grad = true}), tensor.randn(n, n)
    return function()
      x.grad = nil
      f(x):backward(g)
    end
  end
end
both("relu_step", F.relu)
both("gelu_step", F.gelu)
both("softmax_step", function(x) return x:softmax(2) end)
both("layer_norm_step", function(x) return F.layer_norm(x, {x:size(2)}) end)
both("dropout_step", function(x) return F.dropout(x, 0.5, true) end)
both("mul_step", function(x) return x * x end)
both("cumsum_step", function(x) return x:cumsum(2) end)

io.stdout:setvbuf("line")
for line in io.lines() do
  local name, side, seconds = line:match("^(%S+) (%d+) (%S+)$")
  if not name then error("expected: name side seconds") end
  local make = cases[name]
  if make then
    print(("%.3f %.3f"):format(timing(make(math.tointeger(side)), tonumber(seconds), 0.002, 3)))
  else
    print("missing")
  end
end
