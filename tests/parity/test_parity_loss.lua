--- Parity with PyTorch: fixtures/loss.bin.gz, cases in cases_loss.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "loss"
