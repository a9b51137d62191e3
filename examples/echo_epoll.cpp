// The echo service around plain epoll: the same conversations with another transport.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>

#include "echo/conversation.hpp"
#include "echo/options.hpp"
#include "support/help.hpp"

namespace {

using echo::steady;

struct connection {
  connection(int f, const std::string& where, echo::service& own) : fd(f), from(where), talk(own) {}
  ~connection() { ::close(fd); }
  int fd;
  std::string from;
  echo::conversation talk;
  kerb::bytes_view unsent{};
  steady::time_point until{};  ///< the deadline for a whole message to arrive, or a whole answer to leave
  std::list<connection>::iterator self{};
};

class server {
 public:
  server(echo::service& own, const echo::options& o) : own_(own), idle_(o.idle) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(o.port);
    socklen_t size = sizeof a;
    const int yes = 1;
    ::setsockopt(port_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::inet_pton(AF_INET, o.address.c_str(), &a.sin_addr) != 1 ||
        ::bind(port_, reinterpret_cast<sockaddr*>(&a), size) != 0 || ::listen(port_, 128) != 0)
      throw std::runtime_error("cannot listen at " + o.address + " port " + std::to_string(o.port));
    ::getsockname(port_, reinterpret_cast<sockaddr*>(&a), &size);
    std::printf("serving %s at %s port %u\n", example::text_of(own.name).c_str(), o.address.c_str(), ntohs(a.sin_port));
    watch(EPOLL_CTL_ADD, port_, EPOLLIN, nullptr);
  }
  [[noreturn]] void run() {
    for (std::array<epoll_event, 64> ready;;) {
      // A connection that makes progress moves to the end of the list, so the first one has the earliest deadline
      const auto now = steady::now();
      while (!all_.empty() && all_.front().until <= now) hang_up(all_.front(), "it has taken too long");
      if (paused_ && accept_again_ <= now) pause(false);
      auto until = all_.empty() ? now + idle_ : all_.front().until;
      if (paused_) until = std::min(until, accept_again_);
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - now);
      const int n = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), static_cast<int>(wait.count()));
      for (int i = 0; i < n; ++i) {
        auto* const c = static_cast<connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
        if (c == nullptr) welcome();
        else if (!get_on(*c)) hang_up(*c, "it has hung up");
      }
    }
  }

 private:
  void watch(int what, int fd, std::uint32_t events, connection* c) {
    epoll_event e{.events = events, .data = {.ptr = c}};
    ::epoll_ctl(epoll_, what, fd, &e);
  }
  void welcome() {
    sockaddr_in a{};
    socklen_t size = sizeof a;
    const int fd = ::accept4(port_, reinterpret_cast<sockaddr*>(&a), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? void() : pause(true);
    if (all_.size() == 1000) return void(::close(fd));
    connection& c = all_.emplace_back(fd, ::inet_ntoa(a.sin_addr) + (":" + std::to_string(ntohs(a.sin_port))), own_);
    c.self = std::prev(all_.end());
    put_off(c);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, &c);
  }
  /// Stops accepting for a while, because there may be no file descriptor left: otherwise a pending connection would
  /// keep epoll from waiting.
  void pause(bool yes) {
    paused_ = yes;
    accept_again_ = steady::now() + std::chrono::milliseconds(100);
    watch(EPOLL_CTL_MOD, port_, yes ? 0u : std::uint32_t{EPOLLIN}, nullptr);
  }
  void put_off(connection& c) {
    c.until = steady::now() + idle_;
    all_.splice(all_.end(), all_, c.self);
  }
  void hang_up(connection& c, const char* how) {
    std::printf("%s %s\n", c.from.c_str(), c.talk.told(how).c_str());
    all_.erase(c.self);
  }
  /// Does what it can without blocking. Returns false when the connection has ended.
  bool get_on(connection& c) {
    const bool was_sending = !c.unsent.empty();
    if (!was_sending) {
      const ssize_t n = ::recv(c.fd, c.talk.space().data(), c.talk.space().size(), 0);
      if (n <= 0) return n < 0 && errno == EAGAIN;
      if (c.talk.over()) return true;  // read and ignored: unread octets would make the kernel discard the last answer
      c.unsent = c.talk.got(static_cast<std::size_t>(n));
      if (c.unsent.empty()) return !c.talk.over();
      put_off(c);
    }
    const ssize_t n = ::send(c.fd, c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) c.unsent = c.unsent.subview(static_cast<std::size_t>(n));
    if (c.unsent.empty()) put_off(c);
    if (c.unsent.empty() && c.talk.over()) ::shutdown(c.fd, SHUT_WR);
    if (c.unsent.empty() == was_sending) watch(EPOLL_CTL_MOD, c.fd, was_sending ? EPOLLIN : EPOLLOUT, &c);
    return true;
  }

  echo::service& own_;
  std::chrono::seconds idle_;
  int port_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  bool paused_ = false;
  steady::time_point accept_again_{};
  std::list<connection> all_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (example::asked_for_help(argc, argv, echo::usage)) return 0;
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  const echo::options o = echo::read_options(std::span(argv + 1, argv + argc));
  const auto own = std::make_unique<echo::service>(echo::read_file(o.keytab), o.service);
  server(*own, o).run();
} catch (const std::exception& e) {
  std::fprintf(stderr, "echo_epoll: %s\n", e.what());
  return 1;
}
