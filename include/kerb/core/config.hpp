// The library's only macros: lifetime, inlining and version.
#pragma once

/// The version of these headers, major * 10000 + minor * 100 + patch.
#define KERB_VERSION 100

#if defined(__clang__)
#define KERB_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define KERB_LIFETIMEBOUND
#endif

// Walkers that every message type shares are kept out of line, failure paths out of the way, and what is a handful of
// instructions once its arguments are constants is put where it is called.
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
