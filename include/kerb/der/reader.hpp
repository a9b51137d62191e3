// A strict cursor over definite-length DER, with one sticky error that holds the field and the offset.
#pragma once
#include "../core/bytes.hpp"
#include "../core/error.hpp"
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

/// A cursor over encodings. The first error is stored in the source, and after it nothing more is
/// read. So a caller can check once after a series of reads. The schemas do not recurse, which
/// bounds the depth.
class reader {
 public:
  constexpr reader(bytes_view in KERB_LIFETIMEBOUND, source& s KERB_LIFETIMEBOUND)
      : cur_(in.data()), end_(in.data() + in.size()), from_(&s) {}

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
  constexpr bytes_view contents(tag t, place p) { return open(t, p).rest(); }
  /// Steps over the next TLV, whatever its tag. Tag numbers above 30 and end-of-contents are errors.
  constexpr bool skip(place p = {}) {
    if (cur_ == end_) return fail(errc::truncated, p);
    if ((*cur_ & 0x1f) == 0x1f || *cur_ == 0) return fail(errc::unexpected_tag, p);
    (void)open(tag{*cur_}, p);
    return ok();
  }
  /// Ends the reading of `inner`; octets left in it are an error.
  constexpr bool close(const reader& inner, place p) {
    if (inner.cur_ != inner.end_) return reader(inner).fail(errc::trailing_data, p);
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
  constexpr reader(const std::uint8_t* cur, const std::uint8_t* end, source* from)
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

}  // namespace kerb::inline v0::der
