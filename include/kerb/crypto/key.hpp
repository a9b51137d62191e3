// A protocol key, and the sizes that encryption and checksum types add.
#pragma once
#include <cstdint>

#include "../core/result.hpp"
#include "../core/secret.hpp"
#include "../numbers/cksumtype.hpp"
#include "../numbers/etype.hpp"
#include "../numbers/key_usage.hpp"

namespace kerb::inline v0 {

/// The longest protocol key of any encryption type, in octets.
inline constexpr std::size_t max_key_octets = 32;
/// The longest checksum of any type, in octets.
inline constexpr std::size_t max_cksum_octets = 32;

/// A protocol key (RFC 3961 section 3): exactly the octets received. Move-only; wiped when destroyed.
class key {
 public:
  constexpr key() = default;
  constexpr key(etype_t etype, secret<max_key_octets> octets) : etype_(etype), octets_(std::move(octets)) {}
  constexpr etype_t etype() const { return etype_; }
  constexpr bool empty() const { return octets_.empty(); }
  /// The key's octets; valid while the key lives.
  constexpr secret_view octets() const& KERB_LIFETIMEBOUND { return octets_.expose(); }
  secret_view octets() const&& = delete;
  /// A second key with the same octets. Copying is explicit, by this function only.
  constexpr key copy() const {
    key k;
    k.etype_ = etype_;
    detail::copy_octets(octets_.expose().data(), octets_.size(), k.octets_.expose_for_writing(octets_.size()).data());
    return k;
  }

 private:
  etype_t etype_{};
  secret<max_key_octets> octets_;
};

/// The number of octets that an encryption type adds to a plaintext: in front, octets that begin
/// with or are a confounder; at the end, an authentication tag.
struct seal_shape {
  std::uint8_t front = 0;
  std::uint8_t back = 0;
  std::uint8_t block =
      1;  ///< the plaintext is padded with zeros to a multiple of this size; unsealing does not remove them
  constexpr std::size_t padding(std::size_t plain) const { return (block - plain % block) % block; }
  constexpr std::size_t around(std::size_t plain) const { return front + plain + padding(plain) + back; }
  /// Whether a sealed message can have this size.
  constexpr bool fits(std::size_t sealed) const {
    const std::size_t least = std::size_t{front} + back;
    return sealed >= least && (sealed - least) % block == 0;
  }
};

/// A checksum type and the size of its checksums in octets.
struct cksum_shape {
  cksum_t type{};
  std::uint8_t octets = 0;
};

/// String-to-key parameters: the iteration count of RFC 3962 section 4 and RFC 8009 section 4, 1 to 2^32.
struct s2k_iterations {
  std::uint64_t count = 0;  ///< 0: the encryption type's own default
};

}  // namespace kerb::inline v0
