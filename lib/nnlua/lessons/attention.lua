-- A lesson; docs/writing-a-lesson.md describes the format.

local sl = "scores = tensor.ones(4, 4)\nlater = tensor.ones(4, 4):triu(1):bool()\n"

return {
  title = "Attention",
  chinese = "注意力机制",
  minutes = 14,
  about = "Looking things up by likeness: scores, softmax, a weighted mean, and why they are divided by sqrt(d).",
  steps = {
    {
      [[A query is compared with every key by a dot product; softmax makes weights of these scores; the result is the weighted mean
        of the values.]],
      ask = "The scores are {0, 0, 0, 0}. What is the weight of each key?",
      equals = 0.25,
      wrong = {{0, "Softmax of equal scores shares equally."}, {1, "The weights of all keys sum to 1."}},
      hints = {"They are equal, and sum to 1."},
      after = "A query that likes none in particular takes the mean of all values.",
    },
    {
      "The scores are divided by sqrt(d), d the length of query and key.",
      ask = "d = 4, the dot products are 4 and 0. What weight does the first key get, to two digits?",
      equals = math.exp(2) / (math.exp(2) + 1),
      within = 0.006,
      answer = "math.exp(2) / (math.exp(2) + 1)",
      wrong = {
        {0.982, "That is without the division: sqrt(4) is 2, the score 2."},
        {0.731, "sqrt(4) is 2, not 4: the score is 2."},
        {1, "Softmax never gives quite 1."},
      },
      hints = {"Scores 2 and 0.", "e^2 / (e^2 + 1)"},
    },
    {
      ask = "Write `attend(q, k, v)`: q is [n, d], k is [m, d], v is [m, e]; the result is [n, e].",
      given = "function attend(q, k, v)\n  local scores = q:matmul(k.T)\n  return scores\nend",
      answer = "function attend(q, k, v)\n  local scores = q:matmul(k.T) / math.sqrt(q:size(2))\n  return scores:softmax(2):matmul(v)\nend",
      func = "attend",
      inputs = function()
        local g = tensor.Generator()
        g:manual_seed(7)
        local function r(a, b) return tensor.randn(a, b, {generator = g}) end
        return {{r(2, 4), r(3, 4), r(3, 5)}, {r(3, 2), r(3, 2), r(3, 2)}}
      end,
      wrong = {
        {"function attend(q, k, v) return q:matmul(k.T):softmax(2):matmul(v) end", "The division by sqrt(d) is missing."},
        {"function attend(q, k, v) return (q:matmul(k.T) / q:size(2)):softmax(2):matmul(v) end", "By sqrt(d), not by d."},
        {"function attend(q, k, v) return (q:matmul(k.T) / math.sqrt(q:size(2))):softmax(1):matmul(v) end",
          "The softmax runs over the queries here. Each query's weights over the keys have to sum to 1: dimension 2."},
        {"function attend(q, k, v) return (q:matmul(k.T) / math.sqrt(q:size(2))):matmul(v) end", "The softmax is missing."},
      },
      hints = {"Three things: divide, softmax over the keys, times v.", "`scores:softmax(2):matmul(v)`"},
    },
    {
      "Query and key have d numbers each, all independent with mean 0 and variance 1.",
      ask = "d = 64. What is the standard deviation of their dot product?",
      equals = 8,
      wrong = {
        {64, "That is the variance: 64 products, each of variance 1."},
        {1, "It is 1 after the division by sqrt(d)."},
      },
      hints = {"Variances of independent products add up.", "sqrt(64)"},
    },
    {
      trap = "Dividing by sqrt(d) is there to save time.",
      holds = false,
      experiment = {
        "d = 256, 100 queries and 50 keys. The largest weight of each query, on average: with the division, and without.",
        ask = "Run the experiment: the last line is that without.",
        given = [[
tensor.manual_seed(1)
q, k = tensor.randn(100, 256), tensor.randn(50, 256)
function largest(scores) return scores:softmax(2):amax(2):mean():item() end
print("with", largest(q:matmul(k.T) / 16))
largest(q:matmul(k.T))]],
        between = {0.8, 1},
        hints = {"Enter runs it."},
        after = "Nearly everything goes to one key, by chance, before anything is learned.",
      },
      verdict = "It keeps softmax from saturating: where one weight is nearly 1 its gradient is nearly 0, and nothing is learned. The "
        .. "division itself costs time, if anything.",
    },
    {
      "Attention doesn't know an order.",
      ask = "The keys and values are put in another order, both the same way. By how much does the result change?",
      equals = 0,
      wrong = {{1, "It is a weighted sum over all keys, and a sum has no order."}},
      hints = {"Each key brings its value along."},
      after = "So Transformers have to be told where things are: positional encodings are added.",
    },
    {
      [[A decoder must not look ahead: position i may attend to 1 .. i only. The scores of the others are set to -inf before the
        softmax.]],
      ask = "Run the first lines, then set `masked` to the scores with -inf where `later` is true (`masked_fill`).",
      given = sl .. "masked = ",
      answer = sl .. "masked = scores:masked_fill(later, -math.huge)",
      check = function(_, s)
        if not tensor.is_tensor(s.masked) or s.masked.shape ~= {4, 4} then return nil end
        local w = s.masked:softmax(2)
        if w:isnan():any() then return false, "A row without any finite score: did you fill the past instead of the future?" end
        local want = tensor{{1, 0, 0, 0}, {1 / 2, 1 / 2, 0, 0}, {1 / 3, 1 / 3, 1 / 3, 0}, {1 / 4, 1 / 4, 1 / 4, 1 / 4}}
        if (w - want):abs():max():item() < 1e-5 then return true end
        return false, "softmax of it still gives weight to later positions: 0 is a score like any other, -inf gives weight 0."
      end,
      wrong = {
        {sl .. "masked = scores:masked_fill(later, 0)",
          "softmax of it still gives weight to later positions: 0 is a score like any other, -inf gives weight 0."},
        {sl .. "masked = scores:masked_fill(later:logical_not(), -math.huge)",
          "A row without any finite score: did you fill the past instead of the future?"},
      },
      hints = {"`scores:masked_fill(mask, value)`", "`-math.huge` is -inf."},
      after = "softmax gives the rows 1; 1/2 1/2; 1/3 1/3 1/3; ...",
    },
    {
      [[Multi-head attention with width 64: four linear layers of 64 x 64 with biases, for queries, keys, values and the output. The
        heads divide the width among them.]],
      ask = "How many parameters has it with 8 heads?",
      equals = 16640,
      answer = "4 * (64 * 64 + 64)",
      wrong = {
        {16384, "The four biases of 64 are missing."},
        {133120, "The heads share the width: each works on 64 / 8 = 8 numbers. Not 8 times as many."},
      },
      hints = {"4 * (64 * 64 + 64)"},
      after = "With 1 head or with 16: the same.",
    },
  },
  interview = {
    {
      "Explain scaled dot-product attention. Why the scaling?",
      pass = "softmax(Q K' / sqrt(d)) V; the scaling keeps softmax in a good range.",
      good = [[Scores compare queries with keys, softmax over the keys makes weights, the result is their mean of the values. A dot
        product of d terms has standard deviation sqrt(d); unscaled, softmax saturates and gradients vanish.]],
      excellent = [[As good, and: cost and memory grow with the square of the length; computing it in tiles with a running maximum
        and sum (as FlashAttention does) needs memory linear in it, for the same result; the scale is a temperature, and some models learn it or
        normalise q and k.]],
    },
    {
      "Self-attention or recurrent network: compare.",
      pass = "Attention sees all positions at once and can be trained in parallel.",
      good = "Path between two positions: 1 step against n. Work for a layer: n^2 d against n d^2. Training parallel against one by one; "
        .. "attention needs positions told, and its memory grows with the length.",
      excellent = [[As good, and: in generation attention keeps all keys and values (the cache grows), a recurrent net a state of fixed
        size; linear attention and state-space models are recurrent in use and parallel in training, and recall exact details of a
        long past less well.]],
    },
  },
}
