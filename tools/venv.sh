#!/bin/sh
# Make the virtual environment $1 with nothing but python3. Debian ships python3 without the part that puts pip into
# an environment, and without the OpenMP library that llama.cpp needs; where we may, we add these two packages, else
# we say which one is missing.
set -eu
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "solvent needs Python 3.11 or newer; this is $(python3 --version)" >&2
    exit 2
}
missing=""
python3 -c 'import ensurepip' 2>/dev/null || missing="python3-venv"
python3 -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || missing="$missing libgomp1"
if [ -n "$missing" ] && command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "something is missing here; install it first: sudo apt-get install $missing" >&2
        exit 2
    fi
fi
rm -rf "$1"
python3 -m venv "$1"
