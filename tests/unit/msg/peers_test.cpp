// Messages in forms that other implementations send, which are not quite what the standard says.
#include <kerb/messages.hpp>

#include "unit/msg/kinds.hpp"
#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::refuses;

namespace {

/// Whether `in` is a T by tolerance, wrong in `field` by strict rules, and written again as it came.
template <class T, std::size_t N>
constexpr bool comes_back(const std::array<std::uint8_t, N>& in, errc code, std::string_view field) {
  const auto v = asn1::decode<T>(in);
  const auto strict = asn1::decode<T>(in, der::strict);
  std::array<std::uint8_t, N> buffer{};
  const auto out = v ? asn1::encode(*v, buffer) : result<bytes_view>(v.error());
  return out && *out == bytes_view(in) && asn1::encoded_size(*v) == N && !strict && strict.error().code == code &&
         field == strict.error().field;
}

// sspi-rs writes every cusec, susec and pausec in four octets, and draws nonces as four octets
constexpr auto pa_enc_ts_enc = "301ba011180f32303236303130313132303030305aa106020400012345"_hex;
constexpr auto authenticator =
    "62453043a003020105a10d1b0b4558414d504c452e4f5247a2123010a003020101a10930071b05616c696365"
    "a406020400012345a511180f32303236303130313132303030305a"_hex;
constexpr auto enc_ap_rep_part = "7b223020a011180f32303236303130313132303030305aa106020400012345a303020107"_hex;
constexpr auto krb_error =
    "7e5d305ba003020105a10302011ea411180f32303236303130313132303030305aa506020400012345a603020119"
    "a90d1b0b4558414d504c452e4f5247aa20301ea003020102a11730151b066b72627467741b0b4558414d504c452e4f5247"_hex;
constexpr auto req_body =
    "3073a00703050040810010a1123010a003020101a10930071b05616c696365a20d1b0b4558414d504c452e4f5247"
    "a320301ea003020102a11730151b066b72627467741b0b4558414d504c452e4f5247a511180f32303337303931333032343830355a"
    "a70602040012 3456a8083006020112020111"_hex;

constexpr bool four_octets() {
  return comes_back<msg::PaEncTsEnc>(pa_enc_ts_enc, errc::bad_integer, "pausec") &&
         comes_back<msg::Authenticator>(authenticator, errc::bad_integer, "cusec") &&
         comes_back<msg::EncApRepPart>(enc_ap_rep_part, errc::bad_integer, "cusec") &&
         comes_back<msg::KrbError>(krb_error, errc::bad_integer, "susec") &&
         comes_back<msg::KdcReqBody>(req_body, errc::bad_integer, "nonce") &&
         (*asn1::decode<msg::PaEncTsEnc>(pa_enc_ts_enc)).pausec == microseconds{0x12345} &&
         (*asn1::decode<msg::Authenticator>(authenticator)).cusec == microseconds{0x12345} &&
         (*asn1::decode<msg::EncApRepPart>(enc_ap_rep_part)).seq_number == 7u &&
         (*asn1::decode<msg::KrbError>(krb_error)).susec == microseconds{0x12345} &&
         (*asn1::decode<msg::KdcReqBody>(req_body)).nonce == 0x123456u;
}
KERB_BOTH("peers: numbers in four octets, as sspi-rs writes them, are read and written as they came",
          "[msg][tolerance][rfc4120-5.2.4]", four_octets);

constexpr bool in_every_place() {
  // etype, kvno and name-type too, and in elements of a list
  const auto sealed = "3017 a0060204 00000012 a1060204 00000003 a205 0403 aabbcc"_hex;
  const auto e = asn1::decode<msg::EncryptedData>(sealed);
  const auto list = "300c 0204 00000012 0204 ffffff7b"_hex;
  const auto l = asn1::decode_as<sequence_of<etype_t>>("etype", list);
  const auto strict = asn1::decode_as<sequence_of<etype_t>>("etype", list, der::strict);
  if (!e || !l || l->size() != 2) return false;
  auto i = l->begin();
  const bool first = *i++ == etype_t::aes256_cts_hmac_sha1_96;
  return first && *i == etype_t{-133} && e->etype == etype_t::aes256_cts_hmac_sha1_96 && e->kvno == 3u && !strict &&
         refuses<msg::EncryptedData>(sealed, errc::bad_integer, 4, "EncryptedData", "etype", der::strict);
}
KERB_BOTH("peers: a number in four octets is read wherever it stands", "[msg][tolerance][rfc4120-5.2.4]",
          in_every_place);

constexpr bool fixed_numbers() {
  const auto ap_rep = "6f1a3018 a0060204 00000005 a103 02010f a209 3007 a003 020112 a200"_hex;
  return refuses<msg::ApRep>(ap_rep, errc::bad_integer, 6, "AP-REP", "pvno");
}
KERB_BOTH("peers: pvno in four octets is refused by all rules", "[msg][tolerance][rfc4120-5.2.4]", fixed_numbers);

constexpr bool captured_bodies() {
  // What a checksum covers is what came, whatever a tolerance read in it
  std::array<std::uint8_t, 200> buffer{};
  const auto header = "6a8188308185a103020105a20302010aa479"_hex;
  std::size_t n = 0;
  for (const std::uint8_t b : header) buffer[n++] = b;
  buffer[n - 1] = static_cast<std::uint8_t>(req_body.size());
  buffer[2] = static_cast<std::uint8_t>(req_body.size() + 15);
  buffer[5] = static_cast<std::uint8_t>(req_body.size() + 12);
  for (const std::uint8_t b : req_body) buffer[n++] = b;
  const auto v = asn1::decode<msg::AsReq>(bytes_view(buffer).first(n));
  return v && v->req_body.octets() == bytes_view(req_body) && v->req_body->nonce == 0x123456u;
}
KERB_BOTH("peers: a body with a number in four octets is captured as it came", "[msg][tolerance][rfc4120-3.3.2]",
          captured_bodies);

constexpr bool negative_nonce() {
  auto in = req_body;
  const auto nonce = "0204b32ffc19"_hex;
  for (std::size_t i = 0; i != nonce.size(); ++i) in[in.size() - 16 + i] = nonce[i];
  return comes_back<msg::KdcReqBody>(in, errc::bad_integer, "nonce") &&
         (*asn1::decode<msg::KdcReqBody>(in)).nonce == 0xb32ffc19u;
}
KERB_BOTH("peers: a negative nonce, as Samba's client writes half of them, is written as it came",
          "[msg][tolerance][rfc4120-5.4.1]", negative_nonce);

constexpr bool octet_string_realm() {
  constexpr auto old = "300fa10d040b4558414d504c452e4f5247"_hex, now = "300fa10d0c0b4558414d504c452e4f5247"_hex;
  const auto v = asn1::decode<msg::IakerbHeader>(old), w = asn1::decode<msg::IakerbHeader>(now, der::strict);
  return comes_back<msg::IakerbHeader>(old, errc::unexpected_tag, "target-realm") && v->target_realm.as_octet_string &&
         w && !w->target_realm.as_octet_string && v->target_realm.octets == w->target_realm.octets &&
         kerberos_string{v->target_realm.octets} == "EXAMPLE.ORG";
}
KERB_BOTH("peers: an IAKERB-HEADER with an OCTET STRING, as MIT krb5 up to 1.21 writes it, is read and kept so",
          "[msg][tolerance]", octet_string_realm);

constexpr bool short_flags() {
  constexpr auto in =
      "7d81c63081c3a081c03081bd3081baa01b3019a003020117a1120410707458446c7344784d4e6a4871654a70a10a1b0844572e4c4f43414c"
      "a2173015a003020101a10e300c1b0a66616b655f6d7973716ca307030501a1400000a511180f32303232303830383133303235385a"
      "a611180f32303332303830353133303235385aa711180f32303332303830353133303235385aa80a1b0844572e4c4f43414c"
      "a9283026a003020101a11f301d1b084d5353716c5376631b116463312e64772e6c6f63616c3a31343333"_hex;
  const auto v = asn1::decode<msg::EncKrbCredPart>(in);
  if (!v || v->ticket_info.size() != 1) return false;
  const msg::KrbCredInfo info = *v->ticket_info.begin();
  return info.flags && info.flags->bits == 0xa1400000 && info.key.keytype == etype_t::rc4_hmac &&
         !asn1::decode<msg::EncKrbCredPart>(in, der::strict);
}
KERB_BOTH("peers: flags of 31 bits, as Metasploit writes them, are read", "[msg][tolerance][rfc4120-5.2.8]",
          short_flags);

constexpr bool bare_ap_options() {
  const auto in =
      "62563054a003020105a10d1b0b4558414d504c452e4f5247a2123010a003020101a10930071b05616c696365a403020105"
      "a511180f32303236303130313132303030305aa8123010300ea0040202008fa106040400400000"_hex;
  const auto v = asn1::decode<msg::Authenticator>(in, der::strict);
  if (!v || !v->authorization_data || v->authorization_data->size() != 1) return false;
  const msg::AuthorizationDataElement e = *v->authorization_data->begin();
  return e.ad_type == ad_t::ad_auth_data_ap_options && e.ad_data.size() == 4;
}
KERB_BOTH("peers: AP-OPTIONS outside AD-IF-RELEVANT, as sspi-rs writes them, are DER to the letter",
          "[msg][rfc4120-5.2.6]", bare_ap_options);

// ---- realms

constexpr bool nul_in_realms() {
  // Realms of one octet and of more, 0 at the front, in the middle and at the end
  const auto front = "1b03004141"_hex, middle = "1b03410041"_hex, end = "1b03414100"_hex;
  const auto alone = "1b0100"_hex;
  const auto good = "1b03414141"_hex;
  const auto none = "1b00"_hex;
  const auto bad = [](bytes_view in) {
    const auto r = asn1::decode_as<kerberos_realm>("Realm", in);
    kerberos_realm silent;
    return !r && r.error().code == errc::bad_realm && r.error().offset == 0 && !asn1::detail::decode_silent(in, silent);
  };
  const auto taken = [](bytes_view in) {
    kerberos_realm silent, telling;
    return asn1::detail::decode_telling("Realm", in, der::strict, telling).ok() &&
           asn1::detail::decode_silent(in, silent) && silent.octets.size() + 2 == in.size() &&
           telling.octets.data() == silent.octets.data();
  };
  return bad(front) && bad(middle) && bad(end) && bad(alone) && taken(good) && taken(none);
}
KERB_BOTH("peers: a realm holds no octet 0", "[msg][rfc4120-5.2.2]", nul_in_realms);

constexpr bool other_texts_may() {
  const auto component = "1b03410041"_hex;  // RFC 4120 section 5.2.1 has SHOULD NOT for control characters
  return asn1::decode_as<kerberos_string>("KerberosString", component, der::strict).has_value();
}
KERB_BOTH("peers: a component with the octet 0 is read with its length", "[msg][rfc4120-5.2.1]", other_texts_may);

/// Every field of a KerberosString that is called a realm is a Realm, and no other.
template <class C, class V, asn1::tagging How>
void look_at(const char* type, const asn1::member_line<C, V, How>& l, int& realms) {
  using bare = typename asn1::detail::bare<V>::type;
  if constexpr (std::is_base_of_v<kerberos_string, bare>) {
    const std::string_view name = l.name;
    const bool called_so = name.find("ealm") != std::string_view::npos || name == "target-domain";
    INFO(type << " " << name);
    CHECK(called_so == std::is_same_v<bare, kerberos_realm>);
    realms += called_so;
  }
}
template <class L>
void look_at(const char*, const L&, int&) {}
template <class... L>
void look_at_all(const char* type, const asn1::sequence_schema<L...>& s, int& realms) {
  s.lines.apply([&](const auto&... l) { (look_at(type, l, realms), ...); });
}
template <class S, std::uint8_t N, std::uint8_t... Also>
void look_at_all(const char* type, const asn1::application_schema<S, N, Also...>& s, int& realms) {
  look_at_all(type, s.inner, realms);
}
template <class C, class V, class... A>
void look_at_all(const char*, const asn1::choice_schema<C, V, A...>&, int&) {}

TEST_CASE("peers: every field that is a realm is one to the decoder", "[msg][rfc4120-5.2.2]") {
  int realms = 0;
  const auto look = [&]<class T>(kerb_test::kind<T>) {
    if constexpr (asn1::message<T>) look_at_all(asn1::type_name<T>, asn1::schema_of<T>, realms);
  };
  kerb_test::for_each_kind(look);
  look(kerb_test::kind<msg::KrbCredInfo>{});
  look(kerb_test::kind<msg::S4uUserId>{});
  CHECK(realms > 20);
}

}  // namespace
