-- What weight norm and spectral norm share in their older and newer forms: dimensions of a weight.

local conv = require "nnlua.nn.conv"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"

local shapes = {}

--- A dimension from 1, checked.
function shapes.dim_of(what, t, dim)
  local d = dim < 0 and t:dim() + 1 + dim or dim
  if d < 1 or d > t:dim() then
    fail.raise("%s: dimension %d is not in a tensor of %d dimensions", what, dim, t:dim())
  end
  return d
end

--- The norm of each slice of dimension dim, all other dimensions kept with size 1; dim 0: of everything.
function shapes.norm_except(w, dim)
  if dim == 0 then return w:norm(2) end
  local others = {}
  for d = 1, w:dim() do
    if d ~= dim then others[#others + 1] = d end
  end
  return #others > 0 and w:norm(2, others, true) or w:abs()
end

--- The dimension of weight norm; dim = false (or -1), given as 0, is the norm of the whole tensor, as PyTorch's None.
function shapes.weight_norm_dim(what, t, dim)
  if dim == false or dim == -1 then return 0 end
  return shapes.dim_of(what, t, dim)
end

--- w with dim in front and all others as one.
function shapes.as_matrix(w, dim)
  if dim ~= 1 then w = w:movedim(dim, 1) end
  return w:flatten(2)
end

--- True for transposed convolutions, whose outputs are the second dimension of the weight.
function shapes.is_transposed(m)
  for n = 1, 3 do
    if module.is(m, conv[("ConvTranspose%dd"):format(n)]) then return true end
  end
  return false
end

return shapes
