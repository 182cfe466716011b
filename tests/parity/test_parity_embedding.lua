--- Parity with PyTorch: fixtures/embedding.bin.gz, cases in cases_embedding.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "embedding"
