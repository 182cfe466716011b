-- lexer: Lua source as a list of tokens with their places; what is unfinished is a token, too, so that a line can be
-- read while it is typed. Knows nothing of grammar.

local lexer = {}

lexer.keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until
while]]):gmatch("%a+") do lexer.keywords[word] = true end

-- Operators by length, longest first.
local three = {["..."] = true}
local two = {["=="] = true, ["~="] = true, ["<="] = true, [">="] = true, ["//"] = true, ["::"] = true, ["<<"] = true,
  [">>"] = true, [".."] = true}

-- The end of a long bracket whose opening stands at i (level of "=" signs given), nil when it isn't closed.
local function long_end(text, i, level)
  local _, stop = text:find("]" .. ("="):rep(level) .. "]", i, true)
  return stop
end

-- The end of a quoted string that starts at i; the second value tells whether it is closed.
local function quoted_end(text, i)
  local quote, n = text:sub(i, i), #text
  local p = i + 1
  while p <= n do
    local c = text:sub(p, p)
    if c == quote then return p, true end
    if c == "\n" then return p - 1, false end
    if c == "\\" then
      local _, stop = text:find("^\\z%s*", p)
      p = stop and stop + 1 or p + 2
    else
      p = (text:find("[\\\n\"']", p + 1)) or n + 1
    end
  end
  return n, false
end

local function number_end(text, i)
  local _, stop = text:find("^0[xX][%x%.]*", i)
  if stop then
    local _, exponent = text:find("^[pP][+-]?%d*", stop + 1)
    stop = exponent or stop
  else
    _, stop = text:find("^%d*%.?%d*", i)
    local _, exponent = text:find("^[eE][+-]?%d*", stop + 1)
    stop = exponent or stop
  end
  local _, tail = text:find("^[%w_]+", stop + 1)
  return tail or stop
end

-- kind, last place, open (not closed) of the token at i.
local function read(text, i)
  local c = text:sub(i, i)
  if c:find("[%a_]") then
    local _, stop = text:find("^[%w_]+", i)
    return lexer.keywords[text:sub(i, stop)] and "keyword" or "name", stop
  elseif c:find("%d") or text:find("^%.%d", i) then
    return "number", number_end(text, i)
  elseif c == '"' or c == "'" then
    local stop, closed = quoted_end(text, i)
    return "string", stop, not closed
  elseif text:find("^%-%-", i) then
    local equals = text:match("^%-%-%[(=*)%[", i)
    if equals then
      local stop = long_end(text, i, #equals)
      return "comment", stop or #text, not stop
    end
    return "comment", (text:find("\n", i, true) or #text + 1) - 1
  end
  local equals = c == "[" and text:match("^%[(=*)%[", i)
  if equals then
    local stop = long_end(text, i, #equals)
    return "string", stop or #text, not stop
  end
  if three[text:sub(i, i + 2)] then return "op", i + 2 end
  if two[text:sub(i, i + 1)] then return "op", i + 1 end
  if c:byte() >= 128 then
    local _, stop = text:find("^[\128-\255]+", i)
    return "unknown", stop
  end
  return c:find("[%+%-%*/%%%^#&~|<>=%(%){}%[%];:,%.]") and "op" or "unknown", i
end

--- The tokens of a text: {kind, text, from, to, line, open}. Kinds: name, keyword, number, string, comment, op,
-- unknown. `open` marks strings and comments that aren't closed. Comments are left out unless asked for.
function lexer.tokens(text, comments)
  local list, n, i, line = {}, #text, 1, 1
  if text:find("^#!") then i = text:find("\n", 1, true) or n + 1 end -- the first line of an executable script
  while true do
    local blank, stop = text:find("^%s+", i)
    if blank then
      for _ in text:sub(blank, stop):gmatch("\n") do line = line + 1 end
      i = stop + 1
    end
    if i > n then return list end
    local kind, last, open = read(text, i)
    local word = text:sub(i, last)
    if comments or kind ~= "comment" then
      list[#list + 1] = {kind = kind, text = word, from = i, to = last, line = line, open = open or nil}
    end
    if kind == "string" or kind == "comment" then
      for _ in word:gmatch("\n") do line = line + 1 end
    end
    i = last + 1
  end
end

--- The names that occur in a text, as a set.
function lexer.names(text)
  local set = {}
  for _, token in ipairs(lexer.tokens(text)) do
    if token.kind == "name" then set[token.text] = true end
  end
  return set
end

return lexer
