-- Lua's own functions, each with its call and what it does, for help: print, string.format, table.sort, ... A list of
-- {call, text}.

local list = {}

for line in ([[
print(...): Writes its arguments as text, with tabs between them and a newline behind.
type(v): The type of a value: "nil", "number", "string", "boolean", "table", "function", "thread" or "userdata".
tostring(v): A value as text; ask __tostring of its metatable first.
tonumber(v, base = 10): The number that a text holds, nil when it holds none.
ipairs(t): Goes through t[1], t[2], ... up to the first nil: for i, v in ipairs(t) do ... end.
pairs(t): Goes through all keys and values of a table: for k, v in pairs(t) do ... end. The order of keys is not fixed.
next(t, key = nil): The key after this one in a table, and its value; nil behind the last. next(t) == nil: t is empty.
select(n, ...): The arguments from the n-th on; select("#", ...) counts them, nil ones too.
assert(v, message = nil): Returns its arguments when v is true, else raises an error with the message.
error(message, level = 1): Raises an error. The message gets the place: of the caller for level 2, none for level 0.
pcall(f, ...): Calls f(...) and catches errors: true and its results, or false and the message.
xpcall(f, handler, ...): The same as pcall; handler(message) runs where the error happened and gives the message.
require(name): Loads a module once and returns what it returned: local m = require "m".
load(text, chunkname = nil, mode = "bt", env = _ENV): Compiles a text: a function, or nil and the message.
loadfile(path): Compiles a file: a function, or nil and the message.
dofile(path): Runs a file and returns what it returns; run "file.lua" keeps its variables, too.
setmetatable(t, meta): Gives a table a metatable (__index, __call, __add, ...) and returns the table.
getmetatable(v): The metatable of a value, nil when it has none.
rawget(t, key): t[key] without metamethods.
rawset(t, key, v): t[key] = v without metamethods.
rawlen(v): #v without metamethods.
rawequal(a, b): a == b without metamethods.
collectgarbage(what = "collect"): Collects what is not needed any more; "count" tells the kilobytes in use.
warn(...): Writes a warning to standard error; warn("@on") turns warnings on.
math.abs(x): x without its sign. Of a tensor: x:abs().
math.ceil(x): The least whole number >= x.
math.floor(x): The greatest whole number <= x.
math.max(...): The greatest of its arguments. Of a tensor: x:max().
math.min(...): The least of its arguments. Of a tensor: x:min().
math.sqrt(x): The square root. Of a tensor: x:sqrt().
math.exp(x): e to the power x. Of a tensor: x:exp().
math.log(x, base = nil): The natural logarithm, or that to a base. Of a tensor: x:log().
math.sin(x): The sine of an angle in radians.
math.cos(x): The cosine of an angle in radians.
math.tan(x): The tangent of an angle in radians.
math.asin(x): The inverse sine.
math.acos(x): The inverse cosine.
math.atan(y, x = 1): The angle of the point (x, y), from -pi to pi.
math.fmod(a, b): The remainder of a / b with the sign of a; a % b has that of b.
math.modf(x): The whole part of x and the rest.
math.tointeger(x): x as an integer, nil when it is no whole number.
math.type(x): "integer", "float", or nil for what is no number.
math.ult(a, b): a < b of integers without sign.
math.random(low = nil, high = nil): A number in 0..1; with n a whole one from 1 to n, or from low to high.
math.randomseed(seed): Starts the random numbers anew; those of tensors by tensor.manual_seed.
math.deg(x): Radians as degrees.
math.rad(x): Degrees as radians.
string.byte(s, i = 1, j = i): The codes of the bytes from i to j.
string.char(...): A string of bytes with these codes.
string.find(s, pattern, init = 1, plain = false): Where a pattern first fits: begin, end, captures; nil when it doesn't.
string.match(s, pattern, init = 1): What a pattern captured, or the whole fit; nil when it doesn't fit.
string.gmatch(s, pattern): Goes through all fits: for word in s:gmatch("%a+") do ... end.
string.gsub(s, pattern, with, n = nil): s with fits replaced by a text, a table's entry, a function's result; how many.
string.format(format, ...): Values as text: ("%d %s %.3f"):format(3, "loss", 0.25). %g, %5d as in C; %q quotes.
string.len(s): Its length in bytes; utf8.len(s) counts characters.
string.lower(s): In small letters.
string.upper(s): In capital letters.
string.rep(s, n, separator = ""): n times s.
string.reverse(s): Its bytes from the last to the first.
string.sub(s, i, j = -1): The part from byte i to byte j; -1 is the last one.
string.pack(format, ...): Numbers and strings as bytes.
string.unpack(format, s, position = 1): Reads values out of bytes, the reverse of string.pack.
string.packsize(format): How many bytes string.pack makes with this format.
string.dump(f): The function as compiled code.
table.concat(list, separator = "", i = 1, j = #list): The texts and numbers of a list joined.
table.insert(list, position = #list + 1, v): Puts a value into a list: table.insert(t, v) at its end.
table.remove(list, position = #list): Takes an element out of a list and returns it.
table.sort(list, less = nil): Sorts a list in place; less(a, b) says whether a comes before b.
table.unpack(list, i = 1, j = #list): The elements as several values.
table.pack(...): Its arguments as a list, with their number n.
table.move(from, first, last, position, to = from): Copies elements first to last to a position.
io.write(...): Writes texts and numbers to standard output, nothing between them.
io.read(format = "l"): Reads from standard input: "l" a line, "a" all, "n" a number.
io.open(path, mode = "r"): A file, or nil and the message. mode: "r", "w", "a", with a "b" for bytes.
io.lines(path): Goes through a file's lines: for line in io.lines(path) do ... end.
io.popen(command, mode = "r"): Runs a command of the shell and reads what it writes.
io.close(file): Closes a file.
io.tmpfile(): A file without a name that is gone at the end.
io.type(v): "file", "closed file", or nil for what is no file.
io.input(file): Sets or returns what io.read reads.
io.output(file): Sets or returns what io.write writes to.
io.flush(): Writes out what waits in io.output's buffer.
os.time(table = nil): Seconds since 1970, now or of a date {year = 2024, month = 1, day = 31}.
os.date(format = "%c", time = nil): A time as text, "%Y-%m-%d %H:%M"; "*t" gives a table.
os.clock(): Seconds of processor time used; nnlua.clock() is wall time.
os.difftime(a, b): Seconds from time b to time a.
os.getenv(name): A variable of the environment, nil when it isn't set.
os.execute(command): Runs a command of the shell; at the prompt !command is shorter.
os.exit(code = true): Ends the program.
os.remove(path): Deletes a file.
os.rename(from, to): Renames a file.
os.tmpname(): A name for a file that may be used for a while.
os.setlocale(locale, category = "all"): Sets the locale; "C" is the one at the start.
utf8.char(...): A string of the characters with these code points.
utf8.len(s): How many characters a string has; nil and a position when it is no UTF-8.
utf8.codepoint(s, i = 1, j = i): The code points of the characters from byte i to byte j.
utf8.codes(s): Goes through the characters: for position, code in utf8.codes(s) do ... end.
utf8.offset(s, n, i = nil): Where the n-th character begins, in bytes.
coroutine.create(f): A coroutine that will run f.
coroutine.resume(co, ...): Goes on with a coroutine: true and what it yields, or false and the message.
coroutine.yield(...): Gives values to resume and waits there.
coroutine.wrap(f): A function that goes on with a coroutine at each call.
coroutine.status(co): "suspended", "running", "normal" or "dead".
coroutine.running(): The coroutine that runs, and whether it is the main one.
coroutine.isyieldable(): Whether yield would work here.
coroutine.close(co): Ends a suspended coroutine and closes its variables.
debug.traceback(message = nil): The calls that led here, as text.
debug.getinfo(f, what = nil): What is known of a function or a level of the stack.
]]):gmatch("[^\n]+") do
  local call, text = line:match("^(%S-%(.-%)): (.*)$")
  list[#list + 1] = {call, text}
end

return list
