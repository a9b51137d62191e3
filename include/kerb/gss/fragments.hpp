// Tokens that arrive in fragments: MS-SPNG sections 3.1.5.6 to 3.1.5.9.
#pragma once
#include <span>
#include <utility>

#include "../msg/gss.hpp"

namespace kerb::inline v0::gss {

/// The octets of the whole token that begins with `first`, by the header of its first element: a
/// token with the frame of RFC 2743 section 3.1, a NegTokenResp, or an AP-REQ. What has another
/// first octet, such as a token of NTLM, cannot be divided, and counts as whole. Errors:
/// errc::truncated for fewer octets than the header, which has at most 6;
/// errc::non_minimal_length for an indefinite length and one of more than 4 octets;
/// errc::input_too_large for a token of nearly 4 GiB.
constexpr result<std::size_t> whole_token_octets(bytes_view first) {
  constexpr const char* type = "token";
  if (first.empty()) return error{.code = errc::truncated, .type = type};
  const std::uint8_t tag = first[0];
  if (tag != der::application(0).octet && tag != der::context(1).octet && tag != der::application(14).octet) {
    return first.size();
  }
  if (first.size() < 2) return error{.code = errc::truncated, .offset = 1, .type = type};
  if (first[1] < 0x80) return std::size_t{2} + first[1];
  const std::size_t octets = first[1] & 0x7f;
  if (octets == 0 || octets > 4) return error{.code = errc::non_minimal_length, .offset = 1, .type = type};
  if (first.size() < 2 + octets) {
    return error{.code = errc::truncated, .offset = static_cast<std::uint32_t>(first.size()), .type = type};
  }
  std::uint64_t n = 0;
  for (std::size_t i = 0; i != octets; ++i) n = n << 8 | first[2 + i];
  if (n > 0xffffffffu - 6) return error{.code = errc::input_too_large, .offset = 1, .type = type};
  return 2 + octets + static_cast<std::size_t>(n);
}

/// Collects the fragments of one token after another. Windows can divide a token of SPNEGO where a
/// protocol limits the size of its messages, with one fragment in each; SMB and LDAP servers see it
/// with large tickets. The exchanges of kerb take whole tokens: pass each token that arrives to add()
/// first. A program that sends fragments divides a token as it likes, with 5 octets at least in the
/// first.
///
/// Until a client has authenticated, this costs the buffer, in addition to that of the exchange. Its
/// size limits the tokens. Octets of other protocols' fragments (those of TLS, RPC or SMB) are not
/// meant here: collect these as the protocol says.
class token_fragments {
 public:
  /// `buffer` is at least as large as the largest token, such as max_negotiation_token, and must
  /// outlive this object.
  constexpr explicit token_fragments(std::span<std::uint8_t> buffer) : buffer_(buffer) {}

  /// Takes what has arrived. The result is the whole token, or empty: then answer with an empty
  /// token, and pass the next one here (MS-SPNG section 3.1.5.9). A token that arrives whole is returned
  /// without a copy; one from fragments is in the buffer, and valid until the next call. Errors: those
  /// of whole_token_octets(); errc::no_space (detail: octets of the token); errc::truncated for a
  /// fragment without octets; errc::trailing_data for more octets than the token has. After an error
  /// nothing of the token is kept, and the next call begins with another one.
  constexpr result<bytes_view> add(bytes_view fragment KERB_LIFETIMEBOUND) {
    const std::size_t have = std::exchange(have_, 0);
    const auto whole = have == 0 ? whole_token_octets(fragment) : result<std::size_t>(whole_);
    if (!whole) return whole.error();
    constexpr const char* type = "token";
    if (fragment.empty()) return error{.code = errc::truncated, .type = type};
    if (fragment.size() > *whole - have) {
      return error{.code = errc::trailing_data, .offset = static_cast<std::uint32_t>(*whole - have), .type = type};
    }
    if (fragment.size() == *whole) return fragment;
    if (buffer_.size() < *whole) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(*whole), .type = type};
    }
    kerb::detail::copy_octets(fragment.data(), fragment.size(), buffer_.data() + have);
    if (have + fragment.size() == *whole) return bytes_view(buffer_).first(*whole);
    whole_ = *whole;
    have_ = have + fragment.size();
    return bytes_view();
  }
  /// How many octets of a token have arrived that is not whole yet; 0 between tokens.
  constexpr std::size_t pending() const { return have_; }

 private:
  std::span<std::uint8_t> buffer_;
  std::size_t whole_ = 0, have_ = 0;
};

}  // namespace kerb::inline v0::gss
