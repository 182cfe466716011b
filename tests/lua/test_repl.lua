-- The prompt's parts that need no terminal: tokens, tree, conditions that are always true, values as text, completion,
-- entries and what they leave.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local complete = require "nnlua.repl.complete"
local conditions = require "nnlua.repl.conditions"
local habits = require "nnlua.repl.habits"
local highlight = require "nnlua.repl.highlight"
local input = require "nnlua.repl.input"
local lexer = require "nnlua.repl.lexer"
local parser = require "nnlua.repl.parser"
local session = require "nnlua.repl.session"
local show = require "nnlua.repl.show"

local test, equal = check.test, check.equal

local function words(text, comments)
  local list = {}
  for i, token in ipairs(lexer.tokens(text, comments)) do list[i] = token.text end
  return list
end

test("tokens", function()
  equal(words("a.b[1]~=0x1p4..'x\\'y' --c"), {"a", ".", "b", "[", "1", "]", "~=", "0x1p4", "..", "'x\\'y'"})
  equal(words("x = [==[ ]] ]==] -- [[\ny"), {"x", "=", "[==[ ]] ]==]", "y"})
  equal(words("--[[ a\nb ]] c", true), {"--[[ a\nb ]]", "c"})
  equal(words("#!/usr/bin/env nnlua\nx"), {"x"})
  equal(words("#t"), {"#", "t"})
  equal(lexer.tokens("'abc")[1].open, true)
  equal(lexer.tokens("[[abc")[1].open, true)
  equal(lexer.tokens("a\n\n'x\\z  \n y' b")[3].line, 4)
end)

test("the tree covers every file of the library", function()
  local n = 0
  for _, name in ipairs(nnlua.globals) do assert(pairs(nnlua[name])) end -- loads it
  for name in pairs(package.loaded) do
    local path = name:find("^nnlua%.") and package.searchpath(name, package.path)
    local file = path and io.open(path)
    if file then
      local text = file:read("a")
      file:close()
      if not parser.parse(text) then error("no tree of " .. path) end
      n = n + 1
    end
  end
  check.ok(n > 30)
end)

test("the tree of what is no Lua is nil", function()
  for _, text in ipairs {"x = = 1", "if x", "f(", "local 1", "end", "x +"} do equal(parser.parse(text), nil, text) end
end)

test("globals and scopes", function()
  local tree = parser.parse("local a = b; function c.d:e(f) return self, a, f, g end; for i = 1, h do a = i end; i = a")
  local names = {}
  for i, node in ipairs(tree.globals) do names[i] = node.name .. (node.assigned and "=" or "") end
  equal(names, {"b", "c", "g", "h", "i="})
end)

-- Sources and how many warnings they give.
local sources = {
  {"if x:lt(y) then end", 1}, {"if x:lt(y):all() then end", 0}, {"while x:gt(0) do end", 1},
  {"repeat until x:eq(y)", 1}, {"local z = not x:isnan()", 1}, {"z = x:ge(0) and 1 or 2", 1},
  {"z = 5 or x:ge(0)", 0}, {"z = not a and b or c and x:lt(1) or d", 0},
  {"z = a or x:lt(1) or b", 1},
  {"if a and x:ge(0) then end", 1}, {"z = flag and x:lt(0) or x:gt(0)", 0},
  {"if x:all() then end", 0}, {"if x:any(1) then end", 1}, {"if x:any({dim = 1}) then end", 1},
  {"if tensor.lt(x, y) then end", 1}, {"if mylib.lt(x, y) then end", 0}, {"if x:equal(y) then end", 0},
  {"if x:sum() == 3 then end", 1}, {"if 3 ~= x:sum() then end", 1}, {"if x:sum():item() == 3 then end", 0},
  {"if x:size(1) == 3 then end", 0}, {"if x:numel() == 3 then end", 0}, {"if s:len() == 3 then end", 0},
  {"if F.relu(x) == 0 then end", 1}, {"if x:sum() == y:sum() then end", 1}, {"if x.shape == {2} then end", 0},
  {"local m = x:lt(0); if m then end", 1}, {"local m = x:lt(0); m = 1; if m then end", 0},
  {"-- if x:lt(0) then", 0}, {"s = 'if x:lt(0) then'", 0}, {"if (x:lt(0)) then end", 1},
  {"if a then elseif x:lt(0) then end", 1}, {"f(function() if x:ne(y) then end end)", 1},
  {"local p = f(1)\n(g(p)):backward()", 1}, {"local p = f(1);\n(g(p)):backward()", 0},
  {"f(1)\n  ;(g(p)):backward()", 0},
  {"f(\n  (a + b) * c)", 0}, {"do (a or b)() end\n(c)()", 0}, {"x = y\n\n  (z)()", 1}, {"s = [[a\n(b)]]", 0},
  {"if a then\n  (b)()\nend", 0}, {"return {\n  f,\n  (g)\n}", 0}, {"x = a +\n(b)", 0},
  {"if x:max() == -1 then end", 1}, {"if x:dim() == 2 and y:size(2) ~= 3 then end", 0},
}

test("conditions that are always true or false", function()
  for _, source in ipairs(sources) do equal(#conditions.find(source[1]), source[2], source[1]) end
  equal(conditions.find("\n\nif x:lt(y) then end")[1].line, 3)
  equal(conditions.find("x = y\n\n  (z)()")[1].line, 3)
end)

test("the library and the scripts have no such conditions", function()
  for name in pairs(package.loaded) do
    local path = name:find("^nnlua%.") and package.searchpath(name, package.path)
    local file = path and io.open(path)
    if file then
      local found = conditions.find(file:read("a"))
      file:close()
      if found[1] then error(("%s:%d: %s"):format(path, found[1].line, found[1].text)) end
    end
  end
end)

test("habits in what doesn't compile; none in strings", function()
  check.ok(habits.syntax("if a != b then"):find("~=", 1, true) ~= nil)
  equal(habits.syntax("print('a != b'"), nil)
  equal(habits.syntax("x = y -- a && b"), nil)
end)

test("values as text", function()
  equal(show.value({1, {2, "x"}, n = 1.5}), '{1, {2, "x"}, n = 1.5}')
  equal(show.value("a\nb"), '"a\\nb"')
  equal(show.value({}), "{}")
  local ring = {}
  ring[1] = ring
  equal(show.value(ring), "{(cycle)}")
  local deep = {}
  local inner = deep
  for _ = 1, 10 do
    inner[1] = {}
    inner = inner[1]
  end
  equal(show.value(deep), "{{{{{{{...}}}}}}}")
  equal(show.value(tensor{1, 2}), "{1, 2}\n-- float32 [2]")
  equal(show.value(tensor.zeros(0)), "{}\n-- float32 [0]")
  local nan = tensor.zeros(2000)
  nan[1] = 0 / 0
  check.ok(show.value(nan):find("min 0, mean 0, max 0, 1 nan", 1, true) ~= nil)
  check.ok(show.value(tensor.zeros(2000):fill_(0 / 0)):find("-- 2000 nan", 1, true) ~= nil)
  for _, width in ipairs {20, 40, 200} do
    local text = show.value({name = ("长"):rep(100), list = {("word "):rep(50)}, t = tensor.zeros(3, 3)}, width)
    for line in text:gmatch("[^\n]+") do check.ok(utf8.len(line) <= width, line) end
  end
end)

test("completion", function()
  local list = complete.candidates("tensor.zeros_li", 16)
  equal(list, {"zeros_like"})
  local from, text = complete.at("tensor.zeros_li", 16)
  equal({from, text}, {8, "zeros_like"})
  equal(complete.candidates("nn.Conv2d(1, 2, 3, {bia", 24), {"bias"})
  equal(complete.candidates("nn.Conv2d{ker", 14), {"kernel_size"})
  equal(complete.candidates("f().x", 6), {})
  equal(complete.candidates("'str", 5), {})
  equal(complete.candidates("-- tens", 8), {})
  equal(complete.candidates("", 1)[1] ~= nil, true)
end)

test("colours have a letter for each byte", function()
  for _, text in ipairs {"", "local x = 'a", "f(1, {2}]", "x = '神经' -- 网", "\0\1\255", "--[[ a\n b"} do
    for point = 0, #text + 1 do equal(#highlight.styles(text, point), #text, text) end
  end
  equal(highlight.styles("(a)", 1), "m m")
  equal(highlight.styles("end", 0), "kkk")
end)

test("Enter: continued lines are indented, closing words go back", function()
  local done, text, point = input.enter("for i = 1, 2 do", 16, true)
  equal({done, text, point}, {false, "for i = 1, 2 do\n  ", 19})
  done, text = input.enter("for i = 1, 2 do\n  end", 22, true)
  equal({done, text}, {true, "for i = 1, 2 do\nend"})
  done, text = input.enter("t = {", 6, false)
  equal({done, text}, {false, "t = {\n"})
  equal(input.enter("x = [[ a", 9, true), false)
end)

test("pastes", function()
  equal(input.pasted("a\r\n\tb\n\n"), "a\n  b")
  equal(input.pasted("nnlua> f(\n   ..>   1)\n7\nnnlua> g()"), "f(\n  1)\ng()")
  equal(input.pasted("\27[31mx"), "[31mx")
end)

test("what an input is", function()
  for text, state in pairs {
    ["x = 1"] = "complete", ["x"] = "complete", ["x;"] = "complete", ["x = 1; x"] = "complete", ["1 +"] = "incomplete",
    ["for i = 1, 2 do"] = "incomplete", ["x = ="] = "wrong", ["?tensor"] = "complete", ["!ls -l"] = "complete",
    ["a = 1\na"] = "complete", ["a = 1\nfor i = 1, 2 do"] = "incomplete", [""] = "complete", ["-- c"] = "complete",
    ["x = [["] = "incomplete", ["end"] = "wrong",
  } do
    equal(session.input_state(text), state, text)
  end
end)

test("locals of entries", function()
  local function run(text)
    local f, message = session.load(text, "=prompt")
    if not f then error(message, 0) end
    return f()
  end
  run("local q1, q2 = 1, 2")
  run("function Q_get() return q1 end")
  run("q1 = 10")
  equal(Q_get(), 10) -- luacheck: ignore
  run("local q1 = 20")
  equal(run("return q1 + q2 + Q_get()"), 32)
  run("local k <const> = 7")
  equal(run("return k"), 7)
  equal(pcall(run, "k = 8"), false)
  run("local k = 8")
  run("k = 9")
  equal(run("return k"), 9)
  run("local function fact(n) return n < 2 and 1 or n * fact(n - 1) end")
  equal(run("return fact(5)"), 120)
  run("local a = 1 local b = a + 1; local c = {a, b}\nlocal d = #c")
  equal(run("return d"), 2)
  pcall(run, "local before = 5 error('x') local after = 6")
  equal({session.get("before")}, {true, 5})
  equal(session.get("after"), false)
  for i = 1, 300 do run(("local many%d = %d"):format(i, i)) end
  equal(run("return many1 + many300"), 301)
  Q_get = nil -- luacheck: ignore
end)

check.done()
