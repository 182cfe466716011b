-- train: the loop around a network, and judging it on a data set.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local loaders = require "nnlua.data.loader"
local metrics = require "nnlua.metrics"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor = core.tensor
local train = {}

local function clock() return core.clock() end

local function as_loader(set, batch_size)
  if type(set) == "table" and getmetatable(set) == loaders.DataLoader then return set end
  return loaders.DataLoader(set, {batch_size = batch_size})
end

-- ---- the progress line --------------------------------------------------------------------------------------------

local function duration(seconds)
  seconds = math.floor(seconds + 0.5)
  if seconds >= 3600 then return ("%d:%02d:%02d"):format(seconds // 3600, seconds // 60 % 60, seconds % 60) end
  return ("%d:%02d"):format(seconds // 60, seconds % 60)
end

local Progress = {}
Progress.__index = Progress

--- A line on standard error that shows how far a loop has come, its rate and the remaining time. On a terminal it is
-- rewritten in place a few times a second, elsewhere only the closing line of each part is printed.
-- local p = train.progress(total); p:part("epoch 1/3"); p:step(64, "loss 0.31"); p:done("accuracy 0.91")
-- @param total how much all parts together hold, in samples for instance
-- @param quiet true prints nothing
function train.progress(total, quiet)
  return setmetatable({total = total, n = 0, started = clock(), shown = 0, name = "", quiet = quiet,
    live = core.files.is_terminal(2)}, Progress)
end

--- A part begins.
function Progress:part(name)
  self.name, self.part_started, self.part_n = name, clock(), 0
end

--- n more are done.
function Progress:step(n, text)
  self.n, self.part_n = self.n + n, self.part_n + n
  if self.quiet or not self.live then return end
  local now = clock()
  if now - self.shown < 0.2 then return end
  self.shown = now
  local rate = self.n / math.max(now - self.started, 1e-9)
  local left = (self.total - self.n) / math.max(rate, 1e-9)
  io.stderr:write(("\r%s  %3.0f %%  %.0f/s  %s left  %s\27[K"):format(self.name, 100 * self.n / self.total, rate,
    duration(left), text or ""))
  io.stderr:flush()
end

--- The part is over: its closing line stays.
function Progress:done(text)
  if self.quiet then return end
  local seconds = clock() - self.part_started
  io.stderr:write(("%s%s  %s  %.0f/s  %s\n"):format(self.live and "\r\27[K" or "", self.name, duration(seconds),
    self.part_n / math.max(seconds, 1e-9), text or ""))
  io.stderr:flush()
end

-- ---- judging ------------------------------------------------------------------------------------------------------

local evaluate_options = signature("train.evaluate", "loss:callable?, batch_size:count=256")

--- Runs a network over a data set or loader in evaluation mode, without gradients: returns a table with accuracy and,
-- when a loss function is given, loss. Options: loss, batch_size.
function train.evaluate(net, set, options)
  local o = evaluate_options(options)
  local was = net.training
  local right, n, loss_sum = 0, 0, 0
  net:eval()
  tensor.no_grad(function()
    for x, y in as_loader(set, o.batch_size):iter() do
      local out, rows = net(x), x:size(1)
      if not y:is_floating_point() then right = right + metrics.accuracy(out, y) * rows end
      if o.loss then loss_sum = loss_sum + o.loss(out, y):item() * rows end
      n = n + rows
    end
  end)
  net:train(was)
  return {accuracy = right / n, loss = o.loss and loss_sum / n or nil}
end

-- ---- the loop -----------------------------------------------------------------------------------------------------

local fit_options = signature("train.fit", "loss:callable, optimizer:table|any, epochs:count=1, val:any?, "
  .. "scheduler:any?, callback:callable?, batch_size:count=64, quiet:bool=false")

-- One pass over the loader: returns the mean loss.
local function run_epoch(net, loader, o, progress)
  local sum, n = 0, 0
  net:train()
  for x, y in loader:iter() do
    local loss = o.loss(net(x), y)
    o.optimizer:zero_grad()
    loss:backward()
    o.optimizer:step()
    if o.scheduler and o.scheduler.every == "batch" then o.scheduler:step() end
    local rows = x:size(1)
    sum, n = sum + loss:item() * rows, n + rows
    progress:step(rows, ("loss %.4f"):format(sum / n))
  end
  if o.scheduler and o.scheduler.every ~= "batch" then o.scheduler:step() end
  return n > 0 and sum / n or 0 / 0
end

-- The epochs, each a row of the history.
local function run_epochs(net, loader, o, progress, history)
  for epoch = 1, o.epochs do
    local began = clock()
    progress:part(("epoch %d/%d"):format(epoch, o.epochs))
    local row = {epoch = epoch, loss = run_epoch(net, loader, o, progress)}
    local text = ("loss %.4f"):format(row.loss)
    if o.val then
      local judged = train.evaluate(net, o.val, {loss = o.loss})
      row.val_loss, row.val_accuracy = judged.loss, judged.accuracy
      text = ("%s  val loss %.4f  val accuracy %.4f"):format(text, judged.loss, judged.accuracy)
    end
    row.seconds = clock() - began
    progress:done(text)
    history[epoch] = row
    if o.callback and o.callback(row, net) == false then break end
  end
end

--- Trains a network: train.fit(net, loader, {loss = F.cross_entropy, optimizer = opt, epochs = 3, val = set.test}).
-- Shows a progress line; returns the history, one table an epoch: {epoch, loss, val_loss, val_accuracy, seconds}.
-- Ctrl-C ends the training early and keeps the network as it is; the history then has interrupted = true.
-- Options: loss(output, target), optimizer, epochs, val (a data set or loader), scheduler (stepped after each epoch),
-- callback(row, net) after each epoch, which ends the training by returning false, quiet.
-- @param loader a DataLoader, or a data set (then batch_size counts)
function train.fit(net, loader, options)
  local o = fit_options(options)
  if not module.is_module(net) then fail.raise("train.fit: expected a module, got %s", fail.show(net)) end
  if type(o.optimizer) ~= "table" or not o.optimizer.step then
    fail.raise("train.fit: optimizer must be an optimiser, got %s", fail.show(o.optimizer))
  end
  loader = as_loader(loader, o.batch_size)
  local history = {interrupted = false}
  local progress = train.progress(#loader.dataset * o.epochs, o.quiet)
  history.interrupted = core.catch_interrupt(run_epochs, net, loader, o, progress, history)
  net:train(true)
  if history.interrupted then progress:done("interrupted: the network keeps what it has learned") end
  return history
end

return train
