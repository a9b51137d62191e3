// A client and a server of GS2-KRB5 on one connection, in which a test may have anything wrong.
#pragma once
#include "gss_world.hpp"

namespace kerb_test::inline gs2_world_names {

inline constexpr auto tls_unique_name = "746c732d756e69717565"_hex;  // "tls-unique"
inline constexpr auto end_point_name = "746c732d7365727665722d656e642d706f696e74"_hex;
inline constexpr auto finished_octets = "a34aa2dbca074ebbe5ef445d"_hex;
inline constexpr auto certificate_hash = "11111111111111111111111111111111"_hex;
inline constexpr kerb::gss::gs2_channel tls_unique{tls_unique_name, finished_octets};
inline constexpr kerb::gss::gs2_channel end_point{end_point_name, certificate_hash};
inline constexpr kerb::gss::gs2_channel both_channels[] = {end_point, tls_unique};

template <class C>
class basic_gs2_world : public basic_gss_world<C> {
 public:
  using base = basic_gss_world<C>;
  using key = typename C::key;
  using client = kerb::gss::gs2_client<C>;
  using server = kerb::gss::gs2_server<C>;
  using established = kerb::gss::gs2_context<C>;

  std::optional<kerb::gss::gs2_channel> channel{};   ///< the client's
  kerb::view_of<kerb::gss::gs2_channel> channels{};  ///< the server's
  bool server_binds = false;                         ///< what the client sees
  bool client_demands = false, server_demands = false, allowed = true;
  std::size_t max_identity = 64;
  kerb::bytes_view identity{};

  constexpr kerb::gss::gs2_client_params<key> client_params(const kerb::basic_credential<key>& c) {
    return {.gss = this->initiator_params(c),
            .channel = channel,
            .server_binds = server_binds,
            .channel_required = client_demands,
            .identity = identity};
  }
  constexpr kerb::gss::gs2_server_params server_params() {
    return {.gss = this->acceptor_params(),
            .channels = channels,
            .channel_required = server_demands,
            .max_identity = max_identity};
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
    established ours, theirs;
  };
  /// Runs both sides to their ends. The error of the one that fails.
  constexpr kerb::result<pair> connect(const kerb::basic_credential<key>& c) {
    client cl(client_params(c));
    server se(server_params());
    const auto first = cl.start(this->turn());
    const auto* r = std::get_if<kerb::gss::respond>(&first);
    if (r == nullptr) return base::reason(first);
    if (r->then != kerb::afterwards::wait) return kerb::errc::unexpected_message;
    const auto heard = respond_to(se, r->octets);
    const auto* ch = std::get_if<kerb::gss::challenge>(&heard);
    if (ch == nullptr) return base::reason(heard);
    const auto last = cl.receive(ch->octets, this->turn());
    r = std::get_if<kerb::gss::respond>(&last);
    if (r == nullptr) return base::reason(last);
    if (r->then != kerb::afterwards::finished || !r->octets.empty()) return kerb::errc::unexpected_message;
    auto asked = se.receive(r->octets, this->turn());
    const auto* a = std::get_if<kerb::gss::authorize_as>(&asked);
    if (a == nullptr) return base::reason(asked);
    if (!(a->identity == identity) || !kerb::same_principal(a->client, ap_world_names::alice)) {
      return kerb::errc::name_mismatch;
    }
    asked = allowed ? se.allow(this->turn()) : se.deny(this->turn());
    if (!kerb::is<kerb::done>(asked)) return base::reason(asked);
    return pair{must(std::move(cl).take()), must(std::move(se).take())};
  }
};
using gs2_world = basic_gs2_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline gs2_world_names
