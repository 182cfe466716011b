-- A lesson; docs/writing-a-lesson.md describes the format.

return {
  title = "Generative adversarial networks",
  chinese = "生成对抗网络",
  minutes = 12,
  about = "Two networks against each other: their losses at the start and at the end, and what the generator never sees.",
  steps = {
    {
      "The discriminator D gives the probability that a sample is real. Its loss is -log D(real) - log(1 - D(fake)).",
      ask = "D can't tell them apart and gives 0.5 to all. What is its loss, to two digits?",
      equals = 2 * math.log(2),
      within = 0.01,
      answer = "-math.log(0.5) - math.log(1 - 0.5)",
      wrong = {{0.693, "Two terms, one for the real, one for the fake."}, {0.25, "Logarithms: -log 0.5, twice."}},
      hints = {"2 * log 2"},
      after = "1.39: a GAN whose discriminator's loss stays there is in balance, or D has given up.",
    },
    {
      ask = "Write `d_loss(real, fake)` for numbers: D's probabilities for a real and for a made sample.",
      given = "function d_loss(real, fake)\n  return 0\nend",
      answer = "function d_loss(real, fake)\n  return -math.log(real) - math.log(1 - fake)\nend",
      func = "d_loss",
      inputs = function() return {{0.5, 0.5}, {0.9, 0.2}, {0.3, 0.6}} end,
      wrong = {
        {"function d_loss(real, fake) return -math.log(real) - math.log(fake) end", "D wants the fake's probability to be small: 1 - fake."},
        {"function d_loss(real, fake) return math.log(real) + math.log(1 - fake) end", "That is what D maximises; a loss has the minus."},
        {"function d_loss(real, fake) return -math.log(fake) - math.log(1 - real) end", "Real and fake are exchanged."},
      },
      hints = {"`-math.log(real)`, and the same for 1 - fake."},
    },
    {
      [[The generator could minimise log(1 - D(fake)). Early on D recognises every fake. With z the logit of D(fake), the slope of
        log(1 - sigmoid(z)) is -sigmoid(z), that of -log sigmoid(z) is sigmoid(z) - 1.]],
      ask = "z = -5, D is sure. How many times larger is the second slope than the first, in size? (Two digits; `math.exp` may help.)",
      equals = math.exp(5),
      within = 0.02,
      answer = "math.exp(5)",
      wrong = {{5, "(1 - s) / s with s = sigmoid(-5), which is e^5."}},
      hints = {"s = sigmoid(-5) = 0.0067", "(1 - s) / s = e^5"},
      after = "148 times: so the generator is trained on -log D(fake), which pulls hardest when it is losing.",
    },
    {
      trap = "A GAN is an autoencoder: the generator gets a picture, makes a code of it and draws it again.",
      holds = false,
      experiment = {
        "A step of the generator: noise in, D's answer out. Does the loss depend on any real sample? The gradient tells.",
        ask = "Run the experiment: the last line is how strongly the generator's loss depends on the real samples.",
        given = [[
tensor.manual_seed(1)
G = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
D = nn.Sequential(nn.Linear(1, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
real = tensor.randn(64, 1, {requires_grad = true})
loss = F.binary_cross_entropy_with_logits(D(G(tensor.randn(64, 2))), tensor.ones(64, 1))
g = tensor.grad(loss, real, {materialize_grads = true}) -- zeros for what was not used
g:abs():sum():item()]],
        equals = 0,
        within = 0,
        hints = {"Enter runs it."},
        after = "Not at all: it never sees one. All it learns comes through D.",
      },
      verdict = "An autoencoder compares its output with its input. A generator starts from noise, has no target, and is judged only by D, "
        .. "which does see real samples.",
    },
    {
      "In D's step the generator holds still: no gradient should reach it.",
      ask = "Mend the line so that no gradient reaches G: then `touched()` gives 0.",
      given = [[
fake = G(tensor.randn(64, 2))
function touched()
  G:zero_grad()
  F.binary_cross_entropy_with_logits(D(fake), tensor.zeros(64, 1)):backward()
  return G[1].weight.grad and G[1].weight.grad:norm():item() or 0
end
touched()]],
      answer = [[
fake = G(tensor.randn(64, 2)):detach()
function touched()
  G:zero_grad()
  F.binary_cross_entropy_with_logits(D(fake), tensor.zeros(64, 1)):backward()
  return G[1].weight.grad and G[1].weight.grad:norm():item() or 0
end
touched()]],
      check = function(v, s)
        if type(v) ~= "number" or not tensor.is_tensor(s.fake) then return nil end
        if v > 0 then return false, "G still gets a gradient: the fake samples remember where they came from." end
        return not s.fake.requires_grad
      end,
      hints = {"Which method gives a tensor without its history?", "`G(...):detach()`"},
      after = "Cheaper, too: nothing goes back through G.",
    },
    {
      "Both steps in turn. The real samples are around 4, the generator starts around 0.",
      ask = "Run it: the last line is the mean of what G makes after 500 rounds.",
      given = [[
tensor.manual_seed(3)
for _, net in ipairs{G, D} do net:apply(function(m) if m.reset_parameters then m:reset_parameters() end end) end
og, od = optim.Adam(G:parameters(), {lr = 0.002}), optim.Adam(D:parameters(), {lr = 0.002})
bce, ones, zeros = F.binary_cross_entropy_with_logits, tensor.ones(64, 1), tensor.zeros(64, 1)
for round = 1, 500 do
  fake = G(tensor.randn(64, 2))
  od:zero_grad()
  d = bce(D(tensor.randn(64, 1) * 0.5 + 4), ones) + bce(D(fake:detach()), zeros)
  d:backward()
  od:step()
  og:zero_grad()
  bce(D(fake), ones):backward()
  og:step()
end
print("D's loss", d)
fake:mean():item()]],
      between = {2.5, 5.5},
      hints = {"Enter runs it. G and D are of the experiment."},
      after = function(v) return ("%.1f: found without ever seeing a real sample."):format(v) end,
    },
    {
      ask = "The generator makes the same convincing sample whatever the noise. What is that called?",
      choose = {"Overfitting", "Mode collapse", "Vanishing gradient"},
      answer = 2,
      wrong = {{1, "It learned no training sample by heart: it found one trick that works on D."}, {3, "Gradients are there; they all lead to the same place."}},
      hints = {"It has collapsed onto one mode of the distribution."},
      after = "D judges each sample alone and doesn't miss the others. Looking at whole batches, or Wasserstein distances, help.",
    },
  },
  interview = {
    {
      "What do the two networks of a GAN optimise, and what is the optimum?",
      pass = "D tells real from fake, G wants to deceive D.",
      good = [[min over G, max over D of E log D(x) + E log(1 - D(G(z))). For fixed G the best D is p / (p + q); with it the value is
        2 JS(p, q) - log 4, so the optimum is q = p with D = 1/2.]],
      excellent = [[As good, and: in practice G uses -log D (non-saturating); alternating gradient steps needn't converge (a rotating field); if
        supports don't overlap JS is constant, hence Wasserstein with a gradient penalty or spectral norm.]],
    },
    {
      "GAN, VAE, diffusion: compare.",
      pass = "GAN: sharp but unstable; VAE: stable but blurred; diffusion: good but slow.",
      good = "GANs sample in one pass, have no likelihood and may drop modes. VAEs have a bound on the likelihood and an encoder, and blur. "
        .. "Diffusion trains on a plain regression and covers modes, at many steps a sample.",
      excellent = [[As good, and: combinations rule: latent diffusion uses an autoencoder with an adversarial loss, and distilled diffusion with
        one makes samples in one to four steps.]],
    },
  },
}
