// A login at a workstation: a password is verified, a verified login gets a ticket, and the password is changed. A
// trace shows what happens. The realm is in memory; with ask functions over sockets the code is the same.
#include <kerb/botan.hpp>
#include <kerb/testing/realm.hpp>
#include <kerb/trace/text.hpp>

#include <string>

#include "support/help.hpp"
#include "support/story.hpp"

namespace {
using namespace kerb::literals;
using kerb::secret_view;

int report(const kerb::error& e) {
  std::fprintf(stderr, "login: %s\n", log_line(e, kerb::party::client).c_str());
  return 1;
}

const auto show = [](kerb::timestamp at, const kerb::trace_event& event) {
  std::array<char, 1024> line;
  if (const auto text = kerb::trace_text(at, event, line)) std::printf("%s\n", std::string(*text).c_str());
};
using policy = kerb::traced<kerb::botan::policy, decltype(show)>;

/// Lets a user in: `keys` are those of this machine, `host` its name.
template <class Keys, class Now, class Ask>
int log_in(const kerb::principal& user, secret_view password, const kerb::principal& host, Keys& keys, policy& p,
           Now&& now, Ask&& ask_kdc) {
  std::array<std::uint8_t, 16384> buffer1, buffer2;
  kerb::as_client<policy> as({.client = user, .password = password, .buffer = buffer1});
  auto tgt = kerb::drive(as, p, now, ask_kdc);
  if (!tgt) return report(tgt.error());
  kerb::login_verifier<policy> verifier({.service = host, .buffer = buffer2}, std::move(*tgt));
  const auto login = kerb::verify_login(verifier, p, keys, now, ask_kdc);
  if (!login) return report(login.error());  // do not let the user in
  std::printf("%s has logged in\n", example::text_of(login->client()).c_str());
  return 0;
}

/// Gets a ticket with a client of its own, which tells more about an error than acquire() with parameters.
template <class Now, class Ask>
int get_ticket(const kerb::principal& user, secret_view password, const kerb::principal& service, policy& p, Now&& now,
               Ask&& ask_kdc) {
  std::array<std::uint8_t, 16384> buffer;
  kerb::ticket_cache<kerb::botan::key, 4> cache;
  kerb::credential_client<policy> x({.client = user, .server = service, .buffer = buffer, .password = password});
  const auto ticket = kerb::acquire(x, cache, p, now, ask_kdc);
  if (!ticket) {
    const auto asked = x.asked_realm(), named = x.realm_named();
    const auto line = log_line(ticket.error(), kerb::party::client, asked ? asked->text() : std::string_view());
    std::fprintf(stderr, "login: %s\n", line.c_str());
    if (named) std::fprintf(stderr, "the KDC names the realm %s\n", std::string(named->text()).c_str());
    return 1;
  }
  std::printf("the ticket ends at %s\n", example::text_of(ticket->endtime()).c_str());
  return 0;
}

/// Changes a password. `ask_kpasswd` transmits to port 464, once: the service refuses a repetition.
template <class Now, class Ask, class AskKpasswd>
int change_password(const kerb::principal& user, secret_view old_password, secret_view new_password, policy& p,
                    Now&& now, Ask&& ask_kdc, AskKpasswd&& ask_kpasswd) {
  std::array<std::uint8_t, 8192> buffer1, buffer2;
  const auto service = kerb::kpasswd_service_name(user.view().realm);
  kerb::as_client<policy> as({.client = user, .server = service, .password = old_password, .buffer = buffer1});
  const auto ticket = kerb::drive(as, p, now, ask_kdc);
  if (!ticket) return report(ticket.error());
  kerb::kpasswd_client<policy> change({.credential = *ticket, .new_password = new_password, .buffer = buffer2});
  const auto changed = kerb::drive(change, p, now, ask_kpasswd);
  if (!changed) return report(changed.error());
  return 0;
}

/// The password service of the realm, which refuses short passwords.
struct password_service {
  policy& p;
  kerb::key_list<kerb::botan::key, 1>& keys;
  kerb::timestamp now;
  kerb::memory_replay_cache<32> seen{};
  std::array<std::uint8_t, 8192> buffer{};

  kerb::result<kerb::answer> operator()(const kerb::send& s) {
    const auto change = [](const kerb::change_password& wanted) -> kerb::kpasswd_result {
      if (wanted.new_password.size() < 8)
        return kerb::kpasswd_result::of(kerb::kpasswd_result_t::softerror, "too short");
      return kerb::kpasswd_result::of(kerb::kpasswd_result_t::success);  // a real service stores the new keys here
    };
    kerb::kpasswd_service<policy> x(
        {.ap = {.service = kerb::kpasswd_service_name("EXAMPLE.ORG"_krb), .buffer = buffer}});
    const auto octets = kerb::serve(x, s.octets, p, keys, seen, now, change);
    if (!octets) return octets.error();
    return kerb::answer(*octets);
  }
};

int demonstration() {
  const kerb::timestamp noon{{1767268800}, {0}};
  const auto alice = kerb::principal::parse("alice@EXAMPLE.ORG"), host = kerb::principal::parse("host/pc@EXAMPLE.ORG"),
             kpasswd = kerb::principal::parse("kadmin/changepw@EXAMPLE.ORG");
  if (!alice || !host || !kpasswd) return 1;
  std::array<std::uint8_t, 8192> kdc_buffer;
  constexpr auto etype = kerb::etype_t::aes256_cts_hmac_sha1_96;

  policy p(show);
  kerb::testing::realm<policy> realm(p, "EXAMPLE.ORG"_krb, etype);
  realm.add_user("alice", secret_view::of("wonderland"));
  realm.add_service("host/pc");
  realm.add_service("kadmin/changepw");
  if (!realm.ready()) return report({.code = kerb::errc::no_space});
  kerb::key_list<kerb::botan::key, 1> host_keys, kpasswd_keys;
  if (!host_keys.add(*host, 1, etype, realm.key_of("host/pc")->copy()) ||
      !kpasswd_keys.add(*kpasswd, 1, etype, realm.key_of("kadmin/changepw")->copy()))
    return 1;
  const auto ask_kdc = realm.ask(noon, kdc_buffer);
  const auto attempt = [&](std::string_view password) {
    return log_in(*alice, secret_view::of(password), *host, host_keys, p, noon, ask_kdc);
  };
  password_service service{p, kpasswd_keys, noon};
  const auto change = [&](std::string_view new_password) {
    return change_password(*alice, secret_view::of("wonderland"), secret_view::of(new_password), p, noon, ask_kdc,
                           service);
  };
  const bool good = attempt("wonderland") == 0 && attempt("looking-glass") == 1;
  const auto get = [&](const kerb::principal& to) {
    return get_ticket(*alice, secret_view::of("wonderland"), to, p, noon, ask_kdc);
  };
  const bool got = get(*host) == 0 && get(*alice) == 1;  // a user is no service
  return good && got && change("jabberwocky") == 0 && change("snark") == 1 ? 0 : 1;
}
}  // namespace

constexpr const char* usage =
    "usage: login\n"
    "\n"
    "A login that is verified with a key of this machine, and a changed password, with a trace. It needs no KDC.\n";

int main(int argc, char** argv) { return example::asked_for_help(argc, argv, usage) ? 0 : demonstration(); }
