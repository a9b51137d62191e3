// Where a service's keys come from.
#include <kerb/exchange/service/keys.hpp>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr etype_t aes256 = etype_t::aes256_cts_hmac_sha1_96, aes128 = etype_t::aes128_cts_hmac_sha1_96;
using list = key_list<key, 4>;
static_assert(ticket_keys<list> && ticket_keys<const list>);
static_assert(!ticket_keys<int>);

constexpr key make(etype_t e, std::uint8_t first) {
  std::array<std::uint8_t, 32> octets{first};
  return key(e, *secret<max_key_octets>::copy_of(bytes_view(octets).first(octets_of_key(e))));
}
constexpr int which(const key* k) { return k == nullptr ? -1 : k->octets().unguarded()[0]; }

constexpr bool found_by_name_version_and_type() {
  list keys;
  if (!keys.add(web, 1, aes256, make(aes256, 1)) || !keys.add(web, 2, aes256, make(aes256, 2)) ||
      !keys.add(web, 2, aes128, make(aes128, 3)) || !keys.add(ftp, 2, aes256, make(aes256, 4)))
    return false;
  if (keys.add(ftp, 9, aes256, make(aes256, 5))) return false;  // full
  return which(keys.find({web, 1u, aes256, 0})) == 1 && which(keys.find({web, 2u, aes256, 0})) == 2 &&
         which(keys.find({web, 2u, aes128, 0})) == 3 && which(keys.find({ftp, 2u, aes256, 0})) == 4 &&
         which(keys.find({web, 2u, aes256, 1})) == -1 && which(keys.find({web, 3u, aes256, 0})) == -1 &&
         which(keys.find({web, 1u, aes128, 0})) == -1 && which(keys.find({ftp, 2u, aes128, 0})) == -1 &&
         which(keys.find({ftp, 9u, aes256, 0})) == -1 &&
         which(keys.find({{web.name, "EX.OR"_krb}, 1u, aes256, 0})) == -1;
}
KERB_BOTH("key_list: a key is found by service, version and encryption type", "[exchange][rfc4120-3.2.3]",
          found_by_name_version_and_type);

constexpr bool all_of_a_type_without_a_version() {
  list keys;
  (void)keys.add(web, 1, aes256, make(aes256, 1));
  (void)keys.add(ftp, 1, aes256, make(aes256, 9));
  (void)keys.add(web, 1, aes128, make(aes128, 8));
  (void)keys.add(web, 2, aes256, make(aes256, 2));
  return which(keys.find({web, {}, aes256, 0})) == 1 && which(keys.find({web, {}, aes256, 1})) == 2 &&
         which(keys.find({web, {}, aes256, 2})) == -1 && which(keys.find({web, {}, aes256, 4000000000u})) == -1;
}
KERB_BOTH("key_list: a ticket without a version gets all keys of its type in their order", "[exchange]",
          all_of_a_type_without_a_version);

constexpr bool two_keys_of_one_version() {
  list keys;
  (void)keys.add(web, 0, aes256, make(aes256, 1));
  (void)keys.add(web, 0, aes256, make(aes256, 2));
  return which(keys.find({web, 0u, aes256, 0})) == 1 && which(keys.find({web, 0u, aes256, 1})) == 2 &&
         which(keys.find({web, 0u, aes256, 2})) == -1;
}
KERB_BOTH("key_list: two keys of one version are tried in turn", "[exchange]", two_keys_of_one_version);

constexpr bool name_type_is_a_hint() {
  list keys;
  (void)keys.add(web, 1, aes256, make(aes256, 1));
  principal_view other = web;
  other.name.name_type = name_t::principal;
  return which(keys.find({other, 1u, aes256, 0})) == 1;
}
KERB_BOTH("key_list: the service's name type is not compared", "[exchange][rfc4120-5.2.2]", name_type_is_a_hint);

constexpr bool why_there_is_none() {
  list keys;
  if (keys.why_none({web, 1u, aes256, 0}).why != errc::no_key) return false;
  (void)keys.add(web, 1, aes256, make(aes256, 1));
  return keys.why_none({web, 2u, aes256, 0}).why == errc::bad_key_version &&
         keys.why_none({ftp, 1u, aes256, 0}).why == errc::no_key &&
         // the version is there, or was not asked for: it is the type that is missing
         keys.why_none({web, 1u, aes128, 0}).why == errc::no_key &&
         keys.why_none({web, {}, aes128, 0}).why == errc::no_key;
}
KERB_BOTH("key_list: no key, and none of this version, are told apart", "[exchange][rfc4120-3.2.3]", why_there_is_none);

constexpr bool tells_what_there_was() {
  list keys;
  (void)keys.add(web, 1, aes256, make(aes256, 1));
  (void)keys.add(ftp, 5, aes256, make(aes256, 2));
  (void)keys.add(web, 2, aes128, make(aes128, 3));
  const no_ticket_key had = keys.why_none({web, 7u, aes256, 0}),
                      none = keys.why_none({{web.name, "X"_krb}, 7u, aes256});
  return had.total == 2 && had.had.size() == 2 && had.had[0] == key_label{1, aes256} &&
         had.had[1] == key_label{2, aes128} && had.others == 1 && none.total == 0 && none.had.empty() &&
         none.others == 3;
}
KERB_BOTH("key_list: tells which keys the service has, where none is the ticket's", "[exchange][rfc4120-3.2.3]",
          tells_what_there_was);

constexpr bool then_zero_then_the_newest() {
  key_list<key, 8> keys(key_search::named_zero_newest), strict;
  for (auto* k : {&keys, &strict}) {
    (void)k->add(web, 9, aes256, make(aes256, 1));
    (void)k->add(web, 0, aes256, make(aes256, 2));
    (void)k->add(web, 3, aes256, make(aes256, 3));
    (void)k->add(web, 12, aes128, make(aes128, 4));  // newer, of another type
    (void)k->add(ftp, 11, aes256, make(aes256, 5));  // newer, of another service
    (void)k->add(web, 9, aes256, make(aes256, 6));
  }
  const auto at = [](const auto& k, std::optional<std::uint32_t> v, unsigned n) {
    return which(k.find({web, v, aes256, n}));
  };
  return at(keys, 3, 0) == 3 && at(keys, 3, 1) == 2 && at(keys, 3, 2) == 1 && at(keys, 3, 3) == 6 &&
         at(keys, 3, 4) == -1 && at(keys, 5, 0) == 2 && at(keys, 5, 1) == 1 && at(keys, 5, 3) == -1 &&
         at(keys, 9, 0) == 1 && at(keys, 9, 1) == 6 && at(keys, 9, 2) == 2 && at(keys, 9, 3) == -1 &&
         at(strict, 3, 0) == 3 && at(strict, 3, 1) == -1 && at(strict, 5, 0) == -1 &&
         // 0 names no version: all, in their order
         at(strict, 0, 0) == 1 && at(strict, 0, 2) == 3 && at(keys, 0, 3) == 6 && at(keys, {}, 1) == 2;
}
KERB_BOTH("key_list: by policy, version 0 and the newest are tried after the one that the ticket names",
          "[exchange][rfc4120-3.2.3]", then_zero_then_the_newest);

constexpr bool not_for_user_to_user() {
  list keys;
  (void)keys.add(web, 1, aes256, make(aes256, 1));
  return keys.find({web, 1u, aes256, 0, true}) == nullptr && keys.find({web, 1u, aes256, 0, false}) != nullptr;
}
KERB_BOTH("key_list: a long-term key is none for user-to-user", "[exchange][rfc4120-3.7]", not_for_user_to_user);

constexpr bool the_session_key_of_our_ticket() {
  ap_world w;
  const auto tgt = w.credential();  // alice's
  const user_to_user_key<key> keys(tgt);
  static_assert(ticket_keys<const user_to_user_key<key>>);
  static_assert(!std::is_constructible_v<user_to_user_key<key>, basic_credential<key>>, "it would look into nothing");
  static_assert(!std::is_constructible_v<user_to_user_key<key>, const basic_credential<key>>);
  return keys.find({alice, {}, w.session_etype, 0, true}) == &tgt.session_key() &&
         keys.find({alice, {}, w.session_etype, 1, true}) == nullptr &&
         keys.find({alice, {}, w.session_etype, 0, false}) == nullptr &&
         keys.find({web, {}, w.session_etype, 0, true}) == nullptr;
}
KERB_BOTH("user_to_user_key: the session key of a ticket-granting ticket, for tickets to whom it is of",
          "[exchange][rfc4120-3.7]", the_session_key_of_our_ticket);

}  // namespace
