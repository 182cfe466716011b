-- globals: what happens when user code reads a global that isn't there: at the prompt a helper or a variable of the
-- failing frame may answer; else a warning once a line, with the nearest name. The value stays nil. Loaded by the
-- program at its start, so it is small and loads the rest when it is needed.

local globals = {
  sources = {},    -- chunk name -> true: the user's own scripts; everything else but the prompt's lines is silent
  warned = {},     -- "source:line:name" -> true
  keep_frames = false, -- the prompt wants the variables of failing frames
  answer = nil,    -- function(name) -> found, value: what the prompt offers beside globals
}

-- Tree and text of a function's chunk, nil when there is none.
local function source_text(source, f)
  if source == "=prompt" then
    return globals.prompt_text and globals.prompt_text(f)
  end
  local path = source:match("^@(.*)")
  local file = path and io.open(path)
  if not file then return type(globals.sources[source]) == "string" and globals.sources[source] or nil end
  local text = file:read("a")
  file:close()
  return text
end

local function warn(name, info)
  local key = ("%s:%d:%s"):format(info.source, info.currentline, name)
  if globals.warned[key] then return end
  globals.warned[key] = true
  local text = source_text(info.source, info.func)
  local report = require "nnlua.repl.undefined"(name, info, text)
  if report then
    io.stdout:flush()
    if info.source == "=prompt" then report = require "nnlua.repl.errors".fold(report) end
    io.stderr:write(report, "\n")
  end
end

local function missing(_, name)
  if type(name) ~= "string" then return nil end
  local info = debug.getinfo(2, "Slf")
  if not info or info.what == "C" then return nil end
  local at_prompt = info.source == "=prompt"
  if not at_prompt and not globals.sources[info.source] then return nil end
  if globals.answer then
    local found, value = globals.answer(name)
    if found then return value end
  end
  warn(name, info)
  return nil
end

--- Whether reading this global on the line of a frame has been reported.
function globals.has_warned(frame, name)
  return globals.warned[("%s:%d:%s"):format(frame.source, frame.currentline, name)] == true
end

--- Begins to watch. A metatable of the user's own has precedence.
function globals.watch()
  if not getmetatable(_G) then setmetatable(_G, {__index = missing}) end
end

--- Forgets the warnings of prompt lines: each entry is new.
function globals.new_entry()
  for key in pairs(globals.warned) do
    if key:sub(1, 8) == "=prompt:" then globals.warned[key] = nil end
  end
end

return globals
