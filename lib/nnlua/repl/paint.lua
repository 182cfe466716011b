-- paint: colours for a terminal, nothing where colours are not wanted. Text with colours has the same width.

local files = require "nnlua.core".files
local no, term = os.getenv("NO_COLOR"), os.getenv("TERM") or ""

local paint = {on = (not no or no == "") and term ~= "" and term ~= "dumb" and files.is_terminal(2)}

local codes = {
  dim = "2", bold = "1", red = "31", green = "32", yellow = "33", blue = "34", magenta = "35", cyan = "36",
  error = "1;31", warning = "33", hint = "36", keyword = "35", string = "32", number = "36", comment = "2;37",
  name = "0", call = "34", prompt = "1;34",
}

--- The text in a colour, where colours are on.
function paint.it(colour, text)
  if not paint.on or text == "" then return text end
  return ("\27[%sm%s\27[0m"):format(codes[colour], text)
end

--- How many columns a text takes: wide characters count twice, combining ones not at all. Colour codes don't count.
function paint.width(text)
  text = text:gsub("\27%[[%d;]*m", "")
  if not text:find("[\128-\255]") then return #text end
  local n = 0
  for c in text:gmatch("[^\128-\191][\128-\191]*") do
    local ok, code = pcall(utf8.codepoint, c)
    n = n + (ok and paint.columns_of(code) or 1)
  end
  return n
end

local wide = {
  {0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0x33FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF},
  {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
  {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}}

--- Columns of one character.
function paint.columns_of(code)
  if code >= 0x300 and code <= 0x36F or code == 0x200B or code == 0x200D or code >= 0xFE00 and code <= 0xFE0F then
    return 0
  end
  for _, range in ipairs(wide) do
    if code >= range[1] and code <= range[2] then return 2 end
  end
  return 1
end

--- The text cut to a number of columns, "..." at the end when something went (… where there is no room for it).
function paint.cut(text, width)
  if paint.width(text) <= width then return text end
  local out, n, room = {}, 0, math.max(width - 3, 0)
  for c in text:gmatch("[%z\1-\127\194-\253][\128-\191]*") do
    local w = paint.width(c)
    if n + w > room then break end
    out[#out + 1], n = c, n + w
  end
  return table.concat(out) .. ("..."):sub(1, width - n)
end

return paint
