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
  static constexpr unsigned ways_to_receive = 8;
  bool is_stray(typename scene<X>::call c, unsigned way) const {
    return c == scene<X>::call::receive && (way == 7 || (way != 6 && !is_on_stream));
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
      case 6: return x.receive(junk, env, transport::stream);
      default: return x.receive(junk, env, transport::datagram);
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

/// A login and requests for tickets, for a service whose realm is unknown (variant 0) or given (1).
struct credential_client_scene : kdc_client_scene<credential_client<policy>> {
  static constexpr unsigned variants = 2;
  static constexpr bool keeps_plaintext = true;
  credential_client<policy> x;
  unsigned replied = 0, keys = 0;

  explicit credential_client_scene(unsigned variant) : x(params(variant)) {}
  credential_params<key> params(unsigned variant) {
    const principal_view web = kerb_test::kdc_world_names::web();
    return {.client = kerb_test::kdc_world_names::alice(),
            .server = {web.name, variant == 0 ? kerberos_string{} : kerb_test::other_org},
            .fallback_realm = kerb_test::other_org,
            .buffer = first,
            .may_ask = true};
  }
  static unsigned ways(call c) {
    switch (c) {
      case call::receive: return ways_to_receive + 3;
      case call::found: return 2;
      case call::set_buffer: return ways_to_set_buffer;
      default: return 1;
    }
  }
  static bool is_as(const octet_list& request) { return !request.empty() && request[0] == 0x6a; }
  made<step> make(call c, unsigned way, timestamp at) {
    const auto env = w.turn_at(at);
    switch (c) {
      case call::start: return noted(x.start(env));
      case call::found: {
        const auto tgt = w.tgt();
        ticket_facts f = tgt.facts();
        if (const auto* const sought = last ? std::get_if<find_credential>(&*last) : nullptr) {
          f.client = sought->client;
          f.server = sought->server;
        }
        if (way == 1) f.client = kerb_test::kdc_world_names::mallory();
        f.ticket = w.ticket(f.server, w.service_key);
        return noted(x.found(basic_credential<key>(f, w.session_key.copy()), env));
      }
      case call::not_found: return noted(x.not_found(env));
      case call::receive: return noted(receive_any(way, env));
      case call::provide: {
        const step s = x.provide(w.client_key.copy(), env);
        if (!changes_nothing(s)) ++keys;
        return noted(s);
      }
      case call::password_changed: return noted(x.password_changed({}, env));
      case call::stored: return noted(x.stored(env));
      case call::set_buffer: return note_buffer(set_buffer(x, way));
      case call::take: return note_product(std::move(x).take());
    }
    return {};
  }
  step receive_any(unsigned way, const environment<policy>& env) {
    replied = way < 2 ? way + 1 : way == ways_to_receive + 2 ? 3 : 0;
    if (way == ways_to_receive) return x.receive(w.error(error_code_t::kdc_err_key_expired), env);
    if (way == ways_to_receive + 1) return x.receive(w.error(error_code_t::kdc_err_s_principal_unknown), env);
    const bool refers = way == ways_to_receive + 2;
    return this->receive(x, refers ? 0 : way, env, [&](auto bend) {
      if (is_as(sent)) return w.as_rep(sent, bend);
      return w.tgs_rep(sent, [&](kerb_test::reply_spec& r) {
        bend(r);
        if (!refers) return;
        r.part.sname = r.ticket_service.name = {name_t::srv_inst, view_of<kerberos_string>(kerb_test::referral_parts)};
      });
    });
  }
  bool is_stray(call c, unsigned way) const { return c == call::receive && way != 6; }
  made<step> noted(const step& s) {
    note_sent(s);
    return note(s);
  }
  bool expects(call c) const {
    switch (c) {
      case call::start: return !last;
      case call::found:
      case call::not_found: return last_is<find_credential>();
      case call::receive: return last_is<send>();
      case call::provide: return last_is<need_key>();
      case call::password_changed: return last_is<need_new_password>();
      case call::stored: return last_is<store_credential<key>>();
      case call::set_buffer:
        return !last || last_is<find_credential, send, need_key, need_new_password, store_credential<key>>();
      case call::take: return last_is<done>();
    }
    return false;
  }
  /// Which credential is looked for, or which request was sent.
  unsigned stage() const {
    if (!last) return 0;
    if (const auto* const f = std::get_if<find_credential>(&*last))
      return 1 + 2 * (f->server.realm == kerb_test::other_org) + 4 * (f->server.name.name_type == name_t::srv_inst);
    const bool other = !sent.empty() && is<send>(*last) && std::get<send>(*last).realm == kerb_test::other_org;
    return 8 + is_as(sent) + 2 * other;
  }
  unsigned mark() const {
    return replied + 4 * in_tight + 8 * is_on_stream + 16 * (keys > 2 ? 2 : keys) + 64 * stage();
  }
  bool shut() { return !std::move(x).take(); }
};

}  // namespace

TEST_CASE("as_client: every call in every state does what the table of transitions says", "[exchange][rfc4120-3.1]") {
  follows_its_table<detail::as_client_table, as_client_scene>();
}
TEST_CASE("tgs_client: every call in every state does what the table of transitions says", "[exchange][rfc4120-3.3]") {
  follows_its_table<detail::tgs_client_table, tgs_client_scene>();
}
TEST_CASE("credential_client: every call in every state does what the table of transitions says",
          "[exchange][rfc4120-3.3]") {
  follows_its_table<detail::credential_client_table, credential_client_scene>();
}
