-- Three Hundred Tang Poems (Debian packages them as fortunes): UTF-8 text with the colours of a terminal around title
-- and author, poems parted by lines of a percent sign.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local path = require "nnlua.data.path"

local HERE = "/usr/share/games/fortunes"

-- One poem: {title, author, lines, text}, nil for what is none.
local function poem_of(part)
  local poem = {lines = {}}
  for line in part:gmatch("[^\r\n]+") do
    line = line:gsub("^%s+", ""):gsub("%s+$", "")
    local title, author = line:match("^《(.+)》$"), line:match("^作者：(.+)$")
    if title and not poem.title then
      poem.title = title
    elseif author and not poem.author then
      poem.author = author
    elseif line ~= "" then
      table.insert(poem.lines, line)
    end
  end
  poem.text = table.concat(poem.lines, "\n")
  return poem.title and #poem.lines > 0 and poem or nil
end

--- Loads the poems: {poems = {{title, author, lines, text}, ...}, text (all of them, parted by empty lines)}.
return function(options)
  local name = (options.root or HERE) .. "/tang300"
  if not path.exists(name) then name = name .. ".u8" end
  if not path.exists(name) then
    fail.raise("data.load: %s is missing; install it with: apt install fortunes-zh", name)
  end
  local text = core.bytes.read_file("data.load", name, options.max_bytes)
  if not utf8.len(text) then fail.raise("data.load: '%s' is damaged: no UTF-8", name) end
  text = text:gsub("\27%[[%d;]*m", "")
  local poems, texts = {}, {}
  for part in (text .. "\n%\n"):gmatch("(.-)\n%%[^\n]*\n") do
    local poem = poem_of(part)
    if poem then
      poems[#poems + 1] = poem
      texts[#texts + 1] = poem.text
    end
  end
  if #poems == 0 then fail.raise("data.load: '%s' holds no poems", name) end
  return {poems = poems, text = table.concat(texts, "\n\n") .. "\n", name = "Tang poems"}
end
