-- A picture as a list of shapes, independent of how it is written: lines, areas, circles, texts, pictures. svg.lua and
-- raster.lua read it. Coordinates are pixels from the top left corner.

local font = require "nnlua.plot.font"

local Scene = {}
Scene.__index = Scene

--- An empty scene.
local function new(width, height)
  return setmetatable({width = width, height = height}, Scene)
end

--- A line through points {x, y, x, y, ...}.
function Scene:line(points, color, width, alpha)
  self[#self + 1] = {kind = "line", points = points, color = color, width = width or 1, alpha = alpha or 1}
end

--- The inside of a polygon.
function Scene:area(points, color, alpha)
  self[#self + 1] = {kind = "area", points = points, color = color, alpha = alpha or 1}
end

--- A rectangle.
function Scene:rect(x, y, w, h, color, alpha)
  self:area({x, y, x + w, y, x + w, y + h, x, y + h}, color, alpha)
end

--- A filled circle.
function Scene:circle(x, y, r, color, alpha)
  self[#self + 1] = {kind = "circle", x = x, y = y, r = r, color = color, alpha = alpha or 1}
end

--- A text whose base line is at y. anchor: "start" (x is its left end), "middle" or "end"; up: written upwards.
function Scene:text(x, y, text, size, options)
  options = options or {}
  self[#self + 1] = {kind = "text", x = x, y = y, text = tostring(text), size = size,
    anchor = options.anchor or "start", color = options.color or {50, 54, 60}, bold = options.bold, up = options.up}
end

--- A picture tensor, uint8 [1 or 3, H, W], in a rectangle.
function Scene:picture(x, y, w, h, picture)
  self[#self + 1] = {kind = "picture", x = x, y = y, w = w, h = h, picture = picture}
end

Scene.width_of = font.width

--- A text cut to a width in pixels.
function Scene.cut(text, size, width)
  if font.width(text, size) <= width then return text end
  local n = utf8.len(text) or #text
  while n > 1 do
    n = n - 1
    local short = text:sub(1, (utf8.offset(text, n + 1) or n + 1) - 1) .. "..."
    if font.width(short, size) <= width then return short end
  end
  return ""
end

return new
