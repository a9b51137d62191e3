// Messages written, read and damaged, in constant expressions and out of them.
#pragma once
#include <kerb/asn1/captured.hpp>
#include <kerb/core/hex.hpp>

#include "support/both.hpp"
#include "vectors.hpp"

namespace kerb_test {

void no_reference_encoding_has_this_name();  // declared only: a call ends constant evaluation

/// MIT krb5's encoding of that name (tests/vectors/asn1_reference.vec).
consteval kerb::bytes_view reference(std::string_view name) {
  for (const auto& v : asn1_vectors)
    if (v.name == name) return v.der;
  no_reference_encoding_has_this_name();
  return {};
}

/// A copy that can be damaged.
template <std::size_t Buffer = 600>
struct copy_of {
  std::array<std::uint8_t, Buffer> octets{};
  std::size_t size;
  constexpr explicit copy_of(kerb::bytes_view v) : size(v.size()) {
    for (std::size_t i = 0; i != size; ++i) octets[i] = v[i];
  }
  constexpr copy_of& set(std::size_t at, unsigned octet) {
    octets[at] = static_cast<std::uint8_t>(octet);
    return *this;
  }
  constexpr kerb::bytes_view view() const { return kerb::bytes_view(octets).first(size); }
};

/// Whether decoding a T fails so.
template <class T>
constexpr bool refuses(kerb::bytes_view in, kerb::errc code, std::size_t offset, std::string_view type,
                       std::string_view field, kerb::der::rules allowed = kerb::der::as_deployed) {
  const auto r = kerb::asn1::decode<T>(in, allowed);
  return !r && r.error().code == code && r.error().offset == offset && r.error().type == type &&
         r.error().field == field;
}

template <class T, std::size_t N>
constexpr bool refuses(const std::array<std::uint8_t, N>& in, kerb::errc code, std::size_t offset,
                       std::string_view type, std::string_view field) {
  return refuses<T>(kerb::bytes_view(in), code, offset, type, field);
}

/// Whether `v` is written as `wanted`, and `wanted` is read and comes back the same.
template <class T>
constexpr bool both_ways(const T& v, kerb::bytes_view wanted) {
  std::array<std::uint8_t, 600> buffer{};
  const auto out = kerb::asn1::encode(v, buffer);
  if (!out || !(*out == wanted) || kerb::asn1::encoded_size(v) != wanted.size()) return false;
  const auto back = kerb::asn1::decode<T>(wanted, kerb::der::strict);
  std::array<std::uint8_t, 600> again{};
  const auto same = back ? kerb::asn1::encode(*back, again) : kerb::result<kerb::bytes_view>(back.error());
  return same && *same == wanted;
}

template <class T, std::size_t N>
constexpr bool both_ways(const T& v, const std::array<std::uint8_t, N>& wanted) {
  return both_ways(v, kerb::bytes_view(wanted));
}

/// Where the fields of the SEQUENCE at `at` begin: the octet of field `n`'s explicit tag, counted from the front of
/// `in`.
constexpr std::size_t field_at(kerb::bytes_view in, std::size_t at, std::uint8_t number) {
  kerb::der::source s{.origin = in.data()};
  kerb::der::reader r(in.subview(at), s);
  kerb::der::reader fields = r.open(kerb::der::tag{in[at]}, {});
  if (fields.next_is(kerb::der::sequence)) fields = fields.open(kerb::der::sequence, {});  // below an APPLICATION tag
  while (!fields.at_end() && !fields.next_is(kerb::der::context(number))) fields.skip();
  return static_cast<std::size_t>(fields.mark() - in.data());
}
/// Where the contents of the TLV at `at` begin.
constexpr std::size_t contents_at(kerb::bytes_view in, std::size_t at) {
  return at + (in[at + 1] < 0x80 ? 2 : 2u + (in[at + 1] & 0x7f));
}

template <class T>
consteval bool is_extensible() {
  if constexpr (requires { kerb::asn1::schema_of<T>.lines; }) {
    return kerb::asn1::schema_of<T>.lines.apply(
        []<class... L>(const L&...) { return (kerb::asn1::detail::is_tail<L> || ...); });
  } else {
    return false;
  }
}

/// Each field of the SEQUENCE at `at` damaged in turn: with another universal tag inside, or an indefinite length, it
/// is refused there; under another number it is missing, or stands where the next required field should be, or, in a
/// SEQUENCE that may be extended, is an extension.
struct field_line {
  std::uint8_t number;
  std::string_view name;
  bool required;
};
template <class T, std::size_t N>
constexpr bool every_field_is_named(kerb::bytes_view in, std::size_t at, std::string_view type,
                                    const field_line (&lines)[N]) {
  copy_of damaged(in);  // one copy, put right again after each fault: constant evaluation is slow
  const auto with = [&](std::size_t octet, unsigned to, kerb::errc code, std::size_t offset, std::string_view field) {
    damaged.set(octet, to);
    const bool as_wanted = refuses<T>(damaged.view(), code, offset, type, field);
    damaged.set(octet, in[octet]);
    return as_wanted;
  };
  for (std::size_t i = 0; i != N; ++i) {
    const std::size_t field = field_at(in, at, lines[i].number);
    const std::size_t value = contents_at(in, field);
    std::size_t next = i;
    while (next != N && !lines[next].required) ++next;
    if (!with(value, 0x05, kerb::errc::unexpected_tag, value, lines[i].name) ||
        !with(field + 1, 0x80, kerb::errc::non_minimal_length, field, lines[i].name) ||
        !(next != N            ? with(field, 0xbe, kerb::errc::missing_field, field, lines[next].name)
          : is_extensible<T>() ? i + 1 != N || kerb::asn1::decode<T>(copy_of(in).set(field, 0xbe).view()).has_value()
                               : with(field, 0xbe, kerb::errc::trailing_data, field, ""))) {
      return false;
    }
  }
  return true;
}

}  // namespace kerb_test
