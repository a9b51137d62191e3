// Runs the recipes of cookbook/README.md, each with a realm in memory: they need no KDC.
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <thread>

#include "cookbook/ad_login.hpp"
#include "cookbook/client_with_cache.hpp"
#include "cookbook/delegation.hpp"
#include "cookbook/embedded_kdc.hpp"
#include "cookbook/errors_and_logging.hpp"
#include "cookbook/event_loop.hpp"
#include "cookbook/fleet_replay_cache.hpp"
#include "cookbook/fuzz_service.hpp"
#include "cookbook/negotiate_service.hpp"
#include "cookbook/own_backend.hpp"
#include "cookbook/own_message.hpp"
#include "cookbook/own_transport.hpp"
#include "cookbook/sasl_client.hpp"
#include "cookbook/sasl_server.hpp"
#include "cookbook/test_without_kdc.hpp"
#include "cookbook/user_to_user.hpp"
#include "support/help.hpp"
#include "support/story.hpp"

namespace {
using namespace kerb::literals;
using example::text_of;
using kerb::secret_view;
using policy = kerb::botan::policy;
using credential = kerb::botan::owned_credential<>;

constexpr kerb::timestamp noon{{1767268800}, {0}};
constexpr auto aes256 = kerb::etype_t::aes256_cts_hmac_sha1_96;

template <class T>
T must(kerb::result<T>&& r) {
  if (!r) throw std::runtime_error(log_line(r.error(), kerb::party::client).c_str());
  return *std::move(r);
}
void check(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("does not hold: ") + what);
}
kerb::principal named(std::string_view text) { return must(kerb::principal::parse(text)); }

/// The realm EXAMPLE.ORG and its KDC.
struct world {
  policy crypto;
  kerb::testing::realm<policy> realm{crypto, "EXAMPLE.ORG"_krb, aes256};
  std::vector<std::uint8_t> answer = std::vector<std::uint8_t>(16384);
  unsigned asked = 0;
  kerb::ticket_cache<kerb::botan::key, 8> cache;

  world() {
    realm.add_user("alice", secret_view::of("wonderland"));
    realm.add_user("bob", secret_view::of("builder"));
    realm.add_service("HTTP/web.example.org");
    realm.add_service("ldap/directory.example.org");
    realm.add_service("files/disk.example.org");
    check(realm.ready(), "the realm has its principals");
    realm.record("HTTP/web.example.org")->attributes.set(kerb::principal_attribute::ok_as_delegate);
  }
  kerb::result<kerb::answer> operator()(const kerb::send& s) {
    ++asked;
    const auto octets = realm.answer(s.octets, noon, answer);
    return octets ? kerb::result<kerb::answer>(*octets) : octets.error();
  }
  credential ticket(std::string_view service, std::string_view who = "alice",
                    std::string_view password = "wonderland") {
    const kerb::principal me = named(std::string(who) + "@EXAMPLE.ORG");
    const kerb::principal server = named(std::string(service) + "@EXAMPLE.ORG");
    return must(kerb::acquire({.client = me,
                               .server = server,
                               .password = secret_view::of(password),
                               .options = {kerb::kdc_option_t::forwardable}},
                              cache, crypto, noon, *this));
  }
  credential tgt(std::string_view who = "alice", std::string_view password = "wonderland") {
    return ticket("krbtgt/EXAMPLE.ORG", who, password);
  }
  /// A keytab with the key of a service.
  std::vector<std::uint8_t> keytab(std::string_view service) {
    std::vector<std::uint8_t> file(1024);
    const kerb::principal name = named(std::string(service) + "@EXAMPLE.ORG");
    kerb::keytab_writer w(file);
    kerb::keytab_key k{};
    k.principal = name;
    k.timestamp = noon.at;
    k.kvno = 1;
    k.etype = aes256;
    k.key = crypto.expose(*realm.key_of(service));
    w.add(k);
    file.resize(must(w.finish()).size());
    return file;
  }
};
std::vector<std::uint8_t> copy_of(kerb::bytes_view v) { return {v.begin(), v.end()}; }

void negotiate_service() {
  world w;
  const auto file = w.keytab("HTTP/web.example.org");
  cookbook::http_service service(must(kerb::keytab_view::open(file)));
  cookbook::http_connection connection(service);
  std::string user;
  check(connection.answer("", noon, user).status == 401, "a request without a token is answered with 401");

  const credential ticket = w.ticket("HTTP/web.example.org");
  std::vector<std::uint8_t> buffer(8192), token(kerb::max_http_token);
  std::vector<char> field(kerb::negotiate_size(kerb::max_http_token));
  kerb::botan::gss::negotiate_initiator client({.krb5 = {.credential = ticket, .buffer = buffer}});
  const auto first = client.start({w.crypto, noon});
  const auto* const out = std::get_if<kerb::send>(&first);
  check(out != nullptr, "the client has a token");
  const std::string authorization(must(kerb::write_negotiate(out->octets, field)));
  const auto a = connection.answer(authorization, noon, user);
  check(a.authenticated() && user == "alice@EXAMPLE.ORG", "the service knows its client");
  const auto last = kerb::gss::receive_www_authenticate(client, a.status, a.www_authenticate, token, {w.crypto, noon});
  check(kerb::is<kerb::done>(last), "the client knows the service");
  check(!connection.answer(authorization, noon, user).authenticated(), "a replay is refused");
}

void client_with_cache() {
  world w;
  const credential tgt = w.tgt();
  const kerb::ticket_facts& f = tgt->facts();
  std::vector<std::uint8_t> file(8192);
  kerb::ccache_writer writer(f.client, {}, file);
  kerb::cached_credential e{};
  e.client = f.client;
  e.server = f.server;
  e.etype = aes256;
  e.key = w.crypto.expose(tgt->session_key());
  e.authtime = f.authtime;
  e.endtime = f.endtime;
  e.flags = f.flags;
  e.ticket = f.ticket;
  writer.add(e);
  file.resize(must(writer.finish()).size());

  w.asked = 0;
  const auto view = must(kerb::ccache_view::open(file));
  const auto ticket = must(cookbook::ticket_of_user("HTTP/web.example.org", view, w.crypto, noon, w));
  check(text_of(ticket->server()) == "HTTP/web.example.org@EXAMPLE.ORG", "there is a ticket for the service");
  check(w.asked == 1, "only the TGS was asked");
}

void ad_login() {
  // Two domains of a forest: EXAMPLE.ORG knows that alice@corp.example.com is in CORP.EXAMPLE.ORG
  world w;
  kerb::testing::realm<policy> corp(w.crypto, "CORP.EXAMPLE.ORG"_krb, aes256);
  corp.add_user("alice", secret_view::of("wonderland"));
  corp.add_service("ldap/dc.corp.example.org");
  struct forest {
    kerb::testing::realm<policy>& home;  ///< that of the user; none: the other one
    bool is_home;
    kerb::lookup<policy> find(const kerb::need_principal& ask) {
      if (ask.principal.name.name_type != kerb::name_t::enterprise) return home.find(ask);
      if (!is_home) return kerb::in_realm{"CORP.EXAMPLE.ORG"_krb};
      return *home.record("alice");
    }
  };
  const auto ask_kdc = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    const bool is_home = s.realm == "CORP.EXAMPLE.ORG"_krb;
    forest directory{is_home ? corp : w.realm, is_home};
    kerb::botan::kdc x(directory.home.settings, w.answer);
    const auto octets = kerb::serve(x, s.octets, w.crypto, directory, noon);
    return octets ? kerb::result<kerb::answer>(*octets) : octets.error();
  };
  const auto ticket = must(cookbook::ad_login("alice@corp.example.com", "EXAMPLE.ORG", secret_view::of("wonderland"),
                                              "ldap/dc.corp.example.org", w.crypto, noon, ask_kdc));
  check(text_of(ticket->client()) == "alice@CORP.EXAMPLE.ORG", "the ticket has the canonical name");
  const auto wrong = cookbook::ad_login("alice@corp.example.com", "EXAMPLE.ORG", secret_view::of("looking-glass"),
                                        "ldap/dc.corp.example.org", w.crypto, noon, ask_kdc);
  check(!wrong, "a wrong password is refused");
}

void sasl() {
  world w;
  const kerb::principal service = named("ldap/directory.example.org@EXAMPLE.ORG");
  const auto file = w.keytab("ldap/directory.example.org");
  const credential ticket = w.ticket("ldap/directory.example.org");
  // The server's challenges and the client's responses change places between two threads
  std::vector<std::uint8_t> client_buffer(16384), server_buffer(16384);
  int pair[2];
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "there is a pair of sockets");
  const auto put = [](int fd, char what, kerb::bytes_view octets) {
    std::vector<std::uint8_t> out{static_cast<std::uint8_t>(what)};
    out.insert(out.end(), octets.begin(), octets.end());
    (void)::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
  };
  const auto get = [](int fd) {
    std::vector<std::uint8_t> in(16384);
    const ssize_t n = ::recv(fd, in.data(), in.size(), 0);
    in.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    const char what = in.empty() ? 'f' : static_cast<char>(in[0]);
    if (!in.empty()) in.erase(in.begin());
    return std::pair(what, std::move(in));
  };
  std::string opened;
  std::thread server([&] {
    policy crypto;
    const auto keytab = kerb::keytab_view::open(file);
    kerb::keytab_keys keys(*keytab, crypto);
    kerb::memory_replay_cache<32> seen;
    const auto exchange = [&](kerb::bytes_view challenge) {
      put(pair[1], 'c', challenge);
      return get(pair[1]).second;
    };
    auto session =
        cookbook::sasl_accept(service, get(pair[1]).second, server_buffer, crypto, keys, seen, noon, exchange);
    put(pair[1], session ? 's' : 'f', {});
    auto sealed = get(pair[1]).second;
    if (!session) return;
    const auto text = session->unwrap_in_place(sealed, crypto);
    if (text) opened.assign(text->begin(), text->end());
  });
  auto session = cookbook::sasl_authenticate(*ticket, client_buffer, w.crypto, noon,
                                             [&](kerb::bytes_view response) -> kerb::result<cookbook::sasl_reply> {
                                               put(pair[0], 'r', response);
                                               auto [what, octets] = get(pair[0]);
                                               if (what == 'f') return kerb::errc::peer_error;
                                               return cookbook::sasl_reply{std::move(octets), what == 's'};
                                             });
  std::array<std::uint8_t, 256> frame;
  if (session) {
    const auto made = session->wrap(kerb::octets_of("who am I?"), frame, w.crypto);
    if (made) put(pair[0], 'm', *made);
  }
  ::close(pair[0]);
  server.join();
  ::close(pair[1]);
  (void)must(std::move(session));
  check(opened == "who am I?", "the server opens what the client has sealed");
}

void delegation() {
  world w;
  const kerb::principal web = named("HTTP/web.example.org@EXAMPLE.ORG"),
                        disk = named("files/disk.example.org@EXAMPLE.ORG");
  const credential tgt = w.tgt(), ticket = w.ticket("HTTP/web.example.org");
  const auto forwarded = must(cookbook::forwarded_ticket(*tgt, w.crypto, noon, w));
  std::vector<std::uint8_t> buffer1(16384), buffer2(16384);
  kerb::botan::gss::initiator client(cookbook::delegating(*ticket, *forwarded, buffer1));
  const auto step = client.start({w.crypto, noon});
  const auto* const token = std::get_if<kerb::send>(&step);
  check(token != nullptr, "the client has a token");

  const auto file = w.keytab("HTTP/web.example.org");
  kerb::keytab_keys keys(must(kerb::keytab_view::open(file)), w.crypto);
  kerb::memory_replay_cache<32> seen;
  kerb::botan::gss::acceptor acceptor({.ap = {.service = web, .buffer = buffer2}});
  check(must(kerb::gss::accept(acceptor, token->octets, w.crypto, keys, seen, noon)).complete, "there is a context");
  const auto context = must(std::move(acceptor).take());
  const auto other = must(cookbook::act_as_client(context, disk, w.crypto, noon, w));
  check(text_of(other->client()) == "alice@EXAMPLE.ORG", "the service has a ticket as its client");
}

void user_to_user() {
  world w;
  const credential alices = w.tgt(), bobs = w.tgt("bob", "builder");
  const kerb::principal bob = named("bob@EXAMPLE.ORG");
  std::vector<std::uint8_t> buffer1(16384), buffer2(16384);
  const auto ticket = must(cookbook::ticket_for_user(*alices, bob, cookbook::invitation(*bobs), w.crypto, noon, w));
  kerb::memory_replay_cache<32> seen;
  std::optional<kerb::authenticated_client<kerb::botan::key>> who;
  kerb::botan::ap_initiator ap({.credential = ticket, .buffer = buffer1});
  const auto ask_bob = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    auto accepted = cookbook::accept_user(s.octets, *bobs, buffer2, w.crypto, seen, noon);
    if (!accepted) return accepted.error();
    return kerb::answer(who.emplace(*std::move(accepted)).reply());
  };
  (void)must(kerb::drive(ap, w.crypto, noon, ask_bob));
  check(who && text_of(who->client()) == "alice@EXAMPLE.ORG" && who->user_to_user(), "Bob knows Alice");
}

void own_transport() {
  world w;
  int pair[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "there is a pair of sockets");
  std::thread kdc([&] {
    std::vector<std::uint8_t> in(16384);
    for (std::size_t have = 0;;) {
      const ssize_t n = ::read(pair[1], in.data() + have, 7);  // in pieces
      if (n <= 0) return;
      have += static_cast<std::size_t>(n);
      const auto frame = kerb::read_frame(kerb::bytes_view(in).first(have), in.size() - 4);
      if (!frame || frame->missing != 0) continue;
      kerb::send s;
      s.octets = frame->message;
      const auto answer = w(s);
      if (!answer) return;
      const auto length = kerb::frame_header(static_cast<std::uint32_t>(answer->octets.size()));
      (void)!::write(pair[1], length.data(), length.size());
      (void)!::write(pair[1], answer->octets.data(), answer->octets.size());
      have = 0;
    }
  });
  policy crypto;  // the other one is the KDC's, in its thread
  cookbook::stream_transport ask_kdc(pair[0], pair[0]);
  const kerb::principal alice = named("alice@EXAMPLE.ORG");
  std::vector<std::uint8_t> buffer(8192);
  kerb::botan::as_client as({.client = alice, .password = secret_view::of("wonderland"), .buffer = buffer});
  const auto tgt = kerb::drive(as, crypto, noon, ask_kdc);
  ::shutdown(pair[0], SHUT_RDWR);
  kdc.join();
  ::close(pair[0]);
  ::close(pair[1]);
  check(tgt.has_value(), "the client has a ticket");
}

void event_loop() {
  world w;
  const kerb::principal alice = named("alice@EXAMPLE.ORG"), bob = named("bob@EXAMPLE.ORG");
  struct connection {
    std::vector<std::uint8_t> unsent{}, unread{};
    std::optional<cookbook::login::result> end{};
    unsigned ends = 0;
  } of[2];
  const auto hooks_of = [](connection& c) {
    return cookbook::login::hooks{[&c](kerb::bytes_view v) { c.unsent = copy_of(v); },
                                  [&c](cookbook::login::result r) {
                                    c.end.emplace(std::move(r));
                                    ++c.ends;
                                  }};
  };
  cookbook::login first(alice, secret_view::of("wonderland"), w.crypto, hooks_of(of[0]));
  cookbook::login second(bob, secret_view::of("a guess"), w.crypto, hooks_of(of[1]));
  cookbook::login* const logins[] = {&first, &second};
  for (auto* l : logins) l->start(noon);
  for (unsigned turns = 0; turns != 1000 && !(of[0].end && of[1].end); ++turns) {
    connection& c = of[turns % 2];
    cookbook::login& l = *logins[turns % 2];
    if (c.end) continue;
    if (!c.unsent.empty()) {  // the KDC answers
      kerb::send s;
      s.octets = kerb::bytes_view(c.unsent).subview(4);
      const auto answer = must(w(s)).octets;
      const auto length = kerb::frame_header(static_cast<std::uint32_t>(answer.size()));
      c.unread.assign(length.begin(), length.end());
      c.unread.insert(c.unread.end(), answer.begin(), answer.end());
      c.unsent.clear();
    } else {  // some octets of the answer arrive
      const std::size_t n = std::min<std::size_t>(c.unread.size(), 100);
      std::copy_n(c.unread.begin(), n, l.space().begin());
      c.unread.erase(c.unread.begin(), c.unread.begin() + static_cast<std::ptrdiff_t>(n));
      l.ready(n, noon);
    }
  }
  check(of[0].end && of[0].end->has_value(), "Alice has logged in");
  check(of[1].end && of[1].end->error().code == kerb::errc::kdc_error, "Bob's guess is refused");
  connection late;
  cookbook::login third(alice, secret_view::of("wonderland"), w.crypto, hooks_of(late));
  third.start(noon);
  third.give_up();
  third.give_up();
  check(late.ends == 1, "a login ends once");
  check(late.end && late.end->error().code == kerb::errc::no_answer, "a login ends when its time is over");
}

void own_backend() {
  world w;
  const kerb::principal web = named("HTTP/web.example.org@EXAMPLE.ORG");
  const credential ticket = w.ticket("HTTP/web.example.org");
  policy inside;  // of the device
  unsigned opened = 0;
  const kerb::key key = w.realm.key_of("HTTP/web.example.org")->copy();
  cookbook::keys_of_device keys{{aes256, [&](kerb::key_usage_t u, kerb::bytes_view in, std::span<std::uint8_t> out) {
                                   ++opened;
                                   return inside.unseal(key, u, in, out);
                                 }}};
  cookbook::device_policy crypto;
  kerb::memory_replay_cache<32> seen;
  std::vector<std::uint8_t> buffer1(16384), buffer2(16384);
  kerb::ap_acceptor<cookbook::device_policy> acceptor({.service = web, .mutual = kerb::required, .buffer = buffer2});
  std::optional<kerb::authenticated_client<kerb::key>> who;
  kerb::botan::ap_initiator ap({.credential = ticket, .buffer = buffer1});
  const auto ask_service = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    auto accepted = kerb::accept(acceptor, s.octets, crypto, keys, seen, noon);
    if (!accepted) return accepted.error();
    return kerb::answer(who.emplace(*std::move(accepted)).reply());
  };
  (void)must(kerb::drive(ap, w.crypto, noon, ask_service));
  check(who && opened == 1, "the device has opened one ticket");
}

void own_message() {
  const kerb::principal owner = named("alice@EXAMPLE.ORG");
  const cookbook::PrintJob job{owner.name(), 12, kerb::octets_of("a map")};
  auto octets = cookbook::encoded(job);
  const auto back = must(cookbook::decoded(octets));
  check(back.pages == 12 && kerb::same_name(back.owner, job.owner) && back.title == job.title, "a message comes back");
  check(cookbook::print(octets).ok(), "a message has no fault");
  octets[8] = 2;  // the version, which must be 1
  check(cookbook::decoded(octets).error().field == std::string_view("version"), "an error names the field");
}

void fuzz_a_service() {
  // A true token, and all that differ from it in one octet. The target ends the program if one of them is taken for
  // somebody else's
  using insecure = kerb::testing::insecure_policy;
  insecure crypto;
  kerb::testing::realm<insecure> realm(crypto, "EXAMPLE.ORG"_krb, aes256);
  realm.add_user("alice", secret_view::of("wonderland"));
  realm.add_service("HTTP/web", secret_view::of("looking-glass"));
  std::array<std::uint8_t, 8192> answer;
  const auto ask_kdc = [&](const kerb::send& s) {
    const auto octets = realm.answer(s.octets, noon, answer);
    return octets ? kerb::result<kerb::answer>(*octets) : octets.error();
  };
  const kerb::principal alice = named("alice@EXAMPLE.ORG"), web = named("HTTP/web@EXAMPLE.ORG");
  kerb::ticket_cache<kerb::key, 4> cache;
  const auto ticket = must(kerb::acquire({.client = alice, .server = web, .password = secret_view::of("wonderland")},
                                         cache, crypto, noon, ask_kdc));
  std::array<std::uint8_t, 8192> buffer;
  kerb::ap_initiator<insecure> ap({.credential = ticket, .buffer = buffer});
  const auto step = ap.start({crypto, noon});
  const auto* const sent = std::get_if<kerb::send>(&step);
  check(sent != nullptr, "there is a token");
  auto token = copy_of(sent->octets);
  cookbook::greeter<insecure> service(*realm.key_of("HTTP/web"));
  check(must(service.greet(token, crypto, noon)) == alice, "the service knows its client");
  for (std::uint8_t& octet : token) {
    octet ^= 0x01;
    (void)cookbook::LLVMFuzzerTestOneInput(token.data(), token.size());
    octet ^= 0x01;
  }
}

void test_without_kdc() { check(cookbook::test_greeter(), "the service under test passes"); }

void embedded_kdc() {
  policy crypto;
  cookbook::users db;
  const std::array<std::uint8_t, 32> random{7};  // of this test
  const secret_view wonderland = secret_view::of("wonderland");
  for (const char* name : {"alice@EXAMPLE.ORG", "alice/admin@EXAMPLE.ORG", "krbtgt/EXAMPLE.ORG@EXAMPLE.ORG"}) {
    const bool is_user = std::string_view(name).starts_with("alice");
    const kerb::principal p = named(name);
    std::vector<std::uint8_t> salt(kerb::default_salt_size(p));
    auto key = is_user ? crypto.string_to_key(aes256, wonderland, kerb::write_default_salt(p, salt), {})
                       : crypto.import(aes256, random);
    check(db.add(name, must(std::move(key)), is_user).ok(), "the database takes a principal");
  }
  const kerb::kdc_policy realm{.realm = "EXAMPLE.ORG"_krb};
  std::vector<std::uint8_t> kdc_buffer(16384), buffer(16384);
  const auto ask_kdc = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    const auto octets = cookbook::answer(s.octets, realm, db, crypto, noon, kdc_buffer);
    return octets ? kerb::result<kerb::answer>(*octets) : octets.error();
  };
  const auto forwardable = [&](std::string_view who) {
    const kerb::principal me = named(who);
    kerb::botan::as_client as(
        {.client = me, .password = wonderland, .buffer = buffer, .options = {kerb::kdc_option_t::forwardable}});
    const auto tgt = must(kerb::drive(as, crypto, noon, ask_kdc));
    return tgt.facts().flags.has(kerb::ticket_flag_t::forwardable);
  };
  check(forwardable("alice@EXAMPLE.ORG"), "Alice gets a forwardable ticket");
  check(!forwardable("alice/admin@EXAMPLE.ORG"), "an administrator does not");
}

void fleet_replay_cache() {
  struct store {
    std::map<std::array<std::uint8_t, 32>, std::int64_t> entries{};
    std::int64_t began = 0;
    bool answers = true;
    std::optional<bool> add(const std::array<std::uint8_t, 32>& digest, std::int64_t seconds) noexcept {
      if (!answers) return std::nullopt;
      return entries.emplace(digest, seconds).second;
    }
    std::int64_t empty_since() const noexcept { return began; }
  } redis;
  using cache = cookbook::shared_replay_cache<store>;
  static_assert(kerb::replay_cache<cache>);
  cache one(redis, 300, 5), other(redis, 300, 5);
  const kerb::kerberos_time later = plus(noon.at, 300);
  const std::array<std::uint8_t, 32> a{1}, b{2}, c{3};
  check(one.insert(a, later, noon.at) == kerb::replay_verdict::fresh, "a new authenticator is fresh");
  check(other.insert(a, later, noon.at) == kerb::replay_verdict::seen, "another process has seen it");
  check(redis.entries[a] > 300, "it is kept for longer than the clocks differ");
  redis.began = noon.at.seconds - 60;
  check(one.insert(b, later, noon.at) == kerb::replay_verdict::unknown, "after a loss, nobody knows");
  redis.answers = false;
  check(one.insert(c, plus(noon.at, 3000), noon.at) == kerb::replay_verdict::unknown,
        "without an answer, nobody knows");
}

void errors_and_logging() {
  world w;
  cookbook::log_sink sink;
  cookbook::traced_policy crypto(sink);
  const kerb::principal alice = named("alice@EXAMPLE.ORG"), web = named("HTTP/web.example.org@EXAMPLE.ORG");
  const auto ticket =
      kerb::acquire({.client = alice, .server = web, .password = secret_view::of("a guess")}, w.cache, crypto, noon, w);
  check(!ticket && cookbook::after(ticket.error()) == cookbook::next_step::ask_password_again, "the password is wrong");
  check(cookbook::for_log(ticket.error(), "EXAMPLE.ORG").find("KDC_ERR_PREAUTH_FAILED") != std::string::npos,
        "the log has the code");
  check(!cookbook::for_user(ticket.error()).empty(), "the user is told");
  check(sink.lines.find("logs in as alice@EXAMPLE.ORG") != std::string::npos, "the trace has the login");
}

constexpr struct {
  const char* name;
  void (*run)();
} recipes[] = {
    {"negotiate_service", negotiate_service},
    {"client_with_cache", client_with_cache},
    {"ad_login", ad_login},
    {"sasl", sasl},
    {"delegation", delegation},
    {"user_to_user", user_to_user},
    {"own_transport", own_transport},
    {"event_loop", event_loop},
    {"own_backend", own_backend},
    {"own_message", own_message},
    {"fuzz_a_service", fuzz_a_service},
    {"test_without_kdc", test_without_kdc},
    {"embedded_kdc", embedded_kdc},
    {"fleet_replay_cache", fleet_replay_cache},
    {"errors_and_logging", errors_and_logging},
};

}  // namespace

constexpr const char* usage =
    "usage: cookbook [RECIPE]\n"
    "\n"
    "Runs the recipes of examples/cookbook/README.md, or one of them, with a realm in memory. It needs no KDC.\n";

int main(int argc, char** argv) {
  if (example::asked_for_help(argc, argv, usage)) return 0;
  bool ok = true, found = false;
  for (const auto& r : recipes) {
    if (argc > 1 && std::string_view(argv[1]) != r.name) continue;
    found = true;
    try {
      r.run();
      std::printf("%s: works\n", r.name);
    } catch (const std::exception& e) {
      std::printf("%s: %s\n", r.name, e.what());
      ok = false;
    }
  }
  if (!found) std::fprintf(stderr, "cookbook: there is no such recipe; --help explains\n");
  return ok && found ? 0 : 1;
}
