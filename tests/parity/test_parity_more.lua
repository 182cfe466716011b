--- Parity with PyTorch: fixtures/more.bin.gz, cases in cases_more.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "more"
