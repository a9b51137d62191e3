// A policy with another source of randomness.
#include <kerb/crypto/with_random.hpp>
#include <kerb/exchange/sealed.hpp>
#include <kerb/testing/insecure.hpp>

#include "support/both.hpp"
#include "support/must.hpp"

using namespace kerb;

namespace {

using policy = testing::insecure_policy;
using other_policy = with_random<policy, testing::counting_entropy>;
constexpr etype_t aes256 = etype_t::aes256_cts_hmac_sha1_96;
constexpr key_usage_t usage = key_usage_t::ticket;

static_assert(crypto_policy<other_policy>);
static_assert(std::same_as<other_policy::key, policy::key> &&
              std::same_as<other_policy::prepared_key, policy::prepared_key>);
static_assert(seals_pieces_with<other_policy, policy::key> && seals_pieces_with<other_policy, policy::prepared_key>);
struct no_handle {};
static_assert(!seals_with<other_policy, no_handle> && !seals_pieces_with<other_policy, no_handle>,
              "a handle that the policy cannot seal with");

struct world {
  policy p;
  testing::counting_entropy source;
  other_policy q{p, source};
};

KERB_BOTH("with_random: octets come from the source, never from the policy", "[crypto]", [] {
  world w;
  testing::counting_entropy same;
  std::array<std::uint8_t, 32> got{}, expected{};
  if (!w.q.fill(got) || !same.fill(expected)) return false;
  if (got != expected || w.source.draws() != 1 || w.p.entropy.draws() != 0) return false;
  w.source.fail_at = 2;
  return !w.q.fill(got) && w.p.entropy.draws() == 0;
});

KERB_BOTH("with_random: keys, seals and checksums are the policy's", "[crypto]", [] {
  world w;
  const std::array<std::uint8_t, 32> octets{1, 2, 3};
  const auto a = w.p.import(aes256, octets), b = w.q.import(aes256, octets);
  if (!a || !b || !(w.p.expose(*a).unguarded() == w.q.expose(*b).unguarded())) return false;
  std::array<std::uint8_t, 64> one{}, two{}, opened{};
  if (w.p.seal(*a, usage, one) != errc::ok || w.q.seal(*b, usage, two) != errc::ok || one != two) return false;
  if (!w.q.unseal(*b, usage, one, opened) || w.q.etype_of(*b) != aes256) return false;
  const auto prepared = w.q.prepare(*b, usage);
  if (!prepared || !w.q.unseal(*prepared, usage, one, opened)) return false;
  const std::optional<cksum_shape> shape = w.q.cksum_of(aes256);
  if (!shape || shape->type != w.p.cksum_of(aes256)->type) return false;
  std::array<std::uint8_t, 56> text{};
  std::array<std::uint8_t, 8> tag{};
  const seal_piece message[] = {std::span(text).first(30), std::span(text).subspan(30)};
  if (w.q.seal_pieces(*b, usage, message, tag) != errc::ok) return false;
  if (!(bytes_view(text) == bytes_view(one).first(56)) || !(bytes_view(tag) == bytes_view(one).last(8))) return false;
  if (w.q.unseal_pieces(*prepared, usage, message, tag) != errc::ok) return false;
  std::array<std::uint8_t, max_cksum_octets> mac{};
  const bytes_view pieces[] = {octets};
  const auto out = std::span(mac).first(shape->octets);
  return w.q.sign(shape->type, *b, usage, pieces, out) == errc::ok &&
         w.p.verify(shape->type, *a, usage, pieces, bytes_view(out)) == errc::ok &&
         w.q.verify(shape->type, *b, usage, pieces, bytes_view(out)) == errc::ok;
});

KERB_BOTH("with_random: what a policy tells about itself", "[crypto]", [] {
  world w;
  const std::array<std::uint8_t, 32> seed{5};
  std::array<std::uint8_t, 32> d1{}, d2{}, h1{}, h2{};
  const bytes_view pieces[] = {seed};
  const auto a = w.p.random_to_key(aes256, seed), b = w.q.random_to_key(aes256, seed);
  const auto c = w.p.string_to_key(aes256, secret_view(seed), seed, {1}),
             d = w.q.string_to_key(aes256, secret_view(seed), seed, {1});
  if (!a || !b || !c || !d) return false;
  if (!(w.p.expose(*a).unguarded() == w.q.expose(*b).unguarded()) ||
      !(w.p.expose(*c).unguarded() == w.q.expose(*d).unguarded())) {
    return false;
  }
  const std::size_t prf = w.p.prf_octets(aes256);
  return w.q.offered().size() == w.p.offered().size() && w.q.shape(aes256).has_value() &&
         w.q.key_octets(aes256) == 32 && w.q.seed_octets(aes256) == w.p.seed_octets(aes256) &&
         w.q.default_iterations(aes256) == w.p.default_iterations(aes256) && w.q.prf_octets(aes256) == prf &&
         w.p.digest(pieces, d1) == errc::ok && w.q.digest(pieces, d2) == errc::ok && d1 == d2 &&
         w.p.hash(hash_id::sha256, pieces, h1) == w.q.hash(hash_id::sha256, pieces, h2) && h1 == h2;
});

}  // namespace
