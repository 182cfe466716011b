-- What a network does with an input, as boxes and edges: its layers are watched while they run, and the record of the
-- operations between them is read from the result. Knows nothing of drawing.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"

local tensor = core.tensor
local is_tensor = tensor.is_tensor

local trace = {}

-- The tensors in a value, however nested in tables.
local function tensors_in(v, out)
  out = out or {}
  if is_tensor(v) then
    out[#out + 1] = v
  elseif type(v) == "table" and not module.is_module(v) then
    for _, item in pairs(v) do tensors_in(item, out) end
  end
  return out
end

local function sizes(t) return "[" .. table.concat({t:size()}, ", ") .. "]" end

-- The shapes of the tensors in a value, as text; at most two of them.
local function shapes(v)
  local list, texts = tensors_in(v), {}
  for i = 1, math.min(#list, 2) do texts[i] = sizes(list[i]) end
  if #list > 2 then texts[3] = "..." end
  return table.concat(texts, " ")
end

--- A module's path as one writes it in Lua: "4.conv" is [5].conv.
function trace.lua_path(path)
  local out = (path .. "."):gsub("([^.]+)%.", function(part)
    return part:find("^%d+$") and ("[%d]"):format(tonumber(part) + 1) or "." .. part
  end)
  return (out:gsub("^%.", ""))
end

-- ---- the record ---------------------------------------------------------------------------------------------------

-- Calls visit(node) for the nodes behind a tensor; a node whose visit returns false isn't followed further.
local function walk(from, visit)
  local stack, seen = {}, {}
  local function push(node)
    if node and not is_tensor(node) and not seen[node.id] then
      seen[node.id] = true
      stack[#stack + 1] = node
    end
  end
  for _, t in ipairs(tensors_in(from)) do push(t.grad_fn) end
  while #stack > 0 do
    local node = table.remove(stack)
    if visit(node) ~= false then
      for _, before in ipairs(node.next_functions) do push(before) end
    end
  end
end

-- ---- boxes --------------------------------------------------------------------------------------------------------

local Trace = {}
Trace.__index = Trace

local function new()
  return setmetatable({nodes = {}, owner = {}, edges = {}, known = {}, kept = {}, made = {}}, Trace)
end

function Trace:box(kind, lines)
  self.nodes[#self.nodes + 1] = {kind = kind, lines = lines}
  return #self.nodes
end

function Trace:connect(from, to)
  local key = from .. " " .. to
  if from == to or self.known[key] then return end
  self.known[key] = true
  self.edges[#self.edges + 1] = {from, to}
end

local function count(m)
  local n = 0
  for _, p in ipairs(m:parameters()) do n = n + p:numel() end
  return n
end

-- A layer has run: its box, and the nodes that it made.
function Trace:layer(path, m, before, output)
  local fresh = {}
  walk(output, function(node)
    if before[node.id] or self.owner[node.id] then return false end
    fresh[#fresh + 1] = node
  end)
  if #fresh == 0 then return end -- it passes its input on, as a dropout in evaluation does
  local class = getmetatable(m).__name
  local n = count(m)
  path = trace.lua_path(path)
  local head = path ~= "" and ("%s: %s"):format(path, class) or class
  local box = self:box("layer", {head, shapes(output) .. (n > 0 and ("  %d parameters"):format(n) or "")})
  for _, node in ipairs(fresh) do
    self.owner[node.id] = box
    self.kept[#self.kept + 1] = node
  end
  return box
end

-- Boxes for the operations that no layer made, and the edges between boxes.
function Trace:operations(output, inputs)
  walk(output, function(node)
    if not self.owner[node.id] then self.owner[node.id] = self:box("operation", {node:name()}) end
    self.kept[#self.kept + 1] = node
  end)
  walk(output, function(node)
    local to = self.owner[node.id]
    for _, before in ipairs(node.next_functions) do
      if is_tensor(before) then
        local from = inputs[before:data_ptr()] -- the record may have a handle of its own for a leaf
        if from then self:connect(from, to) end
      elseif before then
        self:connect(self.owner[before.id], to)
      end
    end
  end)
end

-- Watches the layers of a network: those without children, or those at `depth`.
local function watch(t, net, depth, inputs)
  local handles, inside = {}, 0
  local function follow(m, path, level)
    local children = false
    if level < depth then
      for name, child in m:named_children() do
        children = true
        follow(child, path == "" and name or path .. "." .. name, level + 1)
      end
    end
    if children then return end
    local before
    handles[#handles + 1] = m:register_forward_pre_hook(function(_, input)
      inside = inside + 1
      if inside > 1 then return end
      before = {}
      for _, x in ipairs(tensors_in(input)) do
        if x.grad_fn then before[x.grad_fn.id] = true end
        t.kept[#t.kept + 1] = x
      end
      t.now = input
    end)
    handles[#handles + 1] = m:register_forward_hook(function(_, _, output)
      inside = inside - 1
      if inside > 0 then return end
      t.kept[#t.kept + 1] = output
      local box = t:layer(path, m, before, output)
      for _, x in ipairs(box and tensors_in(t.now) or {}) do
        if inputs[x:data_ptr()] then t:connect(inputs[x:data_ptr()], box) end
      end
    end)
  end
  follow(net, "", 0)
  return handles
end

-- The inputs as leaves that the record reaches, and their boxes.
local function prepare(t, given)
  local values, inputs = {}, {}
  for i, v in ipairs(given) do
    if is_tensor(v) then
      v = v:detach():clone()
      if v:is_floating_point() then v.requires_grad = true end
      inputs[v:data_ptr()] = t:box("input", {#given > 1 and "input " .. i or "input", sizes(v)})
    end
    values[i] = v
  end
  return values, inputs
end

--- The graph of a network for an input (a tensor, or a list of arguments): {nodes = {{kind, lines}, ...}, edges =
-- {{from, to}, ...}}. depth: how far into the tree of modules boxes go.
function trace.network(who, net, input, depth)
  local t = new()
  local given = is_tensor(input) and {input} or input
  if type(given) ~= "table" or #given == 0 then
    fail.raise("%s: expected an input for the network, a tensor or a list of arguments, got %s", who, fail.show(input))
  end
  local values, inputs = prepare(t, given)
  local was, handles = net.training, watch(t, net, depth or 64, inputs)
  local function clean()
    for _, handle in ipairs(handles) do handle:remove() end
    net:train(was)
  end
  local _ <close> = core.defer(clean)
  net:eval()
  local output = tensor.enable_grad(function() return table.pack(net(table.unpack(values))) end)
  if #tensors_in(output) == 0 then fail.raise("%s: the network returned no tensor", who) end
  t:operations(output, inputs)
  local box = t:box("output", {"output", shapes(output)})
  for _, y in ipairs(tensors_in(output)) do
    local from = y.grad_fn and t.owner[y.grad_fn.id] or inputs[y:data_ptr()]
    if from then t:connect(from, box) end
  end
  return {nodes = t.nodes, edges = t.edges}
end

--- What the layers of a network give for an input: a list of {path, value}, in the order in which they ran. Only layers
-- without children count, or the one that is asked for by its path.
function trace.outputs(who, net, input, wanted)
  local list, handles, paths = {}, {}, {}
  for path, m in net:named_modules() do
    local name = trace.lua_path(path)
    paths[#paths + 1] = name
    local take = wanted == nil and #m:children() == 0 or wanted ~= nil and (wanted == name or wanted == path)
    if take then
      handles[#handles + 1] = m:register_forward_hook(function(_, _, output)
        local first = tensors_in(output)[1]
        if first then list[#list + 1] = {name ~= "" and name or getmetatable(m).__name, first:detach()} end
      end)
    end
  end
  if wanted ~= nil and #handles == 0 then
    fail.raise("%s: the network has no layer %s%s", who, fail.show(wanted), fail.suggest(tostring(wanted), paths))
  end
  local was = net.training
  local function clean()
    for _, handle in ipairs(handles) do handle:remove() end
    net:train(was)
  end
  local _ <close> = core.defer(clean)
  net:eval()
  local given = is_tensor(input) and {input} or input
  if type(given) ~= "table" or #given == 0 then
    fail.raise("%s: expected an input for the network, a tensor or a list of arguments, got %s", who, fail.show(input))
  end
  tensor.no_grad(function() return net(table.unpack(given)) end)
  return list
end

--- The operations behind a tensor, one box each.
function trace.record(who, y)
  if not y.grad_fn then
    fail.raise("%s: this tensor has no history: it was not computed from tensors that require gradients", who)
  end
  local t = new()
  local function leaf_box(leaf)
    local key = leaf:data_ptr()
    local box = t.made[key] or t:box("input", {"leaf", sizes(leaf)})
    t.made[key] = box
    return box
  end
  walk(y, function(node)
    t.owner[node.id] = t:box("operation", {node:name()})
    t.kept[#t.kept + 1] = node
  end)
  walk(y, function(node)
    for _, before in ipairs(node.next_functions) do
      if is_tensor(before) then
        t:connect(leaf_box(before), t.owner[node.id])
      elseif before then
        t:connect(t.owner[before.id], t.owner[node.id])
      end
    end
  end)
  local box = t:box("output", {"result", sizes(y)})
  t:connect(t.owner[y.grad_fn.id], box)
  return {nodes = t.nodes, edges = t.edges}
end

trace.tensors_in = tensors_in

return trace
