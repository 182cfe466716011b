-- Positional encodings: what tells an attention layer where in a sequence its inputs stand.

local core = require "nnlua.core"
local dropout = require "nnlua.nn.dropout"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor = core.tensor
local layers = {}

local offset_arguments = signature("positional encoding", "offset:amount=0")

-- Rows offset + 1 .. offset + n of a table of positions.
local function rows_of(name, positions, n, offset)
  if offset + n > positions:size(1) then
    fail.raise("%s: positions up to %d are needed, but max_len is %d", name, offset + n, positions:size(1))
  end
  return positions:narrow(1, offset + 1, n)
end

-- x plus the rows for its positions; x [L, N, E], [N, L, E] with batch_first, or [L, E].
local function add_positions(self, name, positions, x, ...)
  local a = offset_arguments(...)
  if not tensor.is_tensor(x) or x:dim() < 2 or x:dim() > 3 or x:size(-1) ~= positions:size(2) then
    fail.raise("%s: expected [%s, %d], got %s", name, self.batch_first and "N, L" or "L, N", positions:size(2),
      tensor.is_tensor(x) and "[" .. table.concat({x:size()}, ", ") .. "]" or fail.show(x))
  end
  local along = x:dim() == 3 and self.batch_first and 2 or 1
  local rows = rows_of(name, positions, x:size(along), a.offset)
  if x:dim() == 3 and along == 1 then rows = rows:unsqueeze(2) end
  local y = x + rows
  return self.drop and self.drop(y) or y
end

--- Adds sine and cosine waves of the position, of wave lengths from 2 pi to 10000 * 2 pi (Vaswani et al. 2017):
-- nn.SinusoidalPositionalEncoding(d_model, {max_len = 5000, dropout = 0, batch_first = false}).
-- `y = encoding(x, {offset = 0})`, x and y [L, N, d_model] ([N, L, d_model] with batch_first); the first position
-- counts as offset + 1, with offset = cache:length() when decoding with a cache.
local Sinusoidal = module.define("SinusoidalPositionalEncoding",
  "d_model:count, max_len:count=5000, dropout:fraction=0, batch_first:bool=false")
layers.SinusoidalPositionalEncoding = Sinusoidal

function Sinusoidal:init(...)
  local a = module.configure(self, Sinusoidal, {dropout = true}, ...)
  if a.dropout > 0 then self.drop = dropout.Dropout(a.dropout) end
end

-- The waves [max_len, d_model], kept in the dtype that was last used: no buffer, so that none of its digits are lost
-- when the module's dtype changes.
local function waves_of(self, dtype)
  local kept = rawget(self, "kept")
  if kept and kept.dtype == dtype then return kept end
  local half = (self.d_model + 1) // 2
  local rate = (tensor.arange(half, {dtype = "float64"}) * (-2 * math.log(10000.0) / self.d_model)):exp()
  local angle = tensor.arange(self.max_len, {dtype = "float64"}):unsqueeze(2) * rate
  local waves = tensor.stack({angle:sin(), angle:cos()}, 3):flatten(2, 3):narrow(2, 1, self.d_model)
  kept = waves:contiguous():to(dtype)
  rawset(self, "kept", kept)
  return kept
end

function Sinusoidal:forward(x, ...)
  local dtype = tensor.is_tensor(x) and x.dtype or "float32"
  return add_positions(self, "SinusoidalPositionalEncoding", waves_of(self, dtype), x, ...)
end

--- Adds a learned vector for each position: nn.LearnedPositionalEncoding(max_len, d_model, {dropout = 0,
-- batch_first = false}), parameter weight [max_len, d_model]. Called as nn.SinusoidalPositionalEncoding is.
local Learned = module.define("LearnedPositionalEncoding",
  "max_len:count, d_model:count, dropout:fraction=0, batch_first:bool=false, dtype:string?")
layers.LearnedPositionalEncoding = Learned

function Learned:init(...)
  local a = module.configure(self, Learned, {dropout = true, dtype = true}, ...)
  if a.dropout > 0 then self.drop = dropout.Dropout(a.dropout) end
  self.weight = module.empty_parameter(a.dtype, a.max_len, a.d_model)
  self:reset_parameters()
end

--- Draws the vectors anew: normal with standard deviation 0.02.
function Learned:reset_parameters() init.normal_(self.weight, 0, 0.02) end

function Learned:forward(x, ...) return add_positions(self, "LearnedPositionalEncoding", self.weight, x, ...) end

--- Turns pairs of numbers of queries and keys by angles that grow with the position, so that their products depend on
-- the distance (Su et al. 2021): nn.RotaryEmbedding(dim, {base = 10000, interleaved = false}). `q = rope(q,
-- {offset = 0})`, q [..., L, dim] with dim even, the position along the last dimension but one. Pairs are i and
-- i + dim / 2, with interleaved = true neighbours.
local Rotary = module.define("RotaryEmbedding", "dim:count, base:positive=10000, interleaved:bool=false")
layers.RotaryEmbedding = Rotary

function Rotary:init(...)
  local a = module.configure(self, Rotary, nil, ...)
  if a.dim % 2 ~= 0 then fail.raise("RotaryEmbedding: dim must be even, got %d", a.dim) end
end

-- cos and sin [last - first, dim / 2] of the angles, kept for the next call.
local function angles(self, offset, n, dtype)
  local kept = rawget(self, "kept")
  if not kept or kept.dtype ~= dtype or kept.n < offset + n then
    local half, count = self.dim // 2, math.max(offset + n, kept and kept.dtype == dtype and 2 * kept.n or 0)
    local rate = (tensor.arange(half, {dtype = "float64"}) * (-math.log(self.base) / half)):exp()
    local angle = tensor.arange(count, {dtype = "float64"}):unsqueeze(2) * rate
    kept = {dtype = dtype, n = count, cos = angle:cos():to(dtype), sin = angle:sin():to(dtype)}
    rawset(self, "kept", kept)
  end
  return kept.cos:narrow(1, offset + 1, n), kept.sin:narrow(1, offset + 1, n)
end

function Rotary:forward(x, ...)
  local a = offset_arguments(...)
  if not tensor.is_tensor(x) or x:dim() < 2 or x:size(-1) ~= self.dim then
    fail.raise("RotaryEmbedding: expected [..., L, %d], got %s", self.dim,
      tensor.is_tensor(x) and "[" .. table.concat({x:size()}, ", ") .. "]" or fail.show(x))
  end
  local cos, sin = angles(self, a.offset, x:size(-2), x.dtype)
  local first, second
  if self.interleaved then
    local pairs_of = x:unflatten(-1, {-1, 2})
    first, second = pairs_of:select(-1, 1), pairs_of:select(-1, 2)
    return tensor.stack({first * cos - second * sin, second * cos + first * sin}, -1):flatten(-2, -1)
  end
  first, second = x:chunk(2, -1)
  return tensor.cat({first * cos - second * sin, second * cos + first * sin}, -1)
end

--- A learned number for each head and distance between query and key, to be added to the scores (Raffel et al. 2020):
-- nn.RelativePositionBias(num_heads, {num_buckets = 32, max_distance = 128, bidirectional = true}), parameter weight
-- [num_buckets, num_heads]. `bias = rpb(queries, keys)` is [1, num_heads, queries, keys], a mask for
-- F.scaled_dot_product_attention and nn.MultiheadAttention; the last query stands at the last key. Near distances have
-- buckets of their own, farther ones share them by their logarithm up to max_distance. For decoders: bidirectional =
-- false.
local Relative = module.define("RelativePositionBias",
  "num_heads:count, num_buckets:count=32, max_distance:count=128, bidirectional:bool=true, dtype:string?")
layers.RelativePositionBias = Relative

function Relative:init(...)
  local a = module.configure(self, Relative, {dtype = true}, ...)
  self.weight = module.empty_parameter(a.dtype, a.num_buckets, a.num_heads)
  self:reset_parameters()
end

--- Draws the numbers anew: normal.
function Relative:reset_parameters() init.normal_(self.weight) end

-- The bucket (from 1) of the distance key - query.
local function bucket(self, distance)
  local count, first = self.num_buckets, 1
  if self.bidirectional then
    count = count // 2
    if distance > 0 then first = first + count end
    distance = math.abs(distance)
  else
    distance = math.max(-distance, 0)
  end
  local exact = count // 2
  if distance < exact then return first + distance end
  local far = exact + math.floor(math.log(distance / exact) / math.log(self.max_distance / exact) * (count - exact))
  return first + math.min(far, count - 1)
end

function Relative:forward(queries, keys)
  keys = keys or queries
  if math.type(queries) ~= "integer" or math.type(keys) ~= "integer" or queries < 1 or keys < queries then
    fail.raise("RelativePositionBias: expected numbers of queries and keys with queries <= keys, got %s and %s",
      fail.show(queries), fail.show(keys))
  end
  local by_distance = {} -- position d + keys holds the bucket of distance d
  for d = 1 - keys, keys - 1 do by_distance[d + keys] = bucket(self, d) end
  local query = tensor.arange(keys - queries, keys, 1):unsqueeze(2)
  local distance = (tensor.arange(keys) - query + keys):to("int64"):reshape(-1)
  local buckets = tensor(by_distance, {dtype = "int64"}):index_select(1, distance)
  return self.weight:index_select(1, buckets):unflatten(1, {queries, keys}):permute(3, 1, 2):unsqueeze(1)
end

return layers
