-- terminal: types keys into a program in a real terminal and reads its screen, through tmux. Waits for what is to be
-- seen, never for a time; a test fails when it hasn't come after a minute.

local terminal = {}

local PATIENCE = tonumber(os.getenv("PATIENCE") or 60) -- seconds

local socket = "nnlua-" .. (os.tmpname():match("[^/_]+$"))
local home = os.tmpname()
os.remove(home)
assert(os.execute("mkdir -p '" .. home .. "'"))

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function tmux(arguments) return ("tmux -u -L %s -f /dev/null %s"):format(socket, arguments) end

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return text
end

if not output("tmux -V 2>&1"):find("^tmux") then
  io.stderr:write("tmux is missing, without which the prompt can't be tested: apt install tmux\n")
  os.exit(1)
end

-- A session that stays, or the server would end with a case's last one while the next case asks for a new one. Without
-- pseudo-terminals nothing can be typed: ctest shows status 77 as a skipped test, with this text.
local server = output(tmux("new-session -d -s keeper 'sleep 100000'") .. " 2>&1 || echo failed")
if server:find("failed", 1, true) then
  io.stderr:write("SKIPPED, NOTHING OF THE PROMPT WAS TESTED: tmux gets no pseudo-terminal (is /dev/pts mounted?): ",
    server, "\n")
  os.exit(77)
end

--- The directory that is HOME for the programs under test; every test file has a fresh one.
terminal.home = home

local program = os.getenv("NNLUA") or "build/bin/nnlua"
if program:sub(1, 1) ~= "/" then program = output("pwd"):gsub("%s+$", "") .. "/" .. program end
terminal.program = program

local T = {}
T.__index = T

--- Opens a terminal with the program (or `command`) in it. o: width, height, arguments, env ("A=1 B=2"), command.
--- With noflsh, since Ctrl-C otherwise makes the system drop what was written and not shown yet.
function terminal.open(o)
  local t = setmetatable({name = ("s%d"):format(math.random(1, 1 << 40))}, T)
  local command = o.command or quote(program) .. " " .. (o.arguments or "")
  local line = ("stty noflsh; env -u NO_COLOR -u TMUX HOME=%s EDITOR=true LC_ALL=C.UTF-8 %s %s; "
    .. "echo \"(left with $?)\"; sleep 600"):format(quote(home), o.env or "", command)
  assert(os.execute(tmux(("new-session -d -s %s -x %d -y %d %s"):format(t.name, o.width or 80, o.height or 50,
    quote(line)))))
  if not o.no_wait then t:prompt() end
  return t
end

--- Ends the terminal and what runs in it.
function T:close() os.execute(tmux("kill-session -t " .. self.name .. " 2>/dev/null")) end

--- The name of tmux's socket, for its other commands.
function T:socket() return socket end -- luacheck: no unused

--- All lines, those that have left the screen at its top included; with `colours` as codes.
function T:screen(colours)
  return output(tmux(("capture-pane -p %s -S - -t %s"):format(colours and "-e" or "", self.name)))
end

--- What is on the screen now.
function T:visible(colours)
  return output(tmux(("capture-pane -p %s -t %s"):format(colours and "-e" or "", self.name)))
end

--- Empties the screen and forgets what has left it.
function T:clear()
  self:key("C-l")
  self:prompt()
  assert(os.execute(tmux("clear-history -t " .. self.name)))
end

--- Where the cursor stands: column, row, from 0.
function T:cursor()
  local command = tmux(("display-message -p -t %s '#{cursor_x} #{cursor_y}'"):format(self.name))
  local x, y = output(command):match("(%d+) (%d+)")
  return tonumber(x), tonumber(y)
end

--- Waits until f(self) is true.
function T:until_true(what, f)
  local clock = nnlua.clock
  local stop = clock() + PATIENCE
  while true do
    if f(self) then return end
    if clock() > stop then error(("waited in vain for %s; the screen:\n%s"):format(what, self:screen()), 0) end
    os.execute("sleep 0.03")
  end
end

--- Waits until a text is to be seen (a pattern when `pattern`).
function T:expect(text, pattern)
  self:until_true(text, function() return self:screen():find(text, 1, not pattern) ~= nil end)
end

--- Fails when a text is to be seen.
function T:absent(text)
  local screen = self:screen()
  if screen:find(text, 1, true) then error(("'%s' is not to be seen, but:\n%s"):format(text, screen), 0) end
end

local function last_line(screen) return screen:match("([^\n]*)\n*$") end

--- Waits for an empty prompt (or, with `more`, for one of a further line).
function T:prompt(more)
  local wanted = more and "^   %.%.>%s*$" or "^nnlua>%s*$"
  self:until_true("the prompt", function() return last_line(self:visible()):find(wanted) ~= nil end)
end

--- Keys by tmux's names: t:key("Up", "C-r").
function T:key(...)
  for _, name in ipairs {...} do
    assert(os.execute(tmux(("send-keys -t %s %s"):format(self.name, quote(name)))))
  end
end

--- Types a text, key by key as far as the program can tell, and waits until it shows.
function T:type(text)
  assert(os.execute(tmux(("send-keys -t %s -l -- %s"):format(self.name, quote((text:gsub(";$", "\\;")))))))
  local bare = text:gsub("%s", "")
  local tail = bare:sub(-math.min(#bare, 20)):gsub("^[\128-\191]+", "")
  self:until_true(text, function()
    return self:visible():gsub("%s", ""):gsub("%.%.>", ""):find(tail, 1, true) ~= nil
  end)
end

--- Types a line and Enter, and waits for the next prompt.
function T:line(text)
  self:type(text)
  self:key("Enter")
  self:prompt()
end

--- The same for a line that doesn't end its entry.
function T:more(text)
  self:type(text)
  self:key("Enter")
  self:until_true("a further line", function() return last_line(self:visible()):find("^   %.%.>") ~= nil end)
end

--- Pastes a text as terminals do.
function T:paste(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  assert(os.execute(tmux(("load-buffer %s"):format(path))))
  assert(os.execute(tmux(("paste-buffer -p -t %s"):format(self.name))))
  os.remove(path)
end

-- ---- cases --------------------------------------------------------------------------------------------------------

local passed, failed = 0, 0

--- Runs a case: f(t) in a fresh terminal, opened with the options o.
function terminal.case(name, f, o)
  local only = os.getenv("ONLY")
  if only and not name:find(only, 1, true) then return end
  local t
  local ok, message = xpcall(function()
    t = terminal.open(o or {})
    f(t)
  end, function(m) return type(m) == "string" and m or tostring(m) end)
  if t then t:close() end
  if ok then
    passed = passed + 1
  else
    failed = failed + 1
    print("FAILED " .. name .. ": " .. message)
  end
end

--- Writes a file below the home directory and returns its name.
function terminal.file(name, text)
  local path = home .. "/" .. name
  os.execute("mkdir -p " .. quote(path:match("^(.*)/")))
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

--- Closes everything; unless quiet the result of the whole file.
function terminal.finish(quiet)
  os.execute(tmux("kill-server 2>/dev/null"))
  os.execute("rm -rf " .. quote(home))
  if quiet then return end
  print(("%d passed, %d failed"):format(passed, failed))
  os.exit(failed == 0 and passed > 0)
end

return terminal
