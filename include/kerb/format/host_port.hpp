// A server in text form, as values of krb5.conf and URIs of DNS have it: host, host:port, [address]:port.
#pragma once
#include <optional>

#include "../transport/candidate.hpp"
#include "text.hpp"

namespace kerb::inline v0 {

/// Whether a text is an address and no host name: four numbers with dots, or anything with a colon.
constexpr bool is_numeric_address(std::string_view host) {
  std::size_t dots = 0;
  bool digits = true;
  for (const char c : host) {
    if (c == ':') return true;
    dots += c == '.';
    digits = digits && (c == '.' || detail::is_digit(c));
  }
  return digits && dots == 3;
}

namespace detail {
/// Reads `host`, `host:port`, `[address]` or `[address]:port`. A text without a host, such as a lone
/// number, is refused, and so is a port above 65535. What follows a blank is ignored, as MIT krb5
/// does.
constexpr std::optional<server_candidate> read_host_port(std::string_view text, std::uint16_t port) {
  server_candidate out{.host = {}, .port = port};
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = part_of(text, 1, end - 1);
    rest = part_of(text, end + 1, text.size() - end - 1);
  } else {
    std::size_t n = 0;
    while (n != text.size() && text[n] != ':' && !is_blank(text[n])) ++n;
    out.host = part_of(text, 0, n);
    rest = part_of(text, n, text.size() - n);
    bool number = true;
    for (const char c : out.host) number = number && is_digit(c);
    if (number) return std::nullopt;
  }
  if (out.host.empty()) return std::nullopt;
  if (rest.empty() || rest.front() != ':') return out;
  drop(rest, 1);
  std::uint64_t n = 0;
  if (!take_number(rest, 0xffff, n) || (!rest.empty() && !is_blank(rest.front()))) return std::nullopt;
  out.port = static_cast<std::uint16_t>(n);
  return out;
}
/// The same with `https://` in front of the host, and a path after it.
constexpr std::optional<server_candidate> read_proxy(std::string_view text) {
  if (!take_word(text, "https://")) return std::nullopt;
  std::size_t n = 0;
  while (n != text.size() && text[n] != '/' && !is_blank(text[n])) ++n;
  auto out = read_host_port(part_of(text, 0, n), 443);
  if (!out) return out;
  drop(text, n);
  if (!text.empty() && text.front() == '/') drop(text, 1);
  for (n = 0; n != text.size() && !is_blank(text[n]);) ++n;
  out->path = part_of(text, 0, n);
  out->reach = reach_t::https;
  return out;
}
}  // namespace detail

/// Reads a value of `kdc`, `admin_server` and the like in krb5.conf. Beside a host there can be
/// `https://host:port/path`, a KDC proxy; a path that begins with '/', a local socket; and Heimdal's
/// `tcp/host` and `udp/host`. None if the text is malformed, or names Heimdal's proxy over HTTP
/// (`http://`), which kerb does not speak.
constexpr std::optional<server_candidate> parse_server(std::string_view text, std::uint16_t default_port) {
  if (!text.empty() && text.front() == '/') return server_candidate{.host = text, .reach = reach_t::unix_socket};
  if (std::string_view t = text; detail::take_word(t, "https://")) return detail::read_proxy(text);
  if (text.starts_with("http://") || text.starts_with("http/")) return std::nullopt;
  reach_t reach = reach_t::any;
  if (detail::take_word(text, "tcp/")) reach = reach_t::tcp;
  else if (detail::take_word(text, "udp/")) reach = reach_t::udp;
  auto out = detail::read_host_port(text, default_port);
  if (out) out->reach = reach;
  return out;
}

}  // namespace kerb::inline v0
