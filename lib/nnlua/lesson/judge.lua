-- judge: whether what the learner's line gave is what a step asks for. It looks at values, variables and the behaviour
-- of functions, never at how the code is spelt. The step's own code runs beside the learner's variables: it sees them,
-- and what it assigns stays its own.

local code_of = require "nnlua.lesson.code"
local core = require "nnlua.core"

local tensor = core.tensor
local is_tensor = tensor.is_tensor
local judge = {}

-- ---- running the lesson's code --------------------------------------------------------------------------------------

-- Without a trace in the random numbers of the learner.
local function undisturbed(f, ...)
  local state = tensor.get_rng_state()
  local results = table.pack(pcall(f, ...))
  tensor.set_rng_state(state)
  return table.unpack(results, 1, results.n)
end

--- Runs code of the lesson: ok, value, and a table in which its assignments are.
function judge.evaluate(code, host)
  local nnlua = require "nnlua"
  local env = setmetatable({}, {__index = function(_, name)
    local v = host.get(name)
    if v == nil then v = rawget(_G, name) end
    if v == nil and name ~= "_G" then v = nnlua[name] end
    return v
  end})
  rawset(env, "print", function() end)
  local f = code_of.compile(code, env)
  if not f then return false, nil, env end
  local ok, value = undisturbed(f)
  return ok, value, env
end

-- ---- comparing ------------------------------------------------------------------------------------------------------

local function number_of(v)
  if type(v) == "number" then return v end
  if is_tensor(v) and v:numel() == 1 and v.dtype ~= "bool" then return v:item() end
end

local function near(a, b, within)
  return a == b or a ~= a and b ~= b or math.abs(a - b) <= within * math.max(1, math.abs(b))
end

local function same_shape(a, b) return a.shape == b.shape end

local same

local function same_tensors(a, b, within)
  if not same_shape(a, b) then return false end
  if a:numel() == 0 then return true end
  local x, y = a:detach():double(), b:detach():double()
  local size = y[y:isfinite()]
  local largest = size:numel() > 0 and size:abs():max():item() or 0
  return tensor.allclose(x, y, {rtol = 0, atol = within * math.max(1, largest), equal_nan = true})
end

local function same_tables(a, b, within)
  if type(a) ~= "table" or getmetatable(a) ~= getmetatable(b) then return rawequal(a, b) end
  for key, v in pairs(b) do
    if not same(a[key], v, within) then return false end
  end
  for key in pairs(a) do
    if b[key] == nil then return false end
  end
  return true
end

--- Whether two values are the same: numbers within a tolerance (times the wanted one's size, if that is above 1),
-- tensors of one element as numbers, nested tables as tensors, texts whatever their case.
function same(got, want, within)
  within = within or 1e-4
  local a, b = number_of(got), number_of(want)
  if a and b then
    if is_tensor(got) and is_tensor(want) and want:dim() > 0 and not same_shape(got, want) then return false end
    return near(a, b, within)
  end
  if is_tensor(want) then
    if type(got) == "table" then
      local ok, made = pcall(tensor.tensor, got)
      got = ok and made or got
    end
    return is_tensor(got) and same_tensors(got, want, within)
  end
  if type(want) == "string" and type(got) == "string" then return got:lower() == want:lower() end
  if type(want) == "table" then return same_tables(got, want, within) end
  return got == want
end
judge.same = same

-- Whether a value could be meant as an answer.
local function is_candidate(got, want)
  if number_of(want) then return number_of(got) ~= nil or is_tensor(got) end
  if is_tensor(want) then return is_tensor(got) or type(got) == "table" and getmetatable(got) == nil end
  return type(got) == type(want)
end

local function shape_text(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

local function short(v)
  if is_tensor(v) then
    local text = v:numel() <= 8 and v:dim() <= 1 and tostring(v) or ("a tensor of shape %s"):format(shape_text(v))
    return text
  end
  if type(v) == "number" and v ~= v then return "nan" end
  if type(v) == "number" then return ("%.5g"):format(v) end
  if type(v) == "string" then return ("%q"):format(v) end
  if type(v) == "table" and getmetatable(v) == nil and #v > 0 and #v <= 8 then
    local parts = {}
    for i, one in ipairs(v) do parts[i] = short(one) end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  return tostring(v)
end
judge.short = short

-- What can be said of any wrong value.
local function general(got, want)
  local a, b = number_of(got), number_of(want)
  if is_tensor(got) and is_tensor(want) and not same_shape(got, want) then
    if got:numel() == want:numel() and same(got:reshape(want:size()), want) then
      return ("The numbers are right, the shape is not: it should be %s and is %s."):format(shape_text(want),
        shape_text(got))
    end
    return ("Its shape should be %s and is %s."):format(shape_text(want), shape_text(got))
  end
  if is_tensor(got) and b and not a then return ("One number is asked for; this is %s."):format(short(got)) end
  if a and b and b ~= 0 and near(a, -b, 1e-4) then return "The size is right, the sign is not." end
  if a and a ~= a or is_tensor(got) and got:is_floating_point() and got:isnan():any() then
    return "There is a nan in it: somewhere 0 / 0, or infinity less infinity."
  end
  return "Not yet."
end

-- ---- replies --------------------------------------------------------------------------------------------------------

-- The reply of the first mistake among the step's `wrong` that the line made; is_it(code) tells.
local function anticipated(step, line, host, is_it)
  for _, w in ipairs(step.wrong or {}) do
    local hit
    if w.when then
      local ok, answer = undisturbed(w.when, line.value, host.view)
      hit = ok and answer
    else
      hit = is_it(w[1])
    end
    if hit then return w[2] end
  end
end

-- A line that only looks at something: a name, a field.
local function only_looks(line)
  return line.text ~= nil and line.text:find("^%s*[%a_][%w_.:]*%s*$") ~= nil
    and not line.text:find("^%s*true%s*$") and not line.text:find("^%s*false%s*$")
end

local function is_literal(text) return text ~= nil and tonumber(text) ~= nil end

local kinds = {}

function kinds.choose(step, line)
  local n = number_of(line.value)
  if not n or line.text and not is_literal(line.text) then return nil end
  if n == step.answer then return "right" end
  for _, w in ipairs(step.wrong) do
    if w[1] == n then return "wrong", w[2] end
  end
  return "wrong", ("Type a number from 1 to %d."):format(#step.choose)
end

local function is_plain(line) return not line.text or line.text:find("^%s*%a+%s*;?%s*$") ~= nil end

function kinds.claim(_, line)
  if type(line.value) ~= "boolean" or not is_plain(line) then return nil end
  return "right"
end

function kinds.verdict(step, line)
  if type(line.value) ~= "boolean" or not is_plain(line) then return nil end
  if line.value == step.holds then return "right" end
  return "wrong", step.wrong[1][2]
end

function kinds.guess(step, line)
  local n = number_of(line.value)
  if not n then return nil end
  if n >= step.guess[1] and n <= step.guess[2] then return "right" end
  return "wrong", step.otherwise or ("A guess between %g and %g will do."):format(step.guess[1], step.guess[2])
end

-- Experiments are run, not typed.
local function typed_number(step, line)
  return step.is_experiment and is_literal(line.text)
    and "That is a number typed by hand: run the experiment and let it find the number."
end

local function compare_value(step, line, host, want)
  if line.value == nil or not is_candidate(line.value, want) then return nil end
  local reply = typed_number(step, line)
  if reply then return "wrong", reply end
  if same(line.value, want, step.within) then return "right" end
  if only_looks(line) then return nil end
  reply = anticipated(step, line, host, function(code)
    local value = code
    if type(code) == "string" and step.kind ~= "equals" or type(want) ~= "string" and type(code) == "string" then
      local ok
      ok, value = judge.evaluate(code, host)
      if not ok then return false end
    end
    return value ~= nil and same(line.value, value, step.within)
  end)
  return "wrong", reply or step.otherwise or general(line.value, want)
end

function kinds.equals(step, line, host) return compare_value(step, line, host, step.equals) end

function kinds.value(step, line, host)
  if line.value == nil then return nil end
  local ok, want = judge.evaluate(step.answer, host)
  if not ok or want == nil then return nil end
  return compare_value(step, line, host, want)
end

function kinds.between(step, line, host)
  local n = number_of(line.value)
  if not n then return nil end
  local reply = typed_number(step, line)
  if reply then return "wrong", reply end
  if n >= step.between[1] and n <= step.between[2] then return "right" end
  if only_looks(line) then return nil end
  reply = anticipated(step, line, host, function(code)
    if type(code) == "number" then return same(n, code, step.within) end
    local ok, value = judge.evaluate(code, host)
    return ok and value ~= nil and same(n, value, step.within)
  end)
  return "wrong", reply or step.otherwise or "Not yet."
end

-- Whether the line has to do with a name.
local function touches(line, name)
  if not line.text then return true end
  return require "nnlua.repl.lexer".names(line.text)[name] and not only_looks(line)
end

function kinds.variables(step, line, host)
  local touched = false
  for _, name in ipairs(step.variables) do touched = touched or touches(line, name) end
  if not touched then return nil end
  local ok, _, env = judge.evaluate(step.answer, host)
  if not ok then return nil end
  local first, want
  for _, name in ipairs(step.variables) do
    local expected = rawget(env, name)
    if expected == nil then expected = host.get(name) end
    if not same(host.get(name), expected, step.within) then
      first, want = name, expected
      break
    end
  end
  if not first then return "right" end
  if host.get(first) == nil then return nil end -- more lines will come
  local reply = anticipated(step, line, host, function(code)
    local fine, _, other = judge.evaluate(code, host)
    local value = fine and rawget(other, first)
    return value ~= nil and same(host.get(first), value, step.within)
  end)
  return "wrong", reply or step.otherwise or ("%s: %s"):format(first, general(host.get(first), want))
end

-- What a function gives for each of the step's inputs: list of {ok, value}.
local function results_of(f, step)
  local list = {}
  for i, arguments in ipairs(step.inputs()) do
    local results = table.pack(undisturbed(f, table.unpack(arguments, 1, arguments.n or #arguments)))
    list[i] = {results[1], results.n > 2 and {table.unpack(results, 2, results.n)} or results[2]}
  end
  return list
end

local function arguments_text(arguments)
  local parts = {}
  for i, v in ipairs(arguments) do parts[i] = short(v) end
  return table.concat(parts, ", ")
end

local function same_results(a, b, within)
  for i, one in ipairs(b) do
    if a[i][1] ~= one[1] or one[1] and not same(a[i][2], one[2], within) then return false end
  end
  return true
end

local function callable(f)
  local meta = getmetatable(f)
  return type(f) == "function" or type(meta) == "table" and meta.__call ~= nil
end

function kinds.func(step, line, host)
  if not touches(line, step.func) then return nil end
  local f = host.get(step.func)
  if not callable(f) then return nil end
  local ok, _, env = judge.evaluate(step.answer, host)
  if not ok then return nil end
  local got, want = results_of(f, step), results_of(env[step.func], step)
  if same_results(got, want, step.within) then return "right" end
  local reply = anticipated(step, line, host, function(code)
    local fine, _, other = judge.evaluate(code, host)
    local g = fine and rawget(other, step.func)
    return g ~= nil and g ~= false and same_results(got, results_of(g, step), step.within)
  end)
  if reply then return "wrong", reply end
  for i, arguments in ipairs(step.inputs()) do
    local call = ("%s(%s)"):format(step.func, arguments_text(arguments))
    if not got[i][1] then return "wrong", ("%s fails: %s"):format(call, tostring(got[i][2])) end
    if not same(got[i][2], want[i][2], step.within) then
      return "wrong", step.otherwise or ("%s should give %s, yours gives %s."):format(call, short(want[i][2]),
        short(got[i][2]))
    end
  end
end

function kinds.check(step, line, host, said)
  local ok, answer, reply = undisturbed(step.check, line.value, host.view, said)
  if not ok then return nil end
  if answer == true then return "right" end
  if line.text and only_looks(line) then return nil end
  reply = anticipated(step, line, host, function(code)
    local fine, value = judge.evaluate(code, host)
    return fine and value ~= nil and line.value ~= nil and same(line.value, value, step.within)
  end) or reply
  if reply then return "wrong", reply end
  if answer == false then return "wrong", step.otherwise or "Not yet." end
end

--- What a line means for a step: "right"; "wrong" and a reply; nil when it is no attempt. line: {text, value}, text nil
-- for an answer that was handed over as a value; host.get(name) gives the learner's variables; said is what was claimed
-- or guessed before.
function judge.line(step, line, host, said) return kinds[step.kind](step, line, host, said) end

return judge
