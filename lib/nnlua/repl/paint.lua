-- paint: colours for a terminal, nothing where colours are not wanted. Text with colours has the same width.

local characters = require "nnlua.characters"
local files = require "nnlua.core".files
local no, term = os.getenv("NO_COLOR"), os.getenv("TERM") or ""

local paint = {on = (not no or no == "") and term ~= "" and term ~= "dumb" and files.is_terminal(2)}

local codes = {
  dim = "2", bold = "1", red = "31", green = "32", yellow = "33", blue = "34", magenta = "35", cyan = "36",
  error = "1;31", warning = "33", hint = "36", keyword = "35", string = "32", number = "36", comment = "2;37",
  name = "0", call = "34", prompt = "1;34",
}

--- The text in a colour, where colours are on.
function paint.it(colour, text)
  if not paint.on or text == "" then return text end
  return ("\27[%sm%s\27[0m"):format(codes[colour], text)
end

--- How many columns a text takes: wide characters count twice, combining ones not at all. Colour codes don't count.
function paint.width(text) return characters.width((text:gsub("\27%[[%d;]*m", ""))) end

--- The text cut to a number of columns, "..." at the end when something went.
function paint.cut(text, width)
  return paint.width(text) <= width and text or characters.cut(text, width)
end

return paint
