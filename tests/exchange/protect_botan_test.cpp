// KRB-SAFE, KRB-PRIV and KRB-CRED on cryptography: every encryption type, behind an AP exchange, and as MIT krb5 and
// Heimdal send them.
#include <kerb/botan.hpp>
#include <kerb/botan_ffi.hpp>
#include <vector>
#include <vectors.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/protect_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

template <class C>
void each_encryption_type() {
  for (std::int32_t e = 17; e != 21; ++e) {
    for (const key_choice choice : {key_choice::last_negotiated, key_choice::own_subkey}) {
      basic_protect_world<C> w;
      w.w.session_etype = static_cast<etype_t>(e);
      w.initiator_subkey = w.acceptor_subkey = true;
      w.options.keys = choice;
      w.options.by = freshness::both;
      w.with_store = true;
      auto i = w.initiator(), a = w.acceptor();
      std::vector<std::uint8_t> data(100000, 0x5a), out(110000), in(110000);
      for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{16}, std::size_t{1000}, data.size()}) {
        for (const kind k : kinds_of_message) {
          for (const bool back : {false, true}) {
            auto &from = back ? a : i, &to = back ? i : a;
            const auto size = w.size(from, k, n);
            const auto m = w.make(from, k, bytes_view(data).first(n), out);
            REQUIRE(m);
            CHECK(*size == m->size());
            const auto got = w.open(to, k, *m, in);
            REQUIRE(got);
            CHECK(*got == bytes_view(data).first(n));
            CHECK(!w.open(to, k, *m, in));
          }
        }
      }
      // Once the keys are prepared, messages allocate nothing
      bool good = true;
      {
        no_allocations guard;
        for (const kind k : kinds_of_message) {
          const auto m = w.make(i, k, bytes_view(data).first(100), out);
          good = good && m && w.open(a, k, *m, in);
        }
      }
      CHECK(good);
    }
  }
}
TEST_CASE("protected_session: messages of any size on Botan, each encryption type",
          "[exchange][rfc4120-3.4][rfc4120-3.5]") {
  each_encryption_type<botan::policy>();
}
TEST_CASE("protected_session: messages of any size on Botan's C interface, each encryption type",
          "[exchange][rfc4120-3.4][rfc4120-3.5]") {
  each_encryption_type<botan_ffi::policy>();
}

// ---- what others send

constexpr kerberos_string tgs_parts[] = {"krbtgt"_krb, "EX.ORG"_krb};

/// The receiver of the message in a vector, and when.
struct receiver_of {
  botan::policy policy;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(4096);
  timestamp now{{1767225600}, {500000}};
  environment<botan::policy> t() { return {policy, now, {}}; }
  botan::protected_session receiver(std::string_view name, std::int64_t etype, bytes_view octets) {
    session_options o{.here = side::acceptor};
    const bool with_numbers = name.ends_with("numbers"), with_both = name.ends_with("both");
    o.by = with_numbers ? freshness::sequence_numbers : with_both ? freshness::both : freshness::timestamps;
    o.demand_recipient = with_both;
    if (!with_numbers) {
      o.local = there_address;
      o.peer = here_address;
    }
    const std::uint32_t first = name.starts_with("mit") ? 1 : 0x3ffffffe;
    auto k = policy.import(static_cast<etype_t>(etype), octets);
    REQUIRE(k);
    return {session_keys<key>{std::move(*k), {}, {}, first, {}}, o};
  }
};

TEST_CASE("protected_session: opens KRB-SAFE and KRB-PRIV of MIT krb5 and Heimdal, each encryption type",
          "[exchange][rfc4120-3.4.2][rfc4120-3.5.2]") {
  unsigned opened = 0;
  const auto open = [&](kind k, std::string_view name, std::int64_t etype, bytes_view octets, bytes_view message,
                        bytes_view plain) {
    INFO(name);
    receiver_of x;
    memory_replay_cache<32> seen;
    auto s = x.receiver(name, etype, octets);
    const auto r = k == kind::priv ? s.open_priv(message, x.buffer, x.t(), seen) : s.open_safe(message, x.t(), seen);
    REQUIRE(r);
    CHECK(*r == plain);
    const auto again =
        k == kind::priv ? s.open_priv(message, x.buffer, x.t(), seen) : s.open_safe(message, x.t(), seen);
    CHECK(again.error().code == (name.ends_with("times") ? errc::replayed : errc::bad_order));
    ++opened;
  };
  for (const auto& v : krb_safe_vectors) open(kind::safe, v.name, v.etype, v.key, v.message, v.plain);
  for (const auto& v : krb_priv_vectors) open(kind::priv, v.name, v.etype, v.key, v.message, v.plain);
  CHECK(opened == 48);
}

TEST_CASE("protected_session: makes the KRB-SAFE that MIT krb5 and Heimdal make", "[exchange][rfc4120-5.6.1]") {
  for (const auto& v : krb_safe_vectors) {
    INFO(v.name);
    const bool with_numbers = v.name.ends_with("numbers"), with_both = v.name.ends_with("both");
    const auto safe = asn1::decode<msg::KrbSafe>(v.message);
    const msg::KrbSafeBody body = kerb_test::must(safe).safe_body.value();
    receiver_of x;
    session_options o{.here = side::initiator};
    o.by = with_numbers ? freshness::sequence_numbers : with_both ? freshness::both : freshness::timestamps;
    if (!with_numbers) {
      o.local = here_address;
      o.peer = there_address;
    }
    if (body.timestamp) x.now = {*body.timestamp, *body.usec};
    auto k = x.policy.import(static_cast<etype_t>(v.etype), v.key);
    botan::protected_session s(session_keys<key>{std::move(*k), {}, {}, body.seq_number.value_or(0), 9}, o);
    memory_replay_cache<32> seen;
    const auto m = s.make_safe(v.plain, x.buffer, x.t(), seen);
    REQUIRE(m);
    // Theirs with "times" alone names no recipient; ours always does
    CHECK((*m == v.message) == (with_numbers || with_both));
  }
}

TEST_CASE("protected_session: opens KRB-CRED of MIT krb5, each encryption type", "[exchange][rfc4120-3.6.2]") {
  for (const auto& v : krb_cred_vectors) {
    INFO(v.name);
    receiver_of x;
    const std::size_t n = v.name.ends_with("2") ? 2 : 1;
    auto s = x.receiver(v.name, v.etype, v.key);
    auto got = s.open_cred(v.message, x.buffer, x.t(), {.addresses = true});
    REQUIRE(got);
    REQUIRE(got->size() == n);
    const principal_view tgs{{name_t::principal, tgs_parts}, "EX.ORG"_krb};
    for (std::size_t i = 0; i != n; ++i) {
      const auto c = got->take(i, x.policy);
      REQUIRE(c);
      CHECK(same_principal(c->client(), alice));
      CHECK(same_principal(c->server(), i == 0 ? tgs : web));
      CHECK(c->facts().flags.bits == 0x40e10000);
      CHECK(c->facts().authtime == kerberos_time{1767222000});
      CHECK(c->facts().starttime == kerberos_time{1767222000});
      CHECK(c->endtime() == kerberos_time{1767250800});
      CHECK(c->ticket().size() == 65);
      REQUIRE(c->session_key().octets().size() == 32);
      for (std::size_t o = 0; o != 32; ++o) {
        CHECK(c->session_key().octets().unguarded()[o] == static_cast<std::uint8_t>(0x64 + i + 7 * o));
      }
    }
  }
}

TEST_CASE("protected_session: opens what MIT krb5's kpasswd service answers", "[exchange][rfc4120-3.5.2]") {
  // Captured (mit-kpasswd, message 2): both on one host, the AP-REP's subkey, the client named no number
  constexpr auto subkey = "b54cc8cd0e807331a974f86c35d91c98f1e047b319415759a7d8842222209270"_hex;
  constexpr auto cipher =
      "52ab404c420ff5a3c1f8481ecd98e76d79ae6c123c9834402742b45bd51865332c3c79fb668b4003c63717c44fa33146a6038ff5201e66515143407a0c2d5a"_hex;
  constexpr std::uint8_t result_code[] = {0, 0};
  constexpr std::uint8_t loopback[] = {127, 0, 0, 1};
  const msg::HostAddress home{addr_t::ipv4, loopback};
  receiver_of x;
  std::vector<std::uint8_t> out(256);
  const auto m = asn1::encode(msg::KrbPriv{{etype_t::aes256_cts_hmac_sha1_96, {}, cipher}}, out);
  const auto import = [&] { return kerb_test::must(x.policy.import(etype_t::aes256_cts_hmac_sha1_96, subkey)); };
  for (const key_choice choice : {key_choice::last_negotiated, key_choice::own_subkey}) {
    botan::protected_session s(session_keys<key>{import(), import(), import(), {}, 0x10a8b043},
                               {.here = side::initiator, .local = home, .peer = home, .keys = choice});
    const auto r = s.open_priv(*m, x.buffer, x.t());
    REQUIRE(r);
    CHECK(*r == bytes_view(result_code));
  }
}

// ---- behind an AP exchange

TEST_CASE("protected_session: both sides of an AP exchange have one session", "[exchange][rfc4120-3.4][rfc4120-3.5]") {
  for (const bool mutual : {true, false}) {
    for (const bool subkey : {true, false}) {
      INFO(mutual << subkey);
      basic_ap_world<botan::policy> w;
      std::array<std::uint8_t, 8192> mine{}, theirs{};
      const auto credential = w.credential();
      ap_initiator<botan::policy> x(
          {.credential = credential, .buffer = mine, .mutual = mutual ? required : if_asked, .subkey = subkey});
      const auto sent = x.start(w.turn());
      REQUIRE(is<send>(sent));
      ap_acceptor<botan::policy> y(w.request_in(theirs));
      key_list<key, 1> keys;
      memory_replay_cache<32> seen;
      REQUIRE(keys.add(web, 3, w.service_etype, w.service_key()));
      auto client = accept(y, std::get<send>(sent).octets, w.policy, keys, seen, w.now, {.sequence_number = subkey});
      REQUIRE(client);
      if (mutual) REQUIRE(is<done>(x.receive(client->reply(), w.turn())));
      auto own = std::move(x).take();
      REQUIRE(own);
      botan::protected_session i(std::move(*own), {.here = side::initiator});
      botan::protected_session a(std::move(*client).keys(), {.here = side::acceptor});
      CHECK(client->keys().session_key.empty());
      std::array<std::uint8_t, 256> out{}, in{};
      for (int n = 0; n != 2; ++n) {
        const auto r = i.make_priv(some_data, out, w.turn());
        REQUIRE(r);
        const auto got = a.open_priv(*r, in, w.turn());
        REQUIRE(got);
        CHECK(*got == bytes_view(some_data));
        const auto back = a.make_safe(some_data, out, w.turn());
        REQUIRE(back);
        CHECK(i.open_safe(*back, w.turn()));
      }
    }
  }
}

}  // namespace
