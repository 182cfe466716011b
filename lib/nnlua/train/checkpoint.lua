-- Checkpoints of a training: everything that its next step depends on, in one file that is written beside its place and
-- renamed. Knows nothing of the loop.

local core = require "nnlua.core"
local fail = require "nnlua.fail"
local path_of = require "nnlua.data.path"
local saving = require "nnlua.save"

local tensor = core.tensor
local checkpoint = {}

local KIND = "nnlua training 1"

-- The generators that a loader draws from: its own, and those of its transforms.
local function generators_of(loader)
  local list, seen = {}, {}
  local function add(thing)
    if type(thing) ~= "table" or seen[thing] then return end
    seen[thing] = true
    local g = rawget(thing, "generator")
    if g and not seen[g] then
      seen[g] = true
      list[#list + 1] = g
    end
    for _, key in ipairs {"transform", "transforms", "sampler", "batch_sampler"} do add(rawget(thing, key)) end
    for _, inner in ipairs(thing.transforms and rawget(thing, "transforms") or {}) do add(inner) end
  end
  add(loader)
  return list
end

--- The state of all random numbers that a training with this loader draws: a list of tensors, the default stream first.
function checkpoint.random_state(loader)
  local states = {tensor.get_rng_state()}
  for _, g in ipairs(generators_of(loader)) do states[#states + 1] = g:get_state() end
  return states
end

--- Goes on from what random_state gave.
function checkpoint.set_random_state(loader, states)
  local list = generators_of(loader)
  if #states ~= #list + 1 then
    fail.raise("train.fit: the checkpoint has %d random streams, this training %d", #states, #list + 1)
  end
  tensor.set_rng_state(states[1])
  for i, g in ipairs(list) do g:set_state(states[i + 1]) end
end

--- Writes a checkpoint: the table `state` with the states of network, optimiser and schedule added.
function checkpoint.write(path, net, o, state)
  state.kind = KIND
  state.model = net:state_dict()
  state.optimizer = o.optimizer:state_dict()
  state.scheduler = o.scheduler and o.scheduler.state_dict and o.scheduler:state_dict() or nil
  saving.save(path, state)
end

--- Reads a checkpoint into network, optimiser and schedule and returns the rest; nil when there is no file.
function checkpoint.read(path, net, o)
  if not path_of.exists(path) then return nil end
  local state = saving.load(path)
  if state.kind ~= KIND then fail.raise("train.fit: '%s' is no checkpoint of a training", path) end
  net:load_state_dict(state.model)
  o.optimizer:load_state_dict(state.optimizer)
  if o.scheduler and state.scheduler then o.scheduler:load_state_dict(state.scheduler) end
  return state
end

return checkpoint
