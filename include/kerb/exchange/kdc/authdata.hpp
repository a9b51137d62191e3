// Authorization data that a KDC copies into a ticket.
#pragma once
#include "../../asn1/payload.hpp"
#include "../../core/fixed.hpp"
#include "../../msg/authdata.hpp"
#include "../../msg/cammac.hpp"

namespace kerb::inline v0 {

/// The source of authorization data: the ticket that authenticates the request, or the client
/// itself.
enum class authdata_origin : std::uint8_t { ticket, client };

/// Whether a KDC copies an element into the ticket that it issues (RFC 4120 section 3.3.3). It does
/// not copy elements that are signed under the old ticket's keys, since the new ticket's server
/// could not verify them: the PAC, CAMMAC, AD-KDC-ISSUED and MIT's signed ticket (512). From a
/// client it copies no element that only a KDC may issue, since readers would trust it. The
/// contents of AD-IF-RELEVANT and AD-AND-OR are checked in addition.
constexpr bool kdc_carries(ad_t type, authdata_origin from) {
  constexpr ad_t signed_ticket{512};
  if (type == signed_ticket) return false;
  switch (type) {
    case ad_t::win2k_pac:
    case ad_t::cammac:
    case ad_t::kdc_issued: return false;
    case ad_t::initial_verified_cas:
    case ad_t::authentication_strength:
    case ad_t::fx_fast_armor:
    case ad_t::fx_fast_used:
    case ad_t::login_alias:
    case ad_t::authentication_indicator: return from == authdata_origin::ticket;
    case ad_t::mandatory_for_kdc: return false;  // addressed to this KDC
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

/// The elements that are copied. Those inside an AD-IF-RELEVANT are checked one by one; an
/// AD-AND-OR is checked as a whole.
class carried_authdata {
 public:
  /// Returns false when the lists together have more elements than fit, or when an AD-AND-OR
  /// contains an element that is not copied. RFC 4120 section 5.2.6.3 counts the elements of an
  /// AD-AND-OR, so none can be omitted, and a ticket without the AD-AND-OR would be less restricted
  /// than requested.
  [[nodiscard]] constexpr bool add(const msg::AuthorizationData& data, authdata_origin from, std::size_t most) {
    for (const msg::AuthorizationDataElement e : data) {
      if (seen_++ >= most) return false;
      if (e.ad_type != ad_t::if_relevant) {
        if (e.ad_type == ad_t::and_or && !carries_all(e, from, most)) return false;
        if (kdc_carries(e.ad_type, from) && !elements_.push_back({e, {}})) return false;
        continue;
      }
      // RFC 4120 section 5.2.6.1: each element inside is independent of the others
      const auto inside = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", e.ad_data);
      if (!inside) continue;  // nobody could decode it
      std::size_t carried = 0;
      for (const msg::AuthorizationDataElement i : *inside) {
        if (seen_++ >= most) return false;
        if (i.ad_type == ad_t::and_or && !carries_all(i, from, most)) return false;
        carried += carries_inside(i, from);
      }
      if (carried == inside->size()) {
        if (!elements_.push_back({e, false})) return false;
        continue;
      }
      for (const msg::AuthorizationDataElement i : *inside)
        if (carries_inside(i, from) && !elements_.push_back({i, true})) return false;
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
  /// A nested AD-IF-RELEVANT could hide elements that are not copied, and adds no meaning to the
  /// outer one.
  static constexpr bool carries_inside(const msg::AuthorizationDataElement& e, authdata_origin from) {
    return e.ad_type != ad_t::if_relevant && kdc_carries(e.ad_type, from);
  }
  /// Whether everything in this AD-AND-OR, at any depth, may be copied unchanged.
  constexpr bool carries_all(const msg::AuthorizationDataElement& e, authdata_origin from, std::size_t most,
                             unsigned depth = carried_authdata_depth) {
    const auto inside = enclosed(e);
    if (!inside || depth == 0) return false;
    for (const msg::AuthorizationDataElement i : *inside) {
      if (seen_++ >= most || !kdc_carries(i.ad_type, from)) return false;
      const bool encloses = i.ad_type == ad_t::if_relevant || i.ad_type == ad_t::and_or;
      if (encloses && !carries_all(i, from, most, depth - 1)) return false;
    }
    return true;
  }
  fixed<one, 32> elements_;
  std::size_t seen_ = 0;
};

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
