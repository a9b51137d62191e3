// What a program says about an error: to its user, in its log, and to a sink of trace events.
#pragma once
#include <cstdio>
#include <kerb/botan.hpp>
#include <kerb/trace/text.hpp>
#include <string>
#include <string_view>

namespace cookbook {

/// What a login program does after an error of kerb::acquire.
enum class next_step { ask_password_again, change_password, log_in, try_later, show };

inline next_step after(const kerb::error& e) {
  if (e.code == kerb::errc::kdc_error && kerb::error_code_t(e.detail) == kerb::error_code_t::kdc_err_preauth_failed)
    return next_step::ask_password_again;
  switch (e.code) {
    case kerb::errc::integrity:  // of an AS-REP: the key that was made of the password does not open it
      return e.type == std::string_view("AS-REP") ? next_step::ask_password_again : next_step::show;
    case kerb::errc::password_expired: return next_step::change_password;
    case kerb::errc::no_tgt: return next_step::log_in;
    case kerb::errc::no_answer: return next_step::try_later;
    default: return next_step::show;
  }
}

/// For a log: the error's name, where it is in the message, and sentences for a person. It is one line, and what a peer
/// has sent cannot put control characters in it.
inline std::string for_log(const kerb::error& e, std::string_view realm) {
  return log_line(e, kerb::party::client, realm).c_str();
}
/// For a dialog: only the sentences, which say what has happened and what to do.
inline std::string for_user(const kerb::error& e) { return std::string(explain(e, kerb::party::client)); }

/// A trace sink: a line for each thing that a client does. There are no keys and no secrets in an event.
struct log_sink {
  std::string lines;
  void operator()(kerb::timestamp at, const kerb::trace_event& event) {
    std::array<char, 1024> text;
    const auto line = kerb::trace_text(at, event, text);
    (lines += line ? *line : "an event that is too long") += '\n';
  }
};
/// Use it in place of the policy: `log_sink sink; traced_policy crypto(sink); kerb::acquire(..., crypto, now,
/// ask_kdc);`
using traced_policy = kerb::traced<kerb::botan::policy, log_sink>;

}  // namespace cookbook
