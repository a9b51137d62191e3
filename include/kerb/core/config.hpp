// The library's only macros: lifetime, inlining and version.
#pragma once

/// The version of these headers, major * 10000 + minor * 100 + patch.
#define KERB_VERSION 100

#if defined(__clang__)
#define KERB_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define KERB_LIFETIMEBOUND
#endif

// Walkers that every message type shares are kept out of line, and failure paths out of the way.
#if defined(__GNUC__)
#define KERB_NOINLINE [[gnu::noinline]]
#define KERB_COLD [[gnu::cold, gnu::noinline]]
#else
#define KERB_NOINLINE
#define KERB_COLD
#endif
