// Credentials as entries of a credential cache, and entries as credentials.
#pragma once
#include "../exchange/owned_credential.hpp"
#include "../msg/ticket.hpp"
#include "ccache.hpp"

namespace kerb::inline v0 {

/// The entry of a cache for a credential or an owned_credential, for ccache_writer::add(). It is a view
/// of the credential, and contains its key.
///
/// A file has no place for everything that kind_of() reports: a referral, a ticket that a peer sent, one
/// that a peer is to use, one with authorization data, and one whose client a KDC has renamed all look
/// like plain tickets when they are read again. The second ticket of a user-to-user ticket and the
/// requested authorization data are left empty, because a credential does not have them.
template <crypto_policy C>
constexpr cached_credential to_cached_credential(std::type_identity_t<ref<const basic_credential<typename C::key>>> c,
                                                 C& crypto) {
  const ticket_facts& f = c->facts();
  cached_credential e{};
  e.client = f.client;
  e.server = f.server;
  e.etype = crypto.etype_of(c->session_key());
  e.key = crypto.expose(c->session_key());
  e.authtime = f.authtime;
  e.starttime = f.starttime;
  e.endtime = f.endtime;
  e.renew_till = f.renew_till;
  e.is_skey = f.user_to_user;
  e.flags = f.flags;
  if (f.addresses) e.addresses = *f.addresses;
  e.ticket = f.ticket;
  return e;
}

/// The credential of an entry, a view of the octets and lists that the entry views. `offset` is
/// ccache_view::offset(); only its seconds are used.
///
/// errc::api_misuse: the entry is a setting (field "server"), or was removed (field "endtime"). The
/// ticket must be the encoding of a Ticket, and the policy must have the key's encryption type; the
/// errors are those of decode() and import().
template <crypto_policy C>
constexpr result<basic_credential<typename C::key>> to_credential(const cached_credential& e, C& crypto,
                                                                  const std::optional<kdc_offset>& offset = {}) {
  if (e.is_config()) return error{.code = errc::api_misuse, .type = "ccache", .field = "server"};
  if (e.is_removed()) return error{.code = errc::api_misuse, .type = "ccache", .field = "endtime"};
  if (const auto t = asn1::decode<msg::Ticket>(e.ticket); !t) return t.error();
  auto k = crypto.import(e.etype, e.key.unguarded());
  if (!k) return k.error();
  ticket_facts f;
  f.client = e.client;
  f.server = e.server;
  f.ticket = e.ticket;
  f.flags = e.flags;
  f.authtime = e.authtime;
  f.starttime = e.starttime.value_or(e.authtime);
  f.endtime = e.endtime;
  f.renew_till = e.renew_till;
  if (!e.addresses.empty()) f.addresses = e.addresses;
  f.user_to_user = e.is_skey;
  f.restricted = !e.authdata.empty();
  basic_credential<typename C::key> c(f, *std::move(k));
  if (offset) c.set_kdc_clock_offset(offset->seconds);
  return c;
}

/// The same for an entry of a file. The credential owns its octets, at most N, so the file can be closed.
/// errc::no_space: the octets are more than N, the names have more than 32 components together, or there
/// are more than 64 addresses (detail: how many). No name has more than a few components, and a machine
/// has few addresses.
template <std::size_t N = 4096, crypto_policy C>
constexpr result<owned_credential<typename C::key, N>> to_credential(const cache_entry& e, C& crypto,
                                                                     const std::optional<kdc_offset>& offset = {}) {
  std::array<kerberos_string, 32> names{};
  std::array<msg::HostAddress, 64> addresses{};
  cache_entry plain = e;
  plain.authdata = {};
  auto as_message = in_message_form(plain, {.names = names, .addresses = addresses});
  if (!as_message) return as_message.error();
  const msg::AuthorizationDataElement some[1] = {};
  if (!e.authdata.empty()) as_message->authdata = some;  // only whether there are any counts
  return own<N>(to_credential(*as_message, crypto, offset));
}

}  // namespace kerb::inline v0
