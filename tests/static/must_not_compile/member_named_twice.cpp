// expect: field_is_named_twice
#include <kerb/msg/basic.hpp>

struct Twice {
  std::int32_t first = 0, second = 0;

  static consteval auto asn1() {
    using T = Twice;
    using namespace kerb::asn1;
#ifdef KERB_FIXED
    return sequence("Twice", tag<0>("first", &T::first), tag<1>("second", &T::second));
#else
    return sequence("Twice", tag<0>("first", &T::first), tag<1>("second", &T::first));
#endif
  }
};
const std::size_t size = kerb::asn1::encoded_size(Twice{});
