// Something on the way to the KDC that does harm: one request and its answer, in a thread of its own.
#pragma once
#include <atomic>
#include <functional>
#include <thread>

#include "lab.hpp"

namespace interop {

class relay {
 public:
  using octets = std::vector<std::uint8_t>;
  /// For each answer of the KDC, gives what is sent instead: so many datagrams, or pieces of a stream that then ends.
  using harm = std::function<std::vector<octets>(const octets&)>;

  relay(int kind, harm h) : kind_(kind), harm_(std::move(h)) {
    listener_ = ::socket(AF_INET, kind | SOCK_CLOEXEC, 0);
    sockaddr_in a = loopback(0);
    socklen_t size = sizeof a;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&a), size);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size);
    if (kind == SOCK_STREAM) ::listen(listener_, 4);
    port_ = ntohs(a.sin_port);
    thread_ = std::thread([this] { work(); });
  }
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;
  ~relay() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  posix_transport wire() const { return {"127.0.0.1", std::to_string(port_), kind_ == SOCK_STREAM}; }

 private:
  static sockaddr_in loopback(unsigned short port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
  }
  static bool readable(int s, int milliseconds) {
    pollfd p{s, POLLIN, 0};
    return ::poll(&p, 1, milliseconds) > 0;
  }
  void work() {
    while (!stop_) {
      if (!readable(listener_, 20)) continue;
      sockaddr_in from{};
      socklen_t size = sizeof from;
      octets request(65536);
      const int peer = kind_ == SOCK_STREAM ? ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC) : listener_;
      const ssize_t n = kind_ == SOCK_STREAM ? receive_all(peer, request, 4)
                                             : ::recvfrom(peer, request.data(), request.size(), 0,
                                                          reinterpret_cast<sockaddr*>(&from), &size);
      request.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
      for (const octets& o : harm_(ask_kdc(request))) {
        if (kind_ == SOCK_STREAM) (void)::send(peer, o.data(), o.size(), MSG_NOSIGNAL);
        else (void)::sendto(peer, o.data(), o.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
      if (kind_ == SOCK_STREAM) ::close(peer);
    }
  }
  /// Reads until the length in front is there in full.
  static ssize_t receive_all(int s, octets& into, std::size_t want) {
    std::size_t have = 0;
    while (have < want && readable(s, 2000)) {
      const ssize_t n = ::recv(s, into.data() + have, into.size() - have, 0);
      if (n <= 0) break;
      have += static_cast<std::size_t>(n);
      if (have >= 4) want = 4 + (std::size_t{into[2]} << 8 | into[3]);
    }
    return static_cast<ssize_t>(have);
  }
  octets ask_kdc(const octets& request) const {
    const int s = ::socket(AF_INET, kind_ | SOCK_CLOEXEC, 0);
    const sockaddr_in a = loopback(kdc->port());
    octets answer(65536);
    ssize_t n = 0;
    if (::connect(s, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0) {
      (void)::send(s, request.data(), request.size(), MSG_NOSIGNAL);
      if (kind_ == SOCK_STREAM) n = receive_all(s, answer, 4);
      else if (readable(s, 2000)) n = ::recv(s, answer.data(), answer.size(), 0);
    }
    ::close(s);
    answer.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return answer;
  }

  int kind_;
  harm harm_;
  int listener_ = -1;
  unsigned short port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace interop
