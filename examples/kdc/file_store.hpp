// Principals from a text file that is read once; their random keys, and those of changed passwords, are in a keytab
// beside it.
#pragma once
#include "keytab_file.hpp"

namespace example {

class file_store : public store {
 public:
  /// Makes the random keys that are missing in `keys_file`, and writes that file if there were any.
  file_store(const std::string& file, const std::string& keys_file, const std::string& realm, policy& crypto)
      : crypto_(crypto), file_(file), keys_file_(keys_file), text_(read_realm(file, realm, crypto)) {
    const file_lock lock(file);
    key_map random = read_keytab(keys_file, crypto);
    bool made = false;
    std::vector<keytab_name> all;
    for (const auto& [name, line] : text_.principals) {
      if (line.password) continue;
      std::vector<stored_key>& keys = random[name];
      for (const etype_t e : line.is.etypes) {
        if (std::any_of(keys.begin(), keys.end(), [&](const stored_key& k) { return k.key.etype() == e; })) continue;
        keys.push_back(random_key(e, line.kvno, crypto));
        made = true;
      }
    }
    for (auto& [name, keys] : random) {
      const auto line = text_.principals.find(name);
      const bool known = line != text_.principals.end();
      traits is = known ? line->second.is : traits{};
      // A password that was changed over the network: it counts until the line has the same version or a later one
      const bool changed = known && line->second.password && next_kvno(keys) > line->second.kvno + 1;
      if (changed) is = with_new_password(is);
      if (changed)
        for (stored_key& k : keys) k.salt = default_salt_of(name);
      all.push_back({name, std::make_shared<entry>(name, std::move(is), std::move(keys), known, crypto)});
      if (changed || (known && !line->second.password)) entries_[name] = all.back().keys_of;
    }
    if (made) write_keytab(keys_file, all);
    // Make all keys now: the delay of making one later would reveal that the principal exists
    if (const auto words = words_of(text_.policy);
        std::find(words.begin(), words.end(), "conceal_unknown_clients") != words.end())
      for (const auto& [name, line] : text_.principals) (void)find(name);
  }

  /// Makes the keys from a password when the principal is first looked up, which takes some hundredths of a second. If
  /// policy conceals unknown clients, all keys are made at the start.
  std::shared_ptr<const entry> find(const std::string& name) override {
    if (const auto known = entries_.find(name); known != entries_.end()) return known->second;
    const auto line = text_.principals.find(name);
    if (line == text_.principals.end()) return nullptr;
    return entries_[name] = std::make_shared<entry>(name, line->second.is,
                                                    keys_from_password(name, line->second, crypto_), true, crypto_);
  }
  /// Writes the keys into the keytab, before they are used.
  void set_password(const std::string& name, kerb::secret_view password) override {
    const auto before = find(name);
    const file_lock lock(file_);
    key_map stored = read_keytab(keys_file_, crypto_);  // it may have keys of another process
    const std::uint32_t kvno = std::max(next_kvno(before->keys()), next_kvno(stored[name]));
    const traits is = with_new_password(before->is());
    const auto made =
        std::make_shared<entry>(name, is, keys_from_password(name, is.etypes, kvno, password, crypto_), true, crypto_);
    stored.erase(name);
    std::vector<keytab_name> all{{name, made}};
    for (auto& [other, keys] : stored)
      all.push_back({other, std::make_shared<entry>(other, traits{}, std::move(keys), false, crypto_)});
    write_keytab(keys_file_, all);
    entries_[name] = made;
  }
  std::optional<std::string> way(const std::string& from) override {
    const auto found = text_.ways.find(from);
    return found == text_.ways.end() ? std::nullopt : std::optional(found->second);
  }
  std::string policy_words() override { return text_.policy; }
  bool prepares_people() const override { return true; }
  std::vector<std::vector<std::string>> capaths() override {
    std::vector<std::vector<std::string>> all;
    for (const auto& [from, to] : text_.ways) {
      if (!from.starts_with("capath ")) continue;
      all.push_back(words_of(from.substr(7) + " " + to));
    }
    return all;
  }

 private:
  policy& crypto_;
  std::string file_, keys_file_;
  realm_text text_;
  std::unordered_map<std::string, std::shared_ptr<const entry>> entries_;
};

}  // namespace example
