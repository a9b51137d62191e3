// Where a KDC may be.
#include <kerb/transport/candidate.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool ports() {
  return default_port(server_t::kdc) == 88 && default_port(server_t::primary_kdc) == 88 &&
         default_port(server_t::kadmin) == 749 && default_port(server_t::kpasswd) == 464;
}
KERB_BOTH("candidate: each server has its port", "[transport]", ports);

}  // namespace
