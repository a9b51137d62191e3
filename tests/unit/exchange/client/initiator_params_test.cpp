// What the authenticator of an AP exchange says: GSS-API's checksum, channel bindings, authorization data; and
// user-to-user.
#include <kerb/exchange/client/initiator_params.hpp>
#include <kerb/msg/authdata.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using initiator = ap_initiator<policy>;
using octet_list = std::vector<std::uint8_t>;

constexpr std::uint8_t bound_to[] = {'t', 'h', 'e', ' ', 'c', 'h', 'a', 'n', 'n', 'e', 'l'};
constexpr std::uint8_t cred[] = {0x76, 0x03, 0x30, 0x01, 0x05};  // stands for a KRB-CRED
constexpr gss_flags asked{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::integ};
constexpr gss_flags asked_with_deleg{gss_flag_t::mutual, gss_flag_t::deleg};

/// A client that may ask for anything.
struct asking {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{}, opened{};
  basic_credential<key> credential;
  initiator_params<key> request;

  constexpr asking() : credential(w.credential()), request{.credential = credential, .buffer = buffer} {}

  /// The AP-REQ; empty when it cannot be made.
  constexpr bytes_view start() {
    initiator x(request);
    const auto s = x.start(w.turn());
    return is<send>(s) ? std::get<send>(s).octets : bytes_view();
  }
  constexpr error why() {
    initiator x(request);
    const auto s = x.start(w.turn());
    return is<failed>(s) ? std::get<failed>(s).why : error{};
  }
  /// The authenticator of the AP-REQ, opened with the session key; its views lie in this object.
  constexpr result<msg::Authenticator> authenticator() {
    const auto req = asn1::decode<msg::ApReq>(start());
    if (!req) return req.error();
    const key k = w.session_key();
    const auto plain = w.policy.unseal(k, key_usage_t::ap_req_authenticator, req->authenticator.cipher, opened);
    if (!plain) return plain.error();
    return asn1::decode<msg::Authenticator>(bytes_view(*plain), der::strict);
  }
  /// What its checksum says of the context.
  constexpr result<gss_checksum> context() {
    const auto a = authenticator();
    if (!a) return a.error();
    if (!a->cksum || a->cksum->cksumtype != cksum_t::gssapi) return errc::inappropriate_checksum;
    return read_gss_checksum(a->cksum->checksum);
  }
};

KERB_BOTH("initiator_params: credential and buffer are enough, and nothing is claimed", "[exchange][rfc4120-3.2.2]",
          [] {
            asking a;
            const initiator_params<key>& r = a.request;
            return r.mutual == required && r.subkey && r.sequence_number && !r.application_data && !r.times && !r.gss &&
                   !r.user_to_user && !r.authorization_data;
          });
KERB_BOTH("gss_context: flags are enough, and it is bound to nothing", "[exchange][rfc4121-4.1.1]", [] {
  const gss_context c{.flags = asked};
  return !c.bindings && !c.deleg && !c.bindings_aware;
});

// ---- the checksum 0x8003

constexpr bool says_what_the_context_is() {
  asking a;
  a.request.gss = gss_context{.flags = asked};
  const auto said = a.authenticator();
  if (!said || !said->cksum || said->cksum->cksumtype != cksum_t::gssapi) return false;
  constexpr auto wanted =
      "10000000"
      "00000000000000000000000000000000"
      "2e000000"_hex;
  return said->cksum->checksum == bytes_view(wanted) && said->seq_number && !said->authorization_data;
}
KERB_BOTH("ap_initiator: a context of GSS-API has the checksum 0x8003 and a sequence number, and no more than that",
          "[exchange][rfc4121-4.1.1]", says_what_the_context_is);

constexpr bool carries_bindings_and_delegation() {
  asking a;
  const channel_bindings bindings{.application_data = bound_to};
  a.request.gss = gss_context{.flags = asked_with_deleg, .bindings = bindings, .deleg = bytes_view(cred)};
  const auto c = a.context();
  std::array<std::uint8_t, 16> hash{};
  if (!c || hash_bindings(a.w.policy, bindings, hash) != errc::ok) return false;
  return c->has_bindings() && c->bnd == bytes_view(hash) && c->flags == asked_with_deleg && c->deleg &&
         *c->deleg == bytes_view(cred) && c->exts.empty();
}
KERB_BOTH("ap_initiator: the checksum 0x8003 holds the hash of the bindings and the KRB-CRED",
          "[exchange][rfc4121-4.1.1][rfc4121-4.1.1.2]", carries_bindings_and_delegation);

constexpr bool empty_bindings_are_bindings() {
  asking a;
  a.request.gss = gss_context{.flags = asked, .bindings = channel_bindings{}};
  const auto c = a.context();
  return c && c->has_bindings();
}
KERB_BOTH("ap_initiator: bindings that are empty are hashed, and are not none", "[exchange][rfc4121-4.1.1.2]",
          empty_bindings_are_bindings);

TEST_CASE("ap_initiator: without mutual authentication the context says so", "[exchange][rfc4121-4.1.1.1]") {
  asking a;
  a.request.mutual = if_asked;
  a.request.gss = gss_context{.flags = {gss_flag_t::integ}};
  const auto c = a.context();
  REQUIRE(c);
  CHECK(c->flags == gss_flags{gss_flag_t::integ});
  CHECK(!c->has_bindings());
}

TEST_CASE("ap_initiator: options that contradict the context fail it, with nothing drawn or written",
          "[exchange][rfc4121-4.1.1]") {
  const octet_list long_cred(0x10000, 0x76);
  const octet_list longest_cred(0xffff, 0x76);
  struct contradiction {
    std::string_view name;
    void (*make)(initiator_params<key>&);
    std::string_view field;
  };
  const contradiction all[] = {
      {"application data too", [](auto& r) { r.application_data = bytes_view(bound_to); }, "cksum"},
      {"no sequence number", [](auto& r) { r.sequence_number = false; }, "seq-number"},
      {"the flag without mutual authentication", [](auto& r) { r.mutual = if_asked; }, "cksum"},
      {"mutual authentication without the flag", [](auto& r) { r.gss->flags.set(gss_flag_t::mutual, false); }, "cksum"},
      {"the flag without a KRB-CRED", [](auto& r) { r.gss->flags.set(gss_flag_t::deleg); }, ""},
      {"a KRB-CRED without the flag", [](auto& r) { r.gss->deleg = bytes_view(cred); }, ""},
      {"an empty KRB-CRED",
       [](auto& r) {
         r.gss->flags.set(gss_flag_t::deleg);
         r.gss->deleg = bytes_view();
       },
       ""},
      {"a flag without a name", [](auto& r) { r.gss->flags.bits |= 0x40; }, ""},
  };
  for (const contradiction& c : all) {
    INFO(c.name);
    asking a;
    a.request.gss = gss_context{.flags = asked};
    const unsigned drawn = a.w.policy.entropy.draws();
    c.make(a.request);
    const error e = a.why();
    CHECK(e.code == errc::api_misuse);
    CHECK(std::string_view(e.field) == c.field);
    CHECK(a.w.policy.entropy.draws() == drawn);
    CHECK(a.buffer == std::array<std::uint8_t, 4096>{});
  }
  asking a;
  a.request.gss = gss_context{.flags = asked_with_deleg, .deleg = bytes_view(long_cred)};
  CHECK(a.why().code == errc::input_too_large);
  octet_list buffer(80000);
  a.request.buffer = buffer;
  a.request.gss->deleg = bytes_view(longest_cred);
  CHECK(!a.start().empty());
}

/// A library without MD5.
class policy_without_md5 : public testing::insecure_policy {
 public:
  constexpr errc hash(hash_id, view_of<bytes_view>, std::span<std::uint8_t>) noexcept { return errc::crypto_backend; }
};

TEST_CASE("ap_initiator: where bindings cannot be hashed nothing is sent", "[exchange][rfc4121-4.1.1.2]") {
  basic_ap_world<policy_without_md5> w;
  const auto credential = w.credential();
  std::array<std::uint8_t, 4096> buffer{};
  const unsigned drawn = w.policy.entropy.draws();
  for (const bool bound : {true, false}) {
    ap_initiator<policy_without_md5> x(
        {.credential = credential, .buffer = buffer, .gss = gss_context{.flags = asked}});
    ap_initiator<policy_without_md5> y(
        {.credential = credential,
         .buffer = buffer,
         .gss = gss_context{.flags = asked, .bindings = channel_bindings{.application_data = bound_to}}});
    const auto s = bound ? y.start(w.turn()) : x.start(w.turn());
    CHECK(failure(s) == (bound ? errc::crypto_backend : errc::ok));
    if (bound) CHECK(w.policy.entropy.draws() == drawn);
    else CHECK(is<send>(s));
  }
}

// ---- authorization data

constexpr std::uint8_t own_data[] = {1, 2, 3};
constexpr msg::AuthorizationDataElement restrictions[] = {{ad_t::intended_for_server, own_data},
                                                          {ad_t::osf_dce, bound_to}};

constexpr bool says_that_it_knows_bindings() {
  asking a;
  a.request.gss = gss_context{.flags = asked, .bindings_aware = true};
  a.request.authorization_data = msg::AuthorizationData(restrictions);
  const auto said = a.authenticator();
  if (!said || !said->authorization_data || said->authorization_data->size() != 3) return false;
  auto at = said->authorization_data->begin();
  const msg::AuthorizationDataElement first = *at, second = *++at, third = *++at;
  const auto inside = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", first.ad_data, der::strict);
  if (first.ad_type != ad_t::if_relevant || !inside || inside->size() != 1) return false;
  constexpr auto cbt = "00400000"_hex;
  const msg::AuthorizationDataElement option = *inside->begin();
  return option.ad_type == ad_t::ad_auth_data_ap_options && option.ad_data == bytes_view(cbt) &&
         second.ad_type == restrictions[0].ad_type && second.ad_data == restrictions[0].ad_data &&
         third.ad_type == restrictions[1].ad_type && third.ad_data == restrictions[1].ad_data;
}
KERB_BOTH("ap_initiator: whoever knows bindings says so in the first AD-IF-RELEVANT, in front of what else there is",
          "[exchange][rfc4120-5.2.6.1]", says_that_it_knows_bindings);

constexpr bool restrictions_alone() {
  for (const bool from_wire : {false, true}) {
    asking a;
    std::array<std::uint8_t, 128> octets{};
    const msg::AuthorizationData own(restrictions);
    const auto sent = asn1::encode(own, octets);
    const auto read = asn1::decode_as<msg::AuthorizationData>("AuthorizationData", *sent);
    a.request.authorization_data = from_wire ? *read : own;
    const auto said = a.authenticator();
    if (!said || said->cksum || !said->authorization_data || said->authorization_data->size() != 2) return false;
    std::array<std::uint8_t, 128> back{};
    if (!(kerb_test::must(asn1::encode(*said->authorization_data, back)) == *sent)) return false;
  }
  return true;
}
KERB_BOTH("ap_initiator: the caller's authorization data go into the authenticator as they are",
          "[exchange][rfc4120-5.5.1]", restrictions_alone);

KERB_BOTH("ap_initiator: who does not know bindings says so with nothing, in a context too",
          "[exchange][rfc4120-5.2.6]", [] {
            asking a;
            a.request.gss = gss_context{.flags = asked};
            a.request.authorization_data = msg::AuthorizationData(restrictions);
            const auto said = a.authenticator();
            return said && said->authorization_data && said->authorization_data->size() == 2 &&
                   (*said->authorization_data->begin()).ad_type == restrictions[0].ad_type;
          });
KERB_BOTH("ap_initiator: no authorization data, no field", "[exchange][rfc4120-5.2.6]", [] {
  asking a;
  a.request.authorization_data = msg::AuthorizationData();
  const auto said = a.authenticator();
  return said && !said->authorization_data;
});

// ---- user-to-user

constexpr bool marks_user_to_user() {
  for (const bool u2u : {false, true}) {
    asking a;
    a.request.user_to_user = u2u;
    const auto req = asn1::decode<msg::ApReq>(a.start());
    if (!req || req->ap_options.has(ap_option_t::use_session_key) != u2u ||
        !req->ap_options.has(ap_option_t::mutual_required)) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("ap_initiator: says that the ticket is under a session key, where it is", "[exchange][rfc4120-3.7]",
          marks_user_to_user);

// ---- buffers, randomness, memory

constexpr gss_context everything() {
  return {.flags = asked_with_deleg,
          .bindings = channel_bindings{.application_data = bound_to},
          .deleg = bytes_view(cred),
          .bindings_aware = true};
}

TEST_CASE("ap_initiator: a context with everything needs the buffer that it names, and not an octet less",
          "[exchange]") {
  asking a;
  a.request.gss = everything();
  a.request.authorization_data = msg::AuthorizationData(restrictions);
  a.request.buffer = {};
  initiator probe(a.request);
  const unsigned drawn = a.w.policy.entropy.draws();
  const auto first = probe.start(a.w.turn());
  REQUIRE(is<need_buffer>(first));
  const std::size_t n = std::get<need_buffer>(first).size;
  octet_list small(n - 1, 0xee), just(n, 0xee);
  a.request.buffer = small;
  initiator x(a.request);
  const auto s = x.start(a.w.turn());
  REQUIRE(is<need_buffer>(s));
  CHECK(std::get<need_buffer>(s).size == n);
  CHECK(a.w.policy.entropy.draws() == drawn);
  CHECK(small == octet_list(n - 1, 0xee));
  x.set_buffer(just);
  const auto done = x.start(a.w.turn());
  REQUIRE(is<send>(done));
  // all of it is the message, but for the length in front of it and octets that the longest number would need
  CHECK(std::get<send>(done).octets.size() + 4 <= n);
  CHECK(std::get<send>(done).octets.size() + 8 >= n);
}

TEST_CASE("ap_initiator: a failing random source leaves nothing of the context behind", "[exchange]") {
  for (const bool fails : {false, true}) {
    asking a;
    a.request.gss = everything();
    a.w.policy.entropy = {};
    a.w.policy.entropy.fail_at = fails ? 1 : 0;
    const error e = a.why();
    CHECK(e.code == (fails ? errc::entropy : errc::ok));
    CHECK(holds(a.buffer, cred) == !fails);
  }
}

TEST_CASE("ap_initiator: no request is longer than its bound", "[exchange]") {
  for (const bool context : {false, true})
    for (const bool restricted : {false, true}) {
      asking a;
      if (context) a.request.gss = everything();
      if (!context) a.request.application_data = bytes_view(own_data);
      if (restricted) a.request.authorization_data = msg::AuthorizationData(restrictions);
      const std::size_t bound = detail::size_bound(a.request), n = a.start().size();
      REQUIRE(n != 0);
      CHECK(n < bound);
      CHECK(n + 500 > bound);
    }
}

TEST_CASE("ap_initiator: a long KRB-CRED and long restrictions count in the bound", "[exchange]") {
  const octet_list long_octets(3000, 7);
  const msg::AuthorizationDataElement long_list[] = {{ad_t::osf_dce, bytes_view(long_octets)}};
  for (const bool delegates : {false, true}) {
    asking a;
    octet_list buffer(2500), larger(8000);
    a.request.gss = gss_context{.flags = delegates ? asked_with_deleg : asked};
    if (delegates) a.request.gss->deleg = bytes_view(long_octets);
    else a.request.authorization_data = msg::AuthorizationData(long_list);
    a.request.buffer = buffer;
    CHECK(detail::size_bound(a.request) > 3000);
    initiator x(a.request);
    const auto s = x.start(a.w.turn());
    REQUIRE(is<need_buffer>(s));  // and not no_space
    REQUIRE(x.set_buffer(larger));
    REQUIRE(is<send>(x.start(a.w.turn())));
  }
}

TEST_CASE("ap_initiator: a context of GSS-API allocates nothing", "[exchange]") {
  asking a;
  a.request.gss = everything();
  a.request.authorization_data = msg::AuthorizationData(restrictions);
  bool good = false;
  {
    no_allocations guard;
    good = !a.start().empty();
  }
  CHECK(good);
}

}  // namespace
