// One thread around ppoll() that serves clients and the connection to Redis.
#pragma once
#include <algorithm>
#include <csignal>
#include <list>

#include "connection.hpp"

namespace example {

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free port
  bool reuse_port = false;
  std::size_t most_connections = 1000;
  std::chrono::milliseconds idle{30000};  ///< limit for a whole request to arrive, and for a whole answer to leave
};

class server {
 public:
  server(const server_options& o, service& s) : options_(o), service_(s) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(o.port);
    if (::inet_pton(AF_INET, o.address.c_str(), &at.sin_addr) != 1)
      throw std::runtime_error("\"" + o.address + "\" is no address");
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (o.reuse_port) ::setsockopt(listener_, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 128) != 0)
      throw std::runtime_error(o.address + " port " + std::to_string(o.port) + ": " + std::strerror(errno));
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() { ::close(listener_); }
  std::uint16_t port() const { return port_; }

  /// Serves until a signal handler sets `stop`. The signal is blocked except while this waits with `while_waiting`.
  void run(const volatile std::sig_atomic_t& stop, const sigset_t& while_waiting) {
    while (stop == 0) round(while_waiting);
  }

 private:
  using client = std::shared_ptr<connection>;

  void round(const sigset_t& while_waiting) {
    auto wake = service_.replays.tick();
    const bool accepting = accept_again_ <= steady::now();
    if (!accepting) wake = std::min(wake, accept_again_);
    std::vector<pollfd> wanted{{accepting ? listener_ : -1, POLLIN, 0}, service_.replays.wanted()};
    for (const client& c : clients_) {
      wanted.push_back(c->wanted());
      wake = std::min(wake, c->until());
    }
    const auto wait = std::max(wake - steady::now(), steady::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    const timespec patience{static_cast<time_t>(seconds.count()), static_cast<long>((wait - seconds).count())};
    if (::ppoll(wanted.data(), wanted.size(), &patience, &while_waiting) < 0) return;  // a signal
    if (wanted[1].revents != 0) service_.replays.go_on();
    auto c = clients_.begin();
    for (std::size_t i = 2; i != wanted.size(); ++i) {
      if (wanted[i].revents != 0 && (*c)->is_open()) (*c)->go_on();
      if (steady::now() >= (*c)->until()) (*c)->hang_up();
      c = (*c)->is_open() ? std::next(c) : clients_.erase(c);
    }
    if (wanted[0].revents != 0) welcome();
  }

  void welcome() {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const int fd = ::accept4(listener_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      const bool passes = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
      // No file descriptor is left. Pause, because a pending connection would keep ppoll() from waiting
      if (!passes && !(errno == EMFILE && make_room())) accept_again_ = steady::now() + std::chrono::milliseconds(100);
      return;
    }
    if (clients_.size() >= options_.most_connections) make_room();
    clients_.push_back(std::make_shared<connection>(fd, from, service_, options_.idle));
  }
  /// Closes the connection that has kept the server waiting longest. Returns false if there is none.
  bool make_room() {
    const auto oldest = std::min_element(clients_.begin(), clients_.end(),
                                         [](const client& a, const client& b) { return a->until() < b->until(); });
    if (oldest == clients_.end()) return false;
    (*oldest)->hang_up();  // a pending replay check may keep the object alive for a moment
    clients_.erase(oldest);
    return true;
  }

  server_options options_;
  service& service_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  steady::time_point accept_again_{};  ///< no accept before this time
  std::list<client> clients_;
};

}  // namespace example
