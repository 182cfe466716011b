-- nn.utils.parametrize: a parameter that is computed from others whenever it is read. The instance gets a class of
-- its own, whose look-up computes what is parametrized.

local container = require "nnlua.nn.container"
local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor = core.tensor
local parametrize = {}

-- Private key of an instance: parametrized names and their lists.
local LISTS = setmetatable({}, {__name = "parametrized"})

-- What was computed inside of parametrize.cached, by list; nil outside.
local cache

local function shape_text(t) return ("%s [%s]"):format(t.dtype, table.concat({t:size()}, ", ")) end

-- ---- the list -----------------------------------------------------------------------------------------------------

--- What parametrizes one tensor: the parametrizations in order (list[1] is called first) and the tensors that they
-- start from: `original`, or `original0`, `original1`, ... where the first one's right_inverse returns several. Made by
-- nn.utils.parametrize.register_parametrization.
--     local layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
--     nn.is(layer.parametrizations.weight, nn.utils.parametrize.ParametrizationList)
--     --> true
local ParametrizationList = module.class("ParametrizationList", container.ModuleList)
parametrize.ParametrizationList = ParametrizationList

local function keep(self, name, t, like)
  if module.is_parameter(like) then
    self[name] = module.is_parameter(t) and t or module.Parameter(t, like.requires_grad)
  else
    self:register_buffer(name, t)
  end
end

-- The values that the list starts from for a result; nil when a parametrization cannot go back.
local function inverse(self, value)
  local values = table.pack(value)
  for i = #self, 1, -1 do
    local f = self[i].right_inverse
    if f then
      local new = table.pack(f(self[i], table.unpack(values, 1, values.n)))
      if new.n == 0 or new[1] == nil then return nil, i end
      values = new
    end
  end
  return values
end

function ParametrizationList:init(list, original, unsafe)
  container.ModuleList.init(self, list)
  rawset(self, "unsafe", unsafe)
  local values = tensor.no_grad(inverse, self, original) or {n = 1, original}
  rawset(self, "ntensors", values.n)
  if values.n > 1 then
    for i = 1, values.n do keep(self, "original" .. i - 1, values[i]:detach():clone(), original) end
    return
  end
  if values[1].shape == original.shape then
    if values[1] ~= original then tensor.no_grad(function() original:copy_(values[1]) end) end
    keep(self, "original", original, original) -- the same parameter, so that optimisers keep working
  else
    keep(self, "original", values[1]:detach():clone(), original)
  end
end

-- The tensors that the list starts from.
local function originals(self)
  if self.ntensors == 1 then return self.original end
  local list = {}
  for i = 1, self.ntensors do list[i] = self["original" .. i - 1] end
  return table.unpack(list)
end

function ParametrizationList:forward()
  local x = self[1](originals(self))
  for i = 2, #self do x = self[i](x) end
  return x
end

--- Sets the tensors that the list starts from so that its result is (near) this value.
function ParametrizationList:right_inverse(value)
  tensor.no_grad(function()
    for i = 1, #self do
      if not self[i].right_inverse then
        fail.raise("%s has no right_inverse, so that its result cannot be assigned", getmetatable(self[i]).__name)
      end
    end
    local values, at = inverse(self, value)
    if not values then fail.raise("%s cannot be assigned to", getmetatable(self[at]).__name) end
    if values.n ~= self.ntensors then
      fail.raise("right_inverse must return %d tensors, got %d", self.ntensors, values.n)
    end
    local list = {originals(self)}
    for i, t in ipairs(list) do t:copy_(values[i]) end
  end)
end

-- ---- instances ----------------------------------------------------------------------------------------------------

local function lists_of(m) return rawget(m, LISTS) end

local function compute(list)
  if not cache then return list() end
  cache[list] = cache[list] or list()
  return cache[list]
end

-- Gives the instance a class of its own.
local function inject(m)
  local parent = getmetatable(m)
  local class = module.class("Parametrized" .. parent.__name, parent)
  local before, set = class.__index, class.__newindex
  function class.__index(self, key)
    local lists = rawget(self, LISTS)
    local list = lists and lists[key]
    if list then return compute(list) end
    if type(before) == "function" then return before(self, key) end
    return before[key]
  end
  function class.__newindex(self, key, value)
    local lists = rawget(self, LISTS)
    local list = lists and lists[key]
    if list then return list:right_inverse(value) end
    return set(self, key, value)
  end
  rawset(m, LISTS, {})
  setmetatable(m, class)
  m.parametrizations = container.ModuleDict()
end

local function check_result(what, x, y)
  if not tensor.is_tensor(y) then fail.raise("register_parametrization: %s must return a tensor", what) end
  if y.dtype ~= x.dtype or y.shape ~= x.shape then
    fail.raise("register_parametrization: %s makes %s of %s; say unsafe = true where that is wanted", what,
      shape_text(y), shape_text(x))
  end
end

local function check_step(m, name, step)
  local x = m[name]
  local y = step(x)
  check_result("the parametrization", x, y)
  if step.right_inverse then
    local z = step:right_inverse(y)
    if z ~= nil then check_result("its right_inverse", x, z) end
  end
end

local read_register = signature("register_parametrization",
  "module:any, tensor_name:string, parametrization:any, unsafe:bool=false")

--- From now on the parameter or buffer of this name is what the parametrization (a module) makes of the one there was:
-- m[tensor_name] computes it, m.parametrizations[tensor_name].original is what is trained. A second one is applied to
-- the result of the first. If the parametrization has a method right_inverse, assigning to m[tensor_name] goes
-- through it; one that returns several tensors makes several parameters of one. unsafe = true allows another shape or
-- dtype. Returns m.
--     local Symmetric = nn.class("Symmetric")
--     function Symmetric:forward(x) return x:triu() + x:triu(1):t() end
--     local layer = nn.Linear(2, 2)
--     nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
--     layer.weight:equal(layer.weight:t())
--     --> true
function parametrize.register_parametrization(...)
  local a = read_register(...)
  local m, name, step = a.module, a.tensor_name, a.parametrization
  if not module.is_module(m) or not module.is_module(step) then
    fail.raise("register_parametrization: expected a module, a name and a module, got %s, %s, %s", fail.show(m),
      fail.show(name), fail.show(step))
  end
  step:train(m.training)
  if parametrize.is_parametrized(m, name) then
    if not a.unsafe then check_step(m, name, step) end
    lists_of(m)[name]:append(step)
    return m
  end
  local original = rawget(m, name)
  if not tensor.is_tensor(original) then
    fail.raise("register_parametrization: there is no parameter or buffer '%s' in %s", name, getmetatable(m).__name)
  end
  local before = original:detach()
  local list = ParametrizationList({step}, original, a.unsafe)
  if not a.unsafe then check_result("the parametrization", before, list()) end
  module.internal.forget(m, name)
  if not lists_of(m) then inject(m) end
  lists_of(m)[name] = list
  m.parametrizations[name] = list
  return m
end

--- True when the module (or, given a name, that tensor of it) is parametrized.
--     nn.utils.parametrize.is_parametrized(nn.Linear(1, 1))
--     --> false
function parametrize.is_parametrized(m, tensor_name)
  local lists = module.is_module(m) and lists_of(m)
  if not lists then return false end
  if tensor_name == nil then return next(lists) ~= nil end
  return lists[tensor_name] ~= nil
end

--- Takes the parametrizations of a tensor away: the parameter stays as they made it, or with leave_parametrized = false
-- as the original. Returns the module.
--     local layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
--     print(nn.utils.parametrize.remove_parametrizations(layer, "weight"))
--     --> Linear(2, 2)  weight [2, 2], bias [2]: 6 parameters
function parametrize.remove_parametrizations(m, tensor_name, leave_parametrized)
  if type(leave_parametrized) == "table" then leave_parametrized = leave_parametrized.leave_parametrized end
  if not parametrize.is_parametrized(m, tensor_name) then
    fail.raise("remove_parametrizations: '%s' is not parametrized", tostring(tensor_name))
  end
  local list = lists_of(m)[tensor_name]
  if list.ntensors > 1 and leave_parametrized == false then
    fail.raise("remove_parametrizations: '%s' is made of several tensors; it can only stay parametrized", tensor_name)
  end
  local original = list.ntensors == 1 and list.original or list.original0
  local value = leave_parametrized ~= false and tensor.no_grad(function() return m[tensor_name]:clone() end) or original
  lists_of(m)[tensor_name] = nil
  m.parametrizations:pop(tensor_name)
  if value ~= original and value.shape == original.shape then
    tensor.no_grad(function() original:copy_(value) end)
    value = original
  end
  if module.is_parameter(original) then
    m[tensor_name] = module.is_parameter(value) and value or module.Parameter(value, original.requires_grad)
  else
    m:register_buffer(tensor_name, value)
  end
  if next(lists_of(m)) == nil then
    rawset(m, "parametrizations", nil)
    rawset(m, LISTS, nil)
    setmetatable(m, getmetatable(getmetatable(m)).__index)
  end
  return m
end

--- Calls f(...) and returns what it returns; inside, each parametrized tensor is computed once and kept.
--     local layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
--     nn.utils.parametrize.cached(function() return layer.weight == layer.weight end)
--     --> true
function parametrize.cached(f, ...)
  local outer = cache
  cache = cache or {}
  local results = table.pack(pcall(f, ...))
  cache = outer
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

--- The class that the module had before it was parametrized.
--     local layer = nn.utils.parametrizations.weight_norm(nn.Linear(1, 1))
--     nn.utils.parametrize.type_before_parametrizations(layer) == nn.Linear
--     --> true
function parametrize.type_before_parametrizations(m)
  if not lists_of(m) then return getmetatable(m) end
  return getmetatable(getmetatable(m)).__index
end

return parametrize
