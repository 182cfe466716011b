-- Tables of vectors that are looked up by number, one by one or in bags.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"

local tensor, F = core.tensor, core.F
local layers = {}

-- What both layers set up: the table, and padding_idx counted from the start.
local function set_up(self, name, a)
  if a.padding_idx then
    local padding = a.padding_idx < 0 and a.num_embeddings + 1 + a.padding_idx or a.padding_idx
    if padding < 1 or padding > a.num_embeddings then
      fail.raise("%s: padding_idx %d is not in 1..%d", name, a.padding_idx, a.num_embeddings)
    end
    self.padding_idx = padding
  end
  if a.sparse then fail.raise("%s: sparse gradients are not there; leave sparse out", name) end
  if a._weight == nil then
    self.weight = module.empty_parameter(a.dtype, a.num_embeddings, a.embedding_dim)
    self:reset_parameters()
  elseif tensor.is_tensor(a._weight) and a._weight.shape == {a.num_embeddings, a.embedding_dim} then
    self.weight = module.Parameter(a._weight, not a._freeze)
  else
    fail.raise("%s: _weight must be a tensor of shape [%d, %d]", name, a.num_embeddings, a.embedding_dim)
  end
end

local function reset_parameters(self)
  init.normal_(self.weight)
  if self.padding_idx then
    tensor.no_grad(function() self.weight[self.padding_idx]:fill_(0) end)
  end
end

-- A layer of the class around a table, with the other arguments by name.
local function from_pretrained(class, name, arguments, weight, ...)
  if not tensor.is_tensor(weight) or weight:dim() ~= 2 then
    fail.raise("%s.from_pretrained: expected embeddings[rows, D], got %s", name,
      tensor.is_tensor(weight) and "[" .. table.concat({weight:size()}, ", ") .. "]" or fail.show(weight))
  end
  local a = arguments(...)
  local freeze = a.freeze
  a.freeze, a._weight, a.num_embeddings, a.embedding_dim = nil, weight, weight:size(1), weight:size(2)
  local layer = class(a)
  layer.weight.requires_grad = not freeze
  return layer
end

local signature = require "nnlua.signature"
local not_fields = {dtype = true, _weight = true, _freeze = true}

--- A vector for each of the numbers 1 to num_embeddings: nn.Embedding(num_embeddings, embedding_dim,
-- {padding_idx = nil, max_norm = nil, norm_type = 2, scale_grad_by_freq = false}). x any shape of whole numbers from
-- 1, weight [num_embeddings, embedding_dim], result [..., embedding_dim]. The vector of padding_idx starts as zeros
-- and gets no gradient; vectors longer than max_norm (of order norm_type) are cut to it in place when they are used;
-- scale_grad_by_freq divides gradients by how often a number occurs in x.
--     nn.Embedding(10, 4)(tensor{{1, 2}, {10, 1}}).shape
--     --> {2, 2, 4}
local Embedding = module.define("Embedding", "num_embeddings:count, embedding_dim:count, padding_idx:int?, "
  .. "max_norm:number?, norm_type:number=2, scale_grad_by_freq:bool=false, sparse:bool=false, _weight:any?, "
  .. "_freeze:bool=false, dtype:string?")
layers.Embedding = Embedding

function Embedding:init(...) set_up(self, "Embedding", module.configure(self, Embedding, not_fields, ...)) end

--- Draws the table anew: normal, zeros for padding_idx.
Embedding.reset_parameters = reset_parameters

local embedding_options = signature("Embedding.from_pretrained",
  "freeze:bool=true, padding_idx:int?, max_norm:number?, "
  .. "norm_type:number=2, scale_grad_by_freq:bool=false, sparse:bool=false")

--- A layer around a given table [num_embeddings, embedding_dim]; freeze = true (the default) keeps it as it is.
function Embedding.from_pretrained(embeddings, ...)
  return from_pretrained(Embedding, "Embedding", embedding_options, embeddings, ...)
end

function Embedding:forward(x)
  return F.embedding(x, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq)
end

--- Sums, means or maxima of bags of embeddings: nn.EmbeddingBag(num_embeddings, embedding_dim, {max_norm = nil,
-- norm_type = 2, scale_grad_by_freq = false, mode = "mean", include_last_offset = false, padding_idx = nil}), called
-- with x [B, L], or with x [N] and offsets [B], the places (from 1) where the bags begin, and perhaps
-- per_sample_weights of the shape of x (mode "sum"). Result [B, embedding_dim].
--     nn.EmbeddingBag(10, 4)(tensor{1, 2, 10, 1}, tensor{1, 3}).shape
--     --> {2, 4}
local EmbeddingBag = module.define("EmbeddingBag", "num_embeddings:count, embedding_dim:count, max_norm:number?, "
  .. "norm_type:number=2, scale_grad_by_freq:bool=false, mode:string=mean, sparse:bool=false, _weight:any?, "
  .. "include_last_offset:bool=false, padding_idx:int?, dtype:string?")
layers.EmbeddingBag = EmbeddingBag

function EmbeddingBag:init(...) set_up(self, "EmbeddingBag", module.configure(self, EmbeddingBag, not_fields,
  ...)) end

--- Draws the table anew: normal, zeros for padding_idx.
EmbeddingBag.reset_parameters = reset_parameters

local bag_options = signature("EmbeddingBag.from_pretrained",
  "freeze:bool=true, max_norm:number?, norm_type:number=2, "
  .. "scale_grad_by_freq:bool=false, mode:string=mean, sparse:bool=false, include_last_offset:bool=false, "
  .. "padding_idx:int?")

--- A layer around a given table [num_embeddings, embedding_dim]; freeze = true (the default) keeps it as it is.
function EmbeddingBag.from_pretrained(embeddings, ...)
  return from_pretrained(EmbeddingBag, "EmbeddingBag", bag_options, embeddings, ...)
end

local call = signature("EmbeddingBag", "offsets:any?, per_sample_weights:any?")

function EmbeddingBag:forward(x, ...)
  local a = call(...)
  local y = F.embedding_bag(x, self.weight, {offsets = a.offsets, max_norm = self.max_norm, norm_type = self.norm_type,
    scale_grad_by_freq = self.scale_grad_by_freq, mode = self.mode, per_sample_weights = a.per_sample_weights,
    include_last_offset = self.include_last_offset, padding_idx = self.padding_idx})
  return y -- no tail call: errors find the layer on the stack
end

return layers
