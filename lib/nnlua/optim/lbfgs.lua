-- L-BFGS: quasi-Newton steps from the last gradients, with a line search that fulfils the strong Wolfe conditions
-- (Nocedal and Wright 2006, algorithms 7.4 and 3.5). Works on all parameters as one long vector. Given the maker of
-- classes, so that it knows nothing of groups and options.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor = core.tensor

-- ---- parameters as one vector -------------------------------------------------------------------------------------

local function flat_gradient(params)
  local parts = {}
  for i, p in ipairs(params) do
    parts[i] = p.grad and p.grad:detach():reshape(-1) or tensor.zeros(p:numel(), {dtype = p.dtype})
  end
  return #parts == 1 and parts[1]:clone() or tensor.cat(parts, 1)
end

-- params += t * direction
local function move(params, t, direction)
  local first = 1
  for _, p in ipairs(params) do
    local n = p:numel()
    if n > 0 then p:add_(direction:narrow(1, first, n):view_as(p), {alpha = t}) end
    first = first + n
  end
end

local function copies(params)
  local list = {}
  for i, p in ipairs(params) do list[i] = p:detach():clone() end
  return list
end

local function dot(a, b) return a:dot(b):item() end

local function largest(x) return x:abs():max():item() end

-- ---- the line search ----------------------------------------------------------------------------------------------

-- The minimum of the cubic through two points with values f and slopes g, within bounds.
local function cubic_minimum(x1, f1, g1, x2, f2, g2, low, high)
  if not low then low, high = math.min(x1, x2), math.max(x1, x2) end
  local d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
  local square = d1 * d1 - g1 * g2
  if square < 0 or square ~= square then return (low + high) / 2 end
  local d2 = math.sqrt(square)
  local x
  if x1 <= x2 then
    x = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
  else
    x = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
  end
  return math.min(math.max(x, low), high)
end

local C1 <const>, C2 <const> = 1e-4, 0.9 -- of the Wolfe conditions: enough descent, a flat enough slope

-- A point on the line: how far, value, gradient, slope.
local function point(t, f, g, slope) return {t = t, f = f, g = g, slope = slope} end

-- Goes outwards until the minimum lies between two points (or one is good): those points, whether the first is good,
-- and how many steps that took.
local function bracket(evaluate, start, t, most)
  local before, here, n = start, evaluate(t), 0
  while n < most do
    if here.f > start.f + C1 * here.t * start.slope or (n > 1 and here.f >= before.f) then
      return {before, here}, false, n
    elseif math.abs(here.slope) <= -C2 * start.slope then
      return {here}, true, n
    elseif here.slope >= 0 then
      return {before, here}, false, n
    end
    local low, high = here.t + 0.01 * (here.t - before.t), here.t * 10
    local next_t = cubic_minimum(before.t, before.f, before.slope, here.t, here.f, here.slope, low, high)
    before, here, n = here, evaluate(next_t), n + 1
  end
  return {start, here}, false, n
end

-- A place inside of the bracket that is not too near to its ends: t and whether the last step made little progress.
local function inside(t, a, b, stalled)
  local low, high = math.min(a, b), math.max(a, b)
  local margin = 0.1 * (high - low)
  if math.min(high - t, t - low) >= margin then return t, false end
  if not (stalled or t >= high or t <= low) then return t, true end
  return math.abs(t - high) < math.abs(t - low) and high - margin or low + margin, false
end

-- Narrows the bracket down to a point that fulfils the conditions. Returns it.
local function zoom(evaluate, start, points, n, most, size, tolerance)
  local low, high = 1, 2
  if points[1].f > points[2].f then low, high = 2, 1 end
  local done, stalled = false, false
  while not done and n < most do
    local a, b = points[1], points[2]
    if math.abs(b.t - a.t) * size < tolerance then break end
    local t
    t, stalled = inside(cubic_minimum(a.t, a.f, a.slope, b.t, b.f, b.slope), a.t, b.t, stalled)
    local here = evaluate(t)
    n = n + 1
    if here.f > start.f + C1 * t * start.slope or here.f >= points[low].f then
      points[high] = here
      if points[1].f <= points[2].f then low, high = 1, 2 else low, high = 2, 1 end
    else
      if math.abs(here.slope) <= -C2 * start.slope then
        done = true
      elseif here.slope * (points[high].t - points[low].t) >= 0 then
        points[high] = points[low]
      end
      points[low] = here
    end
  end
  return points[low]
end

-- From start along a direction whose largest element is size, first trial t. Returns a point.
local function strong_wolfe(evaluate, start, t, size, most, tolerance)
  local points, good, n = bracket(evaluate, start, t, most)
  if good then return points[1] end
  return zoom(evaluate, start, points, n, most, size, tolerance)
end

-- ---- the method ---------------------------------------------------------------------------------------------------

-- Takes the last step into the memory: y is the change of the gradient, s that of the parameters.
local function remember(state, gradient, history_size)
  local y, s = gradient - state.prev_flat_grad, state.d * state.t
  local ys = dot(y, s)
  if ys <= 1e-10 then return end
  if #state.old_dirs == history_size then
    for _, list in ipairs {state.old_dirs, state.old_stps, state.ro} do table.remove(list, 1) end
  end
  table.insert(state.old_dirs, y)
  table.insert(state.old_stps, s)
  table.insert(state.ro, 1 / ys)
  state.H_diag = ys / dot(y, y)
end

-- Minus the gradient times the inverse Hessian that the memory stands for (two loops).
local function direction(state, gradient)
  local r, al = -gradient, {}
  for i = #state.old_dirs, 1, -1 do
    al[i] = dot(state.old_stps[i], r) * state.ro[i]
    r:add_(state.old_dirs[i], {alpha = -al[i]})
  end
  r:mul_(state.H_diag)
  for i = 1, #state.old_dirs do
    r:add_(state.old_stps[i], {alpha = al[i] - dot(state.old_dirs[i], r) * state.ro[i]})
  end
  return r
end

return function(define)
  --- L-BFGS: optim.LBFGS(parameters, {lr = 1, max_iter = 20, max_eval = nil, tolerance_grad = 1e-7,
  -- tolerance_change = 1e-9, history_size = 100, line_search_fn = nil}). opt:step(closure) makes up to max_iter
  -- iterations and calls the closure, which zeroes the gradients, computes the loss, calls backward and returns it, as
  -- often as it needs (max_eval, max_iter * 5 // 4 unless given). line_search_fn = "strong_wolfe" searches along each
  -- direction. One group of parameters only.
  --     local x = nn.Parameter(tensor{3, -2})
  --     local opt = optim.LBFGS({x}, {line_search_fn = "strong_wolfe"})
  --     opt:step(function()
  --       opt:zero_grad()
  --       local loss = ((x - 1) ^ 2):sum()
  --       loss:backward()
  --       return loss
  --     end)
  --     x:detach()
  --     --> {1, 1}
  local LBFGS = define("LBFGS", "lr:positive=1, max_iter:count=20, max_eval:count?, tolerance_grad:positive=1e-7, "
    .. "tolerance_change:positive=1e-9, history_size:count=100, line_search_fn:string?", {}, function(name, o)
    o.max_eval = o.max_eval or o.max_iter * 5 // 4
    if o.line_search_fn and o.line_search_fn ~= "strong_wolfe" then
      fail.raise("%s: line_search_fn must be 'strong_wolfe' or nil, got %s", name, fail.show(o.line_search_fn))
    end
  end)
  LBFGS.whole_state = true -- one state for all parameters, kept with the first

  -- Value, gradient and slope after a step t from where the parameters are, which are put back.
  local function evaluator(params, closure, d)
    local places = copies(params)
    return function(t)
      move(params, t, d)
      local f = closure()
      local g = flat_gradient(params)
      for i, p in ipairs(params) do p:copy_(places[i]) end
      return point(t, f, g, dot(g, d))
    end
  end

  -- The next direction and the first step to try along it.
  local function aim(state, group, gradient)
    state.n_iter = state.n_iter + 1
    if state.n_iter == 1 then
      state.d, state.old_dirs, state.old_stps, state.ro, state.H_diag = -gradient, {}, {}, {}, 1
    else
      remember(state, gradient, group.history_size)
      state.d = direction(state, gradient)
    end
    state.prev_flat_grad = gradient:clone()
    state.t = state.n_iter == 1 and math.min(1, 1 / gradient:abs():sum():item()) * group.lr or group.lr
  end

  --- One step of several iterations; returns the loss at its beginning.
  function LBFGS:step(closure)
    if type(closure) ~= "function" then fail.raise("LBFGS: step needs a function that computes the loss") end
    local group, state = self.param_groups[1], self.whole
    if #self.param_groups ~= 1 then fail.raise("LBFGS: there can be one group of parameters only") end
    local params, evaluations = group.params, 0
    local function value()
      local loss = tensor.enable_grad(closure)
      evaluations, state.func_evals = evaluations + 1, state.func_evals + 1
      return type(loss) == "userdata" and loss:item() or loss, loss
    end
    return tensor.no_grad(function()
      local loss, first = value()
      local gradient = flat_gradient(params)
      local flat = largest(gradient) <= group.tolerance_grad
      for n = 1, flat and 0 or group.max_iter do
        aim(state, group, gradient)
        local before, d = loss, state.d
        local slope = dot(gradient, d)
        if slope > -group.tolerance_change then break end
        if group.line_search_fn then
          local found = strong_wolfe(evaluator(params, value, d), point(0, loss, gradient, slope), state.t,
            largest(d), group.max_eval - evaluations, group.tolerance_change)
          loss, gradient, state.t = found.f, found.g, found.t
          move(params, state.t, d)
        else
          move(params, state.t, d)
          if n < group.max_iter then
            loss = value()
            gradient = flat_gradient(params)
          end
        end
        flat = largest(gradient) <= group.tolerance_grad
        if n == group.max_iter or evaluations >= group.max_eval or flat
          or largest(d) * math.abs(state.t) <= group.tolerance_change
          or math.abs(loss - before) < group.tolerance_change then
          break
        end
      end
      return first
    end)
  end
  return LBFGS
end
