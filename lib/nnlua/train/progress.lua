-- The progress line of a loop. Knows nothing of what is done in it.

local core = require "nnlua.core"
local paint = require "nnlua.repl.paint"

local progress = {}

local REDRAW, LOG_EVERY, KEPT = 0.2, 60, 50 -- seconds, seconds, closing lines at most that stay one by one
local BAR, BAR_FROM = 20, 76                -- columns of the bar; of the terminal to have one

local function duration(seconds)
  if seconds >= 360000 then return ("%.0f days"):format(seconds / 86400) end
  seconds = math.floor(seconds + 0.5)
  if seconds >= 3600 then return ("%d:%02d:%02d"):format(seconds // 3600, seconds // 60 % 60, seconds % 60) end
  return ("%d:%02d"):format(seconds // 60, seconds % 60)
end

-- A rate in at most six columns.
local function rate_text(rate)
  if rate >= 1e9 then return ("%.3gG"):format(rate / 1e9) end
  if rate >= 1e7 then return ("%.0fM"):format(rate / 1e6) end
  if rate >= 1e5 then return ("%.0fk"):format(rate / 1e3) end
  return (rate >= 100 and "%.0f" or rate >= 10 and "%.1f" or "%.2f"):format(rate)
end

-- A bar of `share` (0 to 1), with half columns.
local function bar(share)
  local halves = math.floor(share * BAR * 2)
  local full, half = halves // 2, halves % 2 == 1
  local done = ("━"):rep(full) .. (half and "╸" or "")
  return paint.it("green", done) .. paint.it("dim", ("─"):rep(BAR - full - (half and 1 or 0)))
end

local Progress = {}
Progress.__index = Progress

--- A line on standard error that shows how far a loop has come, its rate and the remaining time; every figure has a
-- column of its own, in which it stays. On a terminal the line is rewritten in place a few times a second; the closing
-- lines of parts stay, about fifty of them where there are more. Elsewhere closing lines are all that is printed, and
-- one line a minute.
--     local p = train.progress(1000, true)
--     p:part("epoch 1/3"); p:step(64, "loss 0.31"); p:done("accuracy 0.91")
--     p:finish()
--     p.n
--     --> 64
-- @param total how much all parts together hold, in samples for instance; 0: not known
-- @param quiet true prints nothing
function progress.progress(total, quiet)
  local now = core.clock()
  return setmetatable({total = total, n = 0, started = now, shown = 0, logged = now, name = "", quiet = quiet,
    part_n = 0, part_started = now,
    live = core.files.is_terminal(2) and (os.getenv("TERM") or "dumb") ~= "dumb"}, Progress)
end

--- A part begins.
function Progress:part(name)
  self.name, self.part_started, self.part_n = name, core.clock(), 0
end

-- The line of a loop under way.
local function line_of(self, text, now, width)
  local rate = self.n / math.max(now - self.started, 1e-9)
  local parts = {self.name}
  if self.total > 0 then
    local share = math.min(1, self.n / self.total)
    if width >= BAR_FROM then parts[#parts + 1] = bar(share) end
    parts[#parts + 1] = ("%3d %%"):format(math.floor(100 * share))
  end
  parts[#parts + 1] = ("%6s/s"):format(rate_text(rate))
  if self.total > 0 then
    local left = math.max(0, self.total - self.n) / math.max(rate, 1e-9)
    parts[#parts + 1] = ("%7s left"):format(duration(left))
  end
  parts[#parts + 1] = text
  return table.concat(parts, "  ")
end

-- The line as wide as the terminal, in place of what stands there.
local function rewrite(text, width)
  if paint.width(text) >= width then text = paint.cut(text:gsub("\27%[[%d;]*m", ""), width - 1) end
  io.stderr:write("\r", text, "\27[K")
  io.stderr:flush()
end

--- n more are done.
function Progress:step(n, text)
  self.n, self.part_n = self.n + n, self.part_n + n
  if self.quiet then return end
  local now = core.clock()
  if self.live and now - self.shown >= REDRAW then
    self.shown, self.pending = now, nil
    local width = core.width()
    rewrite(line_of(self, text, now, width), width)
  elseif not self.live and now - self.logged >= LOG_EVERY then
    self.logged = now
    io.stderr:write(line_of(self, text, now, 0), "\n")
    io.stderr:flush()
  end
end

-- Prints a closing line that stays.
local function keep(self, line)
  io.stderr:write(self.live and "\r\27[K" or "", line, "\n")
  io.stderr:flush()
  self.logged, self.pending = core.clock(), nil
  self.kept_share = self.total > 0 and self.n / self.total or nil
end

--- The part is over: its closing line stays, unless there are very many.
function Progress:done(text)
  if self.quiet then return end
  local now = core.clock()
  local seconds = now - self.part_started
  local rate = rate_text(self.part_n / math.max(seconds, 1e-9))
  local line = ("%s  %5s  %6s/s  %s"):format(self.name, duration(seconds), rate, text or "")
  if self.live and paint.width(line) >= core.width() then
    line = ("%s  %5s  %s"):format(self.name, duration(seconds), text or "") -- the rate was there all the time
  end
  local share = self.total > 0 and self.n / self.total or 1
  if not self.kept_share or share >= 1 or share - self.kept_share >= 1 / KEPT - 1e-9 then
    keep(self, line)
  else
    self.pending = line
    if self.live and now - self.shown >= REDRAW then
      self.shown = now
      rewrite(line, core.width())
    end
  end
end

--- All parts are over: the last closing line is there in any case. With a text, a line that says why.
function Progress:finish(text)
  if self.quiet then return end
  if self.pending then keep(self, self.pending) end
  if text then keep(self, ("%s  %s"):format(self.name, text)) end
end

return progress
