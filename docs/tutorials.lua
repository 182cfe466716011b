-- Runs the tutorials of scripts/ and writes scripts/README.md: what each is about, its result and how long it took.
--
--   nnlua docs/tutorials.lua [NAME...]      all of them, or those named (the others keep their lines)

local nnlua = require "nnlua"

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local scripts = here .. "/../scripts/"
local readme = scripts .. "README.md"

-- In learning order: the parts, each with its tutorials.
local parts = {
  {"Foundations", {"perceptron", "backprop", "autograd", "training-loop", "activations", "losses", "init", "vanishing",
    "optimizers", "lr-schedule", "overfitting", "dropout", "batchnorm", "augmentation", "metrics"}},
  {"Vision", {"convolution", "cnn", "resnet", "transfer"}},
  {"Sequences", {"rnn", "lstm", "gru", "language-model", "forecasting", "attention", "transformer"}},
  {"Generative models", {"autoencoder", "vae", "gan"}},
  {"Graphs and decisions", {"gcn", "dqn", "policy-gradient"}},
}

local function read(path)
  local file = io.open(path)
  local text = file and file:read("a")
  if file then file:close() end
  return text
end

-- What a tutorial says of itself in its first line: "-- The perceptron: what one neuron can do." without the dashes.
local function about(name)
  local text = assert(read(scripts .. name .. ".lua"), "no tutorial " .. name)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do
    local words = line:match("^%-%- ?(.*)$")
    if not words or words == "" then break end
    lines[#lines + 1] = words
  end
  return table.concat(lines, " ")
end

-- The lines that README.md has now, by tutorial.
local function lines_now()
  local lines = {}
  for line in (read(readme) or ""):gmatch("[^\n]+") do
    local name = line:match("^| `([%w-]+)%.lua`")
    if name then lines[name] = line end
  end
  return lines
end

local function run(name)
  local began = nnlua.clock()
  local pipe = assert(io.popen(("'%s' --no-color '%s%s.lua' 2>/dev/null"):format(
    os.getenv("NNLUA") or here .. "/../build/bin/nnlua", scripts, name)))
  local output = pipe:read("a")
  assert(pipe:close(), name .. " failed:\n" .. output)
  local result = assert(output:match("result: ([^\n]*)\n$"), name .. " has no result")
  return result, nnlua.clock() - began
end

-- "test_error=0.1 n=3" as "test error 0.1, n 3".
local function readable(result)
  local words = {}
  for name, value in result:gmatch("([%w_]+)=(%S+)") do words[#words + 1] = name:gsub("_", " ") .. " " .. value end
  return table.concat(words, ", ")
end

local wanted = {}
for _, name in ipairs(arg) do wanted[name] = true end
local lines = lines_now()
for _, part in ipairs(parts) do
  for _, name in ipairs(part[2]) do
    if #arg == 0 or wanted[name] then
      local result, seconds = run(name)
      io.stderr:write(("%-16s %5.0f s  %s\n"):format(name, seconds, result))
      lines[name] = ("| `%s.lua` | %s | %s | %.0f s |"):format(name, about(name),
        readable(result), seconds)
    end
  end
end

local out = {[[
# Tutorials

Each is a program that reads like a chapter: what, why, the code, what to look at, what to try next. They run as they
stand, `./nnlua scripts/perceptron.lua`, take `--seed N`, and with `--quick` show everything in a few seconds (with
worse results). The last line of their output is their result; those below, and the seconds, are from one run on two
cores, made by `nnlua docs/tutorials.lua`.

`xor.lua` is the smallest complete program; `fashion_mnist.lua` the first one to run, a network that
tells clothes apart.]]}
for _, part in ipairs(parts) do
  out[#out + 1] = ("\n## %s\n\n| script | about | result | time |\n| --- | --- | --- | --- |"):format(part[1])
  for _, name in ipairs(part[2]) do out[#out + 1] = lines[name] end
end
local file = assert(io.open(readme, "w"))
file:write(table.concat(out, "\n"), "\n")
file:close()
