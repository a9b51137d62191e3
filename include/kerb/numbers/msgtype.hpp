// Message type numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Message types, RFC 4120 section 7.5.7; also the APPLICATION tag of each message. Open: every
/// Int32 is a value.
enum class msg_t : std::int32_t {
  as_req = 10,
  as_rep = 11,
  tgs_req = 12,
  tgs_rep = 13,
  ap_req = 14,
  ap_rep = 15,
  tgt_req = 16,  ///< reserved by RFC 4120; draft-swift-win2k-krb-user2user-03 section 4
  tgt_rep = 17,  ///< the same
  safe = 20,
  priv = 21,
  cred = 22,
  error = 30,
};

/// The RFC's name ("KRB_AS_REQ"); empty for a number without a name.
constexpr std::string_view name_of(msg_t n) {
  switch (n) {
    case msg_t::as_req: return "KRB_AS_REQ";
    case msg_t::as_rep: return "KRB_AS_REP";
    case msg_t::tgs_req: return "KRB_TGS_REQ";
    case msg_t::tgs_rep: return "KRB_TGS_REP";
    case msg_t::ap_req: return "KRB_AP_REQ";
    case msg_t::ap_rep: return "KRB_AP_REP";
    case msg_t::tgt_req: return "KRB_TGT_REQ";
    case msg_t::tgt_rep: return "KRB_TGT_REP";
    case msg_t::safe: return "KRB_SAFE";
    case msg_t::priv: return "KRB_PRIV";
    case msg_t::cred: return "KRB_CRED";
    case msg_t::error: return "KRB_ERROR";
    default: return "";
  }
}

}  // namespace kerb::inline v0
