-- What there is for users, as data: the operations of the registry with their signatures, the functions of the
-- bindings, the classes and functions of the Lua library with the `---` comments of their source. help, docs/make.lua
-- and the tests read it; nothing here prints.

local builtins = require "nnlua.builtins"
local core = require "nnlua.core"
local examples = require "nnlua.examples"
local method_examples = require "nnlua.method_examples"

local reference = {}

-- f, whose result is kept: what there is does not change while a program runs.
local function once(f)
  local result
  return function()
    result = result or f()
    return result
  end
end

-- ---- operations ---------------------------------------------------------------------------------------------------

local kind_text = {
  tensors = "{tensor, ...}", indices = "{tensor, ...}", int = "integer", float = "number", number = "number",
  bool = "boolean", dim = "dim", dims = "dim|{dim, ...}", position = "position", shape = "sizes",
  floats = "number|{number, ...}", dtype = "dtype", string = "string", generator = "generator",
}

-- Whether numbers will do for some of the tensors: not for all of them, as one has to be a tensor.
local function takes_numbers(row)
  local n = 0
  for _, p in ipairs(row.params) do n = n + (p.kind == "tensor" and 1 or 0) end
  return n > 1 and (row.flags.promotes or row.flags.numbers) == true
end

--- The type of a row's parameter as shown to users.
function reference.type_text(row, p)
  if p.kind == "tensor" then return takes_numbers(row) and "tensor|number" or "tensor" end
  if p.kind == "ints" then
    if not p.count then return "{integer, ...}" end
    return "integer|{" .. ("integer, "):rep(p.count):sub(1, -3) .. "}" .. (p.choices and "|string" or "")
  end
  if p.kind ~= "choice" then return kind_text[p.kind] end
  local quoted = {}
  for i, choice in ipairs(p.choices) do quoted[i] = ("%q"):format(choice) end
  return table.concat(quoted, "|")
end

--- A parameter's default as the user would write it; nil when there is none.
function reference.default_text(p)
  if p.default == nil or p.default == "nil" then return p.default end
  local text = p.kind == "choice" or p.kind == "dtype" or p.kind == "string"
  return text and ("%q"):format(p.default) or p.default
end

--- A row as a call: "sum(input: tensor, dim: dim|{dim, ...} = nil, {dtype: dtype = nil})". What stands in braces is
-- given by name only; everything else can be.
function reference.signature(row)
  local positional, named = {}, {}
  for _, p in ipairs(row.params) do
    local default = reference.default_text(p)
    local text = ("%s: %s%s"):format(p.name, reference.type_text(row, p), default and " = " .. default or "")
    table.insert(p.keyword and named or positional, text)
  end
  if row.flags.functional and row.flags.inplace then positional[#positional + 1] = "inplace: boolean = false" end
  if row.flags.creates then named[#named + 1] = "requires_grad: boolean = false" end
  if #named > 0 then positional[#positional + 1] = "{" .. table.concat(named, ", ") .. "}" end
  return ("%s(%s)"):format(row.base, table.concat(positional, ", "))
end

local places = {
  {"tensor", "tensor.%s"}, {"method", "x:%s"}, {"functional", "F.%s"}, {"linalg", "tensor.linalg.%s"},
  {"special", "tensor.special.%s"},
}

-- The names under which the rows of one base are called: {"tensor.add", "x:add", "x:add_"}.
local function calls_of(base, rows)
  local calls, seen = {}, {}
  local function add(text)
    if not seen[text] then calls[#calls + 1], seen[text] = text, true end
  end
  for _, place in ipairs(places) do
    for _, row in ipairs(rows) do
      if row.flags[place[1]] then add(place[2]:format(base)) end
    end
  end
  for _, place in ipairs(places) do
    for _, row in ipairs(rows) do
      local here = row.flags[place[1]] or (place[1] == "method" and not row.flags.method)
      if row.flags.inplace and here then add(place[2]:format(base .. "_")) end
    end
  end
  return calls
end

--- The public operations by name: {{name, rows, calls, differentiable}, ...}, sorted.
reference.operations = once(function()
  local list, by_name = {}, {}
  for _, row in ipairs(core.ops()) do
    if not row.flags.private then
      local entry = by_name[row.base]
      if not entry then
        entry = {name = row.base, rows = {}, differentiable = false}
        by_name[row.base] = entry
        list[#list + 1] = entry
      end
      table.insert(entry.rows, row)
      entry.differentiable = entry.differentiable or row.differentiable == true
    end
  end
  for _, entry in ipairs(list) do entry.calls = calls_of(entry.name, entry.rows) end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end)

-- ---- comments in sources ------------------------------------------------------------------------------------------

-- The `---` blocks of a file: {text, code (the few lines that follow), line (of the first of these)}.
local function read_blocks(path)
  local blocks, lines = {}, {}
  local file = io.open(path)
  if not file then return blocks end
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  local i = 1
  while i <= #lines do
    local first = lines[i]:match("^%s*%-%-%-%s(.*)$")
    local text = {first}
    i = i + 1
    if first then
      while lines[i] and lines[i]:match("^%s*%-%- ?(.*)$") do
        text[#text + 1] = lines[i]:match("^%s*%-%- ?(.*)$")
        i = i + 1
      end
      local code = {}
      for k = i, math.min(i + 2, #lines) do
        if lines[k]:match("^%s*$") or lines[k]:match("^%s*%-%-") then break end
        code[#code + 1] = lines[k]
      end
      blocks[#blocks + 1] = {text = table.concat(text, "\n"), code = table.concat(code, "\n"), line = i}
    end
  end
  return blocks
end

local cache = {}

local function blocks_of(path)
  cache[path] = cache[path] or read_blocks(path)
  return cache[path]
end

-- Whether code makes the thing of this name: define("Name" ...), function x.Name( or x:Name(, "Name%dd" for Name2d.
local function makes(code, name)
  if code:find('"' .. name .. '"', 1, true) then return true end
  local family = name:gsub("%dd$", "%%dd")
  if family ~= name and code:find('"' .. family .. '"', 1, true) then return true end
  return code:find("^%s*function [%w_]+[.:]" .. name .. "%(") ~= nil or code:find("^local " .. name .. " =") ~= nil
    or code:find("^local function " .. name .. "%(") ~= nil
end

-- The comment of a name in a list of files: the one in front of its definition, else one that mentions part.name.
local function find_comment(paths, part, name)
  for _, path in ipairs(paths) do
    for _, block in ipairs(blocks_of(path)) do
      if makes(block.code, name) then return block.text end
    end
  end
  local mention = part .. "." .. name
  for _, path in ipairs(paths) do
    for _, block in ipairs(blocks_of(path)) do
      if (block.text .. " "):find(mention:gsub("%.", "%%.") .. "[^%w_]") then return block.text end
    end
  end
end

-- The example in a comment, lines that are indented by four spaces, and the text without it.
local function split_example(text)
  local prose, example = {}, {}
  for line in ((text or "") .. "\n"):gmatch("(.-)\n") do
    local code = line:match("^    (.*)$")
    table.insert(code and example or prose, code or line)
  end
  return text and table.concat(prose, "\n"), #example > 0 and table.concat(example, "\n") or nil
end

--- The `---` comment of a function or class, nil when there is none. `blocks` reads a file's comments: those of users'
-- files, which they change, each time.
function reference.comment_of(value, blocks)
  local name
  if type(value) == "table" then
    name = rawget(value, "__name")
    value = rawget(value, "forward") or rawget(value, "init")
  end
  if type(value) ~= "function" then return nil end
  local info = debug.getinfo(value, "S")
  local path = info.source:match("^@(.*)$")
  if not path then return nil end
  for _, block in ipairs((blocks or read_blocks)(path)) do
    if name and makes(block.code, name) or not name and block.line == info.linedefined then return block.text end
  end
end

-- ---- the library --------------------------------------------------------------------------------------------------

-- Where the parts of the library are written; the order is that of the reference.
local parts = {
  {name = "F", files = {"functional", "functional.chance", "functional.embedding", "functional.image",
    "functional.losses", "functional.normalization", "functional.pooling"}},
  {name = "tensor.distributions", files = {"distributions.base", "distributions.normal", "distributions.location",
    "distributions.uniform", "distributions.exponential", "distributions.gamma", "distributions.beta",
    "distributions.bernoulli", "distributions.categorical", "distributions.counts", "distributions.relaxed",
    "distributions.multivariate_normal", "distributions.independent", "distributions.transforms",
    "distributions.kl"}},
  {name = "nn", files = {"nn.module", "nn.container", "nn.linear", "nn.conv", "nn.pooling", "nn.padding",
    "nn.norm", "nn.activation", "nn.adaptive", "nn.dropout", "nn.embedding", "nn.image", "nn.distance", "nn.lazy",
    "nn.loss", "nn.recurrent", "nn.attention", "nn.transformer", "nn.position", "nn.summary", "save"}},
  {name = "nn.init", files = {"nn.initialize"}},
  {name = "tensor.func", files = {"func"}},
  {name = "nn.utils", files = {"nn.utils", "nn.utils.reparametrize"}},
  {name = "nn.utils.rnn", files = {"nn.utils.rnn"}},
  {name = "nn.utils.parametrizations", files = {"nn.utils.parametrizations"}},
  {name = "nn.utils.parametrize", files = {"nn.utils.parametrize"}},
  {name = "optim", files = {"optim", "optim.lbfgs", "optim.adafactor"}},
  {name = "optim.lr_scheduler", files = {"optim.lr_scheduler"}},
  {name = "optim.swa_utils", files = {"optim.swa_utils"}},
  {name = "data", files = {"data", "data.dataset", "data.loader", "data.sampler", "data.splits", "data.table",
    "data.csv", "data.npy", "data.media", "data.image_folder", "data.fetch"}},
  {name = "data.transforms", files = {"data.transforms"}},
  {name = "train", files = {"train.fit", "train.evaluate", "train.progress", "train.log",
    "train.lr_find", "train.search", "train.ensemble", "train.watch", "train.report"}},
  {name = "metrics", files = {"metrics.classes", "metrics.ranking", "metrics.regression", "metrics.language",
    "metrics.boxes"}},
  {name = "text", files = {"text", "text.pieces"}},
  {name = "audio", files = {"audio"}},
  {name = "graph", files = {"graph"}},
  {name = "rl", files = {"rl"}},
  {name = "inspect", files = {"inspect"}},
  {name = "plot", files = {"plot"}},
  {name = "lesson", files = {"lesson"}},
}

local function value_of(path)
  local v = require "nnlua"
  for key in path:gmatch("[^.]+") do -- what is no field of nnlua is a package of its own
    local inner = v[key]
    if inner == nil and package.searchpath("nnlua." .. key, package.path) then inner = require("nnlua." .. key) end
    v = inner
  end
  return v
end

local function is_signature(v)
  local meta = getmetatable(v)
  return type(v) == "table" and type(meta) == "table" and rawget(meta, "__name") == "signature"
end

--- The signature behind a function or class of the library (see signature.lua), nil when there is none. Nothing is
-- called.
function reference.signature_of(v)
  if type(v) == "table" then
    for _ = 1, 20 do
      for _, key in ipairs {"signature", "read"} do
        local s = rawget(v, key)
        if is_signature(s) then return s end
      end
      local meta = getmetatable(v)
      v = type(meta) == "table" and rawget(meta, "__index")
      if type(v) ~= "table" then return nil end
    end
    return nil
  elseif type(v) ~= "function" then
    return nil
  end
  local found
  for i = 1, 60 do
    local name, value = debug.getupvalue(v, i)
    if not name then break end
    if is_signature(value) and (not found or name == "read") then found = value end
  end
  return found
end

local function upvalue(f, wanted)
  for i = 1, 255 do
    local name, value = debug.getupvalue(f, i)
    if name == wanted or (wanted == "read" and name and name:find("^read_")) then return value end
    if name == nil then return nil end
  end
end

local function parameter_names(f)
  local names, info = {}, debug.getinfo(f, "u")
  for i = 1, info.nparams do names[i] = debug.getlocal(f, i) end
  if info.isvararg then names[#names + 1] = "..." end
  return table.concat(names, ", ")
end

-- How something of the library is called: by its signature where it has one, else by its parameters' names.
local function call_text(part, name, v)
  local full = part .. "." .. name
  if type(v) == "table" then
    local signature = rawget(v, "signature") or rawget(v, "read")
    if not signature then return full end
    local text = tostring(signature):gsub("^[%w_.]+", "")
    return full .. (rawget(v, "read") and text:gsub("^%(", "(parameters, "):gsub(", %)$", ")") or text)
  end
  local signature, tensors = upvalue(v, "read"), upvalue(v, "names")
  if getmetatable(signature) == nil then return ("%s(%s)"):format(full, parameter_names(v)) end
  if not tensors then -- what the signature reads stands for the ... of the parameters
    local inside = tostring(signature):match("%((.*)%)$")
    local names = inside == "" and parameter_names(v):gsub(",? ?%.%.%.", "") or parameter_names(v)
    return ("%s(%s)"):format(full, (names:gsub("%.%.%.", function() return inside end)))
  end
  local first = table.concat(tensors, ", "):gsub("%?", " = nil")
  local rest = tostring(signature):match("%((.*)%)$")
  return ("%s(%s%s%s)"):format(full, first, rest ~= "" and ", " or "", rest)
end

-- Methods that are the same for every class or that nobody calls.
local UNLISTED = {init = true, forward = true, reset_parameters = true, flatten_parameters = true, all_weights = true}

-- The methods of a class that have a `---` comment, as items.
local function add_methods(items, full, class)
  for key, f in pairs(class) do
    if type(key) == "string" and type(f) == "function" and key:find("^%a") and not UNLISTED[key] then
      local names, is_method = parameter_names(f):gsub("^self,? ?", "")
      local name, text = full .. (is_method > 0 and ":" or ".") .. key, reference.comment_of(f, blocks_of)
      if text then
        items[#items + 1] = {name = name, call = ("%s(%s)"):format(name, names), value = f, text = text, method = true,
          example = method_examples[name]}
      end
    end
  end
end

-- Public things of a part, sorted by name: {name, call, text, value, example}; a class is followed by its methods.
local function items_of(part, operations)
  local items, paths = {}, {}
  for i, file in ipairs(part.files) do paths[i] = package.searchpath("nnlua." .. file, package.path) end
  for name, v in pairs(value_of(part.name)) do
    local is_class = type(v) == "table" and (getmetatable(v) ~= nil or rawget(v, "__name") ~= nil)
    local made_here = type(v) == "function" or is_class
    if type(name) == "string" and made_here and not operations[v] then
      local full = part.name .. "." .. name
      local text, example = split_example(find_comment(paths, part.name, name))
      items[#items + 1] = {name = full, call = call_text(part.name, name, v), value = v, text = text,
        example = example or examples[full] or method_examples[full]}
      if is_class then add_methods(items, full, v) end
    end
  end
  table.sort(items, function(a, b) return a.name < b.name end)
  return items
end

-- All functions of the registry's operations, as a set.
local function operation_functions(operations)
  local set = {}
  for _, entry in ipairs(operations) do
    for _, call in ipairs(entry.calls) do
      local place, name = call:match("^(.*)[.:]([%w_]+)$")
      set[place == "x" and core.methods[name] or value_of(place)[name]] = entry
    end
  end
  return set
end

--- The Lua library by parts: {{name, items = {{name, call, text, value}, ...}}, ...}.
reference.parts = once(function()
  local list, functions = {}, operation_functions(reference.operations())
  for i, part in ipairs(parts) do list[i] = {name = part.name, items = items_of(part, functions)} end
  return list
end)

--- The functions and fields that the bindings give: {{name, call, text, value}, ...} in the order of builtins.lua.
reference.builtins = once(function()
  local list = {}
  for i, item in ipairs(builtins) do
    local call, text = item[1], item[2]
    local name = call:match("^[%w_.:]+")
    local place, last = name:match("^(.*)[.:]([%w_]+)$")
    local value
    if place == "x" then
      value = core.methods[last]
    elseif place == nil then
      value = value_of(name)
    else
      local owner = place == "nnlua" and require "nnlua" or value_of(place)
      value = type(owner) == "table" and owner[last] or nil
    end
    list[i] = {name = name, call = call, text = text, value = value, example = item[3] or examples[name]}
  end
  for _, name in ipairs(require "nnlua.functional.aliases") do
    local f = value_of("F")[name]
    if f and value_of("tensor")[name] == f then
      local full = "tensor." .. name
      list[#list + 1] = {name = full, call = call_text("tensor", name, f), value = f,
        text = "The same as F." .. name .. ".", example = ("tensor.%s == F.%s\n--> true"):format(name, name)}
    end
  end
  return list
end)

--- Everything that has a value of its own, by value: operations (entries of operations()) and items. Of several names
-- the shortest one counts: tensor.vmap, not tensor.func.vmap.
reference.by_value = once(function()
  local set = operation_functions(reference.operations())
  for _, item in ipairs(reference.builtins()) do
    if type(item.value) == "function" or type(item.value) == "table" then set[item.value] = item end
  end
  for _, part in ipairs(reference.parts()) do
    for _, item in ipairs(part.items) do
      local known = set[item.value]
      if not known or not known.name or #item.name < #known.name then set[item.value] = item end
    end
  end
  return set
end)

return reference
