-- Outlines of characters that our own letters don't have, Chinese ones for instance, out of the TrueType fonts of the
-- machine: the file named by NNLUA_FONT, else what fontconfig knows, else the usual places. Knows nothing of canvases.

local truetype = {}

local places = {
  "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
  "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", "/usr/share/fonts/truetype/arphic/uming.ttc",
  "/usr/share/fonts/truetype/arphic/ukai.ttc", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
  "/System/Library/Fonts/STHeiti Medium.ttc",
}
local CURVE, DEEPEST, MOST_QUESTIONS = 4, 5, 8 -- lines for a curve; parts in parts; times fontconfig is asked

--- What to install where no font is found, for the remark.
truetype.advice = "apt install fonts-wqy-zenhei"

-- ---- the file -----------------------------------------------------------------------------------------------------

local function piece(font, offset, size)
  assert(size >= 0 and size < 1 << 24 and offset >= 0, "no font")
  assert(font.file:seek("set", offset))
  local text = font.file:read(size)
  assert(text and #text == size, "the font's file is cut off")
  return text
end

local function part(font, tag)
  local entry = assert(font.parts[tag], "a part is missing")
  return piece(font, entry[1], entry[2])
end

-- The tables of code points: functions code -> number of the glyph (0: none).
local function map_of(text)
  local best, best_format
  for i = 0, (">I2"):unpack(text, 3) - 1 do
    local _, _, offset = (">I2I2I4"):unpack(text, 5 + 8 * i)
    local format = (">I2"):unpack(text, offset + 1)
    if format == 12 or format == 4 and best_format ~= 12 then best, best_format = offset + 1, format end
  end
  assert(best, "no table of characters")
  if best_format == 12 then
    local n = (">I4"):unpack(text, best + 12)
    return function(code)
      local low, high = 0, n - 1
      while low <= high do
        local middle = (low + high) // 2
        local first, last, glyph = (">I4I4I4"):unpack(text, best + 16 + 12 * middle)
        if code < first then
          high = middle - 1
        elseif code > last then
          low = middle + 1
        else
          return glyph + code - first
        end
      end
      return 0
    end
  end
  local n = (">I2"):unpack(text, best + 6) // 2
  return function(code)
    for i = 0, n - 1 do
      local last = (">I2"):unpack(text, best + 14 + 2 * i)
      if code <= last then
        local first = (">I2"):unpack(text, best + 16 + 2 * n + 2 * i)
        local delta = (">I2"):unpack(text, best + 16 + 4 * n + 2 * i)
        local place = best + 16 + 6 * n + 2 * i
        local range = (">I2"):unpack(text, place)
        if code < first then return 0 end
        if range == 0 then return code + delta & 0xFFFF end
        local glyph = (">I2"):unpack(text, place + range + 2 * (code - first))
        return glyph == 0 and 0 or glyph + delta & 0xFFFF
      end
    end
    return 0
  end
end

local function open(path)
  local file = assert(io.open(path, "rb"))
  local font = {file = file, parts = {}}
  local start, kind = 0, piece(font, 0, 4)
  if kind == "ttcf" then
    start = (">I4"):unpack(piece(font, 12, 4))
    kind = piece(font, start, 4)
  end
  assert(kind == "\0\1\0\0" or kind == "true", "its outlines are of another kind")
  local n = (">I2"):unpack(piece(font, start + 4, 2))
  for i = 0, n - 1 do
    local tag, _, offset, size = (">c4I4I4I4"):unpack(piece(font, start + 12 + 16 * i, 16))
    font.parts[tag] = {offset, size}
  end
  local head = part(font, "head")
  font.em = (">I2"):unpack(head, 19)
  font.long = (">I2"):unpack(head, 51) == 1
  font.widths = (">I2"):unpack(part(font, "hhea"), 35)
  font.map = map_of(part(font, "cmap"))
  font.places = part(font, "loca")
  font.advances = part(font, "hmtx")
  assert(font.em > 0 and font.widths > 0, "no font")
  return font
end

-- ---- outlines -----------------------------------------------------------------------------------------------------

-- The bytes of a glyph; nil for an empty one.
local function glyph_text(font, glyph)
  local from, to
  if font.long then
    from, to = (">I4I4"):unpack(font.places, 1 + 4 * glyph)
  else
    from, to = (">I2I2"):unpack(font.places, 1 + 2 * glyph)
    from, to = 2 * from, 2 * to
  end
  return to > from and piece(font, font.parts.glyf[1] + from, to - from) or nil
end

-- Coordinates of n points: bytes, words or repeats, as the flags say.
local function coordinates(text, at, flags, short, same)
  local out, v = {}, 0
  for i, flag in ipairs(flags) do
    if flag & short ~= 0 then
      local d = text:byte(at)
      at = at + 1
      v = flag & same ~= 0 and v + d or v - d
    elseif flag & same == 0 then
      v = v + (">i2"):unpack(text, at)
      at = at + 2
    end
    out[i] = v
  end
  return out, at
end

-- Contours of a simple glyph: lists of {x, y, on the curve}.
local function simple(text, n)
  local ends, at = {}, 11 + 2 * n
  for i = 1, n do ends[i] = (">I2"):unpack(text, 9 + 2 * i) + 1 end
  at = at + 2 + (">I2"):unpack(text, at)
  local flags = {}
  while #flags < ends[n] do
    local flag, times = text:byte(at), 1
    at = at + 1
    if flag & 8 ~= 0 then
      times = 1 + text:byte(at)
      at = at + 1
    end
    for _ = 1, times do flags[#flags + 1] = flag end
  end
  local xs, ys
  xs, at = coordinates(text, at, flags, 2, 16)
  ys = coordinates(text, at, flags, 4, 32)
  local contours, from = {}, 1
  for i = 1, n do
    contours[i] = {}
    for k = from, ends[i] do table.insert(contours[i], {xs[k], ys[k], flags[k] & 1 == 1}) end
    from = ends[i] + 1
  end
  return contours
end

local contours_of

-- A glyph put together from others, each moved and scaled.
local function compound(font, text, depth)
  local contours, at = {}, 11
  repeat
    local flags, glyph = (">I2I2"):unpack(text, at)
    local dx, dy = (flags & 1 ~= 0 and ">i2i2" or ">i1i1"):unpack(text, at + 4)
    at = at + (flags & 1 ~= 0 and 8 or 6)
    local a, b, c, d = 1, 0, 0, 1
    if flags & 8 ~= 0 then
      a = (">i2"):unpack(text, at) / 16384
      d, at = a, at + 2
    elseif flags & 0x40 ~= 0 then
      a, d = (">i2i2"):unpack(text, at)
      a, d, at = a / 16384, d / 16384, at + 4
    elseif flags & 0x80 ~= 0 then
      a, b, c, d = (">i2i2i2i2"):unpack(text, at)
      a, b, c, d, at = a / 16384, b / 16384, c / 16384, d / 16384, at + 8
    end
    if flags & 2 == 0 then dx, dy = 0, 0 end
    for _, contour in ipairs(contours_of(font, glyph, depth + 1)) do
      for _, p in ipairs(contour) do p[1], p[2] = a * p[1] + c * p[2] + dx, b * p[1] + d * p[2] + dy end
      contours[#contours + 1] = contour
    end
  until flags & 0x20 == 0
  return contours
end

function contours_of(font, glyph, depth)
  assert(depth < DEEPEST, "a glyph that contains itself")
  local text = glyph_text(font, glyph)
  if not text then return {} end
  local n = (">i2"):unpack(text, 1)
  if n < 0 then return compound(font, text, depth) end
  return n > 0 and simple(text, n) or {}
end

-- A contour's lines: its curves are quadratic, between two points off the curve lies one on it.
local function flatten(contour, scale)
  local out, n = {}, #contour
  local function mid(p, q) return {(p[1] + q[1]) / 2, (p[2] + q[2]) / 2} end
  local function point(i) return contour[(i - 1) % n + 1] end
  local function add(x, y) out[#out + 1], out[#out + 2] = x * scale, y * scale end
  for i = 1, n do
    local before, p, after = point(i - 1 + n), point(i), point(i + 1)
    if p[3] then
      add(p[1], p[2])
    else
      local a, b = before[3] and before or mid(before, p), after[3] and after or mid(p, after)
      for k = before[3] and 1 or 0, after[3] and CURVE - 1 or CURVE do
        local t = k / CURVE
        local u = 1 - t
        add(u * u * a[1] + 2 * u * t * p[1] + t * t * b[1], u * u * a[2] + 2 * u * t * p[2] + t * t * b[2])
      end
    end
  end
  return out
end

-- All contours as one area: from the first one's beginning to each other one and back on the same line.
local function area_of(contours, scale)
  local out
  for _, contour in ipairs(contours) do
    local points = flatten(contour, scale)
    if #points >= 6 then
      if not out then
        out = points
        out[#out + 1], out[#out + 2] = points[1], points[2]
      else
        local x, y = out[1], out[2]
        table.move(points, 1, #points, #out + 1, out)
        for _, v in ipairs {points[1], points[2], x, y} do out[#out + 1] = v end
      end
    end
  end
  return out
end

-- ---- finding a font -----------------------------------------------------------------------------------------------

local fonts, tried, questions = {}, {}, 0

local function try(path)
  if tried[path] then return end
  tried[path] = true
  local ok, font = pcall(open, path)
  if ok then fonts[#fonts + 1] = font end
end

-- Looks for more fonts; those for this character where fontconfig is there.
local function look_for(code)
  local own = os.getenv("NNLUA_FONT")
  if own and own ~= "" then return try(own) end
  for _, path in ipairs(places) do try(path) end
  if questions >= MOST_QUESTIONS then return end
  questions = questions + 1
  local pipe = io.popen(("fc-list ':charset=%x' file 2>/dev/null"):format(code))
  for line in pipe and pipe:lines() or function() end do
    local path = line:match("^(.-):?%s*$")
    if path:lower():find("%.tt[cf]$") then try(path) end
  end
  if pipe then pipe:close() end
end

local function find(code)
  for _, font in ipairs(fonts) do
    local ok, glyph = pcall(font.map, code)
    if ok and glyph > 0 then return font, glyph end
  end
end

--- The outline of a character: {width, area}, in parts of the letters' size; area is a flat list of points, x to the
-- right, y up from the base line. Nil when no font of this machine has it.
function truetype.glyph(character)
  local ok, code = pcall(utf8.codepoint, character)
  if not ok then return nil end
  local font, glyph = find(code)
  if not font then
    look_for(code)
    font, glyph = find(code)
  end
  if not font then return nil end
  local fine, width, area = pcall(function()
    local place = math.min(glyph, font.widths - 1)
    return (">I2"):unpack(font.advances, 1 + 4 * place) / font.em, area_of(contours_of(font, glyph, 0), 1 / font.em)
  end)
  return fine and {width = width, area = area or {}} or nil
end

return truetype
