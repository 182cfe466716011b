-- Checkpoints: a training that is killed and goes on as if nothing had happened, to the last bit. What has to be kept
-- for that, what a file must survive, and what is lost by keeping the weights alone.
--
--   nnlua scripts/checkpoint.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{epochs = {12, 6}, kill = {5, 3}}

local set = tutorial.facts("digits")
local x, y, test_x, test_y = set.x:flatten(2), set.y, set.test_x:flatten(2), set.test_y
local home = os.tmpname()
os.remove(home)
assert(os.execute(("mkdir -p '%s'"):format(home)))
local function at(name) return home .. "/" .. name end

-- Everything that a training has in its hands.
local function begin()
  tensor.manual_seed(options.seed)
  local run = {epoch = 0, net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10))}
  run.opt = optim.Adam(run.net:parameters(), {lr = 3e-3})
  run.schedule = optim.lr_scheduler.CosineAnnealingLR(run.opt, options.epochs)
  return run
end
local function epoch(run)
  run.net:train()
  for bx, by in data.DataLoader({x, y}, {batch_size = 32, shuffle = true}):iter() do
    local loss = F.cross_entropy(run.net(bx), by)
    run.opt:zero_grad()
    loss:backward()
    run.opt:step()
  end
  run.schedule:step()
  run.epoch = run.epoch + 1
end
local function flat(net)
  local parts = {}
  for i, p in ipairs(net:parameters()) do parts[i] = p:detach():flatten() end
  return tensor.cat(parts, 1)
end
local function judged(run)
  run.net:eval()
  return tensor.no_grad(function() return metrics.accuracy(run.net(test_x), test_y) end)
end

tutorial.heading("The training that nobody disturbs")
local whole = begin()
while whole.epoch < options.epochs do epoch(whole) end
local reference = flat(whole.net)
print(("%d epochs: accuracy %.4f"):format(options.epochs, judged(whole)))

tutorial.heading("Killed, and resumed from what was kept")
-- Weights are what the network is; the optimiser has its moments, the schedule its place, and shuffling and dropout
-- draw their numbers from a generator, which stands somewhere.
local parts = {"weights", "optimiser", "schedule", "random"}
local function keep(run)
  return {weights = run.net:state_dict(), optimiser = run.opt:state_dict(), schedule = run.schedule:state_dict(),
    random = tensor.get_rng_state(), epoch = run.epoch}
end
local killed = begin()
while killed.epoch < options.kill do epoch(killed) end
nn.save(at("checkpoint.nn"), keep(killed))

-- The machine is switched off. A new program begins, with another state of everything; what isn't taken from the file
-- is fresh.
local function resume(without)
  local saved = nn.load(at("checkpoint.nn"))
  local run = begin()
  tensor.manual_seed(options.seed + 1000)
  run.epoch = saved.epoch
  if without ~= "weights" then run.net:load_state_dict(saved.weights) end
  if without ~= "optimiser" then run.opt:load_state_dict(saved.optimiser) end
  if without ~= "schedule" then run.schedule:load_state_dict(saved.schedule) end
  if without ~= "random" then tensor.set_rng_state(saved.random) end
  while run.epoch < options.epochs do epoch(run) end
  return (flat(run.net) - reference):abs():max():item(), judged(run)
end
local gap, accuracy = resume()
print(("after epoch %d resumed: largest difference of a weight %g, accuracy %.4f"):format(options.kill, gap, accuracy))

tutorial.heading("The trap: the weights are enough")
-- Leave out one part at a time. Nothing fails; the training just goes another way from there.
local gaps = {}
for _, part in ipairs(parts) do
  local other
  gaps[part], other = resume(part)
  print(("without the %-9s a weight differs by %.3f, accuracy %.4f"):format(part, gaps[part], other))
end

tutorial.heading("train.fit does all of this")
-- checkpoint = a file, resume = true. It also keeps the place within an epoch and the history.
local function fit(epochs, resumed)
  local run = begin()
  train.fit(run.net, data.DataLoader({x, y}, {batch_size = 32, shuffle = true}), {loss = F.cross_entropy,
    optimizer = run.opt, epochs = epochs, checkpoint = at("fit.nn"), resume = resumed, quiet = true})
  return flat(run.net)
end
local at_once = fit(options.epochs, false)
os.remove(at("fit.nn"))
fit(options.kill, false)
local in_two = fit(options.epochs, true)
local fit_gap = (at_once - in_two):abs():max():item()
print(("in two runs instead of one: largest difference %g"):format(fit_gap))

tutorial.heading("Files that were cut off")
-- A machine may die while it writes. nn.save writes beside the file and gives it its name when everything is on the
-- disk, so the old one is whole until the new one is. A file that was damaged otherwise is refused, and nothing is
-- loaded.
local file = assert(io.open(at("checkpoint.nn"), "rb"))
local bytes = file:read("a")
file:close()
local refused, tried = 0, 20
for i = 1, tried do
  local damaged = bytes:sub(1, #bytes * i // (tried + 1))
  local out = assert(io.open(at("damaged.nn"), "wb"))
  out:write(damaged)
  out:close()
  local ok, message = pcall(nn.load, at("damaged.nn"))
  if not ok then refused = refused + 1 end
  if i == tried then print((tostring(message):gsub("^.*: tensor", "the last one: tensor"))) end
end
print(("%d of %d files that were cut off are refused"):format(refused, tried))
-- Keep more than one: the newest may be from after the training went wrong. The best so far is the other one to keep.
os.execute(("rm -r '%s'"):format(home))

-- To try next: kill this very program with Ctrl-C in the middle of train.fit and start it again; a run on one thread
-- resumed on two (other sums, other last bits).
print(("result: gap=%g fit_gap=%g no_optimiser=%.3f no_schedule=%.3f no_random=%.3f refused=%d/%d"):format(gap, fit_gap,
  gaps.optimiser, gaps.schedule, gaps.random, refused, tried))
