// The transport: the servers of each realm, one after the other, as kdc_failover decides.
#pragma once
#include <chrono>
#include <kerb/format/host_port.hpp>
#include <kerb/transport/failover.hpp>
#include <map>

#include "../support/posix_transport.hpp"
#include "config.hpp"
#include "once.hpp"

namespace example {

class network {
 public:
  network(config& where, std::string kdc, bool tcp) : where_(where), kdc_(std::move(kdc)), tcp_(tcp) {}

  /// The function for kerb::acquire and kerb::drive.
  kerb::result<kerb::answer> operator()(const kerb::send& s) {
    if (s.to == kerb::destination::kpasswd) return change_password(s);
    if (s.octets.empty()) return kerb::errc::no_answer;  // an ignored answer: the request is not repeated
    const kerb::server_list<> servers = servers_of(std::string(s.realm.text()), kerb::server_t::kdc);
    kerb::kdc_failover order(servers, now() + 30000);
    kerb::failover_step step = order.start(s.octets.size(), now(), tcp_ || s.via == kerb::transport::stream);
    for (;;) {
      if (const auto* a = std::get_if<kerb::kdc_answer>(&step)) {
        answer_.assign(a->octets.begin(), a->octets.end());
        return kerb::answer(answer_,
                            a->via == kerb::reach_t::udp ? kerb::transport::datagram : kerb::transport::stream);
      }
      if (const auto* g = std::get_if<kerb::gave_up>(&step)) return g->why;
      const auto* const t = std::get_if<kerb::try_server>(&step);
      if (t == nullptr) return kerb::errc::no_answer;
      const kerb::try_server attempt = *t;
      const bool stream = attempt.via == kerb::reach_t::tcp;
      if (!stream && attempt.via != kerb::reach_t::udp) {  // a proxy or a local socket: not here
        step = order.refused(now());
        continue;
      }
      transport_.emplace(std::string(attempt.server.host), std::to_string(attempt.server.port), stream,
                         std::chrono::milliseconds(attempt.until - now()));
      kerb::send one = s;
      one.via = stream ? kerb::transport::stream : kerb::transport::datagram;
      const auto got = (*transport_)(one);
      if (got) step = order.received(got->octets, now());
      else
        step = stream || now() < attempt.until ? order.refused(now()) : order.timed_out(std::max(now(), attempt.until));
    }
  }

  /// Whether a request to a password service may have arrived there.
  bool password_sent() const { return password_sent_; }

 private:
  /// Transmits a request for another password to one server only, over a stream if one can be opened: each copy after
  /// the first is refused, also if the first has changed the password.
  kerb::result<kerb::answer> change_password(const kerb::send& s) {
    if (s.octets.empty()) return password_sent_ ? once_.receive() : kerb::result<kerb::answer>(kerb::errc::no_answer);
    const kerb::server_list<> servers = servers_of(std::string(s.realm.text()), kerb::server_t::kpasswd);
    for (const bool stream : {true, false}) {
      for (const kerb::server_candidate& server : servers) {
        const bool fits =
            server.reach == kerb::reach_t::any || server.reach == (stream ? kerb::reach_t::tcp : kerb::reach_t::udp);
        if (!fits || (!stream && tcp_)) continue;
        password_sent_ = once_.transmit(std::string(server.host), std::to_string(server.port), stream, s.octets);
        if (!password_sent_) continue;
        auto got = once_.receive();
        if (!once_.refused()) return got;
        password_sent_ = false;
      }
    }
    return kerb::errc::no_answer;
  }
  static std::int64_t now() {
    const auto t = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(t).count();
  }
  kerb::server_list<> servers_of(const std::string& realm, kerb::server_t which) {
    kerb::server_list<> one;
    if (kdc_.empty()) {
      one = where_.servers(realm, which);
      if (!one.empty()) return one;
      throw failure("no server of the realm " + printable(realm) +
                    " is known. Add it to krb5.conf under [realms], or name it with --kdc");
    }
    auto server = kerb::parse_server(kdc_, kerb::default_port(which));
    if (!server) throw failure("--kdc needs HOST or HOST:PORT");
    if (which == kerb::server_t::kpasswd) server->port = kerb::default_port(which);
    (void)one.push_back(*server);
    return one;
  }

  config& where_;
  std::string kdc_;
  bool tcp_;
  std::optional<posix_transport> transport_;
  single_request once_;
  bool password_sent_ = false;
  octet_list answer_;
};

}  // namespace example
