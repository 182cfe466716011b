#!/bin/sh
# The prompt in a pseudo-terminal: what is typed and what comes back. A step is a line to type; ^C is Ctrl-C, "wait N" a
# pause of N seconds.
set -u
NNLUA=${NNLUA:?}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" TERM=dumb
passed=0 failed=0

type_steps() {
  sleep 1
  while IFS= read -r step; do
    case $step in
      '^C') printf '\003' ;;
      'wait '*) sleep "${step#wait }" ;;
      *) printf '%s\n' "$step" ;;
    esac
    sleep 0.3
  done
  sleep 0.3
  printf '\004'
  sleep 0.3
}

# session NAME PATTERN...: types standard input; every pattern (grep -E) must be in what the terminal showed.
session() {
  name=$1
  shift
  type_steps | script -qec "$NNLUA" /dev/null 2>&1 | tr -d '\r' > "$dir/screen"
  for pattern in "$@"; do
    if grep -Eq -- "$pattern" "$dir/screen"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "FAILED $name: no line matches $pattern"
      sed 's/^/  | /' "$dir/screen"
    fi
  done
}

session "an expression shows its value, statements run" '^7$' '^42$' <<'STEPS'
3 + 4
x = 42
x
STEPS

session "an entry goes on while it is incomplete" '^3$' '^hello	2$' <<'STEPS'
1 +
2
for i = 1, 2 do
print("hello", i) end
STEPS

session "errors do not end it, and name the place" "unexpected symbol near '='" 'prompt:1: boo' '^still here$' <<'STEPS'
y = = 3
error("boo")
print("still here")
STEPS

session "tensors show" '^\{1, 2, 3\}$' '^\{\{2, 4\}' <<'STEPS'
tensor{1, 2, 3}
tensor{{1, 2}, {3, 4}} * 2
STEPS

session "a wrong shape names the operation and the shapes" 'matmul: shapes \[2, 3\] and \[2, 3\]' '^done$' <<'STEPS'
tensor.zeros(2, 3):matmul(tensor.zeros(2, 3))
print("done")
STEPS

session "Ctrl-C ends a loop and keeps the variables" 'interrupted' '^kept 5$' <<'STEPS'
kept = 5
while true do end
wait 1
^C
print("kept " .. kept)
STEPS

session "Ctrl-C ends a long product" 'interrupted' '^after$' <<'STEPS'
a = tensor.zeros(5000, 5000)
for i = 1, 1000 do a:matmul(a) end
wait 1
^C
wait 1
print("after")
STEPS

session "Ctrl-C drops an unfinished entry" '^fresh$' <<'STEPS'
for i = 1, 10 do
^C
print("fresh")
STEPS

session "grad mode is as before after an interrupt" '^true$' <<'STEPS'
tensor.no_grad(function() while true do end end)
wait 1
^C
tensor.is_grad_enabled()
STEPS

session "out of memory is an error" 'out of memory' '^alive$' <<'STEPS'
tensor.zeros(100000, 100000, 100000)
print("alive")
STEPS

echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
