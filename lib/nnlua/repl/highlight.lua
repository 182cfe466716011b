-- highlight: which colour each byte of an entry has while it is typed. Letters: k keyword, s string, n number, c
-- comment, b a name that there is, f what is called, m a bracket and its match, e what is wrong, blank for the rest.

local lexer = require "nnlua.repl.lexer"

local highlight = {}

local opening = {["("] = ")", ["["] = "]", ["{"] = "}"}
local closing = {[")"] = "(", ["]"] = "[", ["}"] = "{"}

-- The partner of each bracket token by its number; those without one map to false.
local function partners(tokens)
  local list, open = {}, {}
  for i, token in ipairs(tokens) do
    if token.kind == "op" and opening[token.text] then
      open[#open + 1] = i
    elseif token.kind == "op" and closing[token.text] then
      local other = open[#open]
      if other and opening[tokens[other].text] == token.text then
        list[other], list[i] = i, other
        open[#open] = nil
      else
        list[i] = false
      end
    end
  end
  return list
end

-- The bracket at or before the cursor.
local function bracket_at(tokens, list, point)
  local found
  for i, token in ipairs(tokens) do
    if list[i] and (token.from == point or token.to == point - 1) then found = i end
    if list[i] and token.to == point - 1 then return i end
  end
  return found
end

local function is_known(name)
  local session = package.loaded["nnlua.repl.session"]
  if session and session.get(name) then return true end
  return rawget(_G, name) ~= nil
end

local function style_of(tokens, i)
  local token = tokens[i]
  if token.kind == "keyword" then
    return (token.text == "nil" or token.text == "true" or token.text == "false") and "n" or "k"
  elseif token.kind == "string" then
    return "s"
  elseif token.kind == "number" then
    return "n"
  elseif token.kind == "comment" then
    return "c"
  elseif token.kind == "unknown" then
    return (token.text == "?" or token.text == "!") and "k" or "e"
  elseif token.kind == "name" then
    local before, after = tokens[i - 1], tokens[i + 1]
    local is_field = before and (before.text == "." or before.text == ":")
    if after and after.text == "(" then return "f" end
    if not is_field and is_known(token.text) then return "b" end
  end
  return " "
end

--- A letter for each byte of the text. The cursor stands before byte `point`; 0 when there is none.
function highlight.styles(text, point)
  local tokens = lexer.tokens(text, true)
  local parts, at = {}, 1
  local list = partners(tokens)
  local marked = point > 0 and bracket_at(tokens, list, point) or nil
  for i, token in ipairs(tokens) do
    parts[#parts + 1] = (" "):rep(token.from - at)
    local style = style_of(tokens, i)
    if list[i] == false then style = "e" end
    if marked and (i == marked or i == list[marked]) then style = "m" end
    parts[#parts + 1] = style:rep(token.to - token.from + 1)
    at = token.to + 1
  end
  parts[#parts + 1] = (" "):rep(#text - at + 1)
  return table.concat(parts)
end

return highlight
