--- Parity with PyTorch over whole trajectories: fixtures/training.bin.gz, records of cases_training.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
local training = require "training"
runner.directory = directory
training.directory = directory
runner.run("training", training.handlers)
