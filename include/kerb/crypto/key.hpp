// A key as the protocol carries it, and the shapes of what is made with one.
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

/// A protocol key (RFC 3961 section 3): exactly the octets that arrived. Move-only, wiped when it dies.
class key {
 public:
  constexpr key() = default;
  constexpr key(etype_t etype, secret<max_key_octets> octets) : etype_(etype), octets_(std::move(octets)) {}
  constexpr etype_t etype() const { return etype_; }
  constexpr bool empty() const { return octets_.empty(); }
  /// The key's octets, valid as long as the key.
  constexpr secret_view octets() const& KERB_LIFETIMEBOUND { return octets_.expose(); }
  secret_view octets() const&& = delete;
  /// A second owner of the same octets; copying a key has to be asked for by name.
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

/// How many octets an encryption type adds around a plaintext: in front what begins with or is a confounder, behind an
/// authentication tag.
struct seal_shape {
  std::uint8_t front = 0;
  std::uint8_t back = 0;
  std::uint8_t block =
      1;  ///< zeros fill a plaintext up to a multiple of so many octets, and are there when it is opened
  constexpr std::size_t padding(std::size_t plain) const { return (block - plain % block) % block; }
  constexpr std::size_t around(std::size_t plain) const { return front + plain + padding(plain) + back; }
  /// Whether a sealed message can have so many octets.
  constexpr bool fits(std::size_t sealed) const {
    const std::size_t least = std::size_t{front} + back;
    return sealed >= least && (sealed - least) % block == 0;
  }
};

/// A checksum type and how many octets its checksums have.
struct cksum_shape {
  cksum_t type{};
  std::uint8_t octets = 0;
};

/// String-to-key parameters: the iteration count of RFC 3962 section 4 and RFC 8009 section 4, 1 to 2^32.
struct s2k_iterations {
  std::uint64_t count = 0;  ///< 0: the encryption type's own default
};

}  // namespace kerb::inline v0
