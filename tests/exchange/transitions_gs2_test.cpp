// SASL's GS2-KRB5, gs2_client and gs2_server, against its tables of transitions.
#include "support/explorer.hpp"
#include "support/gs2_world.hpp"

using namespace kerb_explorer;

namespace {

struct gs2_client_scene : scene<gss::gs2_client<policy>> {
  static constexpr unsigned variants = 2;  // without a binding to the connection, and with one
  static constexpr bool keeps_plaintext = false;
  kerb_test::gs2_world w;
  basic_credential<key> credential = w.credential();
  gss::gs2_client<policy> x;
  octet_list sent, given;

  explicit gs2_client_scene(unsigned variant) : x((arrange(w, variant), params())) {}
  gss::gs2_client_params<key> params() {
    auto p = w.client_params(credential);
    p.gss.buffer = first;
    return p;
  }
  static void arrange(kerb_test::gs2_world& world, unsigned variant) {
    if (variant == 0) return;
    world.channel = kerb_test::tls_unique;
    world.channels = kerb_test::both_channels;
    world.server_binds = true;
  }
  timestamp now() const { return w.now; }
  static unsigned ways(call c) { return c == call::receive ? 2 : c == call::set_buffer ? ways_to_set_buffer : 1; }
  /// The server's challenge.
  bytes_view next() {
    if (sent.empty()) return junk;
    gss::gs2_server<policy> s(w.server_params());
    const auto heard = w.respond_to(s, sent);
    return given = copy(std::get<gss::challenge>(heard).octets);
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::start: {
        const step s = x.start(env);
        if (const auto* r = std::get_if<gss::respond>(&s)) sent = copy(r->octets);
        return note(s);
      }
      case call::receive: return note(x.receive(way == 1 ? bytes_view(junk) : next(), env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool waits() const {
    const auto* out = last ? std::get_if<gss::respond>(&*last) : nullptr;
    return out != nullptr && out->then == afterwards::wait;
  }
  bool expects(call c) const {
    switch (c) {
      case call::start: return !last;
      case call::receive: return !taken && waits();
      case call::set_buffer: return !last || (!taken && waits());
      case call::take: return last_is<gss::respond>() && !waits();
    }
    return false;
  }
  unsigned mark() const { return in_tight; }
  bool shut() { return !std::move(x).take(); }
};

struct gs2_server_scene : scene<gss::gs2_server<policy>> {
  static constexpr unsigned variants = 3;  // without a binding, with one, without a replay cache
  static constexpr bool keeps_plaintext = true;
  kerb_test::gs2_world w, elsewhere;
  basic_credential<key> credential, for_another;
  key service_key = w.service_key(), another_key = w.other_key(w.service_etype);
  gss::gs2_client<policy> client, lost;
  octet_list good, bad;
  gss::gs2_server<policy> x;
  unsigned tried = 0;

  explicit gs2_server_scene(unsigned variant)
      : credential((arrange(w, variant), w.credential())),
        for_another((elsewhere.service = kerb_test::ap_world_names::ftp, elsewhere.credential())),
        client(w.client_params(credential)),
        lost(elsewhere.client_params(for_another)),
        x(params(variant)) {
    const auto response = [](auto& c, kerb_test::gs2_world& world) {
      const auto s = c.start(world.turn());
      return copy(std::get<gss::respond>(s).octets);
    };
    good = response(client, w);
    bad = response(lost, elsewhere);
    secrets.push_back(copy(bytes_view(kerb_test::session_octets)));
    secrets.push_back(copy(kerb_test::ap_world_names::alice_parts[1].octets));
  }
  static void arrange(kerb_test::gs2_world& world, unsigned variant) {
    if (variant != 1) return;
    world.channel = kerb_test::tls_unique;
    world.channels = kerb_test::both_channels;
    world.server_binds = true;
  }
  gss::gs2_server_params params(unsigned variant) {
    auto p = w.server_params();
    p.gss.ap.buffer = first;
    if (variant == 2) p.gss.ap.replays = replay_rule::by_application;
    return p;
  }
  timestamp now() const { return w.now; }
  static unsigned ways(call c) {
    switch (c) {
      case call::receive:
      case call::provide:
      case call::replay_checked: return 3;
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  /// What the client sends next; otherwise something that is wrong there.
  bytes_view next(bool right) {
    if (!last) return right ? good : bad;
    return right ? bytes_view() : bytes_view(bad);
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::receive: return note(x.receive(way == 1 ? bytes_view(junk) : next(way == 0), env));
      case call::provide: {
        auto late = env;
        if (way == 2 && at.in_range()) late.now.at.seconds += 3600;
        const step s = x.provide(way == 1 ? another_key : service_key, late);
        if (is<need_ticket_key>(s)) ++tried;
        return note(s);
      }
      case call::no_key: return note(x.no_key(errc::no_key, env));
      case call::replay_checked: {
        constexpr replay_verdict verdicts[] = {replay_verdict::fresh, replay_verdict::seen, replay_verdict::unknown};
        return note(x.replay_checked(verdicts[way], env));
      }
      case call::accept: return note(x.accept({}, env));
      case call::refuse: return note(x.refuse(error_code_t::kdc_err_policy, env));
      case call::allow: return note(x.allow(env));
      case call::deny: return note(x.deny(env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool expects(call c) const {
    switch (c) {
      case call::receive: return !last || last_is<gss::challenge>();
      case call::provide:
      case call::no_key: return last_is<need_ticket_key>();
      case call::replay_checked: return last_is<check_replay>();
      case call::accept:
      case call::refuse: return last_is<authenticated>();
      case call::allow:
      case call::deny: return last_is<gss::authorize_as>();
      case call::set_buffer: return !last;
      case call::take: return last_is<done>();
    }
    return false;
  }
  unsigned mark() const { return in_tight + 2 * std::min(tried, 1u); }
  bool shut() { return x.peer() == nullptr && !std::move(x).take(); }
};

}  // namespace

TEST_CASE("gs2_client: every call in every state does what the table of transitions says", "[gss][rfc5801-4]") {
  follows_its_table<gss::detail::gs2_client_table, gs2_client_scene>();
}
TEST_CASE("gs2_server: every call in every state does what the table of transitions says", "[gss][rfc5801-4]") {
  follows_its_table<gss::detail::gs2_server_table, gs2_server_scene>();
}
