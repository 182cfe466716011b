-- Runs the tutorials of scripts/ and writes scripts/README.md: what each is about, its result and how long it took.
--
--   nnlua docs/tutorials.lua [--keep DIRECTORY] [NAME...]    all of them, or those named (the others keep their lines);
--                                                            outputs and pictures go to DIRECTORY/NAME


local here = arg[0]:match("^(.*)/[^/]*$") or "."
local scripts = here .. "/../scripts/"
local readme = scripts .. "README.md"

-- In learning order: the parts, each with its tutorials.
local parts = {
  {"Foundations", {"perceptron", "forward", "backprop", "autograd", "training-loop", "deep-learning", "activations",
    "losses", "init", "vanishing", "clipping", "optimizers", "lr-schedule", "batch-size", "hyperparameters",
    "overfitting", "l1-l2", "dropout", "batchnorm", "augmentation", "early-stopping", "cross-validation",
    "preprocessing", "features", "metrics", "imbalance", "ensembles", "gen-vs-disc"}},
  {"Vision", {"convolution", "pooling", "cnn", "segmentation", "detection", "resnet", "transfer", "inpainting",
    "visualisation"}},
  {"Sequences", {"rnn", "lstm", "gru", "language-model", "forecasting", "attention", "transformer"}},
  {"Generative models", {"autoencoder", "vae", "gan", "anomaly"}},
  {"Graphs and decisions", {"gnn", "gcn", "dqn", "policy-gradient"}},
  {"Learning to learn", {"multi-task", "maml", "distillation"}},
  {"Small and sturdy", {"pruning", "adversarial", "monitoring", "checkpoint"}},
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

-- Runs a tutorial; returns its result and the seconds that processors worked for it, which other programs on the
-- machine change little.
local function run(name, keep)
  local directory = keep and keep .. "/" .. name
  if directory then os.execute(("mkdir -p '%s'"):format(directory)) end
  local pipe = assert(io.popen(("'%s' --no-color '%s%s.lua' %s 2>/dev/null || echo failed; times"):format(
    os.getenv("NNLUA") or here .. "/../build/bin/nnlua", scripts, name,
    directory and ("--pictures '%s'"):format(directory) or "")))
  local output = pipe:read("a")
  pipe:close()
  if directory then assert(io.open(directory .. "/output.txt", "w")):write(output):close() end
  local result, m, s, sys_m, sys_s = output:match(
    "result: ([^\n]*)\n[^\n]*\n(%d+)m([%d.]+)s (%d+)m([%d.]+)s[^\n]*\n$") -- the last line is of the children
  assert(result, name .. " failed:\n" .. output)
  return result, 60 * (m + sys_m) + s + sys_s
end

-- "test_error=0.1 n=3" as "test error 0.1, n 3".
local function readable(result)
  local words = {}
  for name, value in result:gmatch("([%w_]+)=(%S+)") do words[#words + 1] = name:gsub("_", " ") .. " " .. value end
  return table.concat(words, ", ")
end

local head = [[
# Tutorials

Each is a program that reads like a chapter: what, why, the code, what to look at, what to try next. They run as they
stand, `./nnlua scripts/perceptron.lua`, take `--seed N`, and with `--quick` show everything in a few seconds (with
worse results); with `--pictures DIRECTORY` what they draw is also written there as PNG files. The last line of their
output is their result; those below are from one run on two cores, made by `nnlua docs/tutorials.lua`. The seconds are
those of both cores together, which is a little less than twice the wait on a machine with nothing else to do; where
the table says so, they were taken by the clock.

`xor.lua` is the smallest complete program; `fashion_mnist.lua` the first one to run, a network that
tells clothes apart.]]

-- Writes README.md: the lines that it has, with one changed.
local function write(changed, line)
  local lines = lines_now()
  lines[changed] = line
  local out = {head}
  for _, part in ipairs(parts) do
    out[#out + 1] = ("\n## %s\n\n| script | about | result | time |\n| --- | --- | --- | --- |"):format(part[1])
    for _, name in ipairs(part[2]) do out[#out + 1] = lines[name] end
  end
  local file = assert(io.open(readme, "w"))
  file:write(table.concat(out, "\n"), "\n")
  file:close()
end

local wanted, keep, i = {}, nil, 1
while arg[i] do
  if arg[i] == "--keep" then keep, i = arg[i + 1], i + 1 else wanted[arg[i]] = true end
  i = i + 1
end
for _, part in ipairs(parts) do
  for _, name in ipairs(part[2]) do
    if next(wanted) == nil or wanted[name] then
      local result, seconds = run(name, keep)
      io.stderr:write(("%-16s %5.0f s  %s\n"):format(name, seconds, result))
      write(name, ("| `%s.lua` | %s | %s | %.0f s |"):format(name, about(name), readable(result), seconds))
    end
  end
end
