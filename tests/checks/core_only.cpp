// Uses the core without a crypto library; symbols.py looks at what the object needs. Each room has a function here.
#include <kerb/core/bytes.hpp>
#include <kerb/core/error.hpp>
#include <kerb/core/result.hpp>
#include <kerb/core/secret.hpp>
#include <kerb/core/time.hpp>

namespace core_only {

bool core(kerb::timestamp a, kerb::timestamp b) {
  kerb::unique_time clock;
  return kerb::within_skew(clock.next(a), clock.next(b), 300);
}

}  // namespace core_only
