-- nnlua.inspect: looking inside of networks. What layers give, what in a picture counts, where attention goes, many
-- dimensions brought to two. Use: local inspect = require "nnlua.inspect".

local core = require "nnlua.core"
local dataset = require "nnlua.data.dataset"
local fail = require "nnlua.fail"
local module = require "nnlua.nn.module"
local ordered = require "nnlua.ordered"
local signature = require "nnlua.signature"
local tsne = require "nnlua.inspect.tsne"

local tensor, F = core.tensor, core.F
local inspect = {}

local function check(who, net)
  if not module.is_module(net) then fail.raise("%s: expected a network, got %s", who, fail.show(net)) end
end

-- net(input) in evaluation mode; the mode is as before afterwards, and `undo` is called, whatever happens.
local function run(net, input, undo)
  local was, out = net.training, nil
  core.finally(function()
    net:train(was)
    if undo then undo() end
  end, function()
    net:eval()
    if type(input) == "table" and not getmetatable(input) then
      out = net(table.unpack(input))
    else
      out = net(input)
    end
  end)
  return out
end

-- ---- activations --------------------------------------------------------------------------------------------------

local activation_options = signature("activations", "layers:table?")

--- What each layer gives for an input: a table of tensors by the layers' names, in the order in which they ran. The
-- input is a tensor or a list of arguments. A layer that runs several times, or gives several tensors, counts its
-- last, its first. Options: layers (names; default all that have no layers inside).
--     local inspect = require "nnlua.inspect"
--     local net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
--     local seen = inspect.activations(net, tensor.zeros(1, 2))
--     seen["0"].shape, seen["1"].shape
--     --> {1, 3}	{1, 3}
function inspect.activations(net, input, ...)
  check("activations", net)
  local o, found, handles, known = activation_options(...), ordered.new(), {}, {}
  local wanted
  if o.layers then
    wanted = {}
    for _, name in ipairs(o.layers) do wanted[name] = true end
  end
  for name, layer in net:named_modules() do
    known[#known + 1] = name
    local take = wanted and wanted[name] or not wanted and #layer:children() == 0
    if take then
      handles[#handles + 1] = layer:register_forward_hook(function(_, _, out)
        if type(out) == "table" and not tensor.is_tensor(out) then out = out[1] end
        found[name] = out
      end)
    end
  end
  for name in pairs(wanted or {}) do
    local there = false
    for _, one in ipairs(known) do there = there or one == name end
    if not there then fail.raise("activations: there is no layer %s%s", fail.show(name), fail.suggest(name, known)) end
  end
  run(net, input, function()
    for _, handle in ipairs(handles) do handle:remove() end
  end)
  return found
end

-- ---- what counts --------------------------------------------------------------------------------------------------

local target_options = signature("saliency", "target:any?, signed:bool=false")

-- The sum over the batch of the score of the class asked for (or the predicted one). out is [N, C].
local function score_of(who, out, target)
  if not tensor.is_tensor(out) or out:dim() ~= 2 then
    fail.raise("%s: expected a network that gives scores [N, C], got %s", who, tensor.is_tensor(out)
      and "[" .. table.concat({out:size()}, ", ") .. "]" or fail.show(out))
  end
  local n, c = out:size()
  if target == nil then
    target = out:detach():argmax(2)
  elseif type(target) == "number" then
    target = tensor.full({n}, target, {dtype = "int64"})
  elseif type(target) == "table" then
    target = tensor(target, {dtype = "int64"})
  end
  if target:dim() ~= 1 or target:size(1) ~= n or target:min():item() < 1 or target:max():item() > c then
    fail.raise("%s: target must be a class from 1 to %d, or one for each of %d samples", who, c, n)
  end
  return out:gather(2, target:long():unsqueeze(2)):sum()
end

--- How much each number of an input counts for the score of a class: |d score / d input|, of pictures [N, C, H, W] the
-- greatest over the channels, [N, H, W]; of other inputs in their shape. Simonyan et al. 2014. Options: target (a
-- class, or one a sample; default the predicted one), signed (the gradient itself, in the input's shape).
--     local inspect = require "nnlua.inspect"
--     local net = nn.Linear(3, 2)
--     inspect.saliency(net, tensor.ones(1, 3), {target = 2}):sub(net.weight[2]:abs()):abs():max()
--     --> 0
function inspect.saliency(net, input, ...)
  check("saliency", net)
  local o = target_options(...)
  if not tensor.is_tensor(input) then fail.raise("saliency: expected a tensor, got %s", fail.show(input)) end
  local x = input:detach():clone():requires_grad_()
  local gradient = tensor.enable_grad(function()
    return tensor.grad(score_of("saliency", run(net, x), o.target), x)
  end)
  if o.signed then return gradient end
  return gradient:dim() == 4 and gradient:abs():amax(2) or gradient:abs()
end

local cam_options = signature("grad_cam", "layer:any, target:any?, resize:bool=true")

-- A layer by its name, or itself.
local function find_layer(who, net, layer)
  if module.is_module(layer) then return layer end
  local names = {}
  for name, m in net:named_modules() do
    if name == layer then return m end
    names[#names + 1] = name
  end
  return fail.raise("%s: there is no layer %s%s", who, fail.show(layer), fail.suggest(tostring(layer), names))
end

--- Where in a picture a convolutional network sees a class (Grad-CAM, Selvaraju et al. 2017): [N, H, W] in 0..1. layer
-- is a layer with an output [N, C, h, w], or its name. Options: target (a class, or one a sample; default the
-- predicted one), resize (true: as large as the picture, false: h x w).
--     local inspect = require "nnlua.inspect"
--     local net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
--     inspect.grad_cam(net, tensor.rand(2, 1, 8, 8), "1").shape
--     --> {2, 8, 8}
function inspect.grad_cam(net, input, ...)
  check("grad_cam", net)
  local o = cam_options(...)
  local layer, seen = find_layer("grad_cam", net, o.layer), nil
  local handle = layer:register_forward_hook(function(_, _, out) seen = out end)
  local cam = tensor.enable_grad(function()
    local x = input:detach():clone():requires_grad_()
    local out = run(net, x, function() handle:remove() end)
    if not tensor.is_tensor(seen) or seen:dim() ~= 4 then
      fail.raise("grad_cam: the layer must give maps [N, C, H, W], got %s", tensor.is_tensor(seen)
        and "[" .. table.concat({seen:size()}, ", ") .. "]" or fail.show(seen))
    end
    local gradient = tensor.grad(score_of("grad_cam", out, o.target), seen)
    return (gradient:mean({3, 4}, {keepdim = true}) * seen):sum(2):relu():detach()
  end)
  local most = cam:amax({2, 3}, {keepdim = true})
  cam = cam / tensor.where(most:gt(0), most, tensor.ones_like(most))
  if o.resize and input:dim() == 4 then
    cam = F.interpolate(cam:unsqueeze(2), {size = {input:size(3), input:size(4)}, mode = "bilinear",
      align_corners = false}):squeeze(2)
  end
  return cam
end

--- Where attention goes: the weights [N, heads, queries, keys] of every nn.MultiheadAttention inside a network for an
-- input (a tensor or a list of arguments), in a table by the layers' names.
--     local inspect = require "nnlua.inspect"
--     local net = nn.TransformerEncoderLayer(8, 2, {batch_first = true})
--     inspect.attention(net, tensor.randn(3, 5, 8))["self_attn"].shape
--     --> {3, 2, 5, 5}
function inspect.attention(net, input)
  check("attention", net)
  local maps, watched = ordered.new(), {}
  for name, layer in net:named_modules() do
    if layer.__name == "MultiheadAttention" then
      watched[#watched + 1] = layer
      layer.on_weights = function(weights) maps[name] = weights:detach() end
    end
  end
  if #watched == 0 then fail.raise("attention: the network has no nn.MultiheadAttention") end
  run(net, input, function()
    for _, layer in ipairs(watched) do layer.on_weights = nil end
  end)
  return maps
end

-- ---- many dimensions ----------------------------------------------------------------------------------------------

local function check_points(who, x)
  if not tensor.is_tensor(x) or x:dim() < 2 or x:size(1) < 2 then
    fail.raise("%s: expected points [N, D], at least 2, got %s", who, tensor.is_tensor(x)
      and "[" .. table.concat({x:size()}, ", ") .. "]" or fail.show(x))
  end
  x = x:detach():double()
  return x:reshape(x:size(1), -1)
end

--- Principal components: points [N, D] in the k (2) directions of greatest variance, [N, k]; these directions [k, D];
-- and the share of the variance that each holds. The largest number of a direction is positive, so that the result is
-- one.
--     local inspect = require "nnlua.inspect"
--     local y, directions, shares = inspect.pca(tensor{{0, 0}, {1, 1}, {2, 2}}, 1)
--     y:flatten(), shares
--     --> {-1.4142, 0, 1.4142}	{1}
function inspect.pca(x, k)
  x, k = check_points("pca", x), k or 2
  if math.type(k) ~= "integer" or k < 1 or k > math.min(x:size()) then
    fail.raise("pca: k must be from 1 to %d, got %s", math.min(x:size()), fail.show(k))
  end
  x = x - x:mean(1, {keepdim = true})
  local _, s, v = tensor.linalg.svd(x, {full_matrices = false})
  local directions = v:narrow(1, 1, k)
  local largest = directions:abs():argmax(2, {keepdim = true})
  directions = directions * directions:gather(2, largest):sign()
  local variance = s:square()
  return x:matmul(directions:t()), directions, variance:narrow(1, 1, k) / variance:sum():clamp({min = 1e-300})
end

local tsne_options = signature("tsne", "n_components:count=2, perplexity:number=30, n_iter:count=500, "
  .. "learning_rate:number?, early_exaggeration:number=12, method:string?, theta:number=0.5, generator:any?, "
  .. "seed:int?, callback:callable?")

--- Points [N, D] in two dimensions such that neighbours stay neighbours (t-SNE, van der Maaten, Hinton 2008): [N, 2],
-- float64. Starts from the principal components. Options: n_components, perplexity (30, less than N: about how many
-- neighbours count), n_iter (500), learning_rate (default max(N / 48, 50)), early_exaggeration (12), method: "exact",
-- in time and memory N^2, the default up to 1,000 points and for other than two components; or "barnes_hut", N log N,
-- which takes far groups of points for one as theta (0.5) says; callback(step, divergence), seed or generator (unused
-- unless points coincide).
--     local inspect = require "nnlua.inspect"
--     local y = inspect.tsne(data.load("iris").x, {perplexity = 20, n_iter = 50})
--     y.shape
--     --> {150, 2}
function inspect.tsne(x, ...)
  local o = tsne_options(...)
  x = check_points("tsne", x)
  if o.perplexity >= x:size(1) or o.perplexity < 1 then
    fail.raise("tsne: perplexity must be from 1 to less than %d, the number of points, got %g", x:size(1), o.perplexity)
  end
  if o.method and o.method ~= "exact" and o.method ~= "barnes_hut" then
    fail.raise("tsne: method must be \"exact\" or \"barnes_hut\", got %s", fail.show(o.method))
  elseif o.method == "barnes_hut" and o.n_components ~= 2 then
    fail.raise("tsne: barnes_hut gives 2 components, not %d: take method = \"exact\"", o.n_components)
  elseif o.theta < 0 then
    fail.raise("tsne: theta must not be negative, got %g", o.theta)
  end
  o.method = o.method or (x:size(1) > 1000 and o.n_components == 2 and "barnes_hut") or "exact"
  local start = inspect.pca(x, math.min(o.n_components, x:size(2)))
  if start:size(2) < o.n_components then
    start = F.pad(start, {0, o.n_components - start:size(2)})
  end
  start = start / start[{{}, 1}]:std():clamp({min = 1e-12}) * 1e-4
  start = start + tensor.randn({start:size()}, {dtype = "float64", generator = dataset.generator(o)}) * 1e-8
  return tsne.run(x, start, o)
end

return inspect
