// Changing a password, kpasswd_client and kpasswd_service, against their tables of transitions.
#include "support/explorer.hpp"
#include "support/kpasswd_world.hpp"

using namespace kerb_explorer;

namespace {

constexpr auto success = "0000"_hex;
constexpr auto refusal = "00046e6f"_hex;

struct kpasswd_client_scene : scene<kpasswd_client<policy>> {
  static constexpr unsigned variants = 2;        // the two kinds of requests
  static constexpr bool keeps_plaintext = true;  // the result
  kerb_test::kpasswd_world w;
  basic_credential<key> credential = w.w.credential();
  kpasswd_client<policy> x;
  octet_list request;

  explicit kpasswd_client_scene(unsigned variant)
      : x({.credential = credential,
           .new_password = kerb_test::new_secret,
           .buffer = first,
           .version = variant == 0 ? kpasswd_frame::change_version : kpasswd_frame::set_version}) {
    secrets.push_back({0x2a, 0x5b, 0x7c, 0x1d});  // the service's sequence number
  }
  timestamp now() const { return w.w.now; }
  bool is_stray(call c, unsigned way) const { return c == call::receive && way != 6; }
  static unsigned ways(call c) { return c == call::receive ? 7 : c == call::set_buffer ? ways_to_set_buffer : 1; }
  bytes_view reply(bytes_view data, std::int32_t off) {
    if (request.empty()) return junk;
    const auto seen = w.open(request);
    auto p = w.parts(seen);
    p.ap.cusec.count += off;
    p.ap.seq_number = 0x2a5b7c1d;
    return w.reply(data, p, seen.subkey);
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.w.turn(at);
    switch (c) {
      case call::start: {
        const step s = x.start(env);
        if (const auto* out = std::get_if<send>(&s)) request = copy(out->octets);
        return note(s);
      }
      case call::receive:
        return note(way == 0   ? x.receive(reply(success, 0), env)
                    : way == 1 ? x.receive(reply(refusal, 0), env)
                    : way == 2 ? x.receive(reply(success, 1), env)
                    : way == 3 ? x.receive(w.krb_error({}), env)
                    : way == 4 ? x.receive(w.frame({1, {}, w.krb_error(bytes_view(refusal))}), env)
                    : way == 5 ? x.receive(junk, env)
                               : x.receive(junk, env, transport::stream));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool expects(call c) const {
    switch (c) {
      case call::start: return !last;
      case call::receive: return last_is<send>();
      case call::set_buffer: return !last || last_is<send>();
      case call::take: return last_is<done>();
    }
    return false;
  }
  unsigned mark() const { return in_tight; }
  bool shut() { return x.framed().empty() && !std::move(x).take(); }
};

struct kpasswd_service_scene : scene<kpasswd_service<policy>> {
  static constexpr unsigned variants = 2;  // a client that may change its password, and one that may not
  static constexpr bool keeps_plaintext = true;
  kerb_test::kpasswd_world w;
  octet_list good, for_another;
  key service_key = w.w.service_key(), another_key = w.w.other_key(w.w.service_etype);
  kpasswd_service<policy> x;
  unsigned tried = 0;

  explicit kpasswd_service_scene(unsigned variant)
      : x([&] {
          auto p = w.service_params();
          p.ap.buffer = first;
          return p;
        }()) {
    if (variant == 1) w.w.ticket.flags = {};
    good = copy(w.request(kerb_test::new_password));
    w.w.service = kerb_test::ap_world_names::ftp;
    for_another = copy(w.request(kerb_test::new_password));
    secrets.push_back(copy(bytes_view(kerb_test::session_octets)));
    secrets.push_back(copy(bytes_view(kerb_test::subkey_octets)));
    secrets.push_back(copy(bytes_view(kerb_test::new_password)));
  }
  timestamp now() const { return w.w.now; }
  static unsigned ways(call c) {
    switch (c) {
      case call::receive:
      case call::provide:
      case call::replay_checked: return 3;
      case call::answer:
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.w.turn(at);
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
      case call::answer:
        return note(x.answer(way == 0 ? kpasswd_result_t::success : kpasswd_result_t::softerror, "no"_krb, env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
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
      case call::answer: return last_is<change_password>();
    }
    return false;
  }
  unsigned mark() const { return in_tight + 2 * std::min(tried, 1u); }
  bool shut() { return x.framed().empty() && !x.key_lookup(); }
};

}  // namespace

TEST_CASE("kpasswd_client: every call in every state does what the table of transitions says",
          "[exchange][rfc3244-2]") {
  follows_its_table<detail::kpasswd_client_table, kpasswd_client_scene>();
}
TEST_CASE("kpasswd_service: every call in every state does what the table of transitions says",
          "[exchange][rfc3244-2]") {
  follows_its_table<detail::kpasswd_service_table, kpasswd_service_scene>();
}
