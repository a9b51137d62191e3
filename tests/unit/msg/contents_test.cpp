// What is followed into OCTET STRINGs, and what may be sealed where.
#include <kerb/msg/contents.hpp>

#include "unit/asn1/shown.hpp"
#include "unit/msg/walk.hpp"

using namespace kerb;
using asn1::content;
using kerb_test::shown;

namespace {

/// Octets that own themselves.
struct octets {
  std::array<std::uint8_t, 700> buffer{};
  std::size_t size = 0;
  constexpr bytes_view view() const { return bytes_view(buffer).last(size); }
};
template <class T>
constexpr octets encoded(const T& v) {
  octets o;
  o.size = kerb_test::must(asn1::encode(v, o.buffer)).size();
  return o;
}

/// Keeps what is shown, and the first seal that is asked for.
struct seals : shown {
  std::string_view plaintext;
  std::array<std::int32_t, 3> usages{};
  std::size_t asked = 0;
  constexpr bytes_view unseal(const asn1::node&, const asn1::seal& s) {
    if (asked++ != 0) return {};
    plaintext = s.type;
    for (std::size_t i = 0; i != s.usages.size(); ++i) usages[i] = s.usages[i];
    return {};
  }
  constexpr const thing* find(std::string_view type) const {
    for (std::size_t i = 0; i != size; ++i)
      if (things[i].type == type) return &things[i];
    return nullptr;
  }
};
template <class T>
constexpr seals see(bytes_view in, msg::contents c = {}) {
  seals all;
  if constexpr (asn1::message<T>) all.fault = asn1::describe<T>(in, all, der::strict, c);
  else all.fault = asn1::describe_as<T>("list", in, all, der::strict, c);
  return all;
}

constexpr auto cipher = kerb::literals::operator""_hex<"beef">();
constexpr msg::EncryptedData encrypted{etype_t{18}, {}, bytes_view(cipher)};
constexpr octets encrypted_octets = encoded(encrypted);

/// What a padata-value of this type, with EncryptedData in it, may be sealed as.
constexpr seals padata(padata_t type, bytes_view value, msg::contents c = {}) {
  const octets in = encoded(msg::PaData{type, value});
  return see<msg::PaData>(in.view(), c);
}

constexpr bool seals_of_messages() {
  const auto has = [](const seals& s, std::string_view plaintext, std::int32_t first, std::int32_t second = 0) {
    return s.fault.ok() && s.plaintext == plaintext && s.usages[0] == first && s.usages[1] == second;
  };
  const msg::Ticket t{"R"_krb, {}, encrypted};
  const auto tkt = captured<msg::Ticket>::of(t);
  return has(see<msg::Ticket>(encoded(t).view()), "EncTicketPart", 2) &&
         has(see<msg::ApRep>(encoded(msg::ApRep{encrypted}).view()), "EncAPRepPart", 12) &&
         has(see<msg::KrbPriv>(encoded(msg::KrbPriv{encrypted}).view()), "EncKrbPrivPart", 13) &&
         has(see<msg::KrbCred>(encoded(msg::KrbCred{{}, encrypted}).view()), "EncKrbCredPart", 14) &&
         has(padata(padata_t::enc_timestamp, encrypted_octets.view()), "PA-ENC-TS-ENC", 1) &&
         has(padata(padata_t::encrypted_challenge, encrypted_octets.view()), "PA-ENC-TS-ENC", 54, 55) &&
         has(padata(padata_t::pkinit_kx, encrypted_octets.view()), "EncryptionKey", 44) &&
         has(padata(padata_t::spake, encoded(msg::PaSpake{encrypted}).view()), "SPAKESecondFactor", 65) &&
         see<msg::AsRep>(encoded(msg::AsRep{{}, "R"_krb, {}, tkt, encrypted}).view()).asked == 2;
}
KERB_BOTH("contents: each EncryptedData has the plaintext and the usages of its place", "[msg][rfc4120-7.5.1]",
          seals_of_messages);

/// The last seal asked for, where tickets come first.
template <class T>
constexpr std::string_view last_plaintext(const T& v, std::int32_t usage) {
  const octets in = encoded(v);
  struct last {
    std::string_view plaintext;
    std::int32_t usage = 0;
    constexpr void operator()(const asn1::node&) {}
    constexpr bytes_view unseal(const asn1::node&, const asn1::seal& s) {
      plaintext = s.type;
      usage = s.usages[0];
      return {};
    }
  } all;
  if (!asn1::describe<T>(in.view(), all, der::strict, msg::contents{}).ok() || all.usage != usage) return "";
  return all.plaintext;
}

constexpr bool seals_behind_tickets() {
  const auto tkt = captured<msg::Ticket>::of({"R"_krb, {}, encrypted});
  const msg::ApReq ap{{}, tkt, encrypted};
  const octets ap_octets = encoded(ap);
  const msg::PaData pa[] = {{padata_t::tgs_req, ap_octets.view()}};
  msg::KdcReqBody body;
  const msg::TgsReq request{msg::MethodData(view_of<msg::PaData>(pa)), captured<msg::KdcReqBody>::of(body)};
  body.enc_authorization_data = encrypted;
  const msg::TgsReq with_data{msg::MethodData(view_of<msg::PaData>(pa)), captured<msg::KdcReqBody>::of(body)};
  return last_plaintext(msg::AsRep{{}, "R"_krb, {}, tkt, encrypted}, 3) == "EncASRepPart" &&
         last_plaintext(msg::TgsRep{{}, "R"_krb, {}, tkt, encrypted}, 9) == "EncTGSRepPart" &&
         last_plaintext(ap, 11) == "Authenticator" && last_plaintext(request, 7) == "Authenticator" &&
         last_plaintext(with_data, 5) == "AuthorizationData";
}
KERB_BOTH("contents: what is sealed behind a ticket, and an authenticator for a KDC and for a service",
          "[msg][rfc4120-7.5.1]", seals_behind_tickets);

constexpr bool no_seal() {
  const msg::EncKrbCredPart part;
  const octets plain = encoded(part);
  const octets in = encoded(msg::KrbCred{{}, {etype_t{0}, {}, plain.view()}});
  const auto all = see<msg::KrbCred>(in.view());
  return all.fault.ok() && all.asked == 0 && all.find("EncKrbCredPart") != nullptr;
}
KERB_BOTH("contents: a KRB-CRED under etype 0 is not sealed", "[msg]", no_seal);

constexpr bool preauthentication_is_followed() {
  const msg::EtypeInfo2Entry entries[] = {{etype_t{18}, "salt"_krb, {}}};
  const octets info = encoded(msg::EtypeInfo2(view_of<msg::EtypeInfo2Entry>(entries)));
  const msg::PaData pa[] = {{padata_t::etype_info2, info.view()}, {padata_t::enc_timestamp, {}}};
  const octets methods = encoded(msg::MethodData(view_of<msg::PaData>(pa)));
  msg::KrbError e;
  e.error_code = error_code_t::kdc_err_preauth_required;
  e.e_data = methods.view();
  const auto all = see<msg::KrbError>(encoded(e).view());
  const auto* const entry = all.find("ETYPE-INFO2-ENTRY");
  return all.fault.ok() && entry != nullptr && entry->depth == 6 && all[2].name == "KRB_ERROR" &&
         all[all.size - 1].holds == content::octets && all[all.size - 1].note.ok();
}
KERB_BOTH("contents: the e-data of KDC_ERR_PREAUTH_REQUIRED are followed down to the salt", "[msg][rfc4120-5.9.1]",
          preauthentication_is_followed);

constexpr bool keys_and_passwords_in_octets() {
  const msg::EncryptionKey keys[] = {{etype_t{18}, bytes_view(cipher)}};
  const sequence_of<msg::EncryptionKey> list(view_of<msg::EncryptionKey>{keys});
  const octets package = encoded(msg::KerbDmsaKeyPackage{list, {}, {}, {}, {}});
  const auto all = padata(padata_t::dmsa_key_package, package.view());
  bool withheld = false;
  for (const auto& thing : all.things)
    withheld = withheld || (thing.field == "keyvalue" && thing.holds == content::withheld && thing.contents == 0);
  const auto broken = padata(padata_t::dmsa_key_package, package.view().first(package.size - 1));
  const auto sam = see<msg::PaEncSamResponseEnc2>(encoded(msg::PaEncSamResponseEnc2{1, bytes_view(cipher), {}}).view());
  const octets moved = encoded(msg::KerbSupersededByUser{{}, "R"_krb, {}});
  return withheld && broken[2].holds == content::withheld && broken[2].contents == 0 && !broken[2].note.ok() &&
         sam[2].field == "sam-sad" && sam[2].holds == content::withheld &&
         padata(padata_t::superseded_by_user, moved.view()).find("KERB-SUPERSEDED-BY-USER") != nullptr;
}
KERB_BOTH("contents: a package of keys and a single-use password are secrets", "[msg]", keys_and_passwords_in_octets);

constexpr bool authorization_is_followed() {
  const msg::AuthorizationDataElement inner[] = {{ad_t::win2k_pac, bytes_view(cipher)}};
  const octets in = encoded(msg::AdIfRelevant(view_of<msg::AuthorizationDataElement>(inner)));
  const msg::AuthorizationDataElement outer[] = {{ad_t::if_relevant, in.view()}};
  const octets whole = encoded(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(outer)));
  const auto all = see<msg::AuthorizationData>(whole.view());
  return all.fault.ok() && all.size == 8 && all[4].name == "AD-IF-RELEVANT" && all[6].name == "AD-WIN2K-PAC" &&
         all[7].contents == 2;
}
KERB_BOTH("contents: AD-IF-RELEVANT is followed", "[msg][rfc4120-5.2.6.1]", authorization_is_followed);

constexpr bool fast_has_sides() {
  const octets reply = encoded(msg::PaFxFastReply{msg::KrbFastArmoredRep{encrypted, {}}});
  const octets request =
      encoded(msg::PaFxFastRequest{msg::KrbFastArmoredReq{{}, {cksum_t{16}, bytes_view(cipher)}, encrypted, {}}});
  using side = msg::contents::side;
  return padata(padata_t::fx_fast, reply.view(), {.from = side::reply}).plaintext == "KrbFastResponse" &&
         padata(padata_t::fx_fast, request.view(), {.from = side::request}).plaintext == "KrbFastReq" &&
         padata(padata_t::fx_fast, request.view()).plaintext == "KrbFastReq" &&
         padata(padata_t::fx_fast, request.view(), {.from = side::reply}).asked == 0;
}
KERB_BOTH("contents: PA-FX-FAST is read as the side that sent it says", "[msg][rfc6113-5.4]", fast_has_sides);

constexpr bool proxied() {
  msg::KrbError e;
  e.error_code = error_code_t::krb_ap_err_skew;
  const octets inner = encoded(e);
  std::array<std::uint8_t, 200> framed{};
  framed[3] = static_cast<std::uint8_t>(inner.size);
  for (std::size_t i = 0; i != inner.size; ++i) framed[4 + i] = inner.view()[i];
  const octets whole = encoded(msg::KdcProxyMessage{bytes_view(framed).first(4 + inner.size), {}, {}});
  const auto all = see<msg::KdcProxyMessage>(whole.view());
  return all.fault.ok() && all.find("KRB-ERROR") != nullptr &&
         all.find("KRB-ERROR")->offset == all[1].offset + all[1].header + 4;
}
KERB_BOTH("contents: a message through a proxy is found behind its length", "[msg]", proxied);

constexpr bool numbers_and_texts() {
  const msg::LastReqEntry last[] = {{lr_t(6), {}}, {lr_t(-1), {}}, {lr_t(9), {}}};
  const auto names = see<msg::LastReq>(encoded(msg::LastReq(view_of<msg::LastReqEntry>(last))).view());
  const auto address = see<msg::HostAddress>(encoded(msg::HostAddress{addr_t::ipv4, bytes_view(cipher)}).view());
  const auto path = see<msg::TransitedEncoding>(
      encoded(msg::TransitedEncoding{tr_t::domain_x500_compress, bytes_view(cipher)}).view());
  constexpr auto words = "1c000000"_hex;
  const auto etypes = padata(padata_t::supported_etypes, bytes_view(words));
  return names[2].name == "password expires" && names[5].name == "last initial request for a TGT, this server" &&
         names[8].name.empty() && address[2].holds == content::address && address[2].number == 2 &&
         path[2].holds == content::text && etypes[2].holds == content::number && etypes[2].number == 0x1c;
}
KERB_BOTH("contents: last-req has names, addresses and transited realms are known as such", "[msg][rfc4120-5.4.2]",
          numbers_and_texts);

}  // namespace
