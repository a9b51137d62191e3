// The AS client: what it sends, what it accepts, and every reply that it must not accept.
#include <kerb/exchange/client/as.hpp>
#include <kerb/exchange/over_stream.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;
using client = as_client<testing::insecure_policy>;

namespace {

constexpr bytes_view octets_of_send(const client::step& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}

/// Starts a client and answers it with a reply bent by `bend`.
template <class F>
constexpr client::step answered(kdc_world& w, std::span<std::uint8_t> buffer, F bend,
                                as_params<key> ask = {.client = alice(), .buffer = {}}) {
  if (ask.buffer.empty()) ask = w.ask_as(buffer);
  client x(ask);
  const auto s = x.start(w.env_now());
  return x.receive(w.as_rep(octets_of_send(s), bend), w.env_now(), transport::stream);
}
template <class F>
client::step bent(F bend) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  return answered(w, buffer, bend);
}

constexpr bool without_preauthentication() {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto first = x.start(w.env_now());
  const auto* out = std::get_if<send>(&first);
  if (out == nullptr || !(out->realm == ex_org) || out->to != destination::kdc || out->via != transport::datagram)
    return false;
  const auto req = asn1::decode<msg::AsReq>(out->octets, der::strict);
  // RFC 6806 section 11: PA-REQ-ENC-PA-REP and nothing else
  if (!req || !req->padata || req->padata->size() != 1 || !same_name(*req->req_body->cname, alice().name) ||
      !same_name(*req->req_body->sname, krbtgt().name) || !(req->req_body->realm == ex_org) ||
      req->req_body->etype.size() != 4 || req->req_body->nonce > 0x7fffffff) {
    return false;
  }
  if (!is<done>(x.receive(w.as_rep(out->octets, honest), w.env_now()))) return false;
  const auto c = std::move(x).take();
  return c && same_principal(c->client(), alice()) && same_principal(c->server(), krbtgt()) &&
         c->session_key().etype() == e20 &&
         ct_equal(c->session_key().octets().unguarded(), w.session_key.octets().unguarded()) &&
         asn1::decode<msg::Ticket>(c->ticket()).has_value() && c->endtime() == plus(noon.at, 36000) &&
         c->kdc_clock_offset() == 0 && !c->facts().client_renamed && !holds(buffer, w.session_key.octets().unguarded());
}

constexpr bool with_an_encrypted_timestamp() {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  if (!is<send>(x.start(w.env_now()))) return false;
  const auto second = x.receive(w.hints({.cookie = bytes_view(w.password_octets), .strangers = true}), w.env_now());
  const auto req = asn1::decode<msg::AsReq>(octets_of_send(second), der::strict);
  if (!req || !req->padata || req->padata->size() != 3) return false;
  auto pa = req->padata->begin();
  const msg::PaData stamp = *++pa, cookie = *++pa;
  if (stamp.padata_type != padata_t::enc_timestamp || cookie.padata_type != padata_t::fx_cookie) return false;
  if (!(cookie.padata_value == bytes_view(w.password_octets))) return false;  // RFC 6113 section 5.2: as it came
  const auto sealed = asn1::decode<msg::EncryptedData>(stamp.padata_value);
  if (!sealed || sealed->etype != e20 || sealed->kvno) return false;
  std::array<std::uint8_t, 128> opened{};
  const auto plain = w.policy.unseal(w.client_key, key_usage_t::as_req_enc_timestamp, sealed->cipher, opened);
  if (!plain) return false;
  const auto ts = asn1::decode<msg::PaEncTsEnc>(bytes_view(*plain));
  if (!ts || ts->patimestamp != noon.at || ts->pausec != noon.usec) return false;
  return is<done>(x.receive(w.as_rep(octets_of_send(second), honest), w.env_now())) && std::move(x).take().has_value();
}

}  // namespace

KERB_BOTH("as_client: a principal without pre-authentication gets a ticket", "[exchange][rfc4120-3.1]",
          without_preauthentication);
KERB_BOTH("as_client: PA-ENC-TIMESTAMP follows the KDC's hints, and its cookie goes back",
          "[exchange][rfc4120-5.2.7.2]", with_an_encrypted_timestamp);

TEST_CASE("as_client: each request has a nonce of its own", "[exchange][rfc4120-3.1.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const std::uint32_t first =
      kerb_test::must(asn1::decode<msg::AsReq>(octets_of_send(x.start(w.env_now())))).req_body->nonce;
  const std::uint32_t second =
      kerb_test::must(asn1::decode<msg::AsReq>(octets_of_send(x.receive(w.hints(), w.env_now())))).req_body->nonce;
  REQUIRE(first != second);
}

TEST_CASE("as_client: EncASRepPart is accepted under APPLICATION 25 and 26", "[exchange][rfc4120-5.4.2]") {
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = false; })));
  REQUIRE(is<done>(bent([](reply_spec& s) { s.as_26 = true; })));
}

// ---- what the encrypted part says, RFC 4120 section 3.1.5

TEST_CASE("as_client: a reply with another nonce fails", "[exchange][rfc4120-3.1.5]") {
  REQUIRE(fails_with(bent([](reply_spec& s) { s.part.nonce = s.part.nonce ^ 1u; }), errc::nonce_mismatch, "nonce"));
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
TEST_CASE("as_client: an encryption type that was not offered fails", "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const etype_t only18[] = {e18};
  as_params<key> ask = w.ask_as(buffer);
  ask.etypes = only18;
  // the reply's own
  REQUIRE(fails_with(answered(w, buffer, honest, ask), errc::etype_not_offered, "enc-part"));
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
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  w.limits.clock_skew = 300;
  const auto ended = [](std::int64_t ago) {
    return [ago](reply_spec& s) {
      s.part.starttime = plus(noon.at, -300);
      s.part.endtime = plus(noon.at, -ago);
    };
  };
  REQUIRE(is<done>(answered(w, buffer, ended(300))));
  w.limits.clock_skew = 299;  // the start is out of skew then, too
  REQUIRE(is<failed>(answered(w, buffer, ended(300))));
  const auto never_began = [](reply_spec& s) {
    s.part.starttime.reset();
    s.part.authtime = plus(noon.at, -100);
    s.part.endtime = plus(noon.at, -100);
  };
  w.limits.clock_skew = 100;
  REQUIRE(is<done>(answered(w, buffer, never_began)));
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
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.renew_lifetime = 86400;
  const auto till = [](std::int64_t after) {
    return [after](reply_spec& s) {
      s.part.flags.set(ticket_flag_t::renewable);
      s.part.renew_till = plus(noon.at, after);
    };
  };
  REQUIRE(is<done>(answered(w, buffer, till(86400), ask)));
  REQUIRE(fails_with(answered(w, buffer, till(86401), ask), errc::time_mismatch, "renew-till"));
  ask.renew_lifetime.reset();
  ask.options.set(kdc_option_t::renewable_ok);
  REQUIRE(is<done>(answered(w, buffer, till(36000), ask)));
  REQUIRE(fails_with(answered(w, buffer, till(36001), ask), errc::time_mismatch, "renew-till"));
}
TEST_CASE("as_client: a postdated ticket starts when it was asked to", "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.options = {kdc_option_t::postdated, kdc_option_t::allow_postdate};
  ask.from = plus(noon.at, 7200);
  const auto from = [](std::int64_t after) {
    return [after](reply_spec& s) {
      s.part.flags = {ticket_flag_t::initial, ticket_flag_t::postdated, ticket_flag_t::invalid};
      s.part.starttime = plus(noon.at, after);
    };
  };
  REQUIRE(is<done>(answered(w, buffer, from(7200), ask)));
  REQUIRE(fails_with(answered(w, buffer, from(7201), ask), errc::time_mismatch, "starttime"));
}
namespace {
/// The flags that a credential reports as granted unasked, when the KDC grants `f`; none when it is refused.
std::optional<msg::TicketFlags> reported(ticket_flag_t f, msg::KdcOptions asked = {}) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.options = asked;
  client x(ask);
  const auto s = x.start(w.env_now());
  const auto grants = [f](reply_spec& r) { r.part.flags.set(f); };
  if (!is<done>(x.receive(w.as_rep(octets_of_send(s), grants), w.env_now()))) return std::nullopt;
  const auto c = std::move(x).take();
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
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1}, other[] = {192, 0, 2, 2};
  static constexpr msg::HostAddress asked[] = {{addr_t::ipv4, v4}}, got_other[] = {{addr_t::ipv4, other}},
                                    got_type[] = {{addr_t::directional, v4}};
  as_params<key> ask = w.ask_as(buffer);
  const auto with = [](view_of<msg::HostAddress> a) {
    return [a](reply_spec& s) { s.part.caddr = msg::HostAddresses(a); };
  };
  REQUIRE(fails_with(answered(w, buffer, with(asked), ask), errc::address_mismatch, "caddr"));
  ask.addresses = asked;
  REQUIRE(is<done>(answered(w, buffer, with(asked), ask)));
  REQUIRE(fails_with(answered(w, buffer, with(got_other), ask), errc::address_mismatch, "caddr"));
  REQUIRE(fails_with(answered(w, buffer, with(got_type), ask), errc::address_mismatch, "caddr"));
}
TEST_CASE("as_client: another name for the client is taken only where canonicalisation was asked",
          "[exchange][rfc6806-6]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.options = {kdc_option_t::canonicalize};
  client x(ask);
  const auto s = x.start(w.env_now());
  REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(s), [](reply_spec& r) { r.client = mallory(); }), w.env_now())));
  const auto c = std::move(x).take();
  REQUIRE(c->facts().client_renamed);
  REQUIRE(same_principal(c->client(), mallory()));
}

// ---- seals

TEST_CASE("as_client: a reply under another key or usage is passed over on a datagram and fails on a stream",
          "[exchange][rfc4120-3.1.5]") {
  const auto wrong_key = [](kdc_world& w) { return [&w](reply_spec& s) { s.seal_with = &w.tgs_key; }; };
  for (const transport c : {transport::datagram, transport::stream}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    const auto first = x.start(w.env_now());
    const auto s = x.receive(w.as_rep(octets_of_send(first), wrong_key(w)), w.env_now(), c);
    REQUIRE(why(s).code == errc::integrity);
    REQUIRE(is<failed>(s) == (c == transport::stream));
    if (c == transport::datagram) {
      REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(first), honest), w.env_now(), c)));
    } else {
      REQUIRE(is<failed>(x.receive(w.as_rep(octets_of_send(first), honest), w.env_now(), c)));
    }
  }
  REQUIRE(is<failed>(bent([](reply_spec& s) { s.usage = key_usage_t::tgs_rep_enc_part_session; })));
}

TEST_CASE("as_client: no truncation of a reply is accepted, and the true one still is", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto first = x.start(w.env_now());
  const bytes_view whole = w.as_rep(octets_of_send(first), honest);
  for (std::size_t n = 0; n != whole.size(); ++n) {
    INFO(n);
    const auto s = x.receive(whole.first(n), w.env_now());
    REQUIRE(is<ignored>(s));
    REQUIRE(is_malformed(why(s).code));
  }
  REQUIRE(is<done>(x.receive(whole, w.env_now())));
}
TEST_CASE("as_client: no truncation of a KRB-ERROR is taken for one", "[exchange][rfc4120-5.9.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  const bytes_view whole = w.error(error_code_t::kdc_err_policy);
  for (std::size_t n = 0; n != whole.size(); ++n) {
    INFO(n);
    const auto s = x.receive(whole.first(n), w.env_now());
    REQUIRE(is<ignored>(s));
    REQUIRE(is_malformed(why(s).code));
    REQUIRE_FALSE(x.peer_error());
  }
}
TEST_CASE("as_client: what opens and is no EncASRepPart fails", "[exchange][rfc4120-5.4.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> reply{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto rep = testing::mint_kdc_rep<msg_t::as_rep>(alice(), w.ticket(krbtgt(), w.service_key),
                                                        msg::PaEncTsEnc{noon.at, noon.usec}, w.client_key,
                                                        key_usage_t::as_rep_enc_part, w.env_now(), reply);
  REQUIRE(fails_with(x.receive(*rep, w.env_now()), errc::unexpected_tag, ""));
}

TEST_CASE("as_client: no flipped bit of a reply is accepted but where nothing is authenticated", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto first = x.start(w.env_now());
  const bytes_view whole = w.as_rep(octets_of_send(first), honest);
  const auto rep = asn1::decode<msg::AsRep>(whole);
  const auto offset = [&](bytes_view part) { return static_cast<std::size_t>(part.data() - whole.data()); };
  const bytes_view sealed_ticket = rep->ticket->enc_part.cipher;
  const std::size_t ticket_names_end = offset((*++rep->ticket->sname.name_string.begin()).octets) + 6;
  for (std::size_t bit = 0; bit != whole.size() * 8; ++bit) {
    std::array<std::uint8_t, 1024> copy{};
    for (std::size_t i = 0; i != whole.size(); ++i) copy[i] = whole[i];
    const std::size_t at = bit / 8;
    copy[at] = static_cast<std::uint8_t>(copy[at] ^ (1u << (bit % 8)));
    client y(w.ask_as(buffer));
    kdc_world same;  // draws the same nonce
    const auto ignored_start = y.start(same.env_now());
    REQUIRE(is<send>(ignored_start));
    const auto s = y.receive(bytes_view(copy).first(whole.size()), same.env_now(), transport::stream);
    if (!is<done>(s)) continue;
    // The Ticket is opaque to the client: etype, kvno and cipher of its enc-part. Name types are compared nowhere.
    const auto got = asn1::decode<msg::AsRep>(bytes_view(copy).first(whole.size()));
    const bool in_ticket = at >= ticket_names_end && at < offset(sealed_ticket) + sealed_ticket.size();
    const bool name_type =
        got->cname.name_type != rep->cname.name_type || got->ticket->sname.name_type != rep->ticket->sname.name_type;
    INFO("octet " << at << " bit " << bit % 8);
    REQUIRE((in_ticket || name_type));
  }
}

// ---- KRB-ERROR

TEST_CASE("as_client: a KRB-ERROR ends the exchange with its code", "[exchange][rfc4120-3.1.6]") {
  for (error_code_t code :
       {error_code_t::kdc_err_c_principal_unknown, error_code_t::kdc_err_s_principal_unknown,
        error_code_t::kdc_err_key_expired, error_code_t::kdc_err_etype_nosupp, error_code_t::kdc_err_wrong_realm,
        error_code_t::kdc_err_client_revoked, error_code_t::krb_err_generic, error_code_t(4711)}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    const auto started = x.start(w.env_now());
    REQUIRE(is<send>(started));
    const auto s = x.receive(w.error(code), w.env_now());
    REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
    REQUIRE(why(s).detail == static_cast<std::uint32_t>(code));
    REQUIRE(x.peer_error()->error_code == code);
    REQUIRE(why(x.receive(w.error(error_code_t::kdc_err_policy), w.env_now())).detail ==
            static_cast<std::uint32_t>(code));
  }
}
TEST_CASE("as_client: a second refusal of the timestamp is the end", "[exchange][rfc4120-3.1.6]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
  const auto s = x.receive(w.hints({.code = error_code_t::kdc_err_preauth_failed}), w.env_now());
  REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
  REQUIRE(why(s).detail == 24);
}
TEST_CASE("as_client: a KDC that offers nothing we have ends the exchange", "[exchange][rfc4120-5.2.7]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(fails_with(x.receive(w.hints({.timestamp = false, .strangers = true}), w.env_now()),
                     errc::no_preauth_mechanism, ""));
  client y(w.ask_as(buffer));
  REQUIRE(is<send>(y.start(w.env_now())));
  REQUIRE(fails_with(y.receive(w.error(error_code_t::kdc_err_preauth_required), w.env_now()), errc::kdc_error,
                     "error-code"));
}
TEST_CASE("as_client: broken hints are passed over on a datagram and fail on a stream", "[exchange]") {
  const std::uint8_t junk[] = {0x30, 0x80};
  for (const transport c : {transport::datagram, transport::stream}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    REQUIRE(is<send>(x.start(w.env_now())));
    const auto s = x.receive(w.error(error_code_t::kdc_err_preauth_required, bytes_view(junk)), w.env_now(), c);
    REQUIRE(is<failed>(s) == (c == transport::stream));
    REQUIRE(why(s).code == errc::non_minimal_length);
    if (c == transport::datagram) REQUIRE(is<send>(x.receive(w.hints(), w.env_now(), c)));
  }
}
TEST_CASE("as_client: a reply too big for a datagram is asked for again over a stream, once",
          "[exchange][rfc4120-7.2.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto first = x.start(w.env_now());
  const auto again = x.receive(w.error(error_code_t::krb_err_response_too_big), w.env_now());
  REQUIRE(is<send>(again));
  REQUIRE(std::get<send>(again).octets == octets_of_send(first));
  REQUIRE(std::get<send>(again).via == transport::stream);
  REQUIRE_FALSE(std::get<send>(again).fresh);
  // from now on there are no datagrams that could be passed over
  REQUIRE(is<failed>(x.receive(bytes_view(), w.env_now())));
  client y(w.ask_as(buffer));
  REQUIRE(is<send>(y.start(w.env_now())));
  REQUIRE(is<send>(y.receive(w.error(error_code_t::krb_err_response_too_big), w.env_now())));
  REQUIRE(is<failed>(y.receive(w.error(error_code_t::krb_err_response_too_big), w.env_now())));
}
TEST_CASE("as_client: an unauthenticated clock is followed only with leave, and once", "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const timestamp slow{{noon.at.seconds - 3600}, {0}};
  as_params<key> ask = w.ask_as(buffer);
  client x(ask);
  REQUIRE(is<send>(x.start(w.turn_at(slow))));
  const auto refused = x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(slow));
  REQUIRE(why(refused).code == errc::clock_skew);
  REQUIRE(is<failed>(refused));
  REQUIRE(x.peer_error()->stime == noon.at);

  ask.follow_kdc_clock = true;
  client y(ask);
  REQUIRE(is<send>(y.start(w.turn_at(slow))));
  const auto second = y.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(slow));
  REQUIRE(is<send>(second));
  REQUIRE(kerb_test::must(asn1::decode<msg::AsReq>(octets_of_send(second))).req_body->till == plus(noon.at, 36000));
  REQUIRE(is<done>(y.receive(w.as_rep(octets_of_send(second), honest), w.turn_at(slow))));
  const auto c = std::move(y).take();
  REQUIRE(c->kdc_clock_offset() == 3600);
  client z(ask);
  REQUIRE(is<send>(z.start(w.turn_at(slow))));
  REQUIRE(is<send>(z.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(slow))));
  REQUIRE(is<failed>(z.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(slow))));
}

namespace {
/// Always has something to say, so that a KDC could go on for ever.
class talkative {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>&, const environment<C>&) {
    return preauth::ready{};
  }
  constexpr void write(der::writer& w) const { asn1::write(w, msg::PaData{padata_t(1000), {}}); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key* k, const environment<C>&) const {
    if (k == nullptr) return errc::no_key;
    return reply_key<typename C::key>(ref(*k));
  }
};
}  // namespace

TEST_CASE("as_client: a KDC that always wants more is bounded by the limits", "[exchange][rfc6113-5.2]") {
  kdc_world w;
  w.limits.max_rounds = 4;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.key = w.client_key;
  as_client<testing::insecure_policy, mechanisms<talkative>> x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  const error_code_t more[] = {error_code_t::kdc_err_preauth_required, error_code_t::kdc_err_more_preauth_data_required,
                               error_code_t::kdc_err_more_preauth_data_required};
  for (error_code_t code : more) REQUIRE(is<send>(x.receive(w.hints({.code = code}), w.env_now())));
  REQUIRE(fails_with(x.receive(w.hints({.code = more[1]}), w.env_now()), errc::too_many_rounds, ""));
}

// ---- keys from hints

TEST_CASE("as_client: iterations outside the limits are refused, and inside they count",
          "[exchange][rfc4120-5.2.7.5]") {
  struct row {
    std::array<std::uint8_t, 4> params;
    std::uint64_t count;
    bool good;
  };
  const row rows[] = {{{0, 0, 0, 1}, 1, false},
                      {{0, 0, 0x7f, 0xff}, 32767, false},
                      {{0, 0, 0x80, 0}, 32768, true},
                      {{0, 1, 0, 0}, 65536, true},
                      {{0, 0x10, 0, 0}, 1048576, true},
                      {{0, 0x10, 0, 1}, 1048577, false},
                      {{0xff, 0xff, 0xff, 0xff}, 0, false},
                      {{0, 0, 0, 0}, std::uint64_t{1} << 32, false}};
  for (const row& r : rows) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    as_params<key> ask = w.ask_as(buffer);
    ask.password = {};
    client x(ask);
    REQUIRE(is<send>(x.start(w.env_now())));
    const auto s = x.receive(w.hints({.s2kparams = bytes_view(r.params)}), w.env_now());
    INFO(r.count);
    if (r.good) {
      REQUIRE(is<need_key>(s));
      REQUIRE(std::get<need_key>(s).iterations.count == r.count);
    } else {
      REQUIRE(fails_with(s, errc::bad_s2k_parameters, "s2kparams"));
    }
  }
}
TEST_CASE("as_client: the limits of iterations are the caller's", "[exchange][rfc4120-5.2.7.5]") {
  kdc_world w;
  w.limits.min_iterations = 1;
  w.limits.max_iterations = std::uint64_t{1} << 32;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  for (const std::array<std::uint8_t, 4> p : {std::array<std::uint8_t, 4>{0, 0, 0, 1}, std::array<std::uint8_t, 4>{}}) {
    client x(ask);
    REQUIRE(is<send>(x.start(w.env_now())));
    const auto s = x.receive(w.hints({.s2kparams = bytes_view(p)}), w.env_now());
    REQUIRE(is<need_key>(s));
    REQUIRE(std::get<need_key>(s).iterations.count == (p[3] == 1 ? 1 : std::uint64_t{1} << 32));
  }
}
TEST_CASE("as_client: parameters of another size are refused", "[exchange][rfc3962-4]") {
  const std::uint8_t five[5] = {0, 0, 0, 0x80, 0};
  for (std::size_t n : {0u, 3u, 5u}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    REQUIRE(is<send>(x.start(w.env_now())));
    REQUIRE(fails_with(x.receive(w.hints({.s2kparams = bytes_view(five).first(n)}), w.env_now()),
                       errc::bad_s2k_parameters, "s2kparams"));
  }
}
TEST_CASE("as_client: hints for none of our encryption types fail", "[exchange][rfc4120-5.2.7.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(fails_with(x.receive(w.hints({.etype = etype_t::des_cbc_md5}), w.env_now()), errc::etype_not_offered, ""));
}
TEST_CASE("as_client: without a password it asks for the key, with the salt and the parameters",
          "[exchange][rfc4120-3.1.3]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto s = x.receive(w.hints({.etype = e18, .salt = "salt!"_krb}), w.env_now());
  REQUIRE(is<need_key>(s));
  REQUIRE(std::get<need_key>(s).etype == e18);
  REQUIRE(std::get<need_key>(s).salt == "salt!"_krb.octets);
  REQUIRE(std::get<need_key>(s).iterations.count == 4096);
  key k = w.make(e18, 0x55);
  const auto second = x.provide(std::move(k), w.env_now());
  REQUIRE(is<send>(second));
  const key same = w.make(e18, 0x55);
  REQUIRE(
      is<done>(x.receive(w.as_rep(octets_of_send(second), [&](reply_spec& r) { r.seal_with = &same; }), w.env_now())));
}
TEST_CASE("as_client: the default salt is the realm and the components", "[exchange][rfc4120-4]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto s = x.receive(w.hints(), w.env_now());
  REQUIRE(is<need_key>(s));
  REQUIRE(std::get<need_key>(s).salt == "EX.ORGalice"_krb.octets);
  SECTION("a key of another encryption type than was asked for is misuse") {
    REQUIRE(why(x.provide(w.make(e17, 1), w.env_now())).code == errc::api_misuse);
  }
}
TEST_CASE("as_client: a key for the reply alone is asked for when it is needed", "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  const auto first = x.start(w.env_now());
  const bytes_view rep = w.as_rep(octets_of_send(first), honest);
  const auto s = x.receive(rep, w.env_now());
  REQUIRE(is<need_key>(s));
  REQUIRE(std::get<need_key>(s).etype == e20);
  REQUIRE(is<done>(x.provide(w.client_key.copy(), w.env_now())));
}
TEST_CASE("as_client: hints in the reply tell how the key is made", "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const msg::EtypeInfo2Entry entries[] = {{e20, "other salt"_krb, {}}};
  std::array<std::uint8_t, 64> info{};
  const msg::PaData list[] = {
      {padata_t::etype_info2, kerb_test::must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  const key salted = kerb_test::must(w.policy.string_to_key(e20, w.password, "other salt"_krb.octets, {32768}));
  const auto bend = [&](reply_spec& s) {
    s.padata = msg::MethodData(view_of(list));
    s.seal_with = &salted;
  };
  REQUIRE(is<done>(answered(w, buffer, bend)));
}
TEST_CASE("as_client: a long-term key serves instead of a password, its own type offered first",
          "[exchange][rfc4120-3.1.3]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const key k = w.make(e17, 7);
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  ask.key = k;
  client x(ask);
  const auto first = x.start(w.env_now());
  const auto req = asn1::decode<msg::AsReq>(octets_of_send(first));
  REQUIRE(req->req_body->etype.size() == 4);
  REQUIRE(*req->req_body->etype.begin() == e17);
  const auto second = x.receive(w.hints({.etype = e17}), w.env_now());
  REQUIRE(is<send>(second));
  REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(second), [&](reply_spec& s) { s.seal_with = &k; }), w.env_now())));
  client y(ask);
  REQUIRE(is<send>(y.start(w.env_now())));
  REQUIRE(fails_with(y.receive(w.hints({.etype = e20}), w.env_now()), errc::etype_not_offered, ""));
}

// ---- the caller's side

TEST_CASE("as_client: too small a buffer says what will do, and nothing has changed", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const std::span<std::uint8_t> all(buffer);
  std::size_t needed = 0;
  {
    client x(w.ask_as(all.first(0)));
    const auto s = x.start(w.env_now());
    REQUIRE(is<need_buffer>(s));
    needed = std::get<need_buffer>(s).size;
  }
  for (std::size_t n = 0; n != needed; ++n) {
    kdc_world own;
    client x(own.ask_as(all.first(n)));
    const auto s = x.start(own.env_now());
    REQUIRE(is<need_buffer>(s));
    REQUIRE(std::get<need_buffer>(s).size == needed);
    REQUIRE(own.policy.entropy.draws() == 0);
    x.set_buffer(all.first(needed));
    REQUIRE(is<send>(x.start(own.env_now())));
  }
  // and when the reply comes
  std::array<std::uint8_t, 2048> other{};
  kdc_world own;
  client x(own.ask_as(all.first(needed)));
  const auto first = x.start(own.env_now());
  const bytes_view rep = own.as_rep(octets_of_send(first), honest);
  const auto s = x.receive(rep, own.env_now());
  REQUIRE(is<need_buffer>(s));
  const std::size_t more = std::get<need_buffer>(s).size;
  (void)x.set_buffer(std::span(other).first(more - 1));
  REQUIRE(std::get<need_buffer>(x.receive(rep, own.env_now())).size == more);
  REQUIRE_FALSE(x.set_buffer(std::span(other).first(10)));
  REQUIRE(x.set_buffer(all.first(more)));
  const auto end = x.receive(rep, own.env_now());
  INFO(name_of(why(end).code) << ' ' << why(end).type << ' ' << why(end).field << ' ' << end.index());
  REQUIRE(is<done>(end));
}
TEST_CASE("as_client: too small a space for the second request can be enlarged, with the key given back",
          "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> small{}, large{};
  as_params<key> ask = w.ask_as(std::span(small).first(0));
  ask.password = {};
  client x(ask);
  const auto s = x.start(w.env_now());
  x.set_buffer(std::span(small).first(std::get<need_buffer>(s).size));
  REQUIRE(is<send>(x.start(w.env_now())));
  auto next = x.receive(w.hints({.salt = "s"_krb}), w.env_now());
  REQUIRE(is<need_key>(next));
  key k = w.client_key.copy();
  next = x.provide(std::move(k), w.env_now());
  REQUIRE(is<need_buffer>(next));
  REQUIRE_FALSE(k.empty());
  x.set_buffer(large);
  REQUIRE(is<send>(x.provide(std::move(k), w.env_now())));
}

TEST_CASE("as_client: a random source that fails ends the exchange, and leaves no plaintext", "[exchange]") {
  for (unsigned draw = 1;; ++draw) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    w.policy.entropy.fail_at = draw;
    auto s = x.start(w.env_now());
    if (is<send>(s)) s = x.receive(w.hints(), w.env_now());
    if (is<send>(s)) {
      REQUIRE(draw == 4);  // two nonces and a confounder were drawn
      break;
    }
    REQUIRE(why(s).code == errc::entropy);
    REQUIRE_FALSE(holds(buffer, "20260101120000Z"_krb.octets));  // the timestamp that was about to be sealed
  }
}

TEST_CASE("as_client: what was opened is wiped when the credential dies", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  {
    client x(w.ask_as(buffer));
    const auto first = x.start(w.env_now());
    REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(first), honest), w.env_now())));
    auto c = std::move(x).take();
    REQUIRE(holds(buffer, "20260101120000Z"_krb.octets));  // authtime, in the opened part
    REQUIRE_FALSE(holds(buffer, w.session_key.octets().unguarded()));
  }
  REQUIRE_FALSE(holds(buffer, "20260101120000Z"_krb.octets));
}
TEST_CASE("as_client: what was opened is wiped when the reply is refused", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto first = x.start(w.env_now());
  const auto bend = [](reply_spec& s) { s.part.endtime = plus(s.part.endtime, 3600); };
  REQUIRE(is<failed>(x.receive(w.as_rep(octets_of_send(first), bend), w.env_now())));
  REQUIRE_FALSE(holds(buffer, "20260101230000Z"_krb.octets));
  REQUIRE_FALSE(holds(buffer, w.session_key.octets().unguarded()));
}

TEST_CASE("as_client: a whole exchange takes nothing from the heap", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  bool ok = false;
  {
    const no_allocations none;
    client x(w.ask_as(buffer));
    auto s = x.start(w.env_now());
    s = x.receive(w.hints(), w.env_now());
    s = x.receive(w.as_rep(octets_of_send(s), honest), w.env_now());
    ok = is<done>(s) && std::move(x).take().has_value();
  }
  REQUIRE(ok);
}

// ---- what somebody who can send datagrams, and nothing else, tries

namespace {
std::optional<bytes_view> cookie_in(bytes_view request) {
  const auto req = asn1::decode<msg::AsReq>(request);
  if (!req || !req->padata) return std::nullopt;
  for (const msg::PaData pa : *req->padata)
    if (pa.padata_type == padata_t::fx_cookie) return pa.padata_value;
  return std::nullopt;
}
bool has_timestamp(bytes_view request) {
  const auto req = asn1::decode<msg::AsReq>(request);
  if (!req || !req->padata) return false;
  for (const msg::PaData pa : *req->padata)
    if (pa.padata_type == padata_t::enc_timestamp) return true;
  return false;
}
}  // namespace

TEST_CASE("as_client: a cookie outlives the octets it came in, as long as it is sent", "[exchange][rfc6113-5.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> wire{};
  const std::uint8_t cookie[] = {'M', 'I', 'T', 1, 2, 3}, longer[] = {'M', 'I', 'T', 1, 2, 3, 4, 5, 6, 7, 8, 9};
  as_params<key> ask = w.ask_as(buffer);
  ask.follow_kdc_clock = true;
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto over_the_wire = [&](bytes_view v) {
    for (std::size_t i = 0; i != wire.size(); ++i) wire[i] = i < v.size() ? v[i] : 0xdd;
    return bytes_view(wire).first(v.size());
  };
  for (const bytes_view c : {bytes_view(cookie), bytes_view(longer), bytes_view(cookie)}) {
    std::array<std::uint8_t, 2048> large{};
    client y(ask);
    REQUIRE(is<send>(y.start(w.env_now())));
    const auto second = y.receive(over_the_wire(w.hints({.cookie = c})), w.env_now());
    REQUIRE(cookie_in(octets_of_send(second)) == std::optional(c));
    const auto third = y.receive(over_the_wire(w.error(error_code_t::krb_ap_err_skew)), w.env_now());
    REQUIRE(is<send>(third));
    REQUIRE(cookie_in(octets_of_send(third)) == std::optional(c));
    REQUIRE(has_timestamp(octets_of_send(third)));
    y.set_buffer(large);
    REQUIRE(is<done>(y.receive(w.as_rep(octets_of_send(third), honest), w.env_now())));
  }
}
TEST_CASE("as_client: hints that are passed over leave nothing behind", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 128> data{};
  const std::uint8_t junk[] = {0x30, 0x80};
  const msg::PaData list[] = {
      {padata_t::etype_info2, junk}, {padata_t::fx_cookie, junk}, {padata_t::enc_timestamp, {}}};
  const bytes_view broken = kerb_test::must(asn1::encode(msg::MethodData(view_of(list)), data));
  as_params<key> ask = w.ask_as(buffer);
  ask.follow_kdc_clock = true;
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<ignored>(x.receive(w.error(error_code_t::kdc_err_preauth_required, broken), w.env_now())));
  const auto next = x.receive(w.error(error_code_t::krb_ap_err_skew), w.env_now());
  REQUIRE(is<send>(next));
  REQUIRE_FALSE(cookie_in(octets_of_send(next)));
  REQUIRE_FALSE(has_timestamp(octets_of_send(next)));
  REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(next), honest), w.env_now())));
}
TEST_CASE("as_client: a forged reply with another salt does not spoil the key", "[exchange][rfc4120-3.1.5]") {
  const msg::EtypeInfo2Entry entries[] = {{e20, "forged"_krb, {}}, {e17, "forged"_krb, {}}};
  std::array<std::uint8_t, 64> info{};
  const msg::PaData list[] = {
      {padata_t::etype_info2, kerb_test::must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  for (const bool preauthenticated : {false, true}) {
    for (const etype_t claimed : {e20, e17}) {
      kdc_world w;
      std::array<std::uint8_t, 2048> buffer{};
      client x(w.ask_as(buffer));
      auto sent = x.start(w.env_now());
      if (preauthenticated) sent = x.receive(w.hints(), w.env_now());
      const auto forge = [&](reply_spec& s) {
        s.padata = msg::MethodData(view_of(list));
        s.seal_with = &w.tgs_key;
        s.claimed = claimed;
      };
      REQUIRE(is<ignored>(x.receive(w.as_rep(octets_of_send(sent), forge), w.env_now())));
      REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(sent), honest), w.env_now())));
    }
  }
}
TEST_CASE("as_client: forged replies make it compute a bounded number of keys", "[exchange]") {
  kdc_world w;
  w.limits.max_rounds = 3;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto sent = x.start(w.env_now());
  const auto forged = [&](std::uint8_t letter) {
    const std::uint8_t salt[] = {letter};
    const msg::EtypeInfo2Entry entries[] = {{e20, kerberos_string{salt}, {}}};
    std::array<std::uint8_t, 64> info{};
    const msg::PaData list[] = {{padata_t::etype_info2, *asn1::encode(msg::EtypeInfo2(view_of(entries)), info)}};
    const auto bend = [&](reply_spec& s) {
      s.padata = msg::MethodData(view_of(list));
      s.seal_with = &w.tgs_key;
    };
    return x.receive(w.as_rep(octets_of_send(sent), bend), w.env_now());
  };
  for (const std::uint8_t salt : {'a', 'b', 'c', 'a', 'b', 'c'}) REQUIRE(why(forged(salt)).code == errc::integrity);
  REQUIRE(fails_with(forged('d'), errc::too_many_rounds, ""));
}
TEST_CASE("as_client: a key that was provided is asked for once, whatever it opens", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  const auto sent = x.start(w.env_now());
  REQUIRE(is<need_key>(
      x.receive(w.as_rep(octets_of_send(sent), [&](reply_spec& s) { s.seal_with = &w.tgs_key; }), w.env_now())));
  REQUIRE(is<ignored>(x.provide(w.client_key.copy(), w.env_now())));
  REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(sent), honest), w.env_now())));
}
TEST_CASE("as_client: a reply that changed while the key was fetched fails", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 1024> wire{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  const auto sent = x.start(w.env_now());
  const bytes_view rep = w.as_rep(octets_of_send(sent), honest);
  for (std::size_t i = 0; i != rep.size(); ++i) wire[i] = rep[i];
  REQUIRE(is<need_key>(x.receive(bytes_view(wire).first(rep.size()), w.env_now())));
  wire.fill(0);
  REQUIRE(is<failed>(x.provide(w.client_key.copy(), w.env_now())));
}
TEST_CASE("as_client: a forged name or hint is passed over on a datagram", "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto sent = x.start(w.env_now());
  REQUIRE(
      why(x.receive(w.as_rep(octets_of_send(sent), [](reply_spec& s) { s.client = mallory(); }), w.env_now())).code ==
      errc::name_mismatch);
  REQUIRE(
      why(x.receive(w.as_rep(octets_of_send(sent), [](reply_spec& s) { s.claimed = etype_t::rc4_hmac; }), w.env_now()))
          .code == errc::etype_not_offered);
  REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(sent), honest), w.env_now())));
}
TEST_CASE("as_client: the answer to a datagram that was sent twice does not end the next round", "[exchange]") {
  for (const transport c : {transport::datagram, transport::stream}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    REQUIRE(is<send>(x.start(w.env_now())));
    const auto second = x.receive(w.hints(), w.env_now(), c);
    const auto twice = x.receive(w.hints(), w.env_now(), c);
    REQUIRE(why(twice).code == errc::kdc_error);
    REQUIRE(is<ignored>(twice) == (c == transport::datagram));
    if (c == transport::datagram)
      REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(second), honest), w.env_now(), c)));
  }
}
TEST_CASE("as_client: a refusal whose e-data is of another type is a refusal all the same",
          "[exchange][rfc4120-5.9.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const std::uint8_t typed[] = {0x30, 0x09, 0xa1, 0x03, 0x02, 0x01, 0x03, 0xa2, 0x02, 0x04, 0x00};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
  const auto s = x.receive(w.error(error_code_t::kdc_err_preauth_failed, bytes_view(typed)), w.env_now());
  REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
  REQUIRE(why(s).detail == 24);
}
TEST_CASE("as_client: an unauthenticated clock is followed only so far", "[exchange][rfc4120-3.1.5]") {
  const auto followed = [](std::int64_t ahead) {
    kdc_world w;
    w.limits.max_clock_offset = 7200;
    std::array<std::uint8_t, 2048> buffer{};
    as_params<key> ask = w.ask_as(buffer);
    ask.follow_kdc_clock = true;
    client x(ask);
    const timestamp ours{{noon.at.seconds - ahead}, {0}};
    REQUIRE(is<send>(x.start(w.turn_at(ours))));
    return is<send>(x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(ours)));
  };
  REQUIRE(followed(7200));
  REQUIRE_FALSE(followed(7201));
  REQUIRE(followed(-7200));
  REQUIRE_FALSE(followed(-7201));
}
TEST_CASE("as_client: a referral in place of a ticket is refused", "[exchange][rfc6806-7]") {
  const auto referral = [](reply_spec& s) {
    s.part.sname = named(referral_parts).name;
    s.ticket_service = named(referral_parts);
  };
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.options = {kdc_option_t::canonicalize};
  REQUIRE(fails_with(answered(w, buffer, referral, ask), errc::name_mismatch, "sname"));
  ask.server = web();
  REQUIRE(fails_with(answered(w, buffer, referral, ask), errc::name_mismatch, "sname"));
}
TEST_CASE("as_client: the ticket-granting ticket of a realm that is written in another way is no referral",
          "[exchange][rfc6806-6]") {
  static constexpr kerberos_string lower = "ex.org"_krb;
  const auto canonical = [](reply_spec& s) {
    s.client = alice();
    s.part.srealm = ex_org;
    s.part.sname = krbtgt().name;
    s.ticket_service = krbtgt();
  };
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.client = named(alice_parts, lower);
  ask.key = w.client_key;
  REQUIRE(fails_with(answered(w, buffer, canonical, ask), errc::name_mismatch, "crealm"));
  ask.options = {kdc_option_t::canonicalize};
  client x(ask);
  const auto sent = x.start(w.env_now());
  REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(sent), canonical), w.env_now())));
  const auto c = std::move(x).take();
  REQUIRE_FALSE(c->facts().is_referral);
  REQUIRE(c->facts().client_renamed);
  REQUIRE(same_principal(c->server(), krbtgt()));
  REQUIRE(same_principal(c->client(), alice()));
}
TEST_CASE("as_client: another realm for the client than the one that issued the ticket fails",
          "[exchange][rfc4120-5.4.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.options = {kdc_option_t::canonicalize};
  const auto from = [](kerberos_string realm) {
    return [realm](reply_spec& s) { s.client = named(mallory_parts, realm); };
  };
  REQUIRE(is<done>(answered(w, buffer, from(ex_org), ask)));
  REQUIRE(fails_with(answered(w, buffer, from(other_org), ask), errc::name_mismatch, "crealm"));
  REQUIRE(fails_with(answered(w, buffer, from(anonymous_realm), ask), errc::name_mismatch, "crealm"));
  ask.options.set(kdc_option_t::request_anonymous);
  REQUIRE(fails_with(answered(w, buffer, from(anonymous_realm), ask), errc::name_mismatch, "crealm"));
  REQUIRE(fails_with(answered(w, buffer, from(other_org), ask), errc::name_mismatch, "crealm"));
}
TEST_CASE("as_client: no ticket of another realm is taken for the one that was asked for", "[exchange][rfc4120-5.3]") {
  const auto foreign = [](view_of<kerberos_string> parts, kerberos_string realm) {
    return [=](reply_spec& s) {
      s.part.sname = named(parts).name;
      s.part.srealm = realm;
      s.ticket_service = named(parts, realm);
    };
  };
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.options = {kdc_option_t::canonicalize};
  REQUIRE(fails_with(answered(w, buffer, foreign(referral_parts, ex_org), ask), errc::name_mismatch, "sname"));
  REQUIRE(fails_with(answered(w, buffer, foreign(krbtgt_parts, other_org), ask), errc::name_mismatch, "srealm"));
  REQUIRE(fails_with(answered(w, buffer, foreign(referral_parts, other_org), ask), errc::name_mismatch, "srealm"));
}
TEST_CASE("as_client: the realm that a KDC names in place of the one asked is there for the caller",
          "[exchange][rfc6806-7]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 256> wire{};
  msg::KrbError e;
  e.stime = noon.at;
  e.error_code = error_code_t::kdc_err_wrong_realm;
  e.realm = ex_org;
  e.sname = krbtgt().name;
  e.crealm = other_org;
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE_FALSE(x.realm_named());
  REQUIRE(fails_with(x.receive(*asn1::encode(e, wire), w.env_now()), errc::kdc_error, "error-code"));
  wire.fill(0xdd);
  REQUIRE(x.realm_named() == other_org);

  // A reply that differs in the client's realm alone, passed over on a datagram
  client y(w.ask_as(buffer));
  const auto sent = y.start(w.env_now());
  const auto elsewhere = [](reply_spec& s) { s.client.realm = other_org; };
  REQUIRE(
      is<ignored>(y.receive(w.as_rep(octets_of_send(sent), [](reply_spec& s) { s.client = mallory(); }), w.env_now())));
  REQUIRE(is<ignored>(y.receive(
      w.as_rep(octets_of_send(sent), [](reply_spec& s) { s.client = named(mallory_parts, other_org); }), w.env_now())));
  REQUIRE(is<ignored>(
      y.receive(w.as_rep(octets_of_send(sent), [](reply_spec& s) { s.claimed = etype_t::rc4_hmac; }), w.env_now())));
  REQUIRE_FALSE(y.realm_named());
  REQUIRE(is<ignored>(y.receive(w.as_rep(octets_of_send(sent), elsewhere), w.env_now())));
  REQUIRE(y.realm_named() == other_org);
}
TEST_CASE("as_client: a KRB-ERROR is not shown any more once its octets may have gone", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
  REQUIRE(x.peer_error());
  REQUIRE(is<ignored>(x.receive(bytes_view(), w.env_now())));
  REQUIRE_FALSE(x.peer_error());
  REQUIRE(is<failed>(x.receive(w.error(error_code_t::kdc_err_policy), w.env_now())));
  REQUIRE(x.peer_error());
  REQUIRE(is<failed>(x.receive(bytes_view(), w.env_now())));
  REQUIRE_FALSE(x.peer_error());
}
TEST_CASE("as_client: moved from, it refuses every call, and the other one goes on", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto sent = x.start(w.env_now());
  client y(std::move(x));
  REQUIRE(why(x.receive(w.as_rep(octets_of_send(sent), honest), w.env_now())).code == errc::api_misuse);
  REQUIRE(x.framed().empty());
  x.set_buffer(buffer);
  REQUIRE(x.framed().empty());
  REQUIRE(is<done>(y.receive(w.as_rep(octets_of_send(sent), honest), w.env_now())));
  client z(w.ask_as(buffer));
  z = std::move(y);
  REQUIRE(std::move(y).take().error().code == errc::api_misuse);
  REQUIRE(why(y.start(w.env_now())).code == errc::api_misuse);
  REQUIRE(same_principal(std::move(z).take()->client(), alice()));
  client idle(w.ask_as(buffer));
  const client other(std::move(idle));
  REQUIRE(why(idle.start(w.env_now())).code == errc::api_misuse);

  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client wants(ask);
  REQUIRE(is<send>(wants.start(w.env_now())));
  REQUIRE(is<need_key>(wants.receive(w.hints(), w.env_now())));
  client has(std::move(wants));
  REQUIRE(why(wants.provide(w.client_key.copy(), w.env_now())).code == errc::api_misuse);
  REQUIRE(is<send>(has.provide(w.client_key.copy(), w.env_now())));
}

namespace {
/// Counts the keys that are made from passwords.
struct counting_policy : testing::insecure_policy {
  unsigned derived = 0;
  constexpr result<key> string_to_key(etype_t e, secret_view password, bytes_view salt, s2k_iterations n) noexcept {
    ++derived;
    return testing::insecure_policy::string_to_key(e, password, salt, n);
  }
};
}  // namespace

TEST_CASE("as_client: a wrong password without pre-authentication is passed over as often as the reply comes",
          "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  counting_policy p;
  std::array<std::uint8_t, 2048> buffer{};
  static constexpr std::uint8_t wrong[] = {'w', 'r', 'o', 'n', 'g'};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = secret_view(wrong, 5);
  as_client<counting_policy> x(ask);
  const environment<counting_policy> t{p, noon, w.limits};
  const auto sent = x.start(t);
  const bytes_view rep = w.as_rep(std::get<send>(sent).octets, honest);
  for (int i = 0; i != 20; ++i) {
    const auto s = x.receive(rep, t);
    REQUIRE(is<ignored>(s));
    REQUIRE(why(s).code == errc::integrity);
  }
  REQUIRE(p.derived == 1);
  REQUIRE(is<failed>(x.receive(rep, t, transport::stream)));
}
TEST_CASE("as_client: a key is made once for one encryption type, salt and number of iterations",
          "[exchange][rfc4120-5.2.7.5]") {
  static constexpr std::uint8_t many[] = {0, 1, 0, 0};
  kdc_world w;
  counting_policy p;
  std::array<std::uint8_t, 2048> buffer{};
  as_client<counting_policy> x(w.ask_as(buffer));
  const environment<counting_policy> t{p, noon, w.limits};
  const auto sent = x.start(t);
  const auto replied = [&](etype_t e, std::optional<kerberos_string> salt, std::optional<bytes_view> params) {
    const msg::EtypeInfo2Entry entries[] = {{e, salt, params}};
    std::array<std::uint8_t, 64> info{};
    const msg::PaData list[] = {{padata_t::etype_info2, *asn1::encode(msg::EtypeInfo2(view_of(entries)), info)}};
    const auto bend = [&](reply_spec& s) {
      s.padata = msg::MethodData(view_of(list));
      s.seal_with = &w.tgs_key;
      s.claimed = e;
    };
    REQUIRE(why(x.receive(w.as_rep(std::get<send>(sent).octets, bend), t)).code == errc::integrity);
    return p.derived;
  };
  for (int i = 0; i != 3; ++i) {
    replied(e20, {}, {});
    replied(e20, "EX.ORGalice"_krb, {});  // the default one
    replied(e20, "other"_krb, {});
    replied(e20, {}, bytes_view(many));
    replied(e17, {}, {});
    REQUIRE(p.derived == 4);
  }
  // and the round's key is that of the reply
  const auto second = x.receive(w.hints(), t);
  REQUIRE(is<send>(second));
  REQUIRE(is<done>(x.receive(w.as_rep(std::get<send>(second).octets, honest), t)));
  REQUIRE(p.derived == 4);
}
TEST_CASE("as_client: a call that is repeated in a larger buffer makes and counts no key again", "[exchange]") {
  kdc_world w;
  w.limits.max_rounds = 2;
  counting_policy p;
  std::array<std::uint8_t, 2048> small{}, large{};
  as_client<counting_policy> x(w.ask_as(std::span(small).first(0)));
  const environment<counting_policy> t{p, noon, w.limits};
  const auto none = x.start(t);
  x.set_buffer(std::span(small).first(std::get<need_buffer>(none).size));
  REQUIRE(is<send>(x.start(t)));
  const bytes_view hints = w.hints({.cookie = bytes_view(w.password_octets)});
  for (int i = 0; i != 5; ++i) REQUIRE(is<need_buffer>(x.receive(hints, t)));
  REQUIRE(p.derived == 1);
  x.set_buffer(large);
  REQUIRE(is<send>(x.receive(hints, t)));
  REQUIRE(p.derived == 1);
}
TEST_CASE("as_client: one to sixteen encryption types are offered", "[exchange][rfc4120-5.4.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<etype_t, 17> types{};
  for (std::size_t i = 0; i != types.size(); ++i) types[i] = etype_t(static_cast<std::int32_t>(i + 1));
  as_params<key> ask = w.ask_as(buffer);
  ask.etypes = types;
  client x(ask);
  REQUIRE(fails_with(x.start(w.env_now()), errc::api_misuse, "etype"));
  ask.etypes = view_of<etype_t>(types.data(), 16);
  client y(ask);
  REQUIRE(is<send>(y.start(w.env_now())));
}
TEST_CASE("as_client: optional fields are sent where they were asked for, and nowhere else",
          "[exchange][rfc4120-5.4.1]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress list[] = {{addr_t::ipv4, v4}};
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  for (const bool all : {false, true}) {
    as_params<key> ask = w.ask_as(buffer);
    if (all) {
      ask.addresses = list;
      ask.renew_lifetime = 3600;
      ask.from = plus(noon.at, 60);
    }
    client x(ask);
    const auto s = x.start(w.env_now());
    const auto req = asn1::decode<msg::AsReq>(octets_of_send(s));
    REQUIRE(req->req_body->addresses.has_value() == all);
    REQUIRE(req->req_body->rtime.has_value() == all);
    REQUIRE(req->req_body->from.has_value() == all);
    REQUIRE(req->req_body->kdc_options.has(kdc_option_t::renewable) == all);
    if (all) REQUIRE(*req->req_body->rtime == plus(noon.at, 3660));
  }
}
TEST_CASE("as_client: a start that was asked for without postdating may be now", "[exchange][rfc4120-3.1.3]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.from = plus(noon.at, 60);
  REQUIRE(is<done>(answered(w, buffer, honest, ask)));
}
TEST_CASE("as_client: without a cookie there is none in the next request", "[exchange][rfc6113-5.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto s = x.receive(w.hints(), w.env_now());
  REQUIRE(asn1::decode<msg::AsReq>(octets_of_send(s))->padata->size() == 2);
  REQUIRE(has_timestamp(octets_of_send(s)));
}
TEST_CASE("as_client: a key that was provided ends the exchange as any other", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  for (const bool good : {true, false}) {
    client x(ask);
    const auto sent = x.start(w.env_now());
    const auto bend = [&](reply_spec& s) { s.part.nonce = s.part.nonce ^ (good ? 0u : 1u); };
    const bytes_view rep = w.as_rep(octets_of_send(sent), bend);
    REQUIRE(is<need_key>(x.receive(rep, w.env_now())));
    const auto s = x.provide(w.client_key.copy(), w.env_now());
    REQUIRE(is<done>(s) == good);
    if (good) REQUIRE(std::move(x).take().has_value());
    else REQUIRE(why(x.receive(rep, w.env_now())).code == errc::nonce_mismatch);
  }
  client x(ask);
  const auto sent = x.start(w.env_now());
  const bytes_view rep = w.as_rep(octets_of_send(sent), honest);
  REQUIRE(is<need_key>(x.receive(rep, w.env_now())));
  REQUIRE(why(x.provide(w.client_key.copy(), w.turn_at({{latest_time.seconds + 1}, {0}}))).code ==
          errc::clock_out_of_range);
}
TEST_CASE("as_client: the caller may abandon it, for its own reason", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(why(x.abandon({.code = errc::no_answer})).code == errc::no_answer);
  REQUIRE(why(x.receive(w.hints(), w.env_now())).code == errc::no_answer);
}
TEST_CASE("as_client: a KDC's clock is followed within the limit of rounds", "[exchange][rfc4120-3.1.5]") {
  for (const unsigned most : {1u, 2u}) {
    kdc_world w;
    w.limits.max_rounds = most;
    std::array<std::uint8_t, 2048> buffer{};
    as_params<key> ask = w.ask_as(buffer);
    ask.follow_kdc_clock = true;
    client x(ask);
    REQUIRE(is<send>(x.start(w.env_now())));
    REQUIRE(is<send>(x.receive(w.error(error_code_t::krb_ap_err_skew), w.env_now())) == (most == 2));
  }
}
TEST_CASE("as_client: broken hints are passed over in the first round alone, where they ask for pre-authentication",
          "[exchange][rfc4120-5.9.1]") {
  const std::uint8_t junk[] = {0x30, 0x80};
  const auto ended = [&](bool second_round, error_code_t code) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    REQUIRE(is<send>(x.start(w.env_now())));
    if (second_round) REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
    return is<failed>(x.receive(w.error(code, bytes_view(junk)), w.env_now()));
  };
  REQUIRE_FALSE(ended(false, error_code_t::kdc_err_preauth_required));
  REQUIRE(ended(false, error_code_t::kdc_err_preauth_failed));
  REQUIRE(ended(true, error_code_t::kdc_err_preauth_required));
}
TEST_CASE("as_client: a KDC with which nothing is left to try has refused, but in the first round", "[exchange]") {
  const auto ended = [&](bool second_round, error_code_t code) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    client x(w.ask_as(buffer));
    REQUIRE(is<send>(x.start(w.env_now())));
    if (second_round) REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
    return why(x.receive(w.hints({.code = code, .timestamp = false}), w.env_now())).code;
  };
  REQUIRE(ended(false, error_code_t::kdc_err_preauth_required) == errc::no_preauth_mechanism);
  REQUIRE(ended(false, error_code_t::kdc_err_more_preauth_data_required) == errc::no_preauth_mechanism);
  REQUIRE(ended(false, error_code_t::kdc_err_preauth_failed) == errc::kdc_error);
  REQUIRE(ended(true, error_code_t::kdc_err_more_preauth_data_required) == errc::kdc_error);
}
TEST_CASE("as_client: a mechanism that wants no key has none made", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  as_client<testing::insecure_policy, mechanisms<talkative>> x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.hints({.etype = etype_t::des_cbc_md5}), w.env_now())));
}
TEST_CASE("as_client: the cookie that came last is the one that is sent again, in a buffer that just does",
          "[exchange][rfc6113-5.2]") {
  const std::uint8_t first[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, second[] = {11, 12, 13, 14};
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> wire{};
  as_params<key> ask = w.ask_as(std::span(buffer).first(0));
  ask.key = w.client_key;
  ask.follow_kdc_clock = true;
  as_client<testing::insecure_policy, mechanisms<talkative>> x(ask);
  std::size_t have = 0;
  std::array<std::array<std::uint8_t, 2048>, 4> buffers{};
  const auto next = [&](bytes_view came) {
    auto s = came.empty() ? x.start(w.env_now()) : x.receive(came, w.env_now());
    if (const auto* more = std::get_if<need_buffer>(&s)) {
      x.set_buffer(std::span(buffers[have++]).first(more->size));
      s = came.empty() ? x.start(w.env_now()) : x.receive(came, w.env_now());
    }
    const auto* out = std::get_if<send>(&s);
    return out == nullptr ? bytes_view() : out->octets;
  };
  const auto lent = [&](bytes_view v) {
    wire.fill(0xdd);
    for (std::size_t i = 0; i != v.size(); ++i) wire[i] = v[i];
    return bytes_view(wire).first(v.size());
  };
  const error_code_t more = error_code_t::kdc_err_more_preauth_data_required;
  REQUIRE_FALSE(next({}).empty());
  REQUIRE(cookie_in(next(lent(w.hints({.cookie = bytes_view(first)})))) == bytes_view(first));
  REQUIRE(cookie_in(next(lent(w.hints({.code = more, .cookie = bytes_view(second)})))) == bytes_view(second));
  REQUIRE(cookie_in(next(lent(w.error(error_code_t::krb_ap_err_skew)))) == bytes_view(second));
  const bytes_view none = next(lent(w.hints({.code = more})));
  REQUIRE_FALSE(none.empty());
  REQUIRE_FALSE(cookie_in(none));
}
TEST_CASE("as_client: a reply under another encryption type than the timestamp is opened with a key of its own",
          "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto second = x.receive(w.hints(), w.env_now());
  const key k17 = std::move(*w.policy.string_to_key(e17, w.password, "EX.ORGalice"_krb.octets, {4096}));
  REQUIRE(
      is<done>(x.receive(w.as_rep(octets_of_send(second), [&](reply_spec& s) { s.seal_with = &k17; }), w.env_now())));
  // but not where there is one key alone
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  ask.key = w.client_key;
  client y(ask);
  const auto sent = y.start(w.env_now());
  const auto s = y.receive(w.as_rep(octets_of_send(sent), [&](reply_spec& r) { r.seal_with = &k17; }), w.env_now());
  REQUIRE(is<ignored>(s));
  REQUIRE(why(s).code == errc::no_key);
  REQUIRE(std::string_view(why(s).type) == "ETYPE-INFO2");
}
TEST_CASE("as_client: broken parameters in a reply are passed over on a datagram", "[exchange][rfc4120-3.1.5]") {
  static constexpr std::uint8_t few[] = {0, 0, 1};
  const msg::EtypeInfo2Entry entries[] = {{e20, {}, bytes_view(few)}};
  std::array<std::uint8_t, 64> info{};
  const msg::PaData list[] = {{padata_t::etype_info2, *asn1::encode(msg::EtypeInfo2(view_of(entries)), info)}};
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto sent = x.start(w.env_now());
  const auto s = x.receive(
      w.as_rep(octets_of_send(sent), [&](reply_spec& r) { r.padata = msg::MethodData(view_of(list)); }), w.env_now());
  REQUIRE(is<ignored>(s));
  REQUIRE(why(s).code == errc::bad_s2k_parameters);
}
TEST_CASE("as_client: pre-authentication over a stream, octet by octet", "[exchange][rfc4120-7.2.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 1024> stream{};
  client x(w.ask_as(buffer));
  over_stream<client> io(x, stream);
  using stream_step = over_stream<client>::step;
  const auto feed = [&](bytes_view m) {
    const auto header = frame_header(static_cast<std::uint32_t>(m.size()));
    stream_step s = need_more{};
    for (std::size_t i = 0; i != m.size() + 4; ++i) {
      REQUIRE(is<need_more>(s));
      io.buffer()[0] = i < 4 ? header[i] : m[i - 4];
      s = io.got(1, w.env_now());
    }
    return s;
  };
  const auto message_of = [](const stream_step& s) { return std::get<send>(s).octets.subview(4); };
  REQUIRE(is<send>(io.start(w.env_now())));
  const stream_step second = feed(w.hints());
  REQUIRE(is<send>(second));
  REQUIRE(io.buffer().size() == stream.size());
  REQUIRE(is<done>(feed(w.as_rep(message_of(second), honest))));
  REQUIRE(std::move(x).take().has_value());
}

namespace {
/// Fails where it is told to.
struct failing_policy : testing::insecure_policy {
  bool digests = true, derives = true;
  constexpr errc digest(view_of<bytes_view> pieces, std::span<std::uint8_t, 32> out) noexcept {
    return digests ? testing::insecure_policy::digest(pieces, out) : errc::crypto_backend;
  }
  constexpr result<key> string_to_key(etype_t e, secret_view password, bytes_view salt, s2k_iterations n) noexcept {
    if (!derives) return errc::bad_password;
    return testing::insecure_policy::string_to_key(e, password, salt, n);
  }
};
}  // namespace
TEST_CASE("as_client: a library that makes no digest or no key ends the exchange", "[exchange]") {
  for (const bool digests : {true, false}) {
    kdc_world w;
    failing_policy p;
    std::array<std::uint8_t, 2048> buffer{};
    as_client<failing_policy> x(w.ask_as(buffer));
    const environment<failing_policy> t{p, noon, w.limits};
    REQUIRE(is<send>(x.start(t)));
    (digests ? p.derives : p.digests) = false;
    REQUIRE(why(x.receive(w.hints(), t)).code == (digests ? errc::bad_password : errc::crypto_backend));
  }
}
TEST_CASE("as_client: a clock that is followed in a larger buffer is followed all the same",
          "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> small{}, large{};
  as_params<key> ask = w.ask_as(std::span(small).first(0));
  ask.follow_kdc_clock = true;
  client x(ask);
  const timestamp short_one{noon.at, {1}}, long_one{noon.at, {999999}};  // two octets more in PA-ENC-TIMESTAMP
  const auto none = x.start(w.turn_at(short_one));
  x.set_buffer(std::span(small).first(std::get<need_buffer>(none).size));
  REQUIRE(is<send>(x.start(w.turn_at(short_one))));
  const auto more = x.receive(w.hints(), w.turn_at(short_one));
  std::array<std::uint8_t, 2048> just{};
  x.set_buffer(std::span(just).first(std::get<need_buffer>(more).size));
  REQUIRE(is<send>(x.receive(w.hints(), w.turn_at(short_one))));
  for (int i = 0; i != 2; ++i) {
    REQUIRE(is<need_buffer>(x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(long_one))));
  }
  x.set_buffer(large);
  REQUIRE(is<send>(x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(long_one))));
  REQUIRE(why(x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(long_one))).code == errc::clock_skew);
}
TEST_CASE("as_client: a key that was provided for a forged reply is not tried on the next one",
          "[exchange][rfc4120-3.1.5]") {
  const msg::EtypeInfo2Entry entries[] = {{e20, "forged"_krb, {}}};
  std::array<std::uint8_t, 64> info{};
  const msg::PaData list[] = {
      {padata_t::etype_info2, kerb_test::must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  const auto sent = x.start(w.env_now());
  const auto forge = [&](reply_spec& s) {
    s.padata = msg::MethodData(view_of(list));
    s.seal_with = &w.tgs_key;
  };
  const auto asked = x.receive(w.as_rep(octets_of_send(sent), forge), w.env_now());
  REQUIRE(is<need_key>(asked));
  REQUIRE(std::get<need_key>(asked).salt == "forged"_krb.octets);
  REQUIRE(is<ignored>(x.provide(w.make(e20, 9), w.env_now())));
  const auto again = x.receive(w.as_rep(octets_of_send(sent), honest), w.env_now());
  REQUIRE(is<need_key>(again));
  REQUIRE(std::get<need_key>(again).salt == "EX.ORGalice"_krb.octets);
  REQUIRE(is<done>(x.provide(w.client_key.copy(), w.env_now())));
}
TEST_CASE("as_client: hints that changed while the key was fetched end the exchange", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> wire{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  const bytes_view hints = w.hints();
  for (std::size_t i = 0; i != hints.size(); ++i) wire[i] = hints[i];
  REQUIRE(is<need_key>(x.receive(bytes_view(wire).first(hints.size()), w.env_now())));
  wire.fill(0xff);
  REQUIRE(is<failed>(x.provide(w.client_key.copy(), w.env_now())));
}
TEST_CASE("as_client: hints in a reply change nothing where the key is known, since anyone can have added them",
          "[exchange][rfc4120-3.1.5]") {
  const msg::EtypeInfo2Entry entries[] = {{e20, "forged"_krb, {}}};
  std::array<std::uint8_t, 64> info{};
  const msg::PaData list[] = {
      {padata_t::etype_info2, kerb_test::must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  for (const bool has_password : {true, false}) {
    kdc_world w;
    std::array<std::uint8_t, 2048> buffer{};
    as_params<key> ask = w.ask_as(buffer);
    if (!has_password) ask.password = {};
    client x(ask);
    REQUIRE(is<send>(x.start(w.env_now())));
    auto sent = x.receive(w.hints(), w.env_now());
    if (!has_password) sent = x.provide(w.client_key.copy(), w.env_now());
    const auto add = [&](reply_spec& s) { s.padata = msg::MethodData(view_of(list)); };
    REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(sent), add), w.env_now())));
  }
}
TEST_CASE("as_client: a lifetime of zero asks for as long as possible", "[exchange][rfc4120-5.4.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{1}}) {
    as_params<key> ask = w.ask_as(buffer);
    ask.lifetime = seconds;
    client x(ask);
    const auto s = x.start(w.env_now());
    const auto req = asn1::decode<msg::AsReq>(octets_of_send(s));
    REQUIRE(req->req_body->till == (seconds == 0 ? kerberos_time{0} : plus(noon.at, 1)));
    const auto for_a_year = [&](reply_spec& r) { r.part.endtime = plus(noon.at, 365 * 86400); };
    REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(s), for_a_year), w.env_now())) == (seconds == 0));
  }
}
TEST_CASE("as_client: no long-term key is left in the exchange once the ticket is there", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  alignas(client) std::array<std::uint8_t, sizeof(client)> place{};
  client* const x = std::construct_at(reinterpret_cast<client*>(place.data()), w.ask_as(buffer));
  const auto sent = x->start(w.env_now());
  REQUIRE(is<ignored>(
      x->receive(w.as_rep(octets_of_send(sent), [&](reply_spec& s) { s.seal_with = &w.tgs_key; }), w.env_now())));
  CHECK(holds(place, w.client_key.octets().unguarded()));  // the twin: the key that was derived for that reply
  REQUIRE(is<done>(x->receive(w.as_rep(octets_of_send(sent), honest), w.env_now())));
  CHECK_FALSE(holds(place, w.client_key.octets().unguarded()));
  std::destroy_at(x);
}

namespace {
/// Fails where it is written, and not where it is counted.
struct breaks_late {
  template <crypto_policy C>
  constexpr errc write(der::writer& w, const padata_facts<typename C::key>&, const environment<C>&) const {
    asn1::write(w, msg::PaData{padata_t(1000), {}});
    return w.is_counting() ? errc::ok : errc::crypto_backend;
  }
  template <crypto_policy C>
  constexpr error check_reply(const padata_reply<typename C::key>&, const environment<C>&) const {
    return {};
  }
};
/// Fails where it is counted alone: then it is not written.
struct breaks_early {
  template <crypto_policy C>
  constexpr errc write(der::writer& w, const padata_facts<typename C::key>&, const environment<C>&) const {
    return w.is_counting() ? errc::crypto_backend : errc::ok;
  }
  template <crypto_policy C>
  constexpr error check_reply(const padata_reply<typename C::key>&, const environment<C>&) const {
    return {};
  }
};
template <class Extension>
void ends_without_a_request(unsigned draws) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_client<testing::insecure_policy, mechanisms<enc_timestamp>, padata_extensions<Extension>> x(w.ask_as(buffer), {});
  REQUIRE(fails_with(x.start(w.env_now()), errc::crypto_backend, ""));
  REQUIRE(w.policy.entropy.draws() == draws);
  REQUIRE(x.framed().empty());
}
}  // namespace
TEST_CASE("as_client: an extension that fails ends the exchange, and no request is made", "[exchange]") {
  ends_without_a_request<breaks_early>(0);  // and nothing has been drawn
  ends_without_a_request<breaks_late>(1);
}
