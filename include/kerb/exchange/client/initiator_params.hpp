// What an AP exchange is asked to do, and what the authenticator says because of it.
#pragma once
#include "../../asn1/payload.hpp"
#include "../../msg/ap.hpp"
#include "../../msg/ms_octets.hpp"
#include "../channel_bindings.hpp"
#include "../session.hpp"

namespace kerb::inline v0 {

/// What an initiator of GSS-API says of the context, in the authenticator's checksum (RFC 4121 section 4.1.1). Every
/// view must outlive the exchange.
struct gss_context {
  gss_flags flags;                             ///< GSS_C_MUTUAL_FLAG exactly where mutual authentication is required
  std::optional<channel_bindings> bindings{};  ///< what the context is bound to; none: to nothing
  std::optional<bytes_view> deleg{};  ///< with GSS_C_DELEG_FLAG: what make_krb_cred() seals under the ticket's key
  bool bindings_aware = false;        ///< tell Windows that there would be bindings if there were a channel to bind to
};

/// What an AP exchange is to do. Every view, and the credential, must outlive the exchange.
template <class Key>
struct initiator_params {
  ref<const basic_credential<Key>> credential;
  std::span<std::uint8_t> buffer;  ///< lent until the exchange is gone; see typical_buffer_size
  requirement mutual = required;   ///< required: the exchange ends only when the service has proven itself
  bool subkey = true;              ///< propose a fresh key for the session
  bool sequence_number = true;     ///< propose a first sequence number
  std::optional<bytes_view> application_data{};  ///< covered by the authenticator's keyed checksum
  std::optional<ref<unique_time>> times{};       ///< keeps authenticator times from being used twice (section 3.2.3)
  std::optional<gss_context> gss{};              ///< for a context of GSS-API, instead of application_data
  bool user_to_user = false;  ///< the ticket is sealed under the session key of the service's own (section 3.7)
  std::optional<msg::AuthorizationData> authorization_data{};  ///< what the client itself wants to be restricted by
};

namespace detail {
/// errc::api_misuse, or errc::input_too_large for a KRB-CRED beyond 16 bits of length, where the request contradicts
/// itself, or has a referral for the ticket of a service.
template <class Key>
constexpr error check(const initiator_params<Key>& r) {
  // It is for a KDC, and whoever is that KDC could play the service
  if (r.credential.get().facts().is_referral) return {.code = errc::api_misuse, .type = "Ticket", .field = "sname"};
  if (!r.gss) return {};
  constexpr error misused{.code = errc::api_misuse, .type = "Authenticator", .field = "cksum"};
  // RFC 4121 section 4.1.1: the checksum is of type 0x8003 alone, and a sequence number goes with it
  if (r.application_data) return misused;
  if (!r.sequence_number) return {.code = errc::api_misuse, .type = "Authenticator", .field = "seq-number"};
  // RFC 4121 section 4.1.1.1: the flags say what is asked for
  if (r.gss->flags.has(gss_flag_t::mutual) != (r.mutual == required)) return misused;
  return fault_of(gss_checksum{.bnd = {}, .flags = r.gss->flags, .deleg = r.gss->deleg, .exts = {}});
}

/// Whether the authenticator has authorization data. RFC 4120 section 5.2.6: where there are none the field is absent.
template <class Key>
constexpr bool has_authorization_data(const initiator_params<Key>& r) {
  return (r.gss && r.gss->bindings_aware) || (r.authorization_data && !r.authorization_data->empty());
}
/// MS-KILE section 3.2.5.8: AD-AUTH-DATA-AP-OPTIONS in the first AD-IF-RELEVANT there is; then what the caller has.
template <class Key>
constexpr void write_authorization_data(der::writer& w, const initiator_params<Key>& r) {
  der::wrap(w, der::sequence, [&] {
    if (r.authorization_data) asn1::codec<msg::AuthorizationData>::write_elements(w, *r.authorization_data);
    if (!r.gss || !r.gss->bindings_aware) return;
    const auto flags = octets_of_ms_flags(static_cast<std::uint32_t>(kerb_ap_option_t::cbt));
    const msg::AuthorizationDataElement option{ad_t::ad_auth_data_ap_options, flags};
    auto inside = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::octet_string, [&] { der::wrap(out, der::sequence, [&] { asn1::write(out, option); }); });
    }};
    asn1::write(w, msg::BasicAuthorizationDataElement<decltype(inside)>{ad_t::if_relevant, inside});
  });
}
/// What the AP-REQ takes at most, without counting it all.
template <class Key>
constexpr std::size_t size_bound(const initiator_params<Key>& r) {
  constexpr std::size_t rest = 512;  // a seal, times, key, number, checksum, flags, and all headers: not quite 400
  const basic_credential<Key>& c = r.credential.get();
  std::size_t n = rest + c.ticket().size() + asn1::encoded_size(c.client().name) + c.client().realm.octets.size();
  if (r.gss && r.gss->deleg) n += r.gss->deleg->size();
  if (r.authorization_data) n += asn1::encoded_size(*r.authorization_data);
  return n;
}
}  // namespace detail

}  // namespace kerb::inline v0
