--- Parity with PyTorch: fixtures/elementwise.bin.gz, cases in cases_elementwise.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "elementwise"
