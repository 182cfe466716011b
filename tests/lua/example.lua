-- Runs an example: its lines are Lua; `--> text` holds what the line before prints, or the values it has if it is an
-- expression, several separated by a tab. The text is what print shows, but on one line: a matrix's line breaks and the
-- padding of its columns are one space.

local check = require "check"

local function on_one_line(text) return (text:gsub("%s*\n%s*", " "):gsub("([{,]) +", "%1"):gsub(",", ", ")) end

--- The example as a chunk: expressions in front of a `-->` are shown, each `-->` line checks what came out since the
-- last. Returns it and how many checks it makes.
local function chunk_of(example)
  local code, checks = {}, 0
  for line in (example .. "\n"):gmatch("(.-)\n") do
    local want = line:match("^%-%-> (.*)$")
    if want then
      if load("return " .. code[#code]) then code[#code] = "show(" .. code[#code] .. ")" end
      code[#code + 1] = ("expect(%q)"):format(want)
      checks = checks + 1
    else
      code[#code + 1] = line
    end
  end
  return table.concat(code, "\n"), checks
end

-- Runs f, which draws a picture as text: returns the text.
local function drawn(f)
  local write, parts = io.write, {}
  io.write = function(...) -- luacheck: ignore
    parts[#parts + 1] = table.concat {...}
    return io.stdout
  end
  local ok, message = pcall(f)
  io.write = write -- luacheck: ignore
  if not ok then error(message, 0) end
  return table.concat(parts)
end

--- Runs the example of the thing of this name; it must check something, or draw something if it `draws`.
return function(name, example, draws)
  local shown = {}
  local env = setmetatable({}, {__index = _G})
  function env.print(...)
    local texts = table.pack(...)
    for i = 1, texts.n do texts[i] = on_one_line(tostring(texts[i])) end
    shown[#shown + 1] = table.concat(texts, "\t")
  end
  function env.show(...)
    if select("#", ...) > 0 then env.print(...) end -- a call of print has no values of its own
  end
  function env.expect(want)
    check.equal(table.concat(shown, "\n"), want)
    shown = {}
  end
  local code, checks = chunk_of(example)
  if draws then
    local picture = drawn(assert(load(code, "=" .. name .. "'s example", "t", env)))
    check.ok(select(2, picture:gsub("\n", "")) >= 2, "a picture of several lines")
    return
  end
  check.ok(checks > 0, "a line that begins with -->")
  assert(load(code, "=" .. name .. "'s example", "t", env))()
  check.equal(#shown, 0, "outputs without a --> line")
end
