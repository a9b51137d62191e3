// The interface of a contents table, which tells describe() what OCTET STRINGs contain.
#pragma once
#include "captured.hpp"
#include "decode.hpp"
#include "node.hpp"
#include "primitives.hpp"
#include "sequence_of.hpp"

namespace kerb::inline v0::asn1 {

/// The empty contents table. A table is any small value with some of these functions, all const and constexpr:
///   content(const C& so_far, std::string_view field, look) -> void    calls what `look` offers, for a C's OCTET STRING
///   name(const C& so_far, std::string_view field) -> std::string_view   of a number in a C, the field itself included
///   constant(std::string_view field, std::int32_t) -> std::string_view  of a fixed number such as msg-type
///   inside<C>() -> a table of the same type, for what is in a C
/// `so_far` contains the preceding fields that are not messages themselves.
struct no_contents {};

/// How many levels of encodings nested in OCTET STRINGs describe() follows. FAST around a request
/// with authorization data needs 8.
inline constexpr unsigned max_nesting = 16;

namespace detail {
template <class T>
struct plain_type {
  using type = T;
};
template <class T>
struct plain_type<captured<T>> {
  using type = T;
};
/// Removes std::optional and captured.
template <class T>
using plain_type_t = typename plain_type<typename bare<T>::type>::type;
template <class T>
inline constexpr bool is_list = false;
template <class T, class R>
inline constexpr bool is_list<sequence_of<T, R>> = true;
template <class T>
inline constexpr bool is_never_empty = false;
template <class T>
inline constexpr bool is_never_empty<sequence_of<T, not_empty>> = true;

/// The ASN.1 name of any type.
template <class T>
consteval const char* spelling() {
  if constexpr (message<T>) return type_name<T>;
  else if constexpr (is_list<T>) return "SEQUENCE OF";
  else return codec<T>::name;
}

template <class T>
constexpr bool find_secrets();
template <class L>
constexpr bool line_is_secret(const L& l) {
  if constexpr (requires { l.is_secret; }) return l.is_secret || find_secrets<plain_type_t<typename L::value_type>>();
  else return false;
}
template <class... L>
constexpr bool schema_has_secrets(const sequence_schema<L...>& s) {
  return s.lines.apply([](const auto&... l) { return (line_is_secret(l) || ...); });
}
template <class S, std::uint8_t N, std::uint8_t... Also>
constexpr bool schema_has_secrets(const application_schema<S, N, Also...>& s) {
  return schema_has_secrets(s.inner);
}
template <class C, class... V, class... A>
constexpr bool schema_has_secrets(const choice_schema<C, std::variant<V...>, A...>&) {
  return (find_secrets<plain_type_t<V>>() || ...);
}
template <class T>
constexpr bool find_secrets() {
  if constexpr (message<T>) return schema_has_secrets(schema_of<T>);
  else if constexpr (is_list<T>) return find_secrets<plain_type_t<typename T::value_type>>();
  else return false;
}

/// Whether a T contains a field that is marked secret, at any depth.
template <class T>
inline constexpr bool holds_secrets = find_secrets<T>();

constexpr std::uint32_t u32(std::size_t n) { return static_cast<std::uint32_t>(n); }

/// The place of one part: what is known of its node before it is read.
struct spot {
  sink* to;
  const std::uint8_t* origin;    // where offset 0 is
  const std::uint8_t* begin;     // the first octet of its outermost header
  const node* parent = nullptr;  // null at depth 0
  std::uint32_t depth = 0;
  const char* field = "";
  std::size_t index = node::no_index;
  unsigned nesting = 0;  // above max_nesting, contents are not described
  bool secret = false;

  constexpr spot in(const node& p, const char* name, const std::uint8_t* at) const {
    return {
        .to = to, .origin = origin, .begin = at, .parent = &p, .depth = p.depth + 1, .field = name, .nesting = nesting};
  }
  /// A node whose contents are from `at` to `end`.
  constexpr node make(const char* type, content holds, const std::uint8_t* at, const std::uint8_t* end) const {
    node n;
    n.parent = parent;
    n.field = field;
    n.index = index;
    n.type = type;
    n.depth = depth;
    n.offset = u32(static_cast<std::size_t>(begin - origin));
    n.header = {begin, static_cast<std::size_t>(at - begin)};
    n.size = u32(static_cast<std::size_t>(end - at));
    n.holds = holds;
    return n;
  }
  constexpr node make(const char* type, content holds, bytes_view contents) const {
    return make(type, holds, contents.begin(), contents.end());
  }
  /// The same for a primitive whose own encoding is from `own` to `end`.
  constexpr node leaf(const char* type, const std::uint8_t* own, const std::uint8_t* end) const {
    node n = make(type, content::octets, own + (own[1] < 0x80 ? 2 : 2 + (own[1] & 0x7f)), end);
    n.contents = {end - n.size, n.size};
    return n;
  }
  /// Shows a node, or only its size if it is a secret.
  constexpr void show(node& n) const {
    if (secret && !to->reveals) {
      n.holds = content::withheld;
      n.contents = {};
    }
    to->see(n);
  }
};

class silence final : public sink {
 public:
  constexpr void see(const node&) override {}
  constexpr bytes_view unseal(const node&, const seal&) override { return {}; }
};

template <class Bit>
constexpr std::string_view bit_name_of(unsigned n) {
  return name_of(static_cast<Bit>(n));
}
template <class V>
constexpr void put(node& n, const V&) {
  constexpr der::tag t = codec<V>::tag;
  n.holds = t == der::object_identifier                         ? content::oid
            : t == der::bit_string                              ? content::bits
            : t == der::general_string || t == der::utf8_string ? content::text
                                                                : content::octets;
}
constexpr void put(node& n, const std::int32_t& v) { n.holds = content::number, n.number = v; }
constexpr void put(node& n, const std::uint32_t& v) { n.holds = content::number, n.number = v; }
constexpr void put(node& n, const uint32& v) { n.holds = content::number, n.number = std::uint32_t{v}; }
constexpr void put(node& n, const microseconds& v) { n.holds = content::number, n.number = v.count; }
constexpr void put(node& n, const bool& v) { n.holds = content::boolean, n.number = v; }
constexpr void put(node& n, const kerberos_time& v) { n.holds = content::time, n.number = v.seconds; }
constexpr void put(node& n, const any_value&) { n.holds = content::any; }
template <class Bit>
constexpr void put(node& n, const flags<Bit>& v) {
  n.holds = content::flags;
  n.number = v.bits;
  n.bit_name = bit_name_of<Bit>;
}
template <class E>
  requires std::is_enum_v<E>
constexpr void put(node& n, const E& v) {
  n.holds = content::number;
  n.number = static_cast<std::int32_t>(v);
  if constexpr (requires { name_of(v); }) n.name = name_of(v);
}

template <class T, class Contents>
constexpr bool walk(der::reader& r, der::tag t, const spot& s, der::place p, const Contents& c);
/// Shows a T that fills `octets`.
template <class T, class Contents>
constexpr error walk_whole(const char* name, bytes_view octets, der::rules allowed, const spot& s, const Contents& c);

/// The functions that a contents table can call for one OCTET STRING. The first as() that decodes
/// is shown. If none does, the octets are shown, with the error of the first as() as the node's
/// note.
template <class Contents>
class look {
 public:
  constexpr look(const spot& s, const node& n, der::rules allowed, const Contents& c)
      : s_(s), n_(n), allowed_(allowed), c_(c) {}

  constexpr bytes_view octets() const { return n_.contents; }
  /// Tries to decode a T after `skip` octets. `name` is its name, and `c` is the table for its contents.
  template <class T>
  constexpr void as(const char* name, const Contents& c, std::size_t skip = 0) {
    encoding<T>(name, c, skip, true);
  }
  template <class T>
  constexpr void as(const char* name) {
    as<T>(name, c_);
  }
  template <message T>
  constexpr void as() {
    as<T>(type_name<T>);
  }
  /// The same, but without a note when it does not decode.
  template <class T>
  constexpr void perhaps(const char* name) {
    encoding<T>(name, c_, 0, false);
  }
  /// The octets are not an encoding; `holds` determines how they are shown.
  constexpr void is(content holds, std::int64_t number = 0) {
    if (done_) return;
    n_.holds = holds;
    n_.number = number;
  }
  /// The octets are a number without a header, in this byte order.
  constexpr void number(bool little_endian) {
    if (done_ || n_.contents.empty() || n_.contents.size() > 8) return;
    std::uint64_t v = 0;
    for (std::size_t i = 0, size = n_.contents.size(); i != size; ++i)
      v = v << 8 | n_.contents[little_endian ? size - 1 - i : i];
    is(content::number, static_cast<std::int64_t>(v));
  }
  /// The octets are a sealed T; the visitor may have the key.
  template <class T, std::size_t N>
  constexpr void sealed(const char* name, std::int32_t etype, const std::int32_t (&usages)[N], const Contents& c) {
    if (done_) return;
    n_.holds = content::sealed;
    if (s_.nesting == max_nesting) return;
    const bytes_view plain = s_.to->unseal(n_, seal{etype, usages, name});
    if (plain.empty()) return;
    done_ = true;
    n_.note = tried<T>(name, plain, plain.data());
    s_.show(n_);
    (void)walk_whole<T>(name, plain, allowed_, below(plain, plain.data()), c);
  }
  /// Shows the node, unless as() or sealed() has.
  constexpr void finish() {
    if (done_) return;
    s_.secret = s_.secret || may_hold_secrets_;
    s_.show(n_);
  }

 private:
  template <class T>
  constexpr void encoding(const char* name, const Contents& c, std::size_t skip, bool noted) {
    if (done_ || n_.contents.size() <= skip) return;
    may_hold_secrets_ = may_hold_secrets_ || holds_secrets<T>;
    if (s_.nesting == max_nesting) {
      n_.note = error{.code = errc::no_space, .offset = n_.offset, .type = name};
      return;
    }
    const bytes_view octets = n_.contents.subview(skip);
    const error why = tried<T>(name, octets, s_.origin);
    if (!why.ok()) {
      if (noted && n_.note.ok()) n_.note = why;
      return;
    }
    done_ = true;
    n_.note = {};
    n_.holds = content::nested;
    n_.contents = {};
    s_.show(n_);
    if (n_.holds != content::withheld) (void)walk_whole<T>(name, octets, allowed_, below(octets, s_.origin), c);
  }
  /// Decodes `octets` as a T without showing anything. OCTET STRINGs in it are not followed, so no
  /// octet is read more than twice.
  template <class T>
  constexpr error tried(const char* name, bytes_view octets, const std::uint8_t* origin) {
    silence quiet;
    return walk_whole<T>(name, octets, allowed_,
                         spot{.to = &quiet, .origin = origin, .begin = octets.data(), .nesting = max_nesting + 1}, c_);
  }
  constexpr spot below(bytes_view octets, const std::uint8_t* origin) const {
    spot s = s_.in(n_, "", octets.data());
    s.origin = origin;
    s.nesting = s_.nesting + 1;
    return s;
  }

  spot s_;
  node n_;
  der::rules allowed_;
  Contents c_;
  bool may_hold_secrets_ = false;
  bool done_ = false;
};
}  // namespace detail
}  // namespace kerb::inline v0::asn1
