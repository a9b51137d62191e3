// The service's side of one connection, without the connection: what came goes in, what to transmit comes out.
#pragma once
#include <string>
#include <vector>

#include "../support/explain.hpp"
#include "../support/story.hpp"
#include "framing.hpp"

namespace echo {

/// What all conversations of one thread share. It stays where it is, and it is large: not for the stack.
struct service {
  /// `keytab` is the octets of such a file. Tickets are taken for `own_name`, or for whom the first key belongs to.
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
  /// An authenticator is remembered for ten minutes at most; half as many as this can always come in that time.
  kerb::memory_replay_cache<65536> seen;

 private:
  static kerb::keytab_view open(kerb::bytes_view octets) {
    const auto keytab = kerb::keytab_view::open(octets);
    if (!keytab) throw std::runtime_error("the keytab: " + example::explain(keytab.error()));
    return *keytab;
  }
  static kerb::principal name_of(const std::string& text, const kerb::keytab_view& keytab) {
    std::array<kerb::kerberos_string, 16> parts;
    auto own = kerb::principal::parse(text);
    if (const auto first = keytab.begin(); text.empty() && first != keytab.end()) {
      const auto whose = (*first).principal.in(parts);
      own = whose ? kerb::principal::of(*whose) : whose.error();
    }
    if (!own) throw std::runtime_error("the service's name: " + example::explain(own.error()));
    return *own;
  }
};

/// First the AP exchange, then every KRB-PRIV is answered with its own text. Whatever is wrong with a message is
/// answered with a KRB-ERROR, and is the end. The session's keys, and all plaintext, are wiped when this dies.
class conversation {
 public:
  explicit conversation(service& own)
      : own_(own), acceptor_({.service = own.name, .mutual = kerb::required, .buffer = workspace_}) {}
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  /// Where to read to. Once it is over, what comes is of no use.
  std::span<std::uint8_t> space() { return over_ ? std::span<std::uint8_t>(in_) : incoming_.space(); }
  /// `n` octets were read. What is to be transmitted now, valid until the next call; nothing: read on, unless it is
  /// over.
  kerb::bytes_view got(std::size_t n) {
    if (over_) return {};
    const auto frame = incoming_.got(n);
    if (!frame) return refuse(frame.error(), kerb::error_code_t::krb_err_field_toolong);
    if (frame->missing != 0) return {};
    return session_ ? echo(frame->message) : greet(frame->message);
  }
  /// Hang up when the last answer has gone.
  bool over() const { return over_; }
  /// For the log, when it has ended; `how` is said where nothing was wrong with the messages.
  std::string told(const std::string& how) const {
    return (client_.empty() ? "nobody" : client_) + ", messages: " + std::to_string(echoed_) + "; " +
           (why_.ok() ? how : "refused: " + example::explain(why_, example::met_by::service));
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
      // An error is not answered with an error: that might go on for ever
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
  std::array<std::uint8_t, max_message> workspace_;  // the acceptor's, and then for what is opened
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
