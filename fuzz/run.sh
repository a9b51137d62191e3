#!/bin/sh
# Runs fuzz targets.
#   fuzz/run.sh TARGET|all SECONDS [libfuzzer|afl|replay]
#
#   libfuzzer  with AddressSanitizer and UndefinedBehaviorSanitizer; needs clang++-19 and libclang-rt-19-dev
#   afl        needs clang++-19 and AFL++, whose libraries are in AFL_PATH (/usr/lib/afl)
#   replay     with any compiler (CXX, otherwise g++): the corpus, and mutations of it with one seed after the other
#
# Each target runs for SECONDS. Programs, logs, new inputs and those that break a property are in build-fuzz/ENGINE, or in
# the folder that KERB_FUZZ_DIR names. The exit status is 1 if a target was not built or has found something.
# shellcheck disable=SC2317  # a function is called by the engine's name
set -eu
cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
what=$1 seconds=$2 engine=${3:-libfuzzer}
dir=${KERB_FUZZ_DIR:-build-fuzz}/$engine
mkdir -p "$dir"

if [ "$what" = all ]; then
  targets=$(find fuzz -maxdepth 1 -name '*.cpp' ! -name replay_main.cpp | sed 's#^fuzz/\(.*\)\.cpp$#\1#' | sort)
elif [ -f "fuzz/$what.cpp" ] && [ "$what" != replay_main ]; then
  targets=$what
else
  echo "no such target: $what" >&2
  exit 2
fi
botan=$(pkg-config --exists botan-3 && echo botan-3 || echo botan-2)
botan_flags=$(pkg-config --cflags "$botan" | sed 's/-I/-isystem /g')
botan_libs=$(pkg-config --libs "$botan")
sanitizers=-fsanitize=address,undefined

# compile COMPILER ARGUMENT...
compile() {
  compiler=$1
  shift
  # shellcheck disable=SC2086
  "$compiler" -std=c++20 -g1 -Iinclude -Itests $botan_flags "$@" $botan_libs
}
has_mutator() { grep -q LLVMFuzzerCustomMutator "fuzz/$1.cpp"; }

libfuzzer() {
  compile "${CXX:-clang++-19}" -O1 -fsanitize=fuzzer "$sanitizers" -fno-sanitize-recover=undefined "fuzz/$1.cpp" \
    -o "$dir/$1" || return 1
  mkdir -p "$dir/found/$1"
  set -- "$1" "$dir/found/$1"
  if [ -d "fuzz/corpus/$1" ]; then set -- "$@" "fuzz/corpus/$1"; fi
  dictionary=fuzz/dict/$1.dict
  [ -f "$dictionary" ] || dictionary=fuzz/dict/kerberos.dict
  name=$1
  shift
  "$dir/$name" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 -dict="$dictionary" \
    -artifact_prefix="$dir/found/$name-" "$@" >"$dir/$name.log" 2>&1 || return 1
  sed -n 's/^stat::number_of_executed_units: */inputs: /p' "$dir/$name.log"
}

afl() {
  # Not by AFL++'s own compilers: their plugins are for one version of a compiler only
  runtime=${AFL_PATH:-/usr/lib/afl}
  compile "${CXX:-clang++-19}" -O1 -fsanitize-coverage=trace-pc-guard "fuzz/$1.cpp" "$runtime/libAFLDriver.a" \
    "$runtime/afl-compiler-rt.o" -o "$dir/$1" || return 1
  if has_mutator "$1"; then
    compile "${CXX:-clang++-19}" -O1 -fPIC -shared -include fuzz/afl_mutator.hpp "fuzz/$1.cpp" -o "$dir/$1.so" || return 1
    AFL_CUSTOM_MUTATOR_LIBRARY=$dir/$1.so
    export AFL_CUSTOM_MUTATOR_LIBRARY
  else
    unset AFL_CUSTOM_MUTATOR_LIBRARY
  fi
  inputs=fuzz/corpus/$1
  if [ ! -d "$inputs" ]; then
    inputs=$dir/seed
    mkdir -p "$inputs"
    printf 'kerb' >"$inputs/one"
  fi
  rm -rf "$dir/found/$1"
  mkdir -p "$dir/found"
  AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
    afl-fuzz -V "$seconds" -i "$inputs" -o "$dir/found/$1" -- "$dir/$1" >"$dir/$1.log" 2>&1 || return 1
  sed -n 's/^execs_done *: */inputs: /p' "$dir/found/$1/default/fuzzer_stats"
  [ -z "$(find "$dir/found/$1/default/crashes" "$dir/found/$1/default/hangs" -name 'id:*')" ]
}

replay() {
  compile "${CXX:-g++}" -O1 "fuzz/$1.cpp" fuzz/replay_main.cpp -o "$dir/$1" || return 1
  inputs=fuzz/corpus/$1
  if [ ! -d "$inputs" ]; then inputs=fuzz/require.hpp; fi  # any file, to begin with
  end=$(($(date +%s) + seconds)) seed=0
  : >"$dir/$1.log"
  while [ "$seed" = 0 ] || [ "$(date +%s)" -lt "$end" ]; do
    seed=$((seed + 1))
    KERB_FUZZ_SEED=$seed "$dir/$1" "$inputs" >>"$dir/$1.log" 2>&1 || return 1
  done
  echo "seeds: $seed"
}

case $engine in
  libfuzzer | afl | replay) ;;
  *)
    echo "no such engine: $engine" >&2
    exit 2
    ;;
esac
status=0
for target in $targets; do
  if result=$($engine "$target"); then
    echo "$target: $result"
  else
    tail -n 30 "$dir/$target.log" >&2 || true
    echo "*** $target: see $dir"
    status=1
  fi
done
exit $status
