// SASL, sasl_client and sasl_server, against its tables of transitions.
#include "support/explorer.hpp"
#include "support/sasl_world.hpp"

using namespace kerb_explorer;

namespace {

using kerb_test::sasl_layer;
constexpr gss_flags no_flags{gss_flag_t::integ};

struct sasl_client_scene : scene<gss::sasl_client<policy>> {
  static constexpr unsigned variants = 2;  // with mutual authentication, and without
  static constexpr bool keeps_plaintext = false;
  kerb_test::sasl_world w;
  basic_credential<key> credential = w.credential();
  gss::sasl_client<policy> x;
  octet_list sent, given;
  std::optional<gss::context<policy>> theirs;

  explicit sasl_client_scene(unsigned variant) : x((arrange(w, variant), params())) {}
  gss::sasl_client_params<key> params() {
    auto p = w.client_params(credential);
    p.gss.buffer = first;
    return p;
  }
  static void arrange(kerb_test::sasl_world& world, unsigned variant) {
    if (variant == 0) return;
    world.flags = no_flags;
    world.client_layers = {sasl_layer::none};
    world.options = {};
  }
  timestamp now() const { return w.now; }
  static unsigned ways(call c) { return c == call::receive ? 3 : c == call::set_buffer ? ways_to_set_buffer : 1; }
  /// What the server sends next; `good`: an offer that the client can accept.
  bytes_view next(bool good) {
    if (sent.empty()) return junk;
    if (theirs) return given = copy(w.token(*theirs, {std::uint8_t(good ? 7 : 8), 4096}));
    gss::acceptor<policy> a(w.acceptor_params());
    const auto s = w.take(a, sent);
    const auto* r = std::get_if<reply>(&s);
    const bool replied = r != nullptr;
    if (replied) given = copy(r->octets);
    theirs.emplace(kerb_test::must(std::move(a).take()));
    return replied ? bytes_view(given) : next(good);
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::start: {
        const step s = x.start(env);
        if (const auto* r = std::get_if<gss::respond>(&s)) sent = copy(r->octets);
        return note(s);
      }
      case call::receive: return note(x.receive(way == 1 ? bytes_view(junk) : next(way == 0), env));
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
  unsigned mark() const { return in_tight + 2 * theirs.has_value(); }
  bool shut() { return !std::move(x).take(); }
};

struct sasl_server_scene : scene<gss::sasl_server<policy>> {
  static constexpr unsigned variants = 4;  // with mutual authentication, without, in DCE style, without a replay cache
  static constexpr bool keeps_plaintext = true;
  kerb_test::sasl_world w, elsewhere;
  basic_credential<key> credential, for_another;
  key service_key = w.service_key(), another_key = w.other_key(w.service_etype);
  gss::initiator<policy> client, lost;
  octet_list good, bad, third, given;
  std::optional<gss::context<policy>> theirs;
  gss::sasl_server<policy> x;
  unsigned tried = 0;
  bool offered = false;

  explicit sasl_server_scene(unsigned variant)
      : credential((arrange(w, variant), w.credential())),
        for_another((elsewhere.service = kerb_test::ap_world_names::ftp, elsewhere.credential())),
        client(w.initiator_params(credential)),
        lost(elsewhere.initiator_params(for_another)),
        x(params(variant)) {
    const auto token = [](auto& i, kerb_test::sasl_world& world) {
      const auto s = i.start(world.turn());
      return copy(std::get<send>(s).octets);
    };
    good = token(client, w);
    bad = token(lost, elsewhere);
    if (variant == 1) theirs.emplace(kerb_test::must(std::move(client).take()));
    secrets.push_back(copy(bytes_view(kerb_test::session_octets)));
    secrets.push_back(copy(kerb_test::ap_world_names::alice_parts[1].octets));
  }
  static void arrange(kerb_test::sasl_world& world, unsigned variant) {
    if (variant == 1) world.flags = no_flags, world.options = {};
    if (variant == 2) world.flags.set(gss_flag_t::dce_style);
  }
  gss::sasl_server_params params(unsigned variant) {
    auto p = w.server_params();
    p.gss.ap.buffer = first;
    if (variant == 3) p.gss.ap.replays = replay_rule::by_application;
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
    if (offered) return given = copy(w.token(*theirs, {std::uint8_t(right ? 1 : 6), 0}));
    return right ? third : bad;
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::receive: return noted(x.receive(way == 1 ? bytes_view(junk) : next(way == 0), env));
      case call::provide: {
        auto late = env;
        if (way == 2 && at.in_range()) late.now.at.seconds += 3600;
        const step s = x.provide(way == 1 ? another_key : service_key, late);
        if (is<need_ticket_key>(s)) ++tried;
        return noted(s);
      }
      case call::no_key: return noted(x.no_key(errc::no_key, env));
      case call::replay_checked: {
        constexpr replay_verdict verdicts[] = {replay_verdict::fresh, replay_verdict::seen, replay_verdict::unknown};
        return noted(x.replay_checked(verdicts[way], env));
      }
      case call::accept: return noted(x.accept({}, env));
      case call::refuse: return noted(x.refuse(error_code_t::kdc_err_policy, env));
      case call::allow: return noted(x.allow(env));
      case call::deny: return noted(x.deny(env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  made<step> noted(const step& s) {
    if (const auto* ch = std::get_if<gss::challenge>(&s)) {
      offered = theirs.has_value();
      if (!theirs) {
        const auto r = client.receive(ch->octets, w.turn());
        if (const auto* leg = std::get_if<send>(&r)) third = copy(leg->octets);
        theirs.emplace(kerb_test::must(std::move(client).take()));
      }
    }
    return note(s);
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
  unsigned mark() const { return in_tight + 2 * std::min(tried, 1u) + 4 * offered; }
  bool shut() { return x.peer() == nullptr && !std::move(x).take(); }
};

}  // namespace

TEST_CASE("sasl_client: every call in every state does what the table of transitions says", "[gss][rfc4752-3.1]") {
  follows_its_table<gss::detail::sasl_client_table, sasl_client_scene>();
}
TEST_CASE("sasl_server: every call in every state does what the table of transitions says", "[gss][rfc4752-3.2]") {
  follows_its_table<gss::detail::sasl_server_table, sasl_server_scene>();
}
