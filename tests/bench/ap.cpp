// The AP exchange (RFC 4120 section 3.2): a request made, and a request accepted.
#include <kerb/openssl.hpp>
#include <kerb/testing/mint.hpp>

#include <map>
#include <memory>

#include "bench.hpp"
#include "floor.hpp"

namespace kerb_bench {
namespace {

using namespace kerb::literals;

constexpr kerb::kerberos_string alice_parts[] = {"alice"_krb}, web_parts[] = {"HTTP"_krb, "web.ex.org"_krb};
constexpr kerb::principal_view alice{{kerb::name_t::principal, alice_parts}, "EX.ORG"_krb};
constexpr kerb::principal_view web{{kerb::name_t::srv_hst, web_parts}, "EX.ORG"_krb};
constexpr const char *alice_text = "alice@EX.ORG", *web_text = "HTTP/web.ex.org@EX.ORG";
constexpr std::uint32_t kvno = 3;
constexpr kerb::exchange_limits limits{.clock_skew = 86400};

enum class how { plain, replay, mutual, pac };

/// A PAC of 800 octets with one buffer in it, KERB_VALIDATION_INFO of zeros, and no signature: everybody parses its
/// header, and there is nothing that could be verified.
constexpr auto pac = [] {
  std::array<std::uint8_t, 800> p{};
  p[0] = 1;                                                      // one buffer
  p[8] = 1;                                                      // of that type,
  p[12] = (p.size() - 24) & 0xff, p[13] = (p.size() - 24) >> 8;  // so large,
  p[16] = 24;                                                    // and there
  return p;
}();

/// A ticket and requests with it: as many as a replay cache is to be filled with.
class ap_world {
 public:
  static constexpr std::size_t many = 4096;

  ap_world(int etype, how h) : etype_(etype), facts(facts_of(etype)) {
    for (std::size_t i = 0; i != 32; ++i) {
      service_octets_[i] = static_cast<std::uint8_t>(0x31 + 7 * i);
      session_octets_[i] = static_cast<std::uint8_t>(0x92 + 5 * i);
    }
    const kerb::timestamp t = now();
    const kerb::environment<policy> environment{p, t, limits};
    const kerb::msg::AuthorizationDataElement inner[] = {{kerb::ad_t::win2k_pac, pac}};
    std::array<std::uint8_t, 1024> list;
    const kerb::msg::AuthorizationDataElement outer[] = {
        {kerb::ad_t::if_relevant, *kerb::asn1::encode(kerb::msg::AuthorizationData(inner), list)}};
    kerb::msg::EncTicketPart part{.flags = {kerb::ticket_flag_t::initial, kerb::ticket_flag_t::pre_authent},
                                  .key = {facts.etype, session_octets()},
                                  .crealm = alice.realm,
                                  .cname = alice.name,
                                  .transited = {kerb::tr_t::domain_x500_compress, {}},
                                  .authtime = {t.at.seconds - 60},
                                  .starttime = kerb::kerberos_time{t.at.seconds - 60},
                                  .endtime = {t.at.seconds + 80000},
                                  .renew_till = {},
                                  .caddr = {},
                                  .authorization_data = {}};
    if (h == how::pac) part.authorization_data = kerb::msg::AuthorizationData(outer);
    ticket = *kerb::testing::mint_ticket(web, part, service_key(), kvno, environment, ticket_buffer_);
    const kerb::key session = session_key();
    for (std::size_t i = 0; i != many; ++i) {
      const kerb::msg::Authenticator a{.crealm = alice.realm,
                                       .cname = alice.name,
                                       .cksum = {},
                                       .cusec = {static_cast<std::int32_t>(i)},
                                       .ctime = t.at,
                                       .subkey = {},
                                       .seq_number = 0x12345678,
                                       .authorization_data = {}};
      std::uint8_t buffer[2048];
      const auto made = kerb::testing::mint_ap_req(
          ticket, a,
          h == how::mutual ? kerb::msg::ApOptions{kerb::ap_option_t::mutual_required} : kerb::msg::ApOptions{}, session,
          kerb::key_usage_t::ap_req_authenticator, environment, buffer);
      requests.emplace_back(made->begin(), made->end());
    }
    authtime = t.at.seconds - 60;
    endtime = t.at.seconds + 80000;
  }

  kerb::bytes_view service_octets() const { return kerb::bytes_view(service_octets_).first(facts.key); }
  kerb::bytes_view session_octets() const { return kerb::bytes_view(session_octets_).first(facts.key); }
  kerb::key service_key() { return *p.import(facts.etype, service_octets()); }
  kerb::key session_key() { return *p.import(facts.etype, session_octets()); }
  peer_setup setup(bool replay_cache) const {
    return {.config = peer_config(replay_cache),
            .client = alice_text,
            .service = web_text,
            .service_etype = etype_,
            .session_etype = etype_,
            .kvno = static_cast<int>(kvno),
            .service_key = as_peer(service_octets()),
            .session_key = as_peer(session_octets()),
            .ticket = as_peer(ticket),
            .authtime = static_cast<long>(authtime),
            .endtime = static_cast<long>(endtime)};
  }

 private:
  int etype_;

 public:
  const kerb::etype_facts& facts;
  policy p;
  kerb::bytes_view ticket;
  std::vector<std::vector<std::uint8_t>> requests;
  std::int64_t authtime, endtime;

 private:
  std::array<std::uint8_t, 32> service_octets_, session_octets_;
  std::array<std::uint8_t, 2048> ticket_buffer_;
};
ap_world& world(int etype, how h) {
  if (h == how::replay) h = how::plain;
  static std::map<std::pair<int, how>, ap_world*> all;
  ap_world*& w = all[{etype, h}];
  if (w == nullptr) w = new ap_world(etype, h);  // stays: at the end Botan's statics may go first
  return *w;
}

template <class Store, class Policy = policy>
void accept_kerb(benchmark::State& state, int etype, how h) {
  ap_world& w = world(etype, h);
  Policy p;
  kerb::key_list<typename Policy::prepared_key, 1> keys;
  (void)keys.add(web, kvno, w.facts.etype, *p.prepare(w.service_key(), kerb::key_usage_t::ticket));
  const auto store = std::make_unique<Store>();
  const auto rule = h == how::replay ? kerb::replay_rule::ask : kerb::replay_rule::by_application;
  using acceptor = kerb::ap_acceptor<Policy>;
  std::array<std::uint8_t, acceptor::typical_buffer_size> buffer;
  std::size_t i = 0;
  timed(state, [&] {
    acceptor a({.service = web, .buffer = buffer, .replays = rule});
    const auto& request = w.requests[h == how::replay ? i++ % ap_world::many : 0];
    const auto who = kerb::accept(a, request, p, keys, *store, now(), {.subkey = false}, limits);
    const bool has_pac = who && who->authorization().find(kerb::ad_t::win2k_pac).has_value();
    return who && has_pac == (h == how::pac) && who->client().name.name_string.size() == 1 &&
           who->reply().empty() == (h != how::mutual);
  });
}

void accept_peer(benchmark::State& state, const peer_ops& peer, int etype, how h) {
  ap_world& w = world(etype, h);
  const peer_setup setup = w.setup(h == how::replay);
  void* const handle = peer.open(&setup);
  if (handle == nullptr) return give_up(state, "cannot be set up");
  if (h == how::replay) forget_replays();
  char name[100] = "";
  const int why = peer.accept(handle, as_peer(w.requests[ap_world::many - 1]), h == how::mutual, name, sizeof name);
  if (why != 0 || std::string(name) != alice_text) {
    give_up(state, why != 0 ? peer.text(handle, why) : "another client");
  } else {
    if (h == how::replay) {
      const bool again =
          peer.accept(handle, as_peer(w.requests[ap_world::many - 1]), h == how::mutual, nullptr, 0) == 0;
      if (again) give_up(state, "a replay was accepted");
      forget_replays();
    }
    std::size_t i = 0;
    timed(state, [&] {
      const auto& request = w.requests[h == how::replay ? i++ % ap_world::many : 0];
      return peer.accept(handle, as_peer(request), h == how::mutual, nullptr, 0) == 0;
    });
  }
  peer.close(handle);
}

/// The cryptography of one accept: the service's keys are scheduled, those of the session are not.
template <class Library>
void accept_floor(benchmark::State& state, int etype, how h) {
  ap_world& w = world(etype, h);
  const auto req = kerb::asn1::decode<kerb::msg::ApReq>(kerb::bytes_view(w.requests[0]));
  const kerb::bytes_view ticket = req->ticket->enc_part.cipher, authenticator = req->authenticator.cipher;
  floor_keys<Library> service(w.facts), session(w.facts, true);
  service.schedule(w.service_octets(), kerb::key_usage_t::ticket);
  std::array<std::uint8_t, 2048> buffer;
  const auto opened = [&](kerb::bytes_view in, std::uint8_t tag) {  // the plaintext's first octet is known
    return buffer[16] == tag && in.size() > 16;
  };
  timed(state, [&] {
    bool good = service.open(ticket, buffer.data());
    good &= opened(ticket, 0x63);
    session.schedule(w.session_octets(), kerb::key_usage_t::ap_req_authenticator);
    good &= session.open(authenticator, buffer.data());
    benchmark::DoNotOptimize(buffer.data());
    return good && opened(authenticator, 0x62);
  });
}

kerb::botan::credential credential_of(ap_world& w) {
  return {{.client = alice,
           .server = web,
           .ticket = w.ticket,
           .flags = {},
           .authtime = {w.authtime},
           .starttime = {w.authtime},
           .endtime = {w.endtime},
           .renew_till = {},
           .key_expiration = {},
           .addresses = {},
           .client_renamed = false},
          w.session_key()};
}

void request_kerb(benchmark::State& state, int etype) {
  ap_world& w = world(etype, how::mutual);
  const kerb::botan::credential credential = credential_of(w);
  std::array<std::uint8_t, kerb::botan::ap_initiator::typical_buffer_size> buffer;
  timed(state, [&] {
    kerb::botan::ap_initiator a({.credential = credential, .buffer = buffer});
    const auto step = a.start(kerb::environment<policy>{w.p, now(), limits});
    const auto* s = std::get_if<kerb::send>(&step);
    return s != nullptr && s->octets.size() > w.ticket.size();
  });
}

void request_peer(benchmark::State& state, const peer_ops& peer, int etype) {
  ap_world& w = world(etype, how::mutual);
  const peer_setup setup = w.setup(false);
  void* const handle = peer.open(&setup);
  if (handle == nullptr) return give_up(state, "cannot be set up");
  // What it makes is a request that kerb accepts
  kerb::key_list<policy::prepared_key, 1> keys;
  (void)keys.add(web, kvno, w.facts.etype, *w.p.prepare(w.service_key(), kerb::key_usage_t::ticket));
  kerb::no_replay_cache store;
  std::array<std::uint8_t, kerb::botan::ap_acceptor::typical_buffer_size> buffer;
  kerb::botan::ap_acceptor a(
      {.service = web, .mutual = kerb::required, .buffer = buffer, .replays = kerb::replay_rule::by_application});
  peer_octets made{};
  const int why = peer.initiate(handle, &made);
  const auto who = kerb::accept(a, kerb::bytes_view(made.data, why == 0 ? made.size : 0), w.p, keys, store, now());
  if (!who || !who->keys().initiator_subkey || !who->keys().initiator_seq) {
    give_up(state, why != 0 ? peer.text(handle, why) : "its request is not accepted, or another one than asked for");
  } else {
    timed(state, [&] { return peer.initiate(handle, &made) == 0; });
  }
  peer.close(handle);
}

/// The session key's derivation, the seal of an authenticator as long as kerb's, and its random octets in one draw.
template <class Library>
void request_floor(benchmark::State& state, int etype) {
  ap_world& w = world(etype, how::mutual);
  floor_keys<Library> session(w.facts, true);
  const std::size_t plain = 118 + w.facts.key;
  std::array<std::uint8_t, 512> buffer{};
  const auto io = std::span(buffer).first(16 + plain + w.facts.tag);
  std::array<std::uint8_t, 64> random;
  timed(state, [&] {
    session.schedule(w.session_octets(), kerb::key_usage_t::ap_req_authenticator);
    Library::random(std::span(random).first(16u + w.facts.key + 4));
    std::memcpy(io.data(), random.data(), 16);
    session.seal(io);
    benchmark::DoNotOptimize(buffer.data());
    return true;
  });
}

}  // namespace

void* peer_handle(const peer_ops& peer, int etype) {
  static std::map<std::pair<const peer_ops*, int>, void*> all;
  const auto [at, is_new] = all.try_emplace({&peer, etype}, nullptr);
  if (is_new) {
    const peer_setup setup = world(etype, how::plain).setup(false);
    at->second = peer.open(&setup);
  }
  return at->second;
}
kerb::bytes_view handle_key(int etype) { return world(etype, how::plain).session_octets(); }
kerb::botan::credential handle_credential(int etype) { return credential_of(world(etype, how::plain)); }
service_key handle_service(int etype) { return {web, kvno, world(etype, how::plain).service_key()}; }

void add_ap() {
  for (const int e : all_etypes) {
    const std::string suffix = "/" + etype_text(e);
    for (const how h : {how::plain, how::replay, how::mutual, how::pac}) {
      const std::string what = h == how::plain    ? "ap/accept"
                               : h == how::replay ? "ap/accept_replay"
                               : h == how::mutual ? "ap/accept_mutual"
                                                  : "ap/accept_pac";
      auto* const own = add(what + suffix, "kerb", [=](benchmark::State& s) {
        if (h == how::replay) accept_kerb<kerb::memory_replay_cache<4 * ap_world::many>>(s, e, h);
        else accept_kerb<kerb::no_replay_cache>(s, e, h);
      });
      if (h == how::replay) own->Iterations(ap_world::many - 1);
      for (const peer_ops* p : peers()) {
        // Heimdal's krb5_rd_req has no replay cache, and takes no PAC that it cannot verify
        if ((h == how::replay || h == how::pac) && std::string(p->name) != "mit") continue;
        auto* const theirs = add(what + suffix, p->name, [=](benchmark::State& s) { accept_peer(s, *p, e, h); });
        if (h == how::replay) theirs->Iterations(ap_world::many - 1);
      }
    }
    for (const how h : {how::plain, how::pac}) {
      const std::string what = (h == how::pac ? "ap/accept_pac" : "ap/accept") + suffix;
      add(what, "botan", [=](benchmark::State& s) { accept_floor<botan_library>(s, e, h); });
      add(what, "openssl", [=](benchmark::State& s) { accept_floor<openssl_library>(s, e, h); });
      add(what, "kerb_openssl",
          [=](benchmark::State& s) { accept_kerb<kerb::no_replay_cache, kerb::openssl::policy>(s, e, h); });
    }

    add("ap/request" + suffix, "kerb", [=](benchmark::State& s) { request_kerb(s, e); });
    for (const peer_ops* p : peers())
      add("ap/request" + suffix, p->name, [=](benchmark::State& s) { request_peer(s, *p, e); });
    add("ap/request" + suffix, "botan", [=](benchmark::State& s) { request_floor<botan_library>(s, e); });
    add("ap/request" + suffix, "openssl", [=](benchmark::State& s) { request_floor<openssl_library>(s, e); });
  }
}

}  // namespace kerb_bench
