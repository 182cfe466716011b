-- What the prompt explains: help in all its forms, errors and how they could be mended, warnings.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local terminal = require "terminal"
local case = terminal.case

-- ---- part 5: help -------------------------------------------------------------------------------------------------

case("?x, x? and help(x) explain", function(t)
  t:line("?tensor.relu")
  t:expect("max(x, 0), elementwise")
  t:line("nn.Linear?")
  t:expect("nn.Linear(in_features, out_features, {bias = true")
  t:line("help(F.softmax)")
  t:expect("softmax(input: tensor")
  t:line("?")
  t:expect("help(tensor) lists what a part has")
end)

case("help on values at hand: tensors, modules, methods, options", function(t)
  t:line("local net, x = nn.Linear(2, 3), tensor.zeros(2)")
  t:line("?net")
  t:expect("nn.Linear(in_features")
  t:line("?x")
  t:expect("-- float32 [2]")
  t:line("?x:sum")
  t:expect("sum(input: tensor")
  t:line("?nn.Conv2d.padding")
  t:expect("padding of nn.Conv2d: ")
  t:expect("default 0")
end)

case("??word searches names and texts", function(t)
  t:line("??cosine")
  t:expect("F.cosine_similarity")
  t:line("??xyzzyplugh")
  t:expect("nothing found for 'xyzzyplugh'")
end)

case("x?? shows the source with its place", function(t)
  t:more("function half(n) -- of the user's")
  t:more("return n / 2")
  t:line("end")
  t:line("half??")
  t:expect("-- prompt:1\nfunction half(n) -- of the user's\n  return n / 2\nend")
  t:line("nn.Linear??")
  t:expect("nn/linear.lua:")
  t:expect("function Linear:init(")
  t:line("tensor.add??")
  t:expect("is not written in Lua")
end)

case("help for what isn't there", function(t)
  t:line("?conv2")
  t:expect("There is no 'conv2'; did you mean 'conv2d'?")
  t:line("help(nothing_of_this_name)")
  t:expect("There is no help for nil")
end)

-- ---- part 8: errors that teach ------------------------------------------------------------------------------------

-- Each: what is typed, what is to be seen. All are typed into one terminal after the other.
local lessons = {
  {"if 1 != 2 then print(1) end", "not equal\" is ~= in Lua"},
  {"n = 1; n += 1", "there is no assignment of that kind"},
  {"z = None", "undefined global 'None' is nil: in Lua nothing is nil"},
  {"z = True", "in Lua it is true"},
  {"optim.Adam({tensor.zeros(1, {requires_grad = true})}, {learning_rate = 1})", "did you mean 'lr'?"},
  {"nn.LSTM(3, {units = 4})", "did you mean 'hidden_size'?"},
  {"x = tensor{1, 2}; x.shpe", "did you mean x.shape?"},
  {"local 变量 = 1", "names are made of the letters a to z"},
  {"x = tensor{1, 2, 3}; x.relu()", "methods are called with a colon: x:relu"},
  {"net = nn.Linear(3, 2); net.forward(x)", "methods are called with a colon: net(x)"},
  {"x[0]", "positions count from 1"},
  {"for i in range(10) do end", "count with `for i = 1, n do`"},
  {"F.cross_entropy(tensor.zeros(2, 3), tensor{0, 1})", "shifted by one: y + 1"},
  {"nn.SpatialConvolution(1, 2, 3)", "Torch7's SpatialConvolution is"},
  {"nn.Conv2D(1, 2, 3)", "did you mean nn.Conv2d?"},
  {"x:rleu()", "did you mean x:relu?"},
  {"nn.Conv2d(1, 8, 3, {pading = 1})", "did you mean 'padding'?"},
  {"nn.Linear(784, 10)(tensor.zeros(64, 28, 28))", "flatten first: x:flatten(2)"},
  {"tensor.zeros(2, 3):matmul(tensor.zeros(2, 3))", "the second one transposed fits"},
  {"nn.Conv2d(1, 2, 3)(tensor.zeros(28, 28))", "add the dimension of channels"},
  {"x < 2", "write x:lt(y)"},
  {"l = [1, 2]", "a list is a table in Lua"},
  {"nn.Conv2d(1, 8, kernel_size=3)", "options stand in a table"},
  {"a && b", "\"and\" is a word in Lua"},
  {"def f(x): return x", "a function: `function f(x) ... end`"},
  {"import torch", "nn, F, optim, data are there"},
  {"len(x)", "the length is #x"},
  {"2 ** 3", "a power is `x ^ 2` in Lua"},
  {"x[1:2]", "a range of a tensor is"},
  {"'a' + 1", "texts are joined by two dots"},
  {"f = function(x) return x end f:g()", "attempt to index a function value"},
  {"x.grad:sum()", "the gradient is there after backward()"},
  {"prnt(1)", "undefined global 'prnt' is nil (did you mean 'print'?)"},
  {"if x:gt(1) then end", "x:gt(1) is a tensor, which is always true under 'if'"},
  {"y = not x:eq(x)", "always true under 'not'"},
  {"x:sum() == 6", "x:sum() == 6 is always false"},
  {"nn.Sequential(nn.ReLU()).forward(x)", "prompt:1: bad argument"},
  {"seq = nn.Sequential(nn.ReLU()); seq.forward(x)", "methods are called with a colon: seq(x)"},
  {"net:params()", "did you mean net:parameters?"},
  {"net.params()", "did you mean net:parameters?"},
  {"x:cat(x)", "it is a function here: tensor.cat(...)"},
  {"x:numpy()", "x:totable() gives the numbers"},
  {"x:to('cuda')", "there is no device to choose"},
  {"x:shape()", "shape is a field, no method: x.shape"},
  {"nn.MSELoss(x, x)", "make it first, then call it: nn.MSELoss()(x, y); or F.mse_loss(x, y)"},
  {"F.softmax(x)", "the call is softmax(input: tensor, dim: dim"},
  {"nn.Linear(3)", "the call is nn.Linear(in_features, out_features"},
  {"tensor.zeros(3, 4):view(2, 7)", "x:view(2, -1) makes [2, 6]"},
  {"tensor.zeros(3, 4) + tensor.zeros(3)", "y:unsqueeze(2) is [3, 1]"},
  {"error({code = 7})", "(error object is a table value: {code = 7})"},
}

-- Each: what is typed, the line with a mark under the place.
local marks = {
  {"y = 1 + x[0]", "1 | y = 1 + x[0]\n    |          ^^^"},
  {"y = net(tensor.zeros(2, 2))", "1 | y = net(tensor.zeros(2, 2))\n    |     ^^^"},
  {"x + tensor.zeros(2)", "1 | x + tensor.zeros(2)\n    |   ^\n"},
  {"y = x < 2", "1 | y = x < 2\n    |       ^\n"},
  {"net.eval()", "1 | net.eval()\n    |     ^^^^\n"},
}

case("the mark stands under the operator, the index, the module that failed", function(t)
  t:line("x = tensor{1, 2, 3}; net = nn.Linear(3, 2)")
  for _, mark in ipairs(marks) do
    t:key("C-l")
    t:prompt()
    t:line(mark[1])
    t:expect(mark[2])
  end
end)

case("a recursion's frames are counted, not listed", function(t)
  t:line("local function deep(n) return 1 + deep(n) end")
  t:line("deep(1)")
  t:expect("... (the same 11 more times)")
end)

case("habits from elsewhere and likely slips get the Lua way as a hint", function(t)
  for _, lesson in ipairs(lessons) do
    do
      t:key("C-l")
      t:prompt()
      t:line(lesson[1])
      local text, wanted = t:visible():gsub("%s+", " "), lesson[2]:gsub("%s+", " ")
      if not text:find(wanted, 1, true) then
        error(("%s: expected '%s', got:\n%s"):format(lesson[1], wanted, text), 0)
      end
    end
  end
end, {width = 120})

case("a warning comes once a line, the value is nil", function(t)
  t:line("for i = 1, 5 do local v = undefined_thing end")
  local _, n = t:screen():gsub("warning: undefined global 'undefined_thing'", "")
  assert(n == 1, n)
  t:line("if undefined_thing == nil then print('asked', type(undefined_thing)) end")
  t:expect("asked   nil")
  _, n = t:screen():gsub("warning: undefined", "")
  assert(n == 1, n)
end)

case("the line with a mark under the place, the traceback of the user's lines", function(t)
  t:more("local function inner(a)")
  t:more("return a.field.name")
  t:line("end")
  t:line("local function outer() local r = inner({}) return r end")
  t:line("outer()")
  t:expect("prompt:2: attempt to index a nil value (field 'field')\n"
    .. "  2 |   return a.field.name\n    |            ^^^^^")
  t:expect("prompt:1: in function 'outer'")
end)

case("scripts: warnings with their line, the error with its line on standard error", function(t)
  local path = terminal.file("wrong.lua", [[
local x = tensor.randn(3)
if x:gt(0) then print("?") end
print(nothing_here)
local function f(n) return n + x.missing.field end
f(1)
]])
  t:line("!" .. terminal.program .. " " .. path .. " 2>&1 >/dev/null | cat")
  t:expect("wrong.lua:2: warning: x:gt(0) is a tensor")
  t:expect("wrong.lua:3: warning: undefined global 'nothing_here' is nil")
  t:expect("wrong.lua:4: attempt to index a nil value (field 'missing')")
  t:expect("  4 | local function f(n) return n + x.missing.field end")
  t:expect("in main chunk")
end, {width = 120})

case("an error in the middle of everything leaves the session whole", function(t)
  t:line("good = 1; tensor.no_grad(function() error('inside') end)")
  t:line("good, tensor.is_grad_enabled()")
  t:expect("1\ntrue")
  t:line("net = nn.Sequential(nn.Linear(2, 2)); net[1].forward = function() error({code = 5}) end")
  t:line("net(tensor.zeros(2))")
  t:expect("(error object is a table value: {code = 5})")
  t:line("local function deep(n) return 1 + deep(n + 1) end deep(1)")
  t:expect("stack overflow")
  t:line("('x'):rep(1e10)")
  t:line("coroutine.wrap(function() error('in a coroutine') end)()")
  t:expect("in a coroutine")
  t:line("error()")
  t:line("'alive'")
  t:expect('"alive"')
end)

terminal.finish()
