// Sealing in place and opening into a buffer.
#include <kerb/exchange/sealed.hpp>
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"
#include "unit/crypto/toy.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
constexpr msg::EncApRepPart part{{1767225600}, {1}, {}, 5};
constexpr key_usage_t usage = key_usage_t::ap_rep_enc_part;

struct sealed_part {
  policy p;
  key k;
  std::array<std::uint8_t, 256> octets{};
  std::array<std::uint8_t, 256> opened{};
  errc why = errc::ok;
  msg::EncryptedData data;
  constexpr sealed_part() {
    k = kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, session_octets));
    der::writer w{std::span(octets)};
    write_sealed(w, part, k, usage, environment{p, timestamp{}}, why, 7);
    const auto d = asn1::decode<msg::EncryptedData>(bytes_view(w.written_since(0)));
    if (d) data = *d;
  }
};

constexpr bool sealed_where_it_stands_and_opened() {
  sealed_part s;
  if (s.why != errc::ok || s.data.etype != s.k.etype() || s.data.kvno != 7u) return false;
  der::writer counted = der::writer::counting();
  const unsigned draws = s.p.entropy.draws();
  write_sealed(counted, part, s.k, usage, environment{s.p, timestamp{}}, s.why, 7);
  if (s.p.entropy.draws() != draws || draws != 1) return false;  // counting draws nothing
  if (s.data.cipher.size() != asn1::encoded_size(part) + 16) return false;
  detail::workspace r{std::span(s.opened)};
  const auto plain = open_sealed(s.p, s.data, s.k, usage, r);
  if (!plain || plain->data() != s.opened.data()) return false;
  const auto back = asn1::decode<msg::EncApRepPart>(bytes_view(*plain));
  return back && back->ctime == part.ctime && back->seq_number == 5u && r.free() == 256 - 4 - s.data.cipher.size();
}
KERB_BOTH("write_sealed: what it seals, open_sealed opens", "[exchange][rfc4120-5.2.9]",
          sealed_where_it_stands_and_opened);

constexpr bool padded_where_the_type_pads() {
  every_toy_policy p;
  const std::array<std::uint8_t, 24> key_octets{1, 2, 3};
  const auto k = p.import(etype_t::des3_cbc_sha1_kd, key_octets);
  bool has_padded = false;
  for (std::uint32_t n = 1; n < 0x7fffffff; n = n << 8 | 1) {  // a number of one octet to four
    msg::EncApRepPart numbered = part;
    numbered.seq_number = n;
    std::array<std::uint8_t, 256> octets{}, opened{};
    errc why = errc::ok;
    der::writer w{std::span(octets)}, counted = der::writer::counting();
    write_sealed(w, numbered, *k, usage, environment{p, timestamp{}}, why, 7);
    write_sealed(counted, numbered, *k, usage, environment{p, timestamp{}}, why, 7);
    const auto data = asn1::decode<msg::EncryptedData>(bytes_view(w.written_since(0)));
    if (why != errc::ok || !data || counted.count() != w.count()) return false;
    if (data->cipher.size() != kerb_test::must(p.shape(k->etype())).around(asn1::encoded_size(numbered))) return false;
    has_padded = has_padded || asn1::encoded_size(numbered) % 8 != 0;
    detail::workspace r{std::span(opened)};
    const auto plain = open_sealed(p, *data, *k, usage, r);
    const auto back = asn1::decode<msg::EncApRepPart>(bytes_view(*plain));
    if (!back || back->seq_number != n || plain->size() != asn1::encoded_size(numbered)) return false;
    if (r.free() != 256 - 4 - data->cipher.size()) return false;
    if (n == 0x01010101) break;
  }
  return has_padded;
}
KERB_BOTH("write_sealed: where the encryption type pads, open_sealed takes the padding away",
          "[exchange][rfc3961-3][rfc3961-6.3]", padded_where_the_type_pads);

constexpr bool more_than_padding_stays(etype_t e, std::size_t behind, bool cut) {
  every_toy_policy p;
  const std::array<std::uint8_t, 24> key_octets{1, 2, 3};
  const auto k = p.import(e, bytes_view(key_octets).first(p.key_octets(e)));
  const seal_shape shape = kerb_test::must(p.shape(e));
  std::array<std::uint8_t, 128> io{}, opened{};
  const std::size_t plain_octets = 8 + behind;  // an OCTET STRING of 6 octets, and zeros
  io[shape.front] = 0x04;
  io[shape.front + 1u] = 6;
  const auto whole = std::span(io).first(shape.around(plain_octets));
  if (p.seal(*k, usage, whole) != errc::ok) return false;
  detail::workspace r{std::span(opened)};
  const auto plain = open_sealed(p, {e, {}, bytes_view(whole)}, *k, usage, r);
  return plain && plain->size() == (cut ? 8 : plain_octets + shape.padding(plain_octets));
}
KERB_BOTH("open_sealed: no more than padding is taken away, and only where the encryption type pads",
          "[exchange][rfc3961-3]", [] {
            constexpr etype_t des3 = etype_t::des3_cbc_sha1_kd, aes = etype_t::aes128_cts_hmac_sha1_96;
            return more_than_padding_stays(des3, 0, true) && more_than_padding_stays(des3, 8, false) &&
                   more_than_padding_stays(des3, 9, false) && more_than_padding_stays(aes, 0, true) &&
                   more_than_padding_stays(aes, 1, false) && more_than_padding_stays(aes, 7, false);
          });

constexpr bool a_key_of_another_type() {
  sealed_part s;
  const key same_octets = kerb_test::must(s.p.import(etype_t::aes256_cts_hmac_sha384_192, session_octets));
  detail::workspace r{std::span(s.opened)};
  const auto plain = open_sealed(s.p, s.data, same_octets, usage, r);
  if (plain || plain.error().code != errc::integrity) return false;
  s.data.etype = same_octets.etype();  // relabelled on its way
  return open_sealed(s.p, s.data, s.k, usage, r).error().code == errc::integrity &&
         open_sealed(s.p, s.data, same_octets, usage, r).error().code == errc::integrity && r.free() == 252;
}
KERB_BOTH("open_sealed: a key of another type than the seal's opens nothing", "[exchange][rfc4120-5.2.9]",
          a_key_of_another_type);

constexpr bool failures_keep_nothing() {
  sealed_part s;
  const key other = kerb_test::must(s.p.import(s.k.etype(), other_octets));
  detail::workspace r{std::span(s.opened)};
  if (open_sealed(s.p, s.data, other, usage, r)) return false;
  if (open_sealed(s.p, s.data, s.k, key_usage_t::krb_priv_enc_part, r)) return false;
  if (r.free() != 252) return false;
  return open_sealed(s.p, s.data, s.k, usage, r).has_value();  // the next candidate
}
KERB_BOTH("open_sealed: what does not open takes no buffer, and the next key can be tried", "[exchange]",
          failures_keep_nothing);

constexpr bool too_small_a_buffer() {
  sealed_part s;
  const std::size_t n = s.data.cipher.size();
  detail::workspace less(std::span(s.opened).first(n + 3)), just(std::span(s.opened).first(n + 4));
  const auto no = open_sealed(s.p, s.data, s.k, usage, less);
  return !no && no.error().code == errc::no_space && no.error().detail == n &&
         open_sealed(s.p, s.data, s.k, usage, just).has_value();
}
KERB_BOTH("open_sealed: too small a buffer is said before anything is opened", "[exchange]", too_small_a_buffer);

constexpr bool drawn_at_once_and_used_in_order() {
  testing::counting_entropy together, one_by_one;
  drawn_octets octets;
  if (octets.left() != 0 || !octets.draw(together, 48) || together.draws() != 1 || octets.left() != 48) return false;
  std::array<std::uint8_t, 49> out{}, expected{};
  std::size_t at = 0;
  for (const std::size_t n : {std::size_t{32}, std::size_t{0}, std::size_t{4}, std::size_t{12}}) {
    if (!octets.fill(std::span(out).subspan(at, n)) || !one_by_one.fill(std::span(expected).subspan(at, n)))
      return false;
    at += n;
  }
  if (!(bytes_view(out) == bytes_view(expected)) || octets.left() != 0) return false;
  return !octets.fill(std::span(out).first(1)) && octets.fill({}) && bytes_view(out) == bytes_view(expected);
}
KERB_BOTH("drawn_octets: one draw gives what several would have given", "[exchange]", drawn_at_once_and_used_in_order);

constexpr bool no_draw_no_octets() {
  testing::counting_entropy failing, much;
  failing.fail_at = 2;
  drawn_octets octets;
  std::array<std::uint8_t, 1> out{7};
  if (!octets.draw(failing, 16) || octets.draw(failing, 16)) return false;
  if (octets.left() != 0 || octets.fill(out) || out[0] != 7) return false;  // nor those of before
  if (octets.draw(much, 129) || much.draws() != 0 || octets.left() != 0) return false;
  return octets.draw(much, 0) && much.draws() == 0 && octets.draw(much, 128) && octets.left() == 128;
}
KERB_BOTH("drawn_octets: where the source fails, or too many are wanted, there are none", "[exchange]",
          no_draw_no_octets);

TEST_CASE("drawn_octets: they are wiped when it dies", "[exchange]") {
  alignas(drawn_octets) std::array<std::uint8_t, sizeof(drawn_octets)> place{};
  auto* const octets = std::construct_at(reinterpret_cast<drawn_octets*>(place.data()));
  testing::counting_entropy source, same;
  std::array<std::uint8_t, 16> expected{};
  REQUIRE(same.fill(expected));
  REQUIRE(octets->draw(source, 16));
  CHECK(holds(place, expected));
  std::destroy_at(octets);
  CHECK(!holds(place, expected));
}

KERB_BOTH("confounder_octets: as many as write_sealed draws", "[exchange][rfc3961-3]", [] {
  sealed_part s;
  return confounder_octets(s.p, s.k.etype()) == kerb_test::must(s.p.shape(s.k.etype())).front &&
         confounder_octets(s.p, etype_t{0x12345678}) == 0;
});

constexpr bool failing_entropy_is_told() {
  sealed_part s;
  s.p.entropy = {};
  s.p.entropy.fail_at = 1;
  errc why = errc::ok;
  std::array<std::uint8_t, 256> octets{};
  der::writer w{std::span(octets)};
  write_sealed(w, part, s.k, usage, environment{s.p, timestamp{}}, why);
  if (why != errc::entropy) return false;
  // The first reason stands, and nothing more is drawn
  s.p.entropy = {};
  der::writer again{std::span(octets)};
  write_sealed(again, part, s.k, usage, environment{s.p, timestamp{}}, why);
  return why == errc::entropy && s.p.entropy.draws() == 0;
}
KERB_BOTH("write_sealed: a failing random source is told, and stays told", "[exchange]", failing_entropy_is_told);

constexpr bool unknown_types() {
  policy p;
  errc why = errc::ok;
  std::array<std::uint8_t, 256> octets{};
  der::writer w{std::span(octets)};
  const key none;
  write_sealed(w, part, none, usage, environment{p, timestamp{}}, why);
  return why == errc::unsupported_etype && w.count() == 0 &&
         draw_key(etype_t::rc4_hmac, environment{p, timestamp{}}).error().code == errc::unsupported_etype &&
         p.entropy.draws() == 0;
}
KERB_BOTH("write_sealed, draw_key: a type that the policy has not is refused before anything is drawn", "[exchange]",
          unknown_types);

constexpr bool drawn() {
  policy p;
  const auto a = draw_key(etype_t::aes256_cts_hmac_sha1_96, environment{p, timestamp{}});
  const auto b = draw_key(etype_t::aes128_cts_hmac_sha1_96, environment{p, timestamp{}});
  if (!a || !b || a->octets().size() != 32 || b->octets().size() != 16) return false;
  p.entropy = {};
  p.entropy.fail_at = 1;
  if (draw_key(etype_t::aes128_cts_hmac_sha1_96, environment{p, timestamp{}}).error().code != errc::entropy)
    return false;
  const std::uint8_t script[] = {0xff, 0xff, 0xff, 0xfe, 0x80, 0, 0, 1};
  testing::scripted_entropy e(script);
  with_random scripted(p, e);
  const environment t{scripted, timestamp{}};
  return draw_nonce(t) == 0x7ffffffeu && draw_nonce(t) == 1u && !draw_nonce(t);
}
KERB_BOTH("draw_key, draw_nonce: keys have their size, and nonces 31 bits", "[exchange][rfc4120-5.4.1]", drawn);

constexpr bool a_key_is_taken_out() {
  policy p;
  std::array<std::uint8_t, 64> plain{};
  for (std::size_t i = 0; i != 32; ++i) plain[10 + i] = static_cast<std::uint8_t>(i + 1);
  plain[9] = plain[42] = 0xee;
  const bytes_view v(plain);
  const auto k = take_key(p, {etype_t::aes256_cts_hmac_sha1_96, v.subview(10, 32)}, plain);
  if (!k || k->octets().unguarded()[31] != 32) return false;
  for (std::size_t i = 0; i != 32; ++i)
    if (plain[10 + i] != 0) return false;
  if (plain[9] != 0xee || plain[42] != 0xee) return false;
  // Refused ones are wiped as well
  plain[20] = 1;
  const auto no = take_key(p, {etype_t::rc4_hmac, v.subview(10, 16)}, plain);
  return !no && no.error().code == errc::unsupported_etype && plain[20] == 0;
}
KERB_BOTH("take_key: the key's octets are wiped where they stood, imported or not", "[exchange]", a_key_is_taken_out);

}  // namespace
