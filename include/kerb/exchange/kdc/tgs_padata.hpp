// Padata of a TGS request that ask for another user's ticket, in clear or in FAST: detected and refused.
#pragma once
#include "../../crypto/prf.hpp"
#include "../../crypto/profile.hpp"
#include "../../msg/fast.hpp"
#include "../sealed.hpp"
#include "rules.hpp"

namespace kerb::inline v0::detail {

/// Whether padata of this type request a ticket for another client than the sender: MS-SFU sections
/// 2.2.1 and 2.2.2. A KDC that ignored them would issue the sender's own ticket, and a service that
/// does not compare the names would accept it as the user's. All other padata of a TGS request
/// change neither the client nor the server of the ticket, so a KDC can ignore them.
constexpr bool is_for_somebody_else(padata_t type) {
  return type == padata_t::for_user || type == padata_t::for_x509_user;
}
constexpr verdict not_supported(errc what, const char* type) { return no(what, type, "padata"); }

inline constexpr auto subkey_pepper = ascii("subkeyarmor");
inline constexpr auto ticket_pepper = ascii("ticketarmor");

/// Checks the armored part of PA-FX-FAST. RFC 6113 section 5.4.2 makes a client that uses FAST put
/// its padata, also those of MS-SFU, under the armor key; MIT krb5 sends PA-FX-FAST with every TGS
/// request. This KDC does not implement FAST and answers the outer request, which that section
/// allows. But it opens the armored part and refuses padata there that it would refuse in clear.
///
/// The armor key is the one that the authenticator defines for a TGS request without an armor
/// field. A part under any other key cannot be opened, so the request is refused.
template <crypto_policy C>
constexpr verdict check_fast(C& crypto, const msg::PaData& pa, const std::optional<typename C::key>& subkey,
                             const typename C::key& session_key, detail::workspace& in) {
  const auto request = asn1::decode<msg::PaFxFastRequest>(pa.padata_value);
  if (!request) return no(request.error());
  const auto* const armored = std::get_if<msg::KrbFastArmoredReq>(&request->value);
  if (armored == nullptr || armored->armor || !subkey) return not_supported(errc::fast_not_supported, "PA-FX-FAST");
  const auto armor_key = fx_cf2(crypto, *subkey, session_key, subkey_pepper, ticket_pepper);
  if (!armor_key) return {armor_key.error(), error_code_t::kdc_err_etype_nosupp};
  const auto plain = open_sealed(crypto, armored->enc_fast_req, *armor_key, key_usage_t::fast_enc, in);
  if (!plain) return no(errc::integrity, "PA-FX-FAST", "enc-fast-req");
  const auto inner = asn1::decode<msg::KrbFastReq>(bytes_view(*plain));
  if (!inner) return {inner.error(), error_code_t::krb_ap_err_bad_integrity};
  for (const msg::PaData p : inner->padata)
    if (is_for_somebody_else(p.padata_type)) return not_supported(errc::impersonation_not_supported, "KrbFastReq");
  return {};
}

}  // namespace kerb::inline v0::detail
