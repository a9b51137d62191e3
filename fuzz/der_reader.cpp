// The DER reader over any octets: nothing outside is looked at, and what is read is written the same.
#include <kerb/der/bits.hpp>
#include <kerb/der/integer.hpp>
#include <kerb/der/string.hpp>
#include <kerb/der/time.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

constexpr der::place here{"Fuzz", "input"};

bool inside(bytes_view part, bytes_view whole) {
  return part.data() >= whole.data() && part.end() <= whole.end() && part.begin() <= part.end();
}

void same_octets(const der::writer& w, bytes_view in, const char* what) {
  require(w.ok() && bytes_view(w.written_since(0)) == in, "is written as it was read", what);
}

// Reads the input as one value of each kind, with errors and without; what is read to the end must come back.
template <class T, class Read, class Write>
void both_ways(bytes_view in, const char* what, der::tag t, T& value, Read&& read, Write&& write) {
  der::source s{.origin = in.data(), .allowed = der::strict};
  der::reader r(in, s);
  const auto c = r.contents(t, here);
  const bool good = c && read(c, value);
  require(good == s.why.ok(), "tells of its failure", what);
  require(s.why.offset <= in.size(), "has its offset in the input", what);
  T silent_value{};
  der::silent_reader silent(in);
  const auto silent_contents = silent.contents(t, here);
  const bool taken = silent_contents && read(silent_contents, silent_value);
  require(taken == good, "is read silently where it is read", what);
  require(!good || (silent_value == value && silent.mark() == r.mark()), "is read silently as it is read", what);
  if (!good || !r.at_end()) return;
  std::uint8_t buffer[32];
  der::writer w(buffer);
  write(w);
  same_octets(w, in, what);
}

// Steps through whatever nests in the input.
void walk(der::reader r, bytes_view whole, int depth) {
  while (r.ok() && !r.at_end()) {
    const std::uint8_t* const m = r.mark();
    const der::tag t{*m};
    const der::reader inner = r.open(t, here);
    if (!r.ok()) break;
    const bytes_view contents = inner.rest(), tlv = r.since(m);
    require(inside(contents, whole) && inside(tlv, whole), "lies in the input", "an element");
    require(contents.end() == tlv.end(), "ends with its contents", "an element");
    der::writer header = der::writer::counting();
    header.header(t, contents.size());
    require(header.count() + contents.size() == tlv.size(), "has the shortest header", "an element");
    if ((t.octet & 0x20) != 0 && depth != 0) {
      der::source s{.origin = whole.data()};
      walk(der::reader(contents, s), whole, depth - 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view in(data, size);
  der::source s{.origin = in.data()};
  walk(der::reader(in, s), in, 20);
  require(s.why.offset <= in.size(), "has its offset in the input", "the walk");

  std::int64_t wide = 0;
  both_ways(
      in, "INTEGER", der::integer, wide, [](auto c, auto& v) { return der::read_int64(c, v); },
      [&](der::writer& w) { der::write_integer(w, wide); });
  std::uint32_t narrow = 0;
  both_ways(
      in, "UInt32", der::integer, narrow, [](auto c, auto& v) { return der::read_integer(c, v); },
      [&](der::writer& w) { der::write_integer(w, narrow); });
  kerberos_time time;
  both_ways(
      in, "KerberosTime", der::generalized_time, time, [](auto c, auto& v) { return der::read_time(c, v); },
      [&](der::writer& w) { der::write_time(w, time); });
  std::uint32_t bits = 0;
  if (in.size() <= 7) {  // of a longer one the bits without names are left out (TOLERANCES.md)
    both_ways(
        in, "KerberosFlags", der::bit_string, bits, [](auto c, auto& v) { return der::read_flags(c, v); },
        [&](der::writer& w) { der::write_flags(w, bits); });
  }
  return 0;
}
