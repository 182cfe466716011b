--- Parity with PyTorch: fixtures/activation.bin.gz, cases in cases_activation.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "activation"
