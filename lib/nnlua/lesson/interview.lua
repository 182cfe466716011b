-- interview: questions as interviews ask them, one after the other. The learner answers in words, sees what would pass,
-- what would be good and what excellent, and says which it was; what went badly comes again sooner. Knows no steps.

local core = require "nnlua.core"
local course = require "nnlua.lesson.course"
local page = require "nnlua.lesson.page"
local progress = require "nnlua.lesson.progress"

local interview = {
  list = nil, -- the questions of this sitting: {lesson, number}
  at = 1,
  open = true, -- the model answers have not been shown yet
}

local A_SITTING = 5
local DAY = 86400
local WAITS = {[0] = 0, 0, DAY, 3 * DAY, 7 * DAY, 21 * DAY} -- seconds until a question of this box is due again

local say = course.say

local function question()
  local one = interview.list[interview.at]
  return one and one.lesson.interview[one.number], one
end

local function show()
  local q, one = question()
  interview.open = true
  local title = one.lesson.chinese and one.lesson.title .. " " .. one.lesson.chinese or one.lesson.title
  io.write("\n", page.heading(title, ("question %d of %d"):format(interview.at, #interview.list), core.width()), "\n")
  say(q.question, "bold")
  say("Say it aloud or type it, as you would in the room; then `show` tells what would be good. `skip`, `quit`.", "dim")
end

local function reveal()
  local q = question()
  interview.open = false
  io.write("\n")
  for i, grade in ipairs {"pass", "good", "excellent"} do
    io.write(page.text(q[grade], core.width(), nil, ("%d %s: "):format(i, grade), "  "), "\n")
  end
  say("How far did you get? Type 0 (not there), 1, 2 or 3.", "bold")
end

local function stop()
  interview.list = nil
  course.questioning = nil
  course.fresh = true
  if not course.lesson then course.stop() end
end

local function finish()
  local marks, n = 0, 0
  for _, one in ipairs(interview.list) do
    if one.mark then marks, n = marks + one.mark, n + 1 end
  end
  stop()
  if n > 0 then
    say(("%d question%s, %.1f of 3 on average. What went badly comes first the next time: `lesson.interview()`.")
      :format(n, n == 1 and "" or "s", marks / n), "green")
  end
end

local function go_on()
  interview.at = interview.at + 1
  if interview.at > #interview.list then return finish() end
  show()
end

--- Notes a mark from 0 to 3: below 2 a question goes back to the first box, else it moves on by one.
local function grade(mark)
  local _, one = question()
  one.mark = mark
  progress.change(function(state)
    local key = one.lesson.id .. " " .. one.number
    local box = state.questions[key] and state.questions[key].box or 1
    box = mark < 2 and 1 or math.min(box + 1, 5)
    state.questions[key] = {box = box, due = progress.now() + WAITS[box]}
  end)
  go_on()
end

-- An entry of the prompt while questions are asked: whether it was taken.
local function entry(text)
  course.fresh = true
  local word = text:match("^%s*(%a+)%s*$")
  if word == "quit" then
    stop()
    say("As you like. `lesson.interview()` asks again.")
    return true
  elseif word == "skip" then
    go_on()
    return true
  end
  if interview.open then
    if word == "show" or not text:find("%S") then
      reveal()
      return true
    end
    local is_sentence = not load(text) and not load("return " .. text)
    if is_sentence or word and rawget(_G, word) == nil then
      reveal()
      return true
    end
    return false
  end
  local mark = text:match("^%s*([0-3])%s*$")
  if mark then
    grade(math.tointeger(mark))
    return true
  end
  return false
end

--- An answer in a script: a text reveals what would be good, then a number from 0 to 3 is the mark.
function interview.answer(value)
  if type(value) == "number" and not interview.open then return grade(math.max(0, math.min(3, value // 1 | 0))) end
  if interview.open then return reveal() end
  say("Type 0, 1, 2 or 3.")
end

interview.show = reveal
interview.skip = go_on
interview.quit = stop

--- Asks the questions of these lessons: those of one all in their order, of several the due ones, the worst first.
function interview.start(lessons)
  local state = progress.load()
  local list, now = {}, progress.now()
  for order, lesson in ipairs(lessons) do
    for number in ipairs(lesson.interview) do
      local known = state.questions[lesson.id .. " " .. number]
      local due = not known or known.due <= now
      if #lessons == 1 or due then
        list[#list + 1] = {lesson = lesson, number = number, order = order, box = known and known.box or 2}
      end
    end
  end
  if #lessons > 1 then
    table.sort(list, function(a, b)
      if a.box ~= b.box then return a.box < b.box end
      if a.number ~= b.number then return a.number < b.number end
      return a.order < b.order
    end)
    for i = A_SITTING + 1, #list do list[i] = nil end
  end
  if #list == 0 then
    return say("No question is due now. `lesson.interview \"perceptron\"` asks those of one lesson.")
  end
  interview.list, interview.at = list, 1
  course.listen()
  course.questioning = entry
  show()
end

--- The question that waits, for tests: its lesson's id and number.
function interview.waiting()
  local _, one = question()
  return one and one.lesson.id, one and one.number
end

return interview
