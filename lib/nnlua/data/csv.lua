-- CSV and TSV files: fields, quotes, types of columns, missing values. Knows what a table is (data/table.lua), nothing
-- of how it is used.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local path_of = require "nnlua.data.path"
local signature = require "nnlua.signature"
local tables = require "nnlua.data.table"

local tensor, bytes = core.tensor, core.bytes
local csv = {}

-- ---- reading: text to rows ----------------------------------------------------------------------------------------

local function plain(text) return (text:gsub("%p", "%%%0")) end

-- The fields of a line that has no quotes.
local function split(line, separator)
  local fields, from = {}, 1
  while true do
    local at = line:find(separator, from, true)
    fields[#fields + 1] = line:sub(from, at and at - 1)
    if not at then return fields end
    from = at + #separator
  end
end

-- One row with quotes that begins at `from`: its fields, where the next row begins, how many lines it took.
local function quoted_row(text, from, o, bad)
  local fields, lines, quote = {}, 1, o.quote
  while true do
    local field
    if text:sub(from, from) == quote then
      local parts, at = {}, from + 1
      while true do
        local close = text:find(quote, at, true)
        if not close then bad(0, "a quote is opened and never closed") end
        parts[#parts + 1] = text:sub(at, close - 1)
        at = close + 1
        if text:sub(at, at) ~= quote then break end
        parts[#parts + 1], at = quote, at + 1
      end
      field, from = table.concat(parts), at
      lines = lines + select(2, field:gsub("\n", ""))
      if not text:find("^[\r\n]", from) and from <= #text and text:sub(from, from) ~= o.separator then
        bad(lines - 1, "a closing quote must be followed by the separator or the line's end")
      end
    else
      local stop = text:find("[" .. plain(o.separator) .. "\r\n]", from) or #text + 1
      field, from = text:sub(from, stop - 1), stop
      if field:find(quote, 1, true) then bad(lines - 1, "a quote stands within an unquoted field") end
    end
    fields[#fields + 1] = field
    if text:sub(from, from) ~= o.separator then
      local _, after = text:find("^\r?\n", from)
      if not after then after = text:find("^\r", from) or from end
      return fields, after + 1, lines
    end
    from = from + 1
  end
end

-- All rows of a text, each a list of strings with the line where it begins.
local function rows_of(text, o, who, path)
  local rows, from, line, width = {}, 1, 1, nil
  local function bad(more, format, ...)
    fail.raise("%s: '%s', line %d: %s", who, path, line + more, format:format(...))
  end
  local ends = text:find("\n", 1, true) and "\n" or "\r"
  while from <= #text do
    local stop = text:find(ends, from, true) or #text + 1
    local one = text:sub(from, stop - 1):gsub("\r$", "")
    local fields, took, next_from = nil, 1, stop + 1
    local skipped = one == "" or (o.comment and one:sub(1, #o.comment) == o.comment)
    if not skipped and o.quote ~= "" and one:find(o.quote, 1, true) then
      fields, next_from, took = quoted_row(text, from, o, bad)
    elseif not skipped then
      fields = split(one, o.separator)
    end
    if fields then
      width = width or #fields
      if #fields ~= width then bad(0, "%d fields, but the first row has %d", #fields, width) end
      fields.line = line
      rows[#rows + 1] = fields
    end
    from, line = next_from, line + took
  end
  return rows
end

-- ---- reading: columns ---------------------------------------------------------------------------------------------

local special = {inf = math.huge, ["+inf"] = math.huge, ["-inf"] = -math.huge, infinity = math.huge,
  ["-infinity"] = -math.huge}
local truth = {["true"] = true, ["false"] = false}

local function number_of(s)
  if s:find("^%s*[+-]?%.?%d") and not s:find("[xX]") then
    return tonumber(s) or tonumber((s:gsub("^%s*%+", "")))
  end
  return special[s:lower()]
end

-- What type fits all values that are there: "integer", "number", "boolean" or "string".
local function type_of(values, missing)
  local kind
  for i, s in ipairs(values) do
    if not missing[i] then
      local v = number_of(s)
      local this = v and (math.type(v) == "integer" and "integer" or "number")
        or truth[s:lower()] ~= nil and "boolean" or "string"
      if kind == nil or (kind == "integer" and this == "number") then
        kind = this
      elseif kind ~= this and not (kind == "number" and this == "integer") then
        return "string"
      end
    end
  end
  return kind or "number"
end

local function convert(values, missing, kind, gaps, bad)
  if kind == "string" then return values end
  local out = {}
  for i, s in ipairs(values) do
    local v
    if missing[i] then
      v = 0 / 0
    elseif kind == "boolean" then
      v = truth[s:lower()]
    else
      v = number_of(s)
      if v and kind == "integer" and not math.tointeger(v) then v = nil end
    end
    if v == nil then bad(i, s) end
    out[i] = v
  end
  if kind == "boolean" and #gaps == 0 then return #out > 0 and tensor(out) or tensor.zeros(0, {dtype = "bool"}) end
  if kind == "boolean" then
    for i, v in ipairs(out) do out[i] = v == true and 1 or v == false and 0 or v end
  end
  local dtype = kind == "integer" and #gaps == 0 and "int64" or "float64"
  return tensor(out, {dtype = dtype})
end

local kinds = {"string", "number", "integer", "boolean"}
local is_kind = {string = true, number = true, integer = true, boolean = true}

local read_options = signature("data.read_csv", "separator:string?, header:bool=true, names:table?, quote:string=\", "
  .. "comment:string?, missing:table?, types:table?, encoding:string=utf-8, max_bytes:amount=536870912")

local usual_missing = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?"}

-- UTF-8 without byte order mark, whatever the file has.
local function decode(text, o, path)
  if o.encoding == "latin1" then
    text = text:gsub("[\128-\255]", function(c) return utf8.char(c:byte()) end)
  elseif o.encoding ~= "utf-8" then
    fail.raise("data.read_csv: encoding must be \"utf-8\" or \"latin1\", got %s", fail.show(o.encoding))
  end
  text = text:gsub("^\xEF\xBB\xBF", "")
  local zero = text:find("\0", 1, true)
  local ok, at = utf8.len(text)
  if zero or not ok then
    local line = select(2, text:sub(1, zero or at):gsub("\n", "")) + 1
    fail.raise("data.read_csv: '%s', line %d: %s", path, line,
      zero and "a zero byte: this is no text" or "no UTF-8; {encoding = \"latin1\"} reads files of that kind")
  end
  return text
end

local function header_of(rows, o, path)
  local names
  if o.header then
    names = table.remove(rows, 1)
  else
    names = {}
    for i = 1, #(rows[1] or {}) do names[i] = "c" .. i end
  end
  if o.names then
    if rows[1] and #o.names ~= #rows[1] then
      fail.raise("data.read_csv: %d names for the %d columns of '%s'", #o.names, #rows[1], path)
    end
    names = o.names
  end
  local seen = {}
  for i, name in ipairs(names or {}) do
    if o.header and name == "" then name = "c" .. i end
    if seen[name] then fail.raise("data.read_csv: '%s' has two columns %s", path, fail.show(name)) end
    names[i], seen[name] = name, true
  end
  return names
end

--- Reads a CSV or TSV file as a data.Table: local t = data.read_csv("people.csv"); t.age is a tensor, t.name a list of
-- strings, t[1] the first row, t:tensor({"age", "height"}) float32 [N, 2]. A column is int64 where all values are
-- whole, float64 where all are numbers or missing (NaN; t:missing("age") tells where), bool, or text ("" where
-- missing). Options: separator ("," or, for .tsv, tab), header (false: columns are c1, c2, ...), names, quote, comment
-- (lines that begin so are skipped), missing (a list of texts), types ({zip = "string"}; "number", "integer",
-- "boolean"), encoding ("utf-8", "latin1"), max_bytes. Rows of different length and open quotes are errors that name
-- the line.
--     local file = io.open("/tmp/nnlua-example.csv", "w")
--     file:write("name,age\nAnn,31\nBob,NA\n")
--     file:close()
--     local t = data.read_csv("/tmp/nnlua-example.csv")
--     t.age, t[1].name
--     --> {31, nan}	Ann
function csv.read_csv(path, options)
  local o = read_options(options)
  path_of.check("data.read_csv", path)
  o.separator = o.separator or (path:lower():find("%.tsv$") and "\t" or ",")
  if #o.separator ~= 1 or #o.quote > 1 or o.separator == o.quote then
    fail.raise("data.read_csv: separator and quote must be two different characters")
  end
  local text = decode(bytes.read_file("data.read_csv", path, o.max_bytes), o, path)
  local rows = rows_of(text, o, "data.read_csv", path)
  local names = header_of(rows, o, path)
  if not names or #names == 0 then fail.raise("data.read_csv: '%s' is empty", path) end
  for name in pairs(o.types or {}) do
    local known = false
    for _, there in ipairs(names) do known = known or there == name end
    if not known then
      fail.raise("data.read_csv: types: there is no column %s%s", fail.show(name), fail.suggest(tostring(name), names))
    end
  end
  local is_missing = {}
  for _, s in ipairs(o.missing or usual_missing) do is_missing[s] = true end
  local columns, gaps_of = {}, {}
  for k, name in ipairs(names) do
    local values, missing, gaps = {}, {}, {}
    for i, row in ipairs(rows) do
      values[i] = row[k]
      if is_missing[row[k]] then
        values[i], missing[i], gaps[#gaps + 1] = "", true, i
      end
    end
    local kind = o.types and o.types[name] or type_of(values, missing)
    if not is_kind[kind] then
      fail.raise("data.read_csv: %s is no type of a column%s", fail.show(kind), fail.suggest(tostring(kind), kinds))
    end
    columns[name] = convert(values, missing, kind, gaps, function(i, s)
      fail.raise("data.read_csv: '%s', line %d: column %s: %s is no %s", path, rows[i].line, fail.show(name),
        fail.show(s), kind)
    end)
    gaps_of[name] = gaps
  end
  local out = tables.Table(names, columns)
  for name, gaps in pairs(gaps_of) do tables.set_missing(out, name, gaps) end
  return out
end

-- ---- writing ------------------------------------------------------------------------------------------------------

local write_options = signature("data.write_csv", "separator:string?, header:table|bool?")

local function field_text(v, separator)
  local text
  if v ~= v then
    return ""
  elseif math.type(v) == "float" then
    text = ("%.17g"):format(v)
    for digits = 1, 16 do
      local short = ("%." .. digits .. "g"):format(v)
      if tonumber(short) == v then
        text = short
        break
      end
    end
  else
    text = tostring(v)
  end
  if text:find('["\r\n]') or text:find(separator, 1, true) or text:find("^%s") or text:find("%s$") then
    text = '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

-- float32 numbers as short as they can be told apart.
local function field_of(column, separator)
  if tensor.is_tensor(column) and column.dtype == "float32" then
    local values = column:totable()
    return function(i)
      local v = values[i]
      if v ~= v then return "" end
      for digits = 1, 9 do
        local short = ("%." .. digits .. "g"):format(v)
        if digits == 9 or string.unpack("f", string.pack("f", tonumber(short))) == v then return short end
      end
    end
  end
  local values = tensor.is_tensor(column) and column:totable() or column
  return function(i) return field_text(values[i], separator) end
end

-- The values of a row that is keyed by names, in the order of the header; what is missing is nan, an empty field.
local function named_row(row, names, i)
  if not names then
    local found = {}
    for name in pairs(row) do found[#found + 1] = ("%q"):format(name) end
    table.sort(found)
    fail.raise("data.write_csv: row %d is keyed by names, which have no order: say it with {header = {%s}}", i,
      table.concat(found, ", "))
  end
  local values = {}
  for k, name in ipairs(names) do values[k] = row[name] == nil and 0 / 0 or row[name] end
  return values
end

-- Columns and their names from a Table, a matrix or a list of rows.
local function columns_of(value, o)
  local columns, names = {}, type(o.header) == "table" and o.header or nil
  if type(value) == "table" and getmetatable(value) == tables.Table then
    names = names or value:names()
    for k, name in ipairs(value:names()) do columns[k] = value:column(name) end
    return columns, o.header ~= false and names or nil, #value
  end
  if type(value) == "table" and not getmetatable(value) then
    local wide
    for i, row in ipairs(value) do
      if type(row) ~= "table" then fail.raise("data.write_csv: row %d is %s", i, fail.show(row)) end
      if type(next(row)) == "string" then row = named_row(row, names, i) end
      wide = wide or #row
      if #row ~= wide then fail.raise("data.write_csv: row %d has %d values, the first %d", i, #row, wide) end
      for k, v in ipairs(row) do
        columns[k] = columns[k] or {}
        columns[k][i] = v
      end
    end
    return columns, names, #value
  end
  if not tensor.is_tensor(value) or value:dim() < 1 or value:dim() > 2 then
    fail.raise("data.write_csv: expected a Table, a tensor of 1 or 2 dimensions or a list of rows, got %s",
      fail.show(value))
  end
  if value:dim() == 1 then value = value:unsqueeze(2) end
  for k = 1, value:size(2) do columns[k] = value[{{}, k}]:detach() end
  return columns, names, value:size(1)
end

--- Writes a data.Table, a tensor [N, D] or a list of rows as CSV, beside and renamed; what read_csv reads is the same
-- again: data.write_csv("out.csv", t). Options: separator ("," or, for .tsv, tab), header (a list of names; false:
-- none).
--     data.write_csv("/tmp/nnlua-example.csv", tensor{{1, 2.5}, {3, 4}}, {header = {"a", "b"}})
--     data.read_csv("/tmp/nnlua-example.csv").b
--     --> {2.5, 4}
function csv.write_csv(path, value, options)
  local o = write_options(options)
  path_of.check("data.write_csv", path)
  local separator = o.separator or (path:lower():find("%.tsv$") and "\t" or ",")
  local columns, names, n = columns_of(value, o)
  if names and #names ~= #columns then
    fail.raise("data.write_csv: %d names for %d columns", #names, #columns)
  end
  local lines, fields = {}, {}
  if names then
    for k, name in ipairs(names) do fields[k] = field_text(name, separator) end
    lines[1] = table.concat(fields, separator)
  end
  local field = {}
  for k, column in ipairs(columns) do field[k] = field_of(column, separator) end
  for i = 1, n do
    for k = 1, #columns do fields[k] = field[k](i) end
    local line = table.concat(fields, separator)
    lines[#lines + 1] = line == "" and '""' or line
  end
  lines[#lines + 1] = ""
  bytes.write_file("data.write_csv", path, table.concat(lines, "\n"))
end

return csv
