// expect: a_view_of_a_temporary_object_would_dangle
// The compiler's message names the reason, not only that there is no conversion.
#include <kerb/core/bytes.hpp>
#include <vector>

std::vector<std::uint8_t> from_the_network();

std::size_t size() {
#ifdef KERB_FIXED
  const auto octets = from_the_network();
  const kerb::bytes_view v = octets;
#else
  const kerb::bytes_view v = from_the_network();
#endif
  return v.size();
}
