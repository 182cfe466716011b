-- Recurrent layers and packed sequences: what the parity fixtures don't hold. Fused against composed at sizes beyond
-- one panel, second derivatives through layers, peepholes, odd sizes, errors.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local core = require "nnlua.core"
local tensor, nn, F = nnlua.tensor, nnlua.nn, nnlua.F
local rnn = nn.utils.rnn
local recurrent = core.op("recurrent")

local function random(dtype, ...) return tensor.randn({...}, {dtype = dtype}) end

local function close(a, b, tolerance, what)
  check.equal({a:size()}, {b:size()}, what)
  if a:numel() == 0 then return end
  local off = (a:detach() - b:detach()):abs():max():item()
  check.ok(off <= tolerance * math.max(1, b:detach():abs():max():item()), ("%s: off by %g"):format(what, off))
end

-- Gradients by the fused rule and by the composed one (create_graph), from outputs with random cotangents.
local function fused_and_composed(dtype, mode, sizes, options, tolerance)
  local gates = ({tanh = 1, relu = 1, lstm = 4, gru = 3})[mode]
  local steps, n, inputs, hidden = table.unpack(sizes)
  local state = options.proj or hidden
  local scale = 1 / math.sqrt(hidden + inputs)
  local x = options.batch_sizes and random(dtype, tensor(options.batch_sizes):sum():item() // 1 | 0, inputs)
    or options.batch_first and random(dtype, n, steps, inputs) or random(dtype, steps, n, inputs)
  local args = {x, random(dtype, n, state), mode == "lstm" and random(dtype, n, hidden) or nil,
    random(dtype, gates * hidden, inputs) * scale, random(dtype, gates * hidden, state) * scale,
    random(dtype, gates * hidden), random(dtype, gates * hidden), options.proj and random(dtype, state, hidden) * scale,
    options.peephole and random(dtype, 3 * hidden) or nil}
  local leaves = {}
  for i = 1, 9 do
    if args[i] then leaves[#leaves + 1] = args[i]:detach():requires_grad_(true) args[i] = leaves[#leaves] end
  end
  local function run()
    return table.pack(recurrent(args[1], args[2], args[3], args[4], args[5], args[6], args[7], args[8] or nil,
      args[9], options.batch_sizes and tensor(options.batch_sizes), mode, options.reverse or false,
      options.batch_first or false))
  end
  local outputs = run()
  local with = {}
  for i = 1, outputs.n do with[i] = tensor.randn_like(outputs[i]) end
  local o = {table.unpack(outputs, 1, outputs.n)}
  local fused = {tensor.grad(o, leaves, {grad_outputs = with, retain_graph = true})}
  local composed = {tensor.grad(o, leaves, {grad_outputs = with, create_graph = true})}
  for i = 1, #leaves do close(fused[i], composed[i], tolerance, ("%s gradient %d"):format(mode, i)) end
  local plain = tensor.no_grad(run)
  close(plain[1], outputs[1], 0, mode .. " without a graph")
end

-- With one thread, or several that all have sequences, the gradients of the weights are summed up on the way back;
-- else by products over all steps at the end.
local long = {5, 5, 4, 3, 3, 3, 3, 1, 1}
local threads_before = nnlua.threads()
for _, threads in ipairs {1, 2} do
  for _, mode in ipairs {"tanh", "relu", "lstm", "gru"} do
    check.test(("%s: fused against composed, threads %d"):format(mode, threads), function()
      tensor.manual_seed(3)
      nnlua.threads(threads)
      fused_and_composed("float64", mode, {7, 19, 5, 37}, {}, 1e-11)
      fused_and_composed("float64", mode, {7, 19, 5, 37}, {batch_first = true, reverse = true}, 1e-11)
      fused_and_composed("float32", mode, {5, 3, 300, 33}, {}, 1e-4)
      fused_and_composed("float32", mode, {3, 33, 2, 270}, {batch_first = true}, 1e-4)
      fused_and_composed("float64", mode, {3, 150, 2, 9}, {batch_first = true}, 1e-11)
      fused_and_composed("float32", mode, {40, 8, 64, 64}, {batch_first = true}, 1e-4)
      fused_and_composed("float64", mode, {9, 5, 3, 17}, {batch_sizes = long}, 1e-11)
      fused_and_composed("float64", mode, {9, 5, 3, 17}, {batch_sizes = long, reverse = true}, 1e-11)
      fused_and_composed("float64", mode, {4, 13, 3, 17}, {batch_sizes = {13, 9, 7, 2}}, 1e-11)
      fused_and_composed("float64", mode, {4, 13, 3, 17}, {batch_sizes = {13, 9, 7, 2}, reverse = true}, 1e-11)
      -- so long that steps are gone back in several parts, the first of them without some threads' sequences
      local falling = {}
      for t = 1, 60 do falling[t] = math.max(1, 13 - t // 2) end
      fused_and_composed("float64", mode, {60, 13, 3, 5}, {batch_sizes = falling}, 1e-11)
      fused_and_composed("float64", mode, {1, 1, 1, 1}, {}, 1e-12)
      fused_and_composed("float64", mode, {40, 1, 3, 20}, {}, 1e-11)
      fused_and_composed("float64", mode, {40, 1, 3, 20}, {batch_first = true}, 1e-11)
      fused_and_composed("float64", mode, {3, 0, 2, 4}, {}, 1e-12)
      -- threads share the units
      fused_and_composed("float64", mode, {6, 2, 3, 201}, {}, 1e-11)
      fused_and_composed("float64", mode, {6, 2, 3, 201}, {batch_first = true, reverse = true}, 1e-11)
      fused_and_composed("float32", mode, {40, 1, 70, 256}, {reverse = true}, 1e-4)
      nnlua.threads(threads_before)
    end)
  end
end

-- An embedding in front, whose rows repeat: against the same layer behind a copy of the embedding's result, which hides
-- where it came from.
local function embedded(make, options)
  local table_rows, n, steps = options.rows or 7, options.n or 9, 24
  local dtype = options.dtype or "float64"
  local weight = random(dtype, table_rows, 5)
  local ids = options.ids or tensor.randint(1, table_rows + 1, {n, steps})
  local layer = make():to(dtype)
  local function run(hide)
    local w = weight:clone():requires_grad_(true)
    local x = F.embedding(ids, w, {padding_idx = options.padding_idx, scale_grad_by_freq = options.by_freq})
    local extra = options.look and options.look(x)
    local y = layer(hide and x:clone() or x)
    local loss = (y * tensor.arange(y:numel(), {dtype = dtype}):reshape(y:size()):sin()):sum()
    if extra then loss = loss + extra end
    layer:zero_grad()
    loss:backward()
    local grads = {w.grad}
    for _, p in ipairs(layer:parameters()) do grads[#grads + 1] = p.grad end
    return y, grads
  end
  local y1, g1 = run(false)
  local y2, g2 = run(true)
  close(y1, y2, 0, "outputs")
  check.equal(#g1, #g2)
  for i = 1, #g1 do close(g1[i], g2[i], dtype == "float32" and 1e-4 or 1e-11, "gradient " .. i) end
end

for _, kind in ipairs {"RNN", "LSTM", "GRU"} do
  check.test(kind .. " behind an embedding", function()
    tensor.manual_seed(4)
    for _, first in ipairs {true, false} do
      local function make() return nn[kind](5, 6, {batch_first = first}) end
      for _, threads in ipairs {1, 2} do
        nnlua.threads(threads)
        embedded(make, {})
        embedded(make, {padding_idx = 3})
        embedded(make, {by_freq = true})
        embedded(make, {dtype = "float32", n = 33})
        embedded(make, {rows = 1})
        embedded(make, {rows = 500})
        embedded(make, {ids = tensor.randint(1, 8, {8, 20}) - 8}) -- counted from the end
        embedded(make, {look = function(x) return (x * x):sum() end})
        embedded(make, {look = function(x) x:register_hook(function(g) return g * 2 end) end})
        embedded(make, {look = function(x) x:retain_grad() end})
        embedded(function() return nn[kind](5, 260, {batch_first = first}) end, {n = 3})
        embedded(function() return nn[kind](5, 6, {batch_first = first, bidirectional = true, num_layers = 2}) end, {})
        nnlua.threads(threads_before)
      end
    end
  end)
end

check.test("an embedding's result that was changed is no row of the table", function()
  local w = tensor.randn(3, 4, {requires_grad = true})
  local lstm = nn.LSTM(4, 5)
  local x = F.embedding(tensor.randint(1, 4, {20, 8}), w)
  local want = lstm(x:clone() + tensor.arange(160):reshape(20, 8, 1))
  tensor.no_grad(function() x:add_(tensor.arange(160):reshape(20, 8, 1)) end)
  close(lstm(x), want, 1e-6, "changed")
  local ids = tensor.randint(1, 4, {20, 8})
  x = F.embedding(ids, w)
  want = lstm(x:clone())
  ids:fill_(1)
  close(lstm(x), want, 1e-6, "other indices")
end)

check.test("an embedding in front: the backward pass twice, second derivatives", function()
  local w = tensor.randn(3, 4, {dtype = "float64", requires_grad = true})
  local gru, ids = nn.GRU(4, 5):to("float64"), tensor.randint(1, 4, {20, 8})
  local y = gru(F.embedding(ids, w)):pow(2):sum()
  y:backward({retain_graph = true})
  local once = w.grad:clone()
  y:backward()
  close(w.grad, once * 2, 1e-12, "twice")
  local g = tensor.grad(gru(F.embedding(ids, w)):pow(2):sum(), w, {create_graph = true})
  close(g, once, 1e-11, "with a graph")
  check.ok(tensor.grad(g:pow(2):sum(), w):isfinite():all(), "second")
end)

check.test("lstm with projection and peepholes: fused against composed", function()
  for _, o in ipairs {{proj = 5}, {peephole = true}, {proj = 19, peephole = true, batch_first = true, reverse = true},
    {proj = 3, peephole = true, batch_sizes = long, reverse = true}, {peephole = true, batch_sizes = long}} do
    fused_and_composed("float64", "lstm", {9, 5, 3, 21}, o, 1e-11)
    fused_and_composed("float32", "lstm", {9, 5, 3, 21}, o, 1e-4)
  end
end)

check.test("any number of threads gives the same numbers", function()
  local threads = nnlua.threads()
  local layer, x = nn.LSTM(11, 23, {bidirectional = true}), tensor.randn(6, 13, 11)
  nnlua.threads(1)
  local one = layer(x)
  nnlua.threads(2)
  local two = layer(x)
  nnlua.threads(threads)
  close(one, two, 1e-6, "threads")
end)

check.test("threads with fewer sequences than others have room for their longer chunks", function()
  for _, batch in ipairs {8, 16, 18} do -- unrecorded, long enough for several chunks
    local lstm, x = nn.LSTM(16, 128, {batch_first = true}), tensor.randn(batch, 40, 16)
    local y = lstm(x)
    check.equal(tensor.no_grad(function() return (lstm(x)) end), y:detach())
  end
end)

check.test("derivatives of both orders through layers", function()
  local function through(layer, ...)
    layer:to("float64")
    local inputs = {...}
    local function f(...)
      local y, state = layer(...)
      if type(state) == "table" then return y, state[1], state[2] end
      return y, state
    end
    for _, p in ipairs(layer:parameters()) do p:requires_grad_(false) end
    check.ok(tensor.gradcheck(f, inputs) and tensor.gradgradcheck(f, inputs), "inputs")
    local names, values = {}, {}
    for name, p in layer:named_parameters() do names[#names + 1], values[#values + 1] = name, p end
    local function by_weights(...)
      for i, name in ipairs(names) do rawset(layer, name, (select(i, ...))) end
      local results = table.pack(f(table.unpack(inputs)))
      for i, name in ipairs(names) do rawset(layer, name, values[i]) end
      return table.unpack(results, 1, results.n)
    end
    local leaves = {}
    for i, p in ipairs(values) do leaves[i] = p:detach():clone():requires_grad_(true) end
    check.ok(tensor.gradcheck(by_weights, leaves) and tensor.gradgradcheck(by_weights, leaves), "weights")
  end
  local function leaf(...) return random("float64", ...):requires_grad_(true) end
  through(nn.RNN(2, 3, {bidirectional = true}), leaf(3, 2, 2))
  through(nn.LSTM(2, 2, {num_layers = 2, batch_first = true}), leaf(2, 3, 2))
  through(nn.LSTM(2, 3, {proj_size = 1, peephole = true}), leaf(3, 2, 2))
  through(nn.GRU(2, 2, {bias = false}), leaf(3, 1, 2))
end)

check.test("peepholes do what the formula says", function()
  local lstm = nn.LSTM(3, 4, {peephole = true}):to("float64")
  local x, h = random("float64", 5, 2, 3), tensor.zeros(2, 4, {dtype = "float64"})
  local c = h
  local p = {lstm.weight_ph_l0:chunk(3)}
  local y, state = lstm(x)
  for t = 1, 5 do
    local sums = F.linear(x[t], lstm.weight_ih_l0, lstm.bias_ih_l0) + F.linear(h, lstm.weight_hh_l0, lstm.bias_hh_l0)
    local i, f, g, o = sums:chunk(4, 2)
    c = (f + p[2] * c):sigmoid() * c + (i + p[1] * c):sigmoid() * g:tanh()
    h = (o + p[3] * c):sigmoid() * c:tanh()
    close(y[t], h, 1e-12, "step " .. t)
  end
  close(state[2][1], c, 1e-12, "last cell")
  local cell = nn.LSTMCell(3, 4, {peephole = true}):to("float64")
  cell:load_state_dict({weight_ih = lstm.weight_ih_l0, weight_hh = lstm.weight_hh_l0, bias_ih = lstm.bias_ih_l0,
    bias_hh = lstm.bias_hh_l0, weight_ph = lstm.weight_ph_l0})
  local h2, c2
  for t = 1, 5 do h2, c2 = cell(x[t], h2 and {h2, c2}) end
  close(h2, h, 1e-12, "cell h")
  close(c2, c, 1e-12, "cell c")
end)

check.test("dropout acts between layers only, and only in training", function()
  local x = tensor.randn(4, 2, 3)
  local one, two = nn.GRU(3, 4, {dropout = 0.5}), nn.GRU(3, 4, {num_layers = 2, dropout = 0.5})
  close(one(x), one(x), 0, "one layer")
  check.ok((two(x) - two(x)):abs():max():item() > 0, "two layers differ")
  two:eval()
  close(two(x), two(x), 0, "evaluation")
end)

check.test("sequences packed and unpacked", function()
  local a, b, c = tensor{{1}, {2}, {3}}, tensor{{4}, {5}}, tensor{{6}}
  local p = rnn.pack_sequence({a, b, c})
  check.equal(p.data:reshape(-1):totable(), {1, 4, 6, 2, 5, 3})
  check.equal(p.batch_sizes, tensor({3, 2, 1}, {dtype = "int64"}))
  check.equal(p.sorted_indices, nil)
  local q = rnn.pack_sequence({c, a, b}, {enforce_sorted = false})
  check.equal(q.data, p.data)
  check.equal(q.sorted_indices, tensor({2, 3, 1}, {dtype = "int64"}))
  check.equal(q.unsorted_indices, tensor({3, 1, 2}, {dtype = "int64"}))
  local x, lengths = rnn.pad_packed_sequence(q, {batch_first = true, padding_value = -1})
  check.equal(x:squeeze(-1):totable(), {{6, -1, -1}, {1, 2, 3}, {4, 5, -1}})
  check.equal(lengths, tensor({1, 3, 2}, {dtype = "int64"}))
  check.equal(rnn.pad_sequence({c, b}, {padding_side = "left"}):squeeze(-1):totable(), {{0, 4}, {6, 5}})
  local back = rnn.unpack_sequence(q)
  check.equal({back[1], back[2], back[3]}, {c, a, b})
  check.equal({({rnn.pad_packed_sequence(p, false, 0, 5)})[1]:size()}, {5, 3, 1})
  check.ok(tostring(p):find("6 rows, 3 steps", 1, true))
end)

check.test("wrong arguments name what was expected", function()
  local lstm = nn.LSTM(3, 4)
  check.error("LSTM: expected input [T, N, 3] or [T, 3], got [2, 2, 5]", lstm, tensor.zeros(2, 2, 5))
  check.error("expected the state as {h, c}", lstm, tensor.zeros(2, 2, 3), tensor.zeros(1, 2, 4))
  check.error("expected h of shape [1, 2, 4], got [2, 4]", lstm, tensor.zeros(2, 2, 3),
    {tensor.zeros(2, 4), tensor.zeros(2, 4)})
  check.error("expected h of shape [1, 4] (the input has no batch)", lstm, tensor.zeros(2, 3),
    {tensor.zeros(1, 1, 4), tensor.zeros(1, 1, 4)})
  check.error("proj_size (4) must be smaller", nn.LSTM, 3, 4, {proj_size = 4})
  check.error("nonlinearity must be 'tanh' or 'relu'", nn.RNN, 3, 4, {nonlinearity = "sin"})
  check.error("GRUCell: expected input [N, 3] or [3], got [1, 1, 3]", nn.GRUCell(3, 4), tensor.zeros(1, 1, 3))
  check.error("RNNCell: expected the state of shape [2, 4], got [3, 4]", nn.RNNCell(3, 4), tensor.zeros(2, 3),
    tensor.zeros(3, 4))
  check.error("RNNCell: expected the state of shape [4], got [5]", nn.RNNCell(3, 4), tensor.zeros(3),
    tensor.zeros(5))
  check.error("lengths must fall", rnn.pack_padded_sequence, tensor.zeros(3, 2, 1), {1, 2})
  check.error("lengths[2] is 4: expected 1 to 3", rnn.pack_padded_sequence, tensor.zeros(3, 2, 1), {1, 4})
  check.error("expected 2 lengths, got 1", rnn.pack_padded_sequence, tensor.zeros(3, 2, 1), {1})
  check.error("total_length is 1", rnn.pad_packed_sequence, rnn.pack_sequence({tensor.zeros(2, 1)}), false, 0, 1)
  check.error("expected input with rows of 3 packed", lstm, rnn.pack_sequence({tensor.zeros(2, 1)}))
  check.error("batch_sizes[2] is 3", lstm, rnn.PackedSequence(tensor.zeros(5, 3), {2, 3}))
  check.error("add up to 3", lstm, rnn.PackedSequence(tensor.zeros(5, 3), {2, 1}))
  check.error("at least one step", lstm, tensor.zeros(0, 2, 3))
  check.error("one dtype", lstm, tensor.zeros(2, 2, 3, {dtype = "float64"}))
end)

check.done()
