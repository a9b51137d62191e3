// What a TGS request shows, beyond what tgs_test has of it.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;

constexpr bool two_tickets_are_none() {
  world w;
  const bytes_view request = w.tgs_req();
  const auto req = asn1::decode<msg::TgsReq>(request);
  if (!req) return false;
  fixed<msg::PaData, 3> list;
  for (const msg::PaData p : *req->padata)
    if (p.padata_type == padata_t::tgs_req && !(list.push_back(p) && list.push_back(p))) return false;
  std::array<std::uint8_t, 4096> twice{};
  msg::TgsReq again{msg::MethodData{view_of<msg::PaData>(list)},
                    captured<msg::KdcReqBody>::as_sent(req->req_body.octets())};
  const outcome r = w.ask(kerb_test::must(asn1::encode(again, twice)));
  return r.is(error_code_t::kdc_err_padata_type_nosupp);
}
KERB_BOTH("tgs_kdc: a request with two tickets is refused", "[exchange][rfc4120-3.3.2]", two_tickets_are_none);

constexpr bool keys_are_tried_up_to_the_limit() {
  world w;
  const key wrong = w.make(e18, 0xd1);
  const long_term_key<testing::insecure_policy> keys[] = {
      {.kvno = 1, .key = wrong}, {.kvno = 1, .key = wrong}, {.kvno = 1, .key = w.tgs.own}};
  w.tgs.record.keys = keys;
  w.limits.max_keys = 3;
  const bool found = w.ask_tgs().issued;
  w.limits.max_keys = 2;
  return found && w.ask_tgs().is(error_code_t::krb_ap_err_bad_integrity);
}
KERB_BOTH("tgs_kdc: as many keys are tried on a ticket as the limits allow", "[exchange]",
          keys_are_tried_up_to_the_limit);
}  // namespace
