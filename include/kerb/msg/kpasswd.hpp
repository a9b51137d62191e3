// Changing and setting passwords, RFC 3244 section 2.
#pragma once
#include "../core/result.hpp"
#include "../core/utf8.hpp"
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
  other               = 0xffff,  ///< "some other reason"; the RFC has no name for it
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

namespace detail {
/// Makes a frame of two messages that are already at the end of `space`: an AP message of `ap` octets,
/// which ends `place` octets before the end, and behind it a message of `message` octets at the end, at
/// most `place`. Moves the first one next to the second one, and returns the size of the frame. In
/// front of the AP message there are six octets.
constexpr std::size_t frame_kpasswd(std::span<std::uint8_t> space, std::uint16_t version, std::size_t ap,
                                    std::size_t place, std::size_t message) {
  for (std::size_t i = 0; i != ap && place != message; ++i)
    space[space.size() - message - 1 - i] = space[space.size() - place - 1 - i];
  const std::size_t size = kpasswd_frame::header_size + ap + message;
  const std::span<std::uint8_t> to = space.last(size);
  const std::size_t numbers[] = {size, version, ap};
  for (std::size_t i = 0; i != 3; ++i) {
    to[2 * i]     = static_cast<std::uint8_t>(numbers[i] >> 8 & 0xff);
    to[2 * i + 1] = static_cast<std::uint8_t>(numbers[i] & 0xff);
  }
  return size;
}
}  // namespace detail

/// The server's result, in the user-data of its KRB-PRIV or the e-data of its KRB-ERROR: RFC 3244 section 2.
struct kpasswd_result {
  kpasswd_result_t code{};
  bytes_view       text;  ///< whatever the server sent: see kpasswd_text() and read_kpasswd_policy()

  /// A result with a text for the user, which must outlive it; a temporary string does not compile. Not constexpr, as
  /// octets_of.
  static kpasswd_result of(kpasswd_result_t code, text_view text = {}) {
    return {code, octets_of(static_cast<std::string_view>(text))};
  }
};
/// Fails with errc::truncated if there is no code.
constexpr result<kpasswd_result> read_kpasswd_result(bytes_view in KERB_LIFETIMEBOUND) {
  if (in.size() < 2) return error{.code = errc::truncated, .type = "kpasswd", .field = "result code"};
  return kpasswd_result{static_cast<kpasswd_result_t>(in[0] << 8 | in[1]), in.subview(2)};
}

/// The most octets of a result's text that kpasswd_text() returns.
inline constexpr std::size_t max_kpasswd_text = 1024;

/// The part of a result's text that a program can show to its user, from the beginning of the text
/// on: UTF-8 without control characters other than tab and line feed, at most max_kpasswd_text
/// octets. It ends before the first octet that does not belong, such as the null that Heimdal
/// appends. Empty if the text is Active Directory's policy.
constexpr kerberos_string kpasswd_text(bytes_view text KERB_LIFETIMEBOUND) {
  std::size_t end = 0;
  for (std::size_t at = 0; at != text.size(); end = at) {
    const auto c = detail::read_utf8(text, at);
    if (!c || at > max_kpasswd_text) break;
    // With a control character, a server could change what the user's terminal shows or does
    const bool control = *c < 0x20 || (*c >= 0x7f && *c < 0xa0);
    if (control && *c != '\n' && *c != '\t') break;
  }
  return {text.first(end)};
}

/// The rules for passwords of a domain, which Active Directory sends in place of a result's text
/// when it refuses a password.
struct kpasswd_policy {
  std::uint32_t min_length = 0;  ///< in characters
  std::uint32_t history    = 0;  ///< the number of previous passwords that may not be used again
  std::uint32_t properties = 0;  ///< see below; other bits are kept
  std::uint64_t max_age    = 0;  ///< how long a password is valid, in units of 100 ns
  std::uint64_t min_age    = 0;  ///< how long a password cannot be changed again, in units of 100 ns

  static constexpr std::size_t   size    = 30;          ///< of its encoding, in octets
  static constexpr std::uint32_t complex = 1;           ///< property: several kinds of characters, no part of the name
  static constexpr std::uint64_t day     = 864000000000;  ///< in units of 100 ns
};
/// Reads a result's text as such rules: two octets of zero, and the fields, big-endian, as MIT krb5
/// reads them. Null if the text is something else.
constexpr std::optional<kpasswd_policy> read_kpasswd_policy(bytes_view text) {
  if (text.size() != kpasswd_policy::size || text[0] != 0 || text[1] != 0) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t octets) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i != octets; ++i) n = n << 8 | text[at + i];
    return n;
  };
  return kpasswd_policy{.min_length = static_cast<std::uint32_t>(number(2, 4)),
                        .history    = static_cast<std::uint32_t>(number(6, 4)),
                        .properties = static_cast<std::uint32_t>(number(10, 4)),
                        .max_age    = number(14, 8),
                        .min_age    = number(22, 8)};
}

namespace detail {
inline constexpr kerberos_string changepw_parts[] = {"kadmin"_krb, "changepw"_krb};
}  // namespace detail

/// The password service of a realm, kadmin/changepw: RFC 3244 section 2.
constexpr principal_view kpasswd_service_name(kerberos_string realm) {
  return {{name_t::srv_inst, view_of<kerberos_string>(detail::changepw_parts)}, realm};
}

}  // namespace kerb::inline v0
