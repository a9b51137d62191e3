// One request, one answer, one line in the log.
#pragma once
#include <sys/time.h>

#include <cstdio>
#include <ctime>
#include <functional>

#include "realm.hpp"

namespace example {

/// Octets off the wire as one word of printable ASCII.
inline std::string printable(kerb::bytes_view octets) {
  std::string s;
  for (const std::uint8_t o : octets) {
    if (o > 0x20 && o < 0x7f && o != '\\') {
      s += static_cast<char>(o);
    } else {
      std::array<char, 5> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned>(o));
      s += hex.data();
    }
    if (s.size() > 200) return s + "...";  // a line stays a line
  }
  return s;
}
inline std::string printable(const kerb::principal_view& p) {
  std::string s;
  for (const kerb::kerberos_string c : p.name.name_string) {
    s += (s.empty() ? "" : "/") + printable(c.octets);
    if (s.size() > 400) break;
  }
  return s.empty() ? "-" : s + "@" + printable(p.realm.octets);
}

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
inline std::string time_text(kerb::kerberos_time t) {
  const auto seconds = static_cast<std::time_t>(t.seconds);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}
inline std::string text_of(etype_t e) {
  const auto name = name_of(e);
  return name.empty() ? std::to_string(static_cast<int>(e)) : std::string(name);
}

/// Answers requests, one at a time. Nothing is remembered from one to the next.
class answerer {
 public:
  using log_line = std::function<void(const std::string&)>;

  answerer(const realm_settings& realm, store& principals, policy& crypto, log_line log)
      : realm_(realm), store_(principals), crypto_(crypto), log_(std::move(log)) {}

  /// The answer, with its length in front for a stream; nothing where there is none. Valid until the next call.
  kerb::bytes_view operator()(kerb::bytes_view request, const kerb::kdc_peer& peer, const std::string& from) {
    for (;;) {
      const kerb::timestamp at = now();
      kerb::botan::kdc exchange(realm_.is, room_, peer);
      directory names(store_, realm_.realm());
      const auto over = run(exchange, request, at, names);
      if (const auto* more = std::get_if<kerb::need_room>(&over); more != nullptr && more->octets <= most_room) {
        room_.resize(more->octets);  // from the start again: nothing has been kept
        continue;
      }
      const bool stream = peer.arrived == kerb::carrier::stream;
      log_(time_text(at.at) + " " + from + (stream ? " tcp " : " udp ") + told(exchange, request, over));
      const auto* const yes = std::get_if<kerb::reply>(&over);
      const auto* const no = std::get_if<kerb::refused>(&over);
      const kerb::bytes_view answer = yes != nullptr ? yes->octets : no != nullptr ? no->octets : kerb::bytes_view();
      return stream && !answer.empty() ? exchange.framed() : answer;
    }
  }
  /// The last words to a client on a stream whose next message is longer than we take (RFC 4120 section 7.2.2).
  kerb::bytes_view too_long(const std::string& from) {
    const kerb::timestamp at = now();
    kerb::botan::kdc exchange(realm_.is, room_);
    const kerb::turn<policy, policy> t{crypto_, crypto_, at};
    log_(time_text(at.at) + " " + from + " tcp refused: KRB_ERR_FIELD_TOOLONG, a length that is not taken");
    return kerb::says<kerb::refused>(exchange.frame_too_long(t)) ? exchange.framed() : kerb::bytes_view();
  }

 private:
  static constexpr std::size_t most_room = 1 << 20;

  /// The exchange says what it needs, and this gets it. kerb::serve() is the same loop in one call; written out, it
  /// leaves the reason of a refusal to the log.
  kerb::kdc_step run(kerb::botan::kdc& x, kerb::bytes_view request, kerb::timestamp at, directory& names) {
    const kerb::turn<policy, policy> t{crypto_, crypto_, at};
    client_ = "-";
    auto step = x.receive(request, t);
    for (;;) {
      if (const auto* ask = std::get_if<kerb::need_principal>(&step)) step = looked_up(x, *ask, t, names);
      else if (kerb::says<kerb::authorize>(step)) step = x.issue(granted(x), t);
      else return step;
    }
  }
  /// No policy beyond what the records say. What is said of a client goes into its first ticket; the TGS carries it
  /// over.
  static kerb::issue_options granted(const kerb::botan::kdc& x) {
    kerb::issue_options o;
    if (x.as() != nullptr) o.authorization_data = entry::authdata(x.as()->client());
    return o;
  }
  kerb::kdc_step looked_up(kerb::botan::kdc& x, const kerb::need_principal& ask, const kerb::turn<policy, policy>& t,
                           directory& names) {
    // While the ticket that says so lies open: at the end it is wiped
    if (x.tgs() != nullptr && ask.role == kerb::principal_role::server) {
      const auto& ticket = x.tgs()->header_ticket();
      client_ = printable({ticket.cname, ticket.crealm});
    }
    try {
      const auto answer = names.find(ask);
      if (const auto* r = std::get_if<kerb::principal_record<policy>>(&answer)) return x.found(*r, t);
      if (const auto* way = std::get_if<kerb::in_realm>(&answer)) return x.refer_to(way->realm, t);
      return x.absent(t);
    } catch (const std::exception& e) {
      log_(std::string("the store fails: ") + e.what());
      return x.unavailable(t);
    }
  }

  /// Who asked for what, and what came of it. Nothing in here was under a seal but the client of a TGS request.
  std::string told(const kerb::botan::kdc& x, kerb::bytes_view request, const kerb::kdc_step& over) const {
    std::string s = "no request";
    if (x.as() != nullptr) {
      s = "AS ";
      if (const auto r = kerb::asn1::decode<kerb::msg::AsReq>(request)) {
        const auto& body = r->req_body.value();
        s += (body.cname ? printable({*body.cname, body.realm}) : "-") + " for " + wanted(body);
      }
    } else if (x.tgs() != nullptr) {
      s = "TGS ";
      if (const auto r = kerb::asn1::decode<kerb::msg::TgsReq>(request)) {
        s += client_ + " for " + wanted(r->req_body.value());
      }
    }
    if (kerb::says<kerb::reply>(over)) return s + issued(x.as() != nullptr ? x.as()->draft() : x.tgs()->draft());
    kerb::error why{};
    if (const auto* no = std::get_if<kerb::refused>(&over)) {
      s += no->octets.empty() ? ": no answer, " : ": refused, " + code_of(no->octets) + ", ";
      why = no->why;
    } else if (const auto* f = std::get_if<kerb::failed>(&over)) {
      s += ": failed, ";
      why = f->why;
    } else {
      return s + ": no answer, too much";
    }
    s += std::string(kerb::name_of(why.code));
    if (*why.type != '\0')
      s += std::string(" in ") + why.type + (*why.field == '\0' ? "" : std::string(".") + why.field);
    return s;
  }
  static std::string wanted(const kerb::msg::KdcReqBody& body) {
    return body.sname ? printable({*body.sname, body.realm}) : "-";
  }
  static std::string code_of(kerb::bytes_view octets) {
    const auto e = kerb::asn1::decode<kerb::msg::KrbError>(octets);
    if (!e) return "?";
    const auto name = name_of(e->error_code);
    return name.empty() ? std::to_string(static_cast<int>(e->error_code)) : std::string(name);
  }
  static std::string issued(const kerb::ticket_draft& d) {
    std::string s = std::string(d.is_referral ? ": referred to " : ": issued ") + printable(d.server);
    s += ", session " + text_of(d.session_etype) + ", ticket " + text_of(d.ticket_etype) + ", until " +
         time_text(d.endtime);
    for (unsigned bit = 0; bit != 32; ++bit)
      if (const auto f = static_cast<kerb::ticket_flag_t>(bit); d.flags.has(f)) s += " " + std::string(name_of(f));
    return s;
  }

  const realm_settings& realm_;
  store& store_;
  policy& crypto_;
  log_line log_;
  std::string client_;  ///< of a TGS request, once its ticket has been opened
  std::vector<std::uint8_t> room_ = std::vector<std::uint8_t>(4 * kerb::botan::kdc::room_size);
};

}  // namespace example
