// The common part of all exchanges, with an exchange that does nothing else.
#include <kerb/exchange/exchange_core.hpp>
#include <kerb/testing/insecure.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

using policy = testing::insecure_policy;
constexpr timestamp noon{{1767268800}, {250000}}, never{{latest_time.seconds + 1}, {0}};
constexpr std::uint8_t hello[] = {0x04, 0x05, 'h', 'e', 'l', 'l', 'o'};
constexpr std::uint8_t text[] = {'h', 'e', 'l', 'l', 'o'};

struct toy_table {
  enum class state : std::uint8_t { idle, working, over, spent, failed };
  enum class call : std::uint8_t { start, finish, take };
  static constexpr state moved_from = state::spent;
  static constexpr detail::transition<call, state> transitions[] = {
      {call::start, state::idle, {state::working, state::over}},
      {call::start, state::working, {state::working}},
      {call::finish, state::working, {state::over}},
      {call::take, state::over, {state::spent}},
  };
};
class toy : public detail::exchange_core<toy, std::variant<done, failed>, toy_table> {
 public:
  unsigned forgotten = 0;

  constexpr explicit toy(std::span<std::uint8_t> buffer = {}) : exchange_core(buffer) {}
  constexpr step start(const environment<policy>& env) {
    if (const auto no = unless<call::start>(env)) return *no;
    state_ = state::working;
    return done{};
  }
  constexpr step finish(const environment<policy>& env) {
    if (const auto no = unless<call::finish>(env)) return *no;
    state_ = state::over;
    return done{};
  }
  constexpr bool may_take() const { return may<call::take>(); }
  constexpr step fail_with(errc e) { return fail({.code = e}); }
  /// Writes an OCTET STRING, and then says that something else went wrong.
  constexpr errc write(bytes_view octets, errc fault = errc::ok, std::span<std::uint8_t> outside = {}) {
    return write_message(
        [&](der::writer& w, errc& e) {
          asn1::write(w, octets);
          e = fault;
        },
        outside);
  }
  constexpr bytes_view message() const { return workspace_.message(); }
  constexpr void keep(bytes_view octets) { workspace_.keep_copy(octets); }

 private:
  friend exchange_core;
  constexpr void forget() {
    ++forgotten;
    workspace_.wipe_front();
  }
};
using state = toy_table::state;
using call = toy_table::call;

constexpr errc failure(const toy::step& s) {
  const auto* f = std::get_if<failed>(&s);
  return f == nullptr ? errc::ok : f->why.code;
}
constexpr state state_of(const toy& x) { return detail::exchange_inspector::state_of(x); }

constexpr bool a_set_has_what_it_was_made_from() {
  const detail::state_set<state> none, two{state::working, state::failed};
  for (const state s : {state::idle, state::working, state::over, state::spent, state::failed}) {
    if (none.has(s) || two.has(s) != (s == state::working || s == state::failed)) return false;
  }
  return true;
}
KERB_BOTH("state_set: has the states that it was made from and no other", "[exchange]",
          a_set_has_what_it_was_made_from);

constexpr bool every_row_of_a_call_counts() {
  constexpr auto start = detail::states_that_allow<toy_table>(call::start),
                 finish = detail::states_that_allow<toy_table>(call::finish);
  return start.has(state::idle) && start.has(state::working) && !start.has(state::over) && !start.has(state::failed) &&
         finish.has(state::working) && !finish.has(state::idle) && !finish.has(state::over);
}
KERB_BOTH("states_that_allow: a call is allowed in the states of all its rows", "[exchange]",
          every_row_of_a_call_counts);

constexpr bool the_guard_has_three_reasons() {
  policy p;
  toy allowed, misused, late;
  if (failure(allowed.start({p, noon})) != errc::ok || state_of(allowed) != state::working) return false;
  if (failure(misused.finish({p, noon})) != errc::api_misuse || state_of(misused) != state::failed) return false;
  return failure(late.start({p, never})) == errc::clock_out_of_range && state_of(late) == state::failed;
}
constexpr bool the_clocks_unit_is_named() {
  policy p;
  const auto fault = [&](timestamp now, std::string_view field) {
    toy x;
    const auto s = x.start({p, now});
    const auto* f = std::get_if<failed>(&s);
    return f != nullptr && f->why.code == errc::clock_out_of_range && f->why.type == std::string_view("timestamp") &&
           f->why.field == field;
  };
  return fault({{1767268800000}, {0}}, "at") && fault({{1767268800}, {1000000}}, "usec") &&
         fault({{1767268800}, {-1}}, "usec");
}
KERB_BOTH(
    "exchange_core: the error of a clock out of range names the member: milliseconds in place of seconds are `at`",
    "[exchange][rfc4120-5.2.3]", the_clocks_unit_is_named);
KERB_BOTH("exchange_core: a call fails out of its turn, and with a clock out of range", "[exchange][rfc4120-5.2.3]",
          the_guard_has_three_reasons);

constexpr bool the_first_applicable_reason_is_returned() {
  policy p;
  toy x;
  if (failure(x.finish({p, never})) != errc::api_misuse) return false;  // not the clock
  toy y;
  (void)y.fail_with(errc::entropy);
  return failure(y.finish({p, never})) == errc::entropy && failure(y.start({p, never})) == errc::entropy;
}
KERB_BOTH("exchange_core: an earlier failure comes before misuse, and misuse before the clock", "[exchange]",
          the_first_applicable_reason_is_returned);

constexpr bool the_first_error_is_kept() {
  policy p;
  toy x;
  (void)x.fail_with(errc::integrity);
  for (int i = 0; i != 2; ++i) {
    if (failure(x.start({p, noon})) != errc::integrity || failure(x.finish({p, noon})) != errc::integrity ||
        failure(x.abandon({.code = errc::no_answer})) != errc::integrity || x.may_take()) {
      return false;
    }
  }
  return x.forgotten == 1;
}
KERB_BOTH("exchange_core: after a failure every call returns the first error, and no call is allowed", "[exchange]",
          the_first_error_is_kept);

constexpr bool the_whole_error_is_kept() {
  policy p;
  toy x;
  (void)x.abandon({.code = errc::no_answer, .offset = 9, .detail = 7, .type = "Ticket", .field = "sname"});
  const toy::step s = x.start({p, noon});
  const auto* f = std::get_if<failed>(&s);
  return f != nullptr && f->why.code == errc::no_answer && f->why.detail == 7 && f->why.offset == 9 &&
         std::string_view(f->why.type) == "Ticket" && std::string_view(f->why.field) == "sname";
}
KERB_BOTH("exchange_core: a later call returns the error with its place and detail", "[exchange]",
          the_whole_error_is_kept);

constexpr bool a_caller_gives_up() {
  policy p;
  std::array<std::uint8_t, 64> buffer{};
  toy x(buffer);
  (void)x.start({p, noon});
  x.keep(text);
  if (failure(x.abandon({.code = errc::no_answer})) != errc::no_answer) return false;
  for (std::size_t i = 0; i != sizeof text; ++i)
    if (buffer[i] != 0) return false;
  return state_of(x) == state::failed && x.forgotten == 1;
}
KERB_BOTH("exchange_core: abandon() fails with the caller's error and wipes what was kept", "[exchange]",
          a_caller_gives_up);

constexpr bool moved_from_it_allows_nothing() {
  policy p;
  std::array<std::uint8_t, 64> buffer{};
  toy x(buffer);
  (void)x.start({p, noon});
  if (x.write(text) != errc::ok) return false;
  toy y(std::move(x));
  if (state_of(x) != state::spent || !x.framed().empty() || x.may_take()) return false;
  if (state_of(y) != state::working || !(y.message() == bytes_view(hello))) return false;
  toy z;
  z = std::move(y);
  return failure(x.start({p, noon})) == errc::api_misuse && failure(y.start({p, noon})) == errc::api_misuse &&
         failure(z.finish({p, noon})) == errc::ok && z.may_take() && z.message() == bytes_view(hello);
}
KERB_BOTH("exchange_core: one that was moved from allows no call, and the other goes on", "[exchange]",
          moved_from_it_allows_nothing);

constexpr bool a_message_is_at_the_end_with_its_length() {
  std::array<std::uint8_t, 64> buffer{};
  toy x(buffer);
  if (!x.framed().empty() || x.write(text) != errc::ok || !(x.message() == bytes_view(hello))) return false;
  if (x.message().data() + x.message().size() != buffer.data() + buffer.size()) return false;
  const bytes_view framed = x.framed();
  return framed.size() == 4 + sizeof hello && framed[0] == 0 && framed[1] == 0 && framed[2] == 0 &&
         framed[3] == sizeof hello && framed.subview(4) == bytes_view(hello);
}
KERB_BOTH("exchange_core: a message is at the end of the buffer, and framed() has its length in front",
          "[exchange][rfc4120-7.2.2]", a_message_is_at_the_end_with_its_length);

constexpr bool plaintext_of_a_failed_message_is_wiped() {
  std::array<std::uint8_t, 64> buffer{};
  toy x(buffer);
  x.keep(text);
  if (x.write(hello) != errc::ok || x.write(text, errc::crypto_backend) != errc::crypto_backend) return false;
  if (!x.message().empty() || !x.framed().empty()) return false;
  for (std::size_t i = sizeof text; i != buffer.size(); ++i)
    if (buffer[i] != 0) return false;
  return bytes_view(buffer).first(sizeof text) == bytes_view(text);
}
KERB_BOTH("exchange_core: of a message that fails nothing is left, and what is kept stays", "[exchange]",
          plaintext_of_a_failed_message_is_wiped);

constexpr bool a_message_can_be_in_another_buffer() {
  std::array<std::uint8_t, 64> buffer{}, other{};
  toy x(buffer);
  x.keep(text);
  if (x.write(text, errc::ok, other) != errc::ok || !(x.message() == bytes_view(hello))) return false;
  if (x.framed().data() + x.framed().size() != other.data() + other.size()) return false;
  for (std::size_t i = sizeof text; i != buffer.size(); ++i)
    if (buffer[i] != 0) return false;
  if (x.write(text, errc::crypto_backend, other) != errc::crypto_backend || !x.framed().empty()) return false;
  for (const std::uint8_t o : other)
    if (o != 0) return false;
  return bytes_view(buffer).first(sizeof text) == bytes_view(text);
}
KERB_BOTH("exchange_core: a message can be written into another buffer, and is wiped there when it fails", "[exchange]",
          a_message_can_be_in_another_buffer);

constexpr bool a_message_without_space_is_wiped() {
  for (std::size_t n = 0; n != 4 + sizeof hello; ++n) {
    std::array<std::uint8_t, 4 + sizeof hello> buffer{};
    toy x(std::span<std::uint8_t>(buffer).first(n));
    if (x.write(text) != errc::no_space || !x.message().empty()) return false;
    for (const std::uint8_t o : buffer)
      if (o != 0) return false;
  }
  std::array<std::uint8_t, 4 + sizeof hello> buffer{};
  toy x(buffer);
  return x.write(text) == errc::ok && x.framed().size() == buffer.size();
}
KERB_BOTH("exchange_core: a message needs space for its length too, and without it fails with no_space", "[exchange]",
          a_message_without_space_is_wiped);

constexpr bool the_writers_reason_comes_first() {
  std::array<std::uint8_t, 4> buffer{};
  toy x(buffer);
  return x.write(text, errc::entropy) == errc::entropy;
}
KERB_BOTH("exchange_core: the reason that a message gives comes before no_space", "[exchange]",
          the_writers_reason_comes_first);

}  // namespace
