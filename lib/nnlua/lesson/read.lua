-- Reads a lesson's file: runs it with the library at hand, checks what it gave and says what is wrong in the author's
-- terms, makes three steps of a trap. docs/writing-a-lesson.md describes the format. Knows no learner.

local code_of = require "nnlua.lesson.code"
local core = require "nnlua.core"
local fail = require "nnlua.fail"

local read = {}

-- ---- what may stand in a file ---------------------------------------------------------------------------------------

local function set(words)
  local names, list = {}, {}
  for word in words:gmatch("%S+") do
    names[word] = true
    list[#list + 1] = word
  end
  return names, list
end

local lesson_fields, lesson_list = set "id title chinese minutes about family steps interview"
local shared = "text ask given answer hints wrong otherwise after "
local step_fields, step_list = set(shared .. [[choose equals within between guess variables func inputs check trap
  holds experiment verdict]])
local question_fields, question_list = set "question pass good excellent"

-- Ways to check a step, of which each has at most one; without any the line's value is held against the answer's.
local KINDS = {"choose", "equals", "between", "guess", "variables", "func", "check", "trap"}

local complain -- (format, ...): set while a file is read

local function check_fields(t, known, list, positions)
  for key in pairs(t) do
    if math.type(key) == "integer" and key >= 1 and key <= positions then goto continue end
    if not known[key] then complain("there is no field '%s'%s", tostring(key), fail.suggest(tostring(key), list)) end
    ::continue::
  end
end

local function check_type(t, key, kind, needed)
  local v = t[key]
  if v == nil and not needed then return end
  if type(v) ~= kind then complain("'%s' has to be a %s, it is %s", key, kind, fail.show(v)) end
end

local function check_code(what, code)
  if type(code) ~= "string" then return end
  if code:find("\n%s*%(") then complain("%s: a line that begins with a parenthesis is a call to Lua", what) end
  local f, message = code_of.compile(code)
  if not f then complain("%s does not compile: %s", what, message) end
end

-- ---- steps ----------------------------------------------------------------------------------------------------------

-- The text without the indentation that its lines share and without blank ends.
local function dedent(text)
  local least = math.huge
  local first = true
  for line in (text .. "\n"):gmatch("(.-)\n") do
    -- what stands right behind the opening quote has no indentation to speak of
    if line:find("%S") and not (first and line:find("^%S")) then least = math.min(least, #line:match("^ *")) end
    first = false
  end
  if least == math.huge then least = 0 end
  local strip = "^" .. (" "):rep(least)
  local out = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do out[#out + 1] = (line:gsub(strip, "", 1):gsub("%s+$", "")) end
  return (table.concat(out, "\n"):gsub("^\n+", ""):gsub("%s+$", ""))
end

local function check_wrong(step)
  for i, w in ipairs(step.wrong or {}) do
    if type(w) ~= "table" or w[1] == nil or type(w[2]) ~= "string" then
      complain("wrong[%d] has to be {what the learner types, \"the reply\"}", i)
    end
    if step.kind ~= "choose" and step.kind ~= "equals" then check_code(("wrong[%d]"):format(i), w[1]) end
    w[2] = dedent(w[2])
  end
end

local checks = {}

function checks.choose(step)
  check_type(step, "choose", "table")
  if math.type(step.answer) ~= "integer" or not step.choose[step.answer] then
    complain("'answer' has to be the number of the right choice")
  end
  local replies = {}
  for _, w in ipairs(step.wrong or {}) do replies[w[1]] = true end
  for i in ipairs(step.choose) do
    if i ~= step.answer and not replies[i] then complain("choice %d needs a reply: wrong = {{%d, \"...\"}}", i, i) end
  end
end

function checks.equals(step)
  if step.answer == nil then
    if type(step.equals) == "table" or type(step.equals) == "userdata" then complain("'answer' is missing") end
    step.answer = type(step.equals) == "string" and ("%q"):format(step.equals) or tostring(step.equals)
  end
end

function checks.between(step)
  local b = step.between
  if type(b) ~= "table" or type(b[1]) ~= "number" or type(b[2]) ~= "number" then
    complain("'between' has to be {least, most}")
  end
end

function checks.guess(step)
  local b = step.guess
  if type(b) ~= "table" or type(b[1]) ~= "number" or type(b[2]) ~= "number" then
    complain("'guess' has to be {least, most}")
  end
  step.answer = step.answer or tostring(b[1])
end

function checks.variables(step)
  if type(step.variables) == "string" then
    local list = {}
    for name in step.variables:gmatch("[%w_]+") do list[#list + 1] = name end
    step.variables = list
  end
  check_type(step, "variables", "table", true)
end

function checks.func(step)
  check_type(step, "func", "string", true)
  check_type(step, "inputs", "function", true)
end

function checks.check(step) check_type(step, "check", "function", true) end

function checks.value() end

local function check_step(step)
  check_fields(step, step_fields, step_list, 1)
  step.text = dedent(step.text or step[1] or "")
  step[1] = nil
  for _, key in ipairs {"text", "ask", "given", "otherwise"} do check_type(step, key, "string") end
  for _, key in ipairs {"hints", "wrong"} do check_type(step, key, "table") end
  if step.after ~= nil and type(step.after) ~= "function" then check_type(step, "after", "string") end
  if step.ask == nil then complain("'ask' is missing: what is the learner to do?") end
  for _, key in ipairs {"ask", "given", "otherwise", "after"} do
    if type(step[key]) == "string" then step[key] = dedent(step[key]) end
  end
  step.hints = step.hints or {}
  for i, hint in ipairs(step.hints) do
    if type(hint) ~= "string" then complain("hints[%d] has to be a text", i) end
    step.hints[i] = dedent(hint)
  end
  step.kind = "value"
  local found
  for _, kind in ipairs(KINDS) do
    if step[kind] ~= nil then
      if found then complain("both '%s' and '%s': one check a step", found, kind) end
      found, step.kind = kind, kind
    end
  end
  if step.answer == nil then step.answer = step.given end
  if type(step.answer) == "string" then step.answer = dedent(step.answer) end
  checks[step.kind](step)
  if step.answer == nil then complain("'answer' is missing") end
  check_code("answer", step.answer)
  check_wrong(step)
  return step
end

-- A claim that circulates, the experiment, and the claim once more: three steps.
local function expand_trap(step)
  check_fields(step, step_fields, step_list, 1)
  check_type(step, "trap", "string", true)
  check_type(step, "holds", "boolean", true)
  check_type(step, "experiment", "table", true)
  check_type(step, "verdict", "string", true)
  local claim = dedent(step.trap)
  local experiment = check_step(step.experiment)
  if experiment.kind ~= "equals" and experiment.kind ~= "between" then
    complain("the experiment needs 'equals' or 'between': the number that it is to give")
  end
  experiment.is_experiment = true
  local first = {
    kind = "claim", text = dedent(step.text or step[1] or ""), claim = claim, hints = {},
    ask = "True or false? Say what you believe, `true` or `false`; an experiment will decide.",
    answer = tostring(step.holds), after = "Noted. Now let the numbers speak.",
  }
  local again = {
    kind = "verdict", text = "", claim = claim, holds = step.holds, hints = {"Look at the number once more."},
    ask = "The claim again, after what you have seen: `true` or `false`?",
    answer = tostring(step.holds), after = dedent(step.verdict),
    wrong = {{tostring(not step.holds), "The number says otherwise: go by what the experiment gave."}},
  }
  return {first, experiment, again}
end

local function check_question(q)
  check_fields(q, question_fields, question_list, 1)
  q.question = q.question or q[1]
  for _, key in ipairs {"question", "pass", "good", "excellent"} do
    check_type(q, key, "string", true)
    q[key] = dedent(q[key])
  end
end

-- ---- files ----------------------------------------------------------------------------------------------------------

-- What a lesson's file sees beside Lua: the parts of the library, whatever the learner has made of their names.
local function environment()
  local nnlua = require "nnlua"
  local env = {nnlua = nnlua}
  for _, name in ipairs(nnlua.globals) do env[name] = nnlua[name] end
  return setmetatable(env, {__index = _G})
end

local function check_lesson(lesson, id)
  if type(lesson) ~= "table" then complain("it has to return a table") end
  check_fields(lesson, lesson_fields, lesson_list, 0)
  check_type(lesson, "title", "string", true)
  for _, key in ipairs {"id", "chinese", "about", "family"} do check_type(lesson, key, "string") end
  check_type(lesson, "steps", "table", true)
  check_type(lesson, "interview", "table")
  check_type(lesson, "minutes", "number")
  lesson.id, lesson.about, lesson.minutes = lesson.id or id, lesson.about or "", lesson.minutes or 10
  if not lesson.id:find("^[%w][%w_-]*$") then complain("'id' has to be made of letters, digits and -") end
  lesson.interview = lesson.interview or {}
end

local function check_all(lesson, id, where)
  local function say(format, ...) fail.raise("%s: " .. format, where, ...) end
  complain = say
  check_lesson(lesson, id)
  local steps = {}
  for i, step in ipairs(lesson.steps) do
    complain = function(format, ...) say("step %d: " .. format, i, ...) end
    if type(step) ~= "table" then complain("it has to be a table") end
    if step.trap then
      table.move(expand_trap(step), 1, 3, #steps + 1, steps)
    else
      steps[#steps + 1] = check_step(step)
    end
  end
  complain = say
  if #steps == 0 then complain("it has no steps") end
  for i, q in ipairs(lesson.interview) do
    complain = function(format, ...) say("question %d: " .. format, i, ...) end
    if type(q) ~= "table" then complain("it has to be a table") end
    check_question(q)
  end
  lesson.steps = steps
  return lesson
end

--- A lesson, ready to be taught, from its file. Wrong files are errors that say what is wrong.
function read.file(path, id)
  local f, message = loadfile(path, "t", environment())
  if not f then fail.raise("lesson.load: %s", message) end
  local state = core.tensor.get_rng_state()
  local lesson = f()
  core.tensor.set_rng_state(state)
  local where = path:match("[^/]*$")
  return check_all(lesson, id or where:gsub("%.lua$", ""), where)
end

return read
