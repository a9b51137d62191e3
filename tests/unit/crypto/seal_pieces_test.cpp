// A message in several buffers: seal_pieces() gives what seal() gives, MIT's and Heimdal's libraries agree about octets
// that are only authenticated, and every alteration is refused.
#include "backends.hpp"
#include "kerb/testing/insecure.hpp"
#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::bytes_view;
using kerb::errc;
using kerb::etype_t;
using kerb::key_usage_t;
using kerb::max_seal_pieces;
using kerb::seal_piece;
using kerb::testing::insecure_policy;
using kerb_test::all_zero;
using kerb_test::copy_of;
using kerb_test::every_toy_policy;
using kerb_test::key_of;
using kerb_test::must;
using kerb_test::octet_vector;

constexpr key_usage_t usage = key_usage_t::gss_acceptor_seal;
constexpr etype_t aes_etypes[]{etype_t::aes128_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha1_96,
                               etype_t::aes128_cts_hmac_sha256_128, etype_t::aes256_cts_hmac_sha384_192};
constexpr etype_t supporting[]{etype_t::aes128_cts_hmac_sha1_96,    etype_t::aes256_cts_hmac_sha1_96,
                               etype_t::aes128_cts_hmac_sha256_128, etype_t::aes256_cts_hmac_sha384_192,
                               etype_t::camellia128_cts_cmac,       etype_t::camellia256_cts_cmac};

static_assert(kerb::seals_pieces_with<every_toy_policy, kerb::key> &&
              kerb::seals_pieces_with<every_toy_policy, every_toy_policy::prepared_key> &&
              kerb::seals_pieces_with<kerb::botan::policy, kerb::botan::policy::prepared_key>);
static_assert(std::is_convertible_v<std::span<std::uint8_t>, seal_piece> &&
              std::is_convertible_v<octet_vector&, seal_piece> && !std::is_convertible_v<octet_vector, seal_piece> &&
              !std::is_convertible_v<const octet_vector&, seal_piece> &&
              !std::is_convertible_v<bytes_view, seal_piece>);

template <class Policy>
constexpr kerb::key test_key(Policy& p, etype_t e) {
  std::array<std::uint8_t, 32> octets{};
  for (std::size_t i = 0; i != octets.size(); ++i) octets[i] = static_cast<std::uint8_t>(3 * i + 1);
  return *p.import(e, bytes_view(octets).first(p.key_octets(e)));
}

/// A message with room for confounder and tag: confounder, a header, data, a trailer's header, more data.
template <std::size_t N>
struct message {
  std::array<std::uint8_t, N + 64> buffer{};
  std::size_t front, back;
  constexpr explicit message(kerb::seal_shape s) : front(s.front), back(s.back) {
    for (std::size_t i = 0; i != front + N; ++i) buffer[i] = static_cast<std::uint8_t>(i * 7 + 1);
  }
  message(const message&) = delete;
  constexpr std::span<std::uint8_t> all() { return std::span(buffer).first(front + N + back); }
  constexpr std::span<std::uint8_t> text() { return std::span(buffer).first(front + N); }
  constexpr std::span<std::uint8_t> tag() { return all().last(back); }
  /// The text in four pieces that are cut at these offsets.
  constexpr std::array<seal_piece, 4> cut(std::size_t a, std::size_t b, std::size_t c) {
    return {text().first(a), text().subspan(a, b - a), text().subspan(b, c - b), text().subspan(c)};
  }
};

template <class Policy, std::size_t N>
constexpr bool as_whole(Policy& p, const auto& k, etype_t e, std::size_t a, std::size_t b, std::size_t c) {
  message<N> whole(*p.shape(e)), cut(*p.shape(e)), plain(*p.shape(e));
  const auto pieces = cut.cut(a, b, c);
  return p.seal(k, usage, whole.all()) == errc::ok && p.seal_pieces(k, usage, pieces, cut.tag()) == errc::ok &&
         whole.buffer == cut.buffer && p.unseal_pieces(k, usage, pieces, cut.tag()) == errc::ok &&
         bytes_view(cut.text()) == bytes_view(plain.text());
}

template <class Policy>
constexpr bool pieces_as_whole(kerb::view_of<etype_t> etypes) {
  Policy p;
  for (const etype_t e : etypes) {
    const kerb::key k = test_key(p, e);
    if (!as_whole<Policy, 0>(p, k, e, 0, 1, 2) || !as_whole<Policy, 5>(p, k, e, 3, 8, 8) ||
        !as_whole<Policy, 40>(p, k, e, 8, 39, 40) || !as_whole<Policy, 300>(p, k, e, 16, 280, 293))
      return false;
  }
  return true;
}
KERB_BOTH("seal_pieces: pieces and tag become what sealing the whole gives", "[crypto][rfc3961-5.3][rfc8009][rfc6803]",
          [] { return pieces_as_whole<every_toy_policy>(supporting) && pieces_as_whole<insecure_policy>(aes_etypes); });

/// A sealed message: confounder, octets that are only authenticated, data, such octets, the end.
template <class Policy>
struct sealed_message {
  std::array<std::uint8_t, 16> confounder{1, 2, 3};
  std::array<std::uint8_t, 12> header{4, 5, 6};
  std::array<std::uint8_t, 21> data{7, 8, 9};
  std::array<std::uint8_t, 8> trailer{10, 11, 12};
  std::array<std::uint8_t, 6> end{13, 14, 15};
  std::array<std::uint8_t, 24> tag_buffer{};
  std::span<std::uint8_t> tag;
  std::array<seal_piece, 5> pieces{confounder, seal_piece::sign_only(header), data, seal_piece::sign_only(trailer),
                                   end};

  constexpr explicit sealed_message(Policy& p, etype_t e) : tag(std::span(tag_buffer).first(p.shape(e)->back)) {}
  sealed_message(const sealed_message&) = delete;
  constexpr errc seal(Policy& p, const auto& k) { return p.seal_pieces(k, usage, pieces, tag); }
  constexpr errc open(Policy& p, const auto& k, key_usage_t u = usage) { return p.unseal_pieces(k, u, pieces, tag); }
  constexpr bool plain() const {
    return confounder[1] == 2 && header[1] == 5 && data[1] == 8 && data[20] == 0 && trailer[1] == 11 && end[1] == 14 &&
           end[5] == 0;
  }
  /// Whether no plaintext is left; what is only authenticated is unchanged.
  constexpr bool wiped() const {
    return all_zero(confounder) && all_zero(data) && all_zero(end) && header[0] == 4 && trailer[0] == 10;
  }
};

template <class Policy>
constexpr bool signs_between(kerb::view_of<etype_t> etypes) {
  Policy p;
  for (const etype_t e : etypes) {
    const kerb::key k = test_key(p, e);
    sealed_message<Policy> m(p, e);
    if (m.seal(p, k) != errc::ok || m.header[1] != 5 || m.header[2] != 6 || m.trailer[2] != 12) return false;
    // The same octets, cut elsewhere, and pieces of nothing.
    const seal_piece other[]{std::span(m.confounder).first(7),
                             seal_piece::sign_only({}),
                             std::span(m.confounder).subspan(7),
                             seal_piece::sign_only(bytes_view(m.header).first(2)),
                             seal_piece::sign_only(bytes_view(m.header).subview(2)),
                             seal_piece{},
                             m.pieces[2],
                             m.pieces[3],
                             std::span(m.end).first(0),
                             m.end};
    if (p.unseal_pieces(k, usage, other, m.tag) != errc::ok || !m.plain()) return false;
  }
  return true;
}
KERB_BOTH("seal_pieces: octets that are only authenticated stay as they are, wherever the pieces are cut",
          "[crypto][rfc3961-5.3]",
          [] { return signs_between<every_toy_policy>(supporting) && signs_between<insecure_policy>(aes_etypes); });

/// Whether pieces of the message that `change` made are refused, and wiped.
template <class Policy>
constexpr bool refused(Policy& p, etype_t e, auto change) {
  const kerb::key k = test_key(p, e);
  sealed_message<Policy> m(p, e);
  if (m.seal(p, k) != errc::ok) return false;
  change(m);
  if (p.unseal_pieces(k, usage, m.pieces, m.tag) != errc::integrity) return false;
  for (const seal_piece& piece : m.pieces)
    if (!all_zero(piece.sealed())) return false;
  return true;
}
template <class Policy>
constexpr bool other_layouts(kerb::view_of<etype_t> etypes) {
  using altered = sealed_message<Policy>;
  for (const etype_t e : etypes) {
    Policy p;
    if (!refused(p, e, [](altered& m) { std::swap(m.pieces[1], m.pieces[3]); }) ||
        !refused(p, e, [](altered& m) { std::swap(m.pieces[1], m.pieces[2]); }) ||
        !refused(p, e, [](altered& m) { std::swap(m.pieces[2], m.pieces[4]); }) ||
        !refused(p, e, [](altered& m) { m.pieces[1] = {}; }) || !refused(p, e, [](altered& m) { m.pieces[4] = {}; }))
      return false;
    for (const auto piece : {std::size_t{0}, std::size_t{2}, std::size_t{4}})
      if (!refused(p, e, [&](altered& m) {
            const auto octets = m.pieces[piece].sealed();
            m.pieces[piece] = octets.first(octets.size() - 1);
          }))
        return false;
  }
  return true;
}
KERB_BOTH("seal_pieces: pieces that are missing, shorter or in another order are refused and wiped",
          "[crypto][rfc3961-5.3][rfc8009]",
          [] { return other_layouts<every_toy_policy>(supporting) && other_layouts<insecure_policy>(aes_etypes); });

template <class Policy>
constexpr bool other_kinds(kerb::view_of<etype_t> etypes) {
  using altered = sealed_message<Policy>;
  for (const etype_t e : etypes) {
    if (e == etype_t::aes128_cts_hmac_sha256_128 || e == etype_t::aes256_cts_hmac_sha384_192) continue;
    Policy p;
    if (!refused(p, e, [](altered& m) { m.pieces[1] = m.header; }) ||
        !refused(p, e, [](altered& m) { m.pieces[4] = seal_piece::sign_only(m.end); }))
      return false;
  }
  return true;
}
KERB_BOTH("seal_pieces: except with RFC 8009, pieces of the other kind are refused and wiped", "[crypto][rfc3961-5.3]",
          [] { return other_kinds<every_toy_policy>(supporting) && other_kinds<insecure_policy>(aes_etypes); });

template <class Policy>
constexpr bool every_bit(kerb::view_of<etype_t> etypes, std::size_t step) {
  for (const etype_t e : etypes) {
    Policy p;
    const kerb::key k = test_key(p, e);
    const std::size_t tag = p.shape(e)->back, octets = 16 + 12 + 21 + 8 + 6 + tag;
    for (std::size_t bit = 0; bit < 8 * octets; bit += step) {
      sealed_message<Policy> m(p, e);
      if (m.seal(p, k) != errc::ok) return false;
      std::size_t at = bit / 8;
      for (const std::span<std::uint8_t> part :
           {std::span<std::uint8_t>(m.confounder), std::span<std::uint8_t>(m.header), std::span<std::uint8_t>(m.data),
            std::span<std::uint8_t>(m.trailer), std::span<std::uint8_t>(m.end), m.tag}) {
        if (at < part.size()) part[at] ^= static_cast<std::uint8_t>(1u << bit % 8);
        at -= part.size();  // wraps behind the altered octet, and then is in no part
      }
      if (m.open(p, k) != errc::integrity) return false;
      if (!all_zero(m.confounder) || !all_zero(m.data) || !all_zero(m.end)) return false;
    }
  }
  return true;
}
KERB_BOTH("seal_pieces: a bit that changes anywhere is refused, and nothing of the plaintext is left",
          "[crypto][rfc3961-5.3][rfc8009]",
          [] { return every_bit<every_toy_policy>(supporting, 61) && every_bit<insecure_policy>(aes_etypes, 7); });

template <class Policy>
constexpr bool sizes_checked(kerb::view_of<etype_t> etypes) {
  for (const etype_t e : etypes) {
    Policy p;
    const kerb::key k = test_key(p, e);
    const std::size_t front = p.shape(e)->front, back = p.shape(e)->back;
    std::array<std::uint8_t, 16> text{};
    std::array<std::uint8_t, 25> tag_buffer{};
    for (std::size_t n = 0; n != front; ++n) {  // too few for a confounder; signed octets do not count
      text.fill(9);
      tag_buffer.fill(9);
      const seal_piece pieces[]{std::span(text).first(n / 2), seal_piece::sign_only(text),
                                std::span(text).subspan(n / 2, n - n / 2)};
      const auto tag = std::span(tag_buffer).first(back);
      if (p.seal_pieces(k, usage, pieces, tag) != errc::api_misuse || !all_zero(tag) ||
          !all_zero(bytes_view(text).first(n)))
        return false;
      text.fill(9);
      if (p.unseal_pieces(k, usage, pieces, tag) != errc::integrity || !all_zero(bytes_view(text).first(n)))
        return false;
    }
    for (std::size_t n = 0; n <= 25; ++n) {
      if (n == back) continue;
      sealed_message<Policy> m(p, e);
      const auto tag = std::span(tag_buffer).first(n);
      tag_buffer.fill(9);
      if (p.seal_pieces(k, usage, m.pieces, tag) != errc::api_misuse || !m.wiped() || !all_zero(tag)) return false;
      sealed_message<Policy> other(p, e);
      if (other.seal(p, k) != errc::ok) return false;
      std::copy_n(other.tag.begin(), back, tag_buffer.begin());
      if (p.unseal_pieces(k, usage, other.pieces, tag) != errc::integrity || !other.wiped()) return false;
    }
  }
  return true;
}
KERB_BOTH("seal_pieces: less than a confounder, and a tag of another size, are refused", "[crypto][rfc3961-5.3]",
          [] { return sizes_checked<every_toy_policy>(supporting) && sizes_checked<insecure_policy>(aes_etypes); });

template <class Policy>
constexpr bool bounded(etype_t e) {
  Policy p;
  const kerb::key k = test_key(p, e);
  std::array<std::uint8_t, 2 * (max_seal_pieces + 1)> text{}, whole{};
  std::array<std::uint8_t, 24> tag_buffer{};
  const auto tag = std::span(tag_buffer).first(p.shape(e)->back);
  std::array<seal_piece, max_seal_pieces + 1> pieces;
  for (std::size_t i = 0; i != pieces.size(); ++i) pieces[i] = std::span(text).subspan(2 * i, 2);
  text.fill(9);
  whole.fill(9);
  const kerb::view_of<seal_piece> most{pieces.data(), max_seal_pieces};
  if (p.seal_pieces(k, usage, most, tag) != errc::ok || p.unseal_pieces(k, usage, most, tag) != errc::ok) return false;
  if (text != whole || p.unseal_pieces(k, usage, pieces, tag) != errc::api_misuse || !all_zero(text)) return false;
  text.fill(9);
  tag_buffer.fill(9);
  if (p.seal_pieces(k, usage, pieces, tag) != errc::api_misuse || !all_zero(text) || !all_zero(tag)) return false;
  pieces[3] = pieces[max_seal_pieces] = {};  // pieces of nothing are counted too
  return p.seal_pieces(k, usage, pieces, tag) == errc::api_misuse &&
         p.seal_pieces(k, usage, {}, tag) == errc::api_misuse && p.unseal_pieces(k, usage, {}, tag) == errc::integrity;
}
KERB_BOTH("seal_pieces: no more than max_seal_pieces", "[crypto]", [] {
  for (const etype_t e : supporting)
    if (!bounded<every_toy_policy>(e)) return false;
  return bounded<insecure_policy>(etype_t::aes256_cts_hmac_sha1_96);
});

KERB_BOTH("seal_pieces: encryption types without it are refused, and all is wiped", "[crypto][rfc3961-6.3][rfc4757]",
          [] {
            every_toy_policy every;
            kerb_test::toy_policy p;
            std::array<std::uint8_t, 40> text{};
            std::array<std::uint8_t, 12> tag{};
            const std::array<std::uint8_t, 24> octets{};
            const seal_piece pieces[]{text};
            const auto refused = [&](auto& policy, const kerb::key& k, errc why) {
              text.fill(9);
              tag.fill(9);
              if (policy.seal_pieces(k, usage, pieces, tag) != why || !all_zero(text) || !all_zero(tag)) return false;
              text.fill(9);
              return policy.unseal_pieces(k, usage, pieces, tag) == why && all_zero(text);
            };
            const auto of = [&](std::int32_t e, std::size_t n) {
              return kerb::key(etype_t{e}, *kerb::secret<32>::copy_of(bytes_view(octets).first(n)));
            };
            insecure_policy insecure;
            return refused(every, of(23, 16), errc::unsupported_etype) &&
                   refused(every, of(16, 24), errc::unsupported_etype) && refused(p, of(23, 16), errc::weak_etype) &&
                   refused(p, of(25, 16), errc::unsupported_etype) && refused(p, of(17, 15), errc::bad_key_length) &&
                   refused(p, of(77, 16), errc::unsupported_etype) &&
                   refused(insecure, of(25, 16), errc::unsupported_etype);
          });

KERB_AT_RUN_TIME("seal_pieces: when the library fails, pieces and tag are wiped", "[crypto]", [] {
  for (const etype_t e : supporting)
    for (const bool opening : {false, true})
      for (int good = 0;; ++good) {
        kerb_test::toy_calls calls;
        every_toy_policy p{kerb_test::toy{&calls}};
        const kerb::key k = test_key(p, e);
        sealed_message<every_toy_policy> m(p, e);
        if (opening && m.seal(p, k) != errc::ok) return false;
        if (!opening) m.tag[0] = 9;
        calls.left = good;
        const errc why = opening ? m.open(p, k) : m.seal(p, k);
        if (why == errc::ok) {
          if (good < 6) return false;
          break;
        }
        if (why != errc::crypto_backend || !m.wiped() || (!opening && !all_zero(m.tag))) return false;
      }
  return true;
});

KERB_BOTH("seal_pieces: RFC 8009 decrypts nothing before the tag is verified", "[crypto][rfc8009]", [] {
  kerb_test::toy_calls calls;
  every_toy_policy p{kerb_test::toy{&calls}};
  const kerb::key k = test_key(p, etype_t::aes256_cts_hmac_sha384_192);
  sealed_message<every_toy_policy> m(p, k.etype());
  if (m.seal(p, k) != errc::ok) return false;
  m.header[0] ^= 1;
  return m.open(p, k) == errc::integrity && calls.decrypted == 0;
});

// A prepared key is no constant: its schedules change while it is used.
template <class Policy>
void prepared_keys(kerb::view_of<etype_t> etypes) {
  Policy p;
  for (const etype_t e : etypes) {
    const kerb::key k = test_key(p, e);
    const auto prepared = must(p.prepare(k, usage));
    sealed_message<Policy> one(p, e), two(p, e);
    REQUIRE(one.seal(p, k) == errc::ok);
    REQUIRE(two.seal(p, prepared) == errc::ok);
    CHECK((one.confounder == two.confounder && one.data == two.data && one.end == two.end));
    CHECK(one.tag_buffer == two.tag_buffer);
    CHECK(one.open(p, prepared) == errc::ok);
    CHECK(one.plain());
    const auto wrong = key_usage_t::gss_initiator_seal;
    CHECK(two.open(p, prepared, wrong) == errc::wrong_usage);
    CHECK(two.wiped());
    one.tag_buffer.fill(9);
    CHECK(p.seal_pieces(prepared, wrong, one.pieces, one.tag) == errc::wrong_usage);
    CHECK((one.wiped() && all_zero(one.tag)));
    sealed_message<Policy> three(p, e), four(p, e);
    REQUIRE(three.seal(p, prepared) == errc::ok);
    CHECK(three.open(p, k, wrong) == errc::integrity);
    CHECK(three.wiped());
    REQUIRE(four.seal(p, prepared) == errc::ok);
    const octet_vector octets(p.key_octets(e), 5);
    CHECK(four.open(p, must(p.import(e, octets))) == errc::integrity);
    CHECK(four.wiped());
  }
}
TEST_CASE("seal_pieces: a prepared key gives what its key gives, for its own usage", "[crypto][rfc3961-5.3]") {
  prepared_keys<every_toy_policy>(supporting);
  prepared_keys<insecure_policy>(aes_etypes);
}

KERB_ON_EVERY("seal_pieces: with every library, each cut of up to 100 octets is what sealing the whole gives",
              "[crypto][rfc3961-5.3][rfc8009][rfc6803]") {
  TestType p;
  std::size_t different = 0;
  for (const etype_t e : supporting) {
    const auto prepared = must(p.prepare(test_key(p, e), usage));
    const std::size_t front = must(p.shape(e)).front, back = must(p.shape(e)).back;
    for (std::size_t n = 0; n <= 100; ++n) {
      octet_vector plain(front + n + back), whole;
      for (std::size_t i = 0; i != front + n; ++i) plain[i] = static_cast<std::uint8_t>(i * 7 + n);
      whole = plain;
      REQUIRE(p.seal(prepared, usage, whole) == errc::ok);
      const std::size_t size = front + n;
      for (std::size_t a = 0; a <= size; a += n % 3 + 1) {
        octet_vector cut = plain;
        const auto text = std::span(cut).first(size), tag = std::span(cut).last(back);
        const std::size_t b = a + (size - a) / 3, c = a + (size - a) / 2;
        const seal_piece pieces[]{text.first(a), text.subspan(a, b - a), text.subspan(b, c - b), text.subspan(c)};
        different += p.seal_pieces(prepared, usage, pieces, tag) != errc::ok || cut != whole;
        different += p.unseal_pieces(prepared, usage, pieces, tag) != errc::ok ||
                     !std::equal(text.begin(), text.end(), plain.begin());
      }
    }
  }
  CHECK(different == 0);
}

KERB_ON_EVERY("seal_pieces: long messages too, without allocation", "[crypto][rfc3961-5.3][rfc8009][rfc6803]") {
  TestType p;
  for (const etype_t e : supporting)
    for (const std::size_t n : {511u, 512u, 4096u, 65537u}) {
      const kerb::key k = test_key(p, e);
      const auto prepared = must(p.prepare(k, usage));
      const std::size_t front = must(p.shape(e)).front, back = must(p.shape(e)).back;
      octet_vector plain(front + n + back), whole;
      for (std::size_t i = 0; i != front + n; ++i) plain[i] = static_cast<std::uint8_t>(i * 7 + n);
      whole = plain;
      REQUIRE(p.seal(k, usage, whole) == errc::ok);
      octet_vector cut = plain;
      const auto text = std::span(cut).first(front + n), tag = std::span(cut).last(back);
      const seal_piece pieces[]{text.first(front), text.subspan(front, n / 2 + 3),
                                text.subspan(front + n / 2 + 3, n / 2 - 23), text.last(n % 2 + 20)};
      REQUIRE(p.seal_pieces(prepared, usage, pieces, tag) == errc::ok);
      REQUIRE(cut == whole);
      REQUIRE(p.unseal_pieces(prepared, usage, pieces, tag) == errc::ok);
      REQUIRE(std::equal(text.begin(), text.end(), plain.begin()));
      errc opened = errc::ok, sealed = errc::ok, fresh = errc::ok, again = errc::ok;
      const auto all = [&] {
        sealed = p.seal_pieces(prepared, usage, pieces, tag);
        opened = p.unseal_pieces(prepared, usage, pieces, tag);
        fresh = p.seal_pieces(k, usage, pieces, tag);
        again = p.unseal_pieces(k, usage, pieces, tag);
      };
      all();  // what a library makes once for a kind of key, it makes now
      {
        const kerb_test::no_allocations here;
        all();
      }
      CHECK((sealed == errc::ok && opened == errc::ok && fresh == errc::ok && again == errc::ok));
    }
}

/// The octets of a vector in the pieces that its layout names: e20 are 20 octets that are encrypted, s20 are not.
std::vector<seal_piece> laid_out(std::string_view layout, std::span<std::uint8_t> octets) {
  std::vector<seal_piece> pieces;
  while (!layout.empty()) {
    const bool sealed = layout[0] == 'e';
    std::size_t n = 0, at = 1;
    for (; at != layout.size() && layout[at] != ' '; ++at) n = 10 * n + static_cast<std::size_t>(layout[at] - '0');
    pieces.push_back(sealed ? seal_piece(octets.first(n)) : seal_piece::sign_only(octets.first(n)));
    octets = octets.subspan(n);
    layout.remove_prefix(at == layout.size() ? at : at + 1);
  }
  REQUIRE(octets.empty());
  return pieces;
}

KERB_ON_EVERY("seal_pieces: what MIT's and Heimdal's libraries seal is opened, and sealed again to the same octets",
              "[crypto][rfc3961-5.3][rfc8009][rfc6803]") {
  TestType p;
  for (const auto& v : kerb_test::seal_pieces_vectors) {
    INFO(v.name);
    const auto k = must(p.import(kerb_test::etype_of(v.etype), v.key));
    octet_vector io = copy_of(v.sealed), tag(v.tag.size());
    const auto pieces = laid_out(v.layout, io);
    CHECK(p.unseal_pieces(k, kerb_test::usage_of(v.usage), pieces, v.tag) == errc::ok);
    CHECK(io == copy_of(v.plain));
    CHECK(p.seal_pieces(k, kerb_test::usage_of(v.usage), pieces, tag) == errc::ok);
    CHECK(io == copy_of(v.sealed));
    CHECK(tag == copy_of(v.tag));
    CHECK(p.unseal_pieces(k, kerb_test::usage_of(v.usage + 1), pieces, v.tag) == errc::integrity);
  }
}

KERB_ON_EVERY("seal_pieces: with every library, a bit that changes anywhere is refused", "[crypto][rfc3961-5.3]") {
  TestType p;
  std::size_t opened = 0;
  for (const auto& v : kerb_test::seal_pieces_vectors) {
    if (v.sealed.size() > 60) continue;
    const auto k = must(p.prepare(must(p.import(kerb_test::etype_of(v.etype), v.key)), kerb_test::usage_of(v.usage)));
    for (std::size_t bit = 0; bit != 8 * (v.sealed.size() + v.tag.size()); ++bit) {
      octet_vector io = copy_of(v.sealed), tag = copy_of(v.tag);
      std::uint8_t& altered = bit / 8 < io.size() ? io[bit / 8] : tag[bit / 8 - io.size()];
      altered ^= static_cast<std::uint8_t>(1u << bit % 8);
      const auto pieces = laid_out(v.layout, io);
      opened += p.unseal_pieces(k, kerb_test::usage_of(v.usage), pieces, tag) != errc::integrity;
      for (const seal_piece& piece : pieces) opened += !all_zero(piece.sealed());
    }
  }
  CHECK(opened == 0);
}

}  // namespace
