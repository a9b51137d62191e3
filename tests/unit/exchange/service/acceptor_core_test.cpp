// The calls that an exchange around an acceptor passes on, and their guards.
#include <kerb/exchange/service/acceptor_core.hpp>
#include <kerb/exchange/service/ap.hpp>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;

struct wrapper_table {
  enum class state : std::uint8_t { idle, open, over, failed };
  enum class call : std::uint8_t { receive, provide, no_key, replay_checked };
  static constexpr state moved_from = state::over;
  static constexpr detail::transition<call, state> transitions[] = {
      {call::receive, state::idle, {state::open}},
      {call::provide, state::open, {state::open, state::over}},
      {call::no_key, state::open, {state::over}},
      {call::replay_checked, state::open, {state::over}},
  };
};
/// An exchange that only passes on what its acceptor returns.
class wrapper : public detail::acceptor_core<wrapper, policy, detail::ap_acceptor_step, wrapper_table> {
 public:
  explicit constexpr wrapper(acceptor_params p) : acceptor_core({}), ap_(std::move(p)) {}
  constexpr step receive(bytes_view octets, const environment<policy>& env) {
    if (const auto no = this->unless<wrapper_table::call::receive>(env)) return *no;
    return taken(ap_.receive(octets, env), env);
  }
  unsigned passed = 0;

 private:
  template <class, class, class>
  friend class detail::exchange_core;
  template <class, class, class, class>
  friend class detail::acceptor_core;
  constexpr ap_acceptor<policy>& inner() { return ap_; }
  constexpr step taken(step s, const environment<policy>&) {
    ++passed;
    const bool open = kerb::is<need_ticket_key>(s) || kerb::is<check_replay>(s);
    this->state_ = open ? wrapper_table::state::open : wrapper_table::state::over;
    return s;
  }
  constexpr void forget() {}
  ap_acceptor<policy> ap_;
};

constexpr bool passes_on() {
  ap_world w;
  std::array<std::uint8_t, 4096> first{}, second{}, third{};
  const key right = w.service_key(), wrong = w.other_key(w.service_etype);
  const bytes_view token = w.mint();
  const auto env = w.turn();
  wrapper a(w.request_in(first)), b(w.request_in(second)), c(w.request_in(third));
  const bool accepted = is<need_ticket_key>(a.receive(token, env)) && is<need_ticket_key>(a.provide(wrong, env)) &&
                        is<check_replay>(a.provide(right, "EX.ORG"_krb, env)) &&
                        is<authenticated>(a.replay_checked(replay_verdict::fresh, env)) && a.passed == 4;
  const bool seen = is<need_ticket_key>(b.receive(token, env)) && is<check_replay>(b.provide(right, env)) &&
                    is<refused>(b.replay_checked(false, env));
  const bool keyless = is<need_ticket_key>(c.receive(token, env)) && is<refused>(c.no_key(errc::no_key, env));
  return accepted && seen && keyless;
}
KERB_BOTH("acceptor_core: answers reach the acceptor, and its steps come back", "[exchange][rfc4120-3.2.3]", passes_on);

constexpr bool guards() {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  const auto env = w.turn();
  wrapper a(w.request_in(buffer)), b(w.request_in(buffer)), c(w.request_in(buffer)), d(w.request_in(buffer));
  return failure(a.provide(w.service_key(), env)) == errc::api_misuse &&
         failure(b.provide(w.service_key(), "EX.ORG"_krb, env)) == errc::api_misuse &&
         failure(c.no_key(errc::no_key, env)) == errc::api_misuse &&
         failure(d.replay_checked(true, env)) == errc::api_misuse && a.passed + b.passed + c.passed + d.passed == 0;
}
KERB_BOTH("acceptor_core: a call in a wrong state does not reach the acceptor", "[exchange]", guards);

template <class X>
concept can_refuse = requires(X& x, const environment<policy>& env) {
  x.refuse(error_code_t::krb_err_generic, env);
};
static_assert(!can_refuse<wrapper>, "its table has no such call");

}  // namespace
