-- The progress line of a loop. Knows nothing of what is done in it.

local core = require "nnlua.core"

local progress = {}

local function clock() return core.clock() end

local function duration(seconds)
  seconds = math.floor(seconds + 0.5)
  if seconds >= 3600 then return ("%d:%02d:%02d"):format(seconds // 3600, seconds // 60 % 60, seconds % 60) end
  return ("%d:%02d"):format(seconds // 60, seconds % 60)
end

local Progress = {}
Progress.__index = Progress

--- A line on standard error that shows how far a loop has come, its rate and the remaining time. On a terminal it is
-- rewritten in place a few times a second, elsewhere only the closing line of each part is printed.
--     local p = train.progress(1000, true)
--     p:part("epoch 1/3"); p:step(64, "loss 0.31"); p:done("accuracy 0.91")
--     p.n
--     --> 64
-- @param total how much all parts together hold, in samples for instance
-- @param quiet true prints nothing
function progress.progress(total, quiet)
  return setmetatable({total = total, n = 0, started = clock(), shown = 0, name = "", quiet = quiet,
    live = core.files.is_terminal(2) and (os.getenv("TERM") or "dumb") ~= "dumb"}, Progress)
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
  local share = self.total > 0 and math.min(100, 100 * self.n / self.total) or 0
  local line = ("%s  %3.0f %%  %.0f/s  %s left  %s"):format(self.name, share, rate, duration(math.max(0, left)),
    text or "")
  io.stderr:write("\r", line:sub(1, core.width() - 1), "\27[K")
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

return progress
