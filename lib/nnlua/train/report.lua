-- train.report: one HTML file about a training, with its pictures inside. Curves are drawn by plot.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local path_of = require "nnlua.data.path"
local signature = require "nnlua.signature"

local tensor, bytes = core.tensor, core.bytes
local reporting = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(s)
  local out = {}
  for i = 1, #s, 3 do
    local a, b, c = s:byte(i, i + 2)
    local n = (a << 16) | ((b or 0) << 8) | (c or 0)
    for k = 0, 3 do
      local shown = k < 2 or (k == 2 and b) or (k == 3 and c)
      local at = ((n >> (18 - 6 * k)) & 63) + 1
      out[#out + 1] = shown and ALPHABET:sub(at, at) or "="
    end
  end
  return table.concat(out)
end

local escapes = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;"}

local function escaped(v) return (tostring(v):gsub('[&<>"]', escapes)) end

local function image_tag(kind, data, caption)
  return ('<figure><img alt="%s" src="data:image/%s;base64,%s"><figcaption>%s</figcaption></figure>'):format(
    escaped(caption), kind, base64(data), escaped(caption))
end

-- What plot draws, as an image tag: draw(options) with the name of a file.
local function drawn(caption, draw)
  local name = os.tmpname()
  os.remove(name)
  local path = name .. ".svg"
  draw({file = path})
  local data = bytes.read_file("train.report", path, 1 << 28)
  os.remove(path)
  return image_tag("svg+xml", data, caption)
end

local function number_text(v)
  if type(v) ~= "number" then return escaped(v) end
  return math.type(v) == "integer" and tostring(v) or ("%.5g"):format(v)
end

-- Names of the numbers in rows, epoch and loss first.
local function columns_of(history)
  local names, seen = {}, {}
  for _, row in ipairs(history) do
    for name, v in pairs(row) do
      if type(v) == "number" and not seen[name] then names[#names + 1], seen[name] = name, true end
    end
  end
  local rank = {epoch = 1, loss = 2, val_loss = 3, val_accuracy = 4, lr = 8, seconds = 9}
  table.sort(names, function(a, b)
    local ra, rb = rank[a] or 5, rank[b] or 5
    if ra ~= rb then return ra < rb end
    return a < b
  end)
  return names
end

local function history_table(history)
  local names, lines = columns_of(history), {}
  lines[1] = "<table><tr>"
  for _, name in ipairs(names) do lines[#lines + 1] = "<th>" .. escaped(name) .. "</th>" end
  for _, row in ipairs(history) do
    lines[#lines + 1] = row.epoch and row.epoch == history.best_epoch and '</tr>\n<tr class="best">' or "</tr>\n<tr>"
    for _, name in ipairs(names) do
      lines[#lines + 1] = "<td>" .. (row[name] and number_text(row[name]) or "") .. "</td>"
    end
  end
  lines[#lines + 1] = "</tr></table>"
  return table.concat(lines)
end

-- Curves of some columns over the epochs.
local function curves(plot, history, names, caption)
  local series, some = {}, false
  for _, name in ipairs(names) do
    local list = {}
    for i, row in ipairs(history) do
      list[i] = type(row[name]) == "number" and row[name] or 0 / 0
      some = some or list[i] == list[i]
    end
    series[name] = list
  end
  if not some then return "" end
  return drawn(caption, function(o)
    o.title, o.xlabel = caption, "epoch"
    plot.line(series, o)
  end)
end

local function history_part(plot, history)
  local parts, losses, others = {"<h2>Training</h2>"}, {}, {}
  for _, name in ipairs(columns_of(history)) do
    if name:find("loss", 1, true) then
      losses[#losses + 1] = name
    elseif name ~= "epoch" and name ~= "lr" and name ~= "seconds" then
      others[#others + 1] = name
    end
  end
  if history.stopped then parts[#parts + 1] = ("<p>Ended early: %s.</p>"):format(escaped(history.stopped)) end
  if history.interrupted then parts[#parts + 1] = "<p>Interrupted.</p>" end
  parts[#parts + 1] = curves(plot, history, losses, "loss")
  if #others > 0 then parts[#parts + 1] = curves(plot, history, others, "validation") end
  parts[#parts + 1] = curves(plot, history, {"lr"}, "learning rate")
  parts[#parts + 1] = history_table(history)
  return table.concat(parts, "\n")
end

local function images_part(images)
  local parts = {"<h2>Pictures</h2>"}
  for i, item in ipairs(images) do
    local caption, picture = item[1], item[2]
    if type(caption) ~= "string" or not tensor.is_tensor(picture) then
      fail.raise("train.report: picture %d: expected {caption, tensor}, got %s", i, fail.show(item))
    end
    local t = picture:detach()
    if t.dtype ~= "uint8" then t = (t:clamp(0, 1) * 255):round():byte() end
    parts[#parts + 1] = image_tag("png", core.pictures.write_png("train.report", nil, t:contiguous()), caption)
  end
  return table.concat(parts, "\n")
end

local STYLE = "body{font-family:sans-serif;max-width:60em;margin:2em auto;color:#222}table{border-collapse:collapse}"
  .. "td,th{border:1px solid #ccc;padding:.2em .6em;text-align:right}.best{background:#e8f4e8}pre{background:#f6f6f6;"
  .. "padding:1em;overflow:auto}figure{display:inline-block;margin:.5em}figcaption{text-align:center;color:#555}"
  .. "img{max-width:100%;image-rendering:pixelated;min-width:6em}"

local report_options = signature("train.report", "title:string=Training, history:table?, net:any?, values:table?, "
  .. "confusion:table?, images:table?, text:string?")

local function check_report(o)
  for i, row in ipairs(o.history or {}) do
    if type(row) ~= "table" then
      fail.raise("train.report: history: row %d is %s, expected a table as train.fit gives it", i, fail.show(row))
    end
  end
  if o.net ~= nil and not module.is_module(o.net) then
    fail.raise("train.report: net must be a network, got %s", fail.show(o.net))
  end
  if o.confusion and (o.confusion[1] == nil or o.confusion[2] == nil) then
    fail.raise("train.report: confusion must be {predictions, labels}, got %s", fail.show(o.confusion))
  end
end

--- Writes one HTML file about a training, with its curves and pictures inside: train.report("run.html", {history =
-- train.fit(...), net = net}). Options: title, history (of train.fit), net (its tree and its weights), values (numbers
-- by name), confusion ({predictions, labels, names = {...}}), images (a list of {caption, picture [H, W] or [C, H,
-- W]}), text.
--     local history = {{epoch = 1, loss = 2}, {epoch = 2, loss = 1}}
--     train.report("/tmp/nnlua-example.html", {title = "A run", history = history, values = {accuracy = 0.9}})
--     data.read_text("/tmp/nnlua-example.html"):match("<h1>.-</h1>")
--     --> <h1>A run</h1>
function reporting.report(path, options)
  path_of.check("train.report", path)
  local o = report_options(options)
  check_report(o)
  local plot = require "nnlua.plot"
  local parts = {('<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>%s</title><style>%s</style>'):format(
    escaped(o.title), STYLE), "<h1>" .. escaped(o.title) .. "</h1>"}
  local function add(part) parts[#parts + 1] = part end
  if o.text then add("<p>" .. escaped(o.text):gsub("\n\n+", "</p><p>") .. "</p>") end
  if o.values then
    local names = {}
    for name in pairs(o.values) do names[#names + 1] = name end
    table.sort(names)
    add "<table>"
    for _, name in ipairs(names) do
      add(("<tr><th>%s</th><td>%s</td></tr>"):format(escaped(name), number_text(o.values[name])))
    end
    add "</table>"
  end
  if o.history and #o.history > 0 then add(history_part(plot, o.history)) end
  if o.confusion then
    add "<h2>What was taken for what</h2>"
    add(drawn("confusion matrix", function(how)
      how.names = o.confusion.names
      plot.confusion(o.confusion[1], o.confusion[2], how)
    end))
  end
  if o.images and #o.images > 0 then add(images_part(o.images)) end
  if o.net then
    add("<h2>Network</h2><pre>" .. escaped(tostring(o.net)) .. "</pre>")
    if #o.net:parameters() > 0 then add(drawn("weights", function(how) plot.weights(o.net, how) end)) end
  end
  add "</html>\n"
  bytes.write_file("train.report", path, table.concat(parts, "\n"))
end

return reporting
