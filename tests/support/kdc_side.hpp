// A KDC, and the requests of a client that a test may have say anything.
#pragma once
#include <kerb/crypto/prf.hpp>
#include <kerb/kdc.hpp>
#include <kerb/msg/fast.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/mint.hpp>

#include "must.hpp"

namespace kerb_kdc_test {
using namespace kerb;
using namespace kerb::literals;

inline constexpr timestamp noon{{1767268800}, {250000}};  // 2026-01-01T12:00:00.25Z
inline constexpr etype_t e17 = etype_t::aes128_cts_hmac_sha1_96, e18 = etype_t::aes256_cts_hmac_sha1_96,
                         e19 = etype_t::aes128_cts_hmac_sha256_128, e20 = etype_t::aes256_cts_hmac_sha384_192;

inline constexpr kerberos_string ex_org = "EX.ORG"_krb, other_org = "OTHER.ORG"_krb, far_org = "FAR.ORG"_krb;
inline constexpr kerberos_string alice_parts[] = {"alice"_krb}, bob_parts[] = {"bob"_krb},
                                 krbtgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb},
                                 to_other_parts[] = {"krbtgt"_krb, "OTHER.ORG"_krb},
                                 web_parts[] = {"HTTP"_krb, "web.ex.org"_krb},
                                 changepw_parts[] = {"kadmin"_krb, "changepw"_krb};
constexpr principal_view named(view_of<kerberos_string> parts, kerberos_string realm = ex_org,
                               name_t type = name_t::principal) {
  return {{type, parts}, realm};
}
constexpr principal_view alice() { return named(alice_parts); }
constexpr principal_view bob() { return named(bob_parts); }
constexpr principal_view krbtgt() { return named(krbtgt_parts, ex_org, name_t::srv_inst); }
constexpr principal_view from_other() { return named(krbtgt_parts, other_org, name_t::srv_inst); }
constexpr principal_view to_other() { return named(to_other_parts, ex_org, name_t::srv_inst); }
constexpr principal_view web() { return named(web_parts); }
constexpr principal_view changepw() { return named(changepw_parts); }

/// How a request ended. Views lie in the world.
struct outcome {
  bool issued = false;
  error why{};
  std::optional<msg::KrbError> sent;  ///< the refusal
  bool silent = false;                ///< refused with no octets
  msg::EncTicketPart ticket;          ///< as the server sees it
  msg::EncTgsRepPart part;            ///< as the client sees it
  etype_t ticket_etype{}, reply_etype{};
  std::optional<std::uint32_t> ticket_kvno;
  integer_form ticket_kvno_form{};
  principal_view clear_client, clear_server;
  std::optional<msg::MethodData> padata;
  bytes_view octets;

  constexpr bool is(error_code_t code) const { return !issued && sent && sent->error_code == code; }
  constexpr bool is(error_code_t code, errc c, std::string_view type, std::string_view field) const {
    return is(code) && why.code == c && type == why.type && field == why.field;
  }
};

template <class C = testing::insecure_policy>
class kdc_side {
 public:
  using key = typename C::key;
  C crypto;
  timestamp now = noon;
  exchange_limits limits{};
  kdc_policy settings{.realm = ex_org};
  kdc_peer peer{};

  /// One principal of the database.
  struct entry {
    key own;
    key older;
    std::optional<long_term_key<C>> keys[2]{};
    principal_record<C> record{};
    bool there = true;
  };

  constexpr kdc_side() {
    lay(client, alice(), e20, 0x11, "alices salt"_krb);
    lay(user, bob(), e18, 0x21, "bobs salt"_krb);
    lay(tgs, krbtgt(), e18, 0x31);
    lay(service, web(), e20, 0x41);
    lay(changer, changepw(), e18, 0x51);
    lay(incoming, from_other(), e18, 0x61);
    lay(outgoing, to_other(), e18, 0x71);
    body.realm = ex_org;
    body.till = plus(noon.at, 36000);
    body.nonce = 12345;
    body.etype = view_of<etype_t>(offer);
    tgt.flags = {ticket_flag_t::initial, ticket_flag_t::pre_authent};
    tgt.crealm = ex_org;
    tgt.cname = alice().name;
    tgt.transited.tr_type = tr_t::domain_x500_compress;
    tgt.authtime = plus(noon.at, -600);
    tgt.endtime = plus(noon.at, 7200);
    authenticator.crealm = ex_org;
    authenticator.cname = alice().name;
    authenticator.ctime = noon.at;
    authenticator.cusec = noon.usec;
    session = make(e18, 0x91);
    subkey = make(e20, 0xa1);
    second_session = make(e18, 0xb1);
  }
  kdc_side(const kdc_side&) = delete;

  entry client, user, tgs, service, changer, incoming, outgoing;
  key session, subkey, second_session;
  std::array<etype_t, 4> offer{e20, e19, e18, e17};

  // What a request says
  msg::KdcReqBody body;
  bool with_timestamp = true;
  std::optional<timestamp> stamp{};          ///< the time in it; none: now
  const key* stamp_key = nullptr;            ///< null: the client's
  std::optional<bytes_view> stamp_octets{};  ///< instead of it
  bool ask_enc_pa_rep = false;
  msg::EncTicketPart tgt;
  principal_view tgt_server = krbtgt();
  const key* tgt_key = nullptr;  ///< null: that of tgs
  std::optional<std::uint32_t> tgt_kvno = 1;
  msg::Authenticator authenticator;
  bool with_subkey = false, with_cksum = true, with_tgt = true;
  std::optional<cksum_t> cksum_type{};  ///< the label, instead of the right one
  const key* cksum_key = nullptr;       ///< null: the session key
  const key* sealed_by = nullptr;       ///< the authenticator; null: the session key
  key_usage_t usage = key_usage_t::tgs_req_authenticator;
  void (*alter_body)(msg::KdcReqBody&) = nullptr;  ///< after the checksum was made
  view_of<msg::AuthorizationDataElement> added{};  ///< enc-authorization-data
  const key* added_by = nullptr;                   ///< null: what it ought to be
  std::optional<msg::EncTicketPart> second{};      ///< the additional ticket
  principal_view second_server = krbtgt();
  view_of<msg::PaData> more_padata{};        ///< in front of the ticket that authenticates the request
  std::optional<msg::MethodData> armored{};  ///< under FAST
  std::optional<msg::KrbFastArmor> armor{};
  const key* armor_key = nullptr;  ///< null: that of the subkey and the session key
  /// Octets that are sealed instead of what ought to be.
  struct {
    std::optional<bytes_view> tgt{}, authenticator{}, added{}, second{}, fast{};
  } raw;
  std::optional<etype_t> session_label{}, subkey_label{}, second_label{};  ///< instead of the keys' own types
  msg::ApOptions ap_options{};
  std::optional<kerberos_string> refer{};  ///< what the directory says of a server that it does not know
  std::optional<principal_view> alias{};   ///< another name of alias_of
  entry* alias_of = nullptr;
  // What the caller does
  issue_options options{};
  std::optional<error_code_t> refuse{};
  request_verdict seen = request_verdict::fresh;  ///< what the request cache says
  std::optional<bytes_view> sign_with{};          ///< what sign_ticket is filled with
  unsigned asked = 0;                             ///< principals
  const key* opens_with = nullptr;                ///< the new ticket; null: with the server's own key
  std::array<std::uint8_t, 8192> scratch{};       ///< a space for tests that drive a KDC by themselves

  constexpr environment<C> env_now() { return {crypto, now, limits}; }
  constexpr key make(etype_t e, std::uint8_t fill) {
    std::array<std::uint8_t, 32> o{};
    for (std::uint8_t& b : o) b = fill++;
    return kerb_test::must(crypto.import(e, bytes_view(o).first(crypto.seed_octets(e))));
  }
  constexpr void lay(entry& e, const principal_view& p, etype_t etype, std::uint8_t fill,
                     std::optional<kerberos_string> salt = {}) {
    e.own = make(etype, fill);
    e.keys[0].emplace(long_term_key<C>{.kvno = 1, .key = e.own, .salt = salt});
    e.record.principal = p;
    e.record.keys = view_of<long_term_key<C>>(&*e.keys[0], 1);
  }
  /// The answer to need_principal.
  constexpr entry* find(const principal_view& p) {
    for (entry* e : {&client, &user, &tgs, &service, &changer, &incoming, &outgoing})
      if (e->there && same_principal(e->record.principal, p)) return e;
    return alias && same_principal(*alias, p) ? alias_of : nullptr;
  }

  constexpr bytes_view as_req() {
    if (!body.cname) body.cname = alice().name;
    if (!body.sname) body.sname = krbtgt().name;
    const environment<C> t = env_now();
    std::array<std::uint8_t, 128> sealed{};
    fixed<msg::PaData, 4> list;
    bool ok = true;
    if (ask_enc_pa_rep) ok = list.push_back({padata_t::req_enc_pa_rep, {}});
    if (with_timestamp) {
      const timestamp at = stamp.value_or(now);
      errc why = errc::ok;
      auto ts = asn1::computed{[&](der::writer& w) {
        write_sealed(w, msg::PaEncTsEnc{at.at, at.usec}, stamp_key == nullptr ? client.own : *stamp_key,
                     key_usage_t::as_req_enc_timestamp, t, why);
      }};
      ok = ok && list.push_back({padata_t::enc_timestamp,
                                 stamp_octets ? *stamp_octets : kerb_test::must(asn1::encode(ts, sealed))});
    }
    msg::AsReq req{{}, captured<msg::KdcReqBody>::of(body)};
    if (!list.empty()) req.padata = view_of<msg::PaData>(list);
    return ok ? kerb_test::must(asn1::encode(req, request_)) : bytes_view();
  }

  constexpr bytes_view tgs_req() {
    if (!body.sname) body.sname = web().name;
    const environment<C> t = env_now();
    tgt.key = {session_label.value_or(crypto.etype_of(session)), crypto.expose(session).unguarded()};
    const bytes_view ticket =
        minted(tgt_server, tgt, raw.tgt, tgt_key == nullptr ? tgs.own : *tgt_key, tgt_kvno, ticket_);
    if (with_subkey)
      authenticator.subkey = {subkey_label.value_or(crypto.etype_of(subkey)), crypto.expose(subkey).unguarded()};
    if (!added.empty()) {
      errc why = errc::ok;
      const key& k = added_by != nullptr ? *added_by : with_subkey ? subkey : session;
      const msg::AuthorizationData list(added);
      auto data = or_raw(list, raw.added);
      const auto u = with_subkey ? key_usage_t::tgs_req_ad_subkey : key_usage_t::tgs_req_ad_session;
      auto sealed = asn1::computed{[&](der::writer& w) { write_sealed(w, data, k, u, t, why); }};
      body.enc_authorization_data =
          kerb_test::must(asn1::decode<msg::EncryptedData>(kerb_test::must(asn1::encode(sealed, added_))));
    }
    if (second) {
      second->key = {second_label.value_or(crypto.etype_of(second_session)), crypto.expose(second_session).unguarded()};
      const bytes_view octets = minted(second_server, *second, raw.second, tgs.own, 1, second_octets_);
      second_ticket_[0] = kerb_test::must(asn1::decode<msg::Ticket>(octets));
      body.additional_tickets = view_of<msg::Ticket>(second_ticket_);
    }
    bytes_view octets = kerb_test::must(asn1::encode(body, body_));
    const key& ck = cksum_key == nullptr ? session : *cksum_key;
    const cksum_shape shape = kerb_test::must(crypto.cksum_of(crypto.etype_of(ck)));
    std::array<std::uint8_t, 32> mac{};
    const bytes_view pieces[] = {octets};
    (void)crypto.sign(shape.type, ck, key_usage_t::tgs_req_authenticator_cksum, pieces,
                      std::span(mac).first(shape.octets));
    if (with_cksum)
      authenticator.cksum = msg::Checksum{cksum_type.value_or(shape.type), bytes_view(mac).first(shape.octets)};
    if (alter_body != nullptr) {
      alter_body(body);
      octets = kerb_test::must(asn1::encode(body, body_));
    }
    errc why = errc::ok;
    auto plain = or_raw(authenticator, raw.authenticator);
    auto sealed = asn1::computed{
        [&](der::writer& w) { write_sealed(w, plain, sealed_by == nullptr ? session : *sealed_by, usage, t, why); }};
    const bytes_view ap = kerb_test::must(asn1::encode(
        msg::BasicApReq<decltype(sealed)>{ap_options, captured<msg::Ticket>::as_sent(ticket), sealed}, ap_req_));
    fixed<msg::PaData, 8> list;
    bool fits = list.push_back({padata_t(999), {}});
    for (const msg::PaData& pa : more_padata) fits = fits && list.push_back(pa);
    fits = fits && list.push_back({padata_t::tgs_req, ap});
    if (armored) fits = fits && list.push_back({padata_t::fx_fast, fast(octets)});
    if (!fits) return {};
    msg::TgsReq req{{}, captured<msg::KdcReqBody>::as_sent(octets)};
    if (with_tgt) req.padata = msg::MethodData(view_of<msg::PaData>(list));
    return kerb_test::must(asn1::encode(req, request_));
  }

  /// The KDC's answer to a request.
  constexpr outcome ask(bytes_view request) {
    outcome o;
    const environment<C> t = env_now();
    kdc<C> x(settings, workspace_, peer);
    kdc_step step = x.receive(request, t);
    for (int i = 0; i != 20; ++i) {
      if (const auto* a = std::get_if<need_principal>(&step)) {
        ++asked;
        const entry* const e = find(a->principal);
        if (e != nullptr) step = x.found(e->record, t);
        else if (refer && (a->role == principal_role::server || a->role == principal_role::client))
          step = x.refer_to(*refer, t);
        else step = x.absent(t);
      } else if (is<authorize>(step)) {
        step = refuse ? x.refuse(*refuse, t) : x.issue(options, t);
      } else if (const auto* s = std::get_if<sign_ticket>(&step)) {
        if (sign_with) copy(*sign_with, s->reserved);
        step = x.signed_ticket(t);
      } else if (is<check_request>(step)) {
        step = x.request_checked(seen, t);
      } else if (const auto* r = std::get_if<reply>(&step)) {
        return opened(r->octets, x.tgs() != nullptr);
      } else if (const auto* no = std::get_if<refused>(&step)) {
        o.why = no->why;
        o.silent = no->octets.empty();
        o.octets = copy(no->octets, answer_);
        if (const auto e = asn1::decode<msg::KrbError>(o.octets)) o.sent = *e;
        return o;
      } else if (const auto* f = std::get_if<failed>(&step)) {
        o.why = f->why;
        return o;
      } else {
        return o;
      }
    }
    return o;
  }
  constexpr outcome ask_as() { return ask(as_req()); }
  constexpr outcome ask_tgs() { return ask(tgs_req()); }

 private:
  /// As many octets as there are, or fails the test where `to` is too small.
  static constexpr bytes_view copy(bytes_view from, std::span<std::uint8_t> to) {
    if (from.size() > to.size())
      kerb_test::missing_value({errc::no_space, 0, static_cast<std::uint32_t>(from.size())},
                               std::source_location::current());
    detail::copy_octets(from.data(), from.size(), to.data());
    return bytes_view(to).first(from.size());
  }
  template <class T>
  static constexpr auto or_raw(const T& value, const std::optional<bytes_view>& octets) {
    return asn1::computed{[&](der::writer& w) {
      if (octets) w.octets(*octets);
      else asn1::write(w, value);
    }};
  }
  constexpr bytes_view minted(const principal_view& server, const msg::EncTicketPart& part,
                              const std::optional<bytes_view>& octets, const key& k, std::optional<std::uint32_t> kvno,
                              std::span<std::uint8_t> out) {
    errc why = errc::ok;
    const environment<C> t = env_now();
    auto plain = or_raw(part, octets);
    auto sealed = asn1::computed{[&](der::writer& w) { write_sealed(w, plain, k, key_usage_t::ticket, t, why, kvno); }};
    return kerb_test::must(asn1::encode(msg::BasicTicket<decltype(sealed)>{server.realm, server.name, sealed}, out));
  }
  /// PA-FX-FAST-REQUEST around `armored` and this body, RFC 6113 section 5.4.2.
  constexpr bytes_view fast(bytes_view body_octets) {
    constexpr std::uint8_t subkey_armor[] = {'s', 'u', 'b', 'k', 'e', 'y', 'a', 'r', 'm', 'o', 'r'},
                           ticket_armor[] = {'t', 'i', 'c', 'k', 'e', 't', 'a', 'r', 'm', 'o', 'r'};
    const auto made = fx_cf2(crypto, subkey, session, subkey_armor, ticket_armor);
    const key& k = armor_key == nullptr ? kerb_test::must(made) : *armor_key;
    const environment<C> t = env_now();
    errc why = errc::ok;
    const msg::KrbFastReq inner{{}, *armored, captured<msg::KdcReqBody>::as_sent(body_octets), {}};
    auto plain = or_raw(inner, raw.fast);
    auto sealed = asn1::computed{[&](der::writer& w) { write_sealed(w, plain, k, key_usage_t::fast_enc, t, why); }};
    const msg::KrbFastArmoredReq whole{
        armor,
        {cksum_t::hmac_sha1_96_aes256, {}},
        kerb_test::must(asn1::decode<msg::EncryptedData>(kerb_test::must(asn1::encode(sealed, inner_)))),
        {}};
    return kerb_test::must(asn1::encode(msg::PaFxFastRequest{whole}, fast_));
  }
  constexpr outcome opened(bytes_view octets, bool by_tgs) {
    outcome o;
    o.octets = copy(octets, answer_);
    detail::workspace& opened_in = opened_in_ = detail::workspace(opened_);
    if (by_tgs) {
      const auto rep = asn1::decode<msg::TgsRep>(o.octets);
      if (!rep) return o;
      const key& k = with_subkey ? subkey : session;
      const auto u = with_subkey ? key_usage_t::tgs_rep_enc_part_subkey : key_usage_t::tgs_rep_enc_part_session;
      return fill(o, *rep, k, u, opened_in);
    }
    const auto rep = asn1::decode<msg::AsRep>(o.octets);
    if (!rep) return o;
    const entry* const who = find({kerb_test::must(body.cname), ex_org});
    return fill(o, *rep, who == nullptr ? client.own : who->own, key_usage_t::as_rep_enc_part, opened_in);
  }
  template <class Rep>
  constexpr outcome fill(outcome o, const Rep& rep, const key& reply_key, key_usage_t u, detail::workspace& in) {
    const msg::Ticket& ticket = rep.ticket.value();
    o.clear_client = {rep.cname, rep.crealm};
    o.clear_server = {ticket.sname, ticket.realm};
    o.ticket_etype = ticket.enc_part.etype;
    o.ticket_kvno = ticket.enc_part.kvno;
    o.ticket_kvno_form = ticket.enc_part.kvno.value_or(0).form();
    o.reply_etype = rep.enc_part.etype;
    o.padata = rep.padata;
    const auto plain = open_sealed(crypto, rep.enc_part, reply_key, u, in);
    if (!plain) return o;
    if (const auto as = asn1::decode<msg::EncAsRepPart>(bytes_view(*plain))) {
      o.part = {
          as->key,     as->last_req,   as->nonce,  as->key_expiration, as->flags, as->authtime,         as->starttime,
          as->endtime, as->renew_till, as->srealm, as->sname,          as->caddr, as->encrypted_pa_data};
    } else {
      return o;
    }
    const bool to_user = body.kdc_options.has(kdc_option_t::enc_tkt_in_skey);
    const entry* const s = find(o.clear_server);
    if (s == nullptr && !to_user) return o;
    const key& sealed = opens_with != nullptr ? *opens_with : to_user ? second_session : s->own;
    const auto part = open_sealed(crypto, ticket.enc_part, sealed, key_usage_t::ticket, in);
    if (!part) return o;
    if (const auto p = asn1::decode<msg::EncTicketPart>(bytes_view(*part))) {
      o.ticket = *p;
      o.issued = true;
    }
    return o;
  }

  std::array<std::uint8_t, 2048> ticket_{}, second_octets_{}, body_{}, added_{}, inner_{}, fast_{};
  std::array<msg::Ticket, 1> second_ticket_{};
  std::array<std::uint8_t, 4096> ap_req_{}, opened_{};
  std::array<std::uint8_t, 8192> request_{}, answer_{};
  std::array<std::uint8_t, 16384> workspace_{};
  detail::workspace opened_in_;  // what the outcome's views are of
};
using kdc_world = kdc_side<>;

/// The code of the refusal that a step sends; KDC_ERR_NONE where it sends none.
constexpr error_code_t code_of(const kdc_step& s) {
  const auto* no = std::get_if<refused>(&s);
  const auto e = no == nullptr ? result<msg::KrbError>(errc::truncated) : asn1::decode<msg::KrbError>(no->octets);
  return e ? e->error_code : error_code_t::kdc_err_none;
}
/// The METHOD-DATA of a refusal.
constexpr std::optional<msg::MethodData> method_data(const outcome& r) {
  if (!r.sent || !r.sent->e_data) return std::nullopt;
  const auto m = asn1::decode_as<msg::MethodData>("METHOD-DATA", *r.sent->e_data);
  return m ? std::optional(*m) : std::nullopt;
}
/// The value of the first padata of this type.
constexpr std::optional<bytes_view> padata_of(const std::optional<msg::MethodData>& m, padata_t type) {
  if (!m) return std::nullopt;
  for (const msg::PaData p : *m)
    if (p.padata_type == type) return p.padata_value;
  return std::nullopt;
}

}  // namespace kerb_kdc_test
