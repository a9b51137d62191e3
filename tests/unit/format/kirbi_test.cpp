// Files with lengths in long form, made DER.
#include <kerb/format/kirbi.hpp>
#include <kerb/format/kirbi_credentials.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "unit/format/files.hpp"

using namespace kerb;

namespace {

// As mimikatz writes it: every length in four octets
constexpr auto long_form =
    "7684000001dc3084000001d6a08400000003020105a18400000003020116a2840000009a30840000009461840000008e30840000"
    "0088a08400000003020105a1840000000d1b0b4558414d504c452e4f5247a2840000003030840000002aa08400000003020102a1"
    "840000001b3084000000151b066b72627467741b0b4558414d504c452e4f5247a3840000003030840000002aa084000000030201"
    "12a18400000003020102a284000000120410aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3840000011e308400000118a08400000003"
    "020100a284000001090484000001037d84000000fd3084000000f7a084000000f13084000000eb3084000000e5a0840000003730"
    "8400000031a08400000003020112a184000000220420111111111111111111111111111111111111111111111111111111111111"
    "1111a1840000000d1b0b4558414d504c452e4f5247a2840000002230840000001ca08400000003020101a1840000000d30840000"
    "00071b05616c696365a3840000000703050040e10000a68400000011180f32303330303130313030303030305aa8840000000d1b"
    "0b4558414d504c452e4f5247a9840000003030840000002aa08400000003020102a1840000001b3084000000151b066b72627467"
    "741b0b4558414d504c452e4f5247"_hex;

constexpr bool reads_long_lengths() {
  std::array<std::uint8_t, long_form.size()> buffer{}, again{};
  const auto der = kirbi_as_der(long_form, buffer);
  if (!der || der->size() >= long_form.size()) return false;
  const auto cred = asn1::decode<msg::KrbCred>(*der, der::strict);
  if (!cred || cred->enc_part.etype != etype_t{} || cred->tickets.size() != 1) return false;
  const auto part = asn1::decode<msg::EncKrbCredPart>(cred->enc_part.cipher, der::strict);
  if (!part || part->ticket_info.size() != 1) return false;
  const msg::KrbCredInfo info = *part->ticket_info.begin();
  const msg::Ticket ticket = *cred->tickets.begin();
  const auto same = kirbi_as_der(*der, again);  // DER is left as it is
  const auto file = kirbi_view::open(*der);
  if (!file || file->size() != 1 || (*file->begin()).client.realm.octets.size() != 11) return false;
  return info.key.keyvalue.size() == 32 && info.key.keyvalue[31] == 0x11 && *info.prealm == "EXAMPLE.ORG" &&
         info.endtime == kerberos_time{1893456000} && ticket.enc_part.cipher.size() == 16 &&
         ticket.enc_part.kvno == 2u && same && *same == *der && same->data() == again.data();
}
KERB_BOTH("kirbi: lengths in long form become DER's, in the part that is not sealed too", "[format][tolerance]",
          reads_long_lengths);

constexpr bool no_decoder_reads_them() {
  return asn1::decode<msg::KrbCred>(long_form).error().code == errc::non_minimal_length &&
         asn1::decode<msg::KrbCred>(long_form, der::strict).error().code == errc::non_minimal_length;
}
KERB_BOTH("kirbi: no rules of a decoder let such lengths in", "[format][tolerance][security][rfc4120-5.1]",
          no_decoder_reads_them);

constexpr bool sealed_parts_are_left() {
  // etype 18: its octets are no encoding, whatever they look like; nor are those of any other OCTET STRING
  auto in = long_form;
  in[0xd2] = 18;  // the etype
  std::array<std::uint8_t, long_form.size()> buffer{};
  if (in[0xd1] != 1) return false;
  const auto der = kirbi_as_der(in, buffer);
  const auto cred = der ? asn1::decode<msg::KrbCred>(*der) : result<msg::KrbCred>(der.error());
  return cred && cred->enc_part.cipher == bytes_view(in).last(0x103);
}
template <std::size_t N, std::size_t M>
constexpr bool becomes(const std::array<std::uint8_t, N>& in, const std::array<std::uint8_t, M>& wanted) {
  std::array<std::uint8_t, N> buffer{};
  const auto der = kirbi_as_der(in, buffer);
  return der && *der == bytes_view(wanted);
}
constexpr bool only_the_unsealed_part() {
  // [APPLICATION 22] SEQUENCE [3] SEQUENCE {[0] INTEGER 0, [2] OCTET STRING}, whose octets are an encoding
  const auto inside = "7614 3012 a310 300e a003 020100 a207 0405 3083000000"_hex;
  const auto made_der = "7611 300f a30d 300b a003 020100 a204 0402 3000"_hex;
  const auto elsewhere = "7614 3012 a210 300e a003 020100 a207 0405 3083000000"_hex,
             another_type = "7614 3012 a310 300e a003 0a0100 a207 0405 3083000000"_hex,
             sealed = "7614 3012 a310 300e a003 020112 a207 0405 3083000000"_hex,
             another_string = "7614 3012 a310 300e a003 020100 a207 0c05 3083000000"_hex,
             another_field = "7614 3012 a310 300e a003 020100 a307 0405 3083000000"_hex;
  // 128 begins with the octet of zero, and a length of zero has no octet
  const auto octet_more = "7615 3013 a311 300f a004 02020080 a207 0405 3083000000"_hex;
  const auto octet_less = "7613 3011 a30f 300d a002 0200 a207 0405 3083000000"_hex;
  return becomes(inside, made_der) && becomes(elsewhere, elsewhere) && becomes(another_type, another_type) &&
         becomes(sealed, sealed) && becomes(another_string, another_string) && becomes(another_field, another_field) &&
         becomes(octet_more, octet_more) && becomes(octet_less, octet_less);
}
KERB_BOTH("kirbi: octets are an encoding in the part that is not sealed and nowhere else", "[format][security]",
          only_the_unsealed_part);

constexpr bool only_at_its_depth() {
  // Behind the part whose etype is 0, and in the SEQUENCE of the KRB-CRED itself
  const auto in = "761b 3019 a310 300e a003 020100 a207 0405 3083000000 0405 3083000000"_hex;
  const auto wanted = "7618 3016 a30d 300b a003 020100 a204 0402 3000 0405 3083000000"_hex;
  return becomes(in, wanted);
}
KERB_BOTH("kirbi: an OCTET STRING that follows the part that is not sealed is left as it is", "[format][security]",
          only_at_its_depth);

constexpr bool lengths_of_nothing() {
  return becomes("768100"_hex, "7600"_hex) && becomes("768400000000"_hex, "7600"_hex) &&
         becomes("7606 30840000 0000"_hex, "7602 3000"_hex) && becomes("7603 308100"_hex, "7602 3000"_hex) &&
         becomes("7600"_hex, "7600"_hex);
}
KERB_BOTH("kirbi: a length that ends the file is read", "[format]", lengths_of_nothing);

constexpr bool fails(bytes_view in, errc code, std::size_t at, std::size_t buffer = 600) {
  std::array<std::uint8_t, 600> out{};
  const auto r = kirbi_as_der(in, std::span(out).first(buffer));
  return !r && r.error().code == code && r.error().offset == at && std::string_view(r.error().type) == "KRB-CRED";
}
constexpr bool refuses() {
  const auto indefinite = "7680 0000"_hex, tag = "7602 1f00"_hex;
  const auto five = "76850000000000"_hex;
  const auto cut_length = "768400"_hex, beyond = "760202"_hex, behind = "760000"_hex;
  const auto inner = "7604 30840000"_hex, inner_beyond = "7604 3003 0201"_hex;
  const auto over_its_parent = "7609 3003 0203 01 a202 0500"_hex;  // and not over the file
  const auto sequence = "3000"_hex;
  const auto one = "76"_hex;
  return fails({}, errc::unexpected_tag, 0) && fails(sequence, errc::unexpected_tag, 0) &&
         fails(one, errc::truncated, 0) && fails(indefinite, errc::non_minimal_length, 0) &&
         fails(five, errc::non_minimal_length, 0) && fails(cut_length, errc::truncated, 0) &&
         fails(beyond, errc::truncated, 0) && fails(behind, errc::trailing_data, 2) &&
         fails(tag, errc::unexpected_tag, 2) && fails(inner, errc::truncated, 2) &&
         fails(inner_beyond, errc::truncated, 2) && fails(over_its_parent, errc::truncated, 4) &&
         fails(long_form, errc::no_space, 0, long_form.size() - 1);
}
KERB_BOTH("kirbi: what is no KRB-CRED with whole lengths is refused", "[format][security]", refuses);

constexpr bool depth() {
  // As many levels as are allowed, and one more
  std::array<std::uint8_t, 66> in{}, out{};
  const auto nested = [&](std::size_t levels) {
    for (std::size_t i = 0; i != levels; ++i) {
      in[2 * i] = i == 0 ? 0x76 : 0x30;
      in[2 * i + 1] = static_cast<std::uint8_t>(2 * (levels - i - 1));
    }
    return kirbi_as_der(bytes_view(in).first(2 * levels), out);
  };
  const auto most = nested(32), more = nested(33);
  return most && most->size() == 64 && !more && more.error().code == errc::unexpected_tag && more.error().offset == 64;
}
KERB_BOTH("kirbi: levels are bounded", "[format][security]", depth);
KERB_BOTH("kirbi: octets that are sealed, or in any other OCTET STRING, are left as they are", "[format][security]",
          sealed_parts_are_left);

TEST_CASE("kirbi: a file of 2^32 octets is refused", "[format]") {
  const std::uint8_t head[] = {0x76, 0};
  std::array<std::uint8_t, 8> buffer{};
  if constexpr (sizeof(std::size_t) > 4) {  // never looked at: the size decides, and then the buffer
    const std::size_t four_gib = std::size_t{1} << 16 << 16;
    CHECK(kirbi_as_der({head, four_gib}, buffer).error().code == errc::input_too_large);
    CHECK(kirbi_as_der({head, four_gib - 1}, buffer).error().code == errc::no_space);
  }
}

TEST_CASE("kirbi: every file that is cut short or changed is refused, or gives no more octets than it has",
          "[format][security]") {
  std::vector<std::uint8_t> changed(long_form.begin(), long_form.end());
  int faults = 0, taken = 0;
  const auto look = [&](bytes_view in) {
    const kerb_test::exact_copy octets(in);
    const kerb_test::exact_copy buffer(in);
    const kerb_test::no_allocations none;
    const auto r = kirbi_as_der(octets.view(), {buffer.octets.get(), buffer.size});
    if (r) {
      ++taken;
      faults += r->size() > in.size() || r->data() != buffer.octets.get();
      if (const auto c = asn1::decode<msg::KrbCred>(*r)) (void)asn1::decode<msg::EncKrbCredPart>(c->enc_part.cipher);
    } else {
      faults += !is_malformed(r.error().code) || r.error().offset > in.size();
    }
  };
  for (std::size_t n = 0; n != changed.size(); ++n) look(bytes_view(changed).first(n));
  CHECK(taken == 0);
  for (std::size_t at = 0; at != changed.size(); ++at) {
    const std::uint8_t was = changed[at];
    for (unsigned x = 0; x != 256; ++x) {
      changed[at] = static_cast<std::uint8_t>(x);
      look(changed);
    }
    changed[at] = was;
  }
  CHECK(faults == 0);
  CHECK(taken > 1000);
}

}  // namespace
