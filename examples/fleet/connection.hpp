// One client's connection: requests and answers have their length in front. Nothing here blocks.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>

#include "../support/story.hpp"
#include "service.hpp"

namespace example {

/// Held by a shared pointer, because the answer to a replay check may arrive after the client has gone.
class connection : public std::enable_shared_from_this<connection> {
 public:
  static constexpr std::size_t largest_request = 65536;

  /// `idle` is the time limit for a whole request to arrive, and for a whole answer to leave.
  connection(int fd, const sockaddr_in& from, service& s, std::chrono::milliseconds idle)
      : fd_(fd), service_(s), idle_(idle) {
    put_off();
    std::memcpy(address_.data(), &from.sin_addr, address_.size());
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &from.sin_addr, text.data(), text.size());
    from_ = text.data() + (":" + std::to_string(ntohs(from.sin_port)));
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { hang_up(); }

  bool is_open() const { return fd_ >= 0; }
  /// When to hang up. Single octets that arrive do not move this time.
  steady::time_point until() const { return until_; }
  /// While a replay check is pending, nothing is read: what a client sends ahead stays in the kernel.
  pollfd wanted() const { return {fd_, static_cast<short>(!out_.empty() ? POLLOUT : acceptor_ ? 0 : POLLIN), 0}; }
  void go_on() {
    if (!out_.empty()) transmit();
    else if (acceptor_) hang_up();  // only the client's end is reported in this state
    else receive();
    serve();
  }
  void hang_up() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  using step = kerb::botan::ap_acceptor::step;

  void put_off() { until_ = steady::now() + idle_; }
  void receive() {
    std::array<std::uint8_t, 8192> piece;
    const ssize_t n = ::recv(fd_, piece.data(), piece.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return hang_up();
    in_.insert(in_.end(), piece.begin(), piece.begin() + n);
  }
  /// Serves what has arrived, request by request. It is a loop, so that many requests use no more stack than one.
  void serve() {
    if (std::exchange(serving_, true)) return;
    while (is_open() && !acceptor_ && out_.empty() && begin()) {}
    serving_ = false;
  }
  /// Begins with the next request. Returns false if it has not arrived in full.
  bool begin() {
    const auto frame = kerb::read_frame(in_, largest_request);
    if (!frame) return hang_up(), false;
    if (frame->missing != 0) return false;
    request_ = frame->message;
    at_ = now();
    put_off();
    acceptor_.emplace(kerb::acceptor_params{.service = service_.name,
                                            .mutual = kerb::required,
                                            .buffer = workspace_,
                                            .peer_address = kerb::msg::HostAddress{kerb::addr_t::ipv4, address_},
                                            .understood = {}});
    act(acceptor_->receive(request_, service_.turn(at_)));
    return true;
  }
  /// Handles the acceptor's steps until it must wait. It is a loop, because the keytab and the ticket determine how
  /// many keys are tried.
  void act(step s) {
    while (auto next = acted(s)) s = *next;
  }
  /// The acceptor's next step, or nothing if other connections are served now.
  std::optional<step> acted(const step& s) {
    if (!acceptor_) return std::nullopt;
    auto& a = *acceptor_;
    using then = std::optional<step>;
    return kerb::match(
        s,
        [&](const kerb::need_ticket_key& ask) -> then {
          const auto* const k = service_.keys.find(ask);
          return k != nullptr ? a.provide(*k, service_.turn(at_))
                              : a.no_key(service_.keys.why_none(ask), service_.turn(at_));
        },
        [&](const kerb::check_replay& ask) -> then {  // the answer arrives later; until then others are served
          service_.replays.ask(ask, at_.at, [me = weak_from_this()](kerb::replay_verdict v) {
            if (const auto self = me.lock()) self->known(v);
          });
          return {};
        },
        [&](const kerb::authenticated&) -> then { return a.accept({}, service_.turn(now())); },
        [&](const kerb::reply&) -> then {
          const auto* const peer = a.peer();
          return answer((peer != nullptr ? text_of(peer->client()) : "somebody") + ": accepted"), then();
        },
        [&](const kerb::refused& r) -> then {
          return answer(std::string("refused: ") + log_line(r.why, kerb::party::service).c_str()), then();
        },
        [&](const kerb::need_buffer& n) -> then {
          std::vector<std::uint8_t> bigger(n.size);
          if (!a.set_buffer(bigger)) return hang_up(), then();
          workspace_.swap(bigger);  // the old one is freed only now, when the acceptor does not use it any more
          return a.receive(request_, service_.turn(at_));
        },
        // returned only if the client wants no answer, and this acceptor requires mutual authentication
        [&](const kerb::done&) -> then { return hang_up(), then(); },
        [&](const kerb::failed& f) -> then {
          service_.log(from_ + " failed: " + log_line(f.why, kerb::party::service).c_str());
          return hang_up(), then();
        });
  }
  void known(kerb::replay_verdict v) {
    if (!is_open() || !acceptor_) return;
    act(acceptor_->replay_checked(v, service_.turn(now())));
    serve();
  }
  void answer(const std::string& line) {
    service_.log(from_ + " " + line);
    const kerb::bytes_view framed = acceptor_->framed();
    out_.assign(framed.begin(), framed.end());
    acceptor_.reset();
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(4 + request_.size()));
    request_ = {};
    out_.empty() ? hang_up() : transmit();
  }
  void transmit() {
    const ssize_t n = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return hang_up();
    out_.erase(out_.begin(), out_.begin() + n);
    if (out_.empty()) put_off();
  }

  int fd_;
  std::array<std::uint8_t, 4> address_{};
  std::string from_;
  service& service_;
  std::chrono::milliseconds idle_;
  steady::time_point until_{};
  std::vector<std::uint8_t> in_, out_;
  std::vector<std::uint8_t> workspace_ = std::vector<std::uint8_t>(kerb::botan::ap_acceptor::typical_buffer_size);
  kerb::bytes_view request_;  ///< in in_, which does not change until the request has been answered
  kerb::timestamp at_;        ///< when it arrived
  std::optional<kerb::botan::ap_acceptor> acceptor_;  ///< for the current request
  bool serving_ = false;
};

}  // namespace example
