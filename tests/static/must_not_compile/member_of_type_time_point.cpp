// expect: a KerberosTime is a kerb::kerberos_time
// Kerberos has times before and after those of some clocks.
#include <chrono>
#include <kerb/asn1/decode.hpp>
#include <kerb/asn1/primitives.hpp>
#include <kerb/msg/basic.hpp>

struct request {
#if defined(KERB_FIXED)
  kerb::kerberos_time value;
#else
  std::chrono::system_clock::time_point value;
#endif
  static consteval auto asn1() { return kerb::asn1::sequence("Request", kerb::asn1::tag<0>("value", &request::value)); }
};

bool f(kerb::bytes_view octets) { return kerb::asn1::decode<request>(octets).has_value(); }
