-- Figures in files (PNG, SVG, HTML, text, Graphviz) and as pictures for terminals that show them. Knows nothing of what
-- a figure holds.

local core = require "nnlua.core"
local drawing = require "nnlua.plot.drawing"
local fail = require "nnlua.fail"
local raster = require "nnlua.plot.raster"
local svg = require "nnlua.plot.svg"

local pictures = core.pictures
local files = {}

local SHARP = 2 -- pixels of a PNG for each of the drawing's

-- Writes a text beside its place and renames it.
local function write_text(who, path, text)
  pictures.write_file(who, path, text)
end

local function escape(text)
  return (text:gsub('[&<>"]', {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;"}))
end

local writers = {}

function writers.svg(who, path, fig, o) write_text(who, path, svg.text(drawing.scene(fig, o.width, o.height))) end

function writers.png(who, path, fig, o)
  local scene = drawing.scene(fig, o.width and o.width / SHARP, o.height and o.height / SHARP)
  pictures.write_png(who, path, raster.canvas(scene, SHARP):permute(3, 1, 2))
end

function writers.html(who, path, fig, o)
  local title = escape(fig.title or "plot")
  write_text(who, path, ('<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>%s</title>\n'
    .. '<body style="margin:2em;text-align:center">\n%s</body>\n</html>\n')
    :format(title, svg.text(drawing.scene(fig, o.width, o.height))))
end

function writers.txt(who, path, fig, o)
  local lines = require("nnlua.plot.output").lines(fig, o.columns or 80, o.rows or 16, {unicode = true})
  write_text(who, path, table.concat(lines, "\n") .. "\n")
end

function writers.dot(who, path, fig)
  if fig.kind ~= "graph" then
    fail.raise("%s: only graphs are written as .dot; take .png, .svg, .html or .txt", who)
  end
  write_text(who, path, require("nnlua.plot.diagram").dot(fig))
end

--- Writes a figure to o.file; the ending of its name says how.
function files.write(who, fig, o)
  local ending = o.file:match("%.(%a+)$")
  local writer = ending and writers[ending:lower()]
  if not writer then
    fail.raise("%s: '%s' must end in .png, .svg, .html%s or .txt", who, o.file, fig.kind == "graph" and ", .dot" or "")
  end
  writer(who, o.file, fig, o)
end

-- Kitty's graphics protocol: the PNG in base64, in pieces of at most 4096 bytes; `columns` cells wide.
local function kitty(png, columns)
  local data, out = pictures.base64(png), {}
  for i = 1, #data, 4096 do
    local more = i + 4096 <= #data and 1 or 0
    local control = i == 1 and ("a=T,f=100,q=2,c=%d,m=%d"):format(columns, more) or ("m=%d"):format(more)
    out[#out + 1] = ("\27_G%s;%s\27\\"):format(control, data:sub(i, i + 4095))
  end
  return table.concat(out) .. "\n"
end

--- Shows a figure on a terminal that takes pictures.
function files.to_terminal(fig, o, way)
  local _, columns, _, cell_w = pictures.terminal()
  if cell_w <= 0 then cell_w = 9 end
  columns = math.min(columns, o.columns or columns)
  local scene = drawing.scene(fig, o.width, o.height)
  local k = math.min(1, columns * cell_w / scene.width)
  if way == "kitty" then
    local canvas = raster.canvas(scene, math.max(1, k) * SHARP)
    io.write(kitty(pictures.write_png("plot", nil, canvas:permute(3, 1, 2)),
      math.max(1, math.min(columns, math.floor(scene.width * k / cell_w)))))
  else
    io.write(pictures.sixel(raster.canvas(scene, k)), "\n")
  end
  io.flush()
end

return files
