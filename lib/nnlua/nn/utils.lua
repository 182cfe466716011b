-- nn.utils: gradients clipped, parameters as one vector. Works on lists of tensors; knows no layer.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor = core.tensor
local utils = {}

-- A list of tensors from one, a list, or a module's parameters.
local function list_of(name, v)
  if tensor.is_tensor(v) then return {v} end
  if module.is_module(v) then return v:parameters() end
  if type(v) ~= "table" then
    fail.raise("%s: expected a tensor or a list of tensors, got %s", name, fail.show(v))
  end
  for i, t in ipairs(v) do
    if not tensor.is_tensor(t) then fail.raise("%s: entry %d is %s, no tensor", name, i, fail.show(t)) end
  end
  return v
end

local function gradients_of(name, parameters)
  local list = {}
  for _, p in ipairs(list_of(name, parameters)) do
    if p.grad then list[#list + 1] = p.grad end
  end
  return list
end

local function total_norm(name, tensors, norm_type, error_if_nonfinite)
  if #tensors == 0 then return tensor(0.0) end
  return tensor.no_grad(function()
    local norms = {}
    for i, t in ipairs(tensors) do norms[i] = t:norm(norm_type):reshape(1) end
    local total = (#norms == 1 and norms[1] or tensor.cat(norms, 1)):norm(norm_type)
    if error_if_nonfinite and not total:isfinite():item() then
      fail.raise("%s: the total norm of order %g of the gradients is %g", name, norm_type, total:item())
    end
    return total
  end)
end

local read_total = signature("get_total_norm", "norm_type:number=2.0, error_if_nonfinite:bool=false")

--- The norm of all tensors of a list (or of one tensor) taken together.
--     nn.utils.get_total_norm({tensor{3}, tensor{4}})
--     --> 5
function utils.get_total_norm(tensors, ...)
  local a = read_total(...)
  return total_norm("get_total_norm", list_of("get_total_norm", tensors), a.norm_type, a.error_if_nonfinite)
end

local function scale_down(gradients, max_norm, total)
  tensor.no_grad(function()
    local factor = math.min(max_norm / (total:item() + 1e-6), 1)
    if factor == 1 then return end
    for _, g in ipairs(gradients) do g:mul_(factor) end
  end)
end

local read_clip = signature("clip_grad_norm_", "max_norm:number, norm_type:number=2.0, error_if_nonfinite:bool=false")

--- Scales the gradients of the parameters down so that their norm, all taken together, is at most max_norm; returns the
-- norm before. norm_type may be math.huge.
--     local w = nn.Parameter(tensor{1, 1})
--     w:mul(tensor{30, 40}):sum():backward()
--     nn.utils.clip_grad_norm_({w}, 5)
--     --> 50
--     w.grad
--     --> {3, 4}
function utils.clip_grad_norm_(parameters, ...)
  local a = read_clip(...)
  local gradients = gradients_of("clip_grad_norm_", parameters)
  local total = total_norm("clip_grad_norm_", gradients, a.norm_type, a.error_if_nonfinite)
  scale_down(gradients, a.max_norm, total)
  return total
end

--- Scales the gradients of the parameters by max_norm / total_norm where that is less than 1.
--     local w = nn.Parameter(tensor{1, 1})
--     w:mul(tensor{30, 40}):sum():backward()
--     nn.utils.clip_grads_with_norm_({w}, 5, tensor(50))
--     w.grad
--     --> {3, 4}
function utils.clip_grads_with_norm_(parameters, max_norm, norm)
  local total = tensor.is_tensor(norm) and norm:double()
    or tensor(expect.number("clip_grads_with_norm_", "total_norm", norm))
  expect.number("clip_grads_with_norm_", "max_norm", max_norm)
  scale_down(gradients_of("clip_grads_with_norm_", parameters), max_norm, total)
end

--- Clips every element of the parameters' gradients to -clip_value .. clip_value.
--     local w = nn.Parameter(tensor{1, 1})
--     w:mul(tensor{30, -0.5}):sum():backward()
--     nn.utils.clip_grad_value_({w}, 1)
--     w.grad
--     --> {1, -0.5}
function utils.clip_grad_value_(parameters, clip_value)
  if type(clip_value) == "table" then clip_value = clip_value.clip_value end
  if type(clip_value) ~= "number" then
    fail.raise("clip_grad_value_: clip_value must be a number, got %s", fail.show(clip_value))
  end
  tensor.no_grad(function()
    for _, g in ipairs(gradients_of("clip_grad_value_", parameters)) do g:clamp_(-clip_value, clip_value) end
  end)
end

--- All parameters one after the other as one vector, with history.
--     nn.utils.parameters_to_vector({tensor{{1, 2}, {3, 4}}, tensor{5}})
--     --> {1, 2, 3, 4, 5}
function utils.parameters_to_vector(parameters)
  local parts = {}
  for i, p in ipairs(list_of("parameters_to_vector", parameters)) do parts[i] = p:reshape(-1) end
  if #parts == 0 then fail.raise("parameters_to_vector: the list is empty") end
  return tensor.cat(parts, 1)
end

--- Writes the elements of a vector into the parameters, one after the other.
--     local w = tensor.zeros(2, 2)
--     nn.utils.vector_to_parameters(tensor{1, 2, 3, 4}, {w})
--     w
--     --> {{1, 2}, {3, 4}}
function utils.vector_to_parameters(vec, parameters)
  local list, n, first = list_of("vector_to_parameters", parameters), 0, 1
  for _, p in ipairs(list) do n = n + p:numel() end
  if not tensor.is_tensor(vec) or vec:numel() ~= n then
    fail.raise("vector_to_parameters: expected a vector of %d elements, got %s", n,
      tensor.is_tensor(vec) and vec:numel() or fail.show(vec))
  end
  local flat = vec:detach():reshape(-1)
  tensor.no_grad(function()
    for _, p in ipairs(list) do
      if p:numel() > 0 then p:copy_(flat:narrow(1, first, p:numel()):view_as(p)) end
      first = first + p:numel()
    end
  end)
end

local read_freeze = signature("freeze", "frozen:bool=true")

--- Keeps the parameters of a module (or a list of them) as they are: they ask for no gradients any more, so backward
-- skips them and optimisers leave them alone. frozen = false lets them learn again. Batch normalisations also keep
-- their running statistics when they are in evaluation mode: net.bn:eval().
--     local net = nn.Linear(1, 1)
--     nn.utils.freeze(net)
--     net.weight.requires_grad
--     --> false
function utils.freeze(parameters, ...)
  local frozen = read_freeze(...).frozen
  for _, p in ipairs(list_of("freeze", parameters)) do p.requires_grad = not frozen end
end

return utils
