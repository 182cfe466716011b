-- Boxes and edges in layers from top to bottom: where they stand, as text, as a scene, as Graphviz's .dot. Edges that
-- pass layers by run in lanes at the right. Knows nothing of networks.
--
-- A figure is {kind = "graph", nodes = {{kind, lines}, ...}, edges = {{from, to}, ...}} without cycles. Places are in
-- character cells; the scene multiplies them.

local cells = require "nnlua.plot.cells"
local new_scene = require "nnlua.plot.scene"

local diagram = {}

local COLOR = {
  input = {46, 164, 79}, output = {46, 164, 79}, layer = {66, 133, 244}, operation = {140, 146, 154},
}
local EDGE = {128, 128, 128}

-- ---- layers -------------------------------------------------------------------------------------------------------

-- The layer of each node: one below the lowest that leads to it.
local function rank(fig)
  local waiting, after, ranks, ready = {}, {}, {}, {}
  for i = 1, #fig.nodes do waiting[i], after[i], ranks[i] = 0, {}, 1 end
  for _, e in ipairs(fig.edges) do
    waiting[e[2]] = waiting[e[2]] + 1
    table.insert(after[e[1]], e[2])
  end
  for i = 1, #fig.nodes do
    if waiting[i] == 0 then ready[#ready + 1] = i end
  end
  local at = 1
  while ready[at] do
    for _, to in ipairs(after[ready[at]]) do
      ranks[to] = math.max(ranks[to], ranks[ready[at]] + 1)
      waiting[to] = waiting[to] - 1
      if waiting[to] == 0 then ready[#ready + 1] = to end
    end
    at = at + 1
  end
  -- what has nothing before it stands right above what needs it
  for i = #ready, 1, -1 do
    local node, nearest = ready[i], math.huge
    if fig.nodes[node].kind == "input" and #after[node] > 0 then
      for _, to in ipairs(after[node]) do nearest = math.min(nearest, ranks[to]) end
      ranks[node] = nearest - 1
    end
  end
  return ranks
end

-- Nodes by layer, in an order in which edges cross seldom: by the mean place of what leads to them.
local function layers_of(fig, ranks)
  local layers, place, before = {}, {}, {}
  for i = 1, #fig.nodes do
    layers[ranks[i]] = layers[ranks[i]] or {}
    table.insert(layers[ranks[i]], i)
    before[i] = {}
  end
  for _, e in ipairs(fig.edges) do table.insert(before[e[2]], e[1]) end
  for r = 1, #layers do
    local layer, weight = layers[r] or {}, {}
    for k, i in ipairs(layer) do
      local sum, n = 0, 0
      for _, b in ipairs(before[i]) do
        if place[b] then sum, n = sum + place[b], n + 1 end
      end
      weight[i] = n > 0 and sum / n or 0.5
      place[i] = k
    end
    table.sort(layer, function(a, b)
      if weight[a] ~= weight[b] then return weight[a] < weight[b] end
      return a < b
    end)
    for k, i in ipairs(layer) do place[i] = (k - 0.5) / #layer end
    layers[r] = layer
  end
  return layers
end

-- ---- places -------------------------------------------------------------------------------------------------------

-- A lane for each edge that passes layers by; edges from one node share one, as far as they go.
local function lanes_of(fig, ranks)
  local lanes, long, ends = {}, {}, {}
  for k, e in ipairs(fig.edges) do
    if ranks[e[2]] > ranks[e[1]] + 1 then long[#long + 1] = k end
  end
  table.sort(long, function(a, b)
    local ea, eb = fig.edges[a], fig.edges[b]
    local la, lb = ranks[ea[2]] - ranks[ea[1]], ranks[eb[2]] - ranks[eb[1]]
    if la ~= lb then return la < lb end
    return a < b
  end)
  for _, k in ipairs(long) do
    local from, to = ranks[fig.edges[k][1]], ranks[fig.edges[k][2]]
    local lane = 1
    local function taken()
      for _, span in ipairs(ends[lane] or {}) do
        if from < span[2] and to > span[1] and span[3] ~= fig.edges[k][1] then return true end
      end
    end
    while taken() do lane = lane + 1 end
    ends[lane] = ends[lane] or {}
    table.insert(ends[lane], {from, to, fig.edges[k][1]})
    lanes[k] = lane
  end
  return lanes, #ends
end

-- Boxes with x, y (of their top left corner), w, h; at most `width` cells wide, with `n_lanes` lanes at the right.
local function place_boxes(fig, layers, width, n_lanes)
  local room = math.max(6, width - 3 * n_lanes - (n_lanes > 0 and 2 or 1))
  local boxes, widest = {}, 0
  for _, layer in ipairs(layers) do
    local most = math.max(4, (room - 2 * (#layer - 1)) // math.max(1, #layer))
    local total = 2 * (#layer - 1)
    for _, i in ipairs(layer) do
      local w = 0
      for _, line in ipairs(fig.nodes[i].lines) do w = math.max(w, cells.width(line) + 4) end
      w = math.min(w, most)
      if w % 2 == 0 then w = w + (w < most and 1 or -1) end -- odd, so that middles stand below each other
      boxes[i] = {w = w, h = #fig.nodes[i].lines + 2}
      total = total + w
    end
    widest = math.max(widest, total)
  end
  if widest % 2 == 0 then widest = widest + 1 end
  for _, layer in ipairs(layers) do
    local total = 2 * (#layer - 1)
    for _, i in ipairs(layer) do total = total + boxes[i].w end
    local x = 1 + math.max(0, (widest - total) // 2)
    for _, i in ipairs(layer) do
      boxes[i].x = x
      x = x + boxes[i].w + 2
    end
  end
  return boxes, widest
end

-- The lines of the edges below each layer: horizontal parts have rows of their own, one for each source or target.
local function route(fig, ranks, lanes, boxes, layers, right)
  local function middle(i) return boxes[i].x + boxes[i].w // 2 end
  local gaps, paths, y = {}, {}, 1
  for r = 1, #layers do gaps[r] = {rows = {}, n = 0} end
  local function row(r, key)
    local gap = gaps[r]
    if not gap.rows[key] then
      gap.n = gap.n + 1
      gap.rows[key] = gap.n
    end
    return gap.rows[key]
  end
  for k, e in ipairs(fig.edges) do
    if lanes[k] then
      row(ranks[e[1]], "from" .. e[1])
      row(ranks[e[2]] - 1, "to" .. e[2])
    elseif middle(e[1]) ~= middle(e[2]) then
      row(ranks[e[1]], "from" .. e[1])
    end
  end
  for r, layer in ipairs(layers) do
    local h = 0
    for _, i in ipairs(layer) do h = math.max(h, boxes[i].h) end
    for _, i in ipairs(layer) do boxes[i].y = y end
    gaps[r].y = y + h
    y = y + h + (r < #layers and gaps[r].n + 1 or 0)
  end
  for k, e in ipairs(fig.edges) do
    local a, b = boxes[e[1]], boxes[e[2]]
    local x0, x1, y0, y1 = middle(e[1]), middle(e[2]), a.y + a.h - 1, b.y
    local first = gaps[ranks[e[1]]]
    if lanes[k] then
      local lane, last = right + 3 * lanes[k] - 1, gaps[ranks[e[2]] - 1]
      local ya, yb = first.y + first.rows["from" .. e[1]] - 1, last.y + last.rows["to" .. e[2]] - 1
      paths[k] = {x0, y0, x0, ya, lane, ya, lane, yb, x1, yb, x1, y1}
    elseif x0 == x1 then
      paths[k] = {x0, y0, x1, y1}
    else
      local ya = first.y + first.rows["from" .. e[1]] - 1
      paths[k] = {x0, y0, x0, ya, x1, ya, x1, y1}
    end
  end
  return paths, y - 1
end

-- Everything in cells: boxes, paths {x, y, ...} of the edges, width and height.
local function layout(fig, width)
  local ranks = rank(fig)
  local layers = layers_of(fig, ranks)
  local lanes, n_lanes = lanes_of(fig, ranks)
  local boxes, widest = place_boxes(fig, layers, width, n_lanes)
  local paths, height = route(fig, ranks, lanes, boxes, layers, widest)
  return {boxes = boxes, paths = paths, width = widest + 3 * n_lanes + (n_lanes > 0 and 1 or 0), height = height}
end

-- ---- text ---------------------------------------------------------------------------------------------------------

-- Characters by the sides that they join: 1 up, 2 down, 4 left, 8 right.
local JOINTS = {[3] = "│", [12] = "─", [10] = "┌", [6] = "┐", [9] = "└", [5] = "┘", [11] = "├", [7] = "┤", [14] = "┬",
  [13] = "┴", [15] = "┼", [1] = "│", [2] = "│", [4] = "─", [8] = "─"}
local PLAIN = {[3] = "|", [12] = "-", [1] = "|", [2] = "|", [4] = "-", [8] = "-"}

local function add_joint(joints, x, y, side)
  local key = y * 65536 + x
  joints[key] = (joints[key] or 0) | side
end

local function add_path(joints, path)
  for i = 1, #path - 3, 2 do
    local x0, y0, x1, y1 = path[i], path[i + 1], path[i + 2], path[i + 3]
    if x0 == x1 then
      local from, to = math.min(y0, y1), math.max(y0, y1)
      for y = from, to do
        if y > from then add_joint(joints, x0, y, 1) end
        if y < to then add_joint(joints, x0, y, 2) end
      end
    else
      local from, to = math.min(x0, x1), math.max(x0, x1)
      for x = from, to do
        if x > from then add_joint(joints, x, y0, 4) end
        if x < to then add_joint(joints, x, y0, 8) end
      end
    end
  end
end

local function draw_box(canvas, box, node, style)
  local u, color = style.unicode, COLOR[node.kind] or EDGE
  local x1, y1 = box.x + box.w - 1, box.y + box.h - 1
  for y = box.y, y1 do
    for x = box.x, x1 do canvas:set(x, y, " ") end
    canvas:set(box.x, y, u and "│" or "|", color)
    canvas:set(x1, y, u and "│" or "|", color)
  end
  for x = box.x, x1 do
    canvas:set(x, box.y, u and "─" or "-", color)
    canvas:set(x, y1, u and "─" or "-", color)
  end
  for i, corner in ipairs(u and {"╭", "╮", "╰", "╯"} or {"+", "+", "+", "+"}) do
    canvas:set(i % 2 == 1 and box.x or x1, i <= 2 and box.y or y1, corner, color)
  end
  for i, line in ipairs(node.lines) do
    canvas:centre(box.x + 2, x1 - 2, box.y + i, line, i > 1 and EDGE or nil, nil, i == 1)
  end
end

--- The figure as text.
function diagram.text(fig, width, _, style)
  local l = layout(fig, width)
  local top = fig.title and 1 or 0
  local canvas = cells.new(width, l.height + top)
  local shift = math.max(0, (width - l.width) // 2)
  if fig.title then canvas:centre(1, width, 1, fig.title, nil, nil, true) end
  local joints = {}
  for _, path in ipairs(l.paths) do add_path(joints, path) end
  for key, sides in pairs(joints) do
    local character = (style.unicode and JOINTS or PLAIN)[sides] or "+"
    canvas:set(key % 65536 + shift, key // 65536 + top, character, EDGE)
  end
  for i, box in ipairs(l.boxes) do
    box.x, box.y = box.x + shift, box.y + top
    draw_box(canvas, box, fig.nodes[i], style)
  end
  for _, path in ipairs(l.paths) do
    canvas:set(path[#path - 1] + shift, path[#path] - 1 + top, style.unicode and "▼" or "v", EDGE)
  end
  return canvas
end

-- ---- pictures -----------------------------------------------------------------------------------------------------

local CELL_W, CELL_H = 7.6, 17

--- The figure as a scene.
function diagram.scene(fig, width)
  local l = layout(fig, width and math.floor((width - 32) / CELL_W) or 110)
  local top = fig.title and 48 or 16
  local scene = new_scene(math.max(l.width * CELL_W + 32, width or 0), l.height * CELL_H + top + 16)
  local left = (scene.width - l.width * CELL_W) / 2
  local function px(x) return left + (x - 0.5) * CELL_W end
  local function py(y) return top + (y - 0.5) * CELL_H end
  if fig.title then scene:text(scene.width / 2, 30, fig.title, 16, {anchor = "middle", bold = true}) end
  for _, path in ipairs(l.paths) do
    local points, n = {}, #path
    for i = 1, n, 2 do points[i], points[i + 1] = px(path[i]), py(path[i + 1]) end
    points[2] = points[2] + CELL_H / 2
    points[n] = points[n] - CELL_H / 2 + 1
    local x, y = points[n - 1], points[n]
    points[n] = y - 5
    scene:line(points, EDGE, 1.5)
    scene:area({x - 4, y - 8, x + 4, y - 8, x, y}, EDGE)
  end
  for i, box in ipairs(l.boxes) do
    local node = fig.nodes[i]
    local color = COLOR[node.kind] or EDGE
    local x, y, w, h = px(box.x) - CELL_W / 2, py(box.y) - CELL_H / 2 + 1, box.w * CELL_W, box.h * CELL_H - 2
    scene:rect(x, y, w, h, {255, 255, 255})
    scene:rect(x, y, w, h, color, 0.12)
    scene:line({x, y, x + w, y, x + w, y + h, x, y + h, x, y}, color, 1.5)
    for k, line in ipairs(node.lines) do
      scene:text(x + w / 2, y + h / 2 + (k - (#node.lines + 1) / 2) * CELL_H + 4, scene.cut(line, 12, w - 8), 12,
        {anchor = "middle", bold = k == 1, color = k > 1 and {90, 96, 104} or nil})
    end
  end
  return scene
end

local function quote(text) return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%c", " ") .. '"' end

--- The figure in Graphviz's language.
function diagram.dot(fig)
  local out = {"digraph network {", '  node [shape=box, style="rounded,filled", fontname="Helvetica"];'}
  if fig.title then out[#out + 1] = ("  label=%s;"):format(quote(fig.title)) end
  local fill = {input = "#e4f4e8", output = "#e4f4e8", layer = "#e3edfd", operation = "#f0f1f2"}
  for i, node in ipairs(fig.nodes) do
    local lines = {}
    for k, line in ipairs(node.lines) do lines[k] = quote(line):sub(2, -2) end
    out[#out + 1] = ('  n%d [label="%s", fillcolor="%s"];'):format(i, table.concat(lines, "\\n"), fill[node.kind])
  end
  for _, e in ipairs(fig.edges) do out[#out + 1] = ("  n%d -> n%d;"):format(e[1], e[2]) end
  out[#out + 1] = "}\n"
  return table.concat(out, "\n")
end

return diagram
