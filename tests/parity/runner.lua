--- Runs parity fixtures: rebuilds the inputs of each case from the formula, makes the call in every form
-- (function, method, in-place twin, operator), in float64 and in float32, and compares results, dtypes and
-- gradients with PyTorch's. Which cases there are is said in cases_*.py; the layout is spec.py's.
local codec = require "codec"
local compare = require "compare"
local formula = require "formula"
local nnlua = rawget(_G, "nnlua") or require "nnlua"

local tensor = nnlua.tensor
local programs = require "programs"(nnlua)
local models = require "models"(nnlua)

local runner = {}
local MODES <const> = { "float64", "float32" }
local MAX_SHOWN <const> = 2 -- failures shown of one operation, form and kind of trouble

-- Inputs ------------------------------------------------------------------------------------------

local function product(sizes)
  local n = 1
  for _, s in ipairs(sizes) do n = n * s end
  return n
end

--- The dtype of a descriptor in a run.
local function resolve_dtype(name, mode) return name == "float" and mode or name end

--- The base tensor of a descriptor, contiguous.
local function make_base(desc, mode)
  local dtype = resolve_dtype(desc.dtype, mode)
  local count = product(desc.base)
  if count == 0 then return tensor.zeros(desc.base, { dtype = dtype }) end
  local values = formula.values(desc.dom, desc.seed, count, desc.n)
  if dtype == "bool" then
    for i = 1, count do values[i] = values[i] ~= 0 end
  end
  if #desc.base == 0 then return tensor(values[1], { dtype = dtype }) end
  return tensor(values, { dtype = dtype }):reshape(desc.base)
end

local LAYOUTS <const> = {
  t = function(base) return base:transpose(-2, -1) end,
  rev = function(base)
    local order = {}
    for d = 1, #base.shape do order[d] = #base.shape + 1 - d end
    return base:permute(order)
  end,
  step = function(base) return base:select(-1, 2) end,
  off = function(base, desc) return base:narrow(1, 2, desc.shape[1]) end,
  expand = function(base, desc) return base:expand(desc.shape) end,
}

--- Leaf and view of a descriptor.
local function make_input(desc, mode)
  local base = make_base(desc, mode)
  if desc.grad then base:requires_grad_(true) end
  local view = desc.layout and LAYOUTS[desc.layout](base, desc) or base
  return base, view
end

--- Turns the arguments of a record into values; fills `inputs` (by leaf number) with what was made.
local function materialise(value, mode, inputs)
  if type(value) ~= "table" then return value end
  local kind = value["$"]
  if kind == "T" then
    local base, view = make_input(value, mode)
    inputs[value.leaf + 1] = { desc = value, base = base, view = view }
    return view
  elseif kind == "dtype" then
    return resolve_dtype(value.name, mode)
  elseif kind == "newaxis" then
    return tensor.newaxis
  elseif value == codec.null then
    return nil
  end
  local out = {}
  for k, v in pairs(value) do out[k] = materialise(v, mode, inputs) end
  return out
end
runner.materialise = materialise

local function arguments(record, mode, inputs)
  local args = { n = #record.args }
  for k = 1, #record.args do args[k] = materialise(record.args[k], mode, inputs) end
  if record.options then
    args.n = args.n + 1
    args[args.n] = materialise(record.options, mode, inputs)
  end
  return args
end

-- Calls -------------------------------------------------------------------------------------------

local OPERATORS <const> = {
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  truediv = function(a, b) return a / b end,
  floordiv = function(a, b) return a // b end,
  mod = function(a, b) return a % b end,
  pow = function(a, b) return a ^ b end,
  neg = function(a) return -a end,
  and_ = function(a, b) return a & b end,
  or_ = function(a, b) return a | b end,
  xor = function(a, b) return a ~ b end,
  invert = function(a) return ~a end,
}

--- The function that a form names: tensor.x, F.x, :x, :x_ (on a copy), op:x, prop:x, fn:x.
local function resolve(form)
  local kind, name = form:match "^(%a*):(.+)$"
  if kind == "op" then
    return OPERATORS[name]
  elseif kind == "prop" then
    return function(x) return x[name] end
  elseif kind == "fn" then
    return programs[name]
  elseif kind == "" then
    return function(x, ...)
      local method = x[name]
      if not method then error("no method " .. form, 0) end
      if name:sub(-1) == "_" then return method(x:clone(), ...) end
      return method(x, ...)
    end
  end
  local f = nnlua
  for part in form:gmatch "[^.]+" do
    f = f[part]
    if f == nil then error("no function " .. form, 0) end
  end
  return f
end

--- Results in order, out of nested tables.
local function flatten_results(results, out)
  for k = 1, results.n or #results do
    local r = results[k]
    if type(r) == "table" then
      flatten_results(r, out)
    else
      out.n = out.n + 1
      out[out.n] = r
    end
  end
  return out
end

-- Gradients ---------------------------------------------------------------------------------------

--- Runs backward from all float results with cotangents of the formula.
local function backward(record, results)
  local total, k = nil, 0
  for n = 1, results.n do
    local y = results[n]
    if type(y) == "userdata" and y.dtype:sub(1, 5) == "float" then
      local shape = {}
      for d = 1, #y.shape do shape[d] = y.shape[d] end
      local cot = make_base({
        base = shape, dtype = y.dtype, dom = "any",
        seed = formula.seed_of(("%s/%s/cot%d"):format(record.family, record.id, k)),
      })
      k = k + 1
      if y.requires_grad then
        if results.n == 1 then return y:backward(cot) end
        local term = (y:to "float64" * cot:to "float64"):sum()
        total = total and total + term or term
      end
    end
  end
  if total then total:backward() end
end

--- Leaves that a gradient is asked for, in order.
local function grad_inputs(inputs)
  local order = {}
  for leaf, input in pairs(inputs) do
    if input.desc.grad then order[#order + 1] = leaf end
  end
  table.sort(order)
  return order
end

local function zeros_like_array(base)
  local shape, count = {}, 1
  for d = 1, #base.shape do
    shape[d] = base.shape[d]
    count = count * shape[d]
  end
  local array = { shape = shape, count = count }
  for i = 1, count do array[i] = 0.0 end
  return array
end

--- The tolerance of a class; a case may say that PyTorch's own float64 result is less precise.
local function tolerance(record, prec, class)
  local tol = compare.TOLERANCE[prec][class]
  return record.reference and math.max(tol, record.reference) or tol
end

local function check_gradients(record, inputs, prec, problems)
  local tol = tolerance(record, prec, record.tol == "reduce" and "reduce" or "elementwise")
  for k, leaf in ipairs(grad_inputs(inputs)) do
    local input, want = inputs[leaf], record.grads[k]
    local got = input.base.grad
    local name = input.desc.param and "gradient of " .. input.desc.param or "gradient " .. k
    if got == nil then
      if want.value then problems[#problems + 1] = name .. " is nil" end
    else
      local value = want.value or zeros_like_array(input.base)
      local trouble = compare.tensor(got, value, resolve_dtype(input.desc.dtype, record.mode), tol, want.scale)
      if trouble then problems[#problems + 1] = name .. ": " .. trouble end
    end
  end
end

-- Cases -------------------------------------------------------------------------------------------

--- The precision that a run can be held to: float32 as soon as a float32 tensor takes part.
local function precision(record, mode, inputs)
  for _, input in pairs(inputs) do
    if resolve_dtype(input.desc.dtype, mode) == "float32" then return "float32" end
  end
  for _, out in ipairs(record.out) do
    if out[mode] == "float32" then return "float32" end
  end
  return "float64"
end

local function check_results(record, mode, prec, results, problems)
  if results.n ~= #record.out then
    problems[#problems + 1] = ("%d results instead of %d"):format(results.n, #record.out)
    return
  end
  local tol = tolerance(record, prec, record.tol)
  for k, want in ipairs(record.out) do
    local got, trouble = results[k], nil
    if want.value then
      trouble = compare.tensor(got, want.value, want[mode], tol, want.scale)
    elseif got ~= want.plain or math.type(got) ~= math.type(want.plain) then
      trouble = ("%s instead of %s"):format(tostring(got), tostring(want.plain))
    end
    if trouble then problems[#problems + 1] = ("result %d: %s"):format(k, trouble) end
  end
end

local function check_changed(record, mode, prec, inputs, problems)
  local k = 0
  for leaf = 1, #inputs do
    local input = inputs[leaf]
    if input.desc.mut then
      k = k + 1
      local trouble = compare.tensor(input.view, record.changed[k], resolve_dtype(input.desc.dtype, mode),
        compare.TOLERANCE[prec].reduce)
      if trouble then problems[#problems + 1] = ("argument changed wrongly: %s"):format(trouble) end
    end
  end
end

--- Builds the module of a record and gives it the parameters of the formula; they join `inputs`.
local function build_module(record, mode, inputs)
  local spec = record.module
  local ctor = { n = #spec.args }
  for k = 1, #spec.args do ctor[k] = materialise(spec.args[k], mode, {}) end
  if spec.options then
    ctor.n = ctor.n + 1
    ctor[ctor.n] = materialise(spec.options, mode, {})
  end
  local class = models[spec.class] or nnlua.nn[spec.class] or error("no nn." .. spec.class, 0)
  local module = class(table.unpack(ctor, 1, ctor.n))
  module:to(mode)
  local state, expected = {}, 0
  for _, desc in ipairs(spec.state) do
    state[desc.param] = make_base(desc, mode)
    expected = expected + 1
  end
  local own, names = module:state_dict(), 0
  for name, value in pairs(own) do
    names = names + 1
    if not state[name] then error("state_dict has " .. name .. ", PyTorch's has not", 0) end
    if compare.shape_text(value.shape) ~= compare.shape_text(state[name].shape) then
      error(("%s has shape %s"):format(name, compare.shape_text(value.shape)), 0)
    end
  end
  if names ~= expected then error(("state_dict has %d names instead of %d"):format(names, expected), 0) end
  module:load_state_dict(state)
  module:train(spec.train)
  local live = module:state_dict()
  local parameters = {}
  for name, p in module:named_parameters() do parameters[name] = p end
  for _, desc in ipairs(spec.state) do
    local t = parameters[desc.param] or live[desc.param]
    inputs[desc.leaf + 1] = { desc = desc, base = t, view = t }
  end
  return module
end

local function run_form(record, mode, form)
  local inputs, problems = {}, {}
  record.mode = mode
  local args = arguments(record, mode, inputs)
  local f = record.module and build_module(record, mode, inputs) or resolve(form)
  local results = flatten_results(table.pack(f(table.unpack(args, 1, args.n))), { n = 0 })
  local prec = precision(record, mode, inputs)
  check_results(record, mode, prec, results, problems)
  if record.changed then check_changed(record, mode, prec, inputs, problems) end
  if record.grads and #problems == 0 then
    backward(record, results)
    check_gradients(record, inputs, prec, problems)
  end
  return problems
end

--- Arguments of a record as text, for messages.
local function describe(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  if value == codec.null then return "nil" end
  if value["$"] == "T" then
    local text = value.dtype .. compare.shape_text(value.shape)
    return value.layout and text .. "(" .. value.layout .. ")" or text
  elseif value["$"] == "dtype" then
    return value.name
  elseif value["$"] == "newaxis" then
    return "newaxis"
  end
  local parts, named = {}, {}
  for _, v in ipairs(value) do parts[#parts + 1] = describe(v) end
  for k, v in pairs(value) do
    if type(k) == "string" then named[#named + 1] = k .. " = " .. describe(v) end
  end
  table.sort(named)
  return "{" .. table.concat(parts, ", ") .. table.concat(named, ", ") .. "}"
end

local function describe_case(record)
  local parts = {}
  for _, a in ipairs(record.args) do parts[#parts + 1] = describe(a) end
  if record.options then parts[#parts + 1] = describe(record.options) end
  local text = "(" .. table.concat(parts, ", ") .. ")"
  if record.module then
    local ctor = {}
    for _, a in ipairs(record.module.args) do ctor[#ctor + 1] = describe(a) end
    if record.module.options then ctor[#ctor + 1] = describe(record.module.options) end
    text = record.module.class .. "(" .. table.concat(ctor, ", ") .. ")" .. text
  end
  return text
end

local function traced(e) return os.getenv "PARITY_TRACE" and debug.traceback(e, 2) or e end

--- What a failure has in common with others: the operation, the form and the trouble without its numbers.
local function kind_of_trouble(record, form, problem)
  return ("%s %s %s"):format(record.op, form, problem:gsub("%[.-%]", ""):gsub("[%d.]+", ""):sub(1, 60))
end

--- Runs one case in every mode and form; the text of the first failure and its kind, or nil.
local function run_case(record, handler)
  for _, mode in ipairs(MODES) do
    for _, form in ipairs(record.forms) do
      local ok, problems = xpcall(handler, traced, record, mode, form)
      if not ok then problems = { "error: " .. tostring(problems) } end
      if #problems > 0 then
        local text = ("FAIL %s [%s, %s] %s\n    %s"):format(record.id, mode, form, describe_case(record),
          table.concat(problems, "\n    "))
        return text, kind_of_trouble(record, form, problems[1])
      end
    end
  end
  return nil
end

--- Runs the cases of a family; `handlers` maps kinds of record to functions that return problems.
-- The first script argument restricts the run to cases whose id contains it. Ends the program.
function runner.run(family, handlers)
  local fixture = codec.read(runner.directory .. "fixtures/" .. family .. ".bin.gz")
  local filter = arg and arg[1]
  local passed, failed, operations, shown, seen = 0, 0, 0, {}, {}
  for _, record in ipairs(fixture.cases) do
    if not filter or record.id:find(filter, 1, true) then
      if not seen[record.op] then
        seen[record.op] = true
        operations = operations + 1
      end
      local text, kind = run_case(record, handlers and handlers[record.kind] or run_form)
      if text then
        failed = failed + 1
        shown[kind] = (shown[kind] or 0) + 1
        if filter or shown[kind] <= MAX_SHOWN then print(text) end
      else
        passed = passed + 1
      end
    end
  end
  for kind, n in pairs(shown) do
    if n > MAX_SHOWN and not filter then print(("FAIL %d more: %s"):format(n - MAX_SHOWN, kind)) end
  end
  print(("parity %s: %d operations against PyTorch %s"):format(family, operations, fixture.torch))
  print(("%d passed, %d failed"):format(passed, failed))
  os.exit(failed == 0 and passed > 0, true)
end

return runner
