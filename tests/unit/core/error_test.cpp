// Error codes: whose fault they are, and their names.
#include <kerb/core/error.hpp>
#include <set>
#include <string_view>
#include <type_traits>

#include "support/both.hpp"

using namespace kerb;

namespace {

static_assert(std::is_trivially_copyable_v<error>);
static_assert(std::is_aggregate_v<error>);
static_assert(sizeof(errc) == 2);

constexpr bool no_error_by_default() {
  const error e;
  return e.ok() && e.code == errc::ok && e.offset == 0 && e.detail == 0 && std::string_view(e.type).empty() &&
         std::string_view(e.field).empty() && !error{.code = errc::integrity}.ok();
}
KERB_BOTH("error: a default one is no error", "[core]", no_error_by_default);

constexpr bool the_peer_is_to_blame() {
  return is_peer_fault(errc::truncated) && is_peer_fault(errc::stream_ended) &&
         is_peer_fault(errc::unexpected_message) && is_peer_fault(errc::refused_by_application) &&
         is_peer_fault(errc::kdc_error) && is_peer_fault(errc::peer_error) && is_peer_fault(errc::integrity) &&
         is_peer_fault(errc::client_locked) && is_peer_fault(errc::request_modified);
}
KERB_BOTH("is_peer_fault: malformed octets, protocol faults, refusals and broken seals are the peer's", "[core]",
          the_peer_is_to_blame);

constexpr bool we_are_to_blame() {
  return !is_peer_fault(errc::ok) && !is_peer_fault(errc::unsupported_etype) && !is_peer_fault(errc::weak_etype) &&
         !is_peer_fault(errc::entropy) && !is_peer_fault(errc::crypto_backend) && !is_peer_fault(errc::no_space) &&
         !is_peer_fault(errc::api_misuse) && !is_peer_fault(errc::clock_out_of_range) &&
         !is_peer_fault(errc::no_answer) && !is_peer_fault(errc::database_unavailable);
}
KERB_BOTH("is_peer_fault: buffer, randomness, policy and misuse are not the peer's", "[core]", we_are_to_blame);

/// All codes, with the numbers that they will always have. A row is added for a new code; none is
/// ever changed or removed.
struct row {
  errc code;
  unsigned number;
  std::string_view name;
};
constexpr row codes[] = {
    {errc::ok, 0, "ok"},
    {errc::truncated, 100, "truncated"},
    {errc::trailing_data, 101, "trailing_data"},
    {errc::unexpected_tag, 102, "unexpected_tag"},
    {errc::non_minimal_length, 103, "non_minimal_length"},
    {errc::bad_integer, 104, "bad_integer"},
    {errc::bad_time, 105, "bad_time"},
    {errc::bad_boolean, 106, "bad_boolean"},
    {errc::bad_oid, 107, "bad_oid"},
    {errc::bad_flags, 108, "bad_flags"},
    {errc::missing_field, 109, "missing_field"},
    {errc::empty_sequence, 110, "empty_sequence"},
    {errc::wrong_constant, 111, "wrong_constant"},
    {errc::input_too_large, 112, "input_too_large"},
    {errc::frame_too_long, 113, "frame_too_long"},
    {errc::stream_ended, 114, "stream_ended"},
    {errc::bad_realm, 115, "bad_realm"},
    {errc::bad_base64, 116, "bad_base64"},
    {errc::bad_http_field, 117, "bad_http_field"},
    {errc::token_too_long, 118, "token_too_long"},
    {errc::bad_utf8, 119, "bad_utf8"},
    {errc::bad_conf_text, 150, "bad_conf_text"},
    {errc::bad_dns_name, 151, "bad_dns_name"},
    {errc::unexpected_message, 200, "unexpected_message"},
    {errc::nonce_mismatch, 201, "nonce_mismatch"},
    {errc::name_mismatch, 202, "name_mismatch"},
    {errc::time_mismatch, 203, "time_mismatch"},
    {errc::flags_mismatch, 204, "flags_mismatch"},
    {errc::etype_not_offered, 205, "etype_not_offered"},
    {errc::address_mismatch, 206, "address_mismatch"},
    {errc::clock_skew, 207, "clock_skew"},
    {errc::ticket_expired, 208, "ticket_expired"},
    {errc::ticket_not_yet_valid, 209, "ticket_not_yet_valid"},
    {errc::replayed, 210, "replayed"},
    {errc::bad_order, 211, "bad_order"},
    {errc::no_freshness, 212, "no_freshness"},
    {errc::count_mismatch, 213, "count_mismatch"},
    {errc::wrong_service, 214, "wrong_service"},
    {errc::no_key, 215, "no_key"},
    {errc::bad_key_version, 216, "bad_key_version"},
    {errc::inappropriate_checksum, 217, "inappropriate_checksum"},
    {errc::mutual_required, 218, "mutual_required"},
    {errc::session_key_ticket, 219, "session_key_ticket"},
    {errc::bad_s2k_parameters, 220, "bad_s2k_parameters"},
    {errc::too_many_rounds, 221, "too_many_rounds"},
    {errc::no_preauth_mechanism, 222, "no_preauth_mechanism"},
    {errc::path_not_checked, 223, "path_not_checked"},
    {errc::path_not_accepted, 224, "path_not_accepted"},
    {errc::bad_transited, 225, "bad_transited"},
    {errc::critical_authdata, 226, "critical_authdata"},
    {errc::bindings_missing, 227, "bindings_missing"},
    {errc::bindings_mismatch, 228, "bindings_mismatch"},
    {errc::refused_by_application, 229, "refused_by_application"},
    {errc::not_sealed, 230, "not_sealed"},
    {errc::reflected_token, 231, "reflected_token"},
    {errc::wrong_context_key, 232, "wrong_context_key"},
    {errc::anonymous_client, 233, "anonymous_client"},
    {errc::flags_not_granted, 234, "flags_not_granted"},
    {errc::well_known_name, 235, "well_known_name"},
    {errc::no_common_mechanism, 240, "no_common_mechanism"},
    {errc::mechanism_not_offered, 241, "mechanism_not_offered"},
    {errc::negotiation_rejected, 242, "negotiation_rejected"},
    {errc::mic_missing, 243, "mic_missing"},
    {errc::too_many_mechanisms, 244, "too_many_mechanisms"},
    {errc::ntlm_token, 245, "ntlm_token"},
    {errc::no_common_layer, 246, "no_common_layer"},
    {errc::no_local_name, 247, "no_local_name"},
    {errc::referral_loop, 248, "referral_loop"},
    {errc::no_tgt, 249, "no_tgt"},
    {errc::nothing_delegated, 250, "nothing_delegated"},
    {errc::password_refused, 260, "password_refused"},
    {errc::dns_error, 270, "dns_error"},
    {errc::kcm_error, 271, "kcm_error"},
    {errc::dns_no_service, 272, "dns_no_service"},
    {errc::login_not_verified, 280, "login_not_verified"},
    {errc::numbers_used_up, 290, "numbers_used_up"},
    {errc::kdc_error, 300, "kdc_error"},
    {errc::peer_error, 301, "peer_error"},
    {errc::no_answer, 302, "no_answer"},
    {errc::server_failed, 303, "server_failed"},
    {errc::integrity, 400, "integrity"},
    {errc::unsupported_etype, 401, "unsupported_etype"},
    {errc::unsupported_cksum, 402, "unsupported_cksum"},
    {errc::weak_etype, 403, "weak_etype"},
    {errc::bad_key_length, 404, "bad_key_length"},
    {errc::entropy, 405, "entropy"},
    {errc::crypto_backend, 406, "crypto_backend"},
    {errc::unsupported_hash, 407, "unsupported_hash"},
    {errc::no_space, 500, "no_space"},
    {errc::replay_unknown, 501, "replay_unknown"},
    {errc::api_misuse, 600, "api_misuse"},
    {errc::wrong_usage, 601, "wrong_usage"},
    {errc::bad_name_text, 602, "bad_name_text"},
    {errc::clock_out_of_range, 603, "clock_out_of_range"},
    {errc::bad_password, 604, "bad_password"},
    {errc::bad_rule_text, 605, "bad_rule_text"},
    {errc::step_not_handled, 606, "step_not_handled"},
    {errc::missing_parameter, 610, "missing_parameter"},
    {errc::not_forwarded, 611, "not_forwarded"},
    {errc::client_unknown, 700, "client_unknown"},
    {errc::wrong_realm, 701, "wrong_realm"},
    {errc::client_locked, 702, "client_locked"},
    {errc::client_not_yet_valid, 703, "client_not_yet_valid"},
    {errc::client_expired, 704, "client_expired"},
    {errc::password_expired, 705, "password_expired"},
    {errc::preauth_required, 706, "preauth_required"},
    {errc::no_common_etype, 707, "no_common_etype"},
    {errc::server_not_named, 710, "server_not_named"},
    {errc::server_unknown, 711, "server_unknown"},
    {errc::not_a_server, 712, "not_a_server"},
    {errc::server_locked, 713, "server_locked"},
    {errc::server_not_yet_valid, 714, "server_not_yet_valid"},
    {errc::server_expired, 715, "server_expired"},
    {errc::initial_ticket_required, 716, "initial_ticket_required"},
    {errc::preauth_ticket_required, 717, "preauth_ticket_required"},
    {errc::must_use_user_to_user, 718, "must_use_user_to_user"},
    {errc::user_to_user_forbidden, 719, "user_to_user_forbidden"},
    {errc::no_header_ticket, 720, "no_header_ticket"},
    {errc::request_modified, 721, "request_modified"},
    {errc::fast_removed, 722, "fast_removed"},
    {errc::armor_ticket, 723, "armor_ticket"},
    {errc::own_client_from_elsewhere, 724, "own_client_from_elsewhere"},
    {errc::server_mismatch, 725, "server_mismatch"},
    {errc::second_ticket_missing, 726, "second_ticket_missing"},
    {errc::second_ticket_not_tgt, 727, "second_ticket_not_tgt"},
    {errc::second_ticket_mismatch, 728, "second_ticket_mismatch"},
    {errc::etype_not_allowed, 729, "etype_not_allowed"},
    {errc::option_not_allowed, 730, "option_not_allowed"},
    {errc::options_contradict, 731, "options_contradict"},
    {errc::flag_not_in_ticket, 732, "flag_not_in_ticket"},
    {errc::not_renewable, 733, "not_renewable"},
    {errc::renewal_forbidden, 734, "renewal_forbidden"},
    {errc::already_valid, 735, "already_valid"},
    {errc::anonymity_not_supported, 736, "anonymity_not_supported"},
    {errc::anonymity_required, 737, "anonymity_required"},
    {errc::user_to_user_not_supported, 738, "user_to_user_not_supported"},
    {errc::delegation_not_supported, 739, "delegation_not_supported"},
    {errc::cannot_postdate, 740, "cannot_postdate"},
    {errc::starts_too_late, 741, "starts_too_late"},
    {errc::starts_in_future, 742, "starts_in_future"},
    {errc::never_valid, 743, "never_valid"},
    {errc::address_not_allowed, 744, "address_not_allowed"},
    {errc::forwarding_forbidden, 746, "forwarding_forbidden"},
    {errc::impersonation_not_supported, 750, "impersonation_not_supported"},
    {errc::fast_not_supported, 751, "fast_not_supported"},
    {errc::mandatory_for_kdc, 752, "mandatory_for_kdc"},
    {errc::authdata_not_carried, 753, "authdata_not_carried"},
    {errc::unknown_transited_type, 754, "unknown_transited_type"},
    {errc::initial_flag_needed, 760, "initial_flag_needed"},
    {errc::database_unavailable, 790, "database_unavailable"},
    {errc::reply_too_long, 791, "reply_too_long"},
    {errc::server_has_no_key, 792, "server_has_no_key"},
};
constexpr bool numbers_never_change() {
  for (const row& r : codes)
    if (static_cast<unsigned>(r.code) != r.number || name_of(r.code) != r.name) return false;
  return true;
}
KERB_BOTH("errc: each code has the number that it always had, and the name of its enumerator", "[core]",
          numbers_never_change);

constexpr bool names_are_the_enumerators() {
  return name_of(errc::ok) == "ok" && name_of(errc::non_minimal_length) == "non_minimal_length" &&
         name_of(errc::no_space) == "no_space" && name_of(static_cast<errc>(99)).empty() &&
         name_of(static_cast<errc>(65535)).empty();
}
KERB_BOTH("name_of: an errc's name is its enumerator", "[core]", names_are_the_enumerators);

TEST_CASE("errc: the list of numbers is complete, and no two codes have one name", "[core]") {
  std::set<unsigned> numbers;
  std::set<std::string_view> names;
  for (const row& r : codes) {
    CHECK(numbers.insert(r.number).second);
    CHECK(names.insert(r.name).second);
  }
  for (unsigned n = 0; n != 65536; ++n) {
    CAPTURE(n);
    if (name_of(static_cast<errc>(n)).empty() == numbers.contains(n))
      FAIL("a code is missing from the list, or from name_of()");
  }
}

constexpr bool where_it_came_from_decides() {
  for (const errc c : {errc::unsupported_etype, errc::unsupported_cksum, errc::weak_etype, errc::bad_key_length,
                       errc::unsupported_hash}) {
    if (is_peer_fault(c) || is_peer_fault(error{.code = c})) return false;
    if (!is_peer_fault(error{.code = c, .type = "EncKDCRepPart", .field = "key"})) return false;
  }
  // and a place decides nothing else
  return !is_peer_fault(error{.code = errc::api_misuse, .type = "KDC-REQ-BODY", .field = "etype"}) &&
         !is_peer_fault(error{.code = errc::entropy, .type = "AP-REQ"}) && !is_peer_fault(error{}) &&
         is_peer_fault(error{.code = errc::integrity}) && is_peer_fault(error{.code = errc::truncated});
}
KERB_BOTH("is_peer_fault: a key that cannot be used is the peer's fault if it was in a message", "[core]",
          where_it_came_from_decides);

TEST_CASE("errc: a KDC's refusals have a block of their own", "[core]") {
  unsigned clients = 0, own = 0;
  for (const row& r : codes) {
    if (r.number < 700) continue;
    CAPTURE(r.name);
    CHECK(r.number < 800);
    CHECK_FALSE(is_malformed(r.code));
    CHECK(is_peer_fault(r.code) == (r.number < 790));
    ++(r.number < 790 ? clients : own);
  }
  CHECK(clients > 40);
  CHECK(own == 3);
}

}  // namespace
