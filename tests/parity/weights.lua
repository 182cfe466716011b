--- The layers of make_weights.py under the same names, made of the nnlua table.
return function(nn)
  local layers = {}
  for n = 1, 3 do
    local d = n .. "d"
    layers["conv" .. n] = function() return nn["Conv" .. d](4, 6, 3, { padding = 1, groups = 2 }) end
    layers["conv_transpose" .. n] = function()
      return nn["ConvTranspose" .. d](4, 6, 3, { stride = 2, groups = 2, output_padding = 1 })
    end
    layers["batch_norm" .. n] = function() return nn["BatchNorm" .. d](4) end
    layers["instance_norm" .. n] = function()
      return nn["InstanceNorm" .. d](4, { affine = true, track_running_stats = true })
    end
  end

  function layers.conv2_reflect()
    return nn.Conv2d(4, 2, 3, { padding = 2, dilation = 2, padding_mode = "reflect", bias = false })
  end
  function layers.linear() return nn.Linear(4, 3) end
  function layers.linear_plain() return nn.Linear(4, 3, { bias = false }) end
  function layers.bilinear() return nn.Bilinear(4, 4, 3) end
  function layers.layer_norm() return nn.LayerNorm { 6, 5 } end
  function layers.layer_norm_plain() return nn.LayerNorm(5, { bias = false }) end
  function layers.group_norm() return nn.GroupNorm(2, 4) end
  function layers.rms_norm() return nn.RMSNorm(5) end
  function layers.prelu() return nn.PReLU(4) end
  function layers.embedding() return nn.Embedding(7, 3, { padding_idx = 1 }) end
  function layers.embedding_bag() return nn.EmbeddingBag(7, 3, { mode = "sum" }) end
  function layers.rnn() return nn.RNN(4, 3, 2, { nonlinearity = "relu" }) end
  function layers.lstm() return nn.LSTM(4, 5, 2, { bidirectional = true }) end
  function layers.lstm_projected() return nn.LSTM(4, 5, { proj_size = 2, batch_first = true }) end
  function layers.gru() return nn.GRU(4, 3, { bias = false }) end
  function layers.rnn_cell() return nn.RNNCell(4, 3) end
  function layers.lstm_cell() return nn.LSTMCell(4, 3) end
  function layers.gru_cell() return nn.GRUCell(4, 3) end
  function layers.attention() return nn.MultiheadAttention(4, 2) end
  function layers.attention_wide() return nn.MultiheadAttention(4, 2, { kdim = 3, vdim = 5, batch_first = true }) end
  function layers.encoder()
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, { batch_first = true }), 2)
  end
  function layers.decoder()
    return nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, { norm_first = true }), 2)
  end
  function layers.transformer() return nn.Transformer(4, 2, 1, 1, 6) end
  function layers.stack()
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Sequential(nn.Linear(5, 2), nn.LayerNorm(2)))
  end
  function layers.spectral() return nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)) end
  function layers.weighted() return nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)) end
  return layers
end
