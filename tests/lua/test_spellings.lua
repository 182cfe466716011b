-- Options as Keras, Torch7, scikit-learn and others call them: the error names ours.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"

local net = nn.Linear(2, 2)

-- Each: what is called with one option of another library, and the name that the error suggests.
local habits = {
  {"learning_rate", "lr", function(o) optim.Adam(net:parameters(), o) end},
  {"learningRate", "lr", function(o) optim.SGD(net:parameters(), o) end},
  {"alpha", "lr", function(o) optim.SGD(net:parameters(), o) end},
  {"weightDecay", "weight_decay", function(o) optim.SGD(net:parameters(), o) end},
  {"beta_1", "betas", function(o) optim.Adam(net:parameters(), o) end},
  {"momentum", "betas", function(o) optim.Adam(net:parameters(), o) end},
  {"epsilon", "eps", function(o) optim.AdamW(net:parameters(), o) end},
  {"n_epochs", "epochs", function(o) train.fit(net, {tensor.ones(1), tensor.ones(1)}, o) end},
  {"maxIteration", "epochs", function(o) train.fit(net, {tensor.ones(1), tensor.ones(1)}, o) end},
  {"criterion", "loss", function(o) train.fit(net, {tensor.ones(1), tensor.ones(1)}, o) end},
  {"validation_data", "val", function(o) train.fit(net, {tensor.ones(1), tensor.ones(1)}, o) end},
  {"verbose", "quiet", function(o) train.fit(net, {tensor.ones(1), tensor.ones(1)}, o) end},
  {"clipnorm", "clip_grad_norm", function(o) train.fit(net, {tensor.ones(1), tensor.ones(1)}, o) end},
  {"batchsize", "batch_size", function(o) data.DataLoader({tensor.ones(1)}, o) end},
  {"batchSize", "batch_size", function(o) data.DataLoader({tensor.ones(1)}, o) end},
  {"n_jobs", "num_workers", function(o) data.DataLoader({tensor.ones(1)}, o) end},
  {"filters", "out_channels", function(o) nn.Conv2d(1, o) end},
  {"kernel", "kernel_size", function(o) nn.Conv2d(1, 2, o) end},
  {"strides", "stride", function(o) nn.Conv2d(1, 2, 3, o) end},
  {"padW", "padding", function(o) nn.Conv2d(1, 2, 3, o) end},
  {"dilation_rate", "dilation", function(o) nn.Conv2d(1, 2, 3, o) end},
  {"use_bias", "bias", function(o) nn.Conv2d(1, 2, 3, o) end},
  {"units", "out_features", function(o) nn.Linear(3, o) end},
  {"nOutputPlane", "out_channels", function(o) nn.Conv2d(1, o) end},
  {"units", "hidden_size", function(o) nn.LSTM(3, o) end},
  {"n_layers", "num_layers", function(o) nn.LSTM(3, 4, o) end},
  {"rate", "p", function(o) nn.Dropout(o) end},
  {"output_dim", "embedding_dim", function(o) nn.Embedding(3, o) end},
  {"n_heads", "num_heads", function(o) nn.MultiheadAttention(8, o) end},
  {"alpha", "negative_slope", function(o) nn.LeakyReLU(o) end},
  {"pad", "padding", function(o) F.conv2d(tensor.ones(1, 1, 3, 3), tensor.ones(1, 1, 3, 3), o) end},
  {"rate", "p", function(o) F.dropout(tensor.ones(3), o) end},
}

check.test("an option that other libraries have is answered with ours", function()
  for _, one in ipairs(habits) do
    check.error(("unknown option '%s' (did you mean '%s'?)"):format(one[1], one[2]), one[3], {[one[1]] = 1})
  end
end)

check.test("what nobody says is answered with what there is", function()
  check.error("unknown option 'zzzz' (known: in_features, out_features, bias", nn.Linear, 1, 2, {zzzz = 1})
end)

check.done()
