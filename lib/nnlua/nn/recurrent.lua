-- Recurrent layers and cells: RNN, LSTM, GRU. What a direction of a layer computes is one operation of the engine
-- ("recurrent"); here are layers, directions, states, packed sequences and checks.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local init = require "nnlua.nn.initialize"
local module = require "nnlua.nn.module"
local packed = require "nnlua.nn.utils.rnn"

local tensor, F = core.tensor, core.F
local recurrent = core.op("recurrent")
local is_tensor = tensor.is_tensor
local layers = {}

local GATES <const> = {RNN = 1, LSTM = 4, GRU = 3}

local function shape_text(x) return "[" .. table.concat({x:size()}, ", ") .. "]" end

-- ---- parameters ---------------------------------------------------------------------------------------------------

-- The parameters of one direction of a layer, under the names that PyTorch has for them.
local function add_parameters(self, kind, input, suffix, a)
  local rows, state = GATES[kind] * a.hidden_size, a.proj_size and a.proj_size > 0 and a.proj_size or a.hidden_size
  self["weight_ih" .. suffix] = module.empty_parameter(a.dtype, rows, input)
  self["weight_hh" .. suffix] = module.empty_parameter(a.dtype, rows, state)
  if a.bias then
    self["bias_ih" .. suffix] = module.empty_parameter(a.dtype, rows)
    self["bias_hh" .. suffix] = module.empty_parameter(a.dtype, rows)
  end
  if state ~= a.hidden_size then self["weight_hr" .. suffix] = module.empty_parameter(a.dtype, state, a.hidden_size) end
  if a.peephole then self["weight_ph" .. suffix] = module.empty_parameter(a.dtype, 3 * a.hidden_size) end
end

local function reset_parameters(self)
  local bound = 1 / math.sqrt(self.hidden_size)
  for _, p in ipairs(self:parameters()) do init.uniform_(p, -bound, bound) end
end

-- ---- states -------------------------------------------------------------------------------------------------------

-- A state given by the user, checked: [layers, N, size], without N when the input has no batch. Returns one with N.
local function take_state(name, what, state, count, n, size, batched)
  if not is_tensor(state) then fail.raise("%s: expected %s to be a tensor, got %s", name, what, fail.show(state)) end
  local wanted = batched and {count, n, size} or {count, size}
  local got = {state:size()}
  local fits = #got == #wanted
  for d = 1, #wanted do fits = fits and got[d] == wanted[d] end
  if not fits then
    fail.raise("%s: expected %s of shape [%s]%s, got %s", name, what, table.concat(wanted, ", "),
      batched and "" or " (the input has no batch)", shape_text(state))
  end
  return batched and state or state:unsqueeze(2)
end

-- The first states of all layers: h and, for an LSTM, c; nil where they are zero.
local function take_states(self, name, hx, n, batched)
  if hx == nil then return nil end
  local count = self.num_layers * (self.bidirectional and 2 or 1)
  local state = self.proj_size and self.proj_size > 0 and self.proj_size or self.hidden_size
  if name ~= "LSTM" then return take_state(name, "the state", hx, count, n, state, batched) end
  if type(hx) ~= "table" or getmetatable(hx) or #hx ~= 2 then
    fail.raise("LSTM: expected the state as {h, c}, got %s", fail.show(hx))
  end
  return take_state(name, "h", hx[1], count, n, state, batched),
    take_state(name, "c", hx[2], count, n, self.hidden_size, batched)
end

-- ---- layers -------------------------------------------------------------------------------------------------------

-- All layers and directions. x: [T, N, I], [N, T, I] or packed rows with batch_sizes; h0, c0: [layers, N, size] or
-- nil. Returns the outputs and lists of last states.
local function run_layers(self, name, x, n, h0, c0, batch_sizes)
  local directions = self.bidirectional and 2 or 1
  local mode = name == "RNN" and self.nonlinearity or name:lower()
  local state = self.proj_size and self.proj_size > 0 and self.proj_size or self.hidden_size
  local zero = not h0 and tensor.zeros({n, state}, {dtype = x.dtype})
  local zero_c = name == "LSTM" and not c0 and tensor.zeros({n, self.hidden_size}, {dtype = x.dtype}) or nil
  local last_h, last_c = {}, {}
  for layer = 1, self.num_layers do
    local outputs = {}
    for direction = 1, directions do
      local suffix = ("_l%d%s"):format(layer - 1, direction == 2 and "_reverse" or "")
      local k = (layer - 1) * directions + direction
      outputs[direction], last_h[k], last_c[k] = recurrent(x, h0 and h0:select(1, k) or zero,
        c0 and c0:select(1, k) or zero_c, self["weight_ih" .. suffix], self["weight_hh" .. suffix],
        self["bias_ih" .. suffix], self["bias_hh" .. suffix], self["weight_hr" .. suffix], self["weight_ph" .. suffix],
        batch_sizes, mode, direction == 2, self.batch_first and not batch_sizes)
    end
    x = directions == 2 and tensor.cat(outputs, -1) or outputs[1]
    if self.dropout > 0 and layer < self.num_layers then x = F.dropout(x, self.dropout, self.training) end
  end
  return x, last_h, last_c
end

local function join(states) return #states == 1 and states[1]:unsqueeze(1) or tensor.stack(states, 1) end

local function run_packed(self, name, x, hx)
  local n = x.batch_sizes:get(1)
  local h0, c0 = take_states(self, name, hx, n, true)
  if x.sorted_indices then
    h0, c0 = h0 and h0:index_select(2, x.sorted_indices), c0 and c0:index_select(2, x.sorted_indices)
  end
  local y, h, c = run_layers(self, name, x.data, n, h0, c0, x.batch_sizes)
  h, c = join(h), name == "LSTM" and join(c) or nil
  if x.unsorted_indices then
    h, c = h:index_select(2, x.unsorted_indices), c and c:index_select(2, x.unsorted_indices)
  end
  y = packed.PackedSequence(y, x.batch_sizes, x.sorted_indices, x.unsorted_indices)
  return y, c and {h, c} or h
end

local function forward(self, name, x, hx)
  local rows = x
  if packed.is_packed(x) then
    rows = x.data
  elseif not is_tensor(x) then
    fail.raise("%s: expected a tensor or a PackedSequence, got %s", name, fail.show(x))
  end
  local dims, size = rows:dim(), self.input_size
  if (rows == x and dims ~= 2 and dims ~= 3) or (rows ~= x and dims ~= 2) or rows:size(-1) ~= size then
    fail.raise("%s: expected input %s, got %s", name, rows ~= x and ("with rows of %d packed"):format(size) or
      (self.batch_first and "[N, T, %d] or [T, %d]" or "[T, N, %d] or [T, %d]"):format(size, size), shape_text(rows))
  end
  if rows ~= x then return run_packed(self, name, x, hx) end
  local batched, batch_dim = dims == 3, self.batch_first and 1 or 2
  if not batched then x = x:unsqueeze(batch_dim) end
  local n = x:size(batch_dim)
  local h0, c0 = take_states(self, name, hx, n, batched)
  local y, h, c = run_layers(self, name, x, n, h0, c0)
  h, c = join(h), name == "LSTM" and join(c) or nil
  if not batched then y, h, c = y:squeeze(batch_dim), h:squeeze(2), c and c:squeeze(2) end
  return y, c and {h, c} or h
end

local function define(name, arguments, check)
  local class = module.define(name, arguments)
  layers[name] = class

  function class:init(...)
    local a = module.configure(self, class, {dtype = true}, ...)
    if check then check(a) end
    local directions = a.bidirectional and 2 or 1
    local state = a.proj_size and a.proj_size > 0 and a.proj_size or a.hidden_size
    for layer = 0, a.num_layers - 1 do
      for direction = 1, directions do
        add_parameters(self, name, layer == 0 and a.input_size or state * directions,
          ("_l%d%s"):format(layer, direction == 2 and "_reverse" or ""), a)
      end
    end
    reset_parameters(self)
  end

  class.reset_parameters = reset_parameters

  --- The parameters of each layer and direction, as a list of lists.
  function class:all_weights()
    local all = {}
    for layer = 0, self.num_layers - 1 do
      for direction = 1, self.bidirectional and 2 or 1 do
        local list = {}
        for _, key in ipairs {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr", "weight_ph"} do
          list[#list + 1] = self[("%s_l%d%s"):format(key, layer, direction == 2 and "_reverse" or "")]
        end
        all[#all + 1] = list
      end
    end
    return all
  end

  --- Does nothing: parameters need no arrangement here.
  function class:flatten_parameters() end -- luacheck: no unused

  function class:forward(x, hx) return forward(self, name, x, hx) end
end

--- A recurrent layer h' = tanh(W_ih x + b_ih + W_hh h + b_hh) over the steps of a sequence (Elman 1990):
-- nn.RNN(input_size, hidden_size, {num_layers = 1, nonlinearity = "tanh", bias = true, batch_first = false,
-- dropout = 0, bidirectional = false}). `y, h = rnn(x, h0)`: x [T, N, I] ([N, T, I] with batch_first, [T, I] without
-- batch, or a PackedSequence), h0 and h [layers * directions, N, H], h0 zeros when left out; y [T, N, H * directions].
-- nonlinearity is "tanh" or "relu"; dropout acts between layers.
define("RNN", "input_size:count, hidden_size:count, num_layers:count=1, nonlinearity:string=tanh, bias:bool=true, "
  .. "batch_first:bool=false, dropout:fraction=0, bidirectional:bool=false, dtype:string?", function(a)
  if a.nonlinearity ~= "tanh" and a.nonlinearity ~= "relu" then
    fail.raise("RNN: nonlinearity must be 'tanh' or 'relu', got %s", fail.show(a.nonlinearity))
  end
end)

--- Long short-term memory (Hochreiter and Schmidhuber 1997): gates i, f, o = sigmoid(W x + U h + b) and g = tanh(W x +
-- U h + b), each with weights of its own, c' = f c + i g, h' = o tanh(c'): nn.LSTM(input_size, hidden_size,
-- {num_layers = 1, bias = true, batch_first = false, dropout = 0, bidirectional = false, proj_size = 0, peephole =
-- false}). `y, state = lstm(x, {h0, c0})`, state = {h, c}: h [layers * directions, N, P], c [layers * directions, N,
-- H], P = proj_size or else H; shapes of x and y as for nn.RNN. With proj_size h is projected to that size (Sak et al.
-- 2014). With peephole the gates i and f also see the cell before them and o the new one, by the weights weight_ph_l0
-- [3 H], ... (Gers et al. 2002).
define("LSTM", "input_size:count, hidden_size:count, num_layers:count=1, bias:bool=true, batch_first:bool=false, "
  .. "dropout:fraction=0, bidirectional:bool=false, proj_size:amount=0, peephole:bool=false, dtype:string?", function(a)
  if a.proj_size >= a.hidden_size then
    fail.raise("LSTM: proj_size (%d) must be smaller than hidden_size (%d)", a.proj_size, a.hidden_size)
  end
end)

--- Gated recurrent units (Cho et al. 2014): with r = sigmoid(W_ir x + W_hr h), z = sigmoid(W_iz x + W_hz h) and n =
-- tanh(W_in x + r (W_hn h + b_hn)), biases else left out here, h' = (1 - z) n + z h: nn.GRU(input_size, hidden_size,
-- {num_layers = 1, bias = true, batch_first = false, dropout = 0, bidirectional = false}). `y, h = gru(x, h0)` with
-- shapes as for nn.RNN.
define("GRU", "input_size:count, hidden_size:count, num_layers:count=1, bias:bool=true, batch_first:bool=false, "
  .. "dropout:fraction=0, bidirectional:bool=false, dtype:string?")

-- ---- cells --------------------------------------------------------------------------------------------------------

-- A state of a cell: [N, H], or [H] without batch; zeros when left out.
local function cell_state(self, name, what, state, x, batched)
  if state == nil then return tensor.zeros({x:size(2), self.hidden_size}, {dtype = x.dtype}) end
  if not is_tensor(state) then fail.raise("%s: expected %s to be a tensor, got %s", name, what, fail.show(state)) end
  local s = batched and state or state:dim() == 1 and state:unsqueeze(1) or state
  if s:dim() ~= 2 or s:size(1) ~= x:size(2) or s:size(2) ~= self.hidden_size then
    fail.raise("%s: expected %s of shape %s, got %s", name, what,
      (batched and "[%d, %d]" or "[%.0s%d]"):format(x:size(2), self.hidden_size), shape_text(state))
  end
  return s
end

local function define_cell(name, arguments, kind)
  local class = module.define(name, arguments)
  layers[name] = class

  function class:init(...)
    local a = module.configure(self, class, {dtype = true}, ...)
    if a.nonlinearity and a.nonlinearity ~= "tanh" and a.nonlinearity ~= "relu" then
      fail.raise("%s: nonlinearity must be 'tanh' or 'relu', got %s", name, fail.show(a.nonlinearity))
    end
    add_parameters(self, kind, a.input_size, "", a)
    reset_parameters(self)
  end

  class.reset_parameters = reset_parameters

  function class:forward(x, hx)
    if not is_tensor(x) or (x:dim() ~= 1 and x:dim() ~= 2) or x:size(-1) ~= self.input_size then
      fail.raise("%s: expected input [N, %d] or [%d], got %s", name, self.input_size, self.input_size,
        is_tensor(x) and shape_text(x) or fail.show(x))
    end
    local batched, c = x:dim() == 2, nil
    local steps = (batched and x or x:unsqueeze(1)):unsqueeze(1)
    if kind == "LSTM" then
      if hx ~= nil and (type(hx) ~= "table" or getmetatable(hx)) then
        fail.raise("LSTMCell: expected the state as {h, c}, got %s", fail.show(hx))
      end
      c = cell_state(self, name, "c", hx and hx[2], steps, batched)
      hx = hx and hx[1]
    end
    local _, h, c1 = recurrent(steps, cell_state(self, name, "the state", hx, steps, batched), c, self.weight_ih,
      self.weight_hh, self.bias_ih, self.bias_hh, nil, self.weight_ph, nil, self.nonlinearity or kind:lower())
    if not batched then h, c1 = h:squeeze(1), c1 and c1:squeeze(1) end
    if c1 then return h, c1 end
    return h
  end
end

--- One step of nn.RNN: `h = cell(x, h)`, nn.RNNCell(input_size, hidden_size, {bias = true, nonlinearity = "tanh"}).
-- x [N, I] or [I], h [N, H] or [H], zeros when left out.
define_cell("RNNCell", "input_size:count, hidden_size:count, bias:bool=true, nonlinearity:string=tanh, dtype:string?",
  "RNN")

--- One step of nn.LSTM: `h, c = cell(x, {h, c})`, nn.LSTMCell(input_size, hidden_size, {bias = true,
-- peephole = false}). x [N, I] or [I], h and c [N, H] or [H], zeros when left out.
define_cell("LSTMCell", "input_size:count, hidden_size:count, bias:bool=true, peephole:bool=false, dtype:string?",
  "LSTM")

--- One step of nn.GRU: `h = cell(x, h)`, nn.GRUCell(input_size, hidden_size, {bias = true}). x [N, I] or [I], h [N, H]
-- or [H], zeros when left out.
define_cell("GRUCell", "input_size:count, hidden_size:count, bias:bool=true, dtype:string?", "GRU")

return layers
