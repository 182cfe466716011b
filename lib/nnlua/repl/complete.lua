-- complete: what TAB offers at a place of an entry: names, fields and methods, option keys inside a call's table,
-- files in strings. Nothing of the user's is run to find it.

local columns = require "nnlua.columns"
local core = require "nnlua.core"
local lexer = require "nnlua.repl.lexer"
local look = require "nnlua.repl.look"
local paint = require "nnlua.repl.paint"
local session = require "nnlua.repl.session"

local complete = {}

local FEW = 60 -- candidates up to which all are listed

-- ---- calls and their options --------------------------------------------------------------------------------------

--- The innermost call that is open at the end of the tokens: {callee, in_table, at_key, name}; nil when there is none.
-- callee is the number of the last token of what is called.
function complete.open_call(tokens)
  local stack = {}
  for i, token in ipairs(tokens) do
    if token.kind == "op" then
      if token.text == "(" or token.text == "{" or token.text == "[" then
        stack[#stack + 1] = i
      elseif token.text == ")" or token.text == "}" or token.text == "]" then
        stack[#stack] = nil
      end
    end
  end
  local top, below = stack[#stack], stack[#stack - 1]
  if not top then return nil end
  local function is_call(i)
    local before = tokens[i - 1]
    return tokens[i].text == "(" and before and (before.kind == "name" or before.text == "]" or before.text == ")")
  end
  if tokens[top].text == "{" then
    local before = tokens[top - 1]
    if below and is_call(below) and before and (before.text == "," or below == top - 1) then
      return {callee = below - 1, in_table = true}
    elseif before and before.kind == "name" then
      return {callee = top - 1, in_table = true}
    end
    return nil
  end
  return is_call(top) and {callee = top - 1} or nil
end

local rows

-- The rows of the registry behind a function.
local function rows_of(name, f)
  if f ~= core.methods[name] and f ~= core.tensor[name] and f ~= core.F[name] and f ~= core.tensor.linalg[name] then
    return {}
  end
  if not rows then
    rows = {}
    for _, row in ipairs(core.ops()) do
      rows[row.base] = rows[row.base] or {}
      table.insert(rows[row.base], row)
    end
  end
  return rows[name] or rows[name:gsub("_$", "")] or {}
end

--- The names that a call takes as options.
function complete.options_of(name, f)
  local list, seen = {}, {}
  local function add(option)
    if not seen[option] then list[#list + 1], seen[option] = option, true end
  end
  for _, parameter in ipairs(require "nnlua.reference".signature_of(f) or {}) do add(parameter.name) end
  for _, row in ipairs(rows_of(name, f)) do
    for _, p in ipairs(row.params) do add(p.name) end
    if row.flags.creates then add("requires_grad") end
  end
  if f == core.tensor or f == core.tensor.tensor then
    add("dtype")
    add("requires_grad")
  end
  return list
end

-- ---- kinds of places ----------------------------------------------------------------------------------------------

local function unescape(text) return (text:gsub("\\(.)", "%1")) end

-- Names of files that begin with `prefix`.
local function files(prefix)
  local directory, start = prefix:match("^(.*/)([^/]*)$")
  if not directory then directory, start = "", prefix end
  local real = directory:gsub("^~/", (os.getenv("HOME") or "~") .. "/")
  local list = {}
  local pipe = io.popen("ls -1ap -- '" .. (real == "" and "." or real):gsub("'", "'\\''") .. "' 2>/dev/null")
  for name in pipe and pipe:lines() or function() end do
    local hidden = name:sub(1, 1) == "." and start:sub(1, 1) ~= "."
    if name:sub(1, #start) == start and not hidden and name ~= "./" and name ~= "../" then
      list[#list + 1] = directory .. name
    end
  end
  if pipe then pipe:close() end
  return list
end

local function data_sets()
  local f = package.loaded["nnlua"].data.load
  for i = 1, 20 do
    local name, value = debug.getupvalue(f, i)
    if not name then break end
    if name == "sets" and type(value) == "table" then
      local list = {}
      for set in pairs(value) do list[#list + 1] = set end
      return list
    end
  end
  return {}
end

-- Inside of a string: names of data sets or lessons in their calls, else files.
local function in_string(tokens)
  local last = tokens[#tokens]
  local prefix = unescape(last.text:sub(2))
  local call = complete.open_call({table.unpack(tokens, 1, #tokens - 1)})
  local callee = call and tokens[call.callee].text
  local before = tokens[#tokens - 1]
  local name = callee or before and before.text
  local list = {}
  if name == "load" and tokens[(call and call.callee or #tokens) - 2]
    and tokens[(call and call.callee or #tokens) - 2].text == "data" then
    list = data_sets()
  elseif name == "lesson" or name == "interview" then
    list = package.loaded["nnlua"].lesson.names()
  elseif name == "require" or name == "reload" then
    for module in pairs(package.loaded) do list[#list + 1] = module end
  end
  local matching = {}
  for _, one in ipairs(list) do
    if one:sub(1, #prefix) == prefix then matching[#matching + 1] = one end
  end
  if #matching == 0 then matching = files(prefix) end
  return matching, last.from + 1, last.text:sub(1, 1)
end

local function globals_and_locals()
  local list = {table.unpack(session.order)}
  for name in next, _G do
    if type(name) == "string" then list[#list + 1] = name end
  end
  for name in pairs(require "nnlua".helpers) do list[#list + 1] = name end
  for word in pairs(lexer.keywords) do list[#list + 1] = word end
  for word in pairs(session.guide and session.guide.words or {}) do list[#list + 1] = word end
  return list
end

-- Candidates for the name that begins at token #tokens + 1 or is token #tokens; the place where it begins.
local function at_name(tokens, point)
  local last = tokens[#tokens]
  local partial = last and (last.kind == "name" or last.kind == "keyword") and last.to == point - 1
  local prefix, from = partial and last.text or "", partial and last.from or point
  local n = partial and #tokens - 1 or #tokens
  local sign = tokens[n]
  local list, suffix = {}, ""
  if sign and sign.kind == "op" and (sign.text == "." or sign.text == ":") then
    local path = look.path_back(tokens, n - 1)
    local found, owner = false, nil
    if path then found, owner = look.follow(path, session.look) end
    for _, key in ipairs(found and look.keys(owner) or {}) do
      if key:find("^[%a_][%w_]*$") and (sign.text == "." or look.callable(look.field(owner, key))) then
        list[#list + 1] = key
      end
    end
  else
    local head = {table.unpack(tokens, 1, n)}
    local call = complete.open_call(head)
    if call and call.in_table and (sign.text == "{" or sign.text == ",") then
      local path = look.path_back(tokens, call.callee)
      local found, f = false, nil
      if path then found, f = look.follow(path, session.look) end
      list, suffix = found and complete.options_of(path[#path], f) or {}, " = "
    end
    local any = false
    for _, option in ipairs(list) do any = any or option:sub(1, #prefix) == prefix end
    if not any then list, suffix = globals_and_locals(), "" end
  end
  local matching, seen = {}, {}
  for _, name in ipairs(list) do
    local hidden = name:sub(1, 1) == "_" and prefix:sub(1, 1) ~= "_"
    if name:sub(1, #prefix) == prefix and not hidden and not seen[name] then
      matching[#matching + 1], seen[name] = name, true
    end
  end
  return matching, from, suffix
end

-- ---- what is offered ----------------------------------------------------------------------------------------------

--- What could stand at byte `point` of the text: a sorted list, the byte where it begins, what follows a single one.
function complete.candidates(text, point)
  local tokens = lexer.tokens(text:sub(1, point - 1), true)
  local last = tokens[#tokens]
  if last and last.kind == "comment" and (last.open or last.to == point - 1) then return {}, point, "" end
  local list, from, suffix
  if last and last.kind == "string" and last.open and not last.text:find("^%[") then
    list, from, suffix = in_string(tokens)
    if #list == 1 and list[1]:sub(-1) == "/" then suffix = "" end
  else
    list, from, suffix = at_name(tokens, point)
  end
  table.sort(list)
  return list, from, suffix
end

local function common_prefix(list)
  local prefix = list[1] or ""
  for _, one in ipairs(list) do
    while one:sub(1, #prefix) ~= prefix do prefix = prefix:sub(1, -2) end
  end
  return prefix
end

-- The list in columns; of a long one without the twins that work in place, and what the screen holds.
local function shown_list(list, width, height)
  local set, names = {}, {}
  for _, one in ipairs(list) do set[one] = true end
  for _, one in ipairs(list) do
    local twin = #list > FEW and one:sub(-1) == "_" and set[one:sub(1, -2)]
    if not twin then names[#names + 1] = paint.cut(one:match("([^/]+/?)$") or one, width) end
  end
  local lines = columns.lines(names, width, paint.width)
  local most = math.max(height - 4, 6)
  if #lines > most then
    local few, low, high = nil, 1, #names -- as many names as make `most` lines
    while low <= high do
      local n = (low + high) // 2
      local some = columns.lines({table.unpack(names, 1, n)}, width, paint.width)
      if #some <= most then few, low = {some, n}, n + 1 else high = n - 1 end
    end
    lines = few[1]
    lines[#lines + 1] = ("... %d more: type another letter"):format(#names - few[2])
  end
  return table.concat(lines, "\n")
end

--- TAB at byte `point` of the text: where the replaced part begins, what it becomes, a list to be shown (or nil).
function complete.at(text, point)
  local list, from, suffix = complete.candidates(text, point)
  if #list == 0 then return point, nil, nil end
  if #list == 1 then return from, list[1] .. suffix, nil end
  local prefix = common_prefix(list)
  if #prefix > point - from then return from, prefix, nil end
  local _, _, height = core.pictures.terminal()
  return from, nil, shown_list(list, core.width(), height)
end

return complete
