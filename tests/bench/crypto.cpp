// Octets sealed and opened (RFC 3961 section 3), and keys made from passwords.
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
      : facts(facts_of(etype)), key(std::move(*p.import(facts.etype, handle_key(etype)))), plain(size) {
    for (std::size_t i = 0; i != size; ++i) plain[i] = static_cast<std::uint8_t>(i * 31 + 7);
    sealed.resize(16 + size + facts.tag);
    std::memcpy(sealed.data() + 16, plain.data(), size);
    (void)p.fill(std::span(sealed).first(16));
    (void)p.seal(key, usage, sealed);
  }
  bool is_plain(const std::uint8_t* o) const { return std::memcmp(o, plain.data(), plain.size()) == 0; }
  /// Whether kerb opens it to the plaintext.
  bool opens(kerb::bytes_view in) {
    std::vector<std::uint8_t> room(in.size());
    const auto got = p.unseal(key, usage, in, room);
    return got && got->size() == plain.size() && is_plain(got->data());
  }
};

template <class Key>
void seal_kerb(benchmark::State& state, text& t, const Key& key) {
  std::vector<std::uint8_t> io(t.sealed.size());
  timed(state, [&] {
    std::memcpy(io.data() + 16, t.plain.data(), t.plain.size());  // as whoever writes the plaintext there
    const bool good = t.p.fill(std::span(io).first(16)) && t.p.seal(key, usage, io) == kerb::errc::ok;
    benchmark::DoNotOptimize(io.data());
    return good;
  });
}
template <class Key>
void open_kerb(benchmark::State& state, text& t, const Key& key) {
  std::vector<std::uint8_t> room(t.sealed.size());
  timed(state, [&] {
    const auto got = t.p.unseal(key, usage, kerb::bytes_view(t.sealed), room);
    benchmark::DoNotOptimize(room.data());
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

/// With the keys scheduled, and for sealing with a confounder from the library's own source.
template <class Library>
void seal_floor(benchmark::State& state, int etype, text& t) {
  floor_keys<Library> keys(t.facts);
  keys.schedule(handle_key(etype), usage);
  std::vector<std::uint8_t> io(t.sealed.size());
  const auto seal = [&] {
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
void open_floor(benchmark::State& state, int etype, text& t) {
  floor_keys<Library> keys(t.facts);
  keys.schedule(handle_key(etype), usage);
  std::vector<std::uint8_t> room(t.sealed.size());
  const auto open = [&] {
    const bool good = keys.open(t.sealed, room.data());
    benchmark::DoNotOptimize(room.data());
    return good;
  };
  if (!open() || !t.is_plain(room.data() + 16)) return give_up(state, "it opens to something else");
  timed(state, open);
}

using s2k_octets = std::vector<std::uint8_t>;
s2k_octets password_key(policy& p, const kerb::etype_facts& f) {
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
  add("crypto/seal" + suffix, Library::name, [=](benchmark::State& s) {
    text t(e, size);
    seal_floor<Library>(s, e, t);
  });
  add("crypto/open" + suffix, Library::name, [=](benchmark::State& s) {
    text t(e, size);
    open_floor<Library>(s, e, t);
  });
}

}  // namespace

void add_crypto() {
  for (const int e : all_etypes) {
    for (const std::size_t size : sizes) {
      const std::string suffix = "/" + etype_text(e) + "/" + std::to_string(size);
      for (const bool sealing : {true, false}) {
        const std::string what = (sealing ? "crypto/seal" : "crypto/open") + suffix;
        add(what, "kerb_fresh", [=](benchmark::State& s) {
          text t(e, size);
          sealing ? seal_kerb(s, t, t.key) : open_kerb(s, t, t.key);
        });
        add(what, "kerb", [=](benchmark::State& s) {
          text t(e, size);
          const auto key = t.p.prepare(t.key, usage);
          sealing ? seal_kerb(s, t, *key) : open_kerb(s, t, *key);
        });
        for (const peer_ops* p : peers())
          for (const bool fresh : {true, false})
            add(what, p->name + std::string(fresh ? "_fresh" : ""), [=](benchmark::State& s) {
              text t(e, size);
              sealing ? seal_peer(s, *p, e, t, fresh) : open_peer(s, *p, e, t, fresh);
            });
      }
      add_floor<botan_library>(e, suffix, size);
      add_floor<openssl_library>(e, suffix, size);
    }

    const std::string what = "crypto/string_to_key/" + etype_text(e);
    add(what, "kerb", [=](benchmark::State& s) {
      policy p;
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
