-- nnlua.audio: from samples to spectra, mel bands and cepstral coefficients. Definitions and defaults are
-- torchaudio's; the Fourier transform is a product with its matrix, so that all can be differentiated. Sound is float
-- [..., N]. Use: local audio = require "nnlua.audio".

local core = require "nnlua.core"
local expect = require "nnlua.expect"
local fail = require "nnlua.fail"
local signature = require "nnlua.signature"

local tensor, F = core.tensor, core.F
local audio = {}

local function check(who, x)
  if not tensor.is_tensor(x) or x:dim() < 1 or not x:is_floating_point() then
    fail.raise("%s: expected samples [..., N] as floats, got %s", who, tensor.is_tensor(x)
      and x.dtype .. " [" .. table.concat({x:size()}, ", ") .. "]" or fail.show(x))
  end
end

-- x as [B, N], and a function that gives results [B, ...] the shape in front of N again.
local function flat(x)
  local shape = {x:size()}
  local n = table.remove(shape)
  return x:reshape(-1, n), function(y)
    local whole = table.move(shape, 1, #shape, 1, {})
    for d = 2, y:dim() do whole[#whole + 1] = y:size(d) end
    return y:reshape(whole)
  end
end

-- Frames of [B, N] as [B, T, size].
local function frames_of(x, size, hop)
  local count = (x:size(2) - size) // hop + 1
  local at = tensor.arange(count, {dtype = "int64"}):unsqueeze(2) * hop + tensor.arange(1, size + 1, {dtype = "int64"})
  return x:index_select(2, at:flatten()):reshape(x:size(1), count, size)
end

--- Overlapping pieces of a signal: [..., T, size], a new one every `hop` samples; what is left at the end is dropped.
--     local audio = require "nnlua.audio"
--     audio.frame(tensor.arange(7, {dtype = "float32"}), 3, 2)
--     --> {{0, 1, 2}, {2, 3, 4}, {4, 5, 6}}
function audio.frame(x, size, hop)
  check("frame", x)
  if math.type(size) ~= "integer" or math.type(hop) ~= "integer" or size < 1 or hop < 1 then
    fail.raise("frame: size and hop must be whole numbers >= 1")
  end
  if x:size(-1) < size then fail.raise("frame: %d samples are less than one frame of %d", x:size(-1), size) end
  local rows, back = flat(x)
  return back(frames_of(rows, size, hop))
end

local windows = {
  hann = function(n) return tensor.cos(n * 1) * -0.5 + 0.5 end,
  hamming = function(n) return tensor.cos(n * 1) * -0.46 + 0.54 end,
  blackman = function(n) return tensor.cos(n) * -0.5 + tensor.cos(n * 2) * 0.08 + 0.42 end,
  rectangular = function(n) return n * 0 + 1 end,
}

--- A window of n samples, periodic as spectra need it: "hann", "hamming", "blackman" or "rectangular"; float64.
--     local audio = require "nnlua.audio"
--     audio.window("hann", 4)
--     --> {0, 0.5, 1, 0.5}
function audio.window(name, n)
  local make = windows[name]
  if not make or math.type(n) ~= "integer" or n < 1 then
    fail.raise("window: expected \"hann\", \"hamming\", \"blackman\" or \"rectangular\" and a length, got %s and %s",
      fail.show(name), fail.show(n))
  end
  return make(tensor.arange(n, {dtype = "float64"}) * (2 * math.pi / n))
end

-- cos and sin parts of the Fourier matrix [n, n // 2 + 1] with the window in it; the last few are kept.
local kept, kept_order = {}, {}

local function fourier(n, window, dtype, key)
  if key and kept[key] then return kept[key][1], kept[key][2] end
  local k = tensor.arange(n, {dtype = "float64"}):unsqueeze(2)
  local f = tensor.arange(n // 2 + 1, {dtype = "float64"}):unsqueeze(1)
  local angle = (k * f):remainder(n) * (2 * math.pi / n) -- whole turns taken off before rounding
  local column = window:double():unsqueeze(2)
  local re, im = (angle:cos() * column):to(dtype), (angle:sin() * column * -1):to(dtype)
  if key then
    kept[key] = {re, im}
    table.insert(kept_order, key)
    if #kept_order > 8 then kept[table.remove(kept_order, 1)] = nil end
  end
  return re, im
end

local stft_options = signature("stft", "n_fft:count, hop_length:count?, win_length:count?, window:any?, "
  .. "center:bool=true, pad_mode:string=reflect, normalized:bool=false")

-- Window of o.n_fft samples, as float64, and a key for the cache.
local function window_of(o)
  local length = o.win_length or o.n_fft
  if length > o.n_fft then fail.raise("stft: win_length %d is more than n_fft %d", length, o.n_fft) end
  local name = o.window or "rectangular"
  local w
  if type(name) == "string" then
    w = audio.window(name, length)
  elseif tensor.is_tensor(name) and name:dim() == 1 and name:size(1) == length then
    w = name:detach():double()
  else
    fail.raise("stft: window must be a name or a tensor of %d samples, got %s", length, fail.show(name))
  end
  local left = (o.n_fft - length) // 2
  local key = type(name) == "string" and ("%s %d %d"):format(name, length, o.n_fft) or nil
  local energy = w:square():sum():item()
  if length < o.n_fft then w = F.pad(w, {left, o.n_fft - length - left}) end
  return w, key, energy
end

-- Real and imaginary parts [B, F, T] of rows [B, N].
local function transform(who, x, o)
  local w, key = window_of(o)
  local hop = o.hop_length or o.n_fft // 4
  if o.center then
    local half = o.n_fft // 2
    if o.pad_mode == "reflect" and x:size(2) <= half then
      fail.raise("%s: %d samples are too short to be mirrored for n_fft %d", who, x:size(2), o.n_fft)
    end
    x = F.pad(x, {half, half}, o.pad_mode)
  end
  if x:size(2) < o.n_fft then
    fail.raise("%s: %d samples are less than one frame of n_fft %d", who, x:size(2), o.n_fft)
  end
  local re, im = fourier(o.n_fft, w, x.dtype, key and key .. " " .. x.dtype)
  local frames = frames_of(x, o.n_fft, math.max(1, hop))
  return frames:matmul(re):transpose(2, 3), frames:matmul(im):transpose(2, 3)
end

--- The short-time Fourier transform of [..., N]: real and imaginary parts [..., n_fft // 2 + 1, T], as torch.stft has
-- them. Options: hop_length (n_fft // 4), win_length (n_fft), window (a name as in audio.window or a tensor; none by
-- default), center (frames around their time, the signal padded), pad_mode ("reflect"), normalized (divided by the
-- root of n_fft).
--     local audio = require "nnlua.audio"
--     local re, im = audio.stft(tensor.ones(8), 4, {center = false})
--     re.shape, re[{1, 1}]
--     --> {3, 5}	4
function audio.stft(x, ...)
  check("stft", x)
  local o = stft_options(...)
  local rows, back = flat(x)
  local re, im = transform("stft", rows, o)
  if o.normalized then re, im = re / math.sqrt(o.n_fft), im / math.sqrt(o.n_fft) end
  return back(re), back(im)
end

local istft_options = signature("istft", "n_fft:count, hop_length:count?, win_length:count?, window:any?, "
  .. "center:bool=true, normalized:bool=false, length:count?")

-- Frames [B, T, n] laid over each other at steps of hop and added: [B, n + (T - 1) hop].
local function overlap_add(frames, hop)
  local count, n = frames:size(2), frames:size(3)
  local at = tensor.arange(count, {dtype = "int64"}):unsqueeze(2) * hop + tensor.arange(1, n + 1, {dtype = "int64"})
  local sum = tensor.zeros(frames:size(1), (count - 1) * hop + n, {dtype = frames.dtype})
  return sum:index_add(2, at:flatten(), frames:flatten(2))
end

--- The signal [..., N] of which real and imaginary parts [..., n_fft // 2 + 1, T] are the short-time Fourier transform,
-- or comes nearest to it (Griffin, Lim 1984), as torch.istft gives it. Options as in stft, which they have to equal;
-- length (of the signal; what the frames reach otherwise).
--     local audio = require "nnlua.audio"
--     local re, im = audio.stft(tensor{1, 2, 3, 4, 3, 2}, 4, {window = "hann"})
--     audio.istft(re, im, 4, {window = "hann"}):round({decimals = 3})
--     --> {1, 2, 3, 4, 3, 2}
function audio.istft(re, im, ...)
  check("istft", re)
  check("istft", im)
  local o = istft_options(...)
  if re:dim() < 2 or re:size(-2) ~= o.n_fft // 2 + 1 or re.shape ~= im.shape then
    fail.raise("istft: expected real and imaginary parts [..., %d, T] for n_fft %d, got [%s] and [%s]",
      o.n_fft // 2 + 1, o.n_fft, table.concat({re:size()}, ", "), table.concat({im:size()}, ", "))
  end
  local n, hop, shape = o.n_fft, o.hop_length or o.n_fft // 4, {re:size()}
  local w = window_of(o)
  -- the inverse of the real transform: each frequency but the outer ones stands for itself and its mirror image
  local twice = tensor.full({n // 2 + 1, 1}, 2 / n, {dtype = "float64"})
  twice[1] = 1 / n
  if n % 2 == 0 then twice[-1] = 1 / n end
  local cos, sin = fourier(n, w, "float64")
  local rows_re = re:reshape(-1, shape[#shape - 1], shape[#shape]):transpose(2, 3)
  local rows_im = im:reshape(-1, shape[#shape - 1], shape[#shape]):transpose(2, 3)
  local frames = rows_re:matmul((cos:t() * twice):to(re.dtype)) + rows_im:matmul((sin:t() * twice):to(re.dtype))
  if o.normalized then frames = frames * math.sqrt(n) end
  local sum = overlap_add(frames, hop)
  local weight = overlap_add(w:square():expand(1, shape[#shape], n), hop)
  local first = o.center and n // 2 or 0
  local size = o.length or sum:size(2) - 2 * first
  local there = math.min(size, sum:size(2) - first)
  sum, weight = sum:narrow(2, first + 1, there), weight:narrow(2, first + 1, there)
  if weight:min():item() < 1e-11 then
    fail.raise("istft: the windows leave gaps: take a smaller hop_length than %d, or a window that is above 0", hop)
  end
  local x = F.pad(sum / weight:to(sum.dtype), {0, size - there})
  shape[#shape - 1], shape[#shape] = size, nil
  return x:reshape(shape)
end

local SPECTRUM = "n_fft:count=400, win_length:count?, hop_length:count?, pad:amount=0, window:any=hann, "
  .. "power:number=2, normalized:bool=false, center:bool=true, pad_mode:string=reflect"
local spectrogram_options = signature("spectrogram", SPECTRUM)

-- |STFT| to a power, [B, F, T].
local function spectrum(who, x, o)
  local win = o.win_length or o.n_fft
  if o.pad > 0 then x = F.pad(x, {o.pad, o.pad}) end
  local options = {n_fft = o.n_fft, win_length = win, hop_length = o.hop_length or win // 2, window = o.window,
    center = o.center, pad_mode = o.pad_mode}
  local re, im = transform(who, x, options)
  local power = re:square() + im:square()
  if o.normalized then power = power / select(3, window_of(options)) end
  if o.power == 2 then return power end
  return power:pow(o.power / 2)
end

--- The spectrogram of [..., N]: |STFT| ^ power, [..., n_fft // 2 + 1, T]. Options as torchaudio's Spectrogram: n_fft
-- (400), win_length (n_fft), hop_length (win_length // 2), pad, window ("hann"), power (2; 1 for magnitudes),
-- normalized (by the window's energy), center, pad_mode.
--     local audio = require "nnlua.audio"
--     audio.spectrogram(tensor.zeros(2, 16000)).shape
--     --> {2, 201, 81}
function audio.spectrogram(x, ...)
  check("spectrogram", x)
  local rows, back = flat(x)
  return back(spectrum("spectrogram", rows, spectrogram_options(...)))
end

-- ---- mel bands ----------------------------------------------------------------------------------------------------

local STEP = math.log(6.4) / 27 -- of Slaney's scale above 1000 Hz

--- A frequency in Hz as mel: scale "htk" (2595 log10(1 + f / 700)) or "slaney" (linear to 1000 Hz, then logarithmic).
--     local audio = require "nnlua.audio"
--     audio.hz_to_mel(700), audio.hz_to_mel(1000, "slaney")
--     --> 781.17283874803	15.0
function audio.hz_to_mel(f, scale)
  expect.number("hz_to_mel", nil, f)
  if scale ~= "slaney" then return 2595 * math.log(1 + f / 700, 10) end
  return f < 1000 and f * 3 / 200 or 15 + math.log(f / 1000) / STEP
end

--- A frequency in mel as Hz; scale as in hz_to_mel.
--     local audio = require "nnlua.audio"
--     audio.mel_to_hz(15, "slaney")
--     --> 1000.0
function audio.mel_to_hz(m, scale)
  expect.number("mel_to_hz", nil, m)
  if scale ~= "slaney" then return 700 * (10 ^ (m / 2595) - 1) end
  return m < 15 and m * 200 / 3 or 1000 * math.exp(STEP * (m - 15))
end

local bank_options = signature("mel_filterbank", "n_freqs:count, f_min:number, f_max:number, n_mels:count, "
  .. "sample_rate:count, norm:string?, mel_scale:string=htk")

--- Triangular filters [n_freqs, n_mels] (float64) from linear frequencies (0 to half the sample rate) to mel bands, as
-- torchaudio's melscale_fbanks. Options: norm ("slaney": each filter has area 1), mel_scale ("htk", "slaney").
--     local audio = require "nnlua.audio"
--     audio.mel_filterbank(201, 0, 8000, 40, 16000).shape
--     --> {201, 40}
function audio.mel_filterbank(...)
  local o = bank_options(...)
  if o.mel_scale ~= "htk" and o.mel_scale ~= "slaney" then
    fail.raise("mel_filterbank: mel_scale must be \"htk\" or \"slaney\", got %s", fail.show(o.mel_scale))
  end
  if o.norm and o.norm ~= "slaney" then
    fail.raise("mel_filterbank: norm must be \"slaney\", got %s", fail.show(o.norm))
  end
  if o.f_min >= o.f_max then fail.raise("mel_filterbank: f_min %g is not below f_max %g", o.f_min, o.f_max) end
  local low, high = audio.hz_to_mel(o.f_min, o.mel_scale), audio.hz_to_mel(o.f_max, o.mel_scale)
  local points = {}
  for i = 0, o.n_mels + 1 do
    points[i + 1] = audio.mel_to_hz(low + (high - low) * i / (o.n_mels + 1), o.mel_scale)
  end
  local p = tensor(points, {dtype = "float64"})
  local f = tensor.linspace(0, o.sample_rate // 2, o.n_freqs, {dtype = "float64"}):unsqueeze(2)
  local left, middle, right = p:narrow(1, 1, o.n_mels), p:narrow(1, 2, o.n_mels), p:narrow(1, 3, o.n_mels)
  local rising, falling = (f - left) / (middle - left), (right - f) / (right - middle)
  local bank = rising:minimum(falling):clamp({min = 0})
  if o.norm then bank = bank * 2 / (right - left) end
  return bank
end

local MEL = "sample_rate:count=16000, " .. SPECTRUM .. ", f_min:number=0, f_max:number?, n_mels:count=128, "
  .. "norm:string?, mel_scale:string=htk"
local mel_options = signature("mel_spectrogram", MEL)

local function mel_spectrum(who, x, o)
  local s = spectrum(who, x, o)
  local bank = audio.mel_filterbank(o.n_fft // 2 + 1, o.f_min, o.f_max or o.sample_rate // 2, o.n_mels, o.sample_rate,
    {norm = o.norm, mel_scale = o.mel_scale}):to(s.dtype)
  return bank:t():matmul(s)
end

--- The mel spectrogram of [..., N]: [..., n_mels, T]. Options: sample_rate (16000), those of audio.spectrogram, f_min
-- (0), f_max (half the sample rate), n_mels (128), norm, mel_scale.
--     local audio = require "nnlua.audio"
--     audio.mel_spectrogram(tensor.zeros(16000), {n_mels = 40}).shape
--     --> {40, 81}
function audio.mel_spectrogram(x, ...)
  check("mel_spectrogram", x)
  local rows, back = flat(x)
  return back(mel_spectrum("mel_spectrogram", rows, mel_options(...)))
end

local db_options = signature("amplitude_to_db", "stype:string=power, top_db:positive?, amin:positive=1e-10, "
  .. "ref:positive=1")

--- Power (or, with stype = "magnitude", magnitude) in decibels: 10 log10(x / ref), x at least amin (1e-10). With top_db
-- nothing lies further below the highest value of a signal.
--     local audio = require "nnlua.audio"
--     audio.amplitude_to_db(tensor{1, 0.1, 0}, {top_db = 80})
--     --> {0, -10, -80}
function audio.amplitude_to_db(x, ...)
  check("amplitude_to_db", x)
  local o = db_options(...)
  if o.stype ~= "power" and o.stype ~= "magnitude" then
    fail.raise("amplitude_to_db: stype must be \"power\" or \"magnitude\", got %s", fail.show(o.stype))
  end
  local factor = o.stype == "power" and 10 or 20
  local y = x:clamp({min = o.amin}):log10() * factor - factor * math.log(math.max(o.amin, o.ref), 10)
  if not o.top_db then return y end
  local highest = y:dim() > 2 and y:amax({y:dim() - 1, y:dim()}, {keepdim = true}) or y:amax()
  return y:maximum(highest - o.top_db)
end

--- The matrix [n_mels, n_mfcc] (float64) of the discrete cosine transform, type 2. norm: "ortho" (default) or "none".
--     local audio = require "nnlua.audio"
--     audio.create_dct(2, 2)
--     --> {{0.7071, 0.7071}, {0.7071, -0.7071}}
function audio.create_dct(n_mfcc, n_mels, norm)
  expect.count("create_dct", "n_mfcc", n_mfcc)
  expect.count("create_dct", "n_mels", n_mels)
  local n = tensor.arange(n_mels, {dtype = "float64"}):unsqueeze(2)
  local k = tensor.arange(n_mfcc, {dtype = "float64"}):unsqueeze(1)
  local dct = ((n + 0.5) * k * (math.pi / n_mels)):cos()
  if norm == "none" then return dct * 2 end
  local scale = tensor.full({n_mfcc}, math.sqrt(2 / n_mels), {dtype = "float64"})
  scale[1] = math.sqrt(1 / n_mels)
  return dct * scale
end

local mfcc_options = signature("mfcc", "n_mfcc:count=40, log_mels:bool=false, " .. MEL)

--- Mel-frequency cepstral coefficients of [..., N]: [..., n_mfcc, T], the cosine transform of the mel spectrogram in
-- decibels (at most 80 below the highest), or of its logarithm with log_mels. Options: n_mfcc (40), log_mels, those of
-- audio.mel_spectrogram.
--     local audio = require "nnlua.audio"
--     audio.mfcc(tensor.rand(3, 8000), {sample_rate = 8000, n_mfcc = 13, n_fft = 256, n_mels = 26}).shape
--     --> {3, 13, 63}
function audio.mfcc(x, ...)
  check("mfcc", x)
  local o = mfcc_options(...)
  if o.n_mfcc > o.n_mels then fail.raise("mfcc: n_mfcc %d is more than n_mels %d", o.n_mfcc, o.n_mels) end
  local rows, back = flat(x)
  local mel = mel_spectrum("mfcc", rows, o)
  if o.log_mels then
    mel = (mel + 1e-6):log()
  else
    mel = audio.amplitude_to_db(mel, {top_db = 80})
  end
  local dct = audio.create_dct(o.n_mfcc, o.n_mels):to(mel.dtype)
  return back(dct:t():matmul(mel))
end

return audio
