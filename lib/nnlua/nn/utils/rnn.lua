-- nn.utils.rnn: batches of sequences of different lengths, padded or packed. Knows no layers.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor
local is_tensor = tensor.is_tensor

local rnn = {}

-- ---- PackedSequence -----------------------------------------------------------------------------------------------

local Packed = {__name = "PackedSequence"}
Packed.__index = Packed

--- The rows of several sequences, step by step: data [sum of lengths, ...] holds the first elements of all sequences,
-- then the second ones of those that have one, and so on; batch_sizes (int64) says how many there are of each step.
-- sorted_indices are the sequences' positions by falling length, unsorted_indices the way back; nil when they were in
-- that order. Made by pack_padded_sequence and pack_sequence.
function rnn.PackedSequence(data, batch_sizes, sorted_indices, unsorted_indices)
  if not is_tensor(data) then fail.raise("PackedSequence: data must be a tensor, got %s", fail.show(data)) end
  if type(batch_sizes) == "table" then batch_sizes = tensor(batch_sizes, {dtype = "int64"}) end
  if not is_tensor(batch_sizes) or batch_sizes:dim() ~= 1 then
    fail.raise("PackedSequence: batch_sizes must be a tensor with one dimension, got %s", fail.show(batch_sizes))
  end
  if sorted_indices and not unsorted_indices then unsorted_indices = rnn.invert_permutation(sorted_indices) end
  return setmetatable({data = data, batch_sizes = batch_sizes, sorted_indices = sorted_indices,
    unsorted_indices = unsorted_indices}, Packed)
end

--- True for what rnn.PackedSequence made.
function rnn.is_packed(v) return type(v) == "table" and getmetatable(v) == Packed end

--- The same sequences with data of another dtype.
function Packed:to(...)
  return rnn.PackedSequence(self.data:to(...), self.batch_sizes, self.sorted_indices, self.unsorted_indices)
end

function Packed:__tostring()
  return ("PackedSequence of %d rows, %d steps"):format(self.data:size(1), self.batch_sizes:numel())
end

--- The permutation that undoes another: rnn.invert_permutation(tensor{3, 1, 2}).
function rnn.invert_permutation(permutation)
  if permutation == nil then return nil end
  local n, out = expect.tensor("invert_permutation", nil, permutation):numel(), {}
  if permutation:dim() ~= 1 or not permutation:double():sort():equal(tensor.range(1, n, {dtype = "float64"})) then
    fail.raise("invert_permutation: expected each of the numbers from 1 to %d once, got %s", n, tostring(permutation))
  end
  for i, p in ipairs(permutation:long():totable()) do out[math.tointeger(p)] = i end
  return tensor(out, {dtype = "int64"})
end

-- ---- lengths ------------------------------------------------------------------------------------------------------

-- A list of whole numbers from a table or tensor.
local function list_of(func, lengths)
  local list = is_tensor(lengths) and lengths:totable() or lengths
  if type(list) ~= "table" then
    fail.raise("%s: lengths must be a table or tensor of whole numbers, got %s", func, fail.show(lengths))
  end
  local out = {}
  for i, v in ipairs(list) do
    out[i] = math.tointeger(v) or fail.raise("%s: lengths[%d] is %s, not a whole number", func, i, fail.show(v))
  end
  return out
end

-- Positions by falling length (equal ones in their order), or nil when they are so already.
local function falling(lengths)
  local order, sorted = {}, true
  for i = 1, #lengths do
    order[i] = i
    sorted = sorted and (i == 1 or lengths[i] <= lengths[i - 1])
  end
  if not sorted then
    table.sort(order, function(a, b)
      if lengths[a] ~= lengths[b] then return lengths[a] > lengths[b] end
      return a < b
    end)
  end
  return order, sorted
end

local function check_lengths(func, lengths, n, longest)
  if #lengths ~= n then fail.raise("%s: expected %d lengths, got %d", func, n, #lengths) end
  if n == 0 then fail.raise("%s: expected at least one sequence", func) end
  for i, length in ipairs(lengths) do
    if length < 1 or length > longest then
      fail.raise("%s: lengths[%d] is %d: expected 1 to %d, the steps of the input", func, i, length, longest)
    end
  end
end

-- ---- padded and packed --------------------------------------------------------------------------------------------

local pack_padded_sequence_arguments = signature("pack_padded_sequence",
  "batch_first:bool=false, enforce_sorted:bool=true")

--- Packs the sequences of a padded batch: rnn.pack_padded_sequence(input, lengths, {batch_first = false,
-- enforce_sorted = true}). input [T, N, ...] ([N, T, ...] with batch_first), lengths a table or tensor of N whole
-- numbers, falling unless enforce_sorted is false.
function rnn.pack_padded_sequence(input, lengths, ...)
  local func <const> = "pack_padded_sequence"
  local a = pack_padded_sequence_arguments(...)
  local batch_first, enforce_sorted = a.batch_first, a.enforce_sorted
  if not is_tensor(input) or input:dim() < 2 then
    fail.raise("%s: expected a padded batch [T, N, ...], got %s", func, fail.show(input))
  end
  lengths = list_of(func, lengths)
  local n, steps = input:size(batch_first and 1 or 2), input:size(batch_first and 2 or 1)
  check_lengths(func, lengths, n, steps)
  local order, sorted = falling(lengths)
  if enforce_sorted and not sorted then
    fail.raise("%s: lengths must fall from sequence to sequence, or pass {enforce_sorted = false}", func)
  end
  local rows, batch_sizes, active = {}, {}, n
  for t = 1, lengths[order[1]] do
    while lengths[order[active]] < t do active = active - 1 end
    batch_sizes[t] = active
    for k = 1, active do
      local i = order[k]
      rows[#rows + 1] = batch_first and (i - 1) * steps + t or (t - 1) * n + i
    end
  end
  local data = input:flatten(1, 2):index_select(1, tensor(rows, {dtype = "int64"}))
  local indices = not enforce_sorted and tensor(order, {dtype = "int64"}) or nil
  return rnn.PackedSequence(data, tensor(batch_sizes, {dtype = "int64"}), indices, rnn.invert_permutation(indices))
end

-- Lengths by falling order from batch sizes.
local function lengths_of(batch_sizes)
  local sizes, lengths = list_of("pad_packed_sequence", batch_sizes), {}
  for k = 1, sizes[1] do
    local t = #sizes
    while sizes[t] < k do t = t - 1 end
    lengths[k] = t
  end
  return lengths, sizes
end

local pad_packed_sequence_arguments = signature("pad_packed_sequence",
  "batch_first:bool=false, padding_value:number=0, total_length:count?")

--- The padded batch and the lengths (int64) of packed sequences: `x, lengths = rnn.pad_packed_sequence(sequence,
-- {batch_first = false, padding_value = 0, total_length = nil})`. x [T, N, ...] ([N, T, ...] with batch_first), T the
-- longest length or total_length.
function rnn.pad_packed_sequence(sequence, ...)
  local func <const> = "pad_packed_sequence"
  local a = pad_packed_sequence_arguments(...)
  local batch_first, padding_value, total_length = a.batch_first, a.padding_value, a.total_length
  if not rnn.is_packed(sequence) then fail.raise("%s: expected a PackedSequence, got %s", func,
    fail.show(sequence)) end
  local lengths, sizes = lengths_of(sequence.batch_sizes)
  local n, steps = sizes[1], total_length or #sizes
  if steps < #sizes then
    fail.raise("%s: total_length is %d, but the longest sequence has %d steps", func, steps, #sizes)
  end
  local order = sequence.sorted_indices and list_of(func, sequence.sorted_indices)
  local rows, by_user = {}, {}
  for t, active in ipairs(sizes) do
    for k = 1, active do
      local i = order and order[k] or k
      rows[#rows + 1] = batch_first and (i - 1) * steps + t or (t - 1) * n + i
    end
  end
  for k, length in ipairs(lengths) do by_user[order and order[k] or k] = length end
  local data = sequence.data
  local shape = {data:size()}
  shape[1] = n * steps
  local flat = tensor.full(shape, padding_value, {dtype = data.dtype})
    :index_copy(1, tensor(rows, {dtype = "int64"}), data)
  local x = flat:unflatten(1, batch_first and {n, steps} or {steps, n})
  return x, tensor(by_user, {dtype = "int64"})
end

local function check_sequences(func, sequences)
  if type(sequences) ~= "table" or #sequences == 0 then
    fail.raise("%s: expected a list of tensors, got %s", func, fail.show(sequences))
  end
  for i, s in ipairs(sequences) do
    if not is_tensor(s) or s:dim() < 1 then
      fail.raise("%s: sequences[%d] must be a tensor [T, ...], got %s", func, i, fail.show(s))
    end
  end
end

local pad_sequence_arguments = signature("pad_sequence",
  "batch_first:bool=false, padding_value:number=0, padding_side:string=right")

--- Stacks sequences [T_i, ...] of different lengths: rnn.pad_sequence(sequences, {batch_first = false,
-- padding_value = 0, padding_side = "right"}) is [T, N, ...] ([N, T, ...] with batch_first).
function rnn.pad_sequence(sequences, ...)
  local func <const> = "pad_sequence"
  local a = pad_sequence_arguments(...)
  local batch_first, padding_value, padding_side = a.batch_first, a.padding_value, a.padding_side
  check_sequences(func, sequences)
  if padding_side ~= "right" and padding_side ~= "left" then
    fail.raise("%s: padding_side must be 'right' or 'left', got %s", func, fail.show(padding_side))
  end
  local longest, padded = 0, {}
  for _, s in ipairs(sequences) do longest = math.max(longest, s:size(1)) end
  for i, s in ipairs(sequences) do
    local shape = {s:size()}
    shape[1] = longest - shape[1]
    if shape[1] > 0 then
      local fill = tensor.full(shape, padding_value, {dtype = s.dtype})
      s = tensor.cat(padding_side == "right" and {s, fill} or {fill, s}, 1)
    end
    padded[i] = s
  end
  return tensor.stack(padded, batch_first and 1 or 2)
end

local unpad_sequence_arguments = signature("unpad_sequence", "batch_first:bool=false")

--- The sequences of a padded batch as a table: rnn.unpad_sequence(padded, lengths, {batch_first = false}).
function rnn.unpad_sequence(padded_sequences, lengths, ...)
  local a = unpad_sequence_arguments(...)
  local batch_first = a.batch_first
  local out = {}
  lengths = list_of("unpad_sequence", lengths)
  if expect.tensor("unpad_sequence", "padded_sequences", padded_sequences):dim() < 2 then
    fail.raise("unpad_sequence: expected sequences [T, B, ...], got %s", tostring(padded_sequences.shape))
  end
  check_lengths("unpad_sequence", lengths, padded_sequences:size(batch_first and 1 or 2),
    padded_sequences:size(batch_first and 2 or 1))
  for i, length in ipairs(lengths) do
    out[i] = padded_sequences:select(batch_first and 1 or 2, i):narrow(1, 1, length)
  end
  return out
end

local pack_sequence_arguments = signature("pack_sequence", "enforce_sorted:bool=true")

--- Packs a list of sequences [T_i, ...]: rnn.pack_sequence(sequences, {enforce_sorted = true}).
function rnn.pack_sequence(sequences, ...)
  local a = pack_sequence_arguments(...)
  check_sequences("pack_sequence", sequences)
  local lengths = {}
  for i, s in ipairs(sequences) do lengths[i] = s:size(1) end
  return rnn.pack_padded_sequence(rnn.pad_sequence(sequences), lengths,
    {enforce_sorted = a.enforce_sorted})
end

--- The sequences of a PackedSequence as a table, in their first order.
function rnn.unpack_sequence(packed_sequences)
  local padded, lengths = rnn.pad_packed_sequence(packed_sequences, {batch_first = true})
  return rnn.unpad_sequence(padded, lengths, {batch_first = true})
end

return rnn
