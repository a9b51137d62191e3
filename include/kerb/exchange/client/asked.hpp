// What a client requests from a KDC: written into the request, and compared with the reply.
#pragma once
#include "../../core/fixed.hpp"
#include "../../msg/error.hpp"
#include "../../msg/kdc.hpp"
#include "../credential.hpp"

namespace kerb::inline v0::detail {

/// The contents of a request, for writing it and for comparison with the reply.
struct request_facts {
  principal_view client;
  principal_view server;
  kerberos_string kdc;  // the realm whose KDC was asked
  msg::KdcOptions options;
  std::optional<kerberos_time> from;
  kerberos_time till;
  std::optional<kerberos_time> rtime;
  std::uint32_t nonce = 0;
  view_of<etype_t> etypes;
  view_of<msg::HostAddress> addresses;
  bool initial = false;  // an AS exchange
  // Inherited from the ticket in a TGS-REQ (RFC 4120 sections 2.3, 2.5, 2.6 and 3.3.3)
  msg::TicketFlags inherited{};
  std::optional<kerberos_time> renewable_to{};
  std::optional<msg::HostAddresses> inherited_addresses{};
  ticket_kind kind{};  // what distinguishes the ticket before the reply is known
};

/// Writes the request's facts, and nothing else, into its body: so the reply is compared with what
/// was sent.
template <class Body>
constexpr void fill_body(Body& body, const request_facts& a) {
  body.kdc_options = a.options;
  if (a.initial) body.cname = a.client.name;
  body.realm = a.initial ? a.client.realm : a.server.realm;
  body.sname = a.server.name;
  body.from = a.from;
  body.till = a.till;
  body.rtime = a.rtime;
  body.nonce = a.nonce;
  body.etype = a.etypes;
  if (!a.addresses.empty()) body.addresses = a.addresses;
}

/// Whether the request renews or validates a ticket, rather than asking for another one.
constexpr bool is_same_ticket_again(const msg::KdcOptions& o) {
  return o.has_any({kdc_option_t::renew, kdc_option_t::validate});
}

constexpr bool contains(view_of<etype_t> list, etype_t e) {
  for (etype_t x : list)
    if (x == e) return true;
  return false;
}

/// Makes the list of encryption types to offer: first that of the key, if there is one, then `list`
/// in its order. A KDC uses the first one for which the client has a key (RFC 4120 section 3.1.3).
/// Returns false when the list is empty, or has more than 16 entries.
constexpr bool make_offer(fixed<etype_t, 16>& offer, std::optional<etype_t> first, view_of<etype_t> list) {
  bool fits = true;
  offer.clear();
  if (first) fits = offer.push_back(*first);
  for (etype_t e : list)
    if (!contains(offer, e)) fits = fits && offer.push_back(e);
  return fits && !offer.empty();
}

/// The realm that a KDC named instead of the one that was asked: a copy of at most 255 octets.
class named_realm {
 public:
  constexpr void note(kerberos_string r) {
    size_ = r.octets.size() <= octets_.size() ? r.octets.size() : 0;
    copy_octets(r.octets.data(), size_, octets_.data());
  }
  /// RFC 6806 section 7 puts it in the error's crealm, and in the next sentence in its realm.
  constexpr void note(const msg::KrbError& e, kerberos_string asked) {
    if (e.error_code != error_code_t::kdc_err_wrong_realm) return;
    const kerberos_string r = e.crealm.value_or(e.realm);
    if (!(r == asked)) note(r);
  }
  constexpr std::optional<kerberos_string> get() const& KERB_LIFETIMEBOUND {
    if (size_ == 0) return std::nullopt;
    return kerberos_string{bytes_view(octets_).first(size_)};
  }
  void get() const&& = delete;

 private:
  std::array<std::uint8_t, 255> octets_{};
  std::size_t size_ = 0;
};

}  // namespace kerb::inline v0::detail
