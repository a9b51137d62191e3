// expect: a_view_of_a_temporary_object_would_dangle
// A password's view of a temporary string would be read when the string is gone.
#include <kerb/core/secret.hpp>
#include <string>

std::string typed();

std::size_t f() {
#if defined(KERB_FIXED)
  const std::string text = typed();
  const auto password = kerb::secret_view::of(text);
#else
  const auto password = kerb::secret_view::of(typed());
#endif
  return password.size();
}
