-- A scene as pixels. Knows nothing of figures and files.

local core = require "nnlua.core"
local font = require "nnlua.plot.font"
local fonts = require "nnlua.plot.fonts"

local pictures = core.pictures
local raster = {}

local remarked = false

local function scaled(points, k)
  local out = {}
  for i = 1, #points do out[i] = points[i] * k end
  return out
end

local painters = {}

function painters.line(canvas, s, k)
  pictures.stroke(canvas, scaled(s.points, k), s.width * k, s.color[1], s.color[2], s.color[3], s.alpha)
end

function painters.area(canvas, s, k)
  pictures.fill(canvas, scaled(s.points, k), s.color[1], s.color[2], s.color[3], s.alpha)
end

function painters.circle(canvas, s, k)
  pictures.stroke(canvas, {s.x * k, s.y * k}, 2 * s.r * k, s.color[1], s.color[2], s.color[3], s.alpha)
end

function painters.text(canvas, s, k)
  local width = font.width(s.text, s.size)
  local shift = s.anchor == "middle" and width / 2 or s.anchor == "end" and width or 0
  local x, y = s.x - (s.up and 0 or shift), s.y + (s.up and shift or 0)
  local strokes, areas = font.shapes(s.text, x * k, y * k, s.size * k, s.up and -90 or 0)
  for _, stroke in ipairs(strokes) do
    pictures.stroke(canvas, stroke, font.weight(s.size, s.bold) * k, s.color[1], s.color[2], s.color[3])
  end
  for _, area in ipairs(areas) do pictures.fill(canvas, area, s.color[1], s.color[2], s.color[3], 1) end
end

function painters.picture(canvas, s, k)
  pictures.picture(canvas, s.picture, s.x * k, s.y * k, s.w * k, s.h * k)
end

--- The scene as a uint8 tensor [H, W, 3], k pixels for each of its own.
function raster.canvas(scene, k)
  local h, w = math.floor(scene.height * k + 0.5), math.floor(scene.width * k + 0.5)
  local canvas = core.tensor.full({h, w, 3}, 255, {dtype = "uint8"})
  for _, shape in ipairs(scene) do painters[shape.kind](canvas, shape, k) end
  if font.missing and not remarked then
    remarked = true
    io.stderr:write(("plot: no font of this machine has '%s', a box stands for it: %s, or NNLUA_FONT=file.ttf; .svg "
      .. "and .html files need none\n"):format(font.missing, fonts.advice))
  end
  return canvas
end

return raster
