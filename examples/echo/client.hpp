// The echo client: a ticket from a KDC, and then sessions with the service over TCP, each a coroutine.
#pragma once
#include "../support/asio_transport.hpp"
#include "wire.hpp"

namespace echo {

struct failure : std::runtime_error {
  failure(const std::string& who, const kerb::error& e)
      : std::runtime_error(who + ": " + log_line(e, kerb::party::client).c_str()) {}
};
using places = std::vector<tcp::endpoint>;  ///< the addresses of one peer

namespace detail {
/// Runs an exchange with the service on a connection, which stays open.
template <class Exchange>
awaitable<typename Exchange::product> converse(Exchange& x, tcp::socket& s, const places& at, policy& p,
                                               std::string who) {
  frame_buffer in;
  kerb::over_stream io(x, in);
  kerb::need_more more;
  for (auto step = io.start(env_now(p)); !kerb::is<kerb::done>(step);) {
    if (const auto* f = std::get_if<kerb::failed>(&step)) throw failure(who, f->why);
    if (const auto* m = std::get_if<kerb::send>(&step)) {
      s = tcp::socket(s.get_executor());
      co_await asio::async_connect(s, at, use_awaitable);
      co_await asio::async_write(s, to_write(m->octets), use_awaitable);
      more = {4};
    } else if (const auto* n = std::get_if<kerb::need_more>(&step)) {
      more = *n;
    } else {
      throw failure(who, {.code = kerb::errc::no_space});  // a larger program would set a larger buffer
    }
    // Do not read more than is needed: the octets after the answer belong to the session
    const auto space = io.buffer().first(more.at_least);
    std::error_code end;
    const std::size_t n = co_await s.async_read_some(to_read(space), asio::redirect_error(use_awaitable, end));
    step = io.got(end ? 0 : n, env_now(p));
  }
  auto product = std::move(x).take();
  if (!product) throw failure(who, product.error());
  co_return std::move(*product);
}
}  // namespace detail

/// The client, its KDCs, and the service of the ticket.
struct account {
  kerb::principal me, service;
  std::string password;
  std::vector<example::asio_server> kdcs;
};

class client {
 public:
  client(policy& p, account a, places service, std::chrono::milliseconds patience)
      : policy_(p), account_(std::move(a)), service_(std::move(service)), patience_(patience) {}
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Gets the ticket for all sessions.
  awaitable<void> log_in() {
    const auto executor = co_await asio::this_coro::executor;
    example::asio_transport net(executor, account_.kdcs, {}, patience_);
    std::array<std::uint8_t, kerb::botan::as_client::typical_buffer_size> buffer;
    const kerb::secret_view password = kerb::secret_view::of(account_.password);
    kerb::botan::as_client as({.client = account_.me, .password = password, .buffer = buffer});
    const auto tgt = co_await example::drive(as, policy_, now, net);
    if (!tgt) throw failure("the KDC", tgt.error());
    kerb::botan::tgs_client tgs({.tgt = *tgt, .server = account_.service, .buffer = ticket_buffer_});
    auto ticket = co_await example::drive(tgs, policy_, now, net);
    if (!ticket) throw failure("the KDC", ticket.error());
    ticket_.emplace(std::move(*ticket));
  }
  /// Runs one session: sends `text` and expects it back, `times` times.
  awaitable<void> talk(std::string text, unsigned times) {
    deadline until = steady::now() + patience_;
    co_await in_time(until, exchange(text, times, until));
  }

 private:
  awaitable<void> exchange(const std::string& text, unsigned times, deadline& until) {
    tcp::socket s(co_await asio::this_coro::executor);
    std::array<std::uint8_t, kerb::botan::ap_initiator::typical_buffer_size> buffer;
    if (!ticket_) throw failure("the service", {.code = kerb::errc::api_misuse});  // log_in() comes first
    kerb::botan::ap_initiator ap({.credential = *ticket_, .buffer = buffer, .times = times_});
    auto keys = co_await detail::converse(ap, s, service_, policy_, "the service");
    kerb::botan::protected_session session(std::move(keys), {.here = kerb::side::initiator});
    frame_buffer in, out;
    std::array<std::uint8_t, max_message> opened;
    const kerb::wiped_on_exit wipe(opened);
    const kerb::bytes_view octets = kerb::octets_of(text);
    while (times-- != 0) {
      until = steady::now() + patience_;
      const auto sealed = session.make_priv(octets, message_part(out), env_now(policy_));
      if (!sealed) throw failure("the text", sealed.error());
      co_await asio::async_write(s, to_write(framed(*sealed, out)), use_awaitable);
      const kerb::bytes_view message = co_await read_message(s, in);
      const auto back = session.open_priv(message, opened, env_now(policy_));
      if (!back) throw failure("the service", said(message).value_or(back.error()));
      if (!std::ranges::equal(*back, octets)) throw failure("the service", {.code = kerb::errc::unexpected_message});
    }
  }
  /// Returns the error that `message` reports, if it is a KRB-ERROR.
  static std::optional<kerb::error> said(kerb::bytes_view message) {
    const auto e = kerb::asn1::decode<kerb::msg::KrbError>(message);
    if (!e) return std::nullopt;
    return kerb::error{.code = kerb::errc::peer_error,
                       .detail = static_cast<std::uint32_t>(e->error_code),
                       .type = "KRB-ERROR",
                       .field = "error-code"};
  }

  policy& policy_;
  account account_;
  places service_;
  std::chrono::milliseconds patience_;
  std::array<std::uint8_t, kerb::botan::tgs_client::typical_buffer_size> ticket_buffer_;
  std::optional<kerb::botan::credential> ticket_;
  kerb::unique_time times_;  // no two authenticators have the same time
};

}  // namespace echo
