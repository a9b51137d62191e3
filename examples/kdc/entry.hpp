// One principal as the KDC uses it: a record with all the data that it views.
#pragma once
#include <algorithm>
#include <memory>

#include "lines.hpp"

namespace example {

/// A stored long-term key. Clients get the salt; random keys have none.
struct stored_key {
  std::uint32_t kvno = 1;
  kerb::key key;
  std::optional<std::string> salt{};
};

/// Parses a name with realm, as in the files and the database.
inline kerb::principal parsed(const std::string& name) {
  const auto p = kerb::principal::parse(name);
  if (!p) throw bad_text("\"" + name + "\" is no name of a principal");
  return *p;
}

/// The salt of a principal's keys that are made from a password: the default one (RFC 4120 section 4).
inline std::string default_salt_of(const std::string& name) {
  const kerb::principal p = parsed(name);
  std::string salt(kerb::default_salt_size(p), '\0');
  kerb::write_default_salt(p, {reinterpret_cast<std::uint8_t*>(salt.data()), salt.size()});
  return salt;
}
/// Makes the keys of a principal from a password.
inline std::vector<stored_key> keys_from_password(const std::string& name, const std::vector<etype_t>& etypes,
                                                  std::uint32_t kvno, kerb::secret_view password, policy& crypto) {
  const std::string salt = default_salt_of(name);
  std::vector<stored_key> keys;
  for (const etype_t e : etypes) {
    auto k = crypto.string_to_key(e, password, {reinterpret_cast<const std::uint8_t*>(salt.data()), salt.size()}, {});
    if (!k) throw bad_text("no key can be made for " + name + ": " + std::string(kerb::name_of(k.error().code)));
    keys.push_back({kvno, std::move(*k), salt});
  }
  return keys;
}
inline std::vector<stored_key> keys_from_password(const std::string& name, const principal_line& line, policy& crypto) {
  return keys_from_password(name, line.is.etypes, line.kvno, kerb::secret_view::of(line.password.value()), crypto);
}
/// The version of the next keys.
inline std::uint32_t next_kvno(const std::vector<stored_key>& keys) {
  std::uint32_t newest = 0;
  for (const stored_key& k : keys) newest = std::max(newest, k.kvno);
  return newest + 1;
}
/// The settings of a principal whose password has just changed.
inline traits with_new_password(traits is) {
  is.attributes.set(kerb::principal_attribute::must_change_password, false);
  is.password_expires = {};
  return is;
}
inline stored_key random_key(etype_t e, std::uint32_t kvno, policy& crypto) {
  std::array<std::uint8_t, kerb::max_key_octets> seed{};
  const kerb::wiped_on_exit wipe(seed);
  const auto part = std::span(seed).first(crypto.seed_octets(e));
  auto k = crypto.fill(part) ? crypto.random_to_key(e, part) : kerb::result<kerb::key>(kerb::errc::entropy);
  if (!k) throw std::runtime_error("no random key can be had");
  return {kvno, std::move(*k), {}};
}

/// Whether the KDC issues many tickets to this principal: to services and the KDC itself, not to people.
inline bool is_service(const std::string& name) { return name.find('/') != name.npos; }
/// Whether this is a KDC, ours or another realm's. Nobody can log in as one.
inline bool is_tgs(const std::string& name) { return name.starts_with("krbtgt/"); }

/// A record that owns the data it views. It cannot move.
class entry {
 public:
  using prepared = policy::prepared_key;

  /// The keys can be in any order. Tickets to this principal are sealed under the newest version, of the first type in
  /// `is.etypes`. `prepare` makes the key schedules for a service's tickets or a person's requests, which pays if there
  /// are many of them.
  entry(const std::string& name, traits is, std::vector<stored_key> keys, bool prepare, policy& crypto)
      : name_(parsed(name)), is_(std::move(is)), keys_(std::move(keys)) {
    if (is_tgs(name)) is_.attributes.set(kerb::principal_attribute::not_a_client);
    const auto place = [&](const stored_key& k) {
      return std::find(is_.etypes.begin(), is_.etypes.end(), k.key.etype());
    };
    std::sort(keys_.begin(), keys_.end(), [&](const stored_key& a, const stored_key& b) {
      return a.kvno != b.kvno ? a.kvno > b.kvno : place(a) < place(b);
    });
    prepared_.reserve(3 * keys_.size());
    uses_.reserve(3 * keys_.size());
    list_.reserve(keys_.size());
    for (const stored_key& k : keys_) {
      list_.push_back({.kvno = k.kvno, .key = k.key});
      const std::size_t first = uses_.size();
      const auto schedule = [&](kerb::key_usage_t u) {
        auto made = crypto.prepare(k.key, u);
        if (made) uses_.push_back({u, prepared_.emplace_back(std::move(*made))});
      };
      using u = kerb::key_usage_t;
      if (prepare && is_service(name)) {
        schedule(u::ticket);
      } else if (prepare) {
        for (const u usage : {u::as_req_enc_timestamp, u::as_rep_enc_part, u::as_req}) schedule(usage);
      }
      list_.back().prepared = {uses_.data() + first, uses_.size() - first};
      if (k.salt)
        list_.back().salt =
            kerb::kerberos_string{{reinterpret_cast<const std::uint8_t*>(k.salt->data()), k.salt->size()}};
    }
    authdata_.reserve(is_.authdata.size());
    for (authdata_word& w : is_.authdata) {
      if (w.if_relevant) {  // RFC 4120 section 5.2.6.1: a separate list, in an element of type 1
        const kerb::msg::AuthorizationDataElement one[] = {{w.type, w.octets}};
        const kerb::msg::AuthorizationData list(one);
        std::vector<std::uint8_t> octets(kerb::asn1::encoded_size(list));
        (void)kerb::asn1::encode(list, octets);
        w = {kerb::ad_t::if_relevant, std::move(octets), false};
      }
      authdata_.push_back({w.type, w.octets});
    }
    record_ = {.principal = name_.view(),
               .keys = list_,
               .attributes = is_.attributes,
               .session_etypes = is_.session_etypes,
               .max_life = is_.max_life,
               .max_renewable_life = is_.max_renewable_life,
               .valid_from = is_.valid_from,
               .expires = is_.expires,
               .password_expires = is_.password_expires,
               .cookie = reinterpret_cast<std::uintptr_t>(this)};
  }
  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;

  const kerb::principal_record<policy>& record() const { return record_; }
  const std::vector<stored_key>& keys() const { return keys_; }
  const traits& is() const { return is_; }
  /// Whether its keys are made from a password.
  bool has_password() const { return !keys_.empty() && keys_[0].salt.has_value(); }
  /// The client's authorization data for services, found by the record's cookie.
  static const std::vector<kerb::msg::AuthorizationDataElement>& authdata(const kerb::principal_record<policy>& r) {
    return reinterpret_cast<const entry*>(static_cast<std::uintptr_t>(r.cookie))->authdata_;
  }

 private:
  kerb::principal name_;
  traits is_;
  std::vector<stored_key> keys_;
  std::vector<prepared> prepared_;
  std::vector<kerb::prepared_for<policy>> uses_;
  std::vector<kerb::long_term_key<policy>> list_;
  std::vector<kerb::msg::AuthorizationDataElement> authdata_;
  kerb::principal_record<policy> record_{};
};

/// The record that is used for clients that do not exist, if policy conceals them: random keys of all encryption types,
/// prepared like the keys of people.
inline std::shared_ptr<const entry> make_decoy(bool prepare, policy& crypto) {
  traits is;
  is.etypes.assign(crypto.offered().begin(), crypto.offered().end());
  std::vector<stored_key> keys;
  for (const etype_t e : is.etypes) keys.push_back(random_key(e, 1, crypto));
  return std::make_shared<const entry>("nobody@NOWHERE", std::move(is), std::move(keys), prepare, crypto);
}

/// A source of principals. Its functions throw on failure, and the client is told that the service is not available.
class store {
 public:
  virtual ~store() = default;
  /// Finds a principal by its name with realm. Returns null if there is none.
  virtual std::shared_ptr<const entry> find(const std::string& name) = 0;
  /// The target of `alias NAME`, `enterprise TEXT`, `referral HOST-OR-REALM` or `moved NAME`, if there is one.
  virtual std::optional<std::string> way(const std::string& from) = 0;
  virtual std::string policy_words() = 0;
  /// Whether the keys of people are prepared.
  virtual bool prepares_people() const = 0;
  /// Makes new keys of a principal from a password, with the next version, in place of the old ones.
  virtual void set_password(const std::string& name, kerb::secret_view password) = 0;
  /// Each element has CLIENT-REALM, SERVER-REALM, and the realms between the two.
  virtual std::vector<std::vector<std::string>> capaths() = 0;
};

}  // namespace example
