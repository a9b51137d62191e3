// Octets sealed and opened (RFC 3961 section 3), and keys made from passwords.
#include <kerb/crypto/buffered_random.hpp>
#include <kerb/crypto/fork_wiped.hpp>
#include <kerb/crypto/seal_all.hpp>

#include <cstring>

#include "bench.hpp"
#include "floor.hpp"

namespace kerb_bench {
namespace {

constexpr kerb::key_usage_t usage = kerb::key_usage_t::ap_req_authenticator;
constexpr int usage_number = static_cast<int>(usage);
constexpr std::size_t sizes[] = {64, 256, 1024, 4096, 65536};
constexpr const char *password = "correct horse battery", *salt = "EX.ORGalice";

/// A plaintext, and what it is when sealed: by kerb, and checked by everybody before it is measured.
struct text {
  const kerb::etype_facts& facts;
  policy p;
  kerb::key key;
  std::vector<std::uint8_t> plain, sealed;

  text(int etype, std::size_t size)
      : facts(facts_of(etype)), key(*p.import(facts.etype, handle_key(etype))), plain(size) {
    for (std::size_t i = 0; i != size; ++i) plain[i] = static_cast<std::uint8_t>(i * 31 + 7);
    sealed.resize(16 + size + facts.tag);
    std::memcpy(sealed.data() + 16, plain.data(), size);
    (void)p.fill(std::span(sealed).first(16));
    (void)p.seal(key, usage, sealed);
  }
  bool is_plain(const std::uint8_t* o) const { return std::memcmp(o, plain.data(), plain.size()) == 0; }
  /// Whether kerb opens it to the plaintext.
  bool opens(kerb::bytes_view in) {
    std::vector<std::uint8_t> buffer(in.size());
    const auto got = p.unseal(key, usage, in, buffer);
    return got && got->size() == plain.size() && is_plain(got->data());
  }
};

template <class Policy, class Key>
void seal_kerb(benchmark::State& state, Policy& p, text& t, const Key& key) {
  std::vector<std::uint8_t> io(t.sealed.size());
  const auto seal = [&] {
    std::memcpy(io.data() + 16, t.plain.data(), t.plain.size());  // as whoever writes the plaintext there
    const bool good = p.fill(std::span(io).first(16)) && p.seal(key, usage, io) == kerb::errc::ok;
    benchmark::DoNotOptimize(io.data());
    return good;
  };
  if (!seal() || !t.opens(kerb::bytes_view(io))) return give_up(state, "what it seals does not open");
  timed(state, seal);
}
template <class Policy, class Key>
void open_kerb(benchmark::State& state, Policy& p, text& t, const Key& key) {
  std::vector<std::uint8_t> buffer(t.sealed.size());
  timed(state, [&] {
    const auto got = p.unseal(key, usage, kerb::bytes_view(t.sealed), buffer);
    benchmark::DoNotOptimize(buffer.data());
    return got.has_value();
  });
}

void seal_peer(benchmark::State& state, const peer_ops& peer, int etype, text& t, bool fresh) {
  void* const handle = peer_handle(peer, etype);
  if (handle == nullptr) return give_up(state, "cannot be set up");
  std::vector<std::uint8_t> out(t.sealed.size() + 64);
  const auto seal = [&](std::size_t& n) {
    return peer.seal(handle, fresh, usage_number, as_peer(kerb::bytes_view(t.plain)), out.data(), &n);
  };
  std::size_t n = 0;
  if (const int why = seal(n)) return give_up(state, peer.text(handle, why));
  if (!t.opens(kerb::bytes_view(out).first(n))) return give_up(state, "what it seals does not open");
  timed(state, [&] { return seal(n) == 0; });
}
void open_peer(benchmark::State& state, const peer_ops& peer, int etype, text& t, bool fresh) {
  void* const handle = peer_handle(peer, etype);
  if (handle == nullptr) return give_up(state, "cannot be set up");
  std::vector<std::uint8_t> out(t.sealed.size() + 64);
  const auto open = [&](std::size_t& n) {
    return peer.unseal(handle, fresh, usage_number, as_peer(kerb::bytes_view(t.sealed)), out.data(), &n);
  };
  std::size_t n = 0;
  if (const int why = open(n)) return give_up(state, peer.text(handle, why));
  if (n != t.plain.size() || !t.is_plain(out.data())) return give_up(state, "it opens to something else");
  timed(state, [&] { return open(n) == 0; });
}

/// With the keys scheduled, or derived and scheduled each time; for sealing with a confounder from the library's own
/// source.
template <class Library>
void seal_floor(benchmark::State& state, int etype, text& t, bool fresh) {
  floor_keys<Library> keys(t.facts, fresh);
  const kerb::bytes_view key = handle_key(etype);
  const octets key_octets(key.data(), key.size());
  keys.schedule(key_octets, usage);
  std::vector<std::uint8_t> io(t.sealed.size());
  const auto seal = [&] {
    if (fresh) keys.schedule(key_octets, usage);
    std::memcpy(io.data() + 16, t.plain.data(), t.plain.size());
    Library::random(std::span(io).first(16));
    keys.seal(io);
    benchmark::DoNotOptimize(io.data());
    return true;
  };
  seal();
  if (!t.opens(kerb::bytes_view(io))) return give_up(state, "what it seals does not open");
  timed(state, seal);
}
template <class Library>
void open_floor(benchmark::State& state, int etype, text& t, bool fresh) {
  floor_keys<Library> keys(t.facts, fresh);
  const kerb::bytes_view key = handle_key(etype);
  const octets key_octets(key.data(), key.size());
  keys.schedule(key_octets, usage);
  std::vector<std::uint8_t> buffer(t.sealed.size());
  const auto open = [&] {
    if (fresh) keys.schedule(key_octets, usage);
    const bool good = keys.open(t.sealed, buffer.data());
    benchmark::DoNotOptimize(buffer.data());
    return good;
  };
  if (!open() || !t.is_plain(buffer.data() + 16)) return give_up(state, "it opens to something else");
  timed(state, open);
}

using s2k_octets = std::vector<std::uint8_t>;
template <class Policy>
s2k_octets password_key(Policy& p, const kerb::etype_facts& f) {
  const auto k = p.string_to_key(f.etype, kerb::secret_view::of(std::string_view(password)),
                                 {reinterpret_cast<const std::uint8_t*>(salt), std::strlen(salt)}, {});
  if (!k) return {};
  const kerb::secret_view o = p.expose(*k);
  return {o.data(), o.data() + o.size()};
}
template <class Library>
void password_floor(benchmark::State& state, int etype) {
  const kerb::etype_facts& f = facts_of(etype);
  floor_keys<Library> keys(f);
  std::string salted(is_sha2(f) ? std::string(name_of(f.etype)) + '\0' + salt : std::string(salt));
  std::uint8_t base[32], out[32];
  const auto make = [&] {
    Library::pbkdf2(f, password, {reinterpret_cast<const std::uint8_t*>(salted.data()), salted.size()},
                    std::span(base).first(f.key));
    keys.derive_password_key({base, f.key}, out);
    benchmark::DoNotOptimize(out);
    return true;
  };
  make();
  policy p;
  if (password_key(p, f) != s2k_octets(out, out + f.key)) return give_up(state, "it makes another key");
  timed(state, make);
}

template <class Library>
void add_floor(int e, const std::string& suffix, std::size_t size) {
  for (const bool fresh : {false, true}) {
    const std::string who = Library::name + std::string(fresh ? "_fresh" : "");
    add("crypto/seal" + suffix, who, [=](benchmark::State& s) {
      text t(e, size);
      seal_floor<Library>(s, e, t, fresh);
    });
    add("crypto/open" + suffix, who, [=](benchmark::State& s) {
      text t(e, size);
      open_floor<Library>(s, e, t, fresh);
    });
  }
}

template <class Policy>
void add_kerb(int e, const std::string& suffix, std::size_t size, const std::string& who) {
  for (const bool sealing : {true, false})
    for (const bool fresh : {true, false})
      add((sealing ? "crypto/seal" : "crypto/open") + suffix, who + (fresh ? "_fresh" : ""), [=](benchmark::State& s) {
        text t(e, size);
        Policy p;
        const auto prepared = p.prepare(t.key, usage);
        const auto run = [&](const auto& key) { sealing ? seal_kerb(s, p, t, key) : open_kerb(s, p, t, key); };
        if (fresh) run(t.key);
        else run(*prepared);
      });
}

// ---- several messages under one key

constexpr std::size_t batch = kerb::cts_lanes;

/// As many messages as are sealed at once, each counted as one.
struct batch_of {
  text t;
  std::vector<std::vector<std::uint8_t>> buffer;
  std::vector<std::span<std::uint8_t>> messages;

  batch_of(int etype, std::size_t size) : t(etype, size), buffer(batch, t.sealed) {
    for (auto& r : buffer) messages.emplace_back(r);
  }
  void fill() {
    for (const auto& m : messages) std::memcpy(m.data() + 16, t.plain.data(), t.plain.size());
  }
  bool all_open() {
    for (const auto& m : messages)
      if (!t.opens(kerb::bytes_view(m))) return false;
    return true;
  }
};

template <class Seal>
void seal_batch(benchmark::State& state, batch_of& b, Seal&& seal) {
  const auto once = [&] {
    b.fill();
    const bool good = seal();
    benchmark::DoNotOptimize(b.buffer.data());
    benchmark::ClobberMemory();
    return good;
  };
  if (!once() || !b.all_open()) return give_up(state, "what it seals does not open");
  timed(state, once, batch);
}

template <class P>
void add_cipher_batch(int e, std::size_t size, const std::string& who) {
  for (const bool together : {true, false})
    add("crypto/cipher_batch/" + etype_text(e) + "/" + std::to_string(size), who + (together ? "" : "_single"),
        [=](benchmark::State& s) {
          batch_of b(e, size);
          P p;
          typename P::cipher c;
          bool good = p.rekey(c, b.t.facts.cipher, kerb::secret_view(handle_key(e))) == kerb::errc::ok;
          const auto tag = b.t.facts.tag;
          timed(
              s,
              [&] {
                if (together) {
                  good &= kerb::cts_encrypt_many(p, c, b.messages, tag) == kerb::errc::ok;
                } else {
                  for (const auto& m : b.messages)
                    good &= kerb::cts_encrypt(p, c, m.first(m.size() - tag), m.data()) == kerb::errc::ok;
                }
                benchmark::ClobberMemory();
                return good;
              },
              batch);
        });
}

void add_batch(int e, std::size_t size) {
  const std::string what = "crypto/seal_batch/" + etype_text(e) + "/" + std::to_string(size);
  add(what, "kerb", [=](benchmark::State& s) {
    batch_of b(e, size);
    const auto key = b.t.p.prepare(b.t.key, usage);
    seal_batch(s, b, [&] { return seal_all(b.t.p, b.t.p, *key, usage, b.messages) == kerb::errc::ok; });
  });
  add(what, "kerb_single", [=](benchmark::State& s) {
    batch_of b(e, size);
    const auto key = b.t.p.prepare(b.t.key, usage);
    seal_batch(s, b, [&] {
      bool good = true;
      for (const auto& m : b.messages) good &= b.t.p.fill(m.first(16)) && b.t.p.seal(*key, usage, m) == kerb::errc::ok;
      return good;
    });
  });
  for (const peer_ops* peer : peers())
    add(what, peer->name, [=](benchmark::State& s) {
      text t(e, size);
      seal_peer(s, *peer, e, t, false);
    });
  add(what, "botan", [=](benchmark::State& s) {
    text t(e, size);
    seal_floor<botan_library>(s, e, t, false);
  });
  add_cipher_batch<kerb::botan::primitives>(e, size, "kerb");
  add_cipher_batch<kerb::openssl::primitives>(e, size, "kerb_openssl");
}

template <class Source>
void draw(benchmark::State& state, Source& source) {
  std::array<std::uint8_t, 16> confounder;
  timed(state, [&] {
    const bool good = source.fill(confounder);
    benchmark::DoNotOptimize(confounder);
    return good;
  });
}

}  // namespace

void add_crypto() {
  add("crypto/random/16", "kerb", [](benchmark::State& s) {
    policy p;
    draw(s, p);
  });
  add("crypto/random/16", "kerb_buffered", [](benchmark::State& s) {
    policy p;
    kerb::fork_wiped_page page;
    kerb::buffered_random random(p, page.octets(256));
    draw(s, random);
  });
  add("crypto/random/16", "kerb_openssl", [](benchmark::State& s) {
    kerb::openssl::policy p;
    draw(s, p);
  });
  for (const int e : all_etypes) {
    for (const std::size_t size : sizes) {
      const std::string suffix = "/" + etype_text(e) + "/" + std::to_string(size);
      add_kerb<policy>(e, suffix, size, "kerb");
      for (const bool sealing : {true, false}) {
        const std::string what = (sealing ? "crypto/seal" : "crypto/open") + suffix;
        for (const peer_ops* p : peers())
          for (const bool fresh : {true, false})
            add(what, p->name + std::string(fresh ? "_fresh" : ""), [=](benchmark::State& s) {
              text t(e, size);
              sealing ? seal_peer(s, *p, e, t, fresh) : open_peer(s, *p, e, t, fresh);
            });
      }
      add_kerb<kerb::openssl::policy>(e, suffix, size, "kerb_openssl");
      add_floor<botan_library>(e, suffix, size);
      add_floor<openssl_library>(e, suffix, size);
    }

    for (const std::size_t size : {64, 256, 1024, 4096}) add_batch(e, size);

    const std::string what = "crypto/string_to_key/" + etype_text(e);
    add(what, "kerb", [=](benchmark::State& s) {
      policy p;
      timed(s, [&] { return !password_key(p, facts_of(e)).empty(); });
    });
    add(what, "kerb_openssl", [=](benchmark::State& s) {
      kerb::openssl::policy p;
      timed(s, [&] { return !password_key(p, facts_of(e)).empty(); });
    });
    for (const peer_ops* peer : peers())
      add(what, peer->name, [=](benchmark::State& s) {
        void* const handle = peer_handle(*peer, e);
        if (handle == nullptr) return give_up(s, "cannot be set up");
        s2k_octets out(64);
        std::size_t n = 0;
        policy p;
        const int why = peer->string_to_key(handle, e, password, salt, out.data(), &n);
        if (why != 0) return give_up(s, peer->text(handle, why));
        if (s2k_octets(out.data(), out.data() + n) != password_key(p, facts_of(e)))
          return give_up(s, "it makes another key");
        timed(s, [&] { return peer->string_to_key(handle, e, password, salt, out.data(), &n) == 0; });
      });
    add(what, "botan", [=](benchmark::State& s) { password_floor<botan_library>(s, e); });
    add(what, "openssl", [=](benchmark::State& s) { password_floor<openssl_library>(s, e); });
  }
}

}  // namespace kerb_bench
