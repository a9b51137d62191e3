// The encrypted contents of MIT krb5's PA-FX-COOKIE. Only a KDC can read its own cookies.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// SecureCookie, from MIT krb5's documentation of its cookie format: the contents of a cookie of version 1.
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
