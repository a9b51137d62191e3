// Where the shared replay cache is, and what it may assume about clocks.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace example {

struct replay_options {
  std::string redis = "127.0.0.1:6379", password, prefix = "kerb:";
  std::int64_t skew = 300;                   ///< seconds, the same for all acceptors
  std::int64_t apart = 2;                    ///< seconds by which an acceptor's clock and Redis's may differ
  std::chrono::milliseconds patience{1000};  ///< time limit for a reply of Redis
};

}  // namespace example
