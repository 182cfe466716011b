-- Attention layers: MultiheadAttention and the cache of keys and values for decoding. Weights that nobody asks for are
-- never made: the engine's operation ("attention") keeps a tile of them at a time.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local linear = require "nnlua.nn.linear"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F
local attention = core.op("attention")
local is_tensor = tensor.is_tensor
local layers = {}

local function shape_text(x) return is_tensor(x) and "[" .. table.concat({x:size()}, ", ") .. "]" or fail.show(x) end

-- ---- the cache ----------------------------------------------------------------------------------------------------

--- Keys and values of the positions seen so far, for decoding one position (or a few) at a time: `local cache =
-- nn.KVCache()`, then `layer(x, {is_causal = true, cache = cache})` with the new positions only, in any of
-- MultiheadAttention, TransformerEncoder(Layer) and TransformerDecoder(Layer). One cache serves all layers of a model.
-- cache:length() is the number of positions so far (the offset of positional encodings), cache:reset() forgets them,
-- cache:truncate(n) keeps the first n, cache:reorder(indices) takes the given elements of the batch (beam search).
local KVCache = {__name = "KVCache"}
KVCache.__index = KVCache

local function new_cache() return setmetatable({entries = {}, count = 0}, KVCache) end
layers.KVCache = setmetatable({}, {__call = new_cache, __index = KVCache, __name = "class"})

--- Positions seen so far.
function KVCache:length() return self.count end

--- Forgets everything.
function KVCache:reset() self.entries, self.count = {}, 0 end

--- Keeps the first n positions.
function KVCache:truncate(n)
  if math.type(n) ~= "integer" or n < 0 or n > self.count then
    fail.raise("truncate: expected 0 to %d positions, got %s", self.count, fail.show(n))
  end
  for _, entry in pairs(self.entries) do
    if not entry.fixed then entry.length = n end
  end
  self.count = n
end

--- Takes the elements `indices` (a table or tensor, from 1) of the batch, some several times, others not at all.
function KVCache:reorder(indices)
  indices = is_tensor(indices) and indices or tensor(indices, {dtype = "int64"})
  for _, entry in pairs(self.entries) do
    entry.k, entry.v = entry.k:index_select(1, indices), entry.v:index_select(1, indices)
  end
end

-- Room for `length` positions: twice as many as needed, so that a long sequence is copied a few times only.
local function grow(old, like, length, used)
  local n, h, _, d = like:size()
  local new = tensor.empty({n, h, 2 * length, d}, {dtype = like.dtype})
  if old and used > 0 then new:narrow(3, 1, used):copy_(old:narrow(3, 1, used)) end
  return new
end

-- Adds k and v [N, H, L, D] to an entry; returns all so far.
local function extend(entry, k, v)
  local used, total = entry.length, entry.length + k:size(3)
  if entry.k and (entry.k:size(1) ~= k:size(1) or entry.k.dtype ~= k.dtype) then
    fail.raise("KVCache: it holds %s of batch size %d, got %s of %d (cache:reset() begins anew)", entry.k.dtype,
      entry.k:size(1), k.dtype, k:size(1))
  end
  if tensor.is_grad_enabled() then
    if used > 0 then
      k = tensor.cat({entry.k:narrow(3, 1, used), k}, 3)
      v = tensor.cat({entry.v:narrow(3, 1, used), v}, 3)
    end
    entry.k, entry.v, entry.length = k, v, total
    return k, v
  end
  if not entry.k or entry.k:size(3) < total or entry.k.requires_grad then
    entry.k, entry.v = grow(entry.k, k, total, used), grow(entry.v, v, total, used)
  end
  entry.k:narrow(3, used + 1, k:size(3)):copy_(k)
  entry.v:narrow(3, used + 1, v:size(3)):copy_(v)
  entry.length = total
  return entry.k:narrow(3, 1, total), entry.v:narrow(3, 1, total)
end

local function entry_of(cache, key)
  local entry = cache.entries[key]
  if not entry then
    entry = {length = 0}
    cache.entries[key] = entry
  end
  return entry
end

-- ---- masks --------------------------------------------------------------------------------------------------------

local function check_mask(name, mask, ...)
  for _, shape in ipairs {...} do
    local fits = mask:dim() == #shape
    for d = 1, #shape do fits = fits and (mask:size(d) == shape[d] or (#shape == 4 and mask:size(d) == 1)) end
    if fits then return end
  end
  local texts = {}
  for i, shape in ipairs {...} do texts[i] = "[" .. table.concat(shape, ", ") .. "]" end
  fail.raise("MultiheadAttention: expected %s of shape %s, got %s", name, table.concat(texts, " or "), shape_text(mask))
end

-- Numbers to add, from a mask that is true where no attention goes.
local function as_numbers(mask, dtype)
  if mask.dtype ~= "bool" then return mask:to(dtype) end
  return tensor.zeros({mask:size()}, {dtype = dtype}):masked_fill(mask, -math.huge)
end

-- attn_mask and key_padding_mask (both true where no attention goes, or numbers to add) as one mask of the engine's
-- (true where it goes) that broadcasts to [N, H, L, S]; nil for none.
local function join_masks(attn_mask, padding, dtype)
  if not attn_mask and not padding then return nil end
  if attn_mask and padding and attn_mask.dtype == "bool" and padding.dtype == "bool" then
    return tensor.logical_or(attn_mask, padding):logical_not()
  end
  if not (attn_mask and padding) then
    local mask = attn_mask or padding
    return mask.dtype == "bool" and mask:logical_not() or mask:to(dtype)
  end
  return as_numbers(attn_mask, dtype) + as_numbers(padding, dtype)
end

-- ---- MultiheadAttention -------------------------------------------------------------------------------------------

--- Attention of several heads at once (Vaswani et al. 2017): nn.MultiheadAttention(embed_dim, num_heads, {dropout = 0,
-- bias = true, add_bias_kv = false, add_zero_attn = false, kdim = nil, vdim = nil, batch_first = false}).
-- `y, weights = mha(query, key, value, {key_padding_mask = nil, need_weights = true, attn_mask = nil,
-- average_attn_weights = true, is_causal = false, cache = nil})`: query [L, N, E], key [S, N, kdim], value [S, N, vdim]
-- ([N, L, E] ... with batch_first, [L, E] ... without batch), y like query, weights [N, L, S] ([N, H, L, S] without
-- average_attn_weights), nil without need_weights, which is much faster. attn_mask [L, S], [N * H, L, S] or what
-- broadcasts to [N, H, L, S], and key_padding_mask [N, S]: bool, true where attention must not go, or numbers that are
-- added. is_causal: position i sees 1 to i. With a cache (see nn.KVCache) the keys and values of earlier calls count,
-- too.
local MultiheadAttention = module.define("MultiheadAttention", "embed_dim:count, num_heads:count, dropout:fraction=0, "
  .. "bias:bool=true, add_bias_kv:bool=false, add_zero_attn:bool=false, kdim:count?, vdim:count?, "
  .. "batch_first:bool=false, dtype:string?")
layers.MultiheadAttention = MultiheadAttention

function MultiheadAttention:init(...)
  local a = module.configure(self, MultiheadAttention, {bias = true, dtype = true, add_bias_kv = true}, ...)
  local width = a.embed_dim
  if width % a.num_heads ~= 0 then
    fail.raise("MultiheadAttention: embed_dim (%d) must be divisible by num_heads (%d)", width, a.num_heads)
  end
  self.head_dim = width // a.num_heads
  self.kdim, self.vdim = a.kdim or width, a.vdim or width
  if self.kdim == width and self.vdim == width then
    self.in_proj_weight = module.empty_parameter(a.dtype, 3 * width, width)
  else
    self.q_proj_weight = module.empty_parameter(a.dtype, width, width)
    self.k_proj_weight = module.empty_parameter(a.dtype, width, self.kdim)
    self.v_proj_weight = module.empty_parameter(a.dtype, width, self.vdim)
  end
  if a.bias then self.in_proj_bias = module.empty_parameter(a.dtype, 3 * width) end
  self.out_proj = linear.Linear(width, width, {bias = a.bias, dtype = a.dtype})
  if a.add_bias_kv then
    self.bias_k = module.empty_parameter(a.dtype, 1, 1, width)
    self.bias_v = module.empty_parameter(a.dtype, 1, 1, width)
  end
  self:reset_parameters()
end

-- Options that differ from their defaults.
function MultiheadAttention:extra_repr()
  local o = {}
  if self.dropout > 0 then o[#o + 1] = ("dropout = %g"):format(self.dropout) end
  if not self.in_proj_bias then o[#o + 1] = "bias = false" end
  if self.bias_k then o[#o + 1] = "add_bias_kv = true" end
  if self.add_zero_attn then o[#o + 1] = "add_zero_attn = true" end
  if self.kdim ~= self.embed_dim then o[#o + 1] = ("kdim = %d"):format(self.kdim) end
  if self.vdim ~= self.embed_dim then o[#o + 1] = ("vdim = %d"):format(self.vdim) end
  if self.batch_first then o[#o + 1] = "batch_first = true" end
  return ("%d, %d%s"):format(self.embed_dim, self.num_heads, #o > 0 and ", {" .. table.concat(o, ", ") .. "}" or "")
end

--- Draws the projections anew; biases become zero.
function MultiheadAttention:reset_parameters()
  for _, name in ipairs {"in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"} do
    if self[name] then init.xavier_uniform_(self[name]) end
  end
  if self.in_proj_bias then
    init.zeros_(self.in_proj_bias)
    init.zeros_(self.out_proj.bias)
  end
  if self.bias_k then
    init.xavier_normal_(self.bias_k)
    init.xavier_normal_(self.bias_v)
  end
end

local function part(x, first, count, width) return x and x:narrow(1, (first - 1) * width + 1, count * width) end

-- Queries, keys and values [., ., E]; when all are one tensor: that tensor's projections side by side, and nothing.
local function project(self, query, key, value)
  local w, b, e = self.in_proj_weight, self.in_proj_bias, self.embed_dim
  if w and query == key and key == value then return F.linear(query, w, b) end
  local q = F.linear(query, w and part(w, 1, 1, e) or self.q_proj_weight, part(b, 1, 1, e))
  if w and key == value then return q, F.linear(key, part(w, 2, 2, e), part(b, 2, 2, e)):chunk(2, -1) end
  return q, F.linear(key, w and part(w, 2, 1, e) or self.k_proj_weight, part(b, 2, 1, e)),
    F.linear(value, w and part(w, 3, 1, e) or self.v_proj_weight, part(b, 3, 1, e))
end

-- [L, N, E] (or [N, L, E]) as [N, H, L, D].
local function heads(self, x)
  return x:unflatten(-1, {self.num_heads, self.head_dim}):permute(self.batch_first and {1, 3, 2, 4} or {2, 3, 1, 4})
end

-- And back.
local function unheads(self, x)
  return x:permute(self.batch_first and {1, 3, 2, 4} or {3, 1, 2, 4}):flatten(3, 4)
end

-- One more key and value: bias_k and bias_v, zeros.
local function more_keys(self, k, v)
  local seq, batch = self.batch_first and 2 or 1, self.batch_first and 1 or 2
  local n = k:size(batch)
  local function append(x, row)
    local shape = {1, 1, self.embed_dim}
    shape[batch] = n
    return tensor.cat({x, row and row:expand(shape) or tensor.zeros(shape, {dtype = x.dtype})}, seq)
  end
  if self.bias_k then k, v = append(k, self.bias_k), append(v, self.bias_v) end
  if self.add_zero_attn then k, v = append(k), append(v) end
  return k, v
end

-- A mask with columns for the keys that more_keys added: attention goes there.
local function widen(mask, by)
  if not mask or by == 0 then return mask end
  local shape = {mask:size()}
  if shape[#shape] == 1 and #shape == 4 then return mask end
  shape[#shape] = by
  return tensor.cat({mask, tensor.zeros(shape, {dtype = mask.dtype})}, -1)
end

-- True where query i of the last `count` of `total` positions sees a key.
local function causal_mask(count, total)
  return tensor.ones({count, total}, {dtype = "bool"}):tril(total - count)
end

-- Weights asked for: all of them are made.
local function with_weights(self, q, k, v, mask, causal, average)
  local scores = (q * (1 / math.sqrt(self.head_dim))):matmul(k:transpose(-2, -1))
  if causal then
    scores = scores:masked_fill(causal_mask(q:size(3), k:size(3)):logical_not(), -math.huge)
  end
  if mask then
    scores = mask.dtype == "bool" and scores:masked_fill(mask:logical_not(), -math.huge) or scores + mask
  end
  local weights = F.softmax(scores, -1)
  if self.dropout > 0 then weights = F.dropout(weights, self.dropout, self.training) end
  return weights:matmul(v), average and weights:mean(2) or weights
end

local forward_arguments = signature("MultiheadAttention", "key_padding_mask:any?, need_weights:bool=true, "
  .. "attn_mask:any?, average_attn_weights:bool=true, is_causal:bool=false, cache:any?")

local function check_inputs(self, query, key, value)
  for name, x in pairs {query = query, key = key, value = value} do
    local width = name == "query" and self.embed_dim or name == "key" and self.kdim or self.vdim
    if not is_tensor(x) or x:dim() < 2 or x:dim() > 3 or x:size(-1) ~= width or x:dim() ~= query:dim() then
      fail.raise("MultiheadAttention: expected %s %s, got %s", name,
        (self.batch_first and "[N, L, %d] or [L, %d]" or "[L, N, %d] or [L, %d]"):format(width, width), shape_text(x))
    end
  end
  local seq, batch = self.batch_first and 2 or 1, self.batch_first and 1 or 2
  if query:dim() == 2 then seq, batch = 1, nil end
  if key:size(seq) ~= value:size(seq) or (batch and (key:size(batch) ~= query:size(batch)
    or value:size(batch) ~= query:size(batch))) then
    fail.raise("MultiheadAttention: query %s, key %s and value %s do not fit: one batch size, as many keys as values",
      shape_text(query), shape_text(key), shape_text(value))
  end
end

-- The masks of the arguments with their extra columns, joined; n: batch size, l: queries, s: keys of this and earlier
-- calls.
local function masks_of(self, a, n, l, s, by, dtype)
  local attn, padding = a.attn_mask, a.key_padding_mask
  if attn then
    check_mask("attn_mask", attn, {l, s}, {n * self.num_heads, l, s}, {n, self.num_heads, l, s})
    attn = widen(attn, by)
    if attn:dim() == 3 then attn = attn:unflatten(1, {n, self.num_heads}) end
  end
  if padding then
    if padding:dim() == 1 and n == 1 then padding = padding:unsqueeze(1) end
    check_mask("key_padding_mask", padding, {n, s})
    padding = widen(padding, by):unsqueeze(2):unsqueeze(2)
  end
  return join_masks(attn, padding, dtype)
end

-- Keys and values of this and earlier calls as heads.
local function cached(self, a, k, v)
  if not a.cache then return heads(self, k), heads(self, v) end
  local entry = entry_of(a.cache, self)
  entry.fixed = a.fixed
  k, v = extend(entry, heads(self, k), heads(self, v))
  if not a.fixed then a.cache.count = entry.length end
  return k, v
end

local function forward(self, query, key, value, a)
  local seq, batch = self.batch_first and 2 or 1, self.batch_first and 1 or 2
  local n, l, s = query:size(batch), query:size(seq), key:size(seq)
  local entry = a.cache and a.cache.entries[self]
  local dropout, scale = self.training and self.dropout or 0, 1 / math.sqrt(self.head_dim)
  local watched = self.on_weights -- inspect.attention looks at the weights of each head
  local need_weights = a.need_weights or watched ~= nil
  local q, k, v
  if a.fixed and entry then -- keys and values of an unchanging memory were made before
    q = F.linear(query, self.in_proj_weight and part(self.in_proj_weight, 1, 1, self.embed_dim) or self.q_proj_weight,
      part(self.in_proj_bias, 1, 1, self.embed_dim))
    k, v, s = entry.k:narrow(3, 1, entry.length), entry.v:narrow(3, 1, entry.length), entry.length
  else
    q, k, v = project(self, query, key, value)
    if a.cache and not a.fixed and entry then s = s + entry.length end
  end
  local by = (self.bias_k and 1 or 0) + (self.add_zero_attn and 1 or 0)
  if by > 0 and a.cache then fail.raise("MultiheadAttention: add_bias_kv and add_zero_attn do not go with a cache") end
  if not k and (by > 0 or need_weights or a.cache) then q, k, v = q:chunk(3, -1) end
  if by > 0 then k, v = more_keys(self, k, v) end
  local causal = a.is_causal
  local mask = masks_of(self, causal and {key_padding_mask = a.key_padding_mask} or a, n, l, s, by, query.dtype)
  if not k then
    return attention(q, nil, nil, mask, scale, causal, dropout, self.num_heads, self.batch_first)
  end
  if not (need_weights or a.cache) then
    return attention(q, k, v, mask, scale, causal, dropout, self.num_heads, self.batch_first)
  end
  q = heads(self, q)
  if k:dim() == 3 then k, v = cached(self, a, k, v) end
  if causal and k:size(3) - by ~= l then -- the queries are the last positions
    local seen = causal_mask(l, s)
    mask = not mask and seen or mask.dtype == "bool" and tensor.logical_and(mask, seen)
      or mask:masked_fill(seen:logical_not(), -math.huge)
    causal = false
  end
  local y, weights
  if need_weights then
    y, weights = with_weights(self, q, k, v, mask, causal, a.average_attn_weights and not watched)
    if watched then
      watched(weights)
      weights = a.need_weights and (a.average_attn_weights and weights:mean(2) or weights) or nil
    end
  else
    y = attention(q, k, v, mask, scale, causal and l > 1, dropout)
  end
  return unheads(self, y), weights
end

function MultiheadAttention:forward(query, key, value, ...)
  local a = forward_arguments(...)
  check_inputs(self, query, key, value)
  local batch, batched = self.batch_first and 1 or 2, query:dim() == 3
  if not batched then
    local same, kv_same = query == key, key == value
    query = query:unsqueeze(batch)
    key = same and query or key:unsqueeze(batch)
    value = kv_same and key or value:unsqueeze(batch)
  end
  local y, weights = forward(self, query, key, value, a)
  y = self.out_proj(y)
  if not batched then y, weights = y:squeeze(batch), weights and weights:squeeze(1) end
  return y, weights
end

-- For the layers of transformer.lua: attention without weights, y alone. `fixed`: the keys never change (a memory).
function MultiheadAttention:attend(query, key, mask, padding, is_causal, cache, fixed)
  local batch, batched = self.batch_first and 1 or 2, query:dim() == 3
  check_inputs(self, query, key, key)
  if not batched then
    local same = query == key
    query = query:unsqueeze(batch)
    key = same and query or key:unsqueeze(batch)
  end
  local y = forward(self, query, key, key, {need_weights = false, attn_mask = mask, key_padding_mask = padding,
    is_causal = is_causal or false, cache = cache, fixed = fixed})
  y = self.out_proj(y)
  return batched and y or y:squeeze(batch)
end

return layers
