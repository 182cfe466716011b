-- parser: Lua 5.4 source as a tree, with places and with what each name refers to. For code that Lua itself has
-- compiled already: it doesn't complain, it gives up. Nodes are tables with kind, from, to (bytes) and line.

local lexer = require "nnlua.repl.lexer"

local parser = {}

-- Left and right binding powers, as in Lua's own parser.
local powers = {
  ["or"] = {1, 1}, ["and"] = {2, 2}, ["<"] = {3, 3}, [">"] = {3, 3}, ["<="] = {3, 3}, [">="] = {3, 3}, ["~="] = {3, 3},
  ["=="] = {3, 3}, ["|"] = {4, 4}, ["~"] = {5, 5}, ["&"] = {6, 6}, ["<<"] = {7, 7}, [">>"] = {7, 7}, [".."] = {9, 8},
  ["+"] = {10, 10}, ["-"] = {10, 10}, ["*"] = {11, 11}, ["/"] = {11, 11}, ["//"] = {11, 11}, ["%"] = {11, 11},
  ["^"] = {14, 13},
}
local UNARY = 12
local unary = {["not"] = true, ["-"] = true, ["#"] = true, ["~"] = true}

local P = {}
P.__index = P

local function peek(p) return p.tokens[p.at] end

local function is(p, text)
  local t = p.tokens[p.at]
  return t ~= nil and t.text == text and t.kind ~= "string"
end

local function give_up() error(parser, 0) end

local function take(p)
  local t = p.tokens[p.at] or give_up()
  p.at = p.at + 1
  return t
end

local function accept(p, text)
  if is(p, text) then return take(p) end
end

local function expect(p, text) return accept(p, text) or give_up() end

local function name(p)
  local t = take(p)
  if t.kind ~= "name" then give_up() end
  return t
end

local function node(p, kind, first, fields)
  fields = fields or {}
  fields.kind, fields.from, fields.line = kind, first.from, first.line
  fields.to = p.tokens[p.at - 1].to
  return fields
end

-- ---- scopes: each maps names to variables {name, attribute, assigned, value, token} --------------------------------

local function open(p) p.scope = {parent = p.scope, names = {}} end
local function close(p) p.scope = p.scope.parent end

local function declare(p, token, attribute)
  local variable = {name = token.text, attribute = attribute, token = token}
  p.scope.names[token.text] = variable
  return variable
end

local function find(p, text)
  local scope = p.scope
  while scope do
    if scope.names[text] then return scope.names[text] end
    scope = scope.parent
  end
end

-- ---- expressions ---------------------------------------------------------------------------------------------------

local expression, block

local function expressions(p)
  local list = {expression(p, 0)}
  while accept(p, ",") do list[#list + 1] = expression(p, 0) end
  return list
end

local function body(p, first, with_self)
  open(p)
  if with_self then declare(p, {text = "self", from = first.from, to = first.from, line = first.line}) end
  expect(p, "(")
  local parameters = {}
  if not is(p, ")") then
    repeat
      if accept(p, "...") then break end
      parameters[#parameters + 1] = declare(p, name(p))
    until not accept(p, ",")
  end
  expect(p, ")")
  local statements = block(p)
  expect(p, "end")
  close(p)
  return node(p, "function", first, {parameters = parameters, block = statements})
end

local function constructor(p)
  local first, items = expect(p, "{"), {}
  while not is(p, "}") do
    local item = {}
    local after = p.tokens[p.at + 1]
    if is(p, "[") then
      take(p)
      item.key = expression(p, 0)
      expect(p, "]")
      expect(p, "=")
    elseif peek(p) and peek(p).kind == "name" and after and after.text == "=" and after.kind == "op" then
      item.name = take(p).text
      take(p)
    end
    item.value = expression(p, 0)
    items[#items + 1] = item
    if not accept(p, ",") and not accept(p, ";") then break end
  end
  expect(p, "}")
  return node(p, "table", first, {items = items})
end

local function arguments(p)
  local t = peek(p) or give_up()
  if t.kind == "string" then return {node(p, "string", take(p))} end
  if t.text == "{" then return {constructor(p)} end
  expect(p, "(")
  local list = is(p, ")") and {} or expressions(p)
  expect(p, ")")
  return list
end

local function primary(p)
  local t = take(p)
  if t.kind == "name" then
    local v = node(p, "name", t, {name = t.text, variable = find(p, t.text)})
    if not v.variable then p.globals[#p.globals + 1] = v end
    return v
  end
  if t.text ~= "(" or t.kind == "string" then give_up() end
  local inner = expression(p, 0)
  expect(p, ")")
  return node(p, "parentheses", t, {value = inner})
end

local function suffixed(p)
  local v = primary(p)
  while true do
    local t = peek(p)
    if not t then return v end
    if t.kind == "string" or t.text == "{" or t.text == "(" then
      v = node(p, "call", v, {callee = v, arguments = arguments(p)})
    elseif t.text == "." then
      take(p)
      local key = name(p)
      v = node(p, "field", v, {object = v, name = key.text, key = key})
    elseif t.text == "[" then
      take(p)
      local key = expression(p, 0)
      expect(p, "]")
      v = node(p, "index", v, {object = v, index = key})
    elseif t.text == ":" then
      take(p)
      local key = name(p)
      v = node(p, "method", v, {object = v, name = key.text, key = key, arguments = arguments(p)})
    else
      return v
    end
    v.to = p.tokens[p.at - 1].to
  end
end

local literals = {["nil"] = true, ["true"] = true, ["false"] = true, ["..."] = true}

local function simple(p)
  local t = peek(p) or give_up()
  if t.kind == "number" or t.kind == "string" then return node(p, t.kind, take(p), {text = t.text}) end
  if literals[t.text] then return node(p, t.text, take(p)) end
  if t.text == "{" then return constructor(p) end
  if t.text == "function" then return body(p, take(p)) end
  return suffixed(p)
end

function expression(p, limit)
  local t = peek(p) or give_up()
  local left
  if unary[t.text] and t.kind ~= "string" then
    take(p)
    local operand = expression(p, UNARY)
    left = node(p, "unary", t, {operator = t.text, operand = operand})
  else
    left = simple(p)
  end
  while true do
    local operator = peek(p)
    local power = operator and operator.kind ~= "string" and powers[operator.text]
    if not power or power[1] <= limit then return left end
    take(p)
    local right = expression(p, power[2])
    left = node(p, "binary", left, {operator = operator.text, left = left, right = right, token = operator})
  end
end

-- ---- statements ----------------------------------------------------------------------------------------------------

local statements = {}

statements["if"] = function(p)
  local first, tests = take(p), {}
  repeat
    local test = expression(p, 0)
    expect(p, "then")
    open(p)
    tests[#tests + 1] = {test = test, block = block(p)}
    close(p)
  until not accept(p, "elseif")
  if accept(p, "else") then
    open(p)
    tests[#tests + 1] = {block = block(p)}
    close(p)
  end
  expect(p, "end")
  return node(p, "if", first, {tests = tests})
end

statements["while"] = function(p)
  local first = take(p)
  local test = expression(p, 0)
  expect(p, "do")
  open(p)
  local inner = block(p)
  close(p)
  expect(p, "end")
  return node(p, "while", first, {test = test, block = inner})
end

statements["do"] = function(p)
  local first = take(p)
  open(p)
  local inner = block(p)
  close(p)
  expect(p, "end")
  return node(p, "do", first, {block = inner})
end

statements["for"] = function(p)
  local first, names = take(p), {name(p)}
  while accept(p, ",") do names[#names + 1] = name(p) end
  if not accept(p, "in") then expect(p, "=") end
  local values = expressions(p)
  expect(p, "do")
  open(p)
  for i, token in ipairs(names) do names[i] = declare(p, token) end
  local inner = block(p)
  close(p)
  expect(p, "end")
  return node(p, "for", first, {names = names, values = values, block = inner})
end

statements["repeat"] = function(p)
  local first = take(p)
  open(p)
  local inner = block(p)
  expect(p, "until")
  local test = expression(p, 0)
  close(p)
  return node(p, "repeat", first, {test = test, block = inner})
end

statements["function"] = function(p)
  local first = take(p)
  local target, with_self = primary(p), false
  if not target.name then give_up() end
  target.assigned = true
  while is(p, ".") or is(p, ":") do
    with_self = take(p).text == ":"
    local key = name(p)
    target.assigned = nil
    target = node(p, "field", target, {object = target, name = key.text, key = key})
    if with_self then break end
  end
  local f = body(p, first, with_self)
  return node(p, "assign", first, {targets = {target}, values = {f}, is_function = true})
end

statements["local"] = function(p)
  local first = take(p)
  if accept(p, "function") then
    local variable = declare(p, name(p))
    local f = body(p, first)
    variable.value = f
    return node(p, "local", first, {variables = {variable}, values = {f}})
  end
  local names, values = {}, {}
  repeat
    local token, attribute = name(p), nil
    if accept(p, "<") then
      attribute = name(p).text
      expect(p, ">")
    end
    names[#names + 1] = {token, attribute}
  until not accept(p, ",")
  if accept(p, "=") then values = expressions(p) end
  local variables = {}
  for i, pair in ipairs(names) do
    variables[i] = declare(p, pair[1], pair[2])
    variables[i].value = values[i]
  end
  return node(p, "local", first, {variables = variables, values = values})
end

statements["return"] = function(p)
  local first, values = take(p), {}
  local t = peek(p)
  if t and t.text ~= ";" and t.text ~= "end" and t.text ~= "else" and t.text ~= "elseif" and t.text ~= "until" then
    values = expressions(p)
  end
  accept(p, ";")
  return node(p, "return", first, {values = values})
end

statements["break"] = function(p) return node(p, "break", take(p)) end

statements["goto"] = function(p)
  local first = take(p)
  name(p)
  return node(p, "goto", first)
end

statements["::"] = function(p)
  local first = take(p)
  name(p)
  expect(p, "::")
  return node(p, "label", first)
end

local function expression_statement(p)
  local first = suffixed(p)
  if not is(p, "=") and not is(p, ",") then return first end
  local targets = {first}
  while accept(p, ",") do targets[#targets + 1] = suffixed(p) end
  expect(p, "=")
  local values = expressions(p)
  for _, target in ipairs(targets) do
    if target.kind == "name" then
      target.assigned = true
      if target.variable then target.variable.assigned = true end
    end
  end
  return node(p, "assign", first, {targets = targets, values = values})
end

local ends = {["end"] = true, ["else"] = true, ["elseif"] = true, ["until"] = true}

function block(p)
  local list = {}
  while true do
    local t = peek(p)
    if not t or (ends[t.text] and t.kind == "keyword") then return list end
    if t.text == ";" then
      take(p)
    else
      local read = t.kind ~= "string" and statements[t.text] or expression_statement
      list[#list + 1] = read(p)
    end
  end
end

--- The tree of a chunk: {statements = list, globals = list of name nodes that refer to no local}. `known` is a set of
-- names that are locals already. Nil when the text doesn't parse.
function parser.parse(text, known)
  local p = setmetatable({tokens = lexer.tokens(text), at = 1, globals = {}}, P)
  open(p)
  for text_name in pairs(known or {}) do declare(p, {text = text_name, from = 0, to = 0, line = 0}) end
  open(p)
  local ok, list = pcall(block, p)
  if not ok and list ~= parser then error(list, 0) end
  if not ok or p.tokens[p.at] then return nil end
  return {statements = list, globals = p.globals}
end

--- The tree of an expression list, as parser.parse gives that of `return text`.
function parser.parse_expression(text, known)
  local tree = parser.parse("return " .. text, known)
  return tree
end

--- Calls visit(node) for a node and everything below it, the outer first. visit may return false to stay out.
function parser.walk(thing, visit)
  if thing.kind and visit(thing) == false then return end
  for key, value in pairs(thing) do
    if type(value) == "table" and key ~= "variable" and key ~= "variables" and key ~= "parameters" and key ~= "names"
      and key ~= "key" and key ~= "token" then
      parser.walk(value, visit)
    elseif key == "key" and type(value) == "table" and value.from and not value.text then
      parser.walk(value, visit)
    end
  end
end

return parser
