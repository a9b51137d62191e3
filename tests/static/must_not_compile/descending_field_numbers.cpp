// expect: field_numbers_must_ascend
#include <kerb/msg/basic.hpp>

struct Descending {
  std::int32_t first = 0, second = 0;

  static consteval auto asn1() {
    using T = Descending;
    using namespace kerb::asn1;
#ifdef KERB_FIXED
    return sequence("Descending", tag<0>("first", &T::first), tag<1>("second", &T::second));
#else
    return sequence("Descending", tag<1>("first", &T::first), tag<0>("second", &T::second));
#endif
  }
};
const std::size_t size = kerb::asn1::encoded_size(Descending{});
