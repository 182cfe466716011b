-- Rules of matrix products: samples' matrices with the batch in front.

local core = require "nnlua.core"
local stand_ins = require "nnlua.vmap.stand_in"
local general = require "nnlua.vmap.ways"

local tensor = core.tensor
local stand_in, is_mine = stand_ins.new, stand_ins.is_mine
local rank_of, raised = stand_ins.rank_of, stand_ins.raised
local LOOP, only_first = general.LOOP, general.only_first

local function product(a, b, level)
  local rank_a, rank_b = rank_of(a, level), rank_of(b, level)
  local function matrix(v, rank, dim)
    local value = is_mine(v, level) and rawget(v, "value") or v
    return rank == 1 and value:unsqueeze(dim) or value
  end
  local x, y = matrix(a, rank_a, -2), matrix(b, rank_b, -1)
  local rank = math.max(rank_a, rank_b, 2)
  if is_mine(a, level) then x = raised(stand_in(x, level), rank) end
  if is_mine(b, level) then y = raised(stand_in(y, level), rank) end
  local z = x:matmul(y)
  if rank_b == 1 then z = z:squeeze(-1) end
  if rank_a == 1 then z = z:squeeze(rank_b == 1 and -1 or -2) end
  return stand_in(z, level)
end

local function matmul(row, values, level)
  local a, b = values[row.params[1].name], values[row.params[2].name]
  return product(a, b, level)
end

local products = {}

function products.linear(row, values, level)
  local w, b = values.weight, values.bias
  if not is_mine(w, level) and not is_mine(b, level) then return only_first(row, values, level) end
  local y = values.input:matmul(w:t())
  return b and y + b or y
end

function products.outer(row, values)
  local a, b = values[row.params[1].name], values[row.params[2].name]
  return a:unsqueeze(2) * b:unsqueeze(1)
end

products.ger = products.outer

function products.addmm(row, values)
  local a, b = values[row.params[2].name], values[row.params[3].name]
  return values.input * (values.beta or 1) + a:matmul(b) * (values.alpha or 1)
end
products.baddbmm, products.addmv = products.addmm, products.addmm
function products.addr(row, values)
  local a, b = values[row.params[2].name], values[row.params[3].name]
  return values.input * (values.beta or 1) + a:unsqueeze(2) * b:unsqueeze(1) * (values.alpha or 1)
end

function products.inner(row, values, level)
  local a, b = values[row.params[1].name], values[row.params[2].name]
  local rank_a, rank_b = rank_of(a, level), rank_of(b, level)
  if rank_a == 0 or rank_b == 0 then return a * b end
  if rank_a > 2 or rank_b > 2 then return LOOP end
  return product(a, rank_b == 2 and b:transpose(1, 2) or b, level)
end

-- A letter for the batch goes in front of the mapped operands' and the result's.
function products.einsum(_, values, level)
  local equation, operands = values.equation:gsub("%s", ""), values.operands or values.tensors
  local left, right = equation:match("^(.-)%->(.*)$")
  left = left or equation
  if left:find("%.") then return LOOP end
  local letter, terms, counts = "Z", {}, {}
  while equation:find(letter) do letter = string.char(letter:byte() - 1) end
  for term in (left .. ","):gmatch("(.-),") do
    terms[#terms + 1] = term
    for c in term:gmatch("%a") do counts[c] = (counts[c] or 0) + 1 end
  end
  if not right then
    local once = {}
    for c, n in pairs(counts) do
      if n == 1 then once[#once + 1] = c end
    end
    table.sort(once)
    right = table.concat(once)
  end
  local plain = {}
  for i, x in ipairs(operands) do
    local mapped = is_mine(x, level)
    plain[i], terms[i] = mapped and rawget(x, "value") or x, (mapped and letter or "") .. terms[i]
  end
  return stand_in(tensor.einsum(table.concat(terms, ",") .. "->" .. letter .. right, plain), level)
end

return {matmul = matmul, others = products}
