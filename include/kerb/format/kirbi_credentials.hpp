// Ticket files (.kirbi) as entries of a credential cache and back: a KRB-CRED whose part is not encrypted.
#pragma once
#include "../asn1/captured.hpp"
#include "../asn1/payload.hpp"
#include "../msg/cred.hpp"
#include "ccache.hpp"

namespace kerb::inline v0 {

/// A view of the tickets in a file, which was validated when it was opened. The octets contain keys
/// and must outlive the view. What the file says about its tickets need not be true.
class kirbi_view {
 public:
  constexpr kirbi_view() = default;
  /// Opens a KRB-CRED in DER (RFC 4120 section 5.8.1) with etype 0 (RFC 6448); for files of mimikatz
  /// call kirbi_as_der() first. Errors: those of decoding; errc::no_key if the part is encrypted
  /// (detail: the etype); errc::count_mismatch; errc::missing_field for a ticket without the client's
  /// name or realm, or without an end time.
  static constexpr result<kirbi_view> open(bytes_view der KERB_LIFETIMEBOUND) {
    const auto m = asn1::decode<message>(der);
    if (!m) return m.error();
    if (m->enc_part.etype != etype_t{0}) {
      return error{errc::no_key, 0, static_cast<std::uint32_t>(m->enc_part.etype), "KRB-CRED", "enc-part"};
    }
    const auto part = asn1::decode<msg::EncKrbCredPart>(m->enc_part.cipher);
    if (!part) return part.error();
    if (part->ticket_info.size() != m->tickets.size()) {
      return error{.code = errc::count_mismatch, .type = "EncKrbCredPart", .field = "ticket-info"};
    }
    for (const msg::KrbCredInfo i : part->ticket_info) {
      const char* const missing = !i.prealm ? "prealm" : !i.pname ? "pname" : !i.endtime ? "endtime" : nullptr;
      if (missing != nullptr) return error{.code = errc::missing_field, .type = "KrbCredInfo", .field = missing};
    }
    kirbi_view k;
    k.tickets_ = m->tickets;
    k.infos_ = part->ticket_info;
    return k;
  }
  constexpr std::size_t size() const { return tickets_.size(); }
  constexpr bool empty() const { return tickets_.empty(); }

  class iterator {
   public:
    using value_type = cached_credential;
    using difference_type = std::ptrdiff_t;
    constexpr iterator() = default;
    /// The ticket as an entry of a cache. A server that the file does not name is taken from the
    /// ticket; times and flags that it does not have are 0.
    constexpr cached_credential operator*() const {
      const captured ticket = *ticket_;
      const msg::KrbCredInfo info = *info_;
      cached_credential c{};
      c.client = {*info.pname, *info.prealm};
      c.server = {info.sname.value_or(ticket->sname), info.srealm.value_or(ticket->realm)};
      c.etype = info.key.keytype;
      c.key = secret_view(info.key.keyvalue);
      c.authtime = info.authtime.value_or(kerberos_time{});
      c.starttime = info.starttime;
      c.endtime = *info.endtime;
      c.renew_till = info.renew_till;
      c.flags = info.flags.value_or(msg::TicketFlags{});
      if (info.caddr) c.addresses = *info.caddr;
      c.ticket = ticket.octets();
      return c;
    }
    constexpr iterator& operator++() {
      ++ticket_;
      ++info_;
      return *this;
    }
    constexpr iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend constexpr bool operator==(const iterator& a, const iterator& b) { return a.ticket_ == b.ticket_; }

   private:
    friend class kirbi_view;
    using captured = asn1::captured<msg::Ticket>;
    constexpr iterator(asn1::sequence_of<captured>::iterator ticket, asn1::sequence_of<msg::KrbCredInfo>::iterator info)
        : ticket_(ticket), info_(info) {}
    asn1::sequence_of<captured>::iterator ticket_;
    asn1::sequence_of<msg::KrbCredInfo>::iterator info_;
  };
  constexpr iterator begin() const { return {tickets_.begin(), infos_.begin()}; }
  constexpr iterator end() const { return {tickets_.end(), infos_.end()}; }

 private:
  using message = msg::BasicKrbCred<msg::EncryptedData, asn1::sequence_of<asn1::captured<msg::Ticket>>>;
  asn1::sequence_of<asn1::captured<msg::Ticket>> tickets_;
  asn1::sequence_of<msg::KrbCredInfo> infos_;
};

/// Writes credentials as a ticket file, at the end of `out`. Their tickets are written as they are.
/// Second tickets and authorization data have no place in it. The octets contain keys. Errors:
/// errc::api_misuse for no credential; errc::no_space (detail: octets needed), before anything is
/// written; errc::bad_name_text for a realm with the octet 0; errc::clock_out_of_range.
constexpr result<bytes_view> write_kirbi(view_of<cached_credential> credentials,
                                         std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  constexpr const char* type = "KRB-CRED";
  if (credentials.empty()) return error{.code = errc::api_misuse, .type = type, .field = "tickets"};
  for (const cached_credential& c : credentials) {
    if (!is_realm_text(c.client.realm) || !is_realm_text(c.server.realm)) {
      return error{.code = errc::bad_name_text, .type = type, .field = "realm"};
    }
    for (const kerberos_time t :
         {c.authtime, c.starttime.value_or(c.authtime), c.endtime, c.renew_till.value_or(c.endtime)})
      if (t < earliest_time || t > latest_time) return error{.code = errc::clock_out_of_range, .type = type};
  }
  const auto infos = asn1::computed{[&](der::writer& w) {
    der::wrap(w, der::sequence, [&] {
      for (std::size_t i = credentials.size(); i != 0; --i) {
        const cached_credential& c = credentials[i - 1];
        msg::KrbCredInfo info{.key = {c.etype, c.key.unguarded()},
                              .prealm = c.client.realm,
                              .pname = c.client.name,
                              .flags = c.flags,
                              .authtime = c.authtime,
                              .starttime = c.starttime,
                              .endtime = c.endtime,
                              .renew_till = c.renew_till,
                              .srealm = c.server.realm,
                              .sname = c.server.name,
                              .caddr = {}};
        if (!c.addresses.empty()) info.caddr = c.addresses;
        asn1::write(w, info);
      }
    });
  }};
  const msg::BasicEncKrbCredPart<std::remove_const_t<decltype(infos)>> part{infos, {}, {}, {}, {}, {}};
  const auto plain =
      asn1::computed{[&](der::writer& w) { der::wrap(w, der::octet_string, [&] { asn1::write(w, part); }); }};
  const msg::BasicEncryptedData<std::remove_const_t<decltype(plain)>> open_part{etype_t{0}, {}, plain};
  const auto tickets = asn1::computed{[&](der::writer& w) {
    der::wrap(w, der::sequence, [&] {
      for (std::size_t i = credentials.size(); i != 0; --i) w.octets(credentials[i - 1].ticket);
    });
  }};
  const msg::BasicKrbCred<std::remove_const_t<decltype(open_part)>, std::remove_const_t<decltype(tickets)>> m{
      tickets, open_part};
  const std::size_t n = asn1::encoded_size(m);
  if (n > 0xffffffffu) return error{.code = errc::input_too_large, .type = type};
  if (out.size() < n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n), .type = type};
  return asn1::encode(m, out.last(n));
}

}  // namespace kerb::inline v0
