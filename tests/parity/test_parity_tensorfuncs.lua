--- Parity with PyTorch: fixtures/tensorfuncs.bin.gz, cases in cases_tensorfuncs.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "tensorfuncs"
