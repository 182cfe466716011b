-- The sample arguments that every row of the registry carries, made into tensors. A sample is an argument list in Lua
-- with the makers of op.h; its leaves are made once and reused, so that a test can shift an element and evaluate again.

local core = require "nnlua.core"

local samples = {}

--- A stream of numbers in [0, 1) that is the same on every machine.
local function numbers(seed)
  local state = seed
  return function()
    state = (state * 6364136223846793005 + 1442695040888963407) & 0xffffffffffffffff
    return (state >> 11) * 0x1p-53
  end
end
samples.numbers = numbers

local function count(sizes)
  local n = 1
  for _, size in ipairs(sizes) do n = n * size end
  return n
end

local function filled(sizes, draw, options)
  local values = {}
  for i = 1, count(sizes) do values[i] = draw(i) end
  if #values == 0 then return tensor.zeros(sizes, options) end
  return tensor(values, options):reshape(sizes)
end

-- The numbers 1 to n in an order that looks random.
local function shuffled(n, random)
  local order = {}
  for i = 1, n do order[i] = i end
  for i = n, 2, -1 do
    local j = 1 + math.floor(random() * i)
    order[i], order[j] = order[j], order[i]
  end
  return order
end

local value = {
  R = function(random) return function() return random() + random() + random() + random() - 2 end end,
  P = function(random) return function() return 0.5 + 1.5 * random() end end,
  U = function(random) return function() return 1.8 * random() - 0.9 end end,
  N = function(random) return function() return (0.3 + 1.2 * random()) * (random() < 0.5 and -1 or 1) end end,
  D = function(random, n)
    local order = shuffled(n, random)
    local apart = 0.011 * random()
    return function(i) return (order[i] - n // 2 + 0.43) * 0.37 + apart end
  end,
}

local function other_memory(t)
  return t:dim() < 2 and t or t:transpose(-2, -1):contiguous():transpose(-2, -1)
end

--- sample{row = ..., text = ..., dtype = "float64"}: has leaves (an array) after the first run().
local Sample = {}
Sample.__index = Sample

function samples.new(row, text, dtype)
  return setmetatable({row = row, text = text, dtype = dtype or "float64", leaves = {}, constants = {}}, Sample)
end

-- The makers, for one evaluation.
function Sample:makers()
  local next_leaf, next_constant = 0, 0
  local env = {math = math, tensor = tensor}
  for name, draw in pairs(value) do
    env[name] = function(...)
      next_leaf = next_leaf + 1
      if not self.leaves[next_leaf] then
        local sizes = {...}
        local random = numbers(next_leaf * 7919 + #self.text)
        local t = filled(sizes, draw(random, count(sizes)), {dtype = "float64"}):to(self.dtype)
        self.leaves[next_leaf] = t:detach():requires_grad_(true)
      end
      return self.leaves[next_leaf]
    end
  end
  local function constant(make)
    next_constant = next_constant + 1
    self.constants[next_constant] = self.constants[next_constant] or make(numbers(next_constant * 104729 + #self.text))
    return self.constants[next_constant]
  end
  function env.I(n, ...)
    local sizes = {...}
    return constant(function(random)
      return filled(sizes, function() return 1 + math.floor(random() * n) end, {dtype = "int64"})
    end)
  end
  function env.B(...)
    local sizes = {...}
    return constant(function(random)
      return filled(sizes, function() return random() < 0.5 end, {dtype = "bool"})
    end)
  end
  -- Of one leaf each: matrices that are far from singular, and symmetric positive definite ones.
  local function identity(n) return tensor.eye(n, {dtype = self.dtype}) end
  local function square(...)
    local sizes = {...}
    sizes[#sizes + 1] = sizes[#sizes]
    return env.R(table.unpack(sizes)), sizes[#sizes]
  end
  function env.M(...)
    local a, n = square(...)
    return a + identity(n) * (n + 0.5)
  end
  function env.S(...)
    local a, n = square(...)
    return a:matmul(a:transpose(-2, -1)) + tensor.diag(tensor.arange(1, n + 1, {dtype = self.dtype}))
  end
  function env.W(...)
    local sizes = {...}
    return constant(function(random)
      return filled(sizes, function() return random() * 2 - 1 end, {dtype = "float64"})
    end):to(self.dtype)
  end
  env.C = function(t) return t:detach() end
  env.T = other_memory
  return env
end

--- The arguments, evaluated.
function Sample:arguments()
  local name = ("=%s(%s)"):format(self.row.name, self.text)
  local chunk = assert(load("return " .. self.text, name, "t", self:makers()))
  return table.pack(chunk())
end

--- The results of the row's function, packed.
function Sample:run()
  local args = self:arguments()
  if self.row.flags.random then tensor.manual_seed(11) end
  return table.pack(core.op(self.row.name)(table.unpack(args, 1, args.n)))
end

--- Those results that can have a gradient.
function Sample:outputs()
  local found, results = {}, self:run()
  for i = 1, results.n do
    local t = results[i]
    if tensor.is_tensor(t) and t.requires_grad then found[#found + 1] = t end
  end
  return found
end

--- Calls f(row, sample text) for every sample of every row that `wanted` accepts.
function samples.each(wanted, f)
  for _, row in ipairs(core.ops()) do
    if wanted(row) then
      for _, text in ipairs(row.samples) do f(row, text) end
    end
  end
end

return samples
