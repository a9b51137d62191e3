// UDP and TCP in one thread that never waits for a single client: ppoll(), limited sizes, limited times.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <list>
#include <optional>
#include <utility>

#include "datagrams.hpp"
#include "lines.hpp"
#include "responder.hpp"

namespace example {

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 88;                 ///< 0: any free port
  std::optional<std::uint16_t> kpasswd{};  ///< the port for passwords; none: they are not changed
  bool reuse_port = false;
  std::size_t largest_datagram = 1400;
  std::size_t largest_request = 131072;  ///< in octets, on a stream
  std::size_t most_connections = 200;
  std::chrono::milliseconds idle{10000};  ///< limit for a whole request to arrive, and for a whole answer to leave
};

class server {
 public:
  explicit server(const server_options& o) : options_(o) {}
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() {
    for (endpoint& e : endpoints_) hang_up(e);
    for (connection& c : connections_) hang_up(c.fd);
  }
  /// Answers what comes to a port, of UDP and of TCP. Returns the port.
  std::uint16_t add(std::uint16_t port, responder& answer) {
    for (int attempt = 0;; ++attempt) {
      endpoint e;
      e.answer = &answer;
      if (open(SOCK_STREAM, e.tcp, port) && open(SOCK_DGRAM, e.udp, port_)) {
        endpoints_.push_back(e);
        return port_;
      }
      const std::string why = std::strerror(errno);
      hang_up(e);
      if (port != 0 || attempt == 20)
        throw std::runtime_error(options_.address + " port " + std::to_string(port) + ": " + why);
    }
  }

  /// Serves until a signal handler sets `stop`. The signal is blocked except while this waits with `while_waiting`.
  /// Answers that exist by then are still sent.
  void run(const volatile std::sig_atomic_t& stop, const sigset_t& while_waiting) {
    std::optional<clock::time_point> last;
    while (!last || (clock::now() < *last && !connections_.empty())) {
      if (stop != 0 && !last) {
        last = clock::now() + std::chrono::seconds(2);
        for (endpoint& e : endpoints_) hang_up(e);
        connections_.remove_if([](connection& c) { return c.out.empty() && (hang_up(c.fd), true); });
        continue;
      }
      round(while_waiting);
    }
  }

 private:
  using clock = std::chrono::steady_clock;
  struct endpoint {
    responder* answer = nullptr;
    int udp = -1, tcp = -1;
  };
  struct connection {
    responder* answer = nullptr;
    int fd = -1;
    std::string from;
    sockaddr_storage address{};
    std::vector<std::uint8_t> in, out;
    std::size_t taken = 0, sent = 0;  ///< octets of `in` and of `out`
    bool pending = false;             ///< `in` may have more requests, for the next round
    bool last = false;                ///< ends when `out` has been sent
    bool drains = false;              ///< the last answer has been sent, and further octets are discarded
    clock::time_point until{};
  };
  /// How many requests of one connection are answered before the others are served.
  static constexpr int answers_a_turn = 16;

  void round(const sigset_t& while_waiting) {
    std::vector<pollfd>& wanted = wanted_;
    const bool accepting = accept_again_ <= clock::now();
    wanted.clear();
    for (const endpoint& e : endpoints_)
      wanted.insert(wanted.end(), {{e.udp, POLLIN, 0}, {accepting ? e.tcp : -1, POLLIN, 0}});
    const std::size_t sockets = wanted.size();
    auto wake = accepting ? clock::now() + std::chrono::hours(1) : accept_again_;
    for (const connection& c : connections_) {
      wanted.push_back({c.fd, static_cast<short>(c.out.empty() && !c.pending ? POLLIN : POLLOUT), 0});
      wake = std::min(wake, c.until);
    }
    const auto wait = std::max(wake - clock::now(), clock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    const timespec patience{static_cast<time_t>(seconds.count()), static_cast<long>((wait - seconds).count())};
    if (::ppoll(wanted.data(), wanted.size(), &patience, &while_waiting) < 0) return;  // a signal
    auto c = connections_.begin();
    for (std::size_t i = sockets; i != wanted.size(); ++i) {
      const bool lives = (wanted[i].revents == 0 || talk(*c)) && clock::now() < c->until;
      if (!lives) hang_up(c->fd);
      c = lives ? std::next(c) : connections_.erase(c);
    }
    for (std::size_t i = 0; i != endpoints_.size(); ++i) {
      if (wanted[2 * i].revents != 0) datagrams(endpoints_[i]);
      if (wanted[2 * i + 1].revents != 0) welcome(endpoints_[i]);
    }
  }

  void datagrams(const endpoint& e) {
    for (int i = 0; i != 4; ++i) {  // then the streams are served
      const std::size_t n = batch_.receive(e.udp);
      for (std::size_t k = 0; k != n; ++k) {
        std::array<std::uint8_t, 16> buffer{};
        batch_.answer(
            k, (*e.answer)(batch_.message(k),
                           {peer_address(batch_.from(k), buffer), kerb::transport::datagram, options_.largest_datagram},
                           text_of(batch_.from(k))));
      }
      e.answer->log().write();
      batch_.send(e.udp);
      if (n != batch_.most) return;
    }
  }

  void welcome(const endpoint& e) {
    connection c;
    c.answer = e.answer;
    socklen_t size = sizeof c.address;
    c.fd = ::accept4(e.tcp, reinterpret_cast<sockaddr*>(&c.address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (c.fd < 0) {
      const bool passes = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
      // No file descriptor is left. Pause, because a pending connection would keep ppoll() from waiting
      if (!passes && !(errno == EMFILE && make_room())) accept_again_ = clock::now() + std::chrono::milliseconds(100);
      return;
    }
    if (connections_.size() >= options_.most_connections) make_room();
    c.from = text_of(c.address);
    c.until = clock::now() + options_.idle;
    connections_.push_back(std::move(c));
  }
  /// Closes the connection that has kept the server waiting longest. Returns false if there is none.
  bool make_room() {
    const auto oldest = std::min_element(connections_.begin(), connections_.end(),
                                         [](const connection& a, const connection& b) { return a.until < b.until; });
    if (oldest == connections_.end()) return false;
    hang_up(oldest->fd);
    connections_.erase(oldest);
    return true;
  }

  /// Serves one client as far as possible without blocking. Returns false when the connection has ended. A client may
  /// send several requests ahead: each is answered when the previous answer has been sent. This is a loop and no
  /// recursion, because the client chooses their number; it is bounded, so that others are served too.
  bool talk(connection& c) {
    if (c.drains) return drain(c);
    if (c.out.empty() && !std::exchange(c.pending, false) && !receive(c)) return false;
    for (int i = 0; i != answers_a_turn; ++i) {
      if (c.out.empty() && !answer(c)) return false;
      if (c.out.empty()) return true;  // no further request is complete
      if (!transmit(c)) return false;
      if (!c.out.empty()) return true;  // the client reads more slowly than we answer
      if (c.last) return shut(c);
    }
    return c.pending = true;
  }
  static bool receive(connection& c) {
    std::array<std::uint8_t, 16384> piece;
    const ssize_t n = ::recv(c.fd, piece.data(), piece.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c.in.insert(c.in.end(), piece.begin(), piece.begin() + n);
    return n != 0;
  }
  /// Answers the first complete request, if there is one. Returns false if it gets no answer; then the connection ends.
  bool answer(connection& c) {
    const auto frame = kerb::read_frame(kerb::bytes_view(c.in).subview(c.taken), options_.largest_request);
    if (frame && frame->missing != 0) {
      c.in.erase(c.in.begin(), c.in.begin() + static_cast<std::ptrdiff_t>(std::exchange(c.taken, 0)));
      return true;
    }
    kerb::bytes_view octets;
    if (frame) {
      std::array<std::uint8_t, 16> buffer{};
      octets = (*c.answer)(frame->message, {peer_address(c.address, buffer), kerb::transport::stream}, c.from);
      c.taken += 4 + frame->message.size();
    } else {
      octets = c.answer->too_long(c.from);
      c.last = true;
    }
    c.answer->log().write();
    c.out.assign(octets.begin(), octets.end());
    c.until = clock::now() + options_.idle;
    return !octets.empty();
  }
  bool transmit(connection& c) {
    const ssize_t n = ::send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c.sent += static_cast<std::size_t>(n);
    if (c.sent != c.out.size()) return true;
    c.out.clear();
    c.sent = 0;
    c.until = clock::now() + options_.idle;
    return true;
  }
  /// Call this when the last answer has been sent. From then on, the octets of the refused message are read and
  /// discarded: unread octets would make the kernel discard the answer.
  static bool shut(connection& c) {
    (void)::shutdown(c.fd, SHUT_WR);
    c.in = {};
    return c.drains = true;
  }
  /// Discards one piece at a time, until the client hangs up or its time is over: it may send faster than we can read.
  static bool drain(connection& c) {
    std::array<std::uint8_t, 16384> rest;
    const ssize_t n = ::recv(c.fd, rest.data(), rest.size(), 0);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
  }

  // ---- addresses

  bool open(int kind, int& fd, std::uint16_t port) {
    sockaddr_storage at{};
    auto* const four = reinterpret_cast<sockaddr_in*>(&at);
    auto* const six = reinterpret_cast<sockaddr_in6*>(&at);
    const bool is_six = ::inet_pton(AF_INET6, options_.address.c_str(), &six->sin6_addr) == 1;
    socklen_t size = is_six ? sizeof *six : sizeof *four;
    if (is_six) six->sin6_family = AF_INET6;
    else if (::inet_pton(AF_INET, options_.address.c_str(), &four->sin_addr) == 1) four->sin_family = AF_INET;
    else throw bad_text("\"" + options_.address + "\" is no address");
    (is_six ? six->sin6_port : four->sin_port) = htons(port);
    fd = ::socket(at.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1;
    if (options_.reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    if (kind == SOCK_STREAM) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&at), size) != 0) return false;
    if (kind == SOCK_STREAM && ::listen(fd, 128) != 0) return false;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(is_six ? six->sin6_port : four->sin_port);
    return true;
  }
  static std::string text_of(const sockaddr_storage& a) {
    std::string text;
    if (a.ss_family == AF_INET6) {
      const auto* const six = reinterpret_cast<const sockaddr_in6*>(&a);
      std::array<char, INET6_ADDRSTRLEN> buffer{};
      ::inet_ntop(AF_INET6, &six->sin6_addr, buffer.data(), buffer.size());
      text.append("[").append(buffer.data()).append("]:");
      add_number(text, ntohs(six->sin6_port));
    } else {
      const auto* const four = reinterpret_cast<const sockaddr_in*>(&a);
      const std::uint32_t octets = ntohl(four->sin_addr.s_addr);
      for (const unsigned shift : {24u, 16u, 8u, 0u}) {
        add_number(text, static_cast<int>(octets >> shift & 0xff));
        text += shift == 0 ? ':' : '.';
      }
      add_number(text, ntohs(four->sin_port));
    }
    return text;
  }
  /// The address in the form of tickets, RFC 4120 section 7.5.3.
  static kerb::msg::HostAddress peer_address(const sockaddr_storage& a, std::span<std::uint8_t, 16> buffer) {
    const bool is_six = a.ss_family == AF_INET6;
    const std::size_t size = is_six ? 16 : 4;
    std::memcpy(buffer.data(),
                is_six ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&a)->sin6_addr)
                       : &reinterpret_cast<const sockaddr_in*>(&a)->sin_addr,
                size);
    return {is_six ? kerb::addr_t::ipv6 : kerb::addr_t::ipv4, kerb::bytes_view(buffer).first(size)};
  }
  static void hang_up(endpoint& e) {
    hang_up(e.udp);
    hang_up(e.tcp);
  }
  static void hang_up(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }

  server_options options_;
  std::vector<endpoint> endpoints_;
  std::uint16_t port_ = 0;            ///< of the socket that was opened last
  clock::time_point accept_again_{};  ///< no accept before this time
  std::list<connection> connections_;
  std::vector<pollfd> wanted_;
  datagram_batch batch_;
};

}  // namespace example
