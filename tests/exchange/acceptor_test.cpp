// The acceptor as real services set it up: several names, user-to-user, paths, bindings, authorization data.
#include <kerb/exchange/service/accept.hpp>
#include <kerb/store/replay_cache.hpp>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;
using client_t = authenticated_client<key>;

constexpr principal_view both_names[] = {ftp, web};

// ---- several names

constexpr errc presented_to(view_of<principal_view> services, std::optional<principal_view> service,
                            const principal_view& ticket_for) {
  ap_world w;
  w.service = ticket_for;
  w.request.service = service;
  w.request.services = services;
  return w.present(w.mint()).why.code;
}
KERB_BOTH("ap_acceptor: a service with several names takes tickets for each of them, and for no other",
          "[exchange][rfc4120-3.2.3]", [] {
            const principal_view far{web.name, "FAR.ORG"_krb};
            return presented_to(both_names, {}, web) == errc::ok && presented_to(both_names, {}, ftp) == errc::ok &&
                   presented_to(both_names, {}, far) == errc::wrong_service &&
                   presented_to(both_names, {}, alice) == errc::wrong_service &&
                   presented_to(view_of<principal_view>(both_names, 1), web, web) == errc::ok &&
                   presented_to(view_of<principal_view>(both_names, 1), web, alice) == errc::wrong_service;
          });

constexpr bool who_answers() {
  ap_world w;
  w.request.service = std::optional<principal_view>{};
  w.request.services = both_names;
  w.authenticator.ctime.seconds -= 1000;
  const verdict ours = w.present(w.mint());
  w.service = alice;
  const verdict other = w.present(w.mint());
  return ours.why.code == errc::clock_skew && ours.sent && other.why.code == errc::wrong_service && other.sent &&
         other.sent->error_code == error_code_t::krb_ap_err_not_us;
}
KERB_BOTH("ap_acceptor: a refusal names the service that was asked, or the first", "[exchange][rfc4120-5.9.1]",
          who_answers);

// ---- user-to-user, RFC 4120 section 3.7: the ticket is under the session key of the service's own ticket

constexpr errc user_to_user(bool flag, bool allowed, bool right_key, bool long_term_too = false) {
  ap_world w;
  w.options.set(ap_option_t::use_session_key, flag);
  w.request.user_to_user = allowed;
  w.service = alice;  // the service is a user
  w.request.service = alice;
  const auto tgt_key = right_key ? w.service_key() : w.other_key(w.service_etype);
  const basic_credential<key> tgt({.client = alice,
                                   .server = {},
                                   .ticket = {},
                                   .flags = {},
                                   .authtime = {},
                                   .starttime = {},
                                   .endtime = {},
                                   .renew_till = {},
                                   .key_expiration = {},
                                   .addresses = {}},
                                  w.import({w.service_etype, tgt_key.octets().unguarded()}));
  std::array<std::uint8_t, 4096> buffer{};
  memory_replay_cache<32> seen;
  ap_acceptor<policy> a(w.request_in(buffer));
  const bytes_view req = w.mint();
  if (long_term_too) {
    key_list<key, 1> keys;
    (void)keys.add(alice, 3, w.service_etype, w.service_key());
    const auto who = accept(a, req, w.policy, keys, seen, w.now);
    return who ? who->user_to_user() == flag ? errc::ok : errc::api_misuse : who.error().code;
  }
  const user_to_user_key<key> keys(tgt);
  const auto who = accept(a, req, w.policy, keys, seen, w.now);
  return who ? who->user_to_user() ? errc::ok : errc::api_misuse : who.error().code;
}
KERB_BOTH("ap_acceptor: a ticket under the session key of the service's own ticket is accepted where it is allowed",
          "[exchange][rfc4120-3.7]", [] {
            return user_to_user(true, true, true) == errc::ok &&
                   user_to_user(true, false, true) == errc::session_key_ticket &&
                   user_to_user(true, true, false) == errc::integrity;
          });
KERB_BOTH("ap_acceptor: the session key opens nothing that is not marked, and a long-term key nothing that is",
          "[exchange][rfc4120-3.7]", [] {
            return user_to_user(false, true, true) == errc::no_key &&
                   user_to_user(true, true, true, true) == errc::session_key_ticket &&
                   user_to_user(false, true, true, true) == errc::ok;
          });

constexpr bool the_word_says_user_to_user() {
  ap_world w;
  w.options.set(ap_option_t::use_session_key);
  w.request.user_to_user = true;
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<policy> a(w.request_in(buffer));
  const auto step = a.receive(w.mint(), w.turn());
  const auto* ask = std::get_if<need_ticket_key>(&step);
  if (ask == nullptr || !ask->user_to_user) return false;
  const auto end = a.no_key(errc::no_key, w.turn());
  const auto* no = std::get_if<refused>(&end);
  if (no == nullptr || no->why.code != errc::session_key_ticket) return false;
  const auto e = asn1::decode<msg::KrbError>(no->octets);
  return e && e->error_code == error_code_t::krb_ap_err_no_tgt;
}
KERB_BOTH("ap_acceptor: asks for the key of user-to-user by name, and says when there is no ticket for it",
          "[exchange][rfc4120-3.7]", the_word_says_user_to_user);

// ---- the path of another realm's client

constexpr std::uint8_t mid[] = {'M', 'I', 'D', '.', 'N', 'E', 'T'}, evil[] = {'E', 'V', 'I', 'L', '.', 'C', 'O', 'M'};
constexpr realm_path listed[] = {{"FAR.ORG"_krb, "EX.ORG"_krb, "MID.NET"_krb}};
constexpr verdict through(bytes_view transited, bool judged) {
  ap_world w;
  w.ticket.crealm = w.authenticator.crealm = "FAR.ORG"_krb;
  w.ticket.transited.contents = transited;
  if (judged) w.request.paths = realm_path_policy{.paths = listed};
  return w.present(w.mint());
}
KERB_BOTH("ap_acceptor: a path that no KDC has checked is judged by the service's own policy, or refused",
          "[exchange][rfc4120-2.7]", [] {
            return through(mid, true).accepted &&
                   refused_with(through(mid, false), errc::path_not_checked, "EncTicketPart", "transited",
                                error_code_t::krb_ap_path_not_accepted) &&
                   through(evil, true).why.code == errc::path_not_accepted &&
                   through(evil, true).sent->error_code == error_code_t::krb_ap_path_not_accepted;
          });

TEST_CASE("ap_acceptor: a path that is malformed, or as long as can be, is refused in linear time",
          "[exchange][rfc4120-2.7]") {
  const std::array<std::uint8_t, 2> lonely{'\\', ','};
  CHECK(!through(lonely, true).accepted);
  std::array<std::uint8_t, 700> commas;
  commas.fill(',');
  CHECK(!through(commas, true).accepted);
}

// ---- channel bindings, through the machine

constexpr std::uint8_t channel_octets[] = {'t', 'l', 's'}, elsewhere_octets[] = {'x'};
constexpr verdict bound_to(bytes_view channel, binding_rule rule, bool own, bool* bound = nullptr) {
  ap_world w;
  w.request.binding = rule;
  if (own) w.request.bindings = channel_bindings{.application_data = channel_octets};
  std::array<std::uint8_t, 16> bnd{};
  std::array<std::uint8_t, 24> checksum{};
  if (!channel.empty()) (void)hash_bindings(w.policy, {.application_data = channel}, bnd);
  (void)write_gss_checksum({.bnd = bnd, .flags = {gss_flag_t::mutual}, .deleg = {}, .exts = {}}, checksum);
  w.authenticator.cksum = msg::Checksum{cksum_t::gssapi, checksum};
  if (bound == nullptr) return w.present(w.mint());
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<policy> a(w.request_in(buffer));
  const key k = w.service_key();
  (void)a.receive(w.mint(), w.turn());
  (void)a.provide(k, w.turn());
  (void)a.replay_checked(true, w.turn());
  *bound =
      a.peer() != nullptr && a.peer()->bound() && a.peer()->gss() && a.peer()->gss()->flags.has(gss_flag_t::mutual);
  return {};
}
KERB_BOTH("ap_acceptor: a client that is bound to another channel is refused", "[exchange][rfc4121-4.1.1.2]", [] {
  constexpr auto if_present = binding_rule::if_present, require = binding_rule::require;
  bool bound = false, unbound = true;
  (void)bound_to(channel_octets, require, true, &bound);
  (void)bound_to({}, if_present, true, &unbound);
  return bound && !unbound && bound_to(channel_octets, if_present, true).accepted &&
         bound_to({}, if_present, true).accepted && bound_to(elsewhere_octets, binding_rule::ignore, true).accepted &&
         bound_to(elsewhere_octets, if_present, false).accepted &&
         refused_with(bound_to(elsewhere_octets, if_present, true), errc::bindings_mismatch, "checksum 0x8003", "Bnd",
                      error_code_t::krb_err_generic) &&
         refused_with(bound_to({}, require, true), errc::bindings_missing, "checksum 0x8003", "Bnd",
                      error_code_t::krb_err_generic);
});
KERB_BOTH("ap_acceptor: to require bindings without any is a mistake that names the parameter", "[exchange]", [] {
  return is(bound_to(channel_octets, binding_rule::require, false).why, errc::missing_parameter, "acceptor_params",
            "bindings");
});

// CVE-2010-1321: the initiator's checksum is whatever a client writes
constexpr bool gss_checksum_of(std::size_t octets, std::uint8_t length_field, std::uint8_t flags,
                               std::uint8_t delegated) {
  ap_world w;
  std::array<std::uint8_t, 64> c{};
  c[0] = length_field;
  c[20] = flags;
  c[24] = 1;
  c[26] = delegated;
  w.authenticator.cksum = msg::Checksum{cksum_t::gssapi, bytes_view(c).first(octets)};
  const verdict v = w.present(w.mint());
  return v.accepted || !(v.over && v.sent && v.sent->error_code == error_code_t::krb_ap_err_inapp_cksum);
}
KERB_BOTH("CVE-2010-1321: a GSS-API checksum that is cut short, or says so of itself, is refused",
          "[exchange][rfc4121-4.1.1]", [] {
            for (std::size_t n = 0; n != 24; ++n)
              if (gss_checksum_of(n, 16, 0, 0)) return false;
            for (std::size_t n = 24; n != 28; ++n)
              if (gss_checksum_of(n, 16, 1, 4)) return false;
            return gss_checksum_of(24, 16, 0, 0) && gss_checksum_of(32, 16, 1, 4) && !gss_checksum_of(31, 16, 1, 4) &&
                   !gss_checksum_of(28, 16, 1, 0) && !gss_checksum_of(24, 15, 0, 0) && !gss_checksum_of(24, 17, 0, 0);
          });

// ---- the session's encryption type, RFC 4537

constexpr etype_t subkey_type(bool negotiate) {
  ap_world w;
  constexpr etype_t offer[] = {etype_t::aes256_cts_hmac_sha384_192, etype_t::aes256_cts_hmac_sha1_96};
  std::array<std::uint8_t, 64> buffer_of_list{}, outer{};
  const bytes_view list = kerb_test::must(asn1::encode(msg::EtypeList(view_of<etype_t>(offer)), buffer_of_list));
  const msg::AuthorizationDataElement one[] = {{ad_t::etype_negotiation, list}};
  const bytes_view inside =
      kerb_test::must(asn1::encode(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(one)), outer));
  const msg::AuthorizationDataElement relevant[] = {{ad_t::if_relevant, inside}};
  w.authenticator.authorization_data = msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(relevant));
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<policy> a(w.request_in(buffer));
  const key k = w.service_key();
  (void)a.receive(w.mint(), w.turn());
  (void)a.provide(k, w.turn());
  (void)a.replay_checked(true, w.turn());
  if (!is<reply>(a.accept({.negotiate_etype = negotiate}, w.turn()))) return {};
  return a.peer()->keys().acceptor_subkey->etype();
}
KERB_BOTH("ap_acceptor: answers with a key of the best type that both know", "[exchange][rfc4537]", [] {
  return subkey_type(true) == etype_t::aes256_cts_hmac_sha384_192 &&
         subkey_type(false) == etype_t::aes256_cts_hmac_sha1_96;
});

// ---- the store of authenticators answers later, or not at all

constexpr bool answered(replay_verdict v, errc why, error_code_t code) {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<policy> a(w.request_in(buffer));
  const key k = w.service_key();
  (void)a.receive(w.mint(), w.turn());
  const auto ask = a.provide(k, w.turn());
  if (!is<check_replay>(ask) || a.peer() != nullptr) return false;
  w.now.at.seconds += 20;  // it took a while
  const auto step = a.replay_checked(v, w.turn());
  if (why == errc::ok) return is<authenticated>(step) && a.peer() != nullptr;
  const auto* no = std::get_if<refused>(&step);
  if (no == nullptr || no->why.code != why || a.peer() != nullptr) return false;
  const auto e = asn1::decode<msg::KrbError>(no->octets);
  return e && e->error_code == code && !is<authenticated>(a.replay_checked(replay_verdict::fresh, w.turn()));
}
KERB_BOTH("ap_acceptor: only a fresh authenticator is accepted, and a store that cannot tell refuses",
          "[exchange][rfc4120-3.2.3]", [] {
            return answered(replay_verdict::fresh, errc::ok, {}) &&
                   answered(replay_verdict::seen, errc::replayed, error_code_t::krb_ap_err_repeat) &&
                   answered(replay_verdict::full, errc::replay_unknown, error_code_t::kdc_err_svc_unavailable) &&
                   answered(replay_verdict::unknown, errc::replay_unknown, error_code_t::kdc_err_svc_unavailable);
          });
}  // namespace
