-- data.fetch against a web server on this machine: downloads, what goes on where it stopped, redirections, errors. Says
-- so and ends well where there is no Python to be the server, or neither curl nor wget. Where both are there it runs
-- itself once more with a PATH that has no curl, and once with one that has neither.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local nnlua = require "nnlua"
local data = nnlua.data

local function has(program) return os.execute("command -v " .. program .. " >/dev/null 2>&1") == true end

local python = os.execute("python3 -c 'import http.server' 2>/dev/null") and "python3"
if not python or not (has "curl" or has "wget") then
  print("skipped: this needs python3 (the server) and curl or wget")
  os.exit(true)
end

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder .. " " .. folder .. "/kept"))
local server = assert(io.popen(("exec %s %s/server.py %s 120"):format(python, here, folder)))
local port = assert(server:read("n"), "the server did not start")
local base = ("http://127.0.0.1:%d/"):format(port)

local content = ("the tenth of a kilobyte, by and large; "):rep(4000)
data.write_text(folder .. "/file.txt", content)
data.write_text(folder .. "/empty.txt", "")
local sum = core.bytes.sha256("test", folder .. "/file.txt")

-- What the server was asked since the last call: a list of "path range".
local function requests()
  local list, file = {}, io.open(folder .. "/requests")
  for line in file and file:lines() or function() end do list[#list + 1] = line end
  if file then file:close() end
  os.remove(folder .. "/requests")
  return list
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local kept = folder .. "/kept"
local function fresh() os.execute("rm -rf " .. kept .. " && mkdir " .. kept) end

check.test("a file is loaded once", function()
  local path = data.fetch(base .. "file.txt", {root = kept, sha256 = sum})
  check.equal(path, kept .. "/file.txt")
  check.equal(data.read_text(path), content)
  check.equal(#requests(), 1)
  check.equal(data.fetch(base .. "file.txt", {root = kept, sha256 = sum}), path)
  check.equal(data.fetch(base .. "file.txt", {root = kept}), path)
  check.equal(requests(), {}, "what is there is not asked for")
  check.equal(data.fetch(base .. "file.txt?raw=1#x", {root = kept .. "/q", sha256 = sum}), kept .. "/q/file.txt")
  check.equal(#requests(), 1)
  check.ok(not exists(path .. ".part"), "nothing is left behind")
end)

check.test("a redirection is followed", function()
  fresh()
  check.equal(data.read_text(data.fetch(base .. "away/file.txt", {root = kept, sha256 = sum})), content)
  check.equal(#requests(), 2)
end)

check.test("an empty file", function()
  fresh()
  check.equal(data.read_text(data.fetch(base .. "empty.txt", {root = kept})), "")
  requests()
end)

check.test("a download goes on where it stopped", function()
  fresh()
  data.write_text(kept .. "/file.txt.part", content:sub(1, 50000))
  check.equal(data.read_text(data.fetch(base .. "file.txt", {root = kept, sha256 = sum})), content)
  local asked = requests()
  check.equal(asked, {"/file.txt bytes=50000-"}, "only what is missing")
end)

check.test("a server that cannot go on in the middle", function()
  fresh()
  data.write_text(kept .. "/file.txt.part", content:sub(1, 50000))
  check.equal(data.read_text(data.fetch(base .. "whole/file.txt", {root = kept, sha256 = sum})), content)
  check.ok(#requests() >= 1)
end)

check.test("a part that is of another file, or whole, or too long", function()
  for _, part in ipairs {("x"):rep(1000), content, content .. "more"} do
    fresh()
    data.write_text(kept .. "/file.txt.part", part)
    check.equal(data.read_text(data.fetch(base .. "file.txt", {root = kept, sha256 = sum})), content)
  end
  requests()
end)

check.test("a connection that breaks off", function()
  fresh()
  check.error("cannot load " .. base .. "cut/file.txt", data.fetch, base .. "cut/file.txt", {root = kept, sha256 = sum})
  check.ok(not exists(kept .. "/file.txt"), "half a file is no file")
  requests()
  check.equal(data.read_text(data.fetch(base .. "file.txt", {root = kept, sha256 = sum})), content)
  if exists(kept .. "/file.txt.part") then check.ok(false, "the part is gone") end
  check.ok(requests()[1]:find("bytes=%d+"), "what had come was kept")
end)

check.test("another checksum", function()
  fresh()
  local wrong = ("0123456789abcdef"):rep(4)
  check.error("has the checksum " .. sum .. ", expected " .. wrong, data.fetch, base .. "file.txt",
    {root = kept, sha256 = wrong})
  check.ok(not exists(kept .. "/file.txt") and not exists(kept .. "/file.txt.part"), "it is not kept")
  requests()
end)

check.test("what is not there", function()
  fresh()
  check.error("404", data.fetch, base .. "nothing.txt", {root = kept})
  check.error("Without a network, put the file at " .. kept .. "/nothing.txt", data.fetch, base .. "nothing.txt",
    {root = kept})
  check.ok(not exists(kept .. "/nothing.txt"))
  check.error("cannot load http://127.0.0.1:9/x", data.fetch, "http://127.0.0.1:9/x", {root = kept})
  check.error("cannot load http://nowhere.invalid/x", data.fetch, "http://nowhere.invalid/x", {root = kept})
  requests()
end)

os.execute("rm -rf " .. folder)
server:close()

-- ---- with less ----------------------------------------------------------------------------------------------------

-- The output of a command.
local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  return text, pipe:close()
end

-- A folder with no more than these programs, to be the PATH.
local function path_with(programs)
  local path = os.tmpname()
  os.remove(path)
  assert(os.execute("mkdir " .. path))
  for _, name in ipairs(programs) do
    assert(os.execute(("ln -s \"$(command -v %s)\" %s/%s"):format(name, path, name)))
  end
  local real = output_of("python3 -c 'import sys; print(sys.executable)'"):gsub("%s+$", "")
  data.write_text(path .. "/python3", ("#!/bin/sh\nexec '%s' \"$@\"\n"):format(real))
  os.execute(("chmod +x %s/python3"):format(path))
  return path
end

local program = os.getenv("NNLUA") or arg[-1]

if has "curl" then
  if has "wget" then
    check.test("by wget, where there is no curl", function()
      local path = path_with {"wget", "mkdir", "rm", "sh"}
      local text, ok = output_of(("PATH=%s '%s' '%s' 2>&1"):format(path, program, arg[0]))
      check.ok(ok and text:find("9 passed, 0 failed", 1, true), text)
      os.execute("rm -rf " .. path)
    end)
  end
  check.test("without curl and wget", function()
    local path = path_with {"mkdir", "rm", "sh"}
    local script = path .. "/one.lua"
    data.write_text(script, ("print(select(2, pcall(data.fetch, 'http://127.0.0.1:9/x', {root = %q})))"):format(path))
    local text = output_of(("PATH=%s '%s' %s 2>&1"):format(path, program, script))
    check.ok(text:find("cannot load http://127.0.0.1:9/x: neither curl nor wget is installed. Without a network, put "
      .. "the file at " .. path .. "/x", 1, true), text)
    os.execute("rm -rf " .. path)
  end)
end
check.done()
