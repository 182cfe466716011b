--- Parity with PyTorch: fixtures/pool.bin.gz, cases in cases_pool.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "pool"
