--- Parity with PyTorch: fixtures/attention.bin.gz, cases in cases_attention.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "attention"
