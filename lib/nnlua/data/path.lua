-- What readers and writers of files share: the check of a name, whether a file is there. Knows no format.

local fail = require "nnlua.fail"

local path = {}

--- Raises an error unless `name` can be the name of a file.
function path.check(who, name)
  if type(name) ~= "string" or name == "" or name:find("\0", 1, true) then
    fail.raise("%s: expected the name of a file, got %s", who, fail.show(name))
  end
end

--- True when a file can be opened.
function path.exists(name)
  local file = io.open(name, "rb")
  if file then file:close() end
  return file ~= nil
end

--- The folder in which this library's data files lie.
function path.tables()
  return debug.getinfo(1, "S").source:match("^@(.*)path%.lua$") .. "tables/"
end

return path
