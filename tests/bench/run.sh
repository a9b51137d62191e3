#!/bin/sh
# Measures kerb beside MIT krb5 and Heimdal: sh tests/bench/run.sh [FILTER]
#
# Builds in build-bench/ (optimised), runs everything and prints tables; JSON and a plot stay in build-bench/result/.
# FILTER is a regular expression for the names of benchmarks, `ap/`, `e18/kerb$`; with one, the KDCs under load and the
# compilers are left out. On Debian and Ubuntu it installs what is missing (KERB_NO_INSTALL=1: it does not).
#
#   CXX=clang++-19   another compiler; its build and results are in build-bench-$CXX/
#   REPETITIONS=15   how often each benchmark takes its turn
#   SECONDS_EACH=0.02  for at least how long, each time
#   LOAD=2000        requests to each KDC, in each of three rounds
set -eu
cd "$(dirname "$0")/../.."
filter=${1:-}

. tests/support/packages.sh
install_packages "g++ meson ninja-build pkg-config python3 libbenchmark-dev libssl-dev" "libbotan-3-dev libbotan-2-dev" \
  "krb5-multidev heimdal-multidev krb5-kdc krb5-admin-server" "the peers"

build="build-bench${CXX:+-$CXX}"
if [ -f $build/meson-private/coredata.dat ]; then
  meson setup --reconfigure $build >/dev/null
else
  rm -rf $build
  meson setup -Dbench=true -Dtests=disabled -Dinterop=disabled -Dexamples=enabled -Doptimization=2 -Ddebug=true $build
fi
say "building"
ninja -C $build benchmarks examples/kdc
out=$build/result
mkdir -p $out
rm -f $out/*

say "measuring; whatever else the machine does is in the numbers, and its ratios less so"
status=0
$build/tests/bench/bench --benchmark_filter="${filter:-.}" --benchmark_min_time="${SECONDS_EACH:-0.02}" \
  --benchmark_repetitions="${REPETITIONS:-15}" --benchmark_enable_random_interleaving=true \
  --benchmark_out=$out/bench.json --benchmark_out_format=json >$out/bench.txt 2>&1 || status=$?
[ $status = 0 ] || grep -E 'ERROR|failed' $out/bench.txt || cat $out/bench.txt
files=$out/bench.json
if [ -z "$filter" ]; then
  # The load and the KDC on one processor: waking another one that sleeps costs the sender more than an answer does
  pinned=$(command -v taskset >/dev/null && echo "taskset -c 0" || true)
  if $pinned $build/tests/bench/kdc_load $build/examples/kdc $out/kdc.json "${LOAD:-2000}"; then
    files="$files $out/kdc.json"
  else
    status=1
  fi
fi
# shellcheck disable=SC2086  # words on purpose
python3 tests/bench/report.py --json $out/result.json --svg $out/result.svg $files | tee $out/result.md
if [ -z "$filter" ]; then
  flags=$(pkg-config --cflags botan-3 2>/dev/null || pkg-config --cflags botan-2)
  python3 tests/bench/compile_cost.py --flags "$flags" | tee $out/compile.md
fi
# shellcheck disable=SC2086
python3 tests/bench/report.py --summary $files | tee $out/summary.md
say "the tables are in $out/result.md, all numbers in result.json, a plot in result.svg"
exit $status
