// A ticket and an authenticator that were opened: the values that a KDC's and a service's checks work on.
#pragma once
#include "../asn1/decode.hpp"
#include "../msg/anonymity.hpp"
#include "../msg/ap.hpp"
#include "checked.hpp"
#include "sealed.hpp"

namespace kerb::inline v0::detail {

/// A range of the octets kept at the front of a workspace. It stays valid when the buffer moves.
struct kept_range {
  std::size_t at = 0;
  std::size_t size = 0;
  constexpr bytes_view of(const workspace& in) const { return in.kept().subview(at, size); }
};
/// Keeps the first `n` of the octets that were borrowed.
constexpr kept_range keep_range(workspace& in, std::size_t n) {
  const kept_range r{in.kept().size(), n};
  in.keep(n);
  return r;
}
/// The range of a plaintext that open_sealed() has kept.
constexpr kept_range range_of(std::span<const std::uint8_t> plain, const workspace& in) {
  return {static_cast<std::size_t>(plain.data() - in.kept().data()), plain.size()};
}

/// A ticket that was opened: the one that authenticates a request, or a second one in it. `part`
/// views the plaintext, whose key octets are wiped.
template <class Key>
struct opened_ticket {
  kept_range plaintext;
  msg::EncTicketPart part;
  Key session_key;
  kerberos_string realm;  ///< of the KDC that issued it, as the clear part of the ticket names it

  constexpr principal_view client() const { return {part.cname, part.crealm}; }
  /// Decodes the part again, after the buffer has moved.
  constexpr void read_again(const workspace& in) {
    if (const auto again = asn1::decode<msg::EncTicketPart>(plaintext.of(in))) part = *again;
  }
};

/// Reads a ticket from the plaintext that open_sealed() has kept in `in`.
template <crypto_policy C>
constexpr checked<opened_ticket<typename C::key>> read_ticket(C& crypto, std::span<std::uint8_t> plain,
                                                              kerberos_string realm, const workspace& in) {
  const auto part = asn1::decode<msg::EncTicketPart>(bytes_view(plain));
  if (!part) return verdict{part.error(), error_code_t::krb_ap_err_bad_integrity};
  auto k = take_key(crypto, part->key, plain);
  if (!k) return no(k.error().code, error_code_t::kdc_err_etype_nosupp, "EncTicketPart", "key");
  checked<opened_ticket<typename C::key>> opened(std::in_place);
  opened->plaintext = range_of(plain, in);
  opened->part = *part;
  opened->session_key = std::move(*k);
  opened->realm = realm;
  return opened;
}

/// RFC 6111 section 3: a service and a KDC refuse a client with a well-known name or realm that they do
/// not know. They know the anonymous ones, which belong to an anonymous ticket alone: RFC 6112 section 3
/// requires its flag and its name, and allows its realm.
constexpr verdict check_client_name(const msg::EncTicketPart& ticket) {
  const char* const unknown = unknown_well_known({ticket.cname, ticket.crealm});
  if (unknown != nullptr) return no(errc::well_known_name, "EncTicketPart", unknown);
  if (is_anonymous(ticket.cname) != ticket.flags.has(ticket_flag_t::anonymous)) {
    return no(errc::flags_mismatch, error_code_t::krb_ap_err_badmatch, "EncTicketPart", "flags");
  }
  return {};
}

/// An authenticator that was opened. `part` views `plaintext`.
template <class Key>
struct opened_authenticator {
  std::span<std::uint8_t> plaintext;
  msg::Authenticator part;
  std::optional<Key> subkey;

  constexpr timestamp time() const { return {part.ctime, part.cusec}; }
};

/// Opens an authenticator with the session key of its ticket. Call take_subkey() next.
template <crypto_policy C>
constexpr checked<opened_authenticator<typename C::key>> open_authenticator(C& crypto, const msg::EncryptedData& sealed,
                                                                            const typename C::key& session_key,
                                                                            key_usage_t usage, workspace& in) {
  const auto plain = open_sealed(crypto, sealed, session_key, usage, in);
  if (!plain) return no(plain.error().code, error_code_t::krb_ap_err_bad_integrity, "AP-REQ", "authenticator");
  const auto part = asn1::decode<msg::Authenticator>(bytes_view(*plain));
  if (!part) return verdict{part.error(), error_code_t::krb_ap_err_bad_integrity};
  checked<opened_authenticator<typename C::key>> opened(std::in_place);
  opened->plaintext = *plain;
  opened->part = *part;
  return opened;
}
/// Imports the subkey, if there is one, and wipes its octets in the plaintext.
template <crypto_policy C>
constexpr verdict take_subkey(C& crypto, opened_authenticator<typename C::key>& a) {
  if (!a.part.subkey) return {};
  auto k = take_key(crypto, *a.part.subkey, a.plaintext);
  if (!k) return no(k.error().code, error_code_t::kdc_err_etype_nosupp, "Authenticator", "subkey");
  a.subkey.emplace(std::move(*k));
  return {};
}

}  // namespace kerb::inline v0::detail
