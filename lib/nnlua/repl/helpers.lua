-- helpers: what the prompt offers beside Lua: who, time, bench, run, reload, edit, save_session, up, down, locals,
-- exit. They are fields of nnlua; the prompt answers to their short names where the user has defined none.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local paint = require "nnlua.repl.paint"

local tensor = core.tensor
local helpers = {}

local function session() return require "nnlua.repl.session" end

local function at_prompt() return session().program ~= nil end

-- ---- variables ----------------------------------------------------------------------------------------------------

local standard = {}
for name in ([[_G _VERSION arg assert collectgarbage coroutine debug dofile error getmetatable io ipairs load loadfile
math next os package pairs pcall print rawequal rawget rawlen rawset require select setmetatable string table tonumber
tostring type utf8 warn xpcall nnlua]]):gmatch("%S+") do standard[name] = true end

local function bytes_text(n)
  if n < 1024 then return ("%d B"):format(n) end
  for _, unit in ipairs {"KB", "MB", "GB", "TB"} do
    n = n / 1024
    if n < 1024 then return ("%.1f %s"):format(n, unit) end
  end
  return ("%.1f PB"):format(n / 1024)
end

local function is_module(v) return require "nnlua.nn.module".is_module(v) end

-- What a value is, in short, and the bytes of its tensors.
local function describe(v)
  if tensor.is_tensor(v) then
    return ("tensor %s [%s]"):format(v.dtype, table.concat({v:size()}, ", ")), v.nbytes
  elseif type(v) == "table" and is_module(v) then
    local bytes, n = 0, 0
    for _, p in ipairs(v:parameters()) do bytes, n = bytes + p.nbytes, n + p:numel() end
    return ("%s, %d parameters"):format(getmetatable(v).__name, n), bytes
  elseif type(v) == "table" then
    local meta = getmetatable(v)
    local n = 0
    for _ in next, v do n = n + 1 end
    local name = type(meta) == "table" and rawget(meta, "__name")
    return name and tostring(name) or ("table of %d"):format(n)
  elseif type(v) == "string" then
    return (("%q"):format(v):gsub("\\\n", "\\n"))
  elseif type(v) == "function" then
    return "function"
  end
  return tostring(v)
end

--- Lists your variables, globals and locals of the prompt, with shapes and bytes.
function helpers.who()
  local rows, nnlua = {}, package.loaded["nnlua"]
  local library = {}
  for _, name in ipairs(nnlua.globals) do library[name] = nnlua[name] end
  local here = session()
  for _, name in ipairs(here.order) do
    local _, value = here.get(name)
    rows[#rows + 1] = {name, value, "local"}
  end
  for name, value in next, _G do
    if type(name) == "string" and not standard[name] and value ~= library[name] and not here.locals[name] then
      rows[#rows + 1] = {name, value, "global"}
    end
  end
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  if #rows == 0 then
    print("no variables so far")
    return
  end
  local longest, total = 4, 0
  for _, row in ipairs(rows) do longest = math.max(longest, paint.width(row[1])) end
  local width = core.width()
  for _, row in ipairs(rows) do
    local text, bytes = describe(row[2])
    total = total + (bytes or 0)
    local right = (bytes and bytes_text(bytes) or ""):format()
    local left = row[1] .. (" "):rep(longest - paint.width(row[1]) + 2) .. ("%-6s  "):format(row[3])
    local middle = paint.cut(text, math.max(width - paint.width(left) - #right - 2, 8))
    print(left .. middle .. (right ~= "" and "  " .. right or ""))
  end
  if total > 0 then print(("tensors: %s; all tensors in memory: %s"):format(bytes_text(total),
    bytes_text((core.memory())))) end
end

-- ---- time ---------------------------------------------------------------------------------------------------------

local function duration(seconds)
  if seconds < 1e-6 then return ("%.0f ns"):format(seconds * 1e9) end
  if seconds < 1e-3 then return ("%.3g us"):format(seconds * 1e6) end
  if seconds < 1 then return ("%.3g ms"):format(seconds * 1e3) end
  return ("%.3f s"):format(seconds)
end

-- A function as it is, a text as what it computes.
local function to_function(name, f)
  if type(f) ~= "string" then
    local meta = getmetatable(f)
    if type(f) == "function" or type(meta) == "table" and meta.__call then return f end
    fail.raise("%s: expected a function (or Lua in a string), got %s: write %s(function() ... end)", name, fail.show(f),
      name)
  end
  local compile = at_prompt() and session().load or load
  local compiled, message = compile("return " .. f, "=" .. name)
  if not compiled then compiled, message = compile(f, "=" .. name) end
  if not compiled then fail.raise("%s: %s", name, message) end
  return compiled
end

local function report(started, before, ...)
  local seconds = core.clock() - started
  local now, peak = core.memory()
  print(("%s, %+.1f MB of tensors (peak %.1f MB)"):format(duration(seconds), (now - before) / 2 ^ 20, peak / 2 ^ 20))
  return ...
end

--- Calls f(...) and prints how long it took; returns what f returns. f may be Lua in a string: time "x:matmul(y)".
function helpers.time(f, ...)
  f = to_function("time", f)
  local before = core.memory()
  return report(core.clock(), before, f(...))
end

local result = {__name = "bench"}
function result:__tostring()
  return ("%s a run (median of %d; fastest %s, slowest %s)"):format(duration(self.median), self.runs,
    duration(self.min), duration(self.max))
end

--- Runs f again and again for about half a second: returns {median, min, max, runs}, in seconds, which prints as a
-- line. f may be Lua in a string. Option: seconds.
function helpers.bench(f, options)
  f = to_function("bench", f)
  local budget = type(options) == "table" and options.seconds or 0.5
  f() -- what is done once only
  local clock = core.clock
  local started = clock()
  f()
  local inner = math.max(1, math.floor(2e-5 / math.max(clock() - started, 1e-9))) -- short ones several at a time
  local times = {}
  local stop = clock() + budget
  repeat
    local t = clock()
    for _ = 1, inner do f() end
    times[#times + 1] = (clock() - t) / inner
  until clock() > stop or #times >= 100000
  table.sort(times)
  return setmetatable({median = times[(#times + 1) // 2], min = times[1], max = times[#times], runs = #times * inner},
    result)
end

-- ---- files --------------------------------------------------------------------------------------------------------

--- Runs a Lua file; its globals and, at the prompt, its top-level locals stay for inspection. Returns what it returns.
function helpers.run(path, ...)
  if type(path) ~= "string" then fail.raise("run: expected the name of a file, got %s", fail.show(path)) end
  local script = require "nnlua.repl.script"
  return (at_prompt() and script.run_and_keep or script.run)(path, ...)
end

--- Loads a module again, after its file was changed. Its table stays the same one, so what holds it sees the new
-- fields.
function helpers.reload(name)
  if type(name) ~= "string" then fail.raise("reload: expected the name of a module, got %s", fail.show(name)) end
  local old = package.loaded[name]
  package.loaded[name] = nil
  local ok, new = pcall(require, name)
  if not ok then
    package.loaded[name] = old
    error(new, 0)
  end
  if type(old) == "table" and type(new) == "table" and old ~= new then
    for key in pairs(old) do old[key] = nil end
    for key, value in next, new do rawset(old, key, value) end
    setmetatable(old, getmetatable(new))
    package.loaded[name] = old
    return old
  end
  return new
end

local function editor_command(path)
  local editor = os.getenv("VISUAL")
  if not editor or editor == "" then editor = os.getenv("EDITOR") end
  if not editor or editor == "" then editor = "vi" end
  return editor .. " '" .. path:gsub("'", "'\\''") .. "'"
end

--- A text after $EDITOR had it; nil when that failed.
function helpers.in_editor(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text, "\n")
  file:close()
  io.stdout:flush()
  local ok = os.execute(editor_command(path))
  file = io.open(path)
  local edited = file and file:read("a"):gsub("%s+$", "")
  if file then file:close() end
  os.remove(path)
  return ok and edited or nil
end

--- Opens $EDITOR on the last input, then runs what was saved; with a name, on that file.
function helpers.edit(path)
  if path ~= nil then
    io.stdout:flush()
    os.execute(editor_command(tostring(path)))
    return
  end
  local text = helpers.in_editor(session().before_last or "")
  if not text or not text:find("%S") then return end
  io.write(paint.it("dim", text), "\n")
  local program = session().program
  if program then
    program.remember(text)
    session().enter(text)
  end
end

-- What is for a person at the prompt only, and helpers that a script has under nnlua alone.
local at_the_prompt = {help = true, who = true, up = true, down = true, locals = true, edit = true, exit = true,
  quit = true, lesson = true, save_session = true}
local in_nnlua = {run = true, time = true, bench = true, profile = true, reload = true}

-- An entry as a script has it; nil when there it is nothing.
local function script_text(text, kind, uses_ans)
  if kind == "statement" then return text end
  text = text:gsub("[;%s]+$", "")
  local name = text:match("^%s*([%a_]+)%s*[%(\"'%[{]") or text:match("^%s*([%a_]+)%s*$")
  local own = name and rawget(_G, name)
  if name and (own == nil or own == package.loaded["nnlua"][name]) then
    if at_the_prompt[name] then return nil end
    if in_nnlua[name] then text = text:gsub("^%s*", "nnlua.") end
  end
  if uses_ans then return "ans = " .. text .. (kind == "shown" and "\nprint(ans)" or "") end
  if kind == "shown" then return "print(" .. text .. ")" end
  return load(text) and text or nil -- a muted call; other values are looked at by nobody
end

--- Writes what worked in this session as a script, with the seed of the random numbers.
function helpers.save_session(path)
  if type(path) ~= "string" then fail.raise("save_session: expected the name of a file, got %s", fail.show(path)) end
  local here = session()
  local parts, uses_ans = {}, false
  local list = {}
  for text, kind in here.entries() do
    list[#list + 1] = {text, kind}
    uses_ans = uses_ans or text:find("%f[%w_]ans%f[^%w_]") ~= nil
  end
  parts[1] = "-- A session of nnlua " .. core.version
  parts[2] = ("tensor.manual_seed(%d)"):format(here.seed or tensor.initial_seed())
  local n = 0
  for _, entry in ipairs(list) do
    local text = script_text(entry[1], entry[2], uses_ans)
    if text then parts[#parts + 1], n = text, n + 1 end
  end
  local file, message = io.open(path, "w")
  if not file then fail.raise("save_session: %s", message) end
  file:write(table.concat(parts, "\n"), "\n")
  file:close()
  print(("%d entries in %s"):format(n, path))
end

-- ---- the frames of the last error ---------------------------------------------------------------------------------

local function show_frame(step)
  local errors = require "nnlua.repl.errors"
  local frame = errors.step(step)
  print(frame and errors.frame_text(frame) or "no error has left frames to look at")
end

--- Goes to the caller of the failing frame at hand.
function helpers.up(n) show_frame(n or 1) end

--- Goes back towards the place where the error happened.
function helpers.down(n) show_frame(-(n or 1)) end

--- The variables of the failing frame at hand, as a table; their names also work alone.
function helpers.locals()
  local errors = require "nnlua.repl.errors"
  local frame = errors.step(0)
  if not frame then
    print("no error has left frames to look at")
    return
  end
  print(errors.frame_title(frame))
  local out = require "nnlua.ordered".new()
  for _, variable in ipairs(frame.variables) do out[variable[1]] = variable[2] end
  return out
end

-- ---- the end ------------------------------------------------------------------------------------------------------

--- Ends the session (so does Ctrl-D), or the script.
local function leave()
  if at_prompt() then session().program.quit() else os.exit(true, true) end
end

helpers.exit = setmetatable({}, {__call = leave, __tostring = function() return "exit() or Ctrl-D ends" end})
helpers.quit = setmetatable({}, {__call = leave, __tostring = function() return "quit() or Ctrl-D ends" end})

helpers.names = {}
for name, value in pairs(helpers) do
  if name ~= "names" and name ~= "in_editor" and value then helpers.names[name] = true end
end

return helpers
