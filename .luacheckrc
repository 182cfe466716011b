-- What luacheck holds the Lua code to: tests, scripts and the library alike.
std = "lua54"
max_line_length = 120
self = false
cache = false

-- The program's globals (the library itself gets them by require).
local program = {"tensor", "nn", "F", "optim", "data", "train", "metrics", "plot", "help", "lesson", "nnlua"}
files["lib/nnlua/lessons"] = {read_globals = program, max_line_length = false} -- prose
files["scripts"] = {read_globals = program}
files["tests"] = {read_globals = program}
