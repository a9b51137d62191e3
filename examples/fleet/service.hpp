// What the connections of one process share: one thread, one policy, one replay cache.
#pragma once
#include <sys/time.h>

#include <kerb/format/keytab.hpp>

#include "shared_replays.hpp"

namespace example {

struct service {
  kerb::principal name;
  kerb::keytab_keys<policy> keys;
  policy& crypto;
  shared_replays& replays;
  kerb::exchange_limits limits;
  shared_replays::log_line log;

  kerb::environment<policy> turn(kerb::timestamp at) { return {crypto, at, limits}; }
};

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

}  // namespace example
