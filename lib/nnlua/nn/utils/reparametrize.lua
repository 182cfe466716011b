-- nn.utils.weight_norm and nn.utils.spectral_norm, the older forms: hooks that compute the parameter before each
-- call. State dicts have weight_g and weight_v, or weight_orig and weight_u.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local shapes = require "nnlua.nn.utils.shapes"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F
local older = {}

-- Hooks by module, kind and name, so that they can be taken off again.
local hooks = setmetatable({}, {__mode = "k"})

local function hook_of(m, kind, name) return hooks[m] and hooks[m][kind .. " " .. name] end

local function parameter_of(what, m, name)
  if module.is_module(m) and hook_of(m, what, name) then fail.raise("%s: '%s' has it already", what, name) end
  local w = module.is_module(m) and rawget(m, name)
  if not module.is_parameter(w) then
    fail.raise("%s: %s has no parameter '%s'", what, module.is_module(m) and getmetatable(m).__name or fail.show(m),
      tostring(name))
  end
  if module.is_uninitialized(w) then
    fail.raise("%s: the size of '%s' is not known yet: call the module once before", what, name)
  end
  return w
end

-- compute(m) before each call; its result is the field `name`.
local function install(m, kind, name, compute)
  local handle = m:register_forward_pre_hook(function(self) self[name] = compute(self) end)
  hooks[m] = hooks[m] or {}
  hooks[m][kind .. " " .. name] = {handle = handle, compute = compute}
end

-- A module's copy computes its parameters, too.
table.insert(module.internal.after_clone, function(original, copy)
  for key, hook in pairs(hooks[original] or {}) do
    local kind, name = key:match("^(%S+) (.*)$")
    install(copy, kind, name, hook.compute)
  end
end)

-- Takes the hook off and leaves the parameter as it is.
local function uninstall(m, kind, name, parts)
  local hook = module.is_module(m) and hook_of(m, kind, name)
  if not hook then fail.raise("remove_%s: '%s' doesn't have it", kind, tostring(name)) end
  local w = tensor.no_grad(hook.compute, m, false):detach():clone()
  hook.handle:remove()
  hooks[m][kind .. " " .. name] = nil
  for _, part in ipairs(parts) do module.internal.forget(m, name .. part) end
  module.internal.forget(m, name)
  m[name] = module.Parameter(w)
  return m
end

local read_weight_norm = signature("weight_norm", "module:any, name:string=weight, dim:int|bool=1")

--- Splits a parameter into its length and its direction, w = g v / |v| (Salimans and Kingma 2016), computed before each
-- call from the parameters weight_g and weight_v. nn.utils.parametrizations.weight_norm is the newer form. Returns
-- the module.
--     nn.utils.weight_norm(nn.Linear(3, 2)).weight_g.shape
--     --> {2, 1}
function older.weight_norm(...)
  local a = read_weight_norm(...)
  local m, name = a.module, a.name
  local w = parameter_of("weight_norm", m, name)
  local dim = shapes.weight_norm_dim("weight_norm", w, a.dim)
  local value = w:detach()
  module.internal.forget(m, name)
  m[name .. "_g"] = module.Parameter(shapes.norm_except(value, dim))
  m[name .. "_v"] = module.Parameter(value)
  local function compute(self)
    local v = self[name .. "_v"]
    return v * (self[name .. "_g"] / shapes.norm_except(v, dim))
  end
  m[name] = compute(m)
  install(m, "weight_norm", name, compute)
  return m
end

--- Takes weight_norm away; the parameter stays as it is. Returns the module.
--     nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(3, 2)))
--     --> Linear(3, 2)  weight [2, 3], bias [2]: 8 parameters
function older.remove_weight_norm(m, name)
  return uninstall(m, "weight_norm", name or "weight", {"_g", "_v"})
end

local read_spectral_norm = signature("spectral_norm",
  "module:any, name:string=weight, n_power_iterations:count=1, eps:positive=1e-12, dim:int?")

--- Divides a parameter by its largest singular value (Miyato et al. 2018), which power iterations approximate before
-- each call while training, from weight_orig. nn.utils.parametrizations.spectral_norm is the newer form. Returns the
-- module.
--     nn.utils.spectral_norm(nn.Linear(3, 2)).weight_u.shape
--     --> {2}
function older.spectral_norm(...)
  local a = read_spectral_norm(...)
  local m, name, eps = a.module, a.name, a.eps
  local w = parameter_of("spectral_norm", m, name)
  local dim = shapes.dim_of("spectral_norm", w, a.dim or shapes.is_transposed(m) and 2 or 1)
  local matrix = shapes.as_matrix(w:detach(), dim)
  local function unit(n) return F.normalize(tensor.randn(n, {dtype = w.dtype}), {dim = 1, eps = eps}) end
  module.internal.forget(m, name)
  m[name .. "_orig"] = w
  m:register_buffer(name .. "_u", unit(matrix:size(1)))
  m:register_buffer(name .. "_v", unit(matrix:size(2)))
  local function compute(self, iterate)
    local weight, u, v = self[name .. "_orig"], self[name .. "_u"], self[name .. "_v"]
    local flat = shapes.as_matrix(weight, dim)
    if iterate == nil then iterate = self.training end
    tensor.no_grad(function()
      for _ = 1, iterate and a.n_power_iterations or 0 do
        v:copy_(F.normalize(flat:t():mv(u), {dim = 1, eps = eps}))
        u:copy_(F.normalize(flat:mv(v), {dim = 1, eps = eps}))
      end
    end)
    return weight / u:clone():dot(flat:mv(v:clone()))
  end
  m[name] = w:detach()
  install(m, "spectral_norm", name, compute)
  return m
end

--- Takes spectral_norm away; the parameter stays as it is. Returns the module.
--     nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(3, 2)))
--     --> Linear(3, 2)  weight [2, 3], bias [2]: 8 parameters
function older.remove_spectral_norm(m, name)
  return uninstall(m, "spectral_norm", name or "weight", {"_orig", "_u", "_v"})
end

return older
