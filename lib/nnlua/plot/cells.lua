-- A canvas of character cells with colours, and how it becomes lines of text. Knows nothing of plots.

local characters = require "nnlua.characters"
local colors = require "nnlua.plot.colors"

local cells = {}

local Canvas = {}
Canvas.__index = Canvas

cells.characters, cells.width = characters.list, characters.width

--- A text cut to a width.
function cells.cut(text, width) return characters.cut(text, width, "~") end

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
    if c[2] > 0 then self:set(x, y, c[1], front, back) end -- a combining mark has no cell
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
