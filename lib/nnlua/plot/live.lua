-- Curves that grow while a program runs, redrawn in place. Knows nothing of training.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local output = require "nnlua.plot.output"

local live = {}

local Live = {__name = "live plot"}
Live.__index = Live

--- figure(series) makes the figure; o are the options of plot.live.
function live.new(figure, o)
  local way = not o.file and output.way("plot.live", o.as) or nil
  -- pictures of terminals cannot be redrawn in place everywhere: blocks can
  if way == "kitty" or way == "sixel" then way = "blocks" end
  return setmetatable({figure = figure, o = o, way = way, series = {}, by_name = {}, n = 0, drawn = 0, at = -math.huge,
    in_place = way == "blocks" and core.files.is_terminal(1)}, Live)
end

local function add_series(self, name)
  local s = {name = name, mark = "line", x = {}, y = {}}
  self.by_name[name] = s
  self.series[#self.series + 1] = s
  table.sort(self.series, function(a, b) return a.name < b.name end)
  return s
end

local function value_of(name, v)
  if core.tensor.is_tensor(v) and v:numel() == 1 then v = v:item() end
  if type(v) ~= "number" then
    fail.raise("live:add: '%s' must be a number, got %s", tostring(name), fail.show(v))
  end
  return v
end

local function draw(self)
  if self.o.file then
    output.show("plot.live", self.figure(self.series), self.o)
    return
  end
  local width, height = output.size(self.o)
  local lines = output.lines(self.figure(self.series), width, height, output.style(self.way))
  if self.in_place then
    for i, line in ipairs(lines) do lines[i] = line .. "\27[K" end
    if self.drawn > 0 then io.write(("\27[%dA\r"):format(self.drawn)) end
    io.write(table.concat(lines, "\n"), "\n\27[J")
    self.drawn = #lines
  else
    io.write(table.concat(lines, "\n"), "\n")
  end
  io.flush()
end

--- Adds a point to each of the named curves: live:add{loss = 0.5}, or live:add(x, {loss = 0.5}); x counts from 1 unless
-- it is given.
function Live:add(x, values)
  if type(x) == "table" and values == nil then x, values = nil, x end
  if type(values) ~= "table" or type((next(values))) ~= "string" then
    fail.raise("live:add: expected values by name, such as {loss = 0.5}, got %s", fail.show(values))
  end
  self.n = self.n + 1
  x = x and value_of("x", x) or self.n
  for name, v in pairs(values) do
    v = value_of(name, v)
    local s = self.by_name[name] or add_series(self, name)
    s.x[#s.x + 1], s.y[#s.y + 1] = x, v
  end
  local now = core.clock()
  if (self.in_place or self.o.file) and now - self.at >= self.o.every then
    self.at = now
    draw(self)
  end
end

--- Draws what there is for the last time.
function Live:done()
  if #self.series > 0 then draw(self) end
  self.drawn = 0
end

return live
