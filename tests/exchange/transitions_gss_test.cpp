// Contexts of GSS-API, gss::initiator and gss::acceptor, against their tables of transitions.
#include "support/explorer.hpp"
#include "support/gss_world.hpp"

using namespace kerb_explorer;

namespace {

constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags dce_style{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence};
constexpr gss_flags flags_of(unsigned variant) { return variant == 0 ? usual : variant == 1 ? one_way : dce_style; }

struct gss_initiator_scene : scene<gss::initiator<policy>> {
  static constexpr unsigned variants = 3;  // with mutual authentication, without, and in DCE style
  static constexpr bool keeps_plaintext = false;
  kerb_test::gss_world w;
  bool is_dce;
  basic_credential<key> credential;
  gss::initiator<policy> x;
  std::array<std::uint8_t, 1024> answer{};

  explicit gss_initiator_scene(unsigned variant)
      : is_dce(variant == 2), credential((w.flags = flags_of(variant), w.credential())), x([&] {
          auto p = w.initiator_params(credential);
          p.buffer = first;
          return p;
        }()) {
    secrets.push_back(copy(bytes_view(kerb_test::subkey_octets)));  // the service's subkey
  }
  timestamp now() const { return w.now; }
  static unsigned ways(call c) { return c == call::receive ? 4 : c == call::set_buffer ? ways_to_set_buffer : 1; }
  bytes_view ap_rep(std::int32_t off) {
    const msg::EncApRepPart part{w.now.at,
                                 {w.now.usec.count + off},
                                 kerb_test::key_as_sent(etype_t::aes256_cts_hmac_sha1_96, kerb_test::subkey_octets),
                                 0x2a5b7c1d};
    const bytes_view m = kerb_test::must(testing::mint_ap_rep(part, w.session_key(), w.turn(), answer));
    return is_dce ? m : w.framed(m, gss_token_t::ap_rep);
  }
  bytes_view krb_error() {
    msg::KrbError e;
    e.stime = w.now.at;
    e.error_code = error_code_t::krb_ap_err_modified;
    e.realm = kerb_test::ap_world_names::web.realm;
    e.sname = kerb_test::ap_world_names::web.name;
    return w.framed(kerb_test::must(asn1::encode(e, answer)), gss_token_t::krb_error);
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::start: return note(x.start(env));
      case call::receive:
        return note(x.receive(way == 0   ? ap_rep(0)
                              : way == 1 ? ap_rep(1)
                              : way == 2 ? krb_error()
                                         : bytes_view(junk),
                              env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool sent_and(afterwards then) const {
    const auto* out = last ? std::get_if<send>(&*last) : nullptr;
    return out != nullptr && out->then == then;
  }
  bool waits() const { return !taken && sent_and(afterwards::wait); }
  bool expects(call c) const {
    switch (c) {
      case call::start: return !last;
      case call::receive: return waits();
      case call::set_buffer: return !last || waits();
      case call::take: return last_is<done>() || (!taken && sent_and(afterwards::finished));
    }
    return false;
  }
  unsigned mark() const { return in_tight; }
  bool shut() { return !std::move(x).take(); }
};

struct gss_acceptor_scene : scene<gss::acceptor<policy>> {
  // Three ways to establish a context, each with a replay cache or without, and a client that is refused at the end
  static constexpr unsigned variants = 12;
  static constexpr bool keeps_plaintext = true;
  kerb_test::gss_world w;
  octet_list good, for_another, third;
  key service_key = w.service_key(), another_key = w.other_key(w.service_etype);
  gss::acceptor<policy> x;
  unsigned tried = 0, tokens = 0;

  explicit gss_acceptor_scene(unsigned variant)
      : x([&] {
          gss::acceptor_params p = w.acceptor_params();
          p.ap.buffer = first;
          if (variant % 2 == 1) p.ap.replays = replay_rule::by_application;
          if (variant >= 6) p.required = {gss_flag_t::identify};
          return p;
        }()) {
    const gss_flags f = flags_of(variant / 2 % 3);
    w.authenticator.subkey = kerb_test::key_as_sent(etype_t::aes256_cts_hmac_sha1_96, kerb_test::subkey_octets);
    good = copy(w.mint_token(f));
    w.service = kerb_test::ap_world_names::ftp;
    for_another = copy(w.mint_token(f));
    secrets.push_back(copy(bytes_view(kerb_test::session_octets)));
    secrets.push_back(copy(bytes_view(kerb_test::subkey_octets)));
    secrets.push_back(copy(kerb_test::ap_world_names::alice_parts[1].octets));
  }
  timestamp now() const { return w.now; }
  static unsigned ways(call c) {
    switch (c) {
      case call::receive: return 4;
      case call::provide:
      case call::replay_checked: return 3;
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  /// The client's AP-REP in answer to the last token.
  bytes_view last_token() {
    const auto* out = last ? std::get_if<gss::continue_with>(&*last) : nullptr;
    if (out == nullptr) return good;
    const auto rep = kerb_test::must(asn1::decode<msg::ApRep>(out->octets));
    std::array<std::uint8_t, 512> plain{};
    const auto opened = w.policy.unseal(w.session_key(), key_usage_t::ap_rep_enc_part, rep.enc_part.cipher, plain);
    auto part = kerb_test::must(asn1::decode<msg::EncApRepPart>(bytes_view(kerb_test::must(opened))));
    part.subkey = std::nullopt;
    std::array<std::uint8_t, 512> octets{};
    third = copy(kerb_test::must(testing::mint_ap_rep(part, w.session_key(), w.turn(), octets)));
    return third;
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::receive: {
        const step s = x.receive(way == 0   ? bytes_view(good)
                                 : way == 1 ? bytes_view(for_another)
                                 : way == 2 ? last_token()
                                            : bytes_view(junk),
                                 env);
        return note(s);
      }
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
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool expects(call c) const {
    switch (c) {
      case call::receive: return !last || last_is<gss::continue_with>();
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

TEST_CASE("gss::initiator: every call in every state does what the table of transitions says", "[gss][rfc4121-4.1]") {
  follows_its_table<gss::detail::initiator_table, gss_initiator_scene>();
}
TEST_CASE("gss::acceptor: every call in every state does what the table of transitions says", "[gss][rfc4121-4.1]") {
  follows_its_table<gss::detail::acceptor_table, gss_acceptor_scene>();
}
