// Types of LastReq.
#include <kerb/numbers/lrtype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<lr_t> lr_t_registry[] = {
    {lr_t::account_expires_here, -7, "account expires, this server"},
    {lr_t::password_expires_here, -6, "password expires, this server"},
    {lr_t::any_request_here, -5, "last request, this server"},
    {lr_t::renewal_here, -4, "last renewal, this server"},
    {lr_t::newest_tgt_issue_here, -3, "issue of the newest TGT used, this server"},
    {lr_t::initial_request_here, -2, "last initial request, this server"},
    {lr_t::initial_tgt_request_here, -1, "last initial request for a TGT, this server"},
    {lr_t::none, 0, "none"},
    {lr_t::initial_tgt_request, 1, "last initial request for a TGT"},
    {lr_t::initial_request, 2, "last initial request"},
    {lr_t::newest_tgt_issue, 3, "issue of the newest TGT used"},
    {lr_t::renewal, 4, "last renewal"},
    {lr_t::any_request, 5, "last request"},
    {lr_t::password_expires, 6, "password expires"},
    {lr_t::account_expires, 7, "account expires"},
};
KERB_BOTH("lr_t: types of LastReq have the registered numbers and names, no two the same", "[numbers][rfc4120-5.4.2]",
          (kerb_test::as_registered<lr_t_registry>));
KERB_BOTH("lr_t: a number without a name is a value like any other", "[numbers][rfc4120-5.4.2]",
          (kerb_test::is_open<lr_t>));
TEST_CASE("lr_t: nothing else has a name", "[numbers][rfc4120-5.4.2]") {
  CHECK(kerb_test::is_complete<lr_t_registry>());
}

}  // namespace
