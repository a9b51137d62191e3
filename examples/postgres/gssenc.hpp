// PostgreSQL's encryption with GSS-API: a socket whose data are Wrap tokens, each with its length in front.
#pragma once
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kerb/botan.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace example {

/// The server refuses longer packets, and so do clients: length and token together.
inline constexpr std::size_t gssenc_packet = 16384;

/// A connected socket. Both ends throw when it closes.
class wire {
 public:
  explicit wire(int fd) : fd_(fd) {}
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;
  ~wire() { close(fd_); }
  void write(kerb::bytes_view v) {
    while (!v.empty()) {
      const ssize_t n = ::send(fd_, v.data(), v.size(), MSG_NOSIGNAL);
      if (n <= 0) throw std::runtime_error("the connection is closed");
      v = v.subview(static_cast<std::size_t>(n));
    }
  }
  void read(std::span<std::uint8_t> to) {
    while (!to.empty()) {
      const ssize_t n = ::recv(fd_, to.data(), to.size(), 0);
      if (n <= 0) throw std::runtime_error("the connection is closed");
      to = to.subspan(static_cast<std::size_t>(n));
    }
  }
  /// The next packet, without its length.
  std::span<std::uint8_t> read_packet(std::vector<std::uint8_t>& into, std::size_t longest = gssenc_packet) {
    std::array<std::uint8_t, 4> size{};
    read(size);
    const std::size_t n = number(size);
    if (n > longest - size.size()) throw std::runtime_error("a packet is too long");
    into.resize(n);
    read(into);
    return into;
  }
  static std::size_t number(kerb::bytes_view four) {
    return std::size_t{four[0]} << 24 | std::size_t{four[1]} << 16 | std::size_t{four[2]} << 8 | four[3];
  }

 private:
  int fd_;
};
inline std::array<std::uint8_t, 4> big_endian(std::size_t n) {
  return {static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
          static_cast<std::uint8_t>(n)};
}

/// Listens on the loopback interface; `port` 0 is any, and is set.
inline int listening(unsigned short& port) {
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t n = sizeof a;
  if (bind(s, reinterpret_cast<sockaddr*>(&a), n) != 0 || listen(s, 8) != 0 ||
      getsockname(s, reinterpret_cast<sockaddr*>(&a), &n) != 0) {
    throw std::runtime_error("the port is not free");
  }
  port = ntohs(a.sin_port);
  return s;
}

/// The connection after the context is established: a stream of octets, encrypted in packets.
class encrypted {
 public:
  encrypted(wire& w, kerb::botan::policy& crypto, kerb::botan::gss::context&& context)
      : wire_(w), crypto_(crypto), context_(std::move(context)) {
    const auto most = context_.wrap_size_limit(gssenc_packet - 4, sealed, crypto_);
    if (!most) throw std::runtime_error("the context's key cannot encrypt");
    most_ = *most;
  }
  void write(kerb::bytes_view v) {
    while (!v.empty()) {
      const std::size_t n = v.size() < most_ ? v.size() : most_;
      out_.resize(gssenc_packet);
      const auto token = context_.wrap(v.first(n), sealed, std::span(out_).subspan(4), crypto_);
      if (!token) throw std::runtime_error(std::string(kerb::name_of(token.error().code)));
      const auto size = big_endian(token->size());
      std::copy(size.begin(), size.end(), out_.begin());
      wire_.write(kerb::bytes_view(out_).first(4 + token->size()));
      v = v.subview(n);
    }
  }
  void read(std::span<std::uint8_t> to) {
    while (!to.empty()) {
      if (have_.empty()) have_ = next();
      const std::size_t n = to.size() < have_.size() ? to.size() : have_.size();
      std::copy_n(have_.begin(), n, to.begin());
      have_ = have_.subspan(n);
      to = to.subspan(n);
    }
  }
  /// A message of PostgreSQL's protocol: a type, the length with its own four octets, the contents.
  char read_message(std::string& contents) {
    std::array<std::uint8_t, 5> head{};
    read(head);
    const std::size_t n = wire::number(kerb::bytes_view(head).subview(1));
    if (n < 4 || n > 1 << 20) throw std::runtime_error("a message has no valid length");
    std::vector<std::uint8_t> v(n - 4);
    read(v);
    contents.assign(v.begin(), v.end());
    return static_cast<char>(head[0]);
  }
  void write_message(char type, const std::string& contents) {
    const auto size = big_endian(contents.size() + 4);
    std::vector<std::uint8_t> v;
    if (type != 0) v.push_back(static_cast<std::uint8_t>(type));  // the first message has no type
    v.insert(v.end(), size.begin(), size.end());
    v.insert(v.end(), contents.begin(), contents.end());
    write(v);
  }
  const kerb::botan::gss::context& context() const { return context_; }

 private:
  static constexpr auto sealed = kerb::gss::protection::confidentiality;
  std::span<std::uint8_t> next() {
    const std::span<std::uint8_t> token = wire_.read_packet(in_);
    // The packets of a stream are encrypted, and arrive once and in order; anything else is an attack
    const kerb::gss::message_demands next_one{.by = sealed, .in_order = true};
    const auto got = context_.unwrap_in_place(token, next_one, crypto_);
    if (!got) throw std::runtime_error(std::string(kerb::name_of(got.error().code)));
    return got->message;
  }
  wire& wire_;
  kerb::botan::policy& crypto_;
  kerb::botan::gss::context context_;
  std::size_t most_ = 0;
  std::vector<std::uint8_t> in_, out_;
  std::span<std::uint8_t> have_;
};

}  // namespace example
