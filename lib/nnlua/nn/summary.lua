-- nn.summary: what the layers of a model give out, hold and compute, found by running it once. Knows the layers that
-- multiply by their weights; everything else by the hooks that every module has.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local signature = require "nnlua.signature"

local tensor = core.tensor

-- ---- multiply-adds ------------------------------------------------------------------------------------------------

local function first_tensor(v)
  if tensor.is_tensor(v) then return v end
  if type(v) ~= "table" then return nil end
  if tensor.is_tensor(v.data) then return v.data end -- a packed sequence
  for _, item in ipairs(v) do
    local found = first_tensor(item)
    if found then return found end
  end
end

-- All matrices of a recurrent layer multiply once for each sample and step.
local function recurrent(m, inputs)
  local x, weights = first_tensor(inputs), 0
  for _, p in m:named_parameters() do
    if p:dim() == 2 then weights = weights + p:numel() end
  end
  return x:numel() // m.input_size * weights
end

local function convolution(m, _, output) return output:numel() * (m.weight:numel() // m.weight:size(1)) end

local function transposed(m, inputs) return inputs[1]:numel() * (m.weight:numel() // m.weight:size(1)) end

local rules = {
  Linear = function(m, inputs) return inputs[1]:numel() // m.weight:size(2) * m.weight:numel() end,
  Bilinear = function(m, inputs)
    local k, i, j = m.weight:size()
    return inputs[1]:numel() // i * (k * i * j + k * j)
  end,
  RNN = recurrent, LSTM = recurrent, GRU = recurrent, RNNCell = recurrent, LSTMCell = recurrent, GRUCell = recurrent,
  MultiheadAttention = function(m, inputs) -- the projections, then q k^T and its product with v
    local q, k, v = inputs[1], inputs[2], inputs[3]
    local e = m.embed_dim
    local rows, columns = q:numel() // e, k:numel() // (m.kdim or e)
    local batch = q:dim() < 3 and 1 or q:size(m.batch_first and 1 or 2)
    return rows * e * e * 2 + k:numel() * e + v:numel() * e + 2 * rows * (columns // batch) * e
  end,
}
for n = 1, 3 do
  rules[("Conv%dd"):format(n)], rules[("ConvTranspose%dd"):format(n)] = convolution, transposed
end

-- The rule of a module's class or of one of its parents.
local function rule_of(m)
  local class = getmetatable(m)
  while class do
    if rules[class.__name] then return rules[class.__name] end
    local meta = getmetatable(class)
    class = meta and meta.__index
    if type(class) ~= "table" then return nil end
  end
end

-- ---- running it ---------------------------------------------------------------------------------------------------

-- Bytes of all tensors in a value.
local function bytes_of(v)
  if tensor.is_tensor(v) then return v.nbytes end
  local n = 0
  if type(v) == "table" and not module.is_module(v) then
    for _, item in pairs(v) do n = n + bytes_of(item) end
  end
  return n
end

local function shape_of(v)
  local t = first_tensor(v)
  return t and {t:size()}
end

local function own_tensors(m)
  local count, trainable, bytes = 0, 0, 0
  for _, p in m:named_parameters("", false) do
    count, bytes = count + p:numel(), bytes + p.nbytes
    if p.requires_grad then trainable = trainable + p:numel() end
  end
  for _, b in m:named_buffers("", false) do bytes = bytes + b.nbytes end
  return count, trainable, bytes
end

-- One row a module, in the order of the tree. A module with a rule stands for everything below it.
local function rows_of(model)
  local rows, by_module, covered = {}, {}, {}
  for path, m in model:named_modules() do
    local inside
    for prefix in pairs(covered) do
      inside = inside or prefix == "" or path:sub(1, #prefix + 1) == prefix .. "."
    end
    if rule_of(m) then covered[path] = true end
    local count, trainable, bytes = own_tensors(m)
    local row = {name = path, type = getmetatable(m).__name, parameters = count, trainable = trainable,
      param_bytes = bytes, output_bytes = 0, multiply_adds = 0, calls = 0, inside = inside or false}
    rows[#rows + 1], by_module[m] = row, row
  end
  return rows, by_module
end

-- Notes what goes through each module while the model runs.
local function watch(by_module, handles)
  for m, row in pairs(by_module) do
    handles[#handles + 1] = m:register_forward_hook(function(_, inputs, output)
      local rule = rule_of(m)
      row.calls = row.calls + 1
      row.output_shape = shape_of(output)
      row.output_bytes = row.output_bytes + bytes_of(output)
      if rule and not row.inside then
        row.multiply_adds = row.multiply_adds + rule(m, inputs, first_tensor(output))
      end
    end)
  end
end

local function run(model, inputs, by_module)
  local modes, handles = {}, {}
  for _, m in ipairs(model:modules()) do modes[m] = m.training end
  watch(by_module, handles)
  model:eval()
  local ok, problem = pcall(tensor.no_grad, function() model(table.unpack(inputs)) end)
  for _, handle in ipairs(handles) do handle:remove() end
  for m, mode in pairs(modes) do m.training = mode end
  if not ok then error(problem, 0) end
end

-- ---- arguments ----------------------------------------------------------------------------------------------------

local function is_shape(v)
  if type(v) ~= "table" then return false end
  for _, n in ipairs(v) do
    if not math.tointeger(n) then return false end
  end
  return true
end

-- Zeros (ones for whole numbers, which may be positions) in the shapes.
local function make_inputs(shape, dtype)
  local shapes = is_shape(shape) and {shape} or shape
  local inputs = {}
  for i, one in ipairs(shapes) do
    local kind = type(dtype) == "table" and dtype[i] or type(dtype) == "string" and dtype or "float32"
    if tensor.is_tensor(one) then
      inputs[i] = one
    elseif is_shape(one) then
      local make = kind:find("int", 1, true) and tensor.ones or tensor.zeros
      inputs[i] = make(table.move(one, 1, #one, 1, {}), {dtype = kind})
    else
      fail.raise("nn.summary: input_shape must be a list of sizes, or a list of such lists, got %s", fail.show(one))
    end
  end
  return inputs
end

-- ---- printing -----------------------------------------------------------------------------------------------------

local function grouped(n)
  local s = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (s:gsub("^,", ""))
end

local function depth_of(path) return path == "" and 0 or 1 + select(2, path:gsub("%.", "")) end

-- Cells of a table with the first column to the left.
local function aligned(rows)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  for k, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local gap = (" "):rep(widths[i] - #cell)
      cells[i] = i <= 2 and cell .. gap or gap .. cell
    end
    lines[k] = (table.concat(cells, "  "):gsub("%s+$", ""))
  end
  return lines
end

local Summary = {__name = "summary"}
Summary.__index = Summary

--- The table as text.
function Summary:__tostring()
  local rows = {{"layer", "output", "parameters", "multiply-adds", "bytes"}}
  for _, row in ipairs(self.layers) do
    local name = row.name:match("[^.]+$")
    rows[#rows + 1] = {("  "):rep(depth_of(row.name)) .. (name and name .. ": " or "") .. row.type,
      row.output_shape and "[" .. table.concat(row.output_shape, ", ") .. "]" or "-", grouped(row.parameters),
      grouped(row.multiply_adds), grouped(row.bytes)}
  end
  local lines = aligned(rows)
  table.insert(lines, 2, ("-"):rep(#lines[1]))
  lines[#lines + 1] = ("%s parameters, %s of them trainable; %s multiply-adds; %s bytes held, %s bytes of outputs")
    :format(grouped(self.parameters), grouped(self.trainable), grouped(self.multiply_adds), grouped(self.param_bytes),
    grouped(self.output_bytes))
  return table.concat(lines, "\n")
end

-- Sums over the model; shared tensors count once, outputs only where they are made: by the innermost modules.
local function totals(model, layers)
  local s = setmetatable({layers = layers, parameters = 0, trainable = 0, multiply_adds = 0, param_bytes = 0,
    output_bytes = 0}, Summary)
  for _, p in ipairs(model:parameters()) do
    s.parameters, s.param_bytes = s.parameters + p:numel(), s.param_bytes + p.nbytes
    if p.requires_grad then s.trainable = s.trainable + p:numel() end
  end
  for _, b in ipairs(model:buffers()) do s.param_bytes = s.param_bytes + b.nbytes end
  for i, row in ipairs(layers) do
    local below = layers[i + 1]
    local is_leaf = not (below and (row.name == "" or below.name:sub(1, #row.name + 1) == row.name .. "."))
    s.multiply_adds = s.multiply_adds + row.multiply_adds
    if is_leaf then s.output_bytes = s.output_bytes + row.output_bytes end
  end
  return s
end

local read = signature("nn.summary", "model:any, input_shape:any?, dtype:any?, print:bool=true")

--- Runs a model once on zeros of input_shape (with the batch; a list of shapes for several inputs, tensors are taken as
-- they are) and prints a line a layer: the shape of its output, the numbers of its own parameters and of its
-- multiply-adds, the bytes that its parameters, buffers and output take. Returns the same as a table: layers (each with
-- name, type, output_shape, parameters, trainable, multiply_adds, param_bytes, output_bytes, bytes) and the sums
-- parameters, trainable, multiply_adds, param_bytes, output_bytes. Counted are the multiply-adds of linear,
-- convolutional, recurrent and attention layers, those of biases, activations and normalisations are not. dtype is that
-- of the input ("int64" makes ones: token ids); print = false prints nothing.
--     local net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
--     local s = nn.summary(net, {1, 1, 28, 28}, {print = false})
--     print(s.parameters, s.multiply_adds)
--     --> 27090	51376
local function summary(...)
  local a = read(...)
  if not module.is_module(a.model) then fail.raise("nn.summary: expected a module, got %s", fail.show(a.model)) end
  if type(a.input_shape) ~= "table" then
    fail.raise("nn.summary: expected input_shape, the sizes of an input with the batch, got %s",
      fail.show(a.input_shape))
  end
  local layers, by_module = rows_of(a.model)
  run(a.model, make_inputs(a.input_shape, a.dtype), by_module)
  for _, row in ipairs(layers) do row.bytes = row.param_bytes + row.output_bytes end
  local result = totals(a.model, layers)
  if a.print then print(tostring(result)) end
  return result
end

return {summary = summary}
