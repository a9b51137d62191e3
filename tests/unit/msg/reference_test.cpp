// MIT krb5's reference encodings: the values they hold, and the same octets again.
#include "unit/msg/kinds.hpp"
#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::reference;

namespace {

template <class T>
constexpr T decoded(bytes_view in, der::rules allowed = der::strict) {
  return kerb_test::must(asn1::decode<T>(in, allowed));
}
template <class T>
constexpr T list(bytes_view in) {
  return kerb_test::must(asn1::decode_as<T>("LIST", in, der::strict));
}
template <class T>
constexpr bool encodes(const T& v, bytes_view wanted) {
  std::array<std::uint8_t, 600> buffer{};
  const auto out = asn1::encode(v, buffer);
  return out && *out == wanted && asn1::encoded_size(v) == wanted.size();
}

// ktest.c makes every message of the same few values.
constexpr kerberos_time when{771228197};  // 19940610060317Z
constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }
constexpr bool is_realm(kerberos_string s) { return s == "ATHENA.MIT.EDU"; }
constexpr bool is_name(const msg::PrincipalName& n) {
  auto i = n.name_string.begin();
  const bool first = *i == "hftsai";
  ++i;
  return n.name_type == name_t::principal && n.name_string.size() == 2 && first && *i == "extra";
}
constexpr bool is_sealed(const msg::EncryptedData& e) {
  return static_cast<int>(e.etype) == 0 && e.kvno == 5u && is_text(e.cipher, "krbASN.1 test message");
}
constexpr bool is_key(const msg::EncryptionKey& k) {
  return static_cast<int>(k.keytype) == 1 && is_text(k.keyvalue, "12345678");
}
constexpr bool is_ticket(const msg::Ticket& t) {
  return is_realm(t.realm) && is_name(t.sname) && is_sealed(t.enc_part);
}
constexpr std::array<std::uint8_t, 4> address{0x12, 0xd0, 0x00, 0x23};
constexpr bool are_addresses(const std::optional<msg::HostAddresses>& a) {
  if (!a || a->size() != 2) return false;
  for (const msg::HostAddress& h : *a)
    if (h.addr_type != addr_t::ipv4 || !(h.address == bytes_view(address))) return false;
  return true;
}
constexpr bool are_padata(const std::optional<msg::MethodData>& m) {
  if (!m || m->size() != 2) return false;
  for (const msg::PaData& p : *m)
    if (p.padata_type != padata_t::sam_response || !is_text(p.padata_value, "pa-data")) return false;
  return true;
}
constexpr bool are_etypes(const sequence_of<etype_t>& e) {
  auto i = e.begin();
  const bool first = static_cast<int>(*i) == 0;
  ++i;
  return e.size() == 2 && first && static_cast<int>(*i) == 1;
}

constexpr bool keys_and_sealed_data() {
  constexpr bytes_view key = reference("EncryptionKey: keyblock");
  constexpr bytes_view sealed = reference("EncryptedData: enc_data");
  const auto k = decoded<msg::EncryptionKey>(key);
  const auto e = decoded<msg::EncryptedData>(sealed);
  return is_key(k) && encodes(k, key) && is_sealed(e) && encodes(e, sealed);
}
KERB_BOTH("reference: EncryptionKey and EncryptedData", "[msg][rfc4120-5.2.9]", keys_and_sealed_data);

constexpr bool a_signed_kvno() {
  constexpr bytes_view msb = reference("EncryptedData: enc_data(MSB-set kvno)");
  constexpr bytes_view minus_one = reference("EncryptedData: enc_data(kvno=-1)");
  const auto m = decoded<msg::EncryptedData>(msb, der::as_deployed),
             o = decoded<msg::EncryptedData>(minus_one, der::as_deployed);
  return m.kvno == 0xff000000u && o.kvno == 0xffffffffu && !asn1::decode<msg::EncryptedData>(msb, der::strict) &&
         asn1::decode<msg::EncryptedData>(minus_one, der::strict).error().code == errc::bad_integer &&
         encodes(m, msb) && encodes(o, minus_one);
}
KERB_BOTH("reference: a kvno that MIT krb5 writes signed is tolerated and written as it came; strict rules refuse it",
          "[msg][tolerance][rfc4120-5.2.9]", a_signed_kvno);

constexpr bool a_ticket() {
  constexpr bytes_view in = reference("Ticket: ticket");
  const auto t = decoded<msg::Ticket>(in);
  return is_ticket(t) && encodes(t, in);
}
KERB_BOTH("reference: Ticket", "[msg][rfc4120-5.3]", a_ticket);

constexpr bool an_enc_ticket_part() {
  constexpr bytes_view in = reference("EncTicketPart: enc_tkt_part(optionals NULL)");
  const auto t = decoded<msg::EncTicketPart>(in);
  return t.flags.bits == 0xfedcba98u && is_key(t.key) && is_realm(t.crealm) && is_name(t.cname) &&
         t.transited.tr_type == tr_t::domain_x500_compress &&
         is_text(t.transited.contents, "EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.") && t.authtime == when && !t.starttime &&
         t.endtime == when && !t.renew_till && !t.caddr && !t.authorization_data && encodes(t, in);
}
KERB_BOTH("reference: EncTicketPart", "[msg][rfc4120-5.3]", an_enc_ticket_part);

constexpr bool is_body(const msg::KdcReqBody& b, bool server, bool tickets, bool others) {
  if (b.kdc_options.bits != (server ? 0xfedcba90u : 0xfedcba98u) || !is_realm(b.realm) || b.till != when ||
      b.nonce != 42 || !are_etypes(b.etype)) {
    return false;
  }
  if (b.sname.has_value() != server || (server && !is_name(*b.sname))) return false;
  if (b.additional_tickets.has_value() != tickets) return false;
  if (tickets) {
    if (b.additional_tickets->size() != 2) return false;
    for (const msg::Ticket& t : *b.additional_tickets)
      if (!is_ticket(t)) return false;
  }
  if (!others) return !b.cname && !b.from && !b.rtime && !b.addresses && !b.enc_authorization_data;
  return b.cname && is_name(*b.cname) && b.from == when && b.rtime == when && are_addresses(b.addresses) &&
         b.enc_authorization_data && is_sealed(*b.enc_authorization_data);
}
constexpr bool request_bodies() {
  constexpr bytes_view full = reference("KDC-REQ-BODY: kdc_req_body");
  constexpr bytes_view tickets = reference("KDC-REQ-BODY: kdc_req_body(optionals NULL except second_ticket)");
  constexpr bytes_view server = reference("KDC-REQ-BODY: kdc_req_body(optionals NULL except server)");
  const auto f = decoded<msg::KdcReqBody>(full), t = decoded<msg::KdcReqBody>(tickets),
             s = decoded<msg::KdcReqBody>(server);
  return is_body(f, true, true, true) && encodes(f, full) && is_body(t, false, true, false) && encodes(t, tickets) &&
         is_body(s, true, false, false) && encodes(s, server);
}
KERB_BOTH("reference: KDC-REQ-BODY with all, few and no optional fields", "[msg][rfc4120-5.4.1]", request_bodies);

template <class Req>
constexpr bool requests(bytes_view full, bytes_view tickets, bytes_view server) {
  const auto f = decoded<Req>(full), t = decoded<Req>(tickets), s = decoded<Req>(server);
  return are_padata(f.padata) && is_body(f.req_body.value(), true, true, true) && encodes(f, full) &&
         f.req_body.octets() == reference("KDC-REQ-BODY: kdc_req_body") && !t.padata &&
         is_body(t.req_body.value(), false, true, false) && encodes(t, tickets) && !s.padata &&
         is_body(s.req_body.value(), true, false, false) && encodes(s, server);
}
constexpr bool as_requests() {
  return requests<msg::AsReq>(reference("AS-REQ: as_req"),
                              reference("AS-REQ: as_req(optionals NULL except second_ticket)"),
                              reference("AS-REQ: as_req(optionals NULL except server)"));
}
KERB_BOTH("reference: AS-REQ", "[msg][rfc4120-5.4.1]", as_requests);
constexpr bool tgs_requests() {
  return requests<msg::TgsReq>(reference("TGS-REQ: tgs_req"),
                               reference("TGS-REQ: tgs_req(optionals NULL except second_ticket)"),
                               reference("TGS-REQ: tgs_req(optionals NULL except server)"));
}
KERB_BOTH("reference: TGS-REQ", "[msg][rfc4120-5.4.1]", tgs_requests);

constexpr bool replies() {
  constexpr bytes_view as = reference("AS-REP: as_rep(optionals NULL)");
  constexpr bytes_view tgs = reference("TGS-REP: tgs_rep");
  const auto a = decoded<msg::AsRep>(as);
  const auto t = decoded<msg::TgsRep>(tgs);
  return !a.padata && is_realm(a.crealm) && is_name(a.cname) && is_ticket(a.ticket.value()) &&
         a.ticket.octets() == reference("Ticket: ticket") && is_sealed(a.enc_part) && encodes(a, as) &&
         are_padata(t.padata) && is_realm(t.crealm) && is_name(t.cname) && is_ticket(t.ticket.value()) &&
         is_sealed(t.enc_part) && encodes(t, tgs);
}
KERB_BOTH("reference: AS-REP and TGS-REP", "[msg][rfc4120-5.4.2]", replies);

constexpr bool is_reply_part(const msg::EncTgsRepPart& p, bool full) {
  if (!is_key(p.key) || p.last_req.size() != 2 || p.nonce != 42 || p.flags.bits != (full ? 0xfedcba98u : 0xfe5cba98u) ||
      p.authtime != when || p.endtime != when || !is_realm(p.srealm) || !is_name(p.sname) || p.encrypted_pa_data) {
    return false;
  }
  for (const msg::LastReqEntry& l : p.last_req)
    if (l.lr_type != lr_t::any_request_here || l.lr_value != when) return false;
  if (!full) return !p.key_expiration && !p.starttime && !p.renew_till && !p.caddr;
  return p.key_expiration == when && p.starttime == when && p.renew_till == when && are_addresses(p.caddr);
}
constexpr bool reply_parts() {
  constexpr bytes_view full = reference("EncTGSRepPart: enc_kdc_rep_part");
  constexpr bytes_view least = reference("EncTGSRepPart: enc_kdc_rep_part(optionals NULL)");
  const auto f = decoded<msg::EncTgsRepPart>(full), l = decoded<msg::EncTgsRepPart>(least);
  return is_reply_part(f, true) && encodes(f, full) && is_reply_part(l, false) && encodes(l, least);
}
KERB_BOTH("reference: EncTGSRepPart", "[msg][rfc4120-5.4.2]", reply_parts);

constexpr bool ap_messages() {
  constexpr bytes_view req = reference("AP-REQ: ap_req");
  constexpr bytes_view rep = reference("AP-REP: ap_rep");
  constexpr bytes_view part = reference("EncAPRepPart: ap_rep_enc_part(optionals NULL)");
  const auto q = decoded<msg::ApReq>(req);
  const auto p = decoded<msg::ApRep>(rep);
  const auto e = decoded<msg::EncApRepPart>(part);
  return q.ap_options.bits == 0xfedcba98u && is_ticket(q.ticket.value()) && is_sealed(q.authenticator) &&
         encodes(q, req) && is_sealed(p.enc_part) && encodes(p, rep) && e.ctime == when && e.cusec.count == 123456 &&
         !e.subkey && !e.seq_number && encodes(e, part);
}
KERB_BOTH("reference: AP-REQ, AP-REP and EncAPRepPart", "[msg][rfc4120-5.5]", ap_messages);

constexpr bool authenticators() {
  constexpr bytes_view full = reference("Authenticator: authenticator");
  constexpr bytes_view none = reference("Authenticator: authenticator(optionals NULL)");
  const auto f = decoded<msg::Authenticator>(full), n = decoded<msg::Authenticator>(none);
  if (!f.authorization_data || f.authorization_data->size() != 2) return false;
  for (const msg::AuthorizationDataElement& a : *f.authorization_data)
    if (a.ad_type != ad_t::if_relevant || !is_text(a.ad_data, "foobar")) return false;
  return is_realm(f.crealm) && is_name(f.cname) && f.cksum && f.cksum->cksumtype == cksum_t::crc32 &&
         is_text(f.cksum->checksum, "1234") && f.cusec.count == 123456 && f.ctime == when && f.subkey &&
         is_key(*f.subkey) && f.seq_number == 17u && encodes(f, full) && is_realm(n.crealm) && is_name(n.cname) &&
         !n.cksum && n.cusec.count == 123456 && n.ctime == when && !n.subkey && !n.seq_number &&
         !n.authorization_data && encodes(n, none);
}
KERB_BOTH("reference: Authenticator", "[msg][rfc4120-5.5.1]", authenticators);

constexpr bool errors() {
  constexpr bytes_view in = reference("KRB-ERROR: error(optionals NULL)");
  const auto e = decoded<msg::KrbError>(in);
  return !e.ctime && e.cusec && e.cusec->count == 123456 && e.stime == when && e.susec.count == 123456 &&
         e.error_code == error_code_t::krb_err_generic && !e.crealm && !e.cname && is_realm(e.realm) &&
         is_name(e.sname) && !e.e_text && !e.e_data && encodes(e, in);
}
KERB_BOTH("reference: KRB-ERROR", "[msg][rfc4120-5.9.1]", errors);

constexpr bool padata_lists() {
  constexpr bytes_view two = reference("METHOD-DATA: padata_sequence");
  constexpr bytes_view none = reference("METHOD-DATA: padata_sequence(empty)");
  const auto t = list<msg::MethodData>(two), n = list<msg::MethodData>(none);
  return are_padata(t) && encodes(t, two) && n.empty() && encodes(n, none);
}
KERB_BOTH("reference: METHOD-DATA", "[msg][rfc4120-5.2.7]", padata_lists);

constexpr bool etype_infos() {
  constexpr bytes_view three = reference("ETYPE-INFO: etype_info");
  constexpr bytes_view one = reference("ETYPE-INFO: etype_info(only 1)");
  constexpr bytes_view none = reference("ETYPE-INFO: etype_info(no info)");
  const auto t = list<msg::EtypeInfo>(three), o = list<msg::EtypeInfo>(one), n = list<msg::EtypeInfo>(none);
  auto i = t.begin();
  const msg::EtypeInfoEntry first = *i++, second = *i++, third = *i;
  return t.size() == 3 && static_cast<int>(first.etype) == 0 && first.salt && is_text(*first.salt, "Morton's #0") &&
         static_cast<int>(second.etype) == 1 && !second.salt && third.salt && is_text(*third.salt, "Morton's #2") &&
         o.size() == 1 && n.empty() && encodes(t, three) && encodes(o, one) && encodes(n, none);
}
KERB_BOTH("reference: ETYPE-INFO", "[msg][rfc4120-5.2.7.4]", etype_infos);

constexpr bool etype_infos_2() {
  constexpr bytes_view three = reference("ETYPE-INFO2: etype_info2");
  constexpr bytes_view one = reference("ETYPE-INFO2: etype_info2(only 1)");
  const auto t = list<msg::EtypeInfo2>(three), o = list<msg::EtypeInfo2>(one);
  auto i = t.begin();
  const msg::EtypeInfo2Entry first = *i++, second = *i++, third = *i;
  return t.size() == 3 && first.salt && *first.salt == "Morton's #0" && first.s2kparams &&
         is_text(*first.s2kparams, "s2k: 0") && !second.salt && second.s2kparams &&
         is_text(*second.s2kparams, "s2k: 1") && static_cast<int>(third.etype) == 2 && third.salt &&
         *third.salt == "Morton's #2" && o.size() == 1 && encodes(t, three) && encodes(o, one);
}
KERB_BOTH("reference: ETYPE-INFO2", "[msg][rfc4120-5.2.7.5]", etype_infos_2);

constexpr bool encrypted_timestamps() {
  constexpr bytes_view in = reference("PA-ENC-TS-ENC: pa_enc_ts (no usec)");
  const auto t = decoded<msg::PaEncTsEnc>(in);
  return t.patimestamp == when && !t.pausec && encodes(t, in);
}
KERB_BOTH("reference: PA-ENC-TS-ENC", "[msg][rfc4120-5.2.7.2]", encrypted_timestamps);

// With EncryptedData's signed kvno as the one exception, which strict rules refuse.
template <std::size_t From, std::size_t To>
constexpr bool each_comes_back() {
  bool good = true;
  for (std::size_t n = From; n < To && n < kerb_test::asn1_vectors.size(); ++n) {
    const auto& v = kerb_test::asn1_vectors[n];
    if (v.name.find("kvno") != v.name.npos) continue;
    good = kerb_test::with_kind(v.name.substr(0, v.name.find(':')),
                                [&](auto k) {
                                  const auto r = kerb_test::decode_kind(k, v.der, der::strict);
                                  good = good && r && encodes(*r, v.der);
                                }) &&
           good;
  }
  return good;
}
static_assert(kerb_test::asn1_vectors.size() <= 80);
KERB_BOTH("reference: the first twenty encodings come back", "[msg]", each_comes_back<0, 20>);
KERB_BOTH("reference: the second twenty encodings come back", "[msg]", each_comes_back<20, 40>);
KERB_BOTH("reference: the third twenty encodings come back", "[msg]", each_comes_back<40, 60>);
KERB_BOTH("reference: the last encodings come back", "[msg]", each_comes_back<60, 80>);

TEST_CASE("reference: every encoding comes back as the same octets", "[msg]") {
  for (const auto& v : kerb_test::asn1_vectors) {
    const std::string_view type = v.name.substr(0, v.name.find(':'));
    INFO(v.name);
    const bool signed_kvno = v.name.find("kvno") != v.name.npos;
    CHECK(kerb_test::with_kind(type, [&](auto k) {
      const auto r = kerb_test::decode_kind(k, v.der, signed_kvno ? der::as_deployed : der::strict);
      REQUIRE(r);
      std::array<std::uint8_t, 600> buffer{};
      const auto out = asn1::encode(*r, buffer);
      REQUIRE(out);
      CHECK(out->size() == asn1::encoded_size(*r));
      CHECK((signed_kvno || *out == v.der));
    }));
  }
}

}  // namespace
