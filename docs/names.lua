-- The text of pytorch-names.md: PyTorch's public names (pytorch-names.txt) against what there is here, by the registry
-- and the library; absent ones with the reason (pytorch-elsewhere.lua). Returns the text, and for the tests the counts
-- by place: {["torch.nn"] = {present = n, all = n, absent = {names}}}.

local core = require "nnlua.core"
local nnlua = require "nnlua"

local folder = ...

local known = dofile(folder .. "pytorch-elsewhere.lua")

-- Where a module of PyTorch stands here: the table and how its members are written.
local places = {
  torch = {nnlua.tensor, "tensor.%s"},
  ["torch.Tensor"] = {core.methods, "x:%s"},
  ["torch.nn"] = {nnlua.nn, "nn.%s"},
  ["torch.nn.functional"] = {nnlua.F, "F.%s"},
  ["torch.linalg"] = {nnlua.tensor.linalg, "tensor.linalg.%s"},
  ["torch.distributions"] = {nnlua.tensor.distributions or {}, "tensor.distributions.%s"},
}

local function table_at(path)
  local v = nnlua
  for key in path:gmatch("[^.]+") do v = type(v) == "table" and v[key] or {} end
  return v
end

for _, path in ipairs {"nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.parametrizations", "nn.utils.parametrize",
  "optim", "optim.lr_scheduler", "optim.swa_utils"} do
  places["torch." .. path] = {table_at(path), path .. ".%s"}
end

local fields = {}
for _, item in ipairs(require "nnlua.builtins") do
  local name = item[1]:match("^x%.([%w_]+)")
  if name then fields[name] = true end
end

-- Our spelling of a name, nil when it isn't there.
local function ours(place, name)
  local here = places[place]
  if place == "torch.Tensor" and fields[name] then return "x." .. name end
  if here[1][name] ~= nil then return here[2]:format(name) end
  if place == "torch" and core.methods[name] ~= nil then return "x:" .. name end
  if place == "torch" and nnlua.F[name] ~= nil then return "F." .. name end
  if place == "torch.Tensor" and nnlua.F[name] ~= nil then return "F." .. name end
  return known.elsewhere[place .. "." .. name]
end

local function reason(full)
  for _, entry in ipairs(known.reasons) do
    if full:find("^" .. entry[1] .. "$") then return entry[2] end
  end
end

local function escaped(text) return (text:gsub("[%*<|_]", "\\%0")) end

local sections, order, version = {}, {}, "?"
for line in io.lines(folder .. "pytorch-names.txt") do
  version = line:match("^# PyTorch (%S+),") or version
  local place, name = line:match("^([%w_.]+)%.([%w_]+)$")
  if place and not line:find("^#") then
    local s = sections[place]
    if not s then
      s = {present = 0, all = 0, rows = {}, absent = {}}
      sections[place], order[#order + 1] = s, place
    end
    local mine = ours(place, name)
    s.all = s.all + 1
    if mine then
      s.present = s.present + 1
      s.rows[#s.rows + 1] = ("| %s | `%s` |"):format(escaped(name), mine)
    else
      s.absent[#s.absent + 1] = name
      s.rows[#s.rows + 1] = ("| %s | absent: %s |"):format(escaped(name), escaped(reason(line)))
    end
  end
end

local parts = {([[
# PyTorch's names

Made by `nnlua docs/make.lua` from the public names of PyTorch %s (docs/pytorch-names.txt), the registry and the
library: where each of them is here, or why it is absent. A name that stands elsewhere counts as present.

| | names | present |
| --- | --- | --- |]]):format(version)}
for _, place in ipairs(order) do
  local s = sections[place]
  parts[1] = parts[1] .. ("\n| %s | %d | %d (%.0f %%) |"):format(place, s.all, s.present, 100 * s.present / s.all)
end
for _, place in ipairs(order) do
  parts[#parts + 1] = ("## %s\n\n| PyTorch | here |\n| --- | --- |\n%s"):format(place,
    table.concat(sections[place].rows, "\n"))
end

return table.concat(parts, "\n\n") .. "\n", sections
