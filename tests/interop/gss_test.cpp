// Our contexts of GSS-API against MIT's library, which runs in a program of its own: gss_peer.c.
#include <fstream>
#include <kerb/msg/cred.hpp>

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
kerb::turn<policy, policy> turn_now(policy& p) { return {p, p, now()}; }

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
const channel full{true,
                   gss_addr_t::inet,
                   {192, 0, 2, 1},
                   gss_addr_t::inet,
                   {192, 0, 2, 2},
                   of("application data that are longer than one block of the hash, which has 64 octets")};
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
  std::string major;      ///< the routine error's number; "" where the context stands
  bool krb_error = false; /// MIT answered with one
};
outcome initiate(ticket_holder& h, const kerb::gss_context& gss, const channel& theirs,
                 kerb::requirement mutual = kerb::required, bool subkey = true) {
  outcome out;
  buffer room, framed;
  kerb::botan::ap_initiator ap(
      {.credential = *h.ticket, .room = room, .mutual = mutual, .subkey = subkey, .gss = gss});
  auto step = ap.start(turn_now(h.p));
  REQUIRE(kerb::says<kerb::send>(step));
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
    step = ap.receive(read->message, turn_now(h.p), kerb::carrier::stream);
    if (const auto* f = std::get_if<kerb::failed>(&step)) out.why = f->why;
  }
  if (const auto session = std::move(ap).take()) out.our_key = text(session->protection_key());
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
    CHECK(o.why.code == errc::peer_said_no);
    CHECK(o.why.detail == static_cast<std::uint32_t>(kerb::error_code_t::krb_err_generic));
    const outcome same = initiate(h, {.flags = usual, .bindings = c.ours()}, c);
    CHECK(same.major.empty());
    CHECK(same.bound == "1");
  }
}

TEST_CASE("ap_initiator: where one side has no bindings MIT's acceptor takes the context, and knows it unbound", "[gss]") {
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

TEST_CASE("ap_initiator: whoever says that it knows bindings and has none is refused by MIT's acceptor, if that has some",
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
