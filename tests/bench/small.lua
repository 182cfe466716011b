-- What the smallest things cost: a + b on ten numbers, plain and recorded, and a product of 1024 x 1024 matrices.
--   nnlua tests/bench/small.lua [--threads N]      one JSON object a line, in the form of small_torch.py
-- tests/bench/small.sh runs both in turn on the same cores and prints the ratios.

local threads = 2
for i = 1, #arg do
  if arg[i] == "--threads" then threads = math.tointeger(arg[i + 1]) or error("--threads needs a number") end
end
nnlua.threads(threads)

-- Median and best seconds of f over rounds; f does `count` things.
local function timed(rounds, count, f)
  local times = {}
  f()
  for i = 1, rounds do
    local start = nnlua.clock()
    f()
    times[i] = (nnlua.clock() - start) / count
  end
  table.sort(times)
  return times[1], times[(rounds + 1) // 2]
end

local function report(name, rounds, count, f)
  local best, median = timed(rounds, count, f)
  local line = '{"name": "%s", "best_us": %.4f, "median_us": %.4f, "threads": %d}'
  print(line:format(name, best * 1e6, median * 1e6, threads))
end

local a, b = tensor.randn(10), tensor.randn(10)
local many = 50000
local function add()
  for _ = 1, many do local _ = a + b end
end

report("op_add", 15, many, add)
a.requires_grad = true
report("op_add_recorded", 15, many, add)

local m, n = tensor.randn(1024, 1024), tensor.randn(1024, 1024)
report("gemm_1024", 15, 1, function() return m:matmul(n) end)
