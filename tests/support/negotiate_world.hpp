// Two sides of SPNEGO, in which a test may have anything wrong.
#pragma once
#include <kerb/gss/spnego.hpp>

#include "gss_world.hpp"

namespace kerb_test::inline negotiate_world_names {

inline constexpr kerb::object_identifier ntlm = "1.3.6.1.4.1.311.2.2.10"_oid;
inline constexpr kerb::object_identifier negoex = "1.3.6.1.4.1.311.2.2.30"_oid;
inline constexpr kerb::object_identifier toy_oid = "1.3.6.1.4.1.99999.1"_oid;  ///< a mechanism of the program

/// A mechanism of a program, which exchanges a fixed number of tokens that say which one they are.
class toy_mechanism {
 public:
  constexpr explicit toy_mechanism(kerb::side s) : here(s) {}

  kerb::side here;
  unsigned tokens = 2;
  bool integrity = true;
  bool optimistic = true;  ///< makes a first token before it was selected
  unsigned asked = 0;      ///< how often it was asked for anything

  /// Whether this is the peer's next token.
  constexpr bool expects(kerb::bytes_view in) const {
    return in.empty() || (in.size() == 2 && in[0] == 0x54 && in[1] == next_);
  }
  constexpr kerb::gss::mechanism_answer answer(kerb::bytes_view in) {
    ++asked;
    if (!in.empty()) ++next_;
    const bool mine = (next_ % 2 == 0) == (here == kerb::side::initiator);
    if (next_ == tokens || !mine) return {{}, next_ == tokens, integrity};
    if (!optimistic && next_ == 0 && asked == 1) return {};
    octets_[1] = static_cast<std::uint8_t>(next_++);
    return {octets_, next_ == tokens, integrity};
  }
  constexpr kerb::bytes_view mic(kerb::bytes_view list) {
    ++asked;
    mic_ = mic_of(here, list);
    return mic_;
  }
  constexpr bool verify(kerb::bytes_view list, kerb::bytes_view mic) {
    ++asked;
    const auto there = here == kerb::side::initiator ? kerb::side::acceptor : kerb::side::initiator;
    const auto expected = mic_of(there, list);
    return mic == kerb::bytes_view(expected);
  }

 private:
  static constexpr std::array<std::uint8_t, 6> mic_of(kerb::side s, kerb::bytes_view list) {
    std::uint32_t sum = 0x811c9dc5;
    for (const std::uint8_t b : list) sum = (sum ^ b) * 16777619u;
    return {'M',
            static_cast<std::uint8_t>(s),
            static_cast<std::uint8_t>(sum >> 24),
            static_cast<std::uint8_t>(sum >> 16),
            static_cast<std::uint8_t>(sum >> 8),
            static_cast<std::uint8_t>(sum)};
  }
  std::array<std::uint8_t, 2> octets_{0x54, 0};
  std::array<std::uint8_t, 6> mic_{};
  unsigned next_ = 0;  // the number of the next token
};

template <class C>
class basic_negotiate_world : public basic_gss_world<C> {
 public:
  using base = basic_gss_world<C>;
  using typename base::key;
  using initiator = kerb::gss::negotiate_initiator<C>;
  using acceptor = kerb::gss::negotiate_acceptor<C>;
  using product = kerb::gss::negotiated<C>;

  kerb::view_of<kerb::object_identifier> offers = kerb::gss::only_krb5;   ///< of the initiator
  kerb::view_of<kerb::object_identifier> accepts = kerb::gss::only_krb5;  ///< of the acceptor

  constexpr kerb::gss::negotiate_initiator_params<key> initiator_params(const kerb::basic_credential<key>& c) {
    return {.krb5 = base::initiator_params(c), .mechs = offers};
  }
  constexpr kerb::gss::negotiate_acceptor_params acceptor_params() {
    kerb::gss::negotiate_acceptor_params p;
    p.krb5 = base::acceptor_params();
    p.mechs = accepts;
    p.by = by;
    return p;
  }
  toy_mechanism our_toy{kerb::side::initiator}, their_toy{kerb::side::acceptor};
  kerb::gss::preference by = kerb::gss::preference::initiators;
  bool fresh = true;  ///< what the replay cache says

  /// Answers the questions about the toy mechanism.
  template <class X>
  constexpr typename X::step ask_toy(X& x, toy_mechanism& t, typename X::step s) {
    const auto env = this->turn();
    for (;;) {
      if (const auto* o = std::get_if<kerb::gss::other_mechanism>(&s)) {
        if (t.expects(o->token)) s = x.mechanism_token(t.answer(o->token), env);
        else if constexpr (std::same_as<X, acceptor>) s = x.without_mechanism({}, env);
        else s = x.abandon({.code = kerb::errc::refused_by_application});
      } else if (const auto* m = std::get_if<kerb::gss::make_mic>(&s)) s = x.mic_made(t.mic(m->list), env);
      else if (const auto* c = std::get_if<kerb::gss::check_mic>(&s)) s = x.mic_checked(t.verify(c->list, c->mic), env);
      else return s;
    }
  }
  /// Passes a token to an acceptor and answers its questions.
  constexpr typename acceptor::step take(acceptor& a, kerb::bytes_view token) {
    const auto env = this->turn();
    auto s = a.receive(token, env);
    const key k = this->service_key();
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.provide(k, env);
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.no_key(kerb::errc::no_key, env);
    if (kerb::is<kerb::check_replay>(s)) s = a.replay_checked(fresh, env);
    if (kerb::is<kerb::authenticated>(s)) s = a.accept(this->answer, env);
    return ask_toy(a, their_toy, s);
  }

  /// How a conversation ended.
  struct outcome {
    kerb::error ours{.code = kerb::errc::no_answer}, theirs{.code = kerb::errc::no_answer};  ///< ok: established
    std::optional<product> initiator, acceptor;
    std::optional<kerb::error_code_t> peer_error;
    unsigned legs = 0;

    constexpr bool both() const { return ours.ok() && theirs.ok(); }
  };
  /// Lets two sides talk until one has no token for the other. `tamper(leg, octets)` returns what
  /// arrives of each token; leg 0 is the initiator's first one.
  template <class Tamper>
  constexpr outcome converse(initiator& i, acceptor& a, Tamper&& tamper) {
    outcome o;
    auto ours = ask_toy(i, our_toy, i.start(this->turn()));
    for (;;) {
      if (const auto* f = std::get_if<kerb::failed>(&ours)) o.ours = f->why;
      const auto* out = std::get_if<kerb::send>(&ours);
      if (kerb::is<kerb::done>(ours) || (out != nullptr && out->then == kerb::afterwards::finished)) o.ours = {};
      if (out == nullptr || out->octets.empty() || o.legs == legs_.size()) break;
      auto theirs = take(a, keep(o.legs, tamper(o.legs, out->octets)));
      ++o.legs;
      kerb::bytes_view back;
      if (const auto* f = std::get_if<kerb::failed>(&theirs)) o.theirs = f->why;
      if (const auto* no = std::get_if<kerb::refused>(&theirs)) o.theirs = no->why, back = no->octets;
      if (const auto* c = std::get_if<kerb::gss::continue_with>(&theirs)) back = c->octets;
      if (const auto* r = std::get_if<kerb::reply>(&theirs)) o.theirs = {}, back = r->octets;
      if (kerb::is<kerb::done>(theirs)) o.theirs = {};
      if (out->then == kerb::afterwards::finished || back.empty() || o.legs == legs_.size()) break;
      ours = ask_toy(i, our_toy, i.receive(keep(o.legs, tamper(o.legs, back)), this->turn()));
      if (i.peer_error()) o.peer_error = i.peer_error()->error_code;
      ++o.legs;
    }
    if (o.ours.ok()) o.initiator.emplace(must(std::move(i).take()));
    if (o.theirs.ok()) o.acceptor.emplace(must(std::move(a).take()));
    return o;
  }
  template <class Tamper>
  constexpr outcome converse(const kerb::basic_credential<key>& c, Tamper&& tamper) {
    initiator i(initiator_params(c));
    acceptor a(acceptor_params());
    return converse(i, a, tamper);
  }
  constexpr outcome converse(const kerb::basic_credential<key>& c) {
    return converse(c, [](unsigned, kerb::bytes_view octets) { return octets; });
  }
  /// The octets of a leg as they arrived.
  constexpr kerb::bytes_view leg(unsigned n) const { return kerb::bytes_view(legs_[n]).first(sizes_[n]); }
  /// Whether messages of the two contexts reach each other.
  constexpr bool works(product& ours, product& theirs) {
    if (!ours.kerberos || !theirs.kerberos) return false;
    std::array<std::uint8_t, 128> token{}, out{};
    const auto m = "68656c6c6f"_hex;
    const auto one_way = [&](auto& from, auto& to) {
      const auto t = from.wrap(m, kerb::gss::protection::confidentiality, token, this->policy);
      if (!t) return false;
      const auto got = to.unwrap(*t, out, this->policy);
      return got && kerb::bytes_view(got->message) == kerb::bytes_view(m) && got->seen == kerb::gss::order::in_order;
    };
    return one_way(*ours.kerberos, *theirs.kerberos) && one_way(*theirs.kerberos, *ours.kerberos);
  }
  /// Whether a conversation ended with this mechanism on both sides, and, for Kerberos, with
  /// contexts that reach each other.
  constexpr bool agreed(outcome& o, kerb::object_identifier mech, bool verified) {
    if (!o.both() || o.initiator->mech != mech || o.acceptor->mech != mech) return false;
    if (o.initiator->list_verified != verified || o.acceptor->list_verified != verified) return false;
    if (kerb::gss::detail::is_kerberos(mech)) return works(*o.initiator, *o.acceptor);
    return !o.initiator->kerberos && !o.acceptor->kerberos;
  }

 private:
  constexpr kerb::bytes_view keep(unsigned n, kerb::bytes_view octets) {
    sizes_[n] = octets.size();
    for (std::size_t i = 0; i != octets.size(); ++i) legs_[n][i] = octets[i];
    return leg(n);
  }
  std::array<std::array<std::uint8_t, 2048>, 8> legs_{};
  std::array<std::size_t, 8> sizes_{};
};
using negotiate_world = basic_negotiate_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline negotiate_world_names
