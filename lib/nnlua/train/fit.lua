-- train.fit: the loop around a network. Knows data by what loaders give, networks by calling them.

local checkpoint = require "nnlua.train.checkpoint"
local core = require "nnlua.core"
local fail = require "nnlua.fail"
local judging = require "nnlua.train.evaluate"
local logs = require "nnlua.train.log"
local module = require "nnlua.nn.module"
local progress_line = require "nnlua.train.progress"
local signature = require "nnlua.signature"
local utils = require "nnlua.nn.utils"

local tensor = core.tensor
local fitting = {}

local fit_options = signature("train.fit", "loss:callable?, optimizer:any, epochs:count=1, val:any?, metrics:table?, "
  .. "scheduler:any?, scheduler_every:string?, callback:callable?, on_batch:callable?, batch_size:count=64, "
  .. "clip_grad_norm:positive?, clip_grad_value:positive?, accumulate:count=1, patience:amount?, monitor:string?, "
  .. "mode:string?, min_delta:positive=0, restore_best:bool?, checkpoint:string?, checkpoint_every:count?, "
  .. "resume:bool=false, log:string?, plot:any?, step:callable?, quiet:bool=false")

-- ---- one batch ----------------------------------------------------------------------------------------------------

-- Schedules that PyTorch's users step after each batch.
local by_batch = {OneCycleLR = true, CyclicLR = true}

local function check(net, o)
  if not module.is_module(net) then fail.raise("train.fit: expected a module, got %s", fail.show(net)) end
  if type(o.optimizer) ~= "table" or not o.optimizer.step then
    fail.raise("train.fit: optimizer must be an optimiser, got %s", fail.show(o.optimizer))
  end
  if not o.loss and not o.step then
    fail.raise("train.fit: loss is missing: expected a function, or the option step")
  end
  if o.scheduler then
    if type(o.scheduler) ~= "table" or not o.scheduler.step then
      fail.raise("train.fit: scheduler must have a method step, got %s", fail.show(o.scheduler))
    end
    o.scheduler_every = o.scheduler_every or o.scheduler.every
      or (by_batch[o.scheduler.__name] and "batch" or "epoch")
    if o.scheduler_every ~= "batch" and o.scheduler_every ~= "epoch" then
      fail.raise("train.fit: scheduler_every must be \"batch\" or \"epoch\", got %s", fail.show(o.scheduler_every))
    end
  end
  if o.resume and not o.checkpoint then fail.raise("train.fit: resume needs the option checkpoint") end
  if (o.patience or o.monitor) and not o.val and o.monitor ~= "loss" then
    fail.raise("train.fit: patience and monitor need val, or monitor = \"loss\"")
  end
  o.monitor = o.monitor or (o.val and "val_loss" or "loss")
  o.mode = o.mode or (o.monitor:find("loss", 1, true) and "min" or "max")
  if o.mode ~= "min" and o.mode ~= "max" then fail.raise("train.fit: mode must be \"min\" or \"max\"") end
  if o.restore_best == nil then o.restore_best = o.patience ~= nil end
  judging.metric_list("train.fit", o.metrics)
end

local function clip(net, o)
  if o.clip_grad_norm then utils.clip_grad_norm_(net:parameters(), o.clip_grad_norm) end
  if o.clip_grad_value then utils.clip_grad_value_(net:parameters(), o.clip_grad_value) end
end

-- The loss of a batch, as a tensor.
local function loss_of(run, ...)
  local o = run.o
  if o.step then return o.step(run.net, ...) end
  local x, y = ...
  return o.loss(run.net(x), y)
end

local function is_finite(v) return v == v and v ~= math.huge and v ~= -math.huge end

-- The optimiser's step with the gradients of the batches since the last one.
local function take_step(run)
  local o = run.o
  clip(run.net, o)
  o.optimizer:step()
  run.state.pending = 0
  if o.scheduler and o.scheduler_every == "batch" then o.scheduler:step() end
end

-- What a forward pass changes beside the gradients: buffers. A copy of them, so that a batch that an interrupt ends can
-- be as if it had not begun.
local function keep_buffers(run)
  if not run.o.checkpoint then return end
  run.kept = run.kept or {}
  tensor.no_grad(function()
    for name, buffer in run.net:named_buffers() do
      local copy = run.kept[name]
      if copy and copy.dtype == buffer.dtype and copy.shape == buffer.shape then
        copy:copy_(buffer)
      else
        run.kept[name] = buffer:detach():clone()
      end
    end
  end)
end

local function bring_buffers_back(run)
  if not run.kept then return end
  tensor.no_grad(function()
    for name, buffer in run.net:named_buffers() do
      if run.kept[name] then buffer:copy_(run.kept[name]) end
    end
  end)
end

-- Forward and backward. A loss that is not finite moves nothing.
local function learn(run, ...)
  local o, s = run.o, run.state
  local loss = loss_of(run, ...)
  if not tensor.is_tensor(loss) or loss:numel() ~= 1 then
    fail.raise("train.fit: the loss must be one number as a tensor, got %s", tensor.is_tensor(loss)
      and "shape [" .. table.concat({loss:size()}, ", ") .. "]" or fail.show(loss))
  end
  local value = loss:item()
  if not is_finite(value) then return value end
  if s.pending == 0 then o.optimizer:zero_grad() end
  if o.accumulate > 1 then loss = loss / o.accumulate end
  loss:backward()
  return value
end

-- ---- checkpoints --------------------------------------------------------------------------------------------------

-- What is kept beside network, optimiser and schedule. Within an epoch: the random state with which it began, to draw
-- the same order again, and the one now.
local function save(run)
  if not run.o.checkpoint then return end
  local s = run.state
  checkpoint.write(run.o.checkpoint, run.net, run.o, {epoch = s.epoch, batch = s.batch, sum = s.sum, n = s.n,
    waited = s.waited, best = s.best, best_epoch = s.best_epoch, best_model = s.best_model, seconds = s.seconds,
    random = run.random, epoch_random = run.epoch_random, history = run.rows, finished = s.finished})
end

-- Goes on from a checkpoint if there is one.
local function resume(run)
  local saved = checkpoint.read(run.o.checkpoint, run.net, run.o)
  if not saved then return end
  for i, row in ipairs(saved.history) do run.history[i], run.rows[i] = row, row end
  local s = run.state
  for _, key in ipairs {"epoch", "batch", "sum", "n", "waited", "best", "best_epoch", "best_model", "seconds",
    "finished"} do
    s[key] = saved[key]
  end
  run.random, run.epoch_random = saved.random, saved.epoch_random
  if s.batch > 0 then
    run.continue = true
  else
    checkpoint.set_random_state(run.loader, saved.random)
  end
  run.history.resumed = true
end

-- A loader's walk, and what ends it early where there is something to end.
local function walk_over(loader, ...)
  local walk, _, _, guard = loader:iter(...)
  local class = type(guard) == "table" and getmetatable(guard)
  return walk, type(class) == "table" and class.__close and guard or nil
end

-- The batches of the current epoch that are still to come.
local function batches(run)
  local s, loader = run.state, run.loader
  if not run.continue then
    run.epoch_random = run.o.checkpoint and checkpoint.random_state(loader) or nil
    run.random = run.epoch_random
    return walk_over(loader)
  end
  run.continue = false
  checkpoint.set_random_state(loader, run.epoch_random)
  local walk, guard = walk_over(loader, s.batch)
  if not loader.skips then
    for _ = 1, s.batch do walk() end
  end
  checkpoint.set_random_state(loader, run.random)
  return walk, guard
end

-- ---- epochs -------------------------------------------------------------------------------------------------------

-- The end of a batch: the step, when a group of `accumulate` batches is complete, and what is counted. An interrupt
-- waits for it, so that what a checkpoint holds is always whole batches.
local function end_batch(run, value, n)
  local s, o = run.state, run.o
  s.pending = s.pending + 1
  if s.pending == o.accumulate then take_step(run) end
  s.sum, s.n, s.batch = s.sum + value * n, s.n + n, s.batch + 1
  if o.checkpoint then run.random = checkpoint.random_state(run.loader) end
  keep_buffers(run)
end

-- A batch is over: a checkpoint is written when it is time.
local function after_batch(run, value, n)
  local s, o = run.state, run.o
  if o.checkpoint_every and s.batch % o.checkpoint_every == 0 and s.pending == 0 then save(run) end
  run.progress:step(n, ("loss %.4f, latest %.4f"):format(s.sum / s.n, value))
  if o.on_batch then
    return o.on_batch({epoch = s.epoch, batch = s.batch, loss = value, net = run.net, optimizer = o.optimizer}) ~= false
  end
  return true
end

-- The rest of the current epoch. Returns false when the training ends with it.
local function run_batches(run)
  run.in_batches = true
  keep_buffers(run)
  local walk, guard = batches(run)
  local _ <close> = guard
  local batch = table.pack(walk())
  while batch[1] ~= nil do
    local value = learn(run, table.unpack(batch, 1, batch.n))
    if not is_finite(value) then
      run.history.stopped = ("the loss of batch %d is %s"):format(run.state.batch + 1, tostring(value))
      return false
    end
    local n = judging.rows(batch[1])
    core.hold_interrupt(end_batch, run, value, n)
    if not after_batch(run, value, n) then
      run.history.stopped = "on_batch returned false"
      return false
    end
    batch = table.pack(walk())
  end
  core.hold_interrupt(function()
    if run.state.pending > 0 then take_step(run) end
    run.in_batches = false
  end)
  return true
end

-- Validation: adds val_loss, val_accuracy, ... to the row and returns what the progress line says.
local function validate(run, row)
  local o = run.o
  local text = ("loss %.4f"):format(row.loss)
  if not o.val then return text end
  local judged = judging.evaluate(run.net, o.val, {loss = o.loss, metrics = o.metrics})
  local names = {}
  for name, v in pairs(judged) do
    row["val_" .. name] = v
    if type(v) == "number" then names[#names + 1] = name end
  end
  table.sort(names, function(a, b)
    if (a == "loss") ~= (b == "loss") then return a == "loss" end
    return a < b
  end)
  for _, name in ipairs(names) do text = ("%s  val %s %.4f"):format(text, name:gsub("_", " "), judged[name]) end
  return text
end

-- Notes the best epoch so far. Returns false when patience is at its end.
local function improve(run, row)
  local o, s = run.o, run.state
  local v = row[o.monitor]
  if v == nil then
    if not o.patience and o.monitor == "val_loss" then return true end
    fail.raise("train.fit: there is no %s to monitor", fail.show(o.monitor))
  end
  local better = s.best == nil or (o.mode == "min" and v < s.best - o.min_delta)
    or (o.mode == "max" and v > s.best + o.min_delta)
  if better then
    s.best, s.best_epoch, s.waited = v, row.epoch, 0
    if o.restore_best then
      s.best_model = {}
      for name, t in pairs(run.net:state_dict()) do s.best_model[name] = t:detach():clone() end
    end
  else
    s.waited = s.waited + 1
  end
  return not o.patience or s.waited <= o.patience
end

local function step_schedule(o, row)
  if not o.scheduler or o.scheduler_every == "batch" then return end
  if o.scheduler.__name == "ReduceLROnPlateau" then
    o.scheduler:step(row[o.monitor])
  else
    o.scheduler:step()
  end
end

local function note_row(run, row) run.rows[#run.rows + 1], run.history[#run.history + 1] = row, row end

local function show_row(run, row)
  if run.log then run.log:write(row) end
  if run.draw then run.draw(row) end
end

-- The end of an epoch: schedule, best epoch, row, and the place where the next one begins. An interrupt waits for it.
local function end_epoch(run, row, whole)
  local o, s = run.o, run.state
  if whole then step_schedule(o, row) end
  local going = whole and improve(run, row)
  if whole and not going then run.history.stopped = ("no better %s for %d epochs"):format(o.monitor, s.waited) end
  note_row(run, row)
  s.epoch, s.batch, s.sum, s.n, s.seconds, s.pending = s.epoch + 1, 0, 0, 0, 0, 0
  s.finished, run.epoch_random = not going, nil
  if o.checkpoint then run.random = checkpoint.random_state(run.loader) end
end

-- One epoch; returns whether to go on.
local function run_epoch(run)
  local o, s = run.o, run.state
  local began = core.clock()
  run.progress:part(("epoch %" .. #tostring(o.epochs) .. "d/%d"):format(s.epoch, o.epochs))
  run.net:train()
  run.unsaved = true
  local whole = run_batches(run)
  local row = {epoch = s.epoch, loss = s.n > 0 and s.sum / s.n or 0 / 0,
    lr = o.optimizer.param_groups and o.optimizer.param_groups[1].lr or nil}
  local text = whole and validate(run, row) or run.history.stopped
  row.seconds = core.clock() - began + s.seconds
  run.unsaved = whole
  core.hold_interrupt(end_epoch, run, row, whole)
  run.progress:done(text)
  show_row(run, row)
  if o.callback and o.callback(row, run.net) == false then
    s.finished, run.history.stopped = true, "callback returned false"
  end
  if whole then
    if o.checkpoint then run.random = checkpoint.random_state(run.loader) end
    save(run)
  end
  run.unsaved = false
  return not s.finished
end

local function run_epochs(run)
  while run.state.epoch <= run.o.epochs and not run.state.finished and run_epoch(run) do end
end

-- An interrupt came: the batch under way is as if it had not begun, the others become a row and a checkpoint, from
-- which a training goes on to the same bits.
local function interrupted(run)
  local s = run.state
  if run.in_batches then bring_buffers_back(run) end
  if run.unsaved and s.pending == 0 and (s.batch > 0 or not run.in_batches) then save(run) end
  if s.batch > 0 then
    local row = {epoch = s.epoch, loss = s.sum / s.n, interrupted = true}
    note_row(run, row)
    show_row(run, row)
  end
  run.progress:finish("interrupted: the network keeps what it has learned")
end

-- How many samples one walk has, as far as that can be known.
local function samples(loader)
  local ok, n = pcall(function() return loader.sampler and #loader.sampler or #loader.dataset end)
  return ok and n or 0
end

-- What draws while the training runs: option plot is true (curves in the terminal), a file's name, or a function.
local function drawer(run)
  local how = run.o.plot
  if not how then return nil end
  if type(how) == "function" then return function(row) how(run.history, row) end end
  local plot = require "nnlua.plot"
  if type(how) == "string" then
    return function()
      local curves = {loss = {}, val_loss = run.o.val and {} or nil}
      for i, row in ipairs(run.history) do
        curves.loss[i] = row.loss
        if curves.val_loss then curves.val_loss[i] = row.val_loss or 0 / 0 end
      end
      plot.line(curves, {file = how, title = "training", xlabel = "epoch"})
    end
  end
  local live = plot.live({title = "training", xlabel = "epoch"})
  run.undraw = function() live:done() end
  return function(row) live:add(row.epoch, {loss = row.loss, ["val loss"] = row.val_loss}) end
end

--- Trains a network: train.fit(net, loader, {loss = F.cross_entropy, optimizer = opt, epochs = 3, val = set.test}).
-- Shows a progress line; returns the history, a list of rows {epoch, loss, lr, val_loss, val_accuracy, ..., seconds}
-- with the fields interrupted, stopped (why it ended early), best_epoch and best. Ctrl-C ends the training and keeps
-- the network as it is after the last whole batch. Judging: val (a data set or loader), metrics (names or functions by
-- name, of the validation).
-- Ending early: patience (epochs without a better value), monitor ("val_loss"; any number of a row), mode ("min",
-- "max"), min_delta, restore_best (true with patience: the best epoch's weights come back). A loss that is not finite
-- ends it, too. Steps: accumulate (batches a step), clip_grad_norm, clip_grad_value, scheduler (stepped after each
-- epoch, OneCycleLR and CyclicLR after each batch, or as scheduler_every says), step(net, x, y, ...) in place of
-- loss(net(x), y). Files: checkpoint (a file, written after each epoch and every checkpoint_every batches), resume
-- (goes on from it: to the same weights, bit for bit), log (a .csv or .jsonl file, a line an epoch). Watching:
-- callback(row, net) after each epoch and on_batch({epoch, batch, loss, net, optimizer}), which end the training by
-- returning false; plot (true: curves in the terminal; a file's name; or a function(history, row)); quiet.
--     tensor.manual_seed(1)
--     local x = tensor.linspace(-1, 1, 64):unsqueeze(2)
--     local net = nn.Linear(1, 1)
--     local opt = optim.SGD(net:parameters(), {lr = 0.5})
--     local history = train.fit(net, {x, 3 * x}, {loss = F.mse_loss, optimizer = opt, epochs = 30, quiet = true})
--     #history, math.abs(net.weight:item() - 3) < 0.01
--     --> 30	true
-- @param loader a DataLoader, anything with :iter(), or a data set (then batch_size counts)
function fitting.fit(net, loader, options)
  local o = fit_options(options)
  check(net, o)
  loader = judging.as_loader(loader, o.batch_size)
  local history = {interrupted = false}
  local run = {net = net, loader = loader, o = o, history = history, rows = {},
    state = {epoch = 1, batch = 0, sum = 0, n = 0, waited = 0, seconds = 0, pending = 0}}
  if o.resume then resume(run) end
  run.log = o.log and logs.open(o.log, {append = history.resumed}) or nil
  run.draw = drawer(run)
  run.progress = progress_line.progress(samples(loader) * (o.epochs - run.state.epoch + 1), o.quiet)
  history.interrupted = core.catch_interrupt(run_epochs, run)
  if history.interrupted then interrupted(run) end
  run.progress:finish()
  if run.log then run.log:close() end
  if run.undraw then run.undraw() end
  local s = run.state
  history.best, history.best_epoch = s.best, s.best_epoch
  if o.restore_best and s.best_model then net:load_state_dict(s.best_model) end
  net:train(true)
  return history
end

return fitting
