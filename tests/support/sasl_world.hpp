// A client and a server of SASL, or one of them and a context that says anything, in which a test may have anything
// wrong.
#pragma once
#include "gss_world.hpp"

namespace kerb_test::inline sasl_world_names {

using kerb::gss::sasl_layer;
using kerb::gss::sasl_layers;

inline constexpr sasl_layers all_layers{sasl_layer::none, sasl_layer::integrity, sasl_layer::confidentiality};

/// The plaintext of an offer or a choice.
struct terms {
  std::uint8_t mask = 1;
  std::uint32_t size = 0;
  kerb::bytes_view identity{};
};

template <class C>
class basic_sasl_world : public basic_gss_world<C> {
 public:
  using base = basic_gss_world<C>;
  using key = typename C::key;
  using client = kerb::gss::sasl_client<C>;
  using server = kerb::gss::sasl_server<C>;
  using session = kerb::gss::sasl_session<C>;

  sasl_layers client_layers = all_layers, server_layers = all_layers;
  std::uint32_t client_size = 65536, server_size = 4096;
  std::size_t max_identity = 64;
  kerb::bytes_view identity{};
  bool allowed = true;

  constexpr kerb::gss::sasl_client_params<key> client_params(const kerb::basic_credential<key>& c) {
    return {.gss = this->initiator_params(c), .layers = client_layers, .max_size = client_size, .identity = identity};
  }
  constexpr kerb::gss::sasl_server_params server_params() {
    return {
        .gss = this->acceptor_params(), .layers = server_layers, .max_size = server_size, .max_identity = max_identity};
  }
  /// Passes a response to a server and answers what it asks about the context.
  constexpr typename server::step respond_to(server& s, kerb::bytes_view response) {
    const auto env = this->turn();
    auto x = s.receive(response, env);
    const key k = this->service_key();
    if (kerb::is<kerb::need_ticket_key>(x)) x = s.provide(k, env);
    if (kerb::is<kerb::need_ticket_key>(x)) x = s.no_key(kerb::errc::no_key, env);
    if (kerb::is<kerb::check_replay>(x)) x = s.replay_checked(true, env);
    if (kerb::is<kerb::authenticated>(x)) x = s.accept(this->answer, env);
    return x;
  }
  struct pair {
    session ours, theirs;
  };
  /// Runs both sides to their ends. The error of the one that fails, and how often each spoke.
  constexpr kerb::result<pair> connect(const kerb::basic_credential<key>& c) {
    client cl(client_params(c));
    server se(server_params());
    auto said = cl.start(this->turn());
    for (unsigned round = 0; round != 4; ++round) {
      const auto* r = std::get_if<kerb::gss::respond>(&said);
      if (r == nullptr) return base::reason(said);
      responses = round + 1;
      auto heard = respond_to(se, r->octets);
      if (const auto* a = std::get_if<kerb::gss::authorize_as>(&heard)) {
        if (r->then != kerb::afterwards::finished || !(a->identity == identity)) return kerb::errc::unexpected_message;
        if (!kerb::same_principal(a->client, ap_world_names::alice)) return kerb::errc::name_mismatch;
        heard = allowed ? se.allow(this->turn()) : se.deny(this->turn());
      }
      if (kerb::is<kerb::done>(heard)) { return pair{must(std::move(cl).take()), must(std::move(se).take())}; }
      const auto* ch = std::get_if<kerb::gss::challenge>(&heard);
      if (ch == nullptr) return base::reason(heard);
      if (r->then == kerb::afterwards::finished) return kerb::errc::unexpected_message;
      said = cl.receive(ch->octets, this->turn());
    }
    return kerb::errc::too_many_rounds;
  }

  /// A client that waits for an offer, and the context of its server.
  struct waiting_client {
    client ours;
    kerb::gss::context<C> theirs;
  };
  constexpr waiting_client client_at_offer(const kerb::basic_credential<key>& c) {
    client cl(client_params(c));
    typename base::acceptor a(this->acceptor_params());
    auto first = cl.start(this->turn());
    auto s = this->take(a, base::template must_be<kerb::gss::respond>(first).octets);
    if (const auto* r = std::get_if<kerb::reply>(&s)) {
      auto empty = cl.receive(r->octets, this->turn());
      if (!base::template must_be<kerb::gss::respond>(empty).octets.empty())
        (void)must(kerb::result<int>(kerb::errc::trailing_data));
    }
    return {std::move(cl), must(std::move(a).take())};
  }
  /// A server that waits for a choice, and the context of its client. `offered` is the plaintext.
  struct waiting_server {
    server ours;
    kerb::gss::context<C> theirs;
    std::array<std::uint8_t, 4> offered{};
  };
  constexpr waiting_server server_at_choice(const kerb::basic_credential<key>& c) {
    server se(server_params());
    typename base::initiator i(this->initiator_params(c));
    auto first = i.start(this->turn());
    auto s = respond_to(se, base::template must_be<kerb::send>(first).octets);
    if (this->flags.has(kerb::gss_flag_t::mutual)) {
      auto last = i.receive(base::template must_be<kerb::gss::challenge>(s).octets, this->turn());
      (void)base::template must_be<kerb::done>(last);
      s = se.receive({}, this->turn());
    }
    auto theirs = must(std::move(i).take());
    std::array<std::uint8_t, 64> plain{};
    const auto offer = must(theirs.unwrap(base::template must_be<kerb::gss::challenge>(s).octets, plain, this->policy));
    waiting_server w{std::move(se), std::move(theirs), {}};
    if (offer.message.size() != 4) (void)must(kerb::result<int>(kerb::errc::truncated));
    for (std::size_t n = 0; n != 4; ++n) w.offered[n] = offer.message[n];
    return w;
  }
  /// A token of `by` with these terms; it lies in this object.
  constexpr kerb::bytes_view token(kerb::gss::context<C>& by, const terms& t,
                                   kerb::gss::protection how = kerb::gss::protection::integrity) {
    std::array<std::uint8_t, 512> plain{};
    plain[0] = t.mask;
    for (std::size_t i = 1; i != 4; ++i) plain[i] = static_cast<std::uint8_t>(t.size >> (8 * (3 - i)));
    for (std::size_t i = 0; i != t.identity.size(); ++i) plain[4 + i] = t.identity[i];
    return token(by, kerb::bytes_view(plain).first(4 + t.identity.size()), how);
  }
  constexpr kerb::bytes_view token(kerb::gss::context<C>& by, kerb::bytes_view plain,
                                   kerb::gss::protection how = kerb::gss::protection::integrity) {
    return must(by.wrap(plain, how, token_octets_, this->policy));
  }

  unsigned responses = 0;  ///< of the client, until the server had no challenge

 private:
  std::array<std::uint8_t, 1024> token_octets_{};
};
using sasl_world = basic_sasl_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline sasl_world_names
