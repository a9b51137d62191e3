// A transport over Asio: the servers of a realm one after the other, over UDP and TCP, until one deadline.
#pragma once
#include <asio.hpp>
#include <chrono>
#include <deque>
#include <kerb/client.hpp>
#include <kerb/transport/failover.hpp>
#include <memory>
#include <string>
#include <vector>

namespace example {

/// A server of a realm.
struct asio_server {
  std::string host;
  std::uint16_t port = 88;
  kerb::reach_t reach = kerb::reach_t::any;
  bool primary = false;
};

namespace detail {

using steady = std::chrono::steady_clock;
inline std::int64_t milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady::now().time_since_epoch()).count();
}

/// What the attempts of one request have received. The coroutine of each attempt shares it, and puts its events here.
struct mailbox {
  enum class what { answer, unresolved, refused, ended };
  struct event {
    std::size_t attempt = 0;
    what happened{};
    std::vector<std::uint8_t> octets;
  };
  explicit mailbox(asio::any_io_executor e) : wake(e) {}

  void put(event e) {
    if (closed) return;
    events.push_back(std::move(e));
    wake.cancel();
  }
  void close() {
    closed = true;
    asio::error_code ignored;
    for (const auto& s : datagrams) s->close(ignored);
    for (const auto& s : streams) s->close(ignored);
  }
  /// Waits for an event, until a time in milliseconds.
  asio::awaitable<bool> wait(std::int64_t until) {
    while (events.empty() && milliseconds_now() < until) {
      asio::error_code cancelled;  // by put()
      wake.expires_at(steady::time_point(std::chrono::milliseconds(until)));
      co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    co_return !events.empty();
  }

  asio::steady_timer wake;
  std::deque<event> events;
  std::vector<std::shared_ptr<asio::ip::udp::socket>> datagrams;
  std::vector<std::shared_ptr<asio::ip::tcp::socket>> streams;
  std::vector<std::uint8_t> request;  // with its length in front
  bool closed = false;
};
using what = mailbox::what;
inline auto into(asio::error_code& e) { return asio::redirect_error(asio::use_awaitable, e); }

/// Sends the datagram to the first address of the host, and receives answers until the mailbox is closed.
inline asio::awaitable<void> over_datagrams(std::shared_ptr<mailbox> box, std::string host, std::string port,
                                            std::size_t attempt) {
  const auto executor = co_await asio::this_coro::executor;
  asio::error_code e;
  asio::ip::udp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(host, port, into(e));
  if (e) co_return box->put({attempt, what::unresolved, {}});
  if (box->closed) co_return;
  const auto s = std::make_shared<asio::ip::udp::socket>(executor);
  box->datagrams.push_back(s);
  co_await asio::async_connect(*s, found, into(e));
  if (!e) co_await s->async_send(asio::buffer(box->request) + 4, into(e));
  std::vector<std::uint8_t> in(65536);
  while (!e) {
    const std::size_t n = co_await s->async_receive(asio::buffer(in), into(e));
    if (!e) box->put({attempt, what::answer, {in.begin(), in.begin() + static_cast<std::ptrdiff_t>(n)}});
  }
  box->put({attempt, what::refused, {}});
}

/// Sends the request over a connection, and receives one answer.
inline asio::awaitable<void> over_stream(std::shared_ptr<mailbox> box, std::string host, std::string port,
                                         std::size_t attempt) {
  constexpr std::size_t most = 1 << 20;  // octets of an answer
  const auto executor = co_await asio::this_coro::executor;
  asio::error_code e;
  asio::ip::tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(host, port, into(e));
  if (e) co_return box->put({attempt, what::unresolved, {}});
  if (box->closed) co_return;
  const auto s = std::make_shared<asio::ip::tcp::socket>(executor);
  box->streams.push_back(s);
  co_await asio::async_connect(*s, found, into(e));
  if (e) co_return box->put({attempt, what::refused, {}});
  co_await asio::async_write(*s, asio::buffer(box->request), into(e));
  std::vector<std::uint8_t> in;
  while (!e) {
    const auto frame = kerb::read_frame(in, most);
    if (!frame) break;
    if (frame->missing == 0)
      co_return box->put({attempt, what::answer, {frame->message.begin(), frame->message.end()}});
    std::array<std::uint8_t, 4096> part;
    const std::size_t n = std::min(part.size(), frame->missing);
    co_await asio::async_read(*s, asio::buffer(part.data(), n), into(e));
    if (!e) in.insert(in.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(n));
  }
  box->put({attempt, what::ended, {}});
}
}  // namespace detail

/// Asks the KDCs and password services of one realm. All requests together have `patience`, from the construction on,
/// and the look-up of names counts. Only one thread may run the executor, and only one coroutine may ask at a time.
class asio_transport {
 public:
  asio_transport(asio::any_io_executor executor, std::vector<asio_server> kdcs,
                 std::vector<asio_server> password_services, std::chrono::milliseconds patience,
                 const kerb::failover_limits& limits = {})
      : executor_(executor),
        kdcs_(std::move(kdcs)),
        password_services_(std::move(password_services)),
        until_(detail::milliseconds_now() + patience.count()) {
    for (const asio_server& s : kdcs_)
      candidates_.push_back({.host = s.host, .port = s.port, .reach = s.reach, .primary = s.primary});
    order_.emplace(candidates_, until_, limits);
  }
  asio_transport(const asio_transport&) = delete;
  asio_transport& operator=(const asio_transport&) = delete;
  ~asio_transport() { close(); }

  /// Transmits a request and waits for an answer, which is valid until the next call. Without octets it waits for
  /// another answer, because the exchange has ignored the last one.
  asio::awaitable<kerb::result<kerb::answer>> ask(kerb::send s) {
    if (!s.octets.empty()) open(s.octets);
    if (!box_) co_return kerb::errc::no_answer;
    if (s.to == kerb::destination::kpasswd) co_return co_await ask_once(!s.octets.empty());
    kerb::failover_step step =
        s.octets.empty() ? order_->ignored(detail::milliseconds_now())
                         : order_->start(s.octets.size(), detail::milliseconds_now(), s.via == kerb::transport::stream);
    for (;;) {
      if (const auto* a = std::get_if<kerb::kdc_answer>(&step)) {
        if (a->octets.data() != answer_.data()) answer_.assign(a->octets.begin(), a->octets.end());
        co_return answer_over(a->via);
      }
      if (const auto* g = std::get_if<kerb::gave_up>(&step)) {
        const kerb::error why = g->why;
        close();
        co_return why;
      }
      if (const auto* t = std::get_if<kerb::try_server>(&step)) attempt(*t);
      if (const auto* w = std::get_if<kerb::wait_for_answer>(&step)) wait_until_ = w->until;
      if (!co_await box_->wait(wait_until_)) {
        step = order_->timed_out(detail::milliseconds_now());
        continue;
      }
      detail::mailbox::event e = take();
      const std::int64_t now = detail::milliseconds_now();
      if (e.happened == detail::what::answer) {
        answer_ = std::move(e.octets);
        step = order_->received(answer_, attempts_[e.attempt], now);
      } else if (e.attempt + 1 != attempts_.size()) {
        step = kerb::wait_for_answer{wait_until_};  // an earlier attempt has come to its end
      } else {
        step = e.happened == detail::what::unresolved ? order_->unresolved(now) : order_->refused(now);
      }
    }
  }

  /// Whether a request to a password service may have arrived there. Then another copy of it would be refused, also if
  /// the first one has changed the password.
  bool password_sent() const { return password_sent_; }

 private:
  /// Sends a request for another password to one server only: over a connection if one can be opened, or else as one
  /// datagram. It tries the next one only if nobody can have received it.
  asio::awaitable<kerb::result<kerb::answer>> ask_once(bool anew) {
    std::size_t next = 0;
    const std::size_t all = 2 * password_services_.size();  // first all streams
    for (bool waits = !anew;; waits = false) {
      if (!waits) {
        password_sent_ = false;
        while (next != all && !fits(next)) ++next;
        if (next == all || detail::milliseconds_now() >= until_) co_return kerb::errc::no_answer;
        const asio_server& s = password_services_[next % password_services_.size()];
        attempt({.number = 0,
                 .server = {.host = s.host, .port = s.port},
                 .via = next < password_services_.size() ? kerb::reach_t::tcp : kerb::reach_t::udp,
                 .until = until_});
        ++next;
        password_sent_ = true;
      }
      if (!co_await box_->wait(until_)) co_return kerb::errc::no_answer;
      detail::mailbox::event e = take();
      if (e.happened == detail::what::answer) {
        answer_ = std::move(e.octets);
        co_return answer_over(attempts_[e.attempt].via);
      }
      if (e.happened == detail::what::ended || waits) co_return kerb::errc::no_answer;
    }
  }
  bool fits(std::size_t place) const {
    const kerb::reach_t reach = password_services_[place % password_services_.size()].reach;
    const kerb::reach_t wanted = place < password_services_.size() ? kerb::reach_t::tcp : kerb::reach_t::udp;
    return reach == kerb::reach_t::any || reach == wanted;
  }
  kerb::answer answer_over(kerb::reach_t via) const {
    return kerb::answer(answer_, via == kerb::reach_t::udp ? kerb::transport::datagram : kerb::transport::stream);
  }
  void open(kerb::bytes_view octets) {
    close();
    attempts_.clear();
    box_ = std::make_shared<detail::mailbox>(executor_);
    const auto header = kerb::frame_header(static_cast<std::uint32_t>(octets.size()));
    box_->request.assign(header.begin(), header.end());
    box_->request.insert(box_->request.end(), octets.begin(), octets.end());
  }
  void close() {
    if (box_) box_->close();
    box_.reset();
  }
  void attempt(const kerb::try_server& t) {
    const std::size_t number = attempts_.size();
    attempts_.push_back(t);
    wait_until_ = t.until;
    const std::string host(t.server.host), port = std::to_string(t.server.port);
    if (t.via == kerb::reach_t::udp) {
      co_spawn(executor_, detail::over_datagrams(box_, host, port, number), asio::detached);
    } else if (t.via == kerb::reach_t::tcp) {
      co_spawn(executor_, detail::over_stream(box_, host, port, number), asio::detached);
    } else {
      box_->put({number, detail::what::refused, {}});  // a proxy or a local socket: not here
    }
  }
  detail::mailbox::event take() {
    detail::mailbox::event e = std::move(box_->events.front());
    box_->events.pop_front();
    return e;
  }

  asio::any_io_executor executor_;
  std::vector<asio_server> kdcs_, password_services_;
  std::vector<kerb::server_candidate> candidates_;  // views of kdcs_
  std::int64_t until_;
  std::optional<kerb::kdc_failover> order_;
  std::shared_ptr<detail::mailbox> box_;
  std::vector<kerb::try_server> attempts_;  // of this request
  std::int64_t wait_until_ = 0;
  bool password_sent_ = false;
  std::vector<std::uint8_t> answer_;
};

/// Runs a client's exchange to its end, as kerb::drive does without coroutines. `now` returns the time.
template <class Exchange, class C, class Now>
asio::awaitable<kerb::result<typename Exchange::product>> drive(Exchange& x, C& crypto, Now now, asio_transport& net) {
  typename Exchange::step step = x.start({crypto, now()});
  kerb::error passed_over{};
  kerb::send request{};
  for (;;) {
    if (const auto* f = std::get_if<kerb::failed>(&step)) co_return f->why;
    if (kerb::is<kerb::done>(step)) co_return std::move(x).take();
    if (const auto* s = std::get_if<kerb::send>(&step)) {
      request = *s;
      if (request.fresh) passed_over = {};
    } else if (const auto* i = std::get_if<kerb::ignored>(&step)) {
      if (passed_over.ok() || !kerb::is_malformed(i->why.code)) passed_over = i->why;
      request.octets = {};  // wait for another answer
      request.fresh = false;
    } else if (const auto* n = std::get_if<kerb::need_buffer>(&step)) {
      co_return kerb::error{.code = kerb::errc::no_space, .detail = static_cast<std::uint32_t>(n->size)};
    } else {
      co_return kerb::errc::step_not_handled;
    }
    const kerb::result<kerb::answer> got = co_await net.ask(request);
    if (!got) co_return passed_over.ok() ? got.error() : passed_over;
    step = x.receive(got->octets, {crypto, now()}, got->arrived);
  }
}

}  // namespace example
