// expect: for text use kerb::kerberos_string
// Decoded messages are views; a string would have to be allocated.
#include <kerb/asn1/decode.hpp>
#include <kerb/asn1/primitives.hpp>
#include <kerb/msg/basic.hpp>
#include <string>

struct request {
#if defined(KERB_FIXED)
  std::optional<kerb::kerberos_string> value;
#else
  std::optional<std::string> value;
#endif
  static consteval auto asn1() { return kerb::asn1::sequence("Request", kerb::asn1::tag<0>("value", &request::value)); }
};

bool f(kerb::bytes_view octets) { return kerb::asn1::decode<request>(octets).has_value(); }
