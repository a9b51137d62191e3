#!/bin/sh
# Builds the examples and runs the first of them: sh examples/quickstart.sh [ARGUMENT...]
# On Debian and Ubuntu it installs what is missing first (KERB_NO_INSTALL=1: it does not). It can be run again.
# Arguments go to the program: `sh examples/quickstart.sh --help`.
set -eu
cd "$(dirname "$0")/.."
. tests/support/packages.sh
. tests/support/build.sh

say "this takes about 3 minutes with two processors; the first time, packages are installed too"

# The KDC is in the program; only for --mit is another one started.
peers=""
case " $* " in *" --mit "*) peers="krb5-kdc krb5-admin-server" ;; esac
install_packages "g++ meson ninja-build pkg-config python3" "libbotan-3-dev libbotan-2-dev" "$peers" "MIT's KDC"

for tool in meson ninja pkg-config; do
  command -v $tool >/dev/null 2>&1 || { say "$tool is missing: install it, then run this again"; exit 1; }
done

# The tests build in the same directory: what they configured is left as it is, and they add themselves to this.
log=$(mktemp)
if [ -f build/meson-private/coredata.dat ] && meson setup --reconfigure -Dexamples=enabled build >"$log" 2>&1; then
  say "build/ is configured"
else
  say "configuring build/"
  rm -rf build
  # What compiles in the least time; the tests go on with it.
  meson setup -Dexamples=enabled -Dtests=disabled -Doptimization=1 -Ddebug=false build >"$log" 2>&1 ||
    { cat "$log"; rm -f "$log"; exit 1; }
fi
rm -f "$log"
say "building the examples (build/examples/)"
build build all_examples || { say "the build failed"; exit 1; }

say "running build/examples/quickstart $*"
status=0
build/examples/quickstart "$@" || status=$?
left_out build
exit $status
