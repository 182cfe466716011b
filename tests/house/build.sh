#!/bin/sh
# build.sh DIR CMAKE_OPTIONS...: builds the checkout once more, in DIR; prints only what went wrong.
dir=$1
shift
mkdir -p "$dir"
log=$dir/build.log
if cmake -S "$NNLUA_ROOT" -B "$dir" "$@" >"$log" 2>&1 && cmake --build "$dir" --parallel 2 >>"$log" 2>&1; then
  exit 0
fi
grep -E -A6 'error|Error|warning' "$log" | head -n 200
exit 1
