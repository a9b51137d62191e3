// The sizes of Wrap tokens.
#include <kerb/gss/wrap_sizes.hpp>

#include "support/both.hpp"

using namespace kerb;
using gss::wrap_sizes;

namespace {

constexpr bool is(gss::wrap_overhead o, std::size_t front, std::size_t back) {
  return o.front == front && o.back == back && o.octets() == front + back;
}

KERB_BOTH("wrap_sizes: the overhead of RFC 4121's tokens is the same for every message", "[gss][rfc4121-4.2.4]", [] {
  const wrap_sizes s({32, 28});
  return s.same_for_all() && is(s.around(0), 32, 28) && is(s.around(70000), 32, 28) && s.token(5) == 65 &&
         s.possible(~std::size_t{0}) && s.limit(59) == 0 && s.limit(60) == 0 && s.limit(61) == 1 &&
         s.limit(~std::size_t{0}) == ~std::size_t{0} - 60;
})
KERB_BOTH("wrap_sizes: under RC4 one octet of padding follows, and the frame's length has more octets from 128 on",
          "[gss][rfc4757-7.3]", [] {
            const wrap_sizes s = wrap_sizes::framed(32, 1, false);
            // 11 octets of mechanism, 32 of header and 1 of padding: 83 is the largest message in a short frame
            return !s.same_for_all() && is(s.around(0), 45, 1) && is(s.around(83), 45, 1) && is(s.around(84), 46, 1) &&
                   s.token(83) == 129 && s.token(84) == 131 && is(s.around(211), 46, 1) && is(s.around(212), 47, 1) &&
                   is(s.around(65491), 47, 1) && is(s.around(65492), 48, 1) && s.framed_octets(15) == 59;
          })
KERB_BOTH("wrap_sizes: under triple DES 1 to 8 octets of padding follow", "[gss][rfc1964-1.2.2.3]", [] {
  const wrap_sizes s = wrap_sizes::framed(44, 8, false);
  for (std::size_t n = 0; n != 24; ++n)
    if (!is(s.around(n), 57, 8 - n % 8) || s.framed_octets(n) != 55 + n + 8 - n % 8) return false;
  return true;
})
KERB_BOTH("wrap_sizes: in DCE style the frame ends before the message, which is not padded", "[gss][ms-kile-3.4.5.4.1]",
          [] {
            const wrap_sizes rc4 = wrap_sizes::framed(32, 1, true), des3 = wrap_sizes::framed(44, 8, true);
            return is(rc4.around(0), 45, 0) && is(rc4.around(100000), 45, 0) && rc4.framed_octets(7) == 43 &&
                   rc4.possible(7) && is(des3.around(80), 57, 0) && des3.possible(80) && !des3.possible(81) &&
                   des3.limit(57 + 23) == 16 && rc4.limit(57) == 12;
          })
KERB_BOTH("wrap_sizes: the limit is the largest message that fits, for every size of a token", "[gss][rfc2743-2.2.7]",
          [] {
            for (const std::size_t block : {std::size_t{1}, std::size_t{8}}) {
              for (const bool dce : {false, true}) {
                const wrap_sizes s = wrap_sizes::framed(block == 1 ? 32 : 44, block, dce);
                for (std::size_t token = 0; token != 400; ++token) {
                  std::size_t most = 0;
                  for (std::size_t n = 0; n != 400; ++n)
                    if (s.possible(n) && s.token(n) <= token) most = n;
                  if (s.limit(token) != most) return false;
                }
              }
            }
            return true;
          })
KERB_BOTH("wrap_sizes: a frame has less than 4 GiB", "[gss]", [] {
  const wrap_sizes s = wrap_sizes::framed(32, 1, false);
  return s.possible(0xffffff00u) && !s.possible(0xffffff01u) && s.limit(~std::size_t{0}) == 0xffffff00u;
})
KERB_BOTH("wrap_sizes: lengths have as few octets as possible", "[gss][der]", [] {
  return wrap_sizes::length_octets(0) == 1 && wrap_sizes::length_octets(127) == 1 &&
         wrap_sizes::length_octets(128) == 2 && wrap_sizes::length_octets(255) == 2 &&
         wrap_sizes::length_octets(256) == 3 && wrap_sizes::length_octets(65535) == 3 &&
         wrap_sizes::length_octets(65536) == 4 && wrap_sizes::length_octets(0x1000000) == 5;
})

}  // namespace
