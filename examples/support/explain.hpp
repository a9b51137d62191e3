// Sentences for people: what an error means, and what to do about it.
#pragma once
#include <kerb/client.hpp>
#include <string>

namespace example {

/// Who met the error. The same error means something different to each of them.
enum class met_by { client, service, kdc };

/// What a KRB-ERROR means to the client that received it. A KRB-ERROR is not authenticated.
inline std::string_view hint(kerb::error_code_t said) {
  using kerb::error_code_t;
  switch (said) {
    case error_code_t::kdc_err_c_principal_unknown: return "the KDC does not know the client: check its name and realm";
    case error_code_t::kdc_err_s_principal_unknown:
      return "the KDC does not know the service: check its name and realm";
    case error_code_t::kdc_err_etype_nosupp: return "client, service and KDC have no common encryption type";
    case error_code_t::kdc_err_client_revoked: return "the account is locked or has expired: ask its administrator";
    case error_code_t::kdc_err_key_expired: return "the password has expired: change it (kpasswd), then try again";
    case error_code_t::kdc_err_preauth_failed: return "the password is wrong, or it has been changed";
    case error_code_t::kdc_err_policy: return "the KDC's policy forbids it";
    case error_code_t::kdc_err_must_use_user2user: return "the KDC issues only user-to-user tickets for that name";
    case error_code_t::kdc_err_svc_unavailable: return "the other side cannot answer at the moment: try again later";
    case error_code_t::kdc_err_wrong_realm:
      return "the client belongs to another realm: write NAME@REALM with that realm";
    case error_code_t::krb_ap_err_bad_integrity: return "the service does not have the key that the KDC has for it";
    case error_code_t::krb_ap_err_skew: return "the clocks differ too much: set this machine's clock";
    case error_code_t::krb_ap_err_repeat: return "the service has already seen this request";
    case error_code_t::krb_ap_err_tkt_expired: return "the ticket has expired: get a new one";
    case error_code_t::krb_ap_err_nokey:
    case error_code_t::krb_ap_err_badkeyver:
      return "the service does not have the key of that ticket: its keytab may be out of date";
    default: return "the other side refused: look into its log";
  }
}

/// For a client: about the answer of a KDC or a service.
inline std::string_view hint_to_client(const kerb::error& e) {
  using kerb::errc;
  switch (e.code) {
    case errc::kdc_error:
    case errc::peer_error: return hint(static_cast<kerb::error_code_t>(e.detail));
    case errc::clock_skew: return "the clocks differ by more than five minutes: set this machine's clock";
    case errc::integrity: return "decryption failed: the password is wrong, or the message was altered on the way";
    case errc::name_mismatch:
      return "the answer is for another name or realm than the request: write it as the KDC does";
    case errc::no_preauth_mechanism:
      return "the KDC requires pre-authentication of a kind that this program does not support";
    case errc::bad_s2k_parameters: return "the KDC asks for more or fewer iterations than the limits allow";
    case errc::etype_not_offered:
      return "the KDC used an encryption type that was not offered: do not trust the answer";
    case errc::ticket_expired: return "the ticket has expired: get a new one";
    default: break;
  }
  if (kerb::is_malformed(e.code))
    return "the answer is not a Kerberos message: check that a KDC listens at the address";
  return kerb::is_peer_fault(e.code) ? "the answer contradicts the request: do not trust it" : "";
}

/// For a service: about a message of a client, which has been refused.
inline std::string_view hint_to_service(const kerb::error& e) {
  using kerb::errc;
  switch (e.code) {
    case errc::clock_skew:
      return "the client's clock and this machine's clock differ by more than the limit: set the wrong one";
    case errc::integrity:
      return "decryption failed: the KDC has another key for this service, or the message was altered on the way";
    case errc::replayed:
      return "this request has been received before: it is a replay, or two clients used the same time";
    case errc::ticket_expired: return "the client's ticket has expired: the client must get a new one";
    case errc::ticket_not_yet_valid: return "the client's ticket is not valid yet: check the clocks";
    case errc::address_mismatch: return "the client's address is not in its ticket: the client may be behind a NAT";
    case errc::name_mismatch: return "the ticket and the authenticator name different clients";
    case errc::wrong_service:
      return "the ticket is for another service: compare its name with the name of this service";
    case errc::no_key:
      return "no key here has the ticket's service name and encryption type: compare them with the keytab (klist -ke)";
    case errc::bad_key_version:
      return "the keys here have other versions than the ticket: get a new keytab, or have the client get a new ticket";
    case errc::session_key_ticket:
      return "the ticket is a user-to-user ticket, and this service has no ticket-granting ticket for it";
    case errc::mutual_required: return "the client did not request mutual authentication, and this service requires it";
    case errc::path_not_checked:
      return "the client is of another realm, and no KDC has checked the realms on its path: list them in paths";
    case errc::path_not_accepted:
      return "a realm on the client's path is not trusted: list it in paths if it should be";
    case errc::critical_authdata: return "the ticket has restrictions that this service does not understand";
    case errc::bindings_missing:
    case errc::bindings_mismatch: return "the request is not bound to the channel through which it was received";
    case errc::replay_unknown: return "the replay cache cannot tell whether this request is new: everybody is refused";
    case errc::bad_order: return "a message is missing, repeated or out of order";
    case errc::unsupported_etype:
    case errc::weak_etype: return "the client's key has an encryption type that this service does not use";
    case errc::refused_by_application: return "this service's own rules do not allow it";
    case errc::peer_error: return "the client reports an error";
    default: break;
  }
  if (kerb::is_malformed(e.code)) return "that is not a Kerberos message, or not the one that is expected now";
  return kerb::is_peer_fault(e.code) ? "the client's message violates the protocol and is refused" : "";
}

/// For the administrator of a KDC: about a request of a client.
inline std::string_view hint_to_kdc(const kerb::error& e) {
  using kerb::errc;
  switch (e.code) {
    case errc::clock_skew: return "the client's clock and this machine's clock differ by more than the limit";
    case errc::integrity: return "decryption failed: another password, a changed key, or an altered message";
    case errc::replayed: return "this request has been received before";
    case errc::ticket_expired:
      return "the ticket in the request has expired, or the requested one would end before it begins";
    case errc::ticket_not_yet_valid:
      return "the ticket in the request is not valid yet, or the requested one would begin in the future";
    case errc::address_mismatch: return "the client's address is not in the ticket";
    case errc::no_key: return "the principal has no key of a requested encryption type";
    case errc::bad_key_version: return "the ticket was sealed under a key that this KDC no longer has";
    case errc::path_not_checked:
    case errc::path_not_accepted: return "a realm on the client's path is not trusted: see capath";
    default: break;
  }
  return kerb::is_malformed(e.code) ? "that is not a Kerberos request" : "";
}

inline std::string_view hint(const kerb::error& e, met_by whom = met_by::client) {
  using kerb::errc;
  const std::string_view own = whom == met_by::client    ? hint_to_client(e)
                               : whom == met_by::service ? hint_to_service(e)
                                                         : hint_to_kdc(e);
  switch (e.code) {
    case errc::no_answer: return "nobody answers there: check the address, the port and the firewall";
    case errc::stream_ended: return "the other side closed the connection too early";
    case errc::bad_name_text: return "write a name as name/instance@REALM";
    case errc::no_space: return "a buffer is too small for the message";
    case errc::entropy: return "the random source failed";
    default: break;
  }
  if (!own.empty()) return own;
  return e.code == errc::no_key ? "there is no key for that name and encryption type" : "see the error's name";
}

/// The error and its place in the message, for logs.
inline std::string brief(const kerb::error& e) {
  const std::string text(kerb::name_of(e.code));
  return *e.type == '\0' ? text : text + " in " + e.type + (*e.field != '\0' ? std::string(".") + e.field : "");
}
/// One line for people: the same, and what to do.
inline std::string explain(const kerb::error& e, met_by whom = met_by::client) {
  std::string text = brief(e);
  if (e.code == kerb::errc::kdc_error || e.code == kerb::errc::peer_error)
    text += ", " + std::string(name_of(static_cast<kerb::error_code_t>(e.detail)));
  return text + ": " + std::string(hint(e, whom));
}

/// The same for a client whose request was as or for the principal `asked`. Realms are case-sensitive, and a realm in
/// small letters mostly does not exist. Active Directory accepts both spellings and answers with capitals.
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
  return name ? text + "; realms are usually in capitals: ask for " + std::string(*name) : text;
}

}  // namespace example
