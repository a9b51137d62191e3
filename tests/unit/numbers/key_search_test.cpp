// Which keys are tried, by themselves; with keytabs and lists in keytab_test and keys_test.
#include <kerb/numbers/key_search.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
constexpr etype_t type = etype_t::aes256_cts_hmac_sha1_96, other = etype_t::aes128_cts_hmac_sha1_96;
constexpr key_label keys[] = {{4, type}, {0, type}, {7, other}, {2, type}, {4, type}};

constexpr int place(std::optional<std::uint32_t> kvno, unsigned tried, key_search how) {
  const auto at = detail::nth_key(
      keys, how, type, detail::names_version(kvno), tried, [](const key_label& k) { return std::optional(k); },
      [&](const key_label& k) { return k.kvno == *kvno; });
  return at ? static_cast<int>(*at) : -1;
}
KERB_BOTH("nth_key: the version that the ticket names, and no other", "[numbers][rfc4120-3.2.3]", [] {
  constexpr auto how = key_search::named_version;
  return place(2, 0, how) == 3 && place(2, 1, how) == -1 && place(4, 0, how) == 0 && place(4, 1, how) == 4 &&
         place(7, 0, how) == -1 && place(9, 0, how) == -1;
});
KERB_BOTH("nth_key: then version 0, then the newest of the type", "[numbers][rfc4120-3.2.3]", [] {
  constexpr auto how = key_search::named_zero_newest;
  return place(2, 0, how) == 3 && place(2, 1, how) == 1 && place(2, 2, how) == 0 && place(2, 3, how) == 4 &&
         place(2, 4, how) == -1 && place(9, 0, how) == 1 && place(9, 1, how) == 0 && place(4, 2, how) == 1 &&
         place(4, 3, how) == -1;
});
KERB_BOTH("nth_key: without a version, or with version 0, all of the type in their order", "[numbers]", [] {
  constexpr auto how = key_search::named_zero_newest;
  return place({}, 0, how) == 0 && place({}, 1, how) == 1 && place({}, 2, how) == 3 && place({}, 3, how) == 4 &&
         place({}, 4, how) == -1 && place(0, 1, how) == 1 && place(0, 3, how) == 4 && place({}, 0xffffffff, how) == -1;
});

KERB_BOTH("nth_key: then all other versions, if the service wants it", "[numbers][rfc4120-3.2.3]", [] {
  constexpr auto how = key_search::any_version;
  return place(4, 0, how) == 0 && place(4, 1, how) == 4 && place(4, 2, how) == 1 && place(4, 3, how) == 3 &&
         place(4, 4, how) == -1 && place(2, 3, how) == 4 && place(2, 4, how) == -1 && place(9, 3, how) == 3 &&
         place({}, 4, how) == -1;
});

/// Entries of two names, the second of which is the ticket's own.
struct named {
  key_label label;
  bool alias, usable;
};
constexpr named several[] = {{{5, type}, true, true},   {{3, type}, false, true}, {{0, type}, true, true},
                             {{4, type}, false, false}, {{2, type}, false, true}, {{7, type}, true, true},
                             {{3, type}, true, true},   {{3, other}, false, true}};
constexpr int aliased(std::optional<std::uint32_t> kvno, unsigned tried, key_search how, unsigned* asked = nullptr) {
  const auto at = detail::nth_key(
      several, how, type, detail::names_version(kvno), tried, [](const named& n) { return std::optional(n.label); },
      [&](const named& n) { return n.label.kvno == *kvno; },
      [&](const named& n) {
        if (asked != nullptr) ++*asked;
        return n.usable;
      },
      [](const named& n) { return n.alias; });
  return at ? static_cast<int>(*at) : -1;
}
KERB_BOTH("nth_key: keys of the ticket's own name come before those of other names", "[numbers][rfc4120-3.2.3]", [] {
  constexpr auto named_only = key_search::named_version, wide = key_search::named_zero_newest;
  return aliased(3, 0, named_only) == 1 && aliased(3, 1, named_only) == 6 && aliased(3, 2, named_only) == -1 &&
         aliased(5, 0, named_only) == 0 && aliased(5, 1, named_only) == -1 &&
         // The own newest that is usable is 3; then version 5, 0 and the newest of other names
         aliased(5, 0, wide) == 1 && aliased(5, 1, wide) == 0 && aliased(5, 2, wide) == 2 && aliased(5, 3, wide) == 5 &&
         aliased(5, 4, wide) == -1 && aliased({}, 0, wide) == 1 && aliased({}, 1, wide) == 4 &&
         aliased({}, 2, wide) == 0 && aliased({}, 5, wide) == 6 && aliased({}, 6, wide) == -1;
});
KERB_BOTH("nth_key: no key is made usable that is not needed", "[numbers][security]", [] {
  unsigned asked = 0;
  return aliased(3, 0, key_search::named_version, &asked) == 1 && asked == 1;
});

constexpr no_ticket_key why(std::optional<std::uint32_t> kvno, bool ours = true) {
  return detail::why_no_key(
      keys, detail::names_version(kvno), [&](const key_label& k) { return ours ? std::optional(k) : std::nullopt; },
      [&](const key_label& k) { return k.kvno == *kvno; });
}
KERB_BOTH("why_no_key: a missing version is another reason than a missing type", "[numbers][rfc4120-3.2.3]", [] {
  return why(3).why == errc::bad_key_version && why(4).why == errc::no_key && why({}).why == errc::no_key &&
         why(0).why == errc::no_key && why(3, false).why == errc::no_key;
});
KERB_BOTH("why_no_key: lists what there was, up to its buffer", "[numbers]", [] {
  const no_ticket_key all = why(3), none = why(3, false);
  constexpr std::array<key_label, 20> many{};
  const no_ticket_key cut = detail::why_no_key(
      many, false, [](const key_label& k) { return std::optional(k); }, [](const key_label&) { return true; });
  return all.total == 5 && all.had.size() == 5 && all.had[2] == keys[2] && none.total == 0 && none.had.empty() &&
         all.others == 0 && none.others == 5 && cut.total == 20 && cut.had.size() == 16;
});
}  // namespace
