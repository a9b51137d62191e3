// What a KDC is told of a principal: keys, limits and attributes, as the caller's database has them.
#pragma once
#include "../../core/flags.hpp"
#include "../../core/time.hpp"
#include "../../crypto/policy.hpp"
#include "../../msg/kdc.hpp"

namespace kerb::inline v0 {

/// What may and may not be done with a principal. Not a registry of any standard: the database's, not the wire's.
enum class principal_attribute : unsigned {
  locked,                ///< no tickets to it and none for it, for now
  requires_preauth,      ///< as a client: it has to pre-authenticate; as a server: its clients have to have
  not_a_client,          ///< has no tickets of its own
  not_a_server,          ///< tickets for it are not issued, nor taken by the TGS
  user_to_user_only,     ///< they are, under its session keys: for keys made from passwords, RFC 4120 section 3.7
  no_user_to_user,       ///< no tickets under a session key of its own
  initial_only,          ///< tickets for it come from the AS alone: kadmin/changepw
  changes_passwords,     ///< served to a client whose password has expired: kadmin/changepw
  must_change_password,  ///< gets tickets for nothing else
  no_forwardable,
  no_proxiable,
  no_postdated,
  no_renewable,
  ok_as_delegate,  ///< RFC 4120 section 2.8: clients may delegate to it
};

/// One long-term key of a principal.
template <crypto_policy C>
struct long_term_key {
  /// Written in its form: MIT krb5 reads no version from 2^31 on, which those of read-only domain controllers are,
  /// unless it is negative (integer_form::negative), as Windows writes it.
  uint32 kvno = 1;
  ref<const typename C::key> key;
  /// The same key prepared for key_usage_t::ticket, or null: what a KDC seals and opens tickets with at its best speed.
  const typename C::prepared_key* for_tickets = nullptr;
  /// The same for what an AS exchange does with a client's key, each or null: key_usage_t::as_req_enc_timestamp,
  /// as_rep_enc_part, and as_req, which is the checksum of RFC 6806 section 11.
  const typename C::prepared_key* for_timestamps = nullptr;
  const typename C::prepared_key* for_replies = nullptr;
  const typename C::prepared_key* for_checksums = nullptr;
  std::optional<kerberos_string> salt{};  ///< none: the default salt of the name that was asked for
  std::optional<bytes_view> s2kparams{};  ///< none: the encryption type's default
};

/// A principal. Every view, and every key, must outlive the exchange it is given to.
template <crypto_policy C>
struct principal_record {
  principal_view principal;          ///< its canonical name; another than the one asked for makes that an alias
  view_of<long_term_key<C>> keys{};  ///< the preferred first, and of one encryption type the newest
  flags<principal_attribute> attributes{};
  /// For a server: the encryption types of session keys that it declares; none: those that it has keys of.
  view_of<etype_t> session_etypes{};
  std::optional<std::int64_t> max_life{};            ///< seconds
  std::optional<std::int64_t> max_renewable_life{};  ///< seconds
  std::optional<kerberos_time> valid_from{};
  std::optional<kerberos_time> expires{};
  std::optional<kerberos_time> password_expires{};
  view_of<msg::LastReqEntry> last_req{};  ///< RFC 4120 section 5.4.2
  std::uint64_t cookie = 0;               ///< the caller's own
};

}  // namespace kerb::inline v0
