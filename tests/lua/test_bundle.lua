-- The library compiled ahead (library.luac beside the program) and what becomes of one that is missing, damaged or of
-- another place: everything then comes from the sources.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"

-- The program that runs this; a plain lua5.4 has no such library.
local program
for i = -1, -20, -1 do
  if not arg[i] then break end
  program = arg[i]
end

local function read(path)
  local f = io.open(path, "rb")
  local text = f and f:read("a")
  if f then f:close() end
  return text
end

local function write(path, text)
  local f = assert(io.open(path, "wb"))
  f:write(text)
  f:close()
end

local binary = program and program:find("nnlua", 1, true) and read(program)
local bundle = binary and read(program:match("^(.*)/") .. "/library.luac")

if bundle then
  local where = os.tmpname()
  os.remove(where)
  assert(os.execute("mkdir '" .. where .. "'"))
  write(where .. "/nnlua", binary)
  assert(os.execute("chmod +x '" .. where .. "/nnlua'"))

  -- What a program with this bundle says.
  local function run(text)
    os.remove(where .. "/library.luac")
    if text then write(where .. "/library.luac", text) end
    local code = "print(nn.Linear(2, 3), package.searchers[5] and #package.searchers, "
      .. "debug.getinfo(nn.Linear.forward).source)"
    local p = io.popen(("NO_COLOR=1 '%s/nnlua' -e '%s' 2>&1"):format(where, code))
    local out = p:read("a")
    p:close()
    return out
  end

  local plain = run(nil)
  check.test("with it and without it", function()
    check.ok(plain:find("Linear(2, 3)", 1, true) and plain:find("@", 1, true), plain)
    check.equal((run(bundle):gsub("\t5\t", "\tnil\t")), plain)
  end)

  check.test("damaged or of another place", function()
    for _, text in ipairs{"", "x", ("\255"):rep(100), bundle:sub(1, 7), bundle:sub(1, 60), bundle:sub(1, #bundle // 2),
      string.pack("s8", "/nowhere/lib") .. bundle} do
      check.equal((run(text):gsub("\t5\t", "\tnil\t")), plain)
    end
  end)
  os.execute("rm -r '" .. where .. "'")
else
  check.test("there is none", function() check.ok(true) end)
end

check.done()
