-- How modules print: the tree with shapes and numbers of parameters. A part of module.lua.

local is_tensor = require "nnlua.core".tensor.is_tensor
local module = require "nnlua.nn.module"
local Module, inside = module.Module, module.internal
local items, children_of, class_of = inside.items, inside.children_of, inside.class_of

local function grouped(n)
  local s = tostring(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (s:gsub("^,", ""))
end

-- A hyperparameter as one would write it; equal sizes as one number.
local function value_text(v)
  if type(v) == "table" and not getmetatable(v) then
    local same = #v > 0
    for i = 2, #v do same = same and v[i] == v[1] end
    if same then return value_text(v[1]) end
    local parts = {}
    for i, one in ipairs(v) do parts[i] = value_text(one) end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  if type(v) == "string" then return ("%q"):format(v) end
  if math.type(v) == "float" and v == math.floor(v) and math.abs(v) < 1e15 then return ("%d"):format(v) end
  return type(v) == "number" and ("%.6g"):format(v) or tostring(v)
end

--- What stands between the parentheses when the module is printed: its constructor's arguments where they are known.
function Module:extra_repr()
  local signature = self.signature
  if not signature then return "" end
  local parts, options = {}, {}
  for _, p in ipairs(signature) do
    local v = self[p.name]
    if is_tensor(v) then
      v = true
    elseif p.default == true and v == nil and self.affine ~= false and self.elementwise_affine ~= false then
      v = false -- a bias that was not wanted, unless nothing of its kind was
    end
    if p.name == "stride" and v and self.kernel_size and value_text(v) == value_text(self.kernel_size) and not p.default
    then
      v = nil -- as it is when nothing is said
    end
    if p.required and v ~= nil then
      parts[#parts + 1] = value_text(v)
    elseif v ~= nil and type(v) ~= "function" and value_text(v) ~= value_text(p.default) then
      options[#options + 1] = p.name .. " = " .. value_text(v)
    end
  end
  if #options > 0 then parts[#parts + 1] = "{" .. table.concat(options, ", ") .. "}" end
  return table.concat(parts, ", ")
end

local function count_parameters(m)
  local n = 0
  for _, p in ipairs(m:parameters()) do n = n + p:numel() end
  return n
end

local function own_shapes(m)
  local parts = {}
  for _, name, v, kind in items(m) do
    if kind == "parameter" then parts[#parts + 1] = name .. " [" .. table.concat({v:size()}, ", ") .. "]" end
  end
  return table.concat(parts, ", ")
end

-- Rows {left, shapes, count} of the tree.
local function tree_rows(m, name, indent, rows, shown)
  local head = class_of(m).__name
  local extra = m:extra_repr()
  if extra ~= "" or #children_of(m) == 0 then head = head .. "(" .. extra .. ")" end
  local left = indent .. (name and name .. ": " or "") .. head
  if shown[m] then
    rows[#rows + 1] = {left .. " (shown above)", "", nil}
    return
  end
  shown[m] = true
  rows[#rows + 1] = {left, own_shapes(m), count_parameters(m)}
  for _, child in ipairs(children_of(m)) do tree_rows(child[2], child[3], indent .. "  ", rows, shown) end
end

--- The tree of modules with the shapes of their parameters and the numbers of them.
function Module:__tostring()
  local rows, shown, width = {}, {}, 0
  tree_rows(self, nil, "", rows, shown)
  for i, row in ipairs(rows) do
    if i > 1 and row[2] ~= "" then width = math.max(width, math.min(#row[1], 64)) end
  end
  local lines = {}
  for i, row in ipairs(rows) do
    local n = row[3] or 0
    local count = n > 0 and ("%s parameter%s"):format(grouped(n), n == 1 and "" or "s") or ""
    if i > 1 and n > 0 then count = grouped(n) end
    local line = row[1]
    if row[2] ~= "" then line = line .. (" "):rep(width - #line) .. "  " .. row[2] end
    lines[i] = line .. (count ~= "" and (i == 1 and ": " or "  = ") .. count or "")
  end
  return table.concat(lines, "\n")
end
