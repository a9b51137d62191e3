// Client and service in one loop, with cryptography: every encryption type, over a stream and as datagrams.
#include <kerb/botan.hpp>
#include <kerb/botan_ffi.hpp>
#include <kerb/client.hpp>
#include <kerb/kerb.hpp>
#include <kerb/messages.hpp>
#include <kerb/service.hpp>
#if defined(KERB_TEST_OPENSSL)
#include <kerb/openssl.hpp>
#endif
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using octet_list = std::vector<std::uint8_t>;
constexpr etype_t etypes[] = {etype_t::aes128_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha1_96,
                              etype_t::aes128_cts_hmac_sha256_128, etype_t::aes256_cts_hmac_sha384_192};

template <class C, class K>
octet_list octets(const C& policy, const K& k) {
  const bytes_view v = policy.expose(k).unguarded();
  return {v.begin(), v.end()};
}

/// A service that is asked by function call.
template <class C>
struct service {
  basic_ap_world<C>& w;
  key_list<typename C::key, 2> keys;
  memory_replay_cache<64> seen;
  std::array<std::uint8_t, 8192> buffer{};
  std::optional<authenticated_client<typename C::key>> who;
  octet_list out;
  error why{};

  explicit service(basic_ap_world<C>& world) : w(world) { REQUIRE(keys.add(web, 3, w.service_etype, w.service_key())); }
  result<answer> operator()(const send& s) {
    who.reset();
    ap_acceptor<C> a(w.request_in(buffer));
    auto r = accept(a, s.octets, w.policy, keys, seen, w.now);
    if (r) {
      out.assign(r->reply().begin(), r->reply().end());
      who.emplace(std::move(*r));
    } else {
      why = r.error();
      out.assign(a.refusal().begin(), a.refusal().end());
    }
    return answer{out};
  }
};

template <class C>
void whole_loop() {
  const std::uint8_t data[] = {'d', 'a', 't', 'a'};
  for (const etype_t service_etype : etypes) {
    for (const etype_t session_etype : etypes) {
      basic_ap_world<C> w;
      w.service_etype = service_etype;
      w.session_etype = session_etype;
      w.request.mutual = required;
      service<C> s(w);
      const auto credential = w.credential();
      std::array<std::uint8_t, 8192> buffer{};
      unique_time times;
      INFO(name_of(service_etype) << ", " << name_of(session_etype));
      for (int i = 0; i != 2; ++i) {
        ap_initiator<C> x(
            {.credential = credential, .buffer = buffer, .application_data = bytes_view(data), .times = times});
        const auto mine = drive(x, w.policy, w.now, s);
        INFO(name_of(s.why.code) << " " << s.why.type << " " << s.why.field);
        REQUIRE(mine);
        REQUIRE(s.who);
        const auto& theirs = s.who->keys();
        CHECK(same_principal(s.who->client(), alice));
        CHECK(same_principal(s.who->service(), web));
        CHECK(octets(w.policy, mine->session_key) == octets(w.policy, theirs.session_key));
        CHECK(octets(w.policy, *mine->initiator_subkey) == octets(w.policy, *theirs.initiator_subkey));
        CHECK(octets(w.policy, *mine->acceptor_subkey) == octets(w.policy, *theirs.acceptor_subkey));
        CHECK(octets(w.policy, *mine->acceptor_subkey) != octets(w.policy, *mine->initiator_subkey));
        CHECK(mine->initiator_seq == theirs.initiator_seq);
        CHECK(mine->acceptor_seq == theirs.acceptor_seq);
        CHECK(s.who->verify_checksum(w.policy, data) == errc::ok);
        CHECK(s.who->verify_checksum(w.policy, bytes_view(data).first(3)) == errc::integrity);
        if constexpr (!std::same_as<C, testing::insecure_policy>) {
          for (const auto* k : {&mine->session_key, &*mine->initiator_subkey, &*mine->acceptor_subkey}) {
            const octet_list secret = octets(w.policy, *k);
            CHECK(!holds(buffer, secret));
            CHECK(!holds(s.buffer, secret));
          }
        }
      }
    }
  }
}

/// Flips of every bit that a seal covers, on cryptography itself.
template <class C>
void flips() {
  for (const etype_t e : etypes) {
    basic_ap_world<C> w;
    w.service_etype = w.session_etype = e;
    const bytes_view minted = w.mint();
    const octet_list good(minted.begin(), minted.end());
    const auto req = asn1::decode<msg::ApReq>(good);
    REQUIRE(req);
    REQUIRE(w.present(good).accepted);
    for (const bytes_view sealed : {req->ticket->enc_part.cipher, req->authenticator.cipher}) {
      const auto from = static_cast<std::size_t>(sealed.data() - good.data());
      for (std::size_t at = from; at != from + sealed.size(); ++at) {
        octet_list bad = good;
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ 1 << at % 8);
        const verdict v = w.present(bad);
        CHECK(!v.accepted);
        CHECK(v.over);
        CHECK(v.why.code == errc::integrity);
        CHECK((v.sent && v.sent->error_code == error_code_t::krb_ap_err_bad_integrity));
      }
    }
  }
}

TEST_CASE("AP exchange: a whole loop on Botan, each encryption type", "[exchange][rfc4120-3.2]") {
  whole_loop<botan::policy>();
}
TEST_CASE("AP exchange: a whole loop on Botan's C interface, each encryption type", "[exchange][rfc4120-3.2]") {
  whole_loop<botan_ffi::policy>();
}
#if defined(KERB_TEST_OPENSSL)
TEST_CASE("AP exchange: a whole loop on OpenSSL, each encryption type", "[exchange][rfc4120-3.2]") {
  whole_loop<openssl::policy>();
}
TEST_CASE("AP exchange: a flipped bit under a seal of OpenSSL's is refused", "[exchange][rfc4120-3.2.3]") {
  flips<openssl::policy>();
}
#endif
TEST_CASE("AP exchange: a flipped bit under a seal of Botan's is refused", "[exchange][rfc4120-3.2.3]") {
  flips<botan::policy>();
}
TEST_CASE("AP exchange: a flipped bit under a seal of Botan's C interface is refused", "[exchange][rfc4120-3.2.3]") {
  flips<botan_ffi::policy>();
}

TEST_CASE("AP exchange: a loop without cryptography, refusals included", "[exchange][rfc4120-3.2]") {
  whole_loop<testing::insecure_policy>();

  // What the service says no to arrives as its code
  using policy = testing::insecure_policy;
  basic_ap_world<policy> w;
  service<policy> s(w);
  const auto credential = w.credential();
  std::array<std::uint8_t, 4096> buffer{};
  // A client that does not know when its ticket ends; one that knows sends no expired ticket
  ticket_facts facts = credential.facts();
  facts.endtime = plus(facts.endtime, 2 * 86400);
  const basic_credential<policy::key> unaware(facts, w.session_key());
  const auto run = [&](timestamp clients_clock) {
    ap_initiator<policy> x({.credential = unaware, .buffer = buffer});
    const auto r = drive(x, w.policy, clients_clock, s);
    return r ? 0u : r.error().code == errc::peer_error ? r.error().detail : 9999u;
  };
  timestamp t = w.now;
  CHECK(run(t) == 0);
  t.at.seconds += 301;
  CHECK(run(t) == 37);
  t.at.seconds -= 602;
  CHECK(run(t) == 37);
  w.now.at.seconds += 86400;
  CHECK(run(w.now) == 32);
  w.now.at.seconds -= 2 * 86400;
  CHECK(run(w.now) == 33);
}

TEST_CASE("AP exchange: a service may answer in parts over a stream", "[exchange][rfc4120-7.2.2]") {
  using policy = botan::policy;
  basic_ap_world<policy> w;
  service<policy> s(w);
  const auto credential = w.credential();
  std::array<std::uint8_t, 4096> own{};
  std::array<std::uint8_t, 2048> buffer{};
  ap_initiator<policy> x({.credential = credential, .buffer = own});
  over_stream io(x, buffer);
  const auto first = io.start(w.turn());
  REQUIRE(is<send>(first));
  const auto f = read_frame(std::get<send>(first).octets, 8192);
  REQUIRE((f && f->missing == 0));
  send whole = std::get<send>(first);
  whole.octets = f->message;
  REQUIRE(s(whole));
  octet_list framed(4);
  const auto h = frame_header(static_cast<std::uint32_t>(s.out.size()));
  std::copy(h.begin(), h.end(), framed.begin());
  framed.insert(framed.end(), s.out.begin(), s.out.end());
  bool is_done = false;
  for (const std::uint8_t& o : framed) {
    io.buffer()[0] = o;
    const auto step = io.got(1, w.turn());
    CHECK((is<need_more>(step) || &o == &framed.back()));
    is_done = is<done>(step);
  }
  CHECK(is_done);
  CHECK(std::move(x).take());
}

// The umbrella headers name what they promise.
static_assert(std::same_as<botan::ap_initiator, ap_initiator<botan::policy>> &&
              std::same_as<botan_ffi::ap_acceptor, ap_acceptor<botan_ffi::policy>> &&
              std::same_as<botan::protected_session, protected_session<botan::policy>> &&
              std::same_as<botan_ffi::received_credentials, received_credentials<botan_ffi::policy>> &&
              std::same_as<botan::credential, basic_credential<botan::policy::key>>);

}  // namespace
