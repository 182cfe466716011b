-- Where a figure goes: to the terminal, in the richest way it takes, or to a file by the ending of its name. Knows what
-- kinds of figures there are, not how they are made.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local text = require "nnlua.plot.text"

local pictures = core.pictures
local output = {}

local ways = {"kitty", "sixel", "blocks", "ascii"}

local function env(name)
  local v = os.getenv(name)
  return v ~= "" and v or nil
end

-- What the terminal behind standard output can show.
local function best_way()
  local is_terminal = pictures.terminal()
  local term = env("TERM") or "dumb"
  if not is_terminal or term == "dumb" then return "ascii" end
  local program = env("TERM_PROGRAM") or ""
  local inside = env("TMUX") or env("STY") -- multiplexers keep pictures to themselves
  if not inside and not env("NO_COLOR") then
    if env("KITTY_WINDOW_ID") or term:find("kitty") or term:find("ghostty") or program == "WezTerm"
      or program == "ghostty" then
      return "kitty"
    end
    if term:find("sixel") or term:find("^foot") or term:find("^mlterm") or program == "mintty" then
      return "sixel"
    end
  end
  local locale = env("LC_ALL") or env("LC_CTYPE") or env("LANG")
  if locale and not locale:lower():find("utf%-?8") then return "ascii" end
  return "blocks"
end

-- How many colours text may have: "true", "256" or nil.
local function depth_of()
  if env("NO_COLOR") then return nil end
  local term, colors = env("TERM") or "", env("COLORTERM") or ""
  if colors == "truecolor" or colors == "24bit" or term:find("direct") or term:find("kitty") then return "true" end
  return "256"
end

--- The style of text for a way of showing: see plot/text.lua.
function output.style(way)
  if way == "ascii" then
    return {unicode = false}
  end
  return {unicode = true, depth = depth_of()}
end

--- The way of showing that options ask for, or the terminal's best.
function output.way(who, wanted)
  if wanted == nil then return best_way() end
  for _, way in ipairs(ways) do
    if way == wanted then return way end
  end
  fail.raise("%s: there is no way %s to show a picture%s", who, fail.show(wanted), fail.suggest(tostring(wanted), ways))
end

local drawers = {xy = text.xy, bars = text.bars, pictures = text.pictures, matrix = text.matrix,
  summary = text.summary}

--- A figure as lines of text no wider than `width`.
function output.lines(fig, width, height, style)
  width = math.max(8, width)
  local draw = drawers[fig.kind] or require("nnlua.plot.diagram").text
  return draw(fig, width, height, style):lines(style.depth)
end

--- Width and height of a figure's text in cells, from the options and the terminal.
function output.size(o)
  local _, columns, rows = pictures.terminal()
  local width = math.min(columns, o.columns or math.min(columns, 100))
  return width, math.max(3, math.min(o.rows or 16, math.max(rows - 8, 8)))
end

local function print_lines(lines)
  io.write(table.concat(lines, "\n"), "\n")
  io.flush()
end

local kept = {directory = nil, count = 0}

--- From now on each figure that is shown is also written to this directory (which must be there) as a PNG: 01.png,
-- 02.png... nil ends that.
function output.keep(directory) kept.directory, kept.count = directory, 0 end

local function keep(who, fig, o)
  kept.count = kept.count + 1
  local path = ("%s/%02d.png"):format(kept.directory, kept.count)
  require("nnlua.plot.files").write(who, fig, {file = path, width = o.width, height = o.height})
end

--- Shows a figure or writes it to a file. Options: file, as, columns, rows (of text), width, height (of files).
function output.show(who, fig, o)
  if o.file then return require("nnlua.plot.files").write(who, fig, o) end
  if kept.directory then keep(who, fig, o) end
  local way = output.way(who, o.as)
  if way == "kitty" or way == "sixel" then
    return require("nnlua.plot.files").to_terminal(fig, o, way)
  end
  local width, height = output.size(o)
  print_lines(output.lines(fig, width, height, output.style(way)))
end

return output
