// Cursors over definite-length DER in two modes: one is fast and silent, the other reports errors.
#pragma once
#include "../core/bytes.hpp"
#include "../core/error.hpp"
#include "quick.hpp"
#include "rules.hpp"
#include "tag.hpp"

namespace kerb::inline v0::der {

/// The schema's names for the thing being read, for errors.
struct place {
  const char* type = "";
  const char* field = "";
};

/// State that all readers of one message share: its first octet, the tolerances, and the first error.
struct source {
  const std::uint8_t* origin = nullptr;
  rules allowed{};
  error why{};
};

/// How octets are read. Everything that reads is a template on this, so each rule is written once.
enum class mode : std::uint8_t {
  silent,   ///< strict DER only; a failure is no more than false
  telling,  ///< with the tolerances that are allowed; the first failure is stored with its field and offset
};

/// The contents octets of one TLV. A codec reads these. Both specialisations have the same members.
template <mode M>
class contents;
/// A cursor over encodings, which opens them. Both specialisations have the members that a codec needs.
template <mode M>
class basic_reader;

/// The cursor that reports errors.
using reader = basic_reader<mode::telling>;
/// The cursor for strict DER. Its values stay in registers.
using silent_reader = basic_reader<mode::silent>;

/// What is the same in both.
class contents_octets {
 public:
  constexpr std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  constexpr const std::uint8_t* begin() const { return begin_; }
  constexpr const std::uint8_t* end() const { return end_; }
  constexpr std::uint8_t operator[](std::size_t i) const { return begin_[i]; }
  constexpr operator bytes_view() const { return {begin_, size()}; }

 protected:
  KERB_INLINE constexpr contents_octets(quick::found f) : begin_(f.begin), end_(f.end) {}
  const std::uint8_t* begin_;
  const std::uint8_t* end_;
};

template <>
class contents<mode::silent> : public contents_octets {
 public:
  /// Whether there are contents: the TLV had the tag and a length in DER.
  constexpr explicit operator bool() const { return begin_ != nullptr; }
  /// What the contents are called in errors.
  static constexpr place where() { return {}; }
  /// The tolerances: none.
  static constexpr const rules& allowed() { return strict; }
  /// The contents are not what they have to be. Always returns false.
  static constexpr bool fail(errc) { return false; }

 private:
  friend class basic_reader<mode::silent>;
  KERB_INLINE constexpr contents(quick::found f) : contents_octets(f) {}
};

template <>
class basic_reader<mode::silent> {
 public:
  constexpr explicit basic_reader(bytes_view in KERB_LIFETIMEBOUND) : cur_(in.begin()), end_(in.end()) {}
  constexpr explicit basic_reader(der::contents<mode::silent> c) : cur_(c.begin()), end_(c.end()) {}

  constexpr bool at_end() const { return cur_ == end_; }
  constexpr bytes_view rest() const { return {cur_, static_cast<std::size_t>(end_ - cur_)}; }
  constexpr const std::uint8_t* mark() const { return cur_; }
  constexpr bytes_view since(const std::uint8_t* m) const { return {m, static_cast<std::size_t>(cur_ - m)}; }
  constexpr bool next_is(tag t) const { return cur_ != end_ && *cur_ == t.octet; }
  static constexpr const rules& allowed() { return strict; }

  KERB_INLINE constexpr der::contents<mode::silent> contents(tag t, place) {
    const quick::found f = quick::open(cur_, end_, t);
    cur_ = f.begin != nullptr ? f.end : end_;
    return f;
  }
  KERB_INLINE constexpr der::contents<mode::silent> contents(tag outer, tag inner, place) {
    const quick::found f = quick::open(cur_, end_, outer, inner);
    cur_ = f.begin != nullptr ? f.end : end_;
    return f;
  }
  static constexpr bool close_outer(der::contents<mode::silent>, place) { return true; }  // already checked
  constexpr bool skip(place = {}) {
    if (cur_ == end_ || (*cur_ & 0x1f) == 0x1f || *cur_ == 0) return false;
    return static_cast<bool>(contents(tag{*cur_}, {}));
  }
  constexpr bool close(place) const { return cur_ == end_; }
  /// Continues at `at`, where a copy of this cursor has got to; null is a failure.
  constexpr bool resume(const std::uint8_t* at) {
    cur_ = at != nullptr ? at : end_;
    return at != nullptr;
  }
  static constexpr bool fail(errc, place, const std::uint8_t* = nullptr) { return false; }

 private:
  const std::uint8_t* cur_;
  const std::uint8_t* end_;
};

template <>
class contents<mode::telling> : public contents_octets {
 public:
  constexpr explicit operator bool() const { return from_->why.code == errc::ok; }
  constexpr place where() const { return where_; }
  constexpr const rules& allowed() const { return from_->allowed; }
  /// Records an error at the first octet of the TLV. Always returns false.
  constexpr bool fail(errc c) const;

 private:
  friend class basic_reader<mode::telling>;
  constexpr contents(const std::uint8_t* begin, const std::uint8_t* end, const std::uint8_t* own, place p, source* from)
      : contents_octets({begin, end}), own_(own), where_(p), from_(from) {}
  const std::uint8_t* own_;
  place where_;
  source* from_;
};

/// The first error is stored in the source, and after it nothing more is read. So a caller can check
/// once after a series of reads. The schemas do not recurse, which bounds the depth.
template <>
class basic_reader<mode::telling> {
 public:
  constexpr basic_reader(bytes_view in KERB_LIFETIMEBOUND, source& s KERB_LIFETIMEBOUND)
      : cur_(in.data()), end_(in.data() + in.size()), from_(&s) {}
  constexpr explicit basic_reader(const der::contents<mode::telling>& c)
      : cur_(c.begin_), end_(c.end_), from_(c.from_) {}

  constexpr bool ok() const { return from_->why.code == errc::ok; }
  constexpr bool at_end() const { return cur_ == end_; }
  constexpr bytes_view rest() const { return {cur_, static_cast<std::size_t>(end_ - cur_)}; }
  constexpr const std::uint8_t* mark() const { return cur_; }
  /// The octets read since mark() returned `m`.
  constexpr bytes_view since(const std::uint8_t* m) const { return {m, static_cast<std::size_t>(cur_ - m)}; }
  constexpr bool next_is(tag t) const { return cur_ != end_ && *cur_ == t.octet; }
  constexpr const rules& allowed() const { return from_->allowed; }

  /// Steps over the TLV with tag `t` and returns a reader of its contents. After a failure that
  /// reader is empty.
  constexpr reader open(tag t, place p) {
    if (end_ - cur_ >= 2 && cur_[0] == t.octet && cur_[1] < 0x80 && cur_[1] <= end_ - cur_ - 2) {
      const std::uint8_t* const at = cur_ + 2;
      cur_ = at + cur_[1];
      return {at, cur_, from_};
    }
    return open_long(t, p);
  }
  /// The same, but returns the contents. After a failure they are empty, and false as a bool.
  KERB_NOINLINE constexpr der::contents<mode::telling> contents(tag t, place p) {
    const std::uint8_t* const own = cur_;
    const reader in = open(t, p);
    return {in.cur_, in.end_, own, p, from_};
  }
  /// Steps over the TLV with tag `outer` and returns the contents of the TLV with tag `inner` in it, as
  /// for an EXPLICIT tag. When those have been read, call close_outer().
  KERB_NOINLINE constexpr der::contents<mode::telling> contents(tag outer, tag inner, place p) {
    reader in = open(outer, p);
    return ok() ? in.contents(inner, p) : der::contents<mode::telling>(end_, end_, end_, p, from_);
  }
  /// Whether `c`, from contents(outer, inner), has filled the outer TLV; octets after it are an error.
  constexpr bool close_outer(const der::contents<mode::telling>& c, place p) {
    return c.end_ == cur_ || fail(errc::trailing_data, p, c.end_);
  }
  /// Steps over the next TLV, whatever its tag. Tag numbers above 30 and end-of-contents are errors.
  constexpr bool skip(place p = {}) {
    if (cur_ == end_) return fail(errc::truncated, p);
    if ((*cur_ & 0x1f) == 0x1f || *cur_ == 0) return fail(errc::unexpected_tag, p);
    (void)open(tag{*cur_}, p);
    return ok();
  }
  /// Ends the reading; octets that are left are an error.
  constexpr bool close(place p) {
    if (cur_ != end_) return fail(errc::trailing_data, p);
    return ok();
  }
  /// Records an error, unless there is one already, at the cursor or at `at`. Always returns false.
  KERB_COLD constexpr bool fail(errc c, place p, const std::uint8_t* at = nullptr) {
    if (ok()) {
      from_->why = {c, static_cast<std::uint32_t>((at != nullptr ? at : cur_) - from_->origin), 0, p.type, p.field};
    }
    cur_ = end_;
    return false;
  }

 private:
  constexpr basic_reader(const std::uint8_t* cur, const std::uint8_t* end, source* from)
      : cur_(cur), end_(end), from_(from) {}
  constexpr reader nothing() const { return {end_, end_, from_}; }

  KERB_NOINLINE constexpr reader open_long(tag t, place p) {
    if (!ok()) return nothing();
    if (cur_ == end_) return fail(errc::truncated, p), nothing();
    if (*cur_ != t.octet) return fail(errc::unexpected_tag, p), nothing();
    const std::uint8_t* at = cur_ + 1;
    if (at == end_) return fail(errc::truncated, p), nothing();
    std::size_t size = *at++;
    if (size >= 0x80) {
      const std::size_t octets = size & 0x7f;
      // 0x80 is the indefinite form; more than four octets would mean a length of 2^32 octets or more
      if (octets == 0 || octets > 4) return fail(errc::non_minimal_length, p), nothing();
      if (static_cast<std::size_t>(end_ - at) < octets) return fail(errc::truncated, p), nothing();
      size = 0;
      for (std::size_t i = 0; i != octets; ++i) size = size << 8 | *at++;
      if (size < 0x80 || size >> (8 * (octets - 1)) == 0) return fail(errc::non_minimal_length, p), nothing();
    }
    if (static_cast<std::size_t>(end_ - at) < size) return fail(errc::truncated, p), nothing();
    cur_ = at + size;
    return {at, cur_, from_};
  }

  const std::uint8_t* cur_;
  const std::uint8_t* end_;
  source* from_;
};

constexpr bool contents<mode::telling>::fail(errc c) const {
  return basic_reader<mode::telling>(*this).fail(c, where_, own_);
}

}  // namespace kerb::inline v0::der
