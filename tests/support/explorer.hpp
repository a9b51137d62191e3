// Makes every call in every state that an exchange can reach, and compares what happens with its table of transitions.
#pragma once
#include <kerb/exchange/exchange_core.hpp>
#include <kerb/exchange/step.hpp>
#include <kerb/testing/insecure.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"

namespace kerb_explorer {
using namespace kerb;

using policy = testing::insecure_policy;
using octet_list = std::vector<std::uint8_t>;

inline octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }

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
        if constexpr (std::is_move_constructible_v<typename Scene::exchange>) moved<Scene>(variant, here);
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
    if constexpr (requires { call::provide; }) {
      // The key was for a reply that is then ignored: the exchange waits for another one
      if (m.c == call::provide && r.step && is_a<ignored>(*r.step)) {
        CHECK(find(m.c, before)->to.has(after));
        return false;
      }
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

/// No message of any exchange.
inline constexpr std::uint8_t junk[] = {0x30, 0x03, 0x02, 0x01, 0x05};

/// Explores the scenes, which have the same table; every transition of the table must happen in one of them.
template <class Table, class... Scene>
void follows_its_table() {
  explorer<Table> e;
  (e.template explore<Scene>(), ...);
  e.all_seen();
}

}  // namespace kerb_explorer
