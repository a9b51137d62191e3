// Pre-authentication data.
#include <kerb/msg/preauth.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::copy_of;
using kerb_test::refuses;

namespace {

constexpr bool encrypted_timestamps() {
  const auto with = "301aa011180f31393730303130313030303030305aa10502030f423f"_hex;
  const auto without = "3013a011180f31393730303130313030303030305a"_hex;
  const auto above = "301aa011180f31393730303130313030303030305aa10502030f4240"_hex;
  return both_ways(msg::PaEncTsEnc{{0}, microseconds{999999}}, with) && both_ways(msg::PaEncTsEnc{{0}, {}}, without) &&
         refuses<msg::PaEncTsEnc>(above, errc::bad_integer, 23, "PA-ENC-TS-ENC", "pausec") &&
         refuses<msg::PaEncTsEnc>(copy_of(without).set(2, 0xa1).view(), errc::missing_field, 2, "PA-ENC-TS-ENC",
                                  "patimestamp");
}
KERB_BOTH("PA-ENC-TS-ENC: with and without pausec", "[msg][rfc4120-5.2.7.2]", encrypted_timestamps);

constexpr bool etype_info_entries() {
  constexpr std::array<std::uint8_t, 4> four{0, 0, 0x10, 0};
  return both_ways(msg::EtypeInfoEntry{etype_t::rc4_hmac, {}}, "3005a003020117"_hex) &&
         both_ways(msg::EtypeInfoEntry{etype_t::rc4_hmac, bytes_view()}, "3009a003020117a1020400"_hex) &&
         both_ways(msg::EtypeInfo2Entry{etype_t::aes128_cts_hmac_sha1_96, "s"_krb, bytes_view(four)},
                   "3012a003020111a1031b0173a206040400001000"_hex) &&
         both_ways(msg::EtypeInfo2Entry{etype_t::aes128_cts_hmac_sha1_96, {}, {}}, "3005a003020111"_hex) &&
         both_ways(msg::EtypeInfo2Entry{etype_t::aes128_cts_hmac_sha1_96, ""_krb, {}}, "3009a003020111a1021b00"_hex);
}
KERB_BOTH("ETYPE-INFO entries: no salt and an empty salt are not the same", "[msg][rfc4120-5.2.7.4]",
          etype_info_entries);

constexpr bool salts_of_the_other_type() {
  const auto octets = "300aa003020111a103040173"_hex, text = "300aa003020111a1031b0173"_hex;
  return refuses<msg::EtypeInfo2Entry>(octets, errc::unexpected_tag, 9, "ETYPE-INFO2-ENTRY", "salt") &&
         refuses<msg::EtypeInfoEntry>(text, errc::unexpected_tag, 9, "ETYPE-INFO-ENTRY", "salt");
}
KERB_BOTH("ETYPE-INFO: its salt is an OCTET STRING, that of ETYPE-INFO2 a KerberosString", "[msg][rfc4120-5.2.7.5]",
          salts_of_the_other_type);

constexpr bool one_entry_at_least() {
  const auto none = "3000"_hex;
  const auto r = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", none);
  return r.error().code == errc::empty_sequence && asn1::decode_as<msg::EtypeInfo>("ETYPE-INFO", none);
}
KERB_BOTH("ETYPE-INFO2: has one entry at least, ETYPE-INFO need not", "[msg][rfc4120-5.2.7.5]", one_entry_at_least);

}  // namespace
