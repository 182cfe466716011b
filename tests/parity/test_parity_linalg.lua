--- Parity with PyTorch: fixtures/linalg.bin.gz, cases in cases_linalg.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "linalg"
