// Authorization data that a KDC copies into a ticket.
#pragma once
#include "../../asn1/payload.hpp"
#include "../../core/fixed.hpp"
#include "../../msg/authdata.hpp"
#include "../../msg/cammac.hpp"

namespace kerb::inline v0 {

/// The source of authorization data: a ticket-granting ticket of this realm for a client of this realm,
/// whose key only this KDC has; a ticket whose contents somebody else can have made, which is another
/// realm's, names a client of another realm, or is sealed under the key of its own server (RENEW,
/// VALIDATE, PROXY); or the client itself.
enum class authdata_origin : std::uint8_t { ticket, foreign_ticket, client };

/// Whether a KDC copies an element into the ticket that it issues (RFC 4120 section 3.3.3). It does
/// not copy elements that are signed under the old ticket's keys, since the new ticket's server
/// could not verify them: the PAC, CAMMAC, AD-KDC-ISSUED and MIT's signed ticket (512). From a
/// client or another realm it copies no unsigned statement about how the client was authenticated
/// or what its names are, since readers would take it for one of this realm. The exception is
/// AD-INITIAL-VERIFIED-CAS, which RFC 4556 section 3.2.3 requires a KDC to copy from every ticket,
/// with its AD-IF-RELEVANT if it has one: the service decides about the path of certificates.
/// Everything else can restrict the ticket and is copied, RFC 6113's AD-fx-fast-armor and AD-fx-fast-used included,
/// which a client adds to restrict its own ticket (sections 5.4.1.1 and 5.4.2). The contents of
/// AD-IF-RELEVANT and AD-AND-OR are checked in addition.
constexpr bool kdc_carries(ad_t type, authdata_origin from) {
  constexpr ad_t signed_ticket{512};
  if (type == signed_ticket) return false;
  switch (type) {
    case ad_t::win2k_pac:
    case ad_t::cammac:
    case ad_t::kdc_issued: return false;
    case ad_t::initial_verified_cas: return from != authdata_origin::client;
    case ad_t::authentication_strength:
    case ad_t::login_alias:
    case ad_t::authentication_indicator: return from == authdata_origin::ticket;
    case ad_t::mandatory_for_kdc: return false;  // addressed to this KDC, which refuses it
    default: return true;
  }
}

namespace detail {
/// How many levels of AD-IF-RELEVANT and AD-AND-OR are examined. Nobody nests more than two.
inline constexpr unsigned carried_authdata_depth = 4;

/// The list inside an AD-IF-RELEVANT or AD-AND-OR; none for other types, or if it does not decode.
constexpr std::optional<msg::AuthorizationData> enclosed(const msg::AuthorizationDataElement& e) {
  if (e.ad_type == ad_t::if_relevant) {
    if (const auto list = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", e.ad_data)) return *list;
  } else if (e.ad_type == ad_t::and_or) {
    if (const auto both = asn1::decode<msg::AdAndOr>(e.ad_data)) return both->elements;
  }
  return std::nullopt;
}

/// What happens to an element when a ticket is issued.
enum class authdata_fate : std::uint8_t { carried, omitted, refused };

/// An element that restricts the ticket is never omitted. For an anonymous
/// ticket, RFC 6112 section 4.2 requires this: remove what can identify the client; refuse the request
/// if that is a restriction, or if there is no rule for the type. This KDC has a rule for the types
/// below, and none of them is an identifying restriction.
constexpr authdata_fate fate_of(ad_t type, authdata_origin from, bool anonymous) {
  switch (type) {
    case ad_t::mandatory_for_kdc: return authdata_fate::refused;
    case ad_t::if_relevant:
    case ad_t::and_or:
    case ad_t::fx_fast_armor:
    case ad_t::fx_fast_used: return authdata_fate::carried;
    case ad_t::initial_verified_cas:
    case ad_t::authentication_strength:
    case ad_t::login_alias:
    case ad_t::authentication_indicator:
      if (anonymous) return authdata_fate::omitted;
      break;
    default: break;
  }
  if (!kdc_carries(type, from)) return authdata_fate::omitted;
  return anonymous ? authdata_fate::refused : authdata_fate::carried;
}

/// The elements that are copied. Those inside an AD-IF-RELEVANT are checked one by one; an
/// AD-AND-OR is checked as a whole.
class carried_authdata {
 public:
  constexpr explicit carried_authdata(bool anonymous = false) : anonymous_(anonymous) {}

  /// Returns false when the request must be refused: the lists together have more elements than
  /// fit; an element has to be refused (fate_of()); an AD-IF-RELEVANT or AD-AND-OR does not decode
  /// or is nested too deep; or an AD-AND-OR contains an element that is not copied.
  /// RFC 4120 section 5.2.6.3 counts the elements of an AD-AND-OR, so none can be omitted, and a
  /// ticket without the AD-AND-OR would be less restricted than requested.
  [[nodiscard]] constexpr bool add(const msg::AuthorizationData& data, authdata_origin from, std::size_t most) {
    for (const msg::AuthorizationDataElement e : data) {
      bool whole = true;
      if (!examine(e, from, most, carried_authdata_depth, whole)) return false;
      if (whole && !elements_.push_back({e, false})) return false;
      if (!whole && e.ad_type == ad_t::if_relevant && !add_inside(e, from)) return false;
    }
    return true;
  }
  constexpr bool empty() const { return elements_.empty(); }
  constexpr void clear() {
    elements_.clear();
    seen_ = 0;
  }
  /// Writes one element, inside an AD-IF-RELEVANT of its own if it is `optional`.
  template <class Element>
  static constexpr void write_one(der::writer& w, const Element& e, bool optional) {
    if (!optional) {
      asn1::write(w, e);
      return;
    }
    auto inside = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::octet_string, [&] { der::wrap(out, der::sequence, [&] { asn1::write(out, e); }); });
    }};
    asn1::write(w, msg::BasicAuthorizationDataElement<decltype(inside)>{ad_t::if_relevant, inside});
  }
  /// An upper bound for the octets that write() writes.
  constexpr std::size_t size_bound() const {
    std::size_t n = 0;
    for (const one& e : elements_) n += 64 + e.element.ad_data.size();
    return n;
  }
  /// Writes the elements, from the last to the first.
  constexpr void write(der::writer& w) const {
    for (std::size_t i = elements_.size(); i != 0; --i)
      write_one(w, elements_[i - 1].element, elements_[i - 1].optional);
  }

 private:
  struct one {
    msg::AuthorizationDataElement element;
    bool optional = false;
  };
  /// Checks an element, and those inside an AD-IF-RELEVANT: RFC 4120 section 5.2.6.1 makes each of
  /// them independent of the others. `whole` becomes false when an element is omitted.
  constexpr bool examine(const msg::AuthorizationDataElement& e, authdata_origin from, std::size_t most, unsigned depth,
                         bool& whole) {
    if (seen_++ >= most) return false;
    const authdata_fate fate = fate_of(e.ad_type, from, anonymous_);
    if (fate == authdata_fate::refused) return false;
    if (fate == authdata_fate::omitted) whole = false;
    if (e.ad_type == ad_t::and_or) return carries_all(e, from, most);
    if (e.ad_type != ad_t::if_relevant) return true;
    const auto inside = enclosed(e);
    if (!inside || depth == 0) return false;
    for (const msg::AuthorizationDataElement i : *inside)
      if (!examine(i, from, most, depth - 1, whole)) return false;
    return true;
  }
  /// Adds what is copied of an AD-IF-RELEVANT that examine() has checked, each element in an
  /// AD-IF-RELEVANT of its own, which means the same.
  constexpr bool add_inside(const msg::AuthorizationDataElement& e, authdata_origin from) {
    const auto inside = enclosed(e);
    if (!inside) return false;
    for (const msg::AuthorizationDataElement i : *inside) {
      if (i.ad_type == ad_t::if_relevant) {
        if (!add_inside(i, from)) return false;
      } else if (fate_of(i.ad_type, from, anonymous_) == authdata_fate::carried && !elements_.push_back({i, true})) {
        return false;
      }
    }
    return true;
  }
  /// Whether everything in this AD-AND-OR, at any depth, may be copied unchanged.
  constexpr bool carries_all(const msg::AuthorizationDataElement& e, authdata_origin from, std::size_t most,
                             unsigned depth = carried_authdata_depth) {
    const auto inside = enclosed(e);
    if (!inside || depth == 0) return false;
    for (const msg::AuthorizationDataElement i : *inside) {
      if (seen_++ >= most || fate_of(i.ad_type, from, anonymous_) != authdata_fate::carried) return false;
      const bool encloses = i.ad_type == ad_t::if_relevant || i.ad_type == ad_t::and_or;
      if (encloses && !carries_all(i, from, most, depth - 1)) return false;
    }
    return true;
  }
  bool anonymous_;
  fixed<one, 32> elements_;
  std::size_t seen_ = 0;
};

/// Whether the TGS, as the server that an authenticator is for, knows all elements outside
/// AD-IF-RELEVANT. It has checks of its own for those of RFC 6113 and for AD-MANDATORY-FOR-KDC, and
/// may ignore AD-KDC-ISSUED (RFC 4120 section 5.2.6.2).
constexpr bool kdc_knows(const msg::AuthorizationData& data) {
  for (const msg::AuthorizationDataElement e : data) {
    switch (e.ad_type) {
      case ad_t::if_relevant:
      case ad_t::kdc_issued:
      case ad_t::mandatory_for_kdc:
      case ad_t::fx_fast_armor:
      case ad_t::fx_fast_used: break;
      default: return false;
    }
  }
  return true;
}

/// Whether data are nested deeper in AD-IF-RELEVANT and AD-AND-OR than this KDC looks.
constexpr bool nested_too_deep(const std::optional<msg::AuthorizationData>& data,
                               unsigned depth = carried_authdata_depth) {
  if (!data) return false;
  for (const msg::AuthorizationDataElement e : *data)
    if (const auto inside = enclosed(e); inside && (depth == 0 || nested_too_deep(inside, depth - 1))) return true;
  return false;
}

/// Whether the data contain an element of this type, directly or inside AD-IF-RELEVANT and
/// AD-AND-OR. Data nested deeper than `depth` levels count as containing it.
constexpr bool holds(const std::optional<msg::AuthorizationData>& data, ad_t type,
                     unsigned depth = carried_authdata_depth) {
  if (!data) return false;
  for (const msg::AuthorizationDataElement e : *data) {
    if (e.ad_type == type) return true;
    if (const auto inside = enclosed(e); inside && (depth == 0 || holds(inside, type, depth - 1))) return true;
  }
  return false;
}
}  // namespace detail

}  // namespace kerb::inline v0
