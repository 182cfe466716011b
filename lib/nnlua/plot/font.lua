-- The letters of pictures that are drawn pixel by pixel: each a few strokes, so that they can have any size. Knows
-- nothing of canvases.
--
-- A glyph is its width and its strokes; points are pairs of digits (x, y) on a grid whose base line is y = 2, small
-- letters reach 6, capitals 8. L: straight lines through the points, C: a quadratic B-spline, O: a closed one.

local font = {missing = nil} -- missing: a character that a box stands for

local glyphs = {
  A = "4 L022842 L1434", B = "4 L0208 C082848452505 C052545422202", C = "4 C473808023243", D = "4 L0208 C082848422202",
  E = "4 L48080242 L0535", F = "4 L480802 L0535", G = "4 C473808024245 L4525", H = "4 L0208 L4248 L0545", I = "0 L0208",
  J = "3 C3835320204", K = "4 L0208 L4804 L1542", L = "3 L080232", M = "5 L0208345852 L34", N = "4 L02084248",
  O = "5 O02085852", P = "4 L0208 C082848442404", Q = "5 O02085852 L3451", R = "4 L0208 C082848442404 L2442",
  S = "4 C4738080545421203", T = "4 L0848 L2822", U = "4 C080502424548", V = "4 L082248", W = "6 L0812375268",
  X = "4 L0248 L0842", Y = "4 L0825 L4825 L2522", Z = "4 L08480242",
  a = "3 O02063632 L3632", b = "3 L0802 O02063632", c = "3 C352606022233", d = "3 O02063632 L3832",
  e = "3 L0434 C343606022233", f = "2 C28181612 L0626", g = "3 O02063632 C3633300001", h = "3 L0802 C0406363432",
  i = "0 L0602 L08", j = "1 C16131000 L18", k = "3 L0802 L3603 L1432", l = "0 L0802",
  m = "4 L0602 C0406262422 C2426464442", n = "3 L0602 C0406363432", o = "3 O02063632", p = "3 L0600 O02063632",
  q = "3 O02063632 L3630", r = "2 L0602 C040626", s = "3 C3526060434321203", t = "2 C18141222 L0626",
  u = "3 C0604023234 L3632", v = "4 L062246", w = "4 L0612253246", x = "3 L0236 L0632", y = "4 L0622 L4610",
  z = "3 L06360232",
  ["0"] = "4 O02084842", ["1"] = "4 L162822 L2822", ["2"] = "4 C0608484502 L0242", ["3"] = "4 C0718484525 C2545421203",
  ["4"] = "4 L32380444", ["5"] = "4 L480805 C051646421203", ["6"] = "4 O02064642 C04083847", ["7"] = "4 L084812",
  ["8"] = "4 O05084845 O02054542", ["9"] = "4 O04084844 C46421203",
  ["."] = "0 L02", [","] = "1 L1201", [":"] = "0 L02 L05", [";"] = "1 L1201 L15", ["!"] = "0 L0804 L02",
  ["?"] = "4 C0708484524 L22", ["-"] = "2 L0525", ["+"] = "4 L2723 L0545", ["="] = "4 L0444 L0646", ["/"] = "3 L0138",
  ["\\"] = "3 L0831", ["("] = "1 C19070311", [")"] = "1 C09171301", ["["] = "1 L19090111", ["]"] = "1 L09191101",
  ["{"] = "2 C29191505 C05151121", ["}"] = "2 C09191525 C25151101", ["<"] = "3 L370533", [">"] = "3 L073503",
  ["%"] = "5 O06082826 O32345452 L0258", ["*"] = "4 L2824 L0745 L4705", ["#"] = "4 L1218 L3238 L0444 L0646",
  ["_"] = "4 L0141", ["^"] = "4 L062846",
  ["~"] = "4 C04163446", ["|"] = "0 L0900", ['"'] = "2 L0806 L2826",
  ["'"] = "0 L0806", ["@"] = "6 O02086862 O24264644", ["&"] = "4 C42070838370504023244",
  ["$"] = "4 C4738080545421203 L2921",
  ["`"] = "1 L0917", ["×"] = "4 L0347 L0743", ["°"] = "2 O06082826", ["·"] = "0 L05",
  ["μ"] = "3 C0604023234 L3632 L0600",
  ["→"] = "5 L0555 L3755 L3355", ["±"] = "4 L2824 L0646 L0242", ["²"] = "2 C07282806 L0626",
  ["α"] = "4 C46220206263242", ["σ"] = "4 O02063632 L2646", ["λ"] = "3 L0832 L1502", ["ε"] = "3 C350604242 L0414",
}

local same = {["–"] = "-", ["—"] = "-", ["−"] = "-", ["’"] = "'", ["‘"] = "'", ["“"] = '"', ["”"] = '"', ["µ"] = "μ",
  ["ä"] = "a", ["ö"] = "o", ["ü"] = "u", ["Ä"] = "A", ["Ö"] = "O", ["Ü"] = "U", ["é"] = "e", ["è"] = "e", ["ñ"] = "n"}

local EM, GAP, SPACE = 9.2, 1.9, 3.2 -- grid units: the size of the letters, between letters, a space

-- Points of a quadratic B-spline with these control points, as a flat list.
local function spline(points, closed)
  local n, out = #points, {}
  local function mid(a, b) return {(a[1] + b[1]) / 2, (a[2] + b[2]) / 2} end
  local function arc(a, b, c)
    for i = 0, 6 do
      local t = i / 6
      local u = 1 - t
      out[#out + 1] = u * u * a[1] + 2 * u * t * b[1] + t * t * c[1]
      out[#out + 1] = u * u * a[2] + 2 * u * t * b[2] + t * t * c[2]
    end
  end
  if closed then
    for i = 1, n do
      local before, after = points[(i - 2) % n + 1], points[i % n + 1]
      arc(mid(before, points[i]), points[i], mid(points[i], after))
    end
    return out
  end
  for i = 2, n - 1 do
    local from = i == 2 and points[1] or mid(points[i - 1], points[i])
    arc(from, points[i], i == n - 1 and points[n] or mid(points[i], points[i + 1]))
  end
  return out
end

local function read_stroke(text)
  local kind, points = text:sub(1, 1), {}
  for x, y in text:sub(2):gmatch("(%d)(%d)") do points[#points + 1] = {tonumber(x), tonumber(y)} end
  if kind ~= "L" then return spline(points, kind == "O") end
  local flat = {}
  for _, p in ipairs(points) do
    flat[#flat + 1], flat[#flat + 2] = p[1], p[2]
  end
  return flat
end

local cache = {}

-- Out of a font of the machine; where there is none, a box as wide as the character.
local function foreign(character)
  local outline = require "nnlua.plot.fonts".glyph(character)
  local wide = require "nnlua.repl.paint".width(character) > 1
  if not outline then
    font.missing = font.missing or character
    local w, h = wide and EM - GAP or 3, wide and 9 or 8
    return {width = w, strokes = {{0, 2, 0, h, w, h, w, 2, 0, 2}}}
  end
  local area = {}
  for i = 1, #outline.area, 2 do
    area[i], area[i + 1] = outline.area[i] * EM, outline.area[i + 1] * EM + 2
  end
  return {width = wide and EM - GAP or outline.width * EM - GAP, strokes = {}, area = area}
end

local function glyph(character)
  local found = cache[character]
  if found then return found end
  local text = glyphs[same[character] or character]
  if not text then
    cache[character] = foreign(character)
    return cache[character]
  end
  local width, rest = text:match("^(%d+) (.*)$")
  found = {width = tonumber(width), strokes = {}}
  for stroke in rest:gmatch("%S+") do found.strokes[#found.strokes + 1] = read_stroke(stroke) end
  cache[character] = found
  return found
end

local function characters(text)
  local list = {}
  for _, c in ipairs(require("nnlua.plot.cells").characters(text)) do list[#list + 1] = c[1] end
  return list
end

--- Width of a text of a size (about the height of its lines) in pixels.
function font.width(text, size)
  local w = 0
  for _, c in ipairs(characters(text)) do w = w + (c == " " and SPACE or glyph(c).width + GAP) end
  return math.max(0, w - GAP) * size / EM
end

--- The shapes of a text whose base line begins at x, y: strokes and areas, lists of flat lists of points. angle: 0, or
-- -90 for upwards.
function font.shapes(text, x, y, size, angle)
  local unit, strokes, areas, at = size / EM, {}, {}, 0
  local function placed(points)
    local out = {}
    for i = 1, #points, 2 do
      local px, py = (at + points[i]) * unit, (2 - points[i + 1]) * unit
      if angle == -90 then px, py = py, -px end
      out[i], out[i + 1] = x + px, y + py
    end
    return out
  end
  for _, c in ipairs(characters(text)) do
    if c == " " then
      at = at + SPACE
    else
      local g = glyph(c)
      for _, stroke in ipairs(g.strokes) do strokes[#strokes + 1] = placed(stroke) end
      if g.area and #g.area > 0 then areas[#areas + 1] = placed(g.area) end
      at = at + g.width + GAP
    end
  end
  return strokes, areas
end

--- The width of a stroke at a size.
function font.weight(size, bold) return size / (bold and 7.5 or 11) end

return font
