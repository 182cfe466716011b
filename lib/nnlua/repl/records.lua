-- records: a list of small tables with the same fields, a training's history for instance, as rows and columns. Knows
-- nothing of other values.

local paint = require "nnlua.repl.paint"

local records = {}

local FEWEST, MOST_FIELDS, ENDS = 2, 12, 12 -- rows; fields; rows shown at either end of a long list

local function scalar(v)
  local kind = type(v)
  return kind == "number" or kind == "boolean" or kind == "string" and #v <= 24 and not v:find("[%c\128-\255]")
end

-- The fields of all rows, sorted, when the rows are records: few fields, each in most of the rows.
local function fields_of(t, n)
  local count, names = {}, {}
  for i = 1, n do
    local row = rawget(t, i)
    if type(row) ~= "table" or getmetatable(row) or rawlen(row) > 0 or next(row) == nil then return nil end
    for key, v in next, row do
      if type(key) ~= "string" or not scalar(v) then return nil end
      if not count[key] then names[#names + 1] = key end
      count[key] = (count[key] or 0) + 1
    end
    if #names > MOST_FIELDS then return nil end
  end
  for _, name in ipairs(names) do
    if count[name] * 2 < n and name ~= "interrupted" then return nil end
  end
  table.sort(names)
  return #names > 1 and names or nil
end

local function text_of(v)
  if v == nil then return "" end
  if math.type(v) == "float" then return ("%.4g"):format(v) end
  return tostring(v)
end

-- What stands in the table beside its list, in one line; nil when it is more than that can hold.
local function rest_of(t, n, width)
  local parts = {}
  for key, v in next, t do
    if not (math.type(key) == "integer" and key >= 1 and key <= n) then
      if type(key) ~= "string" or not scalar(v) then return nil end
      parts[#parts + 1] = ("%s = %s"):format(key, type(v) == "string" and ("%q"):format(v) or text_of(v))
    end
  end
  table.sort(parts)
  local line = table.concat(parts, ", ")
  return #line <= width and line or nil
end

--- The list as lines of columns; nil when it is none of that kind, or too wide.
function records.text(t, width)
  local n = rawlen(t)
  if n < FEWEST or getmetatable(t) then return nil end
  local names = fields_of(t, n)
  local rest = names and rest_of(t, n, width)
  if not rest then return nil end
  local shown, lines = {}, {}
  for i = 1, n do
    if n <= 2 * ENDS + 1 or i <= ENDS or i > n - ENDS then shown[#shown + 1] = i end
  end
  local total = #tostring(n)
  for _, i in ipairs(shown) do lines[i] = {(" "):rep(total - #tostring(i)) .. i} end
  local head = {(" "):rep(total - 1) .. "#"}
  for _, name in ipairs(names) do
    local widest, words = #name, true
    for _, i in ipairs(shown) do
      local v = t[i][name]
      widest, words = math.max(widest, #text_of(v)), words and type(v) ~= "number"
    end
    local function cell(text)
      local blanks = (" "):rep(widest - #text)
      return words and text .. blanks or blanks .. text
    end
    for _, i in ipairs(shown) do table.insert(lines[i], cell(text_of(t[i][name]))) end
    head[#head + 1], total = cell(name), total + 2 + widest
  end
  if total > width then return nil end
  local out = {paint.it("dim", table.concat(head, "  "))}
  for k, i in ipairs(shown) do
    if k > 1 and shown[k - 1] < i - 1 then
      out[#out + 1] = paint.it("dim", ("... %d more"):format(i - 1 - shown[k - 1]))
    end
    out[#out + 1] = table.concat(lines[i], "  ")
  end
  if rest ~= "" then out[#out + 1] = rest end
  return table.concat(out, "\n")
end

return records
