-- Lessons: every step of every lesson is gone through as a learner would, with the model answer, every listed mistake
-- and an empty answer; then the list, progress on disk, interviews, files of one's own and their mistakes.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local course = require "nnlua.lesson.course"
local code = require "nnlua.lesson.code".compile
local judge = require "nnlua.lesson.judge"
local page = require "nnlua.lesson.page"
local paint = require "nnlua.repl.paint"
local progress = require "nnlua.lesson.progress"
local read = require "nnlua.lesson.read"

local root = (arg[0]:match("^(.*)/") or ".") .. "/../../"
local only = arg[1]

local state_folder = os.tmpname()
os.remove(state_folder)
progress.path = state_folder .. "/deep/lessons"
local remarks = {}
progress.remark = function(text) remarks[#remarks + 1] = text end

-- ---- a learner ------------------------------------------------------------------------------------------------------

-- A place with variables of its own, in which lines run as at the prompt; what the lesson writes is collected.
local function new_learner()
  local vars = setmetatable({print = function() end}, {__index = function(_, name)
    local v = rawget(_G, name)
    if v == nil then v = nnlua[name] end
    return v
  end})
  local out = {}
  local host = {at_prompt = true, get = function(name) return rawget(vars, name) end}
  host.view = setmetatable({}, {__index = function(_, name) return host.get(name) end})
  function host.write(text) out[#out + 1] = text end
  function host.prefill(text) host.typed = text return true end
  local learner = {vars = vars, host = host, out = out}
  function learner.run(text)
    local f = assert(code(text, vars))
    return f()
  end
  function learner.line(text) return {text = text, value = learner.run(text)} end
  function learner.said()
    local text = table.concat(out, "\n")
    for i = #out, 1, -1 do out[i] = nil end
    return text
  end
  return learner
end

local function judged(step, line, learner, said)
  local before = tensor.get_rng_state()
  local verdict, reply = judge.line(step, line, learner.host, said)
  check.ok(tensor.get_rng_state():equal(before), "random numbers go on as if nobody had looked")
  return verdict, reply
end

local function check_width(text, what)
  for _, width in ipairs {40, 57, 80, 200} do
    for _, indent in ipairs {{"", ""}, {"> ", "  "}, {"  1  ", "     "}} do
      for _, line in ipairs(page.lines(text, width, indent[1], indent[2])) do
        check.ok(paint.width(line) <= width, ("%s: wider than %d: %s"):format(what, width, line))
      end
    end
  end
end

local function texts_of(step)
  local list = {step.text, step.ask, step.otherwise, step.claim, type(step.after) == "string" and step.after or nil}
  for _, hint in ipairs(step.hints) do list[#list + 1] = hint end
  for _, w in ipairs(step.wrong or {}) do list[#list + 1] = w[2] end
  for _, choice in ipairs(step.choose or {}) do list[#list + 1] = choice end
  return list
end

local function globals()
  local set = {}
  for name in next, _G do set[name] = true end
  return set
end

-- ---- every lesson ---------------------------------------------------------------------------------------------------

local function walk(lesson)
  local learner, said = new_learner(), nil
  for i, step in ipairs(lesson.steps) do
    local where = ("%s, step %d (%s)"):format(lesson.id, i, step.ask:sub(1, 40))
    for _, text in pairs(texts_of(step)) do check_width(text, where) end
    check.ok(judged(step, {text = "", value = nil}, learner, said) ~= "right", where .. ": an empty answer")
    if step.kind ~= "claim" then
      check.ok(#step.hints > 0, where .. ": a hint")
    end
    for _, w in ipairs(step.wrong or {}) do
      local verdict, reply = judged(step, learner.line(tostring(w[1])), learner, said)
      check.equal(verdict, "wrong", ("%s: %s"):format(where, w[1]))
      check.equal(reply, w[2], ("%s: the reply to %s"):format(where, w[1]))
    end
    if step.given and step.given ~= step.answer and code(step.given) then
      local fine, line = pcall(learner.line, step.given) -- it may be broken on purpose
      if fine then
        check.ok(judged(step, line, learner, said) ~= "right", where .. ": what is given, as it is")
      end
    end
    if step.is_experiment then
      local verdict, reply = judged(step, {text = "0", value = 0}, learner, said)
      check.equal(verdict, "wrong", where .. ": a number typed by hand")
      check.ok(reply:find("run the experiment", 1, true), where)
    end
    local line = learner.line(tostring(step.answer))
    local verdict, reply = judged(step, line, learner, said)
    check.equal(verdict, "right", ("%s: the model answer, which gives %s (%s)"):format(where, judge.short(line.value),
      tostring(reply)))
    if step.kind == "claim" or step.kind == "guess" then said = line.value end
    if type(step.after) == "function" then
      local text = step.after(line.value, learner.host.view, said)
      check.equal(type(text), "string", where .. ": what is said then")
      check_width(text, where)
    end
  end
end

local names = lesson.names()

for _, id in ipairs(names) do
  if only and only ~= id then goto continue end
  check.test("the lesson " .. id, function()
    local before = globals()
    local one = read.file(root .. "lib/nnlua/lessons/" .. id .. ".lua", id)
    check.ok(#one.about > 10, "what it is about")
    check.ok(one.chinese, "the Chinese term")
    check.ok(#one.steps >= 5, "steps")
    check.ok(#one.interview >= 2, "questions")
    walk(one)
    for _, q in ipairs(one.interview) do
      for _, grade in ipairs {"question", "pass", "good", "excellent"} do check_width(q[grade], id) end
      check.ok(#q.pass < #q.excellent, "graded answers")
    end
    for name in pairs(globals()) do check.ok(before[name], "a global of the lesson's: " .. tostring(name)) end
  end)
  ::continue::
end
if only then check.done() return end

check.test("every file is a lesson in the order of learning", function()
  local listed = {}
  for _, id in ipairs(names) do
    check.ok(not listed[id], id .. " twice")
    listed[id] = true
  end
  local files = core.bytes.list("test", root .. "lib/nnlua/lessons")
  check.equal(#files, #names)
  for _, file in ipairs(files) do check.ok(listed[file:match("^(.*)%.lua$")], file) end
end)

check.test("lessons have the names of the tutorials", function()
  local scripts = {}
  for _, file in ipairs((core.bytes.list("test", root .. "scripts"))) do
    scripts[file:gsub("%.lua$", ""):gsub("[_-]", "")] = file:gsub("%.lua$", "")
  end
  for _, id in ipairs(names) do
    local script = scripts[(id:gsub("[_-]", ""))]
    check.ok(not script or script == id, id .. " is called " .. tostring(script) .. " in scripts")
  end
end)

-- ---- teaching -------------------------------------------------------------------------------------------------------

-- What f writes to standard output.
local function written(f, ...)
  local write, parts = io.write, {}
  io.write = function(...) -- luacheck: ignore
    parts[#parts + 1] = table.concat {...}
    return io.stdout
  end
  local ok, message = pcall(f, ...)
  io.write = write -- luacheck: ignore
  if not ok then error(message, 0) end
  return table.concat(parts)
end

-- f(learner, enter): a lesson runs in a learner's place; enter(text) is what the prompt does with a line.
local function teach(f)
  local learner = new_learner()
  course.host = learner.host
  local ok, message = pcall(f, learner, function(text)
    local taken = course.guide.before(text)
    if not taken then
      local fine, value = pcall(learner.run, text)
      course.guide.after(fine, text, fine and value ~= nil, value)
    end
    return learner.said()
  end)
  course.stop()
  course.questioning = nil
  course.host = nil
  os.remove(progress.path)
  if not ok then error(message, 0) end
end

local function has(text, words, what)
  local flat = text:gsub("%s+", " ")
  check.ok(flat:find(words, 1, true), ("%s: %q in %q"):format(what or "expected", words, flat))
end

check.test("a lesson from its first step to the end", function()
  teach(function(learner, enter)
    lesson "perceptron"
    has(learner.said(), "What is the sum?")
    enter "x"
    has(enter "0", "the bias is still to be added")
    check.equal(enter "nothing_there + 1", "", "an error is the learner's business")
    has(enter "hint", "Hint 1 of 2")
    has(enter "hint", "Hint 2 of 2")
    has(enter "hint", "The answer: -1")
    has(enter "show", "typed for you")
    check.equal(learner.host.typed, "-1")
    has(enter "-1", "Right.")
    has(enter "", "step 2 of 11")
    check.equal(learner.host.typed:match("^x = tensor"), "x = tensor")
    has(enter(learner.host.typed), "Right.")
    has(enter "next", "step 3 of 11")
    has(enter "back", "step 2 of 11")
    has(enter "skip", "step 3 of 11")
    has(enter "next", "waits for an answer")
    has(enter "7", "from 1 to 3")
    check.equal(enter "'a text'", "")
    check.equal(enter "y = 1", "")
    has(enter "y = 2", "still waits")
    learner.vars.hint = 5
    for _ = 1, 12 do
      if not course.lesson then break end
      enter "skip"
    end
    check.equal(lesson.at(), nil)
    check.equal(progress.load().lessons.perceptron.done, true)
    check.equal(progress.load().current, nil)
  end)
end)

check.test("a word for the lesson may stand behind what was typed for the learner", function()
  teach(function(learner, enter)
    lesson "perceptron"
    enter "-1"
    enter ""
    local typed = learner.host.typed
    has(enter(typed .. "hint"), "Hint 1 of 1")
    check.equal(learner.host.typed, typed)
    has(enter(typed .. "skip"), "step 3 of 11")
  end)
end)

check.test("a trap: the claim, the experiment, and the claim again only for who believed it", function()
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write([[return {id = "trapped", title = "T", steps = {{trap = "two is three", holds = false,
    experiment = {ask = "run", given = "1 + 1", equals = 2, hints = {"h"}}, verdict = "two is two"}}}]])
  file:close()
  written(lesson.load, path)
  os.remove(path)
  teach(function(learner, enter)
    lesson "trapped"
    has(learner.said(), "two is three")
    check.equal(enter "1", "")
    has(enter "true", "Noted")
    has(enter "", "step 2 of 3")
    has(enter "2", "run the experiment")
    has(enter "1 + 1", "Right.")
    has(enter "", "step 3 of 3")
    has(enter "true", "says otherwise")
    has(enter "false", "two is two")
    enter ""
    check.equal(lesson.at(), nil)
    lesson "trapped"
    learner.said()
    enter "false"
    enter ""
    has(enter "1 + 1", "You said so from the start")
    enter ""
    check.equal(lesson.at(), nil)
  end)
end)

check.test("quitting and going on, with the variables brought back", function()
  teach(function(_, enter)
    lesson "perceptron"
    for _ = 1, 7 do enter "skip" end
    has(enter "quit", 'lesson "perceptron"')
    check.equal(lesson.at(), nil)
    check.equal(progress.load().current, "perceptron")
  end)
  -- the record is gone with its file; at a step in the middle, in a session without variables:
  teach(function(learner, enter)
    progress.change(function(state)
      state.lessons.perceptron = {at = 8, of = 11, done = false, skipped = 1}
    end)
    lesson "perceptron"
    has(learner.said(), "Earlier steps made variables that are not here now")
    local lines = learner.host.typed
    check.ok(lines:find("x = tensor", 1, true) and not lines:find("function learn", 1, true), lines)
    has(enter(lines), "Now the step itself")
    has(enter(learner.host.typed), "Right.")
    check.equal(progress.load().lessons.perceptron.skipped, 1)
  end)
end)

check.test("in a script: answers are handed over", function()
  local text = written(function()
    lesson "perceptron"
    lesson.answer()
    lesson.answer(0)
    lesson.answer(-1)
  end)
  has(text, "Answer by `lesson.answer(x)`")
  has(text, "nothing in that answer")
  has(text, "the bias is still to be added")
  has(text, "step 2 of 11")
  has(text, "x:matmul(w) + b")
  text = written(function()
    lesson.answer(tensor{-1.5, -0.5, -0.5, 0.5})
    lesson.answer(2)
    lesson.skip()
    lesson.answer(function(x, w) return (x * w):sum() end)
    lesson.answer(function(x, w, b) return (x * w):sum() + b end)
    lesson.quit()
  end)
  has(text, "The bias is missing")
  has(text, "step 6 of 11")
  os.remove(progress.path)
end)

check.test("without a lesson the commands say how to begin", function()
  for _, name in ipairs {"next", "back", "hint", "show", "skip", "restart", "quit", "again"} do
    has(written(lesson[name]), "No lesson runs", name)
  end
  has(written(lesson.answer, 1), "No lesson runs")
end)

-- ---- judging --------------------------------------------------------------------------------------------------------

check.test("values are compared for what they are", function()
  check.ok(judge.same(1, tensor(1)))
  check.ok(judge.same(tensor{{1}}, 1))
  check.ok(not judge.same(tensor{{1}}, tensor{1}))
  check.ok(judge.same({1, 2}, tensor{1, 2}))
  check.ok(not judge.same({1, "a"}, tensor{1, 2}))
  check.ok(judge.same("Yes", "yes"))
  check.ok(judge.same(0.3333, 1 / 3))
  check.ok(not judge.same(0.34, 1 / 3))
  check.ok(not judge.same(0 / 0, 1))
  check.ok(not judge.same(nil, 1))
  check.ok(judge.same({a = {1, 2}}, {a = {1, 2}}))
  check.ok(not judge.same({a = 1, b = 2}, {a = 1}))
end)

local function step_of(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write("return {id = 'one', title = 'One', steps = {" .. text .. "}}")
  file:close()
  local ok, one = pcall(read.file, path)
  os.remove(path)
  if not ok then error(one, 0) end
  return one.steps[1]
end

check.test("general replies tell shape, sign and nan", function()
  local learner = new_learner()
  local step = step_of [[{ask = "a", answer = "tensor{{1, 2}}"}]]
  local function reply(value) return select(2, judge.line(step, {value = value}, learner.host)) end
  has(reply(tensor{1, 2}), "The numbers are right, the shape is not: it should be [1, 2] and is [2]")
  has(reply(tensor{1, 2, 3}), "Its shape should be [1, 2] and is [3]")
  has(reply(tensor{{0 / 0, 1}}), "nan")
  check.equal(judge.line(step, {value = 1}, learner.host), nil)
  step = step_of [[{ask = "a", answer = "2.5"}]]
  has(reply(-2.5), "the sign is not")
  has(reply(tensor{1, 2}), "One number is asked for")
  check.equal(judge.line(step, {text = "x", value = 7}, learner.host), nil, "looking at a variable is no attempt")
end)

check.test("functions are tried on inputs that the learner doesn't see", function()
  local learner = new_learner()
  local step = step_of [[{ask = "a", answer = "function f(a) return 2 * a end", func = "f",
    inputs = function() return {{3}, {-1}} end, wrong = {{"function f(a) return a * a end", "squared"}}}]]
  local function reply(text)
    local line = {text = text}
    learner.run(text)
    return judge.line(step, line, learner.host)
  end
  check.equal(select(2, reply "function f(a) return a ^ 2 end"), "squared")
  has(select(2, reply "function f(a) return 6 end"), "f(-1) should give -2, yours gives 6")
  has(select(2, reply "function f(a) error 'oh' end"), "f(3) fails:")
  check.equal(reply "function f(a) return a + a end", "right")
  check.equal(reply "g = 1", nil)
end)

check.test("the lesson's own code leaves no variables and no random numbers behind", function()
  local learner = new_learner()
  local step = step_of [[{ask = "a", answer = "h = tensor.ones(2)\nk = tensor.rand(1)", variables = "h"}]]
  learner.run "h = tensor.ones(2)"
  check.equal(judged(step, {text = "h = 1"}, learner), "right")
  check.equal(rawget(learner.vars, "k"), nil)
end)

-- ---- the list -------------------------------------------------------------------------------------------------------

check.test("the list fits the terminal and tells what was done", function()
  progress.change(function(state)
    state.lessons.perceptron = {at = 11, of = 11, done = true, skipped = 0}
    state.lessons.dropout = {at = 4, of = 12, done = false, skipped = 0}
    state.current = "dropout"
  end)
  local width = core.width
  for _, w in ipairs {40, 60, 80, 120, 200} do
    core.width = function() return w end
    local text = tostring(lesson)
    for line in text:gmatch("[^\n]+") do check.ok(paint.width(line) <= w, w .. ": " .. line) end
    has(text, "done")
    has(text, "4 of 12")
    has(text, 'lesson "dropout"')
    for _, id in ipairs(names) do has(text, id) end
  end
  core.width = width
  has(written(lesson.progress), "1 of ")
  has(written(lesson), "perceptron")
  os.remove(progress.path)
end)

check.test("names that are not there", function()
  check.error("did you mean 'dropout'?", lesson, "dropuot")
  check.error("expected the name of a lesson", lesson, 3)
  has(written(lesson.search, "xyzzyplugh"), "No lesson mentions")
  has(written(lesson.search, "XOR"), "perceptron")
  has(written(lesson.search, "随机"), "dropout")
  check.error("expected a word", lesson.search)
  teach(function(learner)
    lesson "随机失活"
    check.equal(lesson.at(), "dropout")
    lesson "Dropout"
    has(learner.said(), "step 1 of")
  end)
end)

-- ---- progress on disk -----------------------------------------------------------------------------------------------

check.test("the record is plain data, whole or not there, and damage is put aside", function()
  progress.change(function(state)
    state.lessons.dropout = {at = 2, of = 12, done = false, skipped = 1}
    state.questions["dropout 2"] = {box = 3, due = 1700000000}
  end)
  local state = progress.load()
  check.equal(state.lessons.dropout, {at = 2, of = 12, done = false, skipped = 1})
  check.equal(state.questions["dropout 2"], {box = 3, due = 1700000000})
  local file = assert(io.open(progress.path))
  local text = file:read("a")
  file:close()
  for _, damage in ipairs {"", "os.exit(1)\n", text:sub(1, -5), text .. "lesson a b c\n", text .. "\0",
    ("x"):rep(2000000), "nnlua lessons 1\nlesson x 99999999999 1 done 0\n", "nnlua lessons 9\n"} do
    file = assert(io.open(progress.path, "wb"))
    file:write(damage)
    file:close()
    remarks = {}
    check.equal(progress.load(), {lessons = {}, questions = {}})
    has(remarks[1] or "", "is damaged")
    progress.change(function(s) s.current = "dropout" end)
    check.equal(progress.load().current, "dropout")
  end
  os.remove(progress.path .. ".damaged")
  os.remove(progress.path)
end)

check.test("a place that can't be written is said once, and the lesson goes on", function()
  local path = progress.path
  progress.path = "/proc/nothing/lessons"
  remarks = {}
  progress.change(function() end)
  progress.change(function() end)
  progress.path = path
  check.equal(#remarks, 1)
  has(remarks[1], "cannot be kept")
end)

-- ---- interviews -----------------------------------------------------------------------------------------------------

check.test("questions of a lesson, with marks", function()
  local interview = require "nnlua.lesson.interview"
  progress.now = function() return 1000 end
  teach(function(learner, enter)
    written(lesson.interview, "dropout")
    check.equal({interview.waiting()}, {"dropout", 1})
    written(enter, "it drops neurons at random, doesn't it")
    check.equal(written(enter, "2 + 2"), "", "Lua runs as always")
    written(enter, "0")
    check.equal({interview.waiting()}, {"dropout", 2})
    has(written(function() learner.host.write = io.write; enter "show" end), "3 excellent")
    written(enter, "3")
    written(enter, "skip")
    check.equal(interview.list, nil)
    check.equal(progress.load().questions, {["dropout 1"] = {box = 1, due = 1000}, ["dropout 2"] = {box = 2,
      due = 1000 + 86400}})
    -- the mixed ones: what went badly first, what is not due not at all
    written(lesson.interview)
    check.equal({interview.waiting()}, {"dropout", 1})
    for _, one in ipairs(interview.list) do check.ok(one.number ~= 2, "question 2 rests for a day") end
    written(enter, "quit")
    check.equal(interview.list, nil)
  end)
  progress.now = os.time
end)

-- ---- lessons of one's own -------------------------------------------------------------------------------------------

local function fails(text, words) check.error(words, step_of, text) end

check.test("mistakes in a file are told in its author's terms", function()
  fails([[{ask = "a", equals = 1, hnits = {}}]], "step 1: there is no field 'hnits' (did you mean 'hints'?)")
  fails([[{"text only"}]], "step 1: 'ask' is missing")
  fails([[{ask = "a"}]], "step 1: 'answer' is missing")
  fails([[{ask = "a", answer = "1 +"}]], "step 1: answer does not compile")
  fails([[{ask = "a", equals = 1, between = {1, 2}}]], "one check a step")
  fails([[{ask = "a", choose = {"x", "y"}, answer = 1}]], "choice 2 needs a reply")
  fails([[{ask = "a", choose = {"x", "y"}, answer = 3}]], "the number of the right choice")
  fails([[{ask = "a", answer = "f = 1", func = "f"}]], "'inputs' has to be a function")
  fails([[{ask = "a", equals = 1, wrong = {"no"}}]], "wrong[1] has to be")
  fails([[{ask = "a", equals = 1, hints = "one"}]], "'hints' has to be a table")
  fails([[{trap = "t", holds = false, verdict = "v", experiment = {ask = "a", answer = "1"}}]], "the number that it is")
  fails("", "it has no steps")
  fails("{ask = 'a', equals = 1}}, interview = {{'why?', pass = 'a', good = 'b'}",
    "question 1: 'excellent' has to be a string")
  check.error("cannot open", lesson.load, "/nowhere/lesson.lua")
  check.error("expected the name of a file", lesson.load, nil)
end)

check.test("the lesson of docs/writing-a-lesson.md works", function()
  local file = assert(io.open(root .. "docs/writing-a-lesson.md"))
  local text = file:read("a"):match("```lua\n(.-)\n```")
  file:close()
  local path = os.tmpname()
  file = assert(io.open(path, "w"))
  text = text:gsub('func = "mean",', 'func = "mean", hints = {"h"},'):gsub("equals = 3,", 'equals = 3, hints = {"h"},')
  file:write(text)
  file:close()
  local one = read.file(path, "sums")
  os.remove(path)
  check.equal(#one.steps, 5)
  walk(one)
end)

os.execute("rm -r '" .. state_folder .. "'")
check.done()
