-- What a stand-in can do: methods and fields of a sample, indexing, operators.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local calls = require "nnlua.vmap.calls"
local stand_ins = require "nnlua.vmap.stand_in"

local tensor, methods = core.tensor, core.methods
local StandIn, levels = stand_ins.StandIn, stand_ins.levels
local stand_in, is_stand_in, is_mine, raised = stand_ins.new, stand_ins.is, stand_ins.is_mine, stand_ins.raised
local dispatch = calls.dispatch

local own = {}

function own:size(d)
  local sizes = {rawget(self, "value"):size()}
  table.remove(sizes, 1)
  if d == nil then return table.unpack(sizes) end
  local n = sizes[d < 0 and #sizes + 1 + d or d]
  if not n then fail.raise("size: dimension %d of a tensor with %d dimensions", d, #sizes) end
  return n
end

function own:dim() return rawget(self, "value"):dim() - 1 end
own.ndimension = own.dim
function own:numel() return rawget(self, "value"):numel() // levels[rawget(self, "level")].size end
own.nelement = own.numel
function own:is_floating_point() return rawget(self, "value"):is_floating_point() end
function own:is_contiguous() return rawget(self, "value"):is_contiguous() end
function own:cpu() return self end

local function refuse(name)
  own[name] = function()
    fail.raise("vmap: %s needs the numbers of one sample, but a whole batch is computed at once", name)
  end
end
for _, name in ipairs {"item", "totable", "tolist", "get", "set"} do refuse(name) end

function own.backward() fail.raise("vmap: backward is not for inside; tensor.grad is, or differentiate outside") end

for name, dtype in pairs {float = "float32", double = "float64", long = "int64", byte = "uint8", bool = "bool"} do
  own[name] = function(self) return stand_in(rawget(self, "value"):to(dtype), rawget(self, "level")) end
end

function own:type(dtype)
  local value = rawget(self, "value")
  if dtype == nil then return value.dtype end
  return stand_in(value:to(dtype), rawget(self, "level"))
end

function own:to(...) return stand_in(rawget(self, "value"):to(...), rawget(self, "level")) end

function own:requires_grad_(on)
  rawget(self, "value"):requires_grad_(on ~= false)
  return self
end

local fields = {
  shape = function(self)
    local value = rawget(self, "value")
    return tensor.zeros({own.size(self)}, {dtype = value.dtype}).shape
  end,
  ndim = own.dim,
  T = function(self) return self:t() end,
  mT = function(self) return self:transpose(-2, -1) end,
  data = function(self) return self:detach() end,
}
for _, name in ipairs {"dtype", "device", "requires_grad", "is_leaf", "grad_fn"} do
  fields[name] = function(self) return rawget(self, "value")[name] end
end

-- x[key] with everything of the batch in front.
local function key_of(key)
  if type(key) == "table" and not getmetatable(key) then
    for _, k in ipairs(key) do
      if is_stand_in(k) then return nil end
    end
    return {{}, table.unpack(key)}
  end
  if is_stand_in(key) then return nil end
  return {{}, key}
end

function StandIn:__index(key)
  if type(key) == "string" then
    if own[key] then return own[key] end
    if fields[key] then return fields[key](self) end
    return methods[key]
  end
  local batch_key = key_of(key)
  if not batch_key then
    return calls.loop("indexing", function(x, k) return x[k] end, {self, key, n = 2}, rawget(self, "level"))
  end
  return stand_in(rawget(self, "value")[batch_key], rawget(self, "level"))
end

function StandIn:__newindex(key, v)
  local batch_key, level = key_of(key), rawget(self, "level")
  if not batch_key then fail.raise("vmap: assigning at places that differ by sample is not possible") end
  local value = rawget(self, "value"):clone()
  local target = value[batch_key]
  if is_mine(v, level) then v = raised(v, target:dim() - 1) end
  value[batch_key] = v
  rawset(self, "value", value)
end

for event, name in pairs {__add = "add", __sub = "sub", __mul = "mul", __div = "div", __mod = "remainder",
  __pow = "pow", __idiv = "floor_divide", __band = "bitwise_and", __bor = "bitwise_or", __bxor = "bitwise_xor"} do
  StandIn[event] = function(a, b) return dispatch(name, tensor[name], a, b) end
end
function StandIn.__unm(a) return dispatch("neg", tensor.neg, a) end
function StandIn.__bnot(a) return dispatch("bitwise_not", tensor.bitwise_not, a) end
function StandIn:__len() return own.size(self, 1) end
function StandIn:__tostring()
  return ("batched tensor of %d samples [%s]"):format(levels[rawget(self, "level")].size,
    table.concat({own.size(self)}, ", "))
end
