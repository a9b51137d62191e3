// Keys that are given, made from a password, or found in what other keys open.
#pragma once
#include <kerb/botan.hpp>
#include <kerb/crypto/des3.hpp>
#include <kerb/crypto/rc4.hpp>
#include <kerb/crypto/rfc6803.hpp>
#include <kerb/format/keytab.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "model.hpp"

namespace inspect {

/// Old captures have old types, and to show them does no harm: so this policy includes the weak ones.
using policy = kerb::engine<kerb::botan::primitives, kerb::aes_sha2, kerb::aes_sha1, kerb::camellia, kerb::weak::des3,
                            kerb::weak::rc4>;

/// All known keys. They are tried one after the other: a seal opens only with the right key.
class keyring {
 public:
  struct entry {
    kerb::key key;
    std::string whose;
    std::string principal{};  ///< the owner of a keytab's key, with realm; empty: unknown
  };

  bool empty() const { return keys_.empty() && passwords.empty(); }
  std::size_t size() const { return keys_.size(); }

  /// Adds a key. Returns whether it is new and usable.
  bool add(kerb::etype_t etype, kerb::bytes_view value, const std::string& whose, const std::string& principal = "") {
    if (find(etype, value) != item::no_key) return false;
    auto made = policy_.import(etype, value);
    if (!made) return false;
    places_[{etype, octets(value.begin(), value.end())}] = keys_.size();
    of_type_[etype].push_back(keys_.size());
    labels_[whose] = keys_.size();
    keys_.push_back({std::move(*made), whose, principal});
    return true;
  }

  struct plain {
    kerb::bytes_view octets;
    std::string how;
    std::size_t key = item::no_key;
  };
  /// Tries every key of the type with every usage that is possible there, starting with keys that have opened
  /// something. The plaintext is valid as long as the ring.
  plain open(const kerb::asn1::seal& s, kerb::bytes_view cipher) {
    const auto etype = static_cast<kerb::etype_t>(s.etype);
    if (!policy_.shape(etype)) return {{}, "this encryption type cannot be opened here"};
    octets& buffer = workspace_.emplace_back(cipher.size());
    // no key is tried twice, however often the message is dissected
    tried& before = tried_[{octets(cipher.begin(), cipher.end()), s.usages.empty() ? 0 : s.usages[0]}];
    const auto opens = [&](std::size_t n) -> std::optional<plain> {
      for (const std::int32_t usage : s.usages) {
        const auto opened = unseal(n, static_cast<kerb::key_usage_t>(usage), cipher, buffer);
        if (!opened) continue;
        before.found = n;
        remember(etype, n);
        return plain{kerb::bytes_view(*opened),
                     "opened with " + keys_[n].whose + ", key usage " + std::to_string(usage), n};
      }
      return std::nullopt;
    };
    if (before.found != item::no_key) {
      if (auto p = opens(before.found)) return *std::move(p);
    } else {
      const std::size_t first = std::exchange(before.keys, keys_.size());
      for (const std::size_t n : std::vector<std::size_t>(recent_[etype]))
        if (n >= first)
          if (auto p = opens(n)) return *std::move(p);
      const std::vector<std::size_t>& all = of_type_[etype];
      for (auto n = std::lower_bound(all.begin(), all.end(), first); n != all.end(); ++n)
        if (auto p = opens(*n)) return *std::move(p);
    }
    workspace_.pop_back();
    return {{}, "no key here opens it"};
  }

  /// The keys that may protect the messages of a context: all but long-term keys. Those that have done so are first.
  std::vector<std::size_t> context_keys() const {
    std::vector<std::size_t> out = recent_context_;
    for (std::size_t n = keys_.size(); n-- != 0;)
      if (keys_[n].principal.empty() && keys_[n].whose.rfind("the password", 0) != 0 &&
          std::find(recent_context_.begin(), recent_context_.end(), n) == recent_context_.end())
        out.push_back(n);
    return out;
  }
  void remember_context(std::size_t n) {
    note_use(n);
    move_to_front(recent_context_, n);
  }
  /// Whether the key has opened or verified something, or a key that was made from it has.
  bool has_opened(std::size_t n) const { return used_.count(n) != 0; }
  /// The key, prepared for a usage; null if it cannot be.
  const policy::prepared_key* prepared(std::size_t n, kerb::key_usage_t u) {
    const auto known = prepared_.find({n, u});
    if (known != prepared_.end()) return &known->second;
    if (prepared_.size() >= most_prepared) return nullptr;
    auto made = policy_.prepare(keys_[n].key, u);
    return made ? &prepared_.emplace(std::pair{n, u}, std::move(*made)).first->second : nullptr;
  }
  policy& crypto() { return policy_; }

  /// Messages that a MIC token may cover, because the token does not have its own.
  struct message {
    std::string what;
    octets whole;
  };
  void add_message(const std::string& what, kerb::bytes_view whole) {
    octets copy(whole.begin(), whole.end());
    if (messages_.size() < most_messages && seen_messages_.insert(copy).second)
      messages_.push_back({what, std::move(copy)});
  }
  const std::deque<message>& messages() const { return messages_; }
  /// How far a per-message token has been tried.
  struct token_progress {
    std::size_t keys = 0, messages = 0;
    std::size_t key = item::no_key, message = 0;  ///< what fits
    bool turned_by_ec = false;                    ///< whether its rotation includes EC
  };
  token_progress& progress_of(kerb::bytes_view token) { return progress_[octets(token.begin(), token.end())]; }
  octets& workspace(std::size_t size) { return workspace_.emplace_back(size); }

  /// What a password is combined with to make a key.
  struct salt {
    kerb::etype_t etype;
    std::string text;
    std::uint64_t iterations;
    friend auto operator<=>(const salt&, const salt&) = default;
  };
  std::vector<std::string> passwords;

  void add_salted(const salt& s) {
    if (passwords.empty() || !policy_.shape(s.etype) || s.iterations > 1000000 || !salts_.insert(s).second) return;
    // The messages determine the salts and their cost, so the work needs a limit
    const std::uint64_t cost = passwords.size() * (s.iterations != 0 ? s.iterations : 32768);
    if (cost > work_left_) {
      too_many_salts = true;
      return;
    }
    work_left_ -= cost;
    for (const std::string& p : passwords) {
      auto made = policy_.string_to_key(s.etype, kerb::secret_view::of(p), kerb::octets_of(s.text), {s.iterations});
      if (made) add(s.etype, made->octets().unguarded(), "the password with the salt \"" + s.text + "\"");
    }
  }
  /// The block size to which plaintexts of this type are padded; 1: no padding.
  std::size_t block(kerb::etype_t e) const {
    const auto shape = policy_.shape(e);
    return shape ? shape->block : 1;
  }
  bool too_many_salts = false;  ///< whether some salts were left out
  /// The encryption types with which a salt is tried.
  kerb::view_of<kerb::etype_t> etypes() const { return policy_.offered(); }

  /// KRB-FX-CF2, RFC 6113 section 5.1.
  bool add_combined(const entry& a, std::string_view first, const entry& b, std::string_view second,
                    const std::string& whose) {
    const std::size_t size = policy_.seed_octets(a.key.etype());
    octets x = prf_plus(a.key, first, size), y = prf_plus(b.key, second, size);
    if (x.empty() || y.empty()) return false;
    for (std::size_t i = 0; i != size; ++i) x[i] = static_cast<std::uint8_t>(x[i] ^ y[i]);
    if (!add(a.key.etype(), x, whose)) return false;
    made_from_[keys_.size() - 1] = {find(a.key.etype(), a.key.octets().unguarded()),
                                    find(b.key.etype(), b.key.octets().unguarded())};
    return true;
  }
  const std::deque<entry>& keys() const { return keys_; }
  /// The number of keys that the user has given.
  std::size_t given = 0;
  std::size_t find(kerb::etype_t etype, kerb::bytes_view value) const {
    const auto found = places_.find({etype, octets(value.begin(), value.end())});
    return found == places_.end() ? item::no_key : found->second;
  }
  /// The last key with that name.
  std::size_t labelled(std::string_view whose) const {
    const auto found = labels_.find(whose);
    return found == labels_.end() ? item::no_key : found->second;
  }

 private:
  /// Derives a key for one usage only once, because many keys are tried on many messages.
  kerb::result<std::span<std::uint8_t>> unseal(std::size_t n, kerb::key_usage_t u, kerb::bytes_view cipher,
                                               std::span<std::uint8_t> buffer) {
    if (const policy::prepared_key* const k = prepared(n, u)) return policy_.unseal(*k, u, cipher, buffer);
    return policy_.unseal(keys_[n].key, u, cipher, buffer);
  }
  /// A key that has opened a message will probably open more: the last few of them are tried first.
  void remember(kerb::etype_t etype, std::size_t n) {
    note_use(n);
    move_to_front(recent_[etype], n);
  }
  void note_use(std::size_t n) {
    if (!used_.insert(n).second) return;
    if (const auto made = made_from_.find(n); made != made_from_.end())
      for (const std::size_t from : made->second) note_use(from);
  }
  static void move_to_front(std::vector<std::size_t>& list, std::size_t n) {
    list.erase(std::remove(list.begin(), list.end(), n), list.end());
    list.insert(list.begin(), n);
    if (list.size() > 16) list.pop_back();
  }
  octets prf_plus(const kerb::key& k, std::string_view pepper, std::size_t size) {
    octets out;
    const std::size_t step = policy_.prf_octets(k.etype());
    for (std::uint8_t n = 1; step != 0 && out.size() < size; ++n) {
      octets block(step);
      const kerb::bytes_view pieces[] = {{&n, 1}, kerb::octets_of(pepper)};
      if (policy_.prf(k, pieces, block) != kerb::errc::ok) return {};
      out.insert(out.end(), block.begin(), block.end());
    }
    out.resize(step == 0 ? 0 : size);
    return out;
  }

  policy policy_;
  std::deque<entry> keys_;
  std::set<std::size_t> used_;
  std::map<std::size_t, std::array<std::size_t, 2>> made_from_;  ///< of combined keys: the two keys
  std::map<std::pair<kerb::etype_t, octets>, std::size_t> places_;
  std::map<kerb::etype_t, std::vector<std::size_t>> of_type_, recent_;
  std::map<std::string, std::size_t, std::less<>> labels_;  ///< the last key with that name
  static constexpr std::size_t most_prepared = 65536;
  std::map<std::pair<std::size_t, kerb::key_usage_t>, policy::prepared_key> prepared_;
  std::deque<octets> workspace_;
  std::set<salt> salts_;
  std::uint64_t work_left_ = 50'000'000;  ///< iterations of PBKDF2: about a minute
  struct tried {
    std::size_t keys = 0;  ///< how many keys have been tried without success
    std::size_t found = item::no_key;
  };
  std::map<std::pair<octets, std::int32_t>, tried> tried_;
  std::vector<std::size_t> recent_context_;
  static constexpr std::size_t most_messages = 256;
  std::deque<message> messages_;
  std::set<octets> seen_messages_;
  std::map<octets, token_progress> progress_;
};

}  // namespace inspect
