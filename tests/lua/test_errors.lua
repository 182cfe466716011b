-- What goes wrong is a Lua error that names operation, argument and shapes, at the user's line.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, F = nnlua.tensor, nnlua.F

local env = setmetatable({tensor = tensor, F = F}, {__index = _G})

-- Code and pieces of the error that it raises.
local cases = {
  -- the constructor
  {"tensor()", "expected numbers", "got nothing"}, {"tensor('a')", "the string 'a'"}, {"tensor{1, 'a'}", "[2]"},
  {"tensor{{1, 2}, {3}}", "ragged", "[2]"},
  {"tensor{{1, 2}, 3}", "ragged", "[2]"}, {"tensor{1, {2}}", "ragged", "[2]"}, {"tensor{{{1}}, {{1, 2}}}", "[2][1]"},
  {"tensor{1, nil, 3}", "[2]"}, {"tensor{a = 1}", "key"}, {"tensor(1, 2)", "braces"},
  {"tensor{1, print}", "function"},
  {"tensor({1}, {dtype = 'float'..'8'})", "dtype", "float64"},
  {"tensor({1}, {dtyp = 'int64'})", "did you mean 'dtype'"},
  {"tensor({1}, {requires_grad = 1})", "true or false"},
  {"tensor({1}, {dtype = 'int64', requires_grad = true})", "floating"},
  {"local t = {} t[1] = t return tensor(t)", "nested deeper than 16"}, {"tensor({1}, {}, 3)", "too many"},
  {"tensor{tensor{1, 2}, tensor{1}}", "ragged"},
  -- sizes
  {"tensor.zeros(-1)", "negative"}, {"tensor.zeros(2, 'a')", "string"}, {"tensor.zeros(1.5)", "1.5"},
  {"tensor.zeros({2, {}})", "size[2]"}, {"tensor.zeros(1e6, 1e6, 1e6, 1e6)", "address space"},
  {"tensor.zeros(2, {dtyp = 'int64'})", "did you mean 'dtype'"},
  {"tensor.zeros(2, {dtype = 'int'})", "dtype must be"},
  {"tensor.zeros(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)", "16"}, {"x:view(4)", "view", "[4]", "6 elements"},
  {"x:view(-1, -1)", "-1"},
  {"x:reshape(5, -1)", "[5, -1]"}, {"x:t():view(6)", "reshape"}, {"x:expand(2, 4)", "expand"},
  -- dimensions and positions
  {"x:sum(0)", "count from 1"}, {"x:sum(3)", "out of range", "[2, 3]"}, {"x:sum(-3)", "out of range"},
  {"x:sum({1, 1})", "twice"}, {"x:sum({1, 0})", "count from 1"}, {"x:sum('a')", "dim"}, {"x:size(0)", "count from 1"},
  {"x:size(3)", "out of range"}, {"x:size('a')", "whole number"}, {"x:transpose(1, 3)", "out of range"},
  {"x:permute(1)", "permute"}, {"x:permute(1, 1)", "twice"}, {"x:squeeze(0)", "count from 1"},
  {"x:unsqueeze(0)", "count from 1"},
  {"x:select(1, 0)", "count from 1"}, {"x:select(1, 3)", "out of range"}, {"x:narrow(2, 3, 2)", "do not fit"},
  {"x:get(1)", "2 positions"}, {"x:get(1, 0)", "count from 1"}, {"x:get(1, 4)", "out of range"},
  {"x:get(1, 'a')", "whole"},
  {"x:set(1, 1, 'a')", "number"}, {"x:max(0)", "count from 1"}, {"x:max(2, 3, 4, 5)", "forms"},
  {"x:argmax(0)", "count from 1"},
  -- operands
  {"x + tensor.zeros(2, 4)", "add", "[2, 3]", "[2, 4]"}, {"x + 'a'", "string 'a'"}, {"x + {}", "table"},
  {"x + nil", "nil"},
{"x:matmul(x)", "matmul", "[2, 3]"}, {"x:mm(tensor.zeros(3))", "mm"}, {"tensor.cat({x, tensor.zeros(3, 2)}, 1)", "cat"},
  {"tensor.cat({}, 1)", "cat"}, {"tensor.cat(x, 1)", "list of tensors"}, {"tensor.cat({x, 1}, 1)", "tensors[2]"},
  {"tensor.cat({x, x}, 0)", "count from 1"}, {"tensor.stack({x, x:t()})", "stack"}, {"tensor.relu(3)", "tensor"},
  {"tensor.add(1, 2)", "tensor"}, {"x:gather(1, tensor{{9, 9, 9}})", "out of range"}, {"x < x", "x:lt(y)"},
  {"x <= 1", "x:lt(y)"},
  {"x > 1", "x:gt(y)"}, {"x()", "call"}, {"tensor.where(x, x, x)", "where"}, {"~x", "float"}, {"x & x", "float"},
  -- options
  {"x:sum(1, {keepdm = true})", "did you mean 'keepdim'"}, {"x:sum(1, {keepdim = 1})", "true or false"},
  {"x:sum(1, {dim = 2})", "twice"}, {"x:sum{1, 2, keepdim = true}", "mixes"}, {"x:sum({zzz = 1})", "zzz"},
  {"x:div(2, {rounding_mode = 'up'})", "rounding_mode", "floor"}, {"F.gelu(x, {approximate = 'yes'})", "none|tanh"},
  {"F.dropout(x, 2)", "dropout"}, {"tensor.randn(2, {generator = 5})", "generator"}, {"x:to('float99')", "dtype"},
  -- one argument too many, perhaps several values
  {"x:add(x:max(2))", "parentheses"}, {"F.relu(x, x, x)", "too many"}, {"x:relu(1)", "too many"},
  {"x:sum(x:max(2))", "parentheses"},
  -- gradients
  {"x:backward()", "requires_grad"}, {"p:backward()", "shape [2]"}, {"p:sum():backward(tensor{1, 2})", "shape"},
  {"tensor.grad(p:sum(), x)", "grad"}, {"tensor.grad(p:sum())", "inputs"}, {"tensor.grad(p:sum(), 5)", "inputs"},
  {"p:sum():backward{retain_grap = true}", "did you mean 'retain_graph'"}, {"p:add_(1)", "leaf"},
  {"p:set(1, 1)", "requires grad"},
  {"local y = (p * p):sum() y:backward() y:backward()", "retain_graph"}, {"x:register_hook(print)", "require"},
  {"p:register_hook(5)", "function"}, {"(p * 2).requires_grad = false", "leaf"}, {"x:retain_grad()", "require"},
  {"local y = p * 1 local z = y * y y:add_(1) z:sum():backward()", "changed in place"},
  {"p:sum():backward(1, 2, 3, 4, 5)", "too many"},
  -- modes, generators, memory
  {"tensor.no_grad(5)", "function"}, {"tensor.set_grad_enabled(1)", "true or false"},
  {"tensor.manual_seed('a')", "whole number"},
  {"tensor.set_rng_state(x)", "state"}, {"tensor.checkpoint(5)", "function"}, {"x:item()", "[2, 3]"},
  {"tensor.Generator():manual_seed()", "whole number"},
  -- found by calls with arguments of any kind
  {"F.fold(tensor.ones(4, 5), 2, {})", "fold: kernel_size", "a list of 2, got a list of 0"},
  {"F.adaptive_max_pool1d(tensor.ones(1, 2, 4), math.maxinteger)", "output_size", "too much"},
  {"F.max_pool3d(tensor.ones(1, 1, 4, 4, 4), 2, 1 << 40)", "stride", "too much"},
  {"tensor.linalg.svd(tensor.full({3, 3}, 0 / 0))", "svd: the matrix has elements that are NaN or infinite"},
  {"tensor.linalg.eigh(tensor.full({30, 30}, 0 / 0))", "eigh: the matrix has elements that are NaN or infinite"},
  {"tensor.linalg.eig(tensor.full({2, 2, 2}, 1 / 0))", "eig: the matrix number 1 has elements"},
  {"tensor.linalg.lstsq(tensor.ones(3, 2), tensor.full({3, 1}, 0 / 0))", "lstsq: the matrix has elements that are NaN"},
  {"local y = tensor.ones(4):hsplit()", "hsplit: indices_or_sections", "got nil"},
  {"local y = tensor.ones(4):dsplit(2)", "dsplit: expected a tensor of 3 dimensions or more, got {4}"},
  {"local y = tensor.unravel_index(tensor{3}, true)", "unravel_index: shape", "got true"},
  {"local y = tensor.unravel_index(tensor{3}, {2, 0})", "unravel_index: expected sizes >= 1, got 0"},
  {"local y = tensor.broadcast_tensors(nil, tensor{1})", "broadcast_tensors: expected a tensor, got nil"},
  {"local y = tensor.atleast_2d(3)", "atleast_2d: expected a tensor, got 3"},
  {"local y = tensor.gradient(tensor{1, 2, 4}, {dim = true})", "gradient: dim", "got true"},
  {"local y = tensor.ones(3):put_(tensor{1}, 5)", "put_: expected a tensor, got 5"},
  {"local y = nnlua.metrics.bleu({{tensor{1}}}, {{'a'}})", "token 1 must be"},
  {"local y = nnlua.nn.ParameterList(3)", "ParameterList: expected a list of parameters, got 3"},
  {"local y = nnlua.data.kfold(3)", "kfold: expected a data set"},
  {"local y = nnlua.nn.utils.rnn.invert_permutation(tensor{1, 3})", "1 to 2 once"},
  {"local y = tensor.distributions.kl_divergence()", "p must be a distribution, got nil"},
  {"local y = F.linear_cross_entropy(tensor.ones(2, 2), tensor.ones(2, 2), tensor{1, 2}, 3)",
    "linear_bias must be a tensor, got 3"},
}

-- What is wrong with the outcome of a case, nil if nothing is.
local function problem(case)
  local code = case[1]
  local f = load("local x, p = ... return " .. code, "=user", "t", env) or
    assert(load("local x, p = ... " .. code, "=user", "t", env))
  local ok, message = pcall(f, tensor{{1, 2, 3}, {4, 5, 6}}, tensor({1, 2}, {requires_grad = true}))
  message = tostring(message)
  if ok then return "should fail" end
  for i = 2, #case do
    if not message:find(case[i], 1, true) then return ("says %q, without %q"):format(message, case[i]) end
  end
  if not message:find("^user:1: ") then return "does not name the line: " .. message end
  if message:find("\n") then return "is more than one line" end
end

check.test("every mistake is an error that says what is wrong", function()
  local found = {}
  for _, case in ipairs(cases) do
    local what = problem(case)
    if what then found[#found + 1] = case[1] .. " " .. what end
  end
  check.equal(table.concat(found, "\n"), "")
  check.ok(#cases >= 100, #cases .. " cases")
end)

check.test("of symmetric matrices one triangle is read, whatever is in the other; empty matrices are silent", function()
  check.equal((tensor.linalg.eigh(tensor{{1, 0 / 0}, {0, 2}})):totable(), {1.0, 2.0})
  check.equal((tensor.linalg.eigh(tensor{{1, 0}, {0 / 0, 2}}, "U")):totable(), {1.0, 2.0})
  check.equal({(tensor.linalg.eig(tensor.zeros(0, 0))):size()}, {0})
end)

check.test("the state is whole after errors", function()
  check.equal((tensor{1, 2} + 1):totable(), {2.0, 3.0})
  check.ok(tensor.is_grad_enabled())
end)

check.test("an error has the line of the caller's frame", function()
  local f = load("local tensor = ...\nlocal x = tensor{1}\nreturn x:sum(3)", "=script.lua")
  check.error("script.lua:3: sum: ", f, tensor)
end)

check.test("errors in a coroutine and through pcall", function()
  local co = coroutine.wrap(function() return pcall(function() return tensor{1}:sum(3) end) end)
  local ok, message = co()
  check.ok(not ok and message:find("out of range", 1, true))
end)

check.test("a user's own error in a hook passes unchanged", function()
  local p = tensor({1, 2}, {requires_grad = true})
  local mine = {}
  p:register_hook(function() error(mine) end)
  local ok, e = pcall(function() (p * 2):sum():backward() end)
  check.ok(not ok and rawequal(e, mine))
  check.equal((tensor{1} + 1):item(), 2.0)
end)

check.done()
