// The realm that the KDC serves: its policy, and the look-up of the names in a request.
#pragma once
#include <kerb/exchange/kdc/serve.hpp>

#include "entry.hpp"

namespace example {

/// kerb::kdc_policy with the data that it views.
class realm_settings {
 public:
  realm_settings(std::string realm, store& from) : realm_(std::move(realm)), capaths_(from.capaths()) {
    is.realm = kerb::kerberos_string::of(realm_);
    is.require_preauth = false;  // each principal has its own setting
    for (const std::string& w : words_of(from.policy_words())) {
      const std::size_t equals = w.find('=');
      const std::string name = w.substr(0, equals), value = equals == w.npos ? "" : w.substr(equals + 1);
      if (name == "max_life") is.max_life = duration_of(value);
      else if (name == "max_renewable_life") is.max_renewable_life = duration_of(value);
      else if (name == "max_postdate") is.max_postdate = duration_of(value);
      else if (w == "conceal_unknown_clients") is.conceal_unknown_clients = true;
      else if (w == "anonymous") is.anonymous = true;
      else if (name == "min_password")
        min_password = static_cast<std::size_t>(number_of<std::uint16_t>(value).value_or(0));
      else if (w == "ignore_addresses") is.check_addresses = false;
      else throw bad_text("policy: \"" + w + "\" is not known here");
    }
    for (const auto& p : capaths_)
      for (std::size_t i = 2; i != p.size(); ++i)
        paths_.push_back(
            {kerb::kerberos_string::of(p[0]), kerb::kerberos_string::of(p[1]), kerb::kerberos_string::of(p[i])});
    is.paths.paths = paths_;
    // A client that need not pre-authenticate would get a ticket, and an unknown one an error
    if (is.conceal_unknown_clients) is.require_preauth = true;
  }
  realm_settings(const realm_settings&) = delete;
  realm_settings& operator=(const realm_settings&) = delete;

  kerb::kdc_policy is;
  std::size_t min_password = 8;  ///< the least number of characters of a new password
  const std::string& realm() const { return realm_; }

 private:
  std::string realm_;
  std::vector<std::vector<std::string>> capaths_;
  std::vector<kerb::realm_path> paths_;
};

/// The look-ups of one request at a time. What they find is valid until forget().
class directory {
 public:
  directory(store& from, const std::string& realm) : store_(from), realm_(realm) {}

  void forget() { held_.clear(); }

  /// Answers kerb::need_principal.
  kerb::lookup<policy> find(const kerb::need_principal& ask) {
    using role = kerb::principal_role;
    const auto text = text_of(ask.principal);
    if (!text) return kerb::not_found{};
    if (ask.principal.name.name_type == kerb::name_t::enterprise && is_one(ask.principal)) return enterprise(ask);
    if (const auto e = store_.find(*text)) return keep(e);
    // A client may use an alias only if it asks for its canonical name: services would take it for another client
    if (ask.role != role::client || ask.may_refer)
      if (const auto canonical = store_.way("alias " + *text))
        if (const auto e = store_.find(*canonical)) return keep(e);
    if (!ask.may_refer) return kerb::not_found{};
    if (ask.role == role::client) return lead(store_.way("moved " + without_realm(*text)));
    return referral(ask.principal);
  }

 private:
  static constexpr std::size_t most_host_octets = 255;
  static std::string of(kerb::kerberos_string s) { return {s.octets.begin(), s.octets.end()}; }
  static bool is_one(const kerb::principal_view& p) { return p.name.name_string.size() == 1; }
  /// The name as the store has it.
  static std::optional<std::string> text_of(const kerb::principal_view& p) {
    std::array<char, 4096> buffer;
    const auto text = kerb::to_text(p, buffer);
    return text ? std::optional<std::string>(*text) : std::nullopt;
  }
  std::string without_realm(const std::string& text) const { return text.substr(0, text.size() - realm_.size() - 1); }

  kerb::lookup<policy> keep(const std::shared_ptr<const entry>& e) {
    held_.push_back(e);
    return e->record();
  }
  kerb::lookup<policy> lead(const std::optional<std::string>& realm) {
    if (!realm) return kerb::not_found{};
    way_ = *realm;
    return kerb::in_realm{kerb::kerberos_string::of(way_)};
  }
  /// RFC 6806 section 5: an enterprise name has one component, like a mail address. It is ours if it has a line, or if
  /// its domain is our realm. Then the octets before the last @ are the only component of the principal's name. They
  /// are not parsed: other spellings of a name would find a principal that the KDC conceals.
  kerb::lookup<policy> enterprise(const kerb::need_principal& ask) {
    const std::string text = of(*ask.principal.name.name_string.begin());
    if (const auto canonical = store_.way("enterprise " + text))
      if (const auto e = store_.find(*canonical)) return keep(e);
    const std::size_t at = text.rfind('@');
    const std::string domain = at == text.npos ? realm_ : text.substr(at + 1);
    if (domain == realm_) {
      const std::string before = text.substr(0, at);
      const kerb::kerberos_string component[] = {kerb::kerberos_string::of(before)};
      const auto name = text_of({{kerb::name_t::principal, component}, kerb::kerberos_string::of(realm_)});
      if (const auto e = name ? store_.find(*name) : nullptr) return keep(e);
      const auto canonical = name ? store_.way("alias " + *name) : std::nullopt;  // Heimdal's kinit --canonicalize
      if (const auto e = canonical ? store_.find(*canonical) : nullptr) return keep(e);
      return name && ask.may_refer ? lead(store_.way("moved " + without_realm(*name))) : kerb::not_found{};
    }
    return ask.may_refer ? lead(store_.way("moved @" + domain)) : kerb::not_found{};
  }
  /// The next realm on the way to a realm or a host: looked up by its own name, then by the name of each domain around
  /// it.
  kerb::lookup<policy> referral(const kerb::principal_view& p) {
    if (p.name.name_string.size() != 2) return kerb::not_found{};
    std::string where = of(*++p.name.name_string.begin());
    // RFC 1035 section 2.3.4: limits the look-ups, which are one for each label
    if (where.size() > most_host_octets || where.find("..") != where.npos) return kerb::not_found{};
    for (std::size_t dot = 0; dot != where.npos; dot = where.find('.', 1)) {
      where = where.substr(dot);
      if (const auto next = store_.way("referral " + where)) return lead(next);
    }
    return kerb::not_found{};
  }

  store& store_;
  const std::string& realm_;
  std::vector<std::shared_ptr<const entry>> held_;
  std::string way_;
};

}  // namespace example
