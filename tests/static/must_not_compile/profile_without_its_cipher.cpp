// expect: this cryptographic library has no Camellia
// A library that lacks an algorithm models `primitives` all the same; the profile says what it lacks.
#include <unit/crypto/toy.hpp>

struct aes_only : kerb_test::toy {
#ifndef KERB_FIXED
  void supports() = delete;
#endif
};

kerb::engine<aes_only, kerb::aes_sha1> always;
kerb::engine<aes_only, kerb::aes_sha1, kerb::camellia> policy;
