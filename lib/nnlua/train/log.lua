-- train.log: rows of numbers in a file, a line each, while a program runs: CSV or JSON lines. Knows nothing of
-- training.

local fail = require "nnlua.fail"
local path_of = require "nnlua.data.path"
local signature = require "nnlua.signature"

local logs = {}

local Log = {__name = "Log"}
Log.__index = Log

local function number_text(v)
  if math.type(v) == "integer" then return tostring(v) end
  local text = ("%.9g"):format(v)
  return tonumber(text) == v and text or ("%.17g"):format(v)
end

local function json_text(v)
  if type(v) == "number" then
    if v ~= v or v == math.huge or v == -math.huge then return "null" end
    return number_text(v)
  end
  if type(v) == "boolean" then return tostring(v) end
  return '"' .. tostring(v):gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function csv_text(v)
  if v == nil or v ~= v then return "" end
  if type(v) == "number" then return number_text(v) end
  local text = tostring(v)
  return text:find('[",\r\n]') and '"' .. text:gsub('"', '""') .. '"' or text
end

-- Names of a row's numbers, texts and booleans: epoch and step first, then in order of the alphabet.
local function names_of(row)
  local names = {}
  for name, v in pairs(row) do
    if type(name) == "string" and type(v) ~= "table" and type(v) ~= "userdata" then names[#names + 1] = name end
  end
  local rank = {epoch = 1, step = 2, batch = 3, loss = 4}
  table.sort(names, function(a, b)
    local ra, rb = rank[a] or 9, rank[b] or 9
    if ra ~= rb then return ra < rb end
    return a < b
  end)
  return names
end

local log_options = signature("train.log", "append:bool=false")

--- A log file: local log = train.log("run.csv"); log:write({step = 1, loss = 0.5}); log:close(). A name that ends in
-- .jsonl (or .json) makes JSON lines, any other CSV, whose columns are those of the first row. Options: append (goes on
-- with a file that is there).
--     local log = train.log("/tmp/nnlua-example.jsonl")
--     log:write({step = 1, loss = 0.5})
--     log:close()
--     io.open("/tmp/nnlua-example.jsonl"):read("l"):match("loss.*")
--     --> loss":0.5}
function logs.log(path, options)
  local o = log_options(options)
  path_of.check("train.log", path)
  local self = setmetatable({path = path, json = path:lower():find("%.jsonl?$") ~= nil}, Log)
  if o.append and not self.json and path_of.exists(path) then
    local before = io.open(path)
    local header = before:read("l")
    before:close()
    if header then
      self.names = {}
      for name in header:gmatch("[^,]+") do table.insert(self.names, name) end
    end
  end
  local file, message = io.open(path, o.append and "a" or "w")
  if not file then fail.raise("train.log: cannot write %s", message) end
  self.file = file
  return self
end

logs.open = logs.log

--- Writes a row (a table of numbers, texts and booleans by name); it is in the file at once.
function Log:write(row)
  if type(row) ~= "table" then fail.raise("train.log: expected a table, got %s", fail.show(row)) end
  local parts = {}
  if self.json then
    for i, name in ipairs(names_of(row)) do parts[i] = json_text(name) .. ":" .. json_text(row[name]) end
    self.file:write("{", table.concat(parts, ","), "}\n")
  else
    if not self.names then
      self.names = names_of(row)
      self.file:write(table.concat(self.names, ","), "\n")
    end
    for i, name in ipairs(self.names) do parts[i] = csv_text(row[name]) end
    self.file:write(table.concat(parts, ","), "\n")
  end
  self.file:flush()
end

--- Closes the file.
function Log:close()
  if self.file then self.file:close() end
  self.file = nil
end

return logs
