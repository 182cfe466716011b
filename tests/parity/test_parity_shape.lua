--- Parity with PyTorch: fixtures/shape.bin.gz, cases in cases_shape.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "shape"
