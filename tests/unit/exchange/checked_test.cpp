// A value or a refusal.
#include <kerb/exchange/checked.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
/// A value that can only be moved, as a key.
struct only_moved {
  int n = 0;
  constexpr explicit only_moved(int i) : n(i) {}
  constexpr only_moved(only_moved&& o) noexcept : n(std::exchange(o.n, 0)) {}
  constexpr only_moved& operator=(only_moved&&) = default;
};
constexpr detail::checked<only_moved> half_of(int n) {
  if (n % 2 != 0) return detail::no(errc::clock_skew, "T", "f");
  return only_moved(n / 2);
}
}  // namespace

KERB_BOTH("checked: a value, whose refusal is none", "[exchange]", [] {
  auto good = half_of(8);
  const only_moved taken = std::move(*good);
  return good && good.refusal().ok() && taken.n == 4;
});
KERB_BOTH("checked: a refusal with its reason and code, and no value", "[exchange]", [] {
  const auto bad = half_of(7);
  return !bad && !bad.refusal().ok() && bad.refusal().code == error_code_t::krb_ap_err_skew &&
         bad.refusal().why.code == errc::clock_skew && std::string_view(bad.refusal().why.field) == "f";
});
