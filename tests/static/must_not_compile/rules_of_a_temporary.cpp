// expect: use of deleted function .*text_view|conversion function from .* invokes a deleted function|call to deleted
// constructor of .*text_view|selected deleted The rules are read again for each name: a temporary text would be gone by
// then.
#include <kerb/format/auth_to_local.hpp>
#include <string>

std::string setting(const char*);

bool f() {
#if defined(KERB_FIXED)
  const std::string rules = setting("auth_to_local");
  return kerb::auth_to_local::open({.rules = rules}).has_value();
#else
  return kerb::auth_to_local::open({.rules = setting("auth_to_local")}).has_value();
#endif
}
