-- Cross-validation and search for hyperparameters. Both call a function of the user's and gather what it says; they
-- know nothing of networks.

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"
local splits = require "nnlua.data.splits"

local tensor = core.tensor
local searching = {}

-- ---- cross-validation ---------------------------------------------------------------------------------------------

local function mean_of(list)
  local sum = 0
  for _, v in ipairs(list) do sum = sum + v end
  local mean, squares = sum / #list, 0
  for _, v in ipairs(list) do squares = squares + (v - mean) ^ 2 end
  return mean, #list > 1 and math.sqrt(squares / (#list - 1)) or 0.0
end

local cross_options = signature("train.cross_validate", "k:count=5, shuffle:bool=true, stratify:any?, generator:any?, "
  .. "seed:int?")

--- Scores a way of learning on k parts of a data set in turn: f(train, val, fold) learns on the one, judges on the
-- other and returns a number (or a table of numbers by name). Returns {scores, mean, std}; for tables mean and std are
-- tables. Options: k, stratify (true: each part has the classes' shares), shuffle, seed or generator.
--     local result = train.cross_validate(data.load("iris"), function(fit, val) return #val end, {k = 5})
--     result.mean, result.std
--     --> 30.0	0.0
function searching.cross_validate(set, f, ...)
  local o = cross_options(...)
  if type(f) ~= "function" then fail.raise("train.cross_validate: expected a function, got %s", fail.show(f)) end
  local scores, columns = {}, {}
  for fit, val, fold in splits.kfold(set, o) do
    local score = f(fit, val, fold)
    if type(score) ~= "number" and type(score) ~= "table" then
      fail.raise("train.cross_validate: fold %d gave %s, expected a number or a table of numbers", fold,
        fail.show(score))
    end
    scores[fold] = score
    for name, v in pairs(type(score) == "table" and score or {}) do
      if type(v) == "number" then
        columns[name] = columns[name] or {}
        table.insert(columns[name], v)
      end
    end
  end
  if type(scores[1]) == "number" then
    local mean, std = mean_of(scores)
    return {scores = scores, mean = mean, std = std}
  end
  local means, stds = {}, {}
  for name, list in pairs(columns) do means[name], stds[name] = mean_of(list) end
  return {scores = scores, mean = means, std = stds}
end

-- ---- spaces -------------------------------------------------------------------------------------------------------

local Range = {__name = "range"}
Range.__index = Range

local function range(name, low, high, draw)
  if type(low) ~= "number" or type(high) ~= "number" or low > high then
    fail.raise("%s: expected the least and the greatest value, got %s and %s", name, fail.show(low), fail.show(high))
  end
  return setmetatable({name = name, low = low, high = high, draw = draw}, Range)
end

--- Any number from low to high, for the spaces of train.search.
--     train.uniform(0, 0.5).high
--     --> 0.5
function searching.uniform(low, high)
  return range("train.uniform", low, high, function(u) return low + (high - low) * u end)
end

--- Any number from low to high whose logarithm is drawn evenly: for learning rates.
--     train.log_uniform(1e-4, 1e-1).low
--     --> 0.0001
function searching.log_uniform(low, high)
  if type(low) == "number" and low <= 0 then fail.raise("train.log_uniform: the least value must be above 0") end
  return range("train.log_uniform", low, high, function(u) return low * (high / low) ^ u end)
end

--- A whole number from low to high, both included.
--     train.int_uniform(1, 3).low
--     --> 1
function searching.int_uniform(low, high)
  return range("train.int_uniform", low, high, function(u)
    return math.min(high, low + math.floor(u * (high - low + 1)))
  end)
end

-- Names in order, checked.
local function names_of(space)
  local names = {}
  if type(space) ~= "table" then
    fail.raise("train.search: expected a table of values by name, got %s", fail.show(space))
  end
  for name, values in pairs(space) do
    if type(name) ~= "string" then fail.raise("train.search: %s is no name of a parameter", fail.show(name)) end
    if type(values) ~= "table" or (getmetatable(values) ~= Range and #values == 0) then
      fail.raise("train.search: %s must be a list of values or a range such as train.uniform(0, 1), got %s", name,
        fail.show(values))
    end
    names[#names + 1] = name
  end
  if #names == 0 then fail.raise("train.search: the space is empty") end
  table.sort(names)
  return names
end

-- All combinations of the lists.
local function grid(space, names)
  local list = {{}}
  for _, name in ipairs(names) do
    if getmetatable(space[name]) == Range then
      fail.raise("train.search: a grid needs lists, %s is a range; use {method = \"random\"}", name)
    end
    local longer = {}
    for _, params in ipairs(list) do
      for _, v in ipairs(space[name]) do
        local one = {[name] = v}
        for key, other in pairs(params) do one[key] = other end
        longer[#longer + 1] = one
      end
    end
    list = longer
  end
  return list
end

local function drawn(space, names, n, generator)
  local list = {}
  for i = 1, n do
    local params = {}
    for _, name in ipairs(names) do
      local u = tensor.rand(1, {dtype = "float64", generator = generator}):item()
      local values = space[name]
      if getmetatable(values) == Range then
        params[name] = values.draw(u)
      else
        params[name] = values[math.min(#values, 1 + math.floor(u * #values))]
      end
    end
    list[i] = params
  end
  return list
end

-- ---- search -------------------------------------------------------------------------------------------------------

local search_options = signature("train.search", "method:string=random, n:count=20, mode:string=max, "
  .. "budget:number=1, max_budget:number?, factor:number=3, generator:any?, seed:int?, callback:callable?")

-- The better of two scores; NaN is worse than anything.
local function is_better(a, b, mode)
  if a ~= a then return false end
  if b == nil or b ~= b then return true end
  if mode == "min" then return a < b end
  return a > b
end

local function run_trial(result, f, params, budget, o)
  local score = f(params, budget)
  if type(score) ~= "number" then
    fail.raise("train.search: the function gave %s, expected a number", fail.show(score))
  end
  local trial = {params = params, score = score, budget = budget}
  table.insert(result.trials, trial)
  return o.callback and o.callback(trial, #result.trials) == false, trial
end

-- Rounds of successive halving (Jamieson, Talwalkar 2016): the best 1/factor go on with factor times the budget.
local function halving(result, f, list, o)
  local budget = o.budget
  while true do
    local round = {}
    for i, params in ipairs(list) do
      local stop
      stop, round[i] = run_trial(result, f, params, budget, o)
      round[i].order = i
      if stop then return end
    end
    table.sort(round, function(a, b)
      if a.score ~= b.score and (is_better(a.score, b.score, o.mode) or is_better(b.score, a.score, o.mode)) then
        return is_better(a.score, b.score, o.mode)
      end
      return a.order < b.order
    end)
    local keep = math.max(1, math.floor(#round / o.factor))
    budget = budget * o.factor
    if #round == 1 or (o.max_budget and budget > o.max_budget) then return end
    list = {}
    for i = 1, keep do list[i] = round[i].params end
  end
end

--- Looks for good hyperparameters: f(params, budget) learns with them and returns a score. The space is a table of
-- lists or ranges by name: {lr = train.log_uniform(1e-4, 1e-1), hidden = {16, 32, 64}}. Returns {best, score, trials}.
-- Methods: "random" (n draws), "grid" (all combinations of lists), "halving" (n draws with a small budget, epochs for
-- instance; of each round the best 1/factor go on with factor times the budget, up to max_budget). Options: method, n
-- (20), mode ("max" or "min"), budget (1), max_budget, factor (3), seed or generator, callback(trial, number), which
-- ends the search by returning false.
--     local found = train.search({x = {-2, -1, 0, 1, 2}, y = {0, 3}}, function(p) return (p.x - 1) ^ 2 + p.y end,
--       {method = "grid", mode = "min"})
--     found.best.x, found.best.y, found.score, #found.trials
--     --> 1	0	0.0	10
function searching.search(space, f, options)
  local o = search_options(options)
  local names = names_of(space)
  if type(f) ~= "function" then fail.raise("train.search: expected a function, got %s", fail.show(f)) end
  if o.mode ~= "min" and o.mode ~= "max" then fail.raise("train.search: mode must be \"min\" or \"max\"") end
  if o.max_budget and o.max_budget < o.budget then
    fail.raise("train.search: max_budget is %g, below the budget of %g", o.max_budget, o.budget)
  end
  if o.factor <= 1 then fail.raise("train.search: factor must be above 1, got %g", o.factor) end
  local generator, result = dataset.generator(o), {trials = {}}
  if o.method == "halving" then
    halving(result, f, drawn(space, names, o.n, generator), o)
  elseif o.method == "grid" or o.method == "random" then
    for _, params in ipairs(o.method == "grid" and grid(space, names) or drawn(space, names, o.n, generator)) do
      if run_trial(result, f, params, o.budget, o) then break end
    end
  else
    fail.raise("train.search: method must be \"random\", \"grid\" or \"halving\", got %s", fail.show(o.method))
  end
  local most = 0 -- trials of the largest budget are the ones that count
  for _, trial in ipairs(result.trials) do most = math.max(most, trial.budget) end
  for _, trial in ipairs(result.trials) do
    if trial.budget == most and is_better(trial.score, result.score, o.mode) then
      result.best, result.score = trial.params, trial.score
    end
  end
  return result
end

return searching
