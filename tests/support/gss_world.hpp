// Two sides of a context of GSS-API, in which a test may have anything wrong.
#pragma once
#include <kerb/gss.hpp>

#include "ap_world.hpp"

namespace kerb_test::inline gss_world_names {

/// A client with a ticket for the service, and the service. Both are driven by the test.
template <class C>
class basic_gss_world : public basic_ap_world<C> {
 public:
  using base = basic_ap_world<C>;
  using key = typename C::key;
  using initiator = kerb::gss::initiator<C>;
  using acceptor = kerb::gss::acceptor<C>;
  using context = kerb::gss::context<C>;

  kerb::gss_flags flags{kerb::gss_flag_t::mutual, kerb::gss_flag_t::replay, kerb::gss_flag_t::sequence,
                        kerb::gss_flag_t::conf, kerb::gss_flag_t::integ};
  kerb::accept_options answer{};
  std::optional<kerb::channel_bindings> here{}, there{};  ///< the initiator's and the acceptor's channel

  constexpr kerb::gss::initiator_params<key> initiator_params(const kerb::basic_credential<key>& c) {
    return {.credential = c, .buffer = initiator_buffer, .flags = flags, .bindings = here};
  }
  constexpr kerb::gss::acceptor_params acceptor_params() {
    kerb::gss::acceptor_params p;
    p.ap = this->request_in(acceptor_buffer);
    p.ap.bindings = there;
    return p;
  }
  /// Passes a token to an acceptor and answers its questions, up to the first step that is none.
  constexpr typename acceptor::step take(acceptor& a, kerb::bytes_view token) {
    const auto env = this->turn();
    auto s = a.receive(token, env);
    const key k = this->service_key();
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.provide(k, env);
    if (kerb::is<kerb::need_ticket_key>(s)) s = a.no_key(kerb::errc::no_key, env);
    if (kerb::is<kerb::check_replay>(s)) s = a.replay_checked(true, env);
    if (kerb::is<kerb::authenticated>(s)) s = a.accept(answer, env);
    return s;
  }

  /// A context token with this checksum, in the frame of Kerberos's mechanism. The rest of the AP-REQ is as the fields
  /// of basic_ap_world say. It lies in this object.
  constexpr kerb::bytes_view mint_token(const kerb::gss_checksum& c) {
    this->authenticator.cksum = kerb::msg::Checksum{kerb::cksum_t::gssapi, must(write_gss_checksum(c, checksum_))};
    return framed(this->mint());
  }
  constexpr kerb::bytes_view mint_token(kerb::gss_flags f) { return mint_token({{}, f, {}, {}}); }
  /// A message as a context token; it lies in this object.
  constexpr kerb::bytes_view framed(kerb::bytes_view message, kerb::gss_token_t id = kerb::gss_token_t::ap_req,
                                    kerb::object_identifier mech = kerb::msg::mech_krb5) {
    return must(kerb::write_krb5_token({mech, id, message}, token_));
  }

  struct pair {
    context ours;    ///< the initiator's
    context theirs;  ///< the acceptor's
  };
  /// Establishes a context. Fails the test if that is not possible. The two contexts view `c` and the buffers of this
  /// world: for a second context at the same time, take a second world.
  constexpr pair establish(const kerb::basic_credential<key>& c) {
    initiator i(initiator_params(c));
    acceptor a(acceptor_params());
    auto first = i.start(this->turn());
    const kerb::send& sent = must_be<kerb::send>(first);
    auto s = take(a, sent.octets);
    if (const auto* more = std::get_if<kerb::gss::continue_with>(&s)) {
      auto last = i.receive(more->octets, this->turn());
      s = a.receive(must_be<kerb::send>(last).octets, this->turn());
    } else if (const auto* r = std::get_if<kerb::reply>(&s)) {
      auto last = i.receive(r->octets, this->turn());
      (void)must_be<kerb::done>(last);
    }
    return {must(std::move(i).take()), must(std::move(a).take())};
  }
  template <class Wanted, class Step>
  static constexpr const Wanted& must_be(const Step& s) {
    if (!kerb::is<Wanted>(s)) (void)must(kerb::result<int>(reason(s)));
    return *std::get_if<Wanted>(&s);
  }
  /// Why a step is no success.
  template <class Step>
  static constexpr kerb::error reason(const Step& s) {
    return std::visit(
        []<class S>(const S& x) -> kerb::error {
          if constexpr (requires { x.why.code; }) return x.why;
          else if constexpr (std::same_as<S, kerb::need_buffer>)
            return {.code = kerb::errc::no_space, .detail = static_cast<std::uint32_t>(x.size)};
          else return {.code = kerb::errc::api_misuse};
        },
        s);
  }

  std::array<std::uint8_t, 4096> initiator_buffer{}, acceptor_buffer{};

 private:
  std::array<std::uint8_t, 2048> checksum_{};
  std::array<std::uint8_t, 4096> token_{};
};
using gss_world = basic_gss_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline gss_world_names
