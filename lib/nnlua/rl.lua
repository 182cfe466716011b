-- rl: what reinforcement learning needs around a network: an environment, a replay memory, discounted returns.
-- A package of its own: local rl = require "nnlua.rl". Knows nothing of networks and optimisers.

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor = core.tensor
local rl = {}

-- ---- cart and pole ------------------------------------------------------------------------------------------------

-- A pole stands on a cart; pushes to the left or right keep it up. Barto, Sutton and Anderson, "Neuronlike adaptive
-- elements that can solve difficult learning control problems" (1983), with the constants that everyone uses since.
local gravity, cart, pole, half_length, force, tick = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
local angle_limit, track_limit = 12 * math.pi / 180, 2.4

local CartPole = {}
CartPole.__index = CartPole

local cart_options = signature("rl.CartPole", "max_steps:count=500, seed:int?")

--- The cart with its pole. A state is four numbers: position, speed, angle (radians), angular speed. Action 1 pushes
-- to the left, 2 to the right. An episode ends when the pole leans by more than 12 degrees, the cart leaves the track
-- (2.4 either way), or after max_steps (500); the reward is 1 a step.
--     local rl = require "nnlua.rl"
--     local env = rl.CartPole({seed = 1})
--     local state = env:reset()
--     local next_state, reward, done = env:step(2)
--     print(#state, reward, done)
--     --> 4	1.0	false
-- @param options max_steps, seed (of its starts; drawn from the default generator without)
function rl.CartPole(options)
  local o = cart_options(options)
  local generator
  if o.seed then
    generator = tensor.Generator()
    generator:manual_seed(o.seed)
  end
  return setmetatable({max_steps = o.max_steps, generator = generator, steps = 0}, CartPole)
end

--- Starts an episode near the upright; returns the state, a table of four numbers.
function CartPole:reset()
  local start = tensor.rand(4, {dtype = "float64", generator = self.generator}):totable()
  self.state, self.steps = {}, 0
  for i = 1, 4 do self.state[i] = start[i] * 0.1 - 0.05 end
  return {table.unpack(self.state)}
end

--- One push: returns the new state, the reward, whether the episode is over, and whether only because time is up.
function CartPole:step(action)
  if action ~= 1 and action ~= 2 then
    fail.raise("CartPole:step: an action is 1 (left) or 2 (right), got %s", fail.show(action))
  elseif not self.state then
    fail.raise("CartPole:step: call reset() before the first step, and after an episode's end")
  end
  local x, speed, angle, turn = table.unpack(self.state)
  local push = action == 2 and force or -force
  local sine, cosine, mass = math.sin(angle), math.cos(angle), cart + pole
  local middle = (push + pole * half_length * turn * turn * sine) / mass
  local turn_rate = (gravity * sine - cosine * middle) / (half_length * (4 / 3 - pole * cosine * cosine / mass))
  local acceleration = middle - pole * half_length * turn_rate * cosine / mass
  local state = {x + tick * speed, speed + tick * acceleration, angle + tick * turn, turn + tick * turn_rate}
  self.state, self.steps = state, self.steps + 1
  local fallen = math.abs(state[1]) > track_limit or math.abs(state[3]) > angle_limit
  local cut = not fallen and self.steps >= self.max_steps
  if fallen or cut then self.state = nil end
  return {table.unpack(state)}, 1.0, fallen or cut, cut
end

-- ---- memory -------------------------------------------------------------------------------------------------------

local Replay = {}
Replay.__index = Replay

--- A memory of what happened: capacity rows of state, action, reward, next state and whether it ended; the oldest is
-- overwritten.
--     local rl = require "nnlua.rl"
--     local memory = rl.Replay(10000, 2)
--     memory:push({0, 1}, 2, 1.0, {1, 1}, false)
--     local state, action = memory:sample(3)
--     print(state.shape, action)
--     --> {3, 2}	{2, 2, 2}
-- @param capacity how many are kept
-- @param width how many numbers a state has
function rl.Replay(capacity, width)
  capacity, width = math.tointeger(capacity), math.tointeger(width)
  if not capacity or capacity < 1 or not width or width < 1 then
    fail.raise("rl.Replay: expected a capacity and a state's width, both >= 1")
  end
  local self = {capacity = capacity, n = 0, at = 0}
  for _, name in ipairs {"state", "next_state"} do self[name] = tensor.zeros(capacity, width) end
  for _, name in ipairs {"reward", "ended"} do self[name] = tensor.zeros(capacity) end
  self.action = tensor.ones(capacity, {dtype = "int64"})
  return setmetatable(self, Replay)
end

function Replay:__len() return self.n end

--- Remembers one step; ended says that no further reward follows the next state.
function Replay:push(state, action, reward, next_state, ended)
  self.at = self.at % self.capacity + 1
  self.n = math.min(self.n + 1, self.capacity)
  local i = self.at
  for k = 1, #state do
    self.state:set(i, k, state[k])
    self.next_state:set(i, k, next_state[k])
  end
  self.action:set(i, action)
  self.reward:set(i, reward)
  self.ended:set(i, ended and 1 or 0)
end

--- A random batch: state [n, width], action [n], reward [n], next_state [n, width], ended [n] (1 or 0).
function Replay:sample(n)
  if self.n == 0 then fail.raise("Replay:sample: nothing was remembered yet") end
  local rows = tensor.randint(1, self.n + 1, {n})
  return self.state:index_select(1, rows), self.action:index_select(1, rows), self.reward:index_select(1, rows),
    self.next_state:index_select(1, rows), self.ended:index_select(1, rows)
end

-- ---- returns ------------------------------------------------------------------------------------------------------

--- What was still to come at each step: r[t] + gamma r[t+1] + gamma^2 r[t+2] + ...
--     local rl = require "nnlua.rl"
--     local r = rl.returns({1, 1, 1}, 0.5)
--     print(r[1], r[2], r[3])
--     --> 1.75	1.5	1.0
-- @param rewards a table of numbers
-- @param gamma what a reward is worth one step later, 0 to 1
-- @param last the value of what follows the last step (0)
function rl.returns(rewards, gamma, last)
  expect.list("rl.returns", "rewards", rewards)
  expect.number("rl.returns", "gamma", gamma)
  local out, sum = {}, expect.number("rl.returns", "last", last or 0)
  for t = #rewards, 1, -1 do
    sum = rewards[t] + gamma * sum
    out[t] = sum
  end
  return out
end

return rl
