-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Variational autoencoder",
  chinese = "变分自编码器",
  minutes = 13,
  about = "A code with a spread: sampling that gradients can pass, the price of a code, and what doesn't change.",
  steps = {
    {
      [[The encoder gives a mean mu and logvar, the logarithm of the variance. A code is drawn as z = mu + sigma * eps, eps standard
        normal.]],
      ask = "mu = 1, logvar = log 4, and eps came out as -0.5. What is z?",
      equals = 0,
      wrong = {
        {-1, "The variance is 4, so sigma is 2, not 4."},
        {0.307, "sigma isn't logvar: exp(logvar / 2)."},
        {0.5, "sigma is 2 here: exp(logvar / 2)."},
        {2, "eps is negative."},
      },
      hints = {"sigma = exp(logvar / 2) = 2"},
    },
    {
      ask = "Write `draw(mu, logvar, eps)` for tensors.",
      given = "function draw(mu, logvar, eps)\n  return mu\nend",
      answer = "function draw(mu, logvar, eps)\n  return mu + (logvar / 2):exp() * eps\nend",
      func = "draw",
      inputs = function() return {{tensor{1, 0}, tensor{math.log(4), 0}, tensor{-0.5, 2}}, {tensor{{3}}, tensor{{-2}}, tensor{{1}}}} end,
      wrong = {
        {"function draw(mu, logvar, eps) return mu + logvar:exp() * eps end", "exp(logvar) is the variance; sigma is its root: exp(logvar / 2)."},
        {"function draw(mu, logvar, eps) return mu + logvar * eps end", "logvar is a logarithm: exp(logvar / 2)."},
        {"function draw(mu, logvar, eps) return mu end", "Without eps it is an ordinary autoencoder."},
      },
      hints = {"`(logvar / 2):exp()` is sigma."},
    },
    {
      "A random draw has no slope. But eps is drawn outside, and z is an ordinary function of mu and logvar.",
      ask = "What is dz/dmu?",
      equals = 1,
      wrong = {{0, "z = mu + sigma eps: mu moves z one to one."}},
      hints = {"z = mu + ..."},
      after = "The reparametrisation trick: the randomness is moved to an input, so gradients pass.",
    },
    {
      "The price of a code: KL(N(mu, sigma^2) || N(0, 1)) = (mu^2 + sigma^2 - 1 - log sigma^2) / 2.",
      ask = "mu = 1, sigma = 1. What is it?",
      equals = 0.5,
      wrong = {{1, "Halved."}, {0, "0 is for mu = 0 and sigma = 1, the prior itself."}},
      hints = {"(1 + 1 - 1 - 0) / 2"},
    },
    {
      ask = "Write `kl(mu, logvar)`: that, summed over all elements, as a tensor of one number.",
      given = "function kl(mu, logvar)\n  return mu:sum()\nend",
      answer = "function kl(mu, logvar)\n  return (mu:pow(2) + logvar:exp() - 1 - logvar):sum() / 2\nend",
      func = "kl",
      inputs = function() return {{tensor{1, 0}, tensor{0, 0}}, {tensor{{0.5, -2}}, tensor{{1, -1}}}} end,
      wrong = {
        {"function kl(mu, logvar) return (mu:pow(2) + logvar:exp() - 1 - logvar):mean() / 2 end", "The sum over the elements, not their mean."},
        {"function kl(mu, logvar) return (mu:pow(2) + logvar:exp() - 1 - logvar):sum() end", "The half is missing."},
        {"function kl(mu, logvar) return (mu:pow(2) + (logvar / 2):exp() - 1 - logvar):sum() / 2 end", "sigma^2 is exp(logvar); exp(logvar / 2) is sigma."},
        {"function kl(mu, logvar) return (1 + logvar - mu:pow(2) - logvar:exp()):sum() / 2 end", "The sign is turned: a KL divergence is never negative."},
      },
      hints = {"sigma^2 is `logvar:exp()`, and log sigma^2 is logvar."},
    },
    {
      "The loss is the reconstruction's error plus this price.",
      ask = "What happens if the price is left out?",
      choose = {"The spreads shrink to 0, and it becomes an ordinary autoencoder", "Nothing, it is only for the report",
        "The pictures get blurred"},
      answer = 1,
      wrong = {
        {2, "It holds the codes together around 0; without it there is nothing to sample from."},
        {3, "Blur comes from averaging over what the code leaves open; without the price it gets less, if anything."},
      },
      hints = {"What would the reconstruction like sigma to be?"},
      after = "Then between the codes there is nothing, and drawing a code at random gives noise.",
    },
    {
      trap = "A variational autoencoder changes its structure while it trains.",
      holds = false,
      experiment = {
        "A small one on handwritten digits, 100 steps; its parameters counted before and after, and the loss to see that it learns.",
        ask = "Run the experiment: the last line is how many parameters came or went.",
        given = [[
tensor.manual_seed(1)
pictures = data.load("digits").x:flatten(2)
encoder, decoder = nn.Linear(64, 4), nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64))
both = nn.ModuleList{encoder, decoder}
function count() return #nn.utils.parameters_to_vector(both:parameters()) end
start = count()
opt = optim.Adam(both:parameters(), {lr = 0.01})
for step = 1, 100 do
  local mu, logvar = encoder(pictures):chunk(2, 2)
  local z = draw(mu, logvar, tensor.randn(mu:size()))
  local loss = (F.binary_cross_entropy_with_logits(decoder(z), pictures, {reduction = "sum"}) + kl(mu, logvar)) / #pictures
  opt:zero_grad()
  loss:backward()
  opt:step()
  if step % 50 == 1 or step == 100 then print(step, loss) end
end
count() - start]],
        equals = 0,
        within = 0,
        hints = {"Enter runs it. `draw` and `kl` are your functions."},
        after = "None. What varies is the code that is drawn, a number, not the network.",
      },
      verdict = "'Variational' is a word of mathematics: it optimises a bound over a family of distributions. The structure stays as it was "
        .. "built.",
    },
    {
      ask = "Run it: new digits, drawn from random codes. Any last line that is a number will do; here the mean of the picture.",
      given = "new = tensor.no_grad(decoder, tensor.randn(6, 2)):sigmoid():view(6, 1, 8, 8)\nplot.image(new)\nnew:mean():item()",
      between = {0.05, 0.8},
      hints = {"Enter runs it. `decoder` is of the experiment."},
      after = "Blurred, but digits, of a code of two numbers.",
    },
  },
  interview = {
    {
      "What is the ELBO, and what are its two terms?",
      pass = "A lower bound of log p(x): reconstruction minus KL to the prior.",
      good = [[log p(x) >= E_q(z|x)[log p(x|z)] - KL(q(z|x) || p(z)). The first asks that the code explains the picture, the second that
        codes stay near the prior. The gap is KL(q(z|x) || p(z|x)).]],
      excellent = [[As good, and: beta-VAE weighs the second for disentanglement; too strong a decoder makes the posterior collapse (KL =
        0); remedies are annealing, free bits, or a weaker decoder; importance-weighted bounds are tighter.]],
    },
    {
      "Why the reparametrisation trick?",
      pass = "So that gradients can pass through sampling.",
      good = "z = mu + sigma eps moves the randomness into an input, so dz/dmu = 1, dz/dsigma = eps. Without it one needs the score-function "
        .. "estimator (REINFORCE), whose variance is far higher.",
      excellent = [[As good, and: it needs a distribution that is a smooth function of fixed noise; for discrete codes Gumbel-softmax or
        straight-through estimators (VQ-VAE) replace it.]],
    },
  },
}
