# The slow path of ./nnlua and ./run-tests: installs packages and builds. Sourced by them with $root, $build and $stamp
# set; says what it does on standard error, so that a script's output stays its own.

build_packages="build-essential cmake liblua5.4-dev libreadline-dev zlib1g-dev libcjson-dev"
run_packages="libopenblas0-pthread dataset-fashion-mnist libpng-dev libjpeg-dev fortunes-zh curl"

say() { printf 'nnlua: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# have PACKAGE: is it installed, or a tool of that name from elsewhere?
have() {
  case $1 in
    build-essential) command -v cc && command -v make && [ -e /usr/include/stdio.h ] && return ;;
    lua-check) command -v luacheck && return ;;
    curl) command -v curl || command -v wget && return ;;
    cmake | clang) command -v "$1" && return ;;
  esac >/dev/null
  case $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) in
    installed*) return 0 ;;
  esac
  return 1
}

# Those of the named Debian packages that are missing.
missing_packages() {
  for p in "$@"; do
    have "$p" || printf ' %s' "$p"
  done
}

# Runs apt-get as root, without questions; its output goes to the log. sudo asks for a password only at a terminal.
apt() {
  set -- apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 "$@"
  if [ "$(id -u)" -eq 0 ]; then
    DEBIAN_FRONTEND=noninteractive "$@"
  elif [ -t 2 ]; then
    sudo DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo -n DEBIAN_FRONTEND=noninteractive "$@"
  fi >>"$log" 2>&1 </dev/null
}

# install_packages MUST WANT: two lists. Without the first nothing goes on, without the second less works.
install_packages() {
  must=$1
  want=$2
  [ -n "$must$want" ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    [ -z "$must" ] || die "these packages are missing; install them as root and start again:$must$want"
    say "going on without$want, which only root can install here"
    return 0
  fi
  say "installing$must$want"
  log=$build/apt.log
  : >"$log"
  apt update || say "the package lists could not be brought up to date; trying with the old ones"
  apt install --no-install-recommends $must $want && return 0
  if [ -n "$must" ] && ! apt install --no-install-recommends $must; then
    tail -n 15 "$log" >&2
    die "apt-get could not install$must (all of its output: $log)"
  fi
  for p in $want; do
    apt install --no-install-recommends "$p" || say "going on without $p, which apt-get could not install"
  done
}

# install_missing MUST WANT: the packages of the two lists that this machine lacks.
install_missing() {
  if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_packages "$(missing_packages $1)" "$(missing_packages $2)"
  elif ! have cmake || ! have build-essential; then # without dpkg to ask; CMake looks for the libraries itself
    die "this system has no apt-get; install what Debian calls $1 $2, then start again"
  fi
}

# build_tree DIR TARGETS CMAKE_OPTIONS...: configures and builds; quiet unless it fails.
build_tree() {
  dir=$1
  targets=$2
  shift 2
  if [ -e "$dir/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$home" "$dir/CMakeCache.txt"; then
    rm -rf "$dir/CMakeCache.txt" "$dir/CMakeFiles" # the checkout was moved or copied
  fi
  cores=$(nproc 2>/dev/null) || cores=2
  log=$dir/build.log
  {
    cmake -S "$home" -B "$dir" -G "Unix Makefiles" "$@" &&
      cmake --build "$dir" --parallel "$cores" --target $targets -- --keep-going
  } >"$log" 2>&1 </dev/null && return 0
  grep -v '^\[ *[0-9]*%\]' "$log" | tail -n 60 >&2 # all but the progress
  command -v dpkg-query >/dev/null || say "the build needs what Debian calls $build_packages"
  die "the build failed (all of its output: $log)"
}

# bootstrap TARGETS PACKAGES CMAKE_OPTIONS...: everything that has to be there, at last the program in build/bin.
# PACKAGES are needed beside those of the build.
bootstrap() {
  targets=$1
  packages=$2
  shift 2
  home=$(cd "$root" && pwd -P) || exit 1
  if ! mkdir -p "$build" 2>/dev/null || [ ! -w "$build" ]; then
    die "cannot write to $build, so nothing can be built there"
  fi
  # Two starts at once: the second waits for the first, then finds all done.
  if command -v flock >/dev/null; then
    exec 9>"$build/.lock"
    flock 9
  fi
  install_missing "$build_packages $packages" "$run_packages"
  say "building (the first time takes a minute or two)"
  : >"$stamp.new" # its time is the start's: what is edited during the build is built again
  build_tree "$build" "$targets" -DCMAKE_BUILD_TYPE=Release "$@"
  mv "$stamp.new" "$stamp"
  exec 9>&-
}
