--- Models and a training problem that cases refer to by name; models.py builds the same.
-- Receives the nnlua table, knows nothing about fixtures.
return function(nnlua)
  local nn, F, tensor = nnlua.nn, nnlua.F, nnlua.tensor
  local models = {}

  function models.mlp(inputs, hidden, classes)
    inputs, hidden, classes = inputs or 8, hidden or 16, classes or 4
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.Tanh(),
      nn.Linear(hidden, classes))
  end

  function models.small_cnn(...)
    --- Two convolutions with a normalisation between, pooled, one linear layer.
    local SmallCNN = nn.class "SmallCNN"
    function SmallCNN:init(channels, classes)
      channels, classes = channels or 4, classes or 5
      self.conv1 = nn.Conv2d(1, channels, 3, { padding = 1, bias = false })
      self.norm = nn.BatchNorm2d(channels)
      self.conv2 = nn.Conv2d(channels, 2 * channels, 3, { stride = 2, bias = false })
      self.head = nn.Linear(2 * channels, classes)
    end
    function SmallCNN:forward(x)
      x = F.max_pool2d(F.relu(self.norm(self.conv1(x))), 2)
      x = F.gelu(self.conv2(x))
      return self.head(x:mean { 3, 4 })
    end
    return SmallCNN(...)
  end

  function models.word_bag(...)
    --- Embeddings, averaged and normalised, one linear layer.
    local WordBag = nn.class "WordBag"
    function WordBag:init(words, width, classes)
      words, width, classes = words or 11, width or 6, classes or 3
      self.embedding = nn.Embedding(words, width, { padding_idx = 1 })
      self.norm = nn.LayerNorm(width)
      self.head = nn.Linear(width, classes)
    end
    function WordBag:forward(tokens) return self.head(self.norm(self.embedding(tokens):mean(2))) end
    return WordBag(...)
  end

  --- A recurrent layer on a padded batch of sequences with these lengths, by way of packing.
  function models.packed(kind, lengths, batch_first, sorted, total, inputs, hidden, options)
    local Packed = nn.class "Packed"
    local rnn = nn.utils.rnn
    function Packed:init()
      options = options or {}
      options.batch_first = batch_first
      self.rnn = nn[kind](inputs, hidden, options)
    end
    function Packed:forward(x, ...)
      local packed = rnn.pack_padded_sequence(x, lengths, batch_first, sorted)
      local y, state = self.rnn(packed, ...)
      local padded, n = rnn.pad_packed_sequence(y, batch_first, 0.5, total ~= false and total or nil)
      return padded, n, state
    end
    return Packed()
  end

  --- MultiheadAttention to itself, to one other tensor, or to two; without weights in the result.
  function models.attention_net(...)
    local AttentionNet = nn.class "AttentionNet"
    function AttentionNet:init(...) self.mha = nn.MultiheadAttention(...) end
    function AttentionNet:forward(x, key, value, ...)
      key = key or x
      return (self.mha(x, key, value or key, ...))
    end
    return AttentionNet(...)
  end

  --- The problem that optimisers are compared on.
  function models.regression_loss(x, y, w1, b1, w2)
    return ((tensor.tanh(x:matmul(w1) + b1):matmul(w2) - y) ^ 2):mean()
  end

  for name, builder in pairs(require "models_layers"(nnlua)) do models[name] = builder end
  return models
end
