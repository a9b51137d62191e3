// From a password to an authenticated session, told step by step.
#include <sys/time.h>

#include <kerb/botan.hpp>

#include "support/explain.hpp"
#include "support/options.hpp"
#include "support/posix_transport.hpp"
#include "support/story.hpp"
#include "support/throwaway_kdc.hpp"

namespace {

using example::text_of;
using policy = kerb::botan::policy;

kerb::turn<policy, policy> turn_now(policy& p) {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {p, p, {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}}};
}

/// Runs an exchange with the KDC: it says what to do next, this does it. kerb::drive() is the same loop in one call.
template <class Exchange>
kerb::result<typename Exchange::product> converse(Exchange& exchange, policy& p, example::posix_transport& wire,
                                                  example::story& tell, bool tcp) {
  kerb::error passed_over{};
  for (auto step = exchange.start(turn_now(p));;) {
    kerb::send request;
    // A word of the exchange that has no handler here would not compile.
    const kerb::error why = kerb::on(
        step, [&](const kerb::send& s) { return tell.request(request = s, tcp), kerb::error{}; },
        // A stray datagram, or another key than ours; request stays empty, which is to wait on
        [&](const kerb::ignored& i) { return tell.passed_over(passed_over = i.why), kerb::error{}; },
        [](const kerb::need_key&) { return kerb::error{.code = kerb::errc::no_key}; },
        [](const kerb::need_room&) { return kerb::error{.code = kerb::errc::no_space}; },
        [](const kerb::done&) { return kerb::error{}; }, [](const kerb::failed& f) { return f.why; });
    if (!why.ok()) return why;
    if (kerb::says<kerb::done>(step)) return std::move(exchange).take();
    const auto answer = wire(request);
    if (!answer) return passed_over.ok() ? answer.error() : passed_over;
    tell.answer(*answer);
    step = exchange.receive(answer->octets, turn_now(p), answer->arrived);
  }
}

/// The service's keys, made from its password when a ticket needs one.
struct password_keys {
  const kerb::key* find(const kerb::need_ticket_key& want) {
    if (want.tried != 0) return nullptr;  // the one that there is did not open the ticket
    std::vector<std::uint8_t> salt(kerb::default_salt_size(want.service));
    auto k = p.string_to_key(want.etype, password, kerb::write_default_salt(want.service, salt), {});
    if (!k) return nullptr;
    made = std::move(*k);
    tell.step("service           opens the ticket with its own %s key (key usage 2)", text_of(want.etype).c_str());
    tell.more("and the authenticator with the session key that the ticket holds (key usage 11).");
    return &made;
  }
  kerb::errc why_none(const kerb::need_ticket_key&) { return kerb::errc::no_key; }

  policy& p;
  kerb::secret_view password;
  example::story& tell;
  kerb::key made{};
};

int failure(const char* what, const kerb::error& e) {
  std::fflush(stdout);
  std::fprintf(stderr, "\nquickstart: %s: %s\n", what, example::explain(e).c_str());
  return 1;
}

int tell_it(const example::options& o) {
  policy p;
  example::story tell;
  example::posix_transport wire(o.host, o.port, o.tcp);
  const auto me = kerb::principal::parse(o.principal, o.realm);
  if (!me) return failure("--principal", me.error());
  const auto service = kerb::principal::parse(o.service, o.realm);
  if (!service) return failure("--service", service.error());

  std::array<std::uint8_t, 16384> as_room, tgs_room, ap_room, service_room;
  tell.chapter("The AS exchange (RFC 4120 section 3.1): a password becomes a ticket-granting ticket.");
  kerb::botan::as_client as({.client = *me, .password = kerb::secret_view::of(o.password), .room = as_room});
  const auto tgt = converse(as, p, wire, tell, o.tcp);
  if (!tgt) return failure("no ticket-granting ticket", tgt.error());
  tell.more("Opened with the key made from the password (key usage 3), which itself never leaves this machine.");
  tell.ticket(*tgt);

  tell.chapter("The TGS exchange (section 3.3): that ticket gets one for the service, without the password.");
  kerb::botan::tgs_client tgs({.tgt = *tgt, .server = *service, .room = tgs_room});
  const auto credential = converse(tgs, p, wire, tell, o.tcp);
  if (!credential) return failure("no service ticket", credential.error());
  tell.more("Opened with the subkey sent in the request (key usage 9).");
  tell.ticket(*credential);

  tell.chapter("The AP exchange (section 3.2): client and service prove themselves to each other, without the KDC.");
  kerb::botan::ap_initiator initiator({.credential = *credential, .room = ap_room});
  auto step = initiator.start(turn_now(p));
  const auto* request = std::get_if<kerb::send>(&step);
  if (request == nullptr) return failure("no AP-REQ", std::get<kerb::failed>(step).why);
  tell.step("client -> service  AP-REQ, %zu octets", request->octets.size());
  tell.more("Proof: the service ticket, and an authenticator sealed under its session key (key usage 11).");
  if (o.service_password.empty()) {
    tell.more("Here it ends: only the service's key opens this, and it was not given (--service-password-file).");
    return 0;
  }

  kerb::botan::ap_acceptor acceptor({.service = *service, .mutual = kerb::required, .room = service_room});
  password_keys keys{p, kerb::secret_view::of(o.service_password), tell};
  kerb::memory_replay_store<64> seen;
  const auto who = kerb::accept(acceptor, request->octets, p, keys, seen, turn_now(p).now);
  if (!who) return failure("the service refuses", who.error());
  tell.more("Learnt: the client is %s.", text_of(who->client()).c_str());
  tell.more("Checked: ticket and authenticator name the same client, clock, ticket times, addresses, no replay.");
  tell.step("service -> client  AP-REP, %zu octets", who->reply().size());
  step = initiator.receive(who->reply(), turn_now(p));
  if (const auto* f = std::get_if<kerb::failed>(&step)) return failure("the service is not who it says", f->why);
  const auto session = std::move(initiator).take();
  if (!session) return failure("the service's answer is none", session.error());
  tell.more("Opened with the session key (key usage 12). Checked: the client's own time came back, which nobody");
  tell.more("without the service's key could have read: the service has proven itself.");
  const kerb::key &ours = session->protection_key(), &theirs = who->keys().protection_key();
  const bool same = kerb::ct_equal(ours.octets().unguarded(), theirs.octets().unguarded());
  tell.step("both              hold one fresh %s key: %s", text_of(ours.etype()).c_str(), same ? "yes" : "NO");
  return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  int status = 0;
  auto o = example::read_options(argc, argv, status);
  if (!o) return status;
  if (!o->own_kdc) return tell_it(*o);
  if (!example::throwaway_kdc::installed())
    return std::fputs("quickstart: needs the packages krb5-kdc and krb5-admin-server, or --kdc\n", stderr), 77;
  std::puts("Starting a KDC (MIT krb5kdc) with its own directory and port; both go when this program ends.");
  const example::throwaway_kdc kdc({.commands = "addprinc +requires_preauth -pw wonderland alice\n"
                                                "addprinc -pw looking-glass HTTP/www.example.org\n"});
  std::printf("It serves the realm %s at %s. Its users: alice, and the service HTTP/www.example.org.\n",
              kdc.realm().c_str(), kdc.address().c_str());
  o->host = "127.0.0.1", o->port = std::to_string(kdc.port()), o->realm = kdc.realm();
  o->principal = "alice", o->password = "wonderland";
  o->service = "HTTP/www.example.org", o->service_password = "looking-glass";
  return tell_it(*o);
} catch (const std::exception& e) {
  std::fprintf(stderr, "quickstart: %s\n", e.what());
  return 1;
}
