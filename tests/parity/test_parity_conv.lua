--- Parity with PyTorch: fixtures/conv.bin.gz, cases in cases_conv.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "conv"
