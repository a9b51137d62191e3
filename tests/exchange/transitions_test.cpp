// Every exchange against its table of transitions: every call in every state that the exchange can reach.
#include <algorithm>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "support/ap_world.hpp"
#include "support/catch.hpp"
#include "support/gss_world.hpp"
#include "support/kdc_side.hpp"
#include "support/kdc_world.hpp"
#include "support/negotiate_world.hpp"
#include "support/sasl_world.hpp"

using namespace kerb;

namespace {

using policy = testing::insecure_policy;
using octet_list = std::vector<std::uint8_t>;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }

/// The error that a step contains.
template <class... Alternative>
error why(const std::variant<Alternative...>& step) {
  return std::visit(
      [](const auto& s) -> error {
        if constexpr (requires { s.why; }) return s.why;
        else return {};
      },
      step);
}
/// Whether `step` holds this alternative, which need not be one of the variant's.
template <class Alternative, class Step>
bool is_a(const Step& step) {
  return std::visit([](const auto& s) { return std::is_same_v<std::remove_cvref_t<decltype(s)>, Alternative>; }, step);
}
/// Whether a step leaves its exchange as it was.
template <class Step>
bool changes_nothing(const Step& step) {
  return is_a<need_buffer>(step) || is_a<ignored>(step);
}

/// The result of one call.
template <class Step>
struct made {
  std::optional<Step> step{};  ///< of a call that returns one
  errc why = errc::ok;         ///< of take(); and of set_buffer(), where false is an error
};

/// What an exchange is tested in. `X` is the exchange. A scene that derives from this one has:
///   variants, the number of ways to make the scene
///   ways(call), in how many ways it can make a call; make(call, way, clock) makes it
///   expects(call), whether the call answers the last step, as the steps are documented
///   mark(), a number that differs in situations between which the state does not distinguish
///   shut(), whether an exchange that has failed gives nothing away
///   keeps_plaintext, whether the buffer holds plaintext while the exchange has not failed
template <class X>
struct scene {
  using exchange = X;
  using step = typename X::step;
  using table = decltype(detail::exchange_inspector::table_of(std::declval<const X&>()));
  using call = typename table::call;
  using state = typename table::state;

  std::array<std::uint8_t, 4096> first{}, tight{}, large{};  // buffers
  std::optional<step> last;                                  // the last one that asked for something
  bool taken = false;
  bool in_tight = false;
  std::vector<octet_list> secrets;  // plaintext that a failure must not leave in a buffer

  /// Whether this way of a call gives the exchange a datagram.
  bool is_stray(call, unsigned) const { return false; }
  /// Way 0: into a buffer with much space; way 1: into the smallest that it accepts.
  static constexpr unsigned ways_to_set_buffer = 2;
  bool set_buffer(X& x, unsigned way) {
    in_tight = way == 1;
    if (way == 0) return x.set_buffer(large);
    for (std::size_t n = 0; n != tight.size(); ++n)
      if (x.set_buffer(std::span(tight).first(n))) return true;
    return false;
  }
  made<step> note(const step& s) {
    if (!changes_nothing(s)) last.emplace(s);
    return {.step = s};
  }
  made<step> note_buffer(bool accepted) { return {.why = accepted ? errc::ok : errc::api_misuse}; }
  template <class Product>
  made<step> note_product(const result<Product>& p) {
    if (p) taken = true;
    return {.why = p ? errc::ok : p.error().code};
  }
  /// Whether the exchange's last step is one of these.
  template <class... Alternative>
  bool last_is() const {
    return !taken && last && (is_a<Alternative>(*last) || ...);
  }
  bool shows_secret() const {
    const auto text = [](const auto& octets) {
      return std::string_view(reinterpret_cast<const char*>(octets.data()), octets.size());
    };
    for (const auto* buffer : {&first, &tight, &large})
      for (const octet_list& s : secrets)
        if (text(*buffer).find(text(s)) != std::string_view::npos) return true;
    return false;
  }
};

/// Tests an exchange of one or several scenes that have the same table.
template <class Table>
class explorer {
  using call = typename Table::call;
  using state = typename Table::state;
  struct move {
    call c;
    unsigned way;
  };
  using path = std::vector<move>;

 public:
  template <class Scene>
  void explore() {
    static_assert(std::is_same_v<typename Scene::table, Table>);
    bool shown = false;
    for (unsigned variant = 0; variant != Scene::variants; ++variant) {
      std::set<std::tuple<state, std::size_t, unsigned>> met;
      std::vector<path> open{{}};
      while (!open.empty()) {
        const path here = open.back();
        open.pop_back();
        const auto s = reach<Scene>(variant, here);
        shown = shown || s->shows_secret();
        if (!met.insert({state_of(*s), s->last ? s->last->index() + 1 : 0, s->mark()}).second) continue;
        for (const call c : calls()) {
          for (unsigned way = 0; way != s->ways(c); ++way) {
            INFO("variant " << variant << ", " << text(here) << "then call " << int(c) << " in way " << way);
            if (!allows(c, state_of(*s)) && s->is_stray(c, way) && ignores_strays(state_of(*s))) {
              passed_over<Scene>(variant, here, {c, way});
            } else if (!allows(c, state_of(*s))) {
              refused<Scene>(variant, here, {c, way});
            } else if (allowed<Scene>(variant, here, {c, way})) {
              open.push_back(here);
              open.back().push_back({c, way});
            }
          }
        }
        given_up<Scene>(variant, here);
        moved<Scene>(variant, here);
      }
    }
    CHECK(shown == Scene::keeps_plaintext);
  }
  /// Whether every transition of the table has been seen.
  void all_seen() const {
    for (const auto& t : Table::transitions) {
      for (const state to : states()) {
        INFO("call " << int(t.call) << " from state " << int(t.from) << " to state " << int(to));
        CHECK(seen_.contains({t.call, t.from, to}) == t.to.has(to));
      }
    }
  }

 private:
  static std::vector<call> calls() {
    int last = 0;
    for (const auto& t : Table::transitions) last = std::max(last, static_cast<int>(t.call));
    std::vector<call> all;
    for (int c = 0; c <= last; ++c) all.push_back(static_cast<call>(c));
    return all;
  }
  static std::vector<state> states() {
    std::vector<state> all;
    for (int s = 0; s <= static_cast<int>(state::failed); ++s) all.push_back(static_cast<state>(s));
    return all;
  }
  static const detail::transition<call, state>* find(call c, state from) {
    for (const auto& t : Table::transitions)
      if (t.call == c && t.from == from) return &t;
    return nullptr;
  }
  static bool allows(call c, state from) { return find(c, from) != nullptr; }
  template <class Scene>
  static state state_of(const Scene& s) {
    return detail::exchange_inspector::state_of(s.x);
  }
  static std::string text(const path& p) {
    std::string s;
    for (const move& m : p) s += "call " + std::to_string(int(m.c)) + " in way " + std::to_string(m.way) + ", ";
    return s;
  }
  template <class Scene>
  static std::unique_ptr<Scene> reach(unsigned variant, const path& p) {
    auto s = std::make_unique<Scene>(variant);
    for (const move& m : p) (void)s->make(m.c, m.way, s->now());
    return s;
  }

  /// A client's receive() in a state in which it waits for something else.
  static bool ignores_strays(state s) { return s != state::idle && s != state::failed && s != Table::moved_from; }
  template <class Scene>
  void passed_over(unsigned variant, const path& here, move m) {
    const auto s = reach<Scene>(variant, here), same = reach<Scene>(variant, here);
    const auto r = s->make(m.c, m.way, s->now());
    REQUIRE(r.step);
    CHECK(is_a<ignored>(*r.step));
    CHECK(why(*r.step).code == errc::unexpected_message);
    CHECK(state_of(*s) == state_of(*same));
    // and every other call does what it would have done
    for (const call c : calls()) {
      for (unsigned way = 0; way != s->ways(c); ++way) {
        const auto a = reach<Scene>(variant, here), b = reach<Scene>(variant, here);
        (void)a->make(m.c, m.way, a->now());
        const auto x = a->make(c, way, a->now()), y = b->make(c, way, b->now());
        CHECK(x.step.has_value() == y.step.has_value());
        if (x.step) CHECK((x.step->index() == y.step->index() && why(*x.step).code == why(*y.step).code));
        CHECK(x.why == y.why);
        CHECK(state_of(*a) == state_of(*b));
      }
    }
  }

  /// A call that the table does not allow.
  template <class Scene>
  static void refused(unsigned variant, const path& here, move m) {
    const auto s = reach<Scene>(variant, here);
    REQUIRE_FALSE(s->expects(m.c));
    const state before = state_of(*s);
    const auto r = s->make(m.c, m.way, s->now());
    if (r.step) {
      has_failed(*s, *r.step, errc::api_misuse);
    } else {  // the exchange does not change
      CHECK(r.why == errc::api_misuse);
      CHECK(state_of(*s) == before);
    }
  }
  /// A call that it allows. Returns whether the exchange goes on in a further state.
  template <class Scene>
  bool allowed(unsigned variant, const path& here, move m) {
    for (const timestamp never :
         {timestamp{{latest_time.seconds + 1}, {0}}, timestamp{{earliest_time.seconds - 1}, {0}},
          timestamp{{0}, {1000000}}, timestamp{{0}, {-1}}}) {
      const auto s = reach<Scene>(variant, here);
      const auto r = s->make(m.c, m.way, never);
      if (r.step) has_failed(*s, *r.step, errc::clock_out_of_range);
    }
    const auto s = reach<Scene>(variant, here);
    REQUIRE(s->expects(m.c));
    const state before = state_of(*s);
    const auto r = s->make(m.c, m.way, s->now());
    const state after = state_of(*s);
    if (r.step && is<failed>(*r.step)) {
      has_failed(*s, *r.step, why(*r.step).code);
      return false;
    }
    if (r.why != errc::ok || (r.step && changes_nothing(*r.step))) {
      CHECK(after == before);
      return false;
    }
    CHECK(find(m.c, before)->to.has(after));
    seen_.insert({m.c, before, after});
    return true;
  }
  /// The caller gives up.
  template <class Scene>
  static void given_up(unsigned variant, const path& here) {
    const auto s = reach<Scene>(variant, here);
    has_failed(*s, s->x.abandon({.code = errc::no_answer}), errc::no_answer);
  }
  /// One that was moved from allows no call, and the other is in its state.
  template <class Scene>
  static void moved(unsigned variant, const path& here) {
    for (const call c : calls()) {
      const auto s = reach<Scene>(variant, here);
      const state before = state_of(*s);
      const typename Scene::exchange other(std::move(s->x));
      CHECK(state_of(*s) == Table::moved_from);
      if constexpr (requires { s->x.framed(); }) CHECK(s->x.framed().empty());
      CHECK_FALSE(allows(c, Table::moved_from));
      CHECK(detail::exchange_inspector::state_of(other) == before);
      const auto r = s->make(c, 0, s->now());
      CHECK((r.step ? why(*r.step).code : r.why) == errc::api_misuse);
    }
  }
  /// An exchange that has failed: it contains no plaintext, and every call returns the first error.
  template <class Scene>
  static void has_failed(Scene& s, const typename Scene::step& step, errc first) {
    REQUIRE(is<failed>(step));
    CHECK(why(step).code == first);
    CHECK(state_of(s) == state::failed);
    CHECK_FALSE(s.shows_secret());
    CHECK(s.shut());
    for (const call c : calls()) {
      CHECK_FALSE(allows(c, state::failed));
      for (unsigned way = 0; way != s.ways(c); ++way) {
        const auto r = s.make(c, way, s.now());
        CHECK((r.step ? why(*r.step).code : r.why) == (r.step ? first : errc::api_misuse));
      }
    }
    CHECK(why(s.x.abandon({.code = errc::stream_ended})).code == first);
    CHECK_FALSE(s.shows_secret());
  }

  std::set<std::tuple<call, state, state>> seen_;
};

// ---- the client and a KDC

constexpr std::uint8_t marker[] = {0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15};  // in what a reply seals
constexpr msg::PaData marked[] = {{padata_t(999), bytes_view(marker)}};
constexpr std::uint8_t junk[] = {0x30, 0x03, 0x02, 0x01, 0x05};

/// The replies of a KDC to a client's last request.
template <class X>
struct kdc_client_scene : scene<X> {
  using typename scene<X>::step;
  kerb_test::kdc_world w;
  octet_list sent;
  std::list<octet_list> received;  // which stays valid
  bool is_on_stream = false;

  kdc_client_scene() {
    for (const key* k : {&w.client_key, &w.session_key}) this->secrets.push_back(copy(k->octets().unguarded()));
    this->secrets.push_back(copy(marker));
  }
  timestamp now() const { return w.now; }
  void note_sent(const step& s) {
    if (const auto* out = std::get_if<send>(&s)) {
      sent = copy(out->octets);
      is_on_stream = out->via == transport::stream;
    }
  }
  static constexpr unsigned ways_to_receive = 7;
  bool is_stray(typename scene<X>::call c, unsigned way) const {
    return c == scene<X>::call::receive && way != 6 && !is_on_stream;
  }
  template <class Reply>
  step receive(X& x, unsigned way, const environment<policy>& env, Reply reply) {
    const auto bend = [&](kerb_test::reply_spec& r) {
      r.part.encrypted_pa_data = msg::MethodData(view_of<msg::PaData>(marked));
      if (way == 1) r.part.nonce = r.part.nonce + 1;
    };
    const auto kept = [&](bytes_view octets) { return bytes_view(received.emplace_back(copy(octets))); };
    switch (way) {
      case 0: return x.receive(kept(reply(bend)), env);
      case 1: return x.receive(kept(reply(bend)), env);  // once it is opened, it is seen to answer another request
      case 2: return x.receive(kept(w.hints()), env);
      case 3: return x.receive(w.error(error_code_t::krb_err_response_too_big), env);
      case 4: return x.receive(w.error(error_code_t::kdc_err_policy), env);
      case 5: return x.receive(junk, env);
      default: return x.receive(junk, env, transport::stream);
    }
  }
};

struct as_client_scene : kdc_client_scene<as_client<policy>> {
  static constexpr unsigned variants = 1;
  static constexpr bool keeps_plaintext = true;
  as_client<policy> x{{.client = kerb_test::kdc_world_names::alice(), .buffer = first}};
  unsigned replied = 0;  // whether the last message was a reply, and which
  unsigned keys = 0;

  explicit as_client_scene(unsigned) {}
  static unsigned ways(call c) {
    switch (c) {
      case call::receive: return ways_to_receive;
      case call::provide: return 2;
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn_at(at);
    switch (c) {
      case call::start: return noted(x.start(env));
      case call::receive:
        replied = way < 2 ? way + 1 : 0;
        return noted(receive(x, way, env, [&](auto bend) { return w.as_rep(sent, bend); }));
      case call::provide: {
        const step s = x.provide(way == 0 ? w.client_key.copy() : w.make(kerb_test::e17, 1), env);
        if (!changes_nothing(s)) ++keys;
        return noted(s);
      }
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  made<step> noted(const step& s) {
    note_sent(s);
    return note(s);
  }
  bool expects(call c) const {
    switch (c) {
      case call::start: return !last;
      case call::receive: return last_is<send>();
      case call::provide: return last_is<need_key>();
      case call::set_buffer: return !last || last_is<send, need_key>();
      case call::take: return last_is<done>();
    }
    return false;
  }
  unsigned mark() const { return replied + 4 * in_tight + 8 * is_on_stream + 16 * keys; }
  bool shut() { return !std::move(x).take(); }
};

struct tgs_client_scene : kdc_client_scene<tgs_client<policy>> {
  static constexpr unsigned variants = 1;
  static constexpr bool keeps_plaintext = true;
  basic_credential<key> tgt = w.tgt();
  tgs_client<policy> x{{.tgt = tgt, .server = kerb_test::kdc_world_names::web(), .buffer = first}};

  explicit tgs_client_scene(unsigned) {}
  static unsigned ways(call c) {
    return c == call::receive ? ways_to_receive : c == call::set_buffer ? ways_to_set_buffer : 1;
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn_at(at);
    switch (c) {
      case call::start: return noted(x.start(env));
      case call::receive: return noted(receive(x, way, env, [&](auto bend) { return w.tgs_rep(sent, bend); }));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  made<step> noted(const step& s) {
    note_sent(s);
    return note(s);
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
  unsigned mark() const { return in_tight + 2 * is_on_stream; }
  bool shut() { return !std::move(x).take(); }
};

TEST_CASE("as_client: every call in every state does what the table of transitions says", "[exchange][rfc4120-3.1]") {
  explorer<detail::as_client_table> e;
  e.explore<as_client_scene>();
  e.all_seen();
}
TEST_CASE("tgs_client: every call in every state does what the table of transitions says", "[exchange][rfc4120-3.3]") {
  explorer<detail::tgs_client_table> e;
  e.explore<tgs_client_scene>();
  e.all_seen();
}

// ---- the client and a service

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

TEST_CASE("ap_initiator: every call in every state does what the table of transitions says",
          "[exchange][rfc4120-3.2]") {
  explorer<detail::ap_initiator_table> e;
  e.explore<ap_initiator_scene>();
  e.all_seen();
}
TEST_CASE("ap_acceptor: every call in every state does what the table of transitions says",
          "[exchange][rfc4120-3.2.3]") {
  explorer<detail::ap_acceptor_table> e;
  e.explore<ap_acceptor_scene>();
  e.all_seen();
}

// ---- contexts of GSS-API

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

// ---- SPNEGO

constexpr object_identifier toy_first[] = {kerb_test::toy, msg::mech_krb5};
constexpr object_identifier krb5_first[] = {msg::mech_krb5, kerb_test::toy};
constexpr object_identifier toy_only[] = {kerb_test::toy};
constexpr object_identifier two_toys[] = {kerb_test::toy, kerb_test::ntlm, msg::mech_krb5};
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

TEST_CASE("negotiate_initiator: every call in every state does what the table of transitions says",
          "[gss][rfc4178-3.2]") {
  explorer<gss::detail::negotiate_initiator_table> e;
  e.explore<negotiate_initiator_scene>();
  e.all_seen();
}
TEST_CASE("negotiate_acceptor: every call in every state does what the table of transitions says",
          "[gss][rfc4178-3.2]") {
  explorer<gss::detail::negotiate_acceptor_table> e;
  e.explore<negotiate_acceptor_scene>();
  e.all_seen();
}

TEST_CASE("gss::initiator: every call in every state does what the table of transitions says", "[gss][rfc4121-4.1]") {
  explorer<gss::detail::initiator_table> e;
  e.explore<gss_initiator_scene>();
  e.all_seen();
}
TEST_CASE("gss::acceptor: every call in every state does what the table of transitions says", "[gss][rfc4121-4.1]") {
  explorer<gss::detail::acceptor_table> e;
  e.explore<gss_acceptor_scene>();
  e.all_seen();
}

// ---- the KDC

template <class X>
struct kdc_scene : scene<X> {
  using typename scene<X>::call;
  using typename scene<X>::step;
  using scene<X>::note;
  static constexpr unsigned variants = 2;  // with checks of requests and referrals, and without
  static constexpr bool keeps_plaintext = true;
  kerb_kdc_test::kdc_world w;
  octet_list good, for_another_realm;
  X x;
  std::array<std::uint8_t, 2048> reply_at{};
  const kerb_kdc_test::kdc_world::entry* asked = &w.client;
  unsigned principals = 0;

  explicit kdc_scene(unsigned variant, bool tgs)
      : x((w.settings.check_requests = variant == 0, w.settings), this->first) {
    const auto request = [&] { return copy(tgs ? w.tgs_req() : w.as_req()); };
    w.body.kdc_options.set(kdc_option_t::canonicalize, variant == 0);
    good = request();
    w.body.realm = kerb_kdc_test::other_org;
    for_another_realm = request();
    this->secrets.push_back(copy(w.session.octets().unguarded()));
    this->secrets.push_back(copy(kerb_kdc_test::alice_parts[0].octets));
  }
  timestamp now() const { return w.now; }
  static unsigned ways(call c) {
    switch (c) {
      case call::receive: return 3;
      case call::issue: return 5;
      case call::found: return 4;
      case call::request_checked: return 2;
      case call::set_buffer: return kdc_scene::ways_to_set_buffer;
      default: return 1;
    }
  }
  made<step> make(call c, unsigned way, timestamp at) {
    const environment env{w.crypto, at};
    switch (c) {
      case call::receive:
        return noted(x.receive(way == 0 ? bytes_view(good) : way == 1 ? bytes_view(for_another_realm) : junk, env));
      case call::found:
        return noted(way == 0   ? x.found(asked->record, env)
                     : way == 1 ? x.refer_to(kerb_kdc_test::other_org, env)
                     : way == 2 ? x.absent(env)
                                : x.unavailable(env));
      case call::request_checked:
        return noted(x.request_checked(way == 0 ? request_verdict::fresh : request_verdict::other, env));
      case call::issue: {
        issue_options o;
        if (way == 1) o.reserved_octets = 8;
        if (way == 2) o.endtime = kerberos_time{0};  // before it begins
        if (way == 3) o.reply = reply_at;
        if (way == 4) o.reply = std::span(reply_at).first(1);
        return noted(x.issue(o, env));
      }
      case call::refuse: return noted(x.refuse(error_code_t::kdc_err_policy, env));
      case call::signed_ticket: return noted(x.signed_ticket(env));
      case call::frame_too_long: return noted(x.frame_too_long(env));
      case call::set_buffer: return this->note_buffer(this->set_buffer(x, way));
    }
    return {};
  }
  made<step> noted(const step& s) {
    if (const auto* p = std::get_if<need_principal>(&s)) {
      asked = w.find(p->principal);
      ++principals;
    }
    if (const auto* p = std::get_if<sign_ticket>(&s)) this->secrets.push_back(copy(p->part));
    return note(s);
  }
  bool expects(call c) const {
    switch (c) {
      case call::receive:
      case call::frame_too_long: return !this->last;
      case call::found: return this->template last_is<need_principal>();
      case call::request_checked: return this->template last_is<check_request>();
      case call::issue:
      case call::refuse: return this->template last_is<authorize>();
      case call::signed_ticket: return this->template last_is<sign_ticket>();
      case call::set_buffer: return !this->last || this->template last_is<need_principal, check_request, authorize>();
    }
    return false;
  }
  unsigned mark() const { return this->in_tight + 2 * principals; }
  bool shut() { return x.framed().empty(); }
};
struct as_kdc_scene : kdc_scene<as_kdc<policy>> {
  explicit as_kdc_scene(unsigned variant) : kdc_scene(variant, false) {}
};
struct tgs_kdc_scene : kdc_scene<tgs_kdc<policy>> {
  explicit tgs_kdc_scene(unsigned variant) : kdc_scene(variant, true) {}
};

TEST_CASE("as_kdc and tgs_kdc: every call in every state does what their table of transitions says",
          "[exchange][rfc4120-3.1.3][rfc4120-3.3.3]") {
  explorer<detail::kdc_table> e;
  e.explore<as_kdc_scene>();
  e.explore<tgs_kdc_scene>();
  e.all_seen();
}

// ---- SASL

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

TEST_CASE("sasl_client: every call in every state does what the table of transitions says", "[gss][rfc4752-3.1]") {
  explorer<gss::detail::sasl_client_table> e;
  e.explore<sasl_client_scene>();
  e.all_seen();
}
TEST_CASE("sasl_server: every call in every state does what the table of transitions says", "[gss][rfc4752-3.2]") {
  explorer<gss::detail::sasl_server_table> e;
  e.explore<sasl_server_scene>();
  e.all_seen();
}

}  // namespace
