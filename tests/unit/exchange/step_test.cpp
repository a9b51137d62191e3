// The words of a step, and match(), which wants a handler for each.
#include <kerb/exchange/step.hpp>
#include <type_traits>

#include "support/both.hpp"

using namespace kerb;

namespace {

using step = std::variant<send, need_buffer, done, failed>;

static_assert(std::is_trivially_copyable_v<send> && std::is_trivially_copyable_v<ignored> &&
              std::is_trivially_copyable_v<need_buffer> && std::is_trivially_copyable_v<need_key> &&
              std::is_trivially_copyable_v<need_ticket_key> && std::is_trivially_copyable_v<check_replay> &&
              std::is_trivially_copyable_v<authenticated> && std::is_trivially_copyable_v<reply> &&
              std::is_trivially_copyable_v<refused> && std::is_trivially_copyable_v<done> &&
              std::is_trivially_copyable_v<failed>);

constexpr int which(const step& s) {
  return match(
      s, [](const send&) { return 1; }, [](const need_buffer& n) { return static_cast<int>(n.size); },
      [](done) { return 3; }, [](const failed& f) { return f.why.code == errc::entropy ? 4 : 5; });
}
constexpr bool the_handler_of_the_word() {
  return which(send{}) == 1 && which(need_buffer{77}) == 77 && which(done{}) == 3 &&
         which(failed{{.code = errc::entropy}}) == 4 && which(failed{{.code = errc::integrity}}) == 5;
}
KERB_BOTH("on: calls the handler of the word that was said", "[exchange]", the_handler_of_the_word);

constexpr bool one_handler_for_several() {
  int calls = 0;
  match(
      step{done{}}, [&](const send&) { calls += 100; }, [&](const auto&) { calls += 1; });
  match(
      step{send{}}, [&](const send&) { calls += 100; }, [&](const auto&) { calls += 1; });
  return calls == 101;
}
KERB_BOTH("on: a generic handler takes what has none of its own", "[exchange]", one_handler_for_several);

constexpr auto some = [](const send&) {};
static_assert(kerb::detail::handles<decltype(some), send> && !kerb::detail::handles<decltype(some), done>,
              "a forgotten word is noticed");

constexpr bool says_one_word() {
  const step s = need_buffer{5};
  return is<need_buffer>(s) && !is<send>(s) && !is<done>(s) && !is<failed>(s);
}
KERB_BOTH("says: the word that the step holds, and no other", "[exchange]", says_one_word);

constexpr bool what_a_send_says_by_itself() {
  const send s{};
  return s.octets.empty() && s.to == destination::kdc && s.via == transport::datagram && s.fresh &&
         s.then == afterwards::wait;
}
KERB_BOTH("send: by itself is a fresh message to a KDC that waits for an answer", "[exchange]",
          what_a_send_says_by_itself);

}  // namespace
