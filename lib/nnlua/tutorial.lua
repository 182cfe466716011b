-- tutorial: what the programs in scripts/ share: options of the command line, headings, and the parts of Fashion-
-- MNIST that most of them use. Knows nothing of networks.

local core = require "nnlua.core"
local fail = require "nnlua.fail"

local tensor = core.tensor
local tutorial = {}

-- ---- options ------------------------------------------------------------------------------------------------------

local function usage(names, defaults)
  local words = {}
  for _, name in ipairs(names) do
    local sort = math.type(defaults[name]) == "integer" and " N" or type(defaults[name]) == "number" and " X"
      or type(defaults[name]) == "string" and " TEXT" or ""
    words[#words + 1] = ("[--%s%s]"):format(name, sort)
  end
  return table.concat(words, " ") .. " [--pictures DIRECTORY]"
end

-- The text of an option's value as a value of its default's type; nil when it is none.
local function value_of(text, default)
  if text == nil then return nil end
  if math.type(default) == "integer" then return math.tointeger(tonumber(text)) end
  if type(default) == "number" then return tonumber(text) end
  return text
end

-- What the user asked for: names and values, in a table.
local function given(words, defaults, complain)
  local out, i = {}, 1
  while i <= #words do
    local name = words[i]:match("^%-%-([%a_]+)$")
    if name == nil or defaults[name] == nil then complain("there is no option " .. words[i]) end
    if type(defaults[name]) == "boolean" then
      out[name], i = true, i + 1
    else
      local value = value_of(words[i + 1], defaults[name])
      if value == nil then
        local wanted = math.type(defaults[name]) == "integer" and "a whole number"
          or type(defaults[name]) == "number" and "a number" or "a value"
        complain(("--%s needs %s"):format(name, wanted))
      end
      out[name], i = value, i + 2
    end
  end
  return out
end

-- Figures go to a directory, too; complains now if there is none and not after an hour of training.
local function keep_pictures(directory, complain)
  local there = io.open(directory .. "/.")
  if not there then complain(("--pictures: there is no directory '%s'"):format(directory)) end
  there:close()
  require("nnlua.plot.output").keep(directory)
end

--- Reads a script's options from its command line and seeds the random numbers.
-- `defaults` names them: a number, a string or false each, or a table {full, quick} of the value in full and the one
-- with --quick. `seed` (1) and `quick` (false) are always there. Returns the table of values. With --pictures DIRECTORY
-- every figure that the script shows is also written there as a PNG.
--
--   local options = tutorial.options{epochs = {3, 1}, lr = 1e-3}   -- --epochs N --lr X --seed N --quick
-- @param defaults table of names and defaults
-- @param words the command line's words; those of the script unless given
function tutorial.options(defaults, words)
  defaults = defaults or {}
  local full, quick, names = {seed = 1, quick = false}, {}, {}
  for name, value in pairs(defaults) do
    if type(value) == "table" then full[name], quick[name] = value[1], value[2] else full[name] = value end
  end
  for name in pairs(full) do names[#names + 1] = name end
  table.sort(names)
  local script = (arg and arg[0] or "script.lua"):match("[^/]*$")
  local function complain(text) fail.raise("%s\nusage: %s %s", text, script, usage(names, full)) end
  local known = setmetatable({pictures = ""}, {__index = full})
  local options = given(words or arg or {}, known, complain)
  for name, value in pairs(full) do
    if options[name] == nil then
      options[name] = options.quick and quick[name] ~= nil and quick[name] or value
    end
  end
  tensor.manual_seed(options.seed)
  math.randomseed(options.seed)
  if options.pictures then keep_pictures(options.pictures, complain) end
  options.pictures = nil
  return options
end

--- Prints a heading of a chapter.
function tutorial.heading(text) print(("\n== %s %s"):format(text, ("="):rep(math.max(0, 76 - utf8.len(text))))) end

-- ---- data ---------------------------------------------------------------------------------------------------------

local function parts_of(name, n_train, n_test)
  local data = require "nnlua.data"
  local set = data.load(name)
  local function take(from, n)
    n = math.min(n or #from, #from)
    return from:batch(tensor.arange(1, n + 1, {dtype = "int64"}), 1, n)
  end
  local x, y = take(set.train, n_train)
  local test_x, test_y = take(set.test, n_test)
  return {x = x, y = y, test_x = test_x, test_y = test_y, classes = set.classes}
end

--- The first n_train and n_test pictures of Fashion-MNIST as tensors: a table with x, y, test_x, test_y (pictures
-- float32 [n, 1, 28, 28] in 0..1, labels 1..10) and classes. All of them without numbers.
function tutorial.fashion(n_train, n_test) return parts_of("fashion-mnist", n_train, n_test) end

--- A table of facts (iris, wine, breast-cancer, digits) in the same form, parted into four fifths and one fifth.
function tutorial.facts(name) return parts_of(name) end

return tutorial
