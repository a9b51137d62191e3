// GSS-API (RFC 4121): a context established, a client accepted, and messages wrapped and unwrapped.
#include <kerb/gss.hpp>

#include "bench.hpp"
#include "floor.hpp"

namespace kerb_bench {
namespace {

using initiator = kerb::botan::gss::initiator;
using acceptor = kerb::botan::gss::acceptor;
using context = kerb::botan::gss::context;
using kerb::gss::protection;

constexpr kerb::exchange_limits limits{.clock_skew = 86400};
constexpr kerb::gss_flags flags{kerb::gss_flag_t::mutual, kerb::gss_flag_t::conf, kerb::gss_flag_t::integ};
constexpr std::size_t sizes[] = {64, 1024, 16384, 65536};

/// A client and a service of kerb with the ticket that the peers have.
class both_sides {
 public:
  explicit both_sides(int etype) : credential_(handle_credential(etype)), service_(handle_service(etype)) {
    key_ = *p.prepare(service_.key, kerb::key_usage_t::ticket);
  }
  kerb::environment<policy> environment() { return {p, now(), limits}; }
  initiator first() { return initiator({.credential = credential_, .buffer = out_, .flags = flags}); }
  acceptor second() {
    return acceptor({.ap = {.service = service_.name, .buffer = in_, .replays = kerb::replay_rule::by_application}});
  }
  /// Runs an acceptor on the first token; empty octets if it fails.
  kerb::bytes_view answer(acceptor& a, kerb::bytes_view token) {
    const auto env = environment();
    auto step = a.receive(token, env);
    if (kerb::is<kerb::need_ticket_key>(step)) step = a.provide(*key_, env);
    if (kerb::is<kerb::authenticated>(step)) step = a.accept({}, env);
    const auto* r = std::get_if<kerb::reply>(&step);
    return r == nullptr ? kerb::bytes_view() : r->octets;
  }
  struct pair {
    context ours, theirs;
  };
  std::optional<pair> meet() {
    initiator i = first();
    acceptor a = second();
    const auto step = i.start(environment());
    const auto* s = std::get_if<kerb::send>(&step);
    if (s == nullptr) return std::nullopt;
    const kerb::bytes_view back = answer(a, s->octets);
    if (!kerb::is<kerb::done>(i.receive(back, environment()))) return std::nullopt;
    auto ours = std::move(i).take();
    auto theirs = std::move(a).take();
    if (!ours || !theirs) return std::nullopt;
    return pair{std::move(*ours), std::move(*theirs)};
  }

  policy p;

 private:
  kerb::botan::credential credential_;
  service_key service_;
  std::optional<policy::prepared_key> key_;
  std::array<std::uint8_t, 4096> out_, in_;
};

void meet_kerb(benchmark::State& state, int etype) {
  both_sides w(etype);
  timed(state, [&] { return w.meet().has_value(); });
}
void accept_kerb(benchmark::State& state, int etype) {
  both_sides w(etype);
  initiator i = w.first();
  const auto step = i.start(w.environment());
  const auto* s = std::get_if<kerb::send>(&step);
  if (s == nullptr) return give_up(state, "no token");
  timed(state, [&] {
    acceptor a = w.second();
    return !w.answer(a, s->octets).empty() && std::move(a).take().has_value();
  });
}
void wrap_kerb(benchmark::State& state, int etype, std::size_t n) {
  both_sides w(etype);
  auto both = w.meet();
  if (!both) return give_up(state, "no context");
  std::vector<std::uint8_t> message(n, 0x55), token(n + 128);
  timed(state, [&] {
    const auto t = both->ours.wrap(message, protection::confidentiality, token, w.p);
    return t.has_value();
  });
}
/// A message there: wrapped by the one side, unwrapped by the other, since each token can be opened only once.
void message_kerb(benchmark::State& state, int etype, std::size_t n) {
  both_sides w(etype);
  auto both = w.meet();
  if (!both) return give_up(state, "no context");
  std::vector<std::uint8_t> message(n, 0x55), token(n + 128), out(n + 128);
  timed(state, [&] {
    const auto t = both->ours.wrap(message, protection::confidentiality, token, w.p);
    if (!t) return false;
    const auto m = both->theirs.unwrap(*t, out, w.p);
    return m.has_value() && m->message.size() == n && m->seen == kerb::gss::order::in_order;
  });
}

constexpr std::size_t batch = 8;
/// Several messages wrapped in place, together or one after the other.
void wrap_batch_kerb(benchmark::State& state, int etype, std::size_t n, bool together) {
  both_sides w(etype);
  auto both = w.meet();
  const auto size = both ? both->ours.wrap_size(n, protection::confidentiality, w.p) : kerb::errc::api_misuse;
  if (!size) return give_up(state, "no context");
  std::vector<std::uint8_t> octets(batch * *size, 0x55);
  std::array<std::span<std::uint8_t>, batch> tokens;
  for (std::size_t i = 0; i != batch; ++i) tokens[i] = std::span(octets).subspan(i * *size, *size);
  timed(
      state,
      [&] {
        bool good = true;
        if (together) {
          const kerb::view_of<std::span<std::uint8_t>> all(tokens);
          good = kerb::gss::wrap_many(both->ours, all, protection::confidentiality, w.p) == kerb::errc::ok;
        } else {
          for (const auto t : tokens)
            good &= both->ours.wrap_in_place(t, protection::confidentiality, w.p) == kerb::errc::ok;
        }
        benchmark::ClobberMemory();
        return good;
      },
      batch);
}

/// What the cipher and the MAC of one message cost, on scheduled keys.
template <class Library>
void floor(benchmark::State& state, int etype, std::size_t n, bool opens) {
  const kerb::etype_facts* f = nullptr;
  for (const auto& x : kerb::aes_sha1::etypes)
    if (static_cast<int>(x.etype) == etype) f = &x;
  for (const auto& x : kerb::aes_sha2::etypes)
    if (static_cast<int>(x.etype) == etype) f = &x;
  floor_keys<Library> k(*f);
  k.schedule(handle_key(etype), kerb::key_usage_t::gss_initiator_seal);
  std::vector<std::uint8_t> io(16 + n + 16 + f->tag, 0x55), out(io.size());
  k.seal(io);
  timed(state, [&] {
    Library::random(std::span(io).first(16));
    k.seal(io);
    benchmark::DoNotOptimize(io.data());
    return !opens || k.open(io, out.data());
  });
}

/// A peer with a context on both sides; null if it cannot be.
void* peer_context(benchmark::State& state, const peer_ops& peer, int etype) {
  void* const handle = peer_handle(peer, etype);
  if (handle == nullptr) return give_up(state, "cannot be set up"), nullptr;
  if (const int why = peer.gss_meet(handle); why != 0) return give_up(state, peer.text(handle, why)), nullptr;
  return handle;
}
void meet_peer(benchmark::State& state, const peer_ops& peer, int etype) {
  void* const handle = peer_context(state, peer, etype);
  if (handle != nullptr) timed(state, [&] { return peer.gss_meet(handle) == 0; });
}
void accept_peer(benchmark::State& state, const peer_ops& peer, int etype) {
  void* const handle = peer_context(state, peer, etype);
  if (handle == nullptr) return;
  both_sides w(etype);
  initiator i = w.first();
  const auto step = i.start(w.environment());
  const auto* s = std::get_if<kerb::send>(&step);
  if (s == nullptr) return give_up(state, "no token");
  timed(state, [&] { return peer.gss_accept(handle, as_peer(s->octets)) == 0; });
}
void wrap_peer(benchmark::State& state, const peer_ops& peer, int etype, std::size_t n, bool opens) {
  void* const handle = peer_context(state, peer, etype);
  if (handle == nullptr) return;
  std::vector<std::uint8_t> message(n, 0x55);
  peer_octets token{};
  std::size_t size = 0;
  timed(state, [&] {
    if (peer.gss_wrap(handle, 1, as_peer(message), &token) != 0) return false;
    return !opens || (peer.gss_unwrap(handle, token, &size) == 0 && size == n);
  });
}

}  // namespace

void add_gss() {
  for (const int e : all_etypes) {
    const std::string suffix = "/" + etype_text(e);
    add("gss/context" + suffix, "kerb", [=](benchmark::State& s) { meet_kerb(s, e); });
    add("gss/accept" + suffix, "kerb", [=](benchmark::State& s) { accept_kerb(s, e); });
    std::vector<const peer_ops*> others;
    for (const peer_ops* p : peers())
      if (e < 19 || std::string(p->name) == "mit") others.push_back(p);  // Heimdal 7.8 has no GSS-API for 19 and 20
    for (const peer_ops* p : others) {
      add("gss/context" + suffix, p->name, [=](benchmark::State& s) { meet_peer(s, *p, e); });
      add("gss/accept" + suffix, p->name, [=](benchmark::State& s) { accept_peer(s, *p, e); });
    }
    for (const std::size_t n : sizes) {
      const std::string size = "/" + std::to_string(n);
      const std::string several = "gss/wrap_batch" + suffix + size;
      add(several, "kerb", [=](benchmark::State& s) { wrap_batch_kerb(s, e, n, true); });
      add(several, "kerb_single", [=](benchmark::State& s) { wrap_batch_kerb(s, e, n, false); });
      for (const bool opens : {false, true}) {
        const std::string what = (opens ? "gss/message" : "gss/wrap") + suffix + size;
        add(what, "kerb", [=](benchmark::State& s) { opens ? message_kerb(s, e, n) : wrap_kerb(s, e, n); });
        for (const peer_ops* p : others)
          add(what, p->name, [=](benchmark::State& s) { wrap_peer(s, *p, e, n, opens); });
        add(what, "botan", [=](benchmark::State& s) { floor<botan_library>(s, e, n, opens); });
        add(what, "openssl", [=](benchmark::State& s) { floor<openssl_library>(s, e, n, opens); });
      }
    }
  }
}

}  // namespace kerb_bench
