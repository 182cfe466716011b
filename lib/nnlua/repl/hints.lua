-- hints: the likely cause of an error and its remedy, found in the message, the line and the variables of the frame.
-- Each rule looks at {message, line, tokens, frame} and returns a sentence or nil; the first that speaks counts.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local habits = require "nnlua.repl.habits"
local lexer = require "nnlua.repl.lexer"
local look = require "nnlua.repl.look"

local tensor = core.tensor
local hints = {}

-- A name as the frame sees it.
local function root_of(frame)
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
        local found, value = look.follow(path, root_of(case.frame))
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
  return #name > 1 and fail.nearest(name, keys) or nil
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
  local old = habits.torch7(name)
  if old and (not near or near:lower() ~= name:lower()) then return old end
  if near then return ("did you mean %s%s%s?"):format(text, sign, near) end
  local other = look.field(core.F, name) and "F" or look.field(package.loaded["nnlua"].nn, name) and "nn"
    or look.field(tensor, name) and "tensor"
  if other then return ("%s.%s is there"):format(other, name) end
  return ("%s has no '%s'"):format(text, name)
end

-- x.relu() for x:relu(), net.forward(x) for net(x).
function rules.dot_for_colon(case)
  for i = 3, #case.tokens - 1 do
    local t = case.tokens
    if t[i].kind == "name" and t[i - 1].text == "." and t[i + 1].text == "(" then
      local path, first = look.path_back(t, i - 2)
      local found, owner = false, nil
      if path then found, owner = look.follow(path, root_of(case.frame)) end
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

local order = {"missing_field", "dot_for_colon", "flatten", "transpose", "channels", "labels", "strings", "twice",
  "no_grad",
  "scalar_backward", "call_of_table", "index_number"}

--- The hint for a message, nil when no rule knows. line and frame may be nil.
function hints.find(message, line, frame)
  local case = {message = message, line = line, frame = frame, tokens = line and lexer.tokens(line) or {}}
  for _, name in ipairs(order) do
    local hint = rules[name](case)
    if hint then return hint end
  end
end

return hints
