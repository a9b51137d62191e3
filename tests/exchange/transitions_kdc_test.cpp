// The KDC, as_kdc and tgs_kdc, against its table of transitions.
#include "support/explorer.hpp"
#include "support/kdc_side.hpp"

using namespace kerb_explorer;

namespace {

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

}  // namespace

TEST_CASE("as_kdc and tgs_kdc: every call in every state does what their table of transitions says",
          "[exchange][rfc4120-3.1.3][rfc4120-3.3.3]") {
  follows_its_table<detail::kdc_table, as_kdc_scene, tgs_kdc_scene>();
}
