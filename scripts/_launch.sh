#!/bin/sh
# Finds Python 3.11 or newer and becomes the program: sh _launch.sh SCRIPT MODULE [ARGUMENT ...]
script=$1
shift
folder=$(CDPATH='' cd -- "$(dirname -- "$script")" && pwd) || exit 2
for python in python3.11 python3.12 python3.13 python3.14 python3; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    exec "$python" "$folder/_bootstrap.py" "$@"
  fi
done
echo "scripts/${script##*/}: needs Python 3.11 or newer, and found none" >&2
exit 2
