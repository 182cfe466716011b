-- ask: the prompt's own forms beside Lua: ?x and x? explain, ??word searches, x?? shows the source, !command runs in
-- the shell; and the line about a call that Ctrl-X H shows.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local complete = require "nnlua.repl.complete"
local lexer = require "nnlua.repl.lexer"
local look = require "nnlua.repl.look"
local paint = require "nnlua.repl.paint"
local session = require "nnlua.repl.session"
local show = require "nnlua.repl.show"

local tensor = core.tensor
local ask = {}

local function say(text) io.write(text, "\n") end

local function trim(text) return text:match("^%s*(.-)%s*$") end

-- ---- ?x -----------------------------------------------------------------------------------------------------------

-- An option of a call: "nn.Conv2d.padding".
local function option_text(text)
  local owner, name = text:match("^(.*)[.:]([%w_]+)$")
  if not owner then return nil end
  local found, value = look.value(owner, session.look)
  if not found then return nil end
  local signature = require "nnlua.reference".signature_of(value)
  local parameter = signature and signature.by_name and signature.by_name[name]
  if parameter then
    return ("%s of %s: %s%s"):format(name, owner, signature:explain(parameter),
      parameter.required and "; it must be given" or "")
  end
  for _, known in ipairs(complete.options_of(owner:match("[%w_]+$") or "", value)) do
    if known == name then
      local row_help = require "nnlua.help".text(value)
      return ("%s is an argument of %s:\n\n%s"):format(name, owner, row_help)
    end
  end
end

local function explain(text)
  local help = require "nnlua.help"
  local function tell(what) say(help.painted(help.text(what))) end
  if text == "" then return tell() end
  local word = text:match("^[\"'](.*)[\"']$")
  if word then return tell(word) end
  local found, value = look.value(text, session.look)
  if found and tensor.is_tensor(value) then
    say(show.value(value))
    return say("help(tensor) lists what can be done with it; ?x:sum explains one method.")
  elseif found and (type(value) == "function" or type(value) == "table") then
    return tell(value)
  elseif found then
    say(show.value(value))
    return say(("a %s"):format(math.type(value) or type(value)))
  end
  local option = option_text(text)
  if option then return say(option) end
  return tell(text)
end

-- ---- ??word -------------------------------------------------------------------------------------------------------

local function search(word)
  local reference = require "nnlua.reference"
  local wanted, names, texts = word:lower(), {}, {}
  local function try(full, text)
    if texts[full] == nil and ((full .. " " .. (text or "")):lower():find(wanted, 1, true)) then
      names[#names + 1] = full
      texts[full] = (text or ""):gsub("%s+", " ")
    end
  end
  for _, entry in ipairs(reference.operations()) do try(entry.calls[1], entry.rows[1].doc) end
  for _, item in ipairs(reference.builtins()) do try(item.name, item.text) end
  for _, part in ipairs(reference.parts()) do
    for _, item in ipairs(part.items) do try(item.name, item.text) end
  end
  if #names == 0 then
    local near = fail.nearest(word, look.keys(core.tensor))
    return say(("nothing found for '%s'%s"):format(word, near and (" (did you mean '%s'?)"):format(near) or ""))
  end
  table.sort(names, function(a, b)
    local in_a, in_b = a:lower():find(wanted, 1, true) ~= nil, b:lower():find(wanted, 1, true) ~= nil
    if in_a ~= in_b then return in_a end
    return a < b
  end)
  local width, longest = core.width(), 0
  for i = 1, math.min(#names, 40) do longest = math.max(longest, #names[i]) end
  longest = math.min(longest, math.max(width * 2 // 5, 16)) -- longer names push their text to the right
  for i = 1, math.min(#names, 40) do
    local name = paint.cut(names[i], width)
    local text = (" "):rep(math.max(longest - #name, 0) + 2) .. texts[names[i]]
    say(paint.it("call", name) .. (width - #name > 8 and paint.cut(text, width - #name) or ""))
  end
  if #names > 40 then say(("... %d more"):format(#names - 40)) end
end

-- ---- x?? ----------------------------------------------------------------------------------------------------------

local function lines_of(text, first, last)
  local out, i = {}, 0
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    i = i + 1
    if i >= first and i <= last then out[#out + 1] = line end
  end
  return table.concat(out, "\n")
end

-- Source text of a function with its place, or nil.
local function source_of(f)
  local info = debug.getinfo(f, "S")
  if info.what == "C" then return nil end
  local text
  if info.source:sub(1, 1) == "@" then
    local file = io.open(info.source:sub(2))
    text = file and file:read("a")
    if file then file:close() end
  else
    text = session.text_of(f)
  end
  if not text then return nil end
  return paint.it("dim", ("-- %s:%d"):format(info.short_src, info.linedefined)) .. "\n"
    .. lines_of(text, info.linedefined, info.lastlinedefined)
end

local function show_source(text)
  local found, value = look.value(text, session.look)
  if not found then return say(("there is no '%s'"):format(text)) end
  local shown = 0
  local function try(f)
    local source = type(f) == "function" and source_of(f)
    if source then
      say(source)
      shown = shown + 1
    end
  end
  if type(value) == "table" then
    local class = look.field(value, "forward") and value or getmetatable(value)
    try(look.field(class or value, "init"))
    try(look.field(class or value, "forward"))
    local meta = getmetatable(value)
    if shown == 0 and type(meta) == "table" then try(rawget(meta, "__call")) end
  else
    try(value)
  end
  if shown == 0 then
    say(("%s is not written in Lua; what is known of it:"):format(text))
    explain(text)
  end
end

-- ---- the line about a call ----------------------------------------------------------------------------------------

--- Lines about the call that is open at byte `point` of the text; nil when there is none.
function ask.hint(text, point)
  local tokens = lexer.tokens(text:sub(1, point - 1))
  while true do
    local call = complete.open_call(tokens)
    local last = call and call.callee or #tokens
    local path = look.path_back(tokens, last)
    local found, value = false, nil
    if path then found, value = look.follow(path, session.look) end
    if found and look.callable(value) then
      local name = type(path[#path]) == "string" and path[#path] or "f"
      local known = require "nnlua.reference".by_value()[value]
      if known and known.rows then
        local lines = {}
        for i, row in ipairs(known.rows) do lines[i] = require "nnlua.reference".signature(row) end
        return table.concat(lines, "\n")
      elseif known then
        return known.call
      end
      local signature = require "nnlua.reference".signature_of(value)
      if signature then return tostring(signature) end
      if type(value) == "function" then return name .. " = " .. show.function_phrase(value) end
      return name .. ": " .. tostring(value):match("^[^\n]*")
    end
    if not call then return nil end
    tokens = {table.unpack(tokens, 1, call.callee - 1)}
  end
end

--- The same for the screen: in lines that it holds, in colour.
function ask.hint_lines(text, point)
  local lines = ask.hint(text, point)
  if not lines then return nil end
  return (require "nnlua.repl.errors".fold(lines):gsub("[^\n]+", function(line) return paint.it("call", line) end))
end

-- ---- all of them --------------------------------------------------------------------------------------------------

local function shell(command)
  io.stdout:flush()
  local _, how, code = os.execute(command)
  if how == "signal" and code == 2 or code == 130 then
    say("interrupted")
  elseif how == "signal" then
    say(("(ended by signal %d)"):format(code))
  elseif code ~= 0 then
    say(("(status %d)"):format(code))
  end
end

local function form_of(text)
  text = trim(text)
  local head, rest = text:match("^(!)%s*(.*)$")
  if head then return shell, rest end
  rest = text:match("^%?%?%s*(.+)$")
  if rest then return search, rest:match("^[\"'](.*)[\"']$") or rest end
  rest = text:match("^%?%s*(.*)$")
  if rest then return explain, rest end
  rest = text:match("^(.-)%s*%?%?$")
  if rest and not rest:find("\n", 1, true) then return show_source, rest end
  rest = text:match("^(.-)%s*%?$")
  if rest and not rest:find("\n", 1, true) then return explain, rest end
end

--- Does what the text asks for when it is one of these forms; whether it was.
function ask.run(text)
  if load(text) then return false end
  local f, rest = form_of(text)
  if not f then return false end
  session.program.call(f, rest)
  return true
end

return ask
