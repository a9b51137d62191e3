// Answers one request to change or set a password (RFC 3244), with one line in the log.
#pragma once
#include <kerb/core/utf8.hpp>
#include <kerb/service.hpp>

#include "entry.hpp"
#include "responder.hpp"

namespace example {

/// Answers requests, one at a time. It remembers authenticators, so all requests must come to one process.
class password_answerer : public responder {
 public:
  password_answerer(const std::string& realm, std::size_t least_letters, store& principals, policy& crypto,
                    journal& log)
      : responder(log),
        realm_(kerb::kerberos_string::of(realm)),
        service_(name_of(kerb::kpasswd_service_name(realm_))),
        least_letters_(least_letters),
        principals_(principals),
        crypto_(crypto) {
    if (principals_.find(service_) == nullptr) {
      throw bad_text("--kpasswd-port needs the line: principal kadmin/changepw initial_only changes_passwords");
    }
  }

  kerb::bytes_view operator()(kerb::bytes_view request, const kerb::kdc_peer& peer, const std::string& from) override {
    for (std::size_t wanted = 0;;) {
      if (buffer_.size() < wanted) buffer_.resize(wanted);
      exchange_.emplace(kerb::kpasswd_service_params{
          .ap = {.service = kerb::kpasswd_service_name(realm_), .buffer = buffer_, .arrived = peer.arrived}});
      what_ = "kpasswd";
      const auto over = run(*exchange_, request);
      if (const auto* more = std::get_if<kerb::need_buffer>(&over);
          more != nullptr && buffer_.size() < more->size && more->size <= most_buffer) {
        wanted = more->size;
        exchange_.reset();  // it wipes its buffer when it is destroyed
        continue;
      }
      const auto* const yes = std::get_if<kerb::reply>(&over);
      const auto* const no = std::get_if<kerb::refused>(&over);
      const auto* const f = std::get_if<kerb::failed>(&over);
      if (no != nullptr || f != nullptr) {
        what_ += no == nullptr ? ": failed, " : no->octets.empty() ? ": no answer, " : ": refused, ";
        what_ += log_line(no != nullptr ? no->why : f->why, kerb::party::service).view();
      }
      if (!log().quiet()) {
        add_time(log().line(), now().at);
        log().line().append(" ").append(from).append(peer.arrived == kerb::transport::stream ? " tcp " : " udp ");
        log().line() += what_;
        log().end();
      }
      const kerb::bytes_view answer = yes != nullptr ? yes->octets : no != nullptr ? no->octets : kerb::bytes_view();
      return peer.arrived == kerb::transport::stream && !answer.empty() ? exchange_->framed() : answer;
    }
  }
  /// A frame has a length of 16 bits, so such a message is none.
  kerb::bytes_view too_long(const std::string&) override { return {}; }

 private:
  using service = kerb::kpasswd_service<policy>;
  static constexpr std::size_t most_buffer = 1 << 18;

  static std::string name_of(const kerb::principal_view& p) {
    std::array<char, 1024> letters;
    const auto text = kerb::to_text(p, letters);
    return text ? std::string(*text) : "";
  }

  /// kerb::serve() is the same loop in one call; this one is written out so that the log gets the reason of a refusal.
  service::step run(service& x, kerb::bytes_view request) {
    const kerb::environment<policy> env{crypto_, now()};
    const auto own = principals_.find(service_);
    auto step = x.receive(request, env);
    for (;;) {
      if (const auto* ask = std::get_if<kerb::need_ticket_key>(&step)) {
        const stored_key* const k = key_for(own.get(), *ask);
        step = k == nullptr ? x.no_key(kerb::errc::no_key, env) : x.provide(k->key, env);
      } else if (const auto* r = std::get_if<kerb::check_replay>(&step)) {
        step = x.replay_checked(seen_->insert(r->digest, r->forget_after, env.now.at), env);
      } else if (const auto* wanted = std::get_if<kerb::change_password>(&step)) {
        const auto [code, text] = change(*wanted);
        what_.append(": ").append(kerb::name_of(code));
        if (!text.empty()) what_.append(", ").append(text);
        step = x.answer(code, kerb::kerberos_string::of(text), env);
      } else {
        return step;
      }
    }
  }
  static const stored_key* key_for(const entry* service, const kerb::need_ticket_key& ask) {
    unsigned n = 0;
    if (service == nullptr) return nullptr;
    for (const stored_key& k : service->keys())
      if (k.key.etype() == ask.etype && (!ask.kvno || *ask.kvno == k.kvno) && n++ == ask.tried) return &k;
    return nullptr;
  }

  using verdict = std::pair<kerb::kpasswd_result_t, std::string>;
  verdict change(const kerb::change_password& wanted) {
    using r = kerb::kpasswd_result_t;
    (what_ += " by ") += name_of(wanted.client);
    if (!wanted.is_own) (what_ += " for ") += name_of(wanted.target);
    try {
      const auto client = principals_.find(name_of(wanted.client)), target = principals_.find(name_of(wanted.target));
      if (!wanted.is_own && (client == nullptr || !client->is().sets_passwords)) {
        return {r::accessdenied, "You may only change your own password."};
      }
      // A ticket from another ticket can be without the key of its client, as one that was stolen
      if (!wanted.is_own && !wanted.initial) return {r::initial_flag_needed, "Log in with your password first."};
      if (target == nullptr || !target->has_password() || is_tgs(name_of(wanted.target))) {
        return {r::harderror, "There is no such principal with a password."};
      }
      const kerb::bytes_view password = wanted.new_password.unguarded();
      if (kerb::valid_utf8_octets(password) != password.size()) return {r::softerror, "The password is not UTF-8."};
      const auto letters = static_cast<std::size_t>(
          std::count_if(password.begin(), password.end(), [](std::uint8_t o) { return (o & 0xc0) != 0x80; }));
      if (letters < least_letters_) {
        return {r::softerror, "The password needs at least " + std::to_string(least_letters_) + " characters."};
      }
      principals_.set_password(name_of(wanted.target), wanted.new_password);
      return {r::success, "Password changed"};
    } catch (const std::exception& e) {
      (what_ += ": the store fails: ") += e.what();
      return {r::harderror, "The database does not answer."};
    }
  }

  kerb::kerberos_string realm_;
  std::string service_;
  std::size_t least_letters_;
  store& principals_;
  policy& crypto_;
  std::unique_ptr<kerb::memory_replay_cache<4096>> seen_ = std::make_unique<kerb::memory_replay_cache<4096>>();
  std::string what_;  ///< the log's line about the request
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(service::typical_buffer_size);
  std::optional<service> exchange_;
};

}  // namespace example
