// Our contexts of GSS-API against MIT's library, which runs in a program of its own: gss_peer.c.
#include <cstring>
#include <fstream>
#include <iterator>
#include <kerb/exchange/protect/session.hpp>
#include <kerb/format/keytab.hpp>

#include "lab.hpp"
#include "peer.hpp"

namespace {

using namespace interop;
using kerb::bytes_view;
using kerb::gss_addr_t;
using kerb::gss_flag_t;
using kerb::gss_flags;

struct gss_peer : peer_process {
  explicit gss_peer(std::vector<std::string> arguments)
      : peer_process(std::getenv("KERB_GSS_PEER"), std::move(arguments)) {}
};

std::string text(const kerb::key& k) { return number(k.etype()) + " " + hex(k.octets().unguarded()); }
std::string keytab() { return "FILE:" + kdc->path("services.keytab"); }
std::string service_of(etype_t e) { return "svc/e" + number(e); }
kerb::environment<policy> env_now(policy& p) { return {p, now()}; }

/// Channel bindings, or none, for both sides.
struct channel {
  bool there = true;
  gss_addr_t initiator_addrtype{};
  octets initiator_address{};
  gss_addr_t acceptor_addrtype{};
  octets acceptor_address{};
  octets application_data{};

  std::optional<kerb::channel_bindings> ours() const& {
    if (!there) return std::nullopt;
    return kerb::channel_bindings{initiator_addrtype, initiator_address, acceptor_addrtype, acceptor_address,
                                  application_data};
  }
  std::string theirs() const {
    const auto n = [](gss_addr_t t) { return std::to_string(static_cast<std::uint32_t>(t)); };
    if (!there) return "-";
    return n(initiator_addrtype) + ":" + hex(initiator_address) + ":" + n(acceptor_addrtype) + ":" +
           hex(acceptor_address) + ":" + hex(application_data);
  }
};
const channel nothing{.there = false};
const channel full{
    true,           gss_addr_t::inet,
    {192, 0, 2, 1}, gss_addr_t::inet,
    {192, 0, 2, 2}, of("application data that are longer than one block of the hash, which has 64 octets")};
channel tls(std::uint8_t first) {
  const octets exported(32, first);
  const auto b = kerb::tls_binding::exporter(exported);
  REQUIRE(b);
  const bytes_view data = b->bindings().application_data;
  return {.application_data = {data.begin(), data.end()}};
}

const gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                      gss_flag_t::integ};

/// A ticket of alice's.
struct ticket_holder {
  policy p;
  held tgt, ticket;
  explicit ticket_holder(etype_t e = etype_t::aes256_cts_hmac_sha1_96,
                         kerb::msg::KdcOptions options = {kerb::kdc_option_t::forwardable})
      : tgt(get_tgt(p, {.client = "alice", .password = "alicepw", .options = options})) {
    REQUIRE(tgt);
    ticket = get_ticket(p, *tgt, service_of(e));
    REQUIRE(ticket);
  }
};

/// What came of a context of ours with MIT's acceptor.
struct outcome {
  kerb::error why{};  ///< ours
  std::string our_key, their_key;
  std::string client, flags, bound, deleg;
  std::string major;       ///< the routine error's number; "" where the context stands
  bool krb_error = false;  /// MIT answered with one
};
outcome initiate(ticket_holder& h, const kerb::gss_context& gss, const channel& theirs,
                 kerb::requirement mutual = kerb::required, bool subkey = true) {
  outcome out;
  storage buffer, framed;
  kerb::botan::ap_initiator ap(
      {.credential = *h.ticket, .buffer = buffer, .mutual = mutual, .subkey = subkey, .gss = gss});
  auto step = ap.start(env_now(h.p));
  REQUIRE(kerb::is<kerb::send>(step));
  const auto token =
      kerb::write_krb5_token({.id = kerb::gss_token_t::ap_req, .message = std::get<kerb::send>(step).octets}, framed);
  REQUIRE(token);
  gss_peer mit({"accept", keytab(), theirs.theirs()});
  mit.tell("token " + hex(*token));
  const octets answer = unhex(mit.hear("token"));
  (void)mit.hear("over");
  out.client = mit.heard("client");
  out.flags = mit.heard("flags");
  out.bound = mit.heard("bound");
  out.deleg = mit.heard("deleg");
  out.their_key = mit.heard("key");
  out.major = mit.heard("major").substr(0, mit.heard("major").find(' '));
  if (!answer.empty()) {
    const auto read = kerb::read_krb5_token(answer);
    REQUIRE(read);
    out.krb_error = read->id == kerb::gss_token_t::krb_error;
    if (!out.krb_error) CHECK(read->id == kerb::gss_token_t::ap_rep);
    step = ap.receive(read->message, env_now(h.p), kerb::transport::stream);
    if (const auto* f = std::get_if<kerb::failed>(&step)) out.why = f->why;
  }
  if (const auto session = std::move(ap).take()) out.our_key = text(session->protection_key());
  return out;
}

/// What came of a context of MIT's initiator with our acceptor.
struct accepted {
  kerb::error why{};
  bool bound = false;
  std::string our_key, their_key, flags, major;
  std::optional<gss_flags> said{};  ///< in the checksum
  std::string deleg;                ///< the client of what was delegated
};
accepted accept(const std::string& letters, const channel& theirs, const channel& ours,
                kerb::binding_rule rule = kerb::binding_rule::if_present,
                etype_t e = etype_t::aes256_cts_hmac_sha1_96) {
  accepted out;
  policy p;
  std::ifstream file(kdc->path("services.keytab"), std::ios::binary);
  const octets stored{std::istreambuf_iterator<char>(file), {}};
  const auto keytab = kerb::keytab_view::open(stored);
  REQUIRE(keytab);
  kerb::keytab_keys keys(*keytab, p);
  kerb::memory_replay_cache<32> seen;
  const kerb::principal service = name(service_of(e));

  gss_peer mit({"initiate", "alice", "alicepw", service_of(e) + "@EXAMPLE.ORG", letters, theirs.theirs()});
  const octets token = unhex(mit.hear("token"));
  const auto read = kerb::read_krb5_token(token);
  REQUIRE(read);
  CHECK(read->id == kerb::gss_token_t::ap_req);
  auto buffer = std::make_unique<storage>(), framed = std::make_unique<storage>();
  kerb::botan::ap_acceptor ap({.service = service, .buffer = *buffer, .bindings = ours.ours(), .binding = rule});
  const auto who = kerb::accept(ap, read->message, p, keys, seen, now());
  out.why = who.error();
  if (!who) {
    const auto answer = kerb::write_krb5_token({.id = kerb::gss_token_t::krb_error, .message = ap.refusal()}, *framed);
    REQUIRE(answer);
    mit.tell("token " + hex(*answer));
  } else {
    CHECK(is(who->client(), "alice"));
    out.bound = who->bound();
    out.our_key = text(who->keys().protection_key());
    if (who->gss()) out.said = who->gss()->flags;
    if (who->gss() && who->gss()->deleg) {
      auto cred_buffer = std::make_unique<storage>();
      // RFC 4121 section 4.1.1: under the session key of the ticket
      auto got = kerb::open_krb_cred(*who->gss()->deleg, who->keys().session_key, *cred_buffer, env_now(p),
                                     {.timestamp = false});
      CHECK(got.error().code == errc::ok);
      REQUIRE(got);
      REQUIRE(got->size() == 1);
      const kerb::ticket_facts f = *got->facts(0);
      CHECK(f.flags.has(kerb::ticket_flag_t::forwarded));
      CHECK(is(f.server, "krbtgt/EXAMPLE.ORG"));
      if (is(f.client, "alice")) out.deleg = "alice";
      const auto tgt = got->take(0, p);  // and it serves as one
      REQUIRE(tgt);
      CHECK(get_ticket(p, *tgt, "HTTP/web.example.org").error().code == errc::ok);
    }
    if (!who->reply().empty()) {
      const auto answer = kerb::write_krb5_token({.id = kerb::gss_token_t::ap_rep, .message = who->reply()}, *framed);
      REQUIRE(answer);
      mit.tell("token " + hex(*answer));
    }
  }
  (void)mit.hear("over");
  out.their_key = mit.heard("key");
  out.flags = mit.heard("flags");
  out.major = mit.heard("major");
  return out;
}

}  // namespace

TEST_CASE("ap_initiator: MIT's gss_accept_sec_context accepts our context, and we its AP-REP", "[gss]") {
  for (const etype_t e : all_etypes) {
    ticket_holder h(e);
    for (const bool subkey : {true, false}) {
      for (const channel& c : {nothing, full, tls(7)}) {
        CAPTURE(e, subkey, c.theirs());
        const outcome o = initiate(h, {.flags = usual, .bindings = c.ours()}, c, kerb::required, subkey);
        CHECK(o.major.empty());
        CHECK(o.why.code == errc::ok);
        CHECK(o.client == "alice@EXAMPLE.ORG");
        CHECK((std::stoul("0" + o.flags) & usual.bits) == usual.bits);
        CHECK(o.bound == (c.there ? "1" : "0"));
        CHECK(o.deleg.empty());
        CHECK(!o.our_key.empty());
        CHECK(o.our_key == o.their_key);
      }
    }
  }
}

TEST_CASE("ap_initiator: without mutual authentication MIT's acceptor has nothing to say", "[gss]") {
  ticket_holder h;
  const outcome o = initiate(h, {.flags = {gss_flag_t::integ}, .bindings = full.ours()}, full, kerb::if_asked);
  CHECK(o.major.empty());
  CHECK(o.client == "alice@EXAMPLE.ORG");
  CHECK((std::stoul("0" + o.flags) & static_cast<unsigned>(gss_flag_t::mutual)) == 0);
  CHECK(o.bound == "1");
  CHECK(!o.our_key.empty());
  CHECK(o.our_key == o.their_key);
}

TEST_CASE("ap_initiator: MIT's acceptor refuses a context that is bound to another channel", "[gss]") {
  ticket_holder h;
  std::vector<channel> others(6, full);
  others[0].initiator_addrtype = gss_addr_t::nulladdr;
  others[1].initiator_address.pop_back();
  others[2].acceptor_addrtype = gss_addr_t::local;
  others[3].acceptor_address.back() ^= 1;
  others[4].application_data.push_back(0);
  others[5].application_data.clear();
  others.push_back(tls(8));
  for (const channel& c : others) {
    CAPTURE(c.theirs());
    const outcome o = initiate(h, {.flags = usual, .bindings = full.ours()}, c);
    CHECK(o.major == "4");  // GSS_S_BAD_BINDINGS
    CHECK(o.client.empty());
    CHECK(o.our_key.empty());
    CHECK(o.krb_error);
    CHECK(o.why.code == errc::peer_error);
    CHECK(o.why.detail == static_cast<std::uint32_t>(kerb::error_code_t::krb_err_generic));
    const outcome same = initiate(h, {.flags = usual, .bindings = c.ours()}, c);
    CHECK(same.major.empty());
    CHECK(same.bound == "1");
  }
}

TEST_CASE("ap_initiator: where one side has no bindings MIT's acceptor takes the context, and knows it unbound",
          "[gss]") {
  ticket_holder h;
  const outcome theirs_alone = initiate(h, {.flags = usual}, full);
  CHECK(theirs_alone.major.empty());
  CHECK(theirs_alone.bound == "0");
  CHECK(theirs_alone.our_key == theirs_alone.their_key);
  const outcome ours_alone = initiate(h, {.flags = usual, .bindings = full.ours()}, nothing);
  CHECK(ours_alone.major.empty());
  CHECK(ours_alone.bound == "0");
  CHECK(ours_alone.our_key == ours_alone.their_key);
}

TEST_CASE(
    "ap_initiator: whoever says that it knows bindings and has none is refused by MIT's acceptor, if that has some",
    "[gss]") {
  ticket_holder h;
  const outcome lost = initiate(h, {.flags = usual, .bindings_aware = true}, full);
  CHECK(lost.major == "4");
  CHECK(lost.client.empty());
  const outcome neither = initiate(h, {.flags = usual, .bindings_aware = true}, nothing);
  CHECK(neither.major.empty());
  const outcome both = initiate(h, {.flags = usual, .bindings = full.ours(), .bindings_aware = true}, full);
  CHECK(both.major.empty());
  CHECK(both.bound == "1");
}

TEST_CASE("ap_initiator: MIT's acceptor is given the credentials that our context delegates", "[gss]") {
  for (const etype_t e : all_etypes) {
    CAPTURE(e);
    ticket_holder h(e);
    held forwarded;
    const auto krbtgt = name("krbtgt/EXAMPLE.ORG");
    kerb::botan::tgs_client tgs({.tgt = *h.tgt,
                                 .server = krbtgt,
                                 .buffer = *forwarded.buffer,
                                 .options = {kerb::kdc_option_t::forwarded, kerb::kdc_option_t::forwardable}});
    drive(forwarded, tgs, h.p, false, 0);
    REQUIRE(forwarded);
    const kerb::ref<const kerb::botan::credential> all[] = {*forwarded};
    storage buffer;
    const auto cred = kerb::make_krb_cred(all, {.at = now()}, h.ticket->session_key(), buffer, env_now(h.p));
    REQUIRE(cred);
    gss_flags flags = usual;
    flags.set(gss_flag_t::deleg);
    for (const channel& c : {nothing, full}) {
      const outcome o = initiate(h, {.flags = flags, .bindings = c.ours(), .deleg = *cred}, c);
      CHECK(o.major.empty());
      CHECK(o.why.code == errc::ok);
      CHECK(o.deleg == "alice@EXAMPLE.ORG");
      CHECK(o.bound == (c.there ? "1" : "0"));
      CHECK(o.our_key == o.their_key);
    }
  }
}

TEST_CASE("ap_acceptor: a context of MIT's gss_init_sec_context stands, bound to the channel that both name", "[gss]") {
  for (const etype_t e : all_etypes) {
    for (const channel& c : {nothing, full, tls(7)}) {
      CAPTURE(e, c.theirs());
      const accepted a = accept("mrsci", c, c, kerb::binding_rule::if_present, e);
      CHECK(a.why.code == errc::ok);
      CHECK(a.bound == c.there);
      CHECK(a.major.empty());
      CHECK(!a.our_key.empty());
      CHECK(a.our_key == a.their_key);
      REQUIRE(a.said);
      CHECK(a.said->has(gss_flag_t::mutual));
      CHECK(a.said->has(gss_flag_t::sequence));
      CHECK(!a.said->has(gss_flag_t::deleg));
    }
  }
  const accepted alone = accept("i", full, full, kerb::binding_rule::require);
  CHECK(alone.why.code == errc::ok);
  CHECK(alone.bound);
  CHECK(alone.our_key == alone.their_key);
}

TEST_CASE("ap_acceptor: a context of MIT's that is bound to another channel is refused, and MIT reads why", "[gss]") {
  std::vector<channel> others(5, full);
  others[0].initiator_addrtype = gss_addr_t::nulladdr;
  others[1].initiator_address.pop_back();
  others[2].acceptor_addrtype = gss_addr_t::local;
  others[3].acceptor_address.back() ^= 1;
  others[4].application_data.push_back(0);
  for (const channel& c : others) {
    CAPTURE(c.theirs());
    const accepted a = accept("mi", c, full);
    CHECK(a.why.code == errc::bindings_mismatch);
    CHECK(a.their_key.empty());
    CHECK(!a.major.empty());
  }
  CHECK(accept("mi", full, tls(7)).why.code == errc::bindings_mismatch);
  CHECK(accept("mi", full, tls(7), kerb::binding_rule::ignore).why.code == errc::ok);
}

TEST_CASE("ap_acceptor: MIT's contexts without bindings stand where they may", "[gss]") {
  const accepted may = accept("mi", nothing, full);
  CHECK(may.why.code == errc::ok);
  CHECK_FALSE(may.bound);
  CHECK(accept("mi", nothing, full, kerb::binding_rule::require).why.code == errc::bindings_missing);
  const accepted ignored = accept("mi", full, nothing);
  CHECK(ignored.why.code == errc::ok);
  CHECK_FALSE(ignored.bound);
}

TEST_CASE("ap_acceptor: a context of MIT's that says that it knows bindings and has none is refused", "[gss]") {
  const std::string usual_files = std::getenv("KRB5_CONFIG"), mine = kdc->path("aware.conf");
  std::ofstream(mine) << "[libdefaults]\n client_aware_channel_bindings = true\n";
  setenv("KRB5_CONFIG", (mine + ":" + usual_files).c_str(), 1);
  const accepted lost = accept("mi", nothing, full), both = accept("mi", full, full),
                 none = accept("mi", nothing, nothing);
  setenv("KRB5_CONFIG", usual_files.c_str(), 1);
  CHECK(lost.why.code == errc::bindings_missing);
  CHECK(both.why.code == errc::ok);
  CHECK(both.bound);
  CHECK(none.why.code == errc::ok);
}

TEST_CASE("ap_acceptor: what MIT's initiator delegates is read, opened and used", "[gss]") {
  for (const etype_t e : all_etypes) {
    CAPTURE(e);
    const accepted a = accept("mdi", full, full, kerb::binding_rule::require, e);
    CHECK(a.why.code == errc::ok);
    CHECK(a.bound);
    REQUIRE(a.said);
    CHECK(a.said->has(gss_flag_t::deleg));
    CHECK(a.deleg == "alice");
    CHECK(a.our_key == a.their_key);
  }
}
