// A client with a ticket for kadmin/changepw, and a password service that can answer with anything wrong.
#pragma once
#include <kerb/exchange/client/kpasswd.hpp>
#include <kerb/exchange/service/kpasswd.hpp>
#include <kerb/format/principal.hpp>

#include "ap_world.hpp"

// An inline namespace of its own: other helpers in the same program have the same names.
namespace kerb_test::inline kpasswd_world_names {

using namespace kerb::literals;

inline constexpr kerb::principal_view changepw = kerb::kpasswd_service_name("EX.ORG"_krb);
inline constexpr kerb::kerberos_string bob_parts[] = {"bob"_krb};
inline constexpr kerb::principal_view bob{{kerb::name_t::principal, bob_parts}, "EX.ORG"_krb};
inline constexpr auto new_password = "6e65772d7061737377c3b67264"_hex;  // "new-passwörd"
inline constexpr kerb::secret_view new_secret{kerb::bytes_view(new_password)};

/// What a reply has, before anything is changed.
struct reply_parts {
  kerb::msg::EncApRepPart ap{};
  std::uint32_t seq = 0x1234567;
  std::optional<kerb::uint32> priv_seq{};  ///< instead of `seq`
  std::optional<kerb::kerberos_time> timestamp{};
  std::optional<kerb::uint32> usec{};
  kerb::msg::HostAddress s_address = kerb::from_acceptor;
  kerb::key_usage_t usage = kerb::key_usage_t::krb_priv_enc_part;
  std::uint16_t version = kerb::kpasswd_frame::change_version;
};

template <class C>
class basic_kpasswd_world {
 public:
  using key = typename C::key;
  basic_ap_world<C> w;

  constexpr basic_kpasswd_world() { w.service = changepw, w.request.service = changepw; }
  constexpr kerb::environment<C> turn() { return w.turn(); }

  /// The subkey of a request that was sent under the insecure policy, where everything can be read.
  struct sent_facts {
    key subkey;
    std::uint32_t seq = 0;
    kerb::msg::EncKrbPrivPart part;
    kerb::timestamp at;
  };
  /// Opens a request as the service would. What is returned views this object.
  constexpr sent_facts open(kerb::bytes_view request) {
    using namespace kerb;
    const auto frame = must(read_kpasswd_frame(request));
    const auto req = must(asn1::decode<msg::ApReq>(frame.ap));
    opened_ = detail::workspace(std::span(octets_));
    const auto auth =
        must(open_sealed(w.policy, req.authenticator, w.session_key(), key_usage_t::ap_req_authenticator, opened_));
    const auto a = must(asn1::decode<msg::Authenticator>(bytes_view(auth)));
    const auto sub = must(a.subkey);
    key k = w.import(sub);
    const auto priv = must(asn1::decode<msg::KrbPriv>(frame.message));
    const auto plain = must(open_sealed(w.policy, priv.enc_part, k, key_usage_t::krb_priv_enc_part, opened_));
    return {std::move(k),
            must(a.seq_number),
            must(asn1::decode<msg::EncKrbPrivPart>(bytes_view(plain))),
            {a.ctime, a.cusec}};
  }
  constexpr reply_parts parts(const sent_facts& sent) const {
    reply_parts p;
    p.ap = {sent.at.at, sent.at.usec, {}, p.seq};
    return p;
  }
  constexpr kerb::bytes_view mint_priv(kerb::bytes_view data, const reply_parts& p, const key& k,
                                       std::span<std::uint8_t> out) {
    using namespace kerb;
    errc why = errc::ok;
    const msg::KpasswdEncKrbPrivPart part{data,        p.timestamp, p.usec, p.priv_seq ? p.priv_seq : p.ap.seq_number,
                                          p.s_address, {}};
    auto sealed = asn1::computed{[&](der::writer& to) { write_sealed(to, part, k, p.usage, turn(), why); }};
    return must(asn1::encode(msg::BasicKrbPriv<decltype(sealed)>{sealed}, out));
  }
  /// A reply with this result; it lies in this object.
  constexpr kerb::bytes_view reply(kerb::bytes_view data, const reply_parts& p, const key& subkey) {
    return reply(data, p, subkey, w.session_key());
  }
  constexpr kerb::bytes_view reply(kerb::bytes_view data, const reply_parts& p, const key& subkey, const key& session) {
    std::array<std::uint8_t, 512> rep{};
    std::array<std::uint8_t, 2048> priv{};
    const auto ap = must(kerb::testing::mint_ap_rep(p.ap, session, turn(), rep));
    return frame({p.version, ap, mint_priv(data, p, subkey, priv)});
  }
  constexpr kerb::bytes_view frame(const kerb::kpasswd_frame& f) { return must(kerb::write_kpasswd_frame(f, reply_)); }
  /// What a request has, before anything is changed: the AP-REQ is that of `w`.
  struct asked_parts {
    std::uint16_t version = kerb::kpasswd_frame::change_version;
    std::uint32_t seq = 0x2345678;
    std::optional<kerb::uint32> priv_seq{};  ///< instead of `seq`
    bool has_seq = true;                     ///< the authenticator
    bool has_priv_seq = true;                ///< the KRB-PRIV
    std::optional<kerb::kerberos_time> timestamp{};
    std::optional<kerb::uint32> usec{};
    bool subkey = true;
    std::optional<key> priv_key{};  ///< instead of the subkey
    kerb::key_usage_t usage = kerb::key_usage_t::krb_priv_enc_part;
    kerb::msg::HostAddress s_address = kerb::from_initiator;
  };
  constexpr key subkey() { return w.import(key_as_sent(w.session_etype, subkey_octets)); }
  /// A request with this user-data; it lies in this object.
  constexpr kerb::bytes_view request(kerb::bytes_view data, asked_parts p = {}) {
    w.authenticator.seq_number = p.has_seq ? std::optional<kerb::uint32>(p.seq) : std::nullopt;
    if (p.subkey) w.authenticator.subkey = key_as_sent(w.session_etype, subkey_octets);
    else w.authenticator.subkey = std::optional<kerb::msg::EncryptionKey>{};
    std::array<std::uint8_t, 2048> priv{};
    reply_parts r;
    if (p.has_priv_seq) r.priv_seq = p.priv_seq ? p.priv_seq : std::optional<kerb::uint32>(p.seq);
    r.timestamp = p.timestamp;
    r.usec = p.usec;
    r.s_address = p.s_address;
    r.usage = p.usage;
    const key k = p.priv_key ? std::move(*p.priv_key) : subkey();
    return must(kerb::write_kpasswd_frame({p.version, w.mint(), mint_priv(data, r, k, priv)}, request_));
  }
  /// What a service that has its key did with a request.
  struct served {
    std::optional<bool> own{}, initial{};  ///< if it asked to change a password
    kerb::basic_principal<128> client, target;
    std::array<std::uint8_t, 64> password{};
    std::size_t password_size = 0;
    kerb::error why;          ///< of `refused` or `failed`
    bool replied = false;     ///< with `reply`
    kerb::bytes_view octets;  ///< of `reply` or `refused`; they are in this world
    constexpr bool has_password(kerb::bytes_view p) const {
      return kerb::bytes_view(password).first(password_size) == p;
    }
  };
  constexpr kerb::kpasswd_service_params service_params() { return {.ap = w.request_in(service_buffer_)}; }
  constexpr served serve(kerb::bytes_view request, kerb::kpasswd_result answer = {}) {
    return serve(request, service_params(), answer);
  }
  constexpr served serve(kerb::bytes_view request, kerb::kpasswd_service_params params,
                         kerb::kpasswd_result answer = {}, bool fresh = true) {
    using namespace kerb;
    served r;
    kpasswd_service<C> x(std::move(params));
    const auto env = turn();
    const key k = w.service_key();
    auto step = x.receive(request, env);
    if (kerb::is<need_ticket_key>(step)) step = x.provide(k, env);
    if (kerb::is<need_ticket_key>(step)) step = x.no_key(errc::no_key, env);
    if (kerb::is<check_replay>(step)) step = x.replay_checked(fresh, env);
    if (const auto* ask = std::get_if<change_password>(&step)) {
      r.own = ask->is_own;
      r.initial = ask->initial;
      r.client = must(basic_principal<128>::of(ask->client));
      r.target = must(basic_principal<128>::of(ask->target));
      r.password_size = ask->new_password.size();
      for (std::size_t i = 0; i != r.password_size; ++i) r.password.at(i) = ask->new_password.data()[i];
      step = x.answer(answer.code, {answer.text}, env);
    }
    if (const auto* yes = std::get_if<kerb::reply>(&step)) r.octets = yes->octets, r.replied = true;
    if (const auto* no = std::get_if<refused>(&step)) r.octets = no->octets, r.why = no->why;
    if (const auto* f = std::get_if<failed>(&step)) r.why = f->why;
    return r;
  }
  /// A KRB-ERROR of the service, not in a frame; it lies in this object.
  constexpr kerb::bytes_view krb_error(std::optional<kerb::bytes_view> e_data,
                                       kerb::error_code_t code = kerb::error_code_t::krb_err_generic) {
    kerb::msg::KrbError e;
    e.stime = w.now.at;
    e.error_code = code;
    e.realm = changepw.realm;
    e.sname = changepw.name;
    e.e_data = e_data;
    return must(kerb::asn1::encode(e, error_));
  }

 private:
  std::array<std::uint8_t, 4096> octets_{};
  std::array<std::uint8_t, 4096> reply_{};
  std::array<std::uint8_t, 4096> request_{};
  std::array<std::uint8_t, 8192> service_buffer_{};
  std::array<std::uint8_t, 2048> error_{};
  kerb::detail::workspace opened_;
};
using kpasswd_world = basic_kpasswd_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline kpasswd_world_names
