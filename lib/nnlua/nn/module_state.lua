-- State dicts of modules: names and tensors out and in. A part of module.lua.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local ordered = require "nnlua.ordered"
local module = require "nnlua.nn.module"

local tensor = core.tensor
local is_tensor = tensor.is_tensor
local Module, inside = module.Module, module.internal
local items, walk_tensors, is_module, class_of = inside.items, inside.walk_tensors, inside.is_module, inside.class_of

-- All names with their tensors; shared tensors and modules stand under each of their names, a module that holds itself
-- is entered once.
local function state_of(self, prefix)
  local list, path = {}, {[self] = true}
  local function add(node, name)
    walk_tensors(node, name, false, nil, function(full, v, _, _, kind)
      if kind ~= "transient" then list[#list + 1] = {full, v} end
    end)
    for _, child, v, kind in items(node) do
      if (kind == "module" or kind == "list") and not path[v] then
        path[v] = true
        add(v, name .. child .. ".")
        path[v] = nil
      end
    end
  end
  add(self, prefix)
  return list
end

--- Names (PyTorch's) to tensors: parameters and buffers, without history, on the module's own storage. pairs() goes
-- through it in order of registration.
function Module:state_dict(prefix)
  if type(prefix) == "table" then prefix = prefix.prefix end
  local out = ordered.new()
  for _, item in ipairs(state_of(self, prefix or "")) do out[item[1]] = item[2]:detach() end
  return out
end

local function shape_text(t) return tostring(t.dtype) .. " [" .. table.concat({t:size()}, ", ") .. "]" end

local function list_text(what, names, known)
  if #names == 0 then return nil end
  local shown = {}
  for i = 1, math.min(#names, 8) do
    local near = known and fail.nearest(names[i], known)
    shown[i] = "'" .. names[i] .. "'" .. (near and (" (near: '%s')"):format(near) or "")
  end
  if #names > 8 then shown[9] = ("and %d more"):format(#names - 8) end
  return what .. " " .. table.concat(shown, ", ")
end

-- Compares a state dict with a module's names: returns missing, unexpected, complaints about values, and pairs to copy.
local function match_state(list, state)
  local missing, unexpected, wrong, todo, known, served = {}, {}, {}, {}, {}, {}
  for _, item in ipairs(list) do
    local name, mine, theirs = item[1], item[2], state[item[1]]
    known[name] = true
    if theirs == nil then
      missing[#missing + 1] = item
    elseif not is_tensor(theirs) then
      wrong[#wrong + 1] = ("'%s' is %s instead of a tensor"):format(name, fail.show(theirs))
    elseif module.is_uninitialized(mine) and theirs:dim() == mine:dim() then
      todo[#todo + 1] = {mine, theirs, name}
      served[mine] = true
    elseif shape_text(mine):match("%[.*") ~= shape_text(theirs):match("%[.*") then
      wrong[#wrong + 1] = ("'%s' is %s there and %s here"):format(name, shape_text(theirs), shape_text(mine))
    else
      todo[#todo + 1] = {mine, theirs, name}
      served[mine] = true
    end
  end
  local names = {}
  for _, item in ipairs(missing) do -- a tied tensor that came under its other name is not missing
    if not served[item[2]] then names[#names + 1] = item[1] end
  end
  for name in pairs(state) do
    if not known[name] then unexpected[#unexpected + 1] = tostring(name) end
  end
  table.sort(unexpected)
  return names, unexpected, wrong, todo
end

--- Copies the tensors of a state dict into the module's. Returns two lists: missing and unexpected names.
-- @param strict default true: any such name is an error; wrong shapes always are, and then nothing is changed
function Module:load_state_dict(state, strict)
  if type(strict) == "table" then strict = strict.strict end
  if type(state) ~= "table" or is_module(state) then
    fail.raise("load_state_dict: expected a table of names and tensors, got %s", fail.show(state))
  end
  local list = state_of(self, "")
  local missing, unexpected, wrong, todo = match_state(list, state)
  local texts = {}
  if strict ~= false then
    local mine = {}
    for i, item in ipairs(list) do mine[i] = item[1] end
    texts[#texts + 1] = list_text("missing:", missing, unexpected)
    texts[#texts + 1] = list_text("unexpected:", unexpected, #missing == 0 and mine or nil)
  end
  if #wrong > 0 then texts[#texts + 1] = "wrong: " .. table.concat(wrong, ", ", 1, math.min(#wrong, 8)) end
  if #texts > 0 then fail.raise("load_state_dict: %s: %s", class_of(self).__name, table.concat(texts, "; ")) end
  tensor.no_grad(function()
    for _, item in ipairs(todo) do
      if module.is_uninitialized(item[1]) then module.initialize(item[1], {item[2]:size()}) end
      item[1]:copy_(item[2])
    end
  end)
  return missing, unexpected
end
