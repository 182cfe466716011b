-- Compiles the Lua library into one file for src/bundle.c:  nnlua cmake/bundle.lua OUT DIRECTORY
-- Source paths below DIRECTORY come on standard input, one a line. What does not compile is left out: its error belongs
-- to whoever loads it.

local out, directory = arg[1], arg[2]
local parts = {string.pack("s8", directory)}
for relative in io.lines() do
  local path = directory .. "/" .. relative
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  local f = load(text, "@" .. path, "t")
  if f then
    local name = relative:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    parts[#parts + 1] = string.pack("s8s8i8s8", name, relative, #text, string.dump(f))
  end
end
local temporary = ("%s.%x"):format(out, os.time())
local file = assert(io.open(temporary, "wb"))
assert(file:write(table.concat(parts)))
assert(file:close())
assert(os.rename(temporary, out))
