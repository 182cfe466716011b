-- Figures as scenes: where axes, ticks, curves, bars, cells and legends stand in a picture of pixels. Knows nothing of
-- file formats.

local axis = require "nnlua.plot.axis"
local colors = require "nnlua.plot.colors"
local new_scene = require "nnlua.plot.scene"
local text = require "nnlua.plot.text"

local drawing = {}

local GRID, FRAME, LABEL, TITLE = {230, 233, 237}, {150, 156, 164}, {70, 75, 82}, {30, 33, 38}
local SMALL, NORMAL, LARGE = 12, 13, 16

local function add_title(scene, fig)
  if not fig.title then return 14 end
  scene:text(scene.width / 2, 28, scene.cut(fig.title, LARGE, scene.width - 16), LARGE,
    {anchor = "middle", color = TITLE, bold = true})
  return 44
end

-- The legend in lines from y on, between left and right; returns where it ends.
local function add_legend(scene, entries, left, right, y)
  if #entries == 0 then return y end
  local x = left
  for _, e in ipairs(entries) do
    local name = scene.cut(e.name, SMALL, right - left - 24)
    local w = 26 + scene.width_of(name, SMALL)
    if x > left and x + w > right then x, y = left, y + 18 end
    if e.mark == "points" then
      scene:circle(x + 9, y + 7, 4, e.color)
    elseif e.mark == "line" then
      scene:line({x, y + 7, x + 18, y + 7}, e.color, 2.5)
    else
      scene:rect(x + 3, y + 1, 12, 12, e.color)
    end
    scene:text(x + 24, y + 11, name, SMALL, {color = LABEL})
    x = x + w + 16
  end
  return y + 24
end

local function entries_of(fig)
  local entries = {}
  if fig.legend == false then return entries end
  for i, s in ipairs(fig.series) do
    if s.name then entries[#entries + 1] = {name = s.name, color = s.color or colors.of(i), mark = s.mark} end
  end
  return entries
end

local function widest(scene, ticks)
  local w = 0
  for _, tick in ipairs(ticks) do w = math.max(w, scene.width_of(tick[2], SMALL)) end
  return w
end

-- ---- two axes -----------------------------------------------------------------------------------------------------

-- Axes, grid and labels; returns the plot area {x, y, w, h}.
local function add_axes(scene, fig, top)
  local yticks = axis.ticks(fig.y, math.max(2, math.floor((scene.height - top) / 55)))
  local left = math.min(14 + widest(scene, yticks) + (fig.ylabel and 24 or 0), scene.width * 0.4)
  local bottom = scene.height - (fig.xlabel and 56 or 34)
  local a = {x = left, w = math.max(10, scene.width - left - 22), y = top, h = math.max(10, bottom - top)}
  for _, tick in ipairs(yticks) do
    local y = a.y + a.h * (1 - axis.place(fig.y, tick[1]))
    scene:line({a.x, y, a.x + a.w, y}, GRID, 1)
    scene:text(a.x - 7, y + 4, tick[2], SMALL, {anchor = "end", color = LABEL})
  end
  for _, tick in ipairs(axis.ticks(fig.x, math.max(2, math.floor(a.w / 85)))) do
    local x = a.x + a.w * axis.place(fig.x, tick[1])
    scene:line({x, a.y, x, a.y + a.h}, GRID, 1)
    scene:text(x, a.y + a.h + 18, tick[2], SMALL, {anchor = "middle", color = LABEL})
  end
  scene:line({a.x, a.y, a.x, a.y + a.h, a.x + a.w, a.y + a.h}, FRAME, 1)
  if fig.xlabel then
    scene:text(a.x + a.w / 2, a.y + a.h + 42, fig.xlabel, NORMAL, {anchor = "middle", color = LABEL})
  end
  if fig.ylabel then
    scene:text(17, a.y + a.h / 2, fig.ylabel, NORMAL, {anchor = "middle", color = LABEL, up = true})
  end
  return a
end

local function place_in(fig, a, x, y)
  return axis.place(fig.x, x) * a.w, (1 - axis.place(fig.y, y)) * a.h
end

local function add_curve(scene, fig, a, s, color)
  local run, px, py = {}, nil, nil
  local function flush()
    if #run > 2 then scene:line(run, color, s.width or 2) end
    if #run == 2 then scene:circle(run[1], run[2], 2.5, color) end
    run = {}
  end
  for i = 1, #s.x do
    local x, y = place_in(fig, a, s.x[i], s.y[i])
    local ok = axis.finite(x) and axis.finite(y)
    if not ok then
      flush()
      px = nil
    elseif px then
      local x0, y0, x1, y1 = text.clip(px, py, x, y, a.w, a.h)
      if x0 then
        if #run == 0 or x0 ~= px or y0 ~= py then
          flush()
          run = {a.x + x0, a.y + y0}
        end
        run[#run + 1], run[#run + 2] = a.x + x1, a.y + y1
        if x1 ~= x or y1 ~= y then flush() end
      end
      px, py = x, y
    else
      if x >= 0 and y >= 0 and x <= a.w and y <= a.h then run = {a.x + x, a.y + y} end
      px, py = x, y
    end
  end
  flush()
end

local function add_points(scene, fig, a, s, color)
  local r = #s.x > 2000 and 1.5 or #s.x > 300 and 2.5 or 3.5
  for i = 1, #s.x do
    local x, y = place_in(fig, a, s.x[i], s.y[i])
    if x >= 0 and y >= 0 and x <= a.w and y <= a.h then
      scene:circle(a.x + x, a.y + y, r, color, 0.75)
      if s.texts then scene:text(a.x + x + 6, a.y + y + 4, s.texts[i], 11, {color = LABEL}) end
    end
  end
end

local function add_bins(scene, fig, a, s, color)
  for i, v in ipairs(s.y) do
    local x0 = math.max(0, axis.place(fig.x, s.edges[i]) * a.w)
    local x1 = math.min(a.w, axis.place(fig.x, s.edges[i + 1]) * a.w)
    local h = math.min(1, axis.place(fig.y, v)) * a.h
    if h > 0 and x1 > x0 then
      local gap = x1 - x0 > 4 and 1 or 0
      scene:rect(a.x + x0, a.y + a.h - h, x1 - x0 - gap, h, color, 0.85)
    end
  end
end

--- A figure with two axes.
function drawing.xy(fig, width, height)
  local scene = new_scene(width or 720, height or 440)
  local top = add_title(scene, fig)
  top = add_legend(scene, entries_of(fig), 60, scene.width - 20, top)
  local a = add_axes(scene, fig, top)
  for i, s in ipairs(fig.series) do
    local color = s.color or colors.of(i)
    if s.mark == "points" then
      add_points(scene, fig, a, s, color)
    elseif s.mark == "bins" then
      add_bins(scene, fig, a, s, color)
    else
      add_curve(scene, fig, a, s, color)
    end
  end
  return scene
end

-- ---- bars ---------------------------------------------------------------------------------------------------------

--- Bars along the lines, one group a name.
function drawing.bars(fig, width, height)
  local groups, many = #fig.names, #fig.series
  local thick = 18
  height = height or (groups * (many * thick + 12) + (fig.title and 44 or 14) + (many > 1 and 24 or 0)
    + (fig.xlabel and 58 or 36))
  local scene = new_scene(width or 720, height)
  local top = add_title(scene, fig)
  if many > 1 then top = add_legend(scene, entries_of(fig), 60, scene.width - 20, top) end
  local left = 0
  for _, name in ipairs(fig.names) do left = math.max(left, scene.width_of(name, NORMAL)) end
  left = math.min(left + 18, scene.width * 0.4)
  local a = {x = left, y = top, w = scene.width - left - 60, h = scene.height - top - (fig.xlabel and 54 or 32)}
  for _, tick in ipairs(axis.ticks(fig.x, math.max(2, math.floor(a.w / 85)))) do
    local x = a.x + a.w * axis.place(fig.x, tick[1])
    scene:line({x, a.y, x, a.y + a.h}, GRID, 1)
    scene:text(x, a.y + a.h + 18, tick[2], SMALL, {anchor = "middle", color = LABEL})
  end
  if fig.xlabel then
    scene:text(a.x + a.w / 2, a.y + a.h + 42, fig.xlabel, NORMAL, {anchor = "middle", color = LABEL})
  end
  local slot = a.h / groups
  thick = math.min(26, slot * 0.8 / many)
  for i, name in ipairs(fig.names) do
    local middle = a.y + (i - 0.5) * slot
    scene:text(a.x - 8, middle + 4, scene.cut(name, NORMAL, left - 12), NORMAL, {anchor = "end", color = LABEL})
    for k, s in ipairs(fig.series) do
      local v = s.y[i]
      if v and axis.finite(v) then
        local zero, place = axis.place(fig.x, 0), axis.place(fig.x, v)
        local x0, x1 = math.max(0, math.min(zero, place)), math.min(1, math.max(zero, place))
        local y = middle + (k - 1 - many / 2) * thick
        scene:rect(a.x + x0 * a.w, y, (x1 - x0) * a.w, thick - 2, s.color or colors.of(k), 0.9)
        scene:text(a.x + x1 * a.w + 6, y + thick / 2 + 3, axis.number(v), SMALL, {color = LABEL})
      end
    end
  end
  local zero = a.x + axis.place(fig.x, 0) * a.w
  scene:line({zero, a.y, zero, a.y + a.h}, FRAME, 1)
  return scene
end

-- ---- matrices and pictures ----------------------------------------------------------------------------------------

local function add_scale(scene, fig, x, y, h)
  local stops = {}
  for i = 1, 64 do
    stops[i] = colors.at(fig.colormap, (64 - i) / 63)
    scene:rect(x, y + (i - 1) * h / 64, 14, h / 64 + 0.6, stops[i])
  end
  scene:text(x + 19, y + 10, axis.number(fig.high), 11, {color = LABEL})
  scene:text(x + 19, y + h, axis.number(fig.low), 11, {color = LABEL})
end

-- Names beside the rows and below the columns, as many as have room.
local function add_names(scene, fig, a, cell_w, cell_h)
  local every = math.max(1, math.ceil(14 / cell_h))
  for i, name in ipairs(fig.row_names or {}) do
    if (i - 1) % every == 0 and i <= #fig.rows then
      scene:text(a.x - 7, a.y + (i - 0.5) * cell_h + 4, name, SMALL, {anchor = "end", color = LABEL})
    end
  end
  local across = true
  for _, name in ipairs(fig.column_names or {}) do across = across and scene.width_of(name, SMALL) <= cell_w - 4 end
  every = across and 1 or math.max(1, math.ceil(14 / cell_w))
  for j, name in ipairs(fig.column_names or {}) do
    local x = a.x + (j - 0.5) * cell_w
    if across then
      scene:text(x, a.y + a.h + 17, name, SMALL, {anchor = "middle", color = LABEL})
    elseif (j - 1) % every == 0 and j <= #fig.rows[1] then
      scene:text(x + 4, a.y + a.h + 8, name, SMALL, {anchor = "end", color = LABEL, up = true})
    end
  end
  return across
end

-- Room for the names: the widest, and whether those of the columns fit a cell.
local function margins(scene, fig, cell)
  local left, below = 0, 0
  for _, name in ipairs(fig.row_names or {}) do left = math.max(left, scene.width_of(name, SMALL)) end
  for _, name in ipairs(fig.column_names or {}) do below = math.max(below, scene.width_of(name, SMALL)) end
  return left > 0 and left + 14 or 14, below == 0 and 8 or below <= cell - 4 and 24 or below + 16
end

--- A matrix as coloured cells.
function drawing.matrix(fig, width, height)
  local rows, columns = #fig.rows, #fig.rows[1]
  local cell = math.max(1, math.min(56, 560 / columns, 560 / rows))
  local probe = new_scene(0, 0)
  local left, below = margins(probe, fig, width and width / columns or cell)
  if fig.ylabel then left = left + 24 end
  below = below + (fig.xlabel and 28 or 6)
  local top = fig.title and 44 or 14
  local w = width or math.max(left + cell * columns + 76, 240)
  local h = height or top + cell * rows + below
  local scene = new_scene(w, h)
  add_title(scene, fig)
  local a = {x = left, y = top, w = math.max(8, w - left - 76), h = math.max(8, h - top - below)}
  local cell_w, cell_h = a.w / columns, a.h / rows
  scene:picture(a.x, a.y, a.w, a.h, fig.picture(fig.colormap))
  add_names(scene, fig, a, cell_w, cell_h)
  if fig.annotate then
    for i, row in ipairs(fig.rows) do
      for j, v in ipairs(row) do
        local s = fig.format(v)
        local size = math.min(13, cell_h * 0.6, 13 * (cell_w - 4) / math.max(1, scene.width_of(s, 13)))
        local ground = colors.at(fig.colormap, (v - fig.low) / (fig.high > fig.low and fig.high - fig.low or 1))
        if size >= 5 then
          scene:text(a.x + (j - 0.5) * cell_w, a.y + (i - 0.5) * cell_h + size * 0.35, s, size,
            {anchor = "middle", color = colors.on(ground)})
        end
      end
    end
  end
  add_scale(scene, fig, a.x + a.w + 12, a.y, math.min(a.h, 160))
  if fig.xlabel then
    scene:text(a.x + a.w / 2, h - 10, fig.xlabel, NORMAL, {anchor = "middle", color = LABEL})
  end
  if fig.ylabel then
    scene:text(17, a.y + a.h / 2, fig.ylabel, NORMAL, {anchor = "middle", color = LABEL, up = true})
  end
  return scene
end

-- The width that a title needs.
local function title_width(title)
  local probe = new_scene(0, 0)
  return title and math.min(probe.width_of(title, LARGE) + 40, 700) or 0
end

--- Pictures in a grid.
function drawing.pictures(fig, width, height)
  local n, columns = #fig.pictures, fig.columns
  local lines = math.ceil(n / columns)
  local tile_w, tile_h = 0, 0
  for _, p in ipairs(fig.pictures) do
    tile_w, tile_h = math.max(tile_w, p:size(3)), math.max(tile_h, p:size(2))
  end
  local gap, label = n > 1 and 6 or 0, fig.labels and 20 or 0
  local scale = math.min((n > 1 and 900 or 640) / columns / tile_w, 640 / tile_h)
  if scale > 1 then scale = math.max(1, math.min(math.floor(scale), n > 1 and 5 or 16)) end
  if width then scale = (width - 16 - (columns - 1) * gap) / columns / tile_w end
  local w, h = tile_w * scale, tile_h * scale
  if height then h = math.min(h, (height - (fig.title and 44 or 14) - lines * (label + gap)) / lines) end
  local top = fig.title and 44 or 8
  local least = title_width(fig.title)
  local full = math.max(columns * (w + gap) - gap + 16, least)
  local scene = new_scene(width or full, height or top + lines * (h + label + gap) - gap + 8)
  add_title(scene, fig)
  local left = (scene.width - (columns * (w + gap) - gap)) / 2
  for i, p in ipairs(fig.pictures) do
    local x, y = left + (i - 1) % columns * (w + gap), top + (i - 1) // columns * (h + label + gap)
    local k = math.min(w / p:size(3), h / p:size(2))
    scene:picture(x, y, p:size(3) * k, p:size(2) * k, p)
    if fig.labels and fig.labels[i] then
      scene:text(x + w / 2, y + h + 14, scene.cut(fig.labels[i], 11, w + gap - 2), 11,
        {anchor = "middle", color = LABEL})
    end
  end
  return scene
end

-- ---- summaries ----------------------------------------------------------------------------------------------------

--- A small histogram for each of several sets of numbers, in a grid.
function drawing.summary(fig, width)
  local n = #fig.rows
  local columns = math.min(n, n <= 4 and 2 or n <= 9 and 3 or 4)
  local w = (width or 250 * columns) / columns
  local h, top = 150, fig.title and 44 or 10
  local scene = new_scene(w * columns, top + math.ceil(n / columns) * h)
  add_title(scene, fig)
  for i, row in ipairs(fig.rows) do
    local x, y = (i - 1) % columns * w + 14, top + (i - 1) // columns * h
    local inner, base, most = w - 28, y + 112, 1
    scene:text(x, y + 14, scene.cut(row.name .. "  " .. row.shape, SMALL, inner), SMALL, {color = TITLE, bold = true})
    scene:text(x, y + 30, ("mean %s  std %s  zeros %.1f%%"):format(axis.number(row.mean), axis.number(row.std),
      100 * row.zeros), 10.5, {color = LABEL})
    for _, c in ipairs(row.counts) do most = math.max(most, c) end
    local bin = inner / #row.counts
    for k, c in ipairs(row.counts) do
      local high = c / most * 72
      high = math.max(high, 1)
      if c > 0 then scene:rect(x + (k - 1) * bin, base - high, bin - 0.5, high, colors.of(1), 0.85) end
    end
    scene:line({x, base, x + inner, base}, FRAME, 1)
    scene:text(x, base + 15, axis.number(row.low), 10.5, {color = LABEL})
    scene:text(x + inner, base + 15, axis.number(row.high), 10.5, {color = LABEL, anchor = "end"})
  end
  return scene
end

--- The scene of a figure; width and height in pixels, nil: as fits.
function drawing.scene(fig, width, height)
  local draw = drawing[fig.kind]
  if draw then return draw(fig, width, height) end
  return require("nnlua.plot.diagram").scene(fig, width, height)
end

return drawing
