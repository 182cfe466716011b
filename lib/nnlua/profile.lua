-- Where the time of a program goes: nnlua.profile(f), and `nnlua --profile script.lua`. The engine counts, here it is
-- summed up by operation and by line of the user's code, and printed.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local counter, clock = core.profile, core.clock

local M = {}

local Report = {__name = "profile"}
Report.__index = Report

-- ---- summing up ---------------------------------------------------------------------------------------------------

local function add(sums, list, key, row)
  local sum = sums[key]
  if not sum then
    sum = {name = key, calls = 0, seconds = 0, backward_seconds = 0, flops = 0, bytes = 0}
    sums[key], list[#list + 1] = sum, sum
  end
  sum.calls, sum.seconds = sum.calls + row.calls, sum.seconds + row.seconds
  sum.flops, sum.bytes = sum.flops + row.flops, sum.bytes + row.bytes
  if row.backward then sum.backward_seconds = sum.backward_seconds + row.seconds end
end

local function by_time(list)
  table.sort(list, function(a, b)
    if a.seconds ~= b.seconds then return a.seconds > b.seconds end
    return a.name < b.name
  end)
  return list
end

-- Many small operations are counted by samples, so that counting takes little: then sampled is true and all numbers
-- are estimates. {seconds = all of them, inside = those in operations, operations = {...}, lines = {...}} from the rows
-- that were counted.
local function summed(seconds, rows, sampled)
  local operations, lines, by_name, by_line, inside = {}, {}, {}, {}, 0
  for _, row in ipairs(rows) do
    inside = inside + row.seconds
    add(by_name, operations, row.name:match("^[^.]+"), row)
    if row.line then add(by_line, lines, row.line, row) end
  end
  inside = math.min(inside, seconds)
  return setmetatable({seconds = seconds, inside = inside, sampled = sampled,
    operations = by_time(operations), lines = by_time(lines)},
    Report)
end

-- ---- printing -----------------------------------------------------------------------------------------------------

local MOST = 15

local function rate(amount, seconds)
  if amount == 0 or seconds == 0 then return "" end
  return ("%.3g"):format(amount / seconds / 1e9)
end

local function percent(part, whole) return whole > 0 and ("%.1f"):format(100 * part / whole) or "" end

-- Rows of cells as lines of columns, the first one to the left.
local function columns(rows)
  local width, out = {}, {}
  for _, row in ipairs(rows) do
    for k, cell in ipairs(row) do width[k] = math.max(width[k] or 0, utf8.len(cell) or #cell) end
  end
  for i, row in ipairs(rows) do
    local cells = {}
    for k, cell in ipairs(row) do
      local pad = (" "):rep(width[k] - (utf8.len(cell) or #cell))
      cells[k] = k == 1 and cell .. pad or pad .. cell
    end
    out[i] = "  " .. table.concat(cells, "  ")
  end
  return out
end

-- The text of a line of a file, for "file:12".
local function source_of(place, room)
  local path, number = place:match("^(.*):(%d+)$")
  local file = path and io.open(path)
  if not file then return "" end
  local at = 0
  for line in file:lines() do
    at = at + 1
    if at == tonumber(number) then
      file:close()
      line = line:gsub("^%s+", "")
      if #line > room and room > 1 then
        local last = utf8.offset(line, 0, room) or room
        line = line:sub(1, last - 1)
      end
      return line
    end
  end
  file:close()
  return ""
end

local function operation_rows(self)
  local rows = {{"operation", "calls", "ms", "%", "us a call", "GFLOP/s", "GB/s"}}
  for i = 1, math.min(#self.operations, MOST) do
    local o = self.operations[i]
    rows[#rows + 1] = {o.name, tostring(o.calls), ("%.2f"):format(o.seconds * 1e3), percent(o.seconds, self.seconds),
      ("%.1f"):format(o.seconds / o.calls * 1e6), rate(o.flops, o.seconds), rate(o.bytes, o.seconds)}
  end
  return rows
end

local function line_rows(self)
  local rows = {{"line", "calls", "forward ms", "backward ms", "%"}}
  for i = 1, math.min(#self.lines, MOST) do
    local l = self.lines[i]
    local forward = l.seconds - l.backward_seconds
    rows[#rows + 1] = {l.name:match("[^/]*$"), tostring(l.calls), ("%.2f"):format(forward * 1e3),
      ("%.2f"):format(l.backward_seconds * 1e3), percent(l.seconds, self.seconds)}
  end
  return rows
end

local function more(lines, list, what)
  if #list > MOST then lines[#lines + 1] = ("  and %d other %s"):format(#list - MOST, what) end
end

function Report:__tostring()
  local out = {("%.3f s, of which %.3f s (%s %%) in operations"):format(self.seconds, self.inside,
    percent(self.inside, self.seconds))}
  if self.sampled then out[1] = out[1] .. "; by samples" end
  if #self.operations == 0 then return out[1] end
  out[#out + 1] = ""
  for _, line in ipairs(columns(operation_rows(self))) do out[#out + 1] = line end
  more(out, self.operations, "operations")
  if #self.lines == 0 then return table.concat(out, "\n") end
  out[#out + 1] = ""
  for i, line in ipairs(columns(line_rows(self))) do
    local room = core.width() - utf8.len(line) - 2
    local code = i > 1 and source_of(self.lines[i - 1].name, room) or ""
    out[#out + 1] = (line .. "  " .. code):gsub("%s+$", "")
  end
  more(out, self.lines, "lines")
  return table.concat(out, "\n")
end

-- ---- running ------------------------------------------------------------------------------------------------------

local began

--- Begins to count; what --profile does before the script.
function M.start()
  counter.start()
  began = clock()
end

--- Ends counting and writes the report to standard error; what --profile does after the script.
function M.finish()
  if not counter.active() then return end
  local seconds = clock() - began
  io.stdout:flush()
  io.stderr:write("\n", tostring(summed(seconds, counter.stop())), "\n")
end

--- Runs f(...) and reports where its time went.
function M.run(f, ...)
  if type(f) ~= "function" then fail.raise("profile: expected a function, got %s", fail.show(f)) end
  if counter.active() then fail.raise("profile: is running already") end
  M.start()
  local closer <close> = core.defer(function() -- luacheck: no unused
    if counter.active() then counter.stop() end
  end)
  f(...)
  local seconds = clock() - began
  return summed(seconds, counter.stop())
end

return M
