#!/bin/sh
# Starts Tillstream and opens it in the browser. The first time it fetches its packages, into .venv beside this file.
set -eu
cd "$(dirname "$0")"

if [ ! -e .venv/.runtime ] || [ requirements.lock -nt .venv/.runtime ]; then
  python=$(sh devtools/pythons.sh ${PYTHON:+"$PYTHON"})
  echo "Fetching the packages; this is done once."
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
  touch .venv/.runtime
fi
exec .venv/bin/tillstream serve --open "$@"
