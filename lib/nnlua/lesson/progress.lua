-- progress: what the learner has done, in $XDG_STATE_HOME/nnlua/lessons: lines of plain data, never run as code.
-- Written beside and renamed; what is damaged is put aside with a remark. Knows no lesson.

local core = require "nnlua.core"

local progress = {
  path = nil, -- the file; found when it is first needed
  remark = function(text) io.write(text, "\n") end,
  now = os.time,
}

local HEAD = "nnlua lessons 1"

local function folder()
  local base = os.getenv("XDG_STATE_HOME")
  if not base or base == "" then
    local home = os.getenv("HOME")
    if not home or home == "" then return nil end
    base = home .. "/.local/state"
  end
  return base .. "/nnlua"
end

local function file_name()
  if not progress.path then
    local place = folder()
    progress.path = place and place .. "/lessons" or ""
  end
  return progress.path ~= "" and progress.path or nil
end

local function fresh() return {lessons = {}, questions = {}, current = nil} end

-- A line's words go into the state; false when it is none of ours.
local function take(state, line)
  local id = line:match("^current ([%w_-]+)$")
  if id then
    state.current = id
    return true
  end
  local at, of, done, skipped
  id, at, of, done, skipped = line:match("^lesson ([%w_-]+) (%d+) (%d+) (%a+) (%d+)$")
  if id and #at < 6 and #of < 6 and #skipped < 6 and (done == "done" or done == "open") then
    state.lessons[id] = {at = tonumber(at), of = tonumber(of), done = done == "done", skipped = tonumber(skipped)}
    return true
  end
  local number, box, due
  id, number, box, due = line:match("^question ([%w_-]+) (%d+) (%d) (%d+)$")
  if id and #number < 6 and #due < 16 then
    state.questions[id .. " " .. tonumber(number)] = {box = tonumber(box), due = tonumber(due)}
    return true
  end
  return false
end

local function parse(text)
  local state = fresh()
  local first = true
  if #text > 2 ^ 20 then return nil end
  for line in text:gmatch("(.-)\n") do
    if first then
      if line ~= HEAD then return nil end
      first = false
    elseif not take(state, line) then
      return nil
    end
  end
  if first or text:sub(-1) ~= "\n" then return nil end
  return state
end

--- The state as the file has it: {lessons = {id = {at, of, done, skipped}}, questions = {"id 1" = {box, due}},
-- current}.
function progress.load()
  local path = file_name()
  local file = path and io.open(path, "rb")
  if not file then return fresh() end
  local text = file:read("a") or ""
  file:close()
  local state = parse(text)
  if state then return state end
  local aside = path .. ".damaged"
  os.rename(path, aside)
  progress.remark(("The record of your lessons is damaged; it is now %s, and a new one is begun."):format(aside))
  return fresh()
end

local function sorted(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function text_of(state)
  local lines = {HEAD}
  if state.current then lines[2] = "current " .. state.current end
  for _, id in ipairs(sorted(state.lessons)) do
    local one = state.lessons[id]
    lines[#lines + 1] = ("lesson %s %d %d %s %d"):format(id, one.at, one.of, one.done and "done" or "open", one.skipped)
  end
  for _, key in ipairs(sorted(state.questions)) do
    local one = state.questions[key]
    lines[#lines + 1] = ("question %s %d %d"):format(key, one.box, one.due)
  end
  return table.concat(lines, "\n") .. "\n"
end

-- Makes the folders above the file.
local function make_folders(path)
  local at = ""
  for part in path:match("^(.*)/[^/]*$"):gmatch("[^/]+") do
    at = at .. ((at ~= "" or path:sub(1, 1) == "/") and "/" or "") .. part
    pcall(core.bytes.make_folder, "lesson", at)
  end
end

local complained = false

--- Lets update(state) change the state that the file has now, and writes it.
function progress.change(update)
  local state = progress.load()
  update(state)
  local path = file_name()
  if not path then return end
  local beside = ("%s.new%x"):format(path, math.floor(core.clock() * 1e6) & 0xFFFFFF)
  local file = io.open(beside, "wb")
  if not file then
    make_folders(path)
    file = io.open(beside, "wb")
  end
  local ok = file and file:write(text_of(state)) and file:close() and os.rename(beside, path)
  if ok then return end
  os.remove(beside)
  if not complained then
    complained = true
    progress.remark(("What you do here cannot be kept: %s cannot be written."):format(path))
  end
end

return progress
