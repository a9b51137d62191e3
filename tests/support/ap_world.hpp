// A client, a service and a ticket between them, in which a test may have anything wrong.
#pragma once
#include <kerb/exchange/client/ap.hpp>
#include <kerb/exchange/service/ap.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/mint.hpp>

#include "must.hpp"

// An inline namespace of its own: other helpers in the same program have an alice too.
namespace kerb_test::inline ap_world_names {

using namespace kerb::literals;

inline constexpr kerb::kerberos_string alice_parts[] = {"alice"_krb, "admin"_krb};
inline constexpr kerb::kerberos_string web_parts[] = {"HTTP"_krb, "web.ex.org"_krb};
inline constexpr kerb::kerberos_string ftp_parts[] = {"ftp"_krb, "web.ex.org"_krb};
inline constexpr kerb::principal_view alice{{kerb::name_t::principal, alice_parts}, "EX.ORG"_krb};
inline constexpr kerb::principal_view web{{kerb::name_t::srv_hst, web_parts}, "EX.ORG"_krb};
inline constexpr kerb::principal_view ftp{{kerb::name_t::srv_hst, ftp_parts}, "EX.ORG"_krb};

// Octets that stand nowhere else, so that a search of a buffer finds them.
template <std::uint8_t From>
inline constexpr auto key_octets = [] {
  std::array<std::uint8_t, 32> a{};
  for (std::size_t i = 0; i != a.size(); ++i) a[i] = static_cast<std::uint8_t>(From + 7 * i);
  return a;
}();
inline constexpr const auto& service_octets = key_octets<0x31>;
inline constexpr const auto& session_octets = key_octets<0x92>;
inline constexpr const auto& subkey_octets = key_octets<0xd3>;
inline constexpr const auto& other_octets = key_octets<0x64>;

constexpr std::size_t octets_of_key(kerb::etype_t e) {
  if (e == kerb::etype_t::des3_cbc_sha1_kd) return 24;
  return static_cast<std::int32_t>(e) % 2 == 0 ? 32 : 16;
}
constexpr kerb::msg::EncryptionKey key_as_sent(kerb::etype_t e, const std::array<std::uint8_t, 32>& octets) {
  return {e, kerb::bytes_view(octets).first(octets_of_key(e))};
}

constexpr bool holds(kerb::bytes_view in, kerb::bytes_view what) {
  for (std::size_t i = 0; i + what.size() <= in.size(); ++i)
    if (in.subview(i, what.size()) == what) return true;
  return false;
}
constexpr bool is(const kerb::error& e, kerb::errc code, std::string_view type = "", std::string_view field = "") {
  return e.code == code && type == e.type && field == e.field;
}
/// The reason of `failed`; ok when the step is another word.
template <class Step>
constexpr kerb::errc failure(const Step& s) {
  const auto* f = std::get_if<kerb::failed>(&s);
  return f != nullptr ? f->why.code : kerb::errc::ok;
}

/// How an acceptor ended.
struct verdict {
  bool accepted = false;
  bool over = false;  ///< refused, and every later call found the exchange closed
  kerb::error why{};
  std::optional<kerb::msg::KrbError> sent;  ///< from the octets handed out; its views are gone
};
constexpr bool refused_with(const verdict& v, kerb::errc code, std::string_view type, std::string_view field,
                            kerb::error_code_t sent) {
  return !v.accepted && v.over && is(v.why, code, type, field) && v.sent && v.sent->error_code == sent;
}

template <class C>
class basic_ap_world {
 public:
  using key = typename C::key;
  C policy;
  kerb::timestamp now{{1767225600}, {500000}};

  // What is minted
  kerb::principal_view service = web;  ///< in the ticket's clear part
  std::optional<std::uint32_t> kvno = 3;
  kerb::etype_t service_etype = kerb::etype_t::aes256_cts_hmac_sha384_192;
  kerb::etype_t session_etype = kerb::etype_t::aes256_cts_hmac_sha1_96;
  kerb::msg::EncTicketPart ticket{.flags = {kerb::ticket_flag_t::initial},
                                  .key = {},
                                  .crealm = alice.realm,
                                  .cname = alice.name,
                                  .transited = {kerb::tr_t::domain_x500_compress, {}},
                                  .authtime = {1767222000},
                                  .starttime = kerb::kerberos_time{1767222000},
                                  .endtime = {1767250800},
                                  .renew_till = {},
                                  .caddr = {},
                                  .authorization_data = {}};
  kerb::msg::Authenticator authenticator{.crealm = alice.realm,
                                         .cname = alice.name,
                                         .cksum = {},
                                         .cusec = {500000},
                                         .ctime = {1767225600},
                                         .subkey = {},
                                         .seq_number = {},
                                         .authorization_data = {}};
  kerb::msg::ApOptions options{kerb::ap_option_t::mutual_required};
  std::optional<kerb::msg::EncryptionKey> ticket_key{};  ///< instead of the session key
  std::optional<kerb::msg::EncryptionKey> sealed_by{};   ///< the same, under which the authenticator is
  kerb::key_usage_t usage = kerb::key_usage_t::ap_req_authenticator;

  // Who it is presented to
  kerb::acceptor_params request{.service = web, .buffer = {}};
  std::optional<kerb::kerberos_string> key_realm{};  ///< said with the key, where the request names no realm

  /// The client does not reveal its name, and perhaps not its realm (RFC 6112 section 3).
  constexpr void hide_client(kerb::kerberos_string realm = alice.realm) {
    ticket.flags.set(kerb::ticket_flag_t::anonymous);
    name_client({kerb::anonymous_name, realm});
  }
  /// Ticket and authenticator name this client.
  constexpr void name_client(const kerb::principal_view& client) {
    ticket.cname = authenticator.cname = client.name;
    ticket.crealm = authenticator.crealm = client.realm;
  }

  constexpr kerb::environment<C> turn() { return turn(now); }
  constexpr kerb::environment<C> turn(kerb::timestamp t) { return {policy, t, {}}; }
  constexpr key import(kerb::msg::EncryptionKey k) { return must(policy.import(k.keytype, k.keyvalue)); }
  constexpr key service_key() { return import(key_as_sent(service_etype, service_octets)); }
  constexpr key session_key() { return import(key_as_sent(session_etype, session_octets)); }
  constexpr key other_key(kerb::etype_t e) { return import(key_as_sent(e, other_octets)); }

  /// A ticket as the fields above say; it lies in this object.
  constexpr kerb::bytes_view mint_ticket() {
    ticket.key = ticket_key ? *ticket_key : key_as_sent(session_etype, session_octets);
    const key k = service_key();
    return must(kerb::testing::mint_ticket(service, ticket, k, kvno, turn(), ticket_octets_));
  }
  /// An AP-REQ as the fields above say, around that ticket; it lies in this object.
  constexpr kerb::bytes_view mint() { return mint_around(mint_ticket()); }
  constexpr kerb::bytes_view mint_around(kerb::bytes_view minted_ticket) {
    const key k = import(sealed_by ? *sealed_by : key_as_sent(session_etype, session_octets));
    return must(kerb::testing::mint_ap_req(minted_ticket, authenticator, options, k, usage, turn(), req_octets_));
  }
  constexpr kerb::basic_credential<key> credential() {
    const kerb::ticket_facts facts{.client = alice,
                                   .server = service,
                                   .ticket = mint_ticket(),
                                   .flags = ticket.flags,
                                   .authtime = ticket.authtime,
                                   .starttime = must(ticket.starttime),
                                   .endtime = ticket.endtime,
                                   .renew_till = {},
                                   .key_expiration = {},
                                   .addresses = {},
                                   .client_renamed = false};
    return {facts, session_key()};
  }
  constexpr kerb::acceptor_params request_in(std::span<std::uint8_t> buffer) const {
    kerb::acceptor_params r = request;
    r.buffer = buffer;
    return r;
  }

  /// Presents an AP-REQ to a service that has the key, and drives it to its end.
  constexpr verdict present(kerb::bytes_view req, bool fresh = true) { return present(req, turn(), fresh); }
  constexpr verdict present(kerb::bytes_view req, const kerb::environment<C>& env, bool fresh = true) {
    verdict v;
    kerb::ap_acceptor<C> a(request_in(workspace_));
    auto step = a.receive(req, env);
    const key k = service_key();
    if (kerb::is<kerb::need_ticket_key>(step)) step = key_realm ? a.provide(k, *key_realm, env) : a.provide(k, env);
    if (kerb::is<kerb::need_ticket_key>(step)) step = a.no_key(kerb::errc::no_key, env);
    if (kerb::is<kerb::check_replay>(step)) step = a.replay_checked(fresh, env);
    if (kerb::is<kerb::authenticated>(step)) step = a.accept({}, env);
    if (const auto* no = std::get_if<kerb::refused>(&step)) {
      v.why = no->why;
      if (const auto e = kerb::asn1::decode<kerb::msg::KrbError>(no->octets)) v.sent = *e;
      v.over = a.refusal() == no->octets && a.peer() == nullptr && is_shut(a, k, env);
    } else if (const auto* f = std::get_if<kerb::failed>(&step)) {
      v.why = f->why;
      v.over = a.peer() == nullptr && a.refusal().empty() && is_shut(a, k, env);
    } else {
      v.accepted = kerb::is<kerb::reply>(step) || kerb::is<kerb::done>(step);
    }
    return v;
  }

 private:
  constexpr bool is_shut(kerb::ap_acceptor<C>& a, const key& k, const kerb::environment<C>& env) {
    using kerb::errc;
    const errc first = failure(a.accept({}, env));
    return first != errc::ok && failure(a.replay_checked(true, env)) == first && failure(a.provide(k, env)) == first &&
           failure(a.receive({}, env)) == first && a.peer() == nullptr && !std::move(a).take();
  }

  std::array<std::uint8_t, 2048> ticket_octets_{};
  std::array<std::uint8_t, 4096> req_octets_{};
  std::array<std::uint8_t, 4096> workspace_{};
};
using ap_world = basic_ap_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline ap_world_names
