-- Detection: what is in the picture, and where? A network of one look answers for each place of a grid; how boxes
-- overlap, how all but the surest are suppressed, and mean average precision, written out.
--
--   nnlua scripts/detection.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{scenes = {3000, 120}, epochs = {12, 1}, tests = {300, 24}}

local names, kinds = {"trousers", "bag", "boot"}, {2, 9, 10}
local size, cell = 56, 8
local cells = size // cell
local set = tutorial.fashion(6000, 1500)

tutorial.heading("Scenes with boxes")
-- Two or three things on a noisy ground, of different sizes. A box is left, top, right, bottom in pixels, drawn
-- tightly around what is not dark.
local function pool_of(x, y)
  local pools = {}
  for k, kind in ipairs(kinds) do
    pools[k] = {}
    local pictures = x[y:eq(kind)]
    for i = 1, math.min(400, pictures:size(1)) do
      local solid = pictures[i][1]:gt(0.1)
      local rows, columns = solid:any(2):nonzero():flatten(), solid:any(1):nonzero():flatten()
      pools[k][i] = pictures[i][{{}, {rows:get(1), rows:get(-1)}, {columns:get(1), columns:get(-1)}}]
    end
  end
  return pools
end
local function compose(pools)
  local scene, boxes, labels = tensor.rand(size, size) * 0.3, {}, {}
  for _ = 1, math.random(2, 3) do
    local k = math.random(#pools)
    local thing = pools[k][math.random(#pools[k])]
    local scale = 0.6 + 0.4 * math.random()
    local height = math.max(4, math.floor(thing:size(2) * scale))
    local width = math.max(4, math.floor(thing:size(3) * scale))
    thing = F.interpolate(thing:unsqueeze(1), {size = {height, width}, mode = "bilinear"})[1][1]
    local top, left = math.random(0, size - height), math.random(0, size - width)
    local box = {left, top, left + width, top + height}
    -- Things may overlap a little, but none hides another.
    local free = #boxes == 0 or metrics.box_iou({box}, boxes):max():item() < 0.15
    if free then
      local where = {{top + 1, top + height}, {left + 1, left + width}}
      scene[where] = tensor.where(thing:gt(0.1), thing, scene[where])
      boxes[#boxes + 1], labels[#labels + 1] = box, k
    end
  end
  return scene, {boxes = boxes, labels = labels}
end

-- The target of a scene: for the cell in which a box has its centre {1, where in the cell (2), log width and height in
-- cells (2), class}, zeros for the others.
local function target_of(truth)
  local t = tensor.zeros(6, cells, cells)
  for i, box in ipairs(truth.boxes) do
    local cx, cy = (box[1] + box[3]) / 2 / cell, (box[2] + box[4]) / 2 / cell
    local column, row = math.min(cells - 1, math.floor(cx)), math.min(cells - 1, math.floor(cy))
    t[{{}, row + 1, column + 1}] = tensor{1, cx - column, cy - row, math.log((box[3] - box[1]) / cell),
      math.log((box[4] - box[2]) / cell), truth.labels[i]}
  end
  return t
end
local function scenes(n, pools)
  local x, t, truth = {}, {}, {}
  for i = 1, n do
    x[i], truth[i] = compose(pools)
    t[i] = target_of(truth[i])
  end
  return tensor.stack(x):unsqueeze(2), tensor.stack(t), truth
end
local x, t = scenes(options.scenes, pool_of(set.x, set.y))
local test_x, _, test_truth = scenes(options.tests, pool_of(set.test_x, set.test_y))

-- A copy of a scene with the frames of boxes drawn into it.
local function framed(scene, boxes)
  local picture = scene:clone()
  for _, b in ipairs(boxes) do
    local left, top = math.max(1, math.floor(b[1] + 1.5)), math.max(1, math.floor(b[2] + 1.5))
    local right, bottom = math.min(size, math.floor(b[3] + 0.5)), math.min(size, math.floor(b[4] + 0.5))
    if right > left and bottom > top then
      for _, row in ipairs {top, bottom} do picture[{row, {left, right}}] = 1 end
      for _, column in ipairs {left, right} do picture[{{top, bottom}, column}] = 1 end
    end
  end
  return picture
end
plot.image({framed(test_x[1][1], test_truth[1].boxes), framed(test_x[2][1], test_truth[2].boxes),
  framed(test_x[3][1], test_truth[3].boxes)}, {per_row = 3, title = "scenes and their boxes"})

tutorial.heading("The network and its loss")
-- Convolutions down to 7 x 7 cells; each answers with 5 + 3 numbers: is there a centre here, where in the cell, how
-- large, what. The last three parts only count where there is something.
local function stage(inputs, outputs)
  return nn.Sequential(nn.Conv2d(inputs, outputs, 3, {padding = 1}), nn.BatchNorm2d(outputs), nn.ReLU(),
    nn.MaxPool2d(2))
end
local function network()
  return nn.Sequential(stage(1, 16), stage(16, 32), stage(32, 64),
    nn.Conv2d(64, 96, 3, {padding = 1}), nn.BatchNorm2d(96), nn.ReLU(), nn.Conv2d(96, 5 + #names, 1))
end
local function loss_of(y, target)
  local here = target[{{}, 1}]:gt(0.5)
  local presence = F.binary_cross_entropy_with_logits(y[{{}, 1}], target[{{}, 1}], {pos_weight = tensor{5}})
  local mine, wanted = y:permute(1, 3, 4, 2)[here], target:permute(1, 3, 4, 2)[here] -- [things, numbers]
  local centre = F.mse_loss(mine[{{}, {2, 3}}]:sigmoid(), wanted[{{}, {2, 3}}])
  local extent = F.smooth_l1_loss(mine[{{}, {4, 5}}], wanted[{{}, {4, 5}}])
  return presence + 5 * centre + extent + F.cross_entropy(mine[{{}, {6, -1}}], wanted[{{}, 6}]:long())
end
local net = network()
local opt = optim.Adam(net:parameters(), {lr = 2e-3})
for epoch = 1, options.epochs do
  local sum, n = 0, 0
  for bx, bt in data.DataLoader({x, t}, {batch_size = 32, shuffle = true}):iter() do
    local loss = loss_of(net(bx), bt)
    opt:zero_grad()
    loss:backward()
    opt:step()
    sum, n = sum + loss:item(), n + 1
  end
  if epoch == 1 or epoch % 4 == 0 then print(("epoch %2d: loss %.3f"):format(epoch, sum / n)) end
end

tutorial.heading("From answers to boxes")
-- Every cell whose presence is above a threshold gives a box; its score is the presence times the class's probability.
local function decode(y, least)
  local found = {boxes = {}, scores = {}, labels = {}}
  local presence, class = y[1]:sigmoid(), F.softmax(y[{{6, -1}}], 1)
  for row = 1, cells do
    for column = 1, cells do
      local p = presence:get(row, column)
      if p > least then
        local at = y[{{}, row, column}]
        local cx = (column - 1 + at[2]:sigmoid():item()) * cell
        local cy = (row - 1 + at[3]:sigmoid():item()) * cell
        local w, h = math.exp(at:get(4)) * cell, math.exp(at:get(5)) * cell
        local best, label = class[{{}, row, column}]:max(1)
        found.boxes[#found.boxes + 1] = {cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2}
        found.scores[#found.scores + 1] = p * best:item()
        found.labels[#found.labels + 1] = math.tointeger(label:item())
      end
    end
  end
  return found
end

-- One thing is often seen by several cells. The surest box stays; those of its class that overlap it by more than
-- `most` go; then the surest of the rest, and so on: non-maximum suppression.
local function suppress(found, most)
  local order = {}
  for i = 1, #found.boxes do order[i] = i end
  table.sort(order, function(a, b) return found.scores[a] > found.scores[b] end)
  local kept = {boxes = {}, scores = {}, labels = {}}
  for _, i in ipairs(order) do
    local alone = true
    for k, box in ipairs(kept.boxes) do
      local same = kept.labels[k] == found.labels[i]
      if same and metrics.box_iou({box}, {found.boxes[i]}):item() > most then alone = false end
    end
    if alone then
      for _, key in ipairs {"boxes", "scores", "labels"} do kept[key][#kept[key] + 1] = found[key][i] end
    end
  end
  return kept
end

net:eval()
local answers = tensor.no_grad(net, test_x)
local all, kept = {}, {}
local count_all, count_kept, count_true = 0, 0, 0
for i = 1, options.tests do
  all[i] = decode(answers[i], 0.1)
  kept[i] = suppress(all[i], 0.4)
  count_all, count_kept = count_all + #all[i].boxes, count_kept + #kept[i].boxes
  count_true = count_true + #test_truth[i].boxes
end
print(("%d things, %d boxes, %d left after suppression"):format(count_true, count_all, count_kept))
local function sure(found)
  local list = {}
  for i, box in ipairs(found.boxes) do if found.scores[i] > 0.5 then list[#list + 1] = box end end
  return list
end
plot.image({framed(test_x[1][1], sure(kept[1])), framed(test_x[2][1], sure(kept[2])),
  framed(test_x[3][1], sure(kept[3]))}, {per_row = 3, title = "what the network is more than half sure of"})

tutorial.heading("How good is that?")
-- Average precision goes down the list of all found boxes, the surest first: each is right if it overlaps a true one
-- of its class by half that nobody has taken yet. The area below precision over recall, the mean over classes.
local before, after = metrics.mean_average_precision(all, test_truth), metrics.mean_average_precision(kept, test_truth)
local strict = metrics.mean_average_precision(kept, test_truth, {iou = 0.75})
print(("mean average precision %.3f (without suppression %.3f); where boxes must overlap by three quarters %.3f")
  :format(after, before, strict))
-- Pixels right is no measure here: no box at all leaves most of the picture right, and finds nothing.

-- To try next: suppression at 0.1 and 0.9; the loss without pos_weight (most cells are empty); two boxes a cell, for
-- things whose centres fall into the same one.
print(("result: map=%.3f map_unsuppressed=%.3f map75=%.3f things=%d boxes=%d kept=%d"):format(after, before, strict,
  count_true, count_all, count_kept))
