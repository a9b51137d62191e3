// Every type of message over any octets; the first octet says which (its place in tests/unit/msg/kinds.hpp).
#include <kerb/msg/contents.hpp>

#include "require.hpp"
#include "unit/msg/kinds.hpp"
#include "unit/msg/values.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

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

/// What is shown lies in the input, whatever stands in OCTET STRINGs, and the error is decode's.
template <class T>
void describe_kind(kerb_test::kind<T> k, bytes_view in, const error& why) {
  const auto see = [&](const asn1::node& n) {
    require(n.offset + n.header.size() + n.size <= in.size() && (n.contents.empty() || n.contents.size() == n.size),
            "is described in its place", k.name);
    require(n.holds != asn1::content::withheld || n.contents.empty(), "keeps its secrets", k.name);
  };
  const error told = asn1::describe_as<T>(k.name, in, see, der::as_deployed, msg::contents{});
  require(told.code == why.code && told.offset == why.offset && std::string_view(told.field) == why.field,
          "is described with decode's error", k.name);
}

template <class T>
void try_kind(kerb_test::kind<T> k, bytes_view in) {
  require(kerb_test::modes_agree<T>(in), "is read silently where and as strict rules read it", k.name);
  const auto strict = kerb_test::decode_kind(k, in, der::strict);
  const auto lenient = kerb_test::decode_kind(k, in, der::as_deployed);
  require(strict.error().offset <= in.size() && lenient.error().offset <= in.size(), "has its offset in the input",
          k.name);
  describe_kind(k, in, lenient.error());
  require(!strict || lenient, "is taken by every tolerance", k.name);
  if (!lenient) return;
  require(kerb_test::lies_inside(*lenient, in), "has its views in the input and the elements it counts", k.name);

  const auto out = asn1::encode(*lenient, first);
  if (!out) {
    require(out.error().code == errc::no_space && out.error().detail > sizeof first, "fails for lack of space only",
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
  const bool other_number = (std::is_same_v<T, msg::EncAsRepPart> && in[0] == 0x7a) ||
                            (std::is_same_v<T, msg::EncTgsRepPart> && in[0] == 0x79);
  const bool reply_part = other_number && out->size() == in.size() && out->subview(1) == in.subview(1);
  const bool long_flags = holds_flags<T>::value && out->size() < in.size();
  require(reply_part || long_flags, "is written as it was read", k.name);
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
