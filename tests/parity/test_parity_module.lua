--- Parity with PyTorch: fixtures/module.bin.gz, cases in cases_module.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "module"
