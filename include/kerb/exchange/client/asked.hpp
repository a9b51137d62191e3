// What a client asks a KDC for: it goes into the request, and the reply is compared with it.
#pragma once
#include "../../core/fixed.hpp"
#include "../../msg/error.hpp"
#include "../../msg/kdc.hpp"

namespace kerb::inline v0::detail {

/// What was asked, for the request and for comparison with what came.
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
  // What a TGS-REQ's own ticket brings with it (RFC 4120 sections 2.5 to 2.7 and 3.3.3)
  msg::TicketFlags inherited{};
  std::optional<kerberos_time> renewable_to{};
  std::optional<msg::HostAddresses> inherited_addresses{};
};

/// Writes into a request's body what is asked for, and nothing else: what the reply is compared with is what was sent.
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

/// Whether a ticket is renewed or validated, and no other one is asked for.
constexpr bool is_same_ticket_again(const msg::KdcOptions& o) {
  return o.has_any({kdc_option_t::renew, kdc_option_t::validate});
}

constexpr bool contains(view_of<etype_t> list, etype_t e) {
  for (etype_t x : list)
    if (x == e) return true;
  return false;
}

/// The encryption types to offer: `list` in its order, but first that of the key that there is, because a KDC takes the
/// first one for which the client has a key (RFC 4120 section 3.1.3). False where there are none, or more than 16.
constexpr bool make_offer(fixed<etype_t, 16>& offer, std::optional<etype_t> first, view_of<etype_t> list) {
  bool fits = true;
  offer.clear();
  if (first) fits = offer.push_back(*first);
  for (etype_t e : list)
    if (!contains(offer, e)) fits = fits && offer.push_back(e);
  return fits && !offer.empty();
}

/// The realm whose ticket-granting service has this name, krbtgt/REALM; none for every other name. Whose key that is
/// depends on the realm of the principal, too: krbtgt/B@A is for the KDC of B, and issued by that of A.
constexpr std::optional<kerberos_string> krbtgt_realm(const msg::PrincipalName& n) {
  if (n.name_string.size() != 2) return std::nullopt;
  auto component = n.name_string.begin();
  if (!(*component == std::string_view("krbtgt"))) return std::nullopt;
  return *++component;
}

/// The realm that a KDC has named in place of the one that was asked: a copy, of at most 255 octets.
class named_realm {
 public:
  constexpr void note(kerberos_string r) {
    size_ = r.octets.size() <= octets_.size() ? r.octets.size() : 0;
    copy_octets(r.octets.data(), size_, octets_.data());
  }
  /// RFC 6806 section 7 has it in the error's crealm, and in the next sentence in its realm.
  constexpr void note(const msg::KrbError& e, kerberos_string asked) {
    if (e.error_code != error_code_t::kdc_err_wrong_realm) return;
    const kerberos_string r = e.crealm.value_or(e.realm);
    if (!(r == asked)) note(r);
  }
  constexpr std::optional<kerberos_string> get() const KERB_LIFETIMEBOUND {
    if (size_ == 0) return std::nullopt;
    return kerberos_string{bytes_view(octets_).first(size_)};
  }

 private:
  std::array<std::uint8_t, 255> octets_{};
  std::size_t size_ = 0;
};

}  // namespace kerb::inline v0::detail
