-- Layers where PyTorch's numbers are not the measure: wrong inputs, chance, lazy layers, parametrizations, second
-- derivatives of functions that are compositions. Values are held to PyTorch by tests/parity.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, nn, F, optim = nnlua.tensor, nnlua.nn, nnlua.F, nnlua.optim
local P, U = nn.utils.parametrizations, nn.utils.parametrize

tensor.manual_seed(3)

-- ---- wrong inputs -------------------------------------------------------------------------------------------------

local Net = nn.class("Net")
function Net:init(layer) self.layer = layer end
function Net:forward(...) return self.layer(...) end

-- The error of the layer inside of a network has the path in front.
local function refuses(layer, text, ...)
  local net = Net(layer)
  check.error(("Net.layer (%s): "):format(getmetatable(layer).__name), net, ...)
  return check.error(text, net, ...)
end

check.test("convolutions name what they expected", function()
  local x = tensor.zeros(2, 3, 8, 8)
  refuses(nn.Conv2d(1, 2, 3), "expected input[N, 1, H, W] for weight [2, 1, 3, 3], got [2, 3, 8, 8]", x)
  refuses(nn.Conv1d(4, 2, 3), "expected input[N, 4, L] for weight [2, 4, 3], got [2, 3, 9]", tensor.zeros(2, 3, 9))
  refuses(nn.Conv3d(4, 2, 3), "expected input[N, 4, D, H, W] for weight [2, 4, 3, 3, 3], got [2, 3, 8, 8]", x)
  refuses(nn.ConvTranspose2d(4, 2, 3), "expected input[N, 4, H, W] for weight [4, 2, 3, 3], got [2, 3, 8, 8]", x)
  refuses(nn.Conv1d(3, 2, 9), "a kernel of 9 (weight [2, 3, 9], dilation 1) does not fit", tensor.zeros(1, 3, 4))
  refuses(nn.Conv3d(1, 1, 2), "expected input and weight of one dtype", tensor.zeros({1, 1, 3, 3, 3},
    {dtype = "float64"}))
  refuses(nn.ConvTranspose1d(3, 2, 3, {stride = 2}), "output_size 20 cannot come from this input: 9 to 10 can",
    tensor.zeros(1, 3, 4), {20})
  check.error("out_channels = 3 is not divisible by groups = 2", nn.Conv1d, 4, 3, 1, {groups = 2})
  check.error("padding = 'same' needs a stride of 1", nn.Conv3d, 1, 1, 3, {padding = "same", stride = 2})
  check.error("unknown padding_mode \"mirror\"", nn.Conv1d, 1, 1, 3, {padding_mode = "mirror"})
  check.error("padding_mode must be 'zeros'", nn.ConvTranspose3d, 1, 1, 3, {padding_mode = "circular"})
  check.error("output_padding must be smaller than stride or dilation", F.conv_transpose1d, tensor.zeros(1, 1, 3),
    tensor.zeros(1, 1, 2), {output_padding = 1})
  check.error("stride must be at least 1, got 0", F.conv3d, tensor.zeros(1, 1, 3, 3, 3), tensor.zeros(1, 1, 1, 1, 1),
    {stride = 0})
end)

check.test("pools name what they expected", function()
  refuses(nn.MaxPool3d(2), "expected input[N, C, D, H, W] or [C, D, H, W], got [2, 3]", tensor.zeros(2, 3))
  refuses(nn.MaxPool1d(5), "a window of 5 (dilation 1) does not fit into an input of shape [1, 2, 3]",
    tensor.zeros(1, 2, 3))
  refuses(nn.AvgPool1d(2, {padding = 2}), "padding must be between 0 and half of the kernel's size (2), got 2",
    tensor.zeros(1, 2, 5))
  refuses(nn.LPPool2d(2, 2), "lp_pool2d: expected input[N, C, H, W] or [C, H, W], got [4]", tensor.zeros(4))
  refuses(nn.FractionalMaxPool2d(3, {output_size = 4}), "4 windows of 3 do not fit into dimension 3 of [1, 1, 5, 9]",
    tensor.zeros(1, 1, 5, 9))
  check.error("expected either output_size or output_ratio", F.fractional_max_pool2d, tensor.zeros(1, 1, 4, 4), 2)
  check.error("an index is out of range: they count from 1 to 4", F.max_unpool1d, tensor.ones(1, 1, 2),
    tensor{{{1, 5}}}, 2)
  check.error("an index is out of range", F.max_unpool1d, tensor.ones(1, 1, 2), tensor{{{0, 1}}}, 2)
  check.error("must have the same shape", F.max_unpool1d, tensor.ones(1, 1, 2), tensor{{{1}}}, 2)
  check.error("output_size 9 cannot be: 3 to 5 can", F.max_unpool1d, tensor.ones(1, 1, 2), tensor{{{1, 3}}}, 2,
    {output_size = 9})
  check.error("at least 1", F.adaptive_max_pool2d, tensor.ones(1, 2, 2), {0, 1})
end)

check.test("other layers name what they expected", function()
  refuses(nn.BatchNorm3d(2), "expected input [N, 2, D, H, W], got [2, 3, 4]", tensor.zeros(2, 3, 4))
  refuses(nn.InstanceNorm1d(2), "expected input [N, 2, L], got [2, 3, 4]", tensor.zeros(2, 3, 4))
  refuses(nn.InstanceNorm2d(1), "more than 1 value per channel of a sample", tensor.zeros(2, 1, 1, 1))
  refuses(nn.GroupNorm(2, 4), "input [2, 3, 4] cannot be split into 2 groups", tensor.zeros(2, 3, 4))
  refuses(nn.LocalResponseNorm(2), "expected at least 3 dimensions, got [2, 3]", tensor.zeros(2, 3))
  refuses(nn.ReflectionPad1d(3), "reflect needs pads smaller than the size", tensor.zeros(1, 1, 3))
  refuses(nn.ReplicationPad2d(1), "ReplicationPad2d: expected input [N, C, H, W] or [C, H, W], got [3]",
    tensor.zeros(3))
  refuses(nn.PixelShuffle(2), "the channels of input [1, 3, 2, 2] are not divisible by 2^2", tensor.zeros(1, 3, 2, 2))
  refuses(nn.Upsample{scale_factor = 2, mode = "linear"}, "mode \"linear\" needs an input of 3 dimensions",
    tensor.zeros(1, 1, 2, 2))
  refuses(nn.Fold({4, 3}, 2), "expected input[N, C * 4, 6] for 2 x 2 blocks of an image of 4 x 3", tensor.zeros(1, 4,
    5))
  refuses(nn.Unfold(3), "a block of 3 x 3 (dilation 1, 1) does not fit", tensor.zeros(1, 1, 2, 2))
  refuses(nn.Bilinear(2, 3, 1), "", tensor.zeros(1, 2), tensor.zeros(1, 2))
  refuses(nn.Embedding(3, 2), "indices count from 1 to 3", tensor{4})
  refuses(nn.EmbeddingBag(3, 2), "needs offsets[B]", tensor{1, 2})
  refuses(nn.EmbeddingBag(3, 2), "the first offset must be 1", tensor{1, 2}, tensor{0, 1})
  refuses(nn.EmbeddingBag(3, 2), "offset 4 is past the end of 2 indices", tensor{1, 2}, tensor{1, 4})
  refuses(nn.AdaptiveLogSoftmaxWithLoss(2, 5, {2}), "targets count from 1 to 5, got 6 to 6", tensor.zeros(1, 2),
    tensor{6})
  check.error("cutoffs must rise", nn.AdaptiveLogSoftmaxWithLoss, 2, 5, {3, 2})
  check.error("align_corners has no meaning for mode \"nearest\"", F.interpolate, tensor.zeros(1, 1, 2), 2,
    {align_corners = true})
  check.error("expected either size or scale_factor", F.interpolate, tensor.zeros(1, 1, 2))
  check.error("size must be a number or a list of 2", F.interpolate, tensor.zeros(1, 1, 2, 2), {1, 2, 3})
  check.error("expected grid[2, H, W, 2] for input [2, 1, 3, 3]", F.grid_sample, tensor.zeros(2, 1, 3, 3),
    tensor.zeros(1, 2, 2, 2))
  check.error("mode must be", F.grid_sample, tensor.zeros(1, 1, 3, 3), tensor.zeros(1, 2, 2, 2), {mode = "cubic"})
  check.error("expected theta[2, 2, 3]", F.affine_grid, tensor.zeros(1, 2, 3), {2, 1, 3, 3})
  check.error("padding_idx 9 is not in 1..3", nn.Embedding, 3, 2, {padding_idx = 9})
end)

-- ---- second derivatives of compositions ---------------------------------------------------------------------------

local function double(...) return tensor.randn({...}, {dtype = "float64", requires_grad = true}) end

local function twice(name, f, inputs)
  check.test("second derivatives: " .. name, function()
    check.ok(tensor.gradcheck(f, inputs))
    check.ok(tensor.gradgradcheck(f, inputs))
  end)
end

local grid = (tensor.rand({1, 2, 3, 2}, {dtype = "float64"}) * 1.6 - 0.8):requires_grad_(true)
for _, mode in ipairs {"bilinear", "bicubic"} do
  for _, padding in ipairs {"zeros", "border", "reflection"} do
    twice("grid_sample " .. mode .. " " .. padding, function(x, g) return F.grid_sample(x, g, mode, padding) end,
      {double(1, 2, 4, 3), grid})
  end
end
twice("affine_grid", function(t) return F.affine_grid(t, {1, 1, 2, 3}) end, {double(1, 2, 3)})
twice("group_norm", function(x, w, b) return F.group_norm(x, 2, w, b) end, {double(2, 4, 3), double(4), double(4)})
twice("instance_norm", function(x, w, b) return F.instance_norm(x, nil, nil, w, b) end,
  {double(2, 3, 4), double(3), double(3)})
twice("local_response_norm", function(x) return F.local_response_norm(x, 3, 0.5) end, {double(1, 4, 3)})
twice("embedding_bag", function(w, s)
  return F.embedding_bag(tensor{1, 3, 2, 1}, w, tensor{1, 3}, {mode = "sum", per_sample_weights = s})
end, {double(3, 2), double(4)})
twice("lp_pool2d", function(x) return F.lp_pool2d(x:exp(), 3, 2) end, {double(1, 1, 4, 4)})
twice("max_unpool2d", function(x)
  local y, i = F.max_pool2d(x, 2, {return_indices = true})
  return F.max_unpool2d(y:exp(), i, 2)
end, {double(1, 1, 4, 4)})
twice("weight_norm", function(x, g, v)
  local layer = P.weight_norm(nn.Linear(3, 2, {dtype = "float64"}))
  local step = layer.parametrizations.weight[1]
  return F.linear(x, step(g, v))
end, {double(2, 3), double(2, 1), double(2, 3)})
twice("pdist", function(x) return F.pdist(x) end, {double(3, 2)})
twice("adaptive softmax", function(x)
  tensor.manual_seed(5)
  local layer = nn.AdaptiveLogSoftmaxWithLoss(4, 6, {2, 4}, {div_value = 2, dtype = "float64"})
  return (layer(x, tensor{1, 3, 6}))
end, {double(3, 4)})

check.test("CrossMapLRN2d is local response normalisation", function()
  local x = tensor.randn(2, 7, 3, 3)
  check.ok(tensor.allclose(nn.CrossMapLRN2d(5, 0.3)(x), nn.LocalResponseNorm(5, 0.3)(x), {atol = 1e-6}))
end)

-- ---- convolution in three dimensions from its definition ----------------------------------------------------------

check.test("conv3d is the sum over its taps", function()
  local x, w = tensor.randn(2, 2, 4, 3, 5), tensor.randn(3, 2, 2, 2, 3)
  local y = F.conv3d(x, w)
  local sum = tensor.zeros_like(y)
  for d = 1, 2 do
    for h = 1, 2 do
      for k = 1, 3 do
        local part = x:narrow(3, d, 3):narrow(4, h, 2):narrow(5, k, 3)
        sum = sum + tensor.einsum("ncdhw,kc->nkdhw", part, w[{{}, {}, d, h, k}])
      end
    end
  end
  check.ok(tensor.allclose(y, sum, {atol = 1e-5}))
end)

-- ---- chance -------------------------------------------------------------------------------------------------------

check.test("alpha dropout keeps mean and variance", function()
  local x = tensor.randn(400, 500)
  local y = F.alpha_dropout(x, 0.3, true)
  check.close(y:mean():item(), 0, 0.01)
  check.close(y:std():item(), 1, 0.01)
  check.ok(not y:equal(x))
  check.ok(F.alpha_dropout(x, 0.3, false):equal(x))
  check.ok(nn.AlphaDropout(0.3):eval()(x):equal(x))
end)

check.test("whole channels are dropped", function()
  for n, size in ipairs {{200, 50, 3}, {200, 50, 2, 2}, {200, 50, 2, 1, 2}} do
    local y = nn[("Dropout%dd"):format(n)](0.25)(tensor.ones(size)):flatten(3)
    check.ok(y:amin(3):equal(y:amax(3)), "one number in each channel")
    check.close(y:eq(0):float():mean():item(), 0.25, 0.02)
    check.close(y:amax():item(), 1 / 0.75, 1e-6)
  end
  local y = nn.FeatureAlphaDropout(0.5)(tensor.zeros(50, 20, 4)):flatten(3)
  check.ok(y:amin(3):equal(y:amax(3)) and not y:eq(y:get(1, 1, 1)):all())
  local single = F.dropout2d(tensor.ones(300, 2, 2), 0.5):flatten(2)
  check.ok(single:amin(2):equal(single:amax(2)), "without a batch the first dimension has the channels")
end)

check.test("in place", function()
  local x = tensor.randn(4, 3)
  for _, layer in ipairs {nn.ReLU(true), nn.Dropout(0.5, true), nn.CELU{inplace = true}, nn.Hardtanh(-1, 1, true)} do
    local y = x:clone()
    check.ok(layer(y) == y, tostring(layer))
  end
  check.ok(F.relu(x, true) == x and F.dropout2d(tensor.ones(2, 2, 2, 2), 0.5, true, true) ~= nil)
  check.error("inplace must be true or false", F.relu, x, {inplace = 1})
  local leaf = tensor.randn(3, {requires_grad = true})
  local z = F.celu(leaf * 2, 1.0, true)
  z:sum():backward()
  check.ok(leaf.grad ~= nil)
end)

check.test("fractional pools choose windows within the input", function()
  local x = tensor.arange(2 * 3 * 9 * 8):reshape(2, 3, 9, 8):float()
  for _ = 1, 20 do
    local y, i = F.fractional_max_pool2d(x, {3, 2}, {output_ratio = {0.5, 0.7}, return_indices = true})
    check.equal({y:size()}, {2, 3, 4, 5})
    check.ok(x:flatten(3):gather(3, i:flatten(3)):equal(y:flatten(3)))
    check.equal(y:get(2, 3, 4, 5), 2 * 3 * 9 * 8 - 1, "the last window ends with the input")
  end
end)

check.test("rrelu draws slopes in training", function()
  local y = -nn.RReLU(0.1, 0.2)(-tensor.ones(1000))
  check.ok(y:amin():item() >= 0.1 and y:amax():item() <= 0.2 and y:std():item() > 0.02)
  check.ok(F.gumbel_softmax(tensor.zeros(50, 4), {hard = true}):sum(2):equal(tensor.ones(50)))
end)

-- ---- lazy layers --------------------------------------------------------------------------------------------------

check.test("lazy layers learn their sizes and keep their parameters", function()
  local net = nn.Sequential(nn.LazyConv2d(4, 3, {padding = 1}), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(),
    nn.LazyLinear(5))
  local first = net:parameters()
  local opt = optim.SGD(first, {lr = 0.1, momentum = 0.9})
  local x = tensor.randn(2, 3, 4, 4)
  local y = net(x)
  check.equal({y:size()}, {2, 5})
  check.ok(nn.is(net[1], nn.Conv2d) and nn.is(net[2], nn.BatchNorm2d) and nn.is(net[5], nn.Linear))
  check.equal({net[1].in_channels, net[2].num_features, net[5].in_features}, {3, 4, 64})
  for i, p in ipairs(net:parameters()) do check.ok(p == first[i], "the same parameters") end
  local before = net[5].weight:detach():clone()
  y:square():sum():backward()
  opt:step()
  check.ok(not before:equal(net[5].weight))
  check.ok(net[5].weight:detach():abs():amax():item() > 0, "first values were drawn")
end)

check.test("lazy layers take the sizes of a state dict", function()
  local full = nn.Sequential(nn.Conv1d(3, 4, 2), nn.BatchNorm1d(4))
  full(tensor.randn(2, 3, 6))
  local lazy = nn.Sequential(nn.LazyConv1d(4, 2), nn.LazyBatchNorm1d())
  lazy:load_state_dict(full:state_dict())
  local x = tensor.randn(2, 3, 6)
  check.ok(lazy:eval()(x):equal(full:eval()(x)))
  check.ok(nn.is(lazy[1], nn.Conv1d))
  check.error("wrong: 'weight'", function() nn.LazyLinear(2):load_state_dict{weight = tensor.zeros(2),
    bias = tensor.zeros(2)} end)
end)

check.test("lazy layers: in float64, wrong groups, printing", function()
  local layer = nn.LazyLinear(2):to("float64")
  check.equal(layer(tensor.ones({1, 3}, {dtype = "float64"})).dtype, "float64")
  check.error("in_channels = 3 is not divisible by groups = 2", nn.LazyConv1d(4, 1, {groups = 2}), tensor.zeros(1, 3,
    5))
  check.ok(tostring(nn.LazyConv2d(4, 3)):find("LazyConv2d(4, 3)", 1, true))
  check.error("the size of 'weight' is not known yet", P.weight_norm, nn.LazyLinear(2))
end)

-- ---- parametrizations ---------------------------------------------------------------------------------------------

local Symmetric = nn.class("Symmetric")
function Symmetric:forward(x) return x:triu() + x:triu(1):t() end -- luacheck: no self
function Symmetric:right_inverse(x) return x:triu() end -- luacheck: no self

check.test("a parametrization of one's own", function()
  local layer = nn.Linear(3, 3)
  local w = layer.weight
  U.register_parametrization(layer, "weight", Symmetric())
  check.ok(layer.weight:equal(layer.weight:t()))
  check.ok(layer.parametrizations.weight.original == w, "the parameter stays the same")
  check.ok(U.is_parametrized(layer) and U.is_parametrized(layer, "weight") and not U.is_parametrized(layer, "bias"))
  check.ok(nn.is(layer, nn.Linear) and U.type_before_parametrizations(layer) == nn.Linear)
  local names = {}
  for name in layer:named_parameters() do names[#names + 1] = name end
  check.equal(names, {"bias", "parametrizations.weight.original"})
  local target = tensor{{1, 2, 3}, {2, 4, 5}, {3, 5, 6}}
  layer.weight = target
  check.ok(layer.weight:equal(target))
  layer(tensor.randn(2, 3)):sum():backward()
  check.ok(w.grad ~= nil)
  U.remove_parametrizations(layer, "weight")
  check.ok(getmetatable(layer) == nn.Linear and layer.weight == w and w:equal(target))
  check.equal(rawget(layer, "parametrizations"), nil)
end)

check.test("parametrizations follow each other, are checked, cached, cloned, saved", function()
  local Double = nn.class("Double")
  function Double:forward(x) return x * 2 end -- luacheck: no self
  local Wider = nn.class("Wider")
  function Wider:forward(x) return tensor.cat({x, x}, 2) end -- luacheck: no self
  local layer = nn.Linear(2, 2)
  local w = layer.weight:detach():clone()
  U.register_parametrization(layer, "weight", Double())
  U.register_parametrization(layer, "weight", Double())
  check.ok(layer.weight:equal(w * 4))
  check.error("Double has no right_inverse", function() layer.weight = w end)
  check.error("makes float32 [2, 4] of float32 [2, 2]", U.register_parametrization, layer, "weight", Wider())
  check.error("there is no parameter or buffer 'wieght'", U.register_parametrization, layer, "wieght", Double())
  check.ok(layer.weight ~= layer.weight)
  U.cached(function() check.ok(layer.weight == layer.weight) end)
  check.ok(layer.weight ~= layer.weight)
  local copy = layer:clone()
  check.ok(copy.weight:equal(layer.weight) and copy.parametrizations.weight.original ~= w)
  local other = nn.Linear(2, 2)
  U.register_parametrization(other, "weight", Double())
  U.register_parametrization(other, "weight", Double())
  other:load_state_dict(layer:state_dict())
  check.ok(other.weight:equal(layer.weight))
  check.error("'bias' is not parametrized", U.remove_parametrizations, layer, "bias")
  U.remove_parametrizations(layer, "weight", false)
  check.ok(layer.weight:equal(w), "the original")
end)

check.test("weight norm and spectral norm", function()
  local layer = nn.Linear(4, 3)
  local w = layer.weight:detach():clone()
  P.weight_norm(layer)
  check.ok(tensor.allclose(layer.weight, w, {atol = 1e-6}))
  layer.parametrizations.weight.original0.data = tensor.full({3, 1}, 2)
  check.close(layer.weight:norm(2, 2):tolist(), {2, 2, 2}, 1e-5)
  local whole = P.weight_norm(nn.Linear(4, 3), {dim = false})
  check.equal({whole.parametrizations.weight.original0:size()}, {})
  local sn = P.spectral_norm(nn.Conv2d(2, 3, 3), {n_power_iterations = 30})
  check.close(tensor.linalg.matrix_norm(sn.weight:flatten(2), 2):item(), 1, 1e-4)
  sn:eval()
  check.ok(sn.weight:equal(sn.weight), "in evaluation mode nothing moves")
  local old = nn.utils.spectral_norm(nn.Linear(4, 3), {n_power_iterations = 30})
  old(tensor.randn(1, 4))
  check.close(tensor.linalg.matrix_norm(old.weight, 2):item(), 1, 1e-4)
  check.error("has it already", nn.utils.weight_norm, nn.utils.weight_norm(nn.Linear(2, 2)), "weight")
  check.error("dimension 5 is not in a tensor of 2 dimensions", P.spectral_norm, nn.Linear(2, 2), {dim = 5})
  check.error("orthogonal_map must be", P.orthogonal, nn.Linear(2, 2), {orthogonal_map = "exp"})
end)

check.test("a trained orthogonal matrix stays orthogonal", function()
  for _, map in ipairs {"matrix_exp", "cayley", "householder"} do
    local layer = P.orthogonal(nn.Linear(3, 5, {bias = false}), {orthogonal_map = map})
    local opt = optim.SGD(layer:parameters(), {lr = 0.1})
    local x, y = tensor.randn(8, 3), tensor.randn(8, 5)
    local first
    for _ = 1, 20 do
      local loss = F.mse_loss(layer(x), y)
      first = first or loss:item()
      opt:zero_grad()
      loss:backward()
      opt:step()
    end
    check.ok(F.mse_loss(layer(x), y):item() < first, map .. " learns")
    check.close(layer.weight:t():matmul(layer.weight):tolist(), tensor.eye(3):tolist(), 1e-4, map)
  end
end)

-- ---- embeddings, buffers, containers ------------------------------------------------------------------------------

check.test("bags with scale_grad_by_freq agree with embeddings", function()
  local x = tensor{{1, 2, 1}, {3, 1, 1}}
  local w = tensor.randn(4, 2, {requires_grad = true})
  local bag = F.embedding_bag(x, w, {mode = "sum", scale_grad_by_freq = true})
  local one = F.embedding(x, w, {scale_grad_by_freq = true}):sum(2)
  local c = tensor.randn(2, 2)
  check.ok(tensor.allclose(tensor.grad(bag, w, {grad_outputs = c}), tensor.grad(one, w, {grad_outputs = c}),
    {atol = 1e-6}))
  check.equal(F.embedding_bag(tensor.zeros(0), w, tensor{1, 1}):tolist(), {{0, 0}, {0, 0}}, "empty bags are zeros")
end)

check.test("embeddings from a table", function()
  local table_of = tensor{{1, 2}, {30, 40}}
  local layer = nn.Embedding.from_pretrained(table_of, {freeze = false, max_norm = 5})
  check.ok(layer.weight.requires_grad)
  check.close(layer(tensor{2, 1}):tolist(), {{3, 4}, {1, 2}}, 1e-4)
  check.ok(not nn.EmbeddingBag.from_pretrained(table_of).weight.requires_grad)
  check.error("_weight must be a tensor of shape [3, 2]", nn.Embedding, 3, 2, {_weight = table_of})
  check.error("sparse gradients are not there", nn.Embedding, 3, 2, {sparse = true})
end)

check.test("nn.Buffer", function()
  local m = nn.Module()
  m.kept, m.left = nn.Buffer(tensor{1}), nn.Buffer(tensor{2}, false)
  check.equal(#m:buffers(), 2)
  check.ok(m:state_dict().kept ~= nil and m:state_dict().left == nil)
  m:to("float64")
  check.equal(m.left.dtype, "float64")
  check.equal(#m:clone():buffers(), 2)
end)

check.test("modules under names join a sequence", function()
  local seq = nn.Sequential()
  seq:add_module("first", nn.Linear(2, 3))
  seq:add_module("second", nn.ReLU())
  check.equal({seq(tensor.ones(1, 2)):size()}, {1, 3})
  seq:add_module("first", nn.Linear(2, 4))
  check.equal({seq(tensor.ones(1, 2)):size()}, {1, 4})
  check.equal(#seq, 2)
  check.error("expected a name without dots", seq.add_module, seq, "a.b", nn.ReLU())
end)

check.test("zero sizes", function()
  check.equal({nn.Conv3d(2, 3, 2)(tensor.zeros(0, 2, 3, 3, 3)):size()}, {0, 3, 2, 2, 2})
  check.equal({nn.ConvTranspose3d(2, 3, 2)(tensor.zeros(0, 2, 3, 3, 3)):size()}, {0, 3, 4, 4, 4})
  check.equal({nn.MaxPool3d(2)(tensor.zeros(0, 2, 4, 4, 4)):size()}, {0, 2, 2, 2, 2})
  check.equal({nn.AdaptiveMaxPool2d(2)(tensor.zeros(0, 2, 4, 4)):size()}, {0, 2, 2, 2})
  check.equal({nn.Upsample{size = 3}(tensor.zeros(0, 2, 4)):size()}, {0, 2, 3})
  check.equal({nn.Unfold(2)(tensor.zeros(0, 2, 4, 4)):size()}, {0, 8, 9})
  check.equal({nn.GroupNorm(2, 4)(tensor.zeros(0, 4, 4)):size()}, {0, 4, 4})
  check.equal({nn.InstanceNorm1d(4)(tensor.zeros(0, 4, 4)):size()}, {0, 4, 4})
end)

check.test("copies keep weight_norm and spectral_norm, each with its own parameters", function()
  local net = nn.Sequential(nn.utils.weight_norm(nn.Linear(3, 3)), nn.utils.spectral_norm(nn.Linear(3, 2)))
  net:eval()
  local x = tensor.randn(4, 3)
  local copy = net:clone()
  check.equal(copy(x):detach(), net(x):detach())
  tensor.no_grad(function() copy[1].weight_g:mul_(2) copy[2].weight_orig:mul_(-1) end)
  local first, second = copy(x), net(x)
  check.ok(not first:detach():eq(second:detach()):all(), "the copy follows its own parameters")
  first:sum():backward()
  check.ok(copy[1].weight_g.grad and copy[1].weight_v.grad and copy[2].weight_orig.grad, "they have gradients")
  check.equal(net[1].weight_g.grad, nil)
  nn.utils.remove_weight_norm(copy[1])
  nn.utils.remove_spectral_norm(copy[2])
  check.close(copy(x):detach(), first:detach(), 1e-6)
  check.equal(net(x):detach(), second:detach(), "the original has its hooks still")
  check.error("has it already", nn.utils.weight_norm, net:clone()[1])
end)

check.done()
