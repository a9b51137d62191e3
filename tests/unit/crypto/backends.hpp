// The backends, for tests that run on each, and the vectors.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "kerb/crypto/botan.hpp"
#include "kerb/crypto/botan_ffi.hpp"
#include "kerb/crypto/des3.hpp"
#include "kerb/crypto/rc4.hpp"
#include "kerb/crypto/rfc6803.hpp"
#if defined(KERB_TEST_OPENSSL)
#include <openssl/provider.h>

#include "kerb/crypto/openssl.hpp"
#endif
#include "support/catch.hpp"
#include "vectors.hpp"

namespace kerb_test {

using octet_vector = std::vector<std::uint8_t>;
inline octet_vector copy_of(kerb::bytes_view v) { return {v.begin(), v.end()}; }
constexpr bool all_zero(kerb::bytes_view v) { return std::count(v.begin(), v.end(), 0) == static_cast<long>(v.size()); }

template <class Number>
constexpr kerb::etype_t etype_of(Number n) {
  return kerb::etype_t{static_cast<std::int32_t>(n)};
}
template <class Number>
constexpr kerb::key_usage_t usage_of(Number n) {
  return kerb::key_usage_t{static_cast<std::int32_t>(n)};
}

/// All encryption types that there are, over a library.
template <class P>
using every = kerb::engine<P, kerb::aes_sha2, kerb::aes_sha1, kerb::camellia, kerb::weak::rc4, kerb::weak::des3>;
inline constexpr kerb::etype_t all_etypes[]{kerb::etype_t::aes128_cts_hmac_sha1_96,
                                            kerb::etype_t::aes256_cts_hmac_sha1_96,
                                            kerb::etype_t::aes128_cts_hmac_sha256_128,
                                            kerb::etype_t::aes256_cts_hmac_sha384_192,
                                            kerb::etype_t::camellia128_cts_cmac,
                                            kerb::etype_t::camellia256_cts_cmac,
                                            kerb::etype_t::rc4_hmac,
                                            kerb::etype_t::des3_cbc_sha1_kd};

#if defined(KERB_TEST_OPENSSL)
/// OpenSSL with its legacy provider, where that is installed, in a library context of its own.
class openssl_with_legacy : public kerb::openssl::primitives {
 public:
  openssl_with_legacy() : primitives(context().library) {}
  static bool has_legacy() { return context().legacy != nullptr; }

 private:
  struct providers {
    OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
    OSSL_PROVIDER* base = OSSL_PROVIDER_load(library, "default");
    OSSL_PROVIDER* legacy = nullptr;
    providers() {
      const kerb::openssl::quiet errors;
      legacy = OSSL_PROVIDER_load(library, "legacy");
    }
    ~providers() {
      if (legacy != nullptr) OSSL_PROVIDER_unload(legacy);
      OSSL_PROVIDER_unload(base);
      OSSL_LIB_CTX_free(library);
    }
  };
  static const providers& context() {
    static const providers p;
    return p;
  }
};
#endif

/// The primitives below a policy.
template <class Policy>
struct library_of;
template <class P, class... F>
struct library_of<kerb::engine<P, F...>> {
  using type = P;
};

/// Whether a library is to have MD4. OpenSSL has it on machines where its legacy provider is installed, and then for
/// whoever loads that.
template <class P>
bool has_md4() {
  if constexpr (requires { P::has_legacy(); }) return P::has_legacy();
#if defined(KERB_TEST_OPENSSL)
  if constexpr (std::same_as<P, kerb::openssl::primitives>) return false;
#endif
  return kerb::has_hash<P, kerb::hash_id::md4>;
}

/// A key whose octets are `first`, `first` + 1 and so on.
template <class Policy>
kerb::key key_of(Policy& p, kerb::etype_t e, std::uint8_t first = 1) {
  octet_vector o(p.key_octets(e));
  for (std::uint8_t& x : o) x = first++;
  auto k = p.import(e, o);
  REQUIRE(k);
  return std::move(*k);
}

/// `plain` with a confounder in front, padding and space for the tag, sealed.
template <class Policy, class Key>
octet_vector sealed(Policy& p, const Key& k, kerb::key_usage_t u, const octet_vector& confounder,
                    const octet_vector& plain) {
  const auto shape = p.shape(p.etype_of(k));
  REQUIRE(shape);
  octet_vector io(shape->front - confounder.size());
  io.insert(io.end(), confounder.begin(), confounder.end());
  io.insert(io.end(), plain.begin(), plain.end());
  io.resize(shape->around(plain.size()));
  REQUIRE(p.seal(k, u, io) == kerb::errc::ok);
  return io;
}
template <class Policy, class Key>
octet_vector sealed(Policy& p, const Key& k, kerb::key_usage_t u, const octet_vector& plain) {
  octet_vector confounder(kerb_test::must(p.shape(p.etype_of(k))).front);
  REQUIRE(p.fill(confounder));
  return sealed(p, k, u, confounder, plain);
}

/// What is opened: `plain`, with zeros behind it where the encryption type pads.
template <class Policy>
octet_vector padded(const Policy& p, kerb::etype_t e, octet_vector plain) {
  plain.resize(plain.size() + kerb_test::must(p.shape(e)).padding(plain.size()));
  return plain;
}

/// The rows of one profile, by the range of its encryption types.
template <class Rows, class F>
void each_row(const Rows& rows, int first, int last, F&& f) {
  int seen = 0;
  for (const auto& row : rows)
    if (row.etype >= first && row.etype <= last) {
      INFO(row.name);
      f(row);
      ++seen;
    }
  REQUIRE(seen > 0);
}

/// What published vectors say of a profile's encryption types, `first` to `last`.
template <class Policy>
struct vectors_of {
  int first, last;

  void seal() const {
    Policy p;
    each_row(seal_vectors, first, last, [&](const seal_vector& v) {
      const auto k = p.import(etype_of(v.etype), v.key);
      REQUIRE(k);
      const octet_vector cipher = sealed(p, *k, usage_of(v.usage), copy_of(v.confounder), copy_of(v.plain));
      CHECK(cipher == copy_of(v.cipher));
      octet_vector out(v.cipher.size());
      const auto plain = p.unseal(*k, usage_of(v.usage), v.cipher, out);
      REQUIRE(plain);
      CHECK(copy_of(*plain) == padded(p, k->etype(), copy_of(v.plain)));
    });
  }
  void opened() const {
    Policy p;
    each_row(opened_vectors, first, last, [&](const opened_vector& v) {
      const auto k = p.import(etype_of(v.etype), v.key);
      REQUIRE(k);
      octet_vector out(v.cipher.size());
      const auto plain = p.unseal(*k, usage_of(v.usage), v.cipher, out);
      REQUIRE(plain);
      CHECK(copy_of(*plain) == padded(p, k->etype(), copy_of(v.plain)));
      CHECK(!p.unseal(*k, usage_of(v.usage + 1), v.cipher, out));
    });
  }
  void random_to_key() const {
    Policy p;
    each_row(random_to_key_vectors, first, last, [&](const random_to_key_vector& v) {
      REQUIRE(p.seed_octets(etype_of(v.etype)) == v.input.size());
      const auto k = p.random_to_key(etype_of(v.etype), v.input);
      REQUIRE(k);
      CHECK(copy_of(p.expose(*k).unguarded()) == copy_of(v.output));
    });
  }
  void checksum() const {
    Policy p;
    each_row(checksum_vectors, first, last, [&](const checksum_vector& v) {
      const auto k = p.import(etype_of(v.etype), v.key);
      REQUIRE(k);
      const auto type = kerb::cksum_t{static_cast<std::int32_t>(v.cksumtype)};
      octet_vector out(v.checksum.size());
      const kerb::bytes_view pieces[]{v.plain};
      CHECK(p.sign(type, *k, usage_of(v.usage), pieces, out) == kerb::errc::ok);
      CHECK(out == copy_of(v.checksum));
      CHECK(p.verify(type, *k, usage_of(v.usage), pieces, v.checksum) == kerb::errc::ok);
    });
  }
  void prf() const {
    Policy p;
    each_row(prf_vectors, first, last, [&](const prf_vector& v) {
      const auto k = p.import(etype_of(v.etype), v.key);
      REQUIRE(k);
      REQUIRE(p.prf_octets(k->etype()) == v.output.size());
      octet_vector out(v.output.size()), half(v.output.size() / 2), more(v.output.size() + 1);
      const std::size_t cut = v.input.size() / 3;
      const kerb::bytes_view whole[]{v.input}, pieces[]{v.input.first(cut), {}, v.input.subview(cut)};
      CHECK(p.prf(*k, whole, out) == kerb::errc::ok);
      CHECK(out == copy_of(v.output));
      CHECK(p.prf(*k, pieces, half) == kerb::errc::ok);
      CHECK(half == copy_of(v.output.first(half.size())));
      CHECK(p.prf(*k, whole, more) == kerb::errc::api_misuse);
    });
  }
  void string_to_key() const {
    Policy p;
    each_row(string_to_key_vectors, first, last, [&](const string_to_key_vector& v) {
      const auto count = static_cast<std::uint64_t>(v.iterations);
      const auto k = p.string_to_key(etype_of(v.etype), kerb::secret_view(v.password), v.salt, {count});
      REQUIRE(k);
      CHECK(copy_of(p.expose(*k).unguarded()) == copy_of(v.key));
      if (count != p.default_iterations(etype_of(v.etype))) return;
      const auto by_default = p.string_to_key(etype_of(v.etype), kerb::secret_view(v.password), v.salt, {});
      REQUIRE(by_default);
      CHECK(copy_of(p.expose(*by_default).unguarded()) == copy_of(v.key));
    });
  }
};

}  // namespace kerb_test

// A test on each backend: with the default encryption types, and with all, for which OpenSSL needs its legacy provider.
#if defined(KERB_TEST_OPENSSL)
#define KERB_ON_BACKENDS(name, tags) \
  TEMPLATE_TEST_CASE(name, tags, kerb::botan::policy, kerb::botan_ffi::policy, kerb::openssl::policy)
#else
#define KERB_ON_BACKENDS(name, tags) TEMPLATE_TEST_CASE(name, tags, kerb::botan::policy, kerb::botan_ffi::policy)
#endif
#if defined(KERB_TEST_OPENSSL) && defined(KERB_TEST_OPENSSL_LEGACY)
#define KERB_ON_EVERY(name, tags)                                           \
  TEMPLATE_TEST_CASE(name, tags, kerb_test::every<kerb::botan::primitives>, \
                     kerb_test::every<kerb::botan_ffi::primitives>, kerb_test::every<kerb_test::openssl_with_legacy>)
#else
#define KERB_ON_EVERY(name, tags)                                           \
  TEMPLATE_TEST_CASE(name, tags, kerb_test::every<kerb::botan::primitives>, \
                     kerb_test::every<kerb::botan_ffi::primitives>)
#endif
