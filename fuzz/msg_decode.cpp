// Every type of message over any octets; the first octet says which (its place in tests/unit/msg/kinds.hpp).
#include "require.hpp"
#include "unit/msg/kinds.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

bool inside(bytes_view part, bytes_view whole) {
  return part.size() <= whole.size() && part.data() >= whole.data() && part.end() <= whole.end();
}

// Every view that a decoded value holds lies in the input, and every list has the elements it counts.
template <class T>
void look(const T& v, bytes_view in);
template <class T, class... L>
void look_at_lines(const T& v, const asn1::sequence_schema<L...>& s, bytes_view in) {
  const auto line = [&](const auto& l) {
    if constexpr (requires { l.member; }) look(v.*l.member, in);
  };
  s.lines.apply([&](const auto&... l) { (line(l), ...); });
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
void look_at_lines(const T& v, const asn1::application_schema<S, N, Also...>& s, bytes_view in) {
  look_at_lines(v, s.inner, in);
}
template <class T, class C, class V, class... A>
void look_at_lines(const T& v, const asn1::choice_schema<C, V, A...>& s, bytes_view in) {
  std::visit([&](const auto& chosen) { look(chosen, in); }, v.*s.member);
}
template <class T>
inline constexpr bool is_list = false;
template <class T, class Rule>
inline constexpr bool is_list<sequence_of<T, Rule>> = true;

template <class T>
void look(const T& v, bytes_view in) {
  if constexpr (asn1::message<T>) {
    look_at_lines(v, asn1::schema_of<T>, in);
  } else if constexpr (asn1::detail::is_optional<T>) {
    if (v) look(*v, in);
  } else if constexpr (std::is_same_v<T, bytes_view>) {
    require(inside(v, in), "lies in the input", "an OCTET STRING");
  } else if constexpr (std::is_same_v<T, kerberos_string>) {
    require(inside(v.octets, in), "lies in the input", "a KerberosString");
  } else if constexpr (requires { v.der; }) {
    require(inside(v.der, in), "lies in the input", "an ANY or what extends a SEQUENCE");
  } else if constexpr (requires { bytes_view(v.octets); }) {
    require(inside(v.octets, in), "lies in the input", "a BIT STRING, an OBJECT IDENTIFIER or a UTF8String");
  } else if constexpr (requires { v.octets(); }) {
    require(inside(v.octets(), in), "lies in the input", "a captured value");
    look(v.value(), in);
  } else if constexpr (is_list<T>) {
    std::size_t count = 0;
    for (auto i = v.begin(); i != v.end(); ++i, ++count) {
      require(inside(i.octets(), in) && !i.octets().empty(), "lies in the input", "an element");
      look(*i, in);
    }
    require(count == v.size(), "has the elements it counts", "a SEQUENCE OF");
  }
}

// Whether a KerberosFlags stands in the type outside of a captured part: of one with more than 32 bits the others are
// left out when it is written (TOLERANCES.md).
template <class T>
struct holds_flags : std::false_type {};
template <class Bit>
struct holds_flags<flags<Bit>> : std::true_type {};
template <class T>
struct holds_flags<std::optional<T>> : holds_flags<T> {};
template <class C, class V, asn1::tagging How>
struct holds_flags<asn1::member_line<C, V, How>> : holds_flags<V> {};
template <class... V>
struct holds_flags<std::variant<V...>> : std::bool_constant<(holds_flags<V>::value || ...)> {};
template <class C, class V, class... A>
struct holds_flags<asn1::choice_schema<C, V, A...>> : holds_flags<V> {};
template <class... L>
struct holds_flags<asn1::sequence_schema<L...>> : std::bool_constant<(holds_flags<L>::value || ...)> {};
template <class S, std::uint8_t N, std::uint8_t... Also>
struct holds_flags<asn1::application_schema<S, N, Also...>> : holds_flags<S> {};
template <asn1::message T>
struct holds_flags<T> : holds_flags<std::remove_cvref_t<decltype(asn1::schema_of<T>)>> {};

std::uint8_t first[1 << 17], second[1 << 17];

template <class T>
void try_kind(kerb_test::kind<T> k, bytes_view in) {
  const auto strict = kerb_test::decode_kind(k, in, der::strict);
  const auto lenient = kerb_test::decode_kind(k, in, der::as_deployed);
  require(strict.error().offset <= in.size() && lenient.error().offset <= in.size(), "has its offset in the input",
          k.name);
  require(!strict || lenient, "is taken by every tolerance", k.name);
  if (!lenient) return;
  look(*lenient, in);

  const auto out = asn1::encode(*lenient, first);
  if (!out) {
    require(out.error().code == errc::no_space && out.error().detail > sizeof first, "fails for lack of room only",
            k.name);
    return;
  }
  require(out->size() == asn1::encoded_size(*lenient), "has the size that was foretold", k.name);
  const auto back = kerb_test::decode_kind(k, *out, der::as_deployed);
  require(back.has_value(), "is read again", k.name);
  const auto again = asn1::encode(*back, second);
  require(again && *again == *out, "is written the same the second time", k.name);

  if (!strict || *out == in) return;
  // identical, or one of the two differences that TOLERANCES.md names
  const bool as_part = std::is_same_v<T, msg::EncAsRepPart> && in[0] == 0x7a && out->size() == in.size() &&
                       out->subview(1) == in.subview(1);
  const bool long_flags = holds_flags<T>::value && out->size() < in.size();
  require(as_part || long_flags, "is written as it was read", k.name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= kerb_test::kind_count) return 0;
  const bytes_view in(data + 1, size - 1);
  std::size_t number = 0;
  kerb_test::for_each_kind([&](auto k) {
    if (number++ == data[0]) try_kind(k, in);
  });
  return 0;
}
