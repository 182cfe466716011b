#!/bin/sh
# build.sh DIR TARGET CMAKE_OPTIONS...: builds the checkout's TARGET once more, in DIR; prints only what went wrong.
dir=$1
target=$2
shift 2
mkdir -p "$dir"
log=$dir/build.log
if cmake -S "$NNLUA_ROOT" -B "$dir" "$@" >"$log" 2>&1 && cmake --build "$dir" --parallel 2 --target "$target" >>"$log" 2>&1; then
  exit 0
fi
grep -E -A6 'error|Error|warning' "$log" | head -n 200
exit 1
