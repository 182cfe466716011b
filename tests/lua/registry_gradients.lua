-- Every differentiable row of the registry: gradients of first and second order against central differences in float64,
-- with random cotangents; and the fused gradient against the one by the composed form.

package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local check = require "check"
local samples = require "samples"

local STEP, TOLERANCE = 1e-5, 2e-7

-- Cotangents for tensors: numbers that have nothing in common with the values.
local function cotangents(outputs, seed)
  local random, list = samples.numbers(seed), {}
  for i, t in ipairs(outputs) do
    local values = {}
    for k = 1, t:numel() do values[k] = 2 * random() - 1 end
    list[i] = #values == 0 and tensor.zeros_like(t)
      or tensor(values, {dtype = "float64"}):reshape({t:size()})
  end
  return list
end

local function inner(list, with)
  local sum = 0.0
  for i, t in ipairs(list) do
    if t and t:numel() > 0 then sum = sum + (t:detach() * with[i]:detach()):sum():item() end
  end
  return sum
end

local function gradients(outputs, inputs, with, create)
  return {tensor.grad(outputs, inputs,
    {grad_outputs = with, create_graph = create, retain_graph = true, allow_unused = true})}
end

-- The central difference of f() for every element of leaf, compared with `found` (a tensor or nil, which is zero).
local function compare(leaf, found, f, what)
  local flat, values = leaf:detach():view(-1), found and found:detach():reshape(-1)
  local largest = 1
  for k = 1, leaf:numel() do
    local x = flat:get(k)
    flat:set(k, x + STEP)
    local up = f()
    flat:set(k, x - STEP)
    local down = f()
    flat:set(k, x)
    local numeric, analytic = (up - down) / (2 * STEP), values and values:get(k) or 0
    largest = math.max(largest, math.abs(numeric))
    local off = math.abs(numeric - analytic)
    if off ~= off or off > TOLERANCE * largest * 10 then
      error(("%s: element %d: differences say %.12g, the gradient %.12g"):format(what, k, numeric, analytic), 0)
    end
  end
end

-- Leaves that the sample keeps constant have no gradient; elsewhere a missing one is an error.
local function expect_present(found, n, text)
  if text:find("C%(") then return end
  for i = 1, n do
    if not found[i] then error("input " .. i .. " has no gradient", 0) end
  end
end

local function first_order(sample, with)
  local function loss() return inner(sample:outputs(), with) end
  local found = gradients(sample:outputs(), sample.leaves, with, false)
  if not sample.flat then expect_present(found, #sample.leaves, sample.text) end
  for i, leaf in ipairs(sample.leaves) do
    if found[i] or not sample.text:find("C%(") then compare(leaf, found[i], loss, "first order, input " .. i) end
  end
  return found
end

-- Gradients as functions of the leaves and of the cotangents, both checked.
local function second_order(sample, with, first)
  for _, t in ipairs(with) do t:requires_grad_(true) end
  local function grads(create) return gradients(sample:outputs(), sample.leaves, with, create) end
  local made = grads(true)
  local present, places = {}, {}
  for i = 1, #sample.leaves do
    check.ok((made[i] == nil) == (first[i] == nil), "fused and composed gradients reach the same inputs")
    if made[i] then
      check.close(made[i]:detach(), first[i], 1e-9, "composed against fused gradient of input " .. i)
      if made[i].requires_grad then present[#present + 1], places[#places + 1] = made[i], i end
    end
  end
  if #present == 0 then return end
  local with2 = cotangents(present, 97)
  local inputs = {}
  for i, leaf in ipairs(sample.leaves) do inputs[i] = leaf end
  for _, t in ipairs(with) do inputs[#inputs + 1] = t end
  local second = gradients(present, inputs, with2, false)
  local function loss()
    local now, list = grads(false), {}
    for k, i in ipairs(places) do list[k] = now[i] or false end
    return inner(list, with2)
  end
  for i, leaf in ipairs(inputs) do
    if i > #sample.leaves or first[i] then compare(leaf, second[i], loss, "second order, input " .. i) end
  end
end

-- Options whose gradient is by definition not the derivative.
local function by_definition(text) return text:find("scale_grad_by_freq", 1, true) end

local only = arg[1]
samples.each(function(row)
  return row.differentiable and (not row.flags.private or #row.samples > 0) and (not only or row.name == only)
end, function(row, text)
  if by_definition(text) then return end
  check.test(row.name .. "(" .. text .. ")", function()
    local sample = samples.new(row, text)
    local outputs = sample:outputs()
    if #sample.leaves == 0 then return end
    if #outputs == 0 then error("no result requires a gradient", 0) end
    local with = cotangents(outputs, 5)
    second_order(sample, with, first_order(sample, with))
  end)
end)

check.done()
