// expect: extension_fields_come_last
#include <kerb/msg/basic.hpp>

struct Open {
  std::int32_t first = 0, second = 0;
  kerb::asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = Open;
    using namespace kerb::asn1;
#ifdef KERB_FIXED
    return sequence("Open", tag<0>("first", &T::first), tag<1>("second", &T::second), extensible(&T::extensions));
#else
    return sequence("Open", tag<0>("first", &T::first), extensible(&T::extensions), tag<1>("second", &T::second));
#endif
  }
};
const std::size_t size = kerb::asn1::encoded_size(Open{});
