-- Derivatives of functions: jacobian, hessian, vjp, jvp, and operations with a backward of one's own (tensor.Function).
-- Made of tensor.grad and the bindings' record; knows nothing of modules. Checks of gradients are in gradcheck.lua.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor
local is_tensor = tensor.is_tensor

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

local function same_shape(a, b) return shape_text(a) == shape_text(b) end

local function zeros_of(x) return tensor.zeros_like(x:detach()) end

-- ---- functions of tensors -----------------------------------------------------------------------------------------

-- One tensor or a list of them as a list; the second result tells whether it was one.
local function as_list(who, what, v)
  if is_tensor(v) then return {v}, false end
  if type(v) ~= "table" or #v == 0 then
    fail.raise("%s: %s must be a tensor or a list of tensors, got %s", who, what, fail.show(v))
  end
  for i = 1, #v do
    if not is_tensor(v[i]) then
      fail.raise("%s: entry %d of %s must be a tensor, got %s", who, i, what, fail.show(v[i]))
    end
  end
  return v, true
end

-- The results of func as a list, and whether there were several (or a table of them).
local function outputs_of(who, func, inputs)
  local results = table.pack(func(table.unpack(inputs)))
  if results.n == 1 then return as_list(who, "what the function returns", results[1]) end
  return as_list(who, "what the function returns", results)
end

-- A list as the caller is to see it: as it is, or its only entry.
local function unwrapped(list, is_list)
  if is_list then return list end
  return list[1]
end

-- The outermost list arrives as several values, as every tuple of PyTorch does.
local function returned(list, is_list)
  if is_list then return table.unpack(list) end
  return list[1]
end

-- The inputs once more, as tensors that want a gradient: a function that captures an input itself is told from one that
-- uses its argument. With create the history stays.
local function stand_ins(inputs, create)
  local list = {}
  for i, x in ipairs(inputs) do
    list[i] = create and x.requires_grad and x:view_as(x) or x:detach():requires_grad_()
  end
  return list
end

-- The gradients of the ys (with the vs) by the xs: a list with gaps.
local function gradients(ys, xs, vs, create)
  local outputs, cotangents = {}, {}
  for i, y in pairs(ys) do
    if i ~= "n" and y.requires_grad then
      outputs[#outputs + 1], cotangents[#cotangents + 1] = y, vs[i]
    end
  end
  if #outputs == 0 then return {} end
  return {tensor.grad(outputs, xs, {grad_outputs = cotangents, retain_graph = true, create_graph = create,
    allow_unused = true})}
end

local function independent(who, i, k)
  fail.raise("%s: output %d of the function is independent of input %d, which strict = true does not allow", who, i, k)
end

-- Gaps are filled with zeros in the shapes of `like`, or are an error under strict.
local function filled(who, found, like, options)
  local list = {}
  for k, x in ipairs(like) do
    local g = found[k]
    if options.strict then
      if not g then
        fail.raise("%s: the outputs of the function are independent of input %d, which strict = true does not allow",
          who, k)
      elseif options.create_graph and not g.requires_grad then
        fail.raise("%s: the result for input %d is independent of the inputs, which strict = true with create_graph "
          .. "does not allow", who, k)
      end
    end
    list[k] = g or zeros_of(x)
  end
  return list
end

local function check_strict(who, ys, options)
  if not options.strict then return end
  for i, y in ipairs(ys) do
    if not y.requires_grad then
      fail.raise("%s: output %d of the function is independent of the inputs, which strict = true does not allow",
        who, i)
    end
  end
end

-- The vectors v in the shapes of `like`; without v ones where like is a single element.
local function vectors(who, v, like, what)
  if v == nil then
    if #like ~= 1 or like[1]:numel() ~= 1 then
      fail.raise("%s: v may be left out only for a single %s with a single element", who, what)
    end
    return {tensor.ones_like(like[1]:detach())}
  end
  local list = as_list(who, "v", v)
  if #list ~= #like then fail.raise("%s: v has %d tensors for %d %ss", who, #list, #like, what) end
  for i, x in ipairs(like) do
    if not same_shape(list[i], x) then
      fail.raise("%s: v has shape %s for %s %d of shape %s", who, shape_text(list[i]), what, i, shape_text(x))
    end
  end
  return list
end

local function finished(ys, create)
  if create then return ys end
  local list = {}
  for i, y in ipairs(ys) do list[i] = y:detach() end
  return list
end

-- ---- jacobian, hessian --------------------------------------------------------------------------------------------

-- d y / d xs[k] for every k, each in the shape of y followed by that of x. i is y's number in error texts.
local function jacobian_of(who, i, y, xs, options)
  local rows, n = {}, y:numel()
  for k = 1, #xs do rows[k] = {} end
  for j = 1, y.requires_grad and n or 0 do
    local one = tensor.zeros(n, {dtype = y.dtype})
    one:set(j, 1)
    local found = gradients({y}, xs, {one:view_as(y)}, options.create_graph)
    for k, x in ipairs(xs) do
      if options.strict and not found[k] then independent(who, i, k) end
      rows[k][j] = found[k] or zeros_of(x)
    end
  end
  local list = {}
  for k, x in ipairs(xs) do
    local shape = {y:size()}
    table.move({x:size()}, 1, x:dim(), #shape + 1, shape)
    list[k] = #rows[k] > 0 and tensor.stack(rows[k], 1):reshape(shape) or tensor.zeros(shape, {dtype = x.dtype})
  end
  return list
end

-- The rows of the Jacobian of func at xs, which stay leaves of their own: list of lists, and whether func has several
-- results.
local function jacobians(who, func, xs, options)
  local ys, several = outputs_of(who, func, xs)
  check_strict(who, ys, options)
  local rows = {}
  for i, y in ipairs(ys) do rows[i] = jacobian_of(who, i, y, xs, options) end
  return rows, several
end

local read_jacobian = signature("jacobian", "func:callable, inputs:any, create_graph:bool=false, strict:bool=false")

--- All derivatives of what func returns by its inputs: func is called with the inputs (one tensor, or the tensors of a
-- list) and returns one tensor or several. For one input [n...] and one result [m...] a tensor [m..., n...]; for a list
-- of inputs one value each; for several results one value each, which is a table where inputs is a list. With
-- create_graph the result can be differentiated again. A result that doesn't depend on an input has zeros there, with
-- strict it is an error.
function tensor.jacobian(...)
  local a = read_jacobian(...)
  local inputs, is_list = as_list("jacobian", "inputs", a.inputs)
  return tensor.enable_grad(function()
    local rows, several = jacobians("jacobian", a.func, stand_ins(inputs, a.create_graph), a)
    if not several then return returned(rows[1], is_list) end
    for i, row in ipairs(rows) do rows[i] = unwrapped(row, is_list) end
    return returned(rows, true)
  end)
end

local read_hessian = signature("hessian", "func:callable, inputs:any, create_graph:bool=false, strict:bool=false")

--- All second derivatives of func, which returns one element, by its inputs: for one input [n...] a tensor
-- [n..., n...], for a list of inputs one table each, the k-th of the i-th being the derivatives by inputs i and k.
-- Options as for tensor.jacobian.
function tensor.hessian(...)
  local a = read_hessian(...)
  local inputs, is_list = as_list("hessian", "inputs", a.inputs)
  local function slopes(...)
    local xs = {...}
    local ys = outputs_of("hessian", a.func, xs)
    if #ys ~= 1 or ys[1]:numel() ~= 1 then
      fail.raise("hessian: the function must return one tensor with one element, it returned %s",
        #ys ~= 1 and #ys .. " tensors" or "shape " .. shape_text(ys[1]))
    end
    local y = ys[1]:reshape{}
    check_strict("hessian", {y}, a)
    return jacobian_of("hessian", 1, y, xs, {create_graph = true, strict = a.strict})
  end
  return tensor.enable_grad(function()
    local rows = jacobians("hessian", slopes, stand_ins(inputs, a.create_graph), a)
    for i, row in ipairs(rows) do rows[i] = unwrapped(row, is_list) end
    return returned(rows, is_list)
  end)
end

-- ---- products with the jacobian -----------------------------------------------------------------------------------

local read_vjp = signature("vjp", "func:callable, inputs:any, v:any?, create_graph:bool=false, strict:bool=false")

--- What func returns, and the product of v (in the shape of that; 1 when it is one element) with its Jacobian: in the
-- shape of the inputs, a list for a list of inputs. Several results of func come as a list, v is one then, too. Options
-- as for tensor.jacobian.
function tensor.vjp(...)
  local a = read_vjp(...)
  local inputs, is_list = as_list("vjp", "inputs", a.inputs)
  return tensor.enable_grad(function()
    local xs = stand_ins(inputs, a.create_graph)
    local ys, several = outputs_of("vjp", a.func, xs)
    check_strict("vjp", ys, a)
    local vs = vectors("vjp", a.v, ys, "result")
    local found = filled("vjp", gradients(ys, xs, vs, a.create_graph), xs, a)
    return unwrapped(finished(ys, a.create_graph), several), unwrapped(found, is_list)
  end)
end

local read_jvp = signature("jvp", "func:callable, inputs:any, v:any?, create_graph:bool=false, strict:bool=false")

--- What func returns, and the product of its Jacobian with v (in the shape of the inputs, a list for a list of them; 1
-- when the input is one element): in the shape of what func returns. Found by differentiating the gradient by its
-- cotangent, so func must have second derivatives. Options as for tensor.jacobian.
function tensor.jvp(...)
  local a = read_jvp(...)
  local inputs = as_list("jvp", "inputs", a.inputs)
  local vs = vectors("jvp", a.v, inputs, "input")
  return tensor.enable_grad(function()
    local xs, cotangents = stand_ins(inputs, a.create_graph), {}
    local ys, several = outputs_of("jvp", a.func, xs)
    check_strict("jvp", ys, a)
    for i, y in ipairs(ys) do cotangents[i] = zeros_of(y):requires_grad_() end
    local slopes = gradients(ys, xs, cotangents, true) -- linear in the cotangents
    if a.strict then filled("jvp", slopes, xs, {strict = true}) end
    local found = gradients(slopes, cotangents, vs, a.create_graph)
    local products = {}
    for i, y in ipairs(ys) do products[i] = found[i] or zeros_of(y) end
    return unwrapped(finished(ys, a.create_graph), several), unwrapped(products, several)
  end)
end

-- ---- operations of one's own --------------------------------------------------------------------------------------

-- Keys of a ctx for what only this file sees.
local MARKED, DIRTY, MATERIALIZE, VERSIONS = {}, {}, {}, {}

-- What forward and backward of a Function share: fields of the user's, and these.
local Context = {__name = "Function.ctx"}
Context.__index = Context

local function check_tensors(who, list)
  for i = 1, list.n do
    if list[i] ~= nil and not is_tensor(list[i]) then
      fail.raise("%s: argument %d must be a tensor, got %s", who, i, fail.show(list[i]))
    end
  end
  return list
end

--- Keeps tensors (arguments or results of forward, or others; nil is allowed) for backward, which finds them in
-- ctx.saved_tensors. Gradients of gradients go through what was saved here.
function Context:save_for_backward(...)
  self.saved_tensors = check_tensors("save_for_backward", table.pack(...))
end

--- Results of forward that have no gradient; integer ones never have.
function Context:mark_non_differentiable(...)
  local list = check_tensors("mark_non_differentiable", table.pack(...))
  for i = 1, list.n do self[MARKED][list[i]] = true end
end

--- Arguments that forward changed in place and returns.
function Context:mark_dirty(...)
  local list = check_tensors("mark_dirty", table.pack(...))
  for i = 1, list.n do
    if list[i].is_leaf and list[i].requires_grad then
      fail.raise("mark_dirty: a leaf tensor that requires a gradient must not be changed in place")
    end
    self[DIRTY][list[i]] = true
  end
end

--- Whether backward gets zeros (true, the default) or nil for a result that the loss doesn't depend on.
function Context:set_materialize_grads(on) self[MATERIALIZE] = on end

-- Can a gradient be summed to the shape of x?
local function fits(g, x)
  local from, to = {g:size()}, x.shape
  local extra = #from - #to
  if extra < 0 then return false end
  for d = 1, #to do
    if from[d + extra] ~= to[d] and to[d] ~= 1 then return false end
  end
  return true
end

-- What is to be known of tensors later without keeping them: {[i] = {shape, dtype}}.
local function described(values)
  local list = {}
  for i = 1, values.n do
    local v = values[i]
    if is_tensor(v) then list[i] = {shape = {v:size()}, dtype = v.dtype} end
  end
  return list
end

-- The versions of what was saved: a change in place after that would make the gradient wrong without a word.
local function versions_of(saved)
  local list = {}
  for i = 1, saved.n do list[i] = saved[i] and saved[i]._version or false end
  return list
end

local function check_versions(name, saved, versions)
  for i = 1, saved.n do
    if saved[i] and versions[i] and saved[i]._version ~= versions[i] then
      fail.raise("backward: a tensor of shape %s that %s saved for its gradient was changed in place afterwards (it "
        .. "is at version %d, expected %d); use an operation without trailing _ or a clone()", shape_text(saved[i]),
        name, saved[i]._version, versions[i])
    end
  end
end

-- One result of backward, for the argument at position i.
local function checked_gradient(name, g, i, argument)
  if g == nil then return nil end
  if not is_tensor(g) then
    fail.raise("%s: backward must return a tensor or nil for argument %d, it returned %s", name, i, fail.show(g))
  elseif not argument then
    fail.raise("%s: backward returned a gradient for argument %d, which is no tensor", name, i)
  elseif not fits(g, argument) then
    fail.raise("%s: backward returned a gradient of shape %s for argument %d of shape [%s]", name, shape_text(g), i,
      table.concat(argument.shape, ", "))
  end
  return g.dtype == argument.dtype and g or g:to(argument.dtype)
end

-- The function that the engine calls: gradients of the recorded outputs to those of the recorded inputs.
local function make_backward(class, ctx, op)
  return function(_, ...)
    local given = {}
    check_versions(op.name, ctx.saved_tensors, ctx[VERSIONS])
    for k, i in ipairs(op.output_places) do given[i] = (select(k, ...)) end
    if ctx[MATERIALIZE] then
      for i, output in pairs(op.outputs) do
        given[i] = given[i] or tensor.zeros(output.shape, {dtype = output.dtype})
      end
    end
    local found, back = table.pack(class.backward(ctx, table.unpack(given, 1, op.n_outputs))), {}
    local last = op.input_places[#op.input_places]
    local surplus = false
    for i = op.n_inputs + 1, found.n do surplus = surplus or found[i] ~= nil end
    if found.n < last or surplus then
      fail.raise("%s: backward returned %d gradients for the %d arguments of forward; it returns one for each, nil "
        .. "for what is no tensor", op.name, found.n, op.n_inputs)
    end
    for i = 1, op.n_inputs do found[i] = checked_gradient(op.name, found[i], i, op.inputs[i]) end
    for k, i in ipairs(op.input_places) do back[k] = found[i] end
    return table.unpack(back, 1, #op.input_places)
  end
end

-- Enters an application into the graph: outputs[i] become results of the arguments.
local function record(class, ctx, arguments, outputs, places)
  local op = {name = class.__name, inputs = described(arguments), outputs = described(outputs), input_places = places,
    output_places = {}, n_inputs = arguments.n, n_outputs = outputs.n}
  local inputs, recorded, known = {}, {}, {}
  for i = 1, arguments.n do known[arguments[i] or false] = true end
  for k, i in ipairs(places) do inputs[k] = arguments[i] end
  for i = 1, outputs.n do
    local y = outputs[i]
    if is_tensor(y) and y:is_floating_point() and not ctx[MARKED][y] then
      -- what was there before (an argument, a parameter, the same result) keeps its own history
      if known[y] or y.requires_grad then y = y:detach() end
      known[y] = true
      recorded[#recorded + 1], op.output_places[#recorded + 1] = y, i
    end
  end
  if #recorded == 0 then return end
  core.record(op.name, inputs, recorded, make_backward(class, ctx, op))
  for k, i in ipairs(op.output_places) do
    if ctx[DIRTY][outputs[i]] then
      outputs[i]:copy_(recorded[k]) -- takes over the history, also for views
    else
      outputs[i] = recorded[k]
    end
  end
end

local function run_forward(class, ctx, arguments)
  if not class.setup_context then return table.pack(class.forward(ctx, table.unpack(arguments, 1, arguments.n))) end
  local outputs = table.pack(class.forward(table.unpack(arguments, 1, arguments.n)))
  class.setup_context(ctx, arguments, outputs.n == 1 and outputs[1] or outputs)
  return outputs
end

local function apply(class, ...)
  local arguments, places, needs = table.pack(...), {}, {}
  if arguments[1] == class then
    fail.raise("%s: apply is called with a dot: %s.apply(...)", class.__name, class.__name)
  end
  local missing = not class.forward and "forward" or not class.backward and "backward"
  if missing then fail.raise("%s: there is no function %s.%s(ctx, ...)", class.__name, class.__name, missing) end
  for i = 1, arguments.n do
    local v = arguments[i]
    needs[i] = is_tensor(v) and v.requires_grad
    if needs[i] then places[#places + 1] = i end
  end
  local ctx = setmetatable({needs_input_grad = needs, saved_tensors = {n = 0}, [MARKED] = {}, [DIRTY] = {},
    [MATERIALIZE] = true}, Context)
  local outputs = tensor.no_grad(run_forward, class, ctx, arguments)
  if #places > 0 and tensor.is_grad_enabled() then record(class, ctx, arguments, outputs, places) end
  ctx[MARKED], ctx[DIRTY], ctx[VERSIONS] = nil, nil, versions_of(ctx.saved_tensors)
  return table.unpack(outputs, 1, outputs.n)
end

--- Makes a class of operations with a backward of one's own: `local Square = tensor.Function("Square")`, then
-- `function Square.forward(ctx, x)` and `function Square.backward(ctx, grad)`; `Square.apply(x)` runs it. forward gets
-- the arguments of apply, works without recording and returns one tensor or several; backward gets a gradient for each
-- of these and returns one for each argument of forward (nil for what is no tensor). ctx:save_for_backward(x, y) keeps
-- tensors for ctx.saved_tensors, ctx.needs_input_grad[i] tells which arguments need a gradient,
-- ctx:mark_non_differentiable(y), ctx:mark_dirty(x) and ctx:set_materialize_grads(false) are PyTorch's; other fields of
-- ctx are free. With setup_context(ctx, inputs, output) in the class forward has no ctx. backward is differentiated
-- itself where gradients of gradients are asked for.
-- @param name what prints and errors call it
-- @param parent another class of this kind, whose forward and backward are inherited
function tensor.Function(name, parent)
  if type(name) ~= "string" then fail.raise("Function: expected a name, got %s", fail.show(name)) end
  if parent ~= nil and (type(parent) ~= "table" or type(parent.apply) ~= "function") then
    fail.raise("Function: the parent must be a class that tensor.Function made, got %s", fail.show(parent))
  end
  local class = {__name = name}
  --- Runs forward on the arguments and notes how to go back.
  function class.apply(...) return apply(class, ...) end
  return setmetatable(class, {__index = parent, __name = name, __call = apply, __tostring = function()
    return "Function " .. name
  end})
end
