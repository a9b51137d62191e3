// The header of a per-message token, and the window of its sequence numbers: RFC 4121 section 4.2.
#pragma once
#include "../msg/gss.hpp"
#include "../numbers/etype.hpp"

namespace kerb::inline v0::gss {

/// The octets of a per-message token's header.
inline constexpr std::size_t message_header_octets = 16;

/// Flags of a per-message token, RFC 4121 section 4.2.2. Receivers ignore other bits.
enum class token_flag : std::uint8_t {
  sent_by_acceptor = 1,
  sealed = 2,           ///< of a Wrap token: its message is encrypted
  acceptor_subkey = 4,  ///< the key is the one that the acceptor proposed
};
constexpr bool has(std::uint8_t flags, token_flag f) { return (flags & static_cast<std::uint8_t>(f)) != 0; }

/// The header of a per-message token, RFC 4121 section 4.2.6. Nothing in it is authentic before the
/// token has verified.
struct message_header {
  gss_token_t id{};  ///< mic or wrap
  std::uint8_t flags = 0;
  std::uint16_t ec = 0;   ///< extra count, of a Wrap token: octets of filler, or of the checksum if it is not sealed
  std::uint16_t rrc = 0;  ///< right rotation count, of a Wrap token
  std::uint64_t seq = 0;

  constexpr bool has(token_flag f) const { return gss::has(flags, f); }
  /// The header's octets.
  constexpr std::array<std::uint8_t, message_header_octets> octets() const {
    std::array<std::uint8_t, message_header_octets> out{};
    const auto put = [&out](std::size_t at, std::size_t n, std::uint64_t v) {
      for (std::size_t i = 0; i != n; ++i) out[at + i] = static_cast<std::uint8_t>(v >> (8 * (n - 1 - i)));
    };
    put(0, 2, static_cast<std::uint64_t>(id));
    out[2] = flags;
    out[3] = 0xff;
    if (id == gss_token_t::wrap) put(4, 2, ec), put(6, 2, rrc);
    else put(4, 4, 0xffffffff);
    put(8, 8, seq);
    return out;
  }
};

/// Reads the header of a token that should have the identifier `wanted`. Errors: errc::truncated;
/// errc::unexpected_message for another identifier; errc::wrong_constant for filler octets that are
/// not FF, and for a MIC token that is marked as sealed.
constexpr result<message_header> read_message_header(bytes_view token, gss_token_t wanted) {
  const char* const type = wanted == gss_token_t::mic ? "MIC token" : "Wrap token";
  const auto fault = [type](errc c, std::uint32_t at, const char* field) {
    return error{.code = c, .offset = at, .type = type, .field = field};
  };
  const auto number = [&](std::size_t at, std::size_t n) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i != n; ++i) v = v << 8 | token[at + i];
    return v;
  };
  if (token.size() < message_header_octets) return fault(errc::truncated, 0, "");
  message_header h{static_cast<gss_token_t>(number(0, 2)), token[2], 0, 0, number(8, 8)};
  if (h.id != wanted) return fault(errc::unexpected_message, 0, "TOK_ID");
  if (wanted == gss_token_t::mic) {
    if (h.has(token_flag::sealed)) return fault(errc::wrong_constant, 2, "Flags");
    for (std::uint32_t i = 3; i != 8; ++i)
      if (token[i] != 0xff) return fault(errc::wrong_constant, i, "Filler");
    return h;
  }
  if (token[3] != 0xff) return fault(errc::wrong_constant, 3, "Filler");
  h.ec = static_cast<std::uint16_t>(number(4, 2));
  h.rrc = static_cast<std::uint16_t>(number(6, 2));
  return h;
}

/// Whether keys of this type protect messages as in RFC 4121 section 4.2. For the types that
/// RFC 4121 section 1 lists as not newer, and for rc4_hmac_exp, which RFC 4757 defines together with
/// rc4_hmac, tokens are those of RFC 1964 and RFC 4757.
constexpr bool has_cfx_tokens(etype_t e) {
  switch (e) {
    case etype_t::none:
    case etype_t::des_cbc_crc:
    case etype_t::des_cbc_md4:
    case etype_t::des_cbc_md5:
    case etype_t::des3_cbc_md5:
    case etype_t::des3_cbc_sha1:
    case etype_t::des3_cbc_sha1_kd:
    case etype_t::rc4_hmac:
    case etype_t::rc4_hmac_exp: return false;
    default: return true;
  }
}

/// What a token's sequence number shows, RFC 2743 section 1.2.3. The message is authentic in each
/// case.
enum class order : std::uint8_t {
  in_order,      ///< the next one, or order and replays are not checked in this context
  gap,           ///< at least one earlier message has not arrived (GSS_S_GAP_TOKEN)
  out_of_order,  ///< a later message has arrived before (GSS_S_UNSEQ_TOKEN)
  old,           ///< too old to tell whether it is a duplicate (GSS_S_OLD_TOKEN)
  duplicate,     ///< it has arrived before (GSS_S_DUPLICATE_TOKEN)
};
/// RFC 2743's name ("GSS_S_GAP_TOKEN"); "GSS_S_COMPLETE" for a message in order.
constexpr std::string_view name_of(order o) {
  switch (o) {
    case order::gap: return "GSS_S_GAP_TOKEN";
    case order::out_of_order: return "GSS_S_UNSEQ_TOKEN";
    case order::old: return "GSS_S_OLD_TOKEN";
    case order::duplicate: return "GSS_S_DUPLICATE_TOKEN";
    default: return "GSS_S_COMPLETE";
  }
}

namespace detail {
/// The error of a message that is not the next one of its connection; ok for the next one.
constexpr error not_next(order seen, const char* type = "Wrap token") {
  if (seen == order::in_order) return {};
  const errc code = seen == order::duplicate ? errc::replayed : errc::bad_order;
  return {.code = code, .detail = static_cast<std::uint32_t>(seen), .type = type, .field = "SND_SEQ"};
}
}  // namespace detail

/// The sequence numbers that have arrived: the highest, and which of the 64 before it. Numbers
/// wrap around. Only numbers of tokens that have verified may be entered.
class sequence_window {
 public:
  constexpr sequence_window() = default;
  /// `first` is the number of the first message.
  constexpr explicit sequence_window(std::uint64_t first) : next_(first) {}

  /// Enters a number, and returns what it shows. Without `sequence`, a gap and a message out of
  /// order count as in order; without both protections, everything does.
  constexpr order enter(std::uint64_t n, bool replay, bool sequence) {
    last_ = enter(n);
    // RFC 2743 section 1.2.3: each of the two protections detects duplicates and old messages
    const bool reported = last_ == order::duplicate || last_ == order::old ? replay || sequence : sequence;
    return reported ? last_ : order::in_order;
  }
  /// What the number that was entered last shows, also if it counts as in order. For an empty
  /// window, order::in_order.
  constexpr order last() const { return last_; }
  /// The number that the next message should have.
  constexpr std::uint64_t next() const { return next_; }

  static constexpr std::uint64_t size = 64;

 private:
  friend struct window_octets;
  constexpr order enter(std::uint64_t n) {
    const std::uint64_t ahead = n - next_;
    if (ahead < std::uint64_t{1} << 63) {  // the next one or later
      seen_ = ahead >= size ? 0 : seen_ << ahead;
      seen_ = seen_ << 1 | 1;
      next_ = n + 1;
      return ahead != 0 ? order::gap : order::in_order;
    }
    const std::uint64_t behind = next_ - n;  // at least 1
    if (behind > size) return order::old;
    const std::uint64_t bit = std::uint64_t{1} << (behind - 1);
    if ((seen_ & bit) != 0) return order::duplicate;
    seen_ |= bit;
    return order::out_of_order;
  }
  order last_ = order::in_order;
  std::uint64_t next_ = 0;
  std::uint64_t seen_ = 0;  // bit i: whether next_ - 1 - i has arrived
};

}  // namespace kerb::inline v0::gss
