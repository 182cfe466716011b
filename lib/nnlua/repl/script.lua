-- script: runs the user's files and code from the command line: says where what doesn't compile is wrong, warns of
-- conditions that are always true, and marks the source as the user's own.

local globals = require "nnlua.repl.globals"

local script = {}

-- An error whose text is complete as it is: the program shows it without a traceback.
local complete = {__tostring = function(self) return self.text end}

local function stop(text) error(setmetatable({text = text}, complete), 0) end

local function read(path)
  if not path then return io.read("a") or "" end
  local file, message = io.open(path, "rb")
  if not file then stop("cannot open " .. message) end
  local text
  text, message = file:read("a")
  file:close()
  if not text then stop(("cannot read %s: %s"):format(path, message)) end
  return text
end

-- Compiles with `compile(text, chunk)` and gets the source ready to be run.
local function prepare(text, chunk, compile)
  local source = text:gsub("^\xEF\xBB\xBF", ""):gsub("^#[^\n]*", "")
  local f, message = compile(source, chunk)
  if not f then
    if source:sub(1, 1) == "\27" then stop(message) end
    stop(require "nnlua.repl.errors".syntax(message, source, true))
  end
  globals.sources[chunk] = chunk:sub(1, 1) == "@" or source
  if source:sub(1, 1) ~= "\27" then
    local name = chunk:sub(1, 1) == "@" and chunk:sub(2) or chunk:sub(2)
    require "nnlua.repl.conditions".warn(source, name)
  end
  return f
end

local function plain(text, chunk) return load(text, chunk) end

local function chunk_of(path) return path and "@" .. path or "=stdin" end

--- Runs a file (nil: standard input) with its arguments.
function script.run(path, ...)
  local f = prepare(read(path), chunk_of(path), plain)
  return f(...)
end

--- The same, and its top-level locals stay for the prompt.
function script.run_and_keep(path, ...)
  local f = prepare(read(path), chunk_of(path), require "nnlua.repl.session".load)
  return f(...)
end

--- Runs a text from the command line.
function script.run_code(code)
  local f = prepare(code, "=(command line)", plain)
  return f()
end

return script
