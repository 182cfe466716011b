-- tensor.func: gradients as functions of functions, modules called with other parameters: torch.func. Made of
-- tensor.grad and tensor.vmap.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local vmap = require "nnlua.vmap"

local tensor = core.tensor
local func = {}

--- The functions of tensor under their other path: tensor.func.vmap, tensor.func.hessian, tensor.func.vjp,
-- tensor.func.jvp are tensor.vmap, tensor.hessian, tensor.vjp, tensor.jvp.
--     tensor.func.vmap(function(x) return x:sum() end)(tensor{{1, 2}, {3, 4}})
--     --> {3, 7}
for _, name in ipairs {"vmap", "hessian", "vjp", "jvp"} do func[name] = tensor[name] end

-- ---- gradients ----------------------------------------------------------------------------------------------------

-- The argument with leaves in place of its tensors, which are collected in a list with their keys.
local function with_leaves(v, name)
  if tensor.is_tensor(v) then
    local leaf = vmap.leaf(v)
    return leaf, {leaf}
  end
  if type(v) ~= "table" then fail.raise("%s: expected a tensor or a table of them, got %s", name, fail.show(v)) end
  local copy, list, keys = {}, {}, {}
  for key, x in pairs(v) do
    if not tensor.is_tensor(x) then fail.raise("%s: entry '%s' is %s", name, tostring(key), fail.show(x)) end
    copy[key] = vmap.leaf(x)
    list[#list + 1], keys[#keys + 1] = copy[key], key
  end
  return copy, list, keys
end

local function gradient(name, f, argnum, ...)
  local args = table.pack(...)
  local mine, list, keys = with_leaves(args[argnum], name)
  args[argnum] = mine
  local results = table.pack(tensor.enable_grad(f, table.unpack(args, 1, args.n)))
  local found = {tensor.grad(results[1], list, {create_graph = true, materialize_grads = true})}
  if not keys then return found[1], results end
  local by_name = {}
  for i, key in ipairs(keys) do by_name[key] = found[i] end
  return by_name, results
end

local function check_function(name, f)
  if type(f) ~= "function" and not (getmetatable(f) or {}).__call then
    fail.raise("%s: expected a function, got %s", name, fail.show(f))
  end
end

--- The function that gives the gradient of f by its argument argnums (default 1: a tensor, or a table of tensors, for
-- which it is a table with the same keys). f returns one element. Can be nested, and put into vmap for the gradients of
-- each sample.
--     local slope = tensor.func.grad(function(x) return x:pow(3):sum() end)
--     slope(tensor{1, 2})
--     --> {3, 12}
function func.grad(f, argnums)
  check_function("func.grad", f)
  if type(argnums) == "table" then argnums = argnums.argnums end
  return function(...) return (gradient("func.grad", f, argnums or 1, ...)) end
end

--- The same with the value of f behind the gradient.
--     local g, y = tensor.func.grad_and_value(function(x) return x:pow(3):sum() end)(tensor{1, 2})
--     print(g, y:detach())
--     --> {3, 12}	9
function func.grad_and_value(f, argnums)
  check_function("func.grad_and_value", f)
  if type(argnums) == "table" then argnums = argnums.argnums end
  return function(...)
    local g, results = gradient("func.grad_and_value", f, argnums or 1, ...)
    return g, table.unpack(results, 1, results.n)
  end
end

--- The function that gives the Jacobian of f (tensor.jacobian) for its first argument.
--     tensor.func.jacrev(function(x) return x:square() end)(tensor{1, 2})
--     --> {{2, 0}, {0, 4}}
function func.jacrev(f)
  check_function("func.jacrev", f)
  return function(x) return tensor.jacobian(f, x) end
end

-- ---- modules with other parameters --------------------------------------------------------------------------------

-- The module that holds what stands under a path, and its key there.
local function place(net, path)
  local parent, key = path:match("^(.*)%.([^.]+)$")
  local owner = parent and net:get_submodule(parent) or net
  key = key or path
  if rawget(owner, key) == nil and tonumber(key) then key = math.tointeger(tonumber(key)) + 1 end
  if not tensor.is_tensor(rawget(owner, key)) then
    fail.raise("functional_call: the module has no tensor '%s'", path)
  end
  return owner, key
end

--- Calls a module with other tensors in place of its parameters and buffers (a table by their names in the state dict;
-- those that are not named stay): tensor.func.functional_call(net, parameters, x). Gradients go to the given tensors:
-- for a network's weights after a step that is itself differentiated, or for each sample in vmap.
--     local net = nn.Linear(2, 1, {bias = false})
--     tensor.func.functional_call(net, {weight = tensor{{1, 10}}}, tensor{{3, 4}})
--     --> {{43}}
function func.functional_call(net, tensors, ...)
  if not module.is_module(net) then
    fail.raise("functional_call: expected a module, got %s", fail.show(net))
  elseif type(tensors) ~= "table" then
    fail.raise("functional_call: expected a table of tensors by name, got %s", fail.show(tensors))
  end
  local changed = {}
  for path, t in pairs(tensors) do
    if type(path) ~= "string" then
      fail.raise("functional_call: expected tensors by their names, got one at %s", fail.show(path))
    end
    local owner, key = place(net, path)
    changed[#changed + 1] = {owner, key, rawget(owner, key), t}
  end
  for _, c in ipairs(changed) do rawset(c[1], c[2], c[4]) end
  local out = table.pack(pcall(net, ...))
  for _, c in ipairs(changed) do rawset(c[1], c[2], c[3]) end
  if not out[1] then error(out[2], 0) end
  return table.unpack(out, 2, out.n)
end

--- The parameters and the buffers of several modules of one kind as two tables of stacked tensors, for an ensemble by
-- vmap over functional_call.
--     local parameters = tensor.func.stack_module_state({nn.Linear(2, 3), nn.Linear(2, 3)})
--     parameters.weight.shape
--     --> {2, 3, 2}
function func.stack_module_state(models)
  if type(models) ~= "table" or not module.is_module(models[1]) then
    fail.raise("stack_module_state: expected a list of modules, got %s", fail.show(models))
  end
  local function stacked(method)
    local lists, out = {}, {}
    for _, m in ipairs(models) do
      for name, t in m[method](m) do
        lists[name] = lists[name] or {}
        table.insert(lists[name], t:detach())
      end
    end
    for name, list in pairs(lists) do out[name] = tensor.stack(list, 1) end
    return out
  end
  return stacked("named_parameters"), stacked("named_buffers")
end

tensor.func = func

return func
