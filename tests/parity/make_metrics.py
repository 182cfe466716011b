# Writes fixtures/metrics.json.gz: random predictions and what scikit-learn 1.x says of them.
#     python make_metrics.py      (numpy, scikit-learn)
import gzip, json, os, warnings
import numpy as np
from sklearn import metrics as M

warnings.simplefilter("ignore")
rng = np.random.default_rng(20)
cases = []


def clean(v):
    if isinstance(v, (tuple, list)): return [clean(x) for x in v]
    if isinstance(v, np.ndarray): return clean(v.tolist())
    if isinstance(v, (float, np.floating)): return "inf" if np.isinf(v) else float(v)
    if isinstance(v, (int, np.integer)): return int(v)
    return v


def case(name, args, options, want): cases.append({"name": name, "args": clean(args), "options": options, "want": clean(want)})


def classes(n, c, right):
    y = rng.integers(0, c, n)
    p = np.where(rng.random(n) < right, y, rng.integers(0, c, n))
    return p, y


for i in range(12):
    c = [2, 3, 5, 7][i % 4]
    p, y = classes(int(rng.integers(5, 60)), c, rng.random())
    one = [p + 1, y + 1]
    case("accuracy", one, {}, M.accuracy_score(y, p))
    case("balanced_accuracy", one, {}, M.balanced_accuracy_score(y, p))
    case("confusion_matrix", one, {"num_classes": c}, M.confusion_matrix(y, p, labels=range(c)))
    for norm in ("true", "pred", "all"):
        case("confusion_matrix", one, {"num_classes": c, "normalize": norm},
             M.confusion_matrix(y, p, labels=range(c), normalize=norm))
    for average in ("micro", "macro", "weighted"):
        o = {"average": average}
        case("precision", one, o, M.precision_score(y, p, average=average, zero_division=0))
        case("recall", one, o, M.recall_score(y, p, average=average, zero_division=0))
        case("f1", one, o, M.f1_score(y, p, average=average, zero_division=0))
        case("fbeta", one, {"average": average, "beta": 0.5}, M.fbeta_score(y, p, beta=0.5, average=average, zero_division=0))
        case("iou", one, o, M.jaccard_score(y, p, average=average, zero_division=0))
    o = {"average": "none", "num_classes": c}
    case("precision", one, o, M.precision_score(y, p, labels=range(c), average=None, zero_division=0))
    case("recall", one, {"average": "macro", "num_classes": c, "zero_division": 1},
         M.recall_score(y, p, labels=range(c), average="macro", zero_division=1))
    case("f1", one, o, M.f1_score(y, p, labels=range(c), average=None, zero_division=0))
    case("cohen_kappa", one, {}, M.cohen_kappa_score(y, p))
    if c == 3 or c == 5:
        case("cohen_kappa", one, {"weights": "linear"}, M.cohen_kappa_score(y, p, weights="linear", labels=range(c)))
        case("cohen_kappa", one, {"weights": "quadratic"}, M.cohen_kappa_score(y, p, weights="quadratic", labels=range(c)))
    case("matthews_corrcoef", one, {}, M.matthews_corrcoef(y, p))

for i in range(12):
    p, y = classes(int(rng.integers(4, 40)), 2, 0.7)
    zeros = i % 2 == 0  # as 0 and 1, or as the classes 1 and 2
    if not zeros: y[0], p[0] = 1, 1
    one = [p, y] if zeros else [p + 1, y + 1]
    if zeros: y[0] = 0
    case("precision", one, {}, M.precision_score(y, p, zero_division=0))
    case("recall", one, {}, M.recall_score(y, p, zero_division=0))
    case("f1", one, {}, M.f1_score(y, p, zero_division=0))
    case("fbeta", one, {"beta": 2}, M.fbeta_score(y, p, beta=2, zero_division=0))

for i in range(12):
    n = int(rng.integers(6, 60))
    y = rng.integers(0, 2, n)
    y[:2] = 0, 1
    s = rng.random(n) * 0.6 + y * 0.3
    if i % 3 == 0: s = np.round(s, 1)  # with ties
    labels = y if i % 2 else y + 1
    one = [s, labels]
    case("roc_curve", one, {}, M.roc_curve(y, s))
    case("roc_curve", one, {"drop_intermediate": False}, M.roc_curve(y, s, drop_intermediate=False))
    case("roc_auc", one, {}, M.roc_auc_score(y, s))
    case("precision_recall_curve", one, {}, M.precision_recall_curve(y, s))
    case("average_precision", one, {}, M.average_precision_score(y, s))
    case("log_loss", one, {}, M.log_loss(y, s))
    case("brier_score", one, {}, M.brier_score_loss(y, s))
    from sklearn.calibration import calibration_curve
    case("calibration_curve", one, {"n_bins": 4}, calibration_curve(y, s, n_bins=4))
    x = np.sort(rng.random(n))
    case("auc", [x, s], {}, M.auc(x, s))
    case("auc", [x[::-1].copy(), s], {}, M.auc(x[::-1], s))

for i in range(12):
    n, c = int(rng.integers(15, 50)), int(rng.integers(3, 6))
    y = np.concatenate([np.arange(c), rng.integers(0, c, n - c)])
    z = rng.normal(size=(n, c)) + 1.5 * np.eye(c)[y]
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    one = [p, y + 1]
    case("accuracy", [z, y + 1], {}, M.accuracy_score(y, z.argmax(1)))
    for k in (1, 2, 3): case("top_k_accuracy", [z, y + 1], {"k": k}, M.top_k_accuracy_score(y, z, k=k, labels=range(c)))
    q = np.round(z)  # with ties
    case("top_k_accuracy", [q, y + 1], {"k": 2}, M.top_k_accuracy_score(y, q, k=2, labels=range(c)))
    case("log_loss", one, {}, M.log_loss(y, p))
    case("log_loss", [z, y + 1], {}, M.log_loss(y, p))
    case("roc_auc", one, {}, M.roc_auc_score(y, p, multi_class="ovr"))
    case("roc_auc", one, {"average": "weighted"}, M.roc_auc_score(y, p, multi_class="ovr", average="weighted"))
    case("roc_auc", one, {"multi_class": "ovo"}, M.roc_auc_score(y, p, multi_class="ovo"))
    case("average_precision", one, {}, M.average_precision_score(y, p))

for i in range(12):
    shape = (int(rng.integers(2, 40)),) if i % 2 else (int(rng.integers(2, 20)), 3)
    y = rng.normal(size=shape) * 10 + 3
    p = y + rng.normal(size=shape)
    one = [p, y]
    case("mse", one, {}, M.mean_squared_error(y, p))
    case("rmse", one, {}, M.root_mean_squared_error(y, p))
    case("mae", one, {}, M.mean_absolute_error(y, p))
    case("mape", one, {}, M.mean_absolute_percentage_error(y, p))
    case("r2", one, {}, M.r2_score(y, p))
    case("explained_variance", one, {}, M.explained_variance_score(y, p))
    if i % 2: case("max_error", one, {}, M.max_error(y, p))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "metrics.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as f:
    f.write(json.dumps(cases).encode())
print(len(cases), "cases")
