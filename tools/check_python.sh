#!/bin/sh
# Says in one sentence, before anything is installed, what an interpreter lacks to make .venv.
# usage: check_python.sh PYTHON
python=$1

stop() {
    echo "$1" >&2
    exit 1
}

ask() {
    "$python" -c "$1" 2>/dev/null
}

version=$(ask 'import sys; print("%d.%d" % sys.version_info[:2])') ||
    stop "$python does not run: choose a Python from 3.11 to 3.13, as in: make repro PYTHON=python3.12"
case $version in
3.11 | 3.12 | 3.13) ;;
*) stop "$python is Python $version, and platefuse needs 3.11 to 3.13: choose one, as in: make repro PYTHON=python3.12" ;;
esac

ask 'import ensurepip, venv' ||
    stop "$python cannot make virtual environments: install its venv module (on Debian: python$version-venv)."

# keras-retinanet comes as source with a C extension.
compiler=$(ask 'import os, sysconfig; print((os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0])')
command -v "$compiler" >/dev/null ||
    stop "There is no C compiler ($compiler), which keras-retinanet needs: install one (on Debian: gcc and libc6-dev)."
headers=$(ask 'import sysconfig; print(sysconfig.get_path("include"))')
echo '#include <Python.h>' | "$compiler" -I"$headers" -E -x c - >/dev/null 2>&1 ||
    stop "$compiler finds no Python.h for $python in $headers: install the Python headers (on Debian: python$version-dev)."
