// expect: a_view_of_a_temporary_object_would_dangle
// The octets of a text are a view of it: a temporary text would be gone before the view is used.
#include <kerb/core/bytes.hpp>
#include <string>

std::string made();

std::size_t f() {
#if defined(KERB_FIXED)
  const std::string text = made();
  const kerb::bytes_view view = kerb::octets_of(text);
#else
  const kerb::bytes_view view = kerb::octets_of(made());
#endif
  return view.size();
}
