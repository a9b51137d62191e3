// Ciphertext stealing over pieces: what the whole gives, however it is cut.
#include "kerb/crypto/cts_pieces.hpp"

#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::errc;
using kerb::seal_piece;
using kerb_test::chaining;
using kerb_test::toy;

constexpr std::size_t most = 900;
using text = std::array<std::uint8_t, most>;

constexpr text sample() {
  text t{};
  for (std::size_t i = 0; i != most; ++i) t[i] = static_cast<std::uint8_t>(31 * i + i / 7);
  return t;
}
template <class P>
constexpr typename P::cipher keyed() {
  P p;
  typename P::cipher c;
  const std::uint8_t key[]{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6};
  (void)p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(kerb::bytes_view(key)));
  return c;
}

/// `n` octets in four pieces that are cut at these places, with a gap of one octet before each, and with pieces that
/// are only authenticated between them.
struct cut_text {
  std::array<std::uint8_t, most + 4> buffer{};
  std::array<seal_piece, 9> pieces;
  std::size_t at[5];
  std::uint8_t between[3]{7, 7, 7};

  constexpr cut_text(const text& t, std::size_t n, std::size_t a, std::size_t b, std::size_t c) : at{0, a, b, c, n} {
    for (std::size_t i = 0; i != 4; ++i) {
      const auto here = std::span(buffer).subspan(at[i] + i + 1, at[i + 1] - at[i]);
      std::copy_n(t.begin() + static_cast<long>(at[i]), here.size(), here.begin());
      pieces[2 * i] = seal_piece::sign_only(between);
      pieces[2 * i + 1] = here;
    }
  }
  cut_text(const cut_text&) = delete;
  /// Whether the pieces contain `expected`, and the gaps and other pieces are unchanged.
  constexpr bool is(const text& expected) const {
    for (std::size_t i = 0; i != 4; ++i) {
      if (buffer[at[i] + i] != 0) return false;
      for (std::size_t n = at[i]; n != at[i + 1]; ++n)
        if (buffer[n + i + 1] != expected[n]) return false;
    }
    return between[0] == 7 && between[1] == 7 && between[2] == 7;
  }
};

template <class P>
constexpr bool as_whole(std::size_t n, std::size_t a, std::size_t b, std::size_t c) {
  P p;
  auto cipher = keyed<P>();
  const text plain = sample();
  text whole = plain;
  cut_text cut(plain, n, a, b, c);
  return kerb::cts_encrypt(p, cipher, {whole.data(), n}, whole.data()) == errc::ok &&
         kerb::cts_encrypt_pieces(p, cipher, cut.pieces) == errc::ok && cut.is(whole) &&
         kerb::cts_decrypt_pieces(p, cipher, cut.pieces) == errc::ok && cut.is(plain);
}

template <class P>
constexpr bool every_cut(std::size_t n, std::size_t step) {
  for (std::size_t a = 0; a <= n; a += step)
    for (std::size_t b = a; b <= n; b += step)
      for (std::size_t c = b; c <= n; c += step)
        if (!as_whole<P>(n, a, b, c)) return false;
  return true;
}

KERB_BOTH("cts_pieces: some cuts of short and long texts give what the whole gives", "[crypto][rfc3962-5]", [] {
  for (const std::size_t n : {16u, 17u, 31u, 32u, 33u, 48u, 50u})
    if (!every_cut<toy>(n, 11) || !as_whole<chaining<toy>>(n, 1, 9, n - 1)) return false;
  return as_whole<toy>(900, 16, 884, 900) && as_whole<chaining<toy>>(900, 3, 871, 900) &&
         as_whole<toy>(513, 0, 256, 257);
});

KERB_AT_RUN_TIME("cts_pieces: every cut of short texts gives what the whole gives", "[crypto][rfc3962-5]", [] {
  for (const std::size_t n : {16u, 17u, 20u, 31u, 32u, 33u, 40u, 48u, 49u})
    if (!every_cut<chaining<toy>>(n, 1)) return false;
  return every_cut<toy>(33, 1);
});

KERB_AT_RUN_TIME("cts_pieces: longer texts, whose blocks are processed where they are or collected, too",
                 "[crypto][rfc3962-5]", [] {
                   for (std::size_t n = 240; n <= most; n += n < 300 || n > 500 ? 1 : 13)
                     if (!every_cut<chaining<toy>>(n, n / 5 + 1)) return false;
                   for (std::size_t first = 0; first <= 40;
                        ++first)  // as a token: a confounder, data, a copy of a header
                     for (std::size_t last = 0; last <= 60; ++last)
                       for (const std::size_t n : {600u, 607u})
                         if (!as_whole<toy>(n, first, n - last, n - last / 2)) return false;
                   return true;
                 });

KERB_BOTH("cts_pieces: less than a block is refused", "[crypto][rfc3962-5]", [] {
  toy p;
  auto c = keyed<toy>();
  for (std::size_t n = 0; n != 16; ++n) {
    cut_text cut(sample(), n, n / 3, n / 2, n);
    if (kerb::cts_encrypt_pieces(p, c, cut.pieces) != errc::api_misuse ||
        kerb::cts_decrypt_pieces(p, c, cut.pieces) != errc::api_misuse || !cut.is(sample()))
      return false;
  }
  return kerb::cts_encrypt_pieces(p, c, {}) == errc::api_misuse &&
         kerb::cts_decrypt_pieces(p, c, {}) == errc::api_misuse;
});

KERB_BOTH("cts_pieces: long pieces are given to the library in one call", "[crypto]", [] {
  kerb_test::toy_calls calls;
  chaining<toy> p{{&calls}};
  auto c = keyed<chaining<toy>>();
  cut_text cut(sample(), 900, 16, 880, 900);
  if (kerb::cts_encrypt_pieces(p, c, cut.pieces) != errc::ok || p.chained != 57) return false;
  const int before = calls.left;
  return kerb::cts_decrypt_pieces(p, c, cut.pieces) == errc::ok && before - calls.left <= 6;
});

KERB_BOTH("cts_pieces: a library that fails at any call is reported", "[crypto]", [] {
  for (const bool opening : {false, true})
    for (int good = 0;; ++good) {
      kerb_test::toy_calls calls;
      toy p{&calls};
      auto c = keyed<toy>();
      cut_text cut(sample(), 400, 16, 380, 390);
      calls.left = good;
      const errc why =
          opening ? kerb::cts_decrypt_pieces(p, c, cut.pieces) : kerb::cts_encrypt_pieces(p, c, cut.pieces);
      if (why == errc::ok) {
        if (good < 4) return false;
        break;
      }
      if (why != errc::crypto_backend) return false;
    }
  return true;
});

}  // namespace
