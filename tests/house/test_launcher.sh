#!/bin/sh
# The launcher in a checkout of its own with stand-ins for the packages' and the build's tools: what it installs, when it
# builds, what it says, and that the program gets its arguments and input.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fake=$dir/fake
repo=$dir/check\ out
log=$dir/log
export FAKE_LOG="$log" FAKE_DIR="$dir"
mkdir -p "$fake" "$repo/cmake" "$repo/src/engine"
cp "$NNLUA_ROOT/nnlua" "$repo/"
cp "$NNLUA_ROOT/cmake/bootstrap.sh" "$repo/cmake/"
echo >"$repo/CMakeLists.txt"
echo >"$repo/src/engine/a.c"
echo >"$repo/src/engine/b.c"

stand_in() { cat >"$fake/$1" && chmod +x "$fake/$1"; }
stand_in cmake <<'EOF'
#!/bin/sh
echo "cmake $1" >>"$FAKE_LOG"
[ "$1" = --build ] || exit 0
[ ! -e "$FAKE_DIR/broken" ] || { echo "a.c:1: error: broken on purpose"; exit 1; }
mkdir -p "$2/bin"
cat >"$2/bin/nnlua" <<'END'
#!/bin/sh
printf '<%s>' "$@"
[ "$1" != - ] || cat
END
chmod +x "$2/bin/nnlua"
EOF
stand_in apt-get <<'EOF'
#!/bin/sh
echo "apt-get $*" >>"$FAKE_LOG"
case "$*" in
  *install*) for p in $(cat "$FAKE_DIR/unavailable"); do
    case "$*" in *$p*) echo "Unable to locate package $p"; exit 100 ;; esac
  done
  : >"$FAKE_DIR/missing" ;;
esac
EOF
stand_in dpkg-query <<'EOF'
#!/bin/sh
for name; do :; done
grep -qx "$name" "$FAKE_DIR/missing" && exit 1
echo installed
EOF
stand_in id <<'EOF'
#!/bin/sh
cat "$FAKE_DIR/uid"
EOF
stand_in sudo <<'EOF'
#!/bin/sh
echo "sudo" >>"$FAKE_LOG"
while :; do case $1 in -* | *=*) shift ;; *) break ;; esac; done
exec "$@"
EOF
for tool in cc make luacheck clang; do stand_in $tool </dev/null; done
# Beside the stand-ins only what a bare system has.
tools=$dir/tools
mkdir "$tools"
for tool in sh cat mkdir chmod rm mv tail grep touch nproc readlink flock ls printf; do
  path=$(command -v $tool) && [ -x "$path" ] && ln -s "$path" "$tools/$tool"
done
: >"$dir/missing"
: >"$dir/unavailable"
echo 0 >"$dir/uid"

failures=0
# run INPUT ARGS...: starts the launcher; leaves $out, $err, $status, and a fresh log of the stand-ins' calls in $calls.
run() {
  input=$1
  shift
  : >"$log"
  out=$(printf %s "$input" | PATH="$fake:$tools" "$launcher" "$@" 2>"$dir/err")
  status=$?
  err=$(cat "$dir/err")
  calls=$(cat "$log")
}
# check WHAT CONDITION...: the condition is a command.
check() {
  what=$1
  shift
  "$@" && return
  failures=$((failures + 1))
  printf 'FAILED: %s\n  status %s\n  out: %s\n  err: %s\n  calls: %s\n' "$what" "$status" "$out" "$err" "$calls"
}
has() { case $1 in *"$2"*) return 0 ;; esac; return 1; }
lacks() { ! has "$1" "$2"; }
launcher=$repo/nnlua

run "" -e "print  (1)" "" 'a"b'
check "first start builds" has "$calls" "cmake --build"
check "first start says so" has "$err" "building"
check "arguments arrive whole" [ "$out" = '<-e><print  (1)><><a"b>' ]
check "nothing is installed where nothing is missing" lacks "$calls" apt-get

run "" x
check "second start builds nothing and is silent" [ "$out|$calls|$err|$status" = "<x>|||0" ]

touch "$repo/src/engine/a.c"
run "the input" -
check "an edited source is built" has "$calls" "cmake --build"
check "the build leaves standard input alone" [ "$out" = "<->the input" ]
rm "$repo/src/engine/b.c"
run ""
check "a removed source is built" has "$calls" "cmake --build"
run ""
check "then all is quiet again" [ "$calls$err" = "" ]

ln -s "$repo/nnlua" "$dir/link"
launcher=$dir/link
run "" y
check "a link to the launcher finds its checkout" [ "$out|$calls" = "<y>|" ]
launcher=$repo/nnlua

touch "$dir/broken" "$repo/src/engine/a.c"
run ""
check "a failed build ends with 1" [ "$status" = 1 ]
check "a failed build shows the compiler's words" has "$err" "broken on purpose"
check "a failed build runs nothing" [ "$out" = "" ]
rm "$dir/broken"
run ""
check "after a failed build the next start builds" has "$calls" "cmake --build"

rm -rf "$repo/build"
printf 'zlib1g-dev\nlibopenblas0-pthread\n' >"$dir/missing"
run ""
check "lists are brought up to date" has "$calls" "update"
check "what is missing is installed" has "$calls" "install --no-install-recommends zlib1g-dev libopenblas0-pthread"
check "nothing but that is installed" lacks "$calls" libcjson-dev
check "it says what it installs" has "$err" "installing zlib1g-dev libopenblas0-pthread"
check "root needs no sudo" lacks "$calls" sudo

rm -rf "$repo/build"
echo zlib1g-dev >"$dir/missing"
echo 1000 >"$dir/uid"
run ""
check "others install by sudo" has "$calls" sudo
rm -rf "$repo/build" "$fake/sudo"
echo zlib1g-dev >"$dir/missing"
run ""
check "without sudo it names the package" has "$err" "zlib1g-dev"
check "without sudo it stops" [ "$status" = 1 ]
echo dataset-fashion-mnist >"$dir/missing"
run "" z
check "data that cannot be installed does not keep from starting" [ "$out|$status" = "<z>|0" ]
check "missing data is named" has "$err" dataset-fashion-mnist
echo 0 >"$dir/uid"

rm -rf "$repo/build"
echo zlib1g-dev >"$dir/missing"
echo zlib1g-dev >"$dir/unavailable"
run ""
check "a package that is not to be had stops the start" [ "$status" = 1 ]
check "apt-get's words are shown" has "$err" "Unable to locate package zlib1g-dev"
echo dataset-fashion-mnist >"$dir/missing"
echo dataset-fashion-mnist >"$dir/unavailable"
run "" w
check "data that is not to be had is no obstacle" [ "$out|$status" = "<w>|0" ]

rm -rf "$repo/build" "$fake/apt-get" "$fake/dpkg-query" "$fake/cmake"
run ""
check "without apt-get it names the packages" has "$err" "build-essential cmake liblua5.4-dev"
check "without apt-get it stops" [ "$status" = 1 ]

[ $failures -eq 0 ] && echo "launcher: all checks passed"
exit $((failures > 0))
