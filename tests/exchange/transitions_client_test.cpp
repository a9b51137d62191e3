// The clients of a KDC, as_client and tgs_client, against their tables of transitions.
#include <list>

#include "support/explorer.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_explorer;

namespace {

constexpr std::uint8_t marker[] = {0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15};  // in what a reply seals
constexpr msg::PaData marked[] = {{padata_t(999), bytes_view(marker)}};

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

}  // namespace

TEST_CASE("as_client: every call in every state does what the table of transitions says", "[exchange][rfc4120-3.1]") {
  follows_its_table<detail::as_client_table, as_client_scene>();
}
TEST_CASE("tgs_client: every call in every state does what the table of transitions says", "[exchange][rfc4120-3.3]") {
  follows_its_table<detail::tgs_client_table, tgs_client_scene>();
}
