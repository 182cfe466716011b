-- Deep Q-learning: balancing a pole by learning what each push is worth.
--
--   nnlua scripts/dqn.lua [--seed 1] [--steps 40000] [--quick]

local tutorial = require "nnlua.tutorial"
local rl = require "nnlua.rl"
local options = tutorial.options{steps = {40000, 1500}, episodes = {100, 5}}

-- Q(s, a) is what can still be earned after doing a in state s. It obeys Bellman's equation
--
--   Q(s, a) = r + gamma max over a' of Q(s', a')
--
-- and Q-learning turns it into a regression: the right side is the target for the left one. Two tricks made it work
-- with networks (Mnih et al., 2013 and 2015):
--   replay memory    train on a random mix of old steps; consecutive ones are nearly copies of each other
--   target network   take the right side from a slow copy, or the target runs away with every step
-- and one from 2015 (van Hasselt et al.): let the network choose a' and the copy say what it is worth (double DQN).

local gamma, batch = 0.99, 64

local function network()
  return nn.Sequential(nn.Linear(4, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
end

local function best_action(net, state)
  return tensor.no_grad(function() return net(tensor{state}):argmax(2):item() end)
end

-- One regression step towards Bellman's right side.
local function learn(net, target, opt, memory)
  local state, action, reward, next_state, ended = memory:sample(batch)
  local goal = tensor.no_grad(function()
    local choice = net(next_state):argmax(2, {keepdim = true})
    local worth = target(next_state):gather(2, choice):squeeze(2)
    return reward + gamma * (1 - ended) * worth
  end)
  local said = net(state):gather(2, action:unsqueeze(2)):squeeze(2)
  local loss = F.smooth_l1_loss(said, goal)
  opt:zero_grad()
  loss:backward()
  nn.utils.clip_grad_norm_(net:parameters(), 10)
  opt:step()
end

-- How long the pole stays up, without any random push.
local function judge(net, episodes)
  local env, sum = rl.CartPole{seed = 1000 + options.seed}, 0
  for _ = 1, episodes do
    local state, done = env:reset(), false
    while not done do
      state, _, done = env:step(best_action(net, state))
      sum = sum + 1
    end
  end
  return sum / episodes
end

-- Copies source's weights into slow, or moves slow towards them by a share.
local function follow(slow, source, share)
  tensor.no_grad(function()
    local from = source:parameters()
    for i, p in ipairs(slow:parameters()) do p:lerp_(from[i], share) end
  end)
end

-- Plays and learns; `replay` and `slow` switch the two tricks off to see what they are for.
local function train_agent(steps, replay, slow)
  tensor.manual_seed(options.seed)
  math.randomseed(options.seed)
  local net, target, best = network(), network(), network()
  follow(target, net, 1)
  local opt = optim.Adam(net:parameters(), {lr = 5e-4})
  local scheduler = optim.lr_scheduler.LinearLR(opt, {start_factor = 1, end_factor = 0.1, total_iters = steps})
  local memory = rl.Replay(replay and 20000 or batch, 4)
  local env = rl.CartPole()
  local state, length, lengths, top = env:reset(), 0, {}, -1
  for step = 1, steps do
    local random = math.max(0.02, 1 - step / (0.2 * steps)) -- first look around, then trust what was learned
    local action = math.random() < random and math.random(2) or best_action(net, state)
    local next_state, reward, done, cut = env:step(action)
    length = length + 1
    memory:push(state, action, reward, next_state, done and not cut)
    state = next_state
    if done then
      lengths[#lengths + 1] = length
      state, length = env:reset(), 0
    end
    if #memory >= batch and step > 500 then
      learn(net, target, opt, memory)
      scheduler:step()
      follow(target, net, slow and 0.01 or 1)
    end
    -- The agent is judged from time to time and the best one kept: Q-learning forgets as well as it learns.
    if step % (steps // 20) == 0 then
      local score = judge(net, 20)
      if score >= top then
        top = score
        follow(best, net, 1)
      end
    end
  end
  return best, lengths
end

tutorial.heading("Learning")
local before = judge(network(), options.episodes)
local net, lengths = train_agent(options.steps, true, true)
local score = judge(net, options.episodes)
print(("%d episodes of learning; steps upright: untrained %.1f, trained %.1f of 500"):format(#lengths, before, score))
plot.line(lengths, {title = "steps upright, by episode (with random pushes)", xlabel = "episode", rows = 12})

tutorial.heading("What it thinks")
-- The worth of both pushes as the pole leans more and more to the right, everything else at rest.
for _, degrees in ipairs {-8, -4, 0, 4, 8} do
  local q = tensor.no_grad(net, tensor{{0, 0, degrees * math.pi / 180, 0}})
  print(("leaning %3d degrees: left %7.2f  right %7.2f  so it pushes %s"):format(degrees, q:get(1, 1), q:get(1, 2),
    q:get(1, 1) > q:get(1, 2) and "left" or "right"))
end

tutorial.heading("Without the tricks")
local short = options.steps // 2
local without_replay = judge((train_agent(short, false, true)), options.episodes)
local without_target = judge((train_agent(short, true, false)), options.episodes)
print(("half the steps, without replay %.1f, without target network %.1f"):format(without_replay, without_target))

-- To try next: gamma = 0.9 (what becomes of the horizon?), and the last layer split into value and advantage.
print(("result: steps=%.1f untrained=%.1f without_replay=%.1f without_target=%.1f"):format(score, before,
  without_replay, without_target))
