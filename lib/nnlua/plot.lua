-- plot: pictures of numbers, in the terminal or in files. This file holds the functions that users call; how figures
-- are drawn is in plot/.

local axis = require "nnlua.plot.axis"
local colors = require "nnlua.plot.colors"
local core = require "nnlua.core"
local fail = require "nnlua.fail"
local input = require "nnlua.plot.input"
local live = require "nnlua.plot.live"
local module = require "nnlua.nn.module"
local output = require "nnlua.plot.output"
local signature = require "nnlua.signature"
local trace = require "nnlua.plot.trace"

local tensor = core.tensor
local is_tensor = tensor.is_tensor
local plot = {}

-- ---- options ------------------------------------------------------------------------------------------------------

local COMMON = "title:string?, file:string?, as:string?, columns:count?, rows:count?, width:count?, height:count?"
local AXES = COMMON .. ", xlabel:string?, ylabel:string?, xlim:table?, ylim:table?, logx:bool=false, logy:bool=false, "
  .. "legend:bool=true, names:table?"

local function check_limits(who, limits, what)
  if limits == nil then return end
  for i = 1, 2 do
    if limits[i] ~= nil and type(limits[i]) ~= "number" then
      fail.raise("%s: %s must be {low, high}, got %s", who, what, fail.show(limits))
    end
  end
  if limits[1] and limits[2] and limits[1] >= limits[2] then
    fail.raise("%s: %s: the low end %s is not below the high end %s", who, what, tostring(limits[1]),
      tostring(limits[2]))
  end
  return limits
end

-- A table by name at the end of the arguments that is data: series under names that are no options.
local function is_data(read, v)
  for name, value in pairs(v) do
    if read.by_name[name] or type(value) ~= "table" and not is_tensor(value) then return false end
  end
  return true
end

-- Sorts out (data ..., options): the options by the signature, then the data.
local function arguments(read, most, ...)
  local n, given = select("#", ...), {...}
  while n > 0 and given[n] == nil do n = n - 1 end
  local options = {}
  if n > 1 and input.is_named(given[n]) then
    if n > most or not is_data(read, given[n]) then
      options = given[n]
      n = n - 1
    end
  elseif n > 1 and type(given[n]) == "table" and not is_tensor(given[n]) and next(given[n]) == nil then
    n = n - 1
  end
  if n > most then fail.raise("%s: too many arguments: %d, at most %d and the options", read.name, n, most) end
  return read(options), table.unpack(given, 1, n)
end

-- ---- figures with two axes ----------------------------------------------------------------------------------------

local function column(series, key)
  local lists = {}
  for i, s in ipairs(series) do lists[i] = s[key] end
  return lists
end

-- A figure from series and options.
local function xy_figure(who, series, o, more)
  more = more or {}
  check_limits(who, o.xlim, "xlim")
  check_limits(who, o.ylim, "ylim")
  local whole = true
  for _, s in ipairs(series) do
    for _, v in ipairs(s.x) do whole = whole and math.type(v) == "integer" end
  end
  return {
    kind = "xy", series = series, title = o.title, xlabel = o.xlabel, ylabel = o.ylabel, legend = o.legend,
    x = axis.new(more.x or column(series, "x"), {log = o.logx, limits = o.xlim, pad = more.pad, whole = whole}),
    y = axis.new(column(series, "y"), {log = o.logy, limits = o.ylim, pad = 0.04, zero = more.zero}),
    equal = more.equal, diagonal = more.diagonal,
  }
end

local MANY, BUCKETS = 16384, 2048 -- points of a curve, and into how many parts a longer one is cut

-- A curve of very many points with rising x as one of few that looks the same: of each part the lowest and the highest
-- point, in their order.
local function thinned(s)
  local n, x, y = #s.x, {}, {}
  for i = 2, n do
    local rises = s.x[i] >= s.x[i - 1] -- false for NaN, too
    if not rises then return s end
  end
  local function keep(i) x[#x + 1], y[#y + 1] = s.x[i], s.y[i] end
  keep(1)
  for b = 0, BUCKETS - 1 do
    local low, high = nil, nil
    for i = 2 + b * (n - 2) // BUCKETS, 1 + (b + 1) * (n - 2) // BUCKETS do
      local v = s.y[i]
      if v == v then
        if not low or v < s.y[low] then low = i end
        if not high or v > s.y[high] then high = i end
      end
    end
    if low then
      keep(math.min(low, high))
      if low ~= high then keep(math.max(low, high)) end
    end
  end
  keep(n)
  return {name = s.name, x = x, y = y}
end

local line_options = signature("plot.line", AXES)

--- Curves: plot.line(y), plot.line(x, y), plot.line({loss = a, val = b}, {title = "training", xlabel = "epoch"}). y is
-- a tensor [N], a table of numbers, a matrix [N, K] of K curves, a list of curves or a table of curves by name (each
-- may be {x, y}). In a terminal they are drawn there; {file = "loss.png"} writes a picture instead (.png, .svg, .html
-- or .txt). NaN leaves a gap.
-- Options: title, xlabel, ylabel, xlim = {low, high}, ylim, logx, logy, names (of the curves), legend, file, width and
-- height (of a file, in pixels), columns and rows (of text), as ("kitty", "sixel", "blocks" or "ascii" whatever the
-- terminal).
--     plot.line({loss = {3, 2, 1.5, 1.2}, val = {3.1, 2.3, 2, 1.9}}, {xlabel = "epoch", logy = true})
function plot.line(x, y, options)
  local o
  o, x, y = arguments(line_options, 2, x, y, options)
  local series = input.series("plot.line", x, y, input.names("plot.line", o.names, "names"))
  for i, s in ipairs(series) do
    if #s.x > MANY then series[i] = thinned(s) end
    series[i].mark = "line"
  end
  return output.show("plot.line", xy_figure("plot.line", series, o), o)
end

local scatter_options = signature("plot.scatter", AXES .. ", groups:any?")

-- Points split by group: groups are classes from 1 or any names.
local function split(who, s, groups, names)
  local list = is_tensor(groups) and groups:flatten():totable() or groups
  if type(list) ~= "table" or #list ~= #s.x then
    fail.raise("%s: groups must have one entry for each of the %d points, got %s", who, #s.x,
      type(list) == "table" and #list or fail.show(list))
  end
  local by, order = {}, {}
  for i, g in ipairs(list) do
    if math.type(g) == "float" then g = math.tointeger(g) or g end
    if not by[g] then
      by[g] = {name = names and names[g] or tostring(g), x = {}, y = {}}
      order[#order + 1] = g
    end
    table.insert(by[g].x, s.x[i])
    table.insert(by[g].y, s.y[i])
  end
  table.sort(order, function(a, b)
    if type(a) == type(b) and type(a) ~= "boolean" then return a < b end
    return tostring(a) < tostring(b)
  end)
  local out = {}
  for i, g in ipairs(order) do out[i] = by[g] end
  return out
end

--- Points: plot.scatter(x, y), plot.scatter(xy) with a matrix [N, 2], plot.scatter({a = {x, y}, b = {x, y}}).
-- groups = labels gives each point the colour of its class (from 1), names the classes' names. The other options are
-- plot.line's.
--     plot.scatter(tensor.randn(200), tensor.randn(200), {title = "a normal cloud"})
--     plot.scatter(tensor.randn(100, 2), {groups = tensor.randint(1, 4, {100}), names = {"cat", "dog", "hen"}})
function plot.scatter(x, y, options)
  local o
  o, x, y = arguments(scatter_options, 2, x, y, options)
  local names = input.names("plot.scatter", o.names, "names")
  local series = input.series("plot.scatter", x, y, names, true)
  if o.groups ~= nil then
    if #series ~= 1 then fail.raise("plot.scatter: groups go with one set of points, got %d", #series) end
    series = split("plot.scatter", series[1], o.groups, names)
  end
  for _, s in ipairs(series) do s.mark = "points" end
  return output.show("plot.scatter", xy_figure("plot.scatter", series, o, {pad = 0.04}), o)
end

-- ---- histograms ---------------------------------------------------------------------------------------------------

local hist_options = signature("plot.hist", AXES .. ", bins:count=30, density:bool=false")

-- Counts of the finite values in n equal bins from low to high.
local function count_bins(values, n, low, high)
  local counts, total = {}, 0
  for i = 1, n do counts[i] = 0 end
  for _, v in ipairs(values) do
    if axis.finite(v) and v >= low and v <= high then
      local i = math.min(n, math.floor((v - low) / (high - low) * n) + 1)
      counts[i], total = counts[i] + 1, total + 1
    end
  end
  return counts, total
end

-- All elements of a tensor of any shape, or numbers.
local function flat(who, v)
  if is_tensor(v) then v = v:flatten() end
  return input.numbers(who, v, "values")
end

-- Named or listed sets of values, or just one.
local function value_sets(who, v, names)
  local sets = {}
  if input.is_named(v) then
    local keys = {}
    for key in pairs(v) do keys[#keys + 1] = key end
    table.sort(keys)
    for i, key in ipairs(keys) do sets[i] = {name = key, values = flat(who, v[key])} end
  elseif type(v) == "table" and not is_tensor(v) and type(v[1]) ~= "number" and #v > 0 then
    for i, item in ipairs(v) do sets[i] = {name = names and names[i] or tostring(i), values = flat(who, item)} end
  else
    sets[1] = {name = names and names[1], values = flat(who, v)}
  end
  return sets
end

-- Counts of a set as a series of bins.
local function bins_of(set, n, low, high, density)
  local counts, total = count_bins(set.values, n, low, high)
  local edges = {}
  for i = 0, n do edges[i + 1] = low + (high - low) * i / n end
  if density then
    for i, c in ipairs(counts) do counts[i] = total > 0 and c / total / ((high - low) / n) or 0 end
  end
  return {name = set.name, mark = "bins", x = edges, edges = edges, y = counts}
end

-- The outline of bins as a curve, so that several histograms can be told apart.
local function outline(s)
  local x, y = {s.edges[1]}, {0}
  for i, c in ipairs(s.y) do
    x[#x + 1], y[#y + 1] = s.edges[i], c
    x[#x + 1], y[#y + 1] = s.edges[i + 1], c
  end
  x[#x + 1], y[#y + 1] = s.edges[#s.edges], 0
  return {name = s.name, mark = "line", x = x, y = y}
end

--- A histogram: how many of the values fall into each of `bins` equal ranges. values: a tensor of any shape, a table,
-- or several by name: plot.hist({before = a, after = b}).
-- Options: bins (30), density (areas sum to 1), xlim for the range; the others are plot.line's.
--     plot.hist(tensor.randn(10000), {bins = 40, title = "normal"})
function plot.hist(values, options)
  local o
  o, values = arguments(hist_options, 1, values, options)
  if values == nil then fail.raise("plot.hist: there is nothing to plot: expected a tensor or a table of numbers") end
  local sets = value_sets("plot.hist", values, input.names("plot.hist", o.names, "names"))
  local lists = {}
  for i, set in ipairs(sets) do lists[i] = set.values end
  local range = axis.new(lists, {limits = check_limits("plot.hist", o.xlim, "xlim")})
  local series = {}
  for i, set in ipairs(sets) do
    series[i] = bins_of(set, o.bins, range.low, range.high, o.density)
    if #sets > 1 then series[i] = outline(series[i]) end
  end
  o.ylabel = o.ylabel or (o.density and "density" or "count")
  return output.show("plot.hist", xy_figure("plot.hist", series, o, {zero = true}), o)
end

-- ---- bars ---------------------------------------------------------------------------------------------------------

local bar_options = signature("plot.bar", COMMON .. ", names:table?, xlabel:string?, legend:bool=true, xlim:table?")

-- Series of bars and their names from plot.bar's arguments.
-- Whether a table has numbers by name, or by numbers that don't count from 1 ({[8] = 0.5, [64] = 0.7}).
local function is_keyed(values)
  if type(values) ~= "table" or type((select(2, next(values)))) ~= "number" then return false end
  for key in pairs(values) do
    if math.type(key) ~= "integer" or key < 1 or key > #values then return true end
  end
  return false
end

local function before(a, b)
  if type(a) == "number" and type(b) == "number" then return a < b end
  return tostring(a) < tostring(b)
end

local function bar_data(values, o)
  local names = input.names("plot.bar", o.names, "names")
  local series
  if is_keyed(values) then
    local list, keys = {}, {}
    for key in pairs(values) do keys[#keys + 1] = key end
    if not (getmetatable(values) or {}).__pairs then table.sort(keys, before) end
    for i, key in ipairs(keys) do list[i], keys[i] = values[key], tostring(key) end
    return {{x = {}, y = input.numbers("plot.bar", list, "values")}}, names or keys
  end
  series = input.series("plot.bar", values)
  local most = 0
  for _, s in ipairs(series) do most = math.max(most, #s.y) end
  if not names then
    names = {}
    for i = 1, most do names[i] = tostring(i) end
  end
  return series, names
end

--- Bars, one for each number: plot.bar({cat = 3, dog = 5}), plot.bar({[8] = 0.5, [64] = 0.7}), plot.bar({3, 5},
-- {names = {"cat", "dog"}}), or groups of bars: plot.bar({before = {3, 5}, after = {4, 6}}, {names = {"cat", "dog"}}).
-- Options: names (of the bars), title, xlabel, xlim, file and the others of plot.line.
--     plot.bar({sgd = 0.87, adam = 0.91}, {title = "accuracy", xlim = {0, 1}})
function plot.bar(values, options)
  local o
  o, values = arguments(bar_options, 1, values, options)
  if values == nil then fail.raise("plot.bar: there is nothing to plot: expected a tensor or a table of numbers") end
  local series, names = bar_data(values, o)
  local most = 0
  for _, s in ipairs(series) do
    s.mark = "bars"
    most = math.max(most, #s.y)
  end
  if #names < most then fail.raise("plot.bar: %d names for %d bars", #names, most) end
  local fig = {kind = "bars", series = series, names = {table.unpack(names, 1, most)}, title = o.title,
    xlabel = o.xlabel, legend = o.legend,
    x = axis.new(column(series, "y"), {zero = true, limits = check_limits("plot.bar", o.xlim, "xlim")})}
  return output.show("plot.bar", fig, o)
end

-- ---- matrices and pictures ----------------------------------------------------------------------------------------

local MATRIX = COMMON .. ", xlabel:string?, ylabel:string?, names:table?, column_names:table?, row_names:table?, "
  .. "colormap:string=viridis, low:number?, high:number?, annotate:bool?"

local function check_map(who, name)
  for _, known in ipairs(colors.maps) do
    if known == name or name == "gray" then return name end
  end
  fail.raise("%s: there is no colour map %s%s", who, fail.show(name), fail.suggest(name, colors.maps))
end

-- A function that gives the matrix as a picture in the colours of a map.
local function painter(rows, low, high)
  return function(map)
    local planes = {{}, {}, {}}
    for i, row in ipairs(rows) do
      for k = 1, 3 do planes[k][i] = {} end
      for j, v in ipairs(row) do
        local c = colors.at(map, (v - low) / (high > low and high - low or 1))
        for k = 1, 3 do planes[k][i][j] = c[k] end
      end
    end
    return tensor(planes):to("uint8")
  end
end

local function matrix_figure(who, rows, o, format)
  local low, high = axis.range(rows)
  low, high = o.low or low or 0, o.high or high or 1
  return {
    kind = "matrix", rows = rows, low = low, high = high, title = o.title, xlabel = o.xlabel, ylabel = o.ylabel,
    colormap = check_map(who, o.colormap), annotate = o.annotate, format = format or axis.number,
    row_names = input.names(who, o.row_names or o.names, "row_names"),
    column_names = input.names(who, o.column_names or o.names, "column_names"),
    picture = painter(rows, low, high),
  }
end

local heatmap_options = signature("plot.heatmap", MATRIX)

--- A matrix as colours: plot.heatmap(weights), of a tensor [H, W] or a table of rows.
-- Options: colormap ("viridis", "grey", "coolwarm", "blues"), low and high (values of its ends), annotate (write the
-- numbers into the cells; up to 12 columns they are anyway), row_names, column_names or names for both, xlabel, ylabel,
-- title, file and the others of plot.line.
--     plot.heatmap(tensor.eye(8) + tensor.rand(8, 8), {colormap = "blues"})
function plot.heatmap(values, options)
  local o
  o, values = arguments(heatmap_options, 1, values, options)
  if values == nil then fail.raise("plot.heatmap: there is nothing to plot: expected a matrix") end
  local rows = input.matrix("plot.heatmap", values)
  if o.annotate == nil then o.annotate = #rows <= 12 and #rows[1] <= 12 end
  local function short(v)
    if math.type(v) == "integer" then return tostring(v) end
    return ("%.3g"):format(v)
  end
  local fig = matrix_figure("plot.heatmap", rows, o, short)
  fig.rounds = true
  return output.show("plot.heatmap", fig, o)
end

-- ---- judging ------------------------------------------------------------------------------------------------------

local confusion_options = signature("plot.confusion", COMMON .. ", names:table?, normalize:bool=false, classes:count?")

local function classes_of(who, v, what)
  if is_tensor(v) and v:dim() == 2 and v:is_floating_point() then v = v:argmax(2) end
  local list = input.numbers(who, v, what)
  for i, c in ipairs(list) do
    list[i] = math.tointeger(c)
    if not list[i] or list[i] < 1 then
      fail.raise("%s: %s: element %d is %s; classes count from 1", who, what, i, tostring(c))
    end
  end
  return list
end

-- Counts by label (row) and prediction (column).
local function count_pairs(who, predicted, labels, o)
  predicted, labels = classes_of(who, predicted, "predictions"), classes_of(who, labels, "labels")
  if #predicted ~= #labels then fail.raise("%s: %d predictions but %d labels", who, #predicted, #labels) end
  local n, rows = math.max(o.classes or 0, o.names and #o.names or 0), {}
  for i = 1, #labels do n = math.max(n, labels[i], predicted[i]) end
  for i = 1, n do
    rows[i] = {}
    for j = 1, n do rows[i][j] = 0 end
  end
  for i = 1, #labels do rows[labels[i]][predicted[i]] = rows[labels[i]][predicted[i]] + 1 end
  return rows
end

--- What was taken for what: plot.confusion(predictions, labels) with logits [N, C] or classes [N], or
-- plot.confusion(matrix) of counts, rows being the true classes.
-- Options: names (of the classes), normalize (shares of each row), title, file and the others of plot.line.
--     plot.confusion(tensor{1, 2, 2, 3, 3, 3}, tensor{1, 2, 3, 3, 3, 1}, {names = {"cat", "dog", "hen"}})
function plot.confusion(predicted, labels, options)
  local o
  o, predicted, labels = arguments(confusion_options, 2, predicted, labels, options)
  if predicted == nil then fail.raise("plot.confusion: expected predictions and labels, or a matrix of counts") end
  local rows
  if type(labels) == "table" and not getmetatable(labels) and type(next(labels)) == "string" then
    fail.raise("plot.confusion: unknown option '%s'; the classes' names are {names = {\"cat\", \"dog\"}}", next(labels))
  end
  if labels ~= nil then
    rows = count_pairs("plot.confusion", predicted, labels, o)
  else
    rows = input.matrix("plot.confusion", predicted)
    if #rows ~= #rows[1] then
      fail.raise("plot.confusion: expected as many rows as columns, got %d x %d", #rows, #rows[1])
    end
  end
  if #rows == 0 then fail.raise("plot.confusion: there are no predictions") end
  if o.normalize then
    for i, row in ipairs(rows) do
      local sum = 0
      for _, v in ipairs(row) do sum = sum + v end
      for j, v in ipairs(row) do rows[i][j] = sum > 0 and v / sum or 0.0 end
    end
  end
  o.colormap, o.low, o.annotate, o.xlabel, o.ylabel = "blues", 0, true, "predicted", "true"
  local function short(v)
    if o.normalize then return v == 0 and "." or ("%.2f"):format(v) end
    return v == 0 and "." or axis.number(math.tointeger(v) or v)
  end
  if not o.names then
    o.names = {}
    for i = 1, #rows do o.names[i] = tostring(i) end
  end
  return output.show("plot.confusion", matrix_figure("plot.confusion", rows, o, short), o)
end

local roc_options = signature("plot.roc", COMMON .. ", legend:bool=true")

-- False and true positive rates at every threshold, and the area below.
local function roc_of(who, scores, labels)
  scores, labels = input.numbers(who, scores, "scores"), input.numbers(who, labels, "labels")
  if #scores ~= #labels then fail.raise("%s: %d scores but %d labels", who, #scores, #labels) end
  local order, positives, positive = {}, 0, -math.huge
  for i = 1, #labels do
    order[i] = i
    positive = math.max(positive, labels[i])
  end
  for i = 1, #labels do positives = positives + (labels[i] == positive and 1 or 0) end
  local negatives = #labels - positives
  if positives == 0 or negatives == 0 then
    fail.raise("%s: the labels must be of two kinds; the larger one (or true) is positive", who)
  end
  table.sort(order, function(a, b)
    if scores[a] ~= scores[b] then return scores[a] > scores[b] end
    return a < b
  end)
  local x, y, tp, fp, area = {0.0}, {0.0}, 0, 0, 0.0
  for k, i in ipairs(order) do
    if labels[i] == positive then tp = tp + 1 else fp = fp + 1 end
    local after = order[k + 1]
    if not after or scores[after] ~= scores[i] then
      local nx, ny = fp / negatives, tp / positives
      area = area + (nx - x[#x]) * (ny + y[#y]) / 2
      x[#x + 1], y[#y + 1] = nx, ny
    end
  end
  return x, y, area
end

--- The ROC curve of scores: plot.roc(scores, labels), labels being booleans, 0 and 1, or 1 and 2 (the larger one is
-- positive), or several: plot.roc({cnn = {scores, labels}, mlp = {scores, labels}}). The area below stands in the
-- legend.
-- Options: title, legend, file and the others of plot.line.
--     plot.roc(tensor{0.1, 0.4, 0.35, 0.8}, tensor{0, 0, 1, 1})
function plot.roc(scores, labels, options)
  local o
  o, scores, labels = arguments(roc_options, 2, scores, labels, options)
  if scores == nil then fail.raise("plot.roc: expected scores and labels") end
  local sets = {}
  if labels ~= nil then
    sets[1] = {"", scores, labels}
  elseif input.is_named(scores) then
    local names = {}
    for name in pairs(scores) do names[#names + 1] = name end
    table.sort(names)
    for i, name in ipairs(names) do
      local pair = scores[name]
      if type(pair) ~= "table" or pair[2] == nil then
        fail.raise("plot.roc: '%s' must be {scores, labels}, got %s", name, fail.show(pair))
      end
      sets[i] = {name .. " ", pair[1], pair[2]}
    end
  else
    fail.raise("plot.roc: labels are missing: plot.roc(scores, labels)")
  end
  local series = {}
  for i, set in ipairs(sets) do
    local x, y, area = roc_of("plot.roc", set[2], set[3])
    series[i] = {name = ("%sAUC %.3f"):format(set[1], area), mark = "line", x = x, y = y}
  end
  series[#series + 1] = {name = "chance", mark = "line", x = {0.0, 1.0}, y = {0.0, 1.0}, color = {150, 150, 150},
    width = 1}
  o.xlabel, o.ylabel = "false positive rate", "true positive rate"
  o.logx, o.logy = false, false
  return output.show("plot.roc", xy_figure("plot.roc", series, o), o)
end

-- ---- pictures -----------------------------------------------------------------------------------------------------

local image_options = signature("plot.image", COMMON .. ", names:table?, per_row:count?, low:number?, high:number?, "
  .. "colormap:string?, normalize:bool=false")

-- Several pictures of a batch or list, or just one.
local function list_of_pictures(v)
  if is_tensor(v) and v:dim() == 4 then
    local list = {}
    for i = 1, v:size(1) do list[i] = v[i] end
    return list
  end
  if type(v) == "table" and not is_tensor(v) and (is_tensor(v[1]) or type(v[1]) == "table"
    and type(v[1][1]) == "table") then
    return v
  end
  return {v}
end

-- A one-channel picture in the colours of a map.
local function mapped(t, map)
  if not map or t:size(1) ~= 1 then return t end
  local rows = t[1]:to("float32"):div(255):totable()
  return painter(rows, 0, 1)(map)
end

--- Pictures: plot.image(x) of a tensor [H, W], [1, H, W] or [3, H, W] (floats from 0 to 1, or uint8), a batch [N, C, H,
-- W], or a list of pictures, which are put side by side.
-- Options: names (below the pictures), per_row, low and high (what is black and white), normalize (each picture from
-- its lowest to its highest value), colormap for one channel ("viridis" and so on), title, file and the others of
-- plot.line.
--     plot.image(tensor.rand(3, 16, 16), {title = "noise"})
--     plot.image(tensor.rand(8, 1, 12, 12), {per_row = 4})
function plot.image(pictures, options)
  local o
  o, pictures = arguments(image_options, 1, pictures, options)
  if pictures == nil then fail.raise("plot.image: there is nothing to plot: expected a picture") end
  if o.colormap then check_map("plot.image", o.colormap) end
  local list = {}
  for i, item in ipairs(list_of_pictures(pictures)) do
    local low, high = o.low, o.high
    if o.normalize and is_tensor(item) then low, high = item:min():item(), item:max():item() end
    list[i] = mapped(input.picture("plot.image", item, low, high), o.colormap)
  end
  if #list == 0 then fail.raise("plot.image: there is no picture in the list") end
  local per_row = o.per_row or math.min(#list, #list <= 5 and #list or math.ceil(math.sqrt(#list * 1.6)))
  local fig = {kind = "pictures", pictures = list, columns = math.min(per_row, #list), title = o.title,
    labels = input.names("plot.image", o.names, "names")}
  return output.show("plot.image", fig, o)
end

-- ---- networks -----------------------------------------------------------------------------------------------------

local graph_options = signature("plot.graph", COMMON .. ", depth:count?")

--- A network as boxes: plot.graph(net, input) runs it once and draws its layers with the shapes that leave them, and
-- the operations between them; input is a tensor or a list of arguments. plot.graph(y) draws the operations behind a
-- tensor. {file = "net.dot"} writes Graphviz's language, .png, .svg and .html a picture.
-- Options: depth (1: only the network's direct children as boxes), title, file and the others of plot.line.
--     plot.graph(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), tensor.randn(1, 4))
function plot.graph(net, x, options)
  local o
  o, net, x = arguments(graph_options, 2, net, x, options)
  local fig
  if is_tensor(net) and x == nil then
    fig = trace.record("plot.graph", net)
  elseif module.is_module(net) then
    fig = trace.network("plot.graph", net, x, o.depth)
  else
    fail.raise("plot.graph: expected a network and an input, or a tensor, got %s", fail.show(net))
  end
  fig.kind, fig.title = "graph", o.title
  return output.show("plot.graph", fig, o)
end

local SUMMARY = COMMON .. ", bins:count=24"

-- What a summary says about a tensor.
local function summarise(name, t, bins)
  local shape = "[" .. table.concat({t:size()}, ", ") .. "]"
  local values = t:detach():to("float32"):flatten()
  local n = values:numel()
  local row = {name = name, shape = shape, mean = 0 / 0, std = 0 / 0, zeros = 0, low = 0, high = 0, counts = {}}
  if n == 0 then return row end
  local low, high = values:min():item(), values:max():item()
  row.mean, row.low, row.high = values:mean():item(), low, high
  row.std = n > 1 and values:std():item() or 0
  row.zeros = values:eq(0):sum():item() / n
  if axis.finite(low) and axis.finite(high) then
    if low == high then low, high = low - 0.5, high + 0.5 end
    row.counts = values:histc(bins, low, high):totable()
  end
  return row
end

local function check_network(who, net)
  if not module.is_module(net) then fail.raise("%s: expected a network, got %s", who, fail.show(net)) end
end

local weights_options = signature("plot.weights", SUMMARY)

--- The parameters of a network: shape, mean, spread, share of zeros and a histogram each.
-- Options: bins (of the histograms), title, file and the others of plot.line.
--     plot.weights(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))
function plot.weights(net, options)
  local o
  o, net = arguments(weights_options, 1, net, options)
  check_network("plot.weights", net)
  local rows = {}
  for name, p in net:named_parameters() do rows[#rows + 1] = summarise(trace.lua_path(name), p, o.bins) end
  if #rows == 0 then fail.raise("plot.weights: the network has no parameters") end
  return output.show("plot.weights", {kind = "summary", rows = rows, title = o.title, what = "parameter"}, o)
end

local gradients_options = signature("plot.gradients", SUMMARY)

--- The gradients of a network's parameters, after a backward: the same picture as plot.weights gives.
--     local net = nn.Linear(4, 2)
--     net(tensor.randn(8, 4)):pow(2):mean():backward()
--     plot.gradients(net)
function plot.gradients(net, options)
  local o
  o, net = arguments(gradients_options, 1, net, options)
  check_network("plot.gradients", net)
  local rows = {}
  for name, p in net:named_parameters() do
    if p.grad then rows[#rows + 1] = summarise(trace.lua_path(name), p.grad, o.bins) end
  end
  if #rows == 0 then fail.raise("plot.gradients: there are no gradients yet: call backward first") end
  return output.show("plot.gradients", {kind = "summary", rows = rows, title = o.title, what = "gradient"}, o)
end

local activations_options = signature("plot.activations", SUMMARY)

--- What the layers of a network give for an input (in evaluation mode): a histogram each; many zeros after a ReLU are
-- dead units.
--     plot.activations(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), tensor.randn(32, 4))
function plot.activations(net, x, options)
  local o
  o, net, x = arguments(activations_options, 2, net, x, options)
  check_network("plot.activations", net)
  local rows = {}
  for i, item in ipairs(trace.outputs("plot.activations", net, x)) do
    rows[i] = summarise(item[1], item[2], o.bins)
  end
  return output.show("plot.activations", {kind = "summary", rows = rows, title = o.title, what = "layer"}, o)
end

local maps_options = signature("plot.feature_maps", COMMON .. ", per_row:count?, colormap:string=viridis, "
  .. "most:count=32, normalize:bool=true")

--- What a layer makes of a picture: each channel of its output as a picture. layer is its path ("conv1", "[1].conv");
-- of a batch the first picture is shown.
-- Options: most (channels shown, 32), normalize (each channel by its own range; false: all by the same), colormap,
-- per_row, title, file and the others of plot.line.
--     plot.feature_maps(nn.Sequential(nn.Conv2d(1, 4, 3)), tensor.rand(1, 1, 12, 12), "[1]")
function plot.feature_maps(net, x, layer, options)
  local o
  o, net, x, layer = arguments(maps_options, 3, net, x, layer, options)
  check_network("plot.feature_maps", net)
  check_map("plot.feature_maps", o.colormap)
  if type(layer) ~= "string" then
    fail.raise("plot.feature_maps: expected the path of a layer, got %s", fail.show(layer))
  end
  local out = trace.outputs("plot.feature_maps", net, x, layer)[1]
  if not out then fail.raise("plot.feature_maps: the layer %s did not run", fail.show(layer)) end
  local maps = out[2]
  if maps:dim() == 4 then maps = maps[1] end
  if maps:dim() ~= 3 then
    fail.raise("plot.feature_maps: the layer %s gives %s, no pictures [N, C, H, W]", fail.show(layer),
      tostring(maps.shape))
  end
  local list, low, high = {}, maps:min():item(), maps:max():item()
  for i = 1, math.min(maps:size(1), o.most) do
    local m = maps[i]
    if o.normalize then low, high = m:min():item(), m:max():item() end
    list[i] = mapped(input.picture("plot.feature_maps", m, low, high), o.colormap)
  end
  local per_row = o.per_row or math.min(#list, #list <= 8 and 4 or 8)
  return output.show("plot.feature_maps", {kind = "pictures", pictures = list, columns = math.min(per_row, #list),
    title = o.title or ("%s: %d channels"):format(out[1], maps:size(1))}, o)
end

-- ---- while training -----------------------------------------------------------------------------------------------

local live_options = signature("plot.live", AXES .. ", every:positive=0.5")

--- Curves that grow while a program runs: local live = plot.live{title = "training", ylabel = "loss"}; then
-- live:add{loss = 0.5, val = 0.6} (or live:add(x, {...})) as often as there is something new, and live:done() at the
-- end. In a terminal the picture is redrawn in place, at most every `every` seconds (0.5); elsewhere it is drawn once,
-- by done(); with file it is rewritten.
-- Options: every, and those of plot.line.
--     local live = plot.live{title = "training", ylabel = "loss"}
--     for i = 1, 20 do live:add{loss = 1 / i} end
--     live:done()
function plot.live(options)
  local o = live_options(options or {})
  local function figure(series) return xy_figure("plot.live", series, o) end
  return live.new(figure, o)
end

return plot
