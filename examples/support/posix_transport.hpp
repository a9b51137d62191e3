// A transport to one KDC over POSIX sockets: UDP first, with repetitions, and TCP where the exchange asks for it.
#pragma once
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <kerb/client.hpp>
#include <string>
#include <vector>

namespace example {

class posix_transport {
 public:
  /// `patience` is the time limit for one request, whatever arrives in the meantime. It does not include the look-up of
  /// a host name: pass an address if that matters.
  posix_transport(std::string host, std::string port, bool tcp_only = false,
                  std::chrono::milliseconds patience = std::chrono::seconds(15))
      : host_(std::move(host)), port_(std::move(port)), tcp_only_(tcp_only), patience_(patience) {}
  posix_transport(const posix_transport&) = delete;
  posix_transport& operator=(const posix_transport&) = delete;
  ~posix_transport() { close_socket(); }

  /// The function for kerb::drive: transmits the octets, if there are any, and waits for an answer.
  kerb::result<kerb::answer> operator()(const kerb::send& s) {
    if (!s.octets.empty()) until_ = clock::now() + patience_;
    if (tcp_only_ || s.via == kerb::transport::stream) return over_tcp(s.octets);
    if (!s.octets.empty()) {
      if (!connected(SOCK_DGRAM)) return kerb::errc::no_answer;
      out_.assign(s.octets.begin(), s.octets.end());
      // A datagram may have been lost: the same one is sent again, after one second and after two more. A password
      // service refuses a second copy as a replay, also if the first one has changed the password.
      const bool once = s.to == kerb::destination::kpasswd;
      copies_ = once ? 1 : 3;
      wait_ = once ? patience_ : std::chrono::seconds(1);
      send_copy();
    }
    // Without octets, the exchange has ignored an answer. The wait for another one goes on, and does not begin again.
    while (fd_ >= 0) {
      if (ready(POLLIN, next_)) {
        const ssize_t n = ::recv(fd_, in_.data(), in_.size(), 0);
        if (n > 0) return kerb::answer(kerb::bytes_view(in_.data(), static_cast<std::size_t>(n)));
      }
      if (copies_ == 0 || clock::now() >= until_) break;
      send_copy();
    }
    return kerb::errc::no_answer;
  }

 private:
  using clock = std::chrono::steady_clock;

  kerb::result<kerb::answer> over_tcp(kerb::bytes_view octets) {
    if (octets.empty()) return kerb::errc::no_answer;  // a stream has one answer to each request
    if (!connected(SOCK_STREAM)) return kerb::errc::no_answer;
    // Length and message in one call, and so in one segment: some KDCs read only the first segment
    const auto header = kerb::frame_header(static_cast<std::uint32_t>(octets.size()));
    out_.assign(header.begin(), header.end());
    out_.insert(out_.end(), octets.begin(), octets.end());
    if (!write_all(out_)) return kerb::errc::no_answer;
    for (std::size_t have = 0;;) {
      const auto frame = kerb::read_frame(kerb::bytes_view(in_).first(have), in_.size() - 4);
      if (!frame) return frame.error();
      if (frame->missing == 0) return kerb::answer(frame->message, kerb::transport::stream);
      const ssize_t n = ready(POLLIN, until_) ? ::recv(fd_, in_.data() + have, in_.size() - have, 0) : -1;
      if (n <= 0) return n == 0 ? kerb::errc::stream_ended : kerb::errc::no_answer;
      have += static_cast<std::size_t>(n);
    }
  }
  /// Sends the datagram, and sets the time of the next copy.
  void send_copy() {
    (void)::send(fd_, out_.data(), out_.size(), 0);
    --copies_;
    next_ = clock::now() + wait_;
    wait_ *= 2;
  }
  bool write_all(kerb::bytes_view v) {
    while (!v.empty()) {
      const ssize_t n = ready(POLLOUT, until_) ? ::send(fd_, v.data(), v.size(), MSG_NOSIGNAL) : -1;
      if (n <= 0) return false;
      v = v.subview(static_cast<std::size_t>(n));
    }
    return true;
  }
  /// Waits until `then`, or until the time limit of the request.
  bool ready(short event, clock::time_point then) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(then, until_) - clock::now());
      pollfd p{fd_, event, 0};
      const int n = ::poll(&p, 1, static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0})));
      if (n >= 0 || errno != EINTR) return n > 0;
    }
  }
  /// Opens a new socket for each request, so that an answer to an earlier one cannot arrive there.
  bool connected(int kind) {
    close_socket();
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = kind;
    if (::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found) != 0) return false;
    for (const addrinfo* a = found; a != nullptr && fd_ < 0; a = a->ai_next) {
      fd_ = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
      if (fd_ >= 0 && !reached(*a)) close_socket();
    }
    ::freeaddrinfo(found);
    return fd_ >= 0;
  }
  /// An address that does not answer may take at most a third of the time, since there may be another address.
  bool reached(const addrinfo& a) const {
    if (::connect(fd_, a.ai_addr, a.ai_addrlen) == 0) return true;
    int why = errno;
    socklen_t size = sizeof why;
    if (why != EINPROGRESS || !ready(POLLOUT, clock::now() + patience_ / 3)) return false;
    return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why == 0;
  }
  void close_socket() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::string host_, port_;
  bool tcp_only_;
  std::chrono::milliseconds patience_;
  clock::time_point until_{}, next_{};
  std::chrono::milliseconds wait_{};
  int copies_ = 0;  // still to be sent
  int fd_ = -1;
  std::vector<std::uint8_t> out_;
  std::vector<std::uint8_t> in_ = std::vector<std::uint8_t>(65536);
};

}  // namespace example
