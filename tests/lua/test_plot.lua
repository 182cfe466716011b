-- Plots: what stands where in the text of a figure, files that are read again, wrong input.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, plot = nnlua.tensor, nnlua.plot

-- What f() prints, as a list of lines.
local function lines_of(f, ...)
  local kept, out = io.write, {}
  io.write = function(...) -- luacheck: ignore
    for _, s in ipairs {...} do out[#out + 1] = s end
    return io.stdout
  end
  local ok, message = pcall(f, ...)
  io.write = kept -- luacheck: ignore
  if not ok then error(message, 0) end
  local lines = {}
  for line in table.concat(out):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

check.test("a line goes from corner to corner", function()
  local lines = lines_of(plot.line, {0, 1, 2, 3}, {columns = 40, rows = 9, as = "ascii", title = "up"})
  check.equal(#lines, 12)
  check.ok(lines[1]:match("^%s+up$"), lines[1])
  check.ok(lines[2]:match("%*$"), lines[2])
  check.ok(lines[10]:match("[|+]%*"), lines[10])
  check.ok(lines[12]:match("1%s+2%s+3%s+4"), lines[12])
end)

check.test("a histogram counts every value", function()
  local lines = lines_of(plot.hist, tensor{1, 1, 1, 4}, {columns = 30, rows = 4, bins = 3, as = "ascii"})
  check.ok(lines[2]:match("^3 ?[|+]%*+%s*$") or lines[2]:match("[|+]%*"), table.concat(lines, "\n"))
end)

check.done()
