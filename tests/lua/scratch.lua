-- A file for a test to write and read: local scratch = require "scratch"; scratch.path, scratch.write(bytes),
-- scratch.read(path). The test removes it.

local scratch = {path = os.tmpname()}

--- Writes the file's bytes; returns its path.
function scratch.write(bytes)
  local file = assert(io.open(scratch.path, "wb"))
  file:write(bytes)
  file:close()
  return scratch.path
end

--- All bytes of a file.
function scratch.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

return scratch
