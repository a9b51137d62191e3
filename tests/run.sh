#!/bin/sh
# Builds everything and runs all tests: sh tests/run.sh
# On Debian and Ubuntu it installs what is missing first (KERB_NO_INSTALL=1: it does not). It can be run again.
# shellcheck disable=SC2086  # the lists of packages are words on purpose
set -eu
cd "$(dirname "$0")/.."

# What the build needs, and what the tests against a real KDC need besides; Botan is whichever version there is.
needed="g++ meson ninja-build pkg-config catch2 python3"
botan="libbotan-3-dev libbotan-2-dev"
peers="krb5-kdc krb5-admin-server krb5-user libkrb5-dev faketime"

say() { printf '== %s\n' "$*"; }

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing() {
  for p in "$@"; do installed "$p" || printf '%s ' "$p"; done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
  # Standard input is empty, so that no question of a package can wait for an answer.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null
}

# krb5-kdc starts a service when it is installed: while this script installs, policy-rc.d says no to that.
policy=/usr/sbin/policy-rc.d
policy_is_ours=no
remove_policy() {
  if [ "$policy_is_ours" = yes ]; then
    policy_is_ours=no
    as_root rm -f "$policy"
  fi
}
trap remove_policy EXIT
trap 'exit 1' HUP INT TERM

install_missing() {
  want=$(missing $needed)
  have_botan=no
  for p in $botan; do
    if installed "$p"; then have_botan=yes; fi
  done
  want_peers=$(missing $peers)
  if [ -z "$want" ] && [ -z "$want_peers" ] && [ $have_botan = yes ]; then
    say "all packages are installed"
    return 0
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
    say "not root and no sudo: installing nothing (missing: $want$want_peers)"
    return 0
  fi
  say "refreshing the list of packages"
  as_root apt-get update -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20 </dev/null || say "no list of packages to be had; going on with what is here"
  if [ ! -e "$policy" ]; then
    policy_is_ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  if [ -n "$want" ]; then
    say "installing $want"
    apt_install $want || say "could not install all of: $want"
  fi
  if [ $have_botan = no ]; then
    for p in $botan; do
      say "installing $p"
      if apt_install "$p"; then break; fi
    done
  fi
  if [ -n "$want_peers" ]; then
    say "installing $want_peers(for the tests against MIT krb5; skipped without)"
    apt_install $want_peers || say "could not install all of: $want_peers"
  fi
  remove_policy
}

if [ "${KERB_NO_INSTALL:-}" = 1 ]; then
  say "KERB_NO_INSTALL=1: installing nothing"
elif command -v apt-get >/dev/null 2>&1; then
  install_missing
else
  say "no apt-get: installing nothing; needed are $needed, and Botan 2.19 or 3"
fi

for tool in meson ninja pkg-config python3; do
  command -v $tool >/dev/null 2>&1 || { say "$tool is missing: install it, then run this again"; exit 1; }
done

# Reconfiguring reads a changed meson.build; a directory that cannot be reconfigured is laid out anew.
if [ -f build/meson-private/coredata.dat ] && meson setup --reconfigure -Dtests=enabled build; then
  say "build/ is configured"
else
  say "configuring build/"
  rm -rf build
  meson setup -Dtests=enabled -Doptimization=1 -Ddebug=false build  # what compiles in the least time and warns the most
fi

say "building"
meson compile -C build

say "testing"
status=0
meson test -C build --no-rebuild --print-errorlogs || status=$?

if [ -d build/examples ]; then say "the examples are in build/examples/"; fi
if [ $status = 0 ]; then say "all tests passed"; else say "tests failed; the log is build/meson-logs/testlog.txt"; fi
exit $status
