// Both echo services, and peers that do not do as they should.
#include <kerb/core/hex.hpp>

#include "echo_peer.hpp"

using namespace echo_test;

namespace {

/// Runs a test on each service, beside a session that must not notice anything.
template <class F>
void on_each(F test) {
  for (const std::string& kind : kinds()) {
    CAPTURE(kind);
    own::kdc_process& s = service(kind);
    peer bystander(s);
    bystander.authenticate();
    REQUIRE(bystander.echo("before") == "before");
    test(s);
    CHECK(bystander.echo("after") == "after");
  }
}

}  // namespace

TEST_CASE("echo: what is said under seal comes back", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer p(s);
    p.authenticate();
    for (const std::size_t size : {0u, 1u, 4000u, 16100u}) {
      const std::string text(size, 'x');
      CHECK((p.echo(text) == text));
    }
    p.shut_down();
    CHECK(p.dropped());
  });
}

TEST_CASE("echo: messages that come together, and octet by octet, are answered one by one", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer p(s);
    p.authenticate();
    octets all = p.sealed("one");
    for (const char* more : {"two", "three"}) {
      const octets next = p.sealed(more);
      all.insert(all.end(), next.begin(), next.end());
    }
    p.send(all);
    CHECK(p.heard() == "one");
    CHECK(p.heard() == "two");
    CHECK(p.heard() == "three");
    const octets slowly = p.sealed("four");
    for (const std::uint8_t& o : slowly) p.send(octets{o});
    CHECK(p.heard() == "four");
  });
}

TEST_CASE("echo: two hundred sessions at once, on one thread", "[echo]") {
  for (const std::string& kind : kinds()) {
    CAPTURE(kind);
    own::kdc_process& s = service(kind);
    std::list<peer> all;
    while (all.size() != 200) all.emplace_back(s).authenticate();
    for (int round = 0; round != 3; ++round) {
      std::size_t i = 0;
      for (peer& p : all) {
        const octets message = p.sealed("I am " + std::to_string(i++));
        p.send(message);
      }
      i = 0;
      for (peer& p : all) REQUIRE(p.heard() == "I am " + std::to_string(i++));
    }
    const std::filesystem::directory_iterator threads("/proc/" + std::to_string(s.pid()) + "/task");
    CHECK(std::distance(begin(threads), end(threads)) == 1);
  }
}

TEST_CASE("echo: an AP-REQ is taken once", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer first(s), second(s);
    const octets request = first.request();
    first.send(request);
    first.finish();
    second.send(request);
    CHECK(second.refused() == error_code_t::krb_ap_err_repeat);
    CHECK(first.echo("still here") == "still here");
  });
}

TEST_CASE("echo: an AP-REQ that has been changed is refused", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer p(s);
    octets request = p.request();
    request.back() ^= 1;
    p.send(request);
    CHECK(p.refused() == error_code_t::krb_ap_err_bad_integrity);
  });
}

TEST_CASE("echo: a KRB-PRIV that comes again ends its session", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer p(s);
    p.authenticate();
    const octets message = p.sealed("once");
    p.send(message);
    CHECK(p.heard() == "once");
    p.send(message);
    CHECK(p.refused() == error_code_t::krb_ap_err_badorder);
  });
}

TEST_CASE("echo: messages in the wrong order end their session", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer p(s);
    p.authenticate();
    const octets first = p.sealed("first"), second = p.sealed("second");
    p.send(second);
    CHECK(p.refused() == error_code_t::krb_ap_err_badorder);
  });
}

TEST_CASE("echo: a service's own message, and another session's, end a session", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer p(s), q(s), r(s);
    for (peer* each : {&p, &q, &r}) each->authenticate();
    const octets asked = p.sealed("mirror");
    p.send(asked);
    const auto answer = p.receive();
    REQUIRE(answer);
    p.send(framed(*answer));
    CHECK(p.refused() == error_code_t::krb_ap_err_badaddr);
    const octets of_q = q.sealed("mine");
    r.send(of_q);
    CHECK(r.refused() == error_code_t::krb_ap_err_bad_integrity);
    q.send(of_q);
    CHECK(q.heard() == "mine");
  });
}

TEST_CASE("echo: a KRB-PRIV with one bit changed ends its session, whichever bit it is", "[echo]") {
  on_each([](own::kdc_process& s) {
    std::size_t size = 5;
    for (std::size_t at = 4; at != size; ++at) {
      CAPTURE(at);
      peer p(s);
      p.authenticate();
      octets message = p.sealed("a");
      size = message.size();
      message[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
      p.send(message);
      // Under the seal it is the seal that breaks; in front of it, it may be no KRB-PRIV any more
      const error_code_t code = p.refused();
      if (at > 40) REQUIRE(code == error_code_t::krb_ap_err_bad_integrity);
      const bool told = code == error_code_t::krb_ap_err_bad_integrity || code == error_code_t::krb_err_generic ||
                        code == error_code_t::krb_ap_err_msg_type || code == error_code_t::krb_ap_err_badversion;
      REQUIRE(told);
    }
  });
}

TEST_CASE("echo: a message that is cut off ends its session", "[echo]") {
  on_each([](own::kdc_process& s) {
    for (const std::size_t kept : {1u, 4u, 5u, 60u}) {
      peer p(s);
      p.authenticate();
      const octets message = p.sealed("never to be heard");
      REQUIRE(kept < message.size());
      p.send(part_of(kerb::bytes_view(message).first(kept)));
      p.shut_down();
      CHECK(p.dropped());
    }
    peer p(s);
    p.authenticate();
    const octets message = p.sealed("short");
    p.send(framed(kerb::bytes_view(message).subview(4, message.size() - 5)));
    CHECK(p.refused() == error_code_t::krb_err_generic);
  });
}

TEST_CASE("echo: what is no Kerberos is told so, and dropped", "[echo]") {
  on_each([](own::kdc_process& s) {
    const auto said = [&](const octets& o, bool authenticated) {
      peer p(s);
      if (authenticated) p.authenticate();
      p.send(o);
      return p.refused();
    };
    const std::string http = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const octets browser(http.begin(), http.end()), nothing(4), some(300, 0xa5), junk = framed(some);
    const octets too_long = {0x00, 0x00, 0x40, 0x01}, reserved = {0x80, 0x00, 0x00, 0x10};
    for (const octets& o : {browser, too_long, reserved}) {
      CHECK(said(o, false) == error_code_t::krb_err_field_toolong);
      CHECK(said(o, true) == error_code_t::krb_err_field_toolong);
    }
    CHECK(said(nothing, false) == error_code_t::krb_ap_err_msg_type);
    CHECK(said(junk, false) == error_code_t::krb_ap_err_msg_type);
    CHECK(said(junk, true) == error_code_t::krb_ap_err_msg_type);
    peer p(s);
    p.authenticate();
    CHECK(said(p.sealed("without having said who"), false) == error_code_t::krb_ap_err_msg_type);
    peer q(s);
    q.authenticate();
    const octets again = q.request();
    q.send(again);
    CHECK(q.refused() == error_code_t::krb_ap_err_msg_type);
  });
}

TEST_CASE("echo: an error is not answered with an error", "[echo]") {
  on_each([](own::kdc_process& s) {
    peer p(s);
    p.send(octets(4));
    const auto error = p.receive();
    REQUIRE(error);
    peer q(s), r(s);
    q.send(framed(*error));
    CHECK(q.dropped());
    r.authenticate();
    r.send(framed(*error));
    CHECK(r.dropped());
  });
}

TEST_CASE("echo: when there are no more files, clients are accepted as soon as there are", "[echo]") {
  for (const std::string& kind : kinds()) {
    CAPTURE(kind);
    std::vector<std::string> options = {"--nofile=24", own::variable(kind == "asio" ? "KERB_ECHO" : "KERB_ECHO_EPOLL"),
                                        "--keytab",    the_realm().keytab,
                                        "--idle",      "1"};
    if (kind == "asio") options.insert(options.begin() + 2, "service");
    own::kdc_process s(options, "/usr/bin/prlimit");
    std::list<peer> many;
    for (int i = 0; i != 40; ++i) many.emplace_back(s);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const double before = own::processor_time(s.pid());
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    CHECK(own::processor_time(s.pid()) - before < 0.2);
    many.clear();
    peer late(s);
    late.authenticate();
    CHECK(late.echo("at last") == "at last");
  }
}

TEST_CASE("echo: who is too slow is dropped, or outstays the ticket, and stops nobody", "[echo]") {
  std::list<peer> deaf;
  for (const std::string& kind : kinds()) {
    deaf.emplace_back(service(kind, "2"), 4096).authenticate();
    deaf.back().talk_until_blocked();
  }
  struct one {
    one(const std::string& kind, const kerb::botan::credential& short_ticket)
        : expiring(service(kind)),
          silent(service(kind, "2")),
          dripping(service(kind, "2")),
          idle(service(kind, "2")),
          busy(service(kind, "2")) {
      for (peer* p : {&idle, &busy}) p->authenticate();
      expiring.authenticate(short_ticket);
    }
    peer expiring, silent, dripping, idle, busy;
  };
  const kerb::botan::credential ticket = the_realm().ticket(2);
  std::list<one> all;
  for (const std::string& kind : kinds()) all.emplace_back(kind, ticket);
  for (one& o : all) CHECK(o.expiring.echo("in time") == "in time");
  for (int i = 0; i != 8; ++i) {
    for (one& o : all) {
      CHECK(o.busy.echo("busy") == "busy");
      if (i < 6 && i % 2 == 0) o.dripping.send(octets(1));  // of the four that say how long the message is
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(350));
  }
  for (peer& p : deaf) CHECK(p.gone());
  for (one& o : all) {
    for (peer* p : {&o.silent, &o.dripping, &o.idle}) {
      REQUIRE(p->readable(0));
      CHECK(p->dropped());
    }
    const octets message = o.expiring.sealed("too late");
    o.expiring.send(message);
    CHECK(o.expiring.refused() == error_code_t::krb_ap_err_tkt_expired);
    CHECK(o.busy.echo("busy") == "busy");
  }
}
