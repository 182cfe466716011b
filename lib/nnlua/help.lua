-- help: help() is an overview; help(tensor.add), help("conv2d"), help(nn.Linear), help(net) explain one thing. All
-- texts come from the registry and from comments in the sources (reference.lua); the width is the terminal's.

local core = require "nnlua.core"
local reference = require "nnlua.reference"
local titles = require "nnlua.parts"

local help = {}

-- ---- text ---------------------------------------------------------------------------------------------------------

-- Adds the words of a text to lines no wider than width. Lines that are indented keep their breaks.
local function wrap(lines, text, width, indent)
  local line
  local function flush()
    if line then lines[#lines + 1] = line end
    line = nil
  end
  for part in (text .. "\n"):gmatch("(.-)\n") do
    if part:match("^%s") or part:match("^@") or part == "" then flush() end
    for word in part:gmatch("%S+") do
      while #word > width - #indent do
        flush()
        lines[#lines + 1], word = indent .. word:sub(1, width - #indent), word:sub(width - #indent + 1)
      end
      if line and #line + 1 + #word > width then flush() end
      line = line and line .. " " .. word or indent .. word
    end
    if part:match("^%s") then flush() end
  end
  flush()
end

-- A call too long for a line goes on below, further in.
local function call_lines(lines, call, width)
  if #call + 2 <= width then
    lines[#lines + 1] = "  " .. call
    return
  end
  local wrapped = {}
  wrap(wrapped, call, width - 4, "")
  for i, line in ipairs(wrapped) do lines[#lines + 1] = (i == 1 and "  " or "    ") .. line end
end

local function add_text(lines, text, width)
  lines[#lines + 1] = ""
  wrap(lines, text, width, "")
end

-- Code is not broken at words: what is too long is cut.
local function add_example(lines, example, width)
  lines[#lines + 1] = ""
  for line in (example .. "\n"):gmatch("(.-)\n") do
    repeat
      lines[#lines + 1] = "  " .. line:sub(1, width - 2)
      line = line:sub(width - 1)
    until line == ""
  end
end

-- ---- pages --------------------------------------------------------------------------------------------------------

local function operation_page(entry, width)
  local lines = {}
  wrap(lines, table.concat(entry.calls, ", ") .. (entry.differentiable and "" or " (no gradient)"), width, "")
  for _, row in ipairs(entry.rows) do
    lines[#lines + 1] = ""
    call_lines(lines, reference.signature(row), width)
    add_text(lines, row.doc, width)
    add_example(lines, row.example, width)
  end
  return lines
end

local function item_page(item, width)
  local lines = {}
  call_lines(lines, item.call, width)
  add_text(lines, item.text or "There is no comment in its source.", width)
  if item.example then add_example(lines, item.example, width) end
  return lines
end

local function page(thing, width)
  return thing.rows and operation_page(thing, width) or item_page(thing, width)
end

local CELL = 18

-- Names in columns; one that is too long for its cell takes the next one, too.
local function columns(lines, names, width)
  local line = ""
  for _, name in ipairs(names) do
    local cell = name .. (" "):rep(CELL - 1 - (#name + CELL) % CELL + 1)
    if line ~= "" and 2 + #line + #name > width then
      lines[#lines + 1], line = "  " .. line:gsub("%s+$", ""), ""
    end
    line = line .. cell
  end
  if line ~= "" then lines[#lines + 1] = "  " .. line:gsub("%s+$", "") end
end

-- Without the in-place twins of other names.
local function without_twins(names, seen)
  local kept = {}
  for _, name in ipairs(names) do
    if name:sub(-1) ~= "_" or not seen[name:sub(1, -2)] then kept[#kept + 1] = name end
  end
  return kept, #kept < #names
end

-- The names of everything in a part ("tensor" has the methods, too), and whether some have twins in place.
local function names_of(part)
  local names, seen = {}, {}
  local function add(name)
    if not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  for _, entry in ipairs(reference.operations()) do
    for _, call in ipairs(entry.calls) do
      local place, name = call:match("^(.*)[.:]([%w_]+)$")
      if place == part or (part == "tensor" and place == "x") then add(name) end
    end
  end
  for _, item in ipairs(reference.builtins()) do
    local place, name = item.name:match("^(.*)[.:]([%w_]+)$")
    if place == part or (part == "tensor" and place == "x") then add(name) end
  end
  for _, other in ipairs(reference.parts()) do
    for _, item in ipairs(other.name == part and other.items or {}) do add(item.name:match("[%w_]+$")) end
  end
  table.sort(names)
  return without_twins(names, seen)
end

local function part_page(part, width)
  local lines = {}
  for _, title in ipairs(titles) do
    if title[1] == part then wrap(lines, part .. ": " .. title[2], width, "") end
  end
  lines[#lines + 1] = ""
  local names, twins = names_of(part)
  columns(lines, names, width)
  if twins then add_text(lines, "Many have a twin that works in place: x:relu_(), x:add_(y).", width) end
  return lines
end

local function overview(width)
  local lines = {"nnlua " .. core.version, ""}
  for _, title in ipairs(titles) do
    local line = ("  %-8s %s"):format(title[1], title[2])
    if #line > width then wrap(lines, line, width, "  ") else lines[#lines + 1] = line end
  end
  lines[#lines + 1] = ""
  wrap(lines, "help(tensor) lists what a part has; help(tensor.add), help(\"conv2d\"), help(nn.Linear), help(net) "
    .. "explain one thing. Help on a word that is no name searches for it.", width, "")
  return lines
end

-- ---- finding ------------------------------------------------------------------------------------------------------

-- Everything that has a page: f(name without its place, full name, thing).
local function each_thing(f)
  for _, entry in ipairs(reference.operations()) do
    for _, call in ipairs(entry.calls) do f(call:match("[%w_]+$"), call, entry) end
  end
  for _, item in ipairs(reference.builtins()) do f(item.name:match("[%w_]+$"), item.name, item) end
  for _, part in ipairs(reference.parts()) do
    for _, item in ipairs(part.items) do f(item.name:match("[%w_]+$"), item.name, item) end
  end
end

-- The things of a name ("conv2d", "F.conv2d", "x:sum"), each once.
local function named(name)
  local found, seen = {}, {}
  each_thing(function(last, full, thing)
    if (full == name or last == name) and not seen[thing] then
      found[#found + 1], seen[thing] = thing, true
    end
  end)
  return found
end

-- Names that contain a word, or whose text does.
local function search(word, width)
  local names, known, seen = {}, {}, {}
  local wanted = word:lower()
  each_thing(function(last, full, thing)
    known[#known + 1] = last
    local text = thing.rows and thing.rows[1].doc or thing.text or ""
    if not seen[thing] and (last:lower():find(wanted, 1, true) or text:lower():find(wanted, 1, true)) then
      names[#names + 1], seen[thing] = full, true
    end
  end)
  local near = core.nearest(word, known)
  local lines = {}
  wrap(lines, ("There is no '%s'%s"):format(word, near and ("; did you mean '%s'?"):format(near) or "."), width, "")
  if #names > 0 then
    wrap(lines, "It occurs in:", width, "")
    columns(lines, names, width)
  end
  return lines
end

local function by_name(name, width)
  for _, title in ipairs(titles) do
    if title[1] == name then return part_page(name, width) end
  end
  local found = named(name)
  if #found == 0 then return search(name, width) end
  local lines = {}
  for i, thing in ipairs(found) do
    if i > 1 then lines[#lines + 1] = "" end
    for _, line in ipairs(page(thing, width)) do lines[#lines + 1] = line end
  end
  return lines
end

-- A table that is a part of nnlua.
local function part_of(value)
  local nnlua = package.loaded["nnlua"]
  if value == nnlua then return "nnlua" end
  for _, title in ipairs(titles) do
    local v = nnlua
    for key in title[1]:gmatch("[^.]+") do v = v and v[key] end
    if value == (v or package.loaded["nnlua." .. title[1]]) then return title[1] end
  end
end

-- The page of a class of the user's or of the class of an instance.
local function class_page(class, width, known)
  local lines, level = {}, class
  while type(level) == "table" do
    local text = known[level] and known[level].text or reference.comment_of(level)
    if known[level] or text then
      local call = known[level] and known[level].call or tostring(rawget(level, "__name"))
      call_lines(lines, call, width)
      add_text(lines, text or "There is no comment in its source.", width)
      if known[level] and known[level].example then add_example(lines, known[level].example, width) end
      return lines
    end
    local meta = getmetatable(level)
    level = type(meta) == "table" and meta.__index or nil
  end
end

local function by_value(value, width)
  local part = part_of(value)
  if part then return part_page(part, width) end
  local known = reference.by_value()
  if known[value] then return page(known[value], width) end
  if core.tensor.is_tensor(value) then return part_page("tensor", width) end
  if type(value) == "function" then
    local text = reference.comment_of(value)
    return text and item_page({call = "function", text = text}, width) or {"There is no comment in its source."}
  end
  local lines = type(value) == "table"
    and (class_page(value, width, known) or class_page(getmetatable(value), width, known))
  return lines or {("There is no help for this %s."):format(type(value))}
end

--- The text that help(value) shows, no line wider than width (default: the terminal's).
function help.text(what, width)
  width = width or core.width()
  local lines
  if what == nil then
    lines = overview(width)
  elseif type(what) == "string" then
    lines = by_name(what, width)
  else
    lines = by_value(what, width)
  end
  return table.concat(lines, "\n")
end

--- Explains a function, class, object or name: help(tensor.add), help("conv2d"), help(nn.Linear); help() is an
-- overview.
local function show(_, ...)
  local unknown = select("#", ...) > 0 and ... == nil
  io.write(unknown and "There is no help for nil: is the name spelt right?" or help.text((...)), "\n")
end

return setmetatable(help, {__call = show, __tostring = function() return help.text() end, __name = "help"})
