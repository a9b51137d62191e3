// The keys that an AS exchange has made.
#include <kerb/exchange/client/known_keys.hpp>
#include <kerb/testing/insecure.hpp>

#include "support/both.hpp"

using namespace kerb;
using kerb::detail::key_recipe;
using kerb::detail::known_keys;

namespace {
constexpr key made(std::uint8_t fill) {
  testing::insecure_policy p;
  std::array<std::uint8_t, 32> o{};
  for (std::uint8_t& b : o) b = fill;
  return *p.import(etype_t::aes256_cts_hmac_sha1_96, o);
}
constexpr key_recipe recipe(std::uint8_t salt, std::uint64_t iterations = 1, etype_t e = etype_t{18}) {
  key_recipe r{e, iterations, {}};
  r.salt[31] = salt;
  return r;
}
constexpr std::uint8_t first_octet(const key& k) { return k.octets().unguarded()[0]; }

constexpr bool a_key_is_found_by_all_it_was_made_by() {
  known_keys<key> k;
  const std::size_t at = k.add(recipe(1), made(7), k.none);
  return k.find(recipe(1)) == at && at != k.none && first_octet(k[at]) == 7 && k.find(recipe(2)) == k.none &&
         k.find(recipe(1, 2)) == k.none && k.find(recipe(1, 1, etype_t{17})) == k.none;
}
constexpr bool the_oldest_gives_way_but_not_the_one_in_use() {
  known_keys<key> k;
  for (std::uint8_t i = 0; i != k.capacity; ++i) (void)k.add(recipe(i), made(i), k.none);
  const std::size_t first = k.find(recipe(0));
  const std::size_t at = k.add(recipe(100), made(100), first);
  return k.find(recipe(0)) == first && k.find(recipe(1)) == k.none && k.find(recipe(100)) == at && at != first &&
         first_octet(k[first]) == 0 && k.find(recipe(2)) != k.none;
}
constexpr bool the_last_place_in_use_is_passed_over() {
  known_keys<key> k;
  for (std::uint8_t i = 0; i + 1 != k.capacity; ++i) (void)k.add(recipe(i), made(i), k.none);
  const std::size_t at = k.add(recipe(100), made(100), k.capacity - 1);
  return at == 0 && k.find(recipe(100)) == 0;
}
constexpr bool what_is_taken_back_is_not_known_any_more() {
  known_keys<key> k;
  (void)k.add(recipe(1), made(1), k.none);
  const std::size_t at = k.add(recipe(2), made(2), k.none);
  return first_octet(k.take(at)) == 2 && k.find(recipe(2)) == k.none && k.find(recipe(1)) != k.none &&
         k.add(recipe(3), made(3), k.none) == at;
}
constexpr bool nothing_is_known_once_cleared() {
  known_keys<key> k;
  (void)k.add(recipe(1), made(1), k.none);
  (void)k.add(recipe(2), made(2), k.none);
  k.clear();
  return k.find(recipe(1)) == k.none && k.find(recipe(2)) == k.none;
}
}  // namespace

KERB_BOTH("known_keys: a key is found by encryption type, parameters and salt together", "[exchange][rfc4120-3.1.3]",
          a_key_is_found_by_all_it_was_made_by);
KERB_BOTH("known_keys: of more keys than there are places the oldest gives way, not the one in use", "[exchange]",
          the_oldest_gives_way_but_not_the_one_in_use);
KERB_BOTH("known_keys: the last place is passed over while it is in use", "[exchange]",
          the_last_place_in_use_is_passed_over);
KERB_BOTH("known_keys: a key that is taken back is not known any more", "[exchange]",
          what_is_taken_back_is_not_known_any_more);
KERB_BOTH("known_keys: nothing is known once cleared", "[exchange]", nothing_is_known_once_cleared);
