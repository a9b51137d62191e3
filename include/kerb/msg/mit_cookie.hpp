// What MIT krb5's KDC seals in its PA-FX-COOKIE: of use to whoever reads a KDC's own cookies.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// SecureCookie, MIT krb5's documentation of its cookie format: in a cookie of version 1.
struct SecureCookie {
  uint32                 time{};  ///< seconds since 1970
  MethodData             data;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = SecureCookie;
    using namespace kerb::asn1;
    return sequence("SecureCookie",
      plain("time", &T::time),
      plain("data", &T::data),
      extensible(&T::extensions));
  }
};

}  // namespace kerb::inline v0::msg
