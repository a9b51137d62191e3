// Coroutines over TCP: what both sides need from Asio.
#pragma once
#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include "framing.hpp"

namespace echo {

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

inline auto to_read(std::span<std::uint8_t> s) { return asio::buffer(s.data(), s.size()); }
inline auto to_write(kerb::bytes_view v) { return asio::buffer(v.data(), v.size()); }
inline std::string text_of(const tcp::endpoint& e) {
  return (e.address().is_v6() ? "[" + e.address().to_string() + "]" : e.address().to_string()) + ":" +
         std::to_string(e.port());
}

/// The time by which something must have happened. Progress moves it.
using deadline = steady::time_point;

namespace detail {
inline awaitable<void> watch(const deadline& until) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (steady::now() < until) {
    timer.expires_at(until);
    co_await timer.async_wait(use_awaitable);
  }
}
inline awaitable<void> kept(awaitable<void> work, std::exception_ptr& failure) {
  try {
    co_await std::move(work);
  } catch (...) { failure = std::current_exception(); }
}
}  // namespace detail

/// Runs `work` to its end. At the deadline it cancels the pending operation and throws asio::error::timed_out.
inline awaitable<void> in_time(const deadline& until, awaitable<void> work) {
  using namespace asio::experimental::awaitable_operators;
  std::exception_ptr failure;
  const auto first = co_await (detail::kept(std::move(work), failure) || detail::watch(until));
  if (first.index() == 1) throw std::system_error(asio::error::timed_out);
  if (failure) std::rethrow_exception(failure);
}

/// Reads one message into `buffer` and returns a view of it.
inline awaitable<kerb::bytes_view> read_message(tcp::socket& s, std::span<std::uint8_t> buffer) {
  incoming in(buffer);
  for (;;) {
    const std::size_t n = co_await s.async_read_some(to_read(in.space()), use_awaitable);
    const auto frame = in.got(n);
    if (!frame) throw std::system_error(asio::error::message_size);
    if (frame->missing == 0) co_return frame->message;
  }
}

}  // namespace echo
