# Functions for scripts that install Debian packages. Read with `.`; every one says what it does.
# shellcheck shell=sh disable=SC2086  # the lists of packages are words on purpose

say() { printf '== %s\n' "$*"; }

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# missing PACKAGE...: those that are not installed.
missing() {
  for p in "$@"; do installed "$p" || printf '%s ' "$p"; done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
  # Standard input is empty, so that no question of a package can wait for an answer.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null
}

# krb5-kdc starts a service when it is installed: while this installs, policy-rc.d says no to that.
policy=/usr/sbin/policy-rc.d
policy_is_ours=no
forbid_services() {
  [ -e "$policy" ] && return 0
  policy_is_ours=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}
allow_services() {
  [ "$policy_is_ours" = yes ] || return 0
  policy_is_ours=no
  as_root rm -f "$policy"
}
trap allow_services EXIT
trap 'exit 1' HUP INT TERM

# install_packages NEEDED ONE_OF EXTRA WHAT_FOR: what is missing of NEEDED and EXTRA, and the first of ONE_OF that there
# is, if none is installed. What cannot be installed is said, and left to be missed by whoever needs it.
install_packages() {
  if [ "${KERB_NO_INSTALL:-}" = 1 ]; then
    say "KERB_NO_INSTALL=1: installing nothing"
    return 0
  fi
  if ! command -v apt-get >/dev/null 2>&1; then
    say "no apt-get: installing nothing; needed are $1, Botan 2.19 or 3, and for $4 $3"
    return 0
  fi
  want=$(missing $1)
  want_extra=$(missing $3)
  have_one=no
  for p in $2; do
    if installed "$p"; then have_one=yes; fi
  done
  if [ -z "$want" ] && [ -z "$want_extra" ] && [ $have_one = yes ]; then
    say "all packages are installed: $1, one of $2, $3"
    return 0
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
    say "not root and no sudo: installing nothing (missing: $want$want_extra)"
    return 0
  fi
  say "refreshing the list of packages"
  as_root apt-get update -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20 </dev/null ||
    say "no list of packages to be had; going on with what is here"
  forbid_services
  if [ -n "$want" ]; then
    say "installing $want"
    apt_install $want || say "could not install all of: $want"
  fi
  if [ $have_one = no ]; then
    for p in $2; do
      apt-cache show "$p" >/dev/null 2>&1 || continue
      say "installing $p"
      if apt_install "$p"; then break; fi
    done
  fi
  if [ -n "$want_extra" ]; then
    say "installing $want_extra(for $4)"
    apt_install $want_extra || say "could not install all of: $want_extra"
  fi
  allow_services
}
