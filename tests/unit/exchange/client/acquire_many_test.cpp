// A thousand acquisitions in flight in one thread: answers in any order, KDCs that fail at random.
#include <deque>

#include "support/acquire_world.hpp"

using namespace kerb_test;

namespace {

/// A reproducible sequence of numbers.
struct dice {
  std::uint64_t state;
  std::uint32_t operator()(std::uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 33) % below;
  }
};

/// One acquisition: of a user of A.ORG for a service of one of three realms.
struct flight {
  std::string user_text, host_text, realm_text;
  std::array<kerberos_string, 1> user_parts;
  std::array<kerberos_string, 2> host_parts;
  principal_view user, server;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(4096);
  std::list<std::vector<std::uint8_t>> larger{}, received{};
  std::unique_ptr<client> x;
  std::vector<std::uint8_t> request{};  // outstanding
  std::string at{};                     // whose KDC has it
  bool over = false, good = false;
  unsigned sent = 0;

  flight(std::string who, std::string host, kerberos_string in, bool named)
      : user_text(std::move(who)),
        host_text(std::move(host)),
        user_parts{kerberos_string::of(user_text)},
        host_parts{"HTTP"_krb, kerberos_string::of(host_text)},
        user{{name_t::principal, view_of<kerberos_string>(user_parts)}, a_org},
        server{{name_t::srv_inst, view_of<kerberos_string>(host_parts)}, in} {
    credential_params<key> p{.client = user, .server = server, .buffer = buffer, .password = password};
    if (!named) p.server.realm = kerberos_string{};
    x = std::make_unique<client>(p);
  }
  flight(const flight&) = delete;
  flight& operator=(const flight&) = delete;
};

/// All of them, and the KDCs.
struct sky {
  world w;
  std::list<flight> flights;
  std::deque<flight*> waiting;  // with a request outstanding
  dice roll;
  unsigned failures = 0, done_well = 0, from_cache = 0;
  ticket_cache<key, 64> cache;  // of all users together: a client must never get another one's ticket

  explicit sky(std::uint64_t seed) : roll{seed} {
    for (const kerberos_string r : {a_org, b_org, c_org}) {
      place& p = w.add(r);
      p.here.settings.unchecked_paths = true;
      for (const char* host : {"HTTP/web0", "HTTP/web1"}) REQUIRE(p.here.add_service(host));
    }
    for (const char* user : {"u0", "u1", "u2"}) REQUIRE(w.of(a_org)->here.add_user(user, password));
    w.trust(a_org, b_org);
    w.trust(b_org, c_org);
    w.of(a_org)->elsewhere = {{"far0", b_org}, {"far1", b_org}};
    w.of(b_org)->elsewhere = {{"far0", c_org}, {"far1", c_org}};
    REQUIRE(w.of(c_org)->here.add_service("HTTP/far0"));
    REQUIRE(w.of(c_org)->here.add_service("HTTP/far1"));
  }
  environment<policy> env() { return {w.crypto, w.now}; }

  void begin() {
    const std::string user = "u" + std::to_string(roll(3));
    const bool far = roll(3) == 0;
    const std::string host = (far ? "far" : "web") + std::to_string(roll(2));
    const kerberos_string realms[] = {a_org, b_org, c_org};
    // A service without a realm is at home, or where it is referred to
    const bool named = roll(2) == 0;
    const kerberos_string in = far ? c_org : named ? realms[roll(3)] : a_org;
    flight& f = flights.emplace_back(user, host, in, named);
    step(f, f.x->start(env()));
  }
  /// Answers what the client asks of its caller, until it waits for a KDC or is over.
  void step(flight& f, client::step s) {
    for (;;) {
      if (const auto* find = std::get_if<find_credential>(&s)) {
        const auto* c = roll(4) == 0 ? nullptr : cache.find(find->client, find->server, w.now.at, find->kind);
        if (c != nullptr && c->local_endtime() < find->valid_until) c = nullptr;
        from_cache += c != nullptr;
        s = grown(f, [&] { return c != nullptr ? f.x->found(*c, env()) : f.x->not_found(env()); });
      } else if (const auto* t = std::get_if<store_credential<key>>(&s)) {
        if (roll(4) != 0) (void)cache.store_copy(t->credential.get(), w.crypto, w.now.at);
        s = grown(f, [&] { return f.x->stored(env()); });
      } else if (const auto* out = std::get_if<send>(&s)) {
        if (!out->octets.empty()) {
          f.request.assign(out->octets.begin(), out->octets.end());
          f.at = std::string(out->realm.text());
          ++f.sent;
        }
        return waiting.push_back(&f);
      } else if (is<ignored>(s)) {
        return waiting.push_back(&f);
      } else {
        break;
      }
    }
    f.over = true;
    if (is<done>(s)) return land(f);
    REQUIRE(is<failed>(s));
    REQUIRE(is_peer_fault(std::get<failed>(s).why));  // never this program's
    ++failures;
  }
  template <class Call>
  client::step grown(flight& f, Call call) {
    client::step s = call();
    while (const auto* more = std::get_if<need_buffer>(&s)) {
      REQUIRE(f.x->set_buffer(f.larger.emplace_back(more->size)));
      s = call();
    }
    return s;
  }
  /// What must be true of every ticket: it is for the one who asked and for what was asked, and the service can open
  /// it.
  void land(flight& f) {
    const auto c = std::move(*f.x).take();
    REQUIRE(c);
    REQUIRE(same_principal(c->client(), f.user));
    REQUIRE(same_principal(c->server(), f.server));
    const std::string text = "HTTP/" + f.host_text;
    const key* const service = w.of(f.server.realm)->here.key_of(text);
    REQUIRE(service != nullptr);
    const auto t = must(asn1::decode<msg::Ticket>(c->ticket()));
    std::array<std::uint8_t, 4096> opened;
    const auto plain = w.crypto.unseal(*service, key_usage_t::ticket, t.enc_part.cipher, opened);
    REQUIRE(plain);
    const auto part = must(asn1::decode<msg::EncTicketPart>(bytes_view(*plain)));
    REQUIRE(same_principal({part.cname, part.crealm}, f.user));
    REQUIRE(part.key.keyvalue == c->session_key().octets().unguarded());
    f.good = true;
    ++done_well;
  }
  /// Something happens to one of the outstanding requests.
  void move() {
    const std::size_t i = roll(static_cast<std::uint32_t>(waiting.size()));
    flight& f = *waiting[i];
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
    const std::uint32_t what = roll(100);
    if (what < 2) {  // the KDC is away
      f.over = true;
      ++failures;
      REQUIRE(is<failed>(f.x->abandon({.code = errc::no_answer})));
      return;
    }
    send s{};
    s.octets = f.request;
    s.realm = kerberos_string::of(f.at);
    auto& octets = f.received.emplace_back();
    transport how = transport::datagram;
    if (what < 8 && !waiting.empty()) {
      // the answer to another one's request, of another user or for another service
      flight& other = *waiting[roll(static_cast<std::uint32_t>(waiting.size()))];
      send theirs{};
      theirs.octets = other.request;
      theirs.realm = kerberos_string::of(other.at);
      const auto got = w.ask(theirs);
      if (got) octets.assign(got->octets.begin(), got->octets.end());
    } else if (what < 12) {  // noise
      for (std::uint32_t n = roll(40); n != 0; --n) octets.push_back(static_cast<std::uint8_t>(roll(256)));
    } else {
      const auto got = w.ask(s);
      if (got) octets.assign(got->octets.begin(), got->octets.end());
      if (what < 16 && octets.size() > 60)  // in the sealed part, since nothing protects the ticket in front of it
        octets[octets.size() - 1 - roll(60)] ^= static_cast<std::uint8_t>(1u << roll(8));
      if (what >= 60) how = transport::stream;
      if (what < 16) how = transport::datagram;
    }
    step(f, grown(f, [&] { return f.x->receive(octets, env(), how); }));
  }
};

}  // namespace

TEST_CASE("credential_client: of a thousand acquisitions in flight no ticket is ever wrong", "[exchange]") {
  sky all(20261130);
  for (unsigned n = 0; n != 1000; ++n) all.begin();
  CHECK(all.waiting.size() > 500);  // all in one thread, at the same time
  std::size_t moves = 0;
  while (!all.waiting.empty() && ++moves != 100000) {
    if (moves % 997 == 0) all.w.now.at.seconds += 1;
    all.move();
  }
  CHECK(all.waiting.empty());
  for (const flight& f : all.flights) REQUIRE(f.over);
  CHECK(all.done_well + all.failures == 1000);
  CHECK(all.done_well > 600);
  CHECK(all.failures > 50);
  CHECK(all.from_cache > 50);
  INFO(all.done_well << " tickets, " << all.failures << " failures, " << moves << " moves");
}
