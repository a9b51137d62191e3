// SPNEGO, negotiate_initiator and negotiate_acceptor, against its tables of transitions.
#include <list>

#include "support/explorer.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb_explorer;

namespace {

constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags dce_style{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence};

constexpr object_identifier toy_first[] = {kerb_test::toy_oid, msg::mech_krb5};
constexpr object_identifier krb5_first[] = {msg::mech_krb5, kerb_test::toy_oid};
constexpr object_identifier toy_only[] = {kerb_test::toy_oid};
constexpr object_identifier two_toys[] = {kerb_test::toy_oid, kerb_test::ntlm, msg::mech_krb5};
struct negotiation {
  view_of<object_identifier> offers, accepts;
  gss_flags flags = usual;
  unsigned tokens = 2;  // of the program's mechanism
  gss::preference by = gss::preference::initiators;
};
const negotiation negotiations[] = {
    {gss::only_krb5, gss::only_krb5},
    {gss::only_krb5, gss::only_krb5, one_way},
    {gss::only_krb5, gss::only_krb5, dce_style},
    {two_toys, gss::only_krb5},
    {toy_first, gss::only_krb5, one_way},
    {toy_first, gss::only_krb5, dce_style},
    {krb5_first, toy_only},
    {krb5_first, toy_only, usual, 3},
    {krb5_first, toy_only, usual, 4},
    {toy_only, toy_only, usual, 1},
    {toy_only, toy_only, usual, 2},
    {gss::only_krb5, toy_first, usual, 2, gss::preference::own},
    {toy_only, krb5_first, usual, 2, gss::preference::own},
    {toy_only, krb5_first, usual, 3, gss::preference::own},
};
constexpr unsigned all_negotiations = std::size(negotiations);

template <class X>
struct negotiation_scene : scene<X> {
  static constexpr unsigned variants = all_negotiations;
  kerb_test::negotiate_world w;
  std::list<octet_list> kept;  // tokens outlive the exchange
  basic_credential<key> credential;
  unsigned tokens = 0, extra = 0, without_mic = 0;

  explicit negotiation_scene(unsigned variant)
      : credential([&] {
          const negotiation& n = negotiations[variant];
          w.offers = n.offers;
          w.accepts = n.accepts;
          w.flags = n.flags;
          w.by = n.by;
          w.our_toy.tokens = w.their_toy.tokens = n.tokens;
          return w.credential();
        }()) {}
  timestamp now() const { return w.now; }
  bytes_view keep(bytes_view v) { return kept.emplace_back(copy(v)); }
  /// A later token without its MIC.
  bytes_view stripped(bytes_view token) {
    ++without_mic;
    const auto t = asn1::decode<msg::NegotiationToken>(token);
    if (!t || !std::holds_alternative<msg::NegTokenResp>(t->value)) return token;
    msg::NegTokenResp r = std::get<msg::NegTokenResp>(t->value);
    r.mech_list_mic = std::optional<bytes_view>{};
    std::array<std::uint8_t, 2048> out{};
    return keep(kerb_test::must(asn1::encode(msg::NegotiationToken{r}, out)));
  }
  static bytes_view of(const kerb_test::negotiate_world::initiator::step& s) {
    const auto* out = std::get_if<send>(&s);
    return out == nullptr ? bytes_view() : out->octets;
  }
  static bytes_view of(const kerb_test::negotiate_world::acceptor::step& s) {
    if (const auto* c = std::get_if<gss::continue_with>(&s)) return c->octets;
    if (const auto* r = std::get_if<reply>(&s)) return r->octets;
    const auto* no = std::get_if<refused>(&s);
    return no == nullptr ? bytes_view() : no->octets;
  }
};

struct negotiate_initiator_scene : negotiation_scene<gss::negotiate_initiator<policy>> {
  static constexpr bool keeps_plaintext = false;
  gss::negotiate_initiator<policy> x;
  gss::negotiate_acceptor<policy> peer;

  explicit negotiate_initiator_scene(unsigned variant)
      : negotiation_scene(variant),
        x([&] {
          auto p = w.initiator_params(credential);
          p.krb5.buffer = first;
          return p;
        }()),
        peer(w.acceptor_params()) {}
  static unsigned ways(call c) {
    switch (c) {
      case call::receive: return 4;
      case call::mic_checked: return 2;
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  /// The acceptor's answer to what was sent last.
  bytes_view answer() {
    if (!last || of(*last).empty()) return junk;
    ++tokens;
    return keep(of(w.take(peer, keep(of(*last)))));
  }
  made<step> make(call c, unsigned way, timestamp at) {
    constexpr std::uint8_t waits_on[] = {0xa1, 0x07, 0x30, 0x05, 0xa0, 0x03, 0x0a, 0x01, 0x01};
    const auto env = w.turn(at);
    switch (c) {
      case call::start: return note(x.start(env));
      case call::receive: {
        if (way == 2) ++extra;
        return note(x.receive(way == 0   ? answer()
                              : way == 1 ? bytes_view(junk)
                              : way == 2 ? bytes_view(waits_on)
                                         : stripped(answer()),
                              env));
      }
      case call::mechanism_token: {
        const auto* ask = last ? std::get_if<gss::other_mechanism>(&*last) : nullptr;
        return note(x.mechanism_token(w.our_toy.answer(ask ? ask->token : bytes_view()), env));
      }
      case call::without_mechanism: return note(x.without_mechanism(env));
      case call::mic_checked: return note(x.mic_checked(way == 0, env));
      case call::mic_made: {
        const auto* ask = last ? std::get_if<gss::make_mic>(&*last) : nullptr;
        return note(x.mic_made(w.our_toy.mic(ask ? ask->list : bytes_view()), env));
      }
      case call::unanswered: return note(x.unanswered(env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bool sent_and(afterwards then) const {
    const auto* out = !taken && last ? std::get_if<send>(&*last) : nullptr;
    return out != nullptr && out->then == then;
  }
  bool expects(call c) const {
    switch (c) {
      case call::start: return !last;
      case call::receive: return sent_and(afterwards::wait);
      case call::unanswered: return sent_and(afterwards::wait);
      case call::mechanism_token: return last_is<gss::other_mechanism>();
      case call::without_mechanism: return last_is<gss::other_mechanism>() && tokens == 0 && extra == 0;
      case call::mic_checked: return last_is<gss::check_mic>();
      case call::mic_made: return last_is<gss::make_mic>();
      case call::set_buffer:
        return !last || sent_and(afterwards::wait) || last_is<gss::other_mechanism, gss::make_mic>();
      case call::take: return last_is<done>() || sent_and(afterwards::finished);
    }
    return false;
  }
  unsigned mark() const { return in_tight + 2 * tokens + 32 * extra + 128 * without_mic + 1024 * w.our_toy.asked; }
  bool shut() { return !std::move(x).take(); }
};

struct negotiate_acceptor_scene : negotiation_scene<gss::negotiate_acceptor<policy>> {
  static constexpr bool keeps_plaintext = true;
  gss::negotiate_acceptor<policy> x;
  gss::negotiate_initiator<policy> peer;
  gss::negotiate_initiator<policy>::step sent;
  key service_key = w.service_key(), another_key = w.other_key(w.service_etype);
  unsigned tried = 0;

  explicit negotiate_acceptor_scene(unsigned variant)
      : negotiation_scene(variant),
        x([&] {
          auto p = w.acceptor_params();
          p.krb5.ap.buffer = first;
          if (variant == 0) p.krb5.ap.replays = replay_rule::by_application;
          return p;
        }()),
        peer(w.initiator_params(credential)),
        sent(w.ask_toy(peer, w.our_toy, peer.start(w.turn()))) {
    secrets.push_back(copy(bytes_view(kerb_test::session_octets)));
    secrets.push_back(copy(kerb_test::ap_world_names::alice_parts[1].octets));
  }
  static unsigned ways(call c) {
    switch (c) {
      case call::receive: return 3;
      case call::provide: return 3;
      case call::replay_checked:
      case call::mic_checked: return 2;
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  /// The initiator's next token.
  bytes_view token() {
    if (last && is<gss::continue_with>(*last)) {
      ++tokens;
      sent = w.ask_toy(peer, w.our_toy, peer.receive(keep(of(*last)), w.turn()));
    }
    return keep(of(sent));
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn(at);
    switch (c) {
      case call::hints: return noted(x.hints(env));
      case call::receive:
        return noted(x.receive(way == 0 ? token() : way == 1 ? bytes_view(junk) : stripped(token()), env));
      case call::provide: {
        auto late = env;
        if (way == 2 && at.in_range()) late.now.at.seconds += 3600;
        const step s = x.provide(way == 1 ? another_key : service_key, late);
        if (is<need_ticket_key>(s)) ++tried;
        return noted(s);
      }
      case call::no_key: return noted(x.no_key(errc::no_key, env));
      case call::replay_checked: return noted(x.replay_checked(way == 0, env));
      case call::accept: return noted(x.accept({}, env));
      case call::refuse: return noted(x.refuse(error_code_t::kdc_err_policy, env));
      case call::mechanism_token: {
        const auto* ask = last ? std::get_if<gss::other_mechanism>(&*last) : nullptr;
        return noted(x.mechanism_token(w.their_toy.answer(ask ? ask->token : bytes_view()), env));
      }
      case call::without_mechanism: return noted(x.without_mechanism({}, env));
      case call::mic_checked: return noted(x.mic_checked(way == 0, env));
      case call::mic_made: return noted(x.mic_made(w.their_toy.mic(list()), env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  bytes_view list() const {
    const auto* ask = last ? std::get_if<gss::make_mic>(&*last) : nullptr;
    return ask == nullptr ? bytes_view() : ask->list;
  }
  made<step> noted(const step& s) {
    // After hints the exchange still waits for the first token
    if (is<gss::continue_with>(s) && detail::exchange_inspector::state_of(x) == state::idle) return {.step = s};
    return note(s);
  }
  bool expects(call c) const {
    const state now_in = detail::exchange_inspector::state_of(x);
    switch (c) {
      case call::hints: return !last;
      case call::receive: return !last || last_is<gss::continue_with>();
      case call::provide:
      case call::no_key: return last_is<need_ticket_key>();
      case call::replay_checked: return last_is<check_replay>();
      case call::accept:
      case call::refuse: return last_is<authenticated>();
      case call::mechanism_token:
      case call::without_mechanism: return last_is<gss::other_mechanism>();
      case call::mic_checked: return last_is<gss::check_mic>();
      case call::mic_made: return last_is<gss::make_mic>();
      // A token of Kerberos that was taken, or a context, has views of the buffer
      case call::set_buffer: return !last || now_in == state::waiting || last_is<gss::other_mechanism, gss::make_mic>();
      case call::take: return last_is<reply, done>();
    }
    return false;
  }
  unsigned mark() const {
    return in_tight + 2 * std::min(tried, 1u) + 4 * tokens + 64 * without_mic + 1024 * w.their_toy.asked;
  }
  bool shut() { return x.peer() == nullptr && x.refusal().empty() && !std::move(x).take(); }
};

}  // namespace

TEST_CASE("negotiate_initiator: every call in every state does what the table of transitions says",
          "[gss][rfc4178-3.2]") {
  follows_its_table<gss::detail::negotiate_initiator_table, negotiate_initiator_scene>();
}
TEST_CASE("negotiate_acceptor: every call in every state does what the table of transitions says",
          "[gss][rfc4178-3.2]") {
  follows_its_table<gss::detail::negotiate_acceptor_table, negotiate_acceptor_scene>();
}
