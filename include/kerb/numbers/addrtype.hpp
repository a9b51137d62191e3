// Host address and transited encoding numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Host address types, RFC 4120 section 7.5.3. Open: every Int32 is a value.
enum class addr_t : std::int32_t {
  ipv4 = 2,
  directional = 3,
  chaosnet = 5,
  xns = 6,
  iso = 7,
  decnet = 12,
  appletalk = 16,
  netbios = 20,
  ipv6 = 24,
};

/// The RFC's name ("IPv4"); empty for a number without a name.
constexpr std::string_view name_of(addr_t n) {
  switch (n) {
    case addr_t::ipv4: return "IPv4";
    case addr_t::directional: return "Directional";
    case addr_t::chaosnet: return "ChaosNet";
    case addr_t::xns: return "XNS";
    case addr_t::iso: return "ISO";
    case addr_t::decnet: return "DECNET Phase IV";
    case addr_t::appletalk: return "AppleTalk DDP";
    case addr_t::netbios: return "NetBios";
    case addr_t::ipv6: return "IPv6";
    default: return "";
  }
}

/// Encodings of the transited field, RFC 4120 section 7.5.5. Open: every Int32 is a value.
enum class tr_t : std::int32_t {
  none = 0,  ///< for an empty path, in ticket-granting tickets of Windows 2000 and 2003 (Heimdal accepts it too)
  domain_x500_compress = 1,
};

/// The RFC's name ("DOMAIN-X500-COMPRESS"); empty for a number without a name.
constexpr std::string_view name_of(tr_t n) {
  switch (n) {
    case tr_t::none: return "none";
    case tr_t::domain_x500_compress: return "DOMAIN-X500-COMPRESS";
    default: return "";
  }
}

}  // namespace kerb::inline v0
