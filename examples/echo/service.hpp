// The echo service over TCP: a coroutine for each connection, all of them on one thread.
#pragma once
#include <cstdio>

#include "conversation.hpp"
#include "wire.hpp"

namespace echo {

struct limits {
  std::chrono::milliseconds idle{10000};  ///< limit for a whole message to arrive, and for a whole answer to leave
  unsigned most = 1000;                   ///< largest number of connections at a time
};

namespace detail {
inline awaitable<void> converse(tcp::socket& s, conversation& c, deadline& until, const limits& l) {
  while (!c.over()) {
    kerb::bytes_view answer;
    until = steady::now() + l.idle;
    while (answer.empty() && !c.over()) answer = c.got(co_await s.async_read_some(to_read(c.space()), use_awaitable));
    until = steady::now() + l.idle;
    co_await asio::async_write(s, to_write(answer), use_awaitable);
  }
  // Read on: unread octets would make the kernel discard the last answer
  s.shutdown(tcp::socket::shutdown_send);
  for (;;) co_await s.async_read_some(to_read(c.space()), use_awaitable);
}
inline awaitable<void> serve(tcp::socket s, service& own, limits l) {
  std::error_code none;
  const std::string from = text_of(s.remote_endpoint(none));
  std::string how;
  conversation c(own);  // its buffers are in this coroutine and are destroyed with it
  deadline until = steady::now() + l.idle;
  try {
    co_await in_time(until, converse(s, c, until, l));
  } catch (const std::system_error& e) { how = e.code() == asio::error::eof ? "it has hung up" : e.code().message(); }
  std::printf("%s %s\n", from.c_str(), c.told(how).c_str());
}
}  // namespace detail

/// Accepts connections forever.
inline awaitable<void> serve(tcp::acceptor port, service& own, limits l) {
  for (unsigned open = 0;;) {
    std::error_code why;
    tcp::socket s = co_await port.async_accept(asio::redirect_error(use_awaitable, why));
    if (why) {  // perhaps no file descriptor is left: try again later
      asio::steady_timer pause(port.get_executor(), std::chrono::milliseconds(100));
      co_await pause.async_wait(use_awaitable);
    } else if (open != l.most) {  // otherwise the connection is closed at once
      ++open;
      co_spawn(port.get_executor(), detail::serve(std::move(s), own, l), [&open](std::exception_ptr) { --open; });
    }
  }
}

}  // namespace echo
