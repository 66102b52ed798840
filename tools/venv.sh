#!/bin/sh
# Make the virtual environment $1 with nothing but python3. Debian ships python3 without the part that puts pip
# into an environment; where we may, we add that package, else we say which one is missing.
set -eu
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "solvent needs Python 3.11 or newer; this is $(python3 --version)" >&2
    exit 2
}
if ! python3 -c 'import ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "this Python has no ensurepip; install it first: sudo apt-get install python3-venv" >&2
        exit 2
    fi
fi
rm -rf "$1"
python3 -m venv "$1"
