-- A training killed with SIGKILL at random moments, or in the middle of writing, resumes from a whole checkpoint and
-- ends in the same bits as one that nobody disturbed. Nothing here depends on how fast the machine is: moments are
-- counted in steps of Lua. NNLUA_KILLS says how often it is killed (default 12), NNLUA_SEED at which moments.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn = nnlua.tensor, nnlua.nn

local program = os.getenv("NNLUA") or arg[-1]
local script = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/programs/resumable.lua"
local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder))
local wanted = tonumber(os.getenv("NNLUA_KILLS") or 12)
math.randomseed(tonumber(os.getenv("NNLUA_SEED") or 1))

-- The bytes of a file, or nil.
local function bytes_of(path)
  local file = io.open(path, "rb")
  local bytes = file and file:read("a")
  if file then file:close() end
  return bytes
end

local function path_of(name, ending) return ("%s/%s.%s"):format(folder, name, ending) end

local function command(name, moment)
  return ("'%s' '%s' %s %s %s"):format(program, script, path_of(name, "ckpt"), path_of(name, "result"), moment or "")
end

-- Runs the training; with a moment it kills itself there. True when it came to its end.
local function run(name, moment)
  return os.execute(command(name, moment) .. " 2>/dev/null") == true
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

check.ok(run("whole"), "the undisturbed training ends well")
local whole = nn.load(path_of("whole", "result"))
local steps = tonumber(bytes_of(path_of("whole", "result.steps")))

-- The training `name` comes to its end now, and to the same one.
local function ends_alike(name)
  check.ok(bytes_of(path_of(name, "result")) or run(name), name .. " comes to its end")
  same(whole, nn.load(path_of(name, "result")), name)
end

check.test("killed at random moments", function()
  local kills, checkpoints, round = 0, 0, 0
  while kills < wanted do
    round = round + 1
    local name = "part" .. round
    for _ = 1, 6 do
      if run(name, math.random(1, steps * 9 // 10)) then break end
      check.equal(bytes_of(path_of(name, "result")), nil, "it was killed")
      kills = kills + 1
      if bytes_of(path_of(name, "ckpt")) then
        checkpoints = checkpoints + 1
        check.equal(nn.load(path_of(name, "ckpt")).kind, "nnlua training 1", "a whole checkpoint")
      end
    end
    ends_alike(name)
  end
  print(("%d kills, %d of them with a checkpoint, %d trainings"):format(kills, checkpoints, round))
  check.ok(2 * checkpoints >= kills, ("%d of %d kills found a training under way"):format(checkpoints, kills))
end)

check.test("killed from outside at random times", function()
  for round = 1, wanted // 4 do -- how far it comes depends on the machine; that it ends alike must not
    local name = "outside" .. round
    for _ = 1, 2 do
      os.execute(("%s 2>/dev/null & pid=$!; sleep %.3f; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null"):format(
        command(name), math.random() * 0.4))
    end
    ends_alike(name)
  end
end)

check.test("killed while it writes", function()
  for round = 1, math.max(2, wanted // 6) do
    local name = "writing" .. round
    local before
    while not before do -- until there is a checkpoint to lose
      if run(name, math.random(steps // 3, steps * 2 // 3)) then break end
      before = bytes_of(path_of(name, "ckpt"))
    end
    check.ok(before, "it was killed with a checkpoint")
    -- A file that grows beyond the limit (in blocks of 512 or 1024 bytes) ends the process in the middle of its write.
    local limit = math.random(1, #before // 1024 - 1)
    check.ok(not os.execute(("(ulimit -f %d; exec %s) 2>/dev/null"):format(limit, command(name))), "it was stopped")
    check.equal(bytes_of(path_of(name, "result")), nil, "it was stopped")
    check.ok(bytes_of(path_of(name, "ckpt")) == before, "the checkpoint before is as it was")
    ends_alike(name)
  end
end)

os.execute("rm -r " .. folder)
check.done()
