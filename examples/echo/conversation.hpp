// The service's side of one connection, without I/O: you pass what was received and get what to transmit.
#pragma once
#include <string>
#include <vector>

#include "../support/story.hpp"
#include "framing.hpp"

namespace echo {

/// What all conversations of one thread share. It cannot move, and it is too large for the stack.
struct service {
  /// `keytab` is the content of a keytab file. The service is `own_name`, or the principal of the first key.
  service(std::vector<std::uint8_t> keytab, const std::string& own_name)
      : file(std::move(keytab)), all_keys(open(file)), name(name_of(own_name, all_keys)), keys(all_keys, crypto) {}
  service(const service&) = delete;
  service& operator=(const service&) = delete;
  ~service() { kerb::secure_zero(file); }

  std::vector<std::uint8_t> file;
  kerb::keytab_view all_keys;
  kerb::principal name;
  policy crypto;
  kerb::keytab_keys<policy> keys;
  /// An authenticator is remembered for at most ten minutes. Half of this number of requests always fits in that time.
  kerb::memory_replay_cache<65536> seen;

 private:
  static kerb::keytab_view open(kerb::bytes_view octets) {
    const auto keytab = kerb::keytab_view::open(octets);
    if (!keytab)
      throw std::runtime_error(std::string("the keytab: ") + log_line(keytab.error(), kerb::party::service).c_str());
    return *keytab;
  }
  static kerb::principal name_of(const std::string& text, const kerb::keytab_view& keytab) {
    std::array<kerb::kerberos_string, 16> parts;
    auto own = kerb::principal::parse(text);
    if (const auto first = keytab.begin(); text.empty() && first != keytab.end()) {
      const auto whose = (*first).principal.in(parts);
      own = whose ? kerb::principal::of(*whose) : whose.error();
    }
    if (!own)
      throw std::runtime_error(std::string("the service's name: ") +
                               log_line(own.error(), kerb::party::service).c_str());
    return *own;
  }
};

/// Runs the AP exchange, and then returns the text of every KRB-PRIV. It answers a wrong message with a KRB-ERROR, and
/// ends. The destructor wipes the session's keys and all plaintext.
class conversation {
 public:
  explicit conversation(service& own)
      : own_(own), acceptor_({.service = own.name, .mutual = kerb::required, .buffer = workspace_}) {}
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  /// Where to put received octets. After the end, ignore what is received.
  std::span<std::uint8_t> space() { return over_ ? std::span<std::uint8_t>(in_) : incoming_.space(); }
  /// Call this after `n` octets were read into space(). Returns what to transmit, valid until the next call. If that is
  /// empty, read on, unless over() is true.
  kerb::bytes_view got(std::size_t n) {
    if (over_) return {};
    const auto frame = incoming_.got(n);
    if (!frame) return refuse(frame.error(), kerb::error_code_t::krb_err_field_toolong);
    if (frame->missing != 0) return {};
    return session_ ? echo(frame->message) : greet(frame->message);
  }
  /// If true, close the connection when the last answer has left.
  bool over() const { return over_; }
  /// The line for the log after the end. It contains `how` if no message was wrong.
  std::string told(const std::string& how) const {
    return (client_.empty() ? "nobody" : client_) + ", messages: " + std::to_string(echoed_) + "; " +
           (why_.ok() ? how : std::string("refused: ") + log_line(why_, kerb::party::service).c_str());
  }

 private:
  kerb::bytes_view greet(kerb::bytes_view message) {
    auto who = kerb::accept(acceptor_, message, own_.crypto, own_.keys, own_.seen, now());
    if (!who) {
      over_ = true;
      why_ = who.error();
      return acceptor_.framed();  // a KRB-ERROR, or nothing
    }
    client_ = example::text_of(who->client());
    ends_ = who->endtime();
    const kerb::bytes_view answer = framed(who->reply(), out_);
    session_.emplace(std::move(*who).keys(), kerb::session_options{.here = kerb::side::acceptor});
    return answer;
  }
  kerb::bytes_view echo(kerb::bytes_view message) {
    const auto t = env_now(own_.crypto);
    if (ends_ <= t.now.at)
      return refuse({.code = kerb::errc::ticket_expired}, kerb::error_code_t::krb_ap_err_tkt_expired);
    const kerb::wiped_on_exit wipe(std::span<std::uint8_t>(workspace_).first(message.size()));
    const auto text = session_->open_priv(message, workspace_, t);
    if (!text) {
      // Never answer an error with an error: that could go on forever
      if (kerb::asn1::decode<kerb::msg::KrbError>(message)) over_ = true;
      return over_ ? kerb::bytes_view() : refuse(text.error(), to_krb_error(text.error()));
    }
    const auto answer = session_->make_priv(*text, message_part(out_), t);
    if (!answer) return refuse(answer.error(), kerb::error_code_t::krb_err_generic);
    ++echoed_;
    return framed(*answer, out_);
  }
  kerb::bytes_view refuse(const kerb::error& why, kerb::error_code_t code) {
    over_ = true;
    why_ = why;
    session_.reset();
    const kerb::principal_view self = own_.name;
    const kerb::timestamp at = now();
    kerb::msg::KrbError e;
    e.stime = at.at;
    e.susec = at.usec;
    e.error_code = code;
    e.realm = self.realm;
    e.sname = self.name;
    const auto octets = kerb::asn1::encode(e, message_part(out_));
    return octets ? framed(*octets, out_) : kerb::bytes_view();
  }

  service& own_;
  frame_buffer in_, out_;
  std::array<std::uint8_t, max_message> workspace_;  // first for the acceptor, then for opened messages
  incoming incoming_{in_};
  kerb::botan::ap_acceptor acceptor_;
  std::optional<kerb::botan::protected_session> session_;
  std::string client_;
  kerb::kerberos_time ends_;
  std::uint64_t echoed_ = 0;
  bool over_ = false;
  kerb::error why_{};
};

}  // namespace echo
