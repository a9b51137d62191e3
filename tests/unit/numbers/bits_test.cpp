// The named bits.
#include <kerb/numbers/bits.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<kdc_option_t> kdc_option_t_registry[] = {
    {kdc_option_t::forwardable, 1, "forwardable"},
    {kdc_option_t::forwarded, 2, "forwarded"},
    {kdc_option_t::proxiable, 3, "proxiable"},
    {kdc_option_t::proxy, 4, "proxy"},
    {kdc_option_t::allow_postdate, 5, "allow-postdate"},
    {kdc_option_t::postdated, 6, "postdated"},
    {kdc_option_t::renewable, 8, "renewable"},
    {kdc_option_t::opt_hardware_auth, 11, "opt-hardware-auth"},
    {kdc_option_t::cname_in_addl_tkt, 14, "cname-in-addl-tkt"},
    {kdc_option_t::canonicalize, 15, "canonicalize"},
    {kdc_option_t::request_anonymous, 16, "request-anonymous"},
    {kdc_option_t::disable_transited_check, 26, "disable-transited-check"},
    {kdc_option_t::renewable_ok, 27, "renewable-ok"},
    {kdc_option_t::enc_tkt_in_skey, 28, "enc-tkt-in-skey"},
    {kdc_option_t::renew, 30, "renew"},
    {kdc_option_t::validate, 31, "validate"},
};
KERB_BOTH("kdc_option_t: KDC options have the registered numbers and names, no two the same",
          "[numbers][rfc4120-5.4.1]", (kerb_test::as_registered<kdc_option_t_registry>));
KERB_BOTH("kdc_option_t: a number without a name is a value like any other", "[numbers][rfc4120-5.4.1]",
          (kerb_test::is_open<kdc_option_t>));
TEST_CASE("kdc_option_t: nothing else has a name", "[numbers][rfc4120-5.4.1]") {
  CHECK(kerb_test::is_complete<kdc_option_t_registry>());
}

constexpr kerb_test::entry<ticket_flag_t> ticket_flag_t_registry[] = {
    {ticket_flag_t::forwardable, 1, "forwardable"},
    {ticket_flag_t::forwarded, 2, "forwarded"},
    {ticket_flag_t::proxiable, 3, "proxiable"},
    {ticket_flag_t::proxy, 4, "proxy"},
    {ticket_flag_t::may_postdate, 5, "may-postdate"},
    {ticket_flag_t::postdated, 6, "postdated"},
    {ticket_flag_t::invalid, 7, "invalid"},
    {ticket_flag_t::renewable, 8, "renewable"},
    {ticket_flag_t::initial, 9, "initial"},
    {ticket_flag_t::pre_authent, 10, "pre-authent"},
    {ticket_flag_t::hw_authent, 11, "hw-authent"},
    {ticket_flag_t::transited_policy_checked, 12, "transited-policy-checked"},
    {ticket_flag_t::ok_as_delegate, 13, "ok-as-delegate"},
    {ticket_flag_t::enc_pa_rep, 15, "enc-pa-rep"},
    {ticket_flag_t::anonymous, 16, "anonymous"},
};
KERB_BOTH("ticket_flag_t: ticket flags have the registered numbers and names, no two the same",
          "[numbers][rfc4120-5.3]", (kerb_test::as_registered<ticket_flag_t_registry>));
KERB_BOTH("ticket_flag_t: a number without a name is a value like any other", "[numbers][rfc4120-5.3]",
          (kerb_test::is_open<ticket_flag_t>));
TEST_CASE("ticket_flag_t: nothing else has a name", "[numbers][rfc4120-5.3]") {
  CHECK(kerb_test::is_complete<ticket_flag_t_registry>());
}

constexpr kerb_test::entry<ap_option_t> ap_option_t_registry[] = {
    {ap_option_t::use_session_key, 1, "use-session-key"},
    {ap_option_t::mutual_required, 2, "mutual-required"},
};
KERB_BOTH("ap_option_t: AP options have the registered numbers and names, no two the same", "[numbers][rfc4120-5.5.1]",
          (kerb_test::as_registered<ap_option_t_registry>));
KERB_BOTH("ap_option_t: a number without a name is a value like any other", "[numbers][rfc4120-5.5.1]",
          (kerb_test::is_open<ap_option_t>));
TEST_CASE("ap_option_t: nothing else has a name", "[numbers][rfc4120-5.5.1]") {
  CHECK(kerb_test::is_complete<ap_option_t_registry>());
}

}  // namespace
