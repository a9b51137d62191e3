// Framing: what the octets of a stream hold so far.
#include <kerb/transport/stream.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool is(const result<frame>& f, std::size_t size, std::size_t missing) {
  return f && f->message.size() == size && f->missing == missing;
}
constexpr bool too_long(const result<frame>& f, std::uint32_t detail) {
  return !f && f.error().code == errc::frame_too_long && f.error().detail == detail;
}

constexpr bool octet_by_octet() {
  const std::uint8_t in[] = {0, 0, 0, 3, 'a', 'b', 'c'};
  for (std::size_t n = 0; n != 4; ++n)
    if (!is(read_frame(bytes_view(in).first(n), 100), 0, 4 - n)) return false;
  for (std::size_t n = 4; n != 7; ++n)
    if (!is(read_frame(bytes_view(in).first(n), 100), 0, 7 - n)) return false;
  const auto f = read_frame(in, 100);
  return is(f, 3, 0) && f->message.data() == in + 4;
}
KERB_BOTH("read_frame: says how much is missing, octet by octet", "[transport][rfc4120-7.2.2]", octet_by_octet);

constexpr bool two_messages_glued() {
  const std::uint8_t in[] = {0, 0, 0, 2, 'a', 'b', 0, 0, 0, 1, 'c'};
  const auto first = read_frame(in, 100);
  if (!is(first, 2, 0) || first->message[1] != 'b') return false;
  const auto second = read_frame(bytes_view(in).subview(6), 100);
  return is(second, 1, 0) && second->message[0] == 'c';
}
KERB_BOTH("read_frame: leaves what stands behind the message", "[transport][rfc4120-7.2.2]", two_messages_glued);

constexpr bool an_empty_message() {
  const std::uint8_t in[] = {0, 0, 0, 0, 9};
  return is(read_frame(in, 100), 0, 0) && is(read_frame(bytes_view(in).first(4), 0), 0, 0);
}
KERB_BOTH("read_frame: a length of 0 is an empty message", "[transport]", an_empty_message);

constexpr bool capped_by_the_header_alone() {
  const std::uint8_t five[] = {0, 0, 0, 5}, large[] = {0, 1, 0, 0}, most[] = {0x7f, 0xff, 0xff, 0xff};
  return too_long(read_frame(five, 4), 5) && is(read_frame(five, 5), 0, 5) && is(read_frame(five, 6), 0, 5) &&
         too_long(read_frame(large, 65535), 65536) && is(read_frame(large, 65536), 0, 65536) &&
         too_long(read_frame(most, 0x7ffffffe), 0x7fffffff) && is(read_frame(most, 0x7fffffff), 0, 0x7fffffff) &&
         too_long(read_frame(five, 0), 5);
}
KERB_BOTH("read_frame: a message longer than the cap is refused when its length is there", "[transport][rfc4120-7.2.2]",
          capped_by_the_header_alone);

constexpr bool the_first_bit_is_reserved() {
  const auto any = static_cast<std::size_t>(-1);
  const std::uint8_t all[] = {0xff, 0xff, 0xff, 0xff}, high[] = {0x80, 0, 0, 0}, small[] = {0x80, 0, 0, 1, 0x6e},
                     seven[] = {0x7f, 0xff, 0xff, 0xff};
  return too_long(read_frame(all, any), 0xffffffff) && too_long(read_frame(high, any), 0x80000000) &&
         too_long(read_frame(small, any), 0x80000001) && read_frame(seven, any).has_value();
}
KERB_BOTH("read_frame: a length with its first bit set is refused whatever the cap", "[transport][rfc4120-7.2.2]",
          the_first_bit_is_reserved);

constexpr bool headers_are_read_back() {
  for (const std::uint32_t n : {0u, 1u, 255u, 256u, 65535u, 65536u, 0x01020304u, 0x7fffffffu}) {
    const auto h = frame_header(n);
    if (!is(read_frame(h, 0x7fffffff), 0, n)) return false;
  }
  return frame_header(0x01020304) == std::array<std::uint8_t, 4>{1, 2, 3, 4};
}
KERB_BOTH("frame_header: is what read_frame reads", "[transport][rfc4120-7.2.2]", headers_are_read_back);

TEST_CASE("read_frame: agrees with itself wherever the stream is cut, and allocates nothing", "[transport]") {
  std::vector<std::uint8_t> in;
  for (std::uint8_t size = 0; size != 40; ++size) {
    const auto h = frame_header(size);
    in.insert(in.end(), h.begin(), h.end());
    in.insert(in.end(), size, size);
  }
  bool good = true;
  std::size_t messages = 0;
  {
    kerb_test::no_allocations guard;
    for (std::size_t at = 0; at != in.size();) {
      std::size_t have = 0;
      for (;;) {
        const auto f = read_frame(bytes_view(in).subview(at, have), 64);
        good = good && f.has_value();
        if (!good || f->missing == 0) {
          good = good && f->message.size() == messages && have == messages + 4;
          break;
        }
        good = good && f->missing <= in.size() - at - have;
        have += f->missing;  // reading just what is missing never reads into the next message
      }
      if (!good) break;
      at += have;
      ++messages;
    }
  }
  CHECK(good);
  CHECK(messages == 40);
}

}  // namespace
