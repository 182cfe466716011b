-- Attention: what the parity fixtures don't hold. Fused against composed at sizes beyond a tile, memory that grows with
-- the length only, dropout, caches that change nothing, positional encodings, errors.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local core = require "nnlua.core"
local tensor, nn, F = nnlua.tensor, nnlua.nn, nnlua.F
local attention = core.op("attention")
local sdpa = F.scaled_dot_product_attention

local function close(a, b, tolerance, what)
  check.equal({a:size()}, {b:size()}, what)
  if a:numel() == 0 then return end
  local off = (a:detach() - b:detach()):abs():max():item()
  check.ok(off <= tolerance * math.max(1, b:detach():abs():max():item()), ("%s: off by %g"):format(what, off))
end

-- The definition, with all weights at once.
local function plain(q, k, v, mask, causal, scale)
  local s = q:matmul(k:transpose(-2, -1)) * (scale or 1 / math.sqrt(q:size(-1)))
  if causal then
    s = s:masked_fill(tensor.ones({q:size(-2), k:size(-2)}, {dtype = "bool"}):tril():logical_not(), -math.huge)
  end
  if mask then s = mask.dtype == "bool" and s:masked_fill(mask:logical_not(), -math.huge) or s + mask end
  return F.softmax(s, -1):matmul(v)
end

local function leaves(dtype, ...)
  local list = {}
  for i, shape in ipairs {...} do list[i] = tensor.randn(shape, {dtype = dtype}):requires_grad_(true) end
  return table.unpack(list)
end

check.test("results and gradients beyond one tile", function()
  tensor.manual_seed(4)
  for _, c in ipairs {
    {1, 1, 1, 130, 9, 5}, {1, 2, 70, 1, 3, 33}, {2, 3, 65, 129, 32, 32}, {1, 2, 200, 300, 7, 40},
    {1, 1, 300, 300, 64, 16, true}, {2, 2, 129, 65, 5, 70, true}, {3, 1, 64, 128, 16, 16, false, "bool"},
    {2, 2, 66, 150, 8, 8, false, "float"}} do
    local n, h, l, s, e, v_size, causal, kind = table.unpack(c)
    for _, dtype in ipairs {"float64", "float32"} do
      local q, k, v = leaves(dtype, {n, h, l, e}, {n, h, s, e}, {n, h, s, v_size})
      local mask = kind and tensor.randn({n, 1, l, s}, {dtype = dtype})
      if kind == "bool" then mask = mask:gt(-1) end
      local g = tensor.randn({n, h, l, v_size}, {dtype = dtype})
      local y, want = sdpa(q, k, v, mask, 0, causal), plain(q, k, v, mask, causal)
      local text = table.concat({n, h, l, s, e, v_size, dtype, kind}, " ")
      local tolerance = dtype == "float64" and 1e-12 or 2e-5
      close(y, want, tolerance, text)
      local a, b = {tensor.grad(y, {q, k, v}, {grad_outputs = g})}, {tensor.grad(want, {q, k, v}, {grad_outputs = g})}
      for i = 1, 3 do close(a[i], b[i], tolerance, text .. " gradient " .. i) end
    end
  end
end)

check.test("heads side by side are the same attention", function()
  for _, first in ipairs {true, false} do
    local n, l, h, d = 2, 70, 3, 5
    local x = leaves("float64", first and {n, l, 3 * h * d} or {l, n, 3 * h * d})
    local y = attention(x, nil, nil, nil, 0.4, true, 0, h, first)
    local function split(t) return t:unflatten(-1, {h, d}):permute(first and {1, 3, 2, 4} or {2, 3, 1, 4}) end
    local q, k, v = x:chunk(3, -1)
    local want = plain(split(q), split(k), split(v), nil, true, 0.4)
    want = want:permute(first and {1, 3, 2, 4} or {3, 1, 2, 4}):flatten(3, 4)
    close(y, want, 1e-12, "result")
    local g = tensor.randn_like(y)
    close(tensor.grad(y, x, {grad_outputs = g}), tensor.grad(want, x, {grad_outputs = g}), 1e-12, "gradient")
    local separate = attention(q, k, v, nil, 0.4, true, 0, h, first)
    close(separate, want, 1e-12, "three tensors")
  end
end)

check.test("memory grows with the length, not with its square", function()
  local n = 4096
  local q, k, v = leaves("float32", {1, n, 16}, {1, n, 16}, {1, n, 16})
  collectgarbage()
  local _, before = nnlua.memory()
  local base = nnlua.memory()
  sdpa(q, k, v, nil, 0, true):sum():backward()
  local _, peak = nnlua.memory()
  local used = math.max(peak, before) - base
  check.ok(used < 16 * 2 ^ 20, ("%d bytes; all weights would be %d"):format(used, 4 * n * n))
end)

check.test("any number of threads gives the same numbers", function()
  local threads = nnlua.threads()
  local q, k, v = leaves("float32", {1, 2, 300, 8}, {1, 2, 300, 8}, {1, 2, 300, 8})
  local function run(n)
    nnlua.threads(n)
    local y = sdpa(q, k, v)
    return y, tensor.grad(y:sum(), {q, k, v})
  end
  local one, two = {run(1)}, {run(2)}
  nnlua.threads(threads)
  for i = 1, 4 do close(one[i], two[i], 0, "part " .. i) end
end)

check.test("dropped weights are drawn again for the gradient", function()
  local q, k, v = leaves("float64", {1, 1, 70, 3}, {1, 1, 150, 3}, {1, 1, 150, 2})
  local eye = tensor.eye(150, {dtype = "float64"}):reshape(1, 1, 150, 150)
  tensor.manual_seed(9)
  local weights = sdpa(q, k, eye, nil, 0.3):detach()
  local kept = weights:ne(0):to("float64"):mean():item()
  check.ok(math.abs(kept - 0.7) < 0.02, "share kept " .. kept)
  tensor.manual_seed(9)
  local y = sdpa(q, k, v, nil, 0.3)
  close(y, weights:matmul(v), 1e-12, "result")
  local g = tensor.randn_like(y)
  local factors = weights:ne(0):to("float64") / 0.7
  local want = (F.softmax(q:matmul(k.mT) / math.sqrt(3), -1) * factors):matmul(v)
  local a, b = {tensor.grad(y, {q, k, v}, {grad_outputs = g})}, {tensor.grad(want, {q, k, v}, {grad_outputs = g})}
  for i = 1, 3 do close(a[i], b[i], 1e-11, "gradient " .. i) end
  check.equal(sdpa(q, k, v, nil, 1):abs():max():item(), 0)
end)

check.test("a query that sees nothing gets zeros and gives no gradient", function()
  local q, k, v = leaves("float64", {1, 2, 3}, {1, 4, 3}, {1, 4, 3})
  local mask = tensor{{false, false, false, false}, {true, false, true, true}}
  local y = sdpa(q, k, v, mask)
  check.equal(y[1][1]:totable(), {0, 0, 0})
  local fused = {tensor.grad(y:square():sum(), {q, k, v}, {retain_graph = true})}
  local composed = {tensor.grad(y:square():sum(), {q, k, v}, {create_graph = true})}
  for i = 1, 3 do close(fused[i], composed[i], 1e-12, "gradient " .. i) end
  check.equal(fused[1][1][1]:totable(), {0, 0, 0})
end)

check.test("a mask that is learned gets its gradient", function()
  local bias = nn.RelativePositionBias(2, {num_buckets = 8, max_distance = 20})
  local q, k, v = leaves("float32", {1, 2, 9, 4}, {1, 2, 9, 4}, {1, 2, 9, 4})
  local a = tensor.grad(sdpa(q, k, v, bias(9)):square():sum(), bias.weight)
  local b = tensor.grad(plain(q, k, v, bias(9)):square():sum(), bias.weight)
  close(a, b, 1e-4, "gradient")
end)

local function options(o)
  o.dim_feedforward = o.dim_feedforward or 12
  return o
end

check.test("layers in evaluation mode with and without weights, causal by flag and by mask", function()
  for _, first in ipairs {true, false} do
    local mha = nn.MultiheadAttention(8, 2, {batch_first = first})
    local x = tensor.randn(5, 5, 8)
    local mask = nn.Transformer.generate_square_subsequent_mask(5)
    local y, w = mha(x, x, x, {attn_mask = mask})
    close(mha(x, x, x, {is_causal = true, need_weights = false}), y, 1e-6, "flag")
    close(mha(x, x, x, {attn_mask = mask:ne(0), need_weights = false}), y, 1e-6, "bool mask")
    close((mha(x, x, x, {is_causal = true})), y, 1e-6, "flag with weights")
    close(w:sum(-1), tensor.ones(5, 5), 1e-6, "weights")
    local _, each = mha(x, x, x, {attn_mask = mask, average_attn_weights = false})
    close(each:mean(2), w, 1e-6, "weights of each head")
    check.equal({w[1][1]:totable()[2], each:size(2)}, {0, 2})
  end
end)

check.test("decoding with a cache gives what the whole sequence gives", function()
  tensor.manual_seed(2)
  for _, o in ipairs {{batch_first = true}, {norm_first = true}} do
    local first = o.batch_first
    local model = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, options(o)), 2, nn.LayerNorm(8)):eval()
    local place = nn.SinusoidalPositionalEncoding(8, {batch_first = first})
    local x, memory = tensor.randn(7, 7, 8), tensor.randn(7, 7, 8)
    local along = first and 2 or 1
    local whole = model(place(x), memory, {tgt_is_causal = true})
    local function decode(cache, from, to, chunk)
      local parts = {}
      for t = from, to, chunk do
        local piece = x:narrow(along, t, math.min(chunk, to + 1 - t))
        piece = place(piece, {offset = cache:length()})
        parts[#parts + 1] = model(piece, memory, {tgt_is_causal = true, cache = cache})
      end
      return tensor.cat(parts, along)
    end
    for _, mode in ipairs {tensor.no_grad, tensor.enable_grad} do
      mode(function()
        close(decode(nn.KVCache(), 1, 7, 1), whole, 1e-5, "one by one")
        close(decode(nn.KVCache(), 1, 7, 3), whole, 1e-5, "by threes")
        local cache = nn.KVCache()
        decode(cache, 1, 7, 2)
        check.equal(cache:length(), 7)
        cache:truncate(4)
        close(decode(cache, 5, 7, 1), whole:narrow(along, 5, 3), 1e-5, "after truncating")
        cache:reset()
        close(decode(cache, 1, 7, 7), whole, 1e-5, "after a reset")
      end)
    end
  end
end)

check.test("a cache follows the beams", function()
  local layer = nn.TransformerEncoderLayer(8, 2, options{batch_first = true}):eval()
  local x = tensor.randn(2, 4, 8)
  tensor.no_grad(function()
    local cache = nn.KVCache()
    layer(x:narrow(2, 1, 3), {is_causal = true, cache = cache})
    cache:reorder({2, 2})
    local y = layer(x:narrow(2, 4, 1), {is_causal = true, cache = cache})
    local beams = tensor.cat({x:select(1, 2):unsqueeze(1):expand(2, 4, 8):narrow(2, 1, 3), x:narrow(2, 4, 1)}, 2)
    close(y, layer(beams, {is_causal = true}):narrow(2, 4, 1), 1e-5, "reordered")
    check.error("batch size 2, got float32 of 1", layer, x:narrow(1, 1, 1), {cache = cache})
  end)
end)

check.test("positional encodings", function()
  local wave = nn.SinusoidalPositionalEncoding(6, {max_len = 50, batch_first = true})
  check.equal(#wave:parameters(), 0)
  check.equal(next(wave:state_dict()), nil)
  local zeros = tensor.zeros(1, 3, 6)
  local pe = wave(zeros)
  local second, third = 2 / 10000 ^ (1 / 3), 2 / 10000 ^ (2 / 3)
  check.close(pe[1][3]:totable(), {math.sin(2), math.cos(2), math.sin(second), math.cos(second), math.sin(third),
    math.cos(third)}, 1e-6)
  close(wave(zeros, {offset = 4})[1][1], wave(tensor.zeros(1, 5, 6))[1][5], 0, "offset")
  check.error("positions up to 51 are needed, but max_len is 50", wave, zeros, {offset = 48})
  local learned = nn.LearnedPositionalEncoding(10, 6)
  close(learned(tensor.zeros(4, 2, 6))[3][2], learned.weight[3], 0, "learned")
  for _, interleaved in ipairs {true, false} do
    local rope = nn.RotaryEmbedding(8, {interleaved = interleaved})
    local q, k = tensor.randn(1, 8), tensor.randn(1, 8)
    local function score(i, j) return (rope(q, {offset = i}) * rope(k, {offset = j})):sum():item() end
    check.close(score(3, 1), score(12, 10), 1e-4, "only the distance counts")
    check.ok(math.abs(score(3, 1) - score(3, 2)) > 1e-6, "and it does")
    check.close(rope(q, {offset = 5}):norm():item(), q:norm():item(), 1e-5, "lengths stay")
    close(rope(tensor.cat({q, k}, 1), {offset = 2})[2], rope(k, {offset = 3})[1], 1e-6, "rows are positions")
  end
  local bias = nn.RelativePositionBias(2, {num_buckets = 8, max_distance = 16, bidirectional = false})
  local b = bias(3, 5)
  check.equal({b:size()}, {1, 2, 3, 5})
  close(b:narrow(3, 3, 1), bias(5):narrow(3, 5, 1), 0, "the last query stands at the last key")
  check.equal(b[{1, 1, 1, 3}]:item(), bias.weight[{1, 1}]:item())
  check.equal(b[{1, 1, 1, 5}]:item(), bias.weight[{1, 1}]:item(), "later keys share the first bucket")
end)

check.test("wrong arguments name what was expected", function()
  local q = tensor.zeros(2, 3, 4)
  check.error("attn_mask and is_causal exclude each other", sdpa, q, q, q, tensor.zeros(3, 3), 0, true)
  check.error("do not broadcast; with {enable_gqa = true}", sdpa, tensor.zeros(1, 4, 3, 4), tensor.zeros(1, 2, 3, 4),
    tensor.zeros(1, 2, 3, 4))
  check.error("must be a multiple of those of key (2)", sdpa, tensor.zeros(1, 3, 3, 4), tensor.zeros(1, 2, 3, 4),
    tensor.zeros(1, 2, 3, 4), {enable_gqa = true})
  check.error("expected a mask that broadcasts to [2, 1, 3, 3]", sdpa, q, q, q, tensor.zeros(3, 2))
  check.error("dropout_p must be between 0 and 1", sdpa, q, q, q, nil, 2)
  check.error("attn_mask of bool or float32, got int64", sdpa, q, q, q, tensor.zeros({3, 3}, {dtype = "int64"}))
  check.error("embed_dim (5) must be divisible by num_heads (2)", nn.MultiheadAttention, 5, 2)
  local mha = nn.MultiheadAttention(4, 2)
  check.error("expected query [L, N, 4] or [L, 4], got [2, 3, 5]", mha, tensor.zeros(2, 3, 5), q, q)
  check.error("as many keys as values", mha, q, q, tensor.zeros(3, 3, 4))
  check.error("expected attn_mask of shape [2, 2] or [6, 2, 2]", mha, q, q, q, {attn_mask = tensor.zeros(3, 3)})
  check.error("expected key_padding_mask of shape [3, 2]", mha, q, q, q, {key_padding_mask = tensor.zeros(2, 3)})
  check.error("activation must be 'relu', 'gelu'", nn.TransformerEncoderLayer, 4, 2, {activation = "sine"})
  check.error("unknown option 'mask_src'", nn.TransformerEncoderLayer(4, 2), q, {mask_src = 1})
  check.error("dim must be even", nn.RotaryEmbedding, 5)
end)

check.done()
