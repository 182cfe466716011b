-- Adafactor: an adaptive method whose memory grows with rows plus columns of a matrix. Of optim.lua it knows `define`.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor = core.tensor
local EPSILON <const> = {float32 = 2.0 ^ -23, float64 = 2.0 ^ -52}

-- state = state + weight * (value - state), in place; made of zeros where there is none yet.
local function follow(list, i, value, weight)
  list[i] = list[i] or tensor.zeros_like(value)
  return list[i]:lerp_(value, weight)
end

-- The running mean of squared gradients; of matrices from the means of their rows and columns.
local function variance_of(state, i, grad, weight, least)
  if grad:dim() < 2 then return follow(state.variance, i, grad * grad, weight):clone() end
  local square = grad * grad
  local rows = follow(state.row_var, i, square:mean(-1, true), weight)
  local cols = follow(state.col_var, i, square:mean(-2, true), weight)
  return rows:matmul(cols):div_(rows:mean(-2, true):clamp_(least))
end

local function root_mean_square(x) return math.sqrt((x * x):mean():item()) end

local function update_one(group, state, i, p)
  local grad = group.maximize and -p.grad:detach() or p.grad:detach()
  local step = (state.step[i] or 0) + 1
  state.step[i] = step
  local least = group.eps[1] ~= 0 and group.eps[1] or EPSILON[p.dtype]
  local alpha = math.max(group.eps[2], root_mean_square(p)) * math.min(group.lr, 1 / math.sqrt(step))
  if group.weight_decay ~= 0 then p:mul_(1 - group.lr * group.weight_decay) end
  local update = variance_of(state, i, grad, step ^ group.beta2_decay, least):clamp_(least * least):rsqrt_():mul_(grad)
  p:add_(update, {alpha = -alpha / math.max(1, root_mean_square(update) / group.d)})
end

return function(define, STATE)
  --- Steps as Adam's from the means of the squared gradients' rows and columns alone, of a size relative to the
  -- parameter's (Shazeer and Stern 2018): optim.Adafactor(parameters, {lr = 1e-2, beta2_decay = -0.8,
  -- eps = {nil, 1e-3}, d = 1, weight_decay = 0, maximize = false}); eps[1] is by default the precision of the dtype,
  -- eps[2] the least size of a step in relation to lr.
  --     local w = nn.Parameter(tensor{1, 2})
  --     local opt = optim.Adafactor({w}, {lr = 0.1})
  --     w:square():sum():backward(); opt:step()
  --     w:detach()
  --     --> {0.8419, 1.8419}
  local Adafactor = define("Adafactor", "lr:positive=1e-2, beta2_decay:number=-0.8, eps:table?, d:positive=1, "
    .. "weight_decay:positive=0, maximize:bool=false", {"row_var", "col_var", "variance"}, function(name, o)
    local eps = o.eps or {nil, 1e-3}
    for i = 1, 2 do
      local e = eps[i]
      if (e ~= nil or i == 2) and (type(e) ~= "number" or e < 0) then
        fail.raise("%s: eps must be {nil or a number >= 0, a number >= 0}, got %s at %d", name, fail.show(e), i)
      end
    end
    o.eps = {eps[1] or 0, eps[2]} -- 0: the precision
    if o.d < 1 then fail.raise("%s: d must be at least 1, got %g", name, o.d) end
    if o.beta2_decay > 0 then fail.raise("%s: beta2_decay must be at most 0, got %g", name, o.beta2_decay) end
  end)

  -- The sizes of a state's tensor for a parameter of these sizes.
  function Adafactor.state_sizes(key, sizes)
    if key == "row_var" then sizes[#sizes] = 1 end
    if key == "col_var" then sizes[#sizes - 1] = 1 end
    return sizes
  end


  function Adafactor:update(group)
    tensor.no_grad(function()
      for i, p in ipairs(group.params) do
        if p.grad and p:numel() > 0 then update_one(group, group[STATE], i, p) end
      end
    end)
  end
end
