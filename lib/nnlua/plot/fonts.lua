-- Outlines of characters that our own letters don't have, Chinese ones for instance, out of the fonts of the machine:
-- the file named by NNLUA_FONT, else the usual places, else what fontconfig knows. FreeType reads them (letters.c in
-- the bindings); where it is missing there are none. Knows nothing of canvases.

local letters = require "nnlua.core".letters

local fonts = {}

local places = {
  "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
  "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
  "/usr/share/fonts/truetype/arphic/uming.ttc", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
  "/System/Library/Fonts/STHeiti Medium.ttc",
}
local MOST_QUESTIONS = 8 -- times fontconfig is asked

--- What to install where no font is found, for the remark.
fonts.advice = "apt install libfreetype-dev fonts-wqy-zenhei and build again"

local found, tried, questions = {}, {}, 0

local function try(path)
  if tried[path] then return end
  tried[path] = true
  local font = letters.open(path)
  if font then found[#found + 1] = font end
end

-- Looks for more fonts; those for this character where fontconfig is there.
local function look_for(code)
  local own = os.getenv("NNLUA_FONT")
  if own and own ~= "" then return try(own) end
  for _, path in ipairs(places) do try(path) end
  if questions >= MOST_QUESTIONS then return end
  questions = questions + 1
  local pipe = io.popen(("fc-list ':charset=%x' file 2>/dev/null"):format(code))
  for line in pipe and pipe:lines() or function() end do try((line:match("^(.-):?%s*$"))) end
  if pipe then pipe:close() end
end

local function outline_of(code)
  for _, font in ipairs(found) do
    local width, area = letters.outline(font, code)
    if width then return {width = width, area = area} end
  end
end

--- The outline of a character: {width, area}, in parts of the letters' size; area is a flat list of points, x to the
-- right, y up from the base line. Nil when no font of this machine has it.
function fonts.glyph(character)
  local ok, code = pcall(utf8.codepoint, character)
  if not ok then return nil end
  local glyph = outline_of(code)
  if not glyph then
    look_for(code)
    glyph = outline_of(code)
  end
  return glyph
end

return fonts
