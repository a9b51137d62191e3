// The encryption types that a policy must name, Camellia, RC4 and triple DES, with MIT's KDC and MIT's library; where
// they are not installed the program is skipped.
#define CATCH_CONFIG_RUNNER
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include <kerb/crypto/des3.hpp>
#include <kerb/crypto/rc4.hpp>
#include <kerb/crypto/rfc6803.hpp>
#include <kerb/gss.hpp>

#include "lab.hpp"
#include "peer.hpp"

namespace {
using namespace interop;

/// Two policies in one program: the default one is kerb::botan::policy.
using wide_policy = kerb::engine<kerb::botan::primitives, kerb::aes_sha2, kerb::aes_sha1, kerb::camellia,
                                 kerb::weak::rc4, kerb::weak::des3>;
using wide_credential = kerb::basic_credential<kerb::key>;

constexpr etype_t named_etypes[]{etype_t::camellia256_cts_cmac, etype_t::camellia128_cts_cmac, etype_t::rc4_hmac,
                                 etype_t::des3_cbc_sha1_kd};

example::kdc_setup wide_setup() {
  std::string c = "addprinc -requires_preauth -pw bobpw bob\n", all;
  for (const etype_t e : named_etypes) {
    const std::string text(name_of(e)), only = "-e " + text + ":normal ", n = number(e);
    c += "addprinc " + only + "+requires_preauth -pw p\xc3\xa4ss" + n + " p" + n + "\n";
    c += "addprinc " + only + "-pw svcpw svc/e" + n + "\nsetstr svc/e" + n + " session_enctypes " + text + "\n";
    c += "ktadd -norandkey -k services.keytab svc/e" + n + "\n";
    all += "," + text;
  }
  c += "setstr krbtgt/EXAMPLE.ORG session_enctypes aes256-cts-hmac-sha1-96" + all + "\n";
  return {.commands = c,
          .libdefaults =
              " allow_weak_crypto = true\n allow_rc4 = true\n allow_des3 = true\n permitted_enctypes = "
              "aes256-cts-hmac-sha1-96" +
              all + "\n"};
}

template <class Exchange>
kerb::result<wide_credential> over_the_wire(Exchange& x, wide_policy& p, bool tcp) {
  posix_transport to = wire(tcp);
  return kerb::drive(
      x, p, [] { return now(); }, [&](const kerb::send& s) { return to(s); });
}

std::string text(const kerb::key& k) { return number(k.etype()) + " " + hex(k.octets().unguarded()); }
std::string text(const std::optional<kerb::key>& k) { return k ? text(*k) : ""; }

}  // namespace

TEST_CASE("every named encryption type: MIT's KDC gives tickets, and MIT's library takes them", "[etypes]") {
  wide_policy p;
  for (const etype_t e : named_etypes) {
    for (const bool tcp : {false, true}) {
      CAPTURE(e, tcp);
      const etype_t only[]{e};
      storage buffer, buffer2, buffer3;
      const kerb::principal client = name("p" + number(e)), service = name("svc/e" + number(e));
      const std::string password = "p\xc3\xa4ss" + number(e);
      kerb::as_client<wide_policy> as(
          {.client = client, .password = kerb::secret_view::of(password), .buffer = buffer, .etypes = only});
      const auto tgt = over_the_wire(as, p, tcp);
      CAPTURE(tgt.error().detail, kdc->tail("kdc.log"));
      CHECK(tgt.error().code == errc::ok);
      REQUIRE(tgt);
      CHECK(tgt->session_key().etype() == e);
      CHECK(tgt->facts().flags.has(kerb::ticket_flag_t::pre_authent));
      kerb::tgs_client<wide_policy> tgs({.tgt = *tgt, .server = service, .buffer = buffer2, .etypes = only});
      const auto ticket = over_the_wire(tgs, p, tcp);
      CHECK(ticket.error().code == errc::ok);
      REQUIRE(ticket);
      CHECK(ticket->session_key().etype() == e);

      const octets covered = of("what the application says");
      kerb::ap_initiator<wide_policy> ap({.credential = *ticket, .buffer = buffer3, .application_data = covered});
      auto step = ap.start(kerb::environment{p, now()});
      REQUIRE(kerb::is<kerb::send>(step));
      peer_process mit(std::getenv("KERB_MIT_PEER"),
                       {"accept", "FILE:" + kdc->path("services.keytab"), "svc/e" + number(e), "s"});
      mit.tell(hex(std::get<kerb::send>(step).octets));
      mit.tell(hex(covered));
      const octets rep = unhex(mit.hear("rep"));
      step = ap.receive(rep, kerb::environment{p, now()});
      REQUIRE(kerb::is<kerb::done>(step));
      (void)mit.hear("over");
      CHECK(mit.hear("client") == "p" + number(e) + "@EXAMPLE.ORG");
      CHECK(mit.hear("checksum") == "good");
      const auto session = std::move(ap).take();
      REQUIRE(session);
      CHECK(mit.hear("session") == text(session->session_key));
      CHECK(mit.hear("initiator_subkey") == text(session->initiator_subkey));
      CHECK(mit.hear("acceptor_subkey") == text(session->acceptor_subkey));
    }
  }
}

TEST_CASE("Camellia: MIT's library and our context open each other's messages, and have the same key", "[etypes]") {
  const char* const program = std::getenv("KERB_GSS_PEER");
  if (program == nullptr || *program == '\0') return;
  wide_policy p;
  for (const etype_t e : {etype_t::camellia256_cts_cmac, etype_t::camellia128_cts_cmac}) {
    CAPTURE(e);
    const etype_t only[]{e};
    storage buffer, buffer2, buffer3;
    const kerb::principal client = name("p" + number(e)), service = name("svc/e" + number(e));
    const std::string password = "p\xc3\xa4ss" + number(e);
    kerb::as_client<wide_policy> as(
        {.client = client, .password = kerb::secret_view::of(password), .buffer = buffer, .etypes = only});
    const auto tgt = over_the_wire(as, p, false);
    REQUIRE(tgt);
    kerb::tgs_client<wide_policy> tgs({.tgt = *tgt, .server = service, .buffer = buffer2, .etypes = only});
    const auto ticket = over_the_wire(tgs, p, false);
    REQUIRE(ticket);
    kerb::gss::initiator<wide_policy> i({.credential = *ticket, .buffer = buffer3});
    auto step = i.start(kerb::environment{p, now()});
    REQUIRE(kerb::is<kerb::send>(step));
    peer_process mit(program, {"accept", "FILE:" + kdc->path("services.keytab"), "-"});
    mit.tell("token " + hex(std::get<kerb::send>(step).octets));
    const octets answer = unhex(mit.hear("token"));
    step = i.receive(answer, kerb::environment{p, now()});
    REQUIRE(kerb::is<kerb::done>(step));
    (void)mit.hear("over");
    auto c = std::move(i).take();
    REQUIRE(c);
    CHECK(mit.heard("key") == number(c->etype(p)) + " " + hex(c->session_key(p).unguarded()));
    for (const std::size_t n : {0, 1, 16, 1000}) {
      const octets m(n, 0x5a);
      for (const auto by : {kerb::gss::protection::confidentiality, kerb::gss::protection::integrity}) {
        const std::string sealed = by == kerb::gss::protection::confidentiality ? "1 " : "0 ";
        octets out(n + 128);
        const auto token = c->wrap(m, by, out, p);
        REQUIRE(token);
        CHECK(mit.ask("unwrap " + hex(*token)) == "data " + sealed + "complete " + hex(m));
        octets theirs = unhex(mit.ask("wrap " + sealed + hex(m)).substr(8));
        const auto opened = c->unwrap_in_place(theirs, p);
        REQUIRE(opened);
        CHECK(hex(kerb::bytes_view(opened->message)) == hex(m));
        CHECK(opened->by == by);
      }
    }
  }
}

TEST_CASE("the default policy in the same program takes none of them", "[etypes]") {
  policy p;
  for (const etype_t e : named_etypes) {
    CAPTURE(e);
    const held h = get_tgt(p, {.client = "p" + number(e), .password = "p\xc3\xa4ss" + number(e)});
    CHECK(!h);
    CHECK(h.error().code == errc::no_preauth_mechanism);
  }
}

int main(int argc, char** argv) {
  const char* const mode = std::getenv("KERB_INTEROP");
  const char* const peer = std::getenv("KERB_MIT_PEER");
  const int without = mode != nullptr && std::string(mode) == "required" ? 1 : 77;
  if (!example::throwaway_kdc::installed() || peer == nullptr || *peer == '\0') {
    std::puts("skipped: MIT's KDC or library is not here (packages krb5-kdc, krb5-admin-server and libkrb5-dev)");
    return without;
  }
  try {
    interop::kdc = std::make_unique<example::throwaway_kdc>(wide_setup());
  } catch (const std::exception& e) {
    std::printf("the KDC cannot be started: %s\n", e.what());
    return 1;
  }
  interop::kdc->set_environment();
  const int status = Catch::Session().run(argc, argv);
  interop::kdc.reset();
  return status;
}
