--- Well known networks, narrow, each with one training step; networks.py builds the same.
-- Receives the nnlua table and returns {name = {build, step}}; uses documented names only, knows nothing of fixtures.
return function(nnlua)
  local nn, F, tensor, optim = nnlua.nn, nnlua.F, nnlua.tensor, nnlua.optim

  local BasicBlock = nn.class "BasicBlock"
  function BasicBlock:init(channels, width, stride)
    self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, { bias = false })
    self.bn1 = nn.BatchNorm2d(width)
    self.conv2 = nn.Conv2d(width, width, 3, { padding = 1, bias = false })
    self.bn2 = nn.BatchNorm2d(width)
    if stride ~= 1 or channels ~= width then
      self.downsample = nn.Sequential(nn.Conv2d(channels, width, 1, stride, { bias = false }), nn.BatchNorm2d(width))
    end
  end
  function BasicBlock:forward(x)
    local y = F.relu(self.bn1(self.conv1(x)))
    y = self.bn2(self.conv2(y))
    return F.relu(y + (self.downsample and self.downsample(x) or x))
  end

  --- He et al. 2016.
  local ResNet18 = nn.class "ResNet18"
  function ResNet18:init(width, classes)
    width, classes = width or 4, classes or 5
    self.conv1 = nn.Conv2d(3, width, 7, 2, 3, { bias = false })
    self.bn1 = nn.BatchNorm2d(width)
    self.maxpool = nn.MaxPool2d(3, 2, 1)
    local channels = width
    for i = 1, 4 do
      local blocks = nn.Sequential()
      for k = 1, 2 do
        blocks:append(BasicBlock(channels, width << (i - 1), i > 1 and k == 1 and 2 or 1))
        channels = width << (i - 1)
      end
      self:add_module("layer" .. i, blocks)
    end
    self.avgpool = nn.AdaptiveAvgPool2d(1)
    self.fc = nn.Linear(channels, classes)
  end
  function ResNet18:forward(x)
    x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
    x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
    return self.fc(self.avgpool(x):flatten(2))
  end

  local DenseLayer = nn.class "DenseLayer"
  function DenseLayer:init(channels, growth, bottleneck)
    self.norm1 = nn.BatchNorm2d(channels)
    self.relu1 = nn.ReLU { inplace = true }
    self.conv1 = nn.Conv2d(channels, bottleneck * growth, 1, { bias = false })
    self.norm2 = nn.BatchNorm2d(bottleneck * growth)
    self.relu2 = nn.ReLU { inplace = true }
    self.conv2 = nn.Conv2d(bottleneck * growth, growth, 3, { padding = 1, bias = false })
  end
  function DenseLayer:forward(features)
    local x = self.conv1(self.relu1(self.norm1(tensor.cat(features, 2))))
    return self.conv2(self.relu2(self.norm2(x)))
  end

  local DenseBlock = nn.class("DenseBlock", nn.ModuleDict)
  function DenseBlock:init(layers, channels, growth, bottleneck)
    nn.ModuleDict.init(self)
    for i = 1, layers do
      self["denselayer" .. i] = DenseLayer(channels + (i - 1) * growth, growth, bottleneck)
    end
  end
  function DenseBlock:forward(x)
    local features = { x }
    for _, layer in self:items() do features[#features + 1] = layer(features) end
    return tensor.cat(features, 2)
  end

  --- Huang et al. 2017.
  local function densenet(growth, blocks, bottleneck, classes)
    growth, blocks, bottleneck, classes = growth or 3, blocks or { 2, 3, 2 }, bottleneck or 2, classes or 5
    local channels = 2 * growth
    local features = nn.Sequential { { "conv0", nn.Conv2d(3, channels, 3, { padding = 1, bias = false }) },
      { "norm0", nn.BatchNorm2d(channels) }, { "relu0", nn.ReLU() }, { "pool0", nn.MaxPool2d(2) } }
    for i, layers in ipairs(blocks) do
      features:add_module("denseblock" .. i, DenseBlock(layers, channels, growth, bottleneck))
      channels = channels + layers * growth
      if i < #blocks then
        features:add_module("transition" .. i, nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(),
          nn.Conv2d(channels, channels // 2, 1, { bias = false }), nn.AvgPool2d(2)))
        channels = channels // 2
      end
    end
    features:add_module("norm5", nn.BatchNorm2d(channels))
    return nn.Sequential { { "features", features }, { "relu", nn.ReLU() }, { "pool", nn.AdaptiveAvgPool2d(1) },
      { "flatten", nn.Flatten() }, { "classifier", nn.Linear(channels, classes) } }
  end

  local function double_conv(channels, width)
    return nn.Sequential(nn.Conv2d(channels, width, 3, { padding = 1, bias = false }), nn.BatchNorm2d(width), nn.ReLU(),
      nn.Conv2d(width, width, 3, { padding = 1, bias = false }), nn.BatchNorm2d(width), nn.ReLU())
  end

  --- Ronneberger et al. 2015; one way up by transposed convolution, the other by resampling.
  local UNet = nn.class "UNet"
  function UNet:init(width)
    width = width or 3
    self.down = nn.ModuleList { double_conv(1, width), double_conv(width, 2 * width) }
    self.bottom = double_conv(2 * width, 4 * width)
    self.up = nn.ModuleList { nn.ConvTranspose2d(4 * width, 2 * width, 2, { stride = 2 }),
      nn.Sequential(nn.Upsample { scale_factor = 2, mode = "bilinear", align_corners = false },
        nn.Conv2d(2 * width, width, 1)) }
    self.merge = nn.ModuleList { double_conv(4 * width, 2 * width), double_conv(2 * width, width) }
    self.head = nn.Conv2d(width, 1, 1)
  end
  function UNet:forward(x)
    local kept = {}
    for _, block in ipairs(self.down) do
      x = block(x)
      kept[#kept + 1] = x
      x = F.max_pool2d(x, 2)
    end
    x = self.bottom(x)
    for i, up in ipairs(self.up) do x = self.merge[i](tensor.cat({ table.remove(kept), up(x) }, 2)) end
    return self.head(x)
  end

  --- Radford et al. 2016.
  local DCGAN = nn.class "DCGAN"
  function DCGAN:init(noise, width)
    noise, width = noise or 4, width or 3
    local function up(from, to) return nn.ConvTranspose2d(from, to, 4, 2, 1, { bias = false }) end
    self.generator = nn.Sequential(
      nn.ConvTranspose2d(noise, 2 * width, 4, 1, 0, { bias = false }), nn.BatchNorm2d(2 * width), nn.ReLU(true),
      up(2 * width, width), nn.BatchNorm2d(width), nn.ReLU(true), up(width, 1), nn.Tanh())
    self.discriminator = nn.Sequential(
      nn.Conv2d(1, width, 4, 2, 1, { bias = false }), nn.LeakyReLU(0.2, { inplace = true }),
      nn.Conv2d(width, 2 * width, 4, 2, 1, { bias = false }), nn.BatchNorm2d(2 * width),
      nn.LeakyReLU(0.2, { inplace = true }), nn.Conv2d(2 * width, 1, 4, 1, 0, { bias = false }), nn.Sigmoid())
  end

  --- A bidirectional LSTM over sentences of different lengths (Huang et al. 2015, without its last layer).
  local Tagger = nn.class "Tagger"
  function Tagger:init(words, width, hidden, tags)
    words, width, hidden, tags = words or 20, width or 6, hidden or 5, tags or 4
    self.embedding = nn.Embedding(words, width)
    self.lstm = nn.LSTM(width, hidden, 2, { batch_first = true, bidirectional = true })
    self.head = nn.Linear(2 * hidden, tags)
  end
  function Tagger:forward(x)
    local rnn = nn.utils.rnn
    local packed = rnn.pack_padded_sequence(self.embedding(x), { 7, 3, 5, 6 },
      { batch_first = true, enforce_sorted = false })
    return self.head((rnn.pad_packed_sequence((self.lstm(packed)), { batch_first = true })))
  end

  --- An encoder-decoder Transformer on words (Vaswani et al. 2017).
  local Translator = nn.class "Translator"
  function Translator:init(words, width, heads)
    words, width, heads = words or 11, width or 8, heads or 2
    self.source, self.target = nn.Embedding(words, width), nn.Embedding(words, width)
    self.place = nn.SinusoidalPositionalEncoding(width, { batch_first = true })
    self.transformer = nn.Transformer(width, heads, 2, 2, 16, { dropout = 0.0, batch_first = true })
    self.head = nn.Linear(width, words)
  end
  function Translator:forward(source, target)
    return self.head(self.transformer(self.place(self.source(source)), self.place(self.target(target)),
      { tgt_is_causal = true }))
  end

  local function learn(opt, loss)
    local first = loss()
    opt:zero_grad()
    first:backward()
    opt:step()
    return first, loss()
  end

  local function classify(model, x, y)
    local opt = optim.SGD(model:parameters(), { lr = 0.05, momentum = 0.9, weight_decay = 1e-3 })
    return learn(opt, function() return F.cross_entropy(model(x), y) end)
  end

  local function segment(model, x, y)
    local opt = optim.AdamW(model:parameters(), { lr = 0.01, eps = 1e-3 })
    return learn(opt, function() return F.binary_cross_entropy_with_logits(model(x), y) end)
  end

  local function tag(model, x, y)
    local opt = optim.SGD(model:parameters(), { lr = 0.5, momentum = 0.9 })
    return learn(opt, function() return F.cross_entropy(model(x):flatten(1, 2), y:flatten()) end)
  end

  --- Each word of the target from those in front of it.
  local function translate(model, source, target)
    local opt = optim.AdamW(model:parameters(), { lr = 0.01, eps = 1e-3 })
    local length = target:size(2) - 1
    local given, wanted = target:narrow(2, 1, length), target:narrow(2, 2, length)
    return learn(opt, function() return F.cross_entropy(model(source, given):flatten(1, 2), wanted:flatten()) end)
  end

  --- A step of the discriminator, then one of the generator; its gradients in the discriminator are left as they are.
  local function play(model, real, noise)
    local opt_d = optim.SGD(model.discriminator:parameters(), { lr = 0.1 })
    local opt_g = optim.SGD(model.generator:parameters(), { lr = 0.1 })
    local fake = model.generator(noise)
    local on_real = model.discriminator(real):flatten()
    local on_fake = model.discriminator(fake:detach()):flatten()
    local loss_d = F.binary_cross_entropy(on_real, tensor.ones_like(on_real))
      + F.binary_cross_entropy(on_fake, tensor.zeros_like(on_fake))
    opt_d:zero_grad()
    loss_d:backward()
    opt_d:step()
    local judged = model.discriminator(fake):flatten()
    local loss_g = F.binary_cross_entropy(judged, tensor.ones_like(judged))
    opt_g:zero_grad()
    loss_g:backward()
    opt_g:step()
    local again = model.discriminator(model.generator(noise)):flatten()
    return loss_d, loss_g, F.binary_cross_entropy(again, tensor.ones_like(judged))
  end

  return {
    resnet18 = { build = ResNet18, step = classify },
    densenet = { build = densenet, step = classify },
    unet = { build = UNet, step = segment },
    dcgan = { build = DCGAN, step = play },
    tagger = { build = Tagger, step = tag },
    translator = { build = Translator, step = translate },
  }
end
