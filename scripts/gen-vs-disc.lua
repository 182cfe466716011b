-- Generative and discriminative models: one learns what each digit looks like, the other only where the borders run.
--
--   nnlua scripts/gen-vs-disc.lua [--seed 1] [--quick]

local tutorial = require "nnlua.tutorial"
local options = tutorial.options{repeats = {20, 2}, steps = {300, 100}}

-- A discriminative model learns p(class | picture). A generative one learns p(picture | class) and p(class), and
-- answers by Bayes' rule: the class that would have made this picture most likely. Naive Bayes is the simplest: each of
-- the 64 points by itself, a normal distribution a class. Its partner is logistic regression, which has the same form
-- of border (Ng and Jordan 2001).

local set = tutorial.facts("digits")
local x, test_x = set.x:flatten(2) / set.x:max(), set.test_x:flatten(2) / set.x:max()
local y, test_y = set.y, set.test_y

-- Learning is counting: means, one variance a point for all classes, shares. No gradient, no steps.
local function naive_bayes(rows_x, rows_y)
  local means, shares, left = tensor.zeros(10, 64), tensor.zeros(10), tensor.zeros_like(rows_x)
  for class = 1, 10 do
    local mine = rows_y:eq(class)
    local n = mine:sum():item()
    means[class] = rows_x[mine]:sum(1) / math.max(1, n)
    shares[class] = (n + 1) / (#rows_y + 10)
    left[mine] = rows_x[mine] - means[class]
  end
  local variance = left:square():mean(1) + 0.01
  return {
    means = means, variance = variance,
    log_joint = function(pictures) -- log p(picture, class), [n, 10]
      local off = (pictures:unsqueeze(2) - means):square() / variance
      return -0.5 * (off + (2 * math.pi * variance):log()):sum(3) + shares:log()
    end,
  }
end

local function logistic(rows_x, rows_y)
  local net = nn.Linear(64, 10)
  local opt = optim.Adam(net:parameters(), {lr = 0.02})
  for _ = 1, options.steps do
    opt:zero_grad()
    F.cross_entropy(net(rows_x), rows_y):backward()
    opt:step()
  end
  return function(pictures) return tensor.no_grad(net, pictures) end
end

tutorial.heading("By amount of data")
local amounts = {10, 20, 50, 100, 200, 500, 1438}
local by = {["naive Bayes"] = {}, ["logistic"] = {}}
for k, n in ipairs(amounts) do
  local bayes, regression = 0, 0
  for _ = 1, options.repeats do
    local rows = tensor.randperm(#y)[{{1, math.min(n, #y)}}]
    bayes = bayes + metrics.accuracy(naive_bayes(x[rows], y[rows]).log_joint(test_x), test_y) / options.repeats
    regression = regression + metrics.accuracy(logistic(x[rows], y[rows])(test_x), test_y) / options.repeats
  end
  by["naive Bayes"][k], by["logistic"][k] = bayes, regression
  print(("%5d digits: naive Bayes %.3f, logistic regression %.3f"):format(n, bayes, regression))
end
plot.line(by, {title = "accuracy by amount of data (10 to 1438)"})
-- Its wrong assumption, that points don't depend on each other, costs it nothing with ten digits, where there is little
-- else to go by, and five points in a hundred in the end.

tutorial.heading("It can draw")
-- The generative model knows what a class looks like, so digits can be drawn from it. (That they look smeared is the
-- assumption again: every point decides for itself.)
local model = naive_bayes(x, y)
local drawn = model.means + model.variance:sqrt() * tensor.randn(10, 64)
plot.image(tensor.cat({model.means, drawn:clamp(0, 1)}, 1):view(20, 1, 8, 8), {per_row = 10, title =
  "above: the means; below: drawn"})

tutorial.heading("It says when it has never seen the like")
-- p(picture) is the sum over the classes. Pictures of noise are unlikely under all of them; the discriminative model
-- has to give its chances to some class, and is sure of it.
local function evidence(pictures) return model.log_joint(pictures):logsumexp(2) end
local noise = tensor.rand(#test_y, 64)
local scores = tensor.cat({evidence(test_x), evidence(noise)}, 1)
local real = tensor.cat({tensor.ones(#test_y), tensor.zeros(#test_y)}, 1)
local auc = metrics.roc_auc(scores, real:long())
local classifier = logistic(x, y)
local sure = classifier(noise):softmax(2):amax(2):mean():item()
print(("digits from noise by p(picture): area under ROC %.3f"):format(auc))
print(("logistic regression is on average %.0f %% sure which digit a picture of noise is"):format(100 * sure))

tutorial.heading("A point is missing")
-- The lower half is covered. The generative model leaves the hidden points out of its product; the other one has a
-- weight for each of them and must be given something.
local hidden = tensor.zeros(64)
hidden[{{1, 32}}] = 1
local off = (test_x:unsqueeze(2) - model.means):square() / model.variance
local by_half = metrics.accuracy(-(off * hidden):sum(3), test_y)
local filled = metrics.accuracy(classifier(test_x * hidden), test_y)
print(("upper half alone: naive Bayes %.3f, logistic regression with zeros below %.3f"):format(by_half, filled))

-- To try next: a covariance a class instead of a variance a point (is it still better with 10 digits?).
local function of(name, k) return by[name][k] end
print(("result: bayes_few=%.3f logistic_few=%.3f bayes_all=%.3f logistic_all=%.3f auc=%.3f half_bayes=%.3f half=%.3f"):
  format(of("naive Bayes", 1), of("logistic", 1), of("naive Bayes", #amounts), of("logistic", #amounts), auc, by_half,
  filled))
