// A KDC inside your program, over a database of yours.
#pragma once
#include <kerb/botan.hpp>
#include <list>
#include <string_view>

namespace cookbook {

/// A database: here a list in memory.
class users {
 public:
  /// Adds a principal with its key: of a user, string_to_key(type, password, salt) of the policy with the default salt;
  /// of a service or krbtgt/REALM, a random one.
  kerb::error add(std::string_view name, kerb::botan::key k, bool is_user) {
    const auto p = kerb::principal::parse(name);
    if (!p) return p.error();
    row& r = rows_.emplace_back(row{*p, std::move(k), {}, {}});
    r.keys.emplace(kerb::long_term_key<kerb::botan::policy>{.key = r.key});
    r.record.principal = r.name;
    r.record.keys = kerb::view_of<kerb::long_term_key<kerb::botan::policy>>(&*r.keys, 1);
    // Who has a ticket that is sealed under a user's key can guess the password with it
    r.record.attributes.set(kerb::principal_attribute::user_to_user_only, is_user);
    return {};
  }
  /// What kerb::serve calls. A record is a view, valid until the request is answered.
  kerb::lookup<kerb::botan::policy> find(const kerb::need_principal& ask) {
    for (const row& r : rows_)
      if (same_principal(r.name, ask.principal)) return r.record;
    return kerb::not_found{};
  }

 private:
  struct row {
    kerb::principal name;
    kerb::botan::key key;
    std::optional<kerb::long_term_key<kerb::botan::policy>> keys;
    kerb::principal_record<kerb::botan::policy> record;
  };
  std::list<row> rows_;  // its elements do not move
};

/// Answers one request, which came over TCP without its length. Empty: send nothing.
inline kerb::result<kerb::bytes_view> answer(kerb::bytes_view request, const kerb::kdc_policy& realm, users& db,
                                             kerb::botan::policy& crypto, kerb::timestamp now,
                                             std::span<std::uint8_t> buffer) {
  kerb::botan::kdc kdc(realm, buffer);
  // The last decision about each ticket; without it, every ticket that passes the checks is issued. Here clients such
  // as alice/admin get none that can be forwarded. To refuse, return a kerb::error_code_t
  const auto decide = [](const auto& x) -> kerb::decision {
    kerb::issue_options o;
    const kerb::ticket_draft& draft = x.as() != nullptr ? x.as()->draft() : x.tgs()->draft();
    o.without.set(kerb::ticket_flag_t::forwardable, draft.client.name.name_string.size() == 2);
    return o;
  };
  return kerb::serve(kdc, request, crypto, db, now, {}, decide);
}

}  // namespace cookbook
