-- tensor.Function, jacobian and its kin, gradcheck, tensor.testing: values against ones computed by hand, error texts.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor = nnlua.tensor

local function f64(values) return tensor(values, {dtype = "float64"}) end
local function leaf(values) return tensor(values, {dtype = "float64", requires_grad = true}) end
local function collect() for _ = 1, 3 do collectgarbage() end end
local function cube(x) return x ^ 3 end
local function total(x) return x:sum() end

-- x * x with a backward of its own, `factor` times too large.
local function square_class(factor)
  local Square = tensor.Function("Square")
  function Square.forward(ctx, x)
    ctx:save_for_backward(x)
    return x * x
  end
  function Square.backward(ctx, g) return g * (2 * factor) * ctx.saved_tensors[1] end
  return Square
end

-- ---- jacobian, hessian, vjp, jvp ----------------------------------------------------------------------------------

check.test("jacobian: one input, one result", function()
  local x = f64{1, 2, 3}
  check.equal(tensor.jacobian(cube, x), f64{{3, 0, 0}, {0, 12, 0}, {0, 0, 27}})
  local a = f64{{1, 2, 3}, {4, 5, 6}}
  check.equal(tensor.jacobian(function(v) return a:matmul(v) end, x), a)
  check.equal(tensor.jacobian(total, x), x * 0 + 1, "a result without dimensions")
  check.equal(tensor.jacobian(total, a).shape == {2, 3}, true)
  check.equal(tensor.jacobian(function(m) return m:t() end, a).shape == {3, 2, 2, 3}, true)
  check.equal(tensor.jacobian(function(v) return v[{{1, 0}}] end, x).shape == {0, 3}, true)
  check.equal(x.requires_grad, false, "the input stays as it is")
end)

check.test("jacobian: lists of inputs, several results", function()
  local x, y = f64{1, 2}, f64{3, 4}
  local jx, jy = tensor.jacobian(function(a, b) return a * b end, {x, y})
  check.equal({jx, jy}, {f64{{3, 0}, {0, 4}}, f64{{1, 0}, {0, 2}}})
  local j = {tensor.jacobian(function(a, b) return a:sum(), a * b end, {x, y})}
  check.equal(j, {{f64{1, 1}, f64{0, 0}}, {f64{{3, 0}, {0, 4}}, f64{{1, 0}, {0, 2}}}})
  local k = {tensor.jacobian(function(a) return a:sum(), a * 2 end, x)}
  check.equal(k, {f64{1, 1}, f64{{2, 0}, {0, 2}}})
  check.equal({tensor.jacobian(function(a) return {a * 2} end, {x})}, {{f64{{2, 0}, {0, 2}}}})
end)

check.test("jacobian: create_graph, strict, errors", function()
  local x = leaf{1, 2}
  local j = tensor.jacobian(cube, x, {create_graph = true})
  check.equal((tensor.grad(j:sum(), x)), f64{6, 12})
  check.equal(tensor.jacobian(cube, x).requires_grad, false)
  check.equal(tensor.no_grad(tensor.jacobian, cube, x), f64{{3, 0}, {0, 12}}, "also without grad mode")
  local function constant() return f64{1, 2} end
  check.equal(tensor.jacobian(constant, x), f64{{0, 0}, {0, 0}})
  check.error("output 1 of the function is independent of the inputs", tensor.jacobian, constant, x, {strict = true})
  check.error("output 1 of the function is independent of input 2", tensor.jacobian, total, {x, x}, {strict = true})
  local captured = x * 1
  check.equal(tensor.jacobian(function(a) return a * captured end, captured), f64{{1, 0}, {0, 2}},
    "a captured input is a constant")
  check.error("inputs must be a tensor or a list of tensors, got 5", tensor.jacobian, cube, 5)
  check.error("entry 2 of inputs must be a tensor, got 5", tensor.jacobian, cube, {x, 5})
  check.error("what the function returns must be a tensor", tensor.jacobian, function() end, x)
  check.error("func must be a function, got 5", tensor.jacobian, 5, x)
  check.error("unknown option 'create_grap' (did you mean 'create_graph'?)", tensor.jacobian, cube, x,
    {create_grap = true})
end)

check.test("hessian", function()
  local x, y = f64{1, 2}, f64{3, 5}
  check.equal(tensor.hessian(function(a) return (a ^ 3):sum() end, x), f64{{6, 0}, {0, 12}})
  local h = {tensor.hessian(function(a, b) return (a * a * b):sum() end, {x, y})}
  check.equal(h, {{f64{{6, 0}, {0, 10}}, f64{{2, 0}, {0, 4}}}, {f64{{2, 0}, {0, 4}}, f64{{0, 0}, {0, 0}}}})
  check.equal(tensor.hessian(function(a) return (a ^ 2):sum():reshape(1, 1) end, x), f64{{2, 0}, {0, 2}})
  check.equal(tensor.hessian(total, x), f64{{0, 0}, {0, 0}}, "a linear function")
  check.error("must return one tensor with one element, it returned shape [2]", tensor.hessian, cube, x)
  check.error("strict", tensor.hessian, total, x, {strict = true})
  local p = leaf{1, 2}
  local third = tensor.hessian(function(a) return (a ^ 3):sum() end, p, {create_graph = true})
  check.equal((tensor.grad(third:sum(), p)), f64{6, 6})
end)

check.test("vjp and jvp", function()
  local a, x = f64{{1, 2, 3}, {4, 5, 6}}, f64{1, 0, -1}
  local function product(v) return a:matmul(v) end
  local y, g = tensor.vjp(product, x, f64{1, 10})
  check.equal({y, g}, {f64{-2, -2}, f64{41, 52, 63}})
  check.equal({y.requires_grad, g.requires_grad}, {false, false})
  y, g = tensor.jvp(product, x, f64{1, 10, 100})
  check.equal({y, g}, {f64{-2, -2}, f64{321, 654}})
  check.equal(select(2, tensor.vjp(total, x)), f64{1, 1, 1}, "v = 1 for one element")
  check.equal(select(2, tensor.jvp(function(v) return v * f64{2, 3} end, f64(1))), f64{2, 3})
  local ys, products = tensor.jvp(function(u, v) return u * v, u:sum() end, {x, x + 1}, {x * 0 + 1, x * 0})
  check.equal({ys, products}, {{f64{2, 0, 0}, f64(0)}, {f64{2, 1, 0}, f64(3)}})
  local _, gs = tensor.vjp(function(u, v) return u * v, u:sum() end, {x, x + 1}, {x * 0 + 1, f64(2)})
  check.equal(gs, {f64{4, 3, 2}, f64{1, 0, -1}})
  check.equal(select(2, tensor.jvp(function() return f64{1, 2} end, x, x)), f64{0, 0}, "a constant")
  check.equal(select(2, tensor.vjp(function() return f64{1, 2} end, x, f64{1, 1})), f64{0, 0, 0})
end)

check.test("vjp and jvp: second order, errors", function()
  local x, v = leaf{1, 2}, f64{1, 1}
  local y, g = tensor.vjp(cube, x, v, {create_graph = true})
  check.equal({(tensor.grad(g:sum(), x))}, {f64{6, 12}})
  check.ok(y.requires_grad)
  local _, t = tensor.jvp(cube, x, v, {create_graph = true})
  check.equal({(tensor.grad(t:sum(), x))}, {f64{6, 12}})
  check.error("vjp: v may be left out only for a single result with a single element", tensor.vjp, cube, x)
  check.error("jvp: v may be left out only for a single input with a single element", tensor.jvp, cube, x)
  check.error("vjp: v has shape [3] for result 1 of shape [2]", tensor.vjp, cube, x, f64{1, 2, 3})
  check.error("jvp: v has 1 tensors for 2 inputs", tensor.jvp, cube, {x, x}, {v})
  check.error("jvp: the outputs of the function are independent of input 2", tensor.jvp, cube, {x, x}, {v, v},
    {strict = true})
  check.error("vjp: the outputs of the function are independent of input 2", tensor.vjp, cube, {x, x}, v,
    {strict = true})
end)

-- ---- Function -----------------------------------------------------------------------------------------------------

check.test("Function: values, gradients of both orders, the node's name", function()
  local Square, x = square_class(1), leaf{1, 2, 3}
  local y = Square.apply(x)
  check.equal(y:detach(), f64{1, 4, 9})
  check.equal({y.grad_fn:name(), tostring(Square)}, {"Square", "Function Square"})
  local g = tensor.grad(y:sum(), x, {create_graph = true})
  check.equal(g:detach(), f64{2, 4, 6})
  check.equal((tensor.grad(g:sum(), x)), f64{2, 2, 2})
  check.equal(tensor.hessian(function(a) return Square.apply(a):sum() end, x:detach()), f64{2, 2, 2}:diag())
  ;(Square(x * 2) * 3):sum():backward()
  check.equal(x.grad, f64{24, 48, 72})
  check.ok(tensor.gradcheck(Square.apply, x) and tensor.gradgradcheck(Square.apply, x))
end)

check.test("Function: a saved result, gradients of gradients through it", function()
  local Exp = tensor.Function("Exp")
  function Exp.forward(ctx, x)
    local y = x:exp()
    ctx:save_for_backward(y)
    return y
  end
  function Exp.backward(ctx, g) return g * ctx.saved_tensors[1] end
  local x = leaf{0, 1}
  check.ok(tensor.gradcheck(Exp.apply, x) and tensor.gradgradcheck(Exp.apply, x))
end)

check.test("Function: arguments of all kinds, several results, fields of ctx", function()
  local seen
  local Scale = tensor.Function("Scale")
  function Scale.forward(ctx, x, k, w, name)
    ctx.k = k
    ctx:save_for_backward(x, nil, w)
    seen = {table.unpack(ctx.needs_input_grad)}
    return x * w * k, name, x:argmax()
  end
  function Scale.backward(ctx, g, none, zero)
    check.equal(none, nil)
    check.equal(zero, tensor(0, {dtype = "int64"}))
    local x, _, w = table.unpack(ctx.saved_tensors, 1, ctx.saved_tensors.n)
    return g * w * ctx.k, nil, ctx.needs_input_grad[3] and g * x * ctx.k or nil
  end
  local x, w = leaf{1, 2}, f64{3, 4}
  local y, name, at = Scale.apply(x, 10, w, "a name")
  check.equal({y:detach(), name, at:item(), at.requires_grad}, {f64{30, 80}, "a name", 2, false})
  check.equal(seen, {true, false, false, false})
  check.equal((tensor.grad(y:sum(), x)), f64{30, 40})
  w:requires_grad_()
  local gx, gw = tensor.grad((Scale.apply(x, 10, w)):sum(), {x, w})
  check.equal({gx, gw}, {f64{30, 40}, f64{10, 20}})
  check.equal((Scale.apply(x:detach(), 1, w:detach())).requires_grad, false)
  check.equal(tensor.no_grad(Scale.apply, x, 1, w).requires_grad, false)
end)

check.test("Function: results without gradient, unused ones, setup_context, inheritance", function()
  local Split, got = tensor.Function("Split"), nil
  function Split.forward(x) return x * 2, x * 3, x:gt(0):double() end
  function Split.setup_context(ctx, inputs, outputs)
    check.equal({inputs[1]:detach(), #outputs}, {f64{1, -1}, 3})
    ctx:mark_non_differentiable(outputs[3])
  end
  function Split.backward(_, a, b, c)
    got = {a, b, c}
    return a * 2 + b * 3
  end
  local x = leaf{1, -1}
  local p, _, mask = Split.apply(x)
  check.equal(mask.requires_grad, false)
  check.equal((tensor.grad(p:sum(), x)), f64{2, 2})
  check.equal(got, {f64{1, 1}, f64{0, 0}, f64{0, 0}}, "zeros for what wasn't used")
  local Gaps = tensor.Function("Gaps", Split)
  function Gaps.setup_context(ctx) ctx:set_materialize_grads(false) end
  function Gaps.backward(_, a, b, c)
    got = {n = 3, a, b, c}
    return b * 3
  end
  local _, q = Gaps.apply(x)
  check.equal((tensor.grad(q:sum(), x)), f64{3, 3})
  check.equal(got, {n = 3, nil, f64{1, 1}, nil})
end)

check.test("Function: an argument as result, a change in place", function()
  local Pass = tensor.Function("Pass")
  function Pass.forward(_, x) return x end
  function Pass.backward(_, g) return g * 10 end
  local x = leaf{1, 2}
  check.equal((tensor.grad(Pass.apply(x):sum(), x)), f64{10, 10})
  check.ok(x.is_leaf, "the argument keeps its history")
  local Twice = tensor.Function("Twice")
  function Twice.forward(_, a)
    local b = a * 1
    return b, b
  end
  function Twice.backward(_, g, k) return g * 10 + k end
  local p, q = Twice.apply(x)
  check.equal((tensor.grad((p + q * 2):sum(), x)), f64{12, 12}, "a result that comes twice")
  local Double = tensor.Function("Double")
  function Double.forward(ctx, a)
    ctx:mark_dirty(a)
    return a:mul_(2)
  end
  function Double.backward(_, g) return g * 2 end
  local h = x * 3
  local y = Double.apply(h)
  check.ok(rawequal(y, h))
  check.equal(h:detach(), f64{6, 12})
  check.equal((tensor.grad(h:sum(), x)), f64{6, 6})
  local base = x * 3
  Double.apply(base[{{2, 2}}])
  check.equal(base:detach(), f64{3, 12}, "through a view")
  check.equal((tensor.grad(base:sum(), x)), f64{3, 6})
  check.error("a leaf tensor that requires a gradient must not be changed in place", Double.apply, x)
end)

check.test("Function: what backward returns is checked", function()
  local Bad, answer = tensor.Function("Bad"), nil
  function Bad.forward(_, x, y, n) return x + y * n end
  function Bad.backward(...) return answer(...) end
  local x, y = leaf{1, 2}, leaf{3, 4}
  local function back() return tensor.grad(Bad.apply(x, y, 1):sum(), {x, y}) end
  answer = function(_, g) return g end
  check.error("Bad: backward returned 1 gradients for the 3 arguments of forward", back)
  answer = function(_, g) return g, g, nil, g end
  check.error("Bad: backward returned 4 gradients for the 3 arguments", back)
  answer = function(_, g) return g, 5 end
  check.error("Bad: backward must return a tensor or nil for argument 2, it returned 5", back)
  answer = function(_, g) return g, g, g end
  check.error("gradient for argument 3, which is no tensor", back)
  answer = function(_, g) return g, tensor.ones(3) end
  check.error("Bad: backward returned a gradient of shape [3] for argument 2 of shape [2]", back)
  answer = function(_, g) return g:float(), tensor.ones(5, 2) end
  local gx, gy = back()
  check.equal({gx, gy}, {f64{1, 1}, f64{5, 5}}, "converted, and summed to the argument's shape")
  local mine = {}
  answer = function() error(mine) end
  local ok, e = pcall(back)
  check.ok(not ok and rawequal(e, mine), "the user's error is unchanged")
  check.error("Bad: apply is called with a dot", function() Bad:apply(x) end)
  check.error("there is no function None.forward(ctx, ...)", tensor.Function("None").apply, x)
  check.error("expected a name, got 5", tensor.Function, 5)
  check.error("the parent must be a class that tensor.Function made", tensor.Function, "A", {})
  check.error("save_for_backward: argument 1 must be a tensor, got 5", function()
    local Save = tensor.Function("Save")
    function Save.forward(ctx) ctx:save_for_backward(5) end
    Save.backward = Save.forward
    Save.apply()
  end)
  local z = square_class(1).apply(x)
  z:sum():backward()
  check.error("retain_graph", function() z:sum():backward() end)
end)

check.test("Function: a change in place of what was saved is noticed", function()
  local x = leaf{1, 2}
  local h = x * 2
  local y = square_class(1).apply(h)
  h:add_(1)
  check.error("backward: a tensor of shape [2] that Square saved for its gradient was changed in place afterwards "
    .. "(it is at version 1, expected 0)", function() y:sum():backward() end)
  local w = f64{1, 2}
  check.equal(w._version, 0)
  w[1]:mul_(2)
  check.equal(w._version, 1, "through a view")
end)

check.test("Function: 10,000 applications leave nothing behind", function()
  local Square, x = square_class(1), leaf{1, 2, 3}
  local Keep = tensor.Function("Keep") -- saves its result: a ring through the Lua heap
  function Keep.forward(ctx, a)
    local y = a * 2
    ctx:save_for_backward(y)
    ctx.y = y
    return y
  end
  function Keep.backward(_, g) return g * 2 end
  local alive = setmetatable({}, {__mode = "k"})
  local function run(n)
    for i = 1, n do
      local y = Keep.apply(Square.apply(x))
      if i % 100 == 0 then alive[y] = true end
      if i % 2 == 0 then y:sum():backward() end
    end
    collect()
    return collectgarbage("count"), (nnlua.memory())
  end
  local before, bytes = run(1000)
  local after, now = run(10000)
  check.ok(after - before < 64, ("%.0f KiB more"):format(after - before))
  check.equal(now, bytes, "bytes of tensors")
  check.equal(next(alive), nil, "no handle lives")
end)

check.test("Function: the graph outlives the handles", function()
  local Square, x = square_class(1), leaf{1, 2}
  local function chain()
    local h = Square.apply(Square.apply(x) + 1)
    return (h * 2):sum()
  end
  local y = chain()
  collect()
  y:backward()
  check.equal(x.grad, f64{16, 80})
end)

-- ---- gradcheck ----------------------------------------------------------------------------------------------------

check.test("gradcheck passes what is right, by first and second order", function()
  local x, w = leaf{{1, 2, 3}, {4, 5, 6}}, leaf{{0.1, 0.2}, {0.3, -0.4}, {0.5, 0.6}}
  local function net(a, b) return a:matmul(b):tanh(), (a * a):sum() end
  check.equal(tensor.gradcheck(net, {x, w}), true)
  check.equal(tensor.gradgradcheck(net, {x, w}), true)
  check.equal(tensor.gradcheck(function(a, k) return a:sin() * k, "text" end, {x, 3}), true)
  check.equal(tensor.gradcheck(net, {x, w}, {check_undefined_grad = false, check_grad_dtypes = true}), true)
  check.equal(tensor.gradcheck(function(a) return a:t():exp():sum() end, leaf(0.5):reshape(1, 1)), true)
  check.equal(tensor.gradgradcheck(cube, leaf{1, 2}, leaf{1, -1}), true, "with given cotangents")
  check.equal(tensor.gradcheck(function() return f64{1} end, x), true, "a constant")
  check.equal(x:detach(), f64{{1, 2, 3}, {4, 5, 6}}, "the inputs are as before")
  check.equal(x.grad, nil)
end)

check.test("gradcheck catches a wrong backward", function()
  local x = leaf{1, 2}
  local wrong = square_class(1.5)
  local text = check.error("gradcheck: the gradient of output 1 (shape [2]) by input 1 (shape [2]) is wrong",
    tensor.gradcheck, wrong.apply, x)
  check.ok(text:find("d output[2] / d input[2] is 4", 1, true), text)
  check.ok(text:find("numerically, but 6 analytically; 2 of 4 derivatives differ", 1, true), text)
  check.equal(tensor.gradcheck(wrong.apply, x, {raise_exception = false}), false)
  check.equal(tensor.gradcheck(wrong.apply, x, {atol = 10}), true, "within the tolerance")
  check.error("output 2 (shape []) by input 2 (shape [2]) is wrong", tensor.gradcheck, function(a, b)
    return a * b, wrong.apply(b):sum()
  end, {x, leaf{3, 4}})
  check.error("float32 is not precise enough", tensor.gradcheck, function(a) return a:exp() * 1000 end,
    tensor({1, 2}, {requires_grad = true}))
  check.error("2 of 4 derivatives", tensor.gradcheck, function(a) return a + a:detach() end, x)
  local constant = tensor.Function("NoSecond")
  function constant.forward(ctx, a) ctx.a = a:detach() return a * a end
  function constant.backward(ctx, g) return g * 2 * ctx.a end
  check.equal(tensor.gradcheck(constant.apply, x), true)
  check.error("gradgradcheck: the gradient of output 1 (shape [2]) by input 1", tensor.gradgradcheck, constant.apply, x)
end)

check.test("gradcheck: other things that are wrong", function()
  local x, runs = leaf{1, 2}, 0
  local Loose = tensor.Function("Loose")
  function Loose.forward(_, a) return a * 2 end
  function Loose.backward(_, g)
    runs = runs + 1
    return g * (2 + runs * 1e-9)
  end
  check.error("backward is not reentrant: two runs of it for output 1 and input 1 differ by", tensor.gradcheck,
    Loose.apply, x)
  check.equal(tensor.gradcheck(Loose.apply, x, {nondet_tol = 1e-6}), true)
  local Fixed = tensor.Function("Fixed")
  function Fixed.forward(_, a) return a * 2 end
  function Fixed.backward(_, g) return tensor.where(g:eq(0), g + 1e-6, g * 2) end
  check.error("not zero for a cotangent of zeros", tensor.gradcheck, Fixed.apply, x)
  check.error("at least one input must be a tensor with requires_grad", tensor.gradcheck, cube, f64{1})
  check.error("input 1 is expanded", tensor.gradcheck, cube, leaf{1}:expand(3))
  local mine = {}
  local ok, e = pcall(tensor.gradcheck, function() error(mine) end, x, {raise_exception = false})
  check.ok(not ok and rawequal(e, mine), "an error of the function's own passes")
  local calls = 0
  check.ok(not pcall(tensor.gradcheck, function(a)
    calls = calls + 1
    if calls == 3 then error(mine) end
    return a * 1
  end, x))
  check.equal(x:detach(), f64{1, 2}, "the input is as before")
end)

-- ---- assert_close -------------------------------------------------------------------------------------------------

local close = tensor.testing.assert_close

check.test("assert_close: tolerances go by the dtype", function()
  close(tensor{1, 100}, tensor{1.00001, 100.0001})
  check.error("Tensors are not close!", close, tensor{1, 100}, tensor{1.00003, 100})
  close(f64{1}, f64{1 + 1.9e-7})
  check.error("up to 1e-07 allowed", close, f64{1}, f64{1 + 2.1e-7})
  close(tensor({1, 2}, {dtype = "int64"}), tensor({1, 2}, {dtype = "int64"}))
  check.error("Tensors are not equal!", close, tensor({1, 2}, {dtype = "int64"}), tensor({1, 3}, {dtype = "int64"}))
  check.error("not equal", close, tensor{true, false}, tensor{true, true})
  local big = tensor({2 ^ 53 | 0}, {dtype = "int64"})
  check.error("not equal", close, big + 1, big)
  check.error("dtypes do not match: float32 and float64", close, tensor{1}, f64{1})
  close(tensor{1}, f64{1 + 1e-6}, {check_dtype = false})
  check.error("shapes do not match: {1} and {1, 1}", close, tensor{1}, tensor{{1}})
  close(tensor.zeros(0, 3), tensor.zeros(0, 3))
  close(tensor{1}, tensor{2}, {rtol = 0, atol = 1})
  close(tensor{1}, tensor{2}, 0, 1)
  check.error("both of rtol and atol", close, tensor{1}, tensor{1}, {rtol = 1})
end)

check.test("assert_close: the text", function()
  local text = check.error("assert_close: Tensors are not close!", close, tensor{{1, 2}, {3, 4.5}},
    tensor{{1, 1.5}, {3, 4}})
  check.ok(text:find("Mismatched elements: 2 / 4 (50.0%)", 1, true), text)
  check.ok(text:find("Greatest absolute difference: 0.5 at {1, 2} (up to 1e-05 allowed)", 1, true), text)
  check.ok(text:find("Greatest relative difference: 0.3333333333 at {1, 2} (up to 1.3e-06 allowed)", 1, true), text)
  check.error("my text", close, 1, 2, {msg = "my text"})
  check.error("seen: Numbers are not equal", close, 1, 2, {msg = function(t) return "seen: " .. t end})
end)

check.test("operands that no gradient needs are not kept: they may change", function()
  local w = tensor({1, 2}, {requires_grad = true})
  local y = w * 3
  local z = y * 2 -- the gradient for y needs the 2 only
  y:add_(1)
  z:sum():backward()
  check.equal(w.grad:totable(), {6.0, 6.0})
  local x = tensor{4, 5}
  z = w * x
  x:add_(1)
  check.error("was changed in place afterwards", function() z:sum():backward() end)
  w.grad = nil
  local q = w * 3
  z = tensor{8, 9} / (q * 1)
  q:add_(1)
  z:sum():backward()
  check.close(w.grad, tensor{-24 / 9, -27 / 36}, 1e-6)
  local m = tensor.ones(2, 2, {requires_grad = true}) * 1
  z = m:mm(tensor{{1, 2}, {3, 4}})
  m:add_(1)
  z:sum():backward()
  z = m:mm(m)
  m:add_(1)
  check.error("was changed in place afterwards", function() z:sum():backward() end)
end)

check.test("numbers beside tensors in the graph: their values then, whatever comes later", function()
  local x = leaf{1, 2}
  local two, tenth, by, of, power = x * 2, 0.1 * x, x / 4, 8 / x, x ^ 3
  for k = 5, 7 do x:mul(k):sum():add(x ^ k) end -- other numbers in the same places
  local function slope(y) return (tensor.grad(y:sum(), x, {retain_graph = true})) end
  check.equal(slope(two), f64{2, 2})
  check.equal(slope(tenth):totable(), {0.1, 0.1}, "not rounded to float32")
  check.equal(slope(by), f64{0.25, 0.25})
  check.equal(slope(of), f64{-8, -2})
  check.equal(slope(power), f64{3, 12})
  local g = tensor.grad((x * x * 5):sum(), x, {create_graph = true})
  check.equal(g, f64{10, 20})
  check.equal((tensor.grad(g:sum(), x)), f64{10, 10})
  two:sum():backward()
  check.equal(x.grad, f64{2, 2})
  check.error("already used by a backward pass", function() two:sum():backward() end)
  local f = tensor({1, 2}, {requires_grad = true})
  local chain = f
  for i = 1, 20 do chain = chain * (1 + i % 2) end
  chain:sum():backward()
  check.equal(f.grad:totable(), {1024.0, 1024.0})
end)

check.test("graphs go as the walk passes them, and stay where somebody holds on to them", function()
  local x = leaf{3}
  local a = x * x
  local b = a * x
  local c = (a + b) * a -- a has three users
  c:sum():backward({retain_graph = true})
  local first = x.grad:item()
  check.equal(first, 4 * 27 + 5 * 81.0)
  c:sum():backward()
  check.equal(x.grad:item(), 2 * first)
  check.error("already used by a backward pass", function() b:sum():backward() end)
  check.equal(c.grad_fn:name(), "mul")
  local node = ((x * 2):exp() * 3).grad_fn -- the node alone
  collect()
  check.equal(node.next_functions[1]:name(), "exp")
  local h = x * 2
  local once, other = h * 7, h:sum()
  once:register_hook(function() other:backward({retain_graph = true}) end) -- a walk over nodes of the one around it
  x.grad = nil
  once:sum():backward()
  check.equal(x.grad, f64{2 + 14})
  local few = {}
  for i = 1, 40 do few[i] = x * i end -- more inputs than a step keeps at hand
  check.equal((tensor.grad(tensor.cat(few, 1):sum(), x)), f64{820})
end)

check.test("assert_close: infinities, NaN, numbers, tables", function()
  local inf, nan = math.huge, 0 / 0
  close(tensor{inf, -inf}, tensor{inf, -inf})
  check.error("Mismatched elements: 1 / 2", close, tensor{1, 2}, tensor{inf, 2})
  check.error("Mismatched elements: 1 / 2", close, tensor{nan, 2}, tensor{nan, 2})
  close(tensor{nan, 2}, tensor{nan, 2}, {equal_nan = true})
  close(1.0, 1 + 1e-8)
  close(nan, nan, {equal_nan = true})
  check.error("Expected 1.1 but got 1.0.", close, 1.0, 1.1)
  check.error("not close", close, nan, nan)
  close({a = tensor{1}, b = {1, 2.0, "x"}}, {a = tensor{1}, b = {1, 2.0, "x"}})
  check.error("The failure occurred for item [2]\n\nThe failure occurred for item [\"b\"]", close, {b = {1, 2}},
    {b = {1, 3}})
  check.error("The entry 2 is missing.", close, {1}, {1, 2})
  check.error("an entry 2 that is not expected", close, {1, 2}, {1})
  check.error("types do not match", close, tensor(1), 1)
  check.error("Expected \"b\" but got \"a\".", close, "a", "b")
  check.error("expected two values", close, tensor{1})
end)

check.done()
