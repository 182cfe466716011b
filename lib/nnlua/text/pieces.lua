-- Text cut into characters and words, put together again, in small letters. UTF-8; Chinese and Japanese characters are
-- words of their own. Knows no vocabulary.

local fail = require "nnlua.fail"

local pieces = {}

-- Raises an error unless s is UTF-8.
local function check(s)
  if type(s) ~= "string" then fail.raise("expected a text, got %s", fail.show(s)) end
  local ok, at = utf8.len(s)
  if not ok then fail.raise("the text is no UTF-8 at byte %d", at) end
end

--- The characters of a text: text.chars("a明") is {"a", "明"}.
--     local text = require "nnlua.text"
--     #text.chars("a明月")
--     --> 3
function pieces.chars(s)
  check(s)
  local out = {}
  for c in s:gmatch(utf8.charpattern) do out[#out + 1] = c end
  return out
end

local function between(c, ...)
  local ranges = {...}
  for i = 1, #ranges, 2 do
    if c >= ranges[i] and c <= ranges[i + 1] then return true end
  end
  return false
end

-- "space", "word" (goes on over several characters), "single" (Chinese, Japanese) or "mark".
local function kind_of(c)
  if c <= 32 or c == 0x7F or c == 0xA0 or c == 0x3000 or c == 0x2028 or c == 0x2029 or between(c, 0x2000, 0x200B) then
    return "space"
  end
  if c < 0x80 then return (between(c, 48, 57, 65, 90, 97, 122) or c == 95) and "word" or "mark" end
  if between(c, 0xA1, 0xBF, 0x2010, 0x206F, 0x2190, 0x2BFF, 0x3001, 0x3004, 0x3008, 0x3020, 0xFF01, 0xFF0F, 0xFF1A,
    0xFF20, 0xFF3B, 0xFF40, 0xFF5B, 0xFF65, 0xFE30, 0xFE4F) or c == 0xD7 or c == 0xF7 then
    return "mark"
  end
  if between(c, 0x2E80, 0x2FDF, 0x3005, 0x3007, 0x3021, 0x30FF, 0x3400, 0x9FFF, 0xF900, 0xFAFF, 0x20000, 0x3FFFF) then
    return "single"
  end
  return "word"
end

pieces.kind_of = kind_of

--- The words of a text: runs of letters and digits (with apostrophes inside), marks of punctuation and Chinese and
-- Japanese characters one by one: text.words("Don't 看书!") is {"Don't", "看", "书", "!"}.
--     local text = require "nnlua.text"
--     table.concat(text.words("Don't 看书!"), " ")
--     --> Don't 看 书 !
function pieces.words(s)
  check(s)
  local out, begin = {}, nil
  for at, c in utf8.codes(s) do
    local kind = kind_of(c)
    if begin and c == 39 and s:find("^[%w\128-\255]", at + 1) then kind = "word" end
    if kind == "word" then
      begin = begin or at
    else
      if begin then out[#out + 1] = s:sub(begin, at - 1) end
      begin = nil
      if kind ~= "space" then out[#out + 1] = utf8.char(c) end
    end
  end
  if begin then out[#out + 1] = s:sub(begin) end
  return out
end

-- Marks that stand close to the word before them, and those after which the next word stands close.
local closing, opening = {}, {}
for mark in (". , ; : ! ? ) ] } % ' …"):gmatch("%S+") do closing[mark] = true end
for mark in ("( [ { $ # @"):gmatch("%S+") do opening[mark] = true end

--- Words as a text again, with spaces where words meet.
function pieces.join(words)
  local out, before = {}, nil
  for _, word in ipairs(words) do
    local first = kind_of(utf8.codepoint(word))
    local wide = first == "single" or (first == "mark" and #word > 1)
    if before and not wide and not before.wide and not closing[word] and not opening[before.word] then
      out[#out + 1] = " "
    end
    out[#out + 1] = word
    before = {word = word, wide = wide}
  end
  return table.concat(out)
end

-- Capital letters whose small ones lie `shift` further: Latin-1, Greek, Cyrillic.
local function lower_of(c)
  if between(c, 0xC0, 0xDE) and c ~= 0xD7 then return c + 32 end
  if between(c, 0x391, 0x3A9) and c ~= 0x3A2 then return c + 32 end
  if between(c, 0x410, 0x42F) then return c + 32 end
  if between(c, 0x400, 0x40F) then return c + 80 end
  if between(c, 0x100, 0x12F, 0x132, 0x137, 0x14A, 0x177) and c % 2 == 0 then return c + 1 end
  return c
end

--- A text in small letters: Latin, Greek and Cyrillic ones.
--     local text = require "nnlua.text"
--     text.lower("ÉTÉ")
--     --> été
function pieces.lower(s)
  check(s)
  s = s:gsub("[A-Z]+", string.lower)
  return (s:gsub("[\xC3-\xD1][\x80-\xBF]", function(c) return utf8.char(lower_of(utf8.codepoint(c))) end))
end

return pieces
