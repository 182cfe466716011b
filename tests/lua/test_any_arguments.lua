-- Every function, method, layer and optimiser with arguments of any kind, by chance: there is a result (which can be
-- walked back), or an error in the user's terms; never one of Lua's own from inside the library, and under the
-- sanitizers no access outside of memory. The same calls each time:
--     nnlua tests/lua/test_any_arguments.lua [calls] [seed]

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn = nnlua.tensor, nnlua.nn

local calls, seed = math.tointeger(arg[1] or 20000), math.tointeger(arg[2] or 1)
local random = math.random
local function one_of(list) return list[random(#list)] end

-- ---- what is called -----------------------------------------------------------------------------------------------

-- These change how everything after them works.
local left_out = {set_default_dtype = true, manual_seed = true, seed = true, set_printoptions = true,
  save = true, set_flush_denormal = true}
local function is_left_out(name) return left_out[name] or name:find "^write_" or name:find "^fetch" end

local targets = {}
local function callable(v)
  local meta = type(v) == "table" and getmetatable(v)
  return type(v) == "function" or (type(meta) == "table" and meta.__call ~= nil)
end

-- Here numbers beyond all measure must be refused; elsewhere they may be a loop's length.
local of_operations = {tensor = true, F = true, ["tensor.linalg"] = true, ["tensor.special"] = true}

local sample, methods = tensor.zeros(1), {}
for _, place in ipairs {"tensor", "F", "tensor.linalg", "tensor.special", "tensor.distributions", "tensor.func", "nn",
    "nn.init", "nn.utils", "nn.utils.rnn", "optim", "optim.lr_scheduler", "optim.swa_utils", "metrics",
    "data.transforms", "data", "text", "audio", "graph", "inspect", "rl"} do
  local part = nnlua
  for key in place:gmatch "[^.]+" do part = part[key] or require("nnlua." .. key) end
  for name, f in pairs(part) do
    if type(name) == "string" and callable(f) and not is_left_out(name) then
      targets[#targets + 1] = {name = place .. "." .. name, f = f, huge = of_operations[place]}
      for _, twin in ipairs {name, name .. "_"} do
        if type(sample[twin]) == "function" then methods[twin] = true end
      end
    end
  end
end
for name in pairs(methods) do
  targets[#targets + 1] = {name = "x:" .. name, huge = true, f = function(x, ...)
    if not tensor.is_tensor(x) then error "a method needs its tensor" end
    return x[name](x, ...)
  end}
end
table.sort(targets, function(a, b) return a.name < b.name end)

-- ---- with what ----------------------------------------------------------------------------------------------------

local dtypes = {"float32", "float32", "float32", "float64", "int64", "bool", "uint8"}
local pool = {}

local function view_of(x)
  local ok, y = pcall(one_of {
    function() return x:transpose(1, -1) end,
    function() return x[{{1, -1, 2}}] end,
    function() return x:unsqueeze(1):expand(2, table.unpack({x:size()})) end,
    function() return x:narrow(1, 1, 0) end,
  })
  return ok and y or x
end

local function any_tensor()
  if #pool == 12 and random() < 0.3 then return one_of(pool) end
  local shape, dtype = {}, one_of(dtypes)
  for d = 1, random(0, 4) do shape[d] = one_of {0, 1, 1, 2, 3, 4, 5, 7} end
  local x
  if dtype == "int64" then
    x = tensor.randint(-2, 6, shape)
  elseif dtype == "bool" then
    x = tensor.rand(shape):gt(0.5)
  elseif dtype == "uint8" then
    x = tensor.randint(0, 255, shape):to "uint8"
  else
    x = tensor.randn(shape):to(dtype)
    if random() < 0.05 then x:fill_(one_of {1 / 0, 0 / 0, -1 / 0, 1e38}) end
    if random() < 0.2 then x.requires_grad = true end
  end
  if random() < 0.3 then x = view_of(x) end
  pool[#pool < 12 and #pool + 1 or random(12)] = x
  return x
end

local values = {
  any_tensor, any_tensor, any_tensor, any_tensor, any_tensor, any_tensor, any_tensor,
  function() return one_of {0, 1, 2, 3, -1, -2, 4, 5, -7, 100} end,
  function() return one_of {1, 2, 3} end,
  function() return one_of {0.5, -0.5, 1e300, 0 / 0, 1 / 0, 2.0} end,
  function(huge) return one_of(huge and {math.maxinteger, math.mininteger, 1 << 40} or {1, 2, 3}) end,
  function() return one_of {true, false, "sum", "mean", "none", "reflect", "float64", "bilinear", "ij,jk->ik"} end,
  function() return {one_of {0, 1, 2, -1, 3}, one_of {0, 1, 2, -1, 3}} end,
  function() return {any_tensor(), any_tensor()} end,
  function() return nil end,
  function() return one_of {nn.Linear(3, 2), nn.ReLU(), nn.Conv1d(2, 2, 1), nn.Parameter(tensor.randn(3))} end,
  function() return function(x) return x end end,
  function()
    return one_of {{dim = 1}, {keepdim = true, dim = one_of {1, -1, 2, 9}}, {reduction = "none"}, {}, {1, 2, 3}, {0},
      {stride = one_of {0, 1, 2}, padding = one_of {0, 1, 5}}, {dtype = one_of(dtypes)}, {{1, 2}, {3, 4}}, {-1, 2},
      {mode = "nearest", scale_factor = 2}, {size = {3, 3}}}
  end,
}

local function text_of(v)
  if tensor.is_tensor(v) then return v.dtype .. tostring(v.shape) end
  if type(v) ~= "table" then return tostring(v) end
  local parts = {}
  for i, one in ipairs(v) do parts[i] = text_of(one) end
  for key, one in pairs(v) do
    if type(key) == "string" then parts[#parts + 1] = key .. " = " .. text_of(one) end
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- ---- calls --------------------------------------------------------------------------------------------------------

-- Gradients of what came out, of first and sometimes second order.
local function walk_back(y)
  if not tensor.is_tensor(y) or not y.requires_grad or y:numel() > 10000 then return end
  local total = y:sum()
  local twice = random() < 0.3
  local g = tensor.grad(total, y, {create_graph = twice, retain_graph = true})
  if twice and g.requires_grad then g:sum():backward({retain_graph = true}) end
  total:backward()
end

local own_words = {"attempt to ", "lib/nnlua", "internal", "bad argument", "stack overflow"}

check.test(("%d calls, seed %d"):format(calls, seed), function()
  math.randomseed(seed)
  tensor.manual_seed(seed)
  local before, worked, found, seen = nnlua.memory_limit(256 << 20), 0, {}, {}
  for i = 1, calls do
    local target, arguments, texts = one_of(targets), {}, {}
    local n = random(0, 5)
    for k = 1, n do arguments[k] = (k == 1 and random() < 0.7) and any_tensor() or one_of(values)(target.huge) end
    for k = 1, n do texts[k] = text_of(arguments[k]) end
    local call = ("call %d: %s(%s)"):format(i, target.name, table.concat(texts, ", "))
    if os.getenv "SHOW_CALLS" then io.stderr:write(call, "\n") end
    local results = table.pack(pcall(target.f, table.unpack(arguments, 1, n)))
    if results[1] then
      worked = worked + 1
      if nn.is(results[2], nn.Module) then results = table.pack(pcall(results[2], any_tensor(), one_of(values)())) end
      for k = 2, results.n do
        local ok, why = pcall(walk_back, results[k])
        if not ok then results[1], results[2] = false, why end
      end
    end
    if not results[1] then
      for _, words in ipairs(own_words) do
        if tostring(results[2]):find(words, 1, true) then
          local where = tostring(results[2]):match "[%w_/]*%.lua:%d+:" or target.name
          if not seen[where] then
            seen[where] = true
            found[#found + 1] = call .. ": " .. tostring(results[2])
          end
        end
      end
    end
  end
  nnlua.memory_limit(before or 0)
  check.equal(table.concat(found, "\n"), "")
  check.ok(worked > calls / 50, "some of the calls work")
end)

check.done()
