// Changing and setting passwords, RFC 3244 section 2.
#pragma once
#include "../core/result.hpp"
#include "../der/writer.hpp"
#include "basic.hpp"

namespace kerb::inline v0 {

/// Result codes, RFC 3244 section 2. Open: every number other than 0 is a failure.
enum class kpasswd_result_t : std::uint16_t {
  success             = 0,
  malformed           = 1,
  harderror           = 2,
  autherror           = 3,
  softerror           = 4,
  accessdenied        = 5,
  bad_version         = 6,
  initial_flag_needed = 7,
};
/// The RFC's name ("KRB5_KPASSWD_SUCCESS"); empty for a number without a name.
constexpr std::string_view name_of(kpasswd_result_t n) {
  switch (n) {
    case kpasswd_result_t::success: return "KRB5_KPASSWD_SUCCESS";
    case kpasswd_result_t::malformed: return "KRB5_KPASSWD_MALFORMED";
    case kpasswd_result_t::harderror: return "KRB5_KPASSWD_HARDERROR";
    case kpasswd_result_t::autherror: return "KRB5_KPASSWD_AUTHERROR";
    case kpasswd_result_t::softerror: return "KRB5_KPASSWD_SOFTERROR";
    case kpasswd_result_t::accessdenied: return "KRB5_KPASSWD_ACCESSDENIED";
    case kpasswd_result_t::bad_version: return "KRB5_KPASSWD_BAD_VERSION";
    case kpasswd_result_t::initial_flag_needed: return "KRB5_KPASSWD_INITIAL_FLAG_NEEDED";
    default: return "";
  }
}

namespace msg {

/// ChangePasswdData, RFC 3244 section 2. The RFC asks a server to ignore fields after targrealm.
struct ChangePasswdData {
  bytes_view                     newpasswd;  ///< unencrypted, inside the decrypted KRB-PRIV
  std::optional<PrincipalName>   targname;
  std::optional<kerberos_realm>  targrealm;
  asn1::extension_fields         extensions;

  static consteval auto asn1() {
    using T = ChangePasswdData;
    using namespace kerb::asn1;
    return sequence("ChangePasswdData",
      redacted(tag<0>("newpasswd", &T::newpasswd)),
      tag<1>("targname",  &T::targname),
      tag<2>("targrealm", &T::targrealm),
      extensible(&T::extensions));
  }
};

}  // namespace msg

/// A view of a request or reply, RFC 3244 section 2: three big-endian numbers of 16 bits, then the messages.
struct kpasswd_frame {
  std::uint16_t version = 0;  ///< see below
  bytes_view    ap;           ///< AP-REQ or AP-REP; empty if `message` is a KRB-ERROR
  bytes_view    message;      ///< KRB-PRIV, or KRB-ERROR

  static constexpr std::uint16_t set_version    = 0xff80;  ///< a request that contains a ChangePasswdData
  static constexpr std::uint16_t change_version = 0x0001;  ///< any reply, and a request that contains only a password
  static constexpr std::size_t   header_size    = 6;
};

/// Parses all of `in` as such a frame; the result contains views into it. Fails with
/// errc::truncated if `in` is shorter than the length in it, and with errc::trailing_data if it is
/// longer. Any version is accepted.
constexpr result<kpasswd_frame> read_kpasswd_frame(bytes_view in KERB_LIFETIMEBOUND) {
  const auto number = [&](std::size_t at) { return static_cast<std::uint16_t>(in[at] << 8 | in[at + 1]); };
  const auto fault = [](errc c, std::size_t at, const char* field) {
    return error{.code = c, .offset = static_cast<std::uint32_t>(at), .type = "kpasswd", .field = field};
  };
  if (in.size() < kpasswd_frame::header_size) return fault(errc::truncated, 0, "message length");
  if (number(0) > in.size()) return fault(errc::truncated, 0, "message length");
  if (number(0) < in.size()) return fault(errc::trailing_data, number(0), "message length");
  const std::size_t ap = number(4);
  if (ap > in.size() - kpasswd_frame::header_size) return fault(errc::truncated, 4, "AP-REQ length");
  return kpasswd_frame{.version = number(2),
                       .ap      = in.subview(kpasswd_frame::header_size, ap),
                       .message = in.subview(kpasswd_frame::header_size + ap)};
}

/// Writes the frame so that it ends where `out` ends, and returns the part of `out` it fills. On
/// errc::no_space, `detail` is a size in octets that is enough. errc::input_too_large means that
/// the length does not fit in 16 bits.
constexpr result<bytes_view> write_kpasswd_frame(const kpasswd_frame& f, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  const std::size_t size = kpasswd_frame::header_size + f.ap.size() + f.message.size();
  if (size > 0xffff) return error{.code = errc::input_too_large, .type = "kpasswd"};
  der::writer w(out);
  const auto number = [&](std::size_t n) {
    w.octet(static_cast<std::uint8_t>(n));
    w.octet(static_cast<std::uint8_t>(n >> 8));
  };
  w.octets(f.message);
  w.octets(f.ap);
  number(f.ap.size());
  number(f.version);
  number(size);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(size)};
  return bytes_view(w.written_since(0));
}

/// The server's result, in the user-data of its KRB-PRIV or the e-data of its KRB-ERROR: RFC 3244 section 2.
struct kpasswd_result {
  kpasswd_result_t code{};
  bytes_view       text;  ///< UTF-8 by the RFC; Windows sends a structure of its own instead
};
/// Fails with errc::truncated if there is no code.
constexpr result<kpasswd_result> read_kpasswd_result(bytes_view in KERB_LIFETIMEBOUND) {
  if (in.size() < 2) return error{.code = errc::truncated, .type = "kpasswd", .field = "result code"};
  return kpasswd_result{static_cast<kpasswd_result_t>(in[0] << 8 | in[1]), in.subview(2)};
}

}  // namespace kerb::inline v0
