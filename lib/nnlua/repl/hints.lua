-- hints: the likely cause of an error and its remedy, found in the message, the line and the variables of the frame.
-- Each rule looks at {message, line, tokens, frame} and returns a sentence or nil; the first that speaks counts.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local habits = require "nnlua.repl.habits"
local lexer = require "nnlua.repl.lexer"
local look = require "nnlua.repl.look"

local tensor = core.tensor
local hints = {}

--- A name as the frame sees it: a function that gives found, value.
function hints.root_of(frame)
  return function(name)
    for _, variable in ipairs(frame and frame.variables or {}) do
      if variable[1] == name then return true, variable[2] end
    end
    local session = package.loaded["nnlua.repl.session"]
    if session then
      local found, value = session.get(name)
      if found then return true, value end
    end
    local value = rawget(_G, name)
    return value ~= nil, value
  end
end

local function is_module(v)
  local module = package.loaded["nnlua.nn.module"]
  return module ~= nil and module.is_module(v)
end

-- The owner in front of the last `.name` or `:name` of the line: value, its text, the sign between.
local function owner_of(case, name)
  for i = #case.tokens, 3, -1 do
    local sign = case.tokens[i - 1]
    if case.tokens[i].text == name and case.tokens[i].kind == "name" and (sign.text == "." or sign.text == ":") then
      local path, first = look.path_back(case.tokens, i - 2)
      if path then
        local found, value = look.follow(path, hints.root_of(case.frame))
        if found then
          return value, case.line:sub(case.tokens[first].from, case.tokens[i - 2].to), sign.text
        end
      end
    end
  end
end

local function nearest_key(owner, name)
  local keys = look.keys(owner)
  table.sort(keys)
  for _, key in ipairs(keys) do
    if key:lower() == name:lower() then return key end
  end
  local near = #name > 1 and fail.nearest(name, keys)
  if near or #name < 4 then return near or nil end
  local best
  for _, key in ipairs(keys) do -- params for parameters: the same beginning and all letters in their order
    if key:sub(1, 3) == name:sub(1, 3) and not key:find("^_")
      and key:find((name:gsub("s$", ""):gsub(".", "%0.-"))) and (not best or #key < #best) then
      best = key
    end
  end
  return best
end

local rules = {}

-- attempt to call or index a nil value (field 'x'), (method 'x').
function rules.missing_field(case)
  local verb, name = case.message:match("attempt to (%a+) a nil value %(%a+ '([%w_]+)'%)")
  if not name then return nil end
  local kind = case.message:match("%((%a+) '")
  if kind == "global" then
    local warned = case.frame and require "nnlua.repl.globals".has_warned(case.frame, name)
    return not warned and habits.global(name) or nil
  end
  if name == "grad" and verb == "index" then
    return "the gradient is there after backward(), for leaves with requires_grad = true"
  end
  if kind ~= "field" and kind ~= "method" then return nil end
  local owner, text, sign = owner_of(case, name)
  if owner == nil then return habits.torch7(name) end
  local near = nearest_key(owner, name)
  local same = near and near:lower() == name:lower()
  local is_object = tensor.is_tensor(owner) or is_module(owner)
  local known = not same and (habits.torch7(name) or is_object and habits.method(name))
  if known then return known end
  local other = look.field(tensor, name) and "tensor" or look.field(core.F, name) and "F"
    or look.field(package.loaded["nnlua"].nn, name) and "nn"
  if other and not same then return ("it is a function here: %s.%s(...)"):format(other, name) end
  if near then
    if is_object and type(look.field(owner, near)) == "function" then sign = ":" end
    return ("did you mean %s%s%s?"):format(text, sign, near)
  end
  return ("%s has no '%s'"):format(text, name)
end

-- x:shape() for x.shape.
function rules.call_of_field(case)
  local kind, name = case.message:match("attempt to call a %a+ value %((%a+) '([%w_]+)'%)")
  if kind ~= "method" and kind ~= "field" or not name then return nil end
  local owner, text = owner_of(case, name)
  if not tensor.is_tensor(owner) or look.field(owner, name) == nil then return nil end
  local more = name == "shape" and "; x:size() gives the sizes one by one" or ""
  return ("%s is a field, no method: %s.%s%s"):format(name, text, name, more)
end

-- x.relu() for x:relu(), net.forward(x) for net(x).
function rules.dot_for_colon(case)
  for i = 3, #case.tokens - 1 do
    local t = case.tokens
    if t[i].kind == "name" and t[i - 1].text == "." and t[i + 1].text == "(" then
      local path, first = look.path_back(t, i - 2)
      local found, owner = false, nil
      if path then found, owner = look.follow(path, hints.root_of(case.frame)) end
      local text = path and case.line:sub(t[first].from, t[i - 2].to)
      if found and tensor.is_tensor(owner) and look.field(owner, t[i].text) then
        return ("methods are called with a colon: %s:%s(...)"):format(text, t[i].text)
      elseif found and is_module(owner) and type(look.field(owner, t[i].text)) == "function" then
        local call = t[i].text == "forward" and ("%s(x), which calls its forward"):format(text)
          or ("%s:%s(...)"):format(text, t[i].text)
        return "methods are called with a colon: " .. call
      end
    end
  end
end

local function numbers_of(text)
  local list = {}
  for n in text:gmatch("%-?%d+") do list[#list + 1] = tonumber(n) end
  return list
end

local function product(list, from)
  local n = 1
  for i = from or 1, #list do n = n * list[i] end
  return n
end

-- linear: expected input[..., 784], got [64, 1, 28, 28].
function rules.flatten(case)
  local wanted, got = case.message:match("linear: expected input%[%.%.%., (%d+)%].-got %[([%d, ]+)%]")
  if not wanted then return nil end
  wanted = tonumber(wanted)
  local sizes = numbers_of(got)
  for from = 2, #sizes do
    if product(sizes, from) == wanted then
      return ("flatten first: x:flatten(%d) makes [%s] of it"):format(from,
        table.concat(sizes, ", ", 1, from - 1) .. ", " .. wanted)
    end
  end
  if product(sizes) == wanted then return "flatten first: x:flatten()" end
  if sizes[1] == wanted and #sizes == 2 then return "the sizes stand the other way round: x:t()" end
  return ("the last size has to be %d: what the layer before gives, or nn.Linear(%d, ...)"):format(wanted,
    sizes[#sizes] or 0)
end

function rules.transpose(case)
  local a, b = case.message:match("matmul: shapes %[([%d, ]+)%] and %[([%d, ]+)%] do not fit")
  if not a then return nil end
  a, b = numbers_of(a), numbers_of(b)
  if #a == 2 and #b == 2 then
    if a[2] == b[2] then return ("the second one transposed fits: a:matmul(b.T) is [%d, %d]"):format(a[1], b[1]) end
    if a[1] == b[1] then return ("the first one transposed fits: a.T:matmul(b) is [%d, %d]"):format(a[2], b[2]) end
    if a[1] == b[2] then return ("the other way round fits: b:matmul(a) is [%d, %d]"):format(b[1], a[2]) end
  end
end

-- conv2d: expected input with 3 to 4 dimensions, got shape [28, 28]; expected input[N, 1, H, W], got [4, 28, 28, 1].
function rules.channels(case)
  local got = case.message:match("expected input with 3 to 4 dimensions, got shape %[([%d, ]+)%]")
  if got and #numbers_of(got) == 2 then return "add the dimension of channels: x:unsqueeze(1)" end
  local channels, sizes = case.message:match("expected input%[N, (%d+), H, W%].-got %[([%d, ]+)%]")
  if not channels then return nil end
  sizes = numbers_of(sizes)
  if #sizes == 4 and sizes[4] == tonumber(channels) then
    return "channels stand second here: x:permute(1, 4, 2, 3)"
  elseif #sizes == 3 and tonumber(channels) == 1 then
    return "add the dimension of channels: x:unsqueeze(2)"
  end
  return #sizes == 4 and ("the input has %d channels: nn.Conv2d(%d, ...)"):format(sizes[2], sizes[2]) or nil
end

-- add: shapes [3, 4] and [3] do not broadcast.
function rules.broadcast(case)
  local a, b = case.message:match("shapes %[([%d, ]+)%] and %[([%d, ]+)%][^:]* do not broadcast")
  if not a then return nil end
  a, b = numbers_of(a), numbers_of(b)
  local long, short = a, b
  if #a < #b then long, short = b, a end
  if #short == 1 and #long == 2 and long[1] == short[1] then
    return ("the one of [%d] as a column fits: y:unsqueeze(2) is [%d, 1]"):format(short[1], short[1])
  elseif #a == 2 and #b == 2 and a[1] == b[2] and a[2] == b[1] then
    return ("one of them transposed fits: y.T is [%d, %d]"):format(a[1], a[2])
  end
end

-- view: shape [2, 7] does not fit 12 elements.
function rules.sizes(case)
  local name, shape, n = case.message:match("(%a+): shape %[([%d, ]+)%] does not fit (%d+) elements")
  if not name then return nil end
  shape, n = numbers_of(shape), tonumber(n)
  for i = #shape, 1, -1 do
    local rest = 1
    for k, size in ipairs(shape) do rest = k == i and rest or rest * size end
    if rest > 0 and n % rest == 0 and #shape > 1 then
      local fits, asked = {table.unpack(shape)}, {table.unpack(shape)}
      fits[i], asked[i] = n // rest, -1
      return ("x:%s(%s) makes [%s]"):format(name, table.concat(asked, ", "), table.concat(fits, ", "))
    end
  end
end

-- nn.MSELoss(x, y) for nn.MSELoss()(x, y).
function rules.loss(case)
  local name = case.message:match("^.-:%d+: (%w+Loss): ")
  if not name or not (case.message:find("too many arguments", 1, true) or case.message:find("got a tensor", 1, true))
  then
    return nil
  end
  local plain = name:gsub("Loss$", ""):gsub("(%l)(%u)", "%1_%2"):lower() .. "_loss"
  if not look.field(core.F, plain) then plain = plain:gsub("_loss$", "") end
  return ("make it first, then call it: nn.%s()(x, y)%s"):format(name,
    look.field(core.F, plain) and ("; or F.%s(x, y)"):format(plain) or "")
end

-- An argument that is missing, or one too many: how the call goes.
function rules.signature(case)
  local name = case.message:match("([%w_]+): argument '[%w_]+' is missing")
    or case.message:match("([%w_]+): [%w_]+ is missing: expected") or case.message:match("([%w_]+): too many arguments")
  if not name then return nil end
  for i = #case.tokens, 1, -1 do
    local one = case.tokens[i]
    if one.text == name and case.tokens[i + 1] and case.tokens[i + 1].text == "(" then
      local text = require "nnlua.repl.ask".hint(case.line, case.tokens[i + 1].to + 1)
      return text and "the call is " .. text:match("^[^\n]*") or nil
    end
  end
end

function rules.devices(case)
  if case.message:find("got the string 'cuda", 1, true) or case.message:find("got the string 'mps", 1, true)
    or case.message:find("got the string 'cpu", 1, true) then
    return habits.method "cuda"
  end
end

function rules.labels(case)
  if case.message:find("classes count from 1", 1, true) or
    (case.message:find("embedding", 1, true) and case.message:find("index 0", 1, true)) then
    return "labels and indices that count from 0 are shifted by one: y + 1"
  end
end

function rules.strings(case)
  if case.message:find("attempt to perform arithmetic on a string", 1, true)
    or case.message:find("attempt to add a 'string'", 1, true)
    or case.message:find("attempt to add a '[%a]+' with a 'string'") then
    return "texts are joined by two dots: a .. b"
  elseif case.message:find("got the string", 1, true) and case.line and case.line:find("+", 1, true)
    and case.message:find("add:", 1, true) then
    return "texts are joined by two dots: a .. b"
  elseif case.message:find("attempt to concatenate a [tbfu][aou]") then
    return "tostring(v) makes a text of any value"
  end
end

function rules.twice(case)
  if case.message:find("backward", 1, true) and (case.message:find("second time", 1, true)
    or case.message:find("freed", 1, true)) then
    return "keep the graph for a second pass: loss:backward({retain_graph = true})"
  end
end

function rules.no_grad(case)
  if case.message:find("backward: this tensor does not require a gradient", 1, true) then
    return "make the leaves with {requires_grad = true}, and compute outside of tensor.no_grad"
  elseif case.message:find("a leaf tensor that requires grad cannot be changed in place", 1, true) then
    return "tensor.no_grad(function() w:sub_(w.grad * lr) end)"
  end
end

function rules.scalar_backward(case)
  if case.message:find("backward", 1, true) and case.message:find("one element", 1, true) then
    return "make one number of it: loss:sum():backward(), loss:mean():backward()"
  end
end

function rules.call_of_table(case)
  local kind, name = case.message:match("attempt to call a table value %((%a+) '([%w_]+)'%)")
  if not kind then return nil end
  if name == "data" or name == "optim" or name == "nn" or name == "F" or name == "metrics" or name == "train" then
    return ("%s is a collection: help(%s) lists what it holds"):format(name, name)
  end
end

function rules.index_number(case)
  if case.message:find("attempt to compare number with nil", 1, true)
    or case.message:find("attempt to compare nil with number", 1, true) then
    return "one side is nil: is the name spelt right, does the field exist?"
  end
end

local order = {"missing_field", "call_of_field", "dot_for_colon", "flatten", "transpose", "broadcast", "sizes",
  "channels", "labels", "loss", "devices", "strings", "twice", "no_grad", "scalar_backward", "call_of_table",
  "index_number", "signature"}

--- The hint for a message, nil when no rule knows. line and frame may be nil.
function hints.find(message, line, frame)
  local case = {message = message, line = line, frame = frame, tokens = line and lexer.tokens(line) or {}}
  for _, name in ipairs(order) do
    local hint = rules[name](case)
    if hint then return hint end
  end
end

return hints
