-- Code of a lesson: an expression, statements, or statements whose last lines are an expression, as at the prompt.

local code = {}

--- The text as a chunk that returns its last expression; the text itself where it has none, or is no Lua.
function code.chunk(text)
  if load("return " .. text) then return "return " .. text end
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  for i = #lines, 2, -1 do
    local head, tail = table.concat(lines, "\n", 1, i - 1), table.concat(lines, "\n", i)
    if tail:find("%S") and load("return " .. tail) then
      local whole = head .. "\nreturn " .. tail
      if load(whole) then return whole end
    end
  end
  return text
end

--- A function of that; nil and a message where it is no Lua.
function code.compile(text, env)
  return load(code.chunk(text), "=lesson", "t", env or _ENV)
end

return code
