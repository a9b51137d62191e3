// Random values of any type, made from its schema.
#pragma once
#include <deque>
#include <iterator>
#include <memory>
#include <vector>

#include "unit/msg/kinds.hpp"

namespace kerb_test {

/// Makes values; owns what their views look at. The same seed makes the same values.
class generator {
 public:
  explicit generator(std::uint64_t seed) { restart(seed); }
  /// As if made anew; what it has made before is gone.
  void restart(std::uint64_t seed) {
    state_ = seed * 2 + 1;
    spare_.insert(spare_.end(), std::move_iterator(octets_.begin()), std::move_iterator(octets_.end()));
    octets_.clear();
    lists_.clear();
  }

  std::uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    std::uint64_t x = state_;
    x ^= x >> 32;
    return x * 0xd6e8feb86659fd93u ^ x >> 29;
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }

  /// How likely an OPTIONAL is there, in percent.
  unsigned present = 60;
  /// How many elements a list has that stands in no other list, and how many octets a text or OCTET STRING outside of
  /// lists; 0: some.
  std::size_t elements = 0, octets_each = 0;

  template <class T>
  T make() {
    T v{};
    fill(v);
    return v;
  }
  template <class T>
  void fill(T& v) {
    if constexpr (kerb::asn1::message<T>) {
      fill_lines(v, kerb::asn1::schema_of<T>);
    } else if constexpr (std::is_enum_v<T>) {
      v = static_cast<T>(number());
    } else {
      fill_value(v);
    }
  }

 private:
  std::int32_t number() {
    // small ones, registered ones, and any
    switch (below(3)) {
      case 0: return static_cast<std::int32_t>(below(40)) - 10;
      case 1: return static_cast<std::int32_t>(next()) >> below(32);
      default: return static_cast<std::int32_t>(next());
    }
  }
  kerb::bytes_view octets(std::size_t most) {
    std::size_t size = below(8) == 0 ? below(most * 4) : below(most);
    if (octets_each != 0 && !in_list_) size = octets_each;
    auto& buffer = buffer_of(size);
    for (auto& b : buffer) b = static_cast<std::uint8_t>(next());
    return buffer;
  }
  void fill_value(std::int32_t& v) { v = number(); }
  void fill_value(std::uint32_t& v) { v = static_cast<std::uint32_t>(next() >> 32 >> below(32)); }
  void fill_value(kerb::uint32& v) {
    std::uint32_t n = 0;
    fill_value(n);
    v = n;
  }
  void fill_value(kerb::microseconds& v) { v.count = static_cast<std::int32_t>(below(1000000)); }
  void fill_value(kerb::kerberos_time& v) {
    const auto years = static_cast<std::uint64_t>(kerb::latest_time.seconds - kerb::earliest_time.seconds) + 1;
    v.seconds = kerb::earliest_time.seconds + static_cast<std::int64_t>(below(years));
  }
  void fill_value(kerb::bytes_view& v) { v = octets(40); }
  void fill_value(kerb::kerberos_string& v) { v.octets = octets(20); }
  void fill_value(kerb::kerberos_realm& v) {
    v.octets = octets(20);
    for (auto& b : octets_.back())  // which octets() has just made
      if (b == 0) b = 'R';
  }
  void fill_value(kerb::iakerb_realm& v) { v.octets = make<kerb::kerberos_realm>().octets; }
  void fill_value(kerb::utf8_string& v) { v.octets = octets(20); }
  void fill_value(bool& v) { v = below(2) != 0; }
  void fill_value(kerb::bit_string& v) {
    auto& buffer = buffer_of(below(20));
    for (auto& b : buffer) b = static_cast<std::uint8_t>(next());
    v.unused = static_cast<std::uint8_t>(buffer.empty() ? 0 : below(8));
    if (!buffer.empty()) buffer.back() = static_cast<std::uint8_t>(buffer.back() >> v.unused << v.unused);
    v.octets = buffer;
  }
  void fill_value(kerb::object_identifier& v) {
    auto& buffer = buffer_of(0);
    do {
      for (auto arc = static_cast<std::uint32_t>(next()) >> below(32); arc > 0x7f; arc >>= 7)
        buffer.push_back(static_cast<std::uint8_t>(0x81 + arc % 0x7f));
      buffer.push_back(static_cast<std::uint8_t>(below(0x80)));
    } while (below(3) != 0);
    v.octets = buffer;
  }
  // [29] and [30]: no schema has these numbers
  void fill_value(kerb::asn1::any_value& v) { v.der = unknown(0x9d); }
  void fill_value(kerb::asn1::extension_fields& v) {
    v.der = {};
    if (below(100) >= present) return;
    v.der = unknown(0x9e);
    if (elements == 0 || in_list_) return;
    const std::vector<std::uint8_t> one(v.der.begin(), v.der.end());
    auto& buffer = buffer_of(0);
    for (std::size_t i = 0; i != elements; ++i) buffer.insert(buffer.end(), one.begin(), one.end());
    v.der = buffer;
  }
  kerb::bytes_view unknown(std::uint8_t tag) {
    auto& buffer = buffer_of(2 + below(60));
    for (auto& b : buffer) b = static_cast<std::uint8_t>(next());
    buffer[0] = tag;
    buffer[1] = static_cast<std::uint8_t>(buffer.size() - 2);
    return buffer;
  }
  template <class... V>
  void fill_value(std::variant<V...>& v) {
    const std::size_t which = below(sizeof...(V));
    std::size_t i = 0;
    ((i++ == which ? fill(v.template emplace<V>()) : void()), ...);
  }
  template <class Bit>
  void fill_value(kerb::flags<Bit>& v) {
    v.bits = static_cast<std::uint32_t>(next());
  }
  template <class T>
  void fill_value(std::optional<T>& v) {
    v.reset();
    if (below(100) < present) fill(v.emplace());
  }
  template <class T>
  void fill_value(kerb::captured<T>& v) {
    v = kerb::captured<T>::of(make<T>());
  }
  template <class T, class Rule>
  void fill_value(kerb::sequence_of<T, Rule>& v) {
    const std::size_t least = std::is_same_v<Rule, kerb::asn1::not_empty> || present == 100 ? 1 : 0;
    const std::size_t some = least + below(4), many = in_list_ ? 1 : elements;
    auto items = std::make_shared<std::vector<T>>(elements == 0 ? some : many);
    const bool outermost = !in_list_;
    in_list_ = true;
    for (auto& i : *items) fill(i);
    if (outermost) in_list_ = false;
    v = kerb::view_of<T>(items->data(), items->size());
    lists_.push_back(std::move(items));
  }
  template <class T, class... L>
  void fill_lines(T& v, const kerb::asn1::sequence_schema<L...>& s) {
    s.lines.apply([&](const auto&... l) { (fill_line(v, l), ...); });
  }
  template <class T, class S, std::uint8_t N, std::uint8_t... Also>
  void fill_lines(T& v, const kerb::asn1::application_schema<S, N, Also...>& s) {
    fill_lines(v, s.inner);
  }
  template <class T, class C, class V, class... A>
  void fill_lines(T& v, const kerb::asn1::choice_schema<C, V, A...>& s) {
    fill(v.*s.member);
  }
  template <class T, class C, class V, kerb::asn1::tagging How>
  void fill_line(T& v, const kerb::asn1::member_line<C, V, How>& l) {
    fill(v.*l.member);
  }
  template <class T, class C>
  void fill_line(T& v, const kerb::asn1::tail_line<C>& l) {
    fill(v.*l.member);
  }
  template <class T>
  void fill_line(T&, const kerb::asn1::constant_line&) {}

  std::vector<std::uint8_t>& buffer_of(std::size_t size) {
    if (spare_.empty()) return octets_.emplace_back(size);
    octets_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    octets_.back().resize(size);
    return octets_.back();
  }

  std::uint64_t state_ = 0;
  bool in_list_ = false;
  std::deque<std::vector<std::uint8_t>> octets_;
  std::vector<std::vector<std::uint8_t>> spare_;  // taken again: allocating would take half of the time
  std::deque<std::shared_ptr<void>> lists_;
};

/// The encoding, in a vector of exactly its size.
template <class T>
std::vector<std::uint8_t> encoded(const T& v) {
  std::vector<std::uint8_t> buffer(kerb::asn1::encoded_size(v));
  const auto out = kerb::asn1::encode(v, buffer);
  if (!out || out->size() != buffer.size()) buffer.clear();
  return buffer;
}

}  // namespace kerb_test
