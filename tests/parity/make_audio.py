# Writes fixtures/audio.json.gz: what PyTorch and torchaudio make of a signal by a formula.
#     python make_audio.py      (torch, torchaudio)
import gzip, json, math, os
import torch, torchaudio
import torchaudio.transforms as T

torch.set_default_dtype(torch.float64)
cases = []


def signal(n, rows=1):
    k = torch.arange(rows * n, dtype=torch.float64).reshape(rows, n)
    return (k * 0.37).sin() * 0.5 + (k * k * 0.0011).cos() * 0.3 + (k * 1.9).sin() * 0.1


def case(name, rows, n, options, want):
    want = want if isinstance(want, (list, tuple)) else [want]
    cases.append({"name": name, "rows": rows, "n": n, "options": options,
                  "want": [{"shape": list(w.shape), "values": w.flatten().tolist()} for w in want]})


for o in ({"n_fft": 16}, {"n_fft": 16, "hop_length": 5}, {"n_fft": 15, "hop_length": 4, "window": "hann"},
          {"n_fft": 16, "win_length": 9, "window": "hamming", "hop_length": 8}, {"n_fft": 12, "center": False},
          {"n_fft": 16, "pad_mode": "constant", "window": "blackman"}, {"n_fft": 16, "normalized": True}):
    p = dict(o)
    w = {"hann": torch.hann_window, "hamming": torch.hamming_window, "blackman": torch.blackman_window}.get(p.pop("window", None))
    if w: p["window"] = w(p.get("win_length", p["n_fft"]))
    s = torch.stft(signal(50, 2), return_complex=True, **p)
    case("stft", 2, 50, o, [s.real, s.imag])

for o in ({"n_fft": 16}, {"n_fft": 16, "power": 1}, {"n_fft": 16, "win_length": 10, "hop_length": 3, "pad": 2},
          {"n_fft": 16, "normalized": True}):
    case("spectrogram", 1, 60, o, T.Spectrogram(**o)(signal(60)))

mel = {"sample_rate": 8000, "n_fft": 64, "n_mels": 10}
for more in ({}, {"norm": "slaney", "mel_scale": "slaney"}, {"f_min": 100, "f_max": 3000}, {"mel_scale": "slaney"}):
    case("mel_spectrogram", 1, 200, mel | more, T.MelSpectrogram(**(mel | more))(signal(200)))
for more in ({}, {"log_mels": True}, {"hop_length": 40}):
    kw = dict(mel | more)
    log_mels = kw.pop("log_mels", False)
    rate = kw.pop("sample_rate")
    case("mfcc", 2, 200, mel | more | {"n_mfcc": 6}, T.MFCC(rate, 6, log_mels=log_mels, melkwargs=kw)(signal(200, 2)))
case("amplitude_to_db", 1, 40, {"top_db": 20}, T.AmplitudeToDB("power", 20)(signal(40).abs()))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "audio.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as f:
    f.write(json.dumps(cases).encode())
print(len(cases), "cases")
