-- A lesson; docs/writing-a-lesson.md describes the format.

local fit = [[
function powers(x, degree)
  local columns = {}
  for k = 0, degree do columns[k + 1] = x^k end
  return tensor.stack(columns, 2)
end
function errors(n, degree)
  tensor.manual_seed(3)
  local x = tensor.rand(n, {dtype = "float64"}) * 2 - 1
  local y = (3 * x):sin() + 0.2 * tensor.randn(n, {dtype = "float64"})
  local w = tensor.linalg.lstsq(powers(x, degree), y:unsqueeze(2))
  local new = tensor.linspace(-1, 1, 200, {dtype = "float64"})
  local seen = (powers(x, degree):matmul(w):squeeze(2) - y):pow(2):mean():item()
  local unseen = (powers(new, degree):matmul(w):squeeze(2) - (3 * new):sin()):pow(2):mean():item()
  return seen, unseen
end
]]

return {
  title = "Overfitting and generalisation",
  chinese = "过拟合与泛化",
  minutes = 12,
  about = "Learning by heart: how it looks, how it is seen, what helps.",
  steps = {
    {
      "A polynomial of degree 9 has 10 coefficients.",
      ask = "It is fitted to 10 noisy points. How large is its error on these points?",
      equals = 0,
      wrong = {{1, "10 coefficients can meet 10 points exactly, noise and all."}},
      hints = {"As many free numbers as points."},
      after = "It goes through all of them, and through their noise.",
    },
    {
      "Noisy points of a sine. `errors(n, degree)` gives the error on the n points and that on new ones.",
      ask = "Run it: the last line is how many times larger the error on new points is.",
      given = fit .. "seen, unseen = errors(12, 9)\nprint(seen, unseen)\nunseen / seen",
      between = {5, 1e9},
      hints = {"Enter runs it."},
      after = function(v) return ("%.0f times: the curve swings between the points it met."):format(v) end,
    },
    {
      "A simpler curve misses the points a bit, and the new ones hardly more.",
      ask = "Choose a degree so that the error on new points falls below 0.1 with the same 12 points: `select(2, errors(12, degree))`.",
      answer = "select(2, errors(12, 3))",
      between = {0, 0.1},
      otherwise = "Not yet: too few bends can't follow the sine, too many follow the noise.",
      wrong = {
        {"select(2, errors(12, 1))", "A straight line can't follow a sine: underfitting. Give it bends."},
        {"select(2, errors(12, 9))", "Nine bends follow the noise. Fewer."},
      },
      hints = {"A sine over this range has two turns.", "`select(2, errors(12, 3))`"},
      after = "Capacity to match the problem: neither a line nor a snake.",
    },
    {
      "More data instead.",
      ask = "Degree 9 again, with 300 points: `select(2, errors(300, 9))`. Is it below 0.01?",
      given = "select(2, errors(300, 9))",
      between = {0, 0.01},
      hints = {"Enter runs it."},
      after = "The same snake, held down by data: more samples are the best regulariser.",
    },
    {
      trap = "A network that gets all of its training samples right has understood them.",
      holds = false,
      experiment = {
        "100 digits with labels drawn at random: there is nothing to understand. 300 steps.",
        ask = "Run the experiment: the last line is the accuracy on these 100.",
        given = [[
tensor.manual_seed(1)
x = data.load("digits").x[{ {1, 100} }]:flatten(2)
labels = tensor.randint(1, 11, {100})
net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
opt = optim.Adam(net:parameters(), {lr = 0.01})
for step = 1, 300 do
  opt:zero_grad()
  F.cross_entropy(net(x), labels):backward()
  opt:step()
end
metrics.accuracy(net(x), labels)]],
        between = {0.97, 1},
        hints = {"Enter runs it."},
        after = "Noise, learned by heart.",
      },
      verdict = "Training accuracy measures memory. Only samples that were not used, for training or for choosing, measure "
        .. "understanding.",
    },
    {
      ask = "Training accuracy 0.99, validation accuracy 0.81. How large is the gap?",
      equals = 0.18,
      within = 1e-3,
      wrong = {{0.81, "The gap is the difference of the two."}, {-0.18, "Training less validation."}},
      hints = {"0.99 - 0.81"},
    },
    {
      ask = "And what does it call for first?",
      choose = {"A larger network and more epochs", "More data or augmentation, then regularisation", "A larger learning rate"},
      answer = 2,
      wrong = {
        {1, "That is for underfitting, when training accuracy is low."},
        {3, "The rate is not the matter: training went well."},
      },
      hints = {"It knows its samples too well. What is missing?"},
    },
    {
      "Each choice made by looking at the validation set fits that set a little, too.",
      ask = "Which set gives the number for the report?",
      choose = {"The training set", "The validation set", "The test set, once"},
      answer = 3,
      wrong = {
        {1, "It was learned from."},
        {2, "It was chosen by: of 100 models the best on it is partly the luckiest on it."},
      },
      hints = {"Which has nobody looked at?"},
    },
  },
  interview = {
    {
      "What is overfitting, how do you see it, what do you do?",
      pass = "Good on training data, bad on new data. More data, regularisation, early stopping.",
      good = [[The gap between training and validation grows while training improves. In this order: more or augmented data,
        early stopping, weight decay and dropout, a smaller model; and checks for leaks and wrong labels.]],
      excellent = [[As good, and: by the bias-variance decomposition it is variance; yet very large networks can interpolate and
        still generalise (double descent), since gradient descent prefers simple solutions, so "fewer parameters" is the last
        thing to try today, not the first.]],
    },
    {
      "Training loss falls, validation loss rises, validation accuracy still rises slowly. What is going on?",
      pass = "The network becomes overconfident.",
      good = "Wrong answers get ever larger logits, and cross-entropy punishes confidence without limit, while the order of "
        .. "the classes still improves. Which to stop by depends on what is needed: probabilities or decisions.",
      excellent = [[As good, and: temperature scaling on the validation set mends calibration afterwards; label smoothing or
        mixup prevent it; expected calibration error measures it.]],
    },
  },
}
