-- A training that may be killed at any moment and goes on from its checkpoint (started by test_resume.lua): nnlua
-- resumable.lua CHECKPOINT RESULT [MOMENT]. Everything random is in it: order, dropout, transforms with a stream of
-- their own. With MOMENT it kills itself with SIGKILL after so many steps of Lua, wherever it is then; without, it says
-- in RESULT.steps how many there were.

local checkpoint, result, moment = arg[1], arg[2], math.tointeger(arg[3])
local steps = 0
if moment then
  debug.sethook(function() os.execute("kill -9 $PPID") end, "", moment)
else
  debug.sethook(function() steps = steps + 100 end, "", 100)
end
tensor.manual_seed(11)
local data_stream = tensor.Generator():manual_seed(12)
local x = tensor.randn(400, 1, 6, 6, {generator = data_stream})
local y = tensor.randint(1, 4, {400}, {generator = data_stream})
local net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
  nn.Linear(64, 3))
local opt = optim.AdamW(net:parameters(), {lr = 0.01, amsgrad = true})
local T = data.transforms
local loader = data.DataLoader({x, y}, {batch_size = 10, shuffle = true, transform = T.Compose({
  T.RandomHorizontalFlip(), T.RandomCrop(6, {padding = 1, generator = tensor.Generator():manual_seed(13)})})})
local history = train.fit(net, loader, {loss = F.cross_entropy, optimizer = opt, epochs = 6, accumulate = 2,
  scheduler = optim.lr_scheduler.OneCycleLR(opt, 0.02, {total_steps = 120}), clip_grad_norm = 1,
  val = {x, y}, patience = 50, checkpoint = checkpoint, checkpoint_every = 4, resume = true, quiet = true})
local rows = {}
for i, row in ipairs(history) do rows[i] = {loss = row.loss, val_loss = row.val_loss, lr = row.lr} end
nn.save(result, {net = net, optimizer = opt, rows = rows, best = history.best, random = tensor.rand(3)})
debug.sethook()
local file = assert(io.open(result .. ".steps", "w"))
file:write(steps)
file:close()
