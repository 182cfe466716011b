-- Which operation goes which way under vmap.

local core = require "nnlua.core"
local arguments = require "nnlua.vmap.arguments"
local stand_ins = require "nnlua.vmap.stand_in"
local general = require "nnlua.vmap.ways"

local tensor = core.tensor
local rows_of, run = arguments.rows_of, arguments.run
local stand_in, is_mine, results = stand_ins.new, stand_ins.is_mine, stand_ins.results
local with_batch, rank_of = stand_ins.with_batch, stand_ins.rank_of
local LOOP, along, elementwise, reshaping = general.LOOP, general.along, general.elementwise, general.reshaping
local shifted, shifted_dim = general.shifted, general.shifted_dim
local losses = require "nnlua.vmap.losses"
local products = require "nnlua.vmap.products"
local shapes = require "nnlua.vmap.shapes"

local ways = {}

local function assign(way, names)
  for name in names:gmatch("%S+") do ways[name] = way end
end

assign(elementwise, [[
  exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh asinh acosh atanh sqrt rsqrt reciprocal erf
  erfc erfinv neg abs square sign floor ceil trunc frac round relu sigmoid tanh leaky_relu elu threshold clamp clip
  clamp_min clamp_max gelu silu softplus mish logsigmoid relu6 hardtanh hardsigmoid hardswish softsign tanhshrink selu
  isnan isinf isfinite logical_not bitwise_not clone contiguous to detach zeros_like ones_like empty_like full_like
  rand_like randn_like bernoulli dropout fill zero masked_fill lerp addcmul addcdiv nan_to_num celu hardshrink
  softshrink one_hot lgamma digamma polygamma mvlgamma i0 i0e i1 i1e ndtr ndtri log_ndtr erfcx sinc logit xlogy xlog1py
  gammaln gammainc gammaincc heaviside copysign nextafter logaddexp logaddexp2 rad2deg deg2rad positive absolute
  negative signbit sgn isposinf isneginf isreal ldexp float_power fmax fmin entr expit psi zeta bessel_j0 bessel_j1
  igamma igammac cauchy exponential geometric log_normal random uniform normal randint_like _standard_gamma
  subtract multiply rsub multigammaln fix arctan arcsin arccos arcsinh arccosh arctanh arctan2 not_equal
  greater greater_equal less less_equal poisson binomial isclose gcd lcm
  bitwise_left_shift bitwise_right_shift standard_gamma angle frexp]])
assign(along, [[
  softmax log_softmax softmin cumsum cumprod cummax cummin logcumsumexp sort argsort topk kthvalue unsqueeze transpose
  swapaxes swapdims movedim moveaxis select narrow unbind chunk split tensor_split diff tril triu gather
  scatter scatter_add scatter_reduce cat concat stack unflatten diag_embed concatenate]])
assign(general.reduction, [[
  sum mean prod amax amin max min argmax argmin all any count_nonzero var std logsumexp nansum nanmean mode median
  nanmedian aminmax var_mean std_mean]])
assign(reshaping, "view reshape")
assign(general.expanding, "expand broadcast_to")
assign(products.matmul, "matmul mm bmm mv dot vdot")
-- Matrices with batches of the same kind in front.
local function linalg(row, values, level)
  local ranks = {}
  for _, v in pairs(values) do
    if tensor.is_tensor(v) then ranks[#ranks + 1] = rank_of(v, level) end
  end
  local least, most = math.min(table.unpack(ranks)), math.max(table.unpack(ranks))
  if least > 1 and least ~= most then return LOOP end
  if row.base == "qr" and values.mode == "r" then return LOOP end
  return along(row, values, level)
end

assign(linalg, [[cdist
  inv inverse det slogdet logdet solve cholesky cholesky_ex cholesky_solve cholesky_inverse qr svd svdvals eigh eigvalsh
  eig eigvals pinv pinverse matrix_power matrix_exp lu_factor lu_factor_ex lu lu_solve solve_triangular triangular_solve
  matrix_rank lu_unpack householder_product cond inv_ex solve_ex ldl_factor vander]])
assign(general.only_first, "layer_norm rms_norm embedding bucketize")
assign(losses.elementwise, [[
  mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div]])
assign(losses.class, "cross_entropy nll_loss")
for n = 1, 3 do
  local names = [[convNd conv_transposeNd max_poolNd avg_poolNd adaptive_avg_poolNd adaptive_max_poolNd]]
  assign(general.folded(n + 1), (names:gsub("N", tostring(n))))
end
assign(general.folded(-1), "interpolate")
local unfold_blocks = general.folded(3)
assign(function(row, values, level)
  if row.name == "unfold.windows" then return along(row, values, level) end
  return unfold_blocks(row, values, level)
end, "unfold")
assign(general.folded(2), "fold")
for name, way in pairs(products.others) do ways[name] = way end
for name, way in pairs(shapes) do ways[name] = way end

-- With an index that is the same for all samples.
local function by_index(row, values, level)
  if is_mine(values.index, level) or tensor.is_tensor(values.value) then return LOOP end
  if rank_of(values.input, level) == 0 then return LOOP end
  local new = {}
  for _, p in ipairs(row.params) do
    local v = values[p.name]
    if p.name == "dim" then
      new.dim = shifted(v)
    elseif p.name ~= "index" and general.is_tensor_kind(p) and tensor.is_tensor(v) then
      new[p.name] = with_batch(v, level)
    else
      new[p.name] = v
    end
  end
  return results(level, run(row, new))
end
assign(by_index, "index_select index_add index_copy index_fill")

-- Norms over all elements of a sample, or along dimensions.
local function norms(row, values, level)
  if values.dim ~= nil then return along(row, values, level) end
  local name = row.params[1].name
  if not is_mine(values[name], level) then return LOOP end
  local x = rawget(values[name], "value")
  if row.base == "norm" and (row.flags.linalg and values.ord ~= nil or type(values.p) == "string") then return LOOP end
  local new = {}
  for key, v in pairs(values) do new[key] = v end
  new[name], new.dim = x:reshape({x:size(1), -1}), {2}
  return results(level, run(row, new))
end
assign(norms, "norm vector_norm")

-- Two dimensions that have defaults of their own.
local function on_diagonal(row, values, level)
  local x, d1, d2 = rawget(values[row.params[1].name], "value"), 1, 2
  if row.flags.linalg then d1, d2 = -2, -1 end
  return stand_in(x:diagonal(values.offset or 0, shifted_dim(values.dim1 or d1), shifted_dim(values.dim2 or d2)), level)
end
ways.diagonal = on_diagonal

ways.diag = function(_, values, level)
  local x, offset = values.input, values.diagonal or 0
  if rank_of(x, level) == 1 then return tensor.diag_embed(x, offset) end
  return x:diagonal(offset)
end

-- Fresh tensors of a sample's dtype.
ways.new_zeros = function(row, values, level) return reshaping(row, values, level) end
ways.new_ones, ways.new_full = ways.new_zeros, ways.new_zeros

-- Results whose sizes hang on the numbers.
local uneven = {masked_select = true, masked_scatter = true, index_put = true}

-- The way of an operation, nil for a loop.
local function way_of(base)
  if uneven[base] then return nil end
  if ways[base] then return ways[base] end
  for _, row in ipairs(rows_of[base] or {}) do
    if row.flags.broadcasts then return elementwise end
  end
end

-- The names of operations that vmap runs in a loop over the batch, and how many there are in all.
local function loops()
  local list, n = {}, 0
  for base, rows in pairs(rows_of) do
    local takes_tensors = false
    for _, row in ipairs(rows) do
      for _, p in ipairs(row.params) do
        takes_tensors = takes_tensors or p.kind == "tensor" or p.kind == "tensors" or p.kind == "indices"
      end
    end
    if takes_tensors then
      n = n + 1
      if not way_of(base) then list[#list + 1] = base end
    end
  end
  table.sort(list)
  return list, n
end

return {way_of = way_of, loops = loops}
