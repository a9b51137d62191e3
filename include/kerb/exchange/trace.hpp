// What a client's exchange tells a trace sink: names, numbers, encryption types, sizes and decisions. No event can
// hold a key, a password or octets of a message.
#pragma once
#include "../msg/ticket.hpp"
#include "../numbers/error_code.hpp"
#include "environment.hpp"
#include "step.hpp"

namespace kerb::inline v0 {

/// The events of a trace. The names in an event are views, valid until the sink returns; copy what you keep.
/// What a KDC says before its reply has been opened (refusal_arrived, reply_arrived, preauth_chosen, key_chosen,
/// clock_learnt, redirect) is unauthenticated, and its names can contain any octets.
namespace trace {

/// The client looks for this ticket in the caller's cache.
struct cache_searched {
  principal_view client;
  principal_view server;
};
/// The cache has it.
struct cache_hit {
  principal_view server;
  kerberos_time endtime;
};
/// The cache does not have it.
struct cache_missed {
  principal_view server;
};
/// The client logs in (RFC 4120 section 3.1).
struct login_begun {
  principal_view client;
};
/// The client decides to ask the KDC of `realm` for a ticket for `server`.
struct ticket_wanted {
  kerberos_string realm;
  principal_view server;
  bool renewal = false;  ///< the ticket-granting ticket itself, renewed
};
/// A request is ready for transmission.
struct request_made {
  kerberos_string realm;  ///< whose KDC it is for
  principal_view client;
  principal_view server;
  bool initial = false;  ///< an AS-REQ; otherwise a TGS-REQ
  std::size_t octets = 0;
  transport via = transport::datagram;
  bool fresh = true;  ///< false: the same request again, over a stream
};
/// A KRB-ERROR has arrived.
struct refusal_arrived {
  kerberos_string realm;  ///< whose KDC was asked
  error_code_t code{};
  std::size_t octets = 0;
};
/// A reply that decodes has arrived. It has not been opened yet.
struct reply_arrived {
  kerberos_string realm;
  bool initial = false;
  std::size_t octets = 0;
};
/// What arrived was ignored.
struct answer_ignored {
  kerberos_string realm;
  error why;
  std::size_t octets = 0;
};
/// The KDC asks for pre-authentication, and the client answers with this mechanism.
struct preauth_chosen {
  padata_t type{};
};
/// The client uses a long-term key of this encryption type.
struct key_chosen {
  etype_t etype{};
  std::uint64_t iterations = 0;  ///< of string-to-key; 0: the client has a key and no password
};
/// The client continues with the KDC's clock.
struct clock_learnt {
  std::int64_t ahead = 0;  ///< seconds by which the KDC's clock is ahead
};
/// A reply was opened and agrees with the request: there is a ticket.
struct ticket_issued {
  principal_view client;
  principal_view server;
  etype_t session_key{};  ///< encryption type of the session key
  etype_t sealed_with{};  ///< encryption type of the server's key, with which the ticket is sealed
  msg::TicketFlags flags;
  kerberos_time endtime;
  std::optional<kerberos_time> renew_till;
  std::size_t octets = 0;  ///< of the ticket
};
/// The ticket is for the KDC of `to`, which the client asks next.
struct referred {
  kerberos_string from;
  kerberos_string to;
};
/// A KDC named another realm as the client's own.
struct redirect {
  kerberos_string to;
  bool followed = false;
};
/// The client's KDC does not know the service; the caller's fallback realm is tried.
struct fallback_used {
  kerberos_string realm;
};
/// An AS or TGS exchange has failed. credential_client may still find another way.
struct exchange_failed {
  kerberos_string realm;  ///< whose KDC was asked
  error why;
};

}  // namespace trace

using trace_event =
    std::variant<trace::cache_searched, trace::cache_hit, trace::cache_missed, trace::login_begun, trace::ticket_wanted,
                 trace::request_made, trace::refusal_arrived, trace::reply_arrived, trace::answer_ignored,
                 trace::preauth_chosen, trace::key_chosen, trace::clock_learnt, trace::ticket_issued, trace::referred,
                 trace::redirect, trace::fallback_used, trace::exchange_failed>;

/// A crypto policy that takes trace events too. The exchanges of a client tell such a policy what they
/// do. With any other policy no event is made, and there is no code for it.
template <class C>
concept traced_policy = requires(C& c, timestamp at, const trace_event& e) {
  c.trace(at, e);
};

/// The policy `C` with a trace sink: `sink(timestamp, const trace_event&)` is called for each event, in the
/// exchange's call that causes it. The time is the caller's clock, or the KDC's where the exchange
/// continues with that (clock_learnt, kdc_clock_offset()). The sink must outlive this object. Name the
/// exchanges with this policy, for example `credential_client<traced<botan::policy, my_sink>>`; keys
/// and credentials are those of `C`.
template <crypto_policy C, class Sink>
  requires std::invocable<Sink&, timestamp, const trace_event&>
class traced : public C {
 public:
  template <class... Args>
    requires std::constructible_from<C, Args...>
  constexpr explicit traced(Sink& sink KERB_LIFETIMEBOUND, Args&&... args)
      : C(static_cast<Args&&>(args)...), sink_(sink) {}
  constexpr void trace(timestamp at, const trace_event& e) const { sink_.get()(at, e); }

 private:
  ref<Sink> sink_;
};

namespace detail {
/// Gives the event that `make()` returns to the policy's sink. Without a sink, `make` is not called.
template <crypto_policy C, class Make>
constexpr void tell(const environment<C>& env, [[maybe_unused]] const Make& make) {
  if constexpr (traced_policy<C>) env.crypto->trace(env.now, trace_event(make()));
}
}  // namespace detail

}  // namespace kerb::inline v0
