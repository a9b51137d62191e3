// The AP exchange, ap_initiator and ap_acceptor, against its tables of transitions.
#include "support/ap_world.hpp"
#include "support/explorer.hpp"

using namespace kerb_explorer;

namespace {

struct ap_initiator_scene : scene<ap_initiator<policy>> {
  static constexpr unsigned variants = 2;  // with mutual authentication, and without
  static constexpr bool keeps_plaintext = false;
  kerb_test::ap_world w;
  basic_credential<key> credential = w.credential();
  ap_initiator<policy> x;
  std::array<std::uint8_t, 1024> answer{};

  explicit ap_initiator_scene(unsigned variant)
      : x({.credential = credential, .buffer = first, .mutual = variant == 0 ? required : if_asked}) {
    secrets.push_back({0x2a, 0x5b, 0x7c, 0x1d});                    // the service's sequence number
    secrets.push_back(copy(bytes_view(kerb_test::subkey_octets)));  // and its subkey
  }
  timestamp now() const { return w.now; }
  bool is_stray(call c, unsigned way) const { return c == call::receive && way != 4; }
  static unsigned ways(call c) { return c == call::receive ? 5 : c == call::set_buffer ? ways_to_set_buffer : 1; }
  bytes_view ap_rep(std::int32_t off) {
    const msg::EncApRepPart part{w.now.at,
                                 {w.now.usec.count + off},
                                 kerb_test::key_as_sent(etype_t::aes256_cts_hmac_sha1_96, kerb_test::subkey_octets),
                                 0x2a5b7c1d};
    return kerb_test::must(testing::mint_ap_rep(part, w.session_key(), w.turn(), answer));
  }
  bytes_view krb_error() {
    msg::KrbError e;
    e.stime = w.now.at;
    e.error_code = error_code_t::krb_ap_err_modified;
    e.realm = kerb_test::ap_world_names::web.realm;
    e.sname = kerb_test::ap_world_names::web.name;
    return kerb_test::must(asn1::encode(e, answer));
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::start: return note(x.start(env));
      case call::receive:
        return note(way == 0   ? x.receive(ap_rep(0), env)
                    : way == 1 ? x.receive(ap_rep(1), env)
                    : way == 2 ? x.receive(krb_error(), env)
                    : way == 3 ? x.receive(junk, env)
                               : x.receive(junk, env, transport::stream));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool waits() const {
    const auto* out = last ? std::get_if<send>(&*last) : nullptr;
    return out != nullptr && out->then == afterwards::wait;
  }
  bool expects(call c) const {
    switch (c) {
      case call::start: return !last;
      case call::receive: return !taken && waits();
      case call::set_buffer: return !last || (!taken && waits());
      case call::take: return last_is<done>() || (last_is<send>() && !waits());
    }
    return false;
  }
  unsigned mark() const { return in_tight; }
  bool shut() { return !std::move(x).take(); }
};

struct ap_acceptor_scene : scene<ap_acceptor<policy>> {
  static constexpr unsigned variants = 4;  // with a replay cache or without, and with mutual authentication or without
  static constexpr bool keeps_plaintext = true;
  kerb_test::ap_world w;
  octet_list good, for_another;
  key service_key = w.service_key(), another_key = w.other_key(w.service_etype);
  ap_acceptor<policy> x;
  std::array<std::uint8_t, 1024> reply_at{};
  unsigned tried = 0;

  explicit ap_acceptor_scene(unsigned variant)
      : x([&] {
          acceptor_params p = w.request_in(first);
          if (variant % 2 == 1) p.replays = replay_rule::by_application;
          return p;
        }()) {
    if (variant / 2 == 1) w.options = {};
    w.authenticator.subkey = kerb_test::key_as_sent(etype_t::aes256_cts_hmac_sha1_96, kerb_test::subkey_octets);
    good = copy(w.mint());
    w.service = kerb_test::ap_world_names::ftp;
    for_another = copy(w.mint());
    secrets.push_back(copy(bytes_view(kerb_test::session_octets)));
    secrets.push_back(copy(bytes_view(kerb_test::subkey_octets)));
    secrets.push_back(copy(kerb_test::ap_world_names::alice_parts[1].octets));
  }
  timestamp now() const { return w.now; }
  static unsigned ways(call c) {
    switch (c) {
      case call::receive:
      case call::provide:
      case call::replay_checked:
      case call::accept: return 3;
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::receive:
        return note(x.receive(way == 0 ? bytes_view(good) : way == 1 ? bytes_view(for_another) : junk, env));
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
      case call::accept:
        return note(x.accept(
            {.reply = way == 0 ? std::span<std::uint8_t>() : std::span(reply_at).first(way == 1 ? 1 : 1024)}, env));
      case call::refuse: return note(x.refuse(error_code_t::kdc_err_policy, env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool expects(call c) const {
    switch (c) {
      case call::receive:
      case call::set_buffer: return !last;
      case call::provide:
      case call::no_key: return last_is<need_ticket_key>();
      case call::replay_checked: return last_is<check_replay>();
      case call::accept:
      case call::refuse: return last_is<authenticated>();
      case call::take: return last_is<reply, done>();
    }
    return false;
  }
  unsigned mark() const { return in_tight + 2 * std::min(tried, 1u); }
  bool shut() { return x.peer() == nullptr && x.refusal().empty() && !std::move(x).take(); }
};

}  // namespace

TEST_CASE("ap_initiator: every call in every state does what the table of transitions says",
          "[exchange][rfc4120-3.2]") {
  follows_its_table<detail::ap_initiator_table, ap_initiator_scene>();
}
TEST_CASE("ap_acceptor: every call in every state does what the table of transitions says",
          "[exchange][rfc4120-3.2.3]") {
  follows_its_table<detail::ap_acceptor_table, ap_acceptor_scene>();
}
