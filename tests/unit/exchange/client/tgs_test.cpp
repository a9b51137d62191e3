// The TGS client: what it sends, what it accepts, and every reply that it must not accept.
#include <kerb/exchange/client/tgs.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;
using client = tgs_client<testing::insecure_policy>;
using credential = basic_credential<key>;

namespace {

constexpr bytes_view octets_of_send(const client::step& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}
constexpr tgs_params<key> ask_for(const credential& tgt, std::span<std::uint8_t> buffer) {
  return {.tgt = tgt, .server = web(), .buffer = buffer};
}
/// Asks with `ask` and answers with a reply bent by `bend`.
template <class F, class G>
client::step answered(F bend, G ask_how) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask_how(ask);
  client x(ask);
  const auto s = x.start(w.env_now());
  return x.receive(w.tgs_rep(octets_of_send(s), bend), w.env_now(), transport::stream);
}
template <class F>
client::step bent(F bend) {
  return answered(bend, [](auto&) {});
}

constexpr bool gets_a_ticket() {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto first = x.start(w.env_now());
  const auto* out = std::get_if<send>(&first);
  if (out == nullptr || !(out->realm == ex_org) || out->via != transport::datagram) return false;
  const auto req = asn1::decode<msg::TgsReq>(out->octets, der::strict);
  if (!req || req->req_body->cname || !same_name(*req->req_body->sname, web().name) ||
      !(req->req_body->realm == ex_org) || req->req_body->till != tgt.endtime()) {
    return false;
  }
  const auto ap = w.ap_req_of(out->octets);
  if (!ap || !(ap->ticket.octets() == tgt.ticket()) || ap->ap_options != msg::ApOptions{}) return false;
  const auto a = w.authenticator(out->octets);
  if (!a || !same_principal({a->cname, a->crealm}, alice()) || a->ctime != noon.at || a->cusec != noon.usec)
    return false;
  // RFC 4120 section 3.3.2: keyed, of the session key's type, over the body as it stands in the message
  const bytes_view body[] = {req->req_body.octets()};
  if (!a->cksum || a->cksum->cksumtype != cksum_t::hmac_sha384_192_aes256 ||
      w.policy.verify(a->cksum->cksumtype, w.session_key, key_usage_t::tgs_req_authenticator_cksum, body,
                      a->cksum->checksum) != errc::ok) {
    return false;
  }
  if (!a->subkey || a->subkey->keytype != e20 || a->subkey->keyvalue == w.session_key.octets().unguarded())
    return false;
  if (!is<done>(x.receive(w.tgs_rep(out->octets, honest), w.env_now()))) return false;
  const auto c = std::move(x).take();
  return c && same_principal(c->client(), alice()) && same_principal(c->server(), web()) &&
         c->session_key().etype() == e20 && asn1::decode<msg::Ticket>(c->ticket()).has_value() &&
         c->endtime() == tgt.endtime();
}
}  // namespace

KERB_BOTH("tgs_client: a ticket-granting ticket gets a ticket, asked for as RFC 4120 section 3.3.1 says",
          "[exchange][rfc4120-3.3]", gets_a_ticket);

TEST_CASE("tgs_client: without a subkey the reply is under the session key", "[exchange][rfc4120-3.3.3]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask.subkey = false;
  client x(ask);
  const auto first = x.start(w.env_now());
  REQUIRE_FALSE(w.authenticator(octets_of_send(first))->subkey);
  REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(first), honest), w.env_now())));
}
TEST_CASE("tgs_client: a KDC may answer under the session key although there is a subkey",
          "[exchange][rfc4120-3.3.3]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto first = x.start(w.env_now());
  const auto session = [&](reply_spec& s) {
    s.seal_with = &w.session_key;
    s.usage = key_usage_t::tgs_rep_enc_part_session;
  };
  REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(first), session), w.env_now())));
}
TEST_CASE("tgs_client: each key opens its own usage only", "[exchange][rfc4120-7.5.1]") {
  REQUIRE(why(bent([](reply_spec& s) { s.usage = key_usage_t::tgs_rep_enc_part_session; })).code == errc::integrity);
  REQUIRE(why(bent([](reply_spec& s) { s.usage = key_usage_t::as_rep_enc_part; })).code == errc::integrity);
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto first = x.start(w.env_now());
  const auto session_as_subkey = [&](reply_spec& s) { s.seal_with = &w.session_key; };
  REQUIRE(why(x.receive(w.tgs_rep(octets_of_send(first), session_as_subkey), w.env_now())).code == errc::integrity);
  const auto other_key = [&](reply_spec& s) { s.seal_with = &w.client_key; };
  REQUIRE(is<ignored>(x.receive(w.tgs_rep(octets_of_send(first), other_key), w.env_now())));
  const auto claims = [&](reply_spec& s) { s.claimed = e18; };
  REQUIRE(is<ignored>(x.receive(w.tgs_rep(octets_of_send(first), claims), w.env_now())));
  REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(first), honest), w.env_now())));
}
TEST_CASE("tgs_client: the etypes that are asked for do not bind the reply's own key", "[exchange][rfc4120-3.3.3]") {
  [[maybe_unused]] static constexpr etype_t only18[] = {e18};
  kdc_world w;
  const key k18 = w.make(e18, 0x77);
  const auto with18 = [&](reply_spec& s) { s.part.key = {e18, k18.octets().unguarded()}; };
  REQUIRE(is<done>(answered(with18, [](auto& ask) { ask.etypes = only18; })));
  REQUIRE(fails_with(answered(honest, [](auto& ask) { ask.etypes = only18; }), errc::etype_not_offered, "key"));
}

TEST_CASE("tgs_client: a reply with another nonce fails", "[exchange][rfc4120-3.3.4]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.nonce = s.part.nonce ^ 1u; }), errc::nonce_mismatch, "nonce"));
}
TEST_CASE("tgs_client: a reply for another client fails", "[exchange][rfc4120-3.3.4]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.client = mallory(); }), errc::name_mismatch, "cname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.client.realm = other_org; }), errc::name_mismatch, "crealm"));
  const auto canonical = [](auto& ask) { ask.options = {kdc_option_t::canonicalize}; };
  REQUIRE(fails_with(answered([](reply_spec& s) { s.client = mallory(); }, canonical), errc::name_mismatch, "cname"));
}
TEST_CASE("tgs_client: only the encrypted part says for whom the ticket is", "[exchange][rfc4120-3.3.4]") {
  // the clear name is right and the sealed one is not, and the reverse
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.sname = ftp().name; }), errc::name_mismatch, "sname"));
  REQUIRE(
      fails_with(bent([](reply_spec& s) { s.part.sname = named(referral_parts).name; }), errc::name_mismatch, "sname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.srealm = other_org; }), errc::name_mismatch, "srealm"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.ticket_service = ftp(); }), errc::name_mismatch, "sname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.ticket_service.realm = other_org; }), errc::name_mismatch, "sname"));
}
TEST_CASE("tgs_client: a referral is accepted only where canonicalisation was asked", "[exchange][rfc6806-8]") {
  const auto referral = [](reply_spec& s) {
    s.part.sname = named(referral_parts).name;
    s.ticket_service = named(referral_parts);
  };
  REQUIRE(fails_with(bent(referral), errc::name_mismatch, "sname"));
  const auto canonical = [](auto& ask) { ask.options = {kdc_option_t::canonicalize}; };
  REQUIRE(is<done>(answered(referral, canonical)));
  const auto elsewhere = [](reply_spec& s) {
    s.part.sname = ftp().name;
    s.ticket_service = ftp();
  };
  REQUIRE(fails_with(answered(elsewhere, canonical), errc::name_mismatch, "sname"));
}
TEST_CASE("tgs_client: a referral of another realm's, or to the realm that was asked, fails",
          "[exchange][rfc6806-8][rfc4120-3.3.3]") {
  const auto canonical = [](auto& ask) { ask.options = {kdc_option_t::canonicalize}; };
  const auto to = [](view_of<kerberos_string> parts, kerberos_string realm) {
    return [=](reply_spec& s) {
      s.part.sname = named(parts).name;
      s.part.srealm = realm;
      s.ticket_service = named(parts, realm);
    };
  };
  REQUIRE(is<done>(answered(to(referral_parts, ex_org), canonical)));
  REQUIRE(fails_with(answered(to(krbtgt_parts, ex_org), canonical), errc::name_mismatch, "sname"));
  REQUIRE(fails_with(answered(to(krbtgt_parts, other_org), canonical), errc::name_mismatch, "srealm"));
  REQUIRE(fails_with(answered(to(referral_parts, other_org), canonical), errc::name_mismatch, "srealm"));
}
TEST_CASE("tgs_client: what a KDC gives is of its own realm, although another's was asked for",
          "[exchange][rfc4120-5.3]") {
  const auto of_ours = [](auto& ask) { ask.server = named(web_parts, other_org); };
  REQUIRE(fails_with(answered(honest, of_ours), errc::name_mismatch, "srealm"));
  // but the way there may be shown
  const auto canonical = [](auto& ask) {
    ask.server = named(web_parts, other_org);
    ask.options = {kdc_option_t::canonicalize};
  };
  const auto onward = [](reply_spec& s) {
    s.part.sname = named(referral_parts).name;
    s.part.srealm = ex_org;
    s.ticket_service = named(referral_parts);
  };
  REQUIRE(is<done>(answered(onward, canonical)));
}
TEST_CASE("tgs_client: a ticket is renewed by the realm that has issued it", "[exchange][rfc4120-3.3.3]") {
  for (const kdc_option_t o : {kdc_option_t::renew, kdc_option_t::validate}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    ticket_facts f = w.tgt().facts();
    f.server = named(referral_parts);
    f.ticket = w.ticket(named(referral_parts), w.tgs_key);
    const credential cross(f, w.session_key.copy());
    tgs_params<key> ask = ask_for(cross, buffer);
    ask.server = f.server;
    ask.options = {o};
    client x(ask);
    const auto s = x.start(w.env_now());
    REQUIRE(std::get<send>(s).realm == ex_org);
    REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now())));
    REQUIRE(same_principal(std::move(x).take()->server(), named(referral_parts)));
  }
}
TEST_CASE("tgs_client: a service's ticket is presented to the KDC of its realm", "[exchange][rfc4120-3.3.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  ticket_facts f = w.tgt().facts();
  f.server = web();
  f.ticket = w.ticket(web(), w.service_key);
  const credential c(f, w.session_key.copy());
  client x(ask_for(c, buffer));
  const auto s = x.start(w.env_now());
  REQUIRE(std::get<send>(s).realm == ex_org);
}
TEST_CASE("tgs_client: a cross-realm ticket goes to the realm it is for", "[exchange][rfc4120-3.3.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  ticket_facts f = w.tgt().facts();
  f.server = named(referral_parts);
  f.ticket = w.ticket(named(referral_parts), w.tgs_key);
  const credential cross(f, w.session_key.copy());
  tgs_params<key> ask = ask_for(cross, buffer);
  ask.server = named(web_parts, other_org);
  client x(ask);
  const auto s = x.start(w.env_now());
  REQUIRE(std::get<send>(s).realm == other_org);
  REQUIRE(kerb_test::must(asn1::decode<msg::TgsReq>(octets_of_send(s))).req_body->realm == other_org);
}
TEST_CASE("tgs_client: times that were not asked for fail", "[exchange][rfc4120-3.3.4]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.endtime = plus(s.part.endtime, 1); }), errc::time_mismatch,
                     "endtime"));
  REQUIRE(
      fails_with(bent([](reply_spec& s) { s.part.starttime = plus(noon.at, 301); }), errc::clock_skew, "starttime"));
  REQUIRE(is<done>(bent([](reply_spec& s) { s.part.starttime = plus(noon.at, 300); })));
  const auto login_long_ago = [](reply_spec& s) {
    s.part.starttime.reset();
    s.part.authtime = plus(noon.at, -30000);
  };
  REQUIRE(is<done>(bent(login_long_ago)));
  const auto over = [](reply_spec& s) {
    s.part.authtime = plus(noon.at, -30000);
    s.part.starttime.reset();
    s.part.endtime = plus(noon.at, -301);
  };
  REQUIRE(fails_with(bent(over), errc::ticket_expired, "endtime"));
  REQUIRE(
      fails_with(bent([](reply_spec& s) { s.part.renew_till = plus(noon.at, 1); }), errc::time_mismatch, "renew-till"));
  REQUIRE(is<done>(answered(honest, [](auto& ask) { ask.lifetime = 60; })));
}
TEST_CASE("tgs_client: flags that a KDC grants unasked are no fault", "[exchange][rfc4120-3.3.4]") {
  for (ticket_flag_t f :
       {ticket_flag_t::forwardable, ticket_flag_t::forwarded, ticket_flag_t::proxiable, ticket_flag_t::proxy,
        ticket_flag_t::may_postdate, ticket_flag_t::postdated, ticket_flag_t::renewable, ticket_flag_t::anonymous}) {
    INFO(name_of(f));
    REQUIRE(is<done>(bent([f](reply_spec& s) { s.part.flags.set(f); })));
  }
  REQUIRE(
      fails_with(bent([](reply_spec& s) { s.part.flags.set(ticket_flag_t::invalid); }), errc::flags_mismatch, "flags"));
  REQUIRE(is<done>(answered([](reply_spec& s) { s.part.flags.set(ticket_flag_t::invalid); },
                            [](auto& ask) {
                              ask.options = {kdc_option_t::postdated};
                              ask.from = noon.at;
                            })));
  REQUIRE(is<done>(answered([](reply_spec& s) { s.part.flags.set(ticket_flag_t::forwardable); },
                            [](auto& ask) { ask.options = {kdc_option_t::forwardable}; })));
  // a renewed ticket keeps the flags it had
  REQUIRE(is<done>(answered(
      [](reply_spec& s) {
        s.part.flags = {ticket_flag_t::forwardable, ticket_flag_t::renewable};
        s.part.renew_till = plus(noon.at, 999999);
      },
      [](auto& ask) { ask.options = {kdc_option_t::renew}; })));
}
TEST_CASE("tgs_client: addresses that were not asked for fail", "[exchange][rfc4120-3.3.4]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress list[] = {{addr_t::ipv4, v4}};
  const auto with = [](reply_spec& s) { s.part.caddr = msg::HostAddresses(view_of(list)); };
  REQUIRE(fails_with(bent(with), errc::address_mismatch, "caddr"));
  REQUIRE(is<done>(answered(with, [](auto& ask) { ask.addresses = list; })));
}
TEST_CASE("tgs_client: a session key of the wrong length fails", "[exchange]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.key.keyvalue = s.part.key.keyvalue.first(31); }),
                     errc::bad_key_length, "key"));
}

TEST_CASE("tgs_client: no truncation of a reply is accepted, and the true one still is", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto first = x.start(w.env_now());
  const bytes_view whole = w.tgs_rep(octets_of_send(first), honest);
  for (std::size_t n = 0; n != whole.size(); ++n) {
    INFO(n);
    const auto s = x.receive(whole.first(n), w.env_now());
    REQUIRE(is<ignored>(s));
    REQUIRE(is_malformed(why(s).code));
  }
  const bytes_view no = w.error(error_code_t::kdc_err_policy);
  for (std::size_t n = 0; n != no.size(); ++n) REQUIRE(is_malformed(why(x.receive(no.first(n), w.env_now())).code));
  REQUIRE(is<done>(x.receive(whole, w.env_now())));
}
TEST_CASE("tgs_client: no flipped bit of a reply is accepted but where nothing is authenticated", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto first = x.start(w.env_now());
  const bytes_view whole = w.tgs_rep(octets_of_send(first), honest);
  const auto rep = asn1::decode<msg::TgsRep>(whole);
  const auto offset = [&](bytes_view part) { return static_cast<std::size_t>(part.data() - whole.data()); };
  const bytes_view sealed_ticket = rep->ticket->enc_part.cipher;
  const kerberos_string last_name = *++rep->ticket->sname.name_string.begin();
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit != whole.size() * 8; ++bit) {
    std::array<std::uint8_t, 1024> copy{};
    for (std::size_t i = 0; i != whole.size(); ++i) copy[i] = whole[i];
    const std::size_t at = bit / 8;
    copy[at] = static_cast<std::uint8_t>(copy[at] ^ (1u << (bit % 8)));
    kdc_world same;  // draws the same octets
    const credential same_tgt = same.tgt();
    std::array<std::uint8_t, 2048> other_buffer{};
    client y(ask_for(same_tgt, other_buffer));
    REQUIRE(is<send>(y.start(same.env_now())));
    const auto s = y.receive(bytes_view(copy).first(whole.size()), same.env_now(), transport::stream);
    if (!is<done>(s)) continue;
    ++accepted;
    const auto got = asn1::decode<msg::TgsRep>(bytes_view(copy).first(whole.size()));
    const bool in_ticket =
        at >= offset(last_name.octets) + last_name.octets.size() && at < offset(sealed_ticket) + sealed_ticket.size();
    const bool name_type =
        got->cname.name_type != rep->cname.name_type || got->ticket->sname.name_type != rep->ticket->sname.name_type;
    INFO("octet " << at << " bit " << bit % 8);
    REQUIRE((in_ticket || name_type));
  }
  REQUIRE(accepted > sealed_ticket.size());  // the true reply would have been accepted: the world is the same
}

TEST_CASE("tgs_client: a KRB-ERROR ends the exchange with its code", "[exchange][rfc4120-3.3.4]") {
  for (error_code_t code : {error_code_t::kdc_err_s_principal_unknown, error_code_t::kdc_err_must_use_user2user,
                            error_code_t::krb_ap_err_tkt_expired, error_code_t::kdc_err_preauth_required}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    const credential tgt = w.tgt();
    client x(ask_for(tgt, buffer));
    REQUIRE(is<send>(x.start(w.env_now())));
    const auto s = x.receive(w.error(code), w.env_now());
    REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
    REQUIRE(why(s).detail == static_cast<std::uint32_t>(code));
    REQUIRE(x.peer_error()->error_code == code);
  }
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(fails_with(x.receive(w.error(error_code_t::krb_ap_err_skew), w.env_now()), errc::clock_skew, "error-code"));
}
TEST_CASE("tgs_client: a reply too big for a datagram is asked for again over a stream, once",
          "[exchange][rfc4120-7.2.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto first = x.start(w.env_now());
  const auto again = x.receive(w.error(error_code_t::krb_err_response_too_big), w.env_now());
  REQUIRE(is<send>(again));
  REQUIRE(std::get<send>(again).octets == octets_of_send(first));
  REQUIRE(std::get<send>(again).via == transport::stream);
  REQUIRE_FALSE(std::get<send>(again).fresh);
  REQUIRE(is<failed>(x.receive(w.error(error_code_t::krb_err_response_too_big), w.env_now())));
}

TEST_CASE("tgs_client: no more than sixteen encryption types are offered", "[exchange][rfc4120-5.4.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  std::array<etype_t, 17> types{};
  for (std::size_t i = 0; i != types.size(); ++i) types[i] = etype_t(static_cast<std::int32_t>(i + 1));
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask.etypes = types;
  client x(ask);
  REQUIRE(fails_with(x.start(w.env_now()), errc::api_misuse, "etype"));
  ask.etypes = view_of<etype_t>(types.data(), 16);
  client y(ask);
  REQUIRE(is<send>(y.start(w.env_now())));
}
TEST_CASE("tgs_client: optional fields are sent where they were asked for, and nowhere else",
          "[exchange][rfc4120-5.4.1]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress list[] = {{addr_t::ipv4, v4}};
  for (const bool all : {false, true}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    const credential tgt = w.tgt();
    tgs_params<key> ask = ask_for(tgt, buffer);
    if (all) {
      ask.addresses = list;
      ask.renew_lifetime = 3600;
    }
    client x(ask);
    const auto s = x.start(w.env_now());
    const auto req = asn1::decode<msg::TgsReq>(octets_of_send(s));
    REQUIRE(req->req_body->addresses.has_value() == all);
    REQUIRE(req->req_body->rtime.has_value() == all);
    REQUIRE(req->req_body->kdc_options.has(kdc_option_t::renewable) == all);
    if (all) REQUIRE(*req->req_body->rtime == plus(noon.at, 3600));
  }
}
TEST_CASE("tgs_client: a key without a checksum fails before anything is drawn", "[exchange][rfc4120-3.3.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  ticket_facts f = w.tgt().facts();
  f.ticket = w.ticket(krbtgt(), w.tgs_key);
  const credential empty(f, key{});
  client x(ask_for(empty, buffer));
  const unsigned drawn = w.policy.entropy.draws();
  REQUIRE(why(x.start(w.env_now())).code == errc::unsupported_cksum);
  REQUIRE(w.policy.entropy.draws() == drawn);
}
TEST_CASE("tgs_client: what opens and is no EncTGSRepPart fails", "[exchange][rfc4120-5.4.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> reply{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto rep =
      testing::mint_kdc_rep<msg_t::tgs_rep>(alice(), tgt.ticket(), msg::PaEncTsEnc{noon.at, noon.usec}, w.session_key,
                                            key_usage_t::tgs_rep_enc_part_session, w.env_now(), reply);
  REQUIRE(fails_with(x.receive(*rep, w.env_now()), errc::unexpected_tag, ""));
}

TEST_CASE("tgs_client: too small a buffer says what will do, and nothing has changed", "[exchange]") {
  std::array<std::uint8_t, 2048> buffer{}, other{};
  std::size_t needed = 0;
  {
    kdc_world w;
    const credential tgt = w.tgt();
    client x(ask_for(tgt, std::span(buffer).first(0)));
    needed = std::get<need_buffer>(x.start(w.env_now())).size;
  }
  for (std::size_t n = 1; n != needed; ++n) {
    kdc_world w;
    const credential tgt = w.tgt();
    client x(ask_for(tgt, std::span(buffer).first(n)));
    const unsigned draws = w.policy.entropy.draws();
    const auto s = x.start(w.env_now());
    REQUIRE(is<need_buffer>(s));
    REQUIRE(std::get<need_buffer>(s).size == needed);
    REQUIRE(w.policy.entropy.draws() == draws);
    x.set_buffer(std::span(buffer).first(needed));
    REQUIRE(is<send>(x.start(w.env_now())));
  }
  kdc_world w;
  const credential tgt = w.tgt();
  client x(ask_for(tgt, std::span(buffer).first(needed)));
  const auto first = x.start(w.env_now());
  const bytes_view rep = w.tgs_rep(octets_of_send(first), honest);
  const std::size_t more = std::get<need_buffer>(x.receive(rep, w.env_now())).size;
  (void)x.set_buffer(std::span(other).first(more - 1));
  REQUIRE(std::get<need_buffer>(x.receive(rep, w.env_now())).size == more);
  REQUIRE_FALSE(x.set_buffer(std::span(other).first(10)));
  REQUIRE(x.set_buffer(std::span(buffer).first(more)));
  REQUIRE(is<done>(x.receive(rep, w.env_now())));
}

TEST_CASE("tgs_client: a random source that fails ends the exchange, and leaves no plaintext", "[exchange]") {
  unsigned draw = 1;
  for (;; ++draw) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    const credential tgt = w.tgt();
    client x(ask_for(tgt, buffer));
    w.policy.entropy.fail_at = w.policy.entropy.draws() + draw;
    const auto s = x.start(w.env_now());
    if (is<send>(s)) break;
    REQUIRE(why(s).code == errc::entropy);
    REQUIRE_FALSE(holds(buffer, "20260101120000Z"_krb.octets));  // ctime of the authenticator that was to be sealed
    REQUIRE_FALSE(holds(buffer, "alice"_krb.octets));
  }
  REQUIRE(draw == 4);  // nonce, subkey, confounder
}

TEST_CASE("tgs_client: no authenticator time is used twice", "[exchange][rfc4120-3.2.3]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  unique_time times;
  timestamp seen[2]{};
  for (timestamp& t : seen) {
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask.times = times;
    client x(ask);
    const auto s = x.start(w.env_now());
    const auto a = w.authenticator(octets_of_send(s));
    t = {a->ctime, a->cusec};
  }
  REQUIRE(seen[0] == noon);
  REQUIRE(seen[1] == timestamp{noon.at, {noon.usec.count + 1}});
}

TEST_CASE("tgs_client: what was opened is wiped when the credential dies or the reply is refused", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  // a time that stands in the reply's sealed part only
  const bytes_view authtime = "20260101115959Z"_krb.octets;
  const auto bend = [](reply_spec& r) { r.part.authtime = plus(noon.at, -1); };
  {
    client x(ask_for(tgt, buffer));
    const auto first = x.start(w.env_now());
    REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(first), bend), w.env_now())));
    auto c = std::move(x).take();
    REQUIRE(holds(buffer, authtime));
    REQUIRE_FALSE(holds(buffer, c->session_key().octets().unguarded()));
  }
  REQUIRE_FALSE(holds(buffer, authtime));
  client y(ask_for(tgt, buffer));
  const auto first = y.start(w.env_now());
  const auto refused = [&](reply_spec& s) {
    bend(s);
    s.part.nonce = s.part.nonce ^ 1u;
  };
  REQUIRE(is<failed>(y.receive(w.tgs_rep(octets_of_send(first), refused), w.env_now())));
  REQUIRE_FALSE(holds(buffer, authtime));
}

TEST_CASE("tgs_client: a whole exchange takes nothing from the heap", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  bool ok = false;
  {
    const no_allocations none;
    client x(ask_for(tgt, buffer));
    auto s = x.start(w.env_now());
    s = x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now());
    ok = is<done>(s) && std::move(x).take().has_value();
  }
  REQUIRE(ok);
}

// ---- what a ticket-granting ticket brings with it

namespace {
/// Asks with a ticket-granting ticket that `facts_how` changes, and answers with a reply bent by `bend`.
template <class F, class G, class H>
client::step inherited(F facts_how, G ask_how, H bend) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  ticket_facts f = w.tgt().facts();
  f.ticket = w.ticket(krbtgt(), w.tgs_key);
  facts_how(f);
  const credential tgt(f, w.session_key.copy());
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask_how(ask);
  client x(ask);
  const auto s = x.start(w.env_now());
  return x.receive(w.tgs_rep(octets_of_send(s), bend), w.env_now(), transport::stream);
}
constexpr auto as_it_is = [](auto&) {};

/// The flags that are reported as granted unasked, of a ticket with `granted` for a ticket-granting ticket with `had`.
std::optional<msg::TicketFlags> reported(msg::TicketFlags had, msg::TicketFlags granted, msg::KdcOptions asked) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  ticket_facts f = w.tgt().facts();
  f.ticket = w.ticket(krbtgt(), w.tgs_key);
  f.flags = had;
  const credential tgt(f, w.session_key.copy());
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask.options = asked;
  client x(ask);
  const auto s = x.start(w.env_now());
  const auto bend = [&](reply_spec& r) { r.part.flags = granted; };
  if (!is<done>(x.receive(w.tgs_rep(octets_of_send(s), bend), w.env_now()))) return std::nullopt;
  const auto c = std::move(x).take();
  if (!(c->facts().flags == granted)) return std::nullopt;
  return c->facts().unrequested_flags;
}
}  // namespace

TEST_CASE("tgs_client: flags granted unasked are reported, but not what the ticket-granting ticket brings with it",
          "[exchange][rfc4120-2.6]") {
  for (ticket_flag_t f : {ticket_flag_t::forwarded, ticket_flag_t::proxy, ticket_flag_t::anonymous}) {
    INFO(name_of(f));
    REQUIRE(reported({f}, {f}, {}) == msg::TicketFlags{});
    REQUIRE(reported({}, {f}, {}) == msg::TicketFlags{f});
  }
  // what has to be asked for each time
  using f = ticket_flag_t;
  REQUIRE(reported({f::forwardable}, {f::forwardable}, {}) == msg::TicketFlags{f::forwardable});
  REQUIRE(reported({f::forwardable}, {f::forwardable}, {kdc_option_t::forwardable}) == msg::TicketFlags{});
  // a renewed or validated ticket keeps the flags it had, and no more
  for (const kdc_option_t o : {kdc_option_t::renew, kdc_option_t::validate}) {
    REQUIRE(reported({f::forwardable, f::renewable}, {f::forwardable, f::renewable}, {o}) == msg::TicketFlags{});
    REQUIRE(reported({f::renewable}, {f::forwardable, f::renewable}, {o}) == msg::TicketFlags{f::forwardable});
  }
}
TEST_CASE("tgs_client: a renewed ticket lives as long again, within its renew-till", "[exchange][rfc4120-3.3.3]") {
  const auto renewable = [](ticket_facts& t) { t.renew_till = plus(noon.at, 86400); };
  const auto renew = [](auto& ask) { ask.options = {kdc_option_t::renew}; };
  const auto until = [](std::int64_t after) {
    return [after](reply_spec& s) {
      s.part.flags.set(ticket_flag_t::renewable);
      s.part.endtime = plus(noon.at, after);
      s.part.renew_till = plus(noon.at, 86400);
    };
  };
  REQUIRE(is<done>(inherited(renewable, renew, until(40000))));
  REQUIRE(is<done>(inherited(renewable, renew, until(86400))));
  REQUIRE(fails_with(inherited(renewable, renew, until(86401)), errc::time_mismatch, "endtime"));
  REQUIRE(is<failed>(inherited(renewable, as_it_is, until(40000))));
  // which bounds no other ticket
  REQUIRE(is<done>(inherited([](ticket_facts& t) { t.renew_till = plus(noon.at, 100); }, as_it_is, as_it_is)));
}
TEST_CASE("tgs_client: a validated ticket is valid", "[exchange][rfc4120-3.3.3]") {
  const auto validate = [](auto& ask) { ask.options = {kdc_option_t::validate}; };
  REQUIRE(is<done>(inherited(as_it_is, validate, as_it_is)));
  REQUIRE(is<done>(
      inherited(as_it_is, validate, [](reply_spec& s) { s.part.starttime = plus(noon.at, -3000); })));  // its own
  const auto still = [](reply_spec& s) { s.part.flags.set(ticket_flag_t::invalid); };
  REQUIRE(fails_with(inherited(as_it_is, validate, still), errc::flags_mismatch, "flags"));
  const auto postdated_too = [](auto& ask) { ask.options = {kdc_option_t::validate, kdc_option_t::postdated}; };
  REQUIRE(fails_with(inherited(as_it_is, postdated_too, still), errc::flags_mismatch, "flags"));
}
TEST_CASE("tgs_client: a lifetime of 0 asks for as long as may be", "[exchange][rfc4120-5.4.1]") {
  const auto longest = [](auto& ask) { ask.lifetime = 0; };
  REQUIRE(is<done>(inherited(as_it_is, longest, [](reply_spec& s) { s.part.endtime = plus(noon.at, 999999); })));
}
TEST_CASE("tgs_client: addresses of the ticket-granting ticket may come back", "[exchange][rfc4120-3.3.3]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress list[] = {{addr_t::ipv4, v4}};
  const auto with = [](reply_spec& s) { s.part.caddr = msg::HostAddresses(view_of(list)); };
  REQUIRE(
      is<done>(inherited([](ticket_facts& t) { t.addresses = msg::HostAddresses(view_of(list)); }, as_it_is, with)));
}
TEST_CASE("tgs_client: the offset to the KDC's clock goes on to its tickets", "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  credential tgt = w.tgt();
  tgt.set_kdc_clock_offset(-77);
  client x(ask_for(tgt, buffer));
  const auto s = x.start(w.env_now());
  REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now())));
  const auto c = std::move(x).take();
  REQUIRE(c->kdc_clock_offset() == -77);
  REQUIRE_FALSE(c->facts().is_referral);
}
TEST_CASE("tgs_client: EncTGSRepPart is accepted under APPLICATION 26 and 25", "[exchange][tolerance][rfc4120-5.4.2]") {
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = true; })));
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = false; })));  // as GNU Shishi's KDC writes it
}
TEST_CASE("tgs_client: a KRB-ERROR is not shown any more once its octets may have gone", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.error(error_code_t::krb_err_response_too_big), w.env_now())));
  REQUIRE(x.peer_error());
  REQUIRE(is<failed>(x.receive(w.error(error_code_t::kdc_err_policy), w.env_now())));
  REQUIRE(x.peer_error());
  REQUIRE(is<failed>(x.receive(bytes_view(), w.env_now())));
  REQUIRE_FALSE(x.peer_error());
}
TEST_CASE("tgs_client: the realm that a KDC names in place of the one asked is there for the caller",
          "[exchange][rfc4120-7.5.9]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 256> wire{};
  const credential tgt = w.tgt();
  msg::KrbError e;
  e.stime = noon.at;
  e.error_code = error_code_t::kdc_err_wrong_realm;
  e.realm = other_org;
  e.sname = web().name;
  client x(ask_for(tgt, buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE_FALSE(x.realm_named());
  REQUIRE(is<failed>(x.receive(*asn1::encode(e, wire), w.env_now())));
  wire.fill(0xdd);
  REQUIRE(x.realm_named() == other_org);
}
TEST_CASE("tgs_client: moved from, it refuses every call, and the other one goes on", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto s = x.start(w.env_now());
  client y(std::move(x));
  REQUIRE(why(x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now())).code == errc::api_misuse);
  REQUIRE(x.framed().empty());
  REQUIRE(is<done>(y.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now())));
  client z(ask_for(tgt, buffer));
  client idle(std::move(z));
  REQUIRE(why(z.start(w.env_now())).code == errc::api_misuse);
  idle = std::move(y);
  REQUIRE(std::move(y).take().error().code == errc::api_misuse);
  REQUIRE(same_principal(std::move(idle).take()->server(), web()));
}
TEST_CASE("tgs_client: a forged name is passed over on a datagram", "[exchange][rfc4120-3.3.4]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  client x(ask_for(tgt, buffer));
  const auto s = x.start(w.env_now());
  REQUIRE(
      is<ignored>(x.receive(w.tgs_rep(octets_of_send(s), [](reply_spec& r) { r.client = mallory(); }), w.env_now())));
  REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now())));
}

// ---- authorization data, a second ticket

namespace {
constexpr std::uint8_t own_data[] = {0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7};
constexpr msg::AuthorizationDataElement own_restrictions[] = {{ad_t::intended_for_server, own_data},
                                                              {ad_t::osf_dce, {}}};

constexpr bool restrictions_are_sealed() {
  for (const bool with_subkey : {true, false}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    const credential tgt = w.tgt();
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask.subkey = with_subkey;
    ask.authorization_data = msg::AuthorizationData(own_restrictions);
    client x(ask);
    const auto first = x.start(w.env_now());
    const auto req = asn1::decode<msg::TgsReq>(octets_of_send(first));
    const auto a = w.authenticator(octets_of_send(first));
    if (!req || !a || !req->req_body->enc_authorization_data || a->subkey.has_value() != with_subkey) return false;
    const key k =
        with_subkey ? kerb_test::must(w.policy.import(a->subkey->keytype, a->subkey->keyvalue)) : w.session_key.copy();
    std::array<std::uint8_t, 256> opened{};
    const auto plain =
        w.policy.unseal(k, with_subkey ? key_usage_t::tgs_req_ad_subkey : key_usage_t::tgs_req_ad_session,
                        req->req_body->enc_authorization_data->cipher, opened);
    std::array<std::uint8_t, 256> wanted{};
    if (!plain || req->req_body->enc_authorization_data->etype != e20 ||
        !(bytes_view(*plain) == kerb_test::must(asn1::encode(msg::AuthorizationData(own_restrictions), wanted)))) {
      return false;
    }
    const bytes_view body[] = {req->req_body.octets()};  // sealed before the body is signed
    if (w.policy.verify(a->cksum->cksumtype, w.session_key, key_usage_t::tgs_req_authenticator_cksum, body,
                        a->cksum->checksum) != errc::ok) {
      return false;
    }
    if (!is<done>(x.receive(w.tgs_rep(octets_of_send(first), honest), w.env_now()))) return false;
  }
  return true;
}
constexpr bool no_restrictions_no_field() {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask.authorization_data = msg::AuthorizationData();
  client x(ask);
  const auto s = x.start(w.env_now());
  const auto req = asn1::decode<msg::TgsReq>(octets_of_send(s));
  return req && !req->req_body->enc_authorization_data && !req->req_body->additional_tickets;
}

constexpr bool sends_a_second_ticket() {
  for (const bool u2u : {true, false}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    const credential tgt = w.tgt();
    std::array<std::uint8_t, 512> second{};
    const bytes_view minted = w.ticket(krbtgt(), w.service_key);  // replaces the one before
    for (std::size_t i = 0; i != minted.size(); ++i) second[i] = minted[i];
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask.second_ticket = bytes_view(second).first(minted.size());
    ask.user_to_user = u2u;
    client x(ask);
    const auto s = x.start(w.env_now());
    const auto req = asn1::decode<msg::TgsReq>(octets_of_send(s));
    if (!req || req->req_body->kdc_options.has(kdc_option_t::enc_tkt_in_skey) != u2u ||
        !req->req_body->additional_tickets || req->req_body->additional_tickets->size() != 1 ||
        !(req->req_body->additional_tickets->begin().octets() == *ask.second_ticket)) {
      return false;
    }
  }
  return true;
}
}  // namespace

KERB_BOTH("tgs_client: authorization data are sealed under the subkey, else the session key, each with its own usage",
          "[exchange][rfc4120-3.3.1][rfc4120-5.4.1]", restrictions_are_sealed);
KERB_BOTH("tgs_client: no authorization data and no second ticket, no fields", "[exchange][rfc4120-5.2.6]",
          no_restrictions_no_field);
KERB_BOTH("tgs_client: a second ticket goes as it came, with ENC-TKT-IN-SKEY for user-to-user",
          "[exchange][rfc4120-3.3.1][rfc4120-3.7]", sends_a_second_ticket);

TEST_CASE("tgs_client: user-to-user without a second ticket is a mistake", "[exchange][rfc4120-3.3.1]") {
  for (const bool by_option : {true, false}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    const credential tgt = w.tgt();
    tgs_params<key> ask = ask_for(tgt, buffer);
    if (by_option) ask.options = {kdc_option_t::enc_tkt_in_skey};
    else ask.user_to_user = true;
    client x(ask);
    const unsigned drawn = w.policy.entropy.draws();
    REQUIRE(fails_with(x.start(w.env_now()), errc::api_misuse, "additional-tickets"));
    REQUIRE(w.policy.entropy.draws() == drawn);
  }
}
TEST_CASE("tgs_client: what was asked for beyond a plain ticket is its kind", "[exchange][rfc4120-3.3.3]") {
  const auto kind = [](auto&& ask_how) {
    kdc_world w;
    std::array<std::uint8_t, 4096> buffer{};
    const credential tgt = w.tgt();
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask_how(ask, tgt);
    client x(ask);
    const auto s = x.start(w.env_now());
    REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now(), transport::stream)));
    const auto c = std::move(x).take();
    REQUIRE(c);
    return kind_of(c->facts());
  };
  CHECK(kind([](auto&, auto&) {}) == ticket_kind::asked_for);
  CHECK(kind([](auto& ask, auto& tgt) {
          ask.second_ticket = tgt.ticket();
          ask.user_to_user = true;
        }) == ticket_kind::user_to_user);
  CHECK(kind([](auto& ask, auto& tgt) {
          ask.second_ticket = tgt.ticket();
          ask.options = {kdc_option_t::enc_tkt_in_skey};
        }) == ticket_kind::user_to_user);
  CHECK(kind([](auto& ask, auto& tgt) { ask.second_ticket = tgt.ticket(); }) == ticket_kind::asked_for);
  CHECK(kind([](auto& ask, auto&) { ask.authorization_data = msg::AuthorizationData(); }) == ticket_kind::asked_for);
  CHECK(kind([](auto& ask, auto&) { ask.authorization_data = msg::AuthorizationData(own_restrictions); }) ==
        ticket_kind::restricted);
  for (const kdc_option_t o : {kdc_option_t::forwarded, kdc_option_t::proxy}) {
    CHECK(kind([&](auto& ask, auto&) { ask.options = {o}; }) == ticket_kind::for_peer);
    CHECK(kind([&](auto& ask, auto&) {
            ask.options = {o};
            ask.authorization_data = msg::AuthorizationData(own_restrictions);
          }) == (ticket_kind::for_peer | ticket_kind::restricted));
  }
}
TEST_CASE("tgs_client: a user-to-user ticket that is renewed is still one, and a ticket obtained with it is none",
          "[exchange][rfc4120-3.3.3][rfc4120-3.7]") {
  for (const kdc_option_t o : {kdc_option_t::renew, kdc_option_t::validate, kdc_option_t::forwardable}) {
    kdc_world w;
    std::array<std::uint8_t, 4096> buffer{};
    const credential plain = w.tgt();
    ticket_facts f = plain.facts();
    f.user_to_user = true;
    f.renew_till = plus(noon.at, 86400);
    const credential tgt(f, w.session_key.copy());
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask.server = krbtgt();
    ask.options = {o};
    client x(ask);
    const auto s = x.start(w.env_now());
    REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now(), transport::stream)));
    const auto c = std::move(x).take();
    REQUIRE(c);
    CHECK(c->facts().user_to_user == (o != kdc_option_t::forwardable));
  }
}
TEST_CASE("tgs_client: a second ticket that is none is not sent", "[exchange][rfc4120-3.3.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  for (std::size_t n = 0; n != tgt.ticket().size(); ++n) {
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask.second_ticket = tgt.ticket().first(n);
    ask.user_to_user = true;
    client x(ask);
    REQUIRE(why(x.start(w.env_now())).code == errc::truncated);
    REQUIRE(buffer == std::array<std::uint8_t, 2048>{});
  }
  std::array<std::uint8_t, 1024> twice{};
  const std::size_t n = tgt.ticket().size();
  for (std::size_t i = 0; i != 2 * n; ++i) twice[i] = tgt.ticket()[i % n];
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask.second_ticket = bytes_view(twice).first(2 * n);
  client x(ask);
  REQUIRE(why(x.start(w.env_now())).code == errc::trailing_data);
}
TEST_CASE("tgs_client: with all fields the buffer that is named does, and a failing source leaves none of them",
          "[exchange]") {
  std::size_t needed = 0;
  for (unsigned draw = 0; draw <= 5; ++draw) {  // none; nonce, subkey, two confounders; none
    kdc_world w;
    const credential tgt = w.tgt();
    std::array<std::uint8_t, 2048> buffer{};
    tgs_params<key> ask = ask_for(tgt, std::span(buffer).first(needed));
    ask.authorization_data = msg::AuthorizationData(own_restrictions);
    ask.second_ticket = tgt.ticket();
    ask.user_to_user = true;
    client x(ask);
    w.policy.entropy.fail_at = w.policy.entropy.draws() + draw;
    const auto s = x.start(w.env_now());
    if (draw == 0) {
      REQUIRE(is<need_buffer>(s));
      needed = std::get<need_buffer>(s).size;
      std::array<std::uint8_t, 2048> less{};
      x.set_buffer(std::span(less).first(needed - 1));
      REQUIRE(is<need_buffer>(x.start(w.env_now())));
      REQUIRE(less == std::array<std::uint8_t, 2048>{});
      continue;
    }
    INFO("draw " << draw);
    REQUIRE(is<send>(s) == (draw == 5));
    REQUIRE(holds(buffer, own_data) == (draw == 5));  // this policy hides nothing
    if (draw != 5) REQUIRE(why(s).code == errc::entropy);
  }
}
