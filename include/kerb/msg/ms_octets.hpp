// Windows structures in octet strings that are not ASN.1: little-endian words, MS-KILE section 2.2.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace kerb::inline v0 {

/// One bit of the supported encryption types, MS-KILE section 2.2.7; not the numbers of etype_t.
enum class supported_etype_t : std::uint32_t {
  des_cbc_crc                       = 0x00000001,
  des_cbc_md5                       = 0x00000002,
  rc4_hmac                          = 0x00000004,
  aes128_cts_hmac_sha1_96           = 0x00000008,
  aes256_cts_hmac_sha1_96           = 0x00000010,
  aes256_cts_hmac_sha1_96_sk        = 0x00000020,  ///< session keys are AES even if tickets are not
  fast_supported                    = 0x00010000,
  compound_identity_supported       = 0x00020000,
  claims_supported                  = 0x00040000,
  resource_sid_compression_disabled = 0x00080000,
};
/// The specification's name ("AES256-CTS-HMAC-SHA1-96"); empty for a number without a name.
constexpr std::string_view name_of(supported_etype_t n) {
  switch (n) {
    case supported_etype_t::des_cbc_crc: return "DES-CBC-CRC";
    case supported_etype_t::des_cbc_md5: return "DES-CBC-MD5";
    case supported_etype_t::rc4_hmac: return "RC4-HMAC";
    case supported_etype_t::aes128_cts_hmac_sha1_96: return "AES128-CTS-HMAC-SHA1-96";
    case supported_etype_t::aes256_cts_hmac_sha1_96: return "AES256-CTS-HMAC-SHA1-96";
    case supported_etype_t::aes256_cts_hmac_sha1_96_sk: return "AES256-CTS-HMAC-SHA1-96-SK";
    case supported_etype_t::fast_supported: return "FAST-supported";
    case supported_etype_t::compound_identity_supported: return "Compound-identity-supported";
    case supported_etype_t::claims_supported: return "Claims-supported";
    case supported_etype_t::resource_sid_compression_disabled: return "Resource-SID-compression-disabled";
    default: return "";
  }
}

/// One bit of AD-AUTH-DATA-AP-OPTIONS, MS-KILE section 3.2.5.8.
enum class kerb_ap_option_t : std::uint32_t {
  cbt                    = 0x4000,
  unverified_target_name = 0x8000,
};
/// The specification's name ("KERB_AP_OPTIONS_CBT"); empty for a number without a name.
constexpr std::string_view name_of(kerb_ap_option_t n) {
  switch (n) {
    case kerb_ap_option_t::cbt: return "KERB_AP_OPTIONS_CBT";
    case kerb_ap_option_t::unverified_target_name: return "KERB_AP_OPTIONS_UNVERIFIED_TARGET_NAME";
    default: return "";
  }
}

/// The Flags of LSAP_TOKEN_INFO_INTEGRITY, MS-KILE section 2.2.5. Open.
enum class token_info_t : std::uint32_t {
  full           = 0,
  uac_restricted = 1,
};
/// The specification's name ("Full token"); empty for a number without a name.
constexpr std::string_view name_of(token_info_t n) {
  switch (n) {
    case token_info_t::full: return "Full token";
    case token_info_t::uac_restricted: return "User Account Control (UAC) restricted token";
    default: return "";
  }
}

/// The TokenIL of LSAP_TOKEN_INFO_INTEGRITY, MS-KILE section 2.2.5. Open.
enum class integrity_level_t : std::uint32_t {
  untrusted         = 0x0000,
  low               = 0x1000,
  medium            = 0x2000,
  high              = 0x3000,
  system            = 0x4000,
  protected_process = 0x5000,
};
/// The specification's name ("Medium"); empty for a number without a name.
constexpr std::string_view name_of(integrity_level_t n) {
  switch (n) {
    case integrity_level_t::untrusted: return "Untrusted";
    case integrity_level_t::low: return "Low";
    case integrity_level_t::medium: return "Medium";
    case integrity_level_t::high: return "High";
    case integrity_level_t::system: return "System";
    case integrity_level_t::protected_process: return "Protected process";
    default: return "";
  }
}

/// KERB-EXT-ERROR, MS-KILE section 2.2.1: the data-value of a KERB-ERROR-DATA of type KERB_ERR_TYPE_EXTENDED.
struct kerb_ext_error {
  std::uint32_t status = 0;  ///< an NTSTATUS
  std::uint32_t flags  = 1;
};

/// LSAP_TOKEN_INFO_INTEGRITY, MS-KILE section 2.2.5: the restriction of a KERB-AD-RESTRICTION-ENTRY.
struct lsap_token_info_integrity {
  token_info_t                 flags{};
  integrity_level_t            token_il{};
  std::array<std::uint8_t, 32> machine_id{};
};

namespace detail {
constexpr std::uint32_t little_endian(bytes_view in, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 4; i != 0; --i) v = v << 8 | in[at + i - 1];
  return v;
}
template <std::size_t N>
constexpr void put_little_endian(std::array<std::uint8_t, N>& out, std::size_t at, std::uint32_t v) {
  for (std::size_t i = 0; i != 4; ++i) out[at + i] = static_cast<std::uint8_t>(v >> (8 * i));
}
constexpr error wrong_size(bytes_view in, std::size_t size, const char* type) {
  return {.code = in.size() < size ? errc::truncated : errc::trailing_data, .type = type};
}
}  // namespace detail

/// Parses all of `in` as a 32-bit word of flags: the value of PA-SUPPORTED-ETYPES (MS-KILE section
/// 2.2.8) and of AD-AUTH-DATA-AP-OPTIONS. Test its bits with has().
constexpr result<std::uint32_t> read_ms_flags(bytes_view in) {
  if (in.size() != 4) return detail::wrong_size(in, 4, "MS-KILE flags");
  return detail::little_endian(in, 0);
}
/// The encoding of such a word.
constexpr std::array<std::uint8_t, 4> octets_of_ms_flags(std::uint32_t flags) {
  std::array<std::uint8_t, 4> out{};
  detail::put_little_endian(out, 0, flags);
  return out;
}
/// Whether a word from read_ms_flags has the bit.
constexpr bool has(std::uint32_t flags, supported_etype_t bit) { return (flags & static_cast<std::uint32_t>(bit)) != 0; }
constexpr bool has(std::uint32_t flags, kerb_ap_option_t bit) { return (flags & static_cast<std::uint32_t>(bit)) != 0; }

/// Parses all of `in` as this structure.
constexpr result<kerb_ext_error> read_kerb_ext_error(bytes_view in) {
  if (in.size() != 12) return detail::wrong_size(in, 12, "KERB-EXT-ERROR");
  return kerb_ext_error{.status = detail::little_endian(in, 0), .flags = detail::little_endian(in, 8)};
}
/// Its encoding; the reserved word is zero.
constexpr std::array<std::uint8_t, 12> octets_of(const kerb_ext_error& e) {
  std::array<std::uint8_t, 12> out{};
  detail::put_little_endian(out, 0, e.status);
  detail::put_little_endian(out, 8, e.flags);
  return out;
}

/// Parses all of `in` as this structure.
constexpr result<lsap_token_info_integrity> read_lsap_token_info_integrity(bytes_view in) {
  if (in.size() != 40) return detail::wrong_size(in, 40, "LSAP_TOKEN_INFO_INTEGRITY");
  lsap_token_info_integrity out{.flags    = static_cast<token_info_t>(detail::little_endian(in, 0)),
                                .token_il = static_cast<integrity_level_t>(detail::little_endian(in, 4))};
  detail::copy_octets(in.data() + 8, out.machine_id.size(), out.machine_id.data());
  return out;
}
/// Its encoding.
constexpr std::array<std::uint8_t, 40> octets_of(const lsap_token_info_integrity& t) {
  std::array<std::uint8_t, 40> out{};
  detail::put_little_endian(out, 0, static_cast<std::uint32_t>(t.flags));
  detail::put_little_endian(out, 4, static_cast<std::uint32_t>(t.token_il));
  detail::copy_octets(t.machine_id.data(), t.machine_id.size(), out.data() + 8);
  return out;
}

}  // namespace kerb::inline v0
