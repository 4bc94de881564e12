#!/bin/sh
# Parts of the system that tests need and pip does not install: Debian's packages, and what is there once they are.
#   sh infra/system_parts.sh            prints the packages that are missing; the exit code is 1 if any are
#   sh infra/system_parts.sh --install  installs these first, as root and where apt-get is
# CI and the builder of cloudbuild.yaml share this list.
set -u

# libatomic1: the driver of the browser tests needs it
PARTS='
chromium-headless-shell: command -v chromium-headless-shell || command -v chromium
libatomic1: ls /usr/lib/*/libatomic.so.1
postgresql: ls /usr/lib/postgresql/*/bin/initdb
default-jre-headless: command -v java
buildah mmdebstrap: command -v buildah && command -v mmdebstrap
'

missing() {
  printf '%s' "$PARTS" | while IFS=: read -r packages check; do
    [ -z "$packages" ] || sh -c "$check" >/dev/null 2>&1 || echo "$packages"
  done
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

if [ "${1-}" = --install ] && [ -n "$(missing)" ] && may_install; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2
  missing | while read -r packages; do # one that cannot be installed does not keep the others away
    # shellcheck disable=SC2086 # several packages
    apt-get install -qq -y --no-install-recommends $packages </dev/null >/dev/null || echo "apt-get cannot install $packages." >&2
  done
fi
[ -z "$(missing)" ] || { missing; exit 1; }
