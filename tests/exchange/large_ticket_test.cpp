// Tickets of up to 64 KiB, as users of Active Directory in many groups have them: buffers that grow, and what a
// credential keeps of its buffer.
#include <kerb/client.hpp>
#include <kerb/service.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>
#include <list>
#include <vector>

#include "support/catch.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_test::must;

namespace {

using policy = testing::insecure_policy;
constexpr timestamp noon{{1767268800}, {0}};
constexpr std::size_t typical = 8192;

/// Buffers that stay where they are, each as large as it was asked for.
class grower {
 public:
  std::span<std::uint8_t> operator()(std::size_t n) {
    if (n > limit) return {};
    return buffers_.emplace_back(n);
  }
  std::size_t times() const { return buffers_.size(); }
  std::size_t limit = 1 << 20;

 private:
  std::list<std::vector<std::uint8_t>> buffers_;
};

/// A realm whose KDC puts a PAC of a given size into each ticket.
struct world {
  policy p;
  testing::realm<policy> realm{p, "EX.ORG"_krb, etype_t::aes256_cts_hmac_sha1_96};
  principal alice = must(principal::parse("alice@EX.ORG"));
  principal web = must(principal::parse("HTTP/web@EX.ORG"));
  secret_view password = secret_view::of("wonderland");
  std::vector<std::uint8_t> pac;
  grower kdc_grows;
  std::array<std::uint8_t, kdc<policy>::typical_buffer_size> kdc_buffer{};
  explicit world(std::size_t pac_octets) : pac(pac_octets, 0x50) {
    realm.add_user("alice", password);
    realm.add_service("HTTP/web");
    REQUIRE(realm.ready());
  }
  auto ask_kdc() {
    return [this](const send& s) -> result<answer> {
      kdc<policy> x(realm.settings, kdc_buffer);
      const msg::AuthorizationDataElement data[] = {{ad_t::win2k_pac, bytes_view(pac)}};
      const auto decide = [&](const kdc<policy>&) -> decision { return issue_options{.authorization_data = data}; };
      const auto octets = serve(x, s.octets, p, realm, noon, {}, decide, no_request_store{}, std::ref(kdc_grows));
      return octets ? result<answer>(*octets) : octets.error();
    };
  }
};

TEST_CASE(
    "a ticket with 64 KiB of authorization data: every exchange asks for the space, and goes on in a larger buffer",
    "[exchange]") {
  world w(64 * 1024);
  std::array<std::uint8_t, typical> b1, b2, b3, b4;
  grower client, service;

  as_client<policy> as({.client = w.alice, .password = w.password, .buffer = b1});
  const auto tgt = drive(as, w.p, noon, w.ask_kdc(), {}, std::ref(client));
  REQUIRE(tgt);
  CHECK(tgt->ticket().size() > 64 * 1024);
  CHECK(client.times() >= 1);
  CHECK(w.kdc_grows.times() >= 1);

  tgs_client<policy> tgs({.tgt = *tgt, .server = w.web, .buffer = b2});
  const auto ticket = drive(tgs, w.p, noon, w.ask_kdc(), {}, std::ref(client));
  REQUIRE(ticket);
  CHECK(ticket->ticket().size() > 64 * 1024);

  ap_initiator<policy> ap({.credential = *ticket, .buffer = b3, .mutual = if_asked});
  key_list<key, 1> keys;
  REQUIRE(keys.add(w.web, 1, etype_t::aes256_cts_hmac_sha1_96, w.realm.key_of("HTTP/web")->copy()));
  memory_replay_cache<32> seen;
  ad_t pac_is_known[] = {ad_t::win2k_pac};
  ap_acceptor<policy> acceptor({.service = w.web, .buffer = b4, .understood = pac_is_known});
  std::optional<std::size_t> pac_octets;
  const auto session = drive(
      ap, w.p, noon,
      [&](const send& s) -> result<answer> {
        const auto who = accept(
            acceptor, s.octets, w.p, keys, seen, [] { return noon; }, {}, {}, std::ref(service));
        if (!who) return who.error();
        if (const auto e = who->authorization().find(ad_t::win2k_pac)) pac_octets = e->data.size();
        return errc::no_answer;  // without mutual authentication the client waits for none
      },
      {}, std::ref(client));
  CHECK(service.times() == 1);
  CHECK(pac_octets == 64 * 1024u);
  CHECK((session || session.error().code == errc::no_answer));
}

TEST_CASE("a ticket with 64 KiB of authorization data: without growth the error has the size", "[exchange]") {
  world w(64 * 1024);
  std::array<std::uint8_t, typical> b1;
  as_client<policy> as({.client = w.alice, .password = w.password, .buffer = b1});
  const auto tgt = drive(as, w.p, noon, w.ask_kdc());
  REQUIRE(!tgt);
  CHECK(tgt.error().code == errc::no_space);
  CHECK(tgt.error().detail > 64 * 1024);
  CHECK(tgt.error().detail < 80 * 1024);
}

TEST_CASE("growth has the caller's limit: an empty buffer ends the exchange", "[exchange]") {
  world w(64 * 1024);
  std::array<std::uint8_t, typical> b1;
  grower client;
  client.limit = 32 * 1024;
  as_client<policy> as({.client = w.alice, .password = w.password, .buffer = b1});
  const auto tgt = drive(as, w.p, noon, w.ask_kdc(), {}, std::ref(client));
  REQUIRE(!tgt);
  CHECK(tgt.error().code == errc::no_space);
  CHECK(client.times() == 0);

  w.kdc_grows.limit = 0;
  as_client<policy> again({.client = w.alice, .password = w.password, .buffer = b1});
  const auto none = drive(again, w.p, noon, w.ask_kdc());
  REQUIRE(!none);
  CHECK(none.error().code == errc::no_space);
}

TEST_CASE("a grown buffer that is smaller than it must be is not used", "[exchange]") {
  world w(64 * 1024);
  std::array<std::uint8_t, typical> b1, same;
  unsigned asked = 0;
  const auto too_small = [&](std::size_t) {
    ++asked;
    return std::span<std::uint8_t>(same);
  };
  as_client<policy> as({.client = w.alice, .password = w.password, .buffer = b1});
  const auto tgt = drive(as, w.p, noon, w.ask_kdc(), {}, too_small);
  REQUIRE(!tgt);
  CHECK(tgt.error().code == errc::no_space);
  CHECK(asked == 1);
}

TEST_CASE("typical_buffer_size is enough for tickets of 3 KiB", "[exchange]") {
  static_assert(
      as_client<policy>::typical_buffer_size == typical && tgs_client<policy>::typical_buffer_size == typical &&
      ap_initiator<policy>::typical_buffer_size == typical && ap_acceptor<policy>::typical_buffer_size == typical);
  world w(2700);
  w.kdc_grows.limit = 0;
  std::array<std::uint8_t, typical> b1, b2;
  as_client<policy> as({.client = w.alice, .password = w.password, .buffer = b1});
  const auto tgt = drive(as, w.p, noon, w.ask_kdc());
  REQUIRE(tgt);
  tgs_client<policy> tgs({.tgt = *tgt, .server = w.web, .buffer = b2});
  const auto ticket = drive(tgs, w.p, noon, w.ask_kdc());
  REQUIRE(ticket);
  CHECK(ticket->ticket().size() > 2900);
}

TEST_CASE("serve: a decision is made again in a larger buffer, since it may view the smaller one", "[exchange]") {
  world w(1500);
  std::array<std::uint8_t, typical> b1, b2;
  as_client<policy> as({.client = w.alice, .password = w.password, .buffer = b1});
  const auto tgt = drive(as, w.p, noon, w.ask_kdc());
  REQUIRE(tgt);
  // This KDC hands on the PAC of the ticket-granting ticket, which is in the exchange's buffer
  grower grows;
  unsigned decided = 0;
  std::vector<std::uint8_t> large(6000, 0x60);
  std::array<std::uint8_t, 7600> small;
  const auto ask = [&](const send& s) -> result<answer> {
    kdc<policy> x(w.realm.settings, small);
    std::array<msg::AuthorizationDataElement, 2> data{};
    const auto decide = [&](const kdc<policy>& of) -> decision {
      ++decided;
      data[0] = {ad_t(1000), bytes_view(large)};
      for (const msg::AuthorizationDataElement e : *of.tgs()->header_ticket().authorization_data)
        if (e.ad_type == ad_t::win2k_pac) data[1] = e;
      return issue_options{.authorization_data = data};
    };
    const auto octets = serve(x, s.octets, w.p, w.realm, noon, {}, decide, no_request_store{}, std::ref(grows));
    return octets ? result<answer>(*octets) : octets.error();
  };
  grower client;
  tgs_client<policy> tgs({.tgt = *tgt, .server = w.web, .buffer = b2});
  const auto ticket = drive(tgs, w.p, noon, ask, {}, std::ref(client));
  REQUIRE(ticket);
  CHECK(decided == 2);
  CHECK(grows.times() == 1);
  const auto t = asn1::decode<msg::Ticket>(ticket->ticket());
  REQUIRE(t);
  std::vector<std::uint8_t> opened(t->enc_part.cipher.size() + 16);
  detail::workspace in(opened);
  const auto plain = open_sealed(w.p, t->enc_part, *w.realm.key_of("HTTP/web"), key_usage_t::ticket, in);
  REQUIRE(plain);
  const auto part = asn1::decode<msg::EncTicketPart>(bytes_view(*plain));
  REQUIRE(part);
  std::size_t right = 0;
  for (const msg::AuthorizationDataElement e : *part->authorization_data)
    if (e.ad_type == ad_t::win2k_pac)
      for (const std::uint8_t o : e.ad_data) right += o == 0x50;
  CHECK(right == 1500);
}

TEST_CASE("a credential keeps what it needs of its buffer, and gives back the rest wiped", "[exchange]") {
  world w(200);
  std::array<std::uint8_t, typical> one;
  as_client<policy> as({.client = w.alice, .password = w.password, .buffer = one});
  auto tgt = drive(as, w.p, noon, w.ask_kdc());
  REQUIRE(tgt);
  const std::span<std::uint8_t> rest = tgt->release_rest();
  CHECK(tgt->octets_used() < 1500);
  CHECK(rest.size() == typical - tgt->octets_used());
  CHECK(rest.data() == one.data() + tgt->octets_used());
  for (const std::uint8_t o : rest) REQUIRE(o == 0);
  CHECK(tgt->release_rest().empty());

  // The next exchange runs in the same buffer, and neither credential harms the other
  tgs_client<policy> tgs({.tgt = *tgt, .server = w.web, .buffer = rest});
  auto ticket = drive(tgs, w.p, noon, w.ask_kdc());
  REQUIRE(ticket);
  CHECK(same_principal(tgt->client(), w.alice));
  CHECK(same_principal(ticket->server(), w.web));
  REQUIRE(asn1::decode<msg::Ticket>(tgt->ticket()));
  std::optional<basic_credential<key>> gone(std::move(*ticket));
  const std::size_t used = gone->octets_used();
  gone.reset();
  for (std::size_t i = 0; i != used; ++i) REQUIRE(rest[i] == 0);  // its own octets are wiped,
  REQUIRE(asn1::decode<msg::Ticket>(tgt->ticket()));              // the other's are not
}

TEST_CASE("a credential without a buffer uses none and gives none back", "[exchange]") {
  policy p;
  const std::array<std::uint8_t, 32> octets{};
  basic_credential<key> c({}, must(p.import(etype_t::aes256_cts_hmac_sha1_96, octets)));
  CHECK(c.octets_used() == 0);
  CHECK(c.release_rest().empty());
}

}  // namespace
