// KerberosFlags with the RFC's bit numbers.
#pragma once
#include <cstdint>
#include <initializer_list>

namespace kerb::inline v0 {

/// KerberosFlags, RFC 4120 section 5.2.8: 32 named bits. Bit 0 is the first on the wire. `Bit` is
/// an enumeration of bit numbers, 0 to 31.
template <class Bit>
struct flags {
  std::uint32_t bits = 0;  ///< bit 0 is the most significant

  constexpr flags() = default;
  constexpr flags(std::initializer_list<Bit> on) {
    for (Bit b : on) set(b);
  }
  static constexpr flags of(std::uint32_t bits) {
    flags f;
    f.bits = bits;
    return f;
  }
  constexpr void set(Bit b, bool on = true) { bits = on ? bits | mask(b) : bits & ~mask(b); }
  constexpr bool has(Bit b) const { return (bits & mask(b)) != 0; }
  constexpr bool has_any(flags other) const { return (bits & other.bits) != 0; }
  friend constexpr bool operator==(const flags&, const flags&) = default;
  friend constexpr flags operator|(flags a, flags b) { return of(a.bits | b.bits); }
  friend constexpr flags operator&(flags a, flags b) { return of(a.bits & b.bits); }

 private:
  static constexpr std::uint32_t mask(Bit b) { return 0x80000000u >> (static_cast<unsigned>(b) & 31u); }
};

}  // namespace kerb::inline v0
