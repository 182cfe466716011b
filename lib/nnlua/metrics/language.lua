-- Metrics of text: perplexity, BLEU, edit distance. A text is a list of tokens, or a string, which is cut into words.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local pieces = require "nnlua.text.pieces"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F
local language = {}

local perplexity_options = signature("perplexity", "ignore_index:int=-100")

--- exp of the mean -log(probability) of the tokens. Takes logits [..., V] and the tokens [...], or a mean loss (a
-- number or 0-dim tensor). Options: ignore_index (a target that does not count).
--     metrics.perplexity(tensor.zeros(2, 3, 5), tensor.ones(2, 3):long()), metrics.perplexity(0)
--     --> 5.0	1.0
function language.perplexity(logits, targets, ...)
  if targets == nil then
    local loss = tensor.is_tensor(logits) and logits:numel() == 1 and logits:item() or logits
    if type(loss) ~= "number" then fail.raise("perplexity: expected logits and targets, or a mean loss") end
    return math.exp(loss)
  end
  local o = perplexity_options(...)
  if not tensor.is_tensor(logits) or not tensor.is_tensor(targets) or logits:dim() ~= targets:dim() + 1 then
    fail.raise("perplexity: expected logits [..., V] and tokens [...]")
  end
  local rows = logits:detach():double():reshape(-1, logits:size(-1))
  local loss = F.cross_entropy(rows, targets:long():flatten(), {ignore_index = o.ignore_index})
  return math.exp(loss:item())
end

local function tokens_of(who, s)
  if type(s) == "string" then return pieces.words(s) end
  if tensor.is_tensor(s) and s:dim() == 1 then return s:totable() end
  if type(s) ~= "table" then fail.raise("%s: expected a text or a list of tokens, got %s", who, fail.show(s)) end
  for i, token in ipairs(s) do
    if type(token) ~= "string" and type(token) ~= "number" then
      fail.raise("%s: token %d must be a text or a number, got %s", who, i, fail.show(token))
    end
  end
  return s
end

local function ngrams(tokens, n)
  local counts = {}
  for i = 1, #tokens - n + 1 do
    local key = table.concat(tokens, "\31", i, i + n - 1)
    counts[key] = (counts[key] or 0) + 1
  end
  return counts
end

-- How many n-grams of a candidate are found in its references (each as often as it occurs there), and how many it has.
local function matches(candidate, references, n)
  local most = {}
  for _, reference in ipairs(references) do
    for key, count in pairs(ngrams(reference, n)) do most[key] = math.max(most[key] or 0, count) end
  end
  local hits = 0
  for key, count in pairs(ngrams(candidate, n)) do hits = hits + math.min(count, most[key] or 0) end
  return hits, math.max(0, #candidate - n + 1)
end

-- The length of the reference that is nearest to n, of equally near ones the shorter.
local function nearest_length(references, n)
  local best
  for _, reference in ipairs(references) do
    local gap = math.abs(#reference - n)
    if not best or gap < math.abs(best - n) or (gap == math.abs(best - n) and #reference < best) then
      best = #reference
    end
  end
  return best
end

local bleu_options = signature("bleu", "n:count=4, smooth:bool=false")

--- BLEU of a corpus, 0 to 1: the geometric mean of the shares of 1- to n-grams that occur in a reference, times a
-- penalty for what is shorter than it (Papineni et al. 2002). candidates: a list of texts; references: for each of
-- them a text or a list of texts; a text is a string or a list of tokens. Options: n, smooth (adds 1 to the counts of
-- 2-grams and longer ones, for short texts).
--     metrics.bleu({"the cat sat on the mat"}, {{"the cat sat on a mat"}})
--     --> 0.53728496591177
function language.bleu(candidates, references, ...)
  local o = bleu_options(...)
  if type(candidates) == "string" then candidates, references = {candidates}, {references} end
  if type(candidates) ~= "table" or type(references) ~= "table" or #candidates ~= #references or #candidates == 0 then
    fail.raise("bleu: expected a list of texts and as many references")
  end
  local hits, totals, length, wanted = {}, {}, 0, 0
  for k = 1, o.n do hits[k], totals[k] = 0, 0 end
  for i, candidate in ipairs(candidates) do
    local own, others = tokens_of("bleu", candidate), {}
    local given = references[i]
    local several = type(given) == "table" and (type(given[1]) == "table" or type(candidate) == "string"
      and type(given[1]) == "string")
    for k, reference in ipairs(several and given or {given}) do others[k] = tokens_of("bleu", reference) end
    length, wanted = length + #own, wanted + nearest_length(others, #own)
    for k = 1, o.n do
      local found, all = matches(own, others, k)
      hits[k], totals[k] = hits[k] + found, totals[k] + all
    end
  end
  local sum = 0
  for k = 1, o.n do
    local extra = o.smooth and k > 1 and 1 or 0
    if hits[k] + extra == 0 or totals[k] + extra == 0 then return 0.0 end
    sum = sum + math.log((hits[k] + extra) / (totals[k] + extra)) / o.n
  end
  return math.exp(sum + math.min(0, 1 - wanted / length))
end

--- How many tokens have to be put in, taken out or replaced to make one text of the other (Levenshtein). Strings are
-- compared by characters, lists by their elements.
--     metrics.edit_distance("kitten", "sitting")
--     --> 3
function language.edit_distance(a, b)
  a = type(a) == "string" and pieces.chars(a) or tokens_of("edit_distance", a)
  b = type(b) == "string" and pieces.chars(b) or tokens_of("edit_distance", b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local before = row[0]
    row[0] = i
    for j = 1, #b do
      local here = math.min(row[j] + 1, row[j - 1] + 1, before + (a[i] == b[j] and 0 or 1))
      before, row[j] = row[j], here
    end
  end
  return row[#b]
end

--- The edit distance in words of all texts to their references, divided by the words of the references.
--     metrics.word_error_rate({"the cat sat"}, {"the cat sits"})
--     --> 0.33333333333333
function language.word_error_rate(texts, references)
  if type(texts) == "string" then texts, references = {texts}, {references} end
  if type(texts) ~= "table" or type(references) ~= "table" or #texts ~= #references then
    fail.raise("word_error_rate: expected a list of texts and as many references")
  end
  local errors, words = 0, 0
  for i, s in ipairs(texts) do
    local reference = tokens_of("word_error_rate", references[i])
    errors = errors + language.edit_distance(tokens_of("word_error_rate", s), reference)
    words = words + #reference
  end
  return errors / words
end

return language
