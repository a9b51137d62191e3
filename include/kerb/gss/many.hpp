// Several Wrap tokens of one context, made side by side.
#pragma once
#include "../crypto/seal_all.hpp"
#include "context.hpp"

namespace kerb::inline v0::gss {

namespace detail {
struct wraps_many {
  template <crypto_policy C>
  static constexpr errc wrap(context<C>& c, view_of<std::span<std::uint8_t>> tokens, protection by, C& crypto) {
    const std::uint64_t first = c.next_;
    const bool together = by == protection::confidentiality;  // seal() refuses the types with other tokens
    const errc why = together ? seal(c, tokens, crypto) : one_by_one(c, tokens, by, crypto);
    if (why == errc::ok) return why;
    c.next_ = first;
    for (const std::span<std::uint8_t> token : tokens) secure_zero(token);
    return why;
  }

 private:
  /// Sealed tokens whose parts behind the header are passed to seal_all() together.
  static constexpr std::size_t at_once = 16;

  template <crypto_policy C>
  static constexpr errc seal(context<C>& c, view_of<std::span<std::uint8_t>> tokens, C& crypto) {
    const auto around = c.overhead(protection::confidentiality, crypto);
    if (!around) return around.error().code;
    for (const std::span<std::uint8_t> token : tokens)
      if (token.size() < around->octets()) return errc::api_misuse;
    const key_usage_t usage = c.seal_usage(c.here_);
    const auto k = c.prepared(usage, crypto);
    if (!k) return k.error().code;
    message_header h{gss_token_t::wrap, c.own_flags(), 0, 0, 0};
    h.flags |= static_cast<std::uint8_t>(token_flag::sealed);
    std::array<std::span<std::uint8_t>, at_once> sealed;
    for (std::size_t done = 0; done != tokens.size();) {
      const std::size_t left = tokens.size() - done, now = left < at_once ? left : at_once;
      for (std::size_t i = 0; i != now; ++i) {
        const std::span<std::uint8_t> token = tokens[done + i];
        h.seq = c.next_++;
        c.put(token, h);
        c.put(token.last(around->back), h);
        sealed[i] = token.subspan(message_header_octets);
      }
      const errc why = seal_all(crypto, crypto, **k, usage, view_of<std::span<std::uint8_t>>(sealed.data(), now));
      if (why != errc::ok) return why;
      done += now;
    }
    return errc::ok;
  }
  template <crypto_policy C>
  static constexpr errc one_by_one(context<C>& c, view_of<std::span<std::uint8_t>> tokens, protection by, C& crypto) {
    for (const std::span<std::uint8_t> token : tokens) {
      if (const errc why = c.try_wrap(token, by, crypto); why != errc::ok) return why;
      ++c.next_;
    }
    return errc::ok;
  }
};
}  // namespace detail

/// Makes a Wrap token of each message in place, for a program that has several to send. The tokens
/// are octet for octet those that wrap_in_place() would make one after the other, and are laid out
/// as there; they must not overlap and may differ in size. If they are sealed, the confounders of 16
/// tokens are one draw, and a policy with seal_many encrypts blocks of several tokens together.
/// Without confidentiality, and with other policies, this is only a loop.
///
/// Errors: those of wrap_in_place(). On failure all tokens are wiped, and the context is unchanged.
/// Nothing is allocated.
template <crypto_policy C>
[[nodiscard]] constexpr errc wrap_many(context<C>& c, view_of<std::span<std::uint8_t>> tokens, protection by,
                                       C& crypto) {
  return detail::wraps_many::wrap(c, tokens, by, crypto);
}

}  // namespace kerb::inline v0::gss
