-- A training killed with SIGKILL at random moments resumes from a whole checkpoint and ends in the same bits as one
-- that nobody disturbed. NNLUA_KILLS says how often it is killed (default 12).

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn = nnlua.tensor, nnlua.nn

local program = os.getenv("NNLUA") or arg[-1]
local script = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/programs/resumable.lua"
local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder))

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local BATCHES = 6 * 40

-- Runs the training; it is killed so many milliseconds after it fed a batch, counted from its start.
local function run(name, batch, ms)
  local progress = ("%s/%s.progress"):format(folder, name)
  local command = ("%s %s %s/%s.ckpt %s/%s.result %s"):format(program, script, folder, name, folder, name, progress)
  os.remove(progress)
  if not batch then return os.execute(command) end
  return os.execute(([[%s & pid=$!
    while kill -0 $pid 2>/dev/null && [ "$(stat -c %%s %s 2>/dev/null || echo 0)" -lt %d ]; do sleep 0.001; done
    sleep %.4f; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null; true]]):format(command, progress, batch, ms / 1000))
end

local function same(a, b, path)
  if tensor.is_tensor(a) then
    check.ok(tensor.is_tensor(b) and a:equal(b), path .. " has the same bits")
  elseif type(a) == "table" then
    for key, v in pairs(a) do same(v, b[key], path .. "." .. tostring(key)) end
  else
    check.ok(a == b or (a ~= a and b ~= b), ("%s: %s and %s"):format(path, tostring(a), tostring(b)))
  end
end

check.test("killed and resumed", function()
  check.ok(run("whole"), "the undisturbed training ends well")
  local whole = nn.load(folder .. "/whole.result")
  math.randomseed(os.time())
  local kills, rounds, checkpoints = 0, 0, 0
  local wanted = tonumber(os.getenv("NNLUA_KILLS") or 12)
  while kills < wanted do
    rounds = rounds + 1
    local name = "part" .. rounds
    for _ = 1, 6 do
      run(name, math.random(0, BATCHES // 2), 5 * math.random())
      if exists(folder .. "/" .. name .. ".result") then break end
      kills = kills + 1
      if exists(folder .. "/" .. name .. ".ckpt") then
        checkpoints = checkpoints + 1
        check.equal(nn.load(folder .. "/" .. name .. ".ckpt").kind, "nnlua training 1", "a whole checkpoint")
      end
    end
    if not exists(folder .. "/" .. name .. ".result") then check.ok(run(name), "the last run ends well") end
    same(whole, nn.load(folder .. "/" .. name .. ".result"), "result")
    check.ok(rounds < 200, "it was killed now and then")
  end
  check.ok(2 * checkpoints >= kills, ("%d of %d kills found a training under way"):format(checkpoints, kills))
end)

os.execute("rm -r " .. folder)
check.done()
