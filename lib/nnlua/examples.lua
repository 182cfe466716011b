-- Examples of names whose comment in the source has none, by full name: Lua lines; a line "--> text" holds what the
-- line before prints. Data only; a test runs all of them.

return {
  ["F.adaptive_max_pool1d_with_indices"] = [[
F.adaptive_max_pool1d_with_indices(tensor{{1, 5, 3, 2}}, 1)
--> {{5}}	{{2}}]],
  ["F.adaptive_max_pool2d_with_indices"] = [[
F.adaptive_max_pool2d_with_indices(tensor{{{1, 5}, {3, 2}}}, 1)
--> {{{5}}}	{{{2}}}]],
  ["F.adaptive_max_pool3d_with_indices"] = [[
F.adaptive_max_pool3d_with_indices(tensor{{{{1, 5}, {3, 2}}}}, 1)
--> {{{{5}}}}	{{{{2}}}}]],
  ["F.bilinear"] = [[
F.bilinear(tensor{{1, 2}}, tensor{{3, 4}}, tensor{{{1, 0}, {0, 1}}})
--> {{11}}]],
  ["F.celu"] = [[
F.celu(tensor{-1, 2})
--> {-0.6321, 2}]],
  ["F.cosine_embedding_loss"] = [[
F.cosine_embedding_loss(tensor{{1, 0}}, tensor{{0, 1}}, tensor{1})
--> 1]],
  ["F.cosine_similarity"] = [[
F.cosine_similarity(tensor{{1, 0}}, tensor{{1, 1}})
--> {0.7071}]],
  ["F.gaussian_nll_loss"] = [[
F.gaussian_nll_loss(tensor{0}, tensor{2}, tensor{1})
--> 2]],
  ["F.glu"] = [[
F.glu(tensor{{1, 2, 0, 0}})
--> {{0.5, 1}}]],
  ["F.hardshrink"] = [[
F.hardshrink(tensor{-1, 0.3, 1})
--> {-1, 0, 1}]],
  ["F.hinge_embedding_loss"] = [[
F.hinge_embedding_loss(tensor{0.5, 0.25}, tensor{1, -1}, {reduction = "none"})
--> {0.5, 0.75}]],
  ["F.margin_ranking_loss"] = [[
F.margin_ranking_loss(tensor{1, 2}, tensor{2, 1}, tensor{1, 1}, {reduction = "none"})
--> {1, 0}]],
  ["F.max_pool1d_with_indices"] = [[
F.max_pool1d_with_indices(tensor{{1, 5, 3, 2}}, 2)
--> {{5, 3}}	{{2, 3}}]],
  ["F.max_pool2d_with_indices"] = [[
F.max_pool2d_with_indices(tensor{{{1, 5}, {3, 2}}}, 2)
--> {{{5}}}	{{{2}}}]],
  ["F.max_pool3d_with_indices"] = [[
F.max_pool3d_with_indices(tensor{{{{1, 5}, {3, 2}}}}, {1, 2, 2})
--> {{{{5}}}}	{{{{2}}}}]],
  ["F.normalize"] = [[
F.normalize(tensor{{3, 4}})
--> {{0.6, 0.8}}]],
  ["F.pairwise_distance"] = [[
F.pairwise_distance(tensor{{0, 0}}, tensor{{3, 4}})
--> {5}]],
  ["F.poisson_nll_loss"] = [[
F.poisson_nll_loss(tensor{0}, tensor{2})
--> 1]],
  ["F.prelu"] = [[
F.prelu(tensor{-2, 3}, tensor{0.25})
--> {-0.5, 3}]],
  ["F.rrelu"] = [[
F.rrelu(tensor{-1, 2}, 0.5, 0.5)
--> {-0.5, 2}]],
  ["F.soft_margin_loss"] = [[
F.soft_margin_loss(tensor{0}, tensor{1})
--> 0.6931472]],
  ["F.softmin"] = [[
F.softmin(tensor{0, 0}, 1)
--> {0.5, 0.5}]],
  ["F.softshrink"] = [[
F.softshrink(tensor{-2, 0.3, 2})
--> {-1.5, 0, 1.5}]],
  ["F.triplet_margin_loss"] = [[
F.triplet_margin_loss(tensor{{0, 0}}, tensor{{0, 1}}, tensor{{0, 4}}, {margin = 5})
--> 2]],
  ["nn.BCELoss"] = [[
nn.BCELoss()(tensor{0.5}, tensor{1})
--> 0.6931472]],
  ["nn.BCEWithLogitsLoss"] = [[
nn.BCEWithLogitsLoss()(tensor{0}, tensor{1})
--> 0.6931472]],
  ["nn.BatchNorm1d"] = [[
nn.BatchNorm1d(1)(tensor{{1}, {3}}):detach()
--> {{-1}, {1}}]],
  ["nn.BatchNorm2d"] = [[
nn.BatchNorm2d(3)(tensor.randn(2, 3, 4, 4)).shape
--> {2, 3, 4, 4}]],
  ["nn.Bilinear"] = [[
nn.Bilinear(2, 3, 4)(tensor.ones(5, 2), tensor.ones(5, 3)).shape
--> {5, 4}]],
  ["nn.CELU"] = [[
nn.CELU()(tensor{-1, 2})
--> {-0.6321, 2}]],
  ["nn.CTCLoss"] = [[
local log_probs = tensor.randn(6, 1, 4):log_softmax(3)
nn.CTCLoss()(log_probs, tensor{{2, 3}}, {6}, {2}):dim()
--> 0]],
  ["nn.CosineEmbeddingLoss"] = [[
nn.CosineEmbeddingLoss()(tensor{{1, 0}}, tensor{{1, 0}}, tensor{1})
--> 0]],
  ["nn.CrossEntropyLoss"] = [[
nn.CrossEntropyLoss()(tensor{{0, 0}}, tensor{1})
--> 0.6931472]],
  ["nn.DiceLoss"] = [[
nn.DiceLoss({from_logits = false})(tensor{{{1, 1, 0}}}, tensor{{{1, 1, 0}}})
--> 0]],
  ["nn.ELU"] = [[
nn.ELU()(tensor{-1, 2})
--> {-0.6321, 2}]],
  ["nn.Flatten"] = [[
nn.Flatten()(tensor.zeros(2, 3, 4)).shape
--> {2, 12}]],
  ["nn.FocalLoss"] = [[
nn.FocalLoss({gamma = 0})(tensor{{0, 0}}, tensor{1})
--> 0.6931472]],
  ["nn.GELU"] = [[
nn.GELU()(tensor{0, 2})
--> {0, 1.9545}]],
  ["nn.GLU"] = [[
nn.GLU()(tensor{{4, 2, 0, 0}})
--> {{2, 1}}]],
  ["nn.GRU"] = [[
local y, h = nn.GRU(3, 5)(tensor.randn(7, 2, 3))
print(y.shape, h.shape)
--> {7, 2, 5}	{1, 2, 5}]],
  ["nn.GRUCell"] = [[
nn.GRUCell(3, 5)(tensor.randn(2, 3), tensor.zeros(2, 5)).shape
--> {2, 5}]],
  ["nn.GaussianNLLLoss"] = [[
nn.GaussianNLLLoss()(tensor{0}, tensor{2}, tensor{1})
--> 2]],
  ["nn.GroupNorm"] = [[
nn.GroupNorm(2, 4)(tensor.randn(1, 4, 3)).shape
--> {1, 4, 3}]],
  ["nn.Hardshrink"] = [[
nn.Hardshrink()(tensor{-1, 0.3, 1})
--> {-1, 0, 1}]],
  ["nn.Hardsigmoid"] = [[
nn.Hardsigmoid()(tensor{-4, 0, 4})
--> {0, 0.5, 1}]],
  ["nn.Hardswish"] = [[
nn.Hardswish()(tensor{-4, 0, 4})
--> {0, 0, 4}]],
  ["nn.Hardtanh"] = [[
nn.Hardtanh()(tensor{-4, 0.5, 4})
--> {-1, 0.5, 1}]],
  ["nn.HingeEmbeddingLoss"] = [[
nn.HingeEmbeddingLoss()(tensor{0.5}, tensor{1})
--> 0.5]],
  ["nn.HuberLoss"] = [[
nn.HuberLoss()(tensor{0}, tensor{3})
--> 2.5]],
  ["nn.Identity"] = [[
nn.Identity()(tensor{1, 2})
--> {1, 2}]],
  ["nn.KLDivLoss"] = [[
nn.KLDivLoss({reduction = "sum"})(tensor{0.5, 0.5}:log(), tensor{1, 0})
--> 0.6931472]],
  ["nn.KVCache"] = [[
local attention, cache = nn.MultiheadAttention(8, 2, {batch_first = true}), nn.KVCache()
for _ = 1, 3 do
  local x = tensor.randn(1, 1, 8)
  attention(x, x, x, {is_causal = true, cache = cache})
end
cache:length()
--> 3]],
  ["nn.L1Loss"] = [[
nn.L1Loss()(tensor{1, 2}, tensor{1, 4})
--> 1]],
  ["nn.LSTM"] = [[
local y, state = nn.LSTM(3, 5, {batch_first = true})(tensor.randn(2, 7, 3))
print(y.shape, state[1].shape, state[2].shape)
--> {2, 7, 5}	{1, 2, 5}	{1, 2, 5}]],
  ["nn.LSTMCell"] = [[
local h, c = nn.LSTMCell(3, 5)(tensor.randn(2, 3))
print(h.shape, c.shape)
--> {2, 5}	{2, 5}]],
  ["nn.Lambda"] = [[
nn.Lambda(function(x) return x * 2 end)(tensor{1, 2})
--> {2, 4}]],
  ["nn.LayerNorm"] = [[
nn.LayerNorm(2)(tensor{{1, 3}}):detach()
--> {{-1, 1}}]],
  ["nn.LeakyReLU"] = [[
nn.LeakyReLU(0.1)(tensor{-1, 2})
--> {-0.1, 2}]],
  ["nn.LearnedPositionalEncoding"] = [[
nn.LearnedPositionalEncoding(10, 8, {batch_first = true})(tensor.randn(2, 5, 8)).shape
--> {2, 5, 8}]],
  ["nn.Linear"] = [[
local layer = nn.Linear(2, 3)
print(layer(tensor.ones(5, 2)).shape, layer.weight.shape)
--> {5, 3}	{3, 2}]],
  ["nn.LinearCrossEntropyLoss"] = [[
local loss = nn.LinearCrossEntropyLoss(4, 3)
loss(tensor.randn(2, 4), tensor{1, 3}):dim()
--> 0]],
  ["nn.LogSigmoid"] = [[
nn.LogSigmoid()(tensor{0})
--> {-0.6931}]],
  ["nn.LogSoftmax"] = [[
nn.LogSoftmax(1)(tensor{0, 0})
--> {-0.6931, -0.6931}]],
  ["nn.MSELoss"] = [[
nn.MSELoss()(tensor{1, 2}, tensor{1, 4})
--> 2]],
  ["nn.MarginRankingLoss"] = [[
nn.MarginRankingLoss()(tensor{1}, tensor{3}, tensor{1})
--> 2]],
  ["nn.Mish"] = [[
nn.Mish()(tensor{0, 2})
--> {0, 1.944}]],
  ["nn.Module"] = [[
local Double = nn.class("Double")
function Double:forward(x) return x * 2 end
nn.is(Double(), nn.Module)
--> true]],
  ["nn.ModuleDict"] = [[
local heads = nn.ModuleDict({{"small", nn.Linear(2, 1)}, {"large", nn.Linear(2, 9)}})
heads.large(tensor.ones(1, 2)).shape
--> {1, 9}]],
  ["nn.ModuleList"] = [[
local layers = nn.ModuleList({nn.Linear(2, 3), nn.Linear(3, 4)})
local x = tensor.ones(1, 2)
for _, layer in ipairs(layers) do x = layer(x) end
print(x.shape, #layers)
--> {1, 4}	2]],
  ["nn.MultiLabelMarginLoss"] = [[
nn.MultiLabelMarginLoss()(tensor{{0.1, 0.2, 0.4, 0.8}}, tensor{{4, 1, -1, 2}})
--> 0.85]],
  ["nn.MultiLabelSoftMarginLoss"] = [[
nn.MultiLabelSoftMarginLoss()(tensor{{0, 0}}, tensor{{1, 0}})
--> 0.6931472]],
  ["nn.MultiMarginLoss"] = [[
nn.MultiMarginLoss()(tensor{{0.1, 0.2, 0.7}}, tensor{3})
--> 0.3]],
  ["nn.MultiheadAttention"] = [[
local attention = nn.MultiheadAttention(8, 2, {batch_first = true})
local x = tensor.randn(1, 5, 8)
local y, weights = attention(x, x, x)
print(y.shape, weights.shape)
--> {1, 5, 8}	{1, 5, 5}]],
  ["nn.NLLLoss"] = [[
nn.NLLLoss()(tensor{{-1, -2}}, tensor{2})
--> 2]],
  ["nn.NLLLoss2d"] = [[
nn.NLLLoss2d()(tensor.zeros(1, 3, 2, 2), tensor.ones(1, 2, 2))
--> 0]],
  ["nn.PReLU"] = [[
nn.PReLU()(tensor{-4, 2}):detach()
--> {-1, 2}]],
  ["nn.Parameter"] = [[
nn.Parameter(tensor{1, 2}).requires_grad
--> true]],
  ["nn.ParameterDict"] = [[
local weights = nn.ParameterDict({{"left", nn.Parameter(tensor{1})}, {"right", nn.Parameter(tensor{2})}})
weights.right:detach()
--> {2}]],
  ["nn.ParameterList"] = [[
#nn.ParameterList({nn.Parameter(tensor{1}), nn.Parameter(tensor{2})})
--> 2]],
  ["nn.PoissonNLLLoss"] = [[
nn.PoissonNLLLoss()(tensor{0}, tensor{2})
--> 1]],
  ["nn.RMSNorm"] = [[
nn.RMSNorm(2)(tensor{{3, 3}}):detach()
--> {{1, 1}}]],
  ["nn.RNN"] = [[
local y, h = nn.RNN(3, 5, {bidirectional = true})(tensor.randn(7, 2, 3))
print(y.shape, h.shape)
--> {7, 2, 10}	{2, 2, 5}]],
  ["nn.RNNCell"] = [[
nn.RNNCell(3, 5)(tensor.randn(2, 3)).shape
--> {2, 5}]],
  ["nn.RReLU"] = [[
nn.RReLU(0.5, 0.5):eval()(tensor{-1, 2})
--> {-0.5, 2}]],
  ["nn.ReLU"] = [[
nn.ReLU()(tensor{-1, 2})
--> {0, 2}]],
  ["nn.ReLU6"] = [[
nn.ReLU6()(tensor{-1, 2, 9})
--> {0, 2, 6}]],
  ["nn.RelativePositionBias"] = [[
nn.RelativePositionBias(2)(5, 5).shape
--> {1, 2, 5, 5}]],
  ["nn.RotaryEmbedding"] = [[
nn.RotaryEmbedding(4)(tensor.randn(1, 2, 5, 4)).shape
--> {1, 2, 5, 4}]],
  ["nn.SELU"] = [[
nn.SELU()(tensor{-1, 2})
--> {-1.1113, 2.1014}]],
  ["nn.Sequential"] = [[
local net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
print(net(tensor.ones(3, 2)).shape, #net, net[2])
--> {3, 1}	3	ReLU()]],
  ["nn.SiLU"] = [[
nn.SiLU()(tensor{0, 2})
--> {0, 1.7616}]],
  ["nn.Sigmoid"] = [[
nn.Sigmoid()(tensor{0, 2})
--> {0.5, 0.8808}]],
  ["nn.SinusoidalPositionalEncoding"] = [[
nn.SinusoidalPositionalEncoding(4)(tensor.zeros(1, 1, 4)):reshape(-1)
--> {0, 1, 0, 1}]],
  ["nn.SmoothL1Loss"] = [[
nn.SmoothL1Loss()(tensor{0}, tensor{3})
--> 2.5]],
  ["nn.SoftMarginLoss"] = [[
nn.SoftMarginLoss()(tensor{0}, tensor{1})
--> 0.6931472]],
  ["nn.Softmax"] = [[
nn.Softmax(1)(tensor{0, 0})
--> {0.5, 0.5}]],
  ["nn.Softmax2d"] = [[
nn.Softmax2d()(tensor.zeros(1, 2, 1, 1)):reshape(-1)
--> {0.5, 0.5}]],
  ["nn.Softmin"] = [[
nn.Softmin(1)(tensor{0, 0})
--> {0.5, 0.5}]],
  ["nn.Softplus"] = [[
nn.Softplus()(tensor{0, 2})
--> {0.6931, 2.1269}]],
  ["nn.Softshrink"] = [[
nn.Softshrink()(tensor{-2, 0.3, 2})
--> {-1.5, 0, 1.5}]],
  ["nn.Softsign"] = [[
nn.Softsign()(tensor{-1, 3})
--> {-0.5, 0.75}]],
  ["nn.Tanh"] = [[
nn.Tanh()(tensor{0, 2})
--> {0, 0.964}]],
  ["nn.Tanhshrink"] = [[
nn.Tanhshrink()(tensor{0, 2})
--> {0, 1.036}]],
  ["nn.Threshold"] = [[
nn.Threshold(1, 0)(tensor{0.5, 2})
--> {0, 2}]],
  ["nn.Transformer"] = [[
local net = nn.Transformer(8, 2, 1, 1, 16)
net(tensor.randn(5, 1, 8), tensor.randn(3, 1, 8)).shape
--> {3, 1, 8}]],
  ["nn.TransformerDecoder"] = [[
local decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)
decoder(tensor.randn(3, 1, 8), tensor.randn(5, 1, 8)).shape
--> {3, 1, 8}]],
  ["nn.TransformerDecoderLayer"] = [[
nn.TransformerDecoderLayer(8, 2, 16)(tensor.randn(3, 1, 8), tensor.randn(5, 1, 8)).shape
--> {3, 1, 8}]],
  ["nn.TransformerEncoder"] = [[
local encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
encoder(tensor.randn(5, 1, 8)).shape
--> {5, 1, 8}]],
  ["nn.TransformerEncoderLayer"] = [[
nn.TransformerEncoderLayer(8, 2, 16)(tensor.randn(5, 1, 8)).shape
--> {5, 1, 8}]],
  ["nn.TripletMarginLoss"] = [[
nn.TripletMarginLoss({margin = 5})(tensor{{0, 0}}, tensor{{0, 1}}, tensor{{0, 4}})
--> 2]],
  ["nn.TripletMarginWithDistanceLoss"] = [[
local function city(a, b) return (a - b):abs():sum(-1) end
nn.TripletMarginWithDistanceLoss({distance_function = city})(tensor{{0, 0}}, tensor{{1, 1}}, tensor{{2, 0}})
--> 1]],
  ["nn.Unflatten"] = [[
nn.Unflatten(2, {3, 4})(tensor.zeros(2, 12)).shape
--> {2, 3, 4}]],
  ["nn.class"] = [[
local Scale = nn.class("Scale")
function Scale:init(factor) self.factor = nn.Parameter(tensor{factor}) end
function Scale:forward(x) return x * self.factor end
Scale(3)(tensor{1, 2}):detach()
--> {3, 6}]],
  ["nn.init.calculate_fan_in_and_fan_out"] = [[
nn.init.calculate_fan_in_and_fan_out(tensor.zeros(4, 3, 2, 2))
--> 12	16]],
  ["nn.init.calculate_gain"] = [[
nn.init.calculate_gain("leaky_relu", 1)
--> 1.0]],
  ["nn.init.constant_"] = [[
nn.init.constant_(tensor.zeros(2), 0.5)
--> {0.5, 0.5}]],
  ["nn.init.dirac_"] = [[
local w = nn.init.dirac_(tensor.zeros(1, 1, 3))
F.conv1d(tensor{{{1, 2, 3}}}, w, nil, {padding = 1})
--> {{{1, 2, 3}}}]],
  ["nn.init.eye_"] = [[
nn.init.eye_(tensor.zeros(2, 3))
--> {{1, 0, 0}, {0, 1, 0}}]],
  ["nn.init.kaiming_normal_"] = [[
nn.init.kaiming_normal_(tensor.zeros(100, 50), {nonlinearity = "relu"}).shape
--> {100, 50}]],
  ["nn.init.kaiming_uniform_"] = [[
local w = nn.init.kaiming_uniform_(tensor.zeros(10, 6), {a = math.sqrt(5)})
w:abs():max():item() <= 1 / math.sqrt(6)
--> true]],
  ["nn.init.normal_"] = [[
nn.init.normal_(tensor.zeros(3), 5, 0)
--> {5, 5, 5}]],
  ["nn.init.ones_"] = [[
nn.init.ones_(tensor.zeros(2))
--> {1, 1}]],
  ["nn.init.orthogonal_"] = [[
local q = nn.init.orthogonal_(tensor.zeros(3, 3))
q:matmul(q:t()):allclose(tensor.eye(3), 1e-5, 1e-6)
--> true]],
  ["nn.init.sparse_"] = [[
nn.init.sparse_(tensor.zeros(10, 4), 0.3):eq(0):sum(1)
--> {3, 3, 3, 3}]],
  ["nn.init.trunc_normal_"] = [[
nn.init.trunc_normal_(tensor.zeros(1000)):abs():max():item() <= 2
--> true]],
  ["nn.init.uniform_"] = [[
local w = nn.init.uniform_(tensor.zeros(1000), -1, 1)
w:min():item() >= -1 and w:max():item() < 1
--> true]],
  ["nn.init.xavier_normal_"] = [[
nn.init.xavier_normal_(tensor.zeros(4, 3)).shape
--> {4, 3}]],
  ["nn.init.xavier_uniform_"] = [[
nn.init.xavier_uniform_(tensor.zeros(3, 3)):abs():max():item() <= 1
--> true]],
  ["nn.init.zeros_"] = [[
nn.init.zeros_(tensor.ones(2))
--> {0, 0}]],
  ["nn.is"] = [[
local layer = nn.Linear(2, 3)
print(nn.is(layer, nn.Linear), nn.is(layer, nn.Conv2d), nn.is(layer.weight, nn.Parameter))
--> true	false	true]],
  ["nn.load"] = [[
local path = os.tmpname()
nn.save(path, {step = 3, weights = tensor{1, 2}})
local saved = nn.load(path)
os.remove(path)
print(saved.step, saved.weights)
--> 3	{1, 2}]],
  ["nn.save"] = [[
local net, path = nn.Linear(2, 3), os.tmpname()
nn.save(path, net)
local other = nn.Linear(2, 3)
other:load_state_dict(nn.load(path))
os.remove(path)
other.weight:equal(net.weight)
--> true]],
  ["nn.utils.rnn.PackedSequence"] = [[
local packed = nn.utils.rnn.pack_sequence({tensor{1, 2, 3}, tensor{4}})
print(packed.data, packed.batch_sizes)
--> {1, 4, 2, 3}	{2, 1, 1}]],
  ["nn.utils.rnn.invert_permutation"] = [[
nn.utils.rnn.invert_permutation(tensor{2, 3, 1})
--> {3, 1, 2}]],
  ["nn.utils.rnn.is_packed"] = [[
nn.utils.rnn.is_packed(tensor{1})
--> false]],
  ["nn.utils.rnn.pack_padded_sequence"] = [[
local packed = nn.utils.rnn.pack_padded_sequence(tensor{{1, 2, 3}, {4, 0, 0}}, {3, 1}, {batch_first = true})
print(packed.data)
--> {1, 4, 2, 3}]],
  ["nn.utils.rnn.pack_sequence"] = [[
nn.utils.rnn.pack_sequence({tensor{1, 2}, tensor{3}}).data
--> {1, 3, 2}]],
  ["nn.utils.rnn.pad_packed_sequence"] = [[
local packed = nn.utils.rnn.pack_sequence({tensor{1, 2}, tensor{3}})
nn.utils.rnn.pad_packed_sequence(packed, {batch_first = true})
--> {{1, 2}, {3, 0}}	{2, 1}]],
  ["nn.utils.rnn.pad_sequence"] = [[
nn.utils.rnn.pad_sequence({tensor{1, 2}, tensor{3}}, {batch_first = true})
--> {{1, 2}, {3, 0}}]],
  ["nn.utils.rnn.unpack_sequence"] = [[
local packed = nn.utils.rnn.pack_sequence({tensor{1, 2}, tensor{3}})
nn.utils.rnn.unpack_sequence(packed)[1]
--> {1, 2}]],
  ["nn.utils.rnn.unpad_sequence"] = [[
nn.utils.rnn.unpad_sequence(tensor{{1, 2}, {3, 0}}, {2, 1}, {batch_first = true})[2]
--> {3}]],
  ["nnlua.catch_interrupt"] = [[
nnlua.catch_interrupt(function() return 42 end)
--> false	42]],
  ["nnlua.clock"] = [[
local start = nnlua.clock()
nnlua.clock() >= start
--> true]],
  ["nnlua.machine"] = [[
nnlua.machine().cores >= 1
--> true]],
  ["nnlua.memory"] = [[
local in_use, peak = nnlua.memory()
in_use <= peak
--> true]],
  ["nnlua.memory_limit"] = [[
nnlua.memory_limit(1e6)
local ok = pcall(tensor.zeros, 1000, 1000)
nnlua.memory_limit(0)
print(ok)
--> false]],
  ["nnlua.threads"] = [[
nnlua.threads() >= 1
--> true]],
  ["nnlua.version"] = [[
type(nnlua.version)
--> string]],
  ["optim.ASGD"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.ASGD({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {-5e-05, -0.0001}]],
  ["optim.Adadelta"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.Adadelta({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0.9984, 1.9984}]],
  ["optim.Adagrad"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.Adagrad({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0.5, 1.5}]],
  ["optim.Adam"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.Adam({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0.5, 1.5}]],
  ["optim.AdamW"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.AdamW({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0.495, 1.49}]],
  ["optim.NAdam"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.NAdam({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0.4718, 1.4718}]],
  ["optim.Optimizer"] = [[
local opt = optim.SGD({nn.Parameter(tensor{1})}, {lr = 0.5})
opt.param_groups[1].lr
--> 0.5]],
  ["optim.RAdam"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.RAdam({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0, 0}]],
  ["optim.RMSprop"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.RMSprop({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {-4, -3}]],
  ["optim.Rprop"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.Rprop({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0.5, 1.5}]],
  ["optim.SGD"] = [[
local w = nn.Parameter(tensor{1, 2})
local opt = optim.SGD({w}, {lr = 0.5})
w:square():sum():backward()
opt:step()
w:detach()
--> {0, 0}]],
  ["optim.lr_scheduler.LRScheduler"] = [[
local opt = optim.SGD({nn.Parameter(tensor{1})}, {lr = 1})
getmetatable(getmetatable(optim.lr_scheduler.StepLR(opt, 3))).__index == optim.lr_scheduler.LRScheduler
--> true]],
  ["optim.lr_scheduler.class"] = [[
local Halving = optim.lr_scheduler.class("Halving", "optimizer:any, last_epoch:int=-1")
function Halving:get_lr() return {self.base_lrs[1] / (1 + self.last_epoch)} end
local schedule = Halving(optim.SGD({nn.Parameter(tensor{1})}, {lr = 1}))
schedule:step()
schedule:get_last_lr()[1]
--> 0.5]],
  ["plot.activations"] = [[
local path = os.tmpname() .. ".svg"
plot.activations(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), tensor.rand(1, 4), {file = path})
os.remove(path)
--> true]],
  ["plot.bar"] = [[
local path = os.tmpname() .. ".svg"
plot.bar({cat = 3, dog = 5}, {file = path})
os.remove(path)
--> true]],
  ["plot.confusion"] = [[
local path = os.tmpname() .. ".svg"
plot.confusion(tensor{1, 2, 2}, tensor{1, 2, 1}, {file = path})
os.remove(path)
--> true]],
  ["plot.feature_maps"] = [[
local path = os.tmpname() .. ".svg"
plot.feature_maps(nn.Sequential(nn.Conv2d(1, 2, 3)), tensor.rand(1, 1, 8, 8), "[1]", {file = path})
os.remove(path)
--> true]],
  ["plot.gradients"] = [[
local path = os.tmpname() .. ".svg"
local net = nn.Linear(4, 3)
net(tensor.ones(1, 4)):sum():backward()
plot.gradients(net, {file = path})
os.remove(path)
--> true]],
  ["plot.graph"] = [[
local path = os.tmpname() .. ".svg"
plot.graph(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), tensor.rand(1, 4), {file = path})
os.remove(path)
--> true]],
  ["plot.heatmap"] = [[
local path = os.tmpname() .. ".svg"
plot.heatmap(tensor.randn(3, 4), {file = path})
os.remove(path)
--> true]],
  ["plot.hist"] = [[
local path = os.tmpname() .. ".svg"
plot.hist(tensor.randn(100), {file = path})
os.remove(path)
--> true]],
  ["plot.image"] = [[
local path = os.tmpname() .. ".svg"
plot.image(tensor.rand(8, 8), {file = path})
os.remove(path)
--> true]],
  ["plot.line"] = [[
local path = os.tmpname() .. ".svg"
plot.line({loss = {3, 2, 1.5}, val = {3.1, 2.4, 2}}, {file = path})
os.remove(path)
--> true]],
  ["plot.live"] = [[
local path = os.tmpname() .. ".svg"
local live = plot.live({ylabel = "loss", file = path})
for i = 1, 3 do live:add({loss = 1 / i}) end
live:done()
os.remove(path)
--> true]],
  ["plot.roc"] = [[
local path = os.tmpname() .. ".svg"
plot.roc(tensor{0.1, 0.4, 0.35, 0.8}, tensor{0, 0, 1, 1}, {file = path})
os.remove(path)
--> true]],
  ["plot.scatter"] = [[
local path = os.tmpname() .. ".svg"
plot.scatter(tensor.randn(20, 2), {file = path})
os.remove(path)
--> true]],
  ["plot.weights"] = [[
local path = os.tmpname() .. ".svg"
plot.weights(nn.Linear(4, 3), {file = path})
os.remove(path)
--> true]],
  ["tensor"] = [[
tensor({{1, 2}, {3, 4}})
--> {{1, 2}, {3, 4}}
tensor{true, false}.dtype
--> bool]],
  ["tensor.Function"] = [[
local Cube = tensor.Function("Cube")
function Cube.forward(ctx, x)
  ctx:save_for_backward(x)
  return x ^ 3
end
function Cube.backward(ctx, grad) return grad * ctx.saved_tensors[1] ^ 2 * 3 end
local x = tensor({2.0}, {requires_grad = true})
Cube.apply(x):sum():backward()
print(x.grad)
--> {12}]],
  ["tensor.Generator"] = [[
local g = tensor.Generator()
g:manual_seed(3)
local a = tensor.rand(2, {generator = g})
g:manual_seed(3)
a:equal(tensor.rand(2, {generator = g}))
--> true]],
  ["tensor.autograd"] = [[
local x = tensor({3.0}, {requires_grad = true})
tensor.autograd.grad(x:square():sum(), x)
--> {6}]],
  ["tensor.checkpoint"] = [[
local x = tensor({2.0}, {requires_grad = true})
local y = tensor.checkpoint(function(t) return t:exp():log():square() end, x)
y:sum():backward()
print(x.grad)
--> {4}]],
  ["tensor.detect_anomaly"] = [[
local x = tensor({-1.0}, {requires_grad = true})
local ok, message = pcall(tensor.detect_anomaly, function() return x:log() end)
message:match("the result.*")
--> the result of log has NaN, its inputs have none]],
  ["tensor.enable_grad"] = [[
local x = tensor({1.0}, {requires_grad = true})
local function double() return x * 2 end
tensor.no_grad(function() return tensor.enable_grad(double) end).requires_grad
--> true]],
  ["tensor.get_rng_state"] = [[
tensor.get_rng_state().dtype
--> uint8]],
  ["tensor.grad"] = [[
local x = tensor({3.0}, {requires_grad = true})
tensor.grad(x:pow(3):sum(), x)
--> {27}]],
  ["tensor.gradcheck"] = [[
local x = tensor({0.5, 2}, {dtype = "float64", requires_grad = true})
tensor.gradcheck(function(t) return t:log() end, x)
--> true]],
  ["tensor.gradgradcheck"] = [[
local x = tensor({0.5, 2}, {dtype = "float64", requires_grad = true})
tensor.gradgradcheck(function(t) return t:log() end, x)
--> true]],
  ["tensor.hessian"] = [[
tensor.hessian(function(x) return x:pow(3):sum() end, tensor{1, 2})
--> {{6, 0}, {0, 12}}]],
  ["tensor.inference_mode"] = [[
local x = tensor({1.0}, {requires_grad = true})
tensor.inference_mode(function() return x * 2 end).requires_grad
--> false]],
  ["tensor.initial_seed"] = [[
tensor.manual_seed(7)
tensor.initial_seed()
--> 7]],
  ["tensor.is_anomaly_enabled"] = [[
tensor.is_anomaly_enabled()
--> false]],
  ["tensor.is_floating_point"] = [[
tensor.is_floating_point(tensor{1})
--> true]],
  ["tensor.is_grad_enabled"] = [[
tensor.is_grad_enabled()
--> true]],
  ["tensor.is_tensor"] = [[
print(tensor.is_tensor(tensor{1}), tensor.is_tensor(1))
--> true	false]],
  ["tensor.jacobian"] = [[
tensor.jacobian(function(x) return x:square() end, tensor{1, 2})
--> {{2, 0}, {0, 4}}]],
  ["tensor.jvp"] = [[
local y, d = tensor.jvp(function(x) return x:square() end, tensor{1, 2}, tensor{1, 10})
print(d)
--> {2, 40}]],
  ["tensor.manual_seed"] = [[
tensor.manual_seed(7)
local a = tensor.rand(2)
tensor.manual_seed(7)
a:equal(tensor.rand(2))
--> true]],
  ["tensor.newaxis"] = [[
tensor{1, 2, 3}[{tensor.newaxis, {}}].shape
--> {1, 3}]],
  ["tensor.no_grad"] = [[
local x = tensor({1.0}, {requires_grad = true})
tensor.no_grad(function() return x * 2 end).requires_grad
--> false]],
  ["tensor.numel"] = [[
tensor.numel(tensor.zeros(2, 3))
--> 6]],
  ["tensor.seed"] = [[
math.type(tensor.seed())
--> integer]],
  ["tensor.set_detect_anomaly"] = [[
local x = tensor({-1.0}, {requires_grad = true})
tensor.set_detect_anomaly(false, function() return x:log():isnan():item() end)
--> true]],
  ["tensor.set_flush_denormal"] = [[
local can = tensor.set_flush_denormal(true)
local tiny = tensor({1e-20}) * 1e-20
tensor.set_flush_denormal(false)
tiny:item() == 0 or not can
--> true]],
  ["tensor.set_grad_enabled"] = [[
local x = tensor({1.0}, {requires_grad = true})
tensor.set_grad_enabled(false, function() return x * 2 end).requires_grad
--> false]],
  ["tensor.set_rng_state"] = [[
local state = tensor.get_rng_state()
local a = tensor.rand(2)
tensor.set_rng_state(state)
a:equal(tensor.rand(2))
--> true]],
  ["tensor.tensor"] = [[
tensor.tensor({1, 2, 3}, {dtype = "int64"})
--> {1, 2, 3}]],
  ["tensor.testing.assert_close"] = [[
tensor.testing.assert_close(tensor{1}, tensor{1 + 1e-7})
pcall(tensor.testing.assert_close, tensor{1}, tensor{2}) == false
--> true]],
  ["tensor.vjp"] = [[
local y, g = tensor.vjp(function(x) return x:square() end, tensor{1, 2}, tensor{1, 10})
print(g)
--> {2, 40}]],
  ["x.T"] = [[
tensor{{1, 2}, {3, 4}}.T
--> {{1, 3}, {2, 4}}]],
  ["x._version"] = [[
local x = tensor{1}
x:add_(1)
print(x._version)
--> 1]],
  ["x.data"] = [[
nn.Parameter(tensor{1, 2}).data.requires_grad
--> false]],
  ["x.device"] = [[
tensor{1}.device
--> cpu]],
  ["x.dtype"] = [[
tensor{1.5}.dtype
--> float32]],
  ["x.grad"] = [[
local x = tensor({1.0, 2.0}, {requires_grad = true})
x:mul(5):sum():backward()
print(x.grad)
--> {5, 5}]],
  ["x.grad_fn"] = [[
local y = tensor({2.0}, {requires_grad = true}):exp()
y.grad_fn:name()
--> exp]],
  ["x.is_leaf"] = [[
local x = tensor({2.0}, {requires_grad = true})
print(x.is_leaf, (x * 3).is_leaf)
--> true	false]],
  ["x.itemsize"] = [[
tensor({1}, {dtype = "float64"}).itemsize
--> 8]],
  ["x.mT"] = [[
tensor.zeros(5, 2, 3).mT.shape
--> {5, 3, 2}]],
  ["x.nbytes"] = [[
tensor.zeros(2, 3).nbytes
--> 24]],
  ["x.ndim"] = [[
tensor.zeros(2, 3).ndim
--> 2]],
  ["x.requires_grad"] = [[
nn.Parameter(tensor{1}).requires_grad
--> true]],
  ["x.shape"] = [[
tensor.zeros(2, 3).shape
--> {2, 3}]],
  ["x:backward"] = [[
local x = tensor({3.0}, {requires_grad = true})
x:square():sum():backward()
print(x.grad)
--> {6}]],
  ["x:bool"] = [[
tensor{0, 2}:bool()
--> {false, true}]],
  ["x:byte"] = [[
tensor{1, 255}:byte().dtype
--> uint8]],
  ["x:cpu"] = [[
tensor{1}:cpu()
--> {1}]],
  ["x:data_ptr"] = [[
local x = tensor{1, 2}
x:data_ptr() == x:view(2, 1):data_ptr()
--> true]],
  ["x:dim"] = [[
tensor.zeros(2, 3):dim()
--> 2]],
  ["x:double"] = [[
tensor{1}:double().dtype
--> float64]],
  ["x:element_size"] = [[
tensor{1}:element_size()
--> 4]],
  ["x:float"] = [[
tensor.arange(2):float().dtype
--> float32]],
  ["x:get"] = [[
tensor{{1, 2}, {3, 4}}:get(2, 1)
--> 3.0]],
  ["x:is_contiguous"] = [[
local x = tensor.zeros(2, 3)
print(x:is_contiguous(), x:t():is_contiguous())
--> true	false]],
  ["x:is_floating_point"] = [[
tensor.arange(3):is_floating_point()
--> false]],
  ["x:item"] = [[
tensor{1, 2}:sum():item()
--> 3.0]],
  ["x:long"] = [[
tensor{1.7, -1.7}:long()
--> {1, -1}]],
  ["x:ndimension"] = [[
tensor.zeros(2, 3):ndimension()
--> 2]],
  ["x:nelement"] = [[
tensor.zeros(2, 3):nelement()
--> 6]],
  ["x:numel"] = [[
tensor.zeros(2, 3):numel()
--> 6]],
  ["x:register_hook"] = [[
local x = tensor({1.0}, {requires_grad = true})
x:register_hook(function(g) return g * 10 end)
x:sum():backward()
print(x.grad)
--> {10}]],
  ["x:register_post_accumulate_grad_hook"] = [[
local x = tensor({1.0}, {requires_grad = true})
x:register_post_accumulate_grad_hook(function(t) print("gradient", t.grad:item()) end)
x:sum():backward()
--> gradient	1.0]],
  ["x:requires_grad_"] = [[
tensor{1}:requires_grad_().requires_grad
--> true]],
  ["x:retain_grad"] = [[
local x = tensor({2.0}, {requires_grad = true})
local y = x * 3
y:retain_grad()
y:square():sum():backward()
print(y.grad)
--> {12}]],
  ["x:set"] = [[
local x = tensor{{1, 2}, {3, 4}}
x:set(2, 1, 9)
print(x)
--> {{1, 2}, {9, 4}}]],
  ["x:size"] = [[
local x = tensor.zeros(2, 3)
print(x:size(2), x:size(-2))
--> 3	2
x:size()
--> 2	3]],
  ["x:storage_offset"] = [[
tensor.arange(6):narrow(1, 3, 2):storage_offset()
--> 2]],
  ["x:stride"] = [[
tensor.zeros(2, 3):stride()
--> 3	1]],
  ["x:tolist"] = [[
tensor{1, 2}:tolist()[2]
--> 2.0]],
  ["x:totable"] = [[
local rows = tensor{{1, 2}, {3, 4}}:totable()
rows[2][1]
--> 3.0]],
  ["x:type"] = [[
print(tensor{1}:type(), tensor{1}:type("int64").dtype)
--> float32	int64]],
}
