--- Parity with PyTorch: fixtures/losses.bin.gz, cases in cases_losses.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "losses"
