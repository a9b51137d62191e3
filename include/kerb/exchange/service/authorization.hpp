// A client's authorization data as a service reads them, RFC 4120 section 5.2.6.
#pragma once
#include "../../crypto/cksum_rules.hpp"
#include "../../crypto/policy.hpp"
#include "../../msg/authdata.hpp"
#include "../../msg/ms_octets.hpp"
#include "../verdict.hpp"

namespace kerb::inline v0 {

/// One element, at any depth; its views point into the exchange's buffer.
struct authorization_element {
  ad_t type{};
  bytes_view data;
  bool from_ticket = false;  ///< from the ticket, where the KDC put it; otherwise from the client's authenticator
  bool critical = false;     ///< it was outside AD-IF-RELEVANT: named as understood, so it must be enforced
  /// It was in an AD-KDC-ISSUED whose checksum verifies (RFC 4120 section 5.2.6.2). Only such an
  /// element, or a structure with a signature of its own, can give a client more rights than its
  /// name does. The client may have added any other element itself.
  bool issued = false;
  std::optional<principal_view> issuer{};  ///< its issuer, if that is not the KDC

  /// Decodes the data as AdLoginAlias, EtypeList, ... Its views point into the same octets.
  template <class T>
  constexpr result<T> as() const {
    return asn1::decode_as<T>("ad-data", data);
  }
};

namespace detail {
/// Limits on the work that a client can cause for a service.
inline constexpr unsigned max_authdata_depth = 8;
inline constexpr unsigned max_authdata_elements = 256;
inline constexpr unsigned max_kdc_issued = 32;

constexpr authorization_element outermost(bool from_ticket) {
  authorization_element e;
  e.from_ticket = from_ticket;
  e.critical = true;
  return e;
}

/// Walks through one list. A visitor has leaf(element) -> bool, whether to continue; issued(number,
/// AdKdcIssued) -> bool, whether to visit its elements; and fault(error), after which the walk
/// ends.
template <class Visitor>
class authdata_walk {
 public:
  constexpr explicit authdata_walk(Visitor& v) : visit_(v) {}
  /// Returns false when the visitor or a fault ended the walk.
  constexpr bool list(const msg::AuthorizationData& data, authorization_element in, unsigned depth = 0) {
    for (const msg::AuthorizationDataElement e : data) {
      if (++seen_ > max_authdata_elements || depth > max_authdata_depth) return fault(errc::critical_authdata);
      in.type = e.ad_type;
      in.data = e.ad_data;
      if (!element(in, depth)) return false;
    }
    return true;
  }

 private:
  constexpr bool element(authorization_element e, unsigned depth) {
    switch (e.type) {
      case ad_t::if_relevant: {
        const auto inside = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", e.data);
        if (!inside) return visit_.get().fault(inside.error());
        e.critical = false;
        return list(*inside, e, depth + 1);
      }
      // RFC 4120 section 5.2.6.4: its elements are only for the KDC
      case ad_t::mandatory_for_kdc: return true;
      case ad_t::kdc_issued: {
        // RFC 4120 section 5.2.6.2: ignored without a valid signature. Outside the ticket it is
        // always ignored, because anyone who knows the session key can sign it
        const unsigned number = issued_++;
        if (!e.from_ticket) return true;
        if (number >= max_kdc_issued) return fault(errc::critical_authdata);
        const auto inside = asn1::decode<msg::AdKdcIssued>(e.data);
        if (!inside) return true;
        // Half a name of an issuer is none, and the KDC is not the issuer either
        if (inside->i_sname.has_value() != inside->i_realm.has_value()) return true;
        if (!visit_.get().issued(number, *inside)) return true;
        e.critical = false;
        e.issued = true;
        if (inside->i_sname) e.issuer = principal_view{*inside->i_sname, *inside->i_realm};
        return list(inside->elements.value(), e, depth + 1);
      }
      default: return visit_.get().leaf(e);
    }
  }
  constexpr bool fault(errc c) {
    return visit_.get().fault({.code = c, .type = "AuthorizationData", .field = "ad-data"});
  }
  ref<Visitor> visit_;
  unsigned seen_ = 0;
  unsigned issued_ = 0;
};
}  // namespace detail

template <crypto_policy C>
class ap_acceptor;

/// All authorization data of an authenticated client, the ticket's before the authenticator's. A
/// view, made by an acceptor that has checked every element. The elements of AD-IF-RELEVANT and of
/// a verified AD-KDC-ISSUED are visited one by one. Elements in an AD-KDC-ISSUED that does not
/// verify, or in AD-MANDATORY-FOR-KDC, are left out.
class authorization {
 public:
  constexpr authorization() = default;
  /// Calls f(const authorization_element&) for each element. If f returns bool, false stops.
  template <class F>
  constexpr void for_each(F&& f) const {
    struct visitor {
      ref<std::remove_reference_t<F>> f;
      std::uint32_t verified;
      constexpr bool leaf(const authorization_element& e) {
        if constexpr (std::convertible_to<decltype(f.get()(e)), bool>) {
          return f.get()(e);
        } else {
          f.get()(e);
          return true;
        }
      }
      constexpr bool issued(unsigned number, const msg::AdKdcIssued&) const { return (verified >> number & 1) != 0; }
      static constexpr bool fault(const error&) { return false; }  // checked before: there is none
    } v{f, verified_};
    if (ticket_) {
      detail::authdata_walk walk(v);
      if (!walk.list(*ticket_, detail::outermost(true))) return;
    }
    if (authenticator_) {
      detail::authdata_walk walk(v);
      (void)walk.list(*authenticator_, detail::outermost(false));
    }
  }
  /// The first element of a type, if there is one.
  constexpr std::optional<authorization_element> find(ad_t type) const {
    std::optional<authorization_element> found;
    for_each([&](const authorization_element& e) {
      if (e.type == type) found = e;
      return !found;
    });
    return found;
  }
  constexpr bool empty() const { return !ticket_ && !authenticator_; }

 private:
  template <crypto_policy C>
  friend class ap_acceptor;
  template <crypto_policy C>
  friend constexpr detail::verdict verify_authorization(C&, const typename C::key&, view_of<ad_t>,
                                                        const std::optional<msg::AuthorizationData>&,
                                                        const std::optional<msg::AuthorizationData>&, authorization&);
  std::optional<msg::AuthorizationData> ticket_, authenticator_;
  std::uint32_t verified_ = 0;  // which AD-KDC-ISSUED verify, in the order of the walk
};

namespace detail {
/// Whether the acceptor itself handles this element: only from the authenticator, and only if it is
/// well-formed.
constexpr bool is_read(const authorization_element& e) {
  if (e.from_ticket) return false;
  if (e.type == ad_t::ad_auth_data_ap_options) return read_ms_flags(e.data).has_value();
  return e.type == ad_t::etype_negotiation && e.as<msg::EtypeList>().has_value();
}
}  // namespace detail

/// Whether a service that understands these types may continue: RFC 4120 section 5.2.6 requires it
/// to refuse data that it must enforce and does not know. The acceptor itself understands, in the
/// authenticator, MS-KILE's AD-AUTH-DATA-AP-OPTIONS and RFC 4537's list of encryption types.
/// Returns errc::critical_authdata for unknown critical elements, for more than 256 elements or 32
/// AD-KDC-ISSUED and for lists more than 8 deep, or the error of an AD-IF-RELEVANT that does not decode; `out` is
/// then unchanged.
template <crypto_policy C>
[[nodiscard]] constexpr detail::verdict verify_authorization(C& policy, const typename C::key& session_key,
                                                             view_of<ad_t> understood,
                                                             const std::optional<msg::AuthorizationData>& ticket,
                                                             const std::optional<msg::AuthorizationData>& authenticator,
                                                             authorization& out) {
  struct visitor {
    ref<C> policy;
    ref<const typename C::key> session_key;
    view_of<ad_t> understood;
    std::uint32_t verified = 0;
    error why{};
    constexpr bool leaf(const authorization_element& e) {
      bool known = !e.critical || detail::is_read(e);
      for (const ad_t k : understood) known = known || k == e.type;
      return known || fault({.code = errc::critical_authdata});
    }
    constexpr bool issued(unsigned number, const msg::AdKdcIssued& d) {
      const etype_t etype = policy->etype_of(session_key.get());
      const bytes_view pieces[] = {d.elements.octets()};
      const bool good = cksum_allowed(cksum_place::kdc_issued, d.ad_checksum.cksumtype, etype) &&
                        policy->verify(d.ad_checksum.cksumtype, session_key.get(), key_usage_t::ad_kdc_issued_cksum,
                                       pieces, d.ad_checksum.checksum) == errc::ok;
      if (good) verified |= std::uint32_t{1} << number;
      return good;
    }
    constexpr bool fault(const error& e) {
      why = e;
      return false;
    }
  } v{policy, session_key, understood};
  const auto said = [&](const char* type) {
    if (v.why.code == errc::critical_authdata)
      v.why = {.code = v.why.code, .type = type, .field = "authorization-data"};
    return detail::no(v.why);
  };
  if (ticket) {
    detail::authdata_walk walk(v);
    if (!walk.list(*ticket, detail::outermost(true))) return said("EncTicketPart");
  }
  if (authenticator) {
    detail::authdata_walk walk(v);
    if (!walk.list(*authenticator, detail::outermost(false))) return said("Authenticator");
  }
  out.ticket_ = ticket;
  out.authenticator_ = authenticator;
  out.verified_ = v.verified;
  return {};
}

}  // namespace kerb::inline v0
