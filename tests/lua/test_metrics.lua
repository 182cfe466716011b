-- Metrics that scikit-learn lacks, forms of arguments, wrong inputs. Values against scikit-learn's are in tests/parity.

package.path = (arg[0]:match("^(.*)/[^/]*$") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local nnlua = require "nnlua"
local tensor, metrics, F = nnlua.tensor, nnlua.metrics, nnlua.F

check.test("forms of predictions and labels", function()
  local logits = tensor{{1, 2, 0}, {3, 1, 1}, {0, 0, 9}, {5, 6, 7}}
  local labels = tensor({2, 1, 3, 1}, {dtype = "int64"})
  check.equal(metrics.accuracy(logits, labels), 0.75)
  check.equal(metrics.accuracy({2, 1, 3, 3}, {2, 1, 3, 1}), 0.75)
  check.equal(metrics.accuracy(tensor{0.2, 0.9}:gt(0.5), {0, 1}), 1.0)
  check.equal(metrics.accuracy(tensor{0.0, 1.0}, tensor{1.0, 1.0}), 0.5)
  check.equal(metrics.f1({0, 1, 1}, {0, 1, 0}), metrics.f1({1, 2, 2}, {1, 2, 1}))
  check.equal(metrics.f1({1, 2, 2}, {1, 2, 1}, {positive = 1}), 2 / 3)
  check.equal(metrics.confusion_matrix(logits, labels), tensor({{1, 0, 1}, {0, 1, 0}, {0, 0, 1}}, {dtype = "int64"}))
  check.equal({metrics.confusion_matrix({1, 2}, {1, 1}, {num_classes = 4}):size()}, {4, 4})
  check.close(metrics.roc_auc(tensor{{2, 0}, {0, 1}, {0, 3}}, {1, 2, 1}), 0.5)
  check.equal(metrics.iou(tensor.zeros(2, 3, 4, 4), tensor.ones(2, 4, 4):long()), 1.0)
  check.ok(metrics.accuracy(tensor.zeros(0, 3), tensor.zeros(0):long()) ~= 0)
  check.equal({metrics.mcc, metrics.ece}, {metrics.matthews_corrcoef, metrics.calibration_error})
end)

check.test("wrong inputs", function()
  check.error("accuracy: predictions [3] do not fit labels [4]", metrics.accuracy, tensor.zeros(3, 2), {1, 1, 1, 2})
  check.error("labels: expected a tensor", metrics.accuracy, tensor.zeros(3, 2), 3)
  check.error("got fractions", metrics.f1, tensor{0.2, 0.7}, {0, 1})
  check.error("classes count from 1, got 0", metrics.f1, {0, 2}, {1, 2})
  check.error("num_classes is 2", metrics.f1, {3, 2}, {1, 2}, {num_classes = 2})
  check.error("average must be", metrics.f1, {1, 2}, {1, 2}, {average = "mean"})
  check.error("needs two classes, there are 3", metrics.f1, {1, 3}, {1, 2}, {average = "binary"})
  check.error("unknown option 'avrage' (did you mean 'average'?)", metrics.f1, {1}, {1}, {avrage = "macro"})
  check.error("there are no negative samples", metrics.roc_auc, {0.1, 0.2}, {2, 2})
  check.error("the classes 1 and 2", metrics.roc_curve, {0.1, 0.2, 0.3}, {1, 2, 3})
  check.error("2 scores for 3 labels", metrics.roc_auc, {0.1, 0.2}, {0, 1, 1})
  check.error("score 2 is NaN", metrics.roc_auc, tensor{0.1, 0 / 0}, {0, 1})
  check.error("labels must be in 1..2", metrics.top_k_accuracy, tensor.zeros(1, 2), {3})
  check.error("in 0..1", metrics.log_loss, {1.5}, {1})
  check.error("do not fit targets", metrics.mse, {1, 2}, {1})
  check.error("neither rises nor falls", metrics.auc, {0, 2, 1}, {0, 1, 2})
  check.error("weights must be", metrics.cohen_kappa, {1, 2}, {1, 2}, {weights = "cubic"})
  check.error("expected boxes [N, 4]", metrics.box_iou, {{1, 2, 3}}, {{1, 2, 3, 4}})
  check.error("picture 1 lacks scores", metrics.mean_average_precision, {{boxes = {}, labels = {}}},
    {{boxes = {}, labels = {}}})
end)

check.test("calibration error against its definition", function()
  tensor.manual_seed(4)
  local p = tensor.randn(500, 4):softmax(2)
  local y = tensor.randint(1, 5, {500})
  local confidence, class = p:double():max(2)
  local right = class:eq(y):double()
  local ece, worst = 0, 0
  for k = 0, 9 do
    local inside = (confidence:gt(k / 10) & confidence:le((k + 1) / 10)):double()
    local n = inside:sum():item()
    if n > 0 then
      local gap = math.abs(((confidence - right) * inside):sum():item())
      ece, worst = ece + gap / 500, math.max(worst, gap / n)
    end
  end
  check.close(metrics.calibration_error(p, y, {n_bins = 10}), ece, 1e-9)
  check.close(metrics.ece(p, y, {n_bins = 10, norm = "max"}), worst, 1e-9)
end)

check.test("perplexity", function()
  tensor.manual_seed(5)
  local logits, y = tensor.randn(2, 5, 7), tensor.randint(1, 8, {2, 5})
  check.close(metrics.perplexity(logits, y), F.cross_entropy(logits:reshape(10, 7), y:flatten()):exp():item(), 1e-5)
  check.close(metrics.perplexity(math.log(8)), 8)
  y[{1, 1}] = -100
  check.ok(metrics.perplexity(logits, y) > 1)
  check.error("expected logits [..., V]", metrics.perplexity, logits, tensor.ones(2):long())
end)

-- Values by hand from the definition of Papineni et al. 2002.
check.test("BLEU", function()
  check.equal(metrics.bleu({"a b c d e"}, {"a b c d e"}), 1.0)
  check.equal(metrics.bleu({"a b c d"}, {{"e f g h"}}), 0.0)
  -- 1-grams 5/6, 2-grams 3/5, 3-grams 2/4, 4-grams 1/3; lengths equal
  check.close(metrics.bleu({"the cat sat on the mat"}, {{"the cat sat on a mat"}}),
    (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ^ (1 / 4))
  -- clipped counts: "the" occurs twice in the reference
  check.close(metrics.bleu({"the the the the"}, {{"the cat is on the mat"}}, {n = 1}), 2 / 4 * math.exp(1 - 6 / 4))
  check.close(metrics.bleu({{"a", "b"}}, {{{"a", "b", "c", "d"}, {"a", "b", "c"}}}, {n = 2}), math.exp(1 - 3 / 2))
  check.close(metrics.bleu({"a b x"}, {"a b y"}, {n = 2, smooth = true}), (2 / 3 * (1 + 1) / (2 + 1)) ^ 0.5)
  check.close(metrics.bleu("明月几时有", "明月几时有"), 1.0)
  check.error("as many references", metrics.bleu, {"a"}, {})
end)

check.test("edit distance", function()
  check.equal(metrics.edit_distance("kitten", "sitting"), 3)
  check.equal(metrics.edit_distance("", "abc"), 3)
  check.equal(metrics.edit_distance("明月", "明日"), 1)
  check.equal(metrics.edit_distance({1, 2, 3}, {1, 3}), 1)
  check.close(metrics.word_error_rate({"a b c", "d"}, {"a c", "d"}), 1 / 3)
end)

check.test("boxes", function()
  check.close(metrics.box_iou({{0, 0, 2, 2}, {0, 0, 0, 0}}, {{1, 1, 3, 3}, {0, 0, 2, 2}}):totable(),
    {{1 / 7, 1}, {0, 0}})
  check.equal({metrics.box_iou({}, {{0, 0, 1, 1}}):size()}, {0, 1})
  local truth = {{boxes = {{0, 0, 10, 10}, {20, 20, 30, 30}}, labels = {1, 1}}}
  local found = {{boxes = {{0, 0, 10, 10}, {0, 0, 10, 9}, {20, 20, 30, 31}}, scores = {0.9, 0.8, 0.7},
    labels = {1, 1, 1}}}
  -- right, wrong (its box is taken), right: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1
  check.close(metrics.mean_average_precision(found, truth), 1 / 2 * 1 + 1 / 2 * 2 / 3)
  check.close(metrics.mean_average_precision(found, truth, {points = 101}), (51 * 1 + 50 * 2 / 3) / 101)
  check.close(metrics.mean_average_precision(found, truth, {iou = {0.5, 0.95}}), (5 / 6 + 1 / 2) / 2)
  truth[1].labels[2] = 2
  check.close(metrics.mean_average_precision(found, truth), 0.5)
  check.equal(metrics.mean_average_precision({{boxes = {}, scores = {}, labels = {}}}, truth), 0.0)
end)

check.test("thresholds of overlap", function()
  local found, truth = {{boxes = {{0, 0, 2, 2}}, scores = {1}, labels = {1}}}, {{boxes = {{0, 0, 2, 2}}, labels = {1}}}
  check.error("iou must be above 0 and at most 1, got 2", metrics.mean_average_precision, found, truth, {iou = 2})
  check.error("iou must be above 0", metrics.mean_average_precision, found, truth, {iou = {0.5, 0}})
  check.error("iou is an empty list", metrics.mean_average_precision, found, truth, {iou = {}})
  check.equal(metrics.mean_average_precision(found, truth, {iou = {0.5, 1}}), 1.0)
end)

check.test("report", function()
  local text = metrics.classification_report({1, 2, 2, 1}, {1, 2, 1, 1}, {classes = {"no", "yes"}})
  check.ok(text:find("yes%s+0.5000%s+1.0000%s+0.6667%s+1"), text)
  check.ok(text:find("accuracy%s+0.7500%s+4"), text)
end)

check.done()
