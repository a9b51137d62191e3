#!/bin/sh
# Shows which lines and branches of include/ the fuzz targets reach with their corpus, in HTML and as a table.
#   fuzz/coverage.sh [TARGET...] [-- PROGRAM...]
#
# Without a TARGET, all of them. Needs clang++-19 and llvm-19. KERB_FUZZ_RUNS mutations of each file run too (500), and the
# inputs that fuzz/run.sh has found. The report is in build-coverage/html/index.html; KERB_COVERAGE_DIR names another folder.
# A PROGRAM, such as a test program, is counted too. It must have been built with the same compiler and with
# -fprofile-instr-generate -fcoverage-mapping; it is run without arguments.
set -eu
cd "$(dirname "$0")/.."
dir=${KERB_COVERAGE_DIR:-build-coverage}
found=${KERB_FUZZ_DIR:-build-fuzz}/libfuzzer/found
version=${KERB_LLVM:--19}
mkdir -p "$dir"
rm -f "$dir"/*.profraw

targets=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  targets="$targets $1"
  shift
done
if [ "${1:-}" = -- ]; then
  shift
elif [ -z "$targets" ]; then
  targets=$(find fuzz -maxdepth 1 -name '*.cpp' ! -name replay_main.cpp | sed 's#^fuzz/\(.*\)\.cpp$#\1#' | sort)
fi
botan=$(pkg-config --exists botan-3 && echo botan-3 || echo botan-2)
botan_flags=$(pkg-config --cflags "$botan" | sed 's/-I/-isystem /g')
flags="-std=c++20 -g1 -O0 -fprofile-instr-generate -fcoverage-mapping -Iinclude -Itests"

objects=
run() {  # run PROGRAM ARGUMENT...
  name=$(basename "$1")
  LLVM_PROFILE_FILE=$dir/$name.profraw "$@" >"$dir/$name.log" 2>&1 || { tail "$dir/$name.log" >&2; exit 1; }
  objects="$objects -object $1"
}
for target in $targets; do
  # shellcheck disable=SC2046,SC2086
  "clang++$version" $flags $botan_flags "fuzz/$target.cpp" fuzz/replay_main.cpp $(pkg-config --libs "$botan") -o "$dir/$target"
  inputs=
  for folder in "fuzz/corpus/$target" "$found/$target"; do
    if [ -d "$folder" ]; then inputs="$inputs $folder"; fi
  done
  # shellcheck disable=SC2086
  run "$dir/$target" ${inputs:-fuzz/require.hpp}
done
for program in "$@"; do run "$program"; done

"llvm-profdata$version" merge -sparse "$dir"/*.profraw -o "$dir/all.profdata"
# shellcheck disable=SC2086
set -- -instr-profile="$dir/all.profdata" $objects -sources include/kerb
"llvm-cov$version" show -format=html -show-branches=count -output-dir="$dir/html" "$@"
"llvm-cov$version" report "$@" | tee "$dir/report.txt" | awk 'NR < 3 || /^TOTAL/'
echo "$dir/html/index.html"
