// The client's side of the AP exchange, RFC 4120 section 3.2.
//
// Random octets are drawn at once, in start(), and used in this order: the subkey's seed, the
// sequence number (4), the authenticator's confounder.
#pragma once
#include "../../msg/error.hpp"
#include "../sealed.hpp"
#include "client_core.hpp"
#include "initiator_params.hpp"

namespace kerb::inline v0 {

namespace detail {
struct ap_initiator_table {
  enum class state : std::uint8_t { idle, waiting, over, spent, failed };
  enum class call : std::uint8_t { start, receive, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting, state::over}},  // over: without mutual authentication
      {call::receive, state::waiting, {state::over}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::take, state::over, {state::spent}},
  };
};
using ap_initiator_step = std::variant<send, need_buffer, ignored, done, failed>;

/// What an AP-REP contains besides the time.
template <class Key>
struct ap_rep_facts {
  std::optional<Key> subkey;
  std::optional<std::uint32_t> seq_number;
};
/// Reads the part of an AP-REP that was opened, wipes the key in it, and checks that it answers the
/// AP-REQ with the time `sent_at`.
template <crypto_policy C>
constexpr result<ap_rep_facts<typename C::key>> read_ap_rep(C& policy, std::span<std::uint8_t> plain,
                                                            timestamp sent_at) {
  const auto part = asn1::decode<msg::EncApRepPart>(bytes_view(plain));
  if (!part) return part.error();
  // RFC 4120 section 3.2.5: the returned time must be the one that was sent; otherwise the reply
  // answers another request
  if (part->ctime != sent_at.at) return error{.code = errc::time_mismatch, .type = "EncAPRepPart", .field = "ctime"};
  if (part->cusec != sent_at.usec) return error{.code = errc::time_mismatch, .type = "EncAPRepPart", .field = "cusec"};
  ap_rep_facts<typename C::key> found{{}, part->seq_number};
  if (part->subkey) {
    auto k = take_key(policy, *part->subkey, plain);
    if (!k) return error{.code = k.error().code, .type = "EncAPRepPart", .field = "subkey"};
    found.subkey.emplace(std::move(*k));
  }
  return found;
}
}  // namespace detail

template <crypto_policy C>
class kpasswd_client;

/// Authenticates the client to a service, and the service to the client. An initiator that was
/// moved from refuses every call. receive() does not modify the octets that it is given. Octets in
/// a step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] ap_initiator
    : public detail::client_core<ap_initiator<C>, detail::ap_initiator_step, detail::ap_initiator_table> {
  using base = detail::client_core<ap_initiator, detail::ap_initiator_step, detail::ap_initiator_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = session_keys<key>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB. A user in many groups can
  /// have a ticket of 64 KiB: then the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = 8192;

  constexpr explicit ap_initiator(initiator_params<key> params) : base(params.buffer), request_(std::move(params)) {}

  /// Makes the AP-REQ; with gss_context::frame, as a token of GSS-API. Without mutual
  /// authentication there is no answer to wait for, and the product is ready. errc::ticket_expired: the
  /// ticket ended more than exchange_limits::clock_skew ago, and a service would refuse it.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (const error e = detail::check(request_); !e.ok()) return fail(e);
    const error late = detail::check_unexpired(credential().facts(), env.now.at, env.limits.clock_skew);
    if (!late.ok()) return fail(late);
    errc why = errc::ok;
    std::array<std::uint8_t, gss_checksum::bnd_size> bnd{};  // RFC 4121 section 4.1.1.2: zeros where there are none
    if (request_.gss && request_.gss->bindings) why = hash_bindings(env.crypto.get(), *request_.gss->bindings, bnd);
    const etype_t etype = env.crypto->etype_of(credential().session_key());
    const std::optional<seal_shape> shape = env.crypto->shape(etype);
    if (why == errc::ok && request_.application_data && !env.crypto->cksum_of(etype)) why = errc::unsupported_cksum;
    if (why == errc::ok && !shape) why = errc::unsupported_etype;
    if (why != errc::ok) return fail({.code = why});
    drawn_octets octets;
    drawn_policy<C> drawn_crypto(env.crypto.get(), octets);
    const environment drawn = env.with(drawn_crypto);
    const std::size_t lacking = workspace_.lacking(detail::size_bound(request_), [&] {
      der::writer counted = der::writer::counting();
      sent_at_ = {env.now.at, {999999}};  // the longest
      seq_ = longest_seq;
      write_request(counted, drawn, bnd, why);
      return counted.count();
    });
    if (lacking != 0) return need_buffer{lacking};

    const std::size_t seed = request_.subkey ? env.crypto->seed_octets(etype) : 0;
    const std::size_t wanted = seed + (request_.sequence_number ? 4 : 0) + shape->front;
    if (!octets.draw(env.crypto.get(), wanted)) return fail({.code = errc::entropy});
    if (request_.subkey) {
      auto k = draw_key(etype, drawn);
      if (!k) return fail(k.error());
      subkey_.emplace(std::move(*k));
    }
    if (request_.sequence_number) {
      // RFC 4120 section 5.5.1 says that the number should be from all 32 bits. This departs from it, as MIT
      // krb5 does: some implementations, such as its old versions, transmit signed numbers, and with 30 bits
      // no number becomes negative soon. Zero must not be sent, since some implementations omit it
      const std::optional<std::uint32_t> n = draw_nonce(drawn);
      if (!n) return fail({.code = errc::entropy});
      seq_ = *n & longest_seq;
      if (seq_ == 0) seq_ = 1;
    }
    sent_at_ = request_.times ? request_.times->get().next(env.now) : env.now;
    why = this->write_message([&](der::writer& w, errc& e) { write_request(w, drawn, bnd, e); });
    if (why != errc::ok) return fail({.code = why});
    const bool waits = request_.mutual == required;
    if (waits) {
      state_ = state::waiting;
    } else if (!finish(env.crypto.get(), {}, {})) {
      return failed{why_};
    }
    return send{workspace_.message(), {},   destination::peer,
                transport::datagram,  true, waits ? afterwards::wait : afterwards::finished};
  }

  /// Processes what arrived: an AP-REP, a KRB-ERROR or, in a datagram, any octets. Without `arrived` it
  /// counts as a datagram.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env,
                                       std::optional<transport> arrived = {}) {
    if (const auto no = this->unless_received(env, arrived, transport::datagram)) return *no;
    if (base::is_error(octets)) return on_error(octets);
    const auto rep = asn1::decode<msg::ApRep>(octets);
    if (!rep) return disregard(rep.error());
    const std::size_t n = rep->enc_part.cipher.size();
    if (workspace_.free() < n) return need_buffer{workspace_.size_with(n)};
    // RFC 4120 section 3.2.5: sealed under the ticket's session key, whichever subkeys there are
    const std::size_t kept = workspace_.kept().size();
    const auto plain = open_sealed(env.crypto.get(), rep->enc_part, credential().session_key(),
                                   key_usage_t::ap_rep_enc_part, workspace_);
    if (!plain) return disregard({.code = plain.error().code, .type = "AP-REP", .field = "enc-part"});
    auto part = detail::read_ap_rep(env.crypto.get(), *plain, sent_at_);
    if (!part) {
      // Answers another request, and anyone can have sent it again
      if (part.error().code != errc::time_mismatch) return fail(part.error());
      return disregard_opened(part.error(), kept);
    }
    if (!finish(env.crypto.get(), std::move(part->subkey), part->seq_number)) return failed{why_};
    workspace_.wipe_front();
    return done{};
  }

  /// The time in the authenticator, which the AP-REP repeats; from the `send` of start().
  constexpr timestamp sent_at() const { return sent_at_; }

  /// Returns the session, once: after `done`, or after a `send` that no answer follows.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    return std::move(*product_);
  }

 private:
  template <class, class, class>
  friend class detail::exchange_core;
  friend class kpasswd_client<C>;  // which checks the AP-REP together with what it comes with
  using base::disregard;
  using base::disregard_opened;
  using base::fail;
  using base::peer_error_;
  using base::state_;
  using base::why_;
  using base::workspace_;
  static constexpr std::uint32_t longest_seq = 0x3fffffff;

  constexpr const basic_credential<key>& credential() const { return request_.credential.get(); }

  constexpr void write_request(der::writer& w, const environment<drawn_policy<C>>& env, bytes_view bnd, errc& why) {
    const std::size_t mark = w.count();
    const key& session_key = credential().session_key();
    std::array<std::uint8_t, max_cksum_octets> mac{};
    std::span<std::uint8_t> keyed;
    cksum_t type = cksum_t::gssapi;
    if (request_.application_data) {
      const std::optional<cksum_shape> shape = env.crypto->cksum_of(env.crypto->etype_of(session_key));
      if (!shape) {
        why = errc::unsupported_cksum;
        return;
      }
      type = shape->type;
      keyed = std::span(mac).first(shape->octets);
      if (!w.is_counting()) {
        const bytes_view pieces[] = {*request_.application_data};
        why = env.crypto->sign(type, session_key, key_usage_t::ap_req_authenticator_cksum, pieces, keyed);
      }
    }
    auto checksum = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::octet_string, [&] {
        if (!request_.gss) out.octets(bytes_view(keyed));
        else write_gss_checksum(out, {bnd, request_.gss->flags, request_.gss->deleg, {}});
      });
    }};
    auto data = asn1::computed{[&](der::writer& out) { detail::write_authorization_data(out, request_); }};
    using cksum = msg::BasicChecksum<decltype(checksum)>;

    msg::BasicAuthenticator<cksum, decltype(data)> a;
    if (request_.gss || request_.application_data) a.cksum.emplace(cksum{type, checksum});
    a.crealm = credential().client().realm;
    a.cname = credential().client().name;
    a.cusec = sent_at_.usec;
    a.ctime = sent_at_.at;
    if (request_.subkey) {  // while counting, the session key has the same size
      a.subkey = msg::EncryptionKey{env.crypto->etype_of(session_key),
                                    env.crypto->expose(subkey_ ? *subkey_ : session_key).unguarded()};
    }
    if (request_.sequence_number) a.seq_number = seq_;
    if (detail::has_authorization_data(request_)) a.authorization_data.emplace(data);
    auto authenticator = asn1::computed{
        [&](der::writer& out) { write_sealed(out, a, session_key, key_usage_t::ap_req_authenticator, env, why); }};
    msg::ApOptions options;
    options.set(ap_option_t::mutual_required, request_.mutual == required);
    options.set(ap_option_t::use_session_key, request_.user_to_user || credential().facts().user_to_user);
    asn1::write(w, msg::BasicApReq<decltype(authenticator)>{
                       options, captured<msg::Ticket>::as_sent(credential().ticket()), authenticator});
    if (request_.gss && request_.gss->frame) write_krb5_header(w, mark, gss_token_t::ap_req, *request_.gss->frame);
  }

  constexpr bool finish(C& policy, std::optional<key> acceptor_subkey, std::optional<std::uint32_t> acceptor_seq) {
    const key& k = credential().session_key();
    auto own = policy.import(policy.etype_of(k), policy.expose(k).unguarded());
    if (!own) {
      (void)fail(own.error());
      return false;
    }
    product_.emplace(product{std::move(*own), std::move(subkey_), std::move(acceptor_subkey),
                             request_.sequence_number ? std::optional(seq_) : std::nullopt, acceptor_seq});
    state_ = state::over;
    return true;
  }

  constexpr step on_error(bytes_view octets) {
    const auto e = asn1::decode<msg::KrbError>(octets);
    if (!e) return disregard(e.error());
    peer_error_ = *e;
    return fail({.code = errc::peer_error,
                 .detail = static_cast<std::uint32_t>(e->error_code),
                 .type = "KRB-ERROR",
                 .field = "error-code"});
  }
  constexpr void forget() {
    subkey_.reset();
    product_.reset();
    workspace_.wipe_front();
  }

  initiator_params<key> request_;
  timestamp sent_at_;
  std::uint32_t seq_ = 0;
  std::optional<key> subkey_;
  std::optional<product> product_;
};

}  // namespace kerb::inline v0
