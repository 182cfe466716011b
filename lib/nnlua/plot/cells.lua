-- A canvas of character cells with colours, and how it becomes lines of text. Knows nothing of plots.

local colors = require "nnlua.plot.colors"

local cells = {}

local Canvas = {}
Canvas.__index = Canvas

-- ---- text of more than one byte a character -----------------------------------------------------------------------

-- Code points of East Asian wide characters and pictures, which take two cells.
local function is_wide(c)
  return c >= 0x1100 and (c <= 0x115F or (c >= 0x2E80 and c <= 0xA4CF) or (c >= 0xAC00 and c <= 0xD7A3)
    or (c >= 0xF900 and c <= 0xFAFF) or (c >= 0xFE30 and c <= 0xFE6F) or (c >= 0xFF00 and c <= 0xFF60)
    or (c >= 0xFFE0 and c <= 0xFFE6) or (c >= 0x1F300 and c <= 0x1FAFF) or (c >= 0x20000 and c <= 0x3FFFD))
end

--- The characters of a text as a list of {character, cells}; control characters become spaces, bytes that are no UTF-8
-- question marks.
function cells.characters(text)
  local list, i = {}, 1
  while i <= #text do
    local ok, code = pcall(utf8.codepoint, text, i)
    if not ok then
      list[#list + 1] = {"?", 1}
      i = i + 1
    else
      local character = utf8.char(code)
      i = i + #character
      if code < 32 or code == 127 then character = " " end
      list[#list + 1] = {character, is_wide(code) and 2 or 1}
    end
  end
  return list
end

--- How many cells a text takes.
function cells.width(text)
  local n = 0
  for _, c in ipairs(cells.characters(text)) do n = n + c[2] end
  return n
end

--- A text cut to a width.
function cells.cut(text, width)
  if cells.width(text) <= width then return text end
  local out, n = {}, 0
  for _, c in ipairs(cells.characters(text)) do
    if n + c[2] > width - 1 then break end
    out[#out + 1], n = c[1], n + c[2]
  end
  if width >= 1 then out[#out + 1] = "~" end
  return table.concat(out)
end

-- ---- the canvas ---------------------------------------------------------------------------------------------------

--- A canvas of height lines with width cells, empty.
function cells.new(width, height)
  local self = setmetatable({width = width, height = height, text = {}, front = {}, back = {}, bold = {}}, Canvas)
  for y = 1, height do self.text[y], self.front[y], self.back[y], self.bold[y] = {}, {}, {}, {} end
  return self
end

--- One character at column x of line y (from 1); what lies outside, or nowhere (NaN), is left out.
function Canvas:set(x, y, character, front, back)
  if not (x >= 1 and y >= 1 and x <= self.width and y <= self.height) then return end
  self.text[y][x] = character
  if front then self.front[y][x] = front end
  if back then self.back[y][x] = back end
end

--- A text from column x on.
function Canvas:write(x, y, text, front, back, bold)
  for _, c in ipairs(cells.characters(text)) do
    if x + c[2] - 1 > self.width then return end
    self:set(x, y, c[1], front, back)
    if bold and y >= 1 and y <= self.height then self.bold[y][x] = true end
    if c[2] == 2 then self:set(x + 1, y, "", front, back) end
    x = x + c[2]
  end
end

--- A text in the middle of the columns from..to, cut to fit.
function Canvas:centre(from, to, y, text, front, back, bold)
  text = cells.cut(text, to - from + 1)
  self:write(from + (to - from + 1 - cells.width(text)) // 2, y, text, front, back, bold)
end

-- The escape sequence for a pair of colours.
local function code_of(front, back, bold, depth)
  if not front and not back and not bold then return "\27[0m" end
  local parts = {"0"}
  if bold then parts[#parts + 1] = "1" end
  for i, c in ipairs {front or false, back or false} do
    if c then
      local base = i == 1 and 38 or 48
      parts[#parts + 1] = depth == "true" and ("%d;2;%d;%d;%d"):format(base, c[1], c[2], c[3])
        or ("%d;5;%d"):format(base, colors.of_256(c))
    end
  end
  return "\27[" .. table.concat(parts, ";") .. "m"
end

--- The lines as text. depth: "true" (24-bit colours), "256" or nil (no colours).
function Canvas:lines(depth)
  local lines = {}
  for y = 1, self.height do
    local out, now = {}, "\27[0m"
    local text, front, back, bold = self.text[y], self.front[y], self.back[y], self.bold[y]
    local last = 0
    for x = self.width, 1, -1 do
      if (text[x] and text[x] ~= " ") or (depth and back[x]) then
        last = x
        break
      end
    end
    for x = 1, last do
      if depth then
        local code = code_of(front[x], back[x], bold[x], depth)
        if code ~= now then out[#out + 1], now = code, code end
      end
      out[#out + 1] = text[x] or " "
    end
    if now ~= "\27[0m" then out[#out + 1] = "\27[0m" end
    lines[y] = table.concat(out)
  end
  return lines
end

return cells
