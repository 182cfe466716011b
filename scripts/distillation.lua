-- Distillation: a small network learns from what a large one thinks, not only from what is right.
--
--   nnlua scripts/distillation.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{images = {10000, 1200}, labels = {600, 200}, tests = {4000, 500}, epochs = {4, 1},
  student_epochs = {12, 2}, temperature = 2.0, rounds = {3, 1}}

local set = tutorial.fashion(options.images, options.tests)
local x, y, test_x, test_y = set.x, set.y, set.test_x, set.test_y

tutorial.heading("A teacher and a student")
local function teacher_net()
  return nn.Sequential(nn.Conv2d(1, 32, 3, {padding = 1}), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3, {padding = 1}), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(64 * 49, 10))
end
local function student_net() return nn.Sequential(nn.Flatten(), nn.Linear(784, 24), nn.ReLU(), nn.Linear(24, 10)) end
local function accuracy(net) return train.evaluate(net, {test_x, test_y}).accuracy end
local function size(net) return nn.summary(net, {1, 1, 28, 28}, {print = false}) end

local teacher = teacher_net()
train.fit(teacher, data.DataLoader({x, y}, {batch_size = 64, shuffle = true}), {loss = F.cross_entropy,
  optimizer = optim.Adam(teacher:parameters()), epochs = options.epochs, quiet = true})
teacher:eval()
local best = accuracy(teacher)
local large, small = size(teacher), size(student_net())
print(("teacher: %d parameters, %d multiply-adds a picture, accuracy %.3f"):format(large.parameters,
  large.multiply_adds, best))
print(("student: %d parameters, %d multiply-adds"):format(small.parameters, small.multiply_adds))

tutorial.heading("What a teacher knows beside the answer")
-- A label says "shirt". The teacher says: a shirt, perhaps a pullover, never a boot. At a higher temperature, logits
-- divided by T before the softmax, one sees what it thinks of the rest.
local logits = tensor.no_grad(teacher, test_x[{{1, 200}}])
-- The picture about which it is least sure.
local unsure = F.softmax(logits, 2):amax(2):argmin():item()
local function shares(t) return F.softmax(logits[unsure] / t, 1) end
plot.image(test_x[unsure])
for _, t in ipairs {1, options.temperature} do
  local top, which = shares(t):topk(4, 1)
  local words = {}
  for i = 1, 4 do words[i] = ("%s %.2f"):format(set.classes[which:get(i)], top:get(i)) end
  print(("temperature %g: %s"):format(t, table.concat(words, ", ")))
end

tutorial.heading("Few labels, many pictures")
-- Labels are dear, pictures are cheap: labels for a few, no labels for the others. The teacher's opinion costs
-- nothing, so the student can learn from all pictures.
local thoughts = {}
for i = 1, x:size(1), 500 do
  thoughts[#thoughts + 1] = tensor.no_grad(teacher, x[{{i, math.min(i + 499, x:size(1))}}])
end
thoughts = tensor.cat(thoughts, 1)

-- How far the student's opinion is from the teacher's, both softened. T^2 keeps the gradient's size (Hinton and others
-- 2015): softening by T makes it smaller by that.
local function opinion(student, wanted)
  local t = options.temperature
  return t * t * F.kl_div(F.log_softmax(student / t, 2), F.softmax(wanted / t, 2), {reduction = "batchmean"})
end
local total_steps = options.student_epochs * (x:size(1) // 64)
local function learn(seed, n, loss_of)
  tensor.manual_seed(seed)
  local net = student_net()
  local opt = optim.Adam(net:parameters(), {lr = 2e-3})
  local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, total_steps)
  local loader = data.DataLoader({x[{{1, n}}], y[{{1, n}}], thoughts[{{1, n}}]}, {batch_size = 64, shuffle = true})
  local step = 0
  while step < total_steps do -- the same number of steps for all
    for bx, by, wanted in loader:iter() do
      step = step + 1
      if step > total_steps then break end
      local loss = loss_of(net(bx), by, wanted)
      opt:zero_grad()
      loss:backward()
      opt:step()
      schedule:step()
    end
  end
  return accuracy(net:eval())
end
local ways = {
  {"few labels", options.labels, function(out, by) return F.cross_entropy(out, by) end},
  {"few pictures, teacher", options.labels, function(out, _, wanted) return opinion(out, wanted) end},
  {"all pictures, teacher's choice", x:size(1), function(out, _, wanted)
    return F.cross_entropy(out, wanted:argmax(2))
  end},
  {"all pictures, teacher", x:size(1), function(out, _, wanted) return opinion(out, wanted) end},
  {"all labels", x:size(1), function(out, by) return F.cross_entropy(out, by) end},
  {"all labels and teacher", x:size(1), function(out, by, wanted)
    return 0.5 * F.cross_entropy(out, by) + 0.5 * opinion(out, wanted)
  end},
}
local results = {}
for i, way in ipairs(ways) do
  local sum = 0
  for round = 1, options.rounds do sum = sum + learn(options.seed + round, way[2], way[3]) end
  results[i] = sum / options.rounds
  print(("%-31s accuracy %.4f"):format(way[1], results[i]))
end
print(("with %d pictures the teacher's opinion is worth %+.1f points, pictures without labels %+.1f more; with labels "
  .. "for all %+.1f"):format(options.labels, 100 * (results[2] - results[1]), 100 * (results[4] - results[2]),
  100 * (results[6] - results[5])))

tutorial.heading("Where it comes from")
-- A teacher that says the same of every picture teaches nothing; neither does one whose opinions are dealt out to
-- other pictures. It is not the softness alone.
local order = tensor.randperm(x:size(1))
local kept = thoughts
thoughts = thoughts[order]
local shuffled = learn(options.seed + 1, x:size(1), ways[4][3])
thoughts = kept
print(("opinions of other pictures: accuracy %.3f"):format(shuffled))

-- To try next: --temperature 1 and 8; a student as large as the teacher (it may become better); labels for 100
-- pictures alone, and a teacher that has seen only those.
print(("result: teacher=%.4f smaller=%.1f few=%.4f few_taught=%.4f choice=%.4f taught=%.4f labels=%.4f both=%.4f "
  .. "shuffled=%.3f"):format(best, large.multiply_adds / small.multiply_adds, results[1], results[2], results[3],
  results[4], results[5], results[6], shuffled))
