#!/bin/sh
# Starts Tillstream and opens it in the browser. The first time it fetches its packages, into .venv beside this file.
set -eu
cd "$(dirname "$0")"

python_of_age() {
  for each in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
    if [ -n "$each" ] && "$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$each"
      return
    fi
  done
  echo "Tillstream needs Python 3.11 or newer. Get it from https://www.python.org/downloads/ and start this again." >&2
  return 1
}

if [ ! -e .venv/.runtime ] || [ requirements.lock -nt .venv/.runtime ]; then
  python=$(python_of_age)
  echo "Fetching the packages; this is done once."
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
  touch .venv/.runtime
fi
exec .venv/bin/tillstream serve --open "$@"
