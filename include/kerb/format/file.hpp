// The elements of keytabs and credential caches: numbers in either byte order, octets with a length, names and lists.
#pragma once
#include <bit>

#include "../core/result.hpp"
#include "../core/secret.hpp"
#include "../core/time.hpp"
#include "../msg/basic.hpp"

namespace kerb::inline v0 {

namespace detail {
/// A cursor over a file, with one sticky error that holds the field and the offset.
class file_reader {
 public:
  /// `length_octets` is the size of the length in front of octet strings: 2 in keytabs, 4 in caches.
  constexpr file_reader(bytes_view file KERB_LIFETIMEBOUND, const char* type, std::endian order,
                        std::uint8_t length_octets)
      : file_(file), end_(file.size()), type_(type), order_(order), length_octets_(length_octets) {}

  constexpr bool ok() const { return why_.ok(); }
  constexpr const error& why() const { return why_; }
  constexpr std::size_t at() const { return at_; }
  constexpr std::size_t left() const { return end_ - at_; }
  constexpr bool at_end() const { return at_ == end_; }
  constexpr std::endian order() const { return order_; }
  constexpr void set_order(std::endian order) { order_ = order; }
  /// The octets from here to where `later` is, another cursor over the same file.
  constexpr bytes_view until(const file_reader& later) const { return file_.subview(at_, later.at_ - at_); }

  /// Reads `n` octets, at most four, as a number; returns 0 after a failure.
  constexpr std::uint32_t number(std::size_t n, const char* field) {
    std::uint32_t v = 0;
    const bytes_view b = octets(n, field);
    for (std::size_t i = 0; i != b.size(); ++i) v = v << 8 | b[order_ == std::endian::big ? i : b.size() - 1 - i];
    return v;
  }
  /// A type number: 16 bits with a sign, extended to RFC 4120's Int32.
  constexpr std::int32_t type_number(const char* field) { return static_cast<std::int16_t>(number(2, field)); }
  constexpr std::int32_t int32(const char* field) { return static_cast<std::int32_t>(number(4, field)); }
  /// Times are read as unsigned, so they are valid until 2106.
  constexpr kerberos_time time(const char* field) { return {number(4, field)}; }
  constexpr bytes_view octets(std::size_t n, const char* field) {
    if (left() < n) {
      fail(errc::truncated, field, at_);
      return {};
    }
    at_ += n;
    return file_.subview(at_ - n, n);
  }
  /// Reads a length and that many octets.
  constexpr bytes_view data(const char* field) {
    const std::size_t from = at_;
    const std::uint32_t n = number(length_octets_, field);
    if (ok() && left() < n) fail(errc::truncated, field, from);
    return ok() ? octets(n, field) : bytes_view();
  }
  /// Reads octets up to an octet 0, which is stepped over.
  constexpr bytes_view until_zero(const char* field) {
    const std::size_t from = at_;
    while (at_ != end_ && file_[at_] != 0) ++at_;
    if (at_ == end_) {
      fail(errc::truncated, field, from);
      return {};
    }
    return file_.subview(from, at_++ - from);
  }
  /// Reads a realm as data() does; the octet 0 in it is an error (RFC 4120 section 5.2.2).
  constexpr kerberos_string realm(const char* field) {
    const std::size_t from = at_;
    const kerberos_string name{data(field)};
    if (!is_realm_text(name)) fail(errc::bad_realm, field, from);
    return ok() ? name : kerberos_string();
  }
  /// Steps over the next `n` octets and returns a cursor over them.
  constexpr file_reader part(std::size_t n, const char* field) {
    file_reader in = *this;
    (void)octets(n, field);
    if (!ok()) return *this;
    in.end_ = at_;
    return in;
  }
  /// Records the first error. Always returns false.
  constexpr bool fail(errc c, const char* field, std::size_t at) {
    if (ok()) why_ = {c, static_cast<std::uint32_t>(at), 0, type_, field};
    at_ = end_;
    return false;
  }

 private:
  bytes_view file_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  const char* type_ = "";
  std::endian order_ = std::endian::big;
  std::uint8_t length_octets_ = 4;
  error why_{};
};

constexpr void read_element(file_reader& r, kerberos_string& out, const char* field) { out.octets = r.data(field); }
constexpr void read_element(file_reader& r, msg::HostAddress& out, const char* field) {
  out.addr_type = static_cast<addr_t>(r.type_number(field));
  out.address = r.data(field);
}
constexpr void read_element(file_reader& r, msg::AuthorizationDataElement& out, const char* field) {
  out.ad_type = static_cast<ad_t>(r.type_number(field));
  out.ad_data = r.data(field);
}
}  // namespace detail

/// The contents of a file up to the first error.
template <class View>
struct up_to_fault {
  View view;    ///< all entries before the error; those of the whole file if there is none
  error fault;  ///< the error; ok() if there is none
};

/// A view of a list in a file, validated when the file was opened. Iteration returns each T by
/// value and cannot fail.
template <class T>
class file_list {
 public:
  using value_type = T;
  constexpr file_list() = default;
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }

  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    constexpr iterator() = default;
    constexpr T operator*() const {
      T v{};
      detail::file_reader r = rest_;
      detail::read_element(r, v, "");
      return v;
    }
    constexpr iterator& operator++() {
      T v{};
      detail::read_element(rest_, v, "");
      --left_;
      return *this;
    }
    constexpr iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend constexpr bool operator==(const iterator& a, const iterator& b) { return a.left_ == b.left_; }

   private:
    friend class file_list;
    constexpr iterator(const detail::file_reader& rest, std::size_t left) : rest_(rest), left_(left) {}
    detail::file_reader rest_{{}, "", std::endian::big, 4};
    std::size_t left_ = 0;
  };
  constexpr iterator begin() const { return {from_, size_}; }
  constexpr iterator end() const { return {from_, 0}; }

  /// Copies the elements into `out`, for callers that need an array. On errc::no_space, `detail` is
  /// the number of elements.
  constexpr result<view_of<T>> copy_to(std::span<T> out) const {
    if (out.size() < size_) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(size_)};
    std::size_t i = 0;
    for (const T& v : *this) out[i++] = v;
    return view_of<T>(out.data(), size_);
  }
  /// Validates `count` elements and steps over them.
  static constexpr file_list read(detail::file_reader& r, std::size_t count, const char* field) {
    file_list out;
    out.from_ = r;
    out.size_ = count;
    // A false count is bounded by the file's size, because each element takes some octets
    for (std::size_t i = 0; i != count && r.ok(); ++i) {
      T v{};
      detail::read_element(r, v, field);
    }
    return r.ok() ? out : file_list();
  }

 private:
  detail::file_reader from_{{}, "", std::endian::big, 4};
  std::size_t size_ = 0;
};

/// A view of a principal's name in a file, where it is a list of components and not DER.
struct file_name {
  name_t name_type{};  ///< unknown if the file's version has none
  kerberos_string realm;
  file_list<kerberos_string> components;

  /// The name in the form that messages use. `parts` stores the components and must outlive the
  /// result. On errc::no_space, `detail` is their number.
  constexpr result<principal_view> in(std::span<kerberos_string> parts KERB_LIFETIMEBOUND) const {
    const auto all = components.copy_to(parts);
    if (!all) return all.error();
    return principal_view{{name_type, *all}, realm};
  }
};

/// Whether two views name the same principal. Compares the realm and every component, never the name type.
constexpr bool same_principal(const file_name& a, const principal_view& b) {
  if (!(a.realm == b.realm) || a.components.size() != b.name.name_string.size()) return false;
  auto other = b.name.name_string.begin();
  for (kerberos_string component : a.components) {
    if (!(component == *other)) return false;
    ++other;
  }
  return true;
}

namespace detail {
/// Fills a buffer from its front; when it is full, continues to count.
class file_writer {
 public:
  constexpr file_writer(std::span<std::uint8_t> out KERB_LIFETIMEBOUND, const char* type, std::uint8_t length_octets,
                        std::endian order = std::endian::big)
      : out_(out), type_(type), order_(order), length_octets_(length_octets) {}

  constexpr std::size_t count() const { return count_; }
  constexpr void number(std::uint32_t v, std::size_t octets) {
    for (std::size_t i = 0; i != octets; ++i) {
      octet(static_cast<std::uint8_t>(v >> (8 * (order_ == std::endian::big ? octets - 1 - i : i))));
    }
  }
  constexpr void octets(bytes_view b) {
    if (count_ <= out_.size() && out_.size() - count_ >= b.size()) {
      copy_octets(b.data(), b.size(), out_.data() + count_);
    }
    count_ += b.size();
  }
  constexpr void data(bytes_view b, const char* field) {
    if (b.size() > (length_octets_ == 2 ? 0xffffu : 0xffffffffu)) fail(errc::input_too_large, field);
    number(static_cast<std::uint32_t>(b.size()), length_octets_);
    octets(b);
  }
  constexpr void realm(kerberos_string name, const char* field) {
    if (!is_realm_text(name)) fail(errc::bad_name_text, field);
    data(name.octets, field);
  }
  constexpr void type_number(std::int32_t v, const char* field) {
    if (v != static_cast<std::int16_t>(v)) fail(errc::api_misuse, field);
    number(static_cast<std::uint32_t>(v), 2);
  }
  constexpr void time(kerberos_time t, const char* field) {
    if (t.seconds < 0 || t.seconds > 0xffffffff) fail(errc::clock_out_of_range, field);
    number(static_cast<std::uint32_t>(t.seconds), 4);
  }
  constexpr void fail(errc c, const char* field) {
    if (why_.ok()) why_ = {.code = c, .type = type_, .field = field};
  }
  /// The octets written. On any failure the buffer is wiped, because it contained keys.
  constexpr result<bytes_view> finish() {
    if (why_.ok() && count_ > out_.size()) {
      why_ = {.code = errc::no_space, .detail = static_cast<std::uint32_t>(count_), .type = type_};
    }
    if (why_.ok()) return bytes_view(out_.first(count_));
    secure_zero(out_.first(count_ < out_.size() ? count_ : out_.size()));
    return why_;
  }

 private:
  constexpr void octet(std::uint8_t b) {
    if (count_ < out_.size()) out_[count_] = b;
    ++count_;
  }
  std::span<std::uint8_t> out_;
  std::size_t count_ = 0;
  const char* type_ = "";
  std::endian order_ = std::endian::big;
  std::uint8_t length_octets_ = 4;
  error why_{};
};

constexpr name_t type_of(const principal_view& p) { return p.name.name_type; }
constexpr name_t type_of(const file_name& p) { return p.name_type; }
constexpr const auto& parts_of(const principal_view& p) { return p.name.name_string; }
constexpr const auto& parts_of(const file_name& p) { return p.components; }
}  // namespace detail

}  // namespace kerb::inline v0
