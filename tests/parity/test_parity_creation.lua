--- Parity with PyTorch: fixtures/creation.bin.gz, cases in cases_creation.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "creation"
