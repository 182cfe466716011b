--- Parity with PyTorch: fixtures/container.bin.gz, cases in cases_container.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "container"
