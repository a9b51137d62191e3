// Keys out of shared secrets against the published vectors.
#include "kerb/crypto/pkinit_kdf.hpp"

#include "backends.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::bytes_view;
using kerb::errc;
using kerb::etype_t;
using kerb::hash_id;

constexpr etype_t aes256 = etype_t::aes256_cts_hmac_sha1_96;

KERB_ON_EVERY("octetstring2key: the published keys", "[crypto][rfc4556-3.2.3.1][rfc4556-B]") {
  TestType p;
  for (const kerb_test::octetstring2key_vector& v : kerb_test::octetstring2key_vectors) {
    INFO(v.name);
    const bytes_view whole[]{v.input}, pieces[]{v.input.first(20), {}, v.input.subview(20)};
    const auto k = octetstring2key(p, aes256, whole), same = octetstring2key(p, aes256, pieces);
    REQUIRE((k && same));
    CHECK(k->etype() == aes256);
    CHECK(kerb_test::copy_of(p.expose(*k).unguarded()) == kerb_test::copy_of(v.output));
    CHECK(kerb_test::copy_of(p.expose(*same).unguarded()) == kerb_test::copy_of(v.output));
  }
}

KERB_ON_EVERY("pkinit_kdf: the published keys", "[crypto][rfc8636-8]") {
  TestType p;
  int seen = 0;
  for (const kerb_test::pkinit_kdf_vector& v : kerb_test::pkinit_kdf_vectors) {
    INFO(v.name);
    const etype_t e = kerb_test::etype_of(v.etype);
    if (!p.shape(e)) continue;
    const hash_id h = v.hash_name == "sha1"     ? hash_id::sha1
                      : v.hash_name == "sha256" ? hash_id::sha256
                                                : hash_id::sha512;
    const auto k = pkinit_kdf(p, h, e, kerb::secret_view(v.input), v.other_info);
    REQUIRE(k);
    CHECK(kerb_test::copy_of(p.expose(*k).unguarded()) == kerb_test::copy_of(v.output));
    ++seen;
  }
  CHECK(seen > 1);
}

constexpr bool refusals() {
  kerb_test::toy_policy p;
  const std::array<bytes_view, 8> many{};
  if (octetstring2key(p, aes256, many).error().code != errc::api_misuse) return false;
  if (!octetstring2key(p, aes256, kerb::view_of<bytes_view>{many.data(), 7})) return false;
  return octetstring2key(p, etype_t::rc4_hmac, {}).error().code == errc::weak_etype &&
         octetstring2key(p, etype_t{99}, {}).error().code == errc::unsupported_etype &&
         pkinit_kdf(p, hash_id::sha256, etype_t::rc4_hmac, {}, {}).error().code == errc::weak_etype;
}
KERB_BOTH("octetstring2key: other types and more than 7 pieces are refused", "[crypto]", refusals);

constexpr bool failing_library() {
  for (int good = 0; good != 3; ++good) {
    kerb_test::toy_calls calls{.left = good};
    kerb_test::toy_policy p{kerb_test::toy{&calls}};
    const auto k = octetstring2key(p, aes256, {});  // 32 octets are two of SHA-1's hashes
    if (k.has_value() != (good == 2) || (!k && k.error().code != errc::crypto_backend)) return false;
  }
  return true;
}
KERB_BOTH("octetstring2key: a library that fails is reported", "[crypto]", failing_library);

}  // namespace
