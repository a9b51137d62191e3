// The version and the macros.
#include <kerb/core/config.hpp>

#include "support/both.hpp"

#if !defined(KERB_VERSION) || !defined(KERB_LIFETIMEBOUND) || !defined(KERB_NOINLINE) || !defined(KERB_COLD)
#error "config.hpp defines these everywhere, if only to nothing"
#endif

namespace {

constexpr bool a_version_of_three_numbers() {
  return KERB_VERSION > 0 && KERB_VERSION < 1000000 && KERB_VERSION / 100 % 100 < 100;
}
KERB_BOTH("config: the version is major * 10000 + minor * 100 + patch", "[core]", a_version_of_three_numbers);

struct attributes_apply {
  int n = 1;
  constexpr const int& view() const KERB_LIFETIMEBOUND { return n; }
  KERB_NOINLINE constexpr int apart() const { return n + 1; }
  KERB_COLD constexpr int cold() const { return n + 2; }
};
constexpr bool attributes_change_nothing() {
  const attributes_apply a;
  return a.view() == 1 && a.apart() == 2 && a.cold() == 3;
}
KERB_BOTH("config: the attributes can stand where they are used", "[core]", attributes_change_nothing);

}  // namespace
