// The commands of kerb.
#pragma once
#include <sys/time.h>

#include "keytab.hpp"
#include "network.hpp"

namespace example {

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

/// One run of the program.
class run {
 public:
  explicit run(const options& o)
      : o_(o), trace_(o), crypto_(trace_), net_(conf_, o.kdc, o.tcp), cache_(file_cache::path_of(o), crypto_) {}

  int go() {
    switch (o_.what) {
      case command::init: return init();
      case command::get: return get();
      case command::list: return list();
      case command::destroy: return destroy();
      case command::renew: return renew();
      case command::passwd: return passwd();
      default: return keytab();
    }
  }

 private:
  using client = kerb::credential_client<policy>;

  std::string realm() const { return o_.realm.empty() ? conf_.default_realm() : o_.realm; }
  kerb::principal name(const std::string& text, bool service = false) const {
    const auto p = service ? kerb::principal::parse_service(text) : kerb::principal::parse(text, realm());
    if (p) return *p;
    if (realm().empty() && text.find('@') == std::string::npos && !service)
      throw failure("the realm of " + text + " is not known. Write " + text + "@REALM, or use --realm");
    throw failure(text + " is not a name. Write NAME@REALM or SERVICE/HOST");
  }
  /// The user that a command is for: what was written, the owner of the cache, or this system's user.
  kerb::principal user() {
    if (o_.enterprise) {
      if (o_.names.empty()) throw failure("--enterprise needs a name, such as alice@example.com");
      const kerb::kerberos_string part[] = {kerb::kerberos_string::of(o_.names[0])};
      const std::string in = realm();
      if (in.empty()) throw failure("--enterprise needs --realm, or a default realm in krb5.conf");
      return kept(
          {{kerb::name_t::enterprise, kerb::view_of<kerb::kerberos_string>(part)}, kerb::kerberos_string::of(in)});
    }
    if (!o_.names.empty()) return name(o_.names[0]);
    if (cache_.open()) return kept(cache_.client());
    const char* const system = std::getenv("USER");
    if (system == nullptr) throw failure("a principal is missing: kerb init NAME@REALM");
    return name(system);
  }
  /// A name from a file as one that can be kept.
  static kerb::principal kept(const kerb::principal_view& name) {
    const auto p = kerb::principal::of(name);
    if (!p) throw failure("a name is too long: " + text_of(name));
    return *p;
  }
  auto grow() {
    return [this](std::size_t n) {
      return n > (1 << 20) ? std::span<std::uint8_t>() : std::span<std::uint8_t>(buffers_.emplace_back(n));
    };
  }
  /// What the user is told of an error.
  static failure because(const std::string& what, const kerb::error& e, std::optional<kerb::kerberos_string> realm) {
    return failure(what + ": " + log_line(e, kerb::party::client, realm ? realm->text() : std::string_view()).c_str());
  }
  void warn(const kerb::ticket_facts& f) const {
    const auto soon = [&](const char* what, std::optional<kerb::kerberos_time> at, const char* todo) {
      if (!at || at->seconds - now().at.seconds > 14 * 86400) return;
      std::fprintf(stderr, "kerb: the %s expires at %s. %s\n", what, text_of(*at).c_str(), todo);
    };
    soon("password", f.password_expires ? f.password_expires : f.key_expiration, "Change it with kerb passwd");
    soon("account", f.account_expires, "Ask the administrator of the realm");
  }
  void say(const char* what, const credential& c) {
    if (o_.json) {
      std::printf(
          "{\"%s\": %s, \"client\": %s, \"endtime\": \"%s\", \"session_etype\": \"%s\", \"ticket_etype\": "
          "\"%s\", \"flags\": \"%s\", \"cache\": %s}\n",
          what, quoted(text_of(c.server())).c_str(), quoted(text_of(c.client())).c_str(),
          text_of(c.endtime(), true).c_str(), text_of(crypto_.etype_of(c.session_key())).c_str(),
          text_of(ticket_etype(c.ticket())).c_str(), letters_of(c.facts().flags).c_str(),
          quoted(cache_.path()).c_str());
    } else {
      std::printf("%s: %s of %s, valid until %s\n", what, printable(text_of(c.server())).c_str(),
                  printable(text_of(c.client())).c_str(), text_of(c.endtime()).c_str());
    }
  }

  int init() {
    const kerb::principal me = user();
    const kerb::kerberos_string parts[] = {kerb::operator""_krb<"krbtgt">(), me.view().realm};
    kerb::credential_params<key> p{
        .client = me,
        .server = {{kerb::name_t::srv_inst, kerb::view_of<kerb::kerberos_string>(parts)}, {}},
        .buffer = buffers_.emplace_back(16384)};
    std::optional<key> own;
    std::optional<keytab_file> keys;
    if (!o_.keytab_file.empty()) keys.emplace(o_.keytab_file);
    password secret;
    if (keys && !o_.verify) {
      if (auto k = kerb::best_key(keys->view(), me, crypto_)) own = *std::move(k);
      else
        throw failure(o_.keytab_file + " has no key of " + text_of(me) + " that this program can use. See kerb keytab");
      p.key = *own;
    } else {
      secret = ask_password("Password of " + printable(text_of(me)), o_.password_file);
      p.password = secret.view();
    }
    if (o_.forwardable || conf_.boolean("forwardable", false)) p.options.set(kerb::kdc_option_t::forwardable);
    p.lifetime = o_.lifetime ? *o_.lifetime : conf_.duration("ticket_lifetime").value_or(36000);
    p.renew_lifetime = o_.renewable ? o_.renewable : conf_.duration("renew_lifetime");
    p.follow_kdc_clock = o_.follow_clock;
    p.follow_wrong_realm = o_.enterprise;
    file_cache fresh(cache_.path(), crypto_);  // a login does not use what is there
    client x(p);
    auto got = kerb::acquire(x, fresh, crypto_, now, net_, {}, grow());
    if (!got && got.error().code == kerb::errc::password_expired) {
      std::fputs("kerb: the password has expired. Choose a new one\n", stderr);
      change(me, secret);
      throw failure("the password is changed. Log in again with it");
    }
    if (!got) throw because("login failed", got.error(), x.asked_realm());
    fresh.begin(got->client(), got->kdc_clock_offset());
    (void)fresh.store_copy(*got, crypto_, now().at);
    warn(got->facts());
    if (o_.verify) verify(std::move(*got), *keys, fresh);
    else say("logged in", *got);
    fresh.save();
    return 0;
  }
  /// Proves with the key of this machine that the KDC is the true one.
  void verify(credential&& tgt, const keytab_file& keytab, file_cache&) {
    std::optional<kerb::principal> host;
    for (const kerb::keytab_entry k : keytab.view()) {
      const named n(k.principal);
      if (!host && n.parts.size() == 2 && n.parts[0] == std::string_view("host")) host = kept(n.view);
    }
    if (!host) throw failure(o_.keytab_file + " has no key of host/NAME, which --verify needs");
    kerb::keytab_keys<policy> source(keytab.view(), crypto_);
    kerb::login_verifier<policy> x({.service = *host, .buffer = buffers_.emplace_back(32768)}, std::move(tgt));
    auto v = kerb::verify_login(x, crypto_, source, now, net_, {}, grow());
    if (!v) throw because("the login is not verified", v.error(), x.asked_realm());
    say("logged in, and verified", v->credential());
  }
  void need_cache() {
    if (!cache_.open()) throw failure("there is no cache " + cache_.path() + ". Log in with kerb init");
  }
  int get() {
    need_cache();
    for (const std::string& text : o_.names) {
      const kerb::principal service = name(text, true);
      kerb::credential_params<key> p{
          .client = cache_.client(), .server = service, .buffer = buffers_.emplace_back(16384), .login = false};
      const kerb::principal me = kept(cache_.client());  // the cache may change
      p.client = me;
      std::string host_realm;
      const kerb::principal_view view = service;
      if (view.name.name_string.size() == 2) {
        kerb::kerberos_string host;
        for (const kerb::kerberos_string part : view.name.name_string) host = part;
        host_realm = conf_.realm_of_host(std::string(host.text()));
      }
      if (!host_realm.empty()) p.fallback_realm = kerb::kerberos_string::of(host_realm);
      p.paths.paths = conf_.paths();
      client x(p);
      const auto got = kerb::acquire(x, cache_, crypto_, now, net_, {}, grow());
      if (!got && got.error().code == kerb::errc::no_tgt)
        throw failure("you are not logged in, or no longer. Log in with kerb init");
      if (!got) throw because("no ticket for " + text, got.error(), x.asked_realm());
      cache_.save();
      say("ticket", *got);
    }
    return 0;
  }
  int list() {
    need_cache();
    show_cache(cache_, now().at.seconds, o_.json);
    return 0;
  }
  int destroy() {
    const bool was = destroy_file(cache_.path());
    if (o_.json)
      std::printf("{\"destroyed\": %s, \"cache\": %s}\n", was ? "true" : "false", quoted(cache_.path()).c_str());
    else std::printf(was ? "wiped: %s\n" : "there is no cache %s\n", cache_.path().c_str());
    return 0;
  }
  int renew() {
    need_cache();
    const kerb::principal me = kept(cache_.client());
    const kerb::kerberos_string parts[] = {kerb::operator""_krb<"krbtgt">(), me.view().realm};
    const kerb::principal_view krbtgt{{kerb::name_t::srv_inst, kerb::view_of<kerb::kerberos_string>(parts)},
                                      me.view().realm};
    const credential* const tgt = cache_.find(me, krbtgt, now().at, {});
    if (tgt == nullptr) throw failure("there is no ticket-granting ticket that is still valid. Log in with kerb init");
    if (!tgt->facts().flags.has(kerb::ticket_flag_t::renewable))
      throw failure("the ticket is not renewable. Log in with kerb init --renewable 7d");
    kerb::tgs_client<policy> x({.tgt = *tgt,
                                .server = krbtgt,
                                .buffer = buffers_.emplace_back(16384),
                                .options = {kerb::kdc_option_t::renew}});
    const std::int64_t ahead = cache_.kdc_offset();
    const auto kdc_now = [&] {
      kerb::timestamp t = now();
      t.at.seconds += ahead;
      return t;
    };
    const auto got = kerb::drive(x, crypto_, kdc_now, net_, {}, grow());
    if (!got) throw because("the ticket is not renewed", got.error(), me.view().realm);
    file_cache fresh(cache_.path(), crypto_);
    fresh.begin(got->client(), ahead);
    (void)fresh.store_copy(*got, crypto_, now().at);
    fresh.save();
    say("renewed", *got);
    return 0;
  }
  int passwd() {
    const kerb::principal me = user();
    const password old = ask_password("Old password of " + printable(text_of(me)), o_.password_file);
    change(me, old);
    if (o_.json) std::printf("{\"changed\": %s}\n", quoted(text_of(me)).c_str());
    else std::printf("changed: the password of %s\n", printable(text_of(me)).c_str());
    return 0;
  }
  /// Changes a password with a ticket for kadmin/changepw, for which the old one is needed (RFC 3244).
  void change(const kerb::principal& me, const password& old) {
    const kerb::principal_view service = kerb::kpasswd_service_name(me.view().realm);
    kerb::as_client<policy> login({.client = me,
                                   .server = service,
                                   .password = old.view(),
                                   .buffer = buffers_.emplace_back(16384),
                                   .lifetime = 300});
    const auto ticket = kerb::drive(login, crypto_, now, net_, {}, grow());
    if (!ticket) throw because("the login with the old password failed", ticket.error(), me.view().realm);
    const password fresh = ask_password("New password", o_.new_password_file);
    if (o_.new_password_file.empty() && isatty(0) != 0) {
      const password again = ask_password("New password again", {});
      if (fresh.text != again.text) throw failure("the two are not the same. Nothing was changed");
    }
    kerb::kpasswd_client<policy> x(
        {.credential = *ticket, .new_password = fresh.view(), .buffer = buffers_.emplace_back(16384)});
    const std::int64_t ahead = ticket->kdc_clock_offset();
    const auto kdc_now = [&] {
      kerb::timestamp t = now();
      t.at.seconds += ahead;
      return t;
    };
    const auto done = kerb::drive(x, crypto_, kdc_now, net_, {}, grow());
    if (const auto no = x.refusal()) {
      throw failure("the password is not changed. The server says: " + printable(std::string(no->text.text())) + " (" +
                    std::string(explain(no->why, kerb::party::client)) + ")");
    }
    // Only what the server has sealed is certain. A KRB-ERROR can be forged, and an answer can be lost
    if (!done) {
      throw because(net_.password_sent() ? "it is not known whether the password was changed; try the new one"
                                         : "the password is not changed",
                    done.error(), me.view().realm);
    }
  }
  int keytab() {
    if (o_.names.size() == 2) {
      const kerb::principal who = name(o_.names[1]);
      keytab_file file(o_.names[0], true);
      const password p = ask_password("Password of " + printable(text_of(who)), o_.password_file);
      file.add(who, o_.kvno, p.view(), crypto_, now().at);
    }
    const keytab_file file(o_.names[0]);
    file.show(o_.json);
    return 0;
  }

  const options& o_;
  config conf_;
  std::list<octet_list> buffers_;
  tracer trace_;
  policy crypto_;
  network net_;
  file_cache cache_;
};

}  // namespace example
