// kdc_failover with servers that answer anything, or nothing. The first four octets are the limits, the time until the
// deadline and the number of servers; then comes an octet for each server, and two or more for each move: a request,
// what happens to the last attempt, or an answer to any attempt.
#include <algorithm>
#include <kerb/asn1/encode.hpp>
#include <kerb/transport/failover.hpp>
#include <vector>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

namespace {

struct moves {
  bytes_view left;
  std::uint8_t operator()() {
    if (left.empty()) return 0;
    const std::uint8_t o = left[0];
    left = left.subview(1);
    return o;
  }
};

std::vector<std::uint8_t> krb_error(std::int32_t code) {
  msg::KrbError e{};
  e.error_code = error_code_t{code};
  e.realm = "R"_krb;
  std::vector<std::uint8_t> out(128);
  const auto all = asn1::encode(e, std::span<std::uint8_t>(out));
  require(all.has_value(), "can be written", "a KRB-ERROR");
  return {all->begin(), all->end()};
}
std::int32_t code_of(bytes_view octets) {
  const auto e = asn1::decode<msg::KrbError>(octets);
  return e ? static_cast<std::int32_t>(e->error_code) : 0;
}
constexpr auto number(error_code_t c) { return static_cast<std::int32_t>(c); }

/// One machine, what it was told of its present request, and what it may do therefore.
class walk {
 public:
  walk(const server_list<8>& servers, std::int64_t deadline, const failover_limits& limits)
      : servers_(servers), deadline_(deadline), limits_(limits), order_(servers, deadline, limits) {}

  void begin(std::size_t octets, bool needs_stream) {
    tried_.clear();
    refused_.clear();
    kept_.clear();
    needs_stream_ = needs_stream;
    look_at(order_.start(octets, now_, needs_stream), {});
  }
  void wait(std::int64_t time) { now_ += time; }
  bool is_waiting() const { return waiting_; }
  bool can_ignore() const { return answered_; }

  void time_out() {
    const bool early = now_ < tried_.back().until;
    const failover_step s = order_.timed_out(now_);
    require(early == std::holds_alternative<wait_for_answer>(s), "waits until its time", "an attempt");
    look_at(s, {});
  }
  void refuse(bool unresolved) {
    const try_server& last = tried_.back();
    const auto gone = [&](reach_t via) { refused_.push_back({.number = last.number, .server = {}, .via = via}); };
    if (!unresolved && last.via == reach_t::udp) gone(reach_t::udp);
    else if (!unresolved) gone(reach_t::tcp), gone(reach_t::https), gone(reach_t::unix_socket);
    else gone(reach_t::udp), gone(reach_t::tcp), gone(reach_t::https), gone(reach_t::unix_socket);
    look_at(unresolved ? order_.unresolved(now_) : order_.refused(now_), {});
  }
  void receive(const std::vector<std::uint8_t>& octets, std::size_t attempt) {
    const try_server from = tried_[attempt % tried_.size()];
    const std::int32_t code = code_of(octets);
    if (code == number(error_code_t::krb_err_response_too_big) && from.via == reach_t::udp) needs_stream_ = true;
    if (code == number(error_code_t::kdc_err_preauth_failed) || code == number(error_code_t::kdc_err_key_expired))
      kept_.push_back(octets);
    if (code == number(error_code_t::kdc_err_svc_unavailable))
      for (const reach_t via : {reach_t::udp, reach_t::tcp, reach_t::https, reach_t::unix_socket})
        refused_.push_back({.number = from.number, .server = {}, .via = via});
    const failover_step s = order_.received(octets, from, now_);
    if (const auto* a = std::get_if<kdc_answer>(&s); a != nullptr && a->octets == bytes_view(octets)) {
      require(code != number(error_code_t::kdc_err_svc_unavailable), "passes over", "an unavailable KDC");
      require(code != number(error_code_t::krb_err_response_too_big) || a->via != reach_t::udp, "goes to a stream",
              "an answer that is too big");
    }
    look_at(s, octets);
  }
  void ignore() { look_at(order_.ignored(now_), {}); }

  /// A call that the state does not allow changes nothing.
  void misuse() {
    for (const failover_step& s : {order_.timed_out(now_), order_.refused(now_), order_.unresolved(now_)}) {
      const auto* g = std::get_if<gave_up>(&s);
      require(g != nullptr && g->why.code == errc::api_misuse, "is misuse", "a call without a request");
    }
  }

 private:
  void look_at(const failover_step& s, bytes_view received) {
    waiting_ = answered_ = false;
    if (const auto* t = std::get_if<try_server>(&s)) look_at(*t);
    if (const auto* w = std::get_if<wait_for_answer>(&s)) {
      require(now_ < w->until && w->until == tried_.back().until, "is that of the last attempt", "a wait");
      waiting_ = true;
    }
    if (const auto* a = std::get_if<kdc_answer>(&s)) look_at(*a, received);
    if (const auto* g = std::get_if<gave_up>(&s)) {
      const errc why = g->why.code;
      require(why == errc::no_answer || why == errc::kdc_error, "says why", "an end");
    }
  }
  void look_at(const try_server& t) {
    require(t.number < servers_.size() && servers_[t.number] == t.server, "is of the list", "a server");
    require(t.via != reach_t::any, "has a transport", "an attempt");
    const bool both = t.server.reach == reach_t::any && (t.via == reach_t::udp || t.via == reach_t::tcp);
    require(both || t.via == t.server.reach, "is how the server can be reached", "a transport");
    require(!needs_stream_ || t.via != reach_t::udp, "needs a stream", "the request");
    require(now_ < deadline_ && now_ < t.until && t.until <= deadline_, "ends by the deadline", "an attempt");
    for (const try_server& r : refused_)
      require(r.number != t.number || r.via != t.via, "is not asked again", "a server that refuses");
    tried_.push_back(t);
    require(tried_.size() <= limits_.attempts, "is limited", "the number of attempts");
    waiting_ = true;
  }
  void look_at(const kdc_answer& a, bytes_view received) {
    bool tried = false;
    for (const try_server& t : tried_) tried = tried || (t.number == a.number && t.via == a.via);
    require(tried, "was asked", "a server that answers");
    answered_ = true;
    if (!received.empty() && a.octets == received) return;
    // The kept error of a replica, and each one once
    for (auto k = kept_.begin(); k != kept_.end(); ++k) {
      if (a.octets != bytes_view(*k)) continue;
      kept_.erase(k);
      return;
    }
    require(received.empty() && a.octets.empty() && !tried_.empty(), "has arrived", "an answer");
  }

  const server_list<8>& servers_;
  std::int64_t deadline_, now_ = 0;
  failover_limits limits_;
  kdc_failover order_;
  std::vector<try_server> tried_, refused_;  // in this request
  std::vector<std::vector<std::uint8_t>> kept_;
  bool needs_stream_ = false, waiting_ = false, answered_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 1024) return 0;
  moves next{bytes_view(data, size)};
  failover_limits limits;
  const std::uint8_t how = next();
  limits.rounds = how % 8 == 7 ? 60 : how % 8;
  limits.attempts = how / 8;
  limits.largest_datagram = how % 2 != 0 ? 1465 : 0;
  limits.datagram_wait = 1 + 10 * next();
  const std::int64_t deadline = 500 * next();
  constexpr std::string_view hosts[] = {"a", "b", "c", "d"};
  server_list<8> servers;
  for (unsigned n = next() % 9; n != 0; --n) {
    const std::uint8_t o = next();
    require(servers.push_back({.host = hosts[o / 8 % 4],
                               .port = 88,
                               .reach = reach_t{static_cast<std::uint8_t>(o % 5)},
                               .path = {},
                               .primary = o >= 128}),
            "has a place", "a server");
  }
  walk w(servers, deadline, limits);
  w.begin(100, false);
  while (!next.left.empty()) {
    const std::uint8_t move = next();
    w.wait(40 * (move / 16));
    if (move % 16 == 0 || (!w.is_waiting() && !w.can_ignore())) {
      if (!w.is_waiting()) w.misuse();
      const std::uint8_t octets = next();
      w.begin(octets * 16u, octets % 2 != 0);
      continue;
    }
    if (!w.is_waiting()) {
      w.ignore();
      continue;
    }
    switch (move % 8) {
      case 0:
      case 1: w.time_out(); break;
      case 2: w.refuse(false); break;
      case 3: w.refuse(true); break;
      case 4: w.receive({0x6b, 0x00}, next()); break;
      case 5: {
        const std::uint8_t code = next();
        w.receive(krb_error(code), next());
        break;
      }
      case 6: {
        constexpr error_code_t codes[] = {error_code_t::kdc_err_preauth_failed, error_code_t::kdc_err_key_expired,
                                          error_code_t::kdc_err_svc_unavailable,
                                          error_code_t::krb_err_response_too_big};
        const std::uint8_t which = next();
        w.receive(krb_error(number(codes[which % 4])), which / 4);
        break;
      }
      default: {
        const std::size_t asked = next();
        const std::size_t n = std::min(asked, next.left.size());
        const std::vector<std::uint8_t> octets(next.left.begin(), next.left.begin() + n);
        next.left = next.left.subview(n);
        w.receive(octets, 0xffff);
      }
    }
  }
  return 0;
}
