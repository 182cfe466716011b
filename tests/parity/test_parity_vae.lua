--- One training step of a variational autoencoder from the weights, the input and the noise that PyTorch had
-- (fixtures/vae.safetensors, make_weights.py): the same loss, gradients and weights after it, in both precisions.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "../lua/?.lua;" .. package.path
local check = require "check"
local nnlua = rawget(_G, "nnlua") or require "nnlua"
local nn, F, optim = nnlua.nn, nnlua.F, nnlua.optim

local file = nn.load(directory .. "fixtures/vae.safetensors")

local function part(prefix)
  local out = {}
  for key, value in pairs(file) do
    local name = key:match("^" .. prefix .. "/(.+)$")
    if name then out[name] = value end
  end
  return out
end

local VAE = nn.class "VAE"

function VAE:init()
  self.conv = nn.Conv2d(1, 4, 3, { stride = 2, padding = 1 })
  self.mean, self.log_var = nn.Linear(64, 3), nn.Linear(64, 3)
  self.expand = nn.Linear(3, 64)
  self.paint = nn.ConvTranspose2d(4, 1, 4, { stride = 2, padding = 1 })
end

function VAE:forward(x, noise)
  local h = self.conv(x):relu():flatten(2)
  local mean, log_var = self.mean(h), self.log_var(h)
  local z = mean + noise * (log_var * 0.5):exp()
  return self.paint(self.expand(z):relu():view(-1, 4, 4, 4)), mean, log_var
end

local function near(got, want, tolerance, what)
  local scale = math.max(want:abs():max():item(), 1e-3)
  check.ok((got:double() - want):abs():max():item() <= tolerance * scale, what)
end

for mode, tolerance in pairs { float64 = 1e-10, float32 = 1e-4 } do
  check.test("a step of a variational autoencoder in " .. mode, function()
    local net = VAE():to(mode)
    net:load_state_dict(part "before")
    local opt = optim.Adam(net:parameters(), { lr = 1e-2 })
    local x, noise = file.x:to(mode), file.noise:to(mode)
    local picture, mean, log_var = net(x, noise)
    local bce = F.binary_cross_entropy_with_logits(picture, x, { reduction = "sum" })
    local loss = bce - (log_var + 1 - mean ^ 2 - log_var:exp()):sum() * 0.5
    loss:backward()
    near(loss:detach(), file.loss, tolerance / 10, "loss")
    local grads, after = part "grad", part "after"
    for name, p in net:named_parameters() do near(p.grad, grads[name], tolerance, "gradient of " .. name) end
    opt:step()
    for name, p in net:named_parameters() do near(p:detach(), after[name], tolerance, name .. " after the step") end
  end)
end

check.done()
