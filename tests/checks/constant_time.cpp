// Cryptography with secrets that valgrind takes for uninitialised: what branches on them, or looks up by them, shows.
// Run by constant_time.py. With the argument `leak` it does what must be noticed.
#include <kerb/crypto/botan.hpp>
#include <kerb/crypto/botan_ffi.hpp>
#if defined(KERB_TEST_OPENSSL)
#include <kerb/crypto/openssl.hpp>
#endif
#include <valgrind/memcheck.h>
#include <kerb/crypto/rfc6803.hpp>

#include <cstdio>
#include <cstring>

namespace {
using namespace kerb;

// Out of line, so that the compiler does not know what a secret is.
[[gnu::noinline]] void make_secret(std::span<std::uint8_t> s) { (void)VALGRIND_MAKE_MEM_UNDEFINED(s.data(), s.size()); }
/// What may be known: who called unseal() and verify() may see how they ended.
template <class T>
[[gnu::noinline]] T& known(T& t) {
  (void)VALGRIND_MAKE_MEM_DEFINED(&t, sizeof t);
  return t;
}

template <class Policy, class Key>
bool seals_and_signs(Policy& p, const Key& k, etype_t e) {
  const auto usage = key_usage_t::ticket;
  std::array<std::uint8_t, 16 + 37 + 24> io{}, out{};
  const std::span<std::uint8_t> message(io.data(), p.shape(e)->around(37));
  make_secret(message);
  errc why = p.seal(k, usage, message);
  if (known(why) != errc::ok) return false;
  (void)known(io);
  auto opened = p.unseal(k, usage, message, out);
  if (!known(opened)) return false;
  (void)known(out);
  message[3] = static_cast<std::uint8_t>(message[3] ^ 1);
  opened = p.unseal(k, usage, message, out);
  if (known(opened)) return false;
  message[3] = static_cast<std::uint8_t>(message[3] ^ 1);
  message.back() = static_cast<std::uint8_t>(message.back() ^ 0x80);
  opened = p.unseal(k, usage, message, message);
  if (known(opened)) return false;

  std::array<std::array<std::uint8_t, 16 + 37 + 24>, 3> many{};
  std::array<std::span<std::uint8_t>, 3> messages;
  for (std::size_t i = 0; i != many.size(); ++i) {
    messages[i] = std::span(many[i]).first(p.shape(e)->around(37 - 5 * i));
    make_secret(messages[i]);
  }
  why = p.seal_many(k, usage, messages);
  if (known(why) != errc::ok) return false;

  std::array<std::uint8_t, 316> cut{};
  std::array<std::uint8_t, 24> tag_octets{};
  make_secret(cut);
  const std::span<std::uint8_t> whole(cut), tag = std::span(tag_octets).first(p.shape(e)->back);
  const seal_piece in_order[]{whole.first(20), seal_piece::sign_only(whole.subspan(20, 9)), whole.subspan(29, 270),
                              whole.subspan(299)};
  why = p.seal_pieces(k, usage, in_order, tag);
  if (known(why) != errc::ok) return false;
  (void)known(cut);
  (void)known(tag_octets);
  why = p.unseal_pieces(k, usage, in_order, tag);
  if (known(why) != errc::ok) return false;
  why = p.seal_pieces(k, usage, in_order, tag);
  if (known(why) != errc::ok) return false;
  (void)known(cut);
  (void)known(tag_octets);
  tag[1] = static_cast<std::uint8_t>(tag[1] ^ 1);
  why = p.unseal_pieces(k, usage, in_order, tag);
  if (known(why) != errc::integrity) return false;

  const cksum_shape c = *p.cksum_of(e);
  std::array<std::uint8_t, max_cksum_octets> sum{};
  const auto octets = std::span(sum).first(c.octets);
  const bytes_view text(out), pieces[]{text.first(5), text.subview(5)};
  why = p.sign(c.type, k, usage, pieces, octets);
  if (known(why) != errc::ok) return false;
  (void)known(sum);
  why = p.verify(c.type, k, usage, pieces, octets);
  if (known(why) != errc::ok) return false;
  octets[0] = static_cast<std::uint8_t>(octets[0] ^ 1);
  why = p.verify(c.type, k, usage, pieces, octets);
  return known(why) == errc::integrity;
}

template <class P>
bool each_operation() {
  engine<P, aes_sha2, aes_sha1, camellia> p;
  for (const etype_t e : p.offered()) {
    std::array<std::uint8_t, max_key_octets> octets{1, 2, 3};
    make_secret(octets);
    const auto k = p.random_to_key(e, bytes_view(octets).first(p.seed_octets(e)));
    if (!k || !seals_and_signs(p, *k, e)) return false;
    const auto prepared = p.prepare(*k, key_usage_t::ticket);
    if (!prepared || !seals_and_signs(p, *prepared, e)) return false;
    std::array<std::uint8_t, 16> random{}, salt{'s'};
    const bytes_view pieces[]{salt};
    if (p.prf(*k, pieces, random) != errc::ok) return false;
    if (!p.string_to_key(e, secret_view(octets.data(), octets.size()), salt, {2})) return false;
  }
  return true;
}

int leak() {
  std::array<std::uint8_t, 16> a{1}, b{1};
  make_secret(a);
  volatile int equal = 0;
  if (bytes_view(a) == bytes_view(b)) equal = equal + 1;
  if (std::memcmp(a.data(), b.data(), a.size()) == 0) equal = equal + 1;
  return equal;
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) return leak() == 2 ? 0 : 1;
#if defined(KERB_TEST_OPENSSL)
  if (!each_operation<openssl::primitives>()) return std::puts("OpenSSL: something fails"), 1;
#endif
  if (!each_operation<botan::primitives>()) return std::puts("Botan: something fails"), 1;
  if (!each_operation<botan_ffi::primitives>()) return std::puts("Botan's C interface: something fails"), 1;
  return 0;
}
