-- Columns that text takes in a terminal, and cutting to them.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local characters = require "nnlua.characters"

check.test("columns", function()
  check.equal(characters.width(""), 0)
  check.equal(characters.width("abc"), 3)
  check.equal(characters.width("唐诗 é"), 6)
  check.equal(characters.width("e\u{301}"), 1, "a combining accent takes none")
  check.equal(characters.width("\u{1F600}"), 2)
  check.equal(characters.width("\xff\xfe"), 2, "bytes that are no UTF-8 show as question marks")
end)

check.test("cutting", function()
  check.equal(characters.cut("abcdef", 6), "abcdef")
  check.equal(characters.cut("abcdef", 5), "ab...")
  check.equal(characters.cut("唐诗三百首", 8), "唐诗...", "half a character is none")
  check.equal(characters.cut("abcdef", 2), "..")
  check.equal(characters.cut("abcdef", 4, "~"), "abc~")
  check.equal(characters.cut("abc", 0), "")
  for width = 0, 12 do check.ok(characters.width(characters.cut("a唐b诗c三d百e", width)) <= width, width) end
end)

check.test("a table with Chinese names stays aligned", function()
  local file = os.tmpname()
  data.write_text(file, "诗人,poems\n李白,5\nDu Fu,6\n")
  local lines = {}
  for line in tostring(data.read_csv(file)):gmatch("[^\n]+") do lines[#lines + 1] = line end
  os.remove(file)
  check.equal({lines[1], lines[2], lines[3]}, {"诗人   poems", "李白   5", "Du Fu  6"})
end)

check.done()
