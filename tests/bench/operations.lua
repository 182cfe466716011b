-- Our side of the comparison of single operations: operations_torch.py starts this, asks for one operation at a time
-- ("name form side seconds") and gets the best and the median microseconds of a call. A side of 1024 means about a
-- million elements. The same names stand in operations_torch.py.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local timing = require "timing"

nnlua.threads(arg[1] and math.tointeger(arg[1]) or 2)
tensor.manual_seed(0)

local cases = {}

-- Normal numbers in the layout that a form asks for: "transposed", "sliced" (rows of a wider tensor), "expanded" (one
-- row for all), "float64".
local function normal(form)
  return function(...)
    local size, dtype = {...}, form == "float64" and "float64" or "float32"
    local last = #size
    if form == "transposed" and last > 1 then
      size[last - 1], size[last] = size[last], size[last - 1]
      return tensor.randn(size, {dtype = dtype}):transpose(-1, -2)
    elseif form == "sliced" then
      local n = size[last]
      size[last] = 2 * n
      return tensor.randn(size, {dtype = dtype}):narrow(-1, n // 2 + 1, n)
    elseif form == "expanded" and last > 1 then
      local whole = {...}
      size[last - 1] = 1
      return tensor.randn(size, {dtype = dtype}):expand(whole)
    end
    return tensor.randn(size, {dtype = dtype})
  end
end

local function differentiable(x) return tensor.is_tensor(x) and x.dtype:find("^float") ~= nil end

-- What is timed: a call, or with the form "step" a call and its gradient. nil where there is none. first_only: of
-- other operands nobody wants one.
local function calls(f, form, args, first_only)
  if form ~= "step" then return function() return f(table.unpack(args)) end end
  local leaves = {}
  for i, x in ipairs(args) do
    if differentiable(x) then
      args[i] = x:detach()
      if i == 1 or not first_only then leaves[#leaves + 1] = args[i]:requires_grad_() end
    end
  end
  local y = f(table.unpack(args))
  if not differentiable(y) or not y.requires_grad then return nil end
  local g = tensor.randn_like(y:detach())
  return function()
    for _, x in ipairs(leaves) do x.grad = nil end
    local out = f(table.unpack(args))
    out:backward(g)
  end
end

-- f is called with what make(randn, n) returns.
local function case(name, f, make)
  local first_only = name:find("loss") or name == "bce_logits" or name == "kl_div"
  cases[name] = function(n, form) return calls(f, form, {make(normal(form), n)}, first_only) end
end

local function positive(x) return x:abs() + 0.1 end
local function inside(x) return x:clamp(-0.95, 0.95) end
local function ids(n, ...) return tensor.randint(1, n + 1, {...}) end

-- One operand: normal numbers, or those that `from` makes of them.
local function unary(name, f, from)
  case(name, f, function(randn, n) return from and from(randn(n, n)) or randn(n, n) end)
end

for name in ([[exp exp2 expm1 relu tanh sigmoid erf erfc sin cos tan abs neg square floor sign round atan sinh cosh
  asinh isnan sum mean max min amax argmax var std norm median all any tril triu clone]]):gmatch("%S+") do
  unary(name, tensor[name])
end
for name in ([[gelu silu softplus leaky_relu elu selu mish hardtanh hardswish hardsigmoid relu6 logsigmoid softsign
  tanhshrink]]):gmatch("%S+") do
  unary(name, F[name])
end
unary("gelu_tanh", function(x) return F.gelu(x, {approximate = "tanh"}) end)
for name in ("log log2 log10 sqrt rsqrt reciprocal log1p lgamma digamma"):gmatch("%S+") do
  unary(name, tensor[name], positive)
end
for name in ("asin acos atanh erfinv"):gmatch("%S+") do unary(name, tensor[name], inside) end
unary("prod", tensor.prod, function(x) return x * 0.001 + 1 end)
unary("acosh", tensor.acosh, function(x) return x:abs() + 1 end)
unary("pow2", function(x) return x ^ 2 end)
unary("pow3", function(x) return x ^ 3 end)
unary("pow_f", function(x) return x ^ 1.7 end, positive)
unary("clamp", function(x) return x:clamp(-1, 1) end)
unary("add_number", function(x) return x + 1 end)
unary("div_number", function(x) return x / 3 end)
unary("remainder_number", function(x) return x % 0.7 end)
unary("gt_number", function(x) return x:gt(0.5) end)
for _, name in ipairs{"softmax", "log_softmax", "logsumexp", "sum", "mean", "max", "var", "argmax", "norm", "std",
  "amax",
  "cumsum", "cumprod", "logcumsumexp", "cummax", "sort", "argsort", "median"} do
  for d, way in ipairs{"cols", "rows"} do
    unary(name .. "_" .. way, name == "norm" and function(x) return x:norm(2, d) end
      or function(x) return tensor[name](x, d) end)
  end
end
for _, name in ipairs{"sum", "mean", "var", "amax", "softmax", "max", "cumsum"} do
  case(name .. "_middle", function(x) return tensor[name](x, 2) end, function(randn, n) return randn(n // 32, n // 2,
    64) end)
end
for _, name in ipairs{"softmax", "log_softmax", "logsumexp", "sum", "mean", "max", "var", "argmax", "amax", "cumsum",
  "sort"} do
  case(name .. "_of_10", function(x) return tensor[name](x, 2) end, function(randn, n) return randn(n * n // 10,
    10) end)
end
case("topk_of_10", function(x) return x:topk(3, 2) end, function(randn, n) return randn(n * n // 10, 10) end)
case("cross_entropy_of_10", function(x, t) return F.cross_entropy(x, t) end, function(randn, n)
  return randn(n * n // 10, 10), tensor.randint(1, 11, {n * n // 10})
end)
case("layer_norm_of_10", function(x) return F.layer_norm(x, {10}) end, function(randn, n) return randn(n * n // 10,
  10) end)
unary("any_rows", function(x) return x:any(2) end, function(x) return x:gt(3) end)
unary("all_rows", function(x) return x:all(2) end, function(x) return x:lt(3) end)
unary("topk_rows", function(x) return x:topk(5, 2) end)
unary("topk_100", function(x) return x:flatten():topk(100) end)
unary("kthvalue", function(x) return x:kthvalue(x:size(2) // 2, 2) end)
unary("sort_all", function(x) return x:sort() end, tensor.flatten)
unary("sort_int64", function(x) return x:sort() end, function(x) return (x * 1000):to("int64"):flatten() end)
unary("argsort_all", function(x) return x:argsort() end, tensor.flatten)
unary("quantile", function(x) return x:quantile(0.3, 2) end)
unary("transpose_copy", function(x) return x:t():contiguous() end)
unary("flip", function(x) return x:flip(1) end)
unary("flip_rows", function(x) return x:flip(2) end)
unary("roll", function(x) return x:roll(7, 2) end)
unary("rot90", function(x) return x:rot90() end)
unary("cat", function(x) return tensor.cat({x, x}, 2) end)
unary("cat_rows", function(x) return tensor.cat({x, x}, 1) end)
unary("stack", function(x) return tensor.stack{x, x} end)
unary("split_cat", function(x) return tensor.cat({x:split(x:size(2) // 4, 2)}, 1) end)
unary("repeat_interleave", function(x) return x:repeat_interleave(2, 1) end)
unary("repeat_interleave_cols", function(x) return x:repeat_interleave(2, 2) end)
unary("tile", function(x) return x:tile(2, 2) end)
unary("expand_copy", function(x) return x[1]:expand(x:size(1), x:size(2)):contiguous() end)
unary("masked_select", function(x) return x[x:gt(0)] end)
unary("nonzero", tensor.nonzero, function(x) return x:gt(1) end)
unary("layer_norm", function(x) return F.layer_norm(x, {x:size(2)}) end)
unary("rms_norm", function(x) return F.rms_norm(x, {x:size(2)}) end)
unary("normalize", function(x) return F.normalize(x) end)
unary("dropout", function(x) return F.dropout(x, 0.5, true) end)
unary("to_float64", function(x) return x:to("float64") end)
unary("to_int64", function(x) return x:to("int64") end)
unary("to_bool", function(x) return x:to("bool") end)
unary("to_uint8", function(x) return x:to("uint8") end, positive)
unary("from_int64", function(x) return x:to("float32") end, function(x) return (x * 50):to("int64") end)
unary("from_uint8", function(x) return x:to("float32") end, function(x) return (x * 50):abs():to("uint8") end)
unary("from_bool", function(x) return x:to("float32") end, function(x) return x:gt(0) end)
unary("glu", function(x) return F.glu(x, 2) end)
for _, mode in ipairs{"constant", "reflect", "replicate", "circular"} do
  case("pad_" .. mode, function(x) return F.pad(x, {1, 2, 2, 1}, mode) end, function(randn, n) return randn(n // 32,
    32, n) end)
end
unary("diff", function(x) return x:diff() end)
unary("histc", function(x) return x:histc(50, -3, 3) end)
unary("unfold_view", function(x) return x:unfold(2, 3, 1):sum(3) end)
unary("unfold_copy", function(x) return x:unfold(2, 3, 1):contiguous() end)
unary("gumbel_softmax", function(x) return F.gumbel_softmax(x) end)

local function binary(name, f, from)
  case(name, f, function(randn, n)
    local x, y = randn(n, n), randn(n, n)
    if from then return from(x, y) end
    return x, y
  end)
end
local function masked(x, y) return x:gt(0), y end
local function with_ids(size)
  return function(x) return x, ids(x:size(1), table.unpack(size(x:size(1)))) end
end
local one_id, all_ids = with_ids(function(n) return {n} end), with_ids(function(n) return {n, n} end)
local function long(x, y) return (x * 100):to("int64"), (y * 100):to("int64") + 1000 end
for name in ("add sub mul div maximum minimum lt atan2 hypot fmod remainder"):gmatch("%S+") do binary(name,
  tensor[name]) end
binary("floor_divide", tensor.floor_divide)
binary("pow", tensor.pow, function(x, y) return positive(x), y end)
binary("add_row", tensor.add, function(x, y) return x, y[1] end)
binary("add_col", tensor.add, function(x, y) return x, y[{{}, {1, 1}}] end)
binary("mul_row", tensor.mul, function(x, y) return x, y[1] end)
binary("add_transposed", tensor.add, function(x, y) return x, y:t() end)
binary("where", function(m, y) return tensor.where(m, y, 0) end, masked)
binary("where_two", function(m, x, y) return tensor.where(m, x, y) end, function(x, y) return x:gt(0), x, y end)
binary("masked_fill", function(m, y) return y:masked_fill(m, 0) end, masked)
binary("masked_scatter", function(m, y) return y:masked_scatter(m, y) end, masked)
binary("lerp", function(x, y) return x:lerp(y, 0.3) end)
binary("addcmul", function(x, y) return x:addcmul(x, y) end)
binary("dot", tensor.dot, function(x, y) return x:flatten(), y:flatten() end)
binary("add_", tensor.add_)
binary("index_select", function(x, i) return x:index_select(1, i) end, one_id)
binary("index_cols", function(x, i) return x:index_select(2, i) end, one_id)
binary("index_rows", function(x, i) return x[i] end, one_id)
binary("index_add", function(x, i, y) return x:index_add(1, i, y) end, function(x, y) return x, ids(x:size(1),
  x:size(1)), y end)
binary("index_put", function(x, i, y) return x:index_put({i}, y) end, function(x, y) return x, ids(x:size(1),
  x:size(1)), y end)
binary("gather", function(x, i) return x:gather(2, i) end, all_ids)
binary("gather_cols", function(x, i) return x:gather(1, i) end, all_ids)
binary("gather_one", function(x, i) return x:gather(2, i:view(-1, 1)) end, one_id)
binary("scatter", function(x, i) return x:scatter(2, i, x) end, all_ids)
binary("scatter_add", function(x, i) return x:scatter_add(2, i, x) end, all_ids)
binary("take_along_dim", function(x, i) return x:take_along_dim(i, 2) end, all_ids)
binary("embedding", function(w, i) return F.embedding(i, w) end,
  function(x) return x[{{}, {1, 64}}]:contiguous(), ids(x:size(1), x:size(1), x:size(1) // 64) end)
binary("embedding_bag", function(w, i) return F.embedding_bag(i, w) end,
  function(x) return x[{{}, {1, 64}}]:contiguous(), ids(x:size(1), x:size(1), x:size(1) // 64) end)
binary("one_hot", function(i, k) return F.one_hot(i, k) end, function(x) return ids(x:size(1), x:size(1)),
  x:size(1) end)
binary("bincount", tensor.bincount, function(x) return ids(1000, x:numel()) end)
binary("unique", tensor.unique, function(x) return ids(1000, x:numel()) end)
binary("unique_inverse", function(x) return x:unique({return_inverse = true, return_counts = true}) end,
  function(x) return ids(1000, x:numel()) end)
binary("unique_floats", tensor.unique, function(x) return x:flatten() end)
binary("isin", tensor.isin, function(x) return ids(1000, x:numel()), ids(1000, 50) end)
binary("searchsorted", tensor.searchsorted, function(x, y) return x[1]:sort(), y end)
binary("add_int64", tensor.add, long)
binary("mul_int64", tensor.mul, long)
binary("floor_divide_int64", tensor.floor_divide, long)
binary("remainder_int64", tensor.remainder, long)
binary("sum_int64", function(x) return x:sum() end, long)
binary("max_int64", tensor.max, function(x, y) return (long(x, y)) end)
binary("sum_rows_int64", function(x) return x:sum(2) end, long)
binary("sum_bool", tensor.sum, function(x) return x:gt(0) end)
binary("eq_int64", tensor.eq, long)
binary("and_bool", tensor.logical_and, function(x, y) return x:gt(0), y:gt(0) end)
binary("not_bool", tensor.logical_not, function(x) return x:gt(0) end)
binary("any_bool", tensor.any, function(x) return x:gt(100) end)
binary("all_bool", tensor.all, function(x) return x:lt(100) end)
binary("equal", tensor.equal, function(x) return x, x:clone() end)
binary("allclose", tensor.allclose, function(x) return x, x:clone() end)
binary("cdist", tensor.cdist, function(x, y) return x[{{}, {1, 32}}], y[{{}, {1, 32}}] end)
binary("einsum_ij_ij", function(x, y) return tensor.einsum("ij,ij->i", x, y) end)
binary("einsum_trace", function(x) return tensor.einsum("ij->ji", x):contiguous() end)
binary("outer", tensor.outer, function(x, y) return x[1], y[1] end)
binary("matvec", tensor.mv, function(x, y) return x, y[1] end)

-- Losses: rows of logits and what they should be.
local function labels(x) return ids(x:size(2), x:size(1)) end
local function signs(x) return x:gt(0):to("float32") * 2 - 1 end
binary("mse_loss", F.mse_loss)
binary("l1_loss", F.l1_loss)
binary("smooth_l1_loss", F.smooth_l1_loss)
binary("huber_loss", F.huber_loss)
binary("bce_loss", F.binary_cross_entropy, function(x, y) return x:sigmoid(), y:sigmoid() end)
binary("bce_logits", F.binary_cross_entropy_with_logits, function(x, y) return x, y:sigmoid() end)
binary("kl_div", function(x, y) return F.kl_div(x, y, {reduction = "batchmean"}) end,
  function(x, y) return x:log_softmax(2), y:softmax(2) end)
binary("cross_entropy", F.cross_entropy, function(x) return x, labels(x) end)
binary("cross_entropy_smooth", function(x, t) return F.cross_entropy(x, t, {label_smoothing = 0.1}) end,
  function(x) return x, labels(x) end)
binary("cross_entropy_weight", function(x, t, w) return F.cross_entropy(x, t, {weight = w}) end,
  function(x, y) return x, labels(x), y[1]:abs() end)
binary("cross_entropy_soft", F.cross_entropy, function(x, y) return x, y:softmax(2) end)
binary("nll_loss", F.nll_loss, function(x) return x:log_softmax(2), labels(x) end)
binary("hinge_embedding_loss", F.hinge_embedding_loss, function(x, y) return x, signs(y) end)
binary("soft_margin_loss", F.soft_margin_loss, function(x, y) return x, signs(y) end)
binary("margin_ranking_loss", function(x, y, t) return F.margin_ranking_loss(x, y, t) end,
  function(x, y) return x, y, signs(y) end)
binary("triplet_margin_loss", F.triplet_margin_loss, function(x, y) return x, y, x:flip(1) end)
binary("cosine_embedding_loss", F.cosine_embedding_loss, function(x, y) return x, y, signs(y[{{}, 1}]) end)
binary("cosine_similarity", F.cosine_similarity, function(x, y) return x, y end)
binary("pairwise_distance", F.pairwise_distance)
binary("gaussian_nll_loss", F.gaussian_nll_loss, function(x, y) return x, y, positive(x) end)
binary("poisson_nll_loss", F.poisson_nll_loss, function(x, y) return x, y:abs() end)
case("ctc_loss", function(x, t, a, b) return F.ctc_loss(x, t, a, b) end, function(randn, n)
  local batch, classes, steps = 16, 32, n // 8
  return randn(steps, batch, classes):log_softmax(3), tensor.randint(2, classes + 1, {batch, steps // 4}),
    tensor.full({batch}, steps, {dtype = "int64"}), tensor.full({batch}, steps // 4, {dtype = "int64"})
end)

-- Images: [n^2 / 16384, 16, 32, 32], about n * n elements in all.
local function images(randn, n) return randn(math.max(1, n * n // 16384), 16, 32, 32) end
local function image(name, f) case(name, f, images) end
local function ones(n) return tensor.ones(n) end
image("batch_norm", function(x) return F.batch_norm(x, nil, nil, {training = true}) end)
image("batch_norm_eval", function(x) return F.batch_norm(x, ones(16), ones(16), ones(16), ones(16)) end)
image("group_norm", function(x) return F.group_norm(x, 4) end)
image("instance_norm", function(x) return F.instance_norm(x) end)
image("local_response_norm", function(x) return F.local_response_norm(x, 5) end)
image("max_pool2", function(x) return F.max_pool2d(x, 2) end)
image("max_pool3_s2", function(x) return F.max_pool2d(x, 3, 2, 1) end)
image("max_pool3_s1", function(x) return F.max_pool2d(x, 3, 1, 1) end)
image("avg_pool2", function(x) return F.avg_pool2d(x, 2) end)
image("avg_pool3_s2", function(x) return F.avg_pool2d(x, 3, 2, 1) end)
image("avg_pool3d", function(x) return F.avg_pool3d(x, 2) end)
image("max_pool3d", function(x) return F.max_pool3d(x, 2) end)
image("adaptive_avg_1", function(x) return F.adaptive_avg_pool2d(x, 1) end)
image("adaptive_avg_7", function(x) return F.adaptive_avg_pool2d(x, 7) end)
image("adaptive_max_7", function(x) return F.adaptive_max_pool2d(x, 7) end)
image("lp_pool", function(x) return F.lp_pool2d(x, 2, 2) end)
image("max_pool1d", function(x) return F.max_pool1d(x:flatten(3), 2) end)
image("avg_pool1d", function(x) return F.avg_pool1d(x:flatten(3), 2) end)
image("upsample", function(x) return F.interpolate(x, {scale_factor = 2, mode = "bilinear"}) end)
image("upsample_nearest", function(x) return F.interpolate(x, {scale_factor = 2}) end)
image("upsample_bicubic", function(x) return F.interpolate(x, {scale_factor = 2, mode = "bicubic"}) end)
image("downsample", function(x) return F.interpolate(x, {size = {20, 20}, mode = "bilinear"}) end)
image("downsample_nearest", function(x) return F.interpolate(x, {size = {20, 20}}) end)
image("unfold", function(x) return F.unfold(x, 3) end)
image("fold", function(x) return F.fold(x:reshape(x:size(1), -1, 256), {32, 32}, 2, {stride = 2}) end)
image("permute_copy", function(x) return x:permute(1, 3, 4, 2):contiguous() end)
image("permute_back", function(x) return x:permute(1, 4, 2, 3):contiguous() end)
image("pixel_shuffle", function(x) return F.pixel_shuffle(x, 2) end)
image("pixel_unshuffle", function(x) return F.pixel_unshuffle(x, 2) end)
image("channel_mean", function(x) return x:mean({1, 3, 4}) end)
image("image_mean", function(x) return x:mean({3, 4}) end)
image("dropout2d", function(x) return F.dropout2d(x, 0.5, true) end)
image("pad_reflect_2d", function(x) return F.pad(x, {1, 1, 1, 1}, "reflect") end)
image("pad_2d", function(x) return F.pad(x, {1, 1, 1, 1}) end)
image("einsum_bchw", function(x) return tensor.einsum("bchw->bhwc", x):contiguous() end)
local function sampled(mode, padding)
  return function(x, grid) return F.grid_sample(x, grid, {mode = mode, padding_mode = padding,
    align_corners = false}) end
end
local function grids(randn, n)
  local x = images(randn, n)
  return x, (randn(x:size(1), 32, 32, 2) / 2):clamp(-1, 1)
end
case("grid_sample", sampled("bilinear", "zeros"), grids)
case("grid_sample_nearest", sampled("nearest", "zeros"), grids)
case("grid_sample_border", sampled("bilinear", "border"), grids)
case("affine_grid", function(theta) return F.affine_grid(theta, {theta:size(1), 3, 32, 32},
  {align_corners = false}) end,
  function(randn, n) return randn(math.max(1, n * n // 16384), 2, 3) end)

-- Many small matrices, and linear algebra of at most 256 rows.
local function small(size)
  return function(randn, n)
    local count = math.max(1, n * n // (size * size))
    return randn(count, size, size), randn(count, size, size)
  end
end
case("bmm_8", tensor.bmm, small(8))
case("bmm_32", tensor.bmm, small(32))
case("einsum_bij", function(x, y) return tensor.einsum("bij,bjk->bik", x, y) end, small(32))
case("einsum_heads", function(x, y) return tensor.einsum("bqhd,bkhd->bhqk", x, y) end, function(randn, n)
  local b = math.max(1, n // 128)
  return randn(b, 64, 4, 32), randn(b, 64, 4, 32)
end)
local function matrix(name, f, from)
  case(name, f, function(randn, n)
    local side = math.min(n, 256)
    local x = randn(side, side)
    if from == "positive" then
      x = x:matmul(x:t()) + tensor.eye(side, {dtype = x.dtype}) * side
    elseif from then
      x = x + tensor.eye(side, {dtype = x.dtype}) * side
    end
    return x, randn(side, 4)
  end)
end
matrix("inv", function(x) return tensor.linalg.inv(x) end, "well")
matrix("det", function(x) return tensor.linalg.det(x) end, "well")
matrix("solve", tensor.linalg.solve, "well")
matrix("cholesky", function(x) return tensor.linalg.cholesky(x) end, "positive")
matrix("qr", function(x) return tensor.linalg.qr(x) end)
matrix("svd", function(x) return tensor.linalg.svd(x, false) end)
matrix("eigh", function(x) return tensor.linalg.eigh(x) end, "positive")
matrix("matrix_norm", function(x) return tensor.linalg.norm(x) end)

-- Made of nothing.
local function made(name, f) case(name, f, function(_, n) return n end) end
for _, name in ipairs{"rand", "randn", "zeros", "ones"} do made(name, function(n) return tensor[name](n, n) end) end
made("full", function(n) return tensor.full({n, n}, 3.5) end)
made("arange", function(n) return tensor.arange(n * n) end)
made("linspace", function(n) return tensor.linspace(0, 1, n * n) end)
made("eye", tensor.eye)
made("randperm", function(n) return tensor.randperm(n * n) end)
made("randint", function(n) return tensor.randint(1, 100, {n, n}) end)
made("tril_indices", function(n) return tensor.tril_indices(n, n) end)
unary("bernoulli", tensor.bernoulli, tensor.sigmoid)
unary("exponential_", function(x) return x:exponential_() end)
unary("normal_", function(x) return x:normal_(1, 2) end)
unary("uniform_", function(x) return x:uniform_(-1, 1) end)
unary("zero_", function(x) return x:zero_() end)
unary("copy_", function(x) return x:copy_(x + 1) end)
unary("multinomial", function(p) return p:multinomial(p:size(1), {replacement = true}) end,
  function(x) return x[1]:abs() end)
unary("multinomial_rows", function(p) return p:multinomial(1) end, tensor.abs)

-- Steps of optimisers over `count` parameters that together have n * n elements.
local function optimiser(name, make, count)
  case(name .. "_" .. count, function(o) return o:step() end, function(randn, n)
    local parameters = {}
    for i = 1, count do
      parameters[i] = randn(math.max(1, n * n // count // (count > 10 and 64 or 1))):requires_grad_()
      parameters[i].grad = randn(parameters[i]:size(1))
    end
    return make(parameters)
  end)
end
for _, count in ipairs{4, 50} do
  optimiser("sgd", function(p) return optim.SGD(p, {lr = 1e-3, momentum = 0.9}) end, count)
  optimiser("adam", function(p) return optim.Adam(p, {lr = 1e-3}) end, count)
  optimiser("adamw", function(p) return optim.AdamW(p, {lr = 1e-3}) end, count)
  optimiser("rmsprop", function(p) return optim.RMSprop(p, {lr = 1e-3}) end, count)
  optimiser("adagrad", function(p) return optim.Adagrad(p, {lr = 1e-3}) end, count)
  optimiser("adadelta", function(p) return optim.Adadelta(p) end, count)
  optimiser("nadam", function(p) return optim.NAdam(p, {lr = 1e-3}) end, count)
  optimiser("clip_grad_norm", function(p)
    return {step = function() return nn.utils.clip_grad_norm_(p, 1) end}
  end, count)
end

-- Cells: 32 rows of n features, a quarter of them where there are many.
local function cell(name, make)
  cases[name] = function(n, form)
    local width = n > 512 and n // 4 or n
    local c, x = make(width), normal(form)(32, width)
    return calls(function(v) return (c(v)) end, form, {x})
  end
end
cell("gru_cell", function(n) return nn.GRUCell(n, n) end)
cell("rnn_cell", function(n) return nn.RNNCell(n, n) end)
cell("lstm_cell", function(n) return nn.LSTMCell(n, n) end)

io.stdout:setvbuf("line")
for line in io.lines() do
  local name, form, side, seconds = line:match("^(%S+) (%S+) (%d+) (%S+)$")
  if not name then error("expected: name form side seconds") end
  local ok, run = pcall(function() return cases[name] and cases[name](math.tointeger(side), form) end)
  if ok and run then
    local fine, best, median = pcall(timing, run, tonumber(seconds), 0.002, 3)
    if fine then print(("%.3f %.3f"):format(best, median)) else print("error " .. tostring(best):gsub("\n.*", "")) end
  else
    print(run and "error " .. tostring(run):gsub("\n.*", "") or "missing")
  end
end
