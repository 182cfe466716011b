#!/bin/sh
# No group of tests may be empty: a pattern that matches nothing would pass unseen.
status=0
for pattern in 'engine/test_*.c' 'lua/registry_*.lua' 'lua/test_*.lua' 'parity/test_*.lua' 'prompt/test_*' \
  'scripts/*.lua' 'house/test_*.sh'; do
  set -- "$NNLUA_ROOT"/tests/$pattern
  if [ -e "$1" ]; then
    echo "tests/$pattern: $#"
  else
    echo "tests/$pattern: no test"
    status=1
  fi
done
exit $status
