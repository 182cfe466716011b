-- nnlua.text: from text to token numbers and back. Vocabularies, tokenizers of characters, words and byte pairs,
-- padding. All text is UTF-8. Knows nothing of networks. Use: local text = require "nnlua.text".

local core = require "nnlua.core"
local bpe = require "nnlua.text.bpe"
local fail = require "nnlua.fail"
local pieces = require "nnlua.text.pieces"
local signature = require "nnlua.signature"

local tensor = core.tensor
local text = {chars = pieces.chars, words = pieces.words, lower = pieces.lower}

-- A list of numbers from a tensor of one dimension or a list.
local function numbers(who, ids)
  if tensor.is_tensor(ids) then
    if ids:dim() > 1 then
      fail.raise("%s: expected the token numbers of one text, got %d dimensions", who, ids:dim())
    end
    return ids:dim() == 0 and {ids:item()} or ids:totable()
  end
  if type(ids) == "number" then return {ids} end
  if type(ids) ~= "table" then fail.raise("%s: expected token numbers, got %s", who, fail.show(ids)) end
  return ids
end

local function as_tensor(list)
  return #list > 0 and tensor(list, {dtype = "int64"}) or tensor.zeros(0, {dtype = "int64"})
end

-- Texts from one text, a list of them, or poems and the like with a field `text`.
local function texts_of(who, corpus)
  if type(corpus) == "string" then return {corpus} end
  if type(corpus) ~= "table" then
    fail.raise("%s: expected a text or a list of texts, got %s", who, fail.show(corpus))
  end
  local list = {}
  for i, item in ipairs(corpus) do
    if type(item) == "table" then item = item.text end
    if type(item) ~= "string" then fail.raise("%s: text %d is %s", who, i, fail.show(corpus[i])) end
    list[i] = item
  end
  return list
end

-- ---- vocabularies -------------------------------------------------------------------------------------------------

local Vocab = {__name = "Vocab"}

local vocab_options = signature("Vocab", "specials:table?, min_freq:count=1, max_tokens:count?, unk:string=<unk>")

--- Tokens with numbers from 1: the special ones first, then the others, the most frequent first:
-- text.Vocab({"a", "b", "a"}, {specials = {"<pad>", "<unk>"}}). vocab["a"] is 3, vocab:lookup_token(3) "a", #vocab 4; a
-- token that it lacks has the number of "<unk>" if that is among the special ones. Takes a list of tokens or a table of
-- counts by token. Options: specials, min_freq, max_tokens (specials included), unk.
--     local text = require "nnlua.text"
--     local vocab = text.Vocab({"a", "b", "a"}, {specials = {"<pad>", "<unk>"}})
--     #vocab, vocab["a"], vocab["z"], vocab:lookup_token(4)
--     --> 4	3	2	b
local function new_vocab(_, tokens, ...)
  local o = vocab_options(...)
  if type(tokens) ~= "table" then fail.raise("Vocab: expected a list of tokens, got %s", fail.show(tokens)) end
  local counts, order = {}, {}
  if #tokens > 0 then
    for i, token in ipairs(tokens) do
      if type(token) ~= "string" then fail.raise("Vocab: token %d is %s", i, fail.show(token)) end
      counts[token] = (counts[token] or 0) + 1
    end
  else
    counts = tokens
    for token, n in pairs(counts) do
      if type(token) ~= "string" or type(n) ~= "number" then
        fail.raise("Vocab: expected a list of tokens or counts by token, got %s = %s", fail.show(token), fail.show(n))
      end
    end
  end
  local self = {itos = {}, stoi = {}, unk = o.unk}
  local function add(token)
    if self.stoi[token] then return end
    table.insert(self.itos, token)
    self.stoi[token] = #self.itos
  end
  for _, token in ipairs(o.specials or {}) do add(token) end
  self.n_specials = #self.itos
  for token, n in pairs(counts) do
    if n >= o.min_freq then order[#order + 1] = token end
  end
  table.sort(order, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  for _, token in ipairs(order) do
    if o.max_tokens and #self.itos >= o.max_tokens then break end
    add(token)
  end
  return setmetatable({inside = self}, Vocab)
end

function Vocab:__index(key)
  if Vocab[key] and key ~= "__index" then return Vocab[key] end
  local inside = rawget(self, "inside")
  return inside.stoi[key] or inside.stoi[inside.unk]
end

function Vocab:__len() return #self.inside.itos end

--- True when the token has a number of its own.
function Vocab:contains(token) return self.inside.stoi[token] ~= nil end

--- The token of a number.
function Vocab:lookup_token(id)
  local whole = math.tointeger(id)
  local token = whole and self.inside.itos[whole]
  if not token then fail.raise("lookup_token: %s is no number from 1 to %d", fail.show(id), #self) end
  return token
end

--- The tokens of a list or tensor of numbers, as a list.
function Vocab:lookup_tokens(ids)
  local out = {}
  for i, id in ipairs(numbers("lookup_tokens", ids)) do out[i] = self:lookup_token(id) end
  return out
end

--- The numbers of a list of tokens, as a list; a token that is missing is an error unless "<unk>" is there.
function Vocab:lookup_indices(tokens)
  local out, inside = {}, self.inside
  local stoi, unknown = inside.stoi, inside.stoi[inside.unk]
  for i, token in ipairs(tokens) do
    out[i] = stoi[token] or unknown
      or fail.raise("the vocabulary of %d tokens lacks %s, and has no %s", #self, fail.show(token), inside.unk)
  end
  return out
end

--- All tokens in the order of their numbers.
function Vocab:get_itos() return table.move(self.inside.itos, 1, #self, 1, {}) end

--- All numbers by token.
function Vocab:get_stoi()
  local out = {}
  for token, id in pairs(self.inside.stoi) do out[token] = id end
  return out
end

function Vocab:__tostring() return ("Vocab of %d tokens"):format(#self) end

text.Vocab = setmetatable(Vocab, {__call = new_vocab, __tostring = function() return "class Vocab" end})

-- ---- what all tokenizers do ---------------------------------------------------------------------------------------

local Tokenizer = {}

local usual_specials = {"<pad>", "<unk>", "<bos>", "<eos>"}

local encode_options = signature("encode", "bos:bool=false, eos:bool=false")

-- The token numbers of a text as a list.
local function encode_list(self, s, o)
  if type(s) ~= "string" then fail.raise("encode: expected a text, got %s", fail.show(s)) end
  local ids = self:ids_of(s)
  if o.bos then table.insert(ids, 1, self:special("<bos>")) end
  if o.eos then ids[#ids + 1] = self:special("<eos>") end
  return ids
end

--- The token numbers of a text as an int64 tensor. Options: bos, eos (add the special tokens "<bos>", "<eos>").
function Tokenizer:encode(s, ...)
  return as_tensor(encode_list(self, s, encode_options(...)))
end

--- The text of token numbers; special tokens are left out.
function Tokenizer:decode(ids)
  local list, kept = numbers("decode", ids), {}
  for _, id in ipairs(list) do
    local whole = math.tointeger(id)
    if not whole or whole < 1 or whole > self.vocab_size then
      fail.raise("decode: %s is no token number from 1 to %d", fail.show(id), self.vocab_size)
    end
    if whole > self.n_specials then kept[#kept + 1] = whole end
  end
  return self:text_of(kept)
end

--- The number of a special token.
function Tokenizer:special(name)
  return self.specials[name] or fail.raise("this tokenizer has no special token %s", fail.show(name))
end

local batch_options = signature("batch", "bos:bool=false, eos:bool=false, length:count?, side:string=right")

--- Several texts as one int64 tensor [N, L], padded with "<pad>"; and where padding stands (bool [N, L]), and the
-- lengths. Options: bos, eos, length (cut or padded to it), side ("right" or "left").
function Tokenizer:batch(texts, ...)
  local o = batch_options(...)
  local lists = {}
  for i, s in ipairs(texts_of("batch", texts)) do lists[i] = encode_list(self, s, o) end
  return text.pad(lists, {length = o.length, side = o.side, value = self:special("<pad>")})
end

function Tokenizer:__len() return self.vocab_size end

function Tokenizer:__tostring() return ("%s of %d tokens"):format(self.kind, self.vocab_size) end

local function class(kind)
  local c = {__name = kind, kind = kind}
  for key, v in pairs(Tokenizer) do c[key] = v end
  c.__index = c
  return c
end

-- The fields that follow from a vocabulary.
local function finish(self, vocab)
  self.vocab, self.vocab_size, self.n_specials, self.specials = vocab, #vocab, vocab.inside.n_specials, {}
  for i = 1, self.n_specials do self.specials[vocab:lookup_token(i)] = i end
  return self
end

-- A vocabulary of the tokens that `cut` makes of texts.
local function vocab_of(texts, cut, o)
  local counts = {}
  for _, s in ipairs(texts) do
    for _, token in ipairs(cut(s)) do counts[token] = (counts[token] or 0) + 1 end
  end
  return Vocab(counts, {specials = o.specials or usual_specials, min_freq = o.min_freq, max_tokens = o.max_tokens})
end

-- ---- characters and words -----------------------------------------------------------------------------------------

local simple_options = "specials:table?, min_freq:count=1, max_tokens:count?"

local CharTokenizer = class("CharTokenizer")
local char_options = signature("CharTokenizer", simple_options)

--- One token a character (a code point of UTF-8): local tok = text.CharTokenizer(corpus); tok:encode("明月") is an int64
-- tensor, tok:decode(ids) the text again, tok.vocab_size the number of tokens. The corpus is a text or a list of texts.
-- Options: specials (default "<pad>", "<unk>", "<bos>", "<eos>", numbers 1 to 4; {} for none), min_freq, max_tokens.
--     local text = require "nnlua.text"
--     local tok = text.CharTokenizer("明月几时有", {specials = {}})
--     tok:decode(tok:encode("明月")), tok.vocab_size
--     --> 明月	5
function text.CharTokenizer(corpus, ...)
  local o = char_options(...)
  return finish(setmetatable({}, CharTokenizer), vocab_of(texts_of("CharTokenizer", corpus), pieces.chars, o))
end

function CharTokenizer:ids_of(s) return self.vocab:lookup_indices(pieces.chars(s)) end

function CharTokenizer:text_of(ids) return table.concat(self.vocab:lookup_tokens(ids)) end

--- What nn.save keeps of a tokenizer; text.restore makes one of it again.
function CharTokenizer:state_dict()
  return {kind = self.kind, tokens = self.vocab:get_itos(), n_specials = self.n_specials, lower = self.lowers}
end

local WordTokenizer = class("WordTokenizer")
WordTokenizer.state_dict = CharTokenizer.state_dict
local word_options = signature("WordTokenizer", simple_options .. ", lower:bool=true")

--- One token a word, a mark of punctuation, or a Chinese or Japanese character: text.WordTokenizer(corpus). Options:
-- lower (default true), specials, min_freq, max_tokens. Decoding puts spaces where words meet.
--     local text = require "nnlua.text"
--     local tok = text.WordTokenizer({"The cat sat.", "The dog!"})
--     tok:encode("the cat"), tok:decode(tok:encode("The dog sat!"))
--     --> {5, 8}	the dog sat!
function text.WordTokenizer(corpus, ...)
  local o = word_options(...)
  local self = setmetatable({lowers = o.lower}, WordTokenizer)
  local vocab = vocab_of(texts_of("WordTokenizer", corpus), function(s) return self:tokenize(s) end, o)
  return finish(self, vocab)
end

--- The words of a text, as a list.
function WordTokenizer:tokenize(s) return pieces.words(self.lowers and pieces.lower(s) or s) end

function WordTokenizer:ids_of(s) return self.vocab:lookup_indices(self:tokenize(s)) end

function WordTokenizer:text_of(ids) return pieces.join(self.vocab:lookup_tokens(ids)) end

-- ---- byte pairs ---------------------------------------------------------------------------------------------------

local BPETokenizer = class("BPETokenizer")
local bpe_options = signature("BPETokenizer", "vocab_size:count=1000, specials:table?, min_freq:count=2")

local function finish_bpe(merges, specials)
  local self = setmetatable({merges = merges, specials = {}, n_specials = #specials}, BPETokenizer)
  for i, name in ipairs(specials) do self.specials[name] = i end
  self.special_names = specials
  self.coder = bpe.coder(merges)
  self.vocab_size = #specials + 256 + #merges // 2
  return self
end

--- Byte pair encoding: tokens are the 256 bytes and what joins the most frequent neighbours of a corpus, so that any
-- text has tokens and comes back unchanged: text.BPETokenizer(corpus, {vocab_size = 2000}). Options: vocab_size
-- (specials and bytes included), specials, min_freq (of a pair that is joined). Reference: Sennrich et al. 2016; on
-- bytes: GPT-2.
--     local text = require "nnlua.text"
--     local tok = text.BPETokenizer("low lower lowest low low", {vocab_size = 265, specials = {}})
--     table.concat(tok:tokenize("low lowest"), "|"), tok:decode(tok:encode("新"))
--     --> low| lowe|s|t	新
function text.BPETokenizer(corpus, ...)
  local o = bpe_options(...)
  local specials = o.specials or usual_specials
  local n = o.vocab_size - #specials - 256
  if n < 0 then
    fail.raise("BPETokenizer: vocab_size %d is less than the 256 bytes and %d special tokens", o.vocab_size, #specials)
  end
  return finish_bpe(bpe.train(texts_of("BPETokenizer", corpus), n, o.min_freq), specials)
end

function BPETokenizer:ids_of(s)
  local ids = self.coder:encode(s)
  for i, id in ipairs(ids) do ids[i] = id + self.n_specials end
  return ids
end

function BPETokenizer:text_of(ids)
  local out = {}
  for i, id in ipairs(ids) do out[i] = self.coder.bytes[id - self.n_specials] end
  return table.concat(out)
end

--- The pieces of a text as strings (which may end inside of a character).
function BPETokenizer:tokenize(s)
  local out = {}
  for i, id in ipairs(self.coder:encode(s)) do out[i] = self.coder.bytes[id] end
  return out
end

function BPETokenizer:state_dict()
  return {kind = self.kind, merges = as_tensor(self.merges):reshape(-1, 2), specials = self.special_names}
end

-- ---- kept tokenizers ----------------------------------------------------------------------------------------------

--- A tokenizer from what nn.save kept of it: nn.save("tok.safetensors", tok); tok = text.restore(nn.load(
-- "tok.safetensors")).
--     local text = require "nnlua.text"
--     nn.save("/tmp/nnlua-example.safetensors", text.CharTokenizer("abc"))
--     local tok = text.restore(nn.load("/tmp/nnlua-example.safetensors"))
--     tok:decode(tok:encode("cab"))
--     --> cab
function text.restore(state)
  local kind = type(state) == "table" and state.kind
  if kind == "BPETokenizer" and tensor.is_tensor(state.merges) and type(state.specials) == "table" then
    return finish_bpe(bpe.check(state.merges:totable()), state.specials)
  end
  local of = ({CharTokenizer = CharTokenizer, WordTokenizer = WordTokenizer})[kind]
  if not of or type(state.tokens) ~= "table" or math.type(state.n_specials) ~= "integer" then
    fail.raise("restore: expected what a tokenizer's state_dict gave, got %s", fail.show(state))
  end
  local vocab = Vocab({}, {specials = state.tokens})
  vocab.inside.n_specials = math.min(state.n_specials, #state.tokens)
  return finish(setmetatable({lowers = state.lower}, of), vocab)
end

-- ---- padding ------------------------------------------------------------------------------------------------------

local pad_options = signature("pad", "value:int=1, length:count?, side:string=right")

--- Sequences of different length as one tensor: local ids, padding, lengths = text.pad({{5, 6, 7}, {8}}). ids is int64
-- [N, L], padding bool [N, L], true where a row is filled up (as the key_padding_mask of attention wants it), lengths
-- int64 [N]. Sequences are lists or tensors. Options: value (1, the usual number of "<pad>"), length (longer sequences
-- are cut to it), side ("right", "left").
--     local text = require "nnlua.text"
--     text.pad({{5, 6, 7}, {8}})
--     --> {{5, 6, 7}, {8, 1, 1}}	{{false, false, false}, {false, true, true}}	{3, 1}
function text.pad(sequences, ...)
  local o = pad_options(...)
  if o.side ~= "right" and o.side ~= "left" then
    fail.raise("pad: side must be \"right\" or \"left\", got %s", fail.show(o.side))
  end
  if type(sequences) ~= "table" or #sequences == 0 then
    fail.raise("pad: expected a list of sequences, got %s", fail.show(sequences))
  end
  local lists, longest = {}, 0
  for i, sequence in ipairs(sequences) do
    lists[i] = numbers("pad", sequence)
    longest = math.max(longest, #lists[i])
  end
  longest = o.length or longest
  local rows, masks, lengths = {}, {}, {}
  for i, list in ipairs(lists) do
    local row, mask, n = {}, {}, math.min(#list, longest)
    local shift = o.side == "left" and longest - n or 0
    for k = 1, longest do row[k], mask[k] = list[k - shift] or o.value, k <= shift or k > shift + n end
    rows[i], masks[i], lengths[i] = row, mask, n
  end
  if longest == 0 then
    return tensor.zeros(#lists, 0, {dtype = "int64"}), tensor.zeros(#lists, 0, {dtype = "bool"}), as_tensor(lengths)
  end
  return tensor(rows, {dtype = "int64"}), tensor(masks), as_tensor(lengths)
end

--- How often each token occurs in each text: float32 [N, vocab_size] from a list of token numbers a text.
--     local text = require "nnlua.text"
--     text.bag_of_words({{1, 3, 3}, {2}}, 4)
--     --> {{1, 0, 2, 0}, {0, 1, 0, 0}}
function text.bag_of_words(sequences, vocab_size)
  if type(sequences) ~= "table" or math.type(vocab_size) ~= "integer" then
    fail.raise("bag_of_words: expected a list of sequences and the vocabulary's size")
  end
  local rows = {}
  for i, sequence in ipairs(sequences) do
    rows[i] = as_tensor(numbers("bag_of_words", sequence)):bincount(nil, vocab_size)
    if rows[i]:size(1) > vocab_size then fail.raise("bag_of_words: text %d has a token beyond %d", i, vocab_size) end
  end
  return tensor.stack(rows, 1):to("float32")
end

return text
