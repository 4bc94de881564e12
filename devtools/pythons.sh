#!/bin/sh
# Prints the newest Python on the path that Tillstream supports and that can make a virtual environment; pyproject.toml
# states the range. Or says what to do, and fails.
#   pythons.sh NAME   only this one
#   pythons.sh --all  one of each supported release of this machine, also those of pyenv that are not active
set -eu
folder=$(dirname "$0")/..

while read -r key _ value; do
  if [ "$key" = requires-python ]; then range=${value%\"}; fi
done <"$folder/pyproject.toml"
lowest=${range#*>=}
lowest=${lowest%,*}
above=${range#*<}
major=${above%.*}
newest=$((${above#*.} - 1))
oldest=${lowest#*.}
oldest=${oldest%.*}

CHECK='import sys
if sys.argv[3]: import ensurepip, venv
at = lambda text: tuple(map(int, text.split(".")))
sys.exit(not at(sys.argv[1]) <= sys.version_info[:3] < at(sys.argv[2]))'

# Whether a Python is in the range; with a second argument: and can make virtual environments.
supports() { "$1" -c "$CHECK" "$lowest" "$above" "${2:-}" >/dev/null 2>&1; }

names() {
  minor=$newest
  while [ "$minor" -ge "$oldest" ]; do
    echo "python$major.$minor"
    minor=$((minor - 1))
  done
  echo python3
  echo python
}

first() {
  # shellcheck disable=SC2046 # one word for each
  [ $# -gt 0 ] || set -- $(names)
  for name in "$@"; do
    if supports "$name" venv; then
      command -v "$name"
      return
    fi
  done
  return 1
}

every() {
  known=" "
  for file in $(names) /usr/bin/python3.[0-9][0-9] /usr/local/bin/python3.[0-9][0-9] "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/*/bin/python; do
    if supports "$file" venv; then
      release=$("$file" -c 'import platform; print(platform.python_version())')
      case $known in *" $release "*) continue ;; esac
      known="$known$release "
      "$file" -c 'import sys; print(sys.executable)'
    fi
  done
}

problem() {
  named=${1:-}
  # shellcheck disable=SC2046
  [ $# -gt 0 ] || set -- $(names)
  for name in "$@"; do
    if supports "$name"; then
      echo "$name cannot make virtual environments. On Debian and Ubuntu, run: sudo apt install ${name##*/}-venv"
      return
    fi
  done
  if [ -n "$named" ]; then
    echo "$named is not a Python from $lowest to $major.$newest, which Tillstream needs."
  else
    echo "Tillstream needs Python $lowest or newer, up to $major.$newest. Get it from https://www.python.org/downloads/ (on Debian and" \
      "Ubuntu: sudo apt install python3 python3-venv) and start this again."
  fi
}

case ${1:-} in
--all) every ;;
*)
  first "$@" && exit
  problem "$@" >&2
  exit 1
  ;;
esac
