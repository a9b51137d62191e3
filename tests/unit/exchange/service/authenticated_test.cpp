// Who has authenticated: made by an opened ticket only, and what the application's checksum covers.
#include <kerb/exchange/service/authenticated.hpp>
#include <type_traits>
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using client_t = authenticated_client<key>;
static_assert(!std::is_default_constructible_v<client_t> && !std::is_aggregate_v<client_t>,
              "only an exchange that opened the ticket makes one");
static_assert(!std::is_copy_constructible_v<client_t> && !std::is_copy_assignable_v<client_t>);
static_assert(std::is_nothrow_move_constructible_v<detail::workspace> && std::is_move_constructible_v<client_t>);

using policy = testing::insecure_policy;

struct session {
  ap_world w;
  std::array<std::uint8_t, 4096> client_buffer{}, buffer{};
  ap_acceptor<policy> a;
  constexpr session() : a(w.request_in(buffer)) {}
  constexpr const client_t* present(bytes_view req) {
    const key k = w.service_key();
    (void)a.receive(req, w.turn());
    (void)a.provide(k, w.turn());
    (void)a.replay_checked(true, w.turn());
    return a.peer();
  }
};
constexpr std::uint8_t data[] = {'p', 'a', 'y', ' ', '1', '0'}, altered[] = {'p', 'a', 'y', ' ', '9', '0'};

constexpr bool application_data_is_covered() {
  session s;
  const auto credential = s.w.credential();
  ap_initiator<policy> x({.credential = credential, .buffer = s.client_buffer, .application_data = bytes_view(data)});
  const auto sent = x.start(s.w.turn());
  if (!is<send>(sent)) return false;
  const client_t* who = s.present(std::get<send>(sent).octets);
  if (who == nullptr || !who->checksum()) return false;
  return who->verify_checksum(s.w.policy, data) == errc::ok &&
         who->verify_checksum(s.w.policy, altered) == errc::integrity &&
         who->verify_checksum(s.w.policy, bytes_view(data).first(5)) == errc::integrity &&
         who->verify_checksum(s.w.policy, {}) == errc::integrity;
}
KERB_BOTH("authenticated_client: the checksum covers the application's data", "[exchange][rfc4120-3.2.2]",
          application_data_is_covered);

TEST_CASE("authenticated_client: a checksum of another type, or none, verifies nothing", "[exchange][rfc4120-3.2.2]") {
  session none;
  const client_t* who = none.present(none.w.mint());
  REQUIRE(who != nullptr);
  CHECK(!who->checksum());
  CHECK(who->verify_checksum(none.w.policy, data) == errc::inappropriate_checksum);

  std::array<std::uint8_t, 8> mac{};
  const bytes_view pieces[] = {data};
  {
    session s;
    const key k = s.w.session_key();
    const auto shape = s.w.policy.cksum_of(k.etype());
    REQUIRE(s.w.policy.sign(shape->type, k, key_usage_t::ap_req_authenticator_cksum, pieces, mac) == errc::ok);
  }
  // The right octets under every type that is not the key's own: unkeyed ones, other keys', the GSS-API's
  for (std::int32_t type = -200; type != 300; ++type) {
    session s;
    s.w.authenticator.cksum = msg::Checksum{static_cast<cksum_t>(type), mac};
    who = s.present(s.w.mint());
    REQUIRE(who != nullptr);
    const bool own = static_cast<cksum_t>(type) == cksum_t::hmac_sha1_96_aes256;
    CHECK(who->verify_checksum(s.w.policy, data) == (own ? errc::ok : errc::inappropriate_checksum));
  }
  session gss;
  std::array<std::uint8_t, 24> flags{16};
  gss.w.authenticator.cksum = msg::Checksum{cksum_t::gssapi, flags};
  CHECK((*gss.present(gss.w.mint())).verify_checksum(gss.w.policy, data) == errc::inappropriate_checksum);
}

TEST_CASE("authenticated_client: a checksum for another usage, or under another key, is refused",
          "[exchange][rfc4120-7.5.1]") {
  const bytes_view pieces[] = {data};
  for (int which = 0; which != 5; ++which) {
    session s;
    std::array<std::uint8_t, 8> mac{};
    const key k = which == 1 ? s.w.other_key(s.w.session_etype) : s.w.session_key();
    const auto usage = which == 2 ? key_usage_t::tgs_req_authenticator_cksum : key_usage_t::ap_req_authenticator_cksum;
    REQUIRE(s.w.policy.sign(cksum_t::hmac_sha1_96_aes256, k, usage, pieces, mac) == errc::ok);
    const bytes_view octets(mac);
    s.w.authenticator.cksum = msg::Checksum{cksum_t::hmac_sha1_96_aes256, which == 3   ? octets.first(7)
                                                                          : which == 4 ? octets.first(0)
                                                                                       : octets};
    const client_t* who = s.present(s.w.mint());
    REQUIRE(who != nullptr);
    INFO(which);
    CHECK(who->verify_checksum(s.w.policy, data) == (which == 0 ? errc::ok : errc::integrity));
  }
}

TEST_CASE("authenticated_client: says what the ticket says", "[exchange][rfc4120-5.3]") {
  const auto pac = "300f 300d a004 0202 0080 a105 0403 010203"_hex;  // an element of type 128
  const std::uint8_t inside[] = {1, 2, 3};
  const msg::AuthorizationDataElement elements[] = {{ad_t::if_relevant, pac}};
  session s;
  s.w.ticket.authorization_data = elements;
  s.w.ticket.flags.set(ticket_flag_t::forwardable);
  s.w.ticket.flags.set(ticket_flag_t::transited_policy_checked);
  s.w.ticket.crealm = s.w.authenticator.crealm = "OTHER.ORG"_krb;
  s.w.authenticator.cname.name_type = name_t::unknown;
  s.w.authenticator.seq_number = 4000000000u;
  const std::vector<std::uint8_t> token = [&] {
    const bytes_view v = s.w.mint();
    return std::vector<std::uint8_t>(v.begin(), v.end());
  }();
  const client_t* who = s.present(token);
  REQUIRE(who != nullptr);
  CHECK(who->client().realm == "OTHER.ORG"_krb);
  CHECK(who->client().name.name_type == name_t::principal);  // the ticket's, not the authenticator's
  CHECK(who->flags() ==
        msg::TicketFlags{ticket_flag_t::initial, ticket_flag_t::forwardable, ticket_flag_t::transited_policy_checked});
  CHECK(who->authtime() == s.w.ticket.authtime);
  CHECK(who->endtime() == s.w.ticket.endtime);
  CHECK(who->keys().initiator_seq == 4000000000u);
  const auto found = who->authorization().find(ad_t::win2k_pac);
  REQUIRE(found);
  CHECK((found->from_ticket && !found->critical && !found->issued));
  CHECK(found->data == bytes_view(inside));
  CHECK(!who->user_to_user());
  CHECK(!who->bound());
  CHECK(!who->gss());
  CHECK(who->reply().empty());
}

TEST_CASE("authenticated_client: the authenticator's own authorization data is not the ticket's", "[exchange]") {
  const auto forged = "300f 300d a004 0202 0080 a105 0403 060606"_hex;
  const msg::AuthorizationDataElement elements[] = {{ad_t::if_relevant, forged}};
  session s;
  s.w.authenticator.authorization_data = elements;
  const client_t* who = s.present(s.w.mint());
  REQUIRE(who != nullptr);
  const auto found = who->authorization().find(ad_t::win2k_pac);
  REQUIRE(found);
  CHECK(!found->from_ticket);
}

TEST_CASE("authenticated_client: gives its keys away", "[exchange]") {
  session s;
  REQUIRE(s.present(s.w.mint()) != nullptr);
  (void)s.a.accept({}, s.w.turn());
  auto who = std::move(s.a).take();
  REQUIRE(who);
  const session_keys<key> keys = std::move(*who).keys();
  CHECK(bytes_view(keys.session_key.octets().unguarded()) == bytes_view(session_octets));
  CHECK(keys.acceptor_subkey);
  CHECK(who->keys().session_key.empty());
  CHECK(same_principal(who->client(), alice));
}

}  // namespace
