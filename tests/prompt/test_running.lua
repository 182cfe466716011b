-- Running things from the prompt, interrupting them, looking at what failed; how the program starts.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local terminal = require "terminal"
local case = terminal.case

-- ---- part 7: running ----------------------------------------------------------------------------------------------

case("Ctrl-C in a training of 10,000 steps keeps the network and the session", function(t)
  t:line("net = nn.Sequential(nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 1))")
  t:line("opt = optim.SGD(net:parameters(), {lr = 0.01});")
  t:line("x, y, steps = tensor.randn(64, 20), tensor.randn(64, 1), 0")
  t:more("for i = 1, 10000000 do")
  t:more("local loss = F.mse_loss(net(x), y); opt:zero_grad(); loss:backward(); opt:step(); steps = i")
  t:type("if i == 100 then print('under way') end end")
  t:key("Enter")
  t:expect("\nunder way\n")
  t:key("C-c")
  t:expect("interrupted\nnnlua>")
  t:line("'steps', steps >= 100, net(x):isfinite():all(), tensor.is_grad_enabled()")
  t:expect('"steps"\ntrue\ntrue\ntrue')
end, {width = 120})

case("Ctrl-C inside one long product", function(t)
  t:line("a = tensor.ones(3000, 3000);")
  t:type("print('begun') for i = 1, 10000 do local b = a:matmul(a) end")
  t:key("Enter")
  t:expect("\nbegun\n")
  t:key("C-c")
  t:expect("interrupted\nnnlua>")
  t:line("a:sum():item()")
  t:expect("9000000.0")
end)

case("Ctrl-C under pcall and in a coroutine, twice", function(t)
  t:type("print('begun') while true do pcall(coroutine.wrap(function() while true do end end)) end")
  t:key("Enter")
  t:expect("\nbegun\n")
  t:key("C-c", "C-c")
  t:expect("interrupted")
  t:prompt()
  t:line("'alive'")
  t:expect('"alive"')
end)

-- Each: what runs until somebody ends it. A kernel of one operation, a loop in Lua, output.
local endless = {
  {"a sort of one long lane", "x = tensor.rand(5000000); begun() while true do x:sort() end"},
  {"a running sum along the first dimension", "x = tensor.rand(4000, 4000); begun() while true do x:cumsum(1) end"},
  {"a singular value decomposition", "x = tensor.rand(400, 400); begun() while true do tensor.linalg.svd(x) end"},
  {"the best of one long lane", "x = tensor.rand(20000000); begun() while true do x:topk(3) end"},
  {"a median", "x = tensor.rand(10000000); begun() while true do x:median() end"},
  {"a running maximum", "x = tensor.rand(10000000); begun() while true do x:cummax(1) end"},
  {"picking at random places", "x = tensor.rand(4000000); i = tensor.randperm(4000000); begun() "
    .. "while true do x:take(i) end"},
  {"a product of integers", "x = tensor.randint(1, 9, {1000, 1000}); begun() while true do x:matmul(x) end"},
  {"a table of a tensor", "x = tensor.rand(1000000); begun() while true do tensor(x:totable()) end"},
  {"writing a file", "x = tensor.rand(4000000); begun() while true do nn.save('" .. terminal.home
    .. "/w.safetensors', {x = x}) end"},
  {"a convolution", "c = nn.Conv2d(16, 32, 3); x = tensor.rand(16, 16, 64, 64); begun() while true do c(x) end"},
  {"a recurrent layer", "l = nn.LSTM(64, 128); x = tensor.rand(200, 16, 64); begun() while true do l(x) end"},
  {"help", "begun() while true do help(nn.Linear) end"},
  {"printing", "begun() while true do print(tensor.rand(20, 20)) end"},
  {"plotting", "begun() while true do plot.line(tensor.rand(100)) end"},
  {"a loader", "d = data.DataLoader({tensor.rand(5000, 3)}, {batch_size = 7}) begun() while true do "
    .. "for _ in d:iter() do end end"},
}

case("Ctrl-C ends kernels, loops and output at once, and twice is safe", function(t)
  local flag = terminal.home .. "/begun"
  t:line("function begun() io.open('" .. flag .. "', 'w'):close() end")
  for _, one in ipairs(endless) do
    os.remove(flag)
    t:clear()
    t:type(one[2])
    t:key("Enter")
    t:until_true(one[1] .. " to begin", function() return io.open(flag) ~= nil end)
    os.execute("sleep 0.2")
    t:key("C-c", "C-c") -- how soon it ends is a matter of the machine: that it ends by the interrupt is what counts
    t:expect("interrupted")
    t:prompt()
    t:line("x = nil; collectgarbage(); 40 + 2")
    t:expect("\n42\n")
  end
end, {width = 160})

case("a tensor that doesn't fit into memory is an error; the session goes on", function(t)
  t:line("kept = tensor.ones(3)")
  t:line("nnlua.memory_limit(64 * 2^20 // 1 | 0);")
  t:line("huge = tensor.zeros(100000, 100000)")
  t:expect("memory")
  t:line("huge, kept:sum():item(), nnlua.memory_limit()")
  t:expect("\nnil\n3.0\n67108864\n")
  t:line("list = {}; for i = 1, 1000 do list[i] = tensor.zeros(1000, 1000) end")
  t:expect("memory_limit")
  t:line("n = #list; list = nil; ok = pcall(tensor.zeros, 1000, 1000); n < 20, ok")
  t:expect("\ntrue\ntrue\n")
  t:line("nnlua.memory_limit(0); tensor.zeros(6000, 6000).shape")
  t:expect("{6000, 6000}")
end, {width = 100})

case("Ctrl-C ends train.fit early and keeps what it learned", function(t)
  t:line("net = nn.Linear(4, 1); set = data.TensorDataset(tensor.randn(640, 4), tensor.randn(640, 1));")
  t:type("h = train.fit(net, set, {loss = F.mse_loss, optimizer = optim.SGD(net:parameters(), {lr = 0.01}), "
    .. "epochs = 1000000, batch_size = 64})")
  t:key("Enter")
  t:expect("epoch +%d+/1000000", true)
  t:key("C-c")
  t:prompt()
  t:line("h.interrupted, net.training")
  t:expect("\ntrue\ntrue\n")
end)

case("time and bench measure functions and texts", function(t)
  t:line("time(function() return 6 * 7 end)")
  t:expect("of tensors (peak")
  t:expect("\n42\n")
  t:line("time 'tensor.zeros(10, 10):sum():item()'")
  t:expect("\n0.0\n")
  t:line("bench(function() end, {seconds = 0.05})")
  t:expect("a run (median of")
  t:line("time(5)")
  t:expect("time: expected a function (or Lua in a string), got 5")
end)

case("run keeps a file's variables, globals and locals", function(t)
  local path = terminal.file("lab.lua",
    "#!/usr/bin/env nnlua\nlocal hidden = 21\nshown = hidden * 2\nprint('ran', ...)\n")
  t:line("run('" .. path .. "', 'argument')")
  t:expect("ran     argument")
  t:line("hidden + shown")
  t:expect("\n63\n")
  t:line("run 'no_such_file.lua'")
  t:expect("cannot open no_such_file.lua")
end)

case("reload takes up a module's new text in its old table", function(t)
  local path = terminal.file("lib/mymod.lua", "return {value = 'old'}")
  t:line("package.path = '" .. terminal.home .. "/lib/?.lua;' .. package.path; m = require 'mymod'")
  t:line("m.value")
  t:expect('"old"')
  terminal.file("lib/mymod.lua", "return {value = 'new'}")
  t:line("reload 'mymod';")
  t:line("m.value")
  t:expect('"new"')
  terminal.file("lib/mymod.lua", "return {value = ")
  t:line("reload 'mymod'")
  t:expect("unexpected symbol near <eof>")
  t:line("m.value .. 'er'")
  t:expect('"newer"')
  os.remove(path)
end, {width = 120})

case("Ctrl-C ends a shell command, and the session goes on", function(t)
  t:type("!echo under way; sleep 1000")
  t:key("Enter")
  t:expect("\nunder way\n")
  t:key("C-c")
  t:expect("interrupted\nnnlua>")
  t:line("6 * 7")
  t:expect("\n42\n")
end)

case("Ctrl-C ends one endless text on its way to the screen", function(t)
  t:line("text = ('many words '):rep(2000000);")
  t:type("io.write('under ', 'way\\n', text)")
  t:key("Enter")
  t:until_true("the text", function() return t:visible():find("many words many words", 1, true) ~= nil end)
  t:key("C-c")
  t:prompt()
  t:key("C-l")
  t:prompt()
  t:line("#text")
  t:expect("\n22000000\n")
end)

case("!command runs in the shell", function(t)
  t:line("!echo from the shell; exit 3")
  t:expect("from the shell\n(status 3)")
end)

case("edit() opens the editor on the last input and runs what comes back", function(t)
  local editor = terminal.file("editor.sh", "#!/bin/sh\nsed -i 's/first/second/' \"$1\"\n")
  os.execute("chmod +x " .. editor)
  t:line("os_name = 'first'")
  t:line("edit()")
  t:expect("os_name = 'second'")
  t:line("os_name")
  t:expect('"second"')
end, {env = "VISUAL=" .. terminal.home .. "/editor.sh"})

case("save_session writes a script that does it again", function(t)
  t:line("local w = tensor.randn(2)")
  t:more("broken(")
  t:key("C-c")
  t:line("error('not in it')")
  t:more("function total(v)")
  t:more("return v:sum():item()")
  t:line("end")
  t:line("total(w)")
  local value = t:screen():match("total%(w%)\n(%-?[%d.e-]+)\n")
  t:line("time(function() return total(w) end)")
  t:line("w:zero_();")
  t:line("w + 1;")
  t:line("who()")
  local path = terminal.home .. "/again.lua"
  t:line("save_session '" .. path .. "'")
  t:expect("entries in")
  local text = io.open(path):read("a")
  assert(text:find("tensor.manual_seed(", 1, true) and not text:find("not in it", 1, true), text)
  assert(text:find("nnlua.time(", 1, true) and text:find("\nw:zero_()\n", 1, true), text)
  assert(not text:find("who", 1, true) and not text:find("w + 1", 1, true), text)
  t:key("C-l")
  t:prompt()
  t:line("!" .. terminal.program .. " " .. path)
  t:expect(value)
end)

case("-i stays after an error, with the failing frame's variables at hand", function(t)
  t:prompt()
  t:expect("attempt to index a nil value (field 'missing')")
  t:line("locals()")
  t:expect("{config = {size = 3}, rows = 3, deep = 12}")
  t:line("rows * 100")
  t:expect("\n300\n")
  t:line("up()")
  t:expect("in main chunk")
  t:line("locals().config")
  t:expect("{size = 3}")
  t:line("down()")
  t:line("deep * 1000")
  t:expect("\n12000\n")
  t:line("1 + 1")
  t:line("deep")
  t:expect("undefined global 'deep' is nil")
end, {arguments = "-i " .. terminal.file("fails.lua", [[
local config = {size = 3}
local function load(rows)
  local deep = rows * 4
  return config.missing.value + deep
end
load(config.size)
]])})

case("-i stays after success, with the script's variables", function(t)
  t:prompt()
  t:line("result + step")
  t:expect("\n12\n")
end, {arguments = "-i " .. terminal.file("works.lua", "result = 5\nlocal step = 7\n")})

case("the progress of a training: rate, remaining time and loss in columns of their own", function(t)
  t:line("net = nn.Linear(4, 1); set = data.TensorDataset(tensor.randn(200, 4), tensor.randn(200, 1));")
  t:line("function slow(a, b) local stop = nnlua.clock() + 0.05 while nnlua.clock() < stop do end "
    .. "return F.mse_loss(a, b) end")
  t:type("h = train.fit(net, set, {loss = slow, "
    .. "optimizer = optim.SGD(net:parameters(), {lr = 0.01}), epochs = 500, batch_size = 10})")
  t:key("Enter")
  local line = "epoch +%d+/500  %S+  +%d+ %%  +[%d.]+k?/s  +[%d:]+ left  loss %d+%.%d%d%d%d, latest %d+%.%d%d%d%d"
  local first, place
  for _ = 1, 3 do -- every figure stays where it was
    t:until_true("another line", function()
      local screen = t:visible()
      local now = screen:match(line)
      local where = screen:match("\n(epoch[^\n]*)left")
      if not now or now == first then return false end
      if place then assert(#where == place, where) end
      first, place = now, #where
      return true
    end)
    first = t:visible():match("(epoch[^\n]*)")
  end
  t:key("C-c")
  t:expect("interrupted: the network keeps what it has learned")
  t:prompt()
end, {width = 120})

case("many short epochs don't flood the terminal", function(t)
  t:line("net = nn.Linear(4, 1); set = data.TensorDataset(tensor.randn(64, 4), tensor.randn(64, 1));")
  t:line("h = train.fit(net, set, {loss = F.mse_loss, optimizer = optim.SGD(net:parameters(), {lr = 0.01}), "
    .. "epochs = 1000})")
  t:expect("epoch 1000/1000")
  local _, n = t:screen():gsub("\nepoch +%d+/1000", "")
  assert(n >= 20 and n <= 60, n)
  t:line("#h")
  t:expect("\n1000\n")
end, {width = 120})

case("progress is one line in a terminal, sparse lines in a log", function(t)
  local path = terminal.file("fit.lua", [[
    local net = nn.Linear(4, 1)
    train.fit(net, data.TensorDataset(tensor.randn(64, 4), tensor.randn(64, 1)),
      {loss = F.mse_loss, optimizer = optim.SGD(net:parameters(), {lr = 0.01}), epochs = 2})
  ]])
  t:line("!" .. terminal.program .. " " .. path .. " 2>&1 | cat -v")
  t:expect("epoch 2/2")
  t:absent("^[")
  t:absent("^M")
end)

case("who lists variables with shapes and bytes; nil deletes one", function(t)
  t:line("weights = tensor.zeros(256, 256); name = 'n'; local hidden = {1, 2}")
  t:line("who()")
  t:expect("weights  global  tensor float32 [256, 256]  256.0 KB")
  t:expect("hidden   local   table of 2")
  t:line("weights = nil")
  t:key("C-l")
  t:prompt()
  t:line("who()")
  assert(not t:visible():find("weights"))
  t:line("nnlua.memory()")
end)

case("exit() and Ctrl-D leave", function(t)
  t:type("exit()")
  t:key("Enter")
  t:expect("(left with 0)")
end)

-- ---- part 9: start ------------------------------------------------------------------------------------------------

case("a banner of two lines", function(t)
  t:expect("^nnlua %d+%.%d+%.%d+, Lua 5%.4, %d+ threads?, %w+ kernels\n[^\n]*help%(%)[^\n]*\nnnlua>", true)
end)

case("init.lua is run, and its errors don't stop the prompt", function(t)
  terminal.file(".config/nnlua/init.lua", "mine = 'from init'\nerror('init fails')\n")
  local u = terminal.open {}
  u:expect("init fails")
  u:line("mine")
  u:expect('"from init"')
  u:close()
  os.remove(terminal.home .. "/.config/nnlua/init.lua")
  t:prompt()
end)

case("a dumb terminal gets no codes, and entries line by line", function(t)
  t:line("3 + 4")
  t:expect("\n7\n")
  t:more("for i = 1, 2 do")
  t:line("print('line', i) end")
  t:expect("line    2")
  assert(not t:screen(true):find("\27", 1, true))
end, {env = "TERM=dumb"})

case("--no-color", function(t)
  t:line("local s = 'text'")
  t:line("error('plain')")
  assert(not t:screen(true):find("\27%[[%d;]*3%dm"))
end, {arguments = "--no-color"})

case("a pipe runs as a script, without codes or prompts", function(t)
  t:line("!echo 'print(1 + 1) 5' | " .. terminal.program .. " 2>&1 | cat -v")
  t:line("!echo 'print(40 + 2)' | " .. terminal.program .. " | cat -v")
  t:expect("\n42\n")
  t:absent("^[")
end, {width = 150})

case("-i with a pipe behaves as a prompt without codes", function(t)
  t:line("!printf 'x = 5\\nx * 2\\n' | " .. terminal.program .. " -i | cat -v")
  t:expect("nnlua> 10")
  t:absent("^[")
end, {width = 150})

case("short names are the user's where the user has defined them", function(t)
  t:line("time = 5; who = 'me'")
  t:line("time, who")
  t:expect('5\n"me"')
  t:line("time = nil")
  t:line("time '1'")
  t:expect("of tensors")
end)

terminal.finish()
