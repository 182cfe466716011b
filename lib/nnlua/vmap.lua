-- tensor.vmap: a function of single samples becomes one of batches. Inside, a stand-in (a table around a tensor whose
-- first dimension is the batch, hidden) passes for each mapped tensor (vmap/stand_in.lua, vmap/methods.lua); every
-- operation that meets one goes to vmap/calls.lua, and a rule (vmap/rules.lua) runs it once for the whole batch. The
-- rules go by what the registry says of an operation's parameters and by lists; what has no rule runs in a loop over
-- the batch.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"
local arguments = require "nnlua.vmap.arguments"
local calls = require "nnlua.vmap.calls"
local rules = require "nnlua.vmap.rules"
local stand_ins = require "nnlua.vmap.stand_in"
require "nnlua.vmap.methods"

local tensor = core.tensor
local StandIn, levels, results = stand_ins.StandIn, stand_ins.levels, stand_ins.results
local stand_in, is_stand_in, is_mine, with_batch = stand_ins.new, stand_ins.is, stand_ins.is_mine, stand_ins.with_batch

local vmap = {rows = arguments.rows_of, loops = rules.loops}

-- ---- gradients inside ----------------------------------------------------------------------------------------------

local plain_grad = tensor.grad

-- The samples of a batch do not touch each other: the gradient of the sum of their results is that of each.
local function batched_grad(outputs, inputs, options)
  local level, list = #levels, {}
  local is_single = is_stand_in(inputs)
  for i, x in ipairs(is_single and {inputs} or inputs) do
    if not is_mine(x, level) then
      fail.raise("vmap: gradients are by what the function got for each sample; pass the tensor as an argument "
        .. "(with false in in_dims when it is the same for all)")
    end
    list[i] = rawget(x, "value")
  end
  local ys, o = {}, {}
  for i, y in ipairs(is_stand_in(outputs) and {outputs} or outputs) do ys[i] = with_batch(y, level) end
  for key, v in pairs(options or {}) do o[key] = v end
  if o.grad_outputs then
    local given = is_stand_in(o.grad_outputs) and {o.grad_outputs} or o.grad_outputs
    local vs = {}
    for i, v in ipairs(given) do vs[i] = with_batch(v, level) end
    o.grad_outputs = vs
  else
    local ones = {}
    for i, y in ipairs(ys) do
      if y:dim() > 1 and y:numel() ~= y:size(1) then
        fail.raise("grad: a result of shape [%s] for each sample needs grad_outputs",
          table.concat({table.unpack({y:size()}, 2)}, ", "))
      end
      ones[i] = tensor.ones_like(y:detach())
    end
    o.grad_outputs = ones
  end
  return results(level, plain_grad(ys, list, o))
end

-- Stands for tensor.grad while a vmap runs.
local function grad_inside(outputs, ...)
  local inputs, options = ...
  local first = type(outputs) == "table" and not is_stand_in(outputs) and outputs[1] or outputs
  local by = type(inputs) == "table" and not is_stand_in(inputs) and inputs[1] or inputs
  if is_stand_in(first) or is_stand_in(by) then return batched_grad(outputs, inputs, options) end
  return plain_grad(outputs, ...)
end

-- ---- vmap ----------------------------------------------------------------------------------------------------------

-- The batch's place first.
local function batch_first(x, d, i)
  if not tensor.is_tensor(x) then
    fail.raise("vmap: argument %d is %s, so in_dims must be false for it", i, fail.show(x))
  end
  local n = x:dim()
  if math.type(d) ~= "integer" or d == 0 or d > n or d < -n then
    fail.raise("vmap: in_dims is %s for argument %d, which has %d dimensions", tostring(d), i, n)
  end
  return d == 1 and x or x:movedim(d, 1)
end

-- Gives mapped tensors of an argument (a tensor, or a table of them) to f(x, dim).
local function map_tree(v, d, f)
  if d == false or d == nil then return f(v, false) end
  if type(v) == "table" and not is_stand_in(v) and not getmetatable(v) then
    local out = {}
    for key, item in pairs(v) do
      local inner = d
      if type(d) == "table" then inner = d[key] end
      out[key] = map_tree(item, inner, f)
    end
    return out
  end
  return f(v, d)
end

local function in_dim(in_dims, i)
  if type(in_dims) == "table" then
    local d = in_dims[i]
    return d ~= nil and d or false
  end
  return in_dims
end

-- The arguments with stand-ins, and the size of the batch.
local function enter(args, in_dims, level)
  local size
  for i = 1, args.n do
    args[i] = map_tree(args[i], in_dim(in_dims, i), function(x, d)
      if not d then return x end
      local moved = batch_first(x, d, i)
      if size and moved:size(1) ~= size then
        fail.raise("vmap: argument %d has %d samples, those before have %d", i, moved:size(1), size)
      end
      size = moved:size(1)
      return stand_in(moved, level)
    end)
  end
  if not size then fail.raise("vmap: no argument is mapped: in_dims is false for all of them") end
  levels[level].size = size
  for i = 1, args.n do -- what wants a gradient is a leaf for each sample
    if tensor.is_tensor(args[i]) and not is_stand_in(args[i]) and args[i].requires_grad then
      args[i] = stand_in(with_batch(args[i], level), level)
    end
  end
end

local function out_dim(out_dims, k)
  if type(out_dims) == "table" then return out_dims[k] or 1 end
  return out_dims
end

-- Results without stand-ins, the batch where out_dims says.
local function leave(v, d, level)
  if type(v) == "table" and not is_stand_in(v) and not getmetatable(v) then
    local out = {}
    for key, item in pairs(v) do out[key] = leave(item, d, level) end
    return out
  end
  if not tensor.is_tensor(v) then
    fail.raise("vmap: the function must return tensors, it returned %s", fail.show(v))
  end
  local value = with_batch(v, level)
  return d == 1 and value or value:movedim(1, d)
end

local read_options = signature("vmap", "func:callable, in_dims:int|bool|table=1, out_dims:int|table=1, "
  .. "randomness:string=error")

--- A function that does to batches what func does to single samples, in one pass: func sees its arguments without the
-- batch's dimension. in_dims says where that is in each argument: a number for all, or a list with a number or false
-- (not mapped, the same for all samples) for each; out_dims where it goes in the results. Gradients of each sample:
-- tensor.grad inside of func by its arguments, mapped or not. randomness = "different" allows random operations, which
-- then draw for each sample. What needs the numbers of one sample (item, if) cannot be batched; a few operations run in
-- a loop, nnlua.vmap_loops() names them.
--     local dots = tensor.vmap(function(a, b) return a:dot(b) end)
--     dots(tensor{{1, 2}, {3, 4}}, tensor{{1, 1}, {2, 2}})
--     --> {3, 14}
function tensor.vmap(...)
  local o = read_options(...)
  if o.randomness ~= "error" and o.randomness ~= "different" then
    fail.raise("vmap: randomness must be 'error' or 'different', got %s", fail.show(o.randomness))
  end
  return function(...)
    local args, level = table.pack(...), #levels + 1
    levels[level] = {randomness = o.randomness}
    core.set_stand_ins(StandIn, calls.dispatch)
    tensor.grad, tensor.autograd.grad = grad_inside, grad_inside
    local out = table.pack(pcall(function()
      enter(args, o.in_dims, level)
      local found = table.pack(o.func(table.unpack(args, 1, args.n)))
      if found.n == 0 then fail.raise("vmap: the function returned nothing") end
      for k = 1, found.n do found[k] = leave(found[k], out_dim(o.out_dims, k), level) end
      return table.unpack(found, 1, found.n)
    end))
    levels[level] = nil
    if level == 1 then
      core.set_stand_ins()
      tensor.grad, tensor.autograd.grad = plain_grad, plain_grad
    end
    if not out[1] then error(out[2], 0) end
    return table.unpack(out, 2, out.n)
  end
end

-- What a gradient inside of the running vmaps is taken by: x as a leaf (still connected to what x was made of), for
-- each sample its own.
function vmap.leaf(x)
  local level = #levels
  if level > 0 and not is_mine(x, level) then x = stand_in(with_batch(x, level), level) end
  return x.requires_grad and x:view_as(x) or x:detach():requires_grad_()
end

--- The names of the operations that tensor.vmap runs in a loop over the batch, and how many there are in all.
--     local names, n = nnlua.vmap_loops()
--     print(#names <= n / 10)
--     --> true
function vmap.vmap_loops() return vmap.loops() end

return vmap
