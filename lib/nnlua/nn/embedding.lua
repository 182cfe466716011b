-- Tables of vectors that are looked up by number.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"

local tensor, F = core.tensor, core.F
local layers = {}

--- A vector for each of the numbers 1 to num_embeddings: nn.Embedding(num_embeddings, embedding_dim,
-- {padding_idx = nil}). x any shape of whole numbers from 1, weight [num_embeddings, embedding_dim], result
-- [..., embedding_dim]. The vector of padding_idx starts as zeros and gets no gradient.
local Embedding = module.define("Embedding", "num_embeddings:count, embedding_dim:count, padding_idx:int?, "
  .. "max_norm:number?, norm_type:number=2, scale_grad_by_freq:bool=false, sparse:bool=false, dtype:string?")
layers.Embedding = Embedding

function Embedding:init(...)
  local a = module.configure(self, Embedding, {dtype = true}, ...)
  local padding = a.padding_idx
  if padding then
    if padding < 0 then padding = a.num_embeddings + 1 + padding end
    if padding < 1 or padding > a.num_embeddings then
      fail.raise("Embedding: padding_idx %d is not in 1..%d", a.padding_idx, a.num_embeddings)
    end
    self.padding_idx = padding
  end
  for _, name in ipairs {"sparse", "scale_grad_by_freq"} do
    if a[name] then fail.raise("Embedding: %s gradients are not supported", name) end
  end
  self.weight = module.empty_parameter(a.dtype, a.num_embeddings, a.embedding_dim)
  self:reset_parameters()
end

--- Draws the table anew: normal, zeros for padding_idx.
function Embedding:reset_parameters()
  init.normal_(self.weight)
  if self.padding_idx then
    tensor.no_grad(function() self.weight[self.padding_idx]:fill_(0) end)
  end
end

--- A layer around a given table [num_embeddings, embedding_dim]; freeze = true (the default) keeps it as it is.
function Embedding.from_pretrained(weight, freeze)
  if type(freeze) == "table" then freeze = freeze.freeze end
  local layer = Embedding(weight:size(1), weight:size(2))
  layer.weight = module.Parameter(weight, freeze == false)
  return layer
end

-- Brings rows that are used and longer than max_norm back to that length.
local function renormalise(self, x)
  tensor.no_grad(function()
    local rows = tensor(x:reshape(-1))
    local used = self.weight:index_select(1, rows)
    local lengths = used:abs():pow(self.norm_type):sum(2, {keepdim = true}):pow(1 / self.norm_type)
    local scale = (self.max_norm / (lengths + 1e-7)):clamp(0, 1)
    self.weight:index_copy_(1, rows, used * scale)
  end)
end

function Embedding:forward(x)
  if self.max_norm then renormalise(self, x) end
  return F.embedding(x, self.weight, self.padding_idx)
end

return layers
