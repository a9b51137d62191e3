// A server of LDAP that only answers who its client is.
#pragma once
#include <sys/time.h>

#include <list>

#include "../support/story.hpp"
#include "ldap.hpp"

namespace example {

using kerb::botan::policy;

inline constexpr const char* directory_password = "the directory's";  // of ldap/localhost

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

/// The credentials in a bind.
inline std::string sasl_of(const ldap::message& m) {
  if (m.operation.tag != ldap::bind_request) throw std::runtime_error("the client does not bind");
  std::string in = m.operation.contents;
  ldap::take(in, ldap::integer);
  ldap::take(in, ldap::octet_string);
  std::string sasl = ldap::take(in, ldap::sasl_credentials);
  if (ldap::take(sasl, ldap::octet_string) != kerb::gss::sasl_mechanism) throw std::runtime_error("another mechanism");
  return sasl.empty() ? "" : ldap::take(sasl, ldap::octet_string);
}
/// Whether a client wants to act as itself: without an identity, or as u: and its own name.
inline bool is_itself(const kerb::gss::authorize_as& as) {
  const std::string identity = ldap::text_of(as.identity);
  if (identity.empty()) return true;
  const auto name = kerb::principal::parse(identity.starts_with("u:") ? identity.substr(2) : "");
  return name && same_principal(*name, as.client);
}
/// Authenticates the client of a connection. It may act only as itself.
inline std::string accept(ldap::connection& c, kerb::memory_replay_cache<64>& seen, policy& crypto,
                          std::vector<std::uint8_t>& buffer) {
  kerb::botan::gss::sasl_server server({.gss = {.ap = {.buffer = buffer}}, .max_size = 4096});
  std::list<std::string> responses;  // octets of the first one are used until the end
  std::string user;
  auto m = c.receive();
  const auto next = [&] { return kerb::octets_of(responses.emplace_back(sasl_of(m))); };
  auto step = server.receive(next(), {crypto, now()});
  for (;;) {
    const kerb::environment<policy> env{crypto, now()};
    if (const auto* want = std::get_if<kerb::need_ticket_key>(&step)) {
      std::vector<std::uint8_t> salt(kerb::default_salt_size(want->service));
      const auto k = crypto.string_to_key(want->etype, kerb::secret_view::of(std::string_view(directory_password)),
                                          kerb::write_default_salt(want->service, salt), {});
      step =
          k && want->tried == 0 ? server.provide(*k, want->service.realm, env) : server.no_key(kerb::errc::no_key, env);
    } else if (const auto* r = std::get_if<kerb::check_replay>(&step)) {
      step = server.replay_checked(seen.insert(r->digest, r->forget_after, env.now.at), env);
    } else if (kerb::is<kerb::authenticated>(step)) {
      step = server.accept({}, env);
    } else if (const auto* ch = std::get_if<kerb::gss::challenge>(&step)) {
      const std::string token = ldap::ber(ldap::server_credentials, ldap::text_of(ch->octets));
      c.send(m.id, ldap::result(ldap::bind_response, ldap::bind_in_progress, token));
      m = c.receive();
      step = server.receive(next(), env);
    } else if (const auto* as = std::get_if<kerb::gss::authorize_as>(&step)) {
      user = "u:" + text_of(as->client);
      step = is_itself(*as) ? server.allow(env) : server.deny(env);
    } else if (kerb::is<kerb::done>(step)) {
      c.send(m.id, ldap::result(ldap::bind_response, ldap::success));
      c.protect(ldap::must(std::move(server).take()));
      return user;
    } else {
      c.send(m.id, ldap::result(ldap::bind_response, ldap::invalid_credentials));
      throw std::runtime_error("the server refuses a client");
    }
  }
}
/// Serves one connection. What the server says to the client goes to `log` too.
inline void serve(int fd, kerb::memory_replay_cache<64>& seen, std::string& log) try {
  policy crypto;
  std::vector<std::uint8_t> buffer(kerb::botan::gss::sasl_server::typical_buffer_size);
  ldap::connection c(fd, crypto);
  const std::string user = accept(c, seen, crypto, buffer);
  log = user + ", layer " + std::to_string(static_cast<int>(c.layer().layer()));
  for (;;) {
    auto m = c.receive();
    if (m.operation.tag == ldap::unbind_request) return;
    const bool known = m.operation.tag == ldap::extended_request &&
                       ldap::take(m.operation.contents, ldap::request_name) == ldap::who_am_i;
    c.send(m.id, known ? ldap::result(ldap::extended_response, ldap::success, ldap::ber(ldap::response_value, user))
                       : ldap::result(ldap::extended_response, ldap::protocol_error));
  }
} catch (const std::exception& e) { log += std::string(log.empty() ? "" : ", ") + e.what(); }

}  // namespace example
