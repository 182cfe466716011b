-- Characters of UTF-8 text and how many columns of a terminal they take. Knows nothing of colours.

local characters = {}

-- East Asian wide characters and pictures, which take two columns.
local wide = {
  {0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},
  {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}}

--- Columns of one character by its code point: 0 for combining ones, 2 for wide ones.
function characters.columns_of(code)
  if code < 0x300 then return 1 end
  if code <= 0x36F or code == 0x200B or code == 0x200D or (code >= 0xFE00 and code <= 0xFE0F) then return 0 end
  for _, range in ipairs(wide) do
    if code >= range[1] and code <= range[2] then return 2 end
  end
  return 1
end

--- The characters of a text as a list of {character, columns}; control characters become spaces, bytes that are no
-- UTF-8 question marks.
function characters.list(text)
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
      list[#list + 1] = {character, characters.columns_of(code)}
    end
  end
  return list
end

--- How many columns a text takes.
function characters.width(text)
  if not text:find("[\128-\255]") then return #text end
  local n = 0
  for _, c in ipairs(characters.list(text)) do n = n + c[2] end
  return n
end

--- A text cut to a width, with a mark ("..." unless given) at its end when something went, or as much of the mark as
-- fits.
function characters.cut(text, width, mark)
  if characters.width(text) <= width then return text end
  mark = (mark or "..."):sub(1, math.max(width, 0))
  local out, n = {}, 0
  for _, c in ipairs(characters.list(text)) do
    if n + c[2] > width - #mark then break end
    out[#out + 1], n = c[1], n + c[2]
  end
  return table.concat(out) .. mark
end

return characters
