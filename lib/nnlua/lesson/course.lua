-- course: the lesson that runs: which step, what was tried, what is said. Works on a host, the learner's place: the
-- prompt or a script. Knows nothing of lists and files of lessons.

local code_of = require "nnlua.lesson.code"
local core = require "nnlua.core"
local judge = require "nnlua.lesson.judge"
local page = require "nnlua.lesson.page"
local paint = require "nnlua.repl.paint"
local progress = require "nnlua.lesson.progress"

local course = {
  lesson = nil,     -- the one that runs
  at = 1,           -- the step's number
  answered = false, -- the step is done, the next one waits to be asked for
  hints = 0,        -- hints given for this step
  silent = 0,       -- lines that were no attempt, since the last word of the lesson
  said = nil,       -- what was claimed or guessed last
  offered = nil,    -- the code that was typed for the learner last
  skipped = 0,
  fresh = true,     -- the line that runs has itself to do with the lesson
}

-- ---- hosts ----------------------------------------------------------------------------------------------------------

local function with_view(host)
  host.view = setmetatable({}, {__index = function(_, name) return host.get(name) end})
  return host
end

-- A script, or a plain lua5.4.
local script_host = with_view {
  get = function(name) return rawget(_G, name) end,
  prefill = function() return false end,
  at_prompt = false,
  write = function(text) io.write(text, "\n") end,
}

local prompt_host

local function session_at_prompt()
  local session = package.loaded["nnlua.repl.session"]
  return session and session.program and session or nil
end

local function make_prompt_host(session)
  return with_view {
    get = function(name)
      local found, value = session.get(name)
      if found then return value end
      return rawget(_G, name)
    end,
    prefill = function(text) return session.program.prefill(text) end,
    at_prompt = true,
    write = script_host.write,
  }
end

--- The learner's place; a test puts its own here by course.host = host.
local function host()
  if course.host then return course.host end
  local session = session_at_prompt()
  if not session then return script_host end
  prompt_host = prompt_host or make_prompt_host(session)
  return prompt_host
end

local function say(text, colour)
  if text and text ~= "" then host().write(page.text(text, core.width(), colour)) end
end
course.say = say

-- ---- saying ---------------------------------------------------------------------------------------------------------

local function step() return course.lesson.steps[course.at] end

local function code_block(code) return "    " .. code:gsub("\n", "\n    ") end

-- Code for the learner to run: typed at the prompt, or shown where nothing can be typed.
local function offer(code)
  course.offered = code
  if not host().prefill(code) then host().write(page.text(code_block(code), core.width())) end
end

local function show_step()
  local s, lesson = step(), course.lesson
  local width = core.width()
  local title = lesson.chinese and lesson.title .. " " .. lesson.chinese or lesson.title
  host().write("\n" .. page.heading(title, ("step %d of %d"):format(course.at, #lesson.steps), width))
  say(s.text)
  if s.claim then
    host().write((s.text ~= "" and "\n" or "") .. page.text('"' .. s.claim .. '"', width, "bold", "  "))
  end
  if s.text ~= "" or s.claim then host().write("") end
  host().write(page.text(s.ask, width, "bold", "> ", "  "))
  for i, choice in ipairs(s.choose or {}) do
    host().write(page.text(choice, width, nil, ("  %d  "):format(i), "     "))
  end
end

-- ---- what earlier steps made ----------------------------------------------------------------------------------------

-- The globals that a code assigns and those that it reads, as sets.
local function names_of(code)
  local tree = require "nnlua.repl.parser".parse(code_of.chunk(code))
  local assigned, read = {}, {}
  for _, node in ipairs(tree and tree.globals or {}) do
    if node.assigned then assigned[node.name] = true else read[node.name] = true end
  end
  return assigned, read
end

-- The code of earlier steps that makes what this step needs and the learner hasn't got; nil when nothing is missing.
local function catch_up()
  local lesson, s = course.lesson, step()
  local wanted, missing, parts = {}, false, {}
  for _, code in ipairs {type(s.answer) == "string" and s.answer or "", s.given or ""} do
    local _, read = names_of(code)
    for name in pairs(read) do wanted[name] = true end
  end
  for i = course.at - 1, 1, -1 do
    local code = lesson.steps[i].answer
    local assigned, read = {}, {}
    if type(code) == "string" then assigned, read = names_of(code) end
    local gives = false
    for name in pairs(assigned) do
      if wanted[name] and not (rawget(_G, name) ~= nil and require("nnlua")[name] ~= nil) then
        gives = true
        missing = missing or host().get(name) == nil
      end
    end
    if gives then
      table.insert(parts, 1, code)
      for name in pairs(read) do wanted[name] = true end
    end
  end
  return missing and table.concat(parts, "\n") or nil
end

-- Types what the step brings along; before that, what is missing from earlier ones.
local function offer_given()
  local missing = catch_up()
  course.catching_up = missing
  if missing then
    host().write("")
    say("Earlier steps made variables that are not here now. The lines below bring them back: Enter runs them.", "hint")
    offer(missing)
  elseif step().given then
    offer(step().given)
  end
end

-- ---- going on -------------------------------------------------------------------------------------------------------

local function note(done)
  local lesson = course.lesson
  if lesson.own then return end
  progress.change(function(state)
    local one = state.lessons[lesson.id]
    state.lessons[lesson.id] = {at = course.at, of = #lesson.steps, skipped = course.skipped,
      done = done or one ~= nil and one.done}
    state.current = not done and lesson.id or nil
  end)
end

local function enter(at)
  course.at, course.answered, course.hints, course.silent = at, false, 0, 0
  course.fresh = true
  note(false)
  show_step()
  offer_given()
end

local function after_text(s, value)
  if type(s.after) ~= "function" then return s.after end
  local ok, text = pcall(s.after, value, host().view, course.said)
  return ok and text or nil
end

--- Ends the lesson that runs without a word.
function course.stop()
  course.lesson, course.catching_up = nil, nil
  local session = session_at_prompt()
  if session then session.guide = nil end
end

local function finish()
  local lesson = course.lesson
  course.at = #lesson.steps
  note(true)
  host().write("")
  local skipped = course.skipped > 0
    and (" You skipped %d of its steps: `lesson %q` begins it anew."):format(course.skipped, lesson.id) or ""
  say(("That was %s.%s"):format(lesson.title, skipped), "green")
  if #lesson.interview > 0 then
    say(("%d questions as interviews ask them: `lesson.interview %q`"):format(#lesson.interview, lesson.id))
  end
  course.stop()
  course.fresh = true
  if course.on_finish then course.on_finish(lesson) end
end

local function advance()
  if course.at >= #course.lesson.steps then return finish() end
  enter(course.at + 1)
end

-- The claim of a trap that was judged rightly from the start needs no second asking.
local function spare_verdict()
  local following = course.lesson.steps[course.at + 1]
  if following and following.kind == "verdict" and step().is_experiment and course.said == following.holds then
    course.at = course.at + 1
    say(("You said so from the start: %s. %s"):format(tostring(following.holds), following.after), "green")
  end
end

local function right(value)
  local s = step()
  if s.kind == "claim" or s.kind == "guess" then course.said = value end
  course.answered = true
  local text = after_text(s, value)
  if s.kind == "claim" then
    say(text)
  else
    say((s.kind == "guess" and "" or "Right. ") .. (text or ""), "green")
  end
  spare_verdict()
  if not host().at_prompt then return advance() end
  host().write(paint.it("dim", paint.cut("Enter goes on", core.width())))
end

local function wrong(reply)
  course.silent = 0
  say(reply, "yellow")
end

-- A value or a line of the learner's.
local function attempt(line)
  local verdict, reply = judge.line(step(), line, host(), course.said)
  if verdict == "right" then
    right(line.value)
  elseif verdict == "wrong" then
    wrong(reply)
  end
  return verdict
end

-- ---- what the prompt tells ------------------------------------------------------------------------------------------

local words = {}
course.words = words

local function is_learners_own(word)
  local session = session_at_prompt()
  if session and session.get(word) then return true end
  local value = rawget(_G, word)
  return value ~= nil and not (word == "next" and value == next)
end

local guide = {words = words} -- TAB offers them

--- An entry, before it is run: true when it was for the lesson alone.
function guide.before(text)
  course.fresh = false
  if course.questioning then return course.questioning(text) end
  if not course.lesson then return false end
  if not text:find("%S") then
    if not course.answered then return false end
    advance()
    return true
  end
  local offered = course.offered
  if offered and text:sub(1, #offered) == offered and words[text:sub(#offered + 1)] then
    text = text:sub(#offered + 1) -- a word for the lesson, behind what was typed for the learner
  else
    offered = nil
  end
  local word = text:match("^%s*(%a+)%s*$")
  local full = text:match("^%s*lesson%.(%a+)%s*$")
  local name = word and words[word] and not is_learners_own(word) and word or full and words[full] and full
  if not name then return false end
  words[name]()
  if offered and name == "hint" then offer(offered) end
  return true
end

--- How a line of Lua went, and what it gave.
function guide.after(ok, text, is_expression, ...)
  if course.fresh or not course.lesson then
    course.fresh = false
    return
  end
  if course.catching_up and ok and text:gsub("%s+", "") == course.catching_up:gsub("%s+", "") then
    course.catching_up = nil
    say("Now the step itself: " .. step().ask, "hint")
    if step().given then offer(step().given) end
    return
  end
  if not ok or course.answered then return end
  local value
  if is_expression then value = ... end
  local verdict = attempt {text = text, value = value}
  if not verdict then
    course.silent = course.silent + 1
    if course.silent % 3 == 0 then
      say("The step still waits: `again` shows it, `hint` helps, `show` types the answer, `skip` passes it.", "dim")
    end
  end
end

--- From now on the prompt tells what happens, where there is one.
function course.listen()
  local session = session_at_prompt()
  if session then session.guide = guide end
  course.fresh = true
end

-- ---- commands -------------------------------------------------------------------------------------------------------

--- Begins a lesson at a step.
function course.start(lesson, at, skipped)
  course.stop()
  course.questioning = nil
  course.lesson, course.said, course.skipped = lesson, nil, skipped or 0
  course.listen()
  if at == 1 then
    say(lesson.about)
    if host().at_prompt then
      say("Answer at the prompt as usual: all you type runs in your own session. `hint`, `show`, `skip`, `back`, "
        .. "`again` and `quit` are for the lesson. What it types for you, Ctrl-C clears.", "dim")
    else
      say("Answer by `lesson.answer(x)`; `lesson.hint()`, `lesson.show()`, `lesson.skip()` help.", "dim")
    end
  end
  enter(math.max(1, math.min(at, #lesson.steps)))
end

local function need()
  if not course.lesson then
    say("No lesson runs: `lesson()` lists them, `lesson \"perceptron\"` starts one.")
    return false
  end
  course.fresh = true
  return true
end

function words.next()
  if not need() then return end
  if course.answered then return advance() end
  say("This step waits for an answer: `hint` helps, `skip` passes it.", "yellow")
end

function words.back()
  if not need() then return end
  if course.at == 1 then return say("This is the first step.") end
  enter(course.at - 1)
end

function words.again()
  if not need() then return end
  course.answered = false
  show_step()
  offer_given()
end

local function answer_line()
  local s = step()
  local text = tostring(s.answer)
  if s.kind == "guess" then text = "any number from " .. ("%g to %g"):format(s.guess[1], s.guess[2]) end
  return text
end

function words.hint()
  if not need() then return end
  local s = step()
  course.hints = course.hints + 1
  if s.hints[course.hints] then
    say(("Hint %d of %d: %s"):format(course.hints, #s.hints, s.hints[course.hints]), "hint")
  elseif s.kind == "claim" then
    say("Say what you believe; there is nothing to lose.", "hint")
  else
    say("The answer:", "hint")
    host().write(page.text(code_block(answer_line()), core.width()))
    say("`show` types it for you.", "hint")
  end
end

function words.show()
  if not need() then return end
  local s = step()
  if s.kind == "claim" then return say("This one is yours: `true` or `false`, as you believe.", "hint") end
  if not host().at_prompt then
    say("The answer:", "hint")
    return host().write(page.text(code_block(answer_line()), core.width()))
  end
  say("The answer is typed for you: Enter runs it.", "hint")
  offer(s.kind == "guess" and tostring(s.answer) or answer_line())
end

function words.skip()
  if not need() then return end
  if not course.answered then course.skipped = course.skipped + 1 end
  advance()
end

function words.restart()
  if not need() then return end
  course.skipped = 0
  enter(1)
end

function words.quit()
  if not need() then return end
  local id = course.lesson.id
  note(false)
  course.stop()
  say(("The lesson rests: `lesson %q` goes on where you were."):format(id))
end

--- A value as the answer to the step.
function course.answer(value, ...)
  if not need() then return end
  local s = step()
  local previous = host()
  local handed = {}
  if s.kind == "func" then handed[s.func] = value end
  if s.kind == "variables" then
    if #s.variables == 1 then handed[s.variables[1]] = value end
    if #s.variables > 1 and type(value) == "table" then
      for _, name in ipairs(s.variables) do handed[name] = value[name] end
    end
  end
  local own = with_view {
    get = function(name)
      if handed[name] ~= nil then return handed[name] end
      return previous.get(name)
    end,
    prefill = previous.prefill, at_prompt = previous.at_prompt, write = previous.write,
  }
  if select("#", ...) > 0 then value = {value, ...} end
  local verdict, reply = judge.line(s, {value = value}, own, course.said)
  if verdict == "right" then return right(value) end
  wrong(reply or "That is no answer to this step.")
end

course.guide = guide

return course
