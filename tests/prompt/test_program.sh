#!/bin/sh
# The program's options, exit statuses and what goes where.
set -u
NNLUA=${NNLUA:?}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# expect NAME STATUS OUT ERR COMMAND...: patterns (of grep -E, "" for anything) in standard output and standard error.
expect() {
  name=$1 want=$2 out=$3 err=$4
  shift 4
  "$@" > "$dir/out" 2> "$dir/err" < "${input:-/dev/null}"
  got=$?
  if [ "$got" = "$want" ] && { [ -z "$out" ] || grep -Eq -- "$out" "$dir/out"; } &&
    { [ -z "$err" ] || grep -Eq -- "$err" "$dir/err"; }; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $name: status $got (expected $want)"
    sed 's/^/  out: /' "$dir/out"
    sed 's/^/  err: /' "$dir/err"
  fi
}

cat > "$dir/ok.lua" <<'LUA'
print("arguments", #arg, arg[0] ~= nil, ...)
LUA
cat > "$dir/bad.lua" <<'LUA'
local function inner() local y = nn.Linear(3, 4)(tensor.zeros(2, 5)); return y end
inner()
LUA
echo 'print("from standard input", 1 + 1)' > "$dir/in.lua"
echo 'local x = = 1' > "$dir/syntax.lua"
echo 'return {value = 41}' > "$dir/mymod.lua"

expect "a script with arguments" 0 "^arguments	2	true	a	b$" "" "$NNLUA" "$dir/ok.lua" a b
expect "-e" 0 "^2$" "" "$NNLUA" -e 'print(1 + 1)'
expect "-e without a space" 0 "^3$" "" "$NNLUA" '-eprint(1 + 2)'
expect "several -e in order" 0 "^7$" "" "$NNLUA" -e 'a = 3' -e 'print(a + 4)'
expect "-e, then a script" 0 "^arguments" "" "$NNLUA" -e 'b = 1' "$dir/ok.lua"
expect "an error ends with 1" 1 "" "command line\):1: oops" "$NNLUA" -e 'error("oops")'
expect "an error value that is no string" 1 "" "error object is a table value" "$NNLUA" -e 'error({})'
expect "a library error names the user's line" 1 "" "bad.lua:1: Linear: linear: expected input\[\.\.\., 3\]" "$NNLUA" "$dir/bad.lua"
expect "the traceback shows the user's lines" 1 "" "bad.lua:2: in main chunk" "$NNLUA" "$dir/bad.lua"
if grep -q "lib/nnlua" "$dir/err"; then
  failed=$((failed + 1))
  echo "FAILED the traceback shows library lines"
fi
expect "a syntax error" 1 "" "syntax.lua:1:" "$NNLUA" "$dir/syntax.lua"
expect "a missing script" 1 "" "cannot open" "$NNLUA" "$dir/none.lua"
expect "an unknown option" 1 "" "unknown option '--frobnicate'" "$NNLUA" --frobnicate
expect "an option without its value" 1 "" "a value is missing after '-e'" "$NNLUA" -e
expect "-v" 0 "^nnlua [0-9]+\.[0-9]+\.[0-9]+.*threads" "" "$NNLUA" -v
expect "-v names the kernels and what multiplies" 0 "kernels: (portable|avx2|avx512).*products: " "" "$NNLUA" -v
expect "--help" 0 "usage: nnlua" "" "$NNLUA" --help
expect "--threads" 0 "^1$" "" "$NNLUA" --threads 1 -e 'print(nnlua.threads())'
expect "--threads with nonsense" 1 "" "needs a whole number, got 'many'" "$NNLUA" --threads many -e 'x = 1'
expect "--seed repeats" 0 "^true$" "" "$NNLUA" --seed 5 -e 'a = tensor.randn(3); tensor.manual_seed(5); print(a:equal(tensor.randn(3)))'
expect "-l" 0 "^41$" "" env LUA_PATH="$dir/?.lua;;" "$NNLUA" -l mymod -e 'print(mymod.value)'
expect "-- ends the options" 0 "^arguments" "" "$NNLUA" -- "$dir/ok.lua"
input=$dir/in.lua
expect "-" 0 "^from standard input	2$" "" "$NNLUA" -
expect "standard input that is no terminal" 0 "^from standard input	2$" "" "$NNLUA"
input=
expect "os.exit's status" 7 "" "" "$NNLUA" -e 'os.exit(7)'

# Ctrl-C ends Lua code under pcall, a coroutine, a product: status 130.
interrupted() {
  : > "$dir/out" # or "ready" of the one before would be found
  "$NNLUA" -e "$2" > "$dir/out" 2> "$dir/err" &
  pid=$!
  n=0
  until grep -q ready "$dir/out" || [ $n -gt 100 ]; do sleep 0.1; n=$((n + 1)); done
  kill -INT $pid
  wait $pid
  got=$?
  if [ "$got" = 130 ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "FAILED interrupt in $1: status $got"
  fi
}
ready='io.stdout:setvbuf("no"); print("ready");'
# a background command of a non-interactive shell starts with SIGINT ignored: the program's own handler must hold
interrupted "a loop" "$ready while true do end"
interrupted "pcall" "$ready while true do pcall(function() while true do end end) end"
interrupted "a coroutine" "$ready coroutine.wrap(function() while true do pcall(error) end end)()"
interrupted "a large product" "local a = tensor.zeros(6000, 6000); $ready for i = 1, 100 do a:matmul(a) end"
interrupted "small operations" "local a = tensor.zeros(10); $ready while true do a = a + 1 end"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
