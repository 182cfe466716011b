-- A language model: what comes next? Tang poems, character by character, and a poem of the model's own.
--
--   nnlua scripts/language-model.lua [--seed 1] [--epochs 16] [--quick]

local tutorial = require "nnlua.tutorial"
local text = require "nnlua.text"
local options = tutorial.options{epochs = {16, 1}, poems = {313, 40}, hidden = {256, 64}, length = 32}

-- A language model gives each text a probability, as a product: p(c1) p(c2 | c1) p(c3 | c1 c2) ... A recurrent network
-- carries "what was so far" in its state and learns to give the character that really came next a high probability. Its
-- loss in bits a character, -log2 p, is what an optimal compressor would need for the text.

tutorial.heading("Three hundred poems")
-- Nine of ten to learn from, each tenth to judge by.
local kept, held = {}, {}
for i, poem in ipairs(data.load("tang-poems").poems) do
  if i > options.poems then break end
  table.insert(i % 10 == 0 and held or kept, poem.text)
end
local learn_text, held_text = table.concat(kept, "\n\n") .. "\n\n", table.concat(held, "\n\n") .. "\n\n"
local tokens = text.CharTokenizer(learn_text, {specials = {"<unk>"}})
local learn_ids, held_ids = tokens:encode(learn_text), tokens:encode(held_text)

-- The form: verses are counted on the fingers, and 22,000 characters are too few to learn counting from. So each
-- character comes with the number of its place: how far it is from the last mark (1 is the mark itself), how long the
-- half-line before was, and whether this is the first or the second half of a couplet. What the poem has to do about
-- it is left to the network.
local longest_line = 12
local punctuation, marks = {"，", "。", "？", "！", "；", "：", "\n"}, {}
for _, mark in ipairs(punctuation) do marks[tokens:encode(mark):get(1)] = true end
local function forms_of(ids)
  local out, place, last, half, ends = {}, 1, 1, 0, 3
  for i, id in ipairs(ids:totable()) do
    if not marks[id] then
      place, ends = math.min(place + 1, longest_line), 0
    elseif ends == 0 then
      place, last, half, ends = 1, place, 1 - half, 1
    else -- after a mark: a line ends, or (the second time) a poem
      last, half, ends = ends == 1 and last or 1, 0, ends + 1
    end
    out[i] = place + longest_line * (last - 1 + longest_line * half)
  end
  return tensor(out, {dtype = "int64"})
end
print(("%d poems to learn from, %d to judge by; %d characters, %d different ones"):format(#kept, #held,
  learn_ids:numel(), tokens.vocab_size))

tutorial.heading("What one must beat")
-- Counting alone: the frequency of each character, the same for every place.
local counts = tensor.bincount(learn_ids, {minlength = tokens.vocab_size}):to("float32") + 0.1
local p = counts / counts:sum()
local by_counting = p:log2():neg():index_select(1, held_ids):mean():item()
print(("guessing evenly: %.2f bits a character; by frequency: %.2f"):format(math.log(tokens.vocab_size, 2),
  by_counting))

-- The model. Its last layer shares its weights with the embedding (Press and Wolf, 2017): with so little text every
-- weight saved counts.
local Poet = nn.class("Poet")
function Poet:init(vocabulary, hidden)
  self.embed = nn.Embedding(vocabulary, hidden)
  nn.init.normal_(self.embed.weight, 0, 0.05)
  self.drop = nn.Dropout(0.5)
  self.form = nn.Embedding(2 * longest_line * longest_line, hidden)
  nn.init.normal_(self.form.weight, 0, 0.05)
  self.memory = nn.LSTM(hidden, hidden, {batch_first = true})
  self.bias = nn.Parameter(p:log():clone()) -- starts from the frequencies
end
function Poet:forward(ids, forms, state)
  local h
  h, state = self.memory(self.drop(self.embed(ids)) + self.form(forms), state)
  return F.linear(self.drop(h), self.embed.weight, self.bias), state
end

-- A long text as eight parallel streams, so that a state can be carried from one piece to the next.
local function streams(ids)
  local n = ids:numel() // 8
  return ids:narrow(1, 1, 8 * n):view(8, n)
end

local function bits_on(net, ids)
  local logits = tensor.no_grad(net:eval(), ids:unsqueeze(1), forms_of(ids):unsqueeze(1))
  net:train()
  return F.cross_entropy(logits[{1, {1, -2}}], ids[{{2, -1}}]):item() / math.log(2)
end

tutorial.heading("Learning")
local net = Poet(tokens.vocab_size, options.hidden)
local opt = optim.AdamW(net:parameters(), {lr = 4e-3, weight_decay = 0.05})
local rows, forms = streams(learn_ids), streams(forms_of(learn_ids))
local pieces = (rows:size(2) - 1) // options.length
local curve, learned, best = {}, {}, math.huge
local step, steps = 0, options.epochs * pieces
for epoch = 1, options.epochs do
  local sum, state, logits = 0
  local shift = math.random(0, (rows:size(2) - 1) % options.length) -- other borders in each epoch
  for piece = 0, pieces - 1 do
    step = step + 1
    opt.param_groups[1].lr = 4e-3 * math.min(1, step / (0.1 * steps)) * (1 - 0.9 * step / steps)
    local from = shift + piece * options.length + 1
    logits, state = net(rows:narrow(2, from, options.length), forms:narrow(2, from, options.length), state)
    state = {state[1]:detach(), state[2]:detach()} -- the values go on, the gradient ends here
    local loss = F.cross_entropy(logits:flatten(1, 2), rows:narrow(2, from + 1, options.length):flatten())
    opt:zero_grad()
    loss:backward()
    nn.utils.clip_grad_norm_(net:parameters(), 1)
    opt:step()
    sum = sum + loss:item()
  end
  learned[epoch], curve[epoch] = sum / pieces / math.log(2), bits_on(net, held_ids)
  best = math.min(best, curve[epoch])
end
print(("epoch %d: training %.3f, held out %.3f bits a character; at best %.3f"):format(options.epochs,
  learned[options.epochs], curve[options.epochs], best))
-- It goes on to learn by heart after its best epoch; early stopping would end there. The verses below are by the last
-- state, which holds to the form more closely.
plot.line({training = learned, ["held out"] = curve}, {title = "bits a character", xlabel = "epoch", rows = 12})

tutorial.heading("Poems of its own")
-- Sampling: draw the next character from the model's probabilities and feed it back, here for four couplets. A
-- temperature below 1 prefers what is probable (0 would repeat itself for ever), above 1 the model becomes wild.
local line_end = tokens:encode("\n"):get(1)
local function compose(first, temperature)
  net:eval()
  return tensor.no_grad(function()
    local ids, lines, state, logits = tokens:encode("\n\n" .. first), 0
    local all = ids
    while lines < 4 and all:size(1) < 100 do
      local form = forms_of(all):narrow(1, all:size(1) - ids:size(1) + 1, ids:size(1))
      logits, state = net(ids:unsqueeze(1), form:unsqueeze(1), state)
      local last = logits[{1, -1}] / temperature
      last[1] = -math.huge -- never "unknown"
      if all:get(-1) == line_end then last[line_end] = -math.huge end -- no end before the fourth couplet
      ids = tensor.multinomial(last:softmax(1), 1)
      all = tensor.cat({all, ids})
      if ids:get(1) == line_end then lines = lines + 1 end
    end
    return (tokens:decode(all):gsub("^%s+", ""))
  end)
end
for _, try in ipairs {{"山", 0.5}, {"明月", 0.7}, {"春", 1.0}} do
  print(("-- from %s at temperature %.1f"):format(try[1], try[2]))
  print((compose(try[1], try[2])))
end

tutorial.heading("What it has understood")
-- Form comes before sense. A regular couplet has two half-lines of five characters or two of seven.
local regular, couplets = 0, 0
for try = 1, options.quick and 5 or 20 do
  for line in compose(({"风", "江", "人", "白", "夜"})[try % 5 + 1], 0.7):gmatch("[^\n]+") do
    local halves = {}
    for _, mark in ipairs(punctuation) do line = line:gsub(mark, "\n") end
    for half in line:gmatch("[^\n]+") do halves[#halves + 1] = utf8.len(half) end
    couplets = couplets + 1
    if #halves == 2 and halves[1] == halves[2] and (halves[1] == 5 or halves[1] == 7) then regular = regular + 1 end
  end
end
print(("regular couplets: %d of %d"):format(regular, couplets))

-- To try next: no dropout (how soon does it learn by heart?), nn.GRU, temperature 0.1 and 1.5.
print(("result: bits=%.3f by_frequency=%.3f regular=%.2f"):format(best, by_counting, regular / math.max(couplets, 1)))
