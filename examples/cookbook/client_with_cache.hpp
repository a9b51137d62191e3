// A client that uses the tickets of a credential cache file, as kinit writes it.
#pragma once
#include <kerb/botan.hpp>

namespace cookbook {

/// A cache for kerb::acquire: finds tickets in a file, whose octets must outlive it, and keeps new ones in memory.
class user_cache {
 public:
  user_cache(const kerb::ccache_view& file, kerb::botan::policy& crypto) : file_(file), crypto_(crypto) {}

  const kerb::botan::credential* find(const kerb::principal_view& client, const kerb::principal_view& server,
                                      kerb::kerberos_time now, kerb::ticket_kind kind) {
    if (const auto* c = new_.find(client, server, now, kind)) return c;
    if (kind != kerb::ticket_kind::asked_for) return nullptr;  // a file has no other kinds
    for (const kerb::cache_entry& e : file_) {
      if (e.is_config() || e.is_removed() || e.is_skey || e.endtime <= now) continue;
      const auto c = kerb::in_message_form(e, {.names = names_, .addresses = addresses_});
      if (!c || !same_principal(c->client, client) || !same_principal(c->server, server)) continue;
      auto key = crypto_.import(c->etype, c->key.unguarded());
      if (!key) continue;  // an encryption type that the policy does not have
      kerb::ticket_facts f;
      f.client = c->client;
      f.server = c->server;
      f.ticket = c->ticket;
      f.flags = c->flags;
      f.authtime = c->authtime;
      f.starttime = c->starttime.value_or(c->authtime);
      f.endtime = c->endtime;
      f.renew_till = c->renew_till;
      if (!c->addresses.empty()) f.addresses = c->addresses;
      found_.emplace(f, std::move(*key));
      if (file_.offset()) found_->set_kdc_clock_offset(file_.offset()->seconds);
      return &*found_;
    }
    return nullptr;
  }
  auto store_copy(const kerb::botan::credential& c, kerb::botan::policy& crypto, kerb::kerberos_time now) {
    return new_.store_copy(c, crypto, now);
  }

 private:
  kerb::ccache_view file_;
  kerb::botan::policy& crypto_;
  std::array<kerb::kerberos_string, 64> names_;
  std::array<kerb::msg::HostAddress, 16> addresses_;
  std::optional<kerb::botan::credential> found_;
  kerb::ticket_cache<kerb::botan::key, 8> new_;
};

/// A ticket for a service such as "HTTP/www.example.org", as the user of the file. It needs no password.
template <class Ask>
auto ticket_of_user(std::string_view service, const kerb::ccache_view& file, kerb::botan::policy& crypto,
                    kerb::timestamp now, Ask&& ask_kdc) -> kerb::result<kerb::botan::owned_credential<>> {
  std::array<kerb::kerberos_string, 32> names;
  const auto me = file.client().in(names);
  const auto server = kerb::principal::parse_service(service);
  if (!me) return me.error();
  if (!server) return server.error();
  user_cache cache(file, crypto);
  return kerb::acquire({.client = *me, .server = *server, .login = false}, cache, crypto, now, ask_kdc);
}

}  // namespace cookbook
