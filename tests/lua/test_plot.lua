-- Plots: what stands where in the text of a figure, colours, widths, files that are read again, graphs of networks,
-- wrong input.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, plot, nn, F = nnlua.tensor, nnlua.plot, nnlua.nn, nnlua.F
local pictures = require "nnlua.core".pictures

-- What f(...) prints, as one text.
local function printed(f, ...)
  local kept, out = io.write, {}
  io.write = function(...) -- luacheck: ignore
    for _, s in ipairs {...} do out[#out + 1] = s end
    return io.stdout
  end
  local ok, message = pcall(f, ...)
  io.write = kept -- luacheck: ignore
  if not ok then error(message, 0) end
  return table.concat(out)
end

local function split(text)
  local lines = {}
  for line in text:gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

local function lines_of(f, ...) return split(printed(f, ...)) end

local scratch = os.tmpname()

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

-- How many cells a line takes on a terminal.
local function width_of(line) return require("nnlua.plot.cells").width((line:gsub("\27%[[%d;]*m", ""))) end

-- ---- curves and points --------------------------------------------------------------------------------------------

check.test("a line goes from corner to corner", function()
  local lines = lines_of(plot.line, {0, 1, 2, 3}, {columns = 40, rows = 9, as = "ascii", title = "up"})
  check.equal(#lines, 12)
  check.ok(lines[1]:match("^%s+up$"), lines[1])
  check.ok(lines[2]:match("%*$"), lines[2])
  check.ok(lines[10]:match("[|+]%*"), lines[10])
  check.ok(lines[12]:match("1%s+2%s+3%s+4"), lines[12])
end)

check.test("a logarithmic axis of any range, down to the smallest numbers", function()
  for _, decades in ipairs {0.05, 0.3, 1, 3, 3.5, 4.1, 30, 200} do
    for rows = 3, 14 do
      local y = {}
      for i = 1, 60 do y[i] = 10 ^ (1 - i / decades) end
      check.ok(#lines_of(plot.line, y, {logy = true, rows = rows, as = "ascii"}) >= rows)
    end
  end
end)

check.test("points stand where they belong", function()
  local lines = lines_of(plot.scatter, {0, 10, 5}, {0, 0, 8}, {columns = 43, rows = 5, as = "ascii",
    xlim = {0, 10}, ylim = {0, 8}})
  local left = lines[1]:find("[|+]")
  local cols = 43 - left - 2
  check.equal(lines[5]:sub(left + 1, left + 1), "*")
  check.equal(lines[5]:sub(left + cols, left + cols), "*")
  check.equal(lines[1]:find("*", 1, true), left + 1 + math.floor(0.5 * (cols - 1) + 0.5))
  local _, n = table.concat(lines):gsub("%*", "")
  check.equal(n, 3)
end)

check.test("a curve of many points looks as it would with all of them", function()
  local y = tensor.zeros(200000)
  y[77777], y[150001] = 5, -3
  local lines = lines_of(plot.line, y, {columns = 60, rows = 9, as = "ascii"})
  check.ok(lines[1]:find("*", 1, true) and lines[9]:find("*", 1, true), table.concat(lines, "\n"))
  check.equal(#lines_of(plot.line, tensor.full({30000}, 0 / 0), {rows = 3, as = "ascii"}), 5)
end)

check.test("braille: dots within a cell", function()
  local text = printed(plot.scatter, {0, 1}, {0, 1}, {columns = 12, rows = 1, as = "blocks", xlim = {0, 1},
    ylim = {0, 1}})
  check.ok(text:find("⡀", 1, true), "bottom left: " .. text)
  check.ok(text:find("⠈", 1, true), "top right: " .. text)
end)

check.test("series by name have colours and a legend in a fixed order", function()
  local text = printed(plot.line, {b = {1, 2}, a = {2, 1}}, {columns = 40, rows = 6, as = "ascii"})
  check.ok(text:match("%* a   %+ b\n$"), text)
  text = printed(plot.line, {b = {1, 2}, a = {2, 1}}, {columns = 40, rows = 6, as = "ascii", legend = false})
  check.ok(not text:find("* a", 1, true), text)
  check.ok(printed(plot.line, {{1, 2}, {2, 1}}, {as = "ascii", names = {"x", "y"}}):find("* x   + y", 1, true))
end)

check.test("tensors, tables, matrices, points by name, NaN", function()
  for _, data in ipairs {tensor{1, 2, 3}, {1, 2, 3}, tensor{1, 2, 3}:to("int64"), tensor{true, false, true},
    tensor.rand(5, 3), {a = tensor{1, 2}, b = {x = 1, 2, 3}}, {c = {{1, 2}, {3, 4}}}, {tensor(1.5), tensor(2)},
    {0 / 0, 1, 2, 1 / 0}, {5}, tensor.zeros(0), {2, 2, 2}} do
    check.ok(#lines_of(plot.line, data, {as = "ascii", rows = 5}) >= 6)
  end
  check.ok(printed(plot.line, tensor{1, 2}, {p = {1, 2}, q = {2, 1}}, {as = "ascii"}):find("* p", 1, true))
  check.ok(printed(plot.line, tensor{1, 2}, {p = {1, 2}}):find("p", 1, true), "series are no options")
end)

check.test("logarithmic axes have decades as ticks; what has no logarithm is left out", function()
  local text = printed(plot.line, {1e-4, 1e-2, 1, 0, -1}, {logy = true, as = "ascii", columns = 50})
  check.ok(text:find("0.0001+", 1, true) and text:find("0.01+", 1, true), text)
end)

check.test("ticks are round numbers that tell their neighbours apart", function()
  local axis = require "nnlua.plot.axis"
  math.randomseed(3)
  for _ = 1, 300 do
    local low = (math.random() - 0.5) * 10.0 ^ math.random(-6, 8)
    local a = axis.new({{low, low + 10.0 ^ math.random(-6, 8) * (math.random() + 0.01)}}, {})
    local seen = {}
    local ticks = axis.ticks(a, 6)
    check.ok(#ticks >= 2 and #ticks <= 12, #ticks .. " ticks")
    for _, tick in ipairs(ticks) do
      check.ok(not seen[tick[2]] or math.abs(low) > 1e5, tick[2])
      seen[tick[2]] = true
      local place = axis.place(a, tick[1])
      check.ok(place > -1e-6 and place < 1 + 1e-6, "inside")
    end
  end
end)

-- ---- histograms, bars, matrices -----------------------------------------------------------------------------------

check.test("a histogram counts every value", function()
  local lines = lines_of(plot.hist, tensor{1, 1, 1, 2.5, 4}, {columns = 30, rows = 6, bins = 3, as = "ascii"})
  local heights, left = {}, lines[2]:find("[|+]")
  for third = 0, 2 do
    local x = left + 1 + math.floor((third + 0.5) * (30 - left - 1) / 3)
    heights[third + 1] = 0
    for y = 2, 7 do
      if lines[y]:sub(x, x) == "*" then heights[third + 1] = heights[third + 1] + 1 end
    end
  end
  check.ok(heights[1] > heights[2] and heights[2] == heights[3] and heights[2] >= 1, table.concat(heights, " "))
  check.ok(printed(plot.hist, {a = tensor.randn(50), b = tensor.rand(4, 4)}, {as = "ascii"}):find("* a   + b", 1, true))
end)

check.test("bars are as long as their values", function()
  local keyed = lines_of(plot.bar, {[8] = 4, [64] = 2, [1] = 3}, {columns = 60, as = "ascii"})
  for i, line in ipairs(keyed) do keyed[i] = line:match("^ *(%d+)") end
  check.equal(keyed, {"1", "8", "64"})
  local lines = lines_of(plot.bar, {a = 4, b = 2, c = -2}, {columns = 60, as = "ascii"})
  local function count(line) return select(2, line:gsub("%*", "")) end
  local a, b, c = count(lines[1]), count(lines[2]), count(lines[3])
  check.ok(math.abs(a - 2 * b) <= 1 and math.abs(b - c) <= 1, ("%d %d %d"):format(a, b, c))
  check.ok(lines[1]:match("^%s*a |.* 4$") and lines[3]:match("%-2$"), table.concat(lines, "\n"))
end)

check.test("a small matrix shows its numbers, a large one shades", function()
  local text = printed(plot.heatmap, {{1, 2}, {3, 4}}, {as = "ascii", row_names = {"p", "q"}})
  check.ok(text:match("p%s+1%s+2%s*\nq%s+3%s+4"), text)
  local shades = lines_of(plot.heatmap, tensor.arange(400):reshape(20, 20), {as = "ascii", columns = 40})
  check.ok(shades[1]:sub(1, 1) ~= "@" and shades[#shades - 1]:find("@", 1, true), table.concat(shades, "\n"))
end)

check.test("a confusion matrix counts pairs", function()
  local text = printed(plot.confusion, tensor{1, 2, 2, 3, 3, 3}, tensor{1, 2, 3, 3, 3, 1},
    {names = {"cat", "dog", "hen"}, as = "ascii"})
  check.ok(text:match("cat%s+1%s+%.%s+1%s*\ndog%s+%.%s+1%s+%.%s*\nhen%s+%.%s+1%s+2"), text)
  local logits = tensor{{3, 1}, {0, 2}}
  check.ok(printed(plot.confusion, logits, tensor{1, 1}, {as = "ascii", normalize = true}):find("0.50", 1, true))
end)

check.test("the area below a ROC curve", function()
  local text = printed(plot.roc, tensor{0.1, 0.4, 0.35, 0.8}, tensor{0, 0, 1, 1}, {as = "ascii"})
  check.ok(text:find("AUC 0.750", 1, true), text)
  check.ok(printed(plot.roc, {0.5, 0.5, 0.5}, {1, 2, 1}, {as = "ascii"}):find("AUC 0.500", 1, true), "ties")
  check.ok(printed(plot.roc, {a = {{1, 2}, {true, false}}}, {as = "ascii"}):find("a AUC 0.000", 1, true))
end)

-- ---- widths and colours -------------------------------------------------------------------------------------------

local demos = {
  function(o) plot.line({loss = {3, 2, 1}, val = {4, 3, 3}}, o) end,
  function(o) plot.scatter(tensor.randn(50, 2), o) end,
  function(o) plot.hist(tensor.randn(100), o) end,
  function(o) plot.bar({["a rather long name of a bar"] = 3, ["一个很长的名字在这里"] = 4}, o) end,
  function(o) plot.heatmap(tensor.rand(12, 12), o) end,
  function(o) plot.heatmap(tensor.rand(40, 90), o) end,
  function(o) plot.confusion(tensor.randint(1, 11, {90}), tensor.randint(1, 11, {90}), o) end,
  function(o) plot.image(tensor.rand(9, 3, 20, 30), o) end,
  function(o) plot.image(tensor.rand(64, 200), o) end,
  function(o)
    plot.graph(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3)), tensor.rand(1, 1, 8, 8), o)
  end,
  function(o) plot.weights(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), o) end,
}

check.test("nothing is wider than it may be", function()
  for i, demo in ipairs(demos) do
    for _, columns in ipairs {12, 20, 40, 57, 80} do
      for _, as in ipairs {"ascii", "blocks"} do
        for _, line in ipairs(lines_of(demo, {columns = columns, as = as, title = "标题 of some length, not short"})) do
          check.ok(width_of(line) <= columns, ("demo %d, %d columns: %q"):format(i, columns, line))
        end
      end
    end
  end
end)

check.test("plain text has no codes and no bytes beyond ASCII", function()
  for _, demo in ipairs(demos) do
    local text = printed(demo, {as = "ascii"}):gsub("[\xe4-\xe9][\x80-\xbf][\x80-\xbf]", "") -- the Chinese name
    check.ok(not text:find("[\27\128-\255]"), text)
  end
end)

-- The program's own output for a line of code, with these variables in its environment.
local function run(environment, code)
  local program = os.getenv("NNLUA") or arg[-1]
  local pipe = assert(io.popen(("%s '%s' -e '%s' 2>&1"):format(environment, program, code)))
  local output = pipe:read("a")
  pipe:close()
  return output
end

check.test("a pipe gets plain text; colours can be forbidden", function()
  local code = "plot.line{1, 2, 3}"
  check.ok(not run("env -u NO_COLOR TERM=xterm-256color", code):find("[\27\128-\255]"))
  local forced = 'plot.heatmap(tensor.rand(20, 20), {as = "blocks"})'
  check.ok(run("env -u NO_COLOR COLORTERM=truecolor", forced):find("\27[0;38;2;", 1, true))
  check.ok(run("env -u NO_COLOR -u COLORTERM TERM=xterm-256color", forced):find("\27[0;38;5;", 1, true))
  check.ok(not run("NO_COLOR=1", forced):find("\27", 1, true))
end)

check.test("pictures for terminals of the Kitty and Sixel families", function()
  local kitty = printed(plot.image, tensor.rand(30, 40), {as = "kitty"})
  check.ok(kitty:match("^\27_Ga=T,f=100,"), "begins as it should")
  check.ok(kitty:match("\27\\\n$"), "ends as it should")
  for piece in kitty:gmatch("\27_G[^;]*;([^\27]*)\27\\") do check.ok(#piece <= 4096) end
  local sixel = printed(plot.line, {1, 2, 3}, {as = "sixel"})
  check.ok(sixel:match('^\27Pq"1;1;%d+;%d+#0;2;0;0;0') and sixel:match("\27\\\n$"), sixel:sub(1, 60))
  check.equal(pictures.base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==")
  check.equal(pictures.base64(""), "")
end)

local digits = {}
for i = 0, 63 do
  digits[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):byte(i + 1)] = i
end

-- The picture of Kitty's protocol, float [3, H, W] in 0..1: pieces joined, base64 undone, the PNG read.
local function decode_kitty(stream)
  local text = {}
  for piece in stream:gmatch("\27_G[^;]*;([^\27]*)\27\\") do text[#text + 1] = piece end
  text = table.concat(text)
  local bytes, bits, held = {}, 0, 0
  for at = 1, #text do
    local digit = digits[text:byte(at)]
    if not digit then break end
    bits, held = (bits << 6 | digit) & 0xFFFFFF, held + 6
    if held >= 8 then
      held = held - 8
      bytes[#bytes + 1] = string.char(bits >> held & 0xFF)
    end
  end
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(table.concat(bytes))
  file:close()
  local picture = data.read_png(path):float():div(255)
  os.remove(path)
  return picture
end

-- The picture of a Sixel stream, the same way: colours, bands of six lines, repeats.
local function decode_sixel(stream)
  local width, height, body = stream:match('^\27Pq"1;1;(%d+);(%d+)(.*)\27\\')
  width, height = tonumber(width), tonumber(height)
  local planes, colours = {{}, {}, {}}, {}
  for k = 1, 3 do
    for y = 1, height do planes[k][y] = {} end
  end
  local x, top, colour, at = 1, 1, nil, 1
  local function paint(char, times)
    local mask = char:byte() - 63
    for column = x, x + times - 1 do
      for row = 0, 5 do
        if mask >> row & 1 == 1 then
          check.ok(column <= width and top + row <= height, "a pixel outside of the picture")
          for k = 1, 3 do planes[k][top + row][column] = colours[colour][k] end
        end
      end
    end
    x = x + times
  end
  while at <= #body do
    local char = body:sub(at, at)
    local number, r, g, b, stop = body:match("^#(%d+);2;(%d+);(%d+);(%d+)()", at)
    local times, repeated, after = body:match("^!(%d+)([?-~])()", at)
    if number then
      colours[number], at = {r / 100, g / 100, b / 100}, stop
    elseif char == "#" then
      colour, at = body:match("^#(%d+)()", at)
    elseif times then
      paint(repeated, tonumber(times))
      at = after
    else
      if char == "$" then x = 1 elseif char == "-" then x, top = 1, top + 6 else paint(char, 1) end
      at = at + 1
    end
  end
  return tensor(planes)
end

check.test("Kitty's and Sixel's streams hold the pixels that a file holds", function()
  tensor.manual_seed(3)
  local path = os.tmpname() .. ".png"
  local options = {width = 240, height = 160, columns = 200}
  local function asked(more)
    local o = {}
    for key, value in pairs(options) do o[key] = value end
    for key, value in pairs(more) do o[key] = value end
    return o
  end
  for _, draw in ipairs {
    function(o) plot.image(tensor.rand(3, 8, 12), o) end,
    function(o) plot.line({a = {1, 3, 2, 5}, b = {4, 2, 2, 1}}, o) end,
  } do
    tensor.manual_seed(3)
    draw(asked {file = path, width = 480, height = 320}) -- terminals take two pixels for one
    local file = data.read_png(path):float():div(255)
    tensor.manual_seed(3)
    local kitty = decode_kitty(printed(draw, asked {as = "kitty"}))
    tensor.manual_seed(3)
    local sixel = decode_sixel(printed(draw, asked {as = "sixel"}))
    local function like(picture) -- in patches, in which an ordered pattern of colours is its mean
      local size = {40, 60}
      return F.interpolate(picture:unsqueeze(1), {size = size, mode = "area"})
    end
    local wanted = like(file)
    check.equal(kitty:size(2) / kitty:size(3), file:size(2) / file:size(3))
    check.ok((like(kitty) - wanted):abs():max():item() < 0.15, "Kitty's pixels")
    check.ok((like(kitty) - wanted):abs():mean():item() < 0.01, "Kitty's pixels in the mean")
    check.ok((like(sixel) - wanted):abs():max():item() < 0.25, "Sixel's pixels")
    check.ok((like(sixel) - wanted):abs():mean():item() < 0.02, "Sixel's pixels in the mean")
  end
  os.remove(path)
end)

-- ---- files --------------------------------------------------------------------------------------------------------

check.test("PNG files have the size that was asked for and what was drawn", function()
  local path = scratch .. ".png"
  plot.line({0, 1}, {file = path, width = 400, height = 300})
  local t = pictures.read_png("r", path, 1 << 28)
  check.equal({t:size()}, {3, 300, 400})
  local blue = t[1]:eq(66):logical_and(t[2]:eq(133)):logical_and(t[3]:eq(244))
  check.ok(blue:sum():item() > 300, "the curve")
  plot.image(tensor.zeros(3, 4, 4), {file = path})
  check.ok(pictures.read_png("r", path, 1 << 28):eq(0):to("float32"):mean():item() > 0.5, "a black picture")
  os.remove(path)
end)

check.test("SVG, HTML and text files", function()
  for i, demo in ipairs(demos) do
    local path = scratch .. ".svg"
    demo {file = path, title = "a < b & c"}
    local text = read_file(path)
    check.ok(text:match("^<svg ") and text:match("</svg>\n$"), "demo " .. i)
    check.ok(text:find("a &lt; b &amp; c", 1, true) and not text:find("a < b", 1, true), "escaped, demo " .. i)
    local depth = 0
    for slash, closed in text:gmatch("<(/?)%a[^>]-(/?)>") do
      depth = depth + (slash == "/" and -1 or closed == "/" and 0 or 1)
    end
    check.equal(depth, 0, "tags of demo " .. i)
    check.ok(not text:find("nan", 1, true) and not text:find("inf", 1, true), "numbers of demo " .. i)
    os.remove(path)
  end
  local path = scratch .. ".html"
  plot.line({1, 2}, {file = path})
  check.ok(read_file(path):match("^<!DOCTYPE html>.*<svg .*</html>\n$"), "html")
  os.remove(path)
  path = scratch .. ".txt"
  plot.line({1, 2}, {file = path, columns = 30, rows = 4})
  check.equal(#split(read_file(path)), 6)
  os.remove(path)
end)

check.test("strokes are anti-aliased, overlaps painted once, areas exact", function()
  local canvas = tensor.full({10, 10, 3}, 255, {dtype = "uint8"})
  pictures.fill(canvas, {2, 2, 6.5, 2, 6.5, 5, 2, 5}, 0, 0, 0)
  check.equal(canvas:get(3, 3, 1), 0)
  check.equal(canvas:get(3, 7, 1), 128)
  check.equal(canvas:get(7, 3, 1), 255)
  canvas:fill_(255)
  pictures.stroke(canvas, {1, 5, 9, 5, 1, 5}, 2, 0, 0, 0, 0.5)
  check.equal(canvas:get(5, 5, 1), 128)
  check.equal(canvas:get(6, 5, 1), 128)
  check.equal(canvas:get(9, 5, 1), 255)
  pictures.stroke(canvas, {-1e300, 0, 1e300, 0 / 0}, 2, 0, 0, 0) -- no crash, no endless loop
  pictures.fill(canvas, {-1e9, -1e9, 1e9, -1e9, 0, 1e9}, 9, 8, 7)
  check.equal(canvas[{5, 5}]:totable(), {9, 8, 7})
  check.error("canvas", pictures.fill, tensor.zeros(3, 3), {0, 0, 1, 1, 2, 0}, 0, 0, 0)
end)

-- ---- networks -----------------------------------------------------------------------------------------------------

local Block = nn.class("Block")
function Block:init()
  self.first = nn.Linear(4, 4)
  self.second = nn.Linear(4, 4)
end
function Block:forward(x) return F.relu(self.second(F.relu(self.first(x))) + x) end

check.test("the graph of a network: layers, operations, the edge that goes round", function()
  local net = nn.Sequential(Block(), nn.Dropout(), nn.Linear(4, 2))
  local path = scratch .. ".dot"
  plot.graph(net, tensor.randn(3, 4), {file = path})
  local dot, names, edges = read_file(path), {}, {}
  os.remove(path)
  for n, label in dot:gmatch('n(%d+) %[label="(.-)\\?n?[^"]*"') do names[n] = label:match("^[^\\]*") end
  for n, label in dot:gmatch('n(%d+) %[label="([^"]*)"') do names[n] = label:match("^(.-)\\n") or label end
  for from, to in dot:gmatch("n(%d+) %-> n(%d+);") do edges[#edges + 1] = names[from] .. " > " .. names[to] end
  table.sort(edges)
  check.equal(edges, {
    "[1].first: Linear > relu", "[1].second: Linear > add", "[3]: Linear > output", "add > relu",
    "input > [1].first: Linear", "input > add", "relu > [1].second: Linear", "relu > [3]: Linear",
  })
  check.ok(dot:find("[3, 2]  10 parameters", 1, true), dot)
  check.equal(net.training, true, "the mode is as before")
  for _, m in ipairs(net:modules()) do check.equal(m.training, true) end
end)

check.test("depth, several inputs, indices as input, records of tensors", function()
  local net = nn.Sequential(Block(), nn.Linear(4, 2))
  local text = printed(plot.graph, net, tensor.randn(3, 4), {depth = 1, as = "ascii"})
  check.ok(text:find("[1]: Block", 1, true) and not text:find("first", 1, true), text)
  text = printed(plot.graph, nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2)), tensor{1, 2}:long(), {as = "ascii"})
  check.ok(text:find("[1]: Embedding", 1, true), text)
  local w = tensor({2}, {requires_grad = true})
  text = printed(plot.graph, (w * 3):tanh(), {as = "blocks"})
  check.ok(text:find("tanh", 1, true) and text:find("leaf", 1, true), text)
  check.error("no history", plot.graph, tensor.zeros(2))
  check.error("expected an input", plot.graph, nn.Linear(2, 2))
  check.error("expected a network", plot.graph, "net")
  check.error("only graphs are written as .dot", plot.line, {1, 2}, {file = scratch .. ".dot"})
  check.error("expected input", plot.graph, nn.Sequential(nn.Conv2d(1, 2, 3)), tensor.zeros(2, 2))
end)

check.test("weights, gradients, activations, feature maps", function()
  local net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2))
  local x = tensor.randn(2, 1, 8, 8)
  check.error("no gradients yet", plot.gradients, net)
  F.cross_entropy(net(x), tensor{1, 2}):backward()
  for _, f in ipairs {plot.weights, plot.gradients} do
    local text = printed(f, net, {as = "ascii", columns = 100})
    for _, word in ipairs {"[1].weight", "[3, 1, 3, 3]", "[4].bias"} do check.ok(text:find(word, 1, true), text) end
  end
  local text = printed(plot.activations, net, x, {as = "ascii", columns = 100})
  check.ok(text:match("%[2%]%s+%[2, 3, 6, 6%]"), text)
  check.ok(printed(plot.feature_maps, net, x, "[1]", {as = "ascii"}):find("3 channels", 1, true))
  check.ok(printed(plot.feature_maps, net, x, "0", {as = "ascii"}):find("3 channels", 1, true), "PyTorch's name, too")
  check.error("did you mean '[1]'", plot.feature_maps, net, x, "[5]")
  check.error("no pictures", plot.feature_maps, net, x, "[4]")
end)

check.test("a live plot draws once where nothing can be redrawn", function()
  local text = printed(function()
    local live = plot.live {title = "training", as = "ascii"}
    for i = 1, 30 do live:add {loss = tensor(1 / i), val = 2 / i} end
    live:done()
  end)
  check.ok(text:find("training", 1, true) and text:find("* loss   + val", 1, true), text)
  check.equal(select(2, text:gsub("training", "")), 1)
  check.error("'loss' must be a number", function() plot.live():add {loss = "low"} end)
  check.error("expected values by name", function() plot.live():add(3) end)
end)

-- ---- wrong input --------------------------------------------------------------------------------------------------

check.test("wrong input is explained", function()
  check.error("there is nothing to plot", plot.line)
  check.error("series 'a' must be a tensor or a table of numbers", plot.line, {a = "x"})
  check.error("did you mean 'title'", plot.line, {1, 2}, {titel = "x"})
  check.error("2 values of x but 3 of y", plot.line, {1, 2}, {1, 2, 3})
  check.error("element 2 is no number", plot.line, {1, "two"})
  check.error("must have one dimension", plot.line, tensor.zeros(2, 3, 4))
  check.error("the low end 2 is not below", plot.line, {1, 2}, {xlim = {2, 1}})
  check.error("must be {low, high}", plot.line, {1, 2}, {ylim = {"a", 1}})
  check.error("must end in .png", plot.line, {1, 2}, {file = "x.gif"})
  check.error("cannot", plot.line, {1, 2}, {file = "/nowhere/at/all.png"})
  check.error("there is no way \"sixle\"", plot.line, {1, 2}, {as = "sixle"})
  check.error("one entry for each of the 3 points", plot.scatter, tensor.rand(3, 2), {groups = {1, 2}})
  check.error("expected a picture", plot.image, tensor.zeros(2, 5, 5))
  check.error("row 2 has 1 columns", plot.heatmap, {{1, 2}, {3}})
  check.error("no colour map \"virids\"", plot.heatmap, {{1}}, {colormap = "virids"})
  check.error("unknown option 'labels'", plot.confusion, {{5, 1}, {2, 7}}, {labels = {"a", "b"}})
  check.error("classes count from 1", plot.confusion, tensor{0, 1}, tensor{1, 1})
  check.error("2 predictions but 3 labels", plot.confusion, tensor{1, 1}, tensor{1, 1, 1})
  check.error("the labels must be of two kinds", plot.roc, {1, 2}, {1, 1})
  check.error("y has gaps: there is a value at 4, but none at 3", plot.line, {5, 6, [4] = 1})
  check.error("1 names for 2 bars", plot.bar, {1, 2}, {names = {"a"}})
  check.error("too many arguments", plot.hist, {1}, {2}, {3})
end)

os.remove(scratch)

-- A font file with two glyphs: a square with a round hole in its middle, and that one at half its size, moved.
local function small_font(format)
  local function word(...)
    local out = {}
    for i, v in ipairs {...} do out[i] = (">i2"):pack(v) end
    return table.concat(out)
  end
  local square = word(2, 0, 0, 1000, 1000) .. word(3, 7) .. word(0) -- contours, box, their last points, no program
    .. ("\1"):rep(4) .. ("\0"):rep(4) -- on the curve; off it
    .. word(0, 0, 1000, 0) .. word(-800, 600, 0, -600) -- x by differences
    .. word(0, 1000, 0, -1000) .. word(200, 0, 600, 0) -- y
  local moved = word(-1, 0, 0, 500, 500) .. (">I2I2i2i2i2"):pack(1 | 2 | 8, 1, 250, 0, 8192)
  local glyf = square .. moved
  local code = 0xE123
  local map = format == 12 and (">I2I2I4I4I4I4I4I4"):pack(12, 0, 28, 0, 1, code, code + 1, 1)
    or (">" .. ("I2"):rep(16)):pack(4, 32, 0, 4, 0, 0, 0, code + 1, 0xFFFF, 0, code, 0xFFFF, (1 - code) & 0xFFFF, 1,
      0, 0)
  local parts = {
    {"cmap", (">I2I2I2I2I4"):pack(0, 1, 3, 1, 12) .. map}, {"glyf", glyf},
    {"head", ("\0"):rep(18) .. (">I2"):pack(1000) .. ("\0"):rep(30) .. (">I2I2"):pack(1, 0)},
    {"hhea", (">I4"):pack(0x10000) .. ("\0"):rep(30) .. (">I2"):pack(1)}, {"hmtx", (">I2I2I2I2"):pack(900, 0, 0, 0)},
    {"loca", (">I4I4I4I4"):pack(0, 0, #square, #glyf)}, {"maxp", (">I4I2"):pack(0x10000, 3) .. ("\0"):rep(26)},
  }
  local list, body, at = {}, {}, 12 + 16 * #parts
  for i, part in ipairs(parts) do
    list[i], body[i] = (">c4I4I4I4"):pack(part[1], 0, at, #part[2]), part[2]
    at = at + #part[2]
  end
  return "\0\1\0\0" .. (">I2"):pack(#parts) .. ("\0"):rep(6) .. table.concat(list) .. table.concat(body)
end

-- What a fresh reader of fonts finds for a character in this font file.
local function glyph_in(bytes, character)
  local path, getenv = os.tmpname(), os.getenv
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  package.loaded["nnlua.plot.fonts"] = nil
  local fonts = require "nnlua.plot.fonts"
  os.getenv = function(name) return name == "NNLUA_FONT" and path or getenv(name) end -- luacheck: ignore
  local ok, found = pcall(fonts.glyph, character)
  os.getenv = getenv -- luacheck: ignore
  os.remove(path)
  package.loaded["nnlua.plot.fonts"] = nil
  assert(ok, found)
  return found
end

-- Twice the signed area, which a hole makes smaller.
local function area_of(points)
  local sum = 0
  for i = 1, #points - 2, 2 do sum = sum + points[i] * points[i + 3] - points[i + 2] * points[i + 1] end
  return math.abs(sum + points[#points - 1] * points[2] - points[1] * points[#points])
end

-- Only where nnlua was built with FreeType; else boxes stand for all such letters.
local has_fonts = require "nnlua.core".letters.available()
if not has_fonts then print("no FreeType: letters of fonts are not tested") end

check.test("letters that are not ours come out of a font", function()
  if not has_fonts then return check.equal(glyph_in(small_font(4), utf8.char(0xE123)), nil) end
  for _, format in ipairs {4, 12} do
    local whole = glyph_in(small_font(format), utf8.char(0xE123))
    check.equal(whole.width, 0.9)
    local area = area_of(whole.area) / 2
    check.ok(area > 0.6 and area < 0.8, area) -- the square less the round hole within 0.6 by 0.6
    local half = glyph_in(small_font(format), utf8.char(0xE124))
    check.ok(math.abs(area_of(half.area) / 2 - area / 4) < 1e-9)
    local left = 1
    for i = 1, #half.area, 2 do left = math.min(left, half.area[i]) end
    check.equal(left, 0.25)
    check.equal(glyph_in(small_font(format), utf8.char(0xE125)), nil)
  end
end)

check.test("a broken font is as if it weren't there", function()
  local font = small_font(4)
  for n = 0, #font - 1, 3 do
    glyph_in(font:sub(1, n), utf8.char(0xE123))
    glyph_in(font:sub(1, n) .. "\255" .. font:sub(n + 2), utf8.char(0xE124))
  end
  check.equal(glyph_in("not a font", "x"), nil)
end)

check.test("a Chinese title in a PNG is drawn, or a box for each letter", function()
  local path = os.tmpname() .. ".png"
  local stderr = io.stderr
  plot.line({1, 2, 3}, {title = "训练曲线", file = path})
  check.equal(io.stderr, stderr)
  local picture = data.read_png(path)
  os.remove(path)
  local title = picture:narrow(2, 1, 60):lt(128):any(1)
  check.ok(title:count_nonzero():item() > 100)
end)

check.done()
