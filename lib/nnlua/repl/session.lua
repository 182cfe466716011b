-- session: the prompt's memory. Compiles entries so that their locals stay for the next ones, runs them, shows their
-- values, keeps `ans`. The program gives it `call`, which runs a function, shows its error and survives Ctrl-C.

local globals = require "nnlua.repl.globals"
local lexer = require "nnlua.repl.lexer"
local paint = require "nnlua.repl.paint"
local parser = require "nnlua.repl.parser"

local session = {
  locals = {},   -- name -> {f, index, attribute}: the variable is upvalue `index` of function f
  order = {},    -- names in the order of their first declaration
  seed = nil,    -- what the default stream of random numbers started from
  last = nil,    -- the last entry's text
  program = nil, -- what the program offers: call(f, ...), prefill(text), interactive
  guide = nil,   -- who looks on while a lesson runs: before(text) may take an entry as its own, after(ok, text, ...) is
                 -- told how a line of Lua went and what it gave
}

local KEEP = "nnlua_keep_"
local CHUNK = "=prompt"

-- ---- locals -------------------------------------------------------------------------------------------------------

-- A fresh variable that holds a value, as upvalue 1 of a function.
local function variable_of(value)
  return function() return value end
end

--- Makes a variable of the session: the one that is upvalue `index` of f, or (for a constant that Lua has folded, whose
-- function has no upvalue) one with the function's result.
function session.keep(name, f, attribute)
  if not debug.getupvalue(f, 1) then f = variable_of(f()) end
  if not session.locals[name] then session.order[#session.order + 1] = name end
  session.locals[name] = {f = f, index = 1, attribute = attribute}
end

--- Whether there is a local of this name, and its value.
function session.get(name)
  local variable = session.locals[name]
  if not variable then return false end
  local _, value = debug.getupvalue(variable.f, variable.index)
  return true, value
end

--- The value of a name as the next entry would see it, without calling anything: found, value.
function session.look(name)
  local found, value = session.get(name)
  if found then return true, value end
  value = rawget(_G, name)
  if value ~= nil then return true, value end
  if globals.answer then return globals.answer(name) end
  return false
end

-- The names of the session's locals that a text mentions.
local function mentioned(text)
  local list = {}
  for name in pairs(lexer.names(text)) do
    if session.locals[name] then list[#list + 1] = name end
  end
  return list
end

-- Functions that are whole chunks.
local chunks = setmetatable({}, {__mode = "k"})

--- Whether f is a whole entry or file.
function session.is_entry(f) return chunks[f] == true end

-- ---- compiling ----------------------------------------------------------------------------------------------------

-- The text with a call after each local statement at its top that hands its variables to the session.
local function instrument(text, known)
  local tree = parser.parse(text, known)
  if not tree then return text end
  local parts, at = {}, 1
  for _, statement in ipairs(tree.statements) do
    local pairs_text = {}
    for _, variable in ipairs(statement.kind == "local" and statement.variables or {}) do
      if variable.attribute ~= "close" and variable.name ~= "_ENV" then
        pairs_text[#pairs_text + 1] = ("%q,function()return %s end,%q"):format(variable.name, variable.name,
          variable.attribute or "")
      end
    end
    if #pairs_text > 0 then
      parts[#parts + 1] = text:sub(at, statement.to)
      parts[#parts + 1] = (" ;%s(%s);"):format(KEEP, table.concat(pairs_text, ","))
      at = statement.to + 1
    end
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

local function keep_all(...)
  for i = 1, select("#", ...), 3 do
    local name, f, attribute = select(i, ...)
    session.keep(name, f, attribute ~= "" and attribute or nil)
  end
end

--- Compiles a text whose locals are to stay: it sees the session's locals as its own. Returns a function, or nil and
-- a message. chunk is the name of the source.
-- @param is_expression it is `return ...`, whose call must keep the frame: errors name the line
function session.load(text, chunk, is_expression)
  local names = mentioned(text)
  local plain, message = load(text, chunk, "t")
  if not plain then return nil, message end
  local known, declared = {}, {}
  for i, name in ipairs(names) do
    known[name] = true
    declared[i] = name .. (session.locals[name].attribute == "const" and "<const>" or "")
  end
  declared[#declared + 1] = KEEP
  local head = ("local %s=... return function(...) %s"):format(table.concat(declared, ","),
    is_expression and "local " .. KEEP .. "frame<close> = nil " or "")
  local maker
  maker, message = load(head .. instrument(text, known) .. "\nend", chunk, "t")
  if not maker then
    if message:find("attempt to assign to const", 1, true) then return nil, message end
    return plain -- too many variables for Lua, for instance: it runs, its locals don't stay
  end
  local f = maker()
  chunks[f] = true
  for i = 1, 255 do
    local name = debug.getupvalue(f, i)
    if name == nil then break end
    local variable = session.locals[name]
    if name == KEEP then
      debug.upvaluejoin(f, i, function() return keep_all end, 1)
    elseif known[name] and variable then
      debug.upvaluejoin(f, i, variable.f, variable.index)
    end
  end
  return f
end

local function wants_more(message) return message ~= nil and message:sub(-5) == "<eof>" end

-- Without the `;` that mutes: text, muted.
local function without_mute(text)
  local tokens = lexer.tokens(text)
  local last = tokens[#tokens]
  if not last or last.text ~= ";" or last.kind ~= "op" then return text, false end
  while #tokens > 0 and tokens[#tokens].text == ";" and tokens[#tokens].kind == "op" do
    last = tokens[#tokens]
    tokens[#tokens] = nil
  end
  return text:sub(1, last.from - 1), true
end

-- Statements and, behind the last semicolon or on the last line, an expression: `x = 3; x` as `x = 3; return x`. Nil
-- for anything else.
local function with_last_expression(text)
  local tokens = lexer.tokens(text)
  local tries = 200 -- an expression of so many lines is none to be shown
  for i = #tokens, 2, -1 do
    local before = tokens[i - 1]
    if before.text == ";" and before.kind == "op" or tokens[i].line > before.line then
      tries = tries - 1
      if tries < 0 then return nil end
      local head, tail = text:sub(1, before.to), text:sub(before.to + 1)
      local fits = load(head, CHUNK, "t") and load("return " .. tail .. "\n", CHUNK, "t")
      if fits then return head .. tail:match("^%s*") .. "return " .. tail:match("^%s*(.*)$") end
      if before.text == ";" then return nil end
    end
  end
end

--- What a text is: "complete", "incomplete" (more of it may come) or "wrong".
function session.state(text)
  if text:find("^%s*[?!]") or text:find("%?%s*$") then return "complete" end
  local f, message = load(text, CHUNK, "t")
  if f then return "complete" end
  local expression, other = load("return " .. text, CHUNK, "t")
  if expression or load("return " .. text:gsub(";%s*$", ""), CHUNK, "t") then return "complete" end
  if with_last_expression((without_mute(text))) then return "complete" end
  return (wants_more(message) or wants_more(other)) and "incomplete" or "wrong"
end

-- Whether statements may end with a call, whose values are then the entry's: `x = 3; f(x)`.
local function ends_with_call(text)
  local tokens = lexer.tokens(text)
  local last = tokens[#tokens]
  return last ~= nil and (last.kind == "string" or last.text == ")" or last.text == "}")
end

-- A line that begins with a parenthesis goes on with the one before, as Lua has it.
local function begins_with_parenthesis(combined) return combined:find("return %s*%([^\n]*$") ~= nil end

--- Compiles an entry: function, muted, is_expression; or nil and a message.
function session.compile(text)
  local expression, muted = without_mute(text)
  local plain = load("return " .. expression .. "\n", CHUNK, "t")
  if plain and #lexer.tokens(expression) > 0 then
    return session.load("return " .. expression .. "\n", CHUNK, true), muted, true
  end
  local f, message = session.load(text, CHUNK)
  if f and not ends_with_call(expression) then return f, false, false end
  local combined = with_last_expression(expression)
  if f and (not combined or begins_with_parenthesis(combined)) then return f, false, false end
  if not combined then return nil, message end
  f, message = session.load(combined, CHUNK, true)
  if not f then return nil, message end
  return f, muted, true
end

-- ---- what functions were typed as ---------------------------------------------------------------------------------

-- Functions defined at the prompt -> the entry's text. The table doesn't keep them.
local texts = setmetatable({}, {__mode = "k"})
local current, current_text

--- The entry that a function of the prompt stands in.
function session.text_of(f) return texts[f] or (f == current and current_text) or nil end

local function note_texts(text)
  local names = lexer.names(text)
  local function note(v)
    if type(v) == "function" and not texts[v] and debug.getinfo(v, "S").source == CHUNK then texts[v] = text end
  end
  for name in pairs(names) do
    local found, value = session.get(name)
    if not found then value = rawget(_G, name) end
    note(value)
    if type(value) == "table" then
      for key in pairs(names) do note(rawget(value, key)) end
    end
  end
end

-- ---- the log for save_session -------------------------------------------------------------------------------------

local log

-- In a file without a name, so that memory stays as it is.
local function remember(text, is_expression, muted)
  log = log or io.tmpfile()
  if log then
    log:seek("end")
    log:write(("%d %s\n%s\n"):format(#text, is_expression and (muted and "muted" or "shown") or "statement", text))
  end
end

--- Iterates over what worked so far: text, kind ("statement", "shown" or "muted" expression).
function session.entries()
  if log then
    log:flush()
    log:seek("set")
  end
  return function()
    local n, kind
    if log then n, kind = (log:read("l") or ""):match("^(%d+) (%a+)$") end
    if not n then return nil end
    local text = log:read(tonumber(n)) or ""
    log:read(1)
    return text, kind
  end
end

-- ---- running ------------------------------------------------------------------------------------------------------

local remarked = {}

-- Says once that a name of the library now is the user's.
local function remark_taken()
  local nnlua = package.loaded["nnlua"]
  for _, name in ipairs(nnlua.globals) do
    if not remarked[name] and rawget(_G, name) ~= nnlua[name] then
      remarked[name] = true
      io.write(paint.it("hint", ("%s is yours now; the library's is nnlua.%s"):format(name, name)), "\n")
    end
  end
end

local function show_values(...)
  local show = require "nnlua.repl.show"
  local n = select("#", ...)
  for i = 1, n do io.write(show.value((select(i, ...))), "\n") end
end

-- Nil as the value of a field, `x.shpe`, is a slip more often than not: what it may have meant.
local function remark_field(text)
  local owner, name = text:match("([^;\n]*)$"):match("^%s*([%a_][%w_.]*)%.([%a_][%w_]*)%s*$")
  if not owner then return end
  local look = require "nnlua.repl.look"
  local found, value = look.value(owner, session.look)
  if not found then return end
  local near = require "nnlua.fail".nearest(name, look.keys(value))
  if near then io.write(paint.it("hint", ("hint: did you mean %s.%s?"):format(owner, near)), "\n") end
end

-- After a run: ok and its values.
local function finish(text, muted, is_expression, ok, ...)
  current, current_text = nil, nil
  if text:find("function", 1, true) then note_texts(text) end
  if ok then
    if is_expression and select("#", ...) > 0 then
      local value = ...
      rawset(_G, "ans", value)
    end
    remember(text, is_expression, muted)
    if not muted then
      session.program.call(show_values, ...)
      if is_expression and select("#", ...) == 1 and (...) == nil then session.program.call(remark_field, text) end
    end
  end
  if session.guide then session.program.call(session.guide.after, ok, text, is_expression, ...) end
  remark_taken()
  return ok
end

--- Runs one piece of Lua; true when it went well.
function session.run(text)
  local f, muted, is_expression = session.compile(text)
  local errors = require "nnlua.repl.errors"
  if not f then
    local message = muted
    io.stdout:flush()
    io.stderr:write(errors.syntax(message, text), "\n")
    return false
  end
  if #lexer.tokens(text) == 0 then return true end
  require "nnlua.repl.conditions".warn(text, "prompt", session.locals)
  current, current_text = f, text
  return finish(text, muted, is_expression, session.program.call(f))
end

-- The entry in pieces that each compile, as if it had been typed line by line; nil when that doesn't work out.
local function pieces_of(text)
  local pieces, piece = {}, nil
  for line in (text .. "\n"):gmatch("(.-)\n") do
    piece = piece and piece .. "\n" .. line or line
    local state = session.state(piece)
    if state == "wrong" then return nil end
    if state == "complete" then
      if piece:find("%S") then pieces[#pieces + 1] = piece end
      piece = nil
    end
  end
  return not piece and pieces or nil, piece
end

--- What a whole input is, pasted transcripts included: "complete", "incomplete" or "wrong".
function session.input_state(text)
  local state = session.state(text)
  if state ~= "wrong" or not text:find("\n", 1, true) then return state end
  local pieces, rest = pieces_of(text)
  return pieces and "complete" or rest and "incomplete" or "wrong"
end

--- Runs what was entered: Lua, or one of the prompt's own forms (?x, x?, ??word, x??, !command).
function session.enter(text)
  globals.new_entry()
  local errors = require "nnlua.repl.errors"
  errors.forget_unless_used(text)
  if session.guide then
    local ok, taken = session.program.call(session.guide.before, text)
    if not ok or taken then return end
  end
  local ask = text:find("[?!]") and require "nnlua.repl.ask"
  if ask and ask.run(text) then return end
  local pieces = {text}
  if text:find("\n", 1, true) and session.state(text) == "wrong" then pieces = pieces_of(text) or pieces end
  for _, piece in ipairs(pieces) do
    session.before_last, session.last = session.last, piece
    if ask and #pieces > 1 and ask.run(piece) then goto continue end
    if not session.run(piece) then return end
    ::continue::
  end
end

-- ---- start --------------------------------------------------------------------------------------------------------

local function config_path()
  local home = os.getenv("XDG_CONFIG_HOME")
  if not home or home == "" then home = (os.getenv("HOME") or "") .. "/.config" end
  return home .. "/nnlua/init.lua"
end

local function run_init_file()
  local path = config_path()
  local file = io.open(path)
  if not file then return end
  file:close()
  local f, message = loadfile(path, "t")
  if not f then
    io.stderr:write(message, "\n")
    return
  end
  globals.sources["@" .. path] = true
  session.program.call(f)
end

local function banner()
  local core = require "nnlua.core"
  local n = core.threads()
  local show_line = function(text) io.write(paint.cut(text, core.width()), "\n") end
  show_line(("nnlua %s, %s, %d thread%s, %s kernels"):format(core.version, _VERSION, n, n == 1 and "" or "s",
    core.kernels()))
  show_line("help() for an overview, help(x) or ?x for one thing; Ctrl-D ends")
end

--- Sets the session up. program: {call, interactive, colors, banner}.
function session.start(program)
  session.program = program
  paint.on = program.colors
  session.seed = require "nnlua.core".tensor.initial_seed()
  globals.keep_frames = true
  globals.prompt_text = session.text_of
  globals.more_names = function()
    local list = {table.unpack(session.order)}
    for name in pairs(require "nnlua".helpers) do list[#list + 1] = name end
    return list
  end
  local helpers_names
  globals.answer = function(name)
    local errors = package.loaded["nnlua.repl.errors"]
    if errors then
      local found, value = errors.frame_variable(name)
      if found then return true, value end
    end
    helpers_names = helpers_names or require "nnlua".helpers
    if helpers_names[name] then return true, require "nnlua"[name] end
    return false
  end
  if program.banner then banner() end
  run_init_file()
end

return session
