// Realms whose KDCs are this library's, the network between them and a client, and a client's cache.
#pragma once
#include <kerb/exchange/client/acquire.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

#include <algorithm>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "must.hpp"

namespace kerb_test {

using namespace kerb;
using namespace kerb::literals;

using policy = testing::insecure_policy;
using client = credential_client<policy>;
using cache = ticket_cache<key, 8>;

inline constexpr timestamp noon{{1767268800}, {250000}};  // 2026-01-01T12:00:00.25Z
inline constexpr etype_t e18 = etype_t::aes256_cts_hmac_sha1_96;
inline constexpr std::uint8_t password_octets[] = {'s', 'e', 's', 'a', 'm', 'e'};
inline constexpr secret_view password{password_octets, 6};

using realm = testing::realm<policy, 12>;
/// A realm with a directory of hosts in other realms.
struct place {
  realm here;
  std::vector<std::pair<std::string, kerberos_string>> elsewhere;  // a host or user, and the realm to refer to

  place(policy& p, kerberos_string name) : here(p, name, e18) {
    here.settings.unchecked_paths = true;
    here.settings.max_life = 36000;
  }
  lookup<policy> find(const need_principal& ask) {
    lookup<policy> got = here.find(ask);
    for (const kerberos_string part : ask.principal.name.name_string)
      if (part == std::string_view("nick"))
        if (const auto* const r = here.record("alice")) return *r;
    if (!std::holds_alternative<not_found>(got)) return got;
    kerberos_string last;
    for (const kerberos_string part : ask.principal.name.name_string) last = part;
    for (const auto& [name, to] : elsewhere)
      if (last == std::string_view(name)) return in_realm{to};
    return got;
  }
};

/// Realms, and the network between them and a client.
struct world {
  policy crypto;
  timestamp now = noon;
  std::list<place> places;
  std::vector<std::string> asked;         ///< realm and kind of each request
  std::set<std::string> dead;             ///< realms whose KDC does not answer
  std::optional<error_code_t> refusal{};  ///< of every TGS request after `refused_from` requests
  std::size_t refused_from = 0;
  std::vector<std::uint8_t> reply;
  cache tickets;

  place& add(kerberos_string name) {
    places.emplace_back(crypto, name);
    return places.back();
  }
  static std::string text(kerberos_string s) {
    return {reinterpret_cast<const char*>(s.octets.data()), s.octets.size()};
  }
  place* of(kerberos_string name) {
    for (place& p : places)
      if (p.here.settings.realm == name) return &p;
    return nullptr;
  }
  key random_key(std::uint8_t fill) {
    std::array<std::uint8_t, 32> o{};
    o.fill(fill);
    return must(crypto.import(e18, o));
  }
  void trust(kerberos_string from, kerberos_string to, bool delegates = false) {
    static std::uint8_t fill = 1;
    const key out = random_key(fill++), back = random_key(fill++);
    REQUIRE(of(from)->here.add_trust(to, out, back));
    REQUIRE(of(to)->here.add_trust(from, back, out));
    const kerberos_string parts[] = {"krbtgt"_krb, to};
    auto* const r = of(from)->here.record({{name_t::srv_inst, view_of<kerberos_string>(parts)}, from});
    REQUIRE(r != nullptr);
    r->attributes.set(principal_attribute::ok_as_delegate, delegates);
  }
  result<answer> ask(const send& s) {
    asked.push_back(text(s.realm) + (s.octets[0] == 0x6a ? " AS" : " TGS"));
    if (dead.contains(text(s.realm))) return errc::no_answer;
    place* const p = of(s.realm);
    if (p == nullptr) return errc::no_answer;
    reply.assign(65536, 0);
    if (refusal && asked.size() > refused_from && s.octets[0] == 0x6c) {
      msg::KrbError e;
      e.stime = now.at;
      e.error_code = *refusal;
      e.realm = s.realm;
      const kerberos_string krbtgt[] = {"krbtgt"_krb, s.realm};
      e.sname = {name_t::srv_inst, view_of<kerberos_string>(krbtgt)};
      return answer{must(asn1::encode(e, reply)), transport::stream};
    }
    std::vector<std::uint8_t> buffer(65536);
    kdc<policy> x(p->here.settings, buffer);
    const auto out = serve(x, s.octets, crypto, *p, now);
    if (!out) return out.error();
    std::copy(out->begin(), out->end(), reply.begin());
    return answer{bytes_view(reply).first(out->size()), transport::stream};
  }
  result<basic_credential<key>> get(client& x) {
    return acquire(x, tickets, crypto, now, [&](const send& s) { return ask(s); });
  }
};

inline const kerberos_string a_org = "A.ORG"_krb, b_org = "B.A.ORG"_krb, c_org = "C.B.A.ORG"_krb;
inline const kerberos_string alice_parts[] = {"alice"_krb};
inline const kerberos_string web_parts[] = {"HTTP"_krb, "web"_krb};
inline const principal_view alice{{name_t::principal, view_of<kerberos_string>(alice_parts)}, a_org};
inline principal_view web(kerberos_string in = {}) {
  return {{name_t::srv_inst, view_of<kerberos_string>(web_parts)}, in};
}
using requests = std::vector<std::string>;

/// A.ORG with alice, and B.A.ORG and C.B.A.ORG, each trusting its neighbour; HTTP/web is in the last.
struct three : world {
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(client::typical_buffer_size), second = buffer;
  credential_params<key> params{.client = alice, .server = web(), .buffer = buffer, .password = password};
  three() {
    REQUIRE(add(a_org).here.add_user("alice", password));
    add(b_org);
    REQUIRE(add(c_org).here.add_service("HTTP/web"));
    trust(a_org, b_org, true);
    trust(b_org, c_org, true);
  }
};

}  // namespace kerb_test
