// The algorithms of OpenSSL's providers, without the policy.
#if defined(KERB_TEST_OPENSSL)
#include "kerb/crypto/openssl_provider.hpp"

#include <array>

#include "support/alloc_count.hpp"
#include "support/catch.hpp"

namespace {
using kerb::bytes_view;
using kerb::secret_view;
using block = std::array<std::uint8_t, 16>;

TEST_CASE("openssl_provider: the errors that came meanwhile are taken out of the queue, and no others", "[crypto]") {
  ERR_clear_error();
  {
    const kerb::openssl::quiet outer;
    ERR_raise(ERR_LIB_USER, 1);
  }
  CHECK(ERR_peek_error() == 0);
  ERR_raise(ERR_LIB_USER, 2);
  {
    const kerb::openssl::quiet outer;
    ERR_raise(ERR_LIB_USER, 3);
    {
      const kerb::openssl::quiet inner;
      ERR_raise(ERR_LIB_USER, 4);
    }
    CHECK(ERR_GET_REASON(ERR_peek_last_error()) == 3);
  }
  CHECK(ERR_GET_REASON(ERR_get_error()) == 2);
  CHECK(ERR_get_error() == 0);
}

TEST_CASE("openssl_provider: an algorithm's functions are found by its first name alone", "[crypto]") {
  EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  REQUIRE(sha1 != nullptr);
  const auto functions = [&](const char* name) {
    int n = 0;
    kerb::openssl::each_function(EVP_MD_get0_provider(sha1), OSSL_OP_DIGEST, name, [&](const OSSL_DISPATCH&) { ++n; });
    return n;
  };
  CHECK(functions("SHA1") > 5);
  CHECK(functions("SHA") == 0);
  CHECK(functions("SHA-1") == 0);  // another of its names
  CHECK(functions("") == 0);
  CHECK(functions(nullptr) == 0);
  EVP_MD_free(sha1);
}

TEST_CASE("openssl_provider: what does not exist is not fetched, and leaves no error", "[crypto]") {
  ERR_clear_error();
  kerb::openssl::cipher_mode c, d;
  kerb::openssl::hash_function h, i;
  CHECK_FALSE(c.fetch({}, "AES-128-NOTHING"));
  CHECK_FALSE(d.fetch({nullptr, "provider=nobody"}, "AES-128-ECB"));
  CHECK_FALSE(h.fetch({}, "SHA0"));
  CHECK_FALSE(i.fetch({nullptr, "provider=nobody"}, "SHA1"));
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("openssl_provider: a mode takes a new key when it is told to forget the last, and allocates once",
          "[crypto]") {
  kerb::openssl::cipher_mode ecb;
  REQUIRE(ecb.fetch({}, "AES-128-ECB"));
  const block one{1}, two{2}, plain{3};
  const auto key = [](const block& k) { return secret_view(bytes_view(k)); };
  block a{}, b{}, c{}, back{};
  REQUIRE(ecb.run(false, key(one), {}, plain.data(), a.data(), 16));
  REQUIRE(ecb.run(true, key(one), {}, a.data(), back.data(), 16));
  CHECK(back == plain);
  bool good = true;
  {
    const kerb_test::no_allocations here;
    good = good && ecb.run(false, key(two), {}, plain.data(), b.data(), 16);  // still with the first
    ecb.forget();
    good = good && ecb.run(false, key(two), {}, plain.data(), c.data(), 16);
    good = good && ecb.run(true, key(two), {}, c.data(), back.data(), 16);
  }
  CHECK(good);
  CHECK(a == b);
  CHECK(a != c);
  CHECK(back == plain);
  ecb.forget();
  ERR_clear_error();
  CHECK_FALSE(ecb.run(false, secret_view(one.data(), 15), {}, plain.data(), b.data(), 16));  // no key of this cipher
  CHECK_FALSE(ecb.run(false, secret_view(one.data(), 15), {}, plain.data(), b.data(), 16));
  CHECK(ERR_peek_error() == 0);
  CHECK(ecb.run(false, key(one), {}, plain.data(), b.data(), 16));
}

TEST_CASE("openssl_provider: a mode with an initial vector begins each message with it", "[crypto]") {
  kerb::openssl::cipher_mode cbc;
  REQUIRE(cbc.fetch({}, "AES-128-CBC"));
  const block key{1}, iv{2}, plain{3};
  block a{}, b{}, c{};
  const secret_view k{bytes_view(key)};
  REQUIRE(cbc.run(false, k, iv, plain.data(), a.data(), 16));
  REQUIRE(cbc.run(false, k, iv, plain.data(), b.data(), 16));
  REQUIRE(cbc.run(false, k, plain, plain.data(), c.data(), 16));
  CHECK(a == b);
  CHECK(a != c);
}

TEST_CASE("openssl_provider: a hash begins anew, or from a state that was kept", "[crypto]") {
  kerb::openssl::hash_function h;
  REQUIRE(h.fetch({}, "SHA1"));
  const std::uint8_t abc[]{'a', 'b', 'c'};
  const bytes_view v(abc);
  std::array<std::uint8_t, 20> whole{}, again{}, kept{};
  bool good = true;
  {
    const kerb_test::no_allocations here;
    good = h.begin() && h.absorb(v) && h.end(whole) && h.begin() && h.absorb({}) && h.absorb(v) && h.end(again);
  }
  CHECK(good);
  CHECK(whole[0] == 0xa9);  // a9993e36...
  CHECK(whole == again);
  REQUIRE((h.begin() && h.absorb(v.first(1))));
  void* const after_a = h.keep();
  REQUIRE(after_a != nullptr);
  for (int i = 0; i != 2; ++i) {
    REQUIRE((h.begin(after_a) && h.absorb(v.subview(1)) && h.end(kept)));
    CHECK(kept == whole);
  }
  h.drop(after_a);
  h.drop(nullptr);
  CHECK_FALSE((h.begin() && h.end(std::span(kept).first(19))));  // too small
}

}  // namespace
#endif
