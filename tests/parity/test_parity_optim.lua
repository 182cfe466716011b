--- Parity with PyTorch: optimisers over whole trajectories, schedules. Records of cases_optim.py.
local directory = arg[0]:match "^(.*/)" or "./"
package.path = directory .. "?.lua;" .. package.path
local runner = require "runner"
local training = require "training"
local schedules = require "schedules"
runner.directory = directory
training.directory = directory
for kind, handler in pairs(schedules.handlers) do training.handlers[kind] = handler end
runner.run("optim", training.handlers)
