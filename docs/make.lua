-- Writes what is derived from the registry and from comments in the sources: reference.md, luacats/nnlua.lua and
-- pytorch-names.md beside this file.
--
--   nnlua docs/make.lua          writes them
--
-- Loaded with the argument "texts" it returns {["reference.md"] = text, ...} instead (the test compares these).

local nnlua = require "nnlua"
local reference = require "nnlua.reference"

local WIDTH = 110

-- ---- pieces -------------------------------------------------------------------------------------------------------

-- A text in lines of at most `width` behind a prefix. Breaks between sentences of the source are not kept.
local function wrapped(text, prefix, width)
  local lines, line = {}, nil
  for word in text:gmatch("%S+") do
    if line and #line + 1 + #word > width then
      lines[#lines + 1], line = line, nil
    end
    line = line and line .. " " .. word or prefix .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

-- The paragraphs of a comment: its text, then one for each @param, which becomes "name: what it is".
local function paragraphs(text)
  local list = {""}
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local name, rest = line:match("^@param ([%w_]+) (.*)$")
    if name then
      list[#list + 1] = name .. ": " .. rest
    else
      list[#list] = list[#list] .. "\n" .. line
    end
  end
  return list
end

-- What Markdown would take as markup is escaped, except in `code`.
local function escaped(text)
  return (text .. "``"):gsub("(.-)(`.-`)", function(plain, quote)
    plain = plain:gsub("[%*<|]", "\\%0"):gsub("%f[%w_]_", "\\_"):gsub("_%f[^%w_]", "\\_")
    return plain .. quote
  end):sub(1, -3)
end

local function prose(text)
  local list = paragraphs(text)
  for i, part in ipairs(list) do list[i] = wrapped(escaped(part), "", WIDTH) end
  return table.concat(list, "\n\n")
end

-- Text as a comment for editors.
local function comment(text)
  local list = paragraphs(text)
  for i, part in ipairs(list) do list[i] = wrapped(part, "---", WIDTH) end
  return table.concat(list, "\n---\n")
end

local function code(text) return "```lua\n" .. text .. "\n```" end

local function quoted(list)
  local out = {}
  for i, text in ipairs(list) do out[i] = "`" .. text .. "`" end
  return table.concat(out, ", ")
end

-- ---- reference.md -------------------------------------------------------------------------------------------------

local introduction = [[
# Reference

Made by `nnlua docs/make.lua` from the operations' rows and the comments in the sources; `help(name)` shows the same
at the prompt. `x:name` is a method of tensors, a name with a trailing `_` works in place. Arguments in braces are given
by name in one trailing table, `x:sum(1, {keepdim = true})`; all others can be. Dimensions, positions and class numbers
count from 1, negative ones from the end.

| type | what it takes |
| --- | --- |
| `tensor` | a tensor |
| `tensor\|number` | a tensor, or a number in its place |
| `dim` | a dimension: 1 to the number of dimensions, or -1 (the last) downwards |
| `position` | a place along a dimension, from 1 or from -1 downwards |
| `sizes` | whole numbers, one by one or as one table |
| `dtype` | `"float32"`, `"float64"`, `"int64"`, `"uint8"` or `"bool"` |
| `generator` | what `tensor.Generator()` gives |]]

local function operation_section(entry)
  local parts = {"### " .. entry.name}
  parts[2] = quoted(entry.calls) .. (entry.differentiable and " (differentiable)" or " (no gradient)")
  for _, row in ipairs(entry.rows) do
    parts[#parts + 1] = code(reference.signature(row))
    parts[#parts + 1] = prose(row.doc)
    parts[#parts + 1] = code(row.example)
  end
  return table.concat(parts, "\n\n")
end

local function item_section(item)
  local text = code(item.call) .. "\n\n" .. prose(item.text or "")
  return item.example and text .. "\n\n" .. code(item.example) or text
end

local titles = {
  F = "Functions composed of operations: F",
  nn = "Modules: nn",
  ["nn.init"] = "First values of parameters: nn.init",
  ["nn.utils"] = "Parameters and gradients: nn.utils",
  ["nn.utils.parametrizations"] = "Constrained parameters: nn.utils.parametrizations",
  ["nn.utils.parametrize"] = "Parameters computed from others: nn.utils.parametrize",
  optim = "Optimisers: optim",
  ["optim.lr_scheduler"] = "Learning rates: optim.lr_scheduler",
  ["optim.swa_utils"] = "Averaged weights: optim.swa_utils",
  data = "Data sets and loaders: data",
  train = "Training: train",
  metrics = "Metrics: metrics",
}

local function reference_text()
  local parts = {introduction, "## Operations"}
  for _, entry in ipairs(reference.operations()) do parts[#parts + 1] = operation_section(entry) end
  parts[#parts + 1] = "## Tensors, gradients, the machine"
  for _, item in ipairs(reference.builtins()) do parts[#parts + 1] = item_section(item) end
  for _, part in ipairs(reference.parts()) do
    parts[#parts + 1] = "## " .. (titles[part.name] or part.name)
    for _, item in ipairs(part.items) do parts[#parts + 1] = item_section(item) end
  end
  return table.concat(parts, "\n\n") .. "\n"
end

-- ---- annotations for editors (LuaCATS) ----------------------------------------------------------------------------

local cats_type = {
  tensors = "Tensor[]", indices = "Tensor[]", int = "integer", float = "number", number = "number", bool = "boolean",
  dim = "integer", dims = "integer|integer[]", position = "integer", shape = "integer|integer[]",
  ints = "integer|integer[]", floats = "number|number[]", dtype = "Dtype", string = "string", generator = "Generator",
}

local function cats_of(row, p)
  if p.kind == "choice" then return reference.type_text(row, p) end
  if p.kind == "tensor" then return reference.type_text(row, p):gsub("tensor", "Tensor"), nil end
  return cats_type[p.kind] .. (p.kind == "ints" and p.choices and "|string" or "")
end

-- The parameters of a row as {name, type, optional}, the trailing table of options last. `from` leaves out the first.
local function cats_parameters(row, from)
  local list, options = {}, {}
  for i, p in ipairs(row.params) do
    local text, optional = cats_of(row, p), p.default ~= nil
    if optional then options[#options + 1] = ("%s?: %s"):format(p.name, text) end
    if i >= from and not p.keyword then list[#list + 1] = {p.name, text, optional} end
  end
  if row.flags.creates then options[#options + 1] = "requires_grad?: boolean" end
  if #options > 0 then list[#list + 1] = {"options", "{" .. table.concat(options, ", ") .. "}", true} end
  return list
end

local function cats_results(row)
  if row.flags.list_out then return "Tensor ..." end
  if row.flags.lua_value then return "Tensor|boolean" end
  return "Tensor" .. (", Tensor"):rep(row.results - 1)
end

-- "fun(self: Tensor, dim: integer): Tensor"
local function cats_overload(row, from, method)
  local texts = {method and "self: Tensor" or nil}
  for _, p in ipairs(cats_parameters(row, from)) do
    texts[#texts + 1] = ("%s%s: %s"):format(p[1], p[3] and "?" or "", p[2])
  end
  return ("fun(%s): %s"):format(table.concat(texts, ", "), (cats_results(row):gsub(" %.%.%.", "")))
end

-- The annotated function of one call ("x:sum", "F.relu") of an operation.
local function cats_function(entry, call)
  local place, name = call:match("^(.*)[.:]([%w_]+)$")
  local method = place == "x"
  local from = method and 2 or 1
  local flag = method and "method" or ({tensor = "tensor", F = "functional", ["tensor.linalg"] = "linalg",
    ["tensor.special"] = "special"})[place]
  local rows = {}
  for _, row in ipairs(entry.rows) do
    if row.flags[flag] or (name:sub(-1) == "_" and row.flags.inplace) then rows[#rows + 1] = row end
  end
  local row = rows[1]
  local lines = {comment(row.doc)}
  for i = 2, #rows do lines[#lines + 1] = "---@overload " .. cats_overload(rows[i], from, method) end
  local names = {}
  for i, p in ipairs(cats_parameters(row, from)) do
    names[i] = p[1]
    lines[#lines + 1] = ("---@param %s%s %s"):format(p[1], p[3] and "?" or "", p[2])
  end
  lines[#lines + 1] = "---@return " .. cats_results(row)
  local owner = method and "Tensor:" .. name or place .. "." .. name
  lines[#lines + 1] = ("function %s(%s) end"):format(owner, table.concat(names, ", "))
  return table.concat(lines, "\n")
end

local head = [[
---@meta
-- luacheck: ignore
-- Annotations for the Lua language server, made by `nnlua docs/make.lua`. Name their folder in the editor's settings:
--   "Lua.workspace.library": [".../share/doc/nnlua/luacats"]

---@alias Dtype "float32"|"float64"|"int64"|"uint8"|"bool"

---@class Generator
local Generator = {}

---@class Tensor
---@operator add(Tensor|number): Tensor
---@operator sub(Tensor|number): Tensor
---@operator mul(Tensor|number): Tensor
---@operator div(Tensor|number): Tensor
---@operator idiv(Tensor|number): Tensor
---@operator mod(Tensor|number): Tensor
---@operator pow(Tensor|number): Tensor
---@operator unm: Tensor
---@operator band(Tensor|integer|boolean): Tensor
---@operator bor(Tensor|integer|boolean): Tensor
---@operator bxor(Tensor|integer|boolean): Tensor
---@operator bnot: Tensor
---@operator len: integer
%FIELDS%
local Tensor = {}

---@class tensorlib
---@overload fun(values: any, options?: {dtype?: Dtype, requires_grad?: boolean}): Tensor
tensor = {}
tensor.linalg = {}
tensor.special = {}
tensor.testing = {}

nnlua = {}]]

local field_types = {
  shape = "integer[]", dtype = "Dtype", requires_grad = "boolean", is_leaf = "boolean", grad = "Tensor?",
  data = "Tensor", ndim = "integer", nbytes = "integer", itemsize = "integer", device = "string", T = "Tensor",
  mT = "Tensor", grad_fn = "userdata?", _version = "integer",
}

local function head_text()
  local fields = {"---@field [any] any"}
  for _, item in ipairs(reference.builtins()) do
    local name = item.name:match("^x%.([%w_]+)$")
    if name then
      fields[#fields + 1] = ("---@field %s %s %s"):format(name, assert(field_types[name], name), item.text)
    end
  end
  local text = head:gsub("%%FIELDS%%", function() return table.concat(fields, "\n") end)
  for _, part in ipairs(reference.parts()) do text = text .. ("\n%s = {}"):format(part.name) end
  return text
end

-- Names in a call's parentheses: "net, loader, options"; those with defaults in braces become one table.
local function plain_parameters(call)
  local inside = call:match("%((.*)%)$")
  if not inside then return nil end
  inside = inside:gsub("%b{}", "options"):gsub(" = [^,]*", ""):gsub("[^,]*%.%.%..*", " ...")
  return (inside:gsub("^ ", ""))
end

local function cats_item(item)
  local lines = {comment(item.text or "")}
  local name = item.name:gsub("^x:", "Tensor:")
  local parameters = plain_parameters(item.call)
  if type(item.value) == "table" then -- a class; fields for its methods follow
    if parameters then lines[2] = ("---@overload fun(%s)"):format(parameters:gsub("%.%.%.", "...: any")) end
    lines[#lines + 1] = name .. " = {}"
  elseif not parameters then
    lines[2] = name .. " = {}"
  else
    lines[2] = ("function %s(%s) end"):format(name, parameters)
  end
  return table.concat(lines, "\n")
end

local function annotations_text()
  local parts = {head_text()}
  for _, entry in ipairs(reference.operations()) do
    for _, call in ipairs(entry.calls) do parts[#parts + 1] = cats_function(entry, call) end
  end
  for _, item in ipairs(reference.builtins()) do
    if item.name ~= "tensor" and not item.name:find("^x%.") then parts[#parts + 1] = cats_item(item) end
  end
  for _, part in ipairs(reference.parts()) do
    for _, item in ipairs(part.items) do parts[#parts + 1] = cats_item(item) end
  end
  return table.concat(parts, "\n\n") .. "\n"
end

-- ---- files --------------------------------------------------------------------------------------------------------

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local texts = {["reference.md"] = reference_text(), ["luacats/nnlua.lua"] = annotations_text(),
  ["pytorch-names.md"] = (assert(loadfile(here .. "names.lua"))(here))}

if ... == "texts" then return texts end

local folder = arg[0]:match("^(.*)/") or "."
for name, text in pairs(texts) do
  local file = assert(io.open(folder .. "/" .. name, "w"))
  assert(file:write(text))
  assert(file:close())
  print(("%s/%s: %d bytes, nnlua %s"):format(folder, name, #text, nnlua.version))
end
