-- How near two inputs are, as layers.

local core = require "nnlua.core"
local module = require "nnlua.nn.module"

local F = core.F
local layers = {}

--- The cosine of the angle between x1 and x2 along dim: nn.CosineSimilarity({dim = 2, eps = 1e-8}).
--     nn.CosineSimilarity()(tensor{{3, 4}}, tensor{{4, 3}})
--     --> {0.96}
local CosineSimilarity = module.define("CosineSimilarity", "dim:int=2, eps:positive=1e-8")
layers.CosineSimilarity = CosineSimilarity

function CosineSimilarity:init(...) module.configure(self, CosineSimilarity, nil, ...) end

function CosineSimilarity:forward(x1, x2) return (F.cosine_similarity(x1, x2, self.dim, self.eps)) end

--- The p-norm of x1 - x2 along the last dimension: nn.PairwiseDistance({p = 2, eps = 1e-6, keepdim = false}).
--     nn.PairwiseDistance()(tensor{{3, 4}}, tensor{{0, 0}})
--     --> {5}
local PairwiseDistance = module.define("PairwiseDistance", "p:number=2, eps:positive=1e-6, keepdim:bool=false")
layers.PairwiseDistance = PairwiseDistance

function PairwiseDistance:init(...)
  module.configure(self, PairwiseDistance, nil, ...)
  self.norm = self.p
end

function PairwiseDistance:forward(x1, x2) return (F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)) end

return layers
