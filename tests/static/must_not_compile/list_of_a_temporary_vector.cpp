// expect: a_view_of_a_temporary_object_would_dangle
#include <kerb/core/bytes.hpp>
#include <vector>

std::vector<int> types();

std::size_t size() {
#ifdef KERB_FIXED
  const auto all = types();
  const kerb::view_of<int> v = all;
#else
  const kerb::view_of<int> v = types();
#endif
  return v.size();
}
