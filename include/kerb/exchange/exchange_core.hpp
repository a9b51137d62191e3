// The common part of all exchanges: the table of allowed calls, the state, the first error, the buffer.
#pragma once
#include <initializer_list>

#include "environment.hpp"
#include "moved.hpp"
#include "step.hpp"
#include "workspace.hpp"

namespace kerb::inline v0::detail {

/// A set of an exchange's states.
template <class State>
struct state_set {
  std::uint32_t bits = 0;
  constexpr state_set() = default;
  constexpr state_set(std::initializer_list<State> states) {
    for (const State s : states) bits |= bit(s);
  }
  constexpr bool has(State s) const { return (bits & bit(s)) != 0; }
  static constexpr std::uint32_t bit(State s) { return std::uint32_t{1} << static_cast<unsigned>(s); }
};

/// A row of an exchange's table: `call` is allowed in the state `from`, and leads to one of the
/// states `to`. Two more results are always possible and not in the table: the state `failed`, and
/// no change, with need_buffer or ignored.
template <class Call, class State>
struct transition {
  Call call;
  State from;
  state_set<State> to;
};

/// The states in which a table allows a call.
template <class Table>
consteval state_set<typename Table::state> states_that_allow(typename Table::call which) {
  state_set<typename Table::state> states;
  for (const auto& t : Table::transitions)
    if (t.call == which) states.bits |= states.bit(t.from);
  return states;
}

/// What all exchanges are made of. `Table` has the enumerations `state`, which includes idle and
/// failed, and `call`; the array `transitions`; and `moved_from`, the state of an exchange that was
/// moved from, which allows no call. `Self` has forget(), which wipes everything when the exchange
/// fails.
template <class Self, class Step, class Table>
class exchange_core {
 public:
  using step = Step;

  /// The message that was written last with its length in front, for a stream
  /// (RFC 4120 section 7.2.2); valid as long as the message.
  constexpr bytes_view framed() { return workspace_.framed_message(); }
  /// The caller has given up, because its transport or its database failed: the exchange fails with
  /// this error. After a failure it returns the first error again.
  [[nodiscard]] constexpr step abandon(error e) { return state_ == state::failed ? failed{why_} : fail(e); }

 protected:
  using state = typename Table::state;
  using call = typename Table::call;

  constexpr explicit exchange_core(std::span<std::uint8_t> buffer) : workspace_(buffer) {}
  constexpr exchange_core(exchange_core&&) = default;
  constexpr exchange_core& operator=(exchange_core&&) = default;
  constexpr ~exchange_core() = default;

  /// Whether the table allows this call in the current state.
  template <call Which>
  constexpr bool may() const {
    return states_that_allow<Table>(Which).has(state_);
  }
  /// The guard of every call with an environment: the step to return at once, if the exchange has
  /// failed before, the table does not allow the call, or the clock is out of range.
  template <call Which, class Environment>
  constexpr std::optional<failed> unless(const Environment& env) {
    if (state_ == state::failed) return failed{why_};
    if (!may<Which>()) return fail({.code = errc::api_misuse});
    if (!env.now.in_range()) return fail(clock_fault(env.now));
    return std::nullopt;
  }
  /// Fails with the first error, which every later call returns again.
  KERB_COLD constexpr failed fail(error e) {
    why_ = e;
    state_ = state::failed;
    static_cast<Self*>(this)->forget();
    return failed{why_};
  }
  /// Writes a message with `write(writer, why)` at the end of the buffer, or of `outside` if that is
  /// not empty. On failure it wipes what was written, which may be plaintext, and returns the
  /// reason.
  template <class Write>
  constexpr errc write_message(Write&& write, std::span<std::uint8_t> outside = {}) {
    errc why = errc::ok;
    der::writer w(workspace_.message_space(outside));
    write(w, why);
    if (why == errc::ok && !w.ok()) why = errc::no_space;
    if (why == errc::ok) workspace_.message_is(w.count());
    else workspace_.wipe_message();
    return why;
  }

  workspace workspace_;
  moving_state<Table::moved_from> state_ = state::idle;
  error why_{};

 private:
  friend struct exchange_inspector;
};

/// For tests: the state of an exchange, and its table.
struct exchange_inspector {
  template <class Self, class Step, class Table>
  static constexpr typename Table::state state_of(const exchange_core<Self, Step, Table>& x) {
    return x.state_;
  }
  template <class Self, class Step, class Table>
  static Table table_of(const exchange_core<Self, Step, Table>&);
};

}  // namespace kerb::inline v0::detail
