// Authorization data numbers.
#include <kerb/numbers/adtype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<ad_t> ad_t_registry[] = {
    {ad_t::if_relevant, 1, "AD-IF-RELEVANT"},
    {ad_t::intended_for_server, 2, "AD-INTENDED-FOR-SERVER"},
    {ad_t::intended_for_application_class, 3, "AD-INTENDED-FOR-APPLICATION-CLASS"},
    {ad_t::kdc_issued, 4, "AD-KDC-ISSUED"},
    {ad_t::and_or, 5, "AD-AND-OR"},
    {ad_t::mandatory_ticket_extensions, 6, "AD-MANDATORY-TICKET-EXTENSIONS"},
    {ad_t::in_ticket_extensions, 7, "AD-IN-TICKET-EXTENSIONS"},
    {ad_t::mandatory_for_kdc, 8, "AD-MANDATORY-FOR-KDC"},
    {ad_t::initial_verified_cas, 9, "AD-INITIAL-VERIFIED-CAS"},
    {ad_t::osf_dce, 64, "OSF-DCE"},
    {ad_t::sesame, 65, "SESAME"},
    {ad_t::osf_dce_pki_certid, 66, "AD-OSF-DCE-PKI-CERTID"},
    {ad_t::authentication_strength, 70, "AD-authentication-strength"},
    {ad_t::fx_fast_armor, 71, "AD-fx-fast-armor"},
    {ad_t::fx_fast_used, 72, "AD-fx-fast-used"},
    {ad_t::login_alias, 80, "AD-LOGIN-ALIAS"},
    {ad_t::cammac, 96, "AD-CAMMAC"},
    {ad_t::authentication_indicator, 97, "AD-AUTHENTICATION-INDICATOR"},
    {ad_t::win2k_pac, 128, "AD-WIN2K-PAC"},
    {ad_t::etype_negotiation, 129, "AD-ETYPE-NEGOTIATION"},
    {ad_t::kerb_auth_data_token_restrictions, 141, "KERB_AUTH_DATA_TOKEN_RESTRICTIONS"},
    {ad_t::kerb_auth_data_loopback, 142, "KERB_AUTH_DATA_LOOPBACK"},
    {ad_t::ad_auth_data_ap_options, 143, "AD-AUTH-DATA-AP-OPTIONS"},
    {ad_t::kerb_auth_data_client_target, 144, "KERB_AUTH_DATA_CLIENT_TARGET"},
};
KERB_BOTH("ad_t: authorization data types have the registered numbers and names, no two the same",
          "[numbers][rfc4120-7.5.4]", (kerb_test::as_registered<ad_t_registry>));
KERB_BOTH("ad_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.4]",
          (kerb_test::is_open<ad_t>));
TEST_CASE("ad_t: nothing else has a name", "[numbers][rfc4120-7.5.4]") {
  CHECK(kerb_test::is_complete<ad_t_registry>());
}

}  // namespace
