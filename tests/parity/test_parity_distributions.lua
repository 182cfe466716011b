--- Parity with PyTorch: fixtures/distributions.bin.gz, cases in cases_distributions.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "distributions"
