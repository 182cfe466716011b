-- The normal distribution of vectors.

local base = require "nnlua.distributions.base"
local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor, constraints = core.tensor, base.constraints

local class = {event_dims = 1, has_rsample = true, getters = {},
  params = {loc = 1, covariance_matrix = 2, precision_matrix = 2, scale_tril = 2},
  arg_constraints = {loc = constraints.real_vector, covariance_matrix = constraints.positive_definite,
    precision_matrix = constraints.positive_definite, scale_tril = constraints.lower_cholesky}}

local MATRICES <const> = {"covariance_matrix", "scale_tril", "precision_matrix"}

function class:build(a)
  local which
  for _, key in ipairs(MATRICES) do
    if a[key] ~= nil then
      if which then fail.raise("MultivariateNormal: give only one of %s and %s", which, key) end
      which = key
    end
  end
  if not which then fail.raise("MultivariateNormal: give %s", table.concat(MATRICES, ", or ")) end
  base.take(self, a, {"loc", which})
end

function class:setup()
  self.matrix = self.given[2]
  local m, loc = self[self.matrix], self.loc
  if m:size(-1) ~= loc:size(-1) or m:size(-2) ~= loc:size(-1) then
    fail.raise("MultivariateNormal: %s of shape %s doesn't fit loc of shape %s", self.matrix, tostring(m.shape),
      tostring(loc.shape))
  end
end

-- L of a precision matrix P with L L^T = P^-1: the inverse of the Cholesky factor of P turned by 180 degrees, turned
-- back.
local function tril_of_precision(p)
  local turned = tensor.linalg.cholesky(p:flip({-2, -1})):flip({-2, -1}).mT
  return tensor.linalg.solve_triangular(turned, tensor.eye(p:size(-1), {dtype = p.dtype}), {upper = false})
end

function class.getters.scale_tril(self)
  return base.once(self, "computed", function()
    if self.matrix == "covariance_matrix" then return tensor.linalg.cholesky(self.covariance_matrix) end
    return tril_of_precision(self.precision_matrix)
  end)
end

function class.getters.covariance_matrix(self) return self.scale_tril:matmul(self.scale_tril.mT) end
function class.getters.precision_matrix(self) return self.scale_tril:cholesky_inverse() end
function class.getters.mean(self) return self.loc end
function class.getters.mode(self) return self.loc end
function class.getters.variance(self) return self.scale_tril:square():sum(-1) end
function class.getters.support() return constraints.real_vector end

function class:draw(sizes, options)
  local loc = self.loc:expand(self:extended(sizes))
  return loc + self.scale_tril:matmul(tensor.randn_like(loc, options):unsqueeze(-1)):squeeze(-1)
end

local function half_log_det(self) return self.scale_tril:diagonal(0, -2, -1):log():sum(-1) end

function class:log_prob(value)
  value = self:check_value(value)
  local d = (value - self.loc):unsqueeze(-1)
  local z = tensor.linalg.solve_triangular(self.scale_tril, d, {upper = false}):squeeze(-1)
  local k = self.loc:size(-1)
  return (z:square():sum(-1) + k * math.log(2 * math.pi)) * -0.5 - half_log_det(self)
end

function class:entropy() return half_log_det(self) + 0.5 * self.loc:size(-1) * (1 + math.log(2 * math.pi)) end

--- The normal distribution of vectors with mean loc [..., k] and one of covariance_matrix, precision_matrix and
-- scale_tril (lower triangular, its product with its transpose is the covariance), all [..., k, k].
--     local d = tensor.distributions.MultivariateNormal(tensor{0, 0}, tensor{{2, 0}, {0, 3}})
--     print(d.variance)
--     --> {2, 3}
local MultivariateNormal = base.class("MultivariateNormal",
  "loc:any, covariance_matrix:any?, precision_matrix:any?, scale_tril:any?", class)

return {MultivariateNormal = MultivariateNormal}
