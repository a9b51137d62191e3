// Fields whose octets are made while the message is written, from the tail to the front.
#pragma once
#include "encode.hpp"

namespace kerb::inline v0::asn1 {

/// A field that `write_to(der::writer&)` writes. The writer goes from the last field to the first, so it may use the
/// octets of any field behind it (see noted). It is called once for counting and once for writing: whatever has an
/// effect asks is_counting() first.
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

/// Writes `value` and leaves word in `where` of the octets it became, which stay in the buffer; empty when counting.
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
