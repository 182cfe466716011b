--- Parity with PyTorch: fixtures/normalization.bin.gz, cases in cases_normalization.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "normalization"
