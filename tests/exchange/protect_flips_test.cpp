// Every bit of every octet of the messages between a client and a service, changed: nothing that is altered is taken,
// but in the fields that the protocol leaves open, which are all named here.
#include <kerb/asn1/describe.hpp>
#include <kerb/botan.hpp>
#include <map>
#include <string>
#include <vector>

#include "support/both.hpp"
#include "support/protect_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using octet_list = std::vector<std::uint8_t>;
using counts = std::map<std::string, int>;

/// The innermost field of each octet: its name, or "header of" it.
struct namer {
  std::vector<std::string> names;
  void operator()(const asn1::node& n) {
    const asn1::node* named = &n;
    while (*named->field == '\0' && named->parent != nullptr) named = named->parent;  // an element's is its list's
    const std::string name = named->field;
    for (std::size_t i = 0; i != n.header.size(); ++i) names[n.offset + i] = "header of " + name;
    for (std::size_t i = 0; i != n.size; ++i) names[n.offset + n.header.size() + i] = name;
  }
};

/// Changes each bit in turn; how many changes were taken, by field. `taken` also says whether the true message is.
template <class T, class F>
counts flip_each_bit(const octet_list& good, F&& taken) {
  namer n{std::vector<std::string>(good.size())};
  REQUIRE(asn1::describe<T>(bytes_view(good), n).ok());
  counts open;
  int flips = 0;
  for (std::size_t at = 0; at != good.size(); ++at) {
    for (int bit = 0; bit != 8; ++bit, ++flips) {
      octet_list bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ 1 << bit);
      if (taken(bytes_view(bad))) ++open[n.names[at]];
    }
  }
  for (std::size_t size = 0; size != good.size(); ++size) {
    if (taken(bytes_view(good).first(size))) ++open["cut short"];
  }
  octet_list longer = good;
  longer.push_back(0);
  if (taken(bytes_view(longer))) ++open["longer"];
  CHECK(flips == static_cast<int>(8 * good.size()));
  CHECK(taken(bytes_view(good)));
  return open;
}
/// As text, so that a failure shows it.
std::vector<std::string> lines(const counts& c) {
  std::vector<std::string> out;
  for (const auto& [field, n] : c) out.push_back(field + ": " + std::to_string(n));
  return out;
}
octet_list listed(bytes_view v) { return {v.begin(), v.end()}; }

template <class C>
void ap_messages(etype_t e) {
  basic_ap_world<C> w;
  w.session_etype = w.service_etype = e;
  {
    // Nothing seals the options: whoever takes mutual-required out gets no AP-REP sent, and whoever puts it in gets one
    // that nobody awaits; use-session-key is refused here. Nor the kind of the service's name, a hint (RFC 4120 section
    // 6.2), nor the version of its key, which only says where to look.
    const counts open =
        flip_each_bit<msg::ApReq>(listed(w.mint()), [&](bytes_view m) { return w.present(m).accepted; });
    CHECK(lines(open) == lines({{"ap-options", 3 + 31}, {"name-type", 8}, {"kvno", 8}}));
  }
  const auto credential = w.credential();
  std::array<std::uint8_t, 4096> mine{}, theirs{};
  ap_initiator<C> x({.credential = credential, .buffer = mine});
  const auto sent = x.start(w.turn());
  REQUIRE(is<send>(sent));
  ap_acceptor<C> y(w.request_in(theirs));
  const auto k = w.service_key();
  (void)y.receive(std::get<send>(sent).octets, w.turn());
  (void)y.provide(k, w.turn());
  (void)y.replay_checked(true, w.turn());
  const auto answer = y.accept({}, w.turn());
  REQUIRE(is<reply>(answer));
  const auto taken = [&](bytes_view m) {
    const auto s = x.receive(m, w.turn());
    CHECK((is<done>(s) || is<ignored>(s)));  // as a datagram, so that the true one can still come
    return is<done>(s);
  };
  CHECK(flip_each_bit<msg::ApRep>(listed(std::get<reply>(answer).octets), taken).empty());
}

template <class C>
void protected_messages(etype_t e) {
  for (const bool placed : {false, true}) {
    basic_protect_world<C> w;
    w.w.session_etype = e;
    w.options.by = freshness::both;
    w.initiator_subkey = true;
    if (placed) w.at_places();
    auto i = w.initiator(), a = w.acceptor();
    std::array<std::uint8_t, 512> out{}, in{};
    for (const kind k : kinds_of_message) {
      const octet_list m = listed(kerb_test::must(w.make(i, k, some_data, out)));
      const auto expected = a.next_expected();
      const auto taken = [&](bytes_view v) {
        const auto r = w.open(a, k, v, in);
        if (!r) CHECK(a.next_expected() == expected);
        return r.has_value();
      };
      const counts open =
          k == kind::priv ? flip_each_bit<msg::KrbPriv>(m, taken) : flip_each_bit<msg::KrbSafe>(m, taken);
      CHECK(lines(open) == lines({}));
    }
    // A version in front of the cipher is nobody's business (MIT krb5 sends none in a session)
    auto p = kerb_test::must(asn1::decode<msg::KrbPriv>(kerb_test::must(w.make(i, kind::priv, some_data, out))));
    p.enc_part.kvno = 3;
    std::array<std::uint8_t, 512> with{};
    const octet_list m = listed(kerb_test::must(asn1::encode(p, with)));
    const auto copy = [&](bytes_view v) {  // a receiver for each, since some are taken
      auto again = w.acceptor();
      std::array<std::uint8_t, 512> skipped{}, buffer{};
      auto sender = w.initiator();
      for (int n = 0; n != 2; ++n)
        (void)w.open(again, kind::safe, kerb_test::must(w.make(sender, kind::safe, some_data, skipped)), buffer);
      return w.open(again, kind::priv, v, buffer).has_value();
    };
    CHECK(flip_each_bit<msg::KrbPriv>(m, copy) == counts{{"kvno", 8}});
  }
}

template <class C>
void handed_over(etype_t e) {
  basic_protect_world<C> w;
  w.w.session_etype = e;
  auto i = w.initiator(), a = w.acceptor();
  const auto credential = w.w.credential();
  std::array<std::uint8_t, 1024> out{}, buffer{};
  const octet_list m = listed(*i.make_cred(credential, out, w.w.turn()));
  const auto t = asn1::decode<msg::KrbCred>(m);
  REQUIRE(t);
  const counts open =
      flip_each_bit<msg::KrbCred>(m, [&](bytes_view v) { return a.open_cred(v, buffer, w.w.turn()).has_value(); });
  // The seal is over the keys, not over the tickets: one that is altered is of no use to anybody, which its service or
  // KDC will say. Its name and realm are not used, since the sealed part tells them.
  int characters = 0;
  const msg::Ticket ticket = *t->tickets.begin();
  for (const kerberos_string part : ticket.sname.name_string) characters += static_cast<int>(part.octets.size());
  const int cipher = static_cast<int>(ticket.enc_part.cipher.size());
  CHECK(lines(open) == lines({{"realm", 8 * 6},
                              {"name-type", 8},
                              {"name-string", 8 * characters},
                              {"etype", 8},
                              {"kvno", 8},
                              {"cipher", 8 * cipher}}));
}

TEST_CASE("AP-REQ and AP-REP: a changed bit is refused but in what the protocol leaves open",
          "[exchange][rfc4120-3.2.3][rfc4120-3.2.5]") {
  ap_messages<testing::insecure_policy>(etype_t::aes256_cts_hmac_sha1_96);
  ap_messages<botan::policy>(etype_t::aes256_cts_hmac_sha1_96);
  ap_messages<botan::policy>(etype_t::aes128_cts_hmac_sha256_128);
}
TEST_CASE("KRB-SAFE and KRB-PRIV: a changed bit is refused", "[exchange][rfc4120-3.4.2][rfc4120-3.5.2]") {
  protected_messages<testing::insecure_policy>(etype_t::aes256_cts_hmac_sha1_96);
  for (std::int32_t e = 17; e != 21; ++e) protected_messages<botan::policy>(static_cast<etype_t>(e));
}
TEST_CASE("KRB-CRED: a changed bit is refused but in the tickets, which it does not seal",
          "[exchange][rfc4120-3.6.2]") {
  handed_over<testing::insecure_policy>(etype_t::aes256_cts_hmac_sha1_96);
  for (std::int32_t e = 17; e != 21; ++e) handed_over<botan::policy>(static_cast<etype_t>(e));
}

}  // namespace
