// Name type numbers.
#include <kerb/numbers/nametype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<name_t> name_t_registry[] = {
    {name_t::ent_principal_and_id, -130, "KRB_NT_ENT_PRINCIPAL_AND_ID"},
    {name_t::ms_principal_and_id, -129, "KRB_NT_MS_PRINCIPAL_AND_ID"},
    {name_t::ms_principal, -128, "KRB_NT_MS_PRINCIPAL"},
    {name_t::unknown, 0, "KRB_NT_UNKNOWN"},
    {name_t::principal, 1, "KRB_NT_PRINCIPAL"},
    {name_t::srv_inst, 2, "KRB_NT_SRV_INST"},
    {name_t::srv_hst, 3, "KRB_NT_SRV_HST"},
    {name_t::srv_xhst, 4, "KRB_NT_SRV_XHST"},
    {name_t::uid, 5, "KRB_NT_UID"},
    {name_t::x500_principal, 6, "KRB_NT_X500_PRINCIPAL"},
    {name_t::smtp_name, 7, "KRB_NT_SMTP_NAME"},
    {name_t::enterprise, 10, "KRB_NT_ENTERPRISE"},
    {name_t::wellknown, 11, "KRB_NT_WELLKNOWN"},
    {name_t::srv_hst_domain, 12, "KRB_NT_SRV_HST_DOMAIN"},
};
KERB_BOTH("name_t: name types have the registered numbers and names, no two the same", "[numbers][rfc4120-7.5.8]",
          (kerb_test::as_registered<name_t_registry>));
KERB_BOTH("name_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.8]",
          (kerb_test::is_open<name_t>));
TEST_CASE("name_t: nothing else has a name", "[numbers][rfc4120-7.5.8]") {
  CHECK(kerb_test::is_complete<name_t_registry>());
}

}  // namespace
