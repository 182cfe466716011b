-- conditions: finds what silently means something else in a source: a tensor predicate (x:lt(y)) where Lua wants a
-- condition, a tensor compared by == with a number (a tensor is true whatever it holds), a line that begins with a
-- parenthesis and so calls what stands above it. Nothing is run.

local core = require "nnlua.core"
local paint = require "nnlua.repl.paint"
local parser = require "nnlua.repl.parser"

local conditions = {}

-- Methods and functions that give a bool tensor.
local predicates = {}
for name in ([[lt le gt ge eq ne less less_equal greater greater_equal not_equal isnan isinf isfinite isclose isposinf
isneginf isreal isin signbit logical_and logical_or logical_not logical_xor]]):gmatch("%S+") do
  predicates[name] = true
end

-- These give a Lua boolean without a dim and a tensor with one.
local reductions = {all = true, any = true}

-- Names of functions that also stand in other tables than tensor and F are no sign of a tensor there.
local spaces = {tensor = true, F = true, torch = true}

local tensor_operations

-- Names of operations whose (first) result is a tensor.
local function operations()
  if tensor_operations then return tensor_operations end
  tensor_operations = {}
  for _, row in ipairs(core.ops()) do
    if not row.flags.private and not row.flags.lua_value and not row.flags.list_out then
      tensor_operations[row.base] = true
    end
  end
  for _, name in ipairs {"item", "size", "rep", "len", "find", "match", "sub", "format", "tostring", "equal",
    "allclose",
    "all", "any", "type", "stride", "dim", "numel", "split", "chunk", "unbind", "clone",
    "index", "select", "close",
    "lower", "upper", "reverse", "repeat", "get", "set", "byte", "char", "sort"} do
    tensor_operations[name] = nil
  end
  return tensor_operations
end

local function unwrap(node)
  while node.kind == "parentheses" do node = node.value end
  return node
end

-- The name of the operation that a call runs on tensors, with its number of arguments beside the tensor; nil for
-- others.
local function operation_of(node)
  if node.kind == "method" then
    if node.object.kind == "string" then return nil end
    return node.name, #node.arguments, node
  end
  if node.kind == "call" and node.callee.kind == "field" then
    local owner = node.callee.object
    local inner = owner.kind == "field" and owner.name or owner.kind == "name" and owner.name
    if owner.kind == "name" and owner.variable and owner.name ~= "F" and owner.name ~= "tensor" then return nil end
    if spaces[inner] then return node.callee.name, #node.arguments - 1, node end
  end
end

local function has_dim(node, count)
  if count < 1 then return false end
  local argument = node.arguments[node.kind == "method" and 1 or 2]
  return argument ~= nil and argument.kind ~= "nil"
end

-- Whether an expression is a bool tensor as far as one can see: "x:lt(...)", nil when not.
local function predicate(node)
  node = unwrap(node)
  if node.kind == "name" and node.variable and not node.variable.assigned and node.variable.value then
    local inner = unwrap(node.variable.value)
    if inner.kind == "method" or inner.kind == "call" then
      return predicate(inner) and node.name
    end
    return nil
  end
  local name, count, call = operation_of(node)
  if not name then return nil end
  if predicates[name] and count >= ((name:find("^is") or name:find("not$") or name == "signbit") and 0 or 1)
    or reductions[name] and has_dim(call, count) then
    return name
  end
end

local function text_of(source, node)
  local text = source:sub(node.from, node.to):gsub("%s+", " ")
  return #text > 40 and text:sub(1, 37) .. "..." or text
end

-- What is compared with a tensor in vain.
local function plain(node)
  node = unwrap(node)
  if node.kind == "number" or node.kind == "true" or node.kind == "false" then return true end
  return node.kind == "unary" and node.operator == "-" and node.operand.kind == "number"
end

local function tensor_call(node)
  node = unwrap(node)
  local name, count, call = operation_of(node)
  if not name then return false end
  if reductions[name] then return has_dim(call, count) end
  return predicates[name] and count >= 0 or operations()[name] == true
end

-- Looks through a source: list of {line, text}.
local function examine(source, tree)
  local found = {}
  local function add(node, text) found[#found + 1] = {line = node.line, from = node.from, to = node.to, text = text} end

  local seen = {}
  -- node is tested for being true
  local function tested(node, where)
    node = unwrap(node)
    if node.kind == "binary" and (node.operator == "and" or node.operator == "or") then
      tested(node.left, node.operator)
      tested(node.right, where)
    elseif node.kind == "unary" and node.operator == "not" then
      tested(node.operand, "not")
    elseif not seen[node] and predicate(node) then
      seen[node] = true
      add(node, ("%s is a tensor, which is always true under '%s': ask (%s):all() or :any(), or :item() of one element")
        :format(text_of(source, node), where, text_of(source, node)):gsub("%((%S+)%)(:all)", "%1%2"))
    end
  end

  -- node stands before `or`: in `c and m or n` the middle one is a value, meant to be always true
  local function chosen(node)
    node = unwrap(node)
    local operator = node.kind == "binary" and node.operator
    if operator == "or" then
      chosen(node.left)
      chosen(node.right)
    elseif operator ~= "and" then
      tested(node, "or")
    end
  end

  local visit = {}
  visit["if"] = function(node)
    for _, one in ipairs(node.tests) do
      if one.test then tested(one.test, "if") end
    end
  end
  visit["while"] = function(node) tested(node.test, "while") end
  visit["repeat"] = function(node) tested(node.test, "until") end
  visit["unary"] = function(node)
    if node.operator == "not" then tested(node.operand, "not") end
  end
  visit["binary"] = function(node)
    if node.operator == "and" or node.operator == "or" then
      if node.operator == "or" then chosen(node.left) else tested(node.left, "and") end
    elseif node.operator == "==" or node.operator == "~=" then
      local result = node.operator == "==" and "false" or "true"
      local a, b = tensor_call(node.left), tensor_call(node.right)
      if a and plain(node.right) or b and plain(node.left) then
        local call = a and node.left or node.right
        add(node, ("%s is always %s: a tensor is no number; compare %s:item(), or elements by :eq()")
          :format(text_of(source, node), result, text_of(source, call)))
      elseif a and b then
        add(node, ("%s is always %s: two tensors are compared as objects; write :eq(), or :equal() for one answer")
          :format(text_of(source, node), result))
      end
    end
  end
  visit["call"] = function(node)
    local gap = source:sub(node.callee.to + 1, node.to):match("^(%s*)%(")
    if not gap or not gap:find("\n") then return end
    local _, lines = source:sub(1, node.callee.to + #gap):gsub("\n", "")
    found[#found + 1] = {line = lines + 1, from = node.callee.to + #gap + 1, to = node.to,
      text = "a line that begins with a parenthesis calls what stands above it: put a ; in front of it"}
  end
  for _, statement in ipairs(tree.statements) do
    parser.walk(statement, function(node)
      if visit[node.kind] then visit[node.kind](node) end
    end)
  end
  table.sort(found, function(a, b) return a.from < b.from end)
  return found
end

-- Whether a source can hold anything of the kind: most don't, and need no parsing.
local function suspicious(source)
  if source:find("[%w_%)%]}\"']%s*\n%s*%(") then return true end
  if source:find("%)%s*[=~]=") or source:find("[=~]=[^\n]-[.:][%w_]+%s*%(") then return true end
  for name in source:gmatch("[.:]([%a_]+)%s*[%({]") do
    if predicates[name] or reductions[name] then return true end
  end
  return false
end

--- What silently means something else in a source, as a list {line, from, to, text}.
-- @param known a set of names that are locals already
function conditions.find(source, known)
  if not suspicious(source) then return {} end
  local tree = parser.parse(source, known)
  return tree and examine(source, tree) or {}
end

--- Writes a warning for each such place to standard error.
function conditions.warn(source, chunk, known)
  if not suspicious(source) then return end
  local found = conditions.find(source, known)
  if #found == 0 then -- an expression at the prompt
    local shifted = "return " .. source
    if load(shifted) then found = conditions.find(shifted, known) end
  end
  if #found > 0 then io.stdout:flush() end
  for _, one in ipairs(found) do
    local text = ("%s:%d: warning: %s"):format(chunk, one.line, one.text)
    if chunk == "prompt" then text = require "nnlua.repl.errors".fold(text) end
    io.stderr:write(paint.it("warning", text), "\n")
  end
end


return conditions
