// The library's only macros: version, lifetime and inlining.
#pragma once

#if defined(__clang__)
#if !defined(__apple_build_version__) && __clang_major__ < 16
#error "kerb needs clang 16 or newer"
#endif
#elif defined(__GNUC__) && __GNUC__ < 12
#error "kerb needs g++ 12 or newer"
#endif
#if __cplusplus < 202002L
#error "kerb needs C++20: compile with -std=c++20 or newer"
#endif

/// The version of these headers: major * 10000 + minor * 100 + patch.
#define KERB_VERSION 100

#if defined(__clang__)
#define KERB_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define KERB_LIFETIMEBOUND
#endif

// KERB_NOINLINE: code that all message types share. KERB_COLD: failure paths. KERB_INLINE:
// functions that become a handful of instructions once their arguments are constants.
#if defined(__GNUC__) && defined(__OPTIMIZE__)
#define KERB_INLINE [[gnu::always_inline]] inline
#else
#define KERB_INLINE inline
#endif
#if defined(__GNUC__)
#define KERB_NOINLINE [[gnu::noinline]]
#define KERB_COLD [[gnu::cold, gnu::noinline]]
#else
#define KERB_NOINLINE
#define KERB_COLD
#endif
