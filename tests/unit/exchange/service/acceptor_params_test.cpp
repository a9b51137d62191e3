// What a service that says nothing accepts.
#include <kerb/exchange/service/acceptor_params.hpp>
#include <type_traits>

#include "support/both.hpp"

using namespace kerb;

static_assert(std::is_aggregate_v<acceptor_params> && std::is_aggregate_v<accept_options>,
              "both are written with designated initialisers");

KERB_BOTH("acceptor_params: nothing is trusted unless the caller says so", "[exchange]", [] {
  const acceptor_params r{.buffer = {}};
  return !r.trust_unchecked_path && !r.paths && !r.user_to_user && r.understood.empty() && !r.bindings &&
         r.binding == binding_rule::if_present;
});
KERB_BOTH("accept_options: an answer has a key and a number of its own", "[exchange]", [] {
  const accept_options o{};
  return o.subkey && o.sequence_number && o.negotiate_etype;
});
