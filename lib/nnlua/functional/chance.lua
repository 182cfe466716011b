-- Functions of F that draw random numbers and are compositions. Plain dropout is a row of the engine.

local core = require "nnlua.core"
local define = require "nnlua.define"
local fail = require "nnlua.fail"

local tensor, F = core.tensor, core.F

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

-- Ones and zeros (with probability p) of a shape that broadcasts against x.
local function kept(x, shape, p) return tensor.full(shape, 1 - p, {dtype = x.dtype}):bernoulli() end

-- [N, C, 1, ...] for x [N, C, ...].
local function channels_of(x, single)
  local shape = {x:size()}
  for d = single and 2 or 3, #shape do shape[d] = 1 end
  return shape
end

--- Sets whole channels of [N, C, ...] or [C, ...] to zero with probability p in training and divides the rest by 1 - p:
-- F.dropout1d, F.dropout2d, F.dropout3d by the number of dimensions behind the channels.
--     F.dropout2d(tensor.ones(2, 3, 4, 4), 0.5, false):sum():item()
--     --> 96.0
for n = 1, 3 do
  local name = ("dropout%dd"):format(n)
  define(name, "input", "p:fraction=0.5, training:bool=true, inplace:bool=false", function(a, x)
    if x:dim() ~= n + 2 and x:dim() ~= n + 1 then
      fail.raise("%s: expected %d or %d dimensions, got %s", name, n + 1, n + 2, shape_text(x))
    end
    if not a.training or a.p == 0 then return x end
    local mask = F.dropout(tensor.ones(channels_of(x, x:dim() == n + 1), {dtype = x.dtype}), a.p, true)
    return a.inplace and x:mul_(mask) or x * mask
  end)
end

-- The value of SELU far below zero, which stands for what is dropped.
local LOW = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717

-- Dropped elements become LOW; then scale and shift bring mean and variance back (Klambauer et al. 2017).
local function alpha(a, x, shape)
  if not a.training or a.p == 0 then return x end
  if a.p == 1 then return a.inplace and x:mul_(0) or x * 0 end
  local scale = ((a.p * LOW ^ 2 + 1) * (1 - a.p)) ^ -0.5
  local mask = kept(x, shape, a.p)
  local shift = (1 - mask) * (scale * LOW) - scale * LOW * a.p
  if a.inplace then return x:mul_(mask * scale):add_(shift) end
  return x * (mask * scale) + shift
end

local arguments = "p:fraction=0.5, training:bool=false, inplace:bool=false"

--- Dropout for networks of SELU: keeps mean 0 and variance 1 (Klambauer et al. 2017).
--     F.alpha_dropout(tensor{1, 2}, 0.5)
--     --> {1, 2}
define("alpha_dropout", "input", arguments, function(a, x) return alpha(a, x, {x:size()}) end)

--- alpha_dropout of whole channels of [N, C, ...].
--     F.feature_alpha_dropout(tensor{{1, 2}}, 0.5)
--     --> {{1, 2}}
define("feature_alpha_dropout", "input", arguments, function(a, x)
  if x:dim() < 2 then fail.raise("feature_alpha_dropout: expected [N, C, ...], got %s", shape_text(x)) end
  return alpha(a, x, channels_of(x))
end)

--- Samples of the Gumbel-softmax distribution along dim: softmax((logits + Gumbel noise) / tau) (Jang et al. 2017).
-- With hard = true one-hot vectors whose gradient is that of the soft ones.
--     F.gumbel_softmax(tensor.zeros(2, 3), {hard = true}):sum():item()
--     --> 2.0
define("gumbel_softmax", "logits", "tau:number=1, hard:bool=false, eps:number=1e-10, dim:int=-1", function(a, x)
  local noise = -(-tensor.rand_like(x):clamp(1e-38):log()):clamp(1e-38):log()
  local soft = F.softmax((x + noise) / a.tau, a.dim)
  if not a.hard then return soft end
  local _, at = soft:max(a.dim, true)
  local hard = tensor.zeros_like(soft):scatter(a.dim, at, 1.0)
  return hard - soft:detach() + soft
end)
