-- How many of PyTorch's names are here (docs/names.lua; test_reference.lua holds docs/pytorch-names.md up to date), and
-- that what counts as present is there.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"

local docs = (arg[0]:match("^(.*)/") or ".") .. "/../../docs/"
local text, sections = assert(loadfile(docs .. "names.lua"))(docs)

local function share(place)
  local s = sections[place]
  return s.present / s.all, ("%s: %d of %d; absent: %s"):format(place, s.present, s.all, table.concat(s.absent, " "))
end

check.test("of torch.nn's modules at least 95 of 100", function()
  local found, what = share("torch.nn")
  check.ok(sections["torch.nn"].all > 160, "modules in the list")
  check.ok(found >= 0.95, what)
end)

check.test("all losses, as modules and functions", function()
  local n = 0
  for line in io.lines(docs .. "pytorch-names.txt") do
    local class, f = line:match("^torch%.nn%.([%w]+Loss%w*)$"), line:match("^torch%.nn%.functional%.([%w_]+_loss)$")
    if class then
      n = n + 1
      check.ok(nn[class], class)
    elseif f then
      n = n + 1
      check.ok(F[f], f)
    end
  end
  check.ok(n > 40, "losses in the list")
  for _, f in ipairs {"cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"} do
    check.ok(F[f], f)
  end
end)

check.test("the optimisers and all schedules", function()
  for _, name in ipairs {"SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Rprop",
    "ASGD", "LBFGS"} do
    check.ok(optim[name], name)
  end
  for _, place in ipairs {"torch.optim.lr_scheduler", "torch.optim.swa_utils", "torch.nn.init"} do
    local found, what = share(place)
    check.equal(found, 1.0, what)
  end
end)

check.test("names that stand for others are there", function()
  local known = dofile(docs .. "pytorch-elsewhere.lua")
  for theirs, mine in pairs(known.elsewhere) do
    local place, name = mine:match("^([%w_.]+)[.:]([%w_]+)$")
    if place == "x" then
      check.ok(core.methods[name] or name == "dtype" or name == "device", theirs .. ": " .. mine)
    elseif place and place ~= "self" then
      local v = nnlua
      for key in place:gmatch("[^.]+") do
        if key ~= "nnlua" then v = v and v[key] end
      end
      check.ok(v and v[name], theirs .. ": " .. mine)
    end
  end
end)

check.test("every absent name has its reason", function()
  check.ok(text:find("absent: ", 1, true) and not text:find("absent:  |", 1, true))
  for line in text:gmatch("[^\n]*absent:[^\n]*") do check.ok(line:find("absent: %w"), line) end
end)

check.done()
