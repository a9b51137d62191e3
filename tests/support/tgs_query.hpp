// A TGS client that asks the KDC of kdc_world.hpp for a ticket, with a buffer that is large enough.
#pragma once
#include <kerb/exchange/client/tgs.hpp>

#include "kdc_world.hpp"

namespace kerb_test {

/// The client, its ticket-granting ticket, its buffer and its KDC. Each call makes one step of the client, at the
/// world's time.
struct tgs_query {
  using client = tgs_client<testing::insecure_policy>;
  using credential = basic_credential<key>;
  using step = client::step;

  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  credential tgt;
  client x;
  bytes_view sent{};  ///< the last request of the client

  constexpr tgs_query() : tgs_query([](tgs_params<key>&) {}) {}
  /// With other parameters: `change(params)` or `change(params, tgt)`.
  template <class F>
  explicit constexpr tgs_query(const F& change) : tgt(w.tgt()), x(asking(change)) {}
  /// With another ticket-granting ticket too: `with(facts)` or `with(facts, world)`.
  template <class G, class F>
  constexpr tgs_query(const G& with, const F& change) : tgt(made(with)), x(asking(change)) {}
  tgs_query(const tgs_query&) = delete;
  tgs_query& operator=(const tgs_query&) = delete;

  constexpr step start() { return noted(x.start(w.env_now())); }
  constexpr step receive(bytes_view octets, std::optional<transport> via = {}) {
    return noted(x.receive(octets, w.env_now(), via));
  }
  /// The client receives a KRB-ERROR.
  constexpr step error(error_code_t code) { return receive(w.error(code)); }
  /// The client receives a TGS-REP to its last request, as `bend` makes it.
  template <class F>
  constexpr step reply(F bend, std::optional<transport> via = {}) {
    return receive(w.tgs_rep(sent, bend), via);
  }

 private:
  template <class F>
  constexpr tgs_params<key> asking(const F& change) {
    tgs_params<key> ask{.tgt = tgt, .server = web(), .buffer = buffer};
    if constexpr (std::invocable<const F&, tgs_params<key>&, const credential&>) change(ask, tgt);
    else change(ask);
    return ask;
  }
  template <class G>
  constexpr credential made(const G& with) {
    const credential as_issued = w.tgt();
    ticket_facts f = as_issued.facts();
    f.ticket = w.ticket(krbtgt(), w.tgs_key);
    if constexpr (std::invocable<const G&, ticket_facts&, kdc_world&>) with(f, w);
    else with(f);
    return {f, w.session_key.copy()};
  }
  constexpr step noted(step s) {
    if (const auto* out = std::get_if<send>(&s)) sent = out->octets;
    return s;
  }
};

}  // namespace kerb_test
