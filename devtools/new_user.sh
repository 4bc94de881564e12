#!/usr/bin/env bash
# Proves that the machine of a new user is enough for the two commands: an archive that was unpacked, so without git, in
# a path with a space and an umlaut; a user who is not root, with umask 077, the time zone and locale of a country, and
# no compiler. `make run` serves a home and a second one beside it; `make test` passes while both are served.
#   devtools/new_user.sh PYTHON COUNTRY [PART]     COUNTRY: AT, IN, US or TR. PART: 0/3 for the first third of the tests
set -euo pipefail
python=$(readlink -f "$1")
here=$(readlink -f "$(dirname "$0")/..")
case $2 in
AT) zone=Europe/Vienna locale=de_AT ;;
IN) zone=Asia/Kolkata locale=hi_IN ;;
US) zone=America/Los_Angeles locale=en_US ;;
TR) zone=Europe/Istanbul locale=tr_TR ;;
*) echo "COUNTRY is AT, IN, US or TR." >&2 && exit 2 ;;
esac

work=$(mktemp -d)
clone="$work/Läden von Jörg/tillstream"
programs=$work/programs
mkdir -p "$clone" "$programs" "$work/locales" "$work/user"
servers=()

end() {
  for server in "${servers[@]}"; do kill -TERM -- "-$server" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap end EXIT

tar -C "$here" --exclude-vcs --exclude='./.venv*' --exclude=./var --exclude=./build --exclude='__pycache__' \
  --exclude='*.egg-info' --exclude='./.*_cache' --exclude=./.hypothesis -cf - . | tar -C "$clone" -xf -

for file in /usr/bin/* /bin/*; do
  case ${file##*/} in
  *gcc* | *g++* | cc | c++ | c[89]9 | *cpp* | clang* | *-ld* | ld* | as | git* | rustc | cargo | python* | pip*) ;;
  *) ln -sf "$file" "$programs" ;;
  esac
done
name=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
as=(env)
if [[ $(id -u) -eq 0 ]]; then
  as=(setpriv --reuid=nobody --regid=nogroup --clear-groups env)
  chmod 755 "$work"
fi
ln -s "$python" "$programs/$name"
if ! "${as[@]}" "$python" -c ''; then echo "A user who is not root cannot run $python." >&2 && exit 2; fi
if command -v localedef >/dev/null && [[ -d /usr/share/i18n/locales ]]; then
  localedef -i "$locale" -f UTF-8 "$work/locales/$locale.UTF-8" || true # it warns of rare letters
fi
if [[ $(id -u) -eq 0 ]]; then chown -R nobody:nogroup "$work"; fi

kept=()
while read -r variable; do kept+=("$variable=${!variable}"); done < <(compgen -e | grep -E '^(PIP_|https?_proxy$|no_proxy$)' || true)
environment=(-i "PATH=$programs" "HOME=$work/user" "TZ=$zone" "LC_ALL=$locale.UTF-8" "LANG=$locale.UTF-8"
  "LOCPATH=$work/locales" "WORKERS=${WORKERS:-2}" "OPTIONS=${3:+--part=$3}" "${kept[@]}")
cd "$clone"
umask 077

# The address that a server prints; fails with what it printed if it ends first.
served() {
  local log=$1 home=$2
  setsid "${as[@]}" "${environment[@]}" ${home:+"TILLSTREAM_HOME=$home"} make run >"$log" 2>&1 &
  servers+=($!)
  for _ in {1..1200}; do
    address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$log" | head -1 || true)
    if [[ -n $address ]] && "$python" -c "from urllib.request import urlopen; urlopen('$address/healthz')" 2>/dev/null; then
      echo "$address answers"
      return
    fi
    kill -0 "${servers[-1]}" 2>/dev/null || break
    sleep 0.25
  done
  cat "$log" >&2
  return 1
}

echo "$("$python" --version) for $(if [[ ${#as[@]} -gt 1 ]]; then echo nobody; else id -un; fi), $zone, $locale.UTF-8"
served "$work/first.log" ""
first=$address
served "$work/second.log" "$work/user/second"
if [[ $first == "$address" ]]; then echo "Both homes are served at $first." >&2 && exit 1; fi
"${as[@]}" "${environment[@]}" make test
