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
  static constexpr const char* name = std::same_as<I, std::int32_t> ? "Int32" : "UInt32";
  static constexpr der::tag tag = der::integer;
  static constexpr bool read(der::reader& r, I& out, der::place p, der::tag t = tag) {
    return der::read_integer(r, out, p, t);
  }
  static constexpr void write(der::writer& w, I v, der::tag t = tag) { der::write_integer(w, v, t); }
};

/// Enumerations that ASN.1 calls ENUMERATED rather than INTEGER say so by a specialisation.
template <class E>
inline constexpr bool is_enumerated = false;

/// Open enumerations of registry numbers: every Int32 is a value.
template <class E>
  requires(std::is_enum_v<E>&& std::same_as<std::underlying_type_t<E>, std::int32_t>)
struct codec<E> {
  static constexpr const char* name = is_enumerated<E> ? "ENUMERATED" : "Int32";
  static constexpr der::tag tag = is_enumerated<E> ? der::enumerated : der::integer;
  static constexpr bool read(der::reader& r, E& out, der::place p, der::tag t = tag) {
    std::int32_t v = 0;
    if (!der::read_integer(r, v, p, t)) return false;
    out = static_cast<E>(v);
    return true;
  }
  static constexpr void write(der::writer& w, E v, der::tag t = tag) {
    der::write_integer(w, static_cast<std::int32_t>(v), t);
  }
};

/// BOOLEAN: X.690 section 11.1 has 0xff for true and nothing else.
template <>
struct codec<bool> {
  static constexpr const char* name = "BOOLEAN";
  static constexpr der::tag tag = der::boolean;
  static constexpr bool read(der::reader& r, bool& out, der::place p, der::tag t = tag) {
    const std::uint8_t* const at = r.mark();
    const bytes_view c = r.contents(t, p);
    if (!r.ok()) return false;
    if (c.size() != 1 || (c[0] != 0x00 && c[0] != 0xff)) return r.fail(errc::bad_boolean, p, at);
    out = c[0] != 0;
    return true;
  }
  static constexpr void write(der::writer& w, bool v, der::tag t = tag) {
    w.octet(v ? 0xff : 0x00);
    w.header(t, 1);
  }
};

/// Microseconds, RFC 4120 section 5.2.4: 0 to 999999.
template <>
struct codec<microseconds> {
  static constexpr const char* name = "Microseconds";
  static constexpr der::tag tag = der::integer;
  static constexpr bool read(der::reader& r, microseconds& out, der::place p, der::tag t = tag) {
    const std::uint8_t* const at = r.mark();
    if (!der::read_integer(r, out.count, p, t)) return false;
    return (out.count >= 0 && out.count <= 999999) || r.fail(errc::bad_integer, p, at);
  }
  static constexpr void write(der::writer& w, microseconds v, der::tag t = tag) { der::write_integer(w, v.count, t); }
};

template <>
struct codec<kerberos_time> {
  static constexpr const char* name = "KerberosTime";
  static constexpr der::tag tag = der::generalized_time;
  static constexpr bool read(der::reader& r, kerberos_time& out, der::place p, der::tag t = tag) {
    return der::read_time(r, out, p, t);
  }
  static constexpr void write(der::writer& w, kerberos_time v, der::tag t = tag) { der::write_time(w, v, t); }
};

/// What a module calls the flags that have these bits, where it has a name for them.
template <class Bit>
inline constexpr const char* flags_name = "KerberosFlags";

template <class Bit>
struct codec<flags<Bit>> {
  static constexpr const char* name = flags_name<Bit>;
  static constexpr der::tag tag = der::bit_string;
  static constexpr bool read(der::reader& r, flags<Bit>& out, der::place p, der::tag t = tag) {
    return der::read_flags(r, out.bits, p, t);
  }
  static constexpr void write(der::writer& w, flags<Bit> v, der::tag t = tag) { der::write_flags(w, v.bits, t); }
};

/// OCTET STRING.
template <>
struct codec<bytes_view> {
  static constexpr const char* name = "OCTET STRING";
  static constexpr der::tag tag = der::octet_string;
  static constexpr bool read(der::reader& r, bytes_view& out, der::place p, der::tag t = tag) {
    return der::read_octets(r, t, out, p);
  }
  static constexpr void write(der::writer& w, bytes_view v, der::tag t = tag) { der::write_octets(w, t, v); }
};

}  // namespace kerb::inline v0::asn1
