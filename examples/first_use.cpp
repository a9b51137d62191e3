// A first program: a client that gets a session with a service, and that service, each in a few lines.
#include <kerb/botan.hpp>

#include <chrono>

#include "support/help.hpp"
#include "support/posix_transport.hpp"
#include "support/story.hpp"
#include "support/throwaway_kdc.hpp"

namespace {

kerb::timestamp now() { return kerb::to_timestamp(std::chrono::system_clock::now()); }
int report(const kerb::error& e) {
  std::fprintf(stderr, "first_use: %s\n", log_line(e, kerb::party::client).c_str());
  return 1;
}
void log(const kerb::principal_view& client) {
  std::printf("the service talks to %s\n", example::text_of(client).c_str());
}

/// `ask_kdc` and `ask_service` transmit what an exchange sends and return the answer; `tell` does the same for a
/// message of the session.
template <class AskKdc, class AskService, class Tell>
int client(kerb::secret_view password, AskKdc&& ask_kdc, AskService&& ask_service, Tell&& tell) {
  kerb::botan::policy b;
  const auto me = kerb::principal::parse("alice@EXAMPLE.ORG");
  if (!me) return report(me.error());
  const auto web = kerb::principal::parse_service("HTTP/www.example.org");
  if (!web) return report(web.error());

  kerb::ticket_cache<kerb::botan::key, 8> cache;
  const auto credential = kerb::acquire({.client = *me, .server = *web, .password = password}, cache, b, now, ask_kdc);
  if (!credential) return report(credential.error());

  std::array<std::uint8_t, 8192> buffer;
  kerb::botan::ap_initiator ap({.credential = *credential, .buffer = buffer});
  auto session = kerb::drive(ap, b, now, ask_service);
  if (!session) return report(session.error());

  std::array<std::uint8_t, 1024> sent, opened;
  const kerb::bytes_view text = kerb::octets_of("who am I?");
  kerb::botan::protected_session talk(std::move(*session), {.here = kerb::side::initiator});
  const auto message = talk.make_priv(text, sent, kerb::environment(b, now()));  // a KRB-PRIV
  if (!message) return report(message.error());
  const auto answer = talk.open_priv(tell(*message), opened, kerb::environment(b, now()));
  if (!answer) return report(answer.error());
  std::printf("the service says: %s\n", std::string(answer->begin(), answer->end()).c_str());
  return 0;
}

class service {
 public:
  explicit service(kerb::secret_view password) {
    if (!name) throw std::runtime_error(log_line(name.error(), kerb::party::service).c_str());
    // The keys are made from the password, with the default salt, as version 1. For a keytab, use kerb::keytab_keys
    for (const kerb::etype_t e : b.offered()) {
      std::array<std::uint8_t, 256> salt;
      const auto size = kerb::default_salt_size(*name);
      auto key = b.string_to_key(e, password, kerb::write_default_salt(*name, std::span(salt).first(size)), {});
      if (key) (void)keys.add(*name, 1, e, std::move(*key));
    }
  }
  /// Answers a token. The answer is valid until the next call.
  template <class Transmit>
  void answer(kerb::bytes_view token, Transmit&& transmit) {
    kerb::botan::ap_acceptor acceptor({.service = *name, .mutual = kerb::required, .buffer = buffer});
    auto who = kerb::accept(acceptor, token, b, keys, seen, now());
    if (!who) return transmit(acceptor.refusal());  // a KRB-ERROR, or nothing
    transmit(who->reply());
    log(who->client());
    client = example::text_of(who->client());
    talk.emplace(std::move(*who).keys(), kerb::session_options{.here = kerb::side::acceptor});
  }
  /// Answers a message of the session.
  kerb::bytes_view hear(kerb::bytes_view message) {
    if (!talk) return {};  // no client has authenticated
    std::array<std::uint8_t, 1024> opened;
    const auto text = talk->open_priv(message, opened, kerb::environment(b, now()));
    if (!text) return {};
    const std::string greeting = "you are " + client;
    const auto answer = talk->make_priv(kerb::octets_of(greeting), sent, kerb::environment(b, now()));
    return answer ? *answer : kerb::bytes_view();
  }

 private:
  kerb::botan::policy b;
  kerb::result<kerb::principal> name = kerb::principal::parse("HTTP/www.example.org@EXAMPLE.ORG");
  kerb::key_list<kerb::key, 8> keys;
  kerb::memory_replay_cache<1024> seen;
  std::array<std::uint8_t, 8192> buffer;
  std::string client;
  std::optional<kerb::botan::protected_session> talk;
  std::array<std::uint8_t, 1024> sent;
};

}  // namespace

constexpr const char* usage =
    "usage: first_use\n"
    "\n"
    "A client that gets a session with a service, and that service. It starts the KDC of MIT krb5 (Debian packages\n"
    "krb5-kdc and krb5-admin-server) in a directory of its own.\n";

int main(int argc, char** argv) try {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  if (!example::throwaway_kdc::installed()) {
    std::puts("skipped: needs the packages krb5-kdc and krb5-admin-server");
    return 77;
  }
  const example::throwaway_kdc kdc({.commands = "addprinc +requires_preauth -pw wonderland alice\n"
                                                "addprinc -pw looking-glass HTTP/www.example.org\n"});
  example::posix_transport ask_kdc("127.0.0.1", std::to_string(kdc.port()));
  service www(kerb::secret_view::of("looking-glass"));
  std::vector<std::uint8_t> came;
  const auto ask_service = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    if (s.octets.empty()) return kerb::errc::no_answer;
    www.answer(s.octets, [&](kerb::bytes_view o) { came.assign(o.begin(), o.end()); });
    return kerb::answer(came);
  };
  const auto tell = [&](kerb::bytes_view message) { return www.hear(message); };
  return client(kerb::secret_view::of("wonderland"), ask_kdc, ask_service, tell);
} catch (const std::exception& e) {
  std::fprintf(stderr, "first_use: %s\n", e.what());
  return 1;
}
