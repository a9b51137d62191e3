// expect: use of deleted function.*operator==|overload resolution selected deleted operator '=='
#include <kerb/core/secret.hpp>

bool same(const kerb::secret<16>& a, const kerb::secret<16>& b) {
#ifdef KERB_FIXED
  return kerb::ct_equal(a.expose().unguarded(), b.expose().unguarded());
#else
  return a == b;
#endif
}
