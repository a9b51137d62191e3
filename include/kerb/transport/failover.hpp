// Which KDC to try next, over which transport and until when; RFC 4120 section 7.2.
#pragma once
#include <variant>

#include "../asn1/decode.hpp"
#include "../msg/error.hpp"
#include "candidate.hpp"

namespace kerb::inline v0 {

/// Times are milliseconds of any clock that does not go back.
struct failover_limits {
  /// How long to wait for an answer to a datagram, in the first round; twice as long in each further
  /// one.
  std::int64_t datagram_wait = 1000;
  /// How long to wait for a connection and the answer on it.
  std::int64_t stream_wait = 10000;
  /// How often each datagram is sent. Streams are tried once.
  unsigned rounds = 3;
  /// The most attempts for one request.
  unsigned attempts = 32;
  /// Requests with more octets go over TCP first, as with MIT krb5's udp_preference_limit.
  std::size_t largest_datagram = 1465;
};

/// Send the request to this server and wait for its answer until `until`; look up `server.host`
/// first. Then call received(), timed_out(), refused() or unresolved(). Earlier attempts can go on:
/// pass an answer of theirs to received() with the attempt.
struct try_server {
  std::size_t number = 0;  ///< in the list of servers
  server_candidate server;
  reach_t via{};  ///< not reach_t::any
  std::int64_t until = 0;
};
/// Go on waiting for the answers that are outstanding.
struct wait_for_answer {
  std::int64_t until = 0;
};
/// This is the KDC's answer, perhaps a KRB-ERROR. The octets are those given to received(), or a copy
/// in the machine.
struct kdc_answer {
  bytes_view octets;
  reach_t via{};
  std::size_t number = 0;
};
/// No server has answered. errc::no_answer: `field` is "deadline", or "servers" when all of them were
/// tried. errc::kdc_error with detail 29: all that answered are unavailable (KDC_ERR_SVC_UNAVAILABLE).
/// errc::api_misuse: the call is not allowed in this state.
struct gave_up {
  error why;
};
using failover_step = std::variant<try_server, wait_for_answer, kdc_answer, gave_up>;

/// Tries the servers of a realm one after the other. First each of them over UDP, or over TCP for a
/// large request; then over the other transport; then datagrams are repeated. An answer ends this,
/// also a KRB-ERROR, except:
///
/// * KDC_ERR_SVC_UNAVAILABLE: the next server is tried.
/// * KRB_ERR_RESPONSE_TOO_BIG over UDP: the same server is tried over TCP, and UDP no more.
/// * KDC_ERR_PREAUTH_FAILED and KDC_ERR_KEY_EXPIRED from a replica, where the primary KDC is known:
///   the password may have been changed a moment ago, so the primary is asked, once. If it does not
///   answer, the replica's error is the answer.
///
/// These errors are unauthenticated. Whoever forges one can have another server asked, in another
/// order, within the limits; whoever forges one for every server ends the request, as without this
/// machine.
///
/// The same request goes to several servers, and more than once. A KDC answers it again; a password
/// service takes it once and refuses the copy as a replay, so a request to change a password goes to one
/// server (see kpasswd_client).
///
/// The machine serves several requests, one after the other, until one deadline; the server that
/// answered last is tried first. It never allocates. Only the first 32 servers count. The list must
/// outlive it.
class kdc_failover {
 public:
  static constexpr std::size_t max_servers = 32;
  /// The longest KRB-ERROR of a replica after which the primary KDC is asked; a longer one is the answer.
  static constexpr std::size_t max_kept_error = 2048;

  /// `servers` can be a server_list, as krb5_conf and DNS fill it. No request is answered after `deadline`, a
  /// time of the same clock as each `now`: for 30 seconds, `now + 30000`.
  constexpr kdc_failover(view_of<server_candidate> servers KERB_LIFETIMEBOUND, std::int64_t deadline,
                         const failover_limits& limits = {})
      : servers_(servers), limits_(limits), deadline_(deadline) {}

  /// Begins with a request of this size. `needs_stream`: not over UDP, as send::via says.
  constexpr failover_step start(std::size_t octets, std::int64_t now, bool needs_stream = false) {
    needs_stream_ = needs_stream;
    stream_first_ = needs_stream || octets > limits_.largest_datagram;
    dead_datagrams_ = dead_streams_ = 0;
    attempts_ = 0;
    unavailable_ = only_primary_ = false;
    kept_size_ = 0;
    waiting_ = true;
    rewind();
    return next(now);
  }
  /// An answer to the last attempt.
  constexpr failover_step received(bytes_view octets, std::int64_t now) { return received(octets, last_, now); }
  /// An answer to an earlier attempt of this request.
  constexpr failover_step received(bytes_view octets, const try_server& from, std::int64_t now) {
    if (!waiting_ || from.number >= count()) return misuse();
    const std::uint32_t code = error_of(octets);
    if (code == number_of(error_code_t::krb_err_response_too_big) && from.via == reach_t::udp) {
      if (!needs_stream_) rewind();  // the servers in front of this one have not been tried over a stream
      needs_stream_ = stream_first_ = true;
      if (from.server.reach != reach_t::any || is_dead(from.number, reach_t::tcp)) return next(now);
      return attempt(from.number, reach_t::tcp, now);
    }
    if (code == number_of(error_code_t::kdc_err_svc_unavailable)) {
      unavailable_ = true;
      kill(from.number, dead_datagrams_);
      kill(from.number, dead_streams_);
      return next(now);
    }
    if ((code == number_of(error_code_t::kdc_err_preauth_failed) ||
         code == number_of(error_code_t::kdc_err_key_expired)) &&
        !is_primary(from.number)) {
      if (only_primary_) return timed_out(now);  // another replica says the same
      if (knows_primary() && octets.size() <= max_kept_error) {
        detail::copy_octets(octets.data(), octets.size(), kept_.data());
        kept_size_ = octets.size();
        kept_from_ = from;
        only_primary_ = true;
        rewind();
        return next(now);
      }
    }
    waiting_ = false;
    preferred_ = from.number;
    return kdc_answer{octets, from.via, from.number};
  }
  /// The last attempt has no answer in time. Before its time, this is wait_for_answer.
  constexpr failover_step timed_out(std::int64_t now) {
    if (!waiting_) return misuse();
    return now < last_.until ? failover_step(wait_for_answer{last_.until}) : next(now);
  }
  /// The server of the last attempt refuses the connection, or has ended it.
  constexpr failover_step refused(std::int64_t now) {
    if (!waiting_) return misuse();
    kill(last_.number, last_.via == reach_t::udp ? dead_datagrams_ : dead_streams_);
    return next(now);
  }
  /// The name of the last attempt's server has no address.
  constexpr failover_step unresolved(std::int64_t now) {
    if (!waiting_) return misuse();
    kill(last_.number, dead_datagrams_);
    kill(last_.number, dead_streams_);
    return next(now);
  }
  /// The exchange ignored the answer that received() returned, as a forged datagram: the machine
  /// goes on waiting.
  constexpr failover_step ignored(std::int64_t now) {
    if (waiting_ || attempts_ == 0) return misuse();
    waiting_ = true;
    return timed_out(now);
  }

 private:
  static constexpr std::uint32_t number_of(error_code_t c) { return static_cast<std::uint32_t>(c); }
  static constexpr failover_step misuse() { return gave_up{{.code = errc::api_misuse, .type = "failover"}}; }
  constexpr std::size_t count() const { return servers_.size() < max_servers ? servers_.size() : max_servers; }

  /// The code of a KRB-ERROR; 0 for everything else.
  static constexpr std::uint32_t error_of(bytes_view octets) {
    if (octets.empty() || octets[0] != der::application(30).octet) return 0;
    const auto e = asn1::decode<msg::KrbError>(octets);
    return e ? number_of(e->error_code) : 0;
  }
  /// Whether the server is the primary KDC, also if another entry for the same host says so.
  constexpr bool is_primary(std::size_t number) const {
    const server_candidate& s = servers_[number];
    for (std::size_t i = 0; i != count(); ++i)
      if (servers_[i].primary && servers_[i].host == s.host && servers_[i].port == s.port) return true;
    return false;
  }
  constexpr bool knows_primary() const {
    for (std::size_t i = 0; i != count(); ++i)
      if (servers_[i].primary && (!is_dead(i, reach_t::udp) || !is_dead(i, reach_t::tcp))) return true;
    return false;
  }
  constexpr bool is_dead(std::size_t number, reach_t via) const {
    return ((via == reach_t::udp ? dead_datagrams_ : dead_streams_) >> number & 1) != 0;
  }
  static constexpr void kill(std::size_t number, std::uint32_t& dead) { dead |= std::uint32_t{1} << number; }
  constexpr void rewind() {
    place_ = 0;
    other_transport_ = false;
    round_ = 0;
  }
  /// The server at a place in the order: the one that answered last, then the list without it.
  constexpr std::size_t server_at(std::size_t place) const {
    if (preferred_ >= count()) return place;
    return place == 0 ? preferred_ : place <= preferred_ ? place - 1 : place;
  }
  /// Over what the server is tried in this part of a round, if at all.
  constexpr std::optional<reach_t> reach_of(const server_candidate& s) const {
    if (only_primary_ && !s.primary) return std::nullopt;
    reach_t via = s.reach;
    if (via == reach_t::any) via = stream_first_ != other_transport_ ? reach_t::tcp : reach_t::udp;
    else if (other_transport_) return std::nullopt;
    if (via == reach_t::udp ? needs_stream_ : round_ != 0) return std::nullopt;
    return via;
  }
  constexpr failover_step next(std::int64_t now) {
    while (round_ < limits_.rounds && attempts_ < limits_.attempts) {
      if (place_ == count()) {
        place_ = 0;
        if (other_transport_) ++round_;
        other_transport_ = !other_transport_;
        continue;
      }
      const std::size_t number = server_at(place_++);
      const std::optional<reach_t> via = reach_of(servers_[number]);
      if (via && !is_dead(number, *via)) return attempt(number, *via, now);
    }
    return give_up("servers");
  }
  constexpr failover_step attempt(std::size_t number, reach_t via, std::int64_t now) {
    if (now >= deadline_) return give_up("deadline");
    if (attempts_ >= limits_.attempts) return give_up("servers");
    ++attempts_;
    std::int64_t wait = via == reach_t::udp ? limits_.datagram_wait : limits_.stream_wait;
    const std::int64_t left = deadline_ - now;
    for (unsigned i = 0; via == reach_t::udp && i != round_ && wait < left && wait < 0x40000000; ++i) wait *= 2;
    last_ = {number, servers_[number], via, now + (wait < left ? wait : left)};
    return last_;
  }
  constexpr failover_step give_up(const char* field) {
    waiting_ = false;
    if (only_primary_) {
      only_primary_ = false;  // the answer is given once: if the exchange ignores it, there is no other
      preferred_ = kept_from_.number;
      return kdc_answer{bytes_view(kept_).first(kept_size_), kept_from_.via, kept_from_.number};
    }
    if (unavailable_) {
      return gave_up{{.code = errc::kdc_error,
                      .detail = number_of(error_code_t::kdc_err_svc_unavailable),
                      .type = "KRB-ERROR",
                      .field = "error-code"}};
    }
    return gave_up{{.code = errc::no_answer, .type = "failover", .field = field}};
  }

  view_of<server_candidate> servers_;
  failover_limits limits_;
  std::int64_t deadline_ = 0;
  try_server last_;
  try_server kept_from_;
  std::array<std::uint8_t, max_kept_error> kept_{};
  std::size_t kept_size_ = 0;
  std::size_t place_ = 0;
  std::size_t preferred_ = max_servers;
  std::uint32_t dead_datagrams_ = 0;
  std::uint32_t dead_streams_ = 0;
  unsigned attempts_ = 0;
  unsigned round_ = 0;
  bool other_transport_ = false;
  bool stream_first_ = false;
  bool needs_stream_ = false;
  bool unavailable_ = false;
  bool only_primary_ = false;
  bool waiting_ = false;
};

}  // namespace kerb::inline v0
