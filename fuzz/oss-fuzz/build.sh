#!/bin/bash -eu
# Builds every fuzz target for OSS-Fuzz, which sets SRC, WORK, OUT, CXX, CXXFLAGS and LIB_FUZZING_ENGINE.
# Botan is built with the same flags: OSS-Fuzz has another C++ library than its packages, and MemorySanitizer needs all
# code to be instrumented. Without Botan's source the installed one is used.
static=
if [ -d "$SRC/botan" ]; then
  static=--static
  cd "$SRC/botan"
  ./configure.py --prefix="$WORK/botan" --cc=clang --cc-bin="$CXX" --cc-abi-flags="$CXXFLAGS" --build-targets=static \
    --without-documentation
  make -j"$(nproc)"
  make install
  export PKG_CONFIG_PATH=$WORK/botan/lib/pkgconfig
fi
cd "$SRC/kerb"
botan=$(pkg-config --exists botan-3 && echo botan-3 || echo botan-2)
for source in fuzz/*.cpp; do
  target=$(basename "$source" .cpp)
  [ "$target" != replay_main ] || continue
  # shellcheck disable=SC2046,SC2086
  $CXX $CXXFLAGS -std=c++20 -Iinclude -Itests $(pkg-config --cflags "$botan" | sed 's/-I/-isystem /g') \
    "$source" $LIB_FUZZING_ENGINE $(pkg-config --libs $static "$botan") -o "$OUT/$target"
  if [ -d "fuzz/corpus/$target" ]; then zip -q -j "$OUT/${target}_seed_corpus.zip" fuzz/corpus/"$target"/*; fi
  dictionary=fuzz/dict/$target.dict
  [ -f "$dictionary" ] || dictionary=fuzz/dict/kerberos.dict
  cp "$dictionary" "$OUT/$target.dict"
done
