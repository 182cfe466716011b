-- Modules: classes, registration of what is assigned to them, walks over the tree. Hooks, state dicts, the path to a
-- module and printing are in module_<part>.lua. Knows no layer; tensors only by the methods every tensor has.
--
-- An instance is a plain table: fields are read and rewritten at the speed of any table. The first assignment of one
-- goes through __newindex, which notes the order of the names; what a field is (parameter, buffer, module, list of
-- modules) is decided by its value when somebody walks over the tree.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor = core.tensor
local is_tensor = tensor.is_tensor

local M = {}

-- Private keys of an instance: what was registered, and hooks (false as long as there are none).
local REGISTRY, HOOKS = setmetatable({}, {__name = "registry"}), setmetatable({}, {__name = "hooks"})

-- Tensors that nn.Parameter made, and who holds a module (the last one that took it). Both forget with the collector.
local is_parameter = setmetatable({}, {__mode = "k"})
local is_buffer = setmetatable({}, {__mode = "k"}) -- what nn.Buffer made: "buffer" or "transient"
local is_uninitialized = setmetatable({}, {__mode = "k"})
local holder = setmetatable({}, {__mode = "kv"})

local function is_module(v) return type(v) == "table" and rawget(v, REGISTRY) ~= nil end

local function class_of(m) return getmetatable(m) end

--- A module parameter: a leaf tensor on the same storage that asks for gradients (unless told otherwise).
-- Assigned to a field of a module it is registered there under the field's name.
-- @param data a tensor
-- @param requires_grad default true
function M.Parameter(data, requires_grad)
  if type(requires_grad) == "table" then requires_grad = requires_grad.requires_grad end
  if not is_tensor(data) then fail.raise("Parameter: expected a tensor, got %s", fail.show(data)) end
  local p = data:detach()
  p.requires_grad = requires_grad ~= false
  is_parameter[p] = true
  if is_uninitialized[data] then is_uninitialized[p] = true end
  return p
end

--- Marks a tensor without elements as one that waits for its sizes (lazy layers). Returns it.
function M.uninitialized(t)
  is_uninitialized[t] = true
  return t
end

--- True for a parameter or buffer that waits for its sizes.
function M.is_uninitialized(t) return is_uninitialized[t] == true end

--- Gives such a tensor its sizes, in place.
function M.initialize(t, sizes)
  core.optim.regrow(t, sizes)
  is_uninitialized[t] = nil
end

--- A buffer: a tensor that, assigned to a field of a module, is registered there as register_buffer does.
-- @param persistent false leaves it out of state dicts
--     local net = nn.Module()
--     net.scale = nn.Buffer(tensor{2})
--     net:state_dict().scale
--     --> {2}
function M.Buffer(data, persistent)
  if type(persistent) == "table" then persistent = persistent.persistent end
  if not is_tensor(data) then fail.raise("Buffer: expected a tensor, got %s", fail.show(data)) end
  local b = data:detach()
  is_buffer[b] = persistent == false and "transient" or "buffer"
  return b
end

--- True for what nn.Parameter made.
function M.is_parameter(v) return is_parameter[v] == true end

--- True for instances of classes that nn.class made.
M.is_module = is_module

-- ---- registration -------------------------------------------------------------------------------------------------

-- names: keys in the order of their first assignment; known: the same as a set; kind: what register_* said of a key;
-- label: for integer keys of named containers the name in state dicts.
local function new_registry() return {names = {}, known = {}, kind = {}, label = nil} end

local function adopt(parent, v)
  if is_module(v) then
    holder[v] = parent
  elseif type(v) == "table" and not getmetatable(v) then
    for _, child in ipairs(v) do
      if is_module(child) then holder[child] = parent end
    end
  end
end

local function note(self, key)
  local registry = rawget(self, REGISTRY)
  if not registry.known[key] then
    registry.known[key] = true
    registry.names[#registry.names + 1] = key
  end
end

local function newindex(self, key, value)
  if value == nil then return end
  note(self, key)
  if type(value) == "table" then adopt(self, value) end
  rawset(self, key, value)
end

-- The name of a key in paths: integers count from 0 there, as in PyTorch's state dicts.
local function label(registry, key)
  if math.type(key) == "integer" then
    return registry.label and registry.label[key] or tostring(key - 1)
  end
  return tostring(key)
end

-- What a value is to a walk: "parameter", "buffer", "module", "list" or nil.
local function kind_of(registry, key, value)
  local t = type(value)
  if t == "userdata" then
    if is_parameter[value] then return "parameter" end
    local said = registry.kind[key]
    if said == "parameter" and is_tensor(value) then
      fail.raise("'%s' was a parameter and now holds a plain tensor: assign nn.Parameter(...) or nil", tostring(key))
    end
    return said and is_tensor(value) and said or is_buffer[value]
  elseif t == "table" then
    if rawget(value, REGISTRY) then return "module" end
    if not getmetatable(value) then
      local first = value[1]
      if is_module(first) or is_parameter[first or 0] then return "list" end
      if type(first) == "table" and not getmetatable(first) then -- lists in a list
        if is_module(first[1]) or is_parameter[first[1] or 0] then return "list" end
      end
    end
  end
end

-- Iterates over key, name, value, kind of what a node (a module, or a list of modules in a field) holds.
local function items(node)
  local registry, i = rawget(node, REGISTRY), 0
  if not registry then -- a list
    local none = {kind = {}}
    return function()
      i = i + 1
      local v = node[i]
      if v ~= nil then return i, tostring(i - 1), v, kind_of(none, i, v) end
    end
  end
  local names = registry.names
  return function()
    while true do
      i = i + 1
      local key = names[i]
      if key == nil then return nil end
      local v = rawget(node, key)
      if v ~= nil then
        local kind = kind_of(registry, key, v)
        if kind then return key, label(registry, key), v, kind end
      end
    end
  end
end

-- Calls visit(path, value, owner, key, kind) for the parameters and buffers below node: its own first, then its
-- children's. `enter(child)` says whether to go into a module or list.
local function walk_tensors(node, prefix, recurse, enter, visit)
  for key, name, v, kind in items(node) do
    if kind ~= "module" and kind ~= "list" then visit(prefix .. name, v, node, key, kind) end
  end
  if not recurse then return end
  for _, name, v, kind in items(node) do
    if (kind == "module" or kind == "list") and enter(v) then
      walk_tensors(v, prefix .. name .. ".", true, enter, visit)
    end
  end
end

-- Every node once.
local function once()
  local seen = {}
  return function(v)
    if seen[v] then return false end
    seen[v] = true
    return true
  end
end

-- {path, tensor, owner, key} of all tensors of a kind ("parameter" or "buffer"), each tensor once.
local function collect(self, wanted, prefix, recurse)
  local list, enter, first = {}, once(), once()
  enter(self)
  walk_tensors(self, prefix or "", recurse ~= false, enter, function(path, v, owner, key, kind)
    if (kind == wanted or (wanted == "buffer" and kind == "transient")) and first(v) then
      list[#list + 1] = {path, v, owner, key}
    end
  end)
  return list
end

-- ---- classes ------------------------------------------------------------------------------------------------------

--- The parent of all modules: registers the parameters, buffers and modules that are assigned to its fields, walks over
-- them (parameters, state_dict, to, train, eval), and is called like a function: m(x) runs m:forward(x).
local Module = {__name = "Module"}

-- As long as no module has ever had a hook, nobody looks for one.
local hooked = {ever = false} -- and call, from module_hooks.lua

-- m(...): no frame of its own stays on the stack.
local function call(self, ...)
  if hooked.ever and self[HOOKS] then return hooked.call(self, ...) end
  return self:forward(...)
end

local function construct(class, ...)
  local self = setmetatable({training = true, [HOOKS] = false, [REGISTRY] = new_registry()}, class)
  self:init(...)
  return self
end

local function class_tostring(class) return "class " .. class.__name end

local metamethods = {"__call", "__newindex", "__tostring", "__len", "__pairs", "__close", "__eq", "__concat"}

--- Makes a class of modules: `local Net = nn.class("Net")`, then `function Net:init(...)` and
-- `function Net:forward(x)`; `Net(...)` makes an instance. Without an init of its own a class inherits its parent's.
-- @param name what prints and errors call it
-- @param parent another class, a layer for instance; default nn.Module
function M.class(name, parent)
  if type(name) ~= "string" then fail.raise("class: expected a name, got %s", fail.show(name)) end
  if parent == nil then parent = Module end
  if type(parent) ~= "table" or rawget(parent, "__index") == nil or not M.is_class(parent) then
    fail.raise("class: the parent of %s must be a class, got %s", name, fail.show(parent))
  end
  local class = {__name = name}
  for _, key in ipairs(metamethods) do class[key] = parent[key] end
  -- A function of the parent's as __index (containers) serves the child too, with the child's methods.
  local lookup = rawget(parent, "__lookup")
  if lookup then
    class.__lookup = lookup
    class.__index = lookup(class)
  else
    class.__index = class
  end
  return setmetatable(class, {__index = parent, __call = construct, __tostring = class_tostring, __name = "class"})
end

--- True for Module and every class made by nn.class.
function M.is_class(v)
  if v == Module then return true end
  local meta = type(v) == "table" and getmetatable(v)
  return type(meta) == "table" and meta.__call == construct
end

--- True when m is an instance of the class or of one derived from it; nn.is(t, nn.Parameter) tells parameters.
function M.is(m, class)
  if class == M.Parameter then return is_parameter[m] == true end
  if not is_module(m) then return false end
  local c = class_of(m)
  while c do
    if c == class then return true end
    local meta = getmetatable(c)
    c = meta and meta.__index
  end
  return false
end

Module.__index = Module
Module.__call = call
Module.__newindex = newindex
setmetatable(Module, {__call = construct, __tostring = class_tostring, __name = "class"})

--- Sets a new instance up; called with the arguments of the class. Replace it in your class.
function Module:init() end -- luacheck: no unused

--- Computes the module's result; called by `m(...)`. Replace it in your class.
function Module:forward()
  fail.raise("%s has no forward: define function %s:forward(...)", class_of(self).__name, class_of(self).__name)
end

-- ---- registering by name ------------------------------------------------------------------------------------------

local function check_name(self, what, name)
  if type(name) ~= "string" or name == "" or name:find(".", 1, true) then
    fail.raise("%s: expected a name without dots, got %s", what, fail.show(name))
  elseif rawget(self, name) == nil and self[name] ~= nil then
    fail.raise("%s: '%s' is already a method or field of %s", what, name, class_of(self).__name)
  end
end

--- Registers a parameter under a name; nil keeps the place free.
function Module:register_parameter(name, parameter)
  check_name(self, "register_parameter", name)
  if parameter ~= nil and not is_parameter[parameter] then
    fail.raise("register_parameter: expected a nn.Parameter or nil, got %s", fail.show(parameter))
  end
  note(self, name)
  rawget(self, REGISTRY).kind[name] = "parameter"
  rawset(self, name, parameter)
end

--- Registers a tensor that is part of the state but no parameter, such as running means.
-- @param persistent false leaves it out of state dicts
function Module:register_buffer(name, buffer, persistent)
  check_name(self, "register_buffer", name)
  if type(persistent) == "table" then persistent = persistent.persistent end
  if buffer ~= nil and not is_tensor(buffer) then
    fail.raise("register_buffer: expected a tensor or nil, got %s", fail.show(buffer))
  end
  note(self, name)
  rawget(self, REGISTRY).kind[name] = persistent == false and "transient" or "buffer"
  rawset(self, name, buffer)
end

--- Registers a child module under a name.
function Module:add_module(name, module)
  check_name(self, "add_module", name)
  if module ~= nil and not is_module(module) then
    fail.raise("add_module: expected a module, got %s", fail.show(module))
  end
  note(self, name)
  adopt(self, module)
  rawset(self, name, module)
end
Module.register_module = Module.add_module

-- ---- walks --------------------------------------------------------------------------------------------------------

local function options_of(prefix, recurse)
  if type(prefix) == "table" then return prefix.prefix or "", prefix.recurse end
  if type(prefix) == "boolean" then return "", prefix end
  if type(recurse) == "table" then recurse = recurse.recurse end
  if prefix and prefix ~= "" then prefix = prefix .. "." end
  return prefix or "", recurse
end

-- An iterator over the first two entries of each element.
local function pairs_of(list)
  local i = 0
  return function()
    i = i + 1
    local item = list[i]
    if item then return item[1], item[2] end
  end
end

local function seconds(list)
  local out = {}
  for i, item in ipairs(list) do out[i] = item[2] end
  return out
end

--- All parameters, as an array: the module's own first, then its children's, each once.
function Module:parameters(recurse)
  return seconds(collect(self, "parameter", options_of(recurse)))
end

--- Iterates over name and parameter: `for name, p in net:named_parameters() do`.
function Module:named_parameters(prefix, recurse)
  return pairs_of(collect(self, "parameter", options_of(prefix, recurse)))
end

--- All buffers, as an array.
function Module:buffers(recurse)
  return seconds(collect(self, "buffer", options_of(recurse)))
end

--- Iterates over name and buffer.
function Module:named_buffers(prefix, recurse)
  return pairs_of(collect(self, "buffer", options_of(prefix, recurse)))
end

-- How one gets at a key of a node in Lua: "[1]" or the name.
local function step_to(node, key, name)
  if math.type(key) ~= "integer" then return name end
  local registry = rawget(node, REGISTRY)
  local named = registry and registry.label and registry.label[key]
  return named and not tonumber(named) and named or ("[%d]"):format(key)
end

-- {name, module, name in Lua} of the direct children, lists in fields opened; each module once.
local function children_of(self)
  local list, first = {}, once()
  local function add(node, prefix, lua_prefix)
    for key, name, v, kind in items(node) do
      local step = lua_prefix .. step_to(node, key, name)
      if kind == "module" and first(v) then
        list[#list + 1] = {prefix .. name, v, step}
      elseif kind == "list" and first(v) then
        add(v, prefix .. name .. ".", step)
      end
    end
  end
  add(self, "", "")
  return list
end

--- The direct children, as an array.
function Module:children() return seconds(children_of(self)) end

--- Iterates over name and child.
function Module:named_children() return pairs_of(children_of(self)) end

local function modules_of(self, prefix)
  local list, first = {}, once()
  local function add(m, path)
    if not first(m) then return end
    list[#list + 1] = {path, m}
    for _, child in ipairs(children_of(m)) do add(child[2], (path == "" and "" or path .. ".") .. child[1]) end
  end
  add(self, prefix or "")
  return list
end

--- The module itself and everything below it, as an array, each once.
function Module:modules() return seconds(modules_of(self)) end

--- Iterates over path ("" for the module itself) and module.
function Module:named_modules(prefix) return pairs_of(modules_of(self, prefix)) end

-- The value at the end of a path such as "layers.0.weight".
local function follow(self, path, what)
  local node = self
  if path == "" then return self end
  for part in (path .. "."):gmatch("(.-)%.") do
    local found
    if type(node) == "table" then
      for _, name, v in items(node) do
        if name == part then found = v end
      end
    end
    if found == nil then fail.raise("%s: there is no '%s' in '%s'", what, part, path) end
    node = found
  end
  return node
end

--- The module at a path as in state dicts: net:get_submodule("layers.0").
function Module:get_submodule(path)
  local m = follow(self, path, "get_submodule")
  if not is_module(m) then fail.raise("get_submodule: '%s' is not a module", path) end
  return m
end

--- The parameter at a path.
function Module:get_parameter(path)
  local p = follow(self, path, "get_parameter")
  if not is_parameter[p] then fail.raise("get_parameter: '%s' is not a parameter", path) end
  return p
end

--- The buffer at a path.
function Module:get_buffer(path)
  local b = follow(self, path, "get_buffer")
  if not is_tensor(b) or is_parameter[b] then fail.raise("get_buffer: '%s' is not a buffer", path) end
  return b
end

--- Calls f(m) for every module below and then for the module itself. Returns the module.
function Module:apply(f)
  local first = once()
  local function visit(m)
    if not first(m) then return end
    for _, child in ipairs(children_of(m)) do visit(child[2]) end
    f(m)
  end
  visit(self)
  return self
end

--- Puts the module and everything below it in training mode (or, with false, in evaluation mode). Returns the module.
function Module:train(mode)
  mode = mode == nil or mode
  if type(mode) ~= "boolean" then fail.raise("train: expected true or false, got %s", fail.show(mode)) end
  for _, m in ipairs(self:modules()) do m.training = mode end
  return self
end

--- Evaluation mode: dropout does nothing, batch normalisation uses its running statistics. Returns the module.
function Module:eval() return self:train(false) end

--- Drops the gradients of all parameters (with {set_to_none = false}: makes them zero).
function Module:zero_grad(set_to_none)
  if type(set_to_none) == "table" then set_to_none = set_to_none.set_to_none end
  for _, p in ipairs(self:parameters()) do
    if set_to_none == false and p.grad then
      p.grad = p.grad:detach():zero_()
    else
      p.grad = nil
    end
  end
end

--- Says whether all parameters ask for gradients. Returns the module.
function Module:requires_grad_(on)
  for _, p in ipairs(self:parameters()) do p.requires_grad = on == nil or on end
  return self
end

--- Converts floating parameters and buffers to a dtype, in place: optimisers keep working. Returns the module.
function Module:to(dtype)
  if type(dtype) == "table" then dtype = dtype.dtype end
  if dtype ~= "float32" and dtype ~= "float64" and dtype ~= "float" and dtype ~= "double" then
    fail.raise("to: expected \"float32\" or \"float64\", got %s", fail.show(dtype))
  end
  for _, kind in ipairs {"parameter", "buffer"} do
    for _, item in ipairs(collect(self, kind)) do
      if item[2]:is_floating_point() then core.optim.retype(item[2], dtype) end
    end
  end
  return self
end

--- Converts floating parameters and buffers to float32.
function Module:float() return self:to("float32") end

--- Converts floating parameters and buffers to float64.
function Module:double() return self:to("float64") end

-- Called with each module and its copy: what computes parameters by hooks installs them anew.
local after_clone = {}

--- A deep copy: parameters and buffers of its own; what was shared inside stays shared inside. Hooks are not copied,
-- but for those of nn.utils.weight_norm and nn.utils.spectral_norm.
function Module:clone()
  local copies = {}
  local function copy(v)
    if v == nil or copies[v] ~= nil then return copies[v] end
    if is_tensor(v) then
      local t = v:detach():clone()
      t.requires_grad = v.requires_grad and v.is_leaf
      copies[v] = t
      if is_parameter[v] then is_parameter[t] = true end
      is_buffer[t] = is_buffer[v]
      return t
    elseif type(v) == "table" and (is_module(v) or not getmetatable(v)) then
      local t = {}
      copies[v] = t
      for key, value in next, v do
        if key == HOOKS then value = false end
        t[copy(key)] = copy(value)
      end
      setmetatable(t, getmetatable(v))
      if is_module(t) then
        for _, _, child in items(t) do adopt(t, child) end
      end
      return t
    end
    return v
  end
  copies[REGISTRY], copies[HOOKS] = REGISTRY, HOOKS
  local result = copy(self)
  for original, duplicate in pairs(copies) do
    if is_module(original) then
      for _, f in ipairs(after_clone) do f(original, duplicate) end
    end
  end
  return result
end

-- ---- for the library's own layers ---------------------------------------------------------------------------------

local signature = require "nnlua.signature"

--- A class of the library: nn.class with a signature, by which its arguments are read and printed.
function M.define(name, arguments, parent)
  local class = M.class(name, parent)
  class.signature = signature(name, arguments)
  return class
end

--- Reads a constructor's arguments by the signature and makes them fields (those in `except`, a set, are left out).
-- Returns them as a table.
function M.configure(self, class, except, ...)
  local a = class.signature(...)
  for _, p in ipairs(class.signature) do
    local v = a[p.name]
    if v ~= nil and not (except and except[p.name]) then self[p.name] = v end
  end
  return a
end

--- An empty parameter with a shape: to be filled by an initialiser.
function M.empty_parameter(dtype, ...)
  return M.Parameter(tensor.empty({...}, {dtype = dtype or "float32"}))
end

M.Module = Module

-- What containers and the parts below need of the above.
M.internal = {REGISTRY = REGISTRY, note = note, adopt = adopt, newindex = newindex, after_clone = after_clone,
  call = call, hooked = hooked, HOOKS = HOOKS, items = items, walk_tensors = walk_tensors, is_module = is_module,
  class_of = class_of, holder = holder, step_to = step_to, children_of = children_of}

--- Takes a parameter or buffer away from the instance; its name may stand for anything then.
function M.internal.forget(m, name)
  rawset(m, name, nil)
  rawget(m, REGISTRY).kind[name] = nil
end

package.loaded["nnlua.nn.module"] = M -- the parts ask for it
for _, part in ipairs{"state", "hooks", "path", "tree"} do require("nnlua.nn.module_" .. part) end

return M
