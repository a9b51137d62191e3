// Several messages sealed under one key: each is what sealing it alone makes, or all are wiped.
#include "kerb/crypto/seal_all.hpp"

#include "backends.hpp"
#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::errc;
using kerb::etype_t;
using kerb::key_usage_t;
using kerb_test::all_etypes;
using kerb_test::all_zero;
using kerb_test::copy_of;
using kerb_test::every_toy_policy;
using kerb_test::key_of;
using kerb_test::octet_vector;
using kerb_test::padded;
using message = std::span<std::uint8_t>;
constexpr auto usage = key_usage_t::ticket;

/// Numbers its octets, counts its draws, and fails when told to.
struct numbered {
  std::uint8_t next = 1;
  int draws = 0, left = 1 << 20;
  constexpr bool fill(message out) noexcept {
    if (left-- <= 0) return false;
    ++draws;
    for (std::uint8_t& o : out) o = next++;
    return true;
  }
};

/// Plaintexts of different lengths with buffer around them, as many as N.
template <std::size_t N>
struct batch {
  std::array<std::array<std::uint8_t, 200>, N> octets{};
  std::array<message, N> messages{};

  constexpr explicit batch(const kerb::seal_shape& shape, std::size_t step = 13) {
    for (std::size_t m = 0; m != N; ++m) {
      const std::size_t plain = m * step % 120;
      for (std::size_t i = 0; i != plain; ++i) octets[m][shape.front + i] = static_cast<std::uint8_t>(5 * i + m + 1);
      messages[m] = message(octets[m]).first(shape.around(plain));
    }
  }
  batch(const batch&) = delete;
  constexpr bool wiped() const {
    for (const auto& o : octets)
      if (!all_zero(o)) return false;
    return true;
  }
};

template <std::size_t N>
constexpr bool as_alone() {
  const std::array<std::uint8_t, 32> key_octets{3, 1, 4};
  for (const etype_t e : all_etypes) {
    every_toy_policy p;
    const auto k = p.import(e, kerb::bytes_view(key_octets).first(p.key_octets(e)));
    batch<N> fresh(kerb_test::must(p.shape(e))), alone(kerb_test::must(p.shape(e)));
    numbered random, random_of_alone;
    if (seal_all(p, random, *k, usage, fresh.messages) != errc::ok) return false;
    for (const message m : alone.messages)
      if (!random_of_alone.fill(m.first(kerb_test::must(p.shape(e)).front)) || p.seal(*k, usage, m) != errc::ok)
        return false;
    if (fresh.octets != alone.octets) return false;
  }
  return true;
}
KERB_BOTH("seal_all: with the same confounders it gives octet for octet what sealing each gives",
          "[crypto][rfc3961-5.3][rfc8009]", [] { return as_alone<1>() && as_alone<2>(); });
KERB_AT_RUN_TIME("seal_all: that is so of more messages than there are lanes and confounders in a draw",
                 "[crypto][rfc3961-5.3][rfc8009]", [] { return as_alone<8>() && as_alone<19>(); });

KERB_BOTH("seal_all: the confounders of sixteen messages are one draw", "[crypto]", [] {
  every_toy_policy p;
  const std::array<std::uint8_t, 32> key_octets{3, 1, 4};
  const auto k = p.import(etype_t::aes256_cts_hmac_sha1_96, key_octets);
  batch<16> sixteen(kerb_test::must(p.shape(k->etype())));
  batch<17> seventeen(kerb_test::must(p.shape(k->etype())));
  numbered one, two;
  return seal_all(p, one, *k, usage, sixteen.messages) == errc::ok && one.draws == 1 &&
         seal_all(p, two, *k, usage, seventeen.messages) == errc::ok && two.draws == 2;
});

KERB_BOTH("seal_all: of nothing is nothing", "[crypto]", [] {
  every_toy_policy p;
  const std::array<std::uint8_t, 32> key_octets{3, 1, 4};
  const auto k = p.import(etype_t::aes256_cts_hmac_sha384_192, key_octets);
  numbered random;
  return seal_all(p, random, *k, usage, {}) == errc::ok && random.draws == 0 && p.seal_many(*k, usage, {}) == errc::ok;
});

KERB_AT_RUN_TIME(
    "seal_all: one message without buffer, and nothing is drawn or sealed, and all are wiped", "[crypto]", [] {
      const std::array<std::uint8_t, 32> key_octets{3, 1, 4};
      for (const etype_t e : all_etypes)
        for (std::size_t short_one = 0; short_one != 9; ++short_one) {
          every_toy_policy p;
          const auto k = p.import(e, kerb::bytes_view(key_octets).first(p.key_octets(e)));
          const std::size_t least = kerb_test::must(p.shape(e)).around(0);
          for (const std::size_t n : {std::size_t{0}, least - 1}) {
            batch<9> b(kerb_test::must(p.shape(e))), c(kerb_test::must(p.shape(e)));
            b.messages[short_one] = message(b.octets[short_one]).first(n);
            c.messages[short_one] = message(c.octets[short_one]).first(n);
            std::fill(b.octets[short_one].begin() + static_cast<long>(n), b.octets[short_one].end(), std::uint8_t{0});
            std::fill(c.octets[short_one].begin() + static_cast<long>(n), c.octets[short_one].end(), std::uint8_t{0});
            numbered random;
            if (seal_all(p, random, *k, usage, b.messages) != errc::api_misuse || random.draws != 0 || !b.wiped())
              return false;
            if (p.seal_many(*k, usage, c.messages) != errc::api_misuse || !c.wiped()) return false;
          }
        }
      return true;
    });

KERB_BOTH("seal_all: a plaintext that is not padded is refused before anything is drawn", "[crypto][rfc3961-6.3]", [] {
  every_toy_policy p;
  const std::array<std::uint8_t, 24> key_octets{3, 1, 4};
  const auto k = p.import(etype_t::des3_cbc_sha1_kd, key_octets);
  for (std::size_t n = 1; n != 8; ++n) {
    batch<3> b(kerb_test::must(p.shape(k->etype())));
    b.messages[1] = message(b.octets[1]).first(kerb_test::must(p.shape(k->etype())).around(16) + n);
    numbered random;
    if (seal_all(p, random, *k, usage, b.messages) != errc::api_misuse || random.draws != 0 || !b.wiped()) return false;
  }
  return true;
});

KERB_AT_RUN_TIME("seal_all: randomness that fails at any draw is errc::entropy, and all are wiped", "[crypto]", [] {
  const std::array<std::uint8_t, 32> key_octets{3, 1, 4};
  for (const etype_t e : all_etypes)
    for (int good = 0;; ++good) {
      kerb_test::toy_calls calls;
      every_toy_policy p{kerb_test::toy{&calls}};
      const auto k = p.import(e, kerb::bytes_view(key_octets).first(p.key_octets(e)));
      const int before = calls.left;
      batch<35> b(kerb_test::must(p.shape(e)));
      numbered random{.left = good};
      const errc why = seal_all(p, random, *k, usage, b.messages);
      if (why == errc::ok) {
        if (good < 2) return false;
        break;
      }
      if (why != errc::entropy || !b.wiped() || good > 5 || calls.left != before) return false;
    }
  return true;
});

constexpr bool failing_library() {
  const std::array<std::uint8_t, 32> key_octets{3, 1, 4};
  for (const etype_t e : all_etypes)
    for (int good = 0;; ++good) {
      kerb_test::toy_calls calls;
      every_toy_policy p{kerb_test::toy{&calls}};
      const auto k = p.import(e, kerb::bytes_view(key_octets).first(p.key_octets(e)));
      batch<10> b(kerb_test::must(p.shape(e)));
      numbered random;
      calls.left = good;
      const errc why = seal_all(p, random, *k, usage, b.messages);
      if (why == errc::ok && calls.left >= 0) break;  // no call has failed
      if (why != errc::crypto_backend || !b.wiped() || good > 400) return false;
    }
  return true;
}
KERB_AT_RUN_TIME("seal_all: when the library fails all messages are wiped", "[crypto]", failing_library);

// A prepared key is no constant: its schedules change while it is used.
TEST_CASE("seal_all: a prepared key gives what its key gives, for its own usage", "[crypto][rfc3961-5.3]") {
  every_toy_policy p;
  for (const etype_t e : all_etypes) {
    const auto k = key_of(p, e);
    const auto prepared = p.prepare(k, usage);
    batch<20> fresh(kerb_test::must(p.shape(e))), held(kerb_test::must(p.shape(e))), other(kerb_test::must(p.shape(e)));
    numbered one, two, three;
    REQUIRE(seal_all(p, one, k, usage, fresh.messages) == errc::ok);
    REQUIRE(seal_all(p, two, *prepared, usage, held.messages) == errc::ok);
    CHECK(fresh.octets == held.octets);
    CHECK(seal_all(p, three, *prepared, key_usage_t::as_rep_enc_part, other.messages) == errc::wrong_usage);
    CHECK(other.wiped());
  }
}

KERB_BOTH("seal_all: an encryption type that the policy has not is refused, and all are wiped", "[crypto]", [] {
  kerb_test::toy_policy p;
  const std::array<std::uint8_t, 16> octets{1, 2};
  for (const auto& [e, why] : {std::pair{etype_t::rc4_hmac, errc::weak_etype},
                               std::pair{etype_t::camellia128_cts_cmac, errc::unsupported_etype}}) {
    const kerb::key k(e, *kerb::secret<32>::copy_of(octets));
    batch<2> b({16, 12, 1}), c({16, 12, 1});
    numbered random;
    if (seal_all(p, random, k, usage, b.messages) != why || random.draws != 0 || !b.wiped()) return false;
    if (p.seal_many(k, usage, c.messages) != why || !c.wiped()) return false;
  }
  return true;
});

/// A policy that seals one message at a time, as one for keys in a device.
struct single : kerb_test::toy_policy {
  int sealed = 0, left = 1 << 20;
  constexpr errc seal(const kerb::key& k, key_usage_t u, message io) noexcept {
    if (left-- <= 0) return errc::crypto_backend;
    ++sealed;
    return kerb_test::toy_policy::seal(k, u, io);
  }
  template <class K>
  void seal_many(const K&, key_usage_t, int) = delete;
};
static_assert(kerb::seals_with<single, kerb::key> && !kerb::seals_many_with<single, kerb::key>);
static_assert(kerb::seals_many_with<kerb_test::toy_policy, kerb::key> &&
              kerb::seals_many_with<kerb_test::toy_policy, kerb_test::toy_policy::prepared_key>);

KERB_BOTH("seal_all: a policy without seal_many seals one after the other", "[crypto]", [] {
  const std::array<std::uint8_t, 32> key_octets{3, 1, 4};
  single p;
  const auto k = p.import(etype_t::aes256_cts_hmac_sha1_96, key_octets);
  batch<5> b(kerb_test::must(p.shape(k->etype()))), alone(kerb_test::must(p.shape(k->etype()))),
      failed(kerb_test::must(p.shape(k->etype())));
  numbered random, other, last;
  if (seal_all(p, random, *k, usage, b.messages) != errc::ok || p.sealed != 5) return false;
  for (const message m : alone.messages)
    if (!other.fill(m.first(16)) || p.seal(*k, usage, m) != errc::ok) return false;
  if (b.octets != alone.octets) return false;
  p.left = 3;
  return seal_all(p, last, *k, usage, failed.messages) == errc::crypto_backend && failed.wiped();
});

KERB_ON_EVERY("seal_all: what it seals is opened one by one, by every backend, without allocation",
              "[crypto][rfc3961-3]") {
  TestType p;
  kerb_test::every<kerb::botan::primitives> other;
  for (const etype_t e : all_etypes)
    for (const std::size_t count : {1u, 2u, 7u, 8u, 9u, 20u, 40u}) {
      const auto k = key_of(p, e);
      const auto prepared = p.prepare(k, usage);
      REQUIRE(prepared);
      std::vector<octet_vector> plain, fresh, held;
      std::vector<message> fresh_messages, held_messages;
      for (std::size_t m = 0; m != count; ++m) {
        plain.emplace_back((m * m * 29 + count) % 700);
        for (std::size_t i = 0; i != plain.back().size(); ++i) plain.back()[i] = static_cast<std::uint8_t>(i * 7 + m);
        fresh.emplace_back(kerb_test::must(p.shape(e)).around(plain.back().size()));
        std::copy(plain.back().begin(), plain.back().end(), fresh.back().begin() + kerb_test::must(p.shape(e)).front);
      }
      held = fresh;
      for (auto& o : fresh) fresh_messages.emplace_back(o);
      for (auto& o : held) held_messages.emplace_back(o);
      REQUIRE(seal_all(p, p, k, usage, fresh_messages) == errc::ok);
      errc why = errc::ok;
      {
        const octet_vector first = held[0];
        REQUIRE(seal_all(p, p, *prepared, usage, std::span(held_messages).first(1)) == errc::ok);
        held[0] = first;
        held_messages[0] = held[0];
      }
      // Most versions of Botan's own C interface allocate for RC4.
      constexpr bool but_rc4 = std::is_same_v<TestType, kerb_test::every<kerb::botan_ffi::primitives>>;
      const std::size_t before = kerb_test::allocations();
      why = seal_all(p, p, *prepared, usage, held_messages);
      const std::size_t made = kerb_test::allocations() - before;
      REQUIRE(why == errc::ok);
      if (kerb_test::counting() && !(but_rc4 && e == etype_t::rc4_hmac)) CHECK(made == 0);
      for (std::size_t m = 0; m != count; ++m) {
        CHECK((plain[m].empty() || fresh[m] != held[m]));  // other confounders
        for (const octet_vector& cipher : {fresh[m], held[m]}) {
          octet_vector out(cipher.size());
          const auto opened = p.unseal(k, usage, cipher, out);
          REQUIRE(opened);
          REQUIRE(copy_of(*opened) == padded(p, e, plain[m]));
          const auto k2 = other.import(e, p.expose(k).unguarded());
          REQUIRE(other.unseal(*k2, usage, cipher, out));
        }
      }
    }
}

}  // namespace
