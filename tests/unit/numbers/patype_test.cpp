// Pre-authentication data numbers.
#include <kerb/numbers/patype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<padata_t> padata_t_registry[] = {
    {padata_t::tgs_req, 1, "PA-TGS-REQ"},
    {padata_t::enc_timestamp, 2, "PA-ENC-TIMESTAMP"},
    {padata_t::pw_salt, 3, "PA-PW-SALT"},
    {padata_t::etype_info, 11, "PA-ETYPE-INFO"},
    {padata_t::pk_as_req, 16, "PA-PK-AS-REQ"},
    {padata_t::pk_as_rep, 17, "PA-PK-AS-REP"},
    {padata_t::etype_info2, 19, "PA-ETYPE-INFO2"},
    {padata_t::pac_request, 128, "PA-PAC-REQUEST"},
    {padata_t::for_user, 129, "PA-FOR-USER"},
    {padata_t::fx_cookie, 133, "PA-FX-COOKIE"},
    {padata_t::fx_fast, 136, "PA-FX-FAST"},
    {padata_t::fx_error, 137, "PA-FX-ERROR"},
    {padata_t::encrypted_challenge, 138, "PA-ENCRYPTED-CHALLENGE"},
    {padata_t::req_enc_pa_rep, 149, "PA-REQ-ENC-PA-REP"},
    {padata_t::as_freshness, 150, "PA_AS_FRESHNESS"},
    {padata_t::spake, 151, "PA-SPAKE"},
    {padata_t::pac_options, 167, "PA-PAC-OPTIONS"},
};
KERB_BOTH("padata_t: padata types have the registered numbers and names", "[numbers][rfc4120-7.5.2]",
          (kerb_test::as_registered<padata_t_registry>));
KERB_BOTH("padata_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.2]",
          (kerb_test::is_open<padata_t>));
TEST_CASE("padata_t: 63 numbers have names, no two the same", "[numbers][rfc4120-7.5.2]") {
  kerb_test::names_differ<padata_t>(63);
}

}  // namespace
