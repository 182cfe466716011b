-- show: values as the prompt shows them. Tensors with shape, dtype and gradient state, modules as trees, tables nested
-- with cycles and long parts cut. Nothing is wider than the terminal. Knows nothing of where the text goes.

local core = require "nnlua.core"
local paint = require "nnlua.repl.paint"

local tensor = core.tensor
local show = {}

-- Of a table at most this many entries (of one inside of it, of one deeper inside, of all of them together), this many
-- levels; of a text this many bytes.
local MOST, INSIDE, DEEPER, ALL, DEEPEST, LONGEST = 60, 20, 8, 150, 6, 2000
local MANY = 1000 -- elements from which a tensor is summarised

-- ---- tensors ------------------------------------------------------------------------------------------------------

local function shape_text(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

local function gradient_text(t)
  if not t.requires_grad then return "" end
  if not t.is_leaf then
    local node = t.grad_fn
    return node and ", grad_fn = " .. node:name() or ", requires grad"
  end
  return t.grad and ", requires grad, has grad" or ", requires grad"
end

local function number_text(t)
  local v = t:item()
  return math.type(v) == "float" and ("%.4g"):format(v) or tostring(v)
end

-- "min -3.2, mean 0.01, max 3.4, 2 nan, 1 inf".
local function summary(t)
  t = t:detach()
  if t.dtype == "bool" then
    local n = t:count_nonzero():item()
    return ("%d true, %d false"):format(n, t:numel() - n)
  end
  if not t:is_floating_point() then
    return ("min %s, mean %s, max %s"):format(number_text(t:min()), number_text(t:double():mean()),
      number_text(t:max()))
  end
  local finite = t:isfinite()
  local n = finite:count_nonzero():item()
  local parts = {}
  if n > 0 then
    local kept = n < t:numel() and t[finite] or t
    parts[1] = ("min %s, mean %s, max %s"):format(number_text(kept:min()), number_text(kept:double():mean()),
      number_text(kept:max()))
  end
  if n < t:numel() then
    local nans = t:isnan():count_nonzero():item()
    if nans > 0 then parts[#parts + 1] = ("%d nan"):format(nans) end
    if t:numel() - n - nans > 0 then parts[#parts + 1] = ("%d inf"):format(t:numel() - n - nans) end
  end
  return table.concat(parts, ", ")
end

-- Adds a remark ("-- ...") below a value, in lines no wider than the terminal.
local function add_remark(lines, text, width)
  local line = "--"
  for word in text:gmatch("%S+") do
    if #line + 1 + #word > width and line ~= "--" then
      lines[#lines + 1], line = paint.it("dim", line), "--"
    end
    line = line .. " " .. word
  end
  lines[#lines + 1] = paint.it("dim", line)
end

local function tensor_lines(t, width)
  local lines = {tostring(t)}
  add_remark(lines, t.dtype .. " " .. shape_text(t) .. gradient_text(t), width)
  if t:numel() > MANY then add_remark(lines, tensor.no_grad(summary, t), width) end
  return table.concat(lines, "\n")
end

--- A tensor in one short phrase: small ones with their elements.
function show.tensor_phrase(t)
  if t:dim() <= 1 and t:numel() <= 6 and t:numel() > 0 then
    local text = tostring(t)
    if #text <= 50 and not text:find("\n", 1, true) then
      return ("tensor %s"):format(t:dim() == 0 and text or text)
    end
  end
  return ("tensor %s %s"):format(t.dtype, shape_text(t))
end

-- ---- functions and modules ----------------------------------------------------------------------------------------

local function parameters_of(f)
  local info, names = debug.getinfo(f, "u"), {}
  for i = 1, info.nparams do names[i] = debug.getlocal(f, i) end
  if info.isvararg then names[#names + 1] = "..." end
  return table.concat(names, ", ")
end

--- "function f(a, b)  -- script.lua:12", or what is known of a function of the library.
function show.function_phrase(f)
  local info = debug.getinfo(f, "S")
  local library = require "nnlua.fail".in_library(info.source) or info.what == "C"
  if library then
    local reference = require "nnlua.reference"
    local known = reference.by_value()[f]
    if known and known.rows then return "function " .. reference.signature(known.rows[1]) end
    if known then return "function " .. known.call end
    if info.what == "C" then return tostring(f):gsub("builtin: ", "") end
  end
  return ("function(%s)  -- %s:%d"):format(parameters_of(f), info.short_src, info.linedefined)
end

local function is_class(v)
  local meta = getmetatable(v)
  return type(meta) == "table" and rawget(meta, "__name") == "class"
end

-- ---- tables -------------------------------------------------------------------------------------------------------

local kind_order = {number = 1, string = 2, boolean = 3}

local function less(a, b)
  local ka, kb = kind_order[type(a)] or 4, kind_order[type(b)] or 4
  if ka ~= kb then return ka < kb end
  if ka <= 2 then return a < b end
  return tostring(a) < tostring(b)
end

local escapes = {
  ["\a"] = "\\a", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\v"] = "\\v",
  ["\\"] = "\\\\", ["\""] = "\\\"",
}

local function escape(text) return (text:gsub("[%c\\\"\127]", function(c)
  return escapes[c] or ("\\%d"):format(c:byte())
end)) end

-- A string as Lua would read it; bytes that are no UTF-8 as their numbers.
local function quoted(s)
  if #s > LONGEST then
    local cut = LONGEST
    while cut > LONGEST - 4 and s:byte(cut + 1) & 0xC0 == 0x80 do cut = cut - 1 end
    return ("%s... (%d bytes)"):format(quoted(s:sub(1, cut)), #s)
  end
  local parts, at = {}, 1
  while at <= #s do
    local _, bad = utf8.len(s, at)
    parts[#parts + 1] = escape(s:sub(at, (bad or #s + 1) - 1))
    if bad then parts[#parts + 1] = ("\\%d"):format(s:byte(bad)) end
    at = (bad or #s) + 1
  end
  return '"' .. table.concat(parts) .. '"'
end

local phrase

local function key_text(k, context)
  if type(k) == "string" and k:find("^[%a_][%w_]*$") and not require("nnlua.repl.lexer").keywords[k] then return k end
  return "[" .. phrase(k, context, DEEPEST) .. "]"
end

-- Keys beside the array part, sorted; tables with an order of their own keep it.
local function other_keys(t, n)
  local keys = {}
  local meta = getmetatable(t)
  if type(meta) == "table" and meta.order then
    for k in pairs(t) do keys[#keys + 1] = k end
    return keys
  end
  for k in next, t do
    if not (math.type(k) == "integer" and k >= 1 and k <= n) then keys[#keys + 1] = k end
  end
  table.sort(keys, less)
  return keys
end

-- The entries of a table as texts, cut at what there is room for.
local function entries(t, context, level)
  local list, n = {}, rawlen(t)
  local keys = other_keys(t, n)
  local most = math.min(level == 0 and MOST or level == 1 and INSIDE or DEEPER, math.max(ALL - context.shown, 3))
  context.shown = context.shown + math.min(n + #keys, most)
  for i = 1, math.min(n, most) do list[#list + 1] = phrase(rawget(t, i), context, level + 1) end
  for i = 1, math.min(#keys, most - #list) do
    local text = key_text(keys[i], context) .. " = "
    list[#list + 1] = text .. phrase(rawget(t, keys[i]), context, level + 1, #text)
  end
  if n + #keys > most then list[#list + 1] = ("... %d more"):format(n + #keys - most) end
  return list
end

-- Entries joined: on one line when they fit, short ones several a line, else one a line.
local function join(list, context, level, indent)
  local one = "{" .. table.concat(list, ", ") .. "}"
  if not one:find("\n", 1, true) and paint.width(one) + 2 * level + indent <= context.width then return one end
  local pad, lines, line = ("  "):rep(level + 1), {}, nil
  local small = true
  for _, text in ipairs(list) do small = small and #text <= 24 and not text:find("[\n=]") end
  for i, text in ipairs(list) do
    text = text .. (i < #list and "," or "")
    if small and line and paint.width(line) + 1 + paint.width(text) <= context.width then
      line = line .. " " .. text
    else
      if line then lines[#lines + 1] = line end
      line = pad .. text
    end
  end
  lines[#lines + 1] = line
  return "{\n" .. table.concat(lines, "\n") .. "\n" .. ("  "):rep(level) .. "}"
end

local function table_phrase(t, context, level, indent)
  if context.path[t] then return "(cycle)" end
  if next(t) == nil then return "{}" end
  if level >= DEEPEST then return "{...}" end
  context.path[t] = true
  local text = join(entries(t, context, level), context, level, indent or 0)
  context.path[t] = nil
  return text
end

-- What tostring makes of a value; a metamethod of the user's may fail.
local function own_text(v)
  if v ~= v then return "nan" end
  local ok, text = pcall(tostring, v)
  return ok and text or "(its __tostring fails: " .. tostring(text) .. ")"
end

-- The part of the library that a table is: {name, full, title}, nil when it is none.
local function part_of(v)
  local nnlua = package.loaded["nnlua"]
  if v == _G then return {name = "_G", title = "the globals; who() lists yours"} end
  if v == nnlua then return {name = "nnlua", title = "all of the library"} end
  for _, part in ipairs(require "nnlua.parts") do
    local value = package.loaded["nnlua." .. part[1]]
    if value ~= v then
      value = nnlua
      for key in part[1]:gmatch("[^.]+") do value = type(value) == "table" and rawget(value, key) or nil end
    end
    if value == v then return {name = part[1], title = part[2], shows_itself = part.shows_itself} end
  end
end

-- A part of the library in a few words.
local function part_text(part, v)
  local n = 0
  for _ in pairs(v) do n = n + 1 end
  local more = v == _G and "" or ("; help(%s) lists them"):format(part.name)
  return ("%s: %s (%d names%s)"):format(part.name, part.title, n, more)
end

-- A class of the library with the call that makes one.
local function class_text(v)
  local known = require "nnlua.reference".by_value()[v]
  return known and known.call and "class " .. known.call or nil
end

-- A value inside of a table.
function phrase(v, context, level, indent)
  local kind = type(v)
  if kind == "string" then return paint.cut(quoted(v), math.max(context.width - 2 * level - (indent or 0) - 2, 20)) end
  if kind == "userdata" and tensor.is_tensor(v) then return show.tensor_phrase(v) end
  if kind == "function" then
    return ("function(%s)"):format(debug.getinfo(v, "S").what == "C" and "..." or parameters_of(v))
  end
  if kind ~= "table" then return own_text(v) end
  local part = level > 0 and part_of(v)
  if part then return part.name end
  local meta = getmetatable(v)
  if type(meta) ~= "table" or (not rawget(meta, "__tostring") and not rawget(meta, "__name")) or meta.order then
    return table_phrase(v, context, level, indent)
  end
  if meta.__tostring and not is_class(v) and package.loaded["nnlua.nn.module"]
    and package.loaded["nnlua.nn.module"].is_module(v) then
    local n = 0
    for _, p in ipairs(v:parameters()) do n = n + p:numel() end
    return ("%s (%d parameters)"):format(meta.__name, n)
  end
  if meta.__tostring then
    return paint.cut(own_text(v):gsub("\n.*", " ..."), math.max(context.width - 2 * level - (indent or 0) - 2, 20))
  end
  return meta.__name .. " " .. table_phrase(v, context, level, (indent or 0) + #meta.__name + 1)
end

-- Lines that are too wide are broken between words, what follows further in.
local function fold_words(text, width)
  if paint.width(text) <= width then return text end
  return (text:gsub("[^\n]+", function(line)
    if paint.width(line) <= width then return line end
    local lines, now = {}, nil
    local indent = line:match("^%s*") .. "  "
    for blanks, word in line:gmatch("(%s*)(%S+)") do
      if now and paint.width(now) + #blanks + paint.width(word) > width and now:find("%S") then
        lines[#lines + 1], now, blanks = now, indent, ""
      end
      now = (now or "") .. blanks .. word
    end
    lines[#lines + 1] = now
    return table.concat(lines, "\n")
  end))
end

-- Lines that are too wide are broken.
local function fold(text, width)
  if paint.width(text) <= width then return text end
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do
    while paint.width(line) > width do
      local n, stop = 0, 0
      for from, c in line:gmatch("()([%z\1-\127\194-\253][\128-\191]*)") do
        local w = paint.width(c)
        if n + w > width then break end
        n, stop = n + w, from + #c - 1
      end
      if stop == 0 then break end
      lines[#lines + 1], line = line:sub(1, stop), line:sub(stop + 1)
    end
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end

--- A value as text, without a newline at its end. No line is wider than `width` (default: the terminal).
function show.value(v, width)
  width = width or core.width()
  local kind = type(v)
  if kind == "userdata" and tensor.is_tensor(v) then return tensor_lines(v, width) end
  if kind == "string" then return fold(quoted(v), width) end
  if kind == "function" then return fold(fold_words(show.function_phrase(v), width), width) end
  if kind ~= "table" then return fold(own_text(v), width) end
  local part = part_of(v)
  if part and part.shows_itself then return tostring(v) end
  if part then return fold(fold_words(part_text(part, v), width), width) end
  local meta = getmetatable(v)
  if type(meta) == "table" and rawget(meta, "__tostring") then
    local text = own_text(v)
    return fold(fold_words(text:find("^class ") and class_text(v) or text, width), width)
  end
  local text = fold(phrase(v, {width = width, path = {}, shown = 0}, 0), width)
  return text:find("\n", 1, true) and require "nnlua.repl.records".text(v, width) or text
end

return show
