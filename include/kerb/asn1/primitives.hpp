// How the basic C++ types are read and written: integers, enumerations, flags, times, octets.
#pragma once
#include <type_traits>

#include "../core/flags.hpp"
#include "../der/bits.hpp"
#include "../der/integer.hpp"
#include "../der/string.hpp"
#include "../der/time.hpp"
#include "schema.hpp"

namespace kerb::inline v0::asn1 {

/// Int32 and UInt32, RFC 4120 section 5.2.4.
template <class I>
  requires(std::same_as<I, std::int32_t> || std::same_as<I, std::uint32_t>)
struct codec<I> {
  static constexpr bool read(der::reader& r, I& out, der::place p) { return der::read_integer(r, out, p); }
  static constexpr void write(der::writer& w, I v) { der::write_integer(w, v); }
};

/// Open enumerations of registry numbers: every Int32 is a value.
template <class E>
  requires(std::is_enum_v<E>&& std::same_as<std::underlying_type_t<E>, std::int32_t>)
struct codec<E> {
  static constexpr bool read(der::reader& r, E& out, der::place p) {
    std::int32_t v = 0;
    if (!der::read_integer(r, v, p)) return false;
    out = static_cast<E>(v);
    return true;
  }
  static constexpr void write(der::writer& w, E v) { der::write_integer(w, static_cast<std::int32_t>(v)); }
};

/// Microseconds, RFC 4120 section 5.2.4: 0 to 999999.
template <>
struct codec<microseconds> {
  static constexpr bool read(der::reader& r, microseconds& out, der::place p) {
    const std::uint8_t* const at = r.mark();
    if (!der::read_integer(r, out.count, p)) return false;
    return (out.count >= 0 && out.count <= 999999) || r.fail(errc::bad_integer, p, at);
  }
  static constexpr void write(der::writer& w, microseconds v) { der::write_integer(w, v.count); }
};

template <>
struct codec<kerberos_time> {
  static constexpr bool read(der::reader& r, kerberos_time& out, der::place p) { return der::read_time(r, out, p); }
  static constexpr void write(der::writer& w, kerberos_time v) { der::write_time(w, v); }
};

template <class Bit>
struct codec<flags<Bit>> {
  static constexpr bool read(der::reader& r, flags<Bit>& out, der::place p) { return der::read_flags(r, out.bits, p); }
  static constexpr void write(der::writer& w, flags<Bit> v) { der::write_flags(w, v.bits); }
};

/// OCTET STRING.
template <>
struct codec<bytes_view> {
  static constexpr bool read(der::reader& r, bytes_view& out, der::place p) {
    return der::read_octets(r, der::octet_string, out, p);
  }
  static constexpr void write(der::writer& w, bytes_view v) { der::write_octets(w, der::octet_string, v); }
};

}  // namespace kerb::inline v0::asn1
