--- Parity with PyTorch: fixtures/index.bin.gz, cases in cases_index.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "index"
