// Servers in text form.
#include <kerb/format/host_port.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool is(std::string_view text, const server_candidate& wanted) {
  const auto c = parse_server(text, 88);
  return c && *c == wanted;
}
constexpr bool hosts() {
  return is("kdc", {.host = "kdc", .port = 88}) && is("kdc:0750", {.host = "kdc", .port = 750}) &&
         is("10.0.0.1:1", {.host = "10.0.0.1", .port = 1}) && is("[::1]", {.host = "::1", .port = 88}) &&
         is("[::1]:65535", {.host = "::1", .port = 65535}) && is("[::1]x", {.host = "::1", .port = 88}) &&
         is("kdc more", {.host = "kdc", .port = 88}) && is("kdc:1 more", {.host = "kdc", .port = 1}) &&
         is("TCP/kdc:2", {.host = "kdc", .port = 2, .reach = reach_t::tcp}) &&
         is("udp/kdc", {.host = "kdc", .port = 88, .reach = reach_t::udp}) &&
         is("/run/kdc.sock", {.host = "/run/kdc.sock", .reach = reach_t::unix_socket});
}
KERB_BOTH("host_port: hosts, addresses and ports are read", "[format]", hosts);

constexpr bool proxies() {
  return is("https://p", {.host = "p", .port = 443, .reach = reach_t::https}) &&
         is("https://p/", {.host = "p", .port = 443, .reach = reach_t::https}) &&
         is("HTTPS://p:8443/a/b x", {.host = "p", .port = 8443, .reach = reach_t::https, .path = "a/b"}) &&
         is("https://[::1]:1/k", {.host = "::1", .port = 1, .reach = reach_t::https, .path = "k"}) &&
         !parse_server("https:///k", 88) && !parse_server("https://", 88) && !parse_server("http://p", 88) &&
         !parse_server("http/p", 88);
}
KERB_BOTH("host_port: a KDC proxy is a URL", "[format]", proxies);

constexpr bool refusals() {
  for (const std::string_view t :
       {"", ":88", "88", "kdc:", "kdc:x", "kdc:65536", "kdc:1x", "[::1", "[]", "[::1]:", "tcp/", "kdc:-1"})
    if (parse_server(t, 88)) return false;
  return true;
}
KERB_BOTH("host_port: what has no host or no proper port is refused", "[format]", refusals);

constexpr bool addresses() {
  return is_numeric_address("10.0.0.1") && is_numeric_address("::1") && is_numeric_address("1.2.3.") &&
         !is_numeric_address("10.0.0") && !is_numeric_address("a.b.c.d") && !is_numeric_address("1.2.3.4.5") &&
         !is_numeric_address("");
}
KERB_BOTH("host_port: addresses are not host names", "[format]", addresses);

}  // namespace
