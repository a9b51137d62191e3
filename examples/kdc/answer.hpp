// Answers one request, with one line in the log.
#pragma once
#include "realm.hpp"
#include "responder.hpp"

namespace example {

/// Answers requests, one at a time. It keeps no state about requests between calls.
class answerer : public responder {
 public:
  answerer(const realm_settings& realm, store& principals, policy& crypto, journal& log)
      : responder(log), realm_(realm), names_(principals, realm.realm()), crypto_(crypto), log_(log) {
    if (realm.is.conceal_unknown_clients) decoy_ = make_decoy(principals.prepares_people(), crypto);
  }

  kerb::bytes_view operator()(kerb::bytes_view request, const kerb::kdc_peer& peer, const std::string& from) override {
    for (std::size_t wanted = 0;;) {
      // Only here, where no exchange uses it: even the destructor of an exchange wipes its buffer
      if (workspace_.size() < wanted) workspace_.resize(wanted);
      const kerb::timestamp at = now();
      kdc exchange(realm_.is, workspace_, peer, decoy_ == nullptr ? nullptr : &decoy_->record());
      names_.forget();
      const auto over = run(exchange, request, at);
      if (const auto* more = std::get_if<kerb::need_buffer>(&over);
          more != nullptr && workspace_.size() < more->size && more->size <= most_buffer) {
        wanted = more->size;
        continue;  // with a new exchange
      }
      const bool stream = peer.arrived == kerb::transport::stream;
      if (!log_.quiet()) {
        begin_line(at, from, stream ? " tcp " : " udp ");
        tell(log_.line(), exchange, over);
        log_.end();
      }
      const auto* const yes = std::get_if<kerb::reply>(&over);
      const auto* const no = std::get_if<kerb::refused>(&over);
      const kerb::bytes_view answer = yes != nullptr ? yes->octets : no != nullptr ? no->octets : kerb::bytes_view();
      return stream && !answer.empty() ? exchange.framed() : answer;
    }
  }
  kerb::bytes_view too_long(const std::string& from) override {
    const kerb::timestamp at = now();
    kdc exchange(realm_.is, workspace_);
    const environment t{crypto_, at};
    if (!log_.quiet()) {
      begin_line(at, from, " tcp refused: KRB_ERR_FIELD_TOOLONG, a length that is not taken");
      log_.end();
    }
    return kerb::is<kerb::refused>(exchange.frame_too_long(t)) ? exchange.framed() : kerb::bytes_view();
  }

 private:
  using kdc = kerb::kdc<policy>;
  using environment = kerb::environment<policy>;
  static constexpr std::size_t most_buffer = 1 << 20;

  /// Gets what each step of the exchange needs. kerb::serve() is the same loop in one call; this one is written out so
  /// that the log gets the reason of a refusal.
  kerb::kdc_step run(kdc& x, kerb::bytes_view request, kerb::timestamp at) {
    const environment t{crypto_, at};
    client_.assign("-");
    auto step = x.receive(request, t);
    for (;;) {
      if (const auto* ask = std::get_if<kerb::need_principal>(&step)) step = looked_up(x, *ask, t);
      else if (kerb::is<kerb::authorize>(step)) step = x.issue(granted(x), t);
      else return step;
    }
  }
  /// There is no policy beyond the records. A client's authorization data goes into its first ticket; the TGS carries
  /// it over.
  static kerb::issue_options granted(const kdc& x) {
    kerb::issue_options o;
    if (x.as() != nullptr) o.authorization_data = entry::authdata(x.as()->client());
    return o;
  }
  kerb::kdc_step looked_up(kdc& x, const kerb::need_principal& ask, const environment& t) {
    // Now, while the opened ticket is available: it is wiped at the end
    if (x.tgs() != nullptr && ask.role == kerb::principal_role::server) {
      const auto& ticket = x.tgs()->header_ticket();
      client_.clear();
      add_name(client_, {ticket.cname, ticket.crealm});
    }
    try {
      const auto answer = names_.find(ask);
      if (const auto* r = std::get_if<kerb::principal_record<policy>>(&answer)) return x.found(*r, t);
      if (const auto* way = std::get_if<kerb::in_realm>(&answer)) return x.refer_to(way->realm, t);
      return x.absent(t);
    } catch (const std::exception& e) {
      if (!log_.quiet()) {
        log_.line().append("the store fails: ").append(e.what());
        log_.end();
      }
      return x.unavailable(t);
    }
  }

  void begin_line(kerb::timestamp at, const std::string& from, const char* what) {
    if (at.at != told_.at) {  // at most once per second
      told_.at = at.at;
      told_.text.clear();
      add_time(told_.text, at.at);
    }
    log_.line().append(told_.text).append(" ").append(from).append(what);
  }
  /// Who requested what, and the result. Only the client of a TGS request is from a sealed part.
  void tell(std::string& to, const kdc& x, const kerb::kdc_step& over) const {
    if (x.as() != nullptr) {
      const auto& body = x.as()->body();
      to += "AS ";
      add_name(to, body.cname ? kerb::principal_view{*body.cname, body.realm} : kerb::principal_view{});
      add_wanted(to, body);
    } else if (x.tgs() != nullptr) {
      to.append("TGS ").append(client_);
      add_wanted(to, x.tgs()->body());
    } else {
      to += "no request";
    }
    if (kerb::is<kerb::reply>(over)) return add_issued(to, x.as() != nullptr ? x.as()->draft() : x.tgs()->draft());
    if (const auto* no = std::get_if<kerb::refused>(&over)) {
      if (no->octets.empty()) {
        to += ": no answer, ";
      } else {
        to += ": refused, ";
        add_code(to, no->octets);
        to += ", ";
      }
      to += log_line(no->why, kerb::party::kdc).view();
    } else if (const auto* f = std::get_if<kerb::failed>(&over)) {
      to += ": failed, ";
      to += log_line(f->why, kerb::party::kdc).view();
    } else {
      to += ": no answer, too much";
    }
  }
  static void add_wanted(std::string& to, const kerb::msg::KdcReqBody& body) {
    to += " for ";
    add_name(to, body.sname ? kerb::principal_view{*body.sname, body.realm} : kerb::principal_view{});
  }
  static void add_code(std::string& to, kerb::bytes_view octets) {
    const auto e = kerb::asn1::decode<kerb::msg::KrbError>(octets);
    if (e) add_registered(to, e->error_code);
    else to += "?";
  }
  static void add_issued(std::string& to, const kerb::ticket_draft& d) {
    to += d.is_referral ? ": referred to " : ": issued ";
    add_name(to, d.server);
    to += ", session ";
    add_registered(to, d.session_etype);
    to += ", ticket ";
    add_registered(to, d.ticket_etype);
    to += ", until ";
    add_time(to, d.endtime);
    for (unsigned bit = 0; bit != 32; ++bit)
      if (const auto f = static_cast<kerb::ticket_flag_t>(bit); d.flags.has(f)) to.append(" ").append(name_of(f));
  }

  const realm_settings& realm_;
  std::shared_ptr<const entry> decoy_;
  directory names_;
  policy& crypto_;
  journal& log_;
  struct {
    kerb::kerberos_time at = kerb::earliest_time;
    std::string text;
  } told_;              ///< the time of the last line, as text
  std::string client_;  ///< the client of a TGS request, after its ticket has been opened
  std::vector<std::uint8_t> workspace_ = std::vector<std::uint8_t>(4 * kdc::typical_buffer_size);
};

}  // namespace example
