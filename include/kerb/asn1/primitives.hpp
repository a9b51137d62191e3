// Codecs of the basic C++ types: integers, enumerations, flags, times, octets.
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
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, I& out) {
    return der::read_integer(c, out);
  }
  static constexpr void write(der::writer& w, I v, der::tag t = tag) { der::write_integer(w, v, t); }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, I v) {
    return der::put_integer(at, floor, v);
  }
  static constexpr std::size_t size(I v) { return der::integer_size(v); }
};

/// UInt32. It is written in the form in which it was received.
template <>
struct codec<uint32> {
  static constexpr const char* name = "UInt32";
  static constexpr der::tag tag = der::integer;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, uint32& out) {
    std::uint32_t v = 0;
    integer_form form{};
    if (!der::read_integer(c, v, form)) return false;
    out = {v, form};
    return true;
  }
  static constexpr void write(der::writer& w, uint32 v, der::tag t = tag) { der::write_integer(w, v, v.form(), t); }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, uint32 v) {
    return der::put_integer(at, floor, v, v.form());
  }
  static constexpr std::size_t size(uint32 v) { return der::integer_size(v, v.form()); }
};

/// Whether E is an ENUMERATED in ASN.1 rather than an INTEGER; specialise it for those that are.
template <class E>
inline constexpr bool is_enumerated = false;

/// Open enumerations of registered numbers: every Int32 is a value.
template <class E>
  requires(std::is_enum_v<E>&& std::same_as<std::underlying_type_t<E>, std::int32_t>)
struct codec<E> {
  static constexpr const char* name = is_enumerated<E> ? "ENUMERATED" : "Int32";
  static constexpr der::tag tag = is_enumerated<E> ? der::enumerated : der::integer;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, E& out) {
    std::int32_t v = 0;
    if constexpr (is_enumerated<E>) {  // no tolerance applies to these
      std::int64_t any = 0;
      if (!der::read_int64(c, any)) return false;
      v = static_cast<std::int32_t>(any);
      if (v != any) return c.fail(errc::bad_integer);
    } else {
      if (!der::read_integer(c, v)) return false;
    }
    out = static_cast<E>(v);
    return true;
  }
  static constexpr void write(der::writer& w, E v, der::tag t = tag) {
    der::write_integer(w, static_cast<std::int32_t>(v), t);
  }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, E v) {
    return der::put_integer(at, floor, static_cast<std::int32_t>(v));
  }
  static constexpr std::size_t size(E v) { return der::integer_size(static_cast<std::int32_t>(v)); }
};

/// BOOLEAN. X.690 section 11.1: true is 0xff and nothing else.
template <>
struct codec<bool> {
  static constexpr const char* name = "BOOLEAN";
  static constexpr der::tag tag = der::boolean;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, bool& out) {
    if (c.size() != 1 || (c[0] != 0x00 && c[0] != 0xff)) return c.fail(errc::bad_boolean);
    out = c[0] != 0;
    return true;
  }
  static constexpr void write(der::writer& w, bool v, der::tag t = tag) {
    w.octet(v ? 0xff : 0x00);
    w.header(t, 1);
  }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, bool v) {
    if (at == floor) return nullptr;
    *--at = v ? 0xff : 0x00;
    return at;
  }
  static constexpr std::size_t size(bool) { return 1; }
};

/// Microseconds, RFC 4120 section 5.2.4: 0 to 999999.
template <>
struct codec<microseconds> {
  static constexpr const char* name = "Microseconds";
  static constexpr der::tag tag = der::integer;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, microseconds& out) {
    if (!der::read_integer(c, out.count, out.form)) return false;
    return (out.count >= 0 && out.count <= 999999) || c.fail(errc::bad_integer);
  }
  static constexpr void write(der::writer& w, microseconds v, der::tag t = tag) {
    if (v.form == integer_form::der) return der::write_integer(w, v.count, t);
    der::write_integer(w, static_cast<std::uint32_t>(v.count), v.form, t);
  }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, microseconds v) {
    if (v.form == integer_form::der) return der::put_integer(at, floor, v.count);
    return der::put_integer(at, floor, static_cast<std::uint32_t>(v.count), v.form);
  }
  static constexpr std::size_t size(microseconds v) {
    if (v.form == integer_form::der) return der::integer_size(v.count);
    return der::integer_size(static_cast<std::uint32_t>(v.count), v.form);
  }
};

template <>
struct codec<kerberos_time> {
  static constexpr const char* name = "KerberosTime";
  static constexpr der::tag tag = der::generalized_time;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, kerberos_time& out) {
    return der::read_time(c, out);
  }
  static constexpr void write(der::writer& w, kerberos_time v, der::tag t = tag) { der::write_time(w, v, t); }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, kerberos_time v) {
    if (static_cast<std::size_t>(at - floor) < der::time_octets) return nullptr;
    der::time_text(v, at -= der::time_octets);
    return at;
  }
  static constexpr std::size_t size(kerberos_time) { return der::time_octets; }
};

/// The name that a module has for flags with these bits, if it has one.
template <class Bit>
inline constexpr const char* flags_name = "KerberosFlags";

template <class Bit>
struct codec<flags<Bit>> {
  static constexpr const char* name = flags_name<Bit>;
  static constexpr der::tag tag = der::bit_string;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, flags<Bit>& out) {
    return der::read_flags(c, out.bits);
  }
  static constexpr void write(der::writer& w, flags<Bit> v, der::tag t = tag) { der::write_flags(w, v.bits, t); }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, flags<Bit> v) {
    return der::put_flags(at, floor, v.bits);
  }
  static constexpr std::size_t size(flags<Bit>) { return 5; }
};

/// OCTET STRING.
template <>
struct codec<bytes_view> {
  static constexpr const char* name = "OCTET STRING";
  static constexpr der::tag tag = der::octet_string;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, bytes_view& out) {
    out = c;
    return true;
  }
  static constexpr void write(der::writer& w, bytes_view v, der::tag t = tag) { der::write_octets(w, t, v); }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, bytes_view v) {
    return der::quick::octets(at, floor, v);
  }
  static constexpr std::size_t size(bytes_view v) { return v.size(); }
};

}  // namespace kerb::inline v0::asn1
