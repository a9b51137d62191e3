// A KDC and a service that have served once: from then on no request allocates.
#include <kerb/botan.hpp>
#include <kerb/testing/realm.hpp>

#include <vector>

#include "support/alloc_count.hpp"
#include "support/catch.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

constexpr kerberos_string alice_parts[] = {"alice"_krb}, web_parts[] = {"HTTP"_krb, "web.ex.org"_krb};
constexpr principal_view alice{{name_t::principal, alice_parts}, "EX.ORG"_krb};
constexpr principal_view web{{name_t::srv_hst, web_parts}, "EX.ORG"_krb};
constexpr std::string_view password = "correct horse battery";
timestamp noon() { return {{1767225600}, {500000}}; }

/// A realm, and a request of each kind to it, as a client made them.
struct scene {
  botan::policy p;
  testing::realm<botan::policy> realm;
  std::vector<std::uint8_t> as_req, tgs_req, ap_req;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(botan::kdc::typical_buffer_size);

  explicit scene(etype_t e) : realm(p, "EX.ORG"_krb, e) {
    REQUIRE(realm.add_user("alice", secret_view::of(password)));
    REQUIRE(realm.add_service("HTTP/web.ex.org"));
    const auto to_kdc = [&](std::vector<std::uint8_t>& sent) {
      return [&](const send& s) -> result<answer> {
        sent.assign(s.octets.begin(), s.octets.end());
        const auto a = realm.answer(s.octets, noon(), buffer);
        if (!a) return a.error();
        return answer(*a, transport::stream);
      };
    };
    std::vector<std::uint8_t> as_buffer(8192), tgs_buffer(8192), ap_buffer(8192);
    botan::as_client as({.client = alice, .password = secret_view::of(password), .buffer = as_buffer});
    const auto tgt = drive(as, p, noon, to_kdc(as_req));  // the last request is the one with a timestamp
    REQUIRE(tgt);
    botan::tgs_client tgs({.tgt = *tgt, .server = web, .buffer = tgs_buffer});
    const auto credential = drive(tgs, p, noon, to_kdc(tgs_req));
    REQUIRE(credential);
    botan::ap_initiator ap({.credential = *credential, .buffer = ap_buffer});
    const auto step = ap.start(environment{p, noon()});
    const auto* s = std::get_if<send>(&step);
    REQUIRE(s != nullptr);
    ap_req.assign(s->octets.begin(), s->octets.end());
  }

  bool serves(const std::vector<std::uint8_t>& request, std::uint8_t answered) {
    const auto a = realm.answer(bytes_view(request), noon(), buffer);
    return a && !a->empty() && (*a)[0] == answered;
  }
  template <class Keys, class Store>
  bool accepts(Keys& keys, Store& store, replay_rule rule) {
    botan::ap_acceptor a({.service = web, .mutual = required, .buffer = buffer, .replays = rule});
    const auto who = accept(a, bytes_view(ap_req), p, keys, store, noon());
    return who && same_principal(who->client(), alice) && !who->reply().empty() && who->keys().acceptor_subkey;
  }
};

TEST_CASE("kdc: a request after the first of its kind allocates nothing, with Botan", "[exchange][rfc4120-3]") {
  for (const etype_t e : {etype_t::aes256_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha384_192}) {
    scene s(e);
    REQUIRE((s.serves(s.as_req, 0x6b) && s.serves(s.tgs_req, 0x6d)));
    bool good = true;
    {
      kerb_test::no_allocations none;
      for (int i = 0; i != 3; ++i) good = good && s.serves(s.as_req, 0x6b) && s.serves(s.tgs_req, 0x6d);
    }
    CHECK(good);
  }
}

TEST_CASE("ap_acceptor: a request after the first allocates nothing, with Botan", "[exchange][rfc4120-3.2]") {
  for (const etype_t e : {etype_t::aes256_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha384_192}) {
    scene s(e);
    key_list<botan::policy::prepared_key, 1> keys;
    auto prepared = s.p.prepare(kerb_test::must(s.realm.key_of("HTTP/web.ex.org")), key_usage_t::ticket);
    REQUIRE(prepared);
    REQUIRE(keys.add(web, 1, e, std::move(*prepared)));
    no_replay_cache none_asked;
    REQUIRE(s.accepts(keys, none_asked, replay_rule::by_application));
    memory_replay_cache<64> store, first;
    REQUIRE(s.accepts(keys, first, replay_rule::ask));
    bool good = true;
    {
      kerb_test::no_allocations none;
      for (int i = 0; i != 3; ++i) good = good && s.accepts(keys, none_asked, replay_rule::by_application);
      good = good && s.accepts(keys, store, replay_rule::ask);
      good = good && !s.accepts(keys, store, replay_rule::ask);  // a replay, which is refused
    }
    CHECK(good);
  }
}

}  // namespace
