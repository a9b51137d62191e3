// One value read from, or written to, a few octets.
#pragma once
#include <kerb/core/hex.hpp>
#include <kerb/der/reader.hpp>
#include <kerb/der/writer.hpp>
#include <string_view>

#include "support/both.hpp"

namespace kerb_test {

inline constexpr kerb::der::place here{"Type", "field"};

/// A function that reads a TLV with tag `t`, whose contents `read(contents, T&)` reads.
template <class F>
constexpr auto under(kerb::der::tag t, F read) {
  return [=](auto& r, auto& v, kerb::der::place p) {
    const auto c = r.contents(t, p);
    return c && read(c, v);
  };
}

/// What `read(reader&, T&, place)` makes of `in`: the value, or the error.
template <class T>
struct outcome {
  T value{};
  kerb::error why{};
  bool whole = false;  // nothing was left unread
  constexpr bool ok() const { return why.ok() && whole; }
  constexpr bool is(const T& v) const { return ok() && value == v; }
  /// Failed with this code at this octet, in the place that was named.
  constexpr bool failed(kerb::errc c, std::uint32_t at = 0) const {
    return why.code == c && why.offset == at && why.detail == 0 && std::string_view(why.type) == here.type &&
           std::string_view(why.field) == here.field;
  }
};

template <class T, class F>
constexpr outcome<T> read_view(F&& read, kerb::bytes_view in, kerb::der::rules allowed = kerb::der::strict) {
  kerb::der::source s{.origin = in.data(), .allowed = allowed};
  kerb::der::reader r(in, s);
  outcome<T> out;
  const bool said = read(r, out.value, here);
  out.why = s.why;
  out.whole = r.at_end();
  if (said != s.why.ok()) out.why.code = kerb::errc::api_misuse;  // what it returns is what it noted
  if (allowed == kerb::der::strict) {                             // reading silently gives the same answer
    kerb::der::silent_reader silent(in);
    T value{};
    const bool taken = read(silent, value, here);
    if (taken != said || (taken && (!(value == out.value) || silent.mark() != r.mark())))
      out.why.code = kerb::errc::api_misuse;
  }
  return out;
}

template <class T, class F, std::size_t N>
constexpr outcome<T> read_one(F&& read, const std::array<std::uint8_t, N>& in,
                              kerb::der::rules allowed = kerb::der::strict) {
  return read_view<T>(read, in, allowed);
}

/// Whether `write(writer&)` gives exactly `wanted`, and the same size when it only counts.
template <class F, std::size_t N>
constexpr bool writes(F&& write, const std::array<std::uint8_t, N>& wanted) {
  std::array<std::uint8_t, 64> buffer{};
  kerb::der::writer w(buffer);
  write(w);
  kerb::der::writer n = kerb::der::writer::counting();
  write(n);
  return w.ok() && n.ok() && n.count() == wanted.size() &&
         kerb::bytes_view(w.written_since(0)) == kerb::bytes_view(wanted);
}

}  // namespace kerb_test
