-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Pooling",
  chinese = "池化",
  minutes = 9,
  about = "Many numbers become one: the largest or the mean, what that keeps and how much a shift still matters.",
  steps = {
    {
      ask = "The four pixels are 1, 3, 2, 0. What does max pooling make of them?",
      equals = 3,
      wrong = {{1.5, "That is average pooling."}, {6, "That is the sum."}},
      hints = {"The largest."},
    },
    {
      ask = "A picture of 28 x 28 goes through `nn.MaxPool2d(2)` twice. How wide is it then?",
      equals = 7,
      wrong = {{14, "That is once."}, {24, "Its step is 2, as its size: halved, not 2 less."}, {49, "That is all pixels; the width."}},
      hints = {"28, 14, ..."},
    },
    {
      "Going back, the gradient finds its way through max pooling.",
      ask = "The largest of 1, 3, 2, 0 got the gradient 5. What does the 2 get?",
      equals = 0,
      wrong = {{1.25, "That is average pooling: each a quarter."}, {5, "Only the largest has moved the result."}},
      hints = {"Had the 2 been 2.1, what would have changed?"},
      after = "All of it goes to the 3. With the mean each would get a quarter.",
    },
    {
      ask = "Write `maxpool(x, k)` for a Lua list: the largest of each k neighbours, in steps of k; what remains at the end is dropped.",
      given = "function maxpool(x, k)\n  local out = {}\n  return out\nend",
      answer = "function maxpool(x, k)\n  local out = {}\n  for i = 1, #x // k do\n    out[i] = math.max(table.unpack(x, (i - 1) * k + 1, i * k))\n  end\n  return out\nend",
      func = "maxpool",
      inputs = function() return {{{1, 3, 2, 0}, 2}, {{-5, -1, -2, -9, 7}, 2}, {{1, 2, 3, 4, 5, 6}, 3}} end,
      wrong = {
        {"function maxpool(x, k) local out = {} for i = 1, #x - k + 1 do out[i] = math.max(table.unpack(x, i, i + k - 1)) end return out end",
          "That goes on in steps of 1; here in steps of k."},
        {"function maxpool(x, k) local out = {} for i = 1, #x // k do local m = 0 for j = 1, k do m = math.max(m, x[(i - 1) * k + j]) end out[i] = m end return out end",
          "Beginning with 0 is wrong where all are negative: begin with the first, or with -math.huge."},
      },
      hints = {"#x // k results; the i-th looks at x[(i - 1) * k + 1] to x[i * k].", "`math.max(table.unpack(x, from, to))`"},
    },
    {
      trap = "Max pooling makes a network invariant to shifts: where something lies does not matter any more.",
      holds = false,
      experiment = {
        "One bright pixel in a row of six; the row shifted by one, and by two. What does pooling by 2 make of each?",
        ask = "Run the experiment: the last line is how much the shift by two changes the result.",
        given = [[
row = tensor{{0, 0, 1, 0, 0, 0}}
function pooled(shift) return F.max_pool1d(row:roll(shift, 2), 2) end
print(pooled(0), pooled(1), pooled(2))
d = pooled(2) - pooled(0)
d:abs():sum():item()]],
        equals = 2,
        hints = {"Enter runs it."},
        after = "The shift by one changed nothing, that by two moved the result by a place.",
      },
      verdict = "Within a window nothing changes, across its border everything does. Pooling forgives small shifts; the rest has to be "
        .. "learned, from augmented pictures for instance.",
    },
    {
      ask = "How many parameters has `nn.MaxPool2d(2)`?",
      equals = 0,
      wrong = {{4, "It has no weights: it takes the largest, whatever there is."}, {1, "There is nothing to learn in it."}},
      hints = {"What could it learn?"},
    },
    {
      "Global average pooling makes one number of each channel, whatever the picture's size.",
      ask = "A batch of [4, 16, 7, 9] goes through `nn.AdaptiveAvgPool2d(1)`. How many numbers come out?",
      equals = 64,
      wrong = {{16, "That is one sample; there are four."}, {4032, "That went in."}, {63, "7 * 9 are averaged away."}},
      hints = {"One for each channel of each sample."},
      after = "So a classifier behind it takes pictures of any size, and has far fewer weights than one behind a flatten.",
    },
    {
      ask = "Put `pool` to a layer that makes [2, 3, 5, 5] to [2, 3, 1, 1] by means: then `pool(tensor.ones(2, 3, 5, 5)):sum()`.",
      answer = "pool = nn.AdaptiveAvgPool2d(1)\npool(tensor.ones(2, 3, 5, 5)):sum()",
      check = function(v, s)
        if s.pool == nil or not tensor.is_tensor(v) then return nil end
        local ok, out = pcall(s.pool, tensor.arange(150):float():view(2, 3, 5, 5))
        if not ok then return nil end
        if out.shape ~= {2, 3, 1, 1} then return false, "What comes out is " .. tostring(out.shape) .. ", not {2, 3, 1, 1}." end
        if out:get(1, 1, 1, 1) ~= 12 then return false, "The shape is right; by means, not by the largest." end
        return v:numel() == 1 and v:item() == 6
      end,
      wrong = {
        {"pool = nn.MaxPool2d(5)\npool(tensor.ones(2, 3, 5, 5)):sum()", "The shape is right; by means, not by the largest."},
        {"pool = nn.AvgPool2d(2)\npool(tensor.ones(2, 3, 5, 5)):sum()", "What comes out is {2, 3, 2, 2}, not {2, 3, 1, 1}."},
      },
      hints = {"nn.AdaptiveAvgPool2d(size), or nn.AvgPool2d(5)."},
    },
  },
  interview = {
    {
      "Max or average pooling: what is the difference, when which?",
      pass = "The largest or the mean; max for features, average at the end.",
      good = "Max keeps whether a feature occurs anywhere in the window, and passes its gradient to one place; the mean keeps how much "
        .. "on the whole. Max inside vision networks, global average before the classifier.",
      excellent = [[As good, and: many networks use strided convolutions instead and learn how to reduce; max pooling without a blur
        aliases, so that outputs jump under shifts by a pixel; global average pooling gives class activation maps for
        free.]],
    },
    {
      "Why is pooling used at all?",
      pass = "Smaller maps: less work, larger fields of view.",
      good = "It reduces resolution (cost falls by 4 for 2 x 2), lets later layers see more, and makes small shifts matter less, "
        .. "without a parameter.",
      excellent = [[As good, and: what it loses is position, which is bad for segmentation and detection; hence skip connections in
        U-Nets, max unpooling with indices, or dilated convolutions.]],
    },
  },
}
