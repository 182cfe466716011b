-- Functions of F that look up vectors and put them together.

local core = require "nnlua.core"
local define = require "nnlua.define"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F
local embedding_sum = core.op "embedding_sum"

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

-- Where each bag begins (from 1), and how many there are.
local function bags_of(a, x)
  if x:dim() == 2 then
    if a.offsets ~= nil then fail.raise("embedding_bag: offsets are for an input of one dimension") end
    local n, each = x:size(1), x:size(2)
    return tensor.arange(n) * each + 1, n
  end
  if x:dim() ~= 1 then fail.raise("embedding_bag: expected input[N] or [B, L], got %s", shape_text(x)) end
  local offsets = a.offsets
  if not tensor.is_tensor(offsets) or offsets:dim() ~= 1 then
    fail.raise("embedding_bag: an input of one dimension needs offsets[B], the place where each bag begins, got %s",
      tensor.is_tensor(offsets) and shape_text(offsets) or fail.show(offsets))
  end
  offsets = offsets:long()
  local n = offsets:size(1)
  if n > 0 and offsets:get(1) ~= 1 then
    fail.raise("embedding_bag: the first offset must be 1 (places count from 1), got %d", offsets:get(1))
  end
  if n > 1 and offsets:diff():lt(0):any() then fail.raise("embedding_bag: offsets must not fall") end
  if n > 0 and offsets:get(n) > x:size(1) + 1 then
    fail.raise("embedding_bag: offset %d is past the end of %d indices", offsets:get(n), x:size(1))
  end
  if not a.include_last_offset then return offsets, n end
  if n < 1 then fail.raise("embedding_bag: include_last_offset needs at least one offset") end
  return offsets:narrow(1, 1, n - 1), n - 1
end

-- Sums or means of bags of one length, whole and unweighted: one reduction of what was looked up.
local function even_bags(a, x, weight)
  if not a.max_norm and not a.scale_grad_by_freq then return embedding_sum(x, weight, a.mode == "mean") end
  local rows = F.embedding(x, weight, {max_norm = a.max_norm, norm_type = a.norm_type,
    scale_grad_by_freq = a.scale_grad_by_freq})
  return rows[a.mode](rows, 2)
end

-- The sum, mean or maximum of the rows [R, D] of each bag; bag [R] counts from 1, a bag without rows is zeros.
local function reduce_bags(mode, rows, bag, n)
  local zeros = tensor.zeros({n, rows:size(2)}, {dtype = rows.dtype})
  if mode == "max" then
    return zeros:scatter_reduce(1, bag:unsqueeze(2):expand(bag:size(1), rows:size(2)), rows, "amax",
      {include_self = false})
  end
  local sums = zeros:index_add(1, bag, rows)
  if mode == "sum" then return sums end
  local counts = tensor.zeros({n}, {dtype = rows.dtype}):index_add(1, bag, tensor.ones({bag:size(1)},
    {dtype = rows.dtype}))
  return sums / counts:clamp(1):unsqueeze(2)
end

local function check_bag(a, x, weight)
  if not ({sum = true, mean = true, max = true})[a.mode] then
    fail.raise("embedding_bag: mode must be 'sum', 'mean' or 'max', got %s", fail.show(a.mode))
  end
  if a.sparse then fail.raise("embedding_bag: sparse gradients are not there; leave sparse out") end
  if weight:dim() ~= 2 then fail.raise("embedding_bag: expected weight[rows, D], got %s", shape_text(weight)) end
  local w = a.per_sample_weights
  if w == nil then return end
  if a.mode ~= "sum" then fail.raise("embedding_bag: per_sample_weights go with mode 'sum' only") end
  if not tensor.is_tensor(w) or tostring(w.shape) ~= tostring(x.shape) then
    fail.raise("embedding_bag: per_sample_weights must have the shape of the input, %s", shape_text(x))
  end
end

--- Sums, means or maxima of bags of embeddings: input [B, L] has a bag a row, input [N] has bags that begin at the
-- places offsets [B] (from 1); weight [rows, D]; result [B, D]. Indices count from 1; those equal to padding_idx are
-- left out. per_sample_weights (mode "sum") scale the vectors. With include_last_offset the last offset is the end.
--     F.embedding_bag(tensor{1, 2, 2}, tensor{{1, 2}, {3, 4}}, tensor{1, 2}, {mode = "sum"})
--     --> {{1, 2}, {6, 8}}
define("embedding_bag", "input weight", "offsets:any?, max_norm:number?, norm_type:number=2, "
  .. "scale_grad_by_freq:bool=false, mode:string=mean, sparse:bool=false, per_sample_weights:any?, "
  .. "include_last_offset:bool=false, padding_idx:int?", function(a, x, weight)
  check_bag(a, x, weight)
  if x:dim() == 2 and a.offsets == nil and not a.padding_idx and not a.per_sample_weights and x:numel() > 0
    and a.mode ~= "max" then return even_bags(a, x, weight) end
  local starts, n = bags_of(a, x)
  local index, scale = x:long():reshape(-1), a.per_sample_weights and a.per_sample_weights:reshape(-1)
  local bag = tensor.bucketize(tensor.arange(index:size(1)) + 1, starts, {right = true}) - 1
  local last = n > 0 and a.include_last_offset and a.offsets:get(n + 1) or index:size(1) + 1
  if last <= index:size(1) then -- what lies behind the end belongs to no bag
    index, bag, scale = index:narrow(1, 1, last - 1), bag:narrow(1, 1, last - 1), scale and scale:narrow(1, 1,
      last - 1)
  end
  if a.padding_idx then
    local padding = a.padding_idx < 0 and weight:size(1) + 1 + a.padding_idx or a.padding_idx
    local kept = index:ne(padding):nonzero():reshape(-1)
    index, bag, scale = index:index_select(1, kept), bag:index_select(1, kept), scale and scale:index_select(1, kept)
  end
  local rows = F.embedding(index, weight, {max_norm = a.max_norm, norm_type = a.norm_type,
    scale_grad_by_freq = a.scale_grad_by_freq})
  if scale then rows = rows * scale:unsqueeze(2) end
  return reduce_bags(a.mode, rows, bag, n)
end)
