-- Records the screens of this directory: types into the prompt in a real terminal and writes what is seen as SVG.
-- Usage: nnlua docs/screens/make.lua [NAME...]

local here = arg[0]:match("^(.*)/") or "."
package.path = here .. "/../../tests/prompt/?.lua;" .. package.path
local terminal = require "terminal"

local CELL, LINE, MARGIN = 8.4, 18, 14
local COLOURS = {
  ["31"] = "#e06c75", ["32"] = "#98c379", ["33"] = "#e5c07b", ["34"] = "#61afef", ["35"] = "#c678dd",
  ["36"] = "#56b6c2",
  ["37"] = "#c8ccd4", ["90"] = "#7f848e", ["91"] = "#e06c75", ["92"] = "#98c379", ["93"] = "#e5c07b",
  ["94"] = "#61afef",
  ["95"] = "#c678dd", ["96"] = "#56b6c2", ["97"] = "#ffffff", ["30"] = "#3f4451",
}
local FOREGROUND, BACKGROUND = "#dcdfe4", "#1e2127"

local function escape(text) return (text:gsub("[&<>]", {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;"})) end

local function cube(n)
  if n < 16 then return COLOURS[tostring(n < 8 and 30 + n or 82 + n)] or FOREGROUND end
  if n >= 232 then
    local v = 8 + 10 * (n - 232)
    return ("#%02x%02x%02x"):format(v, v, v)
  end
  local levels = {0, 95, 135, 175, 215, 255}
  n = n - 16
  return ("#%02x%02x%02x"):format(levels[n // 36 + 1], levels[n // 6 % 6 + 1], levels[n % 6 + 1])
end

-- Changes a style by the numbers of an SGR code.
local function apply(style, codes)
  local list = {}
  for code in (codes == "" and "0" or codes):gmatch("%d+") do list[#list + 1] = code end
  local i = 1
  while i <= #list do
    local code = list[i]
    if code == "0" then
      style.colour, style.bold, style.dim, style.underline, style.back = nil, nil, nil, nil, nil
    elseif code == "1" then
      style.bold = true
    elseif code == "2" then
      style.dim = true
    elseif code == "4" then
      style.underline = true
    elseif code == "39" then
      style.colour = nil
    elseif code == "49" then
      style.back = nil
    elseif code == "38" or code == "48" then
      local value
      if list[i + 1] == "5" then
        value, i = cube(tonumber(list[i + 2])), i + 2
      else
        value, i = ("#%02x%02x%02x"):format(list[i + 2], list[i + 3], list[i + 4]), i + 4
      end
      style[code == "38" and "colour" or "back"] = value
    elseif COLOURS[code] then
      style.colour = COLOURS[code]
    elseif COLOURS[tostring(tonumber(code) - 10)] then
      style.back = COLOURS[tostring(tonumber(code) - 10)]
    end
    i = i + 1
  end
end

local paint = require "nnlua.repl.paint"

-- A line of text with codes as SVG, at a height.
local function line_svg(line, y, style, out)
  local column = 0
  local function put(text)
    if text == "" then return end
    local width = paint.width(text)
    local x = MARGIN + column * CELL
    if style.back then
      out[#out + 1] = ('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>'):format(x, y - LINE + 4,
        width * CELL, LINE, style.back)
    end
    if text:find("%S") then
      out[#out + 1] = ('<text x="%.1f" y="%.1f" textLength="%.1f" fill="%s"%s%s%s>%s</text>'):format(x, y, width * CELL,
        style.colour or FOREGROUND, style.bold and ' font-weight="bold"' or "", style.dim and ' opacity="0.6"' or "",
        style.underline and ' text-decoration="underline"' or "", escape(text))
    end
    column = column + width
  end
  local at = 1
  while true do
    local from, to, codes = line:find("\27%[([%d;]*)m", at)
    put(line:sub(at, (from or #line + 1) - 1))
    if not from then return end
    apply(style, codes)
    at = to + 1
  end
end

local function write_svg(name, screen, width)
  screen = screen:gsub("\27[%(%)][0B]", ""):gsub("[\14\15]", ""):gsub("%s+$", "")
  local lines, style = {}, {}
  for line in (screen .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  local out = {}
  for i, line in ipairs(lines) do line_svg(line, MARGIN + i * LINE - 4, style, out) end
  local file = assert(io.open(("%s/%s.svg"):format(here, name), "w"))
  file:write(('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="DejaVu Sans Mono, Menlo, '
    .. 'monospace" font-size="14" xml:space="preserve">\n'
    .. '<rect width="100%%" height="100%%" rx="8" fill="%s"/>\n')
    :format(math.ceil(width * CELL + 2 * MARGIN), #lines * LINE + 2 * MARGIN, BACKGROUND))
  file:write(table.concat(out, "\n"), "\n</svg>\n")
  file:close()
  print("wrote " .. name .. ".svg")
end

local wanted = {}
for i = 1, #arg do wanted[arg[i]] = true end

local function screen(name, f, o)
  if next(wanted) and not wanted[name] then return end
  o = o or {}
  o.width = o.width or 92
  o.height = o.height or 40
  local t = terminal.open(o)
  f(t)
  write_svg(name, t:visible(true), o.width)
  t:close()
end

screen("01-tensors", function(t)
  t:line("x = tensor{{1, 2, 3}, {4, 5, 6}}")
  t:line("x * 2 + 1")
  t:line("w = tensor.randn(3, 2, {requires_grad = true});")
  t:line("(x:matmul(w) + 1):relu():sum()")
  t:line("ans:backward(); w.grad")
  t:line("tensor.randn(200, 300)")
end)

screen("02-a-network", function(t)
  t:more("net = nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2),")
  t:line("  nn.Flatten(), nn.Linear(16 * 14 * 14, 10))")
  t:line("net")
  t:line("net(tensor.randn(8, 1, 28, 28)).shape")
  t:line("who()")
end)

screen("03-typing", function(t)
  t:more("function step(x, y) -- the loss of one batch")
  t:more("local loss = F.cross_entropy(net(x), y)")
  t:more("opt:zero_grad(); loss:backward(); opt:step()")
  t:more("if loss:item() > 10 then")
  t:more("print(\"发散了: the loss is\", loss:item())")
  t:more("end")
  t:type("return (loss")
  t:type(")")
end)

screen("04-completion", function(t)
  t:line("net = nn.Linear(3, 4); x = tensor.zeros(2, 3)")
  t:type("x:re")
  t:key("Tab")
  t:expect("reshape")
  t:type("lu()")
  t:key("C-u")
  t:type("nn.Conv2d(1, 8, 3, {p")
  t:key("Tab")
  t:key("Tab")
  t:expect("padding_mode")
end)

screen("05-help", function(t)
  t:line("?F.cross_entropy")
  t:line("??cosine")
end, {height = 60})

screen("06-shapes-that-do-not-fit", function(t)
  t:line("net = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))")
  t:line("net(tensor.randn(64, 28, 28))")
  t:line("a, b = tensor.randn(2, 3), tensor.randn(2, 3);")
  t:line("a:matmul(b)")
  t:line("F.cross_entropy(tensor.randn(2, 3), tensor{0, 1})")
end)

screen("07-habits-from-elsewhere", function(t)
  t:line("if 1 != 2 then print(1) end")
  t:line("x = tensor.randn(3); x.relu()")
  t:line("nn.SpatialConvolution(1, 8, 3)")
  t:line("if x:gt(0) then print(\"positive\") end")
  t:line("for i in range(10) do print(i) end")
  t:line("los = 3; print(lss)")
end)

screen("08-a-finger-on-ctrl-c", function(t)
  t:line("set = data.TensorDataset(tensor.randn(600000, 20), tensor.randint(1, 4, {600000}));")
  t:line("net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 3));")
  t:line("opt = optim.Adam(net:parameters(), {lr = 1e-3});")
  t:type("h = train.fit(net, set, {loss = F.cross_entropy, optimizer = opt, epochs = 1000})")
  t:key("Enter")
  t:expect("epoch 3/1000")
  t:key("C-c")
  t:prompt()
  t:line("h.interrupted, h[#h].loss")
end)

screen("09-the-frame-of-an-error", function(t)
  t:more("local function weight_of(layer)")
  t:more("local size = #layer.name")
  t:more("return layer.options.weight * size")
  t:line("end")
  t:line("local function total(list) local sum = 0; sum = sum + weight_of(list[1]); return sum end")
  t:line("total {{name = \"first\"}}")
  t:line("locals()")
  t:line("up()")
  t:line("sum, list")
end)

screen("10-time-and-tables", function(t)
  t:line("a = tensor.randn(512, 512);")
  t:line("bench(function() return a:matmul(a) end)")
  t:line("time(function() return a:matmul(a):sum():item() end)")
  t:more("results = {{name = \"mlp\", accuracy = 0.883, sizes = {784, 100, 10}},")
  t:line("{name = \"cnn\", net = nn.Linear(2, 2)}}")
  t:line("results")
  t:line("?nn.Conv2d.padding")
  t:line("function halve(v) return v / 2 end")
  t:line("halve??")
end)

screen("11-a-curve", function(t)
  t:line("x = tensor.arange(0, 12.6, 0.1);")
  t:line("plot.line(x, x:sin())")
end)

terminal.finish(true)
