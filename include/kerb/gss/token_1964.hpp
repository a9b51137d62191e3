// The per-message tokens of RC4 and triple DES: RFC 1964 section 1.2, RFC 4757 section 7.
#pragma once
#include "../crypto/policy.hpp"
#include "../msg/gss.hpp"
#include "wrap_sizes.hpp"

namespace kerb::inline v0::gss {

/// What distinguishes the tokens of RFC 1964 by encryption type.
struct tokens_1964 {
  std::uint8_t sgn_alg = 0;   ///< the first octet of SGN_ALG; the second one is 0
  std::uint8_t seal_alg = 0;  ///< the same for SEAL_ALG, of a sealed token
  std::uint8_t cksum = 0;     ///< octets of SGN_CKSUM
  std::uint8_t block = 0;     ///< messages are padded to a multiple of this size
  key_usage_t wrap_usage{};   ///< of a Wrap token's checksum
  key_usage_t mic_usage{};    ///< of a MIC token's
  bool number_is_big_endian = false;
  std::uint8_t surplus = 0;  ///< octets that may follow a MIC token in its frame

  static constexpr std::size_t covered = 8;  ///< octets of TOK_ID to Filler, which the checksum covers
  static constexpr std::size_t number = 8;   ///< octets of SND_SEQ
  static constexpr std::size_t confounder = 8;
  /// The octets of a MIC token, without its frame.
  constexpr std::size_t mic_octets() const { return covered + number + cksum; }
  /// The octets of a Wrap token before its message, without its frame.
  constexpr std::size_t wrap_octets() const { return mic_octets() + confounder; }
};
/// The tokens of an encryption type; nullopt for all types but RC4 (23) and triple DES. For RC4, the list
/// of message types in RFC 4757 section 3 has the key usages 13 of Wrap and 15 of MIC tokens; section 7.3
/// writes 15 for Wrap tokens, but peers use 13, and so does the example in MS-KILE section 4.5. For
/// triple DES, SGN_ALG 4, SEAL_ALG 2 and usage 23 for both kinds of tokens are those of MIT krb5 and
/// Heimdal. Heimdal's MIC tokens under triple DES end with
/// two more octets, which it does not initialize; MIT krb5 ignores them.
constexpr std::optional<tokens_1964> tokens_1964_of(etype_t e) {
  if (e == etype_t::rc4_hmac) return tokens_1964{0x11, 0x10, 8, 1, key_usage_t{13}, key_usage_t{15}, true};
  if (e != etype_t::des3_cbc_sha1_kd) return std::nullopt;
  return tokens_1964{0x04, 0x02, 20, 8, key_usage_t::gss_acceptor_sign, key_usage_t::gss_acceptor_sign, false, 2};
}
/// The octets of the largest MIC token of these types.
inline constexpr std::size_t max_mic_1964_octets = 49;

/// A view of a token of RFC 1964 in its frame. Nothing in it is authentic before it has verified.
struct token_1964 {
  bool sealed = false;  ///< of a Wrap token: its message is encrypted
  bytes_view covered;   ///< TOK_ID to Filler
  bytes_view number;    ///< SND_SEQ
  bytes_view cksum;     ///< SGN_CKSUM
  bytes_view text;      ///< of a Wrap token: confounder, message and padding
};
/// Reads a token that should have the identifier `wanted`, mic_v1 or wrap_v1. In DCE style the frame
/// of a Wrap token ends with the confounder. Errors: those of read_krb5_token(); errc::truncated;
/// errc::unexpected_message for another identifier; errc::wrong_constant for another mechanism,
/// algorithm or filler, and for octets in a frame that should not be there.
constexpr result<token_1964> read_token_1964(bytes_view token, gss_token_t wanted, const tokens_1964& form,
                                             bool dce_style) {
  const bool wrap = wanted == gss_token_t::wrap_v1;
  const char* const type = wrap ? "Wrap token" : "MIC token";
  const auto fault = [type](errc c, std::uint32_t at, const char* field) {
    return error{.code = c, .offset = at, .type = type, .field = field};
  };
  const bool part = wrap && dce_style;
  const std::size_t header = wrap ? form.wrap_octets() : form.mic_octets();
  const std::size_t framed = wrap_sizes::framed(header, 1, true).token(0);
  if (part && token.size() < framed) return fault(errc::truncated, 0, "");
  const auto t = read_krb5_token(part ? token.first(framed) : token);
  if (!t) return t.error();
  if (!(t->mech == msg::mech_krb5)) return fault(errc::wrong_constant, 0, "thisMech");
  if (t->id != wanted) return fault(errc::unexpected_message, 0, "TOK_ID");
  if (t->message.size() + 2 < header) return fault(errc::truncated, 0, "");
  const auto start = static_cast<std::size_t>(t->message.data() - token.data()) - 2;
  const bytes_view inner = token.subview(start);
  const auto octets = [&](std::size_t at, std::uint8_t a, std::uint8_t b) {
    return inner[at] == a && inner[at + 1] == b;
  };
  token_1964 out;
  out.sealed = wrap && octets(4, form.seal_alg, 0);
  if (!octets(2, form.sgn_alg, 0)) return fault(errc::wrong_constant, 2, "SGN_ALG");
  if (!out.sealed && !octets(4, 0xff, 0xff)) return fault(errc::wrong_constant, 4, wrap ? "SEAL_ALG" : "Filler");
  if (!octets(6, 0xff, 0xff)) return fault(errc::wrong_constant, 6, "Filler");
  if (!wrap && inner.size() != header && inner.size() != header + form.surplus) {
    return fault(errc::trailing_data, static_cast<std::uint32_t>(header), "");
  }
  out.covered = inner.first(form.covered);
  out.number = inner.subview(form.covered, form.number);
  out.cksum = inner.subview(form.covered + form.number, form.cksum);
  out.text = inner.subview(form.mic_octets());
  return out;
}
/// Writes the frame of a token, and its octets up to Filler, at the front of `token`. The frame
/// contains `framed` octets. Returns the octets that follow the frame.
constexpr std::span<std::uint8_t> write_header_1964(std::span<std::uint8_t> token, std::size_t framed, gss_token_t id,
                                                    bool sealed, const tokens_1964& form) {
  std::size_t at = 0;
  const auto put = [&](std::size_t octet) { token[at++] = static_cast<std::uint8_t>(octet); };
  const std::size_t n = wrap_sizes::length_octets(framed);
  put(0x60);
  if (n > 1) put(0x80 + n - 1);
  for (std::size_t i = n > 1 ? n - 1 : 1; i != 0; --i) put(framed >> (8 * (i - 1)));
  put(0x06);
  put(msg::mech_krb5.octets.size());
  for (const std::uint8_t octet : msg::mech_krb5.octets) put(octet);
  const std::size_t start = at;
  put(static_cast<unsigned>(id) >> 8);
  put(static_cast<unsigned>(id) & 0xff);
  put(form.sgn_alg);
  put(0);
  put(sealed ? form.seal_alg : 0xff);
  put(sealed ? 0 : 0xff);
  put(0xff);
  put(0xff);
  return token.subspan(start);
}

/// The SND_SEQ of a token before encryption: the number and the direction, in four octets each. RFC 4757
/// has the values of the direction the other way round; MIT krb5, Heimdal and the example in
/// MS-KILE section 4.5 have those of RFC 1964 section 1.2.1.2.
constexpr std::array<std::uint8_t, 8> number_1964(std::uint32_t n, bool from_acceptor, bool big_endian) {
  std::array<std::uint8_t, 8> out{};
  for (std::size_t i = 0; i != 4; ++i) {
    out[i] = static_cast<std::uint8_t>(n >> (8 * (big_endian ? 3 - i : i)));
    out[4 + i] = from_acceptor ? 0xff : 0;
  }
  return out;
}
/// The number of 64 bits that ends with the 32 bits of `n` and is nearest to `next`.
constexpr std::uint64_t nearest_number(std::uint64_t next, std::uint32_t n) {
  const std::uint32_t ahead = n - static_cast<std::uint32_t>(next);
  return ahead < 0x80000000u ? next + ahead : next - (0x100000000u - ahead);
}

/// Makes and opens the tokens of RFC 1964 under one key. `signing` is the same key, prepared for the
/// usage of the token's kind.
template <crypto_policy C>
  requires crypts_tokens_with<C, typename C::key>
class codec_1964 {
 public:
  constexpr codec_1964(const tokens_1964& form, const typename C::key& k, const typename C::prepared_key& signing,
                       key_usage_t usage, C& crypto)
      : form_(form), key_(k), signing_(signing), usage_(usage), crypto_(crypto) {}

  /// Completes a token whose header is written: `inner` is what follows the frame. Of a Wrap token,
  /// `message` is its confounder, message and padding; of a MIC token, the pieces of the message.
  constexpr errc protect(std::span<std::uint8_t> inner, view_of<bytes_view> message, std::uint32_t n,
                         bool from_acceptor, std::span<std::uint8_t> seal) const {
    const std::span<std::uint8_t> number = inner.subspan(form_.covered, form_.number);
    const std::span<std::uint8_t> cksum = inner.subspan(form_.covered + form_.number, form_.cksum);
    std::array<std::uint8_t, max_cksum_octets> sum;
    wiped_on_exit wipe(sum);
    if (const errc why = sign(bytes_view(inner).first(form_.covered), message, sum); why != errc::ok) return why;
    kerb::detail::copy_octets(sum.data(), cksum.size(), cksum.data());
    const auto plain = number_1964(n, from_acceptor, form_.number_is_big_endian);
    kerb::detail::copy_octets(plain.data(), plain.size(), number.data());
    const errc why = crypto_->encrypt_part(*key_, token_part::number, bytes_view(cksum).first(8), number);
    if (why != errc::ok || seal.empty()) return why;
    const auto salt = number_1964(n, from_acceptor, true);
    return crypto_->encrypt_part(*key_, token_part::message, bytes_view(salt).first(4), seal);
  }

  /// Opens and verifies a token. The text of a Wrap token is copied or decrypted to `to`, which has
  /// its size and is the text itself or does not overlap it. Returns the number. Errors:
  /// errc::integrity; errc::reflected_token for a token of this side; those of the policy.
  constexpr result<std::uint32_t> open(const token_1964& t, view_of<bytes_view> message, bool from_acceptor,
                                       std::span<std::uint8_t> to) const {
    std::array<std::uint8_t, 8> plain{};
    errc why = crypto_->decrypt_part(*key_, token_part::number, t.cksum.first(8), t.number, plain);
    if (why != errc::ok) return fault(why, "SND_SEQ");
    std::uint32_t n = 0;
    for (std::size_t i = 0; i != 4; ++i) n = n << 8 | plain[form_.number_is_big_endian ? i : 3 - i];
    if (t.sealed) {
      const auto salt = number_1964(n, from_acceptor, true);
      why = crypto_->decrypt_part(*key_, token_part::message, bytes_view(salt).first(4), t.text, to);
      if (why != errc::ok) return fault(why, "");
    } else if (!to.empty() && to.data() != t.text.data()) {
      kerb::detail::copy_octets(t.text.data(), t.text.size(), to.data());
    }
    const bytes_view text[] = {to};
    std::array<std::uint8_t, max_cksum_octets> sum;
    wiped_on_exit wipe(sum);
    why = sign(t.covered, to.empty() ? message : view_of<bytes_view>(text), sum);
    if (why != errc::ok) return fault(why, "SGN_CKSUM");
    if (!ct_equal(std::span(sum).first(form_.cksum), t.cksum)) return fault(errc::integrity, "SGN_CKSUM");
    const auto peers = number_1964(n, from_acceptor, form_.number_is_big_endian);
    const auto ours = number_1964(n, !from_acceptor, form_.number_is_big_endian);
    if (ct_equal(plain, ours)) return fault(errc::reflected_token, "SND_SEQ");
    if (!ct_equal(plain, peers)) return fault(errc::integrity, "SND_SEQ");
    return n;
  }

 private:
  static constexpr std::size_t max_pieces = 17;
  static constexpr error fault(errc c, const char* field) { return {.code = c, .field = field}; }
  constexpr errc sign(bytes_view covered, view_of<bytes_view> message, std::span<std::uint8_t> sum) const {
    if (message.size() >= max_pieces) return errc::api_misuse;
    std::array<bytes_view, max_pieces> pieces{covered};
    std::size_t n = 1;
    for (const bytes_view piece : message) pieces[n++] = piece;
    const auto cksum = crypto_->cksum_of(crypto_->etype_of(*key_));
    if (!cksum) return errc::unsupported_cksum;
    return crypto_->sign(cksum->type, *signing_, usage_, {pieces.data(), n}, sum.first(cksum->octets));
  }

  tokens_1964 form_;
  ref<const typename C::key> key_;
  ref<const typename C::prepared_key> signing_;
  key_usage_t usage_;
  ref<C> crypto_;
};

/// The message in an opened text: what is between the confounder and the padding. nullopt if the
/// padding is not as RFC 1964 section 1.2.2.3 requires: 1 to 8 octets, each with their number. In DCE
/// style there is none.
constexpr std::optional<std::span<std::uint8_t>> message_1964(std::span<std::uint8_t> text, const tokens_1964& form,
                                                              bool dce_style) {
  const std::span<std::uint8_t> rest = text.subspan(form.confounder);
  if (rest.size() % form.block != 0) return std::nullopt;
  if (dce_style) return rest;
  if (rest.empty()) return std::nullopt;
  const std::uint8_t padding = rest.back();
  if (padding == 0 || padding > form.block || padding > rest.size()) return std::nullopt;
  for (const std::uint8_t octet : rest.last(padding))
    if (octet != padding) return std::nullopt;
  return rest.first(rest.size() - padding);
}

}  // namespace kerb::inline v0::gss
