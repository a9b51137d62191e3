// The common part of the exchanges that pass on the steps of an AP exchange's acceptor.
#pragma once
#include "../../numbers/error_code.hpp"
#include "../../numbers/key_search.hpp"
#include "../../store/replay_cache.hpp"
#include "../exchange_core.hpp"

namespace kerb::inline v0::detail {

/// The calls with which a caller answers the steps of ap_acceptor, for an exchange that holds one or
/// holds an exchange around one. `Self` has inner(), the exchange that gets the answer, and
/// taken(step, env), which turns the step that this one returns into a step of its own.
template <class Self, class C, class Step, class Table>
class acceptor_core : public exchange_core<Self, Step, Table> {
  using base = exchange_core<Self, Step, Table>;

 protected:
  using typename base::call;
  constexpr explicit acceptor_core(std::span<std::uint8_t> buffer) : base(buffer) {}

 public:
  using typename base::step;

  /// Answers need_ticket_key, as ap_acceptor::provide() does.
  template <class K>
    requires seals_with<C, K>
  [[nodiscard]] constexpr step provide(const K& k, kerberos_string realm, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    return self().taken(self().inner().provide(k, realm, env), env);
  }
  template <class K>
    requires seals_with<C, K>
  [[nodiscard]] constexpr step provide(const K& k, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    return self().taken(self().inner().provide(k, env), env);
  }
  /// Answers need_ticket_key without a key, as ap_acceptor::no_key() does.
  [[nodiscard]] constexpr step no_key(const no_ticket_key& none, const environment<C>& env) {
    if (const auto no = this->template unless<call::no_key>(env)) return *no;
    return self().taken(self().inner().no_key(none, env), env);
  }
  /// Answers check_replay, as ap_acceptor::replay_checked() does.
  [[nodiscard]] constexpr step replay_checked(replay_verdict v, const environment<C>& env) {
    if (const auto no = this->template unless<call::replay_checked>(env)) return *no;
    return self().taken(self().inner().replay_checked(v, env), env);
  }
  [[nodiscard]] constexpr step replay_checked(bool is_fresh, const environment<C>& env) {
    return replay_checked(is_fresh ? replay_verdict::fresh : replay_verdict::seen, env);
  }
  /// Refuses an authenticated client with a KRB-ERROR of this code, if the exchange lets its caller decide.
  [[nodiscard]] constexpr step refuse(error_code_t code, const environment<C>& env) requires requires {
    Table::call::refuse;
  }
  {
    if (const auto no = this->template unless<call::refuse>(env)) return *no;
    return self().taken(self().inner().refuse(code, env), env);
  }

 private:
  constexpr Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace kerb::inline v0::detail
