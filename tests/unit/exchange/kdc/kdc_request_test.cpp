// The view of a request.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;

constexpr bool a_request_is_viewed_as_it_was_received() {
  world w;
  w.body.kdc_options.set(kdc_option_t::renewable);
  const bytes_view octets = w.tgs_req();
  const auto req = asn1::decode<msg::TgsReq>(octets);
  if (!req) return false;
  const detail::kdc_request q = detail::request_of(*req, octets);
  return q.whole.data() == octets.data() && q.whole.size() == octets.size() &&
         q.body_octets.data() == req->req_body.octets().data() &&
         q.body_octets.size() == req->req_body.octets().size() && q.padata.size() == req->padata->size() &&
         q.body.nonce == w.body.nonce && same_principal(q.server(), web()) && q.has(kdc_option_t::renewable) &&
         !q.has(kdc_option_t::renew);
}
KERB_BOTH("kdc_request: a view of the body, its octets, the padata and the message as received",
          "[exchange][rfc4120-5.4.1]", a_request_is_viewed_as_it_was_received);

constexpr bool what_a_request_leaves_out_is_empty() {
  std::array<std::uint8_t, 128> octets{};
  const msg::KdcReqBody body;
  const bytes_view encoded = kerb_test::must(asn1::encode(body, octets));
  const msg::TgsReq req{{}, captured<msg::KdcReqBody>::as_sent(encoded)};
  const detail::kdc_request q = detail::request_of(req, encoded);
  return q.padata.empty() && q.server().name.name_string.empty() && q.server().realm.octets.empty();
}
KERB_BOTH("kdc_request: without padata and server both are empty", "[exchange][rfc4120-5.4.1]",
          what_a_request_leaves_out_is_empty);
}  // namespace
