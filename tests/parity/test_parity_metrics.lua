-- Metrics against scikit-learn's (fixtures/metrics.json.gz, made by make_metrics.py): equal to 1e-9.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. package.path
local check = require "check"
local core = require "nnlua.core"
local nnlua = require "nnlua"
local tensor, metrics = nnlua.tensor, nnlua.metrics

local bytes = core.bytes
local zipped = bytes.read_file("test", here .. "/fixtures/metrics.json.gz", 2 ^ 24 // 1)
local cases = assert(core.files.parse_json(assert(bytes.inflate(zipped, 1, nil, 2 ^ 26 // 1))))

-- JSON has one kind of number: whole ones are class numbers.
local function argument(v)
  local whole = true
  for _, item in ipairs(type(v[1]) == "table" and v[1] or v) do whole = whole and item == math.floor(item) end
  return tensor(v, {dtype = whole and type(v[1]) ~= "table" and "int64" or "float64"})
end

local function plain(v)
  if tensor.is_tensor(v) then return v:double():totable() end
  if v == "inf" then return math.huge end
  if type(v) ~= "table" then return v end
  local out = {}
  for i, item in ipairs(v) do out[i] = plain(item) end
  return out
end

check.test("the cases are there", function() check.ok(#cases >= 100, #cases) end)
local only = arg[1]
for i, case in ipairs(cases) do
  if not only or case.name:find(only, 1, true) then
    check.test(("case %d: %s"):format(i, case.name), function()
      local a, b = argument(case.args[1]), argument(case.args[2])
      local got = {metrics[case.name](a, b, case.options)}
      check.close(plain(#got == 1 and got[1] or got), plain(case.want), 1e-9)
      if case.name == "precision" or case.name == "mse" or case.name == "roc_auc" then -- plain lists do as well
        check.close(plain(metrics[case.name](a:totable(), b:totable(), case.options)), plain(case.want), 1e-6)
      end
    end)
  end
end

check.done()
