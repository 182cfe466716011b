-- errors: what the user reads when something fails: the message, the line with a mark under the place, the likely cause
-- with a remedy, the user's part of the traceback. For the prompt it keeps the failing frames until the next line.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local globals = require "nnlua.repl.globals"
local lexer = require "nnlua.repl.lexer"
local paint = require "nnlua.repl.paint"

local errors = {
  frames = nil,        -- the user's frames of the last error, the innermost first
  at = 1,              -- the one that locals() shows
}

local MOST_LEVELS = 24

-- ---- source lines -------------------------------------------------------------------------------------------------

local function chunk_text(source, f)
  if source == "=prompt" then
    return globals.prompt_text and globals.prompt_text(f)
  end
  if type(globals.sources[source]) == "string" then return globals.sources[source] end
  local path = source:match("^@(.*)")
  local file = path and io.open(path)
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

local function nth_line(text, n)
  local i = 0
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    i = i + 1
    if i == n then return line end
  end
end

-- "  12 | code" and, below, a mark at a byte of the line. Tabs become blanks; long lines are cut around the mark.
local function quote(line, number, from, to)
  local label = ("  %d | "):format(number)
  local room = math.max(core.width() - #label, 20)
  local before = from and line:sub(1, from - 1):gsub("\t", "  ") or ""
  local marked = from and line:sub(from, to):gsub("\t", "  ")
  line = line:gsub("\t", "  ")
  local column = paint.width(before)
  if from and column + math.min(paint.width(marked), 20) > room then -- show the part around the mark
    local kept = before
    while paint.width(kept) > room // 2 do kept = kept:sub((utf8.offset(kept, 2) or #kept + 1)) end
    line = "..." .. line:sub(#before - #kept + 1)
    column = paint.width(kept) + 3
  end
  local out = paint.it("dim", label) .. paint.cut(line, room)
  if from then
    local n = math.max(1, math.min(paint.width(marked), room - column))
    out = out .. "\n" .. paint.it("dim", (" "):rep(#label - 2) .. "| ") .. (" "):rep(column)
      .. paint.it("error", ("^"):rep(n))
  end
  return out
end

-- Words in lines no wider than the terminal, the first as it begins, the others after `indent`.
local function wrapped(text, indent)
  local width, lines, line = core.width(), {}, text:match("^%s+")
  if line then line = line:sub(1, -2) end
  for word in text:gmatch("%S+") do
    if line and paint.width(line) + 1 + paint.width(word) > width then
      lines[#lines + 1], line = line, nil
    end
    line = line and line .. " " .. word or (#lines > 0 and indent or "") .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- A message in lines that the terminal holds.
function errors.fold(text)
  if core.width() >= paint.width(text) then return text end
  return (text:gsub("[^\n]+", function(line)
    return paint.width(line) > core.width() and wrapped(line, "  ") or line
  end))
end

-- ---- what does not compile ----------------------------------------------------------------------------------------

-- The token where compiling stops: the first with which the text up to it is wrong beyond repair.
local function bad_token(text, prefix)
  local tokens = lexer.tokens(text)
  local low, high = 1, #tokens
  while low < high do -- what is wrong stays wrong when more follows
    local middle = (low + high) // 2
    local f, message = load(prefix .. text:sub(1, tokens[middle].to), "=x", "t")
    if not f and message:sub(-5) ~= "<eof>" then high = middle else low = middle + 1 end
  end
  return tokens[low], low
end

--- The text of a syntax error: Lua's message, the line with a mark, how Lua says it.
-- @param message what load gave
-- @param text the whole source
-- @param is_file a script, of which no part is tried as an expression
function errors.syntax(message, text, is_file)
  local chunk = message:match("^(.-):%d+:") or "prompt"
  local token, at = bad_token(text, "")
  if not is_file then -- it may be meant as an expression: the reading that goes further counts
    local f, other = load("return " .. text, "=" .. chunk, "t")
    local other_token, other_at = bad_token(text, "return ")
    if not f and other_token and (not at or other_at > at) then message, token = other, other_token end
  end
  local line_number = tonumber(message:match("^.-:(%d+):")) or 1
  local at_end = message:sub(-5) == "<eof>"
  local number = token and not at_end and token.line or line_number
  local line = nth_line(text, number) or ""
  local out = {paint.it("error", wrapped(message, "  "))}
  if token and not at_end then
    local newline = text:sub(1, token.from - 1):match("^.*()\n") or 0
    local start = token.from - newline
    out[#out + 1] = quote(line, number, start, start + #token.text:match("^[^\n]*") - 1)
  else
    out[#out + 1] = quote(line, number)
  end
  local hint = require "nnlua.repl.habits".syntax(line) or errors.syntax_hint(message)
  if hint then out[#out + 1] = paint.it("hint", wrapped("  hint: " .. hint, "    ")) end
  return table.concat(out, "\n")
end

--- A remedy that Lua's own message suggests.
function errors.syntax_hint(message)
  local byte = tonumber(message:match("near '<\\(%d+)>'"))
  if byte and byte >= 128 then
    return "names are made of the letters a to z, digits and _; other characters stand in texts: \"...\""
  end
  local what, opener, line = message:match("'(%a+)' expected %(to close '(%a+)' at line (%d+)%)")
  if what then return ("the '%s' of line %s has no '%s'"):format(opener, line, what) end
  if message:find("'then' expected", 1, true) then return "a condition is `if x then ... end`" end
  if message:find("'do' expected", 1, true) then return "a loop is `for i = 1, n do ... end`, `while x do ... end`" end
  if message:find("'=' or 'in' expected", 1, true) then
    return "a loop is `for i = 1, n do` or `for k, v in pairs(t) do`"
  end
  if message:find("unfinished string", 1, true) then return "a text of several lines stands in [[ and ]]" end
  if message:find("attempt to assign to const", 1, true) then
    return "declare it again: `local name = ...` makes a new variable"
  end
end

-- ---- frames -------------------------------------------------------------------------------------------------------

-- Variables of the frame at a level of this function's caller: list of {name, value, kind}, inner ones last.
local function variables_at(level, f)
  local list, place = {}, {}
  local function add(name, value, kind)
    if name:find("^%(") or name:find("^nnlua_keep_") or name == "_ENV" then return end
    if place[name] then
      list[place[name]] = {name, value, kind}
    else
      list[#list + 1] = {name, value, kind}
      place[name] = #list
    end
  end
  for i = 1, 255 do
    local name, value = debug.getupvalue(f, i)
    if not name then break end
    if name ~= "" and name ~= "?" then add(name, value, "upvalue") end
  end
  for i = 1, 255 do
    local name, value = debug.getlocal(level + 1, i)
    if not name then break end
    add(name, value, "local")
  end
  return list
end

local function is_users(info)
  return info.what ~= "C" and info.source ~= "=nnlua" and not fail.in_library(info.source)
end

local function is_entry(info)
  local session = package.loaded["nnlua.repl.session"]
  return info.what == "main" or (session ~= nil and session.is_entry ~= nil and session.is_entry(info.func))
end

-- The number of the outermost level.
local function deepest()
  local high = 64
  while debug.getinfo(high, "l") do high = 2 * high end
  local low = high // 2
  while high - low > 1 do
    local middle = (low + high) // 2
    if debug.getinfo(middle, "l") then low = middle else high = middle end
  end
  return low
end

-- The user's frames from a level on, the innermost first, and how many were left out: those in the middle of a deep
-- recursion, of which only both ends are looked at.
local function user_frames(level)
  local frames, left_out = {}, 0
  local last = deepest()
  while level <= last do
    if #frames == MOST_LEVELS // 2 and left_out == 0 and last - level > 100 then
      left_out = last - 40 - level
      level = last - 40
    end
    local info = debug.getinfo(level, "Slnf")
    if info and is_users(info) then
      if #frames < MOST_LEVELS then
        info.variables = variables_at(level, info.func)
        info.entry = is_entry(info)
        frames[#frames + 1] = info
        if left_out > 0 and #frames == MOST_LEVELS // 2 + 1 then info.after = left_out end
      else
        left_out = left_out + 1
      end
    end
    level = level + 1
  end
  return frames, left_out
end

local function frame_title(frame)
  local place = frame.currentline > 0 and ("%s:%d"):format(frame.short_src, frame.currentline) or frame.short_src
  if frame.entry then return place .. ": in main chunk" end
  if frame.name then
    return ("%s: in %s '%s'"):format(place, frame.namewhat == "method" and "method" or "function", frame.name)
  end
  return ("%s: in function <%s:%d>"):format(place, frame.short_src, frame.linedefined)
end
errors.frame_title = frame_title

-- ---- the place in the line ----------------------------------------------------------------------------------------

-- The number of the bracket that closes the one at token i.
local function closing_of(tokens, i)
  local depth = 0
  for k = i, #tokens do
    local text = tokens[k].text
    if text == "[" or text == "(" or text == "{" then depth = depth + 1 end
    if text == "]" or text == ")" or text == "}" then depth = depth - 1 end
    if depth == 0 then return k end
  end
  return i
end

-- The token of a call of a module, the owner of an index: what the tokens before i mean in a frame.
local function meaning(tokens, i, frame)
  local look = require "nnlua.repl.look"
  local path, first = look.path_back(tokens, i)
  if not path then return nil end
  local found, value = look.follow(path, require "nnlua.repl.hints".root_of(frame))
  return found and value or nil, first
end

local function is_module(v)
  local module = package.loaded["nnlua.nn.module"]
  return module ~= nil and module.is_module(v)
end

-- The operators of operations whose messages name no variable.
local signs = {
  add = "+", sub = "-", mul = "*", div = "/", pow = "^", remainder = "%", floor_divide = "//", neg = "-",
  bitwise_and = "&", bitwise_or = "|", bitwise_xor = "~", logical_and = "&", logical_or = "|", logical_xor = "~",
}
local comparisons = {["<"] = true, [">"] = true, ["<="] = true, [">="] = true}

-- The only operator of a line that the message may mean.
local function operator_in(tokens, operation)
  local sign = signs[operation:match("^([%w_]+): ")]
  local compares = operation:find("cannot be compared", 1, true)
  local found
  for i, token in ipairs(tokens) do
    if token.kind == "op" and i > 1 and (token.text == sign or compares and comparisons[token.text]) then
      if found then return nil end
      found = i
    end
  end
  return found
end

-- Tokens of a line that the message speaks of: the first and the last.
local function place_in_line(tokens, message, frame)
  local function last_named(name, after)
    for i = #tokens, 1, -1 do
      local before = i > 1 and tokens[i - 1].text
      if tokens[i].text == name and tokens[i].kind == "name" and (not after or after[before]) then return i end
    end
  end
  local kind, name = message:match("%((%a+) '([%w_]+)'%)")
  if name then
    local after = kind == "field" and {["."] = true} or kind == "method" and {[":"] = true} or nil
    local i = last_named(name, after)
    if i then return i, i end
  end
  local option = message:match("unknown option '([%w_]+)'")
  for i = 2, option and #tokens - 1 or 0 do
    local before = tokens[i - 1].text
    if tokens[i].text == option and tokens[i + 1].text == "=" and (before == "{" or before == ",") then return i, i end
  end
  local operation = message:match("^.-:%d+: (.*)$") or message
  for word in operation:gmatch("([%w_%.%[%]]+)[^:]-:") do
    local last = word:match("[%w_]+$")
    local i = last and last_named(last)
    if i then return i, i end
    if not operation:find(": ", 1, true) then break end
  end
  local operator = operator_in(tokens, operation)
  if operator then return operator, operator end
  for i = 2, #tokens do -- x.relu(), net(x), x[5]
    local text, before = tokens[i].text, tokens[i - 1]
    if text == "(" and i > 3 and tokens[i - 2].text == "." and before.kind == "name" then
      local owner = meaning(tokens, i - 3, frame)
      if core.tensor.is_tensor(owner) or is_module(owner) then return i - 1, i - 1 end
    end
    local indexes = text == "[" and operation:find("^index") and core.tensor.is_tensor(meaning(tokens, i - 1, frame))
    if indexes then return i, closing_of(tokens, i) end
    if text == "(" and before.kind ~= "op" and operation:find("^[%a_][%w_]*[%[%.(: ]") then
      local value, first = meaning(tokens, i - 1, frame)
      if is_module(value) then return first, i - 1 end
    end
  end
end

-- ---- the text -----------------------------------------------------------------------------------------------------

-- The innermost user frame that the message's position names, else the innermost.
local function failing_frame(frames, message)
  for _, frame in ipairs(frames) do
    local place = ("%s:%d:"):format(frame.short_src, frame.currentline)
    if message:sub(1, #place) == place then return frame end
  end
  return nil
end

-- The frames one below the other, those of a recursion counted.
local function add_levels(out, frames)
  local last, times = nil, 0
  local function flush()
    if times > 1 then out[#out + 1] = ("\t... (the same %d more times)"):format(times - 1) end
    last, times = nil, 0
  end
  for _, one in ipairs(frames) do
    if one.after then
      flush()
      out[#out + 1] = ("\t... (%d levels left out)"):format(one.after)
    end
    local title = frame_title(one)
    if title ~= last then
      flush()
      out[#out + 1] = "\t" .. title
    end
    last, times = title, times + 1
  end
  flush()
end

local function describe(message, frames, left_out)
  local out = {}
  local frame = failing_frame(frames, message)
  local text = frame and chunk_text(frame.source, frame.func)
  local line = text and nth_line(text, frame.currentline)
  if line and line:find("%S") then
    local tokens = lexer.tokens(line)
    local first, last = place_in_line(tokens, message, frame)
    out[1] = quote(line, frame.currentline, first and tokens[first].from, first and tokens[last].to)
  end
  local ok, hint = pcall(require("nnlua.repl.hints").find, message, line, frame)
  if ok and hint then out[#out + 1] = paint.it("hint", wrapped("  hint: " .. hint, "    ")) end
  local worth_showing = #frames > 1 or (frames[1] and not frames[1].entry) or not globals.keep_frames
  if #frames > 0 and worth_showing then
    out[#out + 1] = "stack traceback:"
    add_levels(out, frames)
    if left_out > 0 and not (frames[MOST_LEVELS // 2 + 1] or {}).after then
      out[#out + 1] = ("\t... (%d more)"):format(left_out)
    end
  end
  return out
end

-- A message that begins with a line of the library, where something went wrong that no check had foreseen, with the
-- user's line in its place.
local function in_users_terms(message, frames)
  local place, text = message:match("^(.-):%d+: (.*)$")
  if not place or not frames[1] then return message end
  for level = 3, 200 do
    local info = debug.getinfo(level, "S")
    if not info then break end
    if info.short_src == place and info.what ~= "C" then
      if not fail.in_library(info.source) then return message end
      return ("%s:%d: %s"):format(frames[1].short_src, frames[1].currentline, text)
    end
  end
  return message
end

--- Called when something fails, with the stack as it was: returns the text to be shown.
function errors.handle(message)
  local frames, left_out = user_frames(3)
  if type(message) == "string" then
    message = in_users_terms(message, frames)
  else
    local ok, text = pcall(function() return require "nnlua.repl.show".value(message) end)
    text = ok and message ~= nil and ": " .. text or ""
    message = ("(error object is a %s value%s)"):format(type(message), text)
  end
  local out = describe(message, frames, left_out)
  if globals.keep_frames then
    errors.frames, errors.at = frames, 1
    for i, frame in ipairs(frames) do
      if frame == failing_frame(frames, message) then errors.at = i end
    end
  end
  if globals.keep_frames then message = errors.fold(message) end
  return table.concat({paint.it("error", message), table.unpack(out)}, "\n")
end

-- ---- the frames of the last error ---------------------------------------------------------------------------------

local walkers = {up = true, down = true, locals = true}

--- Lets the failing frames go unless the entry asks for them.
function errors.forget_unless_used(text)
  if not errors.frames then return end
  local names = lexer.names(text)
  for name in pairs(names) do
    if walkers[name] then return end
  end
  local session = require "nnlua.repl.session"
  for name in pairs(names) do
    local mine = session.get(name) or rawget(_G, name) ~= nil
    if not mine and errors.frame_variable(name) then return end
  end
  errors.frames = nil
end

--- A variable of the frame at hand: found, value.
function errors.frame_variable(name)
  local frame = errors.frames and errors.frames[errors.at]
  for _, variable in ipairs(frame and frame.variables or {}) do
    if variable[1] == name then return true, variable[2] end
  end
  return false
end

--- Moves to another frame of the last error, by steps outwards; returns it.
function errors.step(n)
  if not errors.frames or #errors.frames == 0 then return nil end
  errors.at = math.max(1, math.min(#errors.frames, errors.at + n))
  return errors.frames[errors.at]
end

--- The frame with its line, as text.
function errors.frame_text(frame)
  local text = chunk_text(frame.source, frame.func)
  local line = text and nth_line(text, frame.currentline)
  local title = frame_title(frame)
  return line and title .. "\n" .. quote(line, frame.currentline) or title
end

return errors
