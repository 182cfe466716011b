-- Metrics of boxes in pictures, {left, top, right, bottom} each: overlap, mean average precision.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local input = require "nnlua.metrics.input"
local signature = require "nnlua.signature"

local tensor = core.tensor
local boxes = {}

local function check(who, name, b)
  b = type(b) == "table" and #b == 0 and tensor.zeros(0, 4) or input.tensor(who, name, b)
  if b:dim() ~= 2 or b:size(2) ~= 4 then
    fail.raise("%s: %s: expected boxes [N, 4], got %s", who, name, input.sizes(b))
  end
  return b:double()
end

--- Intersection over union of each box of a [N, 4] with each of b [M, 4]: float64 [N, M]. A box is left, top, right,
-- bottom.
--     metrics.box_iou({{0, 0, 2, 2}}, {{1, 0, 3, 2}, {5, 5, 6, 6}})
--     --> {{0.3333, 0}}
function boxes.box_iou(a, b)
  a, b = check("box_iou", "a", a):unsqueeze(2), check("box_iou", "b", b):unsqueeze(1)
  local function at(t, k) return t:select(3, k) end
  local width = (at(a, 3):minimum(at(b, 3)) - at(a, 1):maximum(at(b, 1))):clamp({min = 0})
  local height = (at(a, 4):minimum(at(b, 4)) - at(a, 2):maximum(at(b, 2))):clamp({min = 0})
  local common = width * height
  local function area(t) return (at(t, 3) - at(t, 1)) * (at(t, 4) - at(t, 2)) end
  local all = area(a) + area(b) - common
  return tensor.where(all:gt(0), common / all, tensor.zeros_like(all))
end

-- A field of a picture's result as a plain list.
local function list_of(picture, key, i)
  local v = picture[key]
  if v == nil then fail.raise("mean_average_precision: picture %d lacks %s", i, key) end
  return tensor.is_tensor(v) and v:totable() or v
end

-- Predictions of one class over all pictures, the surest first; whether each hits a box not taken by a surer one; and
-- the number of true boxes.
local function matched(found, truth, class, least)
  local list, total = {}, 0
  for i, picture in ipairs(found) do
    local taken, wanted = {}, {}
    for k, c in ipairs(truth[i].labels) do
      if c == class then
        wanted[#wanted + 1] = k
        total = total + 1
      end
    end
    local own = {}
    for k, c in ipairs(picture.labels) do
      if c == class then own[#own + 1] = k end
    end
    table.sort(own, function(a, b)
      if picture.scores[a] ~= picture.scores[b] then return picture.scores[a] > picture.scores[b] end
      return a < b
    end)
    for _, k in ipairs(own) do
      local best, most = nil, least
      for _, t in ipairs(wanted) do
        local overlap = picture.overlaps[k][t]
        if not taken[t] and overlap >= most then best, most = t, overlap end
      end
      if best then taken[best] = true end
      list[#list + 1] = {score = picture.scores[k], hit = best ~= nil, order = #list}
    end
  end
  table.sort(list, function(a, b)
    if a.score ~= b.score then return a.score > b.score end
    return a.order < b.order
  end)
  return list, total
end

-- The area under the curve of the best precision at each recall or beyond; with points > 0 its mean at that many
-- recalls from 0 to 1.
local function area(list, total, points)
  local precision, recall, hits = {}, {}, 0
  for i, item in ipairs(list) do
    hits = hits + (item.hit and 1 or 0)
    precision[i], recall[i] = hits / i, hits / total
  end
  for i = #list - 1, 1, -1 do precision[i] = math.max(precision[i], precision[i + 1]) end
  local sum, before, at = 0, 0, 1
  if points == 0 then
    for i = 1, #list do sum, before = sum + (recall[i] - before) * precision[i], recall[i] end
    return sum
  end
  for k = 0, points - 1 do
    while at <= #list and recall[at] < k / (points - 1) - 1e-12 do at = at + 1 end
    sum = sum + (precision[at] or 0)
  end
  return sum / points
end

local map_options = signature("mean_average_precision", "iou:number|table=0.5, points:amount=0")

--- Mean average precision of found boxes, over classes and thresholds of overlap. For each picture, found is {boxes
-- [N, 4], scores [N], labels [N]} (by these names) and truth {boxes [M, 4], labels [M]}. A found box is right when it
-- overlaps a true one of its class that no surer box has taken. Options: iou (0.5; a list gives the mean over it, as
-- COCO takes 0.5, 0.55, ... 0.95), points (0: the whole area under the curve, as PASCAL VOC since 2010; 101: as COCO).
--     local found = {boxes = {{0, 0, 2, 2}, {5, 5, 6, 6}}, scores = {0.9, 0.8}, labels = {1, 1}}
--     metrics.mean_average_precision({found}, {{boxes = {{0, 0, 2, 2}}, labels = {1}}})
--     --> 1.0
function boxes.mean_average_precision(found, truth, ...)
  local o = map_options(...)
  if type(found) ~= "table" or type(truth) ~= "table" or #found ~= #truth then
    fail.raise("mean_average_precision: expected two lists with an entry for each picture")
  end
  local thresholds = type(o.iou) == "table" and o.iou or {o.iou}
  for _, least in ipairs(thresholds) do
    if type(least) ~= "number" or not (least > 0 and least <= 1) then
      fail.raise("mean_average_precision: iou must be above 0 and at most 1, got %s", fail.show(least))
    end
  end
  if #thresholds == 0 then fail.raise("mean_average_precision: iou is an empty list") end
  local pictures, true_ones, classes = {}, {}, {}
  for i, picture in ipairs(found) do
    local overlaps = boxes.box_iou(list_of(picture, "boxes", i), list_of(truth[i], "boxes", i)):totable()
    pictures[i] = {scores = list_of(picture, "scores", i), labels = list_of(picture, "labels", i), overlaps = overlaps}
    true_ones[i] = {labels = list_of(truth[i], "labels", i)}
    for _, c in ipairs(true_ones[i].labels) do classes[c] = true end
    if #pictures[i].scores ~= #pictures[i].labels or #pictures[i].scores ~= #overlaps then
      fail.raise("mean_average_precision: picture %d has %d boxes, %d scores, %d labels", i, #overlaps,
        #pictures[i].scores, #pictures[i].labels)
    end
  end
  local sum, n = 0, 0
  for _, least in ipairs(thresholds) do
    for class in pairs(classes) do
      local list, total = matched(pictures, true_ones, class, least)
      sum, n = sum + area(list, total, o.points), n + 1
    end
  end
  return n > 0 and sum / n or 0 / 0
end

return boxes
