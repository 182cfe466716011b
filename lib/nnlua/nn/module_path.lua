-- The path to the module at work ("Net.conv (Conv2d)"), for error messages. A part of module.lua.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"

local inside = module.internal
local items, step_to, is_module, class_of = inside.items, inside.step_to, inside.is_module, inside.class_of
local holder = inside.holder

-- ".name" or "[i]" for the place of child in parent, nil when it isn't there.
local function place_in(parent, child)
  local function look(node, path)
    for key, name, v, kind in items(node) do
      local step = step_to(node, key, name)
      if step:sub(1, 1) ~= "[" then step = "." .. step end
      if v == child then return path .. step end
      if kind == "list" then
        local found = look(v, path .. step)
        if found then return found end
      end
    end
  end
  return look(parent, "")
end

-- Is f the forward of m's class or of one of its parents?
local function is_forward(m, f)
  if rawget(m, "forward") == f then return true end
  local class = class_of(m)
  while class do
    if rawget(class, "forward") == f then return true end
    local meta = getmetatable(class)
    class = meta and meta.__index
  end
  return false
end

-- The modules at work on the stack, the innermost first.
local function modules_on_stack()
  local list, level = {}, 3
  while true do
    local info = debug.getinfo(level, "fS")
    if not info then return list end
    if info.what ~= "C" then
      local name, m = debug.getlocal(level, 1)
      if is_module(m) and m ~= list[#list] and
        (is_forward(m, info.func) or (name == "self" and not fail.in_library(info.source))) then
        list[#list + 1] = m
      end
    end
    level = level + 1
  end
end

-- Where a module hangs: the next one on the stack that holds it, else the one that took it last.
local function parent_of(m, stack, from)
  for i = from, #stack do
    local place = place_in(stack[i], m)
    if place then return stack[i], place, i + 1 end
  end
  local parent = holder[m]
  local place = parent and place_in(parent, m)
  if place then return parent, place, from end
end

--- The path to the module that is at work ("Net.conv (Conv2d)"), nil when there is none. A tail call leaves no frame on
-- the stack, so the way up goes by who holds whom.
function module.path()
  local stack = modules_on_stack()
  local inner = stack[1]
  if not inner then return nil end
  local path, m, from, seen = "", inner, 2, {[inner] = true}
  while true do
    local parent, place, next_from = parent_of(m, stack, from)
    if not parent or seen[parent] then break end
    seen[parent] = true
    m, path, from = parent, place .. path, next_from
  end
  if path == "" then return class_of(inner).__name end
  return ("%s%s (%s)"):format(class_of(m).__name, path, class_of(inner).__name)
end

core.set_path_finder(function(text)
  local path = module.path()
  return path and path .. ": " .. text or text
end)
