// expect: for a SEQUENCE OF use kerb::asn1::sequence_of<T>, for an OCTET STRING
// Decoded messages are views; a vector would have to be allocated.
#include <kerb/asn1/decode.hpp>
#include <kerb/asn1/primitives.hpp>
#include <kerb/msg/basic.hpp>
#include <vector>

struct request {
#if defined(KERB_FIXED)
  kerb::bytes_view value;
#else
  std::vector<std::uint8_t> value;
#endif
  static consteval auto asn1() { return kerb::asn1::sequence("Request", kerb::asn1::tag<0>("value", &request::value)); }
};

bool f(kerb::bytes_view octets) { return kerb::asn1::decode<request>(octets).has_value(); }
