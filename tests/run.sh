#!/bin/sh
# Builds everything and runs all tests: sh tests/run.sh
# On Debian and Ubuntu it installs what is missing first (KERB_NO_INSTALL=1: it does not). It can be run again.
set -eu
cd "$(dirname "$0")/.."

. tests/support/packages.sh

# What the build needs, and what the tests with real peers need besides; Botan is whichever version there is.
install_packages "g++ meson ninja-build pkg-config catch2 python3" "libbotan-3-dev libbotan-2-dev" \
  "krb5-kdc krb5-admin-server krb5-user libkrb5-dev heimdal-multidev faketime libsqlite3-dev libasio-dev redis-server \
   libhiredis-dev" "the tests with MIT krb5, Heimdal, SQLite, Asio and Redis"

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

# Heimdal's clients cannot be installed beside MIT's; the tests that want them are skipped where they are not there.
if [ "${KERB_NO_INSTALL:-}" != 1 ] && ! sh tests/support/heimdal.sh build/heimdal 2>/dev/null; then
  say "Heimdal's clients are not to be had: no tests with them"
fi

say "testing"
status=0
meson test -C build --no-rebuild --print-errorlogs || status=$?

if [ -d build/examples ]; then say "the examples are in build/examples/"; fi
if [ $status = 0 ]; then say "all tests passed"; else say "tests failed; the log is build/meson-logs/testlog.txt"; fi
exit $status
