// expect: an INTEGER is a std::int32_t, a std::uint32_t or a kerb::uint32
// Kerberos has Int32 and UInt32 (RFC 4120 section 5.2.4).
#include <kerb/asn1/decode.hpp>
#include <kerb/asn1/primitives.hpp>
#include <kerb/msg/basic.hpp>

struct request {
#if defined(KERB_FIXED)
  std::int32_t value;
#else
  std::int64_t value;
#endif
  static consteval auto asn1() { return kerb::asn1::sequence("Request", kerb::asn1::tag<0>("value", &request::value)); }
};

bool f(kerb::bytes_view octets) { return kerb::asn1::decode<request>(octets).has_value(); }
