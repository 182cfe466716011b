-- habits: what users of other languages and libraries write, and how it is said in Lua and here. Data and small
-- searches; errors.lua and undefined.lua ask it.

local habits = {}

local names = {
  None = "in Lua nothing is nil", null = "in Lua nothing is nil", NULL = "in Lua nothing is nil",
  True = "in Lua it is true", False = "in Lua it is false", TRUE = "in Lua it is true", FALSE = "in Lua it is false",
  range = "count with `for i = 1, n do`; tensor.arange(n) makes a tensor of 0 to n - 1",
  len = "the length is #x, of a tensor that of its first dimension; x:numel() counts elements",
  str = "text of a value: tostring(v)", int = "the whole part: math.floor(v) or v // 1; of a tensor x:long()",
  float = "a number of a text: tonumber(s); of a tensor x:float()", list = "a list is a table: {1, 2, 3}",
  dict = "a table does it: {key = value}", tuple = "several values do it: return a, b",
  set = "a table does it: {[v] = true}",
  enumerate = "`for i, v in ipairs(list) do`", zip = "`for i = 1, #a do local x, y = a[i], b[i]`",
  isinstance = "type(v) == \"table\", tensor.is_tensor(v), nn.is(m, nn.Linear)",
  torch = "tensor.x is torch.x here, nn and F and optim are themselves",
  np = "tensor does what numpy does", numpy = "tensor does what numpy does", jnp = "tensor does what numpy does",
  plt = "plot draws: plot.line(x, y)", pd = "data.read_csv reads tables",
  super = "call the parent's: Parent.init(self, ...)", this = "it is self, in functions declared with a colon",
  printf = "io.write((\"%d\"):format(n))", println = "print adds the newline", echo = "print(v)",
  lambda = "an anonymous function: function(x) return x + 1 end", def = "a function: function f(x) ... end",
  import = "a module: local m = require \"m\"", elif = "it is elseif", abs = "math.abs(v), of a tensor x:abs()",
  sum = "of a tensor x:sum()", max = "math.max(a, b), of a tensor x:max()", min = "math.min(a, b), of a tensor x:min()",
  sorted = "table.sort(t), of a tensor x:sort()", input = "io.read() reads a line", round = "math.floor(v + 0.5)",
  sqrt = "math.sqrt(v), of a tensor x:sqrt()", exp = "math.exp(v), of a tensor x:exp()",
  log = "math.log(v), of a tensor x:log()", zeros = "tensor.zeros(2, 3)", ones = "tensor.ones(2, 3)",
  randn = "tensor.randn(2, 3)", rand = "tensor.rand(2, 3)", arange = "tensor.arange(n)", Tensor = "tensor{1, 2, 3}",
  Linear = "nn.Linear(in_features, out_features)", Adam = "optim.Adam(net:parameters(), {lr = 1e-3})",
  open = "io.open(path)", unpack = "table.unpack(t)", loadstring = "load(text)", setfenv = "Lua 5.4 has _ENV",
  new = "call the class: Net(...)",
}
names.map = "write a loop, or operate on the whole tensor at once"

--- What to write instead of a global of this name, nil when it is no known habit.
function habits.global(name) return names[name] or habits.torch7(name) end

-- Torch7's names.
local torch7 = {
  SpatialConvolution = "nn.Conv2d(in_channels, out_channels, kernel_size)", SpatialConvolutionMM = "nn.Conv2d",
  SpatialMaxPooling = "nn.MaxPool2d(kernel_size)", SpatialAveragePooling = "nn.AvgPool2d(kernel_size)",
  SpatialBatchNormalization = "nn.BatchNorm2d(n)", BatchNormalization = "nn.BatchNorm1d(n)",
  SpatialFullConvolution = "nn.ConvTranspose2d", SpatialDropout = "nn.Dropout2d(p)",
  SpatialUpSamplingNearest = "nn.Upsample", TemporalConvolution = "nn.Conv1d", TemporalMaxPooling = "nn.MaxPool1d",
  VolumetricConvolution = "nn.Conv3d", VolumetricMaxPooling = "nn.MaxPool3d", LookupTable = "nn.Embedding",
  View = "nn.Flatten() or x:view(...)", Reshape = "x:reshape(...)", JoinTable = "tensor.cat({a, b}, dim)",
  SplitTable = "x:unbind(dim)", CAddTable = "a + b", CMulTable = "a * b", ConcatTable = "{f(x), g(x)} in forward",
  ParallelTable = "plain Lua in forward", Concat = "tensor.cat({f(x), g(x)}, dim)", Linear = nil,
  ClassNLLCriterion = "nn.NLLLoss()", CrossEntropyCriterion = "nn.CrossEntropyLoss()", MSECriterion = "nn.MSELoss()",
  BCECriterion = "nn.BCELoss()", AbsCriterion = "nn.L1Loss()", SmoothL1Criterion = "nn.SmoothL1Loss()",
  MarginCriterion = "nn.HingeEmbeddingLoss", LogSoftMax = "nn.LogSoftmax(dim)", SoftMax = "nn.Softmax(dim)",
  HardTanh = "nn.Hardtanh()", SoftPlus = "nn.Softplus()", gModule = "nn.class", Module_ = nil, StochasticGradient =
  "train.fit(net, loader, {...})", DepthConcat = "tensor.cat", Narrow = "x:narrow(dim, start, length)",
  Select = "x:select(dim, i)", Mean = "x:mean(dim)", Sum = "x:sum(dim)", Max = "x:max(dim)", Copy = "x:to(dtype)",
  FloatTensor = "tensor{...}", DoubleTensor = "tensor({...}, {dtype = \"float64\"})", updateOutput = "forward",
  LongTensor = "tensor({...}, {dtype = \"int64\"})", ByteTensor = "tensor({...}, {dtype = \"uint8\"})",
  updateGradInput = "y:backward()", accGradParameters = "y:backward()", getParameters = "net:parameters()",
  zeroGradParameters = "net:zero_grad()", evaluate = "net:eval()", training = "net:train()", cmul = "x:mul(y) or x * y",
  cdiv = "x:div(y) or x / y", nElement = "x:numel()", resize = "x:reshape(...)", resizeAs = "x:view_as(y)",
  updateParameters = "opt:step()", typeAs = "x:to(y.dtype)", isTensor = "tensor.is_tensor(v)",
  manualSeed = "tensor.manual_seed(n)", setnumthreads = "nnlua.threads(n)",
}

--- What a name of Torch7 is called here, as a sentence; nil when it is none.
function habits.torch7(name)
  return torch7[name] and ("Torch7's %s is %s here"):format(name, torch7[name])
end

local methods = {
  numpy = "x:totable() gives the numbers as a Lua table", tolist = "x:totable() gives the numbers as a Lua table",
  cuda = "tensors live in the machine's memory: there is no device to choose",
  cpu = "tensors live in the machine's memory: there is no device to choose",
  device = "tensors live in the machine's memory: there is no device to choose",
  astype = "x:to(\"float64\") changes the dtype", print = "print(x)", len = "#x, or x:numel() for all elements",
  ndim = "x:dim()", append = "tensor.cat({x, y}, 1) joins tensors; table.insert(t, v) extends a table",
  plot = "plot.line(x), plot.hist(x), plot.heatmap(x), plot.image(x)", fit = "train.fit(net, data, {...})",
  predict = "net(x), or train.predict(net, data)", compile = "train.fit(net, data, {loss = ..., optimizer = ...})",
  add_module = "assign it: net.name = layer", save = "nn.save(path, net)", load = "net:load_state_dict(nn.load(path))",
}

--- What stands for a method that tensors or modules have elsewhere, nil when it is no known one.
function habits.method(name) return methods[name] end

-- Patterns in a line that doesn't compile, and how Lua says it. The first that fits counts.
local syntax = {
  {"!=", "\"not equal\" is ~= in Lua: `a ~= b`"},
  {"&&", "\"and\" is a word in Lua: `a and b`"},
  {"||", "\"or\" is a word in Lua: `a or b`", true},
  {"^%s*import%s", "a module is loaded by `local m = require \"m\"`; tensor, nn, F, optim, data are there already"},
  {"^%s*from%s+[%w_.]+%s+import%s", "a module is loaded by `local m = require \"m\"`; nn, F, optim, data are there"},
  {"^%s*def%s+[%w_]+", "a function: `function f(x) ... end`"},
  {"^%s*class%s+[%w_]+", "a class of modules: `local Net = nn.class(\"Net\")`, then `function Net:forward(x) ... end`"},
  {"lambda%s*[%w_,%s]*:", "an anonymous function: `function(x) return x + 1 end`"},
  {"^%s*elif%s", "it is elseif in Lua: `elseif x then`"},
  {"^%s*else%s+if%s", "it is one word in Lua: `elseif x then` (else if opens a block that needs its own end)"},
  {"^%s*with%s",
    "a block that cleans up: `local _ <close> = tensor.no_grad()`, or `tensor.no_grad(function() ... end)`"},
  {"^%s*try%s*:", "errors are caught by `local ok, message = pcall(f)`"},
  {"^%s*for%s+[%w_,%s]+%s+in%s+.*:%s*$", "a loop: `for i = 1, n do ... end`, `for i, v in ipairs(list) do ... end`"},
  {"^%s*if%s.*:%s*$", "conditions: `if x then ... end`"},
  {"^%s*while%s.*:%s*$", "loops: `while x do ... end`"},
  {"^%s*switch%s", "Lua has no switch: use if ... elseif ... end, or a table of functions"},
  {"^%s*[%w_]+%s*%+%+", "count up by `i = i + 1`"},
  {"%*%*", "a power is `x ^ 2` in Lua"},
  {"[%w_%]%)]%s*[%+%-%*/%%]=[^=]",
    "there is no assignment of that kind in Lua: `x = x + 1`; in place on a tensor: `x:add_(1)`"},
  {"[%w_%]]%s*%.%.=", "there is no assignment of that kind in Lua: `s = s .. \"more\"`"},
  {"[%(,]%s*[%a_][%w_]*%s*=[^=]", "options stand in a table: `nn.Conv2d(1, 8, 3, {padding = 1})`"},
  {"%[%s*[^%[%]]*:[^%[%]]*%]", "a range of a tensor is `x[{ {1, 3} }]`, with both ends in; `{}` is all of a dimension"},
  {"=%s*%[[^%[=]", "a list is a table in Lua: `{1, 2, 3}`, counted from 1"},
  {"[%(,]%s*%[[^%[=]", "a list is a table in Lua: `{1, 2, 3}`, counted from 1"},
  {"^%s*%[[^%[=]", "a list is a table in Lua: `{1, 2, 3}`, counted from 1"},
  {"%sis%s+not%s", "compare by `x ~= nil`"},
  {"%sis%s", "compare by `x == nil`"},
  {"%snot%s+in%s", "whether a table has a key: `t[key] == nil`"},
  {"^%s*#%s*%a", "a comment begins with -- in Lua"},
  {"^%s*//", "a comment begins with -- in Lua"},
  {"^%s*var%s", "a variable: `local x = 1`"},
  {"^%s*let%s", "a variable: `local x = 1`"},
  {"^%s*const%s", "a constant: `local x <const> = 1`"},
  {"%f[%w]f[\"']", "format by `(\"%.3f\"):format(x)`"},
  {"\"\"\"", "a text of several lines stands in [[ and ]]"},
  {"%?.*:", "a choice of two values: `cond and a or b`"},
  {"^%s*continue%s*$", "skip by `goto continue` and a label `::continue::` before the loop's end"},
  {"^%s*print%s+[%w_]", "print is a function: `print(x)`"},
  {"^%s*return%s.*%sif%s", "a choice of two values: `cond and a or b`"},
  {"%sif%s.*%selse%s", "a choice of two values: `cond and a or b`"},
  {"%]%s*for%s", "no comprehensions in Lua: fill a table in a loop"},
  {"![%w_%(]", "\"not\" is a word in Lua: `not x`"},
  {"[%w_]%s*::%s*[%w_]", "a method is called by one colon: `x:relu()`"},
  {"%-%>", "a field is `x.name`, a method `x:name()`"},
  {"^%s*async%s", "Lua has coroutines: coroutine.wrap(function() ... end)"},
  {"@%s*[%a_]", "a matrix product is `a:matmul(b)`"},
}

-- The line without what stands in strings and comments (blanks in their place).
local function bare(line)
  local lexer = require "nnlua.repl.lexer"
  for _, token in ipairs(lexer.tokens(line, true)) do
    if token.kind == "string" and not token.open or token.kind == "comment" then
      local inner = token.kind == "string" and token.to - token.from > 1
      local from, to = inner and token.from + 1 or token.from, inner and token.to - 1 or token.to
      if token.kind == "comment" or inner then
        line = line:sub(1, from - 1) .. (" "):rep(to - from + 1) .. line:sub(to + 1)
      end
    end
  end
  return line
end

--- How Lua says what a line that doesn't compile wants to say; nil when no habit is recognised.
function habits.syntax(line)
  line = bare(line)
  for _, entry in ipairs(syntax) do
    if line:find(entry[1], 1, entry[3]) then return entry[2] end
  end
end

return habits
