-- Byte pair encoding: learning which neighbours to join, and joining them. Tokens are numbered from 1: the bytes 0 to
-- 255, then one for each pair that is joined. Knows nothing of special tokens.

local fail = require "nnlua.fail"
local pieces = require "nnlua.text.pieces"

local bpe = {}

-- A text in parts over whose borders nothing is joined: a word, number, run of marks or of Chinese characters, each
-- with one space before it; other white space. All parts together are the text. Bytes that are no UTF-8 are a part
-- each.
local function parts_of(s)
  local parts, begin, kind_before, at = {}, 1, nil, 1
  while at <= #s do
    local ok, c = pcall(utf8.codepoint, s, at)
    local kind, next_at
    if ok then
      kind, next_at = pieces.kind_of(c), at + #utf8.char(c)
      if kind == "word" and c >= 48 and c <= 57 then kind = "digit" end
    else
      kind, next_at = at, at + 1
    end
    local joins = kind == kind_before or (kind_before == "blank" and kind ~= "space" and type(kind) == "string")
    if kind_before and not joins then
      parts[#parts + 1] = s:sub(begin, at - 1)
      begin = at
    end
    kind_before = kind
    if c == 32 and kind == "space" and begin == at and s:find("^[^%s]", at + 1) then kind_before = "blank" end
    if c == 32 and kind == "space" and begin < at and s:find("^[^%s]", at + 1) then
      parts[#parts + 1] = s:sub(begin, at - 1)
      begin, kind_before = at, "blank"
    end
    at = next_at
  end
  if begin <= #s then parts[#parts + 1] = s:sub(begin) end
  return parts
end

bpe.parts_of = parts_of

local FACTOR = 1 << 24 -- a pair (a, b) is the number a * FACTOR + b

local function bytes_of(s)
  local ids = {}
  for i = 1, #s do ids[i] = s:byte(i) + 1 end
  return ids
end

-- Joins the pair (a, b) to `new` in a list of ids; returns the new list.
local function joined(ids, a, b, new)
  local out, i, n = {}, 1, #ids
  while i <= n do
    if ids[i] == a and ids[i + 1] == b then
      out[#out + 1], i = new, i + 2
    else
      out[#out + 1], i = ids[i], i + 1
    end
  end
  return out
end

-- How often each pair of neighbours occurs, and in which words.
local function count_pairs(words)
  local counts, where = {}, {}
  for w, word in ipairs(words) do
    for i = 1, #word.ids - 1 do
      local pair = word.ids[i] * FACTOR + word.ids[i + 1]
      counts[pair] = (counts[pair] or 0) + word.n
      where[pair] = where[pair] or {}
      where[pair][w] = true
    end
  end
  return counts, where
end

-- A heap of pairs, the most frequent on top, of equal ones that with the lowest numbers. How often a pair occurs only
-- falls once it is in the heap, so that an entry is brought up to date when it comes to the top.
local function before(heap, a, b)
  if heap.n[a] ~= heap.n[b] then return heap.n[a] > heap.n[b] end
  return heap[a] < heap[b]
end

local function swap(heap, a, b)
  heap[a], heap[b], heap.n[a], heap.n[b] = heap[b], heap[a], heap.n[b], heap.n[a]
end

local function push(heap, pair, n)
  local at = #heap + 1
  heap[at], heap.n[at] = pair, n
  while at > 1 and before(heap, at, at // 2) do
    swap(heap, at, at // 2)
    at = at // 2
  end
end

local function sink(heap)
  local at, size = 1, #heap
  while true do
    local first = at
    for child = 2 * at, math.min(2 * at + 1, size) do
      if before(heap, child, first) then first = child end
    end
    if first == at then return end
    swap(heap, at, first)
    at = first
  end
end

-- Takes the most frequent pair from the heap; nil when none is left.
local function take_best(heap, counts)
  while #heap > 0 do
    local pair, n, size = heap[1], heap.n[1], #heap
    local now = counts[pair] or 0
    if now == n and n > 0 then return pair, n end
    if now > 0 then
      heap.n[1] = now
    else
      swap(heap, 1, size)
      heap[size], heap.n[size] = nil, nil
    end
    sink(heap)
  end
end

--- Learns up to n joins from texts: a flat list {a1, b1, a2, b2, ...}; pairs that occur less than min_freq times stay.
function bpe.train(texts, n, min_freq)
  local words, index = {}, {}
  for _, s in ipairs(texts) do
    for _, part in ipairs(parts_of(s)) do
      if not index[part] then
        words[#words + 1] = {ids = bytes_of(part), n = 0}
        index[part] = words[#words]
      end
      index[part].n = index[part].n + 1
    end
  end
  local counts, where = count_pairs(words)
  local merges, heap = {}, {n = {}}
  for pair, count in pairs(counts) do push(heap, pair, count) end
  for step = 1, n do
    local pair, most = take_best(heap, counts)
    if not pair or most < min_freq then break end
    local a, b, new = pair // FACTOR, pair % FACTOR, 256 + step
    local fresh = {}
    merges[2 * step - 1], merges[2 * step] = a, b
    for w in pairs(where[pair]) do
      local word = words[w]
      local old, after = word.ids, joined(word.ids, a, b, new)
      for i = 1, #old - 1 do
        local p = old[i] * FACTOR + old[i + 1]
        counts[p] = counts[p] - word.n
      end
      for i = 1, #after - 1 do
        local p = after[i] * FACTOR + after[i + 1]
        if not counts[p] then counts[p], where[p] = 0, {} end
        if after[i] == new or after[i + 1] == new then fresh[p] = true end
        counts[p] = counts[p] + word.n
        where[p][w] = true
      end
      word.ids = after
    end
    counts[pair], where[pair] = nil, nil
    for p in pairs(fresh) do push(heap, p, counts[p]) end
  end
  return merges
end

--- Joins as rows {{a, b}, ...} (of a file) as a flat list; an error unless each joins tokens that were there before.
function bpe.check(rows)
  local flat = {}
  for i, row in ipairs(rows) do
    for k = 1, 2 do
      local id = row[k]
      if math.type(id) ~= "integer" or id < 1 or id > 255 + i then
        fail.raise("restore: join %d of the tokenizer is damaged", i)
      end
      flat[2 * i - 2 + k] = id
    end
  end
  return flat
end

local Coder = {}
Coder.__index = Coder

--- What encodes with these joins: coder:encode(s) is a list of numbers, coder.bytes[id] the string of a token.
function bpe.coder(merges)
  local self = setmetatable({bytes = {}, rank = {}, kept = {}, n_kept = 0}, Coder)
  for i = 0, 255 do self.bytes[i + 1] = string.char(i) end
  for i = 1, #merges // 2 do
    local a, b = merges[2 * i - 1], merges[2 * i]
    self.bytes[256 + i] = self.bytes[a] .. self.bytes[b]
    self.rank[a * FACTOR + b] = i
  end
  return self
end

-- The ids of one part: the join learned first is made first.
local function encode_part(self, part)
  local ids, rank = bytes_of(part), self.rank
  while #ids > 1 do
    local best, a, b = math.huge, nil, nil
    for i = 1, #ids - 1 do
      local r = rank[ids[i] * FACTOR + ids[i + 1]]
      if r and r < best then best, a, b = r, ids[i], ids[i + 1] end
    end
    if not a then break end
    ids = joined(ids, a, b, 256 + best)
  end
  return ids
end

local KEPT = 50000 -- parts whose ids are remembered

function Coder:encode(s)
  local out = {}
  for _, part in ipairs(parts_of(s)) do
    local ids = self.kept[part]
    if not ids then
      ids = encode_part(self, part)
      if self.n_kept < KEPT then self.kept[part], self.n_kept = ids, self.n_kept + 1 end
    end
    table.move(ids, 1, #ids, #out + 1, out)
  end
  return out
end

return bpe
