-- The Transformer: encoder and decoder of attention alone. It reverses rows of letters and translates numerals.
--
--   nnlua scripts/transformer.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{steps = {1500, 25}, reverse_steps = {700, 25}}

-- Vaswani et al. (2017). The encoder lets all source places look at each other. The decoder writes one token after
-- another: it looks at what it has written (never ahead: the causal mask) and at the encoder's result. Each layer
-- adds to what it gets (residual) and normalises.

local pad, start, stop = 1, 2, 3
local Translator = nn.class("Translator")
function Translator:init(tokens, width, layers)
  self.embed = nn.Embedding(tokens, width)
  self.place = nn.SinusoidalPositionalEncoding(width, {max_len = 64, batch_first = true})
  self.body = nn.Transformer(width, 4, layers, layers, 2 * width, {dropout = 0.0, batch_first = true,
    norm_first = true})
  self.out = nn.Linear(width, tokens)
end
function Translator:encode(source)
  return self.body.encoder(self.place(self.embed(source)), {src_key_padding_mask = source:eq(pad)})
end
function Translator:decode(target, memory, source)
  local n = target:size(2)
  local h = self.body.decoder(self.place(self.embed(target)), memory, {
    tgt_mask = nn.Transformer.generate_square_subsequent_mask(n), memory_key_padding_mask = source:eq(pad)})
  return self.out(h)
end
function Translator:forward(source, target) return self:decode(target, self:encode(source), source) end

-- Greedy writing: the most probable token each time, until all rows have stopped.
function Translator:write(source, longest)
  return tensor.no_grad(function()
    local memory = self:encode(source)
    local out = tensor.full({source:size(1), 1}, start, {dtype = "int64"})
    for _ = 1, longest do
      local next_token = self:decode(out, memory, source)[{ {}, -1 }]:argmax(2, {keepdim = true})
      out = tensor.cat({out, next_token}, 2)
    end
    return out:narrow(2, 2, longest)
  end)
end

-- Rows of token numbers as one tensor, filled up with `pad`.
local function block(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = tensor(row, {dtype = "int64"}) end
  return nn.utils.rnn.pad_sequence(list, {batch_first = true, padding_value = pad})
end

-- sample() gives a source and its target as lists of tokens. Returns the share of fresh rows that come out exactly
-- right.
local function learn(name, tokens, sample, steps, width)
  local net = Translator(tokens, width, 2)
  local opt = optim.AdamW(net:parameters(), {lr = 1e-3, weight_decay = 0.01})
  local curve, mean = {}, nil
  local function batch(n)
    local sources, inputs, targets = {}, {}, {}
    for i = 1, n do
      local source, target = sample()
      sources[i], inputs[i], targets[i] = source, {start, table.unpack(target)}, {table.unpack(target)}
      table.insert(targets[i], stop)
    end
    return block(sources), block(inputs), block(targets)
  end
  for step = 1, steps do
    opt.param_groups[1].lr = 1.5e-3 * math.min(1, step / 100) * (1 - 0.95 * step / steps)
    local source, input, target = batch(64)
    local loss = F.cross_entropy(net(source, input):flatten(1, 2), target:flatten(), {ignore_index = pad})
    opt:zero_grad()
    loss:backward()
    nn.utils.clip_grad_norm_(net:parameters(), 1)
    opt:step()
    mean = mean and 0.97 * mean + 0.03 * loss:item() or loss:item()
    curve[step] = mean
  end
  net:eval()
  local source, _, target = batch(500)
  local said = net:write(source, target:size(2))
  local counts = target:ne(pad)
  local exact = (said:eq(target) | ~counts):to("float32"):amin(2):mean():item()
  print(("%s: loss %.4f, exactly right %.1f %%"):format(name, mean, 100 * exact))
  return net, exact, curve
end

tutorial.heading("Reversal")
local function reversal()
  local source, target = {}, {}
  for i = 1, math.random(4, 10) do source[i] = math.random(4, 29) end
  for i = #source, 1, -1 do target[#target + 1] = source[i] end
  return source, target
end
local _, reversed = learn("rows of 4 to 10 letters, backwards", 29, reversal, options.reverse_steps, 64)

tutorial.heading("Translation: numerals into words")
local names, token = {}, {}
for name in ("0 1 2 3 4 5 6 7 8 9 zero one two three four five six seven eight nine ten eleven twelve thirteen "
  .. "fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
  .. "hundred and thousand"):gmatch("%w+") do
  names[#names + 1] = name
  token[name] = 3 + #names
end
local function english(n)
  if n < 20 then return names[11 + n] end
  if n < 100 then return names[29 + n // 10] .. (n % 10 > 0 and " " .. english(n % 10) or "") end
  if n < 1000 then return english(n // 100) .. " hundred" .. (n % 100 > 0 and " and " .. english(n % 100) or "") end
  return english(n // 1000) .. " thousand" .. (n % 1000 > 0 and " " .. english(n % 1000) or "")
end
local function digits_of(n)
  local list = {}
  for digit in tostring(n):gmatch("%d") do list[#list + 1] = token[digit] end
  return list
end
local function numeral()
  local n = math.random(0, 10 ^ math.random(1, 5) // 1 | 0) % 100000
  local source, target = digits_of(n), {}
  for word in english(n):gmatch("%a+") do target[#target + 1] = token[word] end
  return source, target
end
local net, translated, curve = learn("numbers below 100,000", 3 + #names, numeral, options.steps, 96)
plot.line(curve, {title = "translation: loss by step", xlabel = "step", logy = true, rows = 12})
for _, n in ipairs {7, 42, 619, 2026, 90210} do
  local source, said = digits_of(n), {}
  for _, id in ipairs(net:write(tensor({source}, {dtype = "int64"}), 12)[1]:totable()) do
    if id == stop then break end
    said[#said + 1] = names[id - 3] or "?"
  end
  print(("%6d  %s"):format(n, table.concat(said, " ")))
end

tutorial.heading("A leak test for the mask")
-- In training the decoder is given the whole target at once. If place t could see place t + 1, it would copy the
-- answer and learn nothing. So: change the last token, and nothing before it may change.
local source = tensor{{4, 5, 6}}
local input = tensor{{start, 7, 8, 9, 10}}
local other = input:clone()
other[{1, 5}] = 11
local before, after = tensor.no_grad(net, source, input), tensor.no_grad(net, source, other)
local moved = (before - after)[1]:abs():amax(2)
local leak, own = moved[{{1, 4}}]:max():item(), moved:get(5)
local unmasked = tensor.no_grad(function()
  local memory = net:encode(source)
  local function open(t) return net.body.decoder(net.place(net.embed(t)), memory) end
  return (open(input) - open(other))[{1, {1, 4}}]:abs():max():item()
end)
print(("the last token changed: those before move by %g with the mask, %.3f without; itself by %.3f"):format(leak,
  unmasked, own))

-- To try next: beam search instead of net:write; one layer; numbers longer than any that were trained (does it
-- generalise?).
print(("result: reversal=%.3f translation=%.3f leak=%g unmasked=%.2f"):format(reversed, translated, leak, unmasked))
