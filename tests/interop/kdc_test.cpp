// Our clients against MIT's KDC.
#include "lab.hpp"
#include "relay.hpp"

namespace {

using namespace interop;
using kerb::bytes_view;
using kerb::error_code_t;

std::uint32_t code(error_code_t e) { return static_cast<std::uint32_t>(e); }

kerb::environment<policy> turn_at(policy& p, std::int64_t clock = 0) { return {p, now(clock)}; }

/// A client's exchange over a stream, driven by what the socket gives.
template <class Exchange>
kerb::result<typename Exchange::product> drive_stream(Exchange& x, policy& p, std::size_t piece) {
  std::vector<std::uint8_t> incoming(16384);
  kerb::over_stream io(x, incoming);
  int fd = -1;
  auto step = io.start(turn_at(p));
  for (;;) {
    if (const auto* s = std::get_if<kerb::send>(&step)) {
      if (fd >= 0) ::close(fd);
      sockaddr_in a{};
      a.sin_family = AF_INET;
      a.sin_port = htons(kdc->port());
      a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
      REQUIRE(::send(fd, s->octets.data(), s->octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(s->octets.size()));
    } else if (!kerb::is<kerb::need_more>(step)) {
      break;
    }
    const ssize_t n = ::recv(fd, io.buffer().data(), std::min(piece, io.buffer().size()), 0);
    step = io.got(n > 0 ? static_cast<std::size_t>(n) : 0, turn_at(p));
  }
  ::close(fd);
  if (const auto* f = std::get_if<kerb::failed>(&step)) return f->why;
  return std::move(x).take();
}

etype_t ticket_etype(const kerb::botan::credential& c) {
  const auto t = kerb::asn1::decode<kerb::msg::Ticket>(c.ticket());
  return t ? t->enc_part.etype : etype_t{};
}

}  // namespace

TEST_CASE("as_client: a key of each encryption type, with and without pre-authentication, over UDP and TCP", "[kdc]") {
  policy p;
  for (const etype_t e : all_etypes) {
    for (const char* kind : {"p", "n"}) {
      for (const bool tcp : {false, true}) {
        const std::string who = kind + number(e);
        CAPTURE(who, tcp);
        const held tgt = get_tgt(p, {.client = who, .password = "pw" + number(e), .tcp = tcp});
        CHECK(tgt.error().code == errc::ok);
        REQUIRE(tgt);
        CHECK(is(tgt->client(), who));
        CHECK(is(tgt->server(), "krbtgt/EXAMPLE.ORG"));
        CHECK(tgt->facts().flags.has(kerb::ticket_flag_t::initial));
        CHECK(tgt->facts().flags.has(kerb::ticket_flag_t::pre_authent) == (*kind == 'p'));
        CHECK(tgt.sent == (*kind == 'p' ? 2 : 1));
      }
    }
  }
}

TEST_CASE("as_client and tgs_client: session keys and service tickets of each encryption type", "[kdc]") {
  policy p;
  for (const etype_t e : all_etypes) {
    CAPTURE(e);
    // A client that offers one type alone gets a session key of it, and uses it with the TGS
    const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw", .etypes = {e}});
    CHECK(tgt.error().code == errc::ok);
    REQUIRE(tgt);
    CHECK(tgt->session_key().etype() == e);
    for (const etype_t of_service : all_etypes) {
      CAPTURE(of_service);
      const bool tcp = e == of_service;
      const held ticket = get_ticket(p, *tgt, "svc/e" + number(of_service), tcp);
      CHECK(ticket.error().code == errc::ok);
      REQUIRE(ticket);
      CHECK(ticket->session_key().etype() == of_service);
      CHECK(ticket_etype(*ticket) == of_service);
    }
    const held without_subkey = get_ticket(p, *tgt, "HTTP/web.example.org", false, 0, false);
    CHECK(without_subkey.error().code == errc::ok);
  }
}

TEST_CASE("over_stream: TCP taken octet by octet and in large pieces", "[kdc]") {
  policy p;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{16384}}) {
    CAPTURE(piece);
    storage buffer, buffer2;
    const auto alice = name("alice"), web = name("HTTP/web.example.org");
    kerb::botan::as_client as({.client = alice, .password = kerb::secret_view::of("alicepw"), .buffer = buffer});
    const auto tgt = drive_stream(as, p, piece);
    REQUIRE(tgt);
    kerb::botan::tgs_client tgs({.tgt = *tgt, .server = web, .buffer = buffer2});
    CHECK(drive_stream(tgs, p, piece));
  }
}

TEST_CASE("as_client: a wrong password", "[kdc]") {
  policy p;
  SECTION("with pre-authentication the KDC says so") {
    const held h = get_tgt(p, {.client = "alice", .password = "wrong"});
    CHECK(h.error().code == errc::kdc_error);
    CHECK(h.error().detail == code(error_code_t::kdc_err_preauth_failed));
    CHECK(h.sent == 2);
  }
  SECTION("without it the reply does not open, which a datagram may do") {
    storage buffer;
    const auto bob = name("bob");
    kerb::botan::as_client as({.client = bob, .password = kerb::secret_view::of("wrong"), .buffer = buffer});
    posix_transport to = wire();
    auto step = as.start(turn_at(p));
    const auto came = to(std::get<kerb::send>(step));
    REQUIRE(came);
    step = as.receive(came->octets, turn_at(p));
    REQUIRE(kerb::is<kerb::ignored>(step));
    CHECK(std::get<kerb::ignored>(step).why.code == errc::integrity);
  }
  SECTION("without it, on a stream, that is the end") {
    CHECK(get_tgt(p, {.client = "bob", .password = "wrong", .tcp = true}).error().code == errc::integrity);
  }
}

TEST_CASE("as_client and tgs_client: names that the KDC does not know", "[kdc]") {
  policy p;
  const held nobody = get_tgt(p, {.client = "nobody", .password = "x"});
  CHECK(nobody.error().code == errc::kdc_error);
  CHECK(nobody.error().detail == code(error_code_t::kdc_err_c_principal_unknown));

  const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(tgt);
  const held nothing = get_ticket(p, *tgt, "HTTP/nowhere.example.org");
  CHECK(nothing.error().code == errc::kdc_error);
  CHECK(nothing.error().detail == code(error_code_t::kdc_err_s_principal_unknown));
}

TEST_CASE("as_client and tgs_client: a clock that is ten minutes off", "[kdc]") {
  policy p;
  const std::int64_t clock = GENERATE(600, -600);
  CAPTURE(clock);
  SECTION("with pre-authentication the KDC says so") {
    const held h = get_tgt(p, {.client = "alice", .password = "alicepw", .clock = clock});
    CHECK(h.error().code == errc::clock_skew);
    CHECK(h.error().detail == code(error_code_t::krb_ap_err_skew));
    CHECK(h.error().type == std::string("KRB-ERROR"));
  }
  SECTION("without it the reply shows it") {
    const held h = get_tgt(p, {.client = "bob", .password = "bobpw", .clock = clock});
    CHECK(h.error().code == errc::clock_skew);
    CHECK(h.error().type == std::string("EncKDCRepPart"));
  }
  SECTION("with leave the client follows the KDC's clock, and the credential says by how much") {
    const held h = get_tgt(p, {.client = "alice", .password = "alicepw", .clock = clock, .follow_kdc_clock = true});
    CHECK(h.error().code == errc::ok);
    REQUIRE(h);
    CHECK(h.sent == 3);
    CHECK(std::abs(h->kdc_clock_offset() + clock) <= 2);
    const held refused = get_ticket(p, *h, "HTTP/web.example.org", false, clock);
    CHECK(refused.error().code == errc::clock_skew);
    const held ticket = get_ticket(p, *h, "HTTP/web.example.org", false, clock + h->kdc_clock_offset());
    CHECK(ticket.error().code == errc::ok);
  }
}

TEST_CASE("as_client and tgs_client: a client's name of 300 octets", "[kdc]") {
  policy p;
  const bool tcp = GENERATE(false, true);
  const held tgt = get_tgt(p, {.client = name_of_300, .password = "longpw", .tcp = tcp});
  CHECK(tgt.error().code == errc::ok);
  REQUIRE(tgt);

  CHECK_FALSE(tgt.used_stream);
  CHECK(is(tgt->client(), name_of_300));
  CHECK(get_ticket(p, *tgt, "HTTP/web.example.org", tcp).error().code == errc::ok);
}

TEST_CASE("as_client and tgs_client: an answer too big for a datagram is asked for again over a stream", "[kdc]") {
  policy p;
  const held tgt = get_tgt(p, {.client = name_of_900, .password = "longpw"});
  CHECK(tgt.error().code == errc::ok);
  REQUIRE(tgt);
  CHECK(tgt.used_stream);
  CHECK(tgt.sent == 3);
  const held ticket = get_ticket(p, *tgt, "HTTP/web.example.org");
  CHECK(ticket.error().code == errc::ok);
  CHECK(ticket.used_stream);
}

TEST_CASE("as_client: an expired password", "[kdc]") {
  policy p;
  const held h = get_tgt(p, {.client = "felix", .password = "felixpw"});
  CHECK(h.error().code == errc::kdc_error);
  CHECK(h.error().detail == code(error_code_t::kdc_err_key_expired));
}

TEST_CASE("as_client and tgs_client: a stream that ends early", "[kdc]") {
  policy p;
  const auto alice = name("alice"), web = name("HTTP/web.example.org");
  const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(tgt);
  for (const std::size_t left : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{60}}) {
    CAPTURE(left);
    relay cut(SOCK_STREAM, [&](const relay::octets& o) {
      return std::vector<relay::octets>{
          relay::octets(o.begin(), o.begin() + static_cast<std::ptrdiff_t>(std::min(left, o.size())))};
    });
    posix_transport through = cut.wire();
    storage buffer, buffer2;
    kerb::botan::as_client as({.client = alice, .password = kerb::secret_view::of("alicepw"), .buffer = buffer});
    CHECK(kerb::drive(as, p, now(), through).error().code == errc::stream_ended);
    kerb::botan::tgs_client tgs({.tgt = *tgt, .server = web, .buffer = buffer2});
    CHECK(kerb::drive(tgs, p, now(), through).error().code == errc::stream_ended);
  }
}

TEST_CASE("over_stream: the end of the stream fails the exchange", "[kdc]") {
  policy p;
  const auto alice = name("alice");
  storage buffer;
  std::vector<std::uint8_t> incoming(16384);
  kerb::botan::as_client as({.client = alice, .password = kerb::secret_view::of("alicepw"), .buffer = buffer});
  kerb::over_stream io(as, incoming);
  REQUIRE(kerb::is<kerb::send>(io.start(turn_at(p))));
  std::fill_n(incoming.begin(), 3, std::uint8_t{0});
  REQUIRE(kerb::is<kerb::need_more>(io.got(3, turn_at(p))));
  const auto step = io.got(0, turn_at(p));
  REQUIRE(kerb::is<kerb::failed>(step));
  CHECK(std::get<kerb::failed>(step).why.code == errc::stream_ended);
}

TEST_CASE("as_client and tgs_client: junk before the true answer is passed over on a datagram", "[kdc]") {
  policy p;
  const auto alice = name("alice"), web = name("HTTP/web.example.org");
  relay noisy(SOCK_DGRAM, [](const relay::octets& o) {
    relay::octets altered = o;
    if (!altered.empty()) altered.back() ^= 1;  // the last octet of the seal
    return std::vector<relay::octets>{{'j', 'u', 'n', 'k'}, {0x6b, 0x80, 0x00}, altered, o};
  });
  posix_transport through = noisy.wire();
  unsigned passed_over = 0;
  const auto count = [&](const kerb::send& s) {
    passed_over += s.octets.empty();
    return through(s);
  };
  storage buffer, buffer2;
  kerb::botan::as_client as({.client = alice, .password = kerb::secret_view::of("alicepw"), .buffer = buffer});
  const auto tgt = kerb::drive(as, p, now(), count);
  CHECK(tgt.error().code == errc::ok);
  REQUIRE(tgt);
  CHECK(passed_over >= 4);
  passed_over = 0;
  kerb::botan::tgs_client tgs({.tgt = *tgt, .server = web, .buffer = buffer2});
  const auto ticket = kerb::drive(tgs, p, now(), count);
  CHECK(ticket.error().code == errc::ok);
  CHECK(passed_over == 3);
}

TEST_CASE("as_client: renewable and forwardable tickets, where they are asked for", "[kdc]") {
  policy p;
  const held plain = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(plain);
  CHECK_FALSE(plain->facts().flags.has(kerb::ticket_flag_t::forwardable));
  CHECK_FALSE(plain->facts().renew_till);

  const held h = get_tgt(p, {.client = "alice",
                             .password = "alicepw",
                             .options = {kerb::kdc_option_t::forwardable, kerb::kdc_option_t::proxiable},
                             .renew_lifetime = 3 * 86400});
  CHECK(h.error().code == errc::ok);
  REQUIRE(h);
  CHECK(h->facts().flags.has(kerb::ticket_flag_t::forwardable));
  CHECK(h->facts().flags.has(kerb::ticket_flag_t::proxiable));
  CHECK(h->facts().flags.has(kerb::ticket_flag_t::renewable));
  REQUIRE(h->facts().renew_till);
  CHECK(*h->facts().renew_till > h->endtime());
}

TEST_CASE("as_client: encryption types that the client's key is not of: one request, and no wider offer", "[kdc]") {
  policy p;
  const login offer{.client = "n18", .password = "pw18", .etypes = {etype_t::aes128_cts_hmac_sha256_128}};
  const held h = get_tgt(p, offer);
  CHECK(h.error().code == errc::kdc_error);
  CHECK(h.error().detail == code(error_code_t::kdc_err_etype_nosupp));
  CHECK(h.sent == 1);
  // Where pre-authentication is required MIT asks for it first, by mechanisms that need no such key
  login with_preauth = offer;
  with_preauth.client = "p18";
  const held other = get_tgt(p, with_preauth);
  CHECK(other.error().code == errc::no_preauth_mechanism);
  CHECK(other.sent == 1);
}

TEST_CASE("as_client: salts that only the KDC knows", "[kdc]") {
  policy p;
  for (const std::string salt : {"special", "norealm", "onlyrealm"}) {
    for (const char* kind : {"-p", "-n"}) {  // from the KRB-ERROR, and from the reply's padata
      CAPTURE(salt, kind);
      CHECK(get_tgt(p, {.client = salt + kind, .password = "saltpw"}).error().code == errc::ok);
    }
  }
}

TEST_CASE("as_client: a long-term key instead of a password", "[kdc]") {
  policy p;
  for (const etype_t e : all_etypes) {
    for (const char* kind : {"p", "n"}) {
      CAPTURE(e, kind);
      const auto who = name(kind + number(e));
      std::array<std::uint8_t, 64> salt;
      const auto n = kerb::default_salt_size(who);
      const std::string password = "pw" + number(e);
      const auto key = p.string_to_key(e, kerb::secret_view::of(password),
                                       kerb::write_default_salt(who, std::span(salt).first(n)), {});
      REQUIRE(key);
      held h;
      kerb::botan::as_client as({.client = who, .key = *key, .buffer = *h.buffer});
      drive(h, as, p, false, 0);
      CHECK(h.error().code == errc::ok);
    }
  }
}

TEST_CASE("as_client: the caller derives the key when it is asked to", "[kdc]") {
  policy p;
  for (const std::string who : {"special-p", "special-n", "p20", "n17"}) {
    CAPTURE(who);
    const std::string password = who[0] == 's' ? "saltpw" : "pw" + who.substr(1);
    const auto client = name(who);
    storage buffer;
    kerb::botan::as_client as({.client = client, .buffer = buffer});
    posix_transport to = wire();
    auto step = as.start(turn_at(p));
    unsigned asked = 0;
    std::optional<kerb::result<kerb::answer>> came;
    while (!kerb::is<kerb::done>(step)) {
      if (const auto* k = std::get_if<kerb::need_key>(&step)) {
        ++asked;
        auto key = p.string_to_key(k->etype, kerb::secret_view::of(password), k->salt, k->iterations);
        REQUIRE(key);
        step = as.provide(std::move(*key), turn_at(p));
      } else {
        REQUIRE(kerb::is<kerb::send>(step));
        came.emplace(to(std::get<kerb::send>(step)));
        REQUIRE(*came);
        step = as.receive((*came)->octets, turn_at(p));
      }
    }
    CHECK(asked == 1);
    CHECK(std::move(as).take());
  }
}

TEST_CASE("drive: nobody listens", "[kdc]") {
  policy p;
  storage buffer;
  const auto alice = name("alice");
  kerb::botan::as_client as({.client = alice, .password = kerb::secret_view::of("alicepw"), .buffer = buffer});
  posix_transport nowhere("127.0.0.1", "9");
  CHECK(kerb::drive(as, p, now(), nowhere).error().code == errc::no_answer);
}

TEST_CASE("tgs_client: a ticket for a user, under the session key of the user's own, with restrictions", "[kdc]") {
  policy p;
  const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(tgt);
  const bool subkey = GENERATE(true, false);
  for (const etype_t e : all_etypes) {
    CAPTURE(e, subkey);
    const held bobs = get_tgt(p, {.client = "bob", .password = "bobpw", .etypes = {e}});
    REQUIRE(bobs);
    static constexpr std::uint8_t optional[] = {0x30, 0x0d, 0x30, 0x0b, 0xa0, 0x04, 0x02, 0x02,
                                                0xe4, 0xa7, 0xa1, 0x03, 0x04, 0x01, 0x07};  // 7 under the number -7001
    const kerb::msg::AuthorizationDataElement restrictions[] = {{kerb::ad_t::if_relevant, optional}};
    const auto bob = name("bob");
    held h;
    kerb::botan::tgs_client tgs({.tgt = *tgt,
                                 .server = bob,
                                 .buffer = *h.buffer,
                                 .subkey = subkey,
                                 .second_ticket = bobs->ticket(),
                                 .user_to_user = true,
                                 .authorization_data = kerb::msg::AuthorizationData(restrictions)});
    drive(h, tgs, p, false, 0);
    CHECK(h.error().code == errc::ok);
    REQUIRE(h);
    const auto ticket = kerb::asn1::decode<kerb::msg::Ticket>(h->ticket());
    REQUIRE(ticket);
    CHECK(ticket->enc_part.etype == e);
    storage opened;
    const auto plain = p.unseal(bobs->session_key(), kerb::key_usage_t::ticket, ticket->enc_part.cipher, opened);
    REQUIRE(plain);
    const auto part = kerb::asn1::decode<kerb::msg::EncTicketPart>(bytes_view(*plain));
    REQUIRE(part);
    CHECK(is({part->cname, part->crealm}, "alice"));
    REQUIRE(part->authorization_data);
    bool there = false;
    for (const kerb::msg::AuthorizationDataElement a : *part->authorization_data)
      there = there || (a.ad_type == kerb::ad_t::if_relevant && a.ad_data == bytes_view(optional));
    CHECK(there);

    // Bob accepts it with that key, and with nothing else
    storage buffer, acceptor_buffer;
    kerb::botan::ap_initiator ap({.credential = *h, .buffer = buffer, .user_to_user = true});
    const auto first = ap.start(turn_at(p));
    REQUIRE(kerb::is<kerb::send>(first));
    kerb::botan::ap_acceptor service({.service = bob, .buffer = acceptor_buffer, .user_to_user = true});
    const kerb::user_to_user_key<kerb::key> keys(*bobs);
    kerb::memory_replay_cache<32> seen;
    const auto who = kerb::accept(service, std::get<kerb::send>(first).octets, p, keys, seen, now());
    CHECK(who.error().code == errc::ok);
    REQUIRE(who);
    CHECK(who->user_to_user());
    CHECK(kerb::is<kerb::done>(ap.receive(who->reply(), turn_at(p))));
  }
}

TEST_CASE("tgs_client: the KDC refuses a second ticket of somebody else, and we say so", "[kdc]") {
  policy p;
  const held tgt = get_tgt(p, {.client = "alice", .password = "alicepw"});
  REQUIRE(tgt);
  const auto bob = name("bob");
  held h;
  kerb::botan::tgs_client tgs(
      {.tgt = *tgt, .server = bob, .buffer = *h.buffer, .second_ticket = tgt->ticket(), .user_to_user = true});
  drive(h, tgs, p, false, 0);
  CHECK(h.error().code == errc::kdc_error);
}
