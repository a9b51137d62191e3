// expect: a_view_of_a_temporary_object_would_dangle
// A view of octets binds to no temporary owner: the owner would be gone before the view is used.
#include <array>
#include <cstdint>
#include <kerb/core/bytes.hpp>

std::array<std::uint8_t, 4> made();

std::size_t f() {
#if defined(KERB_FIXED)
  const auto owner = made();
  const kerb::bytes_view view = owner;
#else
  const kerb::bytes_view view = made();
#endif
  return view.size();
}
