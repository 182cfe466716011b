#!/bin/sh
# An installation in a prefix of its own, moved elsewhere afterwards: the program finds its library, a plain lua5.4 the
# module, and what a distribution expects is in its place.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0
fail() {
  failures=$((failures + 1))
  echo "FAILED: $*"
}
# expect WHAT WANTED GOT
expect() { [ "$3" = "$2" ] || fail "$1: expected '$2', got '$3'"; }

cmake --install "$NNLUA_BUILD" --prefix "$dir/first" >"$dir/log" || { cat "$dir/log"; exit 1; }
prefix=$dir/else\ where
mv "$dir/first" "$prefix"
for file in bin/nnlua lib/lua/5.4/nnlua/core.so share/lua/5.4/nnlua/init.lua share/doc/nnlua/README.md \
  share/doc/nnlua/LICENSE share/doc/nnlua/CHANGELOG.md share/nnlua/scripts/xor.lua \
  share/nnlua/scripts/fashion_mnist.lua; do
  [ -s "$prefix/$file" ] || fail "$file is not installed"
done
expect "every Lua file of the library is installed" \
  "$(cd "$NNLUA_ROOT/lib" && find nnlua -name '*.lua' | sort)" \
  "$(cd "$prefix/share/lua/5.4" && find nnlua -name '*.lua' | sort)"

# Away from the checkout, with nothing in the environment.
cd "$dir" || exit 1
bare() { env -i PATH=/usr/bin:/bin HOME="$dir" "$@" 2>&1; }
expect "the installed program computes" "6.0" \
  "$(bare "$prefix/bin/nnlua" -e 'print((tensor{1, 2, 3}:sum():item()))')"
expect "the installed program uses the installed library" "$prefix/share/lua/5.4/nnlua/init.lua" \
  "$(bare "$prefix/bin/nnlua" -e 'print(io.open(package.searchpath("nnlua", package.path)) and
    (io.popen("realpath \"" .. package.searchpath("nnlua", package.path) .. "\""):read()))')"
ln -s "$prefix/bin/nnlua" "$dir/nn"
expect "the program finds its library through a link" "2.0" \
  "$(bare "$dir/nn" -e 'print((tensor{1, 1}:sum():item()))')"

share=$prefix/share/lua/5.4
cat >"$dir/plain.lua" <<'EOF'
local before = {}
for k, v in pairs(_G) do before[k] = v end
local nnlua = require "nnlua"
for k, v in pairs(_G) do assert(before[k] == v, "wrote the global " .. k) end
for _, name in ipairs{"tensor", "nn", "F", "optim", "data", "metrics"} do assert(nnlua[name], name .. " is missing") end
local x = nnlua.tensor({1, 2, 3}, {requires_grad = true})
x:pow(2):sum():backward()
print(x.grad:sum():item())
EOF
expect "a plain lua5.4 has it by require" "12.0" \
  "$(bare env "LUA_PATH=$share/?.lua;$share/?/init.lua" "LUA_CPATH=$prefix/lib/lua/5.4/?.so" lua5.4 plain.lua)"
lib=$NNLUA_ROOT/lib
expect "a plain lua5.4 has it from the build tree" "12.0" \
  "$(bare env "LUA_PATH=$lib/?.lua;$lib/?/init.lua" "LUA_CPATH=$NNLUA_BUILD/lib/?.so" lua5.4 plain.lua)"

[ $failures -eq 0 ] && echo "installation: all checks passed"
exit $((failures > 0))
