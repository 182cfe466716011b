-- Transformer layers, stacks and the encoder-decoder model; positional encodings stand in position.lua.

local core = require "nnlua.core"
local dropout = require "nnlua.nn.dropout"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local linear = require "nnlua.nn.linear"
local attention = require "nnlua.nn.attention"
local module = require "nnlua.nn.module"
local norm = require "nnlua.nn.norm"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F
local layers = {}

-- ---- what encoder and decoder layers share ------------------------------------------------------------------------

local layer_arguments = "d_model:count, nhead:count, dim_feedforward:count=2048, dropout:fraction=0.1, "
  .. "activation:string|callable=relu, layer_norm_eps:positive=1e-5, batch_first:bool=false, norm_first:bool=false, "
  .. "bias:bool=true, dtype:string?"

local function activation_of(name, activation)
  if type(activation) ~= "string" then return activation end
  if activation ~= "relu" and activation ~= "gelu" then
    fail.raise("%s: activation must be 'relu', 'gelu' or a function, got %s", name, fail.show(activation))
  end
  return F[activation]
end

local function mha(a)
  return attention.MultiheadAttention(a.d_model, a.nhead, {dropout = a.dropout, bias = a.bias,
    batch_first = a.batch_first, dtype = a.dtype})
end

-- linear1, dropout, linear2, norms and dropouts, in PyTorch's order of registration.
local function add_parts(self, a, count)
  self.linear1 = linear.Linear(a.d_model, a.dim_feedforward, {bias = a.bias, dtype = a.dtype})
  self.dropout = dropout.Dropout(a.dropout)
  self.linear2 = linear.Linear(a.dim_feedforward, a.d_model, {bias = a.bias, dtype = a.dtype})
  for i = 1, count do
    self["norm" .. i] = norm.LayerNorm(a.d_model, {eps = a.layer_norm_eps, bias = a.bias, dtype = a.dtype})
  end
  for i = 1, count do self["dropout" .. i] = dropout.Dropout(a.dropout) end
end

local fields = {d_model = true, nhead = true, dropout = true, activation = true, bias = true, dtype = true}

-- The sizes stand in the parts below.
local function layer_repr(self)
  local o = {}
  if self.norm_first then o[1] = "norm_first = true" end
  local sizes = ("%d, %d"):format(self.self_attn.embed_dim, self.self_attn.num_heads)
  return o[1] and ("%s, {%s}"):format(sizes, o[1]) or sizes
end

local function feed_forward(self, x, last)
  return last(self.linear2(self.dropout(self.activation(self.linear1(x)))))
end

-- x + f(norm(x)), or norm(x + f(x)).
local function residual(self, norm_layer, x, f)
  if self.norm_first then return x + f(norm_layer(x)) end
  return norm_layer(x + f(x))
end

-- ---- encoder ------------------------------------------------------------------------------------------------------

--- Self-attention and a feed-forward network, each with a residual connection and layer norm (Vaswani et al. 2017):
-- nn.TransformerEncoderLayer(d_model, nhead, {dim_feedforward = 2048, dropout = 0.1, activation = "relu",
-- layer_norm_eps = 1e-5, batch_first = false, norm_first = false, bias = true}). `y = layer(src, {src_mask = nil,
-- src_key_padding_mask = nil, is_causal = false, cache = nil})`, src and y [S, N, E] ([N, S, E] with batch_first);
-- masks as nn.MultiheadAttention has them. activation is "relu", "gelu" or a function.
local EncoderLayer = module.define("TransformerEncoderLayer", layer_arguments)
EncoderLayer.extra_repr = layer_repr
layers.TransformerEncoderLayer = EncoderLayer

function EncoderLayer:init(...)
  local a = module.configure(self, EncoderLayer, fields, ...)
  self.self_attn = mha(a)
  add_parts(self, a, 2)
  self.activation = activation_of("TransformerEncoderLayer", a.activation)
end

local encoder_layer_arguments = signature("TransformerEncoderLayer",
  "src_mask:any?, src_key_padding_mask:any?, is_causal:bool=false, cache:any?")

function EncoderLayer:forward(src, ...)
  local a = encoder_layer_arguments(...)
  local x = residual(self, self.norm1, src, function(x)
    return self.dropout1(self.self_attn:attend(x, x, a.src_mask, a.src_key_padding_mask, a.is_causal, a.cache))
  end)
  return residual(self, self.norm2, x, function(y) return feed_forward(self, y, self.dropout2) end)
end

-- num_layers copies of a layer, and the last norm.
local function init_stack(self, name, layer, num_layers, last)
  if not module.is_module(layer) then fail.raise("%s: expected a layer, got %s", name, fail.show(layer)) end
  self.layers = {}
  for i = 1, num_layers do self.layers[i] = layer:clone() end
  self.num_layers = num_layers
  self.norm = last
end

--- A stack of num_layers copies of an encoder layer: nn.TransformerEncoder(encoder_layer, num_layers, {norm = nil}).
-- `y = encoder(src, {mask = nil, src_key_padding_mask = nil, is_causal = false, cache = nil})`.
local Encoder = module.define("TransformerEncoder", "encoder_layer:any, num_layers:count, norm:any?, "
  .. "enable_nested_tensor:bool=true, mask_check:bool=true")
layers.TransformerEncoder = Encoder

function Encoder:extra_repr() return tostring(self.num_layers) end

function Encoder:init(...)
  local a = Encoder.signature(...)
  init_stack(self, "TransformerEncoder", a.encoder_layer, a.num_layers, a.norm)
end

local encoder_arguments = signature("TransformerEncoder",
  "mask:any?, src_key_padding_mask:any?, is_causal:bool=false, cache:any?")

function Encoder:forward(src, ...)
  local a = encoder_arguments(...)
  local x = src
  for _, layer in ipairs(self.layers) do
    x = layer(x, a.mask, a.src_key_padding_mask, a.is_causal, a.cache)
  end
  return self.norm and self.norm(x) or x
end

-- ---- decoder ------------------------------------------------------------------------------------------------------

--- Self-attention, attention to a memory and a feed-forward network: nn.TransformerDecoderLayer(d_model, nhead, ...),
-- options as nn.TransformerEncoderLayer has them. `y = layer(tgt, memory, {tgt_mask = nil, memory_mask = nil,
-- tgt_key_padding_mask = nil, memory_key_padding_mask = nil, tgt_is_causal = false, memory_is_causal = false,
-- cache = nil})`, tgt and y [T, N, E], memory [S, N, E] ([N, T, E], [N, S, E] with batch_first).
local DecoderLayer = module.define("TransformerDecoderLayer", layer_arguments)
DecoderLayer.extra_repr = layer_repr
layers.TransformerDecoderLayer = DecoderLayer

function DecoderLayer:init(...)
  local a = module.configure(self, DecoderLayer, fields, ...)
  self.self_attn = mha(a)
  self.multihead_attn = mha(a)
  add_parts(self, a, 3)
  self.activation = activation_of("TransformerDecoderLayer", a.activation)
end

local decoder_signature = "tgt_mask:any?, memory_mask:any?, tgt_key_padding_mask:any?, memory_key_padding_mask:any?, "
  .. "tgt_is_causal:bool=false, memory_is_causal:bool=false, cache:any?"
local decoder_layer_arguments = signature("TransformerDecoderLayer", decoder_signature)

function DecoderLayer:forward(tgt, memory, ...)
  local a = decoder_layer_arguments(...)
  local x = residual(self, self.norm1, tgt, function(x)
    return self.dropout1(self.self_attn:attend(x, x, a.tgt_mask, a.tgt_key_padding_mask, a.tgt_is_causal, a.cache))
  end)
  x = residual(self, self.norm2, x, function(y)
    return self.dropout2(self.multihead_attn:attend(y, memory, a.memory_mask, a.memory_key_padding_mask,
      a.memory_is_causal, a.cache, true))
  end)
  return residual(self, self.norm3, x, function(y) return feed_forward(self, y, self.dropout3) end)
end

--- A stack of num_layers copies of a decoder layer: nn.TransformerDecoder(decoder_layer, num_layers, {norm = nil}).
-- Called as nn.TransformerDecoderLayer is.
local Decoder = module.define("TransformerDecoder", "decoder_layer:any, num_layers:count, norm:any?")
layers.TransformerDecoder = Decoder

Decoder.extra_repr = Encoder.extra_repr

function Decoder:init(...)
  local a = Decoder.signature(...)
  init_stack(self, "TransformerDecoder", a.decoder_layer, a.num_layers, a.norm)
end

local decoder_arguments = signature("TransformerDecoder", decoder_signature)

function Decoder:forward(tgt, memory, ...)
  local a = decoder_arguments(...)
  local x = tgt
  for _, layer in ipairs(self.layers) do
    x = layer(x, memory, a.tgt_mask, a.memory_mask, a.tgt_key_padding_mask, a.memory_key_padding_mask,
      a.tgt_is_causal, a.memory_is_causal, a.cache)
  end
  return self.norm and self.norm(x) or x
end

-- ---- the whole ----------------------------------------------------------------------------------------------------

--- The encoder-decoder Transformer (Vaswani et al. 2017): nn.Transformer({d_model = 512, nhead = 8,
-- num_encoder_layers = 6, num_decoder_layers = 6, dim_feedforward = 2048, dropout = 0.1, activation = "relu",
-- custom_encoder = nil, custom_decoder = nil, layer_norm_eps = 1e-5, batch_first = false, norm_first = false,
-- bias = true}). `y = model(src, tgt, {src_mask = nil, tgt_mask = nil, memory_mask = nil, src_key_padding_mask = nil,
-- tgt_key_padding_mask = nil, memory_key_padding_mask = nil, src_is_causal = false, tgt_is_causal = false,
-- memory_is_causal = false})`, src [S, N, E], tgt and y [T, N, E] ([N, S, E] ... with batch_first). Embeddings and
-- positions are the user's business.
local Transformer = module.define("Transformer", "d_model:count=512, nhead:count=8, num_encoder_layers:count=6, "
  .. "num_decoder_layers:count=6, dim_feedforward:count=2048, dropout:fraction=0.1, activation:string|callable=relu, "
  .. "custom_encoder:any?, custom_decoder:any?, layer_norm_eps:positive=1e-5, batch_first:bool=false, "
  .. "norm_first:bool=false, bias:bool=true, dtype:string?")
layers.Transformer = Transformer

function Transformer:extra_repr() return ("{d_model = %d, nhead = %d}"):format(self.d_model, self.nhead) end

function Transformer:init(...)
  local a = Transformer.signature(...)
  self.d_model, self.nhead, self.batch_first = a.d_model, a.nhead, a.batch_first
  local options = {dropout = a.dropout, activation = a.activation, layer_norm_eps = a.layer_norm_eps,
    batch_first = a.batch_first, norm_first = a.norm_first, bias = a.bias, dtype = a.dtype}
  local function last() return norm.LayerNorm(a.d_model, {eps = a.layer_norm_eps, bias = a.bias, dtype = a.dtype}) end
  self.encoder = a.custom_encoder or Encoder(EncoderLayer(a.d_model, a.nhead, a.dim_feedforward, options),
    a.num_encoder_layers, last())
  self.decoder = a.custom_decoder or Decoder(DecoderLayer(a.d_model, a.nhead, a.dim_feedforward, options),
    a.num_decoder_layers, last())
  for _, p in ipairs(self:parameters()) do
    if p:dim() > 1 then init.xavier_uniform_(p) end
  end
end

local transformer_arguments = signature("Transformer", "src_mask:any?, tgt_mask:any?, memory_mask:any?, "
  .. "src_key_padding_mask:any?, tgt_key_padding_mask:any?, memory_key_padding_mask:any?, src_is_causal:bool=false, "
  .. "tgt_is_causal:bool=false, memory_is_causal:bool=false")

function Transformer:forward(src, tgt, ...)
  local a = transformer_arguments(...)
  local memory = self.encoder(src, a.src_mask, a.src_key_padding_mask, a.src_is_causal)
  return self.decoder(tgt, memory, a.tgt_mask, a.memory_mask, a.tgt_key_padding_mask, a.memory_key_padding_mask,
    a.tgt_is_causal, a.memory_is_causal)
end

--- A mask [size, size] of numbers to add: 0 where position i sees position k <= i, -inf elsewhere:
-- nn.Transformer.generate_square_subsequent_mask(size, {dtype = "float32"}).
function Transformer.generate_square_subsequent_mask(size, options)
  if module.is_module(size) then size, options = options, nil end -- called as a method
  local dtype = type(options) == "table" and options.dtype or "float32"
  return tensor.full({size, size}, -math.huge, {dtype = dtype}):triu(1)
end

return layers
