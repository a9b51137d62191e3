// KDCs in DNS: replies of dnsmasq 2.90, malformed ones, and the order of RFC 2782.
#include <kerb/core/hex.hpp>
#include <kerb/format/dns.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

// dnsmasq's answers for _kerberos._udp.ex.org SRV, _kpasswd._udp.ex.org SRV (".") and _kerberos.ex.org URI
constexpr auto srv_reply =
    "123485800001000300000000 095f6b65726265726f73045f756470026578036f726700 00210001"
    "c00c 0021 0001 00000000 0016 0005 0000 02ee 046b646333056f74686572036f726700"
    "c00c 0021 0001 00000000 0013 000a 0000 0058 046b646332026578036f726700"
    "c00c 0021 0001 00000000 0013 000a 003c 0058 046b646331026578036f726700"_hex;
constexpr auto none_reply =
    "123485800001000100000000 085f6b706173737764045f756470026578036f726700 00210001"
    "c00c 0021 0001 00000000 0007 0000 0000 0001 00"_hex;
constexpr auto uri_reply =
    "123485800001000100000000 095f6b65726265726f73026578036f726700 01000001"
    "c00c 0100 0001 00000000 001d 000a 0001 6b7262357372763a6d3a7463703a6b6463312e65782e6f7267"_hex;
constexpr auto refused_reply = "123481850001000000000000 076e6f7468696e67026578036f726700 00210001"_hex;

constexpr auto kdc_srv = dns_questions(server_t::kdc)[1], kdc_uri = dns_questions(server_t::kdc)[0];

constexpr bool srv_records() {
  std::array<char, 600> text{};
  dns_records<> out;
  if (!read_dns_reply(srv_reply, dns_type_t::srv, text, out).ok() || out.size() != 3) return false;
  server_list<> servers;
  if (!append_servers(out, kdc_srv, 7, servers).ok() || servers.size() != 3) return false;
  dns_records<> other;
  const bool passed_over = read_dns_reply(srv_reply, dns_type_t::uri, text, other).ok() && other.empty();
  return out[0].priority == 5 && out[0].port == 750 && out[0].target == "kdc3.other.org" && out[1].weight == 0 &&
         out[2].weight == 60 &&
         servers[0] == server_candidate{.host = "kdc3.other.org", .port = 750, .reach = reach_t::udp} &&
         servers[1].port == 88 && passed_over;
}
KERB_BOTH("dns: SRV records become candidates by priority", "[format]", srv_records);

constexpr bool no_service() {
  std::array<char, 600> text{};
  dns_records<> out;
  server_list<> servers;
  const bool read =
      read_dns_reply(none_reply, dns_type_t::srv, text, out).ok() && out.size() == 1 && out[0].target.empty();
  const error e = append_servers(out, dns_questions(server_t::kpasswd)[1], 0, servers);
  dns_records<> two = out;
  (void)two.push_back({.priority = 1, .weight = 0, .port = 88, .target = "kdc"});
  return read && e.code == errc::dns_no_service && servers.empty() && append_servers(two, kdc_srv, 0, servers).ok() &&
         servers.size() == 1 && servers[0].host == "kdc";
}
KERB_BOTH("dns: a single record \".\" says that there is no such server", "[format]", no_service);

constexpr bool uri_records() {
  std::array<char, 600> text{};
  dns_records<> out;
  server_list<> servers, primary;
  if (!read_dns_reply(uri_reply, dns_type_t::uri, text, out).ok() || out.size() != 1) return false;
  dns_records<> more = out;
  (void)more.push_back({.priority = 20, .weight = 0, .port = 0, .target = "krb5srv::udp:replica"});
  (void)more.push_back({.priority = 1, .weight = 0, .port = 0, .target = "https://not.ours"});
  const bool fine = append_servers(more, kdc_uri, 0, servers).ok() &&
                    append_servers(more, dns_questions(server_t::primary_kdc)[0], 0, primary).ok();
  return fine && servers.size() == 2 &&
         servers[0] == server_candidate{.host = "kdc1.ex.org", .port = 88, .reach = reach_t::tcp, .primary = true} &&
         servers[1] == server_candidate{.host = "replica", .port = 88, .reach = reach_t::udp} && primary.size() == 1 &&
         primary[0].host == "kdc1.ex.org";
}
KERB_BOTH("dns: URI records become candidates, and the primary KDC is marked", "[format]", uri_records);

constexpr bool uris() {
  const auto is = [](std::string_view uri, const server_candidate& c) {
    const auto got = parse_krb5srv(uri, 88);
    return got && *got == c;
  };
  for (const std::string_view bad :
       {"krb5srv", "krb5srv:", "krb5srv:m", "krb5srv:m:", "krb5srv:m:tcp", "krb5srv:m:tcp:", "krb5srv:m:http:x",
        "krb5srv::kkdcp:host", "krb5srv::udp:88", "krb5srv::udp:a b", "krb5srv::udp:a:b", "http://x", "",
        "krb5srv::udp:a\n", "krb5srv::udp:a\x7f", "krb5srv::udp:a\x80", "krb5srv::udp:\xff", "krb5srv::kkdcp:http://x"})
    if (parse_krb5srv(bad, 88)) return false;
  return is("KRB5SRV:xM:UDP:a:1", {.host = "a", .port = 1, .reach = reach_t::udp, .primary = true}) &&
         is("krb5srv::tcp:[::1]", {.host = "::1", .port = 88, .reach = reach_t::tcp}) &&
         is("krb5srv::kkdcp:https://p/K/D", {.host = "p", .port = 443, .reach = reach_t::https, .path = "K/D"});
}
KERB_BOTH("dns: URIs are those of MIT krb5", "[format]", uris);

constexpr bool names() {
  std::array<char, 300> out{};
  const auto is = [&](const dns_question& q, std::string_view realm, std::string_view site, std::string_view wanted) {
    const auto n = dns_name(q, realm, out, site);
    return n && *n == wanted;
  };
  const auto fails = [&](std::string_view realm, std::string_view site, std::size_t at, std::string_view field) {
    const auto n = dns_name(kdc_srv, realm, out, site);
    return !n && n.error().code == errc::bad_name_text && n.error().offset == at &&
           std::string_view(n.error().field) == field;
  };
  std::array<char, 256> a{};
  for (std::size_t i = 0; i != a.size(); ++i) a[i] = i % 60 == 59 ? '.' : 'a';
  const std::string_view long_realm(a.data(), 239), label(a.data() + 60, 59);
  std::array<char, 64> b{};
  for (char& c : b) c = 'a';
  const auto longest = dns_name(kdc_srv, std::string_view(a.data(), 238), out);
  const auto longer = dns_name(kdc_srv, long_realm, out);
  const auto small = dns_name(kdc_srv, "EX.ORG", std::span(out).first(22));
  return is(kdc_srv, "EX.ORG", {}, "_kerberos._udp.EX.ORG.") && is(kdc_srv, "EX.ORG.", {}, "_kerberos._udp.EX.ORG.") &&
         is(kdc_uri, "EX.ORG", {}, "_kerberos.EX.ORG.") &&
         is(dns_questions(server_t::primary_kdc)[2], "R", {}, "_kerberos-master._tcp.R.") &&
         is(dns_questions(server_t::kpasswd)[1], "R", "Site-1", "_kpasswd._udp.Site-1._sites.R.") &&
         is(dns_questions(server_t::kadmin)[0], "R", {}, "_kerberos-adm.R.") && fails("", {}, 0, "realm") &&
         fails(".", {}, 0, "realm") && fails("A..B", {}, 2, "realm") && fails("A/B", {}, 1, "realm") &&
         fails("O=X", {}, 1, "realm") && fails("R", "a b", 1, "site") &&
         fails(std::string_view(b.data(), 64), {}, 63, "realm") && longest && longest->size() == max_dns_name &&
         !longer && longer.error().code == errc::no_space && longer.error().detail == 255 && small &&
         small->size() == 22 && !dns_name(kdc_srv, "EX.ORG", std::span(out).first(21)) && label.size() == 59;
}
KERB_BOTH("dns: names are asked for only if the realm is a domain name", "[format][rfc4120-7.2.3]", names);

constexpr bool fails(bytes_view reply, errc code, std::size_t offset, std::string_view field,
                     dns_type_t t = dns_type_t::srv) {
  std::array<char, 600> text{};
  dns_records<> out;
  const error e = read_dns_reply(reply, t, text, out);
  return e.code == code && e.offset == offset && std::string_view(e.type) == "DNS" &&
         std::string_view(e.field) == field;
}
constexpr bool cut() {
  std::array<char, 600> text{};
  for (std::size_t n = 0; n != srv_reply.size(); ++n) {
    dns_records<> out;
    const error e = read_dns_reply(bytes_view(srv_reply).first(n), dns_type_t::srv, text, out);
    if (e.code != errc::truncated || e.offset > n || out.size() > 2) return false;
  }
  return true;
}
KERB_BOTH("dns: a reply that is cut short anywhere is refused", "[format][security]", cut);

constexpr bool flags() {
  const auto question = "1234010000010000 00000000"_hex;
  const auto tc = "1234820000000000 00000000"_hex;
  const auto other_opcode = "1234900000000000 00000000"_hex;
  const auto nxdomain = "1234818300000000 00000000"_hex;
  std::array<char, 600> text{};
  dns_records<> out;
  const error refused = read_dns_reply(refused_reply, dns_type_t::srv, text, out);
  return fails(question, errc::wrong_constant, 2, "flags") && fails(other_opcode, errc::wrong_constant, 2, "flags") &&
         fails(tc, errc::truncated, 2, "TC") && refused.code == errc::dns_error && refused.detail == 5 &&
         read_dns_reply(nxdomain, dns_type_t::srv, text, out).ok() && out.empty();
}
KERB_BOTH("dns: only a whole reply without an error has records", "[format]", flags);

#define HEAD "123480000000000100000000 00 0021 0001 00000000 "
constexpr bool compression() {
  // the target "kdc" + pointer to the owner's name; pointers to itself, forwards, and a chain of them
  const auto good = "123480000000000100000000 02657800 0021 0001 00000000 000c 0000 0000 0001 036b6463c00c"_hex;
  const auto self = HEAD "0008 0000 0000 0001 c01d"_hex;
  const auto forwards = HEAD "0008 0000 0000 0001 c01e00"_hex;
  const auto loop = HEAD "000a 0000 0000 0001 0161c01d"_hex;
  const auto reserved = HEAD "0008 0000 0000 0001 4000"_hex;
  std::array<char, 600> text{};
  dns_records<> out;
  return read_dns_reply(good, dns_type_t::srv, text, out).ok() && out.size() == 1 && out[0].target == "kdc.ex" &&
         fails(self, errc::bad_dns_name, 29, "Target") && fails(forwards, errc::bad_dns_name, 29, "Target") &&
         fails(loop, errc::bad_dns_name, 29, "Target") && fails(reserved, errc::bad_dns_name, 29, "Target");
}
KERB_BOTH("dns: compressed names are followed backwards only", "[format][security]", compression);

constexpr bool chains() {
  // a question whose name is 0, and then records whose names are pointers, each to the one before
  const auto with = [](std::size_t pointers) {
    std::array<std::uint8_t, 512> m{};
    std::size_t n = 0;
    const auto put = [&](std::initializer_list<unsigned> octets) {
      for (const unsigned o : octets) m[n++] = static_cast<std::uint8_t>(o);
    };
    put({0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0});  // the root as the name of a record, of another type
    put({0, 16, 0, 1, 0, 0, 0, 0, 0, static_cast<unsigned>(2 * pointers)});
    for (std::size_t i = 0; i != pointers; ++i) put({0xc0, static_cast<unsigned>(i == 0 ? 12 : n - 2)});
    m[7] = 2;
    put({0xc0, static_cast<unsigned>(n - 2), 0, 33, 0, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 0});
    std::array<char, 16> text{};
    dns_records<> out;
    return read_dns_reply(bytes_view(m).first(n), dns_type_t::srv, text, out).code;
  };
  return with(15) == errc::ok && with(16) == errc::bad_dns_name && with(100) == errc::bad_dns_name;
}
KERB_BOTH("dns: a name has at most 16 pointers", "[format][security]", chains);

constexpr bool long_names() {
  std::array<std::uint8_t, 400> m{};
  std::size_t n = 0;
  for (const int o : {0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 33, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
    m[n++] = static_cast<std::uint8_t>(o);
  const std::size_t from = n;
  for (int label = 0; label != 4; ++label) {
    const std::uint8_t size = label == 3 ? 61 : 63;
    m[n++] = size;
    for (int i = 0; i != size; ++i) m[n++] = 'a';
  }
  m[n++] = 0;
  const auto reads = [&](bool longer) {
    std::array<char, 600> text{};
    dns_records<> out;
    std::size_t size = n;
    if (longer) {
      m[from + 3 * 64] = 62;
      m[size - 1] = 'a';
      m[size++] = 0;
    }
    m[22] = static_cast<std::uint8_t>(size - from + 6);
    m[21] = static_cast<std::uint8_t>((size - from + 6) >> 8);
    const error e = read_dns_reply(bytes_view(m).first(size), dns_type_t::srv, text, out);
    return e.ok() ? out[0].target.size() : e.code == errc::bad_dns_name ? 0u : 1u;
  };
  return reads(false) == 253 && reads(true) == 0;
}
KERB_BOTH("dns: a name has at most 255 octets", "[format][security]", long_names);

constexpr bool contents() {
  const auto longer = HEAD "0008 0000 0000 0001 0000"_hex;
  const auto shorter = HEAD "0006 0000 0000 0001 00"_hex;
  const auto beyond = HEAD "0007 0000 0000 0001 016100"_hex;
  const auto slash = HEAD "0009 0000 0000 0001 012f00"_hex;
  const auto dot = HEAD "000b 0000 0000 0001 03612e6200"_hex;
  const auto nul = HEAD "0009 0000 0000 0001 010000"_hex;
  const auto other_class = "123480000000000100000000 00 0021 0003 00000000 0001 ff"_hex;
  const auto short_uri = "123480000000000100000000 00 0100 0001 00000000 0003 000000"_hex;
  std::array<char, 600> text{};
  dns_records<> out;
  return fails(longer, errc::trailing_data, 23, "RDATA") && fails(shorter, errc::truncated, 23, "RDATA") &&
         fails(beyond, errc::truncated, 23, "RDATA") && fails(slash, errc::bad_dns_name, 29, "Target") &&
         fails(dot, errc::bad_dns_name, 29, "Target") && fails(nul, errc::bad_dns_name, 29, "Target") &&
         fails(short_uri, errc::truncated, 23, "RDATA", dns_type_t::uri) &&
         read_dns_reply(other_class, dns_type_t::srv, text, out).ok() && out.empty();
}
KERB_BOTH("dns: a record has what its length says, and a host only characters of hosts", "[format][security]",
          contents);

constexpr bool spaces() {
  std::array<char, 600> text{};
  const auto octets = [&](std::size_t n) {
    dns_records<> out;
    return read_dns_reply(srv_reply, dns_type_t::srv, std::span(text).first(n), out);
  };
  dns_records<2> best;
  const bool two =
      read_dns_reply(srv_reply, dns_type_t::srv, text, best).ok() && best.size() == 2 && best[0].priority == 5;
  dns_records<1> one;
  (void)one.push_back({.priority = 11, .weight = 0, .port = 1, .target = "x"});
  const bool better = read_dns_reply(srv_reply, dns_type_t::srv, text, one).ok() && one[0].priority == 5;
  server_list<1> small;
  dns_records<> all;
  (void)read_dns_reply(srv_reply, dns_type_t::srv, text, all);
  return octets(36).ok() && octets(35).code == errc::no_space && octets(35).detail == 36 && two && better &&
         append_servers(all, kdc_srv, 0, small).ok() && small.size() == 1 && small[0].host == "kdc3.other.org";
}
KERB_BOTH("dns: of more records than fit the best priorities are kept", "[format]", spaces);

/// A reply with SRV records of falling priority, each for another host of `octets` letters, at most 63.
template <std::size_t Records>
constexpr auto falling(std::size_t octets) {
  std::array<std::uint8_t, 12 + Records * 96> m{0, 1, 0x80, 0, 0, 0, 0, Records, 0, 0, 0, 0};
  std::size_t at = 12;
  const auto put = [&](std::size_t octet) { m[at++] = static_cast<std::uint8_t>(octet); };
  for (std::size_t i = 0; i != Records; ++i) {
    for (const std::size_t o : {0, 0, 33, 0, 1, 0, 0, 0, 0, 0}) put(o);
    put(8 + octets);
    for (const std::size_t o :
         {std::size_t{0}, Records - i, std::size_t{0}, std::size_t{0}, std::size_t{0}, std::size_t{88}, octets})
      put(o);
    for (std::size_t k = 0; k != octets; ++k) put('a' + i);
    put(0);
  }
  return std::pair(m, at);
}
constexpr bool the_best_fit() {
  const auto [message, n] = falling<4>(60);
  const bytes_view reply = bytes_view(message).first(n);
  std::array<char, 120> text{};
  dns_records<2> out, old;
  if (!read_dns_reply(reply, dns_type_t::srv, text, out).ok() || out.size() != 2) return false;
  const std::string_view last = out[0].priority == 1 ? out[0].target : out[1].target,
                         other = out[0].priority == 1 ? out[1].target : out[0].target;
  if (last.size() != 60 || other.size() != 60 || last[59] != 'd' || other[0] != 'c') return false;
  // One octet less: no record without its target stays, and what was in the list does
  (void)old.push_back({.priority = 0, .weight = 0, .port = 1, .target = "x"});
  const error e = read_dns_reply(reply, dns_type_t::srv, std::span(text).first(59), old);
  return e.code == errc::no_space && e.detail == 60 && old.size() == 1 && old[0].target == "x";
}
KERB_BOTH("dns: the space for the records that are kept is enough for a reply with more of them", "[format]",
          the_best_fit);

constexpr bool ordered(std::span<const dns_record> r) {
  for (std::size_t i = 1; i < r.size(); ++i)
    if (r[i - 1].priority > r[i].priority) return false;
  return true;
}
TEST_CASE("dns: records of one priority come first as often as their weight says", "[format][rfc2782]") {
  constexpr dns_record of[] = {{2, 0, 0, "z"},  {1, 30, 0, "b"}, {1, 0, 0, "o"},
                               {1, 60, 0, "c"}, {1, 10, 0, "a"}, {2, 1, 0, "y"}};
  std::size_t first[256] = {};
  constexpr std::size_t runs = 20000;
  for (std::size_t i = 0; i != runs; ++i) {
    std::array<dns_record, 6> r{};
    for (std::size_t k = 0; k != 6; ++k) r[k] = of[k];
    order_by_weight(r, i * 0x9e3779b97f4a7c15u + 1);
    REQUIRE(ordered(r));
    std::string_view all = "aboc";
    std::size_t found = 0;
    for (std::size_t k = 0; k != 4; ++k) found += all.find(r[k].target[0]) != std::string_view::npos;
    REQUIRE(found == 4);
    ++first[static_cast<unsigned char>(r[0].target[0])];
  }
  CHECK(first['c'] > runs * 55 / 100);
  CHECK(first['c'] < runs * 65 / 100);
  CHECK(first['b'] > runs * 25 / 100);
  CHECK(first['b'] < runs * 35 / 100);
  CHECK(first['a'] > runs * 7 / 100);
  CHECK(first['a'] < runs * 13 / 100);
  CHECK(first['o'] > 0);  // weight 0: seldom, but not never
  CHECK(first['o'] < runs * 3 / 100);
}

constexpr bool same_order() {
  std::array<dns_record, 3> a{{{1, 5, 0, "a"}, {1, 5, 0, "b"}, {1, 5, 0, "c"}}}, b = a;
  order_by_weight(a, 3);
  order_by_weight(b, 3);
  order_by_weight(std::span<dns_record>(), 3);
  return a[0].target == b[0].target && a[1].target == b[1].target && a[2].target == b[2].target;
}
KERB_BOTH("dns: the order depends on nothing but the caller's random number", "[format]", same_order);

}  // namespace
