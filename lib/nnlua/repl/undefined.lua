-- undefined: the text of the warning about an undefined global, with the nearest name or what other languages' users
-- look for. Returns nil where the code only asks whether it is there.

local fail = require "nnlua.fail"
local habits = require "nnlua.repl.habits"
local lexer = require "nnlua.repl.lexer"
local paint = require "nnlua.repl.paint"
local parser = require "nnlua.repl.parser"

-- The name nodes that mean this global on this line, and those of them that are only asked for being nil.
local function reads(tree, name, line)
  local found, guarded = {}, {}
  for _, node in ipairs(tree.globals) do
    if node.name == name and node.line == line and not node.assigned then found[#found + 1] = node end
  end
  local function asks(node)
    if node.kind == "name" and node.name == name then guarded[node] = true end
  end
  for _, statement in ipairs(tree.statements) do
    parser.walk(statement, function(node)
      if node.kind == "binary" and (node.operator == "==" or node.operator == "~=") then
        if node.right.kind == "nil" then asks(node.left) end
        if node.left.kind == "nil" then asks(node.right) end
      elseif node.kind == "call" and node.callee.kind == "name" and node.callee.name == "type"
        and node.arguments[1] then
        asks(node.arguments[1])
      elseif node.kind == "assign" and #node.targets == 1 and node.targets[1].name == name
        and node.targets[1].kind == "name" and node.values[1] and node.values[1].operator == "or" then
        asks(node.values[1].left) -- name = name or default
      end
    end)
  end
  return found, guarded
end

-- Every name of a text that names a variable, for suggestions.
local function names_in(text)
  local set = {}
  local tokens = lexer.tokens(text)
  for i, token in ipairs(tokens) do
    local before = i > 1 and tokens[i - 1].text
    if token.kind == "name" and before ~= "." and before ~= ":" then set[token.text] = (set[token.text] or 0) + 1 end
  end
  return set
end

--- The nearest name to an undefined one among globals, the prompt's locals and helpers, and the names of the text.
local function nearest(name, text)
  local candidates, seen = {}, {[name] = true}
  local function add(word)
    if type(word) == "string" and not seen[word] and (#name > 2 or word:lower() == name:lower()) then
      candidates[#candidates + 1], seen[word] = word, true
    end
  end
  for word in next, _G do add(word) end
  local globals = require "nnlua.repl.globals"
  for _, word in ipairs(globals.more_names and globals.more_names() or {}) do add(word) end
  for word in pairs(text and names_in(text) or {}) do add(word) end
  table.sort(candidates)
  return fail.nearest(name, candidates)
end

return function(name, info, text)
  local tree = text and parser.parse(text)
  if tree then
    local found, guarded = reads(tree, name, info.currentline)
    local all = #found > 0
    for _, node in ipairs(found) do all = all and guarded[node] end
    if all then return nil end
  end
  local report = ("%s:%d: warning: undefined global '%s' is nil"):format(info.short_src, info.currentline, name)
  local habit = habits.global(name)
  if habit then return paint.it("warning", report .. ": " .. habit) end
  local near = nearest(name, text)
  return paint.it("warning", report .. (near and (" (did you mean '%s'?)"):format(near) or ""))
end
