--- Parity with PyTorch: fixtures/autograd.bin.gz, cases in cases_autograd.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "autograd"
