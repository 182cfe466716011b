--- Parity with PyTorch: fixtures/layers.bin.gz, cases in cases_layers.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "layers"
