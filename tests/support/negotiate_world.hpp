// Two sides of SPNEGO, in which a test may have anything wrong.
#pragma once
#include <kerb/gss/spnego.hpp>

#include "gss_world.hpp"

namespace kerb_test::inline negotiate_world_names {

inline constexpr kerb::object_identifier ntlm = "1.3.6.1.4.1.311.2.2.10"_oid;
inline constexpr kerb::object_identifier negoex = "1.3.6.1.4.1.311.2.2.30"_oid;
inline constexpr kerb::object_identifier toy = "1.3.6.1.4.1.99999.1"_oid;  ///< a mechanism of the program

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
    return p;
  }
  /// Passes a token to an acceptor and answers its questions about Kerberos.
  constexpr typename acceptor::step take(acceptor& a, kerb::bytes_view token) {
    const auto env = this->turn();
    auto s = a.receive(token, env);
    const key k = this->service_key();
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.provide(k, env);
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.no_key(kerb::errc::no_key, env);
    if (kerb::is<kerb::check_replay>(s)) s = a.replay_checked(true, env);
    if (kerb::is<kerb::authenticated>(s)) s = a.accept(this->answer, env);
    return s;
  }
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
};
using negotiate_world = basic_negotiate_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline negotiate_world_names
