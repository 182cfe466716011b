--- Parity with PyTorch: fixtures/reduce.bin.gz, cases in cases_reduce.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "reduce"
