-- train: the loop around a network and what belongs to it. One file a part in train/; this one gathers them.

local checks = require "nnlua.train.evaluate"
local fitting = require "nnlua.train.fit"
local logs = require "nnlua.train.log"
local progress = require "nnlua.train.progress"

local train = {
  fit = fitting.fit,
  evaluate = checks.evaluate,
  predict = checks.predict,
  progress = progress.progress,
  log = logs.log,
}

for _, part in ipairs {"lr_find", "search", "ensemble", "watch", "report"} do
  for name, f in pairs(require("nnlua.train." .. part)) do train[name] = f end
end

return train
