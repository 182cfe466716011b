-- help: help() is an overview; help(tensor.add), help("conv2d"), help(nn.Linear), help(net) explain one thing. All
-- texts come from the registry and from comments in the sources (reference.lua); the width is the terminal's.

local core = require "nnlua.core"
local in_columns = require "nnlua.columns"
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
    if part:match("^%s") or part == "" then flush() end
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

-- Where a line of code may be broken: behind the last comma or blank that leaves room, and never near its beginning.
local function break_at(line, width)
  for i = width, width // 2, -1 do
    if line:sub(i, i):find("[%s]") then return i end
  end
  return width
end

-- Code keeps its lines; of one that is too long the rest follows further in.
local function add_code(lines, code, width)
  for line in (code .. "\n"):gmatch("(.-)\n") do
    line = "  " .. line
    while #line > width do
      local stop = break_at(line, width)
      lines[#lines + 1] = line:sub(1, stop):gsub("%s+$", "")
      line = "      " .. line:sub(stop + 1)
    end
    lines[#lines + 1] = line
  end
end

local function add_example(lines, example, width)
  lines[#lines + 1] = ""
  add_code(lines, example, width)
end

-- Names one below the other, each with its text beside it: {{name, text}, ...}.
local function add_names(lines, list, width)
  local longest = 0
  for _, item in ipairs(list) do longest = math.max(longest, #item[1]) end
  if longest == 0 then return end
  lines[#lines + 1] = ""
  for _, item in ipairs(list) do
    local name = "  " .. item[1] .. (" "):rep(longest + 2 - #item[1])
    local wrapped, indent = {}, #name
    if width - indent < 24 then
      lines[#lines + 1], name, indent = "  " .. item[1], "      ", 6
    end
    wrap(wrapped, item[2], width - indent, "")
    for i, part in ipairs(wrapped) do lines[#lines + 1] = (i == 1 and name or (" "):rep(indent)) .. part end
  end
end

-- The arguments: what each takes, its default.
local function add_arguments(lines, signature, width)
  local list = {}
  for i, p in ipairs(signature or {}) do list[i] = {p.name, signature:explain(p)} end
  add_names(lines, list, width)
end

-- A comment: its prose, then the arguments that it tells about, `@param name text` and lines below it.
local function add_comment(lines, text, width)
  local prose, list = {}, {}
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local name, rest = line:match("^@param ([%w_]+) (.*)$")
    if name then
      list[#list + 1] = {name, rest}
    elseif #list > 0 then
      list[#list][2] = list[#list][2] .. " " .. line
    else
      prose[#prose + 1] = line
    end
  end
  add_text(lines, table.concat(prose, "\n"), width)
  add_names(lines, list, width)
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
  add_comment(lines, item.text or "There is no comment in its source.", width)
  add_arguments(lines, item.value and reference.signature_of(item.value), width)
  if item.example then add_example(lines, item.example, width) end
  return lines
end

local names_related

local function page(thing, width)
  local lines = thing.rows and operation_page(thing, width) or item_page(thing, width)
  local names = names_related(thing)
  if #names > 0 then add_text(lines, "See also: " .. table.concat(names, ", "), width) end
  return lines
end

local LONG = 20 -- names from here on stand behind the others, or they would make all columns wide

-- Conv1d, Conv2d, Conv3d as one: Conv1d/2d/3d.
local function families(names)
  local list, place = {}, {}
  for _, name in ipairs(names) do
    local stem, size = name:match("^(.-)(%dd)$")
    local at = stem and place[stem]
    if at then
      list[at] = list[at] .. "/" .. size
    else
      list[#list + 1] = name
      if stem then place[stem] = #list end
    end
  end
  return list
end

-- Names in columns, further in.
local function columns(lines, names, width)
  local short, long = {}, {}
  for _, name in ipairs(families(names)) do table.insert(#name > LONG and long or short, name) end
  for _, list in ipairs {short, long} do
    for _, line in ipairs(in_columns.lines(list, width - 2)) do lines[#lines + 1] = "  " .. line end
  end
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
    for _, item in ipairs(other.name == part and other.items or {}) do
      if not item.method then add(item.name:match("[%w_]+$")) end
    end
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

local related_to

-- The names of what belongs to a thing; made when somebody asks first.
function names_related(thing)
  related_to = related_to or require "nnlua.related".index(each_thing)
  return related_to(thing)
end

--- The full names of what belongs to something of the library, the nearest first: of a function, class or the name of
-- one. An empty list when there is nothing.
function help.see_also(what)
  local thing = reference.by_value()[what]
  each_thing(function(last, full, one)
    if what == full or what == last then thing = thing or one end
  end)
  return thing and names_related(thing) or {}
end

-- Lua's own functions: {call, text} by value.
local function lua_names()
  local by_value = {}
  for _, item in ipairs(require "nnlua.lua_names") do
    local v = _G
    for key in item[1]:match("^[%w_.]+"):gmatch("[^.]+") do v = type(v) == "table" and rawget(v, key) or nil end
    if v then by_value[v] = {call = item[1], text = item[2] .. "\n\nA function of Lua itself."} end
  end
  return by_value
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
      add_comment(lines, text or "There is no comment in its source.", width)
      if known[level] then
        add_arguments(lines, reference.signature_of(level), width)
        if known[level].example then add_example(lines, known[level].example, width) end
        local names = names_related(known[level])
        if #names > 0 then add_text(lines, "See also: " .. table.concat(names, ", "), width) end
      end
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
    local lua = lua_names()[value]
    if lua then return item_page(lua, width) end
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

--- The text with colours where the terminal has them: the calls, the results of examples, what to see next.
function help.painted(text)
  local paint = require "nnlua.repl.paint"
  if not paint.on or not core.files.is_terminal(1) then return text end
  local out, call = {}, true -- call: so far only what it is called has been there
  for line in (text .. "\n"):gmatch("(.-)\n") do
    call = call and (line == "" or line:find("^  ") ~= nil or #out == 0)
    if call and line:find("^  ") then
      line = paint.it("call", line)
      call = "begun"
    elseif call == "begun" then
      call = false
    end
    if line:find("^  %-%-> ") then
      line = paint.it("dim", line)
    elseif line:find("^See also: ") then
      line = paint.it("dim", "See also:") .. line:sub(10)
    end
    out[#out + 1] = line
  end
  return table.concat(out, "\n")
end

--- Explains a function, class, object or name: help(tensor.add), help("conv2d"), help(nn.Linear); help() is an
-- overview.
local function show(_, ...)
  local unknown = select("#", ...) > 0 and ... == nil
  io.write(unknown and "There is no help for nil: is the name spelt right?" or help.painted(help.text((...))), "\n")
end

return setmetatable(help, {__call = show, __tostring = function() return help.text() end, __name = "help"})
