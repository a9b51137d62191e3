// Makes tickets and replies without a KDC, for tests: any contents, under keys that the test chooses.
#pragma once
#include "../exchange/sealed.hpp"
#include "../msg/ap.hpp"
#include "../msg/error.hpp"
#include "../msg/kdc.hpp"

namespace kerb::inline v0::testing {

/// Encodes any message at the end of `out`, and returns the octets.
template <class T>
constexpr result<bytes_view> mint(const T& message, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  return asn1::encode(message, out);
}

/// A Ticket for `service` with `part` sealed under `k`, at the end of `out`.
template <class K, crypto_policy C>
constexpr result<bytes_view> mint_ticket(const principal_view& service, const msg::EncTicketPart& part, const K& k,
                                         std::optional<std::uint32_t> kvno, const environment<C>& env,
                                         std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  errc why = errc::ok;
  auto sealed = asn1::computed{[&](der::writer& w) { write_sealed(w, part, k, key_usage_t::ticket, env, why, kvno); }};
  const auto e = asn1::encode(msg::BasicTicket<decltype(sealed)>{service.realm, service.name, sealed}, out);
  if (why != errc::ok) return why;
  return e;
}

/// An AS-REP or TGS-REP with `part` sealed under `k` for `usage`. `ticket` is the encoded ticket in it.
template <msg_t M, class Part, class K, crypto_policy C>
constexpr result<bytes_view> mint_kdc_rep(const principal_view& client, bytes_view ticket, const Part& part, const K& k,
                                          key_usage_t usage, const environment<C>& env,
                                          std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                          std::optional<msg::MethodData> padata = {}) {
  errc why = errc::ok;
  auto sealed = asn1::computed{[&](der::writer& w) { write_sealed(w, part, k, usage, env, why); }};
  using tkt = captured<msg::Ticket>;
  const auto e = asn1::encode(
      msg::KdcRep<M, tkt, decltype(sealed)>{padata, client.realm, client.name, tkt::as_sent(ticket), sealed}, out);
  if (why != errc::ok) return why;
  return e;
}

/// An AP-REQ with `auth` sealed under `k`. `ticket` is the encoded ticket in it.
template <class K, crypto_policy C>
constexpr result<bytes_view> mint_ap_req(bytes_view ticket, const msg::Authenticator& auth, msg::ApOptions options,
                                         const K& k, key_usage_t usage, const environment<C>& env,
                                         std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  errc why = errc::ok;
  auto sealed = asn1::computed{[&](der::writer& w) { write_sealed(w, auth, k, usage, env, why); }};
  const auto e =
      asn1::encode(msg::BasicApReq<decltype(sealed)>{options, captured<msg::Ticket>::as_sent(ticket), sealed}, out);
  if (why != errc::ok) return why;
  return e;
}

/// An AP-REP with `part` sealed under `k`.
template <class K, crypto_policy C>
constexpr result<bytes_view> mint_ap_rep(const msg::EncApRepPart& part, const K& k, const environment<C>& env,
                                         std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  errc why = errc::ok;
  auto sealed =
      asn1::computed{[&](der::writer& w) { write_sealed(w, part, k, key_usage_t::ap_rep_enc_part, env, why); }};
  const auto e = asn1::encode(msg::BasicApRep<decltype(sealed)>{sealed}, out);
  if (why != errc::ok) return why;
  return e;
}

}  // namespace kerb::inline v0::testing
