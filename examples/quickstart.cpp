// From a password to an authenticated session, explained step by step.
#include <sys/time.h>

#include "support/embedded_kdc.hpp"
#include "support/options.hpp"
#include "support/posix_transport.hpp"
#include "support/service_keys.hpp"
#include "support/throwaway_kdc.hpp"

namespace {

using example::text_of;
using policy = kerb::botan::policy;

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
kerb::environment<policy> env_now(policy& p) { return {p, now()}; }

/// Runs an exchange with the KDC: does what each step asks for. kerb::drive() is the same loop in one call.
template <class Exchange, class Ask>
kerb::result<typename Exchange::product> converse(Exchange& exchange, policy& p, Ask&& ask, example::story& tell,
                                                  bool tcp) {
  kerb::error passed_over{};
  for (auto step = exchange.start(env_now(p));;) {
    kerb::send request;
    // A step of the exchange without a handler here would not compile.
    const kerb::error why = kerb::match(
        step, [&](const kerb::send& s) { return tell.request(request = s, tcp), kerb::error{}; },
        // A stray datagram, or one sealed under another key. `request` stays empty, so `ask` only waits
        [&](const kerb::ignored& i) { return tell.passed_over(passed_over = i.why), kerb::error{}; },
        [](const kerb::need_key&) { return kerb::error{.code = kerb::errc::no_key}; },
        [](const kerb::need_buffer&) { return kerb::error{.code = kerb::errc::no_space}; },
        [](const kerb::done&) { return kerb::error{}; }, [](const kerb::failed& f) { return f.why; });
    if (!why.ok()) return why;
    if (kerb::is<kerb::done>(step)) return std::move(exchange).take();
    const kerb::result<kerb::answer> answer = ask(request);
    if (!answer) return passed_over.ok() ? answer.error() : passed_over;
    tell.answer(*answer);
    step = exchange.receive(answer->octets, env_now(p), answer->arrived);
  }
}

int failure(const char* what, const kerb::error& e, const kerb::principal_view& asked = {}) {
  std::fflush(stdout);
  std::fprintf(stderr, "\nquickstart: %s: %s\n", what, log_line(e, kerb::party::client, asked.realm.text()).c_str());
  return 1;
}

/// `ask` reaches the KDC; `keys` is the service's source of keys.
template <class Ask, class Keys>
int tell_it(const example::options& o, policy& p, example::story& tell, Ask&& ask, Keys& keys) {
  const auto me = kerb::principal::parse(o.principal, o.realm);
  if (!me) return failure("--principal", me.error());
  const auto service = kerb::principal::parse(o.service, o.realm);
  if (!service) return failure("--service", service.error());
  kerb::ticket_cache<kerb::key, 4, 8192> cache;

  std::array<std::uint8_t, 16384> as_buffer, tgs_buffer;
  tell.chapter("The AS exchange (RFC 4120 section 3.1): a password becomes a ticket-granting ticket.");
  kerb::botan::as_client as({.client = *me, .password = kerb::secret_view::of(o.password), .buffer = as_buffer});
  auto granted = converse(as, p, ask, tell, o.tcp);
  if (!granted) return failure("no ticket-granting ticket", granted.error(), *me);
  tell.more("Opened with the key made from the password (key usage 3), which itself never leaves this machine.");
  tell.ticket(*granted);
  const auto tgt = cache.store(std::move(*granted), now().at);
  if (!tgt) return failure("no place for the ticket", tgt.error());

  tell.chapter("The TGS exchange (section 3.3): that ticket gets one for the service, without the password.");
  kerb::botan::tgs_client tgs({.tgt = *tgt, .server = *service, .buffer = tgs_buffer});
  auto issued = converse(tgs, p, ask, tell, o.tcp);
  if (!issued) return failure("no service ticket", issued.error(), *service);
  tell.more("Opened with the subkey sent in the request (key usage 9).");
  tell.ticket(*issued);
  const auto credential = cache.store(std::move(*issued), now().at);
  if (!credential) return failure("no place for the ticket", credential.error());
  tell.step("client            keeps the session key and the ticket in its cache, next to the first one");

  tell.chapter("The AP exchange (section 3.2): client and service prove themselves to each other, without the KDC.");
  example::service_side<Keys> side{*service, keys};
  if (o.kdc == example::options::given && o.service_password.empty()) side.keys_are_there = false;
  if (const int status = side.meet(credential->get(), p, tell, now()); status != 0 || !side.keys_are_there)
    return status;

  tell.chapter("The rules of tickets: used again until they end, destroyed at log-off.");
  tell.step("client            finds the ticket in its cache, and asks no KDC");
  const auto* again = cache.find(*service, now().at);
  if (again == nullptr) return failure("the ticket has gone", {.code = kerb::errc::ticket_expired});
  if (const int status = side.meet_again(*again, p, tell, now()); status != 0) return status;
  const kerb::kerberos_time later = plus(again->endtime(), 301);
  if (cache.find(*service, later) != nullptr) return failure("kept too long", {.code = kerb::errc::ticket_expired});
  tell.step("client            finds none from %s on; had it kept one,", text_of(again->endtime()).c_str());
  if (side.accepts(*again, p, {later, {}})) return failure("taken too late", {.code = kerb::errc::ticket_expired});
  tell.more("It has ended by then, and is refused.");
  cache.log_off();
  tell.step("client            logs off: tickets and keys are destroyed, %zu are left", cache.size(now().at));
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  int status = 0;
  auto o = example::read_options(argc, argv, status);
  if (!o) return status;
  policy p;
  example::story tell(o->kdc == example::options::embedded);
  std::optional<example::throwaway_kdc> mit;
  if (o->kdc != example::options::given) {
    o->principal = "alice", o->password = "wonderland", o->realm = "EXAMPLE.ORG";
    o->service = "HTTP/www.example.org", o->service_password = "looking-glass";
  }
  if (o->kdc == example::options::embedded) {
    std::puts(
        "The KDC is in this program. Its realm is EXAMPLE.ORG; its users: alice, and the service "
        "HTTP/www.example.org.");
    example::embedded_kdc kdc(p, tell, o->principal, o->password, o->service);
    if (!kdc.ready()) return failure("no realm", {.code = kerb::errc::entropy});
    example::one_key keys{kdc.key_of(o->service), tell};
    return tell_it(
        *o, p, tell, [&](const kerb::send& s) { return kdc(s, now()); }, keys);
  }
  if (o->kdc == example::options::mit) {
    if (!example::throwaway_kdc::installed())
      return std::fputs("quickstart: --mit needs the packages krb5-kdc and krb5-admin-server\n", stderr), 77;
    std::puts("Starting a KDC (MIT krb5kdc) with its own directory and port; both go when this program ends.");
    mit.emplace(example::kdc_setup{.commands = "addprinc +requires_preauth -pw wonderland alice\n"
                                               "addprinc -pw looking-glass HTTP/www.example.org\n"});
    std::printf("It serves the realm %s at %s. Its users: alice, and the service HTTP/www.example.org.\n",
                mit->realm().c_str(), mit->address().c_str());
    o->host = "127.0.0.1", o->port = std::to_string(mit->port()), o->realm = mit->realm();
  }
  example::posix_transport wire(o->host, o->port, o->tcp);
  example::password_keys keys{p, kerb::secret_view::of(o->service_password), tell};
  return tell_it(*o, p, tell, wire, keys);
} catch (const std::exception& e) {
  std::fprintf(stderr, "quickstart: %s\n", e.what());
  return 1;
}
