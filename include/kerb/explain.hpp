// Sentences for people: what an error means for a client, a service or a KDC, and what to do next.
#pragma once
#include <array>
#include <cstddef>

#include "core/error.hpp"
#include "numbers/error_code.hpp"
#include "numbers/key_search.hpp"

namespace kerb::inline v0 {

/// Who met an error. The same error means something different for each of them.
enum class party : std::uint8_t { client, service, kdc };

namespace detail {
/// What an error means for each party, in plain English: what has happened, and what to do next.
struct explanation {
  errc code;
  std::string_view client, service, kdc;

  /// For an error that means the same for all of them.
  constexpr explanation(errc c, std::string_view all) : code(c), client(all), service(all), kdc(all) {}
  constexpr explanation(errc c, std::string_view to_client, std::string_view to_service, std::string_view to_kdc)
      : code(c), client(to_client), service(to_service), kdc(to_kdc) {}
};
inline constexpr explanation explanations[] = {
    {errc::ok, "There is no error. Nothing needs to be done."},

    {errc::truncated, "The answer ends too early. Check that the program at this address is a KDC or the service.",
     "The client's message ends too early. Update the client's software if it sends such messages again.",
     "The request ends too early. Update the client's software if it sends such requests again."},
    {errc::trailing_data,
     "The answer has more bytes after its end. Check that a KDC or the service listens at this address, and no "
     "other program.",
     "The client's message has more bytes after its end. Update the client's software if it sends such messages "
     "again.",
     "The request has more bytes after its end. Update the client's software if it sends such requests again."},
    {errc::unexpected_tag,
     "The answer is of another kind than expected, or has a wrong field. Check that the program at "
     "this address is a KDC or the service.",
     "The client's message is of another kind than expected, or has a wrong field. Update the client's software if "
     "it sends such messages again.",
     "The request is of another kind than expected, or has a wrong field. Update the client's software if it sends "
     "such requests again."},
    {errc::non_minimal_length,
     "The answer contains a length in a form that is not allowed. Check that the program at this address is a KDC or "
     "the service.",
     "The client's message contains a length in a form that is not allowed. Update the client's software if it "
     "sends such messages again.",
     "The request contains a length in a form that is not allowed. Update the client's software if it sends such "
     "requests again."},
    {errc::bad_integer,
     "The answer contains a number that is malformed or too large. Check that the program at this address is a KDC or "
     "the service.",
     "The client's message contains a number that is malformed or too large. Update the client's software if it "
     "sends such messages again.",
     "The request contains a number that is malformed or too large. Update the client's software if it sends such "
     "requests again."},
    {errc::bad_time,
     "The answer contains a malformed date or time. Check that a KDC or the service listens at this address, and "
     "no other program.",
     "The client's message contains a malformed date or time. Update the client's software if it sends such "
     "messages again.",
     "The request contains a malformed date or time. Update the client's software if it sends such requests again."},
    {errc::bad_boolean,
     "The answer contains a malformed truth value. Check that a KDC or the service listens at this address, and no "
     "other program.",
     "The client's message contains a malformed truth value. Update the client's software if it sends such "
     "messages again.",
     "The request contains a malformed truth value. Update the client's software if it sends such requests again."},
    {errc::bad_oid,
     "The answer contains a malformed object identifier. Check that the program at this address is a KDC or the "
     "service.",
     "The client's message contains a malformed object identifier. Update the client's software if it sends such "
     "messages again.",
     "The request contains a malformed object identifier. Update the client's software if it sends such requests "
     "again."},
    {errc::bad_flags,
     "The answer contains a malformed set of flags. Check that a KDC or the service listens at this address, and "
     "no other program.",
     "The client's message contains a malformed set of flags. Update the client's software if it sends such "
     "messages again.",
     "The request contains a malformed set of flags. Update the client's software if it sends such requests again."},
    {errc::missing_field,
     "The answer lacks a field that it must have. Check that a KDC or the service listens at this address, and no "
     "other program.",
     "The client's message lacks a field that it must have. Update the client's software if it sends such messages "
     "again.",
     "The request lacks a field that it must have. Update the client's software if it sends such requests again."},
    {errc::empty_sequence,
     "The answer contains an empty list that needs an entry. Check that the program at this address is a KDC or the "
     "service.",
     "The client's message contains an empty list that needs an entry. Update the client's software if it sends "
     "such messages again.",
     "The request contains an empty list that needs an entry. Update the client's software if it sends such "
     "requests again."},
    {errc::wrong_constant,
     "The answer has a wrong protocol version or message type. Check that the program at this address is a KDC or the "
     "service.",
     "The client's message has a wrong protocol version or message type. Update the client's software if it sends "
     "such messages again.",
     "The request has a wrong protocol version or message type. Update the client's software if it sends such "
     "requests again."},
    {errc::input_too_large,
     "The answer is larger than four gigabytes. Check that a KDC or the service listens at this address, and no "
     "other program.",
     "The client's message is larger than four gigabytes. Update the client's software if it sends such messages "
     "again.",
     "The request is larger than four gigabytes. Update the client's software if it sends such requests again."},
    {errc::frame_too_long,
     "The other side announced a longer answer than this program accepts. Check that a KDC or the service listens "
     "at this address; if so, raise the program's limit.",
     "The client announced a longer message than this service accepts. If it is a real client, raise the service's "
     "limit.",
     "The client announced a longer request than this KDC accepts. If it is a real client, raise the KDC's limit."},
    {errc::stream_ended,
     "The other side closed the connection before its answer was complete. Try again; if that does not help, read "
     "the log of the KDC or the service.",
     "The client closed the connection in the middle of a message. If this happens often, check the network and "
     "the client's log.",
     "The client closed the connection in the middle of a request. If this happens often, check the network and "
     "the client's log."},
    {errc::bad_realm,
     "The answer names a realm that contains a zero byte. Check that the program at this address is a KDC or the "
     "service.",
     "The client's message names a realm that contains a zero byte. Update the client's software if it sends such "
     "messages again.",
     "The request names a realm that contains a zero byte. Update the client's software if it sends such requests "
     "again."},
    {errc::bad_base64,
     "The answer is not proper base64 text. Check that a program between this one and the service does not change it.",
     "The client's message is not proper base64 text. Update the client's software if it sends such messages again.",
     "The request is not proper base64 text. Update the client's software if it sends such requests again."},
    {errc::bad_http_field,
     "The web server's list of login methods does not follow the rules of HTTP. Check that a program between this one "
     "and the server does not change it.",
     "The client's login in its web request does not follow the rules of HTTP. Update the client's software if it "
     "sends such requests again.",
     "The login in a web request does not follow the rules of HTTP. Update the client's software if it sends such "
     "requests again."},
    {errc::token_too_long,
     "The server's login message is longer than this program accepts. If it is the right server, raise the program's "
     "limit.",
     "The client's login message is longer than this service accepts. If it is a real client, raise the service's "
     "limit, or put the user into fewer groups.",
     "The client's login message is longer than this KDC accepts. If it is a real client, raise the KDC's limit."},
    {errc::bad_utf8,
     "A text that the other side sent is not in UTF-8. Check its character set, or report it to its developers."},
    {errc::bad_conf_text,
     "The configuration file has an error in the line that the message names. Correct that line; the file is usually "
     "/etc/krb5.conf."},
    {errc::bad_dns_name,
     "The name server's answer contains a malformed name. Check which name server this machine asks, or name the KDCs "
     "in "
     "the configuration file."},

    {errc::unexpected_message,
     "The answer does not belong to a request of this kind. Check that the address is that of the KDC or the service.",
     "The message is not a Kerberos login. Check that the client speaks the protocol of this service.",
     "The message is not a request for a ticket. Check which program sends it to this port."},
    {errc::nonce_mismatch,
     "The answer belongs to another request. Try again; if that does not help, somebody may be manipulating the "
     "network.",
     "The tickets that the client handed over belong to another conversation. The client must send them again.",
     "The message belongs to another conversation. The client must send a new request."},
    {errc::name_mismatch,
     "The answer is for another name or realm than the request. Write the name exactly as the KDC does, with "
     "capital and small letters.",
     "The request and the ticket in it name different clients. Do not trust the request; the client must get a new "
     "ticket.",
     "The request and the ticket in it name different clients. Do not trust the request; the client must log in "
     "again."},
    {errc::time_mismatch,
     "The times in the answer contradict the request. Do not trust the answer; read the log of the KDC or the "
     "service.",
     "The times in the client's message contradict each other. The client must try again.",
     "The times in the request contradict each other. The client must send a new request."},
    {errc::flags_mismatch,
     "The ticket is marked as invalid although it should be valid, or as one that did not come from a login. Do not "
     "use "
     "it; read the KDC's log.",
     "The client's ticket allows something that it must not. The client must get a new ticket.",
     "The ticket in the request allows something that it must not. The client must log in again."},
    {errc::etype_not_offered,
     "The KDC used an encryption type that was not offered. Do not trust the answer; compare the encryption types "
     "that the KDC and this program allow.",
     "The client's message uses an encryption type that was not offered. Compare the encryption types that the "
     "client and this service allow.",
     "The request uses an encryption type that was not offered. Compare the encryption types that the client and "
     "this KDC allow."},
    {errc::address_mismatch,
     "The message is for other network addresses than this machine's. If there is address translation (NAT) on the "
     "way, use tickets without addresses.",
     "The client's address is not in its ticket. If there is address translation (NAT) on the way, the client "
     "needs a ticket without addresses.",
     "The request does not come from an address in its ticket. If there is address translation (NAT) on the way, "
     "issue tickets without addresses."},
    {errc::clock_skew,
     "The clock of this machine and the other side's clock differ by more than the limit, usually 5 minutes. Set "
     "this machine's clock, or have the other one set; a time service (NTP) keeps both right.",
     "The client's clock and the clock of this machine differ by more than the limit, usually 5 minutes. Set the "
     "wrong one; a time service (NTP) keeps both right.",
     "The client's clock and the KDC's clock differ by more than the limit, usually 5 minutes. Set the wrong one; "
     "a time service (NTP) keeps both right."},
    {errc::ticket_expired, "The ticket has expired. Get a new one, for example with kinit.",
     "The client's ticket has expired. The client must get a new one.",
     "The ticket in the request has expired. The client must log in again."},
    {errc::ticket_not_yet_valid,
     "The ticket is not valid yet. Wait until its start time, and check this machine's clock.",
     "The client's ticket is not valid yet. The client must wait until its start time; check both clocks if that "
     "has passed.",
     "The ticket in the request is not valid yet. The client must wait until its start time and have the ticket "
     "validated."},
    {errc::replayed,
     "This message has been received before. Try again; if that does not help, somebody may be sending recorded "
     "messages.",
     "This request has been received before. Somebody sent a recorded request, or two clients sent one at the same "
     "moment; a real client succeeds if it tries again.",
     "The proof of identity in this request was used with another request before. A real client succeeds if it "
     "sends a new request."},
    {errc::bad_order,
     "A message is missing, was repeated, or arrived out of order. Close the connection and authenticate again."},
    {errc::no_freshness,
     "The message has neither a time nor a sequence number, so it could be an old one. Configure the other side to "
     "send one of them."},
    {errc::count_mismatch,
     "There are not as many tickets as descriptions of them. Do not use these tickets; the sender must send them "
     "again."},
    {errc::wrong_service, "The ticket is for another service. Get a ticket for the name under which the service runs.",
     "The client's ticket is for another service. Compare the name in the ticket with the names of this service.",
     "The ticket in the request is not for this KDC. The client must first get a ticket for this realm."},
    {errc::no_key,
     "There is no key or password for that name and encryption type. Give the program the password, or a keytab "
     "that contains the key.",
     "This service has no key for the ticket's service name, or none of its encryption type. Compare them with the "
     "service's keytab (klist -ke): the keys may be stored under another name.",
     "The principal has no key that the request needs. Compare the principal's encryption types with those of the "
     "request or the ticket."},
    {errc::bad_key_version,
     "This machine has keys for the service, but not of the ticket's key version. Get a new keytab.",
     "This service has keys, but not of the ticket's key version. Get a new keytab, or have the client get a new "
     "ticket.",
     "The ticket was encrypted with a key version that this KDC no longer has. The client must log in again; keep "
     "old keys until all tickets under them have expired."},
    {errc::inappropriate_checksum,
     "The message has a kind of checksum that is not allowed there. Do not trust the message; update the other "
     "side's software.",
     "The client's message has a kind of checksum that is not allowed there. Update the client's software.",
     "The request has no checksum, or a kind that is not allowed there. Update the client's software."},
    {errc::mutual_required,
     "The service does not prove its identity, and this program requires that. Do not send it any data; check that "
     "it is the right service.",
     "The client did not ask this service to prove its identity, which the service requires. Turn on mutual "
     "authentication in the client.",
     "The client did not ask for mutual authentication. Turn it on in the client."},
    {errc::session_key_ticket,
     "The ticket is for user-to-user authentication, and the other user's session key is missing. Get an ordinary "
     "ticket, or ask the other user to log in.",
     "The client's ticket is for user-to-user authentication, and this service has no ticket-granting ticket for "
     "it. Log the service in, or have the client get an ordinary ticket.",
     "The ticket in the request is for user-to-user authentication. The client must use its ticket-granting ticket."},
    {errc::bad_s2k_parameters,
     "The number of iterations that turns the password into a key is malformed, or outside this program's limits. "
     "Do not trust the answer; if the KDC's administrator confirms the number, change the limits.",
     "The number of iterations that turns a password into a key is malformed, or outside the limits. Correct it, "
     "or change the limits.",
     "The number of iterations that turns the principal's password into a key is malformed, or outside the limits. "
     "Correct the principal's entry."},
    {errc::too_many_rounds,
     "The KDC asks again and again for a proof of identity. Read the KDC's log, or try another KDC."},
    {errc::no_preauth_mechanism,
     "The KDC requires a pre-authentication mechanism that this program does not have. Use another program, or have "
     "the KDC's administrator allow encrypted timestamps."},
    {errc::path_not_checked,
     "No KDC has checked the realms between the client's realm and the service's. Have the realms' administrators "
     "set up trust between them.",
     "The client is of another realm, and no KDC has checked the realms between. List the realms that this service "
     "trusts.",
     "The client is of another realm, and the realms between cannot be checked. List the realms that this KDC trusts."},
    {errc::path_not_accepted,
     "A realm between the client's realm and the service's is not trusted. Ask the administrator of the service's "
     "realm whether it should be.",
     "A realm between the client's realm and this service's is not trusted. If it should be, add it to the realms "
     "that this service trusts.",
     "A realm between the client's realm and this one is not trusted. If it should be, add it to the realms that "
     "this KDC trusts."},
    {errc::bad_transited,
     "The list of the realms between client and service is malformed or too long. Get a new ticket; if that does "
     "not help, check the KDCs of these realms."},
    {errc::critical_authdata,
     "The ticket carries a restriction that is not understood. Ask the service's administrator which restrictions "
     "it supports.",
     "The client's ticket carries a restriction that this service does not understand. Update the service, or have "
     "tickets issued without the restriction.",
     "The ticket in the request carries a restriction that is not understood. Update the KDC, or issue tickets "
     "without the restriction."},
    {errc::bindings_missing,
     "The login is not bound to the encrypted connection (channel binding), and the service requires that. Turn "
     "channel binding on.",
     "The client did not bind its login to the encrypted connection (channel binding). This service requires that, "
     "or the client said that it can, as when an attacker has ended the encryption between the two. Turn channel "
     "binding on in the client; if it is on, check whether a proxy or an attacker is on the way.",
     "The login is not bound to an encrypted connection (channel binding). Turn channel binding on in the client."},
    {errc::bindings_mismatch,
     "The login is bound to another encrypted connection than the one it was sent through. Check whether a proxy "
     "or an attacker is on the way.",
     "The client bound its login to another encrypted connection than the one it arrived through. Check whether a "
     "proxy or an attacker is on the way.",
     "The login is bound to another encrypted connection. Check whether a proxy or an attacker is on the way."},
    {errc::refused_by_application, "The other side's own rules do not allow it. Ask its administrator for permission.",
     "This service's own rules do not allow it. Give the client the permission if it should have it.",
     "The KDC's own rules do not allow this ticket. Change the rules if it should be issued."},
    {errc::not_sealed,
     "Data that must be encrypted were sent in the clear. Do not use them; configure the sender to encrypt them."},
    {errc::reflected_token,
     "A message came back to the side that made it. Check whether a proxy or an attacker is on the way."},
    {errc::wrong_context_key,
     "A message is not protected with the key of this session. Check that both sides use the same session, and report "
     "it to the developers of the other side."},
    {errc::anonymous_client, "The service does not accept anonymous clients. Log in with a name.",
     "The client is anonymous, and this service does not accept that. Allow anonymous clients if it should.",
     "The client is anonymous. Allow anonymous clients if the KDC should serve it."},
    {errc::flags_not_granted,
     "The session would lack a protection that it must have. Check what both sides are configured to require."},
    {errc::well_known_name, "The name is reserved, and no account has it. Use the name of an account.",
     "The client has a reserved name that has no meaning here. Have the KDC's administrator find out who gave it a "
     "ticket.",
     "The request has a reserved name that has no meaning here. Check how the client is configured."},
    {errc::no_common_mechanism,
     "The service and this program have no way to authenticate in common. Check which mechanisms both sides offer.",
     "The client offers no mechanism that this service accepts. Check that the client is configured for Kerberos.",
     "The client offers no mechanism that is accepted here. Check that the client is configured for Kerberos."},
    {errc::mechanism_not_offered,
     "The service selected a way to authenticate that was not offered. Check that nobody alters the connection."},
    {errc::negotiation_rejected, "The service refused to authenticate, and did not tell why. Read the service's log.",
     "The client broke off the negotiation, and did not tell why. Read the client's log.",
     "The peer broke off the negotiation, and did not tell why. Read its log."},
    {errc::mic_missing,
     "The peer did not prove that the list of mechanisms is unaltered. Check that nobody alters the connection."},
    {errc::too_many_mechanisms,
     "The list of mechanisms is longer than allowed. Raise the limit if such lists are expected."},
    {errc::ntlm_token, "The service answered with NTLM. Check that it is configured for Kerberos.",
     "The client uses NTLM. Check that it can get a Kerberos ticket for this service.",
     "The client uses NTLM. Check that it can get a Kerberos ticket."},
    {errc::no_common_layer,
     "Client and service agree on no protection for the connection. Configure both to allow the same one."},
    {errc::no_local_name,
     "The login worked, but no local user belongs to it. Ask the administrator of the service to add a rule for the "
     "name.",
     "The client is who it claims to be, but no rule gives it a local user name. Add a rule for it if it should have "
     "access.",
     "No rule gives the client a local user name. Add a rule for it if it should have one."},
    {errc::referral_loop,
     "The KDCs send the client from one to another without end. Tell the administrator of your realm which service "
     "this was."},
    {errc::no_tgt,
     "There is no ticket from a login that is still valid, and this program was given no password or key for a new "
     "login. Log in again, or give the program the password."},
    {errc::nothing_delegated,
     "The program that logs in did not hand over a ticket with which the other side could act for it. Turn delegation "
     "on in it, and get a forwardable ticket, for example with kinit -f.",
     "The client did not hand over a ticket with which this service could act for it. Turn delegation on in the "
     "client, get it a forwardable ticket (kinit -f), and mark the service as trusted for delegation.",
     "The client did not hand over a ticket with which another program could act for it. Turn delegation on in the "
     "client."},
    {errc::dns_error,
     "The name server could not answer the question for the KDCs of a realm. Try again, check the realm's name, or "
     "name "
     "the KDCs in the configuration file."},
    {errc::kcm_error,
     "The program that keeps the tickets (KCM) refused the request. Check that it runs and that the user has logged "
     "in."},
    {errc::dns_no_service,
     "According to its DNS records, the realm has no server of this kind. Check the realm's name, or name the server "
     "in "
     "the configuration file."},

    {errc::login_not_verified,
     "The KDC could not prove that it is the true one: somebody may be imitating it, or this machine's keytab is old. "
     "Do not let the user in; if the KDC is the right one, get a new keytab."},
    {errc::password_refused,
     "The password was not changed, for a reason that has no name here. Read what the server says.",
     "The password service did not change the password. Read what it says, and its log.",
     "The password service did not change the password. Read what it says, and its log."},
    {errc::numbers_used_up, "The session has sent too many messages for its keys. Connect again."},

    {errc::kdc_error, "The KDC refused the request without a known reason. Read the KDC's log.",
     "A KDC refused a request of this service. Read that KDC's log.",
     "Another KDC refused a request. Read that KDC's log."},
    {errc::peer_error, "The service refused the login without a known reason. Read the service's log.",
     "The client reports an error. Read the client's log.",
     "The client sent an error instead of a request. Read the client's log."},
    {errc::no_answer,
     "There was no answer. Check the address, the port and the firewall, and that the KDC or the service is running.",
     "The client did not answer in time. Check the network between the client and this service.",
     "No request arrived in time. Check the network between the client and this KDC."},
    {errc::server_failed,
     "The server failed and did not answer the login. Try again later, or have its administrator read its log."},

    {errc::integrity,
     "The answer cannot be decrypted: the password or key is wrong, or the message was changed on the way. Enter "
     "the password again, or get a new keytab.",
     "The client's message cannot be decrypted: the KDC has another key for this service, or the message was "
     "changed on the way. Get a new keytab for the service.",
     "The request cannot be decrypted: the client's password or a key is wrong, or the message was changed on the "
     "way. Have the client try again with its current password."},
    {errc::unsupported_etype,
     "The encryption type is not one that this program supports. Choose one that both sides support."},
    {errc::unsupported_cksum,
     "The kind of checksum is not one that this program supports. Choose an encryption type that both sides support."},
    {errc::weak_etype,
     "The encryption type is weak, and this program does not allow it. Give the account or service a key of a "
     "stronger type, such as AES."},
    {errc::bad_key_length, "A key does not have the length that its encryption type requires. Create the key again."},
    {errc::entropy,
     "The source of random numbers failed. Restart the program; if that does not help, check the operating system."},
    {errc::crypto_backend, "The cryptographic library failed. Check its version and its configuration."},
    {errc::unsupported_hash,
     "The server's certificate does not tell which hash function its channel binding uses. Use another "
     "certificate, or the channel binding tls-exporter."},

    {errc::no_space,
     "The memory that this program set aside is too small for the message. Raise the program's limit, or report "
     "this to its developer."},
    {errc::replay_unknown, "The service cannot tell whether it has seen this login before. Try again later.",
     "The replay cache is full, or has lost its contents as after a restart, so no client can be accepted. After a "
     "restart, wait for as long as clocks may differ, usually 5 minutes; otherwise make it larger, or repair the "
     "server that keeps it.",
     "The replay cache is full, or has lost its contents as after a restart, so no request can be answered. After a "
     "restart, wait for as long as clocks may differ, usually 5 minutes; otherwise make it larger, or repair the "
     "server that keeps it."},

    {errc::api_misuse,
     "This program made calls in a wrong order, used an object again that had finished its work, or passed values "
     "that contradict each other. Report this to its developer."},
    {errc::wrong_usage,
     "This program used a key for another purpose than the one it was prepared for. Report this to its developer."},
    {errc::bad_name_text,
     "This is not a valid principal name. Write it as name@REALM or as service/host.example.com@REALM."},
    {errc::clock_out_of_range,
     "The clock of this machine shows a date that Kerberos cannot express, or this program passes the time in another "
     "unit than seconds and microseconds since 1970. Set the clock; if it is right, report this to the program's "
     "developer."},
    {errc::bad_password,
     "The password is not UTF-8 text, or is too long for its encryption type. Check the character set of the "
     "terminal, and enter it again."},
    {errc::step_not_handled,
     "This program does not support what the login requires, such as a code from a token. Report this to its "
     "developer."},
    {errc::bad_rule_text,
     "A rule for local user names is wrong or uses something that is not supported. Correct the rule at the position "
     "that the log names."},
    {errc::missing_parameter,
     "This program did not set a value that another one of its settings needs; the log names it. Report this to its "
     "developer."},
    {errc::not_forwarded,
     "This program wanted to hand over a ticket that must stay with its user. Report this to its developer: a "
     "forwarded "
     "ticket is needed."},

    {errc::client_unknown,
     "The KDC does not know this client. Check the spelling of its name and realm, or add the client to the KDC's "
     "database."},
    {errc::wrong_realm,
     "The client belongs to another realm. Ask a KDC of that realm, with the name written as NAME@REALM."},
    {errc::client_locked, "The client's account is locked. The KDC's administrator can unlock it."},
    {errc::client_not_yet_valid,
     "The client's account is not valid yet. Wait until it is, or have the KDC's administrator change the date."},
    {errc::client_expired, "The client's account has expired. The KDC's administrator can extend it."},
    {errc::password_expired,
     "The client's password has expired or must be changed. Change it, for example with kpasswd, and try again."},
    {errc::preauth_required,
     "The client must first prove that it knows its password. Clients do this by themselves when they ask again; "
     "if one does not, turn on pre-authentication in it."},
    {errc::no_common_etype,
     "The request, the principals' keys and the KDC's rules have no encryption type in common. Allow a common "
     "one, or change the password so that new keys are made."},
    {errc::server_not_named, "The request does not name a service. Update the client's software."},
    {errc::server_unknown,
     "The KDC does not know this service. Check the spelling of its name, host and realm, or add the service to "
     "the KDC's database."},
    {errc::not_a_server,
     "The KDC issues no tickets for this name. Request another service, or have the KDC's administrator allow "
     "tickets for it."},
    {errc::server_locked, "The service's account is locked. The KDC's administrator can unlock it."},
    {errc::server_not_yet_valid,
     "The service's account is not valid yet. Wait until it is, or have the KDC's administrator change the date."},
    {errc::server_expired, "The service's account has expired. The KDC's administrator can extend it."},
    {errc::initial_ticket_required,
     "A ticket for this service is issued only to a client that has just entered its password. Request it with the "
     "password instead of a ticket-granting ticket."},
    {errc::preauth_ticket_required,
     "The service accepts only clients that have proved their password to the KDC. Log in again with "
     "pre-authentication."},
    {errc::must_use_user_to_user,
     "The KDC issues only user-to-user tickets for this name. Request such a ticket, with the ticket-granting "
     "ticket of that user."},
    {errc::user_to_user_forbidden,
     "The KDC issues no user-to-user tickets for this service. Request an ordinary ticket."},
    {errc::no_header_ticket,
     "The request does not contain exactly one ticket that proves the client's identity. Update the client's "
     "software."},
    {errc::request_modified,
     "The request was changed after the client made it. The client must send it again; if that does not help, "
     "somebody may be manipulating the network."},
    {errc::fast_removed,
     "The client protected its request with FAST, and this protection was removed on the way. Check whether "
     "somebody is manipulating the network."},
    {errc::armor_ticket,
     "The ticket may only protect other requests (FAST armor). The client must use its own ticket-granting ticket."},
    {errc::own_client_from_elsewhere,
     "Another realm issued a ticket for a client of this realm, which it must not do. Check whether that realm's "
     "KDC can still be trusted."},
    {errc::server_mismatch,
     "A ticket can only be renewed or validated for its own service. Request the same service again."},
    {errc::second_ticket_missing,
     "A user-to-user request must contain the other user's ticket-granting ticket. Ask the other user to log in, "
     "and pass that ticket on."},
    {errc::second_ticket_not_tgt,
     "The other user's ticket is no ticket-granting ticket of this realm. Ask the other user for that ticket."},
    {errc::second_ticket_mismatch,
     "The other user's ticket belongs to somebody else than the user in the request. Ask the right user for the "
     "ticket."},
    {errc::etype_not_allowed,
     "The other user's ticket has an encryption type that the KDC does not allow. The other user must log in again "
     "with an allowed one."},
    {errc::option_not_allowed, "The request has an option that it cannot have. Leave the option out."},
    {errc::options_contradict, "The request has two options that contradict each other. Leave one of them out."},
    {errc::flag_not_in_ticket,
     "The request needs a permission that the client's ticket lacks, such as to be forwarded. Log in again and "
     "request a ticket with it (for example kinit -f)."},
    {errc::not_renewable,
     "The ticket is not renewable. Log in again, and request a renewable ticket (kinit -r) to renew it later."},
    {errc::renewal_forbidden, "The KDC no longer allows this ticket to be renewed. Log in again."},
    {errc::forwarding_forbidden,
     "The KDC issues no forwarded or proxy tickets for this service. Request the ticket without this option."},
    {errc::already_valid, "The ticket is already valid and need not be validated. Use it as it is."},
    {errc::anonymity_not_supported,
     "The KDC issues no anonymous ticket for this request. Request a ticket with the client's name."},
    {errc::anonymity_required,
     "An anonymous ticket only leads to other anonymous tickets. Request an anonymous ticket, or log in with a name."},
    {errc::user_to_user_not_supported,
     "The KDC issues no user-to-user tickets at all. Request an ordinary ticket, or have the KDC's administrator "
     "allow them."},
    {errc::delegation_not_supported,
     "The KDC does not support constrained delegation (S4U2Proxy). Forward the user's ticket to the service instead."},
    {errc::cannot_postdate,
     "The KDC, the client's account or the ticket does not allow tickets that start later. Request a ticket that "
     "starts now."},
    {errc::starts_too_late, "The requested start is later than the KDC allows. Request an earlier one."},
    {errc::starts_in_future,
     "The requested start is in the future. Check the client's clock, or request a postdated ticket (kinit -s)."},
    {errc::never_valid,
     "The ticket would end before it starts. Request a later end, or log in again if the ticket-granting ticket is "
     "about to expire."},
    {errc::address_not_allowed,
     "The request names an address that no ticket may have, for example ::1. Request a ticket for other addresses, or "
     "without addresses."},
    {errc::impersonation_not_supported,
     "The KDC does not issue a ticket for a user to a service that asks in the user's name (S4U2Self). Have the "
     "user log in to the service."},
    {errc::fast_not_supported,
     "The request is protected with FAST in a way that the KDC does not support. Turn FAST off in the client."},
    {errc::mandatory_for_kdc,
     "The request contains a restriction that the KDC must understand, and it does not. Leave the restriction out, "
     "or use another KDC."},
    {errc::authdata_not_carried,
     "The restrictions in the request are malformed, too many, or of a kind that the new ticket cannot contain. "
     "Leave them out, or raise the KDC's limit."},
    {errc::unknown_transited_type,
     "The list of the realms between the client and this KDC is written in an unknown way. Update the other "
     "realm's KDC."},
    {errc::initial_flag_needed,
     "The password service wants to see the old password again. Log in with it, and change the password at once.",
     "The client wants to change its own password with a ticket that it did not get by logging in. The client must "
     "log in for this.",
     "The client wants to change its own password with a ticket that it did not get by logging in. The client must "
     "log in for this."},
    {errc::database_unavailable,
     "The KDC's database does not answer. Try again later; the KDC's administrator must repair the database."},
    {errc::reply_too_long,
     "The answer is too long for a UDP packet. Clients then ask again over TCP; check that TCP port 88 is open."},
    {errc::server_has_no_key,
     "The service has no key of an encryption type that the KDC allows for tickets. Create a new key for the "
     "service, and a new keytab."},
};

struct krb_error_explanation {
  error_code_t code;
  std::string_view text;
};
inline constexpr krb_error_explanation krb_error_explanations[] = {
    {error_code_t::kdc_err_none, "The other side reports an error without a reason. Read its log."},
    {error_code_t::kdc_err_name_exp, "The client's account has expired. Have the KDC's administrator extend it."},
    {error_code_t::kdc_err_service_exp, "The service's account has expired. Have the KDC's administrator extend it."},
    {error_code_t::kdc_err_bad_pvno, "The KDC does not speak this version of Kerberos. Use Kerberos 5 on both sides."},
    {error_code_t::kdc_err_c_old_mast_kvno,
     "The client's key is stored under an old master key of the KDC. Have the KDC's administrator repair the "
     "client's entry."},
    {error_code_t::kdc_err_s_old_mast_kvno,
     "The service's key is stored under an old master key of the KDC. Have the KDC's administrator repair the "
     "service's entry."},
    {error_code_t::kdc_err_c_principal_unknown,
     "The KDC does not know the client. Check the spelling of its name and realm."},
    {error_code_t::kdc_err_s_principal_unknown,
     "The KDC does not know the service. Check the spelling of its name, host and realm."},
    {error_code_t::kdc_err_principal_not_unique,
     "The KDC's database has several entries for that name. Have the KDC's administrator remove the wrong ones."},
    {error_code_t::kdc_err_null_key,
     "The client or the service has no key. Have the KDC's administrator set a password or create a key."},
    {error_code_t::kdc_err_cannot_postdate,
     "The KDC does not issue a ticket that starts at that time. Request a ticket that starts now, and check this "
     "machine's clock."},
    {error_code_t::kdc_err_never_valid,
     "The requested ticket would end before it starts. Request a later end, and check this machine's clock."},
    {error_code_t::kdc_err_policy, "The KDC's rules forbid it. Ask the KDC's administrator which rule it is."},
    {error_code_t::kdc_err_badoption,
     "The KDC does not grant an option of the request. Leave options out, or log in again if the ticket does not "
     "allow them."},
    {error_code_t::kdc_err_etype_nosupp,
     "Client, service and KDC have no encryption type in common. Allow a common one, or have new keys made."},
    {error_code_t::kdc_err_sumtype_nosupp,
     "The KDC does not support the kind of checksum in the request. Update this program, or the KDC."},
    {error_code_t::kdc_err_padata_type_nosupp,
     "The KDC does not support a feature of the request, or a way to prove the identity. Use another way to log in."},
    {error_code_t::kdc_err_trtype_nosupp,
     "The KDC cannot read the list of realms between the client and the service. Check the KDCs of these realms."},
    {error_code_t::kdc_err_client_revoked,
     "The client's account is locked, or too many attempts have failed. Ask the KDC's administrator to unlock it."},
    {error_code_t::kdc_err_service_revoked,
     "The service's account is locked. Ask the KDC's administrator to unlock it."},
    {error_code_t::kdc_err_tgt_revoked, "The ticket-granting ticket is no longer accepted. Log in again."},
    {error_code_t::kdc_err_client_notyet, "The client's account is not valid yet. Try again when it is."},
    {error_code_t::kdc_err_service_notyet, "The service's account is not valid yet. Try again when it is."},
    {error_code_t::kdc_err_key_expired,
     "The password has expired. Change it, for example with kpasswd, and try again."},
    {error_code_t::kdc_err_preauth_failed,
     "The name or the password is wrong, or the password was changed. Enter both again."},
    {error_code_t::kdc_err_preauth_required,
     "The KDC requires a proof of identity. Use a program that can pre-authenticate in a way that the KDC offers."},
    {error_code_t::kdc_err_server_nomatch,
     "The tickets in the request do not belong to the requested service. Get new tickets."},
    {error_code_t::kdc_err_must_use_user2user,
     "The KDC issues only user-to-user tickets for that name. Ask that user for a ticket-granting ticket."},
    {error_code_t::kdc_err_path_not_accepted,
     "The KDC does not trust a realm on the way from the client's realm. Ask its administrator whether it should."},
    {error_code_t::kdc_err_svc_unavailable, "The KDC or the service cannot answer at the moment. Try again later."},
    {error_code_t::krb_ap_err_bad_integrity,
     "The other side could not decrypt the message: its key is not the one that the KDC knows. Have its keytab "
     "renewed."},
    {error_code_t::krb_ap_err_tkt_expired, "The ticket has expired. Get a new one, for example with kinit."},
    {error_code_t::krb_ap_err_tkt_nyv, "The ticket is not valid yet. Wait until its start time, and check the clocks."},
    {error_code_t::krb_ap_err_repeat, "The other side has already seen this request. Send a new one."},
    {error_code_t::krb_ap_err_not_us,
     "The ticket is for another service. Get a ticket for the name under which the service runs."},
    {error_code_t::krb_ap_err_badmatch, "The request and the ticket in it name different clients. Get a new ticket."},
    {error_code_t::krb_ap_err_skew,
     "The clock of this machine and the other side's clock differ by more than the limit, usually 5 minutes. Set "
     "this machine's clock, or have the other one set."},
    {error_code_t::krb_ap_err_badaddr, "The ticket is for other network addresses. Get a ticket without addresses."},
    {error_code_t::krb_ap_err_badversion,
     "The other side does not speak this version of the protocol. Update the older one of the two programs."},
    {error_code_t::krb_ap_err_msg_type,
     "The other side did not expect a message of this kind. Check that the address is that of the right service."},
    {error_code_t::krb_ap_err_modified,
     "The message was changed on the way. Send it again; if that does not help, somebody may be manipulating the "
     "network."},
    {error_code_t::krb_ap_err_badorder,
     "A message was missing, repeated or out of order. Close the connection and authenticate again."},
    {error_code_t::krb_ap_err_badkeyver,
     "The service does not have the ticket's version of its key. Get a new ticket, or have the service's keytab "
     "renewed."},
    {error_code_t::krb_ap_err_nokey, "The service does not have the ticket's key. Have the service's keytab renewed."},
    {error_code_t::krb_ap_err_mut_fail,
     "Mutual authentication failed. If this program does not use it, turn it on: the service may require it."},
    {error_code_t::krb_ap_err_baddirection,
     "A message of one direction was received in the other. Close the connection and authenticate again."},
    {error_code_t::krb_ap_err_method,
     "The service requires another way to authenticate. Ask its administrator which one."},
    {error_code_t::krb_ap_err_badseq,
     "A message has a wrong sequence number. Close the connection and authenticate again."},
    {error_code_t::krb_ap_err_inapp_cksum,
     "The other side does not allow the kind of checksum in the message. Use an encryption type that both sides "
     "support."},
    {error_code_t::krb_ap_path_not_accepted,
     "The service does not trust a realm on the way from the client's realm. Ask its administrator whether it should."},
    {error_code_t::krb_err_response_too_big, "The answer is too long for a UDP packet. Ask again over TCP."},
    {error_code_t::krb_err_generic, "The other side refused without telling the reason. Read its log."},
    {error_code_t::krb_err_field_toolong,
     "The message is longer than the other side accepts. Ask its administrator for the limit."},
    {error_code_t::kdc_err_client_not_trusted,
     "The KDC does not trust the client's certificate. Use a certificate of an authority that the KDC trusts."},
    {error_code_t::kdc_error_kdc_not_trusted,
     "The client does not trust the KDC's certificate. Add its authority to those that the client trusts."},
    {error_code_t::kdc_err_invalid_sig,
     "The signature in the request is not valid. Check the client's certificate and private key."},
    {error_code_t::kdc_err_dh_key_parameters_not_accepted,
     "The KDC does not accept the Diffie-Hellman group of the request. Choose a larger or another group."},
    {error_code_t::kdc_err_certificate_mismatch,
     "The certificate does not belong to the client. Use the client's own certificate."},
    {error_code_t::krb_ap_err_no_tgt,
     "The service has no ticket-granting ticket, which user-to-user authentication needs. Have the service log in, "
     "or use an ordinary ticket."},
    {error_code_t::kdc_err_wrong_realm,
     "The client belongs to another realm. Write the name as NAME@REALM with that realm."},
    {error_code_t::krb_ap_err_user_to_user_required,
     "The service accepts only user-to-user tickets. Ask it for its ticket-granting ticket, and request such a "
     "ticket."},
    {error_code_t::kdc_err_cant_verify_certificate,
     "The KDC cannot verify the client's certificate. Send the certificates of its authorities as well."},
    {error_code_t::kdc_err_invalid_certificate,
     "A certificate of the client is not valid. Check its dates and its signature."},
    {error_code_t::kdc_err_revoked_certificate, "The client's certificate was revoked. Use another one."},
    {error_code_t::kdc_err_revocation_status_unknown,
     "The KDC cannot find out whether the client's certificate was revoked. Ask the KDC's administrator."},
    {error_code_t::kdc_err_revocation_status_unavailable,
     "The server that tells whether the client's certificate was revoked does not answer. Try again later."},
    {error_code_t::kdc_err_client_name_mismatch,
     "The client's certificate is for another name. Use a certificate for this name, or log in under the other one."},
    {error_code_t::kdc_err_kdc_name_mismatch, "The KDC's certificate is for another name. Check which KDC was asked."},
    {error_code_t::kdc_err_inconsistent_key_purpose,
     "The certificate is not meant for a Kerberos login. Use one with that purpose."},
    {error_code_t::kdc_err_digest_in_cert_not_accepted,
     "The client's certificate is signed with a hash function that the KDC does not accept. Use a newer certificate."},
    {error_code_t::kdc_err_pa_checksum_must_be_included,
     "The KDC requires a checksum in the login with a certificate. Update this program."},
    {error_code_t::kdc_err_digest_in_signed_data_not_accepted,
     "The request is signed with a hash function that the KDC does not accept. Choose a stronger one."},
    {error_code_t::kdc_err_public_key_encryption_not_supported,
     "The KDC does not support this form of login with a certificate. Use the Diffie-Hellman form."},
    {error_code_t::krb_ap_err_principal_unknown,
     "The other side does not accept this reserved name, or no anonymous clients. Log in with the name of an "
     "account."},
    {error_code_t::krb_ap_err_realm_unknown,
     "The other side does not accept this reserved realm. Log in with the name of an account."},
    {error_code_t::krb_ap_err_principal_reserved,
     "The name is reserved and cannot be used here. Log in with the name of an account."},
    {error_code_t::krb_ap_err_iakerb_kdc_not_found,
     "The server that passes requests on does not find a KDC. Check the realm, and that server's configuration."},
    {error_code_t::krb_ap_err_iakerb_kdc_no_response,
     "The KDC does not answer the server that passes requests on. Try again later."},
    {error_code_t::kdc_err_preauth_expired, "The login took too long. Start it again."},
    {error_code_t::kdc_err_more_preauth_data_required,
     "The KDC needs a further message to finish the login. Use a program that supports this way to log in."},
    {error_code_t::kdc_err_preauth_bad_authentication_set,
     "The KDC does not accept this combination of proofs of identity. Use one that it offers."},
    {error_code_t::kdc_err_unknown_critical_fast_options,
     "The KDC does not know an option of FAST that must be understood. Leave the option out."},
    {error_code_t::kdc_err_no_acceptable_kdf,
     "Client and KDC have no key derivation function in common. Update the older one of the two programs."},
};

/// The codes with which a KDC refuses the ticket-granting ticket of a request.
inline constexpr krb_error_explanation kdc_error_explanations[] = {
    {error_code_t::krb_ap_err_nokey,
     "The KDC has no key for the ticket-granting ticket. Log in again, for example with kinit."},
    {error_code_t::krb_ap_err_badkeyver,
     "The KDC no longer has the key under which it issued the ticket-granting ticket. Log in again, for example with "
     "kinit."},
    {error_code_t::krb_ap_err_not_us,
     "The ticket-granting ticket is for the KDC of another realm. Log in again, for example with kinit."},
    {error_code_t::krb_ap_err_bad_integrity,
     "The KDC could not decrypt what the client sent. Log in again, for example with kinit."},
};

/// Malformed octets that are no message of a party: the error has the type of the file or structure.
constexpr std::string_view explain_file(const error& e) {
  const std::string_view type = e.type;
  if (!is_malformed(e.code)) return "";
  if (type == "keytab") return "The file is damaged, or is not a keytab. Create the keytab again.";
  if (type == "ccache")
    return "The file is damaged, or is not a credential cache. Log in again, for example with kinit.";
  if (type == "ExportedContext")
    return "The stored connection is damaged or incomplete. Log in again, and check how the program hands it over.";
  if (type == "SASL frame" && e.code == errc::frame_too_long)
    return "The other side sent a longer message than the two agreed on, or does not protect its messages. Check the "
           "security layer on both sides.";
  if (type == "SASL frame")
    return "A protected message was cut or joined with another. Report this to the program's developer.";
  return "";
}
struct kpasswd_explanation {
  std::uint32_t code;
  std::string_view text;
};
/// What a result code of RFC 3244 section 2 means for the user.
inline constexpr kpasswd_explanation kpasswd_explanations[] = {
    {1,
     "The password service did not understand the request. Use another new password, or update the client's "
     "software."},
    {2,
     "The password was not changed: the new one breaks a rule, or the server failed. Read what the server says, and "
     "choose another password."},
    {3,
     "The password service could not verify who you are. Check the clocks of both machines, and try again with the "
     "old password."},
    {4, "The new password breaks a rule of the server. Read what the server says, and choose another password."},
    {5, "You may not change this password. Ask an administrator."},
    {6,
     "The password service does not know this kind of request. Try the older kind, which can only change your own "
     "password."},
    {7, "The password service wants to see the old password again. Log in with it, and change the password at once."},
};
}  // namespace detail

/// The sentences for an error: what has happened, and what to do next. They are for people who use
/// or run the program and do not know it from within. Never empty: a number that is no errc has a
/// text of its own. A string literal, so it never becomes invalid.
constexpr std::string_view explain(errc c, party who) {
  for (const detail::explanation& e : detail::explanations)
    if (e.code == c) return who == party::client ? e.client : who == party::service ? e.service : e.kdc;
  return "The reason is not known to this version of the program. Read the logs of both sides.";
}
/// The sentences for the code of a KRB-ERROR, for the client that received it from a service, or
/// from a KDC about anything but the ticket-granting ticket. A KRB-ERROR is not
/// authenticated: anybody on the network can have sent it. Never empty.
constexpr std::string_view explain(error_code_t c) {
  for (const detail::krb_error_explanation& e : detail::krb_error_explanations)
    if (e.code == c) return e.text;
  return "The other side refused for a reason that has no name here. Read its log.";
}
/// The sentences for an error: those of the KRB-ERROR, or of the result of a password service, if a
/// client received one, otherwise those of the errc. A malformed keytab or credential cache has sentences of its own.
constexpr std::string_view explain(const error& e, party who) {
  const auto sent = static_cast<error_code_t>(e.detail);
  const bool from_peer = e.code == errc::kdc_error || e.code == errc::peer_error;
  if (from_peer && who == party::client && sent != error_code_t::kdc_err_none) {
    if (e.code == errc::kdc_error)
      for (const detail::krb_error_explanation& x : detail::kdc_error_explanations)
        if (x.code == sent) return x.text;
    return explain(sent);
  }
  if (e.code == errc::password_refused && who == party::client) {
    for (const detail::kpasswd_explanation& x : detail::kpasswd_explanations)
      if (x.code == e.detail) return x.text;
  }
  const std::string_view file = detail::explain_file(e);
  return file.empty() ? explain(e.code, who) : file;
}

/// Whether a client met an error that a realm in small letters causes: realms are case-sensitive
/// and usually written in capitals. `realm` is the realm in the request.
constexpr bool is_perhaps_case_of_realm(const error& e, std::string_view realm) {
  const auto sent = static_cast<error_code_t>(e.detail);
  const bool unknown = sent == error_code_t::kdc_err_wrong_realm || sent == error_code_t::kdc_err_c_principal_unknown ||
                       sent == error_code_t::kdc_err_s_principal_unknown;
  if (e.code != errc::name_mismatch && e.code != errc::no_answer && !(e.code == errc::kdc_error && unknown))
    return false;
  for (const char c : realm)
    if (c >= 'a' && c <= 'z') return true;
  return false;
}

/// A text of at most 639 letters, without a heap. A longer text is cut.
class error_text {
 public:
  constexpr std::string_view view() const KERB_LIFETIMEBOUND { return {letters_.data(), size_}; }
  /// Ends with a zero, for printf.
  constexpr const char* c_str() const KERB_LIFETIMEBOUND { return letters_.data(); }
  constexpr error_text& operator+=(std::string_view more) {
    for (const char c : more)
      if (size_ + 1 < letters_.size()) letters_[size_++] = c;
    return *this;
  }
  constexpr error_text& add_number(std::uint32_t number) {
    std::array<char, 10> digits{};
    std::size_t at = digits.size();
    do digits[--at] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    return *this += std::string_view(digits.data() + at, digits.size() - at);
  }

 private:
  std::array<char, 640> letters_{};
  std::size_t size_ = 0;
};

namespace detail {
/// Adds a text that somebody else may have chosen: '?' stands for each control character, and for each
/// octet that is not ASCII.
constexpr error_text& add_printable(error_text& to, std::string_view text) {
  for (const char c : text) {
    const char shown[] = {c >= ' ' && c <= '~' ? c : '?'};
    to += std::string_view(shown, 1);
  }
  return to;
}
}  // namespace detail

/// One line for a log: the name of the error, its place in the message, the name of a KRB-ERROR's
/// code or the number that the error is about, and the sentences of explain(). "bad_time in KDC-REQ-BODY.till at offset
/// 97: The request contains ..." An offset of 0 is left out, since it is also that of an error without a place. A
/// client that passes the realm of its request gets it in front of the sentences, and is also told if small letters in
/// it may be the cause. Control characters in it become '?'.
constexpr error_text log_line(const error& e, party who, std::string_view realm = {}) {
  error_text line;
  const std::string_view name = name_of(e.code), type = e.type, field = e.field;
  line += name.empty() ? "unknown error" : name;
  if (!type.empty()) (line += " in ") += type;
  if (!type.empty() && !field.empty()) (line += ".") += field;
  if (e.offset != 0) (line += " at offset ").add_number(e.offset);
  if (e.code == errc::kdc_error || e.code == errc::peer_error) {
    if (const auto sent = name_of(static_cast<error_code_t>(e.detail)); !sent.empty()) (line += ", ") += sent;
  }
  if (e.code == errc::bad_key_version && e.detail != 0) (line += ", version ").add_number(e.detail) += " needed";
  if (e.code == errc::no_space && e.detail != 0) (line += ", ").add_number(e.detail) += " octets needed";
  if (!realm.empty()) detail::add_printable(line += " (realm ", realm) += ")";
  (line += ": ") += explain(e, who);
  if (is_perhaps_case_of_realm(e, realm)) {
    line += " Realms are usually written in capital letters: try ";
    for (const char c : realm) {
      const char big[] = {c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c};
      detail::add_printable(line, std::string_view(big, 1));
    }
    line += ".";
  }
  return line;
}

namespace detail {
constexpr void add_etype(error_text& to, etype_t e) {
  const std::string_view name = name_of(e);
  if (!name.empty()) to += name;
  else (to += "number ").add_number(static_cast<std::uint32_t>(e));
}
}  // namespace detail

/// Sentences for the log of a service that has no key for a ticket: the version and encryption type
/// that the ticket needs, and the first eight keys that there were. `asked` is what key_lookup() of
/// an acceptor returned. "The ticket needs version 7 of a key of type aes256-cts-hmac-sha1-96. Under
/// its service name there are: version 6 aes256-cts-hmac-sha1-96. Under other names there are 2 keys."
template <class Asked>
constexpr error_text key_line(const Asked& asked) {
  error_text line;
  line += "The ticket needs ";
  if (detail::names_version(asked.ticket.kvno)) ((line += "version ").add_number(*asked.ticket.kvno) += " of ");
  detail::add_etype(line += "a key of type ", asked.ticket.etype);
  const no_ticket_key& had = asked.had;
  line += had.total == 0 ? ". Under its service name there is no key" : ". Under its service name there are: ";
  constexpr std::size_t shown = 8;
  std::size_t n = 0;
  for (const key_label& k : had.had) {
    if (n == shown) break;
    if (n++ != 0) line += ", ";
    detail::add_etype((line += "version ").add_number(k.kvno) += " ", k.etype);
  }
  if (n < had.total) (line += " and ").add_number(static_cast<std::uint32_t>(had.total - n)) += " more";
  if (had.others == 1) line += ". Under another name there is 1 key";
  if (had.others > 1)
    (line += ". Under other names there are ").add_number(static_cast<std::uint32_t>(had.others)) += " keys";
  return line += ".";
}

}  // namespace kerb::inline v0
