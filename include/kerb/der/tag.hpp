// Identifier octets. Kerberos uses no tag number above 30.
#pragma once
#include <cstdint>

namespace kerb::inline v0::der {

enum class tag_class : std::uint8_t { universal = 0x00, application = 0x40, context = 0x80 };

/// One identifier octet: class, primitive or constructed, and a number from 0 to 30.
struct tag {
  std::uint8_t octet = 0;
  friend constexpr bool operator==(tag, tag) = default;
};
constexpr tag primitive(std::uint8_t number) { return {number}; }
constexpr tag constructed(tag_class c, std::uint8_t number) {
  return {static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) | 0x20u | number)};
}
constexpr tag context(std::uint8_t number) { return constructed(tag_class::context, number); }
constexpr tag application(std::uint8_t number) { return constructed(tag_class::application, number); }

/// The tag that IMPLICIT [number] gives a type: the number changes, primitive or constructed does not.
constexpr tag implicitly(std::uint8_t number, tag own) {
  return {static_cast<std::uint8_t>(static_cast<std::uint8_t>(tag_class::context) | (own.octet & 0x20u) | number)};
}

inline constexpr tag boolean = primitive(0x01), integer = primitive(0x02), bit_string = primitive(0x03),
                     octet_string = primitive(0x04), null = primitive(0x05), object_identifier = primitive(0x06),
                     enumerated = primitive(0x0a), utf8_string = primitive(0x0c), generalized_time = primitive(0x18),
                     general_string = primitive(0x1b), sequence = constructed(tag_class::universal, 0x10);

}  // namespace kerb::inline v0::der
