-- What Lua tests share: named tests, comparisons that say what differs, a closing line and an exit status that counts.
--   local check = require "check"   (tests/lua is put on package.path by the first line of each test)
--   check.test("name", function() check.equal(1 + 1, 2) end)
--   check.done()

local check = {}

local passed, failed = 0, 0

local function is_tensor(v) return type(v) == "userdata" and type(v.totable) == "function" end

local function show(v)
  if type(v) == "string" then return ("%q"):format(v) end
  if type(v) == "table" and not (getmetatable(v) and getmetatable(v).__tostring) then
    local parts = {}
    for key, item in pairs(v) do parts[#parts + 1] = tostring(key) .. " = " .. show(item) end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  return tostring(v)
end

local function fail(what, format, ...)
  error((what and what .. ": " or "") .. format:format(...), 3)
end

-- Where two values differ, nil when they are the same; tolerance for numbers.
local function difference(a, b, tolerance, path)
  if is_tensor(a) then a = {dtype = a.dtype, shape = {a:size()}, values = a:totable()} end
  if is_tensor(b) then b = {dtype = b.dtype, shape = {b:size()}, values = b:totable()} end
  if type(a) == "number" and type(b) == "number" then
    if a ~= a and b ~= b then return nil end
    if a == b or (tolerance and math.abs(a - b) <= tolerance * math.max(1, math.abs(b))) then return nil end
  elseif type(a) == "table" and type(b) == "table" then
    for key in pairs(a) do
      local found = difference(a[key], b[key], tolerance, path .. "[" .. tostring(key) .. "]")
      if found then return found end
    end
    for key in pairs(b) do
      if a[key] == nil then return path .. "[" .. tostring(key) .. "] is missing" end
    end
    return nil
  elseif a == b then
    return nil
  end
  return ("%s is %s, expected %s"):format(path, show(a), show(b))
end

--- Runs a test; a failure is printed and counted.
function check.test(name, f)
  local ok, message = xpcall(f, function(m) return debug.traceback(tostring(m), 2) end)
  if ok then
    passed = passed + 1
  else
    failed = failed + 1
    io.stderr:write("FAILED ", name, ": ", message, "\n")
  end
end

--- got must be the same as want: numbers, strings, tables and tensors (dtype, shape, elements) alike.
function check.equal(got, want, what)
  local found = difference(got, want, nil, "value")
  if found then fail(what, "%s", found) end
end

--- The same with numbers within tolerance * max(1, |want|).
function check.close(got, want, tolerance, what)
  local found = difference(got, want, tolerance or 1e-6, "value")
  if found then fail(what, "%s", found) end
end

--- The value must be true (or at least not false or nil).
function check.ok(value, what)
  if not value then fail(what, "expected a true value, got %s", show(value)) end
end

--- f(...) must raise an error whose text contains `text` (plain, not a pattern). Returns the error's text.
function check.error(text, f, ...)
  local ok, message = pcall(f, ...)
  if ok then fail(nil, "expected an error with %q, but there was none", text) end
  message = tostring(message)
  if not message:find(text, 1, true) then fail(nil, "expected an error with %q, got %q", text, message) end
  return message
end

--- Prints how many tests passed; ends the program with status 1 when one failed.
function check.done()
  print(("%d passed, %d failed"):format(passed, failed))
  if failed > 0 or passed == 0 then os.exit(1) end
end

return check
