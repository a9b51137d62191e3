// The common parts of a client's exchanges, with a client that does nothing else.
#include <kerb/exchange/client/client_core.hpp>
#include <kerb/exchange/sealed.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
constexpr timestamp never{{latest_time.seconds + 1}, {0}};
constexpr std::uint8_t junk[] = {0x30, 0x03, 0x02, 0x01, 0x05};

struct toy_table {
  enum class state : std::uint8_t { idle, waiting, over, spent, failed };
  enum class call : std::uint8_t { start, receive, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr detail::transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting}},
      {call::receive, state::waiting, {state::waiting, state::over}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::take, state::over, {state::spent}},
  };
};
using toy_step = std::variant<send, need_buffer, ignored, done, failed>;
/// Sends one AS-REQ without padata, and accepts its reply.
class toy : public detail::kdc_client_core<toy, policy, toy_step, toy_table> {
 public:
  unsigned replies = 0, errors = 0;

  constexpr explicit toy(std::span<std::uint8_t> buffer, bool renewable = false)
      : kdc_client_core(buffer, {kdc_option_t::forwardable}, renewable) {}
  constexpr step start(const environment<policy>& env) {
    if (const auto no = unless<call::start>(env)) return *no;
    nonce_ = 12345;
    till_ = plus(env.now.at, 36000);
    (void)offer_.push_back(e20);
    const errc why = write_message([&](der::writer& w, errc&) {
      msg::KdcReqBody body;
      detail::fill_body(body, facts());
      asn1::write(w, msg::AsReq{{}, captured<msg::KdcReqBody>::of(body)});
    });
    if (why != errc::ok) return fail({.code = why});
    state_ = state::waiting;
    return transmit(true, env);
  }
  constexpr step receive(bytes_view octets, const environment<policy>& env, std::optional<transport> arrived = {}) {
    return received<msg::AsRep>(octets, env, arrived);
  }
  constexpr msg::KdcOptions options() const { return options_; }
  /// As an exchange whose KRB-ERROR is not the end, and that waits for its caller.
  constexpr void show(const msg::KrbError& e) { peer_error_ = e; }
  const key* opens_with = nullptr;  // replies; null: there is no key
  bool cuts = false;                // what it has opened, so that it does not decode

 private:
  template <class, crypto_policy, class, class>
  friend class detail::kdc_client_core;
  template <class, class, class>
  friend class detail::exchange_core;

  constexpr detail::request_facts facts() const { return asked(nonce_); }
  constexpr detail::request_facts asked(std::uint32_t nonce) const {
    return {alice(), krbtgt(), ex_org, options_, {}, till_, {}, nonce, offer_, {}, true};
  }
  constexpr kerberos_string kdc_realm() const { return ex_org; }
  constexpr step on_error(const msg::KrbError& e, const environment<policy>&) {
    ++errors;
    return fail(detail::krb_error(errc::kdc_error, e));
  }
  constexpr step on_reply(const msg::AsRep& rep, bytes_view, const environment<policy>& env) {
    ++replies;
    if (opens_with == nullptr) return disregard({.code = errc::no_key});
    const std::size_t kept = workspace_.kept().size();
    auto plain = open_sealed(env.crypto.get(), rep.enc_part, *opens_with, key_usage_t::as_rep_enc_part, workspace_);
    if (!plain) return disregard(plain.error());
    if (cuts) *plain = plain->first(plain->size() - 1);
    return accept_reply<msg::EncAsRepPart>(rep, *plain, kept, facts(), env, 30, *opens_with, padata_extensions<>{});
  }
  constexpr void forget() {
    product_ = product();
    workspace_.wipe_front();
  }
};

constexpr bytes_view sent(const toy_step& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}

/// A client that has sent its request.
struct waiting {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  toy x{buffer};
  toy_step first = x.start(w.env_now());
  constexpr bytes_view reply() { return w.as_rep(sent(first), honest); }
};

constexpr bool a_request_names_its_kdc() {
  waiting c;
  const auto* out = std::get_if<send>(&c.first);
  return out != nullptr && out->realm == ex_org && out->to == destination::kdc && out->via == transport::datagram &&
         out->fresh && out->then == afterwards::wait && asn1::decode<msg::AsReq>(out->octets).has_value();
}
KERB_BOTH("kdc_client_core: a request is for the realm's KDC, at first as a datagram", "[exchange][rfc4120-7.2.1]",
          a_request_names_its_kdc);

constexpr bool renewable_where_asked() {
  const msg::KdcOptions with = toy({}, true).options(), without = toy({}).options();
  return with.has(kdc_option_t::renewable) && with.has(kdc_option_t::forwardable) &&
         !without.has(kdc_option_t::renewable) && without.has(kdc_option_t::forwardable);
}
KERB_BOTH("kdc_client_core: a renewable ticket is requested when a renew-till time is", "[exchange][rfc4120-2.3]",
          renewable_where_asked);

// ---- what anyone can send

constexpr bool junk_is_ignored_on_a_datagram() {
  waiting c;
  const std::uint8_t no_error[] = {0x7e, 0x02, 0x30, 0x00};  // a KRB-ERROR's tag, and nothing in it
  for (const bytes_view octets : {bytes_view(), bytes_view(junk), bytes_view(no_error)}) {
    if (!is<ignored>(c.x.receive(octets, c.w.env_now()))) return false;
    waiting other;
    if (!is<failed>(other.x.receive(octets, c.w.env_now(), transport::stream))) return false;
  }
  return c.x.replies == 0 && c.x.errors == 0 && !c.x.peer_error();
}
KERB_BOTH("client_core: what does not decode is ignored on a datagram and fails on a stream", "[exchange]",
          junk_is_ignored_on_a_datagram);

constexpr bool a_seal_that_does_not_open_likewise() {
  for (const transport how : {transport::datagram, transport::stream}) {
    waiting c;
    c.x.opens_with = &c.w.tgs_key;
    const auto s = c.x.receive(c.reply(), c.w.env_now(), how);
    if (c.x.replies != 1 || why(s).code != errc::integrity) return false;
    if (is<failed>(s) != (how == transport::stream) || is<ignored>(s) != (how == transport::datagram)) return false;
    c.x.opens_with = &c.w.client_key;
    if (is<done>(c.x.receive(c.reply(), c.w.env_now())) != (how == transport::datagram)) return false;
  }
  return true;
}
KERB_BOTH("client_core: after a reply that is ignored the true one is accepted, after a failure it is not",
          "[exchange]", a_seal_that_does_not_open_likewise);

constexpr bool an_error_is_told_by_its_tag() {
  const std::uint8_t error[] = {0x7e}, reply[] = {0x6b};
  struct seen : toy {
    using toy::is_error;
  };
  return seen::is_error(error) && !seen::is_error(reply) && !seen::is_error({});
}
KERB_BOTH("client_core: a KRB-ERROR is told by its tag", "[exchange][rfc4120-5.10]", an_error_is_told_by_its_tag);

constexpr bool the_peers_error_is_shown_until_the_next_message() {
  waiting c;
  if (!is<failed>(c.x.receive(c.w.error(error_code_t::kdc_err_policy), c.w.env_now())) || c.x.errors != 1) return false;
  if (!c.x.peer_error() || c.x.peer_error()->error_code != error_code_t::kdc_err_policy) return false;
  // Also where the guard refuses the next call
  if (why(c.x.receive({}, c.w.env_now())).code != errc::kdc_error || c.x.peer_error()) return false;
  waiting d;
  if (!is<send>(d.x.receive(d.w.error(error_code_t::krb_err_response_too_big), d.w.env_now())) || !d.x.peer_error())
    return false;
  return why(d.x.receive(d.w.error(error_code_t::kdc_err_policy), d.w.turn_at(never))).code ==
             errc::clock_out_of_range &&
         !d.x.peer_error();
}
constexpr bool an_ignored_datagram_ends_it_too() {
  waiting c;
  c.x.opens_with = &c.w.client_key;
  if (!is<done>(c.x.receive(c.reply(), c.w.env_now()))) return false;
  c.x.show({});
  return c.x.peer_error() && is<ignored>(c.x.receive(junk, c.w.env_now())) && !c.x.peer_error();
}
KERB_BOTH("client_core: the peer's error is not shown after a datagram that is ignored, which may lie in its octets",
          "[exchange][security]", an_ignored_datagram_ends_it_too);
KERB_BOTH("client_core: the peer's error is shown until the next receive(), whatever that returns",
          "[exchange][rfc4120-3.1.6]", the_peers_error_is_shown_until_the_next_message);

// ---- KRB_ERR_RESPONSE_TOO_BIG

constexpr bool a_stream_once() {
  waiting c;
  const bytes_view request = sent(c.first);
  const auto again = c.x.receive(c.w.error(error_code_t::krb_err_response_too_big), c.w.env_now());
  const auto* out = std::get_if<send>(&again);
  if (out == nullptr || out->via != transport::stream || out->fresh || !(out->octets == request) || c.x.errors != 0)
    return false;
  const auto s = c.x.receive(c.w.error(error_code_t::krb_err_response_too_big), c.w.env_now());
  return is<failed>(s) && c.x.errors == 1 && why(s).code == errc::kdc_error;
}
KERB_BOTH("kdc_client_core: KRB_ERR_RESPONSE_TOO_BIG sends the same request over a stream, once",
          "[exchange][rfc4120-7.2.1]", a_stream_once);

constexpr bool after_that_datagrams_are_ignored() {
  for (const error_code_t code : {error_code_t::krb_err_response_too_big, error_code_t::kdc_err_policy}) {
    waiting c;
    c.x.opens_with = &c.w.client_key;
    const auto datagram = [&](bytes_view octets) {
      const auto s = c.x.receive(octets, c.w.env_now(), transport::datagram);
      return is<ignored>(s) && why(s).code == errc::unexpected_message;
    };
    if (!is<send>(c.x.receive(c.w.error(error_code_t::krb_err_response_too_big), c.w.env_now()))) return false;
    if (!datagram(junk) || !datagram(c.reply()) || !datagram(c.w.error(code)) || c.x.peer_error()) return false;
    if (c.x.replies != 0 || c.x.errors != 0) return false;
    if (!is<done>(c.x.receive(c.reply(), c.w.env_now(), transport::stream))) return false;
    if (!datagram(junk) || !datagram(c.w.error(code)) || !std::move(c.x).take()) return false;
  }
  return true;
}
KERB_BOTH("kdc_client_core: once a stream was asked for, a datagram changes nothing in any state",
          "[exchange][rfc4120-7.2.1][security]", after_that_datagrams_are_ignored);

constexpr bool after_that_an_answer_is_one_on_the_stream() {
  waiting c, d;
  const auto asks = [](waiting& one) {
    return is<send>(one.x.receive(one.w.error(error_code_t::krb_err_response_too_big), one.w.env_now()));
  };
  c.x.opens_with = &c.w.client_key;
  return asks(c) && asks(d) && is<failed>(d.x.receive(junk, d.w.env_now())) &&
         is<done>(c.x.receive(c.reply(), c.w.env_now()));
}
KERB_BOTH("kdc_client_core: a message of which nothing is said arrived as the last request asked for",
          "[exchange][rfc4120-7.2.1]", after_that_an_answer_is_one_on_the_stream);

// ---- the buffer

constexpr bool a_buffer_when_the_table_allows_it() {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{}, larger{};
  toy x(buffer);
  if (x.set_buffer(larger)) return false;  // this table has no use for one before start()
  const auto first = x.start(w.env_now());
  const std::size_t n = sent(first).size();
  if (x.set_buffer(std::span<std::uint8_t>(larger).first(n + 3)) || !(sent(first).data() == x.framed().data() + 4))
    return false;
  if (!x.set_buffer(std::span<std::uint8_t>(larger).first(n + 4)) || x.framed().data() != larger.data()) return false;
  (void)x.abandon({.code = errc::no_answer});
  return !x.set_buffer(buffer);
}
KERB_BOTH("client_core: another buffer is taken in the states of the table, if it holds what is kept", "[exchange]",
          a_buffer_when_the_table_allows_it);

// ---- the reply

constexpr bool the_credential_is_taken_once() {
  waiting c;
  c.x.opens_with = &c.w.client_key;
  if (std::move(c.x).take().error().code != errc::api_misuse) return false;  // and that changes nothing
  if (!is<done>(c.x.receive(c.reply(), c.w.env_now()))) return false;
  const auto got = std::move(c.x).take();
  return got && same_principal(got->client(), alice()) && same_principal(got->server(), krbtgt()) &&
         std::move(c.x).take().error().code == errc::api_misuse &&
         why(c.x.receive({}, c.w.env_now())).code == errc::api_misuse;
}
KERB_BOTH("kdc_client_core: the credential is taken once, after done", "[exchange][rfc4120-3.1.5]",
          the_credential_is_taken_once);

constexpr bool a_reply_to_another_request_fails() {
  waiting c;
  c.x.opens_with = &c.w.client_key;
  const bytes_view rep = c.w.as_rep(sent(c.first), [](reply_spec& s) { s.part.nonce = 54321; });
  return why(c.x.receive(rep, c.w.env_now(), transport::stream)).code == errc::nonce_mismatch && !std::move(c.x).take();
}
constexpr bool a_reply_to_another_request_is_ignored_on_a_datagram() {
  waiting c;
  c.x.opens_with = &c.w.client_key;
  for (int i = 0; i != 3; ++i) {  // anyone can have recorded it, and send it as often as he likes
    const bytes_view rep = c.w.as_rep(sent(c.first), [](reply_spec& s) { s.part.nonce = 54321; });
    const auto s = c.x.receive(rep, c.w.env_now());
    if (!is<ignored>(s) || why(s).code != errc::nonce_mismatch) return false;
  }
  return is<done>(c.x.receive(c.reply(), c.w.env_now())) && std::move(c.x).take();
}
KERB_BOTH("kdc_client_core: a reply whose sealed part answers another request fails on a stream",
          "[exchange][rfc4120-3.1.5]", a_reply_to_another_request_fails);
KERB_BOTH("kdc_client_core: a recorded reply to another request is ignored on a datagram, and the true one accepted",
          "[exchange][rfc4120-3.1.5][security]", a_reply_to_another_request_is_ignored_on_a_datagram);

constexpr bool a_sealed_part_that_does_not_decode_fails() {
  waiting c;
  c.x.opens_with = &c.w.client_key;
  c.x.cuts = true;
  const auto s = c.x.receive(c.reply(), c.w.env_now());
  return is<failed>(s) && is_malformed(why(s).code);
}
KERB_BOTH("kdc_client_core: a sealed part that does not decode fails, also on a datagram", "[exchange]",
          a_sealed_part_that_does_not_decode_fails);

constexpr bool a_session_key_of_a_wrong_length_fails() {
  waiting c;
  c.x.opens_with = &c.w.client_key;
  const std::uint8_t three[] = {1, 2, 3};
  const bytes_view rep = c.w.as_rep(sent(c.first), [&](reply_spec& s) { s.part.key = {e20, bytes_view(three)}; });
  return fails_with(c.x.receive(rep, c.w.env_now()), errc::bad_key_length, "key");
}
KERB_BOTH("kdc_client_core: a session key of a wrong length fails", "[exchange][rfc4120-5.2.9]",
          a_session_key_of_a_wrong_length_fails);

constexpr bool the_kdcs_clock_is_counted_in() {
  // The toy knows that the KDC's clock is 30 s ahead: a ticket that begins 329 s from now is within the skew of 300 s
  for (const std::int64_t begins : {329, 331}) {
    waiting c;
    c.x.opens_with = &c.w.client_key;
    const bytes_view rep = c.w.as_rep(sent(c.first), [&](reply_spec& s) {
      s.part.authtime = plus(noon.at, begins);
      s.part.starttime = plus(noon.at, begins);
    });
    if (is<done>(c.x.receive(rep, c.w.env_now())) != (begins == 329)) return false;
  }
  return true;
}
KERB_BOTH("kdc_client_core: times of a reply are compared with the KDC's clock, as far as it is known",
          "[exchange][rfc4120-3.1.5]", the_kdcs_clock_is_counted_in);

}  // namespace
