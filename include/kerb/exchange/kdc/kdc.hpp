// One exchange for any request to a KDC.
#pragma once
#include "as.hpp"
#include "tgs.hpp"

namespace kerb::inline v0 {

/// Answers one request, an AS-REQ or a TGS-REQ. It has the steps and calls of as_kdc and tgs_kdc.
/// A request of another version, or with a wrong msg-type inside, is refused with a KRB-ERROR. So is,
/// on a stream, another Kerberos message except a KRB-ERROR (RFC 4120 section 5.1.4). Octets with any
/// other fault are refused without an answer. `Mechanisms` are those of as_kdc.
template <crypto_policy C, class Mechanisms = kdc_mechanisms<kdc_enc_timestamp>>
class [[nodiscard]] kdc {
 public:
  using key = typename C::key;
  using record = principal_record<C>;
  using step = typename as_kdc<C, Mechanisms>::step;
  static constexpr std::size_t typical_buffer_size = detail::kdc_exchange<C>::typical_buffer_size;

  /// The buffer must outlive the exchange. So must `decoy`, the record used in place of unknown
  /// clients when the policy conceals them (kdc_policy::conceal_unknown_clients). An AS exchange
  /// gets `own`, the mechanisms.
  constexpr kdc(const kdc_policy& settings, std::span<std::uint8_t> buffer, const kdc_peer& peer = {},
                const record* decoy = nullptr, Mechanisms own = {})
      : policy_(settings), peer_(peer), workspace_(buffer), decoy_(decoy), own_(std::move(own)) {}

  /// Takes the request, without a length prefix. After need_buffer, call it again with the same
  /// request.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (is_idle()) {
      if (!env.now.in_range()) return fail_unused(detail::clock_fault(env.now));
      if (!octets.empty() && octets[0] == der::application(10).octet) {
        as_.emplace(policy_, workspace_, peer_, decoy_, std::move(own_));
      } else if (!octets.empty() && octets[0] == der::application(12).octet) {
        tgs_.emplace(policy_, workspace_, peer_, decoy_);
      } else if (!octets.empty() && peer_.arrived == transport::stream) {
        as_.emplace(policy_, workspace_, peer_, decoy_, std::move(own_));  // which answers that this is no request
      } else {
        (void)fail_unused({.code = errc::api_misuse});  // of every later call
        return refused{{}, {.code = errc::unexpected_message, .type = "KDC-REQ"}};
      }
    }
    return with([&](auto& x) { return x.receive(octets, env); });
  }
  [[nodiscard]] constexpr step found(const record& r, const environment<C>& env) {
    return with([&](auto& x) { return x.found(r, env); });
  }
  [[nodiscard]] constexpr step refer_to(kerberos_string realm, const environment<C>& env) {
    return with([&](auto& x) { return x.refer_to(realm, env); });
  }
  [[nodiscard]] constexpr step absent(const environment<C>& env) {
    return with([&](auto& x) { return x.absent(env); });
  }
  [[nodiscard]] constexpr step unavailable(const environment<C>& env) {
    return with([&](auto& x) { return x.unavailable(env); });
  }
  [[nodiscard]] constexpr step request_checked(request_verdict seen, const environment<C>& env) {
    return with([&](auto& x) { return x.request_checked(seen, env); });
  }
  [[nodiscard]] constexpr step issue(const issue_options& options, const environment<C>& env) {
    return with([&](auto& x) { return x.issue(options, env); });
  }
  [[nodiscard]] constexpr step refuse(error_code_t code, const environment<C>& env) {
    return with([&](auto& x) { return x.refuse(code, env); });
  }
  [[nodiscard]] constexpr step signed_ticket(const environment<C>& env) {
    return with([&](auto& x) { return x.signed_ticket(env); });
  }
  /// Answers the step of a mechanism.
  template <detail::kdc_answers_one_of<C, Mechanisms> Value>
  [[nodiscard]] constexpr step answer(const Value& value, const environment<C>& env) {
    if (!as_) return abandon({.code = errc::api_misuse});
    return as_->answer(value, env);
  }
  /// The caller has given up: the exchange fails with this error. After a failure it returns the
  /// first error again.
  [[nodiscard]] constexpr step abandon(error e) {
    if (!as_ && !tgs_) return fail_unused(e);
    return with([&](auto& x) { return x.abandon(e); });
  }
  /// Makes the KRB-ERROR for a stream whose next message is longer than the caller accepts, or has
  /// a length that RFC 4120 reserves (section 7.2.2). Transmit it and close the stream. Only for an
  /// exchange that has received nothing yet.
  [[nodiscard]] constexpr step frame_too_long(const environment<C>& env) {
    if (is_idle()) as_.emplace(policy_, workspace_, peer_, decoy_, std::move(own_));
    return with([&](auto& x) { return x.frame_too_long(env); });
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, if
  /// `bigger` cannot hold what is kept, or what a TGS exchange will open, and once nothing is left to
  /// continue.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (is_used_up() || (as_ && !as_->set_buffer(bigger)) || (tgs_ && !tgs_->set_buffer(bigger))) return false;
    workspace_ = bigger;
    return true;
  }
  /// The answer with its length in front, for a stream (RFC 4120 section 7.2.2); valid as long as
  /// the answer.
  constexpr bytes_view framed() { return as_ ? as_->framed() : tgs_ ? tgs_->framed() : bytes_view(); }
  /// The exchange in use; null for the other one, and while nothing has been received.
  constexpr const as_kdc<C, Mechanisms>* as() const& KERB_LIFETIMEBOUND { return as_ ? &*as_ : nullptr; }
  void as() const&& = delete;
  constexpr const tgs_kdc<C>* tgs() const& KERB_LIFETIMEBOUND { return tgs_ ? &*tgs_ : nullptr; }
  void tgs() const&& = delete;

 private:
  constexpr bool is_idle() const { return !is_used_up() && !as_ && !tgs_; }
  /// Whether there is no exchange to continue, and none can begin.
  constexpr bool is_used_up() const { return !lives_ || unused_failure_; }
  /// Fails before an exchange was begun.
  constexpr failed fail_unused(error e) {
    if (!unused_failure_) unused_failure_ = e;
    return failed{*unused_failure_};
  }
  template <class F>
  constexpr step with(F f) {
    if (as_) return detail::widened<step>(f(*as_));
    if (tgs_) return detail::widened<step>(f(*tgs_));
    return fail_unused({.code = errc::api_misuse});
  }
  kdc_policy policy_;
  kdc_peer peer_;
  std::span<std::uint8_t> workspace_;
  const record* decoy_;
  Mechanisms own_;
  detail::moving_state<false> lives_ = true;  // not moved from
  std::optional<error> unused_failure_;       // before as_ or tgs_ was there
  // At most one of them. Not a variant: with clang, GCC 12's std::variant does not work in a
  // constant expression.
  std::optional<as_kdc<C, Mechanisms>> as_;
  std::optional<tgs_kdc<C>> tgs_;
};

}  // namespace kerb::inline v0
