// Several messages encrypted side by side: each as it would be alone.
#include "kerb/crypto/cts_many.hpp"

#include "backends.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::errc;
using message = std::span<std::uint8_t>;

/// A library that notes how many blocks it is given at once.
struct counting_toy : kerb_test::toy {
  std::size_t calls_made = 0, blocks = 0, most = 0;
  constexpr errc encrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    ++calls_made;
    blocks += n;
    most = n > most ? n : most;
    return toy::encrypt(c, in, out, n);
  }
};

template <class Toy>
constexpr typename Toy::cipher keyed(Toy& p) {
  typename Toy::cipher c;
  const std::uint8_t key[]{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6};
  (void)p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(kerb::bytes_view(key)));
  return c;
}

/// So many messages of `first`, `first` + `step`, ... octets, and `behind` more behind each.
template <std::size_t N>
struct texts {
  std::array<std::array<std::uint8_t, 160>, N> octets{};
  std::array<std::size_t, N> sizes{};
  std::size_t behind = 0;

  constexpr texts(std::size_t first, std::size_t step, std::size_t tail) : behind(tail) {
    for (std::size_t m = 0; m != N; ++m) {
      sizes[m] = 16 + (first + step * m) % 100;
      for (std::size_t i = 0; i != octets[m].size(); ++i)
        octets[m][i] = static_cast<std::uint8_t>(31 * i + 7 * m + i / 5);
    }
  }
  constexpr std::array<message, N> spans() {
    std::array<message, N> all;
    for (std::size_t m = 0; m != N; ++m) all[m] = message(octets[m].data(), sizes[m] + behind);
    return all;
  }
};

template <class Toy, std::size_t N>
constexpr bool as_one_by_one(std::size_t first, std::size_t step, std::size_t behind) {
  Toy p;
  auto c = keyed(p);
  texts<N> together(first, step, behind), single = together;
  const auto all = together.spans();
  if (kerb::cts_encrypt_many(p, c, all, behind) != errc::ok) return false;
  for (const message m : single.spans()) {
    const message text = m.first(m.size() - behind);
    if (kerb::cts_encrypt(p, c, text, text.data()) != errc::ok) return false;
  }
  return together.octets == single.octets;
}
template <class Toy>
constexpr bool all_as_one_by_one() {
  for (std::size_t first = 0; first <= 34; first += 17)
    for (const std::size_t step : {0u, 1u, 16u, 37u})
      for (const std::size_t behind : {0u, 12u})
        if (!as_one_by_one<Toy, 1>(first, step, behind) || !as_one_by_one<Toy, 2>(first, step, behind) ||
            !as_one_by_one<Toy, 8>(first, step, behind) || !as_one_by_one<Toy, 19>(first, step, behind))
          return false;
  for (std::size_t first = 0; first != 100; ++first)
    if (!as_one_by_one<Toy, 3>(first, 41, 12)) return false;
  return true;
}
KERB_BOTH("cts_encrypt_many: two messages become what each becomes alone", "[crypto][rfc3962-5]",
          [] { return as_one_by_one<kerb_test::toy, 2>(17, 37, 12); });
KERB_AT_RUN_TIME("cts_encrypt_many: whatever their sizes, messages become what each becomes alone",
                 "[crypto][rfc3962-5]", all_as_one_by_one<kerb_test::toy>);

using chaining_toy = kerb_test::chaining<counting_toy>;
static_assert(kerb::has_cbc<chaining_toy>);
KERB_AT_RUN_TIME("cts_encrypt_many: a library that chains blocks itself changes nothing", "[crypto][rfc3962-5]",
                 all_as_one_by_one<chaining_toy>);

KERB_BOTH("cts_encrypt_many: eight messages are eight blocks in every call", "[crypto]", [] {
  counting_toy p;
  auto c = keyed(p);
  texts<8> t(48, 0, 12);
  const auto eight = t.spans();
  if (kerb::cts_encrypt_many(p, c, eight, 12) != errc::ok) return false;
  if (p.calls_made != 4 || p.blocks != 32 || p.most != kerb::cts_lanes) return false;
  // A lane that is done takes the next message: 24 of them keep all lanes busy until the end.
  counting_toy q;
  texts<24> more(48, 0, 12);
  const auto all = more.spans();
  return kerb::cts_encrypt_many(q, c, all, 12) == errc::ok && q.calls_made == 12 && q.blocks == 96 && q.most == 8;
});

KERB_BOTH("cts_encrypt_many: what is left of the longest message is chained by the library", "[crypto]", [] {
  chaining_toy p;
  auto c = keyed(p);
  texts<2> t(0, 80, 0);  // one block, and six
  const auto all = t.spans();
  return kerb::cts_encrypt_many(p, c, all) == errc::ok && p.most == 2 && p.chained == 4 && p.calls_made == 2;
});

KERB_BOTH("cts_encrypt_many: of nothing is nothing", "[crypto]", [] {
  counting_toy p;
  auto c = keyed(p);
  return kerb::cts_encrypt_many(p, c, {}) == errc::ok && p.calls_made == 0;
});

KERB_BOTH("cts_encrypt_many: when one message is less than a block none is touched", "[crypto][rfc3962-5]", [] {
  for (std::size_t short_one = 0; short_one != 9; ++short_one)
    for (const std::size_t n : {0u, 1u, 15u, 27u}) {
      counting_toy p;
      auto c = keyed(p);
      texts<9> t(20, 3, 12);
      auto all = t.spans();
      all[short_one] = all[short_one].first(n);
      if (kerb::cts_encrypt_many(p, c, all, 12) != errc::api_misuse || p.calls_made != 0) return false;
      if (t.octets != texts<9>(20, 3, 12).octets) return false;
    }
  return true;
});

template <class Toy>
constexpr bool a_failing_library_is_reported() {
  for (int good = 0;; ++good) {
    kerb_test::toy_calls calls;
    Toy p;
    p.calls = &calls;
    auto c = keyed(p);
    calls.left = good;
    texts<9> t(20, 13, 12);
    const auto all = t.spans();
    const errc why = kerb::cts_encrypt_many(p, c, all, 12);
    if (why == errc::ok) return good > 4;
    if (why != errc::crypto_backend || good > 60) return false;
  }
}
KERB_BOTH("cts_encrypt_many: a failure of the library is reported wherever it happens", "[crypto]",
          a_failing_library_is_reported<kerb_test::toy>);
KERB_BOTH("cts_encrypt_many: a failure of a library that chains is reported wherever it happens", "[crypto]",
          a_failing_library_is_reported<chaining_toy>);

KERB_ON_BACKENDS("cts_encrypt_many: the published vectors hold, all at once", "[crypto][rfc3962-5]") {
  using library = typename kerb_test::library_of<TestType>::type;
  library p;
  typename library::cipher c;
  std::vector<kerb_test::octet_vector> io;
  std::vector<message> all;
  for (const kerb_test::cts_vector& v : kerb_test::cts_vectors) {
    REQUIRE(p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(v.key)) == errc::ok);  // one key in all of them
    io.push_back(kerb_test::copy_of(v.input));
  }
  REQUIRE(io.size() > 4);
  for (auto& o : io) all.emplace_back(o);
  REQUIRE(kerb::cts_encrypt_many(p, c, all) == errc::ok);
  std::size_t n = 0;
  for (const kerb_test::cts_vector& v : kerb_test::cts_vectors) CHECK(io[n++] == kerb_test::copy_of(v.output));
}

}  // namespace
