#!/bin/sh
# build.sh DIR TARGET CMAKE_OPTIONS...: builds the checkout's TARGET once more, in DIR; prints only what went wrong.
. "$NNLUA_ROOT/cmake/bootstrap.sh"
home=$NNLUA_ROOT
mkdir -p "$1"
build_tree "$@"
