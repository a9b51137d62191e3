#!/bin/sh
# Unpacks Heimdal's clients and servers into a directory, bin/, libexec/ and lib/: sh tests/support/heimdal.sh DIRECTORY
# Debian's packages of them cannot be installed beside MIT's. Needs no root; where they cannot be had it fails, and the
# tests that want them are skipped.
# shellcheck disable=SC2046  # the list of packages is words on purpose
set -eu
to=$1
[ -x "$to/libexec/kpasswdd" ] && exit 0
command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || exit 1
draft=$(mktemp -d)
trap 'rm -rf "$draft"' EXIT
(
  cd "$draft"
  apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=1 -o Acquire::http::Timeout=20 download \
    $(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
      heimdal-clients heimdal-kdc | grep -v '^ ' | grep heimdal | sort -u) </dev/null
  for d in *.deb; do dpkg-deb -x "$d" root; done
)
mkdir -p "$to/lib" "$to/libexec"
cp -a "$draft"/root/usr/bin "$to/"
cp -a "$draft"/root/usr/lib/heimdal-servers/. "$to/libexec/"
cp -a "$draft"/root/usr/lib/*/lib*.so* "$to/lib/"
