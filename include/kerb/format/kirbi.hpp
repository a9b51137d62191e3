// Ticket files with lengths in long form, as mimikatz writes them: a KRB-CRED that is not DER.
#pragma once
#include "../core/result.hpp"
#include "../der/quick.hpp"
#include "../msg/cred.hpp"

namespace kerb::inline v0 {

namespace detail {
/// One TLV that is being copied: where its contents end, and where its header and contents begin in the copy.
struct kirbi_level {
  std::uint8_t tag = 0;
  std::size_t end = 0;       // of its contents, in the file
  std::size_t header = 0;    // in the copy
  std::size_t contents = 0;  // in the copy
  bool unsealed = false;     // an EncryptedData whose etype is 0
};
/// Deeper than any KRB-CRED: the text of a name component in the sealed part is 20 levels deep.
inline constexpr std::size_t kirbi_depth = 32;

/// The TLVs that are open, the outermost first.
struct kirbi_path {
  std::array<kirbi_level, kirbi_depth> level{};
  std::size_t depth = 0;

  /// Whether `t` is the wanted tag and the open TLVs have exactly the tags in `outer`.
  constexpr bool is_at(std::initializer_list<std::uint8_t> outer, std::uint8_t t, std::uint8_t wanted) const {
    if (t != wanted || depth != outer.size()) return false;
    for (std::size_t i = 0; i != depth; ++i)
      if (level[i].tag != outer.begin()[i]) return false;
    return true;
  }
};
}  // namespace detail

/// Converts the KRB-CRED (RFC 4120 section 5.8.1) in a file to DER: lengths that are not in their
/// shortest form are rewritten, also in the part that is usually encrypted if it is not (etype 0,
/// RFC 6448). `out` must have at least as many octets as `file` and must not overlap it; the result
/// is at its front. DER is copied unchanged. Only lengths are changed, and only what that requires
/// is checked, so decode the result. Errors: errc::truncated; errc::non_minimal_length for
/// indefinite lengths and those of more than four octets; errc::trailing_data for octets after the
/// message; errc::unexpected_tag when `file` does not begin with a KRB-CRED or has more than 32
/// levels; errc::input_too_large for 2^32 octets or more; errc::no_space.
///
/// Use it only for files that the user has chosen. kerb reads no message from a network in this
/// way: when a message has two encodings, an attacker can make two readers interpret it
/// differently.
constexpr result<bytes_view> kirbi_as_der(bytes_view file, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  constexpr const char* type = "KRB-CRED";
  const auto fault = [](errc c, std::size_t at) {
    return error{.code = c, .offset = static_cast<std::uint32_t>(at), .type = type};
  };
  if (file.size() > 0xffffffffu) return fault(errc::input_too_large, 0);
  if (out.size() < file.size()) {
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(file.size()), .type = type};
  }
  constexpr std::uint8_t cred = der::application(22).octet, sequence = der::sequence.octet, number = der::integer.octet,
                         octets = der::octet_string.octet, first = der::context(0).octet, third = der::context(2).octet,
                         fourth = der::context(3).octet;
  constexpr std::uint8_t constructed = 0x20;
  if (file.empty() || file[0] != cred) return fault(errc::unexpected_tag, 0);

  detail::kirbi_path path;
  std::size_t at = 0, to = 0;
  do {
    const std::size_t end = path.depth == 0 ? file.size() : path.level[path.depth - 1].end, from = at;
    if (end - at < 2) return fault(errc::truncated, from);
    const std::uint8_t tag = file[at++];
    if ((tag & 0x1f) == 0x1f) return fault(errc::unexpected_tag, from);
    std::size_t size = file[at++];
    if (size >= 0x80) {
      const std::size_t n = size & 0x7f;
      if (n == 0 || n > 4) return fault(errc::non_minimal_length, from);
      if (end - at < n) return fault(errc::truncated, from);
      size = 0;
      for (std::size_t i = 0; i != n; ++i) size = size << 8 | file[at++];
    }
    if (end - at < size) return fault(errc::truncated, from);
    if (path.is_at({cred, sequence, fourth, sequence, first}, tag, number)) {
      path.level[3].unsealed = size == 1 && file[at] == 0;
    }
    const bool wraps = path.is_at({cred, sequence, fourth, sequence, third}, tag, octets) && path.level[3].unsealed;
    const std::size_t header = to;
    to += der::quick::header_size(size);  // at most the size it has in the file; its length may shrink once more
    if ((tag & constructed) != 0 || wraps) {
      if (path.depth == detail::kirbi_depth) return fault(errc::unexpected_tag, from);
      path.level[path.depth++] = {tag, at + size, header, to, false};
    } else {
      (void)der::quick::header_of_any_length(out.data() + to, out.data() + header, der::tag{tag}, size);
      for (std::size_t i = 0; i != size; ++i) out[to++] = file[at++];
    }
    // Every TLV that ends here now has its final length
    while (path.depth != 0 && path.level[path.depth - 1].end == at) {
      const detail::kirbi_level& l = path.level[--path.depth];
      const std::size_t written = to - l.contents, begin = l.header + der::quick::header_size(written);
      for (std::size_t i = 0; begin != l.contents && i != written; ++i) out[begin + i] = out[l.contents + i];
      to = begin + written;
      (void)der::quick::header_of_any_length(out.data() + begin, out.data() + l.header, der::tag{l.tag}, written);
    }
  } while (path.depth != 0);
  if (at != file.size()) return fault(errc::trailing_data, at);
  return bytes_view(out.first(to));
}

}  // namespace kerb::inline v0
