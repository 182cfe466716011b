--- Modules around layers that one call of a constructor cannot show; models_layers.py builds the same.
-- Receives the nnlua table, knows nothing about fixtures.
return function(nnlua)
  local nn, F, tensor = nnlua.nn, nnlua.F, nnlua.tensor
  local models = {}

  local function copy(options, more)
    local all = {}
    for k, v in pairs(options or {}) do all[k] = v end
    for k, v in pairs(more or {}) do all[k] = v end
    return all
  end

  --- A max pool with its places, and the way back.
  local Unpooled = nn.class "Unpooled"
  function Unpooled:init(n, kernel, stride, padding, sized)
    self.pool = nn[("MaxPool%dd"):format(n)](kernel, stride, padding, { return_indices = true })
    self.unpool = nn[("MaxUnpool%dd"):format(n)](kernel, stride, padding)
    self.sized = sized
  end
  function Unpooled:forward(x)
    local y, places = self.pool(x)
    return self.unpool(y * 2, places, self.sized and { x:size() } or nil)
  end
  models.unpooled = Unpooled

  --- A fractional pool whose random numbers come from outside.
  local Fractional = nn.class "Fractional"
  function Fractional:init(n, kernel, options)
    self.pool = nn[("FractionalMaxPool%dd"):format(n)](kernel, copy(options, { return_indices = true }))
  end
  function Fractional:forward(x, samples)
    self.pool._random_samples = samples
    return self.pool(x)
  end
  models.fractional = Fractional

  --- Batch normalisation that averages over two batches, then evaluates.
  local Cumulative = nn.class "Cumulative"
  function Cumulative:init(features) self.norm = nn.BatchNorm1d(features, { momentum = false }) end
  function Cumulative:forward(x)
    local first = self.norm(x)
    local second = self.norm(x * 2 + 1)
    self.norm:eval()
    return first + second * 2 + self.norm(x)
  end
  models.cumulative = Cumulative

  --- Bags of embeddings that begin at given places.
  local Bag = nn.class "Bag"
  function Bag:init(rows, width, offsets, options)
    self.bag = nn.EmbeddingBag(rows, width, options)
    self.offsets = offsets
  end
  function Bag:forward(x, weights)
    return self.bag(x, self.offsets and tensor(self.offsets, { dtype = "int64" }), weights)
  end
  models.bag = Bag

  --- Every container once.
  local Containers = nn.class "Containers"
  function Containers:init(width, depth, activation)
    local layers, scales = {}, {}
    for i = 1, depth do
      layers[i], scales[i] = nn.Linear(width, width), nn.Parameter(tensor.ones(width))
    end
    self.layers = nn.ModuleList(layers)
    self.choices = nn.ModuleDict { { "relu", nn.ReLU() }, { "tanh", nn.Tanh() } }
    self.scales = nn.ParameterList(scales)
    self.shifts = nn.ParameterDict { { "left", nn.Parameter(tensor.zeros(width)) },
      { "right", nn.Parameter(tensor.zeros(1)) } }
    self.head = nn.Sequential(nn.Identity(), nn.Sequential(nn.Unflatten(2, { width, 1 }), nn.Flatten()),
      nn.Linear(width, 2))
    self.activation = activation
  end
  function Containers:forward(x)
    for i, layer in ipairs(self.layers) do x = self.choices[self.activation](layer(x)) * self.scales[i] end
    return self.head(x + self.shifts.left * self.shifts.right)
  end
  models.containers = Containers

  function models.named_sequential(width, bias)
    return nn.Sequential { { "first", nn.Linear(width, 3, { bias = bias }) }, { "act", nn.Sigmoid() },
      { "last", nn.Linear(3, 2) } }
  end

  --- A lazy layer after its first call, which says nothing but sizes.
  local Lazy = nn.class "Lazy"
  function Lazy:init(name, shape, ...)
    self.layer = nn[name](...)
    self.layer(tensor.zeros(shape))
  end
  function Lazy:forward(x) return self.layer(x) end
  models.lazy = Lazy

  --- All that the adaptive softmax computes.
  local Adaptive = nn.class "Adaptive"
  function Adaptive:init(...) self.softmax = nn.AdaptiveLogSoftmaxWithLoss(...) end
  function Adaptive:forward(x, target)
    local output, loss = self.softmax(x, target)
    if x:dim() == 1 then return output, loss end
    return output, loss, self.softmax:log_prob(x)
  end
  models.adaptive = Adaptive

  --- F.interpolate as a module, so that options can be nothing.
  local Interpolated = nn.class "Interpolated"
  function Interpolated:init(options) self.options = options end
  function Interpolated:forward(x) return F.interpolate(x, self.options) end
  models.interpolated = Interpolated

  --- A layer whose weight is computed from others, in one of several ways.
  local Reparametrized = nn.class "Reparametrized"
  function Reparametrized:init(kind, layer, sizes, options)
    local utils, newer = nn.utils, nn.utils.parametrizations
    local make = { weight_norm = newer.weight_norm, spectral_norm = newer.spectral_norm,
      orthogonal = newer.orthogonal, old_weight_norm = utils.weight_norm, old_spectral_norm = utils.spectral_norm }
    self.layer = make[kind](nn[layer](table.unpack(sizes)), options)
  end
  function Reparametrized:forward(x) return self.layer(x) end
  models.reparametrized = Reparametrized

  return models
end
