// IAKERB: AS and TGS exchanges through the acceptor, draft-ietf-kitten-iakerb.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0 {

/// A view of the target-realm of an IAKERB-HEADER: a UTF8String without the octet 0, as all realms.
struct iakerb_realm {
  bytes_view octets;
  /// Whether it is an OCTET STRING instead. MIT krb5 1.8 to 1.21 writes it so and rejects a
  /// UTF8String; der::rules::octet_string_realm accepts it.
  bool as_octet_string = false;
};

template <>
struct asn1::codec<iakerb_realm> {
  static constexpr const char* name = "UTF8String";
  static constexpr der::tag tag = der::utf8_string;
  template <der::mode M>
  static constexpr bool read(der::basic_reader<M>& r, iakerb_realm& out, der::place p) {
    out.as_octet_string = r.allowed().octet_string_realm && r.next_is(der::octet_string);
    const der::contents<M> c = r.contents(out.as_octet_string ? der::octet_string : tag, p);
    if (!c) return false;
    out.octets = c;
    return is_realm_text({out.octets}) || c.fail(errc::bad_realm);
  }
  static constexpr void write(der::writer& w, const iakerb_realm& v, der::tag t = tag) {
    der::write_octets(w, v.as_octet_string ? der::octet_string : t, v.octets);
  }
};

namespace msg {

/// IAKERB-HEADER, draft-ietf-kitten-iakerb: its first tag is [1].
struct IakerbHeader {
  iakerb_realm              target_realm;
  std::optional<bytes_view> cookie;
  asn1::extension_fields    extensions;

  static consteval auto asn1() {
    using T = IakerbHeader;
    using namespace kerb::asn1;
    return sequence("IAKERB-HEADER",
      tag<1>("target-realm", &T::target_realm),
      tag<2>("cookie",       &T::cookie),
      extensible(&T::extensions));
  }
};

/// IAKERB-FINISHED, draft-ietf-kitten-iakerb: a checksum over all messages of the exchange, with the
/// usage key_usage_t::iakerb_finished; with iakerb_finished_old for MIT krb5 1.8 to 1.21.
struct IakerbFinished {
  Checksum               iakerb_messages;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = IakerbFinished;
    using namespace kerb::asn1;
    return sequence("IAKERB-FINISHED",
      tag<1>("iakerb-messages", &T::iakerb_messages),
      extensible(&T::extensions));
  }
};

}  // namespace msg

}  // namespace kerb::inline v0
