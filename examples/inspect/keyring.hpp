// Keys: given, made from a password, or learnt from what others open.
#pragma once
#include <kerb/botan.hpp>
#include <kerb/format/keytab.hpp>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "model.hpp"

namespace inspect {

/// All keys that are known, tried one after the other: a seal that opens says that the key was right.
class keyring {
 public:
  struct entry {
    kerb::key key;
    std::string whose;
  };

  bool empty() const { return keys_.empty() && passwords.empty(); }
  std::size_t size() const { return keys_.size(); }

  /// Whether it is new and of a kind that can be used.
  bool add(kerb::etype_t etype, kerb::bytes_view value, const std::string& whose) {
    if (find(etype, value) != item::no_key) return false;
    auto made = policy_.import(etype, value);
    if (!made) return false;
    keys_.push_back({std::move(*made), whose});
    return true;
  }

  struct plain {
    kerb::bytes_view octets;
    std::string how;
    std::size_t key = item::no_key;
  };
  /// Tries every key under every usage that the place allows; the plaintext lives as long as the ring.
  plain open(const kerb::asn1::seal& s, kerb::bytes_view cipher) {
    const auto etype = static_cast<kerb::etype_t>(s.etype);
    if (!policy_.shape(etype)) return {{}, "this encryption type cannot be opened here"};
    octets& room = room_.emplace_back(cipher.size());
    // no key is tried twice, however often the message is gone over
    tried& before = tried_[{octets(cipher.begin(), cipher.end()), s.usages.empty() ? 0 : s.usages[0]}];
    const std::size_t first = before.found != item::no_key ? before.found : std::exchange(before.keys, keys_.size());
    for (std::size_t n = first; n != keys_.size(); ++n) {
      const entry& e = keys_[n];
      if (e.key.etype() != etype) continue;
      for (const std::int32_t usage : s.usages) {
        const auto u = static_cast<kerb::key_usage_t>(usage);
        const auto opened = policy_.unseal(e.key, u, cipher, room);
        if (!opened) continue;
        before.found = n;
        return {kerb::bytes_view(*opened), "opened with " + e.whose + ", key usage " + std::to_string(usage), n};
      }
    }
    room_.pop_back();
    return {{}, "no key here opens it"};
  }

  /// What a password has to be mixed with.
  struct salt {
    kerb::etype_t etype;
    std::string text;
    std::uint64_t iterations;
    friend auto operator<=>(const salt&, const salt&) = default;
  };
  std::vector<std::string> passwords;

  void add_salted(const salt& s) {
    if (passwords.empty() || !policy_.shape(s.etype) || s.iterations > 1000000 || !salts_.insert(s).second) return;
    for (const std::string& p : passwords) {
      auto made = policy_.string_to_key(s.etype, kerb::secret_view::of(p), kerb::octets_of(s.text), {s.iterations});
      if (made) add(s.etype, made->octets().unguarded(), "the password with the salt \"" + s.text + "\"");
    }
  }
  /// The AES types that a default salt is tried with.
  kerb::view_of<kerb::etype_t> etypes() const { return policy_.offered(); }

  /// KRB-FX-CF2, RFC 6113 section 5.1.
  bool add_combined(const entry& a, std::string_view first, const entry& b, std::string_view second,
                    const std::string& whose) {
    const std::size_t size = policy_.seed_octets(a.key.etype());
    octets x = prf_plus(a.key, first, size), y = prf_plus(b.key, second, size);
    if (x.empty() || y.empty()) return false;
    for (std::size_t i = 0; i != size; ++i) x[i] = static_cast<std::uint8_t>(x[i] ^ y[i]);
    return add(a.key.etype(), x, whose);
  }
  const std::deque<entry>& keys() const { return keys_; }
  /// How many were there before anything was learnt.
  std::size_t given = 0;
  std::size_t find(kerb::etype_t etype, kerb::bytes_view value) const {
    for (std::size_t n = 0; n != keys_.size(); ++n)
      if (keys_[n].key.etype() == etype && keys_[n].key.octets().unguarded() == value) return n;
    return item::no_key;
  }
  /// The last one of that name.
  std::size_t labelled(std::string_view whose) const {
    for (std::size_t n = keys_.size(); n-- != 0;)
      if (keys_[n].whose == whose) return n;
    return item::no_key;
  }

 private:
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

  kerb::botan::policy policy_;
  std::deque<entry> keys_;
  std::deque<octets> room_;
  std::set<salt> salts_;
  struct tried {
    std::size_t keys = 0;  ///< so many have been tried in vain
    std::size_t found = item::no_key;
  };
  std::map<std::pair<octets, std::int32_t>, tried> tried_;
};

}  // namespace inspect
