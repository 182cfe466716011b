-- Containers: modules (or parameters) in an order, by position or by name. Position i from 1 is m[i]; in state dicts
-- the first one is "0", as in PyTorch.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"

local rawlen = rawlen
local tensor = core.tensor
local internal = module.internal
local REGISTRY, newindex = internal.REGISTRY, internal.newindex
local call, hooked = internal.call, internal.hooked

local layers = {}

-- ---- what they share ----------------------------------------------------------------------------------------------

-- Items stand at the integer keys 1 to n of the instance itself. registry.label[i] is the name of item i,
-- registry.place[name] its position.
local Container = module.class("Container")

local function registry_of(self)
  local registry = rawget(self, REGISTRY)
  if not registry.label then registry.label, registry.place = {}, {} end
  return registry
end

local slice

function Container.__lookup(class)
  return function(self, key)
    local value = class[key]
    if value ~= nil then return value end
    if math.type(key) == "integer" then
      local n = rawlen(self)
      return key < 0 and rawget(self, n + 1 + key) or nil
    elseif type(key) == "table" then
      return slice(self, key)
    end
    local registry = rawget(self, REGISTRY)
    local place = registry and registry.place and registry.place[key]
    return place and rawget(self, place)
  end
end
Container.__index = Container.__lookup(Container)

local function check_item(self, item)
  local ok = self.holds == "parameter" and module.is_parameter(item) or self.holds ~= "parameter"
    and module.is_module(item)
  if not ok then
    fail.raise("%s: expected a %s, got %s%s", getmetatable(self).__name, self.holds or "module", fail.show(item),
      type(item) == "function" and " (nn.Lambda makes a module of a function)"
      or module.is_class(item) and " (call it to make an instance)" or "")
  end
end

local function add(self, item, name)
  check_item(self, item)
  local registry, i = registry_of(self), rawlen(self) + 1
  name = name or tostring(i - 1)
  if registry.place[name] then fail.raise("%s: the name '%s' is taken", getmetatable(self).__name, name) end
  registry.label[i], registry.place[name] = name, i
  newindex(self, i, item)
end

function Container.__newindex(self, key, value)
  local registry = registry_of(self)
  if math.type(key) == "integer" then
    local n = rawlen(self)
    if key < 0 then key = n + 1 + key end
    if value == nil then
      if key >= 1 and key <= n then self:pop(key) end
    elseif key == n + 1 then
      add(self, value)
    elseif key >= 1 and key <= n then
      check_item(self, value)
      rawset(self, key, value)
      internal.adopt(self, value)
    else
      fail.raise("%s: there is no place %d; it has %d", getmetatable(self).__name, key, n)
    end
  elseif registry.place[key] and value ~= nil then
    check_item(self, value)
    rawset(self, registry.place[key], value)
    internal.adopt(self, value)
  elseif self.named and value ~= nil and (module.is_module(value) or module.is_parameter(value)) then
    add(self, value, key)
  else
    newindex(self, key, value)
  end
end

-- All items and names anew.
local function refill(self, items, names)
  local registry = registry_of(self)
  for i = rawlen(self), 1, -1 do rawset(self, i, nil) end
  registry.label, registry.place = {}, {}
  for i, item in ipairs(items) do add(self, item, names and names[i]) end
end

function Container.__len(self) return rawlen(self) end

--- Adds an item at the end. Returns the container.
function Container:append(item)
  add(self, item)
  return self
end

--- Adds a module under a name at the end, or puts it in the place of the one that has the name.
function Container:add_module(name, item)
  if type(name) ~= "string" or name == "" or name:find(".", 1, true) then
    fail.raise("add_module: expected a name without dots, got %s", fail.show(name))
  end
  local place = registry_of(self).place[name]
  if place then self[place] = item else add(self, item, name) end
end
Container.register_module = Container.add_module

--- Adds the items of a list or of another container. Returns the container.
function Container:extend(items)
  for _, item in ipairs(items) do add(self, item) end
  return self
end

--- Puts an item at place i (from 1); those behind it move up. Returns the container.
function Container:insert(i, item)
  check_item(self, item)
  local n = rawlen(self)
  local at = math.type(i) == "integer" and (i < 0 and n + 1 + i or i) or 0
  if at < 1 or at > n + 1 then fail.raise("insert: there is no place %s; it has %d", fail.show(i), n) end
  local items = table.move(self, 1, n, 1, {})
  table.insert(items, at, item)
  refill(self, items)
  return self
end

--- Takes the item at place i (the last one by default) out and returns it.
function Container:pop(i)
  local n = rawlen(self)
  local registry = registry_of(self)
  if type(i) == "string" then
    if not registry.place[i] then fail.raise("pop: there is no '%s'", i) end
    i = registry.place[i]
  end
  i = i or n
  if i < 0 then i = n + 1 + i end
  if i < 1 or i > n then fail.raise("pop: there is no place %d; it has %d", i, n) end
  local items, names, numbered = table.move(self, 1, n, 1, {}), table.move(registry.label, 1, n, 1, {}), true
  for k, name in ipairs(names) do numbered = numbered and name == tostring(k - 1) end
  local item = table.remove(items, i)
  table.remove(names, i)
  refill(self, items, not numbered and names or nil)
  return item
end

--- Iterates over name and item, in order.
function Container:items()
  local registry, i = registry_of(self), 0
  return function()
    i = i + 1
    local item = rawget(self, i)
    if item ~= nil then return registry.label[i], item end
  end
end

--- The names of the items, in order.
function Container:keys()
  return table.move(registry_of(self).label, 1, rawlen(self), 1, {})
end

--- The items, in order, as an array.
function Container:values() return table.move(self, 1, rawlen(self), 1, {}) end

-- m[{a, b}]: a container of the same class with the items a to b.
function slice(self, range)
  local n = rawlen(self)
  local from, to = range[1] or 1, range[2] or n
  if math.type(from) ~= "integer" or math.type(to) ~= "integer" then
    fail.raise("%s: expected a place or {from, to}, got %s", getmetatable(self).__name, fail.show(range))
  end
  if from < 0 then from = n + 1 + from end
  if to < 0 then to = n + 1 + to end
  local class = getmetatable(self) -- a class of the user's may have another constructor
  while rawget(class, "slices") == nil do class = getmetatable(class).__index end
  return class.slices(table.move(self, math.max(from, 1), math.min(to, n), 1, {}))
end

local form = "a table keyed by names has no order: write {{\"name\", module}, ...}"

-- {{"name", item}, ...} or {item, ...}, or another container.
local function add_list(self, list)
  if module.is(list, Container) then
    for name, item in list:items() do add(self, item, not tonumber(name) and name or nil) end
    return
  end
  if #list == 0 and next(list) ~= nil then fail.raise("%s: %s", getmetatable(self).__name, form) end
  for _, item in ipairs(list) do
    if type(item) == "table" and not getmetatable(item) and type(item[1]) == "string" then
      add(self, item[2], item[1])
    else
      add(self, item)
    end
  end
end

-- The constructor's arguments: items one by one, or one list.
local function fill(self, ...)
  local first = ...
  if select("#", ...) == 1 and type(first) == "table" and
    (not getmetatable(first) or (module.is(first, Container) and not self.nests)) then
    return add_list(self, first)
  end
  for i = 1, select("#", ...) do add(self, (select(i, ...))) end
end

-- ---- the containers -----------------------------------------------------------------------------------------------

--- Modules one after the other: nn.Sequential(m1, m2, ...), one list of them, or named {{"conv", m1}, {"relu", m2}}.
local Sequential = module.class("Sequential", Container)
layers.Sequential = Sequential
Sequential.nests, Sequential.slices = true, Sequential

function Sequential:init(...) fill(self, ...) end

function Sequential:forward(...)
  local n = rawlen(self)
  if n == 0 then return ... end
  local m, x = self[1]
  if m.__call == call and not hooked.ever then x = m:forward(...) else x = m(...) end -- the same; calling costs more
  for i = 2, n do
    m = self[i]
    if m.__call == call and not hooked.ever then x = m:forward(x) else x = m(x) end
  end
  return x
end

--- A list of modules: nn.ModuleList({m1, m2}). It computes nothing itself.
local ModuleList = module.class("ModuleList", Container)
layers.ModuleList = ModuleList
ModuleList.slices = ModuleList

function ModuleList:init(...) fill(self, ...) end

--- Modules under names, in order: nn.ModuleDict({{"linear", m1}, {"pool", m2}}); d.linear, d["pool"].
local ModuleDict = module.class("ModuleDict", Container)
layers.ModuleDict = ModuleDict
ModuleDict.named, ModuleDict.slices = true, ModuleList

local function init_named(self, list)
  if list == nil then return end
  if type(list) ~= "table" or module.is_parameter(list) then
    fail.raise("%s: expected {{\"name\", item}, ...}, got %s", getmetatable(self).__name, fail.show(list))
  end
  self:update(list)
end

function ModuleDict:init(list) init_named(self, list) end

-- Adds or replaces the items of a list of pairs, or of another container.
local function update(self, list)
  local function set(name, item)
    if type(name) ~= "string" then fail.raise("%s: %s", getmetatable(self).__name, form) end
    self[name] = item
  end
  if module.is(list, Container) then
    for name, item in list:items() do set(name, item) end
  else
    if #list == 0 and next(list) ~= nil then fail.raise("%s: %s", getmetatable(self).__name, form) end
    for _, pair in ipairs(list) do
      if type(pair) ~= "table" or module.is_module(pair) then fail.raise("%s: %s", getmetatable(self).__name, form) end
      set(pair[1], pair[2])
    end
  end
  return self
end

--- Adds or replaces the items of a list of pairs. Returns the container.
ModuleDict.update = update

--- True when there is an item of this name.
function ModuleDict:contains(name) return registry_of(self).place[name] ~= nil end

--- Takes everything out.
function ModuleDict:clear() refill(self, {}) end

function ModuleDict.__pairs(self) return self:items() end

--- A list of parameters: nn.ParameterList({p1, p2}); plain tensors become parameters.
local ParameterList = module.class("ParameterList", Container)
layers.ParameterList = ParameterList
ParameterList.holds, ParameterList.slices = "parameter", ParameterList

local function as_parameter(v)
  if tensor.is_tensor(v) and not module.is_parameter(v) then return module.Parameter(v) end
  return v
end

function ParameterList:init(list)
  for _, v in ipairs(expect.list("ParameterList", nil, list or {}, "a list of parameters")) do
    add(self, as_parameter(v))
  end
end

--- Adds a parameter at the end. Returns the list.
function ParameterList:append(v)
  add(self, as_parameter(v))
  return self
end

--- Adds the parameters of a list. Returns the list.
function ParameterList:extend(list)
  for _, v in ipairs(expect.list("ParameterList:extend", nil, list, "a list of parameters")) do
    add(self, as_parameter(v))
  end
  return self
end

--- Parameters under names, in order: nn.ParameterDict({{"left", p1}, {"right", p2}}).
local ParameterDict = module.class("ParameterDict", Container)
layers.ParameterDict = ParameterDict
ParameterDict.holds, ParameterDict.slices = "parameter", ParameterList
ParameterDict.named = true

function ParameterDict:init(list) init_named(self, list) end

--- Adds or replaces the parameters of a list of pairs. Returns the container.
ParameterDict.update = update

--- True when there is a parameter of this name.
ParameterDict.contains = ModuleDict.contains
ParameterDict.__pairs = ModuleDict.__pairs

-- ---- small ones ---------------------------------------------------------------------------------------------------

--- Makes a module of a function: nn.Lambda(function(x) return x * 2 end).
local Lambda = module.class("Lambda")
layers.Lambda = Lambda

function Lambda:init(f)
  local meta = getmetatable(f)
  if type(f) ~= "function" and not (type(meta) == "table" and meta.__call) then
    fail.raise("Lambda: expected a function, got %s", fail.show(f))
  end
  rawset(self, "f", f)
end

function Lambda:forward(...) return self.f(...) end

--- Joins the dimensions start_dim to end_dim into one: nn.Flatten(2) keeps the batch.
local Flatten = module.define("Flatten", "start_dim:int=2, end_dim:int=-1")
layers.Flatten = Flatten

function Flatten:init(...) module.configure(self, Flatten, nil, ...) end

function Flatten:forward(x) return x:flatten(self.start_dim, self.end_dim) end

--- Splits dimension dim into these sizes: nn.Unflatten(2, {32, 7, 7}).
local Unflatten = module.define("Unflatten", "dim:int, unflattened_size:int*")
layers.Unflatten = Unflatten

function Unflatten:init(...) module.configure(self, Unflatten, nil, ...) end

function Unflatten:forward(x) return x:unflatten(self.dim, self.unflattened_size) end

return layers
