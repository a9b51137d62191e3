// A principal's record in the caller's database: keys, limits and attributes.
#pragma once
#include "../../core/flags.hpp"
#include "../../core/time.hpp"
#include "../../crypto/policy.hpp"
#include "../../msg/kdc.hpp"

namespace kerb::inline v0 {

/// Permissions of a principal. They belong to the database; no standard defines them, and none is
/// sent. Those of a client count when it asks the AS: the TGS does not look up the client of a
/// ticket-granting ticket, so a client keeps what it can get with one until its renew-till. A program
/// that wants to stop this refuses the client at the step `authorize`.
enum class principal_attribute : unsigned {
  locked,                ///< for now, the AS issues no tickets to it, and no tickets for it are issued
  requires_preauth,      ///< as a client: must pre-authenticate; as a server: its clients must have pre-authenticated
  not_a_client,          ///< gets no tickets of its own
  not_a_server,          ///< no tickets for it are issued, and the TGS accepts none
  user_to_user_only,     ///< only tickets under its session keys: for keys derived from passwords, RFC 4120 section 3.7
  no_user_to_user,       ///< no tickets under a session key of its own
  initial_only,          ///< only the AS issues tickets for it: kadmin/changepw
  changes_passwords,     ///< available to a client whose password has expired: kadmin/changepw
  must_change_password,  ///< the AS issues tickets to it only for servers with changes_passwords
  no_forwardable,
  no_proxiable,
  no_postdated,
  no_renewable,
  ok_as_delegate,  ///< RFC 4120 section 2.8: clients may delegate to it
};

/// A key prepared for one usage. The prepared key must outlive the exchange.
template <crypto_policy C>
struct prepared_for {
  key_usage_t usage;
  ref<const typename C::prepared_key> key;
};

/// One long-term key of a principal.
template <crypto_policy C>
struct long_term_key {
  /// How the version is encoded in tickets. The versions of read-only domain controllers are 2^31
  /// or more. MIT krb5 reads such a version only if it is written as a negative number, as Windows
  /// does (integer_form::negative).
  uint32 kvno = 1;
  ref<const typename C::key> key;
  /// None: the default salt of the record's name. If a client requests an alias, it is told that salt.
  std::optional<kerberos_string> salt{};
  std::optional<bytes_view> s2kparams{};  ///< none: the encryption type's default
  /// The same key prepared for some usages, each at most once; an exchange uses the key itself for
  /// all others. Worth preparing are, for a server, key_usage_t::ticket; and for a client
  /// as_req_enc_timestamp, as_rep_enc_part, and as_req, which is the checksum of
  /// RFC 6806 section 11.
  view_of<prepared_for<C>> prepared{};
};

/// A principal. Every view, and every key, must outlive the exchange that it is given to.
template <crypto_policy C>
struct principal_record {
  principal_view principal;  ///< its canonical name; if it differs from the requested name, that name is an alias
  view_of<long_term_key<C>> keys{};  ///< preferred keys first, and of one encryption type the newest first
  flags<principal_attribute> attributes{};
  /// For a server: the encryption types that it declares for session keys; none: those of its keys.
  view_of<etype_t> session_etypes{};
  std::optional<std::int64_t> max_life{};            ///< seconds
  std::optional<std::int64_t> max_renewable_life{};  ///< seconds
  std::optional<kerberos_time> valid_from{};
  std::optional<kerberos_time> expires{};
  std::optional<kerberos_time> password_expires{};
  /// For an AS-REP (RFC 4120 section 5.4.2). as_kdc adds `password_expires` and `expires` to a list of
  /// at most 14 entries, unless the list has an entry of that type.
  view_of<msg::LastReqEntry> last_req{};
  std::uint64_t cookie = 0;  ///< for the caller's use
};

namespace detail {
/// The key in its prepared form for a usage; null if it is not prepared for it.
template <crypto_policy C>
constexpr const typename C::prepared_key* prepared_key_for(const long_term_key<C>& k, key_usage_t usage) {
  for (const prepared_for<C>& p : k.prepared)
    if (p.usage == usage) return &p.key.get();
  return nullptr;
}
/// Returns f(key), with the key in the form that is fastest for this usage.
template <crypto_policy C, class F>
constexpr auto with_key_for(key_usage_t usage, const long_term_key<C>& k, F&& f) {
  const typename C::prepared_key* const prepared = prepared_key_for(k, usage);
  return prepared != nullptr ? f(*prepared) : f(k.key.get());
}
}  // namespace detail

}  // namespace kerb::inline v0
