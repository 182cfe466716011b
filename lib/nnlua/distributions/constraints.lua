-- What parameters and values of distributions have to be: constraint:check(value) tells it for each element (or each
-- event). Knows no distribution.

local core = require "nnlua.core"

local tensor = core.tensor

local Constraint = {__name = "constraint"}
Constraint.__index = Constraint

function Constraint:__tostring() return self.text end

-- test(value): a bool tensor; event_dims: how many of the last dimensions it has reduced.
local function new(text, test, event_dims, is_discrete)
  return setmetatable({text = text, test = test, event_dims = event_dims or 0, is_discrete = is_discrete == true},
    Constraint)
end

--- A bool tensor: where value is as it has to be.
function Constraint:check(value) return self.test(value) end

local function whole(v) return v:floor():eq(v) end
local function over_last(b) return b:all(-1) end

local constraints = {}

constraints.real = new("a number, not NaN", function(v) return v:eq(v) end)
constraints.positive = new("above 0", function(v) return v:gt(0) end)
constraints.nonnegative = new("not negative", function(v) return v:ge(0) end)
constraints.unit_interval = new("between 0 and 1", function(v) return v:ge(0) & v:le(1) end)
constraints.boolean = new("0 or 1", function(v) return v:eq(0) | v:eq(1) end, 0, true)
constraints.nonnegative_integer = new("a whole number from 0 on", function(v) return v:ge(0) & whole(v) end, 0, true)
constraints.positive_integer = new("a whole number from 1 on", function(v) return v:ge(1) & whole(v) end, 0, true)
constraints.real_vector = new("vectors of numbers, not NaN", function(v) return over_last(v:eq(v)) end, 1)

--- Sums of 1 along the last dimension, nothing negative.
constraints.simplex = new("not negative, with sums of 1 along the last dimension", function(v)
  return over_last(v:ge(0)) & (v:sum(-1) - 1):abs():lt(1e-6 * (v.dtype == "float32" and 10 or 1))
end, 1)
constraints.one_hot = new("one 1 and zeros along the last dimension", function(v)
  return over_last(v:eq(0) | v:eq(1)) & v:sum(-1):eq(1)
end, 1, true)
constraints.lower_cholesky = new("lower triangular with a positive diagonal", function(v)
  return v:tril():eq(v):flatten(-2):all(-1) & v:diagonal(0, -2, -1):gt(0):all(-1)
end, 2)
constraints.positive_definite = new("a symmetric positive-definite matrix", function(v)
  local symmetric = (v - v.mT):abs():le(1e-6 + v:abs() * 1e-5):flatten(-2):all(-1)
  local _, info = tensor.linalg.cholesky_ex(v:detach())
  return symmetric & info:eq(0)
end, 2)

--- Numbers from lower to upper.
function constraints.interval(lower, upper)
  return new(("from %s to %s"):format(lower, upper), function(v) return v:ge(lower) & v:le(upper) end)
end

--- Numbers from lower to upper, without upper.
function constraints.half_open_interval(lower, upper)
  return new(("from %s up to %s"):format(lower, upper), function(v) return v:ge(lower) & v:lt(upper) end)
end

--- Numbers from lower on.
function constraints.greater_than_eq(lower)
  return new(("at least %s"):format(lower), function(v) return v:ge(lower) end)
end

--- Whole numbers from lower to upper.
function constraints.integer_interval(lower, upper)
  return new(("a whole number from %s to %s"):format(lower, upper), function(v)
    return v:ge(lower) & v:le(upper) & whole(v)
  end, 0, true)
end

--- Vectors of counts that are not negative and sum up to at most upper.
function constraints.multinomial(upper)
  return new(("counts with a sum of at most %s"):format(upper), function(v)
    return over_last(v:ge(0) & whole(v)) & v:sum(-1):le(upper)
  end, 1, true)
end

--- The same constraint for the last n dimensions at once.
function constraints.independent(inner, n)
  return new(inner.text, function(v)
    local b = inner:check(v)
    for _ = 1, n do b = b:all(-1) end
    return b
  end, inner.event_dims + n, inner.is_discrete)
end

return {constraints = constraints}
