// A received encoding with one field replaced, for checksums over a message without its checksum.
#pragma once
#include "decode.hpp"
#include "encode.hpp"

namespace kerb::inline v0::asn1 {

// Declared only: calling it ends constant evaluation.
void no_field_of_the_schema_is_this_member();

namespace detail {
template <class M>
struct member_pointer;
template <class C, class V>
struct member_pointer<V C::*> {
  using owner = C;
  using value = V;
};
template <auto Member>
using owner_of_member = typename member_pointer<decltype(Member)>::owner;
template <auto Member>
using value_of_member = typename member_pointer<decltype(Member)>::value;

template <auto Member, class L>
constexpr bool is_line_of(const L&) {
  return false;
}
template <auto Member, class C, class V, tagging How>
constexpr bool is_line_of(const member_line<C, V, How>& l) {
  if constexpr (std::same_as<decltype(Member), V C::*>) return l.member == Member;
  else return false;
}
/// The index of a member's line in the schema.
template <auto Member, class... L>
constexpr std::size_t line_of(const sequence_schema<L...>& s) {
  return s.lines.apply([](const auto&... l) {
    std::size_t at = 0;
    bool found = false;
    ((found = found || is_line_of<Member>(l), at += !found), ...);
    if (!found) no_field_of_the_schema_is_this_member();
    return at;
  });
}
/// The tag around the SEQUENCE as received; none if the schema has none.
template <class... L>
constexpr der::tag outer_tag(const der::reader&, const sequence_schema<L...>&) {
  return {};
}
template <class S, std::uint8_t N, std::uint8_t... Also>
constexpr der::tag outer_tag(const der::reader& r, const application_schema<S, N, Also...>&) {
  std::uint8_t number = N;
  ((r.next_is(der::application(Also)) ? void(number = Also) : void()), ...);
  return der::application(number);
}

/// Steps over the field of one line, if it is present, without reading its contents.
template <class C, class V, tagging How>
constexpr bool step_over(der::reader& r, const member_line<C, V, How>& l, const char* type) {
  if (may_begin<How, typename bare<V>::type>(r, l.number)) return r.skip({type, l.name});
  return is_optional<V> || r.fail(errc::missing_field, {type, l.name});
}
constexpr bool step_over(der::reader& r, const constant_line& l, const char* type) {
  if (r.next_is(der::context(l.number))) return r.skip({type, l.name});
  return r.fail(errc::missing_field, {type, l.name});
}
template <std::size_t Count, class... L>
constexpr bool step_over_first(der::reader& r, const sequence_schema<L...>& s) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (step_over(r, s.lines.template get<I>(), s.name) && ...);
  }
  (std::make_index_sequence<Count>{});
}
}  // namespace detail

/// An encoding with one field replaced, in four pieces of which two are the sender's octets. This
/// object contains the new headers and the new field, in at most `Scratch` octets. The original
/// encoding must outlive it.
template <std::size_t Scratch>
class replaced {
 public:
  /// See with_replaced().
  template <auto Member>
  static constexpr result<replaced> of(bytes_view encoding, const detail::value_of_member<Member>& value);

  /// The pieces in order; some are empty. Valid until this object is moved or destroyed.
  constexpr std::array<bytes_view, 4> pieces() const& KERB_LIFETIMEBOUND {
    const bytes_view written = bytes_view(scratch_).last(headers_ + field_);
    return {written.first(headers_), before_, written.subview(headers_), after_};
  }
  std::array<bytes_view, 4> pieces() const&& = delete;
  constexpr std::size_t size() const { return headers_ + before_.size() + field_ + after_.size(); }

 private:
  std::array<std::uint8_t, Scratch> scratch_{};  // at its end: the outer headers, then the new field
  std::size_t headers_ = 0, field_ = 0;
  bytes_view before_, after_;
};

template <std::size_t Scratch>
template <auto Member>
constexpr result<replaced<Scratch>> replaced<Scratch>::of(bytes_view encoding,
                                                          const detail::value_of_member<Member>& value) {
  using T = detail::owner_of_member<Member>;
  using V = detail::value_of_member<Member>;
  constexpr const auto& schema = detail::fields_of<T>;
  constexpr std::size_t place = detail::line_of<Member>(schema);
  constexpr const auto& line = schema.lines.template get<place>();
  constexpr tagging how = std::remove_cvref_t<decltype(line)>::how;

  const der::place whole{type_name<T>, ""};
  if (encoding.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = whole.type};
  der::source from{.origin = encoding.data(), .allowed = der::as_deployed};
  der::reader r(encoding, from);
  const der::tag around = detail::outer_tag(r, schema_of<T>);
  const bool wrapped = !(around == der::tag{});
  der::reader outer = wrapped ? r.open(around, whole) : r;
  der::reader in = outer.open(der::sequence, whole);
  const std::uint8_t* const begin = in.mark();
  replaced out;
  if (detail::step_over_first<place>(in, schema)) {
    out.before_ = in.since(begin);
    (void)detail::step_over(in, line, schema.name);
    out.after_ = in.rest();
  }
  if (from.why.ok() && !(outer.at_end() && (!wrapped || r.at_end()))) r.fail(errc::trailing_data, whole);
  if (!from.why.ok()) return from.why;

  der::writer w(out.scratch_);
  if constexpr (detail::is_optional<V>) {
    if (value) detail::write_value<how>(w, line.number, *value);
  } else {
    detail::write_value<how>(w, line.number, value);
  }
  out.field_ = w.count();
  const std::size_t contents = out.before_.size() + out.field_ + out.after_.size();
  w.header(der::sequence, contents);
  if (wrapped) w.header(around, contents + w.count() - out.field_);
  if (!w.ok()) {
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count()), .type = whole.type};
  }
  out.headers_ = w.count() - out.field_;
  return out;
}

/// `encoding`, the encoding of a T, with the field `Member` replaced by `value`:
/// `with_replaced<&KrbSafe::cksum>(octets, {})`. An OPTIONAL field can be added or removed. The
/// other fields stay, octet by octet. Only their tags and lengths are read, so decode an untrusted
/// encoding first. On errc::no_space, `detail` is a value for `Scratch` that is enough.
template <auto Member, std::size_t Scratch = 64>
constexpr result<replaced<Scratch>> with_replaced(bytes_view encoding KERB_LIFETIMEBOUND,
                                                  const detail::value_of_member<Member>& value) {
  return replaced<Scratch>::template of<Member>(encoding, value);
}

}  // namespace kerb::inline v0::asn1
