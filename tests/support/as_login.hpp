// An AS client that is logging in at the KDC of kdc_world.hpp, with a buffer that is large enough.
#pragma once
#include <kerb/exchange/client/as.hpp>

#include "kdc_world.hpp"

namespace kerb_test {

/// The octets that a step sends; none where it sends nothing.
template <class... Alternative>
constexpr bytes_view octets_of_send(const std::variant<Alternative...>& step) {
  const auto* out = std::get_if<send>(&step);
  return out == nullptr ? bytes_view() : out->octets;
}

/// Changes of the parameters, for the constructor of a login.
inline constexpr auto without_password = [](as_params<key>& ask) { ask.password = {}; };
inline constexpr auto following_the_clock = [](as_params<key>& ask) { ask.follow_kdc_clock = true; };
inline constexpr auto canonicalizing = [](as_params<key>& ask) { ask.options = {kdc_option_t::canonicalize}; };
/// The long-term key that the KDC has, in place of the password.
inline constexpr auto with_the_key = [](as_params<key>& ask, const kdc_world& w) {
  ask.password = {};
  ask.key = w.client_key;
};

/// A client, its buffer and its KDC. Each call makes one step of the client, at `at`.
template <class Client, class World = kdc_world>
struct login_of {
  using step = typename Client::step;

  World w;
  std::array<std::uint8_t, 2048> buffer{};
  Client x;
  bytes_view sent{};    ///< the last request of the client
  timestamp at = noon;  ///< the client's clock

  constexpr login_of() : x(w.ask_as(buffer)) {}
  /// With other parameters: `change(params)` or `change(params, world)`.
  template <class F>
  explicit constexpr login_of(const F& change) : x(asking(change)) {}
  template <class F, class Mechanisms>
  constexpr login_of(const F& change, Mechanisms own) : x(asking(change), std::move(own)) {}
  login_of(const login_of&) = delete;
  login_of& operator=(const login_of&) = delete;

  constexpr step start() { return noted(x.start(w.turn_at(at))); }
  constexpr step receive(bytes_view octets, std::optional<transport> via = {}) {
    return noted(x.receive(octets, w.turn_at(at), via));
  }
  /// The client receives a KRB-ERROR with hints for pre-authentication.
  constexpr step hints(const hints_spec& h = {}, std::optional<transport> via = {}) { return receive(w.hints(h), via); }
  /// The client receives a KRB-ERROR.
  constexpr step error(error_code_t code, std::optional<bytes_view> e_data = {}, std::optional<transport> via = {}) {
    return receive(w.error(code, e_data), via);
  }
  /// The client receives an AS-REP to its last request, as `bend` makes it.
  template <class F>
  constexpr step reply(F bend, std::optional<transport> via = {}) {
    return receive(w.as_rep(sent, bend), via);
  }
  constexpr step provide(key&& k) { return noted(x.provide(std::move(k), w.turn_at(at))); }
  template <class Answer>
  constexpr step answer(const Answer& a) {
    return noted(x.answer(a, w.turn_at(at)));
  }

 private:
  template <class F>
  constexpr as_params<key> asking(const F& change) {
    as_params<key> ask = w.ask_as(buffer);
    if constexpr (std::invocable<const F&, as_params<key>&, const kdc_world&>) change(ask, w);
    else change(ask);
    return ask;
  }
  constexpr step noted(step s) {
    if (const auto* out = std::get_if<send>(&s)) sent = out->octets;
    return s;
  }
};
using as_login = login_of<as_client<testing::insecure_policy>>;

/// Padata with a PA-ETYPE-INFO2 of one entry, which anyone can add to a reply.
class info2_padata {
 public:
  explicit constexpr info2_padata(const msg::EtypeInfo2Entry& e)
      : entry_{e},
        list_{{padata_t::etype_info2,
               must(asn1::encode(msg::EtypeInfo2(view_of<msg::EtypeInfo2Entry>(entry_)), info_))}} {}
  info2_padata(const info2_padata&) = delete;
  info2_padata& operator=(const info2_padata&) = delete;

  constexpr msg::MethodData list() const { return msg::MethodData(view_of<msg::PaData>(list_)); }

 private:
  std::array<msg::EtypeInfo2Entry, 1> entry_;
  std::array<std::uint8_t, 64> info_{};
  std::array<msg::PaData, 1> list_;
};

}  // namespace kerb_test
