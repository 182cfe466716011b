-- Hooks of modules, around forward and in the backward pass. A part of module.lua.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"

local tensor = core.tensor
local is_tensor = tensor.is_tensor
local Module, inside = module.Module, module.internal
local HOOKS, hooked, is_module = inside.HOOKS, inside.hooked, inside.is_module

local hook_handle = {__name = "hook"}
hook_handle.__index = hook_handle

--- Takes the hook off again.
function hook_handle:remove()
  local hooks = rawget(self.module, HOOKS)
  local list = hooks and hooks[self.kind]
  for i = #(list or {}), 1, -1 do
    if list[i] == self then table.remove(list, i) end
  end
  if hooks and #hooks.before + #hooks.after + #hooks.backward + #hooks.backward_before == 0 then
    rawset(self.module, HOOKS, false)
  end
end

local function add_hook(self, kind, f)
  if type(f) ~= "function" then fail.raise("hook: expected a function, got %s", fail.show(f)) end
  local hooks = rawget(self, HOOKS)
  if not hooks then
    hooks = {before = {}, after = {}, backward = {}, backward_before = {}}
    hooked.ever = true
    rawset(self, HOOKS, hooks)
  end
  local handle = setmetatable({module = self, kind = kind, call = f}, hook_handle)
  table.insert(hooks[kind], handle)
  return handle
end

--- f(module, inputs) before forward; what it returns (a value or a table of values) replaces the inputs.
-- Returns a handle with :remove().
function Module:register_forward_pre_hook(f) return add_hook(self, "before", f) end

--- f(module, inputs, output) after forward; what it returns replaces the output. Several outputs come as a table.
-- Returns a handle with :remove().
function Module:register_forward_hook(f) return add_hook(self, "after", f) end

--- f(module, grad_inputs, grad_outputs) when the gradients of the inputs are known; a table it returns replaces them.
-- Returns a handle with :remove().
function Module:register_full_backward_hook(f) return add_hook(self, "backward", f) end

--- f(module, grad_outputs) before the module's backward pass; a table it returns replaces them.
-- Returns a handle with :remove().
function Module:register_full_backward_pre_hook(f) return add_hook(self, "backward_before", f) end

local function differentiable(v) return is_tensor(v) and v.requires_grad and v:is_floating_point() end

-- Passes the tensors among values[1 .. n] that take part in the graph through one joint, an identity: in the backward
-- pass at(gradients) is called once with all their gradients (by position in values) and returns what goes on. Returns
-- whether there was any.
local function through_joint(values, n, at)
  local places, inputs, outputs = {}, {}, {}
  for i = 1, n do
    if differentiable(values[i]) then
      places[#places + 1], inputs[#inputs + 1], outputs[#outputs + 1] = i, values[i], values[i]:detach()
    end
  end
  if #places == 0 then return false end
  core.record("module hook", inputs, outputs, function(_, ...)
    local gradients, back = {n = n}, {}
    for k, i in ipairs(places) do gradients[i] = (select(k, ...)) end
    gradients = at(gradients)
    for k, i in ipairs(places) do back[k] = gradients[i] end
    return table.unpack(back, 1, #places)
  end)
  for k, i in ipairs(places) do values[i] = outputs[k] end
  return true
end

-- Calls hooks one after the other with the gradients, which each may replace by a table it returns.
local function run_backward(list, self, gradients, others)
  for _, hook in ipairs({table.unpack(list)}) do
    local new
    if others then new = hook.call(self, gradients, others) else new = hook.call(self, gradients) end
    if type(new) == "table" then gradients = new elseif is_tensor(new) then gradients = {new} end
  end
  return gradients
end

function hooked.call(self, ...)
  local hooks = self[HOOKS]
  local inputs = table.pack(...)
  for _, hook in ipairs({table.unpack(hooks.before)}) do
    local new = hook.call(self, inputs)
    if new ~= nil then
      inputs = type(new) == "table" and not is_module(new) and table.pack(table.unpack(new)) or {n = 1, new}
    end
  end
  local watched, has_inputs, grad_outputs = #hooks.backward + #hooks.backward_before > 0 and tensor.is_grad_enabled()
  if watched then
    has_inputs = through_joint(inputs, inputs.n, function(gradients)
      local seen
      seen, grad_outputs = grad_outputs, nil
      return run_backward(hooks.backward, self, gradients, seen or {})
    end)
  end
  local outputs = table.pack(self:forward(table.unpack(inputs, 1, inputs.n)))
  for _, hook in ipairs({table.unpack(hooks.after)}) do
    local new = hook.call(self, inputs, outputs.n == 1 and outputs[1] or outputs)
    if new ~= nil then
      outputs = (outputs.n == 1 or type(new) ~= "table") and {n = 1, new} or table.pack(table.unpack(new))
    end
  end
  if watched then
    through_joint(outputs, outputs.n, function(gradients)
      gradients = run_backward(hooks.backward_before, self, gradients)
      if has_inputs then grad_outputs = gradients else run_backward(hooks.backward, self, {}, gradients) end
      return gradients
    end)
  end
  return table.unpack(outputs, 1, outputs.n)
end
