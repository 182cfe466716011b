-- nnlua.audio against PyTorch and torchaudio (fixtures/audio.json.gz, made by make_audio.py): equal to 1e-9 in float64;
-- float32, shapes, gradients, wrong inputs.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local nnlua = require "nnlua"
local audio = require "nnlua.audio"
local tensor = nnlua.tensor

local bytes = core.bytes
local zipped = bytes.read_file("test", here .. "/fixtures/audio.json.gz", 1 << 24)
local cases = assert(core.files.parse_json(assert(bytes.inflate(zipped, 1, nil, 1 << 26))))

local function signal(rows, n, dtype)
  local k = tensor.arange(rows * n, {dtype = "float64"}):reshape(rows, n)
  local x = (k * 0.37):sin() * 0.5 + (k * k * 0.0011):cos() * 0.3 + (k * 1.9):sin() * 0.1
  return x:to(dtype or "float64")
end

-- JSON has one kind of number.
local function plain(options)
  local out = {}
  for key, v in pairs(options) do out[key] = math.type(v) == "float" and math.tointeger(v) or v end
  return out
end

for i, case in ipairs(cases) do
  check.test(("case %d: %s"):format(i, case.name), function()
    for _, dtype in ipairs {"float64", "float32"} do
      local x = signal(case.rows, case.n, dtype)
      if case.name == "amplitude_to_db" then x = x:abs() end
      local got = {audio[case.name](x, plain(case.options))}
      check.equal(#got, #case.want)
      for k, want in ipairs(case.want) do
        check.equal({got[k]:size()}, plain(want.shape))
        check.equal(got[k].dtype, dtype)
        local close = dtype == "float64" and 1e-9 or 1e-3
        check.close(got[k]:flatten():totable(), want.values, close)
      end
    end
  end)
end

check.test("shapes: one signal, batches of batches", function()
  local x = tensor.rand(2, 3, 800)
  local whole = audio.mfcc(x, {n_mfcc = 5, n_mels = 20, n_fft = 128})
  check.equal({whole:size()}, {2, 3, 5, 13})
  check.close(audio.mfcc(x[2][3], {n_mfcc = 5, n_mels = 20, n_fft = 128}), whole[2][3], 1e-3)
  check.equal({audio.frame(x, 100, 50):size()}, {2, 3, 15, 100})
  check.equal({audio.stft(x[1][1], 64):size()}, {33, 51})
end)

check.test("differentiable", function()
  local x = signal(1, 24):requires_grad_()
  local o = {n_fft = 8, n_mels = 4, n_mfcc = 3, log_mels = true, window = "hann"}
  check.ok(tensor.gradcheck(function(v) return audio.mfcc(v, o) end, {x}))
end)

check.test("a tone is where it belongs", function()
  local rate = 8000
  local x = (tensor.arange(4000, {dtype = "float64"}) * (2 * math.pi * 1000 / rate)):sin()
  local s = audio.spectrogram(x, {n_fft = 256})
  check.equal(s:mean(2):argmax():item(), 1000 * 256 // rate + 1)
end)

check.test("wrong inputs", function()
  local x = tensor.rand(100)
  check.error("expected samples [..., N] as floats, got int64 [3]", audio.stft, tensor.arange(3), 2)
  check.error("100 samples are too short to be mirrored", audio.stft, x, 400)
  check.error("less than one frame", audio.stft, x, {n_fft = 200, center = false})
  check.error("win_length 20 is more than n_fft 16", audio.stft, x, {n_fft = 16, win_length = 20})
  check.error("window must be a name or a tensor of 16", audio.stft, x, {n_fft = 16, window = tensor.ones(3)})
  check.error("expected \"hann\"", audio.stft, x, {n_fft = 16, window = "han"})
  check.error("n_mfcc 200 is more than n_mels 128", audio.mfcc, tensor.rand(1000), {n_mfcc = 200})
  check.error("f_min 9000 is not below", audio.mel_spectrogram, tensor.rand(1000), {f_min = 9000})
  check.error("mel_scale must be", audio.mel_spectrogram, tensor.rand(1000), {mel_scale = "bark"})
  check.error("less than one frame", audio.frame, x, 200, 1)
end)

check.test("istft", function()
  tensor.manual_seed(1)
  local x = tensor.randn(2, 3, 101, {dtype = "float64"})
  for _, o in ipairs {{window = "hann"}, {window = "hamming", hop_length = 5}, {normalized = true},
    {window = "hann", win_length = 12, hop_length = 3}} do
    for _, n in ipairs {16, 15} do
      local re, im = audio.stft(x, n, o)
      o.length = 96
      check.ok(audio.istft(re, im, n, o):allclose(x:narrow(3, 1, 96), {atol = 1e-12}), "there and back")
      o.length = nil
    end
  end
  -- parts that are of no signal: what torch.istft says
  local k = tensor.arange(9, {dtype = "float64"}):reshape(3, 3)
  check.close(audio.istft(k:sin(), k:cos(), 4, {window = "hann"}):totable(), {0.036846, 0.306348}, 1e-6)
  check.equal({audio.istft(k:sin(), k:cos(), 4, {window = "hann", length = 9}):size()}, {9})
  check.error("windows leave gaps", audio.istft, k:sin(), k:cos(), 4, {window = "hann", hop_length = 4})
  check.error("expected real and imaginary parts [..., 5, T]", audio.istft, k, k, 8)
  check.ok(tensor.gradcheck(function(re, im) return audio.istft(re, im, 4, {window = "hann"}) end, {
    tensor.randn(3, 3, {dtype = "float64", requires_grad = true}),
    tensor.randn(3, 3, {dtype = "float64", requires_grad = true})}), "gradient")
end)

check.done()
