--- Parity with PyTorch: fixtures/product.bin.gz, cases in cases_product.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
runner.directory = directory
runner.run "product"
