// Seals several messages under one key, and draws their confounders together.
#pragma once
#include "policy.hpp"

namespace kerb::inline v0 {

/// A policy that can seal several messages at once, with a seal_many like engine's.
template <class C, class K>
concept seals_many_with = seals_with<C, K> &&
    requires(C& c, const K& k, key_usage_t u, view_of<std::span<std::uint8_t>> messages) {
  { c.seal_many(k, u, messages) }
  noexcept->std::same_as<errc>;
};

/// Seals each message in place. A message contains space for the front octets of shape(), the
/// plaintext with its padding, and space for the back octets. Messages must not overlap and may
/// differ in length. The result for each is what fill() of its front and seal() would produce, and
/// it is opened on its own. For several tickets or tokens under one prepared key this draws from
/// `random` for as many confounders at a time as fit in 256 octets, and encrypts the blocks of
/// several messages together if the policy can.
///
/// Errors: errc::api_misuse, before anything is drawn, when a message is too small or not padded;
/// errc::entropy, before anything is sealed, when `random` fails; and those of seal(). On failure
/// all messages are wiped. Nothing is allocated.
template <class C, entropy_source R, class K>
  requires seals_with<C, K>
constexpr errc seal_all(C& policy, R& random, const K& k, key_usage_t u,
                        view_of<std::span<std::uint8_t>> messages) noexcept {
  const auto failed = [&](errc why) {
    for (const std::span<std::uint8_t> io : messages) secure_zero(io);
    return why;
  };
  const std::optional<seal_shape> shape = policy.shape(policy.etype_of(k));
  if (!shape) return failed(policy.seal(k, u, {}));  // returns the reason
  for (const std::span<std::uint8_t> io : messages)
    if (!shape->fits(io.size())) return failed(errc::api_misuse);

  std::array<std::uint8_t, 256> drawn;
  wiped_on_exit wipe(drawn);
  const std::size_t front = shape->front, at_once = front == 0 ? messages.size() : drawn.size() / front;
  for (std::size_t done = 0; done != messages.size();) {
    const std::size_t left = messages.size() - done, now = left < at_once ? left : at_once;
    if (!random.fill(std::span(drawn).first(now * front))) return failed(errc::entropy);
    for (std::size_t i = 0; i != now; ++i)
      detail::copy_octets(drawn.data() + i * front, front, messages[done + i].data());
    done += now;
  }
  if constexpr (seals_many_with<C, K>) {
    return policy.seal_many(k, u, messages);
  } else {
    for (const std::span<std::uint8_t> io : messages)
      if (const errc e = policy.seal(k, u, io); e != errc::ok) return failed(e);
    return errc::ok;
  }
}

}  // namespace kerb::inline v0
