-- Rules of losses, whose reductions are each sample's own.

local core = require "nnlua.core"
local arguments = require "nnlua.vmap.arguments"
local stand_ins = require "nnlua.vmap.stand_in"
local general = require "nnlua.vmap.ways"

local tensor = core.tensor
local run = arguments.run
local stand_in, is_mine = stand_ins.new, stand_ins.is_mine
local with_batch, rank_of = stand_ins.with_batch, stand_ins.rank_of
local LOOP, elementwise = general.LOOP, general.elementwise

-- The losses that compare elements: each sample's are reduced on their own.
local function elementwise_loss(row, values, level)
  local new, how = {}, values.reduction or "mean"
  for key, v in pairs(values) do new[key] = v end
  if values.weight ~= nil and not row.base:find("^binary") then return LOOP end
  new.input = stand_in(with_batch(values.input, level), level)
  new.target = stand_in(with_batch(values.target, level), level)
  new.reduction = "none"
  local loss = elementwise(row, new, level)
  if how == "mean" then return loss:mean() end
  if how == "batchmean" then return loss:sum() / loss:size(1) end
  return how == "sum" and loss:sum() or loss
end

-- Class numbers: the losses of all samples' rows in one call, then their means.
local function class_loss(row, values, level)
  local x, t, how = values.input, values.target, values.reduction or "mean"
  if is_mine(values.weight, level) then return LOOP end
  local rank = rank_of(x, level)
  local xs, ts = with_batch(x, level), with_batch(t, level)
  local sizes, target_sizes = {xs:size()}, {ts:size()}
  if rank > 1 then
    xs = xs:reshape({sizes[1] * sizes[2], table.unpack(sizes, 3)})
    ts = ts:reshape({target_sizes[1] * target_sizes[2], table.unpack(target_sizes, 3)})
  end
  local new = {}
  for key, v in pairs(values) do new[key] = v end
  new.input, new.target, new.reduction = xs, ts, "none"
  local loss = run(row, new)
  local soft = ts:is_floating_point() and ts:dim() == xs:dim()
  if how ~= "none" then
    local sums = loss:reshape({sizes[1], -1}):sum(2)
    if how == "sum" then return stand_in(sums, level) end
    if soft then return stand_in(sums / (loss:numel() // sizes[1]), level) end
    local flat = ts:reshape({sizes[1], -1}):long()
    local counted = flat:ne(values.ignore_index or -100)
    local weights = counted:to(xs.dtype)
    if values.weight then
      local class = tensor.where(counted, flat, tensor.ones_like(flat)):reshape(-1)
      weights = values.weight:index_select(1, class):reshape(flat.shape) * weights
    end
    return stand_in(sums / weights:sum(2), level)
  end
  if rank > 1 then
    local s = {loss:size()}
    loss = loss:reshape({sizes[1], sizes[2], table.unpack(s, 2)})
  end
  return stand_in(loss, level)
end

return {elementwise = elementwise_loss, class = class_loss}
