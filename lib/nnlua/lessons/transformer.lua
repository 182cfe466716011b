-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "The Transformer",
  chinese = "Transformer 模型",
  minutes = 13,
  about = "Blocks of attention and a small network, positions that have to be told, and a mask that must not leak.",
  steps = {
    {
      "A block: attention with a residual sum, then a network of two layers at each position, usually four times as wide inside, with a "
        .. "residual sum.",
      ask = "Width 64. How many weights (no biases) has the inner network, 64 to 256 and back?",
      equals = 32768,
      answer = "2 * 64 * 256",
      wrong = {{16384, "There and back: two matrices."}, {65536, "64 * 256, twice."}},
      hints = {"2 * 64 * 256"},
      after = "Twice as many as attention's 4 * 64 * 64: most of a Transformer's weights are here.",
    },
    {
      "Attention compares every position with every other.",
      ask = "The sequence becomes 10 times as long. How many times as many scores are there?",
      equals = 100,
      wrong = {{10, "Each of 10 times as many queries meets 10 times as many keys."}},
      hints = {"n * n"},
    },
    {
      trap = "A Transformer sees the order of its words, as a recurrent network does.",
      holds = false,
      experiment = {
        "One encoder layer, without positions. The five words in reverse order; then the outputs turned round again.",
        ask = "Run the experiment: the last line is the largest difference.",
        given = [[
tensor.manual_seed(1)
layer = nn.TransformerEncoderLayer(16, 2, 32, {dropout = 0, batch_first = true}):eval()
words = tensor.randn(1, 5, 16)
difference = layer(words:flip(2)):flip(2) - layer(words)
difference:abs():max():item()]],
        between = {0, 1e-4},
        hints = {"Enter runs it."},
        after = "None: 'dog bites man' and 'man bites dog' are the same to it.",
      },
      verdict = "Attention treats its input as a set. The order comes in by positional encodings: added to the words, or as rotations of "
        .. "queries and keys.",
    },
    {
      "The encoding of 2017: for position p (from 0) and the pair i (from 0) of width d, sin and cos of p / 10000^(2i / d).",
      ask = "Write `angle(p, i, d)`: that angle.",
      given = "function angle(p, i, d)\n  return p\nend",
      answer = "function angle(p, i, d)\n  return p / 10000 ^ (2 * i / d)\nend",
      func = "angle",
      inputs = function() return {{0, 0, 8}, {3, 0, 8}, {3, 1, 8}, {10, 3, 8}} end,
      wrong = {
        {"function angle(p, i, d) return p / 10000 ^ (i / d) end", "2 i / d: the pairs go through the whole width."},
        {"function angle(p, i, d) return p / (10000 * 2 * i / d) end", "10000 to the power 2 i / d."},
        {"function angle(p, i, d) return p * 10000 ^ (2 * i / d) end", "Divided: later pairs turn more slowly."},
      },
      hints = {"A power in Lua is `^`: 10000 ^ (2 * i / d)."},
      after = "The first pair turns fast, like the hand of seconds, the last one slowly, like that of hours.",
    },
    {
      [[A decoder predicts the next word from those before. In training all positions are computed at once, so a mask has to hide the
        future.]],
      ask = "Run it: the last word is changed; the last line is how much the outputs at the earlier positions change, with the mask.",
      given = [[
mask = nn.Transformer.generate_square_subsequent_mask(5)
other = words:clone()
other[{1, 5}] = 7
function leak(mask)
  local d = layer(other, {src_mask = mask}) - layer(words, {src_mask = mask})
  return d[{ {}, {1, 4} }]:abs():max():item()
end
print("without", leak(nil))
leak(mask)]],
      between = {0, 1e-6},
      hints = {"Enter runs it. `layer` and `words` are of the experiment."},
      after = "Without the mask the future leaks in: training would look wonderful, and generation fail.",
    },
    {
      "Pre-norm: x + f(norm(x)). Post-norm, as in 2017: norm(x + f(x)).",
      ask = "Which of them leaves an unbroken way for gradients through all blocks?",
      choose = {"Pre-norm", "Post-norm"},
      answer = 1,
      wrong = {{2, "There each block's sum goes through a normalisation: the plain x is never passed on."}},
      hints = {"In which is the output x plus something?"},
      after = "So pre-norm trains without a long warm-up.",
    },
    {
      ask = "A vocabulary of 10,000 and width 64. How many weights has the embedding, if the output layer shares them?",
      equals = 640000,
      wrong = {{1280000, "Shared: counted once."}, {10064, "A row of 64 for each word."}},
      hints = {"10000 * 64"},
    },
  },
  interview = {
    {
      "Describe a Transformer block and why each part is there.",
      pass = "Attention, a feed-forward network, residual connections, normalisation.",
      good = "Attention moves information between positions; the feed-forward network works on each by itself and holds most weights; "
        .. "residual sums let gradients and information pass; layer normalisation keeps the scale; positions are added at the start.",
      excellent = [[As good, and: today pre-norm with RMSNorm, rotary positions, SwiGLU, grouped queries for a smaller cache; attention alone
        without skips and feed-forward collapses to rank one with depth; cost per layer 4 n d^2 + 2 n^2 d for attention, 8 n d^2 for the
        rest.]],
    },
    {
      "Why can a Transformer be trained in parallel but generates one token at a time?",
      pass = "In training the right previous words are known; in use each has to be made first.",
      good = "Teacher forcing with a causal mask gives all positions' losses in one pass. In generation each token depends on the one before; "
        .. "keys and values of the past are cached, so a step costs O(n) instead of O(n^2).",
      excellent = [[As good, and: hence generation is bound by memory bandwidth, training by arithmetic; speculative decoding checks several
        guessed tokens in one parallel pass; exposure bias is the difference between the two modes.]],
    },
  },
}
