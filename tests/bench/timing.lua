-- How a piece of work is timed: returns a function (run, seconds, block, least) that gives the best and the median
-- microseconds of a run. Two runs to warm up, then blocks of about `block` seconds until `seconds` and `least` blocks
-- have passed. Knows no work.

return function(run, seconds, block, least)
  local clock = require("nnlua").clock
  run()
  run()
  local t = clock()
  run()
  local inner = math.max(1, math.floor(block / math.max(clock() - t, 1e-7)))
  local blocks, stop = {}, clock() + seconds
  while clock() < stop or #blocks < least do
    t = clock()
    for _ = 1, inner do run() end
    blocks[#blocks + 1] = (clock() - t) / inner * 1e6
  end
  table.sort(blocks)
  return blocks[1], blocks[#blocks // 2 + 1]
end
