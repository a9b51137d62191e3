// Kafka's frames around SASL (KIP-43, KIP-152): the requests SaslHandshake and SaslAuthenticate, and their responses.
// After the handshake each token is in a SaslAuthenticate request, the server's in its response. Kafka does not use
// security layers: a client offers sasl_layer::none, and takes the session only for its names.
#pragma once
#include <kerb/core/bytes.hpp>
#include <optional>
#include <string>

namespace example::kafka {

enum api_key : std::uint16_t { sasl_handshake = 17, sasl_authenticate = 36 };

inline std::string big_endian(std::size_t n, unsigned octets) {
  std::string out;
  for (unsigned i = octets; i != 0; --i) out += static_cast<char>(n >> (8 * (i - 1)));
  return out;
}
/// A STRING: its size in two octets, then UTF-8.
inline std::string string(const std::string& s) { return big_endian(s.size(), 2) + s; }
/// A BYTES: its size in four octets, then octets.
inline std::string bytes(const std::string& s) { return big_endian(s.size(), 4) + s; }

/// A request: its size in four octets, the API and its version, a number that the response repeats, and the client's
/// id.
inline std::string request(api_key api, unsigned version, std::uint32_t correlation, const std::string& client_id,
                           const std::string& body) {
  return bytes(big_endian(api, 2) + big_endian(version, 2) + big_endian(correlation, 4) + string(client_id) + body);
}
/// Asks for a mechanism, in version 1, after which the tokens are in SaslAuthenticate requests.
inline std::string handshake(std::uint32_t correlation, const std::string& client_id, const std::string& mechanism) {
  return request(sasl_handshake, 1, correlation, client_id, string(mechanism));
}
/// Carries a token of the client, which may be empty.
inline std::string authenticate(std::uint32_t correlation, const std::string& client_id, const std::string& token) {
  return request(sasl_authenticate, 0, correlation, client_id, bytes(token));
}

/// A response to SaslAuthenticate, without its size.
struct authenticated {
  std::uint32_t correlation = 0;
  unsigned error_code = 0;  ///< 58: SASL_AUTHENTICATION_FAILED
  std::string error_message, token;
};
/// Reads a response to SaslAuthenticate, without its size; nothing if it is malformed.
inline std::optional<authenticated> read_authenticated(const std::string& in) {
  std::size_t at = 0;
  bool whole = true;
  const auto number = [&](unsigned octets) {
    std::size_t n = 0;
    if (in.size() - at < octets) return whole = false, n;
    for (unsigned i = 0; i != octets; ++i) n = n << 8 | static_cast<std::uint8_t>(in[at++]);
    return n;
  };
  const auto text = [&](std::size_t n) {
    if (in.size() - at < n) return whole = false, std::string();
    at += n;
    return in.substr(at - n, n);
  };
  authenticated a;
  a.correlation = static_cast<std::uint32_t>(number(4));
  a.error_code = static_cast<unsigned>(number(2));
  const std::size_t message = number(2);
  if (message != 0xffff) a.error_message = text(message);  // null
  a.token = text(number(4));
  if (!whole || at != in.size()) return std::nullopt;
  return a;
}

}  // namespace example::kafka
