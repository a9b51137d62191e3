// The common parts of a client's exchanges.
#pragma once
#include "../../asn1/decode.hpp"
#include "../exchange_core.hpp"
#include "../trace.hpp"
#include "kdc_reply.hpp"
#include "padata_extension.hpp"

namespace kerb::inline v0::detail {

/// What all exchanges of a client have: an answer that arrives, and errors that anyone can send.
///
/// Anyone can send a datagram at any time. While a client that has started waits for something else
/// (a key, the answer to a mechanism's step), once its request needs a stream, and once it has its
/// product, receive() ignores datagrams and changes nothing. Its table has no row for this.
template <class Self, class Step, class Table>
class client_core : public exchange_core<Self, Step, Table> {
  using core = exchange_core<Self, Step, Table>;

 public:
  /// The KRB-ERROR that was last given to receive(), if the last message was one that the exchange
  /// waited for. It is unauthenticated, and valid as long as the octets that it came in.
  constexpr const std::optional<msg::KrbError>& peer_error() const& KERB_LIFETIMEBOUND { return peer_error_; }
  void peer_error() const&& = delete;

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when the
  /// buffer is too small for what the exchange keeps, or when this state has no use for one.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    return this->template may<core::call::set_buffer>() && this->workspace_.move_to(bigger);
  }

 protected:
  using core::core;

  /// Whether receive() ignores any datagram in the current state.
  constexpr bool ignores_datagrams() const {
    return this->state_ != Table::state::idle && this->state_ != Table::state::failed &&
           this->state_ != Table::moved_from && !this->template may<core::call::receive>();
  }
  /// The guard of receive(). `sent_via` is how the last request was to be sent. Without `arrived` the
  /// message counts as arrived in that way.
  template <class Environment>
  constexpr std::optional<Step> unless_received(const Environment& env, std::optional<transport> arrived,
                                                transport sent_via) {
    peer_error_ = std::optional<msg::KrbError>{};  // its octets may no longer be valid
    const transport how = arrived.value_or(sent_via);
    constexpr ignored stray{{.code = errc::unexpected_message}};
    if (how == transport::datagram && ignores_datagrams()) return stray;
    if (const auto no = this->template unless<core::call::receive>(env)) return no;
    // The answer to a request on a stream does not come as a datagram
    if (how == transport::datagram && sent_via == transport::stream) return stray;
    arrived_ = how;
    return std::nullopt;
  }
  static constexpr bool is_error(bytes_view octets) {
    return !octets.empty() && octets[0] == der::application(30).octet;
  }
  /// Ignores an error that an unauthenticated datagram could have caused. On a stream the exchange
  /// fails.
  constexpr Step disregard(error e) {
    if (arrived_ == transport::stream) return this->fail(e);
    return ignored{e};
  }
  /// The same for a message of which something was opened. The exchange keeps the first `kept` octets of
  /// its buffer, as before the message: anyone can send it any number of times.
  constexpr Step disregard_opened(error e, std::size_t kept) {
    this->workspace_.wipe_after(kept);
    return disregard(e);
  }

  std::optional<msg::KrbError> peer_error_;
  transport arrived_ = transport::datagram;
};

/// What the AS and TGS exchanges of a client have in common: what was requested, and the way to the
/// KDC. `Self` has, besides forget(): kdc_realm(), the realm whose KDC is asked; asked(nonce), what was
/// requested; on_reply(reply, octets, env) and on_error(error, env), which process an answer that
/// decodes.
template <class Self, crypto_policy C, class Step, class Table>
class kdc_client_core : public client_core<Self, Step, Table> {
  using core = client_core<Self, Step, Table>;

 public:
  using key = typename C::key;
  using product = basic_credential<key>;
  /// A buffer size, in octets, that is enough for ordinary names and tickets of 3 KiB. A user in many groups can have
  /// a ticket of 64 KiB: then the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = 8192;

  /// The realm that the KDC named instead of the one that was asked: in KDC_ERR_WRONG_REALM, or in
  /// an AS-REP that differs from the request only in the client's realm. It is unauthenticated, so
  /// the user or a local policy must decide whether to ask it (RFC 6806 section 7). Valid as long
  /// as the exchange.
  constexpr std::optional<kerberos_string> realm_named() const& KERB_LIFETIMEBOUND { return named_.get(); }
  void realm_named() const&& = delete;

  /// Returns the credential, once: after `done`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<core::call::take>()) return errc::api_misuse;
    this->state_ = core::state::spent;
    return std::move(product_);
  }

 protected:
  constexpr kdc_client_core(std::span<std::uint8_t> buffer, msg::KdcOptions options, bool renewable)
      : core(buffer), options_(options) {
    if (renewable) options_.set(kdc_option_t::renewable);
  }

  /// Processes what arrived.
  template <class Reply>
  constexpr Step received(bytes_view octets, const environment<C>& env, std::optional<transport> arrived) {
    if (const auto no = this->unless_received(env, arrived, via_)) return *no;
    Step next = process<Reply>(octets, env);
    if (const auto* i = std::get_if<ignored>(&next))
      tell(env, [&] { return trace::answer_ignored{self().kdc_realm(), i->why, octets.size()}; });
    if (const auto* f = std::get_if<failed>(&next))
      tell(env, [&] { return trace::exchange_failed{self().kdc_realm(), f->why}; });
    return next;
  }
  template <class Reply>
  constexpr Step process(bytes_view octets, const environment<C>& env) {
    if (!core::is_error(octets)) {
      const auto rep = asn1::decode<Reply>(octets);
      if (!rep) return this->disregard(rep.error());
      tell(env, [&] {
        return trace::reply_arrived{self().kdc_realm(), std::same_as<Reply, msg::AsRep>, octets.size()};
      });
      return self().on_reply(*rep, octets, env);
    }
    const auto e = asn1::decode<msg::KrbError>(octets);
    if (!e) return this->disregard(e.error());
    this->peer_error_ = *e;
    tell(env, [&] { return trace::refusal_arrived{self().kdc_realm(), e->error_code, octets.size()}; });
    if (e->error_code == error_code_t::krb_err_response_too_big && via_ != transport::stream) {
      via_ = transport::stream;  // RFC 4120 section 7.2.1: the same request over a stream
      return transmit(false, env);
    }
    return self().on_error(*e, env);
  }
  constexpr Self& self() { return static_cast<Self&>(*this); }
  constexpr const Self& self() const { return static_cast<const Self&>(*this); }
  constexpr Step transmit(bool fresh, const environment<C>& env) const {
    tell(env, [&] {
      const request_facts a = self().asked(nonce_);
      return trace::request_made{
          self().kdc_realm(), a.client, a.server, a.initial, this->workspace_.message().size(), via_, fresh};
    });
    return send{this->workspace_.message(), self().kdc_realm(), destination::kdc, via_, fresh, afterwards::wait};
  }
  /// Checks the opened part of a reply and makes the credential. `kdc_clock_ahead` are the seconds
  /// by which the KDC's clock is known to be ahead. `opener` is the key that opened the part, and `kept`
  /// the number of octets that the buffer kept before.
  template <class Part, class Rep, class Extensions>
  constexpr Step accept_reply(const Rep& rep, std::span<std::uint8_t> plain, std::size_t kept, const request_facts& a,
                              const environment<C>& env, std::int64_t kdc_clock_ahead, const key& opener,
                              const Extensions& extensions) {
    const auto part = asn1::decode<Part>(bytes_view(plain));
    if (!part) return this->fail(part.error());
    auto session_key = take_key(env.crypto.get(), part->key, plain);
    const timestamp now{plus(env.now.at, kdc_clock_ahead), env.now.usec};
    const error wrong = check_enc_part(*part, rep.ticket.value(), {rep.cname, rep.crealm}, a, now, env.limits);
    // The key may have sealed the reply to an earlier request, which anyone can send again
    if (wrong.code == errc::nonce_mismatch) return this->disregard_opened(wrong, kept);
    if (!wrong.ok()) return this->fail(wrong);
    const padata_reply<key> opened{a.initial,
                                   this->workspace_.message(),
                                   opener,
                                   part->flags,
                                   rep.padata.value_or(msg::MethodData{}),
                                   part->encrypted_pa_data};
    if (const error e = check_extensions(extensions, opened, env); !e.ok()) return this->fail(e);
    if (!session_key) return this->fail({.code = session_key.error().code, .type = "EncKDCRepPart", .field = "key"});
    product_ = make_credential(rep, *part, a, std::move(*session_key), env.now, std::move(this->workspace_));
    this->state_ = core::state::over;
    tell(env, [&] {
      const ticket_facts& f = product_.facts();
      return trace::ticket_issued{f.client,
                                  f.server,
                                  env.crypto->etype_of(product_.session_key()),
                                  rep.ticket.value().enc_part.etype,
                                  f.flags,
                                  f.endtime,
                                  f.renew_till,
                                  f.ticket.size()};
    });
    return done{};
  }

  msg::KdcOptions options_;
  transport via_ = transport::datagram;
  std::uint32_t nonce_ = 0;
  kerberos_time till_;
  std::optional<kerberos_time> rtime_;
  fixed<etype_t, 16> offer_;
  named_realm named_;
  product product_;
};

}  // namespace kerb::inline v0::detail
