// Parameters of an AP exchange, and what the authenticator contains because of them.
#pragma once
#include "../../asn1/payload.hpp"
#include "../../msg/ap.hpp"
#include "../../msg/ms_octets.hpp"
#include "../channel_bindings.hpp"
#include "../credential.hpp"
#include "../session.hpp"

namespace kerb::inline v0 {

/// The GSS-API context that an initiator describes in the authenticator's checksum
/// (RFC 4121 section 4.1.1). Every view must outlive the exchange.
struct gss_context {
  gss_flags flags;                             ///< has GSS_C_MUTUAL_FLAG if and only if `mutual` is `required`
  std::optional<channel_bindings> bindings{};  ///< the channel that the context is bound to; none: no channel
  std::optional<bytes_view> deleg{};  ///< with GSS_C_DELEG_FLAG: what make_krb_cred() seals under the ticket's key
  bool bindings_aware = false;        ///< tell Windows that bindings would be sent if there were a channel to bind to
  /// Write the AP-REQ as a token of this mechanism (RFC 4121 section 4.1); none: without a frame.
  std::optional<object_identifier> frame{};
};

/// Parameters of an AP exchange. Every view, and the credential, must outlive the exchange.
template <class Key>
struct initiator_params {
  ref<const basic_credential<Key>> credential;
  std::span<std::uint8_t> buffer;                ///< must outlive the exchange; see typical_buffer_size
  requirement mutual = required;                 ///< required: the exchange succeeds only if the service authenticates
  bool subkey = true;                            ///< propose a fresh key for the session
  bool sequence_number = true;                   ///< propose a first sequence number
  std::optional<bytes_view> application_data{};  ///< covered by the authenticator's keyed checksum
  std::optional<ref<unique_time>> times{};       ///< prevents two authenticators with the same time (section 3.2.3)
  std::optional<gss_context> gss{};              ///< for a GSS-API context, instead of application_data
  /// The ticket is sealed under the session key of the service's own ticket-granting ticket (RFC 4120
  /// section 3.7). Needed only if ticket_facts::user_to_user of the credential does not say so.
  bool user_to_user = false;
  std::optional<msg::AuthorizationData> authorization_data{};  ///< restrictions that the client itself requests
};

namespace detail {
/// Returns errc::api_misuse when the parameters contradict each other, or when the ticket is a
/// referral instead of a ticket for a service; errc::ticket_not_yet_valid for a postdated ticket that
/// no KDC has validated; errc::input_too_large for a KRB-CRED whose length does not fit in 16 bits.
template <class Key>
constexpr error check(const initiator_params<Key>& r) {
  // A referral is for a KDC, and that KDC could impersonate the service
  if (r.credential.get().facts().is_referral) return {.code = errc::api_misuse, .type = "Ticket", .field = "sname"};
  if (const error e = check_valid(r.credential.get().facts()); !e.ok()) return e;
  if (!r.gss) return {};
  constexpr error misused{.code = errc::api_misuse, .type = "Authenticator", .field = "cksum"};
  // RFC 4121 section 4.1.1: the checksum has type 0x8003, and a sequence number is required
  if (r.application_data) return misused;
  if (!r.sequence_number) return {.code = errc::api_misuse, .type = "Authenticator", .field = "seq-number"};
  // RFC 4121 section 4.1.1.1: the flags describe what the initiator requests
  if (r.gss->flags.has(gss_flag_t::mutual) != (r.mutual == required)) return misused;
  return fault_of(gss_checksum{.bnd = {}, .flags = r.gss->flags, .deleg = r.gss->deleg, .exts = {}});
}

/// Whether the authenticator has authorization data. RFC 4120 section 5.2.6: the field is absent
/// when there are none.
template <class Key>
constexpr bool has_authorization_data(const initiator_params<Key>& r) {
  return (r.gss && r.gss->bindings_aware) || (r.authorization_data && !r.authorization_data->empty());
}
/// Writes AD-AUTH-DATA-AP-OPTIONS inside the first AD-IF-RELEVANT (MS-KILE section 3.2.5.8), then
/// the caller's data.
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
/// An upper bound for the size of the AP-REQ, without counting all of it.
template <class Key>
constexpr std::size_t size_bound(const initiator_params<Key>& r) {
  constexpr std::size_t rest =
      512;  // a seal, times, key, number, checksum, flags, frame, and all headers: less than 430
  const basic_credential<Key>& c = r.credential.get();
  std::size_t n = rest + c.ticket().size() + asn1::encoded_size(c.client().name) + c.client().realm.octets.size();
  if (r.gss && r.gss->deleg) n += r.gss->deleg->size();
  if (r.authorization_data) n += asn1::encoded_size(*r.authorization_data);
  return n;
}
}  // namespace detail

}  // namespace kerb::inline v0
