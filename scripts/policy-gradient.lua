-- Policy gradients: REINFORCE and an actor with a critic balance a pole.
--
--   nnlua scripts/policy-gradient.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local rl = require "nnlua.rl"
local options = tutorial.options{updates = {80, 3}, episodes = {100, 3}}

-- A policy is a network that gives each action a probability. Its gradient (Williams, 1992):
--
--   d/dw E[return] = E[ sum over t of  d/dw log p(a_t | s_t) * G_t ]       G_t: what was earned from t on
--
-- in words: make what turned out well more probable. It needs no model of the world, but it is noisy: on CartPole all
-- returns are positive, so EVERY action is made more probable, and only the differences teach. Subtracting a baseline
-- b(s_t) that does not depend on the action leaves the expectation as it is (the probabilities sum to 1, so their
-- gradient sums to 0) and takes most of the noise away. A critic, a network that learns the return of a state, is the
-- natural baseline.

local gamma, batch_steps = 0.99, 2000

local function network(outputs)
  return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))
end

local function choose(policy, state)
  local p = tensor.no_grad(function() return policy(tensor{state}):softmax(2):get(1, 1) end)
  return math.random() < p and 1 or 2
end

-- Episodes until at least `steps` steps were made: states, actions, returns and the episodes' mean length.
local function play(policy, steps)
  local env, states, actions, returns, episodes = rl.CartPole(), {}, {}, {}, 0
  while #actions < steps do
    local state, done, rewards, cut = env:reset(), false, {}, nil
    while not done do
      states[#states + 1], actions[#actions + 1] = state, choose(policy, state)
      state, rewards[#rewards + 1], done, cut = env:step(actions[#actions])
    end
    -- An episode that was only cut off would have gone on: as much again as a steady balance earns.
    for _, g in ipairs(rl.returns(rewards, gamma, cut and 1 / (1 - gamma) or 0)) do returns[#returns + 1] = g end
    episodes = episodes + 1
  end
  return tensor(states), tensor(actions), tensor(returns), #actions / episodes
end

local function loss_of(policy, states, actions, advantage)
  local log_p = policy(states):log_softmax(2):gather(2, actions:to("int64"):unsqueeze(2)):squeeze(2)
  return (log_p * advantage):mean():neg()
end

local function judge(policy, episodes)
  local env, sum = rl.CartPole{seed = 1000 + options.seed}, 0
  for _ = 1, episodes do
    local state, done = env:reset(), false
    while not done do
      local action = tensor.no_grad(function() return policy(tensor{state}):argmax(2):item() end)
      state, _, done = env:step(action)
      sum = sum + 1
    end
  end
  return sum / episodes
end

local function learn(with_critic, updates)
  tensor.manual_seed(options.seed)
  math.randomseed(options.seed)
  local policy, critic = network(2), network(1)
  local opt = optim.Adam(policy:parameters(), {lr = 1e-2})
  local critic_opt = optim.Adam(critic:parameters(), {lr = 1e-2})
  local lengths = {}
  for update = 1, updates do
    opt.param_groups[1].lr = 1e-2 * (1 - 0.9 * update / updates)
    local states, actions, returns, length = play(policy, batch_steps)
    lengths[update] = length
    local advantage = returns
    if with_critic then
      local worth = critic(states):squeeze(2) * 100
      advantage = returns - worth:detach()
      advantage = advantage / (advantage:std() + 1e-6)
      for _ = 1, 10 do
        local critic_loss = F.mse_loss(critic(states):squeeze(2), returns / 100)
        critic_opt:zero_grad()
        critic_loss:backward()
        critic_opt:step()
      end
    else
      advantage = advantage / advantage:pow(2):mean():sqrt() -- the same scale, so that the same rate is fair
    end
    opt:zero_grad()
    loss_of(policy, states, actions, advantage):backward()
    opt:step()
  end
  return policy, lengths, critic
end

tutorial.heading("REINFORCE, and an actor with a critic")
local plain, plain_lengths = learn(false, options.updates)
local actor, lengths, critic = learn(true, options.updates)
plot.line({["without baseline"] = plain_lengths, ["with critic"] = lengths}, {title = "steps upright, by update",
  xlabel = "update", rows = 14})
local plain_score, score = judge(plain, options.episodes), judge(actor, options.episodes)
print(("steps upright of 500: REINFORCE %.1f, actor and critic %.1f"):format(plain_score, score))

tutorial.heading("The noise that a baseline takes away")
-- The same half-trained policy, twenty batches: how far do their gradients scatter around their mean, relative to it?
local halfway, _, judge_of_halfway = learn(true, math.max(2, options.updates // 8))
local function scatter(with_baseline)
  math.randomseed(options.seed)
  local gradients = {}
  for k = 1, 20 do
    local states, actions, returns = play(halfway, 500)
    local advantage = returns
    if with_baseline then
      advantage = returns - tensor.no_grad(function() return judge_of_halfway(states):squeeze(2) * 100 end)
    end
    halfway:zero_grad()
    loss_of(halfway, states, actions, advantage):backward()
    local parts = {}
    for i, p in ipairs(halfway:parameters()) do parts[i] = p.grad:flatten() end
    gradients[k] = tensor.cat(parts)
  end
  local all = tensor.stack(gradients)
  return all:var(1):sum():item(), all:mean(1):norm():item()
end
local variance_plain, mean_plain = scatter(false)
local variance_baseline, mean_baseline = scatter(true)
print(("gradient variance: %.1f without, %.1f with the critic: %.1f times less (norm of the mean %.2f, %.2f)"):format(
  variance_plain, variance_baseline, variance_plain / variance_baseline, mean_plain, mean_baseline))

tutorial.heading("What the critic believes")
for _, degrees in ipairs {0, 4, 8, 11} do
  local state = tensor{{0, 0, degrees * math.pi / 180, 0.5}}
  print(("leaning %2d degrees and falling: %6.1f still to come"):format(degrees,
    tensor.no_grad(critic, state):item() * 100))
end

-- To try next: reward-to-go replaced by the whole episode's return (G_1 for all t); gamma = 1; an entropy bonus.
print(("result: actor_critic=%.1f reinforce=%.1f variance_ratio=%.1f"):format(score, plain_score,
  variance_plain / variance_baseline))
