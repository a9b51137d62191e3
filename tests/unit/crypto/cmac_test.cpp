// CMAC against published values and a library's own.
#include "kerb/crypto/cmac.hpp"

#include <botan/mac.h>

#include "backends.hpp"
#include "kerb/core/hex.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::bytes_view;
using kerb::cipher_id;
using kerb::errc;
using kerb_test::octet_vector;

// RFC 4493 section 4: the subkeys of its key.
KERB_BOTH("cmac: subkeys are doubled in the field", "[crypto][rfc4493-2.3]", [] {
  using namespace kerb::literals;
  constexpr kerb::cipher_block l = "7df76b0c1ab899b33e42f047b91b546f"_hex, k1 = "fbeed618357133667c85e08f7236a8de"_hex,
                               k2 = "f7ddac306ae266ccf90bc11ee46d513b"_hex;
  return kerb::detail::doubled(l) == k1 && kerb::detail::doubled(k1) == k2 &&
         kerb::detail::doubled(kerb::cipher_block{}) == kerb::cipher_block{};
});

template <class P>
octet_vector cmac_of(P& p, cipher_id id, bytes_view key, kerb::view_of<bytes_view> pieces) {
  typename P::cipher c;
  octet_vector out(16);
  REQUIRE(p.rekey(c, id, kerb::secret_view(key)) == errc::ok);
  REQUIRE(kerb::cmac(p, c, pieces, out) == errc::ok);
  return out;
}

KERB_ON_BACKENDS("cmac: the published values of Camellia", "[crypto][rfc6803]") {
  typename kerb_test::library_of<TestType>::type p;
  kerb_test::each_row(kerb_test::cmac_vectors, 25, 25, [&](const kerb_test::cmac_vector& v) {
    const bytes_view whole[]{v.input};
    CHECK(cmac_of(p, cipher_id::camellia128, v.key, whole) == kerb_test::copy_of(v.output));
  });
}

KERB_ON_BACKENDS("cmac: it is the library's own, whatever the length and the pieces", "[crypto][rfc4493-2.4]") {
  typename kerb_test::library_of<TestType>::type p;
  octet_vector key(32), text(83);
  for (std::size_t i = 0; i != text.size(); ++i) text[i] = static_cast<std::uint8_t>(11 * i + 5);
  for (std::size_t i = 0; i != key.size(); ++i) key[i] = static_cast<std::uint8_t>(i * i);
  const std::pair<cipher_id, const char*> ciphers[]{{cipher_id::aes128, "CMAC(AES-128)"},
                                                    {cipher_id::aes256, "CMAC(AES-256)"},
                                                    {cipher_id::camellia128, "CMAC(Camellia-128)"},
                                                    {cipher_id::camellia256, "CMAC(Camellia-256)"}};
  for (const auto& [id, name] : ciphers) {
    const bytes_view k = bytes_view(key).first(id == cipher_id::aes128 || id == cipher_id::camellia128 ? 16 : 32);
    const auto other = Botan::MessageAuthenticationCode::create(name);
    REQUIRE(other);
    other->set_key(k.data(), k.size());
    for (std::size_t n = 0; n <= text.size(); ++n) {
      other->update(text.data(), n);
      const auto expected = other->final();
      const bytes_view v = bytes_view(text).first(n), whole[]{v}, pieces[]{v.first(n / 3), {}, v.subview(n / 3)};
      CHECK(cmac_of(p, id, k, whole) == octet_vector(expected.begin(), expected.end()));
      CHECK(cmac_of(p, id, k, pieces) == octet_vector(expected.begin(), expected.end()));
    }
  }
}

constexpr bool is_cut_and_reports() {
  const std::array<std::uint8_t, 40> text{1, 2, 3};
  const bytes_view pieces[]{text};
  std::array<std::uint8_t, 17> whole{}, cut{};
  for (int good = 0;; ++good) {
    kerb_test::toy_calls calls{.left = good};
    kerb_test::toy p{&calls};
    kerb_test::toy::cipher c{.key = {5}, .octets = 16};
    const errc why = kerb::cmac(p, c, pieces, std::span(whole).first(16));
    if (why == errc::ok) {
      if (kerb::cmac(p, c, pieces, whole) != errc::api_misuse) return false;
      calls.left = 10;
      return kerb::cmac(p, c, pieces, std::span(cut).first(5)) == errc::ok &&
             kerb::ct_equal(bytes_view(cut).first(5), bytes_view(whole).first(5)) && good == 4;
    }
    if (why != errc::crypto_backend || good > 4) return false;
  }
}
KERB_BOTH("cmac: it is cut to what is asked for, and a library that fails is reported", "[crypto]", is_cut_and_reports);

}  // namespace
