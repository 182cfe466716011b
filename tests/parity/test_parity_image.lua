--- Parity with PyTorch: fixtures/image.bin.gz, cases in cases_image.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "image"
