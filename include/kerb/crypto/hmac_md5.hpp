// The checksum type HMAC-MD5, which Windows uses with keys of every type.
#pragma once
#include "profile.hpp"

namespace kerb::inline v0 {

/// The size of its checksums in octets.
inline constexpr std::size_t hmac_md5_octets = 16;
/// The maximum number of pieces of its input: enough for a GSS-API message of 16 pieces and the header of its token.
inline constexpr std::size_t max_hmac_md5_pieces = 17;

namespace detail {
/// RFC 4757 section 3: the message type that replaces a key usage in the computation. The section
/// also has 8 for the TGS-REP under a subkey, but MIT krb5, Heimdal, Samba and Windows all use 9.
/// RFC 4757 does not define usage 23, and implementations differ; here it is 13, as in MIT krb5 and
/// Samba.
constexpr std::array<std::uint8_t, 4> message_type(key_usage_t u) {
  if (u == key_usage_t::as_rep_enc_part) u = key_usage_t{8};
  if (u == key_usage_t::gss_acceptor_sign) u = key_usage_t{13};
  const auto t = static_cast<std::uint32_t>(u);
  return {static_cast<std::uint8_t>(t), static_cast<std::uint8_t>(t >> 8), static_cast<std::uint8_t>(t >> 16),
          static_cast<std::uint8_t>(t >> 24)};
}
}  // namespace detail

/// RFC 4757 section 4: schedules in `m` the signing key that is derived from `key`, of any length.
template <primitives P>
constexpr errc schedule_hmac_md5(P& p, typename P::mac& m, secret_view key) noexcept {
  constexpr auto constant = detail::ascii("signaturekey\0");  // including the terminating zero
  const bytes_view pieces[]{constant};
  std::array<std::uint8_t, hmac_md5_octets> signing;
  wiped_on_exit wipe(signing);
  if (const errc e = p.rekey(m, hash_id::md5, key); e != errc::ok) return e;
  if (const errc e = p.hmac(m, pieces, signing); e != errc::ok) return e;
  return p.rekey(m, hash_id::md5, secret_view(bytes_view(signing)));
}

/// RFC 4757 section 4: writes the first out.size() octets of the checksum over the pieces, in
/// order. `m` contains the scheduled signing key. Returns errc::api_misuse for too many pieces.
template <primitives P>
constexpr errc hmac_md5(P& p, typename P::mac& m, key_usage_t u, view_of<bytes_view> pieces,
                        std::span<std::uint8_t> out) noexcept {
  const auto type = detail::message_type(u);
  std::array<bytes_view, 1 + max_hmac_md5_pieces> all{type};
  if (pieces.size() > max_hmac_md5_pieces) return errc::api_misuse;
  std::size_t n = 1;
  for (const bytes_view piece : pieces) all[n++] = piece;
  std::array<std::uint8_t, hmac_md5_octets> digest;
  wiped_on_exit wipe(digest);
  if (const errc e = p.hash(hash_id::md5, {all.data(), n}, digest); e != errc::ok) return e;
  const bytes_view digests[]{digest};
  return p.hmac(m, digests, out);
}

}  // namespace kerb::inline v0
