// What the targets share whose input is a script of moves: the script, a network on which an adversary has every
// message, and octets that are valid for as long as the documentation says, and no longer.
#pragma once
#include <kerb/exchange/step.hpp>
#include <kerb/testing/mutate.hpp>

#include <list>
#include <string>
#include <vector>

#include "require.hpp"

namespace kerb_fuzz {

using octet_list = std::vector<std::uint8_t>;
inline octet_list copy(kerb::bytes_view v) { return {v.begin(), v.end()}; }

/// The input, one number after the other.
class script {
 public:
  explicit script(kerb::bytes_view in) : in_(in) {}
  bool over() const { return in_.empty(); }
  std::uint8_t next() {
    if (in_.empty()) return 0;
    const std::uint8_t o = in_[0];
    in_ = in_.subview(1);
    return o;
  }
  /// A number below n.
  std::size_t below(std::size_t n) { return next() % n; }

 private:
  kerb::bytes_view in_;
};

/// A principal as a text; different principals have different texts. The type of the name is no part of it.
inline std::string text_of(const kerb::principal_view& p) {
  std::string s;
  const auto add = [&](kerb::bytes_view v) {
    s += std::to_string(v.size()) + ':';
    for (const std::uint8_t o : v) s += static_cast<char>(o);
  };
  add(p.realm.octets);
  for (const kerb::kerberos_string part : p.name.name_string) add(part.octets);
  return s;
}
/// What testing::insecure_policy has sealed: it hides nothing.
inline kerb::bytes_view plain(kerb::bytes_view cipher) {
  return cipher.size() < 16 ? kerb::bytes_view() : cipher.subview(8, cipher.size() - 16);
}
inline octet_list octets_of(const kerb::key& k) { return copy(k.octets().unguarded()); }
inline octet_list octets_of(const std::optional<kerb::key>& k) { return k ? octets_of(*k) : octet_list(); }

/// Every message that was sent. An adversary can deliver each of them to anyone, in any order, any number of times, and
/// changed; but can seal only under the keys that it has.
class network {
 public:
  void add(kerb::bytes_view message) {
    if (!message.empty() && sent_.size() < 64) sent_.push_back(copy(message));
  }
  void learn(const kerb::msg::EncryptionKey& k) { learn(k.keytype, k.keyvalue); }
  void learn(kerb::etype_t e, kerb::bytes_view octets) {
    for (const known& k : known_)
      if (k.etype == e && kerb::bytes_view(k.octets) == octets) return;
    if (known_.size() < 16) known_.push_back({e, copy(octets)});
  }
  /// A message that was sent, as it was or changed. Empty if none was.
  template <class... Message>
  octet_list any(script& in) {
    if (sent_.empty()) return {};
    return changed<Message...>(sent_[in.below(sent_.size())], in);
  }
  template <class... Message>
  octet_list changed(octet_list m, script& in) {
    switch (in.below(6)) {
      case 0: {
        std::vector<kerb::testing::mutation_key> keys;
        for (const known& k : known_) keys.push_back({k.etype, k.octets});
        const std::size_t size = m.size();
        m.resize(size + 512);
        const unsigned seed = in.next() * 256u + in.next();
        m.resize(kerb::testing::mutate<Message...>(m, size, seed, {.keys = keys}).size);
        return m;
      }
      case 1:
        if (!m.empty()) m[(in.next() * 256u + in.next()) % m.size()] ^= static_cast<std::uint8_t>(1u << in.below(8));
        return m;
      case 2: m.resize((in.next() * 256u + in.next()) % (m.size() + 1)); return m;
      default: return m;
    }
  }

 private:
  struct known {
    kerb::etype_t etype;
    octet_list octets;
  };
  std::vector<octet_list> sent_;
  std::vector<known> known_;
};

/// Octets that were given to an exchange. A sanitizer finds a use of them after they were forgotten.
class lent_octets {
 public:
  kerb::bytes_view add(octet_list o) { return all_.emplace_back(std::move(o)); }
  void forget() { all_.clear(); }

 private:
  std::list<octet_list> all_;
};

/// The buffer of an exchange: a block of exactly the size that the exchange asks for. It moves whenever the exchange
/// permits it, and the old one is gone.
class moving_buffer {
 public:
  explicit moving_buffer(std::size_t size) : octets_(size) {}
  std::span<std::uint8_t> get() { return octets_; }
  template <class X>
  bool move(X& x, std::size_t size) {
    octet_list other(size);
    if (!x.set_buffer(other)) return false;
    octets_.swap(other);
    return true;
  }
  /// Makes a call, and repeats it in a larger buffer where it is too small.
  template <class X, class F>
  typename X::step grow(X& x, F&& call) {
    typename X::step s = call();
    for (int n = 0; kerb::is<kerb::need_buffer>(s); ++n) {
      const std::size_t size = std::get<kerb::need_buffer>(s).size;
      require(size > octets_.size() && size < 100000 && n < 8,
              "asks for a buffer that is larger, and of moderate size");
      require(move(x, size), "moves to a buffer of the size that it asked for");
      s = call();
    }
    return s;
  }

 private:
  octet_list octets_;
};

/// The reason of `failed`.
template <class Step>
kerb::errc failure(const Step& s) {
  const auto* f = std::get_if<kerb::failed>(&s);
  return f != nullptr ? f->why.code : kerb::errc::ok;
}

}  // namespace kerb_fuzz
