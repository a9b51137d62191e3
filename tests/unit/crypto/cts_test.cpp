// Ciphertext stealing: its shape with a toy cipher in the compiler, its octets with AES.
#include "kerb/crypto/cts.hpp"

#include "backends.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::errc;

constexpr std::size_t most = 700;  // more than detail::blocks_at_once blocks
using text = std::array<std::uint8_t, most>;

constexpr text sample() {
  text t{};
  for (std::size_t i = 0; i != most; ++i) t[i] = static_cast<std::uint8_t>(31 * i + i / 7);
  return t;
}
constexpr kerb_test::toy::cipher keyed() {
  kerb_test::toy p;
  kerb_test::toy::cipher c;
  const std::uint8_t key[]{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6};
  (void)p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(kerb::bytes_view(key)));
  return c;
}

constexpr bool round_trip(std::size_t n, const kerb::cipher_block& iv) {
  kerb_test::toy p;
  auto c = keyed();
  const text plain = sample();
  text apart{}, in_place = plain, opened{};
  const kerb::bytes_view whole{plain.data(), n};
  if (kerb::cts_encrypt(p, c, whole, apart.data(), iv) != errc::ok) return false;
  if (kerb::cts_encrypt(p, c, {in_place.data(), n}, in_place.data(), iv) != errc::ok) return false;
  if (!(kerb::bytes_view{apart.data(), n} == kerb::bytes_view{in_place.data(), n})) return false;
  if (apart[n] != 0 || in_place[n] != plain[n]) return false;
  if (kerb::cts_decrypt(p, c, {apart.data(), n}, opened.data(), iv) != errc::ok) return false;
  if (kerb::cts_decrypt(p, c, {in_place.data(), n}, in_place.data(), iv) != errc::ok) return false;
  return kerb::bytes_view{opened.data(), n} == whole && opened[n] == 0 && in_place == plain;
}
constexpr bool round_trips() {
  const kerb::cipher_block iv{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  for (std::size_t n = 16; n <= 80; ++n)
    if (!round_trip(n, kerb::zero_iv) || !round_trip(n, iv)) return false;
  for (std::size_t n = 16 * 32; n <= 16 * 34 + 1; ++n)
    if (!round_trip(n, iv)) return false;
  return true;
}
KERB_BOTH("cts: whatever its size, a text comes back, in place and apart", "[crypto][rfc3962-5]", round_trips);

using chaining_toy = kerb_test::chaining<kerb_test::toy>;
static_assert(kerb::has_cbc<chaining_toy> && !kerb::has_cbc<kerb_test::toy>);

constexpr bool chaining_changes_nothing() {
  const kerb::cipher_block iv{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const text plain = sample();
  for (std::size_t n = 16; n <= 80; ++n) {
    kerb_test::toy p;
    chaining_toy q;
    auto c = keyed();
    text single{}, apart{}, in_place = plain, opened{};
    if (kerb::cts_encrypt(p, c, {plain.data(), n}, single.data(), iv) != errc::ok) return false;
    if (kerb::cts_encrypt(q, c, {plain.data(), n}, apart.data(), iv) != errc::ok) return false;
    if (q.chained != (n + 15) / 16) return false;
    if (kerb::cts_encrypt(q, c, {in_place.data(), n}, in_place.data(), iv) != errc::ok) return false;
    if (single != apart || in_place[n] != plain[n]) return false;
    if (!(kerb::bytes_view{in_place.data(), n} == kerb::bytes_view{single.data(), n})) return false;
    if (kerb::cts_decrypt(q, c, {apart.data(), n}, opened.data(), iv) != errc::ok) return false;
    if (!(kerb::bytes_view{opened.data(), n} == kerb::bytes_view{plain.data(), n})) return false;
  }
  return true;
}
KERB_BOTH("cts: a library that chains blocks itself is given them all, and gives the same", "[crypto][rfc3962-5]",
          chaining_changes_nothing);

constexpr bool last_two_are_swapped() {
  kerb_test::toy p;
  auto c = keyed();
  const text plain = sample();
  text cbc{}, cts{};
  for (std::size_t at = 0; at != 48; at += 16) {
    for (std::size_t i = 0; i != 16; ++i)
      cbc[at + i] = static_cast<std::uint8_t>(plain[at + i] ^ (at == 0 ? 0 : cbc[at - 16 + i]));
    (void)p.encrypt(c, cbc.data() + at, cbc.data() + at, 1);
  }
  (void)kerb::cts_encrypt(p, c, {plain.data(), 48}, cts.data());
  const auto block = [](const text& t, std::size_t n) { return kerb::bytes_view{t.data() + 16 * n, 16}; };
  return block(cts, 0) == block(cbc, 0) && block(cts, 1) == block(cbc, 2) && block(cts, 2) == block(cbc, 1);
}
KERB_BOTH("cts: the last two blocks are swapped even when both are whole", "[crypto][rfc3962-5]", last_two_are_swapped);

constexpr bool one_block_is_plain() {
  kerb_test::toy p;
  auto c = keyed();
  const text plain = sample();
  kerb::cipher_block cts{}, ecb{};
  (void)kerb::cts_encrypt(p, c, {plain.data(), 16}, cts.data());
  (void)p.encrypt(c, plain.data(), ecb.data(), 1);
  return cts == ecb;
}
KERB_BOTH("cts: a single block is the cipher alone", "[crypto][rfc3962-5]", one_block_is_plain);

constexpr bool less_than_a_block_is_refused() {
  kerb_test::toy p;
  auto c = keyed();
  text t = sample();
  for (std::size_t n = 0; n != 16; ++n) {
    if (kerb::cts_encrypt(p, c, {t.data(), n}, t.data()) != errc::api_misuse) return false;
    if (kerb::cts_decrypt(p, c, {t.data(), n}, t.data()) != errc::api_misuse) return false;
  }
  return t == sample();
}
KERB_BOTH("cts: less than a block is refused and not touched", "[crypto][rfc3962-5]", less_than_a_block_is_refused);

template <class Toy>
constexpr bool a_failing_library_is_reported() {
  for (const std::size_t n : {16u, 17u, 32u, 100u}) {
    for (int good = 0;; ++good) {
      kerb_test::toy_calls calls{.left = good};
      Toy p;
      p.calls = &calls;
      auto c = keyed();
      text t = sample();
      if (kerb::cts_encrypt(p, c, {t.data(), n}, t.data()) == errc::ok) break;
      if (good > 20) return false;
    }
    for (int good = 0;; ++good) {
      kerb_test::toy_calls calls{.left = good};
      Toy p;
      p.calls = &calls;
      auto c = keyed();
      text t = sample();
      if (kerb::cts_decrypt(p, c, {t.data(), n}, t.data()) == errc::ok) break;
      if (good > 20) return false;
    }
  }
  return true;
}
KERB_BOTH("cts: a failure of the library is reported wherever it happens", "[crypto][rfc3962-5]",
          a_failing_library_is_reported<kerb_test::toy>);
KERB_BOTH("cts: a failure of a library that chains is reported wherever it happens", "[crypto][rfc3962-5]",
          a_failing_library_is_reported<chaining_toy>);

constexpr bool next_states() {
  for (const kerb_test::cts_vector& v : kerb_test::cts_vectors)
    if (kerb::cts_next_iv(v.output) != [&] {
          kerb::cipher_block b{};
          std::copy_n(v.next_iv.begin(), b.size(), b.begin());
          return b;
        }())
      return false;
  const kerb::cipher_block only{1, 2, 3};
  return kerb::cts_next_iv(only) == only;
}
KERB_BOTH("cts: the next state is the next-to-last block, or the only one", "[crypto][rfc3962-5]", next_states);

KERB_ON_BACKENDS("cts: the published vectors hold", "[crypto][rfc3962-5]") {
  using library = typename kerb_test::library_of<TestType>::type;
  library p;
  typename library::cipher c;
  for (const kerb_test::cts_vector& v : kerb_test::cts_vectors) {
    INFO(v.name);
    REQUIRE(p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(v.key)) == errc::ok);
    kerb_test::octet_vector io = kerb_test::copy_of(v.input);
    REQUIRE(kerb::cts_encrypt(p, c, io, io.data()) == errc::ok);
    CHECK(io == kerb_test::copy_of(v.output));
    REQUIRE(kerb::cts_decrypt(p, c, io, io.data()) == errc::ok);
    CHECK(io == kerb_test::copy_of(v.input));
  }
}

}  // namespace
