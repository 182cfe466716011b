-- A training that may be killed at any moment and goes on from its checkpoint (started by test_resume.lua): nnlua
-- resumable.lua CHECKPOINT RESULT PROGRESS. Everything random is in it: order, dropout, transforms with a stream of
-- their own. The file PROGRESS grows by a byte with each batch.

local checkpoint, result, progress = arg[1], arg[2], assert(io.open(arg[3], "wb"))
tensor.manual_seed(11)
local data_stream = tensor.Generator():manual_seed(12)
local x = tensor.randn(400, 1, 6, 6, {generator = data_stream})
local y = tensor.randint(1, 4, {400}, {generator = data_stream})
local net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
  nn.Linear(64, 3))
local opt = optim.AdamW(net:parameters(), {lr = 0.01, amsgrad = true})
local T = data.transforms
local function count(...)
  progress:write("."):flush()
  return ...
end
local loader = data.DataLoader({x, y}, {batch_size = 10, shuffle = true, transform = T.Compose({
  count, T.RandomHorizontalFlip(), T.RandomCrop(6, {padding = 1, generator = tensor.Generator():manual_seed(13)})})})
local history = train.fit(net, loader, {loss = F.cross_entropy, optimizer = opt, epochs = 6, accumulate = 2,
  scheduler = optim.lr_scheduler.OneCycleLR(opt, 0.02, {total_steps = 120}), clip_grad_norm = 1,
  val = {x, y}, patience = 50, checkpoint = checkpoint, checkpoint_every = 4, resume = true, quiet = true})
local rows = {}
for i, row in ipairs(history) do rows[i] = {loss = row.loss, val_loss = row.val_loss, lr = row.lr} end
nn.save(result, {net = net, optimizer = opt, rows = rows, best = history.best, random = tensor.rand(3)})
