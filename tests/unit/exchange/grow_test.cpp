// A call of an exchange, repeated in larger buffers.
#include <kerb/exchange/grow.hpp>

#include <chrono>

#include "support/both.hpp"

using namespace kerb;

namespace {
using step = std::variant<need_buffer, done, failed>;

/// Needs buffers of 10, then 20 octets.
struct needy {
  std::span<std::uint8_t> buffer;
  bool refuses = false;
  unsigned calls = 0;
  constexpr step call() {
    ++calls;
    if (buffer.size() < 10) return need_buffer{10};
    if (buffer.size() < 20) return need_buffer{20};
    return done{};
  }
  constexpr bool set_buffer(std::span<std::uint8_t> b) {
    if (refuses) return false;
    buffer = b;
    return true;
  }
};

KERB_BOTH("with_growth: repeats the call until the buffer is large enough", "[exchange]", [] {
  needy x;
  std::array<std::uint8_t, 30> all{};
  std::array<std::size_t, 4> asked{};
  std::size_t times = 0;
  const auto grow = [&](std::size_t n) {
    asked[times++] = n;
    return std::span(all).first(n);
  };
  const step s = detail::with_growth(x, grow, [&] { return x.call(); });
  return is<done>(s) && times == 2 && asked[0] == 10 && asked[1] == 20 && x.calls == 3;
});
KERB_BOTH("with_growth: asks for nothing when nothing is lacking", "[exchange]", [] {
  std::array<std::uint8_t, 20> all{};
  needy x{all};
  const auto grow = [](std::size_t) -> std::span<std::uint8_t> { throw 0; };
  return is<done>(detail::with_growth(x, grow, [&] { return x.call(); })) && x.calls == 1;
});
KERB_BOTH("with_growth: ends with the step when there is no larger buffer, or the exchange has no use for it",
          "[exchange]", [] {
            needy x, y, z;
            std::array<std::uint8_t, 30> all{};
            z.refuses = true;
            no_growth none;
            const auto too_small = [&](std::size_t n) { return std::span(all).first(n - 1); };
            const auto enough = [&](std::size_t n) { return std::span(all).first(n); };
            const auto stays = [](needy& of, auto& grow) {
              const step s = detail::with_growth(of, grow, [&] { return of.call(); });
              const auto* n = std::get_if<need_buffer>(&s);
              return n != nullptr && n->size == 10 && of.calls == 1;
            };
            return stays(x, none) && stays(y, too_small) && stays(z, enough);
          });
KERB_BOTH("with_growth: ends with the step when the reply buffer of the call is too small", "[exchange]", [] {
  needy x;
  unsigned calls = 0;
  const auto grow = [](std::size_t) -> std::span<std::uint8_t> { throw 0; };
  const step s = detail::with_growth(x, grow, [&]() -> step { return ++calls, need_buffer{10, true}; });
  const auto* n = std::get_if<need_buffer>(&s);
  return n != nullptr && n->size == 10 && n->for_reply && calls == 1;
});
KERB_BOTH("clock_reading: a time of std::chrono::system_clock, or a function that returns one", "[exchange]", [] {
  const std::chrono::system_clock::time_point noon{std::chrono::seconds(5)};
  const auto clock = [&] { return noon; };
  return detail::clock_reading(noon).at == kerberos_time{5} && detail::clock_reading(clock).at == kerberos_time{5};
});
KERB_BOTH("clock_reading: a timestamp, or a function that returns one", "[exchange]", [] {
  const timestamp noon{{5}, {6}};
  const auto clock = [] { return timestamp{{7}, {8}}; };
  return detail::clock_reading(noon).at == kerberos_time{5} && detail::clock_reading(clock).at == kerberos_time{7};
});
KERB_BOTH("too_small: the error has the size, and tells which buffer is too small", "[exchange]", [] {
  const error e = detail::too_small({70000}), of_reply = detail::too_small({80, true});
  return e.code == errc::no_space && e.detail == 70000 && std::string_view(e.type).empty() &&
         of_reply.code == errc::no_space && of_reply.detail == 80 && std::string_view(of_reply.type) == "reply";
});
}  // namespace
