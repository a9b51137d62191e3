// What a person can do about an error.
#pragma once
#include <kerb/client.hpp>
#include <string>

namespace example {

/// Who met the error: the same one means another thing to each of them.
enum class met_by { client, service, kdc };

/// What a KRB-ERROR means to the client that got it; no key protects it.
inline std::string_view hint(kerb::error_code_t said) {
  using kerb::error_code_t;
  switch (said) {
    case error_code_t::kdc_err_c_principal_unknown: return "the KDC does not know the client: check name and realm";
    case error_code_t::kdc_err_s_principal_unknown:
      return "the KDC does not know the service: check its name and realm";
    case error_code_t::kdc_err_etype_nosupp: return "client, service and KDC have no encryption type in common";
    case error_code_t::kdc_err_client_revoked: return "the account is locked or has expired: ask its administrator";
    case error_code_t::kdc_err_key_expired: return "the password has expired: change it (kpasswd), then try again";
    case error_code_t::kdc_err_preauth_failed: return "the password is wrong, or the account has another one now";
    case error_code_t::kdc_err_policy: return "the KDC's policy forbids it";
    case error_code_t::kdc_err_must_use_user2user: return "the KDC gives only user-to-user tickets for that name";
    case error_code_t::kdc_err_svc_unavailable: return "the other side cannot do it at the moment: try again later";
    case error_code_t::kdc_err_wrong_realm:
      return "the client belongs to another realm: write that realm behind its name";
    case error_code_t::krb_ap_err_bad_integrity: return "the service has another key than the KDC has for it";
    case error_code_t::krb_ap_err_skew: return "the clocks differ too much: set this machine's clock";
    case error_code_t::krb_ap_err_repeat: return "the service has seen this very request before";
    case error_code_t::krb_ap_err_tkt_expired: return "the ticket has expired: get a new one";
    case error_code_t::krb_ap_err_nokey:
    case error_code_t::krb_ap_err_badkeyver: return "the service lacks the key of that ticket: its keytab may be old";
    default: return "the other side refused; its log may say more";
  }
}

/// To a client: of what a KDC or a service has answered.
inline std::string_view hint_to_client(const kerb::error& e) {
  using kerb::errc;
  switch (e.code) {
    case errc::kdc_error:
    case errc::peer_error: return hint(static_cast<kerb::error_code_t>(e.detail));
    case errc::clock_skew: return "the clocks differ by more than five minutes: set this machine's clock";
    case errc::integrity: return "a seal does not open: the password is wrong, or something was altered on its way";
    case errc::name_mismatch:
      return "the answer is for another name or realm than was asked for: write it as the KDC does";
    case errc::no_preauth_mechanism: return "the KDC wants pre-authentication that is not built in here";
    case errc::bad_s2k_parameters: return "the KDC asks for more, or fewer, iterations than the limits allow";
    case errc::etype_not_offered: return "the KDC used an encryption type that was not offered: do not trust it";
    case errc::ticket_expired: return "the ticket has expired: get a new one";
    default: break;
  }
  if (kerb::is_malformed(e.code)) return "that was no Kerberos message: check that a KDC listens at the address";
  return kerb::is_peer_fault(e.code) ? "the answer contradicts the request: do not trust it" : "";
}

/// To a service: of what a client has sent. The client has been refused.
inline std::string_view hint_to_service(const kerb::error& e) {
  using kerb::errc;
  switch (e.code) {
    case errc::clock_skew:
      return "the client's clock and this one differ by more than the limit: set whichever is wrong";
    case errc::integrity:
      return "a seal does not open: the KDC has another key for this service, or something was altered on its way";
    case errc::replayed:
      return "this request has come before: somebody repeats it, or two clients have one clock's value";
    case errc::ticket_expired: return "the client's ticket has expired: the client has to get a new one";
    case errc::ticket_not_yet_valid: return "the client's ticket is not valid yet: check the clocks";
    case errc::address_mismatch: return "the client's address is not in its ticket: it may be behind a translator";
    case errc::name_mismatch: return "ticket and authenticator name different clients";
    case errc::wrong_service: return "the ticket is for another service: compare its name with this one's";
    case errc::no_key:
      return "no key here has the ticket's service name and encryption type: compare both with the keytab (klist -ke)";
    case errc::bad_key_version:
      return "the keys here are of other versions than the ticket's: get a new keytab, or the client a new ticket";
    case errc::session_key_ticket: return "the ticket is for user-to-user, and no ticket-granting ticket is here";
    case errc::mutual_required: return "the client does not ask this service to prove itself, and has to";
    case errc::path_not_checked:
      return "the client is of another realm and no KDC has checked the way: name it in paths";
    case errc::path_not_accepted:
      return "a realm on the client's way here is not trusted: name it in paths if it should be";
    case errc::critical_authdata: return "the ticket has restrictions that this service does not know";
    case errc::bindings_missing:
    case errc::bindings_mismatch: return "the request is not bound to the channel that it came through";
    case errc::replay_unknown: return "whether this request has come before cannot be told now: nobody is let in";
    case errc::bad_order: return "a message is missing, or came twice, or out of order";
    case errc::unsupported_etype:
    case errc::weak_etype: return "the client's key is of an encryption type that is not used here";
    case errc::refused_by_application: return "this service's own rules say no";
    case errc::peer_error: return "the client says that something is wrong";
    default: break;
  }
  if (kerb::is_malformed(e.code)) return "that was no Kerberos message, or not the one that comes now";
  return kerb::is_peer_fault(e.code) ? "the client's message breaks the protocol's rules: it is refused" : "";
}

/// To whoever runs a KDC: of what a client has asked for.
inline std::string_view hint_to_kdc(const kerb::error& e) {
  using kerb::errc;
  switch (e.code) {
    case errc::clock_skew: return "the client's clock and this one differ by more than the limit";
    case errc::integrity: return "a seal does not open: another password, a key that has changed, or an alteration";
    case errc::replayed: return "this request has come before";
    case errc::ticket_expired: return "the ticket it rests on has expired";
    case errc::ticket_not_yet_valid: return "the ticket it rests on is not valid yet";
    case errc::address_mismatch: return "it came from an address that is not in the ticket";
    case errc::no_key: return "the principal has no key of an encryption type that was asked for";
    case errc::bad_key_version: return "the ticket was sealed under a key that is no longer here";
    case errc::path_not_checked:
    case errc::path_not_accepted: return "a realm on the client's way here is not trusted: see capath";
    default: break;
  }
  return kerb::is_malformed(e.code) ? "that was no request" : "";
}

inline std::string_view hint(const kerb::error& e, met_by whom = met_by::client) {
  using kerb::errc;
  const std::string_view own = whom == met_by::client    ? hint_to_client(e)
                               : whom == met_by::service ? hint_to_service(e)
                                                         : hint_to_kdc(e);
  switch (e.code) {
    case errc::no_answer: return "nobody answers there: check address and port, and whether a firewall drops it";
    case errc::stream_ended: return "the other side closed the connection too early";
    case errc::bad_name_text: return "names are written name/instance@REALM";
    case errc::no_space: return "a buffer is too small for the message";
    case errc::entropy: return "the random source fails";
    default: break;
  }
  if (!own.empty()) return own;
  return e.code == errc::no_key ? "there is no key for that name and encryption type" : "see the error's name";
}

/// What, and where in which message: for logs.
inline std::string brief(const kerb::error& e) {
  const std::string text(kerb::name_of(e.code));
  return *e.type == '\0' ? text : text + " in " + e.type + (*e.field != '\0' ? std::string(".") + e.field : "");
}
/// One line for people: that, and what to do.
inline std::string explain(const kerb::error& e, met_by whom = met_by::client) {
  std::string text = brief(e);
  if (e.code == kerb::errc::kdc_error || e.code == kerb::errc::peer_error)
    text += ", " + std::string(name_of(static_cast<kerb::error_code_t>(e.detail)));
  return text + ": " + std::string(hint(e, whom));
}

/// The same to a client that has asked as `asked`, or for it. A realm in small letters is another one than that in
/// capitals, and mostly none at all: Active Directory takes both and answers for the latter.
inline std::string explain(const kerb::error& e, const kerb::principal_view& asked) {
  const std::string text = explain(e);
  const auto said = static_cast<kerb::error_code_t>(e.detail);
  const bool may_be_the_realm =
      e.code == kerb::errc::name_mismatch || e.code == kerb::errc::no_answer ||
      (e.code == kerb::errc::kdc_error &&
       (said == kerb::error_code_t::kdc_err_wrong_realm || said == kerb::error_code_t::kdc_err_c_principal_unknown ||
        said == kerb::error_code_t::kdc_err_s_principal_unknown));
  std::string realm(asked.realm.text());
  for (char& c : realm)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (!may_be_the_realm || realm == asked.realm.text()) return text;
  std::string buffer(2048, '\0');
  const auto name = kerb::to_text({asked.name, kerb::kerberos_string::of(realm)}, buffer);
  return name ? text + "; realms are in capitals: ask for " + std::string(*name) : text;
}

}  // namespace example
