-- nnlua.text: vocabularies, tokenizers, padding.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local text = require "nnlua.text"
local bpe = require "nnlua.text.bpe"
local tensor, nn = nnlua.tensor, nnlua.nn

check.test("Vocab", function()
  local v = text.Vocab({"b", "a", "c", "a", "b", "a"}, {specials = {"<pad>", "<unk>"}, min_freq = 2})
  check.equal(v:get_itos(), {"<pad>", "<unk>", "a", "b"})
  check.equal({v["a"], v["c"], #v, v:lookup_token(4)}, {3, 2, 4, "b"})
  check.equal(v:lookup_indices({"b", "zzz"}), {4, 2})
  check.equal(v:lookup_tokens(tensor({3, 1}, {dtype = "int64"})), {"a", "<pad>"})
  check.ok(v:contains("a") and not v:contains("c"))
  check.equal(text.Vocab({x = 5, y = 7}):get_itos(), {"y", "x"})
  check.equal(text.Vocab({x = 5, y = 7, z = 1}, {max_tokens = 2}):get_stoi(), {y = 1, x = 2})
  local plain = text.Vocab({"a"})
  check.equal(plain["b"], nil)
  check.error("lacks \"b\"", plain.lookup_indices, plain, {"b"})
  check.error("no number from 1 to 1", plain.lookup_token, plain, 2)
  check.error("token 2 is 3", text.Vocab, {"a", 3})
end)

check.test("characters", function()
  local tok = text.CharTokenizer("床前明月光，疑是地上霜。")
  check.equal(tok.vocab_size, 16)
  local ids = tok:encode("明月", {bos = true, eos = true})
  check.equal({ids.dtype, ids:size(1), ids:get(1), ids:get(4)}, {"int64", 4, 3, 4})
  check.equal(tok:decode(ids), "明月")
  check.equal(tok:encode("山"):totable(), {2})
  check.equal({tok:special("<pad>"), tok:special("<eos>")}, {1, 4})
  check.equal(tok:decode(tok:encode("")), "")
  check.equal(tok:decode({5, 6}), tok.vocab:lookup_token(5) .. tok.vocab:lookup_token(6))
  local plain = text.CharTokenizer({"ab", {text = "c"}}, {specials = {}})
  check.equal({plain.vocab_size, plain:encode("cab"):totable()}, {3, {3, 1, 2}})
  check.error("lacks \"d\"", plain.encode, plain, "d")
  check.error("no special token \"<bos>\"", plain.encode, plain, "a", {bos = true})
  check.error("0 is no token number from 1 to 3", plain.decode, plain, {0})
  check.error("no UTF-8 at byte 2", plain.encode, plain, "a\xFF")
  check.error("expected a text", plain.encode, plain, 3)
  check.error("text 2 is 3", text.CharTokenizer, {"a", 3})
  check.error("unknown option", text.CharTokenizer, "a", {special = {}})
end)

check.test("words", function()
  check.equal(text.words("Don't 看书! It's “ok”，3.14 naïve"),
    {"Don't", "看", "书", "!", "It's", "“", "ok", "”", "，", "3", ".", "14", "naïve"})
  check.equal(text.words(" 　\t\n"), {})
  check.equal(text.chars("aé明😀"), {"a", "é", "明", "😀"})
  check.equal(text.lower("ÀÉ ΑΩ ДЖЁ Ab×÷ßÿ Şş"), "àé αω джё ab×÷ßÿ şş")
  local tok = text.WordTokenizer({"The cat sat, the dog ran!", "我 看书"})
  check.equal(tok:decode(tok:encode("The dog sat, cat!")), "the dog sat, cat!")
  check.equal(tok:decode(tok:encode("我看书")), "我看书")
  check.equal(tok:encode("the bird"):totable(), {tok.vocab["the"], 2})
  check.equal(text.WordTokenizer("The the", {lower = false, specials = {}}).vocab_size, 2)
end)

-- Byte pairs joined by counting all pairs anew at each step: what training has to give.
local function plain_train(texts, n, min_freq)
  local words, order = {}, {}
  for _, s in ipairs(texts) do
    for _, part in ipairs(bpe.parts_of(s)) do
      if not words[part] then
        words[part] = {n = 0, ids = {}}
        for i = 1, #part do words[part].ids[i] = part:byte(i) + 1 end
        order[#order + 1] = part
      end
      words[part].n = words[part].n + 1
    end
  end
  local merges = {}
  for step = 1, n do
    local counts, best = {}, nil
    for _, part in ipairs(order) do
      local w = words[part]
      for i = 1, #w.ids - 1 do
        local key = ("%08d,%08d"):format(w.ids[i], w.ids[i + 1])
        counts[key] = (counts[key] or 0) + w.n
      end
    end
    for key, count in pairs(counts) do
      if not best or count > counts[best] or (count == counts[best] and key < best) then best = key end
    end
    if not best or counts[best] < min_freq then break end
    local a, b = best:match("(%d+),(%d+)")
    a, b = math.tointeger(tonumber(a)), math.tointeger(tonumber(b))
    merges[#merges + 1], merges[#merges + 2] = a, b
    for _, part in ipairs(order) do
      local ids, out, i = words[part].ids, {}, 1
      while i <= #ids do
        if ids[i] == a and ids[i + 1] == b then
          out[#out + 1], i = 256 + step, i + 2
        else
          out[#out + 1], i = ids[i], i + 1
        end
      end
      words[part].ids = out
    end
  end
  return merges
end

check.test("byte pairs: learned as by counting anew", function()
  local texts = {"low lower lowest newer newest wider 低低低 the the them", "aaaa aaab aaaa banana bananas 看书看书，看"}
  for _, n in ipairs {0, 5, 60} do
    check.equal(bpe.train(texts, n, 2), plain_train(texts, n, 2))
    check.equal(bpe.train(texts, n, 1), plain_train(texts, n, 1))
  end
end)

check.test("byte pairs: any text comes back", function()
  local tok = text.BPETokenizer({"the quick brown fox", "the lazy dog", "明月几时有，把酒问青天"}, {vocab_size = 300})
  check.ok(tok.vocab_size <= 300 and tok.vocab_size > 260, tok.vocab_size)
  math.randomseed(7)
  for _ = 1, 300 do
    local bytes = {}
    for k = 1, math.random(0, 30) do bytes[k] = string.char(math.random(0, 255)) end
    local s = table.concat(bytes)
    check.equal(tok:decode(tok:encode(s)), s)
    check.equal(table.concat(tok:tokenize(s)), s)
    check.equal(table.concat(bpe.parts_of(s)), s)
  end
  for _, s in ipairs {"the the  dog\n\n 明月, 3.14!", "", " ", "  x "} do check.equal(tok:decode(tok:encode(s)), s) end
  check.ok(tok:encode("the quick"):size(1) < 9)
  check.equal(tok:decode(tok:encode("the", {bos = true, eos = true})), "the")
  check.equal(bpe.parts_of("it is  2024, 明月！"), {"it", " is", " ", " 2024", ",", " 明月", "！"})
  check.error("less than the 256 bytes", text.BPETokenizer, "a", {vocab_size = 100})
end)

check.test("tokenizers are kept in files", function()
  local path = os.tmpname()
  local corpus = {"The low lower lowest.", "明月 明月"}
  for _, tok in ipairs {text.CharTokenizer(corpus), text.WordTokenizer(corpus), text.BPETokenizer(corpus),
    text.WordTokenizer(corpus, {lower = false, specials = {"<unk>"}})} do
    nn.save(path, tok)
    local back = text.restore(nn.load(path))
    check.equal(back:encode("The lowest 明月 of all"), tok:encode("The lowest 明月 of all"))
    check.equal({back.vocab_size, tostring(back), back.n_specials}, {tok.vocab_size, tostring(tok), tok.n_specials})
  end
  os.remove(path)
  check.error("expected what a tokenizer's state_dict gave", text.restore, {kind = "x"})
  check.error("join 1 of the tokenizer is damaged", text.restore,
    {kind = "BPETokenizer", merges = tensor({{1, 900}}, {dtype = "int64"}), specials = {}})
end)

check.test("padding", function()
  local ids, padding, lengths = text.pad({{5, 6, 7}, tensor({8}, {dtype = "int64"}), {}})
  check.equal(ids:totable(), {{5, 6, 7}, {8, 1, 1}, {1, 1, 1}})
  check.equal(padding:totable(), {{false, false, false}, {false, true, true}, {true, true, true}})
  check.equal(lengths:totable(), {3, 1, 0})
  ids, padding, lengths = text.pad({{5, 6, 7}, {8}}, {length = 2, side = "left", value = 9})
  check.equal({ids:totable(), padding:totable(), lengths:totable()},
    {{{5, 6}, {9, 8}}, {{false, false}, {true, false}}, {2, 1}})
  check.equal({text.pad({{}}):size()}, {1, 0})
  local tok = text.CharTokenizer("abc")
  local batch, mask = tok:batch({"ab", "c"}, {bos = true, eos = true})
  check.equal({batch:size()}, {2, 4})
  check.equal(mask[2]:totable(), {false, false, false, true})
  check.equal(tok:decode(batch[2]), "c")
  check.error("side must be", text.pad, {{1}}, {side = "up"})
  check.error("expected a list of sequences", text.pad, {})
  check.equal(text.bag_of_words({{1, 3, 3}, {2}}, 4):totable(), {{1.0, 0.0, 2.0, 0.0}, {0.0, 1.0, 0.0, 0.0}})
  check.error("a token beyond 2", text.bag_of_words, {{3}}, 2)
end)

check.done()
