-- The small tables that come with nnlua (tables/*.csv) as data sets. Sources:
--   iris: R. A. Fisher, The use of multiple measurements in taxonomic problems, 1936 (150 flowers, cm)
--   wine: M. Forina et al., PARVUS; UCI Machine Learning Repository, 1991 (178 wines of three growers)
--   breast-cancer: W. H. Wolberg, W. N. Street, O. L. Mangasarian; UCI Machine Learning Repository, 1995 (569 biopsies)
--   digits: E. Alpaydin, C. Kaynak; UCI Machine Learning Repository, 1998 (the 1,797 test pictures, 8 x 8, 0 to 16)
--   karate-club: W. W. Zachary, An information flow model for conflict and fission in small groups, 1977 (34 members,
--     78 ties with the number of contexts in which the two met)
--   sunspots: yearly means 1700 to 2008, SIDC, Royal Observatory of Belgium
--   airline-passengers: G. E. P. Box, G. M. Jenkins, Time Series Analysis, 1976 (thousands a month, 1949 to 1960)
-- Those of flowers, wines, biopsies and digits are as scikit-learn packages them, the karate club as NetworkX, the
-- sunspots as statsmodels.

local core = require "nnlua.core"
local csv = require "nnlua.data.csv"
local dataset = require "nnlua.data.dataset"
local path = require "nnlua.data.path"
local splits = require "nnlua.data.splits"

local tensor = core.tensor
local facts = {}

local function read(name, options)
  return csv.read_csv(path.tables() .. name .. ".csv", {max_bytes = options.max_bytes})
end

-- A data set {x, y} with its names, and four fifths of each class to learn from, one to test.
local function labelled(x, y, fields)
  local set = dataset.TensorDataset(x, y)
  for key, v in pairs(fields) do rawset(set, key, v) end
  rawset(set, "x", x)
  rawset(set, "y", y)
  local train, test = splits.train_test_split(set, {test_size = 0.2, stratify = y, seed = 1})
  rawset(set, "train", train)
  rawset(set, "test", test)
  return set
end

local function table_of_classes(name, title)
  return function(options)
    local t = read(name, options)
    local y, classes = t:labels("class")
    if name == "wine" then
      for i, class in ipairs(classes) do classes[i] = "grower " .. class end
    end
    local x, names = t:tensor(), t:names()
    if name == "wine" then x = x:narrow(2, 1, #names - 1):contiguous() end
    names[#names] = nil
    return labelled(x, y, {features = names, classes = classes, name = title})
  end
end

facts["iris"] = table_of_classes("iris", "iris flowers")
facts["wine"] = table_of_classes("wine", "wines")
facts["breast-cancer"] = table_of_classes("breast-cancer", "breast cancer biopsies")

-- Pictures 1 x 8 x 8 in 0..1; in the file a row is 64 letters, a to q for 0 to 16.
facts["digits"] = function(options)
  local t = read("digits", options)
  local x = core.bytes.from_bytes("data.load", table.concat(t.pixels), 1, "|u1", {#t, 1, 8, 8})
  local classes = {}
  for i = 1, 10 do classes[i] = tostring(i - 1) end
  return labelled((x:to("float32") - ("a"):byte()) / 16, t.digit + 1, {classes = classes, name = "digits"})
end

-- A graph: edges [78, 2] (each once, nodes from 1), weights, y (the side that each member took), adjacency.
facts["karate-club"] = function(options)
  local ties, members = read("karate-club", options), read("karate-club-members", options)
  local y, classes = members:labels("side")
  local edges = tensor.stack({ties.from, ties.to}, 2)
  local n = #members
  local adjacency = tensor.zeros(n, n)
  for i = 1, #ties do
    local a, b = edges:get(i, 1), edges:get(i, 2)
    adjacency:set(a, b, 1)
    adjacency:set(b, a, 1)
  end
  return {num_nodes = n, edges = edges, weights = ties.weight:to("float32"), adjacency = adjacency, y = y,
    classes = classes, name = "karate club"}
end

-- A series in order of time; train is its first four fifths, test the rest.
local function series(title, t, values, times, period)
  local n = values:size(1)
  local cut = n - n // 5
  return {values = values, times = times, train = values:narrow(1, 1, cut), test = values:narrow(1, cut + 1, n - cut),
    period = period, table = t, name = title}
end

facts["sunspots"] = function(options)
  local t = read("sunspots", options)
  return series("sunspots a year", t, t.sunspots:to("float32"), t.year, 11)
end

facts["airline-passengers"] = function(options)
  local t = read("airline-passengers", options)
  local times = {}
  for i, month in ipairs(t.month) do
    times[i] = tonumber(month:sub(1, 4)) + (tonumber(month:sub(6, 7)) - 1) / 12
  end
  return series("airline passengers a month, thousands", t, t.passengers:to("float32"),
    tensor(times, {dtype = "float64"}), 12)
end

return facts
