-- The tables that come with nnlua, Tang poems, data.Table, CSV files, splits.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, data = nnlua.tensor, nnlua.data

local disk = require "scratch"
local scratch, write, read_bytes = disk.path, disk.write, disk.read

-- ---- tables -------------------------------------------------------------------------------------------------------

-- Number of samples, features, samples a class; mean of all features (as NumPy gives it for scikit-learn's copies).
local known = {
  iris = {150, 4, {50, 50, 50}, 3.4645},
  wine = {178, 13, {59, 71, 48}, 69.1336634},
  ["breast-cancer"] = {569, 30, {212, 357}, 61.8907123},
  digits = {1797, 64, {178, 182, 177, 183, 181, 182, 181, 179, 174, 180}, 4.8841648 / 16},
}

for name, facts in pairs(known) do
  check.test(name, function()
    local set = data.load(name)
    check.equal(#set, facts[1])
    check.equal(set.x:flatten(2):size(2), facts[2])
    check.equal(set.y:bincount():totable(), facts[3])
    check.close(set.x:double():mean():item(), facts[4], 1e-6)
    check.equal(#set.classes, #facts[3])
    check.equal(#set.train + #set.test, facts[1])
    local seen = {}
    for _, part in ipairs {set.train, set.test} do
      for _, i in ipairs(part.indices:totable()) do
        check.ok(not seen[i], i)
        seen[i] = true
      end
    end
    local n = {}
    for _, sample in ipairs(set.test) do n[sample[2]:item()] = (n[sample[2]:item()] or 0) + 1 end
    for class, of in ipairs(facts[3]) do check.ok(math.abs(n[class] - of / 5) <= 1, class) end
    local x, y = data.DataLoader(set.train, {batch_size = 16, shuffle = true, seed = 1}):iter()()
    check.equal({x:size(1), x.dtype, y.dtype}, {16, "float32", "int64"})
  end)
end

check.test("rows that are known", function()
  local iris, wine = data.load("iris"), data.load("wine")
  check.close(iris[1][1]:totable(), {5.1, 3.5, 1.4, 0.2}, 1e-6)
  check.close(iris[-1][1]:totable(), {5.9, 3.0, 5.1, 1.8}, 1e-6)
  check.equal(iris.features[1], "sepal length")
  check.equal(iris.classes[iris[51][2]:item()], "versicolor")
  check.close(wine[1][1][13]:item(), 1065)
  local digits = data.load("digits")
  check.equal({digits[1][1]:size()}, {1, 8, 8})
  check.equal(digits.classes[digits[1][2]:item()], "0")
  check.equal({digits.x:min():item(), digits.x:max():item()}, {0.0, 1.0})
  check.equal(digits.x[1][1][1]:mul(16):totable(), {0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0})
end)

check.test("karate club", function()
  local club = data.load("karate-club")
  check.equal({club.num_nodes, club.edges:size(1), #club.classes}, {34, 78, 2})
  check.equal(club.adjacency, club.adjacency:t():contiguous())
  check.equal(club.adjacency:sum():item(), 156.0)
  check.equal(club.adjacency[34]:sum():item(), 17.0)
  check.equal(club.adjacency[1]:sum():item(), 16.0)
  check.equal({club.y:get(1), club.y:get(34)}, {1, 2})
  check.equal(club.y:bincount():totable(), {17, 17})
  check.equal(club.weights:sum():item(), 231.0)
end)

check.test("series", function()
  local sun, air = data.load("sunspots"), data.load("airline-passengers")
  check.equal({#sun.values, sun.times:get(1), sun.times:get(-1)}, {309, 1700, 2008})
  check.close(sun.values:mean():item(), 49.752104, 1e-5)
  check.close(sun.values:max():item(), 190.2, 1e-5)
  check.equal({#air.values, air.values:sum():item(), air.period}, {144, 40363.0, 12})
  check.equal({#air.train, #air.test}, {116, 28})
  check.equal(air.test[1]:item(), air.values[117]:item())
  check.close(air.times:get(2), 1949 + 1 / 12)
end)

if io.open("/usr/share/games/fortunes/tang300") then
  check.test("Tang poems", function()
    local set = data.load("tang-poems")
    check.equal(#set.poems, 313)
    check.equal(set.poems[1].title, "感遇・其一")
    check.equal(set.poems[1].author, "张九龄")
    check.equal(set.poems[1].lines[1], "兰叶春葳蕤，桂华秋皎洁。")
    check.ok(utf8.len(set.text) > 20000)
    check.ok(not set.text:find("\27", 1, true))
    for _, poem in ipairs(set.poems) do check.ok(poem.author and #poem.lines > 0, poem.title) end
  end)
end

check.test("what cannot be loaded", function()
  check.error("did you mean 'iris'?", data.load, "irsi")
  check.error("apt install fortunes-zh", data.load, "tang-poems", {root = "/nowhere"})
  check.error("more than max_bytes = 10", data.load, "iris", {max_bytes = 10})
end)

-- ---- CSV ----------------------------------------------------------------------------------------------------------

check.test("types of columns", function()
  local t = data.read_csv(write("id,size,name,yes,gap,text gap\n1,2.5,Ann,true,1,a\n"
    .. "2,1e3,Bob,False,NA,\n-3,+4,,TRUE,?,c\n"))
  check.equal(#t, 3)
  check.equal(t:names(), {"id", "size", "name", "yes", "gap", "text gap"})
  check.equal({t.id.dtype, t.size.dtype, t.yes.dtype, t.gap.dtype}, {"int64", "float64", "bool", "float64"})
  check.equal(t.id:totable(), {1, 2, -3})
  check.equal(t.size:totable(), {2.5, 1000.0, 4.0})
  check.equal(t.name, {"Ann", "Bob", ""})
  check.equal(t.yes:totable(), {true, false, true})
  check.equal(t:missing("gap"), {2, 3})
  check.equal(t["text gap"], {"a", "", "c"})
  check.equal(t[2].name, "Bob")
  check.equal(t[-1].id, -3)
  check.equal(t[4], nil)
  check.error("rows count from 1", function() return t[0] end)
  check.equal({t:tensor({"id", "size"}):size()}, {3, 2})
  check.equal(t:tensor({"id", "size"}).dtype, "float32")
  check.error("is text; t:labels", t.tensor, t, {"name"})
  check.error("no column \"sizes\" (did you mean 'size'?)", t.tensor, t, {"sizes"})
  check.equal(t:fill("gap", "mean"), 1.0)
  check.equal(t.gap:totable(), {1.0, 1.0, 1.0})
  check.equal(t:missing("gap"), {})
  local labels, classes = t:labels("text gap")
  check.equal({labels:totable(), classes}, {{1, 2, 3}, {"a", "", "c"}})
  check.ok(tostring(t):find("3 rows, 6 columns", 1, true), tostring(t))
end)

check.test("quotes, separators, ends of lines", function()
  local t = data.read_csv(write('a,b\r\n"x, ""y""","line 1\nline 2"\r\n"",z\r\n'))
  check.equal(t.a, {'x, "y"', ""})
  check.equal(t.b, {"line 1\nline 2", "z"})
  check.equal(data.read_csv(write("\xEF\xBB\xBFa\tb\n1\t2\n"), {separator = "\t"}).a:totable(), {1})
  check.equal(data.read_csv(write("1;2\n3;4"), {separator = ";", header = false}).c2:totable(), {2, 4})
  check.equal(data.read_csv(write("1,2\n3,4"), {header = false, names = {"x", "y"}}).y:totable(), {2, 4})
  check.equal(data.read_csv(write("# hello\na\n# there\n1\n\n2\n"), {comment = "#"}).a:totable(), {1, 2})
  check.equal(data.read_csv(write("zip\n00123\n"), {types = {zip = "string"}}).zip, {"00123"})
  check.equal(data.read_csv(write("a\n-\n1\n"), {missing = {"-"}}):missing("a"), {1})
  check.equal(data.read_csv(write("a\rb\rc")).a, {"b", "c"})
  check.equal(data.read_csv(write("a\ncaf\xE9\n"), {encoding = "latin1"}).a, {"café"})
  check.equal(data.read_csv(write("a\n1e400\n-inf\nInf\n")).a:totable(), {math.huge, -math.huge, math.huge})
  check.equal(data.read_csv(write("a\n0x10\n")).a, {"0x10"})
  check.equal(#data.read_csv(write("a,b\n")), 0)
end)

check.test("damaged CSV files", function()
  local function bad(text, bytes, options)
    local message = check.error(text, data.read_csv, write(bytes), options)
    check.ok(message:find("data.read_csv: ", 1, true), message)
  end
  bad("line 3: 1 fields, but the first row has 2", "a,b\n1,2\n3\n")
  bad("line 4: 3 fields", 'a,b\n"x\ny",2\n3,4,5\n')
  bad("line 2: a quote is opened and never closed", 'a,b\n1,"2\n3,4\n')
  bad("line 2: a closing quote must be followed", 'a\n"x"y\n')
  bad("line 2: a quote stands within", 'a\nx"y\n')
  bad("two columns \"a\"", "a,a\n1,2\n")
  bad("is empty", "")
  bad("line 2: a zero byte", "a\n\0\n")
  bad("line 2: no UTF-8", "a\n\xFF\n")
  bad("line 3: column \"a\": \"x\" is no number", "a\n1\nx\n", {types = {a = "number"}})
  bad("line 2: column \"a\": \"1.5\" is no integer", "a\n1.5\n", {types = {a = "integer"}})
  bad("no column \"b\"", "a\n1\n", {types = {b = "number"}})
  bad("\"numbr\" is no type of a column (did you mean 'number'?)", "a\n1\n", {types = {a = "numbr"}})
  bad("3 names for the 2 columns", "a,b\n1,2\n", {names = {"x", "y", "z"}})
  bad("max_bytes = 4", "a\n1\n2\n", {max_bytes = 4})
  bad("two different characters", "a", {separator = '"'})
  bad("unknown option 'seperator' (did you mean 'separator'?)", "a", {seperator = ";"})
  check.error("cannot open", data.read_csv, "/nowhere/x.csv")
  check.error("expected the name of a file", data.read_csv, 3)
end)

check.test("writing CSV", function()
  local t = data.Table({"n", "x", "s", "b"}, {
    n = {1, 2, 3}, x = tensor({0.1, 1 / 3, 1e300}, {dtype = "float64"}), s = {'a "b"', "c,d", "中\ne"},
    b = {true, false, true},
  })
  data.write_csv(scratch, t)
  local back = data.read_csv(scratch)
  check.equal(back.n, t.n)
  check.equal(back.x, t.x)
  check.equal(back.s, t.s)
  check.equal(back.b, t.b)
  data.write_csv(scratch, tensor{{1, 2.5}, {0.1, 1e-20}})
  check.equal(read_bytes(scratch), "1,2.5\n0.1,1e-20\n")
  data.write_csv(scratch, tensor({1, 2}, {dtype = "int64"}), {header = {"a"}})
  check.equal(read_bytes(scratch), "a\n1\n2\n")
  data.write_csv(scratch, {{1, "x"}, {2, "y"}}, {header = {"a", "b"}})
  check.equal(data.read_csv(scratch).b, {"x", "y"})
  local random = tensor.randn(50, 3, {generator = tensor.Generator():manual_seed(3)})
  data.write_csv(scratch, random)
  check.equal(data.read_csv(scratch, {header = false}):tensor(), random)
  check.error("row 2 has 1 values", data.write_csv, scratch, {{1, 2}, {3}})
  data.write_csv(scratch, {{b = "x", a = 1}, {a = 2}}, {header = {"a", "b"}})
  check.equal(data.read_text(scratch), "a,b\n1,x\n2,\n")
  check.error('no order: say it with {header = {"a", "b"}}', data.write_csv, scratch, {{b = 1, a = 2}})
  check.error("expected a Table", data.write_csv, scratch, tensor.zeros(1, 1, 1))
  check.error("1 names for 2 columns", data.write_csv, scratch, {{1, 2}}, {header = {"a"}})
end)

check.test("Table misuse", function()
  check.error("has 1 values, the first one 2", data.Table, {"a", "b"}, {a = {1, 2}, b = {1}})
  check.error("mixes types", data.Table, {"a"}, {a = {1, "x"}})
  check.error("is there twice", data.Table, {"a", "a"}, {a = {1}})
  check.error("must be a tensor or a list", data.Table, {"a"}, {})
  check.error("expected a list of names", data.Table, 3)
end)

-- ---- splits -------------------------------------------------------------------------------------------------------

local function positions(subset) return subset.indices:totable() end

check.test("train_test_split", function()
  local set = data.TensorDataset(tensor.arange(20, {dtype = "float32"}), tensor.arange(20):remainder(2):add(1))
  local train, test = data.train_test_split(set, {test_size = 0.3, seed = 1})
  check.equal({#train, #test}, {14, 6})
  local again = data.train_test_split(set, {test_size = 0.3, seed = 1})
  check.equal(positions(again), positions(train))
  local first, last = data.train_test_split(set, {test_size = 5, shuffle = false})
  check.equal({positions(first)[15], positions(last)[1], #last}, {15, 16, 5})
  local labels = tensor.cat({tensor.ones(90, {dtype = "int64"}), tensor.full({10}, 2, {dtype = "int64"})}, 1)
  local rare = data.TensorDataset(tensor.zeros(100, 1), labels)
  local _, few = data.train_test_split(rare, {test_size = 0.2, stratify = true, seed = 3})
  local twos = 0
  for _, sample in ipairs(few) do twos = twos + (sample[2]:item() == 2 and 1 or 0) end
  check.equal({#few, twos}, {20, 2})
  check.error("leaves one part empty", data.train_test_split, set, {test_size = 20})
  check.error("one label for each of 20", data.train_test_split, set, {stratify = {1, 2}})
end)

check.test("kfold", function()
  local set = data.TensorDataset(tensor.arange(23, {dtype = "float32"}), tensor.arange(23):remainder(3):add(1))
  for _, stratify in ipairs {false, true} do
    local seen, folds = {}, 0
    for train, val, fold in data.kfold(set, {k = 4, seed = 2, stratify = stratify or nil}) do
      folds = folds + 1
      check.equal(fold, folds)
      check.equal(#train + #val, 23)
      check.ok(#val == 5 or #val == 6, #val)
      local n = {0, 0, 0}
      for i, at in ipairs(positions(val)) do
        check.ok(not seen[at])
        seen[at] = true
        local class = val[i][2]:item()
        n[class] = n[class] + 1
      end
      if stratify then
        for _, count in ipairs(n) do check.ok(count == 1 or count == 2, count) end
      end
    end
    check.equal({folds, #seen}, {4, 23})
  end
  check.error("k must be from 2 to 23, the number of samples, got 24", data.kfold, set, 24)
end)

check.test("windows", function()
  local set = data.windows(tensor.arange(6, {dtype = "float32"}), 3, {horizon = 2})
  check.equal(#set, 2)
  check.equal({set[2][1]:totable(), set[2][2]:totable()}, {{1.0, 2.0, 3.0}, {4.0, 5.0}})
  check.equal(#data.windows(tensor.zeros(10, 2), {input = 4, step = 3}), 2)
  check.error("too short", data.windows, tensor.zeros(3), 3)
end)

os.remove(scratch)
check.done()
