// A login to Active Directory with a user principal name, such as alice@corp.example.com.
#pragma once
#include <kerb/botan.hpp>

namespace cookbook {

/// Logs in and gets a ticket for a service. The name in the ticket is the one that the directory has for the user:
/// credential->client(). `realm` is any realm of the forest: its KDC names the user's.
template <class Ask>
auto ad_login(std::string_view upn, std::string_view realm, kerb::secret_view password, std::string_view service,
              kerb::botan::policy& crypto, kerb::timestamp now, Ask&& ask_kdc)
    -> kerb::result<kerb::botan::owned_credential<65536>> {
  // An enterprise name is one component, with the '@' in it (RFC 6806 section 5). A login with such a name asks the
  // KDC to put the canonical name in its place
  const kerb::kerberos_string component[] = {{kerb::octets_of(upn)}};
  const kerb::principal_view me{{kerb::name_t::enterprise, kerb::view_of<kerb::kerberos_string>(component)},
                                {kerb::octets_of(realm)}};
  const auto server = kerb::principal::parse_service(service);  // without a realm: the KDCs know where it is
  if (!server) return server.error();

  kerb::ticket_cache<kerb::botan::key, 4, 65536> cache;  // the ticket of a user in many groups has up to 64 KiB
  kerb::credential_params<kerb::botan::key> p{.client = me, .server = *server, .password = password};
  // Active Directory answers with KDC_ERR_WRONG_REALM if the user is in another domain. Nobody has signed that answer:
  // follow it only in a network that you trust
  p.follow_wrong_realm = true;
  return kerb::acquire<65536>(p, cache, crypto, now, ask_kdc);
}

}  // namespace cookbook
