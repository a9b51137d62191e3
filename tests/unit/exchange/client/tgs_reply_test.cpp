// What the TGS client accepts in a reply or a KRB-ERROR, and every reply that it must not accept.
#include <kerb/exchange/client/tgs.hpp>

#include "support/both.hpp"
#include "support/tgs_query.hpp"

using namespace kerb_test;

namespace {

/// Asks with other parameters, and answers over a stream with a reply that `bend` makes.
template <class F, class G>
tgs_query::step answered(F bend, G ask_how) {
  tgs_query query(ask_how);
  query.start();
  return query.reply(bend, transport::stream);
}
template <class F>
tgs_query::step bent(F bend) {
  return answered(bend, [](auto&) {});
}

/// Changes of the parameters.
constexpr auto canonical = [](tgs_params<key>& ask) { ask.options = {kdc_option_t::canonicalize}; };

}  // namespace

// ---- keys and seals

TEST_CASE("tgs_client: without a subkey the reply is under the session key", "[exchange][rfc4120-3.3.3]") {
  tgs_query query([&](auto& ask) { ask.subkey = false; });
  query.start();
  REQUIRE_FALSE(must(query.w.authenticator(query.sent)).subkey);
  REQUIRE(is<done>(query.reply(honest)));
}

TEST_CASE("tgs_client: a KDC may answer under the session key although there is a subkey",
          "[exchange][rfc4120-3.3.3]") {
  tgs_query query;
  query.start();
  const auto session = [&](reply_spec& s) {
    s.seal_with = &query.w.session_key;
    s.usage = key_usage_t::tgs_rep_enc_part_session;
  };
  REQUIRE(is<done>(query.reply(session)));
}

TEST_CASE("tgs_client: each key opens its own usage only", "[exchange][rfc4120-7.5.1]") {
  REQUIRE(why(bent([](reply_spec& s) { s.usage = key_usage_t::tgs_rep_enc_part_session; })).code == errc::integrity);
  REQUIRE(why(bent([](reply_spec& s) { s.usage = key_usage_t::as_rep_enc_part; })).code == errc::integrity);
  tgs_query query;
  query.start();
  const auto session_as_subkey = [&](reply_spec& s) { s.seal_with = &query.w.session_key; };
  REQUIRE(why(query.reply(session_as_subkey)).code == errc::integrity);
  const auto other_key = [&](reply_spec& s) { s.seal_with = &query.w.client_key; };
  REQUIRE(is<ignored>(query.reply(other_key)));
  const auto claims = [&](reply_spec& s) { s.claimed = e18; };
  REQUIRE(is<ignored>(query.reply(claims)));
  REQUIRE(is<done>(query.reply(honest)));
}

TEST_CASE("tgs_client: the etypes that are asked for do not bind the reply's own key", "[exchange][rfc4120-3.3.3]") {
  [[maybe_unused]] static constexpr etype_t only18[] = {e18};
  kdc_world w;
  const key k18 = w.make(e18, 0x77);
  const auto with18 = [&](reply_spec& s) { s.part.key = {e18, k18.octets().unguarded()}; };
  REQUIRE(is<done>(answered(with18, [](auto& ask) { ask.etypes = only18; })));
  REQUIRE(fails_with(answered(honest, [](auto& ask) { ask.etypes = only18; }), errc::etype_not_offered, "key"));
}

TEST_CASE("tgs_client: a session key of the wrong length fails", "[exchange]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.key.keyvalue = s.part.key.keyvalue.first(31); }),
                     errc::bad_key_length, "key"));
}

TEST_CASE("tgs_client: EncTGSRepPart is accepted under APPLICATION 26 and 25", "[exchange][tolerance][rfc4120-5.4.2]") {
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = true; })));
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = false; })));  // as GNU Shishi's KDC writes it
}

TEST_CASE("tgs_client: what opens and is no EncTGSRepPart fails", "[exchange][rfc4120-5.4.2]") {
  std::array<std::uint8_t, 512> reply{};
  tgs_query query;
  REQUIRE(is<send>(query.start()));
  const auto rep = testing::mint_kdc_rep<msg_t::tgs_rep>(
      alice(), query.tgt.ticket(), msg::PaEncTsEnc{noon.at, noon.usec}, query.w.session_key,
      key_usage_t::tgs_rep_enc_part_session, query.w.env_now(), reply);
  REQUIRE(fails_with(query.receive(*rep), errc::unexpected_tag, ""));
}

TEST_CASE("tgs_client: no truncation of a reply is accepted, and the true one still is", "[exchange]") {
  tgs_query query;
  query.start();
  const bytes_view whole = query.w.tgs_rep(query.sent, honest);
  for (std::size_t n = 0; n != whole.size(); ++n) {
    INFO(n);
    const auto s = query.receive(whole.first(n));
    REQUIRE(is<ignored>(s));
    REQUIRE(is_malformed(why(s).code));
  }
  const bytes_view no = query.w.error(error_code_t::kdc_err_policy);
  for (std::size_t n = 0; n != no.size(); ++n) REQUIRE(is_malformed(why(query.receive(no.first(n))).code));
  REQUIRE(is<done>(query.receive(whole)));
}

TEST_CASE("tgs_client: no flipped bit of a reply is accepted but where nothing is authenticated", "[exchange]") {
  tgs_query query;
  query.start();
  const bytes_view whole = query.w.tgs_rep(query.sent, honest);
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
    tgs_query same;  // draws the same octets
    REQUIRE(is<send>(same.start()));
    if (!is<done>(same.receive(bytes_view(copy).first(whole.size()), transport::stream))) continue;
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

// ---- nonce and names

TEST_CASE("tgs_client: a reply with another nonce fails", "[exchange][rfc4120-3.3.4]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.nonce = s.part.nonce ^ 1u; }), errc::nonce_mismatch, "nonce"));
}

TEST_CASE("tgs_client: a reply for another client fails", "[exchange][rfc4120-3.3.4]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.client = mallory(); }), errc::name_mismatch, "cname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.client.realm = other_org; }), errc::name_mismatch, "crealm"));
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
  REQUIRE(is<done>(answered(referral, canonical)));
  const auto elsewhere = [](reply_spec& s) {
    s.part.sname = ftp().name;
    s.ticket_service = ftp();
  };
  REQUIRE(fails_with(answered(elsewhere, canonical), errc::name_mismatch, "sname"));
}

TEST_CASE("tgs_client: a referral of another realm's, or to the realm that was asked, fails",
          "[exchange][rfc6806-8][rfc4120-3.3.3]") {
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
  const auto of_ours_or_a_referral = [&](auto& ask) { of_ours(ask), canonical(ask); };
  const auto onward = [](reply_spec& s) {
    s.part.sname = named(referral_parts).name;
    s.part.srealm = ex_org;
    s.ticket_service = named(referral_parts);
  };
  REQUIRE(is<done>(answered(onward, of_ours_or_a_referral)));
}

TEST_CASE("tgs_client: a forged name is passed over on a datagram", "[exchange][rfc4120-3.3.4]") {
  tgs_query query;
  query.start();
  REQUIRE(is<ignored>(query.reply([](reply_spec& r) { r.client = mallory(); })));
  REQUIRE(is<done>(query.reply(honest)));
}

// ---- times, flags and addresses

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

// ---- what a ticket-granting ticket brings with it

namespace {
/// Asks with a ticket-granting ticket that `facts_how` changes, and answers with a reply bent by `bend`.
template <class F, class G, class H>
tgs_query::step inherited(F facts_how, G ask_how, H bend) {
  tgs_query query(facts_how, ask_how);
  query.start();
  return query.reply(bend, transport::stream);
}
constexpr auto as_it_is = [](auto&) {};

/// The flags that are reported as granted unasked, of a ticket with `granted` for a ticket-granting ticket with `had`.
std::optional<msg::TicketFlags> reported(msg::TicketFlags had, msg::TicketFlags granted, msg::KdcOptions asked) {
  tgs_query query([&](auto& facts) { facts.flags = had; }, [&](auto& ask) { ask.options = asked; });
  query.start();
  const auto bend = [&](reply_spec& r) { r.part.flags = granted; };
  if (!is<done>(query.reply(bend))) return std::nullopt;
  const auto c = std::move(query.x).take();
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

TEST_CASE("tgs_client: a forwarded or proxy ticket has no addresses but the requested ones",
          "[exchange][rfc4120-3.3.3][rfc4120-3.3.4]") {
  static constexpr std::uint8_t own[] = {192, 0, 2, 1}, peer[] = {192, 0, 2, 2};
  static constexpr msg::HostAddress of_tgt[] = {{addr_t::ipv4, own}}, of_peer[] = {{addr_t::ipv4, peer}};
  const auto facts = [](ticket_facts& t) { t.addresses = msg::HostAddresses(view_of(of_tgt)); };
  const auto with = [](view_of<msg::HostAddress> list) {
    return [list](reply_spec& s) { s.part.caddr = msg::HostAddresses(list); };
  };
  for (const kdc_option_t o : {kdc_option_t::forwarded, kdc_option_t::proxy}) {
    const auto ask = [o](auto& a) {
      a.options = {o};
      a.addresses = view_of(of_peer);
    };
    CHECK(fails_with(inherited(facts, ask, with(of_tgt)), errc::address_mismatch, "caddr"));
    CHECK(is<done>(inherited(facts, ask, with(of_peer))));
  }
}

TEST_CASE("tgs_client: an empty list of addresses is no list", "[exchange][rfc4120-5.1.3]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress list[] = {{addr_t::ipv4, v4}};
  const auto taken = [](auto facts, auto ask) {
    tgs_query query(facts, ask);
    query.start();
    REQUIRE(is<done>(query.reply([](reply_spec& s) { s.part.caddr = msg::HostAddresses{}; })));
    const auto c = std::move(query.x).take();
    return must(c).facts();
  };
  const auto had_one = taken([](ticket_facts& t) { t.addresses = msg::HostAddresses(view_of(list)); }, as_it_is);
  CHECK(had_one.addresses.has_value());
  const auto had_none = taken(as_it_is, [](auto& a) { a.addresses = view_of(list); });
  CHECK((!had_none.addresses && had_none.valid_from_anywhere));
  const auto had_empty = taken([](ticket_facts& t) { t.addresses = msg::HostAddresses{}; }, as_it_is);
  CHECK(!had_empty.addresses);
}

TEST_CASE("tgs_client: the offset to the KDC's clock goes on to its tickets", "[exchange][rfc4120-3.1.5]") {
  tgs_query query;
  query.tgt.set_kdc_clock_offset(-77);
  query.start();
  REQUIRE(is<done>(query.reply(honest)));
  const auto c = std::move(query.x).take();
  REQUIRE(c->kdc_clock_offset() == -77);
  REQUIRE_FALSE(c->facts().is_referral);
}

// ---- KRB-ERROR

TEST_CASE("tgs_client: a KRB-ERROR ends the exchange with its code", "[exchange][rfc4120-3.3.4]") {
  for (error_code_t code : {error_code_t::kdc_err_s_principal_unknown, error_code_t::kdc_err_must_use_user2user,
                            error_code_t::krb_ap_err_tkt_expired, error_code_t::kdc_err_preauth_required}) {
    tgs_query query;
    REQUIRE(is<send>(query.start()));
    const auto s = query.error(code);
    REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
    REQUIRE(why(s).detail == static_cast<std::uint32_t>(code));
    REQUIRE(query.x.peer_error()->error_code == code);
  }
  tgs_query query;
  REQUIRE(is<send>(query.start()));
  REQUIRE(fails_with(query.error(error_code_t::krb_ap_err_skew), errc::clock_skew, "error-code"));
}

TEST_CASE("tgs_client: a reply too big for a datagram is asked for again over a stream, once",
          "[exchange][rfc4120-7.2.1]") {
  tgs_query query;
  query.start();
  const auto again = query.error(error_code_t::krb_err_response_too_big);
  REQUIRE(is<send>(again));
  REQUIRE(std::get<send>(again).octets == query.sent);
  REQUIRE(std::get<send>(again).via == transport::stream);
  REQUIRE_FALSE(std::get<send>(again).fresh);
  REQUIRE(is<failed>(query.error(error_code_t::krb_err_response_too_big)));
}

TEST_CASE("tgs_client: a KRB-ERROR is not shown any more once its octets may have gone", "[exchange]") {
  tgs_query query;
  REQUIRE(is<send>(query.start()));
  REQUIRE(is<send>(query.error(error_code_t::krb_err_response_too_big)));
  REQUIRE(query.x.peer_error());
  REQUIRE(is<failed>(query.error(error_code_t::kdc_err_policy)));
  REQUIRE(query.x.peer_error());
  REQUIRE(is<failed>(query.receive(bytes_view())));
  REQUIRE_FALSE(query.x.peer_error());
}

TEST_CASE("tgs_client: the realm that a KDC names in place of the one asked is there for the caller",
          "[exchange][rfc4120-7.5.9]") {
  std::array<std::uint8_t, 256> wire{};
  msg::KrbError e;
  e.stime = noon.at;
  e.error_code = error_code_t::kdc_err_wrong_realm;
  e.realm = other_org;
  e.sname = web().name;
  tgs_query query;
  REQUIRE(is<send>(query.start()));
  REQUIRE_FALSE(query.x.realm_named());
  REQUIRE(is<failed>(query.receive(*asn1::encode(e, wire))));
  wire.fill(0xdd);
  REQUIRE(query.x.realm_named() == other_org);
}
