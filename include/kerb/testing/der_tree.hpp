// A message's octets as a tree of its parts, in one buffer in which each part can be changed.
#pragma once
#include <array>
#include <cstring>

#include "../asn1/node.hpp"

namespace kerb::inline v0::testing {

/// One part of the octets: a field, an element, or what is in an OCTET STRING. The offsets are from
/// the start of the buffer.
struct tree_node {
  std::uint32_t begin = 0;  ///< its first octet, of the field's own tag if there is one
  std::uint32_t body = 0;   ///< the first octet after all its headers
  std::uint32_t end = 0;    ///< after its last octet
  std::int32_t parent = -1;
  std::uint8_t depth = 0;
  asn1::content holds = asn1::content::any;
  const char* type = "";
  const char* field = "";
  std::int64_t number = 0;  ///< of a number, time or boolean
  bool is_named = false;    ///< a number that a registry names
  bool is_leaf = true;
  bool is_alive = true;  ///< false after it was removed
  std::int8_t lie = -1;  ///< which of its lengths is left as it is, from the outermost; -1 for none

  std::int8_t key = -1;      ///< the key under which it is sealed or signed; -1 if it is not
  std::int32_t usage = 0;    ///< the key usage
  std::int32_t covers = -1;  ///< of a checksum: the part that it protects
};

/// The parts of a message in a buffer that the caller lends. Parts are added from the front to the
/// back, parents first. A change keeps the lengths of everything around it true, and costs one move
/// of the octets behind it and one more for each length around it that changes its size. Nothing is
/// written outside the buffer, and nothing is allocated.
class der_tree {
 public:
  /// More parts than the largest captured messages have. Those above it are left out.
  static constexpr std::size_t max_nodes = 512;
  /// FAST around a request with authorization data has 50 levels.
  static constexpr std::uint8_t max_depth = 96;
  /// The number of headers that one part can have: of a field, an APPLICATION type and its SEQUENCE.
  static constexpr std::size_t max_headers = 4;

  /// The octets are the first `size` of the buffer, which must outlive the tree.
  constexpr der_tree(std::span<std::uint8_t> buffer, std::size_t size)
      : buffer_(buffer.size() > max_octets ? buffer.first(max_octets) : buffer),
        size_(size < buffer_.size() ? size : buffer_.size()) {}

  constexpr std::size_t size() const { return size_; }
  constexpr std::span<std::uint8_t> octets() const { return buffer_.first(size_); }
  constexpr std::size_t count() const { return count_; }
  constexpr const tree_node& operator[](std::int32_t i) const { return nodes_[static_cast<std::size_t>(i)]; }
  constexpr tree_node& operator[](std::int32_t i) { return nodes_[static_cast<std::size_t>(i)]; }
  /// The octets of a part with its headers.
  constexpr bytes_view whole(std::int32_t i) const {
    const tree_node& n = (*this)[i];
    return bytes_view(buffer_).subview(n.begin, n.end - n.begin);
  }
  /// The octets of a part after its headers.
  constexpr std::span<std::uint8_t> contents(std::int32_t i) const {
    const tree_node& n = (*this)[i];
    return buffer_.subspan(n.body, n.end - n.body);
  }

  constexpr void clear() { count_ = 0, last_ = -1; }
  /// Adds a part. Its parent is the last part that was added and in which it lies. Returns its
  /// index, or -1 if there is no place for it.
  constexpr std::int32_t add(tree_node n) {
    if (count_ == max_nodes || n.body < n.begin || n.end < n.body || n.end > size_) return -1;
    std::int32_t p = last_;
    while (p >= 0 && !((*this)[p].body <= n.begin && n.end <= (*this)[p].end)) p = (*this)[p].parent;
    if (p >= 0 && (*this)[p].depth >= max_depth) return -1;
    if (p >= 0) {
      if ((*this)[p].holds == asn1::content::nested && (*this)[p].is_leaf) p = add_frame(p, n.begin);
      (*this)[p].is_leaf = false;
      n.depth = static_cast<std::uint8_t>((*this)[p].depth + 1);
    }
    n.parent = p;
    return push(n);
  }
  /// Adds the parts of any octets, without a schema: TLV by TLV, and what is in an OCTET STRING that
  /// is an encoding as a whole.
  constexpr void add_all() {
    std::size_t at = 0;
    std::int32_t parent = -1;
    while (at < size_ && count_ != max_nodes) {
      while (parent >= 0 && at >= (*this)[parent].end) parent = (*this)[parent].parent;
      const std::size_t limit = parent < 0 ? size_ : (*this)[parent].end;
      tree_node n = header_at(at, limit);
      if (n.body == 0) {  // no TLV: what is left of its parent stays as it is
        if (parent < 0) return;
        at = limit;
        continue;
      }
      if (parent >= 0) {
        (*this)[parent].is_leaf = false;
        n.depth = static_cast<std::uint8_t>((*this)[parent].depth + 1);
      }
      n.parent = parent;
      const std::int32_t i = push(n);
      const bool inner = n.holds == asn1::content::fields || n.holds == asn1::content::nested;
      at = inner && n.depth < max_depth ? n.body : n.end;
      if (inner && n.depth < max_depth) parent = i;
    }
  }

  /// The headers of a part, from the outermost: where each begins, where its length begins, and
  /// where it ends.
  struct headers {
    struct one {
      std::uint32_t tag, length, end;
    };
    std::array<one, max_headers> of{};
    std::size_t count = 0;
  };
  constexpr headers headers_of(std::int32_t i) const {
    const tree_node& n = (*this)[i];
    headers h;
    std::uint32_t at = n.begin;
    while (at < n.body) {
      if (h.count == max_headers) return {};
      const std::uint32_t tag = at;
      if ((buffer_[at++] & 0x1f) == 0x1f)
        while (at < n.body && (buffer_[at++] & 0x80) != 0) {}
      if (at >= n.body) return {};
      const std::uint32_t length = at;
      at += buffer_[length] > 0x80 ? 1u + (buffer_[length] & 0x7fu) : 1u;
      if (at > n.body) return {};
      h.of[h.count++] = {tag, length, at};
    }
    return h;
  }

  /// Replaces `removed` octets at `at` by `added` others, which the caller then writes. `owner` is
  /// the innermost part that stays and in which they lie, or -1. Corrects the lengths of the owner
  /// and of everything around it. Returns false, and changes nothing, if the buffer is too small.
  constexpr bool replace(std::int32_t owner, std::size_t at, std::size_t removed, std::size_t added) {
    return replace(owner, at, removed, added, {});
  }
  /// The same, and writes the others. They must not lie in the buffer.
  constexpr bool replace(std::int32_t owner, std::size_t at, std::size_t removed, bytes_view others) {
    return replace(owner, at, removed, others.size(), others);
  }
  /// Removes a part.
  constexpr bool erase(std::int32_t i) {
    const tree_node n = (*this)[i];
    return replace(n.parent, n.begin, n.end - n.begin, 0);
  }
  /// Makes place for `n` octets of contents in a part, instead of those that it has. Parts in it are
  /// removed.
  constexpr bool set_size(std::int32_t i, std::size_t n) {
    const tree_node& was = (*this)[i];
    return replace(i, was.body, was.end - was.body, n);
  }
  /// Replaces the contents of a part by octets outside the buffer.
  constexpr bool set_contents(std::int32_t i, bytes_view octets) {
    const tree_node& was = (*this)[i];
    return replace(i, was.body, was.end - was.body, octets);
  }
  /// Exchanges a part with the one that follows it under the same parent. Returns false if none
  /// does.
  constexpr bool swap_with_next(std::int32_t i) {
    const tree_node a = (*this)[i];
    const auto n = static_cast<std::int32_t>(count_);
    std::int32_t j = 0;
    while (j != n && !((*this)[j].is_alive && j != i && (*this)[j].parent == a.parent && (*this)[j].begin == a.end &&
                       (*this)[j].end != a.end))
      ++j;
    if (j == n || a.begin == a.end) return false;
    const tree_node b = (*this)[j];
    reverse(a.begin, a.end), reverse(b.begin, b.end), reverse(a.begin, b.end);
    move_subtree(i, static_cast<std::int64_t>(b.end) - b.begin);
    move_subtree(j, -(static_cast<std::int64_t>(a.end) - a.begin));
    return true;
  }
  /// Writes length `k` of a part as these octets, true or not, and leaves it so when other lengths
  /// are corrected.
  constexpr bool set_length(std::int32_t i, std::size_t k, bytes_view octets) {
    const headers h = headers_of(i);
    if (k >= h.count) return false;
    const std::int8_t before = (*this)[i].lie;
    (*this)[i].lie = static_cast<std::int8_t>(k);
    if (replace(i, h.of[k].length, h.of[k].end - h.of[k].length, octets)) return true;
    (*this)[i].lie = before;
    return false;
  }

 private:
  static constexpr std::size_t max_octets = 0x7fffffff;

  static constexpr std::size_t length_octets(std::uint64_t n) {
    std::size_t octets = 1;
    if (n >= 0x80)
      for (; n != 0; n >>= 8) ++octets;
    return octets;
  }
  /// Whether a length is not corrected: it lies on purpose, or it is indefinite.
  constexpr bool is_kept(std::int32_t i, std::size_t k, const headers& h) const {
    return (*this)[i].lie == static_cast<std::int8_t>(k) || buffer_[h.of[k].length] == 0x80;
  }
  constexpr bool replace(std::int32_t owner, std::size_t at, std::size_t removed, std::size_t added, bytes_view with) {
    if (added > buffer_.size() || at > size_ || removed > size_ - at) return false;
    std::int64_t delta = static_cast<std::int64_t>(added) - static_cast<std::int64_t>(removed);
    std::int64_t most = static_cast<std::int64_t>(size_) + (delta > 0 ? delta : 0);
    for (std::int32_t i = owner; i >= 0; i = (*this)[i].parent) {
      const headers h = headers_of(i);
      for (std::size_t k = h.count; k-- != 0;) {
        if (is_kept(i, k, h)) continue;
        const std::int64_t now = static_cast<std::int64_t>((*this)[i].end) - h.of[k].end + delta;
        const std::int64_t grows =
            static_cast<std::int64_t>(length_octets(static_cast<std::uint64_t>(now))) - (h.of[k].end - h.of[k].length);
        delta += grows;
        if (grows > 0) most += grows;
      }
    }
    if (most > static_cast<std::int64_t>(buffer_.size())) return false;
    splice(owner, at, removed, added);
    kerb::detail::copy_octets(with.data(), with.size(), buffer_.data() + at);
    for (std::int32_t i = owner; i >= 0; i = (*this)[i].parent) correct(i);
    return true;
  }
  constexpr std::int32_t push(const tree_node& n) {
    if (count_ == max_nodes) return -1;
    nodes_[count_] = n;
    return last_ = static_cast<std::int32_t>(count_++);
  }
  /// Adds the header that a GSS token has in front of its message (RFC 2743 section 3.1), if there
  /// is one. Returns the part in which the message lies.
  constexpr std::int32_t add_frame(std::int32_t p, std::size_t message) {
    const tree_node& outer = (*this)[p];
    if (message <= outer.body || buffer_[outer.body] != 0x60) return p;
    tree_node n = header_at(outer.body, outer.end);
    if (n.body == 0 || n.body > message || n.end != outer.end || outer.depth >= max_depth) return p;
    n.type = "token", n.holds = asn1::content::fields;
    n.parent = p, n.depth = static_cast<std::uint8_t>(outer.depth + 1);
    const std::int32_t i = push(n);
    if (i < 0) return p;
    (*this)[p].is_leaf = false;
    return i;
  }
  /// The TLV at `at`, if its length is definite and it ends before `limit`; else `body` is 0.
  constexpr tree_node header_at(std::size_t at, std::size_t limit) const {
    std::size_t p = at;
    const std::uint8_t tag = buffer_[p++];
    if ((tag & 0x1f) == 0x1f) return {};
    if (p >= limit) return {};
    std::uint64_t length = buffer_[p++];
    if (length == 0x80 || length > 0x84) return {};
    if (length > 0x80) {
      std::size_t n = length & 0x7f;
      if (limit - p < n) return {};
      for (length = 0; n != 0; --n) length = length << 8 | buffer_[p++];
    }
    if (length > limit - p) return {};
    tree_node n;
    n.begin = static_cast<std::uint32_t>(at), n.body = static_cast<std::uint32_t>(p);
    n.end = static_cast<std::uint32_t>(p + length);
    using asn1::content;
    if ((tag & 0x20) != 0) n.holds = content::fields;
    else if (tag == 0x02 || tag == 0x0a) n.holds = content::number;
    else if (tag == 0x01) n.holds = content::boolean;
    else if (tag == 0x03) n.holds = content::bits;
    else if (tag == 0x18) n.holds = content::time;
    else if (tag == 0x1b || tag == 0x0c) n.holds = content::text;
    else n.holds = content::octets;
    if (tag == 0x04 && length >= 2 && (buffer_[p] & 0x20) != 0 && (buffer_[p] & 0x1f) != 0x1f) {
      const tree_node inside = header_at(p, p + length);
      if (inside.end == n.end) n.holds = content::nested;
    }
    return n;
  }

  /// Moves the octets, and corrects the offsets of all parts.
  constexpr void splice(std::int32_t owner, std::size_t at, std::size_t removed, std::size_t added) {
    const auto delta = static_cast<std::int64_t>(added) - static_cast<std::int64_t>(removed);
    const std::size_t behind = at + removed, rest = size_ - behind;
    if (!std::is_constant_evaluated()) {
      if (rest != 0) std::memmove(buffer_.data() + at + added, buffer_.data() + behind, rest);
    } else if (added > removed) {
      for (std::size_t i = rest; i-- != 0;) buffer_[at + added + i] = buffer_[behind + i];
    } else {
      for (std::size_t i = 0; i != rest; ++i) buffer_[at + added + i] = buffer_[behind + i];
    }
    size_ = at + added + rest;
    std::int32_t around = owner;  // the parts around it have smaller and smaller indices
    for (auto i = static_cast<std::int32_t>(count_); i-- != 0;) {
      tree_node& n = (*this)[i];
      if (i == around) {
        around = n.parent;
        n.end = moved(n.end, delta);
        if (at < n.body) n.body = moved(n.body, delta);
      } else if (removed != 0 && ((n.begin >= at && n.end <= behind) || (n.begin < behind && n.end > at))) {
        // Also a part of which only some octets are removed: it is no TLV any more
        n.is_alive = false;
        n.begin = n.body = n.end = static_cast<std::uint32_t>(at);
      } else if (n.begin >= behind) {
        n.begin = moved(n.begin, delta), n.body = moved(n.body, delta), n.end = moved(n.end, delta);
      }
    }
  }
  static constexpr std::uint32_t moved(std::uint32_t n, std::int64_t by) {
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(n) + by);
  }
  /// Writes the true lengths of a part, from the innermost header.
  constexpr void correct(std::int32_t i) {
    const headers h = headers_of(i);
    for (std::size_t k = h.count; k-- != 0;) {
      if (is_kept(i, k, h)) continue;
      const std::size_t length_at = h.of[k].length, old = h.of[k].end - length_at;
      const std::size_t now = (*this)[i].end - h.of[k].end;
      const std::size_t octets = length_octets(now);
      if (octets != old) splice(i, length_at, old, octets);
      if (octets == 1) {
        buffer_[length_at] = static_cast<std::uint8_t>(now);
      } else {
        buffer_[length_at] = static_cast<std::uint8_t>(0x80 + octets - 1);
        for (std::size_t n = 1; n != octets; ++n)
          buffer_[length_at + n] = static_cast<std::uint8_t>(now >> (8 * (octets - 1 - n)));
      }
    }
  }
  constexpr void reverse(std::size_t from, std::size_t to) {
    for (; to - from > 1; ++from, --to) {
      const std::uint8_t o = buffer_[from];
      buffer_[from] = buffer_[to - 1], buffer_[to - 1] = o;
    }
  }
  constexpr void move_subtree(std::int32_t root, std::int64_t by) {
    const std::uint8_t depth = (*this)[root].depth;
    for (std::int32_t i = root; i != static_cast<std::int32_t>(count_); ++i) {
      tree_node& n = (*this)[i];
      if (i != root && n.depth <= depth) break;
      if (n.is_alive) n.begin = moved(n.begin, by), n.body = moved(n.body, by), n.end = moved(n.end, by);
    }
  }

  std::span<std::uint8_t> buffer_;
  std::size_t size_;
  std::array<tree_node, max_nodes> nodes_{};
  std::size_t count_ = 0;
  std::int32_t last_ = -1;
};

}  // namespace kerb::inline v0::testing
