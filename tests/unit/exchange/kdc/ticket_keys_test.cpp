// The keys of a ticket, chosen without an exchange.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;

constexpr bool a_draft_gets_its_encryption_types() {
  world w;
  ticket_draft d;
  const auto k = detail::choose_keys(d, w.crypto, w.body, w.service.record, w.settings, nullptr);
  return k && *k == w.service.record.keys.begin() && d.session_etype == e20 && d.ticket_etype == e20 && d.kvno == 1;
}
KERB_BOTH("choose_keys: the session key's type, and the server's preferred key with its version",
          "[exchange][rfc4120-3.1.3]", a_draft_gets_its_encryption_types);

constexpr bool a_user_key_needs_no_key_of_the_server() {
  world w;
  w.user.record.keys = {};
  const etype_t declared[] = {e17};
  w.user.record.session_etypes = declared;
  ticket_draft d;
  const auto k = detail::choose_keys(d, w.crypto, w.body, w.user.record, w.settings, &w.second_session);
  const auto none = detail::choose_keys(d, w.crypto, w.body, w.user.record, w.settings, nullptr);
  return k && *k == nullptr && d.session_etype == e17 && d.ticket_etype == e18 && d.kvno == 0 && !none &&
         none.refusal().why.code == errc::server_has_no_key;
}
KERB_BOTH("choose_keys: a ticket under a session key needs no key of the server and has no version",
          "[exchange][rfc4120-3.3.3]", a_user_key_needs_no_key_of_the_server);

constexpr bool the_session_etype_is_refused_first() {
  world w;
  w.service.record.keys = {};
  ticket_draft d;
  const auto k = detail::choose_keys(d, w.crypto, w.body, w.service.record, w.settings, nullptr);
  return !k && k.refusal().why.code == errc::no_common_etype && d.session_etype == etype_t{};
}
KERB_BOTH("choose_keys: without a common encryption type nothing else is chosen", "[exchange][rfc4120-3.1.3]",
          the_session_etype_is_refused_first);

constexpr bool a_sealing_key_has_its_prepared_form() {
  world w;
  const auto prepared = w.crypto.prepare(w.service.own, key_usage_t::ticket);
  if (!prepared) return false;
  const prepared_for<testing::insecure_policy> list[] = {{key_usage_t::ticket, *prepared}};
  w.service.keys[0]->prepared = list;
  w.service.keys[0]->kvno = 7;
  const auto ticket = detail::sealing_with(*w.service.keys[0], key_usage_t::ticket);
  const auto other = detail::sealing_with(*w.service.keys[0], key_usage_t::as_rep_enc_part);
  return ticket.prepared == &*prepared && ticket.kvno == 7u && &ticket.key.get() == &w.service.own &&
         other.prepared == nullptr && other.usage == key_usage_t::as_rep_enc_part;
}
KERB_BOTH("sealing_with: the prepared key of this usage, and the version of the key", "[exchange]",
          a_sealing_key_has_its_prepared_form);
constexpr bool a_type_that_the_library_lacks_is_passed_over() {
  world w;
  const etype_t unknown = etype_t::des_cbc_md5, asked[] = {unknown, e18, e20}, listed[] = {unknown, e20};
  w.body.etype = view_of<etype_t>(asked);
  w.settings.session_etypes = listed;
  w.service.record.session_etypes = listed;
  ticket_draft d;
  const auto k = detail::choose_keys(d, w.crypto, w.body, w.service.record, w.settings, nullptr);
  return k && d.session_etype == e20;
}
KERB_BOTH("choose_keys: a session key has no type that the crypto policy lacks, whoever lists it",
          "[exchange][rfc4120-3.1.3]", a_type_that_the_library_lacks_is_passed_over);

constexpr bool what_a_server_declares_counts_and_not_its_keys() {
  world w;
  const etype_t asked[] = {e20, e17}, declared[] = {e17};
  w.body.etype = view_of<etype_t>(asked);
  w.service.record.session_etypes = declared;  // its key is of type 20
  ticket_draft d;
  const auto k = detail::choose_keys(d, w.crypto, w.body, w.service.record, w.settings, nullptr);
  return k && d.session_etype == e17 && d.ticket_etype == e20;
}
KERB_BOTH("choose_keys: a server that declares its session keys' types gets no other, even of its own key's type",
          "[exchange][rfc4120-3.1.3]", what_a_server_declares_counts_and_not_its_keys);
}  // namespace
