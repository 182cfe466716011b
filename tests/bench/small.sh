#!/bin/sh
# small.lua and small_torch.py in turn on the same cores: medians over the rounds, and how many times faster nnlua is.
#   PYTHON=python3 sh tests/bench/small.sh [ROUNDS]      (PYTHON needs torch)
set -eu
cd "$(dirname "$0")/../.."
nnlua=${NNLUA:-build/bin/nnlua}
python=${PYTHON:-python3}
cores=$(taskset -pc $$ | sed 's/.*: *//')
out=$(mktemp)
trap 'rm -f "$out"' EXIT
i=0
while [ $i -lt "${1:-5}" ]; do
  taskset -c "$cores" "$nnlua" tests/bench/small.lua | sed 's/^/ours /' >> "$out"
  taskset -c "$cores" "$python" tests/bench/small_torch.py | sed 's/^/peer /' >> "$out"
  i=$((i + 1))
done
"$nnlua" - "$out" <<'LUA'
local medians, order = {}, {}
for line in io.lines((...)) do
  local who, name, value = line:match('^(%a+) .*"name": "([^"]+)".*"median_us": ([%d.]+)')
  if not medians[name] then
    medians[name], order[#order + 1] = {ours = {}, peer = {}}, name
  end
  table.insert(medians[name][who], tonumber(value))
end
local function middle(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end
print(("%-18s %12s %12s %8s"):format("", "nnlua, us", "PyTorch, us", "times"))
for _, name in ipairs(order) do
  local ours, peer = middle(medians[name].ours), middle(medians[name].peer)
  print(("%-18s %12.3f %12.3f %8.2f"):format(name, ours, peer, peer / ours))
end
LUA
