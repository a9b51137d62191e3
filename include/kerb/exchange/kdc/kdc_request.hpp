// A request to a KDC as its checks see it.
#pragma once
#include "../../msg/kdc.hpp"

namespace kerb::inline v0::detail {

/// What all checks of a request work on. Its views point into the octets that were received. The
/// body, its octets and the padata belong together: they are those of the message itself.
struct kdc_request {
  msg::KdcReqBody body;
  bytes_view body_octets;  ///< as received, for the checksum over it
  msg::MethodData padata;
  bytes_view whole;  ///< the whole message

  constexpr bool has(kdc_option_t o) const { return body.kdc_options.has(o); }
  /// The requested server; without a name if the request has none.
  constexpr principal_view server() const {
    return body.sname ? principal_view{*body.sname, body.realm} : principal_view{};
  }
};
/// The view of a message that was decoded from `whole`.
template <msg_t M>
constexpr kdc_request request_of(const msg::KdcReq<M>& req, bytes_view whole) {
  return {req.req_body.value(), req.req_body.octets(), req.padata.value_or(msg::MethodData{}), whole};
}

}  // namespace kerb::inline v0::detail
