// expect: a_view_of_a_temporary_object_would_dangle
// A realm's name is a view of a text, which must have a name too.
#include <kerb/msg/basic.hpp>
#include <string>

std::string setting();

std::size_t f() {
#if defined(KERB_FIXED)
  const std::string text = setting();
  const auto realm = kerb::kerberos_string::of(text);
#else
  const auto realm = kerb::kerberos_string::of(setting());
#endif
  return realm.octets.size();
}
