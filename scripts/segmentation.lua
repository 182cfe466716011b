-- Segmentation: a class for each pixel. A small U-Net finds clothes in scenes, and what its bridges between the way
-- down and the way up are for.
--
--   nnlua scripts/segmentation.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{scenes = {2000, 80}, epochs = {6, 1}, tests = {200, 24}}

-- Trousers, bags and boots: what a pixel can belong to beside the background.
local names = {"background", "trousers", "bag", "boot"}
local kinds = {2, 9, 10}
local size = 48
local set = tutorial.fashion(6000, 1500)

tutorial.heading("Scenes")
-- Three things on a noisy ground, each at a random place; the later ones hide what is behind them. The scene is
-- composed, so each pixel's class is known: the class of the thing that one sees there.
local function pool_of(x, y)
  local pools = {}
  for k, kind in ipairs(kinds) do pools[k] = x[y:eq(kind)]:squeeze(2) end
  return pools
end
local function compose(pools)
  local scene = tensor.rand(size, size) * 0.3 + tensor.linspace(0, 0.3, size)
  local label = tensor.ones(size, size, {dtype = "int64"})
  for _ = 1, 3 do
    local k = math.random(#pools)
    local thing = pools[k][math.random(pools[k]:size(1))]
    local top, left = math.random(size - 27), math.random(size - 27)
    local rows, columns = {top, top + 27}, {left, left + 27}
    local solid = thing:gt(0.1)
    scene[{rows, columns}] = tensor.where(solid, thing, scene[{rows, columns}])
    label[{rows, columns}] = label[{rows, columns}]:masked_fill(solid, k + 1)
  end
  return scene, label
end
local function scenes(n, pools)
  local x, y = {}, {}
  for i = 1, n do x[i], y[i] = compose(pools) end
  return tensor.stack(x):unsqueeze(2), tensor.stack(y)
end
local x, y = scenes(options.scenes, pool_of(set.x, set.y))
local test_x, test_y = scenes(options.tests, pool_of(set.test_x, set.test_y))
plot.image({x[1], (y[1] - 1):float() / 3, x[2], (y[2] - 1):float() / 3}, {names = {"scene", "classes", "scene",
  "classes"}, per_row = 4})

tutorial.heading("The network")
-- Down: maps become smaller and more, so that a number sees more of the scene. Up: they become large again. A bridge
-- hands the maps of the way down to the same size on the way up, which knows what is there, but no longer exactly
-- where.
local function block(inputs, outputs)
  return nn.Sequential(nn.Conv2d(inputs, outputs, 3, {padding = 1}), nn.BatchNorm2d(outputs), nn.ReLU(),
    nn.Conv2d(outputs, outputs, 3, {padding = 1}), nn.BatchNorm2d(outputs), nn.ReLU())
end
local UNet = nn.class("UNet")
function UNet:init(bridges)
  self.bridges = bridges
  self.down1, self.down2, self.bottom = block(1, 16), block(16, 32), block(32, 64)
  self.grow2, self.grow1 = nn.ConvTranspose2d(64, 32, 2, {stride = 2}), nn.ConvTranspose2d(32, 16, 2, {stride = 2})
  self.up2, self.up1 = block(bridges and 64 or 32, 32), block(bridges and 32 or 16, 16)
  self.head = nn.Conv2d(16, #names, 1)
end
function UNet:forward(scene)
  local fine = self.down1(scene)
  local middle = self.down2(F.max_pool2d(fine, 2))
  local up = self.grow2(self.bottom(F.max_pool2d(middle, 2)))
  up = self.up2(self.bridges and tensor.cat({up, middle}, 2) or up)
  up = self.grow1(up)
  return self.head(self.up1(self.bridges and tensor.cat({up, fine}, 2) or up)) -- [N, classes, H, W]
end

tutorial.heading("Training")
-- The loss is that of classification, at each pixel. What counts is the overlap: of the pixels that belong to a class
-- in truth or by the network, the share that does by both (intersection over union). The ground is most of the
-- pixels: calling everything ground is right for them and worth nothing.
local function found(net)
  net:eval()
  return tensor.no_grad(function() return net(test_x):argmax(2) end)
end
local function overlap(pred)
  local list = metrics.iou(pred, test_y, {average = "none", num_classes = #names})
  return list:mean():item(), list:totable()
end
local ground = tensor.ones_like(test_y)
local ground_right = metrics.accuracy(ground:flatten(), test_y:flatten())
local ground_overlap = overlap(ground)
print(("calling everything ground: %.3f of the pixels right, mean overlap %.3f"):format(ground_right, ground_overlap))
local function learn(bridges)
  tensor.manual_seed(options.seed)
  local net = UNet(bridges)
  local loader = data.DataLoader({x, y}, {batch_size = 16, shuffle = true})
  local opt = optim.Adam(net:parameters())
  train.fit(net, loader, {loss = F.cross_entropy, optimizer = opt, epochs = options.epochs, quiet = true,
    scheduler = optim.lr_scheduler.OneCycleLR(opt, 5e-3, {epochs = options.epochs, steps_per_epoch = #loader})})
  local mean, list = overlap(found(net))
  print(("%-16s mean overlap %.3f (%s %.2f, %s %.2f, %s %.2f, %s %.2f)"):format(
    bridges and "with bridges" or "without bridges", mean, names[1], list[1], names[2], list[2], names[3], list[3],
    names[4], list[4]))
  return net, mean
end
local net, mean = learn(true)
local blind, without = learn(false)

tutorial.heading("What they see")
local good, rough = found(net), found(blind)
plot.image({test_x[1], (test_y[1] - 1):float() / 3, (good[1] - 1):float() / 3, (rough[1] - 1):float() / 3},
  {names = {"scene", "truth", "with bridges", "without"}, per_row = 4})
-- Where are the errors? At the borders: pixels of which one of the four neighbours belongs to another class.
local border = tensor.zeros_like(test_y):bool()
for dim = 2, 3 do
  for _, step in ipairs {-1, 1} do border = border | test_y:ne(test_y:roll(step, dim)) end
end
local function errors(pred)
  local wrong = pred:ne(test_y)
  return (wrong & border):sum():item() / border:sum():item(), (wrong & ~border):sum():item() / (~border):sum():item()
end
local at_border, inside = errors(good)
local rough_border, rough_inside = errors(rough)
print(("wrong at borders %.3f, elsewhere %.3f; without bridges %.3f and %.3f"):format(at_border, inside, rough_border,
  rough_inside))

-- To try next: --scenes 300; a loss that weights borders; one minus the overlap itself as the loss (Dice), which
-- doesn't care how large the ground is.
print(("result: iou=%.3f without=%.3f ground=%.3f ground_right=%.3f border=%.3f border_without=%.3f"):format(mean,
  without, ground_overlap, ground_right, at_border, rough_border))
