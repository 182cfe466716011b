-- help: everything public has a text, and nothing it shows is wider than asked for.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local reference = require "nnlua.reference"

local WIDTHS = {200, 80, 40}

-- Every line fits; returns the text.
local function shown(what, name)
  local text
  for _, width in ipairs(WIDTHS) do
    text = help.text(what, width)
    for line in (text .. "\n"):gmatch("(.-)\n") do
      check.ok(utf8.len(line) <= width, ("%s: wider than %d: %s"):format(name, width, line))
    end
  end
  return (text:gsub("%s+", " "))
end

-- What stands under a full name such as "tensor.add", "x:add" or "nn.Linear".
local function value_of(name)
  local place, last = name:match("^(.*)[.:]([%w_]+)$")
  if place == "x" then return core.methods[last] end
  local v = nnlua
  for key in name:gmatch("[^.]+") do v = v[key] end
  return v
end

local function squeezed(text) return (text:gsub("%s+", " ")) end

for _, entry in ipairs(reference.operations()) do
  check.test("help of the operation " .. entry.name, function()
    for _, call in ipairs(entry.calls) do
      local value = value_of(call)
      check.ok(type(value) == "function", call .. " is a function")
      local text = shown(value, call)
      for _, row in ipairs(entry.rows) do
        check.ok(text:gsub(" ", ""):find(row.doc:gsub("%s+", ""), 1, true), call .. " shows the text of " .. row.name)
      end
      check.ok(squeezed(help.text(call, 200)):find(squeezed(entry.rows[1].example), 1, true), "help by name: " .. call)
    end
  end)
end

for _, part in ipairs(reference.parts()) do
  for _, item in ipairs(part.items) do
    check.test("help of " .. item.name, function()
      check.ok(item.text and #item.text > 3, "a --- comment in its source")
      local start = squeezed(item.text):sub(1, 30)
      local first = reference.by_value()[item.value] -- another name of the same may be shorter
      if #first.name >= #item.name then
        check.ok(shown(item.value, item.name):find(start, 1, true), "by value")
      end
      check.ok(squeezed(help.text(item.name, 80)):find(start, 1, true), "by name")
    end)
  end
end

-- Names of functions that neither are operations nor stand in builtins.lua.
local function unexplained(place, functions, known)
  local list = {}
  for name, v in pairs(functions) do
    local full = place .. name
    if (type(v) == "function" or place == "x:") and not known[full] then list[#list + 1] = full end
  end
  table.sort(list)
  return table.concat(list, ", ")
end

check.test("every function and field of the bindings is explained", function()
  local known = {}
  for _, entry in ipairs(reference.operations()) do
    for _, call in ipairs(entry.calls) do known[call] = true end
  end
  for _, item in ipairs(reference.builtins()) do
    known[item.name], known[(item.name:gsub("^x%.", "x:"))] = true, true
    check.ok(#item.text > 3, item.name)
    if not item.name:find("^x%.") then check.ok(item.value ~= nil, item.name .. " exists") end
  end
  check.equal(unexplained("tensor.", tensor, known), "", "in tensor")
  check.equal(unexplained("x:", core.methods, known), "", "methods and fields")
  check.equal(unexplained("nnlua.", nnlua, known), "", "in nnlua")
end)

check.test("help by value for bindings, parts, objects and the user's own", function()
  check.ok(shown(tensor.grad, "grad"):find("allow_unused", 1, true))
  check.ok(shown(nn.ReLU(), "a layer"):find("max(x, 0)", 1, true))
  check.ok(shown(optim.SGD({tensor.zeros(1)}, {lr = 1}), "an optimiser"):find("Stochastic", 1, true))
  for _, name in ipairs {"tensor", "F", "nn", "optim", "data", "train", "metrics", "nnlua"} do
    check.equal(help.text(_G[name], 80), help.text(name, 80), name)
    shown(_G[name], name)
  end
  check.ok(shown(F, "F"):find("cross_entropy", 1, true))
  check.ok(shown(tensor{1, 2}, "a tensor"):find("backward", 1, true))
end)

--- A network of this test.
local Net = nn.class("Net")
function Net:init() self.layer = nn.Linear(1, 1) end
function Net:forward(x) return self.layer(x) end

--- Doubles a number.
local function twice(x) return 2 * x end

check.test("of the names of one value the shortest is explained", function()
  for _, name in ipairs{"vmap", "hessian", "jvp", "vjp", "jacobian"} do
    check.ok(help.text(tensor[name], 80):find("^%s*tensor%." .. name .. "%("), name)
  end
end)

check.test("the user's comments are shown", function()
  check.ok(shown(Net, "a class"):find("A network of this test.", 1, true))
  check.ok(shown(Net(), "an instance"):find("A network of this test.", 1, true))
  check.ok(shown(twice, "a function"):find("Doubles a number.", 1, true))
  check.ok(shown(nn.class("Bare", nn.Linear), "a child"):find("y = x W^T", 1, true), "the parent's where it has none")
end)

check.test("everything says what to see next", function()
  local function names_of(what, name)
    local names = help.see_also(what)
    check.ok(#names >= 2 and #names <= 4, ("%s has %d names to see next"):format(name, #names))
    local seen = {[name] = true}
    for _, one in ipairs(names) do
      check.ok(not seen[one], ("%s: %s twice, or itself"):format(name, one))
      seen[one] = true
      check.ok(not help.text(one, 200):find("^There is no"), ("%s: there is no help for %s"):format(name, one))
    end
    return names
  end
  local function leads(from, to)
    local found = false
    for _, name in ipairs(names_of(from, from)) do found = found or name == to end
    check.ok(found, ("%s leads to %s"):format(from, to))
  end
  local n = 0
  for _, entry in ipairs(reference.operations()) do
    n = n + 1
    if n % 7 == 0 and not entry.rows[1].doc:find("^The same as ") then names_of(entry.calls[1], entry.calls[1]) end
  end
  for _, part in ipairs(reference.parts()) do
    for _, item in ipairs(part.items) do
      n = n + 1
      if n % 7 == 0 and not (item.text or ""):find("^The same as ") then names_of(item.value, item.name) end
    end
  end
  leads("nn.Conv2d", "tensor.conv2d")
  leads("F.cross_entropy", "nn.CrossEntropyLoss")
  leads("optim.Adam", "optim.AdamW")
  leads("tensor.sum", "tensor.mean")
  leads("nn.LSTM", "nn.GRU")
  leads("nn.save", "nn.load")
  leads("tensor.no_grad", "tensor.enable_grad")
end)

check.test("arguments are listed with what they take and their defaults", function()
  local text = help.text(nn.Conv2d, 80)
  check.ok(text:find("\n  in_channels   a whole number >= 1\n", 1, true))
  check.ok(text:find("\n  stride        a whole number >= 1 or a table of 2; default 1\n", 1, true))
  check.ok(text:find('\n  padding_mode  a string; default "zeros"\n', 1, true))
  check.ok(help.text(optim.Adam, 80):find("betas         a number or a table of 2; default {0.9, 0.999}", 1, true))
  check.ok(help.text(F.glu, 80):find("\n  dim", 1, true))
end)

check.test("examples are broken between words", function()
  check.ok(help.text(plot.line, 80):find('{xlabel =\n      "epoch", logy = true})', 1, true))
end)

check.test("methods of classes, and what comments say of arguments", function()
  local text = help.text(nn.Linear(1, 1).load_state_dict, 80)
  check.ok(text:find("^%s*nn.Module:load_state_dict%(state, strict%)"), text)
  check.ok(text:find("\n  strict  default true: any such name", 1, true) and not text:find("@param", 1, true), text)
  check.ok(help.text("get_last_lr", 80):find("optim.lr_scheduler.LRScheduler:get_last_lr()", 1, true))
  check.ok(help.text(data.DataLoader({tensor{1}}).iter, 80):find("data.DataLoader:iter(skip)", 1, true))
end)

check.test("Lua's own functions are explained", function()
  local function look_at(name, t)
    for key, v in pairs(t) do
      if type(v) == "function" then
        local text = help.text(v, 80)
        check.ok(text:find(key, 1, true) and text:find("A function of Lua itself.", 1, true),
          name .. key)
      end
    end
  end
  for _, name in ipairs {"string", "table", "utf8", "coroutine", "os"} do look_at(name .. ".", _G[name]) end
  local plain = {}
  for name in pairs {print = 1, type = 1, pairs = 1, ipairs = 1, pcall = 1, error = 1, select = 1, load = 1} do
    plain[name] = _G[name]
  end
  look_at("", plain)
  check.ok(help.text(io.open, 80):find("A file, or nil and the message", 1, true))
  check.ok(help.text(math.floor, 80):find("The greatest whole number <= x", 1, true))
end)

check.test("unknown names get suggestions", function()
  check.ok(shown("softmaxx", "a near name"):find("did you mean 'softmax'?", 1, true))
  check.ok(shown("focal", "a word"):find("F.focal_loss", 1, true))
  check.ok(shown("qqqqqq", "nonsense"):find("There is no 'qqqqqq'", 1, true))
  check.ok(shown(12, "a number"):find("no help", 1, true))
end)

check.test("the overview names the parts", function()
  local text = shown(nil, "overview")
  for _, name in ipairs {"tensor", "F", "nn", "optim", "data", "train", "metrics"} do
    check.ok(text:find(name .. " ", 1, true), name)
  end
  check.equal(tostring(help), help.text())
end)

check.done()
