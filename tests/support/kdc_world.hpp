// A KDC that says whatever a test wants it to say, under keys that the test knows.
#pragma once
#include <kerb/client.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/mint.hpp>

#include "must.hpp"

// An inline namespace of its own: other helpers in the same program have an alice too.
namespace kerb_test::inline kdc_world_names {
using namespace kerb;
using namespace kerb::literals;

inline constexpr timestamp noon{{1767268800}, {250000}};  // 2026-01-01T12:00:00.25Z
inline constexpr etype_t e17 = etype_t::aes128_cts_hmac_sha1_96, e18 = etype_t::aes256_cts_hmac_sha1_96,
                         e19 = etype_t::aes128_cts_hmac_sha256_128, e20 = etype_t::aes256_cts_hmac_sha384_192;

inline constexpr kerberos_string ex_org = "EX.ORG"_krb, other_org = "OTHER.ORG"_krb;
inline constexpr kerberos_string alice_parts[] = {"alice"_krb}, mallory_parts[] = {"mallory"_krb},
                                 krbtgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb},
                                 referral_parts[] = {"krbtgt"_krb, "OTHER.ORG"_krb},
                                 web_parts[] = {"HTTP"_krb, "web.ex.org"_krb},
                                 ftp_parts[] = {"ftp"_krb, "web.ex.org"_krb};

constexpr principal_view named(view_of<kerberos_string> parts, kerberos_string realm = ex_org,
                               name_t type = name_t::principal) {
  return {{type, parts}, realm};
}
constexpr principal_view alice() { return named(alice_parts); }
constexpr principal_view mallory() { return named(mallory_parts); }
constexpr principal_view krbtgt() { return named(krbtgt_parts, ex_org, name_t::srv_inst); }
constexpr principal_view web() { return named(web_parts); }
constexpr principal_view ftp() { return named(ftp_parts); }

/// All that a reply says, to be bent by a test.
struct reply_spec {
  principal_view client = alice();
  principal_view ticket_service;
  msg::EncAsRepPart part;
  const key* seal_with = nullptr;
  key_usage_t usage = key_usage_t::as_rep_enc_part;
  std::optional<msg::MethodData> padata;
  etype_t claimed{};  ///< the etype beside the cipher, where it is to differ from the key's
  bool as_26 = true;  ///< APPLICATION 26, as MIT's KDC writes both
};
/// Leaves a reply as it is.
inline constexpr auto honest = [](reply_spec&) {};

/// All that a KRB-ERROR with METHOD-DATA says.
struct hints_spec {
  error_code_t code = error_code_t::kdc_err_preauth_required;
  etype_t etype = e20;
  std::optional<kerberos_string> salt{};
  std::optional<bytes_view> s2kparams{};
  std::optional<bytes_view> cookie{};
  bool info = true;        ///< PA-ETYPE-INFO2 is there
  bool timestamp = true;   ///< PA-ENC-TIMESTAMP is offered
  bool strangers = false;  ///< mechanisms that nobody knows come first
};

class kdc_world {
 public:
  testing::insecure_policy policy;
  timestamp now = noon;
  exchange_limits limits{};

  constexpr kdc_world()
      : client_key(make(e20, 0x11)),
        tgs_key(make(e20, 0x22)),
        session_key(make(e20, 0x33)),
        service_key(make(e18, 0x44)) {
    std::array<std::uint8_t, 64> salt{};
    const bytes_view s = write_default_salt(alice(), std::span(salt).first(default_salt_size(alice())));
    client_key = must(policy.string_to_key(e20, password, s, {32768}));
  }

  key client_key, tgs_key, session_key, service_key;
  static constexpr std::array<std::uint8_t, 6> password_octets = {'s', 'e', 's', 'a', 'm', 'e'};
  static constexpr secret_view password{password_octets.data(), password_octets.size()};

  constexpr key make(etype_t e, std::uint8_t fill) {
    std::array<std::uint8_t, 32> o{};
    for (std::uint8_t& b : o) b = fill++;
    return must(policy.import(e, bytes_view(o).first(policy.seed_octets(e))));
  }
  constexpr auto turn_at(timestamp t) { return environment{policy, t, limits}; }
  constexpr auto env_now() { return turn_at(now); }

  constexpr as_params<key> ask_as(std::span<std::uint8_t> buffer) {
    return {.client = alice(), .password = password, .buffer = buffer};
  }

  /// A KRB-ERROR with hints for pre-authentication; lies in this object until the next one.
  constexpr bytes_view hints(const hints_spec& h = {}) {
    const msg::EtypeInfo2Entry entries[] = {{etype_t::rc4_hmac, {}, {}}, {h.etype, h.salt, h.s2kparams}};
    std::array<std::uint8_t, 256> info{}, data{};
    const bytes_view encoded = must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info));
    fixed<msg::PaData, 6> list;
    bool ok = true;
    if (h.strangers)
      ok = list.push_back({padata_t(999), bytes_view(info).first(3)}) && list.push_back({padata_t::spake, {}});
    if (h.info) ok = ok && list.push_back({padata_t::etype_info2, encoded});
    if (h.cookie) ok = ok && list.push_back({padata_t::fx_cookie, *h.cookie});
    if (h.timestamp) ok = ok && list.push_back({padata_t::enc_timestamp, {}});
    if (!ok) return {};
    return error(h.code, must(asn1::encode(msg::MethodData(view_of<msg::PaData>(list)), data)));
  }
  constexpr bytes_view error(error_code_t code, std::optional<bytes_view> e_data = {}, timestamp stime = noon) {
    msg::KrbError e;
    e.stime = stime.at;
    e.susec = stime.usec;
    e.error_code = code;
    e.realm = ex_org;
    e.sname = krbtgt().name;
    e.e_data = e_data;
    return must(asn1::encode(e, error_));
  }

  /// An AS-REP to the request, as `bend` makes it; lies in this object until the next one.
  template <class F>
  constexpr bytes_view as_rep(bytes_view request, F bend) {
    const auto req = asn1::decode<msg::AsReq>(request);
    if (!req) return {};
    reply_spec s = spec(req->req_body.value(), krbtgt());
    s.part.flags = {ticket_flag_t::initial};
    s.seal_with = &client_key;
    bend(s);
    return mint_reply<msg_t::as_rep>(s);
  }
  /// A TGS-REP to the request, sealed under the subkey of its authenticator if there is one.
  template <class F>
  constexpr bytes_view tgs_rep(bytes_view request, F bend) {
    const auto req = asn1::decode<msg::TgsReq>(request);
    if (!req) return {};
    reply_spec s = spec(req->req_body.value(), {must(req->req_body->sname), req->req_body->realm});
    key subkey;
    s.seal_with = &session_key;
    s.usage = key_usage_t::tgs_rep_enc_part_session;
    if (auto a = authenticator(request); a && a->subkey) {
      subkey = must(policy.import(a->subkey->keytype, a->subkey->keyvalue));
      s.seal_with = &subkey;
      s.usage = key_usage_t::tgs_rep_enc_part_subkey;
    }
    bend(s);
    return mint_reply<msg_t::tgs_rep>(s);
  }
  /// The AP-REQ in a TGS-REQ's padata.
  constexpr result<msg::ApReq> ap_req_of(bytes_view tgs_params) const {
    const auto req = asn1::decode<msg::TgsReq>(tgs_params);
    if (!req || !req->padata || req->padata->size() != 1) return errc::missing_field;
    const msg::PaData pa = *req->padata->begin();
    if (pa.padata_type != padata_t::tgs_req) return errc::missing_field;
    return asn1::decode<msg::ApReq>(pa.padata_value);
  }
  /// The authenticator in a TGS-REQ, opened with the session key as a KDC does.
  constexpr result<msg::Authenticator> authenticator(bytes_view tgs_params) {
    const auto ap = ap_req_of(tgs_params);
    if (!ap) return ap.error();
    const auto plain =
        policy.unseal(session_key, key_usage_t::tgs_req_authenticator, ap->authenticator.cipher, opened_);
    if (!plain) return plain.error();
    return asn1::decode<msg::Authenticator>(bytes_view(*plain));
  }

  /// A ticket-granting ticket of Alice's, as if it came from a cache.
  constexpr basic_credential<key> tgt() {
    ticket_facts f;
    f.client = alice();
    f.server = krbtgt();
    f.ticket = ticket(krbtgt(), tgs_key);
    f.flags = {ticket_flag_t::initial};
    f.authtime = f.starttime = {noon.at.seconds - 600};
    f.endtime = {noon.at.seconds + 36000};
    return {f, session_key.copy()};
  }
  /// A Ticket's octets, which nobody but its service can open.
  constexpr bytes_view ticket(const principal_view& service, const key& k) {
    msg::EncTicketPart p;
    const key sealed = make(session_key.etype(), 0x66);  // not the client's copy, which must be nowhere in its buffer
    p.key = {sealed.etype(), policy.expose(sealed).unguarded()};
    p.crealm = ex_org;
    p.cname = alice().name;
    p.authtime = noon.at;
    p.endtime = plus(noon.at, 36000);
    return must(testing::mint_ticket(service, p, k, 1, env_now(), ticket_));
  }

 private:
  constexpr reply_spec spec(const msg::KdcReqBody& body, const principal_view& service) {
    reply_spec s;
    s.ticket_service = service;
    s.part.key = {session_key.etype(), policy.expose(session_key).unguarded()};
    s.part.nonce = body.nonce;
    s.part.authtime = now.at;
    s.part.starttime = now.at;
    s.part.endtime = body.till.seconds != 0 ? body.till : plus(now.at, 36000);
    s.part.srealm = service.realm;
    s.part.sname = service.name;
    return s;
  }
  template <msg_t M>
  constexpr bytes_view mint_reply(const reply_spec& s) {
    const bytes_view t = ticket(s.ticket_service, service_key);
    const auto made =
        s.as_26
            ? testing::mint_kdc_rep<M>(s.client, t, as_tgs(s.part), *s.seal_with, s.usage, env_now(), reply_, s.padata)
            : testing::mint_kdc_rep<M>(s.client, t, s.part, *s.seal_with, s.usage, env_now(), reply_, s.padata);
    if (!made || s.claimed == etype_t{}) return made.value_or(bytes_view());
    auto rep = must(asn1::decode<msg::KdcRep<M>>(*made));
    rep.enc_part.etype = s.claimed;
    return must(asn1::encode(rep, relabelled_));
  }
  static constexpr msg::EncTgsRepPart as_tgs(const msg::EncAsRepPart& p) {
    return {p.key,     p.last_req,   p.nonce,  p.key_expiration, p.flags, p.authtime,         p.starttime,
            p.endtime, p.renew_till, p.srealm, p.sname,          p.caddr, p.encrypted_pa_data};
  }

  std::array<std::uint8_t, 512> error_{};
  std::array<std::uint8_t, 1024> reply_{}, relabelled_{};
  std::array<std::uint8_t, 512> ticket_{}, opened_{};
};

/// Whether `needle` stands anywhere in `hay`: what must not be left behind.
constexpr bool holds(bytes_view hay, bytes_view needle) {
  for (std::size_t i = 0; i + needle.size() <= hay.size(); ++i)
    if (hay.subview(i, needle.size()) == needle) return true;
  return false;
}
/// The error that a step carries, if it says `failed` or `ignored`.
template <class... Word>
constexpr error why(const std::variant<Word...>& step) {
  return std::visit(
      [](const auto& w) -> error {
        if constexpr (requires { w.why; }) return w.why;
        else return {};
      },
      step);
}
template <class... Word>
constexpr bool fails_with(const std::variant<Word...>& step, errc code, std::string_view field) {
  return is<failed>(step) && why(step).code == code && std::string_view(why(step).field) == field;
}

}  // namespace kerb_test::inline kdc_world_names
