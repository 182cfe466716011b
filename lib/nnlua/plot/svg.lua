-- A scene as SVG. Knows nothing of figures.

local colors = require "nnlua.plot.colors"
local core = require "nnlua.core"

local svg = {}

local function number(v) return (("%.2f"):format(v):gsub("%.?0+$", "")) end

local function escape(text)
  return (text:gsub("[%c]", " "):gsub('[&<>"]', {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;"}))
end

local function points_of(points)
  local out = {}
  for i = 1, #points, 2 do out[#out + 1] = number(points[i]) .. "," .. number(points[i + 1]) end
  return table.concat(out, " ")
end

local function opacity(shape, what)
  return shape.alpha < 1 and (' %s-opacity="%s"'):format(what, number(shape.alpha)) or ""
end

local writers = {}

function writers.line(s)
  return ('<polyline points="%s" fill="none" stroke="%s" stroke-width="%s" stroke-linejoin="round" '
    .. 'stroke-linecap="round"%s/>'):format(points_of(s.points), colors.hex(s.color), number(s.width),
    opacity(s, "stroke"))
end

function writers.area(s)
  return ('<polygon points="%s" fill="%s"%s/>'):format(points_of(s.points), colors.hex(s.color), opacity(s, "fill"))
end

function writers.circle(s)
  return ('<circle cx="%s" cy="%s" r="%s" fill="%s"%s/>'):format(number(s.x), number(s.y), number(s.r),
    colors.hex(s.color), opacity(s, "fill"))
end

function writers.text(s)
  return ('<text x="%s" y="%s" font-size="%s" text-anchor="%s" fill="%s"%s%s>%s</text>'):format(number(s.x),
    number(s.y), number(s.size), s.anchor, colors.hex(s.color), s.bold and ' font-weight="bold"' or "",
    s.up and (' transform="rotate(-90 %s %s)"'):format(number(s.x), number(s.y)) or "", escape(s.text))
end

-- A picture whose pixels are shown larger than they are, enlarged: else some programs blur them.
local function enlarged(s)
  local h, w = s.picture:size(2), s.picture:size(3)
  if s.w <= w then return s.picture end
  local canvas = core.tensor.zeros(h * math.ceil(2 * s.h / h), w * math.ceil(2 * s.w / w), 3, {dtype = "uint8"})
  core.pictures.picture(canvas, s.picture, 0, 0, canvas:size(2), canvas:size(1))
  return canvas:permute(3, 1, 2)
end

function writers.picture(s)
  local png = core.pictures.write_png("plot", nil, enlarged(s))
  return ('<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" style="image-rendering:pixelated" '
    .. 'href="data:image/png;base64,%s"/>'):format(number(s.x), number(s.y), number(s.w), number(s.h),
    core.pictures.base64(png))
end

--- The text of an SVG file.
function svg.text(scene)
  local out = {
    ('<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" '
      .. 'font-family="Helvetica, Arial, sans-serif">'):format(number(scene.width), number(scene.height),
      number(scene.width), number(scene.height)),
    '<rect width="100%" height="100%" fill="white"/>',
  }
  for _, shape in ipairs(scene) do out[#out + 1] = writers[shape.kind](shape) end
  out[#out + 1] = "</svg>\n"
  return table.concat(out, "\n")
end

return svg
