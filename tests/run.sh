#!/bin/sh
# Builds everything and runs all tests: sh tests/run.sh [OPTION...]
# On Debian and Ubuntu it installs what is missing first (KERB_NO_INSTALL=1: it does not). It can be run again.
# Options go to `meson setup`: -Dinterop=disabled leaves out the tests with other implementations and their packages,
# -Dconstants=true has the compiler run the tests that are constant expressions too.
set -eu
cd "$(dirname "$0")/.."

. tests/support/packages.sh
. tests/support/build.sh

say "this takes about 10 minutes with two processors; the first time, packages are installed too"

# Other programs that the tests use are large, or servers: CI installs them (.ci/run), and here their tests are skipped
# where they are absent.
peers="krb5-kdc krb5-admin-server krb5-user libkrb5-dev heimdal-multidev heimdal-kcm faketime redis-server"
case " $* " in *" -Dinterop=disabled "*) peers="" ;; esac

# What the build needs, and what some of the tests need besides; Botan is whichever version there is.
install_packages "g++ meson ninja-build pkg-config catch2 python3" "libbotan-3-dev libbotan-2-dev" \
  "$peers libsqlite3-dev libasio-dev libhiredis-dev libssl-dev nettle-dev valgrind" \
  "the tests with ${peers:+MIT krb5, Heimdal, Redis, }SQLite, Asio, hiredis, OpenSSL, Nettle and valgrind"

for tool in meson ninja pkg-config python3; do
  command -v $tool >/dev/null 2>&1 || { say "$tool is missing: install it, then run this again"; exit 1; }
done

# Reconfiguring reads a changed meson.build; a directory that cannot be reconfigured is laid out anew. What the compiler
# can run of the tests is left to CI, with clang: here it would take as long again.
log=$(mktemp)
if [ -f build/meson-private/coredata.dat ] &&
  meson setup --reconfigure -Dtests=enabled -Dexamples=enabled -Dconstants=false -Dgathered=8 "$@" build >"$log" 2>&1; then
  say "build/ is configured"
else
  say "configuring build/"
  rm -rf build
  meson setup -Dtests=enabled -Dexamples=enabled -Dconstants=false -Dgathered=8 -Doptimization=1 -Ddebug=false "$@" build >"$log" 2>&1 ||
    { cat "$log"; rm -f "$log"; exit 1; }
fi
sed -n '/^kerb [0-9]/,$p' "$log"
rm -f "$log"

say "building"
build build || { say "the build failed"; exit 1; }

# Heimdal's clients cannot be installed beside MIT's; the tests that want them are skipped where they are not there.
if [ -n "$peers" ] && [ "${KERB_NO_INSTALL:-}" != 1 ]; then
  sh tests/support/heimdal.sh build/heimdal 2>/dev/null || say "Heimdal's clients are not to be had: no tests with them"
fi

say "testing"
status=0
rm -f build/meson-logs/testlog.json
meson test -C build --no-rebuild --print-errorlogs || status=$?

if [ -d build/examples ]; then say "the examples are in build/examples/"; fi
python3 tests/support/summary.py build
case " $* " in
  *" -Dconstants=true "*) ;;
  *) echo "left out: the compiler's own run of the tests that are constant expressions (-Dconstants=true; .ci/run clang)" ;;
esac
if [ -z "$peers" ]; then echo "left out: the tests with other implementations (-Dinterop=disabled)"; fi
if [ $status = 0 ]; then say "all tests passed"; else say "tests failed; the log is build/meson-logs/testlog.txt"; fi
exit $status
