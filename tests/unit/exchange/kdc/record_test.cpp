// What a KDC is told of a principal.
#include <kerb/exchange/kdc/record.hpp>
#include <kerb/testing/insecure.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
using record = principal_record<testing::insecure_policy>;
static_assert(std::is_trivially_copyable_v<record>, "a record is views of what the caller's database holds");
static_assert(!std::is_constructible_v<ref<const key>, key>, "a key that dies at once is no long-term key");

constexpr bool every_attribute_has_a_bit_of_its_own() {
  flags<principal_attribute> all;
  for (unsigned i = 0; i <= static_cast<unsigned>(principal_attribute::ok_as_delegate); ++i) {
    if (all.has(principal_attribute(i))) return false;
    all.set(principal_attribute(i));
  }
  return true;
}
KERB_BOTH("principal_record: every attribute has a bit of its own", "[exchange]", every_attribute_has_a_bit_of_its_own);

constexpr bool a_prepared_key_is_found_by_its_usage() {
  using policy = testing::insecure_policy;
  policy crypto;
  const std::array<std::uint8_t, 32> octets{};
  const auto k = crypto.import(etype_t::aes256_cts_hmac_sha1_96, octets);
  if (!k) return false;
  const auto tickets = crypto.prepare(*k, key_usage_t::ticket),
             replies = crypto.prepare(*k, key_usage_t::tgs_rep_enc_part_session);
  if (!tickets || !replies) return false;
  const prepared_for<policy> list[] = {{key_usage_t::tgs_rep_enc_part_session, *replies},
                                       {key_usage_t::ticket, *tickets}};
  const long_term_key<policy> known{.key = *k, .prepared = list};
  const auto form = [&](key_usage_t usage) {
    return detail::with_key_for(usage, known, [](const auto& f) -> const void* { return &f; });
  };
  return form(key_usage_t::ticket) == &*tickets && form(key_usage_t::tgs_rep_enc_part_session) == &*replies &&
         form(key_usage_t::as_req) == &*k;
}
KERB_BOTH("long_term_key: a prepared key serves its own usage and the key itself serves all others", "[exchange]",
          a_prepared_key_is_found_by_its_usage);
}  // namespace
