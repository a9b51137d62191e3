// expect: field_numbers_ascend_so_this_is_a_plain_sequence
#include <kerb/msg/basic.hpp>

struct Turned {
  std::int32_t first = 0, second = 0;

  static consteval auto asn1() {
    using T = Turned;
    using namespace kerb::asn1;
#ifdef KERB_FIXED
    return sequence_in_order("Good", tag<1>("first", &T::first), tag<0>("second", &T::second));
#else
    return sequence_in_order("Bad", tag<0>("first", &T::first), tag<1>("second", &T::second));
#endif
  }
};
const std::size_t size = kerb::asn1::encoded_size(Turned{});
