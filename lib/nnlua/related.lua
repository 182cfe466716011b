-- What belongs together: for a name of the library those that a reader may want to see next. Found in the names and
-- texts themselves: the same thing in another place (nn.Conv2d, F.conv2d), names that a text mentions, words that names
-- share, words that texts share. Knows nothing of how it is shown.

local related = {}

local MOST = 4 -- names that are given
local ENOUGH = 0.12 -- the least that two things have in common
local AT_LEAST = 2

-- Words that say nothing about what a thing is.
local idle = {}
for word in ([[a an and are as at be by each every for from given gives has have in into is it its more most not of on
one or other others same such than that the their them then there these this to two was what when where which whole
with without x y n default options tensor tensors true false nil]]):gmatch("%S+") do idle[word] = true end

-- "BCEWithLogitsLoss" -> {bce, with, logits, loss}; "binary_cross_entropy" -> {binary, cross, entropy}.
local function words_of_name(name)
  local list = {}
  local spaced = name:gsub("(%l%d?)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):lower():gsub("(%d)d$", "_%1d")
  for word in spaced:gmatch("[%a]+%d*") do
    if not word:find("^%dd$") then list[#list + 1] = word end
  end
  return list
end

-- "nn.CrossEntropyLoss" and "F.cross_entropy" are crossentropy both.
local function base_of(name)
  return (name:lower():gsub("_", ""):gsub("loss$", ""))
end

local function add_words(bag, text, weight)
  for word in text:lower():gmatch("%a[%a']+") do
    word = word:gsub("ies$", "y"):gsub("([^su])s$", "%1")
    if not idle[word] then bag[word] = (bag[word] or 0) + weight end
  end
end

-- What one learns together, or takes one for the other, though names and texts have little in common.
local families = {
  "tensor.cumsum tensor.cumprod tensor.diff tensor.gradient",
  "tensor.minimum tensor.maximum tensor.clamp tensor.min tensor.max",
  "tensor.sum tensor.mean tensor.prod tensor.amax tensor.cumsum",
  "tensor.sinh tensor.cosh tensor.tanh tensor.asinh tensor.acosh tensor.atanh",
  "tensor.sin tensor.cos tensor.tan tensor.asin tensor.acos tensor.atan tensor.atan2",
  "tensor.floor tensor.ceil tensor.round tensor.trunc tensor.frac",
  "tensor.exp tensor.log tensor.expm1 tensor.log1p tensor.logsumexp",
  "tensor.view tensor.reshape tensor.flatten tensor.squeeze tensor.unsqueeze",
  "tensor.permute tensor.transpose tensor.t tensor.movedim",
  "tensor.cat tensor.stack tensor.split tensor.chunk tensor.unbind",
  "tensor.expand tensor.tile tensor.repeat_interleave tensor.broadcast_to",
  "tensor.gather tensor.scatter tensor.index_select tensor.take tensor.masked_select",
  "tensor.masked_fill tensor.where tensor.masked_select tensor.nonzero",
  "tensor.sort tensor.argsort tensor.topk tensor.kthvalue tensor.median",
  "tensor.argmax tensor.argmin tensor.max tensor.topk",
  "tensor.matmul tensor.mm tensor.bmm tensor.mv tensor.dot tensor.einsum",
  "tensor.zeros tensor.ones tensor.full tensor.eye tensor.empty",
  "tensor.rand tensor.randn tensor.randint tensor.randperm tensor.manual_seed",
  "tensor.arange tensor.range tensor.linspace tensor.logspace",
  "tensor.equal tensor.allclose tensor.isclose tensor.eq",
  "tensor.isnan tensor.isinf tensor.isfinite tensor.nan_to_num",
  "tensor.all tensor.any tensor.count_nonzero",
  "tensor.var tensor.std tensor.mean tensor.norm",
  "tensor.relu F.leaky_relu F.gelu F.silu F.elu",
  "tensor.sigmoid tensor.tanh F.softmax F.logsigmoid",
  "train.drift_monitor train.alerts train.fit",
  "nn.RNN nn.LSTM nn.GRU nn.Embedding", "nn.Conv2d nn.MaxPool2d nn.BatchNorm2d nn.ConvTranspose2d",
  "nn.BatchNorm2d nn.LayerNorm nn.GroupNorm nn.InstanceNorm2d",
  "optim.SGD optim.Adam optim.AdamW optim.RMSprop optim.Adagrad",
  "nn.Sequential nn.ModuleList nn.ModuleDict nn.class",
  "nn.save nn.load nn.Module:state_dict nn.Module:load_state_dict",
}

-- Parts that are modules of their own: less near to everything else.
local apart = {graph = true, rl = true, audio = true, text = true, inspect = true}

-- ---- the index ----------------------------------------------------------------------------------------------------

-- An entry for everything that has a page: {full, last, place, text, bag, thing}.
local function entries_of(each)
  local list, by_thing, by_value = {}, {}, {}
  each(function(last, full, thing)
    local entry = by_thing[thing] or thing.value ~= nil and by_value[thing.value]
    if entry then by_thing[thing] = entry end
    local text = thing.rows and thing.rows[1].doc or thing.text or ""
    local alias = text:find("^The same as ") ~= nil
    if entry or alias or last:sub(1, 1) == "_" or full == "tensor" then
      if entry then entry.names[last] = true end
      return
    end
    local place = full:match("^(.*)[.:][%w_]+$") or ""
    entry = {full = full, last = last, place = place, text = text, thing = thing, names = {[last] = true}, bag = {}}
    add_words(entry.bag, (text:gsub("\n%s*\n.*", "")):sub(1, 300), 1)
    for _, word in ipairs(words_of_name(last)) do entry.bag[word] = (entry.bag[word] or 0) + 3 end
    list[#list + 1], by_thing[thing] = entry, entry
    if type(thing.value) == "function" or type(thing.value) == "table" then by_value[thing.value] = entry end
  end)
  return list, by_thing
end

-- Words weigh the more the rarer they are; every bag has length 1.
local function weigh(list)
  local seen = {}
  for _, entry in ipairs(list) do
    for word in pairs(entry.bag) do seen[word] = (seen[word] or 0) + 1 end
  end
  for _, entry in ipairs(list) do
    local sum = 0
    for word, n in pairs(entry.bag) do
      local w = (1 + math.log(n)) * math.log(#list / seen[word])
      entry.bag[word], sum = w, sum + w * w
    end
    local length = math.sqrt(math.max(sum, 1e-12))
    for word, w in pairs(entry.bag) do entry.bag[word] = w / length end
  end
end

-- By word the entries that have it, by name and base those that are called so.
local function index_of(list)
  local index = {words = {}, names = {}, bases = {}}
  local function add(map, key, entry)
    map[key] = map[key] or {}
    table.insert(map[key], entry)
  end
  for _, entry in ipairs(list) do
    for word in pairs(entry.bag) do add(index.words, word, entry) end
    for name in pairs(entry.names) do add(index.names, name, entry) end
    add(index.names, entry.full, entry)
    add(index.bases, base_of(entry.last), entry)
  end
  return index
end

-- How much others have in common with an entry: a table by entry.
local function likeness(entry, index)
  local score = {}
  local function give(others, points)
    for _, other in ipairs(others or {}) do score[other] = (score[other] or 0) + points(other) end
  end
  for word, w in pairs(entry.bag) do give(index.words[word], function(other) return w * other.bag[word] end) end
  give(index.bases[base_of(entry.last)], function(other) return other.place ~= entry.place and 2 or 0 end)
  local seen = {}
  for at, word in entry.text:gmatch("()([%a_][%w_.:]*[%w_])") do
    local telling = word:find("[.:]") or word:find("[_%d%u]", 2) and entry.text:sub(at - 1, at - 1) ~= "."
    if telling and not seen[word] then
      seen[word] = true
      give(index.names[word], function() return 1 end)
    end
  end
  for _, family in ipairs(families) do
    if (" " .. family .. " "):find(" " .. entry.full .. " ", 1, true) then
      for name in family:gmatch("%S+") do
        give(index.names[name], function(other) return other.full == name and 0.6 or 0 end)
      end
    end
  end
  for other, points in pairs(score) do
    if other.place == entry.place then
      score[other] = points + 0.05
    elseif apart[other.place:match("^[^.]*")] then
      score[other] = points * 0.5
    end
  end
  return score
end

--- Makes the index. each(f) calls f(name, full name, thing) for everything that has a page; returns a function that
-- gives the full names related to a thing, the nearest first.
function related.index(each)
  local list, by_thing = entries_of(each)
  weigh(list)
  local index = index_of(list)
  return function(thing)
    local entry = by_thing[thing]
    if not entry then return {} end
    local found = {}
    for other, score in pairs(likeness(entry, index)) do
      if other ~= entry and other.last ~= entry.last .. "_" then found[#found + 1] = {other.full, score} end
    end
    table.sort(found, function(a, b)
      if a[2] ~= b[2] then return a[2] > b[2] end
      return a[1] < b[1]
    end)
    local names = {}
    for _, one in ipairs(found) do
      if #names >= MOST or (one[2] < ENOUGH and #names >= AT_LEAST) then break end
      names[#names + 1] = one[1]
    end
    return names
  end
end

return related
