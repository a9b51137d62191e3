// expect: a text is a kerb::kerberos_string
#include <kerb/asn1/decode.hpp>
#include <kerb/asn1/primitives.hpp>
#include <kerb/msg/basic.hpp>

struct request {
#if defined(KERB_FIXED)
  kerb::kerberos_string value{};
#else
  std::string_view value{};
#endif
  static consteval auto asn1() { return kerb::asn1::sequence("Request", kerb::asn1::tag<0>("value", &request::value)); }
};

bool f(kerb::bytes_view octets) { return kerb::asn1::decode<request>(octets).has_value(); }
