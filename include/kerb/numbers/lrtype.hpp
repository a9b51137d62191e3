// Types of the times in LastReq.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Types of LastReq, RFC 4120 section 5.4.2. A negative number means that the time concerns the
/// responding server only. Open: every Int32 is a value.
enum class lr_t : std::int32_t {
  none = 0,
  initial_tgt_request = 1,
  initial_request = 2,
  newest_tgt_issue = 3,
  renewal = 4,
  any_request = 5,
  password_expires = 6,
  account_expires = 7,
  initial_tgt_request_here = -1,
  initial_request_here = -2,
  newest_tgt_issue_here = -3,
  renewal_here = -4,
  any_request_here = -5,
  password_expires_here = -6,
  account_expires_here = -7,
};

/// The event at that time ("last initial request"), in our words, because the RFC has no names.
/// Empty for other numbers.
constexpr std::string_view name_of(lr_t n) {
  switch (n) {
    case lr_t::none: return "none";
    case lr_t::initial_tgt_request: return "last initial request for a TGT";
    case lr_t::initial_request: return "last initial request";
    case lr_t::newest_tgt_issue: return "issue of the newest TGT used";
    case lr_t::renewal: return "last renewal";
    case lr_t::any_request: return "last request";
    case lr_t::password_expires: return "password expires";
    case lr_t::account_expires: return "account expires";
    case lr_t::initial_tgt_request_here: return "last initial request for a TGT, this server";
    case lr_t::initial_request_here: return "last initial request, this server";
    case lr_t::newest_tgt_issue_here: return "issue of the newest TGT used, this server";
    case lr_t::renewal_here: return "last renewal, this server";
    case lr_t::any_request_here: return "last request, this server";
    case lr_t::password_expires_here: return "password expires, this server";
    case lr_t::account_expires_here: return "account expires, this server";
    default: return "";
  }
}

}  // namespace kerb::inline v0
