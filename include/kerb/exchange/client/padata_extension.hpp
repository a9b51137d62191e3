// Padata that a client adds to its requests, besides those of pre-authentication, and what the reply must say of them.
#pragma once
#include <tuple>

#include "../../asn1/payload.hpp"
#include "../../msg/ms_kile.hpp"
#include "../../msg/referral.hpp"
#include "../environment.hpp"
#include "asked.hpp"

namespace kerb::inline v0 {

/// The request to which padata are added. All views are valid only during the call.
template <class Key>
struct padata_facts {
  bool initial = false;  ///< an AS-REQ
  principal_view client;
  principal_view server;
  std::uint32_t nonce = 0;           ///< while counting: the longest
  bytes_view body;                   ///< the KDC-REQ-BODY; empty while counting, and in an AS-REQ
  const Key* session_key = nullptr;  ///< of the ticket-granting ticket; null in an AS-REQ
  const Key* subkey = nullptr;       ///< of the authenticator; null when there is none, and while counting
};

/// An opened reply. All views are valid only during the call.
template <class Key>
struct padata_reply {
  bool initial = false;  ///< an AS-REP
  bytes_view request;    ///< the request that was sent
  ref<const Key> key;    ///< which opened the reply
  msg::TicketFlags flags;
  msg::MethodData padata;                 ///< outside of the seal, so unauthenticated
  std::optional<msg::MethodData> sealed;  ///< encrypted-pa-data (RFC 6806 section 11)
};

/// An extension of a client's requests is a movable value with
///
///   write(writer, facts, env) const       -> errc: writes its PA-DATA elements, or none. It is called
///                                            first to count, and must then write the same size
///   check_reply(reply, env) const         -> error: examines an opened reply whose other checks have
///                                            passed; any error makes the exchange fail
template <class X, class C>
concept padata_extension = std::movable<X> &&
    requires(const X& x, der::writer& w, const padata_facts<typename C::key>& facts,
             const padata_reply<typename C::key>& reply, const environment<C>& env) {
  { x.write(w, facts, env) } -> std::same_as<errc>;
  { x.check_reply(reply, env) } -> std::same_as<error>;
};

/// The extensions of a client, in the order in which their padata are sent.
template <class... X>
using padata_extensions = std::tuple<X...>;

/// PA-REQ-ENC-PA-REP, RFC 6806 section 11: asks the AS for a checksum of the request inside the
/// reply's seal, and verifies it. So nobody can have changed the request in transit, for example its
/// encryption types. In a TGS-REQ, whose body has a checksum anyway, it does nothing.
///
/// A KDC that conforms to RFC 6806 sets the flag ENC-PA-REP in every ticket, and a reply with that
/// flag and without the checksum is refused. So the client notices if somebody removes this padata
/// from the request. If the KDC does not set the flag, the client notices it only if `required` is
/// set.
struct enc_pa_rep {
  bool required = false;  ///< fail if the KDC has made no checksum

  template <crypto_policy C>
  constexpr errc write(der::writer& w, const padata_facts<typename C::key>& facts, const environment<C>&) const {
    if (facts.initial) asn1::write(w, msg::PaData{padata_t::req_enc_pa_rep, {}});
    return errc::ok;
  }
  template <crypto_policy C>
  constexpr error check_reply(const padata_reply<typename C::key>& reply, const environment<C>& env) const {
    if (!reply.initial) return {};
    constexpr error missing{.code = errc::missing_field, .type = "EncKDCRepPart", .field = "encrypted-pa-data"};
    if (!reply.flags.has(ticket_flag_t::enc_pa_rep)) return required ? missing : error{};
    for (const msg::PaData pa : reply.sealed.value_or(msg::MethodData{})) {
      if (pa.padata_type != padata_t::req_enc_pa_rep) continue;
      const auto sum = asn1::decode_as<msg::PaReqEncPaRep>("PA-REQ-ENC-PA-REP", pa.padata_value);
      if (!sum) return sum.error();
      const auto shape = env.crypto->cksum_of(env.crypto->etype_of(reply.key.get()));
      if (!shape) return {.code = errc::unsupported_cksum, .type = "EncKDCRepPart", .field = "encrypted-pa-data"};
      const bytes_view pieces[] = {reply.request};
      const errc e = sum->cksumtype == shape->type ? env.crypto->verify(sum->cksumtype, reply.key.get(),
                                                                        key_usage_t::as_req, pieces, sum->checksum)
                                                   : errc::integrity;
      if (e == errc::ok) return {};
      return {.code = e, .type = "EncKDCRepPart", .field = "encrypted-pa-data"};
    }
    return missing;
  }
};

/// PA-PAC-REQUEST, MS-KILE section 2.2.3: asks the KDC to put a PAC into the ticket, or not to.
struct pac_request {
  bool include = true;

  template <crypto_policy C>
  constexpr errc write(der::writer& w, const padata_facts<typename C::key>&, const environment<C>&) const {
    auto value = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::octet_string, [&] { asn1::write(out, msg::KerbPaPacRequest{include}); });
    }};
    asn1::write(w, msg::BasicPaData<decltype(value)>{padata_t::pac_request, value});
    return errc::ok;
  }
  template <crypto_policy C>
  constexpr error check_reply(const padata_reply<typename C::key>&, const environment<C>&) const {
    return {};
  }
};

namespace detail {
/// Writes the padata of all extensions, from the last one on. Sets `why` on failure.
template <class... X, crypto_policy C>
constexpr void write_extensions(const std::tuple<X...>& all, der::writer& w, const padata_facts<typename C::key>& facts,
                                const environment<C>& env, errc& why) {
  static_assert((padata_extension<X, C> && ...));
  [[maybe_unused]] const auto one = [&](const auto& x) {
    if (const errc e = x.write(w, facts, env); why == errc::ok) why = e;
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (one(std::get<sizeof...(X) - 1 - I>(all)), ...); }
  (std::index_sequence_for<X...>{});
}
/// The first error of all extensions.
template <class... X, crypto_policy C>
constexpr error check_extensions(const std::tuple<X...>& all, const padata_reply<typename C::key>& reply,
                                 const environment<C>& env) {
  error first{};
  [[maybe_unused]] const auto one = [&](const auto& x) {
    if (first.ok()) first = x.check_reply(reply, env);
  };
  std::apply([&](const auto&... x) { (one(x), ...); }, all);
  return first;
}
}  // namespace detail

}  // namespace kerb::inline v0
