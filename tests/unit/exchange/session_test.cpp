// The keys of a session.
#include <kerb/exchange/session.hpp>
#include <type_traits>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using keys = session_keys<key>;
static_assert(!std::is_copy_constructible_v<keys> && std::is_move_constructible_v<keys>);
template <class T>
concept gives_a_key = requires(T&& t) {
  static_cast<T&&>(t).protection_key();
};
static_assert(gives_a_key<keys&> && gives_a_key<const keys&>);

constexpr bool the_usual_choice() {
  ap_world w;
  keys k{w.session_key(), {}, {}, {}, {}};
  if (&k.protection_key() != &k.session_key) return false;
  k.initiator_subkey = w.other_key(w.session_etype);
  if (&k.protection_key() != &*k.initiator_subkey) return false;
  k.acceptor_subkey = w.other_key(w.session_etype);
  return &k.protection_key() == &*k.acceptor_subkey;
}
KERB_BOTH("session_keys: the acceptor's subkey goes before the initiator's, and that before the ticket's",
          "[exchange][rfc4120-3.2.6]", the_usual_choice);

constexpr bool moved() {
  ap_world w;
  keys k{w.session_key(), w.other_key(w.session_etype), {}, 5, {}};
  const keys other = std::move(k);
  return k.session_key.empty() && k.initiator_subkey->empty() && !other.session_key.empty() &&
         other.initiator_seq == 5u;
}
KERB_BOTH("session_keys: moved from, they hold no key", "[exchange]", moved);

}  // namespace
