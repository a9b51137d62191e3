// Message type numbers.
#include <kerb/numbers/msgtype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<msg_t> msg_t_registry[] = {
    {msg_t::as_req, 10, "KRB_AS_REQ"},   {msg_t::as_rep, 11, "KRB_AS_REP"},   {msg_t::tgs_req, 12, "KRB_TGS_REQ"},
    {msg_t::tgs_rep, 13, "KRB_TGS_REP"}, {msg_t::ap_req, 14, "KRB_AP_REQ"},   {msg_t::ap_rep, 15, "KRB_AP_REP"},
    {msg_t::tgt_req, 16, "KRB_TGT_REQ"}, {msg_t::tgt_rep, 17, "KRB_TGT_REP"}, {msg_t::safe, 20, "KRB_SAFE"},
    {msg_t::priv, 21, "KRB_PRIV"},       {msg_t::cred, 22, "KRB_CRED"},       {msg_t::error, 30, "KRB_ERROR"},
};
KERB_BOTH("msg_t: message types have the registered numbers and names, no two the same", "[numbers][rfc4120-7.5.7]",
          (kerb_test::as_registered<msg_t_registry>));
KERB_BOTH("msg_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.7]",
          (kerb_test::is_open<msg_t>));
TEST_CASE("msg_t: nothing else has a name", "[numbers][rfc4120-7.5.7]") {
  CHECK(kerb_test::is_complete<msg_t_registry>());
}

}  // namespace
