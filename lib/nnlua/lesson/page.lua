-- page: a lesson's texts as lines for the terminal: paragraphs wrapped (Chinese between any two characters), code as it
-- is, `code` in a sentence painted. No line is wider than asked for.

local paint = require "nnlua.repl.paint"

local page = {}

local function characters(word) return word:gmatch("[%z\1-\127\194-\253][\128-\191]*") end

-- Cuts a word that is wider than a line.
local function pieces(word, width)
  if paint.width(word) <= width then return {word} end
  local out, now = {}, ""
  for c in characters(word) do
    if paint.width(now) + paint.width(c) > width and now ~= "" then
      out[#out + 1], now = now, ""
    end
    now = now .. c
  end
  out[#out + 1] = now
  return out
end

local function wrap(lines, text, width, indent, rest)
  local line, empty = indent, true
  for word in text:gmatch("%S+") do
    for _, piece in ipairs(pieces(word, width - #rest)) do
      if not empty and paint.width(line) + 1 + paint.width(piece) > width then
        lines[#lines + 1], line, empty = line, rest, true
      end
      line, empty = line .. (empty and "" or " ") .. piece, false
    end
  end
  if not empty then lines[#lines + 1] = line end
end

-- Code keeps its line; what is too long goes on further in.
local function add_code(lines, line, width)
  while paint.width(line) > width do
    local n, stop, blank = 0, 0, nil
    for at, c in line:gmatch("()([%z\1-\127\194-\253][\128-\191]*)") do
      n = n + paint.width(c)
      if n > width then break end
      stop = at + #c - 1
      if c == " " and at > width // 2 then blank = at end
    end
    stop = blank or math.max(stop, 1)
    lines[#lines + 1] = (line:sub(1, stop):gsub("%s+$", ""))
    line = "        " .. line:sub(stop + 1)
    if #lines > 1000 then return end
  end
  lines[#lines + 1] = line
end

--- Lines of a text: paragraphs between blank lines, lines with four blanks in front are code. indent stands before each
-- first line of a paragraph, rest (default: indent) before the others.
function page.lines(text, width, indent, rest)
  indent = indent or ""
  rest = rest or indent
  local lines, paragraph = {}, {}
  local function flush()
    if #paragraph > 0 then wrap(lines, table.concat(paragraph, " "), width, #lines == 0 and indent or rest, rest) end
    paragraph = {}
  end
  for line in (text .. "\n"):gmatch("(.-)\n") do
    if line:find("^    ") then
      flush()
      add_code(lines, line, width)
    elseif line == "" then
      flush()
      if #lines > 0 then lines[#lines + 1] = "" end
    elseif line:find("^[-*] ") then
      flush()
      paragraph[1] = line
    else
      paragraph[#paragraph + 1] = line
    end
  end
  flush()
  while lines[#lines] == "" do lines[#lines] = nil end
  return lines
end

-- `code` painted, from line to line as the quotes open and close; lines of code as such.
local function painted(lines, colour)
  if not paint.on then return lines end
  local out, inside = {}, false
  for i, line in ipairs(lines) do
    if line:find("^    ") and not inside then
      out[i] = paint.it("call", line)
    else
      local parts = {}
      for text, tick in (line .. "\0"):gmatch("([^`%z]*)([`%z])") do
        if text ~= "" then
          parts[#parts + 1] = inside and paint.it("call", text) or colour and paint.it(colour, text) or text
        end
        if tick == "`" then inside = not inside end
      end
      out[i] = table.concat(parts)
    end
  end
  return out
end

--- The text as it is to be written, in lines no wider than width; colour is for what is not code.
function page.text(text, width, colour, indent, rest)
  return table.concat(painted(page.lines(text, width, indent, rest), colour), "\n")
end

--- A heading: a title, something at the right end where there is room, and a rule below.
function page.heading(left, right, width)
  local room = width - paint.width(right) - 2
  local lines = {}
  if paint.width(left) <= room then
    local gap = (" "):rep(width - paint.width(left) - paint.width(right))
    lines[1] = paint.it("bold", left) .. gap .. paint.it("dim", right)
  else
    lines[1] = paint.it("bold", paint.cut(left, width))
    lines[2] = paint.it("dim", paint.cut(right, width))
  end
  lines[#lines + 1] = paint.it("dim", ("-"):rep(width))
  return table.concat(lines, "\n")
end

return page
