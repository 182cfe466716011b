-- A lesson; docs/writing-a-lesson.md describes the format.

local setup = [[
digits = data.load("digits").x:flatten(2)
function learn(net, input, target, steps)
  local opt = optim.Adam(net:parameters(), {lr = 0.005})
  for step = 1, steps do
    opt:zero_grad()
    F.mse_loss(net(input), target):backward()
    opt:step()
  end
  return F.mse_loss(net(input), target):item()
end
]]

return {
  title = "Autoencoders",
  chinese = "自编码器",
  minutes = 11,
  about = "Describe a picture in a few numbers and draw it again: compression, PCA, and taking noise away.",
  steps = {
    {
      ask = "Pictures of 8 x 8 are described by 4 numbers each. How many times smaller is the code?",
      equals = 16,
      wrong = {{2, "64 numbers become 4."}, {60, "How many times, not how many less."}},
      hints = {"64 / 4"},
    },
    {
      ask = "What does an autoencoder learn from?",
      choose = {"Labels", "The pictures themselves: the output is compared with the input", "Pairs of a good and a bad picture"},
      answer = 2,
      wrong = {{1, "No label occurs in its loss."}, {3, "Only the denoising kind has pairs, and it makes them itself."}},
      hints = {"auto: self"},
    },
    {
      "The simplest: one linear layer down to 4, one up again, on handwritten digits.",
      ask = "Run it: the last line is its error.",
      given = setup .. "tensor.manual_seed(1)\nlinear = nn.Sequential(nn.Linear(64, 4), nn.Linear(4, 64))\nlearn(linear, digits, digits, 300)",
      between = {0.03, 0.06},
      hints = {"Enter runs it."},
    },
    {
      "PCA is the best that any linear code of 4 numbers can do; it needs no training, only an SVD.",
      ask = "Run it: the last line is the linear autoencoder's error by that of PCA.",
      given = [[
mean = digits:mean(1)
U, S, Vh = tensor.linalg.svd(digits - mean, {full_matrices = false})
V4 = Vh[{ {1, 4} }]
drawn = (digits - mean):matmul(V4.T):matmul(V4) + mean
pca = F.mse_loss(drawn, digits):item()
print("PCA", pca)
F.mse_loss(linear(digits), digits):item() / pca]],
      between = {0.99, 1.6},
      hints = {"Enter runs it. `linear` and `digits` are of the step before."},
      after = "Not below 1: without a bend it can at best reach PCA.",
    },
    {
      "Now with bends.",
      ask = "Make `net` an autoencoder with hidden layers and a code of 4, whose error by PCA's is below 0.95.",
      given = "tensor.manual_seed(1)\nnet = nn.Sequential(nn.Linear(64, 4), nn.Linear(4, 64))\nlearn(net, digits, digits, 400) / pca",
      answer = "tensor.manual_seed(1)\nnet = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4), nn.Linear(4, 64), nn.ReLU(), "
        .. "nn.Linear(64, 64))\nlearn(net, digits, digits, 400) / pca",
      check = function(v, s)
        if type(v) ~= "number" or s.net == nil then return nil end
        local narrow = math.huge
        for _, p in ipairs(s.net:parameters()) do
          if p:dim() == 2 then narrow = math.min(narrow, p:size(1)) end
        end
        if narrow > 4 then return false, "The code is wider than 4: the narrowest layer has to have 4 outputs." end
        if v < 0.95 then return true end
        return false, "Not better than PCA yet: hidden layers with a bend on both sides of the code, 64 wide for instance."
      end,
      wrong = {
        {"tensor.manual_seed(1)\nnet = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 64))\nlearn(net, digits, digits, 50) / pca",
          "The code is wider than 4: the narrowest layer has to have 4 outputs."},
      },
      hints = {"nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4) for the code ...", "... and the same backwards: nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64)."},
      after = "A curved surface through the digits instead of a flat one.",
    },
    {
      trap = "The wider the code, the better the autoencoder: with a code as wide as the picture it has learned most.",
      holds = false,
      experiment = {
        "A code of 64 for 64 pixels, and weights that just pass everything on. Nothing was learned.",
        ask = "Run the experiment: the last line is its error.",
        given = "lazy = nn.Sequential(nn.Linear(64, 64, {bias = false}), nn.Linear(64, 64, {bias = false}))\n"
          .. "for _, layer in ipairs(lazy) do nn.init.eye_(layer.weight) end\nF.mse_loss(lazy(digits), digits):item()",
        equals = 0,
        within = 1e-9,
        hints = {"Enter runs it."},
        after = "0: perfect, and it knows nothing of digits.",
      },
      verdict = "The narrow code is what forces it to find structure. Where the code is wide something else has to: noise to be taken away, a "
        .. "penalty on the code, or a spread as in the VAE.",
    },
    {
      "The denoising kind: noise is put on the input, and the clean picture is the target.",
      ask = "Run it: the last line is the error after cleaning by that of the noisy pictures.",
      given = [[
tensor.manual_seed(2)
noisy = digits + 0.3 * tensor.randn(digits:size())
cleaner = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64))
learn(cleaner, noisy, digits, 200) / F.mse_loss(noisy, digits):item()]],
      between = {0.05, 0.5},
      hints = {"Enter runs it."},
      after = function(v) return ("%.0f %% of the noise is left; and its code is as wide as the picture."):format(100 * v) end,
    },
  },
  interview = {
    {
      "How does an autoencoder relate to PCA?",
      pass = "A linear one spans the same subspace.",
      good = "Linear layers and squared error: the optimum spans the subspace of the first principal components, though its code isn't ordered "
        .. "or orthogonal. With nonlinear layers it finds curved manifolds.",
      excellent = [[As good, and: all local minima of the linear one are global, other critical points are saddles; a penalty or nested dropout on
        the code recovers the components in their order.]],
    },
    {
      "How is an autoencoder used for anomaly detection, and where does it fail?",
      pass = "Train on normal data; a large reconstruction error says anomaly.",
      good = "It only learns to draw what is normal. The threshold comes from errors on normal validation data. It fails when it generalises too "
        .. "well and draws anomalies, too: keep the code small.",
      excellent = [[As good, and: smooth or dark anomalies are easy to draw and missed; compare features instead of pixels, use a memory of normal
        codes, or densities; contaminated training data need robust losses.]],
    },
  },
}
