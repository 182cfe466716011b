-- input: what Enter, a paste and the editor do to the text of an entry: when it is complete, how its lines are
-- indented. Knows nothing of the terminal.

local lexer = require "nnlua.repl.lexer"
local session = require "nnlua.repl.session"

local input = {}

local STEP = 2

local opens = {
  ["then"] = 1, ["do"] = 1, ["repeat"] = 1, ["function"] = 1, ["else"] = 1, ["{"] = 1, ["("] = 1, ["["] = 1,
}
local closes = {["end"] = 1, ["until"] = 1, ["elseif"] = 1, ["else"] = 1, ["}"] = 1, [")"] = 1, ["]"] = 1}

-- By how much a line changes the level of what follows, and of itself when it begins with what closes. `do` of a loop
-- counts once; inside of strings and comments nothing does.
local function levels(text)
  local list, line, level, first = {}, 0, 0, true
  local lines = 1
  for _ in text:gmatch("\n") do lines = lines + 1 end
  for i = 1, lines do list[i] = {before = 0, own = 0, inside = false} end
  for _, token in ipairs(lexer.tokens(text, true)) do
    if token.line ~= line then
      for i = line + 1, token.line do list[i].before = level end
      line, first = token.line, true
    end
    local word = (token.kind == "keyword" or token.kind == "op") and token.text
    if word and closes[word] then
      level = math.max(level - 1, 0)
      if first then list[line].before = math.min(list[line].before, level) end
    else
      first = false
    end
    if word and opens[word] then level = level + 1 end
    if token.text:find("\n", 1, true) then
      local _, n = token.text:gsub("\n", "")
      for i = line + 1, math.min(line + n, lines) do list[i].inside, list[i].before = true, level end
      line = line + n
    end
  end
  for i = line + 1, lines do list[i].before = level end
  return list
end

-- Where a byte of the text is: line, place in it (from 0).
local function place(text, point)
  local line, start = 1, 1
  for at in text:gmatch("()\n") do
    if at >= point then break end
    line, start = line + 1, at + 1
  end
  return line, point - start, start
end

-- The text with the line of `point` indented as its level asks; text, point.
local function indent_line(text, point)
  local number, column, start = place(text, point)
  local stop = (text:find("\n", start, true) or #text + 1) - 1
  local line = text:sub(start, stop)
  local level = levels(text)[number]
  if level.inside then return text, point end
  local blanks = line:match("^[ \t]*")
  local wanted = (" "):rep(level.before * STEP)
  if number == 1 then wanted = blanks end
  column = math.max(column - #blanks, 0) + #wanted
  return text:sub(1, start - 1) .. wanted .. line:sub(#blanks + 1) .. text:sub(stop + 1), start + column
end

--- Enter at a byte of the text (from 1; #text + 1 is the end): done, text, point. typed: by hand, so that it is
-- indented.
function input.enter(text, point, typed)
  if session.input_state(text) ~= "incomplete" then
    if typed and text:find("\n", 1, true) then text = indent_line(text, #text + 1) end
    return true, text, #text + 1
  end
  if not typed then return false, text:sub(1, point - 1) .. "\n" .. text:sub(point), point + 1 end
  text, point = indent_line(text, point)
  text, point = text:sub(1, point - 1) .. "\n" .. text:sub(point):gsub("^[ \t]+", ""), point + 1
  text, point = indent_line(text, point)
  return false, text, point
end

--- A pasted text as it goes into the entry: plain newlines, no tabs; of a transcript only what was typed.
function input.pasted(text)
  text = text:gsub("\r\n?", "\n"):gsub("\t", "  "):gsub("[%z\1-\8\11-\31\127]", ""):gsub("\n+$", "")
  if not text:find("^%s*nnlua>") and not text:find("\n%s*nnlua>") then
    if not text:find("^%s*%.%.>") then return text end
  end
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local code = line:match("^%s*nnlua> ?(.*)$") or line:match("^%s*%.%.> ?(.*)$")
    if code then lines[#lines + 1] = code end
  end
  return table.concat(lines, "\n")
end

--- The text after the user's editor had it.
function input.edited(text)
  return require "nnlua.repl.helpers".in_editor(text)
end

return input
