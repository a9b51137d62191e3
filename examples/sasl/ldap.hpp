// As much of LDAP (RFC 4511) as a bind with SASL and the question "Who am I?" (RFC 4532) need.
#pragma once
#include <sys/socket.h>
#include <unistd.h>

#include <kerb/botan.hpp>
#include <kerb/explain.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace example::ldap {

using session = kerb::botan::gss::sasl_session;

inline constexpr const char* who_am_i = "1.3.6.1.4.1.4203.1.11.3";
enum tag : std::uint8_t {
  integer = 0x02,
  octet_string = 0x04,
  enumerated = 0x0a,
  sequence = 0x30,
  bind_request = 0x60,
  bind_response = 0x61,
  unbind_request = 0x42,
  extended_request = 0x77,
  extended_response = 0x78,
  sasl_credentials = 0xa3,
  server_credentials = 0x87,
  request_name = 0x80,
  request_value = 0x81,
  response_value = 0x8b,
};
enum result_code { success = 0, protocol_error = 2, bind_in_progress = 14, invalid_credentials = 49 };
constexpr std::size_t longest_message = 1 << 20;

// ---- BER: a tag, a length, contents. LDAP allows lengths that are longer than needed.

inline std::string ber(tag t, const std::string& contents) {
  std::string out(1, static_cast<char>(t));
  const std::size_t n = contents.size();
  if (n < 128) out += static_cast<char>(n);
  else
    for (const std::size_t octet : {std::size_t{0x84}, n >> 24, n >> 16, n >> 8, n}) out += static_cast<char>(octet);
  return out + contents;
}
inline std::string ber(tag t, unsigned n) {  // up to 0x7fff, enough for the numbers of one connection
  return ber(t, std::string{static_cast<char>(n >> 8), static_cast<char>(n)});
}

struct element {
  std::uint8_t tag = 0;
  std::string contents;
};
/// Takes the element at the front of `in`; nothing if it is not complete yet.
inline std::optional<element> take_if_complete(std::string& in) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
  if (in.size() < 2) return std::nullopt;
  const std::size_t more = at(1) < 128 ? 0 : at(1) & 127u;
  if (at(1) == 128 || more > 4) throw std::runtime_error("a length that LDAP does not have");
  if (in.size() < 2 + more) return std::nullopt;
  std::size_t n = more == 0 ? at(1) : 0;
  for (std::size_t i = 0; i != more; ++i) n = n << 8 | at(2 + i);
  if (n > longest_message) throw std::runtime_error("an LDAP message is too long");
  if (in.size() - 2 - more < n) return std::nullopt;
  element e{at(0), in.substr(2 + more, n)};
  in.erase(0, 2 + more + n);
  return e;
}
inline std::string take(std::string& in, tag t) {
  auto e = take_if_complete(in);
  if (!e || e->tag != t) throw std::runtime_error("an LDAP message is malformed");
  return e->contents;
}
inline unsigned number(const std::string& contents) {
  unsigned n = 0;
  for (const char c : contents) n = n << 8 | static_cast<std::uint8_t>(c);
  return n;
}

template <class T>
T must(kerb::result<T>&& r, kerb::party who = kerb::party::client) {
  if (!r) throw std::runtime_error(log_line(r.error(), who).c_str());
  return std::move(*r);
}
inline std::string text_of(kerb::bytes_view v) { return {reinterpret_cast<const char*>(v.data()), v.size()}; }

struct message {
  unsigned id = 0;
  element operation;
};

/// One end of a connection. After protect() everything passes the negotiated layer, also what has already arrived
/// behind the last message of the bind: in clear, it could be anybody's.
class connection {
 public:
  connection(int fd, kerb::botan::policy& crypto) : fd_(fd), crypto_(crypto) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { ::close(fd_); }

  void protect(session&& s) {
    layer_.emplace(std::move(s));
    raw_.assign(plain_.begin(), plain_.end());  // of the layer: everything else was a message of the bind
    plain_.clear();
  }
  const session& layer() const { return *layer_; }

  void send(unsigned id, const std::string& operation) {
    const std::string whole = ber(sequence, ber(integer, id) + operation);
    kerb::bytes_view left = kerb::octets_of(whole);
    while (!left.empty()) {
      const std::size_t n = layer_ ? std::min(left.size(), layer_->wrap_size_limit()) : left.size();
      if (layer_) {
        std::vector<std::uint8_t> frame(layer_->wrap_size(n));
        write(must(layer_->wrap(left.first(n), frame, crypto_)));
      } else {
        write(left.first(n));
      }
      left = left.subview(n);
    }
  }
  /// The next message; throws when the connection ends.
  message receive() {
    for (;;) {
      if (auto whole = take_if_complete(plain_)) {
        if (whole->tag != sequence) throw std::runtime_error("an LDAP message is malformed");
        const std::string number_of_it = take(whole->contents, integer);
        if (number_of_it.empty() || number_of_it.size() > 4) throw std::runtime_error("an LDAP message is malformed");
        const unsigned id = number(number_of_it);
        auto operation = take_if_complete(whole->contents);
        if (!operation) throw std::runtime_error("an LDAP message is malformed");
        return {id, std::move(*operation)};
      }
      if (!open()) read();
    }
  }

 private:
  void write(kerb::bytes_view v) {
    while (!v.empty()) {
      const ssize_t n = ::send(fd_, v.data(), v.size(), MSG_NOSIGNAL);
      if (n <= 0) throw std::runtime_error("the connection is closed");
      v = v.subview(static_cast<std::size_t>(n));
    }
  }
  void read() {
    std::array<std::uint8_t, 4096> some{};
    const ssize_t n = ::recv(fd_, some.data(), some.size(), 0);
    if (n <= 0) throw std::runtime_error("the connection is closed");
    raw_.insert(raw_.end(), some.begin(), some.begin() + n);
  }
  /// Takes a frame of the layer, or without one what has arrived. Returns false if nothing is complete.
  bool open() {
    const std::size_t size = layer_ ? must(layer_->frame_size(raw_)) : raw_.size();
    if (size == 0 || raw_.size() < size) return false;
    std::span<std::uint8_t> octets = std::span(raw_).first(size);
    if (layer_) octets = must(layer_->unwrap_in_place(octets, crypto_));
    plain_.append(text_of(octets));
    raw_.erase(raw_.begin(), raw_.begin() + static_cast<std::ptrdiff_t>(size));
    return true;
  }

  int fd_;
  kerb::botan::policy& crypto_;
  std::optional<session> layer_;
  std::vector<std::uint8_t> raw_;
  std::string plain_;
};

// ---- the messages

inline std::string bind_with(const std::string& credentials) {
  const std::string sasl = ber(octet_string, std::string(kerb::gss::sasl_mechanism)) + ber(octet_string, credentials);
  return ber(bind_request, ber(integer, 3) + ber(octet_string, "") + ber(sasl_credentials, sasl));
}
inline std::string result(tag t, result_code code, const std::string& rest = "") {
  return ber(t, ber(enumerated, code) + ber(octet_string, "") + ber(octet_string, "") + rest);
}
/// What a response consists of, after its code and its texts.
struct response {
  unsigned code = 0;
  std::string diagnostic, rest;
};
/// Reads the response to the request with this message ID (RFC 4511 section 4.1.1.1).
inline response read_response(const message& m, unsigned id, tag t) {
  if (m.id != id) throw std::runtime_error("the server answers another request");
  if (m.operation.tag != t) throw std::runtime_error("the server sends another message than expected");
  std::string in = m.operation.contents;
  response r;
  r.code = number(take(in, enumerated));
  take(in, octet_string);
  r.diagnostic = take(in, octet_string);
  r.rest = in;
  return r;
}

}  // namespace example::ldap
