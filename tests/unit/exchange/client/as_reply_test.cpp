// What the AS client accepts in an AS-REP, and every reply that it must not accept.
#include <kerb/exchange/client/as.hpp>

#include "support/as_login.hpp"
#include "support/both.hpp"

using namespace kerb_test;
using client = as_client<testing::insecure_policy>;

namespace {

constexpr kerberos_string lower = "ex.org"_krb;

/// What most clients ask for.
constexpr as_params<key> usual() { return {.client = alice(), .password = kdc_world::password, .buffer = {}}; }

/// Starts a client that asks for this, and answers it over a stream with a reply that `bend` makes.
template <class F>
client::step bent(F bend, as_params<key> ask = usual()) {
  as_login login([&](auto& params) {
    ask.buffer = params.buffer;
    params = ask;
  });
  login.start();
  return login.reply(bend, transport::stream);
}

}  // namespace

TEST_CASE("as_client: EncASRepPart is accepted under APPLICATION 25 and 26", "[exchange][rfc4120-5.4.2]") {
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = false; })));
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = true; })));
}

// ---- nonce and names, RFC 4120 section 3.1.5

TEST_CASE("as_client: a reply with another nonce fails", "[exchange][rfc4120-3.1.5]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.nonce = s.part.nonce ^ 1u; }), errc::nonce_mismatch, "nonce"));
}

TEST_CASE("as_client: a recorded reply to another login is ignored on a datagram",
          "[exchange][rfc4120-3.1.5][security]") {
  for (const bool has_password : {true, false}) {
    as_login login([&](auto& ask) {
      if (!has_password) ask.password = {};
    });
    login.start();
    auto s = login.reply([](reply_spec& r) { r.part.nonce = r.part.nonce ^ 1u; });
    if (!has_password) {
      REQUIRE(is<need_key>(s));
      s = login.provide(login.w.client_key.copy());
    }
    REQUIRE(is<ignored>(s));
    REQUIRE(why(s).code == errc::nonce_mismatch);
    REQUIRE(is<done>(login.reply(honest)));
  }
}

TEST_CASE("as_client: a reply for another client fails", "[exchange][rfc4120-3.1.5]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.client = mallory(); }), errc::name_mismatch, "cname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.client = named(web_parts); }), errc::name_mismatch, "cname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.client.realm = other_org; }), errc::name_mismatch, "crealm"));
}

TEST_CASE("as_client: a reply whose encrypted part names another service fails", "[exchange][rfc4120-3.1.5]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.sname = web().name; }), errc::name_mismatch, "sname"));
  REQUIRE(
      fails_with(bent([](reply_spec& s) { s.part.sname = named(referral_parts).name; }), errc::name_mismatch, "sname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.srealm = other_org; }), errc::name_mismatch, "srealm"));
}

TEST_CASE("as_client: a ticket whose clear name differs from the encrypted part fails", "[exchange][rfc4120-3.1.5]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.ticket_service = web(); }), errc::name_mismatch, "sname"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.ticket_service.realm = other_org; }), errc::name_mismatch, "sname"));
}

TEST_CASE("as_client: name types are not compared", "[exchange][rfc4120-5.2.2]") {
  REQUIRE(is<done>(bent([](reply_spec& s) {
    s.client.name.name_type = name_t::unknown;
    s.part.sname.name_type = name_t::principal;
    s.ticket_service.name.name_type = name_t::srv_hst;
  })));
}

TEST_CASE("as_client: another name for the client is taken only where canonicalisation was asked",
          "[exchange][rfc6806-6]") {
  as_login login(canonicalizing);
  login.start();
  REQUIRE(is<done>(login.reply([](reply_spec& r) { r.client = mallory(); })));
  const auto c = std::move(login.x).take();
  REQUIRE(c->facts().client_renamed);
  REQUIRE(same_principal(c->client(), mallory()));
}

TEST_CASE("as_client: a referral in place of a ticket is refused", "[exchange][rfc6806-7]") {
  const auto referral = [](reply_spec& s) {
    s.part.sname = named(referral_parts).name;
    s.ticket_service = named(referral_parts);
  };
  as_login login(canonicalizing);
  login.start();
  REQUIRE(fails_with(login.reply(referral, transport::stream), errc::name_mismatch, "sname"));
  as_login for_a_service([](auto& ask) { canonicalizing(ask), ask.server = web(); });
  for_a_service.start();
  REQUIRE(fails_with(for_a_service.reply(referral, transport::stream), errc::name_mismatch, "sname"));
}

TEST_CASE("as_client: the ticket-granting ticket of a realm that is written in another way is no referral",
          "[exchange][rfc6806-6]") {
  const auto canonical = [](reply_spec& s) {
    s.client = alice();
    s.part.srealm = ex_org;
    s.part.sname = krbtgt().name;
    s.ticket_service = krbtgt();
  };
  const auto in_lower_case = [](auto& ask, auto& w) {
    ask.client = named(alice_parts, lower);
    ask.key = w.client_key;
  };
  as_login strict(in_lower_case);
  strict.start();
  REQUIRE(fails_with(strict.reply(canonical, transport::stream), errc::name_mismatch, "crealm"));
  as_login login([&](auto& ask, auto& w) { in_lower_case(ask, w), canonicalizing(ask); });
  login.start();
  REQUIRE(is<done>(login.reply(canonical)));
  const auto c = std::move(login.x).take();
  REQUIRE_FALSE(c->facts().is_referral);
  REQUIRE(c->facts().client_renamed);
  REQUIRE(same_principal(c->server(), krbtgt()));
  REQUIRE(same_principal(c->client(), alice()));
}
TEST_CASE("as_client: another realm for the client than the one that issued the ticket fails",
          "[exchange][rfc4120-5.4.1]") {
  as_params<key> ask = usual();
  ask.options = {kdc_option_t::canonicalize};
  const auto from = [](kerberos_string realm) {
    return [realm](reply_spec& s) { s.client = named(mallory_parts, realm); };
  };
  REQUIRE(is<done>(bent(from(ex_org), ask)));
  REQUIRE(fails_with(bent(from(other_org), ask), errc::name_mismatch, "crealm"));
  REQUIRE(fails_with(bent(from(anonymous_realm), ask), errc::name_mismatch, "crealm"));
  ask.options.set(kdc_option_t::request_anonymous);
  REQUIRE(fails_with(bent(from(anonymous_realm), ask), errc::name_mismatch, "crealm"));
  REQUIRE(fails_with(bent(from(other_org), ask), errc::name_mismatch, "crealm"));
}

TEST_CASE("as_client: no ticket of another realm is taken for the one that was asked for", "[exchange][rfc4120-5.3]") {
  const auto foreign = [](view_of<kerberos_string> parts, kerberos_string realm) {
    return [=](reply_spec& s) {
      s.part.sname = named(parts).name;
      s.part.srealm = realm;
      s.ticket_service = named(parts, realm);
    };
  };
  as_params<key> ask = usual();
  ask.options = {kdc_option_t::canonicalize};
  REQUIRE(fails_with(bent(foreign(referral_parts, ex_org), ask), errc::name_mismatch, "sname"));
  REQUIRE(fails_with(bent(foreign(krbtgt_parts, other_org), ask), errc::name_mismatch, "srealm"));
  REQUIRE(fails_with(bent(foreign(referral_parts, other_org), ask), errc::name_mismatch, "srealm"));
}

// ---- keys, times, flags and addresses, RFC 4120 section 3.1.5

TEST_CASE("as_client: an encryption type that was not offered fails", "[exchange][rfc4120-3.1.5]") {
  const etype_t only18[] = {e18};
  as_params<key> ask = usual();
  ask.etypes = only18;
  // the reply's own
  REQUIRE(fails_with(bent(honest, ask), errc::etype_not_offered, "enc-part"));
  REQUIRE(fails_with(bent([](reply_spec& s) { s.claimed = etype_t::rc4_hmac; }), errc::etype_not_offered, "enc-part"));
  // the session key's
  const auto rc4 = [](reply_spec& s) { s.part.key = {etype_t::rc4_hmac, bytes_view(kdc_world::password_octets)}; };
  REQUIRE(fails_with(bent(rc4), errc::etype_not_offered, "key"));
}

TEST_CASE("as_client: a session key of the wrong length fails", "[exchange]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.key.keyvalue = s.part.key.keyvalue.first(31); }),
                     errc::bad_key_length, "key"));
}

TEST_CASE("as_client: times that were not asked for fail", "[exchange][rfc4120-3.1.5]") {
  const auto later = [](reply_spec& s) { s.part.endtime = plus(s.part.endtime, 1); };
  REQUIRE(fails_with(bent(later), errc::time_mismatch, "endtime"));
  const auto over = [](reply_spec& s) {
    s.part.endtime = plus(noon.at, -301);
    s.part.starttime = plus(noon.at, -302);
  };
  REQUIRE(is<failed>(bent(over)));
  const auto backwards = [](reply_spec& s) { s.part.endtime = plus(*s.part.starttime, -1); };
  REQUIRE(fails_with(bent(backwards), errc::ticket_expired, "endtime"));
  const auto renew = [](reply_spec& s) { s.part.renew_till = plus(noon.at, 1); };
  REQUIRE(fails_with(bent(renew), errc::time_mismatch, "renew-till"));
}

TEST_CASE("as_client: a ticket that has ended by our clock fails", "[exchange][rfc4120-3.1.5]") {
  const auto with_skew = [](std::int64_t skew, auto bend) {
    as_login login;
    login.w.limits.clock_skew = skew;
    login.start();
    return login.reply(bend, transport::stream);
  };
  const auto ended = [](std::int64_t ago) {
    return [ago](reply_spec& s) {
      s.part.starttime = plus(noon.at, -300);
      s.part.endtime = plus(noon.at, -ago);
    };
  };
  REQUIRE(is<done>(with_skew(300, ended(300))));
  REQUIRE(is<failed>(with_skew(299, ended(300))));  // the start is out of skew then, too
  const auto never_began = [](reply_spec& s) {
    s.part.starttime.reset();
    s.part.authtime = plus(noon.at, -100);
    s.part.endtime = plus(noon.at, -100);
  };
  REQUIRE(is<done>(with_skew(100, never_began)));
}
TEST_CASE("as_client: a login at another time than now fails, also if the ticket starts now",
          "[exchange][rfc4120-3.1.5]") {
  const auto at = [](std::int64_t seconds) {
    as_login login;
    login.start();
    return login.reply(
        [seconds](reply_spec& s) {
          s.part.authtime = plus(noon.at, seconds);
          s.part.starttime = noon.at;
        },
        transport::stream);
  };
  for (const std::int64_t sign : {1, -1}) {
    CHECK(is<done>(at(sign * 300)));
    const auto step = at(sign * 301);
    REQUIRE(is<failed>(step));
    CHECK(std::get<failed>(step).why.code == errc::clock_skew);
    CHECK(std::string_view(std::get<failed>(step).why.field) == "authtime");
  }
}
TEST_CASE("as_client: a start outside the skew fails, on both sides and exactly", "[exchange][rfc4120-3.1.5]") {
  const auto at = [](std::int64_t off) { return [off](reply_spec& s) { s.part.starttime = plus(noon.at, off); }; };
  REQUIRE(is<done>(bent(at(300))));
  REQUIRE(is<done>(bent(at(-300))));
  REQUIRE(fails_with(bent(at(301)), errc::clock_skew, "starttime"));
  REQUIRE(fails_with(bent(at(-301)), errc::clock_skew, "starttime"));
  const auto authtime = [](reply_spec& s) {
    s.part.starttime.reset();
    s.part.authtime = plus(noon.at, 301);
  };
  REQUIRE(fails_with(bent(authtime), errc::clock_skew, "starttime"));
}

TEST_CASE("as_client: renew-till is at most what was asked for", "[exchange][rfc4120-3.1.5]") {
  as_params<key> ask = usual();
  ask.renew_lifetime = 86400;
  const auto till = [](std::int64_t after) {
    return [after](reply_spec& s) {
      s.part.flags.set(ticket_flag_t::renewable);
      s.part.renew_till = plus(noon.at, after);
    };
  };
  REQUIRE(is<done>(bent(till(86400), ask)));
  REQUIRE(fails_with(bent(till(86401), ask), errc::time_mismatch, "renew-till"));
  ask.renew_lifetime.reset();
  ask.options.set(kdc_option_t::renewable_ok);
  REQUIRE(is<done>(bent(till(36000), ask)));
  REQUIRE(fails_with(bent(till(36001), ask), errc::time_mismatch, "renew-till"));
}

TEST_CASE("as_client: a postdated ticket starts when it was asked to", "[exchange][rfc4120-3.1.5]") {
  as_params<key> ask = usual();
  ask.options = {kdc_option_t::postdated, kdc_option_t::allow_postdate};
  ask.from = plus(noon.at, 7200);
  const auto from = [](std::int64_t after) {
    return [after](reply_spec& s) {
      s.part.flags = {ticket_flag_t::initial, ticket_flag_t::postdated, ticket_flag_t::invalid};
      s.part.starttime = plus(noon.at, after);
    };
  };
  REQUIRE(is<done>(bent(from(7200), ask)));
  REQUIRE(fails_with(bent(from(7201), ask), errc::time_mismatch, "starttime"));
}

TEST_CASE("as_client: a start that was asked for without postdating may be now", "[exchange][rfc4120-3.1.3]") {
  as_params<key> ask = usual();
  ask.from = plus(noon.at, 60);
  REQUIRE(is<done>(bent(honest, ask)));
}

namespace {
/// The flags that a credential reports as granted unasked, when the KDC grants `f`; none when it is refused.
std::optional<msg::TicketFlags> reported(ticket_flag_t f, msg::KdcOptions asked = {}) {
  as_login login([&](auto& ask) { ask.options = asked; });
  login.start();
  const auto grants = [f](reply_spec& r) { r.part.flags.set(f); };
  if (!is<done>(login.reply(grants))) return std::nullopt;
  const auto c = std::move(login.x).take();
  if (!c->facts().flags.has(f)) return std::nullopt;
  return c->facts().unrequested_flags;
}
}  // namespace

TEST_CASE("as_client: flags that a KDC grants unasked are reported, not refused", "[exchange][rfc4120-3.1.5]") {
  for (ticket_flag_t f :
       {ticket_flag_t::forwardable, ticket_flag_t::forwarded, ticket_flag_t::proxiable, ticket_flag_t::proxy,
        ticket_flag_t::may_postdate, ticket_flag_t::postdated, ticket_flag_t::renewable, ticket_flag_t::anonymous}) {
    INFO(name_of(f));
    REQUIRE(reported(f) == msg::TicketFlags{f});
  }
  for (ticket_flag_t f : {ticket_flag_t::pre_authent, ticket_flag_t::hw_authent, ticket_flag_t::ok_as_delegate,
                          ticket_flag_t::transited_policy_checked}) {
    INFO(name_of(f));
    REQUIRE(reported(f) == msg::TicketFlags{});
  }
  REQUIRE(reported(ticket_flag_t::forwardable, {kdc_option_t::forwardable}) == msg::TicketFlags{});
}

TEST_CASE("as_client: an invalid ticket that was not asked to be postdated fails", "[exchange][rfc4120-2.2]") {
  REQUIRE(
      fails_with(bent([](reply_spec& s) { s.part.flags.set(ticket_flag_t::invalid); }), errc::flags_mismatch, "flags"));
}

TEST_CASE("as_client: a ticket that is not INITIAL fails", "[exchange][rfc4120-2.1]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.flags = {}; }), errc::flags_mismatch, "flags"));
}

TEST_CASE("as_client: addresses that were not asked for fail", "[exchange][rfc4120-3.1.5]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1}, other[] = {192, 0, 2, 2};
  static constexpr msg::HostAddress asked[] = {{addr_t::ipv4, v4}}, got_other[] = {{addr_t::ipv4, other}},
                                    got_type[] = {{addr_t::directional, v4}};
  as_params<key> ask = usual();
  const auto with = [](view_of<msg::HostAddress> a) {
    return [a](reply_spec& s) { s.part.caddr = msg::HostAddresses(a); };
  };
  REQUIRE(fails_with(bent(with(asked), ask), errc::address_mismatch, "caddr"));
  ask.addresses = asked;
  REQUIRE(is<done>(bent(with(asked), ask)));
  REQUIRE(fails_with(bent(with(got_other), ask), errc::address_mismatch, "caddr"));
  REQUIRE(fails_with(bent(with(got_type), ask), errc::address_mismatch, "caddr"));
}

TEST_CASE("as_client: a KDC may write a requested IPv4 address in its right form", "[exchange][rfc4120-7.1]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1},
                                mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  static constexpr msg::HostAddress asked[] = {{addr_t::ipv6, mapped}}, got[] = {{addr_t::ipv4, v4}};
  as_params<key> ask = usual();
  ask.addresses = asked;
  REQUIRE(is<done>(bent([](reply_spec& s) { s.part.caddr = msg::HostAddresses(view_of(got)); }, ask)));
}

TEST_CASE("as_client: an empty list of addresses is no list", "[exchange][rfc4120-5.1.3]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress asked[] = {{addr_t::ipv4, v4}};
  as_login login([](auto& ask) { ask.addresses = view_of(asked); });
  login.start();
  REQUIRE(is<done>(login.reply([](reply_spec& s) { s.part.caddr = msg::HostAddresses{}; })));
  const auto c = std::move(login.x).take();
  REQUIRE(c);
  CHECK((!c->facts().addresses && c->facts().valid_from_anywhere));
}

// ---- seals

TEST_CASE("as_client: a reply under another key or usage is passed over on a datagram and fails on a stream",
          "[exchange][rfc4120-3.1.5]") {
  for (const transport c : {transport::datagram, transport::stream}) {
    as_login login;
    login.start();
    const auto s = login.reply([&](reply_spec& r) { r.seal_with = &login.w.tgs_key; }, c);
    REQUIRE(why(s).code == errc::integrity);
    REQUIRE(is<failed>(s) == (c == transport::stream));
    if (c == transport::datagram) {
      REQUIRE(is<done>(login.reply(honest, c)));
    } else {
      REQUIRE(is<failed>(login.reply(honest, c)));
    }
  }
  REQUIRE(is<failed>(bent([](reply_spec& s) { s.usage = key_usage_t::tgs_rep_enc_part_session; })));
}

TEST_CASE("as_client: no truncation of a reply is accepted, and the true one still is", "[exchange]") {
  as_login login;
  login.start();
  const bytes_view whole = login.w.as_rep(login.sent, honest);
  for (std::size_t n = 0; n != whole.size(); ++n) {
    INFO(n);
    const auto s = login.receive(whole.first(n));
    REQUIRE(is<ignored>(s));
    REQUIRE(is_malformed(why(s).code));
  }
  REQUIRE(is<done>(login.receive(whole)));
}

TEST_CASE("as_client: what opens and is no EncASRepPart fails", "[exchange][rfc4120-5.4.2]") {
  std::array<std::uint8_t, 512> reply{};
  as_login login;
  REQUIRE(is<send>(login.start()));
  const auto rep = testing::mint_kdc_rep<msg_t::as_rep>(alice(), login.w.ticket(krbtgt(), login.w.service_key),
                                                        msg::PaEncTsEnc{noon.at, noon.usec}, login.w.client_key,
                                                        key_usage_t::as_rep_enc_part, login.w.env_now(), reply);
  REQUIRE(fails_with(login.receive(*rep), errc::unexpected_tag, ""));
}

TEST_CASE("as_client: no flipped bit of a reply is accepted but where nothing is authenticated", "[exchange]") {
  as_login login;
  login.start();
  const bytes_view whole = login.w.as_rep(login.sent, honest);
  const auto rep = asn1::decode<msg::AsRep>(whole);
  const auto offset = [&](bytes_view part) { return static_cast<std::size_t>(part.data() - whole.data()); };
  const bytes_view sealed_ticket = rep->ticket->enc_part.cipher;
  const std::size_t ticket_names_end = offset((*++rep->ticket->sname.name_string.begin()).octets) + 6;
  for (std::size_t bit = 0; bit != whole.size() * 8; ++bit) {
    std::array<std::uint8_t, 1024> copy{};
    for (std::size_t i = 0; i != whole.size(); ++i) copy[i] = whole[i];
    const std::size_t at = bit / 8;
    copy[at] = static_cast<std::uint8_t>(copy[at] ^ (1u << (bit % 8)));
    as_login same;  // draws the same nonce
    REQUIRE(is<send>(same.start()));
    if (!is<done>(same.receive(bytes_view(copy).first(whole.size()), transport::stream))) continue;
    // The Ticket is opaque to the client: etype, kvno and cipher of its enc-part. Name types are compared nowhere.
    const auto got = asn1::decode<msg::AsRep>(bytes_view(copy).first(whole.size()));
    const bool in_ticket = at >= ticket_names_end && at < offset(sealed_ticket) + sealed_ticket.size();
    const bool name_type =
        got->cname.name_type != rep->cname.name_type || got->ticket->sname.name_type != rep->ticket->sname.name_type;
    INFO("octet " << at << " bit " << bit % 8);
    REQUIRE((in_ticket || name_type));
  }
}

TEST_CASE("as_client: a forged name or hint is passed over on a datagram", "[exchange][rfc4120-3.1.5]") {
  as_login login;
  login.start();
  REQUIRE(why(login.reply([](reply_spec& s) { s.client = mallory(); })).code == errc::name_mismatch);
  REQUIRE(why(login.reply([](reply_spec& s) { s.claimed = etype_t::rc4_hmac; })).code == errc::etype_not_offered);
  REQUIRE(is<done>(login.reply(honest)));
}
