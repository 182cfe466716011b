-- lesson: lessons at the prompt. lesson() lists them, lesson "dropout" starts one or goes on with it; what the learner
-- types runs in the learner's own session, and the lesson looks at what it gave. The files of lessons are in lessons/.

local core = require "nnlua.core"
local course = require "nnlua.lesson.course"
local fail = require "nnlua.fail"
local order = require "nnlua.lesson.order"
local paint = require "nnlua.repl.paint"
local progress = require "nnlua.lesson.progress"
local read = require "nnlua.lesson.read"

local lesson = {}

local say = course.say
local folder = debug.getinfo(1, "S").source:match("^@(.*)lesson%.lua$") .. "lessons/"

-- ---- what there is --------------------------------------------------------------------------------------------------

local own = {}    -- lessons of lesson.load by id
local own_ids = {}
local cache = {}

-- Iterates over id and family in the order of learning.
local function each()
  return coroutine.wrap(function()
    for _, family in ipairs(order) do
      for id in family[2]:gmatch("%S+") do coroutine.yield(id, family[1]) end
    end
    for _, id in ipairs(own_ids) do coroutine.yield(id, own[id].family or "Your own") end
  end)
end

--- The names of all lessons, in the order of learning, as a list.
--
--     lesson.names()[1]
--     --> perceptron
function lesson.names()
  local list = {}
  for id in each() do list[#list + 1] = id end
  return list
end

local function get(id)
  if own[id] then return own[id] end
  cache[id] = cache[id] or read.file(folder .. id .. ".lua", id)
  return cache[id]
end

-- The id that a learner means: by its name, its title or its Chinese term.
local function find(who, name)
  if type(name) ~= "string" then
    fail.raise("%s: expected the name of a lesson, got %s", who, fail.show(name))
  end
  local names = lesson.names()
  for _, id in ipairs(names) do
    if id == name then return id end
  end
  local wanted = name:lower()
  for _, id in ipairs(names) do
    local one = get(id)
    if id == wanted or one.title:lower() == wanted or one.chinese == name then return id end
  end
  local near = fail.nearest(wanted, names)
  return fail.raise("%s: there is no lesson %q%s", who, name, near and (" (did you mean '%s'?)"):format(near)
    or "; lesson() lists them")
end

-- ---- the list -------------------------------------------------------------------------------------------------------

local function mark_of(id, state)
  local one = state.lessons[id]
  if not one then return "", "dim" end
  if one.done then return "done", "green" end
  return ("%d of %d"):format(one.at, one.of), "yellow"
end

local function row(id, state, width, longest)
  local one = get(id)
  local title = one.chinese and one.title .. " " .. one.chinese or one.title
  local mark, colour = mark_of(id, state)
  local minutes = ("%2d min"):format(one.minutes)
  local right = width >= 60 and ("  %s  %-8s"):format(minutes, mark) or "  " .. mark
  local left = "  " .. id .. (" "):rep(longest - #id) .. "  "
  local room = width - #left - #right
  if room < 12 then
    return paint.it("call", "  " .. paint.cut(id, width - 2 - #right)) .. paint.it(colour, mark ~= "" and right or "")
      .. "\n" .. paint.cut("    " .. title, width)
  end
  title = paint.cut(title, room)
  return paint.it("call", left) .. title .. (" "):rep(room - paint.width(title))
    .. (paint.it(colour, right):gsub("%s+$", ""))
end

local function rows(ids, state)
  local width, longest = math.min(core.width(), 100), 0
  for _, id in ipairs(ids) do longest = math.max(longest, #id) end
  local list = {}
  for i, id in ipairs(ids) do list[i] = (row(id, state, width, longest):gsub("%s+$", "")) end
  return list
end

local function list_text()
  local state = progress.load()
  local lines, family, ids = {}, nil, {}
  local function flush()
    if family then
      if #lines > 0 then lines[#lines + 1] = "" end
      lines[#lines + 1] = paint.it("bold", family)
      for _, line in ipairs(rows(ids, state)) do lines[#lines + 1] = line end
    end
  end
  for id, place in each() do
    if place ~= family then
      flush()
      family, ids = place, {}
    end
    ids[#ids + 1] = id
  end
  flush()
  lines[#lines + 1] = ""
  local first = state.current or lesson.names()[1]
  for id in each() do
    if not state.current and not (state.lessons[id] and state.lessons[id].done) then
      first = id
      break
    end
  end
  local page = require "nnlua.lesson.page"
  lines[#lines + 1] = page.text(("`lesson %q` %s; `lesson.search \"word\"` searches, `lesson.interview()` asks.")
    :format(first, state.current and "goes on where you were" or "starts one"), core.width())
  return table.concat(lines, "\n")
end

-- ---- starting -------------------------------------------------------------------------------------------------------

local function start(_, name)
  if name == nil then
    io.write(list_text(), "\n")
    course.fresh = true
    return
  end
  local id = find("lesson", name)
  local known = progress.load().lessons[id]
  local one = get(id)
  if known and not known.done and known.at > 1 and known.of == #one.steps then
    return course.start(one, known.at, known.skipped)
  end
  course.start(one, 1)
end

--- Goes on to the next step when this one is done; at the prompt Enter does the same.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.answer(-1)
--     lesson.at()
--     --> perceptron	2
function lesson.next() course.words.next() end

--- Goes back to the step before.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.skip()
--     lesson.back()
--     lesson.at()
--     --> perceptron	1
function lesson.back() course.words.back() end

--- Shows the step that waits once more, with what it types for you.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.again()
--     lesson.at()
--     --> perceptron	1
function lesson.again() course.words.again() end

--- Helps with the step that waits: a nudge first, then more, then the answer.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.hint()
--     lesson.hint()
--     lesson.at()
--     --> perceptron	1
function lesson.hint() course.words.hint() end

--- The answer to the step that waits: typed at the prompt for you to run, shown in a script. In an interview it shows
-- what would pass, be good and be excellent.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.show()
--     lesson.at()
--     --> perceptron	1
function lesson.show()
  if course.questioning then return require "nnlua.lesson.interview".show() end
  course.words.show()
end

--- Passes the step that waits.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.skip()
--     lesson.at()
--     --> perceptron	2
function lesson.skip()
  if course.questioning then return require "nnlua.lesson.interview".skip() end
  course.words.skip()
end

--- Begins the lesson that runs from its first step.
--
--     lesson "perceptron"
--     lesson.skip()
--     lesson.restart()
--     lesson.at()
--     --> perceptron	1
function lesson.restart() course.words.restart() end

--- Leaves the lesson; lesson "name" goes on where you were.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.quit()
--     lesson.at()
--     --> nil
function lesson.quit()
  if course.questioning then return require "nnlua.lesson.interview".quit() end
  course.words.quit()
end

--- Hands a value over as the answer to the step that waits: for scripts and other prompts. A step that asks for a
-- function gets the function, one that asks for a variable its value, for several a table with their names.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.answer(-1)
--     lesson.at()
--     --> perceptron	2
function lesson.answer(...)
  if course.questioning then return require "nnlua.lesson.interview".answer(...) end
  if select("#", ...) == 0 or ... == nil then
    if course.lesson then return say("There is nothing in that answer: `lesson.answer(x)` takes a value.", "yellow") end
  end
  course.answer(...)
end

--- The name of the lesson that runs and the number of its step; nil when none runs.
--
--     lesson "perceptron"
--     lesson.restart()
--     lesson.at()
--     --> perceptron	1
function lesson.at()
  if not course.lesson then return nil end
  return course.lesson.id, course.at
end

-- ---- progress, search -----------------------------------------------------------------------------------------------

--- How far you are: lessons done and begun by family, questions that are due.
--
--     lesson.progress()
--     #lesson.names() > 0
--     --> true
function lesson.progress()
  local state = progress.load()
  local families, place = {}, {}
  for id, family in each() do
    local one = place[family]
    if not one then
      one = {name = family, done = 0, begun = 0, of = 0}
      families[#families + 1], place[family] = one, one
    end
    local known = state.lessons[id]
    one.of = one.of + 1
    one.done = one.done + (known and known.done and 1 or 0)
    one.begun = one.begun + (known and not known.done and 1 or 0)
  end
  for _, one in ipairs(families) do
    say(("%s: %d of %d done%s"):format(one.name, one.done, one.of, one.begun > 0 and (", %d begun"):format(one.begun)
      or ""))
  end
  local due, weak, now = 0, 0, progress.now()
  for _, q in pairs(state.questions) do
    due = due + (q.due <= now and 1 or 0)
    weak = weak + (q.box <= 1 and 1 or 0)
  end
  if due > 0 then say(("%d questions are due again, %d went badly: `lesson.interview()`"):format(due, weak)) end
  if state.current then say(("`lesson %q` goes on where you were"):format(state.current)) end
  course.fresh = true
end

-- All texts of a lesson in one.
local function all_text(one)
  local parts = {one.id, one.title, one.chinese or "", one.about}
  for _, step in ipairs(one.steps) do
    parts[#parts + 1] = step.text
    parts[#parts + 1] = step.ask
    parts[#parts + 1] = step.claim
    parts[#parts + 1] = type(step.after) == "string" and step.after or nil
  end
  for _, q in ipairs(one.interview) do parts[#parts + 1] = q.question .. "\n" .. q.excellent end
  return table.concat(parts, "\n"):lower()
end

--- Lists the lessons in whose names or texts a word occurs.
--
--     lesson.search "XOR"
--     lesson.names()[1]
--     --> perceptron
function lesson.search(word)
  if type(word) ~= "string" or word == "" then
    fail.raise("lesson.search: expected a word, got %s", fail.show(word))
  end
  course.fresh = true
  local names, texts = {}, {}
  local wanted = word:lower()
  for id in each() do
    local one = get(id)
    if (id .. " " .. one.title .. " " .. (one.chinese or "")):lower():find(wanted, 1, true) then
      names[#names + 1] = id
    elseif all_text(one):find(wanted, 1, true) then
      texts[#texts + 1] = id
    end
  end
  table.move(texts, 1, #texts, #names + 1, names)
  if #names == 0 then
    local near = fail.nearest(wanted, lesson.names())
    return say(("No lesson mentions '%s'%s"):format(word, near and (": did you mean '%s'?"):format(near) or "."))
  end
  io.write(table.concat(rows(names, progress.load()), "\n"), "\n")
end

-- ---- interviews, lessons of one's own -------------------------------------------------------------------------------

--- Asks questions as interviews do, with model answers that would pass, be good or be excellent: those of a lesson, or,
-- without a name, five from all that you have begun, the ones that went badly first.
--
--     lesson.interview "perceptron"
--     lesson.answer "a line"
--     lesson.answer(2)
--     lesson.quit()
--     lesson.names()[1]
--     --> perceptron
function lesson.interview(name)
  local interview = require "nnlua.lesson.interview"
  if name ~= nil then
    local one = get(find("lesson.interview", name))
    if #one.interview == 0 then return say("That lesson has no questions.") end
    return interview.start {one}
  end
  local state, list = progress.load(), {}
  for id in each() do
    local asked = state.lessons[id] ~= nil
    for number in ipairs(get(id).interview) do asked = asked or state.questions[id .. " " .. number] ~= nil end
    if asked then list[#list + 1] = get(id) end
  end
  if #list == 0 then
    for id in each() do list[#list + 1] = get(id) end
  end
  if #list == 1 then list[2] = {id = "-", interview = {}, title = "-"} end -- the due ones only
  interview.start(list)
end

--- Loads a lesson of your own from a file, which is run as Lua; docs/writing-a-lesson.md says what stands in it. Then
-- lesson "name" starts it, by the name of the file or the id that it states.
--
--     local path = os.tmpname() .. ".lua"
--     local file = io.open(path, "w")
--     file:write [[return {id = "sums", title = "Sums", steps = {{ask = "1 + 1?", equals = 2}}}]]
--     file:close()
--     lesson.load(path)
--     os.remove(path)
--     lesson "sums"
--     lesson.at()
--     --> sums	1
function lesson.load(path)
  if type(path) ~= "string" then fail.raise("lesson.load: expected the name of a file, got %s", fail.show(path)) end
  local one = read.file(path)
  one.own = true
  for id in each() do
    if id == one.id and not own[id] then
      fail.raise("lesson.load: a lesson %q is there already: give yours another id", id)
    end
  end
  if not own[one.id] then own_ids[#own_ids + 1] = one.id end
  own[one.id] = one
  course.fresh = true
  say(("%s, %d steps: `lesson %q` starts it"):format(one.title, #one.steps, one.id))
end

-- ---- the end of a lesson --------------------------------------------------------------------------------------------

function course.on_finish(done)
  local found = false
  local state = progress.load()
  for id in each() do
    if found and not (state.lessons[id] and state.lessons[id].done) then
      return say(("Next in the order of learning: `lesson %q`"):format(id))
    end
    found = found or id == done.id
  end
end

return setmetatable(lesson, {__call = start, __tostring = list_text, __name = "lesson"})
