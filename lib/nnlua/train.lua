-- train: the loop around a network and what belongs to it. One file a part in train/; this one gathers them.

local checks = require "nnlua.train.evaluate"
local fitting = require "nnlua.train.fit"
local logs = require "nnlua.train.log"
local progress = require "nnlua.train.progress"

return {
  fit = fitting.fit,
  evaluate = checks.evaluate,
  predict = checks.predict,
  progress = progress.progress,
  log = logs.log,
}
