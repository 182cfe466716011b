-- Figures as text: braille curves, blocks, half-block pictures in a terminal; plain characters where Unicode or colour
-- is not wanted. Knows nothing of files.
--
-- style: {unicode = true or false, depth = "true", "256" or nil for no colour}

local axis = require "nnlua.plot.axis"
local cells = require "nnlua.plot.cells"
local colors = require "nnlua.plot.colors"
local core = require "nnlua.core"

local text = {}

local DIM = {128, 128, 128}
local RAMP = " .:-=+*#%@" -- from light to dark, for values without colour
local MARKS = {"*", "+", "o", "x", "#", "@", "%", "&"}
local BRAILLE = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}} -- [dot line][dot column]
local UP = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
local ALONG = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}

-- ---- the frame of a plot with two axes ----------------------------------------------------------------------------

local function widest(ticks)
  local w = 0
  for _, tick in ipairs(ticks) do w = math.max(w, cells.width(tick[2])) end
  return w
end

-- Entries of the legend: {name, colour, mark}.
local function legend_of(fig, style)
  local entries = {}
  if fig.legend == false then return entries end
  for i, s in ipairs(fig.series) do
    if s.name then
      local mark = MARKS[(i - 1) % 8 + 1]
      if style.unicode then mark = s.mark == "points" and "●" or s.mark == "line" and "──" or "██" end
      entries[#entries + 1] = {s.name, s.color or colors.of(i), mark}
    end
  end
  return entries
end

-- The legend broken into lines of a width: a list of lists of entries.
local function legend_lines(entries, width)
  local lines, used = {}, width
  for _, e in ipairs(entries) do
    local w = cells.width(e[3]) + 1 + math.min(cells.width(e[1]), width - 4) + 3
    if used + w - 3 > width then
      lines[#lines + 1] = {width = 0}
      used = 0
    end
    local line = lines[#lines]
    line[#line + 1] = e
    used = used + w
    line.width = used - 3
  end
  return lines
end

-- Places everything around the plot area: left, top, columns (cols) and lines (rows) of the area.
local function frame_of(fig, width, height, style)
  local f = {top = 1, dots = style.unicode and {2, 4} or {1, 1}}
  for _, s in ipairs(fig.series) do
    if s.mark == "bins" then f.dots = nil end
  end
  if fig.title then f.title, f.top = f.top, f.top + 1 end
  if fig.ylabel then f.ylabel, f.top = f.top, f.top + 1 end
  f.yticks = axis.ticks(fig.y, math.max(2, height // 4))
  local margin = widest(f.yticks)
  if margin > width // 3 then f.yticks, margin = {}, 0 end
  f.left = margin + 2
  f.cols = math.max(1, width - f.left - 1)
  f.rows = height
  f.bottom = f.top + height
  f.xticks = axis.ticks(fig.x, math.max(2, f.cols // 12))
  f.legend = legend_lines(legend_of(fig, style), width)
  f.height = f.bottom + 1 + (fig.xlabel and 1 or 0) + #f.legend
  return f
end

-- The cell in which dots of a value lie (or, of bars, their end); dots: how many a cell has in this direction.
local function cell_of(place, n, dots)
  if not dots then return math.max(0, math.min(n - 1, math.floor(place * n))) end
  return math.floor(place * (n * dots - 1) + 0.5) // dots
end

local function column_of(fig, f, v) return f.left + cell_of(axis.place(fig.x, v), f.cols, f.dots and f.dots[1]) end

local function line_of(fig, f, v)
  if not f.dots then return f.bottom - 1 - cell_of(axis.place(fig.y, v), f.rows) end
  return f.top + cell_of(1 - axis.place(fig.y, v), f.rows, f.dots[2])
end

local function draw_xticks(canvas, fig, f, style)
  local free = 1
  for _, tick in ipairs(f.xticks) do
    local x = column_of(fig, f, tick[1])
    local w = cells.width(tick[2])
    local from = math.max(1, math.min(x - w // 2, canvas.width - w + 1))
    canvas:set(x, f.bottom, style.unicode and "┬" or "+", DIM)
    if from >= free and from + w - 1 <= canvas.width then
      canvas:write(from, f.bottom + 1, tick[2])
      free = from + w + 1
    end
  end
end

local function draw_frame(canvas, fig, f, style)
  local u = style.unicode
  if fig.title then canvas:centre(1, canvas.width, f.title, fig.title, nil, nil, true) end
  if fig.ylabel then canvas:write(1, f.ylabel, cells.cut(fig.ylabel, canvas.width), DIM) end
  for y = f.top, f.bottom - 1 do canvas:set(f.left - 1, y, u and "│" or "|", DIM) end
  for x = f.left, f.left + f.cols - 1 do canvas:set(x, f.bottom, u and "─" or "-", DIM) end
  canvas:set(f.left - 1, f.bottom, u and "└" or "+", DIM)
  for _, tick in ipairs(f.yticks) do
    local y = line_of(fig, f, tick[1])
    canvas:write(f.left - 1 - cells.width(tick[2]), y, tick[2])
    canvas:set(f.left - 1, y, u and "┤" or "+", DIM)
  end
  draw_xticks(canvas, fig, f, style)
  local y = f.bottom + 2
  if fig.xlabel then
    canvas:centre(f.left, f.left + f.cols - 1, y, fig.xlabel, DIM)
    y = y + 1
  end
  for _, line in ipairs(f.legend) do
    local x = math.max(1, f.left + (f.cols - line.width) // 2)
    for _, e in ipairs(line) do
      canvas:write(x, y, e[3], e[2])
      x = x + cells.width(e[3]) + 1
      local name = cells.cut(e[1], canvas.width - x + 1)
      canvas:write(x, y, name)
      x = x + cells.width(name) + 3
    end
    y = y + 1
  end
end

-- ---- dots ---------------------------------------------------------------------------------------------------------

local Dots = {}
Dots.__index = Dots

-- A grid of dots over the plot area: 2 x 4 a cell in braille, one without Unicode.
local function new_dots(f, style)
  local w, h = style.unicode and 2 or 1, style.unicode and 4 or 1
  return setmetatable({f = f, w = w, h = h, columns = f.cols * w, lines = f.rows * h, bits = {}, color = {}, mark = {}},
    Dots)
end

function Dots:set(x, y, color, mark)
  x, y = math.floor(x), math.floor(y)
  if x < 0 or y < 0 or x >= self.columns or y >= self.lines then return end
  local cell = (y // self.h) * self.f.cols + x // self.w
  self.bits[cell] = (self.bits[cell] or 0) | (self.h == 1 and 1 or BRAILLE[y % 4 + 1][x % 2 + 1])
  self.color[cell], self.mark[cell] = color, mark
end

-- The part of a segment inside of 0..w, 0..h (Liang and Barsky, 1984), nil when there is none.
function text.clip(x0, y0, x1, y1, w, h)
  local t0, t1, dx, dy = 0, 1, x1 - x0, y1 - y0
  for _, side in ipairs {{-dx, x0}, {dx, w - x0}, {-dy, y0}, {dy, h - y0}} do
    local p, q = side[1], side[2]
    if p == 0 then
      if q < 0 then return nil end
    else
      local t = q / p
      if p < 0 then t0 = math.max(t0, t) else t1 = math.min(t1, t) end
      if t0 > t1 then return nil end
    end
  end
  return x0 + t0 * dx, y0 + t0 * dy, x0 + t1 * dx, y0 + t1 * dy
end

function Dots:line(x0, y0, x1, y1, color, mark)
  x0, y0, x1, y1 = text.clip(x0, y0, x1, y1, self.columns - 1, self.lines - 1)
  if not x0 then return end
  local n = math.max(1, math.ceil(math.max(math.abs(x1 - x0), math.abs(y1 - y0))))
  for i = 0, n do self:set(x0 + (x1 - x0) * i / n + 0.5, y0 + (y1 - y0) * i / n + 0.5, color, mark) end
end

function Dots:draw(canvas)
  local cols = self.f.cols
  for cell, bits in pairs(self.bits) do
    local x, y = self.f.left + cell % cols, self.f.top + cell // cols
    canvas:set(x, y, self.h == 4 and utf8.char(0x2800 + bits) or self.mark[cell], self.color[cell])
  end
end

local function draw_line(dots, fig, s, color, mark)
  local px, py
  for i = 1, #s.x do
    local x = axis.place(fig.x, s.x[i]) * (dots.columns - 1)
    local y = (1 - axis.place(fig.y, s.y[i])) * (dots.lines - 1)
    local ok = axis.finite(x) and axis.finite(y)
    if ok and px then
      dots:line(px, py, x, y, color, mark)
    elseif ok then
      dots:set(x + 0.5, y + 0.5, color, mark)
    end
    if ok then px, py = x, y else px = nil end
  end
end

local function draw_points(dots, fig, s, color, mark)
  for i = 1, #s.x do
    local x = axis.place(fig.x, s.x[i]) * (dots.columns - 1)
    local y = (1 - axis.place(fig.y, s.y[i])) * (dots.lines - 1)
    if axis.finite(x) and axis.finite(y) then dots:set(x + 0.5, y + 0.5, color, mark) end
  end
end

-- Bins: each from s.edges[i] to s.edges[i + 1], s.y[i] high; columns grow from 0.
local function draw_bins(canvas, fig, f, s, color, style, mark)
  local bin = 1
  for column = 0, f.cols - 1 do
    local v = fig.x.low + (column + 0.5) / f.cols * (fig.x.high - fig.x.low)
    while bin < #s.y and v >= s.edges[bin + 1] do bin = bin + 1 end
    if v >= s.edges[1] and v < s.edges[#s.edges] then
      local high = axis.place(fig.y, s.y[bin])
      local eighths = high == high and math.floor(math.max(0, math.min(1, high)) * f.rows * 8 + 0.5) or 0
      if s.y[bin] > 0 and eighths == 0 then eighths = 1 end
      for row = 1, f.rows do
        local part = math.min(8, eighths - (row - 1) * 8)
        if part > 0 and (style.unicode or part >= 4 or row == 1) then
          canvas:set(f.left + column, f.bottom - row, style.unicode and UP[part] or mark, color)
        end
      end
    end
  end
end

--- A figure with two axes.
function text.xy(fig, width, height, style)
  local f = frame_of(fig, width, height, style)
  local canvas = cells.new(width, f.height)
  draw_frame(canvas, fig, f, style)
  local dots = new_dots(f, style)
  for i, s in ipairs(fig.series) do
    local color, mark = s.color or colors.of(i), MARKS[(i - 1) % 8 + 1]
    if s.mark == "bins" then
      draw_bins(canvas, fig, f, s, color, style, mark)
    elseif s.mark == "points" then
      draw_points(dots, fig, s, color, mark)
    else
      draw_line(dots, fig, s, color, mark)
    end
  end
  dots:draw(canvas)
  return canvas
end

-- ---- bars ---------------------------------------------------------------------------------------------------------

-- One bar from 0 to v, along a line.
local function draw_bar(canvas, fig, left, cols, y, v, color, style, mark)
  local zero, place = axis.place(fig.x, 0) * cols, axis.place(fig.x, v) * cols
  local from, to = math.min(zero, place), math.max(zero, place)
  if from ~= from or to ~= to then return end
  for x = 0, cols - 1 do
    local a, b = math.max(from, x), math.min(to, x + 1)
    local part = math.floor((b - a) * 8 + 0.5)
    if part > 0 and style.unicode then
      if a > x + 0.06 and part < 8 then -- the left end of a negative bar: the right part of the cell
        canvas:set(left + x, y, part >= 4 and "▐" or " ", color)
      else
        canvas:set(left + x, y, ALONG[math.min(8, part)], color)
      end
    elseif part >= 4 then
      canvas:set(left + x, y, mark, color)
    end
  end
end

--- Bars along the lines, one group of them a name.
function text.bars(fig, width, _, style)
  local names, many = fig.names, #fig.series > 1
  local margin, values = 0, 0
  for _, name in ipairs(names) do margin = math.max(margin, cells.width(name)) end
  margin = math.min(margin, width // 3)
  for _, s in ipairs(fig.series) do
    for _, v in ipairs(s.y) do values = math.max(values, #axis.number(v)) end
  end
  local legend = legend_lines(many and legend_of(fig, style) or {}, width)
  local top = fig.title and 2 or 1
  local lines = #names * (#fig.series + (many and 1 or 0)) - (many and 1 or 0)
  local height = top - 1 + lines + (fig.xlabel and 1 or 0) + #legend
  local canvas = cells.new(width, height)
  if fig.title then canvas:centre(1, width, 1, fig.title, nil, nil, true) end
  local left, cols = margin + 3, math.max(1, width - margin - 4 - values)
  local y = top
  for i, name in ipairs(names) do
    name = cells.cut(name, margin)
    canvas:write(margin - cells.width(name) + 1, y, name)
    for k, s in ipairs(fig.series) do
      canvas:set(left - 1, y, style.unicode and "│" or "|", DIM)
      if s.y[i] then
        draw_bar(canvas, fig, left, cols, y, s.y[i], s.color or colors.of(k), style, MARKS[(k - 1) % 8 + 1])
        canvas:write(left + cols + 1, y, axis.number(s.y[i]))
      end
      y = y + 1
    end
    if many then y = y + 1 end
  end
  if many then y = y - 1 end
  if fig.xlabel then
    canvas:centre(left, left + cols - 1, y, fig.xlabel, DIM)
    y = y + 1
  end
  for _, line in ipairs(legend) do
    local x = left
    for _, e in ipairs(line) do
      canvas:write(x, y, e[3], e[2])
      canvas:write(x + cells.width(e[3]) + 1, y, e[1])
      x = x + cells.width(e[3]) + cells.width(e[1]) + 4
    end
    y = y + 1
  end
  return canvas
end

-- ---- pictures -----------------------------------------------------------------------------------------------------

-- The picture (uint8 [C, H, W]) resized to w x h: a table [y][x] = {r, g, b}.
local function resized(picture, w, h)
  local canvas = core.tensor.zeros(h, w, 3, {dtype = "uint8"})
  core.pictures.picture(canvas, picture, 0, 0, w, h)
  return canvas:totable()
end

-- Draws a picture into cells from (left, top) on, each cell two pixels high.
local function draw_picture(canvas, picture, left, top, w, rows, style)
  local pixels = resized(picture, w, style.depth and style.unicode and 2 * rows or rows)
  for y = 1, rows do
    for x = 1, w do
      if style.depth and style.unicode then
        canvas:set(left + x - 1, top + y - 1, "▀", pixels[2 * y - 1][x], pixels[2 * y][x])
      elseif style.depth then
        canvas:set(left + x - 1, top + y - 1, " ", nil, pixels[y][x])
      else
        local p = pixels[y][x]
        local v = (0.299 * p[1] + 0.587 * p[2] + 0.114 * p[3]) / 255
        local i = math.min(#RAMP, math.floor(v * #RAMP) + 1)
        canvas:set(left + x - 1, top + y - 1, RAMP:sub(i, i))
      end
    end
  end
end

-- Cells for a picture of w x h pixels in a box: pixels are square, a cell is twice as high as wide.
local function fit(w, h, cols, rows)
  local scale = math.min(cols / w, 2 * rows / h)
  if scale > 1 then scale = math.max(1, math.min(math.floor(scale), 4)) end
  return math.max(1, math.floor(w * scale + 0.5)), math.max(1, math.ceil(h * scale / 2 - 0.25))
end

--- Pictures in a grid, each with its title below.
function text.pictures(fig, width, height, style)
  local n, columns = #fig.pictures, fig.columns
  local gap = n > 1 and 1 or 0
  local limit = math.max(1, (width - (columns - 1) * gap) // columns)
  local tile_w, tile_h = 0, 0
  for _, p in ipairs(fig.pictures) do
    tile_w, tile_h = math.max(tile_w, p:size(3)), math.max(tile_h, p:size(2))
  end
  local lines = math.ceil(n / columns)
  local w, rows = fit(tile_w, tile_h, limit, lines == 1 and math.max(height, 14) or math.max(8, height // lines))
  local labels = fig.labels and 1 or 0
  local top = fig.title and 2 or 1
  local canvas = cells.new(width, top - 1 + lines * (rows + labels + gap) - gap)
  local left = math.max(0, (width - columns * (w + gap) + gap) // 2)
  if fig.title then canvas:centre(1, width, 1, fig.title, nil, nil, true) end
  for i, p in ipairs(fig.pictures) do
    local x = left + 1 + (i - 1) % columns * (w + gap)
    local y = top + (i - 1) // columns * (rows + labels + gap)
    draw_picture(canvas, p, x, y, w, rows, style)
    if fig.labels and fig.labels[i] then canvas:centre(x, x + w - 1, y + rows, fig.labels[i], DIM) end
  end
  return canvas
end

-- ---- summaries ----------------------------------------------------------------------------------------------------

-- Counts as one line of blocks, at most `room` of them: neighbours are added up.
local function spark(counts, style, room)
  local most, out, group, joined = 0, {}, math.ceil(#counts / room), {}
  for i, c in ipairs(counts) do
    local k = (i - 1) // group + 1
    joined[k] = (joined[k] or 0) + c
  end
  counts = joined
  for _, c in ipairs(counts) do most = math.max(most, c) end
  for i, c in ipairs(counts) do
    local k = most > 0 and math.ceil(c / most * 8) or 0
    out[i] = k == 0 and " " or style.unicode and UP[k] or RAMP:sub(k + 2, k + 2)
  end
  return table.concat(out)
end

--- A line for each of several sets of numbers: name, shape, mean, spread, zeros, and a small histogram.
function text.summary(fig, width, _, style)
  local names, shapes = cells.width(fig.what or "name"), 5
  for _, row in ipairs(fig.rows) do
    names, shapes = math.max(names, cells.width(row.name)), math.max(shapes, #row.shape)
  end
  names = math.min(names, math.max(8, width // 3))
  local full = width >= names + shapes + 54
  local top = fig.title and 2 or 1
  local canvas = cells.new(width, top + #fig.rows)
  if fig.title then canvas:centre(1, width, 1, fig.title, nil, nil, true) end
  local function line(y, name, shape, mean, std, zeros, color)
    canvas:write(1, y, cells.cut(name, names), color)
    local x = names + 2
    if full then
      canvas:write(x, y, shape, DIM)
      x = x + shapes + 2
    end
    canvas:write(x, y, ("%9s %9s %6s"):format(mean, std, zeros), color)
    return x + 28
  end
  local x = line(top, fig.what or "name", "shape", "mean", "std", "zeros", DIM)
  local room = width - x - 20
  if room >= 4 then canvas:write(x, top, "distribution", DIM) end
  for i, row in ipairs(fig.rows) do
    line(top + i, row.name, row.shape, axis.number(row.mean), axis.number(row.std), ("%.1f%%"):format(100 * row.zeros))
    local low, high = axis.number(row.low), axis.number(row.high)
    if room >= 4 then
      local blocks = spark(row.counts, style, room)
      canvas:write(x + math.max(0, 9 - #low), top + i, low, DIM)
      canvas:write(x + 10, top + i, blocks, colors.of(1))
      canvas:write(x + 11 + cells.width(blocks), top + i, high, DIM)
    end
  end
  return canvas
end

-- ---- matrices -----------------------------------------------------------------------------------------------------

-- The scale below a matrix: low, a strip of colours, high.
local function draw_scale(canvas, fig, left, cols, y, style)
  local low, high = axis.number(fig.low), axis.number(fig.high)
  local w = math.min(24, cols - #low - #high - 2)
  if w < 4 then return end
  canvas:write(left, y, low, DIM)
  for i = 0, w - 1 do
    local x, v = left + #low + 1 + i, i / (w - 1)
    if style.depth then
      canvas:set(x, y, " ", nil, colors.at(fig.colormap, v))
    else
      local k = math.min(#RAMP, math.floor(v * #RAMP) + 1)
      canvas:set(x, y, RAMP:sub(k, k))
    end
  end
  canvas:write(left + #low + w + 2, y, high, DIM)
end

local function matrix_value(fig, v)
  return (v - fig.low) / (fig.high > fig.low and fig.high - fig.low or 1)
end

-- Calls f for every number of a matrix until it gives false; whether it never did.
local function every(rows, f)
  for _, row in ipairs(rows) do
    for _, v in ipairs(row) do
      if not f(v) then return false end
    end
  end
  return true
end

-- How the numbers of a matrix are written: all with the same decimals where that says enough, else one by one.
local function format_for(fig, decimals)
  local largest = 0
  local whole = every(fig.rows, function(v)
    if axis.finite(v) then largest = math.max(largest, math.abs(v)) end
    return v == math.floor(v) or not axis.finite(v)
  end)
  if not fig.rounds or whole or largest < 0.1 or largest >= 1e4 then return fig.format, true end
  local most = largest < 10 and 2 or largest < 1000 and 1 or 0
  local pattern = ("%%.%df"):format(math.min(most, decimals))
  return function(v) return axis.finite(v) and pattern:format(v == 0 and 0 or v) or axis.number(v) end
end

-- The format with which all numbers fit into cells of a width, nil when none does.
local function fitting_format(fig, cell)
  for decimals = 2, 0, -1 do
    local format, last = format_for(fig, decimals)
    if every(fig.rows, function(v) return #format(v) < cell end) then return format end
    if last then return nil end
  end
end

-- A matrix whose cells have room for their numbers.
local function annotated(fig, width, style, cell, format)
  local rows, columns = #fig.rows, #fig.rows[1]
  local margin = 0
  for _, name in ipairs(fig.row_names or {}) do margin = math.max(margin, cells.width(name)) end
  margin = math.min(margin, math.max(0, width - columns * cell - 1), math.max(width // 3, 3))
  local top = (fig.title and 1 or 0) + (fig.xlabel and 1 or 0) + (fig.column_names and 1 or 0) + 1
  local canvas = cells.new(width, top - 1 + rows)
  local left, widest_number = margin + 2, 0
  every(fig.rows, function(v)
    widest_number = math.max(widest_number, #format(v))
    return true
  end)
  local y = 1
  if fig.title then
    canvas:centre(1, width, y, fig.title, nil, nil, true)
    y = y + 1
  end
  if fig.xlabel then
    local label = fig.ylabel and ("%s \\ %s"):format(fig.ylabel, fig.xlabel) or fig.xlabel
    canvas:write(1, y, cells.cut(label, width), DIM)
    y = y + 1
  end
  for j, name in ipairs(fig.column_names or {}) do
    local x = left + (j - 1) * cell
    canvas:centre(x, x + cell - 2, y, name, DIM)
  end
  for i, row in ipairs(fig.rows) do
    local name = cells.cut(fig.row_names and fig.row_names[i] or "", margin)
    canvas:write(margin - cells.width(name) + 1, top + i - 1, name, DIM)
    for j, v in ipairs(row) do
      local x = left + (j - 1) * cell
      local ground = style.depth and colors.at(fig.colormap, matrix_value(fig, v)) or nil
      for k = 0, cell - 1 do canvas:set(x + k, top + i - 1, " ", nil, ground) end
      canvas:centre(x, x + cell - 2, top + i - 1, (" "):rep(widest_number - #format(v)) .. format(v),
        ground and colors.on(ground), ground)
    end
  end
  return canvas
end

--- A matrix as colours, with its numbers where they have room and are wanted.
function text.matrix(fig, width, height, style)
  local rows, columns = #fig.rows, #fig.rows[1]
  if fig.annotate then
    local cell, wished = 3, (format_for(fig, 2))
    every(fig.rows, function(v)
      cell = math.max(cell, #wished(v) + 2)
      return true
    end)
    for _, name in ipairs(fig.column_names or {}) do cell = math.max(cell, math.min(cells.width(name), 10) + 1) end
    local room = width - 3 - math.min(12, width // 4)
    cell = math.min(cell, room // columns)
    local format = cell >= 3 and fitting_format(fig, cell)
    if format then return annotated(fig, width, style, cell, format) end
  end
  local margin = 0
  for _, name in ipairs(fig.row_names or {}) do margin = math.max(margin, cells.width(name)) end
  margin = math.min(margin, width // 4)
  local names = fig.row_names and margin > 0
  local w, lines = fit(columns, rows, width - margin - 1, math.max(height, 8))
  if names and rows <= height then lines = rows end
  if not style.unicode or not style.depth then lines = math.min(lines, rows) end
  local top = fig.title and 2 or 1
  local canvas = cells.new(width, top + lines)
  local left = margin + (margin > 0 and 2 or 1)
  if fig.title then canvas:centre(1, width, 1, fig.title, nil, nil, true) end
  draw_picture(canvas, fig.picture(style.depth and fig.colormap or "grey"), left, top, w, lines, style)
  if names then
    local last = 0
    for i, name in ipairs(fig.row_names) do
      local y = top + math.floor((i - 0.5) / rows * lines)
      if y > last then
        name = cells.cut(name, margin)
        canvas:write(margin - cells.width(name) + 1, y, name, DIM)
        last = y
      end
    end
  end
  draw_scale(canvas, fig, left, width - left, top + lines, style)
  return canvas
end

return text
