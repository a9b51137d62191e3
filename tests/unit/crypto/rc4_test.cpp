// Encryption type 23 against the published vectors and MIT krb5's.
#include "kerb/crypto/rc4.hpp"

#include "backends.hpp"
#include "kerb/core/hex.hpp"

namespace {
using kerb::errc;
using kerb::etype_t;
using kerb::key_usage_t;
using kerb_test::octet_vector;

constexpr etype_t rc4 = etype_t::rc4_hmac;

KERB_ON_EVERY("rc4: published messages are sealed and opened", "[crypto][rfc4757-5]") {
  kerb_test::vectors_of<TestType>{23, 23}.seal();
}
KERB_ON_EVERY("rc4: what MIT krb5 sealed is opened, and under no other usage", "[crypto][rfc4757-3][rfc4757-5]") {
  kerb_test::vectors_of<TestType>{23, 23}.opened();
}
KERB_ON_EVERY("rc4: published checksums are made and verified", "[crypto][rfc4757-4]") {
  kerb_test::vectors_of<TestType>{23, 23}.checksum();
}
KERB_ON_EVERY("rc4: the pseudo-random function gives MIT krb5's octets", "[crypto][rfc4757-5]") {
  kerb_test::vectors_of<TestType>{23, 23}.prf();
}
KERB_ON_EVERY("rc4: published passwords give the published keys", "[crypto][rfc4757-2]") {
  kerb_test::vectors_of<TestType>{23, 23}.string_to_key();
}
KERB_ON_EVERY("rc4: random-to-key is the identity", "[crypto]") {
  kerb_test::vectors_of<TestType>{23, 23}.random_to_key();
}

KERB_ON_EVERY("rc4: a usage opens itself, and 3 and 8, and 23 and 13, each other", "[crypto][rfc4757-3]") {
  TestType p;
  const auto k = kerb_test::key_of(p, rc4);
  const auto group = [](std::int32_t u) { return u == 3 ? 8 : u == 23 ? 13 : u; };
  for (std::int32_t u = 0; u != 30; ++u) {
    const octet_vector cipher = kerb_test::sealed(p, k, key_usage_t{u}, {1, 2, 3});
    octet_vector out(cipher.size());
    for (std::int32_t v = 0; v != 30; ++v)
      CHECK(p.unseal(k, key_usage_t{v}, cipher, out).has_value() == (group(u) == group(v)));
  }
}

KERB_ON_EVERY("rc4: a password that is not UTF-8 or too long makes no key, nor do iterations", "[crypto][rfc4757-2]") {
  TestType p;
  const auto why = [&](const octet_vector& password, std::uint64_t n) {
    return p.string_to_key(rc4, kerb::secret_view(kerb::bytes_view(password)), {}, {n}).error().code;
  };
  CHECK(why({0xc3}, 0) == errc::bad_password);
  CHECK(why({'a', 0xff}, 0) == errc::bad_password);
  CHECK(why(octet_vector(kerb::max_password_octets, 'a'), 0) == errc::ok);
  CHECK(why(octet_vector(kerb::max_password_octets + 1, 'a'), 0) == errc::bad_password);
  CHECK(why({'a'}, 1) == errc::bad_s2k_parameters);
  CHECK(why({'a'}, 4096) == errc::bad_s2k_parameters);
  CHECK(why({}, 0) == errc::ok);
}

KERB_ON_EVERY("rc4: the salt does not matter", "[crypto][rfc4757-2]") {
  TestType p;
  const octet_vector salt(20, 's');
  const auto a = p.string_to_key(rc4, kerb::secret_view::of("p\xc3\xa4ss"), salt, {});
  const auto b = p.string_to_key(rc4, kerb::secret_view::of("p\xc3\xa4ss"), {}, {});
  REQUIRE((a && b));
  CHECK(ct_equal(p.expose(*a).unguarded(), p.expose(*b).unguarded()));
}

KERB_ON_EVERY("rc4: a message of many pages", "[crypto][rfc4757-5]") {
  TestType p;
  const auto k = kerb_test::key_of(p, rc4);
  octet_vector plain(70001);
  for (std::size_t i = 0; i != plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i * i);
  const octet_vector confounder(8, 4);
  const octet_vector cipher = kerb_test::sealed(p, k, key_usage_t::ticket, confounder, plain);
  kerb_test::every<kerb::botan::primitives> other;
  CHECK(cipher == kerb_test::sealed(other, k, key_usage_t::ticket, confounder, plain));
  octet_vector out(cipher.size());
  const auto back = other.unseal(k, key_usage_t::ticket, cipher, out);
  REQUIRE(back);
  CHECK(kerb_test::copy_of(*back) == plain);
}

KERB_ON_EVERY("rc4: single DES, the exportable type and Windows' private ones are refused all the same",
              "[crypto][rfc8429-3]") {
  TestType p;
  const octet_vector octets(16);
  std::vector<std::int32_t> weak{1, 2, 3, 5, 7, 24, -140, -141};
  for (std::int32_t e = -136; e <= -128; ++e) weak.push_back(e);
  for (const std::int32_t e : weak) {
    CHECK(p.import(etype_t{e}, octets).error().code == errc::weak_etype);
    const kerb::key k(etype_t{e}, *kerb::secret<32>::copy_of(octets));
    CHECK(p.prepare(k, key_usage_t::ticket).error().code == errc::weak_etype);
    CHECK(!p.shape(etype_t{e}));
  }
}

KERB_ON_EVERY("rc4: the parts of the token in MS-KILE are decrypted and encrypted",
              "[crypto][rfc4757-7.3][ms-kile-4.5]") {
  using namespace kerb::literals;
  using kerb::bytes_view;
  using kerb::token_part;
  constexpr auto octets = "81a2cb90af7fc2d19554a150d8185359"_hex;
  constexpr auto cksum = "ebaa619244a156a1"_hex, sent = "e29e8bbc6348e740"_hex, number = "60cbacd300000000"_hex;
  constexpr auto text = "a13b5cf65e3c21b9aa8ed63f0ac83815335b72e293bae1f660"_hex;
  constexpr auto opened = "5256f3fb630cf12a112233445566778899aabbccddeeff01"_hex;
  TestType p;
  const auto k = kerb_test::must(p.import(rc4, octets));
  octet_vector out(8);
  CHECK(p.decrypt_part(k, token_part::number, cksum, sent, out) == errc::ok);
  CHECK(out == kerb_test::copy_of(number));
  CHECK(p.encrypt_part(k, token_part::number, cksum, out) == errc::ok);
  CHECK(out == kerb_test::copy_of(sent));
  const bytes_view salt = bytes_view(number).first(4), sealed = bytes_view(text).subview(1);
  octet_vector plain = kerb_test::copy_of(sealed);
  CHECK(p.decrypt_part(k, token_part::message, salt, sealed, plain) == errc::ok);
  CHECK(plain == kerb_test::copy_of(opened));
  CHECK(p.encrypt_part(k, token_part::message, salt, plain) == errc::ok);
  CHECK(plain == kerb_test::copy_of(sealed));
}
KERB_ON_EVERY("rc4: a salt of another size is refused, and nothing is left of what it was for", "[crypto][rfc4757-7]") {
  using kerb::token_part;
  TestType p;
  const auto k = kerb_test::key_of(p, rc4);
  const octet_vector salts(12, 1), in(8, 7);
  for (const token_part part : {token_part::number, token_part::message}) {
    for (std::size_t n = 0; n != salts.size(); ++n) {
      octet_vector io = in, out = in;
      const auto salt = kerb::bytes_view(salts).first(n);
      const bool good = n == (part == token_part::number ? 8u : 4u);
      CHECK((p.encrypt_part(k, part, salt, io) == errc::ok) == good);
      CHECK((p.decrypt_part(k, part, salt, in, out) == errc::ok) == good);
      CHECK((io == octet_vector(8)) == !good);
      CHECK((out == octet_vector(8)) == !good);
    }
  }
}

}  // namespace
