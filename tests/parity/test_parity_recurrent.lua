--- Parity with PyTorch: fixtures/recurrent.bin.gz, cases in cases_recurrent.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "recurrent"
