// Fields that are computed while the message is written, from the last field to the first.
#pragma once
#include "encode.hpp"

namespace kerb::inline v0::asn1 {

/// A field that a callable `write_to(der::writer&)` writes. The writer works from the last field to
/// the first, so it can use the octets of any later field (see noted). It is called once for
/// counting and once for writing; if it has side effects, it must check is_counting() first.
template <class F>
struct computed {
  F write_to;
};
template <class F>
computed(F) -> computed<F>;

template <class F>
struct codec<computed<F>> {
  static constexpr void write(der::writer& w, const computed<F>& c) { c.write_to(w); }
};

/// Writes `value` and stores a view of the octets written in `where`. The octets stay in the
/// buffer; the view is empty when counting.
template <class T>
struct noted {
  ref<const T> value;
  ref<bytes_view> where;
};

template <class T>
struct codec<noted<T>> {
  static constexpr void write(der::writer& w, const noted<T>& n) {
    const std::size_t mark = w.count();
    asn1::write(w, n.value.get());
    n.where.get() = bytes_view(w.written_since(mark));
  }
};

}  // namespace kerb::inline v0::asn1
